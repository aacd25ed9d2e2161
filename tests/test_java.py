"""Java serialization against what a JVM wrote (vectors/java.json, which test_java_jvm.py made) and forged streams."""

import json
import struct
from datetime import UTC, datetime
from decimal import Decimal as D
from pathlib import Path

import pytest
from sercodecs import java
from sercodecs.contract import DecodeError, EncodeError
from serschema.idl import java as idl
from serschema.jsonform import from_json, schema_from_json
from serschema.limits import project
from serschema.model import (
    Bool,
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
)
from serschema.values import first_difference

VECTORS = json.loads((Path(__file__).parent / "vectors" / "java.json").read_text(encoding="utf-8"))
CASES = {case["name"]: case for case in VECTORS["cases"]}


@pytest.mark.parametrize("name", CASES)
def test_what_a_jvm_wrote(name):
    case = CASES[name]
    schema = schema_from_json(case["schema"])
    codec = java.compile(schema, default_uid=case["default_uid"])
    for vector in case["values"]:
        value = from_json(vector["value"], schema)
        if not case["shared"]:
            assert codec.encode(value).hex() == vector["hex"]
        promised, _ = project(value, schema, java.CODECS[0].limits)
        assert first_difference(promised, codec.decode(bytes.fromhex(vector["hex"]))) == ""


# The lecture's class, as `serialver` and `ObjectOutputStream` of OpenJDK 17.0.15 see it.

EMPLOYEE = schema_from_json(CASES["employee"]["schema"])
ANA = {"name": "Ana Henríquez", "address": "Avda. Vergara 110, Concón", "number": 101}
STREAM = bytes.fromhex(CASES["employee"]["values"][0]["hex"])


def test_the_employee_of_the_lecture():
    assert java.compile(EMPLOYEE).decode(STREAM) == ANA
    derived = bytes.fromhex(CASES["employee_default_uid"]["values"][0]["hex"])
    assert java.compile(EMPLOYEE, default_uid=True).encode(ANA) == derived
    assert STREAM[:16] == derived[:16] == b"\xac\xed\x00\x05sr\x00\x08Employee"
    assert STREAM[16:24] == bytes([0, 0, 0, 0, 0, 0, 0, 1]) != derived[16:24]
    assert STREAM[24:] == derived[24:]
    with pytest.raises(DecodeError, match="serialVersionUID 1 in the stream"):
        java.compile(EMPLOYEE, default_uid=True).decode(STREAM)


def test_its_class():
    assert idl.write(EMPLOYEE) == (
        "class Employee implements java.io.Serializable {\n"
        "    private static final long serialVersionUID = 1L;\n"
        "    public String name;\n"
        "    public String address;\n"
        "    public int number;\n"
        "}\n"
    )
    assert "serialVersionUID" not in idl.write(EMPLOYEE, explicit_uid=False)


def test_classes_of_every_kind():
    schema = Schema(
        "Message",
        (
            Record(
                "Message",
                (
                    Field("id", 1, Int(16, False), doc="Ends */ not, nor \\u000a."),
                    Field("class", 2, Ref("Kind"), optional=True),
                    Field("at", 3, Timestamp()),
                    Field("sums", 4, Map(String(), List(Decimal(5, 2)))),
                    Field("flags", 5, List(Bool())),
                    Field("rest", 6, List(Ref("List"))),
                    Field("ratio", 7, Float(32), optional=True),
                ),
                doc="One.\nTwo.",
            ),
            Enum("Kind", (("new", 0), ("OLD", 7))),
            Union("List", (Field("n", 1, Int(64)), Field("m", 2, Ref("Message")))),
        ),
    )
    assert idl.write(schema) == (
        """import java.math.BigDecimal;
import java.time.Instant;
import java.util.Map;

/**
 * One.
 * Two.
 */
class Message implements java.io.Serializable {
    private static final long serialVersionUID = 1L;
    /** Ends &#42;/ not, nor &#92;u000a. */
    public short id; // unsigned, as two's complement
    public Kind class_;
    public Instant at;
    public Map<String, java.util.List<BigDecimal>> sums;
    public boolean[] flags;
    public java.util.List<List> rest;
    public Float ratio;
}

enum Kind {
    new_, // 0
    OLD // 7
}

/** Exactly one field is not null. */
class List implements java.io.Serializable {
    private static final long serialVersionUID = 1L;
    public Long n;
    public Message m;
}
"""
    )


