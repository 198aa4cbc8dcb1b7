"""The search palette finds what the lists find, among what one may open, and tells nothing else."""

import re
from html import unescape

import pytest
from sqlalchemy import func

from app.kernel.access import may
from app.kernel.actor import acting, system_actor
from app.panel import palette, search
from app.schema.record import Line, kind_of
from app.schema.registry import registry
from models.contracts import Contract
from models.customers import Customer
from tests.dossier import Dossier
from tests.expense import Expense
from tests.factories import make
from tests.gadget import Gadget
from tests.screens import plain, statements

on_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
on_postgresql = pytest.mark.parametrize("backend", ["postgresql"], indirect=True)


def answer(client, **asked):
    found = client.get("/search/palette", query_string=asked)
    assert found.status_code == 200
    return found.text


def groups(page):
    """The titles of an answer by the heading they stand under."""
    found = {}
    for part in page.split('role="group"')[1:]:
        heading = re.search(r'class="yx-hits-of"[^>]*>(.*?)</div>', part, re.DOTALL)[1]
        found[plain(heading)] = [plain(title) for title in re.findall(r'class="yx-hit-title">(.*?)</span>', part)]
    return found


def said(page):
    return unescape(re.search(r'data-said="([^"]*)"', page)[1])


def test_rows_are_found_by_number_plate_and_sound_within_ones_own(session, people, sign_in):
    plate = kind_of(Contract, "plate").sample(3)
    with acting(system_actor("tests")):
        mine = make(session, Customer, people["renewal"], name="王曉明", phone="+8613800138000")
        other = make(session, Customer, people["renewal2"], name="王晓明", phone="+8613800138000")
        contract = make(session, Contract, people["renewal"], customer_id=mine.id, plate=plate)
        make(session, Contract, people["renewal2"], customer_id=other.id, plate=plate)
        session.commit()
        numbers = mine.number, other.number, contract.number
    client = sign_in("renewal")
    for written in ("wangxiaoming", "Wang Xiao", "wxm", "王晓", "曉", "138 0013 8000"):
        page = answer(client, q=written)
        assert groups(page) == {"Customers": ["王曉明"], "Contracts": [numbers[2]]}, written
        assert said(page) == "2 results"
    assert groups(answer(client, q="13800138")) == {}, "a phone number is found in full alone"
    page = answer(client, q=numbers[0].lower())
    assert groups(page) == {"Customers": ["王曉明"]}
    assert "data-whole" in page, "it is the number of this row"
    assert f'href="/customer/{mine.id}"' in page
    page = answer(client, q=plate)
    assert groups(page) == {"Contracts": [numbers[2]]}
    assert "王曉明" in page, "whose contract it is"
    page = answer(client, q=numbers[1])
    assert groups(page) == {}
    assert said(page) == "Nothing found"


def test_nothing_is_found_by_what_one_may_not_read_or_by_a_part_of_a_private_value(session, people, sign_in):
    account = kind_of(Dossier, "account").sample(1)
    with acting(system_actor("tests")):
        rival = make(session, Gadget, people["sales"], code="RIVAL", name="peculiar")
        values = {"code": "D1", "finding": "a secret", "account": account, "rival_id": rival.id}
        make(session, Dossier, people["sales"], **values)
        session.commit()
    sales, manager = sign_in("sales"), sign_in("manager")
    for written in ("secret", "peculiar"):
        assert "D1" not in groups(answer(sales, q=written)).get("Dossiers", []), written
        assert groups(answer(manager, q=written))["Dossiers"] == ["D1"], written
    page = answer(sales, q=account)
    assert groups(page) == {"Dossiers": ["D1"]}
    assert account not in page
    assert "Dossiers" not in groups(answer(sales, q=account[:-1]))
    assert "a secret" not in answer(sales, q="D1")


