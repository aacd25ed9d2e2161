"""The figures of a report for programs: one JSON object, units in the names, times in nanoseconds per message."""

import json
from dataclasses import asdict
from typing import Any

from serbench.report.peers import peers
from serbench.report.summary import SPREAD_TITLES, Row, Summary, Table
from serbench.results import Footprint
from serbench.statistics import drift


def render(summary: Summary) -> str:
    header = summary.run.header
    return json.dumps(
        {
            "started": header.started,
            "command": header.command,
            "plan_sha256": header.plan_sha256,
            "machine": header.machine,
            "versions": header.versions,
            "datasets": [_dataset(table) for table in summary.tables],
            "verdicts": summary.verdicts,
            "conditions": summary.conditions,
            "warnings": summary.warnings,
            "drift": drift(summary.run),
            "ended": [asdict(ended) for ended in summary.run.ended],
            "sizes": [asdict(family) for family in summary.families],
            "peers": {codec: asdict(held) for codec, held in peers(summary.run).items()},
            "libraries": [asdict(row) for row in summary.run.libraries],
            "foreign": [asdict(row) for row in summary.run.foreign],
            "crossed": [asdict(row) for row in summary.run.crossed],
            "asked": [asdict(row) for row in summary.run.asked],
            "families": [asdict(group) for group in summary.groups],
        },
        indent=1,
        ensure_ascii=False,
    )


def _dataset(table: Table) -> dict[str, Any]:
    return {**asdict(table.dataset), "codecs": [_row(row, table) for row in table.measured + table.absent]}


def _held(footprint: Footprint) -> dict[str, Any]:
    return {name: value for name, value in asdict(footprint).items() if name not in ("dataset", "codec")}


def _row(row: Row, table: Table) -> dict[str, Any]:
    return {
        "codec": row.codec,
        "control": row.control,
        "language": row.about["language"],
        "peer": row.about.get("peer", ""),
        "textual": row.about["textual"],
        "self_describing": row.about["self_describing"],
        "status": row.verified.status,
        "reason": row.verified.reason,
        "losses": row.verified.losses,
        "changes": row.verified.changes,
        "bytes_per_message": row.size,
        "efficiency_percent": row.efficiency_percent,
        "compressed_bytes_per_message": row.compressed,
        "purposes_bytes_per_message": row.purposes,
        "messages_explained": row.verified.explained,
        "dictionary": row.verified.dictionary or None,
        "footprint": _held(row.footprint) if row.footprint else None,
        "bytes_of_messages": dict(zip(SPREAD_TITLES, row.spread)) if row.verified.encoded_bytes else None,
        "sha256": row.verified.sha256,
        "head_hex": row.verified.head_hex,
        "orders": row.verified.orders,
        "times": {
            operation: {
                **asdict(time.figure),
                "ratio": {**asdict(time.ratio), "verdict": time.ratio.verdict} if time.ratio else None,
                "rank": time.rank,
                "best": time.best,
                "collected": asdict(time.collected) if time.collected else None,
            }
            for operation, time in row.times.items()
        },
        "untimed": row.untimed,
        "unsteady": row.unsteady,
        "instructions_per_message": {
            held.operation: table.instructions(held)[0] for held in row.counted if not held.reason
        },
    }
