"""Writing: committed as a whole or not at all, and what the database refuses becomes a sentence."""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from flask import request
from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from sqlalchemy.orm import Session

from app.extensions import db
from app.kernel import scanning, submissions
from app.kernel.database import is_locked
from app.schema import rules
from app.schema.errors import Conflict, Refusal
from app.schema.record import Record, words
from app.schema.registry import registry

UNSAID = ("csrf_token", "once")
"""Fields of a form that are no content."""


@contextmanager
def saving(session: Session) -> Iterator[None]:
    """Commit what the block wrote; roll back on anything it raises. Raises `Refusal` for what the database refuses."""
    try:
        yield
        session.commit()
    except IntegrityError as error:
        session.rollback()
        raise broken_rule(error) from error
    except DataError as error:
        session.rollback()
        raise Refusal("A value does not fit into its field.") from error
    except OperationalError as error:
        session.rollback()
        if not is_locked(error):
            raise
        raise Conflict("Somebody else is writing at this very moment. Wait a moment, then try again.") from error
    except scanning.Infected as found:
        session.rollback()
        scanning.note(session, found)
        session.commit()
        raise
    except BaseException:
        session.rollback()
        raise


def made_once(record: type[Record], make: Callable[[], Any]) -> int:
    """Add the row `make` builds, and answer its id; of a form that has been sent before, the id of the row it made.

    Call it within `saving`. Raises `Conflict` where the form's key was used for other content.
    """
    key = request.form.get("once", "")
    said = sorted((name, value) for name, value in request.form.items(multi=True) if name not in UNSAID)
    content = [request.path, *said, *sorted((name, file.filename) for name, file in request.files.items(multi=True))]
    return added_once(key, record, content, make)


def added_once(key: str, record: type[Record], content: Iterable[Any], make: Callable[[], Any]) -> int:
    """As `made_once`, with the key and the content of the request handed in."""
    before = submissions.claim(db.session, key, record, content)
    if before is not None:
        return before
    row = make()
    db.session.add(row)
    db.session.flush()
    if key:
        submissions.settle(db.session, key, row.id)
    return int(row.id)


def broken_rule(error: IntegrityError) -> Refusal:
    """What a constraint says, to the person whose change broke it."""
    name, table, column = _named(error)
    record = registry.get(table)
    if column:
        return Refusal("Fill this in.", field=column)
    if name.startswith("foreign key"):
        return Refusal("Other entries still point at this one, or what it points at is gone.")
    if record is not None and (fields := _unique(record, name)):
        if len(fields) == 1:
            return Refusal("Another entry has this already.", field=fields[0])
        together = ", ".join(words(field) for field in fields)
        return Refusal("Another entry has the same %(fields)s already.", fields=together)
    if record is not None and (found := rules.broken(record.__table__, name)):
        return Refusal(found[1].message, field=found[0])
    sentence = check_msgid(name, table)
    if record is not None and sentence:
        return Refusal("This is not allowed: %(rule)s", rule=sentence)
    return Refusal("This contradicts what is kept already.")


def check_msgid(name: str, table: str) -> str:
    """The rule a constraint is named as: ``ck_contract_expires_after_it_starts`` reads "Expires after it starts"."""
    return words(name.removeprefix(f"ck_{table}_")) if name.startswith(f"ck_{table}_") else ""


def rules_of(record: type[Record]) -> Iterator[str]:
    """The rules its table keeps, in English, for the catalogues."""
    yield from (rule.message for _column, rule in record.__table__.info.get("rules", {}).values())
    for constraint in record.__table__.constraints:
        if "rule" in constraint.info:
            yield constraint.info["rule"].message
        elif isinstance(constraint, CheckConstraint) and isinstance(constraint.name, str):
            name = str(constraint.name)
            if not name.endswith("_is_known"):
                yield check_msgid(
                    name if name.startswith("ck_") else f"ck_{record.__tablename__}_{name}", str(record.__tablename__)
                )


def _named(error: IntegrityError) -> tuple[str, str, str]:
    """The constraint, its table, and the column that must not be empty, as far as the database says."""
    diag: Any = getattr(error.orig, "diag", None)
    if diag is not None:
        kind = {"23503": "foreign key "}.get(str(getattr(error.orig, "sqlstate", "")), "")
        return kind + (diag.constraint_name or ""), diag.table_name or "", diag.column_name or ""
    text = str(error.orig)
    if found := re.search(r"UNIQUE constraint failed: (.+)", text):
        parts = [part.strip().split(".") for part in found.group(1).split(",")]
        return "unique " + ",".join(part[-1] for part in parts), parts[0][0], ""
    if found := re.search(r"NOT NULL constraint failed: (\w+)\.(\w+)", text):
        return "", found.group(1), found.group(2)
    if found := re.search(r"CHECK constraint failed: (\w+)", text):
        name = found.group(1)
        table = next((str(r.__tablename__) for r in _longest_first() if name.startswith(f"ck_{r.__tablename__}_")), "")
        return name, table, ""
    return ("foreign key " if "FOREIGN KEY" in text else ""), "", ""


def _longest_first() -> list[type[Record]]:
    return sorted(registry, key=lambda record: -len(str(record.__tablename__)))


def _unique(record: type[Record], name: str) -> list[str]:
    """The fields of a unique constraint, by its name or by the columns SQLite lists."""
    if name.startswith("unique "):
        return name.removeprefix("unique ").split(",")
    for constraint in record.__table__.constraints:
        if isinstance(constraint, UniqueConstraint) and constraint.name == name:
            return [column.key for column in constraint.columns]
    for index in record.__table__.indexes:
        if index.unique and index.name == name:
            return [column.key for column in index.columns]
    return []
