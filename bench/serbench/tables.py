"""The tables that runs are in SQL, as literals: their columns with units, and where each table's rows come from.

Those are the lines of the result file as they are, or what reports compute of them. Each table has `run` besides.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from types import NoneType, UnionType
from typing import Any, Literal, TypeAlias, get_args, get_origin, get_type_hints

from serbench.report import figures
from serbench.report.summary import Summary
from serbench.results import Asked, Counted, Crossing, Ended, Footprint, Library, Run, Spent, Streamed, Timing

Rows: TypeAlias = Iterable[Mapping[str, Any]]


@dataclass(frozen=True)
class Column:
    name: str
    type: str
    about: str = ""


@dataclass(frozen=True)
class Table:
    """Its columns, and where its rows come from: a function of a run's summary, or a select over other tables."""

    about: str
    columns: tuple[Column, ...]
    rows: Callable[[Summary], Rows] | None = None
    select: str = ""


def _columns(text: str) -> tuple[Column, ...]:
    """A line a column: its name, its type, and what it is."""
    lines = (line.split(maxsplit=2) for line in text.strip().splitlines())
    return tuple(Column(name, type_, *about) for name, type_, *about in lines)


def _of_cell(text: str) -> tuple[Column, ...]:
    """Columns of what there is of each codec on each data set."""
    return (Column("dataset", "VARCHAR"), Column("codec", "VARCHAR"), *_columns(text))


_TYPES = {str: "VARCHAR", int: "BIGINT", float: "DOUBLE", bool: "BOOLEAN", list: "VARCHAR[]"}


def _fields(kind: type, leave_out: Collection[str] = (), **about: str) -> tuple[Column, ...]:
    """A column for each field of a dataclass but those that are mappings, and what some of them are."""
    found = []
    for name, hint in get_type_hints(kind).items():
        (held,) = {
            each for each in (get_args(hint) if get_origin(hint) is UnionType else (hint,)) if each is not NoneType
        }
        plain = str if get_origin(held) is Literal else get_origin(held) or held
        type_ = "BIGINT[]" if held == list[int] else _TYPES.get(plain, "")
        if type_ and name not in leave_out:
            found.append(Column(name, type_, about.get(name, "")))
    return tuple(found)


def _own(lines: Callable[[Run], Iterable[Any]]) -> Callable[[Summary], Rows]:
    """The lines of a kind, as they are."""
    return lambda summary: map(asdict, lines(summary.run))


def _runs(summary: Summary) -> Iterator[dict[str, Any]]:
    header = summary.run.header
    machine = {name: header.machine.get(name) for name in ("cpu", "cores", "memory_bytes", "python", "byte_order")}
    yield asdict(header) | machine | {"machine": json.dumps(header.machine)}


def _versions(summary: Summary) -> Iterator[dict[str, Any]]:
    return ({"library": name, "version": held} for name, held in summary.run.header.versions.items())


def _codecs(summary: Summary) -> Iterator[dict[str, Any]]:
    return ({"codec": codec, **about} for codec, about in summary.run.header.codecs.items())


def _datasets(summary: Summary) -> Iterator[dict[str, Any]]:
    return ({"dataset": row.name, **asdict(row)} for row in summary.run.datasets)


def _cells(summary: Summary) -> Iterator[dict[str, Any]]:
    for table in summary.tables:
        for row in table.measured + table.absent:
            held = {"size_bytes": row.size, "efficiency_percent": row.efficiency_percent}
            yield asdict(row.verified) | held | {"messages": len(row.verified.encoded_bytes) or None}


def _sizes(summary: Summary) -> Iterator[dict[str, Any]]:
    for row in summary.run.verified:
        for number, size in enumerate(row.encoded_bytes):
            yield {"dataset": row.dataset, "codec": row.codec, "message": number, "size_bytes": size}


def _compressed(summary: Summary) -> Iterator[dict[str, Any]]:
    for table in summary.tables:
        for row in table.measured:
            for method, size in row.compressed.items():
                yield {"dataset": table.dataset.name, "codec": row.codec, "method": method, "size_bytes": size}


