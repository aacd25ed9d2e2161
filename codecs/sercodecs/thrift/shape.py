"""What both libraries share: the types and members of structs, and how each kind is converted."""

from collections.abc import Callable
from typing import Any, assert_never

from serschema.idl.thrift import MOST_NUMBER
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
    String,
    Timestamp,
    Union,
    Uuid,
)

from sercodecs.contract import UnsupportedSchema
from sercodecs.objects import attribute
from sercodecs.scalars import Symbols, checked, long_enough, within
from sercodecs.source import Source
from sercodecs.tree import Rules

INTEGERS = {8: "BYTE", 16: "I16", 32: "I32", 64: "I64"}


def _carrier(kind: Int) -> Int:
    return kind if kind.signed else Int(min(2 * kind.bits, 64))


def _int_out(_: Source, kind: Int) -> str:
    return "{}" if kind.signed or kind.bits < 64 else "({} if {} < 1 << 63 else {} - (1 << 64))"


def int_in(_: Source, kind: Int) -> str:
    if kind.signed or kind.bits < 64:
        return checked("{}", within(kind, Int(_carrier(kind).bits), "{}"))
    narrower = within(kind, Int(64, False), "({} & 0xFFFFFFFFFFFFFFFF)")
    return checked("{}", narrower, "({} & 0xFFFFFFFFFFFFFFFF)")


def int_in_loose(source: Source, kind: Int) -> str:
    """An integer that the library reads from a varint of any length."""
    bounds = kind if kind.signed or kind.bits < 64 else _carrier(kind)
    return checked("{}", f"{bounds.lower} <= {{}} <= {bounds.upper}", int_in(source, kind))


def _number(source: Source, kind: Enum) -> str:
    return source.bind("number_of", dict(kind.symbols)) + "[{}]"


def _symbol(source: Source, kind: Enum) -> str:
    return source.bind("symbol_of", Symbols({number: symbol for symbol, number in kind.symbols})) + "[{}]"


OUT = Rules(
    values={
        Int: _int_out,
        Enum: _number,
        Timestamp: "({} - EPOCH) // MICROSECOND",
        Uuid: "{}.bytes",
        Decimal: "format({}, 'f')",
    },
    keys={Int: _int_out},
)


def inwards(integers: Callable[[Source, Int], str]) -> Rules:
    def string(_: Source, kind: String) -> str:
        return checked("{}", long_enough("len({})", 0, kind.max_length))

    return Rules(
        values={
            Int: integers,
            Float: lambda _, kind: "{}" if kind.bits == 64 else "binary32({})",
            String: string,
            Bytes: lambda _, kind: checked("{}", long_enough("len({})", kind.min_length, kind.max_length)),
            Enum: _symbol,
            Timestamp: "time({})",
            Uuid: "uuid_of({})",
            Decimal: lambda _, kind: f"decimal({{}}, {kind.precision}, {kind.scale})",
            List: lambda _, kind: checked("{}", long_enough("len({})", kind.min_length, kind.max_length)),
        },
        keys={Int: integers, String: string},
    )


def members(codec: str, type: Record | Union) -> list[Field]:
    """The members in the order of their numbers."""
    members = type.fields if isinstance(type, Record) else type.alternatives
    for member in members:
        if member.number > MOST_NUMBER:
            place = f"{type.name}.{member.name}"
            raise UnsupportedSchema(codec, f"field number {member.number}", place, "Thrift has 16 bits for it")
    return sorted(members, key=lambda member: member.number)


def ttype(kind: Any, types: Any) -> int:
    """TType, by either library's constants."""
    match kind:
        case Bool():
            name = "BOOL"
        case Int():
            name = INTEGERS[_carrier(kind).bits]
        case Float():
            name = "DOUBLE"
        case String() | Bytes() | Uuid() | Decimal():
            name = "STRING"
        case Enum():
            name = "I32"
        case Timestamp():
            name = "I64"
        case List():
            name = "LIST"
        case Map():
            name = "MAP"
        case Union() | Record():
            name = "STRUCT"
        case _:
            assert_never(kind)
    number: int = getattr(types, name)
    return number


def signature(type: Record | Union) -> tuple[list[str], str]:
    """The attributes, and the source of a constructor that takes them in their order."""
    names = [attribute(member) for member in (type.fields if isinstance(type, Record) else type.alternatives)]
    return names, ", ".join(f"{name}=None" for name in names)


def initializer(type: Record | Union, codec: str) -> Any:
    """What the compiler generates as `__init__`."""
    names, parameters = signature(type)
    source = Source(f"{codec} {type.name}")
    with source.function(f"__init__(self, {parameters})"):
        for name in names:
            source.line(f"self.{name} = {name}")
    return source.build("__init__")[0]
