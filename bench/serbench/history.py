"""A codec over many runs: what it took in each, and where that changed for good.

Times of different days are not comparable, so a codec is followed against the *others* of its block that are in all
runs, as `serbench.changes` does it for two runs: in each round that is quiet by the run's own canary, how much it is
above their median, each of them against what it usually takes; then the median of a process and the trimmed mean of the
processes. A run is one point, and what spreads between runs is the uncertainty.

Where the level changed is found by the likelihood ratio test for a shift in location, the largest of the t statistics
of all splits (Hawkins, JASA 72, 1977; Worsley, JASA 74, 1979), with at least three runs on each side. Its p-value is
bounded by the sum over the splits (Bonferroni), multiplied by the number of series that are tested; a shift has to be
more than 1 %, for smaller ones have causes enough beside the codec. Where one is claimed, both sides are searched again
(binary segmentation; Vostrikova, Soviet Mathematics Doklady 24, 1981). Sizes and status need no test: every difference
is one.
"""

import math
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

import numpy as np
from serschema.errors import SerError

from serbench.changes import COUNTED, QUIET_APART, against_others, quiet
from serbench.results import COMPARED, Operation, Run, Verified
from serbench.statistics import (
    CONFIDENCE,
    TIE,
    Floats,
    Ratio,
    Samples,
    location,
    messages_a_call,
    quantile,
    quiet_bound,
    sampled,
)

LEAST_SEGMENT = 3
"""So many runs have a level: one alone may be an odd one, and two of them chance."""
LEAST_RUNS = 2 * LEAST_SEGMENT

Kind: TypeAlias = Literal["time", "bytes", "instructions", "status"]


class HistoryError(SerError):
    """Runs that have no history, and why."""


@dataclass(frozen=True)
class Shift:
    """From run number `at` on the level is another, `ratio` times what it was before, by the runs of the two levels."""

    at: int
    ratio: Ratio | None
    before: str = ""
    after: str = ""

    @property
    def worse(self) -> bool | None:
        """None where it cannot be said."""
        return self.ratio.ratio > 1 if self.ratio else None


@dataclass(frozen=True)
class Series:
    """What a codec took on a data set in each run, None where it was not measured.

    Of a `time` the values are how many times its first one, against the other codecs of the run; bytes and
    instructions are per message; a status is no number and has no values. `tested`: there were runs enough.
    """

    dataset: str
    codec: str
    kind: Kind
    what: str
    values: list[float | None]
    shifts: list[Shift] = field(default_factory=list)
    tested: bool = True


@dataclass(frozen=True)
class History:
    """The runs in the order of their starts, the series, and notes on what could not be followed."""

    runs: list[Run]
    series: list[Series]
    notes: list[str]


def history(runs: Sequence[Run], codecs: Collection[str] = (), datasets: Collection[str] = ()) -> History:
    """Of these codecs, ids or formats, and data sets, or of all. Raises `HistoryError` if no run has one of them."""
    notes: list[str] = []
    ordered = _of_same_data(sorted(runs, key=lambda run: run.header.started), datasets, notes)
    chosen = _chosen(ordered, codecs)
    series = [*_timed(ordered, chosen, notes), *_plain(ordered, chosen)]
    return History(ordered, sorted(series, key=lambda held: (held.codec, held.dataset)), notes)


def _chosen(runs: Sequence[Run], codecs: Collection[str]) -> list[str]:
    known = {codec: codec.partition("/")[0] for run in runs for codec in run.header.codecs}
    for name in codecs:
        if name not in known and name not in known.values():
            raise HistoryError(f"no run has a codec {name!r}; there are {', '.join(sorted(known))}")
    return [codec for codec, format_ in known.items() if not codecs or codec in codecs or format_ in codecs]


