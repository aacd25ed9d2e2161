"""The writer of XDR specifications: rpcgen takes them, and its C code decodes and encodes again what we encode."""

import shutil
import subprocess

import pytest
from hypothesis import HealthCheck, given, settings
from sercodecs.xdr import compile as compile_xdr
from serschema import shared
from serschema.generate import generate
from serschema.idl.xdr import write
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

pytestmark = pytest.mark.skipif(
    not (shutil.which("rpcgen") and shutil.which("gcc")), reason="rpcgen and gcc are missing: make peers"
)

# A union that holds itself by value is good XDR, but no C.
IN_C = [name for name in EXAMPLES if name != "tree_of_unions"]

MAIN = """
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "schema.h"

int main(void) {
  unsigned char head[4];
  int count = 0;
  while (fread(head, 1, 4, stdin) == 4) {
    unsigned length = (unsigned)head[0] << 24 | head[1] << 16 | head[2] << 8 | head[3];
    char *in = malloc(length + 1), *out = malloc(length + 1);
    ROOT value;
    XDR xdr;
    memset(&value, 0, sizeof value);
    if (fread(in, 1, length, stdin) != length) return 2;
    xdrmem_create(&xdr, in, length, XDR_DECODE);
    if (!xdr_ROOT(&xdr, &value) || xdr_getpos(&xdr) != length) return 3;
    xdrmem_create(&xdr, out, length, XDR_ENCODE);
    if (!xdr_ROOT(&xdr, &value) || xdr_getpos(&xdr) != length) return 4;
    if (memcmp(in, out, length)) return 5;
    count++;
  }
  printf("%d", count);
  return 0;
}
"""


def in_c(schema, folder):
    """Have rpcgen make C of the schema."""
    (folder / "schema.x").write_text(write(schema), encoding="utf-8")
    for flag, output in (("-h", "schema.h"), ("-c", "schema.c")):
        (folder / output).unlink(missing_ok=True)
        command = ["rpcgen", "-i", "0", flag, "-o", output, "schema.x"]
        ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
        assert (ran.returncode, ran.stderr) == (0, "")


def gcc(folder, *arguments):
    command = ["gcc", "-w", "-I/usr/include/tirpc", *arguments]
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr


def has_nul(value):
    """C's strings end at a NUL."""
    match value:
        case str():
            return "\0" in value
        case list():
            return any(map(has_nul, value))
        case dict():
            return any(has_nul(part) for pair in value.items() for part in pair)
        case _:
            return False


def again(schema, messages, folder):
    """How many messages C decodes and encodes again to the same octets."""
    in_c(schema, folder)
    (folder / "main.c").write_text(MAIN.replace("ROOT", schema.root))
    gcc(folder, "main.c", "schema.c", "-o", "again", "-ltirpc")
    framed = b"".join(len(message).to_bytes(4, "big") + message for message in messages)
    ran = subprocess.run([folder / "again"], input=framed, capture_output=True, check=False)
    assert ran.returncode == 0, f"message is refused or differs: {ran.returncode}"
    return int(ran.stdout)


@pytest.mark.parametrize("name", shared.NAMES)
def test_c_reads_and_writes_the_shared_schemas(name, tmp_path):
    data = shared.load(name)
    messages = [compile_xdr(data.schema).encode(value) for value in data.values]
    assert again(data.schema, messages, tmp_path) == len(data.values)


@pytest.mark.parametrize("name", [name for name in IN_C if name != "names"])
def test_c_reads_and_writes_every_construct(name, tmp_path):
    schema = EXAMPLES[name]
    values = [value for value in (generate(schema, seed, 10 * seed) for seed in range(20)) if not has_nul(value)]
    assert len(values) > 5
    assert again(schema, [compile_xdr(schema).encode(value) for value in values], tmp_path) == len(values)


@pytest.mark.parametrize("name", EXAMPLES)
def test_rpcgen_takes_every_construct(name, tmp_path):
    in_c(EXAMPLES[name], tmp_path)


def test_names_that_c_has_taken(tmp_path):
    in_c(EXAMPLES["names"], tmp_path)
    gcc(tmp_path, "-fsyntax-only", "schema.c")


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(schemas())
def test_rpcgen_takes_any_schema(tmp_path, schema):
    in_c(schema, tmp_path)


def test_the_text():
    schema = Schema(
        "Report",
        (
            Record(
                "Report",
                (
                    Field("id", 1, Uuid()),
                    Field("at", 2, Timestamp(), optional=True),
                    Field("small", 3, Int(8, False, 1, 20), doc="In */ metres."),
                    Field("title", 4, String(5), optional=True),
                    Field("matrix", 5, List(List(Int(32), 2, 2), 3, 3)),
                    Field("prices", 6, Map(String(), Decimal(30, 2))),
                    Field("data", 7, Bytes(1, 9)),
                    Field("parts", 8, List(Ref("Report"), 0, 4)),
                    Field("names", 11, List(String(), 2)),
                    Field("shape", 9, Ref("Shape")),
                    Field("struct", 10, Ref("Empty")),
                ),
            ),
            Union("Shape", (Field("radius", 1, Int(64, False)), Field("colour", 9, Ref("Colour"), doc="Of ink."))),
            Enum("Colour", (("RED", 0), ("Report", -1))),
            Record("Empty", (), doc="Nothing.\n\nAt all."),
        ),
        doc="Reports.",
    )
    assert (
        write(schema)
        == """\
/* Reports. */

%typedef struct Report Report;

enum Colour {
  Colour_RED = 0,
  Colour_Report = -1
};

typedef string String5<20>; /* at most 5 characters */

struct Int32List2 {
  int items[2];
};

struct StringDecimal30_2MapEntry {
  string key<>;
  opaque value<>; /* decimal(30, 2), unscaled, in the shortest two's complement */
};

typedef Report ReportList4<4>;

typedef string String<>;

union Shape switch (unsigned int number) {
  case 1:
    unsigned hyper radius;
  /* Of ink. */
  case 9:
    Colour colour;
};

/*
 * Nothing.
 *
 * At all.
 */
struct Empty {
  int unused;
};

struct Report {
  opaque id[16]; /* UUID */
  hyper *at; /* microseconds since 1970-01-01T00:00:00Z */
  /* In * / metres. */
  unsigned int small; /* 8 bits, 1..20 */
  String5 *title; /* at most 5 characters */
  Int32List2 matrix[3];
  StringDecimal30_2MapEntry prices<>;
  opaque data<9>; /* 1..9 octets */
  ReportList4 parts;
  String names<>; /* 2.. items */
  Shape shape;
  Empty struct_;
};
"""
    )
