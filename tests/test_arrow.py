"""Arrow IPC and Parquet: files of other writers, the framing that their specifications state, and what is refused.

`arrow.json` holds a stream by Apache Arrow's own implementation in JavaScript and a file by DuckDB, whose writers share
no code with pyarrow. What is damaged here is damaged through pyarrow or by hand.
"""

import io
import json
import struct
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal as PyDecimal
from pathlib import Path
from uuid import UUID

import pyarrow
import pytest
from pyarrow import ipc, parquet
from sercodecs.arrow import BATCH, CODECS
from sercodecs.arrow.shape import columns
from sercodecs.contract import DecodeError, EncodeError, UnsupportedSchema
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
from serschema.values import check, first_difference

VECTORS = json.loads((Path(__file__).parent / "vectors" / "arrow.json").read_text())
IPC, PARQUET = CODECS
EACH = pytest.mark.parametrize("info", CODECS, ids=lambda info: info.format.name)

POINT = Record("Point", (Field("x", 1, Int(32)), Field("y", 2, Int(32))))
COLOUR = Enum("Colour", (("RED", 0), ("GREEN", 1)))
LOOSE = Record("Loose", (Field("x", 1, Int(32), True), Field("y", 2, Int(32), True)))
CHOICE = Union("Choice", (Field("number", 1, Int(64)), Field("text", 2, String())))


def schema(*types, others=(), optional=()):
    """A record R of the fields a, b, c..."""
    names = "abcdefghijklmnopqrst"
    fields = [Field(name, i + 1, type_, name in optional) for i, (name, type_) in enumerate(zip(names, types))]
    return Schema("R", (Record("R", tuple(fields)), *others))


SCALARS = (
    ("flag", Bool()), ("small", Int(8)), ("big", Int(64, False)), ("ratio", Float()), ("half", Float(32)),
    ("text", String()), ("octets", Bytes()),
)  # fmt: skip
VALUE = {
    "flag": True,
    "small": -8,
    "big": (1 << 64) - 1,
    "ratio": 0.1,
    "half": 0.5,
    "text": "Zoë 😀",
    "octets": b"\0\xff\7",
}


def fields(*members, optional=()):
    return tuple(Field(name, i + 1, type_, name in optional) for i, (name, type_) in enumerate(members))


OF_JAVASCRIPT = Schema(
    "All",
    (
        Record(
            "All",
            fields(
                *SCALARS,
                ("hash", Bytes(4, 4)),
                ("colour", Ref("Colour")),
                ("when", Timestamp()),
                ("point", Ref("Point")),
                ("numbers", List(Int(16))),
                ("names", List(String())),
                ("points", List(Ref("Point"))),
                ("ages", Map(String(), Int(32))),
                ("choice", Ref("Choice")),
                ("note", String()),
                ("pair", List(Int(32), 2, 2)),
                optional=("note",),
            ),
        ),
        POINT,
        COLOUR,
        CHOICE,
    ),
)
OF_DUCKDB = Schema(
    "All",
    (
        Record(
            "All",
            fields(
                *SCALARS,
                ("moment", Timestamp()),
                ("price", Decimal(12, 2)),
                ("tiny", Decimal(38, 10)),
                ("point", Ref("Loose")),
                ("note", String()),
                optional=("note",),
            ),
        ),
        LOOSE,
    ),
)
FOREIGN = {
    "arrow-ipc": (
        OF_JAVASCRIPT,
        VALUE
        | {"hash": b"\1\2\3\4", "colour": "GREEN", "when": datetime(2023, 11, 14, 22, 13, 20, 123000, UTC)}
        | {"point": {"x": 1, "y": -2}, "numbers": [1, 2, 3], "names": ["a", ""], "points": [{"x": 5, "y": 6}]}
        | {"ages": {"b": 2, "a": 1}, "choice": {"text": "x"}, "pair": [7, 8]},
    ),
    "parquet": (
        OF_DUCKDB,
        VALUE
        | {"moment": datetime(2023, 11, 14, 22, 13, 20, 123456, UTC), "price": PyDecimal("-1.20")}
        | {"tiny": PyDecimal("1E-10"), "point": {"x": 1, "y": -2}},
    ),
}


