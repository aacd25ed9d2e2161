"""Carries out a plan: verifies everything, then times what came back equal, and writes each row as it comes.

Nothing is measured here. Verification takes a worker process, forked for each data set; the memory of a stream takes a
fresh one for each codec. Timing goes in *passes*: first every block (data set and direction) once, then every block
again, so that a run that is stopped has something on everything, and each block sees several memory layouts and several
moods of the machine. A pass has a fresh process, which imports the libraries once and is forked for each block. The
time that is left is shared equally by the blocks that are left.

A codec that breaks a worker loses its own cells: the block is done again without it.
"""

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import fmean
from typing import Any, Protocol

from serschema.jsonform import schema_to_json, to_json
from serschema.values import check, path_text

from serbench import environment
from serbench.plan import Data, Plan
from serbench.results import (
    FILE_NAME,
    Dataset,
    Header,
    Operation,
    ResultsError,
    Run,
    Streamed,
    Timing,
    Verified,
    Writer,
    read,
)
from serbench.sampler import DIRECTIONS, Direction
from serbench.worker import Frame, Worker, WorkerFailed

USEFUL_S = 0.4
"""Less time than this in a block does not pay for the start of its process."""
FIRST_COST_S = 0.5
"""What a block's process is taken to need before and beyond its samples, until one has been seen."""
TIMING_SHARE = 0.5
"""The part of the budget, and of the progress, that timing has even where verification took longer than the rest."""


class Progress(Protocol):
    """What a run tells whoever watches: `started` once, `step` before each piece of work, `finished` in any case."""

    def started(self, total: int) -> None:
        """The most round trips and blocks that there can be; `done` tells how far the run is."""

    def step(self, description: str, done: float) -> None:
        """What comes next, and the share of the run that is done (0 to 1, never falling)."""

    def finished(self) -> None:
        """No more steps."""


class Quiet:
    """A watcher that shows nothing."""

    def started(self, total: int) -> None:
        pass

    def step(self, description: str, done: float) -> None:
        pass

    def finished(self) -> None:
        pass


QUIET = Quiet()


def run(
    plan: Plan,
    folder: Path,
    progress: Progress = QUIET,
    *,
    resume: bool = False,
    command: Sequence[str] = (),
    worker: Callable[[], Worker] = Worker,
) -> Run:
    """Verify and measure; rows go to `folder/results.jsonl` as they come. A `KeyboardInterrupt` ends it cleanly:
    what was measured is returned.

    With `resume` a run that is in the folder already is completed, and given more processes if it had fewer than the
    plan allows. Raises `ResultsError` if the folder has a run and `resume` is False, or the run there is of another
    plan, machine or library version; `ValueMismatch` if a message is not of its schema; `UnknownCodec`. `command` is
    what the user typed, for the header.
    """
    started = time.monotonic()
    header = _header(plan, command)
    datasets = [_dataset(data) for data in plan.data]
    held = _held(folder, header, resume)
    with _writing(folder) as writer:
        if held is None:
            writer.write(header)
        for dataset in datasets:
            if held is None or dataset not in held.datasets:
                writer.write(dataset)
        session = _Session(plan, progress, worker, held)
        with suppress(KeyboardInterrupt), _watched(plan, progress):
            for row in session.verify(1 - TIMING_SHARE):
                writer.write(row)
            for streamed in session.stream(1 - TIMING_SHARE):
                writer.write(streamed)
            left_s = plan.budget_s - (time.monotonic() - started)
            for timing in session.time(max(left_s, plan.budget_s * TIMING_SHARE)):
                writer.write(timing)
    return read(folder)


def verify_all(plan: Plan, progress: Progress = QUIET, *, worker: Callable[[], Worker] = Worker) -> list[Verified]:
    """The round trips of a plan, in the order of its data sets and codecs; nothing is timed or written.

    Raises `ValueMismatch` if a message is not of its schema, and `UnknownCodec`.
    """
    plan.infos()
    for data in plan.data:
        _check(data)
    with _watched(plan, progress):
        return list(_Session(plan, progress, worker, None).verify())


def _header(plan: Plan, command: Sequence[str]) -> Header:
    infos = plan.infos()
    return Header(
        plan_sha256=plan.sha256(),
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        command=list(command or sys.argv),
        budget_s=plan.budget_s,
        seed=plan.seed,
        machine=environment.machine(),
        versions=environment.versions(infos),
        codecs={info.id: environment.described(info) for info in infos},
    )


def _check(data: Data) -> None:
    for message in data.messages:
        check(message, data.schema)


def _dataset(data: Data) -> Dataset:
    _check(data)
    return Dataset(
        name=data.name,
        source=data.source,
        root=data.schema.root,
        messages=len(data.messages),
        timed=len(data.timed),
        information_bytes=sum(data.information),
        description=data.description,
        leaf=path_text(data.leaf) if data.leaf else "",
    )


