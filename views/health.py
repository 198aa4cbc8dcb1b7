"""``/healthz``: whether the panel works, for whoever watches machines. Needs no sign-in and tells no secrets."""

from typing import Any

from flask import Response, jsonify
from flask_appbuilder import BaseView, expose
from sqlalchemy.exc import SQLAlchemyError

from app.extensions import db
from app.jobs.overview import health
from app.kernel.clock import house_zone
from app.kernel.ledger import database_now


class HealthPage(BaseView):
    """Ages in seconds, and 503 when the database is away or no worker does what is owed."""

    route_base = "/healthz"

    @expose("")
    def health(self) -> tuple[Response, int]:
        """The state of database, worker, ledger and outbox as JSON."""
        found: dict[str, Any]
        try:
            found = health(db.session, house_zone(), database_now(db.session))
        except SQLAlchemyError:
            db.session.rollback()
            found = {"status": "down", "database": "down"}
        return jsonify(found), 200 if found["status"] == "ok" else 503
