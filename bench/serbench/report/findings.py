"""What a run says in three sentences: who is fastest, who is smallest, and what self-description costs.

A pure function of the summary. Codecs are compared on equal terms: only those that carry the most data sets take part,
on the data sets that all of them carry, and means over data sets are geometric. Sizes are exact. Two round trips are
told apart as in `serbench.statistics`: by pairs of rounds, over processes, the p-values corrected for all pairs.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from statistics import geometric_mean
from typing import TypeAlias

import numpy as np

from serbench.report.summary import Row, Summary
from serbench.report.words import digits
from serbench.results import WHOLE, Operation
from serbench.statistics import (
    LEAST_PROCESSES,
    Floats,
    Ratio,
    Samples,
    interval,
    messages_a_call,
    quantile,
    sampled,
)

Means: TypeAlias = dict[str, float]
"""By codec, a geometric mean over data sets, the least first."""
ALIKE = 1.0005
"""Means of sizes within this are the same size: another implementation of the same format, as a rule."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """A headline and the sentences with its numbers."""

    title: str
    text: str


@dataclass(frozen=True)
class Field:
    """The codecs that compete and the data sets on which: `rows` has them by data set, then by codec."""

    rows: dict[str, dict[str, Row]]
    of: int
    """How many data sets there are in all."""
    codecs: list[str] = field(default_factory=list)

    @property
    def where(self) -> str:
        """On what they were compared, in words."""
        count = len(self.rows)
        all_of_them = {1: "the data set", 2: "both data sets"}.get(self.of, f"all {self.of} data sets")
        data = all_of_them if count == self.of else f"{count} of {self.of} data sets"
        return f"{len(self.codecs)} {'codec carries' if len(self.codecs) == 1 else 'codecs carry'} {data}"

    @property
    def mean(self) -> str:
        return "" if len(self.rows) == 1 else ", geometric mean over them"

    def means(self, value: Callable[[Row], float]) -> Means:
        found = {codec: geometric_mean([value(held[codec]) for held in self.rows.values()]) for codec in self.codecs}
        return dict(sorted(found.items(), key=lambda pair: (pair[1], pair[0])))

    def about(self, codec: str) -> Row:
        return next(iter(self.rows.values()))[codec]


def findings(summary: Summary) -> list[Finding]:
    """Up to three; none of a run that measured nothing."""
    sized = competing(summary, lambda row: bool(row.size))
    timed = competing(summary, lambda row: bool(row.size and row.round_trip_ns))
    found = [_fastest(summary, timed), _smallest(sized), _price(sized, timed)]
    return [finding for finding in found if finding]


def competing(summary: Summary, has: Callable[[Row], bool]) -> Field:
    """The ranked codecs with what is asked for on the most data sets, and the data sets that all of these have.

    Peers are not among them: whoever chooses a codec chooses in one language.
    """
    tables = {
        table.dataset.name: {row.codec: row for row in table.ranked if "peer" not in row.about and has(row)}
        for table in summary.tables
    }
    counts: dict[str, int] = {}
    for rows in tables.values():
        for codec in rows:
            counts[codec] = counts.get(codec, 0) + 1
    most = max(counts.values(), default=0)
    codecs = [codec for codec, count in counts.items() if count == most]
    common = {name: rows for name, rows in tables.items() if codecs and all(codec in rows for codec in codecs)}
    return Field(common, len(tables), codecs if common else [])


def _fastest(summary: Summary, field: Field) -> Finding | None:
    if not field.codecs:
        return None
    means = field.means(_round_trip)
    first, ratios = round_trips(summary, field, next(iter(means)))
    rate = 1e9 / means[first]
    text = f"{field.where}. {first} goes there and back {rate:,.0f} times a second{field.mean}"
    rivals = sorted(ratios, key=lambda codec: ratios[codec].ratio)
    if not rivals:
        return Finding(title=f"Fastest there and back: {first}", text=f"{text}.")
    apart = [codec for codec in rivals if ratios[codec].verdict == "different"]
    if not apart:
        few = ratios[rivals[0]].processes < LEAST_PROCESSES
        why = f"it takes {LEAST_PROCESSES} processes and more to tell codecs apart" if few else "none is told apart"
        second = ratios[rivals[0]]
        guess = f"the next, {rivals[0]}, takes ~{digits(second.ratio)} times as long, which is a best guess: {why}"
        return Finding(title=f"Fastest there and back, as it seems: {first}", text=f"{text}; {guess}.")
    next_one = ratios[apart[0]]
    text += (
        f"; {apart[0]}, the next that is told apart, takes {digits(next_one.ratio)} times as long "
        f"[{digits(next_one.low)}, {digits(next_one.high)}]"
    )
    alike = rivals[: rivals.index(apart[0])]
    if alike:
        text += f". Not told apart from it: {_listed(alike)}"
    return Finding(title=f"Fastest there and back: {first}", text=f"{text}.")


def round_trips(summary: Summary, field: Field, first: str) -> tuple[str, dict[str, Ratio]]:
    """The fastest codec, `first` unless the pairs see better, and by how many times the others take longer there and
    back, on the geometric mean over the data sets."""
    cells = {
        cell: samples
        for cell, samples in sampled(summary.run.timings, messages_a_call(summary.run))
        if cell[0] in field.rows and cell[1] in WHOLE
    }
    for _ in field.codecs:
        ratios = _paired(cells, field, first)
        better = min(ratios, key=lambda codec: ratios[codec].ratio, default=first)
        if better == first or ratios[better].ratio >= 1:
            return first, ratios
        first = better
    return first, ratios


def _paired(cells: dict[tuple[str, Operation], Samples], field: Field, first: str) -> dict[str, Ratio]:
    """Each process's ratios of both directions, weighed by what they take of the first's round trip; then the mean of
    their logarithms over data sets, and its interval over processes."""
    others = [codec for codec in field.codecs if codec != first]
    if not others:
        return {}
    least = min(samples.logs.shape[1] for samples in cells.values())
    logs = np.zeros((len(others), least))
    for name, rows in field.rows.items():
        whole = rows[first].round_trip_ns or math.nan
        ratio = np.zeros((len(others), least))
        for operation in WHOLE:
            samples = cells[name, operation]
            place = {codec: number for number, codec in enumerate(samples.codecs)}
            pairs = samples.logs[[place[codec] for codec in others]] - samples.logs[place[first]]
            medians: Floats = quantile(np.sort(pairs, axis=-1), 0.5)[:, :least]
            ratio += np.exp(medians) * rows[first].times[operation].figure.ns / whole
        logs += np.log(ratio) / len(field.rows)
    found = interval(logs, trimmed=True)
    pairs_of_all = len(field.codecs) * (len(field.codecs) - 1) / 2
    return {
        codec: Ratio(math.exp(center), math.exp(low), math.exp(high), int(count), min(1.0, p * pairs_of_all))
        if count >= LEAST_PROCESSES
        else Ratio(math.exp(center), math.nan, math.nan, int(count), 1.0)
        for codec, center, low, high, p, count in zip(
            others, found.center, found.low, found.high, found.p, found.processes
        )
        if count
    }


def _smallest(field: Field) -> Finding | None:
    if not field.codecs:
        return None
    means = field.means(_size)
    first, *others = means
    alike = [codec for codec in others if means[codec] <= ALIKE * means[first]]
    efficiency = geometric_mean([held[first].efficiency_percent or 1.0 for held in field.rows.values()])
    text = f"{field.where}. {first} needs the fewest bytes: {efficiency:.0f} % of them are information{field.mean}"
    rest = [codec for codec in others if codec not in alike]
    if rest:
        text += f"; the next, {rest[0]}, takes {_more(means[rest[0]] / means[first])}"
    if len(rest) > 1:
        text += f", the largest, {rest[-1]}, {digits(means[rest[-1]] / means[first])} times as many"
    if alike:
        text += f". As small: {_listed(alike)}"
    return Finding(title=f"Smallest: {first}", text=f"{text}.")


def _price(sized: Field, timed: Field) -> Finding | None:
    """What carrying names and types costs, the best against the best; what text costs if that cannot be said."""
    for key, title, ours, theirs in (
        ("self_describing", "Self-description", "self-describing", "agreed"),
        ("textual", "Text", "textual", "binary"),
    ):
        sizes = _best(sized, key, _size)
        if not sizes:
            continue
        (mine, here), (other, there) = sizes
        ratio = here / there
        headline = f"{title} costs {_more(ratio)}" if ratio > ALIKE else f"{title} costs no bytes"
        text = f"The smallest {ours} codec, {mine}, takes {digits(ratio)} times the bytes of the smallest {theirs}, "
        text += other
        times = _best(timed, key, _round_trip)
        if times:
            (quick, taken), (rival, rivals) = times
            text += (
                f"; the fastest {ours} one there and back, {quick}, takes {digits(taken / rivals)} times as long as "
                f"the fastest {theirs}, {rival}"
            )
        if key == "self_describing":
            textual = [codec for codec in sized.codecs if sized.about(codec).about["textual"]]
            if textual and len(textual) < len(sized.codecs):
                means = sized.means(_size)
                best = min(textual, key=means.__getitem__)
                text += f". The smallest text is {best}, {digits(means[best] / there)} times the bytes of {other}"
        return Finding(title=headline, text=f"{text}.")
    return None


def _best(field: Field, key: str, value: Callable[[Row], float]) -> tuple[tuple[str, float], tuple[str, float]] | None:
    """The codec of the least mean with the property and that without it; None unless there are both."""
    means = field.means(value)
    sides: dict[bool, tuple[str, float]] = {}
    for codec, mean in means.items():
        sides.setdefault(bool(field.about(codec).about[key]), (codec, mean))
    return (sides[True], sides[False]) if len(sides) == 2 else None


def _round_trip(row: Row) -> float:
    assert row.round_trip_ns
    return row.round_trip_ns


def _size(row: Row) -> float:
    assert row.size
    return row.size


def _more(ratio: float) -> str:
    """A ratio above 1 as a person says it."""
    if ratio < 1.995:
        percent = 100 * (ratio - 1)
        return f"{percent:.1f} % more bytes" if percent < 9.95 else f"{percent:.0f} % more bytes"
    return f"{digits(ratio)} times the bytes"


def _listed(codecs: Iterable[str], shown: int = 4) -> str:
    held = list(codecs)
    return ", ".join(held[:shown]) + (f" and {len(held) - shown} more" if len(held) > shown else "")
