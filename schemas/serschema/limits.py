"""What a codec cannot carry, as data, and what that does to a value.

A limit either *loses* (the codec writes a near value, and `project` says which) or *refuses* (the codec raises,
and `project` raises `Refused`). The harness applies `project` to the input and then demands exact equality, so
that a loss that nobody declared is a failure, and so is a declared one that does not happen.
"""

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import Literal, TypeVar, assert_never

from serschema.errors import SerError
from serschema.model import (
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
from serschema.values import float_bits


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a codec loses or refuses; the defaults say that it carries all.

    integers      least and greatest integer; others are refused
    nan           `exact` keeps its 52-bit payload, `canonical` makes it float("nan"), `refused`
    infinity      `kept`, becomes `nan`, or `refused`
    negative_zero False: -0.0 becomes 0.0
    time_unit     microseconds in the finest unit of time; the rest is cut (towards the past)
    text          `any` Unicode; `xml`: strings with characters outside XML 1.0's Char are refused,
                  `no-nul`: strings with U+0000
    keys          `any` string as the key of a map; `no-nul`: those with U+0000 are refused
    depth         levels of records and unions inside one another; deeper values are refused
    empty_optional  False: a string or bytes that are present and empty in an optional field are refused
    """

    integers: tuple[int, int] | None = None
    nan: Literal["exact", "canonical", "refused"] = "exact"
    infinity: Literal["kept", "nan", "refused"] = "kept"
    negative_zero: bool = True
    time_unit: int = 1
    text: Literal["any", "xml", "no-nul"] = "any"
    keys: Literal["any", "no-nul"] = "any"
    depth: int | None = None
    empty_optional: bool = True


@dataclass(frozen=True, slots=True)
class Loss:
    """One place of a value that a codec changes: its path, and what is lost there."""

    path: str
    what: str


class Refused(SerError):
    """The codec has to refuse this value; the reason names the limit."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path
        self.reason = reason


_T = TypeVar("_T")

CANONICAL_NAN_BITS = float_bits(math.nan)


def project(value: Value, schema: Schema, limits: Limits) -> tuple[Value, list[Loss]]:
    """The value that a codec of these limits promises to carry, and its losses. Raises `Refused`."""
    if limits == Limits():
        return value, []
    projector = _Projector(schema, limits)
    return projector.project(value, Ref(schema.root), "$", 0), projector.losses


class _Projector:
    def __init__(self, schema: Schema, limits: Limits) -> None:
        self.schema = schema
        self.limits = limits
        self.losses: list[Loss] = []

    def project(self, value: Value, type_: Type, path: str, depth: int) -> Value:
        kind = self.schema.resolve(type_)
        match kind:
            case Bool() | Bytes() | Enum() | Uuid() | Decimal():
                return value
            case Int():
                if self.limits.integers and not self.limits.integers[0] <= value <= self.limits.integers[1]:
                    raise Refused(path, f"integer {value} is out of {self.limits.integers}")
                return value
            case Float():
                return self.float(value, path)
            case String():
                if self.limits.text == "xml" and not all(map(_is_xml_char, value)):
                    raise Refused(path, "a character that XML 1.0 does not allow")
                if self.limits.text == "no-nul" and "\0" in value:
                    raise Refused(path, "U+0000, which ends a string")
                return value
            case Timestamp():
                rest = value.microsecond % self.limits.time_unit
                return self.lose(path, f"time below {self.limits.time_unit} us", value - timedelta(0, 0, rest), rest)
            case List():
                return [self.project(item, kind.item, f"{path}[{i}]", depth) for i, item in enumerate(value)]
            case Map():
                if self.limits.keys == "no-nul" and any("\0" in key for key in value if isinstance(key, str)):
                    raise Refused(path, "U+0000 in a key, which ends it")
                return {
                    self.project(key, kind.key, f"{path}{{key}}", depth): self.project(
                        item, kind.value, f"{path}[{key!r}]", depth
                    )
                    for key, item in value.items()
                }
            case Union(alternatives=members) | Record(fields=members):
                if self.limits.depth is not None and depth >= self.limits.depth:
                    raise Refused("$", f"more than {self.limits.depth} levels of nesting")
                if not self.limits.empty_optional:
                    for member in members:
                        if member.optional and value.get(member.key) in ("", b""):
                            raise Refused(f"{path}.{member.key}", "an optional field that is there and empty")
                return {
                    member.key: self.project(value[member.key], member.type, f"{path}.{member.key}", depth + 1)
                    for member in members
                    if member.key in value
                }
            case _:
                assert_never(kind)

    def float(self, value: float, path: str) -> float:
        if math.isfinite(value):
            if value == 0.0 and not self.limits.negative_zero and math.copysign(1.0, value) < 0:
                return self.lose(path, "-0.0 becomes 0.0", 0.0)
            return value
        if math.isinf(value):
            if self.limits.infinity == "refused":
                raise Refused(path, "infinity")
            return self.lose(path, "infinity becomes NaN", math.nan) if self.limits.infinity == "nan" else value
        if self.limits.nan == "refused":
            raise Refused(path, "NaN")
        if self.limits.nan == "canonical":
            return self.lose(path, "NaN payload", math.nan, float_bits(value) != CANONICAL_NAN_BITS)
        return value

    def lose(self, path: str, what: str, becomes: _T, happens: object = True) -> _T:
        if happens:
            self.losses.append(Loss(path, what))
        return becomes


def _is_xml_char(char: str) -> bool:
    """XML 1.0 (fifth edition), production 2."""
    return (char >= " " and char not in "\ufffe\uffff") or char in "\t\n\r"
