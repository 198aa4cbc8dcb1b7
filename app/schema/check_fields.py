"""Cross checks of the rules on single fields; each sentence follows the record's name and says the cure."""

from collections.abc import Iterator
from typing import Any

from app.schema.conditions import leaves
from app.schema.fields import Rule
from app.schema.record import Record, computed_of, kind_of, many_of, policy_name, rules_of, working_of
from app.schema.registry import Registry
from app.schema.traits import Spelt
from app.schema.workflow import SPOKEN

LONGEST_NAME = 76
"""Characters a field's permission may have, with its record where the field is a line's."""


RESERVED = {
    **dict.fromkeys(SPOKEN, "what a step asks beside the fields has this name"),
    **dict.fromkeys(("approval", "in_place_of"), "the history of a step tells of agreements by this name"),
    **dict.fromkeys(("csrf_token", "once", "seen", "back"), "forms carry something of this name"),
    **dict.fromkeys(
        ("row", "every", "sure", "past", "field"), "the form about chosen rows carries something of this name"
    ),
    **dict.fromkeys(
        ("q", "order", "psize", "after", "before", "work", "watched", "columns", "group", "view", "on", "during"),
        "the address of a list has a parameter of this name",
    ),
    **dict.fromkeys(("from", "copy_of"), "the address of a row's page or form has a parameter of this name"),
    **dict.fromkeys(("lines", "remove"), "requests that write lines have a member of this name"),
    "search_key": "how a title sounds is kept under this name: take the trait Spelt",
}
"""Names no record may give a field, each with what the engine uses it for."""


def _reserved(record: type[Record]) -> Iterator[str]:
    """Fields called by a name that the engine uses itself."""
    for name in (*record.__table__.columns.keys(), *computed_of(record)):
        if name in RESERVED and not (name == "search_key" and issubclass(record, Spelt)):
            yield f"calls a field {name!r}, but {RESERVED[name]}: give it another"
    title = record.panel.title
    kind = kind_of(record, title) if title in record.__table__.columns else None
    if issubclass(record, Spelt) and kind is not None and kind.private:
        yield f"keeps how {title!r} sounds, which is private: take Spelt out, or choose another title"


def faults_of(record: type[Record], registry: Registry) -> Iterator[str]:
    """What is wrong with the rules of one record."""
    yield from _reserved(record)
    yield from _of_title(record)
    columns = record.__table__.columns
    names = [rule.field for rule in record.fields]
    for name in sorted({name for name in names if names.count(name) > 1}):
        yield f"has two rules on {name!r}: make one of them"
    for rule in record.fields:
        place = f"has a rule on {rule.field!r}"
        if rule.field in columns:
            yield from _of_column(record, rule, place)
        elif rule.field in many_of(record):
            yield f"{place}, which links to many: rules on such are not kept yet, so take it out"
        elif rule.field not in computed_of(record):
            yield f"{place}, which is no field of it"
        elif rule.write is not None or rule.when or rule.shown or rule.required or rule.worked:
            yield f"{place}, which is computed: say only read=… of it"
        yield from _of_states(record, rule, place)
    for name, made in computed_of(record).items():
        yield from _of_working(record, f"computes {name!r}", made.working.of)
    for rule in record.fields:
        if rule.worked is not None:
            yield from _of_working(record, f"works out {rule.field!r}", rule.worked.of)
    for profile in registry.profiles:
        for target in profile.targets:
            for name in target.fields if target.record == record.__tablename__ else ():
                if name in rules_of(record) and rules_of(record)[name].worked is not None:
                    yield f"works out {name!r}, which profile {profile.name!r} fills: take it out of one of them"


