"""The house's currency: the one of every amount that names none. Told with headings, in cells and in files."""

from app.kernel.actor import current_actor
from app.schema.kinds import CURRENCY
from app.schema.settings import setting

HOUSE_CURRENCY = setting("house.currency", "CNY", CURRENCY, "House currency")


def house_currency() -> str:
    """The house's currency by its three letters, as the current actor was loaded with it; the default for the system.

    Costs no statement. Setting another one reloads every actor (see `app.kernel.permissions`).
    """
    return current_actor().currency or str(HOUSE_CURRENCY.default)
