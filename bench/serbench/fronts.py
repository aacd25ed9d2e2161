"""Which codecs are worth a look: the Pareto front, and a ranking by what the user cares about.

Criteria are size and times. How one codec stands to another in each of them is a verdict, not a number: *better* or
*worse* only where the difference is real, a *tie* where it is known to be none, *unresolved* where the samples do not
say. One codec *beats* another if it is better in some criterion, and better or a tie in all others. On the front is
what no other beats: a tie does not beat, and neither does what is unresolved.

The ranking is a weighted geometric mean of ratios to the best in each criterion, the only mean of ratios that does not
depend on what they are ratios to (Fleming and Wallace, CACM 29(3), 1986).
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Literal, TypeAlias

from serbench.ranges import Range
from serbench.statistics import Ratio

Criterion: TypeAlias = Literal["size", "encode", "decode"]
CRITERIA: tuple[Criterion, ...] = ("size", "encode", "decode")
TIMES: tuple[Literal["encode", "decode"], ...] = ("encode", "decode")
"""The criteria that are times, which are operations of results too."""
Standing: TypeAlias = Literal["better", "tie", "worse", "unresolved"]
Standings: TypeAlias = Callable[[str, str], Iterable[Standing]]


def beats(standings: Iterable[Standing]) -> bool:
    """Whether who stands so to another, by criterion, beats it."""
    held = set(standings)
    return "better" in held and held <= {"better", "tie"}


def beaten_by(name: str, names: Iterable[str], standings: Standings) -> list[str]:
    """Who of the names beats this one; `standings(a, b)` are those of a to b."""
    return [other for other in names if other != name and beats(standings(other, name))]


def front(names: Sequence[str], standings: Standings) -> list[str]:
    """What no other beats, in the order of the names."""
    return [name for name in names if not beaten_by(name, names, standings)]


def in_time(ratio: Ratio | None) -> Standing:
    """How a codec stands to another by the ratio of its time to the other's; None is a ratio that is not known."""
    if ratio is None:
        return "unresolved"
    if ratio.verdict == "different":
        return "better" if ratio.ratio < 1 else "worse"
    return ratio.verdict


def in_size(one: float, other: float) -> Standing:
    """How a codec stands to another by their sizes, which are known exactly."""
    return "tie" if one == other else "better" if one < other else "worse"


def score(ratios: Mapping[Criterion, Range], weights: Mapping[Criterion, float]) -> Range:
    """The weighted geometric mean of ratios to the best: 1 is best in everything that has a weight.

    Ratios are taken as independent. Weights are zero or more, and not all zero.
    """
    total = sum(weights.values())
    shares = {criterion: weight / total for criterion, weight in weights.items() if weight}
    logs = {criterion: Range(*map(math.log, ratios[criterion])) for criterion in shares}
    center = sum(share * logs[criterion].value for criterion, share in shares.items())
    below = math.hypot(*(share * (logs[criterion].value - logs[criterion].low) for criterion, share in shares.items()))
    above = math.hypot(*(share * (logs[criterion].high - logs[criterion].value) for criterion, share in shares.items()))
    return Range(math.exp(center), math.exp(center - below), math.exp(center + above))
