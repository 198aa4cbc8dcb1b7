"""Draws one page of a file anew, as a picture that holds nothing else. A program: it runs by itself, under limits.

    python -I drawing.py TYPE PAGE WIDTH HEIGHT MEGABYTES SECONDS <file >answer

The answer is a line of JSON, how many pages there are and how large the first of them are, and then the picture as
WebP, no larger than the box. What cannot be drawn ends it with `REFUSED`; what goes beyond a limit is ended by the
system; and 1, Python's own, says that it never came to look at the file.
"""

import ctypes
import io
import json
import resource
import sys
from importlib.util import find_spec
from typing import IO, Any, NamedTuple

import pypdfium2
from PIL import ExifTags, Image, ImageOps
from PIL import WebPImagePlugin as WebPImagePlugin  # so that saving need not look for it among all there are
from pypdfium2 import raw as pdfium

REFUSED = 3
MOST_PAGES = 20
PIXELS = 100_000_000
"""More are not unpacked, whatever the setting of files allows."""
FONTS = "noto_cjk_sans_otc"
"""The package with the font for texts that bring none, the same on every machine."""
A4 = (595.0, 842.0)
ROUNDING = 0.01
"""By so many pixels a page stays below its box, for sizes are rounded up."""
TURNED = 5
"""The orientations of EXIF from here on lie on their side."""
Box = tuple[int, int]
_kept: list[Any] = []
"""What pdfium was pointed to."""


class Drawn(NamedTuple):
    """A page as a picture; how many `pages` there are, and the `sizes` of the first, in whatever unit."""

    pages: int
    sizes: list[tuple[float, float]]
    picture: Image.Image


def confine(megabytes: int, seconds: int) -> None:
    """Give up, for good, what drawing needs not: more memory and time than that, big answers, files, processes."""
    limits = {
        resource.RLIMIT_AS: megabytes << 20,
        resource.RLIMIT_CPU: seconds,
        resource.RLIMIT_FSIZE: 8 << 20,
        resource.RLIMIT_NOFILE: 16,
        resource.RLIMIT_NPROC: 0,
        resource.RLIMIT_CORE: 0,
    }
    for what, most in limits.items():
        hard = resource.getrlimit(what)[1]
        most = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (most, most))


def picture(source: IO[bytes], type_: str, page: int, box: Box) -> Drawn:
    """A picture made smaller if it does not fit, upright, on white; the first of those that move."""
    if page != 1:
        raise ValueError("a picture has one page")
    with Image.open(source, formats=[type_.rpartition("/")[2].upper()]) as found:
        image: Image.Image = found
        if image.width * image.height > PIXELS:
            raise ValueError("too many pixels")
        turned = image.getexif().get(ExifTags.Base.Orientation, 1) >= TURNED
        size = image.size[::-1] if turned else image.size
        if image.mode in ("1", "P", "PA"):  # their numbers are no colours, and cannot be averaged
            image = image.convert("RGBA")
        image.thumbnail(box[::-1] if turned else box, reducing_gap=2)
        return Drawn(1, [size], ImageOps.exif_transpose(image))


def page_of_pdf(source: IO[bytes], type_: str, page: int, box: Box) -> Drawn:
    """A page of a PDF with what is filled in, as large as the box."""
    with pypdfium2.PdfDocument(source) as document:
        document.init_forms()
        sizes = [_usual(document.get_page_size(at)) for at in range(min(len(document), MOST_PAGES))]
        width, height = sizes[page - 1]
        most = [each - ROUNDING for each in box]
        bitmap = document[page - 1].render(scale=min(most[0] / width, most[1] / height))
        return Drawn(len(document), sizes, bitmap.to_pil())


def _usual(size: tuple[float, float]) -> tuple[float, float]:
    """The size of a page, or that of A4 where it says none that can be."""
    width, height = size
    return (width, height) if 0 < width < 1e7 and 0 < height < 1e7 else A4


def plain(image: Image.Image) -> Image.Image:
    """The pixels and nothing else: no place it was taken at, no camera, no profile."""
    if image.has_transparency_data:
        ground = Image.new("RGBA", image.size, "white")
        ground.alpha_composite(image.convert("RGBA"))
        image = ground
    elif image.mode.startswith("I"):
        image = image.convert("I").point(lambda grey: grey * (1 / 256)).convert("L")
    clean = Image.new("RGB", image.size)
    clean.paste(image.convert("RGB"))
    return clean


def use_own_fonts() -> None:
    """Begin pdfium anew with the fonts of the house in place of the machine's."""
    found = find_spec(FONTS)
    folders = list(found.submodule_search_locations or ()) if found is not None else []
    pointer, texts = ctypes.POINTER(ctypes.c_char), [ctypes.create_string_buffer(each.encode()) for each in folders]
    paths = (pointer * (len(texts) + 1))(*(ctypes.cast(each, pointer) for each in texts), pointer())
    _kept.extend((texts, paths))
    pdfium.FPDF_DestroyLibrary()
    pdfium.FPDF_InitLibraryWithConfig(pdfium.FPDF_LIBRARY_CONFIG(version=2, m_pUserFontPaths=paths))


def main(type_: str, page: int, box: Box, megabytes: int, seconds: int) -> None:
    """Read the file from standard input, and write the answer to standard output."""
    Image.MAX_IMAGE_PIXELS = None  # our own cap is asked before
    is_pdf = type_ == "application/pdf"
    if is_pdf:
        use_own_fonts()
    confine(megabytes, seconds)
    try:
        drawn = (page_of_pdf if is_pdf else picture)(sys.stdin.buffer, type_, page, box)
        answer = io.BytesIO()
        plain(drawn.picture).save(answer, "WEBP", quality=80)
    except Exception:  # whatever it is, it is the file's fault
        sys.exit(REFUSED)
    sys.stdout.buffer.write(json.dumps([drawn.pages, drawn.sizes]).encode() + b"\n" + answer.getvalue())


if __name__ == "__main__":
    numbers = [int(each) for each in sys.argv[2:]]
    main(sys.argv[1], numbers[0], (numbers[1], numbers[2]), numbers[3], numbers[4])
