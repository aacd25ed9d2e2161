"""Time against message size: what a codec costs for each message, and for each octet of information in it.

A *family* of data sets has the same messages in several sizes. Through the times of a codec goes the line

    time = per message + per octet * octets of information

with the least squares of relative errors, for a microsecond matters in a short message and not in a long one, and with
no cost below zero (Lawson and Hanson, Solving Least Squares Problems, 1974, chapter 23). It is fitted to each process's
medians by itself, and the intervals are Student's over the processes.
"""

from collections import defaultdict
from dataclasses import dataclass

import numpy as np

from serbench.results import Operation, Run
from serbench.statistics import LEAST_PROCESSES, Floats, interval, medians

LEAST_SIZES = 2


@dataclass(frozen=True, slots=True)
class Cost:
    """Nanoseconds for each message and for each octet of information, each with its 95 % interval.

    With fewer than three processes the intervals are the ranges of the processes. `error` is the greatest relative
    distance of a measured time from the line: where it is large, the cost is no line.
    """

    message_ns: float
    message_low: float
    message_high: float
    octet_ns: float
    octet_low: float
    octet_high: float
    sizes: int
    error: float


def costs(run: Run) -> dict[tuple[str, str, Operation], Cost]:
    """The cost of each (family, codec, operation) that was measured in several sizes."""
    about = {dataset.name: dataset for dataset in run.datasets if dataset.family}
    points: dict[tuple[str, str, Operation], list[tuple[float, Floats]]] = defaultdict(list)
    for (name, codec, operation), ns in medians(run).items():
        if name in about:
            size = about[name].timed_information_bytes / about[name].timed
            points[about[name].family, codec, operation].append((size, ns))
    return {cell: _cost(held) for cell, held in points.items() if len({size for size, _ in held}) >= LEAST_SIZES}


def _cost(points: list[tuple[float, Floats]]) -> Cost:
    sizes = np.array([size for size, _ in points])
    processes = min(len(ns) for _, ns in points)
    times = np.array([ns[:processes] for _, ns in points])
    found = np.array([_fit(sizes, times[:, process]) for process in range(processes)])
    usual = np.exp(np.log(times).mean(axis=1))
    center = found.mean(axis=0)
    error = np.max(np.abs((center[0] + center[1] * sizes) / usual - 1))
    low, high = found.min(axis=0), found.max(axis=0)
    if processes >= LEAST_PROCESSES:
        spread = interval(found.T, trimmed=False)
        low, high = np.maximum(spread.low, 0), spread.high
    message, octet = zip(center.tolist(), low.tolist(), high.tolist())
    return Cost(*message, *octet, sizes=len(points), error=float(error))


def _fit(sizes: Floats, times: Floats) -> Floats:
    from scipy.optimize import nnls

    found, _ = nnls(np.column_stack([1 / times, sizes / times]), np.ones(len(times)))
    return np.asarray(found)
