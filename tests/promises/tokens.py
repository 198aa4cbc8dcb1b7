"""Canary tokens: what gives a row or a field away, and a world in which nobody is told them who may not know."""

import json
import re
from dataclasses import dataclass, field

import pytest
from sqlalchemy import String, Text, cast, literal, update

from app.schema.kinds import File
from app.schema.registry import registry
from tests.factories import CANARY
from tests.promises.oracle import Oracle

night_too = pytest.mark.parametrize("everybody", [False, pytest.param(True, marks=pytest.mark.nightly, id="everybody")])
"""A promise tried by day with those among whom it may break, and in the night with everybody."""


@dataclass
class World:
    """One record's rows in a fresh department, what is to be expected of them, and everybody signed in."""

    app: object
    record: type
    oracle: Oracle
    rows: dict[str, int]
    tokens: dict[str, tuple[str, int, str, bool]]
    clients: dict[str, object]
    wrong: list[str] = field(default_factory=list)
    checks: int = 0
    requests: int = 0

    def heard(self, said: str) -> list[str]:
        """The tokens a text holds. The canaries are looked for where one sings: they are thousands, the pages long."""
        others = [token for token in self.tokens if not token.startswith(CANARY) and token in said]
        if CANARY not in said:
            return others
        lengths = {len(token) for token in self.tokens if token.startswith(CANARY)}
        places = [place.start() for place in re.finditer(CANARY, said)]
        found = {said[at : at + length] for at in places for length in lengths}
        return [*others, *(token for token in found if token in self.tokens)]

    def expect(self, holds: bool, *what) -> None:
        """One check."""
        self.checks += 1
        if not holds:
            self.wrong.append(" ".join(map(str, what)))

    def ask(self, name, method, url, expected, **body):
        """Send a request as a person; the status is one of `expected`, and nothing hidden is in the answer."""
        client = self.clients[name]
        answer = client.open(url, method=method, headers={"X-CSRFToken": client.csrf}, **body)
        self.expect(answer.status_code in expected, name, method, url, answer.status_code, "not in", expected)
        said = f"{answer.data.decode(errors='replace')}\n{answer.headers}"
        asked = json.dumps([url, body.get("query_string", "")], ensure_ascii=False)
        self.checks += len(self.tokens)
        for token in self.heard(said):
            if token in asked or not re.search(re.escape(token) + r"(?!\d)", said):
                continue
            other, key, named, private = self.tokens[token]
            read = self.oracle.sees(name, registry[other], key) and self.oracle.reads(name, registry[other], key, named)
            if private or not read:
                self.wrong.append(f"{name} {method} {url} tells {token}: {named} of {other} {key}")
        self.requests += 1
        return answer


def plant(session, record):
    """Write a token into every field of a record that not everybody reads."""
    for rule in record.fields:
        column = record.__table__.columns.get(rule.field)
        if rule.read is None or column is None or not isinstance(column.type, String | Text):
            continue
        if not getattr(column.info.get("kind"), "private", False):
            told = literal(f"{CANARY} {rule.field} ") + cast(record.__table__.c.id, String) + literal(".")
            session.connection().execute(update(record.__table__).values({column.key: told}))


def tokens_of(before, after):
    """What gives a new row away, by its text: where it stands, and whether nobody may read it at all."""
    found = {}
    for name, rows in after.rows.items():
        ruled = {rule.field for rule in registry[name].fields}
        # One text may stand in several fields of a row: it gives away no more than the freest of them.
        for column in sorted(registry[name].__table__.columns, key=lambda column: column.key not in ruled):
            private = getattr(column.info.get("kind"), "private", False)
            for key in rows.keys() - before.rows[name].keys():
                value = rows[key][column.key]
                value = value.name if isinstance(value, File) else value
                if isinstance(value, str) and (private or CANARY in value):
                    found[value] = (name, key, column.key, private)
    return found
