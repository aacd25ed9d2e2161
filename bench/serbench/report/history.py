"""A history for a terminal, as JSON, and as a page with charts: what a codec took in each run, and where it changed."""

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any

from rich.console import Console
from rich.text import Text

from serbench.history import LEAST_RUNS, History, Series, Shift
from serbench.report.terminal import plain
from serbench.report.words import NONE, clean, size_text
from serbench.results import Run

BLOCKS = "▁▂▃▄▅▆▇█"
GAP = "·"
MOST_POINTS = 60
"""Of more runs the last are drawn in a terminal."""
NOTE = (
    "A time is followed as its ratio to the other codecs of the same run; the number is the last run's against the "
    f"first's. A change is claimed among all these series with p < 0.05, from {LEAST_RUNS} runs on, three on each side."
)


def render(found: History, out: Console) -> None:
    """The runs, a line of blocks for each series, then the changes."""
    shown = found.runs[-MOST_POINTS:]
    titles = ("started", "run", "commit", "versions that changed")
    made = plain([("", False), *((title, True) for title in titles)], wrap=True)
    for number, run in enumerate(found.runs, 1):
        before = found.runs[number - 2] if number > 1 else run
        about = (run.header.started, run.path.parent.name, commit(run), _versions(before, run))
        made.add_row(str(number), *map(clean, about))
    out.print(made)
    out.print()
    if len(shown) < len(found.runs):
        out.print(f"the last {len(shown)} of {len(found.runs)} runs")
    made = plain([("codec", True), ("data set", True), ("what", True), ("runs", True), ("last", False), ("", True)])
    for series in found.series:
        if series.values:
            line = sparkline(series.values[-MOST_POINTS:])
            cells = [*map(clean, (series.codec, series.dataset, series.what)), line, _last(series)]
            made.add_row(*cells, Text(_marks(series), style="bold" if series.shifts else ""))
    out.print(made)
    for series in found.series:
        for shift in series.shifts:
            style = {True: "red", False: "green", None: "yellow"}[shift.worse]
            out.print(Text(clean(sentence(series, shift, found.runs)), style=style), soft_wrap=True)
    if not any(series.shifts for series in found.series):
        out.print("no change found")
    out.print(NOTE)
    for note in found.notes:
        out.print(clean(note), soft_wrap=True)


def commit(run: Run) -> str:
    """The Git state of the folder that it ran in; empty where there was none."""
    return str(run.header.machine.get("commit", ""))


def sparkline(values: Sequence[float | None]) -> str:
    """A character a value, from the least to the greatest of them; a flat line where they are within 1 %."""
    held = [value for value in values if value is not None]
    if not held:
        return ""
    low, high = min(held), max(held)
    if high / low < 1.01:
        return "".join(GAP if value is None else BLOCKS[3] for value in values)
    steps = len(BLOCKS) - 1
    return "".join(GAP if value is None else BLOCKS[round(steps * (value - low) / (high - low))] for value in values)


def _last(series: Series) -> str:
    """Where the series is at its end."""
    last = next((value for value in reversed(series.values) if value is not None), None)
    if last is None:
        return NONE
    return f"{100 * (last - 1):+.1f} %" if series.kind == "time" else size_text(round(last, 1))


def _marks(series: Series) -> str:
    if not series.tested:
        return "too few runs"
    return ", ".join(f"{_change(shift)} at {shift.at + 1}" for shift in series.shifts)


def _change(shift: Shift) -> str:
    if shift.ratio is None:
        return f"{shift.before} became {shift.after}"
    text = f"{100 * (shift.ratio.ratio - 1):+.1f} %"
    if shift.ratio.low == shift.ratio.high:
        return text
    return f"{text} [{100 * (shift.ratio.low - 1):+.1f}, {100 * (shift.ratio.high - 1):+.1f}]"


def sentence(series: Series, shift: Shift, runs: Sequence[Run]) -> str:
    """`json/fast, employees, encode: +5.1 % [+4.2, +6.0] from run 7 (reports/7, 2026-...) on; fast 1.2 became 1.3`."""
    what = series.what if series.kind != "instructions" else f"{series.what}, instructions"
    run = runs[shift.at]
    changed = _versions(runs[shift.at - 1], run)
    named = [run.path.parent.name, run.header.started, *([commit(run)] if commit(run) else [])]
    where = f"from run {shift.at + 1} ({', '.join(named)}) on"
    return f"{series.codec}, {series.dataset}, {what}: {_change(shift)} {where}" + (f"; {changed}" if changed else "")


