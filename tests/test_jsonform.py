"""The plain-JSON form: the text of each kind, both ways; whatever is drawn survives json.dumps and json.loads."""

import json
import math
import struct
from datetime import UTC, datetime
from decimal import Decimal as D
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from serschema.errors import ValueMismatch
from serschema.generate import generate
from serschema.jsonform import from_json, schema_from_json, schema_to_json, to_json
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
from serschema.strategies import EXAMPLES, schemas, values
from serschema.values import equal

NAMED = (
    Enum("Colour", (("RED", 0), ("GREEN", 1))),
    Union("Choice", (Field("number", 1, Int(8)), Field("time", 2, Timestamp(), key="@time"))),
    Record("Point", (Field("x", 1, Int(32), key="no-x"), Field("y", 2, Int(32), optional=True))),
)


def of(type_):
    return Schema("Root", (Record("Root", (Field("f", 1, type_),)), *NAMED))


def nan(bits):
    return struct.unpack(">d", bytes.fromhex(bits))[0]


FORMS = [
    (Bool(), True, "true"),
    (Int(64), -(1 << 63), "-9223372036854775808"),
    (Int(64, False), (1 << 64) - 1, "18446744073709551615"),
    (Float(), 102.0, "102.0"),
    (Float(), -0.0, "-0.0"),
    (Float(), 1e300, "1e+300"),
    (Float(), math.nan, '"NaN"'),
    (Float(), nan("fff8000000000001"), '"NaN:fff8000000000001"'),
    (Float(), math.inf, '"Infinity"'),
    (Float(), -math.inf, '"-Infinity"'),
    (String(), 'é\0"', '"\\u00e9\\u0000\\""'),
    (Bytes(), b"\xfb\xff\x00\x01", '"+/8AAQ=="'),
    (Bytes(), b"", '""'),
    (Ref("Colour"), "GREEN", '"GREEN"'),
    (Timestamp(), datetime(1, 2, 3, 4, 5, 6, 7, tzinfo=UTC), '"0001-02-03T04:05:06.000007Z"'),
    (Timestamp(), datetime(2024, 2, 29, tzinfo=UTC), '"2024-02-29T00:00:00.000000Z"'),
    (Uuid(), UUID("C232AB00-9414-11EC-B3C8-9F6BDECED846"), '"c232ab00-9414-11ec-b3c8-9f6bdeced846"'),
    (Decimal(30, 10), D("-0.0000000001"), '"-0.0000000001"'),
    (Decimal(5, 0), D("12000"), '"12000"'),
    (Decimal(5, 2), D("1.50"), '"1.50"'),
    (List(Int(8)), [1, 2], "[1, 2]"),
    (Map(Bool(), Int(8)), {True: 1, False: 2}, '{"true": 1, "false": 2}'),
    (Map(Int(8), Bool()), {-7: True}, '{"-7": true}'),
    (Map(String(), Bool()), {"-7": True, "true": False}, '{"-7": true, "true": false}'),
    (Ref("Choice"), {"number": 1}, '{"number": 1}'),
    (Ref("Choice"), {"@time": datetime(2024, 2, 29, tzinfo=UTC)}, '{"@time": "2024-02-29T00:00:00.000000Z"}'),
    (Ref("Point"), {"no-x": 1}, '{"no-x": 1}'),
    (Ref("Point"), {"no-x": 1, "y": 2}, '{"no-x": 1, "y": 2}'),
]


@pytest.mark.parametrize(("type_", "value", "text"), FORMS)
def test_the_form_of_each_kind(type_, value, text):
    schema = of(type_)
    assert json.dumps(to_json({"f": value}, schema)) == f'{{"f": {text}}}'
    assert equal(from_json(json.loads(f'{{"f": {text}}}'), schema), {"f": value})


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        (Float(), "102", 102.0),
        (Float(), "9007199254740992", 9007199254740992.0),
        (Timestamp(), '"2024-01-01T02:00:00+02:00"', datetime(2024, 1, 1, tzinfo=UTC)),
        (Timestamp(), '"2024-01-01T00:00:00Z"', datetime(2024, 1, 1, tzinfo=UTC)),
        (Decimal(5, 2), '"1.5"', D("1.50")),
        (Decimal(5, 2), '"7"', D("7.00")),
        (Uuid(), '"C232AB00-9414-11EC-B3C8-9F6BDECED846"', UUID("c232ab00-9414-11ec-b3c8-9f6bdeced846")),
    ],
)
def test_other_forms_that_are_read(type_, text, value):
    assert equal(from_json({"f": json.loads(text)}, of(type_)), {"f": value})


