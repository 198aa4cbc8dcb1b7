"""``flask data``: import with one JSON line and an exit status, export that can be read again."""

import csv
import io
import json

import pytest
from sqlalchemy import func, select

from app.kernel.tables import AuditEntry
from tests.gadget import Gadget
from tests.gadget_sales import HEADER, line


@pytest.fixture
def flask(app, as_system):
    """Runs ``flask …`` and returns what it did."""
    return lambda *words: app.test_cli_runner().invoke(args=[str(word) for word in words])


@pytest.fixture
def sales(tmp_path):
    """A file with two good lines and one bad."""
    path = tmp_path / "sales.csv"
    path.write_text("\n".join([HEADER, line(), line(Code="G2", Price="abc"), line(Code="G3", Response="Yes")]) + "\n")
    return path


def gadgets(session):
    found = session.scalars(select(Gadget.code).order_by(Gadget.code)).all()
    session.rollback()  # a transaction left open would keep the command from writing
    return found


def test_import_writes_the_good_rows_and_says_on_one_line_what_came_of_it(flask, sales, session):
    done = flask("data", "import", "gadget_sales", sales)
    assert done.exit_code == 1, "a row was refused"
    told = json.loads(done.stdout)
    assert (told["rows"], told["loaded"], told["refused"]) == (3, 2, 1)
    assert told["records"]["gadget"] == {"record": "gadget", "written": 2, "changed": 0, "stood": 0, "kept": 0}
    assert told["problems"][0]["row"] == 3
    assert "read 3/3" in done.stderr
    assert gadgets(session) == ["G1", "G3", "G3-2"]
    refused = sales.with_name("sales.csv.refused.csv")
    assert told["refused_file"] == str(refused)
    refused.write_text(refused.read_text("utf-8-sig").replace("abc", "5"))
    mended = flask("data", "import", "gadget_sales", refused)
    assert mended.exit_code == 0, mended.output
    assert gadgets(session) == ["G1", "G2", "G3", "G3-2"]


def test_a_dry_run_writes_nothing(flask, sales, session):
    done = flask("data", "import", "gadget_sales", sales, "--dry-run")
    assert json.loads(done.stdout)["dry_run"] is True
    assert gadgets(session) == []


def test_a_file_with_a_fault_as_a_whole_is_told_and_not_loaded(flask, tmp_path, session):
    empty = tmp_path / "empty.csv"
    empty.touch()
    done = flask("data", "import", "gadget_sales", empty)
    assert done.exit_code == 1
    assert "is empty (0 bytes)" in json.loads(done.stdout)["error"]
    assert gadgets(session) == []


def test_as_a_user_the_permission_is_asked_and_the_history_names_him(flask, sales, session, people):
    refused = flask("data", "import", "gadget_sales", sales, "--as", "sales")
    assert (refused.exit_code, gadgets(session)) == (1, [])
    assert "You may not load files" in json.loads(refused.stdout)["error"]
    flask("data", "import", "gadget_sales", sales, "--as", "supervisor")
    assert gadgets(session) == ["G1", "G3", "G3-2"]
    users = set(session.scalars(select(AuditEntry.user_id).where(AuditEntry.verb == "import")))
    assert users == {people["supervisor"].user_id}


@pytest.mark.parametrize("words", [("data", "import", "nothing", "x"), ("data", "export", "nothing")])
def test_unknown_names_say_so(flask, words, sales):
    done = flask(*(str(sales) if word == "x" else word for word in words))
    assert done.exit_code == 2
    assert "nothing" in done.stderr


def test_an_unknown_user_is_told(flask, sales):
    done = flask("data", "import", "gadget_sales", sales, "--as", "ghost")
    assert done.exit_code == 2
    assert "there is no active user 'ghost'" in done.stderr


def test_profiles_lists_each_with_its_columns(flask):
    assert f"gadget_sales  Gadget sales: {', '.join(['Office', 'Buyer', 'Name'])}" in flask("data", "profiles").stdout


def test_export_writes_every_row_with_links_by_key_and_formulas_defused(flask, session, people, as_system):
    owner = people["renewal"].user_id
    session.add(Gadget(code="G1", name="=1+1", price=5, owner_id=owner, buyer_phone="13800138000"))
    session.flush()
    first = session.scalars(select(Gadget)).one()
    session.add(Gadget(code="G2", twin_id=first.id))
    session.commit()
    done = flask("data", "export", "gadget")
    assert done.exit_code == 0, done.output
    one, two = csv.DictReader(io.StringIO(done.stdout))
    assert (one["code"], one["name"], one["price"], one["owner_id"]) == ("G1", "'=1+1", "5.00", "renewal")
    assert (one["buyer_phone"], one["state"]) == ("13800138000", "draft")
    assert (two["code"], two["twin_id"], two["price"]) == ("G2", "G1", "")
    kept = session.scalars(select(AuditEntry).where(AuditEntry.verb == "export")).one()
    assert (kept.record, kept.changes["rows"]) == ("gadget", 2)


def test_export_knows_rows_without_a_key_by_id(flask, session, as_system):
    session.add(Gadget(code="G1"))
    session.commit()
    done = flask("data", "export", "gadget_part")
    assert done.stdout.splitlines() == ["id,gadget_id,name,count,cost,twin_id,spare,position"]
    assert session.scalar(select(func.count()).select_from(Gadget)) == 1
