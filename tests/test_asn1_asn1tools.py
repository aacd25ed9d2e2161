"""ASN.1 over asn1tools: the octets of other implementations and of the recommendations, and where it alone is wrong."""

import hashlib
import json
import math
import time
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal as PyDecimal
from pathlib import Path

import pytest
from asn1_kinds import KINDS
from sercodecs.asn1 import with_asn1tools, with_pyasn1
from sercodecs.asn1.values import DEPTH
from sercodecs.contract import DecodeError, EncodeError, UnsupportedSchema
from serschema import shared
from serschema.jsonform import from_json
from serschema.limits import Refused, project
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

VECTORS = json.loads((Path(__file__).parent / "vectors" / "asn1_pycrate.json").read_text())
CODECS = {info.format.name.removeprefix("asn1-"): info for info in with_asn1tools.CODECS}
RULES = pytest.mark.parametrize("rules", CODECS)


def record(name, *types, optional=()):
    return Record(name, tuple(Field(f"f{i}", i, type, i in optional) for i, type in enumerate(types, 1)))


def schema(*types, named=(), optional=()):
    return Schema("R", (record("R", *types, optional=optional), *named))


PACKED = Schema(
    "Packed",
    (
        record(
            "Packed",
            Bool(),
            Int(8, True, 3, 3),
            Int(8, False),
            Int(16, False, 0, 256),
            Int(32, False, 5, 70004),
            Int(32),
            Int(64),
            Int(64, False),
            Int(16, True, -1, 253),
            Int(16, True, 0, 254),
            Int(16, True, 0, 255),
            Bytes(2, 2),
            Bytes(3, 3),
            Bytes(0, 5),
            Bytes(1, 300),
            Bytes(),
            Bool(),
            List(Bool(), 2, 5),
            List(Int(8, False, 0, 9)),
            List(Ref("Colour")),
            Ref("Choice"),
            List(Ref("Maybe")),
            String(4),
            Timestamp(),
            Decimal(6, 2),
            Decimal(30, 3),
            Map(Int(16, False), Bool()),
            List(Int(8), 3, 3),
            Uuid(),
            Float(64),
            optional=(3, 14, 22),
        ),
        Enum("Colour", tuple((f"c{i}", i - 150) for i in range(300))),
        Union("Choice", (Field("a", 1, Bool()), Field("b", 2, Bytes(0, 4)), Field("c", 3, Ref("Maybe")))),
        record("Maybe", Int(8, False, 0, 4), Ref("Choice"), optional=(1, 2)),
    ),
)
WITHOUT_REAL = replace(PACKED, types=(replace(PACKED.types[0], fields=PACKED.types[0].fields[:-1]), *PACKED.types[1:]))
"""pycrate does not know binary32 and binary64 in OER."""

RECORDED = [
    (rules, schema, vector["value"], vector[rules])
    for name, schema in (("kinds", KINDS), ("packed", PACKED), ("octets", WITHOUT_REAL))
    for vector in VECTORS[name]["vectors"]
    for rules in ("per", "uper", "oer", "der")
    if rules in vector
]


@pytest.mark.parametrize(("rules", "schema", "value", "octets"), RECORDED)
def test_octets_of_pycrate(rules, schema, value, octets):
    """An independent implementation, from a module of the same text but for REAL. Its OER here is Canonical OER too."""
    codec, value = CODECS[rules].compile(schema), from_json(value, schema)
    assert codec.encode(value).hex() == octets
    assert first_difference(value, codec.decode(bytes.fromhex(octets))) == ""


@pytest.mark.parametrize("vector", VECTORS["octets"]["vectors"])
def test_json_of_pycrate(vector):
    """It writes an OCTET STRING in small letters, and members by name."""
    codec, value = CODECS["jer"].compile(WITHOUT_REAL), from_json(vector["value"], WITHOUT_REAL)
    assert first_difference(value, codec.decode(vector["jer"].encode())) == ""
    assert json.loads(codec.encode(value)) == _capital(json.loads(vector["jer"]))


def _capital(members):
    """The octets of one level as asn1tools writes them."""
    octets = {f"f{i}" for i in (12, 13, 14, 15, 16, 29)}
    made = {name: item.upper() if name in octets else item for name, item in members.items()}
    return made | {"f21": {"b": made["f21"]["b"].upper()}} if "b" in made["f21"] else made


def test_the_vectors_are_of_all_rules():
    assert {rules for rules, *_ in RECORDED} == {"per", "uper", "oer", "der"}


@pytest.mark.parametrize("name", ["order", "telemetry", "tree", "media_content"])
def test_pyasn1_reads_and_writes_the_same_octets(name):
    loaded = shared.load(name, records=5)
    other = {info.format.name: info for info in with_pyasn1.CODECS}
    for rules in ("ber", "der"):
        here, there = CODECS[rules].compile(loaded.schema), other[f"asn1-{rules}"].compile(loaded.schema)
        for value in loaded.values:
            try:
                value, _ = project(value, loaded.schema, other[f"asn1-{rules}"].limits)
            except Refused:
                continue
            if rules == "der":
                assert here.encode(value) == there.encode(value)
            assert first_difference(value, there.decode(here.encode(value))) == ""
            assert first_difference(value, here.decode(there.encode(value))) == ""


MANY = Schema(
    "Many",
    (
        Record("Many", (Field("flag", 1, Bool()), Field("items", 2, List(Ref("Item"))), Field("octets", 3, Bytes()))),
        Record("Item", (Field("a", 1, Int(8, False, 0, 4), True),)),
    ),
)
FRAGMENTED = {
    "flag": True,
    "items": [{} if i % 3 else {"a": i % 5} for i in range(40_000)],
    "octets": bytes(i % 251 for i in range(50_000)),
}


def test_fragments_in_uper():
    """pycrate 0.8.1 writes 60007 octets of this SHA-256."""
    data = CODECS["uper"].compile(MANY).encode(FRAGMENTED)
    assert hashlib.sha256(data).hexdigest() == "af41fd1372612a2547ef6f71137f56c3e5edd614502f810d46e79588af8a2967"


