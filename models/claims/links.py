"""The customer's link: through it papers of one claim are sent without a sign-in.

It is signed, bound to the claim and to the number of its links (`Claim.papers_link`), and runs out by a setting.
Raising that number makes every link made before void.
"""

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.kernel import outside
from app.kernel.clock import house_day
from app.kernel.settings import setting_value
from app.schema.errors import Gone, NotFound
from app.schema.registry import registry
from models.claims.settings import PAPERS_LINK_DAYS
from models.claims.states import OPEN

if TYPE_CHECKING:
    from models.claims.claim import Claim

PATH = "/claim-papers"
_PURPOSE = "papers of a claim"


def token_of(claim: "Claim") -> str:
    """A fresh token for a claim, good from now on."""
    return outside.signed(_PURPOSE, [claim.id, claim.papers_link])


def address_of(claim: "Claim") -> str:
    """A fresh link, as the customer is given it."""
    return outside.house_address(f"{PATH}/{token_of(claim)}")


def good_until(session: Session, made: datetime) -> date | None:
    """The last day of a link made then; None where links do not run out."""
    days = setting_value(session, PAPERS_LINK_DAYS)
    return None if days is None else house_day(made) + timedelta(days=days)


def claim_behind(session: Session, token: str, *, lock: bool = False) -> "Claim":
    """The claim a link opens; asked as the system. Raises `NotFound` for what is no link of ours, else `Gone`.

    With `lock` the claim is held until the transaction ends.
    """
    found = outside.opened(_PURPOSE, token)
    if found is None:
        raise NotFound("This link does not lead anywhere. Open it exactly as it stands in our message.")
    (key, number), made = found
    record: Any = registry["claim"]
    wanted = select(record).where(record.id == key).execution_options(populate_existing=True)
    claim: Claim | None = session.scalars(wanted.with_for_update() if lock else wanted).one_or_none()
    if claim is None or claim.papers_link != number or _is_over(session, made):
        raise Gone("This link is good no more. Ask us for a new one.")
    if claim.state not in OPEN:
        raise Gone("This claim is closed: no papers are asked for any more.")
    return claim


def _is_over(session: Session, made: datetime) -> bool:
    until = good_until(session, made)
    return until is not None and house_day(datetime.now(UTC)) > until
