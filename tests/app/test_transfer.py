"""Files brought in through a profile: every good line once, every bad line named, the whole or nothing of each."""

import csv
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import event, func, select

from app.kernel.actor import NOBODY, acting
from app.kernel.sheets import SheetError
from app.kernel.tables import AuditEntry, Epoch
from app.kernel.transfer import load
from app.kernel.workflow import adopt
from app.schema import check
from app.schema.errors import Conflict, DeclarationError, NotPermitted
from app.schema.registry import Registry, registry
from app.schema.transfer import Cell, Computed, Fixed, LinkTo, Profile, Target, faults_of
from models.people import Person, Unit
from tests.gadget import Gadget, GadgetState
from tests.gadget_sales import BUYER, GADGET, HEADER, OFFICE, SALES, line


@pytest.fixture
def file(tmp_path):
    """Writes lines, with the header, to a file and returns its path."""

    def write(*lines, header=HEADER, name="sales.csv", encoding="utf-8") -> Path:
        path = tmp_path / name
        path.write_text("\n".join([header, *lines]) + "\n", encoding=encoding)
        return path

    return write


@pytest.fixture
def bring(session, people, as_system):
    """Loads a file as the manager and commits."""

    def bring(path, profile=SALES, *, who="manager", **kwargs):
        with acting(people[who]):
            outcome = load(session, profile, path, path.name, **kwargs)
        session.commit()
        return outcome

    return bring


def counts(outcome):
    return {name: (t.written, t.changed, t.stood, t.kept) for name, t in outcome.records.items()}


def told(outcome):
    return [(p.row, p.column, p.message) for p in outcome.problems]


def everything(session):
    """All that a load could touch, as it is in the database."""
    session.expire_all()
    tables = (Unit, Person, Gadget)
    rows = {t.__tablename__: session.execute(select(*t.__table__.c).order_by(t.id)).all() for t in tables}
    return rows | {"history": session.scalar(select(func.count()).select_from(AuditEntry))}


def test_a_line_becomes_several_records_linked_to_each_other(bring, file, session, people):
    outcome = bring(file(line(Response="Yes", Price="1,234.50"), line(Code="G2", Buyer="B2", Office="O1")))
    assert counts(outcome) == {
        "office": (1, 0, 0, 0),
        "buyer": (2, 0, 0, 0),
        "gadget": (2, 0, 0, 0),
        "successor": (1, 0, 0, 0),
    }
    gadgets = {g.code: g for g in session.scalars(select(Gadget))}
    first, heir = gadgets["G1"], gadgets["G1-2"]
    office = session.scalars(select(Unit).where(Unit.code == "O1")).one()
    buyer = session.scalars(select(Person).where(Person.number == "B1")).one()
    assert (first.price, first.state, first.buyer_phone) == (Decimal("1234.50"), GadgetState.SOLD, "+8613800138000")
    assert (first.owner_id, first.unit_of_sale_id) == (people["renewal"].user_id, office.id)
    assert (heir.price, heir.twin_id, heir.state) == (Decimal("1357.95"), first.id, GadgetState.OFFERED)
    assert (buyer.joined_on, buyer.unit_id, buyer.daily_hours) == (date(2011, 1, 31), office.id, 16)
    assert gadgets["G2"].state == GadgetState.OFFERED
    assert (outcome.rows, outcome.loaded, outcome.refused) == (2, 2, 0)


def test_imported_rows_belong_to_nobody_and_to_the_unit_of_whoever_imports(bring, file, session, people):
    plain = replace(GADGET, fields={"code": Cell("Code")}, once=())
    bring(file("G1", header="Code"), replace(SALES, targets=(plain,)), who="renewal")
    row = session.scalars(select(Gadget)).one()
    assert (row.owner_id, row.unit_id) == (None, people["renewal"].unit_id)
    assert row.created_by_id == row.changed_by_id == people["renewal"].user_id
    assert (row.version, row.state) == (1, GadgetState.DRAFT)


def test_loading_twice_changes_nothing(bring, file, session):
    path = file(line(Response="Yes"), line(Code="G2"), line(Code="G3", Buyer="B3", Office="O2", Price="", Phone=""))
    bring(path)
    before = everything(session)
    again = bring(path)
    assert counts(again) == {
        "office": (0, 0, 2, 0),
        "buyer": (0, 0, 2, 0),
        "gadget": (0, 0, 3, 0),
        "successor": (0, 0, 1, 0),
    }
    assert again.unchanged
    assert everything(session) == before


