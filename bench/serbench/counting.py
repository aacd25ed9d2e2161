"""Has instructions counted: a process under valgrind for each data set, as `serbench.counters` starts them."""

import tempfile
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from serschema.jsonform import to_json

from serbench import counters
from serbench.client import Worker
from serbench.frames import Frame, WorkerFailed
from serbench.plan import Plan
from serbench.results import Counted, Operation, Verified

PATIENCE_S = 600.0
"""How long a worker may be silent: it is some fifty times slower."""
OFFERED: dict[Operation, str] = {"access": "access", "write_stream": "stream", "read_stream": "stream"}
"""What a codec has to offer for an operation, where that is anything."""


def count(
    plan: Plan,
    cases: Mapping[str, Frame],
    verified: Mapping[tuple[str, str], Verified],
    done: Collection[str],
    budget_s: float,
    step: Callable[[str, float], None],
) -> Iterator[Counted]:
    """The rows of one data set after the other, of those not done, while there is time; of one in any case."""
    deadline = time.monotonic() + budget_s
    (codec,) = plan.codecs
    todo = [
        data for data in plan.data if data.name not in done and verified[data.name, codec].status in ("ok", "lossy")
    ]
    for place, data in enumerate(todo):
        if place and time.monotonic() > deadline:
            return
        step(f"count {data.name}", place / len(todo))
        case = cases[data.name] | {
            "messages": [to_json(message, data.schema) for message in data.timed],
            "codec": codec,
        }
        offers = verified[data.name, codec].offers
        wanted = [name for name in plan.operations if name not in OFFERED or OFFERED[name] in offers]
        rows = list(_rows(case, wanted, plan.seed))  # a data set that is in the file is whole
        yield from (Counted(dataset=data.name, codec=codec, seed=plan.seed, **row) for row in rows)


def _rows(case: Frame, left: Sequence[Operation], seed: int) -> Iterator[Frame]:
    """What a process counts, or, of an operation that breaks it, the reason; another process does the rest."""
    while left:
        at = left[0]
        with tempfile.TemporaryDirectory(prefix="serbench-") as folder:
            try:
                with Worker(counters.command(folder, seed), patience_s=PATIENCE_S) as worker:
                    for frame in worker.request("count", **case, operations=left, options={}, memory_bytes=None):
                        if "at" in frame:
                            at = frame["at"]
                        elif "row" in frame:
                            yield frame["row"]
                return
            except WorkerFailed as error:
                yield {"operation": at, "reason": str(error)}
        left = left[left.index(at) + 1 :]