def _held(folder: Path, header: Header, resume: bool) -> Run | None:
    """The run that is in the folder already, if it can be gone on with."""
    path = folder / FILE_NAME
    if not path.exists() or not path.read_bytes().count(b"\n"):
        return None
    if not resume:
        raise ResultsError(f"{path}: holds a run; resume it, or choose another folder")
    held = read(folder)
    for what, there, here in (
        ("plan", held.header.plan_sha256, header.plan_sha256),
        ("processor", held.header.machine.get("cpu"), header.machine.get("cpu")),
        ("Python", held.header.machine.get("python"), header.machine.get("python")),
        ("set of library versions", held.header.versions, header.versions),
    ):
        if there != here:
            raise ResultsError(f"{path}: is a run of another {what}; start a new one in another folder")
    return held


@contextmanager
def _watched(plan: Plan, progress: Progress) -> Iterator[None]:
    progress.started(len(plan.data) * (len(plan.codecs) + len(DIRECTIONS) * plan.processes))
    try:
        yield
    finally:
        progress.finished()


@contextmanager
def _writing(folder: Path) -> Iterator[Writer]:
    writer = Writer(folder)
    try:
        yield writer
    finally:
        writer.close()


@dataclass
class _Block:
    """A data set and a direction: what one process measures at a time. `done` are the processes that have.

    Candidates that broke, or are too slow to be measured twice, are taken out.
    """

    data: Data
    direction: Direction
    candidates: list[tuple[str, Operation]]
    done: set[int]


