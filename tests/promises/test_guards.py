"""Negative controls: each guard of the engine is taken out, and the check that holds it turns red.

A check tells the breaches it finds. With every guard in its place it finds none; with the one named taken out it finds
some. So no promise holds merely because nothing was tried. The tables are in `tests/promises/guards`, by area.
"""

import pytest

from tests.promises.guards import approvals, doors, fields, figures, history, identity, rows, steps, talking, writing
from tests.promises.guards import clocks as clocks_
from tests.promises.guards.world import founded

AREAS = (rows, fields, figures, steps, approvals, clocks_, doors, identity, writing, talking, history)
CONTROLS = {name: control for area in AREAS for name, control in area.CONTROLS.items()}
pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
def world(app, session, people, sign_in):
    return founded(app, session, people, sign_in)


@pytest.mark.parametrize("name", CONTROLS)
def test_a_check_is_green_with_its_guard_and_red_without(world, monkeypatch, name):
    check, take_out = CONTROLS[name]
    assert check(world) == []
    world.forget()
    with monkeypatch.context() as patch:
        take_out(patch, world)
        assert check(world) != [], "the check does not notice that the guard is gone"
    world.forget()


def test_no_guard_is_named_twice(backend):
    assert len(CONTROLS) == sum(len(area.CONTROLS) for area in AREAS)
