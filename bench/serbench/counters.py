"""Instructions in place of time, under valgrind's callgrind: for one codec over time, never for ranking codecs.

A count repeats exactly, on however busy a machine, where the process does the same from its first instruction on: so it
runs with a fixed hash seed, without address randomisation, with nothing of the user's environment but where programs
and libraries are, in an empty folder. `python -m serbench.counters` sees to that and becomes valgrind with a worker in
it. Each data set has a process of its own, so that its counts do not depend on the others.

Valgrind's client requests are a sequence of instructions that does nothing outside of it (valgrind.h, which promises
that it stays). They are written into a page and called, so that no compiler is needed.
"""

import ctypes
import gc
import mmap
import os
import platform
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from serschema.errors import SerError

from serbench.sampler import Candidate, Loop
from serbench.verify import described

CALLS = 32
"""About so many calls are counted, and as many made before, in which the interpreter specialises the code."""
LONG = 50_000_000
"""Fewer calls that take so many instructions are enough; a second or so in valgrind."""

_CODE = {
    # mov rax, rdi; xor edx, edx; rol rdi, 3; rol rdi, 13; rol rdi, 61; rol rdi, 51; xchg rbx, rbx; mov rax, rdx; ret
    "x86_64": "4889f8 31d2 48c1c703 48c1c70d 48c1c73d 48c1c733 4887db 4889d0 c3",
    # mov x4, x0; mov x3, 0; ror x12, x12, 3; 13; 51; 61; orr x10, x10, x10; mov x0, x3; ret
    "aarch64": "e40300aa 030080d2 8c0dcc93 8c35cc93 8ccdcc93 8cf5cc93 4a010aaa e00303aa c0035fd6",
}
"""By machine, a function of the address of six 64-bit words, a request and its arguments, which returns the answer."""
_CALLGRIND = ord("C") << 24 | ord("T") << 16
_TOGGLE_COLLECT, _DUMP_STATS, _START, _STOP = _CALLGRIND + 2, _CALLGRIND, _CALLGRIND + 4, _CALLGRIND + 5
_RUNNING_ON_VALGRIND = 0x1001
_WARM_READS = 12
_TAIL = 64
"""Octets at the end of a dump that hold the total. The whole has no fixed length, so reading it would leave traces."""
_ADDR_NO_RANDOMIZE = 0x0040000
"""personality(2)."""


class Counter:
    """The instructions of this process, which `launch` started. A context manager: only inside of it does the process
    run at the speed of counting.
    """

    def __init__(self) -> None:
        self._sum = 0
        self._counting = False
        self._kept: list[ctypes.Array[ctypes.c_uint64]] = []
        self._page = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
        self._page.write(bytes.fromhex(_CODE[platform.machine()]))
        self._call = ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_void_p)(
            ctypes.addressof(ctypes.c_char.from_buffer(self._page))
        )
        self._toggle, self._dump, self._start, self._stop, running = map(
            self._request, (_TOGGLE_COLLECT, _DUMP_STATS, _START, _STOP, _RUNNING_ON_VALGRIND)
        )
        if not running():
            raise SerError("instructions are counted under valgrind only")

    def _request(self, number: int) -> Callable[[], int]:
        words = (ctypes.c_uint64 * 6)(number)
        self._kept.append(words)
        return partial(self._call, ctypes.addressof(words))

    def __enter__(self) -> None:
        self._start()
        self._toggle()
        self._counting = True

    def __exit__(self, *_: object) -> None:
        self._counting = False
        self._toggle()
        self._stop()

    def read(self) -> int:
        """The instructions so far, those of `read` itself but for a constant left out."""
        if self._counting:
            self._toggle()
            self._dump()
            self._sum += self._dumped()
            self._toggle()
        return self._sum

    def _dumped(self) -> int:
        (dump,) = Path().glob("dump.*")
        with dump.open("rb", buffering=0) as file:
            file.seek(-_TAIL, os.SEEK_END)
            (found,) = re.findall(rb"^totals: (\d+)$", file.read(_TAIL), re.MULTILINE)
        dump.unlink()
        return int(found)


def count(block: Iterable[Candidate]) -> Iterator[dict[str, Any]]:
    """The frames of a `count` request but the last."""
    counter = Counter()
    with counter:
        for _ in range(_WARM_READS):
            counter.read()
    gc.collect()
    gc.freeze()
    gc.disable()
    for candidate in block:
        row: dict[str, Any] = {"operation": candidate.operation}
        yield {"at": candidate.operation}
        try:
            loops, instructions = _counted(candidate.call, candidate.inputs, counter)
            _, empty = _counted(callable, candidate.inputs, counter, loops)
            row |= {"loops": loops, "instructions": instructions, "empty_instructions": empty}
        except Exception as error:
            row["reason"] = f"{candidate.operation} raised {described(error)}"
        yield {"row": row}


def _counted(call: Callable[[Any], Any], inputs: Sequence[Any], counter: Counter, loops: int = 0) -> tuple[int, int]:
    """Calls of all inputs, as many as asked for or make `CALLS` calls or `LONG`, and their instructions."""
    loop = Loop(call, inputs, counter.read, unrolled=False)
    most = loops or -(-CALLS // len(inputs))
    loop.run(most)
    with counter:
        nothing = loop.run(0)
        once = loop.run(1) - nothing
        loops = loops or max(1, min(most, LONG // once))
        return loops, loop.run(loops) - loop.run(0)


# Around it.


def command(folder: str, seed: int) -> list[str]:
    """How to start a worker that can `count`, in an empty folder for its dumps."""
    return [sys.executable, "-P", "-m", "serbench.counters", folder, str(seed % 2**32)]


def version() -> str:
    """That of valgrind. Raises `SerError` with the command that brings what is missing."""
    if platform.machine() not in _CODE:
        raise SerError(f"--counter instructions: how to speak to valgrind on {platform.machine()} is not known here")
    if not shutil.which("valgrind"):
        raise SerError("missing: valgrind; on Debian, apt-get install valgrind")
    done = subprocess.run(["valgrind", "--version"], capture_output=True, text=True, check=True)
    return done.stdout.strip().removeprefix("valgrind-")


def launch() -> None:
    """Become valgrind with a worker in it that starts the same each time. Arguments: its folder and hash seed."""
    folder, seed = sys.argv[1:]
    if ctypes.CDLL(None).personality(_ADDR_NO_RANDOMIZE) == -1:
        sys.exit("personality(2) is forbidden here: address randomisation stays on, and counts would not repeat")
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    kept |= {"PYTHONHASHSEED": seed, "LC_ALL": "C.UTF-8"}
    if "PYTHONPATH" in kept:
        kept["PYTHONPATH"] = os.pathsep.join(map(os.path.abspath, kept["PYTHONPATH"].split(os.pathsep)))
    os.chdir(folder)
    os.execvpe("valgrind", [*VALGRIND, sys.executable, "-P", "-m", "serbench.worker"], kept)


_KEPT = ("PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX")
VALGRIND = ("valgrind", "--quiet", "--tool=callgrind", "--instr-atstart=no", "--collect-atstart=no",
             "--callgrind-out-file=dump")  # fmt: skip


if __name__ == "__main__":
    launch()
