"""``flask data``: bring files in through a profile, and write records out."""

import csv
import json
import sys
from pathlib import Path
from typing import Any
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
from app.kernel.transfer.export import export
from app.schema.errors import DeclarationError, Refusal
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
@click.option("--as", "username", help="Load as this user, who needs the permission; else as the system.")
def import_file(profile: str, file: Path, dry_run: bool, username: str | None) -> None:
    """Load FILE through PROFILE: every good row, in one transaction. Prints one JSON line with what came of it.

    Progress goes to standard error. Refused rows are written to FILE.refused.csv, to be mended and loaded again;
    the exit status is then 1, as it is when the file as a whole cannot be read or the user may not load it.
    """
    try:
        declared = registry.profiles[profile]
    except DeclarationError as error:
        raise click.BadParameter(str(error), param_hint="PROFILE") from None
    refused = file.with_name(file.name + ".refused.csv")
    zone = ZoneInfo(current_app.extensions["settings"].timezone)
    try:
        with acting(_actor(username)):
            outcome = load(
                db.session, declared, file, file.name, dry_run=dry_run, progress=_tell, refused=refused, zone=zone
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
@click.option("--format", "format_", type=click.Choice(["csv"]), default="csv", show_default=True)
def export_record(record: str, format_: str) -> None:
    """Write every row of RECORD to standard output, as the system: links by their key, private values in full."""
    found = registry.get(record)
    if found is None:
        raise click.BadParameter(f"no record is kept in {record!r}", param_hint="RECORD")
    writer = csv.writer(sys.stdout)
    with acting(system_actor("flask data export", "cli")):
        writer.writerows(export(db.session, found))
        db.session.commit()
