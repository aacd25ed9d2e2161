"""What both directions ask about a schema: what is of fixed size, what stands in place, and which `struct` calls."""

import struct
from collections.abc import Callable
from functools import cache
from typing import Any

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
    Timestamp,
    Type,
    Union,
    Uuid,
    fixed_length,
)

from sercodecs.source import Source

TABLE = 256
"""Opaques shorter than this find their `struct` function in a table."""

PADDING = ("0s", "B", "H", "3s")
"""The padding behind an opaque as something that is false where it is zero, except for three octets."""

INLINE = 48
"""A record of more leaves than this has a function of its own, so that source does not grow with every use."""


class Slot:
    """One scalar in a `struct` format: how unpacked variables become its value, and a value the arguments of pack."""

    def __init__(self, format_: str, read: str = "{0}", write: str = "{0}") -> None:
        self.format = format_
        self.read = read
        self.write = write
        self.variables = 2 if "{1}" in read else 1


WORD = Slot("I")
"""A length, a count, a flag, or the number of an alternative."""


class Shape:
    """A schema as XDR sees it."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.recursive = schema.recursive()
        self._leaves: dict[str, int] = {}

    def inlined(self, kind: Record | Union) -> bool:
        return kind.name not in self.recursive and self.leaves(kind) <= INLINE

    def leaves(self, kind: Record | Union) -> int:
        """How many scalars, lists and calls the source of a type has where it is written in place."""
        if kind.name not in self._leaves:
            members = kind.fields if isinstance(kind, Record) else kind.alternatives
            self._leaves[kind.name] = 1 + sum(self._type_leaves(member.type) for member in members)
        return self._leaves[kind.name]

    def _type_leaves(self, type_: Type) -> int:
        kind = self.schema.resolve(type_)
        match kind:
            case Record() | Union():
                return self.leaves(kind) if self.inlined(kind) else 1
            case List(item=item):
                return 1 + self._type_leaves(item)
            case Map(value=value):
                return 2 + self._type_leaves(value)
            case _:
                return 1

    def least(self, type_: Type, optional: bool = False) -> int:
        """The fewest octets that a value of the type takes; at least four, so that data bounds every count."""
        kind = self.schema.resolve(type_)
        if optional:
            return 4
        match kind:
            case List() if length := fixed_length(kind):
                return length * self.least(kind.item)
            case Record() if self.inlined(kind):
                return sum(self.least(member.type, member.optional) for member in kind.fields) or 4
            case Record():
                return 4
            case _:
                slot = self.slot(kind)
                return struct.calcsize(">" + slot.format) if slot else 4

    def slot(self, kind: Kind) -> Slot | None:
        """The scalar as a slot of a `struct` format, or None if its size varies."""
        match kind:
            case Bool():
                return Slot("I", "BOOL[{0}]")
            case Int():
                letter = ("iI", "qQ")[kind.bits == 64][not kind.signed]
                whole = Int(max(kind.bits, 32), kind.signed)
                if (kind.lower, kind.upper) == (whole.lower, whole.upper):
                    return Slot(letter)
                bounds = f"{kind.lower}, {kind.upper}"
                return Slot(
                    letter, f"({{0}} if {kind.lower} <= {{0}} <= {kind.upper} else out_of_range({{0}}, {bounds}))"
                )
            case Float():
                return Slot("f" if kind.bits == 32 else "d")
            case Timestamp():
                since = "(since := {0} - EPOCH).days * 86400000000 + since.seconds * 1000000 + since.microseconds"
                return Slot("q", "EPOCH + {0} * MICROSECOND", since)
            case Uuid():
                return Slot("16s", "uuid_of({0})", '{0}.int.to_bytes(16, "big")')
            case Decimal(precision, scale) if precision <= 18:
                limit = 10**precision
                scaled = (
                    f"(multiply({{0}}, UNIT_{scale}) if {-limit} < {{0}} < {limit} else too_great({{0}}, {precision}))"
                )
                return Slot("q", scaled, f"int({{0}}.scaleb({scale}, EXACT))")
            case Bytes() if length := fixed_length(kind):
                write = f"octets({{0}}, {length})"
                if length % 4 == 0:
                    return Slot(f"{length}s", "{0}", write)
                padding = -length % 4
                read = "({0} if {1} <= ZEROS else bad_padding())"
                return Slot(f"{length}s{padding}s", read, f"{write}, {bytes(padding)!r}")
            case Enum(name):
                return Slot("i", f"SYMBOLS_{name}[{{0}}]", f"NUMBERS_{name}[{{0}}]")
            case _:
                return None

    def starts_with_word(self, type_: Type, optional: bool = False) -> bool:
        """Whether a value of the type begins with an unsigned int."""
        kind = self.schema.resolve(type_)
        if optional:
            return True
        match kind:
            case List() if fixed_length(kind):
                return self.starts_with_word(kind.item)
            case Record() if kind.fields:
                return self.starts_with_word(kind.fields[0].type, kind.fields[0].optional)
            case _:
                slot = self.slot(kind)
                return slot is None or slot.format == "I"

    def levels(self, type_: Type) -> int:
        """How many records stand inside one another in a type that is a row."""
        kind = self.schema.resolve(type_)
        match kind:
            case List(item=item):
                return self.levels(item)
            case Record():
                return 1 + max(self.levels(member.type) for member in kind.fields)
            case _:
                return 0

    def row(self, type_: Type) -> list[Slot] | None:
        """The type as slots, if it is of fixed size and at most `INLINE` slots; records and arrays of such too."""
        kind = self.schema.resolve(type_)
        match kind:
            case List() if length := fixed_length(kind):
                item = self.row(kind.item)
                return item * length if item and len(item) * length <= INLINE else None
            case Record() if kind.fields and self.inlined(kind):
                slots: list[Slot] = []
                for member in kind.fields:
                    part = None if member.optional else self.row(member.type)
                    if part is None:
                        return None
                    slots += part
                return slots if len(slots) <= INLINE else None
            case _:
                slot = self.slot(kind)
                return [slot] if slot else None


@cache
def _compiled(format_: str) -> struct.Struct:
    return struct.Struct(format_)


def letters(slots: list[Slot]) -> str:
    return "".join(slot.format for slot in slots)


def compiled(slots: list[Slot]) -> struct.Struct:
    return _compiled(">" + letters(slots))


def one_letter(row: list[Slot]) -> str:
    """The letter that all slots of a row have in common, or nothing."""
    letters = {slot.format for slot in row}
    return letters.pop() if len(letters) == 1 and len(row[0].format) == 1 else ""


@cache
def _packs(before: str, after: str) -> tuple[list[Any], Callable[[int], Any]]:
    def make(length: int) -> Any:
        return struct.Struct(f">{before}{length}s{-length % 4}x{after}").pack

    return [make(length) for length in range(TABLE)], make


@cache
def _unpacks(after: str) -> tuple[list[Any], Callable[[int], Any]]:
    def make(length: int) -> Any:
        packed = struct.Struct(f">{length}s{PADDING[-length % 4]}{after}")
        return packed.unpack_from, packed.size

    return [make(length) for length in range(TABLE)], make


def bind_pack(source: Source, before: str, after: str, length: str) -> str:
    """The expression for the `pack` of an opaque, with slots around it, whose length has that name."""
    table, make = _packs(before, after)
    note = f"struct.Struct(f'>{before}{{n}}s{{-n % 4}}x{after}').pack"
    short = source.bind("pack", table, f"[{note} for n in range({TABLE})]")
    long = source.bind("pack_long", make, f"lambda n: {note}")
    return f"({short}[{length}] if {length} < {TABLE} else {long}({length}))"


def bind_unpack(source: Source, after: str, length: str) -> str:
    """The expression for `unpack_from` and size of an opaque, with its padding, and slots behind it."""
    table, make = _unpacks(after)
    note = f"(unpack_from, size) of struct.Struct(f'>{{n}}s{{PADDING[-n % 4]}}{after}')"
    short = source.bind("sized", table, f"[{note} for n in range({TABLE})]")
    return (
        f"{short}[{length}] if {length} < {TABLE} else {source.bind('sized_long', make, f'lambda n: {note}')}({length})"
    )
