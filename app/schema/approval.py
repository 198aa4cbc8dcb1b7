"""What a step needs besides its taker: agreements, by levels of an amount or by reviews in any order."""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from app.schema import tailored
from app.schema.errors import DeclarationError
from app.schema.kinds import Choice, State
from app.schema.roles import Role
from app.schema.settings import Setting


class Verdict(Choice):
    """What a reviewer says."""

    YES = "yes"
    NO = "no"


def roles_of(by: Any) -> tuple[Role, ...]:
    """One role or several, as a tuple."""
    return (by,) if isinstance(by, Role) else tuple(by or ())


@dataclass(frozen=True)
class Part:
    """One of the agreements a step needs. Who may give it is kept as the permission ``step:<step>.<name>``."""

    name: str
    by: tuple[Role, ...]
    label: str
    limit: Setting | Decimal | None = None


@dataclass(frozen=True)
class Tier:
    """A level of authority: `by` agree to amounts up to and including `limit`, a setting; None means any amount."""

    limit: Setting | None
    by: Any


class Tiers:
    """Agreement by levels of authority, the lowest first.

    `amount` is the field that decides how high one must go; where more than the field counts, `reckoned` answers the
    amount instead, such as all that was paid under a claim before. The level needed is the first whose limit covers
    the amount: with `sequence` that one and all below it agree, one after the other; else that one alone. Who may
    agree at a level may agree at those below, and nobody twice; nobody agrees to a row he or she added or to an
    amount he or she wrote. Each agreement is bound to the `sealed` fields (the amount always among them) and void as
    soon as one of them changes. `place`, such as ``claim.approve``, is what the department's own levels are kept under.
    """

    def __init__(
        self,
        amount: str,
        *tiers: Tier,
        sequence: bool = False,
        sealed: tuple[str, ...] = (),
        reckoned: Callable[[Any], Decimal | None] | None = None,
    ) -> None:
        if not tiers or tiers[-1].limit is not None or any(tier.limit is None for tier in tiers[:-1]):
            raise DeclarationError("the last level, and it alone, has no limit: Tiers(…, Tier(None, Role.MANAGER))")
        self.amount, self.reckoned, self.place = amount, reckoned, ""
        self.sealed = tuple(dict.fromkeys((amount, *sealed)))
        self.declared = tuple(
            Part(f"level{n}", roles_of(tier.by), f"Level {n}", tier.limit) for n, tier in enumerate(tiers, 1)
        )
        self.declared_sequence = sequence

    @property
    def parts(self) -> tuple[Part, ...]:
        """The levels, the lowest first: as declared, or as the department has made them."""
        made = tailored.in_force().steps.get(self.place)
        return self.declared if made is None else made[0]

    @property
    def sequence(self) -> bool:
        """Whether all levels up to the one that covers the amount agree, one after the other."""
        made = tailored.in_force().steps.get(self.place)
        return self.declared_sequence if made is None else made[1]

    def at_or_above(self, part: Part) -> tuple[Part, ...]:
        """The levels whose people may agree in the place of `part`, its own first."""
        return self.parts[self.parts.index(part) :]


@dataclass(frozen=True)
class Review:
    """A look from one side, such as ``Review("legal", Role.INSPECTOR)``."""

    name: str
    by: Any
    label: str = ""


class Reviews:
    """Agreement of several sides in any order, each with its verdict and reason.

    The step moves when all, or `quorum` of them, have said yes. One no leads to the state `refused`. Each verdict is
    bound to the `sealed` fields and void as soon as one of them changes.
    """

    def __init__(
        self, *reviews: Review, refused: State, quorum: int | None = None, sealed: tuple[str, ...] = ()
    ) -> None:
        self.refused, self.sealed, self.quorum = refused, sealed, quorum or len(reviews)
        self.parts = tuple(
            Part(each.name, roles_of(each.by), each.label or each.name.replace("_", " ").capitalize())
            for each in reviews
        )
        if len({part.name for part in self.parts}) < len(self.parts) or not 0 < self.quorum <= len(self.parts):
            raise DeclarationError("reviews have names of their own, and no more of them are asked for than there are")

    def at_or_above(self, part: Part) -> tuple[Part, ...]:
        """A side speaks for itself alone."""
        return (part,)


Needs = Tiers | Reviews
