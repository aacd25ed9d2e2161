"""Answers to queries as a table, JSON and CSV, and the tables that can be asked."""

import csv
import io
import math
from datetime import date, time
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.text import Text

from serbench.query import Answer
from serbench.report.terminal import plain
from serbench.report.words import clean
from serbench.tables import TABLES

RUN = ("run", "VARCHAR", "the folder")


def described() -> Answer:
    """The tables, a row a column; all have `run` besides."""
    rows = [
        (name, table.about, column.name, column.type, column.about)
        for name, table in TABLES.items()
        for column in table.columns
    ]
    return Answer(["table", "holds", "column", "type", "unit or meaning"], [("all", "", *RUN), *rows])


def render(answer: Answer, out: Console, grouped: int = 0) -> None:
    """A table, numbers to the right; what repeats from the row above in the first `grouped` columns is left out."""
    numeric = [
        any(_is_number(row[place]) for row in answer.rows)
        and all(row[place] is None or _is_number(row[place]) for row in answer.rows)
        for place in range(len(answer.titles))
    ]
    made = plain([(clean(title), not number) for title, number in zip(answer.titles, numeric)], wrap=True)
    above: tuple[Any, ...] = ()
    for row in answer.rows:
        repeated = [place < grouped and row[:grouped] == above[:grouped] for place in range(len(row))]
        made.add_row(*(Text("" if again else _text(value)) for value, again in zip(row, repeated)))
        above = row
    out.print(made)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:.6g}" if isinstance(value, float) else clean(value)


def as_json(answer: Answer) -> list[dict[str, Any]]:
    """An object a row. Decimals are numbers, times ISO 8601; NaN and infinities, which JSON has not, are null."""
    return [dict(zip(answer.titles, map(_plain, row))) for row in answer.rows]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(held) for held in value]
    if isinstance(value, Decimal | float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, date | time):
        return value.isoformat()
    return value if value is None or isinstance(value, str | int) else str(value)


def as_csv(answer: Answer) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(answer.titles)
    writer.writerows([_cell(value) for value in row] for row in answer.rows)
    return out.getvalue()


def _cell(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value
