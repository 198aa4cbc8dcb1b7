"""``flask data``: bring files in through a profile, and write records out."""

import json
import sys
from pathlib import Path
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

import click
from flask import current_app
from flask.cli import AppGroup
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import select

from app.extensions import db
from app.kernel import tailoring
from app.kernel.actor import Actor, acting, system_actor
from app.kernel.permissions import Actors
from app.kernel.sheets import SheetError
from app.kernel.transfer import Outcome, load
from app.kernel.transfer.export import export_csv, export_xlsx
from app.kernel.transfer.options import Options
from app.kernel.transfer.whole import whole
from app.schema.errors import Refusal
from app.schema.registry import registry

data = AppGroup("data", help="Files in and out: import through a profile, export a record.")


@data.command("profiles")
def profiles() -> None:
    """The import profiles: name, label, the columns a file needs."""
    for profile in sorted(registry.profiles, key=lambda declared: declared.name):
        click.echo(f"{profile.name}  {profile.label}: {', '.join(profile.columns)}")


@data.command("import")
@click.argument("profile")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Tell what would happen; write nothing.")
@click.option("--all-or-none", is_flag=True, help="Load nothing where one row is refused.")
@click.option("--column", "columns", multiple=True, metavar="HEADER=FIELD", help="Which field a column fills.")
@click.option("--as", "username", help="Load as this user, who needs the permission; else as the system.")
def import_file(
    profile: str, file: Path, dry_run: bool, all_or_none: bool, columns: tuple[str, ...], username: str | None
) -> None:
    """Load FILE through PROFILE, a profile or a record: every good row, in one transaction.

    Prints one JSON line with what came of it. The columns of a record's own file are its fields, in any order, by
    their names or by what they are called; rows are known by the record's key, and one without a key is a new one.
    Progress goes to standard error. Refused rows are written to FILE.refused.csv, to be mended and loaded again;
    the exit status is then 1, as it is when the file as a whole cannot be read or the user may not load it.
    """
    declared = registry.profiles.get(profile)
    if declared is None and (record := registry.get(profile)) is not None:
        declared = whole(record)
    if declared is None:
        known = ", ".join(sorted(each.name for each in registry.profiles))
        message = f"no import profile and no record is called {profile!r}; profiles are: {known}"
        raise click.BadParameter(message, param_hint="PROFILE")
    refused = file.with_name(file.name + ".refused.csv")
    zone = ZoneInfo(current_app.extensions["settings"].timezone)
    mapping = dict(each.rpartition("=")[::2] for each in columns) or None
    options = Options(mapping, all_or_none=all_or_none)
    try:
        with acting(_actor(username)):
            outcome = load(
                db.session,
                declared,
                file,
                file.name,
                dry_run=dry_run,
                progress=_tell,
                refused=refused,
                zone=zone,
                options=options,
            )
            db.session.commit()
    except (SheetError, Refusal) as error:
        db.session.rollback()
        click.echo(json.dumps({"profile": profile, "filename": file.name, "error": str(error)}, ensure_ascii=False))
        sys.exit(1)
    finally:
        click.echo(err=True)
    click.echo(json.dumps(_told(outcome, refused), ensure_ascii=False))
    sys.exit(1 if outcome.refused else 0)


def _actor(username: str | None) -> Actor:
    tailoring.keep_up(db.session)
    if username is None:
        return system_actor("flask data import", "import")
    user_id = db.session.scalar(select(User.id).where(User.username == username))
    actor = Actors().of(db.session, user_id, "import") if user_id is not None else None
    if actor is None:
        raise click.BadParameter(f"there is no active user {username!r}", param_hint="--as")
    return actor


def _tell(phase: str, done: int, total: int) -> None:
    click.echo(f"\r{phase} {done}/{total}   ", err=True, nl=False)


def _told(outcome: Outcome, refused: Path) -> dict[str, Any]:
    told = outcome.as_dict()
    del told["preview"]
    return told | ({"refused_file": str(refused)} if outcome.refused else {})


@data.command("export")
@click.argument("record")
@click.option("--format", "format_", type=click.Choice(["csv", "xlsx"]), default="csv", show_default=True)
@click.option("--output", type=click.File("wb", lazy=False), default="-", help="A file; else standard output.")
def export_record(record: str, format_: str, output: BinaryIO) -> None:
    """Write every row of RECORD, as the system: links by their key, private values in full.

    `flask data import RECORD FILE` reads the file again, and changes nothing where nothing was changed in it.
    """
    found = registry.get(record)
    if found is None:
        raise click.BadParameter(f"no record is kept in {record!r}", param_hint="RECORD")
    with acting(system_actor("flask data export", "cli")):
        try:
            if format_ == "xlsx":
                export_xlsx(db.session, found, output)
            else:
                output.writelines(export_csv(db.session, found))
        except Refusal as refusal:
            raise click.ClickException(str(refusal)) from None
        db.session.commit()
