"""The file of one whole record: what is written out reads back to the same, for every record there is."""

from dataclasses import replace

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.kernel.actor import acting, system_actor
from app.kernel.tables import AuditEntry
from app.kernel.transfer import load
from app.kernel.transfer.export import export_csv, export_xlsx
from app.kernel.transfer.options import Options
from app.kernel.transfer.whole import whole
from app.kernel.workflow import adopt
from app.schema.errors import NotPermitted, Refusal
from app.schema.kinds import FileKind
from app.schema.registry import registry
from app.schema.roles import Scope
from models.contracts import Contract
from models.customers import Customer
from models.products import Product
from tests.factories import SETTLED, make
from tests.gadget import Gadget, GadgetState, Trinket
from tests.specimen import Specimen

TEXTS = ("=1+1", "'=x", "-5", "－ full  width", "two\nlines", "two\r\nlines", 'a "quote", and a comma', "@x", "+86 1")


def fill(session, record, owner):
    """Rows with as few fields filled in as can be, and with as many; texts that look like formulas and are none."""
    make(session, record, owner)
    for text in TEXTS[:: 1 if record in (Gadget, Specimen) else len(TEXTS)]:
        row = make(session, record, owner)
        try:
            with session.begin_nested():
                for name, kind in open_fields(record):
                    free = kind.name in ("short text", "long text", "markdown")
                    setattr(row, name, kind.read(text) if free else kind.sample(3))
                session.flush()
        except (Refusal, IntegrityError):
            continue  # a rule of the record keeps it as it was made


def open_fields(record):
    for column in record.__table__.columns:
        info, kind = column.info, column.info.get("kind")
        settled = column.key in SETTLED or column.unique or not column.nullable or column.key == record.panel.title
        if kind is not None and not (settled or "initial" in info or "ref" in info or isinstance(kind, FileKind)):
            yield column.key, kind


def everything(session, record):
    return session.execute(select(record.__table__).order_by(record.__table__.c.id)).all()


NAMES = sorted(str(record.__tablename__) for record in registry)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_written_out_reads_back_to_the_same(sqlite_backend, name, tmp_path):
    round_trip(sqlite_backend, name, tmp_path)


@pytest.mark.parametrize("name", ["gadget", "specimen", "script", "claim", "contract"])
def test_the_same_where_the_database_copies(postgres_backend, name, tmp_path):
    round_trip(postgres_backend, name, tmp_path)


def round_trip(backend, name, tmp_path):
    backend.reset()
    record = registry[name]
    with backend.session() as session, acting(system_actor("tests", "cli")):
        fill(session, record, backend.people["manager"])
        session.commit()
        before = everything(session, record)
        assert record is not Specimen or {row.story for row in before} >= set(TEXTS)
        entries = len(session.execute(select(AuditEntry.id)).all())
        csv, xlsx = tmp_path / "all.csv", tmp_path / "all.xlsx"
        csv.write_bytes(b"".join(export_csv(session, record)))
        with xlsx.open("wb") as stream:
            assert export_xlsx(session, record, stream) == len(before) > 0
        session.commit()
        for path in (csv, xlsx):
            outcome = load(session, whole(record), path, path.name)
            assert [(p.column, p.message) for p in outcome.problems] == []
            assert (outcome.rows, outcome.unchanged) == (len(before), True), outcome.records
            session.commit()
        assert everything(session, record) == before
        assert len(session.execute(select(AuditEntry.id)).all()) == entries + 2, "the two exports, and nothing else"


@pytest.fixture
def house(sqlite_backend):
    sqlite_backend.reset()
    sqlite_backend.app.extensions["actors"].forget()
    return sqlite_backend


@pytest.fixture
def gadgets(house):
    """One gadget of renewal2, in another team than the supervisor's, and one of sales, who works in it; one is sold."""
    with house.session() as session, acting(system_actor("tests", "cli")):
        for code, who in (("G1", "sales"), ("G2", "renewal2"), ("G3", "sales")):
            gadget = make(session, Gadget, house.people[who], code=code, name=f"Thing {code}", price=5)
        adopt(session, gadget, GadgetState.SOLD)
        session.commit()


@pytest.fixture
def bring(house, tmp_path):
    """Loads a file of gadgets, or of another record, as somebody."""

    def bring(text, who="supervisor", record=Gadget, **kwargs):
        path = tmp_path / "rows.csv"
        path.write_text(text, "utf-8")
        actor = house.people[who]
        actor = replace(actor, reach={**actor.reach, ("import", str(record.__tablename__)): Scope.ALL})
        with house.session() as session, acting(actor):
            outcome = load(session, whole(record), path, path.name, **kwargs)
            session.commit()
        return outcome

    return bring


def told(outcome):
    return [(p.row, p.column, p.message) for p in outcome.problems]


def prices(house):
    with house.session() as session, acting(system_actor("tests", "cli")):
        return dict(session.execute(select(Gadget.code, Gadget.price)).all())


def test_who_may_not_import_a_record_loads_nothing(house, tmp_path):
    (tmp_path / "rows.csv").write_text("code,price\nG1,9\n")
    with house.session() as session, acting(house.people["sales"]), pytest.raises(NotPermitted):
        load(session, whole(Gadget), tmp_path / "rows.csv", "rows.csv")


