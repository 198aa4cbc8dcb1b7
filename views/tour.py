"""The tour for newcomers: what is where, of that alone which the present person's roles open."""

from dataclasses import dataclass

from flask import request, session
from flask_babel import gettext as _

from app.kernel.access import may
from app.kernel.actor import current_actor
from app.panel.identity.entering import NEWCOMER, presence
from app.panel.labels import record_plural, step_label
from app.panel.navigation import sidebar
from app.schema.record import Record
from app.schema.registry import registry
from app.schema.workflow import Step

NAMED = 3
"""Lists that the tour names."""


@dataclass(frozen=True)
class Stop:
    """What one step of the tour says, and which part of the page it marks, as a selector."""

    title: str
    text: str
    marks: str


def due() -> bool:
    """Whether the tour stands on the front page: for a newcomer, or for who asked for it again."""
    here = presence()
    own = here is not None and here.behind is None
    return own and (NEWCOMER in session or request.args.get("tour") == "again")


def stops() -> list[Stop]:
    """The steps of the tour, four to six."""
    listed = [registry[entry.record] for _area, entries in sidebar() for entry in entries if entry.record]
    found = [
        Stop(
            _("Your work stands here"),
            _("What waits for you, the most urgent first. Each row opens the place where it is worked."),
            "#tasks",
        )
    ]
    if current_actor().scope("open", "page:approvals"):
        text = _("What needs your yes or no, with what is within your limit and what goes above it.")
        found.append(Stop(_("What you approve"), text, "[aria-labelledby=approvals-title]"))
    text = _(
        "A part of a number, a name, a plate, a phone number or pinyin is enough. Ctrl+K opens the search anywhere."
    )
    found.append(Stop(_("Find anything"), text, ".yx-find, [data-action='palette#open']"))
    if listed:
        names = _(", ").join(record_plural(record) for record in listed[:NAMED])
        text = _(
            "The menu has what your roles open: %(lists)s and so on, with how many rows wait. A list is searched,"
            " filtered and put in order, and kept as a view under a name.",
            lists=names,
        )
        found.append(Stop(_("Lists and filters"), text, ".yx-menu, .navbar-toggler"))
    if (step := _step(listed)) is not None:
        text = _(
            "The page of a row has its next steps on top, such as “%(step)s”. A step that is closed says why;"
            " below stands everything that happened.",
            step=step_label(step),
        )
        found.append(Stop(_("A row and its steps"), text, ".yx-task"))
    text = _("A ? at a list or a form explains the record. Your menu has your account, the keys, and this tour.")
    found.append(Stop(_("Help, and your own menu"), text, ".yx-avatar"))
    return found


def _step(listed: list[type[Record]]) -> Step | None:
    """A step the present person may take, of what he or she sees first."""
    actor = current_actor()
    for record in listed:
        for step in record.workflow.steps if record.workflow else ():
            if may(actor, f"step:{step.name}", record):
                return step
    return None
