"""Commands that help to choose: codecs against each other, and advice."""

import shlex
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from serbench.cli import completion
from serbench.cli.base import (
    INTERRUPTED,
    OK,
    Interruption,
    UsageError,
    commands,
    data_option,
    epilog,
    json_option,
    print_json,
    sample_option,
    schema_option,
    seed_option,
    tell,
)
from serbench.cli.planning import plan_of

if TYPE_CHECKING:
    from serbench.contest import Weights
    from serbench.plan import Effort, Plan
    from serbench.results import Run

FEW = 12
"""So many codecs are measured in the short budget."""

run_option = click.option(
    "--run",
    "folder",
    type=click.Path(path_type=Path),
    metavar="RUN",
    shell_complete=completion.runs,
    help="Measure nothing: what this run has.",
)
weights_option = click.option(
    "--weights", metavar="W", help="What counts how much, to rank by: size=2,encode=1,decode=1; what is missing, 0."
)
budget_option = click.option(
    "--budget", metavar="T", help="Time to measure at most: 15s, or 1m with more than 12 codecs."
)
out_option = click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", help="The run's folder. Default: reports/YYYYmmdd-HHMMSS."
)


@commands.command(
    epilog=epilog(
        "serbench compare json/orjson protobuf/upb xdr --data people.jsonl",
        "serbench compare json msgpack cbor --schema employees --link 10Mbit/20ms --link 4G",
        "serbench compare --data people.jsonl --weights size=2,encode=1,decode=1",
        "serbench compare json protobuf --run reports/night --schema employees --json",
    )
)
@click.argument("codecs", nargs=-1, metavar="[C]...", shell_complete=completion.codecs)
@schema_option
@data_option
@sample_option
@click.option(
    "--link",
    "links",
    multiple=True,
    metavar="L",
    help="Over a link: BANDWIDTH[/LATENCY], as 10Mbit/20ms, or loopback, LAN, WAN, 4G, LoRa; repeat.",
)
@weights_option
@budget_option
@run_option
@out_option
@seed_option
@json_option
def compare(
    codecs: tuple[str, ...],
    schemas: tuple[str, ...],
    data: tuple[str, ...],
    sample: int,
    links: tuple[str, ...],
    weights: str | None,
    budget: str | None,
    folder: Path | None,
    out: Path | None,
    seed: int,
    as_json: bool,
) -> int:
    """Codecs against each other on one data set: who is smaller, who is faster, by how much, and is that real?

    C is a codec id, or a format, which its best implementation stands for: the fastest round trip here, of those
    that lose nothing if there are any. Without any, all formats are compared. The run is kept, and `serbench report`
    works on it.
    """
    from serbench.contest import contest
    from serbench.links import link
    from serbench.report import contest as report
    from serbench.report import terminal

    over = [link(text) for text in links]
    weighed = _weights(weights) if weights is not None else None
    if folder is not None:
        run, interrupted = _held(folder, data, budget, out), False
        dataset = schemas[0] if schemas else ""
    else:
        run, interrupted = _measured(schemas, data, codecs, budget, out, sample, seed)
        dataset = ""
    found = contest(run, codecs, dataset)
    if as_json:
        print_json(report.as_json(found, over, weighed))
    else:
        report.render(found, over, weighed, terminal.console())
    return INTERRUPTED if interrupted else OK


def _held(folder: Path, data: Sequence[str], budget: str | None, out: Path | None) -> "Run":
    from serbench.results import read

    if data or budget or out:
        raise UsageError("--run measures nothing: leave --data, --budget and --out out; --schema names its data set")
    return read(folder)


def _measured(
    schemas: tuple[str, ...],
    data: tuple[str, ...],
    codecs: tuple[str, ...],
    budget: str | None,
    out: Path | None,
    sample: int,
    seed: int,
) -> "tuple[Run, bool]":
    """A short run of one data set, with its reports, and whether it was interrupted."""
    from serbench import runner
    from serbench.report import progress, write
    from serbench.report.summary import summarise

    if not schemas and not data:
        raise UsageError(
            "what is to be compared on? --data FILE, --schema S, or --run RUN; serbench schemas lists some"
        )
    if len(schemas) > 1:
        raise UsageError("codecs are compared on one data set: choose one --schema; serbench run measures several")
    plan = _plan(schemas, data, codecs, budget, sample, seed)
    folder = out or Path("reports") / datetime.now().strftime("%Y%m%d-%H%M%S")
    command = ["serbench", *click.get_current_context().obj]
    with Interruption() as interruption:
        run = runner.run(plan, folder, progress.watcher(plan.budget_s), command=command)
    write(summarise(run), folder)
    again = "compare and report read it" if not interruption.happened else "it was interrupted"
    tell(f"the run is in {folder}, {again}: serbench report {shlex.quote(str(folder))}")
    return run, interruption.happened


def _plan(
    schemas: tuple[str, ...],
    data: tuple[str, ...],
    codecs: tuple[str, ...],
    budget: str | None,
    sample: int,
    seed: int,
) -> "Plan":
    """Encode and decode alone are timed, and no memory: a verdict is wanted soon."""
    from sercodecs import registry

    from serbench import inputs
    from serbench.results import WHOLE

    infos = registry.find(codecs) if codecs else [info for info in registry.codecs() if not info.control]
    effort = _effort(len(infos))
    if budget:
        effort = replace(effort, budget_s=inputs.duration(budget))
    planned = plan_of(schemas, data, tuple(info.id for info in infos), None, seed, effort, sample)
    return replace(planned, operations=WHOLE, memory_share=0.0)


def _effort(codecs: int) -> "Effort":
    from serbench.plan import Effort
    from serbench.statistics import TRIMMED_PROCESSES

    return Effort(budget_s=15.0 if codecs <= FEW else 60.0, processes=TRIMMED_PROCESSES, precision=0.02)


def _weights(text: str) -> "Weights":
    from serbench.fronts import CRITERIA

    found = dict.fromkeys(CRITERIA, 0.0)
    for part in text.split(","):
        name, _, number = (piece.strip() for piece in part.partition("="))
        criterion = next((one for one in CRITERIA if one == name), None)
        try:
            weight = float(number)
        except ValueError:
            weight = -1.0
        if criterion is None or not 0 <= weight < float("inf"):
            raise UsageError(
                f"--weights {text!r}: {part.strip()!r} is not one of {', '.join(CRITERIA)} with a number: size=2"
            )
        found[criterion] = weight
    if not any(found.values()):
        raise UsageError(f"--weights {text!r}: nothing counts; write size=2,encode=1,decode=1")
    return found
