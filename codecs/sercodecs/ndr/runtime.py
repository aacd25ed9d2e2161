"""What the generated source calls: tables that refuse, checks that raise, and the kinds that `struct` does not know."""

import struct
from codecs import utf_16_be_decode, utf_16_be_encode, utf_16_le_decode, utf_16_le_encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Context
from decimal import Decimal as PyDecimal
from itertools import chain
from typing import Any, NoReturn
from uuid import UUID

from sercodecs.contract import DecodeError, EncodeError, decode_error, encode_error
from sercodecs.quick import uuid_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
EXACT = Context(prec=1000)

LABELS = {"<": b"\x10\0\0\0", ">": bytes(4)}
"""The format labels (C706, 14.1) by the prefix of the byte order: its integers, ASCII, IEEE floats, reserved."""

REFERENT = 0x00020000
"""The referent identifier of every pointer that is not null: it says no more, as unique pointers have no aliases."""


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
    if isinstance(error, ValueError) and "to unpack" in str(error):  # of the split at zeros
        return DecodeError("a string that does not end at its only zero")
    return decode_error(error)


def _bad_end(position: int, end: int) -> NoReturn:
    if position > end:
        raise DecodeError("the data ends within a value", end)
    raise DecodeError(f"{end - position} octets after the end of the value", position)


def _octets(value: bytes, length: int) -> bytes:
    if len(value) != length:
        raise EncodeError("$", f"{len(value)} octets where there are always {length}")
    return value


def _fixed(items: list[Any], length: int) -> list[Any]:
    if len(items) != length:
        raise EncodeError("$", f"{len(items)} items where there are always {length}")
    return items


def _zero_in_text() -> NoReturn:
    raise EncodeError("$", "a string with U+0000, which would end it")


def _out_of_range(value: int, lower: int, upper: int) -> NoReturn:
    raise DecodeError(f"integer {value} is not in {lower}..{upper}")


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


def _swapped(octets: bytes) -> bytes:
    """A GUID with the octets of its three integers in the other order."""
    return octets[3::-1] + octets[5:3:-1] + octets[7:5:-1] + octets[8:]


def _little_guid(octets: bytes) -> UUID:
    return uuid_of(_swapped(octets))


def _little_guid_octets(value: UUID) -> bytes:
    return _swapped(value.int.to_bytes(16, "big"))


def _big_guid_octets(value: UUID) -> bytes:
    return value.int.to_bytes(16, "big")


SHARED: dict[str, Any] = {
    "DecodeError": DecodeError,
    "EPOCH": EPOCH,
    "MICROSECOND": MICROSECOND,
    "NUL": "\0",
    "REFERENT": REFERENT,
    "GAPS": [bytes(size) for size in range(8)],
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
    "bad_end": _bad_end,
    "fixed": _fixed,
    "zero_in_text": _zero_in_text,
    "at_most": _at_most,
    "scaled": _scaled,
    "unscaled": _unscaled,
}

_decode_little: Callable[..., Any] = utf_16_le_decode
_decode_big: Callable[..., Any] = utf_16_be_decode

RUNTIME: dict[str, dict[str, Any]] = {
    "<": SHARED
    | {
        "to_utf16": utf_16_le_encode,
        "from_utf16": _decode_little,
        "guid": _little_guid,
        "guid_octets": _little_guid_octets,
    },
    ">": SHARED
    | {
        "to_utf16": utf_16_be_encode,
        "from_utf16": _decode_big,
        "guid": uuid_of,
        "guid_octets": _big_guid_octets,
    },
}
"""The globals of the generated source, by the prefix of the byte order."""
