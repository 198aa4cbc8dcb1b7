"""Deputies: while a colleague is away they work his rows as their own, within their own verbs, and no longer."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from app.kernel.access import may
from app.kernel.actor import acting, system_actor
from app.kernel.deputies import represents
from app.kernel.history import timeline
from app.kernel.permissions import Actors, load_actor
from app.kernel.tables import Notice
from app.kernel.workflow import advance
from app.schema.errors import Conflict, NotPermitted, Refusal
from models.people import Absence, Person
from models.people.absence import away
from models.people.states import AbsenceState
from tests.gadget import Diary, Gadget, GadgetPart, Trinket

FROM, TO = date(2026, 3, 2), date(2026, 3, 6)
DURING = datetime(2026, 3, 4, 12, tzinfo=UTC)


@pytest.fixture
def staff(session, people, as_system):
    """Persons by user name."""
    names = {actor.user_id: name for name, actor in people.items()}
    return {names[person.user_id]: person.id for person in session.scalars(select(Person)) if person.user_id in names}


def leave(session, staff, absent, deputy, first=FROM, last=TO, state=AbsenceState.APPROVED):
    """An absence as it stands after somebody decided on it."""
    row = Absence(person_id=staff[absent], deputy_id=staff[deputy] if deputy else None, starts_on=first, ends_on=last)
    session.add(row)
    session.flush()
    if state != AbsenceState.REQUESTED:
        advance(session, row, "approve")
    session.commit()
    return row


@pytest.fixture
def owned(session, people, as_system):
    """What renewal3, of another branch, owns: a gadget with a part, a trinket, a diary; and a gadget of renewal2's."""
    actor, rows = people["renewal3"], {}
    place = {"owner_id": actor.user_id, "unit_id": actor.unit_id}
    rows["gadget"] = Gadget(code="G", price=1, **place)
    rows["trinket"], rows["diary"] = Trinket(name="t", **place), Diary(name="d", **place)
    other = people["renewal2"]
    rows["other"] = Gadget(code="O", owner_id=other.user_id, unit_id=other.unit_id)
    session.add_all(rows.values())
    session.flush()
    session.add(GadgetPart(gadget_id=rows["gadget"].id, name="part"))
    session.commit()
    return {name: row.id for name, row in rows.items()}


def test_a_deputy_works_the_rows_of_who_is_away_and_history_names_both(session, people, staff, owned):
    leave(session, staff, "renewal3", "renewal")
    deputy = load_actor(session, people["renewal"].user_id, at=DURING)
    assert represents(session, deputy, DURING) == {people["renewal3"].user_id}
    with acting(deputy):
        row = session.scalars(select(Gadget)).one()
        assert row.id == owned["gadget"]
        assert [part.name for part in session.scalars(select(GadgetPart))] == ["part"]
        row.name = "seen to"
        session.scalars(select(GadgetPart)).one().name = "mended"
        session.commit()
        advance(session, row, "offer")
        session.commit()
        assert [each.name for each in session.scalars(select(Trinket))] == ["t"]
        assert session.scalars(select(Diary)).all() == [], "what is personal is nobody else's"
        assert [entry.actor for entry in timeline(session, row)][:2] == ["Renewal Tester for Renewal3 Tester"] * 2
        part = session.scalars(select(GadgetPart)).one()
        assert timeline(session, part)[0].actor == "Renewal Tester for Renewal3 Tester"
        assert timeline(session, row)[0].user_id == deputy.user_id
        mine = Gadget(code="mine")
        session.add(mine)
        session.commit()
        assert (mine.owner_id, timeline(session, mine)[0].actor) == (deputy.user_id, "Renewal Tester")


def test_a_deputy_does_no_more_than_his_own_roles_allow(session, people, staff, owned):
    leave(session, staff, "renewal3", "finance")
    leave(session, staff, "renewal3", "service")
    finance = load_actor(session, people["finance"].user_id, at=DURING)
    with acting(finance):
        row = session.get(Gadget, owned["gadget"])
        assert not may(finance, "edit", row)
        row.name = "x"
        with pytest.raises(NotPermitted):
            session.flush()
        session.rollback()
    with acting(load_actor(session, people["service"].user_id, at=DURING)):
        assert session.scalars(select(Gadget)).all() == [], "service does not read gadgets at all"


