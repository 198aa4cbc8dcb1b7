"""Papers that come through the customer's link. Whoever holds the link sees and does this, and nothing else."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.kernel import files
from app.kernel.actor import Actor, on_behalf
from app.kernel.clock import house_day
from app.kernel.outbox import tell
from app.kernel.settings import setting_value
from app.kernel.tables import Attachment
from app.schema.errors import Conflict, NotFound, Refusal, TooMany
from app.schema.notices import topic
from models.claims import links
from models.claims.asking import papers_of
from models.claims.paper import Paper
from models.claims.settings import PAPERS_A_DAY
from models.claims.states import ClaimState, PaperStanding

if TYPE_CHECKING:
    from models.claims.claim import Claim

CUSTOMER = Actor("customer", source="link")
"""Who acts through a link: nobody of the house, granted nothing. What the link allows is done on his behalf."""
_WHY = "through the customer's link"
PAPERS_CAME = topic(
    "claims.papers", "The customer sent papers for a claim of mine", "Claim %(claim)s: the customer has sent papers."
)


@dataclass(frozen=True)
class Wanted:
    """A paper as the customer sees it."""

    id: int
    name: str
    standing: PaperStanding
    hint: str | None
    received_on: date | None
    open: bool


@dataclass(frozen=True)
class Desk:
    """What the holder of a link sees: the number of the claim and its papers, those to be sent first.

    `taking` while papers may come.
    """

    number: str
    taking: bool
    papers: tuple[Wanted, ...]

    @property
    def wanted(self) -> bool:
        """Whether something is still to be sent."""
        return any(paper.standing.wanted and paper.open for paper in self.papers)


def look(session: Session, token: str) -> Desk:
    """What the holder of a link sees. Raises `NotFound` or `Gone`, as `links.claim_behind`."""
    with on_behalf(_WHY):
        claim = links.claim_behind(session, token)
        taking = claim.state in ClaimState.REPORTED | ClaimState.COLLECTING
        papers = [_as_seen(paper, taking) for paper in papers_of(session, claim)]
        papers.sort(key=lambda paper: not (paper.open and paper.standing.wanted))
        return Desk(claim.number, taking, tuple(papers))


def take_in(session: Session, token: str, paper_id: int, sent: Iterable[files.Upload]) -> None:
    """Keep what was sent for a paper: the first file as its scan, or in place of one found wanting; more on lines of
    their own. The claim's owner is told once a day.

    Raises `NotFound`, `Gone`, `Conflict` for a paper that is accepted, `Refusal` for a file that is not taken.
    """
    now = datetime.now(UTC)
    with on_behalf(_WHY):
        claim = links.claim_behind(session, token, lock=True)
        papers = papers_of(session, claim)
        paper = next((each for each in papers if each.id == paper_id), None)
        if paper is None:
            raise NotFound("There is no such paper here.")
        if not _as_seen(paper, claim.state in ClaimState.REPORTED | ClaimState.COLLECTING).open:
            raise Conflict("Nothing more is asked for here: this paper is being looked at, or accepted already.")
        taken = 0
        for each in sent:
            _require_room(session, papers, taken, now)
            kept = files.receive(session, each)
            if paper.standing.wanted:
                _put(paper, kept, now)
            else:
                beside = Paper(claim_id=claim.id, name=_beside(paper.name, papers), required=False)
                _put(beside, kept, now)
                session.add(beside)
                papers.append(beside)
            session.flush()
            taken += 1
        if not taken:
            raise Refusal("Choose a file first.")
        _tell_owner(session, claim, now)


def _as_seen(paper: Paper, taking: bool) -> Wanted:
    """A paper is open until it is accepted; a further page of one is just shown."""
    standing = paper.standing
    open_ = taking and paper.required and standing is not PaperStanding.ACCEPTED
    hint = None if standing is PaperStanding.ACCEPTED else paper.hint
    return Wanted(paper.id, paper.name, standing, hint, paper.received_on, open_)


def _put(paper: Paper, kept: object, now: datetime) -> None:
    """A file that came; whatever was thought of the one before does not hold of it."""
    paper.scan, paper.received_on = kept, house_day(now)  # type: ignore[assignment] # a File
    paper.authentic = paper.complete = paper.relevant = paper.hint = None


def _beside(name: str, papers: list[Paper]) -> str:
    """The name of a further page: "Invoice (2)"."""
    known, number = {paper.name for paper in papers}, 2
    while f"{name[:190]} ({number})" in known:
        number += 1
    return f"{name[:190]} ({number})"


def _require_room(session: Session, papers: list[Paper], taken: int, now: datetime) -> None:
    """Nobody fills the disk through a link. The claim is held, so that many at once are counted one after the other."""
    most = setting_value(session, PAPERS_A_DAY) or 0
    came = select(func.count(Attachment.id)).where(
        Attachment.record == Paper.__tablename__,
        Attachment.record_id.in_([paper.id for paper in papers]),
        Attachment.user_id.is_(None),
        Attachment.at > now - timedelta(days=1),
    )
    if (session.scalar(came) or 0) >= most:
        raise TooMany("You have sent %(most)d files for this claim today. Go on tomorrow, or call us.", most=most)


def _tell_owner(session: Session, claim: "Claim", now: datetime) -> None:
    if claim.owner_id is not None:
        about = PAPERS_CAME.says(claim=claim.number)
        tell(session, f"claims.sent:{claim.id}:{house_day(now)}", claim.owner_id, about, row=claim)
