"""What happens to contracts, told to whoever depends on them."""

from dataclasses import dataclass
from datetime import date

from app.schema.events import Event


@dataclass(frozen=True)
class ContractsLapsed(Event):
    """Every contract in force that expired before `expired_before` without successor has lapsed."""

    expired_before: date


@dataclass(frozen=True)
class ContractCancelled(Event):
    """A contract was cancelled mid-term."""

    contract_id: int


@dataclass(frozen=True)
class ContractVoided(Event):
    """A contract was voided: it never held, and continues nothing."""

    contract_id: int


@dataclass(frozen=True)
class InsuredObjectGone(Event):
    """What a contract covered is no more: sold, scrapped, lost."""

    contract_id: int


@dataclass(frozen=True)
class RenewalRefused(Event):
    """We shall not renew a contract; it runs to its end."""

    contract_id: int
