"""The plan that expires beside those the customer may have next: what stays, what differs, in money and in cover.

Only what the books know is set side by side: the contract as it stands, its continuation as a renewal is closed (at the
premium agreed, else at the present one), and the quotes of the same customer that still hold. No price is guessed.
"""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.extensions import db
from app.kernel.access import may
from app.kernel.actor import current_actor
from app.panel.labels import choice_label
from app.panel.texts import plain
from models.contracts import Contract
from models.contracts.rules import Term, half_up
from models.contracts.succession import continuation
from models.renewals import Renewal
from models.sales import Quote
from models.sales.states import QuoteState

QUOTES_SHOWN = 2
UNSAID = "—"


@dataclass(frozen=True)
class Cell:
    """What a plan says in one line; `differs` is how it differs from the plan that expires, in words."""

    text: str
    differs: str = ""


@dataclass(frozen=True)
class Plan:
    """A plan the customer may have next: what it is called, its price, and its cells by line."""

    title: str
    note: str
    premium: Decimal
    cells: dict[str, Cell]


@dataclass(frozen=True)
class Comparison:
    """Lines of what expires, as label and words, and the plans beside it."""

    old: list[tuple[str, str]]
    plans: list[Plan]


def compared(renewal: Renewal, contract: Contract, today: date) -> Comparison:
    """What expires, and what may come after it."""
    term = Term(contract.starts_on, contract.expires_on)
    product = contract.product.name if contract.product else UNSAID
    old = {
        _("Product"): product,
        _("Coverage"): contract.coverage or UNSAID,
        _("Insured object"): " ".join(filter(None, (contract.object_class, contract.object_size))) or UNSAID,
        _("Term"): _in_words(term),
        _("Premium"): plain(contract.premium),
        _("Payment"): _payment(contract, contract.instalment),
    }
    plans = [_continued(contract, contract.premium, today, _("Renewed as it is"), "", old)]
    offered = renewal.offered_premium
    if offered is not None and offered not in (contract.premium, 0):
        plans.insert(0, _continued(contract, offered, today, _("As offered"), "", old))
    plans += [_quoted(contract, quote, old) for quote in _quotes(renewal, today)]
    return Comparison(list(old.items()), plans)


def _continued(contract: Contract, premium: Decimal, today: date, title: str, note: str, old: dict[str, str]) -> Plan:
    """The same cover for the next term at a premium, as closing the renewal today would make it."""
    after = continuation(contract, premium=premium, paid_on=today)
    gap = (after.term.starts_on - contract.expires_on).days - 1
    uncovered = ngettext("%(num)s day without cover", "%(num)s days without cover", gap) if gap > 0 else ""
    cells = {label: Cell(text) for label, text in old.items()}
    cells[_("Term")] = Cell(_in_words(after.term), uncovered)
    cells[_("Premium")] = Cell(plain(premium), _difference(contract.premium, premium))
    cells[_("Payment")] = Cell(_payment(contract, after.instalment), _difference(contract.instalment, after.instalment))
    return Plan(title, note, premium, cells)


def _quoted(contract: Contract, quote: Quote, old: dict[str, str]) -> Plan:
    """What a quote says; of what it does not speak, nothing is said either."""
    assert quote.premium is not None
    other = quote.product_id != contract.product_id
    cells = {label: Cell(UNSAID) for label in old}
    cells[_("Product")] = Cell(quote.product.name if quote.product else UNSAID, _("another product") if other else "")
    cells[_("Coverage")] = Cell(_("sum insured %(amount)s", amount=plain(quote.sum_insured)))
    cells[_("Premium")] = Cell(plain(quote.premium), _difference(contract.premium, quote.premium))
    note = _("good until %(day)s", day=quote.valid_until) if quote.valid_until else ""
    return Plan(_("Quote %(number)s", number=quote.number), note, quote.premium, cells)


def _quotes(renewal: Renewal, today: date) -> list[Quote]:
    """The customer's quotes whose price is worked out and still holds, as far as the viewer sees them."""
    if not may(current_actor(), "read", Quote):
        return []
    good = (
        Quote.customer_id == renewal.customer_id,
        Quote.state.in_((QuoteState.CALCULATED, QuoteState.AGREED)),
        Quote.premium.is_not(None),
        Quote.valid_until >= today,
    )
    newest = select(Quote).options(joinedload(Quote.product)).where(*good).order_by(Quote.id.desc())
    found = db.session.scalars(newest.limit(QUOTES_SHOWN)).all()
    return [quote for quote in found if may(current_actor(), "read", quote, "premium")]


def _difference(old: Decimal, new: Decimal) -> str:
    """Such as ``+60.00 (+5.0 %)``; of a price of nothing there is no share."""
    if new == old:
        return _("the same")
    share = f" ({half_up((new - old) * 100 / old):+.1f} %)" if old else ""
    return f"{new - old:+,.2f}{share}"


def _payment(contract: Contract, instalment: Decimal) -> str:
    return f"{choice_label(contract.billing)}: {plain(instalment)}"


def _in_words(term: Term) -> str:
    months = ngettext("%(num)s month", "%(num)s months", term.months)
    return f"{term.starts_on} – {term.expires_on} ({months})"
