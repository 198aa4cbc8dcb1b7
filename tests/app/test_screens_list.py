"""Lists: what they show, in which order, which page of it, and what an address may ask of them."""

import base64
import json
from decimal import Decimal

import pytest
from sqlalchemy import select

from app.kernel.actor import acting, system_actor
from app.kernel.workflow import adopt
from app.panel import listing
from models.people import Unit
from tests.gadget import Gadget, GadgetState
from tests.screens import link, plain, post, statements, table_of

EVERYBODY = "manager"

on_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
"""What knows no database but by the statements that others here try on both."""


@pytest.fixture
def stock(session, people):
    """Sixty gadgets of three owners; a third without price or name, some equal, every fourth the next one's twin."""
    with acting(system_actor("tests")):
        units = {unit.code: unit.id for unit in session.scalars(select(Unit))}
        before = None
        for n in range(60):
            owner = people[("renewal", "renewal2", "sales")[n % 3]]
            gadget = Gadget(
                code=f"G{n:03}",
                name=None if n % 3 == 1 else f"Thing {n % 7}" if n < 59 else "Number 59",
                price=None if n % 3 == 0 else Decimal(n % 5) * 10,
                buyer_phone=f"+86138001380{n:02}" if n % 2 else None,
                owner_id=owner.user_id,
                unit_id=owner.unit_id,
                twin_id=before if n % 4 == 0 else None,
                unit_of_sale_id=units["South"],
            )
            session.add(gadget)
            session.flush()
            before = gadget.id
            if n % 5 == 0:
                adopt(session, gadget, GadgetState.OFFERED)
        session.commit()


def codes(page):
    return [row[0] for row in table_of(page)]


@on_sqlite
def test_a_list_shows_the_declared_columns_by_their_kinds(stock, sign_in):
    page = sign_in("renewal").get("/gadget/?q=G013&order=code").text
    assert table_of(page) == []
    rows = {row[0]: row for row in table_of(sign_in("renewal").get("/gadget/?order=code").text)}
    assert rows["G045"] == ["G045", "Thing 3", "—", "••••••••••8045", "Offered", "Renewal Tester", "—"]
    assert rows["G012"][6] == "not visible to you", "its twin is another's"


@on_sqlite
def test_a_private_value_is_nowhere_in_a_list(stock, sign_in):
    page = sign_in(EVERYBODY).get("/gadget/?psize=100").text
    assert "+86138001380" not in page
    assert "••••••••••8001" in page


def test_a_list_shows_and_counts_own_rows_only(stock, sign_in):
    page = sign_in("renewal").get("/gadget/?psize=100").text
    assert len(codes(page)) == 20
    assert '<span class="yx-total text-secondary">20</span>' in page


ORDERS = ("code", "-code", "name", "-name", "price", "-price", "state", "-state", "")


def test_walking_the_pages_meets_every_row_once_in_one_order(stock, sign_in):
    client = sign_in(EVERYBODY)
    for order in ORDERS:
        walk(client, order)


def walk(client, order):
    whole = codes(client.get(f"/gadget/?order={order}&psize=100").text)
    assert len(whole) == len(set(whole)) == 60
    page = client.get(f"/gadget/?order={order}&psize=25").text
    walked = codes(page)
    while 'rel="next"' in page:
        page = client.get(link(page, "Next")).text
        walked += codes(page)
    assert walked == whole
    back = codes(page)
    while 'rel="prev"' in page:
        page = client.get(link(page, "Previous")).text
        back = codes(page) + back
    assert back == whole
    last = client.get(f"/gadget/?order={order}&psize=25&before=end").text
    assert codes(last) == whole[-25:]
    assert 'rel="next"' not in last
    assert 'rel="prev"' in last


def test_equal_pages_do_not_shift_when_a_row_is_added_before_them(stock, sign_in, session, people):
    client = sign_in(EVERYBODY)
    second = link(client.get("/gadget/?order=code").text, "Next")
    before = codes(client.get(second).text)
    with acting(system_actor("tests")):
        session.add(Gadget(code="A000", owner_id=people["sales"].user_id, unit_id=people["sales"].unit_id))
        session.commit()
    assert codes(client.get(second).text) == before


def key(value, row_id=1):
    return base64.urlsafe_b64encode(json.dumps([value, row_id]).encode()).decode().rstrip("=")


