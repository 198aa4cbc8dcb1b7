"""Handing rows to somebody else, one by one or several at once, or taking one that is nobody's."""

from collections import Counter
from dataclasses import replace
from secrets import token_hex

from flask import flash, redirect, render_template, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel.access import require
from app.kernel.actor import Actor, acting, current_actor
from app.kernel.handing import hand, of_yours, to_you, units_of
from app.kernel.outbox import tell
from app.kernel.permissions import eligible
from app.panel.base import RecordView, check_version
from app.panel.chosen import MOST, Became, ticked
from app.panel.labels import said
from app.panel.saving import saving
from app.panel.titles import titles_of
from app.schema.errors import Refusal
from app.schema.written import natural


class Handover(RecordView):
    """The owner of a row changes, and its unit with the owner."""

    @expose("/<int:key>/assign", methods=["POST"])
    def assign(self, key: int) -> Response | tuple[str, int]:
        """Give a row to another user; with an empty answer back to the pool where there is one."""
        row, actor = self.row(key), current_actor()
        require(actor, "edit", row)
        wanted = request.form.get("owner_id", "").strip()
        try:
            with saving(db.session):
                check_version(row, request.form.get("version"))
                user_id = self._wanted(wanted, actor)
                hand(db.session, row, user_id, _unit_of(user_id), actor)
        except Refusal as refusal:
            return self.page(key, assigning=said(refusal)), refusal.status
        to = titles_of(db.session, "ab_user", [user_id]).get(user_id, "") if user_id else ""
        flash(_("Handed to %(person)s.", person=to) if to else _("Put back among the unassigned."), "success")
        return redirect(url_for(f"{self.record.__tablename__}.show", key=key), 303)

    @expose("/handover", methods=["POST"])
    def hand_over(self) -> tuple[str, int] | str:
        """Give the chosen rows to another user, each by the rules of handing over one; says what became of each."""
        actor, reason = current_actor(), request.form.get("reason", "").strip()[:200]
        require(actor, "edit", self.record)
        problem, results = "", list[Became]()
        try:
            keys = list(ticked())
            if not reason:
                raise Refusal("Say why.", field="reason")
            with saving(db.session):
                user_id = self._wanted(request.form.get("owner_id", "").strip(), actor)
                with acting(replace(actor, why=reason)) as giving:
                    results = [self._handed(key, user_id, giving) for key in keys]
                self._tell(results, user_id, actor, reason)
        except Refusal as refusal:
            problem = said(refusal)
        to = titles_of(db.session, "ab_user", [user_id]).get(user_id, "") if results and user_id else ""
        page = render_template(
            "panel/chosen.html",
            record=self.record,
            title=_("Hand over to %(person)s", person=to) if to else _("Hand over"),
            done=_("handed over"),
            problem=problem,
            results=results,
            again=True,
            back=self.address(),
            keys=request.form.getlist("row")[:MOST],
            reason=reason,
        )
        return (page, 422) if problem else page

    def _handed(self, key: int, user_id: int | None, actor: Actor) -> Became:
        """Hand over one of several rows, or say why not; what is refused leaves the others alone."""
        name = str(self.record.__tablename__)
        title = titles_of(db.session, name, [key]).get(key, f"#{key}")
        try:
            row = self.row(key)
            before = getattr(row, "owner_id", None)
            require(actor, "edit", row)
            with db.session.begin_nested():
                hand(db.session, row, user_id, _unit_of(user_id), actor, among_many=True)
        except Refusal as refusal:
            return Became(key, title, said(refusal))
        return Became(key, title, "", before)

    def _tell(self, results: list[Became], user_id: int | None, actor: Actor, reason: str) -> None:
        """One notice to the new owner and one to each old one, however many rows there are."""
        moved = [each for each in results if not each.refused and each.before != user_id]
        batch = token_hex(8)
        if user_id not in (None, actor.user_id) and moved:
            told = to_you({self.record: len(moved)}, actor.name, reason)
            tell(db.session, f"handover/{batch}/to/{user_id}", user_id, told)
        taken = Counter(each.before for each in moved if each.before is not None)
        for reader, count in taken.items():
            if reader != actor.user_id:
                told = of_yours({self.record: count}, actor.name, _name_of(user_id), reason)
                tell(db.session, f"handover/{batch}/from/{reader}", reader, told)

    def _wanted(self, written: str, actor: Actor) -> int | None:
        """The user to hand to. Raises `Refusal` for who is not among those offered."""
        if not written and self.record.pooled:
            return None
        user_id = natural(written)
        if not user_id:
            raise Refusal("Choose who shall have it.", field="owner_id")
        if not eligible(db.session, self.record, actor, [user_id]):
            raise Refusal("Choose from those who may have it.", field="owner_id")
        return user_id


def _name_of(user_id: int | None) -> str:
    return titles_of(db.session, "ab_user", [user_id]).get(user_id, "") if user_id else "—"


def _unit_of(user_id: int | None) -> int | None:
    """The unit a user sits in; None keeps the row where it is."""
    return units_of(db.session, [user_id]).get(user_id) if user_id else None