@pytest.mark.parametrize(
    ("type_", "plain", "path", "expected"),
    [
        (Float(), "1.5", "$.f", "a number"),
        (Float(), True, "$.f", "a number"),
        (Float(), (1 << 53) + 1, "$.f", "a number"),
        (Float(), None, "$.f", "a number"),
        (Float(), "NaN:3ff0000000000000", "$.f", "the 64 bits of a NaN"),
        (Float(), "NaN:7ff80000 000000 ", "$.f", "the 64 bits of a NaN"),
        (Float(), "NaN:zzzzzzzzzzzzzzzz", "$.f", "the 64 bits of a NaN"),
        (Bytes(), "a", "$.f", "base64"),
        (Bytes(), "a-_=", "$.f", "base64"),
        (Bytes(), "é", "$.f", "base64"),
        (Bytes(), [1], "$.f", "base64"),
        (Timestamp(), "2024-01-01T00:00:00", "$.f", "an RFC 3339 time with its offset"),
        (Timestamp(), "0001-01-01T00:00:00+01:00", "$.f", "an RFC 3339 time with its offset"),
        (Timestamp(), 0, "$.f", "an RFC 3339 time with its offset"),
        (Uuid(), "c232", "$.f", "a UUID"),
        (Decimal(5, 2), "1.505", "$.f", "a decimal with at most 2 decimals, as a string"),
        (Decimal(5, 2), "one", "$.f", "a decimal with at most 2 decimals, as a string"),
        (Decimal(5, 2), "Infinity", "$.f", "a decimal with at most 2 decimals, as a string"),
        (Decimal(5, 2), 1.5, "$.f", "a decimal with at most 2 decimals, as a string"),
        (List(Bytes()), ["", "?"], "$.f[1]", "base64"),
        (List(Int(8)), {}, "$.f", "a list"),
        (Map(String(), Int(8)), [], "$.f", "an object"),
        (Map(Bool(), Int(8)), {"True": 1}, "$.f", 'a key "true" or "false"'),
        (Map(Int(8), Int(8)), {"a": 1}, "$.f", "a key that is an integer"),
        (Map(String(), Bytes()), {"a": "?"}, "$.f['a']", "base64"),
        (Ref("Point"), [], "$.f", "an object for Point"),
        (Ref("Point"), {"x": 1}, "$.f", "only members of Point"),
        (Ref("Choice"), {"@time": "now"}, "$.f.@time", "an RFC 3339 time with its offset"),
    ],
)
def test_what_is_not_read(type_, plain, path, expected):
    with pytest.raises(ValueMismatch) as caught:
        from_json({"f": plain}, of(type_))
    assert (caught.value.path, caught.value.expected) == (path, expected)


@pytest.mark.parametrize("name", EXAMPLES)
def test_examples_survive(name):
    schema = EXAMPLES[name]
    assert schema_from_json(json.loads(json.dumps(schema_to_json(schema)))) == schema
    for seed in range(20):
        value = generate(schema, seed)
        text = json.dumps(to_json(value, schema), allow_nan=False)
        assert equal(from_json(json.loads(text), schema), value)


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(schemas(), st.data())
def test_drawn_schemas_and_values_survive(schema, data):
    assert schema_from_json(json.loads(json.dumps(schema_to_json(schema)))) == schema
    value = data.draw(values(schema))
    text = json.dumps(to_json(value, schema), allow_nan=False)
    assert equal(from_json(json.loads(text), schema), value)


def test_a_schema_keeps_its_documentation_notes_and_hints():
    schema = Schema(
        "Root",
        (
            Record("Root", (Field("a", 3, Int(32, True, -1, 5, "zigzag"), True, "@a", "doc of a"),), "doc of Root"),
            Enum("E", (("A", 1),), "doc of E"),
            Union("U", (Field("b", 1, List(Int(8), 1, 2, packed=False)),), "doc of U"),
        ),
        doc="doc",
        notes=("changed", "ignored"),
    )
    plain = schema_to_json(schema)
    assert plain["kind"] == "Schema"
    assert plain["types"][0]["fields"][0]["type"] == {
        "kind": "Int", "bits": 32, "signed": True, "minimum": -1, "maximum": 5, "coding": "zigzag"
    }  # fmt: skip
    assert schema_from_json(json.loads(json.dumps(plain))) == schema