# Streams that no encoder of ours makes. Handles of EMPLOYEE's stream: 0 the class, 1 the type string, 2 the object,
# 3 the address, 4 the name.


def reference(handle: int) -> bytes:
    return b"q" + struct.pack(">i", 0x7E0000 + handle)


def utf(text: str) -> bytes:
    return struct.pack(">H", len(text.encode())) + text.encode()


TYPE = utf("Ljava/lang/String;")
HEAD = b"\xac\xed\x00\x05"


def described(*fields: bytes, name="Employee", uid=1, flags=2, end=b"xp") -> bytes:
    return b"r" + utf(name) + struct.pack(">qBH", uid, flags, len(fields)) + b"".join(fields) + end


ADDRESS, NAME, NUMBER = b"L" + utf("address") + b"t" + TYPE, b"L" + utf("name") + reference(1), b"I" + utf("number")
VALUES = struct.pack(">i", 101) + b"t" + utf(ANA["address"]) + b"t" + utf(ANA["name"])

ACCEPTED = {
    "the plain stream": HEAD + b"s" + described(NUMBER, ADDRESS, NAME) + VALUES,
    "resets before the object": HEAD + b"yyys" + described(NUMBER, ADDRESS, NAME) + VALUES,
    "a type string that is written again": HEAD
    + b"s"
    + described(NUMBER, ADDRESS, b"L" + utf("name") + b"t" + TYPE)
    + VALUES,
    "fields in another order": HEAD
    + b"s"
    + described(NUMBER, b"L" + utf("name") + b"t" + TYPE, b"L" + utf("address") + reference(1))
    + VALUES[:4]
    + b"t"
    + utf(ANA["name"])
    + b"t"
    + utf(ANA["address"]),
    "a long string that is short": HEAD
    + b"s"
    + described(NUMBER, ADDRESS, NAME)
    + VALUES[:4]
    + b"|"
    + struct.pack(">q", len(ANA["address"].encode()))
    + ANA["address"].encode()
    + b"t"
    + utf(ANA["name"]),
}


@pytest.mark.parametrize("stream", ACCEPTED.values(), ids=ACCEPTED)
def test_other_streams_of_the_same_object(stream):
    assert java.compile(EMPLOYEE).decode(stream) == ANA


BEGINNING = HEAD + b"s" + described(NUMBER, ADDRESS, NAME) + VALUES[:4]