def _purposes(summary: Summary) -> Iterator[dict[str, Any]]:
    for table in summary.tables:
        for row in table.measured:
            for purpose, size in row.purposes.items():
                yield {"dataset": table.dataset.name, "codec": row.codec, "purpose": purpose, "size_bytes": size}


def _losses(summary: Summary) -> Iterator[dict[str, Any]]:
    for row in summary.run.verified:
        for loss, count in row.losses.items():
            yield {"dataset": row.dataset, "codec": row.codec, "loss": loss, "times": count}


def _times(summary: Summary) -> Iterator[dict[str, Any]]:
    for table in summary.tables:
        for row in table.measured:
            for operation, time in row.times.items():
                figure, ratio = time.figure, time.ratio
                yield {
                    "dataset": table.dataset.name,
                    "codec": row.codec,
                    "operation": operation,
                    "ns": figure.ns,
                    "low_ns": figure.low,
                    "high_ns": figure.high,
                    "mean_ns": figure.mean_ns,
                    "processes": figure.processes,
                    "quiet_percent": None if figure.quiet is None else 100 * figure.quiet,
                    "ratio": ratio.ratio if ratio else 1.0 if time.best else None,
                    "ratio_low": ratio and ratio.low,
                    "ratio_high": ratio and ratio.high,
                    "p": ratio and ratio.p,
                    "verdict": ratio and ratio.verdict,
                    "rank": time.rank,
                }


def _figures(summary: Summary) -> Rows:
    return map(vars, figures.rows(summary))


