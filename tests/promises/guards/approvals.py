"""Guards of agreements: in which order, by whom, nobody twice, and bound to what was agreed to."""

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from sqlalchemy import func, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from app.kernel import approvals, deputies, guard
from app.kernel.actor import acting, system_actor
from app.kernel.clock import house_day
from app.kernel.tables import Approval
from app.kernel.workflow import advance
from app.schema.roles import Scope
from app.schema.workflow import Step
from models.people import Absence, Person
from tests.expense import Expense, ExpenseState
from tests.promises.guards.world import ACCOUNT, Controls, World


def submitted(world: World, amount: int = 500, by: str = "sales") -> Expense:
    """An expense of somebody, submitted."""
    with acting(system_actor("guards")):
        number = world.session.scalar(select(func.count(Expense.id)))
    actor = world.people[by]
    if by != "sales":
        actor = reaching(actor, "add", "edit", "step:submit")
    with acting(actor):
        row = Expense(code=f"E{number}", amount=amount, payee="Li Na", account=ACCOUNT)
        world.session.add(row)
        world.session.commit()
        advance(world.session, row, "submit")
        world.session.commit()
    return row


def reaching(actor: Any, *verbs: str) -> Any:
    return replace(actor, reach={**actor.reach, **{(verb, "expense"): Scope.ALL for verb in verbs}})


def approve(world: World, row: Expense, actor: Any, amount: int = 500) -> None:
    with acting(actor):
        advance(world.session, row, "approve", answers={"amount": str(amount)})
        world.session.commit()


def skipped_levels(world: World) -> list[Any]:
    row = submitted(world)
    approve(world, row, world.people["supervisor"])
    return [] if row.state == ExpenseState.SUBMITTED else [row.state]


def jumped_queue(world: World) -> list[Any]:
    """A second supervisor agrees to the managers' level."""
    row = submitted(world)
    approve(world, row, world.people["supervisor"])
    other = reaching(world.people["supervisor2"], "step:approve", "step:approve.level1", "read")
    return attempted(world, row, other)


def attempted(world: World, row: Expense, actor: Any, amount: int = 500) -> list[Any]:
    world.people["somebody"] = actor
    answers = {"amount": str(amount)}
    return world.tried("somebody", lambda: advance(world.session, row, "approve", answers=answers))


def one_voice_twice(world: World) -> list[Any]:
    row = submitted(world)
    approve(world, row, world.people["manager"])
    with acting(world.people["manager"]):
        closed = approvals.obstacle(world.session, row, step_of("approve"), world.people["manager"])
        world.session.rollback()
    return [] if closed else ["offered again"]


def twice_in_the_database(world: World) -> list[Any]:
    """Two processes that both found nobody heard yet write the same person's agreement."""
    values = {"record": "expense", "row_id": 1, "step": "approve", "verdict": "yes", "seal": "x"}
    values |= dict.fromkeys(("user_id", "for_id"), world.people["manager"].user_id)
    with acting(system_actor("guards")):
        try:
            for part in ("level1", "level2"):
                world.session.execute(insert(Approval).values(part=part, at=datetime.now(UTC), **values))
        except IntegrityError:
            return []
        finally:
            world.session.rollback()
    return ["both stand"]


def ones_own_amount(world: World) -> list[Any]:
    row = submitted(world, 50, by="supervisor")
    return attempted(world, row, world.people["supervisor"], 50)


def own_in_the_database(world: World) -> list[Any]:
    """Written past the application: the agreement of who added the row."""
    row = submitted(world, 50, by="supervisor")
    with acting(system_actor("guards")):
        given = {
            "record": "expense",
            "row_id": row.id,
            "step": "approve",
            "part": "level9",
            "verdict": "yes",
            "seal": "x",
        }
        try:
            world.session.execute(insert(Approval).values(**given, user_id=world.people["supervisor"].user_id))
        except IntegrityError:
            world.session.rollback()
            return []
        world.session.rollback()
    return ["agreed"]


def unguarded(_patch: Any, world: World) -> None:
    name, on = "ck_approval_expense_approve_is_for_others", world.session.get_bind().dialect.name
    with acting(system_actor("guards")):
        for each in (f"{name}_on_insert", f"{name}_on_update") if on == "sqlite" else (f"{name} ON approval",):
            world.session.execute(text(f"DROP TRIGGER {each}"))
        world.session.commit()


