"""Protocol Buffers: the octets are those of the schema's .proto; what is absent, unknown or out of range is noticed."""

import io
import json
import math
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sercodecs import protobuf
from sercodecs.contract import DecodeError, EncodeError, UnsupportedSchema
from serschema.jsonform import from_json
from serschema.load import load_schema
from serschema.model import (
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
from serschema.values import first_difference

GREATEST = 3.4028234663852886e38
"""Of binary32."""

VECTORS = Path(__file__).parent / "vectors"
RECORDED = json.loads((VECTORS / "protobuf_protoc.json").read_text())["vectors"]
KINDS = load_schema(f"{VECTORS / 'protobuf_kinds.proto'}:Kinds")


def schema(*types: Type, named=(), optional=False, first=1):
    """A record R of fields `f1`, `f2`..."""
    fields = tuple(Field(f"f{number}", number, type, optional) for number, type in enumerate(types, first))
    return Schema("R", (Record("R", fields), *named))


INFOS = {info.id: info for info in protobuf.CODECS}
BOTH = pytest.mark.parametrize("library", ["protobuf/upb", "protobuf/python"])


def codec(of: Schema, id="protobuf/upb"):
    return INFOS[id].compile(of)


INNER = Record("Inner", (Field("a", 1, Int(32)),))
DOCUMENTED = {
    "a simple message": (schema(Int(32)), {"f1": 150}, "089601"),
    "length-delimited records": (schema(String(), first=2), {"f2": "testing"}, "120774657374696e67"),
    "submessages": (schema(Ref("Inner"), named=(INNER,), first=3), {"f3": {"a": 150}}, "1a03089601"),
    "packed repeated fields": (schema(List(Int(32)), first=6), {"f6": [3, 270, 86942]}, "3206038e029ea705"),
}
"""Examples of "Encoding" (protobuf.dev), by the heading they stand under."""


@BOTH
@pytest.mark.parametrize(("of", "value", "octets"), DOCUMENTED.values(), ids=DOCUMENTED)
def test_documented(of, value, octets, library):
    assert codec(of, library).encode(value).hex() == octets
    assert codec(of, library).decode(bytes.fromhex(octets)) == value


@BOTH
@pytest.mark.parametrize("vector", RECORDED, ids=lambda vector: vector["name"])
def test_octets_of_protoc(vector, library):
    value = from_json(vector["value"], KINDS)
    octets = codec(KINDS, library).encode(value)
    assert octets.hex() == vector["hex"]
    assert first_difference(value, codec(KINDS, library).decode(octets)) == ""


def test_protoc_reads_what_has_no_proto_of_its_own(tmp_path):
    """Lists in lists, maps in lists and unions in lists: the messages around them are in field 1."""
    union = Union("U", (Field("a", 1, Int(32)), Field("b", 2, List(Int(32)))))
    of = schema(
        List(List(Int(32))), List(Map(String(), Int(32))), List(Ref("U")), Map(Int(32), Ref("U")), named=(union,)
    )
    (tmp_path / "r.proto").write_text(
        'syntax = "proto3"; message L { repeated int32 item = 1; } message M { map<string, int32> item = 1; }'
        "message U { oneof u { int32 a = 1; L b = 2; } }"
        "message R { repeated L f1 = 1; repeated M f2 = 2; repeated U f3 = 3; map<int32, U> f4 = 4; }"
    )
    value = {"f1": [[], [1, 2]], "f2": [{"k": 1}, {}], "f3": [{"a": 0}, {"b": []}], "f4": {-1: {"b": [5]}}}
    octets = codec(of).encode(value)
    command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{tmp_path}", "--decode=R", "r.proto"]
    text = subprocess.run(command, input=octets, capture_output=True, check=True).stdout.decode()
    assert "".join(text.split()) == (
        'f1{}f1{item:1item:2}f2{item{key:"k"value:1}}f2{}f3{a:0}f3{b{}}f4{key:-1value{b{item:5}}}'
    )
    assert codec(of).decode(octets) == value


COLOUR = Enum("Colour", (("GREEN", 1), ("RED", 0)))
SHIFTED = Enum("Shifted", (("ONE", 1), ("TWO", 2)))
REFUSED = {
    "an unknown number of an enum": (schema(Ref("Colour"), named=(COLOUR,)), "0807"),
    "an absent enum without a zero": (schema(Ref("Shifted"), named=(SHIFTED,)), ""),
    "an absent message": (schema(Ref("Inner"), named=(INNER,)), ""),
    "an absent timestamp": (schema(Timestamp()), ""),
    "negative nanoseconds": (schema(Timestamp()), "0a0b10ffffffffffffffffff01"),
    "a time after the year 9999": (schema(Timestamp()), "0a07088083d1ffaf07"),
    "8 bits exceeded": (schema(Int(8)), "088001"),
    "8 bits exceeded in a list": (schema(List(Int(8, False))), "0a03018002"),
    "an absent number above zero": (schema(Int(32, True, 5)), ""),
    "a key out of its range": (schema(Map(Int(8), Int(8))), "0a0508ff011001"),
    "text that is not UTF-8": (schema(String()), "0a01ff"),
    "text too long": (schema(String(1)), "0a026161"),
    "octets too few": (schema(Bytes(2)), "0a0161"),
    "a list too short": (schema(List(Int(32), 1)), ""),
    "a UUID of 15 octets": (schema(Uuid()), "0a0f" + "00" * 15),
    "a decimal of too many digits": (schema(Decimal(3, 2)), "0a0531302e3030"),
    "a decimal with an exponent": (schema(Decimal(3, 2)), "0a03316532"),
    "a decimal with too many decimals": (schema(Decimal(3, 1)), "0a04302e3035"),
    "a decimal of minus zero": (schema(Decimal(3, 0)), "0a022d30"),
    "a union without alternative": (
        schema(List(Ref("U")), named=(Union("U", (Field("a", 1, Int(32)),)),)),
        "0a00",
    ),
    "a group that does not end": (schema(Int(32)), "0b"),
}


@BOTH
@pytest.mark.parametrize(("of", "octets"), REFUSED.values(), ids=REFUSED)
def test_refused(of, octets, library):
    with pytest.raises(DecodeError):
        codec(of, library).decode(bytes.fromhex(octets))


def test_unknown_fields_are_skipped_and_the_last_value_counts():
    assert codec(schema(Int(32))).decode(bytes.fromhex("100108010802")) == {"f1": 2}


def test_an_enum_without_zero_is_carried():
    built = codec(schema(Ref("Shifted"), List(Ref("Shifted")), named=(SHIFTED,)))
    octets = built.encode({"f1": "TWO", "f2": ["ONE"]})
    assert octets.hex() == "0802120101"
    assert built.decode(octets) == {"f1": "TWO", "f2": ["ONE"]}


def choice(number: int, *others: Field) -> Schema:
    union = Union("U", (Field("a", 3, Int(32)), Field("b", 4, String())))
    return Schema("R", (Record("R", (Field("u", number, Ref("U")), *others)), union))


@pytest.mark.parametrize(
    ("of", "octets"),
    [
        pytest.param(choice(3), "1801", id="a oneof has the number of its first alternative"),
        pytest.param(choice(1), "0a021801", id="a field of another number is a message"),
        pytest.param(choice(3, Field("c", 4, String())), "1a021801", id="a number collides"),
        pytest.param(choice(3, Field("b", 5, String())), "1a021801", id="a name collides"),
        pytest.param(choice(3, Field("c", 5, List(Ref("U")))), "1a021801", id="the union is in use elsewhere"),
    ],
)
def test_where_a_union_stands(of, octets):
    value = {"u": {"a": 1}} | {
        field.key: [] if field.key == "c" and field.number == 5 else "" for field in of.record.fields[1:]
    }
    assert codec(of).encode(value).hex() == octets
    assert codec(of).decode(bytes.fromhex(octets)) == value


def test_an_optional_list_may_be_there_and_empty():
    built = codec(schema(List(Int(32)), Map(String(), Int(32)), optional=True))
    assert built.encode({}) == b""
    assert built.encode({"f1": [], "f2": {}}).hex() == "0a001200"
    assert built.decode(bytes.fromhex("0a00")) == {"f1": []}


def test_maps_are_written_in_one_order():
    built = codec(schema(Map(String(), Int(32))))
    keys = [f"key {i}" for i in range(50)]
    forwards, backwards = (dict.fromkeys(order, 1) for order in (keys, keys[::-1]))
    assert built.encode({"f1": forwards}) == built.encode({"f1": backwards})


@pytest.mark.parametrize("number", [19000, 19999, 1 << 29])
def test_numbers_that_the_format_does_not_have(number):
    with pytest.raises(UnsupportedSchema, match=str(number)):
        codec(schema(Float(), first=number))


def nested(levels: int, through):
    value = through(None)
    for _ in range(levels - 1):
        value = through(value)
    return value


@pytest.mark.parametrize("id", INFOS)
def test_what_is_written_can_be_read_as_deep_as_it_goes(id):
    """upb writes any depth but reads 100 messages, of which an entry of a map is one."""
    chain = codec(Schema("R", (Record("R", (Field("next", 1, Ref("R"), True),)),)), id)
    maps = codec(Schema("R", (Record("R", (Field("next", 1, Map(String(), Ref("R"))),)),)), id)

    def link(inner):
        return {} if inner is None else {"next": inner}

    def entry(inner):
        return {"next": {} if inner is None else {"k": inner}}

    for built, through, most in ((chain, link, 100), (maps, entry, 50)):
        deepest = nested(most, through)
        assert built.decode(built.encode(deepest)) == deepest
        with pytest.raises(EncodeError):
            built.encode(nested(most + 1, through))


def test_the_library_is_upb():
    from google.protobuf.internal import api_implementation

    assert api_implementation.Type() == "upb"


def test_another_implementation_is_refused(monkeypatch):
    from google.protobuf.internal import api_implementation

    monkeypatch.setattr(api_implementation, "Type", lambda: "python")
    with pytest.raises(UnsupportedSchema, match="python"):
        codec(schema(Int(32)))


def test_two_libraries_stay_apart():
    """The copy in Python is imported beside upb, and leaves nothing behind."""
    before = {name: module for name, module in sys.modules.items() if name.startswith("google")}
    of = schema(Timestamp(), Map(Int(32), Ref("Inner")), named=(INNER,))
    pure, fast = codec(of, "protobuf/python"), codec(of)
    after = {name: module for name, module in sys.modules.items() if name.startswith("google")}
    assert {name: after[name] for name in before} == before
    value = from_json({"f1": "2025-01-02T03:04:05.000006Z", "f2": {"1": {"a": 2}}}, of)
    natives = pure.to_native(value), fast.to_native(value)
    assert [hasattr(native, "_fields") for native in natives] == [True, False]
    assert pure.encode(value) == fast.encode(value)


def protoc(tmp_path, action, data):
    """The text format of protoc, which is the library in C++."""
    (tmp_path / "kinds.proto").write_bytes((VECTORS / "protobuf_kinds.proto").read_bytes())
    command = [sys.executable, "-m", "grpc_tools.protoc", f"-I{tmp_path}", f"--{action}=kinds.Kinds", "kinds.proto"]
    return subprocess.run(command, input=data, capture_output=True, check=True).stdout


def test_text_of_protoc(tmp_path):
    text = codec(KINDS, "protobuf-text/upb")
    for vector in RECORDED[:4]:
        value = from_json(vector["value"], KINDS)
        assert first_difference(value, text.decode(protoc(tmp_path, "decode", bytes.fromhex(vector["hex"])))) == ""
        assert protoc(tmp_path, "encode", text.encode(value)).hex() == vector["hex"]


MAPPED = {
    "int64": (schema(Int(64)), {"f1": -(1 << 62)}, '{"f1": "-4611686018427387904"}'),
    "uint32": (schema(Int(32, False)), {"f1": 4294967295}, '{"f1": 4294967295}'),
    "a name": (Schema("R", (Record("R", (Field("foo_bar", 1, Int(32)),)),)), {"foo_bar": 1}, '{"fooBar": 1}'),
    "a name given": (
        Schema("R", (Record("R", (Field("foo", 1, Int(32), key="some key"),)),)),
        {"some key": 1},
        '{"some key": 1}',
    ),
    "enum": (
        schema(Ref("Colour"), named=(Enum("Colour", (("RED", 0), ("GREEN", 1))),)),
        {"f1": "GREEN"},
        '{"f1": "GREEN"}',
    ),
    "map": (schema(Map(Int(32), String())), {"f1": {-1: "v"}}, '{"f1": {"-1": "v"}}'),
    "bytes": (schema(Bytes()), {"f1": b"\xfb\xff"}, '{"f1": "+/8="}'),
    "infinity": (
        schema(Float(), Float(32)),
        {"f1": math.inf, "f2": -math.inf},
        '{"f1": "Infinity", "f2": "-Infinity"}',
    ),
    "float": (schema(Float(32)), {"f1": 0.10000000149011612}, '{"f1": 0.1}'),
    "minus zero": (schema(Float()), {"f1": -0.0}, '{"f1": -0.0}'),
    "zero": (schema(Int(32), String()), {"f1": 0, "f2": ""}, "{}"),
    "timestamp": (
        schema(Timestamp()),
        {"f1": datetime(1972, 1, 1, 10, 0, 20, 21000, tzinfo=UTC)},
        '{"f1": "1972-01-01T10:00:20.021Z"}',
    ),
    "the greatest float": (schema(Float(32)), {"f1": -GREATEST}, '{"f1": -3.4028235e+38}'),
}
"""The table of "ProtoJSON Format" (protobuf.dev), row by row; the time is its example."""


@pytest.mark.parametrize(("of", "value", "text"), MAPPED.values(), ids=MAPPED)
def test_json(of, value, text):
    built = codec(of, "protobuf-json/upb")
    assert built.encode(value).decode() == text
    assert first_difference(value, built.decode(text.encode())) == ""


def test_the_greatest_float_changes_nothing_else():
    built = codec(schema(Float(32), Float(64), String()), "protobuf-json/upb")
    value = {"f1": GREATEST, "f2": 3.4028235e38, "f3": "3.4028235e+38"}
    assert built.decode(built.encode(value)) == value
    for wrong in ('{"f1": 3.4028235e+38, "f1": 1.0}', '{"f1": 3.4028235e+38, "f3": 1.5}', '{"f1": 3.5e38}'):
        with pytest.raises(DecodeError):
            built.decode(wrong.encode())


@pytest.mark.parametrize("id", ["protobuf-json/upb", "protobuf-text/upb"])
def test_names_in_texts(id):
    """A keyword of Python is a name like others; a method of the library's messages is not."""
    fields = (Field("class", 1, Int(32)), Field("from", 2, Ref("Inner"), True), Field("in", 3, List(Int(8))))
    built = codec(Schema("R", (Record("R", fields), INNER)), id)
    value = {"class": 1, "from": {"a": 2}, "in": [3]}
    assert built.decode(built.encode(value)) == value
    assert b"class" in built.encode(value)
    with pytest.raises(UnsupportedSchema, match="method"):
        codec(Schema("R", (Record("R", (Field("HasField", 1, Int(32)),)),)), id)


@BOTH
def test_a_stream(library):
    """Each message after its length, as `google.protobuf.proto` of the same distribution has it."""
    from google.protobuf.proto import parse_length_prefixed

    of = schema(Int(32), String())
    built = codec(of, library)
    values = [{"f1": 150, "f2": ""}, {"f1": 0, "f2": ""}, {"f1": 1, "f2": "x" * 200}]
    file = io.BytesIO()
    built.write_stream(file, values)
    assert file.getvalue()[:8].hex() == "0308960100cd0108"
    file.seek(0)
    message = type(codec(of).to_native(values[0]))
    assert [parse_length_prefixed(message, file).f1_1 for _ in values] == [150, 0, 1]
    file.seek(0)
    assert list(built.read_stream(file)) == values


@pytest.mark.parametrize("octets", ["80", "03", "0308", "ffffffffffffffffff7f", "ff" * 11, "ffffffff7f08"])
def test_a_damaged_stream(octets):
    with pytest.raises(DecodeError):
        list(codec(schema(Int(32))).read_stream(io.BytesIO(bytes.fromhex(octets))))
