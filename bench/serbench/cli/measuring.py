"""Commands that measure and compare, and write reports."""

import shlex
import signal
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Literal, NoReturn

import click

from serbench.cli.base import (
    FAILED,
    INTERRUPTED,
    OK,
    UsageError,
    codec_option,
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
    from serbench.results import Operation, Run


@commands.command(
    epilog=epilog(
        "serbench run --schema employees --codec json --codec xml",
        "serbench run --schema person.proto:Person --data people.jsonl --budget 5m",
        "serbench run --data people.jsonl --codec json --codec msgpack --quick",
        "serbench run --schema access_log --codec json --codec xdr --scale",
        "serbench run --data people.jsonl --codec json --codec protobuf --compress zstd-3",
        "serbench run --out reports/night --resume --budget 1h",
        "serbench run --schema employee --codec json/orjson --counter instructions",
    )
)
@schema_option
@data_option
@codec_option
@sample_option
@click.option("--records", type=click.IntRange(min=1), metavar="N", help="How many records generated data has.")
@click.option("--scale", is_flag=True, help="Messages in several sizes: what each message and each byte of it costs.")
@click.option("--hot", is_flag=True, help="Time one message over and over instead of several in turn.")
@click.option(
    "--compress",
    "methods",
    multiple=True,
    metavar="METHOD",
    help="Time compression too: zlib-6, zstd-3, lz4-0, brotli-5, xz-6 or all; repeat. Sizes are always measured.",
)
@click.option("--budget", metavar="T", help="Time to spend at most: 90, 90s, 2m (the default), 1h.")
@click.option("--precision", metavar="P", help="What ratios are to be known to: 1% (the default), 0.3%.")
@click.option("--quick", "effort", flag_value="quick", help="A first look: 20s, 5%, five processes.")
@click.option("--thorough", "effort", flag_value="thorough", help="For publication: 30m, 0.3%, 24 processes.")
@click.option(
    "--counter",
    type=click.Choice(["instructions"]),
    help="Count them under valgrind in place of time, to follow one --codec over time.",
)
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Default: reports/YYYYmmdd-HHMMSS.")
@click.option("--resume", is_flag=True, help="Go on with the run that is in --out.")
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
    budget: str | None,
    precision: str | None,
    effort: str | None,
    counter: Literal["instructions"] | None,
    out: Path | None,
    resume: bool,
    seed: int,
    as_json: bool,
) -> int:
    """Verify, then measure; all shared schemas and all codecs unless some are named.

    A run ends when every ratio to the fastest is known to the precision, or the budget is spent.
    """
    from serbench import inputs, plan, runner
    from serbench.report import progress, render, terminal, write
    from serbench.report.summary import MEASURED, summarise

    if scale and records:
        raise UsageError("--scale chooses the numbers of records: leave --records out")
    if resume and out is None:
        raise UsageError("--resume needs the folder of the run: --out DIR")
    wanted = plan.EFFORTS[effort or "usual"]
    if budget:
        wanted = replace(wanted, budget_s=inputs.duration(budget))
    if precision:
        wanted = replace(wanted, precision=inputs.share(precision))
    planned = plan_of(schemas, data, codecs, records, seed, wanted, sample, scale=scale, hot=hot)
    planned = replace(planned, operations=_operations(methods), counter=counter or "")
    folder = out or Path("reports") / datetime.now().strftime("%Y%m%d-%H%M%S")
    command = ["serbench", *click.get_current_context().obj]
    with _Interruption() as interruption:
        watcher = progress.watcher(wanted.budget_s)
        done = runner.run(planned, folder, watcher, resume=resume, command=command)
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


class _Interruption:
    """Notices Ctrl-C, which `runner.run` answers by returning what it has; leaves the signal as it found it."""

    happened = False

    def __enter__(self) -> "_Interruption":
        self._before = signal.signal(signal.SIGINT, self._notice)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _notice(self, number: int, frame: FrameType | None) -> NoReturn:
        self.happened = True
        raise KeyboardInterrupt


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
        "serbench diff reports/monday reports/tuesday --threshold 5%",
        "serbench diff --install orjson==3.10.0 orjson==3.13.0 --schema employees",
        "serbench diff --install msgpack==1.2.4 ./msgpack-python --data people.jsonl --json",
    )
)
@click.argument("old")
@click.argument("new")
@click.option("--install", is_flag=True, help="OLD and NEW are what pip installs: two versions of a library, in turns.")
@click.option("--threshold", metavar="P", help="How much slower or larger is no regression: 5%. Default: none.")
@schema_option
@data_option
@codec_option
@sample_option
@click.option("--budget", metavar="T", help="Time to spend with --install: 90, 90s, 2m (the default), 1h.")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Folder of the two runs of --install.")
@seed_option
@json_option
def diff(
    old: str,
    new: str,
    install: bool,
    threshold: str | None,
    schemas: tuple[str, ...],
    data: tuple[str, ...],
    codecs: tuple[str, ...],
    sample: int,
    budget: str | None,
    out: Path | None,
    seed: int,
    as_json: bool,
) -> int:
    """What got slower, larger, lossy or broken from OLD to NEW; exit code 1 if anything did.

    OLD and NEW are folders of runs, or, with --install, requirements: each version is installed with what it requires
    into a folder of the cache, once, and two processes take turns on one processor. Without --codec these are all that
    are made of the library.
    """
    from serbench import changes, inputs, results, versions
    from serbench.plan import Effort
    from serbench.report import changes as report
    from serbench.report import progress, terminal

    share = inputs.share(threshold) if threshold else 0.0
    interruption = _Interruption()
    if install:
        budget_s = inputs.duration(budget or "2m")
        both = versions.install(old), versions.install(new)
        chosen = versions.codecs_of(both, codecs)
        plan = plan_of(schemas, data, chosen, seed=seed, effort=Effort(budget_s=budget_s), sample=sample)
        folder = out or Path("reports") / f"{datetime.now().strftime('%Y%m%d-%H%M%S')}-diff"
        command = ["serbench", *click.get_current_context().obj]
        with interruption:
            runs = versions.measure(plan, both, folder, progress.watcher(budget_s), command)
        tell(f"the runs are in {folder}: serbench diff {' '.join(str(run.path.parent) for run in runs)}")
    elif schemas or data or codecs or budget or out:
        raise UsageError("--schema, --data, --codec, --budget and --out go with --install: a run has been measured")
    else:
        runs = results.read(Path(old)), results.read(Path(new))
    found = changes.changes(*runs, share)
    if as_json:
        print_json(report.as_json(found, *runs))
    else:
        report.render(found, *runs, terminal.console(), everything=install)
    if interruption.happened:
        return INTERRUPTED
    return FAILED if found.worse else OK


@commands.command(epilog=epilog("serbench report reports/latest", "serbench report reports/latest --format html"))
@click.argument("run", type=click.Path(path_type=Path))
@click.option("--format", "formats", multiple=True, type=click.Choice(["md", "html", "json"]), help="Default: all.")
def report(run: Path, formats: tuple[str, ...]) -> None:
    """Write the reports of a run's folder again, from its samples."""
    from serbench.report import write
    from serbench.report.summary import summarise
    from serbench.results import read

    for path in write(summarise(read(run)), run, formats):
        click.echo(path)


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
    with _Interruption() as interruption:
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
