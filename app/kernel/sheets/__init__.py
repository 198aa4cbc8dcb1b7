"""Reading what people upload: any CSV or Excel file as a stream of rows, and cells as values.

`open_sheet` says at once what is wrong with a file as a whole; `Sheet.rows` then streams its rows, each with its
number as a spreadsheet shows it. The parsers turn a cell into a value or say how to mend it. `RefusedRows` writes
what could not be taken, to be mended and loaded again. Every message is a translatable sentence: `msgid` % `args_`.
"""

from app.kernel.sheets.days import Order, to_day, to_moment, to_month
from app.kernel.sheets.errors import CellError, SheetError
from app.kernel.sheets.figures import to_decimal, to_integer
from app.kernel.sheets.limits import Limits
from app.kernel.sheets.opening import open_sheet
from app.kernel.sheets.refused import PROBLEM, RefusedRows
from app.kernel.sheets.sheet import Row, Sheet
from app.kernel.sheets.words import to_text, to_yes_no

__all__ = [
    "PROBLEM",
    "CellError",
    "Limits",
    "Order",
    "RefusedRows",
    "Row",
    "Sheet",
    "SheetError",
    "open_sheet",
    "to_day",
    "to_decimal",
    "to_integer",
    "to_moment",
    "to_month",
    "to_text",
    "to_yes_no",
]
