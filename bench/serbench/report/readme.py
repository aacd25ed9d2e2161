"""A few lines of Markdown for a README: what was measured on what, and for each data set one short table.

Of a table with many codecs the best of each format are shown, at most so many; the full report has the rest.
"""

import shlex

from serbench.report import words as w
from serbench.report.markdown import escape, grid
from serbench.report.summary import Row, Summary, Table
from serbench.results import WHOLE, Operation

MOST_ROWS = 10


def render(summary: Summary) -> str:
    header = summary.run.header
    machine = header.machine
    lines = []
    for table in summary.tables:
        rows = shortened(table)
        if not rows:
            continue
        lines += [f"**{escape(table.dataset.name)}**: {table.caption}.", ""]
        lines += grid(["codec", "bytes", "encode", "decode"], map(_row, rows))
        if left := len(table.ranked) - len(rows):
            best = "the fastest of each format" if len({_format(row) for row in rows}) == len(rows) else "the fastest"
            lines += [f"{len(rows)} of {len(rows) + left} codecs, {best}.", ""]
    lines += [
        f"Per message; ± is the 95 % interval. **Bold** is best, or a tie with it. {escape(machine.get('cpu', ''))}, "
        f"Python {escape(machine.get('python', ''))}, {escape(header.started[:10])}: "
        f"`{w.clean(shlex.join(header.command)).replace('`', '')}`, measured with serbench "
        f"{escape(header.versions.get('serbench', ''))}.",
        "",
    ]
    return "\n".join(lines)


def _format(row: Row) -> str:
    return str(row.about["format"])


def shortened(table: Table) -> list[Row]:
    """The ranked rows, fastest round trip first; where they are too many, the first of each format, and of these the
    first ones."""
    if len(table.ranked) <= MOST_ROWS:
        return table.ranked
    first: dict[str, Row] = {}
    for row in table.ranked:
        first.setdefault(_format(row), row)
    return list(first.values())[:MOST_ROWS]


def _row(row: Row) -> list[str]:
    size = w.optional(row.size, w.size_text)
    return [
        escape(row.codec) + (" (lossy)" if row.verified.losses else ""),
        f"**{size}**" if row.smallest else size,
        *(_time(row, operation) for operation in WHOLE),
    ]


def _time(row: Row, operation: Operation) -> str:
    time = row.times.get(operation)
    if time is None:
        return w.NONE
    text = w.margin_text(time.figure)
    return f"**{text}**" if time.best else text
