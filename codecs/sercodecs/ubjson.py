"""UBJSON (Universal Binary JSON, draft 12) by py-ubjson, in C and in Python: JSON's values with a marker octet each.

Numbers are most significant octet first. A record is an object by `Field.key`, an absent optional field has no pair; a
list is an array, a map an object whose keys are text ("-7", "true"), a union an object {alternative: value}; an enum is
its symbol, a UUID and a timestamp (RFC 3339 with `Z`) are their text. Bytes are the array of type uint8 and of a count,
`[$U#`; no other container gets a type or a count. An integer takes the least marker (i U I l L); one beyond int64, a
decimal, and a float64 below the normal ones are high-precision numbers (H), digits in a string.

A float is float64 (D), and float32 (d) where all floats of the schema are of 32 bits: the library chooses for a whole
message and not for a field. UBJSON has no NaN and no infinity: the library writes null, which is read as NaN. Nothing
is checked when reading, and octets after the value are not looked at.

A container of counted items, which may take no octet at all (`[$Z#`), lets both decoders ask for memory beyond bounds
(py-ubjson 0.16.1): where data have a counted array that is not of uint8, its counts are first held against its length.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from math import nan
from typing import Any
from uuid import UUID

from serschema.limits import Limits
from serschema.model import Bool, Enum, Float, Int, List, Map, Schema, Timestamp, Type, Union, Uuid

from sercodecs.contract import Carries, Claim, Codec, CodecInfo, DecodeError, Format, assemble
from sercodecs.tree import Expression, Rules, conversions

FORMAT = Format(
    name="ubjson",
    title="UBJSON",
    specification="Universal Binary JSON, draft 12",
    history="JSON in binary without types of its own, prompted by CouchDB (ubjson.org); never more than a draft.",
    textual=False,
    self_describing=True,
    byte_order="big",
    canonical=Claim(False, "draft 12: members come in any order, and containers with or without count and type"),
    evolution=Claim(True, "draft 12: members have names, and values tell their length, so that others are skipped"),
    languages={
        "cpp": "nlohmann/json",
        "js": "@shelacek/ubjson",
        "python": "py-ubjson",
    },
    carries=Carries(
        bool="T, F",
        int="i, U, I, l, L, the least that fits; H beyond int64",
        float="D (float64), d if all floats are of 32 bits",
        string="S",
        bytes="array of type U with a count",
        enum="S, its symbol",
        timestamp="S, RFC 3339",
        uuid="S",
        decimal="H, its digits",
        list="array",
        map="object, keys as text",
        union="object of one pair",
        record="object by key",
        optional="no pair if absent",
    ),
)

INT64 = (1 << 63) - 1
SIZES = {b"Z": 0, b"T": 0, b"F": 0, b"i": 1, b"U": 1, b"I": 2, b"l": 4, b"L": 8, b"d": 4, b"D": 8, b"C": 1}
"""The octets behind a marker, where they are always as many."""

SIGNED = {b"i": True, b"U": False, b"I": True, b"l": True, b"L": True}
ENDS = {True: b"}", False: b"]"}
ALLOWANCE = (1024, 16)
"""How many counted items there may be in any message, and how many more for each octet of it."""

_COUNTED = re.compile(rb"\[(?:\$[^U])?#", re.DOTALL)
_KEY_TEXT = {True: "true", False: "false"}
_KEY_BOOL = {text: value for value, text in _KEY_TEXT.items()}

OUT = Rules(
    values={Timestamp: "{}.isoformat().replace('+00:00', 'Z')", Uuid: "str({})"},
    keys={Bool: "key_text[{}]", Int: "str({})"},
    names={"key_text": _KEY_TEXT},
)
IN = Rules(
    values={
        Float: "{} if type({}) is float else number({})",
        Timestamp: "timestamp({})",
        Uuid: "UUID({})",
    },
    keys={Bool: "boolean[{}]", Int: "int({})"},
    names={
        "number": lambda found: nan if found is None else float(found),
        "timestamp": datetime.fromisoformat,
        "UUID": UUID,
        "boolean": _KEY_BOOL,
    },
)
LARGE: dict[type, Expression] = {Int: "{} if type({}) is int else int({})"}
"""What a schema with integers beyond int64 has to do for all of its integers."""


def compile_c(schema: Schema, /) -> Codec:
    """By the extension module."""
    import _ubjson

    return _compile(schema, "ubjson/py-ubjson", _ubjson.dumpb, _ubjson.loadb)


def compile_pure(schema: Schema, /) -> Codec:
    """By what the extension module stands in for."""
    from ubjson import decoder, encoder

    return _compile(schema, "ubjson/py-ubjson-pure", encoder.dumpb, decoder.loadb)


def _compile(schema: Schema, name: str, dumpb: Callable[..., bytes], loadb: Callable[[bytes], Any]) -> Codec:
    kinds = [schema.resolve(type_) for type_ in _types(schema)]
    large = any(isinstance(kind, Int) and kind.upper > INT64 for kind in kinds)
    no_float32 = any(isinstance(kind, Float) and kind.bits == 64 for kind in kinds)
    inwards = Rules(values={**IN.values, **(LARGE if large else {})}, keys=IN.keys, names=IN.names)

    def decode_native(data: bytes) -> Any:
        if _COUNTED.search(data):
            _Measure(data).run()
        return loadb(data)

    tree = conversions(schema, f"{name} {schema.root}", OUT, inwards)
    return assemble(schema, partial(dumpb, no_float32=no_float32), decode_native, *tree)


def _types(schema: Schema) -> list[Type]:
    """The types of all members, and of what lists and maps hold."""
    found: list[Type] = []
    for named in schema.types:
        if not isinstance(named, Enum):
            found += [member.type for member in (named.alternatives if isinstance(named, Union) else named.fields)]
    for type_ in found:  # grows while it is gone through
        match type_:
            case List(item=item):
                found.append(item)
            case Map(value=value):
                found.append(value)
            case _:
                pass
    return found


@dataclass(slots=True)
class _Open:
    """A container that is gone through: its items still to come (-1: until its end mark), and their type if fixed."""

    is_object: bool
    left: int
    type: bytes


class _Measure:
    """Goes through a value by its markers. Raises `DecodeError` for a count of more items than there could be."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0
        self.allowed = ALLOWANCE[0] + ALLOWANCE[1] * len(data)
        self.around: list[_Open] = []

    def run(self) -> None:
        self.value(self.octets(1))
        while self.around:
            inner = self.around[-1]
            marker = inner.type or b"?"
            if inner.left and (inner.is_object or not inner.type):
                marker = self.octets(1)
                if marker == b"N":
                    continue
            if not inner.left or (inner.left < 0 and marker == ENDS[inner.is_object]):
                self.around.pop()
                continue
            inner.left -= inner.left > 0
            if inner.is_object:
                self.octets(self.integer(marker))
                marker = inner.type or self.octets(1)
            self.value(marker)

    def value(self, marker: bytes) -> None:
        if marker in (b"[", b"{"):
            self.begin(marker == b"{")
        elif marker in (b"S", b"H"):
            self.octets(self.integer(self.octets(1)))
        else:
            self.octets(SIZES[marker])

    def begin(self, is_object: bool) -> None:
        type_, left = b"", -1
        if self.coming(b"$"):
            type_ = self.octets(2)[1:]
        if self.coming(b"#"):
            self.octets(1)
            left = self.integer(self.octets(1))
            self.allowed -= left
            if left < 0 or self.allowed < 0 or (SIZES.get(type_) != 0 and left > len(self.data) - self.position):
                raise DecodeError(f"{left} items, {len(self.data) - self.position} octets left", self.position)
        if type_ in SIZES and left >= 0 and not is_object:
            self.octets(left * SIZES[type_])
        else:
            self.around.append(_Open(is_object, left, type_))

    def coming(self, sign: bytes) -> bool:
        return self.data.startswith(sign, self.position)

    def octets(self, size: int) -> bytes:
        end = self.position + size
        if not self.position <= end <= len(self.data):
            raise DecodeError(f"{size} octets are due", self.position)
        found, self.position = self.data[self.position : end], end
        return found

    def integer(self, marker: bytes) -> int:
        return int.from_bytes(self.octets(SIZES[marker]), "big", signed=SIGNED[marker])


def _info(implementation: str, language: str, compile: Callable[[Schema], Codec]) -> CodecInfo:
    return CodecInfo(
        format=FORMAT,
        implementation=implementation,
        distribution="py-ubjson",
        language=language,
        licence="Apache-2.0",
        limits=Limits(nan="canonical", infinity="nan"),
        validates=False,
        compile=compile,
        defects=("py-ubjson 0.16.1 makes as many items that take no octet as a count says: counts are measured first",),
    )


CODECS = (
    _info("py-ubjson", "C", compile_c),
    _info("py-ubjson-pure", "Python", compile_pure),
)
