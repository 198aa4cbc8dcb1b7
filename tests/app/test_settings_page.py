"""The settings page: unset limits first, each setting in its kind, who set it and when; and clocks on a row's page."""

import csv
import io
import re
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update

from app.kernel.actor import acting, system_actor
from app.kernel.settings import set_setting, setting_value
from app.kernel.tables import Clock, SettingValue
from app.kernel.working_time import unknown_years
from app.schema.registry import registry
from models.voice import Complaint, Consultation
from models.voice.states import Grievance, Topic
from tests.factories import make
from tests.journey import enter, walk
from tests.screens import link, plain, post
from tests.specimen import Specimen
from views import settings

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
NOW = datetime.now(UTC)


@pytest.fixture(autouse=True)
def _present():
    """The moment of the test, not of its import: a run may go on past midnight."""
    global NOW
    NOW = datetime.now(UTC)


def item(page: str, name: str) -> str:
    """A setting's entry on the page, as text."""
    return plain(page.split(f'id="{name}"')[1].split("</form>")[0])


def value(session, name):
    session.rollback()
    found = setting_value(session, name)
    session.rollback()
    return found


def save(client, name, **form):
    page = client.get("/settings/").text
    seen = page.split(f'action="/settings/{name}"')[1].split('name="seen" value="')[1].split('"')[0]
    return post(client, f"/settings/{name}", **({"seen": seen} | form))


def test_every_setting_is_there_and_those_without_a_value_come_first(session, sign_in):
    page = sign_in("manager").get("/settings/").text
    places = {
        declared.name: page.index(f'id="{declared.name}"') for declared in registry.settings if not declared.permission
    }
    unset = {declared.name for declared in registry.settings if declared.default is None}
    assert "voice.answer_hours" in unset
    assert max(places[name] for name in unset) < min(places[name] for name in places.keys() - unset)


def test_a_setting_is_set_by_whom_it_says_and_goes_back_to_its_default(session, sign_in, people):
    client = sign_in("manager")
    assert "not set" in item(client.get("/settings/").text, "claims.decision_days")
    assert save(client, "claims.decision_days", value="20").status_code == 303
    assert value(session, "claims.decision_days") == 20
    first = session.get(SettingValue, "claims.decision_days").set_at
    session.rollback()
    assert save(client, "claims.decision_days", value="25").status_code == 303
    session.expire_all()
    kept = session.get(SettingValue, "claims.decision_days")
    assert kept.set_by_id == people["manager"].user_id
    assert kept.set_at > first
    session.rollback()
    told = item(client.get("/settings/").text, "claims.decision_days")
    assert "Set by Manager Tester" in told
    assert "20 → 25" in told
    assert "Default: 30" in told
    assert save(client, "claims.decision_days", value="25", default="yes").status_code == 303
    assert value(session, "claims.decision_days") == 30
    assert "25 → not set" in item(client.get("/settings/").text, "claims.decision_days")


def test_a_value_that_does_not_hold_is_kept_as_typed_and_nothing_is_set(session, sign_in):
    answer = save(sign_in("manager"), "claims.decision_days", value="soon")
    assert answer.status_code == 422
    assert 'value="soon"' in answer.text
    assert "whole number" in item(answer.text, "claims.decision_days")
    assert value(session, "claims.decision_days") == 30


def test_a_limit_may_be_set_to_nothing(session, sign_in):
    client = sign_in("manager")
    save(client, "claims.payment_days", value="")
    assert value(session, "claims.payment_days") is None
    page = client.get("/settings/").text
    assert page.index('id="claims.payment_days"') < page.index('id="claims.decision_days"')


def test_two_who_set_the_same_at_once_are_told(session, sign_in):
    client = sign_in("manager")
    seen = ""
    assert post(client, "/settings/claims.decision_days", value="20", seen=seen).status_code == 303
    late = post(client, "/settings/claims.decision_days", value="40", seen=seen)
    assert (late.status_code, value(session, "claims.decision_days")) == (409, 20)
    assert "Somebody changed this meanwhile" in item(late.text, "claims.decision_days")


@pytest.mark.parametrize("who", ["claims", "supervisor", "inspector", "finance"])
def test_only_who_may_opens_the_settings(session, sign_in, who):
    client = sign_in(who)
    assert client.get("/settings/").status_code == 403
    assert post(client, "/settings/claims.decision_days", value="1", seen="").status_code == 403
    assert value(session, "claims.decision_days") == 30


@pytest.fixture
def complaint(session, people):
    made = enter(session, people["service"], Complaint(about=Grievance.CLAIMS, account="slow"))
    walk(session, made, people["service"], "accept", complex="no")
    walk(session, made, people["service"], "promise", promised_at=(NOW + timedelta(hours=30)).isoformat())
    return made


def card(client, row) -> str:
    page = client.get(f"/{row.__tablename__}/{row.id}").text
    return plain(page.split('id="clocks"')[1].split("</section>")[0]) if 'id="clocks"' in page else ""


