"""A self-test from beginning to end: which experiments there are, in which order, and what came of them.

They come in random order, those of other harnesses among them, so that no kind has the machine at a better time, and a
self-test that is interrupted has some of all.
"""

import random
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from importlib import metadata
from typing import Any, TypeVar

from sercodecs import registry

from serbench import environment
from serbench.instruments import Instruments, examine
from serbench.runner import QUIET, Progress
from serbench.selftest.experiments import Experiment, Injection, SelftestFailed, calibrate, measure
from serbench.selftest.peers import Peer, load_peers
from serbench.selftest.workloads import LARGE, WORKLOADS, Workload

SEED = 1

Result = TypeVar("Result")


@dataclass(frozen=True, kw_only=True)
class Size:
    """How many experiments on each workload: A/A, of each slowdown, and A/A by each other harness; how many of these
    on the large one; and the time in which each calibration is done."""

    equal: int
    slower: dict[float, int]
    peer: int
    large_equal: int
    large_slower: dict[float, int]
    calibration_s: float


FULL = Size(
    equal=52,
    slower={0.005: 5, 0.01: 6, 0.02: 6, 0.05: 3},
    peer=10,
    large_equal=4,
    large_slower={0.02: 10},
    calibration_s=24.0,
)
QUICK = Size(equal=2, slower={0.01: 1, 0.02: 1}, peer=1, large_equal=0, large_slower={}, calibration_s=10.0)


@dataclass(frozen=True)
class Task:
    """One experiment to be done: A/A, by serbench or another harness, or with a slowdown."""

    workload: Workload
    share: float = 0.0
    peer: Peer | None = None


@dataclass(frozen=True, kw_only=True)
class Findings:
    """All that a self-test found. `planned` is how many experiments there were to be; `failed` says what went wrong."""

    started: str
    machine: dict[str, Any]
    versions: dict[str, str]
    instruments: Instruments
    planned: int
    injections: list[Injection] = field(default_factory=list)
    experiments: list[Experiment] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


def tasks(size: Size, *, with_peers: bool = False) -> list[Task]:
    """The experiments, in the order in which they are done. Raises `SelftestFailed` if a harness is not installed."""
    rivals = load_peers() if with_peers else []
    found = [Task(LARGE)] * size.large_equal
    found += [Task(LARGE, share) for share, count in size.large_slower.items() for _ in range(count)]
    for workload in WORKLOADS:
        found += [Task(workload)] * size.equal
        found += [Task(workload, share) for share, count in size.slower.items() for _ in range(count)]
        found += [Task(workload, peer=peer) for peer in rivals for _ in range(size.peer)]
    random.Random(SEED).shuffle(found)
    return found


def duration_s(todo: Sequence[Task], calibration_s: float) -> float:
    """About how long `selftest` takes."""
    return sum(task.workload.budget_s for task in todo) + calibration_s * len(_slowed(todo))


def selftest(todo: Sequence[Task], calibration_s: float, progress: Progress = QUIET) -> Findings:
    """Do the experiments. A `KeyboardInterrupt` ends it with what there is."""
    findings = Findings(
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        machine=environment.machine(),
        versions=environment.versions(registry.find(dict.fromkeys(task.workload.codec for task in todo)))
        | {task.peer.name: metadata.version(task.peer.name) for task in todo if task.peer},
        instruments=examine(),
        planned=len(todo),
    )
    began, total_s = time.monotonic(), duration_s(todo, calibration_s)

    def attempt(description: str, action: Callable[[], Result]) -> Result | None:
        progress.step(description, min(1.0, (time.monotonic() - began) / total_s))
        try:
            return action()
        except SelftestFailed as error:
            findings.failed.append(str(error))
            return None

    progress.started(len(todo))
    with suppress(KeyboardInterrupt):
        for workload, shares in _slowed(todo).items():
            calibration = partial(calibrate, workload, shares, calibration_s / 2, SEED)
            findings.injections.extend(attempt(f"calibrate: {workload.title}", calibration) or [])
        delays = {(held.workload, held.nominal): held.loops for held in findings.injections}
        for number, task in enumerate(todo):
            experiment = partial(_experiment, task, delays.get((task.workload.name, task.share)), number)
            if found := attempt(f"{number + 1} of {len(todo)}: {task.workload.title}", experiment):
                findings.experiments.append(found)
    progress.finished()
    return findings


def _slowed(todo: Sequence[Task]) -> dict[Workload, list[float]]:
    """The slowdowns that are needed."""
    return {
        workload: shares
        for workload in dict.fromkeys(task.workload for task in todo)
        if (shares := sorted({task.share for task in todo if task.workload == workload and task.share}))
    }


def _experiment(task: Task, loops: int | None, seed: int) -> Experiment:
    if task.peer:
        return task.peer.measure(task.workload)
    if not task.share:
        return measure(task.workload, 0.0, (None, None), seed)
    if loops is None:
        raise SelftestFailed(f"{task.workload.title}: no delay was calibrated")
    return measure(task.workload, task.share, (0, loops), seed)
