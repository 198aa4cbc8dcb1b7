"""Passkeys (WebAuthn): registered by who is signed in; then a whole sign-in, or the second factor after a password."""

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from app.kernel.identity.tables import Challenge, Passkey

MINUTES = 5
"""How long a challenge may be answered."""


@dataclass(frozen=True)
class House:
    """Who asks, as passkeys know it: the host's name (`id`) and the origin, such as ``https://yanxu.example.cn``."""

    id: str
    origin: str
    name: str = "Yanxu"


def registration(
    session: Session, house: House, user_id: int, username: str, title: str, now: datetime
) -> dict[str, Any]:
    """What the browser is told to make a passkey."""
    options = generate_registration_options(
        rp_id=house.id,
        rp_name=house.name,
        user_id=str(user_id).encode(),
        user_name=username,
        user_display_name=title,
        challenge=_challenge(session, "register", user_id, now),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.PREFERRED, user_verification=UserVerificationRequirement.PREFERRED
        ),
        exclude_credentials=_descriptors(session, user_id),
    )
    return dict(json.loads(options_to_json(options)))


def register(session: Session, house: House, user_id: int, answer: Any, name: str, now: datetime) -> Passkey | None:
    """Keep the passkey a browser made; None when the answer does not hold."""
    challenge = _taken(session, "register", user_id, answer, now)
    if challenge is None:
        return None
    try:
        made = verify_registration_response(
            credential=answer, expected_challenge=challenge, expected_rp_id=house.id, expected_origin=house.origin
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        return None
    credential = bytes_to_base64url(made.credential_id)
    if session.scalar(select(Passkey.id).where(Passkey.credential == credential)) is not None:
        return None
    kept = Passkey(
        user_id=user_id,
        credential=credential,
        public_key=made.credential_public_key,
        sign_count=made.sign_count,
        name=name[:80],
        created_at=now,
    )
    session.add(kept)
    session.flush()
    return kept


def request_for(session: Session, house: House, user_id: int | None, now: datetime) -> dict[str, Any]:
    """What the browser is told to sign in: with any passkey of this house, or with one of the person's."""
    whole = user_id is None
    options = generate_authentication_options(
        rp_id=house.id,
        challenge=_challenge(session, "sign in" if whole else "second", user_id, now),
        allow_credentials=None if user_id is None else _descriptors(session, user_id),
        user_verification=UserVerificationRequirement.REQUIRED if whole else UserVerificationRequirement.PREFERRED,
    )
    return dict(json.loads(options_to_json(options)))


def recognised(session: Session, house: House, user_id: int | None, answer: Any, now: datetime) -> Passkey | None:
    """The passkey that answered; None when the answer does not hold.

    For a whole sign-in (`user_id` None) the device must have made sure of the person, by a finger, a face or a PIN; as
    a second factor it need not.
    """
    challenge = _taken(session, "sign in" if user_id is None else "second", user_id, answer, now)
    kept = session.scalars(select(Passkey).where(Passkey.credential == str(answer.get("id", "")))).first()
    if challenge is None or kept is None or (user_id is not None and kept.user_id != user_id):
        return None
    try:
        proof = verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=house.id,
            expected_origin=house.origin,
            credential_public_key=kept.public_key,
            credential_current_sign_count=kept.sign_count,
            require_user_verification=user_id is None,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError):
        return None
    kept.sign_count, kept.seen_at = proof.new_sign_count, now
    return kept


def of(session: Session, user_id: int) -> list[Passkey]:
    """A person's passkeys, the oldest first."""
    return list(session.scalars(select(Passkey).where(Passkey.user_id == user_id).order_by(Passkey.id)))


def _descriptors(session: Session, user_id: int) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(key.credential)) for key in of(session, user_id)]


def _challenge(session: Session, purpose: str, user_id: int | None, now: datetime) -> bytes:
    challenge = secrets.token_bytes(32)
    until = now + timedelta(minutes=MINUTES)
    session.execute(delete(Challenge).where(Challenge.until < now))
    session.add(Challenge(hash=_hash(challenge), purpose=purpose, user_id=user_id, until=until))
    session.flush()
    return challenge


def _taken(session: Session, purpose: str, user_id: int | None, answer: Any, now: datetime) -> bytes | None:
    """The challenge an answer signs, if it was ours for this purpose and nobody answered it yet."""
    try:
        told = json.loads(base64url_to_bytes(answer["response"]["clientDataJSON"]))
        challenge = base64url_to_bytes(told["challenge"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    mine = delete(Challenge).where(
        Challenge.hash == _hash(challenge),
        Challenge.purpose == purpose,
        Challenge.user_id.is_(None) if user_id is None else Challenge.user_id == user_id,
        Challenge.until > now,
    )
    return challenge if session.connection().execute(mine).rowcount == 1 else None


def _hash(challenge: bytes) -> str:
    return hashlib.sha256(challenge).hexdigest()