ADDRESSES = (
    "page=abc",
    "order=password",
    "order=owner.password",
    "order=__class__",
    "order=owner_id",
    "order=-",
    "psize=1000000",
    "psize=-1",
    "psize=abc",
    "after=%00",
    "after=é",
    "after=AAAA",
    "after=" + key("x", "y"),
    "after=" + key("x", True),
    "after=" + key(["x"], 1),
    "after=" + key("x", 10**30),
    "after=" + key(1, 10**30),
    "after=" + key(10**30, 1),
    "after=" + key(float("inf"), 1),
    "order=price&after=" + key("not a price"),
    "order=price&after=" + key("1" * 60),
    "order=state&after=" + key("no such state"),
    "before=" + key("zzz", -1),
    "q=%25%00_'\"\\",
    "q=" + "x" * 5000,
    "state=nonsense",
    "owner_id=abc",
    "owner_id=99999999999999999999",
    "twin_id=1%20or%201=1",
    "price.from=abc",
    "price.to=" + "9" * 400,
    "endpoint=x&_external=1&_scheme=javascript&_anchor=x&values=1",
    "_oc_GadgetScreen=password&_od_GadgetScreen=asc&_flt_0_owner=1",
)


@on_sqlite
def test_no_address_breaks_a_list(stock, sign_in):
    client = sign_in(EVERYBODY)
    for address in ADDRESSES:
        answer = client.get(f"/gadget/?{address}")
        assert answer.status_code == 200, address
        assert len(codes(answer.text)) <= 25, address
        assert "javascript:" not in answer.text, address


@on_sqlite
def test_an_unreadable_filter_is_left_out_and_said(stock, sign_in):
    page = sign_in(EVERYBODY).get("/gadget/?price.from=abc&state=nonsense").text
    assert "The filter Price is left out: write a number, such as 1234.50" in page
    assert "The filter State is left out" in page


@on_sqlite
def test_a_list_is_not_ordered_by_a_masked_column(stock, sign_in):
    client = sign_in(EVERYBODY)
    assert codes(client.get("/gadget/?order=buyer_phone").text) == codes(client.get("/gadget/").text)
    assert "order=buyer_phone" not in client.get("/gadget/").text


FILTERS = (
    ("state=offered", {f"G{n:03}" for n in range(0, 60, 5)}),
    ("state=offered&state=sold", {f"G{n:03}" for n in range(0, 60, 5)}),
    ("price.from=30&price.to=40", {f"G{n:03}" for n in range(60) if n % 3 and n % 5 in (3, 4)}),
    ("price.to=0", {f"G{n:03}" for n in range(60) if n % 3 and n % 5 == 0}),
    ("state=offered&price.to=0", {f"G{n:03}" for n in range(60) if n % 3 and n % 5 == 0}),
    ("twin_id=none&state=offered", {f"G{n:03}" for n in range(0, 60, 5) if n % 4 or not n}),
)


def test_filters_narrow_the_list(stock, sign_in):
    client = sign_in(EVERYBODY)
    for address, expected in FILTERS:
        page = client.get(f"/gadget/?psize=100&{address}").text
        assert set(codes(page)) == expected, address
        assert f"{60 - len(expected)} hidden by search and filters" in plain(page), address
    assert "hidden by search" not in client.get("/gadget/").text


@on_sqlite
def test_what_filters_hide_is_counted_among_the_rows_one_sees_and_no_further_than_is_told(stock, sign_in, monkeypatch):
    own = plain(sign_in("renewal").get("/gadget/?state=offered").text)
    assert "16 hidden by search and filters" in own, "of twenty of one's own"
    monkeypatch.setattr(listing, "MOST_COUNTED", 30)
    assert "At least 19 hidden by search and filters" in plain(sign_in(EVERYBODY).get("/gadget/?state=offered").text)


@on_sqlite
def test_a_filter_by_owner_shows_whose_rows_they_are(stock, sign_in, people):
    page = sign_in(EVERYBODY).get(f"/gadget/?psize=100&owner_id={people['sales'].user_id}").text
    assert set(codes(page)) == {f"G{n:03}" for n in range(60) if n % 3 == 2}
    assert "Owner: Sales Tester" in page


SEARCHES = (
    ("g007", {"G007"}),
    (" Ｇ００７ ", {"G007"}),
    ("number 59", {"G059"}),
    ("%", set()),
    ("_", set()),
    ("nothing of the kind", set()),
)


def test_the_search_box_finds_text_and_takes_no_wildcards(stock, sign_in):
    client = sign_in(EVERYBODY)
    for written, expected in SEARCHES:
        rows = table_of(client.get("/gadget/", query_string={"q": written, "psize": 100}).text)
        assert {row[0] for row in rows} == expected, written


