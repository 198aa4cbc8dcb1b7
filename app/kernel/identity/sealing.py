"""Secrets that must be read again are sealed with the installation's own: a copy of the database opens none."""

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken


class Seal:
    """Seals with a key derived from ``YANXU_SECRET_KEY``; under another key everything reads as absent."""

    def __init__(self, secret: str) -> None:
        key = hashlib.sha256(b"yanxu seal:" + secret.encode()).digest()
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def close(self, text: str) -> str:
        """The sealed text."""
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str | None:
        """The text again; None when it was sealed under another key."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            return None
