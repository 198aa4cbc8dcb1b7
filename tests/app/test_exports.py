"""Exports: workbooks, long lists by the worker, agreement above the cap, the row's reach of the permission itself."""

import io
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from flask_appbuilder.security.sqla.models import Role
from python_calamine import CalamineWorkbook
from sqlalchemy import select

from app.jobs.runner import Runner
from app.kernel.actor import acting, system_actor
from app.kernel.permissions import raise_epoch, revoke
from app.kernel.settings import set_setting
from app.kernel.tables import AuditEntry, RoleScope
from app.kernel.transfer import exports
from app.kernel.transfer.exports import State
from app.kernel.transfer.tables import ExportFile
from app.schema.roles import Scope
from tests.factories import make
from tests.gadget import Gadget
from tests.screens import plain, post

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
"""What is tested here asks nothing of the database that the other would answer otherwise."""
SYSTEM = system_actor("tests", "cli")
PLUS = "+1 and more"


@pytest.fixture
def stock(backend):
    """Six gadgets of sales, two of the supervisor."""
    with acting(SYSTEM), backend.session() as session:
        for n in range(8):
            owner = backend.people["supervisor" if n > 5 else "sales"]
            make(session, Gadget, owner, code=f"G{n}", name=PLUS, price=n, buyer_phone="+8613800138000")
        session.commit()


@pytest.fixture
def setting(backend):
    def put(declared, value):
        with acting(SYSTEM), backend.session() as session:
            set_setting(session, declared, value)
            session.commit()

    return put


@pytest.fixture
def work(backend):
    """Lets the worker do what is owed."""
    return lambda: Runner(backend.engine, ZoneInfo("Asia/Shanghai"), "tests", {"app": backend.app}).run_next()


def sheets(body):
    book = CalamineWorkbook.from_filelike(io.BytesIO(body))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def test_a_workbook_is_the_list_as_it_stands_and_says_whose_it_is(stock, sign_in):
    answer = post(sign_in("manager"), "/gadget/export.xlsx?order=-code&price.to=3&columns=code,price,name,buyer_phone")
    assert answer.status_code == 200
    table, about = sheets(answer.data).values()
    assert table[0] == ["Code", "Price (CNY)", "Name", "Buyer phone"]
    assert [row[:3] for row in table[1:]] == [[f"G{n}", float(n), PLUS] for n in (3, 2, 1, 0)]
    assert {row[3] for row in table[1:]} == {"••••••••••8000"}, "masked, as on the screen"
    told = dict(about)
    assert (told["Exported by"], told["Rows"]) == ("Manager Tester", "4")
    assert "price.to=3" in told["Filter"]
    assert b"<f>" not in answer.data


def test_the_permission_to_export_narrows_by_itself(stock, sign_in, backend):
    """Who reads the whole team's rows and may export his own gets his own."""
    supervisor = sign_in("supervisor")
    assert post(supervisor, "/gadget/export.csv").text.count("\nG") == 8
    with acting(SYSTEM), backend.session() as session:
        key = session.scalar(select(Role.id).where(Role.name == "supervisor"))
        session.merge(RoleScope(role_id=key, record="gadget", verb="export", scope=Scope.OWN))
        raise_epoch(session)
        session.commit()
    text = post(supervisor, "/gadget/export.csv").text
    assert [line.partition(",")[0] for line in text.splitlines()[1:]] == ["G7", "G6"]
    assert supervisor.get("/gadget/").text.count('href="/gadget/') > 2, "the list shows as many as before"


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_long_list_is_written_by_the_worker_and_fetched_by_who_asked(stock, sign_in, setting, work, form):
    setting(exports.AT_ONCE, 2)
    manager = sign_in("manager")
    sent = post(manager, f"/gadget/export.{form}?price.to=4")
    assert sent.status_code == 303
    assert manager.get(f"{sent.location}/progress").json["busy"]
    assert manager.get(f"{sent.location}/file").status_code == 404, "it is not there yet"
    done = work()
    assert (done.job, done.error, done.result) == (exports.JOB, None, {"written": 1})
    assert "ready" in manager.get(sent.location).text
    file = manager.get(f"{sent.location}/file")
    assert file.status_code == 200
    rows = [r[0] for r in sheets(file.data)["Sheet1"]] if form == "xlsx" else file.text.split("\n")
    assert sum(row.startswith("G") for row in rows) == 5
    for other in ("admin", "supervisor"):
        assert sign_in(other).get(f"{sent.location}/file").status_code == 404, "it holds what the manager may see"


def test_above_the_cap_somebody_else_agrees(stock, sign_in, setting, work, backend):
    setting(exports.CAP, 3)
    setting(exports.APPROVER, "manager")
    supervisor, manager = sign_in("supervisor"), sign_in("manager")
    sent = post(supervisor, "/gadget/export.csv")
    assert sent.status_code == 303
    assert work() is None, "nothing is written before"
    assert "waits for somebody else to agree" in plain(supervisor.get(sent.location).text)
    assert post(supervisor, f"{sent.location}/decide", agreed="yes").status_code == 403
    assert "Agree" in manager.get(sent.location).text
    assert sign_in("sales").get(sent.location).status_code == 404
    assert post(manager, f"{sent.location}/decide", agreed="yes").status_code == 303
    work()
    assert supervisor.get(f"{sent.location}/file").text.count("\nG") == 8
    with acting(SYSTEM), backend.session() as session:
        verbs = session.scalars(select(AuditEntry.verb).where(AuditEntry.record == "gadget", AuditEntry.user_id > 0))
        assert [v for v in verbs if "export" in v] == ["export", "agree export", "download export"]

    own = post(manager, "/gadget/export.csv")
    assert post(manager, f"{own.location}/decide", agreed="yes").status_code == 403, "four eyes"


def test_an_export_not_agreed_to_is_never_written(stock, sign_in, setting, work):
    setting(exports.CAP, 3)
    supervisor, manager = sign_in("supervisor"), sign_in("manager")
    sent = post(supervisor, "/gadget/export.csv")
    post(manager, f"{sent.location}/decide", agreed="no")
    assert work() is None
    assert supervisor.get(f"{sent.location}/file").status_code == 404
    assert post(manager, f"{sent.location}/decide", agreed="yes").status_code == 404, "it is nobody's to decide now"


def test_who_lost_the_permission_meanwhile_gets_nothing(stock, sign_in, setting, work, backend):
    setting(exports.AT_ONCE, 2)
    supervisor = sign_in("supervisor")
    post(supervisor, "/gadget/export.csv")
    with acting(SYSTEM), backend.session() as session:
        revoke(session, session.scalars(select(Role).where(Role.name == "supervisor")).one(), "export", "gadget")
        session.commit()
    done = work()
    assert "You may not export" in done.result["error"]
    with acting(SYSTEM), backend.session() as session:
        assert session.scalars(select(ExportFile.state)).all() == [State.FAILED]


def test_a_cancelled_export_is_not_written_and_old_files_go(stock, sign_in, setting, work, backend):
    setting(exports.AT_ONCE, 2)
    manager = sign_in("manager")
    sent = post(manager, "/gadget/export.csv")
    post(manager, f"{sent.location}/cancel")
    assert "cancelled" in work().result["error"]
    ready = post(manager, "/gadget/export.csv")
    work()
    with acting(SYSTEM), backend.session() as session:
        paths = session.scalars(select(ExportFile.path)).all()
        exports.forget(datetime(2100, 1, 1, tzinfo=UTC), session)
        session.commit()
    assert not any(Path(path).exists() for path in paths)
    assert manager.get(f"{ready.location}/file").status_code == 404
