"""Previews as they are handed out: to whoever may have the file itself, and swept with it."""

import io
import re
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from PIL import Image

from app.kernel import files, previews
from app.kernel.actor import acting
from app.kernel.store import Folder, the_store
from app.panel.headers import ALONE
from app.schema.kinds import File
from tests import papers
from tests.app.test_identity_tokens import ask, token_of
from tests.dossier import Dossier
from tests.factories import make
from tests.files import PDF, SYSTEM, api, send, uploaded, version_of
from tests.screens import post

ONE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """Drawing may take its time: the machine is busy with other tests."""
    monkeypatch.setattr(previews, "SECONDS", 60)


@pytest.fixture
def shelf(session, people, sign_in):
    """A specimen of sales' with a paper of three pages, a private photo and a list; a dossier with a report for few."""
    made = SimpleNamespace(client=sign_in("sales"))
    made.paper = uploaded(made.client, papers.pdf(3), "paper.pdf")
    made.secret = uploaded(made.client, papers.photo(), "secret.jpg")
    answer = api(made.client, "POST", "specimen/", code="mine", paper=made.paper, secret=made.secret)
    made.key = answer.json["result"]["id"]
    assert send(made.client, f"/specimen/{made.key}/files", {"files": (papers.pdf(), "listed.pdf")}).status_code == 303
    made.listed = api(made.client, "GET", f"specimen/{made.key}").json["files"][0]["id"]
    made.report = uploaded(sign_in("admin"), papers.pdf(), "report.pdf")
    with acting(SYSTEM):
        row = make(session, Dossier, people["sales"], report=File(made.report))
        made.dossier = row.id
        session.commit()
    return made


def addresses(token, ticket=""):
    """Every address a file is looked at by."""
    ways = [f"{token}/{way}{ticket}" for way in ("preview", "small/1", "large/1")]
    return [f"{root}/files/{way}" for root in ("", "/api/v1") for way in ways]


def found(client, tokens, otherwise=404):
    """The addresses that answer something else."""
    return [url for token in tokens for url in addresses(token) if client.get(url).status_code != otherwise]


def strangers(shelf, sign_in):
    return found(sign_in("renewal3"), (shelf.paper, shelf.listed, shelf.report, shelf.secret))


def hidden_fields(shelf, sign_in):
    return found(shelf.client, (shelf.report,))


def private_ones(shelf, sign_in):
    return found(shelf.client, (shelf.secret,), 403)


def released_ones(shelf, sign_in):
    for token in (shelf.paper, shelf.listed):
        shelf.client.get(f"/files/{token}/large/1")
    version = int(version_of(shelf.client, f"specimen/{shelf.key}"))
    assert api(shelf.client, "PATCH", f"specimen/{shelf.key}", version=version, paper=None).status_code == 200
    post(shelf.client, f"/specimen/{shelf.key}/files/{shelf.listed}/remove")
    return found(shelf.client, (shelf.paper, shelf.listed))


def waiting_ones(shelf, sign_in):
    """Those no row has yet, even of who sent them."""
    return found(shelf.client, (uploaded(shelf.client, papers.pdf()),))


def anybody(session, token, *, revealed=False):
    """In the place of `files.visible`: any file there is."""
    with acting(SYSTEM):
        return files._of(session, token)


def _whole(session, record, key):
    with acting(SYSTEM):
        return session.get(record, key)


def _no_row(patch):
    patch.setattr("app.kernel.files.access.find", _whole)
    patch.setattr("app.kernel.files.access.require", lambda *asked: None)


GUARDS = {
    "a preview asks for the row": (strangers, _no_row),
    "a preview asks at all": (strangers, lambda p: p.setattr("app.panel.tickets.files.visible", anybody)),
    "a preview asks for the field": (hidden_fields, lambda p: p.setattr("app.kernel.files.hidden_in", lambda *a: ())),
    "a private one is asked for": (private_ones, lambda p: p.setattr("app.panel.tickets.opens", lambda *a: True)),
    "what was taken out is gone": (released_ones, lambda p: p.setattr("app.kernel.files._gone", lambda kept: False)),
    "what is nobody's yet is not shown": (
        waiting_ones,
        lambda p: p.setattr("app.panel.tickets.files.visible", anybody),
    ),
}
"""By guard: the check that finds what gets through, and how the guard is taken out."""


