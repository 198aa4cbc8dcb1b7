"""Previews of files: each page is drawn when somebody first looks, by a process of its own, and kept beside the file.

Neither Pillow nor pdfium is trusted with what strangers send: `app/kernel/drawing.py` runs without our environment
and under limits, and whatever comes of it, the file has a preview or has none. Who may see a file is asked before, of
`files.visible`; what is handed out are pixels of our own making.
"""

import json
import logging
import math
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryFile
from threading import Condition
from typing import IO

from app.kernel import scanning
from app.kernel.content import content_of
from app.kernel.store import PIECE, the_store
from app.schema.errors import NotFound, Unavailable
from app.schema.kinds import PICTURES, File

log = logging.getLogger(__name__)
PDF = "application/pdf"
DRAWN = (*PICTURES, PDF) if sys.platform == "linux" else ()
"""The types that have previews; none where a process is not kept within limits."""
SIZES = {"small": (240, 240), "large": (1400, 5600)}
"""The boxes pages are drawn into, in pixels; a large one is tall, for pictures of whole conversations are."""
TYPE = "image/webp"
MOST_PAGES = 20
"""Of a PDF; the rest is read in the file itself."""
MEGABYTES, BUSY, SECONDS = 640, 5, 8.0
"""What one drawing may take: of memory, seconds of the processor, and seconds by the clock on the wall."""
WAIT = 4.0
"""Seconds a drawing waits for its turn."""
AT_ONCE, WAITING = 2, 4
"""How many drawings a process of the panel has running, and how many of its threads wait for one besides."""
LARGEST = 8 << 20
"""Bytes of an answer."""
NONE = "There is no preview of this file."
LATER = "The preview is not drawn yet; try again in a moment."
REFUSED, NOT_READY = 3, 1
"""How `drawing.py` ends where the file is at fault, and where it never came to look at it."""
STOPPED = (-signal.SIGTERM, -signal.SIGINT)
"""How it ends when the panel is stopped meanwhile."""
PROGRAM = Path(__file__).with_name("drawing.py")


@dataclass(frozen=True)
class Pages:
    """How many pages a file has, and how large the first of them are drawn at most: width and height in pixels."""

    count: int
    sizes: tuple[tuple[int, int], ...]


def has_preview(file: File) -> bool:
    """Whether a file is of a type that has previews. A damaged one may have none all the same."""
    return file.type in DRAWN


def pages_of(file: File) -> Pages:
    """What there is to look at. Raises `NotFound` where there is no preview, `Unavailable` where none is drawn now."""
    if not has_preview(file):
        raise NotFound(NONE)
    told = _kept(f"{file.id}.pages")
    if told is None:
        _drawn(file, 1, "small")
        told = _kept(f"{file.id}.pages")
    if not told:
        raise NotFound(NONE)
    count, sizes = json.loads(told)
    return Pages(count, tuple((width, height) for width, height in sizes))


def picture_of(file: File, page: int, size: str) -> bytes:
    """A page, counted from 1, as WebP. Raises as `pages_of`, and `NotFound` for a page or a size there is not."""
    if size not in SIZES or not 1 <= page <= len(pages_of(file).sizes):
        raise NotFound(NONE)
    found = _kept(_name(file, page, size))
    if found is None:
        found = _drawn(file, page, size)
    if not found:
        raise NotFound(NONE)
    return found


def _name(file: File, page: int, size: str) -> str:
    return f"{file.id}.{page}-{size}"


def _kept(name: str) -> bytes | None:
    """What was drawn under that name: nothing at all of what cannot be, None where nobody has tried."""
    try:
        with the_store().open(name) as found:
            return found.read()
    except FileNotFoundError:
        return None


def _keep(name: str, body: bytes) -> None:
    with suppress(FileExistsError):  # another process was first
        the_store().put(name, body)


def _drawn(file: File, page: int, size: str) -> bytes:
    """Draw a page and keep it; the first small one tells of all others. What cannot be drawn is kept as nothing."""
    name, first = _name(file, page, size), (page, size) == (1, "small")
    told = f"{file.id}.pages"
    with _turn(name):
        if (found := _kept(name)) is not None and not (first and _kept(told) is None):
            return found
        try:
            with _spooled(file, scanned=first) as source, TemporaryFile() as answer:
                _run(file, page, size, source, answer)
                pages, body = _read(file, size, answer)
        except _CannotBeDrawn as why:
            log.warning("no preview of %s, page %d: %s", file.id, page, why)
            pages, body = None, b""
        if first:
            _keep(told, json.dumps([pages.count, pages.sizes]).encode() if pages else b"")
        _keep(name, body)
        return body


