"""Sizes of encoded messages: as they are, and compressed, each message by itself, at a stated level.

Level 6 is zlib's own default, 3 that of zstd. A compressor that is not installed is left out.
"""

import zlib
from collections.abc import Callable, Iterable


def _zstd(level: int) -> Callable[[bytes], bytes] | None:
    try:
        import zstandard
    except ImportError:
        return None
    return zstandard.ZstdCompressor(level).compress


_METHODS: dict[str, Callable[[int], Callable[[bytes], bytes] | None]] = {
    "zlib": lambda level: lambda data: zlib.compress(data, level),
    "zstd": _zstd,
}


def compressed_bytes(encoded: list[bytes], levels: Iterable[tuple[str, int]]) -> dict[str, int]:
    """By method and level (`zlib-6`), the sum of the compressed sizes of the messages in octets."""
    methods = {f"{name}-{level}": _METHODS[name](level) for name, level in levels}
    return {name: sum(len(method(data)) for data in encoded) for name, method in methods.items() if method}
