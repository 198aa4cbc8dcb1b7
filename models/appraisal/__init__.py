"""Appraisal: KPIs by post, drafted from data, rated by oneself and the supervisor, approved (system 59)."""

from models.appraisal import jobs, measures, settings
from models.appraisal.appraisal import Appraisal
from models.appraisal.appraisal_line import AppraisalLine
from models.appraisal.appraisal_template import AppraisalTemplate
from models.appraisal.measure_alert import MeasureAlert
from models.appraisal.template_line import TemplateLine

__all__ = [
    "Appraisal",
    "AppraisalLine",
    "AppraisalTemplate",
    "MeasureAlert",
    "TemplateLine",
    "jobs",
    "measures",
    "settings",
]
