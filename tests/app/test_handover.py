"""Several rows handed over at once: each by the rules of one, and each told what became of it."""

import pytest
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from app.kernel.actor import acting, system_actor
from app.kernel.tables import AuditEntry, Notice
from app.kernel.workflow import adopt
from app.schema.errors import Conflict
from app.schema.registry import registry
from models.contracts.states import ContractState
from tests.factories import make
from tests.gadget import Gadget
from tests.screens import plain, table_of

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
def rows(session, people):
    """Gadgets by code: two of renewal, one of renewal.b (all of one team), one of another branch."""
    owners = {"A": "renewal", "B": "renewal", "C": "renewal.b", "FOREIGN": "renewal3"}
    with acting(system_actor("tests")):
        made = {code: make(session, Gadget, people[owner], code=code).id for code, owner in owners.items()}
        session.commit()
    return made


def send(client, rows, to, reason="holiday"):
    form = MultiDict({"csrf_token": client.csrf, "owner_id": str(to), "reason": reason})
    form.setlist("row", [str(key) for key in rows])
    return client.post("/gadget/handover", data=form)


def owners(session):
    with acting(system_actor("tests")):
        found = dict(session.execute(select(Gadget.code, Gadget.owner_id)).all())
        session.rollback()
        return found


def test_each_row_is_handed_over_or_refused_by_itself(session, people, sign_in, rows):
    leader, to = sign_in("supervisor"), people["renewal.b"].user_id
    page = leader.get("/gadget/").text
    assert f'name="row" value="{rows["A"]}:' in page
    answer = send(leader, rows.values(), to)
    assert answer.status_code == 200
    told = dict(table_of(answer.text))
    assert {code: told[code] for code in "ABC"} == dict.fromkeys("ABC", "handed over")
    hidden = told[f"#{rows['FOREIGN']}"]
    assert hidden == "refused There is no such Gadget among those you may see."
    assert owners(session) == dict.fromkeys("ABC", to) | {"FOREIGN": people["renewal3"].user_id}
    with acting(system_actor("tests")):
        edits = (AuditEntry.record == "gadget", AuditEntry.verb == "edit")
        why = dict(session.execute(select(AuditEntry.record_id, AuditEntry.why).where(*edits)).all())
        assert why == {rows["A"]: "holiday", rows["B"]: "holiday"}, "what stood already is not told again"
        notices = session.execute(select(Notice.user_id, Notice.subject).order_by(Notice.user_id)).all()
        session.rollback()
    assert sorted(user for user, _subject in notices) == sorted([to, people["renewal"].user_id]), "one for each reader"
    assert all("Gadgets: 2" in subject and "holiday" in subject for _user, subject in notices)


def test_who_may_not_hand_over_one_may_not_hand_over_several(session, people, sign_in, rows):
    before, own = owners(session), sign_in("renewal")
    assert 'id="handover-to"' not in own.get("/gadget/").text
    answer = send(own, [rows["A"]], people["renewal"].user_id)
    assert "Only who leads the team hands work over." in answer.text
    assert sign_in("finance").post("/gadget/handover", data={"csrf_token": ""}).status_code in (400, 403)
    leader = sign_in("supervisor")
    for wanted, reason, said in (
        (people["renewal3"].user_id, "x", "Choose from those who may have it."),
        (people["renewal.b"].user_id, " ", "Say why."),
    ):
        answer = send(leader, [rows["A"]], wanted, reason)
        assert (answer.status_code, said in plain(answer.text)) == (422, True)
        assert f'name="row" value="{rows["A"]}"' in answer.text, "nothing chosen or typed is lost"
    assert "Choose between 1 and 100 rows." in send(leader, [], people["renewal.b"].user_id).text
    assert owners(session) == before


def test_what_belongs_to_whom_it_is_about_is_not_handed_over_nor_what_has_no_owner(session, people, sign_in):
    with acting(system_actor("tests")):
        row = make(session, registry["absence"], people["renewal"])
        key, version = row.id, row.version
        session.commit()
    leader, to = sign_in("supervisor"), people["renewal.b"].user_id
    single = {"csrf_token": leader.csrf, "owner_id": str(to), "version": str(version)}
    assert leader.post(f"/absence/{key}/assign", data=single).status_code == 403
    assert 'id="hand-over"' not in leader.get(f"/absence/{key}").text
    for client, name in ((leader, "absence"), (sign_in("admin"), "unit")):
        form = {"csrf_token": client.csrf, "owner_id": str(to), "reason": "x", "row": "1"}
        page = client.post(f"/{name}/handover", data=form).text
        assert "Only who leads the team hands work over." in page, name
    with acting(system_actor("tests")):
        assert session.get(registry["absence"], key).owner_id == people["renewal"].user_id
        session.rollback()


def test_what_is_changed_by_steps_alone_is_handed_over_all_the_same_until_it_is_closed(session, people, sign_in):
    record, to = registry["contract"], people["renewal.b"].user_id
    with acting(system_actor("tests")):
        rows = {
            state: make(session, record, people["renewal"])
            for state in (ContractState.IN_FORCE, ContractState.CANCELLED)
        }
        for state, row in rows.items():
            adopt(session, row, state)
        session.commit()
        chosen = {state: (row.id, f"{row.id}:{row.version}") for state, row in rows.items()}
        other = make(session, registry["customer"], people["renewal"])
        session.commit()
    leader = sign_in("supervisor")
    form = MultiDict({"csrf_token": leader.csrf, "owner_id": str(to), "reason": "gone"})
    form.setlist("row", [written for _key, written in chosen.values()])
    told = [result for _title, result in table_of(leader.post("/contract/handover", data=form).text)]
    assert told == ["handed over", "refused Only who leads the team hands work over."]
    with acting(people["supervisor"]):
        row = session.get(record, chosen[ContractState.IN_FORCE][0], populate_existing=True)
        assert row.owner_id == to
        for field, value in (("premium", row.premium + 1), ("customer", other)):
            with session.no_autoflush:
                setattr(row, field, value)
                row.owner_id = people["renewal"].user_id
            with pytest.raises(Conflict, match="Nothing can be changed here"):
                session.flush()
            session.rollback()
