"""Carries out a plan: verifies everything, then times what came back equal, and writes each row as it comes.

Nothing is measured here. Verification takes a worker process, forked for each data set; the memory of a stream takes a
fresh one for each codec, and `footprints` has more of that kind.

Timing goes in *passes*: first every block (data set and direction) once, then every block again, so that a run that is
stopped has something on everything, and each block sees several memory layouts and several moods of the machine. A pass
has a fresh process, which imports the libraries once, is forked for each data set, where the codecs are compiled once,
and that again for each block. The time that is left is shared equally by the blocks that are left.

Where there is time after the planned processes, what is not known to the plan's precision gets more, up to twice as
many. The widths are looked at once: intervals that are looked at after each process until one is narrow enough have the
truth in them too seldom.

Peers, implementations in other languages, are verified after the codecs, and timed in the same passes, after the blocks
of each data set (`serbench.peers.timing`).

A codec that breaks a worker loses its own cells: the block is done again without it. Where the worker was killed from
outside nobody is to blame, until it happens again at the same place.
"""

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from statistics import fmean
from typing import Any, Protocol

from serschema.jsonform import schema_to_json, to_json
from serschema.values import check, path_text

from serbench import counters, counting, environment, fitness, footprints
from serbench.client import PATIENCE_S, Worker
from serbench.frames import Frame, WorkerFailed
from serbench.peers.timing import Peers
from serbench.plan import Data, Plan
from serbench.results import (
    FILE_NAME,
    Counted,
    Dataset,
    Ended,
    Header,
    Operation,
    ResultsError,
    Run,
    Spent,
    Streamed,
    Timing,
    Verified,
    Writer,
    read,
)
from serbench.sampler import DIRECTIONS, Direction
from serbench.statistics import wide

FIRST_COST_S = 0.9
"""What a block is taken to need at least, until one has been seen."""
MORE = 2
"""So many times the planned processes measure what stays wide, if there is time."""
TIMING_SHARE = 0.5
"""The part of the budget, and of the progress, that timing and memory have even where verification took the rest."""


class Progress(Protocol):
    """What a run tells whoever watches: `started` once, `step` before each piece of work, `finished` in any case, and
    `warned` before all that or in between."""

    def warned(self, text: str) -> None:
        """Something that makes the machine unfit for measuring, or the budget too small."""

    def started(self, total: int) -> None:
        """The most round trips and blocks that there can be; `done` tells how far the run is."""

    def step(self, description: str, done: float) -> None:
        """What comes next, and the share of the run that is done (0 to 1, never falling)."""

    def finished(self) -> None:
        """No more steps."""


class Quiet:
    """A watcher that shows nothing."""

    def warned(self, text: str) -> None:
        pass

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
    note: Callable[[str], None] = lambda text: None,
) -> Run:
    """Verify and measure; rows go to `folder/results.jsonl` as they come. A `KeyboardInterrupt` ends it cleanly:
    what was measured is returned.

    With `resume` a run that is in the folder already is completed, and given more processes if it had fewer than the
    plan allows. Raises `ResultsError` if the folder has a run and `resume` is False, the run there is of another
    plan, machine or library version, another process writes to the folder, or there is no room; `ValueMismatch` if a
    message is not of its schema; `UnknownCodec`. `command` is what the user typed, for the header. Peers are built
    first, which is not part of the budget; `note` is told what takes a while.
    """
    peers = Peers(plan, note)
    started = time.monotonic()
    header = header_of(plan, command)
    header = replace(header, versions=header.versions | peers.versions(), codecs=header.codecs | peers.described())
    datasets = [dataset_of(data) for data in plan.data]
    with _writing(folder) as writer:
        held = _held(folder, header, resume)
        if held is None:
            writer.write(header)
        for dataset in datasets:
            if held is None or dataset not in held.datasets:
                writer.write(dataset)
        for warning in fitness.warnings(header.machine):
            progress.warned(warning)
        session = _Session(plan, progress, worker, held, peers)
        before, interrupted = environment.counters(), True
        with suppress(KeyboardInterrupt), _watched(plan, progress):
            for verified in session.verify(1 - TIMING_SHARE):
                writer.write(verified)
            if plan.counter:
                for counted in session.count(plan.budget_s - (time.monotonic() - started)):
                    writer.write(counted)
                return read(folder)
            memory_s = plan.memory_share * plan.budget_s
            left_s = plan.budget_s - memory_s - (time.monotonic() - started)
            if left_s < (least_s := plan.budget_s * TIMING_SHARE - memory_s):
                took_s = time.monotonic() - started
                progress.warned(
                    f"round trips took {took_s:.0f} s of a budget of {plan.budget_s:.0f} s, and timing has "
                    f"{least_s:.0f} s all the same: fewer codecs, a smaller --sample or a larger --budget helps"
                )
            for row_of_time in session.time(max(left_s, least_s)):
                writer.write(row_of_time)
            memory_s = max(memory_s, plan.budget_s - (time.monotonic() - started)) if memory_s else 0.0
            for row in footprints.measure(plan, session.verified, held, worker, session.aside, memory_s / 2):
                writer.write(row)
            for streamed in session.stream(time.monotonic() + memory_s / 2):
                writer.write(streamed)
            interrupted = False
        writer.write(Ended(interrupted=interrupted, **environment.meanwhile(before, environment.counters())))
    return read(folder)


