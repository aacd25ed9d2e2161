"""The codecs of one data set against each other: who is smaller, who is faster, who is beaten. A function of a `Run`.

A format stands for its best implementation: of those that carried the data, of those without loss if there are any, the
one with the fastest round trip in this very run. Choosing by the same samples that are compared would claim too much;
therefore p-values are corrected for all pairs that were asked for, those of the implementations passed over included.
Peers, whose ratios are less precise, are compared where they are named.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import combinations
from typing import TypeAlias

from serschema.errors import SerError

from serbench import fronts
from serbench.fronts import CRITERIA, Criterion, Standing
from serbench.links import Cost, break_even, by_size, compressed
from serbench.ranges import Range, exact, minus
from serbench.report.summary import Row, Summary, Table, summarise
from serbench.results import WHOLE, Dataset, Operation, Run, Verified
from serbench.statistics import LEAST_PROCESSES, Comparison, Figure, Floats, Ratio, compare, interval, medians

Weights: TypeAlias = Mapping[Criterion, float]
EVEN: Weights = dict.fromkeys(CRITERIA, 1.0)


class NothingToCompare(SerError):
    """A run that has not what was asked for."""


@dataclass(frozen=True)
class Contest:
    """`rows` are the codecs that are compared, fastest round trip first; `passed_over` has by format the other
    implementations that were measured, and `absent` what could not be compared, with its status and reason."""

    summary: Summary
    rows: list[Row]
    passed_over: dict[str, list[str]]
    absent: list[tuple[str, str]]
    pairs: dict[Operation, Comparison]

    @property
    def table(self) -> Table:
        return self.summary.tables[0]

    @cached_property
    def by_codec(self) -> dict[str, Row]:
        return {row.codec: row for row in self.rows}

    @property
    def names(self) -> list[str]:
        return [row.codec for row in self.rows]

    def ratio(self, criterion: Criterion, codec: str, reference: str) -> Ratio | None:
        """The ratio of a codec's time, or size, to another's."""
        if criterion == "size":
            value = _size(self.by_codec[codec]) / _size(self.by_codec[reference])
            return Ratio(value, value, value, 0, 1.0 if value == 1 else 0.0)
        return self.pairs[criterion].ratio(codec, reference) if criterion in self.pairs else None

    def standing(self, criterion: Criterion, codec: str, other: str) -> Standing:
        if criterion == "size":
            return fronts.in_size(_size(self.by_codec[codec]), _size(self.by_codec[other]))
        return fronts.in_time(self.ratio(criterion, codec, other))

    def standings(self, codec: str, other: str) -> list[Standing]:
        """In the order of `CRITERIA`."""
        return [self.standing(criterion, codec, other) for criterion in CRITERIA]

    @cached_property
    def front(self) -> list[str]:
        """The codecs that no other beats."""
        return fronts.front(self.names, self.standings)

    def beaten_by(self, codec: str) -> list[str]:
        return fronts.beaten_by(codec, self.names, self.standings)

    def order(self, criterion: Criterion) -> list[str]:
        """The codecs, least first."""
        if criterion == "size":
            return sorted(self.names, key=lambda codec: _size(self.by_codec[codec]))
        order = sorted(self.names, key=lambda codec: self.by_codec[codec].times[criterion].figure.ns)
        return self.pairs[criterion].order(order)

    def best(self, criterion: Criterion) -> list[str]:
        """The first, and those that tie with it."""
        order = self.order(criterion)
        return [codec for codec in order if codec == order[0] or self.standing(criterion, codec, order[0]) == "tie"]

    def scores(self, weights: Weights) -> dict[str, Range]:
        """The weighted mean of the ratios to the best in each criterion, least first."""
        first = {criterion: self.order(criterion)[0] for criterion in CRITERIA}
        found = {
            codec: fronts.score(
                {criterion: self._range(criterion, codec, first[criterion]) for criterion in CRITERIA}, weights
            )
            for codec in self.names
        }
        return dict(sorted(found.items(), key=lambda held: held[1].value))

    def _range(self, criterion: Criterion, codec: str, reference: str) -> Range:
        if codec == reference:
            return exact(1.0)
        ratio = self.ratio(criterion, codec, reference)
        if ratio is not None:
            return Range(ratio.ratio, ratio.low, ratio.high)
        one, other = (self.by_codec[name].times[_operation(criterion)].figure for name in (codec, reference))
        return Range(one.ns / other.ns, one.low / other.high, one.high / other.low)

    @cached_property
    def costs(self) -> list[Cost]:
        """Octets and times of the messages that were timed, and the same with compression where that was timed."""
        return [cost for row in self.rows for cost in costs_of(row, self.table.dataset)]

    def break_even(self, one: Cost, other: Cost) -> Range | None:
        """As `links.break_even`, with an interval from pairs where there are: in one process both met one mood of the
        machine, so that their difference is known better than from the intervals of both."""
        small, large = by_size(one, other)
        center = minus(small.cpu_ns, large.cpu_ns).value
        taken = [self._cpu_ns(cost.name) for cost in (small, large)]
        if taken[0] is None or taken[1] is None or len(taken[0]) != len(taken[1]):
            return break_even(one, other)
        found = interval((taken[0] - taken[1])[None], trimmed=True)
        below, above = (abs(end.item() - found.center.item()) for end in (found.low, found.high))
        return break_even(one, other, Range(center, center - below, center + above))

    def _cpu_ns(self, codec: str) -> Floats | None:
        """The processes' medians of encode and decode together; None if there are too few, or not as many of both."""
        both = [self._medians.get((self.table.dataset.name, codec, operation)) for operation in WHOLE]
        if both[0] is None or both[1] is None or not LEAST_PROCESSES <= len(both[0]) == len(both[1]):
            return None
        return both[0] + both[1]

    @cached_property
    def _medians(self) -> dict[tuple[str, str, Operation], Floats]:
        return medians(self.summary.run)

    @property
    def each_pair(self) -> list[tuple[str, str]]:
        return list(combinations(self.names, 2))


