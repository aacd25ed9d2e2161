"""What tests draw: hand-made schemas with every construct, any valid schema, any value of a schema.

`EXAMPLES` is the fixed part: a schema per kind, and one per construct that is known to break codecs. `schemas` and
`values` are Hypothesis strategies for the rest. Hypothesis is no dependency of serbench: only tests import this module.

A drawn schema grows type by type. A type may contain those before it anywhere; itself and later ones only where a
value can do without (an optional field, a list, a map), so that every type has a finite value.
"""

from collections.abc import Callable
from datetime import UTC
from decimal import Decimal as PyDecimal
from math import nan
from typing import Any, Literal, TypeAlias, assert_never

from hypothesis import strategies as st

from serschema.generate import height_of, heights
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
    Named,
    Record,
    Ref,
    Scalar,
    Schema,
    String,
    Timestamp,
    Type,
    Union,
    Uuid,
    Value,
)
from serschema.values import is_binary32

Draw: TypeAlias = Callable[[st.SearchStrategy[Any]], Any]


def record(name: str, *types: Type, optional: bool = False) -> Record:
    """A record of fields `f1`, `f2`..."""
    return Record(name, tuple(Field(f"f{number}", number, type, optional) for number, type in enumerate(types, 1)))


COLOUR = Enum("Colour", (("RED", 0), ("GREEN", 1), ("BLUE", 7)))
SHIFTED = Enum("Shifted", (("LOW", -(1 << 31)), ("HIGH", (1 << 31) - 1), ("MINUS", -1)))
SINGLE = Enum("Single", (("ONLY", 5),))
POINT = Record("Point", (Field("x", 1, Int(32)), Field("y", 2, Int(32))))
NOTHING = Record("Nothing", ())
CHOICE = Union(
    "Choice",
    (
        Field("number", 1, Int(64)),
        Field("text", 2, String()),
        Field("point", 3, Ref("Point")),
        Field("points", 4, List(Ref("Point"))),
        Field("nothing", 5, Ref("Nothing")),
    ),
)
INTEGERS = tuple(Int(bits, signed) for bits in (8, 16, 32, 64) for signed in (True, False))
MIXED: tuple[Type, ...] = (Bool(), Int(32), String())
SCALARS: tuple[Type, ...] = (
    *(Bool(), Int(16), Int(64, False), Float(32), Float(64), String(), Bytes(), Bytes(3, 3)),
    *(Timestamp(), Uuid(), Decimal(12, 2), Ref("Colour"), Ref("Point"), Ref("Choice")),
)

