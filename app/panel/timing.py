"""The time limits of a row as its page shows them: when each ends, what is left, and what was promised beside it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import current_app, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.kernel import clocks
from app.kernel.actor import Actor
from app.kernel.clock import house_day, house_zone
from app.kernel.fields import hidden_in
from app.kernel.settings import setting_value
from app.kernel.standing import Standing, possible, standing, told
from app.kernel.tables import Clock
from app.panel import texts
from app.panel.fields import Field
from app.panel.labels import translated
from app.schema.clocks import Sla, last_day
from app.schema.record import Record
from app.schema.registry import registry

SETTINGS = "SettingsPage.list"
"""The page a limit leads to, for those who may change it."""
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
LONG = 2 * DAY
"""From here on hours no longer matter."""


@dataclass
class Ticking:
    """A time limit, or a promise: `word` says how it stands in the colour `tone`, `limits` are its settings.

    `left` is what is left or has passed, of a clock that has not stopped. `due` is when it ends, in ISO form, where
    that changes as one looks at it: `by_days` then says whether whole days are told. A clock standing still has none.
    """

    title: str
    promised: bool
    word: str
    tone: str
    end: str
    left: str
    moves: bool
    limits: list[tuple[str, str]]
    due: str = ""
    by_days: bool = False


def of(session: Session, row: Record, actor: Actor, rounds: Iterable[Clock]) -> list[Ticking]:
    """The latest round of each clock of a row, in the order they are declared, the limit before the promise.

    `rounds` is what `app.kernel.clocks.of_row` read.
    """
    slas, now = clocks.clocks_of(type(row)), datetime.now(UTC)
    latest: dict[tuple[str, bool], Clock] = {}
    for clock in rounds:
        latest.setdefault((clock.name, clock.promised), clock)
    seen = readable(actor, row)
    found = [(sla, latest.get(which)) for sla in slas for p in (False, True) if (which := (sla.name, p)) in seen]
    return [_ticking(session, sla, clock, actor, now) for sla, clock in found if clock is not None]


def readable(actor: Actor, row: Record) -> set[tuple[str, bool]]:
    """The clocks of a row, each by name and whether it is the promise, that give no hidden field away to the actor."""
    record, gone = type(row), hidden_in(actor, row)
    every = ((sla, promised) for sla in clocks.clocks_of(record) for promised in (False, True))
    return {(sla.name, p) for sla, p in every if gone.isdisjoint(clocks.told_by(record, sla, p))}


def _ticking(session: Session, sla: Sla, clock: Clock, actor: Actor, now: datetime) -> Ticking:
    how, by_days = standing(clock, now), clock.due is not None and _by_days(sla, clock.promised, clock.due)
    end = "" if clock.due is None else end_in_words(sla, clock.promised, clock.due)
    stands = clock.paused_at is not None and not clock.promised
    open_ = clock.stopped_at is None and clock.due is not None
    left = _left(clock.due, (clock.paused_at if stands else None) or now, by_days) if open_ and clock.due else ""
    moves = open_ and not clock.known
    limits = _limits(session, clock, actor)
    due = clock.due.isoformat() if open_ and clock.due and not stands else ""
    return Ticking(
        title=translated(sla.title),
        promised=clock.promised,
        word=words(how),
        tone=TONES.get(how, "new"),
        end="" if stands else end,
        left=left,
        moves=moves,
        limits=limits,
        due=due,
        by_days=by_days,
    )


def words(standing: Standing) -> str:
    """How a clock stands, as a person reads it."""
    return {
        Standing.LATE: _("late"),
        Standing.TODAY: _("due today"),
        Standing.SOON: _("due soon"),
        Standing.RUNNING: _("running"),
        Standing.PAUSED: _("stands still"),
        Standing.UNLIMITED: _("no limit set"),
        Standing.KEPT: _("kept"),
        Standing.KEPT_LATE: _("kept too late"),
        Standing.VOID: _("no longer counts"),
    }[standing]


TONES = {
    Standing.LATE: "bad",
    Standing.KEPT_LATE: "bad",
    Standing.TODAY: "open",
    Standing.SOON: "open",
    Standing.KEPT: "done",
}
"""The colours of how a clock stands; "new" for the others."""


@dataclass(frozen=True)
class Clocked(Field):
    """Clocks of a record as something a list is filtered by: one, or several that are looked at together."""

    clocks: tuple[tuple[Sla, bool], ...] = ()

    @property
    def label(self) -> str:
        """The name of the one, such as "Answer · promised", or of all together."""
        return title_of(*self.clocks[0]) if len(self.clocks) == 1 else _("Time limits")

    @property
    def options(self) -> list[Standing]:
        """How they may stand."""
        return [each for each in Standing if any(each in possible(*clock) for clock in self.clocks)]


def title_of(sla: Sla, promised: bool) -> str:
    """What a clock is called."""
    return translated(sla.title) + (f" · {_('promised')}" if promised else "")


def clocked(record: type[Record]) -> list[Clocked]:
    """What a list may ask of the clocks of its rows: of any of them under ``clock``, of each where there are several.

    A clock that would give away a field the present person does not read everywhere is left out.
    """
    every = told(record)
    asked = [("clock", tuple(every))] if every else []
    if len(every) > 1:
        asked += [(f"clock.{sla.name}{'.promise' if promised else ''}", ((sla, promised),)) for sla, promised in every]
    return [Clocked(record, key, key, None, "", None, those) for key, those in asked]


def end_in_words(sla: Sla, promised: bool, due: datetime) -> str:
    """When a clock ends: its last day where days count, else the moment."""
    return texts.plain(last_day(house_zone(), due) if _by_days(sla, promised, due) else due)


def _by_days(sla: Sla, promised: bool, due: datetime) -> bool:
    return sla.on.days and (not promised or due == _midnight(due))


def spans() -> dict[str, str]:
    """The sentences that say what is left or has passed, with their places: here, and in the browser as time passes."""
    return {
        "ahead": _("due in %(span)s"),
        "late": _("late by %(span)s"),
        "today": _("due today"),
        "days": _("%(days)s d"),
        "both": _("%(hours)s h %(minutes)s min"),
        "hours": _("%(hours)s h"),
        "minutes": _("%(minutes)s min"),
        "word": words(Standing.LATE),
    }


def _left(due: datetime, at: datetime, by_days: bool) -> str:
    """How much time there is until `due`, or has passed since; by whole days, or by minutes where hours matter.

    ``row.js`` says the same of a later moment.
    """
    said, late, gap = spans(), due <= at, abs(due - at)
    if by_days:
        days = abs((last_day(house_zone(), due) - house_day(at)).days)
        if not days and not late:
            return said["today"]
        span = said["days"] % {"days": max(days, 1)}
    elif gap >= LONG:
        span = said["days"] % {"days": gap // DAY}
    else:
        hours, minutes = divmod(max(int(gap / MINUTE), 1), 60)
        form = "minutes" if not hours else "both" if minutes else "hours"
        span = said[form] % {"hours": hours, "minutes": minutes}
    return said["late" if late else "ahead"] % {"span": span}


def _midnight(moment: datetime) -> datetime:
    """The begin of the day of a moment, on the house's clock."""
    return moment.astimezone(house_zone()).replace(hour=0, minute=0, second=0, microsecond=0)


def _limits(session: Session, clock: Clock, actor: Actor) -> list[tuple[str, str]]:
    """The settings of a limit in words, each with the address where those who may change it."""
    names = clock.limits.split(",") if clock.limits else []
    may_set = actor.scope("open", "page:settings") and SETTINGS in current_app.view_functions
    found = []
    for name in names:
        declared = registry.settings.get(name)
        if declared is None:
            continue
        value: Any = clock.target if len(names) == 1 else setting_value(session, declared)
        said = _("not set") if value is None else f"{value} {translated(declared.unit)}"
        address = url_for(SETTINGS, _anchor=name) if may_set else ""
        found.append((f"{translated(declared.label)}: {said}", address))
    return found
