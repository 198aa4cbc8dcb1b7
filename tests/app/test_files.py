"""Files: told by their content, sent with forms and by the API, kept under names nobody chose."""

import io
import re
from dataclasses import replace

import pytest

from app.kernel import files
from app.kernel.actor import acting
from app.kernel.content import content_of
from app.kernel.settings import set_setting
from app.kernel.store import Folder
from app.kernel.workflow import adopt
from app.panel.headers import ALONE, CONTENT_POLICY
from app.schema import check, transfer
from app.schema.kinds.files import plain_name
from app.schema.record import Line
from app.schema.registry import registry
from app.schema.transfer import Cell, Profile, Target
from models.claims.states import ClaimState, SurveyState
from tests.factories import make
from tests.files import JPEG, PDF, SYSTEM, api, docx, entries, png, send, uploaded, version_of
from tests.gadget import GadgetPart
from tests.problems import errors_of
from tests.screens import plain, post, problem_at, value_of
from tests.specimen import Specimen

ONE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.mark.parametrize(
    ("body", "type_", "size"),
    [
        (png(), "image/png", (3, 2)),
        (JPEG, "image/jpeg", (7, 5)),
        (b"GIF89a\x04\x00\x03\x00", "image/gif", (4, 3)),
        (b"RIFF\x00\x00\x00\x00WEBPVP8X" + b"\x00" * 8 + b"\x09\x00\x00\x07\x00\x00", "image/webp", (10, 8)),
        (PDF, "application/pdf", (0, 0)),
        ("客户资料".encode("gb18030"), "text/plain", (0, 0)),
        (docx(), "application/vnd.openxmlformats-officedocument.wordprocessingml.document", (0, 0)),
        (docx("word/vbaProject.bin"), "", (0, 0)),
        (b"\x89PNG\r\n\x1a\n", "", (0, 0)),
        (JPEG[:14], "", (0, 0)),
        (b"<html><script>", "", (0, 0)),
        (b"\xef\xbb\xbf <svg onload=x>", "", (0, 0)),
        (b"MZ\x90\x00", "", (0, 0)),
        (b"PK\x03\x04", "", (0, 0)),
        (b"", "", (0, 0)),
    ],
)
def test_content_is_told_by_the_bytes(body, type_, size):
    found = content_of(body)
    assert (found.type, (found.width, found.height)) == (type_, size)


def test_a_store_gives_out_nothing_but_what_it_was_given(tmp_path):
    folder, token = tmp_path / "data" / "files", "a1" * 20
    store = Folder(folder)
    (folder / "se").mkdir(parents=True)
    for secret in (tmp_path / "secret", folder / "se" / "secret"):
        secret.write_text("x")
    store.put(token, b"body")
    assert store.open(token).read() == b"body"
    assert [kept for kept, _at in store.tokens()] == [token]
    for wrong in (
        "../secret",
        "secret",
        "",
        f"{token}/..",
        f"{token}\n",
        "0" * 40,
        f"{token}.",
        f"{token}.1/..",
        f"{token}..",
    ):
        with pytest.raises(FileNotFoundError):
            store.open(wrong)
    with pytest.raises(FileNotFoundError):
        store.put("../escaped", b"")
    with pytest.raises(FileExistsError):
        store.put(token, b"another")
    store.remove(token)
    store.remove(token)
    assert list(store.tokens()) == []


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../报告\r\n.pdf", "报告.pdf"),
        ("C:\\papers\\a.pdf", "a.pdf"),
        ('a";b.pdf', "a;b.pdf"),
        ("\u202efdp.exe", "fdp.exe"),
        ("..", "file"),
        ("x" * 300 + ".pdf", "x" * 189 + ".pdf"),
    ],
)
def test_a_name_is_kept_without_what_could_do_harm(sent, kept):
    assert plain_name(sent) == kept


