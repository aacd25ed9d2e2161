"""What every report shows, computed once from a run: a table for each data set, and the whole by family of formats.

A pure function of the result file, with `serbench.statistics`. Sizes and times are per message. A row is ranked if its
values came back (`ok`, `lossy`) and it is no control; controls follow, and after them what could not be measured.
Ratios are paired, against the fastest ranked codec; a codec is *best* if it is that one, or ties with it. Codecs that
cannot be told apart from the fastest of them have the same rank. Peers have ratios to the fastest that Python calls,
and no rank among those: their ratios are less precise, and whoever chooses a codec chooses in one language.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from statistics import geometric_mean
from typing import Any

from serbench import fitness
from serbench.report.matrices import Matrix, of_run
from serbench.report.words import COUNTED, losses_text, rates, size_text
from serbench.results import (
    COMPARED,
    OPERATIONS,
    PACKING,
    WHOLE,
    Counted,
    Dataset,
    Footprint,
    Operation,
    Run,
    Streamed,
    Verified,
)
from serbench.scaling import Cost, costs
from serbench.statistics import LEAST_PROCESSES, Comparison, Figure, Ratio, collected, compare, figures

MEASURED = ("ok", "lossy")

SPREAD_SHARES = (0, 0.5, 0.9, 0.99, 1)
SPREAD_TITLES = ("total", "least", "median", "90 %", "99 %", "most")
SPREAD_MESSAGES = 30
"""With fewer messages than this, quantiles of their sizes say nothing."""

HALF_TITLES: dict[Operation, str] = {
    "to_native": "populate: to the library's object",
    "encode_native": "encode: object to bytes",
    "decode_native": "decode: bytes to object",
    "from_native": "read out: from the object",
}


@dataclass(frozen=True, kw_only=True)
class Time:
    """A figure and, except for the fastest, how many times the fastest's it is. Without a test there is no `rank`.

    `collected` is how many times as long it takes with garbage collection on, where that was measured.
    """

    figure: Figure
    ratio: Ratio | None = None
    best: bool = False
    rank: int | None = None
    collected: Ratio | None = None


@dataclass(frozen=True, kw_only=True)
class Row:
    """A codec on a data set. `about` is what the run's header says of the codec; sizes are octets per message.

    `compressed` has them by method, of the messages that are timed; `none` is the method that leaves them as they are.
    `purposes` has them by what they are for, of the messages that were explained; empty where none was.
    `unsteady` has a peer's operations that were timed before they were steady, and says in how many processes that was.
    """

    codec: str
    about: dict[str, Any]
    verified: Verified
    size: float | None = None
    efficiency_percent: float | None = None
    compressed: dict[str, float] = field(default_factory=dict)
    purposes: dict[str, float] = field(default_factory=dict)
    smallest: bool = False
    streamed: Streamed | None = None
    footprint: Footprint | None = None
    times: dict[Operation, Time] = field(default_factory=dict)
    untimed: dict[Operation, str] = field(default_factory=dict)
    unsteady: dict[Operation, str] = field(default_factory=dict)
    counted: list[Counted] = field(default_factory=list)

    @property
    def control(self) -> bool:
        return bool(self.about["control"])

    @property
    def tag(self) -> str:
        """What has to be said beside the name: that it is a control, or a peer's language."""
        return "control" if self.control else str(self.about["language"]) if "peer" in self.about else ""

    @property
    def measured(self) -> bool:
        return self.verified.status in MEASURED

    @property
    def kind(self) -> str:
        """What the format is: text or binary, self-describing or agreed."""
        return ", ".join(kind_of(self.about))

    @property
    def spread(self) -> tuple[int, ...]:
        """Octets of all messages together, and of the least, the quantiles and the greatest, as `SPREAD_TITLES`."""
        sizes = sorted(self.verified.encoded_bytes)
        last = len(sizes) - 1
        return (sum(sizes), *(sizes[round(share * last)] for share in SPREAD_SHARES))

    @property
    def round_trip_ns(self) -> float | None:
        """Encode and decode together."""
        if all(operation in self.times for operation in WHOLE):
            return sum(self.times[operation].figure.ns for operation in WHOLE)
        return None


