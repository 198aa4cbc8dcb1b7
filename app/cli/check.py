"""``flask panel check``: do the declarations hold, and what about them deserves a second look."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from app.cli.words import TRANSLATIONS, read, translated
from app.panel.catalogue import ROOMS, sentences
from app.schema.check import place_of
from app.schema.registry import registry
from app.schema.smells import smells_of
from config import HERE


@click.command("check")
@click.option("--strict", is_flag=True, help="Fail when anything deserves a second look.")
def check(strict: bool) -> None:
    """Say that the declarations hold together, and what smells; a start with one that does not hold ends with its cure.

    Each line names the file and the cure: FILE:LINE: what, and how to mend it.
    """
    found = list(warnings())
    for warning in found:
        click.echo(warning)
    said = f"{len(found)} to look at" if found else "nothing to look at"
    click.echo(f"{len(list(registry))} records, {len(registry.jobs)} jobs: the declarations hold together; {said}.")
    if strict and found:
        raise SystemExit(1)


def warnings() -> Iterator[str]:
    """What holds but smells, each with its place and its cure."""
    for record in registry:
        yield from (f"{place_of(record)}: {record.__name__} {smell}" for smell in smells_of(record, registry))
    yield from unused_settings(Path(HERE))
    yield from untranslated(Path(HERE))


def unused_settings(root: Path) -> Iterator[str]:
    """Settings no line of the business reads: neither by the name they are kept under in Python, nor by their own."""
    files = {file: file.read_text(encoding="utf-8") for room in ROOMS for file in (root / room).rglob("*.py")}
    called = {id(setting): {setting.name} for setting in registry.settings}
    for module in list(sys.modules.values()):
        for name, value in list(vars(module).items()):
            for each in value if isinstance(value, tuple | list) else (value,):
                if id(each) in called:
                    called[id(each)].add(name)
    for setting in registry.settings:
        names = called[id(setting)]
        pattern = re.compile("|".join(rf"\b{re.escape(name)}\b" for name in names))
        saying = ((file, text) for file, text in files.items() if any(name in text for name in names))
        uses = [file for file, text in saying for _each in pattern.finditer(text)]
        if len(uses) <= len(names):
            place = uses[0].relative_to(root).as_posix() if uses else "models"
            yield f"{place}: the setting {setting.name!r} is read nowhere: use it, or take it out"


def untranslated(root: Path) -> Iterator[str]:
    """Sentences without a translation."""
    file = TRANSLATIONS / "zh_Hans" / "LC_MESSAGES" / "messages.po"
    catalogue = read(file)
    for sentence in sentences(root):
        message = catalogue.get(sentence)
        if message is None or not translated(message.string):
            place = file.relative_to(root).as_posix()
            yield f"{place}: {sentence!r} has no translation: run flask --app run words, and write it there"
