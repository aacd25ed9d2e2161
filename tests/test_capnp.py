"""Cap'n Proto: what the capnp tool wrote, the tool in both directions, and pointers that promise too much."""

import shutil
import subprocess
import sys
from decimal import Decimal as PyDecimal

import absences
import pytest
from sercodecs.contract import DecodeError, EncodeError
from sercodecs.registry import find
from serschema import shared
from serschema.idl.capnp import type_names, write
from serschema.model import Decimal, Field, Float, Int, List, Record, Ref, Schema, String
from serschema.strategies import EXAMPLES, NOTHING
from serschema.values import first_difference

pytest.importorskip("capnp")
PLAIN, PACKED = find(["capnp", "capnp-packed"])
SCHEMAS = [name for name in (*shared.NAMES, *EXAMPLES) if name != "empty"]  # which the tool takes for no message
UNREADABLE = ("access_log", "order", "lists", "maps")
"""What the tool (0.9.2) does not read again as text that it wrote itself."""
needs_capnp = pytest.mark.skipif(not shutil.which("capnp"), reason="capnp is missing: make peers")

ROOT = absences.root(Field("h", 8, Float()), Field("i", 9, Decimal(30, 2)))
TEXT = """(a = (some = 0), b = true, c = "", d = [(number = 7), (points = [(x = 1, y = 2)])],
m = [(key = -1, value = (text = "x"))], e = (some = green), g = [[1], []], h = -0.5, i = "\\x01\\x00")"""
VALUE = absences.PRESENT | {"h": -0.5, "i": PyDecimal("2.56")}
OCTETS = (
    "000000001e000000000000000300050001000100000000000100010000000000000000000000e0bf110000000a000000"
    "110000003700000031000000170000004900000016000000510000001200000000000000000000000800000002000100"
    "07000000000000000000000000000000000000000000000000000000000000000300000000000000010000000f000000"
    "040000000100000001000000020000000400000001000100ff0000000000000000000000020001000000000000000000"
    "010000000000000001000000120000007800000000000000050000000b00000005000000030000000100000000000000"
    "0100000000000000"
)
"""capnp 0.9.2 encode of the text above."""


