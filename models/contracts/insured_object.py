"""InsuredObject: a thing a contract covers."""

from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint
from sqlalchemy.orm import Mapped, relationship

from app.schema.kinds import Day, Money, Plate, ShortText, Vin, ref
from app.schema.panel import Group, Panel
from app.schema.record import Line
from app.schema.traits import Extendable

if TYPE_CHECKING:
    from models.contracts.contract import Contract


class InsuredObject(Extendable, Line):
    """A vehicle, an appliance, a building. `worth` is its value at risk, `made_on` the day it was first used."""

    parent = "contract_id"

    __table_args__: Any = (
        CheckConstraint("worth > 0", name="worth_is_above_0"),
        {"extend_existing": False},
    )

    contract_id: Mapped[int] = ref("contract", ondelete="CASCADE")
    contract: Mapped["Contract"] = relationship()
    name: Mapped[ShortText]
    serial_number: Mapped[ShortText | None]
    plate: Mapped[Plate | None]
    vin: Mapped[Vin | None]
    made_on: Mapped[Day | None]
    worth: Mapped[Money | None]

    panel = Panel(
        title="name",
        columns=("name", "serial_number", "plate", "made_on", "worth"),
        search=("name", "serial_number", "plate"),
        form=(Group("Insured object", "contract_id", "name", "serial_number", "plate", "vin", "made_on", "worth"),),
        fixed=("contract_id",),
        order="id",
        labels={"made_on": "First used on", "worth": "Value at risk"},
    )