def unasked(patch: Any, world: World) -> None:
    """Neither the application nor the database asks whose the row is."""
    patch.setattr(approvals, "_owners", lambda *asked: set())
    unguarded(patch, world)


def deputies_too_early(world: World) -> list[Any]:
    """Somebody stands in for who has only asked to be away."""
    today = house_day(datetime.now(UTC))
    with acting(system_actor("guards")):
        ids = {
            name: world.session.scalar(select(Person.id).where(Person.user_id == world.people[name].user_id))
            for name in ("manager", "supervisor")
        }
        asked = Absence(person_id=ids["manager"], deputy_id=ids["supervisor"], starts_on=today, ends_on=today)
        world.session.add(asked)
        world.session.flush()
        found = deputies.represented(world.session, world.people["supervisor"].user_id, today)
        world.session.rollback()
    return list(found)


def survives_a_change(world: World) -> list[Any]:
    row = submitted(world)
    approve(world, row, world.people["supervisor"])
    with acting(world.people["sales"]):
        row.payee = "Li Ma"
        world.session.commit()
        live = world.session.scalars(
            select(Approval.part).where(Approval.row_id == row.id, Approval.void_at.is_(None))
        ).all()
        world.session.rollback()
    return list(live)


def paid_unapproved(world: World) -> list[Any]:
    """What was approved is changed beside the session, and goes on to be checked."""
    row = submitted(world, 50)
    approve(world, row, world.people["supervisor"], 50)
    with acting(system_actor("guards")):
        world.session.execute(update(Expense).where(Expense.id == row.id).values(account=ACCOUNT + "4"))
        world.session.commit()
    return world.tried("finance", lambda: advance(world.session, row, "check", answers={"verdict": "yes"}))


def silent_refusals(world: World) -> list[Any]:
    """A reviewer says no without a reason."""
    row = submitted(world, 50)
    approve(world, row, world.people["supervisor"], 50)
    return world.tried("finance", lambda: advance(world.session, row, "check", answers={"verdict": "no"}))


def step_of(name: str) -> Step:
    step = Expense.workflow.step(name)
    assert step is not None
    return step


def nobody_heard(patch: Any, _world: World) -> None:
    """What was agreed to is known, and not by whom."""
    live = approvals.live

    def nameless(*asked: Any) -> list[Any]:
        return [
            SimpleNamespace(part=each.part, seal=each.seal, verdict=each.verdict, user_id=None, for_id=None)
            for each in live(*asked)
        ]

    patch.setattr(approvals, "live", nameless)


def unconstrained(_patch: Any, world: World) -> None:
    with acting(system_actor("guards")):
        for name in ("giver", "in_place_of"):
            world.session.execute(text(f"DROP INDEX uq_approval_{name}"))
        world.session.commit()


def given_for_nothing(patch: Any, _world: World) -> None:
    patch.setattr(approvals, "intact", lambda *asked: True)
    patch.setattr(approvals, "give", lambda session, row, step, *more: approvals.Given(step.parts[0], step.target))


CONTROLS: Controls = {
    "every level agrees": (
        skipped_levels,
        lambda p, _: p.setattr(approvals, "needed", lambda session, row, step: step.parts[:1]),
    ),
    "levels agree in their order": (
        jumped_queue,
        lambda p, _: p.setattr(approvals, "may_give", lambda *asked: True),
    ),
    "nobody agrees twice": (one_voice_twice, nobody_heard),
    "the database lets nobody agree twice": (twice_in_the_database, unconstrained),
    "nobody agrees to an amount of one's own": (ones_own_amount, unasked),
    "the database lets nobody agree to what is one's own": (own_in_the_database, unguarded),
    "a deputy stands in while the absence is approved": (
        deputies_too_early,
        lambda p, _: p.setattr(deputies, "IN_FORCE", "requested"),
    ),
    "an agreement is void when what it is bound to changes": (
        survives_a_change,
        lambda p, _: p.setattr(guard.approvals, "watch", lambda *asked: None),
    ),
    "only what was approved is gone on with": (
        paid_unapproved,
        lambda p, _: p.setattr(approvals, "intact", lambda *a: True),
    ),
    "a no has its reason": (silent_refusals, given_for_nothing),
}
