"""The file of one whole record: every record is written out and read in without anybody declaring a profile.

Its columns are the fields of the record: for the system all that are kept, for a person those he or she fills in. A
header is a field's name or what the field is called in any language; whoever brings the file may say it otherwise.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from app.kernel.access import may
from app.kernel.actor import Actor
from app.kernel.history import BOOKKEEPING
from app.kernel.sheets.words import half_width
from app.kernel.wording import told
from app.schema.errors import NotFound
from app.schema.kinds import INTEGER, Choice, FileKind
from app.schema.record import Line, Record, groups_of, known_by, many_of, plural_msgid, stored, words, working_of
from app.schema.registry import registry
from app.schema.tailored import added
from app.schema.transfer import Cell, Profile, Target
from app.schema.wording import Label

PREFIX = "record:"
NOT_TAKEN = ""
"""What a column of the file is mapped to that is left out."""
LANGUAGES = ("en", "zh_Hans", "zh_Hant")
Mapped = Mapping[str, str]


@dataclass(frozen=True)
class Taken:
    """A field that a file may fill: how it is called, and whether only in rows that are made."""

    name: str
    label: str
    once: bool = False


def whole(record: type[Record]) -> Profile:
    """The profile of the record's own file; `fitted` makes it fit a file."""
    return Profile(PREFIX + str(record.__tablename__), plural_msgid(record), (), record=str(record.__tablename__))


def profile_called(name: str) -> Profile:
    """A declared profile, or that of a record's own file. Raises `NotFound`."""
    declared = registry.profiles.get(name)
    if declared is not None:
        return declared
    record = registry.get(name.removeprefix(PREFIX))
    if record is None or not name.startswith(PREFIX):
        raise NotFound("The profile %(name)s no longer exists.", name=name)
    return whole(record)


def label_of(record: type[Record], name: str) -> str:
    """What a field is called, in English; an added one as the department calls it."""
    if (column := added(record).get(name)) is not None:
        return column.info["extra"].label
    return record.panel.labels.get(name) or words(name)


def kept_fields(record: type[Record]) -> list[str]:
    """The columns of the file the system writes of a record, in order; those of links to many come last."""
    key = known_by(record)
    own = [name for name in stored(record) if name not in BOOKKEEPING or name == key]
    return [*own, *many_of(record)]


def takes(record: type[Record], actor: Actor) -> dict[str, Taken]:
    """The fields a file that `actor` brings may fill, in the order of the form; the key first.

    A person gives no state, for that moves by steps, nor what the house numbers or works out.
    """
    key, columns = known_by(record), stored(record)
    names = kept_fields(record) if actor.system else [*_form(record)]
    fixed = {_key(record, name) for name in record.panel.fixed}
    found = {key: Taken(key, label_of(record, key), once=True)}
    if isinstance(record, type) and issubclass(record, Line):
        names, fixed = [record.parent, *names], fixed | {record.parent}
    for name in dict.fromkeys(names):
        column = columns.get(name)
        if column is not None and isinstance(column.info.get("kind"), FileKind):
            continue
        writes = actor.system or name == getattr(record, "parent", None) or may(actor, "add", record, name)
        if not writes or working_of(record, name) is not None:
            continue
        found.setdefault(name, Taken(name, label_of(record, name), once=name in fixed))
    return found


def _form(record: type[Record]) -> Iterable[str]:
    for group in groups_of(record):
        for name in group.fields:
            key = _key(record, name)
            if key in stored(record) or key in many_of(record):
                yield key


def _key(record: type[Record], name: str) -> str:
    """The column a declared name stands for: `customer` for `customer_id`."""
    if name in stored(record) or name in many_of(record):
        return name
    return f"{name}_id"


def proposed(record: type[Record], actor: Actor, headers: Sequence[str]) -> dict[str, str]:
    """Which field each header seems to mean; `NOT_TAKEN` where it means none."""
    by_text: dict[str, str] = {}
    for field in takes(record, actor).values():
        texts = {field.name, field.name.removesuffix("_id"), *(told(Label(field.label), each) for each in LANGUAGES)}
        for text in texts:
            by_text.setdefault(_folded(text), field.name)
    found: dict[str, str] = {}
    for header in headers:
        name = by_text.get(_folded(header)) or by_text.get(_folded(header.partition(" (")[0]), NOT_TAKEN)
        found[header] = name if name not in found.values() else NOT_TAKEN
    return found


def _folded(text: str) -> str:
    return half_width(text).casefold().replace("_", " ")


def fitted(profile: Profile, actor: Actor, mapping: Mapped) -> Profile:
    """The profile of a record's own file for the columns of one file, each mapped to a field or left out.

    A field that two columns are mapped to takes the first.
    """
    record = registry[profile.record]
    allowed = takes(record, actor)
    by_field: dict[str, str] = {}
    for header, name in mapping.items():
        if name in allowed:
            by_field.setdefault(name, header)
    by_field = {known_by(record): by_field.get(known_by(record), "")} | by_field
    fields = {name: _cell(record, name, header) for name, header in by_field.items()}
    once = tuple(name for name in by_field if allowed[name].once and name != known_by(record))
    target = Target(profile.record, profile.record, known_by(record), fields, once=once)
    left_out = tuple(header for header in mapping if header not in by_field.values())
    return replace(profile, targets=(target,), ignored=left_out)


def _cell(record: type[Record], name: str, header: str) -> Cell:
    if name == "id":
        return Cell(header, kind=INTEGER)
    info = stored(record)[name].info if name in stored(record) else {}
    values = info.get("choices")
    if values is None or info.get("many"):
        return Cell(header, exact=True)
    return Cell(header, values=_choices(values))


def _choices(values: type[Choice]) -> dict[str, Choice]:
    """By what is stored, and by what it is called in any language."""
    found: dict[str, Choice] = {}
    for said in (_stored, *(_saying(language) for language in LANGUAGES)):
        for value in values:
            found.setdefault(said(value), value)
    return found


def _stored(value: Choice) -> str:
    return str(value.value)


def _saying(language: str) -> Callable[[Choice], str]:
    return lambda value: told(Label(value.label), language)
