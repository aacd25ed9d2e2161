"""Where a run happens: what the header of a result file says of the machine, the versions of what is measured, and what
was done to the machine meanwhile.

Everything is best effort: what cannot be found out is left out, never guessed. What is read from files is read below
`root`. `serbench.fitness` judges what is found.
"""

import os
import platform
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil
from sercodecs.contract import CodecInfo
from sercodecs.registry import missing

from serbench.confinement import NICE, ROOT, measuring_cpu
from serbench.instruments import loop_overhead_ns

_CPU = "sys/devices/system/cpu"
_BUILD_OPTIONS = {
    "--enable-optimizations": "PGO",
    "--with-lto": "LTO",
    "--with-pydebug": "debug",
    "--with-assertions": "assertions",
}
_CONTAINERS = {".dockerenv": "docker", "run/.containerenv": "podman"}
_SLOWING = (
    "PYTHONDEVMODE",
    "PYTHONMALLOC",
    "PYTHONTRACEMALLOC",
    "PYTHONPROFILEIMPORTTIME",
    "PYTHONPERFSUPPORT",
    "COVERAGE_PROCESS_START",
    "COVERAGE_PROCESS_CONFIG",
    "LD_PRELOAD",
)
"""Environment variables that workers inherit, and that change how fast Python is."""


def machine(root: Path = ROOT) -> dict[str, Any]:
    """The processor, the system and the Python that run; `load_1min` is the system's before the run.

    `nice` is what workers get, `pinned_cpu` where they measure, `cpu_quota` how many CPUs the container may use, and
    `loop_overhead_ns` what our loop adds to a call, with the call itself, measured on an empty C function.
    """
    pinned = measuring_cpu(root)
    frequency = root / _CPU / f"cpu{pinned or 0}/cpufreq"
    found: dict[str, Any] = {
        "cpu": cpu(root),
        "architecture": platform.machine(),
        "cores": os.cpu_count(),
        "usable_cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "pinned_cpu": pinned,
        "nice": nice(),
        "cpu_quota": cpu_quota(root),
        "memory_bytes": psutil.virtual_memory().total,
        "memory_limit_bytes": memory_limit(root),
        "swap_used_bytes": swap_used(root),
        "governor": _read(frequency / "scaling_governor"),
        "mhz": megahertz(root, frequency),
        "no_turbo": _read(root / _CPU / "intel_pstate/no_turbo"),
        "boost": _read(root / _CPU / "cpufreq/boost"),
        "smt": _read(root / _CPU / "smt/active"),
        "on_battery": on_battery(root),
        "load_1min": load(root),
        "system": platform.system(),
        "release": platform.release(),
        "libc": " ".join(platform.libc_ver()).strip(),
        "virtual": virtual(root),
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "compiler": platform.python_compiler(),
        "build": build(),
        "hooks": hooks(),
        "byte_order": sys.byteorder,
        "commit": commit(),
        "loop_overhead_ns": round(loop_overhead_ns(), 1),
    }
    return {name: value for name, value in found.items() if value not in (None, "")}


def cpu(root: Path = ROOT) -> str:
    """The processor's name, as the system gives it."""
    for name, value in _pairs(root / "proc/cpuinfo"):
        if name in ("model name", "Model", "cpu model", "Hardware", "processor 0"):
            return value
    return platform.processor() or platform.machine()


def megahertz(root: Path, frequency: Path) -> int | None:
    """How fast the CPU runs at the moment, in MHz; `frequency` is its folder of Linux's cpufreq."""
    if held := _read(frequency / "scaling_cur_freq"):
        return round(int(held) / 1000)
    return next((round(float(value)) for name, value in _pairs(root / "proc/cpuinfo") if name == "cpu MHz"), None)


def nice() -> int | None:
    """The nice value that workers get: the one they ask for if that is permitted, which is tried here and undone."""
    if not hasattr(os, "setpriority"):
        return None
    before = os.getpriority(os.PRIO_PROCESS, 0)
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, NICE)
        os.setpriority(os.PRIO_PROCESS, 0, before)
        return NICE
    return before


