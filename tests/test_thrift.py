"""Thrift: published octets, each implementation against the other, and against what the real compiler generates."""

import shutil
import subprocess
import sys

import pytest
from sercodecs.contract import DecodeError, UnsupportedSchema
from sercodecs.registry import find
from serschema import shared
from serschema.generate import generate
from serschema.idl.thrift import write
from serschema.limits import Refused, project
from serschema.model import Bool, Field, Float, Int, List, Map, Record, Ref, Schema, String, Union
from serschema.strategies import EXAMPLES

pytest.importorskip("thrift")
pytest.importorskip("thriftpy2")

INFOS = {info.id: info for info in find(["thrift-binary", "thrift-compact"])}
FORMATS = ("thrift-binary", "thrift-compact")
SCHEMAS = [name for name in (*shared.NAMES, *EXAMPLES) if name != "names"]
needs_thrift = pytest.mark.skipif(not shutil.which("thrift"), reason="thrift is missing: make peers")


def cell(name):
    if name in EXAMPLES:
        return EXAMPLES[name], [generate(EXAMPLES[name], seed) for seed in range(6)]
    loaded = shared.load(name, records=20)
    return loaded.schema, list(loaded.values[:5])


PERSON = Schema(
    "Person",
    (
        Record(
            "Person",
            (
                Field("userName", 1, String()),
                Field("favoriteNumber", 2, Int(64), True),
                Field("interests", 3, List(String()), True),
            ),
        ),
    ),
)
MARTIN = {"userName": "Martin", "favoriteNumber": 1337, "interests": ["daydreaming", "hacking"]}


def one(type_, number=1, optional=False):
    return Schema("M", (Record("M", (Field("v", number, type_, optional),)),))


CHOICE = Schema(
    "M",
    (Record("M", (Field("u", 2, Ref("U")),)), Union("U", (Field("a", 1, Bool()), Field("b", 3, Int(32))))),
)

