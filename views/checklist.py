"""The first steps of an installation, each with the fact that tells whether it is done; and hiding them."""

from datetime import UTC, datetime
from typing import Any

from flask import current_app, flash, redirect, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.sqla.models import User
from flask_babel import gettext as _
from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session, aliased
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel.access import may
from app.kernel.clock import house_day
from app.kernel.demonstration import DemoRange
from app.kernel.granting import administrators
from app.kernel.ledger import SILENT_AFTER, Status
from app.kernel.settings import set_setting, setting_value
from app.kernel.tables import Heartbeat, JobPeriod
from app.kernel.working_time import ENTERED_THROUGH, unknown_years
from app.panel.checklist import SHOWN, Task, add_task
from app.schema.record import Record
from app.schema.registry import registry
from models.contracts import Contract
from models.people import Person, Unit
from models.products import Product
from models.products.states import ProductState
from models.renewals import Renewal
from views.page import Page


class ChecklistPage(Page):
    """Where the first steps are hidden; the settings show them again."""

    route_base = "/people/first-steps"
    permission = "page:people"

    @expose("/hide", methods=["POST"])
    def hide(self) -> Response:
        """Show the first steps no more, to nobody."""
        set_setting(db.session, SHOWN, "no")
        db.session.commit()
        flash(_("The first steps are hidden. A setting shows them again."), "success")
        return redirect(url_for("Index.index"))


def there_is(*conditions: Any) -> ColumnElement[bool]:
    """Whether any row meets the conditions."""
    return exists(select(1).where(*conditions))


def reads(record: type[Record]) -> Any:
    """Whether somebody opens the list of a record."""
    return lambda actor: may(actor, "read", record)


def opens(page: str) -> Any:
    """Whether somebody opens a page."""
    return lambda actor: bool(actor.scope("open", page))


def _staffed(session: Session) -> ColumnElement[bool]:
    """Two people at least sign in and sit in a unit."""
    placed = select(func.count()).select_from(Person).join(User, User.id == Person.user_id)
    placed = placed.where(User.active.is_(True), Person.unit_id.is_not(None))
    return placed.scalar_subquery() >= 2


def _roled(session: Session) -> ColumnElement[bool]:
    return ~there_is(User.active.is_(True), ~User.roles.any())


def _calendar(session: Session) -> bool:
    return not unknown_years(session, house_day(datetime.now(UTC)))


def _mail(session: Session) -> bool:
    return bool(current_app.extensions["settings"].smtp_url)


def _worker(session: Session) -> ColumnElement[bool]:
    return there_is(Heartbeat.at > datetime.now(UTC) - SILENT_AFTER)


def _limits(session: Session) -> bool:
    """Every limit that has no default has a value; the last year of holidays is no limit."""
    bare = [each for each in registry.settings if each.default is None and each is not ENTERED_THROUGH]
    return all(setting_value(session, each) is not None for each in bare)


def _pool(session: Session) -> ColumnElement[bool]:
    made = (JobPeriod.job == "renewals.pool", JobPeriod.status == Status.DONE)
    return there_is(*made) | there_is(Renewal.id.is_not(None))


def _second(session: Session) -> bool:
    return len(administrators(session)) > 1


below = aliased(Unit)
TASKS = (
    Task(
        "Enter the units",
        "Branches and teams decide who sees whose work.",
        lambda session: there_is(below.parent_id.is_not(None)),
        "unit.list",
        reads(Unit),
    ),
    Task("Enter the people", "Each with a sign-in and a place in a unit.", _staffed, "PeoplePage.list"),
    Task("Give everybody a role", "Who has none can open nothing.", _roled, "PeoplePage.list"),
    Task(
        "Name a second administrator",
        "So that one can help when the other is away.",
        _second,
        "PeoplePage.list",
    ),
    Task(
        "Look after this year's holidays",
        "Time limits run on working days; make-up days and holidays are published each year.",
        _calendar,
        "SettingsPage.list",
        opens("page:settings"),
    ),
    Task(
        "Set the limits that have no default",
        "What nobody has set never falls due.",
        _limits,
        "SettingsPage.list",
        opens("page:settings"),
    ),
    Task(
        "Connect a mail server",
        "Reminders wait in the outbox until whoever runs the server sets its address.",
        _mail,
        "JobsPage.list",
        opens("page:jobs"),
    ),
    Task(
        "Keep the worker running",
        "It makes the lists, sends what is due and watches the time limits.",
        _worker,
        "JobsPage.list",
        opens("page:jobs"),
    ),
    Task(
        "Put a product on sale",
        "Contracts are about products of the catalogue.",
        lambda session: there_is(Product.state == ProductState.ON_SALE),
        "product.list",
        reads(Product),
    ),
    Task(
        "Import the contracts",
        "From one flat file, with a preview; whoever opens the imports does it.",
        lambda session: there_is(Contract.id.is_not(None)),
        "ImportsPage.list",
        opens("page:imports"),
    ),
    Task(
        "Let the first list of renewals be made",
        "It is made every morning from the contracts that expire.",
        _pool,
        "JobsPage.list",
        opens("page:jobs"),
    ),
    Task(
        "Remove the demonstration data",
        "Once everything has been tried out: what you entered yourselves stays.",
        lambda session: ~there_is(DemoRange.table.is_not(None)),
        "DemonstrationPage.show",
        opens("page:demonstration"),
        passing=True,
    ),
)


for _task in TASKS:
    add_task(_task)
