"""What writer and reader share: which numbers stand in a table itself, and which slots a table's fields have."""

from dataclasses import dataclass
from typing import assert_never

from serschema.model import (
    Bool,
    Bytes,
    Decimal,
    Enum,
    Field,
    Float,
    Int,
    Kind,
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

MOST_DIGITS = 18
"""Decimals of more do not fit 64 bits."""


@dataclass(frozen=True, slots=True)
class Number:
    """A type of number: what the library calls it, numpy's name of it, and its octets."""

    name: str
    dtype: str
    width: int


INTEGERS = {
    (bits, signed): Number(f"{'Int' if signed else 'Uint'}{bits}", f"<{'i' if signed else 'u'}{bits // 8}", bits // 8)
    for bits in (8, 16, 32, 64)
    for signed in (True, False)
}


def number(kind: Kind) -> Number | None:
    """The number by which a table or a vector carries the kind, or None where it holds an offset."""
    match kind:
        case Bool():
            return Number("Bool", "?", 1)
        case Int():
            return INTEGERS[kind.bits, kind.signed]
        case Float():
            return Number(f"Float{kind.bits}", f"<f{kind.bits // 8}", kind.bits // 8)
        case Enum():
            return INTEGERS[32, True]
        case Timestamp():
            return INTEGERS[64, True]
        case Decimal():
            return INTEGERS[64, True] if kind.precision <= MOST_DIGITS else None
        case String() | Bytes() | Uuid() | List() | Map() | Union() | Record():
            return None
        case _:
            assert_never(kind)


def slots(members: tuple[Field, ...], schema: Schema) -> tuple[dict[str, int], int]:
    """The slot of each member by its name, and how many there are; a union has the slot of its type, and the next."""
    places: dict[str, int] = {}
    count = 0
    for member in members:
        places[member.name] = count
        count += 1 + isinstance(schema.resolve(member.type), Union)
    return places, count


def wrapped(type_: Type, schema: Schema) -> bool:
    """Whether a vector holds the items in tables of their own."""
    return isinstance(schema.resolve(type_), Bytes | Uuid | List | Map | Union) or (
        isinstance(type_, Decimal) and type_.precision > MOST_DIGITS
    )


def entry(kind: Map) -> tuple[Field, Field]:
    """The fields of the table that is an entry of a map."""
    return Field("key", 1, kind.key), Field("value", 2, kind.value)


def default(kind: Kind) -> int:
    """The number that a required field has where a table does not have it."""
    if isinstance(kind, Enum) and 0 not in (number for _, number in kind.symbols):
        return kind.symbols[0][1]
    return 0
