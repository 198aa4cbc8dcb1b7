"""How somebody is reached: telephone, e-mail, address. All of them private."""

import re
import unicodedata
from typing import Annotated, Any, NamedTuple

import phonenumbers

from app.schema.kinds.kind import BadValue, Kind
from app.schema.kinds.samples import PLACES, TOWNS, chinese, nth, scattered
from app.schema.kinds.texts import at_most, text_of
from app.schema.rules import Rule

A_PHONE = "write a phone number, such as 138 0013 8000 or +1 650 253 0000"
AN_EMAIL = "write an e-mail address, such as li@example.cn"
_EMAIL = re.compile(r"[^@\s<>\"]{1,64}@[^@\s<>\"]+\.[^@\s<>\".]+")


def _phone(raw: Any) -> str:
    written = _dialled(unicodedata.normalize("NFKC", str(raw)))
    if written is None or _dialled(written) != written:  # some are taken for another number when they are read again
        raise BadValue(A_PHONE)
    return written


def _dialled(text: str) -> str | None:
    """The number as it is dialled from anywhere; None for what is none."""
    try:
        number = phonenumbers.parse(text, "CN")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _email(raw: Any) -> str:
    text = unicodedata.normalize("NFKC", str(raw)).replace(" ", "")
    if len(text) > 320 or "\x00" in text or not _EMAIL.fullmatch(text):
        raise BadValue(AN_EMAIL)
    return text


class Divided(NamedTuple):
    """The parts of an address, each empty where it names none."""

    province: str
    city: str
    district: str
    street: str
    postcode: str


_ADDRESS_PARTS = (*Divided._fields,)
_CHINESE = re.compile(
    r"(?P<province>[^\s省区市]{2,7}(?:省|自治区|特别行政区))?"
    r"(?P<city>[^\s市州盟]{2,10}(?:市|自治州|地区|盟))?"
    r"(?P<district>[^\s区县旗路街]{1,12}?(?:区|县|旗|市))?"
    r"(?P<street>.*)",
    re.DOTALL,
)
_POSTCODE = re.compile(r"(?:邮编[:：]?\s*)?(?<!\d)([1-9]\d{5})(?!\d)(?=\s*$)|^\s*([1-9]\d{5})(?!\d)")


def divided(address: str) -> Divided:
    """An address taken apart, as far as it is written in the Chinese order; elsewhere all of it is the street."""
    found = _POSTCODE.search(address)
    postcode = (found[1] or found[2]) if found else ""
    rest = (address[: found.start()] + address[found.end() :]).strip() if found else address.strip()
    parts = _CHINESE.match(rest)
    named = {name: (part or "").strip() for name, part in parts.groupdict().items()} if parts else {"street": rest}
    return Divided(**{name: named.get(name, "") for name in _ADDRESS_PARTS[:-1]}, postcode=postcode)


def _address(raw: Any) -> str:
    """One text, written by hand or put together of the parts `divided` knows."""
    if isinstance(raw, dict):
        if unknown := raw.keys() - set(_ADDRESS_PARTS):
            raise BadValue(
                "an address has the parts %(known)s, not %(unknown)s",
                known=", ".join(_ADDRESS_PARTS),
                unknown=", ".join(sorted(map(str, unknown))),
            )
        said = {name: str(raw.get(name) or "").strip() for name in _ADDRESS_PARTS}
        raw = " ".join(filter(None, ("".join(said[name] for name in _ADDRESS_PARTS[:-1]), said["postcode"])))
    lines = [re.sub(r"[ \t　]+", " ", line).strip() for line in text_of(400)(raw).splitlines()]
    written = "\n".join(filter(None, lines))
    if not written:
        raise BadValue("write an address: city, street and number")
    return written


def _address_example(number: int, language: str) -> str:
    if chinese(language):
        city, district, street, code, _sign = nth(PLACES, number)
        return f"{city}{district}{street}{1 + scattered(number, 998)}号 {code[:2]}{scattered(number, 9000) + 1000:04}"
    street, town = nth(TOWNS, number)
    return f"Flat {number + 1}\n{street}\n{town}"


PHONE = Kind(
    "phone",
    _phone,
    "tel",
    private=True,
    longest=40,
    schema={"type": "string", "pattern": r"^\+[0-9]{5,20}$"},
    operators=("eq",),
    rules=(
        Rule(
            "is_a_phone_number",
            "{} ~ '^[+]?[0-9]{{5,20}}$'",
            A_PHONE,
            sqlite="length({0}) BETWEEN 5 AND 21 AND ltrim({0}, '+') NOT GLOB '*[^0-9]*'",
        ),
    ),
    example=lambda number, language: (
        f"+86138{scattered(number, 10**8):08}" if chinese(language) else f"+447911{scattered(number, 10**6):06}"
    ),
)
EMAIL = Kind(
    "e-mail",
    _email,
    "email",
    private=True,
    longest=320,
    schema={"type": "string", "format": "email"},
    operators=("eq",),
    rules=(Rule("is_an_email_address", "{0} LIKE '_%@_%' AND length({0}) <= 320", AN_EMAIL),),
    example=lambda number, language: f"{'kehu' if chinese(language) else 'customer'}.{number:06}@example.cn",
)
ADDRESS = Kind(
    "address",
    _address,
    "textarea",
    private=True,
    longest=400,
    operators=("eq",),
    cell="lines",
    rules=(at_most(400),),
    draft="lines",
    example=_address_example,
)

Phone = Annotated[str, PHONE.column()]
Email = Annotated[str, EMAIL.column()]
Address = Annotated[str, ADDRESS.column()]
