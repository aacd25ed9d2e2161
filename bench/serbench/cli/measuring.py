"""Commands that measure."""

import shlex
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from serbench.cli.base import (
    FAILED,
    INTERRUPTED,
    OK,
    Interruption,
    UsageError,
    codec_option,
    commands,
    data_option,
    epilog,
    json_option,
    open_option,
    sample_option,
    schema_option,
    seed_option,
    show_page,
    tell,
)
from serbench.cli.planning import plan_of

if TYPE_CHECKING:
    from serbench.results import Operation, Run


@commands.command(
    epilog=epilog(
        "serbench run --schema employees --codec json --codec xml",
        "serbench run --schema person.proto:Person --data people.jsonl --budget 5m",
        "serbench run --data people.jsonl --codec json --codec msgpack --quick",
        "serbench run --schema access_log --codec json --codec xdr --scale",
        "serbench run --data people.jsonl --codec json --codec protobuf --compress zstd-3",
        "serbench run --schema employees --peers",
        "serbench run --schema employees --codec json --peer node --peer go",
        "serbench run --schema employees --codec json/orjson --codec json/node --codec json/java",
        "serbench run --out reports/night --resume --budget 1h",
        "serbench run --schema employee --codec json/orjson --counter instructions",
    )
)
@schema_option
@data_option
@codec_option
@sample_option
@click.option(
    "--records",
    type=click.IntRange(min=1),
    metavar="N",
    help="How many records generated data has. Default: what each shared schema says.",
)
@click.option("--scale", is_flag=True, help="Messages in several sizes: what each message and each byte of it costs.")
@click.option("--hot", is_flag=True, help="Time one message over and over instead of several in turn.")
@click.option(
    "--compress",
    "methods",
    multiple=True,
    metavar="METHOD",
    help="Time compression too: zlib-6, zstd-3, lz4-0, brotli-5, xz-6 or all; repeat. Sizes are always measured.",
)
@click.option(
    "--peers",
    is_flag=True,
    help="Implementations in other languages too, of the formats chosen; they have half of the time for timing.",
)
@click.option("--peer", "languages", multiple=True, metavar="L", help="Only those of this language; repeat.")
@click.option(
    "--budget",
    metavar="T",
    help="Time to spend at most, seconds or with a unit: 90, 90s, 2m (the default; 5m with --peers), 1h.",
)
@click.option("--precision", metavar="P", help="How narrowly ratios are to be known: to 1% (the default), 0.3%.")
@click.option("--quick", "effort", flag_value="quick", help="A first look: 20s, 5%, five processes.")
@click.option("--thorough", "effort", flag_value="thorough", help="For publication: 30m, 0.3%, 24 processes.")
@click.option(
    "--counter",
    type=click.Choice(["instructions"]),
    help="Count them under valgrind in place of time, to follow one --codec over time.",
)
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR", help="The run's folder. Default: reports/YYYYmmdd-HHMMSS."
)
@click.option("--resume", is_flag=True, help="Go on with the run that is in --out.")
@open_option
@seed_option
@json_option
def run(
    schemas: tuple[str, ...],
    data: tuple[str, ...],
    codecs: tuple[str, ...],
    sample: int,
    records: int | None,
    scale: bool,
    hot: bool,
    methods: tuple[str, ...],
    peers: bool,
    languages: tuple[str, ...],
    budget: str | None,
    precision: str | None,
    effort: str | None,
    counter: Literal["instructions"] | None,
    out: Path | None,
    resume: bool,
    open_page: bool,
    seed: int,
    as_json: bool,
) -> int:
    """Verify, then measure; all shared schemas and all codecs unless some are named.

    A run ends when every ratio to the fastest is known to the precision, or the budget is spent.

    With --peers, or a --codec such as json/node, implementations in other languages are built, verified, and timed by
    themselves, in processes of their own: docs/peers.md. Ratios to them are less precise than those between codecs.
    """
    from serbench import inputs, plan, runner
    from serbench.report import progress, render, terminal, write
    from serbench.report.summary import MEASURED, summarise

    if scale and records:
        raise UsageError("--scale chooses the numbers of records: leave --records out")
    if resume and out is None:
        raise UsageError("--resume needs the folder of the run: --out DIR")
    wanted = plan.EFFORTS[effort or ("peers" if peers else "usual")]
    if budget:
        wanted = replace(wanted, budget_s=inputs.duration(budget))
    if precision:
        wanted = replace(wanted, precision=inputs.share(precision))
    asked = languages if peers or languages else None
    planned = plan_of(schemas, data, codecs, records, seed, wanted, sample, scale=scale, hot=hot, languages=asked)
    planned = replace(planned, operations=_operations(methods), counter=counter or "")
    folder = out or Path("reports") / datetime.now().strftime("%Y%m%d-%H%M%S")
    command = ["serbench", *click.get_current_context().obj]
    with Interruption() as interruption:
        watcher = progress.watcher(wanted.budget_s)
        done = runner.run(planned, folder, watcher, resume=resume, command=command, note=tell)
    try:
        summary = summarise(done)
        if as_json:
            click.echo(render(summary, "json"))
        else:
            terminal.render(summary, terminal.console())
        paths = write(summary, folder)
    except KeyboardInterrupt:
        tell(f"interrupted; {folder} keeps the results: serbench report {shlex.quote(str(folder))} shows them")
        return INTERRUPTED
    if interruption.happened:
        tell(_kept(done, folder))
        return INTERRUPTED
    carried = {row.dataset for row in done.verified if row.status in MEASURED}
    if counter and (left := carried - {row.dataset for row in done.counted}):
        tell(f"--budget was used up before {len(left)} data sets were counted; --out {folder} --resume goes on")
    click.echo(f"report: {paths[0].with_suffix('.html')}", err=as_json)
    if open_page:
        show_page(folder)
    return OK