def test_a_person_changes_and_makes_what_a_form_would_let_him(gadgets, bring, house):
    outcome = bring("Code,Price,Name\nG1,9,Thing G1\nG9,7,New\n")
    assert (told(outcome), outcome.loaded) == ([], 2)
    tally = outcome.records["gadget"]
    assert (tally.written, tally.changed) == (1, 1)
    assert prices(house) == {"G1": 9, "G2": 5, "G3": 5, "G9": 7}
    with house.session() as session, acting(system_actor("tests", "cli")):
        made = session.scalars(select(Gadget).where(Gadget.code == "G9")).one()
        assert (made.owner_id, made.state) == (house.people["supervisor"].user_id, GadgetState.DRAFT)
        kept = session.scalars(select(AuditEntry).where(AuditEntry.source == "import", AuditEntry.verb == "edit")).one()
        assert (kept.source, kept.changes) == ("import", {"price": ["5.00", "9.00"]})


def test_rows_out_of_reach_are_neither_changed_nor_told(gadgets, bring, house):
    outcome = bring("code,price\nG2,9\nG1,8\n")
    ((row, _, message),) = told(outcome)
    assert row == 2
    assert "Thing" not in message
    assert prices(house) == {"G1": 8, "G2": 5, "G3": 5}


def test_a_state_is_never_brought_in_by_a_person(gadgets, bring, house):
    outcome = bring("code,price,state\nG9,7,sold\nG3,8,draft\n")
    assert outcome.unused_columns == ["state"]
    with house.session() as session, acting(system_actor("tests", "cli")):
        states = dict(session.execute(select(Gadget.code, Gadget.state)).all())
    assert (states["G9"], states["G3"]) == (GadgetState.DRAFT, GadgetState.SOLD)


def test_a_link_leads_only_to_what_the_person_sees(gadgets, bring):
    outcome = bring("code,twin_id\nG1,G2\n")
    assert told(outcome) == [(2, "twin_id", "there is no gadget “G2”")]
    assert outcome.unknown == [("twin_id", "G2", 1)]


def test_a_masked_value_is_not_taken_for_a_value(gadgets, bring):
    outcome = bring("code,buyer_phone\nG1,+86•••••••8000\n")
    assert [(row, column) for row, column, _ in told(outcome)] == [(2, "buyer_phone")]


def test_words_are_put_right_as_the_person_says(gadgets, bring, house):
    outcome = bring("Ware,Euro\nG1,neun\n", options=Options({"Ware": "code", "Euro": "price"}, {"Euro": {"neun": "9"}}))
    assert (told(outcome), prices(house)["G1"]) == ([], 9)


def test_a_dry_run_finds_what_the_database_refuses_and_leaves_nothing(gadgets, bring, house):
    outcome = bring("code,price\nG1,8\nG2,9\nG9,1\n", dry_run=True)
    assert (outcome.rows, outcome.refused, outcome.records["gadget"].changed) == (3, 1, 1)
    assert prices(house) == {"G1": 5, "G2": 5, "G3": 5}
    with house.session() as session, acting(system_actor("tests", "cli")):
        assert session.scalars(select(AuditEntry).where(AuditEntry.source == "import")).all() == []


def test_all_or_none_is_none_where_one_is_refused(gadgets, bring, house):
    with pytest.raises(Refusal, match="1 rows are refused"):
        bring("code,price\nG1,8\nG2,9\n", options=Options(all_or_none=True))
    assert prices(house) == {"G1": 5, "G2": 5, "G3": 5}


def test_rows_known_by_their_id_are_found_by_it_and_new_without(house, bring):
    with house.session() as session, acting(system_actor("tests", "cli")):
        mine = make(session, Trinket, house.people["sales"], name="Old").id
        session.commit()
    outcome = bring(f"id,name\n{mine},Better\n,New\n,New too\n999999,Ghost\n", record=Trinket)
    assert told(outcome) == [(5, "id", "there is no trinket “999999”")]
    with house.session() as session, acting(system_actor("tests", "cli")):
        assert sorted(session.scalars(select(Trinket.name))) == ["Better", "New", "New too"]


def test_the_system_gives_numbers_to_rows_without_and_brings_states(house, tmp_path):
    """In sets, as ``flask data import contract FILE`` does."""
    with house.session() as session, acting(system_actor("tests", "cli")):
        customer, product = make(session, Customer).number, make(session, Product).code
        head = "number,customer_id,product_id,starts_on,expires_on,instalment,premium,state"
        rows = [f",{customer},{product},2026-01-01,2026-12-31,1,12,in_force"] * 2
        path = tmp_path / "contracts.csv"
        path.write_text("\n".join([head, *rows, f"X-1,{customer},{product},2026-01-01,2026-12-31,1,12,lapsed"]))
        outcome = load(session, whole(Contract), path, path.name)
        assert (told(outcome), outcome.records["contract"].written) == ([], 3)
        found = session.execute(select(Contract.number, Contract.state).order_by(Contract.id)).all()
        assert [state.value for _, state in found] == ["in_force", "in_force", "lapsed"]
        assert len({number for number, _ in found}) == 3
        assert found[2].number == "X-1"


def test_what_a_new_row_needs_and_no_column_fills_is_told(house, tmp_path):
    path = tmp_path / "contracts.csv"
    path.write_text("number,premium\nX-1,5\n")
    with house.session() as session, acting(system_actor("tests", "cli")):
        outcome = load(session, whole(Contract), path, path.name)
    assert (2, "→ customer_id", "This is needed.") in told(outcome)
