"""XDR against RFC 4506's own example and against xdrlib3's Packer, which somebody else wrote."""

import struct
from datetime import UTC, datetime
from decimal import Decimal as D
from uuid import UUID

import pytest
import xdrlib3
import xdrlib_by_hand
from sercodecs import xdr
from sercodecs.contract import DecodeError, EncodeError
from serschema import shared
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
from serschema.values import equal


def holding(type_: Type, *types: Enum | Union | Record, optional: bool = False) -> Schema:
    """A schema whose message has the one field `v`."""
    return Schema("Holder", (Record("Holder", (Field("v", 1, type_, optional=optional),)), *types))


COLOR = Enum("Color", (("RED", 2), ("YELLOW", 3), ("BLUE", 5)))
POINT = Record("Point", (Field("x", 1, Float(32)), Field("y", 2, Float(32))))
NAMED = Record("Named", (Field("name", 1, String()), Field("size", 2, Int(16, signed=False))))
EMPTY = Record("Empty", ())
CHOICE = Union("Choice", (Field("number", 1, Int(64)), Field("text", 7, String())))
NODE = Record("Node", (Field("v", 1, Int(32)), Field("next", 2, Ref("Node"), optional=True)))


def packed(*calls: tuple[str, object]) -> bytes:
    """What xdrlib3 writes for these calls of its Packer."""
    packer = xdrlib3.Packer()
    for kind, argument in calls:
        getattr(packer, f"pack_{kind}")(argument)
    return packer.get_buffer()


# Schema, value of `v`, and its octets: those of RFC 4506 in hexadecimal with the section, or xdrlib3's.
VECTORS = {
    "bool (4.4)": (holding(Bool()), True, bytes.fromhex("00000001")),
    "int (4.1)": (holding(Int(32)), -2, packed(("int", -2))),
    "int of 8 bits": (holding(Int(8)), -128, packed(("int", -128))),
    "unsigned (4.2)": (holding(Int(32, False)), 4294967295, packed(("uint", 4294967295))),
    "hyper (4.5)": (holding(Int(64)), -(1 << 63), packed(("hyper", -(1 << 63)))),
    "unsigned hyper (4.5)": (holding(Int(64, False)), (1 << 64) - 2, packed(("uhyper", (1 << 64) - 2))),
    "float (4.6)": (holding(Float(32)), -1.5, packed(("float", -1.5))),
    "double (4.7)": (holding(Float(64)), 1 / 3, packed(("double", 1 / 3))),
    "string (4.11)": (holding(String()), "Concón", packed(("string", "Concón".encode()))),
    "string of four": (holding(String()), "four", packed(("string", b"four"))),
    "empty string": (holding(String()), "", packed(("string", b""))),
    "opaque (4.10)": (holding(Bytes()), b"\1\2\3\4\5", packed(("opaque", b"\1\2\3\4\5"))),
    "fixed opaque (4.9)": (holding(Bytes(5, 5)), b"\1\2\3\4\5", bytes.fromhex("0102030405000000")),
    "enum (4.3)": (holding(Ref("Color"), COLOR), "BLUE", packed(("enum", 5))),
    "timestamp": (
        holding(Timestamp()),
        datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
        packed(("hyper", -1)),
    ),
    "uuid": (holding(Uuid()), UUID(int=258), bytes(14) + b"\1\2"),
    "decimal of 18 digits": (holding(Decimal(18, 2)), D("-1.25"), packed(("hyper", -125))),
    "decimal of 19 digits": (holding(Decimal(19, 2)), D("-1.28"), packed(("opaque", b"\x80"))),
    "decimal of 19 digits, positive": (holding(Decimal(19, 2)), D("1.28"), packed(("opaque", b"\x00\x80"))),
    "array (4.13)": (holding(List(Int(32))), [1, -1], packed(("uint", 2), ("int", 1), ("int", -1))),
    "fixed array (4.12)": (holding(List(Int(32), 2, 2)), [1, -1], packed(("int", 1), ("int", -1))),
    "long fixed array (4.12)": (
        holding(List(Int(64), 99, 99)),
        [*range(99)],
        packed(*[("hyper", i) for i in range(99)]),
    ),
    "array of bools": (holding(List(Bool())), [True, False], packed(("uint", 2), ("bool", True), ("bool", False))),
    "array of enums": (holding(List(Ref("Color")), COLOR), ["RED"], packed(("uint", 1), ("enum", 2))),
    "array of strings": (holding(List(String())), ["a", ""], packed(("uint", 2), ("string", b"a"), ("string", b""))),
    "array of uuids": (holding(List(Uuid())), [UUID(int=1)], packed(("uint", 1)) + bytes(15) + b"\1"),
    "array of fixed opaque": (holding(List(Bytes(1, 1))), [b"x", b"y"], packed(("uint", 2)) + b"x\0\0\0y\0\0\0"),
    "array of points": (
        holding(List(Ref("Point")), POINT),
        [{"x": 1.0, "y": 2.0}, {"x": 3.0, "y": -0.0}],
        packed(("uint", 2), ("float", 1.0), ("float", 2.0), ("float", 3.0), ("float", -0.0)),
    ),
    "array of structures": (
        holding(List(Ref("Named")), NAMED),
        [{"name": "xyz", "size": 65535}],
        packed(("uint", 1), ("string", b"xyz"), ("uint", 65535)),
    ),
    "array of arrays": (
        holding(List(List(Int(32)))),
        [[], [7]],
        packed(("uint", 2), ("uint", 0), ("uint", 1), ("int", 7)),
    ),
    "map": (holding(Map(String(), Bool())), {"k": True}, packed(("uint", 1), ("string", b"k"), ("bool", True))),
    "map of numbers": (holding(Map(Int(32), Float(64))), {-1: 0.5}, packed(("uint", 1), ("int", -1), ("double", 0.5))),
    "union (4.15)": (holding(Ref("Choice"), CHOICE), {"text": "hi"}, packed(("uint", 7), ("string", b"hi"))),
    "structure (4.14)": (holding(Ref("Point"), POINT), {"x": 1.0, "y": 2.0}, packed(("float", 1.0), ("float", 2.0))),
    "empty structure": (holding(Ref("Empty"), EMPTY), {}, packed(("int", 0))),
    "linked list (4.19)": (
        holding(Ref("Node"), NODE),
        {"v": 1, "next": {"v": 2}},
        packed(("int", 1), ("bool", True), ("int", 2), ("bool", False)),
    ),
}


