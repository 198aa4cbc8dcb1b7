"""A list on another row's page holds the rows that point at that row, and no others."""

import pytest

from app.kernel.actor import acting, system_actor
from app.panel.filters import offered
from app.schema.panel import Related
from app.schema.record import Line
from app.schema.registry import registry
from tests.factories import make
from tests.screens import plain, statements

RELATED = [
    (record, related)
    for record in registry
    for related in record.panel.related
    if not issubclass(registry[related.record], Line)
]


def count_on(page, related, key):
    """How many rows a row's page says there are."""
    address = f'href="/{related.record}/?{related.field}={key}"'
    return plain(page.split(address)[1].split("</h2>")[0].split("</a>")[1])


@pytest.mark.parametrize(
    ("record", "related"), RELATED, ids=lambda x: getattr(x, "__tablename__", getattr(x, "field", ""))
)
def test_the_list_is_narrowed_to_the_row(app, session, people, sign_in, record, related):
    other = registry[related.record]
    with acting(system_actor("t")):
        mine = make(session, record, people["manager"])
        first = make(session, other, people["manager"], **{related.field: mine.id})
        second = make(session, other, people["manager"])
        session.commit()
        shown, hidden = f"/{related.record}/{first.id}", f"/{related.record}/{second.id}"
        key = mine.id
        session.expunge_all()
    client = sign_in("manager")
    page = client.get(f"/{related.record}/part?{related.field}={key}")
    assert count_on(client.get(f"/{record.__tablename__}/{key}").text, related, key) == "1"
    assert page.status_code == 200
    assert f'href="{shown}"' in page.text
    assert f'href="{hidden}"' not in page.text


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_rows_are_counted_inside_the_viewers_and_no_further_than_told(backend, session, people, sign_in):
    with acting(system_actor("t")):
        customer = make(session, registry["customer"], people["renewal"])
        for owner, count in (("renewal", 99), ("renewal2", 2)):
            for _n in range(count):
                make(session, registry["contact"], people[owner], customer_id=customer.id)
        session.commit()
        key = customer.id
    related, found = Related("contact", "customer_id"), {}
    for name in ("manager", "renewal"):
        with statements(backend.engine) as sent:
            page = sign_in(name).get(f"/customer/{key}")
        found[name] = count_on(page.text, related, key) if page.status_code == 200 else page.status_code
        assert len([each for each in sent if "count(" in each and "FROM contact" in each]) == 1, sent
    assert found == {"manager": "99+", "renewal": "99"}


def test_every_related_list_has_its_filter(app, people):
    with app.test_request_context(), acting(people["manager"]):
        for _record, related in RELATED:
            keys = {each.field.key for each in offered(registry[related.record])}
            assert related.field in keys
