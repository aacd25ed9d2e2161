"""Class descriptors: those of the JDK's classes that carry our kinds, and those of the classes of a schema.

The serialVersionUIDs and fields of the JDK's are part of its documentation (the pages "Serialized Form") and do not
change. The class of a record or a union is what `serschema.idl.java` writes; its descriptor lists fields as
`java.io.ObjectStreamClass` does, primitives before objects, each group sorted by name.
"""

import hashlib
import struct
from dataclasses import dataclass
from functools import cached_property
from typing import assert_never

from serschema.idl import java as idl
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
    Schema,
    String,
    Timestamp,
    Type,
    Union,
    Uuid,
)

# Section 6.4.2.
STREAM_HEADER = b"\xac\xed\x00\x05"
BASE_HANDLE = 0x7E0000

TC_NULL = b"p"
TC_REFERENCE = b"q"
TC_CLASSDESC = b"r"
TC_OBJECT = b"s"
TC_STRING = b"t"
TC_ARRAY = b"u"
TC_BLOCKDATA = b"w"
TC_ENDBLOCKDATA = b"x"
TC_RESET = b"y"
TC_LONGSTRING = b"|"
TC_ENUM = b"~"

SC_WRITE_METHOD = 0x01
SC_SERIALIZABLE = 0x02
SC_EXTERNALIZABLE = 0x04
SC_BLOCK_DATA = 0x08
SC_ENUM = 0x10


@dataclass(frozen=True)
class ClassDesc:
    """A class as a stream describes it. `fields` are (name, descriptor) in the order of the stream."""

    name: str
    uid: int
    flags: int = SC_SERIALIZABLE
    fields: tuple[tuple[str, str], ...] = ()
    parent: "ClassDesc | None" = None

    @property
    def tag(self) -> bytes:
        """What an instance starts with."""
        return TC_ENUM if self.flags & SC_ENUM else TC_ARRAY if self.name.startswith("[") else TC_OBJECT

    @cached_property
    def segments(self) -> tuple[tuple[bytes, str], ...]:
        """The descriptor cut where a type string follows, each with that string; after the last there is none."""
        held = TC_CLASSDESC + utf(self.name) + struct.pack(">qBH", self.uid, self.flags, len(self.fields))
        segments = []
        for name, descriptor in self.fields:
            held += descriptor[0].encode() + utf(name)
            if not is_primitive(descriptor):
                segments.append((held, descriptor))
                held = b""
        return (*segments, (held + TC_ENDBLOCKDATA, ""))


def utf(text: str) -> bytes:
    """`DataOutput.writeUTF` of an identifier or a class name of ASCII characters."""
    return struct.pack(">H", len(text)) + text.encode("ascii")


def is_primitive(descriptor: str) -> bool:
    return descriptor in idl.PRIMITIVES


_NUMBER = ClassDesc("java.lang.Number", -8742448824652078965)
_ENUM = ClassDesc("java.lang.Enum", 0, SC_SERIALIZABLE | SC_ENUM)
_HASH_MAP = ClassDesc(
    "java.util.HashMap",
    362498820763181265,
    SC_SERIALIZABLE | SC_WRITE_METHOD,
    (("loadFactor", "F"), ("threshold", "I")),
)

ARRAY_LIST = ClassDesc("java.util.ArrayList", 8683452581122892189, SC_SERIALIZABLE | SC_WRITE_METHOD, (("size", "I"),))
LINKED_HASH_MAP = ClassDesc(
    "java.util.LinkedHashMap", 3801124242820219131, fields=(("accessOrder", "Z"),), parent=_HASH_MAP
)
INSTANT = ClassDesc("java.time.Ser", -7683839454370182990, SC_EXTERNALIZABLE | SC_BLOCK_DATA)
UUID = ClassDesc("java.util.UUID", -4856846361193249489, fields=(("leastSigBits", "J"), ("mostSigBits", "J")))
BIG_DECIMAL = ClassDesc(
    "java.math.BigDecimal",
    6108874887143696463,
    SC_SERIALIZABLE | SC_WRITE_METHOD,
    (("scale", "I"), ("intVal", "Ljava/math/BigInteger;")),
    _NUMBER,
)
BIG_INTEGER = ClassDesc(
    "java.math.BigInteger",
    -8287574255936472291,
    SC_SERIALIZABLE | SC_WRITE_METHOD,
    (
        ("bitCount", "I"),
        ("bitLength", "I"),
        ("firstNonzeroByteNum", "I"),
        ("lowestSetBit", "I"),
        ("signum", "I"),
        ("magnitude", "[B"),
    ),
    _NUMBER,
)

BOXES = {
    code: ClassDesc(idl.PRIMITIVES[code][1], uid, fields=(("value", code),), parent=None if code == "Z" else _NUMBER)
    for code, uid in {
        "Z": -3665804199014368530,
        "B": -7183698231559129828,
        "S": 7515723908773894738,
        "I": 1360826667806852920,
        "J": 4290774380558885855,
        "F": -2671257302660747028,
        "D": -9172774392245257468,
    }.items()
}
ARRAYS = {
    code: ClassDesc(f"[{code}", uid)
    for code, uid in {
        "Z": 6309297032502205922,
        "B": -5984413125824719648,
        "S": -1188055269542874886,
        "I": 5600894804908749477,
        "J": 8655923659555304851,
        "F": 836686056779680834,
        "D": 4514449696888150558,
    }.items()
}


def class_of(schema: Schema, type_: Type, default_uid: bool) -> ClassDesc:
    """The class of the object that holds a value where null or any object could stand. A string has none."""
    kind = schema.resolve(type_)
    match kind:
        case Bool() | Int() | Float():
            return BOXES[idl.primitive(schema, type_)]
        case String():
            raise AssertionError("a string is written without a class descriptor")
        case Bytes():
            return ARRAYS["B"]
        case Enum():
            return ClassDesc(idl.class_name(schema, kind.name), 0, SC_SERIALIZABLE | SC_ENUM, parent=_ENUM)
        case Timestamp():
            return INSTANT
        case Uuid():
            return UUID
        case Decimal():
            return BIG_DECIMAL
        case List(item=item):
            code = idl.primitive(schema, item)
            return ARRAYS[code] if code else ARRAY_LIST
        case Map():
            return LINKED_HASH_MAP
        case Union() | Record():
            name = idl.class_name(schema, kind.name)
            fields = tuple((member.name, member.descriptor) for member in stream_order(schema, kind))
            return ClassDesc(name, derived_uid(name, fields) if default_uid else idl.SERIAL_VERSION_UID, fields=fields)
        case _:
            assert_never(kind)


def stream_order(schema: Schema, owner: Record | Union) -> list[idl.Member]:
    """Fields as `ObjectStreamField.compareTo` sorts them."""
    return sorted(idl.members(schema, owner), key=lambda member: (not is_primitive(member.descriptor), member.name))


def derived_uid(name: str, fields: tuple[tuple[str, str], ...]) -> int:
    """The default serialVersionUID (section 4.6) of a package-private class of public fields, as javac compiles it:
    it implements Serializable and has the one package-private constructor without arguments."""
    public = 0x0001
    stream = utf(name) + struct.pack(">i", 0) + utf("java.io.Serializable")
    for field, descriptor in sorted(fields):
        stream += utf(field) + struct.pack(">i", public) + utf(descriptor)
    stream += utf("<init>") + struct.pack(">i", 0) + utf("()V")
    return int.from_bytes(hashlib.sha1(stream).digest()[:8], "little", signed=True)
