"""Cap'n Proto: a schema file for `capnp compile` (capnproto.org, "Schema Language").

    Bool, Int, Float       Bool, Int8 to UInt64, Float32 or Float64
    String, Bytes          Text, Data
    Enum                   enum; its numbers as comments, as Cap'n Proto's count from 0
    Timestamp              Int64, microseconds since 1970
    Uuid                   Data of 16 octets
    Decimal                its unscaled integer: Int64 up to 18 digits, else Data, the shortest two's complement
    List, Map              List, List of structs of `key` and `value`
    Union                  struct of nothing but a union, without a name; of one alternative, as a union has two
    Record                 struct

An optional field that is a pointer (Text, Data, List, a struct) is absent where it is null. Others are a union in a
group, of `none` and `some`. A required pointer that is null is read as empty, or as a struct of zeros.

Members are numbered from 0 in their order, so that numbers of fields are not kept. Names lose their underscores, as
Cap'n Proto allows none. The file's id is made from its text, so that the same schema has always the same.
"""

from collections.abc import Iterator
from hashlib import sha256
from itertools import count
from typing import assert_never

from serschema.idl.names import (
    Scope,
    camel,
    comment,
    indent,
    lower_camel,
    remark,
    spell,
    unsaid,
)
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
    Schema,
    String,
    Timestamp,
    Type,
    Union,
    Uuid,
)

# Names of the language that a struct would hide.
_WORDS = """
Void Bool Int8 Int16 Int32 Int64 UInt8 UInt16 UInt32 UInt64 Float32 Float64 Text Data List AnyPointer AnyStruct AnyList
Capability
"""
RESERVED = frozenset(_WORDS.split())
FILLER = "X"


def write(schema: Schema) -> str:
    """The text of a .capnp file."""
    return _Writer(schema).text()


def type_names(schema: Schema, scope: Scope | None = None) -> dict[str, str]:
    """What the named types of a schema are called."""
    return (scope or Scope(RESERVED, filler=FILLER)).reshape((type.name for type in schema.types), camel)


def member_names(fields: tuple[Field, ...]) -> dict[str, str]:
    """What the members of a struct or union are called."""
    return Scope(filler=FILLER).reshape((field.name for field in fields), _member_name)


def symbol_names(enum: Enum) -> dict[str, str]:
    """What the symbols of an enum are called."""
    return Scope(filler=FILLER).reshape((symbol for symbol, _ in enum.symbols), _member_name)


def nullable(type_: Type, schema: Schema) -> bool:
    """Whether a value of this type is behind a pointer."""
    match schema.resolve(type_):
        case Bool() | Int() | Float() | Enum() | Timestamp():
            return False
        case Decimal(precision):
            return precision > 18
        case _:
            return True


class _Writer:
    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.scope = Scope(RESERVED, filler=FILLER)
        self.types = type_names(schema, self.scope)
        self.named: dict[Type, str] = {}
        self.definitions: list[list[str]] = []

    def text(self) -> str:
        parts = [list(self.definition(type)) for type in self.schema.types]
        body = "\n\n".join("\n".join(part) for part in [*parts, *self.definitions])
        number = int.from_bytes(sha256(body.encode()).digest()[:8], "big") | 1 << 63
        return "\n".join([*comment(self.schema.doc, "#"), f"@0x{number:016x};"]) + f"\n\n{body}\n"

    def definition(self, type: Enum | Union | Record) -> Iterator[str]:
        name = self.types[type.name]
        match type:
            case Enum():
                yield f"enum {name} {{"
                lines = list(_enumerants(type))
            case Union(alternatives=[single]):
                yield f"struct {name} {{"
                lines = list(self.members((single,), alternatives=True))
            case Union():
                yield f"struct {name} {{"
                lines = ["union {", *indent(self.members(type.alternatives, alternatives=True)), "}"]
            case Record():
                yield f"struct {name} {{"
                lines = list(self.members(type.fields, alternatives=False))
            case _:
                assert_never(type)
        yield from indent([*comment(type.doc, "#"), *lines])
        yield "}"

    def members(self, fields: tuple[Field, ...], *, alternatives: bool) -> Iterator[str]:
        """Members, each with its comment behind it, as Cap'n Proto has them."""
        names = member_names(fields)
        ordinals = count()
        for field in fields:
            name, spelt = names[field.name], self.type(field.type)
            note = remark(field.type, self.schema, unsaid)
            doc = comment(field.doc, "#")
            if alternatives or not field.optional:
                yield f"{name} @{next(ordinals)} :{spelt};" + _remark(note)
                yield from doc
            elif nullable(field.type, self.schema):
                yield f"{name} @{next(ordinals)} :{spelt};" + _remark("; ".join(filter(None, [note, "null if absent"])))
                yield from doc
            else:
                arms = [f"none @{next(ordinals)} :Void;", f"some @{next(ordinals)} :{spelt};" + _remark(note)]
                yield f"{name} :union {{"
                yield from indent([*doc, *arms])
                yield "}"

    def type(self, type_: Type) -> str:
        kind = self.schema.resolve(type_)
        match kind:
            case Bool():
                return "Bool"
            case Int():
                return f"{'' if kind.signed else 'U'}Int{kind.bits}"
            case Float():
                return f"Float{kind.bits}"
            case String():
                return "Text"
            case Bytes() | Uuid():
                return "Data"
            case Timestamp():
                return "Int64"
            case Decimal(precision):
                return "Int64" if precision <= 18 else "Data"
            case List(item=item):
                return f"List({self.type(item)})"
            case Map():
                return f"List({self.entry(kind)})"
            case Enum() | Union() | Record():
                return self.types[kind.name]
            case _:
                assert_never(kind)

    def entry(self, kind: Map) -> str:
        """The name of the struct that is an entry of a map."""
        if kind not in self.named:
            self.named[kind] = name = self.scope.take(camel(spell(kind, self.schema, self.types)) + "Entry")
            fields = (Field("key", 1, kind.key), Field("value", 2, kind.value))
            self.definitions.append([f"struct {name} {{", *indent(self.members(fields, alternatives=False)), "}"])
        return self.named[kind]


def _enumerants(enum: Enum) -> Iterator[str]:
    names = symbol_names(enum)
    for ordinal, (symbol, number) in enumerate(enum.symbols):
        yield f"{names[symbol]} @{ordinal};" + _remark("" if number == ordinal else str(number))


def _member_name(name: str) -> str:
    """A name that begins with a small letter: `DEEP_BLUE` as `deepBlue`, `first_name` as `firstName`."""
    plain = lower_camel(name.lower() if name.isupper() else name)
    return plain[0].lower() + plain[1:]


def _remark(note: str) -> str:
    return f"  # {note}" if note else ""
