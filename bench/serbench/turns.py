"""Two processes that take turns: what each of them holds between requests, and samples at each.

For what cannot share a process, two versions of a library: pinned to one processor, asked alternately, both meet the
same mood of the machine. The process that asks decides whose turn it is.
"""

import gc
import os
from collections.abc import Callable, Iterable

from serbench.sampler import CLOCK, Candidate, calibrate, slot, timed_canary

_held: list[Candidate] = []


def hold(block: Iterable[Candidate], announce: Callable[[Candidate], None]) -> list[int]:
    """Calibrate the candidates and keep them, in place of those before: the `loops` of each.

    Garbage collection stays off.
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    _held[:] = block
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.disable()
    for candidate in _held:
        announce(candidate)
        calibrate(candidate, CLOCK)
    return [candidate.loops for candidate in _held]


def turn(place: int) -> tuple[int, int]:
    """A sample of the candidate at this place, and of the canary before it, in nanoseconds."""
    candidate, canary_ns = _held[place], timed_canary(CLOCK)
    candidate.samples_ns.append(slot(candidate))
    return candidate.samples_ns[-1], canary_ns
