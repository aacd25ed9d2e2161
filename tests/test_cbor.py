"""CBOR by two libraries. `cbor_rfc8949.json` holds the examples of the RFC; other octets name their section."""

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
from one_field import of
from sercodecs.cbor import CODECS
from sercodecs.contract import DecodeError, EncodeError
from serschema import shared
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

ALL = pytest.mark.parametrize("info", CODECS, ids=lambda info: info.id)
CBOR2, LABELS, CBORX, CANONICAL = CODECS
NAMED = (CBOR2, CBORX, CANONICAL)
BY_CBOR2 = pytest.mark.parametrize("info", [CBOR2, LABELS, CANONICAL], ids=lambda info: info.id)
CASES = json.loads((Path(__file__).parent / "vectors" / "cbor_rfc8949.json").read_text())["cases"]
TYPES = {
    "bool": Bool(),
    "int": Int(),
    "uint": Int(signed=False),
    "float": Float(),
    "string": String(),
    "bytes": Bytes(),
    "timestamp": Timestamp(),
    "decimal": Decimal(5, 2),
    "list": List(Int()),
    "lists": List(List(Int())),
    "map_int": Map(Int(), Int()),
    "map_text": Map(String(), String()),
}


def octets(text, info=CBOR2):
    """A message of one field, by the hexadecimal of what it holds."""
    return bytes.fromhex(("a101" if info is LABELS else "a16176") + text)


@ALL
@pytest.mark.parametrize("case", CASES, ids=lambda case: case["hex"][:18])
def test_examples_of_the_rfc(info, case):
    schema = of(TYPES[case["type"]])
    value = from_json({"v": case["value"]}, schema)
    codec = info.compile(schema)
    assert first_difference(value, codec.decode(octets(case["hex"], info))) == ""
    if case["written"] == "all" or (case["written"], info) == ("canonical", CANONICAL):
        assert codec.encode(value) == octets(case["hex"], info)
    else:
        assert codec.encode(value) != octets(case["hex"], info)


@ALL
@pytest.mark.parametrize(
    ("type_", "value", "text"),
    [
        # The registry of CBOR tags, 37: a byte string of 16 octets.
        (Uuid(), UUID("00112233-4455-6677-8899-aabbccddeeff"), "d8255000112233445566778899aabbccddeeff"),
        (Decimal(8, 8), PyDecimal("0E-8"), "c4822700"),
        (Decimal(20, 0), PyDecimal("-18446744073709551617"), "c48200c349010000000000000000"),  # Appendix A: the bignum
    ],
)
def test_tags(info, type_, value, text):
    codec = info.compile(of(type_))
    assert codec.encode({"v": value}) == octets(text, info)
    assert equal(codec.decode(octets(text, info)), {"v": value})


def test_the_order_of_the_keys_in_canonical_form():
    """Section 4.2.3: 10, -1, 100 and "z", "aa", by length first."""
    codec = CANONICAL.compile(of(Map(Int(), Bool())))
    assert codec.encode({"v": {100: True, -1: True, 10: True}}) == octets("a3 0af5 20f5 1864f5")
    codec = CANONICAL.compile(of(Map(String(), Bool())))
    assert codec.encode({"v": {"aa": True, "z": True}}) == octets("a2 617af5 626161f5")


MIXED = Schema(
    "M",
    (
        Record("M", (Field("first", 1, Ref("E"), optional=True, key="1st"), Field("choice", 2, Ref("U")))),
        Enum("E", (("RED", -5), ("BLUE", 300))),
        Union("U", (Field("n", 7, Int()), Field("id", 9, Uuid()), Field("e", 10, Ref("E")))),
    ),
)


@ALL
@pytest.mark.parametrize(
    ("value", "names", "labels"),
    [
        ({"choice": {"n": 1}}, "a1 6663686f696365 a1 616e 01", "a1 02 a1 07 01"),
        (
            {"1st": "RED", "choice": {"e": "BLUE"}},
            "a2 63317374 63524544 6663686f696365 a1 6165 64424c5545",
            "a2 01 24 02 a1 0a 19012c",
        ),
    ],
)
def test_records_unions_and_enums(info, value, names, labels):
    codec, text = info.compile(MIXED), labels if info is LABELS else names
    assert codec.encode(value) == bytes.fromhex(text)
    assert codec.decode(bytes.fromhex(text)) == value


