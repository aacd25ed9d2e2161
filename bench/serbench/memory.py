"""Memory, in processes in which nothing is timed: what a call takes, and what a stream of records takes.

A call is measured warm, on one message, with every allocation recorded by memray: those of Python and those that native
code makes through malloc or mmap. Where memray does not run, tracemalloc tells Python's share and the resident size the
rest, as far as it is not taken from what the process had kept for itself; the greater of the two is a lower bound.
"""

import gc
import itertools
import os
import sys
import tempfile
import time
import tracemalloc
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias

from sercodecs.contract import Codec
from serschema.model import Value

Call: TypeAlias = tuple[Callable[[Any], object], Any]
Record: TypeAlias = tuple[int, int, bool]
"""An address, a size, and whether it was allocated or freed."""

MEMRAY, TRACEMALLOC = "memray", "tracemalloc+rss"
PRELOADED = "memray.reporters.module_tools"
"""What is imported before the process is forked, if it is there: memray, and what it imports late."""
OWN_POOLS = {"ARROW_DEFAULT_MEMORY_POOL": "system"}
"""Settings by which libraries leave their own pools of memory, in which nobody sees what is taken, for malloc."""
WARM_CALLS = 10
"""So often a function is called before the interpreter has specialised it."""
WARM_S = 0.002
"""What takes longer has loops for that."""
_MARK = 7_654_321
"""Octets of an allocation that stands between calls: as good as none has just this size."""


@dataclass(frozen=True)
class Allocated:
    """What a call allocated, in octets above what there was before.

    `peak_bytes` at the worst moment, `held_bytes` with its result when garbage was collected; `allocations` is how many
    there were, None where nobody counts.
    """

    peak_bytes: int
    held_bytes: int
    allocations: int | None


def footprint(codec: Codec, message: Value) -> dict[str, Any]:
    """The figures of memory in a `results.Footprint`: of one call each, after some that were not measured."""
    deadline = time.monotonic() + WARM_S
    for _ in range(WARM_CALLS):
        encoded = codec.encode(message)
        codec.decode(encoded)
        if time.monotonic() > deadline:
            break
    method, measured = allocated([(codec.encode, message), (codec.decode, encoded)])
    names = ("encode", "decode")
    return {"method": method} | {
        f"{name}_{what}": value for name, held in zip(names, measured) for what, value in asdict(held).items()
    }


def allocated(calls: Sequence[Call]) -> tuple[str, list[Allocated]]:
    """The method, and what each call (a function and its argument) allocates."""
    gc.freeze()  # collections find what the calls have left, and little else
    gc.disable()
    try:
        measured = _by_memray(calls)
        return (TRACEMALLOC, [_by_tracemalloc(*call) for call in calls]) if measured is None else (MEMRAY, measured)
    finally:
        gc.enable()
        gc.unfreeze()


def _by_memray(calls: Sequence[Call]) -> list[Allocated] | None:
    try:
        from memray import AllocatorType, FileDestination, FileReader, Tracker
    except ImportError:
        return None
    freeing = (AllocatorType.FREE, AllocatorType.PYMALLOC_FREE, AllocatorType.MUNMAP)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "allocations")
        with Tracker(
            destination=FileDestination(path, overwrite=True, compress_on_exit=False), trace_python_allocators=True
        ):
            sys.setprofile(None)  # memray follows the stack, and each Python call makes an object for it
            for function, argument in calls:
                gc.collect()  # it also empties the interpreter's free lists, for each call alike
                bytes(_MARK)
                kept = function(argument)
                bytes(_MARK)
                gc.collect()
                bytes(_MARK)
                del kept
        with FileReader(path) as reader:
            records = (
                (record.address, record.size, record.allocator not in freeing)
                for record in reader.get_allocation_records()
            )
            measured = list(replay(records, sys.getsizeof(b"") + _MARK))
    return measured


def replay(records: Iterable[Record], mark: int) -> Iterator[Allocated]:
    """What each call allocated, from the records of all: allocations of `mark` octets stand before it and after it,
    and once more when garbage was collected. What was there before is freed without a trace.
    """
    live: dict[int, int] = {}
    marks = current = peak = count = 0
    for address, size, is_new in records:
        if is_new and size == mark:
            marks += 1
            if marks % 3 == 1:
                live.clear()
                current = peak = count = 0
            elif marks % 3 == 0:
                yield Allocated(peak, current, count)
        elif is_new and marks % 3 == 1:
            live[address] = size
            current += size
            count += 1
            peak = max(peak, current)
        elif not is_new:
            current -= live.pop(address, 0)


def _by_tracemalloc(function: Callable[[Any], object], argument: Any) -> Allocated:
    resident = peak_rise(lambda: function(argument)) or 0
    gc.collect()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        kept = function(argument)
        _, peak = tracemalloc.get_traced_memory()
        gc.collect()
        held, _ = tracemalloc.get_traced_memory()
        del kept
    finally:
        tracemalloc.stop()
    return Allocated(max(peak - before, resident), held - before, None)


STREAM_BYTES = 2 << 20
"""A stream is about so long: many times what its reader may hold."""
STREAM_S = 0.25
"""Or as long as can be written in this time."""
_CHECKED = 16
"""Records between two looks at the clock and the file's size."""


def streamed(codec: Codec, messages: list[Value]) -> dict[str, Any]:
    """The figures of a `results.Streamed`: the messages over and over, through a temporary file."""
    assert codec.write_stream
    assert codec.read_stream
    write, read = codec.write_stream, codec.read_stream
    with tempfile.TemporaryFile() as file:
        write(file, messages)  # whatever the library makes once, it makes now
        file.seek(0)
        deque(read(file), maxlen=0)
        usual = max(1, file.seek(0, os.SEEK_END) // len(messages))
        file.seek(0)
        file.truncate()
        written = 0

        def records() -> Iterator[Value]:
            nonlocal written
            deadline = time.monotonic() + STREAM_S
            for message in itertools.cycle(messages):
                if written * usual >= STREAM_BYTES or (written % _CHECKED == 0 and time.monotonic() > deadline):
                    return
                written += 1
                yield message

        write_peak = peak_rise(lambda: write(file, records()))
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        read_peak = peak_rise(lambda: deque(read(file), maxlen=0))
    return {
        "records": written,
        "stream_bytes": size,
        "write_peak_bytes": write_peak,
        "read_peak_bytes": read_peak,
    }


def peak_rise(call: Callable[[], object]) -> int | None:
    """By how many octets the process's resident memory rose at its peak during the call; None if it cannot be told.

    Linux's proc(5): writing 5 to `clear_refs` resets the peak, `VmHWM` in `status`, to what is resident, `VmRSS`.
    """
    try:
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        call()
        return None
    before = _status("VmRSS")
    call()
    return max(0, _status("VmHWM") - before)


def _status(name: str) -> int:
    for line in Path("/proc/self/status").read_text(encoding="ascii", errors="replace").splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1]) << 10
    return 0
