"""A throw-away import profile: one line of the file is an office, a buyer, a gadget and perhaps its successor."""

from decimal import Decimal

from app.schema.kinds import INTEGER, BadValue
from app.schema.roles import Role
from app.schema.transfer import Cell, Computed, Fixed, LinkTo, Profile, Target, profile
from tests.gadget import GadgetState

HEADER = "Office,Buyer,Name,Joined,Code,Price,Phone,Seller,Response,Hours"
LINE = "O1,B1,Ann,1/31/2011,G1,100,13800138000,renewal,No,8"


def dearer(parsed):
    """The successor costs a tenth more."""
    price = parsed["gadget"]["price"]
    if price is None:
        raise BadValue("a successor needs a price before it")
    return (price * Decimal("1.1")).quantize(Decimal("0.01"))


def twice(hours):
    """Hours are written for half a day."""
    if hours > 12:
        raise ValueError("nobody works that long")
    return hours * 2


OFFICE = Target("office", "unit", "code", {"code": Cell("Office"), "name": Cell("Office")}, shared=True)
BUYER = Target(
    "buyer",
    "person",
    "number",
    {
        "number": Cell("Buyer"),
        "name": Cell("Name"),
        "joined_on": Cell("Joined", order="mdy"),
        "unit_id": LinkTo("office"),
        "daily_hours": Cell("Hours", kind=INTEGER, then=twice),
    },
)
GADGET = Target(
    "gadget",
    "gadget",
    "code",
    {
        "code": Cell("Code"),
        "price": Cell("Price"),
        "buyer_phone": Cell("Phone"),
        "owner_id": Cell("Seller"),
        "unit_of_sale_id": LinkTo("office"),
        "name": Computed(lambda parsed: f"Gadget of {parsed['buyer']['name']}"),
        "state": Cell("Response", values={"Yes": GadgetState.SOLD, "No": GadgetState.OFFERED}),
    },
    once=("owner_id",),
)
SUCCESSOR = Target(
    "successor",
    "gadget",
    "code",
    {
        "code": Computed(lambda parsed: parsed["gadget"]["code"] + "-2"),
        "price": Computed(dearer),
        "twin_id": LinkTo("gadget"),
        "state": Fixed(GadgetState.OFFERED),
    },
    when=lambda parsed, cells: parsed["gadget"]["state"] == GadgetState.SOLD,
)
SALES = profile(
    Profile(
        "gadget_sales",
        "Gadget sales",
        (OFFICE, BUYER, GADGET, SUCCESSOR),
        by=(Role.MANAGER, Role.SUPERVISOR, Role.RENEWAL),
        aliases={"编号": "Code"},
    )
)


def line(**cells: str) -> str:
    """A good line with some cells replaced, quoted where need be."""
    values = dict(zip(HEADER.split(","), LINE.split(","), strict=True)) | cells
    return ",".join(f'"{value}"' if "," in value else value for value in values.values())
