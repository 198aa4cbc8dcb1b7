"""Working a renewal: talks, appointments, agreement, closing, refusal, handing over, and who may."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import func, select

from app.kernel.access import find
from app.kernel.actor import acting
from app.kernel.clock import house_day
from app.kernel.history import timeline
from app.kernel.tables import Notice
from app.kernel.workflow import advance
from app.schema.errors import Conflict, Invalid, NotFound, NotPermitted, Refusal
from models.contracts import Contract
from models.contracts.states import ContractState
from models.customers import Customer
from models.renewals import Contact, Renewal
from models.renewals.operations import close, log_contact, reassign
from models.renewals.rules import LeftOut
from models.renewals.states import Intent, RefusalReason, RenewalState
from tests.models import book
from tests.screens import post, value_of

EXPIRY = date(2030, 3, 31)
S = RenewalState


@pytest.fixture
def renewal(session, people, as_system):
    """An untouched item of the specialist's."""
    made = book.renewal(session, book.contract(session, EXPIRY), people["renewal"])
    session.commit()
    return made


@pytest.fixture
def today(session, as_system):
    return house_day(datetime.now(UTC))


def test_an_item_takes_over_from_its_contract(session, renewal):
    contract = renewal.contract
    assert renewal.number == contract.number
    assert (renewal.customer_id, renewal.premium) == (contract.customer_id, contract.premium)
    assert (renewal.expires_on, renewal.cohort) == (EXPIRY, "2030-03")


def test_the_first_talk_dates_the_first_contact_and_enters_the_log(session, people, renewal, today):
    with acting(people["renewal"]):
        log_contact(session, renewal, channel="phone", feedback="call again", intent="undecided", next_on="2030-01-05")
        session.commit()
        (entry,) = session.scalars(select(Contact))
    assert (renewal.state, renewal.first_contact_on, renewal.next_contact_on) == (S.CONTACTED, today, date(2030, 1, 5))
    assert (entry.renewal_id, entry.customer_id, entry.feedback) == (renewal.id, renewal.customer_id, "call again")
    assert (entry.made_by_id, entry.owner_id) == (people["renewal"].user_id, people["renewal"].user_id)
    assert (entry.contacted_on, entry.intent, entry.next_on) == (today, Intent.UNDECIDED, date(2030, 1, 5))


def test_further_talks_follow_up_or_make_an_appointment(session, people, renewal, today):
    with acting(people["renewal"]):
        log_contact(session, renewal, channel="phone", intent="willing")
        log_contact(session, renewal, channel="message")
        assert (renewal.state, renewal.intent) == (S.FOLLOWING, Intent.WILLING)
        log_contact(session, renewal, channel="visit", next_on="2030-01-05", appointment=True)
        assert renewal.state == S.APPOINTMENT
        assert session.scalar(select(func.count()).select_from(Contact)) == 3


def test_an_appointment_needs_its_day(session, people, renewal):
    with acting(people["renewal"]), pytest.raises(Invalid) as refused:
        log_contact(session, renewal, channel="phone", appointment=True)
    assert set(refused.value.problems) == {"next_contact_on"}


def test_a_refused_talk_leaves_nothing_behind(session, people, renewal):
    with acting(people["renewal"]):
        with pytest.raises(Refusal, match="past"):
            log_contact(session, renewal, channel="phone", next_on="2020-01-01")
        session.commit()
        assert session.scalar(select(func.count()).select_from(Contact)) == 0
        assert session.scalar(select(Renewal.state)) == S.NEW


def test_whoever_talks_first_takes_an_unassigned_item(session, people, as_system, today):
    item = book.renewal(session, book.contract(session, EXPIRY))
    session.commit()
    with acting(people["renewal"]):
        log_contact(session, item, channel="phone")
    assert (item.owner_id, item.credited_to_id) == (people["renewal"].user_id, people["renewal"].user_id)
    assert (item.unit_id, item.allocated_on) == (people["renewal"].unit_id, today)


def test_closing_makes_the_linked_successor_in_force(session, people, renewal):
    with acting(people["renewal"]):
        after = close(session, renewal, paid_on="2030-03-20", premium="1100.00")
        session.commit()
        assert (after.predecessor_id, after.state) == (renewal.contract_id, ContractState.IN_FORCE)
        assert (after.starts_on, after.paid_on, after.premium) == (date(2030, 4, 1), date(2030, 3, 20), Decimal(1100))
        assert after.number != renewal.number
        assert (renewal.state, renewal.successor_id) == (S.RENEWED, after.id)
        assert session.get(Contract, renewal.contract_id).state == ContractState.RENEWED
        assert after.owner_id == people["renewal"].user_id
        (first, *_) = timeline(session, after)
        assert (first.user_id, first.why) == (people["renewal"].user_id, "a renewal is closed")


