"""Importing what was written gives the same schema back: every IDL that has both a writer and an importer.

What an IDL cannot carry is its limit, said here as data. None keeps the order of the types, nor those that the root
does not reach.
"""

import inspect
import re
from dataclasses import dataclass, replace
from importlib import import_module

import pytest
from hypothesis import HealthCheck, given, settings
from serbench.cli.looking import WRITERS
from serschema import shared
from serschema.errors import SchemaError
from serschema.load import IMPORTERS
from serschema.model import Bool, Enum, Field, Float, Int, List, Map, Record, Ref, Schema, String, Union, uses
from serschema.strategies import EXAMPLES, schemas


def same(schema):
    """No limit."""
    return schema


def changed(schema, *, type_=lambda type_: type_, doc=lambda doc: doc):
    """The schema with each type of a field, an item, a key or a value, and each documentation, as a function has it."""

    def inner(held):
        match held:
            case List(item=item):
                return type_(replace(held, item=inner(item)))
            case Map(key, value):
                return type_(Map(inner(key), inner(value)))
        return type_(held)

    def named(made):
        if not isinstance(made, Enum):
            part = "fields" if isinstance(made, Record) else "alternatives"
            members = (replace(member, type=inner(member.type), doc=doc(member.doc)) for member in getattr(made, part))
            made = replace(made, **{part: tuple(members)})
        return replace(made, doc=doc(made.doc))

    return Schema(schema.root, tuple(map(named, schema.types)), doc(schema.doc))


def as_proto(schema):
    """No unsigned integer is zigzag, and only what is of fixed size or a varint is packed."""

    def type_(held):
        match held:
            case Int(signed=False, coding="zigzag"):
                return replace(held, coding="plain")
            case List(item=item) if not isinstance(schema.resolve(item), Bool | Int | Float | Enum):
                return replace(held, packed=True)
        return held

    return changed(schema, type_=type_, doc=as_lines)


def as_xsd(schema):
    """There is no element of a list that is always empty."""

    def named(made):
        if not isinstance(made, Record):
            return made
        fields = (f for f in made.fields if f.optional or not isinstance(f.type, List) or f.type.max_length != 0)
        return replace(made, fields=tuple(fields))

    return replace(schema, types=tuple(map(named, schema.types)))


def as_lines(doc):
    """Comments are lines without controls, blanks at their ends, and an indentation that all but the first share."""
    return inspect.cleandoc("\n".join(re.sub(r"[\0-\x1f]", " ", line).rstrip() for line in doc.split("\n")))


@dataclass(frozen=True)
class Pair:
    """A writer and the importer of what it writes."""

    suffix: str
    writer: str
    importer: str
    refuses: str = ""
    """What the writer says of a schema that the language cannot carry at all."""
    needs: str = ""
    """The library that the importer needs."""
    carries: object = same
    """The schema as the language carries it."""


PAIRS = {
    "proto": Pair(".proto", "proto", "proto", carries=as_proto),
    "jsonschema": Pair(".json", "jsonschema", "jsonschema"),
    "avro": Pair(".avsc", "avro", "avro"),
    "asn1": Pair(".asn", "asn1", "asn1", needs="asn1tools"),
    "xsd": Pair(".xsd", "xsd", "xsd", needs="xmlschema", carries=as_xsd),
    "thrift": Pair(".thrift", "thrift", "thrift", refuses=r"Thrift does not have the field number \d+"),
}
SCHEMAS = {name: shared.load(name).schema for name in shared.NAMES} | EXAMPLES
DOCUMENTED = Schema(
    "R",
    (
        Record(
            "R",
            (
                Field("u", 7, Ref("U"), key="ü", doc="A field.\n\n  Of two -- or --- */ lines. "),
                Field("e", 2, Map(String(), Ref("E")), doc="\ttab, 'quotes', \"quotes\", \\ and </x> ]]> é 日本 😀"),
            ),
            "record",
        ),
        Union("U", (Field("a", 3, Bool(), doc="first"), Field("b", 1, List(Ref("R")), doc="second")), "union"),
        Enum("E", (("A", 4), ("b", -1)), "enum\nof two lines"),
    ),
    "The schema.\n\nIn two parts.",
)


def canonical(schema):
    """The schema without what the root does not reach, in the order of names."""
    held = {type_.name: type_ for type_ in schema.types}
    found = [schema.root]
    for name in found:
        found += set(uses(held[name])) - set(found)
    return Schema(schema.root, tuple(held[name] for name in sorted(found)), schema.doc)


