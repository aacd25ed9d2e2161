"""What a codec costs before the first message: its library's import, its size on disk, and the schema's compilation."""

import os
import re
import struct
import time
from collections.abc import Callable, Iterator
from importlib import metadata
from pathlib import Path

from sercodecs.contract import Codec, CodecInfo
from serschema.model import Field, Int, Record, Schema

from serbench.memory import peak_rise

LEAST = Schema("Least", (Record("Least", (Field("x", 1, Int(32)),)),))
"""The schema that is least work to compile, and that every codec carries."""
CONSTRUCTIONS = 3


def imported(info: CodecInfo) -> dict[str, int | None]:
    """The nanoseconds until the codec is ready for `LEAST`, and by how many octets resident memory rose.

    To be called in a process that has not imported the library: what Python and serbench have imported already, most of
    the standard library that libraries share, is not counted.
    """
    times: list[int] = []
    resident_bytes = peak_rise(lambda: times.append(_timed(info, LEAST)[1]))
    return {"import_ns": times[0], "resident_bytes": resident_bytes}


def constructed(info: CodecInfo, schema: Schema) -> tuple[Codec, list[int]]:
    """The codec, and the nanoseconds that it takes to compile the schema, its library being imported.

    Each is the first time in a process, in forks and then in this one: codecs keep what they make of a schema, and one
    codec what another has made, so a second time is not the same.
    """
    info.compile(LEAST)
    forks = CONSTRUCTIONS - 1 if hasattr(os, "fork") else 0
    times = [took for _ in range(forks) if (took := _in_a_fork(lambda: _timed(info, schema)[1])) is not None]
    codec, took = _timed(info, schema)
    return codec, [*times, took]


def _timed(info: CodecInfo, schema: Schema) -> tuple[Codec, int]:
    started = time.perf_counter_ns()
    codec = info.compile(schema)
    return codec, time.perf_counter_ns() - started


def _in_a_fork(call: Callable[[], int]) -> int | None:
    """The number that a call gives in a fork; None if it does not come to that."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, struct.pack("=q", call()))
        finally:
            os._exit(0)
    os.close(writing)
    with open(reading, "rb") as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    return int(struct.unpack("=q", answer)[0]) if answer else None


def sizes(distribution: str) -> tuple[int, int] | tuple[None, None]:
    """Octets on disk of a distribution, and of it with all that it requires, compiled Python left out.

    What comes with Python or serbench has no size of its own.
    """
    if distribution in ("python", "serbench"):
        return None, None
    return _installed(distribution), sum(map(_installed, _required(distribution, set())))


def _installed(distribution: str) -> int:
    files = metadata.files(distribution) or ()
    return sum(
        path.stat().st_size for file in files if file.suffix != ".pyc" and (path := Path(str(file.locate()))).is_file()
    )


def _required(distribution: str, seen: set[str]) -> Iterator[str]:
    """The names of an installed distribution and of those that it requires here, without extras."""
    from packaging.requirements import Requirement  # which a worker can do without

    name = re.sub(r"[-_.]+", "-", distribution).lower()
    if name in seen:
        return
    seen.add(name)
    try:
        wanted = [Requirement(line) for line in metadata.requires(name) or ()]
    except metadata.PackageNotFoundError:
        return
    yield name
    for requirement in wanted:
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield from _required(requirement.name, seen)
