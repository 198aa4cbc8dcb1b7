"""What things are called, in the language of the present person.

Every label is derived from a declaration and is the key of its own translation; `msgids` lists them all, so that
the catalogues can be filled and their completeness tested.
"""

import inspect
import re
from collections.abc import Iterator
from typing import Any

from flask_babel import get_locale

from app.panel.saying import gettext
from app.schema import tailored
from app.schema.approval import Verdict
from app.schema.brand import ACCENTS
from app.schema.errors import Refusal
from app.schema.kinds import ALL, BadValue, Choice
from app.schema.kinds.numbers import CURRENCIES
from app.schema.record import Record, computed_of, many_of, plural_msgid, record_msgid, stored, words
from app.schema.registry import registry
from app.schema.wording import Told
from app.schema.workflow import SPOKEN, Step

HISTORY_VERBS = (
    *("add", "edit", "delete", "restore", "revert", "export", "reveal", "time_limit_passed"),
    *("comment", "edit comment", "remove comment", "add file", "remove file", "print", "virus"),
)
SOURCES = ("api", "cli", "import", "job", "link", "system")
BOOKKEEPING = ("owner_id", "unit_id", "created_at", "created_by_id", "changed_at", "changed_by_id")


def translated(msgid: str) -> str:
    """The translation of a derived label; an empty one stays empty (its key is the catalogue's header)."""
    if isinstance(msgid, Told):
        return msgid.said(str(get_locale()))
    return str(gettext(msgid)) if msgid else ""


def record_label(record: type[Record]) -> str:
    """What one row of a record is called."""
    return translated(record_msgid(record))


def record_plural(record: type[Record]) -> str:
    """What the rows of a record are called together."""
    return translated(plural_msgid(record))


def about_msgid(record: type[Record]) -> str:
    """What a record is, in English: the first paragraph of its own words; fields stand in it by name, in backticks."""
    return inspect.cleandoc(record.__doc__ or "").split("\n\n")[0].replace("\n", " ")


def about_record(record: type[Record]) -> str:
    """What a record is, with its fields as they are called."""

    def called(found: re.Match[str]) -> str:
        keys = (key for key in (found[1], f"{found[1]}_id") if key in record.__table__.columns)
        return next((field_label(record, key) for key in keys), found[1])

    return re.sub(r"`(\w+)`", called, translated(about_msgid(record)))


def field_msgid(record: type[Record], field: str) -> str:
    """The English name of a field: the one its panel gives, else its own; of an added field what it was called."""
    if (column := tailored.added(record).get(field)) is not None:
        return column.info["extra"].label
    if (told := tailored.in_force().labels.get((str(record.__tablename__), field))) is not None:
        return told
    return record.panel.labels.get(field) or words(field)


def field_label(record: type[Record], field: str) -> str:
    """What a field is called."""
    return translated(field_msgid(record, field))


def choice_label(value: Choice) -> str:
    """What a value of a closed list is called."""
    return translated(value.label)


def step_label(step: Step) -> str:
    """What the button of a step says."""
    return translated(step.title)


def verb_label(record: type[Record], verb: str) -> str:
    """What was done, as the history tells it: ``add``, ``edit`` or ``step:pay``."""
    name = verb.removeprefix("step:")
    step = record.workflow.step(name) if record.workflow and verb.startswith("step:") else None
    return step_label(step) if step else translated(words(name))


def part_label(step: Step, part: str) -> str:
    """What one of the agreements a step needs is called, by its name."""
    return next((translated(each.label) for each in step.parts if each.name == part), part)


def said(reason: "Refusal | BadValue | str") -> str:
    """The sentence of a refusal; names of things in its places are translated with it."""
    if isinstance(reason, str):
        return translated(reason)
    message = reason.message if isinstance(reason, Refusal) else reason.msgid
    places = {key: translated(value) if isinstance(value, str) else value for key, value in reason.args_.items()}
    sentence = translated(message)
    return sentence % places if places else sentence


def msgids() -> Iterator[str]:
    """Every label derived from a declaration, in English; some come more than once."""
    yield from (words(verb) for verb in HISTORY_VERBS)
    yield from (f"by {source}" for source in SOURCES)
    yield from (words(field) for field in BOOKKEEPING)
    yield from (words(name) for name in SPOKEN)
    yield from CURRENCIES
    yield from (name.capitalize() for name in (*tailored.KINDS, *(kind.name for kind in ALL), "choice", "many-choice"))
    yield tailored.ADDED
    yield words("approval")
    yield words("files")
    yield words("printed")
    yield words("in_place_of")
    yield from (verdict.label for verdict in Verdict)
    for record in registry:
        yield from _msgids_of(record)
    for shelf in (registry.jobs, registry.settings, registry.measures, registry.profiles, registry.reports):
        yield from (str(thing.label) for thing in shelf if getattr(thing, "label", ""))
    yield from (words(target.name) for profile in registry.profiles for target in profile.targets)
    yield from (accent.capitalize() for accent in ACCENTS)
    yield from (setting.unit for setting in registry.settings if setting.unit)
    yield from (words(setting.name.partition(".")[0]) for setting in registry.settings)
    yield from (measure.unit for measure in registry.measures if measure.unit)
    yield from (measure.definition for measure in registry.measures if measure.definition)
    for report in registry.reports:
        yield from report.columns.values()
        yield from report.notes
        yield from (words(dimension) for dimension in report.dimensions)


def _msgids_of(record: type[Record]) -> Iterator[str]:
    panel: Any = record.panel
    yield record_msgid(record)
    yield plural_msgid(record)
    yield about_msgid(record)
    for column in stored(record).values():
        yield field_msgid(record, column.key)
        yield from (value.label for value in column.info.get("choices", ()))
    yield from (field_msgid(record, name) for name in (*panel.columns, *panel.facts))
    yield from (field_msgid(record, name) for name in (*computed_of(record), *many_of(record)))
    yield from (sla.title for sla in (record.workflow.clocks if record.workflow else ()))
    yield from (group.title for group in panel.form if group.title)
    if panel.menu:
        yield panel.menu.area
    for document in record.documents:
        yield document.label
        yield from (group.title for group in document.groups if group.title)
    for step in record.workflow.steps if record.workflow else ():
        yield step.title
        yield from (part.label for part in step.parts)
