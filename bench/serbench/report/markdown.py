"""The report as Markdown, in the tables of GitHub's dialect (GFM 0.29, section 4.10)."""

import re
import shlex
from collections.abc import Iterable, Iterator, Sequence

from serbench.fitness import machine_lines
from serbench.report import summary as s
from serbench.report import words as w
from serbench.report.listings import Listing, of_data, of_matrix, of_run
from serbench.report.summary import Row, Summary, Table
from serbench.results import HALVES, STREAM, WHOLE, Operation

_SPECIAL = re.compile(r"[\\`*\[\]|~$#]|(?<!\w)_|_(?!\w)")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}


def escape(text: object) -> str:
    """Text as itself: nothing in it is markup, and it stays in its line and cell."""
    held = "".join(_ENTITIES.get(char, char) for char in w.clean(text).replace("\\", "\\\\"))
    return _SPECIAL.sub(lambda match: match[0] if match[0] == "\\" else "\\" + match[0], held)


def render(summary: Summary) -> str:
    run = summary.run
    lines = ["# serbench report", ""]
    lines += [f"Started {escape(run.header.started)}; {summary.conditions}.", ""]
    if summary.warnings:
        lines += ["The machine was not fit:", "", *(f"- {escape(warning)}" for warning in summary.warnings), ""]
    lines += [
        "Sizes and times are per message. Efficiency is information / encoded size. A ratio is to the fastest codec of "
        "the table, measured in pairs. **Bold** is best. A *control* is no format for exchange and takes no part in "
        "rankings.",
        "",
        w.VERDICTS,
        "",
    ]
    if summary.groups:
        lines += ["## By family of formats", "", *_groups(summary)]
    for family in summary.families:
        lines += [f"## {escape(family.name)} in {family.sizes} sizes", "", w.COST_NOTE, ""]
        rows = ([escape(codec), *w.cost_cells(held)] for codec, held in family.costs.items())
        lines += grid(["codec", *w.COST_TITLES], rows)
    for table in summary.tables:
        lines += _dataset(table)
    lines += _listings(map(of_matrix, summary.matrices))
    return "\n".join([*lines, *_codecs(summary), *_listings(of_run(summary)), *_conditions(summary)])


def grid(titles: Sequence[str], rows: Iterable[Sequence[str]], left: int = 1) -> list[str]:
    """A table, its first `left` columns aligned to the left."""
    rules = [":--" if place < left else "--:" for place in range(len(titles))]
    return [f"| {' | '.join(cells)} |" for cells in (titles, rules, *rows)] + [""]


def _bold(text: str, best: bool) -> str:
    return f"**{text}**" if best else text


def _groups(summary: Summary) -> list[str]:
    titles = ["formats", "codecs", "cells", "efficiency %", "encode, ratio", "decode, ratio"]
    rows = (
        [
            group.kind,
            str(group.codecs),
            str(group.cells),
            w.optional(group.efficiency_percent, w.percent_text),
            w.optional(group.encode_ratio, w.factor_text),
            w.optional(group.decode_ratio, w.factor_text),
        ]
        for group in summary.groups
    )
    note = "Geometric means over the cells (codec, data set); ratios are to the fastest codec of each data set."
    return [*grid(titles, rows), note, ""]