def test_the_search_follows_links_only_to_rows_one_sees(stock, sign_in, session, people):
    with acting(system_actor("tests")):
        twin = Gadget(code="TWIN", name="peculiar", owner_id=people["sales"].user_id, unit_id=people["sales"].unit_id)
        session.add(twin)
        session.flush()
        for owner in ("sales", "renewal"):
            actor = people[owner]
            session.add(Gadget(code=f"OF {owner}", twin_id=twin.id, owner_id=actor.user_id, unit_id=actor.unit_id))
        session.commit()
    assert set(codes(sign_in(EVERYBODY).get("/gadget/?q=peculiar").text)) == {"TWIN", "OF sales", "OF renewal"}
    assert set(codes(sign_in("sales").get("/gadget/?q=peculiar").text)) == {"TWIN", "OF sales"}
    assert set(codes(sign_in("renewal").get("/gadget/?q=peculiar").text)) == set()


def test_a_private_value_is_searched_only_in_full(sign_in, session, people, monkeypatch):
    monkeypatch.setattr(Gadget, "panel", type(Gadget.panel)(**{**vars(Gadget.panel), "search": ("buyer_phone",)}))
    with acting(system_actor("tests")):
        actor = people["sales"]
        number = "+8613800138000"
        session.add(Gadget(code="P1", buyer_phone=number, owner_id=actor.user_id, unit_id=actor.unit_id))
        session.commit()
    client = sign_in("sales")
    assert codes(client.get("/gadget/?q=138 0013 8000").text) == ["P1"]
    assert codes(client.get("/gadget/?q=8000").text) == []


def test_more_rows_than_anybody_counts_are_more(stock, sign_in, backend, monkeypatch):
    monkeypatch.setattr(listing, "MOST_COUNTED", 30)
    client = sign_in(EVERYBODY)
    with statements(backend.engine) as sent:
        page = client.get("/gadget/").text
    assert '<span class="yx-total text-secondary">30+</span>' in page
    counting = [statement for statement in sent if "count(" in statement and "gadget" in statement]
    assert len(counting) == 1
    assert "LIMIT" in counting[0], "the database stops counting as well"


@on_sqlite
def test_a_list_asks_the_database_as_often_for_many_rows_as_for_few(stock, sign_in, backend):
    client = sign_in(EVERYBODY)
    client.get("/gadget/")
    for size in (25, 50):
        with statements(backend.engine) as sent:
            page = client.get(f"/gadget/?psize={size}").text
        assert len(codes(page)) == size
        assert len(sent) == 3, sent


@on_sqlite
def test_asking_what_may_be_done_costs_no_statement(stock, sign_in, backend, app):
    """The menu asks about every record and page; a person with all of them costs no more than one with few."""
    counts = {}
    for who in ("manager", "sales"):
        client = sign_in(who)
        client.get("/")
        with statements(backend.engine) as sent:
            client.get("/")
        counts[who] = [s for s in sent if "ab_permission" in s or "role_scope" in s or "ab_view_menu" in s]
    assert counts == {"manager": [], "sales": []}


@on_sqlite
def test_an_empty_list_says_what_to_do(sign_in):
    page = sign_in("sales").get("/gadget/").text
    assert "Nothing here yet" in page
    assert "Add the first one" in page
    assert "Add the first one" not in sign_in("finance").get("/gadget/").text
    assert "Nothing found" in sign_in("sales").get("/gadget/?q=x").text


@on_sqlite
def test_a_list_is_for_who_may_read_it(sign_in):
    assert sign_in("service").get("/gadget/").status_code == 403
    assert sign_in("service").get("/gadget/part").status_code == 403


@on_sqlite
def test_the_part_of_a_list_is_short_and_leaves_out_what_it_is_of(stock, sign_in, people):
    part = sign_in(EVERYBODY).get(f"/gadget/part?owner_id={people['sales'].user_id}&psize=100").text
    assert len(codes(part)) == 20
    assert "<html" not in part
    assert ">Owner</th>" not in part
    assert "Show all" not in part
    part = sign_in(EVERYBODY).get("/gadget/part?state=draft").text
    assert len(codes(part)) == 20
    assert ">Owner</th>" in part
    assert link(part, "Show all") == "/gadget/?state=draft"


@on_sqlite
def test_posting_to_a_list_does_nothing(sign_in):
    assert post(sign_in("sales"), "/gadget/").status_code == 405
