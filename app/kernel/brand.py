"""The face of the house: set on the settings page by administrators, in force at once in every process.

Actors carry it (see `app.kernel.permissions`), so that no page asks for it anew; setting it reloads them.
"""

from hashlib import sha256
from typing import Any

from flask_appbuilder import Model
from sqlalchemy import LargeBinary, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.kernel.content import content_of
from app.kernel.settings import kept_value, understood
from app.schema.brand import ACCENTS, NAME, Brand
from app.schema.kinds import PICTURES, BadValue, Kind
from app.schema.kinds.texts import text_of
from app.schema.settings import Setting, setting

ADMINISTRATORS = "page:people"
LARGEST = 300 * 1024
"""Bytes of a logo."""
MOST_PIXELS = 2000
"""Pixels of a logo along either side."""
NO_LOGO = "choose a picture in PNG, JPEG, GIF or WebP of at most 300 kB and 2000 pixels a side"


class HousePicture(Model):
    """The bytes of the logo, in the database, so that every process has them; `name` is made of their digest."""

    __tablename__ = "house_picture"
    __table_args__: Any = {"extend_existing": False}

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    content_type: Mapped[str] = mapped_column(String(40))
    body: Mapped[bytes] = mapped_column(LargeBinary)


def _accent(raw: Any) -> str:
    if raw not in ACCENTS:
        raise BadValue("choose one of: %(choices)s", choices=", ".join(ACCENTS))
    return str(raw)


ACCENT_KIND = Kind("accent colour", _accent, "select", suggest=lambda: ACCENTS)
LOGO_KIND = Kind("logo", text_of(40), "file")
BRAND_NAME = setting("brand.name", NAME, Kind("name", text_of(40)), "Name of the panel", permission=ADMINISTRATORS)
BRAND_ACCENT = setting("brand.accent", ACCENTS[0], ACCENT_KIND, "Accent colour", permission=ADMINISTRATORS)
BRAND_LOGO = setting("brand.logo", "", LOGO_KIND, "Logo", permission=ADMINISTRATORS)
SETTINGS: tuple[Setting, ...] = (BRAND_NAME, BRAND_ACCENT, BRAND_LOGO)


def kept_brand() -> list[Any]:
    """What was set of the brand, as columns of somebody else's query, for `brand_of`."""
    return [kept_value(each).label(each.name.replace(".", "_")) for each in SETTINGS]


def brand_of(row: Any) -> Brand:
    """The brand in force, from a row of a query with `kept_brand`."""
    return Brand(*(understood(each, getattr(row, each.name.replace(".", "_"))) or each.default for each in SETTINGS))


def house_brand(session: Session) -> Brand:
    """The brand in force, for whoever is no actor yet and for what is no page."""
    return brand_of(session.execute(select(*kept_brand())).one())


def keep_logo(session: Session, body: bytes) -> str:
    """Keep a picture in place of the one before; the name it is kept under. Raises `BadValue` for what is no logo."""
    content = content_of(body)
    if content.type not in PICTURES or len(body) > LARGEST or max(content.width, content.height) > MOST_PIXELS:
        raise BadValue(NO_LOGO)
    name = sha256(body).hexdigest()[:32]
    session.execute(delete(HousePicture))
    session.add(HousePicture(name=name, content_type=content.type, body=body))
    return name


def logo(session: Session, name: str) -> HousePicture | None:
    """The picture kept under a name, if it is still there."""
    return session.get(HousePicture, name)
