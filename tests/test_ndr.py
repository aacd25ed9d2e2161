"""NDR against what two other implementations write, and against the rules of C706 and MS-RPCE by hand.

impacket's `dcerpc.v5.ndr` is little-endian; it writes the shared schemas natively here. What scapy wrote in both byte
orders and in NDR64 is in `vectors/ndr_scapy.json`. Octets that are put together by hand name their section. Where one
of the two is not what the specification says, `benchmarks/impacket_by_hand.py` and that file tell.
"""

import json
import struct
import tracemalloc
from contextlib import suppress
from decimal import Decimal as Number
from pathlib import Path
from unittest import mock
from uuid import UUID

import impacket_by_hand
import pytest
from impacket.dcerpc.v5 import ndr as impacket_ndr
from serbench.single import hexdump
from sercodecs import ndr
from sercodecs.contract import DecodeError, EncodeError, ExplainError
from sercodecs.registry import find
from serschema import shared
from serschema.generate import generate
from serschema.limits import Refused, project
from serschema.model import (
    MAX_DEPTH,
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
    Type,
    Union,
    Uuid,
)
from serschema.strategies import EXAMPLES
from serschema.values import equal

SCAPY = json.loads((Path(__file__).parent / "vectors" / "ndr_scapy.json").read_text(encoding="utf-8"))["cases"]
INFOS = {info.format.name: info for info in ndr.CODECS}
LABELS = {"ndr-little": bytes.fromhex("10000000"), "ndr-big": bytes(4), "ndr64": bytes.fromhex("10000000")}
SYNTAXES = list(INFOS)


def holding(type_: Type, *types: Enum | Union | Record, optional: bool = False) -> Schema:
    """A schema whose message has the one field `v`."""
    return Schema("Holder", (Record("Holder", (Field("v", 1, type_, optional=optional),)), *types))


def record(name: str, *fields: tuple[str, Type], optional: str = "") -> Record:
    members = [Field(key, i + 1, type_, optional=key in optional.split()) for i, (key, type_) in enumerate(fields)]
    return Record(name, tuple(members))


COLOR = Enum("Color", (("RED", 2), ("YELLOW", -3), ("BLUE", 70000)))
EMPTY = Record("Empty", ())
CHOICE = Union("Choice", (Field("number", 1, Int(64)), Field("text", 7, String()), Field("octet", 8, Int(8, False))))
NODE = record("Node", ("v", Int(32)), ("text", String()), ("next", Ref("Node")), optional="next")
TREE = record("Tree", ("name", String()), ("children", List(Ref("Tree"))))
WITH_PAD = record("WithPad", ("l", Int(32)), ("s", Int(16)))
MIXED = record(
    "Mixed",
    *(("a", Int(8)), ("b", Int(16, False)), ("c", Int(8, False)), ("d", Int(32)), ("e", Int(8, False)), ("f", Int(64))),
    *(("g", Float(32)), ("h", Float(64)), ("i", Int(8, False))),
    *(("text", String()), ("note", String()), ("big", Int(64)), ("little", Int(16, False))),
    optional="text note big little",
)
SHORT_OR_HYPER = Union("U", (Field("hyper", 1, Int(64)), Field("short", 2, Int(16))))
UNIONS = record("Unions", ("a", Int(8, False)), ("u", Ref("U")), ("z", Int(8, False)))
MIXED_VALUE = {"a": -1, "b": 0x1234, "c": 7, "d": -2, "e": 9, "f": -3, "g": 1.5, "h": -0.25, "i": 0xAB,
               "text": "Concon", "little": 0x0102}  # fmt: skip

