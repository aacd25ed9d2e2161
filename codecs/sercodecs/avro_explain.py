"""Avro, octet by octet: a walker of the binary encoding (Avro 1.12), which the schema leads, and of container files.

How each kind is declared stands in `serschema.idl.avro`. A branch of a union says which alternative follows, and where
a field is optional, whether it is there at all; arrays and maps come in blocks, each with a count before it, which is
negative where the block's size in octets follows, and after the last a count of zero.
"""

import json
import struct
from typing import assert_never

from serschema.idl.avro import LONG, Translator, hollow, within
from serschema.model import (
    Bool,
    Bytes,
    Decimal,
    Enum,
    Field,
    Float,
    Int,
    Kind,
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
from sercodecs.walk import Walk, counted, from_twos_complement, microseconds, of_octets, utf8, walk

MAGIC = b"Obj\x01"
SCHEMA = b"avro.schema"
CODEC = b"avro.codec"
SYNC_SIZE = 16
BOOL = {0: "false", 1: "true"}


def explain_datum(schema: Schema, data: bytes) -> list[Span]:
    """What each octet of a bare datum is for. Raises `ExplainError`."""
    walker = _Walk(schema, data)
    return walk(walker, lambda: walker.value(Ref(schema.root), "$", 0))


def explain_container(schema: Schema, data: bytes) -> list[Span]:
    """The same for an object container file of this schema without compression."""
    walker = _Walk(schema, data)
    return walk(walker, walker.container)


class _Walk(Walk):
    def container(self) -> None:
        if self.read(len(MAGIC)) != MAGIC:
            self.fail("not an object container file: it begins with Obj and an octet 1")
        self.note("structure", "$", "magic, version 1")
        meta: dict[bytes, bytes] = {}
        while count := self.block("$", "pair"):
            for _ in range(count):
                key = self.octets("$")
                self.note("structure", "$", utf8(key))
                meta[key] = self.octets("$")
                if key == SCHEMA:
                    self.note("name", "$", "the schema, as JSON")
                else:
                    self.note("structure", "$", utf8(meta[key]))
        sync = self.take(SYNC_SIZE, "structure", "$", "sync marker")
        self.require_own(meta)
        while self.left:
            count = self.long()
            if count < 0:
                self.fail(f"a block of {count} data")
            self.note("length", "$", f"block of data, count {count}")
            size = self.long()
            self.note("length", "$", f"length {size}")
            with self.inside(size):
                while self.left and not hollow(Ref(self.schema.root), self.schema):
                    self.value(Ref(self.schema.root), "$", 0)
            if self.read(SYNC_SIZE) != sync:
                self.fail("another sync marker than the header's")
            self.note("structure", "$", "sync marker")

    def require_own(self, meta: dict[bytes, bytes]) -> None:
        """What follows can be told if it is not compressed and of the same schema."""
        if meta.get(CODEC, b"null") != b"null":
            self.fail("the blocks are compressed")
        try:
            written = json.loads(meta.get(SCHEMA, b""))
        except ValueError:
            self.fail("the header holds no schema")
        if written != Translator(self.schema).root():
            self.fail("the file has another schema")

    def value(self, type_: Type, path: str, depth: int) -> str:
        """A value; returns what a scalar is, as it stands in a path as a key."""
        kind = self.schema.resolve(type_)
        match kind:
            case Bool():
                number = self.read_int(1)
                return self.content(path, BOOL.get(number) or self.fail(f"{number} is not a boolean"))
            case Int() if not within(kind, LONG):
                return self.content(path, from_twos_complement(self.octets(path), 0))
            case Int():
                return self.content(path, str(self.long()))
            case Float():
                (number,) = struct.unpack("<f" if kind.bits == 32 else "<d", self.read(kind.bits // 8))
                return self.content(path, repr(number))
            case String() | Uuid():
                return self.content(path, utf8(self.octets(path)))
            case Bytes() if length := fixed_length(kind):
                return self.content(path, of_octets(self.read(length)))
            case Bytes():
                return self.content(path, of_octets(self.octets(path)))
            case Enum():
                i = self.index(len(kind.symbols), kind.name)
                return self.content(path, f"{i} ({kind.symbols[i][0]})")
            case Timestamp():
                return self.content(path, microseconds(self.long()))
            case Decimal(scale=scale):
                return self.content(path, from_twos_complement(self.octets(path), scale))
            case List():
                self.items(kind, path, depth)
            case Map():
                self.entries(kind, path, depth)
            case Union():
                i = self.index(len(kind.alternatives), kind.name)
                self.alternative(kind.alternatives[i], i, path, self.deeper(depth))
            case Record():
                depth = self.deeper(depth)
                for member in kind.fields:
                    self.member(member, f"{path}.{member.key}", depth)
            case _:
                assert_never(kind)
        return ""

    def content(self, path: str, shown: str) -> str:
        self.note("content", path, shown)
        return shown

    def octets(self, path: str) -> bytes:
        """Octets with their length before them."""
        length = self.long()
        if not 0 <= length <= self.left:
            self.fail(f"length {length}, {self.left} octets left")
        self.note("length", path, f"length {length}")
        return self.read(length)

    def member(self, member: Field, path: str, depth: int) -> None:
        """A field; an optional one is a union, whose first branch is null."""
        if not member.optional:
            self.value(member.type, path, depth)
            return
        kind = self.schema.resolve(member.type)
        alternatives = kind.alternatives if isinstance(kind, Union) else ()
        i = self.index(1 + (len(alternatives) or 1), "a union with null")
        if i == 0:
            self.note("presence", path, "union branch 0 (null)")
        elif alternatives:
            self.alternative(alternatives[i - 1], i, path, self.deeper(depth))
        else:
            self.note("presence", path, f"union branch 1 ({_branch_name(kind)})")
            self.value(member.type, path, depth)

    def alternative(self, chosen: Field, i: int, path: str, depth: int) -> None:
        self.note("tag", path, f"union branch {i} ({chosen.name})")
        self.value(chosen.type, f"{path}.{chosen.key}", depth)

    def items(self, kind: List, path: str, depth: int) -> None:
        boxed = hollow(kind.item, self.schema)
        done = 0
        while count := self.block(path, "item"):
            for i in range(done, done + count):
                if boxed:
                    self.index(1, "a union of one")
                    self.note("tag", f"{path}[{i}]", "union branch 0, the only one")
                self.value(kind.item, f"{path}[{i}]", depth)
            done += count

    def entries(self, kind: Map, path: str, depth: int) -> None:
        while count := self.block(path, "pair"):
            for _ in range(count):
                key = self.value(kind.key, f"{path}{{key}}", depth)
                self.value(kind.value, f"{path}[{key}]", depth)

    def block(self, path: str, thing: str) -> int:
        """The count of a block of an array or a map; 0 is their end."""
        count = self.long()
        if abs(count) > self.left:
            self.fail(f"{abs(count)} items announced, {self.left} octets left")
        self.note("length", path, f"block of {counted(abs(count), thing)}" if count else "end of blocks")
        if count < 0:
            self.note("length", path, f"its size, {self.long()} octets")
        return abs(count)

    def index(self, branches: int, what: str) -> int:
        i = self.long()
        if not 0 <= i < branches:
            self.fail(f"{i} is not an index of {what}")
        return i

    def long(self) -> int:
        """A zigzag varint of at most ten octets."""
        value, shift, octet = 0, 0, 0x80
        while octet & 0x80:
            if shift == 70:
                self.fail("a varint of more than ten octets")
            octet = self.read_int(1)
            value |= (octet & 0x7F) << shift
            shift += 7
        return value >> 1 ^ -(value & 1)


def _branch_name(kind: Kind) -> str:
    """What the branch beside null is called in Avro, as far as it matters to a reader."""
    return kind.name if isinstance(kind, Enum | Record) else type(kind).__name__.lower()
