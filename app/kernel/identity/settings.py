"""Limits of identity that the department may change."""

from app.schema.kinds import INTEGER, BadValue, Kind
from app.schema.roles import Role
from app.schema.settings import setting


def _roles(raw: object) -> str:
    """Names of roles, separated by commas."""
    names = [name.strip() for name in str(raw).replace("、", ",").replace("，", ",").split(",") if name.strip()]
    known = [role.value for role in Role]
    if unknown := [name for name in names if name not in known]:
        raise BadValue("%(name)s is no role; there are: %(roles)s", name=unknown[0], roles=", ".join(known))
    return ",".join(dict.fromkeys(names))


ROLES = Kind("roles", _roles, longest=200)

IDLE = setting("identity.idle_minutes", 120, INTEGER, "A session nobody uses ends after", "minutes")
LONGEST = setting("identity.session_hours", 14, INTEGER, "Any session ends after", "hours")
LOCK_AFTER = setting("identity.lock_after", 10, INTEGER, "Wrong passwords until a name is locked", "tries")
LOCK_MINUTES = setting("identity.lock_minutes", 15, INTEGER, "A locked name stays locked for", "minutes")
FACTOR_ROLES = setting("identity.second_factor_roles", "", ROLES, "Roles that need a second factor to sign in")
