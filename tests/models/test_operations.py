"""Documents, scripts and system faults: who takes which step, and what is refused."""

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from app.kernel.actor import acting
from app.kernel.history import timeline
from app.schema.errors import Conflict, Invalid, NotPermitted, Refusal
from models.operations import Document, Script, SystemFault
from models.operations.states import (
    DocumentKind,
    DocumentState,
    FaultState,
    ScriptState,
    Severity,
    Situation,
)
from tests.journey import enter, stopped, walk


def terms(edition: str, **fields) -> Document:
    return Document(code="T-1", edition=edition, name="Terms", kind=DocumentKind.TERMS, **fields)


@pytest.fixture
def document(session, people):
    return enter(session, people["operations"], terms("1.0", location="shelf 3"))


@pytest.fixture
def fault(session, people):
    return enter(session, people["sales"], SystemFault(name="printer dead", severity=Severity.TEAM))


def publish(session, people, document):
    walk(session, document, people["supervisor"], "check")
    walk(session, document, people["operations"], "publish")


def test_a_document_is_checked_by_another_and_published(session, people, document):
    stopped(session, document, people["operations"], "publish", Conflict)
    stopped(session, document, people["operations"], "check", NotPermitted)
    publish(session, people, document)
    assert document.state == DocumentState.PUBLISHED
    stopped(session, document, people["operations"], "expire", Invalid)
    walk(session, document, people["operations"], "expire", reason="superseded by law")
    assert document.state == DocumentState.EXPIRED


def test_whoever_wrote_a_document_does_not_check_it(session, people):
    own = enter(session, people["supervisor"], terms("2.0", location="shelf 3"))
    stopped(session, own, people["supervisor"], "check", Refusal, "Four eyes")
    walk(session, own, people["manager"], "check")


def test_an_empty_document_does_not_pass(session, people):
    empty = enter(session, people["operations"], terms("1.0"))
    stopped(session, empty, people["supervisor"], "check", Refusal, "write its text")


def test_a_new_edition_replaces_the_published_one_and_says_why(session, people, document):
    publish(session, people, document)
    second = enter(session, people["operations"], terms("1.1", text="You are covered."))
    publish(session, people, second)
    session.refresh(document)
    assert (document.state, second.state) == (DocumentState.EXPIRED, DocumentState.PUBLISHED)
    with acting(people["operations"]):
        entry = timeline(session, document)[0]
    assert (entry.verb, entry.why, entry.actor) == ("step:expire", "replaced by edition 1.1", "Operations Tester")


def test_an_edition_exists_once(session, people, document):
    with acting(people["operations"]):
        session.add(terms("1.0"))
        with pytest.raises(IntegrityError):
            session.flush()


def test_what_was_checked_is_changed_only_after_it_is_sent_back(session, people, document):
    walk(session, document, people["supervisor"], "check")
    with acting(people["operations"]):
        document.text = "something else"
        with pytest.raises(Conflict, match="Checked"):
            session.flush()
    session.rollback()
    walk(session, document, people["operations"], "send_back", reason="a typing error")
    with acting(people["operations"]):
        document.text = "something else"
        session.commit()


def test_everyone_reads_documents_and_only_operations_and_leaders_write_them(session, people, document):
    for who in ("renewal3", "sales", "finance", "inspector", "admin"):
        with acting(people[who]):
            assert session.scalars(select(Document.name)).all() == ["Terms"]
            session.add(terms("9"))
            with pytest.raises(NotPermitted):
                session.flush()
        session.rollback()


def test_a_script_is_published_audited_and_corrected(session, people):
    text = {"situation": Situation.OBJECTION, "text": "I understand."}
    script = enter(session, people["operations"], Script(code="S-1", name="Too dear", **text))
    stopped(session, script, people["operations"], "publish", NotPermitted)
    stopped(session, script, people["supervisor"], "audit", Conflict, finding="said it", deviates="no")
    walk(session, script, people["supervisor"], "publish")
    stopped(session, script, people["supervisor"], "audit", Invalid, finding="leaves the price out")
    walk(session, script, people["supervisor"], "audit", finding="leaves the price out", deviates="yes")
    assert (script.state, script.deviates) == (ScriptState.PUBLISHED, True)
    assert script.audited_on is not None
    stopped(session, script, people["sales"], "correct", NotPermitted, reason="x")
    walk(session, script, people["operations"], "correct", reason="price first")
    assert script.state == ScriptState.DRAFT


def test_a_fault_is_reported_by_anybody_and_mended_by_whoever_of_operations_takes_it(session, people, fault):
    assert (fault.number[:4], fault.owner_id, fault.state) == ("FLT-", None, FaultState.REPORTED)
    stopped(session, fault, people["sales"], "take", NotPermitted)
    walk(session, fault, people["operations"], "take")
    assert fault.owner_id == people["operations"].user_id
    stopped(session, fault, people["operations"], "fix", Invalid)
    walk(session, fault, people["operations"], "fix", remedy="new cable")
    stopped(session, fault, people["operations"], "close", Refusal, "Four eyes")
    walk(session, fault, people["sales"], "close")
    assert fault.state == FaultState.CLOSED


@pytest.mark.parametrize(("before", "step"), [(("take",), "hand_back"), (("take", "fix"), "reopen")])
def test_a_fault_goes_back_among_the_unassigned(session, people, fault, before, step):
    for earlier in before:
        answers = {"remedy": "new cable"} if earlier == "fix" else {}
        walk(session, fault, people["operations"], earlier, **answers)
    stopped(session, fault, people["operations"], step, Invalid)
    walk(session, fault, people["operations"], step, reason="not mine")
    assert (fault.state, fault.owner_id) == (FaultState.REPORTED, None)


def test_everyone_sees_whether_a_fault_is_known(session, people, fault):
    walk(session, fault, people["operations"], "take")
    with acting(people["renewal3"]):
        assert session.scalars(select(SystemFault.name)).all() == ["printer dead"]
