"""Generates what writes: one function per table. What it points to comes first, as the format is built backwards."""

from math import copysign
from operator import itemgetter
from typing import Any, NoReturn

from serschema.model import (
    Bytes,
    Decimal,
    Enum,
    Field,
    Float,
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

from sercodecs.contract import EncodeError
from sercodecs.flatbuffers.shape import default, entry, number, slots, wrapped
from sercodecs.source import Source


def _offsets(builder: Any, offsets: list[int]) -> int:
    """A vector of offsets."""
    builder.StartVector(4, len(offsets), 4)
    for offset in reversed(offsets):
        builder.PrependUOffsetTRelative(offset)
    vector: int = builder.EndVector()
    return vector


def _unwritable(what: str) -> NoReturn:
    raise EncodeError("$", what)


RUNTIME: dict[str, Any] = {"offsets": _offsets, "unwritable": _unwritable, "copysign": copysign, "first": itemgetter(0)}


class Writer:
    def __init__(self, schema: Schema, source: Source) -> None:
        self.schema = schema
        self.source = source
        self.helpers: dict[tuple[str, Type], str] = {}
        self.waiting: list[tuple[str, str, Type]] = []

    def generate(self) -> None:
        for type in self.schema.types:
            match type:
                case Enum():
                    pass
                case Union():
                    self.union(type)
                case Record():
                    with self.source.function(f"write_{type.name}(b, v)"):
                        if not type.fields:
                            self.source.line("v.keys()  # it is a record at least")
                        self.table(type.fields, {field.name: f"v[{field.key!r}]" for field in type.fields})
        while self.waiting:
            name, what, type_ = self.waiting.pop()
            if isinstance(type_, Map) and what == "entry":
                with self.source.function(f"{name}(b, k, v)"):
                    self.table(entry(type_), {"key": "k", "value": "v"})
            else:
                with self.source.function(f"{name}(b, v)"):
                    self.table((Field("item", 1, type_),), {"item": "v"})

    def helper(self, what: str, type_: Type) -> str:
        """The function that writes an entry of a map, or a table of one field."""
        if (what, type_) not in self.helpers:
            name = self.helpers[what, type_] = self.source.fresh(what)
            self.waiting.append((name, what, type_))
        return self.helpers[what, type_]

    def union(self, union: Union) -> None:
        """A function that gives the type and the table."""
        with self.source.function(f"write_{union.name}(b, v)"):
            self.source.line("(key, x), = v.items()")
            for place, member in enumerate(union.alternatives, 1):
                with self.source.block(f"if key == {member.key!r}"):
                    if isinstance(self.schema.resolve(member.type), Record):
                        self.source.line(f"return {place}, {self.offset(member.type, 'x')}")
                    else:
                        self.source.line(f"return {place}, {self.helper('item', member.type)}(b, x)")
            self.source.line(f"unwritable('not an alternative of {union.name}')")

    def table(self, members: tuple[Field, ...], operands: dict[str, str]) -> None:
        """What the members point to, then the table."""
        line = self.source.line
        places, count = slots(members, self.schema)
        puts: list[tuple[int, str, Field]] = []
        for member in members:
            kind, place, operand = self.schema.resolve(member.type), places[member.name], operands[member.name]
            if held := number(kind):
                if member.optional:
                    put = f"b.Prepend{held.name}Slot({place}, {self.number(member.type, operand)}, None)"
                elif isinstance(kind, Float):
                    name = self.source.fresh("x")
                    line(f"{name} = {operand}")
                    zero = f"0.0 if {name} or copysign(1.0, {name}) > 0 else None"
                    put = f"b.Prepend{held.name}Slot({place}, {name}, {zero})"
                else:
                    put = f"b.Prepend{held.name}Slot({place}, {self.number(member.type, operand)}, {default(kind)})"
                puts.append((held.width, put, member))
                continue
            name = self.source.fresh("o")
            if isinstance(kind, Union):
                of = self.source.fresh("t")
                made, targets = f"write_{kind.name}(b, {operand})", f"{of}, {name}"
                puts.append((1, f"b.PrependUint8Slot({place}, {of}, 0)", member))
                place += 1
            else:
                made, targets = self.offset(member.type, operand), name
            if member.optional:
                with self.source.block(f"if {member.key!r} in v"):
                    line(f"{targets} = {made}")
            else:
                line(f"{targets} = {made}")
            puts.append((4, f"b.PrependUOffsetTRelativeSlot({place}, {name}, 0)", member))
        line(f"b.StartObject({count})")
        for _, put, member in sorted(puts, key=lambda put: -put[0]):
            if member.optional:
                with self.source.block(f"if {member.key!r} in v"):
                    line(put)
            else:
                line(put)
        line("return b.EndObject()")

    def number(self, type_: Type, operand: str) -> str:
        kind = self.schema.resolve(type_)
        match kind:
            case Enum():
                return f"{self.source.bind('number_of', dict(kind.symbols))}[{operand}]"
            case Timestamp():
                return f"({operand} - EPOCH) // MICROSECOND"
            case Decimal():
                return f"unscaled({operand}, {kind.scale})"
            case _:
                return operand

    def offset(self, type_: Type, operand: str) -> str:
        """Write what is no number and no union; the expression is its offset."""
        kind = self.schema.resolve(type_)
        match kind:
            case String():
                return f"b.CreateString({operand})"
            case Bytes():
                return f"b.CreateByteVector({operand})"
            case Uuid():
                return f"b.CreateByteVector({operand}.bytes)"
            case Decimal():
                return f"b.CreateByteVector(complement({operand}, {kind.scale}))"
            case List(item=item):
                return self.vector(item, operand)
            case Map():
                key, value = self.source.fresh("k"), self.source.fresh("x")
                made = f"{self.helper('entry', kind)}(b, {key}, {value})"
                ordered = f"sorted({operand}.items(), key=first)"
                return f"offsets(b, [{made} for {key}, {value} in {ordered}])"
            case Record():
                return f"write_{kind.name}(b, {operand})"
            case _:
                raise AssertionError(kind)

    def vector(self, item: Type, operand: str) -> str:
        name = self.source.fresh("x")
        if held := number(self.schema.resolve(item)):
            made = self.number(item, name)
            items = operand if made == name else f"[{made} for {name} in {operand}]"
            return f"b.CreateNumpyVector(array({items}, {held.dtype!r}))"
        if wrapped(item, self.schema):
            return f"offsets(b, [{self.helper('item', item)}(b, {name}) for {name} in {operand}])"
        return f"offsets(b, [{self.offset(item, name)} for {name} in {operand}])"
