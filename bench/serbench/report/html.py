"""The report as one HTML page that needs nothing else: style, script, charts, data are inside, and it makes no request.

What was measured and what was found comes first, then charts, then all figures as tables, which say everything without
a script too. The charts' specifications and rows are data: the script of `page.js` draws them when they come into
sight, of the rows that the reader has chosen, by Vega, which is inside compressed. A policy in the page itself forbids
it to load anything (Content Security Policy, W3C). Light and dark follow the reader's system.
"""

import json
import shlex
from collections.abc import Iterable, Iterator
from math import isinf
from pathlib import Path

from serbench import links
from serbench.fitness import machine_lines
from serbench.report import charts, engine, grids, rows
from serbench.report import words as w
from serbench.report.findings import findings
from serbench.report.grids import text
from serbench.report.listings import of_run
from serbench.report.summary import Summary, Table

HERE = Path(__file__).parent
POLICY = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline' 'unsafe-eval'; img-src data:"
"""Vega compiles expressions, hence the eval."""
HOW_TO_READ = (
    "Every codec had to give each message back before it was timed. Sizes and times are per message; "
    "<em>efficiency</em> is information / encoded size. A ratio is to the fastest codec of the table, measured in "
    "pairs. A <em>control</em> is no format for exchange and takes no part in rankings."
)


def render(summary: Summary) -> str:
    return page(summary, engine.bundle())


def page(summary: Summary, script: str) -> str:
    """The page with that script to draw charts, as `engine.bundle` gives it; without one it has tables only."""
    started = text(summary.run.header.started)
    drawn = list({one.chart.name: one for one in charts.drawn(summary)}.values()) if script else []
    body = [
        '<a class="skip" href="#main">Skip to the report</a>',
        _header(summary),
        _contents(summary, bool(drawn)),
        '<main id="main">',
        _charts(summary, drawn, script),
        *_tables(summary),
        _conditions(summary),
        "</main>",
        _footer(bool(drawn)),
        f"<script>\n{(HERE / 'page.js').read_text(encoding='utf-8')}</script>",
    ]
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>serbench report, {started}</title>"
        f"<style>\n{(HERE / 'style.css').read_text(encoding='utf-8')}</style>"
        "<script>document.documentElement.className = 'loading'</script></head>\n<body>\n"
        + "\n".join(part for part in body if part)
        + "\n</body></html>\n"
    )


def _header(summary: Summary) -> str:
    header = summary.run.header
    measured = {row.codec for table in summary.tables for row in table.measured}
    formats = {header.codecs[codec]["title"] for codec in measured}
    languages = sorted({str(header.codecs[codec]["language"]) for codec in measured})
    messages = sum(table.dataset.messages for table in summary.tables)
    what = (
        f"{_count(len(measured), 'codec')} of {_count(len(formats), 'format')}, written in {_listed(languages)}, on "
        f"{_count(len(summary.tables), 'data set')} with {_count(messages, 'message')}"
    )
    machine = header.machine
    place = [text(machine.get("cpu", "an unknown processor"))]
    if cores := machine.get("cores"):
        place.append(_count(cores, "core"))
    place.append(f"Python {text(machine.get('python', ''))}")
    found = "".join(
        f"<article><h3>{text(finding.title)}</h3><p>{text(finding.text)}</p></article>" for finding in findings(summary)
    )
    return (
        f"<header><h1>serbench report</h1><dl><dt>What</dt><dd>{what if measured else 'nothing was measured'}</dd>"
        f"<dt>On</dt><dd>{', '.join(place)}; {started_text(header.started)}</dd>"
        f"<dt>How well</dt><dd>{text(summary.conditions)}</dd></dl>{_warnings(summary)}"
        + (f'<section class="cards" aria-label="Findings"><h2>Findings</h2>{found}</section>' if found else "")
        + f"<details><summary>How to read this</summary><p>{HOW_TO_READ}</p><p>{w.VERDICTS}</p></details></header>"
    )


def started_text(started: str) -> str:
    """`2026-01-02 03:04 UTC` of an ISO time in UTC, and any other time as it is."""
    if started.endswith("+00:00") and started[10:11] == "T":
        return text(f"{started[:10]} {started[11:16]} UTC")
    return text(started)