def _of_same_data(runs: Sequence[Run], datasets: Collection[str], notes: list[str]) -> list[Run]:
    """The runs with only these data sets, and without those that are not what the last run has by that name."""
    last = {dataset.name: dataset for run in runs for dataset in run.datasets}
    for name in datasets:
        if name not in last:
            raise HistoryError(f"no run has a data set {name!r}; there are {', '.join(sorted(last))}")
    last = {name: dataset for name, dataset in last.items() if name in datasets or not datasets}
    others = Counter(
        dataset.name for run in runs for dataset in run.datasets if dataset != last.get(dataset.name, dataset)
    )
    for name, count in others.items():
        notes.append(f"data set {name} was another in {count} of the runs, which are left out of it")
    found = []
    for run in runs:
        same = {dataset.name for dataset in run.datasets if dataset == last.get(dataset.name)}
        found.append(
            replace(
                run,
                verified=[row for row in run.verified if row.dataset in same],
                timings=[row for row in run.timings if row.dataset in same],
                counted=[row for row in run.counted if row.dataset in same],
            )
        )
    return found


# Times.


def _timed(runs: Sequence[Run], codecs: Sequence[str], notes: list[str]) -> list[Series]:
    usable = _comparable(runs, notes)
    samples = [
        dict(sampled(list(quiet(run, quiet_bound(run.timings, QUIET_APART))), messages_a_call(run)))
        if run in usable
        else {}
        for run in runs
    ]
    found: list[tuple[str, str, Operation, list[float]]] = []
    lone: set[str] = set()
    for dataset, operation in dict.fromkeys(cell for held in samples for cell in held):
        if operation not in COMPARED:
            continue
        block = [held.get((dataset, operation)) for held in samples]
        for codec in codecs:
            levels = _levels(block, codec)
            if levels is None:
                lone.add(codec)
            elif np.count_nonzero(~np.isnan(levels)):
                found.append((dataset, codec, operation, levels.tolist()))
    if lone:
        notes.append(f"times without a second codec in all the runs to compare with: {', '.join(sorted(lone))}")
    tests = sum(1 for *_, levels in found if np.count_nonzero(~np.isnan(levels)) >= LEAST_RUNS)
    if tests < len(found):
        notes.append(f"{len(found) - tests} times are in fewer than {LEAST_RUNS} runs, and are not tested for changes")
    return [_series(dataset, codec, operation, np.array(levels), tests) for dataset, codec, operation, levels in found]


def _comparable(runs: Sequence[Run], notes: list[str]) -> list[Run]:
    """The runs of the processor and Python of the last one."""
    last = [runs[-1].header.machine.get(name) for name in ("cpu", "python")] if runs else []
    kept = [run for run in runs if [run.header.machine.get(name) for name in ("cpu", "python")] == last]
    if len(kept) < len(runs):
        notes.append(f"times of {len(runs) - len(kept)} runs on another processor or Python than the last are left out")
    return kept


def _levels(block: Sequence[Samples | None], codec: str) -> Floats | None:
    """By run, the logarithm of a codec's time against the others, NaN where it has none; None without others."""
    held = [samples if samples and codec in samples.codecs else None for samples in block]
    levels = np.full(len(block), np.nan)
    there = [samples for samples in held if samples]
    if not there:
        return levels
    others = [name for name in there[0].codecs if name != codec and all(name in samples.codecs for samples in there)]
    if not others:
        return None
    logs = {
        place: samples.logs[[samples.codecs.index(name) for name in (codec, *others)]]
        for place, samples in enumerate(held)
        if samples
    }
    usual = np.mean([quantile(np.sort(each.reshape(len(each), -1)), 0.5) for each in logs.values()], axis=0)
    for place, each in logs.items():
        above = against_others(each - usual[:, None, None], list(range(1, len(each))))
        levels[place] = location(above[0], trimmed=True).center
    return levels


def _series(dataset: str, codec: str, operation: Operation, levels: Floats, tests: int) -> Series:
    there = np.flatnonzero(~np.isnan(levels))
    values = [None if math.isnan(level) else math.exp(level - levels[there[0]]) for level in levels.tolist()]
    shifts = [Shift(int(there[split]), ratio) for split, ratio in change_points(levels[there], tests)]
    return Series(dataset, codec, "time", operation, values, shifts, tested=len(there) >= LEAST_RUNS)


def change_points(levels: Floats, tests: int = 1) -> list[tuple[int, Ratio]]:
    """Where the level of a series of logarithms changed: the place of the first value of the new level, and the ratio
    of the levels on both sides, up to the next change. Claims are made among so many series as there are `tests`."""
    places = sorted(_splits(levels, 0, tests))
    ends = [0, *(place for place, _ in places), len(levels)]
    found = []
    for (place, p), start, end in zip(places, ends, ends[2:]):
        before, after = levels[start:place], levels[place:end]
        center = float(after.mean() - before.mean())
        half = _half_width(before, after)
        found.append((place, Ratio(math.exp(center), math.exp(center - half), math.exp(center + half), len(levels), p)))
    return found


