"""Tables that are the same in every report: purposes, compression, memory, peers, libraries.

A cell is its text and whether it is the best, the least of its column among the ranked.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from statistics import median
from typing import TypeAlias

from serbench.purposes import PURPOSES
from serbench.report.matrices import Matrix
from serbench.report.peers import Peer, peers
from serbench.report.summary import Row, Summary, Table
from serbench.report.words import COUNTED_TITLES, NONE, digits, margin_text, percent_text, size_text, time_text
from serbench.results import PACKING, Footprint, Library

Cell: TypeAlias = tuple[str, bool]


@dataclass(frozen=True)
class Listing:
    """A table: its first `left` columns are text, the others numbers. `notes` stand below it, a line each."""

    caption: str
    titles: list[str]
    rows: list[list[Cell]]
    left: int = 1
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Column:
    """Numbers of rows, and how one is written. `marked`: the least is the best."""

    title: str
    value: Callable[[Row], float | None]
    text: Callable[[float], str] = size_text
    marked: bool = True

    def cells(self, rows: list[Row]) -> list[Cell]:
        values = [self.value(row) for row in rows]
        least = min((value for row, value in zip(rows, values) if value is not None and not row.control), default=None)
        return [
            (NONE, False) if value is None else (self.text(value), self.marked and value == least and not row.control)
            for row, value in zip(rows, values)
        ]


def _listing(caption: str, rows: list[Row], columns: list[_Column]) -> Listing:
    names: list[Cell] = [(row.codec, False) for row in rows]
    return Listing(
        caption,
        ["codec", *(column.title for column in columns)],
        [list(cells) for cells in zip(names, *(column.cells(rows) for column in columns))],
    )


def of_data(table: Table) -> Iterator[Listing]:
    """What there is to show of a data set."""
    if rows := [row for row in table.measured if row.purposes]:
        yield _purposes(table, rows)
    if table.methods:
        yield _sizes(table)
    if any(operation in row.times for row in table.measured for operation in PACKING):
        yield _speeds(table)
    if rows := [row for row in table.measured if row.verified.dictionary]:
        yield _dictionaries(rows)
    if rows := [row for row in table.measured if row.footprint and row.footprint.method]:
        yield _memory(rows)
    if table.counted:
        yield Listing(
            "Counted by valgrind", [*COUNTED_TITLES], [[(cell, False) for cell in row] for row in table.counted], left=2
        )


def of_run(summary: Summary) -> Iterator[Listing]:
    """What does not depend on data."""
    if found := peers(summary.run):
        yield Listing(
            "Peers time themselves: what they encode and decode, how long they warmed up, in how many measurements "
            "(operation, data set, process) they were steady then, by which clock, and how they are compiled",
            ["codec", "objects", "warm-up", "steady", "clock", "optimisation", "language", "library"],
            [_peer(codec, held) for codec, held in found.items()],
            left=8,
        )
    libraries = sorted(summary.run.libraries, key=lambda row: min(row.import_ns, default=math.inf))
    if libraries:
        yield Listing(
            "Libraries: the least time to import one and compile a schema of one field, the memory that this takes, "
            "and what is on disk, alone and with all that it requires, in bytes",
            ["codec", "library", "import", "memory", "on disk", "with requirements"],
            [_library(row, summary) for row in libraries],
            left=2,
        )


def of_matrix(matrix: Matrix) -> Listing:
    """A matrix by the words of its cells."""
    titles = [matrix.corner, *matrix.columns, *([matrix.aside] if matrix.asides else [])]
    rows = [
        [
            f"{name} (control)" if name in matrix.controls else name,
            *(cell.word if cell else NONE for cell in cells),
            *([matrix.asides.get(name, "")] if matrix.asides else []),
        ]
        for name, cells in zip(matrix.rows, matrix.cells)
    ]
    legend = f" ({matrix.legend})" if matrix.legend else ""
    return Listing(
        f"{matrix.title}{legend}",
        titles,
        [[(text, False) for text in row] for row in rows],
        left=len(titles),
        notes=tuple(matrix.notes),
    )


def _peer(codec: str, held: Peer) -> list[Cell]:
    warm_up = NONE if held.warm_up_ns is None else " to ".join(dict.fromkeys(map(time_text, held.warm_up_ns)))
    steady = f"{held.steady} of {held.operations}" if held.operations else NONE
    objects = held.objects or "none of its own: not timed"
    cells = [codec, objects, warm_up, steady, held.clock, held.optimisation, held.language, held.library]
    return [(cell or NONE, False) for cell in cells]


def _library(row: Library, summary: Summary) -> list[Cell]:
    about = summary.run.header.codecs[row.codec]
    sizes = (row.resident_bytes, row.installed_bytes, row.required_bytes)
    cells = [
        row.codec,
        f"{about['distribution']} {about['version']}",
        time_text(min(row.import_ns)) if row.import_ns else NONE,
        *(NONE if size is None else size_text(size) for size in sizes),
    ]
    return [(cell, False) for cell in cells]


def _sizes(table: Table) -> Listing:
    def size(method: str) -> _Column:
        return _Column(method, lambda row: row.compressed.get(method))

    data = table.dataset
    whose = "" if data.messages == 1 else f", on average of {data.timed}"
    return _listing(f"Compressed, each message by itself, in bytes{whose}", table.measured, [*map(size, table.methods)])


def _purposes(table: Table, rows: list[Row]) -> Listing:
    """The smallest first; a column for each purpose that octets of some codec are for."""

    def octets(purpose: str) -> _Column:
        return _Column(purpose, lambda row: row.purposes.get(purpose, 0), marked=False)

    rows = sorted(rows, key=lambda row: (row.control, sum(row.purposes.values())))
    shown = [purpose for purpose in PURPOSES if any(purpose in row.purposes for row in rows)]
    share = _Column(
        "content, %",
        lambda row: 100 * row.purposes.get("content", 0) / sum(row.purposes.values()),
        percent_text,
        marked=False,
    )
    count = rows[0].verified.explained
    whose = "" if table.dataset.messages == 1 else f", on average of {count}"
    return _listing(
        f"What the octets of a message are for, where a codec can be explained{whose}",
        rows,
        [*map(octets, shown), share],
    )


def _speeds(table: Table) -> Listing:
    """A row for each codec and method, the fastest way there and back first."""
    found: list[tuple[float, list[str]]] = []
    for row in table.measured:
        times = {str(operation): time.figure for operation, time in row.times.items()}
        for method in table.methods:
            there, back = times.get(f"compress:{method}"), times.get(f"decompress:{method}")
            if there is None and back is None:
                continue
            cells = [row.codec, method]
            for figure in (there, back):
                rate = digits(1e3 * row.compressed["none"] / figure.ns) if figure else NONE
                cells += [margin_text(figure) if figure else NONE, rate]
            ways = [
                one.ns + other.ns if one and other else math.inf
                for one, other in ((times.get("encode"), there), (back, times.get("decode")))
            ]
            cells += [time_text(way) if way < math.inf else NONE for way in ways]
            found.append((sum(ways), cells))
    return Listing(
        "Compression of what codecs write, MB/s of it; the last columns are the whole ways",
        ["codec", "method", "compress", "MB/s", "decompress", "MB/s", "encode + compress", "decompress + decode"],
        [[(cell, False) for cell in cells] for _, cells in sorted(found, key=lambda pair: pair[0])],
        left=2,
    )


def _dictionaries(rows: list[Row]) -> Listing:
    held = rows[0].verified.dictionary

    def size(title: str, name: str) -> _Column:
        return _Column(title, lambda row: row.verified.dictionary[name] / row.verified.dictionary["messages"])

    def saved_percent(row: Row) -> float:
        return 100 * (1 - row.verified.dictionary["zstd-3-dictionary"] / row.verified.dictionary["zstd-3"])

    return _listing(
        f"A zstd dictionary, trained on {held['training_messages']:,} messages and used on the other "
        f"{held['messages']:,}, in bytes",
        rows,
        [
            size("none", "none"),
            size("zstd-3", "zstd-3"),
            size("with dictionary", "zstd-3-dictionary"),
            _Column("saved by it, %", saved_percent, percent_text, marked=False),
            _Column("the dictionary", lambda row: row.verified.dictionary["dictionary_bytes"], marked=False),
        ],
    )


def _memory(rows: list[Row]) -> Listing:
    """The least peaks first."""
    rows = sorted(rows, key=lambda row: (row.control, _of(row).encode_peak_bytes + _of(row).decode_peak_bytes))
    methods = " and ".join(sorted({_of(row).method for row in rows}))
    return _listing(
        f"Memory of one call on the largest message, in bytes, by {methods}; and the time to compile the schema",
        rows,
        [
            _Column("encode: peak", lambda row: _of(row).encode_peak_bytes),
            _Column("held", lambda row: _of(row).encode_held_bytes),
            _Column("allocations", lambda row: _of(row).encode_allocations),
            _Column("decode: peak", lambda row: _of(row).decode_peak_bytes),
            _Column("held", lambda row: _of(row).decode_held_bytes),
            _Column("allocations", lambda row: _of(row).decode_allocations),
            _Column("construct", _construct_ns, time_text, marked=False),
        ],
    )


def _construct_ns(row: Row) -> float | None:
    return median(_of(row).construct_ns) if _of(row).construct_ns else None


def _of(row: Row) -> Footprint:
    assert row.footprint
    return row.footprint
