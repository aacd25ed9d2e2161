"""What changed between two runs: what got slower, larger, lossy or broken. A pure function of the two result files.

Runs that were measured in turns (`serbench.versions`) are compared in pairs: round by round, then over the pairs of
processes, as ratios are within a run.

Runs of different hours met different moods of the machine, and absolute times say nothing. There a codec is compared
with the *others* of its block, in each round: their median, each against what it usually takes, is how fast the machine
was at that moment; those that seem to have changed themselves are left out of it. Only rounds count that are quiet by
the measure of both runs, for contention shifts ratios too, and only processes with several of them, for the median of
one or two rounds is as likely to be far off as a round. The two samples of processes are then compared by Yuen's
test for two samples, and what is claimed has to be more than 1 %: for smaller differences there are causes enough that
have no part in the spread between processes of one run.

All p-values are corrected together by Holm's method. METHODOLOGY.md says what each way cannot see.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from serbench.report.summary import MEASURED
from serbench.results import COMPARED, Operation, Run, Timing, Verified
from serbench.statistics import (
    CONFIDENCE,
    LEAST_PROCESSES,
    TIE,
    Estimate,
    Floats,
    Ratio,
    Verdict,
    contrast,
    figures,
    holm,
    interval,
    messages_a_call,
    quantile,
    quiet_bound,
    sampled,
)

Cell: TypeAlias = tuple[str, str, Operation]
Kind: TypeAlias = Literal["status", "losses", "bytes", "time", "instructions"]

QUIET_APART = 1.2
"""How far a quiet round's canary may be above the fastest decile of the faster run: a host's speed differs by a tenth
from one hour to the next, while contention slows the canary by half."""
LEAST_ROUNDS = 5
"""So many quiet rounds has a process that counts, or all rounds that it has."""
COUNTED = 1.05
"""By so much instructions change when only what lies in memory before the codec does."""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One thing that two runs have of a codec on a data set: `what` it is, and how it was `before` and `after`.

    Bytes, nanoseconds and instructions are per message. `verdict` is of the difference; `worse` says whether it is
    claimed, for the worse, and beyond the threshold.
    """

    dataset: str
    codec: str
    kind: Kind
    what: str
    before: str | float
    after: str | float
    verdict: Verdict
    ratio: Ratio | None = None
    worse: bool = False


@dataclass(frozen=True)
class Changes:
    """All that could be compared, in the order of the new run, and notes on what could not."""

    rows: list[Change]
    notes: list[str]

    @property
    def worse(self) -> list[Change]:
        return [row for row in self.rows if row.worse]


def changes(old: Run, new: Run, threshold: float = 0.0) -> Changes:
    """Compare what both runs have. Worse is what is claimed and more than `threshold`, a share, slower or larger."""
    notes: list[str] = []
    datasets = _common(old, new, notes)
    before = {(row.dataset, row.codec): row for row in old.verified if row.dataset in datasets}
    pairs = [(before[cell], row) for row in new.verified if (cell := (row.dataset, row.codec)) in before]
    for what, runs in (("old", (old, new)), ("new", (new, old))):
        held, other = ({row.codec for row in run.verified} for run in runs)
        if held - other:
            notes.append(f"only in the {what} run: {', '.join(sorted(held - other))}")
    times, known = _times(old, new, datasets, notes), (figures(old), figures(new))
    rows: list[Change] = []
    for one, two in pairs:
        rows += _verified(one, two, threshold)
        cells = [(two.dataset, two.codec, operation) for operation in COMPARED]
        rows += [
            _timed(cell, times[cell], known[0][cell].ns, known[1][cell].ns, threshold)
            for cell in cells
            if cell in times
        ]
    return Changes([*rows, *_broken(old, new, datasets), *_counted(old, new, datasets, threshold)], notes)


def in_turns(old: Run, new: Run) -> bool:
    """Whether the two runs were measured in turns."""
    return bool(old.header.turns) and old.header.turns == new.header.turns


def _common(old: Run, new: Run, notes: list[str]) -> set[str]:
    """The names of the data sets that both have."""
    one, two = ({row.name: row for row in run.datasets} for run in (old, new))
    for name in sorted(one.keys() ^ two.keys()):
        notes.append(f"only in the {'old' if name in one else 'new'} run: data set {name}")
    for name in sorted(one.keys() & two.keys()):
        if one[name] != two[name]:
            notes.append(f"data set {name} is not the same in both runs, and was left out")
    return {name for name in one.keys() & two.keys() if one[name] == two[name]}


