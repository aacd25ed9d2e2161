"""JSON by orjson and by the standard library.

Vectors: `json_rfc8259_image.json` is the first example of RFC 8259, section 13, character for character;
`json_employees.json` is printed in the course chapter. Single texts name the section that they are from.
"""

import json
import math
from datetime import UTC, datetime
from decimal import Decimal as PyDecimal
from pathlib import Path
from uuid import UUID

import pytest
from sercodecs.contract import DecodeError, EncodeError
from sercodecs.json import CODECS
from serschema import shared
from serschema.limits import project
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

VECTORS = Path(__file__).parent / "vectors"
BOTH = pytest.mark.parametrize("info", CODECS, ids=lambda info: info.implementation)
ORJSON, STDLIB = CODECS


def of(type_, *named, optional=False):
    """A schema whose message has one field `v`."""
    return Schema("Message", (Record("Message", (Field("v", 1, type_, optional=optional),)), *named))


@BOTH
def test_golden_employees(info):
    employees = shared.load("employees")
    golden = (VECTORS / "json_employees.json").read_bytes()
    codec = info.compile(employees.schema)
    assert len(golden) == 134
    assert codec.encode(employees.values[0]) == golden
    assert codec.decode(golden) == employees.values[0]
    assert codec.to_native is codec.from_native is None


@BOTH
def test_the_example_of_the_rfc(info):
    thumbnail = Record("Thumbnail", (
        Field("url", 1, String(), key="Url"),
        Field("height", 2, Int(16), key="Height"),
        Field("width", 3, Int(16), key="Width"),
    ))  # fmt: skip
    image = Record("Image", (
        Field("width", 1, Int(16), key="Width"),
        Field("height", 2, Int(16), key="Height"),
        Field("title", 3, String(), key="Title"),
        Field("thumbnail", 4, Ref("Thumbnail"), key="Thumbnail"),
        Field("animated", 5, Bool(), key="Animated"),
        Field("ids", 6, List(Int(32)), key="IDs"),
    ))  # fmt: skip
    schema = Schema("Root", (Record("Root", (Field("image", 1, Ref("Image"), key="Image"),)), image, thumbnail))
    assert info.compile(schema).decode((VECTORS / "json_rfc8259_image.json").read_bytes()) == {
        "Image": {
            "Width": 800,
            "Height": 600,
            "Title": "View from 15th Floor",
            "Thumbnail": {"Url": "http://www.example.com/image/481989943", "Height": 125, "Width": 100},
            "Animated": False,
            "IDs": [116, 943, 234, 38793],
        }
    }


E_ACUTE = UUID("00112233-4455-6677-8899-aabbccddeeff")
WRITTEN = [
    (Bytes(), b"", '""'),
    (Bytes(), b"fooba", '"Zm9vYmE="'),  # RFC 4648, section 10
    (Timestamp(), datetime(1985, 4, 12, 23, 20, 50, 520000, UTC), '"1985-04-12T23:20:50.520000Z"'),  # RFC 3339, 5.8
    (Timestamp(), datetime(1, 1, 1, tzinfo=UTC), '"0001-01-01T00:00:00Z"'),
    (Uuid(), E_ACUTE, '"00112233-4455-6677-8899-aabbccddeeff"'),
    (Decimal(9, 2), PyDecimal("-12.50"), '"-12.50"'),
    (Decimal(8, 8), PyDecimal("0.00000001"), '"0.00000001"'),
    (Float(), 1.0, "1.0"),
    (Float(), -0.0, "-0.0"),
    (Int(64, signed=False), (1 << 64) - 1, "18446744073709551615"),
    (Map(Int(), String()), {-7: "a", 0: "b"}, '{"-7":"a","0":"b"}'),
    (Map(Bool(), Bytes()), {True: b"\xff", False: b""}, '{"true":"/w==","false":""}'),
    (List(List(Uuid())), [[], [E_ACUTE]], '[[],["00112233-4455-6677-8899-aabbccddeeff"]]'),
    (String(), "\u20ac \U0001d11e", '"\u20ac \U0001d11e"'),
]


@BOTH
@pytest.mark.parametrize(("type_", "value", "text"), WRITTEN)
def test_how_a_kind_is_written_and_read(info, type_, value, text):
    codec = info.compile(of(type_))
    data = f'{{"v":{text}}}'.encode()
    assert codec.encode({"v": value}) == data
    assert first_difference({"v": value}, codec.decode(data)) == ""


@BOTH
def test_unions_enums_and_absent_fields(info):
    schema = Schema("M", (
        Record("M", (Field("a", 1, Ref("U"), optional=True), Field("b", 2, Ref("E"), optional=True, key="é"))),
        Union("U", (Field("id", 1, Uuid()), Field("n", 2, Int()))),
        Enum("E", (("RED", 0), ("BLUE", 5))),
    ))  # fmt: skip
    codec = info.compile(schema)
    for value, text in (
        ({}, "{}"),
        ({"a": {"n": 3}}, '{"a":{"n":3}}'),
        ({"é": "BLUE", "a": {"id": UUID(int=1)}}, '{"é":"BLUE","a":{"id":"00000000-0000-0000-0000-000000000001"}}'),
    ):
        assert codec.encode(value) == text.encode()
        assert codec.decode(text.encode()) == value


