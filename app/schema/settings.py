"""Settings: the limits the documents leave open. Declared with a default; changed in the browser by a manager."""

from dataclasses import dataclass
from typing import Any

from app.schema.kinds import Kind
from app.schema.registry import registry


@dataclass(frozen=True)
class Setting:
    """A named value with a default that the department may change; see `app.kernel.settings` for the one in force."""

    name: str
    default: Any
    kind: Kind
    label: str
    unit: str = ""


def setting(name: str, default: Any, kind: Kind, label: str, unit: str = "") -> Setting:
    """Declare a setting, such as ``setting("renewals.grace", 30, INTEGER, "Grace after expiry", "days")``."""
    declared = Setting(name, default, kind, label, unit)
    registry.settings.add(name, declared)
    return declared
