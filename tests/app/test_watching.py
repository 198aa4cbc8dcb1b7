"""Who watches a row is told what others do to it: nothing he or she may not see, and nobody hears of the watching."""

from decimal import Decimal

import pytest
from flask_appbuilder.security.sqla.models import User
from sqlalchemy import func, select

from app.kernel import comments, history, watching
from app.kernel.actor import acting, system_actor
from app.kernel.attention import Watch
from app.kernel.tables import AuditEntry, Notice
from app.kernel.workflow import advance
from tests.dossier import Dossier, DossierNote
from tests.screens import plain, post, table_of

on_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
def dossier(session, people):
    """A dossier of sales, who watches it; sales may not read its finding and its reserve."""
    with acting(people["sales"]) as owner:
        row = Dossier(code="D1", owner_id=owner.user_id, unit_id=owner.unit_id)
        session.add(row)
        session.commit()
        watching.watch(session, row)
        session.commit()
        return row.id


def doing(session, actor, key, act):
    """Let somebody do something to the dossier."""
    with acting(actor):
        act(session.get(Dossier, key))
        session.commit()
        session.expunge_all()


def told(session, reader):
    """Subjects and bodies of what somebody was told, in order."""
    mine = select(Notice.subject, Notice.body).where(Notice.user_id == reader.user_id).order_by(Notice.id)
    found = [tuple(row) for row in session.execute(mine)]
    session.rollback()
    return found


def test_a_watcher_is_told_of_changes_steps_and_comments_of_others(session, people, dossier):
    sales, supervisor = people["sales"], people["supervisor"]
    doing(session, supervisor, dossier, lambda row: setattr(row, "share", Decimal(20)))
    doing(session, supervisor, dossier, lambda row: session.add(DossierNote(dossier_id=row.id, text="look")))
    doing(session, supervisor, dossier, lambda row: comments.say(session, row, "What of the stake?"))
    doing(session, supervisor, dossier, lambda row: comments.say(session, row, "@sales you were named"))
    doing(session, supervisor, dossier, lambda row: advance(session, row, "settle", answers={"finding": "x"}))
    doing(session, sales, dossier, lambda row: comments.say(session, row, "my own words"))
    assert told(session, sales) == [
        ("Supervisor Tester changed D1", "Changed: Share"),
        ("Supervisor Tester changed D1", "Changed: Dossier notes"),
        ("Supervisor Tester comments on D1", ""),
        ("Supervisor Tester mentions you: D1", "@sales you were named"),
        ("Supervisor Tester took a step with D1: Settle", "It is now: Settled"),
    ]
    assert told(session, supervisor) == []


@on_sqlite
def test_a_watcher_is_told_of_no_field_he_may_not_read(session, people, dossier):
    def both(row):
        row.reserve, row.share = Decimal(77712), Decimal(30)

    with acting(people["sales"]):
        note = DossierNote(dossier_id=dossier, text="look")
        session.add(note)
        session.commit()
        key = note.id
    doing(session, people["supervisor"], dossier, lambda row: setattr(row, "reserve", Decimal(5)))
    doing(session, people["supervisor"], dossier, lambda row: setattr(session.get(DossierNote, key), "grade", "A"))
    assert told(session, people["sales"]) == []
    doing(session, people["supervisor"], dossier, both)
    assert told(session, people["sales"]) == [("Supervisor Tester changed D1", "Changed: Share")]


@on_sqlite
def test_who_lost_sight_of_the_row_is_told_nothing_and_neither_is_who_left(session, people, dossier):
    south = people["renewal3"]

    def hand_over(row):
        row.owner_id, row.unit_id = south.user_id, south.unit_id

    doing(session, system_actor("tests"), dossier, hand_over)
    doing(session, system_actor("tests"), dossier, lambda row: setattr(row, "share", Decimal(20)))
    assert told(session, people["sales"]) == []
    with acting(south):
        watching.watch(session, session.get(Dossier, dossier))
        session.get(User, south.user_id).active = False
        session.commit()
    doing(session, people["manager"], dossier, lambda row: setattr(row, "share", Decimal(30)))
    assert told(session, south) == []


@on_sqlite
def test_what_was_rolled_back_is_not_told_and_what_an_import_changed_is(session, people, dossier):
    with acting(people["manager"]):
        session.get(Dossier, dossier).share = Decimal(20)
        session.flush()
        session.rollback()
        session.commit()
        assert told(session, people["sales"]) == []
        comments.say(session, session.get(Dossier, dossier), "never said")
        session.rollback()
        history.edited(session, Dossier, [(dossier, {"share": Decimal(10)}, {"share": Decimal(40)})])
        session.commit()
    assert told(session, people["sales"]) == [("Manager Tester changed D1", "Changed: Share")]


def test_watching_ends_with_the_row_and_with_the_person(session, people, dossier):
    with acting(people["supervisor"]):
        watching.watch(session, session.get(Dossier, dossier))
        watching.watch(session, session.get(Dossier, dossier))
        session.commit()
    with acting(system_actor("tests")):
        person = session.get(User, people["supervisor"].user_id)
        person.roles = []
        session.flush()
        session.connection().execute(User.__table__.delete().where(User.id == person.id))
        session.commit()
        session.expunge_all()
        assert session.scalars(select(Watch.user_id)).all() == [people["sales"].user_id]
        session.delete(session.get(Dossier, dossier))
        session.commit()
        assert session.scalar(select(func.count()).select_from(Watch)) == 0


@on_sqlite
def test_one_watches_by_a_button_and_nobody_hears_of_it(session, people, sign_in, dossier):
    client, url = sign_in("supervisor"), f"/dossier/{dossier}"
    written = session.scalar(select(func.count(AuditEntry.id)))
    session.rollback()
    assert post(client, f"{url}/watch").status_code == 303
    page = client.get(url).text
    assert "Stop watching" in plain(page)
    assert "You will be told what others do to it." in plain(page)
    assert [row[0] for row in table_of(client.get("/dossier/?watched=me").text)] == ["D1"]
    assert session.scalar(select(func.count(AuditEntry.id))) == written
    session.rollback()
    doing(session, people["sales"], dossier, lambda row: setattr(row, "share", Decimal(20)))
    assert "Sales Tester changed D1" in client.get("/inbox/").text
    assert "was told" not in plain(sign_in("sales").get(url).text), "the timeline says nothing of watchers"
    post(client, f"{url}/watch", act="stop")
    assert table_of(client.get("/dossier/?watched=me").text) == []
    doing(session, people["sales"], dossier, lambda row: setattr(row, "share", Decimal(30)))
    assert len(told(session, people["supervisor"])) == 1


@on_sqlite
def test_what_one_does_not_see_one_does_not_watch(session, sign_in, dossier):
    stranger = sign_in("renewal2")
    assert post(stranger, f"/dossier/{dossier}/watch").status_code == 404
    assert stranger.get(f"/dossier/{dossier}/beside").status_code == 404
    assert session.scalar(select(func.count()).select_from(Watch)) == 1
