"""Limits of claims."""

from decimal import Decimal

from app.schema.kinds import INTEGER, MONEY
from app.schema.settings import setting

DECISION_DAYS = setting("claims.decision_days", 30, INTEGER, "Decision on a claim", "days")
PAYMENT_DAYS = setting("claims.payment_days", 10, INTEGER, "Payment after approval", "days")
AUTHORITY = setting("claims.authority", Decimal(5000), MONEY, "Claims specialists approve up to", "CNY")
