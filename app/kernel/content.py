"""What an uploaded file is, told by its bytes and never by its name."""

import io
import struct
import zipfile
from typing import NamedTuple

from app.schema.kinds import PICTURES

OFFICE = "application/vnd.openxmlformats-officedocument."
_OFFICE = {
    "word/document.xml": "wordprocessingml.document",
    "xl/workbook.xml": "spreadsheetml.sheet",
    "ppt/presentation.xml": "presentationml.presentation",
}
MOST_PARTS = 10_000
MOST_BYTES = 500_000_000
TIGHTEST = 200
"""How many bytes one byte may unpack into."""
FEW = 10_000
"""Bytes below which a part may be packed as tightly as it likes."""
_BEGINNINGS = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"ID3", "audio/mpeg"),
    (b"\xff\xfb", "audio/mpeg"),
)


class Content(NamedTuple):
    """The type of a file, "" for one that is not taken; `width` and `height` in pixels, 0 for what is no picture."""

    type: str
    width: int = 0
    height: int = 0


def content_of(body: bytes) -> Content:
    """What the bytes are. A picture whose size cannot be read is none."""
    type_ = next((type_ for begin, type_ in _BEGINNINGS if body.startswith(begin)), "") or _boxed(body)
    if type_ in PICTURES:
        try:
            width, height = _MEASURES[type_](body)
        except (struct.error, IndexError, ValueError):
            return Content("")
        return Content(type_, width, height) if width and height else Content("")
    return Content(type_)


def _boxed(body: bytes) -> str:
    """Kinds of content told by more than their first bytes."""
    if body[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav"}.get(body[8:12], "")
    if body[4:8] == b"ftyp":
        return "image/heic" if body[8:12] in (b"heic", b"heix", b"mif1") else "video/mp4"
    if body[:4] == b"PK\x03\x04":
        return _office(body)
    return "text/plain" if _is_text(body) else ""


def _office(body: bytes) -> str:
    """A packed document, by the names in it, without unpacking anything; one with macros is none."""
    try:
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            names = {each.filename for each in packed.infolist()}
    except (zipfile.BadZipFile, NotImplementedError, UnicodeDecodeError, struct.error, ValueError):
        return ""
    if "[Content_Types].xml" not in names or any(name.endswith("vbaProject.bin") for name in names):
        return ""
    return next((OFFICE + kind for name, kind in _OFFICE.items() if name in names), "")


def is_bomb(body: bytes) -> bool:
    """Whether a packed document unpacks into more than one that somebody wrote: parts, bytes, or bytes per byte.

    By what it says of itself: who unpacks it goes by that as well. Parts that share their bytes count as too many.
    """
    if body[:4] != b"PK\x03\x04":
        return False
    with zipfile.ZipFile(io.BytesIO(body)) as packed:
        parts = packed.infolist()
    total = sum(each.file_size for each in parts)
    tight = any(each.file_size > TIGHTEST * max(each.compress_size, FEW) for each in parts)
    return len(parts) > MOST_PARTS or total > MOST_BYTES or tight or sum(e.compress_size for e in parts) > len(body)


def _is_text(body: bytes) -> bool:
    """Whether it reads as text; what begins like a page of the web does not count, for browsers would run it."""
    if not body or b"\x00" in body or body.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        return False
    for encoding in ("utf-8", "gb18030"):
        try:
            body.decode(encoding)
        except UnicodeDecodeError:
            continue
        return True
    return False


def _png(body: bytes) -> tuple[int, int]:
    if body[12:16] != b"IHDR":
        raise ValueError("no head")
    return struct.unpack(">II", body[16:24])


def _gif(body: bytes) -> tuple[int, int]:
    return struct.unpack("<HH", body[6:10])


def _jpeg(body: bytes) -> tuple[int, int]:
    at = 2
    while True:
        while body[at] == 0xFF and body[at + 1] == 0xFF:
            at += 1
        if body[at] != 0xFF:
            raise ValueError("no marker where one should be")
        mark = body[at + 1]
        if 0xC0 <= mark <= 0xCF and mark not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", body[at + 5 : at + 9])
            return width, height
        at += 2 + struct.unpack(">H", body[at + 2 : at + 4])[0]


def _webp(body: bytes) -> tuple[int, int]:
    chunk = body[12:16]
    if chunk == b"VP8X":
        return int.from_bytes(body[24:27], "little") + 1, int.from_bytes(body[27:30], "little") + 1
    if chunk == b"VP8L":
        bits = int.from_bytes(body[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    width, height = struct.unpack("<HH", body[26:30])
    return width & 0x3FFF, height & 0x3FFF


_MEASURES = {"image/png": _png, "image/jpeg": _jpeg, "image/gif": _gif, "image/webp": _webp}
