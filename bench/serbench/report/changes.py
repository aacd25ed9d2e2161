"""The changes between two runs, as a table for a terminal and as JSON; and the words that other outputs share."""

from collections import Counter
from dataclasses import asdict
from typing import Any

from rich.console import Console
from rich.text import Text

from serbench.changes import Change, Changes, in_turns
from serbench.report.summary import MEASURED
from serbench.report.terminal import plain
from serbench.report.words import NONE, clean, size_text, time_text
from serbench.results import Run

TITLES = (
    ("data set", True),
    ("codec", True),
    ("what", True),
    ("old", False),
    ("new", False),
    ("change", False),
    ("", True),
)
VERDICTS = (
    "A change of time is claimed where its p-value, corrected by Holm's method for all that were compared, is below "
    "0.05; tie: the 95 % interval lies within 1 % of equality; ~ is unresolved: neither, only the best guess."
)
MOOD = (
    "Times are as measured, each on the machine as it was; the change is without that, against the other codecs of the "
    "same run."
)
STYLES = {"worse": "bold red", "better": "green"}


def render(found: Changes, old: Run, new: Run, out: Console, *, everything: bool) -> None:
    """What differs, or everything; then how much does not, and notes."""
    out.print(f"old: {clean(described(old, new))}")
    out.print(f"new: {clean(described(new, old))}")
    shown = [row for row in found.rows if everything or row.verdict == "different"]
    if shown:
        made = plain(TITLES)
        for row in shown:
            word = said(row)
            cells = (row.dataset, row.codec, row.what, value_text(row, row.before), value_text(row, row.after))
            made.add_row(*map(clean, cells), change_text(row), Text(word, style=STYLES.get(word, "")))
        out.print(made)
        out.print(claims(old, new), soft_wrap=True)
    counts = Counter(row.verdict for row in found.rows)
    out.print(
        f"{counts['different']} differ, {len(found.worse)} of them for the worse; {counts['tie']} are the same; "
        f"{counts['unresolved']} are unresolved"
    )
    for note in found.notes:
        out.print(clean(note), soft_wrap=True)


def claims(old: Run, new: Run) -> str:
    """What the words and numbers of a change mean."""
    return VERDICTS if in_turns(old, new) else f"{VERDICTS} {MOOD}"


def described(run: Run, other: Run) -> str:
    """A run by its folder and beginning, and what versions it has that the other has not."""
    versions = [
        f"{name} {held}" for name, held in run.header.versions.items() if other.header.versions.get(name) != held
    ]
    return ", ".join([str(run.path.parent), run.header.started, *versions])


def as_json(found: Changes, old: Run, new: Run) -> dict[str, Any]:
    """Bytes, nanoseconds and instructions are per message."""
    return {
        "old": {"run": str(old.path.parent), "started": old.header.started, "versions": old.header.versions},
        "new": {"run": str(new.path.parent), "started": new.header.started, "versions": new.header.versions},
        "changes": [asdict(row) for row in found.rows],
        "notes": found.notes,
    }


def value_text(row: Change, value: str | float) -> str:
    """A time, a number, or words."""
    if isinstance(value, str):
        return value
    return time_text(value) if row.kind == "time" else size_text(round(value, 1))


def change_text(row: Change) -> str:
    """`+6.8 % [+6.4, +7.1]`; `~+0.9 % [-0.4, +2.1]` is unresolved, and a tie has its interval alone."""
    if row.ratio is not None:
        low, high = (f"{100 * (end - 1):+.1f}" for end in (row.ratio.low, row.ratio.high))
        if row.verdict == "tie":
            return f"tie [{low}, {high}]"
        return f"{'~' if row.verdict == 'unresolved' else ''}{100 * (row.ratio.ratio - 1):+.1f} % [{low}, {high}]"
    if isinstance(row.before, str) or isinstance(row.after, str):
        return NONE
    return "tie" if row.before == row.after else f"{100 * (row.after / row.before - 1):+.1f} %"


def said(row: Change) -> str:
    """In a word, whether it matters."""
    if row.worse:
        return "worse"
    if row.verdict != "different":
        return ""
    if isinstance(row.before, str) or isinstance(row.after, str):
        return "better" if row.kind == "losses" or row.after in MEASURED else ""
    return "better" if row.after < row.before else "within the threshold"
