"""The importer of ASN.1 modules: what the writer writes comes back, and what other people write is read or refused."""

import re

import pytest
from serschema.errors import SchemaError
from serschema.idl.asn1 import write
from serschema.load.asn1 import load
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


@pytest.fixture
def read(tmp_path):
    """Load a module from its text, or from its types alone."""

    def load_text(text, message=""):
        if "DEFINITIONS" not in text:
            text = f"M DEFINITIONS AUTOMATIC TAGS ::=\nBEGIN\n{text}\nEND\n"
        (tmp_path / "module.asn").write_text(text, encoding="utf-8")
        return load(tmp_path / "module.asn", message=message)

    return load_text


WITHIN_LIMITS = Schema(
    "Order",
    (
        Enum("Kind", (("new", 0), ("second_hand", -2))),
        Record(
            "Order",
            (
                Field("id", 1, Uuid()),
                Field("placed_at", 2, Timestamp(), True),
                Field("total", 3, Decimal(12, 2)),
                Field("large", 4, Decimal(40, 0)),
                Field("weight", 5, Float(32)),
                Field("length", 6, Float(64)),
                Field("numbers", 7, List(Int(64, False), 0, 3)),
                Field("grid", 8, List(List(Int(16, True, None, 9), 2, 2))),
                Field("labels", 9, Map(String(8), Map(Int(8, False), Bool()))),
                Field("kind", 10, Ref("Kind"), True),
                Field("payment", 11, Ref("Payment")),
                Field("code", 12, Bytes(1, 4)),
                Field("hash", 13, Bytes(16, 16)),
                Field("parts", 14, List(Ref("Order"))),
            ),
        ),
        Union("Payment", (Field("voucher", 1, String()), Field("days", 2, Int(32)))),
    ),
)


def test_a_schema_within_the_limits_needs_no_comments(read):
    assert "serbench" not in write(WITHIN_LIMITS)
    assert read(write(WITHIN_LIMITS)) == WITHIN_LIMITS


def test_without_our_comments_the_names_are_those_of_asn1(read):
    record = Record("order", (Field("URL", 3, Int(64, True, 0, 9)), Field("item_no", 1, Uuid(), key="ü")), "Of -- it.")
    text = write(Schema("order", (record,)))
    assert read(text).record == record
    plain = Record("Order", (Field("url", 1, Int(8, True, 0, 9)), Field("item_no", 2, Uuid())), "Of - - it.")
    assert read(re.sub(r" *-- serbench: .*\n", "", text)).record == plain


def test_comments_above_are_documentation(read):
    schema = read(
        "-- The module.\nM DEFINITIONS ::= BEGIN\n\n-- Not of it.\n\n  -- A record --\n  -- of two.\nR ::= SEQUENCE {\n"
        "  -- First.\n  a BOOLEAN, -- after it\n  b K }\n-- Kinds.\nK ::= ENUMERATED { x, y }\nEND\n"
    )
    assert schema.doc == "The module."
    assert schema.record.doc == "A record\nof two."
    assert [field.doc for field in schema.record.fields] == ["First.", ""]
    assert schema.resolve(Ref("K")).doc == "Kinds."


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ("{", r"module\.asn:4: the comment serbench: it is not JSON"),
        ('{"key": 1}', r"module\.asn:4: the comment serbench: its key cannot be 1"),
        ('{"type": {"kind": "Uuid"}}', r"module\.asn:3: R: the comment serbench: it is about another type"),
    ],
)
def test_a_comment_of_ours_that_was_edited(read, said, message):
    with pytest.raises(SchemaError, match=message):
        read(f"R ::= SEQUENCE {{\n  -- serbench: {said}\n  a BOOLEAN\n}}")


@pytest.mark.parametrize(
    ("written", "type_", "note"),
    [
        ("INTEGER", Int(64), "an INTEGER without bounds has 64 bits: R"),
        ("INTEGER (0..most)", Int(8, True, 0, 12), ""),
        ("INTEGER (1 | 5..7)", Int(8, True, 1, 7), ""),
        ("INTEGER (MIN..-1)", Int(64, True, None, -1), ""),
        ("Small (2..3)", Int(8, True, 2, 3), ""),
        ("Small", Int(8, True, 1, 9), ""),
        ("[3] IMPLICIT BOOLEAN", Bool(), "tags are automatic here: R.f"),
        ("REAL", Float(64), ""),
        ("IA5String (SIZE (0..9))", String(9), "text of any characters: R: IA5String"),
        ("UTF8String (SIZE (3))", String(3), "the least length of a text is left out: R"),
        ("UTCTime", Timestamp(), ""),
        ("NULL", Ref("Null"), ""),
        ("SET OF BOOLEAN", List(Bool()), ""),
        ("SEQUENCE (SIZE (1..4)) OF Names", List(List(String()), 1, 4), ""),
        ("SEQUENCE OF SEQUENCE { key INTEGER (0..255), value Small }", Map(Int(8, False), Int(8, True, 1, 9)), ""),
        ("SEQUENCE OF SEQUENCE { key UTF8String, value BOOLEAN OPTIONAL }", List(Ref("F")), ""),
        ("SEQUENCE { a BOOLEAN, ... }", Ref("F"), "an extension marker is left out: R"),
        ("ENUMERATED { a, b(7), c }", Ref("F"), ""),
        ("Uuid", Uuid(), ""),
        ("Uuid2", Bytes(16, 16), ""),
        ("Decimal5-2", Decimal(5, 2), ""),
    ],
)
def test_types(read, written, type_, note):
    schema = read(
        f"""R ::= SEQUENCE {{ f {written} }}
        most INTEGER ::= 12
        Small ::= INTEGER (1..9)
        Names ::= SEQUENCE OF UTF8String
        Uuid ::= OCTET STRING (SIZE (16))
        Uuid2 ::= OCTET STRING (SIZE (16))
        Decimal5-2 ::= INTEGER (-99999..99999)""",
        "R",
    )
    assert schema.record.fields == (Field("f", 1, type_),)
    assert schema.notes == ((note,) if note else ())