@EACH
def test_what_another_writer_wrote_is_read(info):
    schema_, value = FOREIGN[info.format.name]
    check(value, schema_)
    data = bytes.fromhex("".join(VECTORS[info.format.name]["octets"]))
    codec = info.compile(schema_)
    assert first_difference(value, codec.decode(data)) == ""
    assert codec.access(("point", "y"))(data) == -2
    assert codec.access(("text",))(data) == "Zoë 😀"
    with pytest.raises(DecodeError):
        codec.access(("note",))(data)


TYPES = {
    "bool": Bool(),
    "int8": Int(8),
    "uint16": Int(16, False),
    "uint64": Int(64, False),
    "float": Float(32),
    "double": Float(),
    "string": String(5),
    "binary": Bytes(),
    "fixed_size_binary[3]": Bytes(3, 3),
    "timestamp[us, tz=UTC]": Timestamp(),
    "fixed_size_binary[16]": Uuid(),
    "decimal128(38, 10)": Decimal(38, 10),
    "decimal256(39, 0)": Decimal(39, 0),
    "list<item: int32 not null>": List(Int(32)),
    "fixed_size_list<item: bool not null>[2]": List(Bool(), 2, 2),
    "map<string, bool>": Map(String(), Bool()),
}


@pytest.mark.parametrize("name", TYPES)
def test_types(name):
    found = columns(schema(TYPES[name]), "a/b")
    assert str(found.field("a").type) == name
    assert not found.field("a").nullable


def test_lists_of_one_length_are_plain_lists_in_parquet():
    """The reader would pad absent ones: 689 octets to 16 MB for a thousand absent lists of a thousand numbers."""
    described = schema(List(Ref("Wide")), others=(Record("Wide", (Field("x", 1, List(Int(64), 1000, 1000), True),)),))
    codec = PARQUET.compile(described)
    for value in ({"a": [{}] * 1000}, {"a": [{"x": list(range(1000))}]}):
        data = codec.encode(value)
        with allocating(500_000):
            assert codec.decode(data) == value


def test_types_of_named_types():
    found = columns(schema(Ref("Colour"), Ref("Choice"), others=(COLOUR, CHOICE)), "a/b")
    assert str(found.field("a").type) == "string"
    assert str(found.field("b").type) == "struct<number: int64, text: string>"


def nested(levels):
    inner = (Record(f"T{i}", (Field("a", 1, Ref(f"T{i + 1}")),)) for i in range(1, levels))
    return Schema("T1", (*inner, Record(f"T{levels}", (Field("a", 1, List(Bool())),))))


NODE = Record("Node", (Field("next", 1, Ref("Node"), True),))
NOTHING = Record("Nothing", ())
REFUSED = {
    "a decimal of 77 digits": (schema(Decimal(77, 0)), CODECS),
    "a record inside itself": (schema(Ref("Node"), others=(NODE,)), CODECS),
    "a list of nothing": (schema(List(Ref("Nothing")), others=(NOTHING,)), CODECS),
    "an empty record": (schema(Ref("Nothing"), others=(NOTHING,)), (PARQUET,)),
    "a hundred levels": (nested(100), CODECS),
    "65 levels": (nested(65), (IPC,)),
}


@pytest.mark.parametrize(
    ("info", "name"),
    [(info, name) for name, (_, infos) in REFUSED.items() for info in infos],
    ids=lambda item: item if isinstance(item, str) else item.format.name,
)
def test_unsupported(info, name):
    with pytest.raises(UnsupportedSchema) as caught:
        info.compile(REFUSED[name][0])
    assert caught.value.codec == info.id


def test_a_stream_is_framed_as_specified():
    """Columnar Format, "Encapsulated message format": continuation, length, flatbuffer; at last the end of stream."""
    data = IPC.compile(schema(Int(32))).encode({"a": 5})
    place = 0
    for _ in ("schema", "batch"):
        continuation, length = struct.unpack_from("<II", data, place)
        assert (continuation, length % 8) == (0xFFFFFFFF, 0)
        place += 8 + length
    assert data[place:] == struct.pack("<i4x", 5) + b"\xff\xff\xff\xff\0\0\0\0"


def test_a_file_is_framed_as_specified():
    """Parquet, "File format": magic, columns, footer, its length in four octets, magic."""
    data = PARQUET.compile(schema(Int(32))).encode({"a": 5})
    (length,) = struct.unpack_from("<I", data, len(data) - 8)
    assert data[:4] == data[-4:] == b"PAR1"
    assert 0 < length < len(data) - 12
    assert struct.pack("<i", 5) in data[4 : len(data) - 8 - length]


