"""Opening an upload: what kind of file it really is, whatever its name says, and how its rows are separated."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import PurePath
from types import MappingProxyType
from typing import IO

from app.kernel.sheets.delimited import Delimited, Record, decoded
from app.kernel.sheets.errors import SheetError
from app.kernel.sheets.limits import LIMITS, MEGABYTE, Limits
from app.kernel.sheets.sheet import Names, Sheet
from app.kernel.sheets.upload import CHUNK, Upload
from app.kernel.sheets.words import written
from app.kernel.sheets.workbook import Workbook, unreadable_workbook

_ZIP = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_PAGES = (b"<!doctype", b"<html", b"<table", b"<?xml", b"<head", b"<meta", b"<style")
_DELIMITERS = ",;\t|"
_NO_ALIASES: Mapping[str, str] = MappingProxyType({})


def open_sheet(
    path_or_stream: str | PathLike[str] | IO[bytes],
    filename: str,
    required: Sequence[str],
    aliases: Mapping[str, str] = _NO_ALIASES,
    *,
    optional: Sequence[str] = (),
    limits: Limits = LIMITS,
    ours: bool = False,
) -> Sheet:
    """Open a CSV file or an Excel workbook, told apart by content.

    `required` are the columns that must be there, `optional` those that may, `aliases` maps other headers to either;
    headers match in any case and width. In a text of `ours` what defuses formulas is taken away again. A stream must be
    binary and stays open. Raises `SheetError` for whatever keeps the file as a whole from being read; it has then at
    least one row below a sound header.
    """
    upload = Upload(path_or_stream, filename)
    names = Names(required, optional, aliases)
    size = upload.size()
    if size == 0:
        raise SheetError("%(file)s is empty (0 bytes); export it again and upload it", file=filename)
    with upload.reading() as stream:
        head = stream.read(4096)
    if head.startswith(_ZIP):
        _cap(size, limits.workbook, filename)
        return Sheet(Workbook(upload, limits), names, limits)
    _cap(size, limits.file, filename)
    _refuse_others(upload, head)
    return _text_sheet(decoded(upload), names, limits, ours)


def _text_sheet(file: Delimited, names: Names, limits: Limits, ours: bool) -> Sheet:
    """The sheet with the delimiter under which the header shows most of the known columns, then most columns."""
    candidates = [replace(file, delimiter=delimiter) for delimiter in _DELIMITERS]
    best = max(candidates, key=lambda candidate: _score(candidate, names))  # the first of equals: comma
    return Sheet(best, names, limits, best.delimiter, ours=ours)


def _score(file: Delimited, names: Names) -> tuple[int, int]:
    try:
        header = next((texts for texts in map(_header_texts, file.records()) if texts), [])
    except SheetError:
        return (-1, 0)
    return sum(names.knows(text) for text in header), len(header)


def _header_texts(record: Record) -> list[str]:
    """The cells that could be names: those with a letter or digit, so that no line of commas passes for a header."""
    return [text for text in map(written, record.values) if any(map(str.isalnum, text))]


def _cap(size: int, most: int, filename: str) -> None:
    if size > most:
        raise SheetError(
            "%(file)s has %(size)d MB, more than the %(most)d MB that are taken; divide it into several files",
            file=filename,
            size=-(-size // MEGABYTE),
            most=most // MEGABYTE,
        )


def _refuse_others(upload: Upload, head: bytes) -> None:
    """Files that are no text, or text but no table, by what they begin with."""
    file = upload.filename
    if head.startswith(_COMPOUND):
        if _holds(upload, "EncryptedPackage".encode("utf-16-le")):
            raise SheetError("%(file)s is locked with a password; save it without one and upload it again", file=file)
        raise SheetError(
            "%(file)s is a workbook of the old .xls format; open it in Excel, save it as .xlsx and upload that",
            file=file,
        )
    if head.removeprefix(b"\xef\xbb\xbf").lstrip().lower().startswith(_PAGES):
        raise SheetError(
            "%(file)s is a web page or XML under a spreadsheet's name; open it in Excel and save it as .xlsx",
            file=file,
        )
    if (
        PurePath(file).suffix.lower() in (".xlsx", ".xlsm", ".xls")
        and b"\0" in head
        and head[:2] not in (b"\xff\xfe", b"\xfe\xff")
    ):
        raise unreadable_workbook(file)


def _holds(upload: Upload, name: bytes) -> bool:
    with upload.reading() as stream:
        tail = b""
        while chunk := stream.read(CHUNK):
            if name in tail + chunk:
                return True
            tail = chunk[-len(name) :]
    return False
