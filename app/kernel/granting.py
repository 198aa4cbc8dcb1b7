"""Changing what a role may do: what it would come to for people, the change itself, and taking it back.

A change is one entry of the history, which holds all that taking it back needs: what was given and taken, the scopes
before and after, and a digest of the role's rights on both sides.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from flask_appbuilder.security.sqla.models import (
    Permission,
    PermissionView,
    Role,
    User,
    ViewMenu,
    assoc_permissionview_role,
    assoc_user_role,
)
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.kernel.access import widened
from app.kernel.history import summarise
from app.kernel.permissions import give, grantable, permission_ids, person_name, raise_epoch
from app.kernel.rights import PREFIX, Right, Rights, rights_of, together
from app.kernel.tables import AuditEntry, RoleScope
from app.schema.errors import Conflict, NotFound, Refusal
from app.schema.registry import registry
from app.schema.roles import Scope

ROLES = "ab_role"
"""What the history calls the roles."""
ADMINISTERING: Right = ("open", "page:people")
LOCKED_OUT = "Nobody who may sign in would be left to administer people and roles. Give that to somebody first."
MOVED_ON = "Somebody changed this role meanwhile. Look at it again, then repeat your change."
CHANGED_SINCE = (
    "This role was changed again since, so that change cannot be taken back any more. Change the role itself."
)


@dataclass(frozen=True)
class Change:
    """What becomes of a role: rights given and taken; scopes as record, verb, before, after (None: not its own)."""

    given: tuple[Right, ...] = ()
    taken: tuple[Right, ...] = ()
    scopes: tuple[tuple[str, str, Scope | None, Scope | None], ...] = ()

    @classmethod
    def between(cls, before: Rights, after: Rights) -> "Change":
        """What leads from one state of a role to another."""
        moved = [
            (record, verb, before.scopes.get((record, verb)), after.scopes.get((record, verb)))
            for record, verb in sorted({*before.scopes, *after.scopes})
        ]
        return cls(
            tuple(sorted(after.grants - before.grants)),
            tuple(sorted(before.grants - after.grants)),
            tuple(each for each in moved if each[2] != each[3]),
        )

    def __bool__(self) -> bool:
        """Whether anything changes at all."""
        return bool(self.given or self.taken or self.scopes)

    def applied(self, rights: Rights) -> Rights:
        """The rights of the role afterwards."""
        scopes = dict(rights.scopes)
        for record, verb, _before, after in self.scopes:
            if after is None:
                scopes.pop((record, verb), None)
            else:
                scopes[record, verb] = after
        return Rights((rights.grants | {*self.given}) - {*self.taken}, scopes)

    @property
    def reversed(self) -> "Change":
        """What takes it back."""
        scopes = tuple((record, verb, after, before) for record, verb, before, after in self.scopes)
        return Change(self.taken, self.given, scopes)

    @classmethod
    def told(cls, kept: Mapping[str, Any]) -> "Change":
        """The change an entry of the history tells of."""

        def scope(name: str | None) -> Scope | None:
            return None if name is None else Scope[name]

        return cls(
            tuple((verb, record) for verb, record in kept["given"]),
            tuple((verb, record) for verb, record in kept["taken"]),
            tuple((record, verb, scope(before), scope(after)) for record, verb, before, after in kept["scopes"]),
        )

    @property
    def told_by(self) -> dict[str, Any]:
        """As the history keeps it."""
        scopes = [
            [record, verb, before and before.name, after and after.name] for record, verb, before, after in self.scopes
        ]
        return {"given": [*map(list, self.given)], "taken": [*map(list, self.taken)], "scopes": scopes}


@dataclass(frozen=True)
class Effect:
    """What people alike in their roles gain and lose, each right with its reach afterwards."""

    people: tuple[tuple[int, str], ...]
    gains: tuple[tuple[Right, Scope], ...]
    loses: tuple[tuple[Right, Scope], ...]


@dataclass(frozen=True)
class Outlook:
    """What a change of a role would come to.

    `unmoved` have the role and gain or lose nothing. `nobody` are rights that no active person would have any more,
    `alone` the steps that four eyes would keep from everybody, as record, earlier step and step.
    """

    change: Change
    effects: tuple[Effect, ...]
    unmoved: tuple[tuple[int, str], ...]
    nobody: tuple[Right, ...]
    alone: tuple[tuple[str, str, str], ...]
    locks_out: bool


def outlook(session: Session, role: Role, change: Change) -> Outlook:
    """What a change would come to for everybody who may sign in; five statements, however many they are."""
    members: dict[int, set[int]] = {}
    names: dict[int, str] = {}
    held = select(User.id, User.first_name, User.last_name, assoc_user_role.c.role_id).join(
        assoc_user_role, assoc_user_role.c.user_id == User.id
    )
    for row in session.execute(held.where(User.active.is_(True)).order_by(User.id)):
        members.setdefault(row.id, set()).add(row.role_id)
        names[row.id] = person_name(row.first_name, row.last_name)
    sets = {user_id: frozenset(roles) for user_id, roles in members.items()}
    rights = rights_of(session, session.scalars(select(Role.id)))
    ahead = {**rights, role.id: change.applied(rights[role.id])}
    before = {each: together(rights[id_] for id_ in each) for each in {*sets.values()}}
    after = {each: together(ahead[id_] for id_ in each) for each in before}
    told: dict[tuple[Any, Any], list[tuple[int, str]]] = {}
    for user_id, roles in sets.items():
        if role.id in roles:
            told.setdefault(_moved(before[roles], after[roles]), []).append((user_id, names[user_id]))
    unmoved = told.pop(((), ()), [])
    left = _holders(sets, after)
    had = _holders(sets, before)
    return Outlook(
        change,
        tuple(Effect(tuple(people), *moved) for moved, people in told.items()),
        tuple(unmoved),
        tuple(right for right in change.taken if right in had and right not in left and right != ADMINISTERING),
        tuple(each for each in _four_eyes({record for _verb, record in change.taken}, had, left)),
        ADMINISTERING not in left,
    )


def _reach(right: Right, reach: Mapping[Right, Scope]) -> Scope:
    """A reach as it counts: everything where the record is shared, and where there are no rows."""
    scope, record = reach.get(right, Scope.NONE), registry.get(right[1])
    if record is None:
        return Scope.ALL if scope else Scope.NONE
    return widened(record, scope)


def _moved(before: Mapping[Right, Scope], after: Mapping[Right, Scope]) -> tuple[Any, Any]:
    pairs = [(right, _reach(right, before), _reach(right, after)) for right in sorted({*before, *after})]
    gains = tuple((right, now) for right, was, now in pairs if now > was)
    return gains, tuple((right, now) for right, was, now in pairs if now < was)


def _holders(sets: Mapping[int, frozenset[int]], reach: Mapping[frozenset[int], Mapping[Right, Scope]]) -> Any:
    found: dict[Right, set[int]] = {}
    for user_id, roles in sets.items():
        for right in reach[roles]:
            found.setdefault(right, set()).add(user_id)
    return found


def _four_eyes(
    records: Iterable[str], had: Mapping[Right, set[int]], left: Mapping[Right, set[int]]
) -> Iterable[tuple[str, str, str]]:
    """The steps that could be taken by somebody else than an earlier one, and then could not: one person has both."""

    def holding(holders: Mapping[Right, set[int]], name: str, step: str) -> set[int]:
        link, _, own = step.rpartition(".")
        name = str(registry[name].__table__.columns[f"{link}_id"].info["ref"]) if link else name
        return holders.get(("add" if own == "add" else f"step:{own}", name), set())

    for name in sorted(records):
        workflow = record.workflow if (record := registry.get(name)) is not None else None
        for step in workflow.steps if workflow is not None else ():
            for earlier in step.not_by:
                was, now = (
                    (holding(holders, name, earlier), holding(holders, name, step.name)) for holders in (had, left)
                )
                if all(was) and len(was[0] | was[1]) > 1 and all(now) and len(now[0] | now[1]) == 1:
                    yield name, earlier, step.name


def administrators(session: Session) -> set[int]:
    """The active users who may administer people and roles."""
    opens = PermissionView.permission.has(Permission.name == PREFIX + ADMINISTERING[0])
    there = PermissionView.view_menu.has(ViewMenu.name == ADMINISTERING[1])
    held = User.roles.any(Role.permissions.any(opens & there))
    return set(session.scalars(select(User.id).where(User.active.is_(True), held)))


def keep_administrators(session: Session) -> None:
    """Raise `Refusal` when what was just written leaves nobody who may administer people and roles."""
    session.flush()
    raise_epoch(session)  # whoever else takes rights away at this moment waits here, and then sees this change
    if not administrators(session):
        raise Refusal(LOCKED_OUT)


def change_role(session: Session, role: Role, change: Change, seal: str, *, reverts: int | None = None) -> Change:
    """Give and take rights of a role and set its scopes: one entry in the history; obeyed at once by every process.

    `seal` is that of the rights the change was made of. Returns what changed in fact. Raises `Conflict` when the role
    was changed meanwhile, `Refusal` for a right that does not exist and when nobody would be left to administer.
    """
    raise_epoch(session)  # one at a time
    before = rights_of(session, [role.id])[role.id]
    if before.seal != seal:
        raise Conflict(MOVED_ON)
    if reverts is None and {*change.given} - grantable():
        raise Refusal("There is no such right.")
    after = change.applied(before)
    change = Change.between(before, after)
    if not change:
        return change
    ids = permission_ids(session, {*change.given, *change.taken})
    if change.given:
        give(session, [(ids[right], role.id) for right in change.given])
    table = assoc_permissionview_role.c
    taken = table.permission_view_id.in_([ids[right] for right in change.taken])
    session.execute(delete(assoc_permissionview_role).where(table.role_id == role.id, taken))
    for record, verb, _was, scope in change.scopes:
        row = session.get(RoleScope, (role.id, record, verb), populate_existing=True)
        if scope is None:
            session.delete(row)
        elif row is None:
            session.add(RoleScope(role_id=role.id, record=record, verb=verb, scope=int(scope)))
        else:
            row.scope = int(scope)
    keep_administrators(session)
    told = {"role": role.name, **change.told_by, "before": before.seal, "after": after.seal}
    summarise(session, ROLES, "edit" if reverts is None else "revert", told, row_id=role.id, reverts=reverts)
    return change


def changes_of(session: Session, role: Role, limit: int = 5) -> list[AuditEntry]:
    """The newest changes of a role."""
    mine = (AuditEntry.record == ROLES, AuditEntry.record_id == role.id, AuditEntry.verb.in_(("edit", "revert")))
    return list(session.scalars(select(AuditEntry).where(*mine).order_by(AuditEntry.id.desc()).limit(limit)))


def undo(session: Session, role: Role, entry_id: int) -> Change:
    """Make a role again what it was before a change. Raises `NotFound`, and `Conflict` if it was changed since."""
    entry = session.get(AuditEntry, entry_id) if 0 < entry_id < 2**31 else None
    if entry is None or (entry.record, entry.record_id) != (ROLES, role.id) or "after" not in entry.changes:
        raise NotFound("There is no such change of this role.")
    raise_epoch(session)
    if rights_of(session, [role.id])[role.id].seal != entry.changes["after"]:
        raise Conflict(CHANGED_SINCE)
    return change_role(session, role, Change.told(entry.changes).reversed, entry.changes["after"], reverts=entry.id)
