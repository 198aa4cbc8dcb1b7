"""Limits and weights of renewals."""

from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from app.kernel.settings import setting_value
from app.schema.clocks import LIMIT
from app.schema.kinds import INTEGER, QUANTITY, YES_NO, BadValue, Kind
from app.schema.letters import worded
from app.schema.settings import setting
from models.renewals.rules import Weights

PLACES = ("number", "customer", "expires_on", "days")


def _offsets(raw: Any) -> str:
    try:
        days = {int(part) for part in str(raw).replace("，", ",").split(",")}
    except ValueError:
        raise BadValue("write days before expiry with commas between, such as 30,15,7,1") from None
    if any(abs(day) > 365 for day in days):
        raise BadValue("at most 365 days before expiry")
    return ",".join(str(day) for day in sorted(days, reverse=True))


OFFSETS = Kind("days before expiry", _offsets, longest=100)
TEXT = worded(*PLACES)

POOL_DAYS = setting("renewals.pool_days", 45, INTEGER, "Contracts enter the expiry pool before expiry", "days")
REMINDER_DAYS = setting("renewals.reminder_days", "30,15,7,1", OFFSETS, "Reminders before expiry", "days")
REMINDER_SUBJECT = setting(
    "renewals.reminder_subject",
    "Contract {number} expires on {expires_on} · 合同 {number} 将于 {expires_on} 到期",
    TEXT,
    "Subject of reminders",
)
REMINDER_BODY = setting(
    "renewals.reminder_body",
    "Dear {customer},\n\nyour contract {number} expires on {expires_on}, in {days} days. Please renew it in time.\n\n"
    "尊敬的 {customer}：\n\n您的合同 {number} 将于 {expires_on} 到期，还有 {days} 天。请及时办理续保。\n",
    TEXT,
    "Text of reminders",
)
GRACE_DAYS = setting("renewals.grace_days", 30, INTEGER, "Grace of the renewal rate", "days")
FIRST_CONTACT_DAYS = setting("renewals.first_contact_days", 2, LIMIT, "First contact after allocation", "working days")
LICENCE_NEEDED = setting("renewals.licence_needed", True, YES_NO, "Renewals are given to the licensed only")
LOAD_BASE = setting("renewals.load_base", Decimal(1), QUANTITY, "Load of any renewal (α)")
LOAD_PREMIUM = setting("renewals.load_premium", Decimal(1), QUANTITY, "Load by premium over the mean (β)")
LOAD_DIFFICULTY = setting("renewals.load_difficulty", Decimal("0.5"), QUANTITY, "Load by difficulty (γ)")
OWNER_TOLERANCE = setting(
    "renewals.owner_tolerance", Decimal("0.1"), QUANTITY, "How far ahead an owner may be and keep a customer"
)


def reminder_offsets(session: Session) -> tuple[int, ...]:
    """Days before expiry on which customers are reminded."""
    return tuple(int(day) for day in str(setting_value(session, REMINDER_DAYS)).split(","))


def load_weights(session: Session) -> Weights:
    """The weights of fair allocation in force."""
    declared = (LOAD_BASE, LOAD_PREMIUM, LOAD_DIFFICULTY, OWNER_TOLERANCE)
    return Weights(*(setting_value(session, weight) for weight in declared))
