"""Bars for a terminal: the times to encode and to decode of a data set, as long as they take, with their intervals.

A bar starts at zero and is drawn in eighths of a character; the thin line goes on to the end of the 95 % interval. What
takes more than so many times the median is cut, and ends in an arrow. Where a terminal is wide enough both directions
stand beside each other, in a narrow one below; without Unicode, bars are of number signs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from rich.console import Console
from rich.text import Text

from serbench.report.summary import Row, Table
from serbench.report.words import clean, time_text
from serbench.results import WHOLE, Operation
from serbench.statistics import Figure

EIGHTHS = " ▏▎▍▌▋▊▉"
CUT = 10
"""Bars are cut from this many times the median on."""
LEAST, MOST = 10, 40
"""How many characters a bar may have."""
COLOURS: dict[Operation, str] = {"encode": "blue", "decode": "magenta"}


@dataclass(frozen=True)
class _Scale:
    """A bar of `width` characters is `most_ns` long."""

    most_ns: float
    width: int
    ascii: bool

    def bar(self, figure: Figure) -> str:
        """Always as wide."""
        full = self.width * min(figure.ns, self.most_ns) / self.most_ns
        if figure.ns > self.most_ns:
            return ("#" if self.ascii else "█") * (self.width - 1) + (">" if self.ascii else "▶")
        drawn = "#" * max(1, round(full)) if self.ascii else _eighths(full)
        end = round(self.width * min(figure.high, self.most_ns) / self.most_ns)
        return (drawn + ("-" if self.ascii else "─") * (end - len(drawn))).ljust(self.width)


def _eighths(length: float) -> str:
    whole, part = divmod(max(1, round(8 * length)), 8)
    return "█" * whole + EIGHTHS[part].strip()


def bars(table: Table, out: Console) -> Iterator[Text]:
    """The lines of the chart; none where fewer than two codecs were timed, or there is no room."""
    rows = [row for row in table.measured if any(operation in row.times for operation in WHOLE)]
    operations = [operation for operation in WHOLE if any(operation in row.times for row in rows)]
    if len(rows) < 2:
        return
    names = {row.codec: f"{clean(row.codec)}{' (control)' if row.control else ''}" for row in rows}
    figures = [row.times[operation].figure for operation in operations for row in rows if operation in row.times]
    name, value = max(map(len, names.values())), max(len(time_text(figure.ns)) for figure in figures)
    for count in range(len(operations), 0, -1):
        width = min(MOST, (out.width - name) // count - value - 4)
        if width >= LEAST:
            break
    else:
        return
    scale = {operation: _scale(rows, operation, width, out.options.ascii_only) for operation in operations}
    for start in range(0, len(operations), count):
        beside = operations[start : start + count]
        heading = Text(" " * name)
        for operation in beside:
            heading.append(f"  {operation}".ljust(width + value + 4), style="bold")
        heading.rstrip()
        yield heading
        for row in rows:
            line = Text(names[row.codec].ljust(name), style="dim" if row.control else "")
            for operation in beside:
                line.append(_cell(row, operation, scale[operation], value))
            line.rstrip()
            yield line
    if any(row.times[o].figure.ns > scale[o].most_ns for o in operations for row in rows if o in row.times):
        yield Text(f"(cut: longer than {CUT} times the median)")


def _scale(rows: Sequence[Row], operation: Operation, width: int, ascii_only: bool) -> _Scale:
    times = [row.times[operation].figure for row in rows if operation in row.times]
    usual = CUT * median(figure.ns for figure in times)
    longest = max(min(figure.high, 1.5 * figure.ns) for figure in times)
    return _Scale(min(longest, usual), width, ascii_only)


def _cell(row: Row, operation: Operation, scale: _Scale, value: int) -> Text:
    time = row.times.get(operation)
    if time is None:
        return Text(" " * (scale.width + value + 4))
    text = Text("  ")
    text.append(scale.bar(time.figure), style=COLOURS[operation])
    text.append(f" {time_text(time.figure.ns):>{value}} ", style="bold green" if time.best else "")
    return text
