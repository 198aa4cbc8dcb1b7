"""Files nobody would send in good faith, through the doors people use: no fault of the server, nothing half loaded.

By day a few, at night ten thousand: text and workbooks with bytes turned, cut, doubled and put in; bombs, polyglots,
broken archives, formulas, strange encodings; and attachments of every disguise. Each is made of its number alone.
"""

import io
import random
import resource
import zipfile
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from app.jobs.runner import Runner
from app.kernel.actor import acting, system_actor
from app.kernel.tables import ImportBatch
from app.kernel.transfer.batch import State
from tests import department
from tests.app.uploads import BOOK, SHEET, rezipped, workbook
from tests.files import JPEG, PDF, docx, png
from tests.gadget import Gadget
from tests.gadget_sales import HEADER, line

SYSTEM = system_actor("tests", "cli")
MOST_MEMORY = 400 << 10
"""Kilobytes by which the process may grow over the whole run: one workbook at its caps, and no more."""
FORMULAS = ("=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "-2+3", "\t=1", '=HYPERLINK("http://x")', "＝1", "'=1")
STRANGE = (
    "\0",
    "\u202e",
    "😀" * 50,
    "\ufeff",
    "\x0b",
    "a" * 40_000,
    '"',
    '""',
    "\r",
    ";",
    "\x85",
    "%s%n",
    "{{7*7}}",
    "\udc80",
    "\ufffe",
    "<script>",
    "NaN",
    "1e999",
    "99999999999999999999999",
)
NAMES = (
    "rows.csv",
    "rows.xlsx",
    "rows.xls",
    "../../etc/passwd",
    "a\0b.csv",
    "报价.csv",
    "x" * 400 + ".csv",
    "con",
    ".htaccess",
)
TABLE = [
    ["code", "name", "price", "buyer_phone", "twin_id"],
    *([f"F{n}", f"Thing {n}", n, "13800138000", ""] for n in range(6)),
]
BOMB = (
    b'<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(8))
    + b"]><worksheet><sheetData><row><c><v>&i;</v></c></row></sheetData></worksheet>"
)
XXE = b'<!DOCTYPE x [<!ENTITY e SYSTEM "/etc/passwd">]><worksheet>&e;</worksheet>'


def turned(chance, body, most=20):
    """Bytes changed, cut out, doubled and put in."""
    made = bytearray(body)
    for _ in range(chance.randint(1, most)):
        at = chance.randrange(len(made) + 1)
        match chance.randrange(5):
            case 0 if at < len(made):
                made[at] = chance.randrange(256)
            case 1:
                del made[at : at + chance.randint(1, 40)]
            case 2:
                made[at:at] = made[at : at + chance.randint(1, 200)]
            case 3:
                made[at:at] = chance.choice([*FORMULAS, *STRANGE]).encode("utf-8", "surrogatepass")
            case _:
                made[at:at] = chance.randbytes(chance.randint(1, 30))
    return bytes(made)


def text(chance, profile):
    """A file of text: cells that are formulas or worse, any encoding and separator, then bytes turned or not."""
    lines = (
        [HEADER, *(line(Code=f"S{n}") for n in range(5))]
        if profile == "gadget_sales"
        else [",".join(map(str, row)) for row in TABLE]
    )
    cells = [each.split(",") for each in lines]
    for _ in range(chance.randint(0, 6)):
        row = chance.choice(cells)
        row[chance.randrange(len(row))] = chance.choice([*FORMULAS, *STRANGE])
    body = chance.choice(["\n", "\r\n", "\r"]).join(chance.choice(",,,;\t|").join(row) for row in cells)
    encoding = chance.choice(["utf-8", "utf-8-sig", "utf-16", "gb18030", "latin-1", "utf-32", "cp500"])
    made = body.encode(encoding, "replace")
    return turned(chance, made) if chance.random() < 0.6 else made


def book(chance):
    """A workbook: sound, with parts of evil, or with bytes turned anywhere in the archive."""
    sound = workbook([[chance.choice([cell, chance.choice(FORMULAS)]) for cell in row] for row in TABLE])
    match chance.randrange(8):
        case 0:
            return rezipped(sound, SHEET=BOMB)
        case 1:
            return rezipped(sound, **{chance.choice([SHEET, BOOK, "xl/sharedStrings.xml"]): XXE})
        case 2:
            blank = b" " * chance.choice([*[1 << 20] * 9, 48 << 20])
            return rezipped(sound, SHEET=b"<worksheet>" + blank + b"</worksheet>")
        case 3:
            wide = (
                f'<c r="{chance.choice(["XFD1048576", "A1048577", "ZZZZ1", "A0", "A-1", "A99999999999"])}"><v>1</v></c>'
            )
            return rezipped(sound, SHEET=f"<worksheet><sheetData><row>{wide}</row></sheetData></worksheet>".encode())
        case 4:
            with zipfile.ZipFile(io.BytesIO(sound)) as archive:
                part = chance.choice(archive.namelist())
                return rezipped(sound, **{part: turned(chance, archive.read(part))})
        case 5:
            return chance.choice([PDF, b"<html>", b"GIF89a", b"MZ", HEADER.encode() + b"\n"]) + sound
        case 6:
            return sound[: chance.randrange(len(sound))]
    return turned(chance, sound)


def attachment(chance):
    """Something to attach, which may be something else than its name says."""
    body = chance.choice(
        [PDF, png(), png(60_000, 60_000), docx(), docx("word/vbaProject.bin"), JPEG, book(chance), b""]
    )
    if chance.random() < 0.7:
        body = turned(chance, body or b"x")
    ends = (".png", ".pdf", ".docx", ".html", ".svg", ".jpg.exe", "", ".xlsx")
    return body, chance.choice(NAMES)[:60].replace("\0", "") + chance.choice(ends)


NIGHTS = [pytest.param(at, at + 250, id=f"from{at}", marks=pytest.mark.nightly) for at in range(80, 10_080, 250)]


@pytest.mark.parametrize(("first", "last"), [pytest.param(0, 80, id="day"), *NIGHTS])
def test_no_file_brings_the_server_down_or_is_half_loaded(sqlite_backend, sign_in_there, first, last):
    backend = sqlite_backend
    manager = sign_in_there("manager")
    runner = Runner(backend.engine, ZoneInfo("Asia/Shanghai"), "fuzz", {"app": backend.app})
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seen = {"loaded": 0, "refused": 0, "attached": 0}
    for number in range(first, last):
        chance = random.Random(number)
        if number % 4 == 3:
            seen["attached"] += attached(manager, chance, number)
            continue
        profile = chance.choice(["gadget_sales", "record:gadget"])
        body = text(chance, profile) if number % 4 < 2 else book(chance)
        form = {"csrf_token": manager.csrf, "profile": profile, "file": (io.BytesIO(body), chance.choice(NAMES))}
        sent = manager.post("/imports/", data=form, content_type="multipart/form-data")
        assert sent.status_code < 500, number
        if sent.status_code != 303:
            seen["refused"] += 1
            assert sent.status_code == 422, (number, sent.status_code)
            continue
        assert manager.get(sent.location).status_code == 200, number
        seen["loaded"] += loaded(backend, manager, runner, sent.location, number)
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < MOST_MEMORY, f"{grown >> 10} MB more than before"
    assert all(seen.values()), f"not every way was taken: {seen}"


@pytest.fixture
def sign_in_there(sqlite_backend):
    sqlite_backend.reset()
    sqlite_backend.app.extensions["actors"].forget()

    def enter(username):
        client = sqlite_backend.app.test_client()
        client.csrf = department.enter(client, username)
        return client

    return enter


def counted(backend, entity):
    with acting(SYSTEM), backend.session() as session:
        return session.scalar(select(func.count()).select_from(entity))


def loaded(backend, manager, runner, place, number):
    """Load what was taken: as many rows are there afterwards as it says, and none where it came to nothing."""
    before = counted(backend, Gadget)
    manager.post(f"{place}/load", data={"csrf_token": manager.csrf})
    done = runner.run_next()
    assert done is not None, number
    assert done.error is None, (number, done)
    with acting(SYSTEM), backend.session() as session:
        batch = session.get_one(ImportBatch, int(place.rpartition("/")[2]))
        assert batch.state in (State.LOADED, State.FAILED), number
        records = (batch.result or {}).get("records", {})
        written = sum(tally["written"] for tally in records.values() if tally["record"] == "gadget")
    assert counted(backend, Gadget) - before == (written if batch.state == State.LOADED else 0), number
    assert manager.get(place).status_code == 200, number
    return batch.state == State.LOADED


def attached(manager, chance, number):
    body, name = attachment(chance)
    form = {"file": (io.BytesIO(body), name)}
    sent = manager.post("/api/v1/files/", data=form, headers={"X-CSRFToken": manager.csrf})
    assert sent.status_code < 500, (number, sent.text)
    return sent.status_code == 201
