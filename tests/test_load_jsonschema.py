"""The importer of JSON Schema: each construct, what is noted, each way to be refused, and what the writer wrote."""

import json
from dataclasses import replace

import pytest
from serschema import mapping
from serschema.errors import SchemaError
from serschema.idl.jsonschema import KEYWORD, write
from serschema.load import load_schema
from serschema.load.jsonschema import load
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
from serschema.values import check

CLOSED = {"additionalProperties": False}


@pytest.fixture
def imported(tmp_path):
    """Write a .schema.json file, of text or of what becomes its JSON, and load it."""

    def write_and_load(content, message="", include=(), name="test.schema.json"):
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return load(path, message=message, include=include)

    return write_and_load


def of(schema, required=True, **more):
    """An object R of one property `f`."""
    properties = {"type": "object", "properties": {"f": schema}, "required": ["f"] if required else [], **CLOSED}
    return {"title": "R", **properties, **more}


def obj(**properties):
    """An object of required properties."""
    return {"type": "object", "properties": properties, "required": list(properties), **CLOSED}


TYPES = [
    ({"type": "boolean"}, Bool()),
    ({"type": "integer"}, Int(64)),
    ({"type": "integer", "minimum": 0}, Int(64, True, 0)),
    ({"type": "integer", "maximum": -1.5}, Int(64, True, None, -2)),
    ({"type": "integer", "minimum": 1 << 63}, Int(64, False, 1 << 63)),
    ({"type": "integer", "minimum": 0, "maximum": 255}, Int(8, False)),
    ({"type": "integer", "minimum": -1, "maximum": 127}, Int(8, True, -1)),
    ({"type": "integer", "minimum": 1, "maximum": 1000}, Int(16, False, 1, 1000)),
    ({"type": "integer", "exclusiveMinimum": 0, "exclusiveMaximum": 256}, Int(8, False, 1)),
    ({"type": "integer", "minimum": 0, "exclusiveMinimum": True, "maximum": 9}, Int(8, False, 1, 9)),
    ({"type": "integer", "format": "int32"}, Int(32)),
    ({"type": "integer", "format": "uint16", "maximum": 9}, Int(16, False, None, 9)),
    ({"type": "number"}, Float(64)),
    ({"type": "number", "format": "float"}, Float(32)),
    ({"type": "string"}, String()),
    ({"type": "string", "maxLength": 5, "minLength": 0}, String(5)),
    ({"maxLength": 5}, String(5)),
    ({"type": "string", "format": "date-time"}, Timestamp()),
    ({"type": "string", "format": "uuid"}, Uuid()),
    ({"type": "string", "contentEncoding": "base64"}, Bytes()),
    ({"type": "string", "contentEncoding": "base64", "minLength": 8, "maxLength": 8}, Bytes(4, 6)),
    ({"type": "string", "format": "byte"}, Bytes()),
    ({"type": "string", "pattern": r"^-?[0-9]{1,10}\.[0-9]{2}$"}, Decimal(12, 2)),
    ({"type": "string", "pattern": r"^-?\d{1,5}$"}, Decimal(5, 0)),
    ({"type": "array", "items": {"type": "string"}}, List(String())),
    ({"items": {"type": "string"}, "minItems": 1, "maxItems": 3}, List(String(), 1, 3)),
    ({"type": "array", "prefixItems": [{"type": "number"}] * 2, "items": False}, List(Float(), 2, 2)),
    ({"type": "array", "items": [{"type": "number"}] * 2, "minItems": 2, "maxItems": 2}, List(Float(), 2, 2)),
    ({"type": "object", "additionalProperties": {"type": "integer"}}, Map(String(), Int(64))),
    (
        {"type": "object", "additionalProperties": {"type": "integer"}, "propertyNames": {"maxLength": 3}},
        Map(String(3), Int(64)),
    ),
    ({"$ref": "#/$defs/E"}, Ref("E")),
    ({"$ref": "#E"}, Ref("E")),
    ({"$ref": "https://example.com/e.json"}, Ref("e")),
    ({"allOf": [{"$ref": "#/$defs/E"}], "description": "d"}, Ref("E")),
    ({"oneOf": [{"$ref": "#/$defs/E"}]}, Ref("E")),
    ({"anyOf": [{"type": "string", "maxLength": 3}, {"type": "string", "maxLength": 3}]}, String(3)),
    ({"type": "null"}, Ref("Null")),
    ({"type": ["number", "integer"]}, Float(64)),
]


