"""Webhooks: one's own subscriptions to what happens, each with an address, its events and a secret shown once."""

from datetime import UTC, datetime
from typing import Any

from flask import current_app, flash, redirect, render_template, request, url_for
from flask_appbuilder import expose
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel.access import may
from app.kernel.actor import current_actor
from app.kernel.history import summarise
from app.kernel.identity.sealing import Seal
from app.kernel.webhooks import subscriptions
from app.kernel.webhooks.tables import Webhook
from app.panel.labels import record_plural, said
from app.panel.texts import plain
from app.schema.errors import Refusal
from app.schema.registry import registry
from views.page import Page


class WebhooksPage(Page):
    """What a subscription tells is what its owner may read, so each person has his or her own."""

    route_base = "/webhooks"
    permission = "page:webhooks"

    @expose("/")
    def list(self) -> str:
        """Those there are, and the form of a new one."""
        return self._page()

    @expose("/", methods=["POST"])
    def add(self) -> str | tuple[str, int]:
        """A new one; its secret is shown this once."""
        form = _form()
        try:
            hook, secret = subscriptions.subscribe(
                db.session, _seal(), _me(), form["name"], form["url"], form["events"], private=_private()
            )
        except Refusal as refusal:
            db.session.rollback()
            return self._page(problem=said(refusal), form=form), 422
        summarise(db.session, "webhook", "add", {"name": hook.name, "url": hook.url, "events": hook.events})
        db.session.commit()
        return self._page(secret=secret)

    @expose("/<int:key>")
    def show(self, key: int) -> str:
        """The form of one."""
        hook = subscriptions.one_of_mine(db.session, _me(), key)
        return self._page(hook=hook, form=_kept(hook))

    @expose("/<int:key>", methods=["POST"])
    def change(self, key: int) -> Response | tuple[str, int]:
        """Change one."""
        hook, form = subscriptions.one_of_mine(db.session, _me(), key), _form()
        active = request.form.get("active") == "yes"
        try:
            subscriptions.change(hook, form["name"], form["url"], form["events"], active=active, private=_private())
        except Refusal as refusal:
            db.session.rollback()
            kept = subscriptions.one_of_mine(db.session, _me(), key)
            return self._page(hook=kept, problem=said(refusal), form=form | {"active": active}), 422
        told = {"webhook": key, "name": hook.name, "url": hook.url, "events": hook.events, "active": active}
        summarise(db.session, "webhook", "edit", told)
        db.session.commit()
        flash(_("Saved."), "success")
        return redirect(url_for("WebhooksPage.list"), 303)

    @expose("/<int:key>/rotate", methods=["POST"])
    def rotate(self, key: int) -> str:
        """A new secret, shown this once."""
        secret = subscriptions.rotate(subscriptions.one_of_mine(db.session, _me(), key), _seal(), datetime.now(UTC))
        summarise(db.session, "webhook", "edit", {"webhook": key, "secret": "new"})
        db.session.commit()
        return self._page(secret=secret)

    @expose("/<int:key>/remove", methods=["POST"])
    def remove(self, key: int) -> Response:
        """Take one away; what it is owed still is given up."""
        db.session.delete(subscriptions.one_of_mine(db.session, _me(), key))
        summarise(db.session, "webhook", "delete", {"webhook": key})
        db.session.commit()
        flash(_("Deleted."), "success")
        return redirect(url_for("WebhooksPage.list"), 303)

    @staticmethod
    def _page(
        *, hook: Webhook | None = None, secret: str = "", problem: str = "", form: dict[str, Any] | None = None
    ) -> str:
        readable = [name for name in subscriptions.subscribable() if may(current_actor(), "read", registry[name])]
        return render_template(
            "webhooks/list.html",
            hooks=subscriptions.mine(db.session, _me()),
            hook=hook,
            form=form or {"name": "", "url": "", "events": [], "active": True},
            records=sorted((record_plural(registry[name]), name) for name in readable),
            secret=secret,
            problem=problem,
            plain=plain,
        )


def _form() -> dict[str, Any]:
    return {"name": request.form.get("name", ""), "url": request.form.get("url", "")} | {
        "events": request.form.getlist("events"),
        "active": True,
    }


def _kept(hook: Webhook) -> dict[str, Any]:
    return {"name": hook.name, "url": hook.url, "events": hook.events.split(), "active": hook.active}


def _me() -> int:
    user_id = current_actor().user_id
    assert user_id is not None, "only people open pages"
    return user_id


def _seal() -> Seal:
    seal: Seal = current_app.extensions["seal"]
    return seal


def _private() -> bool:
    return bool(current_app.extensions["settings"].webhooks_private)
