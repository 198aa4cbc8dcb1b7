"""What a person says of the file of one record: which column is which field, and what its unknown words mean."""

from collections.abc import Mapping
from typing import Any

from app.kernel.actor import current_actor
from app.kernel.tables import ImportBatch
from app.kernel.transfer.whole import NOT_TAKEN, takes
from app.panel.labels import choice_label, field_label
from app.schema.errors import Refusal
from app.schema.record import Record, stored
from app.schema.registry import registry
from app.schema.transfer import Profile

LONGEST = 300
TWICE = "Two columns cannot fill the same field: %(field)s."


def mapping_form(profile: Profile, batch: ImportBatch) -> dict[str, Any] | None:
    """The columns of a batch and the fields they may fill; None where the file is not that of one record."""
    said = batch.options or {}
    if not profile.record or not said.get("mapping"):
        return None
    record = registry[profile.record]
    fields = [(name, field_label(record, name)) for name in takes(record, current_actor())]
    columns = [{"header": header, "field": name, "at": at} for at, (header, name) in enumerate(said["mapping"].items())]
    return {"columns": columns, "fields": fields, "all_or_none": bool(said.get("all_or_none"))}


def words_form(profile: Profile, batch: ImportBatch) -> list[dict[str, Any]]:
    """The values nobody knows, each with what it may be taken for: a choice from the list, or the key of a row."""
    mapping, found = (batch.options or {}).get("mapping") or {}, []
    for at, (column, value, count) in enumerate((batch.result or {}).get("unknown", ())):
        choices = _choices(registry[profile.record], mapping.get(column, "")) if profile.record else []
        found.append({"at": at, "column": column, "value": value, "count": count, "choices": choices})
    return found


def _choices(record: type[Record], name: str) -> list[tuple[str, str]]:
    column = stored(record).get(name)
    values = column.info.get("choices") if column is not None else None
    return [] if values is None else [(str(each.value), choice_label(each)) for each in values]


def said_of(profile: Profile, batch: ImportBatch, form: Mapping[str, str]) -> dict[str, Any]:
    """What the form says of a batch, added to what was said before. Raises `Refusal`."""
    before = batch.options or {}
    allowed = takes(registry[profile.record], current_actor())
    mapping: dict[str, str] = {}
    for at, header in enumerate(before.get("mapping") or {}):
        name = form.get(f"column.{at}", NOT_TAKEN)
        name = name if name in allowed else NOT_TAKEN
        if name and name in mapping.values():
            raise Refusal(TWICE, field=field_label(registry[profile.record], name))
        mapping[header] = name
    words = {column: dict(meant) for column, meant in (before.get("words") or {}).items()}
    for at, (column, value, _) in enumerate((batch.result or {}).get("unknown", ())):
        meant = form.get(f"word.{at}", "").strip()[:LONGEST]
        if meant:
            words.setdefault(column, {})[value] = meant
    return {"mapping": mapping, "words": words, "all_or_none": form.get("all_or_none") == "yes"}
