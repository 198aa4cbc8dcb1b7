"""``flask serve``: the whole panel on one machine: database, demonstration data, worker and web server."""

import logging
import signal
import subprocess
import sys
import threading
from typing import Any

import click
from flask import current_app
from flask.cli import with_appcontext
from waitress.server import create_server

from app.cli.demo import load_department
from app.cli.panel import upgrade
from app.extensions import db
from config import HERE

log = logging.getLogger(__name__)
THREADS = 8
GRACE = 30.0
"""Seconds a stopping worker has to finish the period it is at; killed then, it leaves the period due."""
WORKER = (sys.executable, "-m", "flask", "--app", "run", "jobs", "work", "--until-eof")


@click.command("serve")
@click.option("--host", help="Address to listen on; else YANXU_HOST.")
@click.option("--port", type=int, help="Port to listen on; else PORT.")
@with_appcontext
def serve(host: str | None, port: int | None) -> None:
    """Bring the database up to date, start the worker, and serve the panel until Ctrl-C or SIGTERM."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    settings = current_app.extensions["settings"]
    host, port = host or settings.host, port or settings.port
    app: Any = current_app
    try:
        server: Any = create_server(app._get_current_object(), host=host, port=port, threads=THREADS)
    except OSError as error:
        raise click.ClickException(
            f"cannot listen on {host}:{port} ({error.strerror}); choose another port: make run PORT={port + 1}"
        ) from None
    upgrade()
    load_demo()
    db.session.remove()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    worker = Child(WORKER)
    try:
        worker.start()
        announce(host, port)
        server.run()
    except KeyboardInterrupt:
        pass
    finally:
        worker.stop()
        server.close()


def load_demo() -> None:
    """Load the demonstration department into an empty database, when developing or when YANXU_DEMO asks for it."""
    settings = current_app.extensions["settings"]
    if settings.demo or settings.mode == "development":
        load_department()


def announce(host: str, port: int) -> None:
    """Say where the panel is, and one sign-in per role: ``app.extensions["demo_sign_ins"]``, (role, name, password)."""
    shown = "localhost" if host in ("0.0.0.0", "127.0.0.1", "::") else host
    click.echo(f"\nYanxu is served at http://{shown}:{port}/   (Ctrl-C stops it)")
    settings, sign_ins = current_app.extensions["settings"], current_app.extensions.get("demo_sign_ins", ())
    if sign_ins and (settings.demo or settings.mode == "development"):
        click.echo("Sign in as (demonstration passwords, change them before real use):")
        for role, name, password in sign_ins:
            click.echo(f"  {role:<12} {name:<16} {password}")
    click.echo("")


class Child:
    """A process kept running: started again when it dies, told to stop by the end of its standard input.

    It ends with us even when we are killed, because its standard input ends with us.
    """

    def __init__(self, command: tuple[str, ...], pause: float = 1.0) -> None:
        self._command, self._pause = command, pause
        self._stopping = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="worker-watch", daemon=True)
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and watch over it from a thread."""
        self._launch()
        self._watcher.start()

    def _launch(self) -> None:
        self.process = subprocess.Popen(self._command, cwd=HERE, stdin=subprocess.PIPE)

    def _watch(self) -> None:
        pause = self._pause
        while not self._stopping.wait(self._pause):
            if self.process is not None and (code := self.process.poll()) is not None:
                log.warning("the worker ended with code %s and is started again in %g s", code, pause)
                if self._stopping.wait(pause):
                    return
                pause = min(2 * pause, 60.0)
                self._launch()

    def stop(self) -> None:
        """End it: kindly at first, after `GRACE` seconds by force."""
        self._stopping.set()
        if self._watcher.ident is not None:
            self._watcher.join()
        if self.process is None or self.process.stdin is None:
            return
        try:
            self.process.stdin.close()
            self.process.wait(GRACE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