def test_rows_that_differ_are_changed_and_their_history_tells_old_and_new(bring, file, session, people):
    bring(file(line(), line(Code="G2")))
    outcome = bring(file(line(Price="120", Phone="13900139000"), line(Code="G2")), who="supervisor")
    assert counts(outcome)["gadget"] == (0, 1, 1, 0)
    row = session.scalars(select(Gadget).where(Gadget.code == "G1")).one()
    assert (row.price, row.version, row.changed_by_id) == (Decimal(120), 2, people["supervisor"].user_id)
    entry = session.scalars(select(AuditEntry).where(AuditEntry.verb == "edit", AuditEntry.record == "gadget")).one()
    assert (entry.record, entry.record_id, entry.source) == ("gadget", row.id, "import")
    assert entry.changes["price"] == ["100.00", "120.00"]
    assert "13900139000" not in str(entry.changes)
    assert session.scalars(select(Gadget).where(Gadget.code == "G2")).one().version == 1


def test_history_summarises_each_target_with_file_bounds_and_keys(bring, file, session, people):
    outcome = bring(file(line(), line(Code="G2", Response="Yes"), line(Code="bad", Price="x")))
    entries = session.scalars(select(AuditEntry).where(AuditEntry.verb == "import").order_by(AuditEntry.id)).all()
    assert [(e.record, e.changes["target"]) for e in entries] == [
        ("unit", "office"), ("person", "buyer"), ("gadget", "gadget"), ("gadget", "successor"),
    ]  # fmt: skip
    gadget = entries[2]
    assert (gadget.user_id, gadget.source, gadget.why) == (people["manager"].user_id, "import", "import sales.csv")
    assert gadget.changes["keys"] == {"written": ["G1", "G2"], "changed": []}
    assert gadget.changes["rows"] == [2, 4]
    assert (gadget.changes["written"], gadget.changes["refused"]) == (2, 1)
    assert gadget.changes["sha256"] == outcome.sha256
    assert len(outcome.sha256) == 64


def test_a_state_is_brought_in_once_and_then_moves_by_steps_alone(bring, file, session, people):
    bring(file(line()))
    row = session.scalars(select(Gadget)).one()
    adopt(session, row, GadgetState.SCRAPPED)
    row.owner_id = people["sales"].user_id
    session.commit()
    assert counts(bring(file(line())))["gadget"] == (0, 0, 0, 1)
    assert counts(bring(file(line(Price="7"))))["gadget"] == (0, 1, 0, 0)
    session.refresh(row)
    assert (row.state, row.owner_id, row.price) == (GadgetState.SCRAPPED, people["sales"].user_id, Decimal(7))


def test_a_frozen_row_is_left_as_it_is(bring, file, session, monkeypatch):
    bring(file(line(Response="Yes")))
    monkeypatch.setattr(Gadget.workflow, "frozen", frozenset({GadgetState.SOLD}))
    assert counts(bring(file(line(Response="Yes", Price="7"))))["gadget"] == (0, 0, 0, 1)
    assert session.scalar(select(Gadget.price).where(Gadget.code == "G1")) == Decimal(100)


BAD = [
    ({"Price": "abc"}, "Price", "“abc” is not a number; write it in digits, such as 1234.50"),
    ({"Price": "1.234"}, "Price", "at most 2 decimal places"),
    ({"Joined": "31/1/2011"}, "Joined", "there is no month 31"),
    ({"Seller": "nobody-here"}, "Seller", "there is no user “nobody-here”"),
    ({"Response": "Perhaps"}, "Response", "the profile does not know “Perhaps”"),
    ({"Code": ""}, "Code", "a value is needed here"),
    ({"Name": ""}, "Name", "a value is needed here"),
    ({"Hours": "13"}, "Hours", "nobody works that long"),
    ({"Phone": "12"}, "Phone", "write a phone number"),
    ({"Price": "", "Response": "Yes"}, "→ price", "a successor needs a price before it"),
]


@pytest.mark.parametrize(("cells", "column", "message"), BAD, ids=[str(bad[0]) for bad in BAD])
def test_a_bad_cell_is_named_and_its_line_refused_whole(bring, file, session, cells, column, message):
    outcome = bring(file(line(Code="G0", Buyer="B0"), line(**({"Code": "G1", "Office": "O9"} | cells))))
    (problem,) = outcome.problems
    assert (problem.row, problem.column) == (3, column)
    assert message in problem.message
    assert (outcome.loaded, outcome.refused) == (1, 1)
    assert session.scalars(select(Gadget.code)).all() == ["G0"]
    assert session.scalar(select(Unit.id).where(Unit.code == "O9")) is None, "another record of the refused line"


