"""Viruses and bombs: a real server that speaks as clamd does, a real command, and documents packed too tightly."""

import io
import socket
import struct
import sys
import threading
import zipfile

import pytest

from app.factory import create_app
from app.kernel import scanning
from app.kernel.content import content_of, is_bomb
from app.kernel.scanning import Clamd, Command
from app.kernel.store import the_store
from config import Settings, UnsafeSetting
from tests.files import PDF, api, entries, history, send, uploaded
from tests.screens import problem_at

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
ONE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def clamd(listening, answer=None):
    """Speak with whoever comes as clamd does, until the socket is closed."""
    while True:
        try:
            line, _address = listening.accept()
        except OSError:
            return
        with line, line.makefile("rb") as heard:
            body = b""
            if heard.read(10) == b"zINSTREAM\0":
                while (size := struct.unpack(">I", heard.read(4))[0]) > 0:
                    body += heard.read(size)
            said = answer or (b"stream: Eicar-Signature FOUND\0" if EICAR in body else b"stream: OK\0")
            for byte in said:  # in the smallest pieces there are
                line.sendall(bytes([byte]))


@pytest.fixture
def serving():
    """Start such a server, answer where it is."""
    opened = []

    def start(family=socket.AF_INET, where=("127.0.0.1", 0), answer=None):
        listening = socket.socket(family)
        listening.bind(where)
        listening.listen()
        opened.append(listening)
        threading.Thread(target=clamd, args=(listening, answer), daemon=True).start()
        name = listening.getsockname()
        return f"unix:{name}" if family == socket.AF_UNIX else f"tcp://{name[0]}:{name[1]}"

    yield start
    for listening in opened:
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()


@pytest.fixture
def scanned_by(sqlite_backend):
    """Set who looks for viruses, for the length of a test."""
    yield scanning.set_scanner
    scanning.set_scanner(None)


def test_clamd_is_asked_over_tcp_and_over_a_socket_of_the_machine(serving, tmp_path):
    big = b"%PDF-" + b"x" * 1_000_000
    for address in (serving(), serving(socket.AF_UNIX, str(tmp_path / "clamd"))):
        assert Clamd(address).scan(big) == ""
        assert Clamd(address).scan(big + EICAR) == "Eicar-Signature"
    with pytest.raises(OSError, match="size limit"):
        Clamd(serving(answer=b"INSTREAM size limit exceeded. ERROR\0")).scan(b"x")
    with pytest.raises(FileNotFoundError):
        Clamd(f"unix:{tmp_path / 'nobody'}").scan(b"x")


def test_a_command_is_asked():
    program = f"{sys.executable} -c \"import sys; sys.exit(b'EICAR' in sys.stdin.buffer.read())\""
    assert [Command(program).scan(body) for body in (b"x", EICAR)] == ["", "virus"]
    with pytest.raises(FileNotFoundError):
        Command("/nonesuch/scanner").scan(b"x")
    with pytest.raises(OSError, match="ended with 2"):
        Command(f'{sys.executable} -c "import sys; sys.exit(2)"').scan(b"x")
    with pytest.raises(OSError, match="in time"):
        Command(f'{sys.executable} -c "import time; time.sleep(60)"', 0.2).scan(b"x")


def test_a_virus_is_refused_with_a_sentence_and_noted_whichever_way_it_comes(session, sign_in, scanned_by, serving):
    client = sign_in("sales")
    key = api(client, "POST", "specimen/", code="a").json["result"]["id"]
    scanned_by(Clamd(serving()))
    uploaded(client, PDF)
    before = {token for token, _at in the_store().tokens()}
    answer = send(client, "/specimen/add", {"file-paper": (PDF + EICAR, "form.pdf")}, code="typed words")
    assert (answer.status_code, "typed words" in answer.text) == (422, True)
    assert "virus was found" in problem_at(answer.text, "paper")
    answer = send(client, f"/specimen/{key}/files", {"files": (PDF + EICAR, "list.pdf")})
    assert (answer.status_code, "Eicar-Signature" in answer.text) == (422, True)
    form = {"file": (io.BytesIO(PDF + EICAR), "api.pdf")}
    answer = client.post("/api/v1/files/", data=form, headers={"X-CSRFToken": client.csrf})
    assert (answer.status_code, "Eicar-Signature" in answer.text) == (422, True)
    found = [(e.changes["name"][0], e.changes["virus"][1]) for e in history(session) if e.verb == "virus"]
    assert found == [(f"{name}.pdf", "Eicar-Signature") for name in ("form", "list", "api")]
    assert all(e.user_id for e in history(session) if e.verb == "virus")
    assert {token for token, _at in the_store().tokens()} == before
    assert len(entries(session)) == 1


@ONE
def test_what_nobody_looked_at_is_refused_unless_the_setting_says_otherwise(session, sign_in, scanned_by, tmp_path):
    client, away = sign_in("sales"), Clamd(f"unix:{tmp_path / 'nobody'}")
    scanned_by(away)
    form = {"file": (io.BytesIO(PDF), "a.pdf")}
    answer = client.post("/api/v1/files/", data=form, headers={"X-CSRFToken": client.csrf})
    assert (answer.status_code, "could not be scanned" in answer.text) == (503, True)
    assert entries(session) == []
    scanned_by(away, fail_open=True)
    uploaded(client)


def packed(parts, names=("[Content_Types].xml", "word/document.xml")):
    kept = io.BytesIO()
    with zipfile.ZipFile(kept, "w", zipfile.ZIP_DEFLATED) as into:
        for name in names:
            into.writestr(name, "x")
        for name, body in parts:
            into.writestr(name, body)
    return kept.getvalue()


@ONE
def test_a_document_that_unpacks_into_too_much_is_refused(sign_in, tmp_path):
    tight = packed([("word/media/a.bin", bytes(20_000_000))])
    many = packed([(f"word/{n}", "") for n in range(10_001)])
    shared = bytearray(packed([("word/a", bytes(range(256)) * 9)]))
    at = shared.rindex(b"PK\x01\x02")
    shared[at + 20 : at + 24] = struct.pack("<I", len(shared) * 2)  # says to hold more packed bytes than there are
    assert [is_bomb(body) for body in (tight, many, bytes(shared))] == [True, True, True]
    assert not is_bomb(packed([("word/styles.xml", "<w:style/>" * 2000)]))
    assert content_of(tight[:-30]).type == "", "no end, no document"
    client = sign_in("sales")
    form = {"file": (io.BytesIO(tight), "a.docx")}
    answer = client.post("/api/v1/files/", data=form, headers={"X-CSRFToken": client.csrf})
    assert (answer.status_code, "unpacks into more" in answer.text) == (422, True)


@pytest.mark.parametrize("wrong", ["clamd", "tcp://host", "unix:relative", "command:", "http://x:1"])
def test_a_scanner_that_cannot_be_one_refuses_to_start(tmp_path, wrong):
    with pytest.raises(UnsafeSetting, match="YANXU_SCAN"):
        create_app(Settings(mode="testing", data_dir=tmp_path, scan=wrong))
