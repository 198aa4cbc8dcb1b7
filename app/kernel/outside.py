"""Addresses for people outside the house: each opens one thing to whoever holds it, without a sign-in.

What stands in a token is signed with the installation's own secret, so that nobody makes or changes one; it can be
read by its holder, and must hold nothing private.
"""

from datetime import datetime
from typing import Any

from itsdangerous import BadData, URLSafeTimedSerializer

_secret, _address = "", ""


def set_outside(secret: str, address: str) -> None:
    """Sign with `secret` from now on, under the address people reach the panel at; said once, at the start."""
    global _secret, _address
    _secret, _address = secret, address.rstrip("/")


def house_address(path: str) -> str:
    """The whole address of a path of the panel, such as ``/claim-papers/…``."""
    return f"{_address}{path}"


def signed(purpose: str, content: Any) -> str:
    """A token that says `content`, for one purpose, dated now; fit to stand in an address."""
    return str(_signer(purpose).dumps(content))


def opened(purpose: str, token: str) -> tuple[Any, datetime] | None:
    """What a token says and when it was made, in UTC; None for one we did not make for this purpose."""
    try:
        content, made = _signer(purpose).loads(token, return_timestamp=True)
    except BadData:
        return None
    return content, made


def _signer(purpose: str) -> URLSafeTimedSerializer:
    if not _secret:
        raise RuntimeError("nobody said what links are signed with: set_outside(secret, address)")
    return URLSafeTimedSerializer(_secret, salt=f"a link for outside: {purpose}")
