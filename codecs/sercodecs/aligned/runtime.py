"""What the generated source calls: tables that refuse, checks that raise, and the kinds that `struct` does not know."""

import struct
from decimal import Decimal as PyDecimal
from itertools import chain
from typing import Any, NoReturn

from sercodecs import scalars
from sercodecs.contract import DecodeError, EncodeError, decode_error, encode_error
from sercodecs.quick import uuid_of_16
from sercodecs.scalars import EXACT, complement, from_complement


class Table(dict[int, Any]):
    """Number to value; a number that is not there is an error of the data."""

    def __init__(self, what: str, entries: dict[int, Any]) -> None:
        super().__init__(entries)
        self.what = what

    def __missing__(self, number: int) -> NoReturn:
        raise DecodeError(f"{number} is not a value of {self.what}")


def decode_failure(error: Exception, data: bytes) -> DecodeError:
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


def _too_long(text: str, length: int) -> NoReturn:
    raise DecodeError(f"string of {len(text)} characters, at most {length} allowed")


def _too_great(precision: int) -> NoReturn:
    raise DecodeError(f"decimal of more than {precision} digits")


def _bad_end(pos: int, end: int) -> NoReturn:
    if pos > end:
        raise DecodeError("the data ends within a value", end)
    raise DecodeError(f"{end - pos} octets after the end of the value", pos)


def _from_twos_complement(data: bytes, precision: int, scale: int) -> PyDecimal:
    value = from_complement(data, precision, scale)
    if data != complement(value, scale):
        raise DecodeError("integer of a decimal that is not the shortest")
    return value


RUNTIME: dict[str, Any] = (
    scalars.RUNTIME
    | {
        "DecodeError": DecodeError,
        "EXACT": EXACT,
        "WORD": bytes(4),
        "BOOL": Table("boolean", {0: False, 1: True}),
        "chain": chain.from_iterable,
        "decode_failure": decode_failure,
        "encode_error": encode_error,
        "pack": struct.pack,
        "unpack_from": struct.unpack_from,
        "from_twos_complement": _from_twos_complement,
        "out_of_range": _out_of_range,
        "octets": _octets,
        "too_long": _too_long,
        "bad_length": _bad_length,
        "bad_end": _bad_end,
        "too_great": _too_great,
        "multiply": EXACT.multiply,
        "uuid_of": uuid_of_16,
    }
    | {f"UNIT_{scale}": PyDecimal(1).scaleb(-scale) for scale in range(32)}
    | {f"PLACES_{scale}": PyDecimal(scale) for scale in range(32)}
)
"""`UNIT_2` is 0.01, the unit of a decimal of scale 2, and `PLACES_2` 2, the places its point is moved by."""
