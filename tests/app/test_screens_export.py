"""Files: the list as it was asked for, every row one may read, nothing a spreadsheet would compute."""

import csv
import io
from decimal import Decimal

import pytest
from flask_appbuilder.security.sqla.models import Role
from sqlalchemy import select

from app.kernel.actor import acting, system_actor
from app.kernel.permissions import revoke
from app.kernel.tables import AuditEntry
from app.panel.exporting import safe
from tests.gadget import Gadget
from tests.screens import post


@pytest.fixture
def stock(session, people):
    """Thirty gadgets of sales and renewal2."""
    with acting(system_actor("tests")):
        for n in range(30):
            actor = people[("sales", "renewal2")[n % 2]]
            session.add(
                Gadget(
                    code=f"G{n:02}",
                    name='=HYPERLINK("http://x")' if n == 2 else f"Thing {n}",
                    price=Decimal(-5) if n == 4 else Decimal(n) * 1000,
                    buyer_phone="+8613800138000",
                    owner_id=actor.user_id,
                    unit_id=actor.unit_id,
                )
            )
        session.commit()


def rows_of(answer):
    assert answer.status_code == 200
    assert answer.data.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"))))


def test_a_file_holds_what_the_list_was_asked_for(stock, sign_in):
    client = sign_in("manager")
    answer = post(client, "/gadget/export.csv?order=-code&price.to=9000&psize=25")
    rows = rows_of(answer)
    assert [row["Code"] for row in rows] == [f"G{n:02}" for n in range(9, -1, -1)]
    assert answer.headers["Content-Disposition"].startswith('attachment; filename="gadget-')
    assert rows[0]["Price (CNY)"] == "9000.00"
    assert rows[0]["Owner"] == "Renewal2 Tester"
    assert rows[5]["Price (CNY)"] == "-5.00", "a number stays a number"


def test_a_file_is_no_program_and_tells_no_secret(stock, sign_in):
    answer = post(sign_in("manager"), "/gadget/export.csv")
    rows = {row["Code"]: row for row in rows_of(answer)}
    assert rows["G02"]["Name"] == '\'=HYPERLINK("http://x")'
    assert "+8613800138000" not in answer.text
    assert rows["G02"]["Buyer phone"].endswith("8000")
    for text in ("=1", "+1", "-1", "@x", "\t=1", "\r=1", "＝1"):
        assert safe(text) == "'" + text
    assert safe("1-1") == "1-1"


def test_a_file_holds_only_rows_one_sees(stock, sign_in):
    rows = rows_of(post(sign_in("supervisor"), "/gadget/export.csv"))
    assert {row["Owner"] for row in rows} == {"Sales Tester"}
    assert len(rows) == 15


def test_only_who_may_export_gets_a_file(stock, sign_in, session, backend):
    for who in ("sales", "finance", "service"):
        assert post(sign_in(who), "/gadget/export.csv").status_code == 403, who
        assert "export.csv" not in sign_in(who).get("/gadget/").text
    client = sign_in("supervisor")
    assert "/gadget/export.csv" in client.get("/gadget/").text
    with acting(system_actor("tests")):
        role = session.scalars(select(Role).where(Role.name == "supervisor")).one()
        revoke(session, role, "export", "gadget")
        session.commit()
    assert post(client, "/gadget/export.csv").status_code == 403
    assert "/gadget/export.csv" not in client.get("/gadget/").text


def test_an_export_is_written_down_and_a_get_is_none(stock, sign_in, session, people):
    client = sign_in("manager")
    assert client.get("/gadget/export.csv").status_code == 405
    post(client, "/gadget/export.csv?state=draft&q=G0")
    with acting(system_actor("tests")):
        (entry,) = session.scalars(select(AuditEntry).where(AuditEntry.verb == "export")).all()
    assert (entry.record, entry.user_id) == ("gadget", people["manager"].user_id)
    assert entry.changes == {"state": ["draft"], "q": ["G0"], "format": "csv", "rows": 10}


def test_a_filter_that_cannot_be_read_makes_no_file(stock, sign_in):
    """Left out, it would hand over more rows than were asked for."""
    answer = post(sign_in("manager"), "/gadget/export.csv?price.to=abc")
    assert answer.status_code == 422
    assert b"G00" not in answer.data
