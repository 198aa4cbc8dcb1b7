"""Many to many: set by form, API and file, inside the rows one sees; what is hidden is counted and stays."""

import csv
import io
import re

import pytest
from sqlalchemy import delete, func, insert, select, update
from werkzeug.datastructures import MultiDict

from app.kernel import trash
from app.kernel.actor import acting, system_actor
from app.kernel.tables import AuditEntry, Trashed
from app.kernel.transfer import load
from app.kernel.transfer.export import export
from app.kernel.workflow import adopt
from app.schema.errors import Conflict, NotPermitted, Refusal
from app.schema.record import link_of
from app.schema.registry import registry
from app.schema.transfer import Cell, Profile, Target
from models.operations import Script
from models.operations.states import ScriptState
from models.products import Product
from tests.factories import make
from tests.gadget import Gadget, Trinket
from tests.problems import errors_of
from tests.screens import plain, post, problem_at, statements, table_of

ON_SQLITE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
PAIRS = link_of(Trinket, "gadgets")
BY_FILE = Profile(
    "scripts",
    "Scripts",
    (
        Target(
            "script",
            "script",
            "code",
            {
                "code": Cell("Code"),
                "name": Cell("Name"),
                "situation": Cell("Situation"),
                "text": Cell("Text"),
                "products": Cell("Products"),
            },
        ),
    ),
)


@pytest.fixture
def world(session, people):
    """A trinket of the team North-1, two gadgets its specialist owns (A, B) and one she does not see (CANARY)."""
    with acting(system_actor("tests")):
        own = [make(session, Gadget, people["renewal"], code=code).id for code in "AB"]
        foreign = make(session, Gadget, people["renewal3"], code="CANARY").id
        row = make(session, Trinket, people["renewal"], name="t")
        row.gadgets = [own[0], foreign]
        session.commit()
        return row.id, *own, foreign


def kept(session, key):
    """What a trinket is linked to, whoever may see it."""
    with acting(system_actor("tests")):
        session.rollback()
        found = sorted(session.scalars(select(PAIRS.gadget_id).where(PAIRS.trinket_id == key)))
        session.rollback()
        return found


def send(client, url, version, *gadgets, **more):
    form = MultiDict({"csrf_token": client.csrf, "version": str(version), "name": "t"} | more)
    form.setlist("gadgets", ["", *map(str, gadgets)])
    return client.post(url, data=form)


def test_the_form_offers_sets_and_tells_what_one_may_see(session, sign_in, world):
    key, a, b, foreign = world
    client = sign_in("renewal")
    page = client.get(f"/trinket/{key}").text
    assert "CANARY" not in page
    assert "1 not visible to you" in page
    assert f'href="/gadget/{a}"' in page
    form = client.get(f"/trinket/{key}/edit").text
    assert f'<option value="{a}" selected>A</option>' in form
    assert f'value="{foreign}"' not in form
    assert {o["text"] for o in client.get("/trinket/pick/gadgets").json["options"]} == {"A", "B"}

    answer = send(client, f"/trinket/{key}/edit", 2, a, foreign)
    assert (answer.status_code, problem_at(answer.text, "gadgets")) == (422, "Choose from those you may see.")
    assert send(client, f"/trinket/{key}/edit", 2, b).status_code == 303
    assert kept(session, key) == sorted([b, foreign]), "what is hidden stays"
    page = plain(client.get(f"/trinket/{key}").text)
    assert "Gadgets, removed: A Gadgets, added: B" in page
    answer = send(client, f"/trinket/{key}/edit", 2, a)
    assert answer.status_code == 409, "an edit of links is an edit of the row"
    assert "Saved by somebody else meanwhile: B" in answer.text
    entry = re.findall(rf"/trinket/{key}/revert/(\d+)", client.get(f"/trinket/{key}").text)[0]
    assert post(client, f"/trinket/{key}/revert/{entry}", version="3").status_code == 303
    assert kept(session, key) == sorted([a, foreign]), "taken back"
    assert send(client, f"/trinket/{key}/edit", 4).status_code == 303
    assert kept(session, key) == [foreign]
    made = send(client, "/trinket/add", "", a, b, name="new")
    assert kept(session, int(made.headers["Location"].rsplit("/", 1)[1])) == [a, b]


