"""The store in a bucket: a real server that speaks as S3 does, one that is away and one that never answers."""

import socket
from dataclasses import replace
from hashlib import sha256

import boto3
import pytest
from moto.server import ThreadedMotoServer

from app.factory import create_app
from app.kernel.carriage import carry
from app.kernel.store import Bucket, Folder, set_store, the_store
from app.schema.errors import Unavailable
from config import Settings, UnsafeSetting
from tests.files import PDF, api, entries, send, uploaded
from tests.screens import problem_at

TOKEN = "a1" * 20
KEYS = {"key_id": "house", "secret": "not to be told"}


@pytest.fixture(scope="module")
def bucket():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    found = Bucket("papers", "a/house", f"http://{host}:{port}", **KEYS)
    keys = {"aws_access_key_id": found.key_id, "aws_secret_access_key": found.secret, "region_name": found.region}
    boto3.client("s3", endpoint_url=found.endpoint, **keys).create_bucket(Bucket=found.name)
    yield found
    server.stop()


@pytest.fixture
def silent():
    """A server that takes a connection and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield Bucket("papers", "", f"http://127.0.0.1:{listening.getsockname()[1]}", **KEYS, timeout=1)


@pytest.fixture
def away():
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    return Bucket("papers", "", f"http://127.0.0.1:{port}", **KEYS, timeout=1)


@pytest.fixture
def keeping(sqlite_backend):
    """Keep files there for the length of a test."""
    before = the_store()
    yield set_store
    set_store(before)


def test_a_bucket_keeps_gives_lists_and_forgets_as_a_folder_does(bucket, tmp_path):
    body = bytes(range(256)) * 12_000  # more than one piece
    for store in (bucket.store(), Folder(tmp_path / "files")):
        store.put(TOKEN, body)
        with store.open(TOKEN) as found:
            assert sha256(found.read()).digest() == sha256(body).digest()
            found.seek(2_000_000)
            assert found.read(3) == body[2_000_000:2_000_003]
        store.put(f"{TOKEN}.1-small", b"drawn of it")
        assert [token for token, _at in store.tokens()] == [TOKEN]
        assert sorted(name for name, _at in store.names()) == [TOKEN, f"{TOKEN}.1-small"]
        assert store.open(f"{TOKEN}.1-small").read() == b"drawn of it"
        store.remove(f"{TOKEN}.1-small")
        store.remove(TOKEN)
        store.remove(TOKEN)
        assert list(store.tokens()) == []
        with pytest.raises(FileNotFoundError):
            store.open(TOKEN)
        with pytest.raises(FileNotFoundError):
            store.put("../escaped", b"x")


def test_what_a_folder_keeps_is_for_the_process_alone_and_what_stood_there_is_found(tmp_path):
    """The folder is laid out as it was before there were other stores."""
    old = tmp_path / "files" / "a1" / TOKEN
    old.parent.mkdir(parents=True)
    old.write_bytes(b"kept long ago")
    store = Folder(tmp_path / "files")
    store.put("b2" * 20, b"new")
    assert store.open(TOKEN).read() == b"kept long ago"
    new = tmp_path / "files" / "b2" / ("b2" * 20)
    assert new.stat().st_mode & 0o077 == 0
    assert new.parent.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_files_go_into_the_bucket_and_come_out_of_it(session, sign_in, bucket, keeping):
    keeping(bucket.store())
    client = sign_in("sales")
    token = uploaded(client, PDF * 100_000, "report.pdf")
    assert api(client, "POST", "specimen/", code="a", paper=token).status_code == 201
    got = client.get(f"/files/{token}")
    assert (got.data == PDF * 100_000, got.content_length) == (True, 18 * 100_000)
    assert [t for t, _at in the_store().tokens()] == [token]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("how", ["away", "silent"])
def test_a_store_that_does_not_answer_is_a_sentence_and_nothing_is_half_done(session, sign_in, request, keeping, how):
    client = sign_in("sales")
    token = uploaded(client)
    key = api(client, "POST", "specimen/", code="kept", paper=token).json["result"]["id"]
    keeping(request.getfixturevalue(how).store())
    answer = send(client, "/specimen/add", {"file-paper": (PDF, "a.pdf")}, code="typed words")
    assert answer.status_code == 422
    assert "does not answer" in problem_at(answer.text, "paper")
    assert "typed words" in answer.text
    answer = send(client, f"/specimen/{key}/files", {"files": (PDF, "b.pdf")})
    assert (answer.status_code, "does not answer" in answer.text) == (503, True)
    for url in (f"/files/{token}", f"/api/v1/files/{token}"):
        answer = client.get(url)
        assert (answer.status_code, "does not answer" in answer.text) == (503, True)
        assert KEYS["secret"] not in answer.text
    assert [each.token for each in entries(session)] == [token]
    client.get("/specimen/")  # the pages themselves need no store


def test_secrets_are_neither_shown_nor_logged(away, caplog):
    with pytest.raises(Unavailable):
        away.store().put(TOKEN, b"x")
    settings = Settings(files_url="s3://b", files_endpoint=away.endpoint, files_key_id="k", files_secret="hush")
    told = f"{away!r} {away.store()._objects!r} {settings!r} {caplog.text}"
    assert "failed" in caplog.text
    assert not [secret for secret in (KEYS["secret"], "hush") if secret in told]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_files_are_carried_to_a_bucket_and_back_and_verified(app, session, sign_in, bucket, keeping, tmp_path):
    client, here = sign_in("sales"), tmp_path / "here"
    keeping(Folder(here))
    tokens = {uploaded(client, PDF + bytes([n]), f"{n}.pdf") for n in range(3)}
    known = {row.token for row in entries(session)}
    assert known >= tokens
    runner, place = app.test_cli_runner(), replace(bucket, prefix="carried").store()
    keeping(place)
    assert runner.invoke(args=["files", "verify"]).exit_code == 1
    said = runner.invoke(args=["files", "copy", "--from", str(here)]).output
    assert f"{len(tokens)} files copied" in said
    assert runner.invoke(args=["files", "verify"]).exit_code == 0
    assert "0 files copied" in runner.invoke(args=["files", "copy", "--from", str(here)]).output, "begun again"
    one = sorted(tokens)[0]
    place.put(one, b"altered")
    said = runner.invoke(args=["files", "verify"])
    assert (said.exit_code, f"{one} (" in said.output, "not what was sent" in said.output) == (1, True, True)
    back = tmp_path / "back"
    assert runner.invoke(args=["files", "copy", "--to", str(back)]).exit_code == 0
    assert {name for name, _at in Folder(back).tokens()} == tokens
    assert "the other side" in runner.invoke(args=["files", "copy", "--from", str(here), "--to", str(back)]).output


def test_a_carriage_that_is_not_read_back_the_same_stops(tmp_path, monkeypatch):
    source, target = Folder(tmp_path / "a"), Folder(tmp_path / "b")
    source.put(TOKEN, b"whole")
    monkeypatch.setattr(target, "put", lambda token, body: Folder.put(target, token, body[:2]))
    with pytest.raises(OSError, match="did not arrive"):
        carry(source, target)


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"files_url": "/tmp/files"}, "YANXU_FILES_URL"),
        ({"files_url": "s3://key:secret@bucket"}, "YANXU_FILES_URL"),
        (
            {"files_url": "s3://b", "files_endpoint": "ftp://x", **{f"files_{k}": v for k, v in KEYS.items()}},
            "ENDPOINT",
        ),
        ({"files_url": "s3://b", "files_key_id": "only"}, "YANXU_FILES_SECRET"),
        ({"files_url": "s3://b", "files_endpoint": "https://s3.example.cn"}, "YANXU_FILES_KEY_ID"),
        ({"files_endpoint": "https://s3.example.cn", **{f"files_{k}": v for k, v in KEYS.items()}}, "YANXU_FILES_URL"),
    ],
)
def test_settings_that_make_no_sense_refuse_to_start(tmp_path, wrong, named):
    with pytest.raises(UnsafeSetting, match=named) as refused:
        create_app(Settings(mode="testing", data_dir=tmp_path, **wrong))
    assert KEYS["secret"] not in str(refused.value)
