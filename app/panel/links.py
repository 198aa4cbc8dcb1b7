"""Many to many on the screens: the titles of what rows are linked to, read for all rows of a page at once."""

from collections.abc import Iterable
from typing import Any

from markupsafe import Markup, escape
from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from app.kernel import links
from app.kernel.links import Linked
from app.panel.fields import Field
from app.panel.saying import gettext as _
from app.panel.titles import naming
from app.schema.record import Record, link_of
from app.schema.registry import registry

SHOWN = 3
"""Linked rows that a cell of a list names."""


def load(session: Session, record: type[Record], rows: Iterable[Record], fields: Iterable[Field]) -> None:
    """Read what the rows are linked to by those of `fields` that are links to many, one statement for each."""
    by_id = {row.id: row for row in rows}
    for field in {each.key: each for each in fields if each.far}.values() if by_id else ():
        link, target = link_of(record, field.key), aliased(registry[field.far])
        found = naming(field.far, target)
        near, far = getattr(link, link.parent), getattr(link, link.far)
        wanted = select(near, target.id, *found.columns).select_from(link).outerjoin(target, target.id == far)
        for other, condition in found.joins:
            wanted = wanted.outerjoin(other, condition)
        titles: dict[int, dict[int, str]] = {key: {} for key in by_id}
        hidden = dict.fromkeys(by_id, 0)
        for key, other, *values in session.execute(wanted.where(near.in_(by_id))):
            if other is None:
                hidden[key] += 1
            else:
                titles[key][other] = found.compose(values)
        for key, row in by_id.items():
            links.hold(row, field.key, Linked(tuple(sorted(titles[key])), hidden[key], titles[key]))


def linked(row: Any, field: Field) -> Linked:
    """What a row is linked to, with titles."""
    found = links.held(row, field.key)
    if found is None or found.titles is None:
        session = Session.object_session(row)
        if session is None:
            return Linked(titles={})
        load(session, type(row), [row], [field])
        found = links.held(row, field.key)
    return found or Linked(titles={})


def unseen(count: int) -> str:
    """How many linked rows are hidden from the present person, in words."""
    return _("%(count)s not visible to you", count=count)


def in_cell(row: Any, field: Field, address: Any, *, short: bool) -> Markup | None:
    """The linked rows by title, each a link to its page by `address`; what is hidden is counted. None for none."""
    found = linked(row, field)
    named = sorted((found.titles or {}).items(), key=lambda pair: pair[1].casefold())
    shown = named[:SHOWN] if short else named
    parts = []
    for key, title in shown:
        url = address(field.far, key)
        parts.append(Markup('<a href="{}">{}</a>').format(url, title) if url else escape(title))
    if len(named) > len(shown):
        parts.append(Markup('<span class="text-secondary">+{}</span>').format(len(named) - len(shown)))
    if found.hidden:
        parts.append(Markup('<span class="text-secondary">{}</span>').format(unseen(found.hidden)))
    return Markup("<span>{}</span>").format(Markup(", ").join(parts)) if parts else None
