"""The API of every record: described in full, shown as described, and what was read may be sent back."""

import jsonschema
import pytest
from sqlalchemy import func, select

from app.kernel.access import may
from app.kernel.actor import acting, system_actor
from app.kernel.tables import AuditEntry
from app.panel.openapi.document import build
from app.schema.record import Line
from app.schema.registry import registry
from tests.factories import make

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
VERBS = {"GET", "POST", "PATCH", "DELETE"}


@pytest.fixture
def described(app):
    """The document as the system sees it: all of it."""
    with app.test_request_context("/api/v1/openapi.json"), acting(system_actor("tests")):
        return build(registry)


def test_every_address_of_the_api_is_described_and_no_other(app, described):
    there = {
        (rule.rule.replace("<int:", "<").replace("<", "{").replace(">", "}").replace("{key}", "{id}"), verb)
        for rule in app.url_map.iter_rules()
        if rule.rule.startswith("/api/v1/") and not rule.rule.endswith("openapi.json")
        for verb in rule.methods & VERBS
    }
    told = set()
    for path, verbs in described["paths"].items():
        step = "/steps/" in path
        told |= {("/api/v1" + (path.rpartition("/")[0] + "/{step}" if step else path), verb.upper()) for verb in verbs}
    told = {(path.replace("{field}", "{name}"), verb) for path, verb in told}
    left = {(path, verb) for path, verb in there - told if not _pointless(path, verb)}
    assert (told - there, left) == (set(), set())


def _pointless(path, verb):
    """Whether nothing could be done there: every record has the address, it is described where it means something."""
    record = registry[path.split("/")[3]]
    if "/steps/" in path:
        return record.workflow is None
    if "/reveal/" in path:
        return not any(getattr(c.info.get("kind"), "private", False) for c in record.__table__.columns)
    line, form = issubclass(record, Line), bool(record.panel.form)
    return (line and ("/history" in path or "/comments" in path)) or (verb in ("POST", "PATCH") and not form)


def test_the_document_is_sound(described):
    operations = [operation for verbs in described["paths"].values() for operation in verbs.values()]
    ids = [operation["operationId"] for operation in operations]
    assert len(ids) == len(set(ids))
    for schema in described["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)
    validator = within(described, {"$ref": "#/components/schemas/GadgetNew"})
    assert not validator.is_valid({"price": 1})
    for name, schema in described["components"]["schemas"].items():
        for example in schema.get("examples", ()):
            within(described, {"$ref": f"#/components/schemas/{name}"}).validate(example)


@pytest.mark.parametrize("who", ["renewal", "inspector"])
def test_the_document_is_of_who_asks_and_known_again(sign_in, people, who):
    client = sign_in(who)
    answer = client.get("/api/v1/openapi.json")
    tags = {operation["tags"][0] for verbs in answer.json["paths"].values() for operation in verbs.values()}
    assert tags - {"files", "measures"} == {str(r.__tablename__) for r in registry if may(people[who], "read", r)}
    assert ('"createClaim"' in answer.text) == may(people[who], "add", registry["claim"])
    again = client.get("/api/v1/openapi.json", headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_a_person_reads_it_in_the_panel(sign_in):
    client = sign_in("claims")
    assert "/api/v1/claim/" in client.get("/help/api/").text
    page = client.get("/help/api/claim").text
    for words in ("createClaim", "acceptClaim", "/api/v1/claim/{id}/steps/accept", "Idempotency-Key", "occurred_on"):
        assert words in page
    assert "deleteClaim<" not in page
    assert "/api/v1/measures/{name}/rows" in client.get("/help/api/measures").text
    assert client.get("/help/api/nothing").status_code == 404


def test_the_whole_of_it_is_written_to_a_file(app, tmp_path):
    made = tmp_path / "openapi.json"
    told = app.test_cli_runner().invoke(args=["panel", "openapi", str(made)])
    assert (told.exit_code, "operations" in told.output) == (0, True), repr(told.exception)
    assert "createClaim" in made.read_text("utf-8")


def within(described, schema):
    """A validator of a schema of the document."""
    return jsonschema.Draft202012Validator(schema | {"components": described["components"]})


def test_what_is_read_is_as_described_and_changes_nothing_when_sent_back(
    app, backend, session, people, sign_in, described
):
    wrong, clients, taken = {}, {}, 0
    for record in registry:
        name = str(record.__tablename__)
        best = max(people, key=lambda who: sum(may(people[who], verb, record) for verb in ("read", "edit", "add")))
        with acting(system_actor("tests")):
            row = make(session, record, people[best])
            session.commit()
            key, before = row.id, kept(session, record, row.id)
            session.rollback()
        client = clients[best] = clients.get(best) or sign_in(best)
        url = f"/api/v1/{name}/{key}"
        whole, listed = client.get(url), client.get(f"/api/v1/{name}/")
        for answer, schema in ((whole, f"{record.__name__}Whole"), (listed, f"{record.__name__}Page")):
            assert answer.status_code == 200, (name, best, answer.text)
            found = within(described, {"$ref": f"#/components/schemas/{schema}"}).iter_errors(answer.json)
            wrong |= {f"{schema} {error.json_path}": error.message for error in found}
        body = whole.json["result"] | {"lines": whole.json.get("lines", {})}
        answer = client.patch(url, json=body, headers={"X-CSRFToken": client.csrf})
        taken += answer.status_code == 200
        if not (answer.status_code == 200 or (answer.status_code == 403 and not may(people[best], "edit", record))):
            wrong[name] = answer.text
        with acting(system_actor("tests")):
            if kept(session, record, key) != before:
                wrong[f"{name} differs"] = answer.text
            session.rollback()
    assert wrong == {}
    assert taken > 30, "most records may be written by somebody"


def kept(session, record, key):
    """All there is of a row, and how much is told of it."""
    row = session.execute(select(record.__table__).where(record.__table__.c.id == key)).one()
    return tuple(row), session.scalar(select(func.count()).select_from(AuditEntry))
