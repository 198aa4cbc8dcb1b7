"""Extensions, unbound; `app.factory` binds them to an application."""

from flask_appbuilder.models.sqla.base import SQLA
from flask_compress import Compress
from flask_migrate import Migrate
from flask_sqlalchemy.session import Session as FlaskSession
from flask_wtf import CSRFProtect

from app.kernel.guard import GuardedSession


class WebSession(GuardedSession, FlaskSession):
    """The guarded session, bound as Flask-SQLAlchemy binds."""


db = SQLA(session_options={"class_": WebSession})
migrate = Migrate()
csrf = CSRFProtect()
compress = Compress()
