"""The face of the house: who sets it, where it shows, and that every accent can be read."""

import io
import re
import struct
import zlib

import pytest

from app.jobs.smtp import Outlet
from app.kernel.actor import acting, system_actor
from app.kernel.brand import house_brand
from app.schema.brand import ACCENTS
from config import HERE
from tests.app.test_settings_page import save
from tests.screens import plain, post

STATIC = HERE / "app" / "panel" / "static"
on_sqlite = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)


def picture(width=40, height=20):
    """A small picture in PNG."""

    def part(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" + bytes(width) for _row in range(height)))
    return b"\x89PNG\r\n\x1a\n" + part(b"IHDR", head) + part(b"IDAT", rows) + part(b"IEND", b"")


@on_sqlite
def test_an_administrator_gives_the_panel_another_face_and_everybody_has_it_at_once(app, session, sign_in):
    renewal, admin = sign_in("renewal"), sign_in("admin")
    assert "延續" in renewal.get("/").text
    assert save(admin, "brand.name", value="安心延保").status_code == 303
    assert save(admin, "brand.accent", value="teal").status_code == 303
    sent = save(admin, "brand.logo", value=(io.BytesIO(picture()), "logo.png"))
    assert sent.status_code == 303, plain(sent.text)
    for client, url in ((renewal, "/"), (app.test_client(), "/login/")):
        page = client.get(url).text
        assert "安心延保" in page
        assert "延續" not in page
        assert 'data-accent="teal"' in page
        assert "brand.css" in page
        address = re.search(r'<img class="yx-logo" src="([^"]+)"', page)[1]
        answer = client.get(address)
        assert (answer.data, answer.content_type) == (picture(), "image/png")
        assert "immutable" in answer.headers["Cache-Control"]
    with acting(system_actor("tests", "cli")):
        name = house_brand(session).name
        session.rollback()
    assert Outlet("smtp://x", "Yanxu <desk@example.cn>").under(name).sender.endswith("<desk@example.cn>")
    assert save(admin, "brand.logo", default="yes").status_code == 303
    assert "yanxu.svg" in renewal.get("/").text


@on_sqlite
def test_nobody_else_does_and_what_is_no_picture_or_no_accent_is_refused(session, sign_in):
    manager, admin = sign_in("manager"), sign_in("admin")
    assert "brand.name" not in manager.get("/settings/").text
    assert post(manager, "/settings/brand.name", value="Mine", seen="").status_code == 403
    for body in (b"<svg xmlns='http://www.w3.org/2000/svg'/>", picture(2001, 1), b""):
        answer = save(admin, "brand.logo", value=(io.BytesIO(body), "logo.png"))
        assert answer.status_code == 422
        assert "choose a picture" in answer.text
    assert save(admin, "brand.accent", value="#123456").status_code == 422
    with acting(system_actor("tests", "cli")):
        assert house_brand(session) == ("Yanxu", "blue", "")
        session.rollback()


# What WCAG 2.2 asks: 4.5 to 1 for words, 3 to 1 for the ring around what has the focus.

WHITE, PAGE, DARK_PAGE, DARK_CARD = "#ffffff", "#fafafa", "#171717", "#262626"


def rgb(colour):
    return [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]


def luminance(channels):
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def tinted(colour, ground, share=0.1):
    """A thin coat of a colour on a ground, as behind what is active."""
    return [share * c + (1 - share) * g for c, g in zip(rgb(colour), rgb(ground), strict=True)]


def accents():
    """Each accent of the stylesheet: its colour, and its words in the dark."""
    text = (STATIC / "brand.css").read_text(encoding="utf-8")
    light = dict(re.findall(r':root\[data-accent="(\w+)"\] \{ --tblr-primary: (#\w{6}); \}', text))
    dark = dict(
        re.findall(r'"(\w+)"\]\[data-bs-theme="dark"\] \{ --yx-lead: (#\w{6}); --tblr-link-color: \2; \}', text)
    )
    assert light.keys() == dark.keys()
    return {name: (light[name], dark[name]) for name in light}


def test_every_accent_of_the_list_is_in_the_stylesheet_and_no_other():
    assert {*accents(), "blue"} == set(ACCENTS), "blue is the kit's own"


@pytest.mark.parametrize("name", sorted(accents()))
def test_an_accent_can_be_read_wherever_it_stands(name):
    colour, lead = accents()[name]
    for ground in (rgb(WHITE), rgb(PAGE), tinted(colour, WHITE)):
        assert contrast(rgb(colour), ground) >= 4.5, "words and links on a light page"
    assert contrast(rgb(PAGE), rgb(colour)) >= 4.5, "white on a button, in the light and in the dark"
    for ground in (rgb(DARK_PAGE), rgb(DARK_CARD), tinted(colour, DARK_CARD)):
        assert contrast(rgb(lead), ground) >= 4.5, "words, links and the ring on a dark page"
