"""Data in which a wrong byte order or word size shows: what is known to have gone wrong, one message each.

- `endian-fields`: integers at their sign boundaries and in the order of their octets, and floats, in rounds of an odd
  number of octets: without padding, eight rounds put each field at every alignment. All again without what signed
  integers of 64 bits do not hold, as some formats have no others.
- `endian-floats`: bit patterns; zeros, infinities, subnormals, NaNs with their payloads, quiet and, of 64 bits,
  signalling (Python has no others). A swapped float is often a subnormal, and looks like zero.
- `endian-lengths`: lengths that read swapped are lengths too (1 and 256 in 16 bits, 256 and 65,536 in 32), and text in
  which UTF-16 tells the orders apart, or does not.
- `endian-kinds`: what else is made of several octets, after a text of 0 to 7, so that in formats without padding each
  stands at every alignment: UUIDs, whose first halves some write swapped (RFC 9562, 4), times around the limits of 32
  bits, decimals, numbers of symbols that read swapped are symbols too, keys and alternatives, and lists of numbers,
  which are often written at once, around the limits of 16 and 32 bits, which a shorter word cuts or extends wrongly.
"""

import struct
from datetime import UTC, datetime, timedelta
from decimal import Decimal as PyDecimal
from uuid import UUID

from serschema.model import (
    Bool,
    Bytes,
    Decimal,
    Enum,
    Field,
    Float,
    Int,
    List,
    Map,
    Record,
    Ref,
    Schema,
    String,
    Timestamp,
    Union,
    Uuid,
    Value,
)

from serbench.plan import Data

PROOF = "endian-fields"
"""The data set on which controls have to fail."""

_ROUNDS = 8


