"""A list as a file: the same search, filters and order, private values masked.

With the columns the address chooses, in its order; every field the panel shows where it chooses none.
"""

import csv
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from tempfile import TemporaryFile
from typing import IO, Any

from flask import current_app, redirect, request, send_file, stream_with_context, url_for
from flask_appbuilder import expose
from flask_babel import force_locale, get_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from app.extensions import db
from app.kernel import history
from app.kernel.access import reachable, require
from app.kernel.actor import Actor, acting, current_actor, request_address
from app.kernel.clock import house_zone
from app.kernel.database import read_only
from app.kernel.settings import setting_value
from app.kernel.transfer import Progress, exports
from app.kernel.transfer.loading import silent
from app.kernel.transfer.workbook import Book
from app.panel import listing, texts
from app.panel.base import RecordView
from app.panel.fields import Field, fields_of, readable
from app.panel.labels import record_plural
from app.panel.saving import saving
from app.schema.errors import Refusal
from app.schema.kinds import DAY, YES_NO, FileKind
from app.schema.record import Record, groups_of

DANGEROUS = frozenset("=+-@\t\r\n＝＋－＠")
"""How a text begins that a spreadsheet would take for a formula."""
BUFFER = 64 * 1024
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass(frozen=True)
class Wanted:
    """A list as an address asks for it, and the fields a file of it has."""

    record: type[Record]
    what: listing.Asked
    fields: list[Field]

    def count(self, session: Session) -> int:
        """How many rows there are, counted no further than one more than need nobody's agreement."""
        most = setting_value(session, exports.CAP) + 1
        return session.scalar(listing.counting(self.record, self.what.conditions, most)) or 0


def wanted(session: Session, record: type[Record], args: "MultiDict[str, str]") -> Wanted:
    """What the present person may export of what an address asks for: rows in reach of the permission to export.

    Raises `Refusal` for a filter that cannot be read: left out, it would hand over more rows than were asked for.
    """
    require(current_actor(), "export", record)
    what = listing.asked(session, record, args)
    if what.chosen.problems:
        raise Refusal(what.chosen.problems[0])
    what.chosen.conditions.append(reachable("export", record))
    panel = record.panel
    shown = [*panel.columns, *(name for group in groups_of(record) for name in group.fields), *panel.facts]
    if what.picked:
        shown = [f.key or f.name for f in what.columns]
    names = [each for f in fields_of(record, shown) for each in (f.key or f.name, f.currency) if each]
    return Wanted(record, what, readable(fields_of(record, names)) or fields_of(record, (panel.title,)))


