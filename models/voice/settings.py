"""Limits of service."""

from app.schema.clocks import LIMIT
from app.schema.kinds import INTEGER
from app.schema.settings import setting

COMPLAINT_DAYS = setting("voice.complaint_days", 15, LIMIT, "Answer to a complaint", "days")
COMPLEX_DAYS = setting("voice.complex_complaint_days", 30, LIMIT, "Answer to a complex complaint", "days")
EXTENSION_DAYS = setting("voice.complaint_extension_days", 30, LIMIT, "Extension the manager may grant", "days")
COMPLAINT_WARNING = setting(
    "voice.complaint_warning_days", 3, LIMIT, "Warning before a complaint has to be answered", "days"
)
ANSWER_HOURS = setting("voice.answer_hours", None, LIMIT, "Answer to a consultation", "working hours")
CALLBACK_DAYS = setting("voice.callback_days", 3, INTEGER, "Callback after the answer to a complaint", "days")