def test_a_form_sends_files_and_they_are_the_rows(session, sign_in):
    client = sign_in("sales")
    files_ = {"file-paper": (PDF, "../../报告.pdf"), "file-photo": png(), "file-signed": png()}
    answer = send(client, "/specimen/add", files_, code="a")
    assert answer.status_code == 303, answer.text
    paper, photo, signed = entries(session)
    assert (paper.filename, paper.content_type, paper.size) == ("报告.pdf", "application/pdf", len(PDF))
    assert {(k.record, k.field) for k in (paper, photo, signed)} == {
        ("specimen", f) for f in ("paper", "photo", "signed")
    }
    page, key = client.get(answer.location).text, paper.record_id
    assert "报告.pdf (18 B)" in page
    assert f'<img class="yx-thumb" src="/files/{photo.token}/small/1"' in page
    assert "报告.pdf" in client.get("/specimen/").text
    exported = post(sign_in("manager"), "/specimen/export.csv").text
    assert ",报告.pdf," in exported
    assert paper.token not in exported
    shown = client.get(f"/api/v1/specimen/{key}").json["result"]["paper"]
    assert shown == {
        "id": paper.token,
        "name": "报告.pdf",
        "size": 18,
        "type": "application/pdf",
        "url": f"/api/v1/files/{paper.token}",
        "preview": f"/api/v1/files/{paper.token}/preview",
    }
    # Another in its place, and one taken out: the history tells both by name and size.
    form = {"code": "a", "version": version_of(client, f"specimen/{key}"), "drop-photo": "yes"}
    kept = {name: value_of(client.get(f"/specimen/{key}/edit").text, name) for name in ("paper", "photo", "signed")}
    answer = send(client, f"/specimen/{key}/edit", {"file-paper": (PDF + b"!", "new.pdf")}, **form, **kept)
    assert answer.status_code == 303, answer.text
    assert "报告.pdf (18 B) → new.pdf (19 B)" in plain(client.get(f"/specimen/{key}").text)
    statuses = [client.get(f"/files/{each.token}").status_code for each in (paper, photo, signed)]
    assert statuses == [404, 404, 200]


@ONE
@pytest.mark.parametrize("name", ["a.pdf", "报告 1.pdf", "a'b;c%0d%0a.pdf", "=1+1.pdf", "é" * 190 + ".pdf"])
def test_a_file_is_handed_out_to_be_kept_and_never_to_be_run(sign_in, name):
    client = sign_in("sales")
    token = uploaded(client, PDF, name)
    assert client.get(f"/files/{token}").status_code == 404, "nobody's yet"
    assert api(client, "POST", "specimen/", code="a", paper=token).status_code == 201
    got = client.get(f"/files/{token}")
    assert got.data == PDF
    assert got.headers["Content-Type"] == "application/pdf"
    said = got.headers["Content-Disposition"]
    assert said.startswith("attachment; filename")
    assert said.isascii()
    assert not re.search(r"[\r\n]", said)
    assert got.headers["X-Content-Type-Options"] == "nosniff"
    assert got.headers["Content-Security-Policy"] == ALONE
    assert got.headers["Cache-Control"] == "no-store"
    assert client.get("/specimen/").headers["Content-Security-Policy"] == CONTENT_POLICY


@ONE
@pytest.mark.parametrize(
    ("field", "sent", "reason"),
    [
        ("paper", (b"<html>", "a.pdf"), "type are not taken"),
        ("paper", (b"<svg onload='x'>", "a.png"), "type are not taken"),
        ("paper", (b"", "a.pdf"), "empty"),
        ("paper", (b"%PDF-" + b"x" * 1_048_576, "a.pdf"), "larger than 1 MB"),
        ("photo", (PDF, "a.png"), "no picture"),
        ("photo", (png(1001, 1000), "a.png"), "million pixels"),
    ],
)
def test_a_refused_file_is_told_at_its_field_and_the_others_need_not_be_sent_again(
    session, sign_in, field, sent, reason
):
    with acting(SYSTEM):
        set_setting(session, files.LARGEST, 1)
        set_setting(session, files.PIXELS, 1)
        session.commit()
    client = sign_in("sales")
    answer = send(client, "/specimen/add", {f"file-{field}": sent, "file-signed": png()}, code="kept words")
    assert answer.status_code == 422
    assert reason in problem_at(answer.text, field)
    assert "kept words" in answer.text
    again = value_of(answer.text, "signed")
    assert "file-signed.png" in again
    answer = send(client, "/specimen/add", {}, code="kept words", signed=again)
    assert answer.status_code == 303, answer.text
    assert [k.field for k in entries(session) if k.record == "specimen"] == ["signed"]


@ONE
def test_what_is_said_of_a_file_is_not_believed(session, people, sign_in):
    client = sign_in("sales")
    token = uploaded(client, PDF, "a.pdf")
    lie = {"id": token, "name": "a.png", "size": 1, "type": "image/png"}
    assert api(client, "POST", "specimen/", code="a", photo=lie).status_code == 422
    answer = api(client, "POST", "specimen/", code="a", paper=lie)
    assert answer.json["result"]["paper"]["type"] == "application/pdf"
    for wrong in ("a.pdf", 7, {"name": "a.pdf"}, [token]):
        answer = api(client, "POST", "specimen/", code="b", paper=wrong)
        assert "choose the file itself" in errors_of(answer)["paper"]


