"""A manager brings a file in, in a real browser: upload, preview, a bar that moves, the refused rows to mend."""

import re
from pathlib import Path
from threading import Event, Thread
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from app.jobs.runner import Runner
from app.kernel.actor import acting, system_actor
from app.kernel.database import read_only
from app.kernel.ledger import beat
from app.kernel.transfer import batch
from models.contracts import Contract

EXTRACT = Path(__file__).resolve().parents[1] / "data" / "renewals_200.csv"


@pytest.fixture
def worker(backend, monkeypatch):
    """A worker that beats and, once `go` is set, works; a load stops halfway until `on` is set."""
    go, on, stop = Event(), Event(), Event()
    teller = batch._teller

    def halting(path):
        tell = teller(path)

        def told(phase, done, total):
            tell(phase, done, total)
            if phase == "write":
                on.wait(60)

        return told

    monkeypatch.setattr(batch, "_teller", halting)
    runner = Runner(backend.engine, ZoneInfo("Asia/Shanghai"), "browser test")

    def work():
        while not stop.wait(0.1):
            if go.is_set():
                runner.run_next()

    with acting(system_actor("tests", "cli")), backend.session() as session, session.begin():
        beat(session, "browser test", runner.clock(session))
    thread = Thread(target=work, daemon=True)
    thread.start()
    yield go, on
    stop.set()
    on.set()
    thread.join(timeout=30)


def contracts(backend):
    with read_only(), acting(system_actor("tests", "cli")), backend.session() as session:
        return session.scalar(select(func.count()).select_from(Contract))


@pytest.mark.parametrize(
    "phone",
    [pytest.param(False, id="wide", marks=pytest.mark.nightly), pytest.param(True, id="phone")],
)
def test_a_file_is_seen_before_it_is_loaded_and_its_load_watched(backend, visit, worker, tmp_path, phone):
    go, on = worker
    lines = EXTRACT.read_text().splitlines()
    lines[7] = lines[7].replace("/2011", "/20-11", 1)
    file = tmp_path / "expiring.csv"
    file.write_text("\n".join(lines) + "\n")
    page = visit("manager", phone=phone)
    page.goto("/imports/")
    page.select_option("[name=profile]", "auto_renewals")
    page.set_input_files("[name=file]", file)
    page.get_by_role("button", name="Look at it").click()
    page.wait_for_url(re.compile(r"/imports/\d+$"))
    assert page.get_by_text("The file has 200 rows.").is_visible()
    assert page.get_by_text("1 row is refused.").is_visible()
    assert page.locator("#problems").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "nothing scrolls sideways"
    page.get_by_role("button", name="Load 199 rows").click()
    page.wait_for_selector("progress")
    go.set()
    page.wait_for_selector("text=Writing row 199 of 200")
    assert contracts(backend) == 0
    assert page.locator("progress").evaluate("bar => bar.value / bar.max") > 0.9
    on.set()
    page.wait_for_selector("text=What was loaded")
    assert contracts(backend) > 199
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the refused rows").click()
    mended = tmp_path / "mended.csv"
    mended.write_bytes(download.value.path().read_bytes().replace(b"/20-11", b"/2011"))
    before = contracts(backend)
    page.goto("/imports/")
    page.select_option("[name=profile]", "auto_renewals")
    page.set_input_files("[name=file]", mended)
    page.get_by_role("button", name="Look at it").click()
    page.get_by_role("button", name="Load 1 row").click()
    page.wait_for_selector("text=What was loaded")
    assert contracts(backend) > before


def test_a_file_that_cannot_be_read_is_told_at_once(visit, tmp_path):
    file = tmp_path / "broken.xlsx"
    file.write_bytes(b"PK\x03\x04 torn off")
    page = visit("manager")
    page.goto("/imports/")
    page.set_input_files("[name=file]", file)
    page.get_by_role("button", name="Look at it").click()
    alert = page.get_by_role("alert")
    alert.wait_for()
    assert "broken.xlsx" in alert.inner_text()