def test_a_stream_is_written_and_read_by_batches():
    codec = IPC.compile(schema(Int(32), String(), others=()))
    values = [{"a": i, "b": "x" * 100} for i in range(2 * BATCH + 3)]
    file = io.BytesIO()
    codec.write_stream(file, iter(values))
    assert not file.closed
    assert [batch.num_rows for batch in ipc.open_stream(file.getvalue())] == [BATCH, BATCH, 3]
    file.seek(0)
    read = codec.read_stream(file)
    assert next(read) == values[0]
    assert file.tell() < len(file.getvalue()) / 2
    assert list(read) == values[1:]


def test_an_error_in_a_stream_names_its_place():
    codec = IPC.compile(schema(Int(8)))
    with pytest.raises(EncodeError, match=r"\$\.a: "):
        codec.write_stream(io.BytesIO(), [{"a": 1}, {"a": 128}])


def stream(batch, **options):
    sink = pyarrow.BufferOutputStream()
    with ipc.new_stream(sink, batch.schema, options=ipc.IpcWriteOptions(**options)) as writer:
        writer.write_batch(batch)
    return sink.getvalue().to_pybytes()


def file(batch, compression="none", use_dictionary=False, **options):
    sink = pyarrow.BufferOutputStream()
    table = pyarrow.Table.from_batches([batch])
    parquet.write_table(table, sink, compression=compression, use_dictionary=use_dictionary, **options)
    return sink.getvalue().to_pybytes()


WRITES = pytest.mark.parametrize(("info", "write"), [(IPC, stream), (PARQUET, file)], ids=["arrow-ipc", "parquet"])


@WRITES
def test_only_one_row_of_the_schema_is_read(info, write):
    described = schema(String(), optional="a")
    codec = info.compile(described)
    assert codec.decode(write(pyarrow.RecordBatch.from_pylist([{"a": "x"}]))) == {"a": "x"}
    for rows in ([], [{"a": "x"}] * 2, [{"b": "x"}], [{"a": 1}], [{"a": "x", "b": "x"}]):
        batch = pyarrow.RecordBatch.from_pylist(rows, None if rows else columns(described, ""))
        with pytest.raises(DecodeError):
            codec.decode(write(batch))


@WRITES
@pytest.mark.parametrize("children", [{"number": None, "text": None}, {"number": 1, "text": "a"}])
def test_a_union_has_one_alternative(info, write, children):
    described = schema(Ref("Choice"), others=(CHOICE,))
    batch = pyarrow.RecordBatch.from_pylist([{"a": children}], columns(described, ""))
    with pytest.raises(DecodeError, match="alternatives"):
        info.compile(described).decode(write(batch))


LISTS = schema(List(String()), List(Ref("Loose")), others=(LOOSE,))
TEXT = "x" * 1_000_000
BOMBS = {
    "compressed": ({"a": [TEXT] * 50, "b": []}, {"compression": "zstd"}),
    "a dictionary": ({"a": [TEXT] * 50, "b": []}, {"use_dictionary": True}),
    "shared prefixes": ({"a": [TEXT] * 50, "b": []}, {"column_encoding": {"a.list.element": "DELTA_BYTE_ARRAY"}}),
    "pages of the second version": ({"a": [], "b": [{}] * 4_000_000}, {"data_page_version": "2.0"}),
    "absent values": ({"a": [], "b": [{}] * 4_000_000}, {}),
}


@contextmanager
def allocating(most):
    """At most so many octets are allocated by pyarrow."""
    pool = pyarrow.proxy_memory_pool(pyarrow.system_memory_pool())
    before = pyarrow.default_memory_pool()
    pyarrow.set_memory_pool(pool)
    try:
        yield
    finally:
        pyarrow.set_memory_pool(before)
    POOLS.append(pool)
    assert pool.max_memory() <= most


POOLS = []
"""What buffers still refer to must not be freed."""


def test_a_compressed_batch_is_refused():
    batch = pyarrow.RecordBatch.from_pylist([{"a": "x" * 50_000_000}])
    codec = IPC.compile(schema(String(), optional="a"))
    assert codec.decode(stream(batch)) == {"a": "x" * 50_000_000}
    for compression in ("lz4", "zstd"):
        data = stream(batch, compression=compression)
        assert len(data) < 1_000_000
        for read in (codec.decode, codec.access(("a",)), lambda octets: list(codec.read_stream(io.BytesIO(octets)))):
            with allocating(2_000_000), pytest.raises(DecodeError, match="plain"):
                read(data)


