"""Exclusion: what a product does not pay for, by the clause that says so."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, relationship

from app.schema.kinds import Code, LongText, choice, ref
from app.schema.panel import Group, Panel
from app.schema.record import Line
from models.products.states import LossCause

if TYPE_CHECKING:
    from models.products.product_version import ProductVersion


class Exclusion(Line):
    """A clause that takes losses out of the cover: of one cause always, or, without a cause, where it is found."""

    parent = "product_version_id"

    __table_args__: Any = (UniqueConstraint("product_version_id", "clause"), {"extend_existing": False})

    product_version_id: Mapped[int] = ref("product_version", ondelete="CASCADE")
    product_version: Mapped["ProductVersion"] = relationship()
    clause: Mapped[Code]
    cause: Mapped[LossCause | None] = choice(LossCause)
    wording: Mapped[LongText]

    panel = Panel(
        title="clause",
        columns=("clause", "cause", "wording"),
        search=("clause", "wording"),
        form=(Group("Exclusion", "product_version_id", "clause", "cause", "wording"),),
        fixed=("product_version_id",),
        order="id",
        labels={"cause": "Cause excluded always"},
    )
