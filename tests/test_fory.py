"""Fory xlang: octets by its specification, and the library's serializers in Python against those in Cython."""

import os
import subprocess
import sys
from decimal import Decimal as PyDecimal

import pytest
from sercodecs.contract import DecodeError
from sercodecs.registry import find
from serschema import shared
from serschema.generate import generate
from serschema.model import Bool, Bytes, Decimal, Enum, Field, Float, Int, List, Map, Record, Ref, Schema, String
from serschema.strategies import EXAMPLES

pyfory = pytest.importorskip("pyfory")
COMPATIBLE, CONSISTENT = find(["fory-xlang"])


def one(type_, *more, optional=False):
    return Schema("M", (Record("M", (Field("v", 1, type_, optional),)), *more))


HUE = Enum("Hue", (("RED", 3), ("BLUE", 300)))

# "Fory Cross-Language Serialization Specification", Value Format: varint, string, list, map, enum and struct. Decimal,
# which it leaves open, is left out here.
VALUES = [
    (Bool(), True, "01"),
    (Int(8), -1, "ff"),
    (Int(16), -2, "feff"),
    (Int(32), 300, "d804"),
    (Int(32, False), 300, "ac02"),
    (Int(64), -1, "01"),
    (Int(64), -(1 << 63), "ffffffffffffffffff"),
    (Int(64, False), 1 << 63, "808080808080808080"),
    (Float(32), 1.5, "0000c03f"),
    (Float(64), 1.5, "000000000000f83f"),
    (String(), "", "00"),
    (String(), "abc", "0c 616263"),
    (String(), "\u00e9", "04 e9"),
    (String(), "\u65e5\u672c", "11 e565 2c67"),
    (List(Int(32)), [], "00"),
    (List(Int(32)), [1, 2], "02 0c 02 04"),
    (List(String()), ["a"], "01 0c 04 61"),
    (Map(String(), Int(8)), {"a": 7}, "01 24 01 0461 07"),
    (Bytes(), b"xyz", "03 78797a"),
    (Ref("Hue"), "BLUE", "ac02"),
]  # fmt: skip
HEAD = "01 ff 1b 01"
"""xlang; not null; a struct that was registered by the number 1. Then come four octets, the hash of its fields."""


@pytest.mark.parametrize(("type_", "value", "octets"), VALUES)
def test_octets(type_, value, octets):
    codec = CONSISTENT.compile(one(type_, HUE) if type_ == Ref("Hue") else one(type_))
    data = codec.encode({"v": value})
    assert data[:4] == bytes.fromhex(HEAD)
    assert data[8:] == bytes.fromhex(octets)
    assert codec.decode(data) == {"v": value}


def test_an_optional_field_has_a_flag():
    codec = CONSISTENT.compile(one(Int(8), optional=True))
    assert codec.encode({"v": 5})[8:] == bytes.fromhex("ff05")
    assert codec.encode({})[8:] == bytes.fromhex("fd")


PROGRAM = """
import sys
from functools import cache
import pyfory
assert not pyfory.ENABLE_FORY_CYTHON_SERIALIZATION
from sercodecs.registry import find
from serschema import shared
from serschema.strategies import EXAMPLES
@cache
def compiled(name, codec):
    [info] = find([codec])
    return info.compile(EXAMPLES[name] if name in EXAMPLES else shared.load(name, records=1).schema)

for line in sys.stdin:
    name, codec, octets = line.split()
    codec, data = compiled(name, codec), bytes.fromhex(octets)
    assert codec.encode(codec.decode(data)) == data, line
print("same")
"""


def test_the_serializers_in_python_read_and_write_the_same():
    """Those in Cython wrote it; the library has both, and an environment variable chooses."""
    lines = []
    for name in (*shared.NAMES, *EXAMPLES):
        if name in EXAMPLES:
            schema, values = EXAMPLES[name], [generate(EXAMPLES[name], seed) for seed in (1, 2)]
        else:
            loaded = shared.load(name, records=10)
            schema, values = loaded.schema, list(loaded.values[:1])
        for info in (COMPATIBLE, CONSISTENT):
            codec = info.compile(schema)
            lines += [f"{name} {info.id} {codec.encode(value).hex()}\n" for value in values]
    environment = {**os.environ, "ENABLE_FORY_CYTHON_SERIALIZATION": "0", "PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-c", PROGRAM]
    ran = subprocess.run(command, env=environment, input="".join(lines), capture_output=True, text=True)
    assert (ran.stdout, ran.stderr[-2000:]) == ("same\n", "")


def test_only_the_compatible_mode_reads_other_fields():
    wider = Schema("M", (Record("M", (Field("v", 1, Int(32)), Field("w", 2, String()))),))
    for info in (COMPATIBLE, CONSISTENT):
        data = info.compile(wider).encode({"v": 5, "w": "x"})
        if info is COMPATIBLE:
            assert info.compile(one(Int(32))).decode(data) == {"v": 5}
            with pytest.raises(DecodeError, match=r"no M\.w"):
                info.compile(wider).decode(info.compile(one(Int(32))).encode({"v": 5}))
        else:
            with pytest.raises(DecodeError):
                info.compile(one(Int(32))).decode(data)


@pytest.mark.parametrize("info", [COMPATIBLE, CONSISTENT], ids=lambda info: info.id)
def test_nothing_else_is_made_of_the_data(info):
    """A message of another type, in Python's own mode too, which can call what it names."""
    codec = info.compile(one(Int(32)))
    others = [pyfory.Fory(xlang=True).serialize("text"), pyfory.Fory(xlang=False, strict=False).serialize(print)]
    for data in others:
        with pytest.raises(DecodeError):
            codec.decode(data)


def test_decimals_keep_their_exponent():
    codec = CONSISTENT.compile(one(Decimal(40, 3)))
    for text in ("0.000", "-0.001", "1234567890123456789012345678901234567.890"):
        assert str(codec.decode(codec.encode({"v": PyDecimal(text)}))["v"]) == text
