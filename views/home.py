"""Home: what waits for me and by when, what I have to approve, the load of my team, the figures of my work."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from flask import jsonify, render_template, url_for
from flask_appbuilder import BaseView, expose
from sqlalchemy import case, func, select
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel import leaving, measuring, waiting
from app.kernel.access import may
from app.kernel.actor import current_actor
from app.kernel.clock import house_day
from app.kernel.handing import may_hand_over
from app.kernel.waiting import Wait, Waiting, standing_of, upcoming, waits
from app.panel import cells, navigation, texts
from app.panel.fields import USERS, columns_of
from app.panel.filters import ME
from app.panel.titles import reading_of, titles_of
from app.schema.measure import AnyMeasure
from app.schema.record import Record
from app.schema.registry import registry
from models.people import Absence, Person
from models.people.absence import away
from views.approvals import waiting_for_me
from views.tour import due, stops

SHOWN = 20
"""Rows to do that are shown, and people of a team."""
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Task:
    """A row that waits, whom or what it is `about`, by when, and where it is worked."""

    record: type[Record]
    title: str
    about: str
    url: str
    state: Any
    how: Wait
    when: str
    place: date


@dataclass
class Load:
    """What waits for one person, by record: how many rows, and how many of them are late."""

    name: str
    user_id: int | None
    away: bool
    by_record: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def waiting(self) -> int:
        """Rows in all."""
        return sum(count for count, _late in self.by_record.values())

    @property
    def late(self) -> int:
        """Late rows in all."""
        return sum(late for _count, late in self.by_record.values())


@dataclass(frozen=True)
class Kpi:
    """A measure beside the same days of the month before, or the day before; `better` says which way it went."""

    measure: AnyMeasure
    value: str
    before: str
    better: bool | None
    url: str


class Index(BaseView):
    """The front page. What takes longer is fetched by the page when it comes into sight."""

    route_base = ""
    default_view = "index"

    @expose("/")
    def index(self) -> str:
        """My work."""
        now, actor = datetime.now(UTC), current_actor()
        counts = waiting.counts(db.session, actor, now)
        tasks = sorted((task for each in counts for task in _tasks(each, now)), key=lambda task: task.place)
        return render_template(
            "home/index.html",
            counts=counts,
            most=waiting.MOST,
            tasks=tasks[:SHOWN],
            left=sum(each.waiting for each in counts) - len(tasks[:SHOWN]),
            leads=bool(list(_led())),
            approves=bool(actor.scope("open", "page:approvals")),
            list_of=_list,
            today=house_day(now),
            tour=stops() if due() else [],
        )

    @expose("/home/counts")
    def counts(self) -> Response:
        """What stands beside the entries of the sidebar: per record how many rows wait for me and how many are late."""
        found = waiting.counts(db.session, current_actor(), datetime.now(UTC))
        return jsonify({str(e.record.__tablename__): [e.waiting, e.late] for e in found if e.waiting})

    @expose("/home/approvals")
    def approvals(self) -> str:
        """What waits for my approval, as a part of the front page."""
        return render_template("home/approvals.html", queues=waiting_for_me())

    @expose("/home/team")
    def team(self) -> str:
        """The load of those I lead, as a part of the front page."""
        return render_template("home/team.html", **_team(datetime.now(UTC)))

    @expose("/home/figures")
    def figures(self) -> str:
        """My figures of this month, as a part of the front page."""
        today = house_day(datetime.now(UTC))
        first = today.replace(day=1)
        last = first - DAY
        before = (last.replace(day=1), last.replace(day=min(today.day, last.day)))
        return render_template("home/figures.html", figures=list(_figures((first, today), before)))

    @expose("/home/morning")
    def morning(self) -> str:
        """The sheet of the morning meeting: yesterday's figures, who is away, what is late and due, by person."""
        now = datetime.now(UTC)
        today = house_day(now)
        yesterday = today - DAY
        return render_template(
            "home/morning.html",
            figures=list(_figures((yesterday, yesterday), (yesterday - DAY, yesterday - DAY))),
            today=today,
            yesterday=yesterday,
            **_team(now),
        )


