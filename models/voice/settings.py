"""Limits of service."""

from app.schema.kinds import INTEGER
from app.schema.settings import setting

COMPLAINT_DAYS = setting("voice.complaint_days", 15, INTEGER, "Answer to a complaint", "days")
COMPLEX_DAYS = setting("voice.complex_complaint_days", 30, INTEGER, "Answer to a complex complaint", "days")
EXTENSION_DAYS = setting("voice.complaint_extension_days", 30, INTEGER, "Extension the manager may grant", "days")
CALLBACK_DAYS = setting("voice.callback_days", 3, INTEGER, "Callback after the answer to a complaint", "days")