@pytest.fixture(params=PAIRS)
def pair(request):
    found = PAIRS[request.param]
    if found.needs:
        pytest.importorskip(found.needs, reason=f"{found.needs} is missing: pip install -r requirements/run.txt")
    return found


@pytest.fixture
def there_and_back(pair, tmp_path):
    """Write a schema and import that, unless the language cannot carry it."""
    write = import_module(f"serschema.idl.{pair.writer}").write
    load = import_module(f"serschema.load.{pair.importer}").load

    def function(schema):
        try:
            text = write(schema)
        except SchemaError as error:
            if not pair.refuses or not re.search(pair.refuses, str(error)):
                raise
            return
        path = tmp_path / f"schema{pair.suffix}"
        path.write_text(text, encoding="utf-8")
        again = load(path)
        assert again.notes == ()
        assert canonical(again) == canonical(pair.carries(schema)), text

    return function


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_schema_comes_back(there_and_back, name):
    there_and_back(SCHEMAS[name])


def test_documentation_comes_back(there_and_back):
    there_and_back(DOCUMENTED)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(schema=schemas())
def test_any_schema_comes_back(there_and_back, schema):
    there_and_back(schema)


PART = """\
syntax = "proto3";
package demo.part;
// Where it is.
message Place { string city = 1; optional Place within = 2; }
enum Level { LEVEL_UNKNOWN = 0; LEVEL_HIGH = 5; LEVEL_LOW = -3; }
"""
EVERY = """\
// A file with every construct.
syntax = "proto3";
package demo;
import "part.proto";
import "serbench/options.proto";
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
import "google/protobuf/duration.proto";

// What one sensor said.
//
// In two paragraphs.
message Every {
  reserved 90 to 99;
  reserved "gone";
  bool a_bool = 1;
  int32 an_int32 = 2;
  sint32 a_sint32 = 3;
  fixed32 a_fixed32 = 4;
  sfixed32 a_sfixed32 = 5;
  uint32 a_uint32 = 6;
  int64 an_int64 = 7;
  sint64 a_sint64 = 8;
  fixed64 a_fixed64 = 9;
  sfixed64 a_sfixed64 = 10;
  uint64 a_uint64 = 11;
  float a_float = 12;
  double a_double = 13;
  string a_string = 14;  // after it
  bytes a_bytes = 15;
  demo.part.Level a_level = 16;
  .demo.part.Place a_place = 17;
  optional int32 maybe = 18 [deprecated = true];
  repeated int32 packed = 19;
  repeated sint64 unpacked = 20 [packed = false];
  repeated string texts = 21;
  repeated Inner inners = 22;
  map<string, Inner> by_name = 23;
  map<int32, bytes> by_number = 24;
  map<bool, demo.part.Level> by_flag = 25;
  oneof choice { string word = 26; Inner inner = 27; demo.part.Level level = 28; }
  google.protobuf.Timestamp at = 29;
  google.protobuf.Int32Value wrapped = 30;
  google.protobuf.Duration lasting = 31;
  int32 renamed = 32 [json_name = "@renamed"];
  int32 percent = 33 [(serbench.field).bits = 8, (serbench.field).range = "0..100"];
  bytes id = 34 [(serbench.field).uuid = true];
  string price = 35 [(serbench.field).decimal = "12.2"];
  repeated float axis = 36 [(serbench.field).length = "3"];
  Every parent = 300;
  message Inner {
    // Deeper.
    enum Kind { NONE = 0; SOME = 1; }
    Kind kind = 1;
    message Innermost { uint64 n = 16384; }
    Innermost innermost = 2;
  }
}
"""


@pytest.fixture
def every(tmp_path):
    (tmp_path / "part.proto").write_text(PART)
    (tmp_path / "every.proto").write_text(EVERY)
    return import_module("serschema.load.proto").load(tmp_path / "every.proto")


def test_a_proto_with_every_construct_comes_back_from_every_language(there_and_back, every):
    there_and_back(every)


@pytest.mark.parametrize("writer", WRITERS.values())
def test_a_proto_with_every_construct_is_written_in_every_language(writer, every):
    text = import_module(f"serschema.idl.{writer}").write(every)
    for name in ("every", "inner", "innermost", "place", "level"):
        assert name in text.lower()
    assert "What one sensor said." in text


def test_every_language_with_an_importer_is_tested():
    known = {pair.importer for pair in PAIRS.values()}
    assert known == set(IMPORTERS.values()) - {"python"}  # of which there is no writer
