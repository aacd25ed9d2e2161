"""The rows that charts are drawn of, flat and wide: one for each codec on each data set, and one for each codec.

The page and the files of charts draw the same rows by the same specifications, which pick and fold what they show.
Times are nanoseconds per message, sizes octets per message. Names of the user's are values only, cleaned as everywhere:
never names of columns or parts of expressions.
"""

from collections import defaultdict
from collections.abc import Sequence
from statistics import geometric_mean
from typing import TypeAlias, get_args

from serbench import purposes
from serbench.report.matrices import Matrix
from serbench.report.summary import Row, Summary, Table, kind_of
from serbench.report.words import clean
from serbench.results import HALVES, WHOLE, Method, Operation

Value: TypeAlias = str | float | int | bool | None
Values: TypeAlias = dict[str, Value]

METHODS: tuple[str, ...] = ("none", *get_args(Method))
PURPOSES: tuple[str, ...] = (*purposes.PURPOSES, "unexplained")


def cells(summary: Summary) -> list[Values]:
    """A row for each codec on each data set, what could not be measured included, in the order of the tables."""
    standing = {row["codec"]: row["standing"] for row in codecs(summary)}
    return [
        _cell(table, row) | {"standing": standing[clean(row.codec)]}
        for table in summary.tables
        for row in (*table.measured, *table.absent)
    ]


def _cell(table: Table, row: Row) -> Values:
    data = table.dataset
    found: Values = {
        "dataset": clean(data.name),
        "family": clean(data.family),
        "information": data.information_bytes / data.messages,
        "codec": clean(row.codec),
        **_kind(row),
        "status": row.verified.status,
        "losses": clean(", ".join(row.verified.losses) or row.verified.reason),
        "bytes": row.size,
        "efficiency": row.efficiency_percent,
        "round_trip": row.round_trip_ns,
    }
    for operation in WHOLE:
        figure = row.times[operation].figure if operation in row.times else None
        found[operation] = figure.ns if figure else None
        found[f"{operation}_low"] = figure.low if figure else None
        found[f"{operation}_high"] = figure.high if figure else None
    found |= {operation: _ns(row, operation) for operation in HALVES}
    found |= {method: row.compressed.get(method) for method in METHODS}
    of_purposes = row.purposes or ({"unexplained": row.size} if row.size else {})
    return found | {f"purpose_{purpose}": of_purposes.get(purpose) for purpose in PURPOSES}


def codecs(summary: Summary) -> list[Values]:
    """A row for each codec of the run: what it is, and its geometric means over the data sets that it carries.

    `bytes_ratio` is to the smallest codec of each data set, `time_ratio` to the fastest there and back. `standing`
    numbers the codecs by the latter: those that carry at least half of the data sets first.
    """
    sizes: dict[str, list[float]] = defaultdict(list)
    times: dict[str, list[float]] = defaultdict(list)
    for table in summary.tables:
        least = min((row.size for row in table.ranked if row.size), default=None)
        quickest = min((row.round_trip_ns for row in table.ranked if row.round_trip_ns), default=None)
        for row in table.ranked:
            if least and row.size and row.efficiency_percent:  # a peer that refuses messages has no size to compare
                sizes[row.codec].append(row.size / least)
            if quickest and row.round_trip_ns:
                times[row.codec].append(row.round_trip_ns / quickest)
    found = [
        {
            "codec": clean(codec),
            "format": clean(about["title"]),
            "form": kind_of(about)[0],
            "describing": kind_of(about)[1],
            "language": clean(about["language"]),
            "control": bool(about["control"]),
            "datasets": len(sizes[codec]),
            "often": 2 * len(sizes[codec]) >= len(summary.tables),
            "bytes_ratio": geometric_mean(sizes[codec]) if sizes[codec] else None,
            "time_ratio": geometric_mean(times[codec]) if times[codec] else None,
        }
        for codec, about in summary.run.header.codecs.items()
    ]
    order = sorted(found, key=lambda row: (not row["often"], row["time_ratio"] or 1e99, row["bytes_ratio"] or 1e99))
    standing = {row["codec"]: place for place, row in enumerate(order, 1)}
    return [row | {"standing": standing[row["codec"]]} for row in found]


LETTERS = {"ok": "", "lossy": "~", "unsupported": "-", "unavailable": "?", "defect": "d", "failed": "x", "control": "c"}
"""By status of a matrix's cell, what is written in it where its word is too long."""
WORDS = {"ok": "", "same": "="}
"""Words that have a letter of their own."""


def of_matrix(matrix: Matrix) -> list[Values]:
    """A row for each cell of a matrix; `letter` is what there is room for."""
    return [
        {
            "codec": clean(name),
            "column": clean(column),
            "status": cell.status,
            "word": cell.word,
            "letter": WORDS.get(cell.word, cell.word if len(cell.word) <= 2 else LETTERS[cell.status]),
            "tip": clean(cell.tip),
            "control": name in matrix.controls,
        }
        for name, cells in zip(matrix.rows, matrix.cells)
        for column, cell in zip(matrix.columns, cells)
        if cell
    ]


def columns(rows: Sequence[Values]) -> dict[str, list[Value]]:
    """Rows as columns, with four digits of each figure: compact where there are many."""
    return {name: [_short(row[name]) for row in rows] for name in rows[0]} if rows else {}


def _short(value: Value) -> Value:
    if isinstance(value, float):
        rounded = float(f"{value:.4g}")
        return int(rounded) if rounded.is_integer() else rounded
    return value


def _kind(row: Row) -> Values:
    form, describing = kind_of(row.about)
    return {
        "form": form,
        "describing": describing,
        "language": clean(row.about["language"]),
        "control": row.control,
    }


def _ns(row: Row, operation: Operation) -> float | None:
    return row.times[operation].figure.ns if operation in row.times else None