@pytest.mark.parametrize("name", VECTORS)
def test_both_directions(name: str) -> None:
    schema, value, octets = VECTORS[name]
    codec = xdr.compile(schema)
    assert codec.encode({"v": value}).hex() == octets.hex()
    assert equal(codec.decode(octets), {"v": value})


@pytest.mark.parametrize("name", VECTORS)
def test_every_truncation_and_a_longer_message_are_refused(name: str) -> None:
    schema, _, octets = VECTORS[name]
    codec = xdr.compile(schema)
    for length in range(len(octets)):
        with pytest.raises(DecodeError):
            codec.decode(octets[:length])
    for tail in (b"\0", b"\0\0\0\0"):
        with pytest.raises(DecodeError, match=f"at byte {len(octets)}: {len(tail)} octets after the end"):
            codec.decode(octets + tail)


def test_the_example_of_section_7() -> None:
    """RFC 4506, section 7: the file "sillyprog" of user john, with the offsets 0 to 44 of its table."""
    filetype = Union("filetype", (Field("creator", 1, String(255)), Field("interpreter", 2, String(255))))
    file = Record(
        "file",
        (
            Field("filename", 1, String(255)),
            Field("type", 2, Ref("filetype")),
            Field("owner", 3, String(32)),
            Field("data", 4, Bytes(0, 65535)),
        ),
    )
    codec = xdr.compile(Schema("file", (filetype, file)))
    octets = bytes.fromhex(
        "00000009 73696c6c 7970726f 67000000 00000002 00000004 6c697370 00000004 6a6f686e 00000006 28717569 74290000"
    )
    value = {"filename": "sillyprog", "type": {"interpreter": "lisp"}, "owner": "john", "data": b"(quit)"}
    assert codec.encode(value) == octets
    assert codec.decode(octets) == value


def test_eight_integers_of_the_course() -> None:
    codec = xdr.compile(holding(List(Int(32), 8, 8)))
    octets = codec.encode({"v": [1_000_000_000 + i for i in range(8)]})
    assert len(octets) == 32
    assert octets.hex(" ", 4).startswith("3b9aca00 3b9aca01 3b9aca02")


def test_optional_data() -> None:
    codec = xdr.compile(holding(String(), optional=True))
    assert codec.encode({}) == packed(("bool", False))
    assert codec.encode({"v": "x"}) == packed(("bool", True), ("string", b"x"))
    assert codec.decode(packed(("bool", False))) == {}


