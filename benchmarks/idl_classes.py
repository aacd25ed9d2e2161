"""What somebody writes who uses pycdr2 or cyclonedds: a class of IDL for each type, whose objects serialize themselves.

The classes are made, so that every shared schema has them, of the types that the codecs of `sercodecs.cdr` stand for.
The two libraries share their interface; pycdr2 has no optional members in XCDR1 and no parameter lists there. Both are
the measure for our codecs, and, as implementations by somebody else, the witnesses of their octets.

`version` 0 is CDR as in GIOP: XCDR1 of an octet, the flag of an encapsulation, and the members behind it.
"""

import re
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

from sercodecs.source import Source
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
    out, into = maker.conversions()
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
        name = self.entry_name(kind)
        if not hasattr(self.module, name):
            members = {"key": self.spell(kind.key), "value": self.spell(kind.value)}
            setattr(self.module, name, self.struct("Entry", members, "final"))
        return getattr(self.module, name)

    def entry_name(self, kind: Map) -> str:
        return re.sub(r"\W", "_", f"entry_{self.spell(kind.key)}_{self.spell(kind.value)}")

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
                return types.int64 if self.scaled(kind) else str
            case List():
                length = fixed_length(kind)
                return types.array[self.spell(kind.item), length] if length else types.sequence[self.spell(kind.item)]
            case Map():
                return types.sequence[self.entry(kind)]
            case Enum() | Union() | Record():
                return f"{self.module.__name__}.{kind.name}"
            case _:
                assert_never(kind)

    def conversions(self) -> tuple[Callable[[Value], Any], Callable[[Any], Value]]:
        """What makes the library's object of a value, and a value of its object: straight down the schema."""
        source = Source(f"{self.library.__name__} {self.schema.root}")
        source.globals |= {
            "EPOCH": EPOCH,
            "MICROSECOND": MICROSECOND,
            "Decimal": PyDecimal,
            "UUID": UUID,
            "fixed": _fixed,
            "from_fixed": _from_fixed,
        }
        for name in dir(self.module):
            source.globals[f"class_{name}"] = getattr(self.module, name)
        for type_ in self.schema.types:
            if isinstance(type_, Union):
                self.union(source, type_)
            elif isinstance(type_, Record):
                self.record(source, type_)
        to_object, to_value = source.build(f"object_{self.schema.root}", f"value_{self.schema.root}")
        return to_object, to_value

    def union(self, source: Source, union: Union) -> None:
        with source.function(f"object_{union.name}(value)"):
            source.line("(key, chosen), = value.items()")
            for member in union.alternatives:
                with source.block(f"if key == {member.key!r}"):
                    made = self.out(member.type, "chosen")
                    source.line(f"return class_{union.name}(discriminator={member.number}, value={made})")
            source.line("raise KeyError(key)")
        with source.function(f"value_{union.name}(made)"):
            for member in union.alternatives:
                with source.block(f"if made.discriminator == {member.number}"):
                    source.line(f"return {{{member.key!r}: {self.into(member.type, 'made.value')}}}")
            source.line("raise KeyError(made.discriminator)")

    def record(self, source: Source, record: Record) -> None:
        numbered = list(enumerate(record.fields))
        with source.function(f"object_{record.name}(value)"):
            members = [self.out_of_field(member) for member in record.fields]
            if not members and self.extensibility != "mutable":
                members = ["0"]
            source.line(f"return class_{record.name}({', '.join(members)})")
        with source.function(f"value_{record.name}(made)"):
            held = [f"{m.key!r}: {self.into(m.type, f'made.m{i}')}" for i, m in numbered if not m.optional]
            source.line(f"value = {{{', '.join(held)}}}")
            for i, member in numbered:
                if member.optional:
                    with source.block(f"if made.m{i}" + (" is not None" if self.version else "")):
                        inner = self.into(member.type, f"made.m{i}" if self.version else f"made.m{i}[0]")
                        source.line(f"value[{member.key!r}] = {inner}")
            source.line("return value")

    def out_of_field(self, member: Field) -> str:
        made = self.out(member.type, f"value[{member.key!r}]")
        if not member.optional:
            return made
        there, absent = (made, "None") if self.version else (f"[{made}]", "[]")
        return f"({there} if {member.key!r} in value else {absent})"

    def out(self, type_: Type, value: str) -> str:
        """The expression of what the library has for a value."""
        kind = self.schema.resolve(type_)
        match kind:
            case Timestamp():
                return f"({value} - EPOCH) // MICROSECOND"
            case Uuid():
                return f"{value}.bytes"
            case Decimal() if octets := self.digits(kind):
                return f"fixed({value}, {octets})"
            case Decimal():
                return f"int({value}.scaleb({kind.scale}))" if self.scaled(kind) else f'format({value}, "f")'
            case Enum():
                return f"class_{kind.name}[{value}]"
            case List():
                inner = self.out(kind.item, "item")
                return value if inner == "item" else f"[{inner} for item in {value}]"
            case Map():
                entry = f"class_{self.entry_name(kind)}({self.out(kind.key, 'key')}, {self.out(kind.value, 'item')})"
                return f"[{entry} for key, item in {value}.items()]"
            case Union() | Record():
                return f"object_{kind.name}({value})"
            case _:
                return value

    def into(self, type_: Type, made: str) -> str:
        """The expression of a value of what the library has."""
        kind = self.schema.resolve(type_)
        match kind:
            case Bytes():
                return f"bytes({made})"
            case Timestamp():
                return f"EPOCH + {made} * MICROSECOND"
            case Uuid():
                return f"UUID(bytes=bytes({made}))"
            case Decimal() if self.digits(kind):
                return f"from_fixed({made}, {kind.scale})"
            case Decimal():
                return f"Decimal({made}).scaleb(-{kind.scale})" if self.scaled(kind) else f"Decimal({made})"
            case Enum():
                return f"{made}.name"
            case List():
                inner = self.into(kind.item, "item")
                octets = self.spell(kind.item) is self.types.uint8  # given as bytes
                return f"[{inner} for item in {made}]" if octets or inner != "item" else made
            case Map():
                pair = f"{self.into(kind.key, 'entry.key')}: {self.into(kind.value, 'entry.value')}"
                return f"{{{pair} for entry in {made}}}"
            case Union() | Record():
                return f"value_{kind.name}({made})"
            case _:
                return made

    def scaled(self, kind: Decimal) -> bool:
        """Whether a decimal is an int64."""
        return bool(self.version) and kind.precision <= 18


def _fixed(value: PyDecimal, octets: int) -> bytes:
    digits = "".join(map(str, value.as_tuple().digits)).zfill(2 * octets - 1)
    return bytes.fromhex(digits + "cd"[value.is_signed()])


def _from_fixed(made: Any, scale: int) -> PyDecimal:
    text = bytes(made).hex()
    return PyDecimal(int(text[:-1]) * (-1 if text[-1] == "d" else 1)).scaleb(-scale)
