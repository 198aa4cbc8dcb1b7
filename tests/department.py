"""The department of the tests: two branches with teams, and one sign-in for each role and more where it matters.

::

    HQ ── North ── North-1: renewal, renewal.b, sales, service, claims, operations, supervisor
       │        └─ North-2: renewal2, supervisor2
       └─ South ── South-1: renewal3

All with the password `PASSWORD`; manager, finance, underwriter, inspector and admin sit in HQ.
"""

import re
import secrets
from typing import Any

from flask.testing import FlaskClient
from flask_appbuilder.security.sqla.models import Role, User
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.security import generate_password_hash

from app.extensions import db
from app.kernel.actor import acting, system_actor
from app.kernel.identity import sessions
from app.kernel.workflow import adopt
from app.panel.identity.entering import TOKEN
from models.people import Person, Unit
from models.people.states import Employment

PASSWORD = "correct-horse-42"
_HASH = generate_password_hash(PASSWORD, "pbkdf2:sha256:1000")

UNITS = {"HQ": None, "North": "HQ", "South": "HQ", "North-1": "North", "North-2": "North", "South-1": "South"}
STAFF = {
    "renewal": ("renewal", "North-1"),
    "renewal2": ("renewal", "North-2"),
    "renewal3": ("renewal", "South-1"),
    "renewal.b": ("renewal", "North-1"),
    "sales": ("sales", "North-1"),
    "service": ("service", "North-1"),
    "claims": ("claims", "North-1"),
    "claims2": ("claims", "North-1"),
    "operations": ("operations", "North-1"),
    "supervisor": ("supervisor", "North-1"),
    "supervisor2": ("supervisor", "North-2"),
    "underwriter": ("underwriter", "HQ"),
    "finance": ("finance", "HQ"),
    "inspector": ("inspector", "HQ"),
    "manager": ("manager", "HQ"),
    "admin": ("admin", "HQ"),
}


def found(session: Session) -> None:
    """Write units, users and people; the system is acting, permissions are synchronised."""
    units: dict[str, Unit] = {}
    for code, parent in UNITS.items():
        units[code] = Unit(code=code, name=f"{code} unit", parent_id=units[parent].id if parent else None)
        session.add(units[code])
        session.flush()
    roles = {role.name: role for role in session.scalars(select(Role))}
    for number, (username, (role, unit)) in enumerate(STAFF.items(), 1):
        user = User(
            username=username,
            first_name=username.capitalize(),
            last_name="Tester",
            email=f"{username}@example.cn",
            active=True,
            password=_HASH,
            roles=[roles[role]],
        )
        session.add(user)
        session.flush()
        person = Person(
            number=f"E{number:03}",
            name=f"{username.capitalize()} Tester",
            unit_id=units[unit].id,
            user_id=user.id,
            email=user.email,
        )
        session.add(person)
        session.flush()
        adopt(session, person, Employment.ACTIVE)


def user_ids(session: Session) -> dict[str, int]:
    """User ids by user name."""
    return {row.username: row.id for row in session.execute(select(User.id, User.username))}


def csrf_of(page: str) -> str:
    """The CSRF token a page carries in ``<meta name="csrf-token" content="…">``."""
    found_ = re.search(r'name="csrf-token" content="([^"]+)"', page)
    assert found_, "the page has no csrf-token"
    return found_.group(1)


def sign_in(client: FlaskClient, username: str, password: str = PASSWORD) -> str:
    """Sign in through the sign-in page; returns the CSRF token of the session that follows."""
    token = csrf_of(client.get("/login/").text)
    form: dict[str, Any] = {"username": username, "password": password, "csrf_token": token}
    answer = client.post("/login/", data=form)
    assert answer.status_code in (302, 303), answer.text
    return csrf_of(client.get("/").text)


def enter(client: FlaskClient, username: str) -> str:
    """Begin the session that signing in leaves, without the three pages it takes; returns its CSRF token."""
    app = client.application
    with app.app_context(), acting(system_actor("tests", "cli")):
        user_id = db.session.scalars(select(User.id).where(User.username == username)).one()
        token = sessions.begin(db.session, user_id, "password", "127.0.0.1", "tests")
        db.session.commit()
        db.session.remove()
    with client.session_transaction() as kept:
        kept[TOKEN], kept["csrf_token"] = token, secrets.token_hex(20)
        return str(URLSafeTimedSerializer(app.secret_key, salt="wtf-csrf-token").dumps(kept["csrf_token"]))