def test_the_interface_gives_and_takes_ids(session, sign_in, world, people):
    key, a, b, foreign = world
    client = sign_in("renewal")
    token = {"X-CSRFToken": client.csrf}
    row = client.get(f"/api/v1/trinket/{key}").json["result"]
    assert (row["gadgets"], row["gadgets_not_visible"]) == ([a], 1)
    (row,) = client.get("/api/v1/trinket/").json["result"]
    assert (row["gadgets"], row["gadgets_not_visible"]) == ([a], 1)
    change = {"version": row["version"], "gadgets": [b, a]}
    assert client.put(f"/api/v1/trinket/{key}", json=change, headers=token).json["result"]["gadgets"] == [a, b]
    change = {"version": row["version"] + 1, "gadgets": [a, foreign]}
    answer = client.put(f"/api/v1/trinket/{key}", json=change, headers=token)
    assert errors_of(answer) == {"gadgets": "Choose from those you may see."}
    answer = client.put(f"/api/v1/trinket/{key}", json=change | {"gadgets": ["x"]}, headers=token)
    assert answer.status_code == 422
    same = client.put(f"/api/v1/trinket/{key}", json=change | {"gadgets": [a, b]}, headers=token).json["result"]
    assert same["version"] == change["version"], "nothing changed"
    assert kept(session, key) == [a, b, foreign]
    with acting(system_actor("tests")):
        entry = select(AuditEntry.changes).where(AuditEntry.record == "trinket").order_by(AuditEntry.id.desc())
        assert session.scalars(entry).first() == {"gadgets": [[], [b]]}


@ON_SQLITE
def test_lists_are_narrowed_to_any_of_them_and_by_nothing_hidden(session, sign_in, world, people):
    _key, a, b, foreign = world
    with acting(system_actor("tests")):
        make(session, Trinket, people["renewal"], name="other", gadgets=b)
        make(session, Trinket, people["renewal"], name="bare")
        session.commit()
    client = sign_in("renewal")

    def found(query):
        return sorted(cells[0] for cells in table_of(client.get(f"/trinket/?{query}").text))

    assert found(f"gadgets={a}") == ["t"]
    assert found(f"gadgets={a}&gadgets={b}") == ["other", "t"]
    assert found(f"gadgets={foreign}") == []
    cells = {row[0]: row[2] for row in table_of(client.get("/trinket/").text)}
    assert cells == {"t": "A , 1 not visible to you", "other": "B", "bare": "—"}
    answer = client.post("/trinket/export.csv", data={"csrf_token": client.csrf})
    assert answer.status_code == 403
    leader = sign_in("supervisor")
    rows = list(csv.reader(io.StringIO(leader.post("/trinket/export.csv", data={"csrf_token": leader.csrf}).text)))
    assert {row[0]: row[2] for row in rows[1:]} == {"t": "A", "other": "B", "bare": ""}


@ON_SQLITE
def test_a_column_of_links_costs_one_statement_however_many_rows(backend, session, sign_in, world, people):
    _key, a, b, foreign = world
    client = sign_in("renewal")

    def cost():
        client.get("/trinket/")
        with statements(backend.engine) as sent:
            assert client.get("/trinket/").status_code == 200
        return len(sent)

    few = cost()
    with acting(system_actor("tests")):
        for number in range(24):
            make(session, Trinket, people["renewal"], name=f"t{number}", gadgets=[a, b, foreign])
        session.commit()
    assert cost() == few <= 6


