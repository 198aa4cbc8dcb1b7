"""KPIs of the work on claims, credited to who handles them; those of the whole book are in `ratios`."""

from sqlalchemy import and_, distinct

from app.kernel.days import DaysBetween, HouseDay
from app.schema.measure import ROWS, Measure, measure
from models.claims.claim import Claim
from models.claims.payout import Payout

CLAIMS_ON_TIME = measure(
    Measure(
        "claims_on_time",
        "Claims decided on time",
        of=Claim,
        unit="%",
        definition="Claims decided in the time by the day they were to be decided, of all decided in it.",
        on=Claim.decided_on,
        where=Claim.decide_by.is_not(None),  # what another system decided had no limit of ours
        numerator=Claim.decided_on <= Claim.decide_by,
        denominator=ROWS,
    )
)
measure(
    Measure(
        "days_to_decide",
        "Days to decide a claim",
        of=Claim,
        unit="days",
        definition="Calendar days from notice to decision, on average of the claims decided in the time.",
        higher_is_better=False,
        prominent=False,
        on=Claim.decided_on,
        numerator=DaysBetween(Claim.decided_on, HouseDay(Claim.reported_at)),
        denominator=ROWS,
    )
)
measure(
    Measure(
        "days_to_pay",
        "Days to pay a claim",
        of=Payout,
        unit="days",
        definition="Calendar days from decision to payment, on average of the payouts made in the time.",
        higher_is_better=False,
        prominent=False,
        on=Payout.paid_on,
        # The day of decision is known of no round but the one a claim is in.
        joins=((Claim, and_(Claim.id == Payout.claim_id, Claim.round == Payout.round)),),
        numerator=DaysBetween(Payout.paid_on, Claim.decided_on),
        denominator=ROWS,
    )
)
measure(
    Measure(
        "claim_severity",
        "Claim severity",
        of=Payout,
        unit="money",
        definition="What was paid in the time, on average of the claims it was paid for.",
        higher_is_better=False,
        prominent=False,
        on=Payout.paid_on,
        numerator=Payout.amount,
        denominator=distinct(Payout.claim_id),
    )
)
measure(
    Measure(
        "claim_cost",
        "Claims paid",
        of=Payout,
        unit="money",
        definition="The sum of all payouts made in the time.",
        higher_is_better=False,
        prominent=False,
        on=Payout.paid_on,
        numerator=Payout.amount,
    )
)