@BOTH
@pytest.mark.parametrize(("text", "value"), [("102", 102.0), ("-3e0", -3.0), ("1E400000", None)])
def test_one_type_of_number(info, text, value):
    """RFC 8259, section 6: a number has no type. One beyond binary64 is refused by orjson, infinite for the other."""
    codec = info.compile(of(List(Float())))
    data = f'{{"v":[{text}]}}'.encode()
    if value is None and info is ORJSON:
        with pytest.raises(DecodeError):
            codec.decode(data)
    else:
        assert equal(codec.decode(data), {"v": [math.inf if value is None else value]})


def test_nan_and_infinity():
    schema = of(List(Float()))
    value = {"v": [math.nan, math.inf, -math.inf, 1.5]}
    for info, text in ((ORJSON, "[null,null,null,1.5]"), (STDLIB, "[NaN,Infinity,-Infinity,1.5]")):
        codec = info.compile(schema)
        assert codec.encode(value) == f'{{"v":{text}}}'.encode()
        assert equal(codec.decode(codec.encode(value)), project(value, schema, info.limits)[0])


def test_null_is_nan_in_an_optional_field_too():
    codec = ORJSON.compile(of(Float(), optional=True))
    assert codec.decode(b"{}") == {}
    assert equal(codec.decode(codec.encode({"v": math.inf})), {"v": math.nan})


@BOTH
@pytest.mark.parametrize("name", ["access_log", "mesh", "order", "telemetry", "tree"])
def test_each_reads_what_the_other_wrote(info, name):
    loaded = shared.load(name)
    [other] = [codec for codec in CODECS if codec is not info]
    written, reader = other.compile(loaded.schema), info.compile(loaded.schema)
    for value in loaded.values[:5]:
        assert first_difference(value, reader.decode(written.encode(value))) == ""
        assert reader.encode(value) == written.encode(value)


@BOTH
def test_encode_leaves_its_input_alone(info):
    value = {"v": [{"k": UUID(int=3)}]}
    codec = info.compile(of(List(Map(String(), Uuid()))))
    native = codec.decode_native(codec.encode(value))
    assert codec.from_native(native) == codec.from_native(native) == value == {"v": [{"k": UUID(int=3)}]}


@BOTH
@pytest.mark.parametrize(
    "data",
    [
        b"", b"{", b'{"v":"x"} x', b'{"v":}', b"\xff\xfe", b'{"v":"\xed\xa0\x80"}', b'{"v":"\x01"}', b"[" * 100_000,
        b'{"v":' + b"9" * 10_000 + b"}", '{"v":"a"}'.encode("utf-16"),
    ],
    ids=range(10),
)  # fmt: skip
def test_what_is_not_json_is_refused(info, data):
    codec = info.compile(of(Bytes()))
    with pytest.raises(DecodeError):
        codec.decode(data)


@BOTH
@pytest.mark.parametrize(
    ("type_", "text"),
    [
        (Bytes(), '"Zm9vYmE"'), (Bytes(), '"####"'), (Bytes(), "7"), (Timestamp(), '"yesterday"'), (Timestamp(), "0"),
        (Uuid(), '"00"'), (Uuid(), "{}"), (Decimal(4, 2), '"x"'), (Float(), '"x"'), (Map(Bool(), Int()), '{"True":1}'),
        (List(Uuid()), "null"), (Map(Int(), Int()), '{"one":1}'),
    ],
)  # fmt: skip
def test_what_the_conversions_do_not_take(info, type_, text):
    codec = info.compile(of(type_))
    for data in (f'{{"v":{text}}}', "{}", "[]", "null", '"v"'):
        with pytest.raises(DecodeError):
            codec.decode(data.encode())


def test_lone_surrogates():
    """An escape may name half of a pair (RFC 8259, section 8.2); the standard library hands it over."""
    data = b'{"v":"\\ud800"}'
    assert STDLIB.compile(of(String())).decode(data) == {"v": "\ud800"}
    with pytest.raises(DecodeError):
        ORJSON.compile(of(String())).decode(data)
    for info in CODECS:
        with pytest.raises(EncodeError):
            info.compile(of(String())).encode({"v": "\ud800"})


def test_duplicate_names():
    for info in CODECS:
        assert info.compile(of(Int())).decode(b'{"v":1,"v":2}') == {"v": 2}


@BOTH
def test_encode_error_names_the_place(info):
    with pytest.raises(EncodeError) as caught:
        info.compile(of(List(Bytes()))).encode({"v": [b"", 3]})
    assert caught.value.path == "$.v[1]"


def test_source_is_shown():
    source = STDLIB.compile(of(List(Uuid()))).source
    assert "def out_Message(value):" in source
    assert "copy['v'] = [str(item_1) for item_1 in value['v']]" in source
    assert json.loads(STDLIB.compile(of(Int())).encode({"v": 1})) == {"v": 1}