def test_the_pairs_are_guarded_as_the_row_is(session, people, world):
    key, a, b, foreign = world
    pairs = PAIRS.__table__
    bulk = (
        delete(PAIRS),
        update(pairs).values(gadget_id=b),
        insert(pairs).values(trinket_id=key, gadget_id=b),
        select(pairs),
    )
    with acting(people["renewal"]):
        for statement in bulk:
            with pytest.raises(NotPermitted):
                session.execute(statement)
            with pytest.raises(NotPermitted):
                session.connection().execute(statement)
        with pytest.raises(NotPermitted):
            session.bulk_insert_mappings(PAIRS, [{"trinket_id": key, "gadget_id": b}])
        assert session.scalar(select(func.count()).select_from(PAIRS)) == 2
        session.rollback()
    with acting(people["renewal3"]):
        assert session.scalar(select(func.count()).select_from(PAIRS)) == 0, "a row of another team"
        session.rollback()
    with acting(people["renewal"]):
        row = session.get(Trinket, key)
        assert row.gadgets == (a,)
        row.gadgets = [a, foreign]
        with pytest.raises(Refusal):
            session.flush()
        session.rollback()
        assert row.gadgets == (a,), "what was refused is forgotten"
    with acting(people["finance"]):
        row = Trinket(name="x", gadgets=[a])
        session.add(row)
        with pytest.raises(NotPermitted):
            session.flush()
        session.rollback()


def test_links_go_with_the_row_and_come_back_with_it(session, people, world):
    key, a, _b, foreign = world
    with acting(people["supervisor"]):
        session.delete(session.get(Trinket, key))
        session.commit()
    assert kept(session, key) == []
    with acting(system_actor("tests")):
        trashed = session.scalars(select(Trashed.id)).one()
        assert trash.restore(session, trashed).id == key
        session.commit()
    assert kept(session, key) == sorted([a, foreign])


def test_files_hold_codes(session, people, tmp_path, monkeypatch):
    monkeypatch.setitem(registry.profiles._things, "scripts", BY_FILE)
    with acting(system_actor("tests", "import")):
        products = [make(session, Product, people["manager"], code=code).id for code in ("P1", "P2", "P3")]
        session.commit()

        def bring(*lines):
            path = tmp_path / "scripts.csv"
            path.write_text("\n".join(["Code,Name,Situation,Text,Products", *lines]) + "\n")
            outcome = load(session, BY_FILE, path, path.name)
            session.commit()
            return outcome

        def linked():
            return {row.code: row.products for row in session.scalars(select(Script))}

        lines = ["S1,One,closing,Say so,P1;P2", "S2,Two,closing,Say so,", "S3,Three,closing,Say so,P1; P9"]
        outcome = bring(*lines)
        assert [(p.row, p.column, p.message) for p in outcome.problems] == [(4, "Products", "there is no product “P9”")]
        assert linked() == {"S1": tuple(products[:2]), "S2": ()}
        assert bring(*lines[:2]).unchanged
        tally = bring("S1,One,closing,Say so,P3；P2", lines[1]).records["script"]
        assert (tally.changed, tally.stood) == (1, 1)
        assert linked()["S1"] == tuple(products[1:])
        edits = select(AuditEntry.changes).where(AuditEntry.verb == "edit").order_by(AuditEntry.id)
        entry = session.scalars(edits).all()[-1]
        assert entry == {"products": [[products[0]], [products[2]]]}
        head, *rows = export(session, Script)
        at = head.index("products")
        assert [row[at] for row in rows] == ["P2;P3", ""]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_links_of_a_row_that_only_steps_change_stay(session, people):
    with acting(system_actor("tests")):
        first, second = (make(session, Product, people["manager"], code=code).id for code in ("P1", "P2"))
        row = make(session, Script, people["operations"], products=(first,))
        adopt(session, row, ScriptState.PUBLISHED)
        session.commit()
        key = row.id
    with acting(people["manager"]):
        row = session.get(Script, key, populate_existing=True)
        row.products = (second,)
        with pytest.raises(Conflict, match="Nothing can be changed here"):
            session.flush()
        session.rollback()
        assert session.get(Script, key, populate_existing=True).products == (first,)
