"""Every kind keeps what it promises: read, write, column, rules in the database, cell, filters, API schema, samples."""

import json
from contextlib import suppress

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, text
from sqlalchemy.exc import DataError, IntegrityError
from werkzeug.datastructures import MultiDict

from app.kernel.actor import acting, system_actor
from app.kernel.clock import house_zone
from app.kernel.history import plain
from app.panel import cells, filters
from app.panel.exporting import writer_of
from app.panel.fields import field_of
from app.panel.forms import input_for
from app.panel.saving import saving
from app.panel.titles import Read
from app.schema import kinds, rules
from app.schema.errors import Refusal
from app.schema.kinds import BadValue, FileKind, Reader, choice_kind, many_choice_kind
from app.schema.registry import registry
from tests.factories import sent
from tests.specimen import FIELDS, Colour, Specimen

LANGUAGES = ("en", "zh_Hans")
KINDS = (*kinds.ALL, choice_kind(Colour), many_choice_kind(Colour))
KIND_OF = {name: Specimen.__table__.columns[name].info["kind"] for name in FIELDS}
PLAIN = [name for name in FIELDS if name != "gadget_id"]
SCRIPT = "<script>alert('x')</script>"

BAD = {
    "code": repr("x" * 41),
    "short text": repr("x" * 201),
    "long text": repr("x" * 20_001),
    "markdown": repr("x" * 20_001),
    "web link": "'javascript:alert(1)'",
    "json": "'{'",
    "integer": "2147483648",
    "decimal": "'NaN'",
    "money": "'NaN'",
    "percent": "'NaN'",
    "rate": "'NaN'",
    "factor": "'NaN'",
    "currency": "'cny'",
    "yes/no": "'7'",
    "choice": "'green'",
    "many-choice": "'|red|green|'",
    "day": "'infinity'",
    "moment": "'infinity'",
    "month": "'2026-13'",
    "duration": "-1",
    "time zone": "''",
    "phone": "'call me'",
    "e-mail": "'nobody'",
    "address": repr("x" * 401),
    "identity number": "'no paper!'",
    "company code": "'91'",
    "plate": "'x'",
    "vin": "'IOQ'",
    "bank account": "'62-22'",
    **dict.fromkeys(("file", "image", "signature"), "'../../etc/passwd'"),
}
"""By kind a value that no parser lets through, as SQL writes it."""


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_samples_are_valid_always_the_same_and_come_back_from_what_was_written(kind, language):
    seen = set()
    for number in range(60):
        value = kind.sample(number, language)
        assert value == kind.sample(number, language)
        assert kind.read(value) == value
        assert kind.read(kind.write(value)) == value
        assert kind.told(value, Reader())
        sent = json.loads(json.dumps(plain(value)))
        jsonschema.validate(sent, kind.schema, format_checker=jsonschema.FormatChecker())
        assert kind.read(sent) == value
        seen.add(kind.write(value))
    assert len(seen) > 1


def test_every_field_of_every_record_has_a_sample_its_own_kind_accepts():
    """So that the demonstration and the tests can make any row."""
    for record in registry:
        for column in record.__table__.columns:
            kind = column.info.get("kind")
            if kind is not None and "ref" not in column.info:
                assert kind.read(kind.sample(7, "zh_Hans")) == kind.sample(7, "zh_Hans"), column


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@given(raw=st.one_of(st.text(), st.integers(), st.floats(), st.booleans(), st.lists(st.text()), st.binary()))
def test_whatever_is_written_is_read_or_refused_with_a_sentence(kind, raw):
    with suppress(BadValue):
        value = kind.read(raw)
        if value is not None:
            assert kind.read(kind.write(value)) == value


def test_the_specimen_has_every_kind_and_every_rule_has_a_bad_value():
    assert {kind.name for kind in KINDS} <= {kind.name for kind in KIND_OF.values()} | {"serial number"}
    assert {kind.name for kind in KIND_OF.values() if kind.rules} <= BAD.keys()


def sampled(session, number, language="en"):
    """A sample in every field; files are sent by who is acting."""
    kinds_of = {name: KIND_OF[name] for name in PLAIN}
    return {
        name: sent(session, kind, number) if isinstance(kind, FileKind) else kind.sample(number, language)
        for name, kind in kinds_of.items()
    }


