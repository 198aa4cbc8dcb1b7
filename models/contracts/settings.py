"""Limits of contracts."""

from app.schema.kinds import INTEGER
from app.schema.settings import setting

GRACE_DAYS = setting("contracts.grace_days", 30, INTEGER, "Grace before a contract lapses", "days")
