"""What is said of a contest: who wins at what and by how much, whether that is real, and who arrives first."""

import math
from collections.abc import Iterable

from serbench.contest import Contest, Weights
from serbench.fronts import CRITERIA, TIMES, Criterion
from serbench.links import first_to_arrive
from serbench.ranges import Range, exact
from serbench.report.words import NONE, digits, losses_text

MOST_SAID = 5
"""With more codecs than this, sentences and pairs are of the first few: the table has all."""

FIRST = {"size": "smallest", "encode": "fastest to encode", "decode": "fastest to decode"}
BITS = ((1e9, "Gbit/s"), (1e6, "Mbit/s"), (1e3, "kbit/s"), (1.0, "bit/s"))


def verdict(found: Contest, weights: Weights | None) -> list[str]:
    """Who wins at what and by how much, whether anything is lost, who is on the front, and who arrives first."""
    lines = [_criterion(found, criterion) for criterion in CRITERIA] if len(found.rows) > 1 else []
    lines.append(_losses(found))
    if len(found.rows) == 1:
        return [*lines, f"{found.names[0]} is alone: there is nothing to compare it with"]
    lines += [_front(found), _arrival(found), _winner(found)]
    if weights is not None:
        lines.append(_ranking(found, weights))
    return lines


def notes(found: Contest) -> list[str]:
    """Which implementations stand for formats, and what could not be compared."""
    return [
        *(
            f"{name}: its best implementation here is {_stands_for(found, name)}, before {several(over)}"
            for name, over in found.passed_over.items()
        ),
        *(f"{codec}: {reason}" for codec, reason in found.absent),
    ]


def _stands_for(found: Contest, name: str) -> str:
    return next((codec for codec in found.names if codec.partition("/")[0] == name), NONE)


def _criterion(found: Contest, criterion: Criterion) -> str:
    order = found.order(criterion)
    said = [_against(found, criterion, codec, order[0]) for codec in order[1:MOST_SAID]]
    if len(order) > MOST_SAID:
        said.append(f"{len(order) - MOST_SAID} more take more")
    return f"{FIRST[criterion]}: {order[0]}; {', '.join(said)}"


def _against(found: Contest, criterion: Criterion, codec: str, first: str) -> str:
    standing, ratio = found.standing(criterion, codec, first), found.ratio(criterion, codec, first)
    if ratio is None:
        return f"{codec} was never measured beside it"
    if criterion == "size":
        return f"{codec} is as small" if standing == "tie" else f"{codec} takes {digits(ratio.ratio)}x the bytes"
    interval = f"[{digits(ratio.low)}, {digits(ratio.high)}]"
    if standing == "tie":
        return f"{codec} ties with it {interval}"
    if standing == "unresolved":
        return f"{codec} takes ~{digits(ratio.ratio)}x {interval}, which is not resolved"
    return f"{codec} takes {digits(ratio.ratio)}x {interval}"


def _losses(found: Contest) -> str:
    lossy = [row for row in found.rows if row.verified.losses]
    if not lossy:
        return "losses: none; every value came back equal"
    return "losses: " + "; ".join(f"{row.codec} loses {losses_text(row.verified)}" for row in lossy)


def _front(found: Contest) -> str:
    """The front, and who of the rest is beaten by whom."""
    text = f"Pareto front of size, encode and decode: {several(found.front)}"
    off = [codec for codec in found.names if codec not in found.front]
    if not off:
        return f"{text}; none is beaten by another in all three"
    if len(found.rows) > MOST_SAID:
        return f"{text}; the other {len(off)} are beaten by one that is better or ties in all three"
    said = [f"{codec} is beaten by {several(found.beaten_by(codec))}" for codec in off]
    return f"{text}; {', '.join(said)}"


def _arrival(found: Contest) -> str:
    steps = first_to_arrive(found.costs)
    if len(steps) == 1:
        return f"first to arrive: {steps[0][0].name} over a link of any bandwidth"
    said = []
    for (cost, until), following in zip(steps, [*steps[1:], None]):
        if following is None:
            said.append(f"{cost.name} above")
            continue
        even = found.break_even(cost, following[0]) or exact(until)
        said.append(f"{cost.name} up to {bandwidth_range_text(even)}")
    return f"first to arrive: {', '.join(said)}"


def _winner(found: Contest) -> str:
    """The verdict."""
    best = {criterion: found.best(criterion) for criterion in CRITERIA}
    everywhere = [codec for codec in found.names if all(codec in held for held in best.values())]
    doubts = [
        f"whether {other} is as fast to {operation} is not resolved"
        for operation in TIMES
        for other in found.names
        if other not in best[operation] and found.standing(operation, other, best[operation][0]) == "unresolved"
    ]
    doubt = f" ({'; '.join(doubts[:MOST_SAID])})" if doubts else ""
    if everywhere:
        wins_all = "wins" if len(everywhere) == 1 else "win together"
        if doubt:
            wins_all = "is ahead" if len(everywhere) == 1 else "are ahead together"
        known = "known to be " if doubt else ""
        return f"verdict: {several(everywhere)} {wins_all}: nothing here is {known}smaller, or faster either way{doubt}"
    wins: dict[tuple[str, ...], list[str]] = {}
    for criterion in CRITERIA:
        wins.setdefault(tuple(best[criterion]), []).append(FIRST[criterion])
    said = "; ".join(
        f"{several(who)} {'is' if len(who) == 1 else 'are'} {' and '.join(what)}" for who, what in wins.items()
    )
    return f"verdict: no one wins all three: {said}{doubt}"


def _ranking(found: Contest, weights: Weights) -> str:
    scores = list(found.scores(weights).items())
    named = ", ".join(f"{criterion} {weights.get(criterion, 0):g}" for criterion in CRITERIA)
    said = [f"{codec} {range_text(held)}" for codec, held in scores[:MOST_SAID]]
    return f"ranked by {named}, 1 being the best at all of it: {', '.join(said)}"


def several(names: Iterable[str]) -> str:
    held = list(names)
    return held[0] if len(held) == 1 else f"{', '.join(held[:-1])} and {held[-1]}"


def range_text(held: Range) -> str:
    return f"{digits(held.value)} [{digits(held.low)}, {digits(held.high)}]"


def bandwidth_text(bits_per_s: float) -> str:
    """`12.3 Mbit/s`."""
    if math.isinf(bits_per_s):
        return "any bandwidth"
    size, unit = next((held for held in BITS if bits_per_s >= held[0]), BITS[-1])
    return f"{digits(bits_per_s / size)} {unit}"


def bandwidth_range_text(held: Range) -> str:
    if math.isinf(held.value):
        return bandwidth_text(held.value)
    size, unit = next((one for one in BITS if held.value >= one[0]), BITS[-1])
    high = "any" if math.isinf(held.high) else digits(held.high / size)
    return f"{digits(held.value / size)} {unit} [{digits(held.low / size)}, {high}]"
