"""Files sent with a form. They are kept at once, so that a form that is refused need not be given them again.

The file for an input comes as ``file-<name>``; ``drop-<name>`` takes out the one that stands there; the input itself
holds what stands there, hidden. What is read of the form afterwards is as if it had held the file all along.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, cast

from flask import request
from werkzeug.datastructures import MultiDict

from app.extensions import db
from app.kernel import files, scanning
from app.panel.forms import Form, Input
from app.panel.grids import Grid
from app.panel.labels import said
from app.panel.saving import saving
from app.schema.errors import Refusal
from app.schema.kinds.files import plain_name

SENT, DROPPED = "file-", "drop-"


def typed(form: Form, grids: Iterable[Grid] = ()) -> dict[str, Any]:
    """Take what was sent into a form and its lines, files and all; the values of the form that can be read."""
    raw, problems = _received(form, list(grids))
    values = form.typed(raw)
    for grid in grids:
        grid.typed(raw)
    if problems:
        places = places_of(form, grids)
        for name, (filename, problem) in problems.items():
            if name in places:
                places[name].problem = problem
            else:
                form.problem = " ".join(filter(None, (form.problem, f"{filename}: {problem}")))
    return values


def _received(form: Form, grids: list[Grid]) -> "tuple[MultiDict[str, str], dict[str, tuple[str, str]]]":
    """What was written, with each file that was sent in its place, and what was wrong with the others."""
    raw, problems = MultiDict(request.form), {}
    asked = {each.name for each in form.inputs if each.takes_file and not each.locked}
    for name in [key.removeprefix(DROPPED) for key in raw if key.startswith(DROPPED)]:
        raw[name] = ""
    with _kept_at_once():
        for key, sent in request.files.items():
            name = key.removeprefix(SENT)
            if not sent.filename or not (name in asked or any(grid.takes_file(name, raw) for grid in grids)):
                continue
            try:
                raw[name] = str(files.receive(db.session, files.Upload(cast(Any, sent.stream), sent.filename)))
            except Refusal as refusal:
                if isinstance(refusal, scanning.Infected):
                    scanning.note(db.session(), refusal)
                problems[name] = (plain_name(sent.filename), said(refusal))
    return raw, problems


@contextmanager
def _kept_at_once() -> Iterator[None]:
    """Commit the files sent. Rows read so far stay as they were read: one changed meanwhile is a conflict."""
    if not any(sent.filename for sent in request.files.values()):
        yield
        return
    session = db.session()
    expires, session.expire_on_commit = session.expire_on_commit, False
    try:
        with saving(session):
            yield
    finally:
        session.expire_on_commit = expires


def places_of(form: Form, grids: Iterable[Grid]) -> dict[str, Input]:
    """The inputs by their names in the whole form."""
    places = {each.name: each for each in form.inputs}
    for grid in grids:
        for row in grid.rows:
            places |= {f"{grid.name}.{row.token}.{each.name}": each for each in row.form.inputs}
    return places
