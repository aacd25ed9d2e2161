"""The writer of Avro schemas: fastavro takes them, and reads and writes by them what the codec encodes."""

import io
import json

import fastavro
import pytest
from hypothesis import given, settings
from sercodecs.avro import CODECS
from serschema import shared
from serschema.generate import generate
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


def apache_avro():
    return pytest.importorskip("avro.schema", reason="Apache avro is missing: pip install -r requirements/run.txt")


@pytest.mark.parametrize("name", [*shared.NAMES, *EXAMPLES])
def test_apache_avro_takes_it_and_reads_by_it(name):
    parse = apache_avro().parse
    from avro.io import BinaryDecoder, DatumReader

    schema = EXAMPLES[name] if name in EXAMPLES else shared.load(name).schema
    values = [generate(schema, seed) for seed in range(5)] if name in EXAMPLES else shared.load(name).values[:20]
    reader, encode = DatumReader(parse(write(schema))), DATUM.compile(schema).encode
    for value in values:
        held = io.BytesIO(encode(value))
        reader.read(BinaryDecoder(held))
        assert held.read() == b""


@settings(max_examples=60, deadline=None)
@given(schemas())
def test_apache_avro_takes_any_schema(schema):
    apache_avro().parse(write(schema))
