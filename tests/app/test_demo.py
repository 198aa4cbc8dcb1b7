"""``flask demo``: rows for every record, of every state, in both languages, the same ones every time."""

from datetime import date

import pytest
from sqlalchemy import func, select

from app.kernel import files, filling
from app.kernel.actor import acting, system_actor
from app.kernel.store import the_store
from app.kernel.tables import AuditEntry
from app.schema.errors import NotPermitted
from app.schema.record import kind_of
from app.schema.registry import registry
from tests.factories import make

TODAY = date(2026, 11, 2)
SIZE = 1_500


def filled(session, **more):
    """Fill the freshly founded department."""
    given = {"seed": 7, "language": "both", "today": TODAY, **more}
    with acting(system_actor("demo")):
        came = filling.fill(session, given.pop("size", SIZE), **given)
        session.commit()
    return came


def dump(session):
    """Every row of every record, by name."""
    with acting(system_actor("demo")):
        connection = session.connection()
        return {
            name: [tuple(row) for row in connection.execute(select(table).order_by(table.c.id))]
            for name, table in ((str(record.__tablename__), record.__table__) for record in registry)
        }


def test_every_record_is_filled_once_and_its_ids_go_on(backend, session):
    came = filled(session)
    counts = {record.__tablename__: len(rows) for record, rows in zip(registry, dump(session).values(), strict=True)}
    assert min(counts.values()) > 5, counts
    assert sum(done.written for done in came.values()) > SIZE / 2
    again = filled(session)
    assert {name: done.written for name, done in again.items() if done.written} == {}
    with acting(system_actor("demo")):
        told = session.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.record_id.is_(None)))
        assert told >= len([done for done in came.values() if done.written])
        scans = [scan for scan in session.scalars(select(registry["paper"].scan)) if scan is not None]
        assert scans
        for scan in scans:
            assert len(the_store().open(files.visible(session, scan.id).token).read()) == scan.size
        for name in ("customer", "claim", "gadget"):
            assert make(session, registry[name]).id > counts[name]
        session.rollback()


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_the_same_seed_and_day_give_the_same_rows_and_another_seed_others(backend, session):
    filled(session)
    first = dump(session)
    for seed, same in ((7, True), (8, False)):
        session.close()
        backend.reset()
        filled(session, seed=seed)
        assert (dump(session) == first) == same


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_values_are_of_their_kinds_in_both_languages_and_every_state_is_there(backend, session):
    filled(session)
    texts = ""
    for record in registry:
        with acting(system_actor("demo")):
            rows = session.connection().execute(select(record.__table__)).mappings().all()
        for column in record.__table__.columns:
            values = {str(row[column.key]): row[column.key] for row in rows if row[column.key] is not None}
            kind = kind_of(record, column.key)
            if kind is not None:
                assert [v for v in values.values() if kind.read(kind.write(v)) != v] == [], (record, column.key)
            if "initial" in column.info and record.__tablename__ not in ("person", "unit"):
                assert set(column.info["choices"]) <= set(values.values()), record
            texts += " ".join(values)
    assert any("\u4e00" <= letter <= "\u9fff" for letter in texts)
    assert "Sample" in texts or "Warranty" in texts or "warranty" in texts


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_only_the_system_fills_and_one_language_is_one(backend, session, people):
    with acting(people["admin"]), pytest.raises(NotPermitted):
        filling.fill(session, 10, seed=1, language="both", today=TODAY)
    session.rollback()
    filled(session, language="en")
    with acting(system_actor("demo")):
        names = session.scalars(select(registry["lead"].name)).all()
    assert names
    assert not any("\u4e00" <= letter <= "\u9fff" for name in names for letter in name)


def test_the_command_loads_the_department_then_fills(sqlite_backend):
    sqlite_backend.reset()
    said = sqlite_backend.app.test_cli_runner().invoke(args=["demo", "--size", "300", "--on", "2026-11-02"])
    assert said.exit_code == 0, said.output
    assert "rows in" in said.output
    assert "Loading demonstration data" not in said.output, "there are people already"
