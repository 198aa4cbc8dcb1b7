"""Columns chosen for a list: kept in its address, in any order, and never one more than the person may read."""

import csv
import io
import re
from decimal import Decimal

import pytest

from app.kernel.actor import acting, system_actor
from app.schema.record import Line
from app.schema.registry import registry
from tests.app.test_fields import CANARY, rows  # noqa: F401 - the rows whose hidden values say so
from tests.factories import make
from tests.gadget import Gadget, Trinket
from tests.screens import plain, post, statements, table_of

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
def stock(session, people):
    """Thirty gadgets of sales, each the twin of the one before, and three trinkets that hold some."""
    with acting(system_actor("tests")):
        twin = None
        for n in range(30):
            given = {"name": f"Thing {n}", "price": Decimal(n), "twin_id": twin}
            twin = make(session, Gadget, people["sales"], code=f"G{n:02}", **given).id
        for n in range(3):
            make(session, Trinket, people["sales"], name=f"T{n}", gadgets=(twin, twin - n))
        session.commit()


def heads(page):
    return [plain(head) for head in re.findall(r"<th [^>]*>(.*?)</th>", page, re.DOTALL)]


def test_columns_stand_as_the_address_has_them(stock, sign_in):
    client = sign_in("sales")
    page = client.get("/gadget/?columns=price,unit_of_sale_id,code&order=-code").text
    assert heads(page) == ["Price (CNY)", "Unit of sale", "Code"]
    assert table_of(page)[0][::2] == ["29.00", "G29"]
    assert 'class="yx-title" href="/gadget/30' in page
    assert "/gadget/?columns=price%2Cunit_of_sale_id%2Ccode&amp;order=code" in page, "other links keep them"
    assert heads(client.get("/gadget/?columns=price&columns=code").text) == ["Price (CNY)", "Code"], "without a script"


def test_the_column_that_leads_to_the_row_is_always_there(stock, sign_in):
    page = sign_in("sales").get("/gadget/?columns=price,name&order=-code").text
    assert heads(page) == ["Code", "Price (CNY)", "Name"]
    assert 'class="yx-title" href="/gadget/30' in page


def test_an_address_that_makes_no_sense_has_the_columns_declared(stock, sign_in):
    client = sign_in("sales")
    own = heads(client.get("/gadget/").text)
    for written in (
        "",
        ",",
        "nothing",
        "__class__",
        "owner.password",
        "password",
        "%00",
        "workflow",
        "metadata",
        "x" * 5000,
    ):
        assert heads(client.get("/gadget/", query_string={"columns": written}).text) == own, written
    assert heads(client.get("/gadget/?columns=code,code,nothing,code").text) == ["Code"]
    for written in ("version", "search_key", "id", "parts", "twins", "twin.buyer_phone"):
        assert heads(client.get(f"/gadget/?columns=code,{written}").text) == ["Code"], written
    assert "+86" not in client.get("/gadget/?columns=buyer_phone").text, "masked as ever"


def test_columns_cost_no_statement_by_row(stock, sign_in, backend):
    client, counts = sign_in("sales"), {}
    for address in ("/gadget/?columns=code,twin_id,unit_of_sale_id,owner_id,unit_id", "/trinket/?columns=name,gadgets"):
        for size in (25, 50):
            client.get(address)
            with statements(backend.engine) as sent:
                client.get(f"{address}&psize={size}")
            counts.setdefault(address, set()).add(len(sent))
    assert list(counts.values()) == [{3, 2}, {3}], "the thirtieth row costs none, nor does counting what is all there"


def test_a_file_has_the_columns_on_screen_in_their_order(stock, sign_in):
    client = sign_in("supervisor")
    page = client.get("/gadget/?columns=price,code&q=G0&order=-code").text
    action = re.search(r'action="(/gadget/export.csv[^"]*)"', page)[1].replace("&amp;", "&")
    lines = list(csv.reader(io.StringIO(post(client, action).data.decode("utf-8-sig"))))
    assert lines[:2] == [["Price (CNY)", "Code"], ["9.00", "G09"]]
    assert len(lines) == 11
    assert "Buyer phone" in post(client, "/gadget/export.csv").text, "all fields, where none are chosen"


HIDDEN = ("finding", "reserve", "account", "rival_id", "cut", "report")


def test_what_a_role_does_not_read_gets_in_by_no_address(rows, sign_in):  # noqa: F811
    client = sign_in("renewal")
    page = client.get("/dossier/").text
    offered = set(re.findall(r'name="columns" value="(\w+)"', page))
    assert "urgency" in offered
    assert offered.isdisjoint({"reserve", "account", "rival_id", "cut"})
    asked = ",".join(("code", *HIDDEN))
    page = client.get(f"/dossier/?columns={asked}").text
    assert heads(page) == ["Code", "Finding", "Report"], "these two are published once a dossier is settled"
    shown = " ".join(cell for row in table_of(page) for cell in row)
    assert f"SETTLED{CANARY}" in shown
    assert f" {CANARY}" not in f" {shown}"
    assert "77712" not in page
    assert f"{CANARY}-R" not in page
    leader = heads(sign_in("supervisor").get(f"/dossier/?columns={asked}").text)
    assert leader == ["Code", "Finding", "Reserve (CNY)", "Account", "Rival", "Cut (CNY)", "Report"]


def test_nor_into_a_file(rows, sign_in, session):  # noqa: F811
    for who in ("supervisor", "manager"):
        client = sign_in(who)
        if (answer := post(client, f"/dossier/export.csv?columns={','.join(HIDDEN)}")).status_code == 200:
            assert f"{CANARY}000" not in answer.text, "masked"
    assert post(sign_in("renewal"), "/dossier/export.csv?columns=reserve").status_code == 403


@pytest.mark.parametrize("record", [r for r in registry if not issubclass(r, Line)], ids=lambda r: r.__tablename__)
def test_every_record_shows_all_it_offers(record, session, people, sign_in, backend):
    with acting(system_actor("tests")):
        make(session, record, people["manager"])
        session.commit()
    client, name = sign_in("admin"), record.__tablename__
    page = client.get(f"/{name}/")
    if page.status_code == 403:
        client = sign_in("manager")
        page = client.get(f"/{name}/")
    offered = list(dict.fromkeys(re.findall(r'name="columns" value="(\w+)"', page.text)))
    assert offered
    with statements(backend.engine) as sent:
        answer = client.get(f"/{name}/?columns={','.join(reversed(offered))}")
    assert answer.status_code == 200
    assert len(heads(answer.text)) == len(offered)
    assert len(sent) <= 8, sent
