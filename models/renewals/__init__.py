"""Renewals: the expiry pool, its fair allocation, the talks, closing, reminders, and the rate (systems 5, 29 to 36)."""

from models.renewals import jobs, measures, profile, reactions, report, settings
from models.renewals.contact import Contact
from models.renewals.renewal import Renewal

__all__ = ["Contact", "Renewal", "jobs", "measures", "profile", "reactions", "report", "settings"]
