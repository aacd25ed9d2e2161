"""A self-test's findings as tables for a terminal, as Markdown, and as JSON."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from math import expm1

import numpy as np
from rich.console import Console

from serbench.report import markdown as md
from serbench.report import terminal
from serbench.report.words import NONE, clean, time_text
from serbench.selftest import summary as s
from serbench.selftest.session import Findings
from serbench.selftest.workloads import LARGE, WORKLOADS


@dataclass(frozen=True)
class _Table:
    title: str
    columns: tuple[str, ...]
    rows: list[list[str]]
    left: int = 1
    note: str = ""


def markdown(findings: Findings) -> str:
    lines = ["# serbench selftest", "", f"Started {findings.started}. {_extent(findings)}", ""]
    for table in _tables(findings):
        cells = ([md.escape(cell) for cell in row] for row in table.rows)
        lines += [f"## {table.title}", "", *md.grid(table.columns, cells, table.left)]
        lines += [table.note, ""] if table.note else []
    lines += [f"- {md.escape(line)}" for line in _failures(findings)]
    return "\n".join(lines)


def show(findings: Findings, out: Console) -> None:
    for table in _tables(findings):
        out.print(f"{table.title}:")
        terminal.listing(table.columns, table.rows, out)
        if table.note:
            out.print(table.note)
        out.print()
    for line in (*_failures(findings), _extent(findings)):
        out.print(clean(line))


def to_json(findings: Findings) -> str:
    """Everything: what was found, each experiment, and what follows."""
    held = {
        **asdict(findings),
        "workloads": [
            {"name": workload.name, "title": workload.title, "budget_s": workload.budget_s}
            for workload in (*WORKLOADS, LARGE)
        ],
        "equal": [asdict(row) for row in s.equals(findings)],
        "smallest_found": s.smallest_found(findings, s.SMALL),
        "criteria": [asdict(criterion) for criterion in s.criteria(findings)],
    }
    return json.dumps(held, indent=1, ensure_ascii=False)


def _extent(findings: Findings) -> str:
    done = len(findings.experiments)
    if any(criterion.outcome == "too few" for criterion in s.criteria(findings)):
        return f"{done} of {findings.planned} experiments: too few for some of the demands."
    return f"{done} of {findings.planned} experiments."


def _failures(findings: Findings) -> list[str]:
    return [f"failed: {reason}" for reason in dict.fromkeys(findings.failed)]


def _tables(findings: Findings) -> Iterator[_Table]:
    yield _Table(
        "What is demanded",
        ("demand", "found", "outcome"),
        [[held.demand, held.found, held.outcome] for held in s.criteria(findings)],
        left=3,
    )
    yield _Table(
        "The same codec twice (A/A)",
        (
            "workload",
            "harness",
            "pairs",
            "time",
            "s a pair",
            "spread %",
            "p95 %",
            "most %",
            "false alarms",
            "claimed",
            "processes",
            "quiet %",
        ),
        [_equal(row) for row in s.equals(findings)],
        left=2,
        note="Spread is the root mean square of the measured difference, which is in truth zero. A false alarm: the "
        "95 % interval excludes equality (pyperf: its t-test finds a difference). Claimed: a report would say that the "
        "two differ.",
    )
    if findings.injections:
        yield _Table(
            "A slowdown, injected",
            ("workload", "injected %", "in truth % [95 % interval]", "found", "measured %, median", "claimed"),
            list(_slowed(findings)),
            note=f"Found: the 95 % interval excludes equality, on the right side. {_smallest(findings)} What a "
            "slowdown is in truth was measured after its calibration, in a longer run.",
        )
    yield _Table(
        "Workloads",
        ("workload", "what is called"),
        [[held.name, held.title] for held in (*WORKLOADS, LARGE)],
        left=2,
    )
    yield _Table("Instruments", ("instrument", "figure"), _instruments(findings), left=2)
    yield _Table(
        "Machine",
        ("", ""),
        [[name.replace("_", " "), str(value)] for name, value in (findings.machine | findings.versions).items()],
        left=2,
    )


def _equal(row: s.Equal) -> list[str]:
    return [
        row.workload,
        row.method,
        str(row.total),
        time_text(row.ns),
        f"{row.seconds:.1f}",
        *(_percent(value) for value in (row.spread.rms, row.spread.p95, row.spread.most)),
        NONE if row.alarms is None else str(row.alarms.count),
        NONE if row.claimed is None else str(row.claimed.count),
        NONE if row.processes is None else f"{row.processes:.1f}",
        NONE if row.quiet is None else f"{100 * row.quiet:.0f}",
    ]


def _slowed(findings: Findings) -> Iterator[list[str]]:
    for held in findings.injections:
        experiments = s.slowed(findings, [held.workload], held.nominal)
        measured = [expm1(each.difference) for each in experiments]
        yield [
            held.workload,
            f"{100 * held.nominal:g}",
            f"{_percent(held.share)} [{_percent(held.low)}, {_percent(held.high)}]",
            f"{sum(each.found for each in experiments)} of {len(experiments)}",
            _percent(float(np.median(measured))) if measured else NONE,
            str(sum(bool(each.claimed) for each in experiments)),
        ]


def _percent(share: float) -> str:
    return f"{100 * share:.3f}" if abs(share) < 0.01 else f"{100 * share:.2f}"


def _smallest(findings: Findings) -> str:
    found = s.smallest_found(findings, s.SMALL)
    what = "none of these" if found is None else f"{100 * found:g} %"
    return f"The smallest found at least nine times of ten, all workloads up to {s.SMALL[-1]} together: {what}."


def _instruments(findings: Findings) -> list[list[str]]:
    held = findings.instruments
    return [
        ["clock, resolution", f"{held.clock_resolution_ns} ns"],
        ["clock, cost of reading it", f"{held.clock_cost_ns:.0f} ns"],
        ["loop, cost of a call of an empty C function", f"{held.loop_overhead_ns:.1f} ns"],
        ["canary", time_text(held.canary_ns)],
    ]
