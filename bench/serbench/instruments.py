"""How good the measuring instruments themselves are, on this machine and now: the clock, the loop, the canary.

Each takes some milliseconds. Figures are medians, of a few thousand readings where they are of single ones.
"""

from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from serbench.sampler import CLOCK, Clock, Loop, canary

READINGS = 2000
RUNS = 100
TURNS = 1000


@dataclass(frozen=True, kw_only=True)
class Instruments:
    """Nanoseconds: the clock's step, what reading it costs, what a timed call costs beside the codec, a canary."""

    clock_resolution_ns: int
    clock_cost_ns: float
    loop_overhead_ns: float
    canary_ns: float


def examine(clock: Clock = CLOCK) -> Instruments:
    """All of them."""
    readings = [clock() for _ in range(READINGS)]
    return Instruments(
        clock_resolution_ns=min((b - a for a, b in pairwise(readings) if b > a), default=0),
        clock_cost_ns=(readings[-1] - readings[0]) / (READINGS - 1),
        loop_overhead_ns=loop_overhead_ns(clock),
        canary_ns=_canary_ns(clock),
    )


def loop_overhead_ns(clock: Clock = CLOCK) -> float:
    """Nanoseconds for each call of an empty C function (`callable`) by the sampler's loop, the call itself included."""
    loop = Loop(callable, [None], clock, unrolled=True)
    loop.run(TURNS)
    return median(loop.run(TURNS) for _ in range(RUNS)) / (TURNS * loop.repeat)


def _canary_ns(clock: Clock) -> float:
    def timed() -> int:
        started = clock()
        canary()
        return clock() - started

    return median(timed() for _ in range(RUNS))
