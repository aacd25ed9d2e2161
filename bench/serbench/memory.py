"""Memory. So far: what a stream takes, in a fresh process, that writes records to a file and reads them back."""

import itertools
import os
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sercodecs.contract import Codec
from serschema.model import Value

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
