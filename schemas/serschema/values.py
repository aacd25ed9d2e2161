"""Values of a schema: are they of it, are two the same, how much information do they hold."""

import struct
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal as PyDecimal
from typing import assert_never
from uuid import UUID

from serschema.errors import ValueMismatch, Words
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
    Path,
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

_BINARY32 = struct.Struct("<f")
_BINARY64 = struct.Struct("<d")


def float_bits(value: float) -> int:
    """The 64 bits of a float, NaN payload included, as an unsigned integer."""
    return int.from_bytes(_BINARY64.pack(value), "little")


def is_binary32(value: float) -> bool:
    """Whether binary32 holds the value exactly.

    A NaN passes if it is quiet and its payload fits: IEEE 754-2008, section 6.2, quiets one that changes its width.
    """
    if value != value:
        return float_bits(value) & ((1 << 51) | ((1 << 29) - 1)) == 1 << 51
    try:
        return bool(_BINARY32.unpack(_BINARY32.pack(value))[0] == value)
    except OverflowError:
        return False


def equal(a: Value, b: Value) -> bool:
    """Exact, typed equality: 1, 1.0 and True differ, so do -0.0 and 0.0; a NaN equals the NaN of the same bits.

    Maps and records are compared without regard to order, decimals with regard to their exponent.
    """
    if type(a) is not type(b):
        return False
    match a:
        case float():
            return (a == b and a != 0.0) or float_bits(a) == float_bits(b)
        case list():
            return len(a) == len(b) and all(map(equal, a, b))
        case dict():
            if len(a) != len(b):
                return False
            keys = {(type(key), key) for key in b}
            return all((type(key), key) in keys and equal(item, b[key]) for key, item in a.items())
        case PyDecimal():
            return bool(a.as_tuple() == b.as_tuple())
        case datetime():
            return bool(a.utcoffset() == b.utcoffset() and a == b)
        case _:
            return bool(a == b)


def first_difference(a: Value, b: Value, path: str = "$") -> str:
    """Where and how two values differ, in one line; empty if they are equal."""
    if equal(a, b):
        return ""
    match a, b:
        case list(), list():
            if len(a) != len(b):
                return f"{path}: {len(a)} items became {len(b)}"
            pairs: Iterator[tuple[str, Value, Value]] = (
                (f"{path}[{i}]", x, y) for i, (x, y) in enumerate(zip(a, b, strict=True))
            )
        case dict(), dict():
            missing = [key for key in a if key not in b]
            extra = [key for key in b if key not in a]
            if missing or extra:
                return f"{path}: " + (f"{missing[0]!r} is missing" if missing else f"{extra[0]!r} was not there")
            pairs = ((f"{path}.{key}" if isinstance(key, str) else f"{path}[{key!r}]", a[key], b[key]) for key in a)
        case _:
            return f"{path}: {_shown(a)} became {_shown(b)}"
    return next((found for where, x, y in pairs if (found := first_difference(x, y, where))), f"{path}: keys differ")


def _shown(value: Value) -> str:
    if isinstance(value, float) and value != value:
        return f"NaN of bits {float_bits(value):016x}"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


def check(value: Value, schema: Schema) -> None:
    """Raise `ValueMismatch`, with the path, unless the value is exactly of the schema's root record."""
    _Checker(schema).check(value, Ref(schema.root), "$", 0)