def _splits(levels: Floats, start: int, tests: int) -> Iterator[tuple[int, float]]:
    if len(levels) < LEAST_RUNS:
        return
    place, p = shift(levels)
    p = min(1.0, p * tests)
    if p < 1 - CONFIDENCE:
        yield start + place, p
        yield from _splits(levels[:place], start, tests)
        yield from _splits(levels[place:], start + place, tests)


def shift(levels: Floats) -> tuple[int, float]:
    """The most likely place of one shift, and a bound of its p-value: that of no shift of more than 1 %."""
    from scipy.special import stdtr

    count = len(levels)
    splits = np.arange(LEAST_SEGMENT, count - LEAST_SEGMENT + 1)
    sums, squares = np.cumsum(levels), np.cumsum(levels**2)
    before, after = sums[splits - 1] / splits, (sums[-1] - sums[splits - 1]) / (count - splits)
    within = squares[-1] - splits * before**2 - (count - splits) * after**2
    error = np.sqrt(np.maximum(within, 0) / (count - 2) * (1 / splits + 1 / (count - splits)))
    error = np.maximum(error, 1e-12)  # equal values
    difference = np.abs(after - before)
    best = int(np.argmax(difference / error))
    t = np.maximum(difference - math.log(TIE), 0) / error
    return int(splits[best]), min(1.0, float(2 * len(splits) * stdtr(count - 2, -t[best])))


def _half_width(before: Floats, after: Floats) -> float:
    """Of the 95 % interval of the difference of two means, with the variance pooled."""
    from scipy.special import stdtrit

    freedom = len(before) + len(after) - 2
    within = np.sum((before - before.mean()) ** 2) + np.sum((after - after.mean()) ** 2)
    error = math.sqrt(float(within) / freedom * (1 / len(before) + 1 / len(after)))
    return float(stdtrit(freedom, (1 + CONFIDENCE) / 2)) * error


# What is no time.


def _plain(runs: Sequence[Run], codecs: Sequence[str]) -> Iterator[Series]:
    cells = dict.fromkeys((row.dataset, row.codec) for run in runs for row in run.verified if row.codec in codecs)
    for dataset, codec in cells:
        rows = [
            next((row for row in run.verified if (row.dataset, row.codec) == (dataset, codec)), None) for run in runs
        ]
        if changed := list(_status_changes(rows)):
            yield Series(dataset, codec, "status", "status", [], changed)
        sizes = [sum(row.encoded_bytes) / len(row.encoded_bytes) if row and row.encoded_bytes else None for row in rows]
        if any(sizes):
            yield Series(dataset, codec, "bytes", "bytes", sizes, list(_steps(sizes, 1.0)))
        for operation in dict.fromkeys(held.operation for run in runs for held in run.counted if not held.reason):
            counts = [_instructions(run, dataset, codec, operation) for run in runs]
            if any(counts):
                yield Series(dataset, codec, "instructions", operation, counts, list(_steps(counts, COUNTED)))


def _instructions(run: Run, dataset: str, codec: str, operation: Operation) -> float | None:
    for held in run.counted:
        if (held.dataset, held.codec, held.operation) == (dataset, codec, operation) and not held.reason:
            return held.instructions / held.loops / messages_a_call(run)[dataset]
    return None


def _steps(values: Sequence[float | None], margin: float) -> Iterator[Shift]:
    """Each difference by more than the margin, a factor, from the last run that has a value."""
    last: float | None = None
    for place, value in enumerate(values):
        if value is not None:
            if last is not None and max(value / last, last / value) > margin:
                yield Shift(place, Ratio(value / last, value / last, value / last, 1, 0.0))
            last = value


def _status_changes(rows: Sequence[Verified | None]) -> Iterator[Shift]:
    last = ""
    for place, row in enumerate(rows):
        if row:
            status = ", ".join([row.status, *row.losses])
            if last and status != last:
                yield Shift(place, None, last, status)
            last = status
