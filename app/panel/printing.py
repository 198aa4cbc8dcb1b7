"""What a document says of a row, gathered as the present person may read it, and drawn as PDF by typst.

Words are handed over as data; no template puts any of them into markup. The same words give the same bytes.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import segno
import typst
from flask_babel import force_locale
from flask_babel import gettext as _

from app.extensions import db
from app.kernel import brand, outside
from app.kernel.clock import house_zone
from app.kernel.currency import house_currency
from app.kernel.documents import IssuedDocument, Said, Stamp, issue
from app.kernel.history import plain
from app.panel import showing, texts
from app.panel.fields import Field, fields_of, readable
from app.panel.labels import record_plural, translated
from app.panel.titles import Read, reading_of
from app.schema.brand import ACCENTS
from app.schema.documents import Document
from app.schema.errors import Unavailable
from app.schema.kinds import MONEY
from app.schema.record import Line, Record
from app.schema.registry import registry

HERE = Path(__file__).parent
TEMPLATES = HERE / "documents"
FONT_PACKAGE = "noto_cjk_sans_otc"
FONTS = {"en": "Noto Sans CJK SC", "zh_Hans": "Noto Sans CJK SC", "zh_Hant": "Noto Sans CJK TC"}
ACCENT = "#066fd1"


@dataclass(frozen=True)
class Gathered:
    """What a document tells of a row, in the words of one language; `said` is the same without them."""

    said: Said
    data: Mapping[str, Any]


def gather(row: Record, document: Document, language: str) -> Gathered:
    """What the present person's copy of a document says. Fields he or she may not read are left out, private ones
    masked, and links to rows hidden from him or her are not named."""
    with force_locale(language):
        shown: dict[str, Any] = {}
        parts = [fields_of(type(row), group.fields) for group in document.groups]
        read = showing.read_one(db.session, type(row), row.id, [field for some in parts for field in some])
        groups = [
            {"title": translated(group.title), "pairs": pairs}
            for group, fields in zip(document.groups, parts, strict=True)
            if (pairs := list(_pairs(fields, read, shown)))
        ]
        tables = [_table(registry[name], names, row, shown) for name, names in document.lines.items()]
        letter = document.letter(db.session, row) if document.letter is not None else None
        told = [sorted(shown.items()), letter]
        substance = sha256(json.dumps(told, ensure_ascii=False, default=str).encode()).hexdigest()
        data = {
            "kind": translated(document.label),
            "title": read.title,
            "groups": groups,
            "tables": [table for table in tables if table["rows"]],
            "letter": letter._asdict() if letter is not None else None,
        }
    return Gathered(Said(language, substance, frozenset(shown)), data)


def _pairs(fields: list[Field], read: Read, shown: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for field in fields:
        word = _word(field, read)
        if word is not None:
            shown[field.key or field.name] = _raw(field, read)
            if word:
                yield field.label, word


def _word(field: Field, read: Read) -> str | None:
    """A value as it is printed; None for what the present person may not read."""
    if (field.key or field.name) in read.hidden or field.far:
        return None
    value = getattr(read.row, field.key or field.name)
    if value is None or value == "":
        return ""
    if field.target:
        return read.titles.get(field.key)
    return texts.text(field, value) + (f" {_currency(field, read)}" if field.kind is MONEY else "")


def _raw(field: Field, read: Read) -> Any:
    """A value whatever the language, as it counts for whether anything has changed."""
    if field.target:
        return read.titles.get(field.key)
    value = getattr(read.row, field.key or field.name)
    return field.kind.mask(value) if field.private and field.kind and value is not None else plain(value)


def _currency(field: Field, read: Read) -> str:
    own = getattr(read.row, field.currency) if field.currency and field.currency not in read.hidden else None
    return translated(own or house_currency())


def _table(line: type[Record], names: Iterable[str], row: Record, shown: dict[str, Any]) -> dict[str, Any]:
    """The parts of one sort, as rows of words; a column without any is left out."""
    assert issubclass(line, Line)
    fields = readable(fields_of(line, names))
    reading = reading_of(line, fields)
    mine = reading.statement.where(getattr(line, line.parent) == row.id).order_by(*showing.in_order(line))
    reads = [reading.read(result) for result in db.session.execute(mine)]
    columns = []
    for field in fields:
        told = [_word(field, read) for read in reads]
        for word, read in zip(told, reads, strict=True):
            if word is not None:
                shown[f"{line.__tablename__}.{field.key or field.name}.{read.row.id}"] = _raw(field, read)
        if any(told):
            columns.append((field, [word or "" for word in told]))
    return {
        "title": record_plural(line),
        "columns": [{"label": field.label, "right": field.numeric} for field, _told in columns],
        "rows": list(zip(*(told for _field, told in columns), strict=True)),
    }


def drawn(gathered: Gathered, document: Document, stamp: Stamp) -> bytes:
    """The PDF. Raises `Unavailable` where the machine has no font for it."""
    language = gathered.said.language
    family = FONTS[language]
    if family not in fonts().families():
        raise Unavailable("The font of the documents is not installed; tell your administrator.")
    face, address = brand.house_brand(db.session), outside.house_address(f"/verify/{stamp.code}")
    with force_locale(language):
        words = {
            "number": _("Number"),
            "issued": _("Issued on"),
            "verify": _("Whether this document still stands:"),
            "code": _("Code"),
        }
    data = {
        **gathered.data,
        "font": family,
        "lang": language[:2],
        "region": {"zh_Hans": "CN", "zh_Hant": "TW"}.get(language, ""),
        "house": face.name,
        "accent": accent(face.accent),
        "logo": _logo(face.logo),
        "number": stamp.number,
        "issued": stamp.at.astimezone(house_zone()).date().isoformat(),
        "code": "-".join(re.findall("....", stamp.code)),
        "address": address,
        "qr": segno.make(address, error="m").svg_inline(border=0),
        "words": words,
    }
    made = typst.compile(
        TEMPLATES / f"{document.template}.typ",
        root=TEMPLATES,
        font_paths=fonts(),
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)},
        format="pdf",
        timestamp=stamp.at,
    )
    assert isinstance(made, bytes)
    return made


def print_out(row: Record, document: Document, language: str) -> IssuedDocument:
    """Issue a document as it says now; commit afterwards."""
    gathered = gather(row, document, language)
    return issue(db.session, row, document, gathered.said, lambda stamp: drawn(gathered, document, stamp))


@lru_cache(maxsize=1)
def fonts() -> typst.Fonts:
    """The fonts documents are set in: those that came with the panel, else the machine's."""
    found = find_spec(FONT_PACKAGE)
    if found is not None and found.origin is not None:
        return typst.Fonts(False, False, [Path(found.origin).parent])
    return typst.Fonts(True, False)


@lru_cache(maxsize=len(ACCENTS))
def accent(name: str) -> str:
    """The colour of an accent, out of the sheet the pages have it from."""
    rule = re.search(
        rf'data-accent="{re.escape(name)}"\] {{ --tblr-primary: (#\w+)', (HERE / "static/brand.css").read_text()
    )
    return rule[1] if rule else ACCENT


def _logo(name: str) -> dict[str, Any]:
    """The logo of the house, else the panel's own mark."""
    kept = brand.logo(db.session, name) if name else None
    if kept is None:
        return {"format": "svg", "body": list((HERE / "static" / "yanxu.svg").read_bytes())}
    return {"format": {"image/jpeg": "jpg"}.get(kept.content_type, kept.content_type[6:]), "body": list(kept.body)}
