"""KPIs of service."""

from app.schema.measure import ROWS, Measure, measure
from models.voice.complaint import Complaint

COMPLAINTS_ON_TIME = measure(
    Measure(
        "complaints_on_time",
        "Complaints answered on time",
        of=Complaint,
        unit="%",
        definition="Complaints answered in the time by the day they were to be answered, of all answered in it.",
        on=Complaint.answered_on,
        numerator=Complaint.answered_on <= Complaint.due_on,
        denominator=ROWS,
    )
)
