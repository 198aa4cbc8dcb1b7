"""The second factor: an authenticator app (TOTP, RFC 6238) and recovery codes. Passkeys have a file of their own."""

import base64
import hashlib
import secrets
from datetime import UTC, datetime

import pyotp
from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.orm import Session

from app.kernel.identity.sealing import Seal
from app.kernel.identity.tables import Passkey, RecoveryCode, UserTotp

STEP = 30
"""Seconds a code lasts; those just before and after are taken too, for clocks that differ."""
CODES = 10


def enrolled(session: Session, user_id: int) -> bool:
    """Whether a person has a second factor."""
    totp = select(UserTotp.user_id).where(UserTotp.user_id == user_id, UserTotp.confirmed_at.is_not(None)).exists()
    passkey = select(Passkey.id).where(Passkey.user_id == user_id).exists()
    return bool(session.scalar(select(or_(totp, passkey))))


def begin_totp(session: Session, seal: Seal, user_id: int) -> str:
    """A fresh secret, to be confirmed by a first code; the one confirmed before, if any, counts until then no longer.

    The same secret comes again while it waits, so that a page may be loaded twice.
    """
    row = session.get(UserTotp, user_id)
    if row is not None and row.confirmed_at is None and (waiting := seal.open(row.secret)) is not None:
        return waiting
    fresh = pyotp.random_base32()
    row = row or UserTotp(user_id=user_id)
    row.secret, row.confirmed_at, row.last_step = seal.close(fresh), None, 0
    session.add(row)
    session.flush()
    return fresh


def totp_of(session: Session, user_id: int) -> UserTotp | None:
    """A person's confirmed authenticator app."""
    row = session.get(UserTotp, user_id)
    return row if row is not None and row.confirmed_at is not None else None


def take_totp(
    session: Session, seal: Seal, user_id: int, code: str, now: datetime, *, confirming: bool = False
) -> bool:
    """Whether `code` is right now, and was not taken before; it is taken by asking. `confirming` a fresh secret."""
    row = session.get(UserTotp, user_id, populate_existing=True)
    secret = seal.open(row.secret) if row is not None and (row.confirmed_at is None) == confirming else None
    digits = "".join(code.split())
    if secret is None or not (digits.isascii() and digits.isdigit()):
        return False
    totp, present = pyotp.TOTP(secret, interval=STEP), int(now.timestamp()) // STEP
    step = next(
        (s for s in (present, present - 1, present + 1) if secrets.compare_digest(totp.generate_otp(s), digits)), None
    )
    if step is None:
        return False
    mine = update(UserTotp).where(UserTotp.user_id == user_id, UserTotp.last_step < step)
    values = {"last_step": step} | ({"confirmed_at": now} if confirming else {})
    return session.connection().execute(mine.values(**values)).rowcount == 1


def remove_totp(session: Session, user_id: int) -> None:
    """Forget a person's authenticator app."""
    session.execute(delete(UserTotp).where(UserTotp.user_id == user_id))


def new_codes(session: Session, user_id: int) -> list[str]:
    """Fresh recovery codes instead of the old ones; they can be shown now and never again."""
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    codes = [base64.b32encode(secrets.token_bytes(10)).decode().lower() for _ in range(CODES)]
    session.add_all(RecoveryCode(user_id=user_id, code_hash=_hash(user_id, code)) for code in codes)
    session.flush()
    return ["-".join(code[at : at + 4] for at in range(0, 16, 4)) for code in codes]


def codes_left(session: Session, user_id: int) -> int:
    """How many recovery codes are still good."""
    mine = (RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None))
    return int(session.scalar(select(func.count()).select_from(RecoveryCode).where(*mine)) or 0)


def take_code(session: Session, user_id: int, code: str) -> bool:
    """Whether `code` is one of the person's that was not used; it is used by asking."""
    plain = "".join(letter for letter in code.lower() if letter.isalnum())
    mine = update(RecoveryCode).where(
        RecoveryCode.user_id == user_id, RecoveryCode.code_hash == _hash(user_id, plain), RecoveryCode.used_at.is_(None)
    )
    return session.connection().execute(mine.values(used_at=datetime.now(UTC))).rowcount == 1


def remove_all(session: Session, user_id: int) -> None:
    """Forget every second factor of a person, as when the telephone is lost and the codes with it."""
    for table in (UserTotp, RecoveryCode, Passkey):
        session.execute(delete(table).where(table.user_id == user_id))


def _hash(user_id: int, code: str) -> str:
    """80 random bits need no slow hash."""
    return hashlib.sha256(f"recovery:{user_id}:{code}".encode()).hexdigest()
