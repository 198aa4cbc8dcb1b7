"""Help on each record, in the panel: for who may read it, and of it only what he or she may read."""

import pytest
from flask_appbuilder.security.sqla.models import Role
from sqlalchemy import select

from app.kernel.access import may
from app.kernel.permissions import revoke
from app.panel.labels import about_record
from app.schema.record import Line
from app.schema.registry import registry
from tests.dossier import Dossier  # noqa: F401 - a record with fields not everybody reads
from tests.screens import plain, table_of

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def test_every_record_has_help_for_who_reads_it_and_nobody_else(people, sign_in):
    for name in ("manager", "renewal"):
        client = sign_in(name)
        for record in registry:
            address = f"/help/{record.__tablename__}"
            wanted = 404 if issubclass(record, Line) else 200 if may(people[name], "read", record) else 403
            assert client.get(address).status_code == wanted, (name, address)
    assert client.get("/help/nothing").status_code == 404


def test_it_says_what_the_record_is_and_what_one_may_do(sign_in, people):
    page = sign_in("sales").get("/help/gadget").text
    said = plain(page)
    assert "A thing on sale." in said
    assert "A specialist sees his or her own rows" in said
    assert "See, Add, Edit, Offer, Scrap" in said
    assert "(own rows)" in said
    rows = [row for row in table_of(page) if row[0] == "Sell"]
    assert rows == [["Sell", "Offered", "Sold", "supervisor", "Buyer phone, Name"]]
    assert "private: masked wherever it is shown" in said
    assert "Delete" not in said.partition("What you may do here")[2].partition("Steps")[0]


def test_it_names_the_roles_as_they_are_now(session, sign_in, as_system):
    revoke(session, session.scalars(select(Role).where(Role.name == "sales")).one(), "step:offer", "gadget")
    session.commit()
    rows = [row for row in table_of(sign_in("manager").get("/help/gadget").text) if row[0] == "Offer"]
    assert rows[0][3] == "renewal"


def test_fields_somebody_does_not_read_are_not_named(people, sign_in):
    """Neither among the fields nor among what steps ask."""
    assert "Reserve" in sign_in("manager").get("/help/dossier").text
    page = sign_in("renewal").get("/help/dossier").text
    assert "Reserve" not in page
    assert "Subject" in page or "Code" in page


def test_lists_and_forms_lead_to_it(sign_in):
    client = sign_in("sales")
    for page in ("/gadget/", "/gadget/add"):
        assert 'href="/help/gadget"' in client.get(page).text


def test_what_a_record_is_names_its_fields_as_people_do(app):
    with app.test_request_context():
        said = about_record(registry["contract"])
        assert said == "Cover of one object for one term; Expires on is the last day covered."
        assert "`" not in "".join(about_record(record) for record in registry)
