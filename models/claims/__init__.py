"""Claims: from first notice over papers, survey and decision to the payout (systems 38 to 42)."""

from models.claims import jobs, letters, measures, profile, ratios, report, settings
from models.claims.case_review import CaseReview
from models.claims.claim import Claim
from models.claims.claim_line import ClaimLine
from models.claims.paper import Paper
from models.claims.payout import Payout
from models.claims.recovery import Recovery
from models.claims.required_paper import RequiredPaper
from models.claims.reserve_change import ReserveChange
from models.claims.survey import Survey
from models.claims.transfer_file import TransferFile

__all__ = [
    "CaseReview",
    "Claim",
    "ClaimLine",
    "Paper",
    "Payout",
    "Recovery",
    "RequiredPaper",
    "ReserveChange",
    "Survey",
    "TransferFile",
    "jobs",
    "letters",
    "measures",
    "profile",
    "ratios",
    "report",
    "settings",
]