def _count(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _listed(names: list[str]) -> str:
    return text(", ".join(names[:-1]) + (" and " if len(names) > 1 else "") + names[-1]) if names else w.NONE


def _warnings(summary: Summary) -> str:
    items = "".join(f"<li>{text(warning)}</li>" for warning in summary.warnings)
    return f'<div class="unfit"><p>The machine was not fit:</p><ul>{items}</ul></div>' if items else ""


def _contents(summary: Summary, drawn: bool) -> str:
    links = ['<a href="#charts">charts</a>'] if drawn else []
    links += ['<a href="#overall">over all data</a>']
    links += [
        f'<a href="#data-{number}">{text(table.dataset.name)}</a>' for number, table in enumerate(summary.tables, 1)
    ]
    links += ['<a href="#codecs">codecs</a>', '<a href="#machine">machine and versions</a>']
    return f'<nav aria-label="Contents">{"".join(links)}</nav>'


def _data(summary: Summary, drawn: list[charts.Drawn]) -> str:
    """What the script shows, as JSON in which nothing ends or begins an element."""
    held = {
        "datasets": [w.clean(table.dataset.name) for table in summary.tables],
        "codecs": rows.columns(rows.codecs(summary)),
        "cells": rows.columns(rows.cells(summary)),
        "charts": {
            chart.name: {
                "title": chart.title,
                "of": chart.of,
                "columns": chart.columns,
                "needs": chart.needs,
                "spec": {key: part for key, part in charts.specification(chart.drawing).items() if key != "$schema"},
                "rows": rows.columns(one.rows) if chart.of == "matrix" else None,
            }
            for one in drawn
            for chart in (one.chart,)
        },
        "shape": charts.SHAPE,
        "paper": charts.THEME,
        "links": {
            link.name: [None if isinf(link.bits_per_s) else link.bits_per_s, link.latency_s]
            for link in links.PRESETS.values()
        },
    }
    return script_json(held)


def script_json(held: object) -> str:
    """JSON for a script element: `</script>`, `<!--` and the like cannot occur, for it has no `<` (HTML, 4.12.1.3)."""
    return json.dumps(held, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


def _charts(summary: Summary, drawn: list[charts.Drawn], script: str) -> str:
    if not drawn:
        advice = "" if script else f"; with charts: <code>{text(engine.ADVICE)}</code>, and serbench report again"
        return f'<p class="soft">This page has tables{advice}.</p>'
    figures = {one.chart.name: (one.chart.of, _figure(one.chart)) for one in drawn}
    over_link = figures.pop("link", None)
    parts = [
        _controls("".join(f"<option>{text(table.dataset.name)}</option>" for table in summary.tables)),
        _side_by_side(figure for of, figure in figures.values() if of == "codecs"),
        "<h3>On <span data-of></span></h3>",
        _side_by_side(figure for of, figure in figures.values() if of == "dataset"),
        _link_form() + _side_by_side([over_link[1], f'<div id="linked">{grids.over_link()}</div>'])
        if over_link
        else "",
        "<h3>Over all data sets</h3>",
        _side_by_side(figure for of, figure in figures.values() if of in ("cells", "matrix")),
    ]
    return (
        '<noscript><p class="soft">Charts and filters need JavaScript; all figures are in the tables.</p></noscript>'
        f'<section id="charts" hidden><h2>Charts</h2>{"".join(parts)}</section>'
        f'<script type="application/json" id="data">{_data(summary, drawn)}</script>'
        f'<script type="application/octet-stream" id="engine">{script}</script>'
    )


def _side_by_side(parts: Iterable[str]) -> str:
    return f'<div class="charts">{"".join(parts)}</div>'


def _figure(chart: charts.Chart) -> str:
    name, title = chart.name, text(chart.title)
    return (
        f'<figure id="chart-{name}" data-chart="{name}"><figcaption><strong>{title}</strong><span data-of></span><br>'
        f"{text(chart.about)}</figcaption>"
        f'<div class="plot" role="img" aria-label="{title}. The tables have the figures."></div>'
        f'<p class="save">Save <button type="button" data-save="svg" aria-label="Save {title} as SVG">SVG</button> '
        f'<button type="button" data-save="csv" aria-label="Save the data of {title} as CSV">CSV</button></p></figure>'
    )


def _controls(datasets: str) -> str:
    def choice(name: str, label: str, *values: str) -> str:
        options = "".join(f"<option>{value}</option>" for value in values)
        return f'<label>{label}<select name="{name}"><option value="">any</option>{options}</select></label>'

    return (
        '<form id="view" role="search" aria-label="What is shown"><div>'
        f'<label>Data set<select name="data">{datasets}</select></label>'
        '<label>Codec<input type="search" name="find" placeholder="contains" autocomplete="off"></label></div>'
        "<details><summary>Filters</summary><div>"
        + choice("form", "Form", "binary", "text")
        + choice("describing", "Schema", "agreed", "self-describing")
        + choice("status", "Status", "ok", "lossy", "unsupported", "unavailable", "failed")
        + choice("language", "Written in")
        + '<label>Bars<select name="show"><option value="12">12</option><option value="24" selected>24</option>'
        '<option value="48">48</option><option value="1000">all</option></select></label></div></details>'
        '<div><output id="count" aria-live="polite"></output><button type="reset">Reset</button>'
        '<button type="button" id="share">Copy link</button></div></form>'
    )


def _link_form() -> str:
    presets = "".join(f"<option>{text(link.name)}</option>" for link in links.PRESETS.values())
    return (
        '<h3>Over a link: <span data-of></span></h3><form id="link" aria-label="The link">'
        f'<label>Preset<select name="preset"><option value="">-</option>{presets}</select></label>'
        '<label>Bandwidth <output data-value="bandwidth"></output>'
        '<input type="range" name="bandwidth" min="2" max="12" step="0.05"></label>'
        '<label>Latency <output data-value="latency"></output>'
        '<input type="range" name="latency" min="-6" max="0.5" step="0.05"></label></form>'
    )


def _tables(summary: Summary) -> Iterator[str]:
    yield '<h2 id="overall">Over all data</h2>'
    if summary.groups:
        yield grids.groups(summary)
    for family in summary.families:
        yield f"<h3>{text(family.name)} in {family.sizes} sizes</h3>{grids.family(family)}"
    for matrix in summary.matrices:
        yield f"<details><summary><h3>{text(matrix.title)}</h3></summary>{grids.matrix(matrix)}</details>"
    for number, table in enumerate(summary.tables, 1):
        yield _dataset(table, number)
    yield f'<h2 id="codecs">Codecs</h2>{grids.codecs(summary)}'
    yield from map(grids.listing, of_run(summary))


def _dataset(table: Table, number: int) -> str:
    data = table.dataset
    notes = [f"<li>{text(note)}</li>" for note in table.notes]
    notes += [
        f'<li>{text(row.codec)}: <span class="{row.verified.status}">{row.verified.status}</span>: '
        f"{text(row.verified.reason)}</li>"
        for row in table.absent
    ]
    parts = [
        f'<details class="data" data-name="{text(data.name)}" open><summary>',
        f'<h2 id="data-{number}">{text(data.name)}</h2> <span>{text(table.caption)}</span></summary><div class="body">',
        f"<p>{text(data.description)}</p>" if data.description else "",
        *grids.of_dataset(table),
        f"<h3>Notes</h3><ul>{''.join(notes)}</ul>" if notes else "",
    ]
    return "\n".join([*filter(None, parts), "</div></details>"])


def _conditions(summary: Summary) -> str:
    header = summary.run.header
    pairs = [*machine_lines(summary.run), *header.versions.items()]
    found = (grids.row(name, [f'<td class="free">{text(value)}</td>']) for name, value in pairs)
    samples = text(summary.run.path.name)
    again = f"{shlex.join(header.command)}\nserbench report {shlex.quote(summary.run.path.parent.name)}"
    return (
        '<h2 id="machine">Machine and versions</h2>'
        + grids.grid("Where it was measured", ["what", "value"], found, numeric=2, wide=False)
        + f'<h2>Again</h2><p>The raw samples are in <a href="{samples}">{samples}</a> beside this page. '
        "Measure again, and recompute this page from the samples:</p>"
        + f"<pre><code>{chr(10).join(text(line) for line in again.split(chr(10)))}</code></pre>"
        + f'<p class="soft">Seed {header.seed}, budget {header.budget_s:g} s, plan {text(header.plan_sha256[:12])}.</p>'
    )


def _footer(drawn: bool) -> str:
    if not drawn:
        return ""
    licence = (HERE / "vega-licence.txt").read_text(encoding="utf-8")
    return (
        "<footer><details><summary>Charts are drawn by Vega and Vega-Lite (BSD 3-clause), built upon D3 (ISC): "
        f"their licences</summary><pre>{'<br>'.join(map(text, licence.splitlines()))}</pre></details></footer>"
    )
