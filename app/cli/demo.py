"""``flask demo``: the demonstration department, and as much believable data besides as wanted."""

from datetime import UTC, datetime
from time import monotonic
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import select

from app.extensions import db
from app.kernel import filling
from app.kernel.actor import acting, system_actor
from app.kernel.clock import house_day


@click.command("demo")
@click.option("--size", default=0, help="Rows of all records together; none: the department alone.")
@click.option("--seed", default=1, help="Another number gives other rows.")
@click.option("--language", type=click.Choice(sorted(filling.LANGUAGES)), default="both", help="Of what is written.")
@click.option("--on", "day", type=click.DateTime(["%Y-%m-%d"]), help="The day it all lies around; else today.")
@with_appcontext
def demo(size: int, seed: int, language: str, day: datetime | None) -> None:
    """Load the demonstration department into an empty database, then fill every record up to SIZE rows in all.

    Always the same rows for the same seed and day; a second run adds only what is missing. Not in production.
    """
    settings = current_app.extensions["settings"]
    if settings.mode == "production":
        raise click.ClickException("not in production: the sign-ins of the demonstration are known to everybody")
    load_department()
    if not size:
        return
    started = monotonic()
    with acting(system_actor("flask demo", "cli")):
        today = day.date() if day else house_day(datetime.now(UTC))
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
            load(db.session)
            db.session.commit()