class _Checker:
    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.symbols = {
            enum.name: {symbol for symbol, _ in enum.symbols} for enum in schema.types if isinstance(enum, Enum)
        }

    def check(self, value: Value, type_: Type, path: str, depth: int) -> None:
        kind = self.schema.resolve(type_)
        match kind:
            case Bool():
                self.require(value, bool, "a bool", path)
            case Int():
                self.require(value, int, "an integer", path)
                if not kind.lower <= value <= kind.upper:
                    raise ValueMismatch(path, f"an integer in {kind.lower}..{kind.upper}", value)
            case Float():
                self.require(value, float, "a float", path)
                if kind.bits == 32 and not is_binary32(value):
                    raise ValueMismatch(path, "a float that 32 bits hold exactly", value)
            case String():
                self.require(value, str, "a string", path)
                self.length(len(value), 0, kind.max_length, "characters", path)
                if not _is_unicode(value):
                    raise ValueMismatch(path, "Unicode text", Words(ascii(value) + " with a lone surrogate"))
            case Bytes():
                self.require(value, bytes, "bytes", path)
                self.length(len(value), kind.min_length, kind.max_length, "octets", path)
            case Enum():
                if type(value) is not str or value not in self.symbols[kind.name]:
                    raise ValueMismatch(path, f"one of {', '.join(s for s, _ in kind.symbols)}", value)
            case Timestamp():
                self.require(value, datetime, "a datetime", path)
                if value.utcoffset() != timedelta(0):
                    raise ValueMismatch(path, "a datetime in UTC", value)
            case Uuid():
                self.require(value, UUID, "a UUID", path)
            case Decimal():
                self.decimal(value, kind, path)
            case List():
                self.require(value, list, "a list", path)
                self.length(len(value), kind.min_length, kind.max_length, "items", path)
                for i, item in enumerate(value):
                    self.check(item, kind.item, f"{path}[{i}]", depth)
            case Map():
                self.require(value, dict, "a map", path)
                for key, item in value.items():
                    self.check(key, kind.key, f"{path}{{key}}", depth)
                    self.check(item, kind.value, f"{path}[{key!r}]", depth)
            case Union():
                self.require(value, dict, "a map with the one alternative", path)
                chosen = next((a for a in kind.alternatives if list(value) == [a.key]), None)
                if chosen is None:
                    choices = ", ".join(a.key for a in kind.alternatives)
                    raise ValueMismatch(path, f"a map with one key of {choices}", value)
                self.check(value[chosen.key], chosen.type, f"{path}.{chosen.key}", self.deeper(depth, path))
            case Record():
                self.require(value, dict, f"a record {kind.name}", path)
                self.record(value, kind, path, self.deeper(depth, path))
            case _:
                assert_never(kind)

    def record(self, value: dict[str, Value], record: Record, path: str, depth: int) -> None:
        present = 0
        for member in record.fields:
            if member.key in value:
                present += 1
                self.check(value[member.key], member.type, f"{path}.{member.key}", depth)
            elif not member.optional:
                raise ValueMismatch(f"{path}.{member.key}", "a value, as the field is required", Words("nothing"))
        if present < len(value):
            known = {member.key for member in record.fields}
            extra = next(key for key in value if key not in known)
            raise ValueMismatch(path, f"only fields of {record.name}", Words(f"a field {extra!r}"))

    def require(self, value: Value, python: type, expected: str, path: str) -> None:
        if type(value) is not python:
            raise ValueMismatch(path, expected, value)

    def length(self, found: int, least: int, most: int | None, unit: str, path: str) -> None:
        if found < least or (most is not None and found > most):
            bounds = f"{least}" if least == most else f"{least}..{'' if most is None else most}"
            raise ValueMismatch(path, f"{bounds} {unit}", found)

    def decimal(self, value: Value, kind: Decimal, path: str) -> None:
        self.require(value, PyDecimal, "a decimal", path)
        sign, digits, exponent = value.as_tuple()
        if exponent != -kind.scale or len(digits) > kind.precision or (sign and not any(digits)):
            raise ValueMismatch(path, f"a decimal of {kind.precision} digits, {kind.scale} of them decimals", value)

    def deeper(self, depth: int, path: str) -> int:
        if depth >= MAX_DEPTH:
            shown = path if len(path) <= 60 else path[:57] + "..."
            raise ValueMismatch(shown, f"at most {MAX_DEPTH} levels of nesting", Words("more"))
        return depth + 1


def _is_unicode(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def information(value: Value, schema: Schema) -> int:
    """The octets of information in a value: the sum over its leaves in bits, rounded up once.

    A string counts its UTF-8 length, bytes their length, a bool 1 bit, an enum of n symbols ceil(log2 n) bits,
    an integer its shortest two's-complement form, a float its width, a timestamp 64 and a UUID 128 bits, a
    decimal the bits of its unscaled integer. Structure (names, tags, lengths, presence, padding) counts nothing.
    """
    return -(-_bits(value, Ref(schema.root), schema) // 8)


def _integer_bits(value: int) -> int:
    return (value if value >= 0 else ~value).bit_length() + 1 if value else 1


def _bits(value: Value, type_: Type, schema: Schema) -> int:
    kind = schema.resolve(type_)
    match kind:
        case Bool():
            return 1
        case Int():
            return _integer_bits(value)
        case Float():
            return kind.bits
        case String():
            return 8 * len(value.encode())
        case Bytes():
            return 8 * len(value)
        case Enum():
            return (len(kind.symbols) - 1).bit_length()
        case Timestamp():
            return 64
        case Uuid():
            return 128
        case Decimal():
            return _integer_bits(int(PyDecimal(value.as_tuple()._replace(exponent=0))))
        case List():
            return sum(_bits(item, kind.item, schema) for item in value)
        case Map():
            return sum(_bits(k, kind.key, schema) + _bits(v, kind.value, schema) for k, v in value.items())
        case Union():
            return sum(_bits(value[a.key], a.type, schema) for a in kind.alternatives if a.key in value)
        case Record():
            return sum(_bits(value[f.key], f.type, schema) for f in kind.fields if f.key in value)
        case _:
            assert_never(kind)


def leaves(value: Value, schema: Schema) -> Iterator[tuple[Path, Value]]:
    """The path and the value of every scalar in a message, in the order of the schema."""
    return _leaves(value, Ref(schema.root), schema, ())


def _leaves(value: Value, type_: Type, schema: Schema, path: Path) -> Iterator[tuple[Path, Value]]:
    kind = schema.resolve(type_)
    match kind:
        case Bool() | Int() | Float() | String() | Bytes() | Enum() | Timestamp() | Uuid() | Decimal():
            yield path, value
        case List():
            for i, item in enumerate(value):
                yield from _leaves(item, kind.item, schema, (*path, i))
        case Map():
            for key, item in value.items():
                yield from _leaves(item, kind.value, schema, (*path, key))
        case Union(alternatives=members) | Record(fields=members):
            for member in members:
                if member.key in value:
                    yield from _leaves(value[member.key], member.type, schema, (*path, member.key))
        case _:
            assert_never(kind)


def at(value: Value, path: Path) -> Value:
    """What stands at a path of a value; raises `KeyError` or `IndexError` where nothing does."""
    for step in path:
        value = value[step]
    return value


def path_text(path: Path) -> str:
    """A path as errors write it: `$.employees[2].lastName`."""
    return "$" + "".join(f".{step}" if isinstance(step, str) else f"[{step}]" for step in path)