def test_a_rows_page_shows_its_limits_and_the_promise_beside(session, sign_in, people, complaint):
    client = sign_in("service")
    shown = card(client, complaint)
    assert "Answer running until" in shown
    assert "due in 15 d" in shown
    assert "Answer · promised due soon until" in shown
    assert re.search(r"due in 29 h 5\d min", shown)
    assert "Answer to a complaint: 15 days" in shown
    head = client.get(f"/complaint/{complaint.id}").text.partition("yx-limits")[2].partition("</ul>")[0]
    assert re.search(r"Answer: due in 15 d Answer · promised: due in 29 h 5\d min", plain(head))
    assert "/settings/" not in client.get(f"/complaint/{complaint.id}").text
    assert "/settings/#voice.complaint_days" in sign_in("manager").get(f"/complaint/{complaint.id}").text


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"due": NOW - timedelta(days=3)}, "late"),
        ({"warn_at": NOW - timedelta(days=3)}, "due soon"),
        ({"due": None}, "no limit set"),
        ({"paused_at": NOW}, "stands still"),
        ({"stopped_at": NOW, "met": True}, "kept"),
        ({"stopped_at": NOW, "met": True, "due": NOW - timedelta(days=1)}, "kept too late"),
        ({"stopped_at": NOW, "met": False}, "no longer counts"),
        ({"known": False}, "not published yet"),
    ],
)
def test_how_a_clock_stands_is_said(session, sign_in, complaint, values, words):
    with acting(system_actor("tests")):
        session.execute(update(Clock).where(Clock.promised.is_(False)).values(values))
        session.commit()
    assert words in card(sign_in("service"), complaint).split("Answer · promised")[0]


def test_clocks_without_a_limit_are_counted_beside_their_setting(session, sign_in, people):
    for question in ("When?", "Where?"):
        enter(session, people["service"], Consultation(topic=Topic.CLAIM, question=question))
    assert session.scalars(select(Clock.due)).all() == [None, None]
    session.rollback()
    assert "2 time limits run without end" in item(sign_in("manager").get("/settings/").text, "voice.answer_hours")


@pytest.mark.parametrize(
    ("day", "years"),
    [
        (date(2026, 9, 30), []),
        (date(2026, 10, 1), [2027]),
        (date(2027, 1, 1), [2027]),
        (date(2030, 12, 1), [2030, 2031]),
    ],
)
def test_a_year_without_a_calendar_is_pointed_at_from_october_of_the_year_before(session, as_system, day, years):
    assert unknown_years(session, day) == years
    set_setting(session, "calendar.entered_through", str(day.year + 1))
    assert unknown_years(session, day) == []


def test_the_page_leads_to_where_a_year_without_a_calendar_is_mended(sign_in, monkeypatch):
    monkeypatch.setattr(settings, "house_day", lambda at: date(2040, 10, 1))
    client = sign_in("manager")
    page = client.get("/settings/").text
    assert [f"The holidays of {year} are not known" in page for year in (2039, 2040, 2041)] == [False, True, True]
    days = client.get(link(page, "Enter its days off and make-up workdays"))
    assert (days.status_code, "Day from 2040-01-01" in plain(days.text)) == (200, True)
    assert link(page, "Then say that it is entered") == "#calendar.entered_through"
    save(client, "calendar.entered_through", value="2041")
    assert "are not known" not in client.get("/settings/").text


def test_the_houses_currency_is_that_of_amounts_that_name_none(session, sign_in, people):
    """In lists, on pages, in files and beside limits, by every process at once; an amount that names one keeps it."""
    with acting(people["sales"]):
        row = make(session, Specimen, people["sales"], code="S1", amount=1234, fee=50, fee_currency="USD")
        session.commit()
        key = row.id
    client, other = sign_in("manager"), sign_in("sales")
    assert "Amount (CNY) 1,234.00" in plain(other.get(f"/specimen/{key}").text)
    assert "CNY" in item(client.get("/settings/").text, "claims.authority")
    assert save(client, "house.currency", value="XXX").status_code == 422
    assert save(client, "house.currency", value="HKD").status_code == 303
    assert "HKD" in item(client.get("/settings/").text, "claims.authority")
    shown = plain(other.get(f"/specimen/{key}").text)
    assert "Amount (HKD) 1,234.00 Fee 50.00 USD" in shown
    assert "Amount (HKD)" in plain(other.get("/specimen/").text)
    file = post(client, "/specimen/export.csv").data.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(file)))
    assert (rows[0]["Amount (HKD)"], rows[0]["Fee"], rows[0]["Fee currency"]) == ("1234.00", "50.00", "USD")
    assert save(client, "house.currency", value="HKD", default="yes").status_code == 303
    assert "Amount (CNY)" in plain(other.get("/specimen/").text)
