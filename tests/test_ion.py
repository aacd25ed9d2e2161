"""Amazon Ion in both notations.

Octets follow the document Ion Binary Encoding, whose section is named: its own examples where it has some, put together
by hand from its diagrams otherwise. A message has one field `v` and thus the same symbol table in front of it. Texts
are from the specification of the text notation. What the library would not survive is written down in `REFUSED`.
"""

import io
import math
import struct
import time
from datetime import UTC, datetime
from decimal import Decimal as PyDecimal
from uuid import UUID

import pytest
from one_field import of
from sercodecs.contract import DecodeError, EncodeError
from sercodecs.ion import CODECS
from serschema import shared
from serschema.model import (
    Bool,
    Bytes,
    Decimal,
    Enum,
    Float,
    Int,
    List,
    Map,
    Ref,
    String,
    Timestamp,
    Uuid,
)
from serschema.values import equal, first_difference

BINARY, TEXT = CODECS
BOTH = pytest.mark.parametrize("info", CODECS, ids=lambda info: info.format.name)
MARKER = bytes.fromhex("e00100ea")
HEAD = MARKER + bytes.fromhex("e7 8183 d4 87 b2 8176")
"""Ion Symbols, local symbol tables: $ion_symbol_table::{symbols: ["v"]}, which makes "v" the symbol 10."""


def message(octets):
    """A struct with the one field (0xD: struct): the VarUInt 10, then the value."""
    content = b"\x8a" + octets
    return HEAD + (bytes([0xD0 + len(content)]) if len(content) < 14 else b"\xde%c" % (0x80 + len(content))) + content


T2000 = datetime(2000, 1, 1, tzinfo=UTC)
VALUES = [
    ("0x1: bool", Bool(), True, "11", "true"),
    ("0x1: bool", Bool(), False, "10", "false"),
    ("0x2 and 0x3: int", Int(), 0, "20", "0"),
    ("0x2 and 0x3: int", Int(), 123456, "23 01e240", "123456"),
    ("0x2 and 0x3: int", Int(), -123456, "33 01e240", "-123456"),
    ("0x2 and 0x3: int", Int(64, False), (1 << 64) - 1, "28 ffffffffffffffff", "18446744073709551615"),
    ("0x4: float", Float(), 0.0, "40", "0e0"),
    ("0x4: float", Float(), -0.0, "48 8000000000000000", "-0e0"),
    ("0x4: float", Float(), 1.5, "48 3ff8000000000000", "1.5e+0"),
    ("0x4: float", Float(), -math.inf, "48 fff0000000000000", "-inf"),
    ("0x5: decimal", Decimal(5, 2), PyDecimal("-12.50"), "53 c2 84e2", "-12.50"),
    ("0x5: decimal", Decimal(9, 9), PyDecimal("0E-9"), "51 c9", "0d-9"),
    ("0x7: symbol", Ref("Colour"), "v", "71 0a", "v"),
    ("0x8: string", String(), "", "80", '""'),
    ("0x8: string", String(), "é", "82 c3a9", '"é"'),
    ("0xA: blob", Bytes(), b"ab", "a2 6162", "{{YWI=}}"),
    ("0xB: list", List(Int()), [], "b0", "[]"),
    ("0xB: list", List(Int()), [1, -1], "b4 2101 3101", "[1,-1]"),
    ("0xD: struct", Map(String(), Bool()), {}, "d0", "{}"),
    ("0xD: struct", Map(String(), Bool()), {"v": True}, "d2 8a 11", "{v:true}"),
]  # fmt: skip


@pytest.mark.parametrize(("section", "type_", "value", "octets", "text"), VALUES)
def test_typed_value_formats(section, type_, value, octets, text):
    schema = of(type_, Enum("Colour", (("v", 0),)))
    for info, data in ((BINARY, message(bytes.fromhex(octets))), (TEXT, f"$ion_1_0 {{v:{text}}}".encode())):
        codec = info.compile(schema)
        assert codec.encode({"v": value}) == data, section
        assert first_difference({"v": value}, codec.decode(data)) == ""


