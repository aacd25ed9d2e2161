"""Experiments: codecs whose true difference is known, measured as a user would, each pair in a run of its own.

Everything is real: the runner with its workers and their forks, the result file, the statistics of reports.
"""

import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from math import log
from pathlib import Path
from statistics import median

from serschema.errors import SerError

from serbench import uninterrupted
from serbench.plan import Plan
from serbench.sampler import CLOCK, Candidate, Clock, sample
from serbench.selftest.twins import PERIOD, delayed, twins
from serbench.selftest.workloads import Workload
from serbench.statistics import CONFIDENCE, Figure, Ratio, compare, figures

RESERVE_S = 0.2
"""What a run takes beyond its budget: kept back, so that a pair stays within its time."""
PROBE_LOOPS = 64


class SelftestFailed(SerError):
    """Something that could not be measured, and why."""


@dataclass(frozen=True, kw_only=True)
class Experiment:
    """What came out of one pair, of which the second is slower by the share `injected` (0: they are the same).

    `difference` is the logarithm of the ratio of their times, `low` and `high` its 95 % interval where the method has
    one. `alarm`: the method's test says they differ; `claimed`: a report would. `ns` is the first one's time.
    """

    workload: str
    method: str
    injected: float
    difference: float
    ns: float
    seconds: float
    low: float | None = None
    high: float | None = None
    alarm: bool | None = None
    claimed: bool | None = None
    processes: int | None = None
    quiet: float | None = None

    @property
    def found(self) -> bool:
        """Whether the test saw that the second is slower."""
        return bool(self.alarm) and self.difference > 0


@dataclass(frozen=True, kw_only=True)
class Injection:
    """A slowdown as it was set, `loops` in `PERIOD` calls, and as it is, with its 95 % interval."""

    workload: str
    nominal: float
    loops: int
    share: float
    low: float
    high: float


def measure(workload: Workload, injected: float, delays: tuple[int | None, int | None], seed: int) -> Experiment:
    """One pair, by serbench."""
    began = time.monotonic()
    figure, (ratio,) = _measured(workload, delays, workload.budget_s - RESERVE_S, seed)
    return Experiment(
        workload=workload.name,
        method="serbench",
        injected=injected,
        difference=log(ratio.ratio),
        ns=figure.ns,
        seconds=time.monotonic() - began,
        low=log(ratio.low),
        high=log(ratio.high),
        alarm=ratio.p < 1 - CONFIDENCE,
        claimed=ratio.verdict == "different",
        processes=ratio.processes,
        quiet=figure.quiet,
    )


def _measured(
    workload: Workload, delays: Sequence[int | None], budget_s: float, seed: int
) -> tuple[Figure, list[Ratio]]:
    """The first twin's time, and the ratios of the others to it."""
    with tempfile.TemporaryDirectory(prefix="serbench-selftest-") as folder:
        with twins(workload.codec, workload.operation, delays) as ids:
            plan = Plan(
                data=(workload.data,),
                codecs=ids,
                budget_s=budget_s,
                seed=seed,
                operations=(workload.operation,),
                memory_share=0.0,
                modules=("serbench.selftest.twins",),
            )
            run = uninterrupted.run(plan, Path(folder))
        cell = workload.data.name, workload.operation
        comparison = compare(run, [workload.operation]).get(cell)
        ratios = [comparison.ratio(codec, ids[0]) if comparison else None for codec in ids[1:]]
    if None in ratios:
        reasons = [row.reason for row in run.verified if row.reason] + [row.reason for row in run.timings if row.reason]
        raise SelftestFailed(f"{workload.title}: {reasons[0] if reasons else 'was not measured in its time'}")
    return figures(run)[workload.data.name, ids[0], workload.operation], [ratio for ratio in ratios if ratio]


def calibrate(workload: Workload, shares: Sequence[float], budget_s: float, seed: int) -> list[Injection]:
    """Delays that slow the workload down by these shares: guessed, measured, corrected, and measured again.

    Both measurements have all of them beside the twin without a delay, in `budget_s` each.
    """
    guess = loops_for(1.0, *_probe(workload))
    loops = [max(1, round(share * guess)) for share in shares]
    loops = [corrected(*held) for held in zip(loops, shares, _delays(workload, loops, budget_s, seed))]
    return [
        Injection(
            workload=workload.name,
            nominal=share,
            loops=count,
            share=ratio.ratio - 1,
            low=ratio.low - 1,
            high=ratio.high - 1,
        )
        for share, count, ratio in zip(shares, loops, _delays(workload, loops, budget_s, seed + 1))
    ]


def _delays(workload: Workload, loops: Sequence[int], budget_s: float, seed: int) -> list[Ratio]:
    return _measured(workload, (0, *loops), budget_s, seed)[1]


def loops_for(share: float, call_ns: float, loop_ns: float) -> int:
    """Loops in each `PERIOD` calls that take this share of the calls' time."""
    return round(share * PERIOD * call_ns / loop_ns)


def corrected(loops: int, wanted: float, found: Ratio) -> int:
    """In proportion to what the loops were found to take, unless that is known worse than to a quarter: then the guess
    from the probe is better."""
    if found.ratio <= 1 or found.high - found.low > wanted / 2:
        return loops
    return max(1, round(loops * wanted / (found.ratio - 1)))


def _probe(workload: Workload, clock: Clock = CLOCK) -> tuple[float, float]:
    """Nanoseconds of a call and of a loop, measured in turns with each other in this process."""
    call, value = workload.subject()
    block = [
        Candidate("call", workload.operation, delayed(call, 0), [value]),
        Candidate("loop", workload.operation, delayed(bool, PERIOD * PROBE_LOOPS), [value]),
    ]
    sample(block, 200_000_000, "probe", clock=clock)
    call_ns, loops_ns = (median(candidate.samples_ns) / candidate.loops for candidate in block)
    return call_ns, loops_ns / PROBE_LOOPS
