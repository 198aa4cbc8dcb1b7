"""Commands: ``flask panel …``, ``flask jobs …``, ``flask data …``, ``flask report …``, ``flask demo``, ``flask serve``."""

from flask import Flask
from flask.cli import AppGroup

from app.extensions import db
from app.kernel import permissions
from app.kernel.actor import acting, system_actor
from flask_migrate import upgrade as migrate_upgrade

panel = AppGroup("panel", help="The panel itself: database, permissions, declarations.")


@panel.command("upgrade")
def upgrade() -> None:
    """Bring the database up to this version: migrations, then roles and permissions."""
    migrate_upgrade()
    sync()


def sync() -> None:
    """Give out declared permissions that are new."""
    with acting(system_actor("flask panel sync", "cli")):
        permissions.sync(db.session)
        db.session.commit()


panel.command("sync")(sync)


def register(app: Flask) -> None:
    """Add the commands to an application."""
    app.cli.add_command(panel)
