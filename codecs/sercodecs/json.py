"""JSON (RFC 8259), an object for a record, by two libraries; both are made to write the same members.

A record is an object by `Field.key`, an absent optional field has no member; a list is an array; a map is an object
whose keys are strings ("-7", "true"); a union is an object with the one member {"alternative": value}. Bytes are base64
(RFC 4648, section 4), a timestamp is RFC 3339 with `Z`, a UUID and a decimal are their text in a string, an enum is
its symbol.

What a library writes by itself is left to it: timestamps, UUIDs and keys that are not strings to orjson, keys that
are not strings to the standard library. The rest is converted by functions generated for the schema (`sercodecs.tree`).
Decoding makes the value again from the schema, with one care that the schema has to bring: JSON has one type of number
(section 6), so `102` in a field of floats is 102.0. Nothing else is checked.

Lost: NaN payloads (standard library), NaN and infinities (orjson writes null, which is read as NaN).
Bounds of orjson: 64-bit integers, 254 arrays and objects inside one another when writing, 1024 when reading.
"""

import binascii
import math
from datetime import datetime
from decimal import Decimal as PyDecimal
from typing import Any
from uuid import UUID

from serschema.limits import Limits
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
    Schema,
    String,
    Timestamp,
    Type,
    Uuid,
)

from sercodecs.contract import Codec, CodecInfo, Format, assemble
from sercodecs.json_explain import explain
from sercodecs.tree import Rules, conversions

FORMAT = Format(
    name="json",
    title="JSON",
    specification="RFC 8259",
    textual=True,
    self_describing=True,
    byte_order="none",
)

_BASE64_TEXT = 'b2a_base64({}, newline=False).decode("ascii")'
_KEY_TEXT = {True: "true", False: "false"}
_KEY_BOOL = {text: value for value, text in _KEY_TEXT.items()}

ORJSON_OUT = Rules(
    values={Bytes: _BASE64_TEXT, Decimal: "format({}, 'f')"},
    names={"b2a_base64": binascii.b2a_base64},
)
STDLIB_OUT = Rules(
    values={
        Bytes: _BASE64_TEXT,
        Timestamp: '{}.isoformat().replace("+00:00", "Z")',
        Uuid: "str({})",
        Decimal: "format({}, 'f')",
    },
    names={"b2a_base64": binascii.b2a_base64},
)
IN = Rules(
    values={
        Float: "{} if type({}) is float else number({})",
        Bytes: "a2b_base64({}, strict_mode=True)",
        Timestamp: "timestamp({})",
        Uuid: "UUID({})",
        Decimal: "Decimal({})",
    },
    keys={Bool: "boolean[{}]", Int: "int({})"},
    names={
        "number": lambda found: math.nan if found is None else float(found),
        "a2b_base64": binascii.a2b_base64,
        "timestamp": datetime.fromisoformat,
        "UUID": UUID,
        "Decimal": PyDecimal,
        "boolean": _KEY_BOOL,
    },
)


def compile_orjson(schema: Schema, /) -> Codec:
    """JSON by orjson. The option for keys that are no strings slows all objects: only a schema with some gets it."""
    import orjson

    option = orjson.OPT_UTC_Z
    if _has_keys_to_convert(schema):
        option |= orjson.OPT_NON_STR_KEYS
    dumps = orjson.dumps

    def encode_native(plain: Any) -> bytes:
        return dumps(plain, None, option)

    tree = conversions(schema, f"json/orjson {schema.root}", ORJSON_OUT, IN)
    return assemble(schema, encode_native, orjson.loads, *tree)


def compile_stdlib(schema: Schema, /) -> Codec:
    """JSON by the standard library. Its NaN and Infinity are the usual extension, which few other readers take."""
    import json

    dumps = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode
    loads = json.JSONDecoder().decode

    def encode_native(plain: Any) -> bytes:
        return dumps(plain).encode()

    def decode_native(data: bytes) -> Any:
        return loads(data.decode())

    tree = conversions(schema, f"json/stdlib {schema.root}", STDLIB_OUT, IN)
    return assemble(schema, encode_native, decode_native, *tree)


def _has_keys_to_convert(schema: Schema) -> bool:
    """Whether some map of the schema has keys that are not strings."""

    def has(type_: Type) -> bool:
        match type_:
            case List(item=item):
                return has(item)
            case Map(key=key, value=value):
                return not isinstance(key, String) or has(value)
            case _:
                return False

    members = [
        m
        for t in schema.types
        if not isinstance(t, Enum)
        for m in (t.fields if isinstance(t, Record) else t.alternatives)
    ]
    return any(has(member.type) for member in members)


CODECS = (
    CodecInfo(
        format=FORMAT,
        implementation="orjson",
        distribution="orjson",
        language="Rust",
        licence="MPL-2.0 AND (Apache-2.0 OR MIT)",
        limits=Limits(integers=(-(1 << 63), (1 << 64) - 1), nan="canonical", infinity="nan"),
        validates=False,
        compile=compile_orjson,
        explain=explain,
    ),
    CodecInfo(
        format=FORMAT,
        implementation="stdlib",
        distribution="python",
        language="C",
        licence="PSF-2.0",
        limits=Limits(nan="canonical"),
        validates=False,
        compile=compile_stdlib,
        explain=explain,
    ),
)
