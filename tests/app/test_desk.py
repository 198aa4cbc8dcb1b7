"""The renewal desk: the plans side by side, the outcomes in one form, the days for the next talk."""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from app.kernel.actor import acting, system_actor
from app.kernel.workflow import adopt
from app.kernel.working_time import house_calendar
from models.contracts import Contract
from models.renewals import Renewal
from models.renewals.states import RenewalState
from models.sales import Quote
from models.sales.states import QuoteState
from tests.models import book
from tests.screens import plain, post, problem_at, value_of

pytestmark = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
TODAY = datetime.now(UTC).date()


@pytest.fixture(autouse=True)
def _present():
    """The moment of the test, not of its import: a run may go on past midnight."""
    global TODAY
    TODAY = datetime.now(UTC).date()


@pytest.fixture
def renewal(session, people):
    """A new renewal of a contract in months, on the specialist's desk; its id."""
    with acting(system_actor("tests", "cli")):
        contract = book.contract(session, TODAY + timedelta(days=9), coverage="full", object_class="SUV")
        made = book.renewal(session, contract, owner=people["renewal"])
        session.commit()
        return made.id


def plans(page):
    """The table of the plans: its heads, and its cells by label."""
    table = page.split('<table class="table card-table yx-table yx-plans">')[1].split("</table>")[0]
    heads = [plain(each) for each in re.findall(r'<th scope="col">(.*?)</th>', table, re.DOTALL)]
    rows = re.findall(r'<th scope="row"[^>]*>(.*?)</th>(.*?)</tr>', table, re.DOTALL)
    return heads[1:], {
        plain(label): [plain(c) for c in re.findall(r"<td[^>]*>(.*?)</td>", r, re.DOTALL)] for label, r in rows
    }


def test_what_stands_beside_the_old_plan_is_what_closing_makes_of_it(session, sign_in, renewal):
    desk = sign_in("renewal")
    heads, rows = plans(desk.get(f"/desk/{renewal}").text)
    assert heads == ["Expires now", "Renewed as it is"]
    assert rows["Premium"] == ["1,200.00", "1,200.00 the same"]
    told = {"outcome": "agree", "offered_premium": "1260", "contact_channel": "phone", "next_contact_on": ""}
    version = value_of(desk.get(f"/desk/{renewal}").text, "version")
    assert post(desk, f"/desk/{renewal}", **told, version=version).status_code == 303
    page = desk.get(f"/desk/{renewal}").text
    heads, rows = plans(page)
    assert heads == ["Expires now", "As offered", "Renewed as it is"]
    assert rows["Premium"][:2] == ["1,200.00", "1,260.00 +60.00 (+5.0 %)"]
    closed = {"outcome": "close", "paid_on": TODAY.isoformat(), "version": value_of(page, "version")}
    assert post(desk, f"/desk/{renewal}", **closed).status_code == 303
    with acting(system_actor("tests", "cli")):
        after = session.scalars(select(Contract).where(Contract.predecessor_id.is_not(None))).one()
        assert rows["Term"][1] == f"{after.starts_on} – {after.expires_on} (12 months)"
        assert rows["Payment"][1] == f"Monthly: {after.instalment} +5.00 (+5.0 %)"
        assert (after.premium, after.coverage, rows["Coverage"]) == (Decimal("1260.00"), "full", ["full"] * 3)


def test_a_quote_stands_there_for_who_sees_quotes_as_long_as_it_is_good(session, sign_in, people, renewal):
    with acting(system_actor("tests", "cli")):
        customer = session.get(Renewal, renewal).customer_id
        for days, premium in ((5, "1100.00"), (-1, "900.00")):
            quote = Quote(
                customer_id=customer,
                product_id=book.product(session, "OTHER").id,
                sum_insured=Decimal(50_000),
                rate=Decimal("2.2"),
                premium=Decimal(premium),
                valid_until=TODAY + timedelta(days=days),
                **book.place(people["sales"]),
            )
            session.add(quote)
            session.flush()
            adopt(session, quote, QuoteState.CALCULATED)
        session.commit()
    heads, rows = plans(sign_in("supervisor").get(f"/desk/{renewal}").text)
    assert len(heads) == 3, "the one that has run out is none"
    assert rows["Premium"][2] == "1,100.00 -100.00 (-8.3 %)"
    assert rows["Product"][2] == "OTHER cover another product"
    assert (rows["Coverage"][2], rows["Term"][2]) == ("sum insured 50,000.00", "—"), "nothing is made up"
    heads, _rows = plans(sign_in("renewal").get(f"/desk/{renewal}").text)
    assert heads == ["Expires now", "Renewed as it is"], "renewal specialists see no quotes"


def test_each_outcome_asks_its_own_and_what_is_typed_for_another_stays(session, sign_in, renewal):
    desk = sign_in("renewal")
    page = desk.get(f"/desk/{renewal}?step=decline").text
    assert re.search(r'value="decline"[^>]* checked', page)
    told = {"outcome": "decline", "refusal_reason": "", "offered_premium": "777", "feedback": "too dear"}
    answer = post(desk, f"/desk/{renewal}", **told, version=value_of(page, "version"))
    assert answer.status_code == 422
    assert problem_at(answer.text, "refusal_reason", "i-d-") == "Fill this in."
    assert problem_at(answer.text, "offered_premium", "i-d-") == "", "that is another outcome's"
    assert (value_of(answer.text, "offered_premium"), value_of(answer.text, "feedback")) == ("777", "too dear")
    again = post(desk, f"/desk/{renewal}/again", **(told | {"outcome": "agree"})).text
    assert re.search(r'value="agree"[^>]* checked', again), "without script the questions are asked for"
    assert value_of(again, "feedback") == "too dear"
    offered = desk.get(f"/desk/{renewal}?step=agree&premium=1200.00").text
    assert value_of(offered, "offered_premium") == "1200.00"
    assert post(desk, f"/desk/{renewal}", outcome="steal", version="1").status_code == 404
    with acting(system_actor("tests", "cli")):
        assert session.get(Renewal, renewal).state == RenewalState.NEW


def test_the_days_offered_are_working_days_and_a_promise_kept_is_not_made_again(session, sign_in, people, renewal):
    with acting(system_actor("tests", "cli")):
        row = session.get(Renewal, renewal)
        row.next_contact_on = TODAY
        adopt(session, row, RenewalState.FOLLOWING)
        session.commit()
        calendar = house_calendar(session)
        session.rollback()
    page = sign_in("renewal").get(f"/desk/{renewal}").text
    days = [date.fromisoformat(day) for day in re.findall(r'data-day="([^"]+)"', page)]
    assert days[0] == calendar.next_working_day(TODAY)
    assert days[1] == calendar.next_working_day(TODAY, 3)
    assert days[2] >= TODAY + timedelta(days=7)
    assert all(map(calendar.is_workday, days))
    assert value_of(page, "next_contact_on") == ""
