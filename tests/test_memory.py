"""What calls allocate: known sizes and counts, Python's and native, and what is said where memray is missing."""

import gc
import subprocess
import sys
import zlib

import numpy as np
import pytest
from serbench.memory import MEMRAY, TRACEMALLOC, Allocated, allocated, replay

HEADER = sys.getsizeof(b"")
NOTHING = Allocated(0, 0, 0)
MARK = 77

memray = pytest.mark.skipif(sys.platform == "win32", reason="memray does not run on Windows")


def one(function, argument):
    method, (first, second) = allocated([(function, argument)] * 2)
    assert method == MEMRAY
    assert first == second
    return first


def blocks(count):
    return [bytes(1000) for _ in range(count)]


def calling(argument):
    return returning(argument)


def returning(argument):
    return argument


def dropping(size):
    bytes(size)


def circular(size):
    ring = [bytes(size)]
    ring.append(ring)


@memray
def test_a_call_that_allocates_nothing():
    """Not even what memray makes of a stack of Python calls."""
    assert one(calling, 1) == NOTHING


@memray
@pytest.mark.parametrize("size", [1, 500, 513, 100_000, 50_000_000])
def test_the_size_of_a_result_small_and_large(size):
    assert one(bytes, size) == Allocated(HEADER + size, HEADER + size, 1)


@memray
def test_what_is_freed_before_the_end_is_in_the_peak_only():
    assert one(dropping, 100_000) == Allocated(HEADER + 100_000, 0, 1)


@memray
def test_garbage_that_needs_a_collection_is_not_held():
    found = one(circular, 100_000)
    assert found.peak_bytes > 100_000
    assert found.held_bytes == 0
    assert gc.isenabled()


@memray
def test_every_block_counts():
    few, many = one(blocks, 10), one(blocks, 11)
    assert many.allocations - few.allocations == 1
    assert many.held_bytes - few.held_bytes >= HEADER + 1000


@memray
def test_what_is_held_elsewhere_is_held():
    """A codec that keeps what it was given."""
    kept = []
    _, (found,) = allocated([(lambda size: kept.append(bytes(size)), 100_000)])
    assert found.held_bytes >= HEADER + 100_000


@memray
def test_native_memory_is_seen():
    found = one(lambda size: np.empty(size, np.uint8), 123_456)
    assert 123_456 <= found.held_bytes < 124_000
    packed = one(zlib.compress, b"x" * 1000)
    assert packed.peak_bytes > 200_000, "zlib.h: (1 << (windowBits + 2)) + (1 << (memLevel + 9)) octets by default"
    assert packed.held_bytes < 1000


@pytest.mark.parametrize(
    ("call", "found"),
    [
        ([(1, 10, True), (2, 5, True), (1, 0, False)], Allocated(15, 5, 2)),
        ([(1, 10, True), (1, 0, False), (1, 7, True)], Allocated(10, 7, 2)),
        ([(1, 10, True), (1, 0, False), (2, 4, True), (2, 0, False)], Allocated(10, 0, 2)),
        ([(5, 0, False), (1, 3, True)], Allocated(3, 3, 1)),
    ],
    ids=["one is kept", "one after the other", "all freed", "memory of before is freed"],
)
def test_replay(call, found):
    mark = [(9, MARK, True), (9, 0, False)]
    before = [(3, 1000, True)]
    late = [(4, 50, True), (3, 0, False)]  # what a collection allocates is nobody's
    records = [*before, *mark, *call, *mark, *late, *mark, *before, *mark, *mark, *mark]
    assert list(replay(records, MARK)) == [found, NOTHING]


def test_where_memray_is_missing_it_is_said():
    """Native memory is seen by what becomes resident, in a process that has none to spare."""
    script = """if True:
        import sys
        sys.modules["memray"] = None
        from mmap import mmap
        from serbench.memory import allocated
        def native(size):
            pages = mmap(-1, size)
            for place in range(0, size, 4096):
                pages[place] = 1
        print(*allocated([(bytes, 1_000_000), (native, 32 << 20), (len, b"")]), sep="\\n")"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60)
    method, listed = done.stdout.splitlines()
    plain, native, none = eval(listed, {"Allocated": Allocated})
    assert method == TRACEMALLOC
    assert 1_000_000 <= plain.peak_bytes < 1_500_000
    assert 1_000_000 <= plain.held_bytes < 1_001_000
    if sys.platform == "linux":
        assert native.peak_bytes > 30 << 20
    assert native.held_bytes < 100_000
    assert none.peak_bytes < 500_000
    assert {found.allocations for found in (plain, native, none)} == {None}