OF_SCAPY = {
    "numbers": (holding(List(Int(32))), [1, -2, 3]),
    "hypers": (holding(List(Int(64))), [1, -2]),
    "structures with a gap": (holding(List(Ref("WithPad")), WITH_PAD), [{"l": 1, "s": 2}, {"l": 3, "s": 4}]),
    "structure with a trailing gap": (holding(Ref("WithPad"), WITH_PAD), {"l": 1, "s": 2}),
    "every size": (holding(Ref("Mixed"), MIXED), {**MIXED_VALUE, "note": "ab", "big": 5}),
    "every size without text": (
        holding(Ref("Mixed"), MIXED),
        {key: item for key, item in MIXED_VALUE.items() if key != "text"} | {"big": 5},
    ),
    "null pointers": (holding(Ref("Mixed"), MIXED), MIXED_VALUE),
    "union with its greatest arm": (
        holding(Ref("Unions"), UNIONS, SHORT_OR_HYPER),
        {"a": 7, "u": {"hyper": -2}, "z": 9},
    ),
    "union with its least arm": (holding(Ref("Unions"), UNIONS, SHORT_OR_HYPER), {"a": 7, "u": {"short": -2}, "z": 9}),
}


@pytest.mark.parametrize(("name", "syntax"), [(name, syntax) for name, case in SCAPY.items() for syntax in case])
def test_what_scapy_wrote(name, syntax):
    schema, value = OF_SCAPY[name]
    codec, octets = INFOS[syntax].compile(schema), LABELS[syntax] + bytes.fromhex(SCAPY[name][syntax])
    assert codec.encode({"v": value}).hex() == octets.hex()
    assert equal(codec.decode(octets), {"v": value})


# Gaps of impacket are not zero: what it wrote is compared by its length, and by the value that is read from it.

CELLS = [(name, wide) for name in (*shared.NAMES, *EXAMPLES, *OF_SCAPY) for wide in (False, True)]


def cell(name):
    if name in OF_SCAPY:
        schema, value = OF_SCAPY[name]
        return schema, [{"v": value}]
    if name in EXAMPLES:
        return EXAMPLES[name], [generate(EXAMPLES[name], seed) for seed in range(10)]
    loaded = shared.load(name, records=10)
    return loaded.schema, loaded.values[:5]


@pytest.mark.parametrize(("name", "wide"), CELLS)
def test_impacket_and_we_read_each_other(name, wide, monkeypatch):
    schema, values = cell(name)
    if impacket_by_hand.unlike(schema, wide):
        pytest.skip(impacket_by_hand.unlike(schema, wide))
    info = INFOS["ndr64" if wide else "ndr-little"]
    codec = info.compile(schema)
    encode, decode = impacket_by_hand.compile(schema, wide)
    monkeypatch.setattr(impacket_ndr, "random", mock.Mock(randint=lambda least, most: 0x00020000))
    for value in values:
        try:
            project(value, schema, info.limits)
        except Refused:
            continue
        ours, theirs = codec.encode(value), encode(value)
        assert len(ours) == len(theirs) + 4
        assert equal(codec.decode(ours[:4] + theirs), value)
        assert equal(decode(ours[4:]), value)


def unbuilt(value, syntax, schema):
    codec = INFOS[syntax].compile(schema)
    octets = codec.encode({"v": value})
    assert octets[:4] == LABELS[syntax]
    assert equal(codec.decode(octets), {"v": value})
    return octets[4:]


SIZES = {
    "short": (Int(16), 2, "h", 0x0102),
    "long": (Int(32), 4, "i", 0x01020304),
    "hyper": (Int(64), 8, "q", 0x0102030405060708),
    "float": (Float(32), 4, "f", 1.5),
    "double": (Float(64), 8, "d", 1.5),
}


@pytest.mark.parametrize("before", range(9))
@pytest.mark.parametrize("name", SIZES)
@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_primitive_is_at_a_multiple_of_its_size(syntax, name, before):
    """C706, 14.2.2; and a structure of NDR64 ends at one of its alignment (MS-RPCE 2.2.5.3.4.1)."""
    type_, size, letter, value = SIZES[name]
    octets = [(f"o{i}", Int(8, False)) for i in range(before)]
    inner = record("Inner", *octets, ("v", type_), ("end", Int(8, False)))
    expected = bytes(range(1, before + 1)) + bytes(-before % size)
    expected += struct.pack((">" if syntax == "ndr-big" else "<") + letter, value) + b"\xee"
    expected += bytes(-len(expected) % size) if syntax == "ndr64" else b""
    held = {f"o{i}": i + 1 for i in range(before)} | {"v": value, "end": 0xEE}
    assert unbuilt(held, syntax, holding(Ref("Inner"), inner)) == expected


