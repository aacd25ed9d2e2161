"""The commands, and nothing else. Each imports what it needs when it runs, so that `--help` answers at once.

Results go to standard output, progress and notes to standard error. Whatever is wrong with the input is one line,
`serbench: ...`, and exit code 2.
"""

import shlex
import signal
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any, Literal, NoReturn

import click
from serschema.errors import SerError

if TYPE_CHECKING:
    from sercodecs.contract import CodecInfo

    from serbench.plan import Effort, Plan
    from serbench.results import Operation, Run, Verified

OK, FAILED, BAD_INPUT, INTERRUPTED, READER_GONE = 0, 1, 2, 130, 141

EXIT_CODES = "Exit codes: 0 done; 1 a check failed; 2 bad input; 130 interrupted; 141 output not wanted."

SAMPLE = 1000
"""How many messages of data files are measured unless --sample says otherwise."""

WRITERS = {
    "asn1": "asn1",
    "avro": "avro",
    "capnp": "capnp",
    "corba": "corba",
    "flatbuffers": "flatbuffers",
    "java": "java",
    "jsonschema": "jsonschema",
    "ms-idl": "msidl",
    "proto": "proto",
    "thrift": "thrift",
    "xdr": "xdr",
    "xsd": "xsd",
}
"""The schema languages, each with its module of `serschema.idl`, which has `write(schema)`."""


