"""Papers of a claim and what its customer is told, on the way through screens, API, mail server and the signed link."""

import io
import re
from datetime import UTC, date, datetime, timedelta
from threading import Barrier, Thread
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select, update

from app.jobs.sender import deliver
from app.jobs.smtp import Outlet
from app.kernel import outbox, outside
from app.kernel.actor import acting
from app.kernel.clock import house_day
from app.kernel.files import Upload
from app.kernel.settings import set_setting
from app.kernel.tables import Attachment, AuditEntry, Clock, Notice, SettingValue
from app.schema.clocks import last_day
from app.schema.errors import NotPermitted, Refusal
from app.schema.kinds import BadValue
from models.claims import Claim, Paper, RequiredPaper, links
from models.claims.jobs import told
from models.claims.receiving import CUSTOMER, take_in
from models.claims.states import ClaimState, LossCause
from models.contracts import Contract
from models.customers import Customer
from models.products import Exclusion
from tests.house import ACCOUNT, House
from tests.models import book, covers
from tests.screens import plain
from tests.servers import mail_server

ZONE = ZoneInfo("Asia/Shanghai")
PDF, JPEG = b"%PDF-1.7\n%bill\n", b"\xff\xd8\xff\xc0\x00\x11\x08\x00\x10\x00\x10\x03" + b"\0" * 20
DAY = timedelta(days=1)


sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
"""For what no database decides."""


class Claimant:
    """Somebody with a phone and the link; not signed in."""

    def __init__(self, house, link):
        self._client, self._link = house.app.test_client(), link

    def page(self):
        return self._client.get(self._link)

    def send(self, paper, *bodies, token=True):
        csrf = re.search(r'name="csrf_token" value="([^"]+)"', self.page().text)
        sent = [(io.BytesIO(body), f"photo{n}.jpg") for n, body in enumerate(bodies)]
        data = {"files": sent} | ({"csrf_token": csrf[1]} if csrf and token else {})
        return self._client.post(f"{self._link}/{paper}", data=data, content_type="multipart/form-data")


@pytest.fixture
def house(app, backend, sign_in):
    made = House(app, backend, sign_in)

    def found(session):
        holder = book.customer(session, name="Wang Fang", email="wang@example.cn")
        contract = book.contract(session, date(2026, 6, 30), of=holder)
        for code, cause in (("id", None), ("invoice", LossCause.COLLISION), ("police report", LossCause.THEFT)):
            session.add(RequiredPaper(code=code, name=code, cause=cause))
        session.flush()
        return contract.id

    made.contract = made.write(found)
    return made


@pytest.fixture
def at(monkeypatch):
    """Lets the house take it for another moment, on its own clock."""

    def be(day, hour):
        moment = datetime.fromisoformat(f"{day} {hour}").replace(tzinfo=ZONE).astimezone(UTC)
        for module in ("guard", "workflow"):
            monkeypatch.setattr(f"app.kernel.{module}.datetime", SimpleNamespace(now=lambda zone: moment))

    return be


