"""The times as the JSON of pytest-benchmark 5.3, for `pytest-benchmark compare` and the dashboards that read it.

A benchmark is a (data set, codec, operation): `employees[json/orjson-encode]`. Statistics are in seconds per message,
over all rounds of all processes, as pytest-benchmark would compute them; `extra_info` has our own estimate with its
interval, which is that of serbench's reports. Nothing of the ratios between codecs survives in this format: what these
tools compare are times of different hours, and METHODOLOGY.md says what comes of that.
"""

import json
import statistics
from collections.abc import Sequence
from typing import Any

from serbench.report.summary import Row, Summary
from serbench.results import Operation

SECOND_NS = 1e9


def render(summary: Summary) -> str:
    run = summary.run
    samples: dict[tuple[str, str, str], list[float]] = {}
    loops: dict[tuple[str, str, str], int] = {}
    messages = {dataset.name: dataset.timed for dataset in run.datasets}
    for timing in run.timings:
        if timing.samples_ns and not timing.collecting:
            cell = timing.dataset, timing.codec, timing.operation
            calls = timing.loops * messages[timing.dataset]
            samples.setdefault(cell, []).extend(ns / calls / SECOND_NS for ns in timing.samples_ns)
            loops.setdefault(cell, timing.loops)
    benchmarks = [
        _benchmark(table.dataset.name, row, operation, samples[cell], loops[cell])
        for table in summary.tables
        for row in table.measured
        for operation in row.times
        if (cell := (table.dataset.name, row.codec, operation)) in samples
    ]
    machine = run.header.machine
    commit, dirty, _ = str(machine.get("commit", "")).partition("-dirty")
    held = {
        "machine_info": {
            "processor": machine.get("cpu", ""),
            "python_version": machine.get("python", ""),
            "system": machine.get("system", ""),
            "cpu": {"brand_raw": machine.get("cpu", ""), "count": machine.get("cores")},
        },
        "commit_info": {"id": commit or "unversioned", "dirty": bool(dirty), "time": run.header.started},
        "benchmarks": benchmarks,
        "datetime": run.header.started,
        "version": "5.3.1",
    }
    return json.dumps(held, indent=1)


def _benchmark(dataset: str, row: Row, operation: Operation, seconds: Sequence[float], loops: int) -> dict[str, Any]:
    figure = row.times[operation].figure
    return {
        "group": f"{dataset} {operation}",
        "name": f"{dataset}[{row.codec}-{operation}]",
        "fullname": f"serbench::{dataset}[{row.codec}-{operation}]",
        "params": {"dataset": dataset, "codec": row.codec, "operation": operation},
        "param": f"{row.codec}-{operation}",
        "extra_info": {
            "bytes_per_message": row.size,
            "estimate_ns": figure.ns,
            "low_ns": figure.low,
            "high_ns": figure.high,
            "processes": figure.processes,
        },
        "options": {"disable_gc": True, "timer": "perf_counter_ns", "warmup": True},
        "stats": stats(seconds) | {"iterations": loops},
    }


def stats(seconds: Sequence[float]) -> dict[str, Any]:
    """The fields of `pytest_benchmark.stats.Stats`, by its definitions."""
    held = sorted(seconds)
    mean, deviation = statistics.mean(held), statistics.stdev(held) if len(held) > 1 else 0.0
    q1, q3 = _first_quartile(held), -_first_quartile([-value for value in reversed(held)])
    fences = q1 - 1.5 * (q3 - q1), q3 + 1.5 * (q3 - q1)
    inside = [value for value in held if fences[0] <= value <= fences[1]]
    beyond = sum(1 for value in held if not mean - deviation <= value <= mean + deviation)
    return {
        "min": held[0],
        "max": held[-1],
        "mean": mean,
        "stddev": deviation,
        "rounds": len(held),
        "median": statistics.median(held),
        "iqr": q3 - q1,
        "q1": q1,
        "q3": q3,
        "iqr_outliers": len(held) - len(inside),
        "stddev_outliers": beyond,
        "outliers": f"{beyond};{len(held) - len(inside)}",
        "ld15iqr": inside[0],
        "hd15iqr": inside[-1],
        "ops": len(held) / sum(held),
        "total": sum(held),
    }


def _first_quartile(held: Sequence[float]) -> float:
    """Of sorted values, as pytest-benchmark takes it: the median of the lower half, or between two values."""
    count, rest = divmod(len(held), 4)
    if len(held) == 1:
        return held[0]
    if rest % 2 == 0:
        return statistics.median(held[: len(held) // 2])
    if rest == 1:
        return 0.25 * held[count - 1] + 0.75 * held[count]
    return 0.75 * held[count] + 0.25 * held[count + 1]
