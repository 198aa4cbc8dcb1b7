"""What the other teams have on their desks in the demonstration."""

from datetime import date
from random import Random
from typing import Any

from sqlalchemy.orm import Session

from models.contracts import Contract
from models.demo.people import Staff


def work(session: Session, random: Random, today: date, staff: Staff, sold: list[Contract]) -> dict[str, Any]:
    """Write leads, applications, complaints, claims, documents, faults and appraisals."""
    return {}
