"""Passwords: which are good enough, and how they are kept."""

import re
import unicodedata
from collections.abc import Iterable
from functools import cache

from werkzeug.security import check_password_hash, generate_password_hash
from zxcvbn import zxcvbn

from app.schema.kinds import BadValue

SHORTEST = 12
LONGEST = 200
WEAK_BELOW = 3
"""Score of zxcvbn, 0 to 4: 3 withstands guessing against a slow hash."""
METHOD = "scrypt"
_READ_BY_ZXCVBN = 72


def normal(password: str) -> str:
    """The password as it is hashed: the same letters, however a keyboard composes them."""
    return unicodedata.normalize("NFKC", password)


def check_password(password: str, names: Iterable[str | None]) -> None:
    """Raise `BadValue` unless a new password is good: long, hard to guess, without the person's `names` in it."""
    password = normal(password)
    if len(password) < SHORTEST:
        raise BadValue("at least %(least)d characters", least=SHORTEST)
    if len(password) > LONGEST:
        raise BadValue("at most %(most)d characters, this has %(has)d", most=LONGEST, has=len(password))
    parts = {part for name in names for part in re.split(r"[\W_]+", (name or "").partition("@")[0].casefold())}
    if any(part in password.casefold() for part in parts if len(part) >= (4 if part.isascii() else 2)):
        raise BadValue("without your name or your address in it")
    if zxcvbn(password[:_READ_BY_ZXCVBN], user_inputs=sorted(parts - {""}))["score"] < WEAK_BELOW:
        raise BadValue("too easy to guess: put a few words together that do not belong together")


def hashed(password: str) -> str:
    """The salted hash a password is kept as."""
    return generate_password_hash(normal(password), METHOD)


def matches(kept: str | None, password: str) -> bool:
    """Whether `password` is the one kept as a hash. Where none is kept (None or empty), the work is done all the same,
    so that the time an answer takes does not tell who exists."""
    given = normal(password[: LONGEST * 4])
    if not kept:
        check_password_hash(_nobodys(), given)
        return False
    return check_password_hash(kept, given)


@cache
def _nobodys() -> str:
    return generate_password_hash("nobody's", METHOD)
