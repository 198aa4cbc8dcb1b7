"""Who else has a row open: told to those who see it, of those they know, for a minute; no session stays awake by it."""

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, text, update

from app.kernel import looking
from app.kernel.actor import acting, system_actor
from app.kernel.attention import Onlooker
from app.kernel.database import BUSY, impatient
from app.kernel.identity.tables import UserSession
from app.kernel.tables import AuditEntry
from app.panel.attending import in_words
from models.people import Person
from tests.app.test_identity_viewing import allow
from tests.gadget import Gadget
from tests.screens import post

NOW = datetime.now(UTC)
on_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
def gadget(session, people):
    """A gadget of the specialist `renewal`."""
    with acting(people["renewal"]):
        row = Gadget(code="G-1")
        session.add(row)
        session.commit()
        return row.id


def marks(session):
    found = session.execute(select(Onlooker.user_id, Onlooker.editing).order_by(Onlooker.user_id)).all()
    session.rollback()
    return [tuple(each) for each in found]


def test_a_mark_is_renewed_fades_and_goes_with_the_row(session, people, gadget):
    renewal, supervisor = people["renewal"], people["supervisor"]
    with acting(renewal):
        looking.mark(session, Gadget, gadget, NOW)
        looking.mark(session, Gadget, gadget, NOW + looking.BEAT, editing=True)
        session.commit()
    assert marks(session) == [(renewal.user_id, True)]
    with acting(supervisor):
        assert looking.others(session, Gadget, gadget, NOW + looking.BEAT * 3).editing == ["Renewal Tester"]
        late = NOW + looking.BEAT + looking.FADES
        assert looking.others(session, Gadget, gadget, late) == looking.Others([], [])
        looking.mark(session, Gadget, gadget, NOW)
    with acting(renewal):
        assert looking.others(session, Gadget, gadget, NOW).looking == ["Supervisor Tester"]
        looking.mark(session, Gadget, gadget, late + timedelta(seconds=1))
        looking.leave(session, Gadget, gadget)
        session.commit()
    assert marks(session) == [(supervisor.user_id, False)]
    with acting(system_actor("tests")):
        session.delete(session.get(Gadget, gadget))
        session.commit()
    assert marks(session) == []


@on_sqlite
def test_the_page_asks_for_itself_and_tells_names(session, sign_in, gadget):
    renewal, supervisor, url = sign_in("renewal"), sign_in("supervisor"), f"/gadget/{gadget}/looking"
    assert f'data-looking-url-value="{url}"' in renewal.get(f"/gadget/{gadget}").text
    assert f'data-looking-url-value="{url}"' in renewal.get(f"/gadget/{gadget}/edit").text
    assert "data-looking" not in renewal.get("/gadget/add").text
    written = session.scalar(select(func.count(AuditEntry.id)))
    session.rollback()
    assert post(renewal, url).json == {"said": ""}
    assert post(supervisor, url, act="edit").json == {"said": "Renewal Tester is looking at it."}
    assert post(renewal, url).json == {"said": "Supervisor Tester is editing it."}
    assert post(sign_in("renewal2"), url).status_code == 404
    post(supervisor, url, act="leave")
    assert post(renewal, url).json == {"said": ""}
    assert session.scalar(select(func.count(AuditEntry.id))) == written


@on_sqlite
def test_whom_one_does_not_know_stays_without_a_name(session, sign_in, people, gadget):
    with acting(system_actor("tests")):
        person = session.scalars(select(Person).where(Person.user_id == people["inspector"].user_id)).one()
        person.user_id = None
        session.commit()
    post(sign_in("inspector"), f"/gadget/{gadget}/looking")
    said = post(sign_in("renewal"), f"/gadget/{gadget}/looking").json["said"]
    assert said == "Somebody else is looking at it."


@on_sqlite
@pytest.mark.parametrize("writes", [False, True])
def test_who_sees_the_panel_as_another_leaves_no_mark(session, sign_in, people, gadget, writes):
    admin = sign_in("admin")
    how = {"writes": "1"} if writes else {}
    if writes:
        allow(session, "admin", "page:impersonate_write")
    assert post(admin, f"/viewing/{people['sales'].user_id}", why="to help", **how).status_code == 303
    with acting(people["sales"]):
        row = Gadget(code="G-2")
        session.add(row)
        session.commit()
        key = row.id
    page = admin.get(f"/gadget/{key}")
    assert page.status_code == 200
    assert "data-looking" not in page.text
    assert post(admin, f"/gadget/{key}/looking").status_code == (200 if writes else 403)
    assert marks(session) == []


@on_sqlite
def test_an_open_page_keeps_no_session_awake(session, sign_in, gadget):
    client, before = sign_in("renewal"), datetime.now(UTC) - timedelta(minutes=5)
    session.execute(update(UserSession).values(seen_at=before))
    session.commit()
    assert post(client, f"/gadget/{gadget}/looking").status_code == 200
    assert session.scalars(select(UserSession.seen_at)).all() == [before]
    session.rollback()
    client.get(f"/gadget/{gadget}")
    assert session.scalars(select(UserSession.seen_at)).one() > before


@on_sqlite
def test_where_somebody_writes_for_long_no_mark_is_waited_for(session, sign_in, people, gadget):
    client = sign_in("supervisor")
    with acting(people["renewal"]):
        looking.mark(session, Gadget, gadget, datetime.now(UTC))
        session.commit()
        session.get(Gadget, gadget).name = "a long import"
        session.flush()
        assert post(client, f"/gadget/{gadget}/looking").json == {"said": "Renewal Tester is looking at it."}
        session.rollback()
    assert [who for who, _editing in marks(session)] == [people["renewal"].user_id]
    with acting(system_actor("tests")):
        with impatient(looking.PATIENCE):
            assert session.scalar(text("PRAGMA busy_timeout")) == looking.PATIENCE
            session.rollback()
        assert session.scalar(text("PRAGMA busy_timeout")) == BUSY


@pytest.mark.parametrize(
    ("others", "words"),
    [
        (looking.Others([], []), ""),
        (looking.Others(["Chen Wei"], []), "Chen Wei is looking at it."),
        (looking.Others(["Chen Wei", "Li Na"], []), "Chen Wei and Li Na are looking at it."),
        (looking.Others([], ["Chen Wei"], 2), "Chen Wei is editing it. 2 others are looking at it."),
        (
            looking.Others(["Chen Wei"], ["Li Na"], 1),
            "Li Na is editing it. Chen Wei and somebody else are looking at it.",
        ),
    ],
)
def test_it_is_said_in_a_sentence(app, others, words):
    with app.test_request_context():
        assert in_words(others) == words
