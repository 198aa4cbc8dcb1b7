"""The addresses of files, and the tickets that open a private one for a while to who had it shown in full."""

from flask import current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer

from app.kernel.actor import current_actor
from app.schema.kinds import File

LASTS = 300
"""Seconds a ticket is good for."""


def file_url(file: File, *, revealed: bool = False) -> str:
    """Where a file is handed out; of a private one that was `revealed` with a ticket for the present person.

    Who asks the API is told the address of the API, for a token opens no other.
    """
    api = "/api/v1" if request.path.startswith("/api/") else ""
    url = f"{request.script_root}{api}/files/{file.id}"
    return f"{url}?ticket={_signer().dumps([file.id, current_actor().user_id])}" if revealed else url


def opens(ticket: str, token: str) -> bool:
    """Whether a ticket is the present person's, for this file, and still good."""
    try:
        return bool(_signer().loads(ticket, max_age=LASTS) == [token, current_actor().user_id])
    except BadData:
        return False


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt="a private file shown in full")
