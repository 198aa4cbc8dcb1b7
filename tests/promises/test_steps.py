"""Every step of every workflow: taken by a role that may; refused for one that may not, from a wrong state, for a
stale row, for lack of an answer, and for who is kept out by four eyes.

Rows stand in a step's source state because they are adopted into it, so a rule of the business may still say no; where
it does, `RULED` says which test takes the step for what it is.
"""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

from app.kernel.access import may
from app.kernel.actor import acting, system_actor
from app.kernel.tables import AuditEntry
from app.kernel.workflow import adopt, advance
from app.schema.errors import Conflict, Invalid, NotPermitted, Refusal
from app.schema.kinds import FileKind
from app.schema.registry import registry
from tests.factories import make, value_of_kind
from tests.promises.oracle import PEOPLE

STEPS = [(record, step) for record in registry if record.workflow for step in record.workflow.steps]
each_step = pytest.mark.parametrize(
    ("record", "step"), STEPS, ids=lambda x: getattr(x, "__tablename__", getattr(x, "name", ""))
)
on_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)

RULED: dict[tuple[str, str], str] = {
    ("contract", "renew"): "models/test_renewals_work: taken when its renewal is closed",
    ("renewal", "close"): "models/test_renewals_work: makes the successor",
    ("appraisal", "self_rate"): "models/test_appraisal: drawn up by the job, with its lines",
    ("appraisal", "rate"): "models/test_appraisal",
    ("appraisal", "approve"): "models/test_appraisal: never by the person appraised",
    ("appraisal", "return_to_person"): "models/test_appraisal",
    ("appraisal", "return_to_supervisor"): "models/test_appraisal",
    ("appraisal_template", "put_in_force"): "models/test_appraisal_templates: needs lines that sum to 100",
    ("lead", "await_decision"): "models/test_sales: needs a calculated quote",
    ("lead", "submit"): "models/test_sales: needs the customer's file",
    ("target", "break_down"): "models/test_sales: needs the target it is a part of",
    ("application", "withdraw"): "app/test_approvals: by whoever submitted it, as below",
    ("expense", "withdraw"): "app/test_approvals: by whoever submitted it",
    ("expense", "check"): "app/test_approvals: needs what was approved to stand",
    ("expense", "pay"): "app/test_approvals: needs what was approved to stand",
    ("transfer_file", "draw_up"): "models/test_claims_transfers: needs payouts that wait",
    ("claim", "approve"): "models/test_claims: the loss must lie within the contract",
    ("claim", "send_list"): "journeys/test_claims_papers: needs papers that are missing",
    ("claim", "refuse"): "journeys/test_claims_papers: names a clause of the contract's terms",
    ("claim", "pay"): "models/test_claims: needs the seal of an approval",
    ("recovery", "demand"): "models/test_claims_afterwards: only what was paid comes back",
    ("recovery", "receive"): "models/test_claims_afterwards: only what was paid comes back",
}
"""Steps that a bare row cannot take, by record and step, and where they are taken."""


SPOKEN = {"reason": "because", "verdict": "yes"}
"""Answers to what a step asks that is no field of the record."""


@pytest.fixture
def row(session, people, record, step):
    """A row in a state the step leaves, of somebody whose role may take it."""
    return standing(session, people, record, step)


def standing(session, people, record, step, **given):
    """A row with these values in the first of the states a step leaves."""
    with acting(system_actor("steps")):
        made = make(session, record, people[PEOPLE[step.by[0].value]], **given)
        adopt(session, made, min(step.source, key=list(type(step.target)).index))
        session.commit()
    return made


def filled(record):
    """A value for every field a bare row leaves empty, but for links."""
    empty = [c for c in record.__table__.columns if c.nullable and c.info.get("kind") and not c.foreign_keys]
    empty = [column for column in empty if not isinstance(column.info["kind"], FileKind)]
    return {column.key: value_of_kind(record, column.key) for column in empty}


def answers(session, record, step):
    """An answer of its kind to everything the step asks; a link is answered with a row made for it."""
    asked = [name.removesuffix("?") for name in step.asks]
    with acting(system_actor("steps")):
        found = {name: SPOKEN[name] if name in SPOKEN else answer(session, record, name) for name in asked}
        session.commit()
    return found


def answer(session, record, name):
    """A row of its own for a link, a day to come for a time, else a sample of the kind."""
    info = record.__table__.columns[name].info
    if info.get("ref") in registry:
        return make(session, registry[info["ref"]]).id
    if isinstance(info.get("kind"), FileKind):
        return None  # whoever takes the step would have to send it: app/test_files
    value = value_of_kind(record, name)
    coming = datetime.now(UTC) + timedelta(days=20)
    return coming if isinstance(value, datetime) else coming.date() if isinstance(value, date) else value


