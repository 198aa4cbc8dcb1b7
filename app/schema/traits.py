"""Traits a record may carry besides its fields."""

from datetime import datetime

from sqlalchemy import JSON, Integer, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from app.schema.kinds import INTEGER, LONG_TEXT, MOMENT, ref
from app.schema.types import UtcMoment


class Noted:
    """A record with a free remark."""

    @declared_attr
    def remark(cls) -> Mapped[str | None]:
        """Anything worth knowing that no field asks for."""
        return mapped_column(Text, info={"kind": LONG_TEXT})


class Extendable:
    """A record to which administrators add fields of the department's own, in the browser (`app.schema.tailored`)."""

    @declared_attr
    def extra(cls) -> Mapped[dict[str, str] | None]:
        """The values of added fields by name, each as the text its kind writes; a change is a new dictionary."""
        type_ = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")
        return mapped_column(type_, sort_order=89)


class Ordered:
    """Lines that a person puts in order: `position` counts from 1 and follows the order they are written in."""

    @declared_attr
    def position(cls) -> Mapped[int]:
        """The place among the lines of the same row."""
        return mapped_column(Integer, default=0, info={"kind": INTEGER})


class Spelt:
    """A record whose rows are found by how their title sounds, in pinyin or by its initials, and in 繁 as in 简."""

    @declared_attr
    def search_key(cls) -> Mapped[str | None]:
        """The title as `app.kernel.spelling` writes it; kept by the engine."""
        return mapped_column(Text, info={"spelling": True})


class Attached:
    """A record whose page carries a list of files, added and taken out by who may change the row."""


class Tree:
    """A record whose rows stand below one another, such as units: `parent_id` is the row above; a root has none.

    No row ever stands above itself, whoever writes (see `app.schema.trees`). Lists show the path to a row, its page the
    rows above and below, and its form offers nothing that lies below it.
    """

    @declared_attr
    def parent_id(cls) -> Mapped[int | None]:
        """The row this one stands below; None at the top."""
        return ref(cls.__tablename__)  # type: ignore[attr-defined] # a mixin of records


class Archived:
    """A record that is put away instead of deleted; pickers no longer offer it."""

    @declared_attr
    def archived_at(cls) -> Mapped[datetime | None]:
        """When it was put away, in UTC; None while it is in use."""
        return mapped_column(UtcMoment, info={"kind": MOMENT})
