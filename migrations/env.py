"""Alembic's environment: the schema of every record, on the application's own engine."""

from typing import Any

from alembic import context
from alembic.autogenerate.api import AutogenContext
from flask import current_app
from flask_appbuilder import Model

from app.kernel.trigrams import PREFIX
from app.schema.kinds.files import FileText
from app.schema.rules import PerDialect

engine = current_app.extensions["migrate"].db.engine


def _known(name: str | None, type_: str, parent: dict[str, str | None]) -> bool:
    """Not the database's own tables, nor the indexes `trigrams.keep` looks after."""
    ours_to_leave = {"table": "sqlite_", "index": PREFIX}.get(type_)
    return not (ours_to_leave and name and name.startswith(ours_to_leave))


def _written(type_: str, thing: Any, autogen: AutogenContext) -> str | bool:
    """How a new migration writes a file's column, and the rule of a kind: in the words of both databases."""
    if isinstance(thing, FileText):
        return f"sa.{thing.impl!r}"
    if type_ != "check" or "rule" not in thing.info:
        return False
    words = thing.sqltext
    if isinstance(words, PerDialect):
        autogen.imports.add("import app.schema.rules")
        condition = f"app.schema.rules.PerDialect({words.postgresql!r}, {words.sqlite!r})"
    else:
        condition = repr(words.text)
    return f"sa.CheckConstraint({condition}, name=op.f({f'ck_{thing.table.name}_{thing.name}'!r}))"


with engine.connect() as connection:
    if engine.dialect.name == "postgresql":
        connection.exec_driver_sql("SET lock_timeout = '10s'")
        connection.commit()
    else:
        # Batch mode rebuilds a table under its own name; links to it must not fall while it is away.
        connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        connection.commit()
    context.configure(
        connection=connection,
        target_metadata=Model.metadata,
        include_name=_known,
        render_as_batch=True,
        compare_type=False,
        render_item=_written,
    )
    with context.begin_transaction():
        context.run_migrations()
    if engine.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA foreign_keys=ON")
