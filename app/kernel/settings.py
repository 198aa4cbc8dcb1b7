"""The value in force of each declared setting."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel.actor import current_actor
from app.kernel.tables import SettingValue
from app.schema.registry import registry
from app.schema.settings import Setting


def setting_value(session: Session, declared: Setting | str) -> Any:
    """The value in force: what the department set, else the declared default."""
    if isinstance(declared, str):
        declared = registry.settings[declared]
    row = session.get(SettingValue, declared.name)
    return declared.default if row is None else (declared.kind.read(row.value) if row.value != "" else None)


def kept_value(declared: Setting) -> Any:
    """What the department set, as a column of somebody else's query; `understood` makes the value of it."""
    return select(SettingValue.value).where(SettingValue.name == declared.name).scalar_subquery()


def understood(declared: Setting, kept: Any) -> Any:
    """The value in force, from a `kept_value`; None is "not set"."""
    return declared.default if kept is None else declared.kind.read(kept)


def set_setting(session: Session, declared: Setting | str, raw: Any) -> Any:
    """Set a setting from what a person wrote. Raises `BadValue` with what is wrong."""
    if isinstance(declared, str):
        declared = registry.settings[declared]
    value = [declared.kind.read(part) for part in raw] if isinstance(raw, list) else declared.kind.read(raw)
    row = session.get(SettingValue, declared.name) or SettingValue(name=declared.name)
    row.value = value if isinstance(value, int | list) else "" if value is None else str(value)
    row.set_by_id = current_actor().user_id
    session.add(row)
    return value
