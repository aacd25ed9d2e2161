"""XDR for peers: the types of a schema as plain data, and a reader of octets by them that is not our codec's.

A type is the name of a basic one, or a list: ["opaque", n], ["array", type, n], ["struct", [[name, type], ...]],
["union", [[number, type], ...]] over an unsigned int, ["optional", type], ["ref", name] of one of the schema's types.
Lengths are null where they vary (RFC 4506, section 4).
"""

import struct
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
    fixed_length,
)

from serbench.peers.trees import Tree, kind, octets, plain

_BASIC = {
    "bool": ">I",
    "int": ">i",
    "uint": ">I",
    "hyper": ">q",
    "uhyper": ">Q",
    "float": ">f",
    "double": ">d",
}
_INTEGERS = {(32, True): "int", (32, False): "uint", (64, True): "hyper", (64, False): "uhyper"}


def types(schema: Schema) -> dict[str, Any]:
    """The types by their names, and which of them a message is."""
    named = {type_.name: _named(type_, schema) for type_ in schema.types if not isinstance(type_, Enum)}
    return {"root": schema.root, "types": named}


def _named(type_: Record | Union, schema: Schema) -> Any:
    match type_:
        case Record(fields=fields):
            members = [[field.name, _field(field, schema)] for field in fields]
            return ["struct", members or [["unused", "int"]]]
        case Union(alternatives=alternatives):
            return ["union", [[field.number, _type(field.type, schema)] for field in alternatives]]


def _field(field: Field, schema: Schema) -> Any:
    return ["optional", _type(field.type, schema)] if field.optional else _type(field.type, schema)


def _type(type_: Type, schema: Schema) -> Any:
    match schema.resolve(type_):
        case Bool():
            return "bool"
        case Int() as number:
            return _INTEGERS[max(number.bits, 32), number.signed]
        case Float(bits=bits):
            return "float" if bits == 32 else "double"
        case String():
            return "string"
        case Bytes() as held:
            return ["opaque", fixed_length(held) or None]
        case Enum():
            return "int"
        case Timestamp():
            return "hyper"
        case Uuid():
            return ["opaque", 16]
        case Decimal(precision=precision):
            return "hyper" if precision <= 18 else ["opaque", None]
        case List() as held:
            return ["array", _type(held.item, schema), fixed_length(held) or None]
        case Map(key=key, value=value):
            return ["array", ["struct", [["key", _type(key, schema)], ["value", _type(value, schema)]]], None]
        case Union() | Record():
            assert isinstance(type_, Ref)
            return ["ref", type_.name]
        case other:
            assert_never(other)


def read(data: bytes, schema: Any) -> Tree:
    """The tree of a message. Raises `ValueError` for what is not XDR of these types."""
    tree, place = _Reader(data, schema["types"]["types"]).value(["ref", schema["types"]["root"]], 0)
    if place != len(data):
        raise ValueError("octets after the end")
    return tree


class _Reader:
    def __init__(self, data: bytes, types: dict[str, Any]) -> None:
        self.data = data
        self.types = types

    def value(self, type_: Any, place: int) -> tuple[Tree, int]:
        """What stands at a place, and where it ends."""
        match type_:
            case "string":
                held, place = self.octets(None, place)
                return held.decode(), place
            case str():
                number, place = self.basic(type_, place)
                return plain(number != 0 if type_ == "bool" else number), place
            case ["ref", name]:
                return self.value(self.types[name], place)
            case ["opaque", length]:
                held, place = self.octets(length, place)
                return octets(held), place
            case ["array", item, length]:
                if length is None:
                    length, place = self.basic("uint", place)
                items: list[Tree] = []
                for _ in range(length):
                    tree, place = self.value(item, place)
                    items.append(tree)
                return items, place
            case ["struct", members]:
                pairs: list[Tree] = []
                for name, member in members:
                    tree, place = self.value(member, place)
                    pairs.append([name, tree])
                return {"m": pairs}, place
            case ["union", alternatives]:
                number, place = self.basic("uint", place)
                tree, place = self.value(dict(map(tuple, alternatives))[number], place)
                return kind(str(number), tree), place
            case ["optional", inner]:
                there, place = self.basic("uint", place)
                return self.value(inner, place) if there else (None, place)
        raise ValueError(f"no type {type_}")

    def basic(self, type_: str, place: int) -> tuple[Any, int]:
        form = _BASIC[type_]
        (number,) = struct.unpack_from(form, self.data, place)
        return number, place + struct.calcsize(form)

    def octets(self, length: int | None, place: int) -> tuple[bytes, int]:
        if length is None:
            length, place = self.basic("uint", place)
        held, end = self.data[place : place + length], place + length + -length % 4
        if end > len(self.data):
            raise ValueError("octets are missing")
        return held, end