@on_sqlite
def test_the_row_of_that_number_stands_first_of_a_few_of_each(session, people, sign_in, backend, monkeypatch):
    with acting(system_actor("tests")):
        for code in ("ZQ", *(f"ZQ-{n}" for n in range(7))):
            make(session, Gadget, people["sales"], code=code)
            make(session, registry["diary"], people["sales"], name=code)
        session.commit()
    client = sign_in("sales")
    answer(client, q="zq")
    with statements(backend.engine) as sent:
        page = answer(client, q="ZQ")
    newest = ["ZQ-6", "ZQ-5", "ZQ-4", "ZQ-3", "ZQ-2"]
    assert list(groups(page).items()) == [
        ("Gadgets", ["ZQ", *newest[:4], "Show all: Gadgets"]),
        ("Diaries", [*newest, "Show all: Diaries"]),
    ], "a code is one gadget's, a name may be many diaries'"
    assert 'href="/gadget/?q=ZQ"' in page
    asked = [statement for statement in sent if "later_than_whole" in statement]
    readable = [r for r in registry if not issubclass(r, Line) and may(people["sales"], "read", r)]
    assert len(asked) == len(readable), "one for each record"
    assert len(sent) <= len(asked) + 3
    monkeypatch.setattr(palette, "MOST", 8)
    rows = [title for titles in groups(answer(client, q="ZQ")).values() for title in titles if title.startswith("ZQ")]
    assert rows == ["ZQ", *newest[:4], *newest[:3]]
    monkeypatch.setattr(palette, "MOST", 5)
    with statements(backend.engine) as sent:
        answer(client, q="ZQ")
    assert len([s for s in sent if "later_than_whole" in s]) < len(readable), "enough is enough"
    monkeypatch.setattr(palette, "PATIENCE", -1)
    assert said(answer(client, q="ZQ")) == "This took too long and was stopped: write more of it."


@on_sqlite
def test_pages_and_forms_are_found_by_their_names(sign_in):
    assert groups(answer(sign_in("sales"), q="gadg"))["Go to"] == ["Gadgets", "Add: Gadget"]
    assert groups(answer(sign_in("finance"), q="gadg"))["Go to"] == ["Gadgets"], "finance adds none"
    assert groups(answer(sign_in("service"), q="gadg")) == {}
    assert "Settings" not in str(groups(answer(sign_in("sales"), q="settings")))
    client = sign_in("sales")
    client.post("/language/", data={"locale": "zh_Hans", "csrf_token": client.csrf})
    for written in ("客户", "kehu", "客戶"):
        titles = next(iter(groups(answer(client, q=written)).values()))
        assert titles[0] == "客户", written


@on_sqlite
def test_rows_opened_last_are_told_anew_as_far_as_one_sees_them(session, people, sign_in):
    with acting(system_actor("tests")):
        mine = [make(session, Gadget, people["sales"], code=f"M{n}").id for n in range(2)]
        other = make(session, Gadget, people["renewal2"], code="OTHER").id
        expense = make(session, Expense, people["sales"], code="E1").id
        session.commit()
    places = [f"gadget.{mine[1]}", f"gadget.{other}", f"expense.{expense}", f"gadget.{mine[0]}"]
    odd = ["gadget", "gadget.x", "gadget.99999999999", "ab_user.1", "gadget_part.1", ".", "\x00.1"]
    client = sign_in("sales")
    assert groups(answer(client, recent=places)) == {"Opened last": ["M1", "E1", "M0"]}
    assert groups(answer(client, recent=[*odd, *places])) == {"Opened last": ["M1", "E1"]}, "ten are looked at"
    assert groups(answer(client)) == {}
    assert groups(answer(sign_in("claims"), recent=places)) == {}


@on_sqlite
def test_odd_searches_find_nothing_and_break_nothing(sign_in):
    client = sign_in("manager")
    for written in ("%%", "__", "'\"\\", "\x00\x00", "x" * 5000, "２" * 300, "-- ", "999999999999"):
        assert groups(answer(client, q=written)) == {}, written
    assert palette.long_enough("王")
    assert not palette.long_enough("w")
    assert said(answer(client, q="7")) == "Write at least two letters."


@on_postgresql
def test_a_statement_that_takes_too_long_is_given_up_and_the_others_go_on(session, people, sign_in, monkeypatch):
    with acting(system_actor("tests")):
        make(session, Gadget, people["sales"], code="ZQ-1")
        make(session, Expense, people["sales"], code="ZQ-2")
        session.commit()
    contains = search.contains

    def slow(column, written):
        return func.pg_sleep(5).is_not(None) if column.class_ is Expense else contains(column, written)

    monkeypatch.setattr(search, "contains", slow)
    monkeypatch.setattr(palette, "SLOWEST", 100)
    page = answer(sign_in("sales"), q="ZQ")
    assert groups(page) == {"Gadgets": ["ZQ-1"]}, "expenses are asked before"
    assert said(page).startswith("This took too long")
