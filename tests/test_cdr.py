"""CDR against object references that ORBs wrote, and XCDR against pycdr2 and cyclonedds, at every alignment.

The two libraries are called here, and what cyclonedds wrote is recorded, too, so that a new version of it is noticed.
"""

import json
from decimal import Decimal as D
from pathlib import Path

import cyclonedds.idl
import idl_classes
import pycdr2
import pytest
from sercodecs.cdr import CODECS
from sercodecs.contract import DecodeError, EncodeError
from serschema import shared
from serschema.generate import generate
from serschema.jsonform import to_json
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
    Type,
    Union,
)
from serschema.strategies import EXAMPLES
from serschema.values import equal

VECTORS = Path(__file__).parent / "vectors"
INFOS = {info.format.name: info for info in CODECS}
MADE = {
    "cdr-big": (0, "final"),
    "cdr-little": (0, "final"),
    "xcdr1": (1, "final"),
    "xcdr1-mutable": (1, "mutable"),
    "xcdr2": (2, "final"),
    "xcdr2-delimited": (2, "appendable"),
    "xcdr2-mutable": (2, "mutable"),
}
"""Version and extensibility by format."""
XCDR = [name for name, (version, _) in MADE.items() if version]
MUTABLE = [name for name, (_, extensibility) in MADE.items() if extensibility == "mutable"]
LIBRARIES = {"pycdr2": pycdr2.Endianness, "cyclonedds.idl": cyclonedds.idl.Endianness}
ORDERS = ("big", "little")


def record(name: str, *fields: tuple[str, Type], optional: str = "") -> Record:
    members = [Field(key, i + 1, type_, optional=key in optional.split()) for i, (key, type_) in enumerate(fields)]
    return Record(name, tuple(members))


def holding(type_: Type, *types: Enum | Union | Record, optional: bool = False) -> Schema:
    """A schema whose message has the one field `v`."""
    return Schema("Holder", (record("Holder", ("v", type_), optional="v" if optional else ""), *types))


OCTET = Int(8, signed=False)
COLOR = Enum("Color", (("RED", 2), ("YELLOW", 3), ("BLUE", 5)))
POINT = record("Point", ("x", OCTET), ("y", Float(64)))
CHOICE = Union("Choice", (Field("number", 1, Int(64)), Field("text", 7, String()), Field("octet", 8, OCTET)))
NODE = record("Node", ("v", Int(32)), ("next", Ref("Node")), optional="next")
TAGGED = record("Tagged", ("tag", Int(32, signed=False)), ("data", Bytes()))


# What ORBs wrote. A profile and the code sets in it are encapsulations, too (CORBA 3.3 Part 2, 9.7.2).

IOR = Schema("Ior", (record("Ior", ("type_id", String()), ("profiles", List(Ref("Tagged")))), TAGGED))
VERSION = (("major", OCTET), ("minor", OCTET), ("host", String()), ("port", Int(16, signed=False)), ("key", Bytes()))
PROFILE_1_0 = Schema("Profile", (record("Profile", *VERSION),))
PROFILE_1_2 = Schema("Profile", (record("Profile", *VERSION, ("components", List(Ref("Tagged")))), TAGGED))
SETS = record("Sets", ("native", Int(32, signed=False)), ("conversion", List(Int(32, signed=False))))
CODE_SETS = Schema("CodeSets", (record("CodeSets", ("narrow", Ref("Sets")), ("wide", Ref("Sets"))), SETS))
REFERENCES = json.loads((VECTORS / "cdr_iors.json").read_text(encoding="utf-8"))["cases"]

ISO_8859_1, UTF_16, UTF_8, UCS_2 = 0x10001, 0x10109, 0x5010001, 0x10100
"""From the OSF registry of character and code sets."""
PROFILES = {
    "Java IDL, tnameserv": ((1, 0), "127.0.0.1", 1027, None),
    "Java IDL, orbd": ((1, 2), "127.0.0.1", 1049, (ISO_8859_1, [UTF_8, 0x10020], UTF_16, [UCS_2])),
    "omniORB, omniNames": ((1, 2), "192.168.1.158", 2809, (ISO_8859_1, [UTF_8], UTF_16, [UTF_16])),
}


