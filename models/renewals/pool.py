"""The expiry pool: which contracts enter it, and whose desk they come to (systems 29 and 30)."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, case, exists, func, literal, or_, select, update
from sqlalchemy.orm import Session, aliased

from app.kernel import history
from app.kernel.database import insert
from app.kernel.permissions import holders
from app.kernel.settings import setting_value
from app.schema.roles import Role
from app.schema.types import UtcMoment
from models.contracts import Contract
from models.contracts.rules import add_months
from models.contracts.states import ContractState
from models.contracts.succession import has_paid_successor
from models.people import Person
from models.people.absence import away
from models.people.settings import house_calendar
from models.people.states import Employment
from models.renewals import rules, settings
from models.renewals.definition import left_out
from models.renewals.renewal import Renewal
from models.renewals.states import OPEN, RenewalState

HELD = ContractState.IN_FORCE | ContractState.RENEWED | ContractState.CANCELLED | ContractState.OBJECT_GONE
"""States of contracts that belong to a cohort: they were in force and have not lapsed."""
CHUNK = 1000
"""Items written at once."""


def fill(session: Session, first: date, last: date) -> dict[str, int]:
    """Enter every contract that expires from `first` to `last` and is not in the pool yet.

    Those that are no case for renewal enter it as left out, so that their cohort is complete; those renewed early
    enter as renewed. Returns counts.
    """
    held = and_(Contract.state.in_(HELD), Contract.expires_on.between(first, last))
    entered = exists().where(Renewal.contract_id == Contract.id)
    stood = session.scalar(select(func.count(Contract.id)).where(held, entered)) or 0
    counts = {"stood": stood, "written": 0, "left_out": 0}
    month = first.replace(day=1)
    while month <= last:
        following = add_months(month, 1)
        fields = _fields(rules.cohort_of(month))
        rows = (
            select(*fields.values())
            .join(Contract.product)
            .where(held, ~entered, Contract.expires_on >= month, Contract.expires_on < following)
            .order_by(Contract.id)
        )
        write = insert(session, Renewal).from_select(list(fields), rows)
        written = write.on_conflict_do_nothing().returning(Renewal.state)
        states = session.scalars(written).all()
        counts["written"] += len(states)
        counts["left_out"] += states.count(RenewalState.LEFT_OUT)
        month = following
    if counts["written"]:
        bounds = {"expires_on": [first.isoformat(), last.isoformat()], **counts}
        history.summarise(session, "renewal", "pool", bounds)
    return counts


def _fields(cohort: str) -> dict[str, Any]:
    """The fields of an item as it enters, from its contract and product."""
    after = aliased(Contract)
    successor = (
        select(func.min(after.id))
        .where(after.predecessor_id == Contract.id, after.paid_on.is_not(None), after.voided_on.is_(None))
        .scalar_subquery()
    )
    type_ = Renewal.state.type
    state = case(
        (left_out().is_not(None), literal(RenewalState.LEFT_OUT, type_)),
        (or_(Contract.state == ContractState.RENEWED, has_paid_successor()), literal(RenewalState.RENEWED, type_)),
        else_=literal(RenewalState.NEW, type_),
    )
    now = literal(datetime.now(UTC), UtcMoment)
    return {
        "number": Contract.number,
        "contract_id": Contract.id,
        "customer_id": Contract.customer_id,
        "expires_on": Contract.expires_on,
        "cohort": literal(cohort),
        "premium": Contract.premium,
        "channel": Contract.channel,
        "difficulty": literal(0),
        "successor_id": successor,
        "left_out": left_out(),
        "state": state,
        "version": literal(1),
        "created_at": now,
        "changed_at": now,
    }


@dataclass(frozen=True)
class Given:
    """What an allocation did: the balance of `rules.allocate`, and names by user id."""

    allocation: rules.Allocation
    names: dict[rules.Key, str]

    def published(self) -> dict[str, Any]:
        """Counts, value and load by person, and the highest load over the lowest; fit for JSON."""
        people = {
            self.names[portion.person]: {
                "count": portion.items,
                "value": str(portion.value),
                "load": None if portion.ratio is None else str(portion.ratio.quantize(rules.MICRO)),
                "barred": portion.barred and portion.barred.value,
            }
            for portion in self.allocation.portions
        }
        ratio = self.allocation.max_min_ratio
        given = sum(a.person is not None for a in self.allocation.assignments)
        return {
            "allocated": given,
            "unallocated": len(self.allocation.assignments) - given,
            "people": people,
            "max_min_ratio": None if ratio is None else str(ratio),
        }


def allocate(session: Session, today: date) -> Given:
    """Give every untouched item nobody has to somebody, fairly (see `rules.allocate`), and freeze the credit.

    The previous owner is whoever worked the renewal before, else the contract's keeper. Those who do not work today,
    or may not, get none; what nobody may take stays in the pool.
    """
    items = _items(session)
    weights = settings.load_weights(session)
    people = _people(session, today, items, weights)
    units = {worker.key: person.unit_id for person, worker in people}
    allocation = rules.allocate(items, [worker for _, worker in people], weights)
    limit = setting_value(session, settings.FIRST_CONTACT_DAYS)
    contact_by = house_calendar().next_working_day(today, limit) if limit > 0 else today
    difficulty = {item.key: int(item.difficulty) for item in items}
    desks: dict[tuple[rules.Key, int], list[rules.Key]] = defaultdict(list)
    for assignment in allocation.assignments:
        if assignment.person is not None:
            desks[assignment.person, difficulty[assignment.item]].append(assignment.item)
    table = Renewal.__table__
    for (person, hardness), keys in desks.items():
        given_to = {
            "owner_id": person,
            "credited_to_id": person,
            "unit_id": units[person],
            "difficulty": hardness,
            "allocated_on": today,
            "contact_by": contact_by,
            "version": table.c.version + 1,
            "changed_at": datetime.now(UTC),
        }
        for start in range(0, len(keys), CHUNK):
            chunk = table.c.id.in_(keys[start : start + CHUNK])
            session.connection().execute(update(table).where(chunk).values(given_to))
    session.expire_all()
    given = Given(allocation, {worker.key: person.name for person, worker in people})
    if desks:
        history.summarise(session, "renewal", "allocate", {"on": today.isoformat(), **given.published()})
    return given


def _items(session: Session) -> list[rules.Item]:
    """The items of nobody. It is harder to renew a contract whose claims cost more than its premium brought."""
    before = aliased(Renewal)
    rows = session.execute(
        select(
            Renewal.id,
            Renewal.premium,
            Contract.claims_amount,
            func.coalesce(before.owner_id, Contract.owner_id).label("owner"),
        )
        .join(Contract, Contract.id == Renewal.contract_id)
        .outerjoin(before, before.successor_id == Renewal.contract_id)
        .where(Renewal.state == RenewalState.NEW, Renewal.owner_id.is_(None))
    )
    return [rules.Item(r.id, r.premium, Decimal(int(r.claims_amount > r.premium)), r.owner) for r in rows]


def _people(
    session: Session, today: date, items: list[rules.Item], weights: rules.Weights
) -> list[tuple[Person, rules.Person]]:
    """Everybody who works renewals, with what is on their desks already."""
    mean = sum((item.premium for item in items), Decimal(0)) / (len(items) or 1)
    desks = {
        row.owner_id: row
        for row in session.execute(
            select(
                Renewal.owner_id,
                func.count().label("items"),
                func.sum(Renewal.premium).label("premium"),
                func.sum(Renewal.difficulty).label("difficulty"),
            )
            .where(Renewal.state.in_(OPEN), Renewal.owner_id.is_not(None))
            .group_by(Renewal.owner_id)
        )
    }
    licence_needed = setting_value(session, settings.LICENCE_NEEDED)
    working, absent = holders(session, Role.RENEWAL), away(session, today)
    found = []
    for person in session.scalars(select(Person).where(Person.state == Employment.ACTIVE).order_by(Person.id)):
        if person.user_id is None or person.user_id not in working:
            continue
        desk, carried = desks.get(person.user_id), Decimal(0)
        if desk is not None:
            by_value = weights.premium * desk.premium / mean if mean else Decimal(0)
            carried = weights.base * desk.items + by_value + weights.difficulty * desk.difficulty
        worker = rules.Person(
            key=person.user_id,
            hours=Decimal(person.daily_hours if person.present and person.id not in absent else 0),
            skill=person.skill,
            carried=carried,
            licensed=not licence_needed or _licensed(person, today),
            examined=person.examined,
        )
        found.append((person, worker))
    return found


def _licensed(person: Person, today: date) -> bool:
    """Whether a licence is on file and has not run out."""
    return person.licence is not None and (person.licence_until is None or person.licence_until >= today)
