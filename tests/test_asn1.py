"""ASN.1 over pyasn1: the octets of X.690 and of another implementation, and where it alone would be wrong."""

import json
import math
from datetime import UTC, datetime
from pathlib import Path

import pytest
from asn1_kinds import KINDS
from sercodecs.asn1 import with_pyasn1
from sercodecs.asn1.values import DEPTH
from sercodecs.contract import DecodeError, EncodeError
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
    Type,
    Union,
    Uuid,
)
from serschema.values import equal, first_difference

RECORDED = json.loads((Path(__file__).parent / "vectors" / "asn1_asn1tools.json").read_text())["vectors"]
BER, CER, DER = (info.compile for info in with_pyasn1.CODECS)
RULES = pytest.mark.parametrize("compile", [BER, CER, DER], ids=["ber", "cer", "der"])


def schema(*types: Type, named=(), optional=False):
    """A record R of fields `f1`, `f2`..."""
    fields = tuple(Field(f"f{number}", number, type, optional) for number, type in enumerate(types, 1))
    return Schema("R", (Record("R", fields), *named))


@pytest.mark.parametrize("vector", RECORDED)
def test_octets_of_asn1tools(vector):
    """In BER the two differ where they may: in BOOLEAN true, which is any octet but 0."""
    value = from_json(vector["value"], KINDS)
    assert DER(KINDS).encode(value).hex() == vector["der"]
    for compile, rules in ((BER, "ber"), (DER, "der")):
        assert first_difference(value, compile(KINDS).decode(bytes.fromhex(vector[rules]))) == ""


ITEMS = {
    "8.2.2 a boolean": (Bool(), True, "0101ff"),
    "8.3 an integer": (Int(64), 128, "02020080"),
    "8.3 a negative integer": (Int(64), -129, "0202ff7f"),
    "8.3.2 the fewest octets": (Int(64), -128, "020180"),
    "8.5.2 a real of zero": (Float(), 0.0, "0900"),
    "8.5.7 a real of one": (Float(), 1.0, "0903800001"),
    "8.5.7 a real with a negative exponent": (Float(), 0.15625, "090380fb05"),
    "8.5.7 a negative real": (Float(), -0.625, "0903c0fd05"),
    "8.5.7.4 an exponent of two octets": (Float(), 2.0**-1074, "09 04 81 fbce 01"),
    "8.5.9 plus infinity": (Float(), math.inf, "090140"),
    "8.5.9 minus infinity": (Float(), -math.inf, "090141"),
    "8.7.2 an octet string": (Bytes(), b"\x01\x23", "04020123"),
    "8.23.5 a string in UTF-8": (String(), "ñ", "0c02c3b1"),
    "11.7.5 a time": (Timestamp(), datetime(1992, 5, 21, tzinfo=UTC), "180f" + b"19920521000000Z".hex()),
    "11.7.5 a time after noon": (
        Timestamp(),
        datetime(1992, 6, 22, 12, 34, 21, tzinfo=UTC),
        "180f" + b"19920622123421Z".hex(),
    ),
    "11.7.5 a time with a fraction": (
        Timestamp(),
        datetime(1992, 7, 22, 13, 21, 0, 300_000, tzinfo=UTC),
        "1811" + b"19920722132100.3Z".hex(),
    ),
    "11.7 a fraction of six digits": (
        Timestamp(),
        datetime(1, 7, 22, 13, 21, 0, 100_001, tzinfo=UTC),
        "1816" + b"00010722132100.100001Z".hex(),
    ),
}
"""Items of a SEQUENCE OF, which have universal tags, as the sections of X.690 say; 11.7.5 gives the times itself."""


@pytest.mark.parametrize(("type_", "value", "octets"), ITEMS.values(), ids=ITEMS)
def test_universal_items(type_, value, octets):
    of, item = schema(List(type_)), bytes.fromhex(octets)
    expected = {
        DER: bytes([0x30, len(item) + 2, 0xA0, len(item)]) + item,
        CER: b"\x30\x80\xa0\x80" + item + bytes(4),
    }
    for compile, data in expected.items():
        assert compile(of).encode({"f1": [value]}).hex() == data.hex()
        assert compile(of).decode(data) == {"f1": [value]}


def test_automatic_tags():
    """X.680, 25.7 and 31.2.7: [0], [1]..., implicit, but explicit for a CHOICE."""
    union = Union("U", (Field("a", 1, Bool()), Field("b", 2, Ref("U"))))
    of = schema(Bool(), Ref("U"), *[Int(8)] * 30, named=(union,))
    value = {"f1": False, "f2": {"b": {"a": False}}} | {f"f{i}": 0 for i in range(3, 33)}
    assert DER(of).encode(value)[:13].hex() == "3065800100a105a10380010082"
    assert DER(of).encode(value)[-4:].hex() == "9f1f0100"


@pytest.mark.parametrize(("type_", "value", "tag"), [(Bytes(), b"ab" * 1200, 4), (String(), "añ" * 800, 12)])
def test_long_strings_are_segmented_in_cer(type_, value, tag):
    """9.2: segments of 1000 octets but for the last, each an OCTET STRING (8.7.3.2, 8.23.3)."""
    octets = value if isinstance(value, bytes) else value.encode()
    assert len(octets) == 2400
    parts = (
        b"".join(b"\x04\x82\x03\xe8" + octets[i : i + 1000] for i in (0, 1000)) + b"\x04\x82\x01\x90" + octets[2000:]
    )
    item = bytes([tag | 0x20, 0x80]) + parts + bytes(2)
    data = b"\x30\x80\xa0\x80" + item + bytes(4)
    of = schema(List(type_))
    assert CER(of).encode({"f1": [value]}) == data
    assert CER(of).decode(data) == BER(of).decode(data) == {"f1": [value]}