@pytest.mark.parametrize(
    ("at", "stands_in"),
    [
        (datetime(2026, 3, 1, 15, 59, tzinfo=UTC), False),
        (datetime(2026, 3, 1, 16, 0, tzinfo=UTC), True),
        (datetime(2026, 3, 6, 15, 59, tzinfo=UTC), True),
        (datetime(2026, 3, 6, 16, 0, tzinfo=UTC), False),
    ],
)
def test_it_begins_and_ends_by_itself_at_midnight_on_the_houses_clock(session, people, staff, owned, at, stands_in):
    leave(session, staff, "renewal3", "renewal")
    actors, user_id = Actors(), people["renewal"].user_id
    assert (people["renewal3"].user_id in actors.of(session, user_id, at=at).represented) == stands_in
    assert people["renewal3"].user_id in actors.of(session, user_id, at=DURING).represented, "the same process"
    assert (people["renewal3"].user_id in actors.of(session, user_id, at=at).represented) == stands_in


def test_only_what_is_approved_counts_and_a_cancelled_one_no_more_at_once(session, people, staff, owned):
    row = leave(session, staff, "renewal3", "renewal", state=AbsenceState.REQUESTED)
    actors, user_id = Actors(), people["renewal"].user_id
    assert actors.of(session, user_id, at=DURING).represented == {}
    advance(session, row, "approve")
    session.commit()
    assert list(actors.of(session, user_id, at=DURING).represented) == [people["renewal3"].user_id]
    advance(session, row, "cancel")
    session.commit()
    assert actors.of(session, user_id, at=DURING).represented == {}
    told = session.scalars(select(Notice).where(Notice.user_id == user_id).order_by(Notice.id)).all()
    assert ["no longer" in notice.subject for notice in told] == [False, True]


def test_chains_do_not_add_up(session, people, staff, owned):
    """renewal stands in for renewal3, who stood in for renewal2: renewal gets what is renewal3's, and no more."""
    leave(session, staff, "renewal2", "renewal3")
    with pytest.raises(Refusal, match="away on some of these days"):
        leave(session, staff, "renewal", "renewal2")
    session.rollback()
    leave(session, staff, "renewal3", "renewal", first=FROM + timedelta(1))
    with acting(load_actor(session, people["renewal"].user_id, at=DURING)) as deputy:
        assert set(deputy.represented) == {people["renewal3"].user_id}
        assert [row.id for row in session.scalars(select(Gadget))] == [owned["gadget"]]


def test_one_asks_for_oneself_and_leads_decide_on_others(session, people, staff):
    with acting(people["renewal"]):
        mine = Absence(person_id=staff["renewal"], starts_on=FROM, ends_on=TO, deputy_id=staff["sales"])
        session.add(mine)
        session.commit()
        assert mine.owner_id == people["renewal"].user_id
        with pytest.raises(NotPermitted):
            advance(session, mine, "approve")
        session.rollback()
        session.add(Absence(person_id=staff["manager"], starts_on=FROM, ends_on=TO, deputy_id=staff["renewal"]))
        with pytest.raises(NotPermitted):
            session.flush()
        session.rollback()
        assert session.scalars(select(Absence.id)).all() == [mine.id]
    with acting(people["supervisor2"]):
        assert session.scalars(select(Absence.id)).all() == [], "another team's"
    with acting(people["supervisor"]):
        own = Absence(person_id=staff["supervisor"], starts_on=FROM, ends_on=TO)
        session.add(own)
        session.commit()
        with pytest.raises(Refusal, match="Four eyes"):
            advance(session, own, "approve")
        session.rollback()
        session.add(Absence(person_id=staff["manager"], starts_on=FROM, ends_on=TO, deputy_id=staff["supervisor"]))
        with pytest.raises(NotPermitted):
            session.flush()
        session.rollback()
        row = session.get(Absence, mine.id)
        advance(session, row, "approve")
        session.commit()
        row.ends_on = TO + timedelta(30)
        with pytest.raises(Conflict):
            session.flush()


def test_who_is_away_is_known_by_the_day(session, staff):
    leave(session, staff, "renewal3", None)
    assert away(session, FROM) == away(session, TO) == {staff["renewal3"]}
    assert away(session, FROM - timedelta(1)) == away(session, TO + timedelta(1)) == set()


def test_the_deputys_pages_show_the_rows_today(session, people, staff, owned, sign_in):
    client = sign_in("renewal")
    assert client.get("/api/v1/gadget/").json["result"] == []
    with acting(system_actor("t")):
        today = datetime.now(UTC).date()
        leave(session, staff, "renewal3", "renewal", today - timedelta(2), today + timedelta(2))
    assert [row["code"] for row in client.get("/api/v1/gadget/").json["result"]] == ["G"]
    assert client.get(f"/gadget/{owned['gadget']}/edit").status_code == 200
    assert client.get(f"/gadget/{owned['other']}").status_code == 404
