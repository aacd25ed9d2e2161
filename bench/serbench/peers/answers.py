"""What a peer answers when it is asked for times: rows of samples, or why there are none, and nothing else."""

from collections.abc import Iterable, Sequence

from serbench.frames import Frame
from serbench.results import Operation, Timing


def timings(
    frames: Iterable[Frame], operations: Sequence[Operation], dataset: str, codec: str, process: int
) -> list[Timing]:
    """A row for each of the operations, in their order. Raises `KeyError`, `TypeError` or `ValueError` for rubbish."""
    found = {row.operation: row for row in (_timing(frame, dataset, codec, process) for frame in frames)}
    if set(found) - set(operations):
        raise ValueError
    for operation in operations:
        if operation not in found:
            found[operation] = without(dataset, codec, operation, process, "the peer says nothing of it")
    return [found[operation] for operation in operations]


def measured_ns(last: Frame) -> int:
    """What of an answer was measurement, by its last frame. Raises as `timings` does."""
    return _number(last["done"]["measured_ns"], least=0)


def without(dataset: str, codec: str, operation: Operation, process: int, reason: str) -> Timing:
    """A row that says why there are no samples."""
    return Timing(dataset=dataset, codec=codec, operation=operation, process=process, reason=reason)


def _timing(frame: Frame, dataset: str, codec: str, process: int) -> Timing:
    row = frame["row"]
    if "reason" in row:
        return without(dataset, codec, row["operation"], process, str(row["reason"]) or "no reason given")
    samples_ns = [_number(sample, least=1) for sample in row["samples_ns"]]
    if not samples_ns or not isinstance(row["steady"], bool):
        raise ValueError
    return Timing(
        dataset=dataset,
        codec=codec,
        operation=row["operation"],
        process=process,
        loops=_number(row["loops"], least=1),
        samples_ns=samples_ns,
        warm_up_ns=_number(row["warm_up_ns"], least=0),
        steady=row["steady"],
    )


def _number(held: object, least: int) -> int:
    if not isinstance(held, int) or isinstance(held, bool) or held < least:
        raise ValueError
    return held