REFUSED = {
    "not a Java object stream": (b"", "not a Java object stream"),
    "version 4": (HEAD[:3] + b"\x04" + STREAM[4:], "not a Java object stream"),
    "null": (HEAD + b"p", "TC_NULL where an object of Employee"),
    "an exception": (HEAD + b"{" + STREAM[4:], "TC_EXCEPTION where"),
    "a proxy": (HEAD + b"s}" + bytes(20), "TC_PROXYCLASSDESC where"),
    "no type code": (HEAD + b"\x00", "octet 00 where"),
    "a reference to nothing": (HEAD + reference(0), "not given yet"),
    "a negative handle": (HEAD + b"q\x00\x7d\xff\xff", "not given yet"),
    "another class": (
        HEAD + b"s" + described(NUMBER, name="Manager") + VALUES,
        "an object of 'Manager' where Employee",
    ),
    "another serialVersionUID": (HEAD + b"s" + described(NUMBER, uid=2) + VALUES, "serialVersionUID 2 in the stream"),
    "other flags": (HEAD + b"s" + described(NUMBER, ADDRESS, NAME, flags=3) + VALUES, "not described as"),
    "a field less": (HEAD + b"s" + described(NUMBER, ADDRESS) + VALUES, "not described as"),
    "a field of another type": (
        HEAD + b"s" + described(b"J" + utf("number"), ADDRESS, NAME) + VALUES,
        "does not have the fields",
    ),
    "a field twice": (HEAD + b"s" + described(NUMBER, ADDRESS, ADDRESS) + VALUES, "does not have the fields"),
    "a number after objects": (HEAD + b"s" + described(ADDRESS, NAME, NUMBER) + VALUES, "primitive fields after"),
    "a type that is the class": (
        HEAD + b"s" + described(NUMBER, ADDRESS, b"L" + utf("name") + reference(0)) + VALUES,
        "refers to something else",
    ),
    "a type not there yet": (
        HEAD + b"s" + described(NUMBER, ADDRESS, b"L" + utf("name") + reference(9)) + VALUES,
        "not given yet",
    ),
    "null for a string": (BEGINNING + b"p" + VALUES[4:], "TC_NULL where a string"),
    "the object as its own name": (BEGINNING + reference(2) * 2, "would contain itself"),
    "a class as a string": (BEGINNING + reference(0) * 2, "another type"),
    "UTF-8 of four octets": (BEGINNING + b"t\0\4\xf0\x9f\x98\x80" * 2, "modified UTF-8"),
    "a lone surrogate": (BEGINNING + b"t\0\3\xed\xa0\x80" * 2, "not modified UTF-8"),
    "a broken sequence": (BEGINNING + b"t\0\1\xc3" * 2, "not modified UTF-8"),
    "a string longer than the data": (BEGINNING + b"t\xff\xffab", "ends within a value"),
    "a long string longer than the data": (BEGINNING + b"|" + b"\x7f" * 8, "octets"),
    "a negative long string": (BEGINNING + b"|" + b"\xff" * 8, "a string of -1 octets"),
    "octets after the object": (STREAM + b"p", "1 octets after"),
    "another object after the object": (STREAM + STREAM[4:], "octets after"),
}


@pytest.mark.parametrize(("stream", "reason"), REFUSED.values(), ids=REFUSED)
def test_refused(stream, reason):
    with pytest.raises(DecodeError, match=reason):
        java.compile(EMPLOYEE).decode(stream)


NODE = Schema(
    "Node",
    (
        Record(
            "Node",
            (Field("left", 1, Ref("Node"), True), Field("many", 2, List(Ref("Node")), True), Field("s", 3, String())),
        ),
    ),
)
# Handles: 0 the class, 1 LNode;, 2 Ljava/util/List;, 3 Ljava/lang/String;, 4 the root.
NODE_CLASS = described(
    b"L" + utf("left") + b"t" + utf("LNode;"),
    b"L" + utf("many") + b"t" + utf("Ljava/util/List;"),
    b"L" + utf("s") + b"t" + TYPE,
    name="Node",
)
ARRAY_LIST = java.classes.ARRAY_LIST.segments[0][0] + b"p"


def node(left: bytes = b"p", many: bytes = b"p", s: bytes = b"t\0\0") -> bytes:
    return b"s" + reference(0) + left + many + s


def stream_of(root: bytes) -> bytes:
    return HEAD + root.replace(reference(0), NODE_CLASS, 1)


def chain(levels: int, end: bytes = b"p") -> bytes:
    for _ in range(levels):
        end = node(left=end)
    return end


def array_list(*items: bytes, described: bytes = ARRAY_LIST) -> bytes:
    count = struct.pack(">i", len(items))
    return b"s" + described + count + b"w\4" + count + b"".join(items) + b"x"


def test_what_is_shared_stays_shared():
    # Root 4 holds node 5 (its string 6), the list (class 7, list 8) holds it twice; the root's string is 5's.
    stream = stream_of(node(left=node(), many=array_list(reference(5), reference(5)), s=reference(6)))
    value = java.compile(NODE).decode(stream)
    assert value == {"left": {"s": ""}, "many": [{"s": ""}, {"s": ""}], "s": ""}
    assert value["many"][0] is value["many"][1] is value["left"]


def test_an_object_within_itself():
    for root in (node(left=reference(4)), node(many=array_list(reference(4))), node(many=array_list(reference(6)))):
        with pytest.raises(DecodeError, match="would contain itself"):
            java.compile(NODE).decode(stream_of(root))


