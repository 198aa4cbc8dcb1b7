"""The front page: what waits for me, what is late, whom I lead, my figures; each figure opens the rows behind it."""

import re
from datetime import UTC, datetime, timedelta
from html import unescape

import pytest
from sqlalchemy import select, update

from app.kernel import waiting
from app.kernel.actor import acting, system_actor
from app.kernel.clock import house_day
from app.kernel.standing import end_of_day
from app.kernel.tables import Clock
from app.kernel.waiting import Wait, standing_of, upcoming, waits
from models.renewals import Renewal
from models.renewals.states import RenewalState
from models.sales import Lead
from tests.factories import make
from tests.screens import plain

NOW = datetime.now(UTC)
TODAY, DAY = house_day(NOW), timedelta(days=1)


@pytest.fixture(autouse=True)
def _present():
    """The moment of the test, not of its import: a run may go on past midnight."""
    global NOW, TODAY
    NOW = datetime.now(UTC)
    TODAY = house_day(NOW)


@pytest.fixture
def renewals(session, people):
    """Renewals by what is due when: their numbers by name. Those of renewal2 and of nobody are someone else's work."""
    made = {}
    tonight = end_of_day(NOW)
    dues = {
        "late": (TODAY - DAY, None),
        "today": (TODAY, None),
        "later": (TODAY + DAY, None),
        "limit passed": (TODAY + DAY, NOW - DAY),
        "limit tonight": (None, tonight),
        "undated": (None, None),
        "renewed": (TODAY - DAY, None),
        "other": (TODAY - DAY, None),
        "free": (None, None),
    }
    with acting(system_actor("tests")):
        for name, (due, limit) in dues.items():
            owner = people["renewal2" if name == "other" else "renewal"]
            row = make(session, Renewal, owner, next_contact_on=due)
            session.flush()
            away = {"renewed": {"state": RenewalState.RENEWED}, "free": {"owner_id": None}}.get(name)
            if away:
                session.connection().execute(update(Renewal.__table__).where(Renewal.__table__.c.id == row.id), away)
            mine = (Clock.record == "renewal", Clock.row_id == row.id)
            session.execute(update(Clock).where(*mine).values(due=limit, paused_at=None, stopped_at=None))
            if limit and not session.scalar(select(Clock.id).where(*mine)):
                session.add(Clock(record="renewal", row_id=row.id, name="first_contact", started_at=NOW, due=limit))
            made[name] = row.number
        session.commit()
    return made


URGENT = {
    "late": Wait.LATE,
    "limit passed": Wait.LATE,
    "today": Wait.TODAY,
    "limit tonight": Wait.TODAY,
    "later": Wait.WAITING,
    "undated": Wait.WAITING,
}


def test_what_is_counted_is_what_the_list_shows_and_what_is_said_of_each_row(session, people, renewals, sign_in):
    with acting(people["renewal"]) as actor:
        [told] = [each for each in waiting.counts(session, actor, NOW) if each.record is Renewal]
        assert (told.waiting, told.late, told.today, told.pool) == (6, 2, 2, 1)
        rows = session.execute(select(Renewal.number, *upcoming(Renewal, NOW)).where(waiting.mine(Renewal, actor)))
        said = {number: standing_of(due, ends, NOW) for number, due, ends, _place in rows}
        assert {name: said[renewals[name]] for name in URGENT} == URGENT
        session.rollback()
    client = sign_in("renewal")
    for how in Wait:
        page = client.get("/renewal/", query_string={"work": how.value, "owner_id": "me"}).text
        found = {name for name, number in renewals.items() if f">{number}<" in page}
        assert found == {name for name, urgent in URGENT.items() if how in (Wait.WAITING, urgent)}, how
    page = client.get("/renewal/", query_string={"work": "waiting", "owner_id": "none"}).text
    assert f">{renewals['free']}<" in page
    assert f">{renewals['late']}<" not in page
    refused = client.get("/renewal/", query_string={"work": "sometime"}).text
    assert "The filter Work is left out" in plain(refused)


def test_the_front_page_puts_the_most_urgent_first_and_every_figure_opens_its_rows(people, renewals, sign_in):
    client = sign_in("renewal")
    page = client.get("/").text
    tasks = re.findall(r'yx-task" href="([^"]+)".*?fw-medium">(.*?)</span>', page, re.DOTALL)
    places = {
        name: place
        for name in URGENT
        for place, (url, title) in enumerate(tasks)
        if (url[:6], title) == ("/desk/", renewals[name])
    }
    assert set(places) == set(URGENT), "all of mine, and nobody else's"
    assert max(places["late"], places["limit passed"]) < min(places["today"], places["limit tonight"])
    assert max(places["today"], places["limit tonight"]) < places["later"] < places["undated"]
    assert len(places) == 6, "renewals are worked at their desk"
    assert client.get("/home/counts").json["renewal"] == [6, 2]
    drilled = re.findall(r'<td class="text-end"><a href="([^"]+)">(\d+)</a>', page)
    assert [count for url, count in drilled if "/renewal/" in url] == ["2", "2", "6", "1"]
    for url, count in drilled:
        total = re.search(r'yx-total text-secondary">(.*?)<', client.get(unescape(url)).text)[1]
        assert total == count, url


def test_who_leads_sees_the_load_of_each_and_a_specialist_no_team(people, renewals, sign_in):
    specialist = sign_in("renewal")
    assert "/home/team" not in specialist.get("/").text
    assert "Renewals" not in plain(specialist.get("/home/team").text), "asked all the same, nothing is told"
    supervisor = sign_in("supervisor")
    assert "/home/team" in supervisor.get("/").text
    team = supervisor.get("/home/team").text
    assert "2 late" in plain(team)
    for url, count in re.findall(r'<a href="([^"]+)">(\d+)</a>', team):
        total = re.search(r'yx-total text-secondary">(.*?)<', supervisor.get(unescape(url)).text)[1]
        assert total == count, url


def test_what_may_not_be_read_is_not_counted(session, people, sign_in):
    with acting(system_actor("tests")):
        make(session, Lead, people["sales"], next_contact_on=TODAY - DAY)
        session.commit()
    with acting(people["claims"]) as actor:
        assert [each.record for each in waiting.counts(session, actor, NOW)] == []
    with acting(people["sales"]) as actor:
        [told] = waiting.counts(session, actor, NOW)
        assert (told.record, told.waiting, told.late) == (Lead, 1, 1)
        assert session.scalar(select(Lead.id).where(waits(Lead, Wait.LATE, NOW)))


def test_the_morning_sheet_and_the_months_of_a_measure_open_for_every_role(people, renewals, sign_in):
    for name in ("renewal", "supervisor", "manager"):
        client = sign_in(name)
        for url in ("/home/morning", "/home/figures", "/home/approvals"):
            assert client.get(url).status_code == 200, (name, url)
        page = client.get("/figures/of/renewal_rate", query_string={"whose": "me", "first": "x"})
        assert page.status_code == 200
        assert "data-chart" in page.text
    assert client.get("/figures/of/nonsense").status_code == 404
    assert sign_in("service").get("/figures/of/renewal_rate").status_code in (200, 403)