@dataclass(frozen=True, kw_only=True)
class Table:
    """A data set and its rows: ranked, controls, and `absent`: unsupported, unavailable or failed."""

    dataset: Dataset
    methods: list[str]
    ranked: list[Row]
    controls: list[Row]
    absent: list[Row]

    @property
    def measured(self) -> list[Row]:
        return self.ranked + self.controls

    @property
    def halves(self) -> list[Row]:
        """The rows that have the cost of the library's own objects apart."""
        return [row for row in self.measured if "to_native" in row.times or "from_native" in row.times]

    @property
    def rates(self) -> list[tuple[Row, list[str]]]:
        """The rows that have times, and how much they handle in a second, as `RATE_TITLES`."""
        usual = self.dataset.information_bytes / self.dataset.messages
        return [(row, rates(row, usual)) for row in self.measured if any(held in row.times for held in WHOLE)]

    @property
    def access(self) -> list[Row]:
        """The rows that read one leaf of a message, fastest first."""
        found = [row for row in self.measured if "access" in row.times]
        return sorted(found, key=lambda row: row.times["access"].figure.ns)

    @property
    def streams(self) -> list[Row]:
        """The rows that have streams, fastest reader first."""
        found = [row for row in self.measured if "read_stream" in row.times or _has_figures(row.streamed)]
        return sorted(found, key=lambda row: _ns(row, "read_stream"))

    @property
    def counted(self) -> list[tuple[str, ...]]:
        """The codec, operation, instructions per message, and those of an empty call, of what was counted."""
        return [
            (row.codec, held.operation, *map(size_text, self.instructions(held)))
            for row in self.measured
            for held in row.counted
            if not held.reason
        ]

    def instructions(self, held: Counted) -> tuple[float, float]:
        """Instructions per message, to a tenth, and how many of them are those of an empty call."""
        messages = held.loops * self.dataset.timed
        return round(held.instructions / messages, 1), round(held.empty_instructions / messages, 1)

    @property
    def spread(self) -> list[Row]:
        """The rows whose sizes have a distribution worth showing."""
        return self.measured if self.dataset.messages >= SPREAD_MESSAGES else []

    @property
    def caption(self) -> str:
        """How many messages there are, and what is in them."""
        count, octets = self.dataset.messages, self.dataset.information_bytes
        if count == 1:
            return f"1 message with {size_text(octets)} bytes of information"
        timed = "" if self.dataset.timed == count else f"; times are of {self.dataset.timed} of them, evenly chosen"
        return f"{count:,} messages with {size_text(octets / count)} bytes of information each, on average{timed}"

    @property
    def notes(self) -> list[str]:
        """Losses, and what could not be timed or is not deterministic, each in a line."""
        found = [f"{row.codec} is lossy: {losses_text(row.verified)}" for row in self.measured if row.verified.losses]
        found += [
            f"{row.codec}, {what}: {held.reason}"
            for row in self.measured
            for what, held in (("stream", row.streamed), ("memory", row.footprint))
            if held and held.reason
        ]
        for row in self.measured:
            by_reason: dict[str, list[str]] = {}
            for operation, reason in row.untimed.items():
                by_reason.setdefault(reason, []).append(operation)
            found += [f"{row.codec}, {', '.join(which)}: {reason}" for reason, which in by_reason.items()]
            if not row.verified.deterministic:
                found.append(f"{row.codec} is not deterministic: equal values gave different bytes")
            if row.verified.changes:
                found.append(f"{row.codec} changes what all codecs share: {', '.join(row.verified.changes)}")
        restless = [f"{row.codec} {held}" for row in self.measured for held in row.unsteady.values()]
        if restless:
            found.append(f"not steady when the time to warm up was over: {', '.join(restless)}")
        return found


