"""Commands that show what was measured: they read runs, and measure nothing but two versions in turns."""

from datetime import datetime
from pathlib import Path

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
    print_json,
    sample_option,
    schema_option,
    seed_option,
    tell,
)
from serbench.cli.planning import plan_of


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
    interruption = Interruption()
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
