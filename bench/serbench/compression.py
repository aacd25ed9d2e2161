"""Compression of what codecs write, each message by itself, by methods at stated levels.

Level 6 is zlib's own default and xz's, 3 that of zstd, 0 that of lz4. Brotli's is 11, which takes twenty times as long
as 5, which servers use for content that is made on the fly. lz4 writes frames, not bare blocks. A library that is not
installed drops its method.
"""

import zlib
from collections.abc import Callable, Sequence
from typing import NamedTuple, TypeAlias

from serbench.results import Method

Change: TypeAlias = Callable[[bytes], bytes]

DICTIONARY_BYTES = 4096
"""The most that a trained dictionary has."""
DICTIONARY_MESSAGES = 30
"""With fewer messages than this there is none: half of them have to do for its training."""


class Pair(NamedTuple):
    """The two directions of a method."""

    compress: Change
    decompress: Change


def _zstd() -> Pair:
    import zstandard

    return Pair(zstandard.ZstdCompressor(3).compress, zstandard.ZstdDecompressor().decompress)


def _lz4() -> Pair:
    from lz4 import frame

    return Pair(lambda data: frame.compress(data, compression_level=0), frame.decompress)


def _brotli() -> Pair:
    import brotli

    return Pair(lambda data: brotli.compress(data, quality=5), brotli.decompress)


def _xz() -> Pair:
    import lzma  # which not every Python has

    return Pair(lambda data: lzma.compress(data, preset=6), lzma.decompress)


METHODS: dict[Method, Callable[[], Pair]] = {
    "zlib-6": lambda: Pair(lambda data: zlib.compress(data, 6), zlib.decompress),
    "zstd-3": _zstd,
    "lz4-0": _lz4,
    "brotli-5": _brotli,
    "xz-6": _xz,
}
_BROUGHT_BY = {"zstd-3": "zstandard", "lz4-0": "lz4", "brotli-5": "brotli"}


def missing(method: Method) -> str:
    """Empty if the method can be used; otherwise the command that brings its library."""
    try:
        METHODS[method]()
    except ImportError as error:
        return f"pip install {_BROUGHT_BY[method]}" if method in _BROUGHT_BY else str(error)
    return ""


def compressed_bytes(encoded: Sequence[bytes]) -> dict[str, int]:
    """By method, the sum of the compressed sizes of the messages in octets; `none` is the sum of their own."""
    methods: dict[str, Change] = {"none": bytes}
    methods |= {name: made().compress for name, made in METHODS.items() if not missing(name)}
    return {name: sum(len(method(data)) for data in encoded) for name, method in methods.items()}


def with_dictionary(encoded: Sequence[bytes]) -> dict[str, int]:
    """What a dictionary that sender and receiver share does for zstd, trained on other messages than it compresses.

    Every other message is for training. Of the rest, there are their number (`messages`) and the sums of octets: as
    they are (`none`), by `zstd-3`, and with the dictionary (`zstd-3-dictionary`), which itself is `dictionary_bytes`
    long and no part of that. Empty where there are too few messages, or too little in them to train with.
    """
    if len(encoded) < DICTIONARY_MESSAGES or missing("zstd-3"):
        return {}
    import zstandard

    training, rest = encoded[::2], encoded[1::2]
    try:
        dictionary = zstandard.train_dictionary(DICTIONARY_BYTES, list(training))
    except zstandard.ZstdError:
        return {}
    plain, primed = zstandard.ZstdCompressor(3), zstandard.ZstdCompressor(3, dict_data=dictionary)
    return {
        "dictionary_bytes": len(dictionary.as_bytes()),
        "training_messages": len(training),
        "messages": len(rest),
        "none": sum(map(len, rest)),
        "zstd-3": sum(len(plain.compress(data)) for data in rest),
        "zstd-3-dictionary": sum(len(primed.compress(data)) for data in rest),
    }
