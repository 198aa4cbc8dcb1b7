"""Approval and payout of claims on shared limits, killed in the middle: none is lost, paid twice, or too much."""

import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from app.kernel.actor import acting, system_actor
from app.kernel.tables import Approval, AuditEntry
from app.kernel.workflow import adopt
from models.claims import Claim, Payout
from models.claims.states import ClaimState
from models.contracts import ContractCoverage
from tests.faults.test_kills import ROOT
from tests.models import covers

TODAY = datetime.now(UTC).date()
CLAIMS = 10
AGGREGATE = Decimal("6500.50")


@pytest.mark.parametrize("backend", [pytest.param("sqlite", marks=pytest.mark.nightly), "postgresql"], indirect=True)
@pytest.mark.parametrize("kills", [8, pytest.param(100, marks=pytest.mark.nightly)])
def test_kills_pay_no_claim_twice_and_lose_none(backend, people, kills):
    with backend.session() as session, acting(system_actor("tests", "cli")):
        contracts = 3 + kills // 3
        handler = {"owner_id": people["claims"].user_id, "unit_id": people["claims"].unit_id}
        for _ in range(contracts):
            contract = covers.contract(session, TODAY + timedelta(days=100), {"aggregate": AGGREGATE})
            cover = session.scalar(select(ContractCoverage.id).where(ContractCoverage.contract_id == contract.id))
            for number in range(CLAIMS):
                claim = covers.claim(contract.id, TODAY - timedelta(days=9 * number + 1), **handler)
                adopt(session, claim, ClaimState.REVIEWING)
                session.add(claim)
                session.flush()
                session.add(covers.line(claim.id, "1000", cover))
        session.commit()
    work = [sys.executable, "-m", "tests.faults.deciding", backend.url, str(kills)]
    done = subprocess.run(work, cwd=ROOT, check=True, timeout=900, stdout=subprocess.PIPE, text=True)
    assert int(done.stdout.split()[-1]) >= kills * 3 // 4, "most were killed at work"

    with backend.session() as session, acting(system_actor("tests", "cli")):
        paid = session.execute(select(Claim.contract_id, Payout.amount).join(Claim)).all()
        assert Counter(contract for contract, _ in paid) == dict.fromkeys({contract for contract, _ in paid}, 7)
        assert len(paid) == 7 * contracts
        assert sum(amount for _, amount in paid) == AGGREGATE * contracts
        assert set(session.scalars(select(ContractCoverage.drawn))) == {AGGREGATE}
        states = Counter(session.scalars(select(Claim.state)))
        assert states == {ClaimState.PAID: 7 * contracts, ClaimState.REVIEWING: 3 * contracts}
        steps = select(AuditEntry.verb, func.count().label("count")).where(
            AuditEntry.record == "claim", AuditEntry.verb.like("step:%")
        )
        told = Counter({row.verb: row.count for row in session.execute(steps.group_by(AuditEntry.verb))})
        assert told == {"step:approve": 7 * contracts, "step:pay": 7 * contracts}
        assert session.scalar(select(func.count(Approval.id)).where(Approval.void_at.is_(None))) == 7 * contracts
