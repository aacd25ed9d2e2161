"""How the peers of a run timed themselves: what holds for all their times, from the header and the samples."""

from collections import defaultdict
from dataclasses import dataclass

from serbench.results import Run, Timing


@dataclass(frozen=True, kw_only=True)
class Peer:
    """A peer: what its encode takes and its decode makes, empty where it does not time itself, by which clock, and how
    it was compiled. Its operations warmed up for so long, at least and at most, and of so many were so many `steady`.
    """

    language: str
    library: str
    objects: str
    clock: str
    optimisation: str
    warm_up_ns: tuple[int, int] | None = None
    operations: int = 0
    steady: int = 0


def peers(run: Run) -> dict[str, Peer]:
    """By codec id. An operation is one on one data set in one process."""
    timed: dict[str, list[Timing]] = defaultdict(list)
    for row in run.timings:
        if row.alone:
            timed[row.codec].append(row)
    found = {}
    for codec, about in run.header.codecs.items():
        if "peer" not in about:
            continue
        warm_ups = [row.warm_up_ns or 0 for row in timed[codec]]
        found[codec] = Peer(
            language=about["language"],
            library=f"{about['distribution']} {about['version']}".strip(),
            objects=about["objects"],
            clock=about["clock"],
            optimisation=about["optimisation"],
            warm_up_ns=(min(warm_ups), max(warm_ups)) if warm_ups else None,
            operations=len(timed[codec]),
            steady=sum(1 for row in timed[codec] if row.steady),
        )
    return found
