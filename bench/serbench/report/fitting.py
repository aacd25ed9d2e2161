"""Tables of columns that leave where a terminal is too narrow, for what is no table of a run's rows."""

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from serbench.report.terminal import plain


@dataclass(frozen=True)
class Column:
    """`leaves` says how soon a column is left out where width is scarce: 0 never, then the greatest first."""

    title: str
    cells: Sequence[Text]
    leaves: int = 0
    left: bool = False


def show(columns: Sequence[Column], out: Console) -> None:
    """Print as many columns as fit; those that stay in any case are never cut, and those that do not are named."""
    kept = list(columns)
    while _width(made := _table(kept), out) > out.width and (most := max(column.leaves for column in kept)):
        kept = [column for column in kept if column.leaves != most]
    made.width = _width(made, out)
    out.print(made, crop=False)
    if missing := dict.fromkeys(column.title for column in columns if column not in kept and column.title):
        out.print(f"(a wider terminal shows more: {', '.join(missing)})")


def _table(columns: Sequence[Column]) -> Table:
    made = plain((column.title, column.left) for column in columns)
    for cells in zip(*(column.cells for column in columns)):
        made.add_row(*cells)
    return made


def _width(made: Table, out: Console) -> int:
    return Measurement.get(out, out.options.update(max_width=10_000), made).maximum
