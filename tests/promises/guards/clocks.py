"""Guards of clocks: they stand still, follow the limit and the calendar, and tell each occasion once."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import false, update

from app.jobs.clocks import tick
from app.kernel import clocks
from app.kernel.actor import acting, system_actor
from app.kernel.settings import set_setting
from app.kernel.workflow import advance
from app.schema.clocks import Phase, Sla
from models.claims import Claim
from models.claims.states import LossCause
from tests.models import book
from tests.promises.guards.world import Controls, World

DAY = timedelta(days=1)
DAYS = "claims.decision_days"


def reported(world: World) -> Claim:
    """A claim that has just come in; the decision on it is owed within so many days, and nothing else is limited."""
    specialist = world.people["claims"]
    with acting(system_actor("guards")):
        set_setting(world.session, DAYS, "30")
        for other in ("claims.handover_hours", "claims.promise_days", "claims.promise_days_fast"):
            set_setting(world.session, other, "")
        contract = book.contract(world.session, date(2099, 1, 1))
        row = Claim(contract_id=contract.id, occurred_on=date(2098, 1, 1), cause=LossCause.FIRE, claimed=100)
        row.owner_id, row.unit_id = specialist.user_id, specialist.unit_id
        world.session.add(row)
        world.session.commit()
    return row


def due_of(world: World, row: Claim) -> datetime:
    """When the decision is due, as the database has it."""
    world.session.expire_all()
    due = next(each.due for each in clocks.of_row(world.session, row) if each.name == "decision")
    world.session.rollback()
    assert due is not None
    return due


def ticked(world: World, moment: datetime) -> dict[str, Any]:
    with acting(system_actor("clocks.tick")):
        counts = tick(moment, world.session)
        world.session.commit()
        return counts


def runs_on(world: World) -> list[Any]:
    """A limit passes though the house waits for papers."""
    row = reported(world)
    with acting(system_actor("guards")):
        due = due_of(world, row)
        advance(world.session, row, "accept")
        world.session.commit()
    counts = ticked(world, due + DAY)
    return [counts] if counts["passed"] else []


def keeps_its_end(world: World) -> list[Any]:
    """A limit is changed, and what runs keeps its end."""
    row = reported(world)
    with acting(system_actor("guards")):
        before = due_of(world, row)
        set_setting(world.session, DAYS, "40")
        world.session.commit()
    ticked(world, datetime.now(UTC))
    with acting(system_actor("guards")):
        return [before] if due_of(world, row) == before else []


def missed(world: World) -> list[Any]:
    """A row whose state a set-based statement wrote keeps a clock that runs."""
    row = reported(world)
    with acting(system_actor("guards")):
        due = due_of(world, row)
        world.session.execute(update(Claim).where(Claim.id == row.id).values(state="withdrawn"))
        world.session.commit()
    counts = ticked(world, due + DAY)
    return [counts] if counts["passed"] else []


def told_again(world: World) -> list[Any]:
    """What one tick has told of is told by the next."""
    row = reported(world)
    with acting(system_actor("guards")):
        late = due_of(world, row) + DAY * 5
    first, second = (ticked(world, late) for _tick in range(2))
    assert first["passed"], "nobody was told at all"
    return [second] if second["passed"] or second["escalated"] else []


def ticks_always(patch: Any, _world: World) -> None:
    phase_of = Sla.phase_of

    def unpaused(self: Sla, row: Any, state: Any) -> Phase:
        found = phase_of(self, row, state)
        return Phase.RUN if found is Phase.PAUSE else found

    patch.setattr(Sla, "phase_of", unpaused)
    patch.setattr(clocks, "left_behind", lambda *asked: [])


class Forgetful:
    """An update that leaves the level of a clock as it was."""

    def __init__(self, statement: Any) -> None:
        self.statement = statement

    def where(self, *conditions: Any) -> "Forgetful":
        return Forgetful(self.statement.where(*conditions))

    def values(self, *some: Any, **values: Any) -> Any:
        statement = self.statement.where(false()) if "level" in values else self.statement
        return statement.values(*some, **values)


CONTROLS: Controls = {
    "a clock stands still while others are waited for": (runs_on, ticks_always),
    "a limit that is changed moves the ends": (
        keeps_its_end,
        lambda p, _: p.setattr(clocks, "due_for_reckoning", lambda *asked: []),
    ),
    "what the session did not see is made up for": (
        missed,
        lambda p, _: p.setattr(clocks, "left_behind", lambda *asked: []),
    ),
    "a limit that has passed is told once": (
        told_again,
        lambda p, _: p.setattr("app.jobs.clocks.update", lambda table: update(table).where(false())),
    ),
    "a level is told once": (
        told_again,
        lambda p, _: p.setattr("app.jobs.clocks.update", lambda table: Forgetful(update(table))),
    ),
}
"""The house's calendar is a limit like another: ends are reckoned anew by the same road, see `Terms.stamp`."""
