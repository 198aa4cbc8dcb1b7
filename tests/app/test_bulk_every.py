"""All rows that match a list: counted, confirmed, read anew within one's reach, and worked at portion by portion."""

import re
from html import unescape

import pytest
from sqlalchemy import func, select
from werkzeug.datastructures import MultiDict

from app.kernel.actor import acting, system_actor
from app.kernel.tables import AuditEntry
from app.panel import chosen
from tests.factories import make
from tests.gadget import Gadget
from tests.screens import plain, table_of

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
def gadgets(session, people, monkeypatch):
    """Five gadgets of sales, one without a price and so refused, and one of another branch; portions are of two."""
    monkeypatch.setattr(chosen, "PORTION", 2)
    with acting(system_actor("tests")):
        for n in range(5):
            make(session, Gadget, people["sales"], code=f"A{n}", price=None if n == 3 else 5)
        make(session, Gadget, people["renewal3"], code="FOREIGN", price=5)
        session.commit()


def send(client, url, **form):
    return client.post(url, data=MultiDict({"csrf_token": client.csrf} | form))


def further(page):
    """What the form that goes on would send."""
    part = page.partition('data-further-target="form"')[2].partition("</form>")[0]
    found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', part)
    return {name: unescape(value) for name, value in found if name != "csrf_token"}


def states(session):
    with acting(system_actor("tests")):
        found = dict(session.execute(select(Gadget.code, Gadget.state)).all())
        session.rollback()
        return found


OFFER = "/gadget/steps/offer?code.contains=A"


def test_a_step_on_all_that_match_is_confirmed_then_taken_portion_by_portion(session, people, sign_in, gadgets):
    client = sign_in("sales")
    page = client.get("/gadget/?psize=25&code.contains=A").text
    assert 'name="every"' not in page, "they all stand on this page"
    asked = send(client, OFFER, every="1")
    assert "Offer: 5 rows" in plain(asked.text)
    assert "Code contains A" in plain(asked.text)
    assert set(states(session).values()) == {"draft"}, "nothing before it is confirmed"
    told, page, done = [], send(client, OFFER, every="1", sure="5").text, []
    while True:
        told += table_of(page)
        done.append(re.search(r"(\d) of 5 rows: (\d) done, (\d) refused", plain(page)).groups())
        if not further(page):
            break
        page = send(client, OFFER, **further(page)).text
    assert done == [("2", "2", "0"), ("4", "3", "1"), ("5", "4", "1")]
    assert dict(told) == dict.fromkeys(("A0", "A1", "A2", "A4"), "done") | {"A3": "refused Give it a price first."}
    assert states(session) == dict.fromkeys(("A0", "A1", "A2", "A4"), "offered") | {"A3": "draft", "FOREIGN": "draft"}
    with acting(system_actor("tests")):
        steps = select(func.count()).select_from(AuditEntry).where(AuditEntry.verb == "step:offer")
        assert session.scalar(steps) == 4, "each with its own entry"
        session.rollback()


def test_only_as_many_as_were_confirmed_and_none_out_of_reach(session, people, sign_in, gadgets):
    client = sign_in("sales")
    again = send(client, OFFER, every="1", sure="4")
    assert "Offer: 5 rows" in plain(again.text), "another number is asked about again"
    assert set(states(session).values()) == {"draft"}
    past = send(client, "/gadget/steps/offer", every="1", sure="1", past="0:0:1")
    assert len(table_of(past.text)) <= 1, "no more than were confirmed"
    send(client, "/gadget/steps/offer", every="1", sure="5")
    assert states(session)["FOREIGN"] == "draft"
    assert send(sign_in("finance"), OFFER, every="1", sure="5").status_code == 403


def test_too_many_none_and_a_filter_that_cannot_be_read_are_refused(session, sign_in, gadgets, monkeypatch):
    client, before = sign_in("sales"), states(session)
    for url, words in (
        ("/gadget/steps/offer?price.from=cheap", "The filter Price is left out"),
        ("/gadget/steps/offer?code.contains=NONE", "Nothing matches any more."),
    ):
        answer = send(client, url, every="1", sure="5")
        assert (answer.status_code, words in plain(answer.text)) == (422, True), words
    monkeypatch.setattr(chosen, "EVERY", 4)
    many = send(client, OFFER, every="1", sure="5")
    assert many.status_code == 422
    assert "More than 4 rows match: narrow the list by search or filters, then choose all." in plain(many.text)
    over = send(sign_in("supervisor"), "/gadget/handover?code.contains=A", every="1", owner_id="1", reason="x")
    assert (over.status_code, "rows chosen one by one" in plain(over.text)) == (422, True)
    assert states(session) == before


def test_the_list_offers_it_where_there_are_more_rows_than_on_the_page(session, people, sign_in, gadgets, monkeypatch):
    with acting(system_actor("tests")):
        for _n in range(25):
            make(session, Gadget, people["sales"])
        session.commit()
    client = sign_in("sales")
    page = client.get("/gadget/?order=code").text
    assert "Choose all 30 matching" in plain(page)
    assert 'formaction="/gadget/steps/offer?order=code"' in page
    monkeypatch.setattr("app.panel.screen.EVERY", 20)
    page = client.get("/gadget/").text
    assert "More than 20 match: narrow the list to choose all." in plain(page)
    assert 'name="every"' not in page
