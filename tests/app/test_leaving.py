"""All the work of somebody who leaves, given to others: by who may, evenly, in batches, told once."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update
from werkzeug.datastructures import MultiDict

from app.kernel import leaving
from app.kernel.actor import acting, system_actor
from app.kernel.clock import house_day
from app.kernel.tables import AuditEntry, Notice, WorkGiven
from app.kernel.workflow import adopt
from app.schema.registry import registry
from models.people import Absence, Person, Unit
from tests.factories import make
from tests.gadget import Diary, Gadget, GadgetState
from tests.models import book
from tests.screens import link, plain, table_of

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
def world(session, people):
    """What renewal owns: five open gadgets, a closed one, a diary; one of a colleague's, and one of another branch."""
    with acting(system_actor("tests")):
        for code in "ABCDE":
            make(session, Gadget, people["renewal"], code=code)
        adopt(session, make(session, Gadget, people["renewal"], code="CLOSED"), GadgetState.SCRAPPED)
        make(session, Gadget, people["renewal.b"], code="HERS")
        make(session, Diary, people["renewal"])
        far = make(session, Gadget, people["renewal"], code="FAR")
        far.unit_id = people["renewal3"].unit_id
        return settled(session, people, "renewal")


def settled(session, people, name):
    """Commit, and let go of the database; the id of a person."""
    key = session.scalars(select(Person.id).where(Person.user_id == people[name].user_id)).one()
    session.commit()
    return key


def owners(session):
    with acting(system_actor("tests")):
        session.rollback()
        found = dict(session.execute(select(Gadget.code, Gadget.owner_id)).all())
        session.rollback()
        return found


def send(client, url, reason="moves to Suzhou", **to):
    form = MultiDict({"csrf_token": client.csrf, "reason": reason, "once": "the form's own"})
    for name, ids in to.items():
        form.setlist(f"to:{name}", ["", *map(str, ids)])
    return client.post(url, data=form)


def notices(session):
    with acting(system_actor("tests")):
        session.rollback()
        found = session.execute(select(Notice.user_id, Notice.subject, Notice.body).order_by(Notice.id))
        told = {row.user_id: (row.subject, row.body) for row in found}
        session.rollback()
        return told


@sqlite
def test_the_open_rows_are_shared_out_and_each_is_told_once(session, people, sign_in, world):
    leader, b, sales = sign_in("supervisor"), people["renewal.b"].user_id, people["sales"].user_id
    with acting(system_actor("tests")):
        theirs = settled(session, people, "renewal.b")
    url = link(leader.get(f"/person/{world}").text, "Hand over work")
    page = plain(leader.get(url).text)
    assert "Gadgets: 5" in page, "nor the closed one, nor what is out of reach"
    assert "Gadgets: 1" in page, "the closed one stays"
    assert "Diaries: " not in page, "what is personal is nobody else's work"
    before = owners(session)
    preview = send(leader, f"{url}/preview", gadget=[b, sales])
    assert [row[:3] for row in table_of(preview.text)] == [
        ["Gadgets", "Renewal.b Tester", "3"],
        ["Gadgets", "Sales Tester", "2"],
    ]
    assert owners(session) == before, "a preview writes nothing"
    answer = send(leader, url, gadget=[b, sales])
    assert answer.status_code == 303
    result = leader.get(answer.headers["Location"]).text
    assert "Handed over: 5." in plain(result)
    assert owners(session) == before | {"A": b, "B": sales, "C": b, "D": sales, "E": b}
    told = notices(session)
    assert told == {
        b: ("Supervisor Tester gives you work of Renewal Tester", "Gadgets: 3. Reason: moves to Suzhou"),
        sales: ("Supervisor Tester gives you work of Renewal Tester", "Gadgets: 2. Reason: moves to Suzhou"),
        people["renewal"].user_id: (
            "Supervisor Tester gives your work to Renewal.b Tester, Sales Tester",
            "Gadgets: 5. Reason: moves to Suzhou",
        ),
    }
    with acting(system_actor("tests")):
        edits = select(AuditEntry.why).where(
            AuditEntry.record == "gadget", AuditEntry.user_id == people["supervisor"].user_id
        )
        assert session.scalars(edits).all() == ["moves to Suzhou"] * 5
        session.rollback()
    again = send(leader, url, gadget=[b])
    assert again.headers["Location"] == answer.headers["Location"], "the form is done, however often it is sent"
    assert notices(session) == told
    assert "No open rows of" in plain(leader.get(url).text)
    for client, other in ((sign_in("manager"), url), (leader, f"/leaving/{theirs}")):
        assert send(client, other, gadget=[sales]).status_code == 409, "nor is it another's"
    assert owners(session)["HERS"] == b


