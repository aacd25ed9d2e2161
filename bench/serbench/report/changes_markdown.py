"""The changes between two runs as Markdown for a pull request: the verdict first, then what differs, the rest folded.

GitHub shows it as a comment or as the summary of a job (`>> $GITHUB_STEP_SUMMARY`).
"""

from collections import Counter

from serbench.changes import Change, Changes
from serbench.report.changes import change_text, claims, described, said, value_text
from serbench.report.markdown import escape, grid
from serbench.results import Run

MOST_SHOWN = 50
"""Rows that differ; a summary of a job may have 1 MiB, and nobody reads more."""


def render(found: Changes, old: Run, new: Run) -> str:
    counts = Counter(row.verdict for row in found.rows)
    lines = [f"### serbench: {verdict(found)}", ""]
    lines += [f"- old: {escape(described(old, new))}", f"- new: {escape(described(new, old))}", ""]
    different = sorted(
        (row for row in found.rows if row.verdict == "different"), key=lambda row: (not row.worse, -_size(row))
    )
    if different:
        titles = ["data set", "codec", "what", "", "change", "old", "new"]
        lines += grid(titles, map(_row, different[:MOST_SHOWN]), left=4)
        if len(different) > MOST_SHOWN:
            lines += [f"and {len(different) - MOST_SHOWN} more.", ""]
    lines += [
        f"{len(found.rows)} comparisons: {counts['different']} differ, {counts['tie']} are the same, "
        f"{counts['unresolved']} are unresolved.",
        "",
    ]
    lines += [*(f"- {escape(note)}" for note in found.notes), *([""] if found.notes else [])]
    lines += ["<details><summary>What is claimed</summary>", "", claims(old, new), "", "</details>", ""]
    return "\n".join(lines)


def verdict(found: Changes) -> str:
    """In a few words."""
    count = len(found.worse)
    if count:
        return f"{count} {'regression' if count == 1 else 'regressions'}"
    if not any(row.kind in ("time", "instructions") for row in found.rows):
        return "no regression, but no times were compared"
    better = any(said(row) == "better" for row in found.rows)
    return "no regression, and something got better" if better else "no regression"


def _size(row: Change) -> float:
    """How far it is from no change; what has no number comes first."""
    if isinstance(row.before, str) or isinstance(row.after, str) or not row.before:
        return float("inf")
    return abs((row.ratio.ratio if row.ratio else row.after / row.before) - 1)


def _row(row: Change) -> list[str]:
    mark = {"worse": "**worse**", "better": "better"}.get(said(row), said(row))
    cells = (row.dataset, row.codec, row.what)
    change, before, after = change_text(row), value_text(row, row.before), value_text(row, row.after)
    return [*map(escape, cells), mark, *map(escape, (change, before, after))]
