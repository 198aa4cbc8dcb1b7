"""Limits of claims."""

from decimal import Decimal

from app.schema.kinds import INTEGER, MONEY
from app.schema.settings import setting

DECISION_DAYS = setting("claims.decision_days", 30, INTEGER, "Decision on a claim", "days")
PAYMENT_DAYS = setting("claims.payment_days", 10, INTEGER, "Payment after approval", "days")
SUPERVISED = setting("claims.authority_supervisor", Decimal(20000), MONEY, "Supervisors approve claims up to", "CNY")
AUTHORITY = setting("claims.authority", Decimal(5000), MONEY, "Claims specialists approve up to", "CNY")