@pytest.mark.parametrize("length", [*range(9), 254, 255, 256, 257])
@pytest.mark.parametrize("syntax", SYNTAXES)
def test_what_follows_a_string_is_at_a_multiple_of_its_size(syntax, length):
    """C706, 14.2.2 and 14.3.4.2: the referents of a text, an octet, a short, a long, a hyper and a text again."""
    types = {"t": String(), "o": Int(8), "s": Int(16), "l": Int(32), "h": Int(64), "u": String()}
    inner = record("Inner", *types.items(), optional=" ".join(types))
    wide, prefix = syntax == "ndr64", ">" if syntax == "ndr-big" else "<"
    word = "Q" if wide else "I"
    schema = holding(Ref("Inner"), inner)
    for left_out in ("", "o", "os", "osl", "oslh", "slh", "u"):
        value = {"t": "x" * length, "o": 1, "s": 2, "l": 3, "h": 4, "u": "yz"}
        value = {key: item for key, item in value.items() if key not in left_out}
        expected = b"".join(struct.pack(prefix + word, 0x00020000 if key in value else 0) for key in types)
        for key, item in value.items():
            if isinstance(item, str):
                expected += bytes(-len(expected) % struct.calcsize(word))
                expected += struct.pack(f"{prefix}3{word}", len(item) + 1, 0, len(item) + 1)
                expected += (item + "\0").encode("utf-16-be" if syntax == "ndr-big" else "utf-16-le")
            else:
                letter = {"o": "b", "s": "h", "l": "i", "h": "q"}[key]
                expected += bytes(-len(expected) % struct.calcsize(letter)) + struct.pack(prefix + letter, item)
        assert unbuilt(value, syntax, schema) == expected


GUID = UUID("00112233-4455-6677-8899-aabbccddeeff")
POINTER = "00020000"

