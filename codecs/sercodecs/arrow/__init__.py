"""Apache Arrow's IPC streaming format and Apache Parquet, both by pyarrow: values in columns, made for batches.

A stream is messages: 0xFFFFFFFF, the length of the metadata, the metadata as a flatbuffer, the body. The first is the
schema, then come record batches, whose bodies are the columns' buffers as they are in memory: validity bits, offsets,
values (Arrow Columnar Format, "Serialization and Interprocess Communication"). A Parquet file stands between two
`PAR1`: row groups of column chunks of pages, whose levels say how values are nested, then its footer, which is in the
Thrift compact protocol and where every reader starts. One message is a batch, or a file, of one row: schema and footer
weigh most of it, and `write_stream`, with batches of `BATCH` rows, is what the first was made for. A Parquet file can
only be read by seeking and has no stream.

- Enum: its symbol as utf8. Timestamp: timestamp("us", "UTC"). Uuid: fixed_size_binary(16). Decimal: decimal128 up to 38
  digits, decimal256 up to 76; more are unsupported. Bytes, in IPC List too, of one length but 0: types of fixed size.
- Map: map. Record: struct, the root the columns themselves. Optional and absent: null; all else is not nullable.
- Union: a struct with a nullable child for each alternative, of which one is valid. Arrow's own unions have no
  conversion from Python objects, and Parquet has none.

Unsupported are types that contain themselves, which neither format knows, and lists of what has no octets (empty
records), whose length nothing in the data bears out; in Parquet empty records altogether. Nothing is lost.

Populating is `pyarrow.array` over the value, reading out `to_pylist`, with conversions around them where types differ.
What is read has to have the schema and one row, and is validated in full before it is touched: pyarrow would otherwise
follow any offset in the data. Compression and dictionaries are not written, so that octets tell of the format alone,
and not read, as their readers allocate what the data says; of Parquet `pages` reads footer and headers before.
"""

import struct
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import IO, Any

from serschema.limits import Limits
from serschema.model import Schema, Value

from sercodecs.arrow import pages
from sercodecs.arrow.access import Way
from sercodecs.arrow.rows import Rows, leaf
from sercodecs.arrow.shape import columns
from sercodecs.contract import (
    Carries,
    Claim,
    Codec,
    CodecInfo,
    DecodeError,
    EncodeError,
    Format,
    Path,
    UnsupportedSchema,
    assemble,
    leaf_reader,
    streams,
)

IPC = Format(
    name="arrow-ipc",
    title="Arrow IPC stream",
    specification="Apache Arrow Columnar Format 1.5, IPC streaming format",
    history="An Apache project since 2016: one layout in memory for all analytical programs, so that it is sent as it "
    "lies (arrow.apache.org).",
    textual=False,
    self_describing=True,
    byte_order="little",
    canonical=Claim(False, "Columnar Format: padding, batches and dictionaries are the writer's"),
    evolution=Claim(False, "the columns' schema travels with them, but what a reader of another one does is up to it"),
    languages={
        "c": "nanoarrow",
        "cpp": "arrow",
        "csharp": "Apache.Arrow",
        "go": "arrow-go",
        "java": "arrow-java",
        "js": "apache-arrow",
        "python": "pyarrow",
        "ruby": "red-arrow",
        "rust": "arrow",
        "swift": "arrow-swift",
    },
    carries=Carries(
        bool="bool",
        int="int8 to uint64",
        float="float, double",
        string="utf8",
        bytes="binary, or fixed_size_binary of one length",
        enum="utf8, its symbol",
        timestamp="timestamp(us, UTC)",
        uuid="fixed_size_binary(16)",
        decimal="decimal128, decimal256",
        list="list, or fixed_size_list of one length",
        map="map",
        union="struct with a nullable child for each alternative",
        record="struct; the root is the columns",
        optional="null",
    ),
)
PARQUET = Format(
    name="parquet",
    title="Parquet",
    specification="Apache Parquet format 2.6",
    history="From Twitter and Cloudera in 2013, after Google's Dremel (2010); Apache's since 2015 "
    "(parquet.apache.org).",
    textual=False,
    self_describing=True,
    byte_order="little",
    canonical=Claim(False, "pages, encodings, compression and statistics are the writer's"),
    evolution=Claim(
        False, "the columns' schema travels with them, but what a reader of another one does is up to the engine"
    ),
    languages={
        "cpp": "arrow",
        "csharp": "Parquet.Net",
        "go": "arrow-go",
        "java": "parquet-java",
        "js": "hyparquet-writer",
        "python": "pyarrow",
        "ruby": "red-parquet",
        "rust": "parquet",
    },
    carries=Carries(
        bool="BOOLEAN",
        int="INT32 or INT64 with its logical type",
        float="FLOAT, DOUBLE",
        string="BYTE_ARRAY, String",
        bytes="BYTE_ARRAY, or FIXED_LEN_BYTE_ARRAY of one length",
        enum="BYTE_ARRAY, String, its symbol",
        timestamp="INT64, Timestamp in microseconds, UTC",
        uuid="FIXED_LEN_BYTE_ARRAY of 16",
        decimal="FIXED_LEN_BYTE_ARRAY, Decimal",
        list="List, three levels",
        map="Map, repeated key and value",
        union="group with an optional child for each alternative",
        record="group; the root is the columns",
        optional="OPTIONAL, its definition level says whether it is there",
    ),
)

