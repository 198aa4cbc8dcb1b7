"""Files of rows: handed out to who may read them there, bound to one row, put away and swept with it."""

import io
import re
from datetime import UTC, datetime, timedelta

import pytest

from app.kernel import files, trash
from app.kernel.actor import acting
from app.kernel.content import content_of
from app.kernel.history import versions
from app.kernel.store import the_store
from app.kernel.workflow import adopt
from app.panel import tickets
from app.schema.errors import Conflict, NotFound, NotPermitted, Refusal
from app.schema.kinds import File
from app.schema.registry import registry
from models.claims.states import ClaimState
from tests.dossier import Dossier, DossierState
from tests.factories import make
from tests.files import PDF, SYSTEM, api, entries, history, send, uploaded, version_of
from tests.screens import plain, post, value_of
from tests.specimen import Specimen

ONE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
def shelf(session, people, sign_in):
    """A specimen of sales' with a paper, a private file, a file in its list; and a dossier with a report for few."""

    class Shelf:
        client = sign_in("sales")

    made = Shelf()
    made.paper, made.secret = (uploaded(made.client, PDF, f"{name}.pdf") for name in ("paper", "secret"))
    answer = api(made.client, "POST", "specimen/", code="mine", paper=made.paper, secret=made.secret)
    made.key = answer.json["result"]["id"]
    assert send(made.client, f"/specimen/{made.key}/files", {"files": (PDF, "listed.pdf")}).status_code == 303
    made.listed = api(made.client, "GET", f"specimen/{made.key}").json["files"][0]["id"]
    with acting(SYSTEM):
        row = make(session, Dossier, people["sales"])
        made.dossier, made.report = row.id, row.report.id
        session.commit()
    return made


def strangers(shelf, sign_in, session):
    """Files handed out to somebody who does not see their row."""
    stranger = sign_in("renewal3")
    return [t for t in (shelf.paper, shelf.listed, shelf.report) if stranger.get(f"/files/{t}").status_code != 404]


def hidden_fields(shelf, sign_in, session):
    """A file handed out to somebody who sees the row and not the field."""
    return [] if shelf.client.get(f"/files/{shelf.report}").status_code == 404 else ["report"]


def thefts(shelf, sign_in, session):
    """Files bound to a row they do not belong to: another's row's, another's waiting, one's own other row's."""
    thief, found = sign_in("supervisor"), []
    waiting = uploaded(sign_in("manager"))
    for token in (shelf.paper, shelf.listed, waiting, "0" * 40):
        if api(thief, "POST", "specimen/", code=f"theft {token[:8]}", paper=token).status_code != 422:
            found.append(token)
    if api(shelf.client, "POST", "specimen/", code="twice", paper=shelf.paper).status_code != 422:
        found.append("one's own, twice")
    return found


def private_ones(shelf, sign_in, session):
    """A private file handed out without being asked for in full, or on somebody else's ticket."""
    answers = [shelf.client.get(f"/files/{shelf.secret}"), shelf.client.get(f"/files/{shelf.secret}?ticket=x")]
    return [each.status for each in answers if each.status_code != 403]


def pages(shelf, sign_in, session):
    """A page of the web taken for a paper because of its name."""
    answer = send(shelf.client, "/specimen/add", {"file-paper": (b"<script>x</script>", "a.pdf")}, code="page")
    return [] if answer.status_code == 422 else [answer.status]


def replaced_ones(shelf, sign_in, session):
    """A file still handed out after it was taken out of its field, or out of the list."""
    version = int(version_of(shelf.client, f"specimen/{shelf.key}"))
    assert api(shelf.client, "PATCH", f"specimen/{shelf.key}", version=version, paper=None).status_code == 200
    post(shelf.client, f"/specimen/{shelf.key}/files/{shelf.listed}/remove")
    return [t for t in (shelf.paper, shelf.listed) if shelf.client.get(f"/files/{t}").status_code != 404]


def changes_by_readers(shelf, sign_in, session):
    """A list changed by somebody who may only read the row."""
    reader = sign_in("inspector")
    assert reader.get(f"/files/{shelf.listed}").status_code == 200
    answers = [
        send(reader, f"/specimen/{shelf.key}/files", {"files": (PDF, "x.pdf")}),
        post(reader, f"/specimen/{shelf.key}/files/{shelf.listed}/remove"),
    ]
    return [each.status for each in answers if each.status_code != 403]


def whole(session, record, key):
    """In the place of `access.find`: any row there is."""
    with acting(SYSTEM):
        return session.get(record, key)


GUARDS = {
    "a download asks for the row": (
        strangers,
        lambda p: (
            p.setattr("app.kernel.files.access.find", whole),
            p.setattr("app.kernel.files.access.require", lambda *asked: None),
        ),
    ),
    "a download asks for the field": (
        hidden_fields,
        lambda p: p.setattr("app.kernel.files.hidden_in", lambda *asked: ()),
    ),
    "a file has one row": (thefts, lambda p: p.setattr("app.kernel.files._is_free", lambda kept: True)),
    "a private file is asked for": (private_ones, lambda p: p.setattr("app.panel.tickets.opens", lambda *asked: True)),
    "the type is told by the content": (
        pages,
        lambda p: p.setattr("app.kernel.files.content_of", lambda body: content_of(PDF)),
    ),
    "what was taken out is gone": (replaced_ones, lambda p: p.setattr("app.kernel.files._gone", lambda kept: False)),
    "a list is changed by who may change the row": (
        changes_by_readers,
        lambda p: p.setattr("app.kernel.files.require_change", lambda row: None),
    ),
}
"""By guard: the check that finds what gets through, and how the guard is taken out."""


