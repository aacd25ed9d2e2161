"""A contest of codecs for a terminal, and as JSON: the table, what `verdicts` says, pairs, what links make of it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.text import Text

from serbench.contest import Contest, Weights
from serbench.fronts import CRITERIA, TIMES, Criterion
from serbench.links import NS_PER_S, Link, bound_by, delivery_ns, first_to_arrive, messages_per_s
from serbench.ranges import Range
from serbench.report.summary import Time
from serbench.report.terminal import BEST, plain
from serbench.report.verdicts import MOST_SAID, bandwidth_range_text, notes, range_text, verdict
from serbench.report.words import (
    NONE,
    clean,
    digits,
    margin_text,
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
        out.print(clean(line), soft_wrap=True)
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
    titles = [("codec", True), ("bytes", False)]
    titles += [(title, False) for operation in TIMES for title in (operation, "ratio")]
    titles += [("round trip", False), ("front", True)]
    scores = found.scores(weights) if weights is not None else {}
    if scores:
        titles.append(("score", False))
    made = plain(titles)
    best = {criterion: found.best(criterion) for criterion in CRITERIA}
    first = {operation: found.order(operation)[0] for operation in TIMES}
    for row in sorted(found.rows, key=lambda row: list(scores).index(row.codec)) if scores else found.rows:
        assert row.size is not None
        assert row.round_trip_ns is not None
        cells = [Text(clean(row.codec)), _cell(size_text(row.size), row.codec in best["size"])]
        for operation in TIMES:
            ratio = None if row.codec == first[operation] else found.ratio(operation, row.codec, first[operation])
            time = Time(figure=row.times[operation].figure, ratio=ratio, best=row.codec == first[operation])
            marked = row.codec in best[operation]
            cells += [_cell(margin_text(time.figure), marked), _cell(ratio_interval_text(time), marked)]
        cells += [Text(time_text(row.round_trip_ns)), Text("front" if row.codec in found.front else "")]
        if scores:
            cells.append(Text(range_text(scores[row.codec])))
        made.add_row(*cells)
    out.print(made)


def _cell(text: str, best: bool) -> Text:
    return Text(text, style=BEST if best else "")


def _pairs(found: Contest, out: Console) -> None:
    """Each pair, the first as a multiple of the second."""
    made = plain(
        [("pair", True), ("bytes", False), *((operation, False) for operation in TIMES), ("even at", False), ("", True)]
    )
    costs = {cost.name: cost for cost in found.costs}
    for one, other in found.each_pair:
        size = found.ratio("size", one, other)
        assert size is not None
        even = found.break_even(costs[one], costs[other])
        small = min((costs[one], costs[other]), key=lambda cost: cost.size_bytes).name
        ratios = [found.ratio(operation, one, other) for operation in TIMES]
        made.add_row(
            clean(f"{one} : {other}"),
            f"{digits(size.ratio)}x",
            *(NONE if ratio is None else _ratio_text(ratio) for ratio in ratios),
            NONE if even is None else bandwidth_range_text(even),
            "" if even is None else clean(f"below, {small} arrives first"),
        )
    out.print(made)


def _ratio_text(ratio: Ratio) -> str:
    interval = f"[{digits(ratio.low)}, {digits(ratio.high)}]"
    mark = {"different": f"{digits(ratio.ratio)}x", "unresolved": f"~{digits(ratio.ratio)}x", "tie": "tie"}
    return f"{mark[ratio.verdict]} {interval}"


def _links(found: Contest, links: Sequence[Link], out: Console) -> None:
    out.print(
        "from value to value over a link, and messages a second that one core and the link carry, by which bounds:"
    )
    titles = [("codec", True), ("bytes", False)]
    titles += [(title, False) for link in links for title in (clean(link.name), "messages/s")]
    made = plain(titles)
    least = [min(delivery_ns(cost, link).value for cost in found.costs) for link in links]
    for cost in found.costs:
        cells = [Text(clean(cost.name)), Text(size_text(round(cost.size_bytes, 1)))]
        for link, first in zip(links, least):
            taken, carried = delivery_ns(cost, link), messages_per_s(cost, link)
            cells.append(_cell(_delivery_text(taken.value, link), taken.value == first))
            cells.append(Text(f"{carried.value:,.0f} {bound_by(cost, link)}"))
        made.add_row(*cells)
    out.print(made)


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
