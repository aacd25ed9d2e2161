"""The report as one HTML page that needs nothing else: style and charts are inside, and it makes no request.

Every name goes through `text`. Light and dark follow the reader's system; on paper and on a telephone it stays legible.
"""

import shlex
from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path

from serbench.fitness import machine_lines
from serbench.report import charts
from serbench.report import summary as s
from serbench.report import words as w
from serbench.report.listings import Listing, of_data, of_matrix, of_run
from serbench.report.summary import Row, Summary, Table
from serbench.results import HALVES, STREAM, WHOLE, Operation

STYLE = Path(__file__).with_name("style.css")


def text(value: object) -> str:
    """Text as itself: nothing in it is markup."""
    return escape(w.clean(value))


def render(summary: Summary) -> str:
    header = summary.run.header
    style = STYLE.read_text(encoding="utf-8")
    place = text(header.machine.get("cpu", "an unknown processor"))
    body = [
        "<header><h1>serbench report</h1>",
        f'<p class="soft">{text(header.started)}, {place}, Python {text(header.machine.get("python", ""))}; ',
        f"{text(summary.conditions)}.</p>{_warnings(summary)}</header>",
        "<p>Every codec had to give each message back before it was timed. Sizes and times are per message; ",
        "<em>efficiency</em> is information / encoded size. A ratio is to the fastest codec of the table, measured in ",
        "pairs. A <em>control</em> is no format for exchange and takes no part in rankings.</p>",
        f"<p>{w.VERDICTS}</p>",
        _contents(summary),
        "<main>",
        _groups(summary),
        *map(_family, summary.families),
        *(_dataset(table, number) for number, table in enumerate(summary.tables, 1)),
        *(_listing(of_matrix(matrix)) for matrix in summary.matrices),
        _codecs(summary),
        *map(_listing, of_run(summary)),
        _conditions(summary),
        "</main>",
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>serbench report, {text(header.started)}</title><style>\n{style}</style></head>\n<body>\n"
        + "\n".join(part for part in body if part)
        + "\n</body></html>\n"
    )


def _warnings(summary: Summary) -> str:
    items = "".join(f"<li>{text(warning)}</li>" for warning in summary.warnings)
    return f"<p>The machine was not fit:</p><ul>{items}</ul>" if items else ""


def _contents(summary: Summary) -> str:
    links = [
        f'<a href="#data-{number}">{text(table.dataset.name)}</a>' for number, table in enumerate(summary.tables, 1)
    ]
    links += ['<a href="#codecs">codecs</a>', '<a href="#machine">machine and versions</a>']
    return f'<nav aria-label="Contents">{"".join(links)}</nav>'


def _grid(caption: str, titles: Sequence[str], rows: Iterable[str], *, numeric: int, wide: bool = True) -> str:
    """A table whose columns from `numeric` on hold numbers; `rows` are whole `tr` elements."""
    heads = "".join(
        f'<th scope="col"{" class=n" if place >= numeric else ""}>{title}</th>' for place, title in enumerate(titles)
    )
    kind = ' class="wide"' if wide else ""
    return (
        f'<div class="scroll"><table{kind}><caption><span>{caption}</span></caption>'
        f"<thead><tr>{heads}</tr></thead>\n<tbody>" + "\n".join(rows) + "</tbody></table></div>"
    )


def _number(content: str, best: bool = False, small: str = "") -> str:
    below = f'<span class="range">{small}</span>' if small else ""
    return f'<td class="n{" best" if best else ""}">{content}{below}</td>'


def _groups(summary: Summary) -> str:
    if not summary.groups:
        return ""
    rows = (
        f'<tr><th scope="row">{_tags(*group.kind.split(", "))}</th>'
        + _number(str(group.codecs))
        + _number(str(group.cells))
        + _number(w.optional(group.efficiency_percent, w.percent_text))
        + _number(w.optional(group.encode_ratio, w.factor_text))
        + _number(w.optional(group.decode_ratio, w.factor_text))
        + "</tr>"
        for group in summary.groups
    )
    titles = ["formats", "codecs", "cells", "efficiency %", "encode, ratio", "decode, ratio"]
    caption = "Geometric means over the cells (codec, data set); ratios are to the fastest codec of each data set"
    return "<h2>By family of formats</h2>" + _grid(caption, titles, rows, numeric=1, wide=False)


