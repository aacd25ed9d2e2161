"""The importer of Avro schemas: each construct, what is noted, each way to be refused, and what the writer wrote."""

import json

import pytest
from serschema.errors import SchemaError
from serschema.idl.avro import ATTRIBUTE, write
from serschema.load import load_schema
from serschema.load.avro import load
from serschema.load.json_text import parse
from serschema.model import (
    Bool,
    Bytes,
    Decimal,
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
from serschema.strategies import EXAMPLES


@pytest.fixture
def avro(tmp_path):
    """Write an .avsc file, of text or of what becomes its JSON, and load it."""

    def write_and_load(content, message="", include=()):
        path = tmp_path / "test.avsc"
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return load(path, message=message, include=include)

    return write_and_load


def of(type, **more):
    """A record R of one field `f`."""
    return {"type": "record", "name": "R", "fields": [{"name": "f", "type": type, **more}]}


E = {"type": "enum", "name": "E", "symbols": ["A", "B"]}
TYPES = [
    ("boolean", Bool()),
    ("int", Int(32)),
    ("long", Int(64)),
    ("float", Float(32)),
    ("double", Float(64)),
    ("bytes", Bytes()),
    ("string", String()),
    ("null", Ref("Null")),
    ({"type": "string", "avro.java.string": "String"}, String()),
    ({"type": {"type": "string"}}, String()),
    ({"type": "fixed", "name": "F", "size": 4}, Bytes(4, 4)),
    ({"type": "array", "items": {"type": "array", "items": "long"}}, List(List(Int(64)))),
    ({"type": "map", "values": "int"}, Map(String(), Int(32))),
    (E, Ref("E")),
    (["string"], String()),
    ({"type": "long", "logicalType": "timestamp-micros"}, Timestamp()),
    ({"type": "string", "logicalType": "uuid"}, Uuid()),
    ({"type": "fixed", "name": "U", "size": 16, "logicalType": "uuid"}, Uuid()),
    ({"type": "bytes", "logicalType": "decimal", "precision": 12, "scale": 2}, Decimal(12, 2)),
    ({"type": "bytes", "logicalType": "decimal", "precision": 5}, Decimal(5, 0)),
]


@pytest.mark.parametrize(("declared", "type"), TYPES, ids=lambda part: str(part)[:40])
def test_types(avro, declared, type):
    schema = avro(of(declared))
    assert schema.record.fields == (Field("f", 1, type),)
    assert schema.notes == ()


NOTED = [
    ({"type": "long", "logicalType": "timestamp-millis"}, Timestamp(), "timestamp-millis has become microseconds"),
    ({"type": "long", "logicalType": "timestamp-nanos"}, Int(64), "finer"),
    ({"type": "long", "logicalType": "local-timestamp-micros"}, Int(64), "local time"),
    ({"type": "int", "logicalType": "date"}, Int(32), "days since 1970-01-01"),
    ({"type": "int", "logicalType": "time-millis"}, Int(32), "milliseconds since midnight"),
    ({"type": "long", "logicalType": "time-micros"}, Int(64), "microseconds since midnight"),
    ({"type": "fixed", "name": "D", "size": 12, "logicalType": "duration"}, Bytes(12, 12), "duration stays bytes"),
    (
        {"type": "fixed", "name": "D", "size": 8, "logicalType": "decimal", "precision": 9},
        Decimal(9, 0),
        "fixed length",
    ),
    ({"type": "bytes", "logicalType": "decimal", "precision": 2, "scale": 3}, Bytes(), "valid precision"),
    ({"type": "bytes", "logicalType": "decimal"}, Bytes(), "valid precision"),
    ({"type": "string", "logicalType": "ipv4"}, String(), "'ipv4' of string is ignored"),
    ({"type": "int", "logicalType": "timestamp-micros"}, Int(32), "'timestamp-micros' of int is ignored"),
]


@pytest.mark.parametrize(("declared", "type", "note"), NOTED, ids=lambda part: str(part)[:40])
def test_what_is_not_the_same_is_noted(avro, declared, type, note):
    schema = avro(of(declared))
    assert schema.record.fields[0].type == type
    (told,) = schema.notes
    assert note in told
    assert told.endswith(": R.f")


@pytest.mark.parametrize(
    "declared", [["null", "int"], ["int", "null"], ["int", {"type": "null"}], {"type": ["null", "int"]}]
)
def test_a_union_with_null_is_an_optional_field(avro, declared):
    assert avro(of(declared, default=None)).record.fields == (Field("f", 1, Int(32), True),)


def test_a_union_is_called_after_its_field_and_its_alternatives_as_in_avros_json(avro):
    record = {"type": "record", "name": "P", "namespace": "a.b", "fields": []}
    schema = avro(of(["null", "string", {"type": "array", "items": "int"}, record, E]))
    assert schema.record.fields == (Field("f", 1, Ref("F"), True),)
    assert schema.resolve(Ref("F")) == Union(
        "F",
        (
            Field("string", 1, String()),
            Field("array", 2, List(Int(32))),
            Field("P", 3, Ref("P"), key="a.b.P"),
            Field("E", 4, Ref("E")),
        ),
    )


def test_null_is_an_alternative_where_nothing_can_be_absent(avro):
    schema = avro(of({"type": "array", "items": ["null", "int"]}))
    assert schema.record.fields[0].type == List(Ref("F"))
    assert schema.resolve(Ref("F")) == Union("F", (Field("null", 1, Ref("Null")), Field("int", 2, Int(32))))
    assert schema.resolve(Ref("Null")) == Record("Null", ())


def test_docs_defaults_and_aliases(avro):
    schema = avro(
        {
            **of("int", doc="A field.", default=3, aliases=["g"]),
            "doc": "A record.",
            "aliases": ["Old"],
        }
    )
    assert schema.types == (Record("R", (Field("f", 1, Int(32), doc="A field."),), "A record."),)
    assert schema.notes == ("aliases are left out: R, R.f", "a default is left out: R.f")


WILD = """{
  "namespace": "com.acme.shop", "type": "record", "name": "OrderEvent", "doc": "What happens to an order.",
  "fields": [
    {"name": "_id", "type": {"type": "string", "logicalType": "uuid"}},
    {"name": "kind", "type": {"type": "enum", "name": "Kind", "symbols": ["CREATED", "PAID"], "default": "CREATED"}},
    {"name": "address", "type": ["null", {"type": "record", "name": "Address", "fields": [
      {"name": "street", "type": "string"},
      {"name": "country", "type": {"type": "fixed", "name": "Iso", "size": 2}}
    ]}], "default": null},
    {"name": "billing", "type": ["null", "Address"]},
    {"name": "delivery", "type": "com.acme.shop.Address"},
    {"name": "origin", "type": {"type": "record", "name": "com.acme.geo.Address", "fields": [
      {"name": "country", "type": "com.acme.shop.Iso"}
    ]}},
    {"name": "previous", "type": ["null", "OrderEvent"]},
    {"name": "amount", "type": {"type": "bytes", "logicalType": "decimal", "precision": 14, "scale": 2}}
  ]
}"""


def test_names_namespaces_and_recursion(avro):
    schema = avro(WILD)
    fields = {field.name: field for field in schema.record.fields}
    assert fields["id"] == Field("id", 1, Uuid(), key="_id")
    assert {name: field.type for name, field in fields.items() if isinstance(field.type, Ref)} == {
        "kind": Ref("Kind"),
        "address": Ref("Address"),
        "billing": Ref("Address"),
        "delivery": Ref("Address"),
        "origin": Ref("ComAcmeGeoAddress"),
        "previous": Ref("OrderEvent"),
    }
    assert schema.resolve(Ref("ComAcmeGeoAddress")).fields == (Field("country", 1, Bytes(2, 2)),)
    assert schema.record.doc == "What happens to an order."
    assert schema.recursive() == {"OrderEvent"}
    assert schema.notes == ("a default is left out: Kind",)


TWO = [
    {"type": "record", "name": "n.A", "fields": [{"name": "x", "type": "int"}]},
    {"type": "record", "name": "n.B", "fields": [{"name": "a", "type": "A"}]},
    {"type": "record", "name": "m.C", "fields": []},
]


def test_a_file_of_several_records(avro, tmp_path):
    assert avro(TWO[:2]).root == "B"
    assert avro(TWO, "A").root == avro(TWO, "n.A").root == "A"
    with pytest.raises(SchemaError, match=r"which record\? there are n\.B, m\.C; say .*test\.avsc:n\.B"):
        avro(TWO)
    with pytest.raises(SchemaError, match=r"there is no record 'D'; there are n\.A, n\.B, m\.C"):
        avro(TWO, "D")
    assert load_schema(f"{tmp_path / 'test.avsc'}:n.B").root == "B"


def test_a_definition_in_a_file_of_its_own(avro, tmp_path):
    (tmp_path / "n.A.avsc").write_text(json.dumps(TWO[0]))
    assert avro(of("n.A")).types[1] == Record("A", (Field("x", 1, Int(32)),))
    (tmp_path / "n.A.avsc").rename(tmp_path / "n.Z.avsc")
    folder = tmp_path / "more"
    folder.mkdir()
    (tmp_path / "n.Z.avsc").rename(folder / "n.A.avsc")
    assert len(avro(of("n.A"), include=[folder]).types) == 2


HEAD = '{"type": "record", "name": "R", "fields": ['
FIELD = HEAD + '{"name": "f", "type":\n '
REFUSED = [
    ("", "test.avsc: is empty"),
    ('{"type":\n "record"', ":2: not JSON"),
    ('{"type": "record",\n "type": "record"}', ":2: 'type' stands twice"),
    ('"string"', "the file defines no record"),
    (json.dumps(E), "the file defines no record"),
    ('{"type": "record", "name": "R"}', ":1: 'fields' is missing: record needs it"),
    (HEAD + "\n1]}", ":2: 1 in 'fields' is no object"),
    ('{"type": "record", "name": "R-S", "fields": []}', ":1: 'R-S' is not a name in Avro"),
    (HEAD + '\n\n{"name": "a b", "type": "int"}]}', ":3: 'a b' is not a name"),
    (HEAD + '\n{"name": "f",\n "type": "lnog"}]}', ":3: there is no type 'lnog'; did you mean long"),
    (HEAD + '{"name": "f"}]}', ":1: 'type' is missing"),
    (HEAD + '{"name": "f",\n "type": "array", "items": "int"}]}', ":2: array is declared in an object of its own"),
    (FIELD + '{"type": "array"}}]}', ":2: 'items' is missing: array needs it"),
    (FIELD + '["int", ["string"]]}]}', ":2: a union stands"),
    (FIELD + '["int", "int"]}]}', ":2: the union has int twice"),
    (FIELD + "[]}]}", ":2: a union without branches"),
    (FIELD + "3}]}", ":1: 'type' cannot be 3"),
    (FIELD + '"R"}]}', "R contains itself without end"),
    (FIELD + '{"type": "enum", "name": "E", "symbols": ["_A"]}}]}', ":2: '_A' cannot be a symbol"),
    (FIELD + '{"type": "record", "name": "R", "fields": []}}]}', ":2: R is defined a second time"),
    (FIELD + '{"type": "bytes", "logicalType": "decimal", "precision": 5000}}]}', ":2: a decimal of 5000 digits"),
    (FIELD + '{"type": "int", "serbench": {"bots": 8}}}]}', ":2: the attribute serbench cannot say 'bots'"),
    (FIELD + '{"type": "int", "serbench": {"minimum": "a"}}}]}', "cannot say 'minimum'"),
    (FIELD + '{"type": "int", "serbench": {"bits": 12}}}]}', "an integer that serbench has not"),
    (FIELD + '{"type": "array", "items": ' * 5000 + '"int"' + "}" * 5000 + "}]}", "nested too deeply"),
    ("[" * 100_000, ":1: not JSON"),
    ('{"name": "\\ud800"}', "surrogate"),
    ("[1e5, " + "9" * 5000 + "]", "too long"),
]


@pytest.mark.parametrize(("text", "message"), REFUSED, ids=lambda part: part[:60])
def test_refused(avro, text, message):
    with pytest.raises(SchemaError, match=message):
        avro(text)


def test_what_cannot_be_read(tmp_path):
    with pytest.raises(SchemaError, match="cannot be read: No such file"):
        load(tmp_path / "no.avsc")
    (tmp_path / "bad.avsc").write_bytes(b"{\n\xff}")
    with pytest.raises(SchemaError, match=r"bad\.avsc:2: is not UTF-8"):
        load(tmp_path / "bad.avsc")


JSON = [
    '{"a": [1, -2.5e3, {"b": null}], "c": {}, "d": [], "é\\n": "\\u00e9\\ud83d\\ude00"}',
    " [true,false]\n",
    '"x"',
    "0",
]


@pytest.mark.parametrize("text", JSON)
def test_the_parser_reads_as_the_standard_library_does(text):
    assert parse(text, "f") == json.loads(text)


NOT_JSON = [
    "[1,]",
    "{",
    '{"a" 1}',
    "[1] x",
    "nul",
    "[NaN]",
    '{"a": "\n"}',
    '{"a":1 "b":2}',
    "01",
    '"\\x"',
    "{,}",
    "}",
    "[}",
]


@pytest.mark.parametrize("text", NOT_JSON)
def test_the_parser_refuses_as_the_standard_library_does(text):
    with pytest.raises(ValueError):
        json.loads(text, parse_constant=int)
    with pytest.raises(SchemaError, match=r"f:[12]: not JSON"):
        parse(text, "f")


# The attribute of our own


def test_the_attribute_says_only_what_avro_does_not(avro):
    plain = Schema("R", (Record("R", (Field("a", 1, Int(32)), Field("b", 2, List(String()), True))),))
    assert ATTRIBUTE not in write(plain)
    assert f'"{ATTRIBUTE}": {{"bits": 8}}' in " ".join(write(EXAMPLES["integers_plain"]).split()).replace(
        "{ ", "{"
    ).replace(" }", "}")
