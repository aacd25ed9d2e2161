"""The C struct image, held against a C compiler, which is asked for the size, the offsets and the bytes."""

import ctypes
import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sercodecs.contract import DecodeError, EncodeError, UnsupportedSchema
from sercodecs.struct_native import CODECS, compile
from serschema.model import (
    Bool,
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
from serschema.values import first_difference

OTHER = "big" if sys.byteorder == "little" else "little"


def fields(*types):
    return tuple(Field(f"f{number}", number, type_) for number, type_ in enumerate(types, 1))


SCHEMA = Schema(
    "Whole",
    (
        Record(
            "Whole",
            fields(
                Bool(),
                Int(64),
                Int(8),
                Ref("Inner"),
                Int(16, signed=False),
                Float(),
                Bytes(3, 3),
                Ref("Color"),
                List(Int(16), 3, 3),
                Timestamp(),
                Int(8, signed=False),
                Uuid(),
                Float(32),
                List(Ref("Pair"), 2, 2),
                List(List(Int(32), 2, 2), 3, 3),
                List(Uuid(), 2, 2),
                List(Ref("Color"), 1, 1),
                Bool(),
            ),
        ),
        Record("Inner", fields(Int(8), Ref("Pair"), Int(8))),
        Record("Pair", fields(Int(32, signed=False), Int(8))),
        Enum("Color", (("RED", -1), ("BLUE", 70000))),
    ),
)
VALUE = {
    "f1": True,
    "f2": -2,
    "f3": -128,
    "f4": {"f1": 1, "f2": {"f1": 4294967295, "f2": 2}, "f3": 3},
    "f5": 65535,
    "f6": 0.1,
    "f7": b"abc",
    "f8": "BLUE",
    "f9": [1, -2, 3],
    "f10": datetime(1969, 12, 31, 23, 59, 59, 999999, UTC),
    "f11": 255,
    "f12": UUID("00112233-4455-6677-8899-aabbccddeeff"),
    "f13": 1.5,
    "f14": [{"f1": 10, "f2": 11}, {"f1": 12, "f2": 13}],
    "f15": [[1, 2], [3, 4], [5, -6]],
    "f16": [UUID(int=1), UUID(int=2)],
    "f17": ["RED"],
    "f18": False,
}
C_SOURCE = """
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct pair { uint32_t f1; int8_t f2; };
struct inner { int8_t f1; struct pair f2; int8_t f3; };
struct whole {
    bool f1; int64_t f2; int8_t f3; struct inner f4; uint16_t f5; double f6; unsigned char f7[3]; int32_t f8;
    int16_t f9[3]; int64_t f10; uint8_t f11; unsigned char f12[16]; float f13; struct pair f14[2]; int32_t f15[3][2];
    unsigned char f16[2][16]; int32_t f17[1]; bool f18;
};

int main(void) {
    static struct whole w;  /* static: its padding is zero */
    w.f1 = true; w.f2 = -2; w.f3 = -128;
    w.f4.f1 = 1; w.f4.f2.f1 = 4294967295u; w.f4.f2.f2 = 2; w.f4.f3 = 3;
    w.f5 = 65535; w.f6 = 0.1; memcpy(w.f7, "abc", 3); w.f8 = 70000;
    w.f9[0] = 1; w.f9[1] = -2; w.f9[2] = 3; w.f10 = -1; w.f11 = 255;
    for (int i = 0; i < 16; i++) w.f12[i] = 17 * i;
    w.f13 = 1.5f;
    for (int i = 0; i < 2; i++) { w.f14[i].f1 = 10 + 2 * i; w.f14[i].f2 = 11 + 2 * i; }
    for (int i = 0; i < 6; i++) w.f15[i / 2][i % 2] = i < 5 ? i + 1 : -6;
    w.f16[0][15] = 1; w.f16[1][15] = 2; w.f17[0] = -1; w.f18 = false;
    for (size_t i = 0; i < sizeof w; i++) printf("%02x", ((unsigned char *) &w)[i]);
    return 0;
}
"""


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler (cc)")
def test_a_c_compiler_lays_out_the_same(tmp_path):
    (tmp_path / "whole.c").write_text(C_SOURCE)
    subprocess.run(["cc", "-std=c99", "-o", "whole", "whole.c"], cwd=tmp_path, check=True)
    image = bytes.fromhex(subprocess.run([tmp_path / "whole"], check=True, capture_output=True, text=True).stdout)
    codec = compile(SCHEMA)
    assert codec.encode(VALUE).hex(" ") == image.hex(" ")
    assert first_difference(VALUE, codec.decode(image)) == ""


def test_padding_by_hand():
    """System V ABI: the struct {int8_t; int32_t; int16_t} has its members at 0, 4 and 8, and 12 octets."""
    schema = Schema("S", (Record("S", fields(Int(8), Int(32), Int(16))),))
    value = {"f1": 1, "f2": 0x02030405, "f3": 0x0607}
    big, little = (bytes.fromhex(text) for text in ("01000000 02030405 06070000", "01000000 05040302 07060000"))
    assert compile(schema, order="big").encode(value) == big
    assert compile(schema, order="little").encode(value) == little
    assert compile(schema).encode(value) == (little if sys.byteorder == "little" else big)


@pytest.mark.parametrize("order", ["native", "big", "little"])
def test_each_order_comes_back(order):
    codec = compile(SCHEMA, order=order)
    assert first_difference(VALUE, codec.decode(codec.encode(VALUE))) == ""


def test_the_other_machine_reads_something_else():
    """What makes this codec the control: an enum's number does not even exist there, and numbers differ."""
    with pytest.raises(DecodeError):
        compile(SCHEMA, order=OTHER).decode(compile(SCHEMA).encode(VALUE))
    numbers = Schema("S", (Record("S", fields(Int(32), Float())),))
    there = compile(numbers, order=OTHER).decode(compile(numbers).encode({"f1": 1, "f2": 1.0}))
    assert there["f1"] == 1 << 24
    assert there["f2"] != 1.0


UNSUPPORTED = {
    "string": (String(), "$.f1"),
    "decimal": (Decimal(5, 2), "$.f1"),
    "map": (Map(Int(), Int()), "$.f1"),
    "union": (Ref("U"), "$.f1"),
    "list of open length": (List(Int(), 1, 2), "$.f1"),
    "list of length 0": (List(Int(), 0, 0), "$.f1"),
    "bytes of open length": (List(Bytes(), 2, 2), "$.f1[]"),
    "a record without fields": (Ref("Nothing"), "$.f1"),
}


@pytest.mark.parametrize("kind", UNSUPPORTED)
def test_what_has_no_fixed_size(kind):
    type_, path = UNSUPPORTED[kind]
    schema = Schema("S", (Record("S", fields(type_)), Record("Nothing", ()), Union("U", (Field("a", 1, Int()),))))
    with pytest.raises(UnsupportedSchema) as caught:
        compile(schema)
    assert (caught.value.codec, caught.value.kind, caught.value.path) == ("struct-native/control", kind, path)


def test_an_optional_field_even_of_the_record_itself():
    schema = Schema("S", (Record("S", (Field("n", 1, Int()), Field("next", 2, Ref("S"), optional=True))),))
    with pytest.raises(UnsupportedSchema, match=r"an optional field \(\$\.next\)"):
        compile(schema)


@pytest.mark.parametrize(
    ("change", "path"),
    [
        ({"f7": b"ab"}, "$.f7"),
        ({"f9": [1, 2]}, "$.f9"),
        ({"f14": []}, "$.f14"),
        ({"f15": [[1], [2, 3, 4], [5, 6]]}, "$.f15[0]"),
        ({"f8": "GREEN"}, "$.f8"),
        ({"f3": 128}, "$.f3"),
        ({"f10": None}, "$.f10"),
    ],
)
def test_encode_refuses(change, path):
    with pytest.raises(EncodeError) as caught:
        compile(SCHEMA).encode(VALUE | change)
    assert caught.value.path == path


def test_decode_refuses():
    ranged = Schema("S", (Record("S", fields(Int(8, minimum=0, maximum=9), Timestamp())),))
    codec = compile(ranged, order="little")
    good = codec.encode({"f1": 9, "f2": datetime(2000, 1, 1, tzinfo=UTC) + timedelta(microseconds=1)})
    assert len(good) == 16
    for data in (b"", good[:-1], good + b"\0", b"\x0a" + good[1:], good[:8] + b"\xff" * 7 + b"\x7f"):
        with pytest.raises(DecodeError):
            codec.decode(data)


def test_it_is_a_control():
    [info] = CODECS
    assert (info.control, info.orders, info.validates) == (True, ("big", "little"), True)


def test_longs_are_those_of_this_machine():
    """ctypes lays the same struct out; between machines of 32 and 64 bits it is the control of word size."""

    class Image(ctypes.Structure):
        _fields_ = [("f1", ctypes.c_int8), ("f2", ctypes.c_long), ("f3", ctypes.c_int16), ("f4", ctypes.c_ulong)]

    schema = Schema("M", (Record("M", fields(Int(8), Int(64), Int(16), Int(64, signed=False))),))
    codec = compile(schema, longs=True)
    value = {"f1": 1, "f2": -2, "f3": 3, "f4": 4}
    assert codec.encode(value) == bytes(Image(**value))
    assert codec.decode(codec.encode(value)) == value
