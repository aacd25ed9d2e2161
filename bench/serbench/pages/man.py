"""Manual pages of the commands, from click's own: `python -m serbench.pages.man DIR` writes serbench-run.1 and others.

The macros are those of man(7). A point or apostrophe that begins a line would be taken for a request: it is escaped.
"""

import inspect
import sys
from importlib.metadata import version
from pathlib import Path

import click

from serbench import cli
from serbench.cli.base import STATUS
from serbench.pages.commands import examples, walk


def render_all() -> dict[str, str]:
    """The text of each page, by its file's name."""
    return {f"{'-'.join(path)}.1": render(path, command) for path, command in walk(cli.commands, ("serbench",))}


def render(path: tuple[str, ...], command: click.Command) -> str:
    context = click.Context(command, info_name=" ".join(path), resilient_parsing=True)
    first, *rest = inspect.cleandoc(command.help or "").split("\n\n")
    lines = [f'.TH {"-".join(path).upper()} 1 "" "serbench {version("serbench")}" "serbench"']
    lines += [".SH NAME", f"{_text('-'.join(path))} \\- {_text(first.rstrip('.'))}"]
    lines += [".SH SYNOPSIS", f".B {_text(' '.join(path))}", _text(" ".join(command.collect_usage_pieces(context)))]
    if rest:
        lines += [".SH DESCRIPTION"]
        for paragraph in rest:
            lines += [".PP", *_paragraph(paragraph)]
    if isinstance(command, click.Group):
        lines += [".SH COMMANDS"]
        for name, inner in command.commands.items():
            lines += [".TP", f".B {_text('-'.join((*path, name)))}(1)", _text(inner.get_short_help_str(160))]
    options = [option.get_help_record(context) for option in command.params if isinstance(option, click.Option)]
    lines += [".SH OPTIONS"] if options else []
    for record in filter(None, options):
        lines += [".TP", f".B {_text(record[0])}", _text(record[1])]
    lines += [".SH EXAMPLES", ".nf", *map(_text, examples(command.epilog or "")), ".fi", ".SH EXIT STATUS"]
    for code, when in STATUS.items():
        lines += [".TP", f".B {code}", when]
    return "\n".join(lines) + "\n"


def _paragraph(text: str) -> list[str]:
    if text.startswith("\b\n"):
        return [".nf", *map(_text, text.splitlines()[1:]), ".fi"]
    return [_text(" ".join(text.split()))]


def _text(text: str) -> str:
    """Text as itself, on one line."""
    line = " ".join(text.split("\n")).replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{line}" if line.startswith((".", "'")) else line


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, page in render_all().items():
        (folder / name).write_text(page, encoding="utf-8")