def test_closing_keeps_the_price_agreed_earlier(session, people, renewal):
    with acting(people["renewal"]):
        advance(session, renewal, "agree", answers={"offered_premium": "900", "contact_channel": "visit"})
        assert close(session, renewal, paid_on="2030-03-20").premium == Decimal(900)


def test_closing_without_any_price_keeps_the_old_one(session, people, renewal):
    with acting(people["renewal"]):
        assert close(session, renewal, paid_on="2030-03-20").premium == renewal.premium


def test_a_second_closing_makes_no_second_successor(session, people, renewal):
    with acting(people["renewal"]):
        close(session, renewal, paid_on="2030-03-20")
        with pytest.raises(Conflict):
            close(session, renewal, paid_on="2030-03-20")
    assert session.scalar(select(func.count()).where(Contract.predecessor_id.is_not(None))) == 1


def test_what_was_renewed_elsewhere_is_not_closed_again(session, people, renewal, as_system):
    book.successor(session, renewal.contract)
    session.commit()
    with acting(people["renewal"]):
        log_contact(session, renewal, channel="phone")
        session.commit()
        with pytest.raises(Conflict, match="already"):
            close(session, renewal, paid_on="2030-03-20")


@pytest.mark.parametrize("price", ["0", "-1"])
def test_no_agreement_without_a_price(session, people, renewal, price):
    with acting(people["renewal"]), pytest.raises(Refusal, match="above 0"):
        advance(session, renewal, "agree", answers={"offered_premium": price, "contact_channel": "phone"})


def test_a_customer_who_declines_says_why_and_can_be_won_back(session, people, renewal):
    with acting(people["renewal"]):
        with pytest.raises(Invalid):
            advance(session, renewal, "decline", answers={"contact_channel": "phone"})
        answers = {"contact_channel": "phone", "refusal_reason": "price", "remedy": "smaller cover"}
        advance(session, renewal, "decline", answers=answers)
        assert (renewal.state, renewal.refusal_reason, renewal.intent) == (
            S.DECLINED,
            RefusalReason.PRICE,
            Intent.UNWILLING,
        )
        advance(session, renewal, "win_back", answers={"next_contact_on": "2030-04-15"})
    assert renewal.state == S.FOLLOWING


def test_agreed_renewals_are_chased_and_reopened_with_a_reason(session, people, renewal):
    with acting(people["renewal"]):
        advance(session, renewal, "agree", answers={"offered_premium": "900", "contact_channel": "visit"})
        log_contact(session, renewal, channel="message", feedback="will pay on Monday")
        assert renewal.state == S.AGREED
        with pytest.raises(Invalid):
            advance(session, renewal, "reopen")
        advance(session, renewal, "reopen", answers={"reason": "price was misread"})
    assert renewal.state == S.FOLLOWING


# Who may


@pytest.mark.parametrize("name", ["renewal2", "renewal3", "sales", "service", "claims", "operations"])
def test_nobody_reaches_anothers_renewal_or_its_log(session, people, renewal, name):
    with acting(people["renewal"]):
        log_contact(session, renewal, channel="phone")
        session.commit()
    with acting(people[name]):
        assert list(session.scalars(select(Renewal.id))) == []
        assert list(session.scalars(select(Contact.id))) == []
        with pytest.raises(NotFound):
            find(session, Renewal, renewal.id)
        with pytest.raises(NotPermitted):
            advance(session, renewal, "follow_up", answers={"contact_channel": "phone"})


def test_who_does_not_work_renewals_does_not_see_the_pool(session, people, as_system):
    book.renewal(session, book.contract(session, EXPIRY))
    session.commit()
    for name in ("sales", "claims", "operations"):
        with acting(people[name]):
            assert list(session.scalars(select(Renewal.id))) == []
    for name in ("renewal", "renewal3", "supervisor", "supervisor2", "manager"):
        with acting(people[name]):
            assert len(list(session.scalars(select(Renewal.id)))) == 1


def test_the_contract_and_the_customer_of_ones_renewal_are_seen_and_the_successor(session, people, renewal):
    with acting(people["renewal"]):
        after = close(session, renewal, paid_on="2030-03-20")
        session.commit()
        assert set(session.scalars(select(Contract.id))) == {renewal.contract_id, after.id}
        assert list(session.scalars(select(Customer.id))) == [renewal.customer_id]
    with acting(people["renewal3"]):
        assert list(session.scalars(select(Contract.id))) == []


# Handing over


