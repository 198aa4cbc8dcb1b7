"""5,000 claims of another system come in by the command and by the pages; every total equals the file's to the cent."""

import csv
import io
import json
import re
from collections import Counter, defaultdict
from datetime import UTC, datetime
from decimal import Decimal
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from app.jobs.runner import Runner
from app.kernel.actor import acting, system_actor
from app.kernel.sheets import PROBLEM
from app.kernel.tables import Notice
from models.claims import Claim, Payout
from models.contracts import Contract
from tests.data import make_claims
from tests.data.make_claims import COLUMNS, lines
from tests.models import book
from tests.screens import link, plain, post

SYSTEM = system_actor("tests", "cli")
STATE = {
    "已结案": "paid", "已赔付": "paid", "结案": "paid", "9": "paid", "拒赔": "refused", "8": "refused",
    "销案": "withdrawn", "撤案": "withdrawn", "待支付": "approved", "处理中": "reviewing", "未决": "reviewing",
}  # fmt: skip
CAUSE = {
    "01": "collision", "碰撞": "collision", "追尾": "collision", "02": "theft", "被盗": "theft", "03": "fire",
    "火灾": "fire", "水淹": "water", "涉水": "water", "暴雨": "weather", "06": "breakdown", "三者": "liability",
    "疾病": "illness", "意外": "accident", "99": "other", "": "other",
}  # fmt: skip


def amount(written):
    digits = written.translate(
        {ord(full): half for full, half in zip("０１２３４５６７８９．", "0123456789.", strict=True)}
    )
    return Decimal(re.sub(r"[^0-9.]", "", digits) or 0)


def year(written):
    first = re.match(r"\d{8}|\d+", written)[0]
    number = int(first[:4]) if len(first) > 2 else int(first)
    return number if number > 99 else number + (2000 if number < 70 else 1900)


def totals_of(rows):
    """Count, claimed and paid by state, year of the loss and cause; a line that stands twice counts once."""
    sums = defaultdict(lambda: [0, Decimal(0), Decimal(0)])
    for cells in {cells["赔案号"]: cells for cells in rows}.values():
        of = sums[STATE[cells["状态"]], year(cells["出险日期"]), CAUSE[cells["出险原因"]]]
        of[0] += 1
        of[1] += amount(cells["索赔金额"])
        of[2] += amount(cells["赔付金额"])
    return {key: tuple(sums) for key, sums in sums.items()}


def totals_in(backend):
    with acting(SYSTEM), backend.session() as session:
        claims = session.execute(
            select(Claim.state, Claim.occurred_on, Claim.cause, Claim.claimed, func.coalesce(Payout.amount, 0)).join(
                Payout, Payout.claim_id == Claim.id, isouter=True
            )
        )
        sums = defaultdict(lambda: [0, Decimal(0), Decimal(0)])
        for state, day, cause, claimed, paid in claims:
            of = sums[state.value, day.year, cause.value]
            of[0] += 1
            of[1] += claimed
            of[2] += Decimal(paid)
        return {key: tuple(sums) for key, sums in sums.items()}


@pytest.fixture
def sold(backend, people):
    """The contracts the claims are under, in South-1."""
    with acting(SYSTEM), backend.session() as session, session.begin():
        unit, of = people["renewal3"].unit_id, book.customer(session)
        for each in make_claims.contracts():
            book.contract(
                session, each.expires_on, of=of, cover=book.product(session, each.product), number=each.number,
                starts_on=each.starts_on, premium=each.premium, unit_id=unit,
            )  # fmt: skip
    return unit


@pytest.fixture
def file(tmp_path):
    """The file as that system writes it, in GBK."""
    path = tmp_path / "赔案.csv"
    path.write_bytes(make_claims.text(lines()).encode("gbk"))
    return path


