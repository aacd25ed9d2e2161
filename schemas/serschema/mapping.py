"""From the JSON that people have to values: a function compiled for a schema, generous in what it takes, never lossy.

Beside the plain-JSON form (`serschema.jsonform`) it understands the JSON mapping of Protocol Buffers ("ProtoJSON
Format", protobuf.dev) and the JSON that a schema was inferred from:

- a field by its `key`, its `name`, or the name in lower camel case;
- a `oneof` flattened: an alternative's key stands in the record itself;
- integers as strings and as floats without a fraction, floats as strings; an integer in a field of floats if binary64
  holds it exactly; a field of 32 bits takes the nearest binary32, as every parser of Protocol Buffers does;
- base64 and base64url, with or without padding; an enum by its symbol or its number; times with 0 to 9 decimals and any
  offset; a UUID as text or as 16 octets in base64; a decimal as a string or a number of at most 15 digits;
- null for an absent optional field, and for the alternatives of a union beside the chosen one, as tables have them; a
  list or a map that is null or missing, which is then empty;
- an untagged union, if its alternatives are called after the kinds of JSON, and a bare value where the root is the
  record of one field `value`: what `serschema.load.infer` makes.

What the schema cannot hold is an error: a time finer than a microsecond, a decimal with too many digits. Ranges and
lengths are left to `serschema.values.check`.
"""

import base64
import binascii
import math
import re
import struct
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Context, Inexact, InvalidOperation
from decimal import Decimal as PyDecimal
from typing import Any, TypeAlias, assert_never
from uuid import UUID

from serschema.errors import ValueMismatch, Words
from serschema.model import (
    MAX_DEPTH,
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
    Value,
)

Convert: TypeAlias = Callable[[Any], Value]

KINDS: dict[type, tuple[str, ...]] = {
    type(None): ("null",),
    bool: ("boolean",),
    int: ("integer", "unsigned", "number"),
    float: ("number",),
    str: ("string",),
    list: ("array",),
    dict: ("object",),
}
"""By the Python type of a JSON value, the alternatives of an untagged union that take it, the first that can."""

KIND_NAMES = frozenset(name for names in KINDS.values() for name in names)

ROOT_FIELD = "value"
"""The one field of the record in which a root that is no object is wrapped."""

NULL_TYPE = "Null"
"""The record without fields that stands for null."""

_MOST_EXACT = 1 << 53
_INTEGER = re.compile(r"-?[0-9]{1,20}")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")
_TIME = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,9}))?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_UUID = re.compile(r"[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]*={0,2}")
_EXACT = Context(prec=1001, traps=[InvalidOperation, Inexact])
_BINARY32 = struct.Struct("<f")
_SPECIAL = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def compile(schema: Schema, *, proto_defaults: bool = False, inferred: bool = False, wrapped: bool = False) -> Convert:
    """A function from a JSON value (as `json.loads` gives it) to a value of the schema; it raises `ValueMismatch`.

    `proto_defaults`: a required scalar or enum that is missing or null is zero, as proto3's writers leave zeros out.
    `inferred`: the JSON is of the kind that the schema was inferred from, and unions are never tagged; `wrapped`: the
    root is always the bare value of the record's one field.
    """
    compiler = _Compiler(schema, proto_defaults, inferred)
    root = compiler.convert(Ref(schema.root))
    bare = compiler.bare(wrapped)

    def convert(plain: Any) -> Value:
        try:
            return {ROOT_FIELD: bare(plain)} if bare is not None and (wrapped or _is_bare(plain)) else root(plain)
        except Mismatch as error:
            raise ValueMismatch("$" + "".join(reversed(error.steps)), error.expected, error.found) from None
        except RecursionError:
            raise ValueMismatch("$", f"at most {MAX_DEPTH} levels of nesting", Words("more")) from None

    return convert


class Mismatch(Exception):
    """What `ValueMismatch` says, while the path to it is still being found: its steps, the innermost first."""

    def __init__(self, expected: str, found: object, *steps: str) -> None:
        super().__init__(expected)
        self.expected = expected
        self.found = found
        self.steps = list(steps)


