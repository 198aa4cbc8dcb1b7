"""``flask report NAME --by DIMENSION``: a declared report as a table, CSV or JSON, over all rows."""

import csv
import io
import json
from decimal import Decimal
from typing import Any

import click
from flask.cli import with_appcontext

from app.extensions import db
from app.kernel.actor import acting, system_actor
from app.schema.kinds import MONTH, BadValue
from app.schema.registry import registry
from app.schema.report import Report


@click.command("report")
@click.argument("name")
@click.option("--by", help="What to cut it by; the first dimension of the report when left out.")
@click.option("--from", "first", metavar="YYYY-MM", help="First month looked at; from the beginning when left out.")
@click.option("--to", "last", metavar="YYYY-MM", help="Last month looked at.")
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
@with_appcontext
def report(name: str, by: str | None, first: str | None, last: str | None, form: str) -> None:
    """Print a report. Amounts are exact decimals, written as text; no value is null, empty or a dash."""
    declared = registry.reports.get(name)
    if declared is None:
        raise click.BadParameter(f"choose one of: {', '.join(r.name for r in registry.reports)}", param_hint="NAME")
    by = by or declared.dimensions[0]
    if by not in declared.dimensions:
        raise click.BadParameter(f"choose one of: {', '.join(declared.dimensions)}", param_hint="--by")
    try:
        months = (MONTH.read(first), MONTH.read(last))
    except BadValue as error:
        raise click.BadParameter(str(error), param_hint="--from, --to") from None
    with acting(system_actor("flask report", "cli")):
        rows = declared.rows(db.session, by, months)
        db.session.rollback()
    click.echo(_FORMATS[form](declared, rows), nl=form != "csv")


def _json(declared: Report, rows: list[dict[str, Any]]) -> str:
    return json.dumps(rows, default=_plain, ensure_ascii=False)


def _plain(value: Any) -> str:
    return str(value) if isinstance(value, Decimal) else value.isoformat()


def _csv(declared: Report, rows: list[dict[str, Any]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, declared.columns, lineterminator="\n", extrasaction="ignore")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def _table(declared: Report, rows: list[dict[str, Any]]) -> str:
    lines = [list(declared.columns.values())]
    lines += [["—" if row[key] is None else str(row[key]) for key in declared.columns] for row in rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(declared.columns))]
    return "\n".join("  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)


_FORMATS = {"json": _json, "csv": _csv, "table": _table}
