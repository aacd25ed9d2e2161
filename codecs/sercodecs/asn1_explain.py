"""ASN.1, octet by octet: a walker of the Basic Encoding Rules (ITU-T X.690), and thus of CER and DER.

Every element says its tag and its length, which may be indefinite: then it lasts until the end-of-contents octets. What
a tag means, the schema says in the way of the module with automatic tags that the codec has. A member under the tag of
its own type, as modules without automatic tags have it, is recognised too, and what is not of the schema is shown by
its universal tag.
"""

import math
import re
from collections.abc import Iterator
from typing import NamedTuple, assert_never
from uuid import UUID

from serschema.model import (
    Bool,
    Bytes,
    Decimal,
    Enum,
    Float,
    Int,
    Kind,
    List,
    Map,
    Record,
    Schema,
    String,
    Timestamp,
    Type,
    Union,
    Uuid,
)

from sercodecs.contract import Span
from sercodecs.walk import Walk, from_twos_complement, of_octets, symbol, utf8, walk

UNIVERSAL, APPLICATION, CONTEXT, PRIVATE = range(4)
CONSTRUCTED, LOW = 0x20, 0x1F
MORE = 0x80
INDEFINITE = 0x80
MOST_TAG_BITS = 32
END_OF_CONTENTS = b"\0\0"

# X.680, table 1: the universal tags by number, and the kind that shows their contents.
TYPES: dict[int, tuple[str, Kind | None]] = {
    1: ("BOOLEAN", Bool()),
    2: ("INTEGER", Int()),
    3: ("BIT STRING", None),
    4: ("OCTET STRING", Bytes()),
    5: ("NULL", None),
    6: ("OBJECT IDENTIFIER", None),
    9: ("REAL", Float()),
    10: ("ENUMERATED", Int()),
    12: ("UTF8String", String()),
    16: ("SEQUENCE", None),
    17: ("SET", None),
    18: ("NumericString", String()),
    19: ("PrintableString", String()),
    22: ("IA5String", String()),
    23: ("UTCTime", String()),
    24: ("GeneralizedTime", Timestamp()),
    26: ("VisibleString", String()),
}
TEXTS = frozenset((12, 18, 19, 22, 26))
TIME = re.compile(r"([0-9]{4})" + r"([0-9]{2})" * 5 + r"(\.[0-9]{1,9})?Z")
SPECIAL_REALS = {0x40: "inf", 0x41: "-inf", 0x42: "nan", 0x43: "-0.0"}
BASES = (2, 8, 16, 0)
BINARY, SPECIAL, NEGATIVE = 0x80, 0x40, 0x40
EXACT_BITS = 1000
"""Integers beyond are not written out: their digits would take quadratic time."""


def explain(schema: Schema, data: bytes) -> list[Span]:
    """What each octet of an encoding is for. Raises `ExplainError`."""
    walker = _Walk(schema, data)
    return walk(walker, lambda: walker.root())


class _Tag(NamedTuple):
    """An identifier: its class and number, and whether elements are inside."""

    category: int
    number: int
    constructed: bool

    def __str__(self) -> str:
        if self.category == UNIVERSAL:
            return TYPES[self.number][0] if self.number in TYPES else f"[UNIVERSAL {self.number}]"
        return f"[{('', 'APPLICATION ', '', 'PRIVATE ')[self.category]}{self.number}]"


class _Entry(NamedTuple):
    """An entry of a map: a SEQUENCE of the key, [0], and the value, [1]."""

    key: Type
    value: Type


