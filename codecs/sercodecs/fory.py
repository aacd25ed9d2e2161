"""Apache Fory's cross-language format (xlang) over pyfory, in Cython.

A message is its root as reference flag, type and value ("Fory Cross-Language Serialization Specification"): integers
are varints, or have the least significant octet first, strings their length and encoding before them, lists and maps a
header that says what their items have in common. A record is a dataclass, its fields with their numbers for tags; a
union Fory's union with the numbers of its alternatives; an enum an enum. All are registered by number, so that nothing
else is made of the data (`strict`). Integers are of their width, those of 32 and 64 bits varints; a UUID is binary, a
decimal Fory's decimal, a list of numbers a list and not an array. A timestamp is an integer in microseconds: Fory's own
goes through a float in pyfory (1.7.7), and may be a microsecond off before 1970 and after 2100. Nothing is lost.

`pyfory` is the library's default, the compatible mode: a struct's fields come with the message, so that they may
differ. `pyfory-consistent` has a hash of them instead. What the fields declare is not checked against what items of a
list say that they are; the library bounds what it makes of a message by 128 MiB, and lists by the data.
"""

import dataclasses
import enum
import typing
from collections.abc import Callable, Mapping
from decimal import Decimal as PyDecimal
from typing import Any, assert_never

from serschema.limits import Limits
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
    Record,
    Schema,
    String,
    Timestamp,
    Type,
    Union,
    Uuid,
)

from sercodecs.contract import Carries, Claim, Codec, CodecInfo, Format, Property, assemble
from sercodecs.objects import attribute, conversions
from sercodecs.source import Source
from sercodecs.tree import Rules

FORMAT = Format(
    name="fory-xlang",
    title="Apache Fory xlang",
    specification="Fory Cross-Language Serialization Specification",
    history="From Ant Group, where it is from 2019; open since July 2023, then as Fury (Apache Incubator, Fury "
    "Proposal).",
    textual=False,
    self_describing=False,
    byte_order="little",
    canonical=Claim(False, "the specification leaves the order of entries and the sharing of objects to the writer"),
    evolution=Claim(True, "Fory xlang, compatible mode: the types that travel with the data name the fields"),
    languages={
        "cpp": "fory",
        "go": "fory",
        "java": "fory-core",
        "python": "pyfory",
        "rust": "fory",
    },
    carries=Carries(
        bool="bool, an octet",
        int="of its width; varint from 32 bits",
        float="float32, float64",
        string="string, length and encoding before it",
        bytes="binary",
        enum="enum, its ordinal as a varint",
        timestamp="varint of 64 bits, microseconds since 1970",
        uuid="binary of 16",
        decimal="decimal",
        list="list, a header that says what its items have in common",
        map="map, in chunks with such a header",
        union="union, the number of the alternative",
        record="struct, fields with numbers for tags",
        optional="a reference flag, null if absent",
    ),
)


def compile(schema: Schema) -> Codec:
    """The compatible mode."""
    return _compile(schema, True)


def compile_consistent(schema: Schema) -> Codec:
    """The schema-consistent mode."""
    return _compile(schema, False)


def _compile(schema: Schema, compatible: bool) -> Codec:
    import pyfory
    from pyfory.union import UnionSerializer

    classes, enums = _classes(schema)
    hint = _hints(schema, classes, enums)
    fory = pyfory.Fory(xlang=True, ref=False, strict=True, compatible=compatible, max_depth=_depth(schema))
    for number, type in enumerate(schema.types, 1):
        match type:
            case Enum():
                fory.register(enums[type.name], type_id=number)
            case Union():
                made = classes[type.name]
                cases = {member.number: hint(member.type) for member in type.alternatives}
                serializer = UnionSerializer(fory.type_resolver, made, cases)
                fory.register_union(made, type_id=number, serializer=serializer)
            case Record():
                fory.register(classes[type.name], type_id=number)
    outwards = Rules(
        values={
            Enum: lambda source, kind: _bound(source, "member_of", dict(_pairs(kind, enums))),
            Timestamp: "({} - EPOCH) // MICROSECOND",
            Uuid: "{}.bytes",
        }
    )
    inwards = Rules(
        values={
            Enum: lambda source, kind: _bound(source, "symbol_of", {made: name for name, made in _pairs(kind, enums)}),
            Timestamp: "time({})",
            Uuid: "uuid_of({})",
        }
    )
    converted = conversions(schema, f"fory {schema.root}", classes, outwards, inwards, tagged=True)
    return assemble(schema, fory.serialize, fory.deserialize, *converted)


