"""Applications, consultations, complaints and callbacks: who takes which step, and what is refused."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy import select

from app.kernel.actor import acting, system_actor
from app.kernel.clock import house_day
from app.kernel.history import timeline
from app.kernel.tables import Notice
from app.schema.errors import Conflict, Invalid, NotPermitted, Refusal
from app.schema.measure import Figure
from app.schema.registry import registry
from models.people import Person
from models.voice import Application, Callback, Complaint, Consultation
from models.voice.states import (
    ApplicationState,
    CallbackKind,
    CallbackState,
    ComplaintState,
    ConsultationState,
    Grievance,
    RootCause,
    Topic,
)
from tests.journey import enter, stopped, walk
from tests.models import book

NOW = datetime.now(UTC)
TODAY = NOW.date()
TOMORROW = (NOW + timedelta(days=1)).isoformat()
CHECKED = {"identity_checked": "yes", "form_signed": "yes", "terms_explained": "yes"}


@pytest.fixture
def application(session, people, as_system):
    customer, product = book.customer(session, people["sales"]).id, book.product(session).id
    session.commit()
    return enter(session, people["sales"], Application(customer_id=customer, product_id=product, premium=Decimal(900)))


def test_an_application_is_submitted_checked_and_forwarded(session, people, application):
    stopped(session, application, people["service"], "forward", Conflict, **CHECKED)
    walk(session, application, people["sales"], "submit")
    stopped(session, application, people["sales"], "forward", NotPermitted, **CHECKED)
    stopped(session, application, people["service"], "forward", Invalid, identity_checked="yes")
    stopped(
        session, application, people["service"], "forward", Refusal, "checklist", **(CHECKED | {"form_signed": "no"})
    )
    walk(session, application, people["service"], "forward", **CHECKED)
    assert application.state == ApplicationState.FORWARDED
    assert application.checked_on is not None


def test_an_application_goes_back_with_its_defects_and_comes_again(session, people, application):
    walk(session, application, people["sales"], "submit")
    stopped(session, application, people["service"], "send_back", Invalid)
    walk(session, application, people["service"], "send_back", reason="the signature is missing")
    assert (application.state, application.defects) == (ApplicationState.RETURNED, "the signature is missing")
    with acting(people["sales"]):
        assert timeline(session, application)[0].why == "the signature is missing"
        application.insured_object = "car"
        session.commit()
    walk(session, application, people["sales"], "submit")
    with acting(people["sales"]):
        application.insured_object = "lorry"
        with pytest.raises(Conflict, match="Submitted"):
            session.flush()


def test_service_sees_every_application_and_writes_none(session, people, application):
    for who, count in (("service", 1), ("underwriter", 1), ("claims", 0), ("renewal", 0), ("supervisor2", 0)):
        with acting(people[who]):
            assert len(session.scalars(select(Application)).all()) == count, who
    with acting(people["service"]):
        application.premium = Decimal(1)
        with pytest.raises(NotPermitted):
            session.flush()


@pytest.fixture
def question(session, people):
    return enter(session, people["service"], Consultation(topic=Topic.CLAIM, question="Which papers?"))


def test_a_question_is_answered_until_who_asked_is_content(session, people, question):
    stopped(session, question, people["service"], "confirm", Conflict)
    walk(session, question, people["service"], "answer", answer="The invoice.")
    stopped(session, question, people["service"], "ask_again", Invalid)
    walk(session, question, people["service"], "ask_again", reason="which invoice")
    assert (question.state, question.rounds) == (ConsultationState.ASKED, 2)
    past = (NOW - timedelta(minutes=1)).isoformat()
    stopped(session, question, people["service"], "promise", Refusal, "future", promised_at=past)
    walk(session, question, people["service"], "promise", promised_at=TOMORROW)
    walk(session, question, people["service"], "answer", answer="The workshop's.")
    walk(session, question, people["service"], "confirm")
    assert question.state == ConsultationState.CONFIRMED


def test_a_question_is_its_takers(session, people, question):
    for who in ("sales", "claims", "supervisor2"):
        stopped(session, question, people[who], "answer", NotPermitted, answer="x")
    walk(session, question, people["supervisor"], "answer", answer="x")


@pytest.fixture
def complaint(session, people):
    return enter(session, people["service"], a_complaint())


def a_complaint(**fields) -> Complaint:
    return Complaint(**({"about": Grievance.CLAIMS, "account": "too slow"} | fields))


def answered(session, people, complaint):
    walk(session, complaint, people["service"], "accept", complex="no")
    walk(session, complaint, people["service"], "promise", promised_at=TOMORROW)
    walk(session, complaint, people["service"], "investigate")
    walk(session, complaint, people["service"], "answer", findings="papers lay about", answer="We are sorry.")


def the_callback(session) -> Callback:
    with acting(system_actor("tests")):
        return session.scalars(select(Callback)).one()


def test_a_complaint_from_receipt_to_its_root_cause(session, people, complaint):
    assert (complaint.owner_id, complaint.state) == (None, ComplaintState.RECEIVED)
    answered(session, people, complaint)
    assert complaint.due_on - complaint.answered_on == timedelta(days=15)
    stopped(session, complaint, people["service"], "call_back", Refusal, "not made yet")
    callback = the_callback(session)
    assert (callback.state, callback.owner_id, callback.kind) == (CallbackState.DUE, None, CallbackKind.COMPLAINT)
    walk(session, callback, people["service"], "finish", said="thank you", content="yes")
    session.refresh(complaint)
    assert complaint.state == ComplaintState.CALLED_BACK
    stopped(session, complaint, people["service"], "close", Invalid)
    walk(session, complaint, people["service"], "close", cause="process")
    assert (complaint.state, complaint.cause) == (ComplaintState.CLOSED, RootCause.PROCESS)


def test_a_customer_who_is_not_content_is_heard_again(session, people, complaint):
    answered(session, people, complaint)
    walk(session, the_callback(session), people["service"], "finish", said="no", content="no")
    stopped(session, complaint, people["service"], "reopen", Invalid)
    walk(session, complaint, people["service"], "reopen", reason="nothing has changed")
    assert complaint.state == ComplaintState.INVESTIGATING
    walk(session, complaint, people["service"], "answer", findings="it has not", answer="It will.")
    stopped(session, complaint, people["service"], "call_back", Refusal, "not made yet")


@pytest.mark.parametrize("tie", ["person", "contract"])
def test_who_has_an_interest_does_not_handle_a_complaint(session, people, as_system, tie):
    if tie == "person":
        link = {"person_id": session.scalars(select(Person.id).where(Person.name == "Service Tester")).one()}
    else:
        link = {"contract_id": book.contract(session, TODAY, keeper=people["service"]).id}
    session.commit()
    complaint = enter(session, people["service"], a_complaint(**link))
    stopped(session, complaint, people["service"], "accept", Refusal, "interest", complex="no")
    walk(session, complaint, people["supervisor"], "accept", complex="no")


def test_a_promise_lies_between_now_and_the_limit(session, people, complaint):
    walk(session, complaint, people["service"], "accept", complex="no")
    late = (NOW + timedelta(days=17)).isoformat()
    stopped(session, complaint, people["service"], "promise", Refusal, "after the limit", promised_at=late)
    stopped(session, complaint, people["service"], "promise", Refusal, "future", promised_at=NOW.isoformat())


def test_a_complex_complaint_has_more_time_and_the_manager_extends_it_once(session, people, complaint):
    walk(session, complaint, people["service"], "accept", complex="yes")
    first = complaint.due_on
    walk(session, complaint, people["service"], "promise", promised_at=TOMORROW)
    walk(session, complaint, people["service"], "investigate")
    stopped(session, complaint, people["supervisor"], "extend", NotPermitted, reason="an expert is away")
    stopped(session, complaint, people["manager"], "extend", Invalid)
    walk(session, complaint, people["manager"], "extend", reason="an expert is away")
    assert complaint.due_on - first == timedelta(days=30)
    stopped(session, complaint, people["manager"], "extend", Refusal, "once already", reason="still away")
    walk(session, complaint, people["supervisor"], "hand_over", reason="on leave")
    assert complaint.owner_id is None
    walk(session, complaint, people["service"], "accept", complex="yes")
    assert complaint.due_on - first == timedelta(days=30)


def test_a_complaint_is_seen_by_its_handler_the_leaders_and_the_inspector(session, people, complaint):
    answered(session, people, complaint)
    sees = {"service", "supervisor", "manager", "inspector"}
    for who in (*sees, "supervisor2", "claims", "sales", "renewal", "finance"):
        with acting(people[who]):
            assert bool(session.scalars(select(Complaint)).all()) == (who in sees), who


def test_an_issue_heard_in_a_callback_is_routed_and_told(session, people, as_system):
    callback = enter(session, people["service"], Callback(kind=CallbackKind.PERIODIC, due_on=TODAY))
    walk(session, callback, people["service"], "attempt")
    walk(session, callback, people["service"], "attempt")
    assert (callback.tries, callback.owner_id) == (2, people["service"].user_id)
    keeper = session.scalars(select(Person.id).where(Person.name == "Claims Tester")).one()
    stopped(session, callback, people["service"], "route", Conflict, issue="x", routed_to_id=keeper)
    walk(session, callback, people["service"], "finish", said="claim stands still", content="no")
    stopped(session, callback, people["service"], "route", Invalid, issue="x")
    walk(session, callback, people["service"], "route", issue="claim stands still", routed_to_id=keeper)
    assert (callback.tries, callback.state) == (3, CallbackState.ROUTED)
    assert session.scalars(select(Notice.user_id)).all() == [people["claims"].user_id]


def test_complaints_answered_on_time_are_counted_by_handler(session, people, as_system):
    handler = people["service"].user_id
    day, received = timedelta(days=1), NOW + timedelta(days=25)
    due = house_day(received) + day * 15
    for late, owner in ((-1, handler), (0, handler), (1, handler), (1, None)):
        session.add(a_complaint(received_at=received, answered_on=due + day * late, owner_id=owner))
    session.add(a_complaint(received_at=received - day * 40, answered_on=due - day * 40, owner_id=handler))
    session.commit()
    measure = registry.measures["complaints_on_time"]
    period = (due - day, due + day)
    assert measure.figure(session, handler, *period) == Figure(Decimal(2), Decimal(3))
    assert measure.figure(session, None, *period) == Figure(Decimal(2), Decimal(4))
    assert measure.figure(session, people["sales"].user_id, *period).value is None
    assert len(session.scalars(measure.rows(handler, *period)).all()) == 3
