"""Scalars as text and back, for the formats whose only type is text: the expressions that `Source` puts together.

Bool is `true` or `false`, an integer its shortest decimal digits, an enum its symbol, bytes base64 (RFC 4648,
section 4), a timestamp RFC 3339 with `Z`, a UUID and a decimal their usual text. A float is Python's shortest `repr`,
`inf`, `-inf` or `nan`; a NaN of other bits is `nan(0x7ff8000000000001)`, the n-char-sequence of C's strtod. A reader
takes any decimal notation of a float (one of 32 bits is rounded to them) and of the rest what is written, nothing else.
"""

import binascii
import math
import re
import struct
from datetime import datetime
from decimal import Decimal as PyDecimal
from typing import Any, NoReturn, assert_never
from uuid import UUID

from serschema.limits import CANONICAL_NAN_BITS
from serschema.model import Bool, Bytes, Decimal, Enum, Float, Int, Scalar, String, Timestamp, Uuid
from serschema.values import float_bits

from sercodecs.contract import DecodeError, EncodeError
from sercodecs.quick import uuid_of
from sercodecs.source import Source

_BINARY32 = struct.Struct("<f")
_BINARY64 = struct.Struct(">d")
_NAN = re.compile(r"nan\(0x([0-9a-f]{16})\)")
_TIMESTAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?Z")
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_BOOL_TEXT = {True: "true", False: "false"}
_TEXT_BOOL = {text: value for value, text in _BOOL_TEXT.items()}


def written(source: Source, kind: Scalar | Enum, value: str) -> str:
    """The text of a value, which is in a variable, as an expression."""
    match kind:
        case Bool():
            return f"bool_text[{value}]"
        case Int():
            return f"digits({value}) if {kind.lower} <= {value} <= {kind.upper} else too_large({value})"
        case Float():
            return f"real_text({value}) if isfinite({value}) else special_text({value})"
        case String():
            return value if kind.max_length is None else f"fits({value}, 0, {kind.max_length})"
        case Bytes():
            if kind.min_length or kind.max_length is not None:
                value = f"fits({value}, {kind.min_length}, {kind.max_length})"
            return f"b2a_base64({value}, newline=False).decode('ascii')"
        case Enum():
            return f"{_symbols(source, kind)}[{value}]"
        case Timestamp():
            return f"{value}.isoformat().replace('+00:00', 'Z')"
        case Uuid():
            return f"uuid_text({value})"
        case Decimal():
            return f"format({value}, 'f')"
        case _:
            assert_never(kind)


def read(source: Source, kind: Scalar | Enum, text: str) -> str:
    """The value of a text, which is in a variable, as an expression; it raises unless it is of the kind."""
    match kind:
        case Bool():
            return f"text_bool[{text}]"
        case Int():
            inside = f"{kind.lower} <= (number := int({text})) <= {kind.upper}"
            return f"number if {inside} and digits(number) == {text} else no_integer({text})"
        case Float():
            value = f"float({text}) if not {text}.strip('0123456789.eE+-') else special({text})"
            return f"single({value})" if kind.bits == 32 else value
        case String():
            return text if kind.max_length is None else f"bounded({text}, 0, {kind.max_length})"
        case Bytes():
            value = f"a2b_base64({text}, strict_mode=True)"
            unbounded = kind.min_length == 0 and kind.max_length is None
            return value if unbounded else f"bounded({value}, {kind.min_length}, {kind.max_length})"
        case Enum():
            return f"{_symbols(source, kind)}[{text}]"
        case Timestamp():
            return f"timestamp({text})"
        case Uuid():
            return f"uuid({text})"
        case Decimal():
            return f"decimal({text}, {kind.precision}, {kind.scale})"
        case _:
            assert_never(kind)


def _symbols(source: Source, enum: Enum) -> str:
    return source.bind("symbol", {symbol: symbol for symbol, _ in enum.symbols})


def _too_large(value: int) -> NoReturn:
    raise EncodeError("$", f"the integer {value} is out of its range")


def _fits(value: Any, least: int, most: int | None) -> Any:
    if len(value) < least or (most is not None and len(value) > most):
        raise EncodeError("$", f"a length of {len(value)}, not {least}..{'' if most is None else most}")
    return value


def _special_text(value: float) -> str:
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    bits = float_bits(value)
    return "nan" if bits == CANONICAL_NAN_BITS else f"nan(0x{bits:016x})"


def _bounded(value: Any, least: int, most: int | None) -> Any:
    if len(value) < least or (most is not None and len(value) > most):
        raise DecodeError(f"a length of {len(value)}, not {least}..{'' if most is None else most}")
    return value


def _no_integer(text: str) -> NoReturn:
    raise DecodeError(f"{text[:40]!r} is not an integer of its range in its shortest digits")


def _special(text: str) -> float:
    if text in ("inf", "-inf", "nan"):
        return float(text)
    found = _NAN.fullmatch(text)
    value: float = _BINARY64.unpack(bytes.fromhex(found[1]))[0] if found else 0.0
    if value == value:
        raise DecodeError(f"{text[:40]!r} is not a float")
    return value


def _single(value: float) -> float:
    rounded: float = _BINARY32.unpack(_BINARY32.pack(value))[0]
    return rounded


def _timestamp(text: str) -> datetime:
    if not _TIMESTAMP.fullmatch(text):
        raise DecodeError(f"{text[:40]!r} is not a date and time in UTC")
    return datetime.fromisoformat(text)


def _uuid(text: str) -> UUID:
    if not _UUID.fullmatch(text):
        raise DecodeError(f"{text[:40]!r} is not a UUID")
    return uuid_of(bytes.fromhex(text.replace("-", "")))


def _decimal(text: str, precision: int, scale: int) -> PyDecimal:
    if len(text) <= precision + 3:
        value = PyDecimal(text)
        sign, digits, exponent = value.as_tuple()
        if exponent == -scale and len(digits) <= precision and (value or not sign) and format(value, "f") == text:
            return value
    raise DecodeError(f"{text[:40]!r} is not a decimal of {precision} digits, {scale} of them decimals")


NAMES: dict[str, Any] = {
    "a2b_base64": binascii.a2b_base64,
    "b2a_base64": binascii.b2a_base64,
    "bool_text": _BOOL_TEXT,
    "bounded": _bounded,
    "decimal": _decimal,
    "digits": int.__repr__,
    "fits": _fits,
    "isfinite": math.isfinite,
    "no_integer": _no_integer,
    "real_text": float.__repr__,
    "single": _single,
    "special": _special,
    "special_text": _special_text,
    "text_bool": _TEXT_BOOL,
    "timestamp": _timestamp,
    "too_large": _too_large,
    "uuid": _uuid,
    "uuid_text": UUID.__str__,
}
"""What the expressions refer to."""
