"""How a message is signed, as of Standard Webhooks: HMAC-SHA256 over its id, its time and its body, in Base64."""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable
from datetime import datetime

PREFIX = "whsec_"


def new_secret() -> str:
    """A secret to share with the receiver: 32 random bytes in Base64."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def message_id(key: str) -> str:
    """The id of the message with that dedupe key: the same each time it is sent, so that a receiver knows it again."""
    return f"msg_{hashlib.sha256(key.encode()).hexdigest()[:32]}"


def headers(id_: str, at: datetime, body: bytes, shared: Iterable[str]) -> dict[str, str]:
    """The headers of a message sent at that moment, signed with each of the secrets that hold."""
    seconds = str(int(at.timestamp()))
    signed = b".".join((id_.encode(), seconds.encode(), body))
    marks = (hmac.digest(base64.b64decode(each.removeprefix(PREFIX)), signed, "sha256") for each in shared)
    return {
        "webhook-id": id_,
        "webhook-timestamp": seconds,
        "webhook-signature": " ".join(f"v1,{base64.b64encode(mark).decode()}" for mark in marks),
    }
