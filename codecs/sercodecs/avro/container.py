"""Object container files ("Object Container Files"): a header with the schema, then blocks of data, each with its count
and its length before it and the file's sync marker behind it.

Neither library's reader of files is used, as neither bounds what a file makes it do: they compile whatever schema it
brings, and undo whatever compression. Here its schema has to be the codec's, without compression. Besides, Apache's
takes a sync marker that is wrong for the next block, and asks for the length of the file, which a pipe has not. A file
of one datum is read by functions of the library, step by step; a stream is taken apart here, and the library reads its
data.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from typing import IO, Any

from serschema.model import Value

from sercodecs.contract import DecodeError
from sercodecs.files import exactly

MAGIC = b"Obj\x01"
SYNC = b"serbench's sync."
MOST_VARINT = 10
MOST_META, MOST_NOTHINGS = 1000, 10_000_000
"""Entries of a header, and data of no octets in a block: Apache's own bound."""


class Container:
    """Reads the files of one schema. `datum` reads one datum from a file of octets in memory."""

    def __init__(self, schema: Any, datum: Callable[[IO[bytes]], Any]) -> None:
        self.schema = schema
        self.datum = datum

    def check(self, magic: bytes, meta: Mapping[str, bytes]) -> None:
        """Check what a header says."""
        if magic != MAGIC or meta.get("avro.codec", b"null") != b"null":
            raise DecodeError("not an object container file without compression", 0)
        if json.loads(meta.get("avro.schema", b"null")) != self.schema:
            raise DecodeError("the file has another schema", len(MAGIC))

    def reader(self, from_native: Callable[[Any], Value] | None) -> Callable[[IO[bytes]], Iterator[Value]]:
        """Read a stream, holding one block."""

        def read(file: IO[bytes]) -> Iterator[Value]:
            sync = self._header(file)
            while first := file.read(1):
                for native in self._data(*self._block(first, file, sync)):
                    yield native if from_native is None else from_native(native)

        return read

    def _header(self, file: IO[bytes]) -> bytes:
        """Check the header; returns the sync marker."""
        magic = exactly(file, len(MAGIC))
        meta: dict[str, bytes] = {}
        while count := _long(exactly(file, 1), file):
            if count < 0:
                count = -count
                _long(exactly(file, 1), file)
            if count > MOST_META:
                raise DecodeError(f"a header of {count} entries")
            for _ in range(count):
                key = exactly(file, _long(exactly(file, 1), file)).decode()
                meta[key] = exactly(file, _long(exactly(file, 1), file))
        self.check(magic, meta)
        return exactly(file, len(SYNC))

    def _block(self, first: bytes, file: IO[bytes], sync: bytes) -> tuple[int, bytes]:
        """The count and the octets of a block, whose first octet was read."""
        count = _long(first, file)
        data = exactly(file, _long(exactly(file, 1), file))
        if exactly(file, len(SYNC)) != sync:
            raise DecodeError("a block without the sync marker")
        if count < 0 or count > max(len(data), MOST_NOTHINGS):
            raise DecodeError(f"a block of {count} data in {len(data)} octets")
        return count, data

    def _data(self, count: int, block: bytes) -> Iterator[Any]:
        file = BytesIO(block)
        for _ in range(count):
            yield self.datum(file)
        if file.tell() != len(block):
            raise DecodeError("octets after the end of the datum")


def _long(octet: bytes, file: IO[bytes]) -> int:
    """The zigzag varint that begins with the octet."""
    number = octet[0] & 0x7F
    for place in range(1, MOST_VARINT + 1):
        if octet[0] < 0x80:
            return number >> 1 ^ -(number & 1)
        if place < MOST_VARINT:
            octet = exactly(file, 1)
            number |= (octet[0] & 0x7F) << 7 * place
    raise DecodeError("a number that does not end")
