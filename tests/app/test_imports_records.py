"""The rows of any record brought in by a browser: columns and words as the person says, taken back, cancelled."""

import io
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from app.jobs.runner import Runner
from app.kernel.actor import acting, system_actor
from app.kernel.settings import set_setting
from app.kernel.tables import ImportBatch, Trashed
from app.kernel.transfer import batch as batches
from app.kernel.transfer.batch import State
from tests.factories import make
from tests.gadget import Gadget
from tests.gadget_sales import HEADER, line
from tests.screens import plain, post

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
"""What is tested here asks nothing of the database that the other would answer otherwise."""
SYSTEM = system_actor("tests", "cli")


@pytest.fixture
def gadgets(backend):
    with acting(SYSTEM), backend.session() as session:
        for code in ("G1", "G2"):
            make(session, Gadget, backend.people["sales"], code=code, name=f"Thing {code}", price=5)
        session.commit()


@pytest.fixture
def manager(sign_in):
    return sign_in("manager")


@pytest.fixture
def work(backend):
    """Lets the worker do what is owed."""
    return lambda: Runner(backend.engine, ZoneInfo("Asia/Shanghai"), "test worker").run_next()


def upload(client, text, profile="record:gadget"):
    form = {"csrf_token": client.csrf, "profile": profile, "file": (io.BytesIO(text.encode()), "rows.csv")}
    return client.post("/imports/", data=form, content_type="multipart/form-data")


def prices(backend):
    with acting(SYSTEM), backend.session() as session:
        return dict(session.execute(select(Gadget.code, Gadget.price).order_by(Gadget.code)).all())


def load(client, work, sent):
    assert sent.status_code == 303, plain(sent.text)
    assert post(client, f"{sent.location}/load").status_code == 303
    work()
    return client.get(sent.location).text


def test_a_record_is_brought_in_as_its_columns_are_mapped(gadgets, manager, work, backend):
    sent = upload(manager, "Ware,Euro,Colour\nG1,7,red\nG9,8,blue\n")
    page = manager.get(sent.location).text
    assert "Which column is which field" in page
    assert "There is no row to load." in page, "no column is taken for the code yet, and a new gadget needs one"
    said = {"column.0": "code", "column.1": "price", "column.2": "", "save_as": "Their list"}
    assert post(manager, f"{sent.location}/options", **said).status_code == 303
    page = manager.get(sent.location).text
    assert "Load 2 rows" in plain(page)
    assert "Columns nobody asks for: Colour." in plain(page)
    assert prices(backend) == {"G1": 5, "G2": 5}
    load(manager, work, sent)
    assert prices(backend) == {"G1": 7, "G2": 5, "G9": 8}

    again = upload(manager, "Ware,Euro,Colour\nG2,6,red\n")
    page = plain(manager.get(again.location).text)
    assert "Taken from “Their list”, which you kept for such files." in page
    assert "Load 1 row" in page


def test_the_same_field_is_not_filled_by_two_columns(gadgets, manager):
    sent = upload(manager, "a,b\nG1,7\n")
    answer = post(manager, f"{sent.location}/options", **{"column.0": "code", "column.1": "code"})
    assert answer.status_code == 422


def test_values_nobody_knows_are_listed_once_and_said_there_and_then(gadgets, manager, work, backend):
    sent = upload(manager, "code,twin_id\nG1,das Zweite\nG3,das Zweite\n")
    page = plain(manager.get(sent.location).text)
    assert page.count("das Zweite”") >= 1
    assert "2 rows are refused." in page
    post(manager, f"{sent.location}/options", **{"column.0": "code", "column.1": "twin_id", "word.0": "G2"})
    load(manager, work, sent)
    with acting(SYSTEM), backend.session() as session:
        second = session.scalar(select(Gadget.id).where(Gadget.code == "G2"))
        twins = dict(session.execute(select(Gadget.code, Gadget.twin_id)).all())
        assert twins == {"G1": second, "G2": None, "G3": second}