def test_a_supervisor_moves_an_assignment_and_the_credit_stays(session, people, renewal):
    with acting(people["renewal"]):
        log_contact(session, renewal, channel="phone", feedback="likes mornings")
        session.commit()
    with acting(people["manager"]):
        reassign(session, renewal, people["renewal3"].user_id, why="moved south")
        session.commit()
    assert (renewal.owner_id, renewal.unit_id) == (people["renewal3"].user_id, people["renewal3"].unit_id)
    assert renewal.credited_to_id == people["renewal"].user_id
    with acting(people["renewal3"]):
        (entry,) = session.scalars(select(Contact))
        assert (entry.feedback, entry.made_by_id) == ("likes mornings", people["renewal"].user_id)
        assert session.get(Customer, renewal.customer_id) is not None
    with acting(people["renewal"]):
        assert list(session.scalars(select(Renewal.id))) == []
    (notice,) = session.scalars(select(Notice))
    assert (notice.user_id, notice.record_id) == (people["renewal3"].user_id, renewal.id)


def test_a_supervisor_moves_within_the_team_only(session, people, renewal):
    with acting(people["supervisor"]), pytest.raises(NotPermitted):
        reassign(session, renewal, people["renewal3"].user_id)
    session.rollback()
    with acting(people["supervisor2"]), pytest.raises(NotPermitted):
        reassign(session, renewal, people["renewal2"].user_id)


def test_a_supervisor_gives_out_what_nobody_has(session, people, as_system):
    item = book.renewal(session, book.contract(session, EXPIRY))
    session.commit()
    with acting(people["supervisor"]):
        reassign(session, item, people["renewal"].user_id)
    assert (item.owner_id, item.credited_to_id) == (people["renewal"].user_id, people["renewal"].user_id)


def test_a_specialist_hands_nothing_over(session, people, renewal):
    with acting(people["renewal"]), pytest.raises(NotPermitted):
        reassign(session, renewal, people["renewal2"].user_id)


def test_renewals_go_to_those_who_work_them(session, people, renewal):
    with acting(people["manager"]), pytest.raises(Refusal, match="works renewals"):
        reassign(session, renewal, people["sales"].user_id)


def test_a_closed_renewal_stays_where_it_is(session, people, renewal):
    with acting(people["renewal"]):
        close(session, renewal, paid_on="2030-03-20")
        session.commit()
    with acting(people["manager"]), pytest.raises(Conflict, match="while it is Renewed"):
        reassign(session, renewal, people["renewal3"].user_id)


# What happens to the contract


@pytest.mark.parametrize(
    ("step", "by", "answers", "reason"),
    [
        ("cancel", "manager", {"cancelled_on": "2030-01-10", "reason": "moved abroad"}, LeftOut.CANCELLED),
        ("object_gone", "operations", {"object_gone_on": "2030-01-10", "reason": "scrapped"}, LeftOut.OBJECT_GONE),
        ("decline_renewal", "underwriter", {"reason": "fraud"}, LeftOut.DECLINED_BY_US),
        ("void", "manager", {"voided_on": "2030-01-10", "reason": "never paid"}, LeftOut.CANCELLED),
    ],
)
def test_what_ends_a_contract_leaves_its_renewal_out(session, people, renewal, step, by, answers, reason):
    contract = renewal.contract
    with acting(people[by]):
        advance(session, contract, step, answers=answers)
        session.commit()
    session.refresh(renewal)
    assert (renewal.state, renewal.left_out) == (S.LEFT_OUT, reason)


def test_a_renewal_already_won_is_left_out_but_stays_renewed(session, people, renewal):
    with acting(people["renewal"]):
        close(session, renewal, paid_on="2030-03-20")
        session.commit()
    with acting(people["manager"]):
        answers = {"cancelled_on": str(EXPIRY - timedelta(days=5)), "reason": "sold"}
        advance(session, session.get(Contract, renewal.contract_id), "cancel", answers=answers)
        session.commit()
    assert (renewal.state, renewal.left_out) == (S.RENEWED, LeftOut.CANCELLED)


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
@pytest.mark.parametrize("version", [None, "", "0", "²"])
def test_the_desk_saves_nothing_without_the_version_that_was_seen(session, sign_in, renewal, version):
    desk, told = sign_in("renewal"), {"contact_channel": "phone", "feedback": "hello"}
    key, seen = renewal.id, renewal.version
    session.rollback()
    told["outcome"] = "contact"
    sent = told if version is None else told | {"version": version}
    answer = post(desk, f"/desk/{key}", **sent)
    assert (answer.status_code, "hello" in answer.text) == (409, True)
    assert "Somebody changed this meanwhile." in answer.text
    number = post(desk, f"/desk/{key}/number", **told, version="77").text
    assert value_of(number, "version") == "77", "what was changed since it was seen stays a conflict"
    assert post(desk, f"/desk/{key}", **told, version=str(seen)).status_code == 303
