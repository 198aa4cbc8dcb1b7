"""Numbers that name a person, a firm, a vehicle or an account, each with the check its issuer built in."""

import re
import unicodedata
from dataclasses import replace
from typing import Annotated, Any

from sqlalchemy.orm import MappedColumn
from stdnum import iban, luhn
from stdnum.cn import ric, uscc
from stdnum.exceptions import ValidationError

from app.schema.kinds.kind import BadValue, Kind, Reader
from app.schema.kinds.samples import PLACES, nth, scattered
from app.schema.rules import Rule

A_PAPER = "write the 5 to 30 letters and digits of the paper"
AN_ACCOUNT = "write the 8 to 34 letters and digits of the account"
A_PLATE = "write a number plate, such as 京A12345 or 京AD12345"
A_VIN = "a VIN has 17 letters and digits, without I, O and Q"
_RESIDENT = re.compile(r"[1-9][0-9]{16}[0-9X]")
_PAPER, _ACCOUNT = re.compile(r"[0-9A-Z]{5,30}"), re.compile(r"[0-9A-Z]{8,34}")


def compact(raw: Any) -> str:
    """What was written in capitals and half-width letters, without blanks and the marks people set between groups."""
    return re.sub(r"[\s\-‐–—·•・.]", "", unicodedata.normalize("NFKC", str(raw))).upper()


def _resident(raw: Any) -> str:
    """A citizen's number: 18 places with a day of birth and a check digit. The district may be one of long ago."""
    text = compact(raw)
    if not _RESIDENT.fullmatch(text) or ric.calc_check_digit(text) != text[-1]:
        raise BadValue("write the 18 places of the identity card; the last is a check digit, look at it again")
    try:
        ric.get_birth_date(text)
    except ValidationError:
        raise BadValue("places 7 to 14 of the identity number are no day of birth; look at them again") from None
    return text


def _paper(raw: Any) -> str:
    """A citizen's number or, if it does not look like one, that of a passport or another paper."""
    text = compact(raw)
    if _RESIDENT.fullmatch(text):
        return _resident(text)
    if not _PAPER.fullmatch(text):
        raise BadValue(A_PAPER)
    return text


def _company(raw: Any) -> str:
    try:
        return uscc.validate(compact(raw))
    except ValidationError:
        raise BadValue("write the 18 places of the unified social credit code; the last is a check digit") from None


_PROVINCES = "京津冀晋蒙辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川贵云藏陕甘青宁新"
_LETTER = "[A-HJ-NP-Z]"
_CIVIL = re.compile(rf"[{_PROVINCES}]{_LETTER}(?:[0-9A-HJ-NP-Z]{{4}}[0-9A-HJ-NP-Z挂学警港澳])")
_NEW_ENERGY = re.compile(rf"[{_PROVINCES}]{_LETTER}(?:[A-K][0-9A-HJ-NP-Z][0-9]{{4}}|[0-9]{{5}}[A-K])")


def _plate(raw: Any) -> str:
    """A civil plate: province, authority, five places; six of a car that runs on new energy."""
    text = compact(raw)
    if not (_CIVIL.fullmatch(text) or _NEW_ENERGY.fullmatch(text)):
        raise BadValue(A_PLATE)
    return text


def _any_plate(raw: Any) -> str:
    text = compact(raw)
    if not re.fullmatch(r"\w{4,12}", text) or "_" in text:
        raise BadValue(A_PLATE)
    return text


def _plate_words(value: str, reader: Reader) -> str:
    return f"{value[:2]}·{value[2:]}" if value[:1] in _PROVINCES else value


_VIN = re.compile(r"[A-HJ-NPR-Z0-9]{17}")
_VALUES = dict(zip("ABCDEFGHJKLMNPRSTUVWXYZ", (*range(1, 9), *range(1, 6), 7, 9, *range(2, 10)), strict=True))
_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)
CHECKED_VINS = "L12345"
"""First letters of the countries whose standard asks for the check digit: China and North America."""


def vin_check_digit(vin: str) -> str:
    """The ninth place of a VIN, reckoned from the others."""
    total = sum(weight * (_VALUES.get(sign) or int(sign)) for sign, weight in zip(vin, _WEIGHTS, strict=True))
    return "X" if total % 11 == 10 else str(total % 11)


def _vin(raw: Any) -> str:
    text = _any_vin(raw)
    if text[0] in CHECKED_VINS and text[8] != vin_check_digit(text):
        raise BadValue("the ninth place of the VIN does not fit the others; compare it with the registration")
    return text


def _any_vin(raw: Any) -> str:
    text = compact(raw)
    if not _VIN.fullmatch(text):
        raise BadValue(A_VIN)
    return text


