"""Avro: the octets of the specification, both libraries reading each other, and data that would crash or stall them."""

import json
from decimal import Decimal as PyDecimal
from io import BytesIO
from pathlib import Path

import fastavro
import pytest
from avro.datafile import DataFileReader
from avro.io import DatumReader
from sercodecs import avro
from sercodecs.contract import DecodeError, EncodeError
from serschema import shared
from serschema.generate import generate
from serschema.idl.avro import Translator
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
from serschema.strategies import EXAMPLES
from serschema.values import first_difference

APACHE = json.loads((Path(__file__).parent / "vectors" / "avro_apache.json").read_text())
DATUM, CONTAINER, APACHE_DATUM, APACHE_CONTAINER = (info.compile for info in avro.CODECS)
BOTH = pytest.mark.parametrize("compile", [DATUM, APACHE_DATUM], ids=["fastavro", "apache"])
CONTAINERS = pytest.mark.parametrize("compile", [CONTAINER, APACHE_CONTAINER], ids=["fastavro", "apache"])
KINDS = Schema(
    "Kinds",
    (
        Record(
            "Kinds",
            (
                Field("flag", 1, Bool()),
                Field("small", 2, Int(8)),
                Field("wide", 3, Int(32, False)),
                Field("long", 4, Int(64)),
                Field("single", 5, Float(32)),
                Field("double", 6, Float()),
                Field("text", 7, String()),
                Field("octets", 8, Bytes()),
                Field("four", 9, Bytes(4, 4)),
                Field("colour", 10, Ref("Colour")),
                Field("time", 11, Timestamp()),
                Field("id", 12, Uuid()),
                Field("price", 13, Decimal(10, 2)),
                Field("numbers", 14, List(Int(32))),
                Field("points", 15, List(Ref("Point"))),
                Field("counts", 16, Map(String(), Int(64))),
                Field("flags", 17, Map(Bool(), String())),
                Field("choice", 18, Ref("Choice")),
                Field("choices", 19, List(Ref("Choice"))),
                Field("note", 20, String(), True),
                Field("next", 21, Ref("Kinds"), True),
            ),
        ),
        Enum("Colour", (("RED", 0), ("GREEN", 1), ("BLUE", 7))),
        Union("Choice", (Field("number", 1, Int(64)), Field("text", 2, String()), Field("point", 3, Ref("Point")))),
        Record("Point", (Field("x", 1, Int(32)), Field("y", 2, Int(32)))),
    ),
)


def schema(*types: Type, named=(), optional=False):
    """A record R of fields `f1`, `f2`..."""
    fields = tuple(Field(f"f{number}", number, type, optional) for number, type in enumerate(types, 1))
    return Schema("R", (Record("R", fields), *named))


SPECIFIED = {
    "a record of a long and a string": (schema(Int(64), String()), {"f1": 27, "f2": "foo"}, "3606666f6f"),
    "an array of longs": (schema(List(Int(64))), {"f1": [3, 27]}, "04063600"),
    "zigzag": (
        schema(*[Int(32)] * 6),
        {f"f{i + 1}": n for i, n in enumerate((0, -1, 1, -2, -64, 64))},
        "000102037f8001",
    ),
    "a union of null and string, absent": (schema(String(), optional=True), {}, "00"),
    "a union of null and string, present": (schema(String(), optional=True), {"f1": "a"}, "020261"),
}
"""Examples of "Binary Encoding" in the specification; 0 and 1 for the branches of a union are zigzag too."""


@BOTH
@pytest.mark.parametrize(("of", "value", "octets"), SPECIFIED.values(), ids=SPECIFIED)
def test_specified(of, value, octets, compile):
    assert compile(of).encode(value).hex() == octets
    assert compile(of).decode(bytes.fromhex(octets)) == value


def test_the_declaration_is_what_apache_read():
    assert Translator(KINDS).root() == APACHE["schema"]


@pytest.mark.parametrize("vector", APACHE["vectors"])
def test_octets_of_apache(vector):
    value = from_json(vector["value"], KINDS)
    datum, container = bytes.fromhex(vector["datum"]), bytes.fromhex(vector["container"])
    assert DATUM(KINDS).encode(value) == datum
    assert first_difference(value, DATUM(KINDS).decode(datum)) == ""
    assert first_difference(value, CONTAINER(KINDS).decode(container)) == ""


def test_a_container_is_for_any_reader():
    value = from_json(APACHE["vectors"][0]["value"], KINDS)
    octets = CONTAINER(KINDS).encode(value)
    assert octets == CONTAINER(KINDS).encode(value)
    reader = fastavro.reader(BytesIO(octets))
    (record,) = reader
    assert (record["text"], record["price"]) == (value["text"], value["price"])
    assert reader.metadata["avro.codec"] == "null"


@CONTAINERS
def test_a_container_of_another_schema_is_refused(compile):
    octets = compile(schema(Int(32))).encode({"f1": 1})
    with pytest.raises(DecodeError, match="another schema"):
        compile(schema(String())).decode(octets)


