"""A walk through packed octets that finds what pycapnp does not survive, and the table of segments."""

from typing import IO

from sercodecs.contract import DecodeError
from sercodecs.files import exactly

MOST_SEGMENTS = 512
WIDTHS = bytes(1 + tag.bit_count() if 0 < tag < 255 else 0 for tag in range(256))
"""The octets of a packed word by its tag; none where a run follows."""


def walk(data: bytes) -> None:
    """Raise `DecodeError` unless as many words as its segments have are packed in the data, and runs end with them."""
    words, wanted, place, widths = 0, _table(data), 0, WIDTHS
    try:
        while words < wanted:
            words += 1
            if width := widths[data[place]]:
                place += width
            elif data[place]:
                run = data[place + 9]
                words += run
                place += 10 + 8 * run
            else:
                words += data[place + 1]
                place += 2
    except IndexError:
        raise DecodeError("the data ends within a segment", len(data)) from None
    if words > wanted or place > len(data):
        raise DecodeError("a run that goes beyond the segments", place)


def _table(data: bytes) -> int:
    """How many words there are, by the table of segments at the beginning of packed data."""
    head, place, wanted = bytearray(), 0, 1
    while len(head) < 8 * wanted:
        if place + 1 >= len(data):
            raise DecodeError("the data ends within its table", place)
        tag, octets = data[place], iter(data[place + 1 : place + 9])
        head += bytes(next(octets, 0) if tag >> bit & 1 else 0 for bit in range(8))
        place += 1 + tag.bit_count()
        if tag in (0, 0xFF):
            run = data[place] if place < len(data) else 0
            head += data[place + 1 : place + 1 + 8 * run] if tag else bytes(8 * run)
            place += 1 + (8 * run if tag else 0)
        count = int.from_bytes(head[:4], "little") + 1
        if count > MOST_SEGMENTS:
            raise DecodeError(f"{count} segments", 0)
        wanted = count // 2 + 1
    return wanted + sum(int.from_bytes(head[4 * i : 4 * i + 4], "little") for i in range(1, count + 1))


def message(file: IO[bytes]) -> bytes:
    """The octets of the next message, by its table of segments ("Serialization Over a Stream"); none at the end."""
    head = exactly(file, 4, ends=True)
    if not head:
        return b""
    count = int.from_bytes(head, "little") + 1
    if count > MOST_SEGMENTS:
        raise DecodeError(f"{count} segments")
    table = exactly(file, 4 * count + (4 if count % 2 == 0 else 0))
    words = sum(int.from_bytes(table[4 * place : 4 * place + 4], "little") for place in range(count))
    return head + table + exactly(file, 8 * words)
