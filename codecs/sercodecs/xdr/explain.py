"""XDR, octet by octet: a walker of RFC 4506 that the schema leads, as nothing in the data says what it is."""

import struct
from collections.abc import Callable
from typing import assert_never
from uuid import UUID

from serschema.model import (
    Bool,
    Bytes,
    Decimal,
    Enum,
    Float,
    Int,
    List,
    Map,
    Record,
    Ref,
    Schema,
    String,
    Timestamp,
    Type,
    Union,
    Uuid,
    fixed_length,
)

from sercodecs.contract import Span
from sercodecs.walk import Walk, counted, from_twos_complement, microseconds, of_octets, scaled, symbol, utf8, walk

UNIT = 4
BOOL = {0: "false", 1: "true"}
HYPER_DIGITS = 18
"""A decimal of more digits is an opaque."""


def explain(schema: Schema, data: bytes) -> list[Span]:
    """What each octet of a message is for. Raises `ExplainError`."""
    walker = _Walk(schema, data)
    return walk(walker, lambda: walker.value(Ref(schema.root), "$", 0))


class _Walk(Walk):
    def value(self, type_: Type, path: str, depth: int) -> str:
        """Walk over a value; returns what a scalar is, as a map's key stands in the path of its value."""
        kind = self.schema.resolve(type_)
        match kind:
            case Bool():
                return self.content(path, self.boolean())
            case Int():
                return self.content(path, str(self.read_int(8 if kind.bits == 64 else UNIT, signed=kind.signed)))
            case Float():
                (number,) = struct.unpack(">f" if kind.bits == 32 else ">d", self.read(kind.bits // 8))
                return self.content(path, repr(number))
            case String():
                return self.opaque(path, None, utf8)
            case Bytes():
                return self.opaque(path, fixed_length(kind), of_octets)
            case Enum():
                return self.content(path, symbol(kind, self.read_int(UNIT, signed=True)))
            case Timestamp():
                return self.content(path, microseconds(self.read_int(8, signed=True)))
            case Uuid():
                return self.content(path, str(UUID(bytes=self.read(16))))
            case Decimal(precision, scale) if precision <= HYPER_DIGITS:
                return self.content(path, scaled(self.read_int(8, signed=True), scale))
            case Decimal(scale=scale):
                return self.opaque(path, None, lambda octets: from_twos_complement(octets, scale))
            case List():
                count = fixed_length(kind) or self.count(path)
                for i in range(count):
                    self.value(kind.item, f"{path}[{i}]", depth)
            case Map():
                for _ in range(self.count(path)):
                    key = self.value(kind.key, f"{path}{{key}}", depth)
                    self.value(kind.value, f"{path}[{key}]", depth)
            case Union():
                self.union(kind, path, self.deeper(depth))
            case Record():
                self.record(kind, path, self.deeper(depth))
            case _:
                assert_never(kind)
        return ""

    def content(self, path: str, shown: str) -> str:
        self.note("content", path, shown)
        return shown

    def boolean(self) -> str:
        number = self.read_int(UNIT)
        return BOOL.get(number) or self.fail(f"{number} is not a bool")

    def count(self, path: str) -> int:
        count = self.read_int(UNIT)
        if count * UNIT > self.left:
            self.fail(f"{count} items announced, {self.left} octets left")
        self.note("length", path, counted(count, "item"))
        return count

    def opaque(self, path: str, length: int | None, show: Callable[[bytes], str]) -> str:
        """An opaque, of which nothing says the length where it is fixed, and what fills its last four octets."""
        if not length:
            length = self.read_int(UNIT)
            self.note("length", path, f"length {length}")
        octets = self.read(length)
        shown = self.content(path, show(octets))
        if any(self.read(-length % UNIT)):
            self.fail("padding that is not zero")
        self.note("padding", path, f"padding to {UNIT}")
        return shown

    def union(self, union: Union, path: str, depth: int) -> None:
        number = self.read_int(UNIT)
        chosen = next((member for member in union.alternatives if member.number == number), None)
        if chosen is None:
            self.fail(f"{number} is not an alternative of {union.name}")
        self.note("tag", path, f"alternative {number} ({chosen.name})")
        self.value(chosen.type, f"{path}.{chosen.key}", depth)

    def record(self, record: Record, path: str, depth: int) -> None:
        for member in record.fields:
            at = f"{path}.{member.key}"
            if member.optional:
                present = self.boolean() == "true"
                self.note("presence", at, "present" if present else "absent")
                if not present:
                    continue
            self.value(member.type, at, depth)
        if not record.fields:
            self.take(UNIT, "structure", path, f"{record.name} has no fields")
