"""Why somebody can or cannot: the answer is never another than the decision, and it says what decided."""

from datetime import UTC, datetime, timedelta

import pytest
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import select

from app.kernel import why, workflow
from app.kernel.access import may
from app.kernel.actor import acting, system_actor
from app.kernel.clock import house_day
from app.kernel.handing import may_assign, may_hand_over, may_take
from app.kernel.permissions import PAGES, load_actor, set_scope, verbs_of
from app.kernel.reveal import may_reveal
from app.kernel.wording import told
from app.kernel.workflow import adopt, advance, is_frozen, offers
from app.schema.registry import registry
from app.schema.roles import Scope
from models.people import Absence, Person
from models.people.states import AbsenceState
from models.sales import Lead
from models.sales.states import LeadState
from tests.expense import Expense
from tests.factories import make
from tests.gadget import Gadget, GadgetState
from tests.screens import plain, post

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
RECORDS = ("gadget", "trinket", "diary", "expense", "product", "lead", "claim", "absence")
ASKED = ("sales", "renewal", "claims", "supervisor", "finance", "manager")


def decided(session, actor, verb, record, key):
    """What the screens and the API decide, asked of the policy alone."""
    with acting(actor):
        if key is None or verb in ("add", "import"):
            return may_hand_over(actor, record) if verb == "hand_over" else may(actor, verb, record)
        row = session.get(record, key)
        if row is None:
            return False
        if verb in ("edit", "delete"):
            return may(actor, verb, row) and not is_frozen(row)
        if verb == "hand_over":
            return may_assign(actor, row) or may_take(actor, row)
        if verb.startswith("step:"):
            return any(each.open and f"step:{each.step.name}" == verb for each in offers(session, row, actor))
        if verb == "reveal":
            return may_reveal(actor, row)
        return may(actor, verb, record) if verb == "export" else may(actor, verb, row)


@pytest.fixture
def department(session, people):
    """Rows of several people and of nobody, in several states; a deputy; scopes set apart. Returns keys by record."""
    with acting(system_actor("t")):
        keys = {
            name: [make(session, registry[name], people[who]).id for who in ("sales", "renewal3")] for name in RECORDS
        }
        for name in ("gadget", "trinket"):
            keys[name].append(make(session, registry[name]).id)
        for state in (GadgetState.OFFERED, GadgetState.SOLD, GadgetState.SCRAPPED):
            row = make(session, Gadget, people["renewal"])
            adopt(session, row, state)
            keys["gadget"].append(row.id)
        persons = {row.user_id: row for row in session.scalars(select(Person))}
        today = house_day(datetime.now(UTC))
        away = Absence(person_id=persons[people["sales"].user_id].id, deputy_id=persons[people["renewal"].user_id].id)
        away.starts_on, away.ends_on = today, today + timedelta(days=3)
        session.add(away)
        session.flush()
        adopt(session, away, AbsenceState.APPROVED)
        session.commit()
    with acting(people["sales"]):
        row = Expense(code="E1", amount=50, payee="Li Na", account="6222021234567894")
        session.add(row)
        session.commit()
        advance(session, row, "submit")
        session.commit()
        keys["expense"].append(row.id)
    with acting(system_actor("t")):
        set_scope(session, _role(session, "sales"), "gadget", Scope.ALL, "read")
        won = make(session, Lead, people["sales"])
        adopt(session, won, LeadState.SUBMITTED)
        keys["lead"].append(won.id)
        session.commit()
    session.expunge_all()
    return keys


def _role(session, name):
    return session.scalars(select(User.roles.property.mapper.class_).filter_by(name=name)).one()


def actors(session, people, names):
    with acting(system_actor("t")):
        return {name: load_actor(session, people[name].user_id) for name in names}


def test_the_answer_is_the_decision(session, people, department):
    """Of every verb and step, on every row there and on one that is not, in general too; each no says why not."""
    asked, said = 0, {True: 0, False: 0}
    for name, actor in actors(session, people, ASKED).items():
        for record in map(registry.get, RECORDS):
            verbs = [*verbs_of(record), "hand_over"]
            verbs += [f"step:{step.name}" for step in (record.workflow.steps if record.workflow else ())]
            for verb in verbs:
                for key in (None, 999_999, *department[record.__tablename__]):
                    answer = why.explain(session, actor, (verb, record.__tablename__), key)
                    expected = decided(session, actor, verb, record, key)
                    assert answer.yes == expected, (name, verb, record.__tablename__, key, sentences(answer))
                    assert answer.reasons
                    assert all(told(each.why, "en") for each in answer.reasons)
                    asked, said[answer.yes] = asked + 1, said[answer.yes] + 1
        for page in PAGES:
            assert why.explain(session, actor, ("open", page)).yes == (actor.scope("open", page) > Scope.NONE)
    assert asked > 2000
    assert min(said.values()) > 200


def sentences(answer):
    return [(each.yes, told(each.why, "en")) for each in answer.reasons]


