"""Approvals at the same moment: a claim is approved once, and a limit is drawn to the cent, however many try."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Barrier, Thread

from sqlalchemy import select

from app.kernel.actor import acting, system_actor
from app.kernel.workflow import adopt, advance
from app.schema.errors import Refusal
from models.claims import Claim, settling
from models.claims.states import ClaimState
from models.contracts import ContractCoverage
from tests.models import covers

DAY = timedelta(days=1)
TODAY = datetime.now(UTC).date()
SYSTEM = system_actor("tests", "cli")


def waiting(session, people, aggregate: str, count: int) -> list[int]:
    """So many claims of 1,000 under one coverage with that limit, papers in, lines approved."""
    place = {"owner_id": people["claims"].user_id, "unit_id": people["claims"].unit_id}
    made = []
    with acting(SYSTEM):
        contract = covers.contract(session, TODAY + 165 * DAY, {"aggregate": Decimal(aggregate)})
        cover = session.scalar(select(ContractCoverage.id).where(ContractCoverage.contract_id == contract.id))
        for number in range(count):
            claim = covers.claim(contract.id, TODAY - (3 + 5 * number) * DAY, **place)
            adopt(session, claim, ClaimState.REVIEWING)
            session.add(claim)
            session.flush()
            session.add(covers.line(claim.id, "1000", cover))
            made.append(claim.id)
        session.commit()
    return made


def at_once(backend, work, count) -> list[str]:
    """What became of `work`, done by so many threads at the same moment."""
    barrier, outcomes = Barrier(count), []

    def race(number: int) -> None:
        with backend.session() as own:
            barrier.wait()
            outcomes.append(work(own, number))

    threads = [Thread(target=race, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


def approve_what_is_left(own, claim_id, actor) -> str:
    """Approve what the lines come to; whoever was overtaken looks again."""
    for _ in range(60):
        try:
            with acting(actor):
                claim = own.scalars(select(Claim).where(Claim.id == claim_id)).one()
                with acting(SYSTEM):
                    left = settling.due(own, claim)
                own.rollback()
                if not left:
                    return "nothing left"
                advance(own, claim, "approve", answers={"approved": left})
                own.commit()
                return "approved"
        except Refusal as refusal:
            own.rollback()
            if "while the state is" in str(refusal):
                return "overtaken"
    return "gave up"


def drawn(session) -> list[Decimal]:
    with acting(SYSTEM):
        return list(session.scalars(select(ContractCoverage.drawn)))


def test_a_hundred_who_approve_one_claim_approve_it_once(backend, session, people):
    (claim,) = waiting(session, people, "700", 1)
    outcomes = at_once(backend, lambda own, _: approve_what_is_left(own, claim, people["claims"]), 100)
    assert sorted(outcomes) == ["approved"] + ["overtaken"] * 99
    assert drawn(session) == [Decimal(700)]


def test_ten_claims_on_one_aggregate_draw_exactly_the_limit(backend, session, people):
    claims = waiting(session, people, "3500.01", 10)
    outcomes = at_once(backend, lambda own, n: approve_what_is_left(own, claims[n % 10], people["claims"]), 100)
    assert outcomes.count("approved") == 4
    assert drawn(session) == [Decimal("3500.01")]
    with acting(SYSTEM):
        amounts = session.scalars(select(Claim.approved).where(Claim.state == ClaimState.APPROVED)).all()
    assert sorted(amounts) == [Decimal("500.01"), Decimal(1000), Decimal(1000), Decimal(1000)]
