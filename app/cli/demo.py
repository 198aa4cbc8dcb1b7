"""``flask demo``: the demonstration department, as much believable data besides as wanted, and its end."""

from datetime import UTC, datetime
from time import monotonic
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import inspect, select

from app.cli.panel import sync, upgrade
from app.extensions import db
from app.kernel import demonstration, filling
from app.kernel.actor import acting, system_actor
from app.kernel.clock import house_day
from app.schema.errors import Refusal


@click.group("demo", invoke_without_command=True)
@click.option("--size", default=0, help="Rows of all records together; none: the department alone.")
@click.option("--seed", default=1, help="Another number gives other rows.")
@click.option("--language", type=click.Choice(sorted(filling.LANGUAGES)), default="both", help="Of what is written.")
@click.option("--on", "day", type=click.DateTime(["%Y-%m-%d"]), help="The day it all lies around; else today.")
@click.pass_context
@with_appcontext
def demo(context: click.Context, size: int, seed: int, language: str, day: datetime | None) -> None:
    """Load the demonstration department into an empty database, then fill every record up to SIZE rows in all.

    Always the same rows for the same seed and day; a second run adds only what is missing. Not in production.
    """
    if context.invoked_subcommand is not None:
        return
    try:
        demonstration.refuse_in(current_app.extensions["settings"].mode)
    except Refusal as refusal:
        raise click.ClickException(str(refusal)) from None
    (sync if inspect(db.engine).has_table(User.__tablename__) else upgrade)()  # without roles nobody may do anything
    load_department()
    if not size:
        return
    started = monotonic()
    with acting(system_actor("flask demo", "cli")):
        today = day.date() if day else house_day(datetime.now(UTC))
        with demonstration.noting(db.session):
            came = filling.fill(db.session, size, seed=seed, language=language, today=today)
        db.session.commit()
    for name, done in came.items():
        refused = f", {done.refused} refused by its rules" if done.refused else ""
        click.echo(f"{name:<20} {done.written:>8} written, {done.stood:>8} stood{refused}")
    rows, seconds = sum(done.written for done in came.values()), monotonic() - started
    click.echo(f"{rows} rows in {seconds:.1f} s, {rows / max(seconds, 0.001):.0f} a second.")


def load_department() -> None:
    """Load the department of ``app.extensions["demo"]`` where there is nobody yet."""
    load: Any = current_app.extensions.get("demo")
    with acting(system_actor("demonstration data", "cli")):
        if load is not None and db.session.scalar(select(User.id).limit(1)) is None:
            click.echo("Loading demonstration data, once …")
            with demonstration.noting(db.session):
                load(db.session)
            db.session.commit()


@demo.command("status")
@with_appcontext
def status() -> None:
    """Say whether demonstration data is there, and what hangs on it."""
    with acting(system_actor("flask demo status", "cli")):
        _tell(demonstration.found(db.session))


@demo.command("remove")
@click.option("--with-hanging", is_flag=True, help="Also rows that came later and cannot be without a removed one.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_appcontext
def remove(with_hanging: bool, yes: bool) -> None:
    """Take the demonstration away, its people too, and leave every other row; the history stays as it was written.

    First make an administrator of your own: flask panel admin NAME.
    """
    with acting(system_actor("flask demo remove", "cli")):
        told = demonstration.found(db.session)
        _tell(told)
        if not told.ours:
            return
        if not yes:
            click.confirm("Remove these for good?", abort=True)
        try:
            demonstration.remove(db.session, with_hanging=with_hanging)
            db.session.commit()
        except Refusal as refusal:
            db.session.rollback()
            raise click.ClickException(str(refusal)) from None
    click.echo("The demonstration is gone.")


def _tell(told: demonstration.Found) -> None:
    """What is there, table by table."""
    if not told.ours:
        click.echo("No demonstration rows are known here. Those loaded by an earlier version cannot be told apart.")
        return
    for name, count in sorted(told.ours.items()):
        click.echo(f"{name:<20} {count:>8} demonstration rows")
    for name, ids in sorted(told.hanging.items()):
        click.echo(
            f"{name:<20} {len(ids):>8} later rows hang on it: {', '.join(map(str, ids[:10]))}{' …' if ids[10:] else ''}"
        )
