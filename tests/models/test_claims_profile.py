"""The import profile of claims another system settled, on an extract of a hundred lines: each column's own rule."""

import csv
import io
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import func, select

from app.jobs.clocks import tick
from app.kernel.settings import set_setting
from app.kernel.tables import Clock, Notice
from app.kernel.transfer import load
from app.kernel.workflow import adopt
from app.schema.registry import registry
from app.schema.transfer import faults_of
from models.claims import Claim, Payout
from models.claims.states import ClaimState, LossCause, PayoutMethod
from tests.data import make_claims
from tests.data.make_claims import COLUMNS
from tests.models import book

EXTRACT = Path(__file__).parents[1] / "data" / "claims_100.csv"
GOOD = {
    "保单号": "C-OLD", "赔案号": "PA1", "出险日期": "98-7-1", "报案日期": "98年7月2日", "结案日期": "1998/8/1",
    "支付日期": "19980803", "出险原因": "碰撞", "出险地点": "沪宁高速", "索赔金额": "￥1,200.50", "核定金额": "1000",
    "赔付金额": "９５０．２５", "领款人": "李娜", "支付方式": "支票", "状态": "已结案", "经办人": "Claims Tester",
    "备注": "资料齐全", "机构": "一分部",
}  # fmt: skip


@pytest.fixture
def backend(sqlite_backend):
    """The mapping is the same on both databases; the journey of 5,000 lines runs on both."""
    sqlite_backend.reset()
    sqlite_backend.app.extensions["actors"].forget()
    return sqlite_backend


@pytest.fixture
def contract(session, as_system, people):
    """In force for the year from 1 July 1998, in South-1."""
    made = book.contract(session, date(1999, 6, 30), number="C-OLD", unit_id=people["renewal3"].unit_id)
    session.commit()
    return made


@pytest.fixture
def bring(session, contract, tmp_path):
    """Loads lines that are as `GOOD` but for the cells given."""

    def bring(*lines):
        out = io.StringIO()
        writer = csv.DictWriter(out, COLUMNS, restval="")
        writer.writeheader()
        writer.writerows(GOOD | line for line in lines)
        path = tmp_path / "claims.csv"
        path.write_text(out.getvalue())
        outcome = load(session, registry.profiles["claims_history"], path, path.name)
        session.commit()
        return outcome

    return bring


def the_claim(session):
    return session.scalars(select(Claim)).one()


def test_the_profile_holds():
    assert list(faults_of(registry.profiles["claims_history"], registry)) == []


def test_the_extract_is_what_the_generator_writes_and_loads(session, as_system):
    assert EXTRACT.read_bytes().decode() == make_claims.text(make_claims.lines(100))
    of = book.customer(session)
    for sold in make_claims.contracts():
        book.contract(session, sold.expires_on, of=of, number=sold.number, starts_on=sold.starts_on)
    outcome = load(session, registry.profiles["claims_history"], EXTRACT, EXTRACT.name)
    faulty = sum(bool(line.fault) for line in make_claims.lines(100))
    assert (outcome.rows, outcome.refused) == (100, faulty)
    assert session.scalar(select(func.count(Claim.id))) == outcome.records["claim"].written > 80


def test_a_line_becomes_a_claim_and_its_payout(session, people, contract, bring):
    assert bring({}).refused == 0
    claim, payout = the_claim(session), session.scalars(select(Payout)).one()
    assert (claim.number, claim.contract_id, claim.state) == ("PA1", contract.id, ClaimState.PAID)
    assert (claim.occurred_on, claim.decided_on) == (date(1998, 7, 1), date(1998, 8, 1))
    assert claim.reported_at == datetime(1998, 7, 1, 16, tzinfo=UTC), "midnight on the clock of the house"
    assert (claim.cause, claim.place, claim.round) == (LossCause.COLLISION, "沪宁高速", 1)
    assert (claim.claimed, claim.assessed, claim.approved) == (Decimal("1200.50"), Decimal(1000), Decimal("950.25"))
    assert claim.remark == "资料齐全\n经办人: Claims Tester\n机构: 一分部"
    assert (payout.claim_id, payout.round, payout.amount) == (claim.id, 1, Decimal("950.25"))
    assert (payout.payee, payout.payee_account, payout.method) == ("李娜", None, PayoutMethod.CHEQUE)
    assert payout.paid_on == date(1998, 8, 3)
    for row in (claim, payout):
        assert (row.owner_id, row.unit_id) == (people["claims"].user_id, people["claims"].unit_id)


def test_what_stands_for_blank_cells(session, people, bring):
    blank = ("报案日期", "支付日期", "出险原因", "出险地点", "核定金额", "支付方式", "经办人", "备注", "机构")
    assert bring(dict.fromkeys(blank, "")).refused == 0
    claim, payout = the_claim(session), session.scalars(select(Payout)).one()
    assert claim.reported_at == datetime(1998, 6, 30, 16, tzinfo=UTC), "the day of the loss"
    assert (claim.cause, claim.place, claim.assessed, claim.remark) == (LossCause.OTHER, None, None, None)
    assert (payout.paid_on, payout.method) == (claim.decided_on, PayoutMethod.TRANSFER)
    assert (claim.owner_id, claim.unit_id) == (None, people["renewal3"].unit_id), "the pool of the contract's unit"