READ = [
    # 0x6: timestamp, the example of equivalent ones
    (Timestamp(), T2000, "68 80 0fd0 81 81 80 80 80"),
    (Timestamp(), T2000, "69 80 0fd0 81 81 80 80 80 80"),
    (Timestamp(), T2000, "6a 80 0fd0 81 81 80 80 80 80 00"),
    (Timestamp(), T2000, "69 80 0fd0 81 81 80 80 80 c0"),
    (Timestamp(), T2000, "69 80 0fd0 81 81 80 80 80 81"),
    # 0x6: timestamp: only the year; an offset of an hour, the rest being in UTC
    (Timestamp(), T2000, "63 80 0fd0"),
    (Timestamp(), datetime(2000, 1, 1, 12, tzinfo=UTC), "68 bc 0fd0 81 81 8c 80 80"),
    # 0x0: null, NOP padding of one, two and sixteen octets
    (List(Int()), [1, 2], "b7 00 2101 01fe 2102"),
    (List(Int()), [1], "be 92 0e8e" + "00" * 14 + "2101"),
    # 0x4: float of 32 bits; 0x2: int with a length of its own and leading zeros
    (Float(), 1.5, "44 3fc00000"),
    (Int(), 1, "2e 81 01"),
    (Int(), 1, "24 00000001"),
]  # fmt: skip


@pytest.mark.parametrize(("type_", "value", "octets"), READ)
def test_what_others_may_write(type_, value, octets):
    found = BINARY.compile(of(type_)).decode(message(bytes.fromhex(octets)))
    assert first_difference({"v": value}, found) == ""


@BOTH
@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        (Timestamp(), "2007-02-23T12:14Z", datetime(2007, 2, 23, 12, 14, tzinfo=UTC)),
        (Timestamp(), "2007-02-23T12:14:33.079-08:00", datetime(2007, 2, 23, 20, 14, 33, 79000, UTC)),
        (Int(), "0xBeef", 0xBEEF),
        (Int(), "0b0101", 5),
        (Int(), "1_2_3", 123),
        (Decimal(5, 2), "123.45", PyDecimal("123.45")),
        (String(), "'''hello ''' /* a comment */ '''world'''", "hello world"),
        (String(), '"\\u00e9\\x41\\n"', "éA\n"),
        (Bytes(), "{{ +AB/ }}", b"\xf8\x00\x7f"),
        (List(Int()), "[1, // one\n 2,]", [1, 2]),
        (Ref("Colour"), "'RED'", "RED"),
    ],
)
def test_text_of_the_specification(info, type_, text, value):
    """Either codec reads it: the notations can be told from one another."""
    codec = info.compile(of(type_, Enum("Colour", (("RED", 0),))))
    assert codec.decode(f"{{v: {text}}}".encode()) == {"v": value}
    assert codec.decode(f'$ion_1_0 {{"v": {text}}}'.encode()) == {"v": value}


@BOTH
def test_times_and_uuids(info):
    codec = info.compile(of(Map(Int(), List(Timestamp()))))
    years = [
        datetime(year, 12, 31, 23, 59, 59, micro, UTC) for year in (1, 999, 1969, 9999) for micro in (0, 1, 999999)
    ]
    value = {"v": {-7: years, 0: []}}
    found = codec.decode(codec.encode(value))
    assert equal(found, value)
    assert all(type(time) is datetime and time.tzinfo is UTC for time in found["v"][-7])
    codec = info.compile(of(Map(Bool(), Uuid())))
    assert codec.decode(codec.encode({"v": {True: UUID(int=7)}})) == {"v": {True: UUID(int=7)}}


def test_nan():
    """Binary keeps all bits, text has only `nan`."""
    [payload] = struct.unpack(">d", bytes.fromhex("fff8000000000123"))
    for info, back in ((BINARY, payload), (TEXT, math.nan)):
        codec = info.compile(of(List(Float())))
        assert equal(codec.decode(codec.encode({"v": [payload, math.nan]})), {"v": [back, math.nan]})
    assert TEXT.compile(of(Float())).encode({"v": payload}) == b"$ion_1_0 {v:nan}"


@BOTH
def test_each_reads_what_the_other_wrote(info):
    [other] = [codec for codec in CODECS if codec is not info]
    for name in ("addressbook", "telemetry", "order", "tree"):
        loaded = shared.load(name, records=50)
        writer, reader = other.compile(loaded.schema), info.compile(loaded.schema)
        for value in loaded.values[:3]:
            assert first_difference(value, reader.decode(writer.encode(value))) == ""


