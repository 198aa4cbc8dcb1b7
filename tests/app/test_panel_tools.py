"""``flask panel docs`` and ``flask panel new``, run as a developer runs them: in a checkout of their own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click import ClickException

from app.cli import docs as documenting
from app.cli.new import file_of, read_field
from config import HERE

LEFT_OUT = shutil.ignore_patterns(
    ".git", ".venv", "node_modules", "var", "vendor*", "__pycache__", ".*_cache", ".hypothesis", "test-results"
)


def run(*words: str, folder: Path, home: Path, path: str = "") -> subprocess.CompletedProcess[str]:
    """A command of this Python in a folder, with a data folder of its own."""
    environment = {**os.environ, "YANXU_DATA_DIR": str(home), "YANXU_DATABASE_URL": "", "PYTHONPATH": path}
    return subprocess.run(
        [sys.executable, "-m", *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_the_committed_pages_are_as_declared(tmp_path):
    checked = run("flask", "--app", "run", "panel", "docs", "--check", folder=HERE, home=tmp_path)
    assert checked.returncode == 0, checked.stderr


@pytest.fixture
def app(sqlite_backend):
    """None of these commands asks the database anything."""
    return sqlite_backend.app


@pytest.fixture
def pages(tmp_path, monkeypatch):
    """A folder of pages in place of the repository's, with two pages to write."""
    monkeypatch.setattr(documenting, "RECORDS", tmp_path)
    monkeypatch.setattr(documenting, "written", lambda: {"README.md": "# All\n", "claims/claim.md": "# Claim\n"})
    return tmp_path


def test_docs_writes_what_is_stale_and_removes_what_is_gone(app, pages):
    (pages / "README.md").write_text("# All\n")
    (pages / "old.md").write_text("gone")
    command = app.test_cli_runner().invoke
    refused = command(args=["panel", "docs", "--check"])
    assert refused.exit_code == 1
    assert "claims/claim.md, old.md" in refused.output
    assert "flask --app run panel docs" in refused.output
    assert "1 written, 1 removed" in command(args=["panel", "docs"]).output
    assert {file.name for file in pages.rglob("*.md")} == {"README.md", "claim.md"}
    assert command(args=["panel", "docs", "--check"]).exit_code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nowhere", "repair"), "there are: appraisal, claims"),
        (("claims", "claim"), "there is a claim already"),
        (("claims", "9lives"), "is no name for a record"),
        (("claims", "repair", "bill:monney"), "there are: address, bank_account"),
        (("claims", "repair", "bill"), "write name:kind"),
        (("claims", "repair", "state:code"), "call this one otherwise"),
        (("claims", "repair", "bill:money", "bill:day"), "call this one otherwise"),
    ],
)
def test_new_refuses_what_it_cannot_make(app, words, said):
    refused = app.test_cli_runner().invoke(args=["panel", "new", *words])
    assert refused.exit_code == 1
    assert said in refused.output


def test_a_long_record_is_written_one_field_to_a_line():
    asked = [read_field(f"a_rather_long_name_for_a_field_{number}:money?") for number in range(12)]
    text = file_of("claims", "long_one", "LongOne", asked)
    assert max(len(line) for line in text.splitlines()) <= 120
    with pytest.raises(ClickException, match="no kind"):
        read_field("a:b")


COMMANDS = """
import sys
from run import app
runner = app.test_cli_runner()
for words in sys.argv[1].split("; "):
    done = runner.invoke(args=words.split())
    print(done.output)
    if done.exit_code:
        raise SystemExit(f"{words}: {done.output} {done.exception!r}")
"""
"""Several commands in one process: the next process reads what they have written."""


@pytest.mark.nightly
def test_a_new_record_stands_after_two_commands_and_keeps_the_promises(tmp_path):
    """From nothing to a record with its migration, in a copy of this checkout; nothing else is written by hand."""
    copy, home = tmp_path / "copy", tmp_path / "home"
    shutil.copytree(HERE, copy, ignore=LEFT_OUT, symlinks=True)

    def commands(*lines: str) -> str:
        (tmp_path / "commands.py").write_text(COMMANDS)
        done = run("commands", "; ".join(lines), folder=copy, home=home, path=f"{tmp_path}:{copy}")
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    fields = "contract:contract workshop_phone:phone? ordered_on:day bill:money? scan:file photo:image?"
    said = commands("panel upgrade", f"panel new claims RepairOrder {fields}")
    assert "models/claims/repair_order.py" in said
    assert "db revision --autogenerate" in said
    done = commands("db revision --autogenerate -m repair_order", "panel upgrade", "panel check", "db check")
    assert "hold together" in done
    made = [str(copy / "models" / "claims" / name) for name in ("repair_order.py", "__init__.py")]
    for style in (("check", "-q"), ("format", "--check", "-q")):
        judged = run("ruff", *style, *made, folder=copy, home=home)
        assert judged.returncode == 0, judged.stdout + judged.stderr
    which = ("tests/promises/test_access.py", "-k", "repair_order and not postgresql")
    kept = run("pytest", "-q", *which, folder=copy, home=home)
    assert kept.returncode == 0, kept.stdout
    assert "passed" in kept.stdout
