"""The charts, as Vega-Lite specifications: `CHARTS` says which there are, of what, and how each is described in words.

A specification holds no data. It picks what it shows from the rows of `serbench.report.rows`, sorts and counts by
itself, so the page draws it of whatever rows a reader has filtered, and `charts` gives the same with their rows inside.
Sizes and times that differ by factors are on logarithmic axes; bars start at zero, for their length is what is
read. Colours have the contrast of graphics (WCAG 2.2, 1.4.11) on light and dark, are told apart by the colour-blind
(Okabe and Ito, "Color universal design", 2008), and seldom say anything alone: shapes, places or letters say it too.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from serbench.report.matrices import Matrix
from serbench.report.rows import LETTERS, METHODS, PURPOSES, Value, Values, cells, codecs, of_matrix
from serbench.report.summary import Summary
from serbench.report.words import clean
from serbench.results import HALVES, WHOLE

if TYPE_CHECKING:
    from serbench.report.drawings import Drawing

Spec: TypeAlias = dict[str, Any]
Of: TypeAlias = Literal["codecs", "cells", "dataset", "matrix"]
"""The rows that a chart is of: of the run's codecs, of all cells, of the cells of one data set, or of a matrix."""

WIDTH = 640
KNOWN = ("codec", "form", "describing", "language")
INTERVALS = tuple(f"{operation}{end}" for operation in WHOLE for end in ("", "_low", "_high"))
FILLED = "Filled: the schema is agreed; hollow: self-describing."
THEME: Spec = {
    "background": "#ffffff",
    "font": "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif",
    "axis": {"labelColor": "#1d232b", "titleColor": "#56616e", "gridColor": "#e3e7ec", "domainColor": "#aab3bd"},
    "legend": {"labelColor": "#1d232b"},
    "title": {"color": "#1d232b", "subtitleColor": "#56616e"},
    "text": {"color": "#1d232b"},
    "rule": {"color": "#1d232b"},
    "tick": {"color": "#1d232b"},
}
"""The colours of a chart that is not in a page; a page has its own, for light and dark."""
SHAPE: Spec = {
    "view": {"stroke": None},
    "axis": {"labelFontSize": 11, "titleFontSize": 11, "titleFontWeight": "normal", "labelLimit": 230, "ticks": False},
    "legend": {"orient": "top", "labelFontSize": 11, "title": None, "symbolStrokeWidth": 2, "offset": 6},
    "title": {"anchor": "start", "fontSize": 14, "subtitleFontSize": 11, "offset": 12},
}


@dataclass(frozen=True, kw_only=True)
class Chart:
    """One kind of chart: `drawing` names a function of `serbench.report.drawings`, with an argument after a colon.

    `about` is what it shows, for a reader. `columns` is what its data has when it is saved. Only rows that have all of
    `needs` are shown, and no controls but in a matrix.
    """

    name: str
    drawing: str
    title: str
    about: str
    of: Of
    columns: Sequence[str]
    needs: Sequence[str]

    def shown(self, rows: Sequence[Values]) -> list[Values]:
        if self.of == "matrix":
            return list(rows)
        return [row for row in rows if not row["control"] and all(row[column] for column in self.needs)]


@dataclass(frozen=True)
class Drawn:
    """A chart with the rows that it is drawn of, and the data set or matrix that these are of, if it is one."""

    chart: Chart
    rows: Sequence[Values]
    number: int = 0
    name: str = ""


def drawn(summary: Summary) -> Iterator[Drawn]:
    """The charts of a run that say anything, those of a data set once for each data set."""
    every, of_codecs = cells(summary), codecs(summary)
    by_name: dict[Value, list[Values]] = {}
    for row in every:
        by_name.setdefault(row["dataset"], []).append(row)
    for chart in CHARTS:
        held = {
            "codecs": [Drawn(chart, of_codecs)],
            "cells": [Drawn(chart, every)],
            "dataset": [Drawn(chart, rows, place, str(name)) for place, (name, rows) in enumerate(by_name.items(), 1)],
        }[chart.of]
        yield from (replace(one, rows=shown) for one in held if (shown := chart.shown(one.rows)))
    for number, matrix in enumerate(summary.matrices, 1):
        if rows := of_matrix(matrix):
            yield Drawn(of_matrix_chart(number, matrix), rows, number)


def of_matrix_chart(number: int, matrix: Matrix) -> Chart:
    """The heat map of a matrix. Its legend says what letters mean."""
    present = {cell.status for cells in matrix.cells for cell in cells if cell}
    letters = [f"{letter} {status}" for status, letter in LETTERS.items() if letter and status in present]
    if any(cell and cell.word == "same" for cells in matrix.cells for cell in cells):
        letters.insert(0, "= same")
    return Chart(
        name=f"matrix-{number}",
        drawing=f"matrix:{','.join(status for status in LETTERS if status in present)}",
        title=clean(matrix.title),
        about=clean(". ".join(filter(None, (matrix.legend, "; ".join(letters))))),
        of="matrix",
        columns=("codec", "column", "status", "word", "tip"),
        needs=(),
    )