@pytest.mark.parametrize(
    "text", ["a0", "a1 02 a0", "a1 02 a1 08 01", "a1 02 a2 07 01 0a 24", "a1 02 a1 0a 05", "a1 6102 a0"]
)
def test_labels_are_checked(text):
    with pytest.raises(DecodeError):
        LABELS.compile(MIXED).decode(bytes.fromhex(text))


def test_a_claims_set():
    """RFC 8392, A.1: the claims of a CBOR Web Token, whose keys are numbers."""
    fields = (
        *(Field(name, number, String()) for number, name in enumerate(("iss", "sub", "aud"), 1)),
        *(Field(name, number, Int(64)) for number, name in enumerate(("exp", "nbf", "iat"), 4)),
        Field("cti", 7, Bytes()),
    )
    value = {"iss": "coap://as.example.com", "sub": "erikw", "aud": "coap://light.example.com"}
    value |= {"exp": 1444064944, "nbf": 1443944944, "iat": 1443944944, "cti": b"\x0b\x71"}
    codec = LABELS.compile(Schema("Claims", (Record("Claims", fields),)))
    text = (
        "a70175636f61703a2f2f61732e6578616d706c652e636f6d02656572696b77037818636f61703a2f2f6c696768742e6578616d706c652e"
        "636f6d041a5612aeb0051a5610d9f0061a5610d9f007420b71"
    )
    assert codec.encode(value).hex() == text
    assert codec.decode(bytes.fromhex(text)) == value


@pytest.mark.parametrize("name", ["access_log", "mesh", "order", "telemetry", "tree"])
def test_both_libraries_write_the_same_octets(name):
    loaded = shared.load(name)
    one, other, canonical = (info.compile(loaded.schema) for info in NAMED)
    for value in loaded.values[:5]:
        assert one.encode(value) == other.encode(value)
        assert first_difference(value, one.decode(other.encode(value))) == ""
        assert first_difference(value, other.decode(canonical.encode(value))) == ""


@ALL
def test_times_and_decimals_are_exact(info):
    codec = info.compile(of(List(Timestamp())))
    years = [datetime(year, 12, 31, 23, 59, 59, 999999, UTC) for year in (1, 999, 1969, 1970, 2105, 2514, 9999)]
    assert codec.decode(codec.encode({"v": years})) == {"v": years}
    codec = info.compile(of(Decimal(1000, 500)))
    number = PyDecimal((1, (7,) * 1000, -500))
    assert equal(codec.decode(codec.encode({"v": number})), {"v": number})


@ALL
def test_nan_loses_its_payload(info):
    [payload] = struct.unpack(">d", bytes.fromhex("fff8000000000123"))
    codec = info.compile(of(Float()))
    assert codec.encode({"v": payload}) == octets("f97e00", info)
    assert equal(codec.decode(octets("f97e00", info)), {"v": math.nan})


UNASKED = {
    "self-described": "d9d9f700",
    "bigfloat": "c5822003",
    "rational": "d81e820103",
    "regular expression": "d82363612b62",
    "MIME message": "d8246d53756261656374",
    "IPv4 address": "d8344401020304",
    "network address": "d9010444c0000201",
    "set": "d9010281 01",
    "days": "d86419 1000",
    "date": "d903ec6a323031332d30332d3231",
    "complex": "d9a7f8820102",
    "contains itself": "d81c81d81d00",
    "shared": "82d81c8101d81d00",
    "repeated text": "d901008263616263d81900",
    "unknown": "d9ffff00",
    "encoded CBOR": "d8184101",
}


@pytest.mark.parametrize("text", UNASKED.values(), ids=UNASKED)
@BY_CBOR2
@pytest.mark.parametrize("type_", [List(Int()), String()])
def test_tags_that_no_schema_needs(info, text, type_):
    with pytest.raises(DecodeError):
        info.compile(of(type_)).decode(octets(text, info))


@ALL
@pytest.mark.parametrize(
    "text",
    [
        "", "1c", "ff", "61ff", "63eda080", "9f", "82 01", "5f6161ff", "5f5f4101ffff", "f81f", "7f4161ff",
        "9b7fffffffffffffff", "bb7fffffffffffffff", "5b7fffffffffffffff", "7bffffffffffffffff", "81" * 5000,
        "c25b7fffffffffffffff", "c0616161", "c1f97e00", "c1fb7e37e43c8800759c", "c0" * 5000, "bf6161ff",
    ],
)  # fmt: skip
def test_what_is_not_cbor_is_refused(info, text):
    tracemalloc.start()
    try:
        with pytest.raises(DecodeError):
            info.compile(of(List(Int()))).decode(octets(text, info))
        assert tracemalloc.get_traced_memory()[1] < 1_500_000
    finally:
        tracemalloc.stop()