@pytest.mark.parametrize(("described", "type"), TYPES, ids=lambda part: str(part)[:60])
def test_types(imported, described, type):
    definitions = {"$defs": {"E": {"$anchor": "E", "$id": "https://example.com/e.json", "enum": ["A", "B"]}}}
    if described.get("$ref") == "#E":
        definitions["$defs"]["E"].pop("$id")
    schema = imported(of(described, **definitions))
    assert replace(schema.record.fields[0], doc="") == Field("f", 1, type)
    assert schema.notes == ()


NOTED = [
    ({"type": "string", "format": "email"}, String(), "format email stays a string"),
    ({"type": "string", "pattern": "^a"}, String(), "pattern is left out"),
    ({"type": "string", "minLength": 1}, String(), "minLength is left out"),
    ({"type": "string", "contentEncoding": "base16"}, String(), "contentEncoding base16 stays"),
    ({"type": "number", "minimum": 0}, Float(), "minimum of a number is left out"),
    ({"type": "integer", "multipleOf": 5}, Int(64), "multipleOf is left out"),
    ({"type": "array", "items": {"type": "string"}, "uniqueItems": True}, List(String()), "uniqueItems is left out"),
    ({"type": "integer", "default": 5}, Int(64), "default is left out"),
    ({"type": "integer", "not": {"const": 5}}, Int(64), "not is left out"),
    ({"type": "integer", "nullabel": True}, Int(64), "'nullabel' is no keyword"),
    ({"enum": ["a-b", "cd"]}, String(3), "no identifiers, as 'a-b', is a string"),
    ({"enum": [3, 1, 200]}, Int(8, False, 1, 200), "an enum of integers is a range"),
    ({"enum": [1, 2.5]}, Float(), "enum of a number is left out"),
    ({"const": True}, Bool(), "a constant truth value is any"),
    ({"type": "object", "patternProperties": {"^x": {"type": "string"}}, **CLOSED}, Map(String(), String()), "pattern"),
]


@pytest.mark.parametrize(("described", "type", "note"), NOTED, ids=lambda part: str(part)[:60])
def test_what_is_left_out_is_noted(imported, described, type, note):
    schema = imported(of(described))
    assert schema.record.fields[0].type == type
    (told,) = schema.notes
    assert note in told
    assert told.endswith(": R.f")


OPTIONAL = [
    {"type": ["string", "null"]},
    {"anyOf": [{"type": "string"}, {"type": "null"}]},
    {"oneOf": [{"type": "null"}, {"$ref": "#/$defs/s"}]},
    {"anyOf": [{"$ref": "#/$defs/n"}]},
]


@pytest.mark.parametrize("described", OPTIONAL, ids=str)
def test_what_may_be_null_is_optional(imported, described):
    definitions = {"s": {"type": "string"}, "n": {"type": ["null", "string"]}}
    assert imported(of(described, **{"$defs": definitions})).record.fields == (Field("f", 1, String(), True),)


def test_null_is_an_alternative_where_nothing_can_be_absent(imported):
    schema = imported(of({"type": "array", "items": {"type": ["string", "null"]}}))
    assert schema.record.fields[0].type == List(Ref("F"))
    assert schema.resolve(Ref("F")) == Union("F", (Field("null", 1, Ref("Null")), Field("string", 2, String())))
    value = mapping.compile(schema)({"f": ["a", None]})
    check(value, schema)
    assert value == {"f": [{"string": "a"}, {"null": {}}]}


def test_a_choice_by_the_one_property_of_an_object(imported):
    described = {
        "oneOf": [obj(card=obj(number={"type": "string"})), obj(voucher={"type": "string", "description": "d"})]
    }
    schema = imported(of(described))
    assert schema.resolve(schema.record.fields[0].type) == Union(
        "F", (Field("card", 1, Ref("Card")), Field("voucher", 2, String(), doc="d"))
    )
    assert imported(of({"anyOf": [*described["oneOf"], {"type": "null"}]})).record.fields == (
        Field("f", 1, Ref("F"), True),
    )
    value = mapping.compile(schema)({"f": {"voucher": "x"}})
    check(value, schema)


