"""JSON by seven libraries, and a table of where they differ.

Vectors: `json_rfc8259_image.json` is the first example of RFC 8259, section 13, character for character;
`json_employees.json` is printed in the course chapter. Single texts name the section that they are from.
"""

import io
import json
import math
import struct
from datetime import UTC, datetime
from decimal import Decimal as PyDecimal
from pathlib import Path
from random import Random
from uuid import UUID

import pytest
from one_field import of
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
ALL = pytest.mark.parametrize("info", CODECS, ids=lambda info: info.implementation)
BY_NAME = {info.implementation: info for info in CODECS}
ORJSON, STDLIB, STRUCT, SIMDJSON = (BY_NAME[name] for name in ("orjson", "stdlib", "msgspec-struct", "simdjson"))


@ALL
def test_golden_employees(info):
    employees = shared.load("employees")
    golden = (VECTORS / "json_employees.json").read_bytes()
    codec = info.compile(employees.schema)
    assert len(golden) == 134
    assert codec.encode(employees.values[0]) == golden
    assert codec.decode(golden) == employees.values[0]
    if info is not STRUCT:
        assert codec.to_native is codec.from_native is None


@ALL
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


@ALL
@pytest.mark.parametrize(("type_", "value", "text"), WRITTEN)
def test_how_a_kind_is_written_and_read(info, type_, value, text):
    codec = info.compile(of(type_))
    data = f'{{"v":{text}}}'.encode()
    assert codec.encode({"v": value}) == data
    assert first_difference({"v": value}, codec.decode(data)) == ""


@ALL
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
        ({"a": {"id": UUID(int=1)}, "é": "BLUE"}, '{"a":{"id":"00000000-0000-0000-0000-000000000001"},"é":"BLUE"}'),
    ):
        assert codec.encode(value) == text.encode()
        assert codec.decode(text.encode()) == value


@ALL
@pytest.mark.parametrize(("text", "value"), [("102", 102.0), ("-3e0", -3.0), ("4E-400", 0.0)])
def test_one_type_of_number(info, text, value):
    """RFC 8259, section 6: a number has no type."""
    codec = info.compile(of(List(Float())))
    assert equal(codec.decode(f'{{"v":[{text}]}}'.encode()), {"v": [value]})


@ALL
def test_floats_keep_all_bits(info):
    """The shortest digits that mean the same binary64, and the other way round; random bits are mostly extreme."""
    codec = info.compile(of(List(Float())))
    random = Random(8259)
    reals = [real for real in struct.unpack("<5000d", random.randbytes(40_000)) if math.isfinite(real)]
    reals += [random.uniform(-1000, 1000) for _ in range(5000)]
    reals += [5e-324, 2.2250738585072011e-308, 1.7976931348623157e308, 0.1 + 0.2, 9007199254740993.0, -0.0, 1e22, 1e23]
    data = codec.encode({"v": reals})
    assert equal(codec.decode(data), {"v": reals})
    assert json.loads(data) == {"v": reals}
    assert equal(codec.decode(json.dumps({"v": reals}).encode()), {"v": reals})


NOT_FINITE = {
    "orjson": "[null,null,null,1.5]",
    "stdlib": "[NaN,Infinity,-Infinity,1.5]",
    "msgspec": "[null,null,null,1.5]",
    "msgspec-struct": "[null,null,null,1.5]",
    "ujson": "[NaN,Infinity,-Infinity,1.5]",
    "rapidjson": "[NaN,Infinity,-Infinity,1.5]",
}


@pytest.mark.parametrize(("name", "text"), NOT_FINITE.items(), ids=NOT_FINITE)
def test_nan_and_infinity(name, text):
    info, schema = BY_NAME[name], of(List(Float()))
    value = {"v": [math.nan, math.inf, -math.inf, 1.5]}
    codec = info.compile(schema)
    assert codec.encode(value) == f'{{"v":{text}}}'.encode()
    assert equal(codec.decode(codec.encode(value)), project(value, schema, info.limits)[0])


def test_simdjson_is_not_given_what_it_does_not_read():
    for real in (math.nan, math.inf, -math.inf):
        with pytest.raises(EncodeError):
            SIMDJSON.compile(of(List(Float()))).encode({"v": [real]})


@pytest.mark.parametrize("info", [ORJSON, STRUCT], ids=["orjson", "msgspec-struct"])
def test_null_is_nan_in_an_optional_field_too(info):
    codec = info.compile(of(Float(), optional=True))
    assert codec.decode(b"{}") == {}
    assert equal(codec.decode(codec.encode({"v": math.inf})), {"v": math.nan})


