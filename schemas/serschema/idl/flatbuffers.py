"""FlatBuffers: a schema file for flatc (flatbuffers.dev, "Schema" and "Grammar").

    Bool, Int, Float       bool, byte to ulong, float or double
    String, Bytes          string, [ubyte]
    Enum                   enum of int, its symbols in the order of their numbers, as FlatBuffers demands
    Timestamp              long, microseconds since 1970
    Uuid                   [ubyte] of 16
    Decimal                its unscaled integer: long up to 18 digits, else [ubyte], the shortest two's complement
    List                   vector; where a vector cannot hold the items, of tables with one field, `item`
    Map                    vector of tables of `key`, which is their (key), and `value`
    Union                  union of tables; what is no record is the field `value` of a table of its own
    Record                 table

A scalar that is optional is `= null`; all else may be absent from a table unless it is (required). A vector cannot
hold vectors, and unions not in every language, which is where the tables come in.

Fields stand in the order of the schema, so that their numbers are not kept. Names of fields are put in snake_case; a
union's field `x` takes the name `x_type` too.
"""

import re
from collections.abc import Iterator
from typing import assert_never

from serschema.idl.names import Scope, comment, indent, remark, spell, unsaid
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
)

# The words of the grammar, and what is a type by itself.
_WORDS = """
attribute enum false file_extension file_identifier include inf infinity namespace nan native_include null root_type
rpc_service struct table true union
bool byte ubyte short ushort int uint float long ulong double int8 uint8 int16 uint16 int32 uint32 int64 uint64 float32
float64 string
"""
RESERVED = frozenset(_WORDS.split())

INTEGERS = {8: "byte", 16: "short", 32: "int", 64: "long"}


def write(schema: Schema) -> str:
    """The text of an .fbs file."""
    return _Writer(schema).text()


def root(schema: Schema) -> str:
    """What the type of a message is called."""
    return _Writer(schema).types[schema.root]


class _Writer:
    """flatc knows a table before it is defined, but neither an enum nor a union: those come first."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.scope = Scope(RESERVED)
        self.types = self.scope.take_all(type.name for type in schema.types)
        self.named: dict[Type, str] = {}
        self.helpers: list[list[str]] = []

    def text(self) -> str:
        kinds = (Enum, Union, Record)
        ordered = sorted(self.schema.types, key=lambda type: kinds.index(type.__class__))
        parts = [comment(self.schema.doc), *(list(self.definition(type)) for type in ordered)]
        parts += [*self.helpers, [f"root_type {self.types[self.schema.root]};"]]
        return "\n\n".join("\n".join(part) for part in parts if part) + "\n"

    def definition(self, type: Enum | Union | Record) -> Iterator[str]:
        yield from comment(type.doc, "///")
        name = self.types[type.name]
        match type:
            case Enum():
                symbols = self.symbols(type)
                ordered = sorted(type.symbols, key=lambda pair: pair[1])
                yield f"enum {name} : int {{"
                yield from indent(f"{symbols[symbol]} = {number}," for symbol, number in ordered)
            case Union():
                names = Scope({*RESERVED, "NONE"}).take_all(member.name for member in type.alternatives)
                yield f"union {name} {{"
                for member in type.alternatives:
                    yield from indent(comment(member.doc, "///"))
                    yield f"  {names[member.name]}: {self.table(member)},"
            case Record():
                yield f"table {name} {{"
                yield from indent(self.fields(type.fields))
            case _:
                assert_never(type)
        yield "}"

    def symbols(self, enum: Enum) -> dict[str, str]:
        return Scope(RESERVED).take_all(symbol for symbol, _ in enum.symbols)

    def fields(self, fields: tuple[Field, ...], key: bool = False) -> Iterator[str]:
        """The fields of a table; `key`: the first is what its vector is sorted by."""
        names = self.names(fields)
        for place, field in enumerate(fields):
            note = remark(field.type, self.schema, unsaid)
            attribute = self.attribute(field) if place or not key else " (key)"
            yield from comment(field.doc, "///")
            yield f"{names[field.name]}: {self.type(field.type)}{attribute};" + (f"  // {note}" if note else "")

    def names(self, fields: tuple[Field, ...]) -> dict[str, str]:
        """Names of fields: none is that of a table, nor what flatc makes of a union's."""
        unions = [field for field in fields if isinstance(self.schema.resolve(field.type), Union)]
        scope = Scope({*RESERVED, *self.types.values(), *(f"{_snake(field.name)}_type" for field in unions)})
        return scope.reshape((field.name for field in fields), _snake)

    def attribute(self, field: Field) -> str:
        """What says that a field is there, or that it may not be."""
        kind = self.schema.resolve(field.type)
        match kind:
            case Bool() | Int() | Float() | Timestamp() | Enum():
                scalar = True
            case Decimal(precision):
                scalar = precision <= 18
            case _:
                scalar = False
        if not scalar:
            return "" if field.optional else " (required)"
        if field.optional:
            return " = null"
        if isinstance(kind, Enum) and 0 not in (number for _, number in kind.symbols):
            return f" = {self.symbols(kind)[kind.symbols[0][0]]}"
        return ""

    def type(self, type_: Type) -> str:
        kind = self.schema.resolve(type_)
        match kind:
            case Bool():
                return "bool"
            case Int():
                return f"{'' if kind.signed else 'u'}{INTEGERS[kind.bits]}"
            case Float():
                return "float" if kind.bits == 32 else "double"
            case String():
                return "string"
            case Bytes() | Uuid():
                return "[ubyte]"
            case Timestamp():
                return "long"
            case Decimal(precision):
                return "long" if precision <= 18 else "[ubyte]"
            case List(item=item):
                return f"[{self.item(item)}]"
            case Map():
                fields = (Field("key", 1, kind.key), Field("value", 2, kind.value))
                return f"[{self.helper(kind, 'Entry', fields, key=True)}]"
            case Enum() | Union() | Record():
                return self.types[kind.name]
            case _:
                assert_never(kind)

    def item(self, type_: Type) -> str:
        """A type that a vector can hold."""
        spelt = self.type(type_)
        if spelt.startswith("[") or isinstance(self.schema.resolve(type_), Union):
            return self.helper(type_, "Item", (Field("item", 1, type_),))
        return spelt

    def table(self, alternative: Field) -> str:
        """The table that a union holds for an alternative."""
        if isinstance(self.schema.resolve(alternative.type), Record):
            return self.type(alternative.type)
        return self.helper(alternative.type, "Value", (Field("value", 1, alternative.type),))

    def helper(self, type_: Type, suffix: str, fields: tuple[Field, ...], key: bool = False) -> str:
        """The name of a table that holds what FlatBuffers cannot put in a place."""
        wanted = Ref(f"{suffix} of {type_}")
        if wanted not in self.named:
            name = self.named[wanted] = self.scope.take(spell(type_, self.schema, self.types) + suffix)
            self.helpers.append([f"table {name} {{", *indent(self.fields(fields, key)), "}"])
        return self.named[wanted]


def _snake(name: str) -> str:
    """`firstName` as `first_name`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
