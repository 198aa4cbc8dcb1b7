"""Reminders: the contracts a reminder is owed for, against an expectation by brute force, and none twice."""

from datetime import UTC, date, datetime, timedelta
from itertools import product as every

import pytest
from sqlalchemy import func, select

from app.kernel.identity.tables import UserPreference
from app.kernel.settings import set_setting
from app.kernel.tables import Notice
from app.schema.kinds import BadValue
from models.contracts import Contract
from models.contracts.states import ContractState
from models.customers import Customer
from models.products import Product
from models.renewals.jobs import remind
from models.renewals.rules import reminder_days
from tests.models import book

TODAY = date(2026, 3, 16)
DUE = datetime(2026, 3, 16, 0, tzinfo=UTC)  # eight in the morning in Shanghai
OFFSETS = (30, 15, 7, 1)
DAY = timedelta(days=1)


def expected(session):
    """By brute force, in the words of the definition: every contract that may be renewed and is not, at its offset."""
    owed = set()
    for contract in session.scalars(select(Contract)):
        offset = reminder_days(contract.expires_on, TODAY, OFFSETS)
        lapsed_since = (ContractState.IN_FORCE, ContractState.LAPSED)
        over = contract.state not in lapsed_since or contract.voided_on or contract.cancelled_on
        hopeless = contract.object_gone_on or contract.declined_by_us
        renewable = session.get(Product, contract.product_id).renewable
        renewed = any(s.paid_on and not s.voided_on for s in contract.successors)
        if offset is not None and renewable and not (over or hopeless or renewed):
            owed.add(f"renewals.remind:{contract.id}:{contract.expires_on}:T-{offset}:customer")
    return owed


def written(session, to="customer"):
    return [key for key in session.scalars(select(Notice.dedupe_key)) if key.endswith(to)]


@pytest.fixture
def contracts(session, as_system):
    """Contracts of every make, expiring on every day around every offset."""
    once = book.product(session, "ONCE", renewable=False)
    makes = [{}, {"cover": once}, {"declined_by_us": True}, {"object_gone_on": TODAY}, {"cancelled_on": TODAY}]
    makes += [{"state": state} for state in ContractState if state != ContractState.IN_FORCE] + [{"voided_on": TODAY}]
    for make, days in every(makes, (*OFFSETS, 0, 2, 14, 31)):
        book.contract(session, TODAY + days * DAY, **make)
    for offset in OFFSETS:
        book.successor(session, book.contract(session, TODAY + offset * DAY))
        book.successor(session, book.contract(session, TODAY + offset * DAY), paid_on=None)
        book.successor(session, book.contract(session, TODAY + offset * DAY), voided_on=TODAY)
    session.commit()


def test_one_reminder_for_each_contract_the_definition_says(session, contracts):
    owed = expected(session)
    result = remind(DUE, session)
    session.commit()
    assert sorted(written(session)) == sorted(owed)
    assert (
        len(owed) == 16
    )  # for each offset the plain one, the one lapsed since, and those with an unpaid or a voided successor
    assert (result["written"], result["stood"], result["letters"], result["told"]) == (16, 0, 16, 0)


def test_twice_writes_nothing(session, contracts):
    remind(DUE, session)
    session.commit()
    again = remind(DUE, session)
    assert (again["written"], again["stood"], again["told"]) == (0, 16, 0)
    assert len(written(session)) == 16


def test_by_mail_where_there_is_an_address_else_as_a_letter(session, as_system):
    reached = book.customer(session, email="wang@example.cn", name="王芳", address="1 Nanjing Rd")
    unreached = book.customer(session, address="2 Nanjing Rd")
    by_mail = book.contract(session, TODAY + 7 * DAY, of=reached)
    by_letter = book.contract(session, TODAY + 7 * DAY, of=unreached)
    session.commit()
    assert remind(DUE, session)["letters"] == 1
    notices = {n.record_id: n for n in session.scalars(select(Notice))}
    mail, letter = notices[by_mail.id], notices[by_letter.id]
    assert (mail.channel, mail.address) == ("mail", "wang@example.cn")
    assert (letter.channel, letter.address) == ("letter", "2 Nanjing Rd")
    assert f"Contract {by_mail.number} expires on 2026-03-23" in mail.subject
    assert "王芳" in mail.body
    assert "in 7 days" in mail.body
    assert (mail.state, mail.attempts, mail.record) == ("waiting", 0, "contract")


def test_an_address_found_later_does_not_remind_twice(session, as_system):
    contract = book.contract(session, TODAY + 7 * DAY)
    session.commit()
    remind(DUE, session)
    session.get(Customer, contract.customer_id).email = "late@example.cn"
    session.commit()
    assert remind(DUE, session)["written"] == 0


def test_whoever_works_the_renewal_is_told_too(session, people, as_system):
    contract = book.contract(session, TODAY + DAY)
    book.renewal(session, contract, people["renewal"])
    book.renewal(session, book.contract(session, TODAY + DAY))
    session.add(UserPreference(user_id=people["renewal"].user_id, locale="zh_Hans"))
    session.commit()
    assert remind(DUE, session)["told"] == 1
    (told,) = session.scalars(select(Notice).where(Notice.channel == "app"))
    assert f"的合同 {contract.number} 将于 2026-03-17 到期（1 天）" in told.subject, "in the reader's language"
    assert (told.user_id, told.record_id, told.state) == (people["renewal"].user_id, contract.id, "sent")


def test_offsets_and_words_are_the_houses_own(session, as_system):
    contract = book.contract(session, TODAY + 3 * DAY)
    set_setting(session, "renewals.reminder_days", "3")
    set_setting(session, "renewals.reminder_subject", "{number}: {days} {{days}}")
    session.commit()
    remind(DUE, session)
    assert session.scalar(select(Notice.subject)) == f"{contract.number}: 3 {{days}}"


def test_a_line_break_in_a_name_does_not_reach_the_head_of_a_mail(session, as_system):
    set_setting(session, "renewals.reminder_subject", "{customer}")
    book.contract(session, TODAY + 7 * DAY, of=book.customer(session, name="Li\r\nBcc: all@example.cn"))
    session.commit()
    remind(DUE, session)
    assert session.scalar(select(Notice.subject)) == "Li  Bcc: all@example.cn"


def test_a_long_name_does_not_break_the_run(session, as_system):
    set_setting(session, "renewals.reminder_subject", "{customer}{customer}")
    book.contract(session, TODAY + 7 * DAY, of=book.customer(session, name="长" * 200))
    session.commit()
    remind(DUE, session)
    assert session.scalar(select(func.length(Notice.subject))) == 300


@pytest.mark.parametrize("raw", ["", "soon", "30,,7", "400"])
def test_offsets_are_days(session, as_system, raw):
    with pytest.raises(BadValue):
        set_setting(session, "renewals.reminder_days", raw or ",")


@pytest.mark.parametrize("raw", ["{phone}", "{number", "{}"])
def test_words_name_known_places_only(session, as_system, raw):
    with pytest.raises(BadValue, match="place"):
        set_setting(session, "renewals.reminder_body", raw)


def test_the_business_day_is_the_houses(session, as_system):
    book.contract(session, TODAY + 7 * DAY)
    session.commit()
    assert remind(datetime(2026, 3, 15, 15, 59, tzinfo=UTC), session)["written"] == 0
    assert remind(datetime(2026, 3, 15, 16, 0, tzinfo=UTC), session)["written"] == 1