def contest(run: Run, names: Sequence[str] = (), dataset: str = "", among: Collection[str] | None = None) -> Contest:
    """The codecs of these ids or formats, or of all formats, on a data set of the run, or on its only one.

    With `among` formats are represented by one of these codecs.

    Raises `NothingToCompare` where the run has no such data set or codec, or nothing that was measured.
    """
    run = _of_dataset(run, dataset)
    wanted = _wanted(run, names, among)
    asked = {codec for codecs in wanted.values() for codec in codecs}
    run = replace(
        run,
        verified=[row for row in run.verified if row.codec in asked],
        timings=[row for row in run.timings if row.codec in asked],
    )
    summary = summarise(run)
    (table,) = summary.tables
    rows = {row.codec: row for row in table.measured}
    chosen: list[str] = []
    passed_over: dict[str, list[str]] = {}
    absent: list[tuple[str, str]] = []
    for name, codecs in wanted.items():
        able = [rows[codec] for codec in codecs if codec in rows and rows[codec].round_trip_ns is not None]
        if not able:
            absent += [(codec, _why(run.verified, rows, codec)) for codec in codecs]
            continue
        best = min(able, key=_preference)
        chosen.append(best.codec)
        if len(able) > 1:
            passed_over[name] = [row.codec for row in sorted(able, key=_preference) if row is not best]
    chosen = list(dict.fromkeys(chosen))
    if not chosen:
        reasons = "; ".join(f"{codec}: {reason}" for codec, reason in absent)
        raise NothingToCompare(f"nothing could be compared on {table.dataset.name}: {reasons}")
    return Contest(
        summary=summary,
        rows=[row for row in table.measured if row.codec in chosen],
        passed_over=passed_over,
        absent=absent,
        pairs={operation: held for (_, operation), held in compare(run, WHOLE).items()},
    )


def costs_of(row: Row, dataset: Dataset) -> list[Cost]:
    """What the link model takes of a row: of the messages that were timed, as they are and compressed."""
    sizes, timed = row.verified.encoded_bytes, dataset.timed
    if len(sizes) == dataset.messages:
        size = sum(sizes[number * len(sizes) // timed] for number in range(timed)) / timed
    else:  # a peer that refuses messages
        size = _size(row)
    plain = Cost(row.codec, size, _of(row, "encode"), _of(row, "decode"))
    found = [plain]
    times = {str(operation): time.figure for operation, time in row.times.items()}
    for method, size in row.compressed.items():
        there, back = times.get(f"compress:{method}"), times.get(f"decompress:{method}")
        if there and back:
            found.append(compressed(plain, method, size, _range_of(there), _range_of(back)))
    return found


def _of(row: Row, operation: Operation) -> Range:
    return _range_of(row.times[operation].figure)


def _range_of(figure: Figure) -> Range:
    return Range(figure.ns, figure.low, figure.high)


def _operation(criterion: Criterion) -> Operation:
    return "encode" if criterion == "encode" else "decode"


def _size(row: Row) -> float:
    assert row.size is not None
    return row.size


def _preference(row: Row) -> tuple[bool, float]:
    """Without loss first, then the fastest round trip."""
    assert row.round_trip_ns is not None
    return bool(row.verified.losses), row.round_trip_ns


def _of_dataset(run: Run, name: str) -> Run:
    names = [dataset.name for dataset in run.datasets]
    if not name and len(names) == 1:
        name = names[0]
    if name not in names:
        said = f"has no data set {name!r}" if name else "has several data sets"
        raise NothingToCompare(f"{run.path.parent} {said}: choose one with --schema: {', '.join(names)}")
    return replace(
        run,
        datasets=[dataset for dataset in run.datasets if dataset.name == name],
        verified=[row for row in run.verified if row.dataset == name],
        timings=[row for row in run.timings if row.dataset == name],
        streamed=[row for row in run.streamed if row.dataset == name],
        footprints=[row for row in run.footprints if row.dataset == name],
        counted=[row for row in run.counted if row.dataset == name],
    )


def _wanted(run: Run, names: Sequence[str], among: Collection[str] | None) -> dict[str, list[str]]:
    """By each name, the codecs that it may stand for."""
    about = run.header.codecs
    formats: dict[str, list[str]] = {}
    for codec, held in about.items():
        if not held["control"] and "peer" not in held and (among is None or codec in among):
            formats.setdefault(codec.partition("/")[0], []).append(codec)
    found: dict[str, list[str]] = {}
    for name in names or formats:
        if name not in about and name not in formats:
            raise NothingToCompare(f"{run.path.parent} has no codec or format {name!r}: it has {_listed(formats)}")
        found[name] = [name] if name in about else formats[name]
    return found


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _why(verified: Iterable[Verified], rows: Mapping[str, Row], codec: str) -> str:
    """Why a codec is not compared."""
    if codec in rows:
        reasons = {reason for operation, reason in rows[codec].untimed.items() if operation in WHOLE}
        return f"not timed: {'; '.join(sorted(reasons)) or 'the run has no times of it'}"
    row = next((row for row in verified if row.codec == codec), None)
    if row is None:
        return "not in the run"
    return f"{row.status}: {row.reason}" if row.reason else row.status
