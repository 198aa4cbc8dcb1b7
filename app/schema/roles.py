"""Roles the department starts with, and how far a role sees.

Administrators add roles and change what each may do at run time; these are the declared beginnings.
"""

from enum import IntEnum, StrEnum


class Scope(IntEnum):
    """How far a grant reaches, ordered from narrow to wide."""

    NONE = 0
    OWN = 1
    TEAM = 2
    ALL = 3


class Role(StrEnum):
    """The eleven roles of the department (domain notes, "Who uses it")."""

    SALES = "sales"
    SERVICE = "service"
    CLAIMS = "claims"
    OPERATIONS = "operations"
    RENEWAL = "renewal"
    UNDERWRITER = "underwriter"
    FINANCE = "finance"
    INSPECTOR = "inspector"
    SUPERVISOR = "supervisor"
    MANAGER = "manager"
    ADMIN = "admin"

    @property
    def scope(self) -> Scope:
        """The reach this role has until an administrator says otherwise."""
        return _SCOPES.get(self, Scope.OWN)


_SCOPES = {
    Role.SUPERVISOR: Scope.TEAM,
    Role.UNDERWRITER: Scope.ALL,
    Role.FINANCE: Scope.ALL,
    Role.INSPECTOR: Scope.ALL,
    Role.MANAGER: Scope.ALL,
    Role.ADMIN: Scope.ALL,
}

EVERYONE: tuple[Role, ...] = tuple(Role)
SPECIALISTS: tuple[Role, ...] = (Role.SALES, Role.SERVICE, Role.CLAIMS, Role.OPERATIONS, Role.RENEWAL)
LEADERS: tuple[Role, ...] = (Role.SUPERVISOR, Role.MANAGER)
