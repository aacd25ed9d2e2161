"""The tables of the page: what each shows, as HTML. Every name goes through `text`.

Cells are bare: which columns hold numbers is said once, by the table's class, and the page's script sorts and filters
by what the cells say.
"""

from collections.abc import Iterable, Iterator, Sequence
from html import escape

from serbench.report import summary as s
from serbench.report import words as w
from serbench.report.listings import Listing, of_data
from serbench.report.matrices import Cell, Matrix
from serbench.report.summary import Row, Summary, Table
from serbench.results import HALVES, STREAM, WHOLE, Operation


def text(value: object) -> str:
    """Text as itself: nothing in it is markup."""
    return escape(w.clean(value))


def grid(caption: str, titles: Sequence[str], rows: Iterable[str], *, numeric: int, wide: bool = True) -> str:
    """A table whose columns from `numeric` on hold numbers; `rows` are whole `tr` elements, `caption` is markup.

    It scrolls by itself where it is wider than the page, and can be reached by keyboard for that.
    """
    heads = "".join(f'<th scope="col">{title}</th>' for title in titles)
    classes = f"n{numeric}" if numeric < len(titles) else ""
    classes += " wide" if wide else ""
    return (
        f'<div class="scroll" tabindex="0"><table class="{classes.strip()}"><caption><span>{caption}</span></caption>'
        f"<thead><tr>{heads}</tr></thead>\n<tbody>" + "\n".join(rows) + "</tbody></table></div>"
    )


def row(name: object, cells: Iterable[str]) -> str:
    """A `tr` with a name and whole cells."""
    return f'<tr><th scope="row">{text(name)}</th>{"".join(cells)}</tr>'


def cell(content: str, best: bool = False, small: str = "") -> str:
    below = f"<small>{small}</small>" if small else ""
    return f"<td{' class=best' if best else ''}>{content}{below}</td>"


def tags(form: str, describing: str) -> str:
    return f'<span class="tag {form}">{form}</span> <span class="tag">{describing}</span>'


def groups(summary: Summary) -> str:
    rows = (
        f'<tr><th scope="row">{tags(*group.kind.split(", "))}</th>'
        + cell(str(group.codecs))
        + cell(str(group.cells))
        + cell(w.optional(group.efficiency_percent, w.percent_text))
        + cell(w.optional(group.encode_ratio, w.factor_text))
        + cell(w.optional(group.decode_ratio, w.factor_text))
        + "</tr>"
        for group in summary.groups
    )
    titles = ["formats", "codecs", "cells", "efficiency %", "encode, ratio", "decode, ratio"]
    caption = "Geometric means over the cells (codec, data set); ratios are to the fastest codec of each data set"
    return grid(caption, titles, rows, numeric=1, wide=False)


def family(held: s.Family) -> str:
    rows = (row(codec, map(cell, w.cost_cells(costs))) for codec, costs in held.costs.items())
    return grid(w.COST_NOTE, ["codec", *w.COST_TITLES], rows, numeric=1)


def matrix(held: Matrix) -> str:
    """A matrix by the words of its cells, with what there is to say of it below."""
    asides = [held.aside] if held.asides else []
    rows = (
        row(
            f"{name} (control)" if name in held.controls else name,
            [_judged(found) for found in cells] + [f"<td>{text(held.asides.get(name, ''))}</td>" for _ in asides],
        )
        for name, cells in zip(held.rows, held.cells)
    )
    titles = [*map(text, (held.corner, *held.columns, *asides))]
    caption = text(held.legend or held.title)
    return grid(caption, titles, rows, numeric=len(titles), wide=False) + notes(held.notes)


def notes(lines: Sequence[str]) -> str:
    return f"<ul>{''.join(f'<li>{text(line)}</li>' for line in lines)}</ul>" if lines else ""


def _judged(found: Cell | None) -> str:
    if found is None:
        return f"<td>{w.NONE}</td>"
    tip = f' title="{text(found.tip)}"' if found.tip and found.tip != found.word else ""
    plain = found.status == "ok"
    return f"<td{'' if plain else f' class={found.status}'}{tip}>{text(found.word)}</td>"


def _status(status: str) -> str:
    return f"<td>{status}</td>" if status in ("ok", w.NONE) else f"<td class={status}>{status}</td>"


