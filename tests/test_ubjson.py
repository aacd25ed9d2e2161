"""UBJSON by py-ubjson, in C and in Python.

Vectors are the examples of the specification, draft 12 (block notation, put into octets by hand), each with the name of
its section; where the library writes lengths as uint8 and the example has int8, both are read.
"""

import math
import struct
import time
from datetime import UTC, datetime
from decimal import Decimal as PyDecimal
from uuid import UUID

import pytest
from one_field import of
from sercodecs.contract import DecodeError, EncodeError
from sercodecs.ubjson import CODECS
from serschema import shared
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
    Uuid,
)
from serschema.values import equal, first_difference

BOTH = pytest.mark.parametrize("info", CODECS, ids=lambda info: info.implementation)


def message(*fields):
    return Schema(
        "Message", (Record("Message", tuple(Field(name, i + 1, type_) for i, (name, type_) in enumerate(fields))),)
    )


NUMBERS = message(
    ("int8", Int(8)), ("uint8", Int(8, False)), ("int16", Int(16)), ("int32", Int(32)), ("int64", Int(64)),
    ("float64", Float()), ("huge1", Decimal(21, 20)),
)  # fmt: skip
POST = Schema("Root", (
    Record("Root", (Field("post", 1, Ref("Post")),)),
    Record("Post", (
        Field("id", 1, Int(16)), Field("author", 2, String()), Field("timestamp", 3, Int()), Field("body", 4, String()),
    )),
))  # fmt: skip
POSTED = {"id": 1137, "author": "rkalla", "timestamp": 1364482090592, "body": "I totally agree!"}

EXAMPLES = [
    (
        "Boolean",
        message(("authorized", Bool()), ("verified", Bool())),
        {"authorized": True, "verified": False},
        b"{i\x0aauthorizedTi\x08verifiedF}",
    ),
    (
        "Numeric",
        NUMBERS,
        {
            "int8": -16,
            "uint8": 255,
            "int16": 32767,
            "int32": 2147483647,
            "int64": 9223372036854775807,
            "float64": 113243.7863123,
            "huge1": PyDecimal("3.14159265358979323846"),
        },
        b"{i\x04int8i\xf0i\x05uint8U\xffi\x05int16I\x7f\xffi\x05int32l\x7f\xff\xff\xff"
        b"i\x05int64L\x7f\xff\xff\xff\xff\xff\xff\xffi\x07float64D" + struct.pack(">d", 113243.7863123)
        + b"i\x05huge1Hi\x163.14159265358979323846}",
    ),
    ("Char", message(("rolecode", String()), ("delim", String())), {"rolecode": "a", "delim": ";"},
     b"{i\x08rolecodeCai\x05delimC;}"),
    ("String", message(("username", String()),), {"username": "rkalla"}, b"{i\x08usernameSi\x06rkalla}"),
    (
        "Object",
        POST,
        {"post": POSTED},
        b"{i\x04post{i\x02idI\x04\x71i\x06authorSi\x06rkallai\x09timestampL\x00\x00\x01\x3d\xb1\x78\x66\x60"
        b"i\x04bodySi\x10I totally agree!}}",
    ),
    ("Data Format, notes: binary data", of(Bytes()), {"v": b"\x01\xff"}, b"{i\x01v[$U#i\x02\x01\xff}"),
]  # fmt: skip


def written(octets):
    """The example as a writer has it that gives lengths as uint8; no octet i in these is anything but a marker."""
    for length in range(1, 32):
        octets = octets.replace(b"i%c" % length, b"U%c" % length)
    return octets


@BOTH
@pytest.mark.parametrize(("section", "schema", "value", "octets"), EXAMPLES)
def test_examples_of_the_specification(info, section, schema, value, octets):
    codec = info.compile(schema)
    assert first_difference(value, codec.decode(octets)) == ""
    assert codec.encode(value) == written(octets), section
    assert first_difference(value, codec.decode(written(octets))) == ""


F32 = [struct.pack(">f", number) for number in (29.97, 31.13, 67.0, 2.113, 23.8889)]
OPTIMIZED = [
    (List(Float(32)), b"[#i\x05d" + b"d".join(F32), [struct.unpack(">f", octets)[0] for octets in F32]),
    (List(Float(32)), b"[$d#i\x05" + b"".join(F32), [struct.unpack(">f", octets)[0] for octets in F32]),
    (
        Map(String(), Float(32)),
        b"{#i\x02i\x03latd\x41\x00\x00\x00i\x04longd\x42\x00\x00\x00",
        {"lat": 8.0, "long": 32.0},
    ),
    (
        Map(String(), Float(32)),
        b"{$d#i\x02i\x03lat\x41\x00\x00\x00i\x04long\x42\x00\x00\x00",
        {"lat": 8.0, "long": 32.0},
    ),
    (List(Bool()), b"[$T#I\x02\x00", [True] * 512),
    (List(Int(8)), b"[$i#i\x03\xff\x00\x01", [-1, 0, 1]),
    (List(Int(8)), b"[NNi\x01Ni\x02N]", [1, 2]),
    (List(List(String())), b"[$[#i\x02#i\x01Caxx]", None),
    (List(List(String())), b"[$[#i\x02#i\x01CaCb]", [["a"], ["b"]]),
    (Map(String(), List(Bool())), b"{$[#i\x02i\x01a]i\x01bT]", {"a": [], "b": [True]}),
    (List(String()), b"[#i\x02Si\x04[$Z#Ca", ["[$Z#", "a"]),
]


