"""Protocol Buffers, octet by octet: a walker of the wire format ("Encoding", protobuf.dev) that the schema leads.

A message is a sequence of tags (field number and wire type) and values in any order. What a field of this number holds,
the schema says in the way of `serschema.idl.proto`: a list or map that is optional, an item, a map's value or an
alternative stands in a message of its own, in field 1; a oneof's alternatives stand among the record's fields. A field
that the schema does not know, or of another wire type, is walked over as what it says of itself.
"""

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import assert_never
from uuid import UUID

from serschema.idl.proto import PACKABLE, inlined
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
from sercodecs.walk import Walk, of_octets, seconds, symbol, utf8, walk

VARINT, I64, LEN, I32 = 0, 1, 2, 5
WIRE_TYPES = {VARINT: "varint", I64: "64-bit", LEN: "length-delimited", I32: "32-bit"}
FIXED = {I64: 8, I32: 4}
ENTRY = {1: "key", 2: "value"}
TIMESTAMP = {1: "seconds", 2: "nanos"}
ITEM = 1
"""The number of the field that holds a list or a map in a message of its own."""


def explain(schema: Schema, data: bytes) -> list[Span]:
    """What each octet of a message is for. Raises `ExplainError`."""
    walker = _Walk(schema, data)
    return walk(walker, lambda: walker.message(walker.members(schema.record), "$", walker.deeper(0)))


@dataclass(frozen=True, slots=True)
class _Member:
    """What a field number means in a message: the rest of its path, its type, and whether it may come repeatedly."""

    step: str
    type: Type
    repeated: bool
    note: str = ""


_Members = dict[int, _Member]


