"""Commands that show what was measured: they read runs, and measure nothing but two versions in turns."""

import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

import click

from serbench import packed
from serbench.cli import completion
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
    print_json,
    sample_option,
    schema_option,
    seed_option,
    show_page,
    tell,
)
from serbench.cli.planning import plan_of
from serbench.report import FORMATS, USUAL


@commands.command(
    epilog=epilog(
        "serbench diff reports/monday reports/tuesday --threshold 5%",
        "serbench diff reports/main reports/branch --format markdown >> $GITHUB_STEP_SUMMARY",
        "serbench diff reports/main reports/branch --format junit > diff.xml",
        "serbench diff --install orjson==3.10.0 orjson==3.13.0 --schema employees",
        "serbench diff --install msgpack==1.2.4 ./msgpack-python --data people.jsonl --json",
    )
)
@click.argument("old", shell_complete=completion.runs)
@click.argument("new", shell_complete=completion.runs)
@click.option("--install", is_flag=True, help="OLD and NEW are what pip installs: two versions of a library, in turns.")
@click.option("--threshold", metavar="P", help="How much slower or larger is no regression yet: 5%. Default: 0%.")
@schema_option
@data_option
@codec_option
@sample_option
@click.option(
    "--budget", metavar="T", help="Time to spend with --install, seconds or with a unit: 90, 90s, 2m (the default), 1h."
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Folder of the two runs of --install. Default: reports/YYYYmmdd-HHMMSS-diff.",
)
@click.option(
    "--format",
    "-f",
    "format_",
    type=click.Choice(["table", "markdown", "junit", "json"]),
    default="table",
    help="Markdown for a pull request, or JUnit XML.",
)
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
    format_: str,
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
    from serbench.report import changes_markdown, junit, progress, terminal

    if as_json and format_ not in ("table", "json"):
        raise UsageError(f"--json and --format {format_} are two formats: choose one")
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
    if as_json or format_ == "json":
        print_json(report.as_json(found, *runs))
    elif format_ == "markdown":
        click.echo(changes_markdown.render(found, *runs), nl=False)
    elif format_ == "junit":
        click.echo(junit.render(found, *runs), nl=False)
    else:
        report.render(found, *runs, terminal.console(), everything=install)
    if interruption.happened:
        return INTERRUPTED
    return FAILED if found.worse else OK


@commands.command(
    epilog=epilog(
        "serbench report reports/night",
        "serbench report reports/night --format html --open",
        "serbench report reports/night --format csv --format latex",
        "serbench report reports/night --show",
        "serbench report reports/night --format readme --stdout >> README.md",
    )
)
@click.argument("run", type=click.Path(path_type=Path), shell_complete=completion.runs)
@click.option(
    "--format",
    "-f",
    "formats",
    multiple=True,
    type=click.Choice(list(FORMATS)),
    help="Repeat for several; default: md, html, json.",
)
@click.option("--stdout", "to_stdout", is_flag=True, help="Print the one --format instead of writing its file.")
@click.option("--show", is_flag=True, help="Show tables and charts in the terminal, as run does; write nothing.")
@open_option
@json_option
def report(run: Path, formats: tuple[str, ...], to_stdout: bool, show: bool, open_page: bool, as_json: bool) -> None:
    """Write the reports of a run's folder again, from its samples; or show them.

    \b
    md, html, json    everything as tables, the page, the figures for programs: what each run gets
    readme            a short table, for a README
    csv, parquet      a row a figure, to filter and pivot
    latex             tables for a paper, with booktabs
    svg, png          the charts, a file each in the folder charts
    pytest-benchmark  for `pytest-benchmark compare`, and dashboards that read its JSON
    """
    from serbench.report import render, terminal, write
    from serbench.report.summary import summarise
    from serbench.results import read

    if as_json:
        formats, to_stdout = (*formats, "json"), True
    if to_stdout and (len(formats) != 1 or show or open_page):
        raise UsageError("--stdout prints one report, and only it: give one --format")
    if show and (formats or open_page):
        raise UsageError("--show writes nothing: leave --format and --open out")
    summary = summarise(read(run))
    if show:
        terminal.render(summary, terminal.console())
    elif to_stdout:
        made = render(summary, formats[0])
        if isinstance(made, Mapping):
            raise UsageError(f"{formats[0]} is a folder of files: leave --stdout out")
        click.echo(made, nl=isinstance(made, str) and not made.endswith("\n"))
    else:
        wanted = dict.fromkeys((*(formats or USUAL), *(("html",) if open_page else ())))
        for path in write(summary, run, tuple(wanted)):
            click.echo(path)
        if open_page:
            show_page(run)


