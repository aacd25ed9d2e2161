"""Compressed sizes: each message by itself, at the stated level."""

import sys
import zlib

import pytest
import zstandard
from serbench.size import compressed_bytes

MESSAGES = [b"abcabcabc" * 100, b"", bytes(range(256))]


def test_sizes_are_sums_over_messages():
    found = compressed_bytes(MESSAGES, [("zlib", 6), ("zstd", 3), ("zlib", 1)])
    assert found == {
        "zlib-6": sum(len(zlib.compress(data, 6)) for data in MESSAGES),
        "zstd-3": sum(len(zstandard.compress(data, 3)) for data in MESSAGES),
        "zlib-1": sum(len(zlib.compress(data, 1)) for data in MESSAGES),
    }


def test_messages_do_not_share_a_dictionary():
    one, two = (compressed_bytes(MESSAGES[:1] * times, [("zlib", 6)])["zlib-6"] for times in (1, 2))
    assert two == 2 * one


def test_a_compressor_that_is_not_installed_is_left_out(monkeypatch):
    monkeypatch.setitem(sys.modules, "zstandard", None)
    assert list(compressed_bytes(MESSAGES, [("zlib", 6), ("zstd", 3)])) == ["zlib-6"]


def test_an_unknown_method():
    with pytest.raises(KeyError):
        compressed_bytes(MESSAGES, [("rot13", 1)])