@BOTH
def test_long_texts_and_numbers_in_them(info):
    """The library's own limit is 4096 octets; what looks like a number too long in a string is none."""
    codec = info.compile(of(Map(String(), Bytes())))
    value = {
        "v": {"0" * 9000: b"\0" * 9000, "'''\"{{/*//" + "1" * 5000 + '"': b".>^" * 3000, "\\" * 9000 + "9" * 5000: b""}
    }
    assert codec.decode(codec.encode(value)) == value


REFUSED = {
    "nothing": b"",
    "marker only": MARKER,
    "no struct": b"1",
    "no struct, binary": MARKER + b"\x11",
    "two values": b"{v:1} {v:2}",
    "two values, binary": message(b"\x11") * 2,
    "the end": message(b"\x24\x01\x02\x03\x04")[:-1],
    "a list that is not there": MARKER + b"\xb6",
    "a symbol table that ends": MARKER + bytes.fromhex("ee8e8183db87b969"),
    "a symbol table with less than it says": MARKER + bytes.fromhex("e7 8183 d4 87 b9 8176"),
    "a symbol table, and annotations over its end": MARKER + bytes.fromhex("ee8c 8183 d9 87 b7 8176 e4 6634 8266"),
    "a name that is not UTF-8": MARKER + bytes.fromhex("e7 8183 d4 87 b2 81ff d2 8a 11"),
    "a name that is not UTF-8, text": b'{"\xff":1}',
    "an annotation that is not UTF-8, text": b"'\xff'::{v:1}",
    "a string that is not UTF-8": message(b"\x81\xff"),
    "an item beyond its list": message(b"\xb2\x25\x01\x02\x03\x04\x05"),
    "a symbol that is not there": message(b"\x71\x63"),
    "an integer of 50,000 octets": HEAD + bytes.fromhex("de 030750 8a 2e 0306d0") + b"\xff" * 50_000,
    "an integer of 100,000 digits": b"{v:" + b"9" * 100_000 + b"}",
    "a decimal of 100,000 digits": b"{v:1." + b"9" * 100_000 + b"}",
    "lists": b"[" * 100_000,
    "lists, binary": MARKER + b"\xbe\xff" * 50_000,
    "a length of many octets": MARKER + b"\x2e" + b"\x00" * 50_000 + b"\x81",
    "quotes": b"'''" * 100_000 + b"1" * 5000,
    "comments": b"/*" * 100_000 + b"1" * 5000,
    "a great symbol table": b'$ion_symbol_table::{imports:[{name:"x",version:1,max_id:2147483640}]} $2147483647',
}


@BOTH
@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED)
def test_what_is_refused(info, data):
    codec = info.compile(of(Uuid()))
    start = time.process_time()
    with pytest.raises(DecodeError):
        codec.decode(data)
    with pytest.raises(Exception):  # noqa: B017  the half raises what the library does
        codec.from_native(codec.decode_native(data))
    assert time.process_time() - start < 1


@BOTH
def test_encode_error_names_the_place(info):
    codec = info.compile(of(List(Int())))
    with pytest.raises(EncodeError) as caught:
        codec.encode({"v": [1, object()]})
    assert caught.value.path == "$.v[1]"
    assert codec.decode(codec.encode({"v": [1]})) == {"v": [1]}


class Slow(io.BytesIO):
    """Hands over an octet at a time."""

    def read1(self, size=-1):
        return super().read1(min(size, 1) if size > 0 else size)


def test_stream():
    """Ion Binary Encoding, value streams: values in a row, of which many share a symbol table."""
    codec = BINARY.compile(of(Int(16, False)))
    file = Slow()
    codec.write_stream(file, ({"v": i} for i in range(2500)))
    assert file.getvalue().count(HEAD) == 3
    assert file.getvalue().startswith(HEAD + bytes.fromhex("d28a20 d38a2101"))
    file.seek(0)
    stream = codec.read_stream(file)
    assert next(stream) == {"v": 0}
    assert file.tell() < 40
    assert [found["v"] for found in stream] == list(range(1, 2500))
    assert list(codec.read_stream(io.BytesIO(message(b"\x11") + b"\x02ab" + message(b"\x10")))) == [
        {"v": True},
        {"v": False},
    ]
    for data in (
        HEAD[:-1],
        message(b"\x24\x01"),
        message(b"\x11") + b"\xd2",
        HEAD + b"\x11",
        REFUSED["a symbol table that ends"],
    ):
        with pytest.raises(DecodeError):
            list(codec.read_stream(io.BytesIO(data)))
    assert TEXT.compile(of(Int())).read_stream is None
