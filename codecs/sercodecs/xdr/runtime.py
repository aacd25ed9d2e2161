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
"""The most padding there is. Padding that is all zero is not greater, any other is."""


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


def _at_most(text: str, length: int) -> str:
    if len(text) > length:
        raise DecodeError(f"string of {len(text)} characters, at most {length} allowed")
    return text


def _unscaled(value: PyDecimal, scale: int) -> int:
    return int(value.scaleb(scale, EXACT))


def _scaled(unscaled: int, limit: int, exponent: int) -> PyDecimal:
    if -limit < unscaled < limit:
        return PyDecimal(unscaled).scaleb(exponent, EXACT)
    raise DecodeError(f"decimal of more than {len(str(limit)) - 1} digits")


def _twos_complement(value: int) -> bytes:
    return value.to_bytes((value if value >= 0 else ~value).bit_length() // 8 + 1, "big", signed=True)


def _from_twos_complement(data: bytes, precision: int, scale: int) -> PyDecimal:
    if len(data) > precision:  # a decimal digit is less than half an octet; str() of more would take quadratic time
        raise DecodeError(f"decimal of {len(data)} octets for {precision} digits")
    unscaled = int.from_bytes(data, "big", signed=True)
    if data != _twos_complement(unscaled):
        raise DecodeError("integer of a decimal that is not the shortest")
    return _scaled(unscaled, 10**precision, -scale)


RUNTIME: dict[str, Any] = {
    "DecodeError": DecodeError,
    "EPOCH": EPOCH,
    "MICROSECOND": MICROSECOND,
    "ZEROS": ZEROS,
    "BOOL": Table("bool", {0: False, 1: True}),
    "chain": chain.from_iterable,
    "decode_failure": _decode_failure,
    "encode_error": encode_error,
    "pack": struct.pack,
    "timedelta": timedelta,
    "unpack_from": struct.unpack_from,
    "twos_complement": _twos_complement,
    "from_twos_complement": _from_twos_complement,
    "out_of_range": _out_of_range,
    "octets": _octets,
    "bad_length": _bad_length,
    "at_most": _at_most,
    "bad_padding": _bad_padding,
    "scaled": _scaled,
    "unscaled": _unscaled,
    "uuid_of": uuid_of,
}