REFUSED = [
    ({"保单号": "C-NEW"}, "保单号", "there is no contract “C-NEW”"),
    ({"保单号": ""}, "保单号", "a value is needed here"),
    ({"赔案号": ""}, "赔案号", "a value is needed here"),
    ({"出险日期": ""}, "出险日期", "a value is needed here"),
    ({"出险日期": "98-6-30"}, "出险日期", "1998-06-30 lies before the contract, which starts on 1998-07-01"),
    ({"出险日期": "69-1-1"}, "出险日期", "2069-01-01 is still to come"),
    ({"出险日期": "7/1/98"}, "出险日期", "does not say whether the day or the month comes first"),
    ({"报案日期": "98-6-30"}, "报案日期", "1998-06-30 lies before the loss of 1998-07-01"),
    ({"结案日期": ""}, "结案日期", "a decided claim needs the day of its decision"),
    ({"结案日期": "98-7-1"}, "结案日期", "1998-07-01 lies before the notice of 1998-07-02"),
    ({"支付日期": "98-7-31"}, "支付日期", "1998-07-31 lies before the decision of 1998-08-01"),
    ({"索赔金额": ""}, "索赔金额", "a value is needed here"),
    ({"索赔金额": "-0.01"}, "索赔金额", "write an amount from 0 up"),
    ({"核定金额": "-1"}, "核定金额", "write an amount from 0 up"),
    ({"赔付金额": ""}, "赔付金额", "a paid claim needs the amount paid"),
    ({"赔付金额": "0.00"}, "赔付金额", "a paid claim needs the amount paid"),
    ({"赔付金额": "-1"}, "赔付金额", "write an amount from 0 up"),
    ({"领款人": ""}, "领款人", "a value is needed here"),
    ({"状态": "拒赔"}, "赔付金额", "the state says it is not paid"),
    ({"状态": "处理中", "赔付金额": ""}, "结案日期", "an open claim has no day of decision"),
    ({"状态": "待支付", "赔付金额": "", "核定金额": ""}, "赔付金额", "an approved claim needs the amount assessed"),
    ({"状态": "归档"}, "状态", "the profile does not know “归档”"),
    ({"出险原因": "外星人"}, "出险原因", "the profile does not know “外星人”"),
]


@pytest.mark.parametrize(("cells", "column", "message"), REFUSED, ids=[f"{c}-{m[:20]}" for _, c, m in REFUSED])
def test_what_cannot_be_is_refused_by_row_and_column(session, bring, cells, column, message):
    outcome = bring({"赔案号": "PA0"}, cells)
    (problem,) = outcome.problems
    assert (problem.row, problem.column) == (3, column)
    assert message in problem.message
    assert session.scalars(select(Claim.number)).all() == ["PA0"]


OTHERS = [
    ("拒赔", ClaimState.REFUSED, None, date(1998, 8, 1)),
    ("撤案", ClaimState.WITHDRAWN, None, None),
    ("待支付", ClaimState.APPROVED, Decimal(1000), None),
]


@pytest.mark.parametrize(("word", "state", "approved", "told"), OTHERS)
def test_what_was_not_paid_has_no_payout(session, bring, word, state, approved, told):
    assert bring({"状态": word, "赔付金额": "", "领款人": ""}).refused == 0
    claim = the_claim(session)
    assert (claim.state, claim.approved, claim.refusal_told_on) == (state, approved, told)
    assert session.scalar(select(func.count(Payout.id))) == 0


def test_nobody_is_told_and_no_limit_is_laid_on_what_was_decided(session, bring):
    nothing = {"赔付金额": "", "领款人": ""}
    bring({}, {"赔案号": "PA2", "状态": "拒赔"} | nothing, {"赔案号": "PA3", "状态": "撤案"} | nothing)
    set_setting(session, "claims.decision_days", 1)
    session.commit()
    tick(datetime.now(UTC), session)
    assert session.scalar(select(func.count(Notice.id))) == 0
    assert session.scalar(select(func.count(Clock.id)).where(Clock.stopped_at.is_(None))) == 0


def test_a_claim_worked_on_since_is_left_and_gets_no_payout_from_the_file(session, bring):
    waiting = {"状态": "待支付", "赔付金额": "", "支付日期": "", "领款人": ""}
    bring(waiting)
    outcome = bring({})
    (problem,) = outcome.problems
    assert problem.message == "what it belongs to stands otherwise here, and moves only by its steps"
    assert session.scalar(select(func.count(Payout.id))) == 0
    claim = the_claim(session)
    adopt(session, claim, ClaimState.REVIEWING)
    claim.remark = "ours"
    session.commit()
    assert bring(waiting).records["claim"].kept == 1
    assert the_claim(session).remark == "ours"


def test_of_two_people_of_one_name_neither_is_meant(session, people, bring):
    twin = session.scalars(select(registry["person"]).where(registry["person"].name == "Claims2 Tester")).one()
    twin.name = "Claims Tester"
    session.commit()
    bring({})
    assert the_claim(session).owner_id is None