def capnp(folder, command, argument, octets, schema):
    done = subprocess.run(
        ["capnp", command, *argument, "schema.capnp", type_names(schema)[schema.root]],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin:/usr/local/bin", "PWD": str(folder)},
        input=octets,
        capture_output=True,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    return done.stdout


def test_what_capnp_wrote():
    assert PLAIN.compile(ROOT).decode(bytes.fromhex(OCTETS)) == VALUE


@needs_capnp
def test_capnp_writes_what_it_wrote(tmp_path):
    (tmp_path / "schema.capnp").write_text(write(ROOT))
    octets = capnp(tmp_path, "encode", (), TEXT.encode(), ROOT)
    assert octets.hex() == OCTETS
    packed = capnp(tmp_path, "convert", ("binary:packed",), octets, ROOT)
    assert PACKED.compile(ROOT).decode(packed) == VALUE


@needs_capnp
@pytest.mark.parametrize("name", SCHEMAS)
def test_capnp_reads_ours_and_we_read_its(name, tmp_path):
    """The same octets after its text and in its packing; and its canonical form, which orders them otherwise."""
    schema, values = absences.messages(name, 2)
    plain, packed = PLAIN.compile(schema), PACKED.compile(schema)
    (tmp_path / "schema.capnp").write_text(write(schema))
    for value in values:
        octets = plain.encode(value)
        assert capnp(tmp_path, "convert", ("binary:packed",), octets, schema) == packed.encode(value)
        canonical = capnp(tmp_path, "convert", ("binary:canonical",), octets, schema)
        table = (0).to_bytes(4, "little") + (len(canonical) // 8).to_bytes(4, "little")
        assert first_difference(value, plain.decode(table + canonical)) == ""
        text = capnp(tmp_path, "decode", (), octets, schema)
        if name not in UNREADABLE:
            assert capnp(tmp_path, "encode", (), text, schema) == octets


LARGE = Schema("M", (Record("M", (Field("t", 1, List(String())), Field("n", 2, List(Int(64)))),),))  # fmt: skip


@pytest.mark.parametrize("info", [PLAIN, PACKED], ids=lambda info: info.id)
def test_several_segments(info):
    """Messages beyond the builder's first segment come back; cut short they are an error, and no end of the process."""
    codec = info.compile(LARGE)
    for value in (
        {"t": ["word" * 100] * 100, "n": list(range(3000))},
        {"t": ["", "x" * 20_000], "n": [0] * 5000},
        {"t": ["x" * 8000] * 3, "n": [-1] * 3000},
    ):
        data = codec.encode(value)
        assert data[0], "it is of one segment"
        assert codec.decode(data) == value
        for place in range(0, len(data), len(data) // 97):
            with pytest.raises(DecodeError):
                codec.decode(data[:place])
            with pytest.raises(Exception):  # noqa: B017  the half raises what the library does
                codec.from_native(codec.decode_native(data[:place]))


NODE = Schema("Node", (Record("Node", (Field("l", 1, Ref("Node"), True), Field("r", 2, Ref("Node"), True))),))


@pytest.mark.timeout(5)
@pytest.mark.parametrize("info", [PLAIN, PACKED], ids=lambda info: info.id)
def test_what_is_shared_is_bounded(info):
    """Both pointers of each node go to the next one ("Encoding Spec", Structs; Security: amplification)."""
    levels = 60
    words = [(0).to_bytes(4, "little") + (1 + 2 * levels).to_bytes(4, "little"), _pointer(0)]
    for _ in range(levels - 1):
        words += [_pointer(1), _pointer(0)]
    words += [bytes(8), bytes(8)]
    data = b"".join(words)
    codec = info.compile(NODE)
    if info is PACKED:
        data = b"".join(b"\xff" + data[place : place + 8] + b"\0" for place in range(0, len(data), 8))
    with pytest.raises(DecodeError):
        codec.decode(data)


def _pointer(offset):
    """A pointer to a struct of two pointers."""
    return (offset << 2).to_bytes(4, "little") + (2 << 16).to_bytes(4, "little")


def test_records_without_fields():
    schema = Schema("M", (Record("M", (Field("v", 1, List(List(Ref("Nothing")))),)), NOTHING))
    for info in (PLAIN, PACKED):
        codec = info.compile(schema)
        value = {"v": [[{}] * 4096] * 5}
        assert codec.decode(codec.encode(value)) == value
        with pytest.raises(EncodeError, match="too many"):
            codec.encode({"v": [[{}] * 4097]})
    data = bytearray(PLAIN.compile(schema).encode({"v": [[{}] * 5]}))
    place = data.index((5 << 2).to_bytes(4, "little"))
    data[place : place + 4] = b"\xfc\xff\xff\x7f"
    with pytest.raises(DecodeError):
        PLAIN.compile(schema).decode(bytes(data))


def test_access_looks_at_no_more_than_it_needs():
    absences.access_looks_at_no_more_than_it_needs(PLAIN.compile(ROOT), VALUE)


@pytest.mark.parametrize("name", ["capnp", "capnp-packed"])
def test_a_reader_outlives_its_codec_and_reads_a_message_over_and_over(name):
    """The parser of the schema must not be freed, and the bound of what is read counts all readings together."""
    script = f"""
import gc
from sercodecs.registry import find
from serschema import shared

loaded = shared.load("addressbook", records=50)
codec = find(["{name}"])[0].compile(loaded.schema)
data = codec.encode(loaded.values[0])
access, decode_native, from_native = codec.access(("people", 3, "name")), codec.decode_native, codec.from_native
native = decode_native(data)
for _ in range(100):
    assert from_native(native) == loaded.values[0]
del codec, native, from_native
gc.collect()
print(access(data) == loaded.values[0]["people"][3]["name"])
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr
