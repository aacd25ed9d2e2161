"""Two versions of a library against each other, which cannot share a process: two processes take turns.

Each version is installed with what it requires into a folder of the user's cache, once, and put first on its worker's
path. Workers come in *pairs*, fresh ones each time: in a round each cell has a slot in one, then in the other, in an
order that is drawn anew. What comes of it are two runs, whose timings go together by process and round, for
`serbench.changes` to compare.
"""

import hashlib
import random
import re
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace
from importlib import metadata
from itertools import count
from pathlib import Path
from statistics import fmean
from typing import TypeAlias

from sercodecs import registry
from serschema.errors import SerError
from serschema.jsonform import schema_to_json, to_json

from serbench.cache import cache, used
from serbench.client import Worker
from serbench.counting import OFFERED
from serbench.frames import Frame, WorkerFailed
from serbench.plan import Data, Plan
from serbench.results import COMPARED, FILE_NAME, Header, Operation, ResultsError, Run, Timing, Verified, Writer, read
from serbench.runner import QUIET, Progress, dataset_of, header_of, verify_all
from serbench.statistics import LEAST_PROCESSES

Cell: TypeAlias = tuple[str, Operation]

SIDES = ("old", "new")
USEFUL_S = 0.3
"""Less time than this for a data set does not pay for the start of two processes."""
_PINNED = re.compile(r"[\w.\-\[\],]+==[\w.!+\-]+")


class InstallError(SerError):
    """A requirement that pip does not install, or that is not what it was taken for."""


@dataclass(frozen=True)
class Installed:
    """A folder that holds a version of a distribution and what it requires."""

    folder: Path
    distribution: str
    version: str

    def worker(self) -> Worker:
        """A worker that imports from the folder first."""
        start = f"import sys; sys.path.insert(0, {str(self.folder)!r}); from serbench.worker import main; main()"
        return Worker([sys.executable, "-c", start])


def install(requirement: str) -> Installed:
    """What pip makes of a requirement: `orjson==3.10.0`, a wheel, a folder with a project.

    What is pinned, and a wheel, is installed once and kept; anything else is installed again. Raises `InstallError`.
    """
    file = Path(requirement).absolute()
    known = requirement.encode()
    if file.exists():
        known = file.read_bytes() if file.is_file() else str(file).encode()
    key = hashlib.sha256(known).hexdigest()[:16]
    folder = cache() / f"{sys.implementation.cache_tag}-{key}"
    if not (_PINNED.fullmatch(requirement) or file.is_file()):
        shutil.rmtree(folder, ignore_errors=True)
    if not folder.exists():
        _install(requirement, folder)
    used(folder, f"{sys.implementation.cache_tag}-*")
    asked = [held for held in metadata.distributions(path=[str(folder)]) if held.read_text("REQUESTED") is not None]
    if len(asked) != 1:
        raise InstallError(f"{requirement}: is not one distribution; remove {folder}")
    return Installed(folder, normalized(asked[0].metadata["Name"]), asked[0].version)


def _install(requirement: str, folder: Path) -> None:
    """The folder comes into being whole: what is cut off leaves none."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix="cut-off-") as made:
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", made]
        done = subprocess.run([*command, "--", requirement], capture_output=True, text=True)
        if done.returncode:
            *_, last = [f"exit code {done.returncode}", *filter(str.strip, done.stderr.splitlines())]
            advice = "; python -m ensurepip brings it" if last.endswith("No module named pip") else ""
            raise InstallError(f"pip does not install {requirement}: {last}{advice}")
        Path(made).rename(folder)
        Path(made).mkdir()


def normalized(name: str) -> str:
    """The name of a distribution as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def codecs_of(versions: tuple[Installed, Installed], names: Iterable[str] = ()) -> tuple[str, ...]:
    """The codecs that the distribution does the work of, of those named or of all. Raises `InstallError`."""
    one, two = (version.distribution for version in versions)
    if one != two:
        raise InstallError(f"{one} and {two} are different libraries: serbench run compares them in one process")
    chosen = registry.find(names) if names else registry.codecs()
    found = tuple(info.id for info in chosen if normalized(info.distribution) == one)
    if not found:
        raise InstallError(f"{one} does the work of no such codec; serbench codecs tells the library of each")
    return found


