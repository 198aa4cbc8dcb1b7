"""``flask panel``: the panel itself: database, permissions, declarations."""

from flask.cli import AppGroup
from flask_migrate import upgrade as migrate_upgrade

from app.extensions import db
from app.kernel import permissions
from app.kernel.actor import acting, system_actor

panel = AppGroup("panel", help="The panel itself: database, permissions, declarations.")


@panel.command("upgrade")
def upgrade_command() -> None:
    """Bring the database up to this version: migrations, then roles and permissions."""
    upgrade()


@panel.command("sync")
def sync_command() -> None:
    """Give out declared permissions that are new."""
    sync()


def upgrade() -> None:
    """Migrate the database, then give out what the declarations newly grant."""
    migrate_upgrade()
    sync()


def sync() -> None:
    """Give out declared permissions that are new; what administrators changed stays."""
    with acting(system_actor("flask panel sync", "cli")):
        permissions.sync(db.session)
        db.session.commit()
