"""The framed protocol between a worker and its client: what a frame is, and how an answer can fail.

A frame is a 4-octet big-endian length and that many octets of JSON (UTF-8), one object.
"""

import json
import signal
import struct
from typing import IO, Any, TypeAlias

from serschema.errors import SerError

PROTOCOL = 1
FRAME_BYTES = 1 << 30
KILLED = -9
"""The exit code of a process ended by SIGKILL."""

Frame: TypeAlias = dict[str, Any]


class WorkerFailed(SerError):
    """The worker did not answer: it crashed, hung, ran out of memory, or wrote rubbish, or too much.

    `killed` tells that it was ended by SIGKILL, which a library hardly does: a person did, or the system for want of
    memory.
    """

    def __init__(self, message: str, *, killed: bool = False) -> None:
        super().__init__(message)
        self.killed = killed


def write_frame(stream: IO[bytes], frame: Frame) -> None:
    data = json.dumps(frame).encode()
    stream.write(struct.pack(">I", len(data)) + data)
    stream.flush()


def read_frame(stream: IO[bytes]) -> Frame | None:
    """The next frame, or None where the stream ends. Raises `WorkerFailed` for what is not a frame."""
    head = stream.read(4)
    if not head:
        return None
    length = int.from_bytes(head, "big")
    if len(head) < 4 or length > FRAME_BYTES:
        raise WorkerFailed(f"rubbish in place of a frame: {head!r}")
    data = stream.read(length)
    if len(data) < length:
        raise WorkerFailed(f"a frame of {length} bytes ended after {len(data)}")
    try:
        frame = json.loads(data)
    except ValueError:
        frame = None
    if not isinstance(frame, dict):
        raise WorkerFailed(f"rubbish in place of a frame: {data[:40]!r}")
    return frame


def ended(code: int) -> str:
    """How a process ended, from its exit code, negative for a signal, as in `subprocess`."""
    return f"crashed: {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
