"""What can be asked of the measures over the API, as operations of an OpenAPI document."""

from collections.abc import Iterable, Iterator

from flask_babel import gettext as _

from app.panel.openapi.operations import READING, Made, Operation, parameter
from app.panel.openapi.schemas import ID, NUMBER, TEXT, Schema, listed, named, nullable, shaped

TAG = "measures"
DAY: Schema = {"type": "string", "format": "date"}
DECIMAL: Schema = {"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]+)?(E[+-][0-9]+)?$"}
_DAYS = {"first": "2026-03-01", "last": "2026-03-31"}
_ROWS = "/api/v1/measures/claims_on_time/rows?first=2026-03-01&last=2026-03-31&whose=all"
_FIGURE = {"user_id": None, "month": None, "numerator": "18", "denominator": "20", "value": "90.0000", "rows": _ROWS}


def _whole(properties: Schema, example: object) -> Schema:
    """An object that has all of these, with an example."""
    return shaped(properties, properties) | {"examples": [example]}


SCHEMAS: dict[str, Schema] = {
    "Measure": _whole(
        {
            "name": TEXT,
            "label": TEXT,
            "definition": TEXT,
            "unit": TEXT,
            "record": TEXT,
            "higher_is_better": {"type": "boolean"},
            "figures": TEXT,
        },
        {
            "name": "claims_on_time",
            "label": "Claims decided on time",
            "definition": "Claims decided in the time by the day they were to be decided, of all decided in it.",
            "unit": "%",
            "record": "claim",
            "higher_is_better": True,
            "figures": "/api/v1/measures/claims_on_time",
        },
    ),
    "Measures": shaped({"result": listed(named("Measure"))}, ["result"]),
    "Figure": _whole(
        {
            "user_id": nullable(ID),
            "month": nullable(TEXT),
            "numerator": DECIMAL,
            "denominator": DECIMAL,
            "value": nullable(DECIMAL),
            "rows": nullable(TEXT),
        },
        _FIGURE,
    ),
    "Figures": _whole(
        {
            "measure": TEXT,
            "unit": TEXT,
            "first": DAY,
            "last": DAY,
            "result": named("Figure"),
            "by": listed(named("Figure")),
        },
        {"measure": "claims_on_time", "unit": "%", **_DAYS, "result": _FIGURE, "by": []},
    ),
    "RowsBehind": shaped(
        {"record": TEXT, "count": NUMBER, "next": nullable(ID), "result": listed({"type": "object"})},
        ["record", "count", "next", "result"],
    ),
}


def of_measures(names: Iterable[str]) -> Iterator[tuple[str, str, Operation]]:
    """The address, the method and the operation of what may be asked of the measures of these names."""
    made, statuses = Made(TAG), (*READING, 404, 422)
    name: Schema = {"name": "name", "in": "path", "required": True, "schema": {"type": "string", "enum": sorted(names)}}
    words: Schema = {"type": "string", "enum": ["me", "all"]}
    of_whom = _("me, all that the caller sees, or the id of a user.")
    period = [
        parameter("first", DAY, _("The first day; unsaid, the first of the month of the last one.")),
        parameter("last", DAY, _("The last day; unsaid, today.")),
        parameter("whose", {"anyOf": [words, ID]}, of_whom),
    ]
    by = parameter("by", {"type": "string", "enum": ["person", "month"]}, _("What the figure is made of besides."))
    after = parameter("after", NUMBER, _("Where the page begins: next of the page before it."))
    yield (
        "/measures/",
        "get",
        made.reading("listMeasures", _("What is measured"), named("Measures"), [], (*READING, 422)),
    )
    title = _("The figure of a measure")
    yield "/measures/{name}", "get", made.reading("getFigures", title, named("Figures"), [name, *period, by], statuses)
    title = _("The rows behind a figure")
    given = [name, *period, after]
    yield "/measures/{name}/rows", "get", made.reading("listRowsBehind", title, named("RowsBehind"), given, statuses)
