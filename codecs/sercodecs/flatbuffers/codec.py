"""Puts writer and reader together, and the stream of size-prefixed messages."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import IO, Any

from serschema.model import Schema, Union, Value

from sercodecs.contract import Codec, DecodeError, Path, UnsupportedSchema, assemble, leaf_reader, streams
from sercodecs.files import exactly
from sercodecs.flatbuffers import reader, writer
from sercodecs.scalars import RUNTIME
from sercodecs.source import Source

MOST_ALTERNATIVES = 255


def _ranged(number: int, lower: int, upper: int) -> int:
    if not lower <= number <= upper:
        raise DecodeError(f"integer {number} is not in {lower}..{upper}")
    return number


def compile(schema: Schema) -> Codec:
    """Generate the source. Raises `UnsupportedSchema` for a union of more alternatives than an octet can tell apart."""
    import flatbuffers

    for type in schema.types:
        if isinstance(type, Union) and len(type.alternatives) > MOST_ALTERNATIVES:
            raise UnsupportedSchema(
                "flatbuffers/google", "a union", type.name, f"of {len(type.alternatives)} alternatives"
            )
    builder = flatbuffers.Builder
    names = RUNTIME | writer.RUNTIME | reader.runtime() | {"ranged": _ranged}
    source = Source(f"flatbuffers {schema.root}")
    source.globals |= names
    writer.Writer(schema, source).generate()
    reader.Reader(schema, source).generate()
    write, read = source.build(f"write_{schema.root}", f"read_{schema.root}")
    root = names["root"]

    def encode(value: Value) -> bytes:
        made = builder()
        made.Finish(write(made, value))
        return bytes(made.Output())

    def decode(data: bytes) -> Value:
        return read(root(data), 0)

    def write_stream(file: IO[bytes], values: Iterable[Value]) -> None:
        for value in values:
            made = builder()
            made.FinishSizePrefixed(write(made, value))
            file.write(made.Output())

    def read_stream(file: IO[bytes]) -> Iterator[Value]:
        while size := exactly(file, 4, ends=True):
            yield decode(exactly(file, int.from_bytes(size, "little")))

    def access(path: Path) -> Callable[[bytes], Value]:
        return leaf_reader(lambda: _leaf(schema, names, path))

    assembled = assemble(schema, encode, decode, source=source.text())
    return replace(
        assembled, encode_native=None, decode_native=None, access=access, **streams(schema, write_stream, read_stream)
    )


def _leaf(schema: Schema, names: dict[str, Any], path: Path) -> Callable[[bytes], Value]:
    source = Source(f"flatbuffers {schema.root} {path}")
    source.globals |= names
    reader.Reader(schema, source).leaf(path)
    [read] = source.build("access")
    return read