@pytest.mark.parametrize(("first", "second", "fits"), [(99, 1, True), (50, 50, True), (50, 51, False), (99, 2, False)])
def test_levels_count_through_references(first, second, fits):
    """A chain of nodes, and in the list a second one, that ends in a reference to the first."""
    stream = stream_of(node(left=chain(first), many=array_list(chain(second - 1, reference(5)))))
    codec = java.compile(NODE)
    if fits:
        assert codec.decode(stream)["many"]
        return
    with pytest.raises(DecodeError, match="more than 100 levels"):
        codec.decode(stream)


def test_levels_without_references():
    codec = java.compile(NODE)
    assert codec.decode(stream_of(chain(100)))
    with pytest.raises(DecodeError, match="more than 100 levels"):
        codec.decode(stream_of(chain(101)))


@pytest.mark.timeout(5)
def test_references_do_not_multiply():
    """Each level of forty holds the next one three times."""
    levels = 40
    root = node()
    for level in reversed(range(levels)):
        child = reference(5 + level)
        described = ARRAY_LIST if level == levels - 1 else reference(5 + levels + 1)
        root = node(left=root, many=array_list(child, child, described=described))
    with pytest.raises(DecodeError, match="64 times as large"):
        java.compile(NODE).decode(stream_of(root))
    text = b"t\x60\0" + b"a" * 0x6000
    many = node(left=node(s=text), many=array_list(*[node(s=reference(6))] * 1000))
    codec = java.compile(NODE)
    assert len(codec.decode(stream_of(many.replace(text, b"t\x00\x60" + b"a" * 0x60)))["many"]) == 1000
    with pytest.raises(DecodeError, match="64 times as large"):
        codec.decode(stream_of(many))


def test_a_class_described_twice():
    with pytest.raises(DecodeError, match="Node is described twice"):
        java.compile(NODE).decode(stream_of(node(left=node().replace(reference(0), NODE_CLASS))))


def test_a_descriptor_that_was_met_before_is_checked_again():
    """The octets that describe Item are the same, but they refer to the type String in one stream only."""
    item = Record("Item", (Field("s", 1, String(), True),))
    root = Record("Root", (Field("a", 1, Ref("Item")), Field("s", 2, String(), True)))
    codec = java.compile(Schema("Root", (root, item)))
    a, s = b"L" + utf("a") + b"t" + utf("LItem;"), b"L" + utf("s") + b"t" + TYPE
    held = b"s" + described(b"L" + utf("s") + reference(2), name="Item") + b"p"
    for _ in range(2):
        assert codec.decode(HEAD + b"s" + described(a, s, name="Root") + held + b"p") == {"a": {}}
    with pytest.raises(DecodeError, match="refers to something else"):
        codec.decode(HEAD + b"s" + described(s, a, name="Root") + b"p" + held)


def single(type_, *types) -> Schema:
    return Schema("One", (Record("One", (Field("v", 1, type_),)), *types))


def forge(schema: Schema, value, old: bytes, new: bytes) -> DecodeError | object:
    codec = java.compile(schema)
    data = codec.encode({"v": value})
    assert data.count(old) == 1
    try:
        return codec.decode(data.replace(old, new))
    except DecodeError as error:
        return str(error).partition(": ")[2]


INSTANT = struct.Struct(">BBBqi").pack
NOON = datetime(2024, 2, 29, 12, tzinfo=UTC)
COLOUR = Enum("Colour", (("RED", 0), ("GREEN", 1)))