@pytest.mark.parametrize(
    "described",
    [
        {"type": ["string", "integer", "array"], "items": {"type": "boolean"}},
        {"anyOf": [{"type": "string"}, {"type": "integer"}, {"type": "array", "items": {"type": "boolean"}}]},
        {"oneOf": [{"anyOf": [{"type": "string"}, {"type": "integer"}]}, {"items": {"type": "boolean"}}]},
    ],
    ids=str,
)
def test_a_choice_by_the_kind_of_json(imported, described):
    schema = imported(of(described))
    assert schema.resolve(schema.record.fields[0].type) == Union(
        "F", (Field("string", 1, String()), Field("integer", 2, Int(64)), Field("array", 3, List(Bool())))
    )
    value = mapping.compile(schema)({"f": 3})
    check(value, schema)
    assert value == {"f": {"integer": 3}}


def test_constants_are_one_enum(imported):
    described = {"oneOf": [{"const": "A", "description": "one"}, {"enum": ["B", "C"]}, {"type": "null"}]}
    schema = imported(of(described))
    assert schema.record.fields[0] == Field("f", 1, Ref("F"), True)
    assert schema.resolve(Ref("F")) == Enum("F", (("A", 0), ("B", 1), ("C", 2)))


def test_all_of_is_merged(imported):
    base = {"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}
    schema = imported(
        {"$defs": {"base": base}, "allOf": [{"$ref": "#/$defs/base"}, {"properties": {"b": {"type": "null"}}}]}
    )
    assert [(field.name, field.optional) for field in schema.record.fields] == [("a", False), ("b", True)]
    beside = imported({"$defs": {"base": base}, "$ref": "#/$defs/base", "properties": {"c": {"type": "boolean"}}})
    assert [field.name for field in beside.record.fields] == ["c", "a"]


JSON = {
    "anyOf": [
        {"type": ["null", "boolean", "number", "string"]},
        {"type": "array", "items": {"$ref": "#/$defs/json"}},
        {"type": "object", "additionalProperties": {"$ref": "#/$defs/json"}},
    ]
}


def test_recursion(imported):
    schema = imported(of({"$ref": "#/$defs/json"}, **{"$defs": {"json": JSON}}))
    value = mapping.compile(schema)({"f": [1, {"a": [None, "x", True]}]})
    check(value, schema)
    tree = imported(of({"type": "array", "items": {"$ref": "#"}}))
    assert tree.record.fields == (Field("f", 1, List(Ref("R"))),)


WILD = """{
  "$schema": "http://json-schema.org/draft-07/schema#",
  "$id": "https://example.com/schemas/order.json",
  "title": "Customer order", "description": "An order of a shop.",
  "type": "object",
  "required": ["id", "customer", "lines", "status"],
  "properties": {
    "id": {"type": "string", "format": "uuid", "examples": ["x"]},
    "customer": {"$ref": "#/definitions/customer"},
    "billTo": {"$ref": "address.json", "description": "If it is another."},
    "lines": {"type": "array", "minItems": 1, "items": {
      "title": "Order line",
      "type": "object",
      "properties": {
        "sku": {"type": "string", "pattern": "^[A-Z]{3}$", "maxLength": 20},
        "quantity": {"type": "integer", "minimum": 1, "maximum": 1000}
      },
      "required": ["sku", "quantity"],
      "additionalProperties": false
    }},
    "status": {"enum": ["new", "paid", "shipped"]},
    "@type": {"const": "order"},
    "placed-at": {"type": "string", "format": "date-time"},
    "labels": {"type": "object", "additionalProperties": {"type": "string"}}
  },
  "definitions": {
    "customer": {
      "description": "Who buys.", "type": "object",
      "properties": {"name": {"type": "string"}, "e-mail": {"type": ["string", "null"], "format": "email"}},
      "required": ["name", "e-mail"]
    }
  }
}"""
ADDRESS = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], **CLOSED}


