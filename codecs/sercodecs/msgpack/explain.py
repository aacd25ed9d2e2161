"""MessagePack, octet by octet: a walker of the format, which says of itself what is what.

The schema adds the rest: whether a map is a record, a union or a map, and thus whether its keys are names or content,
and with `explain_positional` which field each item of an array is. What is not of the schema is shown as it is.
"""

import struct
from collections.abc import Container
from typing import Any
from uuid import UUID

from serschema.model import Enum, Field, Kind, List, Map, Record, Ref, Schema, Type, Union, Uuid

from sercodecs.contract import Purpose, Span
from sercodecs.walk import Walk, counted, of_octets, seconds, symbol, utf8, walk

# By their first octet: the name of the format, and how many octets follow as the number or the length.
NUMBERS = {
    0xCA: ("float 32", ">f"),
    0xCB: ("float 64", ">d"),
    0xCC: ("uint 8", ">B"),
    0xCD: ("uint 16", ">H"),
    0xCE: ("uint 32", ">I"),
    0xCF: ("uint 64", ">Q"),
    0xD0: ("int 8", ">b"),
    0xD1: ("int 16", ">h"),
    0xD2: ("int 32", ">i"),
    0xD3: ("int 64", ">q"),
}
SIZED = {
    0xC4: ("bin", 1),
    0xC5: ("bin", 2),
    0xC6: ("bin", 4),
    0xC7: ("ext", 1),
    0xC8: ("ext", 2),
    0xC9: ("ext", 4),
    0xD9: ("str", 1),
    0xDA: ("str", 2),
    0xDB: ("str", 4),
    0xDC: ("array", 2),
    0xDD: ("array", 4),
    0xDE: ("map", 2),
    0xDF: ("map", 4),
}
FIXED_EXT = {0xD4: 1, 0xD5: 2, 0xD6: 4, 0xD7: 8, 0xD8: 16}
FIXED = (("str", 0xA0), ("array", 0x90), ("map", 0x80))
"""What holds its length or count in its first octet, and the octet for none."""

BOOL = {0xC2: "false", 0xC3: "true"}
NIL = 0xC0
UNUSED = 0xC1
TIMESTAMP = -1
"""The extension type of a timestamp."""


def explain(schema: Schema, data: bytes) -> list[Span]:
    """What each octet of a message is for, in which records are maps. Raises `ExplainError`."""
    walker = _Walk(schema, data)
    return walk(walker, lambda: walker.value(Ref(schema.root), "$", 0))


def explain_positional(schema: Schema, data: bytes) -> list[Span]:
    """The same where records are arrays."""
    walker = _Positional(schema, data)
    return walk(walker, lambda: walker.value(Ref(schema.root), "$", 0))