def cpu_quota(root: Path = ROOT) -> float | None:
    """How many CPUs' time the container may use, the least of what its control groups say; None without a limit."""
    found = []
    for folder in _groups(root, "cpu"):
        held = (
            _read(folder / "cpu.max") or f"{_read(folder / 'cpu.cfs_quota_us')} {_read(folder / 'cpu.cfs_period_us')}"
        )
        quota, _, period = held.partition(" ")
        if quota.isdecimal() and period.isdecimal():  # else it is `max`, or -1
            found.append(int(quota) / int(period))
    return min(found, default=None)


def memory_limit(root: Path = ROOT) -> int | None:
    """How many octets of memory the container may use; None without a limit."""
    held = [
        _read(folder / name) for folder in _groups(root, "memory") for name in ("memory.max", "memory.limit_in_bytes")
    ]
    return min((int(size) for size in held if size.isdecimal() and int(size) < _NO_LIMIT), default=None)


_NO_LIMIT = 1 << 60


def _groups(root: Path, controller: str) -> Iterator[Path]:
    """The folders of the control groups of the process, from its own to the root, of version 2 or 1: cgroups(7)."""
    base = root / "sys/fs/cgroup"
    for line in _read(root / "proc/self/cgroup").splitlines():
        number, controllers, path = line.split(":", 2)
        if number == "0":
            mounts = [base, base / "unified"]
        elif controller in controllers.split(","):
            mounts = [base / controllers, base / controller]
        else:
            continue
        parts = [part for part in path.split("/") if part not in ("", "..")]
        for mount in dict.fromkeys(mounts):
            for depth in range(len(parts), -1, -1):
                yield mount.joinpath(*parts[:depth])


def swap_used(root: Path = ROOT) -> int | None:
    """Octets that are swapped out."""
    held = dict(_pairs(root / "proc/meminfo"))
    try:
        total, free = (int(held[name].split()[0]) for name in ("SwapTotal", "SwapFree"))
    except (KeyError, ValueError):
        return None
    return (total - free) << 10


def on_battery(root: Path = ROOT) -> bool | None:
    """Whether a battery of the machine, not of a mouse, is being emptied; None if there is none."""
    states = [
        _read(supply / "status")
        for supply in sorted((root / "sys/class/power_supply").glob("*"))
        if _read(supply / "type") == "Battery" and _read(supply / "scope") != "Device"
    ]
    return "Discharging" in states if states else None


def build() -> str:
    """How Python was compiled: `PGO`, `LTO`, `debug`, `assertions`, or `plain`. Paths among the arguments are nobody's
    business."""
    arguments = sysconfig.get_config_var("CONFIG_ARGS")
    if not arguments:
        return "debug" if hasattr(sys, "gettotalrefcount") else ""
    return ", ".join(name for option, name in _BUILD_OPTIONS.items() if option in arguments) or "plain"


def hooks() -> str:
    """What watches Python at work, or changes its memory: functions that trace it, and names of variables."""
    found = [name for name in _SLOWING if os.environ.get(name)]
    found += ["a trace function"] * (sys.gettrace() is not None) + ["a profiler"] * (sys.getprofile() is not None)
    if monitoring := getattr(sys, "monitoring", None):
        found += [tool for number in range(6) if (tool := monitoring.get_tool(number))]
    return ", ".join(found)


def load(root: Path = ROOT) -> float:
    """How many processes wanted to run in the last minute, on average."""
    held = _read(root / "proc/loadavg")
    return float(held.split()[0]) if held else round(psutil.getloadavg()[0], 2)


def virtual(root: Path = ROOT) -> str:
    """What suggests that the machine is not a bare one: `docker`, `podman`, `virtual machine`."""
    hints = [name for path, name in _CONTAINERS.items() if (root / path).exists()]
    if " hypervisor" in _read(root / "proc/cpuinfo"):
        hints.append("virtual machine")
    return ", ".join(hints)