REFUSED = "refused"
STRICT = {"stdlib": REFUSED, "ujson": REFUSED, "rapidjson": REFUSED}
PECULIAR = [
    # what, its type, its text, what most make of it, and who makes something else of it
    ("beyond binary64", Float(), b"1E400000", REFUSED, {"stdlib": math.inf, "ujson": math.inf}),
    ("NaN", Float(), b"NaN", REFUSED, dict.fromkeys(STRICT, math.nan)),
    ("-Infinity", Float(), b"-Infinity", REFUSED, dict.fromkeys(STRICT, -math.inf)),
    ("half a pair, escaped", String(), b'"\\ud800"', REFUSED, {"stdlib": "\ud800", "ujson": "\ud800"}),
    ("half a pair in UTF-8", String(), b'"\xed\xa0\x80"', REFUSED, {"ujson": "\ud800"}),
    ("a control character", String(), b'"\x01"', REFUSED, {"ujson": "\x01"}),
    ("a leading zero", Int(), b"01", REFUSED, {"ujson": 1}),
    ("no digit after the point", Float(), b"1.", REFUSED, {"ujson": 1.0}),
    ("no digit before the point", Float(), b".5", REFUSED, {}),
    ("a comment", Int(), b"1/**/", REFUSED, {}),
    ("a comma at the end", List(Int()), b"[1,]", REFUSED, {}),
    ("something after NUL", Int(), b"1}\0{", REFUSED, {"rapidjson": 1}),
    ("2^64", Int(), b"18446744073709551616", 1 << 64, {"orjson": 2.0**64, "simdjson": REFUSED}),
    ("a name twice", Int(), b'1,"v":2', 2, {}),
    ("minus nought", Int(), b"-0", 0, {}),
    ("a real for an integer", Int(), b"1.0", 1.0, {"msgspec-struct": REFUSED}),
    ("null for an integer", Int(), b"null", None, {"msgspec-struct": REFUSED}),
    ("beyond its bits", Int(8), b"300", 300, {}),
]


@ALL
@pytest.mark.parametrize(
    ("type_", "text", "most", "others"), [row[1:] for row in PECULIAR], ids=[r[0] for r in PECULIAR]
)
def test_what_the_libraries_differ_in(info, type_, text, most, others):
    codec = info.compile(of(type_))
    data, due = b'{"v":' + text + b"}", others.get(info.implementation, most)
    if due is REFUSED:
        with pytest.raises(DecodeError):
            codec.decode(data)
    else:
        assert equal(codec.decode(data), {"v": due})


def test_a_byte_order_mark():
    """RFC 8259, section 8.1: a parser may ignore it."""
    for info in CODECS:
        codec = info.compile(of(Int()))
        if info is SIMDJSON:
            assert codec.decode(b'\xef\xbb\xbf{"v":1}') == {"v": 1}
        else:
            with pytest.raises(DecodeError):
                codec.decode(b'\xef\xbb\xbf{"v":1}')


@pytest.mark.parametrize(
    ("name", "writes", "reads"),
    [("orjson", 254, 1024), ("ujson", 1024, 1024), ("simdjson", 900, 1023)],
)
def test_bounds_of_nesting(name, writes, reads):
    """So many arrays and objects inside one another, and no more; the standard library writes for simdjson."""
    codec = BY_NAME[name].compile(of(Int()))
    plain = 1
    for _ in range(writes):
        plain = [plain]
    codec.encode_native(plain)
    if name != "simdjson":
        with pytest.raises(Exception, match=r"[Rr]ecursion"):
            codec.encode_native([plain])
    codec.decode(b"[" * reads + b"1" + b"]" * reads)
    with pytest.raises(DecodeError):
        codec.decode(b"[" * (reads + 1) + b"1" + b"]" * (reads + 1))


@ALL
@pytest.mark.parametrize("name", ["access_log", "mesh", "order", "telemetry", "tree"])
def test_all_write_the_same_members(info, name):
    loaded = shared.load(name)
    written, reader = STDLIB.compile(loaded.schema), info.compile(loaded.schema)
    for value in loaded.values[:5]:
        data = written.encode(value)
        assert first_difference(value, reader.decode(data)) == ""
        if info.implementation in ("ujson", "msgspec", "msgspec-struct", "orjson") and b"e" in data:
            assert written.decode(reader.encode(value)) == value  # their exponents look otherwise
        else:
            assert reader.encode(value) == data


@ALL
def test_encode_leaves_its_input_alone(info):
    value = {"v": [{"k": UUID(int=3)}]}
    codec = info.compile(of(List(Map(String(), Uuid()))))
    native = codec.decode_native(codec.encode(value))
    assert codec.from_native(native) == codec.from_native(native) == value == {"v": [{"k": UUID(int=3)}]}


@ALL
@pytest.mark.parametrize(
    "data",
    [
        b"", b"{", b'{"v":"x"} x', b'{"v":}', b"\xff\xfe", b'{"v":"\xff"}', b'{"v":"\x01"}', b"[" * 100_000,
        b'{"v":' + b"9" * 10_000 + b"}", '{"v":"a"}'.encode("utf-16"),
    ],
    ids=range(10),
)  # fmt: skip
def test_what_is_not_json_is_refused(info, data):
    codec = info.compile(of(Bytes()))
    with pytest.raises(DecodeError):
        codec.decode(data)