class _Session:
    """One run under way: what was verified, what is done, how much time is left."""

    def __init__(self, plan: Plan, progress: Progress, worker: Callable[[], Worker], held: Run | None) -> None:
        self.plan = plan
        self.progress = progress
        self.worker = worker
        self.timed = held.timings if held else []
        self.streamed = {(row.dataset, row.codec) for row in held.streamed} if held else set()
        self.verified = {(row.dataset, row.codec): row for row in held.verified} if held else {}
        self.costs: list[float] = []
        self.start_s = 0.0
        self.cases: dict[str, dict[str, Any]] = {
            data.name: {
                "schema": schema_to_json(data.schema),
                "messages": [to_json(message, data.schema) for message in data.messages],
                "leaf": data.leaf,
                "modules": plan.modules,
            }
            for data in plan.data
        }

    def verify(self, share: float = 1.0) -> Iterator[Verified]:
        """The rows that are not there yet; `share` is the part of the run's progress that they are."""
        with self._prepared(self.plan.codecs) as worker:
            for data in self.plan.data:
                todo = [codec for codec in self.plan.codecs if (data.name, codec) not in self.verified]
                while todo:
                    for row in self._round_trips(worker, data, todo[:], share):
                        todo.remove(row.codec)
                        self.verified[data.name, row.codec] = row
                        yield row

    def _prepared(self, codecs: Iterable[str]) -> Worker:
        """A worker that imports the codecs' libraries before it is forked."""
        worker = self.worker()
        worker.preparation = {"codecs": list(codecs), "modules": self.plan.modules}
        return worker

    def _round_trips(self, worker: Worker, data: Data, codecs: list[str], share: float) -> Iterator[Verified]:
        """The rows of the codecs, up to the first that breaks the worker."""
        answer = worker.request("verify", **self.cases[data.name], codecs=codecs, levels=self.plan.levels, apart=True)
        for codec in codecs:
            done = len(self.verified) / (len(self.plan.data) * len(self.plan.codecs))
            self.progress.step(f"verify {data.name}: {codec}", share * done)
            try:
                row = next(answer)["row"]
            except WorkerFailed as error:
                yield Verified(dataset=data.name, codec=codec, status="failed", reason=str(error))
                return
            yield Verified(**row | {"dataset": data.name})
        with suppress(WorkerFailed):
            next(answer)

    def stream(self, done: float) -> Iterator[Streamed]:
        """The memory of streams, a fresh process for each codec that has one."""
        for data in self.plan.data:
            for codec in self.plan.codecs:
                if (data.name, codec) in self.streamed or not self._streams(data, codec):
                    continue
                self.progress.step(f"stream {data.name}: {codec}", done)
                try:
                    with self.worker() as worker:
                        *_, last = worker.request("stream", **self.cases[data.name], codec=codec, options={})
                    yield Streamed(dataset=data.name, codec=codec, **last["done"])
                except WorkerFailed as error:
                    yield Streamed(dataset=data.name, codec=codec, reason=str(error))

    def _streams(self, data: Data, codec: str) -> bool:
        return data.streamable and "stream" in self.verified[data.name, codec].offers

    def _has(self, data: Data, direction: Direction, codec: str) -> bool:
        """Whether there is something to time for a codec: a leaf is read by all, if some codec offers it."""
        if direction == "stream":
            return self._streams(data, codec)
        return direction != "access" or any("access" in self.verified[data.name, c].offers for c in self.plan.codecs)

    def time(self, budget_s: float) -> Iterator[Timing]:
        """Pass after pass over the blocks while there is time."""
        began = time.monotonic()
        deadline = began + budget_s
        blocks = list(self._blocks())
        for process in range(self.plan.processes if blocks else 0):
            cost = self.start_s + len(blocks) * ((fmean(self.costs) if self.costs else FIRST_COST_S) + USEFUL_S)
            passes = round((deadline - time.monotonic()) / cost)
            passes = max(min(passes, self.plan.processes - process), int(process == 0))
            todo = [block for block in blocks if process not in block.done]
            if passes and todo:
                yield from self._pass(todo, process, began, deadline, passes)

    def _pass(self, todo: list[_Block], process: int, began: float, deadline: float, passes: int) -> Iterator[Timing]:
        """Every block once, of one process. The time left is shared by the blocks of this pass and of those to come."""
        with self._prepared({codec: True for block in todo for codec, _ in block.candidates}) as worker:
            self.progress.step(f"start process {process + 1}", self._done(began, deadline))
            started = time.monotonic()
            with suppress(WorkerFailed):  # the first block meets it again
                worker.start()
            self.start_s = time.monotonic() - started
            for place, block in enumerate(todo):
                self.progress.step(
                    f"{block.direction} {block.data.name}, process {process + 1}", self._done(began, deadline)
                )
                left_s = max(0.0, deadline - time.monotonic() - (passes - 1) * self.start_s)
                yield from self._measure(worker, block, process, left_s / (passes * len(todo) - place))

    def _done(self, began: float, deadline: float) -> float:
        return 1 - TIMING_SHARE + TIMING_SHARE * min(1.0, (time.monotonic() - began) / max(deadline - began, 1e-9))

    def _blocks(self) -> Iterator[_Block]:
        """What there is to time, with what an earlier run has done of it."""
        for data in self.plan.data:
            for direction, operations in DIRECTIONS.items():
                held = [row for row in self.timed if row.dataset == data.name and row.operation in operations]
                broken = {(row.codec, row.operation) for row in held if row.reason}
                wanted = [
                    (codec, operation)
                    for codec in self.plan.codecs
                    if self.verified[data.name, codec].status in ("ok", "lossy") and self._has(data, direction, codec)
                    for operation in operations
                    if operation in self.plan.operations and (codec, operation) not in broken
                ]
                if wanted:
                    yield _Block(data, direction, wanted, {row.process for row in held if row.samples_ns})

    def _measure(self, worker: Worker, block: _Block, process: int, budget_s: float) -> Iterator[Timing]:
        """The rows of a block from one process. A codec that breaks it is taken out, and the rest is done again.

        Where the process broke in the rounds, it could have been any codec: it is done again *carefully* to find out.
        """
        order = {candidate: place for place, candidate in enumerate(block.candidates)}
        careful = False
        while block.candidates:
            at: tuple[str, Operation] | None = None
            rows: list[Timing] = []
            try:
                for frame in self._answer(worker, block, process, budget_s, careful):
                    if "at" in frame:
                        at = frame["at"] and tuple(frame["at"])
                    elif "row" in frame:
                        rows.append(Timing(**frame["row"], dataset=block.data.name, process=process))
            except WorkerFailed as error:
                if at is None and not careful:
                    careful = True
                    continue
                culprits = [at] if at else block.candidates
                rows = [
                    Timing(
                        dataset=block.data.name, codec=codec, operation=operation, process=process, reason=str(error)
                    )
                    for codec, operation in culprits
                ]
                guilty = {codec for codec, _ in culprits}
                block.candidates = [candidate for candidate in block.candidates if candidate[0] not in guilty]
                yield from rows
                continue
            rows.sort(key=lambda row: order[row.codec, row.operation])
            reasons = {(row.codec, row.operation) for row in rows if row.reason}
            block.candidates = [candidate for candidate in block.candidates if candidate not in reasons]
            yield from rows
            return

    def _answer(self, worker: Worker, block: _Block, process: int, budget_s: float, careful: bool) -> Iterator[Frame]:
        """A fork's frames for a block, but the last."""
        began = time.monotonic()
        for frame in worker.request(
            "block",
            **self.cases[block.data.name]
            | {"messages": [to_json(message, block.data.schema) for message in block.data.timed]},
            candidates=block.candidates,
            budget_ns=int(budget_s * 1e9),
            seed=f"{self.plan.seed} {block.data.name} {block.direction} {process}",
            careful=careful,
            apart=True,
        ):
            if "done" in frame:
                over_s = time.monotonic() - began - budget_s
                self.costs.append(max(over_s, frame["done"]["prepared_ns"] / 1e9))
            else:
                yield frame