# Schema, value of `v`, and the octets in ndr-big and in ndr64, by the sections of C706 and of MS-RPCE.
BY_HAND = {
    "boolean (14.2.3)": (holding(Bool()), True, "01", "01"),
    "enum (MS-RPCE 2.2.4.6)": (holding(Ref("Color"), COLOR), "YELLOW", "fffffffd", "fdffffff"),
    "uuid (MS-DTYP 2.3.4)": (
        holding(Uuid()),
        GUID,
        "00112233445566778899aabbccddeeff",
        "33221100554477668899aabbccddeeff",
    ),
    "byte array (14.3.3.1)": (holding(Bytes(3, 3)), b"abc", "616263", "616263"),
    "octets (14.3.3.2)": (
        holding(Bytes()),
        b"abc",
        f"00000003 {POINTER} 00000003 616263",
        "0300000000000000 0000020000000000 0300000000000000 616263",
    ),
    "no octets": (holding(Bytes()), b"", "00000000 00000000", "0000000000000000 0000000000000000"),
    "decimal of 19 digits": (
        holding(Decimal(19, 2)),
        Number("1.28"),
        f"00000002 {POINTER} 00000002 0080",
        "0200000000000000 0000020000000000 0200000000000000 0080",
    ),
    "string (14.3.4.2)": (
        holding(String()),
        "é",
        f"{POINTER} 00000002 00000000 00000002 00e9 0000",
        "0000020000000000 0200000000000000 0000000000000000 0200000000000000 e900 0000",
    ),
    "string of two units a character": (
        holding(String()),
        "\U0001f600",
        f"{POINTER} 00000003 00000000 00000003 d83d de00 0000",
        "0000020000000000 0300000000000000 0000000000000000 0300000000000000 3dd8 00de 0000",
    ),
    "array of structures, with a gap between them (14.3.2)": (
        holding(List(Ref("WithPad")), WITH_PAD),
        [{"l": 1, "s": 2}, {"l": 3, "s": 4}],
        f"00000002 {POINTER} 00000002 00000001 0002 0000 00000003 0004",
        "0200000000000000 0000020000000000 0200000000000000 01000000 0200 0000 03000000 0400 0000",
    ),
    "two-dimensional array (14.3.3.6)": (
        holding(List(List(Int(16), 2, 2), 2, 2)),
        [[1, 2], [3, 4]],
        "0001000200030004",
        "0100020003000400",
    ),
    "array of pointers to strings (14.3.12.3)": (
        holding(List(String())),
        ["a", ""],
        f"00000002 {POINTER} 00000002 {POINTER} {POINTER}"
        "00000002 00000000 00000002 0061 0000  00000001 00000000 00000001 0000",
        "0200000000000000 0000020000000000 0200000000000000 0000020000000000 0000020000000000"
        "0200000000000000 0000000000000000 0200000000000000 6100 0000 00000000"
        "0100000000000000 0000000000000000 0100000000000000 0000",
    ),
    "map": (
        holding(Map(Int(8, False), Int(32))),
        {5: 1, 6: 2},
        f"00000002 {POINTER} 00000002 05000000 00000001 06000000 00000002",
        "0200000000000000 0000020000000000 0200000000000000 05000000 01000000 06000000 02000000",
    ),
    "empty structure": (holding(Ref("Empty"), EMPTY), {}, "00", "00"),
    "union, hyper (14.3.8)": (
        holding(Ref("Choice"), CHOICE),
        {"number": 1},
        "00000001 00000000 0000000000000001",
        "0100000000000000 0100000000000000",
    ),
    "union, pointer (14.3.8)": (
        holding(Ref("Choice"), CHOICE),
        {"text": ""},
        f"00000007 {POINTER} 00000001 00000000 00000001 0000",
        "0700000000000000 0000020000000000 0100000000000000 0000000000000000 0100000000000000 0000",
    ),
    "union, octet: in NDR64 as far from its tag as the hyper (MS-RPCE 2.2.5.3.4.4)": (
        holding(Ref("Choice"), CHOICE),
        {"octet": 9},
        "00000008 09",
        "0800000000000000 09 00000000000000",
    ),
    "array of unions, at the alignment of the greatest arm, each of its own (14.3.2)": (
        holding(List(Ref("U")), SHORT_OR_HYPER),
        [{"short": 1}, {"short": 2}, {"hyper": 3}],
        f"00000003 {POINTER} 00000003 00000000"
        "00000002 0001 0000  00000002 0002 0000  00000001 00000000 0000000000000003",
        "0300000000000000 0000020000000000 0300000000000000"
        "0200000000000000 0100 000000000000  0200000000000000 0200 000000000000  0100000000000000 0300000000000000",
    ),
    "linked list, depth first (14.3.12.3)": (
        holding(Ref("Node"), NODE),
        {"v": 1, "text": "a", "next": {"v": 2, "text": "b"}},
        f"00000001 {POINTER} {POINTER}  00000002 00000000 00000002 0061 0000"
        f"00000002 {POINTER} 00000000  00000002 00000000 00000002 0062 0000",
        "0100000000000000 0000020000000000 0000020000000000"
        "0200000000000000 0000000000000000 0200000000000000 6100 0000 00000000"
        "0200000000000000 0000020000000000 0000000000000000"
        "0200000000000000 0000000000000000 0200000000000000 6200 0000",
    ),
    "array of structures that are a pointer": (
        holding(List(Ref("Chain")), record("Chain", ("next", Ref("Chain")), optional="next")),
        [{}, {"next": {}}],
        f"00000002 {POINTER} 00000002 00000000 {POINTER} 00000000",
        "0200000000000000 0000020000000000 0200000000000000 0000000000000000 0000020000000000 0000000000000000",
    ),
    "tree: bodies of an array, then what each points to (14.3.12.3)": (
        holding(Ref("Tree"), TREE),
        {"name": "", "children": [{"name": "a", "children": []}, {"name": "b", "children": []}]},
        f"{POINTER} 00000002 {POINTER}  00000001 00000000 00000001 0000 0000"
        f"00000002 {POINTER} 00000000 00000000 {POINTER} 00000000 00000000"
        "00000002 00000000 00000002 0061 0000 00000002 00000000 00000002 0062 0000",
        "0000020000000000 0200000000000000 0000020000000000"
        "0100000000000000 0000000000000000 0100000000000000 0000 000000000000"
        "0200000000000000 0000020000000000 0000000000000000 0000000000000000"
        "0000020000000000 0000000000000000 0000000000000000"
        "0200000000000000 0000000000000000 0200000000000000 6100 0000 00000000"
        "0200000000000000 0000000000000000 0200000000000000 6200 0000",
    ),
    "hypers in a string's wake": (
        holding(Ref("Two"), record("Two", ("t", String()), ("h", List(Int(64))))),
        {"t": "", "h": [1]},
        f"{POINTER} 00000001 {POINTER}  00000001 00000000 00000001 0000 000000000001 0000000000000001",
        "0000020000000000 0100000000000000 0000020000000000"
        "0100000000000000 0000000000000000 0100000000000000 0000 000000000000"
        "0100000000000000 0100000000000000",
    ),
}


