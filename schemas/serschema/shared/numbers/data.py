"""Numbers that go wrong when two sides disagree about width, sign, byte order or IEEE 754 (2019, section 3.4)."""

import math
import struct

from serschema.model import Value

FIELDS = (
    "signed8",
    "unsigned8",
    "signed16",
    "unsigned16",
    "signed32",
    "unsigned32",
    "signed64",
    "unsigned64",
    "real32",
    "real64",
    "flag",
)


def _limits(signed: int, unsigned: int) -> tuple[int, ...]:
    """For each width the signed and unsigned integers so far above the least one, or below the greatest if negative."""
    pairs = []
    for bits in (8, 16, 32, 64):
        half = 1 << (bits - 1)
        pairs += [signed - half if signed >= 0 else signed + half, unsigned % (1 << bits)]
    return tuple(pairs)


def _octets(octets: str) -> tuple[int | float, ...]:
    """In each field the leading ones of eight octets in hexadecimal, most significant first."""
    data = bytes.fromhex(octets)
    return struct.unpack(">bBhHiIqQfd", b"".join(data[:size] for size in (1, 1, 2, 2, 4, 4, 8, 8, 4, 8)))


def _float32(bits: int) -> float:
    value: float = struct.unpack(">f", bits.to_bytes(4, "big"))[0]
    return value


def _float64(bits: int) -> float:
    value: float = struct.unpack(">d", bits.to_bytes(8, "big"))[0]
    return value


_FINITE: tuple[tuple[int | float | bool, ...], ...] = (
    (*[0] * 8, 0.0, 0.0, False),
    (*[1] * 8, 1.0, 1.0, True),
    # the least of each: most negative floats
    (*_limits(0, 0), _float32(0xFF7FFFFF), _float64(0xFFEFFFFFFFFFFFFF), False),
    (*_limits(1, 1), _float32(0xFF7FFFFE), _float64(0xFFEFFFFFFFFFFFFE), True),
    # the greatest of each
    (*_limits(-1, -1), _float32(0x7F7FFFFF), _float64(0x7FEFFFFFFFFFFFFF), True),
    (*_limits(-2, -2), _float32(0x7F7FFFFE), _float64(0x7FEFFFFFFFFFFFFE), False),
    # minus one beside the unsigned number in which the sign bit alone is set, and beside its lower neighbour
    (-1, 1 << 7, -1, 1 << 15, -1, 1 << 31, -1, 1 << 63, -1.0, -1.0, True),
    (-2, (1 << 7) - 1, -2, (1 << 15) - 1, -2, (1 << 31) - 1, -2, (1 << 63) - 1, -2.0, -2.0, False),
    # just beyond what the next narrower width holds, on both sides of zero
    (127, 255, 128, 256, 1 << 15, 1 << 16, 1 << 31, 1 << 32, 16777215.0, 9007199254740991.0, True),
    (-127, 128, -129, 257, ~(1 << 15), 65537, ~(1 << 31), (1 << 32) + 1, 16777216.0, 9007199254740992.0, False),
    # beyond the integers that binary64, and so JavaScript, tells apart
    (-3, 3, -3, 3, -3, 3, -(1 << 53) - 1, (1 << 53) + 1, 0.5, 0.1, True),
    # octets that are all different, and the same from the other end; then with the sign bits set
    (*_octets("0102030405060708"), True),
    (*_octets("0807060504030201"), False),
    (*_octets("f0e0d0c0b0a09080"), True),
    # least normal and greatest subnormal, least subnormal, either sign
    (5, 5, 5, 5, 5, 5, 5, 5, _float32(0x00800000), _float64(0x0010000000000000), False),
    (6, 6, 6, 6, 6, 6, 6, 6, _float32(0x007FFFFF), _float64(0x000FFFFFFFFFFFFF), False),
    (7, 7, 7, 7, 7, 7, 7, 7, _float32(0x00000001), _float64(0x0000000000000001), False),
    (-8, 8, -8, 8, -8, 8, -8, 8, _float32(0x80000001), _float64(0x8000000000000001), False),
)

_SPECIAL: tuple[tuple[int | float | bool, ...], ...] = (
    (*[0] * 8, -0.0, -0.0, False),
    (*[1] * 8, math.inf, math.inf, True),
    (*[2] * 8, -math.inf, -math.inf, True),
    (*[3] * 8, _float32(0x7FC00000), _float64(0x7FF8000000000000), True),
    # quiet NaNs with a payload and with the sign bit set
    (*[4] * 8, _float32(0x7FC12345), _float64(0x7FF8123456789ABC), True),
    (*[5] * 8, _float32(0xFFC00001), _float64(0xFFF8000000000001), True),
)


def _messages(rows: tuple[tuple[int | float | bool, ...], ...]) -> list[Value]:
    return [dict(zip(FIELDS, row, strict=True)) for row in rows]


FINITE = _messages(_FINITE)
VALUES = FINITE + _messages(_SPECIAL)