def _operations(methods: Sequence[str]) -> "tuple[Operation, ...]":
    """What is timed, with both directions of these methods of compression; a note for each that is not installed."""
    from serbench.compression import METHODS, missing
    from serbench.results import OPERATIONS, PACKING

    lacking = {method: command for method in METHODS if (command := missing(method))}
    for method in methods:
        if method not in (*METHODS, "all"):
            raise UsageError(f"no compression is called {method!r}; there are {', '.join(METHODS)} and all")
        if method in lacking:
            raise UsageError(f"{method} is not installed: {lacking[method]}")
    for method, command in lacking.items():
        tell(f"without {method}, which is not installed: {command}")
    chosen = set(METHODS if "all" in methods else methods) - lacking.keys()
    return (*OPERATIONS, *(operation for operation in PACKING if operation.partition(":")[2] in chosen))


def _kept(done: "Run", folder: Path) -> str:
    again = [argument for argument in done.header.command if argument != "--resume"]
    if not any(argument.split("=")[0] == "--out" for argument in again):
        again += ["--out", str(folder)]
    return (
        f"interrupted; {folder} keeps {len(done.verified)} round trips and {len(done.timings)} timings; "
        f"go on with: {shlex.join([*again, '--resume'])}"
    )


@commands.command(
    epilog=epilog(
        "serbench selftest --quick",
        "serbench selftest --peers --out selftest.md",
        "serbench selftest --peers --json --out selftest.md > selftest.json",
    )
)
@click.option("--peers", is_flag=True, help="pytest-benchmark and pyperf as well, at equal wall time.")
@click.option("--quick", is_flag=True, help="A small one: two minutes, too few experiments to decide anything.")
@click.option(
    "--out", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write the report, Markdown."
)
@json_option
def selftest(peers: bool, quick: bool, out: Path | None, as_json: bool) -> int:
    """Measure the harness itself on this machine: half an hour, best on a quiet machine.

    Pairs of codecs whose true difference is known, the same codec twice or beside itself with a calibrated delay, are
    measured in full runs of a few seconds: how far apart are equal codecs, how often is a difference claimed that is
    none, which slowdowns are found? Exit code 1 if something demanded is missed, as METHODOLOGY.md lists it.
    """
    from serbench.report import progress, terminal
    from serbench.selftest import render, session
    from serbench.selftest.summary import criteria

    size = session.QUICK if quick else session.FULL
    todo = session.tasks(size, with_peers=peers)
    if out is not None:
        out.touch()  # else it would be known after half an hour that it cannot be written
    watcher = progress.watcher(session.duration_s(todo, size.calibration_s))
    with Interruption() as interruption:
        found = session.selftest(todo, size.calibration_s, watcher)
    if out is not None:
        out.write_text(render.markdown(found), encoding="utf-8")
    if as_json:
        click.echo(render.to_json(found))
    else:
        render.show(found, terminal.console())
    if interruption.happened:
        tell(f"interrupted after {len(found.experiments)} of {found.planned} experiments")
        return INTERRUPTED
    return FAILED if found.failed or any(held.outcome == "miss" for held in criteria(found)) else OK