def _account(raw: Any) -> str:
    """A card, an IBAN, or an account of a bank that checks by itself."""
    text = compact(raw)
    if not _ACCOUNT.fullmatch(text):
        raise BadValue(AN_ACCOUNT)
    if re.fullmatch(r"(?:62|4|5[1-5])[0-9]{14,17}", text) and len(text) in (16, 18, 19) and not luhn.is_valid(text):
        raise BadValue("the number of this card does not check; compare it digit by digit")
    if re.fullmatch(r"[A-Z]{2}[0-9]{2}[0-9A-Z]{11,30}", text) and not iban.is_valid(text):
        raise BadValue("this IBAN does not check; compare it place by place")
    return text


def _a_resident(number: int, language: str) -> str:
    _city, _district, _street, code, _sign = nth(PLACES, number)
    month, day = 1 + scattered(number, 12), 1 + scattered(number, 28)
    body = f"{code}{1960 + scattered(number, 45)}{month:02}{day:02}{scattered(number, 1000):03}"
    return body + ric.calc_check_digit(body + "0")


def _a_company(number: int, language: str) -> str:
    _city, _district, _street, code, _sign = nth(PLACES, number)
    body = f"91{code}MA{scattered(number, 10**7):07}"
    return body + uscc.calc_check_digit(body)


def _a_plate(number: int, language: str) -> str:
    sign = nth(PLACES, number)[4]
    return f"{sign}AD{scattered(number, 10**5):05}" if number % 5 == 4 else f"{sign}A{scattered(number, 10**5):05}"


def _a_vin(number: int, language: str) -> str:
    draft = f"LSVAM4180C2{scattered(number, 10**6):06}"
    return draft[:8] + vin_check_digit(draft) + draft[9:]


def _an_account(number: int, language: str) -> str:
    body = f"622202{scattered(number, 10**12):012}"
    return body + luhn.calc_check_digit(body)


def _letters_and_digits(least: int, most: int, message: str) -> Rule:
    return Rule(
        f"has_{least}_to_{most}_letters_and_digits" if least != most else f"has_{most}_letters_and_digits",
        f"{{}} ~ '^[0-9A-Z]{{{{{least},{most}}}}}$'",
        message,
        sqlite=f"length({{0}}) BETWEEN {least} AND {most} AND {{0}} NOT GLOB '*[^0-9A-Z]*'",
    )


ID_NUMBER = Kind(
    "identity number",
    _resident,
    schema={"type": "string", "pattern": "^[1-9][0-9]{16}[0-9X]$"},
    operators=("eq",),
    private=True,
    longest=30,
    rules=(_letters_and_digits(5, 30, A_PAPER),),
    example=_a_resident,
)
COMPANY_CODE = Kind(
    "company code",
    _company,
    schema={"type": "string", "pattern": "^[0-9A-Z]{18}$"},
    longest=18,
    rules=(
        _letters_and_digits(18, 18, "write the 18 places of the unified social credit code; the last is a check digit"),
    ),
    example=_a_company,
)
PLATE = Kind(
    "plate",
    _plate,
    longest=20,
    words=_plate_words,
    rules=(Rule("is_a_number_plate", "length({}) BETWEEN 4 AND 20", A_PLATE),),
    example=_a_plate,
)
VIN = Kind(
    "vin",
    _vin,
    schema={"type": "string", "pattern": "^[A-HJ-NPR-Z0-9]{17}$"},
    longest=17,
    rules=(_letters_and_digits(17, 17, A_VIN),),
    example=_a_vin,
)
BANK_ACCOUNT = Kind(
    "bank account",
    _account,
    schema={"type": "string", "pattern": "^[0-9A-Z]{8,34}$"},
    operators=("eq",),
    private=True,
    longest=34,
    rules=(_letters_and_digits(8, 34, AN_ACCOUNT),),
    example=_an_account,
)
PAPER_NUMBER = replace(ID_NUMBER, parse=_paper, schema={"type": "string", "pattern": "^[0-9A-Z]{5,30}$"})
ANY_PLATE, ANY_VIN = replace(PLATE, parse=_any_plate), replace(VIN, parse=_any_vin)

IdNumber = Annotated[str, ID_NUMBER.column()]
CompanyCode = Annotated[str, COMPANY_CODE.column()]
Plate = Annotated[str, PLATE.column()]
Vin = Annotated[str, VIN.column()]
BankAccount = Annotated[str, BANK_ACCOUNT.column()]


def id_number(*, passports: bool = False, **more: Any) -> MappedColumn[Any]:
    """The number of an identity card; with `passports` that of any other paper as well, such as a foreigner's."""
    return (PAPER_NUMBER if passports else ID_NUMBER).column(**more)


def plate(*, foreign: bool = False, **more: Any) -> MappedColumn[Any]:
    """A number plate; with `foreign` also what is no civil plate of the mainland."""
    return (ANY_PLATE if foreign else PLATE).column(**more)


def vin(*, checked: bool = True, **more: Any) -> MappedColumn[Any]:
    """A VIN; not `checked` where old files hold numbers whose check digit is wrong."""
    return (VIN if checked else ANY_VIN).column(**more)
