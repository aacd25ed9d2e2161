"""What somebody writes who uses pycdr2 or cyclonedds: a class of IDL for each type, whose objects serialize themselves.

The classes are made, so that every shared schema has them, of the types that the codecs of `sercodecs.cdr` stand for.
The two libraries share their interface; pycdr2 has no optional members in XCDR1 and no parameter lists there. Both are
the measure for our codecs, and, as implementations by somebody else, the witnesses of their octets.

`version` 0 is CDR as in GIOP: XCDR1 of an octet, the flag of an encapsulation, and the members behind it.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal as PyDecimal
from importlib import import_module
from itertools import count
from types import ModuleType
from typing import Any, Optional, assert_never
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
    Value,
    fixed_length,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

_serial = count(1)


@dataclass(frozen=True)
class Classes:
    """The class of messages, and what makes an object of a value and a value of an object."""

    root: Any
    to_object: Callable[[Value], Any]
    to_value: Callable[[Any], Value]


def compile(schema: Schema, library: str, version: int, extensibility: str = "final") -> Classes:
    """The classes of a schema in `pycdr2` or `cyclonedds.idl`."""
    maker = _Maker(schema, import_module(library), import_module(f"{library}.types"), version, extensibility)
    root = maker.message()
    out, into = maker.out(Ref(schema.root)), maker.into(Ref(schema.root))
    if version:
        return Classes(root, out, into)
    return Classes(root, lambda value: root(1, out(value)), lambda made: into(made.message))


class _Maker:
    def __init__(self, schema: Schema, library: Any, types: Any, version: int, extensibility: str) -> None:
        self.schema = schema
        self.library = library
        self.types = types
        self.version = version
        self.extensibility = extensibility
        self.module = ModuleType(f"idl_classes_{next(_serial)}")  # where the library looks for a type by its name
        sys.modules[self.module.__name__] = self.module
        for type_ in schema.types:
            self.named(type_)

    def named(self, type_: Enum | Union | Record) -> None:
        name = type_.name
        match type_:
            case Enum():
                numbers = {s: own if self.version else i for i, (s, own) in enumerate(type_.symbols)}
                made = self.library.make_idl_enum(name, name, numbers)
            case Union():
                cases = {
                    f"m{i}": self.types.case[member.number, self.spell(member.type)]
                    for i, member in enumerate(type_.alternatives)
                }
                made = self.library.make_idl_union(name, name, cases, self.types.uint32)
                if self.extensibility != "final":
                    made.__idl_annotations__["extensibility"] = "appendable"
            case Record():
                members = {f"m{i}": self.member(member) for i, member in enumerate(type_.fields)}
                if not members and self.extensibility != "mutable":
                    members = {"unused": self.types.uint8}
                made = self.struct(name, members, self.extensibility)
        setattr(self.module, name, made)

    def struct(self, name: str, members: dict[str, Any], extensibility: str) -> Any:
        made = self.library.make_idl_struct(name, name, members)
        if extensibility != "final":
            made.__idl_annotations__["extensibility"] = extensibility
        return made

    def message(self) -> Any:
        if self.version:
            return getattr(self.module, self.schema.root)
        members = {"byte_order": self.types.uint8, "message": self.spell(Ref(self.schema.root))}
        return self.struct("Encapsulation", members, "final")

    def member(self, member: Field) -> Any:
        if not member.optional:
            return self.spell(member.type)
        spelt = self.spell(member.type)
        return Optional[spelt] if self.version else self.types.sequence[spelt, 1]  # noqa: UP045  a type or a name

    def entry(self, kind: Map) -> Any:
        """The structure of a map's key and value."""
        name = f"entry_{self.spell(kind.key)}_{self.spell(kind.value)}"
        if not hasattr(self.module, name):
            members = {"key": self.spell(kind.key), "value": self.spell(kind.value)}
            setattr(self.module, name, self.struct("Entry", members, "final"))
        return getattr(self.module, name)

    def digits(self, kind: Decimal) -> int:
        """The octets of a `fixed`; 0 where a decimal is an int64 or a string."""
        return kind.precision // 2 + 1 if not self.version and kind.precision <= 31 else 0

    def spell(self, type_: Type) -> Any:
        kind = self.schema.resolve(type_)
        types = self.types
        match kind:
            case Bool():
                return bool
            case Int():
                return getattr(types, f"{'' if kind.signed else 'u'}int{kind.bits}")
            case Float():
                return getattr(types, f"float{kind.bits}")
            case String():
                return str
            case Bytes():
                length = fixed_length(kind)
                return types.array[types.uint8, length] if length else types.sequence[types.uint8]
            case Timestamp():
                return types.int64
            case Uuid():
                return types.array[types.uint8, 16]
            case Decimal():
                if octets := self.digits(kind):
                    return types.array[types.uint8, octets]
                return types.int64 if self.version and kind.precision <= 18 else str
            case List():
                length = fixed_length(kind)
                return types.array[self.spell(kind.item), length] if length else types.sequence[self.spell(kind.item)]
            case Map():
                return types.sequence[self.entry(kind)]
            case Enum() | Union() | Record():
                return f"{self.module.__name__}.{kind.name}"
            case _:
                assert_never(kind)

    def out(self, type_: Type) -> Callable[[Value], Any]:
        """What makes the library's object of a value."""
        kind = self.schema.resolve(type_)
        match kind:
            case Timestamp():
                return lambda value: (value - EPOCH) // MICROSECOND
            case Uuid():
                return lambda value: value.bytes
            case Decimal():
                return lambda value: self.decimal(kind, value)
            case Enum():
                made = getattr(self.module, kind.name)
                return lambda value: made[value]
            case List():
                item = self.out(kind.item)
                return lambda value: [item(each) for each in value]
            case Map():
                entry, key, item = self.entry(kind), self.out(kind.key), self.out(kind.value)
                return lambda value: [entry(key(k), item(v)) for k, v in value.items()]
            case Union() | Record():
                return lambda value: self.object(kind, value)
            case _:
                return lambda value: value

    def decimal(self, kind: Decimal, value: PyDecimal) -> Any:
        if octets := self.digits(kind):
            digits = "".join(map(str, value.as_tuple().digits)).zfill(2 * octets - 1)
            return bytes.fromhex(digits + "cd"[value.is_signed()])
        return int(value.scaleb(kind.scale)) if self.version and kind.precision <= 18 else f"{value:f}"

    def object(self, kind: Union | Record, value: Value) -> Any:
        made = getattr(self.module, kind.name)
        if isinstance(kind, Union):
            (chosen,) = (member for member in kind.alternatives if member.key in value)
            return made(discriminator=chosen.number, value=self.out(chosen.type)(value[chosen.key]))
        members = []
        for member in kind.fields:
            held = [self.out(member.type)(value[member.key])] if member.key in value else []
            members.append((held[0] if held else None) if self.version or not member.optional else held)
        return made(*members) if members or self.extensibility == "mutable" else made(0)

    def into(self, type_: Type) -> Callable[[Any], Value]:
        """What makes a value of the library's object."""
        kind = self.schema.resolve(type_)
        match kind:
            case Bytes():
                return bytes
            case Timestamp():
                return lambda made: EPOCH + made * MICROSECOND
            case Uuid():
                return lambda made: UUID(bytes=bytes(made))
            case Decimal():
                return lambda made: self.from_decimal(kind, made)
            case Enum():
                return lambda made: made.name
            case List():
                item = self.into(kind.item)
                return lambda made: [item(each) for each in made]
            case Map():
                key, item = self.into(kind.key), self.into(kind.value)
                return lambda made: {key(entry.key): item(entry.value) for entry in made}
            case Union() | Record():
                return lambda made: self.value(kind, made)
            case _:
                return lambda made: made

    def from_decimal(self, kind: Decimal, made: Any) -> PyDecimal:
        if self.digits(kind):
            text = bytes(made).hex()
            return PyDecimal(int(text[:-1]) * (-1 if text[-1] == "d" else 1)).scaleb(-kind.scale)
        return PyDecimal(made).scaleb(-kind.scale) if isinstance(made, int) else PyDecimal(made)

    def value(self, kind: Union | Record, made: Any) -> Value:
        if isinstance(kind, Union):
            (chosen,) = (member for member in kind.alternatives if member.number == made.discriminator)
            return {chosen.key: self.into(chosen.type)(made.value)}
        value = {}
        for i, member in enumerate(kind.fields):
            held = getattr(made, f"m{i}")
            if member.optional and not self.version:
                held = held[0] if held else None
            if held is not None:
                value[member.key] = self.into(member.type)(held)
        return value
