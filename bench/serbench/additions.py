"""What is found out about a run's data after the run: on which data, and that it is the same.

Crossings and what other implementations say are lines of the run's file, so that reports show them beside what was
measured, and stay functions of that file. A result file has no data in it: a data set is known by its name and by the
hash of its schema and messages. Data of another hash under a name of the run is not taken; data that the run does not
have, such as that made for byte orders, may be added, and is a column of its own.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from serschema import shared

from serbench import inputs
from serbench.inputs import BadInput
from serbench.plan import Data
from serbench.report import write
from serbench.report.summary import summarise
from serbench.results import Dataset, Line, Run, Writer, read


def data_of(run: Run) -> tuple[tuple[Data, ...], list[str]]:
    """The data sets of a run that can be made again, and notes on the others. Raises `BadInput` if none can."""
    found, notes = [], []
    for dataset in run.datasets:
        if dataset.source == "shared" and dataset.name in shared.NAMES:
            (data,), _ = inputs.data_sets((dataset.name,), (), None, 1, 1)
            if _same(dataset, data):
                found.append(data)
                continue
        notes.append(f"{dataset.name} is left out, as its data is not in the run: give its --schema and --data")
    if not found:
        raise BadInput(f"{run.path.parent} has no data that can be made again: give the --schema and --data of the run")
    return tuple(found), notes


def check_same(run: Run, sets: Sequence[Data]) -> None:
    """Raise `BadInput` if a data set has a name of the run, and is another."""
    known = {dataset.name: dataset for dataset in run.datasets}
    for data in sets:
        if data.name in known and not _same(known[data.name], data):
            raise BadInput(
                f"{run.path.parent} was made with other data of the name {data.name}: take the schema, data, --sample "
                "and --seed of the run, or leave --into out"
            )


def _same(dataset: Dataset, data: Data) -> bool:
    """Runs of before there were hashes tell by root and number of messages."""
    if dataset.sha256:
        return dataset.sha256 == data.sha256
    return (dataset.root, dataset.messages) == (data.schema.root, len(data.messages))


@contextmanager
def adding(folder: Path) -> Iterator[Callable[[Iterable[Line]], None]]:
    """A function that adds lines to the run in the folder; nobody else can meanwhile.

    When it is left the usual reports are written again. Raises `ResultsError` if there is no run, another process
    writes to it, or there is no room.
    """
    read(folder)
    writer = Writer(folder)

    def add(lines: Iterable[Line]) -> None:
        for line in lines:
            writer.write(line)

    try:
        yield add
    finally:
        writer.close()
    write(summarise(read(folder)), folder)
