"""Who sees a row. A record says so by the mixin it is made of; the session enforces it for reads and writes.

How far a role sees (`Scope`) comes from the role; the mixin says what OWN, TEAM and ALL mean:

=========  =======================  ==============================  ==========
mixin      OWN                      TEAM                            ALL
=========  =======================  ==============================  ==========
`Shared`   every row                every row                       every row
`Owned`    rows I own               rows of my unit and below       every row
`Team`     rows of my unit          rows of my unit and below       every row
`Branch`   rows of my branch        rows of my branch               every row
`Line`     as its parent            as its parent                   as its parent
=========  =======================  ==============================  ==========

The scope is a role's, and may differ by record and by verb: who reads all rows may still edit only his own.

While somebody is on leave (``models/people/absence.py``) the deputy owns what the absent person owns, besides his own
rows and within his own verbs; not so where a record says ``personal = True``: an appraisal is nobody else's.

A record with ``pooled = True`` also shows unassigned rows (no owner) to everyone who may read it at all.
``seen_through = ("renewal.contract_id",)`` adds rows that a visible row of another record points at.
"""

from typing import Any, ClassVar

from sqlalchemy import ForeignKey, Integer
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from app.schema.kinds import INTEGER


class Guarded:
    """Every record is guarded: without a grant, no row of it is seen or written by any route."""

    __tablename__: Any = None
    pooled: ClassVar[bool] = False
    personal: ClassVar[bool] = False
    seen_through: ClassVar[tuple[str, ...]] = ()


class Shared(Guarded):
    """Everyone who may read the record sees every row: reference lists, products, scripts."""


class _Placed(Guarded):
    """A row with an owner and a unit. The unit follows the owner unless said otherwise.

    ``owned_by = "person_id"`` names a link to a person: a new row is that person's, whoever adds it.

    Both keep what they were before a change (active history): a write is judged by the row's old place as well.
    """

    owned_by: ClassVar[str] = ""

    @declared_attr
    def owner_id(cls) -> Mapped[int | None]:
        """The user whose row this is; None means unassigned."""
        info = {"kind": INTEGER, "ref": "ab_user"}
        key = ForeignKey("ab_user.id", ondelete="SET NULL")
        return mapped_column(Integer, key, index=True, active_history=True, info=info)

    @declared_attr
    def unit_id(cls) -> Mapped[int | None]:
        """The unit the row belongs to."""
        info = {"kind": INTEGER, "ref": "unit"}
        key = ForeignKey("unit.id", ondelete="RESTRICT")
        return mapped_column(Integer, key, index=True, active_history=True, info=info)


class Owned(_Placed):
    """Specialists see their own rows, supervisors those of the unit and below, managers all."""


class Team(_Placed):
    """Everyone in a unit sees the unit's rows."""


class Branch(_Placed):
    """Everyone in a branch, the unit just below the root, sees the branch's rows."""