@pytest.fixture
def rows(session, people, as_system):
    """Two rows with a sample in every field; their values by id."""
    made = {}
    for number in (3, 8):
        values = sampled(session, number)
        row = Specimen(**values, owner_id=people["sales"].user_id, unit_id=people["sales"].unit_id)
        session.add(row)
        session.flush()
        made[row.id] = values
    session.commit()
    session.expunge_all()
    return made


def test_a_column_gives_back_what_it_was_given(session, rows):
    for key, values in rows.items():
        row = session.get(Specimen, key)
        assert {name: getattr(row, name) for name in PLAIN} == values
        assert {name: type(getattr(row, name)) for name in PLAIN} == {name: type(values[name]) for name in PLAIN}


def test_the_database_refuses_a_bad_value_whoever_writes_it(backend, session, rows):
    key, *_ = rows
    table = Specimen.__table__
    for name in PLAIN:
        kind = KIND_OF[name]
        with backend.engine.connect() as connection:
            statement = text(f"UPDATE specimen SET {name} = {BAD[kind.name]} WHERE id = {key}")
            with pytest.raises((IntegrityError, DataError)) as refused:
                connection.execute(statement)
            connection.rollback()
        if isinstance(refused.value, IntegrityError) and kind.name != "choice":
            told = getattr(getattr(refused.value.orig, "diag", None), "constraint_name", None)
            found = rules.broken(table, told or str(refused.value.orig).removeprefix("CHECK constraint failed: "))
            assert found is not None, (name, refused.value)
            assert found[0] == name


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_what_a_rule_of_the_database_refuses_is_said_at_the_field(session, people, as_system):
    with pytest.raises(Refusal) as refused, saving(session):
        session.add(Specimen(code="a", month="2026-13"))
    assert refused.value.field == "month"
    assert "2026-03" in str(refused.value)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_cells_inputs_and_files_are_escaped(app, session, rows):
    """A script in any text is shown as text; so it is even if it got into the database past the parser."""
    row = session.get(Specimen, next(iter(rows)))
    for name in PLAIN:
        if isinstance(getattr(row, name), str) and name != "colour":
            setattr(row, name, SCRIPT)
    row.payload = {"x": SCRIPT}
    with app.test_request_context():
        for name in FIELDS:
            field = field_of(Specimen, name)
            assert input_for(field, required=False).control
            for short in (True, False):
                assert "<script" not in cells.cell(field, Read(row, {}, ""), short=short), name
        for name in PLAIN:
            written = writer_of(field_of(Specimen, name))(getattr(row, name))
            assert not written.startswith(("=", "+", "-", "@")), name
    session.rollback()


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("**b** <b onclick=x>", "<strong>b</strong>"),
        ("[x](javascript:alert(1))", ""),
        ("![x](https://example.cn/spy.png)", ""),
        ("<img src=x onerror=alert(1)>", "&lt;img"),
        ("# h\n\n| a |\n|---|\n| b |", "<h3>h</h3>"),
        ("<style>*{}</style>", "&lt;style"),
    ],
)
def test_markdown_is_form_without_power(written, shown):
    html = str(cells.rendered(written))
    assert shown in html
    for power in ("<img", "<script", "<style", "onclick", "onerror=alert(1)>", 'href="javascript'):
        assert power not in html.replace("&lt;img src=x onerror=alert(1)&gt;", "").replace("&lt;b onclick=x&gt;", "")


def asked(session, written):
    """The ids a list shows for these parameters of its address."""
    found = filters.chosen(session, Specimen, MultiDict(written))
    assert not found.problems
    assert found.conditions, written
    return set(session.scalars(select(Specimen.id).where(*found.conditions)))


def bound(value, name):
    """What a range compares: of a moment the day on the house's clock."""
    return value.astimezone(house_zone()).date() if name == "at" else value


