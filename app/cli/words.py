"""``flask words``: bring the translation catalogues up to date with what the panel says."""

from pathlib import Path

import click
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po, write_po

from app.panel.catalogue import sentences
from config import HERE

TRANSLATIONS = HERE / "app" / "panel" / "translations"
HEADER = (
    "# What Yanxu says. ``flask --app run words`` keeps the entries; the translations are written here.",
    'msgid ""',
    'msgstr ""',
    r'"Language: {language}\n"',
    r'"Plural-Forms: {plurals}\n"',
    r'"Content-Type: text/plain; charset=utf-8\n"',
    r'"Content-Transfer-Encoding: 8bit\n"',
)


@click.command("words")
def words() -> None:
    """Add new sentences to the catalogues, drop those no longer said, and count what lacks a translation."""
    said = sentences(HERE)
    for file in catalogues():
        fresh = renewed(read(file), said)
        write(file, fresh)
        lacking = [message.id for message in fresh if message.id and not translated(message.string)]
        click.echo(f"{file.parent.parent.name}: {len(said)} sentences, {len(lacking)} without a translation")
        for msgid in lacking:
            click.echo(f"  {msgid if isinstance(msgid, str) else msgid[0]}")


def catalogues() -> list[Path]:
    """The files of the translations, one per language beside English."""
    return sorted(TRANSLATIONS.glob("*/LC_MESSAGES/messages.po"))


def read(file: Path) -> Catalog:
    """The catalogue in a file; its language is the folder's name."""
    with file.open("rb") as handle:
        return read_po(handle, locale=file.parent.parent.name)


def write(file: Path, catalogue: Catalog) -> None:
    """Write a catalogue sorted, one sentence to a line, without names or dates, so that a change shows as itself."""
    header = "\n".join(HEADER).format(language=catalogue.locale, plurals=catalogue.plural_forms)
    with file.open("wb") as handle:
        handle.write(f"{header}\n\n".encode())
        write_po(handle, catalogue, width=0, sort_output=True, omit_header=True)


def renewed(old: Catalog, said: dict[str, str | None]) -> Catalog:
    """A catalogue of exactly these sentences, with the translations the old one has for them."""
    fresh = Catalog(locale=old.locale)
    for one, many in said.items():
        kept = old.get(one)
        strings = (kept.string if isinstance(kept.string, tuple) else (kept.string,)) if kept else ()
        if many is None:
            fresh.add(one, strings[0] if strings else "")
        else:
            padded = [*strings, *[""] * fresh.num_plurals]
            fresh.add((one, many), tuple(padded[: fresh.num_plurals]))
    return fresh


def translated(string: str | tuple[str, ...] | list[str] | None) -> bool:
    """Whether a translation is there, in every plural form."""
    return bool(string) and all(string or ())
