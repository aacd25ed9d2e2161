"""serbench from Python: the same as the command line, on values in memory.

    import serbench

    schema = serbench.load_schema("person.proto")
    codec = serbench.codec("xdr").compile(schema)
    results = serbench.run(schema, values, codecs=["json", "protobuf", "xdr"], budget=30)
    pandas.DataFrame(results.rows())

Everything is imported when it is called: `import serbench` costs nothing.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sercodecs.contract import CodecInfo
    from serschema.load.infer import Inferred
    from serschema.model import Schema, Value

    from serbench.results import Run

__all__ = ["Results", "codec", "infer", "load_schema", "run"]


def load_schema(spec: str, include: Sequence[Path] = ()) -> "Schema":
    """The schema of a shared name (`employees`) or of a file, with or without its type (`person.proto:Person`).

    `include` are folders in which imports are looked for. Raises `serschema.errors.SchemaError`.
    """
    from serschema import shared
    from serschema.load import load_schema

    return shared.load(spec).schema if spec in shared.NAMES else load_schema(spec, include)


def infer(*files: str | Path) -> "Inferred":
    """The schema of JSON or JSON Lines: `.schema`, with its choices as `.schema.notes`, and `.read(files)`.

    Raises `serschema.data.DataError`.
    """
    from serschema.load.infer import infer

    return infer(files)


def codec(name: str) -> "CodecInfo":
    """The codec of an id, or the only one of a format; `.compile(schema)` gives `.encode` and `.decode`.

    Raises `sercodecs.registry.UnknownCodec`.
    """
    from sercodecs import registry

    found = registry.find([name])
    if len(found) > 1:
        raise registry.UnknownCodec(f"{name} is several codecs: {', '.join(info.id for info in found)}")
    return found[0]


@dataclass(frozen=True)
class Results:
    """A finished run: `.run` holds its raw rows, `.folder` the files and reports."""

    run: "Run"
    folder: Path

    def rows(self) -> list[dict[str, Any]]:
        """One flat dict a codec and data set, which pandas and polars take as they are.

        Sizes are octets and times nanoseconds per message; what was not measured is None. The figures of memory and
        `construct_ns` are those of `serbench.results.Footprint`, of the largest message. `*_low` and `*_high` are the
        ends of the 95 % interval. Codecs with the same `*_rank` are not told apart from its fastest; it is None where
        nothing could be tested.
        """
        from statistics import median

        from serbench.report.summary import summarise
        from serbench.results import COMPARED, OPERATIONS, PACKING, WHOLE, Footprint

        rows = []
        tables = summarise(self.run).tables
        timed = {operation for table in tables for row in table.measured for operation in row.times}
        packing = [operation for operation in PACKING if operation in timed]
        for table in tables:
            for row in table.measured + table.absent:
                flat: dict[str, Any] = {
                    "dataset": table.dataset.name,
                    "codec": row.codec,
                    "status": row.verified.status,
                    "reason": row.verified.reason,
                    "bytes": row.size,
                    "efficiency_percent": row.efficiency_percent,
                    **{f"{method}_bytes": row.compressed.get(method) for method in table.methods},
                }
                footprint = row.footprint or Footprint(dataset=table.dataset.name, codec=row.codec)
                for operation in WHOLE:
                    for what in ("peak_bytes", "held_bytes", "allocations"):
                        name = f"{operation}_{what}"
                        flat[name] = getattr(footprint, name) if footprint.method else None
                flat["construct_ns"] = median(footprint.construct_ns) if footprint.construct_ns else None
                for operation in (*OPERATIONS, *packing):
                    figure = row.times[operation].figure if operation in row.times else None
                    flat[f"{operation}_ns"] = figure and figure.ns
                    flat[f"{operation}_ns_low"] = figure and figure.low
                    flat[f"{operation}_ns_high"] = figure and figure.high
                    if operation in COMPARED:
                        flat[f"{operation}_rank"] = figure and row.times[operation].rank
                rows.append(flat)
        return rows


def run(
    schema: "Schema",
    values: "Iterable[Value]",
    codecs: Iterable[str] = (),
    *,
    budget: float = 60.0,
    precision: float = 0.01,
    folder: Path | None = None,
    seed: int = 1,
    name: str = "",
) -> Results:
    """Verify and measure values of a schema through the codecs (ids or formats; none means all), for at most `budget`
    seconds, or until ratios to the fastest are known to `precision`, a share.

    The files go to `folder`, or to a new temporary one. Raises `serschema.errors.SerError`: a value that is not of the
    schema, an unknown codec, a folder that holds another run.
    """
    import tempfile

    from sercodecs import registry

    from serbench import runner
    from serbench.plan import Data, Plan

    chosen = list(codecs)
    infos = registry.find(chosen) if chosen else registry.codecs()
    data = Data(name=name or schema.root, source="python", schema=schema, messages=list(values))
    plan = Plan(
        data=(data,),
        codecs=tuple(info.id for info in infos),
        budget_s=budget,
        precision=precision,
        seed=seed,
    )
    place = folder or Path(tempfile.mkdtemp(prefix="serbench-"))
    return Results(runner.run(plan, place), place)
