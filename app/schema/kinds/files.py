"""Files: any, a picture, a signature. A field holds what is known of a file; its bytes are the kernel's affair.

A file is sent first and is then known by its id, which a form, the API or a step gives in its place. Everything else
that is said of it, name, size and type, is the kernel's own word: whatever came along with the id is not believed.
"""

import math
import re
import struct
import unicodedata
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import String, TypeDecorator
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import MappedColumn

from app.schema.kinds.kind import BadValue, Kind, Reader
from app.schema.kinds.samples import DEEDS, chinese, nth
from app.schema.rules import Rule

ID = re.compile("[0-9a-f]{40}")
LONGEST_NAME = 200
LONGEST = 400
"""Characters of all that is known of a file."""
NO_PICTURE = "this is no picture; choose one in PNG, JPEG, GIF or WebP"
NO_FILE = "choose the file itself, or give the id of one that was sent; its name alone is not enough"


@dataclass(frozen=True)
class File:
    """What is known of a file: the id it is found by, the name it was sent under, its size in bytes, and its type.

    The type is that of the content, such as ``image/png``. A file of which only the id is known has no name yet.
    """

    id: str
    name: str = ""
    size: int = 0
    type: str = ""

    def __str__(self) -> str:
        """As it is kept and as forms hold it: id, size, type and name."""
        return f"{self.id} {self.size} {self.type} {self.name}" if self.name else self.id

    @classmethod
    def read(cls, text: str) -> "File":
        """The inverse of ``str``. Raises `ValueError`."""
        found = re.fullmatch(r"([0-9a-f]{40})(?: ([1-9][0-9]{0,9}) ([!-~]{1,100}) ([^\x00-\x1f]{1,200}))?", text)
        if found is None:
            raise ValueError(f"{text!r} says nothing of a file")
        return cls(found[1], found[4] or "", int(found[2] or 0), found[3] or "")

    @property
    def is_picture(self) -> bool:
        """Whether a browser draws it."""
        return self.type in PICTURES

    def as_json(self) -> dict[str, Any]:
        """As the API and the history have it."""
        return {"id": self.id, "name": self.name, "size": self.size, "type": self.type}


PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")


class FileText(TypeDecorator[File]):
    """A `File`, kept as text."""

    impl = String
    cache_ok = True

    def __init__(self) -> None:
        super().__init__(LONGEST)

    def process_bind_param(self, value: File | None, dialect: Dialect) -> str | None:
        """The text that is kept."""
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> File | None:
        """Give back what is known of the file."""
        return None if value is None else File.read(value)


@dataclass(frozen=True)
class FileKind(Kind):
    """A kind whose values are files; `pictures` takes only those a browser draws."""

    pictures: bool = False

    def mask(self, value: Any) -> str:
        """Nothing at all is shown of a private file: neither its name nor how long that is."""
        return "•" * 8


def size_in_words(size: int) -> str:
    """So many bytes, in the unit that suits them."""
    if size < 1000:
        return f"{size} B"
    return f"{size / 1000:.0f} kB" if size < 999_500 else f"{size / 1_000_000:.1f} MB"


def _parsed(raw: Any, pictures: bool) -> File:
    try:
        if isinstance(raw, File):
            found = raw
        elif isinstance(raw, Mapping):
            told = [str(raw[part]) for part in ("size", "type", "name") if raw.get(part)]
            found = File.read(" ".join((raw["id"], *(told if len(told) == 3 else ()))))
        else:
            found = File.read(raw)
    except (KeyError, TypeError, ValueError):
        raise BadValue(NO_FILE) from None
    if pictures and found.type and not found.is_picture:
        raise BadValue(NO_PICTURE)
    return found


def _words(value: File, reader: Reader) -> str:
    return f"{value.name} ({size_in_words(value.size)})"


def sample(kind: FileKind, number: int, language: str = "en", place: str = "") -> tuple[File, bytes]:
    """A small file to show and to test with, always the same for its number; `place` tells those of fields apart."""
    zh = chinese(language)
    if kind.pictures:
        drawn = kind.input == "signature"
        body, type_, name = _drawing(number, drawn), "image/png", ("签名" if zh else "signature") if drawn else ""
        name = f"{name or ('照片' if zh else 'photo')}-{number}.png"
    else:
        body, type_ = f"{nth(DEEDS, number)[not zh]}\n{number} {place}\n".encode(), "text/plain"
        name = f"{'材料' if zh else 'paper'}-{number}.txt"
    id_ = f"{zlib.crc32(f'{kind.name} {place} {language}'.encode()):08x}{number:032x}"
    return File(id_, name, len(body), type_), body


def _drawing(number: int, signed: bool) -> bytes:
    """A small picture: a line that swings, on white or on a ground of its own colour."""
    width, height, ink = 120, 48, b"\x10\x2a\x56"
    ground = (255, 255, 255) if signed else tuple(150 + number * step % 90 for step in (37, 61, 89))
    rows = [bytearray(bytes(ground) * width) for _ in range(height)]
    for x in range(8, width - 8):
        line = height / 2 + height / 3 * math.sin(x / (5 + number % 7)) * math.cos(x / 31 + number)
        for y in range(math.floor(line) - 1, math.floor(line) + 3):
            rows[y][3 * x : 3 * x + 3] = ink
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(b"".join(b"\x00" + row for row in rows))),
        (b"IEND", b""),
    )
    told = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(told)


def _kind(name: str, cell: str, pictures: bool) -> FileKind:
    made = FileKind(
        name,
        lambda raw: _parsed(raw, pictures),
        name,
        schema={
            "type": "object",
            "properties": {
                "id": {"type": "string", "pattern": f"^{ID.pattern}$"},
                "name": {"type": "string"},
                "size": {"type": "integer", "minimum": 1},
                "type": {"type": "string"},
                "url": {"type": "string"},
                "preview": {"type": "string"},
            },
            "required": ["id"],
        },
        operators=(),
        longest=LONGEST,
        cell=cell,
        words=_words,
        type_=FileText,
        rules=(Rule("is_a_file", f"length({{0}}) BETWEEN 46 AND {LONGEST} AND substr({{0}}, 41, 1) = ' '", NO_FILE),),
        pictures=pictures,
    )
    return replace(made, example=lambda number, language: sample(made, number, language)[0])


FILE = _kind("file", "file", pictures=False)
IMAGE = _kind("image", "picture", pictures=True)
SIGNATURE = _kind("signature", "picture", pictures=True)


def file(*, private: bool = False) -> MappedColumn[Any]:
    """A file: ``scan: Mapped[File | None] = file()``. A private one is handed out only to who had it shown in full."""
    return replace(FILE, private=private).column()


def image(*, private: bool = False) -> MappedColumn[Any]:
    """A picture a browser draws; `private` as of `file`."""
    return replace(IMAGE, private=private).column()


def signature(*, private: bool = False) -> MappedColumn[Any]:
    """A signature, drawn or typed, kept as a picture; `private` as of `file`."""
    return replace(SIGNATURE, private=private).column()


def plain_name(filename: str) -> str:
    """The name a file was sent under: the last part of it, of what every system takes in a name."""
    last = unicodedata.normalize("NFC", filename).replace("\\", "/").rpartition("/")[2]
    kept = "".join(letter for letter in last if letter.isprintable() and letter not in '<>:"|?*').strip(" .")
    if len(kept) > LONGEST_NAME:
        stem, dot, ending = kept.rpartition(".")
        kept = f"{stem[: LONGEST_NAME - 11]}{dot}{ending[:10]}" if dot and stem else kept[:LONGEST_NAME]
    return kept.strip() or "file"
