"""Help on a record in the panel itself, from its declaration, in the reader's language: what he or she may read."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import render_template
from flask_appbuilder import BaseView, expose
from flask_babel import gettext as _

from app.extensions import db
from app.kernel.access import require
from app.kernel.actor import Actor, current_actor
from app.kernel.rights import roles_named
from app.panel.fields import BOOKKEEPING, USERS, Field, field_of, lines_of, readable
from app.panel.labels import about_record, choice_label, record_plural, step_label, translated
from app.panel.rights import Told, told
from app.schema.errors import NotFound
from app.schema.record import Line, Record, stored
from app.schema.registry import registry
from app.schema.roles import Scope
from app.schema.rows import Branch, Owned, Shared, Team
from app.schema.workflow import SPOKEN, Step

SHARED_ROWS = "Everybody who may read it sees every row."
OWNED_ROWS = "A specialist sees his or her own rows, a supervisor those of the unit and below, a manager all."
TEAM_ROWS = "Everybody in a unit sees its rows."
BRANCH_ROWS = "Everybody in a branch sees its rows."
ROWS: dict[type[Any], str] = {Shared: SHARED_ROWS, Owned: OWNED_ROWS, Team: TEAM_ROWS, Branch: BRANCH_ROWS}


@dataclass(frozen=True)
class FieldHelp:
    """A field: what it is called, whether a new row needs it, what it may hold, what is special about it."""

    label: str
    needed: bool
    choices: list[str]
    notes: list[str]


@dataclass(frozen=True)
class StepHelp:
    """A step: from where to where, which roles take it, what it asks."""

    label: str
    sources: list[str]
    target: str
    roles: list[str]
    asks: list[str]


class HelpPage(BaseView):
    """The help of each record, for whoever may read the record."""

    route_base = "/help"

    @expose("/<name>")
    def show(self, name: str) -> str:
        """What a record is, who sees its rows, what one may do with it oneself, its fields and steps."""
        record = registry.get(name)
        if record is None or issubclass(record, Line):
            raise NotFound("There is no such record.")
        actor = current_actor()
        require(actor, "read", record)
        return render_template(
            "panel/help.html",
            record=record,
            about=about_record(record),
            rows=[translated(said) for mixin, said in ROWS.items() if issubclass(record, mixin)],
            mine=_mine(actor, record),
            fields=[_field(field) for field in _fields(record)],
            parts=[(record_plural(line), about_record(line), _labels(line)) for line in lines_of(record)],
            steps=list(_steps(record)),
            clocks=[translated(sla.title) for sla in (record.workflow.clocks if record.workflow else ())],
        )


def _mine(actor: Actor, record: type[Record]) -> list[Told]:
    """What the reader may do with the record, and how far."""
    name = str(record.__tablename__)
    held = [(right, scope) for right, scope in actor.reach.items() if right[1] == name and scope > Scope.NONE]
    return told(sorted((right, scope) for right, scope in held if "." not in right[0]))


def _fields(record: type[Record]) -> list[Field]:
    keys = [key for key in stored(record) if key not in BOOKKEEPING]
    return readable(field_of(record, key) for key in keys)


def _labels(line: type[Line]) -> list[str]:
    return [field.label for field in _fields(line) if field.key != line.parent]


def _field(field: Field) -> FieldHelp:
    column: Any = field.column
    needed = not column.nullable and column.default is None and not field.given
    choices = [choice_label(value) for value in field.choices] if field.choices is not None else []
    return FieldHelp(field.label, needed, choices, list(_notes(field)))


def _notes(field: Field) -> Iterator[str]:
    target = registry.get(field.target)
    if target is not None:
        yield _("one of: %(records)s", records=record_plural(target))
    elif field.target == USERS:
        yield _("a user")
    if field.private:
        yield _("private: masked wherever it is shown")
    if field.is_state:
        yield _("moves by steps alone")
    elif field.given:
        yield _("given by the house")
    if field.key in field.record.panel.fixed or field.name in field.record.panel.fixed:
        yield _("not changed afterwards")


def _steps(record: type[Record]) -> Iterator[StepHelp]:
    """The steps, with the roles that hold them now; of what they ask, what the reader reads."""
    workflow = record.workflow
    if workflow is None:
        return
    roles = roles_named(db.session)
    seen = {field.key: field.label for field in _fields(record)} | {
        name: translated(name.capitalize()) for name in SPOKEN
    }
    order = list(record.__table__.columns[workflow.field].info["choices"])
    for step in workflow.steps:
        right = (f"step:{step.name}", str(record.__tablename__))
        takers = [translated(role) for role, rights in roles.items() if right in rights.grants]
        sources = [choice_label(state) for state in order if state in step.source]
        yield StepHelp(step_label(step), sources, choice_label(step.target), takers, _asked(step, seen))


def _asked(step: Step, seen: dict[str, str]) -> list[str]:
    names = [asked.removesuffix("?") for asked in step.asks]
    return [seen[name] for name in names if name in seen]
