"""Trees: no row stands above itself, by whatever route and however many write at once; moves count at once."""

from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as Waiting

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from app.kernel import trees
from app.kernel.actor import acting, system_actor
from app.kernel.transfer import load
from app.schema import check
from app.schema.errors import Refusal
from app.schema.registry import registry
from app.schema.traits import Tree
from app.schema.transfer import Cell, Profile, Target
from models.people import Unit
from tests.department import UNITS
from tests.factories import make
from tests.gadget import Booth, Gadget
from tests.problems import errors_of
from tests.screens import plain, post, problem_at, table_of

ON_SQLITE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
BY_FILE = Profile("units", "Units", (Target("unit", "unit", "code", {"code": Cell("Code"), "name": Cell("Name"),
                                                                    "parent_id": Cell("Above")}),))  # fmt: skip
SAID = "North unit would stand above itself: North-1 unit lies below it."


def units(session):
    """The ids of the units by code."""
    with acting(system_actor("tests")):
        found = dict(session.execute(select(Unit.code, Unit.id)).all())
        session.rollback()
        return found


def structure(session):
    """Which unit stands below which, by code."""
    with acting(system_actor("tests")):
        session.rollback()
        codes = {key: code for code, key in units(session).items()}
        return {codes[key]: codes.get(up) for key, up in session.execute(select(Unit.id, Unit.parent_id))}


def test_no_route_stores_a_circle_and_who_asks_is_told_which_row(session, people, sign_in, tmp_path, monkeypatch):
    at = units(session)
    client = sign_in("admin")
    form = {"version": "1", "code": "North", "name": "North unit", "parent_id": str(at["North-1"])}
    answer = post(client, f"/unit/{at['North']}/edit", **form)
    assert (answer.status_code, problem_at(answer.text, "parent_id")) == (422, SAID)
    token = {"X-CSRFToken": client.csrf}
    sent = {"version": 1, "parent_id": at["North-1"]}
    answer = client.put(f"/api/v1/unit/{at['North']}", json=sent, headers=token)
    assert (answer.status_code, errors_of(answer)) == (422, {"parent_id": SAID})
    answer = client.put(f"/api/v1/unit/{at['South']}", json=sent | {"parent_id": at["South"]}, headers=token)
    assert errors_of(answer) == {"parent_id": "South unit would stand above itself."}

    with acting(system_actor("a job")):
        north, south = session.get(Unit, at["North"]), session.get(Unit, at["South"])
        north.parent_id = at["North-1"]
        with pytest.raises(Refusal, match=SAID):
            session.flush()
        session.rollback()
        north.parent_id, south.parent_id = at["South"], at["North"]
        with pytest.raises(Refusal, match="would stand above itself"):
            session.flush()
        session.rollback()
        with pytest.raises(IntegrityError, match="itself"):
            session.connection().execute(update(Unit.__table__).where(Unit.code == "HQ").values(parent_id=at["South"]))
        session.rollback()

    path = tmp_path / "units.csv"
    path.write_text("Code,Name,Above\nNorth,North unit,North-1\nSouth,The South,HQ\n")
    monkeypatch.setitem(registry.profiles._things, "units", BY_FILE)
    with acting(system_actor("tests", "import")):
        outcome = load(session, BY_FILE, path, path.name)
        session.commit()
        (problem,) = outcome.problems
        assert (problem.row, problem.column, problem.message) == (
            2,
            "Above",
            "the row would stand above itself; choose one that does not lie below it",
        )
        assert session.scalar(select(Unit.name).where(Unit.code == "South")) == "The South"
    assert structure(session) == UNITS


@pytest.mark.parametrize("way", ["row by row", "in bulk"])
def test_of_two_moves_at_once_that_make_a_circle_together_one_is_refused(backend, session, way):
    """North goes below South while South goes below North; each alone would be fine."""
    at = units(session)

    def move(opened, code, parent):
        with acting(system_actor(code)):
            if way == "in bulk":
                opened.connection().execute(
                    update(Unit.__table__).where(Unit.id == at[code]).values(parent_id=at[parent])
                )
            else:
                opened.get(Unit, at[code]).parent_id = at[parent]
                opened.flush()

    def second():
        with backend.session() as own:
            move(own, "South", "North")
            own.commit()

    with ThreadPoolExecutor(1) as pool, backend.session() as first:
        move(first, "North", "South")
        other = pool.submit(second)
        with pytest.raises(Waiting):
            other.result(timeout=0.7)
        first.commit()
        with pytest.raises((Refusal, IntegrityError), match=r"above itself|no_row_stands"):
            other.result(timeout=60)
    assert structure(session) == UNITS | {"North": "South"}


