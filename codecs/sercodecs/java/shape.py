"""What writer and reader both ask about a schema: its classes by number, and how primitive fields are packed."""

import struct
from functools import cache

from serschema.idl import java as idl
from serschema.model import MAX_DEPTH, Int, Ref, Schema, Type

from sercodecs.java.classes import ClassDesc, class_of

UNSIGNED = {"B": "B", "S": "H", "I": "I", "J": "Q"}
SIGNED = {"Z": "?", "B": "b", "S": "h", "I": "i", "J": "q", "F": "f", "D": "d"}


class Shape:
    """The classes that streams of a schema describe, numbered; both directions keep what they know of one by number."""

    def __init__(self, schema: Schema, default_uid: bool) -> None:
        self.schema = schema
        self.default_uid = default_uid
        self.classes: list[ClassDesc] = []
        self.deep = bool(schema.recursive()) or len(schema.types) > MAX_DEPTH
        """Whether values can be nested too deep, so that functions have to count."""

    def number(self, described: ClassDesc) -> int:
        if described not in self.classes:
            self.classes.append(described)
        return self.classes.index(described)

    def class_number(self, type_: Type) -> int:
        return self.number(class_of(self.schema, type_, self.default_uid))

    def letter(self, type_: Type) -> str:
        """The `struct` format of a primitive; that of an unsigned integer has the bits of its two's complement."""
        kind = self.schema.resolve(type_)
        code = idl.primitive(self.schema, type_)
        return UNSIGNED[code] if isinstance(kind, Int) and not kind.signed else SIGNED[code]

    def outside(self, type_: Type, value: str) -> str:
        """The condition that an integer which its letter can hold is not of the type; empty if it always is."""
        kind = self.schema.resolve(type_)
        if not isinstance(kind, Int):
            return ""
        whole = Int(kind.bits, kind.signed)
        if (kind.lower, kind.upper) == (whole.lower, whole.upper):
            return ""
        return f"not {kind.lower} <= {value} <= {kind.upper}"


@cache
def fused(letters: str) -> struct.Struct:
    """The one `struct` for neighbouring primitives."""
    return struct.Struct(">" + letters)


def title(type_: Type) -> str:
    """A name for the functions of a type: that of a named type, or of its kind."""
    return type_.name if isinstance(type_, Ref) else type(type_).__name__.lower()