@ALL
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


@ALL
def test_lone_surrogates_are_not_written(info):
    with pytest.raises(EncodeError):
        info.compile(of(String())).encode({"v": "\ud800"})


@ALL
def test_encode_error_names_the_place(info):
    with pytest.raises(EncodeError) as caught:
        info.compile(of(List(Bytes()))).encode({"v": [b"", object()]})
    assert caught.value.path == "$.v[1]"


def test_source_is_shown():
    source = STDLIB.compile(of(List(Uuid()))).source
    assert "def out_Message(value):" in source
    assert "copy['v'] = [str(item_1) for item_1 in value['v']]" in source
    assert json.loads(STDLIB.compile(of(Int())).encode({"v": 1})) == {"v": 1}


@ALL
def test_json_lines(info):
    """The end of the last line may be missing, others may end in CR LF: both are white space to JSON."""
    codec = info.compile(of(String()))
    file = io.BytesIO()
    codec.write_stream(file, [{"v": "a\nb"}, {"v": "\u2028"}])
    assert file.getvalue().count(b"\n") == 2
    assert file.getvalue().endswith(b"}\n")
    data = file.getvalue().replace(b"\n", b"\r\n").removesuffix(b"\r\n")
    assert list(codec.read_stream(io.BytesIO(data))) == [{"v": "a\nb"}, {"v": "\u2028"}]
    with pytest.raises(DecodeError):
        list(codec.read_stream(io.BytesIO(b'{"v":"a"}\n\n{"v":"b"}\n')))


def test_a_stream_is_read_line_by_line():
    codec = ORJSON.compile(of(String()))
    line = codec.encode({"v": "x" * 100_000}) + b"\n"

    class Endless(io.RawIOBase):
        taken = 0

        def read(self, size=-1):
            """The line, again and again."""
            start = self.taken % len(line)
            self.taken += min(size, len(line) - start)
            return line[start : start + size]

    file = Endless()
    reader = codec.read_stream(file)
    for _ in range(3):
        assert len(next(reader)["v"]) == 100_000
    assert file.taken <= 3 * len(line) + (1 << 16)


class TestAccess:
    SCHEMA = Schema("M", (
        Record("M", (
            Field("a", 1, Map(String(), List(Ref("N")))),
            Field("b", 2, Map(Bool(), Map(Int(), Float()))),
            Field("u", 3, Ref("U"), optional=True),
        )),
        Record("N", (Field("t", 1, Timestamp(), key="~/~1"),)),
        Union("U", (Field("d", 1, Decimal(5, 2)), Field("n", 2, Int()))),
    ))  # fmt: skip
    WHEN = datetime(2020, 2, 29, tzinfo=UTC)
    VALUE = {
        "a": {"": [], "/~0": [{"~/~1": WHEN}] * 11, "\0": [{"~/~1": WHEN}], "é": []},
        "b": {True: {-7: 2.0, 7: math.inf}},
        "u": {"d": PyDecimal("-1.50")},
    }  # fmt: skip

    @pytest.mark.parametrize("info", [STRUCT, SIMDJSON], ids=["msgspec-struct", "simdjson"])
    def test_leaves(self, info):
        codec = info.compile(self.SCHEMA)
        data = STDLIB.compile(self.SCHEMA).encode(self.VALUE).replace(b"Infinity", b"3")
        for path, leaf in [
            (("a", "/~0", 10, "~/~1"), self.WHEN), (("a", "\0", 0, "~/~1"), self.WHEN), (("b", True, -7), 2.0),
            (("b", True, 7), 3.0), (("u", "d"), PyDecimal("-1.50")),
        ]:  # fmt: skip
            assert equal(codec.access(path)(data), leaf)
        for path in [
            (), ("a",), ("a", "é"), ("a", "é", 0, "~/~1"), ("a", "/~0", -1, "~/~1"), ("a", "/~0", 11, "~/~1"),
            ("b", False, 7), ("u", "n"), ("u", "d", 0), ("b", True), ("a", "/~0", "0", "~/~1"),
        ]:  # fmt: skip
            with pytest.raises(DecodeError):
                codec.access(path)(data)
        assert codec.decode(data)["u"] == {"d": PyDecimal("-1.50")}

    def test_the_parser_is_free_after_an_error(self):
        """simdjson's parser takes no new document while something of the last one is held, as a traceback does."""
        codec = SIMDJSON.compile(of(Int()))
        held = []
        for data in (b'{"v":[1]}', b'{"v":{"a":1}}', b"[]", b"5", b'{"w":1}', b'{"v":'):
            with pytest.raises(DecodeError) as caught:
                codec.access(("v",))(data)
            held.append(caught.value)
        assert codec.access(("v",))(b'{"v":5}') == 5

    def test_what_is_beside_the_way_is_not_looked_at(self):
        data = b'{"v":1,"v2":"\xff","v3":1e999}'
        assert STRUCT.compile(of(Int())).access(("v",))(data) == 1
