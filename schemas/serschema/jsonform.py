"""Schemas and values as plain JSON: what data files hold, and what the harness and its workers exchange.

A value's JSON follows the kinds: integers stay integers, a finite float is a number, another is `"NaN"`, `"Infinity"`,
`"-Infinity"` or `"NaN:7ff8000000000001"` (its 64 bits, where they are not the usual ones); bytes are base64 (RFC 4648,
section 4), a timestamp is RFC 3339 with six decimals and `Z`, a UUID and a decimal are their text, a map's key is a
string (`"true"`, `"-7"`), a union is `{"alternative": value}`.
"""

import base64
import math
import struct
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, timedelta
from decimal import Context, Inexact, InvalidOperation
from decimal import Decimal as PyDecimal
from typing import Any, assert_never
from uuid import UUID

from serschema import model
from serschema.errors import ValueMismatch
from serschema.limits import CANONICAL_NAN_BITS
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


def schema_to_json(schema: Schema) -> dict[str, Any]:
    """The schema as JSON objects, each with its class as `kind`; `schema_from_json` is the inverse."""
    plain = _dump(schema)
    assert isinstance(plain, dict)
    return plain


def _dump(part: Any) -> Any:
    if is_dataclass(part):
        held = {field.name: _dump(getattr(part, field.name)) for field in fields(part) if field.init}
        return {"kind": type(part).__name__, **held}
    return [_dump(item) for item in part] if isinstance(part, tuple) else part


def schema_from_json(plain: dict[str, Any]) -> Schema:
    """Read what `schema_to_json` wrote."""
    schema = _restore(plain)
    assert isinstance(schema, Schema)
    return schema


def _restore(plain: Any) -> Any:
    if isinstance(plain, dict):
        held = {name: _restore(item) for name, item in plain.items() if name != "kind"}
        return getattr(model, plain["kind"])(**held)
    return tuple(_restore(item) for item in plain) if isinstance(plain, list) else plain


def timestamp_text(value: datetime) -> str:
    """RFC 3339 with six decimals and `Z`."""
    return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def duration_text(value: timedelta) -> str:
    """ISO 8601 in days and seconds."""
    days, seconds = divmod(abs(value), timedelta(1))
    return f"{'-' if value < timedelta() else ''}P{days}DT{seconds / timedelta(0, 1):f}S"


def to_json(value: Value, schema: Schema) -> Any:
    """The JSON form of a value of the schema's root; integers and floats stay exact."""
    return _to_json(value, Ref(schema.root), schema)


def _to_json(value: Value, type_: Type, schema: Schema) -> Any:
    kind = schema.resolve(type_)
    match kind:
        case Bool() | Int() | String() | Enum():
            return value
        case Float():
            if math.isfinite(value):
                return value
            if math.isinf(value):
                return "Infinity" if value > 0 else "-Infinity"
            bits = float_bits(value)
            return "NaN" if bits == CANONICAL_NAN_BITS else f"NaN:{bits:016x}"
        case Bytes():
            return base64.b64encode(value).decode()
        case Timestamp():
            return timestamp_text(value)
        case Uuid() | Decimal():
            return format(value, "f") if isinstance(value, PyDecimal) else str(value)
        case List():
            return [_to_json(item, kind.item, schema) for item in value]
        case Map():
            return {key_text(key): _to_json(item, kind.value, schema) for key, item in value.items()}
        case Union(alternatives=members) | Record(fields=members):
            return {m.key: _to_json(value[m.key], m.type, schema) for m in members if m.key in value}
        case _:
            assert_never(kind)


def key_text(key: Value) -> str:
    """A map's key as a string: `true`, `-7`, or the string itself."""
    return key if isinstance(key, str) else str(key).lower()


def from_json(plain: Any, schema: Schema) -> Value:
    """The value that a JSON form stands for; raises `ValueMismatch` where it is not one of the schema.

    It does not check ranges and lengths: `serschema.values.check` does.
    """
    return _from_json(plain, Ref(schema.root), schema, "$")


def _from_json(plain: Any, type_: Type, schema: Schema, path: str) -> Value:
    kind = schema.resolve(type_)
    match kind:
        case Bool() | Int() | String() | Enum():
            return plain
        case Float():
            return _float(plain, path)
        case Bytes():
            return _parsed(lambda text: base64.b64decode(text, validate=True), plain, "base64", path)
        case Timestamp():
            return _parsed(_timestamp, plain, "an RFC 3339 time with its offset", path)
        case Uuid():
            return _parsed(UUID, plain, "a UUID", path)
        case Decimal():
            return _parsed(lambda text: PyDecimal(text).quantize(PyDecimal(1).scaleb(-kind.scale), context=_EXACT),
                           plain, f"a decimal with at most {kind.scale} decimals, as a string", path)  # fmt: skip
        case List():
            if not isinstance(plain, list):
                raise ValueMismatch(path, "a list", plain)
            return [_from_json(item, kind.item, schema, f"{path}[{i}]") for i, item in enumerate(plain)]
        case Map():
            if not isinstance(plain, dict):
                raise ValueMismatch(path, "an object", plain)
            return {
                _key(key, kind.key, path): _from_json(item, kind.value, schema, f"{path}[{key!r}]")
                for key, item in plain.items()
            }
        case Union(alternatives=members) | Record(fields=members):
            if not isinstance(plain, dict):
                raise ValueMismatch(path, f"an object for {kind.name}", plain)
            types = {member.key: member.type for member in members}
            for key in plain:
                if key not in types:
                    raise ValueMismatch(path, f"only members of {kind.name}", key)
            return {key: _from_json(item, types[key], schema, f"{path}.{key}") for key, item in plain.items()}
        case _:
            assert_never(kind)


def _float(plain: Any, path: str) -> float:
    if isinstance(plain, float):
        return plain
    if isinstance(plain, int) and not isinstance(plain, bool) and abs(plain) <= 1 << 53:
        return float(plain)
    match plain:
        case "NaN":
            return math.nan
        case "Infinity":
            return math.inf
        case "-Infinity":
            return -math.inf
        case str() if plain.startswith("NaN:") and len(plain) == 20:
            return _parsed(_nan, plain, "the 64 bits of a NaN", path)  # type: ignore[no-any-return]
    raise ValueMismatch(path, "a number", plain)


def _nan(text: str) -> float:
    value: float = struct.unpack(">d", int(text[4:], 16).to_bytes(8, "big"))[0]
    if not math.isnan(value):
        raise ValueError("the bits of a number")
    return value


def _timestamp(text: str) -> datetime:
    value = datetime.fromisoformat(text)
    if value.tzinfo is None:
        raise ValueError("no offset from UTC")
    return value.astimezone(UTC)


_EXACT = Context(prec=1001, traps=[InvalidOperation, Inexact])


def _parsed(parse: Any, plain: Any, expected: str, path: str) -> Value:
    if not isinstance(plain, str):
        raise ValueMismatch(path, expected, plain)
    try:
        return parse(plain)
    except (ValueError, ArithmeticError):
        raise ValueMismatch(path, expected, plain) from None


def _key(text: str, type_: Type, path: str) -> Value:
    match type_:
        case Bool():
            if text in ("true", "false"):
                return text == "true"
            raise ValueMismatch(path, 'a key "true" or "false"', text)
        case Int():
            return _parsed(int, text, "a key that is an integer", path)
        case _:
            return text
