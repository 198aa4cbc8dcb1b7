"""From row to row as the list one came from has them: its order, its filters, and no row one does not see."""

import re
from decimal import Decimal

import pytest
from sqlalchemy import select

from app.kernel.actor import acting, system_actor
from app.panel import neighbours
from tests.gadget import Gadget
from tests.screens import link, post, statements, value_of


@pytest.fixture
def gadgets(session, people):
    """Six gadgets: five of sales, two of them without a price, and one of another team between them; ids by code."""
    prices = {"A": 30, "B": None, "C": 10, "D": 20, "E": None, "X": 15}
    with acting(system_actor("tests")):
        for code, price in prices.items():
            owner = people["renewal2" if code == "X" else "sales"]
            price = None if price is None else Decimal(price)
            session.add(Gadget(code=code, price=price, owner_id=owner.user_id, unit_id=owner.unit_id))
        session.commit()
        found = {row.code: row.id for row in session.scalars(select(Gadget))}
        session.rollback()
    return found


def walk(client, gadgets, address, rel):
    """The codes of the rows one comes by, pressing the same button until there is none."""
    codes, seen = {key: code for code, key in gadgets.items()}, []
    while address and len(seen) < 9:
        seen.append(codes[int(address.split("?")[0].split("/")[-1])])
        page = client.get(address).text
        part = page.partition(f'rel="{rel}"')
        address = part[0].rpartition('href="')[2].partition('"')[0].replace("&amp;", "&") if part[1] else ""
    return seen


@pytest.mark.parametrize(
    "query", ["", "?order=-code", "?order=price", "?order=-price", "?order=price&price.from=15", "?q=C&order=code"]
)
def test_one_goes_through_the_rows_as_the_list_has_them(session, sign_in, gadgets, query):
    client = sign_in("sales")
    page = client.get(f"/gadget/{query}").text
    listed = re.findall(r'class="yx-title"[^>]*>(.*?)</a>', page)
    assert "X" not in listed
    first, last = link(page, listed[0]), link(page, listed[-1])
    assert walk(client, gadgets, first, "next") == listed
    assert walk(client, gadgets, last, "prev") == listed[::-1]
    back = link(client.get(first).text.partition("page-pretitle")[2], "Gadgets")
    assert client.get(back).text.count("yx-title") == len(listed), "and back to the same filters"


def test_the_list_is_remembered_while_one_edits_and_steps(session, sign_in, gadgets):
    client = sign_in("sales")
    page = client.get(link(client.get("/gadget/?order=price").text, "D")).text
    edit = link(page, "Edit")
    form = client.get(edit).text
    assert "from=order%3Dprice" in link(form, "Back")
    saved = post(client, edit, version=value_of(form, "version"), name="Changed")
    assert saved.location == f"/gadget/{gadgets['D']}?from=order%3Dprice"
    taken = post(client, f"/gadget/{gadgets['D']}/step/offer?from=order%3Dprice", version="2")
    assert taken.location == saved.location


def test_it_costs_one_statement_and_only_who_comes_from_a_list(backend, session, sign_in, gadgets):
    client, where = sign_in("sales"), f"/gadget/{gadgets['C']}"
    counts = []
    for address in (where, f"{where}?from=", f"{where}?from=order%3Dprice%26state%3Ddraft"):
        client.get(address)
        with statements(backend.engine) as sent:
            page = client.get(address).text
        counts.append(len(sent))
        assert ('rel="next"' in page) == ("?" in address)
    assert counts[1:] == [counts[0] + 1] * 2


@pytest.mark.parametrize("written", ["%00", "order=nothing", "after=%26%26", "q=" + "x" * 300, "x" * 3000, "=&&=&%ZZ"])
def test_nonsense_is_no_way_back(sign_in, gadgets, written):
    answer = sign_in("sales").get(f"/gadget/{gadgets['C']}", query_string={"from": written})
    assert answer.status_code == 200
    assert (
        ('rel="prev"' in answer.text or 'rel="next"' in answer.text)
        or "q=" in written
        or len(written) > neighbours.LONGEST
    )
