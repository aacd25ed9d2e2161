"""From raw samples to the figures that reports show. Pure functions of a `Run`; METHODOLOGY.md says why they are these.

Within a process the rounds' median is taken, for samples are skewed by interrupts and by the machine's change of speed.
Rounds of one process share its memory layout and are not independent, so uncertainty comes from between processes only:
Georges, Buytaert and Eeckhout, "Statistically rigorous Java performance evaluation" (OOPSLA 2007); Kalibera and Jones,
"Rigorous benchmarking in reasonable time" (ISMM 2013). Times multiply rather than add: means and intervals are those of
logarithms, hence geometric means (Fleming and Wallace, CACM 29(3), 1986).

Ratios are paired: round by round, in which both ran within milliseconds of each other, then over processes by Yuen's
20 % trimmed mean and its t distribution (Tukey and McLaughlin, Sankhya A 25, 1963; Yuen, Biometrika 61(1), 1974), which
is the plain mean and Student's where nothing is trimmed. Every pair of codecs is tested, and all the p-values of a
report are corrected together (Holm, Scandinavian Journal of Statistics 6(2), 1979): the fastest is known only from the
same samples, so a comparison with it is a choice among all pairs.

What is measured alone, as peers are in processes of their languages, has no rounds in common with others: there the
difference in a process is that of the two medians. Whatever the machine did between the two measurements is then in the
spread of the processes, and in the interval.

Arrays have the axes codec, process, round, as many as apply; what was not measured is NaN in them.
"""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any, Literal, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from serbench.results import Operation, Run, Timing

Floats: TypeAlias = NDArray[np.float64]
Verdict: TypeAlias = Literal["tie", "different", "unresolved"]

CONFIDENCE = 0.95
LEAST_PROCESSES = 3
"""With fewer processes there is no interval between them, and no test: see `Figure`."""
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
    share of rounds in which the canary found the machine uncontended, None where there was none. `mean_ns` is the mean
    of all samples: far from the estimate where a few rounds were very slow.
    """

    ns: float
    low: float
    high: float
    processes: int
    quiet: float | None
    mean_ns: float


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times the reference's time another codec takes, with its 95 % interval, over `processes` processes.

    `p` is that of no difference, corrected for all pairs of the report. With fewer than three processes it is 1, and
    the interval is that of the rounds' quartiles, as in `Figure`.
    """

    ratio: float
    low: float
    high: float
    processes: int
    p: float

    @property
    def verdict(self) -> Verdict:
        """A tie, if the whole interval is within 1 % of equality; different, if the test says so; else unresolved."""
        if _tie(self.low, self.high):
            return "tie"
        return "different" if self.p < 1 - CONFIDENCE else "unresolved"


def _tie(low: Any, high: Any) -> Any:
    return (low >= 1 / TIE) & (high <= TIE)


class Estimate(NamedTuple):
    """Mean, its interval, the p-value of a mean of zero, and from how many processes: each of many samples at once."""

    center: Floats
    low: Floats
    high: Floats
    p: Floats
    processes: NDArray[np.intp]


