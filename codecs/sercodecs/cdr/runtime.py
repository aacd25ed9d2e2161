"""What the generated source calls beside what all aligned formats share: text, `fixed`, and headers of members."""

import struct
from collections.abc import Callable
from decimal import Decimal as PyDecimal
from decimal import InvalidOperation
from typing import Any, NoReturn

from sercodecs import scalars
from sercodecs.aligned import runtime
from sercodecs.contract import DecodeError, EncodeError
from sercodecs.scalars import EXACT

_from_hex = bytes.fromhex
_decimal: Callable[[str], PyDecimal] = EXACT.create_decimal

EXTENDED, LIST_END, IGNORE = 0x3F01, 0x3F02, 0x3F03
"""Parameter ids with a meaning of their own (XTypes 7.4.1.2)."""
MUST_UNDERSTAND, ID = 0x4000, 0x3FFF
"""The bits of a short header that say that a reader has to know the member, and which member it is."""


def _has_nul() -> NoReturn:
    raise EncodeError("$", "a string of CDR holds no NUL")


def _bad_text(pos: int) -> NoReturn:
    raise DecodeError("a string that does not end with its only NUL", pos)


def _fixed(unscaled: str, digits: int) -> bytes:
    """Half an octet for each digit, then the sign; an odd number of digits fills the octets."""
    if unscaled[0] == "-":
        return _from_hex(unscaled[1:].zfill(digits) + "d")
    return _from_hex(unscaled.zfill(digits) + "c")


def _from_fixed(octets: bytes, exponent: str, odd: bool) -> PyDecimal:
    """The decimal of digits and a sign. Where their number is not odd, a zero is in front. `exponent` is as "E-2"."""
    text = octets.hex()
    sign = text[-1]
    try:
        if odd or text[0] == "0":
            if sign == "c":
                return _decimal(text.replace("c", exponent))  # which takes no other letters than those of one exponent
            if sign == "d" and (value := _decimal(text.replace("d", exponent))):
                return value.copy_negate()
    except InvalidOperation:
        pass
    raise DecodeError(f"{text} is not a fixed-point decimal of its digits with its sign")


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

RUNTIME: dict[str, Any] = runtime.RUNTIME | {
    "GAPS": tuple(map(bytes, range(8))),
    "has_nul": _has_nul,
    "bad_text": _bad_text,
    "fixed": _fixed,
    "from_fixed": _from_fixed,
    "from_digits": scalars.decimal,
    "missing": _missing,
    "parameter_big": _big[0],
    "parameter_little": _little[0],
    "read_parameter_big": _big[1],
    "read_parameter_little": _little[1],
    "read_member_big": members(">"),
    "read_member_little": members("<"),
}
