"""Two charts as inline SVG: size against time, and times as bars. Colours are the page's classes, so dark mode works.

Size and time are drawn on logarithmic axes, for they differ by factors; bars start at zero, for their length is what
is read. A mark's shape says text or binary, its filling self-describing or agreed.
"""

import math
from collections.abc import Iterator
from html import escape
from typing import TypeAlias

from serbench.report.summary import Row, Table
from serbench.report.words import clean, interval_text, size_text, time_text
from serbench.results import WHOLE

Box: TypeAlias = tuple[float, float, float, float]

WIDTH = 480
HEIGHT = 330
LEFT, RIGHT, TOP, BOTTOM = 62, 14, 12, 44
LETTER = 5.9
"""About the width of a letter of a label."""


def scatter(table: Table) -> str:
    """Octets per message against encode and decode together; empty with fewer than two codecs that were timed."""
    points = [(row.size, row.round_trip_ns, row) for row in table.measured if row.size and row.round_trip_ns]
    if len(points) < 2:
        return ""
    x_axis = _Axis([size for size, _, _ in points], LEFT, WIDTH - RIGHT)
    y_axis = _Axis([ns for _, ns, _ in points], HEIGHT - BOTTOM, TOP)
    parts = [_open(HEIGHT, f"Size against time of {len(points)} codecs; the table has the figures")]
    for value, x in x_axis.ticks():
        parts.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{HEIGHT - BOTTOM}"/>')
        parts.append(f'<text class="tick" x="{x:.1f}" y="{HEIGHT - BOTTOM + 15}" text-anchor="middle">')
        parts.append(f"{size_text(value)}</text>")
    for value, y in y_axis.ticks():
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text class="tick" x="{LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{_tick(value)}</text>')
    parts.append(f'<text class="axis" x="{WIDTH - RIGHT}" y="{HEIGHT - 8}" text-anchor="end">')
    parts.append("bytes per message (smaller is left, log scale)</text>")
    places = [(x_axis.place(size), y_axis.place(ns), row) for size, ns, row in points]
    labels = list(_labels(places))
    parts += [_mark(x, y, row) for x, y, row in places]
    parts += labels
    return "".join([*parts, "</svg>"])


def bars(table: Table) -> str:
    """The times to encode and to decode, with their intervals; empty if nothing was timed."""
    rows = [row for row in table.measured if any(operation in row.times for operation in WHOLE)]
    if not rows:
        return ""
    figures = [row.times[operation].figure for row in rows for operation in WHOLE if operation in row.times]
    most = max(min(figure.high, 1.5 * figure.ns) for figure in figures)
    left = min(190.0, 14 + LETTER * max(len(_name(row)) for row in rows))
    scale = (WIDTH - left - 64) / most
    height = 34 * len(rows) + 6
    parts = [_open(height, f"Times to encode and to decode of {len(rows)} codecs; the table has the figures")]
    for number, row in enumerate(rows):
        top = 6 + 34 * number
        parts.append(f'<text class="label" x="{left - 8:.1f}" y="{top + 16}" text-anchor="end">{_name(row)}</text>')
        for place, operation in enumerate(WHOLE):
            if operation not in row.times:
                continue
            figure = row.times[operation].figure
            y, length = top + 13 * place, max(figure.ns * scale, 1.0)
            parts.append(f'<rect class="{operation}" x="{left:.1f}" y="{y}" width="{length:.1f}" height="11" rx="1.5">')
            tip = f"{operation}: {interval_text(figure)}, mean {time_text(figure.mean_ns)}"
            parts.append(f"<title>{_name(row)}, {escape(tip)}</title></rect>")
            end = left + min(figure.high, most) * scale
            start = left + figure.low * scale
            parts.append(f'<line class="whisker" x1="{start:.1f}" x2="{end:.1f}" y1="{y + 5.5}" y2="{y + 5.5}"/>')
            parts.append(f'<text class="value" x="{max(left + length, end) + 5:.1f}" y="{y + 9.5}">')
            parts.append(f"{time_text(figure.ns)}</text>")
    return "".join([*parts, "</svg>"])


def _open(height: float, label: str) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{escape(label)}">'


def _name(row: Row) -> str:
    return escape(clean(row.codec))


class _Axis:
    """A logarithmic axis from `start` to `end` in the drawing, with a margin around the values."""

    def __init__(self, values: list[float], start: float, end: float) -> None:
        low, high = math.log10(min(values)), math.log10(max(values))
        margin = max(0.08 * (high - low), 0.05)
        self.low, self.high, self.start, self.end = low - margin, high + margin, start, end

    def place(self, value: float) -> float:
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def ticks(self) -> Iterator[tuple[float, float]]:
        """Round values and their places: powers of ten with 2 and 5 between, or finer steps on a short axis."""
        for steps in ((1,), (1, 3), (1, 2, 5), tuple(tenth / 10 for tenth in range(10, 100, 2))):
            values = [
                step * 10.0**power
                for power in range(math.floor(self.low), math.ceil(self.high) + 1)
                for step in steps
                if self.low <= math.log10(step * 10.0**power) <= self.high
            ]
            if len(values) >= 3:
                break
        thinned = values[:: math.ceil(len(values) / 7)]
        return ((value, self.place(value)) for value in thinned)


def _tick(ns: float) -> str:
    """A time on an axis, without the digits that say nothing."""
    number, _, unit = time_text(ns).partition(" ")
    return f"{number.rstrip('0').rstrip('.') if '.' in number else number} {unit}"


def _mark(x: float, y: float, row: Row) -> str:
    classes = f"mark {'textual' if row.about['textual'] else 'binary'}"
    classes += " hollow" if row.about["self_describing"] else ""
    classes += " control" if row.control else ""
    tip = f"<title>{_name(row)}: {_coordinates(row)}; {row.kind}{', control' if row.control else ''}</title>"
    if row.about["textual"]:
        return f'<circle class="{classes}" cx="{x:.1f}" cy="{y:.1f}" r="5">{tip}</circle>'
    return f'<rect class="{classes}" x="{x - 4.5:.1f}" y="{y - 4.5:.1f}" width="9" height="9">{tip}</rect>'


def _coordinates(row: Row) -> str:
    """A mark's two coordinates in words."""
    assert row.size is not None
    assert row.round_trip_ns is not None
    return f"{size_text(row.size)} bytes, {time_text(row.round_trip_ns)}"


def _labels(places: list[tuple[float, float, Row]]) -> Iterator[str]:
    """A label beside each mark where there is room: else it has none, but its tip has it."""
    taken: list[Box] = [(x - 6, y - 6, x + 6, y + 6) for x, y, _ in places]
    for x, y, row in places:
        width = LETTER * len(clean(row.codec))
        for dx, dy, anchor in (
            (9.0, 4.0, "start"), (-9.0, 4.0, "end"), (0.0, -10.0, "middle"), (0.0, 17.0, "middle"),
            (7.0, -7.0, "start"), (-7.0, -7.0, "end"), (7.0, 15.0, "start"), (-7.0, 15.0, "end"),
        ):  # fmt: skip
            start = x + dx - {"start": 0.0, "end": width, "middle": width / 2}[anchor]
            box = (start, y + dy - 9, start + width, y + dy + 2)
            inside = box[0] >= LEFT and box[2] <= WIDTH and box[1] >= 0 and box[3] <= HEIGHT - BOTTOM
            if inside and not any(_overlap(box, other) for other in taken):
                taken.append(box)
                yield (
                    f'<text class="label" x="{x + dx:.1f}" y="{y + dy:.1f}" text-anchor="{anchor}">{_name(row)}</text>'
                )
                break


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
