"""What the generated source of both libraries calls, and the bounds that they share."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Context
from decimal import Decimal as PyDecimal
from typing import NoReturn

from serschema.model import Enum, Field, Map, Schema

from sercodecs.contract import DecodeError, EncodeError

DEPTH = 32
"""Levels of records and unions that either library carries: pyasn1's bound, and far from the end of Python's stack."""

EXACT = Context(prec=1001)
TIME = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})([0-9]{2})(?:\.([0-9]{0,5}[1-9]))?Z")

NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def deep(schema: Schema) -> bool:
    """Whether some value could be nested too deep, so that levels have to be counted."""
    return bool(schema.recursive()) or len(schema.types) >= DEPTH


def entry_fields(kind: Map) -> tuple[Field, ...]:
    """The members of the SEQUENCE that an entry of a map is."""
    return Field("key", 1, kind.key), Field("value", 2, kind.value)


def time_text(value: datetime) -> str:
    """GeneralizedTime as X.690, 11.7 demands: UTC, seconds, a fraction without zeros at its end, Z."""
    if value.utcoffset() != timedelta(0):
        raise EncodeError("$", "a datetime that is not in UTC")
    fraction = f".{value.microsecond:06}".rstrip("0") if value.microsecond else ""
    day = f"{value.year:04}{value.month:02}{value.day:02}"
    return f"{day}{value.hour:02}{value.minute:02}{value.second:02}{fraction}Z"


def time(text: str) -> datetime:
    """The same, back; no other form is read."""
    found = TIME.fullmatch(text)
    if not found:
        raise DecodeError(f"{text[:40]!r} is not a time as DER writes it")
    year, month, day, hour, minute, second = map(int, found.groups()[:6])
    return datetime(year, month, day, hour, minute, second, int((found[7] or "").ljust(6, "0")), UTC)


def unscaled(value: PyDecimal, scale: int) -> int:
    """The integer that carries a decimal."""
    if value.as_tuple().exponent != -scale:
        raise EncodeError("$", f"a decimal without {scale} decimals")
    return int(EXACT.scaleb(value, scale))


def xml_text(text: str) -> str:
    """The text, if XML 1.0 has its characters (production 2)."""
    if NOT_XML.search(text):
        raise EncodeError("$", "a character that XML 1.0 does not allow")
    return text


def bad(what: str) -> NoReturn:
    raise DecodeError(what)


def unwritable(what: str) -> NoReturn:
    raise EncodeError("$", what)


class Symbols(dict[int | str, str]):
    """What stands for a symbol, to the symbol."""

    def __missing__(self, found: int | str) -> NoReturn:
        raise DecodeError("an enumeration value that no symbol has")


def symbols_by_number(enum: Enum) -> Symbols:
    return Symbols({number: symbol for symbol, number in enum.symbols})
