"""Two people edit one row: whoever saves last is shown both, field by field, and chooses. Nothing typed is lost."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.panel import texts
from app.panel.forms import Form, digest
from app.panel.titles import titles_of


def merge(session: Session, form: Form, row: Any, sent: Mapping[str, str]) -> None:
    """Make a form that was sent and refused ready to be sent again.

    As long as nobody else has saved the row, it stays what it is. Else the fields that the others have changed are
    marked, with what they saved, and either can be chosen; choices made before are kept.
    """
    form.version, form.seen = sent.get("version", ""), sent.get("seen", "")
    if form.version != str(row.version) or any(each.take for each in form.inputs):
        _compare(session, form, row, form.seen)


def _compare(session: Session, form: Form, row: Any, seen: str) -> None:
    """Set the form beside the row as it is saved now; the next time it is sent, it is judged by this version.

    `seen` are the digests of what stood in the form when it was made. A field only the others have changed shall be
    theirs, one that both have changed stays as it was typed; either can be chosen otherwise.
    """
    before = dict(part.split(":", 1) for part in seen.split() if ":" in part)
    found = False
    for each in form.inputs:
        if each.field is None or each.locked:
            continue
        if each.field.private and "•" in each.value and each.kept is not None:
            each.value, each.problem = each.kept, ""  # left as it was when the form was made
        if each.blind:
            each.take, each.saved = "", "" if each.stands else _("not visible to you")
            found = found or bool(each.saved)
            continue
        now = digest(row, each)
        mine = now if each.stands else digest(row, each, each.value)
        untouched = each.stands or before.get(each.name) == mine
        if before.get(each.name) == now or (mine == now and not each.stands):
            each.take = ""
            continue
        if each.stands and not each.take and each.name not in before:
            continue
        found = True
        each.take = each.take or ("theirs" if untouched else "mine")
        value = getattr(row, each.field.key)
        if each.field.far:
            each.saved = ", ".join(titles_of(session, each.field.far, value).values()) or _("nothing")
            continue
        titles = titles_of(session, each.field.target, [value]) if each.field.target and value is not None else {}
        each.saved = titles.get(value, "") or texts.text(each.field, value) or _("nothing")
    if found:
        who = titles_of(session, "ab_user", [row.changed_by_id]).get(row.changed_by_id) if row.changed_by_id else None
        when = texts.plain(row.changed_at)
        form.merging = _(
            "%(person)s saved this row at %(when)s. Choose for each marked field which of the two shall stay.",
            person=who or _("The system"),
            when=when,
        )
    form.version = str(row.version)
