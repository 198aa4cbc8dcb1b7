"""Who may do what, as it stands in the database: Flask-AppBuilder's roles and permissions, and role scopes.

Declared defaults are given out once by `sync`; what an administrator changes afterwards is never overwritten.
Every change raises the ``access`` epoch, by which all processes notice that cached actors are stale.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from flask_appbuilder.security.sqla.models import (
    Permission,
    PermissionView,
    Role,
    User,
    ViewMenu,
    assoc_permissionview_role,
    assoc_user_role,
)
from sqlalchemy import ColumnElement, and_, delete, event, inspect, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, UOWTransaction

from app.kernel import tailoring
from app.kernel.access import field_verb, widened
from app.kernel.actor import Actor, on_behalf
from app.kernel.brand import SETTINGS as BRAND
from app.kernel.brand import brand_of, kept_brand
from app.kernel.clock import house_day
from app.kernel.currency import HOUSE_CURRENCY
from app.kernel.deputies import represented
from app.kernel.guard import GuardedSession
from app.kernel.history import summarise
from app.kernel.identity.passwords import hashed
from app.kernel.rights import PREFIX, rights_of, together
from app.kernel.settings import kept_value, understood
from app.kernel.tables import Epoch, GrantedDefault, RoleScope, SettingValue
from app.schema import tailored
from app.schema.grants import VERBS
from app.schema.record import Line, Record, lines_of, rules_of
from app.schema.registry import registry
from app.schema.roles import Role as Declared
from app.schema.roles import Scope
from app.schema.rows import Branch


def declared_grants() -> Iterable[tuple[str, str, str]]:
    """Every (role, verb, record) the model files declare; steps as ``step:<name>``."""
    for record in registry:
        if issubclass(record, Line):
            continue
        name = str(record.__tablename__)
        yield from ((str(role), verb, name) for verb, role in record.grants)
        yield from ((str(role), each.verb, name) for each in field_grants(record) for role in each.roles)
        for step in record.workflow.steps if record.workflow else ():
            yield from ((str(role), verb, name) for verb, roles in step.permissions() for role in roles)
    for profile in registry.profiles:
        yield from ((str(role), "import", f"profile:{profile.name}") for role in profile.by)
    for page, roles in PAGES.items():
        yield from ((str(role), "open", page) for role in roles)


class FieldGrant(NamedTuple):
    """A permission on a single field of a record or of a part of it, and the roles that have it at first."""

    verb: str
    record: type[Record]
    field: str
    roles: tuple[Declared, ...]


def field_grants(record: type[Record]) -> Iterator[FieldGrant]:
    """The permissions on single fields of a record and its parts."""
    for part in (record, *lines_of(record)):
        for rule in rules_of(part).values():
            for verb, roles in (("read", rule.read), ("edit", rule.write)):
                if roles is not None:
                    yield FieldGrant(field_verb(part, verb, rule.field), part, rule.field, roles)


def verbs_of(record: type[Record]) -> tuple[str, ...]:
    """The verbs that mean something for a record: revealing only where it or a part of it has private fields."""
    columns = (c for part in (record, *lines_of(record)) for c in part.__table__.columns)
    private = any(c.info["kind"].private for c in columns if "kind" in c.info)
    return tuple(verb for verb in VERBS if verb != "reveal" or private)


CARRIED = {HOUSE_CURRENCY.name, *(each.name for each in BRAND)}
"""Settings that actors carry, so that no page asks for them anew."""
PAGES: dict[str, tuple[Declared, ...]] = {
    "page:jobs": (Declared.OPERATIONS, Declared.MANAGER, Declared.ADMIN),
    "page:undelivered": (Declared.OPERATIONS, Declared.MANAGER, Declared.ADMIN),
    "page:people": (Declared.ADMIN,),
    "page:impersonate": (Declared.ADMIN,),
    "page:impersonate_write": (),
    "page:settings": (Declared.MANAGER, Declared.ADMIN),
    "page:tailoring": (Declared.ADMIN,),
    "page:demonstration": (Declared.ADMIN,),
    "page:webhooks": (Declared.MANAGER, Declared.ADMIN),
    "page:imports": (Declared.MANAGER, Declared.OPERATIONS),
    "page:reports": (Declared.SUPERVISOR, Declared.MANAGER, Declared.INSPECTOR, Declared.ADMIN),
    "page:leaving": (Declared.SUPERVISOR, Declared.MANAGER, Declared.ADMIN),
    "page:share_views_team": (Declared.SUPERVISOR, Declared.MANAGER, Declared.ADMIN),
    "page:share_views_all": (Declared.MANAGER, Declared.ADMIN),
    "page:desk": (Declared.RENEWAL, Declared.SUPERVISOR, Declared.MANAGER),
    "page:claim_desk": (Declared.CLAIMS, Declared.SUPERVISOR, Declared.MANAGER),
    "page:approvals": (
        Declared.CLAIMS,
        Declared.SUPERVISOR,
        Declared.MANAGER,
        Declared.FINANCE,
        Declared.UNDERWRITER,
        Declared.INSPECTOR,
    ),
}
"""Pages drawn by hand and who opens them at first; the verb is ``open``."""


def sync(session: Session) -> dict[str, int]:
    """Bring roles and permissions up to the declarations, without undoing what administrators did.

    Run after each migration, by the system. Returns counts of what was added.
    """
    tailored.put_in_force(tailored.Tailored())  # the declarations alone count here
    roles = {role.name: role for role in session.scalars(select(Role))}
    for declared in Declared:
        if declared.value not in roles:
            roles[declared.value] = Role(name=declared.value)
            session.add(roles[declared.value])
    session.flush()
    scoped = {(s.role_id, s.record, s.verb) for s in session.scalars(select(RoleScope))}
    wanted = {(d.value, "", ""): d.scope for d in Declared}
    wanted |= {
        (str(role), str(record.__tablename__), verb): scope
        for record in registry
        if not issubclass(record, Line)
        for role, verb, scope in record.grants.reaches()
    }
    session.add_all(
        RoleScope(role_id=roles[name].id, record=record, verb=verb, scope=int(scope))
        for (name, record, verb), scope in wanted.items()
        if (roles[name].id, record, verb) not in scoped
    )
    given = {(g.role, g.verb, g.record) for g in session.scalars(select(GrantedDefault))}
    fresh = [grant_ for grant_ in dict.fromkeys(declared_grants()) if grant_ not in given]
    if fresh:
        known = permission_ids(session, {(verb, record) for _role, verb, record in fresh})
        give(session, [(known[verb, record], roles[role].id) for role, verb, record in fresh])
        session.add_all(GrantedDefault(role=role, verb=verb, record=record) for role, verb, record in fresh)
        session.flush()
        raise_epoch(session)
    return {"granted": len(fresh)}


def permission_ids(session: Session, wanted: set[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """The ids of the permissions of verbs on records; those missing are made, all in a few statements."""
    asked = select(Permission.name, ViewMenu.name, PermissionView.id).select_from(PermissionView)
    asked = asked.join(PermissionView.permission).join(PermissionView.view_menu)
    known = {(name.removeprefix(PREFIX), record): id_ for name, record, id_ in session.execute(asked)}
    names = {each.name: each for each in session.scalars(select(Permission))}
    records = {each.name: each for each in session.scalars(select(ViewMenu))}
    missing = {
        (verb, record): PermissionView(
            permission=names.setdefault(PREFIX + verb, Permission(name=PREFIX + verb)),
            view_menu=records.setdefault(record, ViewMenu(name=record)),
        )
        for verb, record in sorted(wanted - known.keys())
    }
    session.add_all(missing.values())
    session.flush()
    return known | {pair: made.id for pair, made in missing.items()}


def give(session: Session, pairs: list[tuple[int, int]]) -> None:
    """Let roles have permissions, as pairs of (permission's id, role's id); what a role has it keeps."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    rows = [{"permission_view_id": permission_id, "role_id": role_id} for permission_id, role_id in pairs]
    session.execute(insert(assoc_permissionview_role).on_conflict_do_nothing(), rows)


