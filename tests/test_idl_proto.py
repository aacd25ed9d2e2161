"""The writer of .proto files: what it writes comes back as the same schema, and means the octets of the codec."""

import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal as PyDecimal
from importlib import resources
from pathlib import Path
from uuid import UUID

import pytest
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from hypothesis import HealthCheck, given, settings
from sercodecs import protobuf
from serschema import shared
from serschema.errors import SchemaError
from serschema.generate import generate
from serschema.idl.proto import write
from serschema.load.proto import load
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
    Uuid,
)
from serschema.strategies import EXAMPLES, schemas
from serschema.values import equal, first_difference

SCHEMAS = {name: shared.load(name).schema for name in shared.NAMES} | EXAMPLES
PER_EXAMPLE = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def reload(tmp_path):
    """Write a schema to a file, and load that."""

    def write_and_load(schema):
        (tmp_path / "schema.proto").write_text(write(schema), encoding="utf-8")
        return load(tmp_path / "schema.proto")

    return write_and_load


@pytest.fixture
def compiled(tmp_path):
    """Have protoc compile what is written for a schema; gives the class of its root's messages."""

    def compile_file(schema):
        (tmp_path / "schema.proto").write_text(write(schema), encoding="utf-8")
        folders = [tmp_path, resources.files("serschema") / "options", resources.files("grpc_tools") / "_proto"]
        output = tmp_path / "descriptors"
        flags = ["--include_imports", f"--descriptor_set_out={output}", *(f"-I{folder}" for folder in folders)]
        subprocess.run([sys.executable, "-m", "grpc_tools.protoc", *flags, "schema.proto"], check=True, cwd=tmp_path)
        pool = descriptor_pool.DescriptorPool()
        for file in FileDescriptorSet.FromString(output.read_bytes()).file:
            pool.Add(file)
        return message_factory.GetMessageClass(pool.FindMessageTypeByName(schema.root))

    return compile_file


def shape(descriptor, seen):
    """All that makes the octets of a message, without any name."""
    if descriptor.full_name in seen:
        return seen[descriptor.full_name]
    seen[descriptor.full_name] = len(seen)
    return descriptor.GetOptions().map_entry, [
        (
            field.number,
            field.type,
            field.is_repeated,
            field.is_packed,
            field.has_presence,
            field.containing_oneof and sorted(other.number for other in field.containing_oneof.fields),
            field.message_type and shape(field.message_type, seen),
            field.enum_type and (field.enum_type.is_closed, 0 in field.enum_type.values_by_number),
        )
        for field in sorted(descriptor.fields, key=lambda field: field.number)
    ]


def codec_shape(schema):
    return shape(protobuf.CODECS[0].compile(schema).to_native(generate(schema)).DESCRIPTOR, {})


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_file_means_what_the_codec_writes(compiled, name):
    assert shape(compiled(SCHEMAS[name]).DESCRIPTOR, {}) == codec_shape(SCHEMAS[name])


@PER_EXAMPLE
@given(schemas())
def test_any_file_means_what_the_codec_writes(compiled, schema):
    assert shape(compiled(schema).DESCRIPTOR, {}) == codec_shape(schema)


