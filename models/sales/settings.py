"""Limits of sales."""

from app.schema.kinds import INTEGER
from app.schema.settings import setting

QUOTE_DAYS = setting("sales.quote_days", 30, INTEGER, "A quote is good for", "days")
