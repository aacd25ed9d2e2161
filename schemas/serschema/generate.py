"""Seeded values of any schema: the same on every machine, mostly ordinary, now and then extreme.

Size is a budget that is handed down: a record divides it among its fields, a list among its items, and where nothing
is left the smallest value stands: optional fields absent, lists as short as allowed, the alternative of a union that
ends soonest. That ends recursion too. All numbers come from `random.Random.random`, the one method whose sequence
Python promises never to change.
"""

import math
import struct
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal as PyDecimal
from random import Random
from typing import TypeVar, assert_never
from uuid import UUID

from serschema.errors import SchemaError
from serschema.model import (
    MAX_DEPTH,
    Bool,
    Bytes,
    Decimal,
    Enum,
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
)
from serschema.values import is_binary32

_T = TypeVar("_T")
_BINARY32 = struct.Struct(">f")

ALPHABETS = (
    "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ-.,0123456789",
    "abcdefghijklmnopqrstuvwxyz",
    "áéíóúñüçßøåČžŁ ",
    "日本語中文한국어",
    "😀🚀𝄞𐍈",
    "<>&\"'\\/{}[]:;,=#%$`\t\n\r",
    "\0\x01\x1f\x7f\x80\u0301\u200d\u2028\ufeff\ufffe",
)
"""One of these holds all characters of a string: the first in half of the draws, then any of them."""

EDGES = tuple(
    sign * (1 << bits) + step
    for bits in (0, 7, 8, 14, 15, 16, 31, 32, 53, 63)
    for sign in (1, -1)
    for step in (-1, 0, 1)
)
"""Integers around which some format begins to use another octet, another width or a float."""

FLOATS = (
    0.0,
    -0.0,
    1.0,
    -1.0,
    math.inf,
    -math.inf,
    math.nan,
    float.fromhex("0x1p-149"),
    float.fromhex("0x1p-126"),
    float.fromhex("0x1.fffffep127"),
    16777217.0,
    0.1,
    5e-324,
    2.2250738585072014e-308,
    1.7976931348623157e308,
    9007199254740993.0,
    struct.unpack(">d", bytes.fromhex("fff8000020000000"))[0],
    struct.unpack(">d", bytes.fromhex("7ff8000000000001"))[0],
)
"""Signed zeros, infinities, NaNs with and without a payload, and the edges of both widths."""

