"""From raw samples to the figures that reports show. Pure functions of a `Run`.

Within a process the rounds' median is taken, for samples are skewed by interrupts and by the machine's change of speed.
Rounds of one process share its memory layout and are not independent, so uncertainty comes from between processes only:
Georges, Buytaert and Eeckhout, "Statistically rigorous Java performance evaluation" (OOPSLA 2007); Kalibera and Jones,
"Rigorous benchmarking in reasonable time" (ISMM 2013). Times multiply rather than add: means and intervals are those of
logarithms, hence geometric means (Fleming and Wallace, CACM 29(3), 1986).

Ratios are paired: round by round, in which both ran within milliseconds of each other, then over processes by the
20 % trimmed mean with its t interval (Tukey and McLaughlin, Sankhya A 25, 1963; Yuen, Biometrika 61(1), 1974).
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, median, quantiles, stdev

from serbench.results import Operation, Run, Timing

CONFIDENCE = 0.95
LEAST_PROCESSES = 3
"""With fewer processes there is no interval between them: see `Figure`."""
TRIM = 0.2
TRIMMED_PROCESSES = 8
"""From here on means are trimmed; with fewer, what trimming leaves is too little for an interval."""
QUIET = 1.10
"""A round is quiet where its canary took at most this times the run's fastest decile."""
TIE = 1.01


@dataclass(frozen=True, slots=True)
class Figure:
    """Nanoseconds per message: the estimate and its 95 % interval, over `processes` processes.

    The estimate is the geometric mean of the processes' medians. With fewer than three processes `low` and `high` are
    no confidence interval, but the least first and the greatest third quartile of a process's rounds. `quiet` is the
    share of rounds in which the canary found the machine uncontended.
    """

    ns: float
    low: float
    high: float
    processes: int
    quiet: float


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times the reference's time another codec takes, with its 95 % interval, over `processes` processes.

    With fewer than three processes the interval is that of the rounds' quartiles, as in `Figure`.
    """

    ratio: float
    low: float
    high: float
    processes: int
    quiet: float

    @property
    def tie(self) -> bool:
        """Whether the whole interval is within 1 % of equality."""
        return self.low >= 1 / TIE and self.high <= TIE


def figures(run: Run) -> dict[tuple[str, str, Operation], Figure]:
    """The figure of each (data set, codec, operation) that has samples."""
    bound = quiet_bound(run)
    messages = {dataset.name: dataset.timed for dataset in run.datasets}
    cells: dict[tuple[str, str, Operation], list[Timing]] = defaultdict(list)
    for timing in run.timings:
        if timing.samples_ns:
            cells[timing.dataset, timing.codec, timing.operation].append(timing)
    found = {}
    for cell, timings in cells.items():
        logs = [[math.log(ns / timing.loops / messages[cell[0]]) for ns in timing.samples_ns] for timing in timings]
        found[cell] = Figure(*_estimate(logs, trimmed=False), len(timings), _quiet(timings, bound))
    return found


def ratios(run: Run, dataset: str, operation: Operation, reference: str) -> dict[str, Ratio]:
    """By codec id, the ratio of each other codec's time to that of the codec `reference`.

    Only processes and rounds in which both were measured count; a codec that has none in common is left out.
    """
    bound = quiet_bound(run)
    cells: dict[str, dict[int, Timing]] = defaultdict(dict)
    for timing in run.timings:
        if timing.dataset == dataset and timing.operation == operation and timing.samples_ns:
            cells[timing.codec][timing.process] = timing
    base = cells.pop(reference, {})
    found = {}
    for codec, processes in cells.items():
        paired = {
            process: logs
            for process, timing in processes.items()
            if process in base and (logs := _log_ratios(timing, base[process]))
        }
        if paired:
            quiet = _quiet([processes[process] for process in paired], bound)
            found[codec] = Ratio(*_estimate(list(paired.values()), trimmed=True), len(paired), quiet)
    return found


def quiet_bound(run: Run) -> float:
    """The longest canary, in nanoseconds, of a quiet round: 10 % above the fastest decile of all the run's canaries."""
    canaries = sorted(canary for timing in run.timings for canary in timing.canary_ns)
    return QUIET * canaries[len(canaries) // 10] if canaries else math.inf


def _quiet(timings: Iterable[Timing], bound: float) -> float:
    return fmean(canary <= bound for timing in timings for canary in timing.canary_ns)


def _log_ratios(timing: Timing, base: Timing) -> list[float]:
    """Of each round that both took part in, the logarithm of the ratio."""
    reference = dict(_rounds(base))
    return [math.log(ns / reference[number]) for number, ns in _rounds(timing) if number in reference]


def _rounds(timing: Timing) -> list[tuple[int, float]]:
    numbers = timing.rounds or range(len(timing.samples_ns))
    return [(number, ns / timing.loops) for number, ns in zip(numbers, timing.samples_ns, strict=True)]


def _estimate(logs: Sequence[Sequence[float]], *, trimmed: bool) -> tuple[float, float, float]:
    """The estimate and its interval from the logarithms of each process's rounds."""
    medians = [median(rounds) for rounds in logs]
    if len(medians) < LEAST_PROCESSES:
        quartiles = [_quartiles(rounds) for rounds in logs]
        center, low, high = fmean(medians), min(low for low, _ in quartiles), max(high for _, high in quartiles)
    elif trimmed and len(medians) >= TRIMMED_PROCESSES:
        center, low, high = trimmed_interval(medians)
    else:
        center, low, high = interval(medians)
    return math.exp(center), math.exp(low), math.exp(high)


def _quartiles(rounds: Sequence[float]) -> tuple[float, float]:
    if len(rounds) == 1:
        return rounds[0], rounds[0]
    low, _, high = quantiles(rounds, n=4, method="inclusive")
    return low, high


def interval(values: Sequence[float]) -> tuple[float, float, float]:
    """The mean and Student's t interval."""
    from scipy.stats import t  # half a second that a run need not spend

    mean = fmean(values)
    half = t.ppf((1 + CONFIDENCE) / 2, len(values) - 1) * stdev(values) / math.sqrt(len(values))
    return mean, mean - half, mean + half


def trimmed_interval(values: Sequence[float]) -> tuple[float, float, float]:
    """The 20 % trimmed mean and its t interval, from the winsorized variance."""
    from scipy.stats import trim_mean
    from scipy.stats.mstats import trimmed_mean_ci

    low, high = trimmed_mean_ci(values, limits=(TRIM, TRIM), alpha=1 - CONFIDENCE)
    return float(trim_mean(values, TRIM)), float(low), float(high)
