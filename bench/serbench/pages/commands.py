"""The reference of the command line, from click's own commands: what `--help` says, with links and in one place."""

import inspect
import re
from collections.abc import Iterator

import click

from serbench import cli
from serbench.cli.base import SECTIONS
from serbench.report.markdown import escape


def render() -> str:
    lines = [
        "# Commands",
        "",
        "As `serbench COMMAND --help` prints it. [Exit codes and environment](environment.md) are the same for all.",
        "",
    ]
    for path, command in walk(cli.commands, ("serbench",)):
        lines += _command(path, command)
    return "\n".join(lines)


def walk(command: click.Command, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """The command and those below it, in the order of the help, each with the words that call it."""
    yield path, command
    if isinstance(command, click.Group):
        placed = [name for names in SECTIONS.values() for name in names]
        order = {name: place for place, name in enumerate(placed)}
        for name, inner in sorted(command.commands.items(), key=lambda item: order.get(item[0], len(order))):
            yield from walk(inner, (*path, name))


def _command(path: tuple[str, ...], command: click.Command) -> list[str]:
    context = click.Context(command, info_name=" ".join(path), resilient_parsing=True)
    usage = " ".join([*path, *command.collect_usage_pieces(context)])
    lines = [f"## {' '.join(path)}", "", "```text", usage, "```", ""]
    lines += [_words(inspect.cleandoc(command.help or "")), ""]
    for option in command.params:
        if isinstance(option, click.Option) and (record := option.get_help_record(context)):
            spelled, told = record
            lines += [f"`{spelled}`\n:   {_words(told)}\n"]
    return [*lines, *_examples(command.epilog or "")]


def _words(text: str) -> str:
    r"""Prose for Markdown; paragraphs that click is told to leave as they are, by `\b`, stay so too."""
    shown = []
    for paragraph in text.split("\n\n"):
        if paragraph.startswith("\b\n"):
            shown.append("\n".join(["```text", paragraph.removeprefix("\b\n"), "```"]))
        else:
            shown.append("".join(map(_quoted, re.split(r"(`[^`]*`)", " ".join(paragraph.split())))))
    return "\n\n".join(shown)


def _quoted(text: str) -> str:
    """Code as it is; in prose, options as code."""
    return text if text.startswith("`") else re.sub(r"(?<!\w)--?[a-z][a-z-]*", r"`\g<0>`", escape(text))


def _examples(epilog: str) -> list[str]:
    return ["```sh", *examples(epilog), "```", ""] if epilog else []


def examples(epilog: str) -> list[str]:
    """The lines of the examples at the end of a command's help."""
    block, _, _ = epilog.removeprefix("\b\nExamples:\n").partition("\n\n")
    return inspect.cleandoc(block).splitlines()
