"""The writer of FlatBuffers schemas: flatc takes them, and carries values by them."""

import json
import shutil
import subprocess

import absences
import pytest
from hypothesis import HealthCheck, given, settings
from serschema import shared
from serschema.idl.flatbuffers import write
from serschema.model import (
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
from serschema.strategies import EXAMPLES, schemas

SCHEMAS = {name: shared.load(name).schema for name in shared.NAMES} | EXAMPLES

needs_flatc = pytest.mark.skipif(not shutil.which("flatc"), reason="flatc is missing: make peers")


def run_flatc(folder, schema, *arguments):
    """Write a schema to a file, and run flatc on it; what it prints are errors and warnings."""
    (folder / "schema.fbs").write_text(write(schema), encoding="utf-8")
    done = subprocess.run(["flatc", *arguments], cwd=folder, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def test_the_file():
    order = Record(
        "order",
        (
            Field("orderId", 3, Uuid(), doc="Given by us.\nKept."),
            Field("URL", 4, String(80), True),
            Field("url", 5, List(Ref("Item"), 1)),
            Field("prices", 6, Map(String(), Decimal(5, 2))),
            Field("weight", 7, Float(32), True, doc="In kg."),
            Field("sent", 8, Timestamp()),
            Field("table", 9, Decimal(30, 2), True),
            Field("items", 10, List(List(Int(8), 3, 3))),
            Field("item", 11, Ref("Item"), True),
            Field("item_type", 12, Ref("string")),
        ),
        "An order.",
    )
    item = Union("Item", (Field("NONE", 1, Bytes(4, 4), doc="A code."), Field("part", 2, Ref("Part"))), "A choice.")
    part = Record("Part", (Field("number", 2, Int(64, False, 1)), Field("whole", 3, Ref("Item"), True)))
    kind = Enum("string", (("NEW", 7), ("SECOND_HAND", -2)), "What it is.")
    assert (
        write(Schema("order", (order, item, part, kind), doc="Orders."))
        == """\
// Orders.

/// What it is.
enum string_ : int {
  SECOND_HAND = -2,
  NEW = 7,
}

/// A choice.
union Item {
  /// A code.
  NONE_: Bytes4Value,
  part: Part,
}

/// An order.
table order {
  /// Given by us.
  /// Kept.
  order_id: [ubyte] (required);  // UUID, 16 octets
  url_: string;  // at most 80 characters
  url: [ItemItem] (required);  // 1.. items
  prices: [StringDecimal5_2MapEntry] (required);  // values decimal(5, 2), unscaled
  /// In kg.
  weight: float = null;
  sent: long;  // microseconds since 1970-01-01T00:00:00Z
  table_: [ubyte];  // decimal(30, 2), unscaled, in the shortest two's complement
  items: [Int8List3Item] (required);  // items 3 items
  item: Item;
  item_type_: string_ = NEW;
}

table Part {
  number: ulong;  // 1..18446744073709551615
  whole: Item;
}

table Bytes4Value {
  value: [ubyte] (required);  // 4 octets
}

table ItemItem {
  item: Item (required);
}

table StringDecimal5_2MapEntry {
  key: string (key);
  value: long;  // decimal(5, 2), unscaled
}

table Int8List3Item {
  item: [byte] (required);  // 3 items
}

root_type order;
"""
    )


@needs_flatc
@pytest.mark.parametrize("name", SCHEMAS)
def test_flatc_takes_it(tmp_path, name):
    assert run_flatc(tmp_path, SCHEMAS[name], "--schema", "--binary", "schema.fbs") == (0, "")
    compiled = (tmp_path / "schema.bfbs").read_bytes()
    assert compiled[4:8] == b"BFBS"
    assert SCHEMAS[name].root.encode() in compiled


@needs_flatc
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(schemas())
def test_flatc_takes_any_schema(tmp_path, schema):
    assert run_flatc(tmp_path, schema, "--schema", "--binary", "--cpp", "schema.fbs") == (0, "")


ROOT = absences.root()


@needs_flatc
@pytest.mark.parametrize("value", [absences.FLATC_JSON, {"b": True, "m": [], "g": []}], ids=["present", "absent"])
def test_absent_is_not_zero(tmp_path, value):
    file = tmp_path / "value.json"
    file.write_text(json.dumps(value))
    assert run_flatc(tmp_path, ROOT, "--binary", "schema.fbs", "value.json") == (0, "")
    file.unlink()
    assert run_flatc(tmp_path, ROOT, "--json", "--strict-json", "--raw-binary", "schema.fbs", "--", "value.bin") == (
        0,
        "",
    )
    assert json.loads(file.read_text()) == value


@needs_flatc
def test_what_is_required(tmp_path):
    (tmp_path / "value.json").write_text('{"b": true, "m": []}')
    code, printed = run_flatc(tmp_path, ROOT, "--binary", "schema.fbs", "value.json")
    assert code == 1
    assert "required field is missing: g in Root" in printed
