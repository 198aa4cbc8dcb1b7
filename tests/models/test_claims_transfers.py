"""Payouts go to the bank in files: each in one, none in two, all of it or nothing; finance alone reads the accounts."""

import csv
import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from app.kernel.actor import acting, system_actor
from app.kernel.fields import hidden_in
from app.kernel.store import the_store
from app.schema.errors import NotPermitted, Refusal
from models.claims import Payout, TransferFile
from models.claims.states import PayoutMethod, TransferState
from tests.journey import enter, stopped, walk
from tests.models import book, covers

TODAY = datetime.now(UTC).date()


@pytest.fixture
def payouts(session, as_system):
    """Four payouts: two by transfer, one by cheque, and one by transfer that another system has made."""
    contract = book.contract(session, TODAY + timedelta(days=100))
    ways = (PayoutMethod.TRANSFER, PayoutMethod.CHEQUE, PayoutMethod.TRANSFER, PayoutMethod.TRANSFER)
    for number, method in enumerate(ways, 1):
        claim = covers.claim(contract.id, TODAY - timedelta(days=number))
        session.add(claim)
        session.flush()
        place = {"claim_id": claim.id, "round": 1, "payee": f"李娜 {number}"}
        place["payee_account"] = covers.ACCOUNT if number < 4 else None
        session.add(Payout(**place, amount=Decimal("100.10") * number, method=method, paid_on=TODAY))
    session.commit()


def test_a_file_holds_every_payout_that_waits_and_none_twice(session, people, payouts):
    made = enter(session, people["finance"], TransferFile(remark="Friday"))
    walk(session, made, people["finance"], "draw_up")
    assert (made.payouts, made.total, made.state) == (2, Decimal("400.40"), TransferState.DRAWN_UP)
    rows = list(csv.DictReader(io.StringIO(the_store().open(made.content.id).read().decode())))
    assert [(row["payee"], row["account"], row["amount"]) for row in rows] == [
        ("李娜 1", covers.ACCOUNT, "100.10"),
        ("李娜 3", covers.ACCOUNT, "300.30"),
    ]
    with acting(system_actor("tests")):
        kept = session.scalars(select(Payout.transfer_file_id).order_by(Payout.id)).all()
    assert kept == [made.id, None, made.id, None]
    another = enter(session, people["finance"], TransferFile())
    stopped(session, another, people["finance"], "draw_up", Refusal, "No payout waits")


def test_who_hands_a_file_to_the_bank_does_not_confirm_it(session, people, payouts):
    made = enter(session, people["finance"], TransferFile())
    walk(session, made, people["finance"], "draw_up")
    walk(session, made, people["finance"], "send")
    stopped(session, made, people["finance"], "confirm", Refusal, "Four eyes")


def test_finance_alone_makes_files_and_reads_the_accounts(session, people, payouts):
    for who in ("claims", "manager", "supervisor", "sales"):
        with acting(people[who]):
            session.add(TransferFile())
            with pytest.raises(NotPermitted):
                session.flush()
            session.rollback()
    made = enter(session, people["finance"], TransferFile())
    walk(session, made, people["finance"], "draw_up")
    for who, hidden in (("finance", False), ("manager", True), ("inspector", True)):
        with acting(people[who]):
            assert session.scalars(select(TransferFile)).all() == [made]
            assert ("content" in hidden_in(people[who], made)) == hidden
