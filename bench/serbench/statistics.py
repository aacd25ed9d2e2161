"""From raw samples to the figures that reports show. Pure functions of a `Run`."""

from dataclasses import dataclass

from serbench.results import Operation, Run


@dataclass(frozen=True, slots=True)
class Figure:
    """Nanoseconds per message: the estimate and its 95 % interval, over `processes` processes.

    `quiet` is the share of rounds in which the canary found the machine uncontended.
    """

    ns: float
    low: float
    high: float
    processes: int
    quiet: float


def figures(run: Run) -> dict[tuple[str, str, Operation], Figure]:
    """The figure of each (data set, codec, operation) that has samples."""
    raise SystemExit