@CONTAINERS
@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda octets: octets + octets[-16:], id="octets after the end"),
        pytest.param(lambda octets: octets[:-1] + b"!", id="another sync marker"),
        pytest.param(lambda octets: octets[:-19] + b"\x04" + octets[-18:], id="two data"),
        pytest.param(lambda octets: b"Obj\x02" + octets[4:], id="another magic"),
        pytest.param(lambda octets: octets.replace(b"null", b"zero", 1), id="another codec"),
    ],
)
def test_a_damaged_container_is_refused(damage, compile):
    built = compile(schema(Bool()))
    octets = built.encode({"f1": True})
    assert octets[-19:-16] == b"\x02\x02\x01"
    with pytest.raises(DecodeError):
        built.decode(damage(octets))
    with pytest.raises(DecodeError):
        list(built.read_stream(BytesIO(damage(octets))))


def zigzag(number: int) -> bytes:
    number = number << 1 ^ number >> 63
    octets = bytearray()
    while number > 127:
        octets.append(number & 127 | 128)
        number >>= 7
    return bytes([*octets, number])


NOTHING = Record("Nothing", ())
REFUSED = {
    "32 bits exceeded": (schema(Int(32)), zigzag(1 << 31)),
    "8 bits exceeded": (schema(Int(8)), zigzag(-129)),
    "an unsigned long of 65 bits": (schema(Int(64, False)), zigzag(9) + b"\x01" + bytes(8)),
    "a negative unsigned long": (schema(Int(64, False)), zigzag(1) + b"\xff"),
    "a decimal of too many digits": (schema(Decimal(2, 1)), zigzag(1) + b"\x64"),
    "a decimal of too many octets": (schema(Decimal(2, 1)), zigzag(2) + b"\0\0"),
    "a key out of its range": (schema(Map(Int(8), Bool())), zigzag(1) + zigzag(128) + b"\x01\0"),
    "octets after the end": (schema(Bool()), b"\x01\x01"),
    "text that is not UTF-8": (schema(String()), zigzag(1) + b"\xff"),
    "text too long": (schema(String(1)), zigzag(2) + b"aa"),
    "octets too few": (schema(Bytes(2)), zigzag(1) + b"a"),
    "a list too long": (schema(List(Bool(), 0, 1)), b"\x04\0\0\0"),
    "a list of 2^62 booleans": (schema(List(Bool())), zigzag(1 << 62) + b"\x01" * 10),
    "a list of 2^62 empty records": (schema(List(Ref("Nothing")), named=(NOTHING,)), zigzag(1 << 62) + bytes(10)),
    "a length of 2^62": (schema(Bytes()), zigzag(1 << 62) + b"a"),
    "a negative length": (schema(Bytes()), zigzag(-2) + b"aa"),
    "an alternative that there is not": (
        schema(Ref("U"), named=(Union("U", (Field("a", 1, Bool()),)),)),
        zigzag(1) + b"\x01",
    ),
    "a symbol that there is not": (schema(Ref("E"), named=(Enum("E", (("A", 0),)),)), zigzag(1)),
    "a time after the year 9999": (schema(Timestamp()), zigzag(253402300800000000)),
    "a time before the year 1": (schema(Timestamp()), zigzag(-62135596800000001)),
    "no UUID": (schema(Uuid()), zigzag(3) + b"abc"),
}


@BOTH
@pytest.mark.parametrize(("of", "octets"), REFUSED.values(), ids=REFUSED)
def test_refused(of, octets, compile):
    with pytest.raises(DecodeError):
        compile(of).decode(octets)


@BOTH
def test_a_decimal_of_many_octets_takes_no_time(compile):
    with pytest.raises(DecodeError):
        compile(schema(Decimal(10, 2))).decode(zigzag(3_000_000) + b"\x7f" * 3_000_000)


@pytest.mark.parametrize("name", [*shared.NAMES, *EXAMPLES])
def test_each_library_reads_the_other(name):
    if name in EXAMPLES:
        of, values = EXAMPLES[name], [generate(EXAMPLES[name], seed) for seed in range(4)]
    else:
        loaded = shared.load(name, records=10)
        of, values = loaded.schema, loaded.values[:4]
    for here, there in ((DATUM, APACHE_DATUM), (CONTAINER, APACHE_CONTAINER)):
        fast, apache = here(of), there(of)
        for value in values:
            assert first_difference(value, fast.decode(apache.encode(value))) == ""
            assert first_difference(value, apache.decode(fast.encode(value))) == ""


def test_streams_of_each_library_are_for_the_other():
    """What `DataFileWriter` and `fastavro.writer` write; and `DataFileReader` and `fastavro.reader` read them."""
    of = schema(String(), Int(32))
    values = [{"f1": "x" * (i % 1000), "f2": i} for i in range(500)]
    for writes, reads in ((CONTAINER, APACHE_CONTAINER), (APACHE_CONTAINER, CONTAINER)):
        file = BytesIO()
        writes(of).write_stream(file, iter(values))
        assert file.getvalue().count(b"serbench's sync.") > 2
        assert list(reads(of).read_stream(BytesIO(file.getvalue()))) == values
        assert list(fastavro.reader(BytesIO(file.getvalue()))) == values
        assert list(DataFileReader(BytesIO(file.getvalue()), DatumReader())) == values