EXAMPLES: dict[str, Schema] = {
    "empty": Schema("Nothing", (NOTHING,)),
    "bools": Schema("Bools", (record("Bools", Bool(), Bool(), Bool()),)),
    "integers_plain": Schema("Integers", (record("Integers", *INTEGERS),)),
    "integers_ranged": Schema(
        "Ranged",
        (
            record(
                "Ranged",
                Int(8, True, -3, 3),
                Int(16, False, 1000, 1000),
                Int(32, True, -100_000, -1),
                Int(32, False, 5),
                Int(64, True, None, 0),
                Int(64, False, 1 << 63),
            ),
        ),
    ),
    "integers_coded": Schema(
        "Coded",
        (
            record(
                "Coded",
                *(
                    Int(bits, signed, coding=coding)
                    for bits in (32, 64)
                    for signed in (True, False)
                    for coding in (("zigzag", "fixed", "plain") if signed else ("fixed", "plain"))
                ),
            ),
        ),
    ),
    "floats": Schema("Floats", (record("Floats", Float(32), Float(64), List(Float(32)), List(Float(64))),)),
    "strings": Schema("Strings", (record("Strings", String(), String(0), String(5), List(String())),)),
    "bytes": Schema(
        "Octets", (record("Octets", Bytes(), Bytes(4, 4), Bytes(0, 0), Bytes(1, 3), Bytes(2), List(Bytes())),)
    ),
    "enums": Schema(
        "Enums",
        (record("Enums", Ref("Colour"), Ref("Shifted"), Ref("Single"), List(Ref("Colour"))), COLOUR, SHIFTED, SINGLE),
    ),
    "timestamps": Schema("Times", (record("Times", Timestamp(), List(Timestamp())),)),
    "uuids": Schema("Uuids", (record("Uuids", Uuid(), List(Uuid())),)),
    "decimals": Schema(
        "Decimals", (record("Decimals", Decimal(1, 0), Decimal(9, 9), Decimal(12, 2), Decimal(60, 20)),)
    ),
    "lists": Schema(
        "Lists",
        (
            record(
                "Lists",
                *(List(item) for item in SCALARS),
                List(Int(8), 3, 3),
                List(String(), 1, 2),
                List(Bool(), 2),
                List(Int(64), 0, 0),
                List(List(Int(32))),
                List(List(List(String()), 1), 2, 2),
                List(Map(String(), Bool())),
            ),
            COLOUR,
            POINT,
            NOTHING,
            CHOICE,
        ),
    ),
    "maps": Schema(
        "Maps",
        (
            record(
                "Maps",
                *(Map(String(), value) for value in SCALARS),
                Map(Bool(), Int(32)),
                Map(Int(64), String()),
                Map(Int(8, False), Bytes()),
                Map(String(4), List(Int(32))),
                Map(Int(16), Map(String(), Float())),
            ),
            COLOUR,
            POINT,
            NOTHING,
            CHOICE,
        ),
    ),
    "unions": Schema(
        "Unions",
        (
            record("Unions", Ref("Choice"), Ref("Alone"), List(Ref("Choice"))),
            CHOICE,
            POINT,
            NOTHING,
            Union("Alone", (Field("only", 3, Bool()),)),
        ),
    ),
    "optionals": Schema(
        "Optionals",
        (
            record("Optionals", *SCALARS, List(Int(32)), Map(String(), Bool()), optional=True),
            COLOUR,
            POINT,
            NOTHING,
            CHOICE,
        ),
    ),
    "many_optionals": Schema("Many", (record("Many", *MIXED * 23, optional=True),)),
    "linked": Schema("Node", (Record("Node", (Field("value", 1, Int(32)), Field("next", 2, Ref("Node"), True))),)),
    "tree_of_unions": Schema(
        "Root",
        (
            record("Root", Ref("Expression")),
            Union(
                "Expression",
                (
                    Field("constant", 1, Float()),
                    Field("sum", 2, List(Ref("Expression"))),
                    Field("negated", 3, Ref("Negated")),
                ),
            ),
            Record("Negated", (Field("operand", 1, Ref("Expression")), Field("note", 2, String(), True))),
        ),
    ),
    "tree_of_maps": Schema("Folder", (record("Folder", Map(String(), Ref("Folder")), List(Ref("Folder"), 0, 2)),)),
    "nothing_at_all": Schema(
        "Void",
        (
            record(
                "Void",
                Ref("Nothing"),
                List(Ref("Nothing")),
                Map(Int(8), Ref("Nothing")),
                List(Bytes(0, 0)),
                List(String(0)),
                List(List(Int(8), 0, 0)),
                List(Int(8, True, 7, 7)),
                List(Ref("Single")),
                Ref("Maybe"),
            ),
            NOTHING,
            SINGLE,
            Record("Maybe", (Field("nothing", 1, Ref("Nothing"), True),)),
        ),
    ),
    "fixed_size": Schema(
        "Fixed",
        (
            record(
                "Fixed",
                *INTEGERS,
                Bool(),
                Float(32),
                Float(64),
                Bytes(5, 5),
                Uuid(),
                Timestamp(),
                Ref("Colour"),
                Ref("Point"),
                List(Int(16), 3, 3),
                List(Ref("Point"), 2, 2),
            ),
            COLOUR,
            POINT,
        ),
    ),
    "names": Schema(
        "message",
        (
            Record(
                "message",
                (
                    Field("class", 1, Int(32), key="no-any"),
                    Field("CLASS", 2, String(), key="@id"),
                    Field("self", 15, Bool(), True, key="日本"),
                    Field("value", 16, Ref("string"), key=""),
                    Field("data", 2047, List(Ref("SEQUENCE")), key="'\"\\{}%s\n\0"),
                    Field("struct", 2048, Map(String(), Int(32)), key="None"),
                    Field("xml_lang", 18999, Float(), True, key="xml:lang"),
                    Field("return", 536870911, Ref("Any"), True, key=" "),
                ),
            ),
            Enum("string", (("None", 0), ("True", 1), ("option", 2))),
            Record(
                "SEQUENCE", (Field("import", 1, Bytes(), key="class"), Field("lambda", 2, Int(8), True, key="lambda"))
            ),
            Union("Any", (Field("type", 1, Bool(), key="$type"), Field("value", 2, String(), key="type"))),
        ),
    ),
}
"""Schemas by name; `generate` gives values of them."""

