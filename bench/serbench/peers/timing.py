"""The peers of a run: what the header says of them, their round trips, and their times.

Peers time themselves. In each pass over the data sets every language has a fresh process for each of them, seconds away
from that in which the codecs were measured, and for each of its formats a request

    time     format, schema, data [hex, ...], budget_ns, operations

answered by a frame for each operation, {"row": {"operation", "loops", "samples_ns", "warm_up_ns", "steady"}}, or
{"row": {"operation", "reason"}}, and {"done": {"measured_ns"}} at the end. `data` are the octets of our codec. What is
timed is what the language's users have: octets to the library's own objects, which its hello names, and back.

Of the time for timing peers have a `SHARE`, and as many passes as it allows, for it takes a compiler at run time long
to be done. What fails at it is not asked again for that data set, nor a language that fails three times running.
"""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from random import Random
from statistics import fmean
from typing import Any

from sercodecs import registry
from serschema.errors import SerError

from serbench import environment
from serbench.client import Worker
from serbench.confinement import NICE
from serbench.frames import Frame, WorkerFailed
from serbench.peers import languages
from serbench.peers.answers import measured_ns, timings, without
from serbench.peers.formats import READERS
from serbench.peers.languages import LANGUAGES
from serbench.peers.verify import PATIENCE, Met, meet, verified
from serbench.plan import Data, Plan
from serbench.results import WHOLE, Operation, Run, Spent, Timing, Verified
from serbench.statistics import LEAST_PROCESSES

SHARE = 0.5
"""The part of the time for timing that peers have where there are codecs beside them."""
USEFUL_S = {False: 0.3, True: 2.0}
"""What it takes to measure both operations of a format, without and with a compiler at run time: in a quarter of that
the JVM is far from having compiled what counts.
"""
HURRIED = 0.75
"""With so much of it they make do, if there are three processes then: with fewer nothing is tested."""
LEAST_S = {False: 0.1, True: 0.5}
MOST_S = 8.0
"""The least and the most time that a format has in one process."""
START_S = 0.5
"""What a process is taken to need to start, until one has been seen."""


_LATER = -1
"""A process that has measured nothing yet."""


