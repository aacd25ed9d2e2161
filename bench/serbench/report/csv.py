"""The figures as CSV (RFC 4180), the rows and columns of `serbench.report.figures`; what does not apply is empty.

Spreadsheets take a cell that begins with one of `=+-@` for a formula: names that do have an apostrophe before them.
"""

import csv
import io

from serbench.report.figures import COLUMNS, rows
from serbench.report.summary import Summary
from serbench.report.words import clean

FORMULA = ("=", "+", "-", "@")


def render(summary: Summary) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for row in rows(summary):
        writer.writerow([_cell(getattr(row, name)) for name in COLUMNS])
    return out.getvalue()


def _cell(value: str | float | None) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f"'{clean(value)}" if value.startswith(FORMULA) else clean(value)
    return value
