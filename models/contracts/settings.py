"""Limits of contracts."""

from app.schema.kinds import INTEGER
from app.schema.settings import setting

GRACE_DAYS = setting("contracts.grace_days", 30, INTEGER, "Grace before a contract lapses", "days")
INSTALMENT_GRACE = setting(
    "contracts.instalment_grace_days", 30, INTEGER, "Cover without an instalment that is owed", "days"
)
