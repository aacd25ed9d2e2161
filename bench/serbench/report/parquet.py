"""The figures as Parquet, the rows and columns of `serbench.report.figures`, and in its metadata what was run."""

import io
import json
from dataclasses import fields
from types import NoneType
from typing import get_args, get_type_hints

from serbench.report.figures import Long, rows
from serbench.report.summary import Summary
from serbench.results import ResultsError


def render(summary: Summary) -> bytes:
    try:
        import pyarrow as pa
        import pyarrow.parquet as pq
    except ImportError:
        raise ResultsError("Parquet needs pyarrow: pip install 'serbench[arrow]'") from None
    types = {str: pa.string(), bool: pa.bool_(), int: pa.int64(), float: pa.float64()}
    hints = get_type_hints(Long)
    columns = []
    for item in fields(Long):
        (kind,) = set(get_args(hints[item.name]) or (hints[item.name],)) - {NoneType}
        columns.append(pa.field(item.name, types[kind]))
    header = summary.run.header
    about = {"started": header.started, "command": header.command, "machine": header.machine}
    schema = pa.schema(columns, metadata={"serbench": json.dumps(about | {"versions": header.versions})})
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist([vars(row) for row in rows(summary)], schema), out, compression="zstd")
    return out.getvalue()
