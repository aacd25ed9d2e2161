"""Avro over Apache's own library for Python, which is pure Python.

It validates each datum as a whole before it writes it, and at each union once more, to find the branch of which it is.
It takes UUIDs as text. Its decimals are read in quadratic time, and rounded where they have too many digits, so that
data is read by a schema in which they are bytes. It recurses, eight calls for a level at most, so that values deeper
than `DEPTH` are refused. A boolean is true if it is 1, and no error if it is neither 0 nor 1.
"""

import json
from collections.abc import Iterable
from dataclasses import replace
from io import BytesIO
from typing import IO, Any

from serschema.idl.avro import Translator
from serschema.limits import Limits
from serschema.model import Schema, Value

from sercodecs.avro.container import SYNC, Container
from sercodecs.avro.conversions import Dialect, assembled
from sercodecs.contract import Codec, DecodeError, streams

DEPTH = 50
LIMITS = Limits(depth=DEPTH)
DIALECT = Dialect(branches=False, uuids=False, depth=DEPTH, bounded=False)


def compile_datum(schema: Schema, /) -> Codec:
    """Make both schemas and the conversions; every schema can be carried."""
    from avro.io import BinaryDecoder, BinaryEncoder, DatumReader, DatumWriter

    write = DatumWriter(_parsed(Translator(schema))).write
    read = DatumReader(_parsed(_Plain(schema))).read

    def encode_native(native: Any) -> bytes:
        file = BytesIO()
        write(native, BinaryEncoder(file))
        return file.getvalue()

    def decode_native(data: bytes) -> Any:
        file = BytesIO(data)
        native = read(BinaryDecoder(file))
        if file.tell() != len(data):
            raise DecodeError("octets after the end", file.tell())
        return native

    return assembled(schema, f"avro {schema.root}", DIALECT, encode_native, decode_native)


def compile_container(schema: Schema, /) -> Codec:
    """The same for a file of one datum."""
    from avro.datafile import META_SCHEMA, DataFileWriter
    from avro.io import BinaryDecoder, DatumReader, DatumWriter

    written = _parsed(Translator(schema))
    reader = DatumReader(_parsed(_Plain(schema)))
    read = reader.read
    container = Container(Translator(schema).root(), lambda file: read(BinaryDecoder(file)))

    def write_natives(file: IO[bytes], natives: Iterable[Any]) -> None:
        writer = DataFileWriter(file, DatumWriter(), written)
        writer.sync_marker = SYNC
        for native in natives:
            writer.append(native)
        writer.flush()

    def encode_native(native: Any) -> bytes:
        file = BytesIO()
        write_natives(file, [native])
        return file.getvalue()

    def decode_native(data: bytes) -> Any:
        file = BytesIO(data)
        decoder = BinaryDecoder(file)
        head: Any = reader.read_data(META_SCHEMA, META_SCHEMA, decoder)
        container.check(head["magic"], head["meta"])
        count, size = decoder.read_long(), decoder.read_long()
        start = file.tell()
        native = read(decoder)
        if count != 1 or file.tell() - start != size or file.read() != head["sync"]:
            raise DecodeError("not one block of one datum", start)
        return native

    built = assembled(schema, f"avro {schema.root}", DIALECT, encode_native, decode_native)
    to_native = built.to_native or (lambda value: value)

    def write(file: IO[bytes], values: Iterable[Value]) -> None:
        write_natives(file, map(to_native, values))

    return replace(built, **streams(schema, write, container.reader(built.from_native)))


class _Plain(Translator):
    """The schema for reading."""

    def decimal(self, precision: int, scale: int) -> Any:
        return "bytes"


def _parsed(translator: Translator) -> Any:
    from avro.schema import parse

    return parse(json.dumps(translator.root()))