@pytest.mark.parametrize("name", BY_HAND)
def test_the_rules(name):
    schema, value, big, wide = BY_HAND[name]
    assert unbuilt(value, "ndr-big", schema).hex() == big.replace(" ", "")
    assert unbuilt(value, "ndr64", schema).hex() == wide.replace(" ", "")


@pytest.mark.parametrize("name", BY_HAND)
@pytest.mark.parametrize("syntax", SYNTAXES)
def test_every_truncation_and_a_longer_message_are_refused(syntax, name):
    schema, value, *_ = BY_HAND[name]
    codec = INFOS[syntax].compile(schema)
    octets = codec.encode({"v": value})
    for length in range(len(octets)):
        with pytest.raises(DecodeError):
            codec.decode(octets[:length])
    for tail in (b"\0", b"\0\0\0\0"):
        with pytest.raises(DecodeError, match=f"at byte {len(octets)}: {len(tail)} octets after the end"):
            codec.decode(octets + tail)


@pytest.mark.parametrize("name", shared.NAMES)
def test_a_reader_obeys_the_label(name):
    """C706, 14.1: the receiver makes it right, whichever order it writes itself."""
    loaded = shared.load(name, records=10)
    little, big = (INFOS[syntax].compile(loaded.schema) for syntax in ("ndr-little", "ndr-big"))
    for value in loaded.values[:10]:
        assert equal(little.decode(big.encode(value)), value)
        assert equal(big.decode(little.encode(value)), value)
    ordered = INFOS["ndr-little"].compile(loaded.schema, order="big")
    assert ordered.encode(loaded.values[0]) == big.encode(loaded.values[0])


@pytest.mark.parametrize("label", ["11000000", "10010000", "10000001", "01000000", "20000000"])
@pytest.mark.parametrize("syntax", SYNTAXES)
def test_other_labels_are_refused(syntax, label):
    """C706, 14.1: EBCDIC, VAX floating point, and what is reserved."""
    codec = INFOS[syntax].compile(holding(Int(32)))
    for octets in (bytes.fromhex(label) + bytes(4), LABELS[syntax][:3], b""):
        with pytest.raises(DecodeError, match="at byte 0: a format label that is not"):
            codec.decode(octets)


def test_ndr64_is_little_endian_only():
    """MS-RPCE 2.2.5: the label is 0x10."""
    with pytest.raises(DecodeError, match="not NDR64's"):
        INFOS["ndr64"].compile(holding(Int(32))).decode(bytes(8))


def test_gaps_are_of_any_octets():
    """C706, 14.2.2: their values are unspecified."""
    for syntax in SYNTAXES:
        schema = holding(Ref("WithPad"), record("WithPad", ("s", Int(8)), ("l", Int(32)), ("t", Int(8))))
        codec = INFOS[syntax].compile(schema)
        octets = bytearray(codec.encode({"v": {"s": 1, "l": 2, "t": 3}}))
        octets[5:8] = b"\xbf\xab\xcd"
        octets[13:] = b"\xff" * len(octets[13:])
        assert codec.decode(bytes(octets)) == {"v": {"s": 1, "l": 2, "t": 3}}


