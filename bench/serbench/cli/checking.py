"""Commands that check values and octets: round trips, foreign machines, other people's implementations."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from serbench.cli import completion
from serbench.cli.base import (
    FAILED,
    OK,
    UsageError,
    codec_option,
    commands,
    data_option,
    epilog,
    json_option,
    json_text,
    print_json,
    sample_option,
    schema_option,
    tell,
)
from serbench.cli.planning import SAMPLE, data_sets, plan_of

if TYPE_CHECKING:
    from serbench.plan import Data
    from serbench.results import Line, Verified

into_option = click.option(
    "--into",
    type=click.Path(path_type=Path),
    metavar="RUN",
    shell_complete=completion.runs,
    help="Add what comes of it to a run and its reports; the data is the run's unless --schema names some.",
)


@contextmanager
def _addition(
    into: Path | None, schemas: tuple[str, ...], data: tuple[str, ...], sample: int = SAMPLE
) -> "Iterator[tuple[tuple[Data, ...], Callable[[Iterable[Line]], None]]]":
    """The data sets of the options, or of the run, and a function that adds lines to the run, if there is one."""
    if into is None:
        yield data_sets(schemas, data, sample=sample), lambda lines: None
        return
    from serbench import additions
    from serbench.results import read

    run = read(into)
    if schemas or data:
        sets = data_sets(schemas, data, sample=sample, seed=run.header.seed)
        additions.check_same(run, sets)
    else:
        sets, notes = additions.data_of(run)
        for note in notes:
            tell(note)
    with additions.adding(into) as add:
        yield sets, add
    tell(f"added to {into}, and its reports written again")


@commands.command(
    epilog=epilog(
        "serbench verify",
        "serbench verify --codec xdr --codec json",
        "serbench verify --schema a.proto --data a.json",
        "serbench verify --schema a.proto --data a.json --codec protobuf --max-bytes 200",
        "serbench verify --peers",
        "serbench verify --peer node --codec msgpack --schema order",
        "serbench verify --peer python --codec json --codec yaml",
        "serbench verify --peers --into reports/night",
    )
)
@codec_option
@schema_option
@data_option
@sample_option
@click.option("--peers", is_flag=True, help="Ask implementations in other languages instead: do they read our bytes?")
@click.option(
    "--peer", "languages", multiple=True, metavar="L", help="Only those of this language: node, python...; repeat."
)
@click.option(
    "--max-bytes", type=click.IntRange(min=1), metavar="N", help="Fail too where an encoded message takes more."
)
@into_option
@json_option
def verify(
    codecs: tuple[str, ...],
    schemas: tuple[str, ...],
    data: tuple[str, ...],
    sample: int,
    peers: bool,
    languages: tuple[str, ...],
    max_bytes: int | None,
    into: Path | None,
    as_json: bool,
) -> int:
    """Round trips only: does every value come back equal? Exit code 1 if one does not.

    Where a codec offers both byte orders, the bytes of each are also read as the other's. A control has to fail that.

    With --peers, implementations in other languages read what our codecs write, and write it again for ours to read;
    and where several libraries of Python implement a format, each reads what the others write (--peer python).
    """
    from serbench import runner
    from serbench.report import matrices, progress, terminal

    if max_bytes and (peers or languages):
        raise UsageError("--max-bytes is of our codecs: leave --peers out")
    if peers or languages:
        return _verify_peers(codecs, schemas, data, sample, languages, into, as_json)
    if into:
        raise UsageError("--into adds what --peers say: a run has round trips of its own")
    plan = plan_of(schemas, data, codecs, sample=sample)
    verified = runner.verify_all(plan, progress.watcher())
    controls = [info.id for info in plan.infos() if info.control]
    problems = [f"{row.codec} failed on {row.dataset}" for row in verified if row.status == "failed"]
    problems += [problem for control in controls if (problem := _survived(control, verified))]
    problems += [
        f"{row.codec} takes {max(row.encoded_bytes)} bytes for a message of {row.dataset}, more than {max_bytes}"
        for row in verified
        if max_bytes and max(row.encoded_bytes, default=0) > max_bytes
    ]
    if as_json:
        print_json([asdict(row) for row in verified])
    else:
        terminal.matrix(matrices.verification(verified, controls), terminal.console())
    for problem in problems:
        tell(problem)
    return FAILED if problems else OK


def _verify_peers(
    codecs: tuple[str, ...],
    schemas: tuple[str, ...],
    data: tuple[str, ...],
    sample: int,
    languages: tuple[str, ...],
    into: Path | None,
    as_json: bool,
) -> int:
    from sercodecs import registry
    from serschema.errors import SerError

    from serbench.peers import opinions
    from serbench.peers.verify import ask_peers, chosen
    from serbench.report import matrices, terminal

    others = [language for language in languages if language != opinions.PYTHON]
    groups = opinions.chosen(codecs) if len(others) < len(languages) or not languages else []
    peers = {}
    try:
        peers = chosen(codecs, others) if others or not languages else {}
    except registry.UnknownCodec:
        raise
    except SerError:
        if not groups or others:
            raise
    if not groups and not peers:
        registry.find(codecs)
        raise UsageError(f"no two libraries of Python implement {' or '.join(codecs)}")
    with _addition(into, schemas, data, sample) as (sets, add):
        rows = ask_peers(sets, peers, tell)
        rows += opinions.ask(sets, groups, tell) if groups else []
        add(rows)
    if as_json:
        print_json([asdict(row) for row in rows])
    else:
        for matrix in matrices.of_asked(rows):
            terminal.matrix(matrix, terminal.console(), titled=True)
    failed = [row for row in rows if row.status == "failed"]
    for row in failed:
        tell(f"{row.codec} failed on {row.dataset}{f' of {row.writer}' if row.language == opinions.PYTHON else ''}")
    return FAILED if failed else OK


def _survived(control: str, verified: "list[Verified]") -> str:
    """A complaint if swapped bytes never made a difference to a control: then the test of the others means nothing."""
    outcomes = {outcome for row in verified if row.codec == control for outcome in row.orders.values()}
    if outcomes == {"equal"}:
        return f"{control} is a control, and its bytes were read correctly in the wrong order: the test shows nothing"
    return ""


@commands.group(
    invoke_without_command=True,
    epilog=epilog(
        "serbench endian setup s390x",
        "serbench endian",
        "serbench endian --all --machine s390x --machine armhf --out reports/endian",
        "serbench endian --codec json --schema person.proto --machine ssh://me@mainframe",
        "serbench endian --all --machine ssh://me@mainframe/home/me/venv/bin/python3",
        "serbench endian --all --into reports/night",
    ),
)
@click.option("--machine", "machines", multiple=True, metavar="M", help="s390x (the default), armhf or ssh://HOST.")
@click.option("--all", "everything", is_flag=True, help="All codecs; without, those of the textbook's formats.")
@codec_option
@schema_option
@data_option
@sample_option
@click.option(
    "--patience",
    default="60s",
    show_default=True,
    metavar="T",
    help="How long one codec may take on one data set: 60, 60s, 2m.",
)
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Write endian.json there too.")
@into_option
@json_option
@click.pass_context
def endian(
    context: click.Context,
    machines: tuple[str, ...],
    everything: bool,
    codecs: tuple[str, ...],
    schemas: tuple[str, ...],
    data: tuple[str, ...],
    sample: int,
    patience: str,
    out: Path | None,
    into: Path | None,
    as_json: bool,
) -> int | None:
    """Write here and read on a machine of another byte order or word size, and the way back. Exit code 1 on failure.

    s390x is big-endian; armhf is little-endian, with words of 32 bits. Both are emulated, prepared by `setup`, and
    nothing is timed on them. ssh://[USER@]HOST[:PORT][/PYTHON] is a machine of yours that has Python 3.11 or newer, as
    python3 unless its path is given.
    """
    if context.invoked_subcommand:
        return None
    if everything and codecs:
        raise UsageError("--all are all codecs: leave --codec out")
    from serbench import inputs
    from serbench.endian import accidents, crossing
    from serbench.endian.machines import check_name
    from serbench.report import matrices, progress, terminal

    names = machines or ("s390x",)
    for name in names:
        check_name(name)
    infos, limit = crossing.chosen(codecs, everything), inputs.duration(patience)
    done = []
    with _addition(into, schemas, data, sample) as (sets, add):
        for name in names:
            crossed = crossing.run(name, (*accidents.data_sets(), *sets), infos, progress.watcher(), patience_s=limit)
            done.append(asdict(crossed))
            add([*crossed.rows, crossed.foreign])
            if not as_json:
                terminal.matrix(matrices.crossings(crossed.foreign, crossed.rows), terminal.console())
            for problem in crossed.problems:
                tell(problem)
    if as_json:
        print_json(done)
    if out:
        out.mkdir(parents=True, exist_ok=True)
        (out / "endian.json").write_text(json_text(done) + "\n", encoding="utf-8")
    return FAILED if any(crossed["problems"] for crossed in done) else OK


@endian.command("setup", epilog=epilog("serbench endian setup", "serbench endian setup s390x armhf"))
@click.argument("machines", nargs=-1, metavar="[s390x|armhf]...")
def endian_setup(machines: tuple[str, ...]) -> None:
    """Prepare emulated machines (s390x unless named) in the cache, without root: half a minute each, once.

    Debian's packages of Python, of some libraries and of the emulator are fetched with apt and unpacked, wheels with
    pip. What is there already is found.
    """
    from serbench.endian import setup
    from serbench.endian.machines import RECIPES

    names = machines or ("s390x",)
    for name in names:
        if name not in RECIPES:
            raise UsageError(f"no machine is called {name!r}; {' and '.join(RECIPES)} can be prepared")
    for name in names:
        setup.prepare(name, tell)
        click.echo(f"{name} is ready in {setup.home(name)}")
