"""Subscriptions: who has which events told to which address, and the secrets the messages are signed with."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.identity.sealing import Seal
from app.kernel.webhooks.addresses import checked
from app.kernel.webhooks.signing import new_secret
from app.kernel.webhooks.tables import Webhook
from app.schema.errors import NotFound, Refusal
from app.schema.record import Line
from app.schema.registry import registry

BOTH = timedelta(days=1)
"""How long the secret before signs beside the new one."""
SORTS = ("added", "changed", "step", "deleted")
"""What is told of a record: ``claim.added``, ``claim.step`` for any step, which the message names."""


@dataclass(frozen=True)
class Target:
    """Where a subscription's messages go now, and the secrets that sign them."""

    url: str
    secrets: tuple[str, ...]


def subscribable() -> list[str]:
    """The records one may subscribe to; what happens to a line is told as a change of the whole."""
    return [str(record.__tablename__) for record in registry if not issubclass(record, Line)]


def subscribe(
    session: Session, seal: Seal, user_id: int, name: str, url: str, events: Iterable[str], *, private: bool = False
) -> tuple[Webhook, str]:
    """A new subscription of a person, and its secret, told now and never again. Raises `Refusal`."""
    secret = new_secret()
    hook = Webhook(user_id=user_id, secret=seal.close(secret), active=True)
    change(hook, name, url, events, active=True, private=private)
    session.add(hook)
    session.flush()
    return hook, secret


def change(hook: Webhook, name: str, url: str, events: Iterable[str], *, active: bool, private: bool = False) -> None:
    """Change what a subscription says. Raises `Refusal`."""
    known = {f"{record}.{sort}" for record in subscribable() for sort in SORTS}
    wanted = sorted(set(events) & known)
    if not name.strip():
        raise Refusal("Say what it is for.", field="name")
    if not wanted:
        raise Refusal("Choose at least one event.", field="events")
    hook.name, hook.url, hook.active = name.strip()[:80], checked(url, private=private), active
    hook.events = " ".join(wanted)


def rotate(hook: Webhook, seal: Seal, now: datetime) -> str:
    """A new secret; the one before signs as well for a day. Told now and never again."""
    secret = new_secret()
    hook.secret_before, hook.before_until = hook.secret, now + BOTH
    hook.secret = seal.close(secret)
    return secret


def mine(session: Session, user_id: int) -> list[Webhook]:
    """A person's subscriptions."""
    return list(session.scalars(select(Webhook).where(Webhook.user_id == user_id).order_by(Webhook.id)))


def one_of_mine(session: Session, user_id: int, key: int) -> Webhook:
    """One of them. Raises `NotFound`."""
    hook = session.scalar(select(Webhook).where(Webhook.user_id == user_id, Webhook.id == key))
    if hook is None:
        raise NotFound("There is no such subscription of yours.")
    return hook


def targets(session: Session, seal: Seal, now: datetime) -> dict[str, Target]:
    """Where the active subscriptions' messages go, by the address that stands in the outbox."""
    found: dict[str, Target] = {}
    for hook in session.scalars(select(Webhook).where(Webhook.active)):
        before = hook.secret_before if hook.before_until is not None and hook.before_until > now else None
        opened = (seal.open(each) for each in (hook.secret, before) if each)
        if secrets := tuple(each for each in opened if each is not None):
            found[str(hook.id)] = Target(hook.url, secrets)
    return found