class _UsageError(SerError):
    """Options that do not go together, or a name that is not one."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line; returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return commands.main(given, prog_name="serbench", standalone_mode=False, obj=given) or OK
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else "serbench"
        return _complain(f"{error.format_message().rstrip('.')}; {path} --help tells more")
    except click.ClickException as error:
        return _complain(error.format_message())
    except (KeyboardInterrupt, click.Abort):
        _note("interrupted; nothing was kept")
        return INTERRUPTED
    except SystemExit:  # what click makes of a closed pipe: the reader, say `head`, has what it wanted
        return READER_GONE
    except SerError as error:
        return _complain(str(error))
    except OSError as error:
        return _complain(f"{error.filename}: {error.strerror}" if error.filename else str(error))


def _complain(message: str) -> int:
    _note(" ".join(message.split()))
    return BAD_INPUT


def _note(message: str) -> None:
    shown = "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in message)
    click.echo(f"serbench: {shown}", err=True)


def _print_version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        click.echo(f"serbench {version('serbench')}")
        context.exit()


def _epilog(*examples: str) -> str:
    """Examples, kept in their lines, and the exit codes."""
    return "\b\nExamples:\n" + "\n".join(f"  {example}" for example in examples) + f"\n\n{EXIT_CODES}"


_codec_option = click.option(
    "--codec", "-c", "codecs", multiple=True, metavar="C", help="A codec id or format; repeat."
)
_schema_option = click.option(
    "--schema",
    "-s",
    "schemas",
    multiple=True,
    metavar="S",
    help="A shared schema, FILE[:TYPE] (.proto .avsc .json .asn .thrift .xsd .py) or module:Type.",
)
_data_option = click.option(
    "--data",
    "-d",
    multiple=True,
    metavar="FILE",
    help="JSON or JSON Lines (.gz, .zst too), a folder, or -; without --schema one is inferred; repeat.",
)
_sample_option = click.option(
    "--sample",
    type=click.IntRange(min=1),
    default=1000,
    show_default=True,
    metavar="N",
    help="Messages taken of --data.",
)
_one_schema = click.option(
    "--schema", "-s", "spec", required=True, metavar="S", help="A shared schema, FILE[:TYPE] or module:Type."
)
_one_codec = click.option("--codec", "-c", required=True, metavar="C", help="A codec id or format.")
_hex_option = click.option("--hex", "as_hex", is_flag=True, help="Octets as hexadecimal digits.")
_seed_option = click.option("--seed", default=1, show_default=True, help="What random choices start from.")
_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=_epilog(
        "serbench run",
        "serbench run --schema person.proto --data people.jsonl --codec json --codec protobuf",
        "serbench COMMAND --help",
    ),
)
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Print it.")
def commands() -> None:
    """Serialization formats, measured on your own schema and data: verified first, then timed."""


@commands.command(
    epilog=_epilog(
        "serbench run --schema employees --codec json --codec xml",
        "serbench run --schema person.proto:Person --data people.jsonl --budget 5m",
        "serbench run --data people.jsonl --codec json --codec msgpack --quick",
        "serbench run --schema access_log --codec json --codec xdr --scale",
        "serbench run --data people.jsonl --codec json --codec protobuf --compress zstd-3",
        "serbench run --out reports/night --resume --budget 1h",
        "serbench run --schema employee --codec json/orjson --counter instructions",
    )
)
@_schema_option
@_data_option
@_codec_option
@_sample_option
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
@_seed_option
@_json_option
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
        raise _UsageError("--scale chooses the numbers of records: leave --records out")
    if resume and out is None:
        raise _UsageError("--resume needs the folder of the run: --out DIR")
    wanted = plan.EFFORTS[effort or "usual"]
    if budget:
        wanted = replace(wanted, budget_s=inputs.duration(budget))
    if precision:
        wanted = replace(wanted, precision=inputs.share(precision))
    planned = _plan(schemas, data, codecs, records, seed, wanted, sample, scale=scale, hot=hot)
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
        _note(f"interrupted; {folder} keeps the results: serbench report {shlex.quote(str(folder))} shows them")
        return INTERRUPTED
    if interruption.happened:
        _note(_kept(done, folder))
        return INTERRUPTED
    carried = {row.dataset for row in done.verified if row.status in MEASURED}
    if counter and (left := carried - {row.dataset for row in done.counted}):
        _note(f"--budget was used up before {len(left)} data sets were counted; --out {folder} --resume goes on")
    click.echo(f"report: {paths[0].with_suffix('.html')}", err=as_json)
    return OK


def _operations(methods: Sequence[str]) -> "tuple[Operation, ...]":
    """What is timed, with both directions of these methods of compression; a note for each that is not installed."""
    from serbench.compression import METHODS, missing
    from serbench.results import OPERATIONS, PACKING

    lacking = {method: command for method in METHODS if (command := missing(method))}
    for method in methods:
        if method not in (*METHODS, "all"):
            raise _UsageError(f"no compression is called {method!r}; there are {', '.join(METHODS)} and all")
        if method in lacking:
            raise _UsageError(f"{method} is not installed: {lacking[method]}")
    for method, command in lacking.items():
        _note(f"without {method}, which is not installed: {command}")
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


def _plan(
    schemas: tuple[str, ...],
    data: tuple[str, ...],
    codecs: tuple[str, ...],
    records: int | None = None,
    seed: int = 1,
    effort: "Effort | None" = None,
    sample: int = SAMPLE,
    *,
    scale: bool = False,
    hot: bool = False,
) -> "Plan":
    from sercodecs import registry

    from serbench import inputs
    from serbench.plan import Effort, Plan

    infos = registry.find(codecs) if codecs else registry.codecs()
    sets, notes = inputs.data_sets(schemas, data, records, seed, sample)
    if scale:
        sets, more = inputs.families(sets)
        notes += more
    if hot:
        sets = tuple(replace(data, most_timed=1) for data in sets)
    for note in notes:
        _note(note)
    effort = effort or Effort()
    return Plan(data=sets, codecs=tuple(info.id for info in infos), seed=seed, **asdict(effort))


@commands.command(
    epilog=_epilog(
        "serbench diff reports/monday reports/tuesday --threshold 5%",
        "serbench diff --install orjson==3.10.0 orjson==3.13.0 --schema employees",
        "serbench diff --install msgpack==1.2.4 ./msgpack-python --data people.jsonl --json",
    )
)
@click.argument("old")
@click.argument("new")
@click.option("--install", is_flag=True, help="OLD and NEW are what pip installs: two versions of a library, in turns.")
@click.option("--threshold", metavar="P", help="How much slower or larger is no regression: 5%. Default: none.")
@_schema_option
@_data_option
@_codec_option
@_sample_option
@click.option("--budget", metavar="T", help="Time to spend with --install: 90, 90s, 2m (the default), 1h.")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Folder of the two runs of --install.")
@_seed_option
@_json_option
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
        plan = _plan(schemas, data, chosen, seed=seed, effort=Effort(budget_s=budget_s), sample=sample)
        folder = out or Path("reports") / f"{datetime.now().strftime('%Y%m%d-%H%M%S')}-diff"
        command = ["serbench", *click.get_current_context().obj]
        with interruption:
            runs = versions.measure(plan, both, folder, progress.watcher(budget_s), command)
        _note(f"the runs are in {folder}: serbench diff {' '.join(str(run.path.parent) for run in runs)}")
    elif schemas or data or codecs or budget or out:
        raise _UsageError("--schema, --data, --codec, --budget and --out go with --install: a run has been measured")
    else:
        runs = results.read(Path(old)), results.read(Path(new))
    found = changes.changes(*runs, share)
    if as_json:
        _print_json(report.as_json(found, *runs))
    else:
        report.render(found, *runs, terminal.console(), everything=install)
    if interruption.happened:
        return INTERRUPTED
    return FAILED if found.worse else OK


@commands.command(
    epilog=_epilog(
        "serbench verify",
        "serbench verify --codec xdr --codec json",
        "serbench verify --schema a.proto --data a.json",
        "serbench verify --peers",
        "serbench verify --peer node --codec msgpack --schema order",
    )
)
@_codec_option
@_schema_option
@_data_option
@_sample_option
@click.option("--peers", is_flag=True, help="Ask implementations in other languages instead: do they read our bytes?")
@click.option("--peer", "languages", multiple=True, metavar="L", help="Only those of this language; repeat.")
@_json_option
def verify(
    codecs: tuple[str, ...],
    schemas: tuple[str, ...],
    data: tuple[str, ...],
    sample: int,
    peers: bool,
    languages: tuple[str, ...],
    as_json: bool,
) -> int:
    """Round trips only: does every value come back equal? Exit code 1 if one does not.

    Where a codec offers both byte orders, the bytes of each are also read as the other's. A control has to fail that.

    With --peers, implementations in other languages read what our codecs write, and write it again for ours to read.
    """
    from serbench import runner
    from serbench.report import progress, terminal

    if peers or languages:
        return _verify_peers(codecs, schemas, data, sample, languages, as_json)
    plan = _plan(schemas, data, codecs, sample=sample)
    verified = runner.verify_all(plan, progress.watcher())
    controls = [info.id for info in plan.infos() if info.control]
    problems = [f"{row.codec} failed on {row.dataset}" for row in verified if row.status == "failed"]
    problems += [problem for control in controls if (problem := _survived(control, verified))]
    if as_json:
        _print_json([asdict(row) for row in verified])
    else:
        terminal.verification(verified, controls, terminal.console())
    for problem in problems:
        _note(problem)
    return FAILED if problems else OK


def _verify_peers(
    codecs: tuple[str, ...],
    schemas: tuple[str, ...],
    data: tuple[str, ...],
    sample: int,
    languages: tuple[str, ...],
    as_json: bool,
) -> int:
    from serbench import inputs
    from serbench.peers.verify import chosen, verify_peers
    from serbench.report import terminal

    peers = chosen(codecs, languages)
    sets, notes = inputs.data_sets(schemas, data, None, 1, sample)
    for note in notes:
        _note(note)
    rows = verify_peers(sets, peers, _note)
    if as_json:
        _print_json([asdict(row) for row in rows])
    else:
        terminal.peers(rows, terminal.console())
    failed = [row for row in rows if row.status == "failed"]
    for row in failed:
        _note(f"{row.codec} failed on {row.dataset}")
    return FAILED if failed else OK


def _survived(control: str, verified: "list[Verified]") -> str:
    """A complaint if swapped bytes never made a difference to a control: then the test of the others means nothing."""
    outcomes = {outcome for row in verified if row.codec == control for outcome in row.orders.values()}
    if outcomes == {"equal"}:
        return f"{control} is a control, and its bytes were read correctly in the wrong order: the test shows nothing"
    return ""


@commands.group(
    invoke_without_command=True,
    epilog=_epilog(
        "serbench endian setup s390x",
        "serbench endian",
        "serbench endian --all --machine s390x --machine armhf --out reports/endian",
        "serbench endian --codec json --schema person.proto --machine ssh://me@mainframe",
    ),
)
@click.option("--machine", "machines", multiple=True, metavar="M", help="s390x (the default), armhf or ssh://HOST.")
@click.option("--all", "everything", is_flag=True, help="All codecs; without, those of the textbook's formats.")
@_codec_option
@_schema_option
@click.option("--patience", default="60s", show_default=True, metavar="T", help="For one codec on one data set.")
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Write endian.json there too.")
@_json_option
@click.pass_context
def endian(
    context: click.Context,
    machines: tuple[str, ...],
    everything: bool,
    codecs: tuple[str, ...],
    schemas: tuple[str, ...],
    patience: str,
    out: Path | None,
    as_json: bool,
) -> int | None:
    """Write here and read on a machine of another byte order or word size, and the way back. Exit code 1 on failure.

    s390x is big-endian; armhf is little-endian, with words of 32 bits. Both are emulated, prepared by `setup`, and
    nothing is timed on them. ssh://[USER@]HOST[:PORT] is a machine of yours that has Python 3.11 or newer.
    """
    if context.invoked_subcommand:
        return None
    if everything and codecs:
        raise _UsageError("--all are all codecs: leave --codec out")
    from serbench import inputs
    from serbench.endian import accidents, crossing
    from serbench.endian.machines import check_name
    from serbench.report import crossing as matrix
    from serbench.report import progress, terminal

    names = machines or ("s390x",)
    for name in names:
        check_name(name)
    sets, notes = inputs.data_sets(schemas, (), None, 1, SAMPLE)
    for note in notes:
        _note(note)
    infos, limit = crossing.chosen(codecs, everything), inputs.duration(patience)
    done = []
    for name in names:
        crossed = crossing.run(name, (*accidents.data_sets(), *sets), infos, progress.watcher(), patience_s=limit)
        done.append(asdict(crossed))
        if not as_json:
            matrix.render(crossed, terminal.console())
        for problem in crossed.problems:
            _note(problem)
    if as_json:
        _print_json(done)
    if out:
        out.mkdir(parents=True, exist_ok=True)
        (out / "endian.json").write_text(_json(done) + "\n", encoding="utf-8")
    return FAILED if any(crossed["problems"] for crossed in done) else OK


@endian.command("setup", epilog=_epilog("serbench endian setup", "serbench endian setup s390x armhf"))
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
            raise _UsageError(f"no machine is called {name!r}; {' and '.join(RECIPES)} can be prepared")
    for name in names:
        setup.prepare(name, _note)
        click.echo(f"{name} is ready in {setup.home(name)}")


@commands.command("codecs", epilog=_epilog("serbench codecs", "serbench codecs --json", "serbench codecs --kinds"))
@click.option("--kinds", is_flag=True, help="How each format carries each kind of value, as Markdown.")
@_json_option
def list_codecs(kinds: bool, as_json: bool) -> None:
    """What is measured: libraries, versions, properties, limits, and how to install what is missing."""
    from sercodecs import registry

    from serbench.report import terminal
    from serbench.report.summary import kind_of

    if kinds and as_json:
        raise _UsageError("--kinds is Markdown: leave --json out")
    if kinds:
        from serbench.report import kinds as table

        click.echo(table.render(), nl=False)
        return
    rows = [_described(info) for info in registry.codecs()]
    if as_json:
        _print_json(rows)
        return
    titles = ["id", "library", "written in", "licence", "kind", "byte order", "limits", "status"]
    terminal.listing(
        titles,
        (
            [
                row["id"] + (" (control)" if row["control"] else ""),
                f"{row['distribution']} {row['version']}".strip(),
                row["language"],
                row["licence"],
                ", ".join(kind_of(row)),
                ", ".join(row["orders"]) or row["byte_order"],
                row["limits"],
                row["status"],
            ]
            for row in rows
        ),
        terminal.console(),
    )


def _described(info: "CodecInfo") -> dict[str, Any]:
    from sercodecs.registry import missing

    lacking = missing(info)
    return {
        "id": info.id,
        "title": info.format.title,
        "specification": info.format.specification,
        "distribution": info.distribution,
        "version": "" if lacking else info.version(),
        "language": info.language,
        "licence": info.licence,
        "textual": info.format.textual,
        "self_describing": info.format.self_describing,
        "byte_order": info.format.byte_order,
        "orders": list(info.orders),
        "validates": info.validates,
        "control": info.control,
        "note": info.note,
        "defects": list(info.defects),
        "limits": _limits(info),
        "status": lacking or "ok",
    }


def _limits(info: "CodecInfo") -> str:
    """The limits that are not those of a codec that carries everything, in words."""
    from dataclasses import fields

    held = {limit.name: getattr(info.limits, limit.name) for limit in fields(info.limits)}
    usual = {limit.name: limit.default for limit in fields(info.limits)}
    return ", ".join(
        f"{name.replace('_', ' ')} {_limit(name, value)}" for name, value in held.items() if value != usual[name]
    )


def _limit(name: str, value: object) -> str:
    match value:
        case False:
            return "refused" if name == "empty_optional" else "lost"
        case (int(least), int(most)):
            return f"{_bound(least)} to {_bound(most)}"
        case _:
            return str(value)


def _bound(value: int) -> str:
    """An integer at the end of a range, as a power of two where it is one or one less."""
    for shift in (0, 1):
        size = abs(value) + shift
        if size >= 1 << 16 and size.bit_count() == 1:
            return f"{'-' if value < 0 else ''}2^{size.bit_length() - 1}{'-1' if shift else ''}"
    return str(value)


@commands.command("schemas", epilog=_epilog("serbench schemas", "serbench schemas --json"))
@_json_option
def list_schemas(as_json: bool) -> None:
    """The shared schemas, and how much is in their messages."""
    from serschema import shared
    from serschema.values import information

    from serbench.report import terminal

    rows = [
        {
            "name": held.name,
            "root": held.schema.root,
            "messages": len(held.values),
            "information_bytes": sum(information(value, held.schema) for value in held.values),
            "scalable": held.scalable,
            "description": held.title,
        }
        for held in map(shared.load, shared.NAMES)
    ]
    if as_json:
        _print_json(rows)
        return
    titles = ["name", "root", "messages", "information, bytes", "takes --records", "description"]
    shown = ([("yes" if cell else "no") if isinstance(cell, bool) else cell for cell in row.values()] for row in rows)
    terminal.listing(titles, shown, terminal.console())


@commands.command(epilog=_epilog("serbench report reports/latest", "serbench report reports/latest --format html"))
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
    epilog=_epilog(
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
@_json_option
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
        _note(f"interrupted after {len(found.experiments)} of {found.planned} experiments")
        return INTERRUPTED
    return FAILED if found.failed or any(held.outcome == "miss" for held in criteria(found)) else OK


@commands.command("show-source", epilog=_epilog("serbench show-source --codec xdr --schema employee"))
@_one_codec
@_one_schema
def show_source(codec: str, spec: str) -> None:
    """Print the Python that a codec generates for a schema."""
    from sercodecs import registry

    from serbench import inputs

    infos = registry.find([codec])
    if len(infos) > 1:
        raise _UsageError(f"{codec} is several codecs: choose one of {', '.join(info.id for info in infos)}")
    if command := registry.missing(infos[0]):
        raise _UsageError(f"{infos[0].id} is not installed: {command}")
    source = infos[0].compile(inputs.schema(spec)).source
    if not source:
        raise _UsageError(f"{infos[0].id} generates no source: it calls its library directly")
    click.echo(source, nl=False)


@commands.command("schema", epilog=_epilog("serbench schema employee --to java", "serbench schema a.proto:T --to java"))
@click.argument("spec", metavar="S")
@click.option("--to", "language", required=True, metavar="LANGUAGE", help=f"One of: {', '.join(WRITERS)}.")
def translate(spec: str, language: str) -> None:
    """Print a schema in another schema language."""
    from importlib import import_module

    from serbench import inputs

    if language not in WRITERS:
        raise _UsageError(f"no writer for {language!r}; there are {', '.join(WRITERS)}")
    held = inputs.schema(spec)
    for note in inputs.noted(spec, held):
        _note(note)
    click.echo(import_module(f"serschema.idl.{WRITERS[language]}").write(held), nl=False)


@commands.command(
    "infer", epilog=_epilog("serbench infer people.jsonl > people.proto", "zcat log.gz | serbench infer -")
)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
def infer_schema(files: tuple[str, ...]) -> None:
    """Print the schema that data has, as .proto, to be saved, edited and given to --schema.

    FILE is JSON or JSON Lines, plain, .gz or .zst, a folder of such, or - for standard input. It is read once, as a
    stream. What was chosen and could have been chosen otherwise is told on standard error.
    """
    from serschema.idl import proto
    from serschema.load.infer import infer

    found = infer(files)
    for note in found.schema.notes:
        _note(note)
    click.echo(proto.write(found.schema), nl=False)


def _single(command: str, spec: str, *codecs: str, **options: bool) -> None:
    """One value from standard input to standard output; what could be done comes before the error."""
    from serbench import inputs, single

    output = getattr(single, command)(inputs.schema(spec), *codecs, sys.stdin.buffer.read(), **options)
    for note in output.notes:
        _note(note)
    click.echo(output.data, nl=False)
    if output.error:
        raise output.error


@commands.command(epilog=_epilog("serbench encode --schema employee --codec xdr --hex < value.json"))
@_one_schema
@_one_codec
@_hex_option
def encode(spec: str, codec: str, as_hex: bool) -> None:
    """Encode one value, JSON on standard input; what is lost is said on standard error."""
    _single("encode", spec, codec, as_hex=as_hex)


@commands.command(epilog=_epilog("serbench decode --schema employee --codec xdr < bytes"))
@_one_schema
@_one_codec
@_hex_option
def decode(spec: str, codec: str, as_hex: bool) -> None:
    """Print the value of an encoding as JSON."""
    _single("decode", spec, codec, as_hex=as_hex)


@commands.command(epilog=_epilog("serbench convert --schema employee --from json --to xdr --hex < value.json"))
@_one_schema
@click.option("--from", "source", required=True, metavar="C", help="The codec of what is read.")
@click.option("--to", "target", required=True, metavar="C", help="The codec of what is written.")
@_hex_option
def convert(spec: str, source: str, target: str, as_hex: bool) -> None:
    """Convert an encoding into another codec's; --hex is for binary formats, text stays text."""
    _single("convert", spec, source, target, as_hex=as_hex)


@commands.command(epilog=_epilog("serbench explain --schema employee --codec xdr --summary < bytes"))
@_one_schema
@_one_codec
@_hex_option
@click.option("--summary", is_flag=True, help="Octets by purpose: content, names, tags, lengths, padding...")
@_json_option
def explain(spec: str, codec: str, as_hex: bool, summary: bool, as_json: bool) -> None:
    """Print an encoding as an annotated hexdump: offset, octets, purpose, meaning, path."""
    _single("explain", spec, codec, as_hex=as_hex, summary=summary, as_json=as_json)


def _print_json(held: object) -> None:
    click.echo(_json(held))


def _json(held: object) -> str:
    import json

    return json.dumps(held, indent=1, ensure_ascii=False)
