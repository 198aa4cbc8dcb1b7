"""Limits of appraisals."""

from decimal import Decimal

from app.schema.kinds import PERCENT
from app.schema.settings import setting

CAP = setting("appraisal.cap", Decimal(120), PERCENT, "Highest score and rating", "points")
