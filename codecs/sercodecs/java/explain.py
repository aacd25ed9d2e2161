"""Java serialization, octet by octet: a walker of the stream grammar (section 6.4), which describes its own classes.

Descriptors are taken as the stream gives them; the schema adds the paths, and decides which class has to come where.
What is given a handle is kept as it was shown, for the references to it.
"""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from serschema.idl import java as idl
from serschema.model import Decimal, Field, Int, Kind, List, Map, Record, Ref, Schema, String, Type, Union

from sercodecs.contract import Purpose, Span
from sercodecs.java import text
from sercodecs.java.classes import (
    ARRAY_LIST,
    ARRAYS,
    BASE_HANDLE,
    BIG_INTEGER,
    SC_BLOCK_DATA,
    SC_ENUM,
    SC_EXTERNALIZABLE,
    SC_SERIALIZABLE,
    SC_WRITE_METHOD,
    STREAM_HEADER,
    TC_ARRAY,
    TC_BLOCKDATA,
    TC_CLASSDESC,
    TC_ENDBLOCKDATA,
    TC_ENUM,
    TC_LONGSTRING,
    TC_NULL,
    TC_OBJECT,
    TC_REFERENCE,
    TC_RESET,
    TC_STRING,
    class_of,
)
from sercodecs.java.shape import SIGNED
from sercodecs.walk import Walk, counted, of_octets, quoted, scaled, seconds, shortened, walk

FLAGS = {
    SC_WRITE_METHOD: "write method",
    SC_SERIALIZABLE: "serializable",
    SC_EXTERNALIZABLE: "externalizable",
    SC_BLOCK_DATA: "block data",
    SC_ENUM: "enum",
}
OBJECT_CODES = {TC_OBJECT: "TC_OBJECT", TC_ARRAY: "TC_ARRAY", TC_ENUM: "TC_ENUM"}
STRING_CODES = {TC_STRING: ("TC_STRING", 2), TC_LONGSTRING: ("TC_LONGSTRING", 8)}
"""The type code of a string: its name, and how many octets the length has."""

MOST_SUPERCLASSES = 2
"""One more than any class has that carries a kind: what is above a class is walked through for each of its objects."""

HASH_MAP = "java.util.HashMap"

PURPOSES: dict[str, Purpose] = {
    "value": "content",
    "leastSigBits": "content",
    "mostSigBits": "content",
    "signum": "content",
    "size": "length",
}
"""What the primitive fields of the JDK's classes are for; the others keep the class's own accounts."""

BLOCKS: dict[str, tuple[tuple[str, Purpose], ...]] = {
    ARRAY_LIST.name: (("capacity", "structure"),),
    HASH_MAP: (("buckets", "structure"), ("size", "length")),
}
"""The integers in the block data that a class's own method writes."""

OBJECTS = {"intVal": BIG_INTEGER.name, "magnitude": ARRAYS["B"].name}
"""The classes in the fields of the JDK's classes that are no primitives."""


def explain(schema: Schema, data: bytes) -> list[Span]:
    """What each octet of a stream is for. Raises `ExplainError`."""
    walker = _Walk(schema, data)
    return walk(walker, walker.stream)


@dataclass(frozen=True, slots=True)
class _Class:
    """A descriptor of the stream. `fields` are (type code, name)."""

    name: str
    flags: int
    fields: tuple[tuple[str, str], ...]
    parent: "_Class | None"

    def __str__(self) -> str:
        return self.name


