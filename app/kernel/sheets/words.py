"""Cells that hold words: text, and yes or no."""

import re
import unicodedata
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from app.kernel.sheets.errors import CellError, shown

_FULL_WIDTH = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
_SIGNS = _FULL_WIDTH | {0x3000: " ", 0xFFE5: "¥", 0x2212: "-", 0x2019: "'"}
_LETTERS = {code: half for code, half in _FULL_WIDTH.items() if chr(half).isalnum()}
_INVISIBLE = {0x00AD: None, 0x200B: None, 0x2060: None, 0xFEFF: None}
# Full-width punctuation is right in Chinese prose; inside a code, an address or a figure it is a slip of the keyboard.
_JOINS = re.compile(r"(?<=[0-9A-Za-z])[－．／＠＿＃＆＋％](?=[0-9A-Za-z])|(?<=[0-9])％")

EXACT_DIGITS = 15
"""Digits a spreadsheet keeps of a number; those beyond are replaced by zeros."""

_YES = frozenset({"yes", "y", "true", "t", "1", "是"})
_NO = frozenset({"no", "n", "false", "f", "0", "否"})


def half_width(text: str) -> str:
    """The text with every full-width sign made half-width, invisible signs gone, blanks collapsed and trimmed.

    For headers, figures and dates, where width never carries meaning. Not NFKC, which would read 5² as 52.
    """
    return " ".join(text.translate(_SIGNS).translate(_INVISIBLE).split())


def written(raw: object) -> str:
    """Any cell as text: a number with all its digits and no exponent, a day as 2011-01-31, None as nothing."""
    match raw:
        case None:
            return ""
        case str():
            return raw
        case bool():
            return "TRUE" if raw else "FALSE"
        case float():
            number = Decimal(repr(raw))
            return format(number.to_integral_value() if raw.is_integer() else number, "f")
        case Decimal():
            return format(raw, "f")
        case datetime():
            return raw.isoformat(" ")
        case date() | time():
            return raw.isoformat()
        case timedelta():
            minutes, seconds = divmod(round(raw.total_seconds()), 60)
            return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
    return str(raw)


def to_text(raw: object, *, lines: bool = False) -> str | None:
    """The text of a cell, trimmed and with blanks collapsed; a blank cell gives None.

    Full-width letters and digits become half-width, and so do the signs that join them (ＡＢ－１２ → AB-12); all other
    punctuation stays as the writer set it. `lines` keeps line breaks. Refuses control characters, and numbers longer
    than a spreadsheet can hold, since an identity or account number stored as a number has lost its last digits.
    """
    if isinstance(raw, str) and raw.isascii() and raw.isprintable():  # most cells, so worth a shorter way
        return " ".join(raw.split()) or None
    if isinstance(raw, int | float) and abs(raw) >= 10**EXACT_DIGITS:
        raise CellError(
            "“%(value)s” has more than 15 digits, which a spreadsheet does not keep in a number; "
            "format the column as text and enter the number again",
            value=shown(written(raw)),
        )
    text = unicodedata.normalize("NFC", written(raw)).translate(_INVISIBLE)
    text = _JOINS.sub(lambda sign: chr(_FULL_WIDTH[ord(sign[0])]), text.translate(_LETTERS))
    kept = "\n".join(" ".join(line.split()) for line in text.splitlines()).strip() if lines else " ".join(text.split())
    for sign in kept:
        if unicodedata.category(sign) in ("Cc", "Cs") and sign != "\n":
            raise CellError(
                "“%(value)s” holds an invisible control character (U+%(code)s); delete it or type the text again",
                value=shown(kept),
                code=f"{ord(sign):04X}",
            )
    return kept or None


def to_yes_no(raw: object) -> bool | None:
    """Yes/No, Y/N, True/False, T/F, 1/0, 是/否 in any case and width; a blank cell gives None."""
    text = half_width(written(raw)).casefold()
    if not text:
        return None
    if text in _YES or text in _NO:
        return text in _YES
    raise CellError("“%(value)s” is neither yes nor no; write Yes or No (是 or 否)", value=shown(raw))
