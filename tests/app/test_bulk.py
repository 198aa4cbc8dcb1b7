"""A step taken on several rows at once: each by the rules of one, and each told what became of it."""

import pytest
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from app.kernel.actor import acting, system_actor
from app.kernel.tables import AuditEntry
from app.kernel.workflow import adopt
from tests.factories import make
from tests.gadget import Gadget, GadgetState
from tests.screens import plain, table_of

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
def rows(session, people):
    """Gadgets by code, as chosen: sold ones of the team and of another branch, and one still a draft."""
    owners = {"A": "renewal", "B": "sales", "DRAFT": "renewal", "FOREIGN": "renewal3"}
    with acting(system_actor("tests")):
        made = {code: make(session, Gadget, people[owner], code=code) for code, owner in owners.items()}
        for code, row in made.items():
            adopt(session, row, GadgetState.DRAFT if code == "DRAFT" else GadgetState.SOLD)
        session.commit()
        return {code: f"{row.id}:{row.version}" for code, row in made.items()}


def send(client, step, rows, **more):
    form = MultiDict({"csrf_token": client.csrf} | more)
    form.setlist("row", list(rows))
    return client.post(f"/gadget/steps/{step}", data=form)


def states(session):
    with acting(system_actor("tests")):
        found = dict(session.execute(select(Gadget.code, Gadget.state)).all())
        session.rollback()
        return found


def test_each_row_takes_the_step_or_is_refused_by_itself(session, people, sign_in, rows):
    leader, before = sign_in("supervisor"), states(session)
    page = leader.get("/gadget/").text
    assert f'name="row" value="{rows["A"]}"' in page
    assert 'formaction="/gadget/steps/approve"' in page
    assert 'formaction="/gadget/steps/sell"' not in page, "it asks for more than a reason"
    stale = rows["B"].replace(":", ":9")
    answer = send(leader, "approve", [rows["A"], stale, rows["DRAFT"], rows["FOREIGN"]])
    assert answer.status_code == 200
    told = dict(table_of(answer.text))
    assert told["A"] == "done"
    assert told["B"] == "refused Somebody changed this meanwhile. Look at it again, then repeat your change."
    assert told["DRAFT"] == "refused This step is not open while the state is Draft."
    hidden = told[f"#{rows['FOREIGN'].partition(':')[0]}"]
    assert hidden == "refused There is no such Gadget among those you may see."
    assert states(session) == before | {"A": GadgetState.SCRAPPED}
    with acting(system_actor("tests")):
        steps = session.execute(select(AuditEntry.user_id).where(AuditEntry.verb == "step:approve")).all()
        session.rollback()
    assert [user for (user,) in steps] == [people["supervisor"].user_id]
    again = dict(table_of(send(leader, "approve", [rows["A"]]).text))
    assert again["A"].startswith("refused"), "what was sent twice is done once"


def test_who_may_not_take_it_on_one_may_not_take_it_on_several(session, sign_in, rows):
    before, own = states(session), sign_in("renewal")
    assert "/gadget/steps/approve" not in own.get("/gadget/").text
    refused = send(own, "approve", [rows["A"]])
    assert refused.status_code == 403
    leader = sign_in("supervisor")
    assert send(leader, "sell", [rows["A"]]).status_code == 403, "a step that asks for fields is no step for many"
    assert send(leader, "nothing", [rows["A"]]).status_code == 404
    none = send(leader, "approve", [])
    assert (none.status_code, "Choose between 1 and 100 rows." in plain(none.text)) == (422, True)
    assert states(session) == before