TABLES: dict[str, Table] = {
    "runs": Table(
        "one row a run",
        _columns("""
            started       VARCHAR    when, UTC (ISO 8601)
            command       VARCHAR[]
            budget_s      DOUBLE
            precision     DOUBLE     a share: 0.01 is 1 %
            seed          BIGINT
            plan_sha256   VARCHAR    the same where the same was measured
            turns         VARCHAR    the same in two runs that were measured in turns
            cpu           VARCHAR
            cores         BIGINT
            memory_bytes  BIGINT
            python        VARCHAR
            byte_order    VARCHAR
            machine       VARCHAR    all that is known of the machine, JSON
        """),
        _runs,
    ),
    "versions": Table("libraries", _columns("library VARCHAR\nversion VARCHAR"), _versions),
    "codecs": Table(
        "what there was",
        _columns("""
            codec            VARCHAR
            format           VARCHAR
            title            VARCHAR
            specification    VARCHAR
            implementation   VARCHAR
            distribution     VARCHAR
            version          VARCHAR
            language         VARCHAR
            licence          VARCHAR
            textual          BOOLEAN
            self_describing  BOOLEAN
            byte_order       VARCHAR
            validates        BOOLEAN
            control          BOOLEAN  no format for exchange
            note             VARCHAR
        """),
        _codecs,
    ),
    "datasets": Table(
        "what was measured",
        _columns("""
            dataset                  VARCHAR
            source                   VARCHAR
            root                     VARCHAR
            messages                 BIGINT
            timed                    BIGINT   messages that are timed
            information_bytes        BIGINT   in all messages
            timed_information_bytes  BIGINT   in those that are timed
            description              VARCHAR
            leaf                     VARCHAR  what `access` reads
            family                   VARCHAR  the same messages in several sizes
        """),
        _datasets,
    ),
    "cells": Table(
        "one row a codec and data set: what came of the round trip",
        _of_cell("""
            status              VARCHAR  ok, lossy, unsupported, unavailable, failed
            reason              VARCHAR
            messages            BIGINT
            size_bytes          DOUBLE   per message
            efficiency_percent  DOUBLE   information / size
            deterministic       BOOLEAN
            example             VARCHAR  the path of the first loss
            sha256              VARCHAR  of all that was encoded
            head_hex            VARCHAR  its first octets
            offers              VARCHAR[]
            changes             VARCHAR[]  global state that it changed
        """),
        _cells,
    ),
    "sizes": Table(
        "the size of each message",
        _of_cell("message BIGINT its number\nsize_bytes BIGINT"),
        _sizes,
    ),
    "compressed": Table(
        "sizes by method of compression, each message by itself",
        _of_cell("method VARCHAR none is as they are\nsize_bytes DOUBLE per timed message"),
        _compressed,
    ),
    "purposes": Table(
        "what the octets of a message are for, where a codec can be explained",
        _of_cell("purpose VARCHAR\nsize_bytes DOUBLE per message"),
        _purposes,
    ),
    "losses": Table("what was lost, as declared", _of_cell("loss VARCHAR\ntimes BIGINT how often"), _losses),
    "times": Table(
        "the figures of reports: one row a codec, data set and operation",
        _of_cell("""
            operation      VARCHAR
            ns             DOUBLE   per message
            low_ns         DOUBLE   95 % interval
            high_ns        DOUBLE
            mean_ns        DOUBLE   of all samples
            processes      BIGINT
            quiet_percent  DOUBLE   of rounds
            ratio          DOUBLE   to the fastest
            ratio_low      DOUBLE   95 % interval
            ratio_high     DOUBLE
            p              DOUBLE   corrected
            verdict        VARCHAR  different, tie, unresolved
            rank           BIGINT
        """),
        _times,
    ),
    "figures": Table(
        "every figure, in the rows of report.csv",
        _fields(
            figures.Long, measure="the unit is at its end", low="95 % interval", ratio="to the fastest", p="corrected"
        ),
        _figures,
    ),
    "timings": Table(
        "raw samples, one row a codec, data set, operation and process",
        _fields(
            Timing,
            loops="calls in a sample",
            samples_ns="of `loops` calls, each of which handles the timed messages once",
            rounds="empty: all in order",
            collecting="with garbage collection on",
        ),
        _own(lambda run: run.timings),
    ),
    "samples": Table(
        "raw samples, one row each",
        _of_cell("""
            operation   VARCHAR
            process     BIGINT
            round       BIGINT
            collecting  BOOLEAN  with garbage collection on
            loops       BIGINT
            sample_ns   BIGINT   of `loops` calls
            canary_ns   BIGINT   before the round
            ns          DOUBLE   per message
        """),
        select="""
            SELECT run, dataset, codec, operation, process,
                   CASE WHEN len(rounds) > 0 THEN rounds[place] ELSE place - 1 END AS round,
                   collecting, loops, samples_ns[place] AS sample_ns, canary_ns[place] AS canary_ns,
                   samples_ns[place] / loops / timed AS ns
            FROM (SELECT timings.*, timed, unnest(generate_series(1, len(samples_ns))) AS place
                  FROM timings JOIN datasets USING (run, dataset))
        """,
    ),
    "memory": Table(
        "one call on the largest message, and the time to compile the schema",
        _fields(Footprint, construct_ns="a number a process"),
        _own(lambda run: run.footprints),
    ),
    "streams": Table(
        "many records as one stream",
        _fields(Streamed, write_peak_bytes="rise of resident memory"),
        _own(lambda run: run.streamed),
    ),
    "libraries": Table(
        "what a library costs before it does anything",
        _fields(Library, import_ns="a number a process", required_bytes="with all that it requires"),
        _own(lambda run: run.libraries),
    ),
    "instructions": Table(
        "what valgrind counted",
        _fields(
            Counted,
            loops="calls, each of which handles the timed messages once",
            instructions="of all loops",
            empty_instructions="of as many calls of an empty function",
        ),
        _own(lambda run: run.counted),
    ),
    "crossings": Table(
        "to machines of another byte order or word size, and back",
        _fields(
            Crossing,
            here="version of the library",
            forth="what went wrong on the way there",
            octets="same, vary, differ",
        ),
        _own(lambda run: run.crossed),
    ),
    "asked": Table(
        "what implementations that are not ours make of a codec's octets",
        _fields(Asked, writer="whose octets they are", octets="it writes the same"),
        _own(lambda run: run.asked),
    ),
    "blocks": Table(
        "what a block took",
        _fields(Spent, measured_ns="of that inside measurement"),
        _own(lambda run: run.spent),
    ),
    "ends": Table(
        "how runs ended, and what others did to the machine meanwhile",
        _fields(
            Ended,
            others_percent="of all CPUs, used by others",
            steal_percent="taken by other virtual machines",
            throttled="periods in which the container's share was used up",
            switches="how often a worker made way",
        ),
        _own(lambda run: run.ended),
    ),
}