def test_papers_come_through_the_link_and_are_reviewed(house):
    house.report()
    (asked,) = house.notices("reported")
    house.step("claims", "accept")
    assert len(house.notices("reported")) == 1, "told when it is reported, and not again"
    assert (asked.channel, asked.address) == ("mail", "wang@example.cn")
    assert "- id\n- invoice\n" in asked.body
    assert "police report" not in asked.body
    customer, papers = Claimant(house, house.link()), house.papers()
    page = customer.page()
    assert page.status_code == 200
    number = house.look(select(Claim.number))[0][0]
    for shown in (number, "id", "invoice", "please send"):
        assert shown in plain(page.text)
    for hidden in ("Wang Fang", "wang@example.cn", "Li Na", ACCOUNT, "3000", "3,000", "Claims Tester", "collision"):
        assert hidden.lower() not in plain(page.text).lower()

    assert customer.send(papers["id"].id, JPEG).status_code == 303
    assert customer.send(papers["invoice"].id, PDF, JPEG).status_code == 303
    assert "received, being looked at" in plain(customer.page().text)
    papers = house.papers()
    assert {name: bool(p.scan) for name, p in papers.items()} == {"id": True, "invoice": True, "invoice (2)": True}
    assert papers["id"].received_on == house_day(datetime.now(UTC))
    assert not papers["invoice (2)"].required
    came = select(AuditEntry).where(AuditEntry.record == "paper", AuditEntry.source == "link")
    assert {(e.actor, e.user_id, e.why) for (e,) in house.look(came)} == {
        ("customer", None, "through the customer's link")
    }
    (owner,) = house.notices("sent")
    assert owner.user_id == house.look(select(Claim.owner_id))[0][0]
    assert "the customer has sent papers" in owner.subject

    scan = papers["invoice"].scan.id
    assert house.by("claims").get(f"/files/{scan}").data == PDF
    assert house.app.test_client().get(f"/files/{scan}").status_code == 303, "the link opens no file"
    house.step("claims", "review", expected=(422,))
    house.examine(invoice={"complete": False, "hint": "the total cannot be read"})
    page = plain(customer.page().text)
    assert "accepted" in page
    assert "not readable or not complete" in page
    assert "the total cannot be read" in page
    assert customer.send(papers["id"].id, PDF).status_code == 409, "what is accepted is not sent again"
    assert customer.send(papers["invoice"].id, b"%PDF-1.7\n%better\n").status_code == 303
    again = house.papers()["invoice"]
    assert (again.complete, again.hint, again.scan.id != scan) == (None, None, True)
    house.examine()
    house.step("claims", "review")
    assert "being examined" in plain(customer.page().text)
    house.examine(invoice={"relevant": None})
    assert customer.send(again.id, PDF).status_code == 409, "while the claim is examined nothing is sent"


def test_a_link_opens_one_claim_until_it_is_void_or_over_or_the_claim_is_closed(house, monkeypatch):
    house.report()
    house.step("claims", "accept")
    link, papers = house.link(), house.papers()
    first, other = house.claim, papers["id"].id
    house.report()
    house.step("claims", "accept")
    mine = Claimant(house, house.link())
    assert mine.send(other, PDF).status_code == 404, "a paper of another claim"
    assert mine.send(house.papers()["id"].id, PDF, token=False).status_code == 400, "a form of another site"
    customer = Claimant(house, link)
    for wrong in (f"{links.PATH}/x", link[:-9] + ("A" if link[-9] != "A" else "B") + link[-8:], f"{link}x"):
        assert Claimant(house, wrong).page().status_code == 404
    forged = outside.signed("another purpose", [first, 1])
    assert Claimant(house, f"{links.PATH}/{forged}").page().status_code == 404

    days = house.write(lambda s: set_setting(s, "claims.papers_link_days", "0"))
    assert days == 0
    assert customer.page().status_code == 200, "the last day is a whole one"
    house.write(lambda s: s.delete(s.get(SettingValue, "claims.papers_link_days")))
    with monkeypatch.context() as patch:
        patch.setattr("models.claims.links.datetime", SimpleNamespace(now=lambda zone: datetime.now(zone) + DAY * 31))
        assert customer.page().status_code == 410
        assert customer.send(other, PDF).status_code in (400, 410)

    page = house.by("claims").get(f"/claim-link/{first}")
    assert links.PATH in page.text
    assert house.by("finance").get(f"/claim-link/{first}").status_code == 403
    assert house.by("claims2").get(f"/claim-link/{first}").status_code == 404
    form = {"csrf_token": house.by("claims").csrf}
    assert house.by("claims").post(f"/claim-link/{first}/void", data=form).status_code == 303
    assert customer.page().status_code == 410
    assert customer.send(other, PDF).status_code == 410
    assert house.papers()["id"].scan is None
    assert mine.page().status_code == 200, "that of the other claim"
    house.claim = first
    house.step("claims", "send_list")
    fresh = Claimant(house, house.link())
    assert fresh.page().status_code == 200
    house.step("claims", "withdraw", reason="settled privately")
    assert fresh.page().status_code == 410
    assert "closed" in plain(fresh.page().text)