@ONE
@pytest.mark.parametrize("name", GUARDS)
def test_a_guard_of_files_holds_and_is_missed_when_it_is_gone(shelf, sign_in, session, monkeypatch, name):
    check, take_out = GUARDS[name]
    assert check(shelf, sign_in, session) == []
    with monkeypatch.context() as patch:
        take_out(patch)
        assert check(shelf, sign_in, session) != [], "the check does not notice that the guard is gone"


@ONE
def test_a_private_file_is_named_nowhere_and_opens_with_a_ticket_of_ones_own(shelf, sign_in, session, monkeypatch):
    client, url = shelf.client, f"/specimen/{shelf.key}"
    pages = [client.get(u).text for u in ("/specimen/", url, f"{url}/edit", f"/api/v1{url}")]
    pages += [post(sign_in("manager"), "/specimen/export.csv").text, str([e.changes for e in history(session)])]
    assert [page for page in pages if "secret.pdf" in page or shelf.secret in page] == []
    shown = client.get(f"/api/v1{url}").json["result"]
    assert shown["secret"] == "•" * 8, "neither the name nor how long it is"
    version = str(shown["version"])
    held = value_of(pages[2], "secret")
    assert post(client, f"{url}/edit", version=version, code="mine", secret=held, paper=shelf.paper).status_code == 303
    assert "secret.pdf" not in post(client, f"{url}/reveal/secret", reason="no").text
    page = post(client, f"{url}/reveal/secret", reason="the customer asks for it").text
    assert "secret.pdf (18 B)" in page
    (link,) = set(re.findall(rf'href="(/files/{shelf.secret}\?ticket=[^"]+)"', page))
    assert client.get(link).data == PDF
    assert sign_in("manager").get(link).status_code == 403
    assert client.get(link.replace(shelf.secret, shelf.report)).status_code == 404
    answer = api(client, "POST", f"specimen/{shelf.key}/reveal/secret", reason="a program asks for it")
    assert client.get(answer.json["value"]["url"]).data == PDF
    monkeypatch.setattr(tickets, "LASTS", -1)
    assert client.get(link).status_code == 403


@ONE
def test_the_list_of_a_row_is_added_to_and_taken_from_and_the_history_says_so(shelf, session):
    client, url = shelf.client, f"/specimen/{shelf.key}"
    page = client.get(url).text
    assert "listed.pdf" in page
    empty = send(client, f"{url}/files", {})
    assert (empty.status_code, "Choose a file first." in empty.text) == (422, True)
    both = [(io.BytesIO(PDF), "good.pdf"), (io.BytesIO(b"<x>"), "bad.pdf")]
    answer = client.post(f"{url}/files", data={"csrf_token": client.csrf, "files": both})
    assert answer.status_code == 422
    assert "good.pdf" not in client.get(url).text
    assert post(client, f"{url}/files/{'0' * 40}/remove").status_code == 404
    assert post(client, f"{url}/files/{shelf.paper}/remove").status_code == 404, "it stands in a field"
    assert post(client, f"{url}/files/{shelf.listed}/remove").status_code == 303
    page = client.get(url).text
    assert f"/files/{shelf.listed}" not in page
    assert {e.verb: e.changes for e in history(session) if e.record == "specimen" and e.verb != "add"} == {
        "add file": {"files": [None, "listed.pdf (18 B)"]},
        "remove file": {"files": ["listed.pdf (18 B)", None]},
    }
    told = plain(page)
    assert "Add file" in told, told[-900:]
    assert "Files: — → listed.pdf (18 B)" in told, told[-900:]
    assert send(client, f"/dossier/{shelf.dossier}/files", {"files": (PDF, "a.pdf")}).status_code == 404


@ONE
def test_a_field_and_a_list_take_no_file_when_their_row_takes_no_change(shelf, session, people, sign_in):
    """By the rule of the field, and by the state of the row."""
    client = shelf.client
    version = int(version_of(client, f"dossier/{shelf.dossier}"))
    answer = api(client, "PATCH", f"dossier/{shelf.dossier}", version=version, report=uploaded(client))
    assert answer.status_code == 422
    assert 'name="file-report"' not in client.get(f"/dossier/{shelf.dossier}/edit").text
    with acting(SYSTEM):
        adopt(session, session.get(Dossier, shelf.dossier), DossierState.SETTLED)
        claim = make(session, registry["claim"], people["claims"])
        adopt(session, claim, ClaimState.APPROVED)
        session.commit()
        key = claim.id
    assert client.get(f"/files/{shelf.report}").status_code == 200, "published by now"
    handler = sign_in("claims")
    page = handler.get(f"/claim/{key}").text
    assert 'id="files"' in page
    assert 'name="files"' not in page
    assert send(handler, f"/claim/{key}/files", {"files": (PDF, "a.pdf")}).status_code == 409


