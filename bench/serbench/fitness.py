"""What is said of a machine, and whether it is fit for measuring: of what `serbench.environment` found, pure functions.

Each warning is one line that says what was found and what to do. A run goes on all the same: ratios are measured side
by side and survive most of it, absolute times do not.
"""

from collections.abc import Callable
from typing import Any

from serbench.results import Ended, Run
from serbench.statistics import drift

LOAD = 0.25
"""More than this for each CPU, and half a CPU in all, is too much to run beside."""
CPUS = 2
"""What a run uses: one to measure on, and one for all the rest."""
WORKER_BYTES = 4 << 30
STEAL_PERCENT = 1
OTHERS_PERCENT = 10
SWAPPED_BYTES = 16 << 20
DRIFT = 0.10


def of_run(run: Run) -> list[str]:
    """What was wrong before and during a run."""
    found = warnings(run.header.machine)
    for ended in run.ended:
        found += disturbances(ended)
    if abs(drift(run) or 0) > DRIFT:
        found.append(f"the machine was {drift_text(run)} at the end of the run than at its start: trust ratios only")
    return list(dict.fromkeys(found))


def drift_text(run: Run) -> str:
    """`1.2 % slower`, or nothing where it is not known."""
    share = drift(run)
    return "" if share is None else f"{100 * abs(share):.1f} % {'slower' if share > 0 else 'faster'}"


def warnings(machine: dict[str, Any]) -> list[str]:
    """What is wrong with a machine before a run."""
    usable = machine.get("usable_cores") or machine.get("cores") or 1
    load = machine.get("load_1min", 0)
    build = machine.get("build", "")
    found = []
    if load > max(0.5, LOAD * usable):
        found.append(f"the load was {load:g} on {usable} cores before the run: end what runs, or trust ratios only")
    if usable < CPUS:
        found.append("there is one CPU to use: whatever else runs, this program too, takes its time from measurement")
    if machine.get("cpu_quota", CPUS) < CPUS:
        found.append(
            f"the container may use {machine['cpu_quota']:g} CPUs, and is stopped when it has: allow it {CPUS}"
        )
    if machine.get("memory_limit_bytes", WORKER_BYTES) < WORKER_BYTES:
        size = machine["memory_limit_bytes"] >> 20
        found.append(f"the container may use {size:,} MiB of memory: codecs that need more are killed; allow it 4 GiB")
    if machine.get("governor", "performance") != "performance":
        governor = machine["governor"]
        found.append(
            f"the frequency governor is {governor}: cpupower frequency-set -g performance, or trust ratios only"
        )
    if machine.get("on_battery"):
        found.append("the machine runs on battery, which slows it down: plug it in")
    if "debug" in build or "assertions" in build:
        found.append(f"this Python is built with {build}: nobody else's times are like these; use a release build")
    if machine.get("hooks"):
        found.append(f"{machine['hooks']}: times are not those of plain Python; measure without")
    return found


def disturbances(ended: Ended) -> list[str]:
    """What was done to a machine during a run."""
    return [text(value) for name, most, text in _DISTURBANCES if (value := getattr(ended, name) or 0) > most]


_DISTURBANCES: list[tuple[str, float, Callable[[float], str]]] = [
    (
        "steal_percent",
        STEAL_PERCENT,
        lambda held: f"other virtual machines took {held:.1f} % of CPU time during the run: trust ratios only",
    ),
    (
        "others_percent",
        OTHERS_PERCENT,
        lambda held: f"other processes used {held:.0f} % of the CPUs during the run: end them, or trust ratios only",
    ),
    (
        "throttled",
        0,
        lambda held: f"the container was stopped {held:,} times for using its share of CPUs up: allow it {CPUS} CPUs",
    ),
    (
        "overheated",
        0,
        lambda held: f"the processor was too hot {held:,} times and slowed down: cool it, or trust ratios only",
    ),
    (
        "swapped_bytes",
        SWAPPED_BYTES,
        lambda held: f"{int(held) >> 20:,} MiB were swapped during the run: there is too little memory; end what runs",
    ),
]


def machine_lines(run: Run) -> list[tuple[str, str]]:
    """Where the run happened, and what was done to the machine meanwhile, as (name, value)."""
    held = [(name, [value]) for name, value in run.header.machine.items()]
    for name in _MEANWHILE:
        held.append((name, [value for ended in run.ended if (value := getattr(ended, name)) is not None]))
    return [_machine_line(name, values) for name, values in held if values]


_MEANWHILE = {
    "wall_s": "wall time, s",
    "others_percent": "CPUs used by others, %",
    "steal_percent": "CPUs stolen, %",
    "throttled": "stopped for the quota, times",
    "overheated": "slowed down by heat, times",
    "switches": "workers interrupted by others, times",
    "swapped_bytes": "swapped meanwhile",
}
"""What an `ended` says, in words; a run that was resumed has several."""


def _machine_line(name: str, values: list[Any]) -> tuple[str, str]:
    title = _MEANWHILE.get(name, name.removesuffix("_bytes").replace("_", " "))
    return title, ", ".join(_octets(value) if name.endswith("_bytes") else str(value) for value in values)


def _octets(size: int) -> str:
    return f"{size / (1 << 30):.1f} GiB" if size >= 1 << 30 else f"{size >> 20} MiB"
