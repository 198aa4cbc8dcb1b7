"""A private value is shown in full to who may, for a reason that is written down first, and so often a day."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from app.kernel import reveal as revealing
from app.kernel.actor import acting, system_actor
from app.kernel.settings import set_setting
from app.kernel.tables import AuditEntry, Notice
from app.schema.errors import Refusal
from tests.dossier import Dossier, DossierNote
from tests.screens import plain, post

ACCOUNT = "6222020012345678"
REASON = "The bank asks for it"


@pytest.fixture
def key(session, people):
    """A dossier of the salesman with an account, and a quota of two."""
    owner = people["sales"]
    with acting(system_actor("tests")):
        row = Dossier(code="D1", account=ACCOUNT, owner_id=owner.user_id, unit_id=owner.unit_id)
        session.add(row)
        set_setting(session, revealing.QUOTA, "2")
        session.commit()
        found = row.id
    session.expunge_all()
    return found


def entries(session):
    """The history of what was shown in full: by whom, which field, why, and everything that was kept of it."""
    wanted = select(AuditEntry).where(AuditEntry.verb == "reveal").order_by(AuditEntry.id)
    with acting(system_actor("tests")):
        found = [(e.actor, e.changes, e.why) for e in session.scalars(wanted)]
        session.rollback()
    return found


def ask(client, key, reason=REASON, field="account"):
    return post(client, f"/dossier/{key}/reveal/{field}", reason=reason)


def test_a_value_is_shown_once_and_logged_without_it(key, session, sign_in):
    client = sign_in("sales")
    page = client.get(f"/dossier/{key}")
    assert ACCOUNT not in page.text
    assert f"/dossier/{key}/reveal/account" in page.text
    asked = client.get(f"/dossier/{key}/reveal/account")
    assert (asked.status_code, ACCOUNT in asked.text) == (200, False)
    shown = ask(client, key)
    assert (shown.status_code, ACCOUNT in shown.text) == (200, True)
    assert shown.headers["Cache-Control"] == "no-store"
    assert entries(session) == [("Sales Tester", {"field": "account"}, REASON)]
    again = client.get(f"/dossier/{key}")
    assert ACCOUNT not in again.text
    assert "Reveal: Account" in plain(again.text)
    for address in ("/dossier/", f"/dossier/{key}/edit", "/api/v1/dossier/", f"/api/v1/dossier/{key}"):
        assert ACCOUNT not in client.get(address).text, address


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_it_needs_a_reason_a_permission_and_a_private_field(key, session, sign_in):
    client = sign_in("sales")
    for reason in ("", "  ", "x"):
        answer = ask(client, key, reason)
        assert (answer.status_code, ACCOUNT in answer.text) == (422, False)
    statuses = {field: ask(client, key, field=field).status_code for field in ("stake", "colour", "address", "reserve")}
    assert statuses == {"stake": 404, "colour": 404, "address": 404, "reserve": 404}
    assert client.get(f"/dossier/{key}/reveal/account?reason={REASON}").status_code == 200
    for person, status in (("manager", 403), ("inspector", 404), ("renewal2", 404)):
        answer = ask(sign_in(person), key)
        assert (person, answer.status_code, ACCOUNT in answer.text) == (person, status, False)
    no_token = client.post(f"/dossier/{key}/reveal/account", data={"reason": REASON})
    assert no_token.status_code == 400
    assert entries(session) == []


def test_over_the_quota_there_is_a_sentence_and_the_manager_knows(key, session, people, sign_in):
    client = sign_in("sales")
    assert [ask(client, key).status_code for _n in range(3)] == [200, 200, 422]
    over = ask(client, key)
    assert "2 values shown in full today" in over.text
    assert ACCOUNT not in over.text
    assert len(entries(session)) == 2
    told = select(Notice.subject).where(Notice.user_id == people["manager"].user_id)
    assert session.scalars(told).all() == ["Sales Tester has used up the day's private values"]
    session.rollback()
    assert ask(sign_in("finance"), key).status_code == 200  # everybody has a quota of his or her own


def test_the_api_shows_it_on_the_same_terms(key, session, sign_in):
    client = sign_in("sales")
    headers = {"X-CSRFToken": client.csrf}
    url = f"/api/v1/dossier/{key}/reveal/"
    assert client.post(f"{url}account", json={}, headers=headers).status_code == 422
    assert client.post(f"{url}reserve", json={"reason": REASON}, headers=headers).status_code == 404
    assert client.post(f"{url}account", json={"reason": REASON}).status_code == 400
    answer = client.post(f"{url}account", json={"reason": REASON}, headers=headers)
    assert answer.json == {"field": "account", "value": ACCOUNT}
    assert answer.headers["Cache-Control"] == "no-store"
    assert len(entries(session)) == 1


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_line_shows_its_values_on_the_page_of_its_row(key, session, sign_in):
    """With the same button, on the same terms, and no line through another row's page."""
    phone = "+8613800007777"
    with acting(system_actor("tests")):
        notes = [DossierNote(dossier_id=key, text=text, caller=phone) for text in ("one", "two")]
        other = Dossier(code="D2", owner_id=session.get(Dossier, key).owner_id)
        session.add_all([*notes, other])
        session.commit()
        note, elsewhere = notes[0].id, other.id
    client, url = sign_in("sales"), f"/dossier/{key}/lines/dossier_note/{note}/reveal/caller"
    page = client.get(f"/dossier/{key}")
    assert (page.text.count("/reveal/caller"), phone in page.text) == (2, False)
    asked = client.get(url)
    assert (asked.status_code, phone in asked.text) == (200, False)
    assert f'action="{url}"' in asked.text
    assert post(client, url, reason=" ").status_code == 422
    shown = post(client, url, reason=REASON)
    assert (shown.status_code, shown.text.count(phone)) == (200, 1)
    assert entries(session) == [("Sales Tester", {"field": "caller"}, REASON)]
    assert "Reveal: Caller" in plain(client.get(f"/dossier/{key}").text)
    assert phone not in client.get(f"/dossier/{key}").text
    for stranger in (url.replace(f"dossier/{key}", f"dossier/{elsewhere}"), url.replace("caller", "text")):
        assert post(client, stranger, reason=REASON).status_code == 404
    assert "/reveal/" not in sign_in("manager").get(f"/dossier/{key}").text
    assert post(sign_in("manager"), url, reason=REASON).status_code == 403


def test_what_was_shown_stands_in_the_history_though_the_answer_fails(key, session, sign_in, monkeypatch):
    """The entry is committed before the value leaves: whoever breaks off the answer has been seen all the same."""

    def fails(self, *args, **kwargs):
        raise RuntimeError("the line is cut")

    client = sign_in("sales")
    monkeypatch.setattr("app.panel.revealing.Revealing.page", fails)
    with pytest.raises(RuntimeError, match="cut"):
        ask(client, key)
    assert len(entries(session)) == 1


def test_many_at_once_get_no_more_than_the_quota(key, backend, session, people):
    def look(_n):
        with backend.session() as own, acting(people["sales"]):
            try:
                return revealing.reveal(own, own.get(Dossier, key), "account", REASON)
            except Refusal:
                return None

    with ThreadPoolExecutor(6) as pool:
        shown = list(pool.map(look, range(12)))
    assert (shown.count(ACCOUNT), shown.count(None)) == (2, 10)
    assert session.scalar(select(func.count(AuditEntry.id)).where(AuditEntry.verb == "reveal")) == 2
