"""Figures beyond a limit that somebody was told of: told once, and again only if they came back meanwhile."""

from collections.abc import Mapping
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import ForeignKey, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column


class MeasureCrossing(Model):
    """A figure, `subject` says whose, lies beyond the limit of an alert, and its reader was told in that `month`.

    `version` is the alert's: with another limit it is another matter.
    """

    __tablename__ = "measure_crossing"

    alert_id: Mapped[int] = mapped_column(ForeignKey("measure_alert.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("ab_user.id", ondelete="CASCADE"), primary_key=True)
    subject: Mapped[str] = mapped_column(String(40), primary_key=True)
    month: Mapped[str] = mapped_column(String(7))
    version: Mapped[int]


def fresh(session: Session, alert: Any, user_id: int, month: str, beyond: Mapping[str, bool]) -> set[str]:
    """Note which figures lie beyond the limit of an alert, of those that have a value; the subjects to be told of.

    Those are told of again that came back meanwhile, and all with each new month. Of a figure without a value nothing
    is known, and nothing changes.
    """
    mine = (MeasureCrossing.alert_id == alert.id, MeasureCrossing.user_id == user_id)
    known = (MeasureCrossing.month == month, MeasureCrossing.version == alert.version)
    standing = set(session.scalars(select(MeasureCrossing.subject).where(*mine, *known)))
    crossed = {subject for subject, is_beyond in beyond.items() if is_beyond}
    told = crossed - standing
    gone = [*told, *(beyond.keys() - crossed)]
    session.execute(delete(MeasureCrossing).where(*mine, MeasureCrossing.subject.in_(gone)))
    for subject in told:
        session.add(
            MeasureCrossing(alert_id=alert.id, user_id=user_id, subject=subject, month=month, version=alert.version)
        )
    session.flush()
    return told