class _Walk(Walk):
    def value(self, type_: Type | None, path: str, depth: int, purpose: Purpose = "content") -> str:
        """A value, of a type if one is known; returns what a scalar is, as it stands in a path as a key."""
        kind = self.schema.resolve(type_) if type_ is not None else None
        octet = self.read_int(1)
        if octet == NIL:
            self.note("presence", path, "nil")
            return ""
        if octet in BOOL:
            return self.shown(purpose, path, BOOL[octet])
        if octet < 0x80 or octet >= 0xE0 or octet in NUMBERS:
            number = self.number(octet, path)
            return self.shown(purpose, path, symbol(kind, number) if isinstance(kind, Enum) else repr(number))
        what, size = self.head(octet)
        if size > self.left:
            self.fail(f"{what} of {size}, {self.left} octets left")
        match what:
            case "array":
                self.note("length", path, f"array of {counted(size, 'item')}")
                self.array(kind, size, path, depth)
            case "map":
                self.note("length", path, f"map of {counted(size, 'pair')}")
                self.map(kind, size, path, depth)
            case "str":
                self.note("length", path, f"str, length {size}")
                return self.shown(purpose, path, utf8(self.read(size)))
            case "bin":
                self.note("length", path, f"bin, length {size}")
                octets = self.read(size)
                is_uuid = isinstance(kind, Uuid) and size == 16
                return self.shown(purpose, path, str(UUID(bytes=octets)) if is_uuid else of_octets(octets))
            case "ext":
                self.note("length", path, f"ext, length {size}")
                extension = self.read_int(1, signed=True)
                is_time = extension == TIMESTAMP and size in TIMES
                self.note("tag", path, f"type {extension}{' (timestamp)' * is_time}")
                octets = self.read(size)
                return self.shown(purpose, path, TIMES[size](octets) if is_time else of_octets(octets))
        return ""

    def shown(self, purpose: Purpose, path: str, what: str) -> str:
        self.note(purpose, path, what)
        return what

    def number(self, octet: int, path: str) -> Any:
        """The number that begins with this octet; the format's own octet is explained, where it has one."""
        if octet not in NUMBERS:
            return octet if octet < 0x80 else octet - 0x100
        name, layout = NUMBERS[octet]
        self.note("tag", path, name)
        return struct.unpack(layout, self.read(struct.calcsize(layout)))[0]

    def head(self, octet: int) -> tuple[str, int]:
        """What begins with this octet, and its length or count."""
        if octet == UNUSED:
            self.fail("an octet c1, which is never used")
        if octet in SIZED:
            what, width = SIZED[octet]
            return what, self.read_int(width)
        if octet in FIXED_EXT:
            return "ext", FIXED_EXT[octet]
        what, first = next((what, first) for what, first in FIXED if octet >= first)
        return what, octet - first

    def array(self, kind: Kind | None, size: int, path: str, depth: int) -> None:
        item = kind.item if isinstance(kind, List) else None
        for i in range(size):
            self.value(item, f"{path}[{i}]" if item else path, depth)

    def map(self, kind: Kind | None, size: int, path: str, depth: int) -> None:
        if isinstance(kind, Map):
            for _ in range(size):
                key = self.value(kind.key, f"{path}{{key}}", depth)
                self.value(kind.value, f"{path}[{key}]", depth)
            return
        members = {member.key: member for member in _members(kind)}
        depth = self.deeper(depth) if members else depth
        for _ in range(size):
            member = members.get(self.name(path, members, depth))
            at = f"{path}.{member.key}" if member else path
            self.value(member.type if member else None, at, depth)

    def name(self, path: str, members: Container[str], depth: int) -> str:
        """A key; where it is a member's name, its path is the member's."""
        octet = self.data[self.position] if self.left else 0
        if not (0xA0 <= octet < 0xC0 or 0xD9 <= octet <= 0xDB):
            return self.value(None, path, depth, "name")
        _, size = self.head(self.read_int(1))
        before = self.position - self.start
        octets = self.read(size)
        name = octets.decode("utf-8", "replace")
        at = f"{path}.{name}" if name in members else path
        self.note("length", at, f"str, length {size}", before)
        self.note("name", at, utf8(octets))
        return name


class _Positional(_Walk):
    def array(self, kind: Kind | None, size: int, path: str, depth: int) -> None:
        """A record is the array of its fields, a union an array of index and value."""
        match kind:
            case Record():
                depth = self.deeper(depth)
                if size != len(kind.fields):
                    self.fail(f"{counted(size, 'item')} for the {len(kind.fields)} fields of {kind.name}")
                for member in kind.fields:
                    self.value(member.type, f"{path}.{member.key}", depth)
            case Union():
                depth = self.deeper(depth)
                i = self.number(self.read_int(1), path)
                if size != 2 or i not in range(len(kind.alternatives)):
                    self.fail(f"not an index and a value of {kind.name}")
                chosen = kind.alternatives[i]
                self.note("tag", path, f"alternative {i} ({chosen.name})")
                self.value(chosen.type, f"{path}.{chosen.key}", depth)
            case _:
                super().array(kind, size, path, depth)


def _members(kind: Kind | None) -> tuple[Field, ...]:
    match kind:
        case Record(fields=members) | Union(alternatives=members):
            return members
        case _:
            return ()


# A timestamp by the number of its octets: seconds; nanoseconds (30 bits) and seconds (34); nanoseconds and seconds.


def _time_32(octets: bytes) -> str:
    return seconds(int.from_bytes(octets, "big"))


def _time_64(octets: bytes) -> str:
    both = int.from_bytes(octets, "big")
    return seconds(both & ((1 << 34) - 1), both >> 34)


def _time_96(octets: bytes) -> str:
    return seconds(int.from_bytes(octets[4:], "big", signed=True), int.from_bytes(octets[:4], "big"))


TIMES = {4: _time_32, 8: _time_64, 12: _time_96}
