"""Groups of a list: counts and sums of what one sees, each leading to its rows, and nothing one may not read."""

import re
from datetime import date
from decimal import Decimal

import pytest

from app.kernel.actor import acting, system_actor
from app.kernel.workflow import adopt
from app.panel import grouping
from app.schema.record import Line
from app.schema.registry import registry
from models.people import Absence
from tests.app.test_fields import CANARY, rows  # noqa: F401 - the rows whose hidden values say so
from tests.factories import make
from tests.gadget import Gadget, GadgetState
from tests.screens import plain, statements, table_of


@pytest.fixture
def stock(session, people):
    """Twelve gadgets of three owners; every third offered, every fourth without a price."""
    with acting(system_actor("tests")):
        for n in range(12):
            owner = people[("renewal", "renewal.b", "renewal3")[n % 3]]
            price = None if n % 4 == 0 else Decimal(n) * 10
            gadget = make(session, Gadget, owner, code=f"G{n:02}", price=price, twin_id=None)
            if n % 3 == 1:
                adopt(session, gadget, GadgetState.OFFERED)
        session.commit()


def groups(page):
    found = re.search(r'<div class="yx-groups">.*?</div>', page, re.DOTALL)
    return table_of(found[0]) if found else None


def links(page):
    found = re.search(r'<div class="yx-groups">.*?</div>', page, re.DOTALL)
    return re.findall(r'href="([^"]*)"', found[0]) if found else []


def test_groups_have_counts_and_sums_of_what_one_sees_and_lead_to_their_rows(stock, sign_in):
    client = sign_in("manager")
    page = client.get("/gadget/?group=state&order=-code").text
    assert groups(page) == [["Draft", "8", "360.00"], ["Offered", "4", "180.00"], ["All", "12", "540.00"]]
    assert links(page) == ["/gadget/?order=-code&amp;state=draft", "/gadget/?order=-code&amp;state=offered"]
    page = client.get(links(page)[1].replace("&amp;", "&")).text
    assert [row[0] for row in table_of(page)] == ["G10", "G07", "G04", "G01"]
    own = sign_in("renewal").get("/gadget/?group=state").text
    assert groups(own) == [["Draft", "4", "180.00"], ["All", "4", "180.00"]], "his own, and of each what has a price"
    narrowed = client.get("/gadget/?group=state&price.from=100").text
    assert groups(narrowed) == [["Draft", "1", "110.00"], ["Offered", "1", "100.00"], ["All", "2", "210.00"]]


def test_by_links_whom_one_does_not_see_are_one_group(stock, sign_in, session, people):
    with acting(system_actor("tests")):
        foreign = make(session, Gadget, people["renewal3"], code="FOREIGN")
        for n in range(3):
            make(session, Gadget, people["renewal"], code=f"T{n}", price=Decimal(1), twin_id=foreign.id - (n == 0))
        session.commit()
    page = sign_in("renewal").get("/gadget/?group=twin_id").text
    assert groups(page)[:2] == [["nobody", "4", "180.00"], ["not visible to you", "3", "3.00"]]
    assert links(page) == ["/gadget/?twin_id=none"], "no number of a row out of sight"
    page = sign_in("manager").get("/gadget/?group=owner_id").text
    assert ["Renewal Tester", "7", "183.00"] in groups(page)


def test_by_days_by_month(sign_in, session, people):
    with acting(system_actor("tests")):
        for day in (date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 31)):
            make(session, Absence, people["manager"], starts_on=day, ends_on=day)
        session.commit()
    client = sign_in("manager")
    page = client.get("/absence/?group=starts_on").text
    assert [row[:2] for row in groups(page)] == [["2026-03", "2"], ["2026-02", "1"], ["All", "3"]]
    first = links(page)[0].replace("&amp;", "&")
    assert first == "/absence/?starts_on.from=2026-03-01&starts_on.to=2026-03-31"
    assert len(table_of(client.get(first).text)) == 2


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_it_costs_one_statement_and_there_is_an_end_to_groups(stock, sign_in, backend, monkeypatch):
    client, counts = sign_in("manager"), []
    for address in ("/gadget/?q=", "/gadget/?group=state", "/gadget/?group=owner_id"):
        client.get(address)
        with statements(backend.engine) as sent:
            client.get(address)
        counts.append(len(sent))
    assert [each - counts[0] for each in counts] == [0, 1, 2], "the names of links are asked as well"
    monkeypatch.setattr(grouping, "MOST", 1)
    assert groups(client.get("/gadget/?group=state").text) == [["Draft", "8", "360.00"]], (
        "no sum of what is not all there"
    )


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_nothing_is_told_of_what_one_may_not_read(rows, sign_in):  # noqa: F811
    client, leader = sign_in("renewal"), sign_in("supervisor")
    for name in ("finding", "reserve", "account", "rival_id", "cut", "fee", "code", "version", "__class__", "x"):
        assert groups(client.get(f"/dossier/?group={name}").text) is None, name
    asked = "group=state&columns=code,reserve,stake"
    page = client.get(f"/dossier/?{asked}").text
    assert groups(page)[-1][0:2] == ["All", "3"]
    assert "77712" not in page
    assert "Reserve" not in plain(page)
    assert "Reserve" in plain(leader.get(f"/dossier/?{asked}").text)
    assert CANARY not in plain(client.get("/dossier/?group=rival_id").text).replace(f"SETTLED{CANARY}", "")


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("record", [r for r in registry if not issubclass(r, Line)], ids=lambda r: r.__tablename__)
def test_every_record_is_grouped_by_all_it_offers(record, session, people, sign_in):
    """Each group of each leads to as many rows as it says."""
    with acting(system_actor("tests")):
        make(session, record, people["manager"])
        session.commit()
    client, name = sign_in("manager"), record.__tablename__
    page = client.get(f"/{name}/").text
    offered = re.search(r'<select[^>]* name="group">(.*?)</select>', page)
    for key in re.findall(r'value="(\w+)"', offered[1]) if offered else ():
        answer = client.get(f"/{name}/?group={key}")
        assert answer.status_code == 200, key
        for (_label, count, *_sums), link in zip(groups(answer.text) or [], links(answer.text), strict=False):
            shown = client.get(link.replace("&amp;", "&")).text
            assert len(table_of(shown)) == int(count), (key, link)
