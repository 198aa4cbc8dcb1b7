"""Real databases for every test: a fresh SQLite file and a fresh PostgreSQL database, with the department in it."""

import gc
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import count, zip_longest
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from flask_appbuilder import Model
from hypothesis import settings as hypothesis_settings
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from app.extensions import db
from app.factory import LANGUAGES, TRANSLATIONS, create_app
from app.kernel import permissions, wording
from app.kernel.actor import Actor, acting, system_actor
from app.kernel.guard import GuardedSession
from app.kernel.permissions import load_actor
from app.panel import face
from app.schema import tailored
from config import Settings
from tests import databases, department, dossier, gadget  # noqa: F401 - declares the throw-away records
from tests.servers.cluster import NoServer
from tests.servers.postgresql import PostgreSQL, postgresql
from tests.servers.rewind import Rewind
from tests.servers.skips import report_loud_skips, skip_loudly

# How long an example takes says how busy the machine is.
hypothesis_settings.register_profile("suite", deadline=None)
hypothesis_settings.load_profile("suite")


@dataclass
class Backend:
    """An application on one database; `reset` brings the database back to the freshly founded department."""

    app: Flask
    url: str
    engine: Engine
    reset: Callable[[], None]

    @cached_property
    def people(self) -> dict[str, Actor]:
        """Everybody of the freshly founded department, read once: a reset brings them back as they were."""
        with self.session() as session, acting(system_actor("tests", "cli")):
            return {name: load_actor(session, user_id) for name, user_id in department.user_ids(session).items()}

    def session(self) -> Session:
        """A guarded session of its own, beside the application's."""
        return GuardedSession(bind=self.engine, expire_on_commit=False)


def found(app: Flask) -> None:
    """Create the schema and the department: units, one person per role, permissions."""
    with app.app_context(), acting(system_actor("tests", "cli")):
        Model.metadata.create_all(db.engine)
        permissions.sync(db.session)
        department.found(db.session)
        db.session.commit()
        db.session.remove()
        db.engine.dispose()


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgreSQL]:
    """The PostgreSQL server of this run."""
    try:
        with postgresql() as server:
            yield server
    except NoServer as error:
        skip_loudly(str(error))


KEPT = 9
"""How many copies of an SQLite file stay a while, for who has read where the link leads and not yet been there."""


@pytest.fixture(scope="session")
def sqlite_backend(tmp_path_factory: pytest.TempPathFactory) -> Backend:
    """An application on an SQLite file: a link that each reset turns, at one stroke, to a new copy.

    A server that still answers a page of the last test may open a connection at any moment. It finds a whole file; and
    if it is the last one, nobody is given that connection afterwards, for the pool is emptied after the turn.
    """
    folder = tmp_path_factory.mktemp("sqlite")
    live, kept = folder / "live.sqlite3", folder / "kept.sqlite3"
    url = f"sqlite:///{live}"
    app = create_app(Settings(mode="testing", data_dir=folder, database_url=url, language="en"))
    found(app)
    live.rename(kept)
    copies = count()

    def reset() -> None:
        number = next(copies)
        turned = folder / "turned.sqlite3"
        turned.symlink_to(shutil.copy(kept, folder / f"copy{number}.sqlite3"))
        turned.replace(live)
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
        for leftover in folder.glob(f"copy{number - KEPT}.*"):
            leftover.unlink(missing_ok=True)

    reset()
    return _backend(app, url, reset)


@pytest.fixture(scope="session")
def postgres_backend(postgres: PostgreSQL, tmp_path_factory: pytest.TempPathFactory) -> Backend:
    """An application on a PostgreSQL database."""
    folder = tmp_path_factory.mktemp("postgres")

    def application(url: str) -> Flask:
        return create_app(Settings(mode="testing", data_dir=folder, database_url=url, language="en"))

    template = postgres.template("department", lambda url: found(application(url)))
    name = f"{template}_live_{folder.parent.name}".lower().replace("-", "_")[:60]
    url = postgres.create(name, template)
    app = application(url)
    rewind = Rewind(postgres.plain(name))

    def reset() -> None:
        nonlocal rewind
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
        if not rewind.back():
            postgres.drop(name)
            postgres.create(name, template)
            rewind = Rewind(postgres.plain(name))

    return _backend(app, url, reset)


def _backend(app: Flask, url: str, reset: Callable[[], None]) -> Backend:
    gc.freeze()  # what an application is made of stays: no need to look through it for garbage in every test

    def back() -> None:
        reset()
        wording.set_languages("en", LANGUAGES, TRANSLATIONS)  # whatever another application of this process speaks
        tailored.put_in_force(tailored.Tailored())  # a database put back counts its epochs anew
        face.forget_drawn()

    with app.app_context():
        return Backend(app, url, db.engine, back)


@pytest.fixture(params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> Backend:
    """Each test that asks for it runs on both databases, each time fresh; by day many on one (`tests.databases`)."""
    chosen: Backend = request.getfixturevalue("sqlite_backend" if request.param == "sqlite" else "postgres_backend")
    chosen.reset()
    chosen.app.extensions["actors"].forget()
    return chosen


@pytest.fixture
def app(backend: Backend) -> Flask:
    """The application under test."""
    return backend.app


@pytest.fixture
def session(backend: Backend) -> Iterator[Session]:
    """A guarded session as nobody: say ``with acting(people["renewal"]):``, or use `as_system`."""
    with backend.session() as opened:
        yield opened


@pytest.fixture
def people(backend: Backend) -> dict[str, Actor]:
    """The actor of each person of the test department, by user name (see `tests.department`)."""
    return dict(backend.people)


@pytest.fixture
def as_system() -> Iterator[Actor]:
    """Let the system act for the length of the test."""
    with acting(system_actor("tests", "cli")) as actor:
        yield actor


@pytest.fixture
def sign_in(app: Flask) -> Callable[[str], FlaskClient]:
    """A test client signed in as a user name; CSRF is on, `client.csrf` holds the token to send."""

    def enter(username: str) -> FlaskClient:
        client: Any = app.test_client()
        client.csrf = department.enter(client, username)
        return client

    return enter


@pytest.fixture(scope="session")
def shared_file() -> Callable[[str], Path]:
    """A file of real input, found by path beside the checkout; the test is skipped loudly where there is none."""

    def find(name: str) -> Path:
        for folder in Path(__file__).resolve().parents:
            if (file := folder / "shared" / "data" / name).exists():
                return file
        skip_loudly(f"the real input {name} is not beside the checkout (../shared/data)")

    return find


WAITING = {"bench", "browser", "faults", "journeys"}
"""Folders whose tests wait for other processes much of their time."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Long files first, or a worker is left alone with one; who waits beside who reckons, or both cores stand idle.

    Before pytest looks at the marks, for one half of many tests is for the night (see `tests.databases`).
    """
    databases.mark_the_night(config, items)
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    waiting = [path for path in files if path.parent.name in WAITING]
    waiting.sort(key=lambda path: path.parent.name == "browser")
    reckoning = sorted(set(files) - set(waiting), key=lambda path: (path.parent.name != "promises", path))
    order = [path for pair in zip_longest(reckoning, waiting) for path in pair if path is not None]
    items[:] = [item for path in order for item in files[path]]


def pytest_collection_finish() -> None:
    """What was imported stays: no need to look through it for garbage, nor to look after every seven hundred things."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Repeat at the end what could not be tested here."""
    report_loud_skips(terminalreporter)