def test_every_bad_cell_of_a_line_is_told_at_once(bring, file):
    outcome = bring(file(line(Price="abc", Joined="never", Seller="ghost")))
    assert {p.column for p in outcome.problems} == {"Price", "Joined", "Seller"}
    assert outcome.refused == 1


def test_unknown_values_are_listed_once_each_with_their_count(bring, file):
    outcome = bring(file(*(line(Code=f"G{n}", Response="Maybe" if n % 3 else "Later") for n in range(9))))
    assert outcome.unknown == [("Response", "Maybe", 6), ("Response", "Later", 3)]
    assert outcome.refused == 9


def test_private_values_appear_neither_in_the_preview_nor_among_the_problems(bring, file):
    outcome = bring(file(line(), line(Code="G2", Phone="999")), dry_run=True)
    assert outcome.preview["gadget"][0]["buyer_phone"].endswith("8000")
    assert "13800138000" not in str(outcome.as_dict())
    assert "999" not in str(outcome.as_dict())


def test_lines_that_contradict_each_other_are_both_refused_and_each_names_the_other(bring, file, session):
    outcome = bring(file(line(), line(Code="G2"), line(Price="7"), line()))
    assert told(outcome) == [
        (2, "Code", "“G1” stands on row 4 too, with other values; keep one of the two"),
        (4, "Code", "“G1” stands on row 2 too, with other values; keep one of the two"),
        (5, "Code", "“G1” stands on row 2 too, with other values; keep one of the two"),
    ]
    assert session.scalars(select(Gadget.code)).all() == ["G2"]


def test_lines_that_link_elsewhere_contradict_each_other_too(bring, file):
    outcome = bring(file(line(), line(Office="O2", Code="G2")))
    assert {(p.row, p.column) for p in outcome.problems} == {(2, "Buyer"), (3, "Buyer")}


def test_lines_that_say_the_same_of_a_key_mean_the_same_row(bring, file, session):
    assert counts(bring(file(line(), line(), line(Code="G2"))))["gadget"] == (2, 0, 0, 0)


def test_of_a_shared_target_the_first_line_is_believed(bring, file, session):
    named = replace(OFFICE, fields={"code": Cell("Office"), "name": Cell("Name")})
    profile = replace(SALES, targets=(named,))
    outcome = bring(file(line(), line(Name="Bob"), line()), profile)
    assert [(p.row, p.column) for p in outcome.problems] == [(3, "Office")]
    assert session.scalar(select(Unit.name).where(Unit.code == "O1")) == "Ann"


def test_a_row_the_database_refuses_is_found_among_many(bring, file, session):
    def owner(parsed):
        return 999_999 if parsed["gadget"]["code"] == "G7" else None

    gadget = replace(GADGET, fields={"code": Cell("Code"), "owner_id": Computed(owner)}, once=())
    outcome = bring(file(*(f"G{n}" for n in range(20)), header="Code"), replace(SALES, targets=(gadget,)))
    (problem,) = outcome.problems
    assert (problem.row, problem.message[:30]) == (9, "the database refuses this row:")
    assert counts(outcome)["gadget"] == (19, 0, 0, 0)
    assert session.scalar(select(func.count()).select_from(Gadget)) == 19


def test_serial_numbers_are_given_without_a_gap(bring, file, session, monkeypatch):
    column = Gadget.__table__.c.name
    monkeypatch.setitem(column.info, "serial", "GAD-{year}-{seq:04}")
    profile = replace(SALES, targets=(replace(GADGET, fields={"code": Cell("Code")}, once=()),))
    bring(file("G1", "G2", header="Code"), profile)
    bring(file("G1", "G3", header="Code"), profile)
    names = session.scalars(select(Gadget.name).order_by(Gadget.code)).all()
    assert [name[-4:] for name in names] == ["0001", "0002", "0003"]


def test_a_row_may_be_known_by_what_it_belongs_to(bring, file, session):
    gadget = replace(GADGET, fields={"code": Cell("Code")}, once=())
    fields = {"twin_id": LinkTo("gadget"), "code": Computed(lambda parsed: "of " + parsed["gadget"]["code"])}
    profile = replace(SALES, targets=(gadget, Target("twin", "gadget", "twin_id", fields)))
    path = file("G1", "G2", header="Code")
    assert counts(bring(path, profile, dry_run=True)) == counts(bring(path, profile))
    assert bring(path, profile).unchanged
    assert session.scalars(select(Gadget.code).order_by(Gadget.code)).all() == ["G1", "G2", "of G1", "of G2"]


