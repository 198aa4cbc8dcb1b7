"""Saved views: for oneself, a team or everybody; kept, opened, changed and deleted by whom they are for."""

import re

import pytest
from flask_appbuilder.security.sqla.models import Role
from sqlalchemy import select

from app.kernel import saved_views
from app.kernel.actor import acting, system_actor
from app.kernel.permissions import revoke
from app.kernel.tables import AuditEntry, DefaultView, SavedView
from tests.factories import make
from tests.gadget import Gadget
from tests.screens import plain, post, table_of

SHOWN = "state=draft&order=-code&columns=price,code&psize=50"


@pytest.fixture(autouse=True)
def stock(session, people):
    """Two gadgets of sales."""
    with acting(system_actor("tests")):
        for code in ("A", "B"):
            make(session, Gadget, people["sales"], code=code)
        session.commit()


def keep(client, name, audience="own", query=SHOWN, record="gadget"):
    """Save a view; the address it leads to."""
    answer = post(client, f"/{record}/views?{query}", name=name, for_=audience)
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"]


def act(client, key, verb, query="", **more):
    answer = post(client, f"/gadget/views/{key}?{query}", act=verb, **more)
    return answer if answer.status_code != 303 else answer.headers["Location"]


def id_of(address):
    return int(re.search(r"view=(\d+)", address)[1])


def tabs(client, address="/gadget/"):
    page = client.get(address).text
    nav = re.search(r'<nav class="yx-tabs".*?</nav>', page, re.DOTALL)
    return [plain(each) for each in re.findall(r"<li.*?</li>", nav[0], re.DOTALL)] if nav else []


def kept_views(session):
    with acting(system_actor("tests")):
        found = [(view.name, view.query) for view in session.scalars(select(SavedView).order_by(SavedView.id))]
        session.rollback()
        return found


def test_what_is_shown_is_kept_and_opened_by_its_tab(session, sign_in):
    client = sign_in("sales")
    assert tabs(client) == []
    address = keep(client, "  My   drafts ", query=f"{SHOWN}&after=xyz&view=9&q=")
    assert kept_views(session) == [("My drafts", "columns=price%2Ccode&order=-code&psize=50&state=draft")]
    page = client.get(address).text
    assert table_of(page)[0][1] == "B"
    assert tabs(client, address) == ["All", "My drafts"]
    assert re.search(r'nav-link active" href="[^"]*" aria-current="page">My drafts', page)
    assert "changed" not in re.search(r"<summary.*?View.*?</summary>", page, re.DOTALL)[0]
    assert "changed" in client.get(address + "&q=x").text


def test_a_view_is_for_whom_it_was_saved_and_for_nobody_else(sign_in):
    keep(sign_in("sales"), "Mine")
    keep(sign_in("supervisor"), "Ours", "team")
    keep(sign_in("manager"), "Everybody's", "all")
    keep(sign_in("manager"), "Of the whole house", "team")
    assert tabs(sign_in("sales")) == [
        "All",
        "Everybody's (for everybody)",
        "Ours (for my team)",
        "Of the whole house (for my team)",
        "Mine",
    ]
    assert [each.split(" (")[0] for each in tabs(sign_in("renewal"))] == [
        "All",
        "Everybody's",
        "Ours",
        "Of the whole house",
    ]
    assert [each.split(" (")[0] for each in tabs(sign_in("renewal3"))] == ["All", "Everybody's", "Of the whole house"]
    assert [each.split(" (")[0] for each in tabs(sign_in("manager"))] == ["All", "Everybody's", "Of the whole house"]
    assert tabs(sign_in("sales"), "/trinket/") == [], "of another list"


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_who_may_save_for_whom_is_a_permission(session, sign_in):
    for who, audience in (
        ("sales", "team"),
        ("sales", "all"),
        ("supervisor", "all"),
        ("sales", "everything"),
        ("sales", ""),
    ):
        keep(sign_in(who), "No", audience)
    assert kept_views(session) == []
    assert 'name="for"' not in sign_in("sales").get("/gadget/").text
    leader = sign_in("supervisor")
    assert re.findall(r'name="for" value="(\w+)"', leader.get("/gadget/").text) == ["own", "team"]
    with acting(system_actor("tests")):
        role = session.scalars(select(Role).where(Role.name == "supervisor")).one()
        revoke(session, role, "open", "page:share_views_team")
        session.commit()
    assert 'name="for"' not in leader.get("/gadget/").text
    keep(leader, "No", "team")
    assert kept_views(session) == []


