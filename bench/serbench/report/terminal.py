"""Tables for a terminal. Columns that do not fit its width are left out and named; the reports in files have all."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import IO

from rich import box
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table as RichTable
from rich.text import Text

from serbench.report.bars import bars
from serbench.report.listings import Listing, of_data, of_run
from serbench.report.matrices import Matrix
from serbench.report.summary import SPREAD_TITLES, Row, Summary, Table
from serbench.report.words import (
    COST_NOTE,
    COST_TITLES,
    NONE,
    RATE_TITLES,
    STREAM_TITLES,
    VERDICTS,
    clean,
    cost_cells,
    how_read,
    margin_text,
    optional,
    percent_text,
    rank_text,
    ratio_text,
    size_text,
    stream_figures,
    time_text,
)
from serbench.results import HALVES, STREAM, Operation

PIPE_WIDTH = 200
MOST_LISTED = 20
"""With more codecs than this, bars, rates, compression, memory and libraries are left to the reports in files."""
BEST = "bold green"
STATUS_STYLES = {
    "ok": "",
    "lossy": "yellow",
    "defect": "yellow",
    "control": "dim",
    "unsupported": "dim",
    "unavailable": "dim",
    "failed": "bold red",
}


def console(file: IO[str] | None = None, width: int | None = None) -> Console:
    """Where tables go: as wide as the terminal, or wide enough for everything where there is none. NO_COLOR counts."""
    made = Console(file=file, width=width, highlight=False, markup=False, emoji=False)
    return made if made.is_terminal or width else Console(file=file, width=PIPE_WIDTH, highlight=False, markup=False)


@dataclass(frozen=True)
class _Column:
    """`leaves` says how soon a column is left out where width is scarce: 0 never, then the greatest first."""

    title: str
    cell: Callable[[Row], Text]
    leaves: int = 0
    left: bool = False


def render(summary: Summary, out: Console) -> None:
    """A table for each data set, what its rows lose, what is not in it and why."""
    for table in summary.tables:
        _dataset(table, out)
    for family in summary.families:
        out.print()
        out.print(Text(f"{clean(family.name)} in {family.sizes} sizes", style="bold"))
        out.print(COST_NOTE)
        made = plain([("codec", True), *((title, False) for title in COST_TITLES)], wrap=True)
        for codec, held in family.costs.items():
            made.add_row(clean(codec), *cost_cells(held))
        out.print(made)
    for found in summary.matrices:
        if found.kind != "round trips":  # which the tables say
            out.print()
            matrix(found, out, titled=True)
    out.print()
    for listing in of_run(summary):
        _listing(listing, out)
    lone = {row.codec for table in summary.tables for row in table.measured}
    if len(summary.tables) == 1 and len(lone) == 1:
        for row in summary.tables[0].measured:
            out.print(f"first bytes: {spaced(row.verified.head_hex)}", soft_wrap=True)
    out.print(summary.conditions)
    for warning in summary.warnings:
        out.print(Text(f"warning: {clean(warning)}", style="yellow"))
    out.print(VERDICTS)


def spaced(head_hex: str) -> str:
    """Hexadecimal in groups of four octets."""
    return " ".join(head_hex[at : at + 8] for at in range(0, len(head_hex), 8))


def _dataset(table: Table, out: Console) -> None:
    out.print()
    out.print(Text(clean(table.dataset.name), style="bold") + Text(f"  {clean(table.dataset.description)}".rstrip()))
    out.print(table.caption)
    if table.measured:
        _fitting(_columns(), table.measured, out)
    if len(table.measured) <= MOST_LISTED:
        for line in bars(table, out):
            out.print(line, soft_wrap=True)
    if table.spread:
        out.print("sizes of the messages, in bytes:")
        columns = [_Column(title, _spread(place)) for place, title in enumerate(SPREAD_TITLES)]
        _fitting([_name(), *columns], table.spread, out)
    if table.halves:
        out.print("of which the library's own objects take:")
        _fitting([_name(), *(_half(operation) for operation in HALVES)], table.halves, out)
    if 0 < len(table.rates) <= MOST_LISTED:
        out.print("handled in a second, MB of information, and what garbage collection adds:")
        cells = {row.codec: held for row, held in table.rates}
        columns = [_Column(title, _rate(cells, place), leaves=1 + place) for place, title in enumerate(RATE_TITLES)]
        _fitting([_name(), *columns], [row for row, _ in table.rates], out)
    if table.access:
        out.print(Text(f"reading {clean(table.dataset.leaf)} of a message:"))
        how = _Column("leaf read", lambda row: Text(how_read(row)), left=True)
        _fitting([_name(), how, *_compared("time", "access")], table.access, out)
    if table.streams:
        out.print("many records as one stream:")
        timed = [
            column for title, operation in zip(("write", "read"), STREAM) for column in _compared(title, operation)
        ]
        figures = [_Column(title, _stream(place), leaves=3) for place, title in enumerate(STREAM_TITLES[-4:])]
        _fitting([_name(), *timed, *figures], table.streams, out)
    for listing in of_data(table):
        _listing(listing, out)
    for note in table.notes:
        out.print(clean(note), soft_wrap=True)
    for row in table.absent:
        text = Text(f"{clean(row.codec)}: ") + Text(row.verified.status, style=STATUS_STYLES[row.verified.status])
        out.print(text + Text(f": {clean(row.verified.reason)}" if row.verified.reason else ""), soft_wrap=True)


def _listing(listing: Listing, out: Console) -> None:
    """As many of the columns as fit, from the left, and at least one number; nothing if it is long."""
    if len({cells[0] for cells in listing.rows}) > MOST_LISTED:
        return
    count = len(listing.titles)
    while True:
        made = plain([(title, place < listing.left) for place, title in enumerate(listing.titles[:count])])
        for cells in listing.rows:
            made.add_row(*(Text(clean(text), style=BEST if best else "") for text, best in cells[:count]))
        width = _width(made, out)
        if width <= out.width or count == listing.left + 1:
            break
        count -= 1
    made.width = width
    out.print(Text(f"{clean(listing.caption[0].lower() + listing.caption[1:])}:"), soft_wrap=True)
    out.print(made, crop=False)
    if count < len(listing.titles):
        out.print(f"(a wider terminal shows more: {', '.join(listing.titles[count:])})")


def _columns() -> list[_Column]:
    return [
        _name(),
        _Column("status", lambda row: Text(row.verified.status, style=STATUS_STYLES[row.verified.status]), left=True),
        _Column("bytes", lambda row: Text(optional(row.size, size_text), style=BEST if row.smallest else "")),
        _Column("eff. %", lambda row: Text(optional(row.efficiency_percent, percent_text))),
        *_compared("encode", "encode"),
        *_compared("decode", "decode"),
    ]


def _spread(place: int) -> Callable[[Row], Text]:
    return lambda row: Text(size_text(row.spread[place]))


def _name() -> _Column:
    return _Column("codec", lambda row: Text(clean(f"{row.codec} ({row.tag})" if row.tag else row.codec)), left=True)


def _time(operation: Operation) -> Callable[[Row], Text]:
    def cell(row: Row) -> Text:
        time = row.times.get(operation)
        return Text(margin_text(time.figure), style=BEST if time.best else "") if time else Text(NONE)

    return cell


def _compared(title: str, operation: Operation) -> Iterator[_Column]:
    """Time, ratio and rank."""

    def ratio(row: Row) -> Text:
        time = row.times.get(operation)
        return Text(ratio_text(time), style=BEST if time.best else "") if time else Text(NONE)

    yield _Column(title, _time(operation))
    yield _Column("ratio", ratio, leaves=2)
    yield _Column("rank", lambda row: Text(rank_text(row.times.get(operation))), leaves=1)


def _half(operation: Operation) -> _Column:
    def cell(row: Row) -> Text:
        time = row.times.get(operation)
        return Text(time_text(time.figure.ns) if time else NONE)

    return _Column(operation, cell)


def _rate(cells: dict[str, list[str]], place: int) -> Callable[[Row], Text]:
    return lambda row: Text(cells[row.codec][place])


def _stream(place: int) -> Callable[[Row], Text]:
    return lambda row: Text(stream_figures(row.streamed)[place])


def _fitting(columns: Sequence[_Column], rows: Sequence[Row], out: Console) -> None:
    """Print the table with as many columns as fit; those that stay in any case are never cut."""
    kept = list(columns)
    while _width(made := _rich(kept, rows), out) > out.width and (most := max(column.leaves for column in kept)):
        kept = [column for column in kept if column.leaves != most]
    made.width = _width(made, out)
    out.print(made, crop=False)
    _name_what_is_left_out(dict.fromkeys(column.title for column in columns if column not in kept), out)


def _name_what_is_left_out(titles: Iterable[str], out: Console) -> None:
    if titles := list(titles):
        out.print(f"(a wider terminal shows more: {', '.join(titles)})")


def _rich(columns: Sequence[_Column], rows: Sequence[Row]) -> RichTable:
    made = plain([(column.title, column.left) for column in columns])
    for row in rows:
        made.add_row(*(column.cell(row) for column in columns), style="dim" if row.control else None)
    return made


def _width(made: RichTable, out: Console) -> int:
    return Measurement.get(out, out.options.update(max_width=10_000), made).maximum


def plain(columns: Iterable[tuple[str, bool]], *, wrap: bool = False) -> RichTable:
    """An empty table of columns (title, whether left-aligned)."""
    made = RichTable(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for title, left in columns:
        made.add_column(title, justify="left" if left else "right", no_wrap=not wrap)
    return made


def listing(titles: Sequence[str], rows: Iterable[Sequence[object]], out: Console, spare: Sequence[str] = ()) -> None:
    """A table of text; the cells wrap where they have to. With `spare` columns the first one does not, and where not
    even the words of the others fit, the spare ones are left out in their order, and named."""
    held, places, left_out = list(rows), list(range(len(titles))), list(spare)
    made = _listed(titles, held, places, whole=bool(spare))
    while _least(made, out) > out.width and left_out:
        places.remove(titles.index(left_out.pop(0)))
        made = _listed(titles, held, places, whole=True)
    out.print(made)
    _name_what_is_left_out(spare[: len(spare) - len(left_out)], out)


def _listed(
    titles: Sequence[str], rows: Iterable[Sequence[object]], places: Sequence[int], *, whole: bool
) -> RichTable:
    """The columns of these places; the first is never cut if it is `whole`."""
    made = plain([(titles[place], True) for place in places], wrap=True)
    made.columns[0].no_wrap = whole
    for column in made.columns[1:]:
        column.overflow = "fold"
    for row in rows:
        made.add_row(*(Text(clean(row[place])) for place in places))
    return made


def _least(made: RichTable, out: Console) -> int:
    return Measurement.get(out, out.options.update(max_width=10_000), made).minimum


def matrix(held: Matrix, out: Console, *, titled: bool = False) -> None:
    """A matrix, its legend and its notes. Columns that do not fit beside each other have numbers in place of names, or
    come one below the other if that does not help.
    """
    numbers = [str(number) for number, _ in enumerate(held.columns, 1)]
    every = [slice(0, len(numbers))]
    each = [slice(place, place + 1) for place in range(len(numbers))]
    titles, parts = held.columns, every
    for titles, parts in ((held.columns, every), (numbers, every), (held.columns, each), (numbers, each)):
        if all(_width(_drawn(held, titles, part), out) <= out.width for part in parts):
            break
    if titled:
        out.print(Text(clean(held.title), style="bold"), soft_wrap=True)
    start, end = 0, len(titles) if parts is every else 1
    while start < len(titles):
        while end < len(titles) and _width(_drawn(held, titles, slice(start, end + 1)), out) <= out.width:
            end += 1
        made = _drawn(held, titles, slice(start, end))
        made.width = _width(made, out)
        out.print(made, crop=False)
        out.print()
        start, end = end, end + 1
    if titles is numbers:
        key = (f"{number} {clean(name)}" for number, name in zip(numbers, held.columns))
        out.print(", ".join(key), soft_wrap=True)
    for line in filter(None, (held.legend, *held.notes)):
        out.print(clean(line), soft_wrap=True)


def _drawn(held: Matrix, titles: Sequence[str], part: slice) -> RichTable:
    """The matrix with a part of its columns."""
    aside = [(held.aside, True)] if held.asides else []
    made = plain([(held.corner, True), *((clean(title), True) for title in titles[part]), *aside])
    for name, cells in zip(held.rows, held.cells):
        control = name in held.controls
        made.add_row(
            f"{clean(name)}{' (control)' if control else ''}",
            *(Text(clean(cell.word), style=STATUS_STYLES[cell.status]) if cell else Text(NONE) for cell in cells[part]),
            *(clean(held.asides.get(name, "")) for _ in aside),
            style="dim" if control else None,
        )
    return made
