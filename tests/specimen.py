"""A throw-away record with a field of every kind. It passes every promise like any other."""

from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from app.schema import kinds
from app.schema.grants import Grants
from app.schema.kinds import (
    Address,
    BankAccount,
    Choice,
    Code,
    CompanyCode,
    Currency,
    Day,
    Duration,
    Email,
    File,
    IdNumber,
    Json,
    LongText,
    Markdown,
    Moment,
    Money,
    Month,
    Percent,
    Phone,
    Plate,
    Quantity,
    Rate,
    ShortText,
    Url,
    Vin,
    WholeNumber,
    YesNo,
    Zone,
    choice,
    choices,
    factor,
    money,
    ref,
)
from app.schema.panel import Group, Menu, Panel
from app.schema.record import Record
from app.schema.roles import Role
from app.schema.rows import Owned
from app.schema.traits import Attached


class Colour(Choice):
    """Colours of the specimen; one is the end of another."""

    RED = "red"
    DARK_BLUE = "dark_blue"
    BLUE = "blue"


FIELDS = (
    *("code", "name", "story", "article", "site", "payload", "count", "size", "amount", "fee", "fee_currency"),
    *("share", "rate", "weight", "agreed", "colour", "colours", "day", "at", "month", "takes", "clock"),
    *("phone", "email", "address", "id_number", "passport", "firm", "plate", "any_plate", "vin", "old_vin", "account"),
    *("gadget_id", "paper", "photo", "signed", "secret"),
)


class Specimen(Attached, Owned, Record):
    """One of each."""

    code: Mapped[Code] = mapped_column(unique=True)
    name: Mapped[ShortText | None]
    story: Mapped[LongText | None]
    article: Mapped[Markdown | None]
    site: Mapped[Url | None]
    payload: Mapped[Json | None]
    count: Mapped[WholeNumber | None]
    size: Mapped[Quantity | None]
    amount: Mapped[Money | None]
    fee: Mapped[Decimal | None] = money("fee_currency")
    fee_currency: Mapped[Currency | None]
    share: Mapped[Percent | None]
    rate: Mapped[Rate | None]
    weight: Mapped[Decimal | None] = factor(3)
    agreed: Mapped[YesNo | None]
    colour: Mapped[Colour | None] = choice(Colour)
    colours: Mapped[tuple[Any, ...] | None] = choices(Colour)
    day: Mapped[Day | None]
    at: Mapped[Moment | None]
    month: Mapped[Month | None]
    takes: Mapped[Duration | None]
    clock: Mapped[Zone | None]
    phone: Mapped[Phone | None]
    email: Mapped[Email | None]
    address: Mapped[Address | None]
    id_number: Mapped[IdNumber | None]
    passport: Mapped[str | None] = kinds.id_number(passports=True)
    firm: Mapped[CompanyCode | None]
    plate: Mapped[Plate | None]
    any_plate: Mapped[str | None] = kinds.plate(foreign=True)
    vin: Mapped[Vin | None]
    old_vin: Mapped[str | None] = kinds.vin(checked=False)
    account: Mapped[BankAccount | None]
    gadget_id: Mapped[int | None] = ref("gadget")
    paper: Mapped[File | None] = kinds.file()
    photo: Mapped[File | None] = kinds.image()
    signed: Mapped[File | None] = kinds.signature()
    secret: Mapped[File | None] = kinds.file(private=True)

    grants = Grants(work=(Role.SALES,), see=(Role.INSPECTOR,), reveal=(Role.SALES,))
    panel = Panel(
        menu=Menu("Gadgets", order=97),
        title="code",
        columns=FIELDS,
        search=("code", "name", "phone", "account", "id_number"),
        form=(Group("Specimen", *FIELDS),),
    )