FORGED = [
    (
        single(Timestamp()),
        NOON,
        INSTANT(0x77, 13, 2, 1709208000, 0),
        INSTANT(0x77, 13, 2, 1709208000, 1),
        "nanoseconds",
    ),
    (
        single(Timestamp()),
        NOON,
        INSTANT(0x77, 13, 2, 1709208000, 0),
        INSTANT(0x77, 13, 2, 1709208000, -1),
        "not an Instant",
    ),
    (
        single(Timestamp()),
        NOON,
        INSTANT(0x77, 13, 2, 1709208000, 0),
        INSTANT(0x77, 13, 1, 1709208000, 0),
        "not an Instant",
    ),
    (single(Decimal(5, 2)), D("1.28"), b"\0\0\0\x02s", b"\0\0\0\x03s", "not a decimal of 5 digits"),
    (single(Decimal(3, 2)), D("9.99"), b"\0\0\0\x02\x03\xe7", b"\0\0\0\x02\x03\xe8", "not a decimal of 3 digits"),
    (single(Decimal(3, 2)), D("9.99"), b"\xff\xff\xff\xfe\0\0\0\x01", b"\xff\xff\xff\xfe\0\0\0\x00", "contradicts"),
    (single(Decimal(3, 2)), D("9.99"), b"\xff\xff\xff\xfe\0\0\0\x01", b"\xff\xff\xff\xfe\0\0\0\x02", "contradicts"),
    (single(Ref("Colour"), COLOUR), "RED", b"t\0\3RED", b"t\0\3red", "not a constant of Colour"),
    (single(Map(String(), String())), {"a": "", "b": ""}, b"t\0\1b", b"t\0\1a", "a key twice"),
    (single(Int(32, True, 0, 9)), 7, b"xp\0\0\0\x07", b"xp\0\0\0\x0a", "not in 0..9"),
    (single(List(Int(32, True, 0, 9))), [7], b"\0\0\0\x01\0\0\0\x07", b"\0\0\0\x01\0\0\0\x0a", "not in 0..9"),
    (single(List(Int(32))), [7], b"\0\0\0\x01\0\0\0\x07", b"\0\0\0\x02\0\0\0\x07", "an array of 2 elements"),
    (single(List(Int(32))), [7], b"\0\0\0\x01\0\0\0\x07", b"\xff\xff\xff\xff\0\0\0\x07", "an array of -1 elements"),
    (single(List(String())), ["a"], b"\0\0\0\x01w\4", b"\xff\xff\xff\xffw\4", "not the size"),
    (single(List(String())), ["a"], b"t\0\1ax", b"t\0\1at", "TC_STRING where the end of an ArrayList"),
    (single(String(3)), "abc", b"t\0\3abc", b"t\0\4abcd", "length 4 is not in 0..3"),
    (single(List(String())), ["a"], b"java.util.ArrayList", b"java.util.ArraySets", "'java.util.ArraySets' where"),
]


@pytest.mark.parametrize(("schema", "value", "old", "new", "reason"), FORGED, ids=[f"{i}" for i in range(len(FORGED))])
def test_forged(schema, value, old, new, reason):
    assert reason in forge(schema, value, old, new)


def test_the_capacity_of_a_list_means_nothing():
    """JDKs before 8 wrote the length of the array that holds the items."""
    schema = single(List(String()))
    assert forge(schema, ["a"], b"\0\0\0\x01w\4\0\0\0\x01", b"\0\0\0\x01w\4\0\0\0\x0a") == {"v": ["a"]}


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (EMPLOYEE, ANA | {"number": True}),
        (EMPLOYEE, ANA | {"number": 1 << 31}),
        (EMPLOYEE, ANA | {"name": "\ud800"}),
        (EMPLOYEE, ANA | {"name": b"Ana"}),
        (EMPLOYEE, ANA | {"more": 1}),
        (single(List(Int(8))), {"v": [1, True]}),
        (single(List(Float(32))), {"v": [0.5, 0.1]}),
        (single(Float(32)), {"v": 0.1}),
        (single(Float(32)), {"v": 1e300}),
        (single(Decimal(5, 2)), {"v": D("1.5")}),
        (single(Decimal(5, 2)), {"v": D("-0.00")}),
        (single(Decimal(5, 2)), {"v": D("NaN")}),
        (single(Timestamp()), {"v": datetime(2024, 1, 1)}),
    ],
)
def test_values_that_are_not_of_the_schema(schema, value):
    with pytest.raises(EncodeError):
        java.compile(schema).encode(value)


def test_a_type_code_that_is_not_that_of_its_type():
    forged = STREAM.replace(b"L\0\7address", b"X\0\7address")
    assert forged != STREAM
    with pytest.raises(DecodeError, match="type code 'X'"):
        java.compile(EMPLOYEE).decode(forged)
