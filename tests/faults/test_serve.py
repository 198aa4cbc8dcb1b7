"""``flask serve`` as one starts it: a served sign-in page and a worker, which live and die together."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.servers.cluster import free_port

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="children are found in /proc")


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data of every server here: whoever starts first makes it."""
    return tmp_path_factory.mktemp("served")


@pytest.fixture
def serve(folder: Path, port: int) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Start ``flask serve``, without demonstration data."""
    started: list[subprocess.Popen[str]] = []

    def run() -> subprocess.Popen[str]:
        given = {"YANXU_MODE": "testing", "YANXU_DATA_DIR": str(folder), "YANXU_DATABASE_URL": "", "PORT": str(port)}
        command = [sys.executable, "-m", "flask", "--app", "run", "serve"]
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=os.environ | given,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=hears_ctrl_c,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        children = workers_of(process)
        process.kill()
        process.communicate()
        for child in children:
            assert until(lambda child=child: not alive(child)), "a worker stayed behind"


def hears_ctrl_c() -> None:
    """Tests that a shell runs in the background are deaf to Ctrl-C, and so would be what they start."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def workers_of(process: subprocess.Popen[str]) -> list[int]:
    tasks = Path(f"/proc/{process.pid}/task").glob("*/children")
    return [int(pid) for task in tasks for pid in task.read_text().split() if alive(int(pid))]


def until(holds: Callable[[], Any], seconds: float = 90) -> Any:
    end = time.monotonic() + seconds
    while not (found := holds()):
        if time.monotonic() > end:
            return found
        time.sleep(0.2)
    return found


def answer(port: int, path: str) -> str:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as response:
            return str(response.read().decode())
    except OSError:
        return ""


def test_it_serves_and_restarts_its_worker_and_both_end_together(serve: Any, port: int) -> None:
    server = serve()
    assert "csrf" in until(lambda: answer(port, "/login/"))
    assert until(lambda: json.loads(answer(port, "/healthz") or "{}").get("heartbeat_age") is not None)
    [worker] = workers_of(server)
    os.kill(worker, signal.SIGKILL)
    [again] = until(lambda: [pid for pid in workers_of(server) if pid != worker])
    server.send_signal(signal.SIGTERM)
    assert server.wait(60) == 0
    assert not alive(again)
    told = server.stdout.read()
    assert f"http://localhost:{port}/" in told
    assert "the worker ended with code -9" in told
    assert "Traceback" not in told


def test_a_killed_server_takes_its_worker_along_and_a_second_start_keeps_the_data(serve: Any, port: int) -> None:
    first = serve()
    until(lambda: answer(port, "/healthz"))
    [worker] = until(lambda: workers_of(first))
    first.kill()
    assert until(lambda: not alive(worker), 60)
    second = serve()
    assert until(lambda: answer(port, "/healthz"))
    second.send_signal(signal.SIGINT)
    assert second.wait(60) == 0


def test_a_port_that_is_taken_is_said_before_anything_is_touched(serve: Any, port: int, folder: Path) -> None:
    before = sorted(folder.iterdir())
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        server = serve()
        assert server.wait(60) == 1
    told = server.stdout.read()
    assert f"choose another port: make run PORT={port + 1}" in told
    assert "Context impl" not in told
    assert sorted(folder.iterdir()) == before
