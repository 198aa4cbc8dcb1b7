"""Sales: leads, quotes and targets (systems 14 to 16)."""

from models.sales import settings
from models.sales.lead import Lead
from models.sales.quote import Quote
from models.sales.target import Target

__all__ = ["Lead", "Quote", "Target", "settings"]