# Martin Kleppmann, "Schema evolution in Avro, Protocol Buffers and Thrift" (2012); the rest worked out from the two
# specifications: Struct encoding, Integer encoding (with its example of 50399 = df 89 03), List and Map.
VECTORS = [
    (
        PERSON,
        MARTIN,
        "0b0001 00000006 4d617274696e 0a0002 0000000000000539 0f0003 0b 00000002"
        "0000000b 64617964 7265616d 696e67 00000007 6861636b 696e67 00",
        "18 06 4d617274696e 16 f214 19 28 0b 6461796472 65616d696e67 07 6861636b696e67 00",
    ),
    (one(Int(32)), {"v": -25200}, "080001 ffff9d90 00", "15 df8903 00"),
    (one(Int(16, False)), {"v": 65535}, "080001 0000ffff 00", "15 feff07 00"),
    (one(Int(8)), {"v": -1}, "030001 ff 00", "13 ff 00"),
    (one(Int(64, False)), {"v": (1 << 64) - 1}, "0a0001 ffffffffffffffff 00", "16 01 00"),
    (one(Bool()), {"v": True}, "020001 01 00", "11 00"),
    (one(Bool(), 16), {"v": False}, "020010 00 00", "02 20 00"),
    (one(Float()), {"v": 1.5}, "040001 3ff8000000000000 00", "17 000000000000f83f 00"),
    (one(List(Int(32))), {"v": []}, "0f0001 08 00000000 00", "19 05 00"),
    (one(List(Int(8))), {"v": [1] * 15}, "0f0001 03 0000000f" + "01" * 15 + "00", "19 f3 0f" + "01" * 15 + "00"),
    (one(Map(String(), Int(8))), {"v": {}}, "0d0001 0b 03 00000000 00", "1b 00 00"),
    (one(Map(String(), Int(8))), {"v": {"a": 7}}, "0d0001 0b 03 00000001 00000001 61 07 00", "1b 01 83 01 61 07 00"),
    (
        CHOICE,
        {"u": {"b": 1}},
        "0c0002 080003 00000001 00 00",
        "2c 35 02 00 00",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("schema", "value", "binary", "compact"), VECTORS)
def test_octets(schema, value, binary, compact):
    for info in INFOS.values():
        codec = info.compile(schema)
        octets = bytes.fromhex(binary if info.format.name == "thrift-binary" else compact)
        assert codec.encode(value) == octets, info.id
        assert codec.decode(octets) == value, info.id


@pytest.mark.parametrize("name", SCHEMAS)
@pytest.mark.parametrize("format_", FORMATS)
def test_both_write_the_same_octets(format_, name):
    schema, values = cell(name)
    apache, other = (INFOS[f"{format_}/{name}"].compile(schema) for name in ("apache", "thriftpy2"))
    for value in values:
        try:
            project(value, schema, INFOS[f"{format_}/apache"].limits)
        except Refused:
            continue
        assert apache.encode(value) == other.encode(value)


GENERATED = """
import sys
from importlib import import_module
sys.path[:0] = {path!r}
from thrift.protocol.TBinaryProtocol import TBinaryProtocol
from thrift.protocol.TCompactProtocol import TCompactProtocol
from thrift.transport.TTransport import TMemoryBuffer
for folder, root, compact, octets in {jobs!r}:
    message = getattr(import_module(folder + ".ttypes"), root)()
    protocol = TCompactProtocol if compact else TBinaryProtocol
    message.read(protocol(TMemoryBuffer(bytes.fromhex(octets))))
    message.validate()
    written = TMemoryBuffer()
    message.write(protocol(written))
    assert written.getvalue().hex() == octets, (folder, octets)
print("same")
"""


@needs_thrift
def test_the_code_that_the_compiler_generates_reads_and_writes_the_same(tmp_path):
    """All schemas at once: its Python, in its own interpreter, with the protocols in Python that we do not use."""
    jobs = []
    for name in SCHEMAS:
        schema, values = cell(name)
        file = tmp_path / f"s_{name}.thrift"
        file.write_text(write(schema), encoding="utf-8")
        subprocess.run(["thrift", "--gen", "py", "-out", ".", file.name], cwd=tmp_path, check=True, capture_output=True)
        for info in (INFOS["thrift-binary/apache"], INFOS["thrift-compact/apache"]):
            codec = info.compile(schema)
            jobs += [
                (file.stem, schema.root, info.format.name == "thrift-compact", codec.encode(value).hex())
                for value in values
            ]
    program = GENERATED.format(path=[str(tmp_path), *sys.path], jobs=jobs)
    ran = subprocess.run([sys.executable, "-"], input=program, capture_output=True, text=True)
    assert (ran.stdout, ran.stderr[-2000:]) == ("same\n", "")


def test_apache_is_the_extension():
    from thrift.protocol import fastbinary

    codec = INFOS["thrift-binary/apache"].compile(PERSON)
    native = codec.to_native(MARTIN)
    cls = type(native)
    assert fastbinary.encode_binary(native, [cls, cls.thrift_spec]) == codec.encode(MARTIN)
    cls.thrift_spec = (None, (1, 2, "no such attribute", None, None))
    with pytest.raises(AttributeError, match="no such attribute"):
        codec.encode_native(native)


@pytest.mark.parametrize("codec", INFOS)
def test_what_is_missing_or_of_another_type(codec):
    built = INFOS[codec].compile(one(Int(32)))
    assert built.decode(built.encode({"v": 5})) == {"v": 5}
    with pytest.raises(DecodeError, match=r"no M\.v"):
        built.decode(b"\0")
    with pytest.raises(DecodeError):
        built.decode(INFOS[codec].compile(one(Int(64))).encode({"v": 5}))
    wider = Record("M", (Field("v", 1, Int(32)), Field("w", 2, List(List(Map(Int(8), String()))))))
    more = INFOS[codec].compile(Schema("M", (wider,)))
    assert built.decode(more.encode({"v": 5, "w": [[{1: "a"}], [{}]]})) == {"v": 5}


HOSTILE = {
    "thrift-binary": [
        "0f0009 05 7fffffff 00",  # a list of a type that does not exist
        "0f0009 0f 00000001 00 7fffffff 00",
        "0d0009 05 05 7fffffff 00",
        "0d0001 0b 05 7fffffff 00",
        "0f0009 0f 00000002 08 00000001 00000000 05 7fffffff 00",
        "0f0001 08 7fffffff 00",
        # behind what thriftpy2 reads otherwise than others: a uuid, a list of one, strings in maps of numbers
        "100009 0f0009 05 7fffffff" + "00" * 9,
        "0f0009 10 00000001 0f0009 05 7fffffff" + "00" * 9,
        "0d0001 08 0b 00000001 00000001 0000000b 0f0009 05 7fffffff 00000000 00",
        "0d0001 0b 08 00000001 0000000c 00000000 0f0009 05 7fffffff 00000000 00",
        "0b0009 7fffffff 00",
        "0c0009" * 5000,
        "0f0009 0f00000001" * 5000,
    ],
    "thrift-compact": [
        "09 12 f0 ffffffff07 00",
        "1b ffffffff07 00 00",
        "19 f5 ffffffff07 00",
        "18 ffffffff07 00",
        "15" + "ff" * 1_000_000,
        "9c" * 100_000,
    ],
}


@pytest.mark.parametrize(("codec", "data"), [(c, d) for c in INFOS for d in HOSTILE[c.partition("/")[0]]])
@pytest.mark.timeout(2)
def test_hostile(codec, data):
    """Sizes without octets, nesting, varints without end: an error, and in no time."""
    for type_ in (List(Int(32)), Map(Int(32), Int(32)), Int(32), String()):
        with pytest.raises(DecodeError):
            INFOS[codec].compile(one(type_)).decode(bytes.fromhex(data.replace(" ", "")))


def test_a_field_number_beyond_16_bits():
    for info in INFOS.values():
        with pytest.raises(UnsupportedSchema, match="field number 32768"):
            info.compile(one(Bool(), 1 << 15))
