"""Commands that help to choose: codecs against each other, and advice."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
from serschema.errors import SerError

from serbench.cli import completion
from serbench.cli.base import (
    FAILED,
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
    seed_option,
    tell,
)
from serbench.cli.planning import data_sets, plan_of

if TYPE_CHECKING:
    from serbench.contest import Weights
    from serbench.needs import Kinds
    from serbench.plan import Plan
    from serbench.results import Run

NEEDS_HELP = (
    "What has to be: self-describing (read without a schema), human-readable (text), canonical (equal values have "
    "equal octets), evolution (fields can be added or left out), languages=java+js (libraries for them all); repeat."
)
FEW = 12
"""So many codecs are measured in the short budget."""

dataset_option = click.option(
    "--schema",
    "-s",
    "schemas",
    multiple=True,
    metavar="S",
    help="What the data is of: a shared schema, FILE[:TYPE] (.proto .avsc .json .asn .thrift .xsd .py) or module:Type. "
    "With --run, the data set.",
)
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
    "--budget", metavar="T", help="Time to measure at most: 20s, or 1m with more than 12 codecs."
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
@dataset_option
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
    from sercodecs import registry

    from serbench.contest import NothingToCompare, contest
    from serbench.links import link
    from serbench.report import contest as report
    from serbench.report import terminal

    over = [link(text) for text in links]
    weighed = _weights(weights) if weights is not None else None
    _one_data_set(schemas, data, folder)
    if folder is not None:
        run, interrupted = _held(folder, data, budget, out), False
        found = contest(run, codecs, schemas[0] if schemas else "")
    else:
        names = codecs or tuple(info.id for info in registry.codecs() if not info.control)
        planned = plan_of(schemas, data, names, seed=seed, sample=sample)
        run, interrupted = _measured(_short(planned, budget), out)
        try:
            found = contest(run, codecs)
        except NothingToCompare as error:
            return _nothing(error, interrupted)
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


def _kinds(run: "Run", schemas: Sequence[str]) -> "Kinds":
    """The kinds of value that a run's data set has, if its schema is at hand."""
    from serschema import shared

    from serbench.needs import kinds_of

    dataset = next((held for held in run.datasets if not schemas or held.name == schemas[0]), None)
    if dataset is None or dataset.source != "shared" or dataset.name not in shared.NAMES:
        return None
    return kinds_of(shared.load(dataset.name).schema)


def _nothing(error: SerError, interrupted: bool) -> int:
    """What ends a run that was interrupted before there was something to compare is no bad input."""
    if not interrupted:
        raise error
    tell(str(error))
    return INTERRUPTED


def _one_data_set(schemas: Sequence[str], data: Sequence[str], folder: Path | None) -> None:
    if folder is None and not schemas and not data:
        raise UsageError("on which data? --data FILE, --schema S, or --run RUN; serbench schemas lists some")
    if len(schemas) > 1:
        raise UsageError("codecs are compared on one data set: choose one --schema; serbench run measures several")


def _measured(plan: "Plan", out: Path | None) -> "tuple[Run, bool]":
    """A short run, with its reports, and whether it was interrupted."""
    from serbench import runner
    from serbench.report import progress, write
    from serbench.report.summary import summarise

    folder = out or Path("reports") / datetime.now().strftime("%Y%m%d-%H%M%S")
    command = ["serbench", *click.get_current_context().obj]
    with Interruption() as interruption:
        run = runner.run(plan, folder, progress.watcher(plan.budget_s), command=command)
    write(summarise(run), folder)
    tell(f"the run is in {folder}: serbench report, or compare and advise with --run, read it")
    return run, interruption.happened


def _short(plan: "Plan", budget: str | None) -> "Plan":
    """The plan with encode and decode alone timed, and no memory: a verdict is wanted soon."""
    from serbench import inputs
    from serbench.results import WHOLE
    from serbench.statistics import TRIMMED_PROCESSES

    return replace(
        plan,
        budget_s=inputs.duration(budget or ("20s" if len(plan.codecs + plan.peers) <= FEW else "1m")),
        processes=TRIMMED_PROCESSES,
        precision=0.02,
        operations=WHOLE,
        memory_share=0.0,
    )


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


@commands.command(
    epilog=epilog(
        "serbench advise --data people.jsonl",
        "serbench advise --data people.jsonl --need self-describing,evolution,languages=java+js",
        "serbench advise --schema order --need canonical --weights size=3,decode=1",
        "serbench advise --run reports/night --schema employees --need human-readable --json",
    )
)
@dataset_option
@data_option
@sample_option
@click.option("--need", "wanted", multiple=True, metavar="N[,N]...", help=NEEDS_HELP)
@weights_option
@budget_option
@run_option
@out_option
@seed_option
@json_option
def advise(
    schemas: tuple[str, ...],
    data: tuple[str, ...],
    sample: int,
    wanted: tuple[str, ...],
    weights: str | None,
    budget: str | None,
    folder: Path | None,
    out: Path | None,
    seed: int,
    as_json: bool,
) -> int:
    """Which formats to take for this data: up to three, for these reasons, with these numbers, and why not others.

    Only formats that meet every --need are measured, in a short run that is kept; among them those that lose nothing
    are ranked by size, encode and decode alike, or by --weights. Exit code 1 if no format meets every need.
    """
    from sercodecs import registry

    from serbench import advice
    from serbench.contest import NothingToCompare
    from serbench.needs import kinds_of, needs
    from serbench.plan import Plan
    from serbench.report import advice as report

    asked = needs(wanted)
    weighed = _weights(weights) if weights is not None else None
    _one_data_set(schemas, data, folder)
    if folder is not None:
        run, interrupted = _held(folder, data, budget, out), False
        found = advice.suited(registry.codecs(), asked, _kinds(run, schemas), lambda info: "")
    else:
        (held,) = data_sets(schemas, data, None, seed, sample)
        found = advice.suited(registry.codecs(), asked, kinds_of(held.schema), registry.missing)
    if not found.codecs:
        if as_json:
            print_json(report.suited_json(found) | {"advised": []})
        else:
            click.echo(report.nothing(found))
        return FAILED
    if folder is None:
        planned = Plan(data=(held,), codecs=tuple(info.id for info in found.codecs), seed=seed)
        run, interrupted = _measured(_short(planned, budget), out)
    try:
        said = advice.advise(run, found, weighed, schemas[0] if folder is not None and schemas else "")
    except NothingToCompare as error:
        return _nothing(error, interrupted)
    if as_json:
        print_json(report.as_json(said))
    else:
        click.echo(report.text(said))
    return INTERRUPTED if interrupted else OK