@ONE
def test_a_file_for_a_cell_that_takes_none_is_not_kept(session, people, sign_in):
    """Nor one for the pattern of further lines, for another record's lines or for no cell at all."""
    with acting(SYSTEM):
        claim = make(session, registry["claim"], people["claims"])
        paper = make(session, registry["paper"], claim_id=claim.id)
        session.commit()
        key, part = claim.id, paper.id
    client, form = sign_in("claims"), {f"paper.{part}.id": str(part), "paper.n0.name": "Bill"}
    cells = ("paper.n0.name", f"paper.{part}.name", "paper.new.scan", "paper.n0", "paper.n0.scan.x", "survey.n0.photo")
    answer = send(client, f"/claim/{key}/edit", {f"file-{cell}": (PDF, f"{cell}.pdf") for cell in cells}, **form)
    assert answer.status_code == 409, "the form says no version"
    assert [kept.filename for kept in entries(session) if kept.record is None] == []
    taken = {f"file-paper.{token}.scan": (PDF, f"{token}.pdf") for token in ("n0", part)}
    send(client, f"/claim/{key}/edit", taken, **form)
    assert {kept.filename for kept in entries(session) if kept.record is None} == {"n0.pdf", f"{part}.pdf"}


@ONE
def test_nobody_fills_the_disk_with_files_no_row_takes(session, sign_in):
    with acting(SYSTEM):
        set_setting(session, files.WAITING, 2)
        session.commit()
    client = sign_in("sales")
    for name in ("a", "b"):
        uploaded(client, PDF, name)
    form = {"file": (io.BytesIO(PDF), "c")}
    answer = client.post("/api/v1/files/", data=form, headers={"X-CSRFToken": client.csrf})
    assert (answer.status_code, "save some first" in answer.text) == (422, True)
    assert client.post("/api/v1/files/", headers={"X-CSRFToken": client.csrf}).status_code == 415


@ONE
def test_a_step_asks_for_a_signature(session, people, sign_in):
    with acting(SYSTEM):
        row = make(session, registry["survey"], people["claims"], photo=None, signed=None)
        adopt(session, row, SurveyState.ON_SITE)
        claim = session.get(registry["claim"], row.claim_id)
        adopt(session, claim, ClaimState.REVIEWING)
        session.commit()
        key, version = row.id, row.version
    client = sign_in("claims")
    url = f"/survey/{key}/step/report"
    page = client.get(url).text
    assert 'enctype="multipart/form-data"' in page
    assert 'data-controller="signature"' in page
    form = {"version": str(version), "assessed": "10"}
    answer = send(client, url, {"file-signed": png()}, **form)
    assert answer.status_code == 422, "the findings are missing"
    form |= {"findings": "broken", "signed": value_of(answer.text, "signed")}
    assert send(client, url, {}, **form).status_code == 303
    assert [k.field for k in entries(session) if k.record == "survey"] == ["signed"]


@ONE
def test_lines_take_files_one_by_one_and_in_the_form_of_their_row(session, people, sign_in):
    with acting(SYSTEM):
        claim = make(session, registry["claim"], people["claims"])
        session.commit()
        key = claim.id
    client = sign_in("claims")
    answer = send(client, f"/claim/{key}/lines/paper/add", {"file-scan": (PDF, "one.pdf")}, name="Invoice")
    assert answer.status_code == 303, answer.text
    page = client.get(f"/claim/{key}/edit").text
    assert 'enctype="multipart/form-data"' in page
    form = {
        name: value_of(page, name) for name in ("version", "seen", "occurred_on", "cause", "claimed", "reported_at")
    }
    cells = {"file-paper.n0.scan": (PDF, "two.pdf"), "file-paper.n1.scan": (b"<x>", "three.pdf")}
    answer = send(client, f"/claim/{key}/edit", cells, **form, **{"paper.n0.name": "Bill", "paper.n1.name": "Photo"})
    assert answer.status_code == 422
    assert "type are not taken" in answer.text
    form |= {f"paper.n0.{name}": value_of(answer.text, f"paper.n0.{name}") for name in ("name", "scan")}
    answer = send(client, f"/claim/{key}/edit", {}, **form)
    assert answer.status_code == 303, answer.text
    page = client.get(f"/claim/{key}").text
    assert ("one.pdf" in page, "two.pdf" in page) == (True, True)


def test_a_declaration_that_searches_or_imports_a_file_is_refused_with_the_cure(monkeypatch):
    monkeypatch.setattr(Specimen, "panel", replace(Specimen.panel, search=("paper",)))
    assert any("searches 'paper', which is a file" in fault for fault in check.faults_of(Specimen, registry))
    filled = Target("row", "specimen", "code", {"code": Cell("Code"), "paper": Cell("Paper")})
    faults = list(transfer.faults_of(Profile("p", "P", (filled,)), registry))
    assert any("'paper', which is a file" in fault and "leave it out" in fault for fault in faults)
    monkeypatch.setattr(check, "Attached", Line)
    assert any("make its parent Attached" in fault for fault in check.faults_of(GadgetPart, registry))