@ONE
def test_a_file_is_handed_out_as_long_as_its_row_says_so(shelf, session):
    """Even if something wrote past the session, which would have noticed."""
    table, another = Specimen.__table__, File("0" * 40, "another.pdf", 18, "application/pdf")
    with acting(SYSTEM):
        session.connection().execute(table.update().where(table.c.id == shelf.key).values(paper=another))
        session.commit()
    assert shelf.client.get(f"/files/{shelf.paper}").status_code == 404


@ONE
def test_an_edit_taken_back_brings_the_earlier_file_back(shelf, session, people):
    with acting(people["sales"]):
        session.get(Specimen, shelf.key).paper = None
        session.commit()
        entry = [e for e in history(session) if e.record == "specimen"][-1]
        row = session.get(Specimen, shelf.key)
        versions.revert(session, row, entry.id, {"paper"})
        session.commit()
        assert row.paper == File(shelf.paper, "paper.pdf", 18, "application/pdf")
    assert shelf.client.get(f"/files/{shelf.paper}").data == PDF


def test_files_go_with_their_row_come_back_with_it_and_are_swept_with_the_trash(shelf, session, sign_in):
    """A row under the same number later has no part in them."""
    with acting(SYSTEM):
        session.delete(session.get(Specimen, shelf.key))
        session.commit()
    for token in (shelf.paper, shelf.listed):
        assert shelf.client.get(f"/files/{token}").status_code == 404
    with acting(SYSTEM):
        other = Specimen(id=shelf.key, code="same number", owner_id=None)
        session.add(other)
        session.flush()
        assert files.listed(session, other) == []
        other.paper = File(shelf.paper)
        with pytest.raises(Refusal, match="belongs elsewhere"):
            session.flush()
        session.rollback()
        later = datetime.now(UTC) + timedelta(days=3)
        files.sweep(session, later)
        session.commit()
        trashed = trash.listed(session)[0].id
        trash.restore(session, trashed)
        session.commit()
    for token in (shelf.paper, shelf.listed):
        assert shelf.client.get(f"/files/{token}").data == PDF
    with acting(SYSTEM):
        session.delete(session.get(Specimen, shelf.key))
        session.commit()
        trash.purge(session, later + timedelta(days=60))
        files.sweep(session, later)
        session.commit()
    left = {each.token for each in entries(session)}
    assert not left & {shelf.paper, shelf.listed, shelf.secret}
    assert shelf.report in left


def test_what_nobody_needs_is_swept_and_nothing_else(shelf, session, people):
    now, kept = datetime.now(UTC), {shelf.paper, shelf.listed, shelf.secret, shelf.report}
    alone = uploaded(shelf.client)
    the_store().put("b" * 40, b"a stray")
    with acting(people["sales"]):
        session.get(Specimen, shelf.key).secret = None
        session.commit()
    with acting(SYSTEM):
        doomed = make(session, Dossier)
        token, table = doomed.report.id, Dossier.__table__
        session.commit()
        session.connection().execute(table.delete().where(table.c.id == doomed.id))
        session.commit()
        expected = [(1, kept | {alone, token}), (30, kept | {token}), (60, kept - {shelf.secret})]
        for hours_or_days, left in zip((timedelta(0), timedelta(days=2), timedelta(days=70)), expected, strict=True):
            files.sweep(session, now + hours_or_days)
            session.commit()
            assert {each.token for each in entries(session)} == left[1]
        files.sweep(session, now + timedelta(days=71))
        session.commit()
    there = {name for name, _at in the_store().tokens()}
    assert there >= kept - {shelf.secret}
    assert not there & {"b" * 40, alone, shelf.secret, token}


@ONE
def test_two_rows_that_take_one_file_at_once_do_not_both_get_it(session, people, shelf, monkeypatch):
    """The second sees it free as long as the first has not committed; the database tells them apart."""
    monkeypatch.setattr(files, "_is_free", lambda kept: True)
    with acting(people["sales"]):
        session.add(Specimen(code="second", paper=File(shelf.paper)))
        with pytest.raises(Conflict, match="another entry"):
            session.flush()
        session.rollback()


@ONE
def test_the_kernel_asks_whoever_attaches(session, people):
    with acting(people["sales"]):
        row = Specimen(code="a")
        session.add(row)
        session.flush()
        file = files.attach(session, row, files.Upload(io.BytesIO(PDF), "a.pdf"))
        assert files.visible(session, file.id).filename == "a.pdf"
        with pytest.raises(NotFound):
            files.visible(session, "")
    with acting(people["inspector"]):
        seen = session.get(Specimen, row.id)
        for change in (
            lambda: files.detach(session, seen, file.id),
            lambda: files.attach(session, seen, files.Upload(io.BytesIO(PDF), "b.pdf")),
        ):
            with pytest.raises(NotPermitted):
                change()
    session.rollback()