def test_what_is_sent_is_checked_as_everywhere_and_counted(house):
    house.report()
    house.step("claims", "accept")
    house.write(lambda s: set_setting(s, "claims.papers_a_day", "3"))
    customer, paper = Claimant(house, house.link()), house.papers()["id"].id
    answer = customer.send(paper, PDF, b"\x7fELF\x02\x01\x01\x00")
    assert answer.status_code == 422
    assert "Files of this type are not taken" in plain(answer.text)
    assert house.papers()["id"].scan is None, "all of it or nothing"
    assert customer.send(paper).status_code == 422
    assert [customer.send(paper, PDF).status_code for _ in range(4)] == [303, 303, 303, 429]
    assert house.look(select(func.count(Attachment.id)))[0][0] == 3


def test_whoever_holds_a_link_is_granted_nothing_by_the_gate(house, session):
    house.report()
    with acting(CUSTOMER):
        assert session.scalars(select(Claim)).all() == []
        assert session.scalars(select(Paper)).all() == []
        session.add(Paper(claim_id=house.claim, name="one more"))
        with pytest.raises(NotPermitted):
            session.flush()


def test_many_files_at_once_are_counted_one_after_the_other(house, backend, session):
    house.report()
    house.step("claims", "accept")
    house.write(lambda s: set_setting(s, "claims.papers_a_day", "3"))
    token, paper = house.link().rpartition("/")[2], house.papers()["id"].id
    barrier, outcomes = Barrier(8), []

    def send() -> None:
        with backend.session() as own, acting(CUSTOMER):
            barrier.wait()
            try:
                take_in(own, token, paper, [Upload(io.BytesIO(PDF), "a.pdf")])
                own.commit()
                outcomes.append("kept")
            except Refusal as refusal:
                own.rollback()
                outcomes.append(type(refusal).__name__)

    threads = [Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["TooMany"] * 5 + ["kept"] * 3
    assert sorted(house.papers()) == ["id", "id (2)", "id (3)", "invoice"]


def test_a_supplement_over_a_make_up_saturday_stops_the_statutory_clock_and_not_the_promised_one(house, at):
    at("2026-02-09", "10:00")
    house.report(reported_at="2026-02-09T10:00+08:00")
    at("2026-02-10", "09:00")
    house.step("claims", "accept")
    house.examine()
    at("2026-02-11", "15:00")
    house.step("claims", "review")
    at("2026-02-13", "16:00")
    house.step(
        "claims",
        "supplement",
        reason="a copy is not enough",
        more_papers="invoice：the original\nphoto\n\nphoto: twice",
    )
    (asked,) = house.notices("supplement")
    assert "- invoice (the original)\n- photo (twice)\n" in asked.body
    page = house.by("claims").get(f"/claim/{house.claim}").text
    for clock in ("Decision", "Promised decision"):
        assert clock in plain(page)
    clocks = {c.name: c for (c,) in house.look(select(Clock))}
    assert clocks["decision"].paused_at is not None
    assert clocks["promise"].paused_at is None
    assert clocks["handover"].met
    house.examine()
    at("2026-02-25", "10:00")
    house.step("claims", "review")
    ends = {c.name: last_day(ZONE, c.due) for (c,) in house.look(select(Clock))}
    # Ten working days from 10 February: 11, 12, 13, the Saturday 14, 24 to 27, the Saturday 28, 2 March.
    assert ends["promise"] == date(2026, 3, 2)
    # Thirty days from 9 February, and the thirteen midnights that papers were waited for.
    assert ends["decision"] == date(2026, 3, 24)
    assert house.look(select(Claim.decide_by, Claim.more_papers)) == [(date(2026, 3, 24), None)]


def exclusion(session, contract=None):
    """A clause of terms, of the contract or of nobody's."""
    holder, day = session.get(Contract, contract) if contract else None, date(2026, 1, 1)
    terms = covers.version(session, starts_on=day, edition=1 if contract else 2)
    clause = Exclusion(product_version_id=terms.id, clause="Art. 7.2", wording="gross negligence")
    session.add(clause)
    session.flush()
    if holder is not None:
        holder.product_version_id = terms.id
    return clause.id


def test_a_refusal_is_told_with_clause_and_reason_and_noted_when_its_mail_has_left(house, backend):
    house.report(cause="theft")
    house.step("claims", "accept")
    house.examine()
    house.step("claims", "review")
    mine, other = house.write(lambda s: (exclusion(s, house.contract), exclusion(s)))
    for clause in ({}, {"refusal_clause_id": other}):
        house.step("supervisor", "refuse", expected=(422,), reason="keys left in the car", **clause)
    house.step("supervisor", "refuse", reason="keys left in the car", refusal_clause_id=mine)
    assert house.write(lambda s: told(datetime.now(UTC), s)) == {"written": 0}
    with mail_server() as box:
        deliver(backend.engine, Outlet(box.url, "Yanxu <desk@yanxu.example.cn>"))
        mails = box.wait_for(3)
    (mail,) = [each for each in mails if "Art. 7.2" in each.text]
    assert mail.recipients == ("wang@example.cn",)
    assert "keys left in the car" in mail.text
    assert not [each for each in mails if ACCOUNT in each.text]
    assert house.write(lambda s: told(datetime.now(UTC), s)) == {"written": 1}
    assert house.look(select(Claim.refusal_told_on, Claim.state)) == [
        (house_day(datetime.now(UTC)), ClaimState.REFUSED)
    ]
    (clock,) = [c for (c,) in house.look(select(Clock).where(Clock.name == "refusal_notice"))]
    assert clock.met
    letter = house.by("claims").get(f"/claim/{house.claim}/letter")
    for words in ("Art. 7.2 gross negligence", "keys left in the car", "yx-letterhead"):
        assert words in letter.text
    assert house.by("claims2").get(f"/claim/{house.claim}/letter").status_code == 404


@sqlite
def test_the_customer_is_told_at_each_step_in_the_departments_words(house):
    with pytest.raises(BadValue, match="payee_account is no place here"):
        house.write(lambda s: set_setting(s, "claims.paid_text", "to {payee_account}"))
    house.write(lambda s: set_setting(s, "claims.paid_text", "{customer}: {amount} 已付 ({number})"))
    house.report()
    house.step("claims", "accept")
    house.examine()
    house.step("claims", "review")
    house.step("claims", "approve", approved="640.50")
    house.step("finance", "take_back", reason="a figure was wrong")
    house.step("claims", "approve", approved="640.50")
    house.step("finance", "take_back", reason="and another")
    house.step("claims", "approve", approved="700")
    house.step("finance", "pay", method="transfer")
    (accepted,), (first, second), (paid,) = (house.notices(name) for name in ("accepted", "approved", "paid"))
    assert "Claims Tester handles your claim" in accepted.body
    assert "CNY 640.50 will be paid" in first.body
    assert "CNY 700.00 will be paid" in second.body, "another amount is told, the same one is not told twice"
    number = house.look(select(Claim.number))[0][0]
    assert paid.body == f"Wang Fang: CNY 700.00 已付 ({number})"
    told_of = house.look(select(Notice).where(Notice.user_id.is_(None)))
    assert {(n.channel, n.address, n.record, n.record_id) for (n,) in told_of} == {
        ("mail", "wang@example.cn", "claim", house.claim)
    }
    assert not [n for (n,) in told_of if ACCOUNT in n.body or "Li Na" in n.body]


@sqlite
def test_who_has_no_mail_gets_letters_and_a_refusal_counts_once_its_letter_is_printed(house):
    house.write(lambda s: s.execute(update(Customer).values(email=None, address="12 Long Street")))
    house.report()
    house.step("claims", "accept")
    house.examine()
    house.step("claims", "review")
    house.step("supervisor", "refuse", reason="worn out", refusal_under="Art. 3")
    (letter,) = house.notices("refused")
    assert (letter.channel, letter.address) == ("letter", "12 Long Street")
    assert house.write(lambda s: told(datetime.now(UTC), s)) == {"written": 0}
    house.write(lambda s: outbox.mark_printed(s, letter.id, datetime.now(UTC)))
    assert house.write(lambda s: told(datetime.now(UTC), s)) == {"written": 1}
    assert house.look(select(Claim.refusal_told_on))[0][0] == house_day(datetime.now(UTC))
    assert house.write(lambda s: told(datetime.now(UTC), s)) == {"written": 0}
