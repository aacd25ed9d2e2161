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

Named types stand in `$defs`, members go by their keys. What the language cannot say is the keyword `x-serbench`, which
`serschema.load.jsonschema` heeds: it reads a document back to the same schema.
"""

import json
from typing import Any, assert_never

from serschema.idl import attribute
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
KEYWORD = f"x-{attribute.ATTRIBUTE}"
PLAIN_SCALE = 6
"""A decimal with more decimals may be written with an exponent (General Decimal Arithmetic, to-scientific-string)."""
WITH_EXPONENT = r"^-?[0-9]+(\.[0-9]+)?(E[-+]?[0-9]+)?$"


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
            symbols = tuple((symbol, number) for number, (symbol, _) in enumerate(type.symbols))
            said = attribute.of_type(type, name=type.name, doc=type.doc, symbols=symbols)
            made: dict[str, Any] = {"enum": [symbol for symbol, _ in symbols], **_annotated(said)}
        case Union():
            numbered = enumerate(type.alternatives, 1)
            made = {"oneOf": [_object(((number, field),), [field.key]) for number, field in numbered]}
        case Record():
            made = _object(tuple(enumerate(type.fields, 1)), [field.key for field in type.fields if not field.optional])
        case _:
            assert_never(type)
    return {**_described(type.doc), **made}


def _object(fields: tuple[tuple[int, Field], ...], required: list[str]) -> dict[str, Any]:
    """The schema of an object of some fields, each with its position."""
    properties = {field.key: _property(field, position) for position, field in fields}
    return {"type": "object", "properties": properties, "required": required, "additionalProperties": False}


def _property(field: Field, position: int) -> dict[str, Any]:
    type_ = attribute.bare(field.type, bare)
    said = attribute.of_field(field, Field(field.key, position, type_, doc=field.doc))
    return {**_described(field.doc), **_type(field.type), **_annotated(said)}


def _annotated(said: dict[str, Any]) -> dict[str, Any]:
    return {KEYWORD: said} if said else {}


def bare(type_: Type) -> Type:
    """What a schema says of a type."""
    match type_:
        case Bytes(least, most):
            return Bytes((least + 2) // 3 * 3 - 2 if least else 0, None if most is None else (most + 2) // 3 * 3)
        case Decimal(precision, scale):
            return Decimal(max(precision - scale, 1) + scale, scale) if scale <= PLAIN_SCALE else String()
        case Map(key=Int()):
            return Map(Int(64), type_.value)
        case _:
            return attribute.unhinted(type_)


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
        return WITH_EXPONENT
    whole = f"[0-9]{{1,{max(kind.precision - kind.scale, 1)}}}"
    return f"^-?{whole}\\.[0-9]{{{kind.scale}}}$" if kind.scale else f"^-?{whole}$"
