"""A client generated from the document by openapi-python-client creates, searches, steps, attaches: on five records."""

import importlib
import json
import subprocess
import sys
import threading
from datetime import UTC, datetime
from io import BytesIO

import pytest
from flask_appbuilder.security.sqla.models import Role, User
from sqlalchemy import select
from werkzeug.serving import make_server

from app.kernel.actor import acting, system_actor
from app.kernel.identity import tokens
from app.kernel.identity.narrowing import SCOPES
from app.schema.registry import registry
from tests.factories import make

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
FIVE = {
    "document": ({"code": "D1", "edition": "1", "name": "Wording", "kind": "form", "text": "…"}, "check", {}),
    "system_fault": ({"name": "Reports are empty"}, "take", {}),
    "complaint": ({"about": "service", "account": "Nobody called back."}, "accept", {"complex": False}),
    "claim": ({"occurred_on": "2026-02-08", "cause": "collision", "claimed": "3000"}, "accept", {}),
    "survey": ({"purpose": "Look at the car"}, "visit", {"visited_on": "2026-02-10"}),
}
"""By record what a new row is made of, a step, and what the step asks."""


@pytest.fixture
def keys(session, people):
    """Tokens of two people with every role: four eyes look at a document."""
    with acting(system_actor("tests")):
        found = []
        for who in ("manager", "admin"):
            user = session.get(User, people[who].user_id)
            user.roles = list(session.scalars(select(Role)))
            session.flush()
            found.append(tokens.make(session, user.id, "client", may=SCOPES, days=7, now=datetime.now(UTC)))
        session.commit()
    return found


@pytest.fixture
def served(app):
    """The address of the application, served by a real server."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/api/v1"
    server.shutdown()
    thread.join()


@pytest.fixture
def generated(app, keys, tmp_path, monkeypatch):
    """The generated package."""
    headers = {"Authorization": f"Bearer {keys[0]}"}
    answer = app.test_client().get(f"/api/v1/openapi.json?records={','.join(FIVE)}", headers=headers)
    (tmp_path / "openapi.json").write_text(json.dumps(answer.json))
    pictures = "content_type_overrides: {image/webp: application/octet-stream}\n"  # its own word for what it knows not
    (tmp_path / "config.yml").write_text(f"package_name_override: generated\npost_hooks: []\n{pictures}")
    command = [sys.executable, "-m", "openapi_python_client", "generate", "--path", "openapi.json", "--meta", "none"]
    command += ["--output-path", "generated", "--config", "config.yml", "--fail-on-warning"]
    made = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr
    monkeypatch.syspath_prepend(str(tmp_path))
    yield importlib.import_module("generated")
    for name in [name for name in sys.modules if name.partition(".")[0] == "generated"]:
        del sys.modules[name]


def test_a_generated_client_makes_searches_steps_and_attaches(generated, served, keys, session, people):
    mine, other = (generated.AuthenticatedClient(base_url=served, token=key) for key in keys)
    with acting(system_actor("tests")):
        contract = make(session, registry["contract"], people["manager"]).id
        session.commit()
    links = {"claim": {"contract_id": contract}, "survey": {}}
    for name, (values, step, answers) in FIVE.items():
        record = registry[name].__name__
        plural = f"{name}s"

        def call(operation, client, **given):
            module = importlib.import_module(f"generated.api.{name}.{operation}")  # noqa: B023 - called at once
            answer = module.sync_detailed(client=client, **given)
            return int(answer.status_code), answer.parsed

        def model(called, values):
            module = importlib.import_module("generated.models")
            return getattr(module, called).from_dict(values)

        status, made = call(f"create_{name}", mine, body=model(f"{record}New", values | links.get(name, {})))
        assert status == 201, (name, made)
        row = made.result
        if name == "claim":
            links["survey"] = {"claim_id": row.id}
        status, page = call(f"list_{plural}", mine, q=getattr(row, "number", None) or row.code)
        assert (status, [each.id for each in page.result]) == (200, [row.id]), name
        file = importlib.import_module("generated.types").File(BytesIO(b"%PDF-1.4 letter"), "letter.pdf")
        body = getattr(importlib.import_module("generated.models"), f"Attach{record}Body")(file=file)
        status, attached = call(f"attach_{name}", mine, id=row.id, body=body)
        assert (status, attached.result.name) == (201, "letter.pdf"), name
        status, kept = call(f"list_{name}_files", mine, id=row.id)
        assert [each.id for each in kept.result] == [attached.result.id]
        answer = mine.get_httpx_client().get(attached.result.url.removeprefix("/api/v1"))
        assert answer.content == b"%PDF-1.4 letter"
        body = {"version": row.version, **answers}
        asked = getattr(
            importlib.import_module(f"generated.models.{step}_{name}_body"), f"{step.capitalize()}{record}Body"
        )
        status, moved = call(
            f"{step}_{name}", other if name == "document" else mine, id=row.id, body=asked.from_dict(body)
        )
        assert status == 200, (name, moved)
        assert moved.result.state != row.state
