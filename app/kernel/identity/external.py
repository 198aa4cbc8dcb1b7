"""People who come from elsewhere: a directory or a provider says who they are and in which groups."""

from dataclasses import dataclass

from flask_appbuilder.security.sqla.models import Role, User
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from app.kernel.history import summarise
from app.kernel.identity.tables import ExternalIdentity
from app.schema.errors import Conflict


@dataclass(frozen=True)
class Newcomer:
    """A person as another house knows him or her. `subject` never changes there.

    `roles` are those of ours which the other house gives, `managed` those it decides about: others are left alone.
    """

    source: str
    subject: str
    username: str
    first_name: str
    last_name: str
    email: str
    roles: frozenset[str] = frozenset()
    managed: frozenset[str] = frozenset()


def is_external(session: Session, user_id: int, source: str) -> bool:
    """Whether a user signs in through `source`, and so by no password kept here."""
    mine = (ExternalIdentity.user_id == user_id, ExternalIdentity.source == source)
    return session.scalar(select(ExternalIdentity.id).where(*mine)) is not None


def settle(session: Session, newcomer: Newcomer) -> User | None:
    """The user behind a newcomer, made at the first sign-in and brought up to date at each; None if shut out here.

    Raises `Conflict` when the name or the e-mail address belongs to an account that was not made by this source: nobody
    takes over an account of this house by having its name elsewhere.
    """
    known = select(User).join(ExternalIdentity, ExternalIdentity.user_id == User.id)
    mine = (ExternalIdentity.source == newcomer.source, ExternalIdentity.subject == newcomer.subject[:255])
    user = session.scalars(known.where(*mine)).one_or_none()
    if user is None:
        user = _made(session, newcomer)
    elif not user.active:
        return None
    user.first_name, user.last_name = newcomer.first_name[:64], newcomer.last_name[:64]
    held = {role.name for role in user.roles}
    wanted = (held - newcomer.managed) | newcomer.roles
    if wanted != held:
        user.roles = list(session.scalars(select(Role).where(Role.name.in_(wanted))))
        summarise(session, "ab_user", "edit", {"user": user.username, "roles": sorted(wanted), "by": newcomer.source})
    session.flush()
    return user


def _made(session: Session, newcomer: Newcomer) -> User:
    email = newcomer.email or f"{newcomer.username}@{newcomer.source}.invalid"
    taken = or_(func.lower(User.username) == newcomer.username.lower(), func.lower(User.email) == email.lower())
    if session.scalars(select(User.id).where(taken)).first() is not None:
        raise Conflict("Your name or e-mail address belongs to another account here. Tell your administrator.")
    user = User(
        username=newcomer.username[:128], email=email[:320], active=True, password="", first_name="", last_name=""
    )
    session.add(user)
    session.flush()
    session.add(ExternalIdentity(user_id=user.id, source=newcomer.source, subject=newcomer.subject[:255]))
    summarise(session, "ab_user", "add", {"user": user.username, "by": newcomer.source})
    return user
