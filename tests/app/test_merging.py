"""Two people edit one row: the later one sees both, chooses field by field, loses nothing. Sent twice, done once."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select, update

from app.kernel.actor import acting, system_actor
from app.kernel.tables import Submission
from tests.expense import Expense
from tests.screens import plain, post, value_of

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
def key(session, people):
    with acting(system_actor("tests")):
        who = people["sales"]
        row = Expense(code="E1", amount=10, payee="Li", note="taxi", owner_id=who.user_id, unit_id=who.unit_id)
        session.add(row)
        session.commit()
        return row.id


def kept(session, key):
    session.rollback()
    session.expunge_all()
    with acting(system_actor("tests")):
        row = session.get(Expense, key)
        values = (row.amount, row.payee, row.note)
    session.rollback()
    return values


def taken(page, name):
    """Which choice is preselected for a field, or None where there is nothing to choose."""
    found = re.search(rf'name="take-{name}" value="(\w+)" checked', page)
    return found.group(1) if found else None


@pytest.fixture
def clash(sign_in, key):
    """Both opened the form; the supervisor saved payee and note; sales sends amount and note."""
    client, other = sign_in("sales"), sign_in("supervisor")
    path = f"/expense/{key}/edit"
    page = client.get(path).text
    sent = {"version": value_of(page, "version"), "seen": value_of(page, "seen"), "amount": "11", "payee": "Li"}
    assert post(other, path, version=sent["version"], payee="Wang", note="theirs").status_code == 303
    answer = post(client, path, **sent, note="mine")
    assert answer.status_code == 409
    return client, path, answer.text


def again(client, path, page, **more):
    names = ("version", "seen", "amount", "payee", "note")
    return post(client, path, **({name: value_of(page, name) for name in names} | more))


def test_only_what_others_changed_is_to_be_chosen_and_all_typed_is_kept(session, clash, key):
    _client, _path, page = clash
    assert (taken(page, "amount"), taken(page, "payee"), taken(page, "note")) == (None, "theirs", "mine")
    assert (value_of(page, "amount"), value_of(page, "note")) == ("11", "mine")
    assert "Supervisor Tester saved this row" in plain(page)
    assert kept(session, key) == (Decimal(10), "Wang", "theirs")


def test_the_choices_are_saved_as_made(session, clash, key):
    client, path, page = clash
    takes = {"take-payee": "theirs", "take-note": "mine"}
    assert again(client, path, page, **takes).status_code == 303
    assert kept(session, key) == (Decimal(11), "Wang", "mine")


def test_the_choices_may_be_made_otherwise(session, clash, key):
    client, path, page = clash
    takes = {"take-payee": "mine", "take-note": "theirs"}
    assert again(client, path, page, **takes).status_code == 303
    assert kept(session, key) == (Decimal(11), "Li", "theirs")


def test_choices_survive_another_mistake_in_the_form(session, clash, key):
    client, path, page = clash
    takes = {"take-payee": "theirs", "take-note": "theirs"}
    wrong = again(client, path, page, amount="eleven", **takes)
    assert wrong.status_code == 422
    assert (taken(wrong.text, "payee"), taken(wrong.text, "note")) == ("theirs", "theirs")
    assert value_of(wrong.text, "note") == "mine"
    again(client, path, wrong.text, amount="11", **takes)
    assert kept(session, key) == (Decimal(11), "Wang", "theirs")


def test_a_third_who_saves_meanwhile_is_told_as_well(session, sign_in, clash, key):
    client, path, page = clash
    third = sign_in("manager")
    post(third, path, version=value_of(page, "version"), amount="99")
    answer = again(client, path, page, **{"take-payee": "theirs", "take-note": "mine"})
    assert answer.status_code == 409
    assert (taken(answer.text, "amount"), taken(answer.text, "note")) == ("mine", "mine")
    assert "Manager Tester saved this row" in plain(answer.text)


def test_a_mistake_in_a_stale_form_does_not_hide_what_others_saved(session, sign_in, key):
    client, other, path = sign_in("sales"), sign_in("supervisor"), f"/expense/{key}/edit"
    page = client.get(path).text
    post(other, path, version=value_of(page, "version"), note="theirs")
    wrong = again(client, path, page, amount="eleven")
    assert (wrong.status_code, taken(wrong.text, "note")) == (422, "theirs")


def rows(session):
    session.rollback()
    with acting(system_actor("tests")):
        found = session.scalar(select(func.count()).select_from(Expense))
    session.rollback()
    return found


def test_a_form_sent_twice_leads_to_the_same_row_and_changed_content_is_kept(session, sign_in):
    client = sign_in("sales")
    once = value_of(client.get("/expense/add").text, "once")
    first = post(client, "/expense/add", code="N1", note="a", once=once)
    second = post(client, "/expense/add", code="N1", note="a", once=once)
    assert (second.status_code, second.location) == (303, first.location)
    changed = post(client, "/expense/add", code="N2", note="b", once=once)
    assert changed.status_code == 409
    assert "sent already, with other content" in changed.text
    assert value_of(changed.text, "note") == "b"
    fresh = value_of(changed.text, "once")
    assert fresh != once
    assert post(client, "/expense/add", code="N2", note="b", once=fresh).status_code == 303
    assert rows(session) == 2


def test_a_form_that_was_refused_may_be_sent_again(session, sign_in):
    client = sign_in("sales")
    once = value_of(client.get("/expense/add").text, "once")
    assert post(client, "/expense/add", code="N1", amount="x", once=once).status_code == 422
    assert post(client, "/expense/add", code="N1", amount="5", once=once).status_code == 303
    assert rows(session) == 1


def test_a_key_belongs_to_one_person(session, sign_in):
    for number, who in enumerate(("sales", "renewal")):
        assert post(sign_in(who), "/expense/add", code=f"N{number}", once="same").status_code == 303
    assert rows(session) == 2


def test_the_api_answers_a_repeated_key_with_the_same_row(session, sign_in, as_system):
    client = sign_in("sales")

    def send(body, idempotency="k1"):
        headers = {"X-CSRFToken": client.csrf, "Idempotency-Key": idempotency}
        return client.post("/api/v1/expense/", json=body, headers=headers)

    made, repeated = send({"code": "N1"}), send({"code": "N1"})
    assert (made.status_code, repeated.status_code) == (201, 201)
    assert made.json == repeated.json
    assert send({"code": "N2"}).status_code == 422
    assert send({"code": "N2"}, "k" * 81).status_code == 422
    assert send({"code": "N2"}, "k2").status_code == 201
    assert rows(session) == 2
    session.execute(update(Submission).values(at=datetime.now(UTC) - timedelta(days=8)))
    session.commit()
    assert send({"code": "N3"}, "k3").status_code == 201
    assert session.scalars(select(Submission.key)).all() == ["k3"], "old keys are forgotten"
    session.rollback()


def test_a_private_value_changed_by_others_is_never_shown_nor_overwritten_untold(session, sign_in, key):
    """Both masks may read alike; the digests tell the values apart, and say nothing of them."""
    client, other, path = sign_in("sales"), sign_in("supervisor"), f"/expense/{key}/edit"
    first, second = "62220202" + "1" * 7 + "2333", "62220202" + "9" * 6 + "62333"
    page = client.get(path).text
    post(client, path, version=value_of(page, "version"), account=first)
    page = client.get(path).text
    assert value_of(page, "account") == "•" * 15 + "2333"
    sent = {"version": value_of(page, "version"), "seen": value_of(page, "seen")}
    post(other, path, version=sent["version"], account=second)
    left = post(client, path, **sent, account=value_of(page, "account"), note="mine")
    assert left.status_code == 409
    assert "Saved by somebody else meanwhile: •••" in plain(left.text)
    assert taken(left.text, "account") is None, "what was left as it was is the others'"
    typed = post(client, path, **sent, account="62220202" + "5" * 10 + "6")
    assert (typed.status_code, taken(typed.text, "account")) == (409, "mine")
    assert first not in left.text + typed.text
    assert second not in left.text + typed.text
