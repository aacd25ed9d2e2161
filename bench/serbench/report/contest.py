"""A contest of codecs for a terminal, and as JSON: the table, what `verdicts` says, pairs, what links make of it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Literal

from rich.console import Console
from rich.text import Text

from serbench.contest import Contest, Weights
from serbench.fronts import CRITERIA, TIMES, Criterion
from serbench.links import NS_PER_S, Link, bound_by, by_size, delivery_ns, first_to_arrive, messages_per_s
from serbench.ranges import Range
from serbench.report.fitting import Column, show
from serbench.report.summary import Row, Time
from serbench.report.terminal import BEST
from serbench.report.verdicts import MOST_SAID, bandwidth_range_text, notes, range_text, verdict
from serbench.report.words import (
    NONE,
    clean,
    digits,
    margin_text,
    optional,
    ratio_interval_text,
    size_text,
    time_text,
)
from serbench.statistics import LEAST_PROCESSES, Ratio

VERDICTS = (
    "A difference is claimed where its p-value, corrected by Holm's method for all pairs that were measured, is below "
    "0.05; tie: the 95 % interval lies within 1 % of equality; ~ is unresolved: neither, only the best guess."
)


def render(found: Contest, links: Sequence[Link], weights: Weights | None, out: Console) -> None:
    """Everything there is to say."""
    table = found.table
    out.print(Text(clean(table.dataset.name), style="bold") + Text(f"  {clean(table.dataset.description)}".rstrip()))
    out.print(clean(table.caption))
    _codecs(found, weights, out)
    for line in verdict(found, weights):
        out.print(Text(clean(line), style="bold" if line.startswith("verdict") else ""), soft_wrap=True)
    if 1 < len(found.rows) <= MOST_SAID:
        _pairs(found, out)
    if links:
        _links(found, links, out)
    for line in notes(found):
        out.print(clean(line), soft_wrap=True)
    out.print(found.summary.conditions, soft_wrap=True)
    for warning in found.summary.warnings:
        out.print(Text(f"warning: {clean(warning)}", style="yellow"), soft_wrap=True)
    out.print(VERDICTS, soft_wrap=True)


def _codecs(found: Contest, weights: Weights | None, out: Console) -> None:
    scores = found.scores(weights) if weights is not None else {}
    rows = [found.by_codec[codec] for codec in scores or found.names]
    smallest = found.best("size")
    columns = [
        Column("codec", [Text(clean(row.codec)) for row in rows], left=True),
        Column("bytes", [_cell(optional(row.size, size_text), row.codec in smallest) for row in rows]),
    ]
    for operation in TIMES:
        best, first = found.best(operation), found.order(operation)[0]
        times = {row.codec: _time(found, row, operation, first) for row in rows}
        marked = {row.codec: row.codec in best for row in rows}
        columns += [
            Column(operation, [_cell(margin_text(time.figure), marked[codec]) for codec, time in times.items()]),
            Column(
                "ratio", [_cell(ratio_interval_text(time), marked[codec]) for codec, time in times.items()], leaves=2
            ),
        ]
    columns += [
        Column("round trip", [Text(optional(row.round_trip_ns, time_text)) for row in rows], leaves=3),
        Column("front", [Text("front" if row.codec in found.front else "") for row in rows], leaves=1, left=True),
    ]
    if scores:
        columns.append(Column("score", [Text(range_text(held)) for held in scores.values()]))
    show(columns, out)


def _time(found: Contest, row: Row, operation: Literal["encode", "decode"], first: str) -> Time:
    """Beside the first of the contest, which need not be the first of the run."""
    ratio = None if row.codec == first else found.ratio(operation, row.codec, first)
    return Time(figure=row.times[operation].figure, ratio=ratio, best=row.codec == first)


def _cell(text: str, best: bool) -> Text:
    return Text(text, style=BEST if best else "")


def _pairs(found: Contest, out: Console) -> None:
    """Each pair, the first as a multiple of the second."""
    costs = {cost.name: cost for cost in found.costs}
    names: list[Text] = []
    ratios: dict[Criterion, list[Text]] = {criterion: [] for criterion in CRITERIA}
    even_at: list[Text] = []
    below: list[Text] = []
    for one, other in found.each_pair:
        names.append(Text(clean(f"{one} : {other}")))
        for criterion, cells in ratios.items():
            ratio = found.ratio(criterion, one, other)
            cells.append(Text(NONE if ratio is None else _ratio_text(criterion, ratio)))
        even = found.break_even(costs[one], costs[other])
        small, _ = by_size(costs[one], costs[other])
        even_at.append(Text(NONE if even is None else bandwidth_range_text(even)))
        below.append(Text("" if even is None else clean(f"below, {small.name} arrives first")))
    show(
        [
            Column("pair", names, left=True),
            Column("bytes", ratios["size"]),
            *(Column(operation, ratios[operation], leaves=2) for operation in TIMES),
            Column("even at", even_at),
            Column("", below, leaves=1, left=True),
        ],
        out,
    )


def _ratio_text(criterion: Criterion, ratio: Ratio) -> str:
    if criterion == "size":
        return f"{digits(ratio.ratio)}x"
    interval = f"[{digits(ratio.low)}, {digits(ratio.high)}]"
    mark = {"different": f"{digits(ratio.ratio)}x", "unresolved": f"~{digits(ratio.ratio)}x", "tie": "tie"}
    return f"{mark[ratio.verdict]} {interval}"


def _links(found: Contest, links: Sequence[Link], out: Console) -> None:
    out.print(
        "from value to value over a link, and messages a second that one core and the link carry, and which bounds:"
    )
    costs = found.costs
    columns = [
        Column("codec", [Text(clean(cost.name)) for cost in costs], left=True),
        Column("bytes", [Text(size_text(round(cost.size_bytes, 1))) for cost in costs], leaves=1),
    ]
    for link in links:
        taken = [delivery_ns(cost, link).value for cost in costs]
        carried = [f"{messages_per_s(cost, link).value:,.0f} {bound_by(cost, link)}" for cost in costs]
        columns += [
            Column(clean(link.name), [_cell(_delivery_text(ns, link), ns == min(taken)) for ns in taken]),
            Column("messages/s", [Text(text) for text in carried], leaves=2),
        ]
    show(columns, out)


def _delivery_text(ns: float, link: Link) -> str:
    """`20.0 ms + 88.1 µs`: the latency, which is the same for all, and the rest."""
    latency_ns = NS_PER_S * link.latency_s
    return f"{time_text(latency_ns)} + {time_text(ns - latency_ns)}" if latency_ns else time_text(ns)


def as_json(found: Contest, links: Sequence[Link], weights: Weights | None) -> dict[str, Any]:
    """Octets and nanoseconds are per message, bandwidths in bits per second; null is a bandwidth without bound."""
    scores = found.scores(weights) if weights is not None else {}
    costs = {cost.name: cost for cost in found.costs}
    return {
        "run": str(found.summary.run.path.parent),
        "dataset": asdict(found.table.dataset),
        "codecs": [
            {
                "codec": row.codec,
                "bytes": row.size,
                "status": row.verified.status,
                "losses": row.verified.losses,
                **{operation: asdict(row.times[operation].figure) for operation in TIMES},
                "round_trip_ns": row.round_trip_ns,
                "front": row.codec in found.front,
                "beaten_by": found.beaten_by(row.codec),
                "score": as_json_range(scores[row.codec]) if scores else None,
            }
            for row in found.rows
        ],
        "best": {criterion: found.best(criterion) for criterion in CRITERIA},
        "pairs": [
            {
                "codec": one,
                "reference": other,
                **{criterion: _json_ratio(found, criterion, one, other) for criterion in CRITERIA},
                "break_even_bits_per_s": as_json_range(found.break_even(costs[one], costs[other])),
            }
            for one, other in found.each_pair
        ],
        "arrival": [
            {"codec": cost.name, "up_to_bits_per_s": _finite(until)} for cost, until in first_to_arrive(found.costs)
        ],
        "links": [
            {
                "name": link.name,
                "bits_per_s": _finite(link.bits_per_s),
                "latency_s": link.latency_s,
                "codecs": [
                    {
                        "codec": cost.name,
                        "bytes": cost.size_bytes,
                        "delivery_ns": as_json_range(delivery_ns(cost, link)),
                        "messages_per_s": as_json_range(messages_per_s(cost, link)),
                        "bound_by": bound_by(cost, link),
                    }
                    for cost in found.costs
                ],
            }
            for link in links
        ],
        "weights": None if weights is None else dict(weights),
        "verdict": verdict(found, weights),
        "passed_over": found.passed_over,
        "absent": dict(found.absent),
        "conditions": found.summary.conditions,
        "warnings": found.summary.warnings,
    }


def _json_ratio(found: Contest, criterion: Criterion, one: str, other: str) -> Mapping[str, Any] | None:
    ratio = found.ratio(criterion, one, other)
    if ratio is None:
        return None
    if criterion == "size":
        return {"ratio": ratio.ratio, "standing": found.standing(criterion, one, other)}
    tested = ratio.processes >= LEAST_PROCESSES
    return {**asdict(ratio), "tested": tested, "standing": found.standing(criterion, one, other)}


def as_json_range(held: Range | None) -> dict[str, float | None] | None:
    return None if held is None else {name: _finite(value) for name, value in held._asdict().items()}


def _finite(value: float) -> float | None:
    return None if math.isinf(value) else value