@pytest.mark.parametrize(
    ("schema", "octets", "reason"),
    [
        (holding(Bool()), "00000002", "2 is not a value of bool"),
        (holding(List(Bool())), "00000001ffffffff", "is not a value of bool"),
        (holding(Int(32), optional=True), "0000000200000000", "2 is not a bool"),
        (holding(Ref("Color"), COLOR), "00000004", "4 is not a value of enum Color"),
        (holding(Ref("Choice"), CHOICE), "0000000000000000", "0 is not an alternative of Choice"),
        (holding(String()), "0000000161000001", "at byte 8: padding that is not zero"),
        (holding(Bytes(1, 1)), "61000001", "padding that is not zero"),
        (holding(String()), "ffffffff61000000", "at byte 8: the data ends within a value"),
        (holding(List(Int(64))), "ffffffff00000000", "4294967295 items announced, 4 octets left"),
        (holding(List(Ref("Empty")), EMPTY), "80000000", "2147483648 items announced, 0 octets left"),
        (holding(List(Ref("Empty")), EMPTY), "0000000100000001", "an empty record that is not 0"),
        (holding(String()), "00000002c3280000", "UnicodeDecodeError"),
        (holding(String(2)), "0000000361616100", "string of 3 characters, at most 2 allowed"),
        (holding(Bytes(2, 4)), "0000000161000000", "1 octets, at least 2 needed"),
        (holding(List(Int(32), 0, 1)), "000000020000000000000000", "2 items, at most 1 allowed"),
        (holding(Int(8)), "00000080", r"128 is not in -128\.\.127"),
        (holding(List(Int(8, False))), "0000000100000100", r"256 is not in 0\.\.255"),
        (holding(Map(Int(32), Int(32))), "00000002" + "0000000100000005" * 2, "a key of a map is given twice"),
        (holding(Timestamp()), "7fffffffffffffff", "OverflowError"),
        (holding(Decimal(2, 0)), "0000000000000064", "decimal of more than 2 digits"),
        (holding(Decimal(20, 0)), "00000002" + "00010000", "not the shortest"),
    ],
)
def test_octets_that_mean_nothing(schema: Schema, octets: str, reason: str) -> None:
    with pytest.raises(DecodeError, match=reason):
        xdr.compile(schema).decode(bytes.fromhex(octets))


@pytest.mark.parametrize(
    ("schema", "value", "reason"),
    [
        (holding(Int(32)), 1 << 31, r"\$\.v: expected an integer in"),
        (holding(String()), 7, r"\$\.v: expected a string, found 7"),
        (holding(Ref("Color"), COLOR), "PINK", r"\$\.v: expected one of RED, YELLOW, BLUE, found 'PINK'"),
        (holding(Bytes(5, 5)), b"four", r"\$\.v: expected 5 octets, found 4"),
        (holding(List(Int(32), 8, 8)), [1], r"\$\.v: expected 8 items, found 1"),
        (holding(List(String(), 8, 8)), ["1"], r"\$\.v: expected 8 items, found 1"),
        (holding(Ref("Choice"), CHOICE), {"none": 1}, r"\$\.v: expected a map with one key of number, text"),
    ],
)
def test_values_that_are_not_of_the_schema(schema: Schema, value: object, reason: str) -> None:
    with pytest.raises(EncodeError, match=reason):
        xdr.compile(schema).encode({"v": value})


def test_nesting_is_bounded_where_the_model_bounds_it() -> None:
    codec = xdr.compile(holding(Ref("Node"), NODE))
    inner = MAX_DEPTH - 1  # the message itself is a level
    deepest = struct.pack(">ii", 1, 1) * (inner - 1) + struct.pack(">ii", 1, 0)
    assert codec.encode(codec.decode(deepest)) == deepest
    with pytest.raises(DecodeError, match="more than 100 levels of nesting"):
        codec.decode(struct.pack(">ii", 1, 1) + deepest)


@pytest.mark.parametrize("name", shared.NAMES)
def test_the_same_octets_as_xdrlib3_on_the_shared_schemas(name: str) -> None:
    data = shared.load(name)
    codec = xdr.compile(data.schema)
    encode, decode = xdrlib_by_hand.compile(data.schema)
    for value in data.values:
        assert codec.encode(value) == encode(value)
        assert equal(codec.decode(encode(value)), value)
        assert equal(decode(codec.encode(value)), value)


@pytest.mark.parametrize("length", [0, 1, 254, 255, 256, 257, 70_000])
def test_lengths_around_the_table(length: int) -> None:
    codec = xdr.compile(holding(Bytes()))
    octets = packed(("opaque", b"x" * length))
    assert codec.encode({"v": b"x" * length}) == octets
    assert codec.decode(octets) == {"v": b"x" * length}
