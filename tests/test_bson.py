"""BSON by PyMongo. `bson_corpus.json` holds the octets of the MongoDB specifications and of bsonspec.org."""

import io
import json
import math
import struct
import tracemalloc
from datetime import UTC, datetime
from decimal import Decimal as PyDecimal
from pathlib import Path
from uuid import UUID

import pytest
from sercodecs.bson import CODECS
from sercodecs.contract import DecodeError, EncodeError, UnsupportedSchema
from serschema.jsonform import from_json
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
    Union,
    Uuid,
)
from serschema.values import equal, first_difference

(PYMONGO,) = CODECS
CORPUS = json.loads((Path(__file__).parent / "vectors" / "bson_corpus.json").read_text())
TYPES = {
    "int": Int(),
    "float": Float(),
    "string": String(),
    "bytes": Bytes(),
    "timestamp": Timestamp(),
    "uuid": Uuid(),
    "list": List(Int()),
}


def of(type_, *named, key="v"):
    """A schema whose message has one field."""
    return Schema("Message", (Record("Message", (Field("v", 1, type_, key=key),)), *named))


@pytest.mark.parametrize("case", CORPUS["cases"], ids=lambda case: f"{case['key']} {case['value']}"[:20])
def test_octets_of_the_specifications(case):
    kind = case["type"]
    schema = of(TYPES[kind] if isinstance(kind, str) else Decimal(*kind[1:]), key=case["key"])
    value, octets = from_json({case["key"]: case["value"]}, schema), bytes.fromhex(case["hex"])
    codec = PYMONGO.compile(schema)
    assert codec.encode(value) == octets
    assert first_difference(value, codec.decode(octets)) == ""


@pytest.mark.parametrize("octets", CORPUS["refused"])
def test_what_the_specifications_refuse(octets):
    with pytest.raises(DecodeError):
        PYMONGO.compile(of(Int())).decode(bytes.fromhex(octets))


MIXED = Schema(
    "M",
    (
        Record(
            "M",
            (
                Field("first", 1, Ref("E"), optional=True, key="1st"),
                Field("choice", 2, Ref("U")),
                Field("more", 3, List(Ref("M")), optional=True),
                Field("map", 4, Map(Bool(), Map(Int(), Uuid())), optional=True),
            ),
        ),
        Enum("E", (("RED", -5), ("BLUE", 300))),
        Union("U", (Field("n", 7, Int()), Field("id", 9, Uuid()), Field("e", 10, Ref("E")))),
    ),
)


def test_records_unions_and_enums():
    """By hand from the grammar of bsonspec.org."""
    codec = PYMONGO.compile(MIXED)
    for value, octets in (
        ({"choice": {"n": 1}}, "19000000 03 63686f69636500 0c000000 10 6e00 01000000 00 00"),
        (
            {"1st": "RED", "choice": {"e": "BLUE"}},
            "2b000000 02 31737400 04000000 52454400 03 63686f69636500 11000000 02 6500 05000000 424c554500 00 00",
        ),
    ):
        assert codec.encode(value) == bytes.fromhex(octets)
        assert codec.decode(bytes.fromhex(octets)) == value


def test_integers_are_of_32_or_64_bits_and_always_int():
    codec = PYMONGO.compile(of(List(Int())))
    value = {"v": [0, -1, (1 << 31) - 1, 1 << 31, -(1 << 31), -(1 << 31) - 1, (1 << 63) - 1, -(1 << 63)]}
    octets = codec.encode(value)
    assert (octets.count(b"\x10"), octets.count(b"\x12")) == (4, 4)
    assert equal(codec.decode(octets), value)
    for number in (1 << 63, (1 << 64) - 1):
        with pytest.raises(EncodeError):
            PYMONGO.compile(of(Int(signed=False))).encode({"v": number})


def test_floats_keep_all_bits():
    codec = PYMONGO.compile(of(List(Float())))
    [payload] = struct.unpack(">d", bytes.fromhex("7ff8000000000123"))
    value = {"v": [payload, -math.nan, math.inf, -0.0, 5e-324]}
    assert equal(codec.decode(codec.encode(value)), value)


def test_milliseconds_are_kept_and_the_rest_is_cut():
    codec = PYMONGO.compile(of(List(Timestamp())))
    for year in (1, 1969, 1970, 9999):
        found = codec.decode(codec.encode({"v": [datetime(year, 12, 31, 23, 59, 59, 999_999, UTC)]}))
        assert equal(found, {"v": [datetime(year, 12, 31, 23, 59, 59, 999_000, UTC)]})