@BOTH
@pytest.mark.parametrize(("type_", "octets", "value"), OPTIMIZED)
def test_optimized_format(info, type_, octets, value):
    """Specification, Optimized Format and its examples: what others may write. What is wrong in one is refused."""
    codec = info.compile(of(type_))
    if value is None:
        with pytest.raises(DecodeError):
            codec.decode(b"{i\x01v" + octets + b"}")
    else:
        assert first_difference({"v": value}, codec.decode(b"{i\x01v" + octets + b"}")) == ""


@BOTH
def test_kinds(info):
    for type_, value, octets in (
        (Int(64, False), (1 << 64) - 1, b"HU\x1418446744073709551615"),
        (Int(64, False), 5, b"U\x05"),
        (Decimal(9, 9), PyDecimal("0E-9"), b"HU\x040E-9"),
        (Float(), 0.0, b"d\0\0\0\0"),
        (Float(), 1.5, b"D\x3f\xf8\0\0\0\0\0\0"),
        (Float(32), 1.5, b"d\x3f\xc0\0\0"),
        (Timestamp(), datetime(1, 1, 1, tzinfo=UTC), b"SU\x140001-01-01T00:00:00Z"),
        (Uuid(), UUID(int=1), b"SU\x2400000000-0000-0000-0000-000000000001"),
        (Ref("Colour"), "BLUE", b"SU\x04BLUE"),
        (Map(Int(), Bool()), {-7: True}, b"{U\x02-7T}"),
        (Map(Bool(), Bool()), {True: False}, b"{U\x04trueF}"),
        (String(), "", b"SU\0"),
        (String(), "é", b"SU\x02\xc3\xa9"),
    ):
        codec = info.compile(of(type_, Enum("Colour", (("BLUE", 3),))))
        assert codec.encode({"v": value}) == b"{U\x01v" + octets + b"}"
        assert first_difference({"v": value}, codec.decode(b"{U\x01v" + octets + b"}")) == ""


@BOTH
def test_floats(info):
    """Those of 32 bits in both widths, those below the normal ones, and what is null (Numeric, notes)."""
    codec = info.compile(of(List(Float())))
    for value in (5e-324, 2.2250738585072014e-308, 2.225073858507201e-308, 1.7976931348623157e308, -0.0, 0.1):
        assert equal(codec.decode(codec.encode({"v": [value, -value]})), {"v": [value, -value]})
    assert codec.encode({"v": [math.nan, math.inf]}) == b"{U\x01v[ZZ]}"
    assert equal(codec.decode(b"{U\x01v[ZZ]}"), {"v": [math.nan, math.nan]})
    codec = info.compile(of(List(Float(32))))
    for bits in (0x00000001, 0x007FFFFF, 0x00800000, 0x7F7FFFFF, 0x80000000, 0xC0490FDB):
        [value] = struct.unpack(">f", bits.to_bytes(4, "big"))
        assert equal(codec.decode(codec.encode({"v": [value]})), {"v": [value]})


@BOTH
def test_each_reads_what_the_other_wrote(info):
    [other] = [codec for codec in CODECS if codec is not info]
    for name in ("addressbook", "telemetry", "mesh", "order", "tree"):
        loaded = shared.load(name, records=50)
        writer, reader = other.compile(loaded.schema), info.compile(loaded.schema)
        for value in loaded.values[:3]:
            assert first_difference(value, reader.decode(writer.encode(value))) == ""
            assert reader.encode(value) == writer.encode(value)


BIG, HUGE = b"l\x7f\xff\xff\xff", b"L\x7f" + b"\xff" * 7
REFUSED = [
    b"", b"{", b"{}", b"?", b"{U\x01v", b"{i\xff", b"[$Z#" + BIG, b"[$T#" + HUGE, b"[$F#i\xff", b"[#" + BIG + b"Z",
    b"[#" + HUGE, b"[$i#" + HUGE + b"\0", b"[$[#" + BIG, b"[$C#l\x0f\xff\xff\xff", b"[$U#" + HUGE, b"S" + HUGE + b"a",
    b"H" + BIG + b"1", b"{#" + HUGE, b"{$Z#" + BIG, b"[$Z#U\xff" * 2000, b"[#I\x7f\xff" * 2000, b"[" * 100_000,
    b"{U\x01a" * 50_000, b"[$[#U\x01" * 20_000, b"{U\x01v[$$#U\x01", b"HU\x01x", b"C\xff", b"[$U",
]  # fmt: skip


@BOTH
@pytest.mark.parametrize("data", REFUSED, ids=range(len(REFUSED)))
def test_what_is_refused(info, data):
    codec = info.compile(of(Uuid()))
    start = time.process_time()
    with pytest.raises(DecodeError):
        codec.decode(data)
    assert time.process_time() - start < 1


@BOTH
def test_encode_error_names_the_place(info):
    with pytest.raises(EncodeError) as caught:
        info.compile(of(List(Int()))).encode({"v": [1, object()]})
    assert caught.value.path == "$.v[1]"