def mended(refused):
    """The refused rows set right, each after its twin; the second of two that contradict each other is thrown away."""
    right = {line.cells["序号"]: line.mended for line in lines() if line.fault}
    rows = list(csv.DictReader(io.StringIO(refused.decode("utf-8-sig"))))
    assert all(row[PROBLEM] for row in rows)
    assert len(rows) == sum(bool(line.fault) for line in lines())
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS)
    writer.writeheader()
    writer.writerows(right[number] for number in dict.fromkeys(row["序号"] for row in rows))
    return out.getvalue().encode()


@cache
def sound():
    """What the lines without a fault say."""
    return [line.cells for line in lines() if not line.fault]


@cache
def true():
    """What every line says once it is set right."""
    return [line.mended or line.cells for line in lines()]


def test_by_the_command(app, backend, sold, people, file):
    def load(path):
        return app.test_cli_runner().invoke(args=["data", "import", "claims_history", str(path)])

    done = load(file)
    assert done.exit_code == 1, "rows were refused"
    told = json.loads(done.stdout)
    faults = Counter(line.fault for line in lines() if line.fault)
    assert (told["rows"], told["refused"], len(faults)) == (5000, faults.total(), len(make_claims.FAULTS) + 1)
    assert told["kept_columns"] == ["机构", "定损员"]
    assert told["unused_columns"] == ["序号", "身份证号"]
    assert {value for _, value, _ in told["unknown"]} == {"归档", "外星人", "OLD-99999"}
    assert totals_in(backend) == totals_of(sound())

    again = json.loads(load(file).stdout)
    assert again["unchanged"]
    assert totals_in(backend) == totals_of(sound())

    refused = file.with_name("赔案.csv.refused.csv")
    refused.write_bytes(mended(refused.read_bytes()))
    done = load(refused)
    assert done.exit_code == 0, done.stdout
    assert totals_in(backend) == totals_of(true())

    with acting(SYSTEM), backend.session() as session:
        assert session.scalar(select(func.count(Notice.id))) == 0, "nobody is told of what was settled long ago"
        claim = session.scalars(select(Claim).where(Claim.number == true()[3]["赔案号"])).one()
        assert (claim.owner_id, claim.unit_id) == (None, sold), "who is not on our staff leaves it to the pool"
        assert "经办人: 赵无极" in claim.remark
        assert "机构: 一分部" in claim.remark
        assert "身份证号" not in claim.remark
        handled = {cells["赔案号"] for cells in true() if cells["经办人"] == "Claims2 Tester"}
        mine = select(Claim.number, Claim.unit_id).where(Claim.owner_id == people["claims2"].user_id)
        assert dict(session.execute(mine).all()) == dict.fromkeys(handled, people["claims2"].unit_id)
        assert session.scalar(select(func.count(Contract.id))) == make_claims.CONTRACTS


@pytest.mark.parametrize("backend", [pytest.param("sqlite", marks=pytest.mark.nightly), "postgresql"], indirect=True)
def test_by_the_pages(backend, sold, sign_in, file):
    manager = sign_in("manager")

    def bring(body, name):
        form = {"csrf_token": manager.csrf, "profile": "claims_history", "file": (io.BytesIO(body), name)}
        return manager.post("/imports/", data=form, content_type="multipart/form-data").location

    def work(at):
        assert post(manager, f"{at}/load").status_code == 303
        assert Runner(backend.engine, ZoneInfo("Asia/Shanghai"), "test worker").run_next().error is None
        return manager.get(at).text

    at = bring(file.read_bytes(), "赔案.csv")
    page = plain(manager.get(at).text)
    assert "The file has 5000 rows." in page
    assert "Columns the profile does not know, kept as text: 机构, 定损员." in page
    assert "Columns nobody asks for: 序号, 身份证号." in page
    assert "there is no contract “OLD-99999”" in page
    assert totals_in(backend) == {}
    page = work(at)
    assert totals_in(backend) == totals_of(sound())
    body = mended(manager.get(link(page, "Download the refused rows")).data)
    assert "None is refused." in plain(work(bring(body, "mended.csv")))
    assert totals_in(backend) == totals_of(true())
    assert "Nothing changes" in manager.get(bring(body, "mended.csv")).text
    assert datetime.now(UTC).year < 2070, "the pivot of the profile holds until then"
