"""What commands share: their group, options, notes, exit codes, and how Ctrl-C is noticed."""

import signal
from pathlib import Path
from types import FrameType
from typing import NoReturn

import click
from serschema.errors import SerError

from serbench.cli import completion
from serbench.report import FORMATS

OK, FAILED, BAD_INPUT, INTERRUPTED, READER_GONE = 0, 1, 2, 130, 141

STATUS = {
    OK: "done",
    FAILED: "a check failed",
    BAD_INPUT: "bad input",
    INTERRUPTED: "interrupted",
    READER_GONE: "output not wanted",
}
"""What each exit code says."""

EXIT_CODES = f"Exit codes: {'; '.join(f'{code} {when}' for code, when in STATUS.items())}."


class UsageError(SerError):
    """Options that do not go together, or a name that is not one."""


def complain(message: str) -> int:
    tell(" ".join(message.split()))
    return BAD_INPUT


def tell(message: str) -> None:
    shown = "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in message)
    click.echo(f"serbench: {shown}", err=True)


def show_page(folder: Path) -> None:
    """Open the page of a run in the browser; where there is none, tell where the page is."""
    import webbrowser

    page = (folder / FORMATS["html"].name).resolve()
    if not webbrowser.open(page.as_uri()):
        tell(f"no browser was found; the page is {page}")


def _print_version(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        click.echo(f"serbench {version('serbench')}")
        context.exit()


def epilog(*examples: str) -> str:
    """Examples, kept in their lines, and the exit codes."""
    return "\b\nExamples:\n" + "\n".join(f"  {example}" for example in examples) + f"\n\n{EXIT_CODES}"


codec_option = click.option(
    "--codec",
    "-c",
    "codecs",
    multiple=True,
    metavar="C",
    shell_complete=completion.codecs,
    help="A codec id (json/orjson) or a format (json: all of its codecs); repeat. Default: all.",
)
schema_option = click.option(
    "--schema",
    "-s",
    "schemas",
    multiple=True,
    metavar="S",
    shell_complete=completion.schemas,
    help="A shared schema, FILE[:TYPE] (.proto .avsc .json .asn .thrift .xsd .py) or module:Type; repeat. "
    "Default: all shared ones, or what --data has.",
)
data_option = click.option(
    "--data",
    "-d",
    multiple=True,
    metavar="FILE",
    shell_complete=completion.files,
    help="JSON or JSON Lines (.gz, .zst too), a folder, or -; without --schema one is inferred; repeat.",
)
sample_option = click.option(
    "--sample",
    type=click.IntRange(min=1),
    default=1000,
    show_default=True,
    metavar="N",
    help="Messages taken of --data, at random by --seed where there is one.",
)
one_schema = click.option(
    "--schema",
    "-s",
    "spec",
    required=True,
    metavar="S",
    shell_complete=completion.schemas,
    help="A shared schema, FILE[:TYPE] or module:Type.",
)
one_codec = click.option(
    "--codec",
    "-c",
    required=True,
    metavar="C",
    shell_complete=completion.codecs,
    help="A codec id (xdr/serbench), or a format: its first codec that is installed.",
)
hex_option = click.option("--hex", "as_hex", is_flag=True, help="Octets as hexadecimal digits, in and out.")
seed_option = click.option(
    "--seed",
    default=1,
    show_default=True,
    metavar="N",
    help="What random choices start from: the same, the same again.",
)
open_option = click.option("--open", "open_page", is_flag=True, help="Open the page in the browser.")
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of tables.")

SECTIONS = {
    "Measure and compare": ("run", "compare", "advise", "diff", "history", "selftest"),
    "Check": ("verify", "endian"),
    "Results": ("report", "query"),
    "Formats and schemas": ("codecs", "schemas", "schema", "infer", "show-source"),
    "One value": ("encode", "decode", "convert", "explain"),
    "Shell": ("completion",),
}
"""The commands as `serbench --help` lists them."""

OTHERS = "Others"


class _Commands(click.Group):
    """Lists its commands by what they are for."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        placed = {name for names in SECTIONS.values() for name in names}
        others = tuple(name for name in self.commands if name not in placed)
        for title, names in {**SECTIONS, OTHERS: others}.items():
            there = [(name, self.commands[name]) for name in names if name in self.commands]
            if there:
                with formatter.section(title):
                    formatter.write_dl([(name, command.get_short_help_str(160)) for name, command in there])


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog=epilog(
        "serbench run",
        "serbench run --schema person.proto --data people.jsonl --codec json --codec protobuf",
        "serbench COMMAND --help",
    ),
)
@click.option(
    "--version", is_flag=True, is_eager=True, expose_value=False, callback=_print_version, help="Print the version."
)
def commands() -> None:
    """Serialization formats, measured on your own schema and data: verified first, then timed."""


def print_json(held: object) -> None:
    click.echo(json_text(held))


def json_text(held: object) -> str:
    import json

    return json.dumps(held, indent=1, ensure_ascii=False)


class Interruption:
    """Notices Ctrl-C, which `runner.run` answers by returning what it has; leaves the signal as it found it."""

    happened = False

    def __enter__(self) -> "Interruption":
        self._before = signal.signal(signal.SIGINT, self._notice)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGINT, self._before)

    def _notice(self, number: int, frame: FrameType | None) -> NoReturn:
        self.happened = True
        raise KeyboardInterrupt