def test_fragments_in_per_are_aligned():
    """X.691, 11.9.3.8: two blocks of 16K items, then the rest, each with its length aligned before it."""
    items = ["0" if i % 3 else f"1{i % 5:03b}" for i in range(40_000)]
    octets = FRAGMENTED["octets"]

    def aligned(bits):
        return bits + "0" * (-len(bits) % 8)

    bits = aligned("1") + f"{0xC2:08b}" + "".join(items[: 2 << 14])
    bits = aligned(bits) + f"{0x8000 | (40_000 - (2 << 14)):016b}" + "".join(items[2 << 14 :])
    data = int("1" + aligned(bits), 2).to_bytes(len(aligned(bits)) // 8 + 1, "big")[1:]
    data += b"\xc3" + octets[: 3 << 14] + (0x8000 | (50_000 - (3 << 14))).to_bytes(2, "big") + octets[3 << 14 :]
    codec = CODECS["per"].compile(MANY)
    assert codec.encode(FRAGMENTED) == data
    assert codec.decode(data) == FRAGMENTED


PACKED_ITEMS = {
    "X.691, 11.5.7.1 a range of 1 to 255: as few bits as can be": (Int(8, False, 0, 6), 5, "a0", "a0"),
    "X.691, 11.5.7.2 a range of 256: an octet": (Int(8), -128, "00", "00"),
    "X.691, 11.5.7.3 a range to 64K: two octets": (Int(16, False), 258, "0102", "0102"),
    "X.691, 11.5.7.4 beyond: as few octets as can be, and their number": (Int(32, False), 256, "400100", "00000100"),
    "X.691, 13.2.1 one value only: nothing": (Int(8, True, 7, 7), 7, "00", "00"),
    "X.691, 11.7 a lower bound only": (Int(64, False), 128, "0180", "0180"),
    "X.691, 12.1 a boolean: a bit": (Bool(), True, "80", "80"),
    "X.691, 14.2 an index of a symbol": (Ref("E"), "c", "80", "80"),
    "X.691, 17.6 two octets at most: not aligned": (Bytes(2, 2), b"\xab\xcd", "abcd", "abcd"),
    "X.691, 23.6 an index of an alternative": (Ref("U"), {"b": True}, "c0", "c0"),
}
OCTET_ITEMS = {
    "X.696, 9 true is FF": (Bool(), True, "ff"),
    "X.696, 10 from 0: one octet": (Int(8, False), 200, "c8"),
    "X.696, 10 signed: two octets": (Int(16), -2, "fffe"),
    "X.696, 10 four": (Int(32, False), 1, "00000001"),
    "X.696, 10 eight": (Int(64), -1, "ffffffffffffffff"),
    "X.696, 10 a lower bound only: the length and as few as can be": (Int(64, False), 256, "020100"),
    "X.696, 11 a symbol to 127: one octet": (Ref("E"), "c", "02"),
    "X.696, 11 a symbol beyond: its length, with a bit set": (Ref("E"), "z", "8202bc"),
    "X.696, 12 binary32": (Float(32), -0.0, "80000000"),
    "X.696, 12 binary64": (Float(64), 1.0, "3ff0000000000000"),
    "X.696, 14 of one length: no length": (Bytes(2, 2), b"\xab\xcd", "abcd"),
    "X.696, 14 of any length": (Bytes(), b"\xab", "01ab"),
    "X.696, 17 a list: the number of items as an INTEGER": (List(Bool()), [True], "0101ff"),
    "X.696, 20.1 a choice: the tag": (Ref("U"), {"b": True}, "81ff"),
    "X.696, 27 text: the length, also of none": (String(0), "", "00"),
}
NAMED = (
    Enum("E", (("a", 0), ("b", 1), ("c", 2), ("z", 700))),
    Union("U", (Field("a", 1, Bool()), Field("b", 2, Bool()))),
)


@pytest.mark.parametrize(("type_", "value", "aligned", "unaligned"), PACKED_ITEMS.values(), ids=PACKED_ITEMS)
def test_packed_items(type_, value, aligned, unaligned):
    for rules, octets in (("per", aligned), ("uper", unaligned)):
        codec = CODECS[rules].compile(schema(type_, named=NAMED))
        assert codec.encode({"f1": value}).hex() == octets
        assert codec.decode(bytes.fromhex(octets)) == {"f1": value}


@pytest.mark.parametrize(("type_", "value", "octets"), OCTET_ITEMS.values(), ids=OCTET_ITEMS)
def test_octet_items(type_, value, octets):
    codec = CODECS["oer"].compile(schema(type_, named=NAMED))
    assert codec.encode({"f1": value}).hex() == octets
    assert equal(codec.decode(bytes.fromhex(octets)), {"f1": value})


def test_the_preamble_has_a_bit_for_each_optional_field():
    """X.691, 19.2, and X.696, 16, where it fills an octet."""
    two = schema(Bool(), Bool(), optional=(1, 2))
    assert CODECS["uper"].compile(two).encode({"f2": True}).hex() == "60"
    assert CODECS["oer"].compile(two).encode({"f2": True}).hex() == "40ff"


def test_nothing_of_an_octet_string_is_not_aligned():
    """X.691, 11.9.3.3: of a length of 0 there is no field; asn1tools on its own writes 80 80."""
    of = schema(Bool(), Bytes(0, 3), Bool())
    codec = CODECS["per"].compile(of)
    assert codec.encode({"f1": True, "f2": b"", "f3": True}).hex() == "90"
    assert codec.decode(b"\x90") == {"f1": True, "f2": b"", "f3": True}


TEXTS = {
    "xer": (
        "<R><f1><true/></f1><f2>-5</f2><f3>12.5</f3><f4>a&lt;b</f4><f5>00FF</f5><f6><b/></f6>"
        "<f7>20250102030000.5Z</f7><f8>00000000000000000000000000000001</f8><f9>150</f9><f10><false/><true/></f10>"
        "<f11><SEQUENCE><key>k</key><value>1</value></SEQUENCE></f11><f12><b><true/></b></f12></R>"
    ),
    "jer": (
        '{"f1":true,"f2":-5,"f3":12.5,"f4":"a<b","f5":"00FF","f6":"b","f7":"20250102030000.5Z",'
        '"f8":"00000000000000000000000000000001","f9":150,"f10":[false,true],"f11":[{"key":"k","value":1}],'
        '"f12":{"b":true}}'
    ),
}
TEXT_TYPES = (
    *(Bool(), Int(8), Float(), String(), Bytes(), Ref("E"), Timestamp(), Uuid(), Decimal(4, 2)),
    *(List(Bool()), Map(String(), Int(8)), Ref("U")),
)
TEXT_VALUE = from_json(
    {
        "f1": True,
        "f2": -5,
        "f3": 12.5,
        "f4": "a<b",
        "f5": "AP8=",
        "f6": "b",
        "f7": "2025-01-02T03:00:00.500000Z",
        "f8": "00000000-0000-0000-0000-000000000001",
        "f9": "1.50",
        "f10": [False, True],
        "f11": {"k": 1},
        "f12": {"b": True},
    },
    schema(*TEXT_TYPES, named=NAMED),
)


@pytest.mark.parametrize("rules", TEXTS)
def test_text(rules):
    """X.693 and X.697, kind by kind."""
    codec = CODECS[rules].compile(schema(*TEXT_TYPES, named=NAMED))
    assert codec.encode(TEXT_VALUE).decode().replace(" />", "/>") == TEXTS[rules]
    assert first_difference(TEXT_VALUE, codec.decode(TEXTS[rules].encode())) == ""


EDGES = (
    0.0,
    -0.0,
    math.inf,
    -math.inf,
    math.nan,
    5e-324,
    1.7976931348623157e308,
    0.1,
    1e22,
    -(2.0**1023),
    255.0,
    3e100,
)


@RULES
def test_reals(rules):
    """asn1tools on its own writes 0.0 for -0.0, and in XER goes on for ever with infinity."""
    codec = CODECS[rules].compile(schema(List(Float())))
    assert equal(codec.decode(codec.encode({"f1": [*EDGES]})), {"f1": [*EDGES]})


def test_a_mantissa_has_no_octet_too_many():
    """X.690, 8.5.7.5 and 11.3.1: an unsigned number in the fewest octets; 255 is FF and not 00FF."""
    assert CODECS["der"].compile(schema(Float())).encode({"f1": 255.0}).hex() == "30058003" + "8000ff"
    assert CODECS["per"].compile(schema(Float())).encode({"f1": 255.0}).hex() == "03" + "8000ff"


@RULES
@pytest.mark.parametrize(
    "value",
    [
        datetime(5, 1, 2, 3, 4, 0, 500_000, tzinfo=UTC),
        datetime(2025, 1, 2, 3, 4, 0, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    ],
)
def test_times(rules, value):
    """asn1tools on its own writes the year 5 as `5`, and in most rules a fraction of a second as one of a minute."""
    codec = CODECS[rules].compile(schema(Timestamp()))
    data = codec.encode({"f1": value})
    assert codec.decode(data) == {"f1": value}
    if rules not in ("per", "uper"):
        assert f"{value.year:04}".encode() in data


@RULES
def test_octets_after_the_end(rules):
    """asn1tools on its own passes them over."""
    codec = CODECS[rules].compile(schema(Bool(), Int(8)))
    data = codec.encode({"f1": True, "f2": 1})
    for more in (b"\0", b"\x01", b"<a/>"):
        with pytest.raises(DecodeError):
            codec.decode(data + more)


@pytest.mark.parametrize("octets", ["", "8100", "0001", "80"])
def test_padding_of_packed_encodings(octets):
    """Bits that fill the last octet are 0 (X.691, 11.1.3)."""
    codec = CODECS["uper"].compile(schema(Int(8, False, 0, 2)))
    with pytest.raises(DecodeError):
        codec.decode(bytes.fromhex(octets) + (b"" if octets != "80" else b"\0"))


@pytest.mark.parametrize("rules", ["per", "uper", "oer"])
def test_an_integer_out_of_its_range_is_refused(rules):
    """asn1tools would write it over its neighbours."""
    codec = CODECS[rules].compile(schema(Bool(), Int(8, False, 0, 5), Bool()))
    for wrong in (-1, 6, 1 << 40):
        with pytest.raises(EncodeError):
            codec.encode({"f1": False, "f2": wrong, "f3": False})
    if rules != "oer":
        with pytest.raises(DecodeError):
            codec.decode(b"\x70")


def test_items_of_another_tag_end_in_der():
    """asn1tools on its own makes items of them until memory ends."""
    codec = CODECS["der"].compile(schema(List(Int(8))))
    start = time.process_time()
    with pytest.raises(DecodeError):
        codec.decode(bytes.fromhex("3005a003040100"))
    assert time.process_time() - start < 1


def test_reading_oer_takes_time_in_proportion():
    """asn1tools on its own takes 20 s for 100 KB of this."""
    codec = CODECS["oer"].compile(schema(Map(Int(8), Bool()), List(Ref("U")), named=NAMED))
    start = time.process_time()
    for octets in (b"\x03\x01\x86\xa0" + bytes(100_000), b"\x01\x00\x01\x01" + b"\xbf" * 100_000):
        with pytest.raises(DecodeError):
            codec.decode(octets)
    assert time.process_time() - start < 8


LOOSE = {
    "text for a list": (List(String()), '{"f1":"abc"}'),
    "an array for a record": (Ref("N"), '{"f1":[]}'),
    "a number for a boolean": (Bool(), '{"f1":1}'),
    "a boolean for a number": (Int(8), '{"f1":true}'),
    "a fraction for an integer": (Int(8), '{"f1":1.0}'),
    "a surrogate alone": (String(), '{"f1":"\\ud800"}'),
    "a text for a real": (Float(), '{"f1":"1.5"}'),
}


@pytest.mark.parametrize(("type_", "text"), LOOSE.values(), ids=LOOSE)
def test_refused_in_jer(type_, text):
    with pytest.raises(DecodeError):
        CODECS["jer"].compile(schema(type_, named=(Record("N", ()),))).decode(text.encode())


def test_a_real_that_is_an_integer_in_jer():
    """In X.697 any JSON number is one."""
    assert equal(CODECS["jer"].compile(schema(Float())).decode(b'{"f1":15}'), {"f1": 15.0})


@pytest.mark.parametrize("text", ["<f1>true</f1>", "<f1/>", "<f1><yes/></f1>", "<f1><true/><true/></f1>"])
def test_booleans_in_xer(text):
    with pytest.raises(DecodeError):
        CODECS["xer"].compile(schema(Bool())).decode(f"<R>{text}</R>".encode())


def test_text_in_xer():
    codec = CODECS["xer"].compile(schema(String()))
    for text in ("", " ", "\r\n\t", "a\rb", "日本\U0001f600", "&<>\"'"):
        assert codec.decode(codec.encode({"f1": text})) == {"f1": text}
    for text in ("\0", "\x1b", "\ufffe", "\ud800"):
        with pytest.raises(EncodeError):
            codec.encode({"f1": text})


def test_a_document_type_in_xer():
    with pytest.raises(DecodeError, match="document type"):
        CODECS["xer"].compile(schema(String())).decode(b'<!DOCTYPE R [<!ENTITY a "b">]><R><f1>&a;</f1></R>')


@pytest.mark.parametrize("rules", ["per", "uper", "oer"])
def test_a_list_of_nothing_is_not_supported(rules):
    nothing = (Record("N", ()), Record("M", (Field("n", 1, Ref("N")),)))
    for type_ in (List(Ref("N")), List(Ref("M"), 0, 9), List(List(Bytes(0, 0)))):
        with pytest.raises(UnsupportedSchema):
            CODECS[rules].compile(schema(type_, named=nothing))
    CODECS[rules].compile(schema(List(Bool()), Ref("N"), named=nothing))


def test_a_value_of_no_bits_is_an_octet():
    """X.691, 11.1.3."""
    codec = CODECS["uper"].compile(schema(Int(8, True, 1, 1)))
    assert codec.encode({"f1": 1}) == b"\0"
    for wrong in (b"", b"\x01", b"\0\0"):
        with pytest.raises(DecodeError):
            codec.decode(wrong)


@RULES
def test_as_deep_as_declared(rules):
    fields = (Field("next", 1, Map(Int(8), Ref("R"))), Field("x", 2, List(List(List(Ref("R"))))))
    codec = CODECS[rules].compile(Schema("R", (Record("R", fields),)))
    value = {"next": {}, "x": []}
    for level in range(1, DEPTH):
        value = {"next": {1: value}, "x": []} if level % 2 else {"next": {}, "x": [[[value]]]}
    assert codec.decode(codec.encode(value)) == value
    with pytest.raises(EncodeError):
        codec.encode({"next": {1: value}, "x": []})


def test_decimals_beyond_64_bits():
    value = {"f1": PyDecimal("-" + "9" * 27 + ".999")}
    for info in CODECS.values():
        codec = info.compile(schema(Decimal(30, 3)))
        assert first_difference(value, codec.decode(codec.encode(value))) == ""
