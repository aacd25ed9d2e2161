"""What codecs share in a process: each of its parts is seen to change, and put back."""

import ctypes
import ctypes.util
import decimal
import gc
import locale
import os
import platform
import signal
import sys
import time
import warnings

import pytest
from serbench.shared_state import GC, STATE, SharedState, Turns, address_space


def flush_to_zero():
    """As what is compiled with -ffast-math does: the bits FZ and DAZ of MXCSR (Intel's manual, volume 1, 10.2.3)."""
    libm = ctypes.CDLL(ctypes.util.find_library("m"))
    environment = ctypes.create_string_buffer(32)
    libm.fegetenv(environment)
    environment[29] = environment[29][0] | 0x80
    environment[28] = environment[28][0] | 0x40
    libm.fesetenv(environment)


def strict():
    warnings.simplefilter("error", UserWarning)


CHANGES = {
    "the working directory": lambda: os.chdir("/"),
    "environment variables": lambda: os.environ.update(TZ="Asia/Tokyo"),
    "the locale": lambda: locale.setlocale(locale.LC_ALL, "C" if locale.setlocale(locale.LC_ALL) != "C" else "C.UTF-8"),
    "the decimal context": lambda: setattr(decimal.getcontext(), "prec", 3),
    "floating-point arithmetic": flush_to_zero,
    "the recursion limit": lambda: sys.setrecursionlimit(5000),
    "the limit of integers as text": lambda: sys.set_int_max_str_digits(700),
    "signal handlers": lambda: signal.signal(signal.SIGTERM, lambda *_: None),
    "timers": lambda: signal.setitimer(signal.ITIMER_REAL, 1000),
    "warnings as errors": strict,
    "the trace function": lambda: sys.settrace(lambda *_: None),
    "the profile function": lambda: sys.setprofile(lambda *_: None),
    "the standard streams": lambda: setattr(sys, "stdout", None),
    "the switch interval of threads": lambda: sys.setswitchinterval(1),
    GC: gc.disable,
    "the CPUs of the process": lambda: os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}),
}


def test_the_table_is_whole():
    assert CHANGES.keys() >= STATE.keys()


@pytest.mark.skipif(sys.platform != "linux", reason="some of it is Linux's")
@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_named_and_undone(name, monkeypatch):
    if name == "the CPUs of the process" and len(os.sched_getaffinity(0)) == 1:
        pytest.skip("there is one CPU")
    if name == "floating-point arithmetic" and platform.machine() != "x86_64":
        pytest.skip("how it is changed is x86-64's")
    before = STATE[name].read()
    state = SharedState()
    assert state.restore() == []
    CHANGES[name]()
    assert state.restore() == [name]
    assert STATE[name].read() == before
    assert state.restore() == []


def test_the_time_zone_follows_the_environment(monkeypatch):
    before = time.tzname
    state = SharedState()
    os.environ["TZ"] = "Asia/Tokyo"
    time.tzset()
    assert time.tzname == ("JST", "JST")
    state.restore()
    assert time.tzname == before


def test_what_is_not_to_be_looked_at_is_not():
    state = SharedState(but=(GC,))
    gc.disable()
    try:
        assert state.restore() == []
        assert not gc.isenabled()
    finally:
        gc.enable()


@pytest.mark.skipif(sys.platform != "linux", reason="proc(5) is Linux's")
def test_who_keeps_memory_is_named():
    heard = []
    turns = Turns(heard.append, 400 << 20)
    turns.next(("a", "encode"))
    kept = bytes(150 << 20)
    assert turns.next(("b", "encode")) is False
    turns.accuse(160 << 20)
    with pytest.raises(MemoryError, match=r"^15[0-9] MiB were kept$"):
        turns.accuse(100 << 20)
    assert heard[2:] == [("a", "encode")]
    more = bytes(250 << 20)
    with pytest.raises(MemoryError, match=r"25[0-9] MiB were kept"):
        turns.next(None)
    assert heard[3:] == [("b", "encode")]
    assert len(kept) + len(more) < address_space()


def test_who_changes_state_is_told_at_the_end_of_its_turn():
    turns = Turns(lambda turn: None, 1 << 40)
    turns.next(("a", "encode"))
    sys.setrecursionlimit(5000)
    assert turns.next(("b", "encode")) is True
    assert sys.getrecursionlimit() != 5000
    assert turns.next(None) is False
