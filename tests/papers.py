"""Papers as people send them, and as those do who mean harm: real pictures and PDFs, and ones that are none."""

import io
import struct
import zlib

from PIL import ExifTags, Image

RED, BLUE, GREEN = (255, 0, 0), (0, 0, 255), (0, 128, 0)
LYING = 6
"""The orientation of EXIF of a telephone held upright."""
PLACE = b"31 14 0"


def photo(format_="JPEG", **more):
    """A picture of 600 by 400, red, its upper left quarter blue; lying on its side, and telling where it was taken."""
    image = Image.new("RGB", (600, 400), RED)
    image.paste(BLUE, (0, 0, 300, 200))
    exif = image.getexif()
    exif[ExifTags.Base.Orientation] = LYING
    exif[ExifTags.Base.ImageDescription] = PLACE.decode()
    exif.get_ifd(ExifTags.IFD.GPSInfo).update({1: "N", 2: (31.0, 14.0, 0.0), 3: "E", 4: (121.0, 28.0, 0.0)})
    kept = io.BytesIO()
    image.save(kept, format_, exif=exif, xmp=b"<x:xmpmeta>" + PLACE, **more)
    return kept.getvalue()


def picture(mode="RGB", size=(300, 200), colour=None, format_="PNG", **more):
    """A picture of one colour."""
    kept = io.BytesIO()
    Image.new(mode, size, colour).save(kept, format_, **more)
    return kept.getvalue()


def moving():
    """A GIF of two pictures, the first red, with a page of the web behind its end."""
    first, second = (Image.new("RGB", (80, 60), colour) for colour in (RED, BLUE))
    kept = io.BytesIO()
    first.save(kept, "GIF", save_all=True, append_images=[second], loop=0)
    return kept.getvalue() + b"<html><script>alert(1)</script></html>"


def bomb(width=30_000, height=30_000):
    """A real PNG of so many black pixels, a bit each, in few bytes."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    packer = zlib.compressobj(9)
    row = bytes(1 + (width + 7) // 8)
    data = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def written(*objects, trailer=b""):
    """A PDF of these objects, numbered from 1; the first is its catalogue."""
    made, places = b"%PDF-1.7\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    head = b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table)
    tail = b"trailer<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, trailer, len(made))
    return made + head + tail


def stream(body, told=b""):
    """A stream, packed."""
    packed = zlib.compress(body)
    return b"<<%s/Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (told, len(packed), packed)


def pdf(pages=1, size=(400, 200), draws=None, resources=b"", trailer=b"", more=()):
    """A PDF whose pages are red, blue and green in turn; or as `draws` says."""
    colours = (b"1 0 0 rg", b"0 0 1 rg", b"0 .5 0 rg")
    contents = [draws or colours[n % 3] + b" 0 0 %d %d re f" % size for n in range(pages)]
    kids = b" ".join(b"%d 0 R" % (3 + n) for n in range(pages))
    first = [b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, pages)]
    page = b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 %.3f %.3f]/Contents %d 0 R/Resources<<%s>>>>"
    told = [page % (*size, 3 + pages + n, resources) for n in range(pages)]
    return written(*first, *told, *map(stream, contents), *more, trailer=trailer)


def locked():
    """A PDF that asks for a password."""
    secret = b"<%s>" % (b"5a" * 32)
    told = b"/Encrypt<</Filter/Standard/V 1/R 2/Length 40/P -4/O%s/U%s>>/ID[<00><00>]" % (secret, secret)
    return pdf(trailer=told)


def swelling(depth=9, fan=10):
    """A PDF of two kilobytes whose form is drawn ten times in another, that one ten times in the next, and so on."""
    made = []
    for level in range(depth):
        inner = level < depth - 1
        told = b"/Type/XObject/Subtype/Form/BBox[0 0 400 200]"
        told += b"/Resources<</XObject<</F %d 0 R>>>>" % (6 + level) if inner else b""
        made.append(stream((b"/F Do\n" if inner else b"0 0 9 9 re f\n") * fan, told))
    return pdf(draws=b"/F Do", resources=b"/XObject<</F 5 0 R>>", more=made)


def endless(times=60_000):
    """A PDF that paints its page so many times over."""
    shade = b"<</ShadingType 2/ColorSpace/DeviceRGB/Coords[0 0 400 200]/Function 6 0 R/Extend[true true]>>"
    function = b"<</FunctionType 2/Domain[0 1]/C0[1 0 0]/C1[0 0 1]/N 1>>"
    return pdf(draws=b"/S sh\n" * times, resources=b"/Shading<</S 5 0 R>>", more=(shade, function))


def chinese():
    """A PDF with Chinese letters of a font it does not bring."""
    letters = "发票保单".encode("utf-16-be").hex().encode()
    font = b"<</Type/Font/Subtype/Type0/BaseFont/SimSun/Encoding/UniGB-UCS2-H/DescendantFonts[6 0 R]>>"
    glyphs = b"<</Type/Font/Subtype/CIDFontType2/BaseFont/SimSun/FontDescriptor 7 0 R"
    glyphs += b"/CIDSystemInfo<</Registry(Adobe)/Ordering(GB1)/Supplement 2>>>>"
    told = b"<</Type/FontDescriptor/FontName/SimSun/Flags 4/FontBBox[0 -200 1000 900]/ItalicAngle 0/Ascent 900"
    told += b"/Descent -200/StemV 80/CapHeight 700>>"
    draws = b"BT /F 90 Tf 20 60 Td <" + letters + b"> Tj ET"
    return pdf(draws=draws, resources=b"/Font<</F 5 0 R>>", more=(font, glyphs, told))
