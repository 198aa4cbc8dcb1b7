"""One's own API tokens: made, shown once, ended."""

from datetime import UTC, datetime
from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_appbuilder import BaseView, expose
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel.history import summarise
from app.kernel.identity import tokens
from app.kernel.identity.narrowing import SCOPES
from app.panel.identity.account import mine
from app.panel.labels import said, translated
from app.panel.texts import plain
from app.schema.errors import NotFound, Refusal


class TokensPage(BaseView):
    """Keys for programs that call the API as oneself."""

    route_base = "/account/tokens"
    default_view = "list"

    @expose("/")
    def list(self) -> str:
        """Those that still work."""
        return self._page()

    @expose("/", methods=["POST"])
    def make(self) -> str | tuple[str, int]:
        """A new one, shown this once."""
        here, name = mine(), request.form.get("name", "")
        may, records, days = request.form.getlist("may"), request.form.getlist("records"), request.form.get("days", "")
        lives = int(days) if days.isascii() and days.isdigit() else 0
        made: dict[str, Any] = {"may": may, "records": records, "days": lives}
        try:
            fresh = tokens.make(db.session, here.user_id, name, now=datetime.now(UTC), **made)
        except Refusal as refusal:
            db.session.rollback()
            return self._page(problem=said(refusal), name=name), 422
        summarise(db.session, "ab_user", "token", {"added": name.strip()[:80], **made})
        db.session.commit()
        return self._page(fresh=fresh)

    @expose("/<int:key>/end", methods=["POST"])
    def end(self, key: int) -> Response:
        """End one of one's own."""
        if not tokens.end(db.session, mine().user_id, key, datetime.now(UTC)):
            raise NotFound("There is no such token of yours.")
        summarise(db.session, "ab_user", "token", {"ended": key})
        db.session.commit()
        flash(_("The token is ended."), "success")
        return redirect(url_for("TokensPage.list"), 303)

    @staticmethod
    def _page(*, fresh: str = "", problem: str = "", name: str = "") -> str:
        found = tokens.of(db.session, mine().user_id, datetime.now(UTC))
        return render_template(
            "panel/account/tokens.html",
            tokens=found,
            fresh=fresh,
            problem=problem,
            name=name,
            days=tokens.DAYS,
            scopes=SCOPES,
            areas=tokens.choices(),
            translated=translated,
            plain=plain,
        )