def _of_title(record: type[Record]) -> Iterator[str]:
    """Who sees a row is told its title, in lists and links, mentions and mails: no rule may keep it from anybody."""
    looked, queue = set[str](), [record.panel.title]
    while queue:
        name = queue.pop()
        looked.add(name)
        rule, working = rules_of(record).get(name), working_of(record, name)
        if rule is not None and rule.read is not None:
            whence = "" if name == record.panel.title else f", of which its title {record.panel.title!r} is made"
            known = f"{whence}, by which everybody knows the row"
            yield f"has a rule on {name!r}{known}: take read=… out, or choose another title"
        queue += [part for part in (working.of if working is not None else ()) if part not in looked]


def hideable(record: type[Record], field: str) -> bool:
    """Whether a column may be kept from some who see the row, once the house runs: not what the engine leans on.

    That is its title and what the title is made of, its key in files, its state, place and whole, what each new row
    needs from whoever adds it, and what the condition of another field looks at.
    """
    column, kept = (
        record.__table__.columns[field],
        {"id", "version", "owner_id", "unit_id", getattr(record, "parent", "")},
    )
    kept |= {record.transfer.key if record.transfer else "", record.workflow.field if record.workflow else ""}
    queue = [record.panel.title]
    while queue:
        name = queue.pop()
        working = working_of(record, name)
        queue += [part for part in (working.of if working is not None else ()) if part not in kept]
        kept.add(name)
    looked = {name for rule in rules_of(record).values() for each in rule.conditions for name in each.fields}
    given = column.nullable or column.default is not None or column.server_default is not None
    return field not in kept | looked and (given or "serial" in column.info)


def _of_column(record: type[Record], rule: Rule, place: str) -> Iterator[str]:
    column = record.__table__.columns[rule.field]
    if rule.read is not None and record.transfer is not None and rule.field == record.transfer.key:
        yield f"{place}, by which everybody knows the row: take read=… out, or choose another key"
    parts = (rule.read, rule.write, rule.when or None, rule.shown, rule.worked)
    given = column.nullable or column.default is not None or column.server_default is not None
    if any(part is not None for part in parts) and not given and "serial" not in column.info:
        yield f"{place}, which every row needs, though not everybody may fill it in: make it optional or give a default"
    if rule.shown is not None and not column.nullable:
        yield f"{place}, which cannot be empty where it is not shown: make it optional"
    if len(f"{policy_name(record)}.{rule.field}") > LONGEST_NAME:
        yield f"{place}, whose name is too long for a permission: shorten it"
    for leaf in [leaf for condition in rule.conditions for leaf in leaves(condition)]:
        other = record.__table__.columns.get(leaf.field)
        if other is None:
            yield f"{place} that looks at {leaf.field!r}, which is no field of it"
        elif (looked := rules_of(record).get(leaf.field)) is not None and looked.read is not None:
            yield f"{place} that looks at {leaf.field!r}, which not everybody reads: look at another field"
        elif leaf.given is None and (kind := kind_of(record, leaf.field)) is not None:
            if kind.private:
                yield f"{place} that compares {leaf.field!r}, which is private: ask only whether it is given"
            for value in leaf.wanted:
                try:
                    kind.read(value)
                except ValueError as error:
                    yield f"{place} that compares {leaf.field!r} with {value!r}: {error}"


def _of_states(record: type[Record], rule: Rule, place: str) -> Iterator[str]:
    if not (rule.when or rule.published):
        return
    whole = record
    while whole.workflow is None and hasattr(whole, "parent_record"):
        whole = whole.parent_record()
    if whole.workflow is None:
        yield f"{place} that names states, and there is no workflow: declare one, or say roles alone"
        return
    states: Any = type(whole.__table__.columns[whole.workflow.field].info["initial"])
    for state in sorted(set(rule.when | rule.published) - set(states)):
        yield f"{place} that names {state!r}, which is no state of {whole.__name__}"
    if rule.published and rule.read is None:
        yield f"{place} that is published in some states, and everybody reads it anyway: say read=…"


def _of_working(record: type[Record], place: str, names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        if name not in record.__table__.columns and name not in computed_of(record):
            yield f"{place} of {name!r}, which is no field of it"