class Comparison:
    """The ratios of every two codecs that were measured in one operation on one data set, some of them `alone`."""

    def __init__(self, codecs: Sequence[str], logs: Floats, alone: Collection[str] = ()) -> None:
        self._place = {codec: place for place, codec in enumerate(codecs)}
        places = np.triu_indices(len(codecs))
        differences = _differences(logs, np.array([codec in alone for codec in codecs], bool))
        found = estimate(differences, trimmed=True)
        inverse = found._replace(center=-found.center, low=-found.high, high=-found.low)
        center, low, high, p = np.zeros((4, len(codecs), len(codecs)))
        self.pairs = Estimate(center, low, high, p, np.zeros(p.shape, np.intp))
        """Of the logarithms of the second's time over the first's."""
        for held, forth, back in zip(self.pairs, found, inverse):
            held[places], held.T[places] = forth, back

    def ratio(self, codec: str, reference: str) -> Ratio | None:
        """The ratio of a codec's time to another's; None if they have no round in common."""
        if codec not in self._place or reference not in self._place:
            return None
        center, low, high, p, processes = (
            held[self._place[reference], self._place[codec]].item() for held in self.pairs
        )
        return Ratio(math.exp(center), math.exp(low), math.exp(high), processes, p) if processes else None

    def order(self, rivals: Sequence[str]) -> list[str]:
        """Fastest first, of codecs that come in the order of their figures: the pairs with the first see better.

        What cannot be tested against the first comes last.
        """
        first = self._place[rivals[0]]
        untested = self.pairs.processes[first] < LEAST_PROCESSES
        center = np.nan_to_num(self.pairs.center[first], nan=math.inf)
        return sorted(rivals, key=lambda codec: (untested[self._place[codec]], center[self._place[codec]]))

    def ranks(self, order: Sequence[str]) -> dict[str, int]:
        """The groups that cannot be told apart, by number, of codecs that come fastest first.

        1 are the fastest and all that are not found different from it; 2 the fastest of the rest and all of the rest
        that are not found different from that; and so on. What cannot be tested against the fastest has no rank.
        """
        names = list(self._place)
        places = np.array([self._place[codec] for codec in order])
        left = places[self.pairs.processes[places[0], places] >= LEAST_PROCESSES]
        different = (self.pairs.p < 1 - CONFIDENCE) & ~_tie(np.exp(self.pairs.low), np.exp(self.pairs.high))
        found: dict[str, int] = {}
        for rank in range(1, len(order) + 1):
            apart = different[left[:1], left]
            found |= dict.fromkeys((names[place] for place in left[~apart]), rank)
            left = left[apart]
        return found if len(found) > 1 or len(order) == 1 else {}


def _differences(logs: Floats, alone: NDArray[np.bool_]) -> Iterator[Floats]:
    """Of each codec's logarithms, those of it and of the codecs after it less its own.

    Where either was measured alone there are no pairs of rounds, but five numbers whose median is the difference of the
    medians, and whose quartiles are as far apart as those of both can be.
    """
    if not alone.any():
        yield from (logs[place:] - logs[place] for place in range(len(logs)))
        return
    ordered = np.sort(logs, axis=-1)
    low, middle, high = (quantile(ordered, share) for share in (0.25, 0.5, 0.75))
    width = max(5, logs.shape[-1])
    for place in range(len(logs)):
        found = np.full((len(logs) - place, logs.shape[1], width), np.nan)
        found[..., : logs.shape[-1]] = logs[place:] - logs[place]
        either = alone[place:] | alone[place]
        found[either] = np.nan
        least, most = low[place:] - high[place], high[place:] - low[place]
        made = np.stack([least, least, middle[place:] - middle[place], most, most], axis=-1)
        found[either, :, :5] = made[either]
        yield found


class Samples(NamedTuple):
    """All samples of one operation on one data set: logarithms of nanoseconds per message, and by codec the rest.

    `quiet` is NaN of a codec without canaries; `alone` are those that nothing was measured beside.
    """

    codecs: list[str]
    logs: Floats
    quiet: Floats
    mean_ns: Floats
    alone: frozenset[str]


def figures(run: Run) -> dict[tuple[str, str, Operation], Figure]:
    """The figure of each (data set, codec, operation) that has samples."""
    found = {}
    for (dataset, operation), samples in sampled(run.timings, messages_a_call(run)):
        center, low, high, _, processes = estimate([samples.logs], trimmed=False)
        quiet = [None if math.isnan(share) else share for share in samples.quiet.tolist()]
        before = (column.tolist() for column in (np.exp(center), np.exp(low), np.exp(high), processes))
        for codec, *held in zip(samples.codecs, *before, quiet, samples.mean_ns.tolist()):
            found[dataset, codec, operation] = Figure(*held)
    return found


