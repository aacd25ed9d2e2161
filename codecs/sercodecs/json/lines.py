"""JSON Lines: one message a line, each ended by a line feed, which no JSON text needs to contain."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import IO

from serschema.model import Schema, Value

from sercodecs.contract import Codec, streams

_AT_ONCE = 1 << 16


def with_lines(codec: Codec, schema: Schema) -> Codec:
    """The codec, with streams. What is held is a line and what was read with it; the last may lack its end."""

    def write(file: IO[bytes], values: Iterable[Value]) -> None:
        for value in values:
            file.write(codec.encode(value) + b"\n")

    def read(file: IO[bytes]) -> Iterator[Value]:
        return map(codec.decode, _lines(file))

    return replace(codec, **streams(schema, write, read))


def _lines(file: IO[bytes]) -> Iterator[bytes]:
    begun: list[bytes] = []
    while chunk := file.read(_AT_ONCE):
        first, *others = chunk.split(b"\n")
        begun.append(first)
        for other in others:
            yield b"".join(begun)
            begun = [other]
    if last := b"".join(begun):
        yield last
