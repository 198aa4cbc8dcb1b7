"""History and comments of a row over the API: ``/api/v1/<record>/<id>/history`` and ``…/comments``."""

from typing import Any, ClassVar

from flask import request
from flask_appbuilder import AppBuilder
from flask_appbuilder.api import BaseApi, expose

from app.extensions import db
from app.kernel import comments
from app.kernel.access import find, require
from app.kernel.actor import current_actor
from app.kernel.history import versions
from app.kernel.tables import Comment
from app.panel import timeline
from app.panel.answering import afresh, body_of_request, done, same_version, told
from app.panel.serving import as_json
from app.schema.record import Line, Record
from app.schema.registry import registry
from app.schema.written import natural

PAGE = 50
Said = dict[str, Any]


class HistoryResource(BaseApi):
    """What was done to a row and said about it; whoever sees the row sees both, and nobody else."""

    record: ClassVar[type[Record]]
    version = "v1"
    csrf_exempt = False  # as of `app.panel.resource`

    @expose("/<int:key>/history")
    @told
    def history(self, key: int) -> Said:
        """A page of the timeline, newest first; ``before`` as the page before gave it in ``next``."""
        row = self._row(key)
        page = timeline.of(db.session, row, request.args.get("before"))
        return {"result": [_happening(each) for each in page.told], "next": page.next or None}

    @expose("/<int:key>/history/<int:entry>/revert", methods=["POST"])
    @done
    def revert(self, key: int, entry: int) -> tuple[Said, int]:
        """Take an edit back by an ordinary edit; ``version`` must be the one last read."""
        row = self._row(key)
        same_version(row, body_of_request().get("version"))
        require(current_actor(), "edit", row)
        versions.revert(db.session, row, entry, timeline.writable(row))
        return {"result": as_json(afresh(row))}, 200

    @expose("/<int:key>/comments")
    @told
    def comments(self, key: int) -> Said:
        """Comments, newest first; ``before`` is an id."""
        before = natural(request.args.get("before"))
        found = comments.of_row(db.session, self._row(key), before, PAGE + 1)
        following = found[PAGE - 1].id if len(found) > PAGE else None
        return {"result": [_comment(each) for each in found[:PAGE]], "next": following}

    @expose("/<int:key>/comments", methods=["POST"])
    @done
    def say(self, key: int) -> tuple[Said, int]:
        """Add a comment: ``text``. Answers with those named who cannot see the row and were not told."""
        row, text = self._row(key), body_of_request().get("text")
        taken = comments.say(db.session, row, text)
        return {"result": _comment(taken.comment), "not_told": taken.not_told}, 201

    @expose("/<int:key>/comments/<int:comment>", methods=["PATCH"])
    @done
    def correct(self, key: int, comment: int) -> tuple[Said, int]:
        """Write one's own comment anew."""
        row, text = self._row(key), body_of_request().get("text")
        taken = comments.correct(db.session, row, comment, text)
        return {"result": _comment(taken.comment), "not_told": taken.not_told}, 200

    @expose("/<int:key>/comments/<int:comment>", methods=["DELETE"])
    @done
    def withdraw(self, key: int, comment: int) -> tuple[None, int]:
        """Remove a comment."""
        comments.withdraw(db.session, self._row(key), comment)
        return None, 204

    def _row(self, key: int) -> Record:
        return find(db.session, self.record, key)


def _comment(comment: Comment) -> dict[str, Any]:
    return {
        "id": comment.id,
        "at": comment.at.isoformat(),
        "author": comment.author,
        "author_id": comment.author_id,
        "text": comment.text,
        "edited_at": comment.edited_at and comment.edited_at.isoformat(),
        "removed_at": comment.removed_at and comment.removed_at.isoformat(),
    }


def _happening(told: timeline.Told) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "sort": told.sort,
        "at": told.at,
        "who": told.who,
        "what": told.what,
        "why": told.why or None,
    }
    shown["changes"] = [{"field": name, "old": old, "new": new} for name, old, new in told.changes]
    if told.readers:
        shown["told"] = told.readers
    if told.entry:
        shown["entry"] = told.entry
    if told.comment is not None:
        shown["comment"] = _comment(told.comment)
    return shown


def resource_of(record: type[Record]) -> type[HistoryResource]:
    """The resource class of a record, beside the one of its rows; made anew for each application."""
    name = str(record.__tablename__)
    return type(f"{record.__name__}History", (HistoryResource,), {"record": record, "resource_name": name})


def mount(builder: AppBuilder) -> None:
    """Register a resource for every record but lines, whose history is that of what they are a part of."""
    for record in registry:
        if not issubclass(record, Line):
            builder.add_api(resource_of(record))