BATCH = 1024
"""Rows of a batch in a stream."""


def compile_ipc(schema: Schema) -> Codec:
    """Schema and one batch in a message. Refuses what `shape` refuses."""
    import pyarrow
    from pyarrow import ipc

    name = "arrow-ipc/pyarrow"
    shape = columns(schema, name)
    rows = Rows(schema, shape)

    def write(file: Any, batches: Iterable[Any]) -> None:
        with ipc.new_stream(file, shape) as writer:
            for batch in batches:
                writer.write_batch(batch)

    def read(source: Any) -> Iterator[Any]:
        messages = ipc.MessageReader.open_stream(source)
        head = next(iter(messages), None)
        if head is None or head.type != "schema":
            raise DecodeError("the first message is not a schema", 0)
        _same(ipc.read_schema(head), shape)
        for message in messages:
            if message.type != "record batch" or _is_compressed(message.metadata):
                raise DecodeError("a message that is not a batch of plain columns")
            yield ipc.read_record_batch(message, shape)

    def encode_native(batch: Any) -> bytes:
        sink = pyarrow.BufferOutputStream()
        write(sink, [batch])
        octets: bytes = sink.getvalue().to_pybytes()
        return octets

    def one(data: bytes) -> Any:
        batches = list(islice(read(pyarrow.py_buffer(data)), 2))
        if [batch.num_rows for batch in batches] != [1]:
            raise DecodeError("not one batch of one row")
        return batches[0]

    def decode_native(data: bytes) -> Any:
        batch = one(data)
        batch.validate(full=True)
        return batch

    def write_stream(file: IO[bytes], values: Iterable[Value]) -> None:
        rest = iter(values)
        write(pyarrow.PythonFile(file, "w"), map(rows.batch, iter(lambda: list(islice(rest, BATCH)), [])))

    def read_stream(file: IO[bytes]) -> Iterator[Value]:
        for batch in read(pyarrow.PythonFile(file, "r")):
            if not shape.names and batch.num_rows > BATCH:
                raise DecodeError(f"{batch.num_rows} rows of no columns")
            batch.validate(full=True)
            for start in range(0, batch.num_rows, BATCH):
                yield from rows.values(batch.slice(start, BATCH))

    def access(path: Path) -> Callable[[bytes], Value]:
        def build() -> Callable[[bytes], Value]:
            way = Way(schema, path)
            return lambda data: leaf(way.kind, way.follow(one(data).column(way.structs[0])))

        return leaf_reader(build)

    _probe(name, lambda: list(read(pyarrow.py_buffer(encode_native(rows.batch([]))))))
    codec = assemble(
        schema,
        encode_native,
        decode_native,
        lambda value: rows.batch([value]),
        lambda batch: rows.values(batch)[0],
        rows.source,
    )
    return replace(codec, access=access, **streams(schema, write_stream, read_stream))