def through(schema: Schema, octets: bytes) -> dict:
    """Decode; where nothing but zero is in the padding, encoding gives the octets again."""
    order = ORDERS[octets[0]]
    codec = INFOS[f"cdr-{order}"].compile(schema)
    value = codec.decode(octets)
    assert equal(INFOS[f"cdr-{ORDERS[1 - octets[0]]}"].compile(schema).decode(octets), value)
    assert codec.encode(value).hex() == octets.hex()
    return value


@pytest.mark.parametrize("orb", REFERENCES)
def test_object_references(orb):
    version, host, port, sets = PROFILES[orb]
    reference = through(IOR, bytes.fromhex(REFERENCES[orb]))
    assert reference["type_id"].startswith("IDL:omg.org/CosNaming/NamingContext")
    (profile,) = reference["profiles"]
    assert profile["tag"] == 0
    body = through(PROFILE_1_0 if sets is None else PROFILE_1_2, profile["data"])
    assert ((body["major"], body["minor"]), body["host"], body["port"]) == (version, host, port)
    found = [part["data"] for part in body.get("components", []) if part["tag"] == 1]
    assert len(found) == (sets is not None)
    for octets in found:
        code_sets = INFOS["cdr-big"].compile(CODE_SETS).decode(octets)
        narrow, wide = code_sets["narrow"], code_sets["wide"]
        assert (narrow["native"], narrow["conversion"], wide["native"], wide["conversion"]) == sets


# What pycdr2 and cyclonedds write.


def theirs(library: str, format_: str, schema: Schema):
    """The library's functions from a value to octets like those of the format, and back."""
    version, extensibility = MADE[format_]
    classes = idl_classes.compile(schema, library, version, extensibility)

    def write(value, order: str) -> bytes:
        made = classes.to_object(value)
        if not version:
            made.byte_order = ORDERS.index(order)
        endianness = LIBRARIES[library].Little if order == "little" else LIBRARIES[library].Big
        octets = made.serialize(endianness=endianness, use_version_2=version == 2)
        return octets if version else octets[4:]

    def read(octets: bytes):
        header = b"" if version else bytes([0, octets[0], 0, 0])
        return classes.to_value(classes.root.deserialize(header + octets))

    return write, read


def without_padding(format_: str, octets: bytes) -> bytes:
    """The octets as the libraries write them, who leave the options 0 and the end as it is."""
    if not MADE[format_][0]:
        return octets
    return octets[:3] + b"\0" + octets[4 : len(octets) - (octets[3] & 3)]


def agree(library: str, format_: str, schema: Schema, values, *, same: bool = True, orders=ORDERS) -> None:
    """Assert that each reads what the other writes, and that the octets are the same."""
    write, read = theirs(library, format_, schema)
    for order in orders:
        codec = INFOS[format_].compile(schema, order=order)
        for value in values:
            ours, made = codec.encode(value), write(value, order)
            if same:
                assert without_padding(format_, ours).hex() == made.hex()
            assert equal(codec.decode(made), value)
            assert equal(read(without_padding(format_, ours)), value)
            if MADE[format_][0]:
                assert len(ours) % 4 == 0


BEHIND = {
    "octet": (OCTET, 200),
    "boolean": (Bool(), True),
    "short": (Int(16), -2),
    "long": (Int(32), -3),
    "long long": (Int(64), -4),
    "unsigned long long": (Int(64, signed=False), 1 << 63),
    "float": (Float(32), 1.5),
    "double": (Float(64), -0.25),
    "string": (String(), "Größe"),
    "empty string": (String(), ""),
    "sequence of octets": (Bytes(), b"abc"),
    "array of octets": (Bytes(3, 3), b"abc"),
    "enum": (Ref("Color"), "BLUE"),
    "sequence of short": (List(Int(16)), [1, 2, 3]),
    "sequence of double": (List(Float(64)), [0.5, -1.0]),
    "empty sequence of double": (List(Float(64)), []),
    "array of double": (List(Float(64), 2, 2), [0.5, -1.0]),
    "long array of long long": (List(Int(64), 60, 60), list(range(60))),
    "sequence of strings": (List(String()), ["a", "bc", "", "defg"]),
    "sequence of enums": (List(Ref("Color")), ["RED", "BLUE"]),
    "sequence of structures": (List(Ref("Point")), [{"x": 1, "y": 2.0}, {"x": 3, "y": 4.0}]),
    "array of structures": (List(Ref("Point"), 2, 2), [{"x": 1, "y": 2.0}, {"x": 3, "y": 4.0}]),
    "array of arrays": (List(List(Int(16), 3, 3), 2, 2), [[1, 2, 3], [4, 5, 6]]),
    "sequence of arrays": (List(List(Ref("Color"), 2, 2)), [["RED", "BLUE"], ["BLUE", "RED"]]),
    "structure": (Ref("Point"), {"x": 1, "y": 2.0}),
    "union of long long": (Ref("Choice"), {"number": 5}),
    "union of string": (Ref("Choice"), {"text": "abc"}),
    "union of octet": (Ref("Choice"), {"octet": 9}),
    "map": (Map(String(), Float(64)), {"a": 1.0, "bcd": 2.0}),
    "decimal": (Decimal(7, 2), D("-12345.67")),
}
TYPES = (COLOR, POINT, CHOICE)