def medians(run: Run) -> dict[tuple[str, str, Operation], Floats]:
    """Of each (data set, codec, operation) the processes' medians, in nanoseconds per message, in their order."""
    found = {}
    for (dataset, operation), samples in sampled(run.timings, messages_a_call(run)):
        of_processes = np.exp(quantile(np.sort(samples.logs, axis=-1), 0.5))
        for codec, values in zip(samples.codecs, of_processes):
            found[dataset, codec, operation] = values[~np.isnan(values)]
    return found


def collected(run: Run) -> dict[tuple[str, str, Operation], Ratio]:
    """How many times as long each operation takes with garbage collection on, where that was measured.

    Paired by rounds as other ratios are, so a full collection, which is seldom and long, is not in it. The p-values are
    not corrected.
    """
    plain: dict[tuple[str, str, Operation, int], Timing] = {}
    logs: dict[tuple[str, str, Operation], list[Floats]] = defaultdict(list)
    for row in run.timings:
        if not row.collecting:
            plain[row.dataset, row.codec, row.operation, row.process] = row
    for row in run.timings:
        base = plain.get((row.dataset, row.codec, row.operation, row.process))
        if row.collecting and base:
            held, beside = (dict(zip(one.rounds or range(len(one.samples_ns)), one.samples_ns)) for one in (row, base))
            common = held.keys() & beside.keys()
            if common:
                taken = [math.log(held[number] / beside[number]) for number in common]
                logs[row.dataset, row.codec, row.operation].append(np.array(taken))
    found = {}
    for cell, processes in logs.items():
        rounds = np.full((len(processes), max(map(len, processes))), np.nan)
        for place, values in enumerate(processes):
            rounds[place, : len(values)] = values
        center, low, high, p, count = (column.item() for column in estimate([rounds[None]], trimmed=True))
        found[cell] = Ratio(math.exp(center), math.exp(low), math.exp(high), int(count), p)
    return found


def compare(run: Run, operations: Collection[Operation]) -> dict[tuple[str, Operation], Comparison]:
    """All pairs of codecs in each (data set, operation) of these; the p-values are corrected over all of them.

    Only processes and rounds in which both were measured count.
    """
    found = {
        (dataset, operation): Comparison(samples.codecs, samples.logs, samples.alone)
        for (dataset, operation), samples in sampled(run.timings, messages_a_call(run))
        if operation in operations
    }
    correct(found.values())
    return found


def wide(timings: Sequence[Timing], precision: float, least: int) -> set[tuple[str, str, Operation]]:
    """The (data set, codec, operation) whose ratio to the operation's fastest is not known to `precision`, either way,
    or comes from fewer than `least` processes; and that fastest itself, while there are others.

    Stopping looks at widths only, never at whether there is a difference: what is claimed is not chosen by it.
    """
    found: set[tuple[str, str, Operation]] = set()
    for (dataset, operation), samples in sampled(timings, dict.fromkeys((row.dataset for row in timings), 1)):
        medians = quantile(np.sort(samples.logs, axis=-1), 0.5)
        fastest = int(np.nanargmin(np.nanmedian(medians, axis=-1)))
        ratios = estimate([samples.logs - samples.logs[fastest]], trimmed=True)
        narrow = (ratios.high - ratios.low) / 2 <= math.log1p(precision)
        narrow &= ratios.processes >= least
        if not np.delete(narrow, fastest).all() or (len(narrow) == 1 and samples.logs.shape[1] < least):
            narrow[fastest] = False
        found |= {(dataset, codec, operation) for codec, known in zip(samples.codecs, narrow) if not known}
    return found


def correct(comparisons: Iterable[Comparison]) -> None:
    """Correct the p-values for their number in all the comparisons together."""
    pairs = [comparison.pairs for comparison in comparisons]
    tests = [np.triu(held.processes >= LEAST_PROCESSES, 1) for held in pairs]
    corrected = holm(np.concatenate([np.empty(0), *(held.p[tested] for held, tested in zip(pairs, tests))]))
    ends = np.cumsum([np.count_nonzero(tested) for tested in tests])
    for held, tested, p in zip(pairs, tests, np.split(corrected, ends)):
        held.p[tested] = held.p.T[tested] = p