def test_any_number_but_zero_is_a_referent_and_true():
    codec = INFOS["ndr-big"].compile(holding(Bool(), optional=True))
    assert codec.decode(bytes.fromhex("00000000 deadbeef 7f")) == {"v": True}


def test_no_items_are_a_null_pointer_or_an_empty_array():
    for type_, empty in ((List(Int(64)), []), (Bytes(), b""), (Map(String(), String()), {}), (List(Ref("Empty")), [])):
        codec = INFOS["ndr-big"].compile(holding(type_, EMPTY))
        assert codec.encode({"v": empty}) == bytes(12)
        assert codec.decode(bytes.fromhex("00000000 00000000 00000001 00000000")) == {"v": empty}


def test_a_string_may_be_shorter_than_its_array():
    """C706, 14.3.4.2: the maximum count is not less than the actual one."""
    codec = INFOS["ndr-big"].compile(holding(String()))
    assert codec.decode(bytes.fromhex("00000000 00000001 00000009 00000000 00000002 0061 0000")) == {"v": "a"}


@pytest.mark.parametrize(
    ("schema", "octets", "reason"),
    [
        (holding(Ref("Color"), COLOR), "00000004", "4 is not a value of enum Color"),
        (holding(Ref("Choice"), CHOICE), "00000000", "0 is not an alternative of Choice"),
        (holding(Int(8, True, -3, 3)), "04", r"4 is not in -3\.\.3"),
        (holding(String()), "00000000", "a null pointer to what is never absent|the data ends"),
        (holding(String()), "00000000" + "00000001" * 4, "a null pointer to what is never absent"),
        (holding(String()), "00000001 00000001 00000000 00000001 0061", "does not end at its only zero"),
        (holding(String()), "00000001 00000002 00000000 00000002 00000000", "does not end at its only zero"),
        (holding(String()), "00000001 00000003 00000000 00000003 006100000062", "does not end at its only zero"),
        (holding(String()), "00000001 00000000 00000000 00000000", "does not end at its only zero"),
        (holding(String()), "00000001 00000002 00000000 00000002 d8000000", "UnicodeDecodeError"),
        (holding(String()), "00000001 00000002 00000001 00000001 0000", "1 of 2 characters from 1 on"),
        (holding(String()), "00000001 00000001 00000000 00000002 00610000", "2 of 1 characters from 0 on"),
        (holding(String()), "00000001 ffffffff 00000000 ffffffff 00610000", "the data ends within a value"),
        (holding(String(1)), "00000001 00000003 00000000 00000003 006100620000", "2 characters, at most 1 allowed"),
        (holding(Bytes()), "00000001 00000000", "a null pointer to 1 items"),
        (holding(Bytes()), "00000001 00000001 00000002 6161", "an array of 2 items where 1 are counted"),
        (holding(Bytes(2, 4)), "00000001 00000001 00000001 61", "1 octets, at least 2 needed"),
        (holding(Bytes(2, 4)), "00000000 00000000", "0 items, at least 2 needed"),
        (holding(List(Int(32), 0, 1)), "00000002 00000001 00000002 00000000 00000000", "at most 1 allowed"),
        (holding(List(Int(64))), "ffffffff 00000001 ffffffff 00000000", "the data ends within a value"),
        (holding(List(Ref("WithPad")), WITH_PAD), "80000000 00000001 80000000", "2147483648 items announced, 0 octets"),
        (holding(List(Ref("Empty")), EMPTY), "80000000 00000001 80000000", "2147483648 items announced, 0 octets"),
        (holding(List(Ref("Choice")), CHOICE), "80000000 00000001 80000000 00000000", "2147483648 items announced"),
        (holding(Map(Int(8), Int(8))), "00000002 00000001 00000002 01020103", "a key of a map is given twice"),
        (holding(Map(Int(8), String())), "00000002 00000001 00000002" + "01000000 00000001" * 2
         + "00000001 00000000 00000001 00000000" * 2, "a key of a map is given twice"),
        (holding(Timestamp()), "7fffffffffffffff", "OverflowError"),
        (holding(Decimal(2, 0)), "0000000000000064", "decimal of more than 2 digits"),
        (holding(Decimal(20, 0)), "00000002 00000001 00000002 0001", "not the shortest"),
    ],
)  # fmt: skip
def test_octets_that_mean_nothing(schema, octets, reason):
    with pytest.raises(DecodeError, match=reason):
        INFOS["ndr-little"].compile(schema).decode(bytes(4) + bytes.fromhex(octets))


