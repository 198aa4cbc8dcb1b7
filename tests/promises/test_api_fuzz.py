"""Schemathesis over the document of the API: whatever it sends, nothing breaks and every answer is one described."""

import copy
from collections import Counter
from datetime import UTC, datetime

import pytest
import schemathesis
from flask_appbuilder.security.sqla.models import Role, User
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from sqlalchemy import select

from app.kernel.actor import acting, system_actor
from app.kernel.identity import tokens
from app.kernel.identity.narrowing import SCOPES
from app.schema.registry import registry
from tests.factories import make

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
ROWS = 3
SEED = 20260331
PARTS = 8


@pytest.fixture
def caller(session, people):
    """The header of somebody with every role, and a few rows of each record to meet."""
    with acting(system_actor("tests")):
        user = session.get(User, people["manager"].user_id)
        user.roles = list(session.scalars(select(Role)))
        session.flush()
        for record in registry:
            for _row in range(ROWS):
                make(session, record, people["manager"])
        token = tokens.make(session, user.id, "fuzz", may=SCOPES, days=7, now=datetime.now(UTC))
        session.commit()
    return {"Authorization": f"Bearer {token}", "Accept-Encoding": "identity"}


def met(document):
    """The document with the ids and versions of what is sent narrowed to those of rows that are there, or nearly."""
    document = copy.deepcopy(document)
    for name, schema in document["components"]["schemas"].items():
        version = schema.get("properties", {}).get("version")
        if version and name.endswith(("Version", "Change", "Part")):  # an answer tells of more
            version |= {"minimum": 1, "maximum": 2}
    for verbs in document["paths"].values():
        for operation in verbs.values():
            for parameter in operation.get("parameters", ()):
                if parameter.get("name") in ("id", "version"):
                    parameter["schema"] = {"type": "integer", "minimum": 1, "maximum": ROWS + 1}
    return document


def fuzz(app, document, headers, examples, chosen=SEED):
    """Send about so many cases of each operation, half of them wrong on purpose; what went wrong, and the statuses."""
    schema = schemathesis.openapi.from_dict(met(document))
    schema.app = app
    wrong, statuses = {}, Counter()

    def send(case):
        try:
            answer = case.call(headers=headers)
        except Exception as error:  # what the application lets through in a test is a 500 elsewhere
            return wrong.setdefault(f"{named(case)} raises {type(error).__name__}", f"{error} {case.as_curl_command()}")
        statuses[answer.status_code] += 1
        try:
            case.validate_response(answer, checks=CHECKS)
        except (Failure, FailureGroup) as failure:
            found = failure.exceptions if isinstance(failure, FailureGroup) else [failure]
            what = f"{named(case)} {answer.status_code} {found[0].title}"
            wrong.setdefault(what, f"{found[0].message} {case.as_curl_command()} {answer.content[:600]!r}")

    for result in schema.get_all_operations():
        operation = result.ok()
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            run = settings(
                max_examples=max(1, examples // 2),
                database=None,
                deadline=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )(given(operation.as_strategy(generation_mode=mode))(send))
            seed(chosen)(run)()
    return wrong, statuses


def named(case):
    """The operation of a case."""
    return case.operation.definition.raw["operationId"]


def test_some_cases_break_nothing(app, caller):
    document = app.test_client().get("/api/v1/openapi.json?records=claim,paper,script,measures", headers=caller).json
    wrong, statuses = fuzz(app, document, caller, 2)
    assert wrong == {}, "\n".join(wrong.values())
    assert {200, 201, 404, 422} <= set(statuses), statuses


@pytest.mark.nightly
@pytest.mark.parametrize("part", range(PARTS))
def test_five_thousand_cases_break_nothing(app, caller, part):
    """Over every record; in parts, for a test has ten minutes."""
    names = ",".join(sorted(["measures", *(str(record.__tablename__) for record in registry)])[part::PARTS])
    document = app.test_client().get(f"/api/v1/openapi.json?records={names}", headers=caller).json
    wrong, statuses = fuzz(app, document, caller, 14, SEED + part)
    assert wrong == {}, "\n".join(wrong.values())
    assert statuses.total() >= 5000 / PARTS, statuses
