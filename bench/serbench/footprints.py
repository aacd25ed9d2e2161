"""What is measured of a run beside round trips, streams and times: libraries, and the memory and set-up of codecs.

Each measurement has its own fork of a process that has imported no library, since what is imported once is not imported
again, and what a codec has made of a schema it often keeps. This comes when everything is timed, and goes on, data set
by data set, for the plan's `memory_share` of the budget or what is left of that; one library and one cell are measured
in any case.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

from sercodecs.contract import CodecInfo
from sercodecs.registry import MODULES, missing
from serschema.jsonform import schema_to_json, to_json

from serbench.client import Worker
from serbench.frames import Frame, WorkerFailed
from serbench.library import sizes
from serbench.memory import PRELOADED
from serbench.plan import Data, Plan
from serbench.results import Footprint, Library, Run, Verified

IMPORTS = 3
"""The most processes in which a library's import is measured."""
IMPORTS_SHARE = 1 / 3
"""The part of the time that imports have."""
OURS = [f"sercodecs.{name}" for name in MODULES]
"""What no library's import is charged with."""

Step = Callable[[str], None]


def measure(
    plan: Plan,
    verified: dict[tuple[str, str], Verified],
    held: Run | None,
    worker: Callable[[], Worker],
    step: Step,
    share_s: float,
) -> Iterator[Library | Footprint]:
    """The rows that an earlier run has not `held`, in about `share_s`; `step` is told what comes next."""
    if not share_s:
        return
    libraries = {row.codec for row in held.libraries} if held else set()
    infos = [info for info in plan.infos() if info.id not in libraries and not missing(info)]
    with _prepared(worker, plan, OURS, infos) as bare:
        yield from _libraries(bare, plan, infos, IMPORTS_SHARE * share_s, step)
    done = {(row.dataset, row.codec) for row in held.footprints} if held else set()
    cells = [
        (data, codec)
        for data in plan.data
        for codec in plan.codecs
        if (data.name, codec) not in done and verified[data.name, codec].status in ("ok", "lossy")
    ]
    with _prepared(worker, plan, [*OURS, PRELOADED], cells) as bare:
        deadline = time.monotonic() + (1 - IMPORTS_SHARE) * share_s
        for place, (data, codec) in enumerate(cells):
            if place and time.monotonic() > deadline:
                return
            step(f"memory {data.name}: {codec}")
            yield _footprint(bare, plan, data, codec)


def _prepared(worker: Callable[[], Worker], plan: Plan, imports: list[str], work: Sequence[object]) -> Worker:
    """A worker that has imported these modules, started if there is work for it."""
    made = worker()
    made.preparation = {"codecs": [], "modules": plan.modules, "imports": imports}
    if work:
        with suppress(WorkerFailed):  # the first request meets it again
            made.start()
    return made


def _footprint(bare: Worker, plan: Plan, data: Data, codec: str) -> Footprint:
    try:
        row = bare.ask(
            "footprint",
            schema=schema_to_json(data.schema),
            messages=[to_json(data.largest, data.schema)],
            codec=codec,
            modules=plan.modules,
            apart=True,
        )
    except WorkerFailed as error:
        row = {"reason": str(error)}
    return Footprint(dataset=data.name, codec=codec, **row)


def _libraries(bare: Worker, plan: Plan, infos: Sequence[CodecInfo], share_s: float, step: Step) -> Iterator[Library]:
    """Each is imported once, then each again, while there is time; those that were not have no row."""
    deadline = time.monotonic() + share_s
    imports: dict[str, list[Frame]] = {}
    reasons: dict[str, str] = {}
    for info in [*infos] * IMPORTS:
        if imports and time.monotonic() > deadline:
            break
        rows = imports.setdefault(info.id, [])
        if info.id in reasons:
            continue
        step(f"import {info.id}")
        try:
            rows.append(bare.ask("import", codec=info.id, modules=plan.modules, apart=True))
        except WorkerFailed as error:
            reasons[info.id] = str(error)
    for info in infos:
        if info.id in imports:
            yield _library(info, imports[info.id], reasons.get(info.id, ""))


def _library(info: CodecInfo, imports: list[Frame], reason: str) -> Library:
    installed, required = sizes(info.distribution)
    return Library(
        codec=info.id,
        import_ns=[row["import_ns"] for row in imports],
        resident_bytes=min(
            (row["resident_bytes"] for row in imports if row["resident_bytes"] is not None), default=None
        ),
        installed_bytes=installed,
        required_bytes=required,
        reason=reason,
    )
