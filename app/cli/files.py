"""``flask files``: carry the files to another store, and see whether all of them are there."""

from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from app.extensions import db
from app.kernel import carriage
from app.kernel.actor import acting, system_actor
from app.kernel.database import read_only
from app.kernel.store import Folder, the_store
from app.schema.errors import Unavailable

files = AppGroup("files", help="The store of files: carry it elsewhere, verify it.")
FOLDER = click.Path(file_okay=False, path_type=Path)


@files.command("copy")
@click.option("--from", "source", type=FOLDER, help="From this folder into the store of the settings; else …/files.")
@click.option("--to", "target", type=FOLDER, help="From the store of the settings into this folder.")
def copy(source: Path | None, target: Path | None) -> None:
    """Copy every file from a folder into the store the settings name, or back, reading each again where it arrived.

    Nothing is removed, and what stands there already is left: begun again after a stop, it goes on.
    """
    if source and target:
        raise click.UsageError("give --from or --to: the other side is the store of the settings")
    if target is None and source is None:
        source = current_app.extensions["settings"].data_dir / "files"
    if source is not None and not source.is_dir():
        raise click.UsageError(f"there is no folder {source}")
    ways = (Folder(source), the_store()) if source is not None else (the_store(), Folder(target or Path()))
    try:
        done = carriage.carry(*ways)
    except (OSError, Unavailable) as fault:
        raise click.ClickException(str(fault)) from None
    click.echo(f"{done.carried} files copied and read again; {done.stood} stood there already.")


@files.command("verify")
def verify() -> None:
    """Read every file the database knows of. Ends with 1, and names those that are missing or not what was sent."""
    found = 0
    try:
        with acting(system_actor("flask files verify", "cli")), read_only():
            for fault in carriage.faults_of(db.session(), the_store()):
                found += 1
                click.echo(fault, err=True)
    except Unavailable as fault:
        raise click.ClickException(str(fault)) from None
    if found:
        raise SystemExit(1)
    click.echo("Every file is there, and is what was sent.")