def measure(
    plan: Plan,
    versions: tuple[Installed, Installed],
    folder: Path,
    progress: Progress = QUIET,
    command: Sequence[str] = (),
) -> tuple[Run, Run]:
    """Verify and measure both versions; the runs go to `folder/old` and `folder/new`. A `KeyboardInterrupt` ends it
    cleanly. Raises `ResultsError` if a run is there already.
    """
    started = time.monotonic()
    progress.started(2 * len(plan.data) * len(plan.codecs) + len(plan.data) * plan.processes)
    common, rows = header_of(plan, command), [dataset_of(data) for data in plan.data]
    turns = secrets.token_hex(8)
    with ExitStack() as stack:
        stack.callback(progress.finished)
        writers = []
        for name, version in zip(SIDES, versions):
            if (folder / name / FILE_NAME).exists():
                raise ResultsError(f"{folder / name}: holds a run; choose another folder")
            writers.append(Writer(folder / name))
            stack.callback(writers[-1].close)
            writers[-1].write(_header(common, version, turns))
            for row in rows:
                writers[-1].write(row)
        with suppress(KeyboardInterrupt):
            verified = []
            for writer, version in zip(writers, versions):
                verified.append(verify_all(plan, QUIET, worker=version.worker))
                for outcome in verified[-1]:
                    writer.write(outcome)
            deadline = started + max(plan.budget_s, 2 * (time.monotonic() - started))
            for side, timing in _Pairs(plan, versions, verified, progress).measure(deadline):
                writers[side].write(timing)
    old, new = (read(folder / name) for name in SIDES)
    return old, new


def _header(header: Header, version: Installed, turns: str) -> Header:
    """The header of a side: the version is that of the folder."""
    held = {
        codec: about
        for codec, about in header.codecs.items()
        if normalized(about["distribution"]) == version.distribution
    }
    names = {about["distribution"]: version.version for about in held.values()}
    codecs = {codec: about | {"version": version.version} for codec, about in held.items()}
    return replace(header, turns=turns, versions=header.versions | names, codecs=header.codecs | codecs)