class _Walk(Walk):
    def __init__(self, schema: Schema, data: bytes) -> None:
        super().__init__(schema, data)
        self.handles: list[_Class | str] = []
        self.known: dict[str, dict[str, Field]] = {}

    def stream(self) -> None:
        if self.read(len(STREAM_HEADER)) != STREAM_HEADER:
            self.fail("not a Java object stream of version 5: it begins with ac ed 00 05")
        self.note("structure", "$", "magic", 2)
        self.note("structure", "$", "version 5")
        while self.coming() == TC_RESET:
            self.take(1, "structure", "$", "TC_RESET")
        self.value(Ref(self.schema.root), "$", 0)

    def coming(self) -> bytes:
        return self.data[self.position : self.position + 1]

    def value(self, type_: Type, path: str, depth: int) -> str:
        """Where an object stands; returns what a scalar is, as it stands in a path as a key."""
        kind = self.schema.resolve(type_)
        if self.coming() == TC_NULL:
            self.take(1, "presence", path, "TC_NULL")
            return ""
        if isinstance(kind, String):
            return self.string("content", path)
        return self.object(class_of(self.schema, type_, False).name, kind, path, depth)

    def object(self, expected: str, kind: Kind, path: str, depth: int) -> str:
        """An object of this class, or a reference to one."""
        code = self.coming()
        if code == TC_REFERENCE:
            return self.reference("content", path)
        if code not in OBJECT_CODES:
            self.fail(f"no object, which {expected} is")
        self.take(1, "tag", path, OBJECT_CODES[code])
        described = self.descriptor(path)
        if described is None or described.name != expected:
            self.fail(f"an object of {shortened(str(described))} where {expected} is due")
        handle = len(self.handles)
        self.handles.append(f"an object of {expected}")
        if code == TC_ENUM:
            shown = self.string("content", path)
        elif code == TC_ARRAY:
            shown = self.array(described, kind, path)
        elif described.flags & SC_EXTERNALIZABLE:
            shown = self.instant(path)
        else:
            shown = self.fields(described, kind, path, depth)
        if shown:
            self.handles[handle] = shown
        return shown

    def reference(self, purpose: Purpose, path: str) -> str:
        """What has been in the stream before."""
        self.read(1)
        handle = self.read_int(4)
        if not 0 <= handle - BASE_HANDLE < len(self.handles):
            self.fail("a reference to a handle that is not given yet")
        shown = shortened(str(self.handles[handle - BASE_HANDLE]))
        self.note(purpose, path, f"TC_REFERENCE to {handle:#x}: {shown}")
        return shown

    def string(self, purpose: Purpose, path: str) -> str:
        """A string, in modified UTF-8."""
        code = self.coming()
        if code == TC_REFERENCE:
            return self.reference(purpose, path)
        if code not in STRING_CODES:
            self.fail("no string")
        name, width = STRING_CODES[code]
        self.take(1, "tag", path, name)
        octets = self.sized(width, path)
        shown = quoted(text.decode(octets, 0))
        self.note(purpose, path, shown)
        self.handles.append(shown)
        return shown

    def sized(self, width: int, path: str) -> bytes:
        """Octets with their number before them."""
        length = self.read_int(width)
        if length > self.left:
            self.fail(f"length {length}, {self.left} octets left")
        self.note("length", path, f"length {length}")
        return self.read(length)

    def descriptor(self, path: str, below: int = 0) -> _Class | None:
        """A class, with so many below it; None where there is no superclass."""
        if below > MOST_SUPERCLASSES:
            self.fail(f"more than {MOST_SUPERCLASSES} superclasses")
        code = self.coming()
        if code == TC_NULL:
            self.take(1, "structure", path, "TC_NULL, no superclass")
            return None
        if code == TC_REFERENCE:
            self.reference("tag", path)
            handle = int.from_bytes(self.data[self.position - 4 : self.position], "big") - BASE_HANDLE
            known = self.handles[handle]
            return known if isinstance(known, _Class) else self.fail("a reference to something else than a class")
        if code != TC_CLASSDESC:
            self.fail("no class descriptor")
        self.take(1, "tag", path, "TC_CLASSDESC")
        name = self.name(path)
        self.note("structure", path, f"serialVersionUID {self.read_int(8, signed=True)}")
        handle = len(self.handles)
        self.handles.append(name)
        flags = self.read_int(1)
        self.note("structure", path, f"flags: {', '.join(text for bit, text in FLAGS.items() if flags & bit)}")
        count = self.read_int(2)
        self.note("length", path, counted(count, "field"))
        fields = tuple(self.field_descriptor(path) for _ in range(count))
        if self.coming() != TC_ENDBLOCKDATA:
            self.fail("annotations of a class")
        self.take(1, "structure", path, "TC_ENDBLOCKDATA")
        described = _Class(name, flags, fields, self.descriptor(path, below + 1))
        self.handles[handle] = described
        return described

    def name(self, path: str) -> str:
        name = self.sized(2, path).decode("utf-8", "replace")
        self.note("name", path, shortened(name))
        return name

    def field_descriptor(self, path: str) -> tuple[str, str]:
        code = self.read(1).decode("latin-1")
        if code not in SIGNED and code not in "[L":
            self.fail("no field descriptor")
        self.note("tag", path, f"field of type {code}")
        name = self.name(path)
        if code not in SIGNED:
            self.string("name", path)
        return code, name

    # What follows the descriptor.

    def fields(self, described: _Class, kind: Kind, path: str, depth: int) -> str:
        """The fields of a class after those of its superclass; returns what is in a box."""
        if isinstance(kind, Record | Union):
            depth = self.deeper(depth)
        shown = "" if described.parent is None else self.fields(described.parent, kind, path, depth)
        for code, name in described.fields:
            if isinstance(kind, Record | Union):
                self.member(kind, code, name, path, depth)
            elif code in SIGNED:
                found = self.number(code, kind)
                self.note(PURPOSES.get(name, "structure"), path, found if name == "value" else f"{name} {found}")
                shown = found if name == "value" else shown
            elif name in OBJECTS:
                self.object(OBJECTS[name], kind, path, depth)
            else:
                self.fail(f"an unknown field {shortened(name)}")
        if described.flags & SC_WRITE_METHOD:
            self.annotation(described, kind, path, depth)
        return shown

    def member(self, kind: Record | Union, code: str, name: str, path: str, depth: int) -> None:
        """A field of a class of the schema."""
        if kind.name not in self.known:
            self.known[kind.name] = {member.name: member.field for member in idl.members(self.schema, kind)}
        member = self.known[kind.name].get(name)
        if member is None:
            self.fail(f"a field {shortened(name)}, which {kind.name} does not have")
        at = f"{path}.{member.key}"
        if code in SIGNED:
            self.note("content", at, self.number(code, self.schema.resolve(member.type)))
        else:
            self.value(member.type, at, depth)

    def number(self, code: str, kind: Kind) -> str:
        """A primitive; the two's complement of an unsigned integer is shown as what it stands for."""
        letter = SIGNED[code]
        if isinstance(kind, Int) and not kind.signed:
            letter = letter.upper()
        (number,) = struct.unpack(f">{letter}", self.read(struct.calcsize(f">{letter}")))
        return str(number).lower() if isinstance(number, bool) else repr(number)

    def array(self, described: _Class, kind: Kind, path: str) -> str:
        """An array of a primitive type."""
        count = self.read_int(4)
        code = described.name[1:]
        width = struct.calcsize(f">{SIGNED[code]}")
        if count * width > self.left:
            self.fail(f"{counted(count, 'element')}, {self.left} octets left")
        self.note("length", path, counted(count, "element"))
        if not isinstance(kind, List):
            octets = self.read(count)
            magnitude = isinstance(kind, Decimal)
            self.note(
                "content",
                path,
                f"magnitude {scaled(int.from_bytes(octets, 'big'), 0)}" if magnitude else of_octets(octets),
            )
            return ""
        item = self.schema.resolve(kind.item)
        for i in range(count):
            self.note("content", f"{path}[{i}]", self.number(code, item))
        return ""

    def annotation(self, described: _Class, kind: Kind, path: str, depth: int) -> None:
        """What a class's own method writes: block data, objects, and an end."""
        if self.coming() == TC_BLOCKDATA:
            with self.block(path):
                for name, purpose in BLOCKS.get(described.name, ()):
                    self.note(purpose, path, f"{name} {self.read_int(4, signed=True)}")
        i = 0
        while self.coming() != TC_ENDBLOCKDATA:
            match kind:
                case List(item=item):
                    self.value(item, f"{path}[{i}]", depth)
                case Map():
                    key = self.value(kind.key, f"{path}{{key}}", depth)
                    self.value(kind.value, f"{path}[{key}]", depth)
                case _:
                    self.fail(f"objects in {described.name}")
            i += 1
        self.take(1, "structure", path, "TC_ENDBLOCKDATA")

    @contextmanager
    def block(self, path: str) -> Iterator[None]:
        """Block data; what is walked over in the `with` has its length."""
        if self.coming() != TC_BLOCKDATA:
            self.fail("no block data")
        self.take(1, "tag", path, "TC_BLOCKDATA")
        length = self.read_int(1)
        self.note("length", path, f"length {length}")
        with self.inside(length):
            yield

    def instant(self, path: str) -> str:
        """What java.time.Ser writes for an Instant."""
        with self.block(path):
            self.take(1, "tag", path, "type of java.time.Ser")
            since = self.read_int(8, signed=True)
            self.note("content", path, f"{since} ({seconds(since)})")
            self.note("content", path, f"{self.read_int(4)} nanoseconds")
        if self.coming() != TC_ENDBLOCKDATA:
            self.fail("more in an Instant")
        self.take(1, "structure", path, "TC_ENDBLOCKDATA")
        return ""