class Peers:
    """The peers of a plan, built, and asked who they are. Raises `SerError` for one that there is not."""

    def __init__(self, plan: Plan, note: Callable[[str], None]) -> None:
        self.plan = plan
        self._formats: dict[str, list[str]] = {}
        for codec in plan.peers:
            format, _, name = codec.partition("/")
            if name not in LANGUAGES or format not in LANGUAGES[name].formats:
                raise SerError(f"no peer is called {codec!r}")
            self._formats.setdefault(name, []).append(format)
        self._met: dict[str, Met] = {}
        for name, formats in self._formats.items():
            self._met[name] = met = meet(LANGUAGES[name], formats, note)
            if met.worker:
                met.worker.stop()
        self.left_s = 0.0
        """What is left of the share of peers."""
        self._passes = 0
        self._starts_s: dict[str, list[float]] = {}
        self._over_s: dict[tuple[str, str], float] = {}
        """What a format took beside measurement: where code has to be compiled in each process that is much."""
        self._failures: dict[str, int] = {}
        self._done: set[tuple[str, str, int]] = set()
        self._broken: set[tuple[str, str, Operation]] = set()
        self._requests: dict[tuple[str, str], Frame] = {}
        self._known: Mapping[tuple[str, str], Verified] = {}

    def described(self) -> dict[str, dict[str, Any]]:
        """What the header says of each."""
        return {codec: self._described(*codec.split("/")) for codec in self.plan.peers}

    def _described(self, format: str, name: str) -> dict[str, Any]:
        met = self._met[name]
        (info,) = registry.find([READERS[format].codec])
        library, version = met.library(format)
        timing = met.timing
        return environment.described(info) | {
            "implementation": name,
            "distribution": library,
            "version": version,
            "language": met.language.title,
            "licence": "",
            "validates": False,
            "note": "",
            "defects": [],
            "peer": name,
            "objects": str(timing.get("objects", {}).get(format, "")),
            "clock": str(timing.get("clock", "")),
            "optimisation": str(timing.get("optimisation", "")),
        }

    def versions(self) -> dict[str, str]:
        """Of what does their work, by its name and the language's."""
        found = {}
        for name, formats in self._formats.items():
            for format in formats:
                library, version = self._met[name].library(format)
                if version:
                    found[f"{library} ({name})"] = version
        return found

    def go_on(self, held: Run | None, known: Mapping[tuple[str, str], Verified]) -> None:
        """Take what an earlier run has measured as done. What is `known` of round trips is looked at as it grows."""
        self._known = known
        for row in held.spent if held else ():
            self._done.add((row.dataset, row.direction, row.process))
        self._broken |= (
            {(row.dataset, row.codec, row.operation) for row in held.timings if row.reason} if held else set()
        )

    def verify(self) -> Iterator[Verified]:
        """The round trips that are not known yet. Where our codec has failed, the peer is not asked."""
        for name, formats in self._formats.items():
            cells = []
            for format in formats:
                for data in self.plan.data:
                    ours = self._known.get((data.name, READERS[format].codec))
                    if (data.name, f"{format}/{name}") in self._known:
                        continue
                    if ours and ours.status == "failed":
                        reason = f"not asked: {ours.codec} failed: {ours.reason}"
                        yield Verified(dataset=data.name, codec=f"{format}/{name}", status="failed", reason=reason)
                    else:
                        cells.append((format, data))
            yield from verified(self._met[name], cells, timed=True)

    def allot(self, time_s: float, *, beside: bool) -> None:
        """Take a share of the time there is, or all of it if no codec is measured `beside` them."""
        self.left_s = max(0.0, (SHARE if beside else 1.0) * time_s) if self.plan.peers else 0.0

    def lacking(self) -> str:
        """What to tell where their time is too short for a test; empty if it is not."""
        processes = min(LEAST_PROCESSES, self.plan.processes)
        starts_s, useful_s = self._cost(0)
        needed_s = processes * (starts_s + HURRIED * useful_s)
        if needed_s <= self.left_s:
            return ""
        return (
            f"peers have {self.left_s:.0f} s for their times, and would want {needed_s:.0f} s for {processes} "
            "processes: fewer formats, fewer languages or a larger --budget helps"
        )

    def begin(self, process: int) -> None:
        """Settle whether there is time for this pass, and for how many; for the first there always is."""
        starts_s, useful_s = self._cost(process)
        self._passes = 0
        if useful_s:
            passes = int(self.left_s / (starts_s + useful_s))
            hurried = int(self.left_s / (starts_s + HURRIED * useful_s))
            passes = max(passes, min(hurried, LEAST_PROCESSES - process))
            self._passes = max(min(passes, self.plan.processes - process), int(process == 0))

    def measure(self, data: Data, process: int, step: Callable[[str], None]) -> Iterator[Timing | Spent]:
        """The rows of a data set in a pass: of each language from a fresh process, in a random order."""
        if not self._passes:
            return
        names = list(self._formats)
        chance = Random(f"{self.plan.seed} {data.name} {process}")
        chance.shuffle(names)
        for name in names:
            codecs = self._todo(data, name, process)
            chance.shuffle(codecs)
            if codecs:
                yield from self._language(data, name, process, codecs, step)

    def _language(
        self,
        data: Data,
        name: str,
        process: int,
        codecs: list[str],
        step: Callable[[str], None],
    ) -> Iterator[Timing | Spent]:
        held = self._met[name].worker
        assert held
        with Worker(held.argv, patience_s=languages.PATIENCE_S) as asked:
            reason = self._start(asked, name)
            for codec in codecs:
                step(f"{data.name}: {codec}, process {process + 1}")
                began = time.monotonic()
                budget_s = self._budget_s(data, codec, process)
                rows, measured_ns = self._codec(asked, data, codec, process, budget_s, reason)
                wall_s = time.monotonic() - began
                used_ns = measured_ns + sum(row.warm_up_ns or 0 for row in rows)  # which some count in both
                self._over_s[data.name, codec] = max(0.0, wall_s - used_ns / 1e9)
                self.left_s = max(0.0, self.left_s - wall_s)
                self._done.add((data.name, codec, process))
                self._broken |= {(data.name, codec, row.operation) for row in rows if row.reason}
                yield from rows
                yield Spent(
                    dataset=data.name,
                    direction=codec,
                    process=process,
                    wall_ns=int(wall_s * 1e9),
                    measured_ns=measured_ns,
                )

    def _start(self, asked: Worker, name: str) -> str:
        """Start a process; why that failed, if it did."""
        if self._failures.get(name) == PATIENCE:
            return f"not asked: {name} failed {PATIENCE} times running"
        began, reason = time.monotonic(), ""
        try:
            asked.start()
            _favour(asked)
        except WorkerFailed as error:
            reason = self._failed(name, error)
        wall_s = time.monotonic() - began
        self._starts_s.setdefault(name, []).append(wall_s)
        self.left_s = max(0.0, self.left_s - wall_s)
        return reason

    def _failed(self, name: str, error: WorkerFailed) -> str:
        self._failures[name] = self._failures.get(name, 0) + 1
        return str(error)

    def _codec(
        self, asked: Worker, data: Data, codec: str, process: int, budget_s: float, reason: str
    ) -> tuple[list[Timing], int]:
        """The rows of a format, and what of the time was measurement; without times if there is a reason already."""
        name = codec.split("/")[1]
        operations = self._operations(data, codec)
        row = self._known[data.name, codec]
        if len(row.encoded_bytes) < len(data.messages):
            reason = f"it does not carry every message: {', '.join(row.losses)}"
        elif self._failures.get(name) == PATIENCE and not reason:
            reason = f"not asked: {name} failed {PATIENCE} times running"
        if not reason:
            try:
                found = self._answer(asked, data, codec, operations, process, budget_s)
                self._failures[name] = 0
                return found
            except WorkerFailed as error:
                reason = self._failed(name, error)
        return [without(data.name, codec, operation, process, reason) for operation in operations], 0

    def _answer(
        self, asked: Worker, data: Data, codec: str, operations: list[Operation], process: int, budget_s: float
    ) -> tuple[list[Timing], int]:
        """The rows of a request, asked twice if its process is killed once. Raises `WorkerFailed`."""
        request = self._request(data, codec) | {"budget_ns": int(budget_s * 1e9), "operations": operations}
        asked.patience_s = budget_s + languages.PATIENCE_S
        try:
            *frames, last = asked.request("time", limit_s=asked.patience_s, **request)
        except WorkerFailed as error:
            if not error.killed:
                raise
            *frames, last = asked.request("time", limit_s=asked.patience_s, **request)
        try:
            return timings(frames, operations, data.name, codec, process), measured_ns(last)
        except (KeyError, TypeError, ValueError):
            asked.stop()
            raise WorkerFailed(f"rubbish in place of times: {str([*frames, last])[:80]}") from None

    def _request(self, data: Data, codec: str) -> Frame:
        """What the peer needs besides the budget: the messages that are timed, in the octets of our codec."""
        format = codec.split("/")[0]
        if (data.name, format) not in self._requests:
            reader = READERS[format]
            (info,) = registry.find([reader.codec])
            ours = info.compile(data.schema)
            octets = [ours.encode(message).hex() for message in data.timed]
            held = {"format": format, "schema": reader.schema(data.schema), "data": octets}
            self._requests[data.name, format] = held
        return self._requests[data.name, format]

    def _todo(self, data: Data, name: str, process: int) -> list[str]:
        """What is still to be timed of a language in a process: what came back equal, and has objects of its own."""
        objects = self._met[name].timing.get("objects", {})
        codecs = [f"{format}/{name}" for format in self._formats[name] if format in objects]
        return [
            codec
            for codec in codecs
            if (data.name, codec, process) not in self._done
            and self._known[data.name, codec].status in ("ok", "lossy")
            and self._operations(data, codec)
        ]

    def _operations(self, data: Data, codec: str) -> list[Operation]:
        return [
            operation
            for operation in WHOLE
            if operation in self.plan.operations and (data.name, codec, operation) not in self._broken
        ]

    def _cost(self, process: int, started: str = "") -> tuple[float, float]:
        """What the rest of a pass takes, in seconds: to start processes, but for one that is `started`, and to compile;
        and to measure, if that is to be useful.
        """
        starts_s, useful_s = 0.0, 0.0
        for data in self.plan.data:
            for name in self._formats:
                if codecs := self._todo(data, name, process):
                    starts_s += fmean(self._starts_s.get(name, [START_S])) * (f"{data.name} {name}" != started)
                    starts_s += sum(self._over_s.get((data.name, codec), 0.0) for codec in codecs)
                    useful_s += len(codecs) * USEFUL_S[LANGUAGES[name].jit]
        return starts_s, useful_s

    def _budget_s(self, data: Data, codec: str, process: int) -> float:
        """The time of a format, of what is left for this pass and the ones to come."""
        name = codec.split("/")[1]
        starts_s, useful_s = self._cost(process, f"{data.name} {name}")
        later_starts_s, later_useful_s = self._cost(_LATER)
        left_s = self.left_s - starts_s - (self._passes - 1) * later_starts_s
        share = USEFUL_S[LANGUAGES[name].jit] / (useful_s + (self._passes - 1) * later_useful_s)
        return min(MOST_S, max(LEAST_S[LANGUAGES[name].jit], share * left_s))


def _favour(asked: Worker) -> None:
    """Let a peer's processes wait no longer for a CPU than our workers do, where that is permitted."""
    if asked.pid is not None and hasattr(os, "setpriority"):
        with suppress(OSError):
            os.setpriority(os.PRIO_PGRP, asked.pid, NICE)
