"""The migrations make exactly the schema of the declarations, and every one goes both ways."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask_appbuilder import Model
from flask_migrate import downgrade, upgrade
from sqlalchemy import inspect, text

from app.extensions import db
from app.factory import create_app
from app.kernel import appendonly
from app.schema import trees
from app.schema.record import many_of
from app.schema.registry import registry
from app.schema.traits import Tree
from config import Settings
from tests import dossier, gadget

OURS = {str(record.__tablename__) for record in (*gadget.RECORDS, *dossier.RECORDS)}
OURS |= {f"{record.__tablename__}_{name}" for record in gadget.RECORDS for name in many_of(record)}


@pytest.fixture(params=["sqlite", "postgresql"], scope="module")
def migrated(request, tmp_path_factory):
    """An application on a database of its own: empty for who comes first, at the newest revision after each test."""
    folder = tmp_path_factory.mktemp("migrated")
    if request.param == "sqlite":
        yield create_app(Settings(mode="testing", data_dir=folder))
        return
    with request.getfixturevalue("postgres").database() as url:
        app = create_app(Settings(mode="testing", data_dir=folder, database_url=url))
        yield app
        with app.app_context():
            db.session.remove()
            db.engine.dispose()


def tables():
    return set(inspect(db.engine).get_table_names()) - {"alembic_version"}


def test_up_down_up_without_drift(migrated):
    with migrated.app_context():
        upgrade()
        declared = {table.name for table in Model.metadata.sorted_tables} - OURS
        assert tables() == declared
        with db.engine.connect() as connection:
            context = MigrationContext.configure(connection, opts={"compare_type": False})
            differences = [d for d in compare_metadata(context, Model.metadata) if not _of_the_tests(d)]
        assert differences == []
        downgrade(revision="base")
        assert tables() == set()
        upgrade()
        assert tables() == declared


def _of_the_tests(difference):
    """Whether a difference is about a throw-away record of the tests, which no migration makes."""
    thing = difference[1] if isinstance(difference, tuple) else difference[0][3]
    return getattr(getattr(thing, "table", thing), "name", "") in OURS


def test_check_constraints_are_in_the_database(migrated):
    with migrated.app_context():
        upgrade()
        found = inspect(db.engine)
        for record in registry:
            if record.__tablename__ in OURS:
                continue
            checks = (c for c in record.__table__.constraints if c.__visit_name__ == "check_constraint" and c.name)
            declared = {str(check.name) for check in checks}
            kept = {c["name"] for c in found.get_check_constraints(record.__tablename__)}
            assert {n for n in declared if n not in kept and f"ck_{record.__tablename__}_{n}" not in kept} == set()


def test_what_is_only_added_to_is_so_in_a_migrated_database(migrated):
    """The triggers stand as declared, those of trees too: rebuilding a table on SQLite drops them without a word."""
    with migrated.app_context():
        upgrade()
        dialect = db.engine.dialect.name
        kept = {
            "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'",
            "postgresql": "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
        }[dialect]
        with db.engine.connect() as connection:
            found = {name: " ".join(sql.replace("public.", "").split()) for name, sql in connection.execute(text(kept))}
    declared = [*appendonly.statements("audit_entry", "id"), *appendonly.statements("audit_seal", "number")]
    grown = [str(r.__tablename__) for r in registry if issubclass(r, Tree) and r.__tablename__ not in OURS]
    assert "unit" in grown
    declared += [each for table in grown for each in trees.statements(table)]
    ruled = [table for table in Model.metadata.tables.values() if table.name not in OURS and "triggers" in table.info]
    assert {table.name for table in ruled} >= {"approval", "payout", "case_review"}
    declared += [
        each for table in ruled for each in table.info["triggers"] if not any(f"_{name}_" in each[1] for name in OURS)
    ]
    for made_for, statement in declared:
        if made_for == dialect and statement.startswith("CREATE TRIGGER"):
            name = statement.split()[2]
            assert sorted(found[name].lower().split()) == sorted(statement.lower().split()), name
