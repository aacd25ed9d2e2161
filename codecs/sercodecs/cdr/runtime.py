"""What the generated source calls: tables that refuse, checks that raise, and the kinds that `struct` does not know."""

import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Context
from decimal import Decimal as PyDecimal
from itertools import chain
from typing import Any, NoReturn

from sercodecs import scalars
from sercodecs.cdr.shape import FIXED_DIGITS
from sercodecs.contract import DecodeError, EncodeError, decode_error, encode_error
from sercodecs.quick import uuid_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
EXACT = Context(prec=1000)

EXTENDED, LIST_END, IGNORE = 0x3F01, 0x3F02, 0x3F03
"""Parameter ids with a meaning of their own (XTypes 7.4.1.2)."""
MUST_UNDERSTAND, ID = 0x4000, 0x3FFF
"""The bits of a short header that say that a reader has to know the member, and which member it is."""


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


def _has_nul() -> NoReturn:
    raise EncodeError("$", "a string of CDR holds no NUL")


def _bad_text(pos: int) -> NoReturn:
    raise DecodeError("a string that does not end with its only NUL", pos)


def _out_of_range(value: int, lower: int, upper: int) -> NoReturn:
    raise DecodeError(f"integer {value} is not in {lower}..{upper}")


def _at_most(text: str, length: int) -> str:
    if len(text) > length:
        raise DecodeError(f"string of {len(text)} characters, at most {length} allowed")
    return text


def _too_great(precision: int) -> NoReturn:
    raise DecodeError(f"decimal of more than {precision} digits")


def _fixed(unscaled: str, digits: int) -> bytes:
    """Half an octet for each digit, then the sign; an odd number of digits fills the octets."""
    sign = "c"
    if unscaled[0] == "-":
        unscaled, sign = unscaled[1:], "d"
    return bytes.fromhex(unscaled.zfill(digits) + sign)


def _from_fixed(octets: bytes, unit: PyDecimal, even: bool) -> PyDecimal:
    text = octets.hex()
    digits, sign = text[:-1], text[-1]
    if not digits.isdigit() or (even and digits[0] != "0"):
        raise DecodeError(f"{text} is not a fixed-point decimal of its digits")
    value = EXACT.multiply(PyDecimal(digits), unit)
    if sign == "c":
        return value
    if sign != "d" or not value:
        raise DecodeError(f"{text} is not a fixed-point decimal with its sign")
    return -value


def _bad_end(pos: int, end: int) -> NoReturn:
    if pos > end:
        raise DecodeError("the data ends within a value", end)
    raise DecodeError(f"{end - pos} octets after the end of the value", pos)


def parameters(prefix: str) -> tuple[Callable[..., bytes], Callable[..., Any]]:
    """The writer and the reader of XCDR1's member headers in a byte order."""
    short, extended = struct.Struct(f"{prefix}HH"), struct.Struct(f"{prefix}HHII")
    long = struct.Struct(f"{prefix}II")

    def parameter(member: int, length: int) -> bytes:
        """The header of a member: the short one if it holds the member's id and length."""
        if length <= 0xFFFF and member < EXTENDED:
            return short.pack(member, length)
        return extended.pack(MUST_UNDERSTAND | EXTENDED, 8, member, length)

    def read_parameter(data: bytes, pos: int, end: int) -> tuple[int, bool, int, int]:
        """The member, -1 for the end of the list; whether it must be understood; where it begins and ends."""
        member, length = short.unpack_from(data, pos)
        must, member = bool(member & MUST_UNDERSTAND), member & ~MUST_UNDERSTAND
        pos += 4
        if member == EXTENDED:
            member, length = long.unpack_from(data, pos)
            must, member = bool(member & 0x4000_0000), member & ~0x4000_0000
            pos += 8
        elif member == LIST_END and not length:
            return -1, must, pos, pos
        elif member == IGNORE:
            must = False
        if length > end - pos:
            raise DecodeError(f"a member of {length} octets, {end - pos} are left", pos)
        return member, must, pos, pos + length

    return parameter, read_parameter


LENGTH_CODES = (1, 2, 4, 8, 0, 1, 4, 8)
"""What a length code means: so many octets, or a factor of the NEXTINT (XTypes 7.4.3.4.2)."""


def members(prefix: str) -> Callable[..., Any]:
    """The reader of XCDR2's member headers in a byte order."""
    number = struct.Struct(f"{prefix}I")

    def read_member(data: bytes, pos: int, end: int) -> tuple[int, bool, int, int]:
        """The member, whether it must be understood, where it begins and ends."""
        (header,) = number.unpack_from(data, pos)
        code, pos = header >> 28 & 7, pos + 4
        if code < 4:
            stop = pos + LENGTH_CODES[code]
        else:
            (length,) = number.unpack_from(data, pos)
            if code == 4:
                pos += 4
                stop = pos + length
            else:
                stop = pos + 4 + length * LENGTH_CODES[code]
        if stop > end:
            raise DecodeError(f"a member of {stop - pos} octets, {end - pos} are left", pos)
        return header & 0x0FFF_FFFF, header >> 31 == 1, pos, stop

    return read_member


def _missing(record: str, keys: frozenset[str]) -> NoReturn:
    raise DecodeError(f"{record} without {', '.join(sorted(keys))}")


_big, _little = parameters(">"), parameters("<")

RUNTIME: dict[str, Any] = {
    "DecodeError": DecodeError,
    "EPOCH": EPOCH,
    "MICROSECOND": MICROSECOND,
    "GAPS": tuple(map(bytes, range(8))),
    "BOOL": Table("boolean", {0: False, 1: True}),
    "chain": chain.from_iterable,
    "decode_failure": _decode_failure,
    "encode_error": encode_error,
    "pack": struct.pack,
    "unpack_from": struct.unpack_from,
    "out_of_range": _out_of_range,
    "octets": _octets,
    "bad_length": _bad_length,
    "has_nul": _has_nul,
    "bad_text": _bad_text,
    "at_most": _at_most,
    "fixed": _fixed,
    "from_fixed": _from_fixed,
    "too_great": _too_great,
    "bad_end": _bad_end,
    "from_digits": scalars.decimal,
    "multiply": EXACT.multiply,
    "EXACT": EXACT,
    "missing": _missing,
    "parameter_big": _big[0],
    "parameter_little": _little[0],
    "read_parameter_big": _big[1],
    "read_parameter_little": _little[1],
    "read_member_big": members(">"),
    "read_member_little": members("<"),
    "uuid_of": uuid_of,
} | {f"UNIT_{scale}": PyDecimal(1).scaleb(-scale) for scale in range(FIXED_DIGITS + 1)}
"""`UNIT_2` is 0.01: the unit of a decimal of scale 2."""
