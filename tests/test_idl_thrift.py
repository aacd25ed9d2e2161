"""The writer of Thrift IDL, which the thrift compiler takes."""

import shutil
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from serschema import shared
from serschema.errors import SchemaError
from serschema.idl.thrift import write
from serschema.model import Bool, Bytes, Decimal, Enum, Field, Float, Int, List, Map, Record, Ref, Schema, Union, Uuid
from serschema.strategies import EXAMPLES, schemas

SCHEMAS = {name: shared.load(name).schema for name in shared.NAMES} | EXAMPLES
needs_thrift = pytest.mark.skipif(not shutil.which("thrift"), reason="thrift is missing: make peers")


def take(schema, folder):
    """Have the compiler read it, with all that it can complain about."""
    (folder / "schema.thrift").write_text(write(schema), encoding="utf-8")
    command = ["thrift", "-strict", "--gen", "json", "-out", ".", "schema.thrift"]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "exceeds" not in ran.stdout + ran.stderr


@needs_thrift
@pytest.mark.parametrize("name", [name for name in SCHEMAS if name != "names"])
def test_thrift_takes_it(name, tmp_path):
    take(SCHEMAS[name], tmp_path)


@needs_thrift
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(schemas())
def test_thrift_takes_any_schema_whose_field_numbers_fit(tmp_path, schema):
    members = [m for t in schema.types for m in (*getattr(t, "fields", ()), *getattr(t, "alternatives", ()))]
    if all(member.number < 1 << 15 for member in members):
        take(schema, tmp_path)
    else:
        with pytest.raises(SchemaError, match="does not have the field number"):
            write(schema)


@needs_thrift
def test_words_of_thrift_and_its_languages(tmp_path):
    words = ("struct", "i32", "class", "lambda", "BEGIN", "uuid", "xsd_all")
    fields = tuple(Field(word, number, Bool()) for number, word in enumerate(words, 1))
    symbols = tuple((word, number) for number, word in enumerate(words))
    types = (Record("struct", fields), Union("union", fields), Enum("enum", symbols))
    root = Record("Root", tuple(Field(f"f{number}", number, Ref(type.name)) for number, type in enumerate(types, 1)))
    take(Schema("Root", (root, *types)), tmp_path)


def test_a_field_number_that_thrift_does_not_have():
    with pytest.raises(SchemaError, match=r"M\.a: .* 32768"):
        write(Schema("M", (Record("M", (Field("a", 1 << 15, Bool()),)),)))


def test_the_text():
    schema = Schema(
        "Report",
        (
            Record(
                "Report",
                (
                    Field("id", 1, Uuid(), doc="Unique."),
                    Field("counts", 2, Map(Int(8, False), Int(64, False)), optional=True),
                    Field("rows", 5, List(List(Float(32)), 1, 3)),
                    Field("price", 6, Decimal(9, 2)),
                    Field("lambda", 7, Ref("Shape")),
                ),
                doc="A report.\n\nOf them all.",
            ),
            Union("Shape", (Field("data", 1, Bytes(4, 4)), Field("colour", 2, Ref("Colour")))),
            Enum("Colour", (("RED", 0), ("BLUE", 7))),
        ),
        doc="Reports.",
    )
    assert (
        write(schema)
        == """\
/* Reports. */

enum Colour {
  RED = 0,
  BLUE = 7,
}

/**
 * A report.
 *
 * Of them all.
 */
struct Report {
  /** Unique. */
  1: required binary id (serbench = '{"type": {"kind": "Uuid"}}') // UUID
  2: optional map<i16, i64> counts (serbench = '{"type": {"kind": "Map", "key": {"kind": "Int", "bits": 8, "signed": \
false}, "value": {"kind": "Int", "signed": false}}}') // keys unsigned, 8 bits; values unsigned, 64 bits
  5: required list<list<double>> rows (serbench = '{"type": {"kind": "List", "item": {"kind": "List", "item": \
{"kind": "Float", "bits": 32}}, "min_length": 1, "max_length": 3}}') // 1..3 items; items each 32 bits
  6: required string price (serbench = '{"type": {"kind": "Decimal", "precision": 9, "scale": 2}}') // decimal(9, 2)
  7: required Shape lambda_ (serbench = '{"name": "lambda", "key": "lambda"}')
} (serbench = '{"schema_doc": "Reports."}')

union Shape {
  1: binary data (serbench = '{"type": {"kind": "Bytes", "min_length": 4, "max_length": 4}}') // 4 octets
  2: Colour colour
}
"""
    )


def test_for_cpp_what_is_held_comes_first():
    """And by a pointer where it would hold itself; the types are as they were otherwise."""
    holder = Record("Holder", (Field("one", 1, Ref("Node")), Field("many", 2, Map(Int(8), Ref("Later")))))
    node = Record("Node", (Field("next", 1, Ref("Node"), True), Field("kind", 2, Ref("Later"))))
    later = Record("Later", (Field("number", 1, Int(32)),))
    schema = Schema("Holder", (holder, node, later))
    text = write(schema, for_cpp=True)
    order = [text.index(f"struct {name} ") for name in ("Later", "Node", "Holder")]
    assert order == sorted(order)
    assert "1: optional Node & next" in text
    assert "2: Later kind" in text
    assert "1: required Node one" in text
    assert text.count("&") == 1
    assert "&" not in write(schema)
    assert write(schema).index("struct Holder ") < write(schema).index("struct Node ")