def _family(family: s.Family) -> str:
    rows = (
        f'<tr><th scope="row">{text(codec)}</th>{"".join(map(_number, w.cost_cells(held)))}</tr>'
        for codec, held in family.costs.items()
    )
    return f"<h2>{text(family.name)} in {family.sizes} sizes</h2>" + _grid(
        w.COST_NOTE, ["codec", *w.COST_TITLES], rows, numeric=1
    )


def _tags(textual: str, describing: str) -> str:
    return f'<span class="tag {textual}">{textual}</span> <span class="tag shape">{describing}</span>'


def _dataset(table: Table, number: int) -> str:
    data = table.dataset
    parts = [f'<section><h2 id="data-{number}">{text(data.name)}</h2>']
    if data.description:
        parts.append(f"<p>{text(data.description)}</p>")
    caption = f"{text(table.caption)}. Root: {text(data.root)}; source: {text(data.source)}"
    if table.measured:
        titles = ["codec", "kind", "status", "bytes", "efficiency %"]
        titles += ["encode", "ratio", "rank", "decode", "ratio", "rank"]
        parts.append(_grid(caption, titles, map(_row, table.measured), numeric=3))
        parts.append(_charts(table))
    else:
        parts.append(f'<p class="soft">{caption}. Nothing was measured.</p>')
    if table.spread:
        rows = (
            f'<tr><th scope="row">{text(row.codec)}</th>'
            + "".join(_number(w.size_text(size)) for size in row.spread)
            + "</tr>"
            for row in table.spread
        )
        titles = ["codec", *s.SPREAD_TITLES]
        parts.append(_grid("Sizes of the messages, in bytes", titles, rows, numeric=1, wide=False))
    if table.halves:
        titles = ["codec", *(text(s.HALF_TITLES[operation]) for operation in HALVES)]
        rows = (
            f'<tr><th scope="row">{text(row.codec)}</th>'
            + "".join(_time(row, operation) for operation in HALVES)
            + "</tr>"
            for row in table.halves
        )
        parts.append(_grid("Of which the library's own objects take", titles, rows, numeric=1, wide=False))
    if table.rates:
        rows = (
            f'<tr><th scope="row">{text(row.codec)}</th>{"".join(map(_number, cells))}</tr>'
            for row, cells in table.rates
        )
        caption = "Handled in a second, MB of information, and what garbage collection adds"
        parts.append(_grid(caption, ["codec", *w.RATE_TITLES], rows, numeric=1))
    if table.access:
        rows = (
            f'<tr><th scope="row">{text(row.codec)}</th><td>{w.how_read(row)}</td>' + _compared(row, "access") + "</tr>"
            for row in table.access
        )
        caption = f"Reading {text(data.leaf)} of a message"
        parts.append(_grid(caption, w.ACCESS_TITLES, rows, numeric=2, wide=False))
    if table.streams:
        rows = (
            f'<tr><th scope="row">{text(row.codec)}</th>'
            + "".join(_compared(row, operation) for operation in STREAM)
            + "".join(map(_number, w.stream_figures(row.streamed)))
            + "</tr>"
            for row in table.streams
        )
        parts.append(_grid("Many records as one stream", w.STREAM_TITLES, rows, numeric=1))
    parts += map(_listing, of_data(table))
    notes = [f"<li>{text(note)}</li>" for note in table.notes]
    notes += [
        f'<li>{text(row.codec)}: <span class="{row.verified.status}">{row.verified.status}</span>: '
        f"{text(row.verified.reason)}</li>"
        for row in table.absent
    ]
    if notes:
        parts.append(f"<ul>{''.join(notes)}</ul>")
    return "\n".join([*parts, "</section>"])


def _listing(listing: Listing) -> str:
    rows = (
        f'<tr><th scope="row">{text(name)}</th>'
        + "".join(f"<td>{text(cell)}</td>" for cell, _ in cells[: listing.left - 1])
        + "".join(_number(text(cell), best) for cell, best in cells[listing.left - 1 :])
        + "</tr>"
        for (name, _), *cells in listing.rows
    )
    made = _grid(text(listing.caption), [*map(text, listing.titles)], rows, numeric=listing.left, wide=False)
    return made + (f"<ul>{''.join(f'<li>{text(note)}</li>' for note in listing.notes)}</ul>" if listing.notes else "")