def test_every_operator_a_kind_declares_finds_the_rows_it_should(app, session, rows):
    (low, values), (high, others) = rows.items()
    with app.test_request_context(), acting(system_actor("t")):
        for name in PLAIN:
            kind, one, two = KIND_OF[name], values[name], others[name]
            if kind.private:
                assert not filters.chosen(session, Specimen, MultiDict({name: kind.write(one)})).conditions, name
                continue
            said = kind.write(one)
            if "eq" in kind.operators:
                assert asked(session, {name: said}) == {key for key, v in ((low, one), (high, two)) if v == one}, name
            if "ge" in kind.operators:
                day = bound(one, name).isoformat() if name == "at" else said
                assert asked(session, {f"{name}.from": day}) == {
                    key for key, v in ((low, one), (high, two)) if bound(v, name) >= bound(one, name)
                }, name
                assert asked(session, {f"{name}.to": day}) == {
                    key for key, v in ((low, one), (high, two)) if bound(v, name) <= bound(one, name)
                }, name
            if "contains" in kind.operators:
                part = said[1:-1].upper()[:30]
                assert low in asked(session, {f"{name}.contains": part}), name
                assert asked(session, {f"{name}.contains": "no such thing"}) == set(), name
            if "has" in kind.operators:
                for colour in Colour:
                    assert asked(session, {name: colour.value}) == {
                        key for key, v in ((low, one), (high, two)) if colour in v
                    }, colour


def form_of(values):
    """What a browser sends for these values."""
    sent = MultiDict()
    for name, value in values.items():
        kind = KIND_OF[name]
        if kind.input == "checkboxes":
            sent.setlist(name, ["", *(part.value for part in value)])
        elif kind.input == "datetime":
            sent[name] = value.strftime("%Y-%m-%dT%H:%M")
        else:
            sent[name] = kind.write(value)
    return sent


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_form_and_the_api_write_every_kind(session, people, sign_in):
    client = sign_in("sales")
    with acting(people["sales"]):
        values, others = sampled(session, 11, "zh_Hans"), sampled(session, 11, "zh_Hans") | {"code": "api"}
        session.commit()
    written = form_of(values | {"at": values["at"].astimezone(house_zone())})
    written["csrf_token"] = client.csrf
    answer = client.post("/specimen/add", data=written)
    assert answer.status_code == 303, answer.text
    body = {name: plain(value) for name, value in others.items()}
    answer = client.post("/api/v1/specimen/", json=body, headers={"X-CSRFToken": client.csrf})
    assert answer.status_code == 201, answer.text
    with acting(system_actor("t")):
        by_form, by_api = session.scalars(select(Specimen).order_by(Specimen.id)).all()
        for name in PLAIN:
            assert getattr(by_form, name) == values[name], name
            assert getattr(by_api, name) == others[name], name
        key = by_form.id
        session.rollback()
    assert "checked" in client.get(f"/specimen/{key}/edit").text


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_person_reads_and_writes_moments_on_a_clock_of_his_own(session, people, sign_in, as_system):
    person = registry["person"]
    row = session.scalars(select(person).where(person.user_id == people["sales"].user_id)).one()
    row.time_zone = "America/New_York"
    session.commit()
    client = sign_in("sales")
    form = {"code": "z", "at": "2026-07-01T20:00", "csrf_token": client.csrf}
    assert client.post("/specimen/add", data=form).status_code == 303
    with acting(system_actor("t")):
        kept = session.scalars(select(Specimen)).one()
        assert kept.at.isoformat() == "2026-07-02T00:00:00+00:00"
        key = kept.id
        session.rollback()
    assert "2026-07-01 20:00" in client.get(f"/specimen/{key}").text
    assert 'value="2026-07-01T20:00"' in client.get(f"/specimen/{key}/edit").text
    for day, rows in (("2026-07-01", 1), ("2026-07-02", 0)):
        listed = client.get(f"/api/v1/specimen/?at.from={day}&at.to={day}").json
        assert len(listed["result"]) == rows
    assert "2026-07-02 08:00" in sign_in("manager").get(f"/specimen/{key}").text


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_sorting_and_filtering_by_private_values_is_not_offered(app):
    with app.test_request_context():
        for name in PLAIN:
            if KIND_OF[name].private:
                assert not field_of(Specimen, name).sortable, name
        assert not [each for each in filters.offered(Specimen) if each.field.private]


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_kind_without_operators_is_neither_filtered_nor_sorted_by(app):
    with app.test_request_context(), acting(system_actor("t")):
        offered = {each.field.key for each in filters.offered(Specimen)}
        for name in PLAIN:
            if not KIND_OF[name].operators:
                assert name not in offered, name
                assert not field_of(Specimen, name).sortable, name
