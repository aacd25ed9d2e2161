"""What an IDL cannot say of a field or a type: the attribute `serbench` of its declaration, which others pass over.

A writer says what an importer would make of the bare declaration, and gets what there is to say besides (nothing, for
most). An importer hands in what it read, with the attribute, and gets what was written. The attribute is JSON:

    of a field   `name`, `number`, `key`, `doc`, and `type`, an object of its `kind` and what is not the default in it
    of a type    `name`, `doc`; `symbols` and `numbers` of an enum; of a message's `root`, and the `schema_doc`

Where the attribute's type is not what the declaration beside it would be for that type, one of them was edited, and
that is an error: neither is believed.
"""

import json
from collections.abc import Callable
from dataclasses import MISSING, fields, replace
from typing import Any

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
    Schema,
    String,
    Timestamp,
    Type,
    Uuid,
    uses,
)

ATTRIBUTE = "serbench"
KINDS = {kind.__name__: kind for kind in (Bool, Int, Float, String, Bytes, Timestamp, Uuid, Decimal, List, Map, Ref)}
CODINGS = ("plain", "zigzag", "fixed")

Bare = Callable[[Type], Type]


class Unfit(ValueError):
    """The attribute says what it cannot; the text is one clause."""


def bare(type_: Type, own: Bare) -> Type:
    """What a declaration says of a type; `own` tells that of a type whose items, keys and values are bare already."""
    match type_:
        case List(item=item):
            return own(replace(type_, item=bare(item, own)))
        case Map(key, value):
            return own(Map(bare(key, own), bare(value, own)))
        case _:
            return own(type_)


def unhinted(type_: Type) -> Type:
    """The type without the hints that only Protocol Buffers heeds; the bounds that its width gives are left out."""
    match type_:
        case Int(bits, signed):
            plain = Int(bits, signed)
            least = None if type_.lower == plain.lower else type_.lower
            most = None if type_.upper == plain.upper else type_.upper
            return Int(bits, signed, least, most)
        case List():
            return replace(type_, packed=True)
        case _:
            return type_


# Writers


def of_field(field: Field, declared: Field) -> dict[str, Any]:
    """What a field is beyond its declaration."""
    names = ("name", "number", "key", "doc")
    said = {name: getattr(field, name) for name in names if getattr(field, name) != getattr(declared, name)}
    return said | ({"type": type_to_json(field.type)} if field.type != declared.type else {})


def of_type(type_: Named, *, name: str, doc: str, symbols: tuple[tuple[str, int], ...] = ()) -> dict[str, Any]:
    """What a named type is beyond its declaration: its name, its doc, and the symbols if it is an enum."""
    said: dict[str, Any] = {}
    if type_.name != name:
        said["name"] = type_.name
    if type_.doc != doc:
        said["doc"] = type_.doc
    if isinstance(type_, Enum):
        for place, what in enumerate(("symbols", "numbers")):
            if (kept := [symbol[place] for symbol in type_.symbols]) != [symbol[place] for symbol in symbols]:
                said[what] = kept
    return said


def of_root(schema: Schema) -> dict[str, Any]:
    """What there is to say of the message in a file that does not say which type it is, nor anything of the whole."""
    held = {use for type_ in schema.types for use in uses(type_) if use != type_.name}
    free = [type_.name for type_ in schema.types if isinstance(type_, Record) and type_.name not in held]
    root = {} if free == [schema.root] else {"root": True}
    return root | ({"schema_doc": schema.doc} if schema.doc else {})


def type_to_json(type_: Type) -> dict[str, Any]:
    """A type as an object of its kind and what is not the default in it."""
    said: dict[str, Any] = {"kind": type(type_).__name__}
    for part in fields(type_):
        held = getattr(type_, part.name)
        if part.default is MISSING or held != part.default:
            said[part.name] = held if isinstance(held, int | str | None) else type_to_json(held)
    return said


# Importers


def parse(text: str) -> dict[str, Any]:
    """The attribute that a text is. Raises `Unfit`."""
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        raise Unfit("it is not JSON") from None
    return checked(said)


def checked(said: Any) -> dict[str, Any]:
    """An attribute of which each member is of its type. Raises `Unfit`."""
    if not isinstance(said, dict):
        raise Unfit("it is no object")
    for name, value in said.items():
        if name in ("symbols", "numbers"):
            good = isinstance(value, list) and all(type(part) is (str if name == "symbols" else int) for part in value)
        elif name not in MEMBERS:
            raise Unfit(f"it says {name!r}")
        else:
            good = isinstance(value, MEMBERS[name]) and (type(value) is not bool or MEMBERS[name] is bool)
        if not good:
            raise Unfit(f"its {name} cannot be {value!r}"[:100])
    return said


MEMBERS = {**dict.fromkeys(("name", "key", "doc", "schema_doc"), str), "number": int, "type": dict, "root": bool}


def field(declared: Field, said: dict[str, Any], own: Bare) -> Field:
    """The field of a declaration and its attribute; `own` as for `bare`. Raises `Unfit`."""
    type_ = declared.type
    if "type" in said:
        type_ = type_from_json(said["type"])
        if bare(type_, own) != bare(declared.type, own):
            raise Unfit("it is about another type than is declared: correct it, or remove it")
    made = {name: said.get(name, getattr(declared, name)) for name in ("name", "number", "key", "doc")}
    return Field(type=type_, optional=declared.optional, **made)


def symbols(declared: tuple[tuple[str, int], ...], said: dict[str, Any]) -> tuple[tuple[str, int], ...]:
    """The symbols of an enum and its attribute. Raises `Unfit`."""
    names = said.get("symbols", [symbol for symbol, _ in declared])
    numbers = said.get("numbers", [number for _, number in declared])
    if not len(names) == len(numbers) == len(declared):
        raise Unfit("it is about another number of symbols than are declared: correct it, or remove it")
    return tuple(zip(names, numbers, strict=True))


def type_from_json(said: Any) -> Type:
    """The inverse of `type_to_json`. Raises `Unfit`."""
    kind: Any = KINDS.get(str(said.get("kind"))) if isinstance(said, dict) else None
    if kind is None:
        raise Unfit(f"it has no type {said!r}"[:100])
    held: dict[str, Any] = {}
    for part in fields(kind):
        if part.name in said:
            held[part.name] = _member(kind.__name__, part.name, said[part.name])
        elif part.default is MISSING:
            raise Unfit(f"its {kind.__name__} lacks {part.name!r}")
    if unknown := said.keys() - held.keys() - {"kind"}:
        raise Unfit(f"its {kind.__name__} says {min(unknown)!r}")
    made: Type = kind(**held)
    return made


def _member(kind: str, name: str, value: Any) -> Any:
    if name in ("item", "key", "value"):
        return type_from_json(value)
    expected = {"name": str, "signed": bool, "packed": bool, "coding": str}.get(name, int)
    if type(value) is not expected or (name == "coding" and value not in CODINGS):
        raise Unfit(f"the {name} of its {kind} cannot be {value!r}"[:100])
    return value