def _bound(source: Source, hint: str, table: dict[Any, Any]) -> str:
    return source.bind(hint, table) + "[{}]"


def _pairs(kind: Enum, enums: dict[str, Any]) -> list[tuple[str, Any]]:
    """The symbols with the members that stand for them."""
    return [(symbol, enums[kind.name](number)) for symbol, number in kind.symbols]


def _depth(schema: Schema) -> int:
    """How deep structs and containers may nest."""

    def containers(type_: Type) -> int:
        match type_:
            case List(item=held) | Map(value=held):
                return 1 + containers(held)
            case _:
                return 0

    members = [member for type in schema.types if isinstance(type, Record) for member in type.fields]
    members += [member for type in schema.types if isinstance(type, Union) for member in type.alternatives]
    return MAX_DEPTH * (1 + max((containers(member.type) for member in members), default=0))


def _classes(schema: Schema) -> tuple[dict[str, Any], dict[str, Any]]:
    """A class for each record and union, and one for each enum, as users write them; the fields have no types yet."""
    import pyfory
    from pyfory.union import Union as ForyUnion

    def from_case_id(made: Any, case_id: int, value: Any) -> Any:
        return made(case_id, value)

    classes: dict[str, Any] = {}
    enums: dict[str, Any] = {}
    for type_ in schema.types:
        match type_:
            case Enum():
                members = {f"symbol_{place}": number for place, (_, number) in enumerate(type_.symbols)}
                enums[type_.name] = enum.Enum(type_.name, members)
            case Union():
                body = {"__slots__": (), "_from_case_id": classmethod(from_case_id)}
                classes[type_.name] = type(type_.name, (ForyUnion,), body)
            case Record():
                fields = [
                    (attribute(field), Any, pyfory.field(id=field.number, nullable=field.optional, default=None))
                    for field in type_.fields
                ]
                classes[type_.name] = dataclasses.make_dataclass(type_.name, fields)
    return classes, enums


def _hints(schema: Schema, classes: dict[str, Any], enums: dict[str, Any]) -> Callable[[Type], Any]:
    """Give the fields of the dataclasses their types, and return what makes a type hint of a type."""
    import pyfory

    def hint(type_: Type) -> Any:
        kind = schema.resolve(type_)
        match kind:
            case Bool():
                return bool
            case Int():
                return getattr(pyfory, f"{'' if kind.signed else 'U'}Int{kind.bits}")
            case Float():
                return getattr(pyfory, f"Float{kind.bits}")
            case String():
                return str
            case Bytes() | Uuid():
                return bytes
            case Enum():
                return enums[kind.name]
            case Timestamp():
                return pyfory.Int64
            case Decimal():
                return PyDecimal
            case List(item=item):
                return typing.List[hint(item)]  # type: ignore[misc]  # noqa: UP006  pyfory does not know list[...]
            case Map(key=key, value=value):
                return typing.Dict[hint(key), hint(value)]  # type: ignore[misc]  # noqa: UP006
            case Union() | Record():
                return classes[kind.name]
            case _:
                assert_never(kind)

    for type in schema.types:
        if isinstance(type, Record):
            made = classes[type.name]
            for field in type.fields:
                name, of = attribute(field), hint(field.type)
                of = typing.Optional[of] if field.optional else of  # noqa: UP045  nor `of | None`
                made.__annotations__[name] = made.__dataclass_fields__[name].type = of
    return hint


def _info(implementation: str, compile: Callable[..., Codec], note: str, lacks: Mapping[Property, str]) -> CodecInfo:
    return CodecInfo(
        format=FORMAT,
        implementation=implementation,
        distribution="pyfory",
        language="Cython",
        licence="Apache-2.0",
        limits=Limits(),
        validates=False,
        compile=compile,
        note=note,
        lacks=lacks,
        defects=(
            "pyfory 1.7.7 takes timestamps through a float, up to a microsecond off: integers are carried instead",
            "pyfory 1.7.7 bounds what it makes of a message by 128 MiB, whatever its length: left so",
        ),
    )


CODECS = (
    _info("pyfory", compile, "fields in the data", {}),
    _info(
        "pyfory-consistent", compile_consistent, "", {"evolution": "consistent mode: both sides have the same types"}
    ),
)