@ONE
@pytest.mark.parametrize("name", GUARDS)
def test_a_guard_of_previews_holds_and_is_missed_when_it_is_gone(shelf, sign_in, monkeypatch, name):
    check, take_out = GUARDS[name]
    assert check(shelf, sign_in) == []
    with monkeypatch.context() as patch:
        take_out(patch)
        assert check(shelf, sign_in) != [], "the check does not notice that the guard is gone"


@ONE
def test_pages_show_small_pictures_that_open_previews_and_never_the_file_as_it_was_sent(shelf):
    client = shelf.client
    page = client.get(f"/specimen/{shelf.key}").text
    for token in (shelf.paper, shelf.listed):
        assert f'data-preview="/files/{token}/preview"' in page
        assert f'src="/files/{token}/small/1"' in page
        assert f'href="/files/{token}"' in page
    assert shelf.secret not in page
    shown = client.get(f"/files/{shelf.paper}/preview").text
    assert re.findall(r'<img src="([^"]+)" width="(\d+)" height="(\d+)"', shown) == [
        (f"/files/{shelf.paper}/large/{n}", "1400", "700") for n in (1, 2, 3)
    ]
    assert f'href="/files/{shelf.paper}"' in shown
    assert not re.findall(r'(?:src|srcset|data)="/files/[0-9a-f]{40}["?]', page + shown)


@ONE
def test_a_picture_is_kept_by_the_browser_and_asked_for_each_time(shelf):
    client, url = shelf.client, f"/files/{shelf.paper}/large/2"
    got = client.get(url)
    assert (got.status_code, got.content_type) == (200, "image/webp")
    assert Image.open(io.BytesIO(got.data)).size == (1400, 700)
    said = {name: got.headers[name] for name in ("Cache-Control", "X-Content-Type-Options", "Content-Security-Policy")}
    assert tuple(said.values()) == ("private, no-cache", "nosniff", ALONE)
    asked = {"If-None-Match": got.headers["ETag"]}
    again = client.get(url, headers=asked)
    assert (again.status_code, again.data, again.headers["Cache-Control"]) == (304, b"", "private, no-cache")
    post(client, f"/specimen/{shelf.key}/files/{shelf.listed}/remove")
    version = int(version_of(client, f"specimen/{shelf.key}"))
    api(client, "PATCH", f"specimen/{shelf.key}", version=version, paper=None)
    gone = client.get(url, headers=asked)
    assert (gone.status_code, gone.headers["Cache-Control"]) == (404, "no-store")


@ONE
def test_wrong_pages_and_sizes_are_not_there_and_a_bad_file_is_a_sentence(shelf, sign_in, monkeypatch):
    client = shelf.client
    for way in (
        "large/0",
        "large/4",
        "large/-1",
        "large/x",
        "huge/1",
        "small/99999999999999999999",
        "small",
        "large/1/2",
    ):
        for root in ("/files", "/api/v1/files"):
            assert client.get(f"{root}/{shelf.paper}/{way}").status_code == 404, way
    bad = uploaded(client, PDF, "bad.pdf")
    key = api(client, "POST", "specimen/", code="bad", paper=bad).json["result"]["id"]
    assert f"/files/{bad}/small/1" in client.get(f"/specimen/{key}").text
    for way in ("preview", "small/1", "large/1"):
        answer = client.get(f"/files/{bad}/{way}")
        assert (answer.status_code, answer.content_type) == (404, "text/plain; charset=utf-8")
        assert answer.text == "There is no preview of this file."
        problem = client.get(f"/api/v1/files/{bad}/{way}")
        assert (problem.status_code, problem.json["detail"]) == (404, "There is no preview of this file.")
    monkeypatch.setattr(previews, "SECONDS", 0)
    answer = client.get(f"/files/{shelf.listed}/small/1")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")


