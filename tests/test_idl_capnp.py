"""The writer of Cap'n Proto schemas: capnp takes them, and carries values by them."""

import json
import re
import shutil
import subprocess

import absences
import pytest
from hypothesis import HealthCheck, given, settings
from serschema import shared
from serschema.idl.capnp import write
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

needs_capnp = pytest.mark.skipif(not shutil.which("capnp"), reason="capnp is missing: make peers")


def run_capnp(folder, schema, *arguments, given=b""):
    """Write a schema to a file, and run a command of capnp on it; `FILE` stands for its path."""
    file = folder / "schema.capnp"
    file.write_text(write(schema), encoding="utf-8")
    arguments = [str(file) if argument == "FILE" else argument for argument in arguments]
    done = subprocess.run(["capnp", *arguments], input=given, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def test_the_file():
    order = Record(
        "order",
        (
            Field("order_id", 3, Uuid(), doc="Given by us.\nKept."),
            Field("URL", 4, String(80), True),
            Field("url", 5, List(Ref("Item"), 1)),
            Field("prices", 6, Map(String(), Decimal(5, 2))),
            Field("weight", 7, Float(32), True, doc="In kg."),
            Field("sent", 8, Timestamp()),
            Field("union", 9, Decimal(30, 2), True),
        ),
        "An order.",
    )
    item = Union("Item", (Field("code", 1, Bytes(4, 4)), Field("number", 2, Int(64, False, 1)), Field("k", 3, KIND)))
    kind = Enum("Text", (("NEW", 0), ("SECOND_HAND", -2)), "What it is.")
    assert (
        re.sub("@0x[89a-f][0-9a-f]{15};", "@ID;", write(Schema("order", (order, item, kind), doc="Orders.")))
        == """\
# Orders.
@ID;

struct Order {
  # An order.
  orderId @0 :Data;  # UUID, 16 octets
  # Given by us.
  # Kept.
  urlX @1 :Text;  # at most 80 characters; null if absent
  url @2 :List(Item);  # 1.. items
  prices @3 :List(StringDecimal52MapEntry);  # values decimal(5, 2), unscaled
  weight :union {
    # In kg.
    none @4 :Void;
    some @5 :Float32;
  }
  sent @6 :Int64;  # microseconds since 1970-01-01T00:00:00Z
  union @7 :Data;  # decimal(30, 2), unscaled, in the shortest two's complement; null if absent
}

struct Item {
  union {
    code @0 :Data;  # 4 octets
    number @1 :UInt64;  # 1..18446744073709551615
    k @2 :TextX;
  }
}

enum TextX {
  # What it is.
  new @0;
  secondHand @1;  # -2
}

struct StringDecimal52MapEntry {
  key @0 :Text;
  value @1 :Int64;  # decimal(5, 2), unscaled
}
"""
    )


KIND = Ref("Text")


def test_the_id_is_the_schema_s():
    one, other = SCHEMAS["order"], SCHEMAS["tree"]
    assert write(one) == write(one)
    assert write(one).splitlines()[1] != write(other).splitlines()[1]


@needs_capnp
@pytest.mark.parametrize("name", SCHEMAS)
def test_capnp_takes_it(tmp_path, name):
    """What it compiles to has the names of the types in it."""
    compiled = run_capnp(tmp_path, SCHEMAS[name], "compile", "-o-", "FILE")
    defined = re.findall(r"^(?:struct|enum) (\w+)", write(SCHEMAS[name]), re.MULTILINE)
    assert len(defined) >= len(SCHEMAS[name].types)
    assert all(f":{name}\0".encode() in compiled for name in defined)


@needs_capnp
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(schemas())
def test_capnp_takes_any_schema(tmp_path, schema):
    assert run_capnp(tmp_path, schema, "compile", "-o-", "FILE")


@needs_capnp
@pytest.mark.parametrize(
    ("given", "again"),
    [
        (
            {
                "a": {"some": 0},
                "b": True,
                "c": "",
                "d": [{"number": "7"}, {"points": [{"x": 1, "y": 2}]}],
                "m": [{"key": -1, "value": {"text": "x"}}],
                "e": {"some": "green"},
                "g": [[1], []],
            },
            {},
        ),
        ({"b": True, "d": [], "m": [], "g": []}, {"a": {"none": None}, "e": {"none": None}}),
    ],
    ids=["present", "absent"],
)
def test_absent_is_not_zero(tmp_path, given, again):
    schema = absences.root()
    octets = run_capnp(tmp_path, schema, "convert", "json:binary", "FILE", "Root", given=json.dumps(given).encode())
    text = run_capnp(tmp_path, schema, "convert", "binary:json", "FILE", "Root", given=octets)
    assert json.loads(text) == given | again