@dataclass(frozen=True, kw_only=True)
class Group:
    """The ranked rows of all data sets whose formats are of one kind; means are geometric."""

    kind: str
    codecs: int
    cells: int
    efficiency_percent: float | None
    encode_ratio: float | None
    decode_ratio: float | None


_VERDICT_WORDS = {"different": "resolved", "tie": "tied", "unresolved": "unresolved"}


@dataclass(frozen=True, kw_only=True)
class Family:
    """Data sets of the same messages in several sizes, and what each codec's messages and octets cost."""

    name: str
    sizes: int
    costs: dict[str, dict[Operation, Cost]]


@dataclass(frozen=True, kw_only=True)
class Summary:
    run: Run
    tables: list[Table]
    groups: list[Group]
    families: list[Family]
    matrices: list[Matrix]

    @property
    def processes(self) -> tuple[int, int]:
        """The least and the most processes behind a time."""
        counts = [time.figure.processes for time in self._times()]
        return (min(counts), max(counts)) if counts else (0, 0)

    @property
    def quiet_percent(self) -> float | None:
        """The share of rounds in which the machine was uncontended."""
        shares = [time.figure.quiet for time in self._times() if time.figure.quiet is not None]
        return 100 * sum(shares) / len(shares) if shares else None

    @property
    def verdicts(self) -> Counter[str]:
        """How many ratios to the fastest there are of each verdict."""
        return Counter(time.ratio.verdict for time in self._times() if time.ratio)

    @property
    def conditions(self) -> str:
        """How far the times can be trusted, in a line, and of how many cells memory was measured, if not of all."""
        least, most = self.processes
        if not most:
            return COUNTED if self.run.counted else "nothing was timed"
        count = f"{least}" if least == most else f"{least} to {most}"
        interval = (
            "95 % interval"
            if least >= LEAST_PROCESSES
            else f"range of quartiles and no test where there were fewer than {LEAST_PROCESSES}"
        )
        processes = "process" if most == 1 else "processes"
        said = [f"times: {count} {processes}, {interval}"]
        quiet = self.quiet_percent
        machine = "no canary" if quiet is None else f"machine quiet in {quiet:.0f} % of rounds"
        if drifted := fitness.drift_text(self.run):
            machine += f", {drifted} at the end"
        said.append(machine)
        if verdicts := self.verdicts:
            counts = (f"{verdicts[verdict]:,} {word}" for verdict, word in _VERDICT_WORDS.items())
            said.append(f"ratios: {', '.join(counts)}")
        if self.run.spent:
            measured, whole = self._measured()
            said.append(f"{100 * measured:.0f} % of {whole} inside measurement")
        if overhead_ns := self.run.header.machine.get("loop_overhead_ns"):
            said.append(f"{overhead_ns:.1f} ns for a timed call of an empty C function")
        installed = sum(1 for about in self.run.header.codecs.values() if about["version"] and "peer" not in about)
        cells = sum(1 for table in self.tables for row in table.measured if "peer" not in row.about)
        for what, held, all_of_them in (
            ("imports", len(self.run.libraries), installed),
            ("memory", len(self.run.footprints), cells),
        ):
            if 0 < held < all_of_them:
                said.append(f"{what}: {held:,} of {all_of_them:,}, what their share of the budget allowed")
        return "; ".join(said)

    @property
    def warnings(self) -> list[str]:
        """What made the machine unfit, before and during the run."""
        return fitness.of_run(self.run)

    def _measured(self) -> tuple[float, str]:
        """The share of the time that went into calibration, warm-up, canary and samples, and of what it is one.

        That is the run, unless it was killed: then only how long its blocks took is known.
        """
        measured_ns = sum(spent.measured_ns for spent in self.run.spent)
        if self.run.ended:
            return measured_ns / sum(1e9 * ended.wall_s for ended in self.run.ended), "the run"
        return measured_ns / sum(spent.wall_ns for spent in self.run.spent), "the time of blocks"

    def _times(self) -> Iterable[Time]:
        return (time for table in self.tables for row in table.measured for time in row.times.values())


