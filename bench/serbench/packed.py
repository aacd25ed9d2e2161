"""A file that may be compressed, as a result file in a repository is: by gzip (`.gz`) or Zstandard (`.zst`)."""

import gzip
import zlib
from pathlib import Path

PACKED = (".gz", ".zst")


def variants(path: Path) -> list[Path]:
    """The file itself, then what it is called compressed."""
    return [path, *(path.with_name(path.name + suffix) for suffix in PACKED)]


def octets(path: Path) -> bytes:
    """What a file holds, unpacked by its suffix. Raises `OSError`, or `ValueError` if it is damaged or cut off."""
    held = path.read_bytes()
    if path.suffix == ".gz":
        try:
            return gzip.decompress(held)
        except (gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise ValueError(str(error)) from None
    return _zstd(held) if path.suffix == ".zst" else held


def _zstd(held: bytes) -> bytes:
    """All frames of a file."""
    import zstandard  # not for a `--help`

    found = b""
    while held:
        frame = zstandard.ZstdDecompressor().decompressobj()
        try:
            found += frame.decompress(held)
        except zstandard.ZstdError as error:
            raise ValueError(str(error)) from None
        if not frame.eof:
            raise ValueError("it is cut off")
        held = frame.unused_data
    return found