def _octets(bits: int, first: int = 1) -> int:
    return int.from_bytes(range(first, first + bits // 8), "big")


def _boundaries(bits: int, signed: bool) -> list[int]:
    """Eight integers whose swapped twins are others of the same width."""
    most = (1 << (bits - signed)) - 1
    if signed:
        return [-most - 1, most, -1, 1, 0xFF, 1 << (bits - 8), -(1 << 8), _octets(bits)]
    return [0, most, most >> 1, 1, 0xFF, 1 << (bits - 8), 1 << (bits - 1), _octets(bits, 0xF1)]


_WIDTHS = [(bits, signed) for signed in (True, False) for bits in (16, 32, 64)]
_PATTERNS = {
    32: ["00000000", "80000000", "3f800000", "bf800001", "01020304", "00000001", "7f7fffff", "7f800000"],
    64: [
        "0000000000000000", "8000000000000000", "3ff0000000000000", "bff0000000000001",
        "0102030405060708", "0000000000000001", "7fefffffffffffff", "7ff0000000000000",
    ],
}  # fmt: skip
_NANS = [
    ("7fc00000", "7ff8000000000000"),
    ("ffc00000", "fff8000000000000"),
    ("7fc00001", "7ff8000000000001"),
    ("7fc102ff", "7ff80102030405ff"),
    ("7fffffff", "7fffffffffffffff"),
    ("ffffffff", "7ff0000000000001"),
    ("7fc00100", "fff4050607080900"),
]


def _float(pattern: str) -> float:
    """The float of 32 or 64 bits, most significant octet first."""
    value: float = struct.unpack(">f" if len(pattern) == 8 else ">d", bytes.fromhex(pattern))[0]
    return value


def _name(bits: int, signed: bool) -> str:
    return f"{'signed' if signed else 'unsigned'}{bits}"


_FIELDS = Schema(
    "Fields",
    (
        Record(
            "Round",
            (
                Field("gap", 1, Int(8, signed=False)),
                *(
                    Field(_name(bits, signed), number, Int(bits, signed, coding="fixed" if bits > 16 else "plain"))
                    for number, (bits, signed) in enumerate(_WIDTHS, 2)
                ),
                Field("float32", 8, Float(32)),
                Field("float64", 9, Float(64)),
            ),
        ),
        Record("Fields", (Field("rounds", 1, List(Ref("Round"), _ROUNDS, _ROUNDS)),)),
    ),
)


def _round(number: int, most: int) -> Value:
    number %= _ROUNDS
    integers = {_name(bits, signed): min(most, _boundaries(bits, signed)[number]) for bits, signed in _WIDTHS}
    finite = min(number, 6)
    floats = {f"float{bits}": _float(patterns[finite]) for bits, patterns in _PATTERNS.items()}
    return {"gap": 0xA0 + number} | integers | floats


_FLOATS = Schema("Floats", (Record("Floats", (Field("float32", 1, Float(32)), Field("float64", 2, Float(64)))),))

_LENGTHS = Schema(
    "Lengths",
    (
        Record(
            "Lengths",
            (
                Field("text", 1, String()),
                Field("octets", 2, Bytes()),
                Field("numbers", 3, List(Int(16))),
                Field("after", 4, Int(32, coding="fixed")),
            ),
        ),
    ),
)

_TEXTS = [
    "\u0100\u0101\u2000",  # in UTF-16, swapped: U+0001, itself, a space
    "\ufeffmark",  # the byte order mark as the first character
    "\uff00\u00ff\u6100",  # swapped: U+00FF, U+FF00, "a"
    "\U0001f600\U00010000\U0010ffff",  # surrogate pairs
    "\u00d8\u00dc",  # swapped: a surrogate pair, U+10000
    "\u00d8x",  # swapped: half of one
    "\ufffea",  # swapped: the byte order mark
]


def _sized(length: int) -> Value:
    return {
        "text": ("a\u0100" * length)[:length],
        "octets": bytes(number % 251 for number in range(length)),
        "numbers": [number % 2 * 0x0100 or 0x0001 for number in range(min(length, 300))],
        "after": 0x00000100,
    }


_KINDS = Schema(
    "Kinds",
    (
        Enum("State", (("NONE", 0), ("LOW", 1), ("HIGH", 256), ("HIGHER", 65_536), ("HIGHEST", 16_777_216))),
        Union("Choice", (Field("number", 1, Int(32)), Field("word", 256, String()))),
        Record(
            "Kinds",
            (
                Field("gap", 1, String()),
                Field("id", 2, Uuid()),
                Field("at", 3, Timestamp()),
                Field("price", 4, Decimal(12, 2)),
                Field("state", 5, Ref("State")),
                Field("choice", 6, Ref("Choice")),
                Field("counts", 7, Map(Int(32), Int(16))),
                Field("flags", 8, List(Bool())),
                *(Field(f"int{bits}", number, List(Int(bits))) for number, bits in ((9, 16), (10, 32), (11, 64))),
                *(Field(f"float{bits}", number, List(Float(bits))) for number, bits in ((12, 32), (13, 64))),
                Field("after", 14, Int(16), optional=True),
            ),
        ),
    ),
)

_IDS = ("00010203-0405-0607-0809-0a0b0c0d0e0f", "00000001-0002-0003-0100-000000000001")
_SECONDS = (0, 1, 256, 1 << 31, (1 << 31) - 1, 1 << 32, -1, -(1 << 31) - 1)
_PRICES = ("0.00", "0.01", "2.56", "-0.01", "-2.56", "167772.16", "42949672.96", "9999999999.99")
_STATES = ("NONE", "LOW", "HIGH", "HIGHER", "HIGHEST")


def _limits(bits: int) -> list[int]:
    """The numbers around each power of two at which a shorter signed or unsigned word ends, of both signs."""
    ends = [1 << place for place in (7, 8, 15, 16, 31, 32, 63) if place < bits]
    return [
        number for end in ends for number in (end - 1, end, -end, -end - 1) if -1 << bits - 1 <= number < 1 << bits - 1
    ]


def _kinds(number: int) -> Value:
    """A message of every kind, behind a text of so many characters."""
    turned = {bits: _limits(bits)[number:] + _limits(bits)[:number] for bits in (16, 32, 64)}
    kinds = {
        "gap": "x" * number,
        "id": UUID(_IDS[number % 2]),
        "at": datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=_SECONDS[number], microseconds=256 * number),
        "price": PyDecimal(_PRICES[number]),
        "state": _STATES[number % len(_STATES)],
        "choice": {"number": 256} if number % 2 else {"word": "\u0100"},
        "counts": {256: 1, 65_536: 256, 1: -256, 16_777_216: 0x0102},
        "flags": [place == number for place in range(9 + number)],
        **{f"int{bits}": values for bits, values in turned.items()},
        **{f"float{bits}": [_float(pattern) for pattern in _PATTERNS[bits][:7]] for bits in (32, 64)},
    }
    return kinds | ({"after": 256} if number % 2 else {})


def data_sets() -> tuple[Data, ...]:
    """The four data sets; their source is `endian`."""
    fields = [
        {"rounds": [_round(turn + number, most) for number in range(_ROUNDS)]}
        for most in ((1 << 64) - 1, (1 << 63) - 1)
        for turn in range(_ROUNDS)
    ]
    patterns = [*zip(_PATTERNS[32], _PATTERNS[64]), *_NANS]
    floats = [{"float32": _float(single), "float64": _float(double)} for single, double in patterns]
    lengths = [_sized(length) for length in (0, 1, 255, 256, 257, 65_536)] + [
        {"text": text, "octets": text.encode("utf-16-be"), "numbers": [], "after": 1} for text in _TEXTS
    ]
    described = (
        (PROOF, _FIELDS, fields, "integers and floats at every alignment"),
        ("endian-floats", _FLOATS, floats, "bit patterns of floats"),
        ("endian-lengths", _LENGTHS, lengths, "lengths that are plausible in both orders, and UTF-16"),
        ("endian-kinds", _KINDS, [_kinds(number) for number in range(_ROUNDS)], "every kind at every alignment"),
    )
    return tuple(
        Data(name=name, source="endian", schema=schema, messages=messages, description=description)
        for name, schema, messages, description in described
    )