def _permission(session: Session, verb: str, record: str) -> int:
    return permission_ids(session, {(verb, record)})[verb, record]


def grant(session: Session, role: Role, verb: str, record: str) -> None:
    """Let a role do a verb on a record."""
    give(session, [(_permission(session, verb, record), role.id)])
    raise_epoch(session)


def revoke(session: Session, role: Role, verb: str, record: str) -> None:
    """Take a verb on a record from a role; obeyed at once by every process."""
    table = assoc_permissionview_role.c
    wanted = _permission(session, verb, record)
    session.execute(
        delete(assoc_permissionview_role).where(table.permission_view_id == wanted, table.role_id == role.id)
    )
    raise_epoch(session)


def raise_epoch(session: Session, name: str = "access") -> None:
    """Make every process forget what it cached about `name`."""
    raised = session.connection().execute(
        update(Epoch).where(Epoch.name == name).values(value=Epoch.__table__.c.value + 1)
    )
    if raised.rowcount == 0:
        session.connection().execute(Epoch.__table__.insert().values(name=name, value=1))


@event.listens_for(GuardedSession, "after_flush")
def _notice_changes(session: Session, context: UOWTransaction) -> None:
    """Who belongs where, who is active and who has which role decide access: changes raise the epoch.

    So do the settings that actors carry.
    """
    watched = {
        "person": ("unit_id", "user_id", "state", "time_zone"),
        "unit": ("parent_id",),
        "absence": ("person_id", "deputy_id", "starts_on", "ends_on", "state"),
    }
    for row in session.new | session.dirty | session.deleted:
        if isinstance(row, SettingValue) and row.name in CARRIED:
            raise_epoch(session)
            return
        fields = ("active", "roles") if isinstance(row, User) else watched.get(getattr(row, "__tablename__", ""), ())
        state = inspect(row)
        if fields and (row in session.deleted or any(state.attrs[f].history.has_changes() for f in fields)):
            raise_epoch(session)
            return