@CONTAINERS
def test_a_stream_holds_one_block(compile):
    built = compile(schema(Bytes()))
    file = BytesIO()
    built.write_stream(file, ({"f1": bytes(100_000)} for _ in range(20)))
    file.seek(0)
    stream = built.read_stream(file)
    assert len(next(stream)["f1"]) == 100_000
    assert file.tell() < 250_000
    assert sum(1 for _ in stream) == 19


STREAMS = {
    "a block of 2^62 data": zigzag(1 << 62) + zigzag(0) + b"serbench's sync.",
    "a length of 2^62": zigzag(1) + zigzag(1 << 62) + bytes(10),
    "a negative count": zigzag(-1) + zigzag(1) + b"\x01" + b"serbench's sync.",
    "a negative length": zigzag(1) + zigzag(-1) + b"serbench's sync.",
    "a number that does not end": b"\xff" * 20,
}


@pytest.mark.parametrize("block", STREAMS.values(), ids=STREAMS)
@CONTAINERS
@pytest.mark.parametrize("of", [schema(Bool()), Schema("N", (NOTHING, Record("N", ())))], ids=["bool", "nothing"])
def test_a_damaged_block_is_refused(block, compile, of):
    built = compile(of)
    file = BytesIO()
    built.write_stream(file, [])
    head = file.getvalue() or built.encode({"f1": True} if of.root == "R" else {})[: -(19 if of.root == "R" else 18)]
    with pytest.raises(DecodeError):
        list(built.read_stream(BytesIO(head + block)))


@BOTH
def test_decimals_are_exact(compile):
    """Apache's own reader rounds to the precision, and at Python's default one where it is asked for none."""
    for text in ("-1.28", "1.27", "-0.01", "0.00", "9" * 25 + ".99", "-" + "9" * 25 + ".99"):
        value = {"f1": PyDecimal(text)}
        assert (
            first_difference(
                value, compile(schema(Decimal(27, 2))).decode(compile(schema(Decimal(27, 2))).encode(value))
            )
            == ""
        )


def test_apache_takes_fifty_levels():
    chain: dict = {}
    for _ in range(49):
        chain = {"next": chain}
    built = APACHE_DATUM(CHAIN)
    assert built.decode(built.encode(chain)) == chain
    with pytest.raises(EncodeError):
        built.encode({"next": chain})
    for levels in (101, 150, 100_000):
        with pytest.raises(DecodeError):
            built.decode(b"\x02" * levels + b"\0")


CHAIN = Schema("R", (Record("R", (Field("next", 1, Ref("R"), True),)),))
TREE = Schema("R", (Record("R", (Field("next", 1, List(Ref("R"))), Field("by", 2, Map(Int(8), Ref("R"))))),))


@pytest.mark.parametrize("levels", [101, 1_000_000])
def test_nesting_that_would_crash_fastavro(levels):
    with pytest.raises(DecodeError):
        DATUM(CHAIN).decode(b"\x02" * levels + b"\0")
    with pytest.raises(DecodeError):
        DATUM(TREE).decode(b"\x02" * levels + b"\0" * levels)


def test_a_hundred_levels_and_no_more():
    chain: dict = {}
    tree: dict = {"next": [], "by": {}}
    for level in range(99):
        chain = {"next": chain}
        tree = {"next": [tree], "by": {}} if level % 2 else {"next": [], "by": {5: tree}}
    for of, value in ((CHAIN, chain), (TREE, tree)):
        assert DATUM(of).decode(DATUM(of).encode(value)) == value
    with pytest.raises(EncodeError):
        DATUM(CHAIN).encode({"next": chain})
    with pytest.raises(EncodeError):
        DATUM(TREE).encode({"next": [tree], "by": {}})


def test_plain_values_go_to_fastavro_as_they_are():
    built = DATUM(schema(String(), Int(64), List(Float()), Timestamp(), Bytes(3, 3), Map(String(), Bool())))
    assert built.to_native is None
    assert built.from_native is None
    assert DATUM(schema(String(), optional=True)).to_native is None
    assert DATUM(schema(Int(64, False))).to_native is not None


def test_names_are_free():
    """A type called as Avro calls its own, and one called as the record of an alternative would be."""
    of = Schema(
        "record",
        (
            Record(
                "record", (Field("f", 1, Ref("string")), Field("g", 2, Ref("string_a")), Field("h", 3, Bytes(4, 4)))
            ),
            Union("string", (Field("a", 1, Bool()), Field("b", 2, Ref("Bytes4")))),
            Record("string_a", ()),
            Enum("Bytes4", (("A", 0),)),
        ),
    )
    names = Translator(of)
    assert names.root()["name"] == "record_"
    value = {"f": {"b": "A"}, "g": {}, "h": b"abcd"}
    assert DATUM(of).decode(DATUM(of).encode(value)) == value
    assert CONTAINER(of).decode(CONTAINER(of).encode(value)) == value
