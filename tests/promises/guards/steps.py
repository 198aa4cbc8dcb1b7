"""Guards of steps: who takes them, by which rule, and that a state moves in no other way."""

from typing import Any

import pytest
from sqlalchemy.orm import attributes

from app.kernel import approvals, guard, history, workflow
from app.kernel.actor import acting, system_actor
from app.kernel.workflow import adopt, advance
from tests.gadget import Gadget, GadgetState
from tests.promises.guards.world import PHONE, Controls, World, asked, none
from tests.screens import post


def in_state(world: World, state: GadgetState) -> Any:
    row = world.row(world.own)
    with acting(system_actor("guards")):
        adopt(world.session, row, state)
        world.session.flush()
    return row


def steps_of_others(world: World) -> list[Any]:
    row = in_state(world, GadgetState.OFFERED)
    return world.tried("renewal", lambda: advance(world.session, row, "sell", answers={"buyer_phone": PHONE}))


def same_eyes(world: World) -> list[Any]:
    row = in_state(world, GadgetState.OFFERED)
    world.session.commit()
    with acting(world.people["supervisor"]):
        advance(world.session, row, "sell", answers={"buyer_phone": PHONE})
        world.session.flush()
    return world.tried("supervisor", lambda: advance(world.session, row, "approve"))


def unruled_steps(world: World) -> list[Any]:
    with acting(system_actor("guards")):
        row = world.row(world.own)
        row.price = None
        world.session.flush()
    return world.tried("renewal", lambda: advance(world.session, row, "offer"))


def unasked_questions(world: World) -> list[Any]:
    row = in_state(world, GadgetState.DRAFT)
    return world.tried("renewal", lambda: advance(world.session, row, "scrap"))


def stale_steps(world: World) -> list[Any]:
    """A step taken on a row as it stood before somebody else changed it."""
    row = in_state(world, GadgetState.DRAFT)
    world.session.commit()
    client = world.sign_in("renewal")
    answer = asked(client, "POST", f"/api/v1/gadget/{world.own}/steps/offer", version=row.version - 1)
    return [] if answer.status_code == 409 else [answer.status]


def states_beside(world: World) -> list[Any]:
    """A state set round the attribute that refuses it."""
    row = in_state(world, GadgetState.DRAFT)

    def smuggle() -> None:
        row.__dict__["state"] = GadgetState.SOLD
        attributes.flag_modified(row, "state")

    return world.tried("renewal", smuggle)


def states_adopted(world: World) -> list[Any]:
    row = in_state(world, GadgetState.DRAFT)
    return world.tried("renewal", lambda: adopt(world.session, row, GadgetState.SOLD))


def frozen_rows(world: World) -> list[Any]:
    """What was decided is edited afterwards."""
    row = in_state(world, GadgetState.SOLD)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Gadget.workflow, "frozen", frozenset({GadgetState.SOLD}))
        return world.tried("renewal", lambda: setattr(row, "name", "another"))


def lost_updates(world: World) -> list[Any]:
    client = world.sign_in("renewal")
    answer = post(client, f"/gadget/{world.own}/edit", version="0", name="lost", price="5")
    return [] if answer.status_code == 409 else [answer.status]


def adopted_by_anybody(patch: Any, _world: World) -> None:
    patch.setattr(workflow, "current_actor", lambda: system_actor("anybody"))


CONTROLS: Controls = {
    "a step asks who may": (steps_of_others, lambda p, _: p.setattr(approvals, "takes_part", lambda *asked: True)),
    "four eyes": (same_eyes, lambda p, _: p.setattr(history, "takers", lambda *asked: set())),
    "a step asks its rule": (unruled_steps, lambda p, _: p.setattr(workflow, "_obstacle", none)),
    "a step has its questions answered": (
        unasked_questions,
        lambda p, _: p.setattr(workflow, "_answers", lambda *asked: {}),
    ),
    "a step is of the version one saw": (stale_steps, lambda p, _: p.setattr("app.panel.resource.same_version", none)),
    "no state is written that no step has set": (states_beside, lambda p, _: p.setattr(workflow, "check_move", none)),
    "only the system brings in states": (states_adopted, adopted_by_anybody),
    "what is frozen is changed by steps alone": (frozen_rows, lambda p, _: p.setattr(guard, "_frozen", none)),
    "a stale form is refused": (lost_updates, lambda p, _: p.setattr("app.panel.writing.check_version", none)),
}
