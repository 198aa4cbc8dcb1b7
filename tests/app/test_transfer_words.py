"""What a profile may say of a cell besides its column: how years turn, what a blank means, what cannot be."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from app.kernel.actor import acting
from app.kernel.transfer import load
from app.kernel.workflow import adopt
from app.schema.kinds import BadValue
from app.schema.registry import registry
from app.schema.transfer import Cell, Computed, Fixed, LinkTo, Match, Profile, Rest, Target, faults_of
from models.people import Person, Unit
from tests import gadget_sales  # noqa: F401 - declares a profile the manager may load with
from tests.gadget import Gadget, GadgetState


@pytest.fixture
def backend(sqlite_backend):
    """How a line is read is the same on both databases."""
    sqlite_backend.reset()
    sqlite_backend.app.extensions["actors"].forget()
    return sqlite_backend


@pytest.fixture
def bring(session, people, as_system, tmp_path):
    """Loads lines of the columns that targets read, as the manager."""

    def bring(header, *lines, targets, **words):
        path = tmp_path / "file.csv"
        path.write_text("\n".join([header, *lines]) + "\n")
        with acting(people["manager"]):
            outcome = load(session, Profile("gadget_sales", "P", targets, **words), path, path.name)
        session.commit()
        return outcome

    return bring


def gadget(**fields):
    return (Target("gadget", "gadget", "code", {"code": Cell("Code"), **fields}),)


def told(outcome):
    return [(p.row, p.column, p.message) for p in outcome.problems]


def values(session, *columns):
    return session.execute(select(*columns).order_by(Gadget.code)).all()


def test_two_digit_years_turn_where_the_column_says(bring, session):
    joined = {"number": Cell("No"), "name": Cell("No"), "unit_id": Cell("No", match=Match("unit", "code", "id"))}
    for pivot, first in ((20, 1921), (30, 2021)):
        target = Target("p", "person", "number", joined | {"joined_on": Cell("Joined", pivot=pivot)})
        bring("No,Joined", f"HQ,21年3月{pivot}日", targets=(target,))
        assert session.scalar(select(Person.joined_on).where(Person.number == "HQ")) == date(first, 3, pivot)


def test_a_blank_cell_is_what_the_profile_says_or_refused(bring, session):
    named = Computed(lambda row: f"Gadget {row['gadget']['code']} at {row['gadget']['price']}")
    fields = {"price": Cell("Price", blank=Fixed(Decimal(7))), "name": Cell("Name", blank=named)}
    outcome = bring("Code,Price,Name", "G1,, ", "G2,3,Ann", targets=gadget(**fields))
    assert outcome.refused == 0
    assert values(session, Gadget.price, Gadget.name) == [(Decimal(7), "Gadget G1 at 7.00"), (Decimal(3), "Ann")]
    needed = gadget(price=Cell("Price", needed=True))
    assert told(bring("Code,Price", "G3,", "G4,1", targets=needed)) == [(2, "Price", "a value is needed here")]


def test_what_cannot_be_is_the_cells_fault(bring, session):
    def check(price, row):
        if price > 10 and row["gadget"]["code"] == "G1":
            raise BadValue("%(price)s is too dear", price=price)

    outcome = bring("Code,Price", "G1,11", "G2,11", "G3,", targets=gadget(price=Cell("Price", check=check)))
    assert told(outcome) == [(2, "Price", "11.00 is too dear")]
    assert [code for (code,) in values(session, Gadget.code)] == ["G2", "G3"]


def test_a_check_that_breaks_names_itself_and_the_row(bring):
    broken = gadget(price=Cell("Price", check=lambda price, row: row["nothing"]))
    with pytest.raises(Exception, match=r"'gadget', 'price' fails on row 2: KeyError: 'nothing'"):
        bring("Code,Price", "G1,11", targets=broken)


@pytest.mark.parametrize("strict", [True, False])
def test_rows_are_found_by_another_field_than_their_key(bring, session, people, strict):
    twin = session.scalars(select(Person).where(Person.name == "Sales Tester")).one()
    twin.name = "Service Tester"
    session.commit()
    by_name = Match("person", "name", "user_id", strict=strict)
    lines = ("G1,Renewal Tester", "G2,Service Tester", "G3,Nobody", "G4,")
    outcome = bring("Code,Seller", *lines, targets=gadget(owner_id=Cell("Seller", match=by_name, blank=Fixed(None))))
    mine = people["renewal"].user_id
    if strict:
        assert told(outcome) == [
            (3, "Seller", "there are 2 of person “Service Tester”; write which one is meant"),
            (4, "Seller", "there is no person “Nobody”"),
        ]
        assert values(session, Gadget.code, Gadget.owner_id) == [("G1", mine), ("G4", None)]
    else:
        owners = [mine, None, None, None]
        assert values(session, Gadget.owner_id) == [(owner,) for owner in owners]


def test_columns_nobody_knows_are_kept_as_text_or_listed(bring, session):
    unit = Cell("Unit", match=Match("unit", "code", "id"))
    fields = {"number": Cell("No"), "name": Cell("No"), "unit_id": unit}
    keeping = Target("p", "person", "number", fields | {"remark": Rest("Note", also=("Seller",))})
    lines = ("P1,HQ,call first,Ann,red,0042,13800138000", "P2,HQ,,,,,")
    header = "No,Unit,Note,Seller,Colour,Old no,Phone"
    outcome = bring(header, *lines, targets=(keeping,), ignored=("Phone", "Fax"))
    assert (outcome.kept_columns, outcome.unused_columns) == (["Colour", "Old no"], ["Phone"])
    remarks = select(Person.remark).where(Person.number.in_(("P1", "P2"))).order_by(Person.number)
    assert session.scalars(remarks).all() == ["call first\nSeller: Ann\nColour: red\nOld no: 0042", None]
    listing = Target("p", "person", "number", fields)
    plain = bring("No,Unit,Colour,Phone", "P3,HQ,red,1", targets=(listing,), ignored=("Phone",))
    assert (plain.kept_columns, plain.unused_columns) == ([], ["Phone", "Colour"])


OFFICE = Target("office", "unit", "code", {"code": Cell("Office")}, found=("name", "id"))


def test_a_row_that_stands_already_is_found_with_its_fields_and_never_made(bring, session):
    name = Computed(lambda row: f"Gadget of {row['office']['name']}")
    targets = (OFFICE, *gadget(name=name, unit_of_sale_id=LinkTo("office")))
    before = session.scalar(select(func.count(Unit.id)))
    outcome = bring("Code,Office", "G1,HQ", "G2,O9", "G3,", targets=targets)
    assert told(outcome) == [(3, "Office", "there is no unit “O9”"), (4, "Office", "a value is needed here")]
    hq = session.scalar(select(Unit.id).where(Unit.code == "HQ"))
    assert values(session, Gadget.name, Gadget.unit_of_sale_id) == [("Gadget of HQ unit", hq)]
    assert session.scalar(select(func.count(Unit.id))) == before
    tally = outcome.records["office"]
    assert (tally.written, tally.changed, tally.stood) == (0, 0, 1)


def test_nothing_new_is_made_of_a_row_that_was_left_as_it_is(bring, session):
    state = Cell("State", values={"sold": GadgetState.SOLD, "offered": GadgetState.OFFERED})
    heir = Target(
        "heir",
        "gadget",
        "code",
        {"code": Computed(lambda row: row["gadget"]["code"] + "-2"), "twin_id": LinkTo("gadget")},
        when=lambda row, cells: row["gadget"]["state"] == GadgetState.SOLD,
    )
    targets = (*gadget(state=state), heir)
    bring("Code,State", "G1,offered", "G2,sold", targets=targets)
    adopt(session, session.scalars(select(Gadget).where(Gadget.code == "G2")).one(), GadgetState.SCRAPPED)
    session.commit()
    outcome = bring("Code,State", "G1,sold", "G2,sold", "G3,sold", targets=targets)
    assert told(outcome) == [
        (2, "→ twin_id", "what it belongs to stands otherwise here, and moves only by its steps")
    ], "that of G2 stands already"
    assert [code for (code,) in values(session, Gadget.code)] == ["G1", "G2", "G2-2", "G3", "G3-2"]


FAULTS = {
    "let it hold the cell of its key 'code' and no other field": (replace(OFFICE, fields={"code": Fixed("HQ")}),),
    "looks at 'colour', which is no field of unit": (replace(OFFICE, found=("colour",)),),
    "'price': it is needed and says what stands for a blank": gadget(price=Cell("P", needed=True, blank=Fixed(1))),
    "'price': years turn at 101": gadget(price=Cell("P", pivot=101)),
    "'owner_id': it matches rows of 'nothing'": gadget(owner_id=Cell("S", match=Match("nothing", "a", "b"))),
    "it matches by 'nick', which is no field": gadget(owner_id=Cell("S", match=Match("person", "nick", "user_id"))),
    "keeps the rest in 'name', which is no long text": gadget(name=Rest()),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_words_that_cannot_hold_say_why(fault):
    assert any(fault in said for said in faults_of(Profile("p", "P", FAULTS[fault]), registry))


def test_a_column_is_read_or_ignored():
    declared = Profile("p", "P", gadget(), ignored=("Code",))
    assert list(faults_of(declared, registry)) == ["it reads 'Code' and ignores it: do one of the two"]
