"""FlexBuffers: what flatc wrote, flatc in both directions, and offsets that go nowhere good."""

import json
import shutil
import subprocess
from contextlib import suppress

import pytest
from sercodecs.contract import DecodeError, UnsupportedSchema
from sercodecs.registry import find
from serschema.model import Bool, Enum, Field, Float, Int, List, Record, Ref, Schema, String, Union

flexbuffers = pytest.importorskip("flatbuffers.flexbuffers")
[INFO] = find(["flexbuffers"])
needs_flatc = pytest.mark.skipif(not shutil.which("flatc"), reason="flatc is missing: make peers")

SCHEMA = Schema(
    "Root",
    (
        Record(
            "Root",
            (
                Field("flag", 1, Bool()),
                Field("count", 2, Int(8)),
                Field("text", 3, String()),
                Field("list", 4, List(Int(16))),
                Field("words", 5, List(String())),
                Field("shape", 6, Ref("Shape")),
                Field("ratio", 7, Float(32)),
                Field("hue", 8, Ref("Hue"), True),
                Field("none", 9, List(Float())),
            ),
        ),
        Union("Shape", (Field("point", 1, Ref("Point")), Field("size", 2, Int(64, False)))),
        Record("Point", (Field("x", 1, Int(32)), Field("y", 2, Int(32)))),
        Enum("Hue", (("RED", 0), ("BLUE", 7))),
    ),
)
VALUE = {
    "flag": True,
    "count": -5,
    "text": "h\u00e9llo",
    "list": [1, 2, 300],
    "words": ["a", "b"],
    "shape": {"point": {"x": 1, "y": -70000}},
    "ratio": 1.5,
    "hue": "BLUE",
    "none": [],
}
FLATC = (
    "666c616700636f756e740074657874000668c3a96c6c6f006c69737400000300010002002c01050505776f7264730001"
    "61000162000206041414736861706500706f696e74007800790002050400000005000000010000000200000001000000"
    "90eefeff060601270101010f26726174696f006875650004424c5545006e6f6e650000097f85136f0b1c508063000000"
    "0c0000000100000009000000fbffffff010000002c00000088000000290000000000c03f49000000a700000086000000"
    "066a1429280e2414282d2601"
)
"""flatc 2.0.8 --binary --flexbuffers, from the value above as JSON."""


def test_what_flatc_wrote():
    assert INFO.compile(SCHEMA).decode(bytes.fromhex(FLATC)) == VALUE


def flatc(folder, *arguments):
    done = subprocess.run(["flatc", *arguments], cwd=folder, capture_output=True, text=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_keys_are_read_without_copies_of_the_rest(monkeypatch):
    """`Buf.Find` makes them. Keys that the schema does not have are passed over, however long."""
    codec = INFO.compile(Schema("M", (Record("M", (Field("key", 1, Int(8)), Field("keys", 2, Int(8), True))),)))
    data = bytes(flexbuffers.Dumps({"key": 1, "keyss": 2, "keys" * 1000: 3, "": 4}))
    monkeypatch.setattr(flexbuffers.Buf, "Find", None)
    assert codec.decode(data) == {"key": 1}
    assert codec.decode(codec.encode({"key": 1, "keys": 2})) == {"key": 1, "keys": 2}


@needs_flatc
def test_flatc_both_ways(tmp_path):
    (tmp_path / "value.json").write_text(json.dumps(VALUE))
    flatc(tmp_path, "--binary", "--flexbuffers", "value.json")
    assert (tmp_path / "value.bin").read_bytes().hex() == FLATC
    (tmp_path / "ours.bin").write_bytes(INFO.compile(SCHEMA).encode(VALUE))
    flatc(tmp_path, "--json", "--strict-json", "--flexbuffers", "--raw-binary", "ours.bin")
    assert json.loads((tmp_path / "ours.json").read_text()) == VALUE


def test_typed_vectors():
    codec = INFO.compile(Schema("M", (Record("M", (Field("v", 1, List(Int(16))),)),)))
    builder = flexbuffers.Builder()
    with builder.Map():
        builder.Key("v")
        builder.FixedTypedVectorFromElements([1, -300, 7])
    assert codec.decode(bytes(builder.Finish())) == {"v": [1, -300, 7]}
    assert len(codec.encode({"v": [1] * 100})) < 130


TREE = Schema("Tree", (Record("Tree", (Field("t", 1, List(Ref("Tree"))),)),))


@pytest.mark.timeout(3)
def test_what_goes_round_in_a_circle():
    """Offsets of 0 point to themselves, small ones to what holds them: the library alone would end with the stack."""
    codec = INFO.compile(TREE)
    octets = codec.encode({"t": [{"t": []}] * 8})
    for place in range(len(octets)):
        for value in (0, 1, 2, 8, 0xFF):
            damaged = octets[:place] + bytes([value]) + octets[place + 1 :]
            with suppress(DecodeError):
                codec.decode(damaged)


@pytest.mark.timeout(3)
def test_what_is_shared_is_bounded():
    builder = flexbuffers.Builder()
    with builder.Map():
        builder.Key("t")
        with builder.Vector():
            pass
    for _ in range(60):
        held = builder.LastValue
        with builder.Map():
            builder.Key("t")
            with builder.Vector():
                builder.ReuseValue(held)
                builder.ReuseValue(held)
        del builder._stack[:-1]
    with pytest.raises(DecodeError, match="shared"):
        INFO.compile(TREE).decode(bytes(builder.Finish()))


def test_of_another_type():
    codec = INFO.compile(SCHEMA)
    for wrong in (
        {"flag": 1},
        {"count": "5"},
        {"count": 200},
        {"text": 5},
        {"list": [1.5]},
        {"hue": "GREEN"},
        {"shape": {}},
    ):
        with pytest.raises(DecodeError):
            codec.decode(bytes(flexbuffers.Dumps({**VALUE, **wrong})))


def test_a_key_that_is_not_ascii():
    with pytest.raises(UnsupportedSchema, match="ASCII"):
        INFO.compile(Schema("M", (Record("M", (Field("a", 1, Bool(), key="\u00e9"),)),)))
