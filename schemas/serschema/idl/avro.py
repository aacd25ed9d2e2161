"""Avro: the schema in Avro's own form, which is JSON (Avro 1.12 specification, "Schema Declaration").

    Bool, Float            boolean, float or double
    Int                    int or long, whichever holds the range; beyond that decimal(20, 0), as a long has a sign
    String, Bytes          string, bytes; fixed where the length is (and not 0)
    Enum                   enum, without its numbers
    Timestamp, Uuid        long with timestamp-micros, string with uuid
    Decimal                bytes with decimal
    List                   array; items that Avro writes in no octets at all stand in a union of one, for an octet each:
                           a count of such items would otherwise make a reader work without end
    Map                    map; where the key is no string, array of records of `key` and `value`
    Union                  union of records of one field each, called by the alternative; they cost nothing on the wire
    Record                 record, its fields by their names; an optional field is a union with null first, and null

A named type is defined where it is used first. A name that Avro reserves gets trailing underscores until it is free.
`Translator` is that mapping as data: the Avro codec takes the names from it, and makes its own schema for reading.

What the language cannot say stands in the attribute `serbench` (the specification permits attributes of one's own as
metadata), under the names of the model, so that `serschema.load.avro` reads a file back to the same schema. The codec
does without it: a container's header is what it would be anywhere else.
"""

import json
from dataclasses import fields
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
    Named,
    Record,
    Schema,
    String,
    Timestamp,
    Type,
    Union,
    Uuid,
    fixed_length,
)

_WORDS = """
null boolean int long float double bytes string record error enum array map union fixed error_union request
"""
RESERVED = frozenset(_WORDS.split())
INT = Int(32)
LONG = Int(64)
ATTRIBUTE = "serbench"


def write(schema: Schema) -> str:
    """The text of an .avsc file."""
    return json.dumps(_Annotated(schema).root(), indent=2, ensure_ascii=False) + "\n"


def within(inner: Int, outer: Int) -> bool:
    return outer.lower <= inner.lower and inner.upper <= outer.upper


class Translator:
    """The schema as Avro's JSON objects. Names are given once, when the first type that has one is met."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.names: dict[object, str] = {}
        self.defined: set[str] = set()
        for type in schema.types:
            self.name(type.name, type.name)

    def root(self) -> Any:
        """The record of a message."""
        return self.named(self.schema.record)

    def name(self, what: object, wanted: str) -> str:
        """The Avro name of something: what was wanted, with underscores until it is no other's."""
        if what not in self.names:
            while wanted in RESERVED or wanted in self.names.values():
                wanted += "_"
            self.names[what] = wanted
        return self.names[what]

    def alternative(self, union: Union, alternative: Field) -> str:
        """The name of the record that stands for an alternative."""
        return self.name((union.name, alternative.name), f"{union.name}_{alternative.name}")

    def definition(self, kind: str, name: str, doc: str = "", **attributes: Any) -> Any:
        """The definition of a named type, or its name where it has been defined already; the attributes come last."""
        if name in self.defined:
            return name
        self.defined.add(name)
        return {"type": kind, "name": name, **({"doc": doc} if doc else {}), **attributes}

    def named(self, kind: Named) -> Any:
        match kind:
            case Enum():
                return self.definition(
                    "enum", self.name(kind.name, kind.name), kind.doc, symbols=[symbol for symbol, _ in kind.symbols]
                )
            case Union():
                return [self.chosen(kind, alternative) for alternative in kind.alternatives]
            case Record():
                return self.record(self.name(kind.name, kind.name), kind.doc, kind.fields)
            case _:
                assert_never(kind)

    def chosen(self, union: Union, alternative: Field) -> Any:
        return self.record(self.alternative(union, alternative), "", (alternative,))

    def record(self, name: str, doc: str, fields: tuple[Field, ...]) -> Any:
        made = self.definition("record", name, doc)
        if made != name:
            made["fields"] = [self.field(field) for field in fields]
        return made

    def entry(self, kind: Map) -> Any:
        return self.record(self.name(kind, "Entry"), "", entry_fields(kind))

    def field(self, field: Field) -> dict[str, Any]:
        made: dict[str, Any] = {"name": field.name, "type": self.type(field.type)}
        if field.optional:
            made["type"] = ["null", *(made["type"] if isinstance(made["type"], list) else [made["type"]])]
            made["default"] = None
        if field.doc:
            made["doc"] = field.doc
        return made

    def type(self, type_: Type) -> Any:
        kind = self.schema.resolve(type_)
        match kind:
            case Bool():
                return "boolean"
            case Int():
                return "int" if within(kind, INT) else "long" if within(kind, LONG) else self.decimal(20, 0)
            case Float():
                return "float" if kind.bits == 32 else "double"
            case String():
                return "string"
            case Bytes():
                length = fixed_length(kind)
                return self.definition("fixed", self.name(length, f"Bytes{length}"), size=length) if length else "bytes"
            case Timestamp():
                return {"type": "long", "logicalType": "timestamp-micros"}
            case Uuid():
                return {"type": "string", "logicalType": "uuid"}
            case Decimal():
                return self.decimal(kind.precision, kind.scale)
            case List():
                item = self.type(kind.item)
                return {"type": "array", "items": [item] if hollow(kind.item, self.schema) else item}
            case Map():
                if isinstance(kind.key, String):
                    return {"type": "map", "values": self.type(kind.value)}
                return {"type": "array", "items": self.entry(kind)}
            case Enum() | Union() | Record():
                return self.named(kind)
            case _:
                assert_never(kind)

    def decimal(self, precision: int, scale: int) -> Any:
        return {"type": "bytes", "logicalType": "decimal", "precision": precision, "scale": scale}


