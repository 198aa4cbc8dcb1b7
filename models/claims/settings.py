"""Limits of claims."""

from decimal import Decimal

from app.schema.clocks import LIMIT
from app.schema.kinds import MONEY
from app.schema.settings import setting

DECISION_DAYS = setting("claims.decision_days", 30, LIMIT, "Decision on a claim", "days")
DECISION_WARNING = setting("claims.decision_warning_days", 5, LIMIT, "Warning before a claim has to be decided", "days")
PAYMENT_DAYS = setting("claims.payment_days", 10, LIMIT, "Payment after approval", "days")
PAYMENT_WARNING = setting("claims.payment_warning_days", 2, LIMIT, "Warning before a claim has to be paid", "days")
REFUSAL_DAYS = setting("claims.refusal_days", 3, LIMIT, "Notice of a refusal", "days")
SUPERVISED = setting("claims.authority_supervisor", Decimal(20000), MONEY, "Supervisors approve claims up to")
AUTHORITY = setting("claims.authority", Decimal(5000), MONEY, "Claims specialists approve up to")
