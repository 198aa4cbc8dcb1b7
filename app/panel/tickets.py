"""The addresses of files, and the tickets that open a private one for a while to who had it shown in full."""

from flask import current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer

from app.extensions import db
from app.kernel import files
from app.kernel.actor import current_actor
from app.schema.kinds import File

LASTS = 300
"""Seconds a ticket is good for."""


def file_url(file: File, part: str = "", *, ticket: str = "") -> str:
    """Where a file is handed out, or a `part` of it such as its preview; with the ticket that opens a private one.

    Who asks the API is told the address of the API, for a token opens no other.
    """
    api = "/api/v1" if request.path.startswith("/api/") else ""
    url = f"{request.script_root}{api}/files/{file.id}{part}"
    return f"{url}?ticket={ticket}" if ticket else url


def ticket_for(file: File) -> str:
    """What opens a private file that was shown in full for the present person, for a while."""
    return _signer().dumps([file.id, current_actor().user_id])


def ticket() -> str:
    """The ticket of the request, which its answer hands on: no answer makes one last longer."""
    return request.args.get("ticket", "")


def seen(token: str) -> File:
    """The file the present person asks for, if he or she may read it; its bytes and its preview go by this alone.

    No transaction stays open, for what follows may take long. Raises as of `files.visible`.
    """
    file = files.told(files.visible(db.session, token, revealed=opens(ticket(), token)))
    db.session.rollback()
    return file


def opens(ticket: str, token: str) -> bool:
    """Whether a ticket is the present person's, for this file, and still good."""
    try:
        return bool(_signer().loads(ticket, max_age=LASTS) == [token, current_actor().user_id])
    except BadData:
        return False


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(str(current_app.secret_key), salt="a private file shown in full")
