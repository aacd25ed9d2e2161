"""FlatBuffers: what flatc wrote, flatc itself in both directions, and data that no verifier has seen."""

import json
import shutil
import subprocess

import absences
import pytest
from sercodecs.contract import DecodeError, UnsupportedSchema
from sercodecs.registry import find
from serschema import shared
from serschema.idl.flatbuffers import write
from serschema.model import Bool, Field, Float, List, Record, Ref, Schema, String, Union
from serschema.strategies import EXAMPLES
from serschema.values import first_difference

flatbuffers = pytest.importorskip("flatbuffers")
[INFO] = find(["flatbuffers"])
SCHEMAS = (*shared.NAMES, *EXAMPLES)
needs_flatc = pytest.mark.skipif(not shutil.which("flatc"), reason="flatc is missing: make peers")

ROOT = absences.root(Field("h", 8, Float()))
PRESENT = absences.PRESENT | {"h": 0.0}
ABSENT = {"b": False, "m": {}, "g": [], "h": 0.0}

# Written by flatc 2.0.8 --binary from the JSON above, and from {"m": [], "g": []}.
FLATC = [
    (
        PRESENT,
        (
            "1c00000000000000000012002000080007000c001000140018001c00120000000000000100000000d800000068000000"
            "3400000001000000040000000200000014000000040000009affffff0400000000000000a6ffffff0400000001000000"
            "01000000010000001000000000000a000c000600070008000a0000000000ff0204000000d6ffffff0400000001000000"
            "78000000020000004800000004000000c8ffffff000000040c0000000000060008000400060000000400000001000000"
            "0c00000008000c000400080008000000010000000200000008000e000700080008000000000000010c00000000000600"
            "0c0004000600000007000000000000000000000000000000"
        ),
    ),
    (ABSENT, ("18000000000012000c000000000000000000040000000800120000000c000000040000000000000000000000")),
]


@pytest.mark.parametrize(("value", "octets"), FLATC, ids=["present", "absent"])
def test_what_flatc_wrote(value, octets):
    assert INFO.compile(ROOT).decode(bytes.fromhex(octets)) == value


def flatc(folder, *arguments):
    done = subprocess.run(["flatc", *arguments], cwd=folder, capture_output=True, text=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@needs_flatc
def test_flatc_writes_what_it_wrote(tmp_path):
    """The vectors above are still what flatc makes."""
    (tmp_path / "schema.fbs").write_text(write(ROOT))
    for value, (_, octets) in zip((absences.FLATC_JSON, {"m": [], "g": []}), FLATC):
        (tmp_path / "value.json").write_text(json.dumps(value))
        flatc(tmp_path, "--binary", "schema.fbs", "value.json")
        assert (tmp_path / "value.bin").read_bytes().hex() == octets


@needs_flatc
@pytest.mark.parametrize("name", SCHEMAS)
def test_flatc_reads_ours_and_we_read_its(name, tmp_path):
    """Octets to JSON and back, both by flatc."""
    schema, values = absences.messages(name, 3)
    codec = INFO.compile(schema)
    (tmp_path / "schema.fbs").write_text(write(schema))
    file = tmp_path / "value.bin"
    for value in values:
        file.write_bytes(codec.encode(value))
        flatc(tmp_path, "--json", "--strict-json", "--raw-binary", "schema.fbs", "--", file.name)
        file.unlink()
        flatc(tmp_path, "--binary", "schema.fbs", "value.json")
        assert first_difference(value, codec.decode(file.read_bytes())) == ""


def test_negative_zero_is_written():
    """The library takes it for the default, and would leave it out."""
    codec = INFO.compile(Schema("M", (Record("M", (Field("x", 1, Float()), Field("y", 2, Float(32)))),)))
    assert str(codec.decode(codec.encode({"x": -0.0, "y": -0.0}))) == "{'x': -0.0, 'y': -0.0}"
    assert len(codec.encode({"x": 0.0, "y": 0.0})) == 12


PAIR = Schema("Pair", (Record("Pair", (Field("l", 1, Ref("Pair"), True), Field("r", 2, Ref("Pair"), True))),))


def shared_pairs(levels):
    """A pair of a pair with itself, and so on: two to the power `levels` of them in a few octets each."""
    builder, inner = flatbuffers.Builder(), 0
    for _ in range(levels):
        builder.StartObject(2)
        builder.PrependUOffsetTRelativeSlot(0, inner, 0)
        builder.PrependUOffsetTRelativeSlot(1, inner, 0)
        inner = builder.EndObject()
    builder.Finish(inner)
    return bytes(builder.Output())


@pytest.mark.timeout(2)
def test_what_is_shared_is_bounded():
    codec = INFO.compile(PAIR)
    assert codec.decode(shared_pairs(3)) == {"l": {"l": {}, "r": {}}, "r": {"l": {}, "r": {}}}
    with pytest.raises(DecodeError, match="shared"):
        codec.decode(shared_pairs(60))
    with pytest.raises(DecodeError, match="levels"):
        codec.decode(shared_pairs(150))


@pytest.mark.timeout(2)
def test_one_long_text_many_times():
    builder = flatbuffers.Builder()
    text = builder.CreateString("x" * 100_000)
    builder.StartVector(4, 10_000, 4)
    for _ in range(10_000):
        builder.PrependUOffsetTRelative(text)
    items = builder.EndVector()
    builder.StartObject(1)
    builder.PrependUOffsetTRelativeSlot(0, items, 0)
    builder.Finish(builder.EndObject())
    codec = INFO.compile(Schema("M", (Record("M", (Field("t", 1, List(String())),)),)))
    with pytest.raises(DecodeError, match="shared"):
        codec.decode(bytes(builder.Output()))
    assert codec.access(("t", 9_999))(bytes(builder.Output())) == "x" * 100_000


def test_what_is_required():
    codec = INFO.compile(ROOT)
    builder = flatbuffers.Builder()
    builder.StartObject(8)
    builder.Finish(builder.EndObject())
    with pytest.raises(DecodeError, match="no m of Root"):
        codec.decode(bytes(builder.Output()))


def test_access_looks_at_no_more_than_it_needs():
    codec = INFO.compile(ROOT)
    absences.access_looks_at_no_more_than_it_needs(codec, PRESENT)
    with pytest.raises(DecodeError):
        codec.access(("d", -1, "points"))(codec.encode(PRESENT))


def test_more_alternatives_than_an_octet_tells_apart():
    members = tuple(Field(f"a{number}", number, Bool()) for number in range(1, 257))
    schema = Schema("M", (Record("M", (Field("u", 1, Ref("U")),)), Union("U", members)))
    with pytest.raises(UnsupportedSchema, match="256 alternatives"):
        INFO.compile(schema)
