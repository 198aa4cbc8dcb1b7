"""``flask panel docs``: the page of each record under ``docs/records``."""

from pathlib import Path

import click

from app.cli.words import TRANSLATIONS, read
from app.panel import handbook
from app.setup.traditional import traditional
from config import HERE

RECORDS = HERE / "docs" / "records"
_CURE = "run: flask --app run panel docs"


@click.command("docs")
@click.option("--check", is_flag=True, help="Write nothing; fail when a page is not as it would be written.")
def docs(check: bool) -> None:
    """Write a page per record under docs/records: fields, workflow, permissions, jobs, API."""
    wanted = written()
    there = {file.relative_to(RECORDS).as_posix(): file for file in RECORDS.rglob("*.md")}
    stale = [path for path, text in wanted.items() if path not in there or there[path].read_text("utf-8") != text]
    gone = [path for path in there if path not in wanted]
    if check:
        if stale or gone:
            raise click.ClickException(f"not as declared: {', '.join(sorted(stale + gone))}; {_CURE}")
        click.echo(f"{len(wanted)} pages, all as declared.")
        return
    for path in gone:
        there[path].unlink()
    for path in stale:
        file = RECORDS / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(wanted[path], encoding="utf-8")
    click.echo(f"{len(wanted)} pages in docs/records: {len(stale)} written, {len(gone)} removed.")


def written() -> dict[str, str]:
    """Every page as the declarations and the catalogue have it now."""
    catalogue = read(TRANSLATIONS / "zh_Hans" / "LC_MESSAGES" / "messages.po")

    def spoken(label: str) -> tuple[str, str]:
        message = catalogue.get(label) if label else None
        simplified = str(message.string) if message is not None and isinstance(message.string, str) else ""
        return simplified, traditional(simplified)

    return handbook.pages(Path(HERE), spoken)