def messages_a_call(run: Run) -> dict[str, int]:
    """How many messages a call handles, by data set."""
    return {dataset.name: dataset.timed for dataset in run.datasets}


def quiet_bound(timings: Iterable[Timing], above: float = QUIET) -> float:
    """The longest canary, in nanoseconds, of a quiet round: so many times the fastest decile of the run."""
    canaries = _flat(timing.canary_ns for timing in timings)
    decile = len(canaries) // 10
    return above * float(np.partition(canaries, decile)[decile]) if len(canaries) else math.inf


def sampled(timings: Sequence[Timing], messages: Mapping[str, int]) -> Iterator[tuple[tuple[str, Operation], Samples]]:
    """Those of each (data set, operation), with garbage collection off."""
    bound = quiet_bound(timings)
    cells: dict[tuple[str, Operation], list[Timing]] = defaultdict(list)
    for timing in timings:
        if timing.samples_ns and not timing.collecting:
            cells[timing.dataset, timing.operation].append(timing)
    for (name, operation), timings in cells.items():
        codecs = {codec: place for place, codec in enumerate(dict.fromkeys(timing.codec for timing in timings))}
        processes = {number: place for place, number in enumerate(sorted({timing.process for timing in timings}))}
        counts = [len(timing.samples_ns) for timing in timings]
        codec = np.repeat([codecs[timing.codec] for timing in timings], counts)
        process = np.repeat([processes[timing.process] for timing in timings], counts)
        numbers = _flat(timing.rounds or range(len(timing.samples_ns)) for timing in timings)
        rounds, number = np.unique(numbers, return_inverse=True)
        ns = _flat(timing.samples_ns for timing in timings)
        ns /= np.repeat([timing.loops * messages[name] for timing in timings], counts)
        logs = np.full((len(codecs), len(processes), len(rounds)), np.nan)
        logs[codec, process, number] = np.log(ns)
        canaries = _flat(timing.canary_ns or [math.nan] * len(timing.samples_ns) for timing in timings)
        with np.errstate(invalid="ignore"):
            quiet = np.bincount(codec, canaries <= bound) / np.bincount(codec, ~np.isnan(canaries))
        alone = frozenset(timing.codec for timing in timings if timing.alone)
        yield (
            (name, operation),
            Samples(list(codecs), logs, quiet, np.bincount(codec, ns) / np.bincount(codec), alone),
        )


def _flat(lists: Iterable[Iterable[float]]) -> Floats:
    return np.fromiter(chain.from_iterable(lists), np.float64)


def estimate(pieces: Iterable[Floats], *, trimmed: bool) -> Estimate:
    """Over the processes, from the logarithms of their rounds: the last two axes. Pieces are joined at the first."""
    medians, low, high = [], [], []
    for piece in pieces:
        rounds = np.sort(piece, axis=-1)
        medians.append(quantile(rounds, 0.5))
        few = np.count_nonzero(~np.isnan(medians[-1]), axis=-1) < LEAST_PROCESSES
        if few.any():
            low.append(np.fmin.reduce(quantile(rounds[few], 0.25), axis=-1))
            high.append(np.fmax.reduce(quantile(rounds[few], 0.75), axis=-1))
    found = interval(np.concatenate(medians), trimmed=trimmed)
    if low:
        few = found.processes < LEAST_PROCESSES
        found.low[few], found.high[few], found.p[few] = np.concatenate(low), np.concatenate(high), 1
    return found


def quantile(values: Floats, share: float) -> Floats:
    """Of values that are sorted along the last axis, NaN at its end."""
    count = np.count_nonzero(~np.isnan(values), axis=-1, keepdims=True)
    place = share * np.maximum(count - 1, 0)
    low, high = (
        np.take_along_axis(values, edge(place).astype(np.intp), axis=-1)[..., 0] for edge in (np.floor, np.ceil)
    )
    return np.asarray(low + (high - low) * (place % 1)[..., 0])


