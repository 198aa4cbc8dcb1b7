"""A record costs one file: `gizmo` passes every promise, and its migration writes itself.

Both run in processes of their own, in which the file is declared before anything else, as a domain's file would be.
"""

import os
import re
import shutil
import subprocess
import sys

from config import HERE

PROMISES = ("screens", "access", "matrix", "steps", "related")
FEWEST = 19
"""Promises a record with lines, a workflow and a private field has to keep."""

MIGRATING = """
import sys
import tests.promises.gizmo
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from flask_appbuilder import Model
from flask_migrate import downgrade, revision, upgrade
from sqlalchemy import inspect
from app.extensions import db
from run import app

def tables():
    return {name for name in inspect(db.engine).get_table_names() if name.startswith("gizmo")}

folder = sys.argv[1]
with app.app_context():
    upgrade(directory=folder)
    assert not tables()
    revision(directory=folder, message="gizmo", autogenerate=True)
    for move, there in ((upgrade, True), (downgrade, False), (upgrade, True)):
        move(directory=folder)
        assert tables() == ({"gizmo", "gizmo_part"} if there else set()), (move, tables())
    with db.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        assert compare_metadata(context, Model.metadata) == []
print("no drift")
"""


def run(*words, home):
    """A Python of its own in this checkout."""
    return subprocess.run(
        [sys.executable, *words],
        cwd=HERE,
        env={**os.environ, "YANXU_DATA_DIR": str(home), "YANXU_DATABASE_URL": ""},
        capture_output=True,
        text=True,
        timeout=600,
    )


def test_a_record_of_one_file_keeps_every_promise(tmp_path):
    files = [f"tests/promises/test_{name}.py" for name in PROMISES]
    chosen = ("-k", "gizmo and not postgresql")
    kept = run("-m", "pytest", "-q", "-p", "tests.promises.gizmo", *files, *chosen, home=tmp_path)
    assert kept.returncode == 0, kept.stdout
    passed = re.search(r"(\d+) passed", kept.stdout)
    assert passed, kept.stdout
    assert int(passed[1]) >= FEWEST, kept.stdout


def test_its_migration_is_made_by_autogenerate_and_goes_both_ways(tmp_path):
    shutil.copytree(HERE / "migrations", tmp_path / "migrations", ignore=shutil.ignore_patterns("__pycache__"))
    done = run("-c", MIGRATING, str(tmp_path / "migrations"), home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "no drift" in done.stdout


def test_it_is_short():
    """The record itself, without its imports, its states and its lines, is some 35 lines."""
    source = (HERE / "tests" / "promises" / "gizmo.py").read_text(encoding="utf-8")
    record = source.partition("class Gizmo(")[2].partition("class GizmoPart(")[0]
    assert 20 <= len([line for line in record.splitlines() if line.strip()]) <= 38
