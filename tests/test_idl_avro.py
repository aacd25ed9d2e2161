"""The writer of Avro schemas: fastavro takes them, and reads and writes by them what the codec encodes."""

import io
import json

import fastavro
import pytest
from hypothesis import given, settings
from sercodecs.avro import CODECS
from serschema import shared
from serschema.idl.avro import write
from serschema.model import Enum, Field, Int, Record, Ref, Schema, Union
from serschema.strategies import EXAMPLES, schemas

[DATUM] = [info for info in CODECS if info.id == "avro/fastavro"]


@pytest.mark.parametrize("name", shared.NAMES)
def test_fastavro_reads_and_writes_by_it(name):
    data = shared.load(name)
    parsed = fastavro.parse_schema(json.loads(write(data.schema)))
    encode = DATUM.compile(data.schema).encode
    for value in data.values:
        message, again = encode(value), io.BytesIO()
        held = io.BytesIO(message)
        datum = fastavro.schemaless_reader(held, parsed, None, return_record_name=True)
        assert held.read() == b""
        fastavro.schemaless_writer(again, parsed, datum)
        assert again.getvalue() == message


@pytest.mark.parametrize("name", EXAMPLES)
def test_fastavro_takes_every_construct(name):
    fastavro.parse_schema(json.loads(write(EXAMPLES[name])))


@settings(deadline=None)
@given(schemas())
def test_fastavro_takes_any_schema(schema):
    fastavro.parse_schema(json.loads(write(schema)))


def test_comments_are_carried_over():
    schema = Schema(
        "Report",
        (
            Record(
                "Report", (Field("a", 1, Ref("Colour"), doc="First."), Field("b", 2, Ref("Shape"))), doc="A report."
            ),
            Enum("Colour", (("RED", 0),), doc="Of ink."),
            Union("Shape", (Field("radius", 1, Int(32), doc="In metres."),)),
        ),
    )
    plain = json.loads(write(schema), object_hook=lambda made: {k: v for k, v in made.items() if k != "serbench"})
    assert plain == {
        "type": "record",
        "name": "Report",
        "doc": "A report.",
        "fields": [
            {
                "name": "a",
                "type": {"type": "enum", "name": "Colour", "doc": "Of ink.", "symbols": ["RED"]},
                "doc": "First.",
            },
            {
                "name": "b",
                "type": [
                    {
                        "type": "record",
                        "name": "Shape_radius",
                        "fields": [{"name": "radius", "type": "int", "doc": "In metres."}],
                    }
                ],
            },
        ],
    }