@commands.command(
    epilog=epilog(
        "serbench query --tables",
        "serbench query reports/night \"SELECT codec, ns FROM times WHERE operation = 'encode' ORDER BY ns\"",
        "serbench query reports/monday reports/tuesday 'FROM cells SELECT run, status, count(*) GROUP BY ALL'",
        "serbench query reports/night 'FROM samples' --csv > samples.csv",
        "serbench query reports/night - < question.sql",
    )
)
@click.argument("words", nargs=-1, metavar="[RUN]... [SQL]", shell_complete=completion.runs)
@click.option("--tables", is_flag=True, help="Show the tables with their columns and units.")
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV instead of a table.")
@json_option
def query(words: tuple[str, ...], tables: bool, as_csv: bool, as_json: bool) -> None:
    """Ask runs a question in SQL, by DuckDB: raw samples and all that reports show.

    With several runs, the column `run` of each table says which. SQL may be `-`, standard input. Nothing can be
    written, and nothing but the runs be read.
    """
    from serbench import query, results
    from serbench.report import answers, terminal

    if as_csv and as_json:
        raise UsageError("--csv and --json are two formats: choose one")
    if tables:
        found = answers.described()
    elif len(words) < 2:
        raise UsageError(
            "a query needs the folder of a run and a question: serbench query RUN 'FROM times'; or --tables"
        )
    else:
        *folders, question = words
        sql = sys.stdin.read() if question == "-" else question
        found = query.ask([results.read(Path(folder)) for folder in folders], sql)
    if as_json:
        print_json(answers.as_json(found))
    elif as_csv:
        click.echo(answers.as_csv(found), nl=False)
    else:
        answers.render(found, terminal.console(), grouped=2 if tables else 0)


@commands.command(
    epilog=epilog(
        "serbench history reports --codec json/orjson",
        "serbench history reports --codec protobuf --dataset employees --html history.html",
        "serbench history reports --codec json/orjson --json",
    )
)
@click.argument("folder", type=click.Path(path_type=Path))
@codec_option
@click.option("--dataset", "datasets", multiple=True, metavar="D", help="Only this data set; repeat.")
@click.option(
    "--html", "page", type=click.Path(path_type=Path, dir_okay=False), metavar="FILE", help="Write a page with charts."
)
@json_option
def history(folder: Path, codecs: tuple[str, ...], datasets: tuple[str, ...], page: Path | None, as_json: bool) -> None:
    """A codec over the runs in a folder, by when they began: sizes, times against the other codecs, and their changes.

    A change of time is marked where the runs before and after it differ for good, and by more than 1 %: six runs at
    least, three on each side of a change.
    """
    from serbench import history, results
    from serbench.report import history as report
    from serbench.report import terminal

    names = {file.name for file in packed.variants(Path(results.FILE_NAME))}
    folders = sorted({path.parent for path in folder.rglob(f"{results.FILE_NAME}*") if path.name in names})
    if not folders:
        raise UsageError(f"{folder}: holds no folder of a run, which has {results.FILE_NAME}")
    found = history.history([results.read(each) for each in folders], codecs, datasets)
    if page is not None:
        page.write_text(report.page(found), encoding="utf-8")
        tell(f"the page is {page}")
    if as_json:
        print_json(report.as_json(found))
    else:
        report.render(found, terminal.console())