def test_killed_in_the_middle_it_is_gone_on_with_and_told_once(session, people, world, monkeypatch):
    monkeypatch.setattr(leaving, "BATCH", 2)
    b, sales = people["renewal.b"].user_id, people["sales"].user_id
    theirs = people["renewal"].user_id
    with acting(people["manager"]):
        plan = leaving.begin(session, "k", theirs, {Gadget: [b, sales]}, "leaves").id
        session.commit()
        assert leaving.carry_on(session, plan, NOW)
        session.commit()
        assert leaving.carry_on(session, plan, NOW)
        session.rollback()  # killed before its commit
        assert notices(session) == {}
        assert leaving.unfinished(session, theirs).id == plan
        while leaving.carry_on(session, plan, NOW):
            session.commit()
        session.commit()
        assert not leaving.carry_on(session, plan, NOW + timedelta(days=1))
        assert session.get(WorkGiven, plan).finished_at == NOW, "once done, it is done"
        session.commit()
    assert sorted(owner for code, owner in owners(session).items() if len(code) == 1 or code == "FAR") == sorted(
        [b, sales] * 3
    )
    assert {user: body for user, (_s, body) in notices(session).items()} == {
        b: "Gadgets: 3. Reason: leaves",
        sales: "Gadgets: 3. Reason: leaves",
        theirs: "Gadgets: 6. Reason: leaves",
    }
    with acting(system_actor("tests")):
        entries = session.scalars(select(AuditEntry.record_id).where(AuditEntry.why == "leaves")).all()
        assert len(entries) == len(set(entries)) == 6
        session.rollback()


@sqlite
def test_only_who_leads_the_person_opens_it(session, people, sign_in, world):
    before = owners(session)
    for name in ("renewal", "renewal.b", "finance", "supervisor2"):
        client = sign_in(name)
        assert "Hand over work" not in client.get(f"/person/{world}").text
        for answer in (
            client.get(f"/leaving/{world}"),
            send(client, f"/leaving/{world}/preview", gadget=[people["renewal.b"].user_id]),
            send(client, f"/leaving/{world}", gadget=[people["renewal.b"].user_id]),
        ):
            assert answer.status_code == 403, name
            refused = "Only who leads the team" if name == "supervisor2" else "Your roles do not open this page."
            assert refused in plain(answer.text)
    assert owners(session) == before
    assert "Gadgets: 6" in plain(sign_in("manager").get(f"/leaving/{world}").text), "the manager reaches every branch"


@sqlite
def test_what_cannot_be_is_refused_in_words_and_keeps_what_was_chosen(session, people, sign_in, world):
    leader, ids = sign_in("supervisor"), {name: actor.user_id for name, actor in people.items()}
    before = owners(session)
    for to, reason, words in (
        ({}, "x", "Choose who shall have it."),
        ({"gadget": [ids["renewal.b"]]}, " ", "Say why."),
        ({"gadget": [ids["renewal3"]]}, "x", "Gadgets: choose from those who may have it."),
        ({"gadget": [ids["claims"]]}, "x", "Gadgets: choose from those who may have it."),
        ({"gadget": [ids["renewal"]]}, "x", "Gadgets: choose somebody else than who leaves."),
        ({"diary": [ids["renewal.b"]]}, "x", "Only who leads the team hands work over."),
        ({"absence": [ids["renewal.b"]]}, "x", "Only who leads the team hands work over."),
    ):
        for url in (f"/leaving/{world}/preview", f"/leaving/{world}"):
            answer = send(leader, url, reason, **to)
            assert (answer.status_code in (403, 422), words in plain(answer.text)) == (True, True), (to, answer.text)
    kept = send(leader, f"/leaving/{world}", " ", gadget=[ids["renewal.b"]])
    assert f'<option value="{ids["renewal.b"]}" selected>' in kept.text
    assert owners(session) == before
    with acting(people["supervisor"]):
        leaving.begin(session, "first", ids["renewal"], {Gadget: [ids["renewal.b"]]}, "x")
        session.commit()
    answer = send(leader, f"/leaving/{world}", gadget=[ids["sales"]])
    assert "Somebody has begun to give this work away" in plain(answer.text)
    pending = leader.get(f"/leaving/{world}").text
    assert "A hand-over begun by Supervisor Tester" in plain(pending)
    with acting(system_actor("tests")):
        plan = session.scalars(select(WorkGiven.id)).one()
        session.rollback()
    other = f"/leaving/{world + 1}/{plan}"  # somebody else's page
    assert leader.get(f"/leaving/{world + 1}").status_code == 403
    manager = sign_in("manager")
    assert manager.get(other).status_code == 404
    assert manager.post(other, data={"csrf_token": manager.csrf}).status_code == 404
    assert owners(session) == before
    assert leader.post(f"/leaving/{world}/{plan}", data={"csrf_token": leader.csrf}).status_code == 303
    assert [owners(session)[code] for code in "ABCDE"] == [ids["renewal.b"]] * 5


@sqlite
def test_what_takes_long_goes_on_from_page_to_page(session, people, sign_in, world, monkeypatch):
    monkeypatch.setattr(leaving, "BATCH", 2)
    monkeypatch.setattr("views.leaving.AT_ONCE", 2)
    leader, b = sign_in("supervisor"), people["renewal.b"].user_id
    url = send(leader, f"/leaving/{world}", gadget=[b]).headers["Location"]
    page = leader.get(url).text
    assert "Handed over so far: 4. The rest follows." in plain(page)
    assert 'data-controller="once onward"' in page, "which sends itself"
    assert notices(session) == {}
    assert leader.post(url, data={"csrf_token": leader.csrf}).status_code == 303
    assert "Handed over: 5." in plain(leader.get(url).text)
    assert notices(session)[b][1] == "Gadgets: 5. Reason: moves to Suzhou"