class _Pairs:
    """The pairs of workers of a run. What breaks one of them is taken out."""

    def __init__(
        self,
        plan: Plan,
        versions: tuple[Installed, Installed],
        verified: Sequence[Sequence[Verified]],
        progress: Progress,
    ) -> None:
        self.plan = plan
        self.versions = versions
        self.progress = progress
        self.cells: dict[str, list[Cell]] = {}
        carried = [
            {(row.dataset, row.codec): row.offers for row in rows if row.status in ("ok", "lossy")} for rows in verified
        ]
        for dataset, codec in carried[0]:
            offers = {"", *carried[0][dataset, codec]} & {"", *carried[1].get((dataset, codec), ())}
            if (dataset, codec) in carried[1]:
                self.cells.setdefault(dataset, []).extend(
                    (codec, name) for name in COMPARED if OFFERED.get(name, "") in offers
                )

    def measure(self, deadline: float) -> Iterator[tuple[int, Timing]]:
        """Pair after pair while there is time, and three in any case: side and timing."""
        began = time.monotonic()
        costs: list[float] = []
        for pair in range(self.plan.processes):
            data = [data for data in self.plan.data if self.cells.get(data.name)]
            left_s = deadline - time.monotonic()
            pairs = self.plan.processes - pair
            if costs:
                pairs = min(pairs, max(round(left_s / (fmean(costs) + USEFUL_S * len(data))), LEAST_PROCESSES - pair))
            if not data or pairs < 1:
                return
            until = time.monotonic() + max(0.0, left_s) / pairs
            self.progress.step(f"pair {pair + 1}", min(1.0, (time.monotonic() - began) / max(deadline - began, 1e-9)))
            cost_s = 0.0
            with ExitStack() as stack:
                workers = [stack.enter_context(version.worker()) for version in self.versions]
                for place, held in enumerate(data):
                    now = time.monotonic()
                    share_s = max(0.0, until - now) / (len(data) - place)
                    spent_s = yield from self._block(workers, held, pair, now + share_s)
                    cost_s += time.monotonic() - now - spent_s
            costs.append(cost_s)

    def _block(
        self, workers: Sequence[Worker], data: Data, pair: int, deadline: float
    ) -> Generator[tuple[int, Timing], None, float]:
        """The timings of a data set from a pair; returns how many seconds the rounds took."""
        case = {
            "schema": schema_to_json(data.schema),
            "messages": [to_json(message, data.schema) for message in data.timed],
            "leaf": data.leaf,
            "modules": self.plan.modules,
        }
        cells = self.cells[data.name]
        while cells:
            try:
                first = pair % len(workers)  # they start here: neither is always the one that does
                loops = {side: _hold(side, workers[side], cells, case) for side in (first, 1 - first)}
                began = time.monotonic()
                samples = _rounds(workers, cells, deadline, random.Random(f"{self.plan.seed} {data.name} {pair}"))
            except _Broken as broken:
                codec, operation = broken.cell
                yield (
                    broken.side,
                    Timing(dataset=data.name, codec=codec, operation=operation, process=pair, reason=str(broken)),
                )
                cells.remove(broken.cell)
                continue
            for place, (codec, operation) in enumerate(cells):
                for side in range(len(workers)):
                    rounds, samples_ns, canary_ns = zip(*samples[side][place])
                    yield (
                        side,
                        Timing(
                            dataset=data.name,
                            codec=codec,
                            operation=operation,
                            process=pair,
                            loops=loops[side][place],
                            samples_ns=list(samples_ns),
                            canary_ns=list(canary_ns),
                            rounds=list(rounds),
                        ),
                    )
            return time.monotonic() - began
        return 0.0


class _Broken(Exception):
    """A worker ended, or a codec raised, at a cell of a side."""

    def __init__(self, side: int, cell: Cell, error: WorkerFailed) -> None:
        super().__init__(str(error))
        self.side = side
        self.cell = cell


def _hold(side: int, worker: Worker, cells: Sequence[Cell], case: Frame) -> list[int]:
    """Have the worker hold the cells; the loops of each."""
    cell = cells[0]
    try:
        for frame in worker.request("hold", **case, candidates=cells):
            if "at" in frame:
                codec, operation = frame["at"]
                cell = codec, operation
        loops: list[int] = frame["done"]
    except WorkerFailed as error:
        raise _Broken(side, cell, error) from error
    return loops


def _rounds(
    workers: Sequence[Worker], cells: Sequence[Cell], deadline: float, chance: random.Random
) -> list[list[list[tuple[int, int, int]]]]:
    """By side and cell, the number of the round, the sample and the canary of each turn.

    A cell that has had more than its share of the time sits out; each has one round.
    """
    found: list[list[list[tuple[int, int, int]]]] = [[[] for _ in cells] for _ in workers]
    spent = [0.0] * len(cells)
    began = time.monotonic()
    for number in count():
        now = time.monotonic()
        share = (now - began) / len(cells)
        order = [place for place in range(len(cells)) if number == 0 or (now < deadline and spent[place] <= share)]
        if not order:
            break
        chance.shuffle(order)
        for place in order:
            started = time.monotonic()
            for side in chance.sample(range(len(workers)), len(workers)):
                try:
                    sample_ns, canary_ns = workers[side].ask("turn", place=place)
                except WorkerFailed as error:
                    raise _Broken(side, cells[place], error) from error
                found[side][place].append((number, sample_ns, canary_ns))
            spent[place] += time.monotonic() - started
    return found
