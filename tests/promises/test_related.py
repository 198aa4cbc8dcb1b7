"""A list on another row's page holds the rows that point at that row, and no others."""

import pytest

from app.kernel.actor import acting, system_actor
from app.panel.filters import offered
from app.schema.record import Line
from app.schema.registry import registry
from tests.factories import make

RELATED = [
    (record, related)
    for record in registry
    for related in record.panel.related
    if not issubclass(registry[related.record], Line)
]


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
    page = sign_in("manager").get(f"/{related.record}/part?{related.field}={key}")
    assert page.status_code == 200
    assert f'href="{shown}"' in page.text
    assert f'href="{hidden}"' not in page.text


def test_every_related_list_has_its_filter(app, people):
    with app.test_request_context(), acting(people["manager"]):
        for _record, related in RELATED:
            keys = {each.field.key for each in offered(registry[related.record])}
            assert related.field in keys