def value_of(schema, type_, held):
    """What protoc's message, or a field of it, says as a value of the schema."""
    kind = schema.resolve(type_)
    match kind:
        case Enum():
            return {number: symbol for symbol, number in kind.symbols}[held]
        case Timestamp():
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(0, held.seconds, held.nanos // 1000)
        case Uuid():
            return UUID(bytes=held)
        case Decimal():
            return PyDecimal(held)
        case List():
            return [value_of(schema, kind.item, item) for item in held]
        case Map():
            return {key: value_of(schema, kind.value, item) for key, item in held.items()}
        case Record():
            found = {}
            for field in kind.fields:
                union = schema.resolve(field.type)
                if isinstance(union, Union):
                    if chosen := held.WhichOneof(field.name):
                        [one] = [member for member in union.alternatives if member.name == chosen]
                        found[field.key] = {one.key: value_of(schema, one.type, getattr(held, chosen))}
                elif not field.optional or held.HasField(field.name):
                    found[field.key] = value_of(schema, field.type, getattr(held, field.name))
            return found
        case _:
            return held


@pytest.mark.parametrize("name", shared.NAMES)
def test_protoc_reads_what_the_codec_encodes(compiled, name):
    data = shared.load(name)
    encode, message = protobuf.CODECS[0].compile(data.schema).encode, compiled(data.schema)
    for value in data.values:
        found = value_of(data.schema, Ref(data.schema.root), message.FromString(encode(value)))
        assert equal(found, value), first_difference(found, value)


def test_what_the_language_lacks():
    schema = Schema(
        "Report",
        (
            Record(
                "Report",
                (
                    Field("grid", 1, List(List(Int(16), 3, 3))),
                    Field("counts", 2, Map(Int(8, False), String(5)), doc="By kind.\n\nEach once."),
                    Field("tags", 3, List(String(4), 1), optional=True),
                    Field("colour", 4, Ref("Colour"), key="@colour"),
                    Field("shape", 5, Ref("Shape")),
                    Field("second", 7, Ref("Shape"), optional=True),
                    Field("first_name", 8, String(), key="firstName"),
                ),
                doc="A report.",
            ),
            Enum("Colour", (("RED", 1), ("BLACK", 0)), doc="Of ink."),
            Union("Shape", (Field("radius", 5, Float(32)), Field("sides", 6, List(Float(32))))),
        ),
        doc="Reports.",
    )
    assert (
        write(schema)
        == """\
// Reports.
syntax = "proto3";

import "serbench/options.proto";

// A report.
message Report {
  repeated Int16List3 grid = 1;
  // By kind.
  //
  // Each once.
  map<uint32, string> counts = 2 [(serbench.field).map_key.bits = 8, (serbench.field).map_value.length = "..5"];
  String4List tags = 3;
  Colour colour = 4 [json_name = "@colour"];
  Shape shape = 5 [(serbench.field).required = true];
  Shape second = 7;
  string first_name = 8 [(serbench.field).key = "firstName"];
}

message Int16List3 {
  option (serbench.message).wrapper = true;
  repeated int32 items = 1 [(serbench.field).length = "3", (serbench.field).bits = 16];
}

message String4List {
  option (serbench.message).wrapper = true;
  repeated string items = 1 [(serbench.field).length = "1..", (serbench.field).item_length = "..4"];
}

message Shape {
  option (serbench.message).union = true;
  oneof choice {
    float radius = 5;
    Float32List sides = 6;
  }
}

message Float32List {
  option (serbench.message).wrapper = true;
  repeated float items = 1;
}

// Of ink.
enum Colour {
  option allow_alias = true;
  COLOUR_UNSPECIFIED = 0 [(serbench.symbol).placeholder = true];
  RED = 1;
  BLACK = 0;
}
"""
    )


def test_what_protobuf_has_needs_no_options():
    text = write(shared.load("tree").schema)
    assert "serbench" not in text
    assert "optional double weight = 3;" in text


def test_names_that_protoc_refuses(reload):
    schema = Schema(
        "google",
        (
            Record(
                "google",
                (
                    Field("first_name", 1, Int(32)),
                    Field("firstName", 2, Int(32)),
                    Field("labels", 3, Map(String(), Ref("LabelsEntry"))),
                    Field("LabelsEntry", 4, Bool()),
                    Field("time", 5, Timestamp()),
                    Field("pick", 6, Ref("Pick"), key="Pick"),
                    Field("string", 8, Ref("string")),
                ),
            ),
            Record("LabelsEntry", (Field("a", 1, Ref("Light")),)),
            Record("string", (Field("message", 1, Ref("Mood")),)),
            Enum("Light", (("RED", 0), ("red", 1), ("option", 2), ("LIGHT_RED", 3))),
            Enum("Mood", (("RED", 0), ("google", 1))),
            Union("Pick", (Field("pick", 6, Bool()), Field("other", 7, Int(8)))),
        ),
    )
    assert {type_.name: type_ for type_ in reload(schema).types} == {type_.name: type_ for type_ in schema.types}


@pytest.mark.parametrize("number", [19000, 19999, 1 << 29])
def test_a_field_number_that_protobuf_does_not_have(number):
    with pytest.raises(SchemaError, match=f"M.a: .* {number}"):
        write(Schema("M", (Record("M", (Field("a", number, Bool()),)),)))


def test_the_root_is_marked_where_it_could_be_another(reload):
    one = Record("One", (Field("two", 1, Ref("Two"), optional=True),))
    two = Record("Two", (Field("one", 1, Ref("One"), optional=True),))
    for root in ("One", "Two"):
        assert reload(Schema(root, (one, two))).root == root


def test_a_oneof_beside_a_union_with_the_same_alternatives(tmp_path, compiled):
    path = Path(tmp_path, "test.proto")
    path.write_text(
        'syntax = "proto3"; import "serbench/options.proto";\n'
        "message U { option (serbench.message).union = true; oneof x { bool a = 1; bool b = 2; } }\n"
        "message M { oneof x { bool a = 1; bool b = 2; } U u = 3; }"
    )
    schema = load(path)
    assert schema.notes == ()
    assert "oneof x {\n    bool a = 1;" in write(schema)
    assert shape(compiled(schema).DESCRIPTOR, {}) == codec_shape(schema)


def test_a_union_that_cannot_be_told_from_a_oneof_is_noted(tmp_path):
    path = Path(tmp_path, "test.proto")
    path.write_text(
        'syntax = "proto3"; import "serbench/options.proto";\n'
        "message U { option (serbench.message).union = true; oneof x { bool a = 1; } } message M { U u = 1; }"
    )
    assert load(path).notes == ("M.u: a message here, but a oneof to the codecs of Protocol Buffers",)


HEAD = 'syntax = "proto3"; import "serbench/options.proto";\n'
WRAPPER = "option (serbench.message).wrapper = true;"

REQUIRED = "[(serbench.field).required = true]"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (f"message W {{ {WRAPPER} repeated int32 a = 2; }} message M {{ W w = 1; }}", "one field, of number 1"),
        (f"message W {{ {WRAPPER} repeated int32 a = 1; int32 b = 2; }} message M {{ W w = 1; }}", "one field"),
        (f"message W {{ {WRAPPER} int32 a = 1; }} message M {{ W w = 1; }}", "is repeated or a map"),
        (f"message W {{ {WRAPPER} repeated W w = 1; }} message M {{ W w = 1; }}", "more than 100 wrappers"),
        (
            f"message W {{ {WRAPPER} repeated int32 a = 1; }} message M {{ W w = 1 {REQUIRED}; }}",
            "needs no wrapper",
        ),
        (f"message W {{ {WRAPPER} repeated int32 a = 1; }}", "no message in the file"),
        (
            "message M { map<string, int32> m = 1 [(serbench.field).map_key.bits = 8]; }",
            "option bits says nothing about a field of this type",
        ),
        ('message M { int32 a = 1 [(serbench.field).name = "_x"]; }', "has to begin with a letter"),
        ('message M { E e = 1; } enum E { A = 0 [(serbench.symbol).name = "-"]; }', "has to begin with a letter"),
    ],
)
def test_options_that_make_no_sense(tmp_path, text, words):
    path = Path(tmp_path, "test.proto")
    path.write_text(HEAD + text)
    with pytest.raises(SchemaError, match=words):
        load(path)


def test_a_wrapper_is_no_root(tmp_path):
    path = Path(tmp_path, "test.proto")
    path.write_text(f"{HEAD}message W {{ {WRAPPER} repeated int32 a = 1; }}")
    with pytest.raises(SchemaError, match=r"test\.proto:2: W is a wrapper"):
        load(path, message="W")
