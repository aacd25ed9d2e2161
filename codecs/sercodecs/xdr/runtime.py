"""What the generated source calls: tables that refuse, checks that raise, and the kinds that `struct` does not know."""

import struct
from datetime import UTC, datetime, timedelta
from decimal import Context
from decimal import Decimal as PyDecimal
from itertools import chain
from typing import Any, NoReturn

from sercodecs.contract import DecodeError, EncodeError, decode_error, encode_error
from sercodecs.quick import uuid_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
EXACT = Context(prec=1000)
ZEROS = b"\0\0\0"
"""The padding of three octets; shorter padding is unpacked as a number."""


class Table(dict[int, Any]):
    """Number to value; a number that is not there is an error of the data."""

    def __init__(self, what: str, entries: dict[int, Any]) -> None:
        super().__init__(entries)
        self.what = what

    def __missing__(self, number: int) -> NoReturn:
        raise DecodeError(f"{number} is not a value of {self.what}")


def _decode_failure(error: Exception, data: bytes) -> DecodeError:
    if isinstance(error, struct.error):
        return DecodeError("the data ends within a value", len(data))
    return decode_error(error)


def _octets(value: bytes, length: int) -> bytes:
    if len(value) != length:
        raise EncodeError("$", f"{len(value)} octets where there are always {length}")
    return value


def _bad_length(items: list[Any], length: int) -> NoReturn:
    raise EncodeError("$", f"{len(items)} items where there are always {length}")


def _out_of_range(value: int, lower: int, upper: int) -> NoReturn:
    raise DecodeError(f"integer {value} is not in {lower}..{upper}")


def _bad_padding(pos: int | None = None) -> NoReturn:
    raise DecodeError("padding that is not zero", pos)


def _too_long(text: str, length: int) -> NoReturn:
    raise DecodeError(f"string of {len(text)} characters, at most {length} allowed")


def _too_great(_: int, precision: int) -> NoReturn:
    raise DecodeError(f"decimal of more than {precision} digits")


def _bad_end(pos: int, end: int) -> NoReturn:
    if pos > end:
        raise DecodeError("the data ends within a value", end)
    raise DecodeError(f"{end - pos} octets after the end of the value", pos)


def _twos_complement(value: int) -> bytes:
    return value.to_bytes((value if value >= 0 else ~value).bit_length() // 8 + 1, "big", signed=True)


def _from_twos_complement(data: bytes, precision: int, scale: int) -> PyDecimal:
    if len(data) > precision:  # a decimal digit is less than half an octet; str() of more would take quadratic time
        raise DecodeError(f"decimal of {len(data)} octets for {precision} digits")
    unscaled = int.from_bytes(data, "big", signed=True)
    if data != _twos_complement(unscaled):
        raise DecodeError("integer of a decimal that is not the shortest")
    if abs(unscaled) >= 10**precision:
        _too_great(unscaled, precision)
    return PyDecimal(unscaled).scaleb(-scale, EXACT)


RUNTIME: dict[str, Any] = {
    "DecodeError": DecodeError,
    "EPOCH": EPOCH,
    "EXACT": EXACT,
    "MICROSECOND": MICROSECOND,
    "ZEROS": ZEROS,
    "BOOL": Table("bool", {0: False, 1: True}),
    "chain": chain.from_iterable,
    "decode_failure": _decode_failure,
    "encode_error": encode_error,
    "pack": struct.pack,
    "unpack_from": struct.unpack_from,
    "twos_complement": _twos_complement,
    "from_twos_complement": _from_twos_complement,
    "out_of_range": _out_of_range,
    "octets": _octets,
    "bad_length": _bad_length,
    "bad_end": _bad_end,
    "bad_padding": _bad_padding,
    "too_great": _too_great,
    "too_long": _too_long,
    "multiply": EXACT.multiply,
    "uuid_of": uuid_of,
    "WORD": bytes(4),
} | {f"UNIT_{scale}": PyDecimal(1).scaleb(-scale) for scale in range(19)}
"""`UNIT_2` is 0.01: the unit of a decimal of scale 2."""
