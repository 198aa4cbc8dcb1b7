"""Reading the file of one whole record: column by column, a batch of rows at a time.

Such a file has one target whose fields are cells and nothing else, so nothing depends on what stands beside it. What a
cell was read as is remembered, for files repeat their values by the thousand; a batch then costs little more than
looking its cells up.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any

from app.kernel.history import plain
from app.kernel.sheets import Row
from app.kernel.sheets.errors import shown
from app.kernel.transfer import cells
from app.kernel.transfer.outcome import Problem
from app.kernel.transfer.plan import NEW, Entry, Field, Plan
from app.schema.kinds import BadValue
from app.schema.transfer import Cell

Read = tuple[list[Entry | None], list[tuple[Problem, bool]]]
_MOST = 20_000
_ABSENT = object()


class Straight:
    """Reads batches of rows for a plan of one target."""

    def __init__(self, plan: Plan) -> None:
        self._fields = plan.fields[0]
        self._columns = [f.source.column if isinstance(f.source, Cell) else "" for f in self._fields]
        self._key = next(n for n, f in enumerate(self._fields) if f.name == plan.targets[0].key)
        self._known: list[dict[Any, Any]] = [{} for _ in self._fields]
        self._drafts: list[dict[Any, Any]] = [{} for _ in self._fields]

    def read(self, rows: Sequence[Row]) -> list[Read]:
        """What each row says, and what is wrong with it, in their order."""
        wrong: dict[int, list[tuple[Problem, bool]]] = {}
        told = []
        for n, field in enumerate(self._fields):
            column = self._columns[n]
            raws = [row.cells.get(column) for row in rows]
            if field.links is not None:
                self._prepare(n, field, raws)
            told.append(self._column(n, field, raws, rows, wrong))
        found: list[Read] = []
        for at, values in enumerate(zip(*told, strict=True)):
            if at in wrong:
                found.append(([None], wrong[at]))
                continue
            key = values[self._key]
            text = key if key.__class__ is str else f"{NEW}{rows[at].number}" if key is None else str(plain(key))
            found.append(([Entry(text, values)], []))
        return found

    def _prepare(self, n: int, field: Field, raws: Iterable[Any]) -> None:
        """Look up what the cells of a batch link to. What was found is kept as long as the finder keeps it."""
        assert field.links is not None
        before = field.links.known
        field.links.forget()
        if field.links.known < before:
            self._known[n].clear()
        texts: set[str] = set()
        for raw in {raw for raw in raws if raw is not None} - self._known[n].keys():
            with suppress(BadValue):
                value = field.draft(raw)
                texts |= set(value) if isinstance(value, tuple) else {str(value)} if value is not None else set()
        field.links.prepare(texts)

    def _column(
        self, n: int, field: Field, raws: list[Any], rows: Sequence[Row], wrong: dict[int, list[tuple[Problem, bool]]]
    ) -> list[Any]:
        known, told = self._known[n], []
        if len(known) > _MOST:
            known.clear()
        for at, raw in enumerate(raws):
            place = raw if raw is None or raw.__class__ is str else (raw.__class__, raw)
            value = known.get(place, _ABSENT)
            if value is _ABSENT:
                try:
                    value = known[place] = field.finished(raw)
                except BadValue as error:
                    wrong.setdefault(at, []).append(_problem(field, self._columns[n], rows[at], error))
                    value = None
            told.append(value)
        return told


def _problem(field: Field, column: str, row: Row, error: BadValue) -> tuple[Problem, bool]:
    raw = row.cells.get(column)
    private = field.kind is not None and field.kind.private
    value = shown(raw) if raw is not None and not private else None
    place = column or f"→ {field.name}"
    return Problem(row.number, place, value, error.msgid, error.args_), isinstance(error, cells.Unknown)