IDENTIFIERS = (
    "a",
    "b",
    "A",
    "value",
    "first_name",
    "firstName",
    "class",
    "self",
    "message",
    "None",
    "data",
    "x1",
    "key",
)
KEYS = (
    *[""] * 12,
    "no-any",
    "@id",
    "日本",
    "with space",
    "a.b",
    "'",
    '"',
    "\\",
    "{0}",
    "%s",
    "\n",
    "😀",
    "type",
    "-",
    "1",
)
TYPE_NAMES = ("Alpha", "Beta", "beta", "Message", "message", "Int", "List", "string", "Record", "Value")
NUMBERS = (15, 16, 127, 128, 2047, 2048, 18999, 20000, (1 << 29) - 1)


@st.composite
def values(draw: Draw, schema: Schema) -> Value:
    """Values of a schema; five records and unions inside one another, more only where the schema demands it."""
    return _value(draw, schema, heights(schema), Ref(schema.root), 0)


def _value(draw: Draw, schema: Schema, known: dict[str, int], type_: Type, depth: int) -> Value:
    def inner(type_: Type, deeper: int = 0) -> Value:
        return _value(draw, schema, known, type_, depth + deeper)

    def fits(type_: Type) -> bool:
        return depth + height_of(type_, known) < 5

    kind = schema.resolve(type_)
    match kind:
        case Bool() | Int() | Float() | String() | Bytes() | Timestamp() | Uuid() | Decimal():
            return draw(_scalars(kind))
        case Enum():
            return draw(st.sampled_from([symbol for symbol, _ in kind.symbols]))
        case List():
            most = kind.min_length + (3 if fits(kind.item) else 0)
            most = most if kind.max_length is None else min(most, kind.max_length)
            return [inner(kind.item) for _ in range(draw(st.integers(kind.min_length, most)))]
        case Map():
            count = draw(st.integers(0, 3)) if fits(kind.value) else 0
            return {inner(kind.key): inner(kind.value) for _ in range(count)}
        case Union(alternatives=members):
            flattest = min(height_of(member.type, known) for member in members)
            ends = [m for m in members if fits(m.type) or height_of(m.type, known) == flattest]
            chosen = draw(st.sampled_from(ends))
            return {chosen.key: inner(chosen.type, 1)}
        case Record(fields=members):
            present = [m for m in members if not m.optional or (fits(m.type) and draw(st.booleans()))]
            return {member.key: inner(member.type, 1) for member in present}
        case _:
            assert_never(kind)


def _scalars(kind: Scalar) -> st.SearchStrategy[Value]:
    match kind:
        case Bool():
            return st.booleans()
        case Int():
            return st.integers(kind.lower, kind.upper)
        case Float(32):
            return st.floats(width=32).map(lambda value: value if is_binary32(value) else nan)
        case Float():
            return st.floats()
        case String():
            return st.text(max_size=20 if kind.max_length is None else min(20, kind.max_length))
        case Bytes():
            most = kind.min_length + 20
            most = most if kind.max_length is None else min(most, kind.max_length)
            return st.binary(min_size=kind.min_length, max_size=most)
        case Timestamp():
            return st.datetimes(timezones=st.just(UTC))
        case Uuid():
            return st.uuids(allow_nil=True)
        case Decimal(precision, scale):
            unscaled = st.integers(1 - 10**precision, 10**precision - 1)
            return unscaled.map(lambda n: PyDecimal((int(n < 0), tuple(map(int, str(abs(n)))), -scale)))
        case _:
            assert_never(kind)


@st.composite
def schemas(draw: Draw) -> Schema:
    """Any valid schema of up to six named types, each of up to six members."""
    names = draw(st.lists(st.sampled_from(TYPE_NAMES), min_size=1, max_size=6, unique=True))
    types: list[Named] = []
    for name in names[:-1]:
        makers = (_enum, _union, _record)
        types.append(draw(st.sampled_from(makers))(draw, name, [type.name for type in types], names))
    types.append(_record(draw, names[-1], names[:-1], names))
    return Schema(names[-1], tuple(draw(st.permutations(types))))