def behind(octets: int, type_: Type, *, optional: bool = False) -> Schema:
    """A structure of so many octets, the type, an octet and a number."""
    fields = [(f"o{i}", OCTET) for i in range(octets)] + [("v", type_), ("after", OCTET), ("last", Int(64))]
    return Schema("Holder", (record("Holder", *fields, optional="v" if optional else ""), *TYPES))


def filled(octets: int, value) -> dict:
    return {f"o{i}": i + 1 for i in range(octets)} | {"v": value, "after": 0xEE, "last": 0x0102030405060708}


@pytest.mark.parametrize("format_", MADE)
@pytest.mark.parametrize("kind", BEHIND)
def test_every_offset(kind, format_):
    """One byte order each, as padding does not depend on it."""
    type_, value = BEHIND[kind]
    same = format_ not in MUTABLE
    for octets in range(8):
        schema, order = behind(octets, type_), ORDERS[octets % 2]
        agree("cyclonedds.idl", format_, schema, [filled(octets, value)], same=same, orders=[order])


@pytest.mark.parametrize("format_", MADE)
@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("kind", BEHIND)
def test_every_offset_that_only_the_data_knows(kind, library, format_):
    """The octets are a sequence, so that where the type is depends on the value."""
    if library == "pycdr2" and format_ == "xcdr1-mutable":
        return  # pycdr2 has no parameter lists in XCDR1
    type_, value = BEHIND[kind]
    fields = (("octets", Bytes()), ("v", type_), ("after", OCTET), ("last", Int(64)))
    schema = Schema("Holder", (record("Holder", *fields), *TYPES))
    values = [{"octets": bytes(n), "v": value, "after": 0xEE, "last": -2} for n in range(8)]
    order = "big" if library == "pycdr2" else "little"
    agree(library, format_, schema, values, same=format_ not in MUTABLE, orders=[order])


@pytest.mark.parametrize("format_", MADE)
@pytest.mark.parametrize("kind", ["octet", "long long", "string", "sequence of double", "structure", "union of octet"])
def test_optional_at_every_offset(kind, format_):
    """cyclonedds writes the extended header of XCDR1 even where the short one would do (XTypes 7.4.1.2)."""
    type_, value = BEHIND[kind]
    for octets in range(8):
        schema, present = behind(octets, type_, optional=True), filled(octets, value)
        absent = {key: held for key, held in present.items() if key != "v"}
        same = format_ not in ("xcdr1", *MUTABLE)
        agree("cyclonedds.idl", format_, schema, [present, absent], same=same, orders=[ORDERS[octets % 2]])


@pytest.mark.parametrize("format_", MADE)
@pytest.mark.parametrize("name", [*shared.NAMES, *EXAMPLES])
def test_shared_schemas_and_examples(name, format_):
    """cyclonedds takes an enum for unsigned, which XTypes 7.2.2.4 has as signed."""
    if name in EXAMPLES:
        schema, values = EXAMPLES[name], [generate(EXAMPLES[name], seed) for seed in range(2)]
    else:
        loaded = shared.load(name, records=5)
        schema, values = loaded.schema, list(loaded.values[:1])
    if any(number < 0 for type_ in schema.types if isinstance(type_, Enum) for _, number in type_.symbols):
        return
    optional = any(field.optional for type_ in schema.types if isinstance(type_, Record) for field in type_.fields)
    same = format_ not in MUTABLE and not (optional and format_ == "xcdr1")
    without_nul = [value for value in values if "\\u0000" not in json.dumps(to_json(value, schema))]
    agree("cyclonedds.idl", format_, schema, without_nul, same=same, orders=["little"])


