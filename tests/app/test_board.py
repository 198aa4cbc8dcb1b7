"""The board: rows by their state within one's reach, moved by the steps one may take."""

import re

import pytest

from app.kernel.actor import acting, system_actor
from app.panel.board import CARDS
from app.schema.registry import registry
from tests.factories import make
from tests.gadget import Gadget, GadgetState
from tests.screens import plain, post, statements

on_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def lanes(page):
    """The titles of the cards by the state of their lane, and how many the lane says there are."""
    found = {}
    for part in page.split('class="yx-lane card"')[1:]:
        state = re.search(r'data-state="(\w+)"', part)[1]
        titles = [plain(title) for title in re.findall(r'<a class="yx-title"[^>]*>(.*?)</a>', part, re.DOTALL)]
        found[state] = (titles, plain(re.search(r"yx-total[^>]*>(.*?)</span>", part)[1]))
    return found


@pytest.fixture
def gadgets(session, people):
    """Gadgets of two people, one of them offered; ids by code."""
    found = {}
    with acting(system_actor("tests")):
        for owner, codes in (("sales", ("B1", "B2", "B3")), ("renewal2", ("X1",))):
            for code in codes:
                row = make(session, Gadget, people[owner], code=code, price=5)
                found[code] = row.id
        session.commit()
    return found


def test_cards_stand_by_state_within_reach_and_move_by_steps_alone(session, gadgets, sign_in):
    client = sign_in("sales")
    page = client.get("/gadget/board?order=code").text
    assert lanes(page)["draft"] == (["B1", "B2", "B3"], "3")
    assert "X1" not in page
    assert lanes(client.get("/gadget/board?q=B2").text)["draft"] == (["B2"], "1")
    assert list(lanes(client.get("/gadget/board?state=offered").text)) == ["offered"]
    form = re.search(rf'action="(/gadget/{gadgets["B2"]}/step/offer)" data-target="offered"', page)[1]
    moved = post(client, form, version="1", back="/gadget/board?order=code")
    assert (moved.status_code, moved.headers["Location"]) == (303, "/gadget/board?order=code")
    with acting(system_actor("tests")):
        session.expire_all()
        assert session.get(Gadget, gadgets["B2"]).state == GadgetState.OFFERED
        session.rollback()
    away = post(client, f"/gadget/{gadgets['B1']}/step/offer", version="1", back="https://elsewhere.example/")
    assert away.headers["Location"] == "/", "it never leads to another house"
    seen = lanes(client.get("/gadget/board?order=code").text)
    assert (seen["draft"][0], seen["offered"][0]) == (["B3"], ["B1", "B2"])
    assert post(sign_in("renewal"), form, version="2").status_code in (403, 404)


@on_sqlite
def test_every_record_with_a_state_has_a_board_and_it_asks_no_more_for_more_rows(
    app, session, people, sign_in, backend
):
    client = sign_in("manager")
    for record in registry:
        if f"{record.__tablename__}.board" not in app.view_functions:
            continue
        answer = client.get(f"/{record.__tablename__}/board")
        assert answer.status_code in ((200, 403) if record.workflow else (404, 403)), record
    asked = []
    for _round in range(2):
        with acting(system_actor("tests")):
            for _n in range(CARDS):
                make(session, Gadget, people["sales"])
            session.commit()
        client.get("/gadget/board")
        with statements(backend.engine) as sent:
            page = client.get("/gadget/board").text
        asked.append(len(sent))
    assert asked[0] == asked[1]
    assert lanes(page)["draft"][1] == str(2 * CARDS)
    assert len(lanes(page)["draft"][0]) == CARDS
    assert "Show all" in page