@ONE
def test_a_private_file_is_looked_at_with_a_ticket_that_no_answer_makes_last(shelf, sign_in):
    client, url = shelf.client, f"/specimen/{shelf.key}"
    page = post(client, f"{url}/reveal/secret", reason="the customer asks for it").text
    (ticket,) = set(re.findall(rf"/files/{shelf.secret}[/a-z0-9]*(\?ticket=[^\"]+)", page))
    for address in addresses(shelf.secret, ticket):
        answer = client.get(address)
        assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store"), address
        if address.endswith(f"preview{ticket}"):
            assert set(re.findall(r"\?ticket=[^\"]+", answer.text)) == {ticket}
        assert sign_in("manager").get(address).status_code == 403
    told = api(client, "POST", f"specimen/{shelf.key}/reveal/secret", reason="a program asks").json["value"]
    assert client.get(told["preview"]).json["result"]["count"] == 1


@ONE
def test_the_api_tells_of_the_preview_and_a_token_without_files_gets_none(shelf, app):
    client = shelf.client
    told = client.get(f"/api/v1/specimen/{shelf.key}").json["result"]["paper"]["preview"]
    assert told == f"/api/v1/files/{shelf.paper}/preview"
    shown = client.get(told).json["result"]
    assert shown["count"] == 3
    assert [each["large"] for each in shown["pages"]] == [f"/api/v1/files/{shelf.paper}/large/{n}" for n in (1, 2, 3)]
    assert {(each["width"], each["height"]) for each in shown["pages"]} == {(1400, 700)}
    assert client.get(shown["pages"][2]["small"]).content_type == "image/webp"
    text = uploaded(client, b"just words", "note.txt")
    key = api(client, "POST", "specimen/", code="words", paper=text).json["result"]["id"]
    assert "preview" not in client.get(f"/api/v1/specimen/{key}").json["result"]["paper"]
    for scopes, status in ((["read"], 403), (["read", "files"], 200)):
        token = token_of(client, may=scopes)
        answers = {ask(app, token, url).status_code for url in addresses(shelf.paper) if url.startswith("/api/")}
        assert answers == {status}, scopes


@ONE
def test_previews_are_swept_with_their_file_left_behind_by_a_copy_and_not_missed(shelf, session, app, tmp_path):
    client, store = shelf.client, the_store()
    for token in (shelf.paper, shelf.listed):
        assert client.get(f"/files/{token}/large/1").status_code == 200

    def names(token):
        return {name.partition(".")[2] for name, _at in store.names() if name.startswith(token)}

    assert names(shelf.paper) == names(shelf.listed) == {"", "pages", "1-small", "1-large"}
    runner, place = app.test_cli_runner(), Folder(tmp_path / "there")
    assert runner.invoke(args=["files", "copy", "--to", str(tmp_path / "there")]).exit_code == 0
    assert runner.invoke(args=["files", "verify"]).exit_code == 0
    there = [name for name, _at in place.names()]
    assert shelf.paper in there
    assert not [name for name in there if "." in name]
    version = int(version_of(client, f"specimen/{shelf.key}"))
    api(client, "PATCH", f"specimen/{shelf.key}", version=version, paper=None)
    with acting(SYSTEM):
        now = datetime.now(UTC)
        store.put("b" * 40, b"sent, and not committed yet")
        store.put(f"{'c' * 40}.1-small", b"drawn of what is gone")
        for later, left in ((timedelta(0), 4), (timedelta(days=70), 4), (timedelta(days=71), 0)):
            files.sweep(session, now + later)
            session.commit()
            assert len(names(shelf.paper)) == left
            assert len(names(shelf.listed)) == 4
            assert names("c" * 40) == set(), "what was drawn of a file nobody knows goes at once"
            assert names("b" * 40) == ({""} if not later else set())