def _dataset(table: Table) -> list[str]:
    lines = [f"## {escape(table.dataset.name)}", ""]
    lines += [f"{escape(table.dataset.description)}", ""] if table.dataset.description else []
    lines += [f"{table.caption}. Root: {escape(table.dataset.root)}; source: {escape(table.dataset.source)}.", ""]
    if table.measured:
        titles = ["codec", "kind", "status", "bytes", "efficiency %"]
        titles += ["encode", "ratio", "rank", "decode", "ratio", "rank"]
        lines += grid(titles, map(_row, table.measured), left=3)
    if table.spread:
        lines += ["Sizes of the messages, in bytes:", ""]
        lines += grid(
            ["codec", *s.SPREAD_TITLES],
            ([escape(row.codec), *map(w.size_text, row.spread)] for row in table.spread),
        )
    if table.halves:
        lines += ["Of which the library's own objects take:", ""]
        titles = ["codec", *(s.HALF_TITLES[operation] for operation in HALVES)]
        lines += grid(
            titles, ([escape(row.codec), *(_time(row, operation) for operation in HALVES)] for row in table.halves)
        )
    if table.rates:
        lines += ["Handled in a second, MB of information, and what garbage collection adds:", ""]
        lines += grid(["codec", *w.RATE_TITLES], ([escape(row.codec), *cells] for row, cells in table.rates))
    if table.access:
        lines += [f"Reading {escape(table.dataset.leaf)} of a message:", ""]
        lines += grid(
            w.ACCESS_TITLES,
            ([escape(row.codec), w.how_read(row), *_compared(row, "access")] for row in table.access),
            left=2,
        )
    if table.streams:
        lines += ["Many records as one stream:", ""]
        lines += grid(
            w.STREAM_TITLES,
            (
                [
                    escape(row.codec),
                    *(cell for operation in STREAM for cell in _compared(row, operation)),
                    *w.stream_figures(row.streamed),
                ]
                for row in table.streams
            ),
        )
    lines += _listings(of_data(table))
    notes = [escape(note) for note in table.notes]
    notes += [f"{escape(row.codec)} is {row.verified.status}: {escape(row.verified.reason)}" for row in table.absent]
    return lines + ([f"- {note}" for note in notes] + [""] if notes else [])


def _listings(listings: Iterable[Listing]) -> Iterator[str]:
    for listing in listings:
        yield from (f"{escape(listing.caption)}:", "")
        rows = ([_bold(escape(text), best) for text, best in cells] for cells in listing.rows)
        yield from grid([escape(title) for title in listing.titles], rows, left=listing.left)
        yield from (f"- {escape(note)}" for note in listing.notes)
        if listing.notes:
            yield ""


def _row(row: Row) -> list[str]:
    return [
        escape(row.codec) + (f" *{escape(row.tag)}*" if row.tag else ""),
        row.kind,
        row.verified.status,
        _bold(w.optional(row.size, w.size_text), row.smallest),
        w.optional(row.efficiency_percent, w.percent_text),
        *(cell for operation in WHOLE for cell in _compared(row, operation)),
    ]


def _time(row: Row, operation: Operation) -> str:
    time = row.times.get(operation)
    return _bold(w.interval_text(time.figure), time.best) if time else w.NONE


def _compared(row: Row, operation: Operation) -> tuple[str, str, str]:
    """Time, ratio and rank."""
    time = row.times.get(operation)
    ratio = _bold(w.ratio_interval_text(time), time.best) if time else w.NONE
    return _time(row, operation), ratio, w.rank_text(time)


def _codecs(summary: Summary) -> list[str]:
    titles = ["codec", "format", "library", "language", "licence", "byte order", "checks values", "note"]
    rows = (
        [
            escape(codec),
            escape(about["title"]),
            escape(f"{about['distribution']} {about['version']}".strip()),
            escape(about["language"]),
            escape(about["licence"]),
            about["byte_order"],
            "yes" if about["validates"] else "no",
            escape(about["note"]),
        ]
        for codec, about in summary.run.header.codecs.items()
    )
    return ["## Codecs", "", *grid(titles, rows, left=len(titles))]


def _conditions(summary: Summary) -> list[str]:
    header = summary.run.header
    pairs = [*machine_lines(summary.run), *header.versions.items()]
    return [
        "## Machine and versions",
        "",
        *grid(["what", "value"], ([escape(name), escape(value)] for name, value in pairs), left=2),
        "## Again",
        "",
        "Measure again, and recompute this report from the samples that were kept:",
        "",
        f"    {w.clean(shlex.join(header.command))}",
        f"    {w.clean(shlex.join(['serbench', 'report', summary.run.path.parent.name]))}",
        "",
        f"Seed {header.seed}, budget {header.budget_s:g} s, plan {header.plan_sha256[:12]}.",
        "",
    ]