@pytest.mark.parametrize("name", BOMBS)
def test_a_file_that_swells_is_refused(name):
    value, options = BOMBS[name]
    data = file(pyarrow.RecordBatch.from_pylist([value], columns(LISTS, "", parquet=True)), **options)
    assert len(data) < 1_100_000
    with allocating(100_000), pytest.raises(DecodeError):
        PARQUET.compile(LISTS).decode(data)


@pytest.mark.parametrize("name", ["absent", "empty"])
def test_absent_values_and_empty_lists_without_end_are_not_written(name):
    described = schema(List(Ref("Loose")), List(List(Int(64))), others=(LOOSE,))
    codec = PARQUET.compile(described)
    for items in (2_000, 10_000):
        value = {"a": [{}] * items, "b": []} if name == "absent" else {"a": [], "b": [[]] * items}
        assert codec.decode(codec.encode(value)) == value
    value = {"a": [{}] * 100_000, "b": []} if name == "absent" else {"a": [], "b": [[]] * 100_000}
    with pytest.raises(EncodeError, match="without end"):
        codec.encode(value)


MANY = {"decimals": (Decimal(2, 1), PyDecimal("0.1")), "bools": (Bool(), True), "texts": (String(), "")}


@pytest.mark.parametrize("name", MANY)
def test_much_of_what_is_plain_is_read(name):
    type_, item = MANY[name]
    codec = PARQUET.compile(schema(List(type_)))
    value = {"a": [item] * 200_000}
    assert codec.decode(codec.encode(value)) == value


def test_what_a_list_in_the_footer_says_is_in_it_is_not_believed():
    """Readers of C++ go by the format: a list of structs that is called one of strings would be read as two things."""
    codec = PARQUET.compile(schema(Int(32)))
    data = codec.encode({"a": 5})
    place = data.rindex(b"\x19\x1c", 0, data.rindex(b"ARROW:schema"))  # the row groups, a list of one struct
    assert codec.decode(data) == {"a": 5}
    with pytest.raises(DecodeError, match="list of type 8"):
        codec.decode(data[: place + 1] + b"\x18" + data[place + 2 :])


def test_a_message_of_no_known_type_is_not_taken_for_a_schema():
    """`pyarrow.ipc.read_schema` crashes on it. The field `header_type` of the first message is 1, a Schema."""
    codec = IPC.compile(schema(Int(32)))
    data = codec.encode({"a": 5})
    vtable = 8 + struct.unpack_from("<I", data, 8)[0]
    vtable -= struct.unpack_from("<i", data, vtable)[0]
    place = 8 + struct.unpack_from("<I", data, 8)[0] + struct.unpack_from("<H", data, vtable + 6)[0]
    assert data[place] == 1
    with pytest.raises(DecodeError, match="not a schema"):
        codec.decode(data[:place] + b"\0" + data[place + 1 :])


def test_offsets_are_not_followed_out_of_the_data():
    codec = IPC.compile(schema(String()))
    data = codec.encode({"a": "hello"})
    offsets = struct.pack("<ii", 0, 5)
    place = data.rindex(offsets)
    for damaged in (struct.pack("<ii", 0, 0x7FFFFFFF), struct.pack("<ii", -8, 5)):
        with pytest.raises(DecodeError):
            codec.decode(data[:place] + damaged + data[place + 8 :])


@EACH
def test_access_reads_one_column_only(info):
    """Text that is not UTF-8 in the other column is not noticed."""
    codec = info.compile(schema(String(), Ref("Point"), Uuid(), others=(POINT,)))
    uuid = UUID(int=7)
    data = codec.encode({"a": "hello", "b": {"x": 1, "y": 2}, "c": uuid}).replace(b"hello", b"he\xfflo")
    with pytest.raises(DecodeError):
        codec.decode(data)
    assert codec.access(("b", "y"))(data) == 2
    assert codec.access(("c",))(data) == uuid


@EACH
def test_access_to_a_key_with_a_dot(info):
    members = (Field("a_b", 1, Int(32), key="a.b"), Field("a", 2, Ref("Point")))
    codec = info.compile(Schema("R", (Record("R", members), POINT)))
    data = codec.encode({"a.b": 9, "a": {"x": 1, "y": 2}})
    assert codec.access(("a.b",))(data) == 9
    assert codec.access(("a", "y"))(data) == 2
