"""Scalars as the binary formats carry them that have none of their own: microseconds, unscaled integers, and checks.

The functions are what generated source calls on what it has read, so that they raise `DecodeError`; those that make
what is written rely on the value being of the schema.
"""

import re
from datetime import UTC, datetime, timedelta
from decimal import Context, Inexact, InvalidOperation
from decimal import Decimal as PyDecimal
from typing import Any, NoReturn

from serschema.model import Int
from serschema.values import is_binary32

from sercodecs.contract import DecodeError
from sercodecs.quick import uuid_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
EXACT = Context(prec=1001, traps=[InvalidOperation, Inexact])
_DECIMAL = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")


class Symbols(dict[int, str]):
    """Number to symbol."""

    def __missing__(self, number: int) -> NoReturn:
        raise DecodeError(f"{number} is not the number of a symbol")


def bad(what: str) -> NoReturn:
    raise DecodeError(what)


def time(microseconds: int) -> datetime:
    """The instant so many microseconds after 1970."""
    return EPOCH + timedelta(0, 0, microseconds)


def binary32(value: float) -> float:
    """The value, of which the schema says that 32 bits hold it."""
    if not is_binary32(value):
        raise DecodeError(f"{value} does not fit 32 bits")
    return value


def unscaled(value: PyDecimal, scale: int) -> int:
    return int(value.scaleb(scale, EXACT))


def scaled(number: int, precision: int, scale: int) -> PyDecimal:
    """The decimal of an unscaled integer."""
    if not -(10**precision) < number < 10**precision:
        raise DecodeError(f"a decimal of more than {precision} digits")
    return PyDecimal(number).scaleb(-scale, EXACT)


def complement(value: PyDecimal, scale: int) -> bytes:
    """The unscaled integer in the shortest two's complement, the first octet the most significant."""
    number = unscaled(value, scale)
    return number.to_bytes((number if number >= 0 else ~number).bit_length() // 8 + 1, "big", signed=True)


def from_complement(data: bytes, precision: int, scale: int) -> PyDecimal:
    if not 0 < len(data) <= precision:  # a digit takes less than half an octet
        raise DecodeError(f"a decimal of {precision} digits in {len(data)} octets")
    return scaled(int.from_bytes(data, "big", signed=True), precision, scale)


def decimal(text: str, precision: int, scale: int) -> PyDecimal:
    """The decimal of its digits."""
    if len(text) > precision + 3 or not _DECIMAL.fullmatch(text):
        raise DecodeError(f"{text[:80]!r} is not a decimal of {precision} digits")
    value = EXACT.quantize(PyDecimal(text), PyDecimal((0, (1,), -scale)))
    if len(value.as_tuple().digits) > precision or (value.is_zero() and value.is_signed()):
        raise DecodeError(f"{text!r} is not a decimal of {precision} digits")
    return value


RUNTIME: dict[str, Any] = {
    "EPOCH": EPOCH,
    "MICROSECOND": MICROSECOND,
    "bad": bad,
    "time": time,
    "binary32": binary32,
    "unscaled": unscaled,
    "scaled": scaled,
    "complement": complement,
    "from_complement": from_complement,
    "decimal": decimal,
    "uuid_of": uuid_of,
}


def within(kind: Int, carrier: Int, operand: str) -> str:
    """The condition under which an integer read as `carrier` is of the kind; empty if it always is."""
    low, high = kind.lower > carrier.lower, kind.upper < carrier.upper
    if low and high:
        return f"{kind.lower} <= {operand} <= {kind.upper}"
    if low:
        return f"{operand} >= {kind.lower}"
    return f"{operand} <= {kind.upper}" if high else ""


def long_enough(length: str, least: int, most: int | None) -> str:
    """The condition under which a length is allowed; empty if any is."""
    if least == most:
        return f"{length} == {least}"
    if most is None:
        return f"{length} >= {least}" if least else ""
    return f"{least} <= {length} <= {most}" if least else f"{length} <= {most}"


def checked(operand: str, condition: str, value: str = "") -> str:
    """An expression for the operand, or for what is made of it, that raises `DecodeError` where the condition fails."""
    value = value or operand
    return f"({value} if {condition} else bad('a value or a length out of its range'))" if condition else value