@ON_SQLITE
def test_the_team_with_the_tree_below_follows_a_move_at_once(session, people, sign_in):
    at = units(session)
    with acting(system_actor("tests")):
        make(session, Gadget, people["renewal3"], code="OF-THE-SOUTH")
        session.commit()
    leader, admin = sign_in("supervisor2"), sign_in("admin")

    def moved(code, parent, version):
        form = {"version": version, "code": code, "name": code, "parent_id": str(at[parent])}
        assert post(admin, f"/unit/{at[code]}/edit", **form).status_code == 303
        return "OF-THE-SOUTH" in leader.get("/gadget/").text

    assert "OF-THE-SOUTH" not in leader.get("/gadget/").text
    assert moved("South-1", "North-2", "1")
    assert not moved("South-1", "South", "2")
    assert moved("South", "North-2", "1"), "what is deeper down counts too"


@ON_SQLITE
def test_list_page_and_picker_know_the_tree(session, people, sign_in):
    at = units(session)
    client = sign_in("admin")
    paths = {cells[0]: cells[2] for cells in table_of(client.get("/unit/").text)}
    assert paths["North-1"] == "HQ unit / North unit"
    assert (paths["North"], paths["HQ"]) == ("HQ unit", "—")
    page = client.get(f"/unit/{at['North-1']}").text
    trail = page[page.index("yx-path") : page.index("</nav>", page.index("yx-path"))]
    assert plain(trail.partition(">")[2]) == "Units HQ unit North unit"
    assert f"/unit/{at['North']}" in trail
    page = client.get(f"/unit/{at['North']}").text
    assert f"/unit/part?parent_id={at['North']}" in page
    below = table_of(client.get(f"/unit/part?parent_id={at['North']}").text)
    assert [cells[0] for cells in below] == ["North-1", "North-2"]

    form = client.get(f"/unit/{at['North']}/edit").text
    assert f"/unit/pick/parent_id?of={at['North']}" in form

    def offered(address):
        return {option["text"] for option in client.get(address).json["options"]}

    everywhere = offered("/unit/pick/parent_id")
    assert len(everywhere) == len(UNITS)
    assert offered(f"/unit/pick/parent_id?of={at['North']}") == {"HQ unit", "South unit", "South-1 unit"}


@ON_SQLITE
def test_rows_of_a_path_that_are_hidden_are_not_named(session, people, sign_in):
    """A booth of the North below one of the South, below one of the North again."""
    with acting(system_actor("tests")):
        top = make(session, Booth, people["renewal"], name="Topmost")
        hidden = make(session, Booth, people["renewal3"], name="CANARY-S", parent_id=top.id)
        own = make(session, Booth, people["renewal"], name="Own", parent_id=hidden.id)
        lower = make(session, Booth, people["renewal"], name="Lower", parent_id=own.id)
        session.commit()
        keys = top.id, hidden.id, own.id, lower.id
    client = sign_in("renewal")
    pages = [client.get(f"/booth/{keys[3]}").text, client.get(f"/booth/{keys[2]}").text, client.get("/booth/").text]
    assert not any("CANARY" in page for page in pages)
    assert [cells for cells in table_of(pages[2]) if cells[0] == "Lower"] == [["Lower", "Topmost / … / Own"]]
    assert client.get(f"/booth/pick/parent_id?of={keys[1]}").status_code == 404
    assert {o["text"] for o in client.get(f"/booth/pick/parent_id?of={keys[0]}").json["options"]} == set()
    with acting(people["renewal"]):
        assert trees.above(session, Booth, [keys[3]]) == {keys[3]: list(keys)}


def test_a_record_below_itself_that_is_no_tree_does_not_start(monkeypatch):
    monkeypatch.setattr(check, "Tree", type("Nothing", (), {}))
    assert any("without being a Tree" in fault for fault in check.faults_of(Unit, registry))
    assert issubclass(Unit, Tree)
