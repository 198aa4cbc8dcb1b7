"""What could not be delivered: on which channel, why, since when, tried how often; and letting it be tried again."""

from typing import Any

from flask import current_app, flash, redirect, render_template, request, url_for
from flask_appbuilder import expose
from flask_babel import ngettext
from sqlalchemy import func, select
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel import history, outbox
from app.kernel.outbox import SENT_OUT, NoticeState
from app.kernel.permissions import called
from app.kernel.tables import Notice
from app.panel.names import channel_name
from app.panel.texts import plain
from app.schema.written import natural
from views.page import Page

SHOWN = 200


class UndeliveredPage(Page):
    """Notices that were given up, and those on their way, of all channels."""

    route_base = "/undelivered"
    permission = "page:undelivered"

    @expose("/")
    def list(self) -> str:
        """Given up first, then waiting; of one channel if one is named."""
        states = (NoticeState.DEAD, NoticeState.WAITING)
        counted = select(Notice.channel, Notice.state, func.count()).where(Notice.state.in_(states))
        counts = {
            (channel, state): count
            for channel, state, count in db.session.execute(
                counted.where(Notice.channel.in_(SENT_OUT)).group_by(Notice.channel, Notice.state)
            )
        }
        channels = [str(channel) for channel in SENT_OUT if any((channel, state) in counts for state in states)]
        chosen = request.args.get("channel", "")
        wanted = (chosen,) if chosen in channels else SENT_OUT
        dead, waiting = (_outbox(wanted, state) for state in states)
        readers = called(db.session, {notice.user_id for notice in (*dead, *waiting) if notice.user_id})
        return render_template(
            "undelivered/list.html",
            dead=dead,
            waiting=waiting,
            totals={state: sum(n for (c, s), n in counts.items() if s == state and c in wanted) for state in states},
            channels=[(channel, channel_name(channel)) for channel in channels],
            chosen=chosen if chosen in channels else "",
            name_of=channel_name,
            readers=readers,
            shown=SHOWN,
            plain=plain,
            mailless=not current_app.extensions["settings"].smtp_url,
        )

    @expose("/retry", methods=["POST"])
    def retry(self) -> Response:
        """Let one be tried again from the start, all of a channel, or all."""
        chosen = request.form.get("channel", "")
        notice_id = (natural(request.form["notice"]) or 0) if "notice" in request.form else None
        count = outbox.revive(db.session, notice_id, chosen or None)
        told: dict[str, Any] = {"notice": notice_id, "channel": chosen or None, "count": count}
        history.summarise(db.session, "notice", "retry", told)
        db.session.commit()
        words = ngettext("%(num)s notice will be tried again.", "%(num)s notices will be tried again.", count)
        flash(words, "success" if count else "info")
        return redirect(url_for("UndeliveredPage.list", channel=chosen or None), 303)


def _outbox(channels: Any, state: NoticeState) -> list[Notice]:
    """The newest, not more than a page holds."""
    found = select(Notice).where(Notice.channel.in_(channels), Notice.state == state)
    return [*db.session.scalars(found.order_by(Notice.id.desc()).limit(SHOWN))]
