"""Where a run happens: what the header of a result file says of the machine, and the versions of what is measured.

Everything is best effort: what cannot be found out is left out, never guessed.
"""

import os
import platform
import subprocess
import sys
import sysconfig
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil
from sercodecs.contract import CodecInfo
from sercodecs.registry import missing

from serbench.instruments import loop_overhead_ns

_CPU = Path("/sys/devices/system/cpu")
_GOVERNOR = _CPU / "cpu0/cpufreq/scaling_governor"
_TURBO = _CPU / "intel_pstate/no_turbo"
_SMT = _CPU / "smt/active"
_BUILD_OPTIONS = {"--enable-optimizations": "PGO", "--with-lto": "LTO", "--with-pydebug": "debug"}
_CONTAINERS = {Path("/.dockerenv"): "docker", Path("/run/.containerenv"): "podman"}


def machine() -> dict[str, Any]:
    """The processor, the system and the Python that run; `load_1min` is the system's before the run, and
    `loop_overhead_ns` what our loop adds to a call, with the call itself, measured on an empty C function."""
    found: dict[str, Any] = {
        "cpu": cpu(),
        "architecture": platform.machine(),
        "cores": os.cpu_count(),
        "usable_cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else None,
        "memory_bytes": psutil.virtual_memory().total,
        "governor": _read(_GOVERNOR),
        "no_turbo": _read(_TURBO),
        "smt": _read(_SMT),
        "load_1min": round(psutil.getloadavg()[0], 2),
        "system": platform.system(),
        "release": platform.release(),
        "libc": " ".join(platform.libc_ver()).strip(),
        "virtual": virtual(),
        "python": platform.python_version(),
        "implementation": platform.python_implementation(),
        "compiler": platform.python_compiler(),
        "build": build(),
        "byte_order": sys.byteorder,
        "commit": commit(),
        "loop_overhead_ns": round(loop_overhead_ns(), 1),
    }
    return {name: value for name, value in found.items() if value not in (None, "")}


def cpu() -> str:
    """The processor's name, as the system gives it."""
    for line in _read(Path("/proc/cpuinfo")).splitlines():
        name, _, value = line.partition(":")
        if name.strip() in ("model name", "Model", "cpu model", "Hardware", "processor 0"):
            return value.strip()
    return platform.processor() or platform.machine()


def build() -> str:
    """How Python was compiled: `PGO`, `LTO`, `debug`, or `plain`. Paths among the arguments are nobody's business."""
    arguments = sysconfig.get_config_var("CONFIG_ARGS")
    if not arguments:
        return ""
    return ", ".join(name for option, name in _BUILD_OPTIONS.items() if option in arguments) or "plain"


def virtual() -> str:
    """What suggests that the machine is not a bare one: `docker`, `podman`, `virtual machine`."""
    hints = [name for path, name in _CONTAINERS.items() if path.exists()]
    if " hypervisor" in _read(Path("/proc/cpuinfo")):
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


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""
