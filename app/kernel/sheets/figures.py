"""Cells that hold figures. Never through binary rounding: a spreadsheet's 0.1 is the decimal 0.1."""

import re
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Literal

from app.kernel.sheets.errors import CellError, shown
from app.kernel.sheets.words import EXACT_DIGITS, half_width, written

Mark = Literal[".", ","]

_LONGEST = 64
_WIDE = Context(prec=2 * _LONGEST)
_PLAIN = re.compile(r"-?[0-9]{1,15}(?:\.[0-9]{1,20})?")
_CURRENCY = r"(?:US\$|CN¥|[¥$元圆]|CNY|RMB|USD)?"
_SCIENTIFIC = re.compile(r"[+-]?[0-9.,]+E[+-]?[0-9]+", re.IGNORECASE)


def _figure(mark: str, groups: str) -> re.Pattern[str]:
    """Digits, in threes if grouped, with at most one kind of separator, a sign, a currency or brackets for minus."""
    whole = rf"[1-9][0-9]{{0,2}}(?:(?P<group>[{groups}])[0-9]{{3}})(?:(?P=group)[0-9]{{3}})*|[0-9]*"
    digits = rf"(?P<whole>{whole})(?:{re.escape(mark)}(?P<part>[0-9]*))?"
    return re.compile(
        rf"(?P<open>\()?(?P<sign>[+-]?) ?{_CURRENCY} ?(?P<inner>[+-]?){digits} ?{_CURRENCY}(?P<close>\))?",
        re.IGNORECASE,
    )


_FIGURES: dict[str, re.Pattern[str]] = {".": _figure(".", ", '"), ",": _figure(",", ". '")}


def to_decimal(raw: object, places: int | None = None, *, mark: Mark = ".") -> Decimal | None:
    """The exact decimal a cell holds, rounded half-up if `places` is given; a blank cell gives None.

    Read: full-width digits; thousands set off by comma, blank or apostrophe (1,234.50); ¥ $ CNY RMB USD 元 before or
    behind; a minus before or behind the sign of currency, or brackets for it. `mark` is what stands before the
    decimals: with the default, a comma only ever sets off thousands, so 1,234 is a thousand and 1.234 a little more
    than one. Figures that fit only the other mark (12,5 or 1.234,50) are refused rather than guessed, and so are
    exponents (their digits may be lost), percentages, infinities and more than 15 digits before the mark.
    """
    if isinstance(raw, str) and _PLAIN.fullmatch(raw) and mark == ".":  # most cells, so worth a shorter way
        return _rounded(Decimal(raw), places)
    if isinstance(raw, bool):
        raise _not_a_number(raw)
    if isinstance(raw, int | float | Decimal):
        number = Decimal(repr(raw)) if isinstance(raw, float) else Decimal(raw)
        if not number.is_finite():
            raise _not_a_number(raw)
    else:
        text = half_width(written(raw))
        if not text:
            return None
        number = _read(text, mark, raw)
    if number and number.adjusted() >= EXACT_DIGITS:
        raise CellError(
            "“%(value)s” has more than 15 digits before the decimals; write a smaller number",
            value=shown(raw),
        )
    return _rounded(number, places)


def to_integer(raw: object, *, mark: Mark = ".") -> int | None:
    """The whole number a cell holds, read as `to_decimal` does (12.0 is whole, 12.5 not); a blank cell gives None."""
    number = to_decimal(raw, mark=mark)
    if number is None:
        return None
    if number != number.to_integral_value():
        raise CellError("“%(value)s” is not a whole number; write it without decimals, such as 12", value=shown(raw))
    return int(number)


def _read(text: str, mark: Mark, raw: object) -> Decimal:
    found = _match(text, mark)
    if found is None:
        if _SCIENTIFIC.fullmatch(text):
            raise CellError(
                "“%(value)s” is in scientific notation, which may have lost digits; "
                "format the column as a number with all its digits",
                value=shown(raw),
            )
        if _match(text, "," if mark == "." else "."):
            raise CellError(
                "“%(value)s” can be read in two ways; write it with “%(mark)s” before the decimals "
                "and nothing between the thousands, such as 1234%(mark)s50",
                value=shown(raw),
                mark=mark,
            )
        raise _not_a_number(raw)
    digits = "".join(c for c in found["whole"] if c.isdigit())
    number = Decimal(f"{digits or 0}.{found['part'] or 0}")
    return _WIDE.minus(number) if found["open"] or "-" in (found["sign"], found["inner"]) else number


def _match(text: str, mark: Mark) -> re.Match[str] | None:
    """The figure in `text`: it has a digit, at most one sign, and brackets in pairs and without one."""
    found = _FIGURES[mark].fullmatch(text) if len(text) <= _LONGEST else None
    if found is None or not (found["whole"] or found["part"]):
        return None
    signs = [bool(found["open"]), bool(found["sign"]), bool(found["inner"])]
    return found if bool(found["open"]) == bool(found["close"]) and sum(signs) <= 1 else None


def _rounded(number: Decimal, places: int | None) -> Decimal:
    if places is not None:
        number = number.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, _WIDE)
    return number or abs(number)  # no minus zero


def _not_a_number(raw: object) -> CellError:
    return CellError("“%(value)s” is not a number; write it in digits, such as 1234.50", value=shown(raw))