def test_all_or_none_loads_none(gadgets, manager, work, backend):
    sent = upload(manager, "code,price\nG1,7\nG2,abc\n")
    post(manager, f"{sent.location}/options", **{"column.0": "code", "column.1": "price", "all_or_none": "yes"})
    page = plain(load(manager, work, sent))
    assert "1 rows are refused, and all or none were to be loaded: none was." in page
    assert prices(backend) == {"G1": 5, "G2": 5}


def test_an_import_is_taken_back_but_for_what_was_changed_since(gadgets, manager, work, backend):
    sent = upload(manager, "code,price\nG1,7\nG2,8\nG8,1\nG9,1\n")
    assert "Undo this import" in load(manager, work, sent)
    with acting(SYSTEM), backend.session() as session:
        for code in ("G2", "G9"):
            session.scalars(select(Gadget).where(Gadget.code == code)).one().name = "Touched"
        session.commit()
    assert post(manager, f"{sent.location}/undo").status_code == 303
    done = work()
    assert (done.job, done.result) == (batches.UNDO, {"written": 2, "left": 2})
    assert prices(backend) == {"G1": 5, "G2": 8, "G9": 1}
    page = plain(manager.get(sent.location).text)
    assert "1 row it made is in the trash." in page
    assert "2 rows were left." in page
    assert page.count("Somebody has changed this since; it stays as it is.") == 2
    with acting(SYSTEM), backend.session() as session:
        assert session.scalars(select(Trashed.title)).all() == ["G8"]
    assert post(manager, f"{sent.location}/undo").status_code == 409


def test_an_import_through_a_profile_is_taken_back_as_well(manager, work, backend):
    sent = upload(manager, "\n".join([HEADER, line(Response="Yes"), line(Code="G3")]), "gadget_sales")
    load(manager, work, sent)
    assert len(prices(backend)) == 3
    post(manager, f"{sent.location}/undo")
    work()
    assert prices(backend) == {}


def test_a_large_file_is_looked_at_by_the_worker_and_can_be_cancelled(gadgets, manager, work, backend):
    with acting(SYSTEM), backend.session() as session:
        set_setting(session, batches.AT_ONCE, 0)
        session.commit()
    sent = upload(manager, "code,price\nG1,7\n")
    told = manager.get(f"{sent.location}/progress").json
    assert (told["busy"], told["state"]) == (True, State.EXAMINING)
    work()
    assert "Load 1 row" in plain(manager.get(sent.location).text)

    post(manager, f"{sent.location}/load")
    post(manager, f"{sent.location}/cancel")
    work()
    assert "It was cancelled; nothing of it was loaded." in plain(manager.get(sent.location).text)
    assert prices(backend) == {"G1": 5, "G2": 5}


def test_whoever_may_not_import_a_record_neither_uploads_nor_undoes(gadgets, manager, work, sign_in):
    sent = upload(manager, "code,price\nG1,7\n")
    load(manager, work, sent)
    operations = sign_in("operations")
    assert 'value="record:gadget"' not in operations.get("/imports/").text
    assert upload(operations, "code,price\nG1,7\n").status_code == 403
    for end in ("undo", "options", "load", "cancel"):
        assert post(operations, f"{sent.location}/{end}").status_code in (403, 404), end


def test_what_an_upload_could_be_undone_by_goes_with_it(gadgets, manager, work, backend):
    sent = upload(manager, "code,price\nG1,7\n")
    load(manager, work, sent)
    with acting(SYSTEM), backend.session() as session:
        batches.forget(datetime(2100, 1, 1, tzinfo=UTC), session)
        session.commit()
        assert session.scalars(select(ImportBatch.path)).all() == [""]
    assert post(manager, f"{sent.location}/undo").status_code == 409
    assert "Undo this import" not in manager.get(sent.location).text
