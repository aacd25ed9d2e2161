"""NDR, octet by octet: a walker of C706, chapter 14, that the schema leads, as nothing in the data says what it is.

It goes over a body first, and then over what the pointers in it point to. A map's key may so come after its value,
whose path it is in: until then a mark stands there.
"""

import re
import struct
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Literal, assert_never
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

from sercodecs.contract import ExplainError, Span
from sercodecs.ndr.layout import Layout, Syntax
from sercodecs.walk import (
    Walk,
    counted,
    from_twos_complement,
    microseconds,
    of_octets,
    quoted,
    scaled,
    symbol,
    walk,
)

LABEL_SIZE = 4
ORDERS: dict[bytes, Literal["little", "big"]] = {b"\x10\0\0\0": "little", b"\0\0\0\0": "big"}

Rest = Callable[[], str]
"""Walks over the referents of a value; returns what a scalar is."""


def explain(schema: Schema, data: bytes, wide: bool = False) -> list[Span]:
    """What each octet of a message is for; `wide` is NDR64. Raises `ExplainError`."""
    walker = _Walk(schema, data, wide)
    try:
        return walker.resolved(walk(walker, walker.message))
    except ExplainError as error:
        error.spans[:] = walker.resolved(error.spans)
        raise


class _Walk(Walk):
    def __init__(self, schema: Schema, data: bytes, wide: bool) -> None:
        super().__init__(schema, data)
        self.layout = Layout(schema, Syntax("little", wide))
        self.wide = wide
        self.word = self.layout.syntax.word_size
        self.order: Literal["little", "big"] = "little"
        self.keys: list[str] = []

    def resolved(self, spans: list[Span]) -> list[Span]:
        """The spans with keys for their marks."""
        return [
            replace(span, path=re.sub("\0(\\d+)\0", lambda mark: self.keys[int(mark[1])], span.path)) for span in spans
        ]

    def message(self) -> None:
        label = self.read(LABEL_SIZE)
        if label not in ORDERS or (self.wide and ORDERS[label] != "little"):
            self.fail(f"the format label {label.hex(' ')}")
        self.order = ORDERS[label]
        self.note("structure", "$", f"format label: {self.order}-endian, ASCII, IEEE floating point")
        self.body(Ref(self.schema.root), "$", 0)()

    def align(self, alignment: int, path: str) -> None:
        if gap := (LABEL_SIZE - self.position) % alignment:
            self.take(gap, "padding", path, f"gap to a multiple of {alignment}")

    def number(self, size: int, path: str, signed: bool = False) -> int:
        self.align(size, path)
        return self.read_int(size, signed=signed, order=self.order)

    def content(self, path: str, shown: str) -> Rest:
        self.note("content", path, shown)
        return lambda: shown

    def body(self, type_: Type, path: str, depth: int) -> Rest:
        """Walk over what stands in place."""
        kind = self.schema.resolve(type_)
        match kind:
            case Bool():
                return self.content(path, "true" if self.number(1, path) else "false")
            case Int():
                return self.content(path, str(self.number(kind.bits // 8, path, kind.signed)))
            case Float():
                size = kind.bits // 8
                self.align(size, path)
                letter = ("<" if self.order == "little" else ">") + ("f" if size == 4 else "d")
                return self.content(path, repr(struct.unpack(letter, self.read(size))[0]))
            case String():
                self.pointer(path, required=True)
                return lambda: self.text(path)
            case Bytes() if length := fixed_length(kind):
                return self.content(path, of_octets(self.read(length)))
            case Bytes():
                return self.octets(path, of_octets)
            case Enum():
                return self.content(path, symbol(kind, self.number(4, path, signed=True)))
            case Timestamp():
                return self.content(path, microseconds(self.number(8, path, signed=True)))
            case Uuid():
                self.align(4, path)
                octets = self.read(16)
                return self.content(path, str(UUID(bytes=octets) if self.order == "big" else UUID(bytes_le=octets)))
            case Decimal(scale=scale) if self.layout.slot(kind):
                return self.content(path, scaled(self.number(8, path, signed=True), scale))
            case Decimal(scale=scale):
                return self.octets(path, lambda octets: from_twos_complement(octets, scale))
            case List() if length := fixed_length(kind):
                return self.items(kind, length, path, depth)
            case List():
                count, there = self.counted(path)
                return lambda: self.array(count, there, path, lambda: self.items(kind, count, path, depth))
            case Map():
                count, there = self.counted(path)
                return lambda: self.array(count, there, path, lambda: self.entries(kind, count, path, depth))
            case Union():
                return self.union(kind, path, self.deeper(depth))
            case Record():
                return self.record(kind, path, self.deeper(depth))
            case _:
                assert_never(kind)

    def referent(self, type_: Type, path: str, depth: int) -> str:
        """Walk over what a pointer points to."""
        if isinstance(self.schema.resolve(type_), String):
            return self.text(path)
        return self.body(type_, path, depth)()

    def pointer(self, path: str, required: bool = False) -> bool:
        number = self.number(self.word, path)
        if required:
            if not number:
                self.fail("a null pointer to what is never absent")
            self.note("structure", path, f"pointer, referent {number:#x}")
        return number != 0

    def counted(self, path: str) -> tuple[int, bool]:
        """A count and a pointer."""
        self.align(self.word, path)
        count = self.number(4, path)
        self.note("length", path, counted(count, "item"))
        there = self.pointer(path)
        self.note("structure", path, "pointer to the items" if there else "null pointer")
        if count and not there:
            self.fail(f"a null pointer to {count} items")
        return count, there

    def array(self, count: int, there: bool, path: str, items: Callable[[], Rest]) -> str:
        """A conformant array, if it is there."""
        if there:
            most = self.number(self.word, path)
            if most != count or count > self.left:
                self.fail(f"an array of {most} items where {count} are counted and {self.left} octets are left")
            self.note("length", path, f"maximum count {most}")
            if count:
                items()()
        return ""

    def octets(self, path: str, show: Callable[[bytes], str]) -> Rest:
        count, there = self.counted(path)

        def rest() -> str:
            self.array(count, there, path, lambda: self.content(path, show(self.read(count))))
            return ""

        return rest

    def text(self, path: str) -> str:
        most, offset, count = (self.number(self.word, path) for _ in range(3))
        if offset or not 0 < count <= most:
            self.fail(f"{count} of {most} characters from {offset} on")
        self.note("length", path, f"maximum count {most}, offset 0, actual count {count}")
        octets = self.read(2 * count)
        try:
            shown = quoted(octets[:-2].decode("utf-16-le" if self.order == "little" else "utf-16-be"))
        except UnicodeDecodeError as error:
            shown = f"{count - 1} units that are not UTF-16 from {error.start} on"
        self.note("content", path, shown, 2 * count - 2)
        self.note("structure", path, "terminator")
        return shown

    def items(self, kind: List, count: int, path: str, depth: int) -> Rest:
        self.align(self.layout.alignment(kind.item), path)
        rests = [self.body(kind.item, f"{path}[{i}]", depth) for i in range(count)]
        return lambda: _all(rests)

    def entries(self, kind: Map, count: int, path: str, depth: int) -> Rest:
        alignment = max(self.layout.alignment(kind.key), self.layout.alignment(kind.value))
        rests = []
        for _ in range(count):
            self.align(alignment, path)
            mark = len(self.keys)
            self.keys.append("?")
            key = self.body(kind.key, f"{path}{{key}}", depth)
            rests.append((mark, key, self.body(kind.value, f"{path}[\0{mark}\0]", depth)))
            if self.wide:
                self.align(alignment, path)

        def rest() -> str:
            for mark, key, value in rests:
                self.keys[mark] = key()
                value()
            return ""

        return rest

    def union(self, union: Union, path: str, depth: int) -> Rest:
        if self.wide:
            self.align(self.layout.alignment(union), path)
        number = self.number(4, path)
        chosen = next((member for member in union.alternatives if member.number == number), None)
        if chosen is None:
            self.fail(f"{number} is not an alternative of {union.name}")
        self.note("tag", path, f"alternative {number} ({chosen.name})")
        at = f"{path}.{chosen.key}"
        if self.wide:
            self.align(self.layout.arms_alignment(union), path)
        if self.layout.indirect(union, chosen):
            self.pointer(at, required=True)
            return lambda: self.referent(chosen.type, at, depth)
        return self.body(chosen.type, at, depth)

    def record(self, record: Record, path: str, depth: int) -> Rest:
        alignment = self.layout.alignment(record)
        self.align(alignment, path)
        rests: list[Rest] = []
        for member in record.fields:
            at = f"{path}.{member.key}"
            if not member.optional:
                rests.append(self.body(member.type, at, depth))
                continue
            present = self.pointer(at)
            self.note("presence", at, "pointer, present" if present else "null pointer, absent")
            if present:
                rests.append(partial(self.referent, member.type, at, depth))
        if not record.fields:
            self.take(1, "structure", path, f"{record.name} has no fields")
        if self.wide:
            self.align(alignment, path)
        return lambda: _all(rests)


def _all(rests: list[Rest]) -> str:
    for rest in rests:
        rest()
    return ""
