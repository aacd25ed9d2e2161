"""What the experiments of a self-test say, and whether it is what is demanded. Pure functions of the findings."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Literal, TypeAlias

import numpy as np
from scipy.stats import binomtest

from serbench.selftest.experiments import Experiment
from serbench.selftest.session import Findings
from serbench.selftest.workloads import LARGE, WORKLOADS
from serbench.statistics import CONFIDENCE

Outcome: TypeAlias = Literal["pass", "miss", "too few"]

SMALL = tuple(workload.name for workload in WORKLOADS)
OWN = "serbench"

FALSE_ALARMS = 0.05
PAIR_S = 4.0
FOUND = {0.01: 0.9, 0.02: 0.95}
BETTER = 10.0
OVERHEAD_NS = 10.0
LEAST = {"false alarms": 200, 0.01: 10, 0.02: 20, "spread": 10, "large": 10}
"""Fewer experiments than this do not decide."""


@dataclass(frozen=True)
class Rate:
    """So many of so many, and between what shares of all that there could be they lie (Clopper and Pearson, 95 %)."""

    count: int
    total: int

    @property
    def share(self) -> float:
        return self.count / self.total if self.total else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        if not self.total:
            return 0.0, 1.0
        found = binomtest(self.count, self.total).proportion_ci(CONFIDENCE, "exact")
        return float(found.low), float(found.high)


@dataclass(frozen=True)
class Spread:
    """Of measured differences whose truth is zero, as shares: root mean square, 95th percentile and greatest."""

    rms: float
    p95: float
    most: float


@dataclass(frozen=True)
class Equal:
    """The A/A experiments of one workload by one method."""

    workload: str
    method: str
    total: int
    ns: float
    seconds: float
    spread: Spread
    alarms: Rate | None
    claimed: Rate | None
    processes: float | None
    quiet: float | None


@dataclass(frozen=True)
class Criterion:
    """Something demanded, what was found, and whether it is enough."""

    demand: str
    found: str
    outcome: Outcome


def spread(differences: Sequence[float]) -> Spread:
    values = np.abs(differences)
    return Spread(sqrt(float(np.mean(values**2))), float(np.quantile(values, 0.95)), float(values.max()))


def equals(findings: Findings) -> list[Equal]:
    """A row for each workload and method that has A/A experiments."""
    groups: dict[tuple[str, str], list[Experiment]] = {}
    for name in (*SMALL, LARGE.name):
        for held in findings.experiments:
            if held.workload == name and not held.injected:
                groups.setdefault((name, held.method), []).append(held)
    return [
        Equal(
            workload=name,
            method=method,
            total=len(held),
            ns=float(np.median([each.ns for each in held])),
            seconds=_mean(each.seconds for each in held),
            spread=spread([each.difference for each in held]),
            alarms=None if held[0].alarm is None else Rate(sum(bool(each.alarm) for each in held), len(held)),
            claimed=None if held[0].claimed is None else Rate(sum(bool(each.claimed) for each in held), len(held)),
            processes=None if held[0].processes is None else _mean(each.processes or 0 for each in held),
            quiet=None if held[0].quiet is None else _mean(each.quiet or 0 for each in held),
        )
        for (name, method), held in sorted(groups.items(), key=lambda item: item[0][1] != OWN)
    ]


def _mean(values: Iterable[float]) -> float:
    return float(np.mean(list(values)))


def slowed(findings: Findings, workloads: Sequence[str], share: float) -> list[Experiment]:
    """The experiments with this slowdown."""
    return [held for held in findings.experiments if held.injected == share and held.workload in workloads]


def power(findings: Findings, workloads: Sequence[str], share: float) -> Rate:
    """In how many of the experiments with this slowdown it was found."""
    held = slowed(findings, workloads, share)
    return Rate(sum(each.found for each in held), len(held))


def shares(findings: Findings) -> list[float]:
    return sorted({held.nominal for held in findings.injections})


def smallest_found(findings: Findings, workloads: Sequence[str]) -> float | None:
    """The smallest slowdown that was found at least nine times of ten, as were all greater ones."""
    found = None
    for share in reversed(shares(findings)):
        rate = power(findings, workloads, share)
        if rate.total and rate.share < 0.9:
            break
        found = share if rate.total else found
    return found


def criteria(findings: Findings) -> list[Criterion]:
    """All that is demanded, of operations of 100 ns to 1 ms unless it says otherwise."""
    own = [held for held in findings.experiments if held.method == OWN and held.workload in SMALL]
    aa = [held for held in own if not held.injected]
    alarms = Rate(sum(bool(held.alarm) for held in aa), len(aa))
    claimed = Rate(sum(bool(held.claimed) for held in aa), len(aa))
    found = [
        Criterion(
            f"a pair takes at most {PAIR_S:.0f} s, all in all",
            f"{_mean(held.seconds for held in own):.2f} s" if own else "nothing",
            _outcome(len(own), 1, bool(own) and _mean(held.seconds for held in own) <= PAIR_S),
        ),
        Criterion(
            f"false alarms at most {FALSE_ALARMS:.0%}, over at least {LEAST['false alarms']} A/A experiments",
            f"{rate_text(alarms)}; {rate_text(claimed)} that a report would claim",
            _outcome(len(aa), LEAST["false alarms"], alarms.share <= FALSE_ALARMS),
        ),
    ]
    for share, demand in FOUND.items():
        rate = power(findings, SMALL, share)
        found.append(
            Criterion(
                f"a slowdown of {share:.0%} found in at least {demand:.0%}",
                rate_text(rate),
                _outcome(rate.total, LEAST[share], rate.share >= demand),
            )
        )
    found += _better(findings)
    rate = power(findings, [LARGE.name], 0.02)
    found.append(
        Criterion(
            f"operations of {LARGE.name}: a slowdown of 2% found in {LARGE.budget_s:.0f} s, in at least 90%",
            rate_text(rate),
            _outcome(rate.total, LEAST["large"], rate.share >= 0.9),
        )
    )
    overhead = findings.instruments.loop_overhead_ns
    found.append(
        Criterion(
            f"a call costs at most {OVERHEAD_NS:.0f} ns beside what is called, measured on an empty C function",
            f"{overhead:.1f} ns",
            _outcome(1, 1, overhead <= OVERHEAD_NS),
        )
    )
    return found


def _better(findings: Findings) -> list[Criterion]:
    """A/A spread against that of other harnesses: on each workload, and the least factor counts."""
    rows = {(row.workload, row.method): row for row in equals(findings) if row.workload in SMALL}
    found = []
    for method in dict.fromkeys(method for _, method in rows if method != OWN):
        pairs = [(rows[name, OWN], rows[name, method]) for name in SMALL if {(name, OWN), (name, method)} <= set(rows)]
        factors = {own.workload: peer.spread.rms / max(own.spread.rms, 1e-9) for own, peer in pairs}
        found.append(
            Criterion(
                f"A/A spread at least {BETTER:.0f} times smaller than that of {method}, on each workload",
                ", ".join(f"{name}: {factor:.0f} times" for name, factor in factors.items()) or "nothing",
                _outcome(
                    min((min(own.total, peer.total) for own, peer in pairs), default=0),
                    LEAST["spread"],
                    len(pairs) == len(SMALL) and min(factors.values()) >= BETTER,
                ),
            )
        )
    return found


def _outcome(total: int, least: int, passed: bool) -> Outcome:
    if total < least:
        return "too few"
    return "pass" if passed else "miss"


def rate_text(rate: Rate) -> str:
    """`3 of 200, 1.5% [0.3, 4.3]`."""
    if not rate.total:
        return "none of none"
    low, high = rate.interval
    return f"{rate.count} of {rate.total}, {100 * rate.share:.1f}% [{100 * low:.1f}, {100 * high:.1f}]"