RECORDED = json.loads((VECTORS / "cdr_cyclonedds.json").read_text(encoding="utf-8"))["cases"]


@pytest.mark.parametrize("kind", RECORDED)
def test_recorded(kind):
    type_, value = BEHIND[kind]
    schema, message = behind(3, type_), filled(3, value)
    for format_, by_order in RECORDED[kind].items():
        for order, octets in by_order.items():
            codec = INFOS[format_].compile(schema, order=order)
            assert equal(codec.decode(bytes.fromhex(octets)), message)
            if format_ not in MUTABLE:
                assert without_padding(format_, codec.encode(message)).hex() == octets


# Either byte order is read, whichever a codec writes.


@pytest.mark.parametrize("format_", MADE)
def test_either_order_is_read(format_):
    schema, value = holding(Ref("Point"), POINT), {"v": {"x": 1, "y": -2.5}}
    little, big = (INFOS[format_].compile(schema, order=order) for order in ("little", "big"))
    assert little.encode(value) != big.encode(value)
    for codec in (little, big):
        assert equal(codec.decode(little.encode(value)), value)
        assert equal(codec.decode(big.encode(value)), value)
    assert INFOS[format_].compile(schema).encode(value) == (big if format_ == "cdr-big" else little).encode(value)


BEGINNINGS = {
    "cdr-big": "00",
    "cdr-little": "01",
    "xcdr1": "0001",
    "xcdr1-mutable": "0003",
    "xcdr2": "0007",
    "xcdr2-delimited": "0009",
    "xcdr2-mutable": "000b",
}
"""CORBA 9.3.3, and the identifiers of XTypes 7.6.3.1.2."""


@pytest.mark.parametrize("format_", MADE)
def test_beginnings(format_):
    octets = INFOS[format_].compile(holding(OCTET)).encode({"v": 1})
    assert octets.hex().startswith(BEGINNINGS[format_])
    for wrong in (b"\2" + octets[1:], octets[:1] + b"\x0c" + octets[2:] if MADE[format_][0] else b"\xff" + octets):
        with pytest.raises(DecodeError, match="not the beginning"):
            INFOS[format_].compile(holding(OCTET)).decode(wrong)


# Schema, value of `v`, format and octets; those of XTypes by hand from the rules of the clause named.

