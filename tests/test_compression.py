"""Compression: each message by itself, at the stated level, and a dictionary of other messages than it compresses."""

import json
import lzma
import sys
import zlib

import brotli
import lz4.frame
import pytest
import zstandard
from serbench.compression import DICTIONARY_BYTES, METHODS, compressed_bytes, missing, with_dictionary

PROSE = " ".join(f"{i * i % 97} {'even' if i % 2 else 'odd'} {i % 7}" for i in range(400)).encode()
MESSAGES = [PROSE, b"", bytes(range(256))]


def test_neighbouring_levels_would_give_other_sizes():
    assert len({len(brotli.compress(PROSE, quality=quality)) for quality in (4, 5, 6)}) == 3
    assert len({len(zlib.compress(PROSE, level)) for level in (5, 6)}) == 2
    assert len({len(zstandard.compress(PROSE, level)) for level in (2, 3, 4)}) == 3


def test_sizes_are_sums_over_messages_at_the_stated_levels():
    assert compressed_bytes(MESSAGES) == {
        "none": len(PROSE) + 256,
        "zlib-6": sum(len(zlib.compress(data, 6)) for data in MESSAGES),
        "zstd-3": sum(len(zstandard.compress(data, 3)) for data in MESSAGES),
        "lz4-0": sum(len(lz4.frame.compress(data)) for data in MESSAGES),
        "brotli-5": sum(len(brotli.compress(data, quality=5)) for data in MESSAGES),
        "xz-6": sum(len(lzma.compress(data)) for data in MESSAGES),
    }


@pytest.mark.parametrize("method", METHODS)
def test_what_is_compressed_comes_back_and_is_what_others_read(method):
    others = {
        "zlib-6": zlib.decompress,
        "zstd-3": zstandard.decompress,
        "lz4-0": lz4.frame.decompress,
        "brotli-5": brotli.decompress,
        "xz-6": lzma.decompress,
    }
    pair = METHODS[method]()
    for data in MESSAGES:
        packed = pair.compress(data)
        assert pair.decompress(packed) == others[method](packed) == data


def test_messages_do_not_share_a_dictionary():
    one, two = (compressed_bytes(MESSAGES[:1] * times) for times in (1, 2))
    assert two == {method: 2 * size for method, size in one.items()}


@pytest.mark.parametrize(
    ("method", "module", "advice"),
    [
        ("zstd-3", "zstandard", "pip install zstandard"),
        ("lz4-0", "lz4", "pip install lz4"),
        ("brotli-5", "brotli", "pip install brotli"),
        ("xz-6", "lzma", "import of lzma halted; None in sys.modules"),
    ],
)
def test_a_compressor_that_is_not_installed_is_left_out(monkeypatch, method, module, advice):
    monkeypatch.setitem(sys.modules, module, None)
    assert missing(method) == advice
    assert set(compressed_bytes(MESSAGES)) == {"none", *METHODS} - {method}
    assert (with_dictionary(people(40)) == {}) is (method == "zstd-3")


def people(count):
    return [
        json.dumps({"id": i, "name": f"user{i * 7919 % 997}", "mail": "a@example.org"}).encode() for i in range(count)
    ]


def test_a_dictionary_helps_where_messages_are_small_and_alike():
    found = with_dictionary(people(200))
    assert found["dictionary_bytes"] <= DICTIONARY_BYTES
    assert (found["training_messages"], found["messages"]) == (100, 100)
    assert found["none"] == sum(map(len, people(200)[1::2]))
    assert found["zstd-3-dictionary"] < 0.6 * found["zstd-3"]


def test_a_dictionary_is_not_trained_on_what_it_compresses():
    """Every message has noise of its own, which would be in the dictionary otherwise."""
    import random

    source = random.Random(1)
    noise = [source.randbytes(60) for _ in range(60)]
    found = with_dictionary(noise)
    assert not found or found["zstd-3-dictionary"] > found["none"]
    cheating = with_dictionary([data for pair in zip(noise[1::2], noise[1::2]) for data in pair])
    assert cheating["zstd-3-dictionary"] < 0.7 * cheating["none"]


@pytest.mark.parametrize("messages", [people(29), [b""] * 100], ids=["few", "empty"])
def test_where_there_is_nothing_to_train_with(messages):
    assert with_dictionary(messages) == {}