def _row(row: Row) -> str:
    tag = f' <span class="tag shape">{text(row.tag)}</span>' if row.tag else ""
    status = row.verified.status
    cells = [
        f'<th scope="row">{text(row.codec)}{tag}</th>',
        f"<td>{_tags(*row.kind.split(', '))}</td>",
        f'<td class="{status}">{status}</td>',
        _number(w.optional(row.size, w.size_text), row.smallest),
        _number(w.optional(row.efficiency_percent, w.percent_text)),
        *(_compared(row, operation) for operation in WHOLE),
    ]
    return f"<tr{' class=control' if row.control else ''}>{''.join(cells)}</tr>"


def _time(row: Row, operation: Operation) -> str:
    time = row.times.get(operation)
    if time is None:
        return _number(w.NONE)
    value, _, interval = w.interval_text(time.figure).partition(" [")
    return _number(value, time.best, f"[{interval}")


def _compared(row: Row, operation: Operation) -> str:
    """Time, ratio and rank."""
    time = row.times.get(operation)
    value, bracket, interval = (w.ratio_interval_text(time) if time else w.NONE).partition(" [")
    ratio = _number(value, time is not None and time.best, f"[{interval}" if bracket else "")
    return _time(row, operation) + ratio + _number(w.rank_text(time))


def _charts(table: Table) -> str:
    scatter, bars = charts.scatter(table), charts.bars(table)
    figures = []
    if scatter:
        key = (
            '<span class="key round textual"></span>text <span class="key binary"></span>binary '
            '<span class="key grey"></span>hollow: self-describing <span class="key grey full"></span>filled: agreed'
        )
        caption = f"Size against encode + decode: near the lower left is better.<br>{key}"
        figures.append(f"<figure><figcaption>{caption}</figcaption>{scatter}</figure>")
    if bars:
        key = '<span class="key encode"></span>encode <span class="key decode"></span>decode'
        caption = f"Time per message: shorter is better. Lines are the intervals.<br>{key}"
        figures.append(f"<figure><figcaption>{caption}</figcaption>{bars}</figure>")
    return f'<div class="charts">{"".join(figures)}</div>' if figures else ""


def _codecs(summary: Summary) -> str:
    titles = ["codec", "format", "kind", "byte order", "library", "written in", "licence", "checks values", "note"]
    rows = (
        f'<tr><th scope="row">{text(codec)}</th>'
        f"<td>{text(about['title'])}</td>"
        f"<td>{_tags(*s.kind_of(about))}</td>"
        f"<td>{text(about['byte_order'])}</td>"
        f"<td>{text(about['distribution'])} {text(about['version'])}</td>"
        f"<td>{text(about['language'])}</td>"
        f"<td>{text(about['licence'])}</td>"
        f"<td>{'yes' if about['validates'] else 'no'}</td>"
        f'<td class="free">{text(about["note"])}</td></tr>'
        for codec, about in summary.run.header.codecs.items()
    )
    caption = "What was measured. <em>Checks values</em>: what decode returns is a value of the schema"
    return f'<h2 id="codecs">Codecs</h2>{_grid(caption, titles, rows, numeric=len(titles))}'


def _conditions(summary: Summary) -> str:
    header = summary.run.header
    pairs = [*machine_lines(summary.run), *header.versions.items()]
    rows = (f'<tr><th scope="row">{text(name)}</th><td class="free">{text(value)}</td></tr>' for name, value in pairs)
    again = f"{shlex.join(header.command)}\nserbench report {shlex.quote(summary.run.path.parent.name)}"
    return (
        '<h2 id="machine">Machine and versions</h2>'
        + _grid("Where it was measured", ["what", "value"], rows, numeric=2, wide=False)
        + "<h2>Again</h2><p>Measure again, and recompute this page from the samples that were kept:</p>"
        + f"<pre><code>{chr(10).join(text(line) for line in again.split(chr(10)))}</code></pre>"
        + f'<p class="soft">Seed {header.seed}, budget {header.budget_s:g} s, plan {text(header.plan_sha256[:12])}.</p>'
    )
