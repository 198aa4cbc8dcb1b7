"""Who sees which figures: of measures whose record and fields one reads, and of people within one's reach.

The sums themselves are narrowed by the guard, as everything else is.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Column, select
from sqlalchemy.orm import Session
from sqlalchemy.sql import coercions, roles, visitors

from app.kernel.access import may, require, widened
from app.kernel.actor import current_actor
from app.kernel.fields import reads_everywhere
from app.schema.errors import Invalid, NotFound, Refusal
from app.schema.kinds import DAY, BadValue
from app.schema.measure import AnyMeasure, Figures
from app.schema.record import Record, policy_name
from app.schema.registry import registry
from app.schema.roles import Scope
from app.schema.rows import Branch

ME, ALL = "me", "all"
LONGEST = timedelta(days=5 * 366)
"""The longest period figures are asked for."""
EARLIEST, LATEST = date(1900, 1, 1), date(2999, 12, 31)


def seen() -> Iterator[AnyMeasure]:
    """The measures whose figures the current actor may see."""
    return (measure for measure in registry.measures if may_see(measure))


def may_see(measure: AnyMeasure) -> bool:
    """Whether the current actor reads the record measured and all the measure looks at.

    A field that is hidden in some rows only would be told by the sum over them.
    """
    return may(current_actor(), "read", measure.of) and all(
        may(current_actor(), "read", record) and reads_everywhere(record, name) for record, name in _looked_at(measure)
    )


def measure_named(name: str) -> AnyMeasure:
    """The measure of that name. Raises `NotFound`, and `NotPermitted` where the current actor may not see it."""
    measure = registry.measures.get(name)
    if measure is None:
        raise NotFound("There is no such measure.")
    require(current_actor(), "read", measure.of)
    if not may_see(measure):
        raise NotFound("There is no such measure.")
    return measure


def whose(session: Session, measure: AnyMeasure, asked: str) -> int | None:
    """Whose figure is asked for: ``me``, ``all`` (None) the actor sees, or a user's id.

    Raises `NotFound` for whom the actor does not see figures of, as for nobody.
    """
    if asked == ALL:
        return None
    actor = current_actor()
    found = actor.user_id if asked == ME else int(asked) if asked.isascii() and asked.isdigit() else None
    within = people(session, measure)
    if found is None or (within is not None and found not in within):
        raise NotFound("There is no such person among those whose figures you may see.")
    return found


def period(first: str | None, last: str | None, today: date) -> tuple[date, date]:
    """The days asked for; unsaid, the month of `today` so far. Raises `Invalid` naming the end at fault."""
    problems: dict[str, str | Refusal] = {}
    given: dict[str, date | None] = {}
    for end, said in (("first", first), ("last", last)):
        try:
            given[end] = DAY.read(said)
        except BadValue as error:
            problems[end] = str(error)
    ends = given.get("last") or today
    begins = given.get("first") or ends.replace(day=1)
    if not problems:
        for end, day in (("first", begins), ("last", ends)):
            if not EARLIEST <= day <= LATEST:
                problems[end] = Refusal("There are no figures of that day.")
        if begins > ends:
            problems["first"] = Refusal("The first day lies after the last.")
        elif ends - begins > LONGEST:
            problems["first"] = Refusal("Ask for five years at most.")
    if problems:
        raise Invalid(problems)
    return begins, ends


def people(session: Session, measure: AnyMeasure) -> frozenset[int] | None:
    """The users whose figures the current actor sees, as far as he or she reads the rows; None for everybody's.

    A row that was handed over may still be credited to a colleague, whose figure it is not for that.
    """
    actor = current_actor()
    scope = widened(measure.of, actor.scope("read", policy_name(measure.of)))
    if scope == Scope.ALL:
        return None
    found = frozenset(actor.owner_ids())
    if scope == Scope.TEAM:
        person: Any = registry["person"]
        units = actor.branch_ids if issubclass(measure.of, Branch) else actor.unit_ids
        staff = select(person.user_id).where(person.unit_id.in_(units), person.user_id.is_not(None))
        found |= frozenset(session.scalars(staff))
    return found


def by_person(session: Session, measure: AnyMeasure, first: date, last: date) -> Figures:
    """The figures of those the current actor may see, and under None of what is credited to nobody."""
    within = people(session, measure)
    figures = measure.figures(session, first, last)
    return {user: each for user, each in figures.items() if within is None or user is None or user in within}


def _looked_at(measure: AnyMeasure) -> Iterator[tuple[type[Record], str]]:
    """The fields a measure is made of."""
    for part in measure.parts:
        for element in visitors.iterate(coercions.expect(roles.ExpressionElementRole, part)):
            if isinstance(element, Column) and (record := registry.get(str(element.table.name))) is not None:
                yield record, element.key
