"""The writer of MIDL: widl takes the interfaces, and makes stubs of them."""

import re
import shutil
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from serschema import shared
from serschema.idl.msidl import write
from serschema.model import (
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

SCHEMAS = {name: shared.load(name).schema for name in shared.NAMES} | EXAMPLES
WIDL = "x86_64-w64-mingw32-widl"

needs_widl = pytest.mark.skipif(not shutil.which(WIDL), reason=f"{WIDL} is missing: make peers")


def run_widl(folder, schema):
    """Have widl make the header and both stubs, with all warnings; gives what it prints, and the header."""
    (folder / "schema.idl").write_text(write(schema), encoding="utf-8")
    done = subprocess.run([WIDL, "-W", "-h", "-c", "-s", "schema.idl"], cwd=folder, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (folder / "schema_s.c").exists()
    return (folder / "schema.h").read_text()


def test_the_interface():
    order = Record(
        "Order",
        (
            Field("id", 3, Uuid(), doc="Given by us.\nKept."),
            Field("url", 4, String(80), True),
            Field("short", 5, List(Ref("Item"), 1, 9)),
            Field("prices", 6, Map(String(), Decimal(5, 2))),
            Field("quantity", 7, Int(8, True, -3, 3)),
            Field("weight", 8, Int(16), True, doc="In kg."),
            Field("sent", 9, Timestamp()),
            Field("total", 10, Decimal(30, 2)),
            Field("grid", 11, List(List(Int(64, False, 1), 3, 3), 2, 2)),
        ),
        "An order.",
    )
    item = Union("Item", (Field("code", 1, Bytes(4, 4), doc="A code."), Field("kind", 7, Ref("Kind"))))
    kind = Enum("Kind", (("NEW", 7), ("small", -2)), "What it is.")
    text = write(Schema("Order", (order, item, kind), doc="Orders."))
    assert (
        re.sub(r"uuid\([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\)", "uuid(ID)", text)
        == """\
// Orders.
[
  uuid(ID),
  version(1.0),
  pointer_default(unique)
]
interface OrderInterface
{
  // What it is.
  typedef [v1_enum] enum Kind {
    Kind_NEW = 7,
    Kind_small = -2
  } Kind;

  typedef struct Uuid {
    unsigned long data1;
    unsigned short data2;
    unsigned short data3;
    byte data4[8];
  } Uuid;

  typedef struct ItemList9 {
    [range(1, 9)] unsigned long count;
    [size_is(count)] union Item *items;
  } ItemList9;

  typedef struct StringDecimal5_2Map {
    unsigned long count;
    [size_is(count)] struct StringDecimal5_2MapEntry *items;
  } StringDecimal5_2Map;

  typedef struct Bytes {
    unsigned long count;
    [size_is(count)] byte *items;
  } Bytes;

  typedef unsigned hyper UInt64List3[3];

  // An order.
  typedef struct Order {
    // Given by us.
    // Kept.
    Uuid id;
    [string, unique] wchar_t *url;  // at most 80 characters
    ItemList9 short_;
    StringDecimal5_2Map prices;  // values decimal(5, 2), unscaled
    [range(-3, 3)] small quantity;
    // In kg.
    [unique] short *weight;
    hyper sent;  // microseconds since 1970-01-01T00:00:00Z
    Bytes total;  // decimal(30, 2), unscaled, in the shortest two's complement
    UInt64List3 grid[2];  // items each 1..18446744073709551615
  } Order;

  typedef union Item switch (unsigned long number) value {
    // A code.
    case 1:
      byte code[4];
    case 7:
      Kind kind;
  } Item;

  typedef struct StringDecimal5_2MapEntry {
    [string] wchar_t *key;
    hyper value;  // decimal(5, 2), unscaled
  } StringDecimal5_2MapEntry;

  void sendOrder([in] handle_t binding, [in, ref] const Order *message);
}
"""
    )


def test_the_uuid_is_the_schema_s():
    uuids = [re.findall(r"uuid\((.*)\)", write(SCHEMAS[name])) for name in ("order", "order", "tree")]
    assert uuids[0] == uuids[1] != uuids[2]


@needs_widl
@pytest.mark.parametrize("name", SCHEMAS)
def test_widl_takes_it(tmp_path, name):
    header = run_widl(tmp_path, SCHEMAS[name])
    defined = re.findall(r"^  typedef .*\b(\w+) .*\{$", write(SCHEMAS[name]), re.MULTILINE)
    assert len(defined) >= len(SCHEMAS[name].types)
    assert f"void __cdecl send{SCHEMAS[name].root}(" in header


@needs_widl
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(schemas())
def test_widl_takes_any_schema(tmp_path, schema):
    run_widl(tmp_path, schema)


@needs_widl
def test_what_a_union_holds_of_itself_is_behind_a_pointer(tmp_path):
    header = run_widl(tmp_path, SCHEMAS["tree_of_unions"])
    assert "struct Negated *negated;" in header
    assert "struct Expression *items;" in header
