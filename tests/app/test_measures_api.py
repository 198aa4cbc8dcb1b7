"""Figures over the API: what is measured, figures by month and person, the rows behind them, and what is refused."""

from datetime import UTC, datetime, timedelta

import jsonschema
import pytest
from flask_appbuilder.security.sqla.models import User

from app.kernel.actor import acting, system_actor
from app.kernel.identity import tokens
from app.panel.openapi.measures import SCHEMAS
from app.schema.registry import registry
from models.claims import Claim
from tests.factories import make

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
ROOT = "/api/v1/measures/"
QUARTER = "first=2026-01-01&last=2026-03-31"


def sound(answer, name):
    """The body of an answer that is as the document says."""
    assert answer.status_code == 200, answer.text
    jsonschema.Draft202012Validator(
        {"$ref": f"#/components/schemas/{name}", "components": {"schemas": SCHEMAS}}
    ).validate(answer.json)
    return answer.json


@pytest.fixture
def decided(session, people):
    """Claims decided in February and March, on time and late, of two who may not see each other's."""
    with acting(system_actor("tests")):
        for who, month, taken in (("claims", 2, (9, 90)), ("claims", 3, (9,)), ("claims2", 3, (9, 90, 90))):
            for days in taken:
                day = datetime(2026, month, 10, 4, tzinfo=UTC)
                make(session, Claim, people[who], decided_on=day.date(), reported_at=day - timedelta(days=days))
        session.commit()


def test_what_is_measured_is_described_to_who_may_see_it(sign_in):
    told = sound(sign_in("manager").get(ROOT), "Measures")["result"]
    assert [each["name"] for each in told] == [measure.name for measure in registry.measures]
    assert {
        "label": "Claims decided on time",
        "unit": "%",
        "record": "claim",
        "higher_is_better": True,
    }.items() <= next(each for each in told if each["name"] == "claims_on_time").items()
    assert {each["name"] for each in sign_in("sales").get(ROOT).json["result"]} == {"contact_volume", "attainment"}


def test_a_figure_is_made_of_months_and_people_and_leads_to_its_rows(sign_in, people, decided):
    client, (one, two) = sign_in("manager"), (people[who].user_id for who in ("claims", "claims2"))

    def asked(query):
        body = sound(client.get(f"{ROOT}claims_on_time?{QUARTER}&{query}"), "Figures")
        for figure in (body["result"], *body["by"]):
            if figure["rows"] is not None:
                assert str(client.get(figure["rows"]).json["count"]) == figure["denominator"]
        return body

    whole = asked("by=person")
    assert (whole["result"]["numerator"], whole["result"]["value"]) == ("3", "50.0000")
    by_person = [(each["user_id"], each["numerator"], each["denominator"]) for each in whole["by"]]
    assert by_person == sorted([(one, "2", "3"), (two, "1", "3")])
    by_month = [(each["month"], each["value"]) for each in asked(f"by=month&whose={one}")["by"]]
    assert by_month == [("2026-01", None), ("2026-02", "50.0000"), ("2026-03", "100.0000")]
    rows = sound(client.get(f"{ROOT}claims_on_time/rows?{QUARTER}&whose={two}"), "RowsBehind")
    assert {row["owner_id"] for row in rows["result"]} == {two}
    after = rows["result"][1]["id"]
    assert len(client.get(f"{ROOT}claims_on_time/rows?{QUARTER}&whose={two}&after={after}").json["result"]) == 1


def test_a_specialist_sees_nobody_elses_figure_by_any_parameter(sign_in, people, decided):
    client, me, other = sign_in("claims2"), people["claims2"].user_id, people["claims"].user_id
    for name in ("claims_on_time", "days_to_decide"):
        for whose in ("me", "all", str(me)):
            for by in ("", "&by=person", "&by=month"):
                body = client.get(f"{ROOT}{name}?{QUARTER}&whose={whose}{by}").json
                assert body["result"]["denominator"] == "3", (name, whose, by)
                assert {each["user_id"] for each in body["by"]} <= {me, None}
                assert sum(int(each["denominator"]) for each in body["by"]) in (0, 3)
        rows = client.get(f"{ROOT}{name}/rows?{QUARTER}").json["result"]
        assert {row["owner_id"] for row in rows} == {me}
        for whose in (str(other), "0", "99999999", "²", "-1", "nobody"):
            for url in (f"{ROOT}{name}?{QUARTER}&whose={whose}", f"{ROOT}{name}/rows?{QUARTER}&whose={whose}"):
                assert client.get(url).status_code == 404, url
    assert client.get(f"{ROOT}complaints_on_time").status_code == 403
    assert client.get(f"{ROOT}nothing").status_code == 404


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("first=2026-02-30", "first"),
        ("last=soon", "last"),
        ("first=2026-03-02&last=2026-03-01", "first"),
        ("first=2001-01-01&last=2026-03-01", "first"),
        ("first=0001-01-01", "first"),
        ("last=9999-12-31", "last"),
        ("by=unit", "by"),
        ("frist=2026-01-01", "frist"),
    ],
)
def test_what_cannot_be_read_is_a_problem_that_names_it(sign_in, query, parameter):
    answer = sign_in("manager").get(f"{ROOT}claims_on_time?{query}")
    assert (answer.status_code, answer.mimetype) == (422, "application/problem+json")
    assert parameter in {fault["parameter"] for fault in answer.json["errors"]}


@pytest.mark.parametrize(
    ("scopes", "records", "seen"),
    [(["read"], ["payout"], {"payout"}), (["read"], ["gadget"], set()), (["read"], ["claim"], {"claim"})],
)
def test_a_token_sees_the_measures_it_was_made_for(app, session, people, scopes, records, seen):
    with acting(system_actor("tests")):
        user = session.get(User, people["manager"].user_id)
        token = tokens.make(session, user.id, "t", may=scopes, records=records, days=7, now=datetime.now(UTC))
        session.commit()
    client, headers = app.test_client(), {"Authorization": f"Bearer {token}"}
    told = client.get(ROOT, headers=headers).json["result"]
    assert {each["record"] for each in told} == seen
    for measure in registry.measures:
        mine = measure.name in {each["name"] for each in told}
        assert (client.get(f"{ROOT}{measure.name}", headers=headers).status_code == 200) == mine, measure.name
