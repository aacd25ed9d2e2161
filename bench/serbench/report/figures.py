"""Every figure of a run as one flat row, for CSV, Parquet and SQL: long form, to be filtered and pivoted.

A row is one `measure` of a codec on a data set, with its unit at the end of the name: `size_bytes`, `encode_ns`,
`encode_peak_bytes`... Sizes, times and instructions are per message, memory is of one call on the largest one; what a
library costs beside data has no data set. `low` and `high` are the ends of the 95 % interval, over so many `processes`.
`ratio` is to the fastest codec of the data set, `p` its p-value, corrected as METHODOLOGY.md says, and `verdict` what
is claimed: different, tie or unresolved. A codec that could not be measured has one row without a measure, its `reason`
says why. What does not apply is None.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from statistics import median
from typing import Any

from serbench.report.summary import Row, Summary, Table, Time
from serbench.results import Footprint, Library, Streamed

MEMORY = tuple(
    item.name for item in fields(Footprint) if item.name.endswith(("_peak_bytes", "_held_bytes", "_allocations"))
)


@dataclass(frozen=True, kw_only=True)
class Long:
    """A row. The fields are the columns, in their order."""

    dataset: str | None
    codec: str
    format: str
    implementation: str
    version: str
    language: str
    textual: bool
    self_describing: bool
    control: bool
    status: str | None = None
    reason: str | None = None
    measure: str | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    processes: int | None = None
    ratio: float | None = None
    ratio_low: float | None = None
    ratio_high: float | None = None
    p: float | None = None
    verdict: str | None = None
    rank: int | None = None


COLUMNS = tuple(item.name for item in fields(Long))
ABOUT = ("format", "implementation", "version", "language", "textual", "self_describing", "control")


def rows(summary: Summary) -> Iterator[Long]:
    """By data set and codec, as in the report; then the libraries."""
    for table in summary.tables:
        for row in table.measured + table.absent:
            common = {
                "dataset": table.dataset.name,
                "codec": row.codec,
                "status": row.verified.status,
                "reason": row.verified.reason or None,
                **_about(row.about),
            }
            if row.measured:
                yield from (Long(**common, measure=name, value=value) for name, value in _plain(row, table))
                yield from (
                    Long(**common, measure=f"{operation}_ns", **_timed(time)) for operation, time in row.times.items()
                )
            else:
                yield Long(**common)
    for library in summary.run.libraries:
        about = _about(summary.run.header.codecs[library.codec])
        for name, value in _library(library):
            yield Long(dataset=None, codec=library.codec, **about, measure=name, value=value)


def _about(about: dict[str, Any]) -> dict[str, Any]:
    return {name: about[name] for name in ABOUT}


def _plain(row: Row, table: Table) -> Iterator[tuple[str, float]]:
    """What is known exactly, or has no interval."""
    if row.size is not None:
        yield "size_bytes", row.size
    if row.efficiency_percent is not None:
        yield "efficiency_percent", row.efficiency_percent
    for method, size in row.compressed.items():
        if method != "none":
            yield f"size_{method}_bytes", size
    yield from ((f"size_{purpose}_bytes", size) for purpose, size in row.purposes.items())
    footprint = row.footprint
    if footprint and footprint.method:
        for name in MEMORY:
            value = getattr(footprint, name)
            if value is not None:
                yield name, value
    if footprint and footprint.construct_ns:
        yield "construct_ns", median(footprint.construct_ns)
    if row.streamed and not row.streamed.reason:
        yield from _streamed(row.streamed)
    for operation, time in row.times.items():
        if time.collected:
            yield f"{operation}_collected_ratio", time.collected.ratio
    for held in row.counted:
        if not held.reason:
            yield f"{held.operation}_instructions", table.instructions(held)[0]


def _streamed(streamed: Streamed) -> Iterator[tuple[str, float]]:
    yield "stream_records", streamed.records
    yield "stream_bytes", streamed.stream_bytes
    for name in ("write_peak_bytes", "read_peak_bytes"):
        value = getattr(streamed, name)
        if value is not None:
            yield f"stream_{name}", value


def _timed(time: Time) -> dict[str, Any]:
    figure, ratio = time.figure, time.ratio
    held: dict[str, Any] = {"value": figure.ns, "low": figure.low, "high": figure.high, "processes": figure.processes}
    if ratio:
        held |= {"ratio": ratio.ratio, "ratio_low": ratio.low, "ratio_high": ratio.high, "p": ratio.p}
        held["verdict"] = ratio.verdict
    elif time.best:
        held["ratio"] = 1.0
    return held | {"rank": time.rank}


def _library(library: Library) -> Iterator[tuple[str, float]]:
    if library.import_ns:
        yield "import_ns", min(library.import_ns)
    for name in ("resident_bytes", "installed_bytes", "required_bytes"):
        value = getattr(library, name)
        if value is not None:
            yield f"library_{name}", value
