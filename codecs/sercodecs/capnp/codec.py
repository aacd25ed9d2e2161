"""Puts writer and reader together over the schema as pycapnp has it, with bounds for what is read."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path as FilePath
from tempfile import TemporaryDirectory
from typing import IO, Any, NoReturn

from serschema.idl.capnp import type_names, write
from serschema.model import MAX_DEPTH, Schema, Value

from sercodecs.capnp.packing import message, walk
from sercodecs.capnp.reader import Reader
from sercodecs.capnp.shape import MOST_EMPTY, containers, holds_nothing, members
from sercodecs.capnp.writer import Writer
from sercodecs.contract import Codec, EncodeError, Path, assemble, leaf_reader, streams
from sercodecs.scalars import RUNTIME
from sercodecs.source import Source

SHARED = 16
"""Words that may be read for each of a message, as structs may share what they point to."""
MOST_PACKED = 128
"""Words for each octet: a tag of zeros and a count stand for up to 256."""
UNBOUNDED = 1 << 62
"""Words that one message may be read for in `decode_native`: the harness reads it over and over."""


def _unwritable(what: str) -> NoReturn:
    raise EncodeError("$", what)


_NAMES = RUNTIME | {"unwritable": _unwritable}


def compile(schema: Schema) -> Codec:
    """The plain form."""
    layout = _Layout(schema)
    from_bytes = layout.root.from_bytes
    least, shared, nesting = layout.limits()

    def encode_native(native: Any) -> bytes:
        native.clear_write_flag()
        octets: bytes = native.to_bytes()
        return octets

    def decode_bounded(data: bytes, *, parser: Any = layout.parser) -> Any:
        with from_bytes(data, shared * len(data) // 8 + least, nesting) as native:
            return native

    def decode_native(data: bytes, *, parser: Any = layout.parser) -> Any:
        with from_bytes(data, UNBOUNDED, nesting) as native:
            return native

    codec = replace(layout.codec(encode_native, decode_bounded), decode_native=decode_native)
    encode, decode = codec.encode, codec.decode

    def write_stream(file: IO[bytes], values: Iterable[Value]) -> None:
        for value in values:
            file.write(encode(value))

    def read_stream(file: IO[bytes]) -> Iterator[Value]:
        while data := message(file):
            yield decode(data)

    return replace(codec, **streams(schema, write_stream, read_stream))


def compile_packed(schema: Schema) -> Codec:
    """The packed form."""
    layout = _Layout(schema)
    from_bytes_packed = layout.root.from_bytes_packed
    least, shared, nesting = layout.limits()

    def encode_native(native: Any) -> bytes:
        native.clear_write_flag()
        octets: bytes = native.to_bytes_packed()
        return octets

    def unpacked(data: bytes, words: int) -> Any:
        if data and data[0] & 0x0F:  # the number of segments less 1 is not 0
            walk(data)
        return from_bytes_packed(data, words, nesting)

    def decode_bounded(data: bytes, *, parser: Any = layout.parser) -> Any:
        return unpacked(data, max(MOST_PACKED, shared) * len(data) + least)

    def decode_native(data: bytes, *, parser: Any = layout.parser) -> Any:
        return unpacked(data, UNBOUNDED)

    return replace(layout.codec(encode_native, decode_bounded), decode_native=decode_native)


class _Layout:
    """The schema as pycapnp has it, and the generated source around it."""

    def __init__(self, schema: Schema) -> None:
        import capnp

        self.schema = schema
        with TemporaryDirectory() as folder:
            file = FilePath(folder, "schema.capnp")
            file.write_text(write(schema), encoding="utf-8")
            self.parser = capnp.SchemaParser()  # what is read and written refers to it, but does not keep it
            module = self.parser.load(str(file))
        self.root = getattr(module, type_names(schema)[schema.root])

    def limits(self) -> tuple[int, int, int]:
        """Words that may be read, at least and for each word of the data; and pointers inside one another."""
        types = [member.type for type in self.schema.types for member in members(type)]
        depth = MAX_DEPTH * (2 + max((containers(type, self.schema) for type in types), default=0))
        if any(holds_nothing(type, self.schema) for type in types):
            return MOST_EMPTY, MOST_EMPTY // 2, depth  # such a list takes two words
        return 64, SHARED, depth

    def codec(self, encode_native: Callable[[Any], bytes], decode_native: Callable[[bytes], Any]) -> Codec:
        source = Source(f"capnp {self.schema.root}")
        source.globals |= _NAMES | {"new_message": self.root.new_message, "_parser": self.parser}
        Writer(self.schema, source).generate()
        Reader(self.schema, source).generate()
        to_native, from_native = source.build("to_native", "from_native")

        def access(path: Path) -> Callable[[bytes], Value]:
            return leaf_reader(lambda: _leaf(self.schema, path, decode_native))

        codec = assemble(self.schema, encode_native, decode_native, to_native, from_native, source.text())
        return replace(codec, access=access)


def _leaf(schema: Schema, path: Path, read: Callable[[bytes], Any]) -> Callable[[bytes], Value]:
    source = Source(f"capnp {schema.root} {path}")
    source.globals |= _NAMES | {"read": read}
    reader = Reader(schema, source)
    reader.generate()
    reader.leaf(path)
    [leaf] = source.build("access")
    return leaf
