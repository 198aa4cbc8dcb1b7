"""What the steps of a renewal do besides moving its state, in the same transaction."""

from typing import TYPE_CHECKING, Any

from app.kernel.actor import on_behalf
from app.kernel.clock import house_day
from app.schema.errors import Refusal
from app.schema.workflow import Move
from models.contracts import Contract
from models.contracts.succession import refuse_second, succeed
from models.renewals.contact import Contact
from models.renewals.states import Intent

if TYPE_CHECKING:
    from models.renewals.renewal import Renewal


def log(renewal: "Renewal", move: Move) -> None:
    """Enter the talk in the contact log; the first one dates the first contact and takes an unassigned item."""
    with move.session.no_autoflush:
        today = house_day(move.at)
    if renewal.next_contact_on is not None and renewal.next_contact_on < today:
        raise Refusal("The next contact lies in the past.", field="next_contact_on")
    if renewal.owner_id is None and move.actor.user_id is not None:
        renewal.owner_id, renewal.unit_id = move.actor.user_id, move.actor.unit_id
    if renewal.credited_to_id is None:
        renewal.credited_to_id, renewal.allocated_on = renewal.owner_id, today
    renewal.first_contact_on = renewal.first_contact_on or today
    move.session.add(
        Contact(
            customer_id=renewal.customer_id,
            renewal_id=renewal.id,
            owner_id=renewal.owner_id,
            unit_id=renewal.unit_id,
            contacted_on=today,
            at=move.at,
            channel=move.answers["contact_channel"],
            feedback=move.answers.get("feedback"),
            intent=renewal.intent,
            next_on=renewal.next_contact_on,
        )
    )


def agree(renewal: "Renewal", move: Move) -> None:
    """The customer says yes to a price."""
    if (reason := unpriced(renewal)) is not None:
        raise Refusal(reason, field="offered_premium")
    renewal.intent = Intent.WILLING
    log(renewal, move)


def decline(renewal: "Renewal", move: Move) -> None:
    """The customer says no, and why; kept warm until `next_contact_on`, if one is set."""
    renewal.intent = Intent.UNWILLING
    log(renewal, move)


def unpriced(renewal: Any) -> str | None:
    """Why a renewal cannot be agreed or closed: there is no price."""
    priced = renewal.offered_premium is not None and renewal.offered_premium > 0
    return None if priced else "Enter the premium the customer agreed to; it is above 0."


def close(renewal: Any, move: Move) -> None:
    """The customer has paid: the linked successor comes into force (see `models.contracts.succession`).

    A contract nobody kept is kept by whoever works the renewal from now on, and so is its successor.
    """
    session = move.session
    with on_behalf("a renewal is closed"):
        with session.no_autoflush:
            contract = session.get(Contract, renewal.contract_id)
            refuse_second(session, contract)
        if contract.owner_id is None:
            contract.owner_id, contract.unit_id = renewal.owner_id, renewal.unit_id
        successor = succeed(session, contract, premium=renewal.offered_premium, paid_on=move.answers["paid_on"])
    renewal.successor_id = successor.id
