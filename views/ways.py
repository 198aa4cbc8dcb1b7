"""My notices: which topics reach me by which ways besides the bell, quiet hours, the day's summary."""

from typing import Any

from flask import current_app, flash, redirect, render_template, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel.actor import current_actor
from app.kernel.ledger import database_now
from app.kernel.outbox import CHOSEN, Channel
from app.kernel.ways import wishes
from app.kernel.ways.wishes import EVERYTHING
from app.panel.labels import said, translated
from app.panel.names import channel_name
from app.schema.errors import Invalid
from app.schema.registry import registry
from app.schema.written import natural
from views.page import Page

HOURS = tuple(range(24))


class WaysPage(Page):
    """One's own choices; open to everybody signed in, and about nobody else."""

    route_base = "/account/notices"

    @expose("/")
    def show(self) -> str:
        """What is chosen."""
        return self._page(wishes.reader(db.session, self._me()), wishes.wishes_of(db.session, self._me()), {})

    @expose("/", methods=["POST"])
    def save(self) -> Response | tuple[str, int]:
        """Keep what was chosen."""
        wanted = {(topic, channel) for topic, _at, channel in (w.partition("|") for w in request.form.getlist("wish"))}
        # What is chosen for a way that is not offered just now stays as it is.
        wanted = {pair for pair in wanted if pair[1] in offered()}
        wanted |= {pair for pair in wishes.wishes_of(db.session, self._me()) if pair[1] not in offered()}
        how: dict[str, Any] = {name: request.form.get(name, "") for name in ("phone", "quiet_from", "quiet_until")}
        how |= {"summary": "summary" in request.form, "summary_hour": natural(request.form.get("summary_hour")) or 0}
        try:
            wishes.choose(db.session, self._me(), wanted, database_now(db.session), **how)
        except Invalid as refusal:
            db.session.rollback()
            problems = {name: said(why) for name, why in refusal.problems.items()}
            return self._page(how, wanted, problems), refusal.status
        db.session.commit()
        flash(_("Saved. It holds for what you are told from now on."), "success")
        return redirect(url_for("WaysPage.show"), 303)

    @staticmethod
    def _page(how: Any, wanted: set[tuple[str, str]], problems: dict[str, str]) -> str:
        topics = [(each.name, translated(each.label)) for each in registry.topics]
        return render_template(
            "inbox/ways.html",
            topics=[(EVERYTHING, _("Everything I am told")), *sorted(topics, key=lambda pair: pair[1])],
            ways=[(channel, channel_name(channel)) for channel in offered()],
            wanted=wanted,
            how=how,
            hours=HOURS,
            problems=problems,
        )

    @staticmethod
    def _me() -> int:
        user_id = current_actor().user_id
        assert user_id is not None, "the gate of Page lets only people in"
        return user_id


def offered() -> tuple[Channel, ...]:
    """The ways this installation has, besides the bell."""
    settings = current_app.extensions["settings"]
    told = {
        Channel.MAIL: settings.smtp_url,
        Channel.SMS: settings.sms_url,
        Channel.WECOM: settings.wecom_url,
        Channel.DINGTALK: settings.dingtalk_url,
        Channel.FEISHU: settings.feishu_url,
    }
    return tuple(channel for channel in CHOSEN if told[channel])
