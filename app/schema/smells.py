"""What holds but smells: declarations that stand and still are probably not what was meant. Each says its cure."""

from collections.abc import Iterator
from typing import Any

from app.schema.record import Line, Record
from app.schema.registry import Registry
from app.schema.roles import EVERYONE


def smells_of(record: type[Record], registry: Registry) -> Iterator[str]:
    """What about one record deserves a second look."""
    if not issubclass(record, Line):
        yield from _unfindable(record, registry)
        yield from _strangers(record)
    yield from _unreached(record)
    yield from _slow_order(record)


def _unfindable(record: type[Record], registry: Registry) -> Iterator[str]:
    name = str(record.__tablename__)
    if record.panel.menu is None and not any(r.record == name for other in registry for r in other.panel.related):
        yield "stands in no menu and on no other record's page: give it menu=Menu(…), or name it in a Related(…)"


def _strangers(record: type[Record]) -> Iterator[str]:
    """Steps of roles that cannot even see the record."""
    readers = {role for verb, role in record.grants if verb == "read"}
    for step in record.workflow.steps if record.workflow else ():
        if blind := [role.value for role in EVERYONE if role in set(step.by) - readers]:
            yield f"lets {', '.join(blind)} take {step.name!r}, who may not read it: add see=(…) to its grants"


def _unreached(record: type[Record]) -> Iterator[str]:
    workflow = record.workflow
    if workflow is None:
        return
    info = record.__table__.columns[workflow.field].info
    reached: set[Any] = {info["initial"]}
    queue = [info["initial"]]
    while queue:
        state = queue.pop()
        ahead = {target for step in workflow.open_from(state) for target in step.targets} - reached
        reached |= ahead
        queue += ahead
    for state in info["choices"]:
        if state not in reached:
            yield f"has a state {state.value!r} no step leads to: add one, unless a job or an import brings rows there"


def _slow_order(record: type[Record]) -> Iterator[str]:
    column = record.__table__.columns.get(record.panel.order.removeprefix("-"))
    if column is None or column.primary_key or column.unique or column.index:
        return
    if not any(column.key == next(iter(index.columns)).key for index in record.__table__.indexes):
        yield f"is listed in the order of {column.key!r}, which has no index: mapped_column(index=True)"
