"""Reading a file by sizes that may be lies."""

from typing import IO

from sercodecs.contract import DecodeError

CHUNK = 1 << 16


def exactly(file: IO[bytes], size: int, *, ends: bool = False) -> bytes:
    """So many octets, read in parts, so that a size alone allocates nothing; none where the file may end here."""
    if size < 0:
        raise DecodeError("a negative length")
    parts: list[bytes] = []
    left = size
    while left and (part := file.read(min(left, CHUNK))):
        parts.append(part)
        left -= len(part)
    if left and not (ends and left == size):
        raise DecodeError(f"the stream ends {left} octets too early")
    return b"".join(parts)