def _is_bare(plain: Any) -> bool:
    return type(plain) is not dict or (bool(plain) and ROOT_FIELD not in plain)


class _Compiler:
    """The functions of one schema. Those of named types are found in a table when they are called: types recur."""

    def __init__(self, schema: Schema, proto_defaults: bool, inferred: bool) -> None:
        self.schema = schema
        self.proto_defaults = proto_defaults
        self.inferred = inferred
        self.named: dict[str, Convert] = {}
        for type_ in schema.types:
            match type_:
                case Enum():
                    self.named[type_.name] = _enum(type_)
                case Union():
                    self.named[type_.name] = self.union(type_)
                case Record():
                    self.named[type_.name] = self.record(type_)

    def bare(self, wrapped: bool) -> Convert | None:
        """The conversion of the one field that a root which is no object is wrapped in."""
        fields = self.schema.record.fields
        if len(fields) == 1 and fields[0].key == ROOT_FIELD and (wrapped or not self.inferred):
            return self.convert(fields[0].type)
        return None

    def convert(self, type_: Type) -> Convert:
        match type_:
            case Bool() | String():
                return _same
            case Int():
                return _integer
            case Float(bits):
                return _float if bits == 64 else _float32
            case Bytes():
                return _bytes
            case Timestamp():
                return _timestamp
            case Uuid():
                return _uuid
            case Decimal():
                return _decimal(type_)
            case List(item=item):
                return _list(self.convert(item))
            case Map(key=key, value=value):
                return _map(_KEYS[type(key)], self.convert(value))
            case Ref(name):
                named = self.named
                return lambda plain: named[name](plain)
            case _:
                assert_never(type_)

    def union(self, union: Union) -> Convert:
        members: dict[str, tuple[str, Convert]] = {}
        for spelling in _SPELLINGS:
            for member in union.alternatives:
                members.setdefault(spelling(member), (member.key, self.convert(member.type)))
        integers = {member.key: member.type for member in union.alternatives if isinstance(member.type, Int)}
        keys = {member.key for member in union.alternatives}
        untagged = keys <= KIND_NAMES
        expected = f"an object with one of {', '.join(member.key for member in union.alternatives)}"

        def by_kind(plain: Any) -> Value:
            for name in KINDS[type(plain)]:
                if name in keys:
                    kind = integers.get(name)
                    if kind is None or kind.lower <= plain <= kind.upper:
                        return {name: members[name][1](plain)}
            raise Mismatch(f"one of {', '.join(sorted(keys))}", plain)

        def tagged(plain: Any) -> Value:
            chosen = plain
            if type(plain) is dict and len(plain) > 1:
                chosen = {tag: item for tag, item in plain.items() if item is not None or tag not in members}
            if type(chosen) is dict and len(chosen) == 1:
                [(tag, item)] = chosen.items()
                if tag in members:
                    key, convert = members[tag]
                    try:
                        return {key: convert(item)}
                    except Mismatch as error:
                        error.steps.append(f".{tag}")
                        raise
            if untagged:
                return by_kind(plain)
            raise Mismatch(expected, plain)

        return by_kind if self.inferred and untagged else tagged

    def record(self, record: Record) -> Convert:
        table: dict[str, tuple[str, str, Convert]] = {}
        for spelling in _SPELLINGS:
            for field in record.fields:
                table.setdefault(spelling(field), (field.key, "", self.convert(field.type)))
        for spelling in _SPELLINGS:
            for field in record.fields:
                kind = self.schema.resolve(field.type)
                for member in kind.alternatives if isinstance(kind, Union) else ():
                    table.setdefault(spelling(member), (field.key, member.key, self.convert(member.type)))
        defaults = {
            field.key: default
            for field in record.fields
            if not field.optional and (default := self.default(field.type)) is not None
        }
        skipped = {f.key for f in record.fields if f.optional and not self.takes_null(f.type)} | set(defaults)
        null = self.takes_null(Ref(record.name))

        def convert(plain: Any) -> Value:
            if type(plain) is not dict:
                if plain is None and null:
                    return {}
                raise Mismatch(f"an object for {record.name}", plain)
            value: dict[str, Value] = {}
            for key, item in plain.items():
                if key not in table:
                    raise Mismatch(f"only fields of {record.name}", Words(f"a field {key!r}"))
                target, alternative, function = table[key]
                if item is None and (alternative or target in skipped):
                    continue
                if target in value:
                    raise Mismatch(f"{target!r} once", Words(f"it again as {key!r}"))
                try:
                    value[target] = {alternative: function(item)} if alternative else function(item)
                except Mismatch as error:
                    error.steps.append(f".{key}")
                    raise
            for target, default in defaults.items():
                if target not in value:
                    value[target] = default()
            return value

        return convert

    def takes_null(self, type_: Type) -> bool:
        """Whether null is a value of the type, and not the absence of one."""
        kind = self.schema.resolve(type_)
        match kind:
            case Union(alternatives=members):
                return any(member.key == "null" for member in members)
            case Record(name, fields):
                return name == NULL_TYPE and not fields
            case _:
                return False

    def default(self, type_: Type) -> Callable[[], Value] | None:
        """What makes the value of a required field that is missing; None where it has to be given."""
        kind = self.schema.resolve(type_)
        match kind:
            case List():
                return list
            case Map():
                return dict
            case Bool() | Int() | Float() | String() | Bytes() if self.proto_defaults:
                return _ZERO[type(kind)]
            case Enum(symbols=symbols) if self.proto_defaults:
                zero = next((symbol for symbol, number in symbols if number == 0), symbols[0][0])
                return lambda: zero
            case _:
                return None


