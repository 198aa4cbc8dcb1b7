"""A row as the beginning of another: what stands in advance, and what never does."""

from decimal import Decimal

import pytest

from app.kernel.actor import acting, system_actor
from tests.factories import make
from tests.gadget import Gadget
from tests.screens import link, value_of
from tests.specimen import Specimen


@pytest.fixture
def original(session, people):
    """A gadget of sales with two twins to point at, one of them out of sight; ids: original, seen, unseen."""
    with acting(system_actor("tests")):
        mine, theirs = people["sales"], people["renewal2"]
        seen = Gadget(code="SEEN", owner_id=mine.user_id, unit_id=mine.unit_id)
        unseen = Gadget(code="UNSEEN", owner_id=theirs.user_id, unit_id=theirs.unit_id)
        session.add_all([seen, unseen])
        session.flush()
        row = Gadget(code="G1", name="First", price=Decimal("10.50"), buyer_phone="+8613800138000", twin_id=seen.id)
        row.owner_id, row.unit_id = mine.user_id, mine.unit_id
        session.add(row)
        session.commit()
        return row.id, seen.id, unseen.id


def test_the_form_opens_with_what_may_be_copied_and_nothing_else(session, sign_in, original):
    key, seen, unseen = original
    client = sign_in("sales")
    page = client.get(link(client.get(f"/gadget/{key}").text, "Duplicate")).text
    assert (value_of(page, "name"), value_of(page, "price"), value_of(page, "twin_id")) == ("First", "10.50", str(seen))
    assert value_of(page, "code") == "", "no two have it alike"
    assert value_of(page, "buyer_phone") == "", "it is private"
    assert "138" not in page
    assert 'name="version"' not in page
    with acting(system_actor("tests")):
        session.get(Gadget, key).twin_id = unseen
        session.commit()
    page = client.get(f"/gadget/add?copy_of={key}").text
    assert value_of(page, "twin_id") == "", "not even the number of a row out of sight"
    assert client.get(f"/gadget/add?copy_of={unseen}").status_code == 404


def test_what_one_may_not_read_or_add_is_not_copied(sign_in, original, monkeypatch):
    key = original[0]
    assert "Duplicate" not in sign_in("finance").get(f"/gadget/{key}").text
    assert sign_in("finance").get(f"/gadget/add?copy_of={key}").status_code == 403
    monkeypatch.setattr("app.panel.copying.hidden_in", lambda actor, row: {"name"})
    page = sign_in("sales").get(f"/gadget/add?copy_of={key}").text
    assert value_of(page, "name") == ""


def test_nothing_that_must_be_unique_and_no_file_is_copied(session, people, sign_in):
    with acting(system_actor("tests")):
        row = make(session, Specimen, people["sales"], name="One of each")
        session.commit()
        key, private = (
            row.id,
            [f.key for f in Specimen.__table__.columns if getattr(f.info.get("kind"), "private", False)],
        )
    page = sign_in("sales").get(f"/specimen/add?copy_of={key}").text
    assert value_of(page, "name") == "One of each"
    asked = ("code", "paper", "photo", "signed", *(name for name in private if f'name="{name}"' in page))
    assert len(asked) > 6
    assert {name: value_of(page, name) for name in asked} == dict.fromkeys(asked, "")