@RULES
def test_an_absent_field_is_not_an_empty_one(compile):
    """pyasn1 on its own writes an absent record of optional fields, and leaves out an empty list in CER and DER."""
    inner = Record("Inner", (Field("a", 1, Int(32), True),))
    nothing = Record("Nothing", ())
    of = schema(
        Ref("Inner"), List(Ref("Nothing")), Ref("Nothing"), Map(String(), Bool()), named=(inner, nothing), optional=True
    )
    built = compile(of)
    for value in (
        {},
        {"f1": {}},
        {"f2": []},
        {"f2": [{}, {}]},
        {"f3": {}},
        {"f4": {}},
        {"f1": {"a": 0}, "f4": {"": True}},
    ):
        assert built.decode(built.encode(value)) == value


@RULES
def test_empty_alternatives_in_a_list(compile):
    """pyasn1 on its own ends the list at the end of the alternative, if that is empty and of indefinite length."""
    union = Union("U", (Field("a", 1, List(Bool())), Field("b", 2, Ref("N"))))
    built = compile(schema(List(Ref("U")), named=(union, Record("N", ()))))
    value = {"f1": [{"a": []}, {"b": {}}, {"a": [True]}]}
    assert built.decode(built.encode(value)) == value


EDGES = (5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, 0.1, 1 / 3, -(2.0**1023), 3.0 * 2.0**100, 1e22)


@RULES
def test_reals_are_exact(compile):
    built = compile(schema(List(Float())))
    assert equal(built.decode(built.encode({"f1": [*EDGES]})), {"f1": [*EDGES]})


@RULES
def test_reals_that_pyasn1_does_not_have(compile):
    built = compile(schema(Float()))
    with pytest.raises(EncodeError):
        built.encode({"f1": math.nan})
    assert math.copysign(1, built.decode(built.encode({"f1": -0.0}))["f1"]) == 1


REFUSED = {
    "a REAL that is NaN": (Float(), "090142"),
    "a REAL of -0.0": (Float(), "090143"),
    "an infinity with an octet more": (Float(), "09024000"),
    "a REAL beyond binary64": (Float(), "0904 81 7fff 01"),
    "a REAL of a huge exponent": (Float(), "090a 83 07 7fffffffffffff 01"),
    "a REAL that 32 bits do not hold": (Float(32), "090980cb0ccccccccccccd"),
    "an integer out of its range": (Int(8), "02020080"),
    "a symbol that there is not": (Ref("E"), "0a0105"),
    "text that is not UTF-8": (String(), "0c01ff"),
    "text too long": (String(1), "0c026161"),
    "octets too few": (Bytes(2), "040161"),
    "a UUID of one octet": (Uuid(), "040161"),
    "a decimal of too many digits": (Decimal(2, 1), "020164"),
    "a time without seconds": (Timestamp(), "180d" + b"199205210000Z".hex()),
    "a time with a zero at its end": (Timestamp(), "1812" + b"19920722132100.30Z".hex()),
    "a time of another zone": (Timestamp(), "1813" + b"19920722132100+0100".hex()),
    "the month 13": (Timestamp(), "180f" + b"19921301000000Z".hex()),
    "a boolean for an integer": (Int(8), "0101ff"),
    "a length beyond the data": (Bytes(), "0488" + "7f" * 8),
}


@pytest.mark.parametrize(("type_", "octets"), REFUSED.values(), ids=REFUSED)
def test_refused(type_, octets):
    item = bytes.fromhex(octets)
    with pytest.raises(DecodeError):
        DER(schema(List(type_), named=(Enum("E", (("A", 0),)),))).decode(
            bytes([0x30, len(item) + 2, 0xA0, len(item)]) + item
        )


@RULES
def test_octets_after_the_end(compile):
    built = compile(schema(Bool()))
    with pytest.raises(DecodeError, match="after the end"):
        built.decode(built.encode({"f1": True}) + b"\0")


def test_a_real_in_base_10():
    """8.5.8: read, though never written."""
    data = bytes.fromhex("3009a007090503" + b"15E1".hex())
    assert DER(schema(List(Float()))).decode(data) == {"f1": [150.0]}


def test_a_boolean_is_any_octet_in_ber_only():
    data = bytes.fromhex("3003800107")
    assert BER(schema(Bool())).decode(data) == {"f1": True}
    with pytest.raises(DecodeError):
        DER(schema(Bool())).decode(data)


@RULES
@pytest.mark.parametrize("through", ["field", "list", "map", "union"])
def test_as_deep_as_declared(compile, through):
    """The deepest value comes back whichever way its levels go, and one level more is refused."""
    types = {
        "field": (Field("next", 1, Ref("R"), True), lambda inner: {} if inner is None else {"next": inner}, 1),
        "list": (Field("next", 1, List(Ref("R"))), lambda inner: {"next": [] if inner is None else [inner]}, 1),
        "map": (
            Field("next", 1, Map(Int(8), Ref("R"))),
            lambda inner: {"next": {} if inner is None else {7: inner}},
            1,
        ),
        "union": (Field("next", 1, Ref("U"), True), lambda inner: {} if inner is None else {"next": {"r": inner}}, 2),
    }
    field, wrap, step = types[through]
    built = compile(Schema("R", (Record("R", (field,)), Union("U", (Field("r", 1, Ref("R")),)))))
    value = None
    for _ in range(1, DEPTH + 1, step):
        value = wrap(value)
    assert built.decode(built.encode(value)) == value
    with pytest.raises(EncodeError):
        built.encode(wrap(value) if step == 1 else wrap(wrap(value)))