class _Annotated(Translator):
    """The same with what only the attribute can say."""

    def root(self) -> Any:
        return _annotate(super().root(), doc=self.schema.doc)

    def named(self, kind: Named) -> Any:
        made = super().named(kind)
        if isinstance(made, dict):  # and not the name of what is defined already, nor a union
            _annotate(made, name=kind.name if made["name"] != kind.name else "")
        if isinstance(made, dict) and isinstance(kind, Enum):
            numbers = [number for _, number in kind.symbols]
            _annotate(made, numbers=numbers if numbers != list(range(len(numbers))) else None)
        return made

    def chosen(self, union: Union, alternative: Field) -> Any:
        made = super().chosen(union, alternative)
        return made if isinstance(made, str) else _annotate(made, union=union.name, union_doc=union.doc)

    def entry(self, kind: Map) -> Any:
        made = super().entry(kind)
        return made if isinstance(made, str) else _annotate(made, entry=True)

    def record(self, name: str, doc: str, fields: tuple[Field, ...]) -> Any:
        made = super().record(name, doc, fields)
        if isinstance(made, dict):
            for position, (field, declared) in enumerate(zip(fields, made["fields"], strict=True), 1):
                _annotate(
                    declared,
                    number=field.number if field.number != position else None,
                    key=field.key if field.key != field.name else None,
                )
        return made

    def type(self, type_: Type) -> Any:
        made = super().type(type_)
        match type_:
            case Int():
                said = beyond(type_, INT if made == "int" else LONG if made == "long" else Int(8))
            case String():
                said = beyond(type_, String())
            case Bytes() if made == "bytes":
                said = beyond(type_, Bytes())
            case List(item=item):
                said = beyond(type_, List(item))
            case Map(key=String() as key):
                said = beyond(key, String())
            case _:
                return made
        return _annotate(made if isinstance(made, dict) else {"type": made}, **said) if said else made


def _annotate(made: dict[str, Any], **said: Any) -> dict[str, Any]:
    """Add to the attribute what says something."""
    if said := {name: value for name, value in said.items() if value is not None and value != ""}:
        made[ATTRIBUTE] = made.get(ATTRIBUTE, {}) | said
    return made


def beyond(type_: Int | String | Bytes | List, plain: Int | String | Bytes | List) -> dict[str, Any]:
    """What a type says that the plain one does not."""
    names = (field.name for field in fields(type_))
    return {name: getattr(type_, name) for name in names if getattr(type_, name) != getattr(plain, name)}


def entry_fields(kind: Map) -> tuple[Field, ...]:
    """The fields of the record that stands for an entry of a map without strings for keys."""
    return Field("key", 1, kind.key), Field("value", 2, kind.value)


def hollow(type_: Type, schema: Schema) -> bool:
    """Whether Avro writes a value of the type in no octets at all."""
    kind = schema.resolve(type_)
    return isinstance(kind, Record) and all(not f.optional and hollow(f.type, schema) for f in kind.fields)