def _versions(before: Run, run: Run) -> str:
    """What is installed in another version than in the run before."""
    old, new = before.header.versions, run.header.versions
    names = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    return ", ".join(f"{name} {old.get(name, 'absent')} became {new.get(name, 'absent')}" for name in names)


def as_json(found: History) -> dict[str, Any]:
    """`at` is a place in `runs`, counted from 0. Times are relative to the first, sizes in octets a message."""
    return {
        "runs": [
            {
                "run": str(run.path.parent),
                "started": run.header.started,
                "commit": commit(run),
                "versions": run.header.versions,
            }
            for run in found.runs
        ],
        "series": [_series_json(series) for series in found.series],
        "notes": found.notes,
    }


def _series_json(series: Series) -> dict[str, Any]:
    return {
        "dataset": series.dataset,
        "codec": series.codec,
        "kind": series.kind,
        "what": series.what,
        "values": series.values,
        "tested": series.tested,
        "shifts": [
            {
                "at": shift.at,
                "worse": shift.worse,
                "before": shift.before or None,
                "after": shift.after or None,
                "ratio": shift.ratio and shift.ratio.ratio,
                "low": shift.ratio and shift.ratio.low,
                "high": shift.ratio and shift.ratio.high,
                "p": shift.ratio and shift.ratio.p,
            }
            for shift in series.shifts
        ],
    }


# A page.

WIDTH, HEIGHT, LEFT, TOP = 640, 150, 70, 12
STYLE = (
    ":root{color-scheme:light dark;--ink:#1c2733;--line:#2563a8;--mark:#b3261e;--grid:#8884}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e4e8ec;--line:#7fb4ee;--mark:#ff8a80}}"
    "body{font:15px/1.45 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:var(--ink)}"
    "svg{width:100%;height:auto;display:block}polyline{fill:none;stroke:var(--line);stroke-width:2}"
    "circle{fill:var(--line)}line{stroke:var(--grid)}line.shift{stroke:var(--mark);stroke-dasharray:4 3}"
    "text{font:11px system-ui,sans-serif;fill:var(--ink)}h2{font-size:1rem;margin:1.6rem 0 .3rem}"
)


def page(found: History) -> str:
    """One self-contained HTML file without a script: a line chart for each series, its changes marked."""
    parts = [
        '<!DOCTYPE html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
        f"<title>serbench history</title><style>{STYLE}</style><h1>serbench history</h1>",
        f"<p>{len(found.runs)} runs. {escape(NOTE)}</p>",
    ]
    for series in found.series:
        name = ", ".join(map(clean, (series.codec, series.dataset, series.what)))
        parts.append(f"<h2>{escape(name)}</h2>")
        parts += [f"<p>{escape(clean(sentence(series, shift, found.runs)))}</p>" for shift in series.shifts]
        if sum(value is not None for value in series.values) > 1:
            parts.append("".join(_chart(series, name, found.runs)))
    parts += [f"<p>{escape(clean(note))}</p>" for note in found.notes]
    return "\n".join(parts) + "\n"


def _chart(series: Series, name: str, runs: Sequence[Run]) -> Iterator[str]:
    points = [(place, value) for place, value in enumerate(series.values) if value is not None]
    low, high = min(value for _, value in points), max(value for _, value in points)
    margin = max((high - low) * 0.1, low * 0.005)
    low, high = low - margin, high + margin

    def x(place: float) -> float:
        return LEFT + (WIDTH - LEFT - 12) * place / max(1, len(series.values) - 1)

    def y(value: float) -> float:
        return TOP + (HEIGHT - 2 * TOP) * (high - value) / (high - low)

    yield f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(name)}">'
    for value in (low + margin, (low + high) / 2, high - margin):
        text = f"{100 * (value - 1):+.1f} %" if series.kind == "time" else size_text(round(value, 1))
        yield f'<line x1="{LEFT}" x2="{WIDTH}" y1="{y(value):.1f}" y2="{y(value):.1f}"/>'
        yield f'<text x="{LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{text}</text>'
    for shift in series.shifts:
        yield f'<line class="shift" x1="{x(shift.at - 0.5):.1f}" x2="{x(shift.at - 0.5):.1f}" y1="0" y2="{HEIGHT}"/>'
    yield f'<polyline points="{" ".join(f"{x(place):.1f},{y(value):.1f}" for place, value in points)}"/>'
    for place, value in points:
        tip = f"{runs[place].path.parent.name}, {runs[place].header.started}"
        yield f'<circle cx="{x(place):.1f}" cy="{y(value):.1f}" r="3"><title>{escape(clean(tip))}</title></circle>'
    yield "</svg>"
