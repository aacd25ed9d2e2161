"""CDR and XCDR, octet by octet: a walker of CORBA 9.3 and XTypes 7.4 that the schema leads."""

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal, assert_never
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
    Type,
    Union,
    Uuid,
    fixed_length,
)

from sercodecs.aligned.shape import INT64_DIGITS
from sercodecs.cdr.runtime import EXTENDED, ID, IGNORE, LENGTH_CODES, LIST_END, MUST_UNDERSTAND
from sercodecs.cdr.shape import FIXED_DIGITS, Encoding, Shape
from sercodecs.contract import Span
from sercodecs.walk import Walk, counted, microseconds, of_octets, scaled, utf8, walk

BOOL = {0: "false", 1: "true"}


def explainer(encoding: Encoding) -> Callable[[Schema, bytes], list[Span]]:
    """The function `explain` of an encoding."""

    def explain(schema: Schema, data: bytes) -> list[Span]:
        """What each octet of a message is for. Raises `ExplainError`."""
        walker = _Walk(schema, data, encoding)
        return walk(walker, walker.message)

    return explain


class _Walk(Walk):
    def __init__(self, schema: Schema, data: bytes, encoding: Encoding) -> None:
        super().__init__(schema, data)
        self.encoding = encoding
        self.shape = Shape(schema, encoding)
        self.order: Literal["big", "little"] = "big"
        self.origin = 0

    def message(self) -> None:
        root = Ref(self.schema.root)
        if not self.encoding.version:
            self.choose(self.read_int(1))
            self.note("structure", "$", f"encapsulation, {self.order}-endian")
            self.value(root, "$", 0)
            return
        self.choose(self.read_int(2) - self.encoding.identifier)
        self.note("structure", "$", f"{self.encoding.name}, {self.order}-endian")
        padding = self.read_int(2) & 3
        self.note("structure", "$", f"options: {counted(padding, 'octet')} of padding")
        self.origin = self.position
        if padding > self.left:
            self.fail(f"{padding} octets of padding are due, {self.left} are left")
        self.end -= padding
        self.value(root, "$", 0)
        if self.left:
            self.fail(f"{self.left} octets are left over")
        self.end += padding
        self.take(padding, "padding", "$", "padding to 4")

    def choose(self, little: int) -> None:
        if little not in (0, 1):
            self.fail("not the beginning of a message")
        self.order = "little" if little else "big"

    def align(self, alignment: int, path: str) -> None:
        alignment = min(alignment, self.encoding.alignment)
        if gap := -(self.position - self.origin) % alignment:
            self.take(gap, "padding", path, f"padding to {alignment}")

    def number(self, length: int, path: str, *, signed: bool = False) -> int:
        """An integer at its alignment."""
        self.align(length, path)
        return self.read_int(length, signed=signed, order=self.order)

    def content(self, path: str, shown: str) -> str:
        self.note("content", path, shown)
        return shown

    def value(self, type_: Type, path: str, depth: int, nested: bool = False) -> str:
        """Walk over a value; returns what a scalar is, as a map's key stands in the path of its value."""
        kind = self.schema.resolve(type_)
        match kind:
            case Bool():
                number = self.read_int(1)
                return self.content(path, BOOL.get(number) or self.fail(f"{number} is not a boolean"))
            case Int():
                return self.content(path, str(self.number(kind.bits // 8, path, signed=kind.signed)))
            case Float():
                octets = kind.bits // 8
                self.align(octets, path)
                code = {("big", 4): ">f", ("little", 4): "<f", ("big", 8): ">d", ("little", 8): "<d"}
                return self.content(path, repr(struct.unpack(code[self.order, octets], self.read(octets))[0]))
            case String():
                return self.text(path)
            case Bytes() if length := fixed_length(kind):
                return self.content(path, of_octets(self.read(length)))
            case Bytes():
                length = self.number(4, path)
                self.note("length", path, f"length {length}")
                return self.content(path, of_octets(self.read(length)))
            case Enum():
                return self.content(path, self.symbol(kind, path))
            case Timestamp():
                return self.content(path, microseconds(self.number(8, path, signed=True)))
            case Uuid():
                return self.content(path, str(UUID(bytes=self.read(16))))
            case Decimal():
                return self.decimal(kind, path)
            case List() | Map() | Union() | Record():
                if self.shape.delimits(kind, nested):
                    with self.delimited(path, isinstance(kind, Union | Record)):
                        self.constructed(kind, path, depth)
                else:
                    self.constructed(kind, path, depth)
            case _:
                assert_never(kind)
        return ""

    def constructed(self, kind: List | Map | Union | Record, path: str, depth: int) -> None:
        match kind:
            case List():
                length = fixed_length(kind)
                for i in range(length or self.count(path)):
                    self.value(kind.item, f"{path}[{i}]", depth, nested=bool(length))
            case Map():
                for _ in range(self.count(path)):
                    key = self.value(kind.key, f"{path}{{key}}", depth)
                    self.value(kind.value, f"{path}[{key}]", depth)
            case Union():
                self.union(kind, path, self.deeper(depth))
            case Record() if not self.encoding.mutable:
                self.record(kind, path, self.deeper(depth))
            case Record() if self.encoding.version == 1:
                self.parameter_list(kind, path, self.deeper(depth))
            case Record():
                self.members(kind, path, self.deeper(depth))
            case _:
                assert_never(kind)

    @contextmanager
    def delimited(self, path: str, extensible: bool) -> Iterator[None]:
        length = self.number(4, path)
        self.note("length", path, f"DHEADER: {counted(length, 'octet')}")
        with self.inside(length):
            yield
            if extensible:
                self.take(self.left, "structure", path, "what a later version adds")

    def text(self, path: str) -> str:
        length = self.number(4, path)
        self.note("length", path, f"length {length}")
        octets = self.read(length)
        if octets.find(b"\0") != length - 1 or not octets:
            self.fail("a string that does not end with its only NUL")
        shown = utf8(octets[:-1])
        self.note("content", path, shown, length - 1)
        self.note("structure", path, "NUL")
        return shown

    def symbol(self, enum: Enum, path: str) -> str:
        number = self.number(4, path, signed=bool(self.encoding.version))
        found = {number: symbol for symbol, number in self.shape.numbers(enum).items()}.get(number)
        return f"{number} ({found})" if found else self.fail(f"{number} is not a value of {enum.name}")

    def decimal(self, kind: Decimal, path: str) -> str:
        if not self.encoding.version and kind.precision <= FIXED_DIGITS:
            text = self.read(kind.precision // 2 + 1).hex()
            if not text[:-1].isdigit() or text[-1] not in "cd":
                self.fail(f"{text} is not a fixed-point decimal")
            return self.content(path, scaled(int(text[:-1]) * (-1 if text[-1] == "d" else 1), kind.scale))
        if self.encoding.version and kind.precision <= INT64_DIGITS:
            return self.content(path, scaled(self.number(8, path, signed=True), kind.scale))
        return self.text(path)

    def count(self, path: str) -> int:
        count = self.number(4, path)
        if count > self.left:
            self.fail(f"{count} items announced, {self.left} octets left")
        self.note("length", path, counted(count, "item"))
        return count

    def union(self, union: Union, path: str, depth: int) -> None:
        number = self.number(4, path)
        chosen = next((member for member in union.alternatives if member.number == number), None)
        if chosen is None:
            self.fail(f"{number} is not an alternative of {union.name}")
        self.note("tag", path, f"alternative {number} ({chosen.name})")
        self.value(chosen.type, f"{path}.{chosen.key}", depth)

    def record(self, record: Record, path: str, depth: int) -> None:
        for number, member in enumerate(record.fields):
            at = f"{path}.{member.key}"
            if not member.optional:
                self.value(member.type, at, depth)
            elif self.encoding.version == 1:
                found, _, length = self.header(at)
                if found != number:
                    self.fail(f"member {found} instead of {number}")
                self.note("presence", at, f"member {number}, {counted(length, 'octet')}" if length else "absent")
                if length:
                    self.stream(member, at, length, depth)
            else:
                present = self.read_int(1) if self.encoding.version else self.number(4, at)
                if present not in (0, 1):
                    self.fail(f"{present} is neither 0 nor 1")
                self.note("presence", at, "present" if present else "absent")
                if present:
                    self.value(member.type, at, depth)
        if not record.fields:
            self.take(1, "structure", path, f"{record.name} has no fields")

    def header(self, path: str) -> tuple[int, bool, int]:
        """A member's header in XCDR1: its id, whether it must be understood, and its length."""
        self.align(4, path)
        member, length = self.number(2, path), self.number(2, path)
        must = bool(member & MUST_UNDERSTAND)
        if member & ID == EXTENDED:
            member, length = self.number(4, path), self.number(4, path)
            return member & 0x0FFF_FFFF, bool(member & 0x4000_0000), length
        return member & ~MUST_UNDERSTAND, must, length

    def stream(self, member: Field, path: str, length: int, depth: int) -> None:
        """A member that has a stream of its own; XTypes 1.1 counted the padding behind it."""
        outer, self.origin = self.origin, self.position
        with self.inside(length):
            self.value(member.type, path, depth)
            if self.left < 4:
                self.take(self.left, "padding", path, "padding to 4")
        self.origin = outer

    def parameter_list(self, record: Record, path: str, depth: int) -> None:
        seen: set[int] = set()
        while True:
            number, must, length = self.header(path)
            if number == LIST_END:
                self.note("structure", path, "end of parameters")
                break
            self.member(record, seen, number, must and number != IGNORE, length, path, depth, own=True)
        self.complete(record, seen)

    def members(self, record: Record, path: str, depth: int) -> None:
        seen: set[int] = set()
        while self.left:
            header = self.number(4, path)
            code, number = header >> 28 & 7, header & 0x0FFF_FFFF
            length = LENGTH_CODES[code]
            if code == 4:
                length = self.number(4, path)
            elif code > 4:
                length = 4 + length * self.read_int(4, order=self.order)
                self.position -= 4
            self.member(record, seen, number, header >> 31 == 1, length, path, depth, own=False)
        self.complete(record, seen)

    def member(
        self,
        record: Record,
        seen: set[int],
        number: int,
        must: bool,
        length: int,
        path: str,
        depth: int,
        *,
        own: bool,
    ) -> None:
        """A member behind its header, which is not noted yet."""
        if number >= len(record.fields):
            if must:
                self.fail(f"member {number} of {record.name} must be understood")
            self.note("tag", path, f"member {number}, unknown, {counted(length, 'octet')}")
            self.take(length, "content", path, counted(length, "octet"))
            return
        if number in seen:
            self.fail(f"member {number} of {record.name} is given twice")
        seen.add(number)
        member = record.fields[number]
        at = f"{path}.{member.key}"
        self.note("tag", at, f"member {number} ({member.name}), {counted(length, 'octet')}")
        if own:
            self.stream(member, at, length, depth)
        else:
            with self.inside(length):
                self.value(member.type, at, depth)

    def complete(self, record: Record, seen: set[int]) -> None:
        for number, member in enumerate(record.fields):
            if number not in seen and not member.optional:
                self.fail(f"{record.name} without {member.key}")
