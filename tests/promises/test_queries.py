"""What each page of each record asks the database, frozen in ``statements.json``.

A change that asks more shows here as itself. Where it is meant:

    YANXU_FREEZE=1 python -m pytest tests/promises/test_queries.py

writes the table anew. A list asks at most six statements, a form at most eight, with sixty records as with thirty.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from app.kernel.access import may
from app.kernel.actor import acting, system_actor
from app.schema.record import Line
from app.schema.registry import registry
from config import HERE
from tests.factories import make
from tests.promises.oracle import PEOPLE
from tests.screens import statements

TABLE = Path(__file__).with_name("statements.json")
FROZEN = json.loads(TABLE.read_text(encoding="utf-8")) if TABLE.exists() else {}
FREEZING = os.environ.get("YANXU_FREEZE") == "1"
MOST = {"list": 6, "api": 6, "add": 8, "edit": 8}
OURS = [record for record in registry if not issubclass(record, Line)]

on_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


@pytest.fixture
def asked(session, people, sign_in, backend, request):
    """The statements of each page of a record, by page, asked a second time by who may do most with it."""
    record = request.param
    with acting(system_actor("queries")):
        key = make(session, record, people["manager"]).id
        session.commit()
    session.expunge_all()
    may_most = sorted(
        PEOPLE.values(), key=lambda name: -sum(may(people[name], v, record) for v in ("read", "add", "edit", "delete"))
    )
    client = sign_in(may_most[0])
    name, found = record.__tablename__, {}
    pages = {"list": "", "show": f"{key}", "add": "add", "edit": f"{key}/edit"}
    urls = {page: f"/{name}/{rest}" for page, rest in pages.items()} | {"api": f"/api/v1/{name}/"}
    for page, url in urls.items():
        client.get(url)
        with statements(backend.engine) as sent:
            answer = client.get(url)
        if answer.status_code == 200:
            found[page] = list(sent)
    return found


@on_sqlite
@pytest.mark.parametrize("asked", OURS, indirect=True, ids=lambda record: record.__tablename__)
def test_a_page_asks_what_it_asked_when_it_was_frozen(request, asked):
    name = request.node.callspec.id.removesuffix("-sqlite").removeprefix("sqlite-")
    counts = {page: len(sent) for page, sent in asked.items()}
    assert {"list", "api", "show"} <= set(counts)
    for page, sent in asked.items():
        assert len(sent) <= MOST.get(page, 99), sent
        assert [s for s in sent if "ab_permission" in s] == [], "permissions are kept, not asked for"
        assert len([s for s in sent if "epoch" in s]) <= 1, sent
    if FREEZING and registry[name].__module__.startswith("models."):
        FROZEN[name] = counts
        TABLE.write_text(written(FROZEN), encoding="utf-8")
    if registry[name].__module__.startswith("models."):
        assert counts == FROZEN.get(name), "more or less than frozen: see the top of this file"


def written(table):
    """A line per record, so that a change shows as itself."""
    lines = (f"  {json.dumps(name)}: {json.dumps(counts)}" for name, counts in sorted(table.items()))
    return "{\n" + ",\n".join(lines) + "\n}\n"


def test_the_table_holds_every_record_and_no_other():
    assert set(FROZEN) == {r.__tablename__ for r in OURS if r.__module__.startswith("models.")}


@on_sqlite
def test_asking_who_may_costs_no_statement(backend, people):
    with statements(backend.engine) as sent, acting(people["renewal"]) as actor:
        for record in registry:
            for verb in ("read", "add", "edit", "delete", "export", "step:pay"):
                may(actor, verb, record)
    assert sent == []


def test_sixty_records_ask_no_more_than_thirty():
    """The same counts, frozen ones among them, in a panel of sixty records."""
    words = (
        "-q",
        "-p",
        "tests.promises.sixty",
        "tests/promises/test_queries.py",
        "-k",
        "thing01 or contract or claim or renewal",
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words], cwd=HERE, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed, done.stdout
    assert int(passed[1]) >= 4
