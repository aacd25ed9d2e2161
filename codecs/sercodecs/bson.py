"""BSON (version 1.1, bsonspec.org) by the `bson` of PyMongo, whose C extension does the work.

A record is a document by `Field.key`, an absent optional field has no element; a list is an array, which is a document
whose keys count from "0"; a map is a document whose keys are strings ("-7", "true"); a union is a document with the one
element {"alternative": value}, an enum its symbol. An integer is an int32 where it fits, else an int64; a float is a
double; bytes are binary of subtype 0, a UUID binary of subtype 4, a timestamp a UTC datetime. A decimal is a decimal128
where the schema allows at most the 34 digits that this has, else it is text.

Lost: microseconds, since a UTC datetime counts milliseconds. Refused: integers of 2^63 and more; keys with U+0000,
since a key ends there. Nothing is checked when reading, except what the conversions (`sercodecs.tree`) need. Nesting is
bounded by the interpreter's stack. Several messages are one after the other: a document begins with its length.

What has the keys "$ref" and "$id" is a reference to a document for the library: a map of strings is made of it again,
a record with such keys is not carried.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from decimal import Decimal as PyDecimal
from typing import IO, Any

from serschema.limits import Limits
from serschema.model import Bool, Decimal, Enum, Int, Kind, Map, Named, Path, Record, Schema, String, Value

from sercodecs.bson_explain import explain
from sercodecs.contract import (
    Carries,
    Claim,
    Codec,
    CodecInfo,
    DecodeError,
    Format,
    UnsupportedSchema,
    assemble,
    streams,
)
from sercodecs.files import exactly
from sercodecs.source import Source
from sercodecs.tree import Expression, Rules, accessor, conversions

FORMAT = Format(
    name="bson",
    title="BSON",
    specification="BSON 1.1 (bsonspec.org)",
    history="The documents of MongoDB on the wire and on disk; version 1.1 added decimal128 (bsonspec.org).",
    textual=False,
    self_describing=True,
    byte_order="little",
    canonical=Claim(False, "bsonspec.org: elements come in the order of the writer"),
    evolution=Claim(
        True, "bsonspec.org: an element has its name and a type that tells its length, so that others are skipped"
    ),
    languages={
        "c": "libbson",
        "cpp": "bsoncxx",
        "csharp": "MongoDB.Bson",
        "go": "mongo-driver/bson",
        "java": "org.mongodb:bson",
        "js": "bson",
        "php": "mongodb",
        "python": "pymongo",
        "ruby": "bson",
        "rust": "bson",
    },
    carries=Carries(
        bool="boolean",
        int="int32 where it fits, else int64",
        float="double",
        string="string",
        bytes="binary, subtype 0",
        enum="string, its symbol",
        timestamp="UTC datetime, milliseconds",
        uuid="binary, subtype 4",
        decimal="decimal128; string beyond 34 digits",
        list='array, keys "0", "1"...',
        map="document, keys as strings",
        union="document of one element",
        record="document by key",
        optional="no element if absent",
    ),
)
DECIMAL128_DIGITS = 34
_SMALLEST = 5
"""The octets of a document without elements: its length and its end."""

_KEY_TEXT: dict[type, Expression] = {Bool: '"true" if {} else "false"', Int: "str({})"}


def compile(schema: Schema, /) -> Codec:
    """BSON by PyMongo."""
    import bson
    from bson.binary import UuidRepresentation
    from bson.codec_options import CodecOptions
    from bson.dbref import DBRef
    from bson.decimal128 import Decimal128
    from bson.raw_bson import RawBSONDocument

    for type_ in schema.types:
        _check_keys(type_)
    options: CodecOptions[Any] = CodecOptions(tz_aware=True, uuid_representation=UuidRepresentation.STANDARD)
    raw = options.with_options(document_class=RawBSONDocument)
    encode, decode = bson.encode, bson.decode

    def encode_native(plain: Any) -> bytes:
        return encode(plain, False, options)

    def decode_native(data: bytes) -> Any:
        return decode(data, options)

    def of_decimal(source: Source, kind: Decimal) -> str:
        return "format({}, 'f')" if _is_text(kind) else "Decimal128({})"

    def to_decimal(source: Source, kind: Decimal) -> str:
        return "Decimal({})" if _is_text(kind) else "{}.to_decimal()"

    def to_int(source: Source, kind: Int) -> str:
        """What does not fit 32 bits is given as an Int64, a class of its own."""
        return "{}" if kind.lower >= -(1 << 31) and kind.upper < 1 << 31 else "{} if type({}) is int else int({})"

    def to_map(source: Source, kind: Map) -> str:
        return "({} if type({}) is dict else unreferenced({}))" if _is_text(schema.resolve(kind.value)) else "{}"

    def unreferenced(found: Any) -> Any:
        return dict(found.as_doc()) if isinstance(found, DBRef) else found

    outwards = Rules(values={Decimal: of_decimal}, keys=_KEY_TEXT, names={"Decimal128": Decimal128})
    inwards = Rules(
        values={Decimal: to_decimal, Int: to_int, Map: to_map},
        keys={Bool: "boolean[{}]", Int: "int({})"},
        names={"Decimal": PyDecimal, "boolean": {"true": True, "false": False}, "unreferenced": unreferenced},
    )

    def access(path: Path) -> Callable[[bytes], Value]:
        def build(kinds: list[Kind]) -> Callable[[bytes], Any]:
            steps = [_native_key(step) if isinstance(kind, Map) else step for kind, step in zip(kinds, path)]

            def read(data: bytes) -> Any:
                """Each level is read when it is entered; what is below stays octets."""
                found = decode(data, raw)
                for step in steps:
                    found = found[step]
                return found

            return read

        return accessor(schema, path, inwards, build)

    def write(file: IO[bytes], values: Iterable[Value]) -> None:
        for value in values:
            file.write(codec.encode(value))

    def read(file: IO[bytes]) -> Iterator[Value]:
        return map(codec.decode, _documents(file))

    tree = conversions(schema, f"bson {schema.root}", outwards, inwards)
    codec = assemble(schema, encode_native, decode_native, *tree)
    return replace(codec, access=access, **streams(schema, write, read))


def _check_keys(type_: Named) -> None:
    if isinstance(type_, Enum):
        return
    keys = {member.key for member in (type_.fields if isinstance(type_, Record) else type_.alternatives)}
    if {"$ref", "$id"} <= keys:
        raise UnsupportedSchema("bson/pymongo", "record", type_.name, "keys that make it a reference")
    if any("\0" in key for key in keys):
        raise UnsupportedSchema("bson/pymongo", "record", type_.name, "U+0000 in a key")


def _is_text(kind: Kind) -> bool:
    """Whether a kind is carried as a string."""
    return isinstance(kind, String | Enum) or (isinstance(kind, Decimal) and kind.precision > DECIMAL128_DIGITS)


def _native_key(step: str | int) -> str:
    return str(step).lower() if isinstance(step, bool) else str(step)


def _documents(file: IO[bytes]) -> Iterator[bytes]:
    """The octets of one document after the other."""
    while head := exactly(file, 4, ends=True):
        length = int.from_bytes(head, "little", signed=True)
        if length < _SMALLEST:
            raise DecodeError(f"a document of {length} octets")
        yield head + exactly(file, length - 4)


CODECS = (
    CodecInfo(
        format=FORMAT,
        implementation="pymongo",
        distribution="pymongo",
        language="C",
        licence="Apache-2.0",
        limits=Limits(integers=(-(1 << 63), (1 << 63) - 1), time_unit=1000, keys="no-nul"),
        validates=False,
        compile=compile,
        defects=(
            "4.20.1 makes a reference of a document with the keys $ref and $id: a map of strings is made of it again",
        ),
        explain=explain,
    ),
)