def test_a_row_somebody_changes_meanwhile_is_not_overwritten(session, people, file, bring, backend):
    bring(file(line()))

    def meanwhile(connection, cursor, statement, *_):
        if statement.startswith("UPDATE gadget"):
            cursor.execute("UPDATE gadget SET version = version + 1")

    event.listen(backend.engine, "before_cursor_execute", meanwhile)
    try:
        with acting(people["manager"]), pytest.raises(Conflict):
            load(session, SALES, file(line(Price="7")), "sales.csv")
    finally:
        event.remove(backend.engine, "before_cursor_execute", meanwhile)


def test_who_is_brought_in_elsewhere_is_seen_there_at_once(bring, file, session):
    bring(file(line(), line(Code="G2", Office="O2", Buyer="B2")))
    epoch = select(Epoch.value).where(Epoch.name == "access")
    before = session.scalar(epoch)
    assert bring(file(line(), line(Code="G2", Office="O2", Buyer="B2"))).unchanged
    assert session.scalar(epoch) == before
    bring(file(line(Buyer="B2", Office="O1")))
    session.expire_all()
    assert session.scalar(epoch) > before


def test_a_dry_run_tells_what_would_happen_and_writes_nothing(bring, file, session):
    path = file(line(Response="Yes"), line(Code="G2", Price="x"), line(Code="G3"))
    before = everything(session)
    dry = bring(path, dry_run=True)
    assert everything(session) == before
    wet = bring(path)
    assert counts(dry) == counts(wet)
    assert told(dry) == told(wet)
    assert counts(bring(path, dry_run=True)) == {
        "office": (0, 0, 1, 0),
        "buyer": (0, 0, 1, 0),
        "gadget": (0, 0, 2, 0),
        "successor": (0, 0, 1, 0),
    }
    assert dry.preview["gadget"][0] == {
        "code": "G1", "price": "100.00", "buyer_phone": "••••••••••8000", "owner_id": "renewal",
        "unit_of_sale_id": "O1", "name": "Gadget of Ann", "state": "sold",
    }  # fmt: skip
    assert dry.preview["successor"] == [{"code": "G1-2", "price": "110.00", "twin_id": "G1", "state": "offered"}]


def test_the_file_of_refused_rows_mended_and_loaded_again_completes(bring, file, session, tmp_path):
    refused = tmp_path / "refused.csv"
    odd = line(Code="G3", Buyer="B3", Name="=1+2, Ann", Seller="ghost")
    assert bring(file(line(), line(Code="G2", Price="abc"), odd), refused=refused).refused == 2
    with refused.open(encoding="utf-8-sig") as opened:
        rows = list(csv.DictReader(opened))
    assert [row["Code"] for row in rows] == ["G2", "G3"]
    assert rows[0]["Problem"] == "column Price: “abc” is not a number; write it in digits, such as 1234.50"
    assert rows[1]["Name"] == "'=1+2, Ann", "a formula is defused"
    refused.write_text(refused.read_text("utf-8-sig").replace("abc", "5").replace("ghost", "sales"), "utf-8-sig")
    mended = bring(refused)
    assert (mended.loaded, mended.refused) == (2, 0)
    names = session.execute(select(Gadget.code, Gadget.name).order_by(Gadget.code)).all()
    assert names == [("G1", "Gadget of Ann"), ("G2", "Gadget of Ann"), ("G3", "Gadget of =1+2, Ann")]


def test_no_file_of_refused_rows_is_made_when_there_are_none(bring, file, tmp_path):
    bring(file(line()), refused=tmp_path / "refused.csv")
    assert not (tmp_path / "refused.csv").exists()


WHOLE = {
    "empty": (b"", "is empty"),
    "no rows": (HEADER.encode(), "no rows"),
    "missing columns": (b"Office,Buyer\nO1,B1\n", "The header lacks: Name, Joined, Hours, Code"),
    "duplicate headers": (f"{HEADER},Price\n{line()},5\n".encode(), "are both “Price”"),
    "truncated workbook": (b"PK\x03\x04" + b"\x00" * 200, ""),
}