def compile_parquet(schema: Schema) -> Codec:
    """A file of one row group of one row. Refuses what `shape` refuses."""
    import pyarrow
    from pyarrow import parquet

    name = "parquet/pyarrow"
    shape = columns(schema, name, parquet=True)
    rows = Rows(schema, shape)
    widths = pages.widths(shape)
    widest = max(widths, default=0)

    def encode_native(batch: Any) -> bytes:
        sink = pyarrow.BufferOutputStream()
        with parquet.ParquetWriter(sink, shape, compression="none", use_dictionary=False) as writer:
            writer.write_batch(batch)
        octets: bytes = sink.getvalue().to_pybytes()
        if batch.nbytes * widest > pages.FREE:
            try:
                pages.check(octets, widths)
            except DecodeError as error:
                raise EncodeError("$", f"absent values or empty lists without end: {error}") from error
        return octets

    def opened(data: bytes) -> Any:
        size = len(data)
        limits = {"thrift_string_size_limit": size, "thrift_container_size_limit": size}
        file = parquet.ParquetFile(pyarrow.py_buffer(data), pre_buffer=False, **limits)
        _same(file.schema_arrow, shape)
        return file

    def read(data: bytes, selected: list[str] | None = None) -> Any:
        file = opened(data)
        if file.metadata.num_rows != 1:
            raise DecodeError(f"{file.metadata.num_rows} rows")
        pages.check(data, widths)
        table = file.read(selected, use_threads=False)
        table.validate(full=True)
        if table.num_rows != 1:
            raise DecodeError(f"{table.num_rows} rows")
        return table

    def access(path: Path) -> Callable[[bytes], Value]:
        def build() -> Callable[[bytes], Value]:
            way = Way(schema, path)
            ambiguous = any("." in key for key in way.structs)
            selected = None if ambiguous else [".".join(way.structs)]
            return lambda data: leaf(way.kind, way.follow(read(data, selected).column(way.structs[0]).chunk(0)))

        return leaf_reader(build)

    _probe(name, lambda: opened(encode_native(rows.batch([]))))
    codec = assemble(
        schema,
        encode_native,
        read,
        lambda value: rows.batch([value]),
        lambda table: rows.values(table)[0],
        rows.source,
    )
    return replace(codec, access=access)


def _probe(name: str, attempt: Callable[[], Any]) -> None:
    """Write and read no rows: pyarrow bounds how deep types may be nested, 64 levels in a stream and 100 in a file."""
    try:
        attempt()
    except Exception as error:
        raise UnsupportedSchema(name, "types nested so deep", "$", str(error)) from error


def _same(found: Any, expected: Any) -> None:
    if not found.equals(expected):
        raise DecodeError("the data has another schema")


def _is_compressed(metadata: Any) -> bool:
    """Whether the table `RecordBatch`, the header of this `Message`, has its field `compression` (Message.fbs)."""
    data = memoryview(metadata)

    def field(table: int, number: int) -> int:
        """The place of a field of a table; 0 if it is absent."""
        vtable = table - _signed(data, table)[0]
        if 4 + 2 * number >= _short(data, vtable)[0]:
            return 0
        offset = _short(data, vtable + 4 + 2 * number)[0]
        return table + offset if offset else 0

    def followed(place: int) -> int:
        return int(place + _unsigned(data, place)[0])

    header = field(followed(0), 2)
    return not header or bool(field(followed(header), 3))


_signed = struct.Struct("<i").unpack_from
_unsigned = struct.Struct("<I").unpack_from
_short = struct.Struct("<H").unpack_from


def _info(format_: Format, compile_: Callable[..., Codec], *defects: str) -> CodecInfo:
    return CodecInfo(
        format=format_,
        implementation="pyarrow",
        distribution="pyarrow",
        language="C++",
        licence="Apache-2.0",
        limits=Limits(),
        validates=False,
        compile=compile_,
        note="made for batches: one row each",
        defects=defects,
    )


CODECS = (
    _info(
        IPC,
        compile_ipc,
        "read_schema takes a message of another type for a schema and crashes (26.0): the type is looked at first",
        "offsets are followed wherever they lead: batches are validated in full before they are touched",
        "a compressed buffer's own word decides how much is allocated: compressed batches are refused",
    ),
    _info(
        PARQUET,
        compile_parquet,
        "metadata of a damaged column ends the process (26.0): it is read here",
        "compressed, dictionary- and run-length encoded pages expand without bound, 5 kB to 200 MB: pages that are not "
        "plain are refused, and values that take more than 16 times the data and 256 KiB, in writing too",
    ),
)
