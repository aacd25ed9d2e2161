"""The same experiment by other harnesses: one call measured as two benchmarks, in the workload's time, start included.

Both have their defaults but for how long they measure, which is settled so that a pair takes its time: after each pair
by how much it took too long or too short. pytest-benchmark's estimate is its median, pyperf's its mean, as they show.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Sequence
from importlib.util import find_spec
from math import log
from pathlib import Path
from typing import Any

from serschema.jsonform import schema_to_json, to_json

from serbench.selftest.experiments import Experiment, SelftestFailed
from serbench.selftest.workloads import Workload
from serbench.statistics import CONFIDENCE

PATIENCE_S = 120.0
PROCESSES = 3
"""pyperf's fewest processes for its `--fast`: so many hash seeds at least."""

_SUBJECT = """
import json
from sercodecs import registry
from serschema.jsonform import from_json, schema_from_json
case = json.load(open("case.json"))
schema = schema_from_json(case["schema"])
message = from_json(case["message"], schema)
(info,) = registry.find([case["codec"]])
def subject():
    codec = info.compile(schema)
    return (codec.encode, message) if case["operation"] == "encode" else (codec.decode, codec.encode(message))
"""

_PYTEST_PAIR = """
subjects = [subject(), subject()]
def test_0(benchmark):
    benchmark(*subjects[0])
def test_1(benchmark):
    benchmark(*subjects[1])
"""

_PYPERF_PAIR = """
import pyperf
runner = pyperf.Runner()
for name in ("0", "1"):
    runner.bench_func(name, *subject())
"""


class Peer(ABC):
    """A harness. `effort_s` is the time it is asked to measure, of which a pair spends `weight` times as much."""

    name: str
    module: str
    file: str
    script: str
    weight: float

    def __init__(self) -> None:
        self.effort_s: dict[str, float] = {}

    def measure(self, workload: Workload) -> Experiment:
        effort_s = self.effort_s.setdefault(workload.name, 0.25 * workload.budget_s / self.weight)
        with tempfile.TemporaryDirectory(prefix="serbench-selftest-") as name:
            folder = Path(name)
            (folder / self.file).write_text(_SUBJECT + self.script)
            (folder / "case.json").write_text(json.dumps(_case(workload)))
            began = time.monotonic()
            self._run(folder, self.arguments(effort_s))
            seconds = time.monotonic() - began
            held = json.loads((folder / "out.json").read_text())
        (first_ns, second_ns), alarm = self.result(held)
        self.effort_s[workload.name] = max(effort_s / 4, effort_s + (workload.budget_s - seconds) / self.weight)
        return Experiment(
            workload=workload.name,
            method=self.name,
            injected=0,
            difference=log(second_ns / first_ns),
            ns=first_ns,
            seconds=seconds,
            alarm=alarm,
        )

    def _run(self, folder: Path, arguments: Sequence[str]) -> None:
        try:
            done = subprocess.run(
                [sys.executable, *arguments],
                cwd=folder,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=PATIENCE_S,
            )
        except subprocess.TimeoutExpired:
            raise SelftestFailed(f"{self.name}: not done within {PATIENCE_S:.0f} s") from None
        if done.returncode:
            raise SelftestFailed(f"{self.name}: exit code {done.returncode}: {(done.stderr or done.stdout)[-300:]}")

    @abstractmethod
    def arguments(self, effort_s: float) -> list[str]:
        """Of the Python that measures, into `out.json`."""

    @abstractmethod
    def result(self, held: Any) -> tuple[tuple[float, float], bool | None]:
        """From its file the nanoseconds of both, and whether its own test tells them apart."""


class PytestBenchmark(Peer):
    name = "pytest-benchmark"
    module = "pytest_benchmark"
    file = "test_pair.py"
    script = _PYTEST_PAIR
    weight = 2

    def arguments(self, effort_s: float) -> list[str]:
        """Without the project's own configuration of pytest and the plugins that it does not need."""
        options = ["-c", os.devnull, "--rootdir=.", "-p", "no:cacheprovider", "--benchmark-only"]
        limits = [f"--benchmark-max-time={effort_s:.4f}", "--benchmark-json=out.json"]
        return ["-m", "pytest", *options, *limits, self.file]

    def result(self, held: Any) -> tuple[tuple[float, float], bool | None]:
        medians = {row["name"]: row["stats"]["median"] * 1e9 for row in held["benchmarks"]}
        return (medians["test_0"], medians["test_1"]), None


class Pyperf(Peer):
    name = "pyperf"
    module = "pyperf"
    file = "pair.py"
    script = _PYPERF_PAIR
    weight = 2 * (PROCESSES * 4 + 4)
    """Two benchmarks; each process has three values and a warm-up, and the calibration takes about as many again."""

    def arguments(self, effort_s: float) -> list[str]:
        limits = [f"--processes={PROCESSES}", f"--min-time={effort_s:.5f}"]
        return [self.file, "--quiet", "--copy-env", *limits, "--output=out.json"]

    def result(self, held: Any) -> tuple[tuple[float, float], bool | None]:
        """Its test is Student's, on all values of both, as in its `compare_to`."""
        from scipy.stats import ttest_ind

        values = [
            [1e9 * value for run in benchmark["runs"] for value in run.get("values", ())]
            for benchmark in held["benchmarks"]
        ]
        first, second = (sum(each) / len(each) for each in values)
        return (first, second), bool(ttest_ind(*values).pvalue < 1 - CONFIDENCE)


def _case(workload: Workload) -> dict[str, Any]:
    schema = workload.data.schema
    return {
        "codec": workload.codec,
        "operation": workload.operation,
        "schema": schema_to_json(schema),
        "message": to_json(workload.data.messages[0], schema),
    }


def load_peers() -> list[Peer]:
    """Both. Raises `SelftestFailed` with the command that brings what is not installed."""
    found: list[Peer] = [PytestBenchmark(), Pyperf()]
    lacking = [peer.name for peer in found if find_spec(peer.module) is None]
    if lacking:
        raise SelftestFailed(f"--peers needs {' and '.join(lacking)}: pip install 'serbench[selftest]'")
    return found
