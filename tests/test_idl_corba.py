"""The writer of OMG IDL, which omniidl takes."""

import shutil
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from serschema import shared
from serschema.errors import SchemaError
from serschema.idl.corba import RESERVED, write
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

SCHEMAS = {name: shared.load(name).schema for name in shared.NAMES} | EXAMPLES
ENTANGLED = ("tree_of_unions", "tree_of_maps")
needs_omniidl = pytest.mark.skipif(not shutil.which("omniidl"), reason="omniidl is missing: make peers")


def take(text, folder):
    (folder / "schema.idl").write_text(text, encoding="utf-8")
    ran = subprocess.run(["omniidl", "-bdump", folder / "schema.idl"], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")


@needs_omniidl
@pytest.mark.parametrize("name", [name for name in SCHEMAS if name not in ENTANGLED])
def test_omniidl_takes_it(name, tmp_path):
    take(write(SCHEMAS[name]), tmp_path)


@needs_omniidl
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(schemas())
def test_omniidl_takes_any_schema_whose_types_are_not_entangled(tmp_path, schema):
    try:
        text = write(schema)
    except SchemaError:
        assert schema.recursive()
    else:
        take(text, tmp_path)


@needs_omniidl
def test_words_and_names_that_differ_in_case_only(tmp_path):
    words = sorted(RESERVED)
    fields = tuple(Field(word, number, Bool()) for number, word in enumerate((*words, "Payment", "Value"), 1))
    types = (
        Record(
            "Root", (Field("payment", 1, Ref("Payment")), Field("ROOT", 2, Ref("payment")), Field("red", 3, Bool()))
        ),
        Record("Payment", fields),
        Enum("payment", tuple((word, number) for number, word in enumerate((*words, "RED", "red")))),
    )
    take(write(Schema("Root", types)), tmp_path)


@pytest.mark.parametrize("name", ENTANGLED)
def test_types_that_contain_one_another(name):
    with pytest.raises(SchemaError, match="contains itself in another type, a map or an array"):
        write(EXAMPLES[name])


def test_the_text():
    schema = Schema(
        "Report",
        (
            Record(
                "Report",
                (
                    Field("id", 1, Uuid()),
                    Field("at", 2, Timestamp(), optional=True),
                    Field("small", 3, Int(8, True), doc="In metres."),
                    Field("title", 4, String(5)),
                    Field("matrix", 5, List(List(Int(32), 2, 2), 3, 3)),
                    Field("prices", 6, Map(String(), Decimal(30, 2))),
                    Field("big", 7, List(Decimal(40, 2))),
                    Field("data", 8, Bytes(1, 9)),
                    Field("parts", 9, List(Ref("Report"), 0, 4)),
                    Field("next", 14, Ref("Report"), optional=True),
                    Field("shape", 10, Ref("Shape")),
                    Field("hashes", 11, List(Bytes(4, 4))),
                    Field("string", 12, Ref("Empty")),
                ),
            ),
            Union("Shape", (Field("radius", 1, Int(64, False)), Field("ink", 9, Ref("Colour"), doc="Of it."))),
            Enum("Colour", (("RED", 0), ("BLUE", 7))),
            Record("Empty", (), doc="Nothing."),
        ),
        doc="Reports.",
    )
    assert (
        write(schema)
        == """\
// Reports.

enum Colour {
  RED,
  BLUE // 7
};

typedef fixed<30, 2> Decimal30_2;

struct StringDecimal30_2MapEntry {
  string key;
  Decimal30_2 value;
};

struct Report;
typedef sequence<Report, 4> ReportList4;

struct Report;
typedef sequence<Report, 1> ReportList1;

union Shape switch (unsigned long) {
  case 1:
    unsigned long long radius;
  // Of it.
  case 9:
    Colour ink;
};

typedef octet Bytes4[4];

// Nothing.
struct Empty {
  octet unused;
};

struct Report {
  octet id[16]; // UUID
  sequence<long long, 1> at; // microseconds since 1970-01-01T00:00:00Z
  // In metres.
  octet small; // two's complement
  string<20> title; // at most 5 characters
  long matrix[3][2];
  sequence<StringDecimal30_2MapEntry> prices;
  sequence<string> big; // each decimal(40, 2)
  sequence<octet, 9> data; // 1..9 octets
  ReportList4 parts;
  ReportList1 next;
  ::Shape shape;
  sequence<Bytes4> hashes;
  Empty string_;
};
"""
    )