class Actors:
    """Loads actors and keeps them until the access epoch or the day moves: leave ends with it. One per application."""

    def __init__(self) -> None:
        self._kept: dict[int, tuple[tuple[int, date], Actor]] = {}

    def forget(self) -> None:
        """Read every actor anew."""
        self._kept.clear()

    def of(self, session: Session, user_id: int, source: str = "web", at: datetime | None = None) -> Actor | None:
        """The actor of a user `at` a moment (now); None if there is no such active user. One query when unchanged."""
        value = select(Epoch.value).where(Epoch.name == "access").scalar_subquery()
        epoch = session.execute(select(User.active, value.label("value")).where(User.id == user_id)).one_or_none()
        if epoch is None or not epoch.active:
            return None
        return self.at(session, user_id, epoch.value, source, at)

    def at(
        self, session: Session, user_id: int, epoch: int, source: str = "web", moment: datetime | None = None
    ) -> Actor:
        """The actor of an active user, where the access `epoch` was read already. No query when nothing has changed."""
        moment = moment or datetime.now(UTC)
        tailoring.keep_up(session, epoch)
        kept, stands = self._kept.get(user_id), (epoch, house_day(moment))
        if kept is None or kept[0] != stands:
            if len(self._kept) > 2000:
                self._kept.clear()
            kept = self._kept[user_id] = (stands, load_actor(session, user_id, at=moment))
        return kept[1] if source == "web" else replace(kept[1], source=source)