def of_dataset(table: Table) -> Iterator[str]:
    """The tables of a data set, one after the other."""
    data = table.dataset
    caption = f"{text(table.caption)}. Root: {text(data.root)}; source: {text(data.source)}"
    if table.measured:
        titles = ["codec", "kind", "status", "bytes", "efficiency %"]
        titles += ["encode", "ratio", "rank", "decode", "ratio", "rank"]
        yield grid(caption, titles, map(_measured, table.measured), numeric=3)
    else:
        yield f'<p class="soft">{caption}. Nothing was measured.</p>'
    if table.spread:
        rows = (row(held.codec, (cell(w.size_text(size)) for size in held.spread)) for held in table.spread)
        yield grid("Sizes of the messages, in bytes", ["codec", *s.SPREAD_TITLES], rows, numeric=1, wide=False)
    if table.halves:
        titles = ["codec", *(text(s.HALF_TITLES[operation]) for operation in HALVES)]
        rows = (row(held.codec, (_time(held, operation) for operation in HALVES)) for held in table.halves)
        yield grid("Of which the library's own objects take", titles, rows, numeric=1, wide=False)
    if table.rates:
        rows = (row(held.codec, map(cell, cells)) for held, cells in table.rates)
        caption = "Handled in a second, MB of information, and what garbage collection adds"
        yield grid(caption, ["codec", *w.RATE_TITLES], rows, numeric=1)
    if table.access:
        rows = (row(held.codec, (f"<td>{w.how_read(held)}</td>", _compared(held, "access"))) for held in table.access)
        yield grid(f"Reading {text(data.leaf)} of a message", w.ACCESS_TITLES, rows, numeric=2, wide=False)
    if table.streams:
        rows = (
            row(
                held.codec,
                [_compared(held, operation) for operation in STREAM] + [*map(cell, w.stream_figures(held.streamed))],
            )
            for held in table.streams
        )
        yield grid("Many records as one stream", w.STREAM_TITLES, rows, numeric=1)
    yield from map(listing, of_data(table))


def listing(held: Listing) -> str:
    rows = (
        row(name, [f"<td>{text(found)}</td>" for found, _ in cells[: held.left - 1]]
        + [cell(text(found), best) for found, best in cells[held.left - 1 :]])
        for (name, _), *cells in held.rows
    )  # fmt: skip
    made = grid(text(held.caption), [*map(text, held.titles)], rows, numeric=held.left, wide=False)
    return made + notes(held.notes)


def _measured(row: Row) -> str:
    tag = f' <span class="tag">{text(row.tag)}</span>' if row.tag else ""
    cells = [
        f'<th scope="row">{text(row.codec)}{tag}</th>',
        f"<td>{tags(*row.kind.split(', '))}</td>",
        _status(row.verified.status),
        cell(w.optional(row.size, w.size_text), row.smallest),
        cell(w.optional(row.efficiency_percent, w.percent_text)),
        *(_compared(row, operation) for operation in WHOLE),
    ]
    return f"<tr{' class=control' if row.control else ''}>{''.join(cells)}</tr>"


def _time(row: Row, operation: Operation) -> str:
    time = row.times.get(operation)
    if time is None:
        return cell(w.NONE)
    value, _, interval = w.interval_text(time.figure).partition(" [")
    return cell(value, time.best, f"[{interval}")


def _compared(row: Row, operation: Operation) -> str:
    """Time, ratio and rank."""
    time = row.times.get(operation)
    value, bracket, interval = (w.ratio_interval_text(time) if time else w.NONE).partition(" [")
    ratio = cell(value, time is not None and time.best, f"[{interval}" if bracket else "")
    return _time(row, operation) + ratio + cell(w.rank_text(time))


def over_link() -> str:
    """The table that the page's script fills for the link that is chosen."""
    titles = ["codec", "time", "messages/s", "limited by", "beats the first at"]
    caption = "One core that encodes and decodes, and the link; and at which bandwidth a codec beats the first one"
    return grid(caption, titles, [], numeric=1)


def codecs(summary: Summary) -> str:
    titles = ["codec", "format", "kind", "byte order", "library", "written in", "licence", "checks values", "note"]
    rows = (
        row(
            codec,
            (
                f"<td>{text(about['title'])}</td>",
                f"<td>{tags(*s.kind_of(about))}</td>",
                f"<td>{text(about['byte_order'])}</td>",
                f"<td>{text(about['distribution'])} {text(about['version'])}</td>",
                f"<td>{text(about['language'])}</td>",
                f"<td>{text(about['licence'])}</td>",
                f"<td>{'yes' if about['validates'] else 'no'}</td>",
                f'<td class="free">{text(about["note"])}</td>',
            ),
        )
        for codec, about in summary.run.header.codecs.items()
    )
    caption = "What was measured. <em>Checks values</em>: what decode returns is a value of the schema"
    return grid(caption, titles, rows, numeric=len(titles))
