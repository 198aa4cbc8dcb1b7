"""What people do with renewals, beyond a single step: log a talk, close, hand over."""

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel import history
from app.kernel.access import require
from app.kernel.actor import current_actor
from app.kernel.workflow import advance, publish
from app.schema.errors import Conflict
from app.schema.events import HandedOver
from models.contracts import Contract
from models.people import Person
from models.renewals.renewal import Renewal
from models.renewals.states import ContactChannel, Intent, RenewalState


def log_contact(
    session: Session,
    renewal: Renewal,
    *,
    channel: ContactChannel | str,
    feedback: str | None = None,
    intent: Intent | str | None = None,
    next_on: date | str | None = None,
    appointment: bool = False,
    version: int | None = None,
) -> None:
    """Log a talk with the customer; the renewal moves on: first contact, appointment (on `next_on`) or follow-up.

    Values may be as a person wrote them. A renewal that is agreed stays so: its payment is chased. What is not said
    about the intent leaves it as it was. Raises as `app.kernel.workflow.advance`.
    """
    answers: dict[str, Any] = {"contact_channel": channel, "feedback": feedback, "next_contact_on": next_on}
    if renewal.state == RenewalState.AGREED:
        step = "chase"
    else:
        answers["intent"] = intent or renewal.intent
        step = "appoint" if appointment else "contact" if renewal.state == RenewalState.NEW else "follow_up"
    advance(session, renewal, step, answers=answers, version=version)


def close(
    session: Session,
    renewal: Renewal,
    *,
    paid_on: date | str,
    premium: Decimal | str | None = None,
    channel: ContactChannel | str = ContactChannel.PHONE,
    version: int | None = None,
) -> Contract:
    """Close a renewal the customer has paid: the linked successor is made and in force. Returns it.

    `premium`, of the whole term, is what the customer agreed to on `channel` just now; without it the price agreed
    earlier holds, else that of the expiring contract. Raises as `advance`; `Conflict` when it was renewed already.
    """
    if renewal.state != RenewalState.AGREED or premium is not None:
        price = renewal.premium if premium is None else premium
        advance(
            session, renewal, "agree", answers={"offered_premium": price, "contact_channel": channel}, version=version
        )
        version = None
    advance(session, renewal, "close", answers={"paid_on": paid_on}, version=version)
    successor = session.get(Contract, renewal.successor_id)
    if successor is None:
        raise Conflict("The successor is not among the contracts you may see.")
    return successor


def reassign(session: Session, renewal: Renewal, user_id: int, *, why: str | None = None) -> None:
    """Hand a renewal to somebody else within one's own reach; the credit stays with the owner frozen at allocation.

    What was talked about goes along. Raises `NotPermitted` beyond one's reach, `Conflict` for a renewal that is
    closed, `Refusal` for somebody who does not work renewals.
    """
    require(current_actor(), "edit", renewal)
    unit_id = session.scalar(select(Person.unit_id).where(Person.user_id == user_id))
    renewal.owner_id, renewal.unit_id = user_id, unit_id or renewal.unit_id
    session.flush()
    history.note(session, renewal, "reassign", why)
    publish(session, HandedOver("renewal", renewal.id, user_id))