def test_a_schema_from_the_wild(imported, tmp_path):
    (tmp_path / "address.json").write_text(json.dumps(ADDRESS))
    schema = imported(WILD)
    assert schema == Schema(
        "CustomerOrder",
        (
            Record(
                "CustomerOrder",
                (
                    Field("id", 1, Uuid()),
                    Field("customer", 2, Ref("customer")),
                    Field("billTo", 3, Ref("address"), True, doc="If it is another."),
                    Field("lines", 4, List(Ref("OrderLine"), 1)),
                    Field("status", 5, Ref("Status")),
                    Field("type", 6, Ref("Type"), True, "@type"),
                    Field("placed_at", 7, Timestamp(), True, "placed-at"),
                    Field("labels", 8, Map(String(), String()), True),
                ),
            ),
            Record("customer", (Field("name", 1, String()), Field("e_mail", 2, String(), True, "e-mail")), "Who buys."),
            Record("address", (Field("city", 1, String()),)),
            Record("OrderLine", (Field("sku", 1, String(20)), Field("quantity", 2, Int(16, False, 1, 1000)))),
            Enum("Status", (("new", 0), ("paid", 1), ("shipped", 2))),
            Enum("Type", (("order", 0),)),
        ),
        "An order of a shop.",
        (
            "properties that are not listed are not taken: CustomerOrder, customer",
            "format email stays a string: customer.e_mail",
            "pattern is left out: OrderLine.sku",
        ),
    )


def test_a_definition_is_asked_for(imported, tmp_path):
    document = {"$defs": {"a": obj(x={"type": "string"}), "b-c": obj()}}
    assert imported(document, "a").root == "a"
    assert load_schema(f"{tmp_path / 'test.schema.json'}:b-c").root == "BC"
    with pytest.raises(SchemaError, match=r"test\.schema\.json:1: the schema allows anything; it defines a, b-c: say"):
        imported(document)
    with pytest.raises(SchemaError, match="there is no definition 'A'; there are a, b-c"):
        imported(document, "A")


def test_a_root_that_is_no_object_is_wrapped(imported):
    schema = imported({"type": "array", "items": {"type": "string"}}, name="words.json")
    assert schema.types == (Record("Words", (Field("value", 1, List(String())),)),)
    union = imported({"title": "U", "type": ["string", "integer"]})
    assert union.record == Record("UMessage", (Field("value", 1, Ref("U")),))
    assert mapping.compile(union)("x") == {"value": {"string": "x"}}


def test_references_to_folders(imported, tmp_path):
    folder = tmp_path / "common"
    folder.mkdir()
    (folder / "types.json").write_text(json.dumps({"definitions": {"id": {"type": "string", "format": "uuid"}}}))
    assert imported(of({"$ref": "common/types.json#/definitions/id"})).record.fields == (Field("f", 1, Uuid()),)
    assert imported(of({"$ref": "types.json#/definitions/id"}), include=[folder]).record.fields == (
        Field("f", 1, Uuid()),
    )