def taker(people, record, step, row):
    """Somebody who may take the step on this row, by the present policy."""
    return next((people[name] for name in people if may(people[name], f"step:{step.name}", row)), None)


@on_sqlite
@each_step
def test_a_step_is_taken_by_who_may_and_by_nobody_else(session, people, record, step, row):
    """Who may not, a stale row and a wrong state change nothing; who may moves the state, and history tells who."""
    actor, state = taker(people, record, step, row), getattr(row, record.workflow.field)
    assert actor is not None, "nobody of the department can take it on a specialist's row"
    key, version, given = row.id, row.version, answers(session, record, step)
    for name in PEOPLE.values():
        if not may(people[name], f"step:{step.name}", row):
            refused(session, people[name], row, step, given, NotPermitted)
    refused(session, actor, row, step, given, Conflict, version=version + 1)
    assert getattr(row, record.workflow.field) == state
    ruled = taken(session, actor, row, step, given)
    if ruled is not None:
        row = standing(session, people, record, step, **filled(record))
        key, actor = row.id, taker(people, record, step, row)
        ruled = taken(session, actor, row, step, given)
    exempt = (record.__tablename__, step.name) in RULED
    assert ruled is None or exempt, f"{ruled!r}: say in RULED where the step is taken"
    assert ruled is not None or not exempt, "a bare row takes the step: strike it out of RULED"
    if ruled is not None:
        return
    with acting(system_actor("steps")):
        reached = getattr(row, record.workflow.field)
        one_of_several = step.needs is not None and reached in step.source
        assert reached == step.target or one_of_several
        verb = AuditEntry.verb == f"step:{step.name}"
        mine = (AuditEntry.record == record.__tablename__, AuditEntry.record_id == key)
        assert set(session.scalars(select(AuditEntry.user_id).where(verb, *mine))) == {actor.user_id}


def taken(session, actor, row, step, given):
    """Take a step; the refusal if a rule of the business says no."""
    with acting(actor):
        try:
            advance(session, row, step.name, answers=given, version=row.version)
            session.commit()
        except (Refusal, ValueError) as refusal:
            session.rollback()
            return refusal
    return None


@on_sqlite
@each_step
def test_a_step_is_refused_from_a_state_it_does_not_leave(session, people, record, step, row):
    actor = taker(people, record, step, row)
    states = list(record.__table__.columns[record.workflow.field].info["choices"])
    for state in (state for state in states if state not in step.source):
        with acting(system_actor("steps")):
            adopt(session, row, state)
            session.commit()
        refused(session, actor, row, step, answers(session, record, step), Conflict)
        assert getattr(row, record.workflow.field) == state


@on_sqlite
@pytest.mark.parametrize(
    ("record", "step"),
    [(record, step) for record, step in STEPS if any(not asked.endswith("?") for asked in step.asks)],
    ids=lambda x: getattr(x, "__tablename__", getattr(x, "name", "")),
)
def test_a_step_without_its_answers_is_refused(session, people, record, step, row):
    refused(session, taker(people, record, step, row), row, step, {}, Invalid)


@on_sqlite
@pytest.mark.parametrize(
    ("record", "step"),
    [(record, step) for record, step in STEPS if step.not_by],
    ids=lambda x: getattr(x, "__tablename__", getattr(x, "name", "")),
)
def test_who_took_an_earlier_step_is_kept_out_by_four_eyes(session, people, record, step, row):
    actor = taker(people, record, step, row)
    link, _, earlier = step.not_by[0].rpartition(".")  # of the row itself, or of one it links to
    verb = earlier if earlier == "add" else f"step:{earlier}"
    ref = record.__table__.columns[f"{link}_id"].info["ref"] if link else record.__tablename__
    taken = {"record": ref, "record_id": getattr(row, f"{link}_id") if link else row.id}
    with acting(system_actor("steps")):
        entry = taken | {"verb": verb, "user_id": actor.user_id}
        first = session.scalars(select(AuditEntry).limit(1)).one()
        copied = {c.key: getattr(first, c.key) for c in AuditEntry.__table__.columns if c.key != "id"}
        session.connection().execute(AuditEntry.__table__.insert().values(**copied | entry))
        session.commit()
    reason = refused(session, actor, row, step, answers(session, record, step), Refusal)
    assert (record.__tablename__, step.name) in RULED or "Four eyes" in str(reason)


def refused(session, actor, row, step, given, kind, **more):
    """The step is refused in this way and the row stands as it stood; the refusal."""
    version = row.version
    with acting(actor):
        with pytest.raises(kind) as caught:
            advance(session, row, step.name, answers=given, **more)
        session.rollback()
    with acting(system_actor("steps")):
        session.refresh(row)
        assert row.version == version
        session.rollback()
    return caught.value


def test_every_exemption_is_a_step():
    assert set(RULED) <= {(record.__tablename__, step.name) for record, step in STEPS}