@ALL
@pytest.mark.parametrize(
    ("type_", "text"), [(Uuid(), "d8254101"), (Decimal(3, 1), "c48201"), (Decimal(3, 1), "c4816161")]
)
def test_tags_of_something_else(info, type_, text):
    with pytest.raises(DecodeError):
        info.compile(of(type_)).decode(octets(text, info))


REFUSED = "refused"
PECULIAR = [
    # what, its type, its octets, what cbor2 makes of it, and what cborx does
    ("octets after it", Int(), "0102", 1, REFUSED),
    ("an integer longer than due", Int(), "190001", 1, 1),
    ("an integer for a float", Float(), "01", 1, 1),
    ("null", Int(), "f6", None, None),
    ("an array as a key", Map(String(), Int()), "a18001", {(): 1}, REFUSED),
    ("a key twice", Map(Int(), Int()), "a201020103", {1: 3}, {1: 3}),
    ("a bignum that need not be one", Int(), "c24101", 1, 1),
]


@pytest.mark.parametrize(
    ("type_", "text", "one", "other"), [row[1:] for row in PECULIAR], ids=[row[0] for row in PECULIAR]
)
def test_what_the_libraries_differ_in(type_, text, one, other):
    for info, due in ((CBOR2, one), (CBORX, other)):
        codec = info.compile(of(type_))
        if due is REFUSED:
            with pytest.raises(DecodeError):
                codec.decode(octets(text, info))
        else:
            assert equal(codec.decode(octets(text, info)), {"v": due})


@pytest.mark.parametrize(("info", "writes", "reads"), [(CBOR2, None, 400), (CBORX, 200, 200)], ids=["cbor2", "cborx"])
def test_bounds_of_nesting(info, writes, reads):
    codec = info.compile(of(Int()))
    assert codec.decode(b"\x81" * reads + b"\1")
    with pytest.raises(DecodeError):
        codec.decode(b"\x81" * (reads + 1) + b"\1")
    if writes:
        plain = 1
        for _ in range(writes):
            plain = [plain]
        codec.encode_native(plain)
        with pytest.raises(Exception, match="depth"):
            codec.encode_native([plain])


@ALL
def test_the_encoder_survives_an_error(info):
    codec = info.compile(of(List(Int())))
    before = codec.encode({"v": [1, 2]})
    with pytest.raises(EncodeError) as caught:
        codec.encode({"v": [1, object()]})
    assert caught.value.path == "$.v[1]"
    assert codec.encode({"v": [1, 2]}) == before


@BY_CBOR2
class TestSequences:
    """RFC 8742, section 2: data items one after the other; none is a sequence too."""

    def test_they_are_read_one_by_one(self, info):
        codec = info.compile(of(String()))
        values = [{"v": "x" * i} for i in range(0, 3000, 100)]
        file = io.BytesIO()
        codec.write_stream(file, values)
        assert file.getvalue() == b"".join(map(codec.encode, values))
        file.seek(0)
        assert list(codec.read_stream(file)) == values
        assert not file.closed
        assert list(codec.read_stream(io.BytesIO())) == []

    def test_damage_comes_after_what_is_whole(self, info):
        codec = info.compile(of(String()))
        data = codec.encode({"v": "abc"})
        for rest in (data[:-1], data[:1], b"\xff", b"\x1c"):
            reader = codec.read_stream(io.BytesIO(data + rest))
            assert next(reader) == {"v": "abc"}
            with pytest.raises(DecodeError):
                next(reader)

    def test_what_a_length_claims_is_not_allocated(self, info):
        codec = info.compile(of(String()))
        tracemalloc.start()
        try:
            for octets in (
                b"\x7b\x7f" + b"\xff" * 7,
                b"\x9b\x00\x00\x00\x00\x7f\xff\xff\xff" * 100,
                b"\x5f\x5a\x04\xd7\xce\xcb",
                b"\x7f\x7a\x04\xd7\xce\xcb",
            ):
                with pytest.raises(DecodeError):
                    list(codec.read_stream(io.BytesIO(octets)))
            assert tracemalloc.get_traced_memory()[1] < 1_000_000
        finally:
            tracemalloc.stop()
