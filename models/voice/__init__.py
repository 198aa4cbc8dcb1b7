"""Service and the voice of the customer: intake, consultations, complaints, callbacks (systems 18, 19, 45, 46)."""

from models.voice import measures, settings
from models.voice.application import Application
from models.voice.callback import Callback
from models.voice.complaint import Complaint
from models.voice.consultation import Consultation

__all__ = ["Application", "Callback", "Complaint", "Consultation", "measures", "settings"]