class _Walk(Walk):
    def root(self) -> None:
        self.untagged(self.schema.record, self.coming(), "$", 0)

    def element(self, kind: Kind | _Entry | None, path: str, depth: int, note: str = "") -> str:
        """Tag, length and contents; returns what a scalar is, as it stands in a path as a key."""
        tag = self.identifier()
        if kind is None and tag.category == UNIVERSAL and tag.number in TYPES:
            kind = TYPES[tag.number][1]
        implied = f" {_names(kind)[0]}" if kind is not None and tag.category != UNIVERSAL else ""
        self.note("tag", path, f"{tag}{implied}{', constructed' * tag.constructed}{note}")
        length = self.length(path)
        if tag.constructed:
            return self.contents(kind, length, path, depth)
        if length is None:
            self.fail("an indefinite length, and no elements inside")
        shown = _shown(kind, self.read(length))
        self.note("content", path, shown)
        return shown

    def contents(self, kind: Kind | _Entry | None, length: int | None, path: str, depth: int) -> str:
        """The elements inside one; returns the text of a string in segments."""
        shown = ""
        match kind:
            case List(item=item):
                for i, tag in enumerate(self.inner(length, path)):
                    self.untagged(self.schema.resolve(item), tag, f"{path}[{i}]", depth)
            case Map():
                for tag in self.inner(length, path):
                    self.untagged(_Entry(kind.key, kind.value), tag, path, depth)
            case _Entry():
                self.entry(kind, length, path, depth)
            case Union():
                for tag in self.inner(length, path):
                    self.untagged(kind, tag, path, depth)
            case Record():
                self.members(kind, length, path, self.deeper(depth))
            case String() | Bytes() | Uuid() | Timestamp():
                for _ in self.inner(length, path):
                    shown = self.element(kind, path, depth, ", segment")
            case Bool() | Int() | Float() | Enum() | Decimal() | None:
                for _ in self.inner(length, path):
                    self.element(None, path, depth)
            case _:
                assert_never(kind)
        return shown

    def inner(self, length: int | None, path: str) -> Iterator[_Tag]:
        """The tags of the elements inside one; whoever takes a tag goes over its element."""
        if length is None:
            while not self.data.startswith(END_OF_CONTENTS, self.position):
                yield self.coming()
            self.take(len(END_OF_CONTENTS), "structure", path, "end of contents")
        else:
            with self.inside(length):
                while self.left:
                    yield self.coming()

    def untagged(self, kind: Kind | _Entry, tag: _Tag, path: str, depth: int) -> None:
        """A value under the tag of its own type, which for a CHOICE is that of an alternative."""
        if not isinstance(kind, Union):
            self.element(kind if _is_own(tag, kind) else None, path, depth)
        elif tag.category == CONTEXT and tag.number < len(kind.alternatives):
            chosen = kind.alternatives[tag.number]
            note = f", alternative {chosen.name}"
            self.element(self.schema.resolve(chosen.type), f"{path}.{chosen.key}", self.deeper(depth), note)
        else:
            self.element(None, path, depth)

    def members(self, record: Record, length: int | None, path: str, depth: int) -> None:
        """The members of a SEQUENCE, in their order; some may be absent."""
        following = 0
        for tag in self.inner(length, path):
            kinds = [self.schema.resolve(member.type) for member in record.fields[following:]]
            places = enumerate(kinds, following)
            place = next((i for i, kind in places if tag[:2] == (CONTEXT, i) or _is_own(tag, kind)), None)
            if place is None:
                self.element(None, path, depth)
            else:
                self.element(kinds[place - following], f"{path}.{record.fields[place].key}", depth)
                following = place + 1

    def entry(self, entry: _Entry, length: int | None, path: str, depth: int) -> None:
        key = ""
        for tag in self.inner(length, path):
            if tag.number == 0:
                key = self.element(self.schema.resolve(entry.key), f"{path}{{key}}", depth)
            else:
                self.element(self.schema.resolve(entry.value), f"{path}[{key}]", depth)

    def coming(self) -> _Tag:
        """The tag that comes next."""
        before = self.position
        tag = self.identifier()
        self.position = before
        return tag

    def identifier(self) -> _Tag:
        """The identifier octets (8.1.2); a number from 31 on has octets of its own."""
        first = self.read_int(1)
        number = first & LOW
        if number == LOW:
            number = self.high_number()
        return _Tag(first >> 6, number, bool(first & CONSTRUCTED))

    def high_number(self) -> int:
        number, octet = 0, MORE
        while octet & MORE:
            octet = self.read_int(1)
            number = number << 7 | octet & ~MORE
            if number >> MOST_TAG_BITS:
                self.fail("a tag number too large")
        return number

    def length(self, path: str) -> int | None:
        """The length octets (8.1.3); None if it is indefinite."""
        first = self.read_int(1)
        length: int | None = first
        if first == INDEFINITE:
            length = None
        elif first & MORE:
            length = self.read_int(first & ~MORE)
        if length is not None and length > self.left:
            self.fail(f"length {length}, {self.left} octets left")
        self.note("length", path, "indefinite length" if length is None else f"length {length}")
        return length


