r"""Tables for a paper: LaTeX with booktabs, a `table` for each data set and one of the machine, to be \input.

\usepackage{booktabs} is all they need. Names are typewritten and escaped; a label is `tab:serbench-` and the number of
the data set. The comment above says what made it.
"""

import re
import shlex
from collections.abc import Iterable, Sequence

from serbench.fitness import machine_lines
from serbench.report import words as w
from serbench.report.summary import Row, Summary, Table, Time
from serbench.results import WHOLE
from serbench.statistics import Figure

_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "_": r"\_",
    "%": r"\%",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\symbol{34}",
    "±": r"$\pm$",
    "µ": r"$\mu$",
    "-": "-{}",
}
"""What TeX would read otherwise, each alone: two hyphens in a name are two."""


def escape(text: object) -> str:
    """Text as itself, in one line. Letters of other alphabets are left to the document's font."""
    return "".join(_SPECIAL.get(char, char) for char in w.clean(text))


def render(summary: Summary) -> str:
    header = summary.run.header
    made_by = w.clean(shlex.join(header.command))
    lines = [
        f"% serbench {w.clean(header.versions.get('serbench', ''))}, {w.clean(header.started)}: {made_by}",
        r"% \usepackage{booktabs}",
        "",
    ]
    for number, table in enumerate(summary.tables, 1):
        if table.measured:
            lines += _dataset(table, f"serbench-{number}")
    pairs = [*machine_lines(summary.run), *header.versions.items()]
    lines += _table(
        "ll",
        ["what", "value"],
        ([escape(name), escape(value)] for name, value in pairs),
        "The machine, and the versions of libraries.",
        "serbench-machine",
    )
    return "\n".join(lines)


def _table(columns: str, titles: Sequence[str], rows: Iterable[Sequence[str]], caption: str, label: str) -> list[str]:
    return [
        r"\begin{table}",
        r"  \centering\footnotesize\setlength{\tabcolsep}{3pt}",
        rf"  \caption{{{caption}}}",
        rf"  \label{{tab:{label}}}",
        rf"  \begin{{tabular}}{{@{{}}{columns}@{{}}}}",
        r"    \toprule",
        f"    {' & '.join(titles)} \\\\",
        r"    \midrule",
        *(f"    {' & '.join(row)} \\\\" for row in rows),
        r"    \bottomrule",
        r"  \end{tabular}",
        r"\end{table}",
        "",
    ]


def _dataset(table: Table, label: str) -> list[str]:
    titles = ["codec", "bytes", r"eff. (\%)", "encode", "ratio", "decode", "ratio"]
    caption = (
        rf"\texttt{{{escape(table.dataset.name)}}}: {escape(table.caption)}. Sizes and times are per message, with "
        r"the longer side of the 95\,\% interval over processes. Ratios are to the fastest, in pairs: \emph{tie} is "
        r"within 1\,\% of it, $\sim$ not resolved. Bold is best."
    )
    return _table("lrrrrrr", titles, map(_row, table.measured), caption, label)


def _row(row: Row) -> list[str]:
    size = escape(w.optional(row.size, w.size_text))
    return [
        rf"\texttt{{{escape(row.codec)}}}" + (r" \emph{(control)}" if row.control else ""),
        _bold(size, row.smallest),
        escape(w.optional(row.efficiency_percent, w.percent_text)),
        *(cell for operation in WHOLE for cell in _compared(row.times.get(operation))),
    ]


def _compared(time: Time | None) -> tuple[str, str]:
    if time is None:
        return "--", "--"
    return _bold(_spaced(_margin(time.figure)), time.best), _bold(_ratio(w.ratio_text(time)), time.best)


def _margin(figure: Figure) -> str:
    """The time and the longer side of its interval, which is narrower in print than both."""
    sides = 1 - figure.low / figure.ns, figure.high / figure.ns - 1
    return f"{w.time_text(figure.ns)} ±{100 * max(sides):.0f} %"


def _ratio(text: str) -> str:
    if text == w.NONE:
        return "--"
    return re.sub(r"x$", r"$\\times$", text.replace("~", r"$\sim$"))


def _spaced(text: str) -> str:
    """A number and its unit stay together."""
    glued = re.sub(r" (?=[nmµ]?s\b|%)", r"\\,", text)
    for char, command in (("µ", r"$\mu$"), ("±", r"$\pm$"), ("%", r"\%")):
        glued = glued.replace(char, command)
    return glued


def _bold(text: str, best: bool) -> str:
    return rf"\textbf{{{text}}}" if best else text
