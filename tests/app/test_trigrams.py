"""The search box on PostgreSQL walks trigram indexes, which follow the declarations by themselves."""

import pytest
from sqlalchemy import select, text

from app.kernel import trigrams
from app.panel.search import found_by
from models.contracts import Contract
from tests.gadget import Gadget


def test_what_is_searched_by_parts(app):
    wanted = trigrams.searched()
    assert {("contract", "number"), ("contract", "plate"), ("customer", "name"), ("gadget", "code")} <= wanted
    assert not {pair for pair in wanted if pair[1] in ("buyer_phone", "state", "id")}, "private, choices, numbers"


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_indexes_are_made_once_and_dropped_when_nothing_searches(session, as_system, monkeypatch):
    if not session.scalar(text("SELECT 1 FROM pg_available_extensions WHERE name = 'pg_trgm'")):
        assert trigrams.keep(session) == {"made": 0, "dropped": 0}, "this server has none, and that is no fault"
        return
    wanted = len(trigrams.searched())
    assert trigrams.keep(session) == {"made": wanted, "dropped": 0}
    assert trigrams.keep(session) == {"made": 0, "dropped": 0}
    session.execute(text("SET LOCAL enable_seqscan = off"))
    for record, number in ((Contract, "000123"), (Gadget, "G-7")):
        statement = select(record.id).where(found_by(record, number))
        bound = statement.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
        plan = "\n".join(session.execute(text(f"EXPLAIN {str(bound).replace(':', '::')}")).scalars())
        assert trigrams.PREFIX in plan, plan
    monkeypatch.setattr(trigrams, "searched", lambda: {("gadget", "code")})
    assert trigrams.keep(session) == {"made": 0, "dropped": wanted - 1}


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_sqlite_searches_without(session, as_system):
    assert trigrams.keep(session) == {"made": 0, "dropped": 0}