class Exporting(RecordView):
    """Who may export gets every row he or she may read and export, and it is written down.

    A short list is answered at once, a long one by the worker, one above the cap after somebody else has agreed.
    """

    @expose("/export.csv", methods=["POST"])
    def export(self) -> Response:
        """The list as text."""
        return self._export("csv", 1)

    @expose("/export.xlsx", methods=["POST"])
    def export_workbook(self) -> Response:
        """The list as a workbook, which takes its time: at once only a tenth of what is answered as text."""
        return self._export("xlsx", 10)

    def _export(self, form: str, effort: int) -> Response:
        asked = wanted(db.session, self.record, request.args)
        count = asked.count(db.session)
        bounds = {key: request.args.getlist(key) for key in request.args}
        name, locale = filename(self.record, form), str(get_locale())
        at_once = min(setting_value(db.session, exports.AT_ONCE) // effort, setting_value(db.session, exports.CAP))
        with saving(db.session):
            history.summarise(db.session, str(self.record.__tablename__), "export", bounds | _told(form, count))
            if count > at_once:
                folder = current_app.extensions["settings"].data_dir / "exports"
                more = {"folder": str(folder), "filename": name, "locale": locale}
                table = str(self.record.__tablename__)
                key = exports.ask(db.session, table, form, bounds, count, **more).id
        if count > at_once:
            return redirect(url_for("ExportsPage.show", export_id=key), 303)
        if form == "csv":
            rows = stream_with_context(_stream(current_actor(), asked, locale))
            answer = Response(rows, content_type="text/csv; charset=utf-8")
            answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
            return answer
        file = TemporaryFile()  # noqa: SIM115 - it lives as long as the answer
        with read_only():
            write_workbook(db.session, asked, file, request.query_string.decode())
        file.seek(0)
        return send_file(file, mimetype=WORKBOOK, as_attachment=True, download_name=name, max_age=0)


def _told(form: str, count: int) -> dict[str, Any]:
    return {"format": form, "rows": count}


def filename(record: type[Record], form: str) -> str:
    """How a file is called: what of, of which moment, and by the number of the user whose it is."""
    at = datetime.now(UTC).astimezone(house_zone()).strftime("%Y-%m-%d-%H%M%S")
    return f"{record.__tablename__}-{at}-u{current_actor().user_id}.{form}"


def _stream(actor: Actor, asked: Wanted, locale: str) -> Iterator[bytes]:
    """The file in pieces. The actor, the language and the reading transaction last as long as the reading does."""
    with acting(actor), read_only(), force_locale(locale):
        yield from text_of(db.session, asked)


def text_of(session: Session, asked: Wanted, progress: Progress = silent) -> Iterator[bytes]:
    """The pieces of a file of text."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow([f.heading for f in asked.fields])
    yield b"\xef\xbb\xbf"
    writers = [writer_of(f) for f in asked.fields]
    for count, values in enumerate(listing.all_values(session, asked.what, asked.fields), 1):
        writer.writerow([write(value) for write, value in zip(writers, values, strict=True)])
        if buffer.tell() > BUFFER:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
            progress("write", count, count)
    yield buffer.getvalue().encode()


def write_workbook(
    session: Session, asked: Wanted, stream: IO[bytes], address: str, progress: Progress = silent
) -> None:
    """Write a workbook: numbers as numbers, days as days, all else as text, and a last leaf that says whose it is."""
    writers = [cell_of(f) for f in asked.fields]
    with Book(stream) as book:
        book.write([f.heading for f in asked.fields])
        for values in listing.all_values(session, asked.what, asked.fields):
            book.write([write(value) for write, value in zip(writers, values, strict=True)])
            if book.rows % 1000 == 0:
                progress("write", book.rows, book.rows)
        at = datetime.now(UTC).astimezone(house_zone()).strftime("%Y-%m-%d %H:%M:%S %z")
        told = [(_("Exported by"), current_actor().name), (_("When"), at), (_("From where"), request_address() or "—")]
        told += [
            (_("What"), record_plural(asked.record)),
            (_("Filter"), address or "—"),
            (_("Rows"), str(book.rows - 1)),
        ]
        book.leaf(_("About this file")[:31], told)


def cell_of(field: Field) -> Callable[[Any], Any]:
    """How the values of a field stand in a cell of a workbook. Nothing in it is a formula, so nothing is defused."""
    kind, plain = field.kind, not (field.target or field.far or field.private)
    if plain and kind is not None and (kind.numeric or kind is DAY):
        return lambda value: "" if value is None else value
    write = writer_of(field)

    def cell(value: Any) -> str:
        text = write(value)
        return text[1:] if text[:1] == "'" and text[1:2] in DANGEROUS else text

    return cell


def writer_of(field: Field) -> Callable[[Any], str]:
    """How the values of a field stand in the file: amounts without grouping, no formula.

    Made once for all rows, so that what a row does not change is looked up once.
    """
    kind = field.kind
    if field.target or field.far:
        return lambda title: safe(title) if title else ""
    few = (True, False) if kind is YES_NO else () if field.many else field.choices
    if few:
        return ({None: ""} | {value: safe(texts.text(field, value)) for value in few}).__getitem__
    if isinstance(kind, FileKind) and not field.private:
        return lambda value: "" if value is None else safe(value.name)
    if kind is None or field.private or (kind.words is not None and not kind.numeric):
        return lambda value: "" if value is None else safe(texts.text(field, value))
    write = kind.write
    if kind.numeric:
        return lambda value: "" if value is None else write(value)
    return lambda value: "" if value is None else safe(write(value))


def safe(text: str) -> str:
    """A text a spreadsheet shows as it is, and does not compute."""
    return "'" + text if text[:1] in DANGEROUS else text
