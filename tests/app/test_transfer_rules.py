"""Files obey the rules of fields: who writes one in which state, what must be given, and no hint of what is hidden."""

from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import select

from app.kernel.actor import acting, system_actor
from app.kernel.transfer import load
from app.kernel.transfer.ruling import UNWRITTEN
from app.kernel.workflow import adopt
from app.schema.transfer import Cell, Target
from tests.dossier import Delivery, Dossier, DossierState
from tests.gadget_sales import SALES

ACCOUNT = "KONTO0001111"
CELLS = {"code": "Code", "finding": "Finding", "reserve": "Reserve", "account": "Account"}
CELLS |= {"delivery": "Delivery", "address": "Address"}
PROFILE = replace(
    SALES, targets=(Target("dossier", "dossier", "code", {name: Cell(cell) for name, cell in CELLS.items()}),)
)
ONE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
def bring(session, people, tmp_path):
    """Loads lines of Code,Finding,Reserve,Account,Delivery,Address as somebody; the problems, and the tally."""

    def bring(*lines, who, dry_run=False):
        path = tmp_path / "dossiers.csv"
        path.write_text("\n".join([",".join(CELLS.values()), *lines]) + "\n", encoding="utf-8")
        with acting(people[who] if who else system_actor("tests", "cli")):
            outcome = load(session, PROFILE, path, path.name, dry_run=dry_run)
            session.commit()
        tally = outcome.records["dossier"]
        problems = [(each.row, each.column, each.message) for each in outcome.problems]
        return problems, (tally.written, tally.changed, tally.stood)

    return bring


@pytest.fixture
def kept(session, people):
    """Two dossiers of the specialist, one of them settled."""
    owner = people["renewal"]
    with acting(system_actor("tests")):
        for code in ("OPEN", "SETTLED"):
            row = Dossier(code=code, finding="found", reserve=Decimal(7), owner_id=owner.user_id, unit_id=owner.unit_id)
            session.add(row)
            session.flush()
        adopt(session, row, DossierState.SETTLED)
        session.commit()


def values(session, code):
    with acting(system_actor("tests")):
        found = session.execute(
            select(Dossier.finding, Dossier.reserve, Dossier.account, Dossier.delivery).where(Dossier.code == code)
        ).one_or_none()
        session.rollback()
    return found


def test_a_file_writes_no_field_its_bringer_may_not_write(session, bring):
    lines = ("A,,,,phone,", "B,,5,,phone,", f"C,,,{ACCOUNT},phone,", "D,seen,5,,phone,")
    refused = [(3, "Reserve", UNWRITTEN), (5, "Finding", UNWRITTEN), (5, "Reserve", UNWRITTEN)]
    assert bring(*lines, who="renewal", dry_run=True) == (refused, (2, 0, 0))
    assert bring(*lines, who="renewal") == (refused, (2, 0, 0))
    assert [values(session, code) is not None for code in "ABCD"] == [True, False, True, False]
    assert values(session, "C").account == ACCOUNT, "written by who does not read it"
    assert bring(*lines[1:], who="manager") == ([], (2, 0, 1))
    assert values(session, "D").finding == "seen"


@ONE
def test_a_field_is_written_in_its_states_alone(session, bring, kept):
    problems, tally = bring("OPEN,anew,7,,phone,", "SETTLED,anew,7,,phone,", who="manager")
    assert problems == [(3, "Finding", "you may not write this field while the state is Settled")]
    assert (tally, values(session, "OPEN").finding, values(session, "SETTLED").finding) == ((0, 1, 0), "anew", "found")


def test_what_a_condition_needs_must_be_in_the_file_whoever_brings_it(session, bring, kept):
    lines = ("OPEN,found,7,,mail,", "N1,,,,mail,", "N2,,,,phone,Road 9", "N3,,,,mail,Road 9", "SETTLED,found,7,,phone,")
    refused = [
        (2, "Address", "This is needed."),
        (3, "Address", "This is needed."),
        (4, "Address", "This does not apply here; leave it empty."),
    ]
    for who in ("manager", None):
        assert bring(*lines, who=who, dry_run=True) == (refused, (1, 0, 1))
    assert bring(*lines, who="manager") == (refused, (1, 0, 1))
    assert values(session, "OPEN").delivery == Delivery.PHONE
    assert values(session, "N3").delivery == Delivery.MAIL


@ONE
def test_a_file_finds_nothing_out_about_what_its_bringer_does_not_read(session, bring, kept):
    """The value that is kept and another one get the same answer, and an empty cell takes nothing away."""
    guesses = [bring(f"OPEN,,{guess},,phone,", who="renewal", dry_run=True) for guess in ("7", "8")]
    assert guesses[0] == guesses[1] == ([(2, "Reserve", UNWRITTEN)], (0, 0, 0))
    assert bring("OPEN,,,,counter,", who="renewal") == ([], (0, 1, 0))
    assert values(session, "OPEN") == ("found", Decimal(7), None, Delivery.COUNTER)
