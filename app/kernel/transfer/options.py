"""What whoever brings a file in says of it: which column is which field, what its words mean, all or what is sound."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from app.kernel.sheets import Row, to_text
from app.schema.kinds import BadValue

NONE: Mapping[str, Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True)
class Options:
    """`mapping` is by header the field a column fills, empty for none; without one the headers are guessed.

    `words` says by column, and by what stands in it, what is meant by it. With `all_or_none` one refused line keeps
    all the others out.
    """

    mapping: Mapping[str, str] | None = None
    words: Mapping[str, Mapping[str, str]] = field(default_factory=lambda: NONE)
    all_or_none: bool = False

    def put_right(self, rows: Iterable[Row]) -> None:
        """Write into the cells of these rows what is meant by them."""
        for column, meant in self.words.items():
            for row in rows:
                text = _text(row.cells.get(column))
                if text is not None and text in meant:
                    row.cells[column] = meant[text]


AS_IT_STANDS = Options()


def _text(raw: object) -> str | None:
    try:
        return to_text(raw)
    except BadValue:
        return None
