"""The screens of every record stand for whoever may open them, and ask the database little however much there is."""

import re

import pytest
from sqlalchemy.exc import IntegrityError

from app.kernel.access import may
from app.kernel.actor import acting, system_actor
from app.panel import labels
from app.panel.fields import columns_of, form_fields
from app.schema.errors import Refusal
from app.schema.record import Line
from app.schema.registry import registry
from tests.department import STAFF
from tests.factories import CANARY, make
from tests.screens import statements, table_of

LISTED = [record for record in registry if not issubclass(record, Line)]
"""Lines have no screens of their own: they are shown and written on the page of what they are part of."""

MOST_STATEMENTS = 6
ROLES = {role: name for name, (role, _unit) in reversed(STAFF.items())}
"""One person for each role."""


def rows_of(session, people, record, count):
    """Some rows of a record, spread over owners; fewer where a rule of the record allows no more. Their ids."""
    owners = [people[name] for name in STAFF]
    keys = []
    with acting(system_actor("tests")):
        for n in range(count):
            try:
                with session.begin_nested():
                    keys.append(make(session, record, owners[n % len(owners)]).id)
            except (Refusal, IntegrityError):
                break
        session.commit()
    session.expunge_all()
    return keys


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("record", LISTED, ids=lambda record: record.__tablename__)
def test_every_screen_of_a_record_opens_for_each_role_that_may(session, people, sign_in, record):
    """The empty form and the page of a row; the list, and the forms of a row, are asked for by the access matrix.

    That asks everybody for a row as well: of those to whom both are closed one is asked here.
    """
    key = rows_of(session, people, record, 1)[0]
    name, closed = record.__tablename__, False
    for role, username in ROLES.items():
        actor = people[username]
        reads = may(actor, "read", record)
        with acting(actor):
            sees = session.get(record, key) is not None
            session.rollback()
        if not reads and closed:
            continue
        closed = closed or not reads
        client = sign_in(username)
        shown = client.get(f"/{name}/{key}")
        assert client.get(f"/{name}/add").status_code == expected_of_add(actor, record), role
        assert shown.status_code == (200 if sees else 404 if reads else 403), role
        assert not sees or complete(shown.text), role


def expected_of_add(actor, record):
    """What the address of the empty form answers."""
    if not may(actor, "read", record) or not may(actor, "add", record):
        return 403
    return 200 if record.panel.form else 404


def complete(page):
    """The page is whole, has one first heading, and every control has a name."""
    unnamed = [
        tag
        for tag in re.findall(r"<(?:input|select|textarea)\b[^>]*>", page)
        if 'type="hidden"' not in tag and "aria-label" not in tag and not labelled(tag, page)
    ]
    return page.rstrip().endswith("</html>") and page.count("<h1") == 1 and unnamed == []


def labelled(tag, page):
    """Whether a label names the control, from outside or around it."""
    key = re.search(r'\bid="([^"]+)"', tag)
    return (
        bool(key and f'for="{key.group(1)}"' in page)
        or re.search(r"<label[^>]*>\s*" + re.escape(tag), page) is not None
    )


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("record", LISTED, ids=lambda record: record.__tablename__)
def test_every_form_of_a_record_is_whole(session, people, sign_in, record):
    """Every field of the form has its input, every input its name; private values and states are never among them."""
    editor = next((ROLES[role] for role in ROLES if may(people[ROLES[role]], "add", record)), None)
    if editor is None or not record.panel.form:
        assert not record.panel.form or not any(verb == "add" for verb, _role in record.grants)
        return
    page = sign_in(editor).get(f"/{record.__tablename__}/add").text
    assert complete(page)
    for field in form_fields(record):
        writes = may(people[editor], "add", record, field.key)
        assert (f'name="{field.key}"' in page) == writes, field.key
    if record.workflow:
        assert f'name="{record.workflow.field}"' not in page


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("record", LISTED, ids=lambda record: record.__tablename__)
def test_a_list_costs_as_many_statements_at_two_dozen_rows_as_at_four(session, people, sign_in, backend, record):
    reader = next(ROLES[role] for role in ("manager", *ROLES) if may(people[ROLES[role]], "read", record))
    client = sign_in(reader)
    counts, rows = {}, 0
    for size in (4, 24):
        rows += len(rows_of(session, people, record, size - rows))
        client.get(f"/{record.__tablename__}/?psize=100")  # what is kept in memory was forgotten with the new rows
        with statements(backend.engine) as sent:
            page = client.get(f"/{record.__tablename__}/?psize=100").text
        assert len(table_of(page)) >= min(size, rows), size
        counts[size] = len(sent)
        assert len(sent) <= MOST_STATEMENTS, sent
    assert len(set(counts.values())) == 1, counts


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("record", LISTED, ids=lambda record: record.__tablename__)
def test_no_private_value_is_in_a_list_or_on_a_page(session, people, sign_in, record):
    keys = rows_of(session, people, record, 2)
    private = [column for column in record.__table__.columns if getattr(column.info.get("kind"), "private", False)]
    with acting(system_actor("tests")):
        row = session.get(record, keys[0])
        values = [str(getattr(row, column.key)) for column in private if getattr(row, column.key)]
        session.rollback()
    if not private:
        return
    assert values, f"the factory fills none of {[column.key for column in private]}"
    client = sign_in("manager")
    for address in ("", keys[0], f"{keys[0]}/delete"):
        page = client.get(f"/{record.__tablename__}/{address}").text
        assert not [value for value in values if value in page], address


@pytest.mark.parametrize("record", list(registry), ids=lambda record: record.__tablename__)
def test_every_name_a_screen_shows_has_a_label(record):
    """Columns, facts and forms name fields that say something; none reads as a column of the database."""
    known = set(labels.msgids())
    for field in [*columns_of(record), *form_fields(record)]:
        label = labels.field_msgid(record, field.key or field.name)
        assert label in known, field.name
        assert "_" not in label
        assert not label.endswith(" id")
    assert labels.record_msgid(record) in known
    assert labels.plural_msgid(record) in known
    assert CANARY not in labels.plural_msgid(record)
