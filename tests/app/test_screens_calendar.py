"""The calendar: a month of the rows within one's reach, by any of their dates, and never more than fits."""

import re
from datetime import UTC, date, datetime

import pytest

from app.kernel.actor import acting, system_actor
from app.kernel.fields import Hidden
from app.panel import listing
from app.panel.calendar import SHOWN
from app.panel.looks import dates_of
from app.schema.registry import registry
from models.renewals import Renewal
from tests.factories import make
from tests.screens import link, plain, statements
from tests.specimen import Specimen

on_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
NOVEMBER = "/specimen/calendar?during=2026-11&on="


def days(page):
    """The titles of the rows by the day they stand at, as read from the page."""
    found = {}
    for part in re.split(r'<li class="yx-day\b', page)[1:]:
        titles = [plain(each) for each in re.findall(r'<li class="yx-entry"><a [^>]*>(.*?)</a>', part, re.DOTALL)]
        if titles:
            found[re.search(r'datetime="([^"]+)"', part)[1]] = titles
    return found


def add(session, owner, code, **given):
    return make(session, Specimen, owner, code=code, **given)


@pytest.fixture
def specimens(session, people):
    """Specimens of sales at the edges of November and beside it, and one of a stranger."""
    own = people["sales"]
    with acting(system_actor("tests")):
        # On the house's clock the first moment belongs to November, the last to December.
        add(session, own, "FIRST", day=date(2026, 11, 1), at=datetime(2026, 10, 31, 16, tzinfo=UTC), name="one")
        add(session, own, "LAST", day=date(2026, 11, 30), at=datetime(2026, 11, 30, 16, tzinfo=UTC), name="two")
        add(session, own, "BEFORE", day=date(2026, 10, 31), at=datetime(2026, 10, 31, 15, 59, tzinfo=UTC))
        add(session, own, "AFTER", day=date(2026, 12, 1), at=datetime(2026, 11, 30, 15, 59, tzinfo=UTC))
        add(session, people["renewal3"], "FOREIGN", day=date(2026, 11, 5), at=datetime(2026, 11, 5, tzinfo=UTC))
        session.commit()


def test_a_month_by_a_day_and_by_a_moment_on_ones_own_clock(specimens, sign_in):
    client = sign_in("sales")
    page = client.get(f"{NOVEMBER}day").text
    assert days(page) == {"2026-11-01": ["FIRST"], "2026-11-30": ["LAST"]}, "own rows of that month alone"
    assert days(client.get(f"{NOVEMBER}at").text) == {"2026-11-01": ["00:00 FIRST"], "2026-11-30": ["23:59 AFTER"]}
    assert days(client.get(f"{NOVEMBER}day&name.contains=two").text) == {"2026-11-30": ["LAST"]}
    assert days(client.get(link(page, "At")).text) == {"2026-11-01": ["00:00 FIRST"], "2026-11-30": ["23:59 AFTER"]}
    assert 'rel="next" href="/specimen/calendar?on=day&amp;during=2026-12"' in page
    assert "yx-starts-6" in page, "the month begins on the last day of a week"
    assert '<a class="btn btn-icon" href="/specimen/?on' not in page, "the list knows nothing of months"


@on_sqlite
def test_an_address_that_makes_no_sense_shows_the_present_month(specimens, sign_in):
    client, now = sign_in("sales"), datetime.now().astimezone().strftime("%Y")
    for month in ("2026-13", "0000-01", "9999-12", "x", "2026-11-01"):
        page = client.get(f"/specimen/calendar?on=code&during={month}")
        assert (page.status_code, now in plain(page.text)) == (200, True), month
    last = client.get("/specimen/calendar?during=2199-12").text
    assert ('rel="prev"' in last, 'rel="next"' in last) == (True, False)


@on_sqlite
def test_more_than_fits_is_counted_and_leads_to_the_list(session, people, sign_in, backend, monkeypatch):
    client, asked = sign_in("sales"), []
    for n in range(2):
        with acting(system_actor("tests")):
            for _n in range(SHOWN):
                make(session, Specimen, people["sales"], day=date(2026, 11, 26), at=None)
            session.commit()
        client.get(f"{NOVEMBER}day")
        with statements(backend.engine) as sent:
            page = client.get(f"{NOVEMBER}day&order=code").text
        asked.append(len(sent))
        assert len(days(page)["2026-11-26"]) == SHOWN, n
    assert asked[0] == asked[1], "no more is asked for more rows"
    listed = client.get(link(page, f"and {SHOWN} more , Thu, Nov 26")).text
    assert f">{2 * SHOWN}<" in listed.replace("\n", "").replace(" ", "")
    monkeypatch.setattr(listing, "MOST_COUNTED", SHOWN + 1)
    cut = client.get(f"{NOVEMBER}day").text
    assert f"Only the first {SHOWN + 1} rows of this month stand here: narrow the filter." in cut


@on_sqlite
def test_in_the_words_of_whoever_looks(specimens, sign_in):
    client = sign_in("sales")
    for locale, words in (("zh_Hans", ("2026年11月", "11月30日周一", "周日")), ("zh_Hant", ("2026年11月", "週一"))):
        client.post("/language/", data={"csrf_token": client.csrf, "locale": locale})
        page = plain(client.get(f"{NOVEMBER}day").text)
        assert [word for word in words if word not in page] == []


@on_sqlite
def test_a_date_that_some_rows_hide_is_not_offered_and_the_one_they_are_due_by_comes_first(
    people, sign_in, monkeypatch
):
    with acting(people["sales"]):
        assert [each.key for each in dates_of(Specimen)] == ["day", "at"]
        monkeypatch.setitem(people["sales"].kept, ("hidden", Specimen), Hidden(frozenset(), frozenset({"day"})))
        assert [each.key for each in dates_of(Specimen)] == ["at"]
    with acting(people["renewal"]):
        assert [each.key for each in dates_of(Renewal)][:2] == ["next_contact_on", "expires_on"]
    for who, told in (("sales", False), ("supervisor", True)):
        page = sign_in(who).get("/person/calendar?on=joined_on")
        assert (page.status_code, "on=joined_on" in page.text and "Joined on" in page.text) == (200, told), who


@on_sqlite
def test_every_record_with_a_date_has_a_calendar(app, sign_in, session):
    client = sign_in("manager")
    dated = set()
    for record in registry:
        name = record.__tablename__
        if f"{name}.calendar" not in app.view_functions:
            continue
        answer = client.get(f"/{name}/calendar")
        assert answer.status_code in (200, 403, 404), name
        if answer.status_code == 200:
            dated.add(name)
            assert f'href="/{name}/calendar"' in client.get(f"/{name}/").text, name
    assert {"contract", "renewal", "claim", "complaint"} <= dated
    assert "gadget" not in dated
