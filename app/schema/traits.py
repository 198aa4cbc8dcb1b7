"""Traits a record may carry besides its fields."""

from datetime import datetime

from sqlalchemy import Text
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from app.schema.kinds import LONG_TEXT, MOMENT
from app.schema.types import UtcMoment


class Noted:
    """A record with a free remark."""

    @declared_attr
    def remark(cls) -> Mapped[str | None]:
        """Anything worth knowing that no field asks for."""
        return mapped_column(Text, info={"kind": LONG_TEXT})


class Archived:
    """A record that is put away instead of deleted; pickers no longer offer it."""

    @declared_attr
    def archived_at(cls) -> Mapped[datetime | None]:
        """When it was put away, in UTC; None while it is in use."""
        return mapped_column(UtcMoment, info={"kind": MOMENT})
