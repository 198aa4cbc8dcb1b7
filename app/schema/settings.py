"""Settings: the limits the documents leave open. Declared with a default; changed in the browser by a manager."""

from dataclasses import dataclass
from typing import Any

from app.schema.kinds import Kind
from app.schema.registry import registry


@dataclass(frozen=True)
class Setting:
    """A named value with a default that the department may change; see `app.kernel.settings` for the one in force.

    `permission` is what one needs besides the page of the settings to see and change it; "" for no more.
    """

    name: str
    default: Any
    kind: Kind
    label: str
    unit: str = ""
    permission: str = ""


def setting(name: str, default: Any, kind: Kind, label: str, unit: str = "", *, permission: str = "") -> Setting:
    """Declare a setting, such as ``setting("renewals.grace", 30, INTEGER, "Grace after expiry", "days")``."""
    declared = Setting(name, default, kind, label, unit, permission)
    registry.settings.add(name, declared)
    return declared
