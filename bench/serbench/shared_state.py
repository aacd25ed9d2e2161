"""What codecs share in a process, its global state and its memory: what one of them does to it must not cost others.

State is put back after each codec's turn. Only what is cheap to read, and known to be changed by libraries, is looked
at; `STATE` is the list. What a library replaces in other modules is not seen, nor is a thread that it leaves running:
that one slows everybody alike, and the canary shows it. Light, as the worker is.
"""

import decimal
import gc
import locale
import os
import signal
import sys
import time
import warnings
from collections import Counter
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias


class _State(NamedTuple):
    """How something is read, as a value that can be compared, and how it gets that value again."""

    read: Callable[[], Any]
    write: Callable[[Any], object]


def _write_environment(held: dict[str, str]) -> None:
    os.environ.clear()
    os.environ.update(held)
    if hasattr(time, "tzset"):
        time.tzset()


def _decimal() -> dict[str, Any]:
    held = decimal.getcontext()
    return {name: getattr(held, name) for name in _DECIMAL} | {"traps": dict(held.traps)}


_DECIMAL = ("prec", "rounding", "Emin", "Emax", "capitals", "clamp")


def _gc() -> tuple[Any, ...]:
    return gc.isenabled(), gc.get_threshold(), gc.get_debug()


def _write_gc(held: tuple[Any, ...]) -> None:
    enabled, threshold, debug = held
    (gc.enable if enabled else gc.disable)()
    gc.set_threshold(*threshold)
    gc.set_debug(debug)


def _handlers() -> dict[int, Any]:
    return {number: signal.getsignal(number) for number in _SIGNALS}


def _write_handlers(held: dict[int, Any]) -> None:
    for number, handler in held.items():
        if signal.getsignal(number) != handler and handler is not None:
            signal.signal(number, handler)


_SIGNALS = [
    getattr(signal, f"SIG{name}")
    for name in ("INT", "TERM", "ABRT", "SEGV", "FPE", "BUS", "PIPE", "CHLD", "ALRM", "VTALRM", "PROF", "USR1", "USR2")
    if hasattr(signal, f"SIG{name}")
]


def _timers() -> list[bool]:
    return [signal.getitimer(which)[0] > 0 for which in _TIMERS]


def _write_timers(held: list[bool]) -> None:
    for which in _TIMERS:
        signal.setitimer(which, 0)


_TIMERS = (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF) if hasattr(signal, "setitimer") else ()


def _strict_warnings() -> list[Any]:
    return [held for held in warnings.filters if held[0] == "error"]


def _write_strict_warnings(held: list[Any]) -> None:
    kept = [item for item in warnings.filters if item[0] != "error" or item in held]
    warnings.resetwarnings()
    warnings.filters.extend(kept)  # type: ignore[attr-defined]


def _arithmetic() -> tuple[bool, ...]:
    """Shows whether numbers below the normal ones count as zero, as in code compiled with -ffast-math, and how others
    are rounded."""
    least = float.fromhex("0x1p-1022")
    return least / 2 > 0, 1 + least > 1, 1 - least < 1


def _write_arithmetic(held: tuple[bool, ...]) -> None:
    import ctypes
    import ctypes.util

    ctypes.CDLL(ctypes.util.find_library("m")).fesetenv(ctypes.c_void_p(-1))  # glibc's FE_DFL_ENV


GC = "garbage collection"
_STREAMS = ("stdin", "stdout", "stderr")
STATE = {
    "the working directory": _State(os.getcwd, os.chdir),
    "environment variables": _State(lambda: dict(os.environ), _write_environment),
    "the locale": _State(lambda: locale.setlocale(locale.LC_ALL), lambda held: locale.setlocale(locale.LC_ALL, held)),
    "the decimal context": _State(_decimal, lambda held: decimal.setcontext(decimal.Context(**held))),
    "floating-point arithmetic": _State(_arithmetic, _write_arithmetic),
    "the recursion limit": _State(sys.getrecursionlimit, sys.setrecursionlimit),
    "the limit of integers as text": _State(sys.get_int_max_str_digits, sys.set_int_max_str_digits),
    "signal handlers": _State(_handlers, _write_handlers),
    "timers": _State(_timers, _write_timers),
    "warnings as errors": _State(_strict_warnings, _write_strict_warnings),
    "the trace function": _State(sys.gettrace, sys.settrace),
    "the profile function": _State(sys.getprofile, sys.setprofile),
    "the standard streams": _State(
        lambda: [getattr(sys, name) for name in _STREAMS], lambda held: vars(sys).update(zip(_STREAMS, held))
    ),
    "the switch interval of threads": _State(sys.getswitchinterval, sys.setswitchinterval),
    GC: _State(_gc, _write_gc),
}
if hasattr(os, "sched_setaffinity"):
    STATE["the CPUs of the process"] = _State(
        lambda: os.sched_getaffinity(0), lambda held: os.sched_setaffinity(0, held)
    )


class SharedState:
    """The global state of the moment."""

    def __init__(self, but: Collection[str] = ()) -> None:
        self._held = {name: state.read() for name, state in STATE.items() if name not in but}

    def restore(self) -> list[str]:
        """Make it again what it was; returns the names of what was not. What resists stays as it is."""
        changed = []
        for name, held in self._held.items():
            if STATE[name].read() != held:
                changed.append(name)
                with suppress(Exception):
                    STATE[name].write(held)
        return changed


Turn: TypeAlias = tuple[str, str | None] | None
"""A codec and an operation, or that it may be anybody's."""


class Turns:
    """Whose turn it is, as whoever waits is told. What a codec leaves behind is put back, or held against it.

    Raises `MemoryError` after the turn of one that keeps more than half of `memory_bytes`, having said whose it was.
    """

    def __init__(self, tell: Callable[[Turn], object], memory_bytes: int) -> None:
        self._tell = tell
        self._bound = memory_bytes
        self._state = SharedState(but=(GC,))
        self._turn: Turn = None
        self._size = address_space()
        self._kept: Counter[Turn] = Counter()

    def next(self, turn: Turn) -> bool:
        """Whether the last one changed global state."""
        changed = self.over()
        self._turn = turn
        self._tell(turn)
        return changed

    def over(self) -> bool:
        changed = self._state.restore()
        self.accuse(self._bound // 2)
        return bool(changed)

    def accuse(self, more_than: int) -> None:
        """Name who keeps most of the memory, if it is so much: then who finds none is a victim."""
        before, self._size = self._size, address_space()
        self._kept[self._turn] += self._size - before
        ((turn, kept),) = self._kept.most_common(1)
        if kept > more_than:
            self._tell(turn)
            raise MemoryError(f"{kept >> 20} MiB were kept")


def address_space() -> int:
    """The octets that the process has addresses for, which are what is bounded, of Linux's proc(5); 0 elsewhere."""
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[0]
    except OSError:
        return 0
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
