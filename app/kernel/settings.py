"""The value in force of each declared setting."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel import history
from app.kernel.actor import current_actor
from app.kernel.tables import AuditEntry, SettingValue
from app.schema.registry import registry
from app.schema.settings import Setting

SETTINGS = "setting_value"
"""What the history calls the settings."""


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
    before = row.value if row.set_at else None
    row.value = value if isinstance(value, int | list) else "" if value is None else declared.kind.write(value)
    row.set_by_id, row.set_at = current_actor().user_id, datetime.now(UTC)
    session.add(row)
    history.summarise(session, SETTINGS, "set", {declared.name: [before, row.value]})
    return value


def clear_setting(session: Session, declared: Setting) -> None:
    """Go back to the declared default, if anything else is set."""
    row = session.get(SettingValue, declared.name)
    if row is not None:
        history.summarise(session, SETTINGS, "clear", {declared.name: [row.value, None]})
        session.delete(row)


def changes_of_settings(session: Session, limit: int = 1000) -> dict[str, list[tuple[AuditEntry, list[Any]]]]:
    """What was changed in the settings, newest first, by setting: the entry, the value kept before and the new one.

    None stands for the default, an empty text for "no value".
    """
    found: dict[str, list[tuple[AuditEntry, list[Any]]]] = {}
    entries = select(AuditEntry).where(AuditEntry.record == SETTINGS).order_by(AuditEntry.id.desc()).limit(limit)
    for entry in session.scalars(entries):
        for name, change in entry.changes.items():
            found.setdefault(name, []).append((entry, change))
    return found