@sqlite
def test_a_new_owner_who_may_not_have_it_any_more_gets_nothing(session, people, world):
    b, sales = people["renewal.b"].user_id, people["sales"].user_id
    with acting(people["supervisor"]):
        plan = leaving.begin(session, "k", people["renewal"].user_id, {Gadget: [b, sales]}, "x").id
        users = Person.metadata.tables["ab_user"]
        session.connection().execute(update(users).where(users.c.id == b).values(active=False))
        while leaving.carry_on(session, plan, NOW):
            session.commit()
        session.commit()
    assert [owners(session)[code] for code in "ABCDE"] == [sales] * 5


@sqlite
def test_a_rule_of_the_business_refuses_in_the_preview_and_row_by_row(session, people, sign_in):
    with acting(system_actor("tests")):
        for _n in range(3):
            book.renewal(session, book.contract(session, date(2026, 5, 1)), people["renewal"])
        person = settled(session, people, "renewal")
    leader, url = sign_in("supervisor"), f"/leaving/{person}"
    own, b = people["supervisor"].user_id, people["renewal.b"].user_id
    preview = table_of(send(leader, f"{url}/preview", renewal=[own, b]).text)
    assert [row[2:] for row in preview] == [["0", "would be refused Choose somebody who works renewals."], ["3", "—"]]
    with acting(people["supervisor"]):
        plan = leaving.begin(session, "k", people["renewal"].user_id, {registry["renewal"]: [own]}, "x").id
        while leaving.carry_on(session, plan, NOW):
            session.commit()
        session.commit()
    result = plain(leader.get(f"{url}/{plan}").text)
    assert "Renewals refused: 3" in result
    assert "Choose somebody who works renewals." in result
    assert own not in notices(session), "nobody is told of what was refused"
    answer = send(leader, url, renewal=[own, b])
    assert "Handed over: 3." in plain(leader.get(answer.headers["Location"]).text)
    told = notices(session)
    assert told[b][1] == "Renewals: 3. Reason: moves to Suzhou"
    with acting(system_actor("tests")):
        assert len(session.scalars(select(Notice.id).where(Notice.user_id == b)).all()) == 1, "not one for each"
        session.rollback()


@sqlite
def test_what_is_left_to_do_is_listed_with_its_place(session, people, sign_in, world):
    today = house_day(datetime.now(UTC))
    with acting(system_actor("tests")):
        colleague = session.scalars(select(Person.id).where(Person.user_id == people["sales"].user_id)).one()
        for days in (-9, 9):
            day = today + timedelta(days=days)
            session.add(Absence(person_id=colleague, deputy_id=world, starts_on=day, ends_on=day))
        leads = session.scalars(select(Person.id).where(Person.user_id == people["supervisor"].user_id)).one()
        home = session.scalars(select(Unit.id).where(Unit.code == "North-1")).one()
        below = Unit(code="N-1-1", name="Below", parent_id=home)
        session.add(below)
        session.flush()
        make(session, Person, number="E900", name="Below", unit_id=below.id)
        sold = make(session, Gadget, people["sales"], code="SOLD")
        adopt(session, sold, GadgetState.SOLD)
        claim = make(session, registry["claim"], people["claims"])
        adopt(session, claim, type(claim.state)("approved"))
        keeps = session.scalars(select(Person.id).where(Person.user_id == people["claims"].user_id)).one()
        session.commit()
    manager = sign_in("manager")
    page = manager.get(f"/leaving/{world}")
    left = plain(page.text).partition("Left to do")[2]
    assert "Absences with Renewal Tester as deputy name another" in left, "the one to come, not the one gone by"
    assert f"/absence/?deputy_id={world}" in page.text
    assert "May sign in sessions and tokens that work: 0" in left
    left = plain(manager.get(f"/leaving/{leads}").text).partition("Left to do")[2]
    assert "People led by Supervisor Tester: 8 nobody else is their supervisor" in left, "in the team below as well"
    assert "Gadgets waiting for: Approve others with the same role" in left
    given, _left, _rest = plain(manager.get(f"/leaving/{keeps}").text).partition("Left to do")
    assert "Claims: 1" in given, "what only steps change is handed over all the same"


@sqlite
def test_letting_somebody_go_says_what_he_or_she_still_owns(session, people, sign_in, world):
    page = sign_in("manager").get(f"/person/{world}/step/leave").text
    assert "Rows that are not closed and still belong to this person: 6." in plain(page)
    assert link(page, "Hand over work") == f"/leaving/{world}"
    user = people["renewal"].user_id
    page = sign_in("admin").get(f"/people/{user}").text
    assert "Rows that are not closed and still belong to this person: 6." in plain(page)
    assert link(page, "Hand over work") == f"/leaving/{world}"
    assert "Rows beyond your reach: 6" in plain(sign_in("admin").get(f"/leaving/{world}").text)
