"""The search box: which rows hold what was written, among those the actor may see.

Several tables are searched as a union of id sets, for an OR across tables would pass by their indexes.
A private value is found only when written in full: to find it by parts would be to read it. What the actor may not read
in every row is not searched at all.
"""

import unicodedata
from collections.abc import Iterator
from typing import Any

from flask_appbuilder.security.sqla.models import User
from sqlalchemy import ColumnElement, Select, String, Text, false, inspect, or_, select, union
from sqlalchemy.orm import aliased

from app.kernel.spelling import is_spelt, sounds
from app.panel.fields import USERS, field_of
from app.schema.kinds import BadValue
from app.schema.record import Record
from app.schema.registry import registry
from app.schema.written import natural

LONGEST = 200
"""Characters of a search that are looked at."""


def tidy(written: str | None) -> str:
    """What was written into a search box, without what no row can hold."""
    return unicodedata.normalize("NFKC", written or "").replace("\x00", "").strip()[:LONGEST]


def found_by(record: type[Record], written: str) -> ColumnElement[bool]:
    """A condition for the rows of `record` that hold `written` in one of the fields its panel searches."""
    near, far = _places(record, written)
    if not far:
        return or_(*near) if near else false()
    return _among(record, [select(record.id).where(or_(*near)), *far] if near else far)


def newest(record: type[Record], written: str, most: int) -> ColumnElement[bool]:
    """As `found_by`, but of each place the newest `most` rows alone: where many rows hold it, the database stops there.

    A row whose number is `written` is among them, however old it is.
    """
    near, far = _places(record, written)
    numbers = [condition for condition, unique in _whole(record, written) if unique]
    ways = [*(select(record.id).where(or_(*some)) for some in (near, numbers) if some), *far]
    if not ways:
        return false()
    return _among(record, [select(way.order_by(record.id.desc()).limit(most).subquery().c.id) for way in ways])


def whole(record: type[Record], written: str) -> ColumnElement[bool]:
    """Whether a row's own number, plate or other searched field is `written`, and not only holds it."""
    return or_(false(), *(condition for condition, _unique in _whole(record, written)))


def _among(record: type[Record], ways: list[Select[Any]]) -> ColumnElement[bool]:
    return record.id.in_(union(*ways)) if len(ways) > 1 else record.id.in_(ways[0])


def _places(record: type[Record], written: str) -> tuple[list[ColumnElement[bool]], list[Select[Any]]]:
    """Where a row may hold `written`: conditions on the row itself, and ids of rows by what they link to."""
    near: list[ColumnElement[bool]] = []
    far: list[Select[Any]] = []
    for path in record.panel.search or (record.panel.title,):
        *links, last = path.split(".")
        if not links:
            near += _holds(record, record, last, written)
            continue
        statement: Select[Any] = select(record.id)
        reached, entity = record, record
        for link in links:
            if not field_of(reached, link).open:
                break
            towards = inspect(reached).relationships[link].mapper.class_
            further = aliased(towards)
            statement = statement.join(further, further.id == getattr(entity, field_of(reached, link).key))
            reached, entity = towards, further
        else:
            far += [statement.where(condition) for condition in _holds(reached, entity, last, written)]
    return near, far


def _whole(record: type[Record], written: str) -> Iterator[tuple[ColumnElement[bool], bool]]:
    """Conditions for the rows one of whose own fields is `written`, each with whether no two rows can have it."""
    for name in record.panel.search or (record.panel.title,):
        field = field_of(record, name) if "." not in name else None
        if field is None or field.column is None or not field.open:
            continue
        column = getattr(record, field.key)
        if field.private or field.key == "id":
            yield from ((condition, field.key == "id") for condition in _holds(record, record, name, written))
        elif field.choices is None and isinstance(field.column.type, String | Text):
            forms = sorted({written, written.upper(), written.lower()})
            yield column.in_(forms), bool(field.column.unique)


def _holds(record: type[Record], entity: Any, name: str, written: str) -> Iterator[ColumnElement[bool]]:
    field = field_of(record, name)
    if field.column is None or not field.open:
        return
    column = getattr(entity, field.key)
    if field.private:
        assert field.kind is not None
        try:
            yield column == field.kind.read(written)
        except BadValue:
            return
    elif field.choices is None and isinstance(field.column.type, String | Text):
        yield contains(column, written)
        if is_spelt(record, name):
            yield from (contains(entity.search_key, form) for form in sounds(written))
    elif field.key == "id" and (number := natural(written)) is not None:
        yield column == number


def contains(column: Any, written: str) -> ColumnElement[bool]:
    """Whether a text column holds `written`, whatever the case; ``%`` and ``_`` stand for themselves.

    What has no case, as digits and 汉字 have none, is compared as it stands: PostgreSQL folds slowly.
    """
    escaped = written.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    holds = column.like if written.lower() == written.upper() else column.ilike
    found: ColumnElement[bool] = holds(f"%{escaped}%", escape="\\")
    return found


def options(target: str, entity: Any, written: str) -> list[ColumnElement[bool]]:
    """Conditions for the rows a picker offers: in use, and holding what was written."""
    if target == USERS:
        names = (User.first_name, User.last_name, User.username)
        found = [entity.active.is_(True)]
        if written:
            person: Any = registry["person"]
            ways = [contains(getattr(entity, name.key), written) for name in names]
            heard = [contains(person.search_key, form) for form in sounds(written)]
            if heard:
                ways.append(entity.id.in_(select(person.user_id).where(or_(*heard))))
            found.append(or_(*ways))
        return found
    record = registry[target]
    found = [entity.archived_at.is_(None)] if hasattr(record, "archived_at") else []
    if written:
        found.append(entity.id.in_(select(record.id).where(found_by(record, written))))
    return found
