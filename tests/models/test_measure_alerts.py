"""Alerts of measures: who is told of which figures, once, again when they come back, and never of another's."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import func, select

from app.kernel.actor import acting, system_actor
from app.kernel.clock import house_day
from app.kernel.crossings import MeasureCrossing
from app.kernel.tables import Notice
from app.schema.errors import NotPermitted
from app.schema.registry import registry
from models.appraisal import MeasureAlert
from models.appraisal.states import Cut, Over, Side
from models.claims import Claim
from models.renewals import Contact
from tests.factories import make
from tests.journey import enter
from tests.screens import post

DAY = timedelta(days=1)
SYSTEM = system_actor("tests")
on_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def decided(session, who, *days, taken=9):
    """Claims decided on these days of March, on time if that took no longer than a month."""
    for day in days:
        on = datetime(2026, 3, day, 4, tzinfo=UTC)
        make(session, Claim, who, decided_on=house_day(on), reported_at=on - DAY * taken)


def alert(session, who, **fields):
    """An alert entered by somebody."""
    given = {"measure": "claims_on_time", "of_whom": Cut.EACH_PERSON, "threshold": Decimal(60)}
    return enter(session, who, MeasureAlert(**(given | fields)))


def watched(session, month, day):
    """Who is told what by the job of that day."""
    with acting(SYSTEM):
        before = session.scalar(select(func.max(Notice.id))) or 0
        registry.jobs["measures.watch"].work(datetime(2026, month, day, tzinfo=UTC), session)
        session.commit()
        found = session.scalars(select(Notice).where(Notice.id > before).order_by(Notice.user_id)).all()
        return {notice.user_id: (notice.subject, notice.body) for notice in found}


def test_it_tells_once_and_again_when_it_came_back_or_a_month_begins(session, people, as_system):
    manager, one, two = (people[who] for who in ("manager", "claims", "claims2"))
    made = alert(session, manager)
    decided(session, one, 2, 3)
    decided(session, two, 3)
    decided(session, two, 3, 4, taken=90)
    session.commit()
    subject, body = watched(session, 3, 5)[manager.user_id]
    assert subject == "Claims decided on time: below 60.0 %"
    assert body == "2026-03-01 – 2026-03-04: Claims2 Tester 33.3 %"
    assert watched(session, 3, 5) == {}, "a job may run twice"
    assert watched(session, 3, 6) == {}, "it still lies below the limit"
    decided(session, two, 6, 6)
    session.commit()
    assert watched(session, 3, 7) == {}
    assert session.scalars(select(MeasureCrossing)).all() == [], "60 % is not below it"
    decided(session, two, 7, taken=90)
    session.commit()
    assert "Claims2 Tester 50.0 %" in watched(session, 3, 8)[manager.user_id][1]
    assert watched(session, 4, 1) == {}, "on the first it looks at the month before"
    assert watched(session, 4, 2) == {}, "no cases, no value, no alert"
    with acting(manager):
        made.threshold, made.days = Decimal(40), Over.LAST_30_DAYS
        session.commit()
    assert watched(session, 4, 2) == {}
    with acting(manager):
        made.side = Side.RISES_ABOVE
        session.commit()
    assert watched(session, 4, 3)[manager.user_id] == (
        "Claims decided on time: above 40.0 %",
        "2026-03-04 – 2026-04-02: Claims2 Tester 50.0 %",
    )
    assert session.scalar(select(MeasureCrossing.version)) == made.version
    with acting(manager):
        made.active = False
        session.commit()
    assert watched(session, 5, 3) == {}


def test_each_is_told_of_what_he_or_she_may_see(session, people, as_system):
    alert(session, people["manager"], told_role="claims", of_whom=Cut.EACH_PERSON)
    alert(session, people["manager"], told_role="supervisor", of_whom=Cut.EACH_UNIT)
    alert(session, people["admin"], of_whom=Cut.ALL_TOGETHER)
    for who in ("claims", "claims2", "renewal2", "renewal3"):
        decided(session, people[who], 3, taken=90)
    session.commit()
    told = watched(session, 3, 5)
    days = "2026-03-01 – 2026-03-04"
    assert {user: body for user, (_subject, body) in told.items()} == {
        people["claims"].user_id: f"{days}: Claims Tester 0.0 %",
        people["claims2"].user_id: f"{days}: Claims2 Tester 0.0 %",
        people["supervisor"].user_id: f"{days}: North-1 unit 0.0 %",
        people["supervisor2"].user_id: f"{days}: North-2 unit 0.0 %",
    }, "the administrator does not see claims"
    leaver = people["supervisor"].user_id
    alert(session, people["supervisor"])
    session.get(User, leaver).active = False
    session.commit()
    assert leaver not in watched(session, 3, 6)
    session.get(User, leaver).active = True
    session.commit()
    assert leaver in watched(session, 3, 6)


def test_a_sum_falls_short_when_its_month_is_over(session, people, as_system):
    manager, given = people["manager"], {"measure": "contact_volume", "of_whom": Cut.ALL_TOGETHER, "threshold": 5}
    alert(session, manager, **given)
    alert(session, manager, **given, days=Over.LAST_7_DAYS)
    make(session, Contact, people["renewal"], contacted_on=date(2026, 3, 3), made_by_id=people["renewal"].user_id)
    session.commit()
    assert watched(session, 3, 8)[manager.user_id] == ("Contacts: below 5", "2026-03-01 – 2026-03-07: 1")
    assert watched(session, 3, 31) == {}
    assert watched(session, 4, 1)[manager.user_id][1] == "2026-03-01 – 2026-03-31: 1"


def test_only_managers_and_administrators_name_a_role(session, people, as_system):
    with pytest.raises(NotPermitted):
        alert(session, people["supervisor"], told_role="claims")
    session.rollback()
    assert alert(session, people["supervisor"]).owner_id == people["supervisor"].user_id
    with pytest.raises(NotPermitted):
        alert(session, people["claims"])
    session.rollback()


@on_sqlite
def test_it_is_set_on_the_page_of_the_measure_and_leads_back_to_the_figures(session, people, sign_in):
    manager = sign_in("manager")
    page = manager.get("/figures/of/claims_on_time").text
    assert "/measure_alert/add?measure=claims_on_time" in page
    assert "/measure_alert/add" not in sign_in("claims").get("/figures/of/claims_on_time").text
    form = manager.get("/measure_alert/add?measure=claims_on_time").text
    assert '<option value="claims_on_time" selected>Claims decided on time</option>' in form
    fields = {"measure": "claims_on_time", "of_whom": "each_unit", "days": "this_month", "side": "falls_below"}
    answer = post(manager, "/measure_alert/add", **fields, threshold="60", told_role="claims", active="yes")
    assert answer.status_code == 303, answer.text
    with acting(SYSTEM):
        decided(session, people["claims"], 3, taken=90)
        decided(session, people["renewal3"], 3)
        session.commit()
    assert watched(session, 3, 5).keys() == {people["claims"].user_id}
    with acting(SYSTEM):
        key = session.scalar(select(MeasureAlert.id))
        notice = session.scalars(select(Notice).where(Notice.record == "measure_alert")).one()
        notice.created_at, number = datetime(2026, 3, 5, tzinfo=UTC), notice.id
        session.commit()
    told, where = sign_in("claims"), f"/figures/watched/{key}?on=2026-03-05"
    assert post(told, "/inbox/read", notice=str(number)).location == where
    drawn = told.get(where).text
    assert "North-1 unit" in drawn
    assert "beyond the limit" in drawn
    assert "South-1 unit" not in drawn
    mine = people["claims"].user_id
    address = f"/figures/of/claims_on_time?first=2026-03-01&amp;last=2026-03-04&amp;whose={mine}"
    assert address in drawn
    assert told.get(address.replace("&amp;", "&")).status_code == 200
    assert "South-1 unit" in manager.get(where).text
    for other in ("sales", "claims2", "admin"):
        status = sign_in(other).get(where).status_code
        assert status == {"sales": 404, "claims2": 200, "admin": 403}[other], other