def test_the_reasons_say_what_decided(session, people, department):
    found = actors(session, people, ("sales", "renewal", "renewal3", "finance", "supervisor"))
    own, foreign, _nobodys, offered, _sold, scrapped = department["gadget"]

    def said(name, verb, record="gadget", key=None):
        return [text for _yes, text in sentences(why.explain(session, found[name], (verb, record), key))]

    assert said("sales", "edit") == ["Granted through the role sales, for own rows."]
    assert said("finance", "edit")[0].startswith("No role of this person grants it (finance). Roles that do: ")
    assert said("sales", "edit", key=own)[-1] == "The row is this person's own."
    assert said("sales", "edit", key=foreign)[-1] == (
        "The row is Renewal3 Tester's, of the unit South-1 unit, and the reach is: own rows."
    )
    until = house_day(datetime.now(UTC)) + timedelta(days=3)
    assert said("renewal", "edit", key=own)[-1] == (
        f"This person stands in for Sales Tester, whose row it is, until {until}."
    )
    assert said("renewal", "read", "diary", department["diary"][0]) == [
        "The row is Sales Tester's, of the unit North-1 unit, and a deputy does not stand in for such rows."
    ]
    assert said("renewal3", "read", key=own) == [
        "The row is Sales Tester's, of the unit North-1 unit, and the reach is: own rows."
    ]
    assert said("sales", "read", key=999_999) == ["There is no row of this number."]
    assert said("renewal", "step:sell", key=offered)[0].startswith("No role of this person grants it (renewal).")
    assert said("supervisor", "step:sell", key=scrapped)[0] == (
        "The step is not offered while the row is “Scrapped”, only from: Offered."
    )
    assert said("sales", "step:offer", key=own)[-1] == "The step is closed: Give it a price first."
    assert said("supervisor", "hand_over", "lead", department["lead"][-1])[-1] == (
        "No step leads on from “Submitted”, so it is handed over no more."
    )
    frozen = said("sales", "edit", "lead", department["lead"][-1])
    assert frozen[-1] == "While it is “Submitted” it is changed by steps alone."


def test_four_eyes_are_told(session, people, as_system):
    row = make(session, Gadget, people["supervisor"])
    adopt(session, row, GadgetState.OFFERED)
    session.commit()
    with acting(people["supervisor"]):
        advance(session, row, "sell", answers={"buyer_phone": "+8613800138000"})
        session.commit()
    actor = load_actor(session, people["supervisor"].user_id)
    answer = why.explain(session, actor, ("step:approve", "gadget"), row.id)
    assert sentences(answer)[-1] == (
        False,
        "Four eyes: this person took “Sell” on this row, so somebody else takes this step.",
    )


@pytest.mark.parametrize(
    ("place", "broken"),
    [("may", lambda *a, **k: True), ("offers", lambda *a: []), ("is_frozen", lambda row: False)],
)
def test_the_comparison_notices_an_answer_of_its_own(session, people, department, monkeypatch, place, broken):
    monkeypatch.setattr(why, place, broken)
    with pytest.raises(AssertionError):
        test_the_answer_is_the_decision(session, people, department)
    assert workflow.offers is offers


def test_the_page_answers_and_only_administrators_ask(session, people, sign_in, department):
    client, key = sign_in("admin"), people["sales"].user_id
    address = f"/people/why/{key}"
    assert address in client.get(f"/people/{key}").text
    assert 'name="verb"' not in client.get(address).text
    page = plain(client.get(f"{address}?record=gadget&verb=edit&row={department['gadget'][1]}").text)
    assert "No, Sales Tester may not: Edit · Gadgets" in page
    assert "The row is Renewal3 Tester's, of the unit South-1 unit, and the reach is: own rows." in page
    with acting(system_actor("t")):
        code = session.get(Gadget, department["gadget"][0]).code
        session.rollback()
    assert "Yes, Sales Tester may: See" in plain(client.get(f"{address}?record=gadget&verb=read&row={code}").text)
    assert "Yes, Admin Tester may: Administer people" in plain(
        client.get(f"/people/why/{people['admin'].user_id}?record=pages&verb=page:people").text
    )
    for wrong in ("record=nothing&verb=read", "record=gadget&verb=fly", "record=gadget&verb=read&row=%00", "row=9"):
        assert client.get(f"{address}?{wrong}").status_code == 200
    assert client.get("/people/why/999999").status_code == 404
    form = {"username": "sales", "first_name": "S", "last_name": "T", "email": "s@example.cn"}
    assert post(client, f"/people/{key}", **form).status_code == 302
    gone = plain(client.get(f"{address}?record=gadget&verb=read").text)
    assert "may not sign in, so nothing is open" in gone
    for name in ("manager", "renewal"):
        answer = sign_in(name).get(f"{address}?record=gadget&verb=edit&row={department['gadget'][1]}")
        assert answer.status_code == 403
        assert "Renewal3 Tester" not in answer.text
