"""JSON Schema (draft 2020-12) of the documents that the codecs `json/*` write.

    Bool                   boolean
    Int                    integer with its bounds; `format` says the width, as in the OpenAPI format registry
    Float                  number, format float or double; JSON has no NaN and no infinity
    String                 string, maxLength
    Bytes                  string in base64 (contentEncoding), its length bounded in characters
    Enum                   enum of the symbols
    Timestamp, Uuid        string, format date-time or uuid
    Decimal                string with a pattern
    List                   array, minItems, maxItems
    Map                    object; what is no string is one as a key: "-7", "true"
    Union                  object of one member, one of the alternatives
    Record                 object of these members and no others, those that are not optional required

Named types stand in `$defs`, members go by their keys. Numbers of fields and symbols are not kept, nor are names that
differ from the keys.
"""

import json
from typing import Any, assert_never

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
    Ref,
    Schema,
    String,
    Timestamp,
    Type,
    Union,
    Uuid,
)

DIALECT = "https://json-schema.org/draft/2020-12/schema"
PLAIN_SCALE = 6
"""A decimal with more decimals may be written with an exponent (General Decimal Arithmetic, to-scientific-string)."""


def write(schema: Schema) -> str:
    """The text of a JSON Schema."""
    document = {
        "$schema": DIALECT,
        "title": schema.root,
        **_described(schema.doc),
        "$ref": f"#/$defs/{schema.root}",
        "$defs": {type.name: _definition(type) for type in schema.types},
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _described(doc: str) -> dict[str, Any]:
    return {"description": doc} if doc else {}


def _definition(type: Enum | Union | Record) -> dict[str, Any]:
    match type:
        case Enum():
            made: dict[str, Any] = {"enum": [symbol for symbol, _ in type.symbols]}
        case Union():
            made = {"oneOf": [_object((alternative,), [alternative.key]) for alternative in type.alternatives]}
        case Record():
            made = _object(type.fields, [field.key for field in type.fields if not field.optional])
        case _:
            assert_never(type)
    return {**_described(type.doc), **made}


def _object(fields: tuple[Field, ...], required: list[str]) -> dict[str, Any]:
    properties = {field.key: {**_described(field.doc), **_type(field.type)} for field in fields}
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _type(type_: Type) -> dict[str, Any]:
    match type_:
        case Bool():
            return {"type": "boolean"}
        case Int():
            width = f"{'' if type_.signed else 'u'}int{type_.bits}"
            return {"type": "integer", "format": width, "minimum": type_.lower, "maximum": type_.upper}
        case Float(bits):
            return {"type": "number", "format": "float" if bits == 32 else "double"}
        case String(most):
            return {"type": "string", **_bounded("Length", 0, most)}
        case Bytes(least, most):
            length = _bounded("Length", _base64(least), None if most is None else _base64(most))
            return {"type": "string", "contentEncoding": "base64", **length}
        case Timestamp():
            return {"type": "string", "format": "date-time"}
        case Uuid():
            return {"type": "string", "format": "uuid"}
        case Decimal():
            return {"type": "string", "pattern": _decimal(type_)}
        case List():
            bounds = _bounded("Items", type_.min_length, type_.max_length)
            return {"type": "array", "items": _type(type_.item), **bounds}
        case Map():
            return {"type": "object", **_key(type_.key), "additionalProperties": _type(type_.value)}
        case Ref(name):
            return {"$ref": f"#/$defs/{name}"}
        case _:
            assert_never(type_)


def _key(type_: Type) -> dict[str, Any]:
    match type_:
        case Bool():
            return {"propertyNames": {"enum": ["true", "false"]}}
        case Int():
            return {"propertyNames": {"pattern": "^(0|-?[1-9][0-9]*)$"}}
        case String(most) if most is not None:
            return {"propertyNames": {"maxLength": most}}
        case _:
            return {}


def _bounded(what: str, least: int, most: int | None) -> dict[str, int]:
    bounds = {f"min{what}": least or None, f"max{what}": most}
    return {name: bound for name, bound in bounds.items() if bound is not None}


def _base64(octets: int) -> int:
    """How many characters base64 makes of octets (RFC 4648, section 4)."""
    return (octets + 2) // 3 * 4


def _decimal(kind: Decimal) -> str:
    if kind.scale > PLAIN_SCALE:
        return r"^-?[0-9]+(\.[0-9]+)?(E[-+]?[0-9]+)?$"
    whole = f"[0-9]{{1,{max(kind.precision - kind.scale, 1)}}}"
    return f"^-?{whole}\\.[0-9]{{{kind.scale}}}$" if kind.scale else f"^-?{whole}$"