def _enum(draw: Draw, name: str, _before: list[str], _names: list[str]) -> Enum:
    symbols = draw(st.lists(st.sampled_from(IDENTIFIERS), min_size=1, max_size=5, unique=True))
    span = st.integers(-3, 10) | st.integers(-(1 << 31), (1 << 31) - 1)
    numbers = draw(st.lists(span, min_size=len(symbols), max_size=len(symbols), unique=True))
    return Enum(name, tuple(zip(symbols, numbers, strict=True)))


def _union(draw: Draw, name: str, before: list[str], names: list[str]) -> Union:
    first, *rest = _members(draw, before, names, 1, recursive=True)
    return Union(name, (Field(first.name, first.number, draw(_types(before, names)), key=first.key), *rest))


def _record(draw: Draw, name: str, before: list[str], names: list[str]) -> Record:
    return Record(name, tuple(_members(draw, before, names, 0, recursive=False)))


def _members(draw: Draw, before: list[str], names: list[str], least: int, recursive: bool) -> list[Field]:
    """Fields with a name, a key and a number that are unique among them.

    `recursive`: any but the first may be of any type at all; otherwise only those that are optional.
    """
    count = draw(st.integers(least, 6))
    identifiers = draw(st.lists(st.sampled_from(IDENTIFIERS), min_size=count, max_size=count, unique=True))
    span = st.integers(1, 12) | st.sampled_from(NUMBERS)
    numbers = draw(st.lists(span, min_size=count, max_size=count, unique=True))
    taken = set(identifiers)
    fields: list[Field] = []
    for identifier, number in zip(identifiers, numbers, strict=True):
        key = draw(st.sampled_from(KEYS))
        key = "" if key in taken else key
        taken.add(key)
        optional = not recursive and draw(st.booleans())
        free = names if optional or recursive else before
        fields.append(Field(identifier, number, draw(_types(free, names)), optional, key))
    return fields


def _types(free: list[str], names: list[str]) -> st.SearchStrategy[Type]:
    """Types that contain one of `free` anywhere, and one of `names` where a value can do without."""
    scalars = st.one_of(_SCALARS, _refs(free))
    items = st.one_of(scalars, _refs(names))
    free_lists = st.builds(lambda item, most: List(item, 0, most), items, st.none() | st.integers(0, 4))
    bound_lists = st.builds(lambda item, ends: List(item, ends[0], ends[1]), scalars, _bounds(3))
    maps = st.builds(Map, st.one_of(st.just(Bool()), _INTEGERS, st.builds(String)), items | free_lists)
    nested = st.builds(List, free_lists | maps)
    return st.one_of(scalars, scalars, free_lists, bound_lists, maps, nested)


def _refs(names: list[str]) -> st.SearchStrategy[Type]:
    return st.sampled_from(names).map(Ref) if names else st.nothing()


def _bounds(most: int) -> st.SearchStrategy[tuple[int, int | None]]:
    """A least and a greatest length, often equal, sometimes without a greatest."""
    least = st.integers(0, most)
    return least.flatmap(lambda low: st.tuples(st.just(low), st.sampled_from((low, low, low + 2, None))))


@st.composite
def _integers(draw: Draw) -> Int:
    bits, signed = draw(st.sampled_from((8, 16, 32, 64))), draw(st.booleans())
    plain = Int(bits, signed)
    if draw(st.booleans()):
        return plain
    low, high = sorted(draw(st.tuples(*[st.integers(plain.lower, plain.upper)] * 2)))
    coding: Literal["plain", "zigzag", "fixed"] = draw(st.sampled_from(("plain", "fixed", "zigzag")[: 2 + signed]))
    return Int(bits, signed, low, high, coding)


_INTEGERS = _integers()
_SCALARS: st.SearchStrategy[Type] = st.one_of(
    st.just(Bool()),
    _INTEGERS,
    st.sampled_from((Float(32), Float(64))),
    st.builds(String, st.none() | st.integers(0, 8)),
    _bounds(4).map(lambda ends: Bytes(*ends)),
    st.just(Timestamp()),
    st.just(Uuid()),
    st.integers(1, 40).flatmap(lambda precision: st.builds(Decimal, st.just(precision), st.integers(0, precision))),
)