def test_decimals_of_more_than_34_digits_are_text():
    for digits, kind in ((34, 0x13), (35, 0x02)):
        codec = PYMONGO.compile(of(Decimal(digits, 5)))
        number = PyDecimal((1, (9,) * digits, -5))
        octets = codec.encode({"v": number})
        assert octets[4] == kind
        assert equal(codec.decode(octets), {"v": number})
    with pytest.raises(EncodeError):
        PYMONGO.compile(of(Decimal(34, 0))).encode({"v": PyDecimal(10**34 + 1)})


@pytest.mark.parametrize("key", ["", "$", "$ref", "a.b", "0", "\u00e9", "_id"])
def test_keys(key):
    codec = PYMONGO.compile(of(Map(String(), Int())))
    assert equal(codec.decode(codec.encode({"v": {key: 1}})), {"v": {key: 1}})


@pytest.mark.parametrize("key", ["\0", "a\0b"])
def test_keys_that_would_end_early(key):
    with pytest.raises(EncodeError):
        PYMONGO.compile(of(Map(String(), Int()))).encode({"v": {key: 1}})
    with pytest.raises(UnsupportedSchema):
        PYMONGO.compile(of(Int(), key=key))


@pytest.mark.parametrize(
    ("value_type", "item"), [(String(), "x"), (Decimal(40, 2), PyDecimal("1.50")), (Ref("E"), "RED"), (Int(), 1)]
)
def test_a_map_that_looks_like_a_reference(value_type, item):
    """The library makes a DBRef of a document with these keys."""
    codec = PYMONGO.compile(of(Map(String(), value_type), Enum("E", (("RED", 1),))))
    for keys in (("$ref", "$id"), ("$id", "$ref"), ("$ref", "$id", "$db"), ("$ref", "$id", "more"), ("$ref",)):
        value = {"v": dict.fromkeys(keys, item)}
        assert equal(codec.decode(codec.encode(value)), value)


def test_a_record_that_looks_like_a_reference():
    fields = (Field("a", 1, String(), key="$ref"), Field("b", 2, String(), key="$id"))
    with pytest.raises(UnsupportedSchema):
        PYMONGO.compile(of(Ref("R"), Record("R", fields)))


def test_a_key_id_comes_first():
    """The library writes "_id" first in a message, wherever it stands."""
    fields = (Field("a", 1, Int()), Field("b", 2, Int(), key="_id"))
    codec = PYMONGO.compile(Schema("M", (Record("M", fields),)))
    octets = codec.encode({"a": 1, "_id": 2})
    assert octets.index(b"_id") < octets.index(b"\x10a")
    assert codec.decode(octets) == {"a": 1, "_id": 2}


@pytest.mark.parametrize(
    ("path", "leaf"),
    [
        (("1st",), "RED"), (("choice", "id"), UUID(int=0)), (("more", 1, "choice", "e"), "BLUE"),
        (("choice", "n"), None), (("more", 0, "choice", "n"), 1 << 40),
        (("map", True, -7), UUID(int=7)), (("map", False, -7), None),
        (("more", 2, "choice", "n"), None), (("more",), None), ((), None),
    ],
)  # fmt: skip
def test_access(path, leaf):
    value = {
        "1st": "RED",
        "choice": {"id": UUID(int=0)},
        "more": [{"choice": {"n": 1 << 40}}, {"choice": {"e": "BLUE"}}],
        "map": {True: {-7: UUID(int=7)}},
    }
    codec = PYMONGO.compile(MIXED)
    if leaf is None:
        with pytest.raises(DecodeError):
            codec.access(path)(codec.encode(value))
    else:
        assert equal(codec.access(path)(codec.encode(value)), leaf)


def test_a_stream_is_one_document_after_the_other():
    codec = PYMONGO.compile(of(String()))
    values = [{"v": "x" * i} for i in range(0, 100_000, 7000)]
    file = io.BytesIO()
    codec.write_stream(file, values)
    assert file.getvalue() == b"".join(map(codec.encode, values))
    assert list(codec.read_stream(io.BytesIO(file.getvalue()))) == values
    for rest in (b"\x05", b"\x05\0\0\0", b"\x04\0\0\0\0", b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f"):
        reader = codec.read_stream(io.BytesIO(codec.encode({"v": "a"}) + rest))
        assert next(reader) == {"v": "a"}
        tracemalloc.start()
        with pytest.raises(DecodeError):
            next(reader)
        assert tracemalloc.get_traced_memory()[1] < 100_000
        tracemalloc.stop()
