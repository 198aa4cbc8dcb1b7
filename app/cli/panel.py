"""``flask panel``: the panel itself: database, permissions, declarations."""

import click
from flask.cli import AppGroup
from flask_appbuilder.security.sqla.models import User
from flask_migrate import upgrade as migrate_upgrade
from sqlalchemy import or_, select

from app.cli.check import check
from app.cli.docs import docs
from app.cli.new import new
from app.cli.openapi import openapi
from app.extensions import db
from app.kernel import permissions, trigrams
from app.kernel.actor import acting, system_actor
from app.kernel.identity.passwords import check_password
from app.schema.kinds import BadValue
from app.schema.roles import Role

panel = AppGroup("panel", help="The panel itself: database, permissions, declarations.")
panel.add_command(check)
panel.add_command(docs)
panel.add_command(new)
panel.add_command(openapi)


@panel.command("upgrade")
def upgrade_command() -> None:
    """Bring the database up to this version: migrations, then roles and permissions."""
    upgrade()


@panel.command("sync")
def sync_command() -> None:
    """Give out declared permissions that are new."""
    sync()


@panel.command("admin")
@click.argument("username")
@click.option("--email", prompt=True)
@click.password_option(help="At least 12 characters, hard to guess; asked for when left out.")
def admin_command(username: str, email: str, password: str) -> None:
    """Make a user with the role admin: the first one of an installation."""
    try:
        check_password(password, (username, email))
    except BadValue as problem:
        raise click.BadParameter(str(problem), param_hint="--password") from None
    with acting(system_actor("flask panel admin", "cli")):
        taken = or_(User.username == username, User.email == email)
        if db.session.scalar(select(User.id).where(taken)) is not None:
            raise click.ClickException("another user has this name or this e-mail address already")
        permissions.add_user(db.session, username, username, "", email, [Role.ADMIN.value], password)
        db.session.commit()
    click.echo(f"{username} may sign in as administrator.")


def upgrade() -> None:
    """Migrate the database, then give out what the declarations newly grant."""
    migrate_upgrade()
    sync()


def sync() -> None:
    """Give out declared permissions that are new (what administrators changed stays); keep the search's indexes."""
    with acting(system_actor("flask panel sync", "cli")):
        permissions.sync(db.session)
        trigrams.keep(db.session)
        db.session.commit()
