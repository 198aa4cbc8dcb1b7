"""Passkeys at the door: a whole sign-in without name or password."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from flask import Request, current_app, jsonify, request
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.sqla.models import User
from flask_babel import gettext as _
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel.identity import limits, passkeys
from app.kernel.identity.passkeys import House
from app.panel.branding import brand
from app.panel.identity.entering import enter
from app.panel.identity.guessing import told_to_wait


class PasskeyDoor(BaseView):
    """Signing in with a passkey; what it signs is asked for by script and answered by script."""

    route_base = "/login/passkey"
    default_view = "options"

    @expose("/options", methods=["POST"])
    def options(self) -> Response:
        """What the browser is told to sign with any passkey of this house."""
        asked = passkeys.request_for(db.session, house(), None, datetime.now(UTC))
        db.session.commit()
        return jsonify(asked)

    @expose("/", methods=["POST"])
    def enter(self) -> Any:
        """Take the answer; the device made sure of the person, so it counts for both factors."""
        address = limits.of_address(request.remote_addr or "")
        if wait := told_to_wait(address):
            return jsonify({"problem": wait}), 429
        key = passkeys.recognised(db.session, house(), None, answer_of(request), datetime.now(UTC))
        user = db.session.get(User, key.user_id) if key is not None else None
        if user is None or not user.active:
            db.session.commit()
            return jsonify({"problem": _("This passkey was not recognised.")}), 422
        limits.forgive(db.session, address)
        inside = enter(user, "passkey", request.args.get("next"), passed=True)
        return jsonify({"next": inside.location})


def house() -> House:
    """This house as passkeys know it: by its public address, or by the one it is asked at where none is set."""
    address = current_app.extensions["settings"].public_url or request.url_root
    parts = urlsplit(address)
    return House(parts.hostname or "localhost", f"{parts.scheme}://{parts.netloc}", brand().name)


def answer_of(request: Request) -> dict[str, Any]:
    """What a passkey answered, as the script sends it."""
    answer = request.get_json(silent=True)
    return answer if isinstance(answer, dict) else {}