def load_actor(
    session: Session, user_id: int, source: str = "web", at: datetime | None = None, *, deputising: bool = True
) -> Actor:
    """Read a person's roles, units, grants and absent colleagues from the database, as of `at` (now).

    Without `deputising` the colleagues are left out: whom an absent person represents, the deputy does not.
    """
    currency = kept_value(HOUSE_CURRENCY).label("currency")
    named = select(User.first_name, User.last_name, currency, *kept_brand())
    user = session.execute(named.where(User.id == user_id)).one()
    rows = session.execute(
        select(Role.id, Role.name)
        .join(assoc_user_role, assoc_user_role.c.role_id == Role.id)
        .where(assoc_user_role.c.user_id == user_id)
    ).all()
    reach = together(rights_of(session, [row.id for row in rows]).values())
    person = registry["person"].__table__.c
    with on_behalf("access"):  # a second file in the name of a user keeps nobody out: the first one counts
        files = select(person.unit_id, person.time_zone).where(person.user_id == user_id).order_by(person.id)
        own = session.execute(files.limit(1)).one_or_none()
    unit_id, zone = own if own is not None else (None, None)
    below, branch, above = _units(session, unit_id)
    at = at or datetime.now(UTC)
    stood_in_for = represented(session, user_id, house_day(at)) if deputising else {}
    return Actor(
        name=person_name(user.first_name, user.last_name),
        user_id=user_id,
        roles=frozenset(row.name for row in rows),
        unit_id=unit_id,
        unit_ids=below,
        branch_ids=branch,
        above_ids=above,
        reach=reach,
        represented=stood_in_for,
        absent=tuple(load_actor(session, each, source, at, deputising=False) for each in stood_in_for),
        source=source,
        zone=zone or "",
        currency=understood(HOUSE_CURRENCY, user.currency) or "",
        brand=brand_of(user),
    )


def add_user(
    session: Session, username: str, first: str, last: str, email: str, roles: Iterable[str], password: str
) -> User:
    """A new active user with these roles (by name); the password is kept as a salted hash."""
    held = list(session.scalars(select(Role).where(Role.name.in_(list(roles)))))
    user = User(username=username, first_name=first, last_name=last, email=email, active=True, roles=held)
    user.password = hashed(password)
    session.add(user)
    session.flush()
    return user


def person_name(first: str | None, last: str | None) -> str:
    """First name and last name; Chinese names family first, without a space."""
    first, last = (first or "").strip(), (last or "").strip()
    if any("\u4e00" <= letter <= "\u9fff" for letter in first + last):
        return last + first
    return f"{first} {last}".strip()


def users_named(session: Session, usernames: Iterable[str]) -> dict[str, tuple[int, str]]:
    """The active users of these user names: id and name."""
    named = select(User.id, User.username, User.first_name, User.last_name)
    found = session.execute(named.where(User.username.in_(list(usernames)), User.active.is_(True)))
    return {row.username: (row.id, person_name(row.first_name, row.last_name)) for row in found}


def called(session: Session, user_ids: Iterable[int]) -> dict[int, str]:
    """The names of some users, by id."""
    named = select(User.id, User.first_name, User.last_name).where(User.id.in_(list(user_ids)))
    return {row.id: person_name(row.first_name, row.last_name) for row in session.execute(named)}


def holders(session: Session, role: str) -> set[int]:
    """The active users who hold a role."""
    held = select(User.id).join(User.roles).where(Role.name == str(role), User.active.is_(True))
    return set(session.scalars(held))


def active(session: Session, user_ids: Iterable[int | None]) -> set[int]:
    """Those of some users who may sign in."""
    return set(session.scalars(select(User.id).where(User.id.in_(set(user_ids) - {None}), User.active.is_(True))))


def nearest_holders(session: Session, role: str, unit_id: int | None) -> set[int]:
    """The active holders of a role in that unit, or in the first unit above where there is one; else all holders."""
    everybody = holders(session, role)
    connection = session.connection()
    person, unit = registry["person"].__table__.c, registry["unit"].__table__.c
    home = connection.execute(select(person.user_id, person.unit_id).where(person.user_id.in_(everybody))).all()
    parents = {row.id: row.parent_id for row in connection.execute(select(unit.id, unit.parent_id))}
    seen: set[int] = set()
    while unit_id is not None and unit_id not in seen:
        if found := {row.user_id for row in home if row.unit_id == unit_id}:
            return found
        seen.add(unit_id)
        unit_id = parents.get(unit_id)
    return everybody