def _list(record: type[Record], **asked: Any) -> str:
    return url_for(f"{record.__tablename__}.list", **asked)


def _tasks(what: Waiting, now: datetime) -> Iterator[Task]:
    """The most urgent of my rows of one record."""
    record: Any = what.record
    if not what.waiting:
        return
    due, ends, place = upcoming(record, now)
    about = next((each for each in columns_of(record) if each.target not in ("", USERS)), None)
    reading = reading_of(record, [about] if about else [])
    rows = reading.statement.add_columns(due, ends, place).where(
        waiting.mine(record, current_actor()), waits(record, Wait.WAITING, now)
    )
    for result in db.session.execute(rows.order_by(place, record.id).limit(SHOWN)):
        read, (own, end, day) = reading.read(result), result[-3:]
        yield Task(
            record,
            cells.heading(record, read),
            read.titles.get(about.key, "") if about else "",
            navigation.worked_at(record, read.row.id),
            cells.state_badge(record.workflow, getattr(read.row, record.workflow.field)),
            standing_of(own, end, now),
            texts.plain(_day(own, end)) if own or end else "",
            day,
        )


def _day(own: date | datetime | None, ends: datetime | None) -> date:
    """The day by which a row is to be worked; of a limit that ends at midnight the day before it."""
    days = [house_day(own) if isinstance(own, datetime) else own] if own is not None else []
    return min([*days, house_day(ends - timedelta.resolution)] if ends is not None else days)


def _led() -> Iterator[type[Record]]:
    """The records whose rows I give to others, as whoever leads people does."""
    actor = current_actor()
    if actor.scope("open", leaving.PAGE):
        yield from (record for record in waiting.worked(actor) if may_hand_over(actor, record))


def _team(now: datetime) -> dict[str, Any]:
    """Who has how much on hand, most late first."""
    found: dict[int | None, dict[str, tuple[int, int]]] = defaultdict(dict)
    for record in _led():
        for owner, count, late in db.session.execute(_load(record, now)):
            found[owner][str(record.__tablename__)] = (count, int(late or 0))
    names = titles_of(db.session, USERS, [owner for owner in found if owner is not None])
    gone = _away(house_day(now))
    loads = [
        Load(names.get(owner, "") if owner else "", owner, owner in gone, by_record)
        for owner, by_record in found.items()
        if owner is None or owner in names
    ]
    loads.sort(key=lambda load: (load.user_id is not None, -load.late, -load.waiting, load.name))
    there = {name for load in loads for name in load.by_record}
    records = [record for record in registry if record.__tablename__ in there]
    return {"loads": loads[: SHOWN + 1], "records": records, "list_of": _list, "away": sorted(gone.values())}


def _load(record: Any, now: datetime) -> Any:
    late = func.sum(case((waits(record, Wait.LATE, now), 1), else_=0))
    return select(record.owner_id, func.count(), late).where(waits(record, Wait.WAITING, now)).group_by(record.owner_id)


def _away(today: date) -> dict[int, str]:
    """Who is on leave today, of those the present person may know it of: names by user id."""
    if not may(current_actor(), "read", Absence):
        return {}
    gone = select(Person.user_id, Person.name).where(Person.id.in_(away(db.session, today)))
    return {user: name for user, name in db.session.execute(gone) if user is not None}


def _figures(period: tuple[date, date], earlier: tuple[date, date]) -> Iterator[Kpi]:
    """The measures the present person has cases of: of those who lead the figure of all they see, else their own."""
    actor = current_actor()
    whose = None if any(_led()) else actor.user_id
    for measure in measuring.seen():
        if not measure.prominent:
            continue
        now, before = (measure.reading(measure.figure(db.session, whose, *span)) for span in (period, earlier))
        nothing = (None, Decimal(0)) if measure.counts else (None,)
        if now in nothing and before in nothing:
            continue
        better = None if now is None or before is None or now == before else (now > before) == measure.higher_is_better
        days: dict[str, Any] = {"first": period[0].isoformat(), "last": period[1].isoformat()}
        url = url_for("FiguresPage.behind", name=measure.name, whose="all" if whose is None else ME, **days)
        yield Kpi(measure, measure.in_words(now), measure.in_words(before), better, url)
