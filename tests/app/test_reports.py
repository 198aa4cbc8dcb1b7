"""The pages of a report: its charts, what is meant by its figures, and the rows each figure opens, to whoever may."""

import json
import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from html import unescape

import pytest

from app.kernel.clock import house_day
from app.kernel.workflow import adopt
from models.claims import Claim, Payout
from models.claims.report import NOTES
from models.claims.states import ClaimState, LossCause, PayoutMethod
from tests.models import book
from tests.screens import plain, table_of

TODAY = house_day(datetime.now(UTC))
MONTH = f"{TODAY:%Y-%m}"


@pytest.fixture
def backend(sqlite_backend):
    """Pages are the same on both databases."""
    sqlite_backend.reset()
    sqlite_backend.app.extensions["actors"].forget()
    return sqlite_backend


@pytest.fixture
def claims(session, as_system, people):
    """One paid claim handled by each of two, and one open in the pool."""
    contract = book.contract(session, TODAY + timedelta(days=100))
    for keeper, state in (("claims", ClaimState.PAID), ("claims2", ClaimState.PAID), (None, ClaimState.REVIEWING)):
        place, paid = book.place(people[keeper] if keeper else None), state == ClaimState.PAID
        claim = Claim(
            contract_id=contract.id,
            occurred_on=TODAY,
            reported_at=datetime.now(UTC),
            cause=LossCause.FIRE,
            claimed=Decimal(900),
            approved=Decimal(800) if paid else None,
            decided_on=TODAY if paid else None,
            **place,
        )
        adopt(session, claim, state)
        session.add(claim)
        session.flush()
        if paid:
            session.add(
                Payout(
                    claim_id=claim.id, round=1, amount=Decimal(800), payee="Li Na", method=PayoutMethod.TRANSFER,
                    paid_on=TODAY, **place,
                )
            )  # fmt: skip
    session.commit()


def cell(page, row, column):
    """The link in a cell of the table: its words and its address."""
    body = page[page.index('id="report"') :]
    line = re.findall(r"<tr[^>]*>(.*?)</tr>", body, re.DOTALL)[row]
    found = dict(re.findall(r'<td data-label="([^"]*)"[^>]*>(.*?)</td>', line, re.DOTALL))[column]
    href = re.search(r'href="([^"]*)"', found)
    return plain(found), href and unescape(href[1])


def test_each_figure_opens_the_rows_it_counts(sign_in, claims):
    manager = sign_in("manager")
    page = manager.get("/reports/claims?by=handler").text
    assert cell(page, 1, "Claims") == ("3", "/reports/claims/claims?by=handler&line=all")
    words, at = cell(page, 2, "Net paid")
    assert words == "800.00"
    behind = manager.get(at).text
    assert "Claims Tester" in plain(behind[behind.index("<h1") : behind.index("</h1>")])
    assert len(table_of(behind)) == 1
    assert len(table_of(manager.get(cell(page, 1, "Outstanding")[1]).text)) == 1
    assert len(table_of(manager.get(cell(page, 1, "Contract-years on risk")[1]).text)) == 1
    assert cell(page, 1, "Decided on time, %") == ("—", None), "no rows where there is no figure"
    for note in NOTES:
        assert note in unescape(page)


def test_the_months_looked_at_go_along(sign_in, claims):
    manager = sign_in("manager")
    page = manager.get(f"/reports/claims?by=cause&from={MONTH}&to={MONTH}").text
    at = cell(page, 1, "Claims")[1]
    assert f"from={MONTH}&to={MONTH}" in at
    assert len(table_of(manager.get(at).text)) == 3
    before = manager.get(f"/reports/claims/claims?by=cause&line=all&to={TODAY.year - 1}-01").text
    assert "No rows behind this figure are among those you may see." in plain(before)


def test_both_loss_ratios_have_a_column_and_a_chart_of_their_own(sign_in, claims):
    page = sign_in("manager").get("/reports/claims").text
    charts = [json.loads(unescape(found)) for found in re.findall(r"data-chart='([^']*)'", page)]
    drawn = [[series["name"] for series in chart["series"]] for chart in charts]
    assert ["Loss ratio (earned), %"] in drawn
    assert ["Loss ratio (simple), %"] in drawn
    assert sum("Loss ratio" in name for names in drawn for name in names) == 2
    assert all(len({name.endswith("%") for name in names}) == 1 for names in drawn if "Net paid" in names)


def test_rows_are_narrowed_to_what_one_sees(sign_in, claims):
    # A supervisor of another team sees the pool alone.
    other = sign_in("supervisor2")
    page = other.get("/reports/claims?by=handler").text
    words, at = cell(page, 1, "Claims")
    assert len(table_of(other.get(at).text)) == int(words) < 3
    # Who reads no payouts is told of no report about them.
    admin = sign_in("admin")
    assert "/reports/claims" not in admin.get("/reports/").text
    assert "/reports/claims" in other.get("/reports/").text
    for at in ("/reports/claims", "/reports/claims/claims?line=all", "/reports/claims/exposure?line=all"):
        assert admin.get(at).status_code == 403


def test_what_is_no_report_no_cut_or_no_figure_is_not_found(sign_in, claims):
    manager = sign_in("manager")
    for at in ("nothing", "claims?by=colour", "nothing/claims", "claims/colour", "claims/cut", "renewals/due"):
        assert manager.get(f"/reports/{at}").status_code == 404, at
    for line in ("", "%27or", "99999999", "None"):
        assert manager.get(f"/reports/claims/claims?line={line}").status_code == 404, line


def test_a_report_without_charts_of_its_own_draws_its_first_columns(sign_in, claims):
    page = sign_in("manager").get("/reports/renewals").text
    (chart,) = [json.loads(unescape(found)) for found in re.findall(r"data-chart='([^']*)'", page)]
    assert [series["name"] for series in chart["series"]] == ["Due", "Renewed", "Renewal rate, %"]


def test_a_measure_says_what_it_measures(sign_in, claims):
    page = sign_in("manager").get("/figures/of/claim_frequency").text
    assert "per hundred contract-years on risk" in page
    assert "Claim frequency" not in plain(sign_in("manager").get("/").text)


def test_the_command_prints_every_cut(app, as_system, claims):
    for by in ("product", "cause", "region", "handler", "notice_month"):
        done = app.test_cli_runner().invoke(args=["report", "claims", "--by", by, "--format", "json"])
        total = json.loads(done.stdout)[0]
        assert (total["claims"], total["cost"], total["loss_ratio_earned"] is None) == (3, "1600.00", False)
