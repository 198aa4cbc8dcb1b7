"""What a person settles for good: keys by themselves on or off, and the tour that is over."""

import re

import pytest

from app.kernel.tables import Notice
from tests.department import sign_in as through_the_door
from tests.screens import plain, post

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
def door(app):
    """Sign in through the door, in a browser of one's own."""

    def enter(username):
        client = app.test_client()
        client.csrf = through_the_door(client, username)
        return client

    return enter


def test_keys_by_themselves_are_turned_off_and_stay_off_elsewhere(door):
    client = door("renewal")
    page = client.get("/inbox/").text
    assert 'data-keys="off"' not in page
    assert 'aria-keyshortcuts="Control+K Meta+K /"' in page
    assert post(client, "/account/keys", keys="off", next="/inbox/").location == "/inbox/"
    for each in (client, door("renewal")):
        page = each.get("/inbox/").text
        assert 'data-keys="off"' in page
        assert 'aria-keyshortcuts="Control+K Meta+K"' in page
        assert not re.search(r'aria-keyshortcuts="(\?|[1-9jk/])"', page)
    assert "Keys by themselves are off." in plain(client.get("/account/").text)
    assert 'data-keys="off"' not in door("sales").get("/inbox/").text, "it is the person's own"
    post(client, "/account/keys", keys="on")
    assert 'data-keys="off"' not in door("renewal").get("/inbox/").text


def test_the_tour_stands_on_a_newcomers_front_page_until_it_is_over_and_comes_back_when_asked(door):
    client = door("renewal")
    assert 'data-controller="tour"' in client.get("/").text
    assert 'data-controller="tour"' not in client.get("/renewal/").text
    assert post(client, "/account/toured").status_code == 204
    for each in (client, door("renewal")):
        assert 'data-controller="tour"' not in each.get("/").text
    assert 'data-controller="tour"' in client.get("/?tour=again").text


def test_the_tour_shows_what_ones_roles_open(door):
    pages = {name: door(name).get("/").text for name in ("renewal", "manager", "finance")}
    stops = {name: re.findall(r'id="tour-\d" tabindex="-1">(.*?)</h2>', page) for name, page in pages.items()}
    assert all(4 <= len(titles) <= 6 for titles in stops.values()), stops
    assert "What you approve" in stops["manager"]
    assert "What you approve" not in stops["renewal"]
    assert "Renewals" in pages["renewal"].split("The menu has what your roles open")[1].split("</p>")[0]


def test_who_only_looks_on_as_somebody_else_settles_nothing(door, people):
    admin = door("admin")
    post(admin, "/account/toured")
    begun = post(admin, f"/viewing/{people['renewal'].user_id}", why="a question")
    assert begun.status_code == 303, plain(begun.text)
    assert 'data-controller="tour"' not in admin.get("/").text
    assert post(admin, "/account/keys", keys="off").status_code == 403


def test_the_bell_counts_what_the_person_seen_has_not_read(door, people, session, as_system):
    for number in range(3):
        told = {"user_id": people["renewal"].user_id, "subject": "s", "body": "b", "state": "sent"}
        session.add(Notice(dedupe_key=f"k{number}", channel="app" if number else "mail", **told))
    session.commit()
    admin, renewal = door("admin"), door("renewal")
    assert "unread" not in admin.get("/customer/").text
    assert 'aria-label="2 unread notices"' in renewal.get("/customer/").text
    post(admin, f"/viewing/{people['renewal'].user_id}", why="a question")
    assert 'aria-label="2 unread notices"' in admin.get("/customer/").text
    post(renewal, "/inbox/read")
    assert "unread" not in renewal.get("/customer/").text