def lower_camel(name: str) -> str:
    """The name that Protocol Buffers gives a field in JSON: each `_` goes and makes the next letter a capital."""
    return re.sub(r"_+(.?)", lambda found: found[1].upper(), name)


_SPELLINGS: tuple[Callable[[Field], str], ...] = (
    lambda field: field.key,
    lambda field: field.name,
    lambda field: lower_camel(field.name),
)
"""How a field may be called, the surest first: where two fields lay claim to a name, that order decides."""

_ZERO: dict[type, Callable[[], Value]] = {Bool: bool, Int: int, Float: float, String: str, Bytes: bytes}


def _same(plain: Any) -> Value:
    return plain


def _integer(plain: Any) -> Value:
    match plain:
        case str() if _INTEGER.fullmatch(plain):
            return int(plain)
        case float() if plain.is_integer() and abs(plain) <= _MOST_EXACT:
            return int(plain)
        case bool() | str() | float() | None | list() | dict():
            raise Mismatch("an integer", plain)
        case _:
            return plain


def _float(plain: Any) -> float:
    match plain:
        case float():
            return plain
        case bool():
            pass
        case int():
            try:
                if (number := float(plain)) == plain:
                    return number
            except OverflowError:
                pass
            raise Mismatch("a number that binary64 holds exactly", plain)
        case str() if plain in _SPECIAL:
            return _SPECIAL[plain]
        case str() if plain.startswith("NaN:") and len(plain) == 20:
            return _nan(plain)
        case str() if _NUMBER.fullmatch(plain) and math.isfinite(number := float(plain)):
            return number
    raise Mismatch("a number", plain)


def _nan(text: str) -> float:
    try:
        value: float = struct.unpack(">d", bytes.fromhex(text[4:]))[0]
    except (ValueError, struct.error):
        value = 0.0
    if not math.isnan(value):
        raise Mismatch("the 64 bits of a NaN", text)
    return value


def _float32(plain: Any) -> float:
    number = _float(plain)
    if math.isnan(number):
        return number
    try:
        rounded: float = _BINARY32.unpack(_BINARY32.pack(number))[0]
    except OverflowError:
        raise Mismatch("a number in the range of binary32", plain) from None
    return rounded