def _names(kind: Kind | _Entry) -> tuple[str, frozenset[int]]:
    """What ASN.1 calls the type of a kind, and the universal tags that it may have; a CHOICE has none."""
    match kind:
        case Bool():
            return "BOOLEAN", frozenset((1,))
        case Int() | Decimal():
            return "INTEGER", frozenset((2,))
        case Float():
            return "REAL", frozenset((9,))
        case String():
            return "UTF8String", TEXTS
        case Bytes() | Uuid():
            return "OCTET STRING", frozenset((4,))
        case Enum():
            return "ENUMERATED", frozenset((10,))
        case Timestamp():
            return "GeneralizedTime", frozenset((24,))
        case List() | Map():
            return "SEQUENCE OF", frozenset((16,))
        case Union():
            return "CHOICE", frozenset()
        case Record() | _Entry():
            return "SEQUENCE", frozenset((16,))
        case _:
            assert_never(kind)


def _is_own(tag: _Tag, kind: Kind | _Entry) -> bool:
    return tag.category == UNIVERSAL and tag.number in _names(kind)[1]


def _shown(kind: Kind | _Entry | None, octets: bytes) -> str:
    """The contents octets of a primitive element."""
    match kind:
        case Bool() if len(octets) == 1:
            return "TRUE" if octets[0] else "FALSE"
        case Int() if octets:
            return from_twos_complement(octets, 0)
        case Decimal(scale=scale) if octets:
            return from_twos_complement(octets, scale)
        case Float():
            return _real(octets)
        case Enum() if octets:
            return symbol(kind, int.from_bytes(octets[-8:], "big", signed=True))
        case String():
            return utf8(octets)
        case Uuid() if len(octets) == 16:
            return str(UUID(bytes=octets))
        case Timestamp():
            found = TIME.fullmatch(octets.decode("latin-1"))
            return "{}-{}-{}T{}:{}:{}{}Z".format(*found.groups("")) if found else utf8(octets)
        case _:
            return of_octets(octets)


def _real(octets: bytes) -> str:
    """A REAL (8.5); in binary also as its mantissa, base and exponent."""
    if not octets:
        return "0.0"
    first = octets[0]
    if not first & BINARY:
        return SPECIAL_REALS.get(first, of_octets(octets)) if first & SPECIAL else utf8(octets[1:])
    sized = first & 3 == 3  # then an octet says how many the exponent has, otherwise they are one to three
    end = 2 + octets[1] if sized and len(octets) > 1 else 2 + (first & 3)
    exponent = int.from_bytes(octets[2 if sized else 1 : end], "big", signed=True)
    mantissa = int.from_bytes(octets[end:], "big") << (first >> 2 & 3)
    base = BASES[first >> 4 & 3]
    if max(mantissa, abs(exponent)).bit_length() > EXACT_BITS:
        return of_octets(octets)
    shown = f"{'-' * bool(first & NEGATIVE)}{mantissa} * {base}^{exponent}"
    try:
        return (
            f"{math.ldexp(-mantissa if first & NEGATIVE else mantissa, exponent * (base.bit_length() - 1))!r} ({shown})"
        )
    except OverflowError:
        return shown
