"""A list as a file: the same search, filters and order, private values masked.

With the columns the address chooses, in its order; every field the panel shows where it chooses none.
"""

import csv
import io
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from flask import Response, request, stream_with_context
from flask_appbuilder import expose
from flask_babel import force_locale, get_locale

from app.extensions import db
from app.kernel import history
from app.kernel.access import require
from app.kernel.actor import Actor, acting, current_actor
from app.kernel.clock import house_zone
from app.kernel.database import read_only
from app.panel import listing, texts
from app.panel.base import RecordView
from app.panel.fields import Field, fields_of, readable
from app.panel.saving import saving
from app.schema.errors import Refusal
from app.schema.kinds import YES_NO, FileKind
from app.schema.record import groups_of

DANGEROUS = frozenset("=+-@\t\r\n＝＋－＠")
"""How a text begins that a spreadsheet would take for a formula."""
BUFFER = 64 * 1024


class Exporting(RecordView):
    """Who may export gets every row he or she may read, and it is written down."""

    @expose("/export.csv", methods=["POST"])
    def export(self) -> Response:
        """Stream the list as the address asks for it. A filter that cannot be read is refused, not left out."""
        actor = current_actor()
        require(actor, "export", self.record)
        what = listing.asked(db.session, self.record, request.args)
        if what.chosen.problems:
            raise Refusal(what.chosen.problems[0])
        bounds = {key: request.args.getlist(key) for key in request.args}
        with saving(db.session):
            history.summarise(db.session, str(self.record.__tablename__), "export", bounds)
        panel = self.record.panel
        shown = [*panel.columns, *(name for group in groups_of(self.record) for name in group.fields), *panel.facts]
        if what.picked:
            shown = [f.key or f.name for f in what.columns]
        names = [each for f in fields_of(self.record, shown) for each in (f.key or f.name, f.currency) if each]
        fields = readable(fields_of(self.record, names)) or fields_of(self.record, (panel.title,))
        day = datetime.now(UTC).astimezone(house_zone()).strftime("%Y-%m-%d")
        rows = stream_with_context(_stream(actor, what, fields, str(get_locale())))
        answer = Response(rows, content_type="text/csv; charset=utf-8")
        answer.headers["Content-Disposition"] = f'attachment; filename="{self.record.__tablename__}-{day}.csv"'
        return answer


def _stream(actor: Actor, what: listing.Asked, fields: list[Field], locale: str) -> Iterator[bytes]:
    """The file in pieces. The actor, the language and the reading transaction last as long as the reading does."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    with acting(actor), read_only(), force_locale(locale):
        writer.writerow([f.heading for f in fields])
        yield b"\xef\xbb\xbf"
        writers = [writer_of(f) for f in fields]
        for values in listing.all_values(db.session, what, fields):
            writer.writerow([write(value) for write, value in zip(writers, values, strict=True)])
            if buffer.tell() > BUFFER:
                yield buffer.getvalue().encode()
                buffer.seek(0)
                buffer.truncate()
        yield buffer.getvalue().encode()


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