def verify_all(plan: Plan, progress: Progress = QUIET, *, worker: Callable[[], Worker] = Worker) -> list[Verified]:
    """The round trips of a plan, in the order of its data sets and codecs; nothing is timed or written.

    Raises `ValueMismatch` if a message is not of its schema, and `UnknownCodec`.
    """
    plan.infos()
    for data in plan.data:
        _check(data)
    with _watched(plan, progress):
        return list(_Session(plan, progress, worker, None, Peers(plan, progress.warned)).verify())


def header_of(plan: Plan, command: Sequence[str]) -> Header:
    """The header of a run of the plan that starts now, without its peers."""
    infos = plan.infos()
    return Header(
        plan_sha256=plan.sha256(),
        started=datetime.now(UTC).isoformat(timespec="seconds"),
        command=list(command or sys.argv),
        budget_s=plan.budget_s,
        precision=plan.precision,
        seed=plan.seed,
        machine=environment.machine(),
        versions=environment.versions(infos) | ({"valgrind": counters.version()} if plan.counter else {}),
        codecs={info.id: environment.described(info) for info in infos},
    )


def _check(data: Data) -> None:
    for message in data.messages:
        check(message, data.schema)


def dataset_of(data: Data) -> Dataset:
    """The line of a data set. Raises `ValueMismatch` if a message is not of its schema."""
    _check(data)
    return Dataset(
        name=data.name,
        source=data.source,
        root=data.schema.root,
        messages=len(data.messages),
        timed=len(data.timed),
        information_bytes=sum(data.information),
        timed_information_bytes=sum(data.information[number] for number in data.timed_numbers),
        description=data.description,
        leaf=path_text(data.leaf) if data.leaf else "",
        family=data.family,
        sha256=data.sha256,
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
    directions = sum(1 for operations in DIRECTIONS.values() if set(operations) & set(plan.operations))
    of_data = len(plan.codecs) + directions * plan.processes + len(plan.peers) * (1 + plan.processes)
    progress.started(len(plan.data) * of_data)
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

    def __init__(
        self,
        plan: Plan,
        progress: Progress,
        worker: Callable[[], Worker],
        held: Run | None,
        peers: Peers,
    ) -> None:
        self.plan = plan
        self.peers = peers
        self.progress = progress
        self.worker = worker
        self.timed = [row for row in held.timings if row.codec in plan.codecs] if held else []
        self.whole = {(row.dataset, row.direction, row.process) for row in held.spent} if held else set()
        self.streamed = {(row.dataset, row.codec) for row in held.streamed} if held else set()
        self.counted = {row.dataset for row in held.counted} if held else set()
        self.verified = {(row.dataset, row.codec): row for row in held.verified} if held else {}
        self.killed: set[tuple[str, ...]] = set()
        self.costs: list[float] = []
        """What each block took at least, in seconds: all, if it took longer than it was given."""
        self.start_s = 0.0
        self.deadline = 0.0
        peers.go_on(held, self.verified)
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
        for row in self.peers.verify():
            self.progress.step(f"verify {row.dataset}: {row.codec}", share * self._round_trips_done())
            self.verified[row.dataset, row.codec] = row
            yield row

    def _round_trips_done(self) -> float:
        return len(self.verified) / (len(self.plan.data) * len(self.plan.codecs + self.plan.peers))

    def _prepared(self, codecs: Iterable[str]) -> Worker:
        """A worker that imports the codecs' libraries before it is forked."""
        worker = self.worker()
        worker.preparation = {"codecs": list(codecs), "modules": self.plan.modules}
        return worker

    def _round_trips(self, worker: Worker, data: Data, codecs: list[str], share: float) -> Iterator[Verified]:
        """The rows of the codecs, up to the first that breaks the worker, or leaves it without memory."""
        case = self.cases[data.name] | {"timed": data.timed_numbers}
        answer = worker.request("verify", **case, codecs=codecs, apart=True)
        for codec in codecs:
            self.progress.step(f"verify {data.name}: {codec}", share * self._round_trips_done())
            try:
                frame = next(answer)
            except WorkerFailed as error:
                if not self._excused(error, data.name, codec):
                    yield Verified(dataset=data.name, codec=codec, status="failed", reason=str(error))
                return
            if "done" in frame:
                return
            yield Verified(**frame["row"] | {"dataset": data.name})
        with suppress(WorkerFailed):
            next(answer)

    def aside(self, description: str) -> None:
        """Tell of a step after timing."""
        self.progress.step(description, 1 - self.plan.memory_share)

    def _excused(self, error: WorkerFailed, *place: str) -> bool:
        """Whether a worker was killed, for the first time there, so that it is tried again."""
        excused = error.killed and place not in self.killed
        self.killed.add(place)
        return excused

    def stream(self, deadline: float) -> Iterator[Streamed]:
        """The memory of streams, a fresh process for each codec that has one, while there is time."""
        for data in self.plan.data:
            for codec in self.plan.codecs:
                if (data.name, codec) in self.streamed or not self._streams(data, codec):
                    continue
                if time.monotonic() >= deadline:
                    return
                self.aside(f"stream {data.name}: {codec}")
                try:
                    with self.worker() as worker:
                        row = worker.ask("stream", **self.cases[data.name], codec=codec, options={})
                    yield Streamed(dataset=data.name, codec=codec, **row)
                except WorkerFailed as error:
                    yield Streamed(dataset=data.name, codec=codec, reason=str(error))

    def _streams(self, data: Data, codec: str) -> bool:
        return data.streamable and "stream" in self.verified[data.name, codec].offers

    def _has(self, data: Data, direction: Direction, codec: str) -> bool:
        """Whether there is something to time for a codec: a leaf is read by all, if some codec offers it."""
        if direction == "stream":
            return self._streams(data, codec)
        return direction != "access" or any("access" in self.verified[data.name, c].offers for c in self.plan.codecs)

    def count(self, budget_s: float) -> Iterator[Counted]:
        """Instructions in place of time."""

        def step(description: str, done: float) -> None:
            self.progress.step(description, 1 - TIMING_SHARE + TIMING_SHARE * done)

        return counting.count(self.plan, self.cases, self.verified, self.counted, budget_s, step)

    def time(self, budget_s: float) -> Iterator[Timing | Spent]:
        """Pass after pass over the blocks, while there is time and something is not known well enough."""
        began = time.monotonic()
        self.deadline = began + budget_s
        blocks = list(self._blocks())
        self.peers.allot(budget_s, beside=bool(blocks))
        if lacking := self.peers.lacking():
            self.progress.warned(lacking)
        planned = self.plan.processes
        for process in range(MORE * planned if blocks else 0):
            if process == planned:
                self._settle(blocks)
            todo = [block for block in blocks if block.candidates and process not in block.done]
            cost = self.start_s + len(todo) * (fmean(self.costs) if self.costs else FIRST_COST_S)
            passes = int(self._left_s() / cost) if todo else 0
            passes = max(min(passes, max(planned - process, 1)), int(process == 0))
            if passes and todo:
                yield from self._pass(todo, process, began, passes)
        yield from self._rest_of_peers(began)

    def _left_s(self) -> float:
        """The time that the codecs have."""
        return self.deadline - time.monotonic() - self.peers.left_s

    def _peers(self, data: Data, process: int, began: float) -> Iterator[Timing | Spent]:
        """What peers measure of a data set in a pass."""
        yield from self.peers.measure(data, process, lambda text: self.progress.step(text, self._done(began)))

    def _rest_of_peers(self, began: float) -> Iterator[Timing | Spent]:
        """The passes of peers for which there was no time beside the codecs, or that a data set without codecs has."""
        for process in range(self.plan.processes if self.plan.peers else 0):
            self.peers.allot(self.deadline - time.monotonic(), beside=False)
            self.peers.begin(process)
            for data in self.plan.data:
                yield from self._peers(data, process, began)

    def _settle(self, blocks: list[_Block]) -> None:
        """Take out what is known well enough."""
        left = wide(self.timed, self.plan.precision, self.plan.processes)
        for block in blocks:
            block.candidates = [
                (codec, operation)
                for codec, operation in block.candidates
                if (block.data.name, codec, operation) in left
            ]

    def _pass(self, todo: list[_Block], process: int, began: float, passes: int) -> Iterator[Timing | Spent]:
        """Every block once, of one process. The time left is shared by the blocks of this pass and of those to come."""
        self.peers.begin(process)
        with self._prepared({codec: True for block in todo for codec, _ in block.candidates}) as worker:
            self.progress.step(f"start process {process + 1}", self._done(began))
            started = time.monotonic()
            with suppress(WorkerFailed):  # the first block meets it again
                worker.start()
            self.start_s = time.monotonic() - started
            place = 0
            for name, of_data in groupby(todo, key=lambda block: block.data.name):
                opened = _Opened(list(of_data), process)
                for block in opened.blocks:
                    self.progress.step(f"{block.direction} {name}, process {process + 1}", self._done(began))
                    left_s = max(0.0, self._left_s() - (passes - 1) * self.start_s)
                    for row in self._measure(worker, opened, block, left_s / (passes * len(todo) - place)):
                        if isinstance(row, Timing):
                            self.timed.append(row)
                        yield row
                    place += 1
                with suppress(WorkerFailed):
                    if opened.pid is not None and opened.pid == worker.pid:
                        worker.ask("close")
                yield from self._peers(opened.blocks[0].data, process, began)

    def _done(self, began: float) -> float:
        passed = min(1.0, (time.monotonic() - began) / max(self.deadline - began, 1e-9))
        return 1 - TIMING_SHARE + (TIMING_SHARE - self.plan.memory_share) * passed

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
                    done = {process for *block, process in self.whole if block == [data.name, direction]}
                    yield _Block(data, direction, wanted, done)

    def _measure(self, worker: Worker, opened: "_Opened", block: _Block, budget_s: float) -> Iterator[Timing | Spent]:
        """The rows of a block from one process. A codec that breaks it is taken out, and the rest is done again.

        Where the process broke in the rounds, it could have been any codec: it is done again *carefully* to find out.
        """
        order = {candidate: place for place, candidate in enumerate(block.candidates)}
        careful = False
        while block.candidates:
            at: tuple[str, Operation | None] | None = None
            rows: list[Timing] = []
            spent: Spent | None = None
            try:
                for frame in self._answer(worker, opened, block, budget_s, careful):
                    if "at" in frame:
                        at = frame["at"] and tuple(frame["at"])
                    elif "row" in frame:
                        rows.append(Timing(**frame["row"], dataset=block.data.name, process=opened.process))
                    else:
                        spent = Spent(
                            dataset=block.data.name,
                            direction=block.direction,
                            process=opened.process,
                            **frame["spent"],
                        )
            except WorkerFailed as error:
                if self._excused(error, block.direction, block.data.name, str(opened.process)):
                    continue
                if at is None and not careful:
                    careful = True
                    continue
                yield from self._broken(opened, block, at, str(error))
                continue
            rows.sort(key=lambda row: (order[row.codec, row.operation], row.collecting))
            reasons = {(row.codec, row.operation) for row in rows if row.reason}
            block.candidates = [candidate for candidate in block.candidates if candidate not in reasons]
            yield from rows
            if spent:
                yield spent
            return

    def _broken(
        self, opened: "_Opened", block: _Block, at: tuple[str, Operation | None] | None, reason: str
    ) -> Iterator[Timing]:
        """Rows for who broke a block, or all of it if that is not known, and the blocks without them.

        What broke while it was compiled is taken out of all the data set's blocks.
        """
        match at:
            case None:
                culprits = [(block, candidate) for candidate in block.candidates]
            case (codec, None):
                culprits = [(held, one) for held in opened.blocks for one in held.candidates if one[0] == codec]
            case (codec, operation):
                culprits = [(block, (codec, operation))]
        for held, (codec, operation) in culprits:
            held.candidates = [candidate for candidate in held.candidates if candidate[0] != codec]
            yield Timing(
                dataset=held.data.name, codec=codec, operation=operation, process=opened.process, reason=reason
            )

    def _answer(
        self, worker: Worker, opened: "_Opened", block: _Block, budget_s: float, careful: bool
    ) -> Iterator[Frame]:
        """A fork's frames for a block, after those of opening its data set if need be; at the end what was `spent`."""
        began = time.monotonic()
        if opened.pid is None or opened.pid != worker.pid:
            data = block.data
            for frame in worker.request(
                "open",
                **self.cases[data.name] | {"messages": [to_json(message, data.schema) for message in data.timed]},
                codecs=list({codec: True for held in opened.blocks for codec, _ in held.candidates}),
                seed=f"{self.plan.seed} {data.name} {opened.process}",
                apart=True,
            ):
                if "at" in frame:
                    yield frame
            opened.pid = worker.pid
        for frame in worker.request(
            "block",
            candidates=block.candidates,
            budget_ns=int((budget_s - (time.monotonic() - began)) * 1e9),
            seed=f"{self.plan.seed} {block.data.name} {block.direction} {opened.process}",
            careful=careful,
            apart=True,
            limit_s=budget_s + PATIENCE_S * len(block.candidates),
        ):
            if "done" not in frame:
                yield frame
                continue
            wall_s, done = time.monotonic() - began, frame["done"]
            measured_ns = done["measured_ns"]
            self.costs.append(wall_s if wall_s > budget_s else wall_s - max(0, measured_ns - done["useful_ns"]) / 1e9)
            yield {"spent": {"wall_ns": int(wall_s * 1e9), "measured_ns": measured_ns}}


@dataclass
class _Opened:
    """A data set's blocks in one pass, and the number of the process that has it open."""

    blocks: list[_Block]
    process: int
    pid: int | None = None