@pytest.mark.parametrize("fault", WHOLE)
def test_a_file_with_a_fault_as_a_whole_is_not_loaded(session, people, tmp_path, fault, as_system):
    body, message = WHOLE[fault]
    path = tmp_path / "file.csv"
    path.write_bytes(body)
    before = everything(session)
    with acting(people["manager"]), pytest.raises(SheetError) as error:
        load(session, SALES, path, "file.csv")
    assert message in str(error.value)
    session.commit()
    assert everything(session) == before


@pytest.mark.parametrize("encoding", ["gbk", "utf-8-sig", "utf-16"])
def test_other_encodings_and_full_width_digits_are_read(bring, file, session, encoding):
    written = line(Name="王小明", Code="Ｇ１", Price="１，２３４．５０", Joined="2011年1月31日", Hours="８")
    header = HEADER.replace("Code", "编号")
    bring(file(written.replace('"', ""), header=header, encoding=encoding))
    row = session.scalars(select(Gadget)).one()
    assert (row.code, row.name, row.price) == ("G1", "Gadget of 王小明", Decimal("1234.50"))


def test_nobody_loads_without_the_permission(session, people, file, as_system):
    for actor in (NOBODY, people["sales"], people["admin"]):
        with acting(actor), pytest.raises(NotPermitted):
            load(session, SALES, file(line()), "sales.csv")
    assert session.scalar(select(func.count()).select_from(Gadget)) == 0


def test_what_the_caller_rolls_back_was_never_loaded(session, people, file, as_system):
    before = everything(session)
    with acting(people["manager"]):
        load(session, SALES, file(line(), line(Code="G2")), "sales.csv")
    session.rollback()
    assert everything(session) == before


def test_a_rule_that_breaks_names_itself_and_the_row(session, people, file, as_system):
    broken = replace(GADGET, fields={"code": Cell("Code"), "name": Computed(lambda parsed: parsed["buyer"])}, once=())
    with (
        acting(people["manager"]),
        pytest.raises(Exception, match=r"'gadget', 'name' fails on row 2: KeyError: 'buyer'"),
    ):
        load(session, replace(SALES, targets=(broken,)), file("G1", header="Code"), "x.csv")


def test_progress_is_told_from_the_first_line_to_the_last(bring, file):
    seen = []
    path = file(*(line(Code=f"G{n}") for n in range(1200)))
    bring(path, progress=lambda *at: seen.append(at))
    assert seen[0] == ("read", 1000, 1200)
    assert seen[-2:] == [("write", 1000, 1200), ("write", 1200, 1200)]


FAULTS = {
    "is declared twice": Profile("p", "P", (OFFICE, OFFICE)),
    "which is no record": Profile("p", "P", (replace(OFFICE, record="nothing"),)),
    "which is no unique field": Profile("p", "P", (replace(GADGET, key="price"),)),
    "does not fill its key": Profile("p", "P", (Target("g", "gadget", "code", {"name": Cell("Name")}),)),
    "fills 'colour', which is no field of gadget": Profile("p", "P", (replace(GADGET, once=("colour",)),)),
    "leaves out 'unit_id', which person needs": Profile(
        "p", "P", (Target("b", "person", "number", {"number": Cell("Buyer"), "name": Fixed("x")}),)
    ),
    "links to 'office', which is no target before it": Profile("p", "P", (BUYER, OFFICE)),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_profile_that_cannot_hold_says_why(fault):
    assert any(fault in said for said in faults_of(FAULTS[fault], registry))


def test_a_cell_names_no_row_of_a_record_that_has_no_key(monkeypatch):
    profile = Profile("p", "P", (Target("g", "gadget", "code", {"code": Cell("Code"), "twin_id": Cell("Twin")}),))
    assert list(faults_of(profile, registry)) == []
    monkeypatch.setattr(Gadget, "transfer", None)
    (fault,) = faults_of(profile, registry)
    assert "names a gadget in 'twin_id' by key, and it has none" in fault


def test_the_panel_does_not_start_with_a_profile_that_cannot_hold():
    shelves = Registry()
    shelves.profiles.add("p", Profile("p", "P", (replace(OFFICE, record="nothing"),)))
    with pytest.raises(DeclarationError, match="import profile 'p': target 'office' fills 'nothing'"):
        check.run(shelves)


def test_a_sound_profile_has_no_fault():
    assert not list(faults_of(SALES, registry))
    assert LinkTo("office") == SALES.targets[1].fields["unit_id"]