TIMES = (
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(1900, 1, 1, tzinfo=UTC),
    datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(2038, 1, 19, 3, 14, 8, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
)
"""The ends of the calendar, and the instants at which other counts of time begin, turn negative or overflow."""


def generate(schema: Schema, seed: int = 0, size: int = 100) -> Value:
    """A value of the schema that holds about `size` scalars at most, more only where the schema demands them.

    Raises `SchemaError` if every value of the schema is nested deeper than `MAX_DEPTH`.
    """
    generator = _Generator(schema, Random(seed))
    if generator.height(Ref(schema.root)) > MAX_DEPTH:
        raise SchemaError(f"every {schema.root} is nested deeper than {MAX_DEPTH} levels")
    return generator.value(Ref(schema.root), size, 0)


def heights(schema: Schema) -> dict[str, int]:
    """For each named type, how many records and unions stand inside one another in its flattest value."""
    known = {type.name: 0 if isinstance(type, Enum) else _ENDLESS for type in schema.types}
    settled = False
    while not settled:
        before = dict(known)
        for type in schema.types:
            match type:
                case Enum():
                    pass
                case Union():
                    known[type.name] = 1 + min(height_of(member.type, known) for member in type.alternatives)
                case Record():
                    required = [height_of(member.type, known) for member in type.fields if not member.optional]
                    known[type.name] = 1 + max(required, default=0)
            known[type.name] = min(known[type.name], _ENDLESS)
        settled = known == before
    return known


_ENDLESS = 1 << 30


def height_of(type_: Type, known: dict[str, int]) -> int:
    """The same for a type, when those of the named types are known."""
    match type_:
        case Ref(name):
            return known[name]
        case List(item=item) if type_.min_length:
            return height_of(item, known)
        case _:
            return 0


class _Generator:
    def __init__(self, schema: Schema, random: Random) -> None:
        self.schema = schema
        self.random = random.random
        self.known = heights(schema)

    def height(self, type_: Type) -> int:
        return height_of(type_, self.known)

    def below(self, count: int) -> int:
        """An integer from 0 to count - 1; 64 bits more than needed make the bias of the remainder vanish."""
        drawn = 0
        for _ in range(count.bit_length() // 32 + 3):
            drawn = drawn << 32 | int(self.random() * (1 << 32))
        return drawn % count

    def choice(self, items: Sequence[_T]) -> _T:
        return items[self.below(len(items))]

    def chance(self, percent: int) -> bool:
        return self.random() * 100 < percent

    def length(self, least: int, most: int | None, budget: int) -> int:
        """A length within the bounds: none, one, a few, or all that the budget allows."""
        if budget <= 0:
            return least
        wanted = self.choice((0, 1, self.below(4), self.below(min(budget, 10) + 1), self.below(budget + 1)))
        return max(least, wanted if most is None else min(wanted, most))

    def value(self, type_: Type, budget: int, depth: int) -> Value:
        """A value of the type within the budget, `depth` records and unions down."""
        kind = self.schema.resolve(type_)
        match kind:
            case Bool():
                return self.chance(50)
            case Int():
                return self.integer(kind)
            case Float():
                return self.real(kind)
            case String():
                length = self.length(0, kind.max_length, 40 if budget > 0 else 0)
                return self.text(length)
            case Bytes():
                length = self.length(kind.min_length, kind.max_length, 40 if budget > 0 else 0)
                return bytes(self.below(256) for _ in range(length))
            case Enum():
                return self.choice(kind.symbols)[0]
            case Timestamp():
                if self.chance(20):
                    return self.choice(TIMES)
                unit = self.choice((1, 1_000, 1_000_000))
                return TIMES[3] + timedelta(microseconds=self.below(1 << 52) // unit * unit)
            case Uuid():
                return UUID(int=self.choice((0, (1 << 128) - 1)) if self.chance(10) else self.below(1 << 128))
            case Decimal():
                return self.decimal(kind)
            case List():
                count = self.length(kind.min_length, kind.max_length, self.room(kind.item, budget, depth))
                return [self.value(kind.item, (budget - 1) // count, depth) for _ in range(count)]
            case Map():
                count = self.length(0, None, self.room(kind.value, budget, depth))
                keys = [self.value(kind.key, 1, depth) for _ in range(count)]
                return {key: self.value(kind.value, (budget - 1) // count, depth) for key in keys}
            case Union():
                return self.union(kind, budget - 1, depth + 1)
            case Record():
                return self.record(kind, budget - 1, depth + 1)
            case _:
                assert_never(kind)

    def room(self, item: Type, budget: int, depth: int) -> int:
        """What is left for items that the schema does not demand: nothing where they would be too deep."""
        return budget - 1 if depth + self.height(item) <= MAX_DEPTH else 0

    def text(self, length: int) -> str:
        alphabet = ALPHABETS[0] if self.chance(50) else self.choice(ALPHABETS)
        return "".join(self.choice(alphabet) for _ in range(length))

    def integer(self, kind: Int) -> int:
        if self.chance(75):
            width = self.below(kind.bits) + 1
            drawn = self.below(1 << width) - ((1 << width - 1) if kind.signed else 0)
            return drawn if kind.lower <= drawn <= kind.upper else kind.lower + self.below(kind.upper - kind.lower + 1)
        return self.choice([kind.lower, kind.upper, *(edge for edge in EDGES if kind.lower <= edge <= kind.upper)])

    def real(self, kind: Float) -> float:
        if self.chance(25):
            return self.choice([value for value in FLOATS if kind.bits == 64 or is_binary32(value)])
        drawn = (self.below(2_000_001) - 1_000_000) / self.choice((1, 8, 100))
        return drawn if kind.bits == 64 else _BINARY32.unpack(_BINARY32.pack(drawn))[0]

    def decimal(self, kind: Decimal) -> PyDecimal:
        digits = kind.precision if self.chance(20) else self.below(kind.precision) + 1
        unscaled = 10**digits - 1 if self.chance(10) else self.below(10**digits)
        sign = int(unscaled > 0 and self.chance(40))
        return PyDecimal((sign, tuple(map(int, str(unscaled))), -kind.scale))

    def union(self, kind: Union, budget: int, depth: int) -> Value:
        fit = [member for member in kind.alternatives if depth + self.height(member.type) <= MAX_DEPTH]
        flattest = min(map(self.height, (member.type for member in fit)))
        ends = fit if budget > 0 else [member for member in fit if self.height(member.type) == flattest]
        chosen = self.choice(ends)
        return {chosen.key: self.value(chosen.type, budget, depth)}

    def record(self, kind: Record, budget: int, depth: int) -> Value:
        present = [
            member
            for member in kind.fields
            if not member.optional or (budget > 0 and self.chance(70) and depth + self.height(member.type) <= MAX_DEPTH)
        ]
        return {member.key: self.value(member.type, budget // len(present), depth) for member in present}
