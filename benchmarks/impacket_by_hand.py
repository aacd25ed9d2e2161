"""What somebody writes who uses impacket's NDR by hand: a class for each type, an object of it filled field by field.

The classes and the assignments are generated, so that every shared schema that impacket can say has them, but they are
the ones its own protocol modules are made of: `NDRSTRUCT`, `NDRUNION`, pointers to `NDRUniConformantArray`, `LPWSTR`.
It is the measure for `ndr-little/serbench`, and, as an implementation by somebody else, the witness of its octets.

Where impacket 0.13 is not what C706 and MS-RPCE say:

- the alignment of a structure that holds a union is that of the discriminant, not of the greatest arm (C706, 14.3.2);
- an NDR64 structure has no trailing gap (MS-RPCE 2.2.5.3.4.1), and the arm of an NDR64 union is at a multiple of 8,
  whatever the arms are (2.2.5.3.4.4);
- an object is made with all that its pointers may point to, so that a type cannot contain itself but in arrays.

It has no big-endian representation. Arrays of fixed length become structures, which have the same octets.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Context
from decimal import Decimal as PyDecimal
from typing import Any, assert_never
from uuid import UUID

from impacket.dcerpc.v5 import dtypes, ndr
from sercodecs.aligned.shape import INT64_DIGITS
from sercodecs.ndr.layout import Layout, Syntax, entry
from sercodecs.source import Source
from serschema.model import (
    Bool,
    Bytes,
    Decimal,
    Enum,
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
    Value,
    fixed_length,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)

INTEGERS = {
    (8, True): (ndr.NDRSMALL, "b"),
    (8, False): (ndr.NDRUSMALL, "B"),
    (16, True): (ndr.NDRSHORT, "<h"),
    (16, False): (ndr.NDRUSHORT, "<H"),
    (32, True): (ndr.NDRLONG, "<l"),
    (32, False): (ndr.NDRULONG, "<L"),
    (64, True): (ndr.NDRHYPER, "<q"),
    (64, False): (ndr.NDRUHYPER, "<Q"),
}
FLOATS = {32: (ndr.NDRFLOAT, "<f"), 64: (ndr.NDRDOUBLEFLOAT, "<d")}


def unlike(schema: Schema, wide: bool) -> str:
    """Why impacket has no or other octets for the schema; empty if it has the same."""
    layout = Layout(schema, Syntax("little", wide))
    for kind in schema.types:
        match kind:
            case Union() if kind.name in schema.recursive():
                return "a union that contains itself"
            case Union() if (layout.arms_alignment(kind) < 8) if wide else (layout.arms_alignment(kind) > 4):
                return "the alignment of a union"
            case Record():
                for member in kind.fields:
                    if member.optional and isinstance(member.type, Ref) and member.type.name in schema.recursive():
                        return "a structure that contains itself through a pointer"
    records = [kind for kind in schema.types if isinstance(kind, Record)]
    maps = [entry(type_) for kind in records for member in kind.fields for type_ in _maps(member.type)]
    if wide and any(_ends_in_a_gap(layout, record) for record in (*records, *maps)):
        return "a trailing gap"
    return ""


def _maps(type_: Type) -> list[Map]:
    match type_:
        case List(item=item):
            return _maps(item)
        case Map(value=value):
            return [type_, *_maps(value)]
        case _:
            return []


def _ends_in_a_gap(layout: Layout, record: Record) -> bool:
    if not layout.slotted(record):
        return True  # for all that is known here
    at = 0
    for member in record.fields:
        at = layout.pointer_end(at) if member.optional else layout.size(member.type, at)
    return at % layout.alignment(record) != 0


def compile(schema: Schema, wide: bool = False) -> tuple[Callable[[Value], bytes], Callable[[bytes], Value]]:
    """The functions encode and decode for a schema, without the format label."""
    return _ByHand(schema, wide).build()


class _ByHand:
    """`fill_X(o, value)` and `take_X(o)` for everything that impacket has an object with fields for."""

    def __init__(self, schema: Schema, wide: bool) -> None:
        self.schema = schema
        self.wide = wide
        self.source = Source(f"impacket {schema.root}")
        self.classes: dict[Kind, Any] = {}
        self.names: dict[Kind, str] = {}
        self.waiting: list[Kind] = []

    def build(self) -> tuple[Callable[[Value], bytes], Callable[[bytes], Value]]:
        source, root = self.source, self.schema.record
        source.globals |= {
            "Call": type("Call", (ndr.NDRCALL,), {"structure": (("message", self.type(root)),)}),
            "Decimal": PyDecimal,
            "EXACT": Context(prec=1000),
            "EPOCH": EPOCH,
            "MICROSECOND": MICROSECOND,
            "NULL": ndr.NULL,
            "UUID": UUID,
            "WIDE": self.wide,
        }
        for named in self.schema.types:
            if isinstance(named, Enum):
                source.globals[f"NUMBERS_{named.name}"] = dict(named.symbols)
                source.globals[f"SYMBOLS_{named.name}"] = {number: symbol for symbol, number in named.symbols}
        message = self.name(root)
        while self.waiting:
            kind = self.waiting.pop()
            with source.function(f"fill_{self.names[kind]}(o, value)"):
                self.fill(kind)
            with source.function(f"take_{self.names[kind]}(o)"):
                self.take(kind)
        with source.function("encode(value)"):
            source.line("call = Call(isNDR64=WIDE)")
            source.line(f"fill_{message}(call['message'], value)")
            source.line("return call.getData()")
        with source.function("decode(data)"):
            source.line("call = Call(isNDR64=WIDE)")
            source.line("call.fromString(data)")
            source.line(f"return take_{message}(call['message'])")
        encode, decode = source.build("encode", "decode")
        return encode, decode

    def name(self, kind: Kind) -> str:
        """What the functions of a type are called, which will be written."""
        if kind not in self.names:
            self.names[kind] = f"{type(kind).__name__}{len(self.names)}"
            self.waiting.append(kind)
        return self.names[kind]

    def scalar(self, kind: Kind) -> bool:
        """Whether a user assigns the value itself to a field."""
        match kind:
            case Bytes():
                return bool(fixed_length(kind))
            case Decimal(precision):
                return precision <= INT64_DIGITS
            case List() | Map() | Union() | Record():
                return False
            case _:
                return True

    # Classes.

    def type(self, kind: Kind) -> Any:
        if kind not in self.classes:
            self.classes[kind] = self.new(kind)
        return self.classes[kind]

    def field(self, type_: Type, optional: bool = False) -> Any:
        kind = self.schema.resolve(type_)
        return pointer(self.type(kind)) if optional and not isinstance(kind, String) else self.type(kind)

    def new(self, kind: Kind) -> Any:
        match kind:
            case Bool():
                return ndr.NDRBOOLEAN
            case Int():
                return INTEGERS[kind.bits, kind.signed][0]
            case Float():
                return FLOATS[kind.bits][0]
            case String():
                return dtypes.LPWSTR
            case Bytes() if length := fixed_length(kind):
                body = {"getDataLen": lambda self, data, offset=0: length, "getAlignment": lambda self: 1}
                return type("Octets", (ndr.NDRUniFixedArray,), body)
            case Bytes():
                return counted("c")
            case Enum():
                return ndr.NDRLONG
            case Timestamp():
                return ndr.NDRHYPER
            case Uuid():
                return dtypes.GUID
            case Decimal(precision):
                return ndr.NDRHYPER if precision <= INT64_DIGITS else counted("c")
            case List() if length := fixed_length(kind):
                return struct(*[(f"i{i}", self.field(kind.item)) for i in range(length)])
            case List():
                made = self.classes[kind] = counted(None)
                item = self.schema.resolve(kind.item)
                array = made.structure[1][1].referent[0][1]
                array.item = self.letter(item) or self.type(item)
                return made
            case Map():
                return counted(struct(("key", self.field(kind.key)), ("value", self.field(kind.value))))
            case Union():
                arms = {arm.number: (arm.name, self.field(arm.type)) for arm in kind.alternatives}
                return type("Union", (ndr.NDRUNION,), {"commonHdr": (("tag", ndr.NDRULONG),), "union": arms})
            case Record(fields=()):
                return struct(("unused", ndr.NDRUSMALL))
            case Record():
                made = self.classes[kind] = struct()
                made.structure = tuple((m.name, self.field(m.type, m.optional)) for m in kind.fields)
                return made
            case _:
                assert_never(kind)

    def letter(self, kind: Kind) -> str:
        """What stands for the class of an array's items where they are numbers."""
        match kind:
            case Int():
                return INTEGERS[kind.bits, kind.signed][1]
            case Float():
                return FLOATS[kind.bits][1]
            case _:
                return ""

    def item_class(self, kind: List | Map) -> str:
        return self.source.bind("Class", self.type(kind).structure[1][1].referent[0][1].item)

    # Objects of values.

    def fill(self, kind: Kind) -> None:
        line, block = self.source.line, self.source.block
        match kind:
            case Record():
                for member in kind.fields:
                    if member.optional:
                        with block(f"if {member.key!r} in value"):
                            self.put("o", member.name, member.type, f"value[{member.key!r}]")
                        with block("else"):
                            line(f"o[{member.name!r}] = NULL")
                    else:
                        self.put("o", member.name, member.type, f"value[{member.key!r}]")
                if not kind.fields:
                    line("o['unused'] = 0")
            case Union():
                line("(key, chosen), = value.items()")
                for arm in kind.alternatives:
                    with block(f"if key == {arm.key!r}"):
                        line(f"o['tag'] = {arm.number}")
                        self.put("o", arm.name, arm.type, "chosen")
            case List() if length := fixed_length(kind):
                for i in range(length):
                    self.put("o", f"i{i}", kind.item, f"value[{i}]")
            case Decimal(scale=scale):
                line(f"number = int(value.scaleb({scale}, EXACT))")
                line("size = (number if number >= 0 else ~number).bit_length() // 8 + 1")
                line("o['count'] = size")
                line("o['items'] = number.to_bytes(size, 'big', signed=True)")
            case List() | Map() | Bytes():
                line("o['count'] = len(value)")
                with block("if not value"):
                    line("o['items'] = NULL")
                    line("return")
                if isinstance(kind, Bytes) or (isinstance(kind, List) and self.letter(self.schema.resolve(kind.item))):
                    line("o['items'] = value")
                    return
                line("items = []")
                with block("for key, item in value.items()" if isinstance(kind, Map) else "for item in value"):
                    line(f"x = {self.item_class(kind)}(isNDR64=WIDE)")
                    if isinstance(kind, Map):
                        self.put("x", "key", kind.key, "key")
                        self.put("x", "value", kind.value, "item")
                    elif self.scalar(item := self.schema.resolve(kind.item)):
                        self.put("x", "Data", kind.item, "item")
                    else:
                        line(f"fill_{self.name(item)}(x, item)")
                    line("items.append(x)")
                line("o['items'] = items")
            case _:
                raise AssertionError(kind)

    def put(self, target: str, name: str, type_: Type, value: str) -> None:
        kind, at = self.schema.resolve(type_), f"{target}[{name!r}]"
        if not self.scalar(kind):
            self.source.line(f"fill_{self.name(kind)}({at}, {value})")
            return
        match kind:
            case String():
                value = f"{value} + '\\0'"
            case Enum():
                value = f"NUMBERS_{kind.name}[{value}]"
            case Timestamp():
                value = f"({value} - EPOCH) // MICROSECOND"
            case Uuid():
                value = f"{value}.bytes_le"
            case Decimal():
                value = f"int({value}.scaleb({kind.scale}, EXACT))"
            case _:
                pass
        self.source.line(f"{at} = {value}")

    # Values of objects.

    def take(self, kind: Kind) -> None:
        line, block = self.source.line, self.source.block
        match kind:
            case Record():
                line("value = {}")
                for member in kind.fields:
                    found = self.get(f"o[{member.name!r}]", member.type)
                    taken = f"value[{member.key!r}] = {found}"
                    if member.optional:
                        with block(f"if o.fields[{member.name!r}]['ReferentID']"):
                            line(taken)
                    else:
                        line(taken)
                line("return value")
            case Union():
                line("number = o['tag']")
                for arm in kind.alternatives:
                    found = self.get(f"o[{arm.name!r}]", arm.type)
                    with block(f"if number == {arm.number}"):
                        line(f"return {{{arm.key!r}: {found}}}")
            case List() if length := fixed_length(kind):
                items = [self.get(f"o['i{i}']", kind.item) for i in range(length)]
                line(f"return [{', '.join(items)}]")
            case Decimal(scale=scale):
                line(
                    f"return Decimal(int.from_bytes(b''.join(o['items']), 'big', signed=True)).scaleb(-{scale}, EXACT)"
                )
            case Bytes():
                line("return b''.join(o['items']) if o['count'] else b''")
            case Map():
                key, value = self.get("x['key']", kind.key), self.get("x['value']", kind.value)
                line(f"return {{{key}: {value} for x in o['items']}}")
            case List():
                item = self.schema.resolve(kind.item)
                found = self.get("x['Data']" if self.scalar(item) else "x", kind.item)
                line("return list(o['items'])" if self.letter(item) else f"return [{found} for x in o['items']]")
            case _:
                raise AssertionError(kind)

    def get(self, found: str, type_: Type) -> str:
        kind = self.schema.resolve(type_)
        if not self.scalar(kind):
            return f"take_{self.name(kind)}({found})"
        match kind:
            case Bool():
                return f"bool({found})"
            case String():
                return f"{found}[:-1]"
            case Enum():
                return f"SYMBOLS_{kind.name}[{found}]"
            case Timestamp():
                return f"EPOCH + {found} * MICROSECOND"
            case Uuid():
                return f"UUID(bytes_le={found})"
            case Decimal(scale=scale):
                return f"Decimal({found}).scaleb(-{scale}, EXACT)"
            case _:
                return found


def struct(*members: tuple[str, Any]) -> Any:
    return type("Struct", (ndr.NDRSTRUCT,), {"structure": members})


def pointer(referent: Any) -> Any:
    return type("Pointer", (ndr.NDRPOINTER,), {"referent": (("Data", referent),)})


def counted(item: Any) -> Any:
    """A structure of a count and a pointer to so many items."""
    array = type("Array", (ndr.NDRUniConformantArray,), {"item": item})
    return struct(("count", ndr.NDRULONG), ("items", pointer(array)))