@pytest.mark.parametrize("count", [1 << 31, 1 << 32, 1 << 62, 1 << 63, (1 << 64) - 1])
@pytest.mark.parametrize(
    "type_", [String(), Bytes(), List(Int(16)), List(Float(64)), List(String()), Map(Int(8), Bool())]
)
def test_counts_of_64_bits_ask_for_nothing(type_, count):
    word = struct.pack("<Q", count)
    start = struct.pack("<IIQ", count & 0xFFFFFFFF, 0, 1) if type_ != String() else struct.pack("<Q", 1)
    for octets in (word * 3, word + bytes(8) + word, word + bytes(64)):
        with pytest.raises(DecodeError):
            INFOS["ndr64"].compile(holding(type_)).decode(LABELS["ndr64"] + start + octets)


@pytest.mark.parametrize("name", ["strings", "bytes", "lists", "maps", "unions", "linked", "tree_of_maps"])
def test_great_numbers_anywhere_ask_for_nothing(name):
    """Eight octets of NDR64 that are a count of very many, a negative one, or one whose size in octets is."""
    schema = EXAMPLES[name]
    codec = INFOS["ndr64"].compile(schema)
    octets = next(filter(None, (encoded(codec, schema, seed) for seed in range(3, 20))))
    tracemalloc.start()
    try:
        for place in range(4, len(octets), len(octets) // 40 + 1):
            for count in (1 << 31, 1 << 32, 1 << 60, (1 << 61) - 1, 1 << 63, (1 << 64) - 1):
                tracemalloc.reset_peak()
                with suppress(DecodeError):
                    codec.decode(octets[:place] + struct.pack("<Q", count) + octets[place + 8 :])
                assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def encoded(codec, schema, seed):
    """A value's octets, or nothing if the codec refuses it."""
    try:
        return codec.encode(generate(schema, seed))
    except EncodeError:
        return b""


@pytest.mark.parametrize(
    ("schema", "value", "reason"),
    [
        (holding(Int(32)), 1 << 31, r"\$\.v: expected an integer in"),
        (holding(String()), 7, r"\$\.v: expected a string, found 7"),
        (holding(String()), "a\0b", r"\$: a string with U\+0000"),
        (holding(Ref("Color"), COLOR), "PINK", r"\$\.v: expected one of RED, YELLOW, BLUE, found 'PINK'"),
        (holding(Bytes(5, 5)), b"four", r"\$\.v: expected 5 octets, found 4"),
        (holding(List(Int(32), 8, 8)), [1], r"\$\.v: expected 8 items, found 1"),
        (holding(List(List(String(), 2, 2))), [["1"]], r"\$\.v\[0\]: expected 2 items, found 1"),
        (holding(List(Int(64), 99, 99)), [1], r"\$\.v: expected 99 items, found 1"),
        (holding(Ref("Choice"), CHOICE), {"none": 1}, r"\$\.v: expected a map with one key of number, text"),
    ],
)
@pytest.mark.parametrize("syntax", SYNTAXES)
def test_values_that_are_not_of_the_schema(syntax, schema, value, reason):
    with pytest.raises(EncodeError, match=reason):
        INFOS[syntax].compile(schema).encode({"v": value})


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_nesting_is_bounded_where_the_model_bounds_it(syntax):
    codec = INFOS[syntax].compile(holding(Ref("Node"), NODE))
    value = {"v": 1, "text": ""}
    for _ in range(MAX_DEPTH - 2):  # the message itself is a level
        value = {"v": 1, "text": "", "next": value}
    assert codec.decode(codec.encode({"v": value})) == {"v": value}
    with pytest.raises(DecodeError, match="more than 100 levels of nesting"):
        codec.decode(codec.encode({"v": {"v": 1, "text": "", "next": value}}))


def test_what_another_order_or_a_label_explains():
    """A map's key stands in the path of its value, which comes before it."""
    (info,) = find(["ndr-big/serbench"])
    schema = holding(Map(String(), Int(32)))
    octets = info.compile(schema).encode({"v": {"key": 5}})
    spans = {(span.purpose, span.path): span.what for span in info.explain(schema, octets)}
    assert spans["content", '$.v["key"]'] == "5"
    assert spans["content", "$.v{key}"] == '"key"'
    assert spans["structure", "$"] == "format label: big-endian, ASCII, IEEE floating point"
    with pytest.raises(ExplainError) as caught:
        info.explain(schema, octets[:-12])
    assert ("content", "$.v[?]", "5") in [(span.purpose, span.path, span.what) for span in caught.value.spans]


def test_impacket_says_what_it_cannot():
    """The deviations that keep schemas from the comparison, so that their end is noticed."""
    schema = holding(Ref("WithPad"), WITH_PAD)
    assert len(impacket_by_hand.compile(schema, wide=True)[0]({"v": {"l": 1, "s": 2}})) == 6  # MS-RPCE 4.8: 8
    encode, _ = impacket_by_hand.compile(holding(Ref("Unions"), UNIONS, SHORT_OR_HYPER))
    assert len(encode({"v": {"a": 7, "u": {"short": -2}, "z": 9}})) == 11
    with pytest.raises(RecursionError):
        impacket_by_hand.compile(holding(Ref("Node"), NODE))[0]({"v": {"v": 1, "text": ""}})


def test_octet_by_octet():
    (info,) = find(["ndr-big/serbench"])
    fields = record(
        "Message", ("octet", Int(8, False)), ("name", String()), ("due", Int(16)), ("none", String()),
        ("sizes", Map(String(), Int(64))), ("u", Ref("U")), optional="due none",
    )  # fmt: skip
    schema = Schema("Message", (fields, SHORT_OR_HYPER))
    octets = info.compile(schema).encode({"octet": 9, "name": "Jo", "due": 7, "sizes": {"b": 1}, "u": {"short": 5}})
    assert (
        hexdump(info.explain(schema, octets), octets)
        == """\
0000  00 00 00 00              structure  format label: big-endian, ASCII, IEEE floating point  $
0004  09                       content    9                                          $.octet
0005  00 00 00                 padding    gap to a multiple of 4                     $.name
0008  00 02 00 00              structure  pointer, referent 0x20000                  $.name
000c  00 02 00 00              presence   pointer, present                           $.due
0010  00 00 00 00              presence   null pointer, absent                       $.none
0014  00 00 00 01              length     1 item                                     $.sizes
0018  00 02 00 00              structure  pointer to the items                       $.sizes
001c  00 00 00 02              tag        alternative 2 (short)                      $.u
0020  00 05                    content    5                                          $.u.short
0022  00 00                    padding    gap to a multiple of 4                     $.name
0024  00 00 00 03 00 00 00 00  length     maximum count 3, offset 0, actual count 3  $.name
002c  00 00 00 03
0030  00 4a 00 6f              content    "Jo"                                       $.name
0034  00 00                    structure  terminator                                 $.name
0036  00 07                    content    7                                          $.due
0038  00 00 00 01              length     maximum count 1                            $.sizes
003c  00 02 00 00              structure  pointer, referent 0x20000                  $.sizes{key}
0040  00 00 00 00              padding    gap to a multiple of 8                     $.sizes["b"]
0044  00 00 00 00 00 00 00 01  content    1                                          $.sizes["b"]
004c  00 00 00 02 00 00 00 00  length     maximum count 2, offset 0, actual count 2  $.sizes{key}
0054  00 00 00 02
0058  00 62                    content    "b"                                        $.sizes{key}
005a  00 00                    structure  terminator                                 $.sizes{key}
"""
    )