class _CannotBeDrawn(Exception):
    """The file is at fault, and will be tomorrow."""


@contextmanager
def _spooled(file: File, *, scanned: bool) -> Iterator[IO[bytes]]:
    """The bytes of a file in one of this machine that has no name; looked through for viruses if there is a scanner."""
    with TemporaryFile() as spool:
        try:
            with the_store().open(file.id) as source:
                shutil.copyfileobj(source, spool, PIECE)
        except FileNotFoundError:
            raise NotFound(NONE) from None
        spool.seek(0)
        if scanned and scanning.asked():
            try:
                scanning.check(spool.read(), file.name, strictly=True)
            except scanning.Infected as found:
                raise _CannotBeDrawn(f"it has a virus, {found.what}") from None
            except Unavailable:
                raise Unavailable(LATER) from None
            spool.seek(0)
        yield spool


def _run(file: File, page: int, size: str, source: IO[bytes], answer: IO[bytes]) -> None:
    """Have the program draw. Raises `_CannotBeDrawn`, or `Unavailable` where it is not the file's fault."""
    width, height = SIZES[size]
    command = [sys.executable, "-I", "-B", str(PROGRAM), file.type, *map(str, (page, width, height, MEGABYTES, BUSY))]
    try:
        ended = subprocess.run(
            command,
            stdin=source,
            stdout=answer,
            stderr=subprocess.DEVNULL,
            cwd="/",
            env={},
            start_new_session=True,
            timeout=SECONDS,
            check=False,
        ).returncode
    except (subprocess.TimeoutExpired, OSError) as fault:
        log.warning("the preview of %s was not drawn: %s", file.id, fault)
        raise Unavailable(LATER) from None
    if ended == NOT_READY:
        log.error("previews cannot be drawn here: see what `python -I %s` says", PROGRAM)
    if ended in (NOT_READY, *STOPPED):
        raise Unavailable(LATER)
    if ended:
        raise _CannotBeDrawn("refused" if ended == REFUSED else signal.strsignal(-ended) or f"ended with {ended}")


def _read(file: File, size: str, answer: IO[bytes]) -> tuple[Pages, bytes]:
    """What the program answered, believed no more than the file: numbers, and a picture that fits the box."""
    answer.seek(0)
    head, _newline, body = answer.read(LARGEST).partition(b"\n")
    try:
        count, sizes = json.loads(head)
        large = [_fitted(float(width), float(height), file.type) for width, height in sizes[:MOST_PAGES]]
        pages = Pages(int(count), tuple(large))
    except (ValueError, TypeError, OverflowError, ZeroDivisionError):
        raise _CannotBeDrawn("the answer is none") from None
    type_, width, height = content_of(body)
    if type_ != TYPE or width > SIZES[size][0] or height > SIZES[size][1]:
        raise _CannotBeDrawn("the answer is no such picture")
    return pages, body


def _fitted(width: float, height: float, type_: str) -> tuple[int, int]:
    """The size a page is drawn at in the large box; pictures are never made larger."""
    box = SIZES["large"]
    scale = min(box[0] / width, box[1] / height)
    scale = scale if type_ == PDF else min(scale, 1)
    return max(1, min(box[0], math.ceil(width * scale))), max(1, min(box[1], math.ceil(height * scale)))


_room = Condition()
_drawing: set[str] = set()
_waiting: list[str] = []


@contextmanager
def _turn(name: str) -> Iterator[None]:
    """One of the few places for drawing, when nobody else draws the same. Raises `Unavailable`."""
    with _room:
        if len(_waiting) >= WAITING and not _free(name):
            raise Unavailable(LATER)
        _waiting.append(name)
        try:
            if not _room.wait_for(lambda: _free(name), WAIT):
                raise Unavailable(LATER)
            _drawing.add(name)
        finally:
            _waiting.remove(name)
    try:
        yield
    finally:
        with _room:
            _drawing.discard(name)
            _room.notify_all()


def _free(name: str) -> bool:
    return len(_drawing) < AT_ONCE and name not in _drawing
