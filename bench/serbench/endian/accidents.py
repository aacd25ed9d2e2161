"""Data in which a wrong byte order or word size shows: what is known to have gone wrong, one message each.

- `endian-fields`: integers at their sign boundaries and in the order of their octets, and floats, in rounds of an odd
  number of octets: without padding, eight rounds put each field at every alignment. All again without what signed
  integers of 64 bits do not hold, as some formats have no others.
- `endian-floats`: bit patterns; zeros, infinities, subnormals, NaNs with their payloads. A swapped float is often a
  subnormal, and looks like zero.
- `endian-lengths`: lengths that read swapped are lengths too (1 and 256 in 16 bits, 256 and 65,536 in 32), and text in
  which UTF-16 tells the orders apart, or does not.
"""

import struct

from serschema.model import Bytes, Field, Float, Int, List, Record, Ref, Schema, String, Value

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
]


def _sized(length: int) -> Value:
    return {
        "text": ("a\u0100" * length)[:length],
        "octets": bytes(number % 251 for number in range(length)),
        "numbers": [number % 2 * 0x0100 or 0x0001 for number in range(min(length, 300))],
        "after": 0x00000100,
    }


def data_sets() -> tuple[Data, ...]:
    """The three data sets; their source is `endian`."""
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
    )
    return tuple(
        Data(name=name, source="endian", schema=schema, messages=messages, description=description)
        for name, schema, messages, description in described
    )