def commit() -> str:
    """The Git state of the current folder, `-dirty` if tracked files differ."""
    try:
        done = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--exclude=*"], capture_output=True, text=True, timeout=5
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip()


def counters(root: Path = ROOT) -> dict[str, float]:
    """What the system has counted so far, those that it counts: see `meanwhile`."""
    found: dict[str, float] = {"wall_s": time.monotonic(), "own_s": sum(os.times()[:4])}
    if line := next((line for line in _read(root / "proc/stat").splitlines() if line.startswith("cpu ")), ""):
        user, niced, system, idle, iowait, irq, softirq, steal = map(int, line.split()[1:9])  # proc_stat(5), in ticks
        busy = user + niced + system + irq + softirq
        found |= {"busy_s": busy / _TICKS, "steal_s": steal / _TICKS, "all_s": (busy + idle + iowait + steal) / _TICKS}
    stats = [dict(_pairs(folder / "cpu.stat", " ")) for folder in _groups(root, "cpu")]
    if counts := [int(held["nr_throttled"]) for held in stats if "nr_throttled" in held]:
        found["throttled"] = sum(counts)
    heat = root / _CPU / f"cpu{measuring_cpu(root) or 0}/thermal_throttle"
    if counts := [int(held) for name in ("core", "package") if (held := _read(heat / f"{name}_throttle_count"))]:
        found["overheated"] = sum(counts)
    pages = dict(_pairs(root / "proc/vmstat", " "))
    if "pswpin" in pages:
        found["swapped_bytes"] = (int(pages["pswpin"]) + int(pages["pswpout"])) * _PAGE
    with suppress(ImportError):
        import resource

        found["switches"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_nivcsw
    return found


_TICKS = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


def meanwhile(before: dict[str, float], after: dict[str, float]) -> dict[str, Any]:
    """What was done to the machine between two states of its counters, as `results.Ended` has it.

    What others used is what was not idle, stolen, or used by this process and the ones that it has waited for.
    """
    passed = {name: after[name] - before[name] for name in after if name in before}
    found: dict[str, Any] = {"wall_s": round(passed["wall_s"], 3)}
    if passed.get("all_s"):
        others_s = max(0.0, passed["busy_s"] - passed["own_s"])
        found["others_percent"] = round(100 * others_s / passed["all_s"], 2)
        found["steal_percent"] = round(100 * passed["steal_s"] / passed["all_s"], 2)
    for name in ("throttled", "overheated", "switches", "swapped_bytes"):
        if name in passed:
            found[name] = int(passed[name])
    return found


def versions(infos: Iterable[CodecInfo]) -> dict[str, str]:
    """The versions of serbench and of the installed distributions behind the codecs."""
    held = {info.distribution: info.version() for info in infos if not missing(info)}
    compressors = {name: found for name in ("zstandard", "lz4", "brotli") if (found := _version(name))}
    return {"serbench": _version("serbench"), **compressors, **held}


def described(info: CodecInfo) -> dict[str, Any]:
    """What the header says of a codec."""
    return {
        "format": info.format.name,
        "title": info.format.title,
        "specification": info.format.specification,
        "implementation": info.implementation,
        "distribution": info.distribution,
        "version": "" if missing(info) else info.version(),
        "language": info.language,
        "licence": info.licence,
        "textual": info.format.textual,
        "self_describing": info.format.self_describing,
        "byte_order": info.format.byte_order,
        "validates": info.validates,
        "control": info.control,
        "note": info.note,
        "defects": list(info.defects),
    }


def _version(distribution: str) -> str:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""


def _pairs(path: Path, separator: str = ":") -> Iterator[tuple[str, str]]:
    """The names and values of a file that has one of each in a line."""
    for line in _read(path).splitlines():
        name, _, value = line.partition(separator)
        yield name.strip(), value.strip()


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
