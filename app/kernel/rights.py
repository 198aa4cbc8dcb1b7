"""The rights of roles as they stand: what each is granted and how far, and what they come to for who holds several.

`app.kernel.permissions` makes actors of it, `app.kernel.granting` changes it.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from flask_appbuilder.security.sqla.models import Permission, PermissionView, Role, ViewMenu, assoc_permissionview_role
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.tables import RoleScope
from app.schema.roles import Scope

PREFIX = "can_"
Right = tuple[str, str]
"""A verb on a record: ``("read", "claim")``, ``("step:pay", "claim")``, ``("open", "page:jobs")``."""


@dataclass(frozen=True)
class Rights:
    """What one role is granted, and its scopes by (record, verb), of which either may be empty for all."""

    grants: frozenset[Right] = frozenset()
    scopes: Mapping[tuple[str, str], Scope] = field(default_factory=dict, hash=False)

    def scope(self, right: Right) -> Scope:
        """How far the role's right goes; NONE where it is not granted."""
        if right not in self.grants:
            return Scope.NONE
        verb, record = right
        # Reading or writing a single field reaches as far as the role reads or edits the record.
        base = verb.partition(":")[0] if verb.startswith(("read:", "edit:")) else verb
        asked = ((record, base), (record, ""), ("", base), ("", ""))
        return next((self.scopes[each] for each in asked if each in self.scopes), Scope.OWN)

    @property
    def seal(self) -> str:
        """A digest of all of it, by which it is known whether anything changed."""
        scopes = sorted((record, verb, int(scope)) for (record, verb), scope in self.scopes.items())
        return sha256(json.dumps([sorted(self.grants), scopes]).encode()).hexdigest()


def rights_of(session: Session, role_ids: Iterable[int]) -> dict[int, Rights]:
    """The rights of some roles by id, in two statements."""
    ids = list(role_ids)
    scopes: dict[int, dict[tuple[str, str], Scope]] = {id_: {} for id_ in ids}
    kept = select(RoleScope.role_id, RoleScope.record, RoleScope.verb, RoleScope.scope)
    for id_, record, verb, scope in session.execute(kept.where(RoleScope.role_id.in_(ids))):
        scopes[id_][record, verb] = Scope(scope)
    grants: dict[int, set[Right]] = {id_: set() for id_ in ids}
    held = (
        select(assoc_permissionview_role.c.role_id, Permission.name, ViewMenu.name)
        .join(PermissionView, PermissionView.id == assoc_permissionview_role.c.permission_view_id)
        .join(Permission, Permission.id == PermissionView.permission_id)
        .join(ViewMenu, ViewMenu.id == PermissionView.view_menu_id)
        .where(assoc_permissionview_role.c.role_id.in_(ids))
    )
    for id_, name, record in session.execute(held):
        grants[id_].add((name.removeprefix(PREFIX), record))
    return {id_: Rights(frozenset(grants[id_]), scopes[id_]) for id_ in ids}


def roles_named(session: Session) -> dict[str, Rights]:
    """The rights of every role by its name."""
    names = {row.id: row.name for row in session.execute(select(Role.id, Role.name))}
    return {names[id_]: rights for id_, rights in rights_of(session, names).items()}


def together(held: Iterable[Rights]) -> dict[Right, Scope]:
    """What several roles come to: of each right the widest reach."""
    reach: dict[Right, Scope] = {}
    for rights in held:
        for right in rights.grants:
            reach[right] = max(rights.scope(right), reach.get(right, Scope.NONE))
    return reach
