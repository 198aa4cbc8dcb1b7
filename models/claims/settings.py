"""Limits of claims."""

from decimal import Decimal

from app.schema.clocks import LIMIT
from app.schema.kinds import INTEGER, MONEY, QUANTITY
from app.schema.settings import setting

DECISION_DAYS = setting("claims.decision_days", 30, LIMIT, "Decision on a claim", "days")
DECISION_WARNING = setting("claims.decision_warning_days", 5, LIMIT, "Warning before a claim has to be decided", "days")
PAYMENT_DAYS = setting("claims.payment_days", 10, LIMIT, "Payment after approval", "days")
PAYMENT_WARNING = setting("claims.payment_warning_days", 2, LIMIT, "Warning before a claim has to be paid", "days")
REFUSAL_DAYS = setting("claims.refusal_days", 3, LIMIT, "Notice of a refusal", "days")
SUPERVISED = setting("claims.authority_supervisor", Decimal(20000), MONEY, "Supervisors approve claims up to")
AUTHORITY = setting("claims.authority", Decimal(5000), MONEY, "Claims specialists approve up to")
FAST_LIMIT = setting("claims.fast_limit", Decimal(2000), MONEY, "Claims of the fast lane come to at most")
NAMED_FROM = setting("claims.named_from", Decimal(50000), MONEY, "Claims have a handler known by name from")
DUPLICATE_DAYS = setting(
    "claims.duplicate_days", 3, INTEGER, "Losses under one contract may be the same one within", "days"
)
REPEATED = setting("claims.repeated", 3, INTEGER, "Claims under one contract within a year that stand out")
EARLY_DAYS = setting("claims.early_days", 30, INTEGER, "Losses soon after a first contract begins stand out", "days")
OUTLIER_FACTOR = setting(
    "claims.outlier_factor", Decimal(3), QUANTITY, "Claims stand out from so many times the average of their kind"
)
OUTLIER_CASES = setting("claims.outlier_cases", 20, INTEGER, "Claims of a kind needed for its average")
HANDOVER_HOURS = setting("claims.handover_hours", 8, LIMIT, "Hand-over of a reported claim", "working hours")
FAST_PROMISE = setting("claims.promise_days_fast", 1, LIMIT, "Promised decision in the fast lane", "working days")
PROMISE = setting("claims.promise_days", 10, LIMIT, "Promised decision on a claim", "working days")
NAMED_PROMISE = setting("claims.promise_days_named", 20, LIMIT, "Promised decision on a large claim", "working days")
PROMISE_WARNING = setting(
    "claims.promise_warning_days", 2, LIMIT, "Warning before the promised decision on a claim", "working days"
)
PAPERS_LINK_DAYS = setting("claims.papers_link_days", 30, LIMIT, "Links for papers of a claim are good for", "days")
PAPERS_A_DAY = setting("claims.papers_a_day", 40, INTEGER, "Files a customer may send for a claim", "a day")