def summarise(run: Run) -> Summary:
    """Everything that reports show of a run."""
    known: dict[tuple[str, Operation], dict[str, Figure]] = defaultdict(dict)
    for (dataset, codec, operation), figure in figures(run).items():
        known[dataset, operation][codec] = figure
    pairs = compare(run, COMPARED)
    collecting = collected(run)
    reasons = {(row.dataset, row.codec, row.operation): row.reason for row in run.timings if row.reason}
    reasons |= {(row.dataset, row.codec, row.operation): row.reason for row in run.counted if row.reason}
    tables = [_table(run, dataset, known, pairs, collecting, reasons) for dataset in run.datasets]
    return Summary(run=run, tables=tables, groups=_groups(tables), families=_families(run), matrices=of_run(run))


def _families(run: Run) -> list[Family]:
    found: dict[str, dict[str, dict[Operation, Cost]]] = {}
    for (family, codec, operation), cost in costs(run).items():
        if operation in WHOLE:
            found.setdefault(family, {}).setdefault(codec, {})[operation] = cost
    sizes = Counter(dataset.family for dataset in run.datasets)
    return [Family(name=name, sizes=sizes[name], costs=held) for name, held in found.items()]


def _table(
    run: Run,
    dataset: Dataset,
    known: dict[tuple[str, Operation], dict[str, Figure]],
    pairs: dict[tuple[str, Operation], Comparison],
    collecting: dict[tuple[str, str, Operation], Ratio],
    reasons: dict[tuple[str, str, Operation], str],
) -> Table:
    verified = [row for row in run.verified if row.dataset == dataset.name]
    streamed = {row.codec: row for row in run.streamed if row.dataset == dataset.name}
    footprints = {row.codec: row for row in run.footprints if row.dataset == dataset.name}
    ranked = [row.codec for row in verified if row.status in MEASURED and not run.header.codecs[row.codec]["control"]]
    sizes = {row.codec: sum(row.encoded_bytes) for row in verified if row.status in MEASURED}
    partly = {row.codec for row in verified if "peer" in run.header.codecs[row.codec] and _carries_less(row, dataset)}
    least = min((sizes[codec] for codec in ranked if codec not in partly), default=None)
    unsteady = _unsteady(run, dataset)
    rivals = [codec for codec in ranked if "peer" not in run.header.codecs[codec]] or ranked
    times = {
        operation: _times(known.get((dataset.name, operation), {}), rivals, pairs.get((dataset.name, operation)))
        for operation in (*OPERATIONS, *PACKING)
    }
    rows = [
        Row(
            codec=row.codec,
            about=run.header.codecs[row.codec],
            verified=row,
            size=sizes[row.codec] / (len(row.encoded_bytes) if row.codec in partly else dataset.messages),
            efficiency_percent=100 * dataset.information_bytes / sizes[row.codec]
            if sizes[row.codec] and row.codec not in partly
            else None,
            compressed={method: total / dataset.timed for method, total in row.compressed_bytes.items()},
            purposes={name: octets / row.explained for name, octets in row.purposes.items()},
            smallest=row.codec in ranked and row.codec not in partly and sizes[row.codec] == least,
            streamed=streamed.get(row.codec),
            footprint=footprints.get(row.codec),
            times={
                operation: replace(held[row.codec], collected=collecting.get((dataset.name, row.codec, operation)))
                for operation, held in times.items()
                if row.codec in held
            },
            untimed={
                operation: reasons[cell]
                for operation in times
                if (cell := (dataset.name, row.codec, operation)) in reasons
            },
            unsteady=unsteady.get(row.codec, {}),
            counted=[held for held in run.counted if (held.dataset, held.codec) == (dataset.name, row.codec)],
        )
        if row.codec in sizes
        else Row(codec=row.codec, about=run.header.codecs[row.codec], verified=row)
        for row in verified
    ]
    rows.sort(key=_speed)
    return Table(
        dataset=dataset,
        methods=list(dict.fromkeys(method for row in rows for method in row.compressed)),
        ranked=[row for row in rows if row.measured and not row.control],
        controls=[row for row in rows if row.measured and row.control],
        absent=[row for row in rows if not row.measured],
    )


