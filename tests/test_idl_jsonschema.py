"""The writer of JSON Schema: a valid one, of which the documents of the JSON codecs are, and others are not."""

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from sercodecs.json import CODECS
from serschema import shared
from serschema.generate import generate
from serschema.idl.jsonschema import write
from serschema.model import (
    Bool,
    Bytes,
    Decimal,
    Enum,
    Field,
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
from serschema.strategies import EXAMPLES, schemas

jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is missing: pip install -r requirements/dev.txt")


def validator(schema):
    document = json.loads(write(schema))
    jsonschema.Draft202012Validator.check_schema(document)
    return jsonschema.Draft202012Validator(document, format_checker=jsonschema.FormatChecker())


def finite(value):
    """JSON has no NaN and no infinity."""
    match value:
        case float():
            return math.isfinite(value)
        case list():
            return all(map(finite, value))
        case dict():
            return all(map(finite, value.values()))
        case _:
            return True


CASES = {name: (shared.load(name).schema, shared.load(name).values) for name in shared.NAMES} | {
    name: (schema, [generate(schema, seed) for seed in range(10)]) for name, schema in EXAMPLES.items()
}


EVERY_KEY = [info for info in CODECS if info.implementation != "msgspec-struct"]


@pytest.mark.parametrize("info", EVERY_KEY, ids=lambda info: info.implementation)
@pytest.mark.parametrize("name", CASES)
def test_what_the_codec_writes_is_valid(name, info):
    schema, values = CASES[name]
    validate, encode = validator(schema).validate, info.compile(schema).encode
    checked = [validate(json.loads(encode(value))) for value in values if finite(value)]
    assert checked


@settings(deadline=None)
@given(schemas())
def test_any_schema_is_a_valid_json_schema(schema):
    validator(schema)


REPORT = Schema(
    "Report",
    (
        Record(
            "Report",
            (
                Field("id", 1, Uuid(), key="@id", doc="Unique."),
                Field("small", 2, Int(8, False), optional=True),
                Field("title", 3, String(5), optional=True),
                Field("at", 4, Timestamp(), optional=True),
                Field("data", 5, Bytes(4, 4), optional=True),
                Field("price", 6, Decimal(4, 2), optional=True),
                Field("flags", 7, Map(Int(16), Bool()), optional=True),
                Field("shapes", 8, List(Ref("Shape"), 1, 2), optional=True),
            ),
        ),
        Union("Shape", (Field("radius", 1, Int(32)), Field("colour", 2, Ref("Colour")))),
        Enum("Colour", (("RED", 1),), doc="Of ink."),
    ),
    doc="Reports.",
)
ID = {"@id": "00112233-4455-6677-8899-aabbccddeeff"}


def test_the_document():
    document = json.loads(write(REPORT))
    assert list(document) == ["$schema", "title", "description", "$ref", "$defs"]
    assert document["description"] == "Reports."
    assert document["$defs"]["Colour"] == {
        "description": "Of ink.",
        "enum": ["RED"],
        "x-serbench": {"numbers": [1]},
    }
    report = document["$defs"]["Report"]
    assert report["required"] == ["@id"]
    assert report["properties"]["@id"] == {
        "description": "Unique.",
        "type": "string",
        "format": "uuid",
        "x-serbench": {"name": "id"},
    }
    assert report["properties"]["small"] == {"type": "integer", "format": "uint8", "minimum": 0, "maximum": 255}


@pytest.mark.parametrize(
    "members",
    [
        {},
        {"small": 255, "title": "日本日本日", "price": "-12.34", "data": "AAECAw=="},
        {"flags": {"-7": True, "0": False}, "shapes": [{"radius": 1}, {"colour": "RED"}]},
    ],
)
def test_valid(members):
    validator(REPORT).validate(ID | members)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"@id": "no"},
        ID | {"other": 1},
        ID | {"small": 256},
        ID | {"small": 1.5},
        ID | {"title": "123456"},
        ID | {"at": 1},
        ID | {"data": "AAEC"},
        ID | {"price": "123.45"},
        ID | {"price": "1.2"},
        ID | {"flags": {"x": True}},
        ID | {"flags": {"1": 1}},
        ID | {"shapes": []},
        ID | {"shapes": [{}]},
        ID | {"shapes": [{"radius": 1, "colour": "RED"}]},
        ID | {"shapes": [{"colour": "BLUE"}]},
    ],
)
def test_invalid(document):
    with pytest.raises(jsonschema.ValidationError):
        validator(REPORT).validate(document)


CHECK = Path(sys.executable).with_name("check-jsonschema")
needs_check = pytest.mark.skipif(
    not CHECK.exists(), reason="check-jsonschema is missing: pip install -r requirements/dev.txt"
)


def check_jsonschema(*arguments):
    ran = subprocess.run([CHECK, *arguments], capture_output=True, text=True, timeout=60, check=False)
    return ran.returncode, ran.stdout + ran.stderr


@needs_check
def test_check_jsonschema_takes_every_schema(tmp_path):
    for name, (schema, _) in CASES.items():
        (tmp_path / f"{name}.json").write_text(write(schema), encoding="utf-8")
    assert check_jsonschema("--check-metaschema", *tmp_path.iterdir())[0] == 0


@needs_check
@pytest.mark.parametrize("name", [*shared.NAMES, "optionals", "names"])
def test_check_jsonschema_finds_what_the_codec_writes_valid(name, tmp_path):
    schema, values = CASES[name]
    encode = CODECS[0].compile(schema).encode
    (tmp_path / "schema.json").write_text(write(schema), encoding="utf-8")
    instances = [tmp_path / f"instance{number}.json" for number, value in enumerate(values[:20]) if finite(value)]
    for instance, value in zip(instances, filter(finite, values[:20])):
        instance.write_bytes(encode(value))
    assert check_jsonschema("--schemafile", tmp_path / "schema.json", *instances) == (0, "ok -- validation done\n")
    instances[0].write_text("[]")
    assert check_jsonschema("--schemafile", tmp_path / "schema.json", *instances)[0] == 1
