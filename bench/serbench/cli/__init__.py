"""The commands, and nothing else. Each imports what it needs when it runs, so that `--help` answers at once.

Results go to standard output, progress and notes to standard error. Whatever is wrong with the input is one line,
`serbench: ...`, and exit code 2.
"""

import sys
from collections.abc import Sequence

import click
from serschema.errors import SerError

from serbench.cli import checking, choosing, converting, looking, measuring, reporting
from serbench.cli.base import BAD_INPUT, FAILED, INTERRUPTED, OK, READER_GONE, commands, complain, tell

MODULES = (checking, choosing, converting, looking, measuring, reporting)
"""Whose import registers their commands."""

__all__ = ["BAD_INPUT", "FAILED", "OK", "commands", "main"]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line; returns the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return commands.main(given, prog_name="serbench", standalone_mode=False, obj=given) or OK
    except click.UsageError as error:
        path = error.ctx.command_path if error.ctx else "serbench"
        return complain(f"{error.format_message().rstrip('.')}; {path} --help tells more")
    except click.ClickException as error:
        return complain(error.format_message())
    except (KeyboardInterrupt, click.Abort):
        tell("interrupted; nothing was kept")
        return INTERRUPTED
    except SystemExit as ended:  # what click makes of a completion and, with 1, of a closed pipe
        return READER_GONE if ended.code else OK  # the reader, say `head`, has what it wanted
    except SerError as error:
        return complain(str(error))
    except OSError as error:
        return complain(f"{error.filename}: {error.strerror}" if error.filename else str(error))