def _carries_less(row: Verified, dataset: Dataset) -> bool:
    """Whether a peer refuses messages."""
    return len(row.encoded_bytes) < dataset.messages


def _unsteady(run: Run, dataset: Dataset) -> dict[str, dict[Operation, str]]:
    """As `Row.unsteady`, by codec."""
    steady: dict[tuple[str, Operation], list[bool]] = defaultdict(list)
    for row in run.timings:
        if row.dataset == dataset.name and row.steady is not None:
            steady[row.codec, row.operation].append(row.steady)
    found: dict[str, dict[Operation, str]] = {}
    for (codec, operation), held in steady.items():
        if not all(held):
            when = f"{operation} in {held.count(False)} of {len(held)} processes"
            found.setdefault(codec, {})[operation] = when
    return found


def _speed(row: Row) -> tuple[float, float, str]:
    """Fastest round trip first; what has no time after that, smallest first."""
    size = math.inf if row.size is None else row.size
    return (math.inf if row.round_trip_ns is None else row.round_trip_ns, size, row.codec)


def _has_figures(streamed: Streamed | None) -> bool:
    return streamed is not None and not streamed.reason


def _ns(row: Row, operation: Operation) -> float:
    return row.times[operation].figure.ns if operation in row.times else math.inf


def _times(found: dict[str, Figure], ranked: list[str], pairs: Comparison | None) -> dict[str, Time]:
    rivals = [codec for codec in ranked if codec in found]
    if not pairs or not rivals:
        return {codec: Time(figure=figure) for codec, figure in found.items()}
    rivals.sort(key=lambda codec: (found[codec].processes < LEAST_PROCESSES, found[codec].ns))
    order = pairs.order(rivals)
    fastest, ranks = order[0], pairs.ranks(order)
    times = {}
    for codec, figure in found.items():
        ratio = None if codec == fastest else pairs.ratio(codec, fastest)
        best = codec == fastest or (codec in rivals and ratio is not None and ratio.verdict == "tie")
        times[codec] = Time(figure=figure, ratio=ratio, best=best, rank=ranks.get(codec))
    return times


def kind_of(about: dict[str, Any]) -> tuple[str, str]:
    """What a format is, in two words: text or binary, self-describing or agreed."""
    return _TEXTUAL[about["textual"]], _DESCRIBING[about["self_describing"]]


_TEXTUAL = {True: "text", False: "binary"}
_DESCRIBING = {True: "self-describing", False: "agreed"}


def _groups(tables: list[Table]) -> list[Group]:
    kinds = [f"{textual}, {describing}" for textual in _TEXTUAL.values() for describing in _DESCRIBING.values()]
    every = [row for table in tables for row in table.ranked]
    rows = [row for row in every if "peer" not in row.about] or every
    return [_group(kind, of_kind) for kind in kinds if (of_kind := [row for row in rows if row.kind == kind])]


def _group(kind: str, rows: list[Row]) -> Group:
    def ratio(operation: Operation) -> float | None:
        times = [row.times[operation] for row in rows if operation in row.times]
        return _mean(time.ratio.ratio if time.ratio else 1.0 for time in times if time.ratio or time.best)

    return Group(
        kind=kind,
        codecs=len({row.codec for row in rows}),
        cells=len(rows),
        efficiency_percent=_mean(row.efficiency_percent for row in rows if row.efficiency_percent),
        encode_ratio=ratio("encode"),
        decode_ratio=ratio("decode"),
    )


def _mean(values: Iterable[float]) -> float | None:
    held = list(values)
    return geometric_mean(held) if held else None