class _Walk(Walk):
    @cached_property
    def known(self) -> dict[str, _Members]:
        """The members of messages by the name of their type, as far as they were needed."""
        return {}

    def members(self, kind: Record | Union) -> _Members:
        if kind.name not in self.known:
            self.known[kind.name] = self.union(kind, "") if isinstance(kind, Union) else self.record(kind)
        return self.known[kind.name]

    def record(self, record: Record) -> _Members:
        members: _Members = {}
        for field in record.fields:
            union = self.schema.resolve(field.type)
            if isinstance(union, Union) and inlined(record, field, self.schema):
                members |= self.union(union, f".{field.key}")
            else:
                members[field.number] = _Member(f".{field.key}", field.type, not field.optional)
        return members

    def union(self, union: Union, step: str) -> _Members:
        note = f", alternative of {union.name}"
        return {a.number: _Member(f"{step}.{a.key}", a.type, False, note) for a in union.alternatives}

    def message(self, members: _Members, path: str, depth: int) -> None:
        """The fields up to the end of what is around."""
        counts: dict[int, int] = {}
        while self.left:
            number, wire = self.tag()
            member = members.get(number)
            if member is None:
                self.note("tag", path, f"tag {number}, {WIRE_TYPES[wire]}, unknown field")
                self.unknown(wire, path)
                continue
            at, type_, note = path + member.step, member.type, f"tag {number}, {WIRE_TYPES[wire]}{member.note}"
            if not member.repeated or not isinstance(type_, List | Map):
                self.note("tag", at, note)
                self.value(type_, wire, at, depth)
            elif isinstance(type_, Map):
                self.note("tag", at, note)
                self.entry(type_, wire, at, depth)
            elif wire == LEN and isinstance(self.schema.resolve(type_.item), PACKABLE):
                self.note("tag", at, note)
                counts[number] = self.packed(type_.item, at, counts.get(number, 0), depth)
            else:
                i = counts.get(number, 0)
                counts[number] = i + 1
                self.note("tag", f"{at}[{i}]", note)
                self.value(type_.item, wire, f"{at}[{i}]", depth)

    def tag(self) -> tuple[int, int]:
        """The number of a field and its wire type."""
        number, wire = divmod(self.varint(), 8)
        if not 0 < number < 1 << 29 or wire not in WIRE_TYPES:
            self.fail(f"no tag: field number {number}, wire type {wire}")
        return number, wire

    @contextmanager
    def delimited(self, path: str, what: str = "") -> Iterator[None]:
        """A length; what is walked over in the `with` has it."""
        length = self.varint()
        if length > self.left:
            self.fail(f"length {length}, {self.left} octets left")
        self.note("length", path, f"length {length}{what}")
        with self.inside(length):
            yield

    def packed(self, item: Type, path: str, i: int, depth: int) -> int:
        """Items without tags; returns how many there are now."""
        wire = wire_type(self.schema.resolve(item))
        with self.delimited(path, ", packed"):
            while self.left:
                self.value(item, wire, f"{path}[{i}]", depth)
                i += 1
        return i

    def entry(self, kind: Map, wire: int, path: str, depth: int) -> None:
        """An entry of a map: a message of key (1) and value (2), either of which is absent where it is zero."""
        if wire != LEN:
            self.unknown(wire, path)
            return
        key = ""
        with self.delimited(path, ", entry"):
            while self.left:
                number, wire = self.tag()
                at = f"{path}{{key}}" if number == 1 else f"{path}[{key}]"
                self.note("tag", at, f"tag {number}, {WIRE_TYPES[wire]}, {ENTRY.get(number, 'unknown field')}")
                if number == 1:
                    key = self.value(kind.key, wire, at, depth)
                elif number == 2:
                    self.value(kind.value, wire, at, depth)
                else:
                    self.unknown(wire, at)

    def value(self, type_: Type, wire: int, path: str, depth: int) -> str:
        """A value that is neither repeated nor a map; returns what a scalar is, as it stands in a path as a key."""
        kind = self.schema.resolve(type_)
        if wire != wire_type(kind):
            self.unknown(wire, path)
            return ""
        match kind:
            case Bool():
                return self.content(path, "true" if self.varint() else "false")
            case Int():
                return self.content(path, self.integer(kind))
            case Float():
                (number,) = struct.unpack("<f" if kind.bits == 32 else "<d", self.read(kind.bits // 8))
                return self.content(path, repr(number))
            case Enum():
                return self.content(path, symbol(kind, as_signed(self.varint(), 32)))
            case String() | Decimal():
                return self.octets(path, utf8)
            case Bytes():
                return self.octets(path, of_octets)
            case Uuid():
                return self.octets(path, lambda octets: str(UUID(bytes=octets)) if len(octets) == 16 else "no UUID")
            case Timestamp():
                self.time(path)
            case List() | Map():
                with self.delimited(path):
                    self.message({ITEM: _Member("", kind, True)}, path, depth)
            case Union() | Record():
                with self.delimited(path):
                    self.message(self.members(kind), path, self.deeper(depth))
            case _:
                assert_never(kind)
        return ""

    def content(self, path: str, shown: str) -> str:
        self.note("content", path, shown)
        return shown

    def integer(self, kind: Int) -> str:
        bits = max(kind.bits, 32)
        match kind.coding:
            case "fixed":
                return str(self.read_int(bits // 8, signed=kind.signed, order="little"))
            case "zigzag" if kind.signed:
                folded = self.varint() & ((1 << bits) - 1)
                return str(folded >> 1 ^ -(folded & 1))
            case _:
                number = self.varint()
                return str(as_signed(number, bits) if kind.signed else number & ((1 << bits) - 1))

    def octets(self, path: str, show: Callable[[bytes], str]) -> str:
        with self.delimited(path):
            return self.content(path, show(self.read(self.left)))

    def time(self, path: str) -> None:
        """google.protobuf.Timestamp: seconds (1) and nanos (2)."""
        with self.delimited(path):
            while self.left:
                number, wire = self.tag()
                self.note("tag", path, f"tag {number}, {WIRE_TYPES[wire]}, {TIMESTAMP.get(number, 'unknown field')}")
                if wire != VARINT or number not in TIMESTAMP:
                    self.unknown(wire, path)
                else:
                    found = as_signed(self.varint(), 64)
                    self.content(path, f"{found} ({seconds(found)})" if number == 1 else str(found))

    def unknown(self, wire: int, path: str) -> None:
        """What a field says of itself."""
        if wire == VARINT:
            self.content(path, str(self.varint()))
        elif wire == LEN:
            self.octets(path, of_octets)
        else:
            self.content(path, of_octets(self.read(FIXED[wire])))

    def varint(self) -> int:
        """Seven bits an octet, the least significant first; the eighth says that there is more."""
        value, shift, octet = 0, 0, 0x80
        while octet & 0x80:
            if shift == 70:
                self.fail("a varint of more than ten octets")
            octet = self.read_int(1)
            value |= (octet & 0x7F) << shift
            shift += 7
        return value & 0xFFFF_FFFF_FFFF_FFFF


def as_signed(value: int, bits: int) -> int:
    """The low bits as two's complement."""
    low = value & ((1 << bits) - 1)
    return low - (low >> (bits - 1) << bits)


def wire_type(kind: Kind) -> int:
    """The wire type of a field that holds the kind once."""
    match kind:
        case Bool() | Enum():
            return VARINT
        case Int():
            return (I64 if kind.bits == 64 else I32) if kind.coding == "fixed" else VARINT
        case Float():
            return I32 if kind.bits == 32 else I64
        case String() | Bytes() | Timestamp() | Uuid() | Decimal() | List() | Map() | Union() | Record():
            return LEN
        case _:
            assert_never(kind)