def _verified(one: Verified, two: Verified, threshold: float) -> Iterator[Change]:
    """Status, losses and size."""
    dataset, codec = two.dataset, two.codec
    if one.status not in MEASURED or two.status not in MEASURED:
        if one.status != two.status:
            before, after = (f"{row.status}: {row.reason}" if row.reason else row.status for row in (one, two))
            yield Change(
                dataset=dataset, codec=codec, kind="status", what="status", before=before, after=after,
                verdict="different", worse=one.status in MEASURED,
            )  # fmt: skip
        return
    lost = [", ".join(row.losses) or "nothing" for row in (one, two)]
    if lost[0] != lost[1]:
        worse = bool(two.losses.keys() - one.losses.keys())
        yield Change(
            dataset=dataset,
            codec=codec,
            kind="losses",
            what="loses",
            before=lost[0],
            after=lost[1],
            verdict="different",
            worse=worse,
        )
    sizes = [sum(row.encoded_bytes) / max(1, len(row.encoded_bytes)) for row in (one, two)]
    yield Change(
        dataset=dataset, codec=codec, kind="bytes", what="bytes", before=sizes[0], after=sizes[1],
        verdict="tie" if sizes[0] == sizes[1] else "different", worse=sizes[1] > sizes[0] * (1 + threshold),
    )  # fmt: skip


def _timed(cell: Cell, ratio: Ratio, before: float, after: float, threshold: float) -> Change:
    dataset, codec, operation = cell
    worse = ratio.verdict == "different" and ratio.ratio > 1 + threshold
    return Change(
        dataset=dataset, codec=codec, kind="time", what=operation, before=before, after=after, verdict=ratio.verdict,
        ratio=ratio, worse=worse,
    )  # fmt: skip


def _broken(old: Run, new: Run, datasets: set[str]) -> Iterator[Change]:
    """What was timed before, and now broke at it."""
    timed = _cells(old.timings)
    for row in new.timings:
        cell = row.dataset, row.codec, row.operation
        if row.reason and not row.samples_ns and cell in timed and row.dataset in datasets:
            yield Change(
                dataset=row.dataset, codec=row.codec, kind="status", what=row.operation, before="timed",
                after=row.reason, verdict="different", worse=True,
            )  # fmt: skip


def _counted(old: Run, new: Run, datasets: set[str], threshold: float) -> Iterator[Change]:
    messages = messages_a_call(new)
    held = {(row.dataset, row.codec, row.operation): row for row in old.counted if not row.reason}
    for row in new.counted:
        one = held.get((row.dataset, row.codec, row.operation))
        if one is None or row.reason or row.dataset not in datasets:
            continue
        before, after = (round(found.instructions / found.loops / messages[row.dataset], 1) for found in (one, row))
        ratio = after / before
        if ratio == 1:
            verdict: Verdict = "tie"
        else:
            verdict = "different" if max(ratio, 1 / ratio) > COUNTED else "unresolved"
        yield Change(
            dataset=row.dataset, codec=row.codec, kind="instructions", what=f"{row.operation}, instructions",
            before=before, after=after, verdict=verdict, worse=verdict == "different" and ratio > 1 + threshold,
        )  # fmt: skip


# Times.


def _times(old: Run, new: Run, datasets: set[str], notes: list[str]) -> dict[Cell, Ratio]:
    """The ratio of the new time to the old one, where it can be told; p-values are corrected over all of them."""
    if in_turns(old, new):
        found = {cell: ratio for cell, ratio in _in_turns(old, new) if cell[0] in datasets}
    else:
        found = dict(_apart(old, new, datasets, notes))
    few = [cell for cell, ratio in found.items() if ratio.processes < LEAST_PROCESSES]
    if few:
        notes.append(
            f"{len(few)} times are of fewer than {LEAST_PROCESSES} processes in a run: a larger --budget has more"
        )
    known = {cell: ratio for cell, ratio in found.items() if ratio.processes >= LEAST_PROCESSES}
    p = holm(np.array([ratio.p for ratio in known.values()]))
    return {cell: replace(ratio, p=float(corrected)) for (cell, ratio), corrected in zip(known.items(), p)}


def _ratios(cells: Iterable[Cell], found: Estimate) -> Iterator[tuple[Cell, Ratio]]:
    columns = np.exp(found.center), np.exp(found.low), np.exp(found.high), found.processes, found.p
    for cell, held in zip(cells, zip(*(column.tolist() for column in columns))):
        yield cell, Ratio(*held)


def _in_turns(old: Run, new: Run) -> Iterator[tuple[Cell, Ratio]]:
    """Paired by process and round."""
    held = {(row.dataset, row.codec, row.operation, row.process): row for row in old.timings}
    pairs: dict[Cell, list[float]] = defaultdict(list)
    for row in new.timings:
        one = held.get((row.dataset, row.codec, row.operation, row.process))
        if one is not None:
            before, after = _logs(one), _logs(row)
            common = [after[number] - before[number] for number in before.keys() & after.keys()]
            if common:
                pairs[row.dataset, row.codec, row.operation].append(float(np.median(common)))
    if pairs:
        values = np.full((len(pairs), max(map(len, pairs.values()))), np.nan)
        for place, medians in enumerate(pairs.values()):
            values[place, : len(medians)] = medians
        yield from _ratios(pairs, interval(values, trimmed=True))