class Location(NamedTuple):
    """The mean of what trimming leaves of values, its standard error, how many these are, and how many there were."""

    center: Floats
    error: Floats
    left: NDArray[np.intp]
    processes: NDArray[np.intp]


def location(values: Floats, *, trimmed: bool) -> Location:
    """Along the last axis. Nothing is trimmed where there are few.

    The standard error is Yuen's, from the winsorized squares over h (h - 1) with h values left.
    """
    values = np.sort(values, axis=-1)
    place = np.arange(values.shape[-1])
    count = np.count_nonzero(~np.isnan(values), axis=-1)
    cut = np.where(trimmed & (count >= TRIMMED_PROCESSES), (TRIM * count).astype(np.intp), 0)
    left = count - 2 * cut
    first, last = cut[..., None], np.maximum(count - 1 - cut, 0)[..., None]
    winsorized = np.take_along_axis(values, np.clip(place, first, last), axis=-1)
    there = place < count[..., None]
    with np.errstate(divide="ignore", invalid="ignore"):
        center = np.sum(values, axis=-1, where=(place >= first) & (place <= last)) / left
        middle = np.sum(winsorized, axis=-1, where=there) / count
        squares = np.sum((winsorized - middle[..., None]) ** 2, axis=-1, where=there)
        return Location(center, np.sqrt(squares / (left * (left - 1))), left, count)


def interval(values: Floats, *, trimmed: bool) -> Estimate:
    """Yuen's statistic along the last axis; Student's if nothing is trimmed, which is so too where there are few."""
    from scipy.special import stdtr, stdtrit  # a tenth of a second that a run need not spend

    center, error, left, processes = location(values, trimmed=trimmed)
    with np.errstate(divide="ignore", invalid="ignore"):
        p = np.nan_to_num(2 * stdtr(left - 1, -np.abs(center) / error), nan=1.0)
        half = stdtrit(left - 1, (1 + CONFIDENCE) / 2) * error
    return Estimate(center, center - half, center + half, p, processes)


def contrast(before: Floats, after: Floats, *, beyond: float) -> Estimate:
    """The difference of the trimmed means of two samples; p is that of a difference of at most `beyond`.

    Yuen's test of two samples (1974), with the degrees of freedom of Welch; `processes` are those of the smaller one.
    """
    from scipy.special import stdtr, stdtrit

    one, two = location(before, trimmed=True), location(after, trimmed=True)
    with np.errstate(divide="ignore", invalid="ignore"):
        variance = one.error**2 + two.error**2
        freedom = variance**2 / (one.error**4 / (one.left - 1) + two.error**4 / (two.left - 1))
        center, error = two.center - one.center, np.sqrt(variance)
        p = np.nan_to_num(2 * stdtr(freedom, -np.maximum(np.abs(center) - beyond, 0) / error), nan=1.0)
        half = stdtrit(freedom, (1 + CONFIDENCE) / 2) * error
    return Estimate(center, center - half, center + half, p, np.minimum(one.processes, two.processes))


def holm(p: Floats) -> Floats:
    """p-values corrected for their number."""
    order = np.argsort(p)
    corrected = np.empty_like(p)
    corrected[order] = np.minimum(np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)), 1)
    return corrected


def drift(run: Run) -> float | None:
    """By which share the machine became slower from the run's first measurement to its last, by its canary.

    The slope of Theil and Sen over the medians of each data set in each process, in the order that they were measured
    in: few that are far off do not move it. None with fewer than three.
    """
    held: dict[tuple[str, int], list[int]] = defaultdict(list)
    for timing in run.timings:
        held[timing.dataset, timing.process] += timing.canary_ns
    logs = np.log([np.median(canaries) for canaries in held.values() if canaries])
    if len(logs) < LEAST_PROCESSES:
        return None
    early, late = np.triu_indices(len(logs), 1)
    slope = np.median((logs[late] - logs[early]) / (late - early))
    return float(np.expm1(slope * (len(logs) - 1)))
