"""The time limits of a row as its page shows them: when each ends, what is left, and what was promised beside it."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import current_app, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from app.kernel import clocks
from app.kernel.actor import Actor
from app.kernel.clock import house_day, house_zone
from app.kernel.settings import setting_value
from app.kernel.tables import Clock
from app.panel import texts
from app.panel.labels import translated
from app.schema.clocks import Sla, last_day
from app.schema.record import Record
from app.schema.registry import registry

SETTINGS = "SettingsPage.list"
"""The page a limit leads to, for those who may change it."""


@dataclass
class Ticking:
    """A time limit, or a promise: `word` says how it stands in the colour `tone`, `limits` are its settings."""

    title: str
    promised: bool
    word: str
    tone: str
    end: str
    left: str
    moves: bool
    limits: list[tuple[str, str]]


def of(session: Session, row: Record, actor: Actor, now: datetime | None = None) -> list[Ticking]:
    """The latest round of each clock of a row, in the order they are declared, the limit before the promise."""
    slas = clocks.clocks_of(type(row))
    if not slas:
        return []
    now = now or datetime.now(UTC)
    latest: dict[tuple[str, bool], Clock] = {}
    for clock in clocks.of_row(session, row):
        latest.setdefault((clock.name, clock.promised), clock)
    found = [(sla, latest.get((sla.name, promised))) for sla in slas for promised in (False, True)]
    return [_ticking(session, sla, clock, actor, now) for sla, clock in found if clock is not None]


def _ticking(session: Session, sla: Sla, clock: Clock, actor: Actor, now: datetime) -> Ticking:
    by_days = sla.on.days and (not clock.promised or clock.due == _midnight(clock.due))
    word, tone = _standing(clock, now)
    end = "" if clock.due is None else texts.plain(last_day(house_zone(), clock.due) if by_days else clock.due)
    stands = clock.paused_at is not None and not clock.promised
    open_ = clock.stopped_at is None and clock.due is not None
    left = _left(clock.due, clock.paused_at if stands else now, by_days) if open_ and clock.due else ""
    moves = open_ and not clock.known
    limits = _limits(session, clock, actor)
    return Ticking(translated(sla.title), clock.promised, word, tone, "" if stands else end, left, moves, limits)


def _standing(clock: Clock, now: datetime) -> tuple[str, str]:
    if clock.stopped_at is not None:
        if not clock.met:
            return _("no longer counts"), "new"
        late = clock.due is not None and clock.due <= clock.stopped_at
        return (_("kept too late"), "bad") if late else (_("kept"), "done")
    if clock.due is None:
        return _("no limit set"), "new"
    stands = clock.paused_at is not None and not clock.promised
    if clock.due <= (clock.paused_at if stands and clock.paused_at else now):
        return _("late"), "bad"
    if stands:
        return _("stands still"), "new"
    if last_day(house_zone(), clock.due) <= house_day(now):
        return _("due today"), "open"
    if clock.warn_at is not None and clock.warn_at <= now:
        return _("due soon"), "open"
    return _("running"), "new"


def _left(due: datetime, at: datetime | None, by_days: bool) -> str:
    """How much time there is until `due`, or has passed since; by whole days, or by hours where these matter."""
    assert at is not None
    days = (last_day(house_zone(), due) - house_day(at)).days
    hours = round((due - at) / timedelta(hours=1))
    if not by_days and abs(hours) < 48:
        if due > at:
            return ngettext("%(num)s hour left", "%(num)s hours left", max(hours, 1))
        return ngettext("%(num)s hour late", "%(num)s hours late", max(-hours, 1))
    if due > at:
        return ngettext("%(num)s day left", "%(num)s days left", days) if days else _("the last day")
    return ngettext("%(num)s day late", "%(num)s days late", max(-days, 1))


def _midnight(moment: datetime | None) -> datetime | None:
    """The begin of the day of a moment, on the house's clock."""
    if moment is None:
        return None
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