def test_types_without_a_name(read):
    schema = read("R ::= SEQUENCE { shape CHOICE { a BOOLEAN, b SEQUENCE { x REAL } }, e ENUMERATED { p, q(5) } }")
    assert schema.types == (
        Record("R", (Field("shape", 1, Ref("Shape")), Field("e", 2, Ref("E")))),
        Record("B", (Field("x", 1, Float()),)),
        Union("Shape", (Field("a", 1, Bool()), Field("b", 2, Ref("B")))),
        Enum("E", (("p", 0), ("q", 5))),
    )


def test_a_default_is_optional(read):
    schema = read("R ::= SEQUENCE { f BOOLEAN DEFAULT TRUE, g BOOLEAN OPTIONAL }")
    assert schema.record.fields == (Field("f", 1, Bool(), True), Field("g", 2, Bool(), True))
    assert schema.notes == ("a default is left out, and the field is optional: R.f",)


def test_the_root(read):
    text = "A ::= SEQUENCE { b B }  B ::= SEQUENCE { c BOOLEAN }"
    assert read(text).root == "A"
    assert read(text, "B").root == "B"
    assert [type.name for type in read(text, "B").types] == ["B"]
    assert read(f"B DEFINITIONS AUTOMATIC TAGS ::= BEGIN {text} END").root == "B"
    with pytest.raises(SchemaError, match=r"which type is the message.* A, B"):
        read("A ::= SEQUENCE { b BOOLEAN }  B ::= SEQUENCE { c BOOLEAN }")
    with pytest.raises(SchemaError, match="no SEQUENCE is called 'AA'; there is A"):
        read(text, "AA")


def test_an_import(read, tmp_path):
    (tmp_path / "Other.asn").write_text("Other DEFINITIONS AUTOMATIC TAGS ::= BEGIN T ::= SEQUENCE { x BOOLEAN } END")
    module = "M DEFINITIONS AUTOMATIC TAGS ::= BEGIN IMPORTS T FROM {}; R ::= SEQUENCE {{ t T }} END"
    assert [type.name for type in read(module.format("Other"), "R").types] == ["R", "T"]
    with pytest.raises(SchemaError, match=r"there is no Another\.asn"):
        read(module.format("Another"), "R")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("R ::= SEQUENCE {\n f BIT STRING }", "module.asn:3: R: serbench does not have BIT STRING"),
        ("A ::= BOOLEAN\nR ::= SEQUENCE { f ANY }", "module.asn:4: R: serbench does not have ANY"),
        ("R ::= SEQUENCE { f OBJECT IDENTIFIER }", "module.asn:3: R: serbench does not have OBJECT IDENTIFIER"),
        ("R ::= SEQUENCE { COMPONENTS OF S }  S ::= SEQUENCE { a BOOLEAN }", "module.asn:3: R: .* COMPONENTS OF"),
        ("R ::= SEQUENCE { f INTEGER (0..99999999999999999999) }", "module.asn:3: R: .* beyond 64 bits"),
        ("R ::= SEQUENCE { f INTEGER (0..least) }", "module.asn:3: R: .* the bound least"),
        ("R ::= SEQUENCE { f L }\nL ::= SEQUENCE OF L", "module.asn:3: R: .* L, a list that contains itself"),
        ("R ::= SEQUENCE { f R }", "module.asn: R contains itself without end"),
        ("R ::= SEQUENCE { f BOOLEAN, }", r"module.asn:3: Invalid ASN.1 syntax"),
        ("R ::= BOOLEAN", "module.asn: which type is the message"),
    ],
)
def test_what_is_refused(read, text, message):
    with pytest.raises(SchemaError, match=message):
        read(text)


@pytest.mark.parametrize("octets", [b"", b"\xff\xfe", b"\0" * 9, b"syntax = 1"])
def test_what_is_no_module(tmp_path, octets):
    (tmp_path / "module.asn").write_bytes(octets)
    with pytest.raises(SchemaError, match=r"module\.asn"):
        load(tmp_path / "module.asn")
    with pytest.raises(SchemaError, match="cannot be read"):
        load(tmp_path)
