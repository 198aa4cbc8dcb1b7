"""What a picker offers: a few rows that hold what was written, of those the present person may see."""

from collections.abc import Collection
from typing import Any

from flask import jsonify, request
from flask_appbuilder import expose
from flask_appbuilder.security.sqla.models import User
from flask_babel import gettext as _
from sqlalchemy import select
from sqlalchemy.orm import aliased
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel.access import may
from app.kernel.actor import current_actor
from app.kernel.permissions import candidates
from app.kernel.trees import below
from app.panel import search
from app.panel.base import RecordView
from app.panel.fields import USERS, Field, lines_of, links_of
from app.panel.filters import ME, NOBODY
from app.panel.titles import naming
from app.schema.errors import NotFound
from app.schema.record import Record
from app.schema.registry import registry
from app.schema.traits import Tree
from app.schema.written import natural

MOST = 20
"""Options offered at once."""
LOOKED_AT = 60
"""Rows read to choose them from: the newest that match, of which those that begin with what was written go first."""


class Picking(RecordView):
    """Options for the links of the record and of its lines."""

    @expose("/pick/<name>")
    def pick(self, name: str) -> Response:
        """Options for a link of the record; ``for=assign`` those a row may be handed to, ``for=filter`` also nobody.

        With ``of=<id>``, for the form of a row of a tree, without what lies below that row.
        """
        return self._options(self.record, name)

    @expose("/pick/<line>/<name>")
    def pick_of_line(self, line: str, name: str) -> Response:
        """Options for a link of a line."""
        record = next((each for each in lines_of(self.record) if each.__tablename__ == line), None)
        if record is None:
            raise NotFound("There is no such part here.")
        return self._options(record, name)

    def _options(self, record: type[Record], name: str) -> Response:
        link = links_of(record).get(name)
        if link is None or not _asked_for(record, name):
            raise NotFound("There is nothing to pick here.")
        purpose = request.args.get("for")
        assigning = purpose == "assign" and link.key == "owner_id"
        conditions = candidates(self.record, current_actor()) if assigning else []
        without: set[int] = set()
        if issubclass(record, Tree) and link.key == "parent_id" and (of := natural(request.args.get("of"))):
            without = below(db.session, record, self.row(of).id)
        found: list[tuple[Any, str]] = list(options(link, search.tidy(request.args.get("q")), conditions, without))
        if purpose == "filter" and link.column is not None and link.column.nullable and not request.args.get("q"):
            found.insert(0, (NOBODY, _("nobody") if link.target == USERS else _("none")))
        if purpose == "filter" and link.key == "owner_id" and not request.args.get("q"):
            found.insert(0, (ME, _("me")))
        return jsonify(options=[{"value": str(key), "text": title} for key, title in found])


def _asked_for(record: type[Record], name: str) -> bool:
    """Whether the present person meets the link anywhere: reads it, fills it in, or is asked for it by a step."""
    actor = current_actor()
    steps = record.workflow.steps if record.workflow else ()
    asked = any(name == field.removesuffix("?") for step in steps for field in step.asks)
    return asked or any(may(actor, verb, record, name) for verb in ("read", "add", "edit"))


def options(
    link: Field, written: str, conditions: list[Any] | None = None, without: Collection[int] = ()
) -> list[tuple[int, str]]:
    """The options of a link: id and title, best first, at most `MOST`, none of those `without`."""
    target = link.target or link.far
    entity: Any = User if target == USERS else aliased(registry[target])
    found = naming(target, entity)
    statement = select(entity.id, *found.columns)
    for other, condition in found.joins:
        statement = statement.outerjoin(other, condition)
    statement = statement.where(*search.options(target, entity, written), *(conditions or ()))
    if without:
        statement = statement.where(entity.id.not_in(without))
    rows = db.session.execute(statement.order_by(entity.id.desc()).limit(LOOKED_AT))
    titled = [(row[0], found.compose(row[1:])) for row in rows]
    titled.sort(key=lambda pair: (not pair[1].casefold().startswith(written.casefold()), pair[1].casefold()))
    return titled[:MOST]