def _units(session: Session, unit_id: int | None) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """A unit and all below it, all of its branch (the ancestor just below the root), and the unit and all above it."""
    if unit_id is None:
        return (), (), ()
    unit = registry["unit"].__table__.c
    with on_behalf("access"):
        parents: dict[int, Any] = {row.id: row.parent_id for row in session.execute(select(unit.id, unit.parent_id))}
    children: dict[int, list[int]] = {}
    for child, parent in parents.items():
        children.setdefault(parent, []).append(child)

    def below(root: int) -> tuple[int, ...]:
        found, queue = {root}, [root]
        while queue:
            queue = [c for q in queue for c in children.get(q, ()) if c not in found]
            found.update(queue)
        return tuple(sorted(found))

    branch, seen = unit_id, {unit_id}
    while parents.get(branch) and parents.get(parents[branch]) and parents[branch] not in seen:
        branch = parents[branch]
        seen.add(branch)
    above = [unit_id]
    while (parent := parents.get(above[-1])) and parent not in above:
        above.append(parent)
    return below(unit_id), below(branch), tuple(above)


def readers(record: type[Record]) -> ColumnElement[bool]:
    """A condition on users: who may read the record, if not every row of it."""
    reads = PermissionView.permission.has(Permission.name == f"{PREFIX}read") & PermissionView.view_menu.has(
        ViewMenu.name == str(record.__tablename__)
    )
    return User.roles.any(Role.permissions.any(reads))


def candidates(record: type[Record], actor: Actor) -> list[ColumnElement[bool]]:
    """Conditions on users to whom the actor may hand a row: who may read the record, within the actor's reach."""
    name = str(record.__tablename__)
    found = [readers(record)]
    if widened(record, actor.scope("edit", name)) < Scope.ALL:
        person = registry["person"]
        units = actor.branch_ids if issubclass(record, Branch) else actor.unit_ids
        inside = select(person.user_id).where(person.unit_id.in_(units))
        found.append(User.id.in_(inside))
    return [and_(*found)]


def eligible(session: Session, record: type[Record], actor: Actor, user_ids: Iterable[int]) -> set[int]:
    """Those of some users to whom the actor may hand rows of a record: active candidates, and the actor."""
    wanted = set(user_ids)
    found = select(User.id).where(User.id.in_(wanted), User.active.is_(True), *candidates(record, actor))
    return set(session.scalars(found)) | {each for each in wanted if each == actor.user_id}


def set_scope(session: Session, role: Role, record: str, scope: Scope | None, verb: str = "") -> None:
    """How far a role reaches, in general (`record` empty) or on one record, with all verbs or one; None forgets it."""
    row = session.get(RoleScope, (role.id, record, verb))
    before = None if row is None else Scope(row.scope)
    if before == scope:
        return
    if scope is None:
        session.delete(row)
    elif row is None:
        session.add(RoleScope(role_id=role.id, record=record, verb=verb, scope=int(scope)))
    else:
        row.scope = int(scope)
    change = [None if before is None else before.name, None if scope is None else scope.name]
    what = {"role": role.name, "record": record, "scope": change} | ({"verb": verb} if verb else {})
    summarise(session, "ab_role", "edit", what)
    raise_epoch(session)


def grantable() -> set[tuple[str, str]]:
    """Every (verb, record) that means something: verbs and steps of records, loading of profiles, opening of pages."""
    known = {("open", page) for page in PAGES} | {("import", f"profile:{p.name}") for p in registry.profiles}
    for record in registry:
        if not issubclass(record, Line):
            name = str(record.__tablename__)
            known |= {(verb, name) for verb in (*verbs_of(record), *(each.verb for each in field_grants(record)))}
            steps = record.workflow.steps if record.workflow else ()
            known |= {(verb, name) for step in steps for verb, _roles in step.permissions()}
    return known