def _bytes(plain: Any) -> bytes:
    if type(plain) is str and _BASE64.fullmatch(plain):
        text = plain.rstrip("=").replace("-", "+").replace("_", "/")
        padding = -len(text) % 4
        if padding < 3 and len(plain) - len(text) in (0, padding):
            data = binascii.a2b_base64(text + "=" * padding)
            if base64.b64encode(data).decode() == text + "=" * padding:  # no bits are set that no octet has
                return data
    raise Mismatch("base64", plain)


def _timestamp(plain: Any) -> datetime:
    found = _TIME.fullmatch(plain) if type(plain) is str else None
    if found is None:
        raise Mismatch("an RFC 3339 time with its offset, as 2024-01-31T12:00:00Z", plain)
    date, time, fraction, offset = found.groups()
    digits = (fraction or "").ljust(9, "0")
    if digits[6:] != "000":
        raise Mismatch("a time in microseconds, without nanoseconds", plain)
    try:
        value = datetime.fromisoformat(f"{date}T{time}.{digits[:6]}{offset.upper().replace('Z', '+00:00')}")
        return value.astimezone(UTC)
    except (ValueError, OverflowError):
        raise Mismatch("a time that exists, in the years 1 to 9999", plain) from None


def _uuid(plain: Any) -> UUID:
    if type(plain) is str:
        if _UUID.fullmatch(plain):
            return UUID(plain)
        if len(plain) in (22, 24) and len(octets := _bytes(plain)) == 16:
            return UUID(bytes=octets)
    raise Mismatch("a UUID", plain)


def _decimal(kind: Decimal) -> Convert:
    unit = PyDecimal(1).scaleb(-kind.scale)
    expected = f"a decimal with at most {kind.precision} digits, {kind.scale} of them decimals"

    def convert(plain: Any) -> PyDecimal:
        match plain:
            case bool():
                raise Mismatch(expected, plain)
            case int():
                text = str(plain)
            case float():
                text = repr(plain)
                if len(text.partition("e")[0].strip("-0").replace(".", "")) > 15:
                    raise Mismatch(f"{expected}, as a string for it is long", plain)
            case str() if len(plain) < 1100 and _NUMBER.fullmatch(plain):
                text = plain
            case _:
                raise Mismatch(expected, plain)
        try:
            number = PyDecimal(text).quantize(unit, context=_EXACT)
        except ArithmeticError:
            raise Mismatch(expected, plain) from None
        return number if number else abs(number)

    return convert


def _list(item: Convert) -> Convert:
    def convert(plain: Any) -> Value:
        if type(plain) is not list:
            raise Mismatch("a list", plain)
        items: list[Value] = []
        try:
            for found in plain:
                items.append(item(found))
        except Mismatch as error:
            error.steps.append(f"[{len(items)}]")
            raise
        return items

    return convert


def _map(key: Convert, value: Convert) -> Convert:
    def convert(plain: Any) -> Value:
        if type(plain) is not dict:
            raise Mismatch("an object", plain)
        entries: dict[Value, Value] = {}
        for name, item in plain.items():
            try:
                entries[key(name)] = value(item)
            except Mismatch as error:
                error.steps.append(f"[{name!r}]")
                raise
        if len(entries) < len(plain):
            raise Mismatch("each key once", Words("one key in two spellings"))
        return entries

    return convert


def _bool_key(text: str) -> bool:
    if text not in ("true", "false"):
        raise Mismatch('a key "true" or "false"', text)
    return text == "true"


def _int_key(text: str) -> int:
    if not _INTEGER.fullmatch(text):
        raise Mismatch("a key that is an integer", text)
    return int(text)


_KEYS: dict[type, Convert] = {Bool: _bool_key, Int: _int_key, String: _same}


def _enum(enum: Enum) -> Convert:
    symbols = {number: symbol for symbol, number in enum.symbols}
    known = set(symbols.values())
    expected = f"one of {', '.join(symbol for symbol, _ in enum.symbols)}"

    def convert(plain: Any) -> str:
        if type(plain) is int and plain in symbols:
            return symbols[plain]
        if type(plain) is not str or plain not in known:
            raise Mismatch(expected, plain)
        return plain

    return convert