REFUSED = [
    ("", "is empty"),
    ("3", "a JSON Schema is an object"),
    ('{"type": "object",\n "type": "string"}', ":2: 'type' stands twice"),
    ({"type": "object"}, "an object without properties may hold anything"),
    (of({}), "'f' may be anything"),
    (of(True), "'f' may be anything"),
    (of(False), "'f' can have no value"),
    (of({"description": "x"}), "'f' may be anything"),
    (of({"type": "array"}), "an array without items may hold anything"),
    (of({"type": "strnig"}), "no type 'strnig'"),
    (
        of({"type": "array", "prefixItems": [{"type": "string"}, {"type": "null"}], "items": False}),
        "a tuple of several",
    ),
    (of({"type": "array", "prefixItems": [{"type": "string"}]}), "prefixItems with anything after"),
    (of({"type": "integer", "maximum": 1 << 64, "minimum": 0}), "does not fit 64 bits"),
    (of({"type": "integer", "maximum": 1000, "format": "int8"}), "do not fit the format int8"),
    (of({"type": "string", "maxLength": -1}), "maxLength is a number of at least 0"),
    (of({"enum": [{"a": 1}]}), "an enum of strings, numbers"),
    (of({"enum": []}), "an enum of strings, numbers"),
    (of({"oneOf": []}), "oneOf without alternatives"),
    (of({"oneOf": [obj(a={"type": "string"}), obj(a={"type": "string"}, b={"type": "string"})]}), "tells apart"),
    (of({"oneOf": [{"type": "string", "format": "uuid"}, {"type": "string"}]}), r"alternatives \(string, string\)"),
    (of({"oneOf": [{"type": "string"}], "properties": {}}), "oneOf beside 'properties'"),
    (of({**obj(a={"type": "string"}), "additionalProperties": {"type": "string"}}), "properties beside additional"),
    (of({**obj(a={"type": "string"}), "patternProperties": {"x": {}}}), "patternProperties beside"),
    (of({"type": "object", "if": {}, "then": {}}), "'if' is more than serbench can tell"),
    (of({"$dynamicRef": "#x"}), r"'\$dynamicRef' is more"),
    (of({"$ref": "#/$defs/no"}), r"there is nothing at '#/\$defs/no'"),
    (of({"$ref": "#no"}), "there is no anchor"),
    (of({"$ref": "no.json"}), "there is no file no.json"),
    (of({"$ref": "https://example.com/x.json"}), "is not fetched: save it beside"),
    (of({"$ref": "http://["}), "is no reference"),
    (of({"$ref": 3}), r"a \$ref is a string"),
    (of({"$ref": "#/properties/f"}), "leads to itself"),
    (of({"type": "array", "items": {"$ref": "#/properties/f"}}), "a list or a map is one of itself"),
    (of({"$ref": "#"}), "R contains itself without end"),
    (of({"allOf": [{"type": "string"}, {"type": "integer"}]}), "allOf says two things about 'type'"),
    ({"properties": {"a": {"type": "string"}}, "required": True}, "required is a list of names"),
    ({"properties": {"a": {"type": "string"}}, "required": ["b"]}, "'b' is required but not among"),
    ({"properties": {"a": {"type": "string"}}, "required": [{}]}, "{} is required but not among"),
    ('{"properties": {\n\n"a": {\n"type": "strnig"}}}', ":4: there is no type"),
    (
        '{"properties": {\n"a": {"oneOf": [\n{"type": "string"},\n{"type": "string", "maxLength": 3}]}}}',
        ":2: alternatives",
    ),
    ('{"properties": {\n"a": true}}', ":2: 'a' may be"),
    (
        '{"properties": {"a": ' + '{"type": "array", "items": ' * 5000 + '{"type": "null"}' + "}" * 5002,
        "nested too deeply",
    ),
]


@pytest.mark.parametrize(("content", "message"), REFUSED, ids=lambda part: str(part)[:60])
def test_refused(imported, content, message):
    with pytest.raises(SchemaError, match=message) as caught:
        imported(content)
    assert str(caught.value).count("\n") == 0
    assert "test.schema.json" in str(caught.value)


# The keyword of our own


def test_the_keyword_says_only_what_json_schema_does_not(imported):
    plain = Schema("R", (Record("R", (Field("a", 1, Int(8)), Field("b", 2, Bytes(), True))),))
    assert KEYWORD not in write(plain)
    odd = Schema("R", (Record("R", (Field("a", 1, Int(8)), Field("b", 3, Bytes(4, 4), key="ü"))),))
    assert json.loads(write(odd))["$defs"]["R"]["properties"]["ü"][KEYWORD] == {
        "name": "b",
        "number": 3,
        "type": {"kind": "Bytes", "min_length": 4, "max_length": 4},
    }
    assert imported(write(odd)) == odd


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (1, ":1: a: x-serbench: it is no object"),
        ({"number": "3"}, ":1: a: x-serbench: its number cannot be '3'"),
        ({"type": {"kind": "Uuid"}}, ":1: a: x-serbench: it is about another type than is declared"),
        ({"type": {"kind": "List", "item": {"kind": "Int"}, "coding": "plain"}}, "its List says 'coding'"),
        ({"type": {"kind": "Int", "coding": "none"}}, "the coding of its Int cannot be 'none'"),
        ({"type": {"kind": "List"}}, "its List lacks 'item'"),
        ({"number": 0}, "M.a: number 0 is not positive"),
    ],
)
def test_a_keyword_that_was_edited(imported, said, message):
    document = {"title": "M", "type": "object", "properties": {"a": {"type": "integer", KEYWORD: said}}}
    with pytest.raises(SchemaError) as caught:
        imported(document)
    assert message in str(caught.value)
