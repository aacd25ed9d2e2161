"""The bounds of a worker process, which runs what others wrote, and the place on the machine that it measures on.

Everything is best effort: what a system does not have or does not permit is left out. Light, as the worker is.
"""

import os
import signal
from contextlib import suppress
from pathlib import Path

FILE_BYTES = 1 << 30
"""No file of a worker grows beyond this, whatever a library writes to it."""
NICE = -10
"""What workers try to have as their nice value: they are not to wait for the CPU behind whatever else runs."""
ROOT = Path("/")


def confine() -> None:
    """What holds for a worker and its forks from the start."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to stop
    end_with_parent()
    limit("FSIZE", FILE_BYTES)
    limit("CORE", 0)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")  # where memory is out, it goes first
    if hasattr(os, "setpriority"):
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, 0, NICE)


def end_with_parent(parent: int | None = None) -> None:
    """Have the system kill this process when the one that started it ends, however that ends: Linux's prctl(2).

    Forks do not inherit it. One says who its `parent` is, which may have ended already.
    """
    try:
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    except (ImportError, OSError, AttributeError, TypeError):
        return
    if parent not in (None, os.getppid()):
        os._exit(1)


_PR_SET_PDEATHSIG = 1


def limit(resource_name: str, size: int) -> None:
    """Bound what the process may have of a resource: `AS` address space, `FSIZE` size of a file, `CORE` core dump."""
    try:
        import resource
    except ImportError:  # Windows has no such limits
        return
    which = getattr(resource, f"RLIMIT_{resource_name}")
    hard = resource.getrlimit(which)[1]
    resource.setrlimit(which, (size if hard == resource.RLIM_INFINITY else min(size, hard), hard))


def pin() -> None:
    """Stay on one CPU."""
    cpu = measuring_cpu()
    if cpu is not None:
        os.sched_setaffinity(0, {cpu})


def measuring_cpu(root: Path = ROOT) -> int | None:
    """The CPU to measure on: the fastest that may be used, and of equal ones the last, as the first serve interrupts.

    Processors with cores for performance and cores for efficiency have the latter last.
    """
    if not hasattr(os, "sched_getaffinity"):
        return None
    return max(os.sched_getaffinity(0), key=lambda cpu: (*_speed(root / f"sys/devices/system/cpu/cpu{cpu}"), cpu))


def _speed(folder: Path) -> tuple[int, int]:
    """Linux's figures of a CPU's capacity and of its greatest frequency, 0 where they are not known."""
    return _number(folder / "cpu_capacity"), _number(folder / "cpufreq/cpuinfo_max_freq")


def _number(path: Path) -> int:
    try:
        return int(path.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0
