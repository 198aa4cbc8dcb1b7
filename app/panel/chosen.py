"""The rows somebody chose in a list, each as it was when it was chosen, and what became of each."""

from dataclasses import dataclass

from flask import request

from app.schema.errors import Refusal
from app.schema.written import natural

MOST = 100
"""Rows chosen at once: as many as a page of a list shows."""


@dataclass(frozen=True)
class Became:
    """What became of one of several rows: done, or `refused` for a reason. `before` is who owned it."""

    key: int
    title: str
    refused: str
    before: int | None = None


def chosen() -> dict[int, int]:
    """The versions of the chosen rows by id, in their order; sent as ``row=12:3``. Raises `Refusal`.

    None chosen, or too many, are refused. A row whose version is not said has 0, which none has.
    """
    found: dict[int, int] = {}
    for written in request.form.getlist("row"):
        key, _colon, version = written.partition(":")
        if number := natural(key):
            found.setdefault(number, natural(version) or 0)
    if not 0 < len(found) <= MOST:
        raise Refusal("Choose between 1 and %(most)d rows.", most=MOST)
    return found
