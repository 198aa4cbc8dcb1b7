"""The timeline's own addresses: older pages, comments, two versions side by side, an edit taken back."""

from dataclasses import dataclass

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.sqla.models import User
from flask_babel import gettext as _
from sqlalchemy import or_, select
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel import comments
from app.kernel.access import require, sees
from app.kernel.actor import current_actor, on_behalf
from app.kernel.history import versions
from app.kernel.permissions import load_actor, person_name, readers
from app.panel import cells, showing, texts, timeline
from app.panel.base import RecordView, check_version
from app.panel.labels import field_label, said, verb_label
from app.panel.saving import saving
from app.panel.search import tidy
from app.schema.errors import Refusal
from app.schema.written import natural

MOST = 8
"""People offered to be named."""
LOOKED_AT = 24
"""People looked at to find them: of each it is asked whether he or she sees the row."""


@dataclass(frozen=True)
class Version:
    """A version of a row: what it is called and the entry it stands after; 0 is the present."""

    entry: int
    title: str
    when: str


class Talking(RecordView):
    """Whoever sees a row sees its timeline and may say something on it."""

    @expose("/<int:key>/timeline")
    def timeline(self, key: int) -> str:
        """An older page of the timeline, to be put below the one before."""
        row = self.row(key)
        return render_template(
            "panel/timeline.html",
            record=self.record,
            row=row,
            timeline=timeline.of(db.session, row, request.args.get("before")),
        )

    @expose("/<int:key>/comments", methods=["POST"])
    def say(self, key: int) -> Response | tuple[str, int]:
        """Add a comment."""
        row, text = self.row(key), request.form.get("text", "")
        try:
            with saving(db.session):
                taken = comments.say(db.session, row, text)
                names = taken.not_told
        except Refusal as refusal:
            return self.page(key, comment_problem=said(refusal), comment_text=text), refusal.status
        return self._said(key, names)

    @expose("/<int:key>/comments/<int:comment>/edit", methods=["POST"])
    def correct(self, key: int, comment: int) -> Response | tuple[str, int]:
        """Write one's own comment anew."""
        row, text = self.row(key), request.form.get("text", "")
        try:
            with saving(db.session):
                names = comments.correct(db.session, row, comment, text).not_told
        except Refusal as refusal:
            return self.page(key, comment_problem=said(refusal), comment_text=text), refusal.status
        return self._said(key, names)

    @expose("/<int:key>/comments/<int:comment>/remove", methods=["POST"])
    def withdraw(self, key: int, comment: int) -> Response | tuple[str, int]:
        """Remove a comment."""
        row = self.row(key)
        try:
            with saving(db.session):
                comments.withdraw(db.session, row, comment)
        except Refusal as refusal:
            return self.page(key, comment_problem=said(refusal)), refusal.status
        return self._to_timeline(key)

    @expose("/<int:key>/people")
    def people(self, key: int) -> Response:
        """People to name in a comment: active, called so, and able to see this very row."""
        row, written = self.row(key), tidy(request.args.get("q"))
        actor, some = current_actor(), f"%{written}%"
        wanted = select(User.id, User.username, User.first_name, User.last_name).where(
            User.active.is_(True),
            User.id != (actor.user_id or 0),
            or_(User.username.ilike(some), User.first_name.ilike(some), User.last_name.ilike(some)),
            readers(self.record),
        )
        found: list[dict[str, str]] = []
        for each in db.session.execute(wanted.order_by(User.username).limit(LOOKED_AT)).all():
            with on_behalf("mention"):
                reader = load_actor(db.session, each.id)
            if len(found) < MOST and sees(db.session, reader, row):
                found.append({"value": each.username, "text": person_name(each.first_name, each.last_name)})
        return jsonify(options=found)

    @expose("/<int:key>/compare")
    def compare(self, key: int) -> str:
        """Two versions of the row, field by field: after the two chosen entries, or after one and today."""
        row = self.row(key)
        chosen = sorted(set(filter(None, map(natural, request.args.getlist("v")))))[-2:]
        if not chosen:
            raise Refusal("Choose one or two entries of the history to compare.")
        kept = versions.after(db.session, row, chosen)
        entries = [versions.entry_of(db.session, row, each) for each in chosen]
        sides = [Version(e.id, verb_label(self.record, e.verb), texts.plain(e.at)) for e in entries]
        snapshots = [kept[each] for each in chosen]
        if len(chosen) == 1:
            sides.append(Version(0, _("Now"), ""))
            snapshots.append(versions.present(row))
        shown = timeline.readable(row, {k: [snapshots[0][k], snapshots[1][k]] for k in snapshots[0]})
        titles = timeline.titles_in(db.session, [(self.record, shown)])
        lines = [
            (
                field_label(self.record, name),
                timeline.in_words(self.record, name, old, titles),
                timeline.in_words(self.record, name, new, titles),
                old != new,
            )
            for name, old, new in shown
            if old is not None or new is not None
        ]
        read = showing.read_one(db.session, self.record, key, [])
        heading = cells.heading(self.record, read)
        return render_template(
            "panel/compare.html", record=self.record, row=row, heading=heading, sides=sides, lines=lines
        )

    @expose("/<int:key>/revert/<int:entry>", methods=["POST"])
    def revert(self, key: int, entry: int) -> Response | tuple[str, int]:
        """Take an edit back by an ordinary edit."""
        row = self.row(key)
        require(current_actor(), "edit", row)
        try:
            with saving(db.session):
                check_version(row, request.form.get("version"))
                versions.revert(db.session, row, entry, timeline.writable(row))
        except Refusal as refusal:
            return self.page(key, problem=said(refusal)), refusal.status
        flash(_("Taken back."), "success")
        return self._to_timeline(key)

    def _said(self, key: int, not_told: list[str]) -> Response:
        for name in not_told:
            flash(_("%(person)s cannot see this and was not told.", person=name), "warning")
        return self._to_timeline(key)

    def _to_timeline(self, key: int) -> Response:
        return redirect(url_for(f"{self.record.__tablename__}.show", key=key, _anchor="timeline"), 303)