def test_what_becomes_of_a_view_is_seen_at_once_by_who_has_the_list_open(sign_in):
    leader, member = sign_in("supervisor"), sign_in("sales")
    assert tabs(member) == []
    ours = id_of(keep(leader, "Ours", "team"))
    assert tabs(member) == ["All", "Ours (for my team)"]
    act(leader, ours, "rename", name="Of the team")
    assert tabs(member) == ["All", "Of the team (for my team)"]
    act(leader, ours, "delete")
    assert tabs(member) == []


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_view_is_changed_by_whose_it_is_alone(session, sign_in):
    own, leader, manager = sign_in("sales"), sign_in("supervisor"), sign_in("manager")
    mine = id_of(keep(own, "Mine"))
    ours = id_of(keep(leader, "Ours", "team"))
    everybodys = id_of(keep(manager, "Everybody's", "all"))
    before = kept_views(session)
    for verb in ("rename", "save", "delete", "open"):
        assert act(leader, mine, verb, name="Stolen").status_code == 404, "it is not even there"
        assert act(sign_in("renewal3"), ours, verb, name="Stolen").status_code == 404
    for verb in ("rename", "save", "delete"):
        act(own, ours, verb, name="Stolen")
        act(leader, everybodys, verb, name="Stolen")
    assert kept_views(session) == before
    act(own, mine, "rename", name="My own")
    act(own, mine, "save", "q=A")
    act(leader, ours, "rename", name="Of the team")
    assert act(manager, ours, "delete").status_code == 404, "it is for the team alone"
    assert kept_views(session) == [("My own", "q=A"), ("Of the team", before[1][1]), before[2]]
    assert act(own, mine, "delete", "q=A") == "/gadget/?q=A&view=all"
    assert [name for name, _query in kept_views(session)] == ["Of the team", "Everybody's"]
    with acting(system_actor("tests")):
        told = session.scalars(select(AuditEntry).where(AuditEntry.record == "saved_view").order_by(AuditEntry.id))
        assert [(each.verb, each.actor) for each in told][-3:] == [
            ("edit", "Sales Tester"),
            ("edit", "Supervisor Tester"),
            ("delete", "Sales Tester"),
        ]


def test_a_list_opens_with_the_view_one_chose_and_can_be_seen_whole(session, sign_in):
    client = sign_in("sales")
    keep(client, "Only A", query="q=A")
    key = id_of(keep(sign_in("manager"), "Everybody's", "all", query="q=B"))
    first = client.get("/gadget/")
    assert first.status_code == 200
    act(client, key, "open", "q=B")
    answer = client.get("/gadget/")
    assert (answer.status_code, answer.headers["Location"]) == (302, f"/gadget/?q=B&view={key}")
    whole = client.get("/gadget/?view=all")
    assert len(table_of(whole.text)) == 2
    assert 'href="/gadget/?view=all"' in client.get("/gadget/?q=nothing").text, "clearing shows all, not the view again"
    assert sign_in("renewal").get("/gadget/").status_code == 200, "it is one's own choice"
    act(client, key, "leave")
    assert client.get("/gadget/").status_code == 200
    act(client, key, "open")
    act(sign_in("manager"), key, "delete")
    assert client.get("/gadget/").status_code == 200
    with acting(system_actor("tests")):
        assert session.scalars(select(DefaultView)).all() == []


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_there_is_an_end_to_views_and_their_names(session, sign_in, monkeypatch):
    monkeypatch.setattr(saved_views, "MOST", 2)
    client = sign_in("sales")
    for name in ("", "   ", "x" * 61):
        keep(client, name)
    keep(client, "Long", query="q=" + "x" * 2001)
    assert kept_views(session) == []
    for name in ("One", "Two", "Three"):
        keep(client, name)
    assert [name for name, _query in kept_views(session)] == ["One", "Two"]
    assert "There are 2 views of this list already: delete one first." in client.get("/gadget/").text
    keep(sign_in("renewal"), "Another's")
    assert len(kept_views(session)) == 3


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_query_leads_nowhere_else(sign_in):
    client = sign_in("sales")
    address = keep(
        client, "<b>Odd</b>", query="endpoint=x&_external=1&_scheme=javascript&_anchor=x&q=%22%3E%3Cscript%3E"
    )
    assert address.startswith("/gadget/?")
    page = client.get(address).text
    assert "<b>Odd" not in page
    assert "<script>" not in page.replace("<script src", "")
    assert "javascript:" not in page
    assert sign_in("service").post("/gadget/views", data={}).status_code in (400, 403)
    assert post(sign_in("service"), "/gadget/views", name="x").status_code == 403