CHARTS = (
    Chart(
        name="overview",
        drawing="overview",
        title="Size against speed, over all data sets",
        about="Geometric means over the data sets: near the lower left is better. Nothing lies below the dashed line, "
        f"the Pareto front, whose codecs are named. {FILLED} Codecs that carry fewer than half of the data sets are "
        "not shown.",
        of="codecs",
        columns=(*KNOWN, "datasets", "bytes_ratio", "time_ratio"),
        needs=("often", "bytes_ratio", "time_ratio"),
    ),
    Chart(
        name="scatter",
        drawing="scatter",
        title="Size against speed",
        about="Near the lower left is better. Nothing lies below the dashed line, the Pareto front, whose codecs are "
        f"named. {FILLED}",
        of="dataset",
        columns=(*KNOWN, "bytes", "round_trip"),
        needs=("bytes", "round_trip"),
    ),
    Chart(
        name="times",
        drawing="times",
        title="Times to encode and to decode",
        about="Per message, shorter is better, fastest there and back first. Lines are the intervals. Beyond eight "
        "times the median a bar is cut, and says its time.",
        of="dataset",
        columns=(*KNOWN, *INTERVALS),
        needs=("encode",),
    ),
    Chart(
        name="halves",
        drawing="halves",
        title="What the library's own objects take",
        about="Populate: from the value to the library's object, which is encoded; decode makes one, which is read "
        "out. Of codecs whose library has such objects.",
        of="dataset",
        columns=(*KNOWN, *HALVES),
        needs=("to_native",),
    ),
    Chart(
        name="sizes",
        drawing="sizes",
        title="What the bytes are for",
        about="Per message, smallest first: the content itself, names, tags, lengths, padding, and what else there is. "
        "Unexplained: nobody takes this codec's bytes apart.",
        of="dataset",
        columns=(*KNOWN, "bytes", *(f"purpose_{purpose}" for purpose in PURPOSES)),
        needs=("bytes",),
    ),
    Chart(
        name="compressed",
        drawing="compressed",
        title="Sizes when compressed",
        about="Each message by itself, by each method; the smallest that any of them makes first.",
        of="dataset",
        columns=(*KNOWN, *METHODS),
        needs=("none", "zlib-6"),
    ),
    Chart(
        name="axes",
        drawing="axes",
        title="Efficiency by the two axes: text or binary, self-describing or agreed",
        about="Information divided by size. A point for each codec, a line at the geometric mean.",
        of="dataset",
        columns=(*KNOWN, "efficiency"),
        needs=("efficiency",),
    ),
    Chart(
        name="link",
        drawing="link",
        title="Time to move a message over a link",
        about="T = encode + latency + size / bandwidth + decode, least first, at 10 Mbit/s unless another link is "
        "chosen. Bars leave out the latency, which is the same for all.",
        of="dataset",
        columns=(*KNOWN, "bytes", "encode", "decode"),
        needs=("bytes", "round_trip"),
    ),
    *(
        Chart(
            name=f"throughput-{operation}",
            drawing=f"throughput:{operation}",
            title=f"Throughput of {operation} against message size",
            about="Information handled in a second. A point is a data set, a line a codec: the eight that are fastest "
            "over all data sets.",
            of="cells",
            columns=(*KNOWN, "dataset", "information", operation),
            needs=(operation,),
        )
        for operation in WHOLE
    ),
)


def charts(summary: Summary) -> dict[str, Spec]:
    """Each chart of a run with its rows, title and colours; one of a data set is called by chart, number and name."""
    found: dict[str, Spec] = {}
    for one in drawn(summary):
        parts = [one.chart.name, str(one.number), _file_name(one.name)] if one.name else [one.chart.name]
        title = f"{one.chart.title}: {one.name}" if one.name else one.chart.title
        found["-".join(filter(None, parts))] = specification(one.chart.drawing) | {
            "data": {"values": one.rows},
            "title": {"text": title, "subtitle": wrap(one.chart.about, 115)},
            "width": WIDTH,
            "padding": {"left": 20, "right": 14, "top": 6, "bottom": 6},  # a viewer's letters may be wider
            "config": {key: _over(SHAPE.get(key, {}), THEME.get(key, {})) for key in {**SHAPE, **THEME}},
        }
    return found


def _over(base: Any, top: Any) -> Any:
    return base | top if isinstance(top, dict) else top


@cache
def specification(drawing: str) -> Spec:
    """That of a drawing, without data, width and colours: it is drawn of the rows named `rows`."""
    from serbench.report import drawings

    kind, _, argument = drawing.partition(":")
    draw: Callable[..., Drawing] = getattr(drawings, kind)
    held: Spec = (draw(argument) if argument else draw()).to_dict()
    held.pop("config", None)
    return held


def _file_name(name: str) -> str:
    return re.sub(r"[^A-Za-z0-9]+", "-", name).strip("-")[:40]
