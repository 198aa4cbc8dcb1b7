"""The expiry pool: which contracts enter it, and whose desk they come to (systems 29 and 30)."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, and_, bindparam, case, exists, func, literal, or_, select, update
from sqlalchemy.orm import Session, aliased

from app.kernel import history
from app.kernel.database import insert
from app.kernel.permissions import holders
from app.kernel.settings import setting_value
from app.kernel.working_time import house_calendar
from app.schema.roles import Role
from app.schema.types import UtcMoment
from models.contracts import Contract
from models.contracts.rules import add_months
from models.contracts.states import ContractState
from models.contracts.succession import has_paid_successor
from models.people import Person
from models.people.absence import away
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
    """What an allocation did: the balance it came to, names by user id, and how many items changed desks."""

    allocation: rules.Allocation
    names: dict[rules.Key, str]
    moved: int

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
    weights = settings.load_weights(session)
    items = _items(session, Renewal.state == RenewalState.NEW, Renewal.owner_id.is_(None))
    people = _people(session, today, _carried(session, items, weights))
    allocation = rules.allocate(items, [worker for _, worker in people], weights)
    now_credited = {
        "credited_to_id": bindparam("person"),
        "allocated_on": today,
        "contact_by": _contact_by(session, today),
    }
    moves = _moves(items, allocation)
    _hand_out(session, today, people, moves, now_credited)
    return _publish(session, today, "allocate", people, allocation, len(moves))


def rebalance(session: Session, today: date) -> Given:
    """Even out what is on the desks, moving untouched items alone (see `rules.rebalance`).

    What its owner has begun to work on stays. The credit stays with whom it was frozen to, and the limit of the
    first contact as it was.
    """
    items = _items(session, Renewal.state.in_(OPEN), Renewal.owner_id.is_not(None))
    people = _people(session, today, {})
    allocation = rules.rebalance(items, [worker for _, worker in people], settings.load_weights(session))
    table = Renewal.__table__.c
    credit_kept = {
        "credited_to_id": func.coalesce(table.credited_to_id, bindparam("person")),
        "allocated_on": func.coalesce(table.allocated_on, today),
        "contact_by": func.coalesce(table.contact_by, _contact_by(session, today)),
    }
    moves = [(item, person) for item, person in _moves(items, allocation) if person != item.owner]
    _hand_out(session, today, people, moves, credit_kept)
    return _publish(session, today, "rebalance", people, allocation, len(moves))


Staff = list[tuple[Person, rules.Person]]
Moves = list[tuple[rules.Item, rules.Key]]


def _moves(items: list[rules.Item], allocation: rules.Allocation) -> Moves:
    """Which item goes to whom; what nobody may take is not among them."""
    by_key = {item.key: item for item in items}
    return [(by_key[a.item], a.person) for a in allocation.assignments if a.person is not None]


def _contact_by(session: Session, today: date) -> date | None:
    """The last day for the first contact with what is allocated today, as its clock reckons it."""
    limit = setting_value(session, settings.FIRST_CONTACT_DAYS)
    if limit is None:
        return None
    return house_calendar(session).next_working_day(today, limit) if limit else today


def _hand_out(session: Session, today: date, people: Staff, moves: Moves, credit: dict[str, Any]) -> None:
    """Write who has what from here on, in few statements."""
    units = {worker.key: person.unit_id for person, worker in people}
    desks: dict[tuple[rules.Key, int], list[rules.Key]] = defaultdict(list)
    for item, person in moves:
        desks[person, int(item.difficulty)].append(item.key)
    table = Renewal.__table__
    for (person, hardness), keys in desks.items():
        given_to = {
            "owner_id": bindparam("person"),
            "unit_id": units[person],
            "difficulty": hardness,
            **credit,
            "version": table.c.version + 1,
            "changed_at": datetime.now(UTC),
        }
        for start in range(0, len(keys), CHUNK):
            chunk = table.c.id.in_(keys[start : start + CHUNK])
            session.connection().execute(update(table).where(chunk).values(given_to), {"person": person})
    session.expire_all()


def _publish(
    session: Session, today: date, verb: str, people: Staff, allocation: rules.Allocation, moved: int
) -> Given:
    """Put the balance into the history, if anything came to another desk."""
    given = Given(allocation, {worker.key: person.name for person, worker in people}, moved)
    if moved:
        history.summarise(session, "renewal", verb, {"on": today.isoformat(), **given.published()})
    return given


def _items(session: Session, *which: ColumnElement[bool]) -> list[rules.Item]:
    """Items to share, touched once somebody has begun to work on them.

    It is harder to renew a contract whose claims cost more than its premium brought.
    """
    before = aliased(Renewal)
    rows = session.execute(
        select(
            Renewal.id,
            Renewal.premium,
            Contract.claims_amount,
            func.coalesce(Renewal.owner_id, before.owner_id, Contract.owner_id).label("owner"),
            and_(Renewal.owner_id.is_not(None), Renewal.state != RenewalState.NEW).label("touched"),
        )
        .join(Contract, Contract.id == Renewal.contract_id)
        .outerjoin(before, before.successor_id == Renewal.contract_id)
        .where(*which)
    )
    return [rules.Item(r.id, r.premium, Decimal(int(r.claims_amount > r.premium)), r.owner, r.touched) for r in rows]


def _carried(session: Session, items: list[rules.Item], weights: rules.Weights) -> dict[int, Decimal]:
    """The load already on each desk, by user, measured by the mean premium of the items to share."""
    mean = sum((item.premium for item in items), Decimal(0)) / (len(items) or 1)
    desks = session.execute(
        select(
            Renewal.owner_id,
            func.count().label("items"),
            func.sum(Renewal.premium).label("premium"),
            func.sum(Renewal.difficulty).label("difficulty"),
        )
        .where(Renewal.state.in_(OPEN), Renewal.owner_id.is_not(None))
        .group_by(Renewal.owner_id)
    )
    by_value = weights.premium / mean if mean else Decimal(0)
    return {
        d.owner_id: weights.base * d.items + by_value * d.premium + weights.difficulty * d.difficulty for d in desks
    }


def _people(session: Session, today: date, carried: dict[int, Decimal]) -> Staff:
    """Everybody who works renewals, with what is on their desks besides the items to share."""
    licence_needed = setting_value(session, settings.LICENCE_NEEDED)
    working, absent = holders(session, Role.RENEWAL), away(session, today)
    found = []
    for person in session.scalars(select(Person).where(Person.state == Employment.ACTIVE).order_by(Person.id)):
        if person.user_id is None or person.user_id not in working:
            continue
        worker = rules.Person(
            key=person.user_id,
            hours=Decimal(person.daily_hours if person.present and person.id not in absent else 0),
            skill=person.skill,
            carried=carried.get(person.user_id, Decimal(0)),
            licensed=not licence_needed or _licensed(person, today),
            examined=person.examined,
        )
        found.append((person, worker))
    return found


def _licensed(person: Person, today: date) -> bool:
    """Whether a licence is on file and has not run out."""
    return person.licence is not None and (person.licence_until is None or person.licence_until >= today)
