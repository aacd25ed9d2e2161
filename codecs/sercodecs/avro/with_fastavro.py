"""Avro over fastavro.

fastavro recurses in C and crashes on nesting that is deep enough, and its decimals take quadratic time. So data is read
by a schema of its own: every level of records has names of its own, and beyond `MAX_DEPTH` there is an empty union,
which has no value; decimals are bytes. It stands for the same octets. For the same reason a container is read in three
steps (header, block, datum) instead of by `fastavro.reader`, which compiles whatever schema the file brings.

An index of a union or an enum that is negative is counted from the end by fastavro, and not an error.
"""

from collections.abc import Iterable
from dataclasses import replace
from io import BytesIO
from typing import IO, Any

from serschema.idl.avro import Translator, entry_fields
from serschema.limits import Limits
from serschema.model import MAX_DEPTH, Enum, Field, Map, Named, Schema, Value

from sercodecs.avro.container import SYNC, Container
from sercodecs.avro.conversions import Dialect, assembled
from sercodecs.contract import Codec, DecodeError, streams

HEADER = {
    "type": "record",
    "name": "Header",
    "fields": [
        {"name": "magic", "type": {"type": "fixed", "name": "Magic", "size": 4}},
        {"name": "meta", "type": {"type": "map", "values": "bytes"}},
        {"name": "sync", "type": {"type": "fixed", "name": "Sync", "size": 16}},
    ],
}
BLOCK = {
    "type": "record",
    "name": "Block",
    "fields": [
        {"name": "count", "type": "long"},
        {"name": "data", "type": "bytes"},
        {"name": "sync", "type": {"type": "fixed", "name": "Sync", "size": 16}},
    ],
}
LIMITS = Limits()
DIALECT = Dialect(branches=True, uuids=True, depth=MAX_DEPTH, bounded=True)


def compile_datum(schema: Schema, /) -> Codec:
    """Make both schemas and the conversions; every schema can be carried."""
    import fastavro

    schemaless_reader: Any = fastavro.schemaless_reader
    schemaless_writer = fastavro.schemaless_writer
    written: Any = fastavro.parse_schema(Translator(schema).root())
    read = _Bounded(schema).parsed()

    def encode_native(native: Any) -> bytes:
        file = BytesIO()
        schemaless_writer(file, written, native)
        return file.getvalue()

    def decode_native(data: bytes) -> Any:
        file = BytesIO(data)
        native = schemaless_reader(file, read, None)
        if file.tell() != len(data):
            raise DecodeError("octets after the end", file.tell())
        return native

    return assembled(schema, f"avro {schema.root}", DIALECT, encode_native, decode_native)


def compile_container(schema: Schema, /) -> Codec:
    """The same for a file of one datum."""
    import fastavro

    parse_schema: Any = fastavro.parse_schema
    schemaless_reader: Any = fastavro.schemaless_reader
    writer = fastavro.writer
    plain = Translator(schema).root()
    written = parse_schema(plain)
    read = _Bounded(schema).parsed()
    header, block = parse_schema(HEADER), parse_schema(BLOCK)
    container = Container(plain, lambda file: schemaless_reader(file, read, None))

    def encode_native(native: Any) -> bytes:
        file = BytesIO()
        writer(file, written, [native], sync_marker=SYNC)
        return file.getvalue()

    def decode_native(data: bytes) -> Any:
        file = BytesIO(data)
        head = schemaless_reader(file, header, None)
        container.check(head["magic"], head["meta"])
        body = schemaless_reader(file, block, None)
        if body["count"] != 1 or body["sync"] != head["sync"] or file.tell() != len(data):
            raise DecodeError("not one block of one datum", file.tell())
        datum = BytesIO(body["data"])
        native = schemaless_reader(datum, read, None)
        if datum.tell() != len(body["data"]):
            raise DecodeError("octets after the end of the datum")
        return native

    built = assembled(schema, f"avro {schema.root}", DIALECT, encode_native, decode_native)
    to_native = built.to_native or (lambda value: value)

    def write(file: IO[bytes], values: Iterable[Value]) -> None:
        writer(file, written, map(to_native, values), sync_marker=SYNC)

    return replace(built, **streams(schema, write, container.reader(built.from_native)))


class _Bounded(Translator):
    """The schema for reading: each record has a name for each level that it can stand at, and beyond the last none."""

    def __init__(self, schema: Schema) -> None:
        super().__init__(schema)
        self.level = 0
        self.flat: dict[str, Any] = {}
        self.pending: list[tuple[str, tuple[Field, ...], int]] = []

    def parsed(self) -> Any:
        """What fastavro makes of it. A level refers to the next one, so the last comes first, and last the root."""
        from fastavro import parse_schema

        self.root()
        definitions = []
        for name, fields, level in self.pending:  # grows with what the fields refer to
            self.level = level
            definitions.append({"type": "record", "name": name, "fields": [self.field(field) for field in fields]})
        named: dict[str, Any] = {}
        return [parse_schema(definition, named) for definition in (*self.flat.values(), *reversed(definitions))][-1]

    def definition(self, kind: str, name: str, doc: str = "", **attributes: Any) -> Any:
        self.flat[name] = {"type": kind, "name": name, **attributes}
        return name

    def named(self, kind: Named) -> Any:
        return super().named(kind) if isinstance(kind, Enum) or self.level < MAX_DEPTH else []

    def record(self, name: str, doc: str, fields: tuple[Field, ...]) -> Any:
        name = f"{name}-{self.level}"
        if name not in self.defined:
            self.defined.add(name)
            self.pending.append((name, fields, self.level + 1))
        return name

    def entry(self, kind: Map) -> Any:
        name = f"Entry-{len(self.defined)}"
        self.defined.add(name)
        return {"type": "record", "name": name, "fields": [self.field(field) for field in entry_fields(kind)]}

    def decimal(self, precision: int, scale: int) -> Any:
        return "bytes"