def _logs(row: Timing) -> dict[int, float]:
    numbers = row.rounds or range(len(row.samples_ns))
    return {number: math.log(ns / row.loops) for number, ns in zip(numbers, row.samples_ns)}


def _apart(old: Run, new: Run, datasets: set[str], notes: list[str]) -> Iterator[tuple[Cell, Ratio]]:
    """Each codec against the others of its block, which a peer has not."""
    peers = {row.codec for row in old.timings if row.alone} & {row.codec for row in new.timings if row.alone}
    if peers:
        notes.append(
            f"times of peers are not compared, as nothing was measured beside them: {', '.join(sorted(peers))}"
        )
    if not old.timings or not new.timings:
        return
    for what in ("cpu", "python"):
        one, two = (run.header.machine.get(what) for run in (old, new))
        if one != two:
            notes.append(f"times are not compared: {one} is not {two}")
            return
    old, new = (replace(run, timings=[row for row in run.timings if not row.alone]) for run in (old, new))
    bound = min(quiet_bound(run.timings, QUIET_APART) for run in (old, new))
    calm = [list(quiet(run, bound)) for run in (old, new)]
    loud = (_cells(old.timings) & _cells(new.timings)) - (_cells(calm[0]) & _cells(calm[1]))
    if loud:
        notes.append(
            f"{len(loud)} times have no process with {LEAST_ROUNDS} rounds that are quiet by the canary of both runs"
        )
    before, after = (dict(sampled(rows, messages_a_call(run))) for rows, run in zip(calm, (old, new)))
    lone = []
    for (dataset, operation), two in after.items():
        if dataset not in datasets or operation not in COMPARED or (dataset, operation) not in before:
            continue
        one = before[dataset, operation]
        codecs = [codec for codec in two.codecs if codec in one.codecs]
        if len(codecs) < 2:
            lone.append(f"{dataset}, {operation}")
            continue
        logs = [held.logs[[held.codecs.index(codec) for codec in codecs]] for held in (one, two)]
        usual = np.mean([quantile(np.sort(held.reshape(len(codecs), -1)), 0.5) for held in logs], axis=0)
        found = _contrast(*(held - usual[:, None, None] for held in logs))
        yield from _ratios([(dataset, codec, operation) for codec in codecs], found)
    if lone:
        notes.append(f"times are not compared without a second codec to compare with: {'; '.join(lone)}; or --install")


def _cells(timings: Iterable[Timing]) -> set[Cell]:
    return {(row.dataset, row.codec, row.operation) for row in timings if row.samples_ns and row.operation in COMPARED}


def quiet(run: Run, bound: float) -> Iterator[Timing]:
    """The rows without the rounds whose canary took longer; without any, where few are left."""
    for row in run.timings:
        numbers = row.rounds or range(len(row.samples_ns))
        kept = [held for held in zip(row.samples_ns, row.canary_ns, numbers) if held[1] <= bound]
        kept = kept if len(kept) >= min(LEAST_ROUNDS, len(row.samples_ns)) else []
        samples_ns, canary_ns, rounds = (list(column) for column in zip(*kept)) if kept else ([], [], [])
        yield replace(row, samples_ns=samples_ns, canary_ns=canary_ns, rounds=rounds)


def _contrast(old: Floats, new: Floats) -> Estimate:
    """Of a block's logarithms. The others are those that do not seem to have changed themselves: the one that seems to
    most is left out, again and again, while there are more than two."""
    among = list(range(len(old)))
    while True:
        found = contrast(against_others(old, among), against_others(new, among), beyond=math.log(TIE))
        changed = [place for place in among if found.p[place] < 1 - CONFIDENCE]
        if not changed or len(among) == 2:
            return found
        among.remove(max(changed, key=lambda place: abs(float(found.center[place]))))


def against_others(logs: Floats, among: list[int]) -> Floats:
    """By codec and process, the median over the rounds of what a codec is above the median of the others of these."""
    ordered, rank = np.sort(logs[among], axis=0), np.full(logs.shape, len(among))
    rank[among] = np.argsort(np.argsort(logs[among], axis=0), axis=0)
    others = np.broadcast_to(np.count_nonzero(~np.isnan(logs[among]), axis=0), logs.shape).copy()
    others[among] -= 1

    def other(place: NDArray[np.intp]) -> Floats:
        place = np.maximum(place, 0)
        return np.take_along_axis(ordered, np.minimum(place + (place >= rank), len(among) - 1), axis=0)

    above = logs - (other((others - 1) // 2) + other(others // 2)) / 2
    return quantile(np.sort(np.where(others > 0, above, np.nan), axis=-1), 0.5)
