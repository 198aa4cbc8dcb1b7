"""The databases measured: a real PostgreSQL and an SQLite file, each with the schema and roles of the application."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from flask import Flask

from app.cli.panel import upgrade
from app.extensions import db
from app.factory import create_app
from config import Settings
from tests.bench import incoming, plain
from tests.bench.filling import fill
from tests.bench.shape import Ground, Shape
from tests.servers.postgresql import postgresql


def application(url: str, folder: Path) -> Flask:
    """The panel on that database."""
    return create_app(Settings(mode="testing", data_dir=folder, database_url=url, language="en"))


def found(url: str, folder: Path, shape: Shape) -> None:
    """Schema, roles, rows."""
    app = application(url, folder)
    with app.app_context():
        upgrade()
        db.session.remove()
        fill(db.engine, shape)
        db.engine.dispose()
        if db.engine.dialect.name == "postgresql":  # as it does by itself before long, but not at a chosen moment
            with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                connection.exec_driver_sql("VACUUM (ANALYZE)")
            db.engine.dispose()


@contextmanager
def grounds(backend: str, folder: Path, shapes: Sequence[Shape]) -> Iterator[list[Ground]]:
    """A filled database of each shape; gone when the block ends. Raises `NoServer` where there is no PostgreSQL."""
    with ExitStack() as stack:
        server = stack.enter_context(postgresql()) if backend == "postgresql" else None
        made = []
        for shape in shapes:
            place = folder / str(shape.rows) / backend
            place.mkdir(parents=True)
            url = stack.enter_context(server.database()) if server else f"sqlite:///{place / 'panel.sqlite3'}"
            incoming.write(place.parent, shape.rows)
            plain.write(place.parent, shape)
            found(url, place, shape)
            made.append(Ground(backend, url, place, shape))
        yield made
