"""A throw-away record with all a workflow can say: levels of approval, reviews, a return, a withdrawal, effects."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Mapped, mapped_column

from app.schema.approval import Review, Reviews, Tier, Tiers
from app.schema.events import Event
from app.schema.grants import Grants
from app.schema.kinds import MONEY, BankAccount, Code, Money, ShortText, State, WholeNumber, starts_at
from app.schema.panel import Group, Menu, Panel
from app.schema.record import Record
from app.schema.roles import Role
from app.schema.rows import Owned
from app.schema.settings import setting
from app.schema.workflow import Move, Return, Step, Withdraw, Workflow

LOW = setting("tests.low", Decimal(100), MONEY, "Supervisors approve expenses up to", "CNY")
HIGH = setting("tests.high", Decimal(1000), MONEY, "Managers approve expenses up to", "CNY")


class ExpenseState(State):
    """Where an expense stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    CHECKED = "checked"
    REFUSED = "refused"
    PAID = "paid"


S = ExpenseState


@dataclass(frozen=True)
class ExpensePaid(Event):
    """An expense was paid."""

    expense_id: int


def _noted(word: str) -> Any:
    def effect(expense: "Expense", move: Move) -> None:
        expense.trail = f"{expense.trail or ''}{word} "

    return effect


def _pay(expense: "Expense", move: Move) -> None:
    expense.payments += 1
    _noted("pay")(expense, move)


class Expense(Owned, Record):
    """Money somebody spent and wants back."""

    code: Mapped[Code] = mapped_column(unique=True)
    amount: Mapped[Money | None]
    payee: Mapped[ShortText | None]
    account: Mapped[BankAccount | None]
    note: Mapped[ShortText | None]
    trail: Mapped[ShortText | None]
    payments: Mapped[WholeNumber] = mapped_column(default=0)
    state: Mapped[ExpenseState] = starts_at(S.DRAFT)

    grants = Grants(work=(Role.SALES, Role.RENEWAL, Role.SERVICE), see=(Role.FINANCE, Role.INSPECTOR, Role.UNDERWRITER))
    panel = Panel(
        menu=Menu("Gadgets", order=97),
        title="code",
        columns=("code", "amount", "payee", "state"),
        search=("code",),
        form=(Group("Expense", "code", "amount", "payee", "account", "note"),),
        facts=("trail", "payments"),
    )
    workflow = Workflow(
        Step("submit", S.DRAFT, S.SUBMITTED, by=(Role.SALES, Role.RENEWAL, Role.SERVICE)),
        Withdraw("withdraw", S.SUBMITTED, S.DRAFT, by=(Role.SALES, Role.RENEWAL, Role.SERVICE), submitted=("submit",)),
        Step(
            "approve",
            S.SUBMITTED,
            S.APPROVED,
            asks=("amount",),
            needs=Tiers(
                "amount",
                Tier(LOW, Role.SUPERVISOR),
                Tier(HIGH, Role.MANAGER),
                Tier(None, Role.FINANCE),
                sequence=True,
                sealed=("payee", "account"),
            ),
            effect=_noted("approve"),
        ),
        Step(
            "check",
            S.APPROVED,
            S.CHECKED,
            needs=Reviews(
                Review("legal", Role.INSPECTOR),
                Review("money", Role.FINANCE),
                Review("risk", Role.UNDERWRITER),
                quorum=2,
                refused=S.REFUSED,
                sealed=("amount",),
            ),
            bound_to="approve",
        ),
        Step("pay", S.CHECKED, S.PAID, by=Role.FINANCE, bound_to="approve", effect=_pay, publishes=ExpensePaid),
        Return("give_back", S.APPROVED | S.CHECKED, S.SUBMITTED, by=(Role.MANAGER, Role.FINANCE), clears=("note",)),
        on_enter={S.PAID: _noted("entered-paid"), S.REFUSED: _noted("entered-refused")},
        on_exit={S.CHECKED: _noted("left-checked")},
    )