BY_HAND = {
    "fixed<5, 2>, of three octets (CORBA 9.3.2.8)": (holding(Decimal(5, 2)), D("123.45"), "cdr-big", "00 12345c"),
    "fixed<4, 2>, filled with a zero": (holding(Decimal(4, 2)), D("-12.30"), "cdr-big", "00 01230d"),
    "fixed<31, 0>": (holding(Decimal(31, 0)), D(7), "cdr-little", "01 000000000000000000000000000000 7c"),
    "32 digits, as string": (holding(Decimal(32, 1)), D("-0.5"), "cdr-big", "00000000 00000005 2d302e3500"),
    "enum by its place (9.3.2.6)": (holding(Ref("Color"), COLOR), "BLUE", "cdr-big", "00000000 00000002"),
    "string with its NUL (9.3.2.7)": (holding(String()), "ab", "cdr-little", "01000000 03000000 616200"),
    "optional as sequence<T, 1>": (holding(Int(16), optional=True), 5, "cdr-big", "00000000 00000001 0005"),
    "no padding before no items": (holding(List(Float(64))), [], "cdr-big", "00000000 00000000"),
    "padding before items": (holding(List(Float(64))), [1.0], "cdr-big", "00000000 00000001 3ff0000000000000"),
    "a struct without fields": (holding(Ref("E"), record("E")), {}, "cdr-big", "0000"),
    "options count the padding (7.6.3.1.2)": (holding(OCTET), 1, "xcdr1", "00010003 01000000"),
    "short header of an optional (7.4.1.2)": (
        holding(Int(16), optional=True), 5, "xcdr1", "00010002 0000 0200 0500 0000",
    ),
    "alignment from the member on": (
        holding(Float(64), optional=True), 1.0, "xcdr1", "00010000 0000 0800 000000000000f03f",
    ),
    "parameter list (7.4.1.2)": (holding(Int(16)), 5, "xcdr1-mutable", "00030000 0000 0200 0500 0000 027f 0000"),
    "enum by its number": (holding(Ref("Color"), COLOR), "BLUE", "xcdr2", "00070000 05000000"),
    "alignment to 4 (7.4.2)": (holding(List(Float(64))), [1.0], "xcdr2", "00070000 01000000 000000000000f03f"),
    "DHEADER of a sequence (7.4.3.5, rule 12)": (
        holding(List(String())), ["a"], "xcdr2", "00070002 0a000000 01000000 02000000 61000000",
    ),
    "DHEADER of a structure": (holding(OCTET), 1, "xcdr2-delimited", "00090003 01000000 01000000"),
    "length code 0 (7.4.3.4.2)": (holding(OCTET), 1, "xcdr2-mutable", "000b0003 05000000 00000000 01000000"),
    "length code 3": (holding(Int(64)), 1, "xcdr2-mutable", "000b0000 0c000000 00000030 0100000000000000"),
    "length code 4, with NEXTINT": (
        holding(Bytes(3, 3)), b"abc", "xcdr2-mutable", "000b0001 0b000000 00000040 03000000 61626300",
    ),
    "length code 5, a string's own": (
        holding(String()), "ab", "xcdr2-mutable", "000b0001 0b000000 00000050 03000000 61620000",
    ),
    "length code 6, a count": (
        holding(List(Int(32))), [7], "xcdr2-mutable", "000b0000 0c000000 00000060 01000000 07000000",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", BY_HAND)
def test_by_hand(case):
    schema, held, format_, octets = BY_HAND[case]
    codec = INFOS[format_].compile(schema)
    assert codec.encode({"v": held}).hex() == octets.replace(" ", "")
    assert equal(codec.decode(bytes.fromhex(octets)), {"v": held})


NUMBERS = Schema("Numbers", (record("Numbers", ("a", OCTET), ("b", Int(32)), optional="b"),))

READ = {
    "extended header": ("xcdr1", NUMBERS, "00010000 01000000 017f0800 01000000 04000000 07000000", {"a": 1, "b": 7}),
    "absent by an extended header": ("xcdr1", NUMBERS, "00010000 01000000 017f0800 01000000 00000000", {"a": 1}),
    "members in any order": (
        "xcdr1-mutable", NUMBERS, "00030000 01000400 07000000 00000100 01000000 023f0000", {"a": 1, "b": 7},
    ),
    "a length that counts padding": (
        "xcdr1-mutable", NUMBERS, "00030000 00000400 01000000 023f0000", {"a": 1},
    ),
    "a member that is not known": (
        "xcdr1-mutable", NUMBERS, "00030000 00000100 01000000 63000400 ffffffff 023f0000", {"a": 1},
    ),
    "a parameter to be ignored": (
        "xcdr1-mutable", NUMBERS, "00030000 037f0400 ffffffff 00000100 01000000 023f0000", {"a": 1},
    ),
    "EMHEADERs in any order": (
        "xcdr2-mutable", NUMBERS, "000b0003 0d000000 01000020 07000000 00000000 01000000", {"a": 1, "b": 7},
    ),
    "EMHEADER in another length code": (
        "xcdr2-mutable", NUMBERS, "000b0003 09000000 00000040 01000000 01000000", {"a": 1},
    ),
    "EMHEADER of a member that is not known": (
        "xcdr2-mutable", NUMBERS, "000b0003 0d000000 63000020 ffffffff 00000000 01000000", {"a": 1},
    ),
    "what a later version appends": (
        "xcdr2-delimited", holding(OCTET), "00090000 04000000 01020304", {"v": 1},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", READ)
def test_what_is_read_but_not_written(case):
    format_, schema, octets, value = READ[case]
    assert equal(INFOS[format_].compile(schema).decode(bytes.fromhex(octets)), value)


@pytest.mark.parametrize("format_", MADE)
def test_padding_is_not_looked_at(format_):
    """CORBA 9.3.1.1: the value of octets in alignment gaps is undefined."""
    schema, value = behind(1, Int(64)), filled(1, -1)
    codec, info = INFOS[format_].compile(schema), INFOS[format_]
    octets = bytearray(codec.encode(value))
    gaps = [span for span in info.explain(schema, bytes(octets)) if span.purpose == "padding"]
    assert gaps
    for span in gaps:
        octets[span.offset : span.offset + span.length] = b"\xff" * span.length
    assert equal(codec.decode(bytes(octets)), value)


WRONG = {
    "no octets": ("cdr-big", holding(OCTET), "", "not the beginning"),
    "no header": ("xcdr2", holding(OCTET), "0007", "without its header"),
    "a boolean of 2": ("cdr-big", holding(Bool()), "0002", "2 is not a value of boolean"),
    "an enum's number": ("cdr-big", holding(Ref("Color"), COLOR), "00000000 00000003", "3 is not a value of enum"),
    "an enum's place": ("xcdr2", holding(Ref("Color"), COLOR), "00070000 00000000", "0 is not a value of enum"),
    "a string of no octets": ("cdr-big", holding(String()), "00000000 00000000", "without its terminating NUL"),
    "a string without NUL": ("cdr-big", holding(String()), "00000000 00000002 6162", "does not end with its only NUL"),
    "a string with two NULs": ("cdr-big", holding(String()), "00000000 00000002 0000", "does not end with its only"),
    "a string that is not UTF-8": ("cdr-big", holding(String()), "00000000 00000002 ff00", "UnicodeDecodeError"),
    "a string that is too long": ("cdr-big", holding(String(1)), "00000000 00000003 616200", "at most 1 allowed"),
    "a string beyond the end": ("cdr-big", holding(String()), "00000000 80000000 6162", "ends within"),
    "items beyond the end": ("cdr-big", holding(List(Int(32))), "00000000 80000000", "2147483648 items announced"),
    "items just beyond the end": ("cdr-big", holding(List(Int(32))), "00000000 00000002 00000001", "items announced"),
    "two optional values": ("cdr-big", holding(OCTET, optional=True), "00000000 00000002 0101", "at most 1 allowed"),
    "a flag of 2": ("xcdr2", holding(OCTET, optional=True), "00070002 02010000", "2 is not a boolean"),
    "an alternative": ("cdr-big", holding(Ref("Choice"), CHOICE), "00000000 00000002 61", "2 is not an alternative"),
    "a key twice": ("cdr-big", holding(Map(Bool(), Bool())), "00000000 00000002 01010100", "given twice"),
    "a digit of A": ("cdr-big", holding(Decimal(5, 2)), "00 1a345c", "not a fixed-point decimal"),
    "a sign of F": ("cdr-big", holding(Decimal(5, 2)), "00 12345f", "not a fixed-point decimal"),
    "minus zero": ("cdr-big", holding(Decimal(5, 2)), "00 00000d", "not a fixed-point decimal"),
    "a digit too many": ("cdr-big", holding(Decimal(4, 2)), "00 11230c", "not a fixed-point decimal"),
    "19 digits in 18": ("xcdr2", holding(Decimal(18, 0)), "00070000 000064a7b3b6e00d", "more than 18 digits"),
    "a letter in digits": ("cdr-big", holding(Decimal(32, 0)), "00000000 00000003 2d6100", "not a decimal"),
    "an octet too many": ("cdr-big", holding(OCTET), "000102", "1 octets after the end"),
    "an octet too few": ("cdr-big", holding(Int(16)), "000000", "ends within"),
    "padding that is not there": ("xcdr1", holding(OCTET), "00010003 01", "ends within|after the end"),
    "an octet that is not padding": ("xcdr1", holding(OCTET), "00010000 0100", "1 octets after the end"),
    "another member": ("xcdr1", holding(OCTET, optional=True), "00010003 05000100 01000000", "member 5 instead of"),
    "a member beyond the end": ("xcdr1", holding(OCTET, optional=True), "00010000 00000500 01000000", "are left"),
    "a member longer than it is": ("xcdr1", holding(OCTET, optional=True), "00010000 00000800 01000000 00000000",
                                   "not as long as"),
    "a list without end": ("xcdr1-mutable", holding(OCTET), "00030000 00000100 01000000", "ends within"),
    "a member twice": ("xcdr1-mutable", holding(OCTET), "00030000 00000100 01000000 00000100 01000000 023f0000",
                       "given twice"),
    "a member missing": ("xcdr1-mutable", holding(OCTET), "00030000 023f0000", "Holder without v"),
    "what must be understood": ("xcdr1-mutable", holding(OCTET), "00030000 63400000 023f0000", "must be understood"),
    "a DHEADER beyond the end": ("xcdr2-delimited", holding(OCTET), "00090000 ffffffff 01000000", "announced"),
    "a DHEADER too short": ("xcdr2-delimited", holding(Int(32)), "00090000 02000000 01000000", "than its DHEADER"),
    "a sequence's DHEADER too long": ("xcdr2", holding(List(String())), "00070000 08000000 00000000 00000000",
                                      "not as long as its DHEADER"),
    "an EMHEADER beyond the end": ("xcdr2-mutable", holding(OCTET), "000b0000 08000000 00000030 01000000", "are left"),
    "an EMHEADER too long": ("xcdr2-mutable", holding(OCTET), "000b0000 08000000 00000020 01000000", "not as long as"),
    "a member missing in XCDR2": ("xcdr2-mutable", holding(OCTET), "000b0000 00000000", "Holder without v"),
    "what must be understood in XCDR2": ("xcdr2-mutable", holding(OCTET), "000b0000 08000000 630000a0 00000000",
                                         "must be understood"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_wrong_octets(case):
    format_, schema, octets, reason = WRONG[case]
    with pytest.raises(DecodeError, match=reason):
        INFOS[format_].compile(schema).decode(bytes.fromhex(octets))


@pytest.mark.parametrize("format_", MADE)
@pytest.mark.parametrize("count", [1 << 31, (1 << 32) - 1, 1 << 63])
def test_counts_out_of_thin_air(format_, count):
    """Wherever they are put, in the message of every kind of list."""
    fields = (("a", List(Int(64))), ("b", List(String())), ("c", Map(OCTET, String())), ("d", List(Ref("Point"))),
              ("e", Bytes()), ("f", List(Ref("Empty"))))  # fmt: skip
    schema = Schema("Lists", (record("Lists", *fields), POINT, record("Empty")))
    value = {"a": [1], "b": ["x"], "c": {1: "y"}, "d": [{"x": 1, "y": 2.0}], "e": b"abc", "f": [{}]}
    codec = INFOS[format_].compile(schema)
    octets = codec.encode(value)
    for order in ORDERS:
        inflated = count.to_bytes(8 if count >> 32 else 4, order)
        for place in range(len(octets)):
            damaged = octets[:place] + inflated + octets[place + len(inflated) :]
            try:
                codec.decode(damaged)
            except DecodeError:
                continue


@pytest.mark.parametrize("format_", MADE)
def test_nul_is_refused(format_):
    codec = INFOS[format_].compile(holding(String()))
    for text in ("\0", "a\0", "a\0b"):
        with pytest.raises(EncodeError, match="NUL"):
            codec.encode({"v": text})


@pytest.mark.parametrize("format_", ["xcdr1", "xcdr1-mutable"])
def test_a_member_too_long_for_the_short_header(format_):
    for length in (65_530, 65_531, 65_532, 100_000):
        schema, value = holding(String(), optional=True), {"v": "x" * length}
        octets = INFOS[format_].compile(schema).encode(value)
        extended = length + 5 > 0xFFFF
        assert octets[4:6].hex() == ("017f" if extended else "0000")
        _, read = theirs("cyclonedds.idl", format_, schema)
        assert read(without_padding(format_, octets)) == value
        assert INFOS[format_].compile(schema).decode(octets) == value


@pytest.mark.parametrize("format_", MADE)
def test_strings_of_every_length(format_):
    """Those short enough for the table of `struct` functions, and others."""
    schema = Schema("Texts", (record("Texts", ("a", String()), ("b", Float(64)), ("c", Bytes()), ("d", Int(16))),))
    codec = INFOS[format_].compile(schema)
    for length in (*range(20), 254, 255, 256, 257, 5000):
        value = {"a": "x" * length, "b": 1.5, "c": bytes(length), "d": 3}
        assert equal(codec.decode(codec.encode(value)), value)


def test_deviations_of_the_libraries():
    """What they do otherwise than the specification, so that a version that no longer does is noticed."""
    negative = holding(Ref("Sign"), Enum("Sign", (("MINUS", -1), ("PLUS", 1))))
    for library in LIBRARIES:
        write, _ = theirs(library, "xcdr2", negative)
        with pytest.raises(Exception, match="MINUS"):  # XTypes 7.2.2.4: an enum is signed
            write({"v": "MINUS"}, "little")
    write, _ = theirs("cyclonedds.idl", "xcdr1-mutable", holding(OCTET))
    assert write({"v": 1}, "little").hex() == "00030000017f0800000000000400000001000000027f0000"
