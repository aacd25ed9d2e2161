"""What a shell may complete: names of codecs, formats and shared schemas, and folders of runs."""

from collections.abc import Iterable
from pathlib import Path

from click import Context, Parameter
from click.shell_completion import CompletionItem


def codecs(context: Context, parameter: Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Formats, and codec ids once a slash is there or one format is left."""
    from sercodecs import registry

    infos = registry.codecs()
    formats = [name for name in dict.fromkeys(info.format.name for info in infos) if name.startswith(incomplete)]
    if len(formats) > 1:
        return _plain(formats)
    return _plain(formats + [info.id for info in infos if info.id.startswith(incomplete)])


def schemas(context: Context, parameter: Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Shared schemas, or files where none begins so."""
    from serschema.shared import NAMES

    return _plain(name for name in NAMES if name.startswith(incomplete)) or [CompletionItem(incomplete, type="file")]


def runs(context: Context, parameter: Parameter, incomplete: str) -> list[CompletionItem[str]]:
    """Folders of runs that are here or in reports/, the newest first; any folder where none begins so."""
    from serbench.results import FILE_NAME

    found = [place.parent for pattern in ("*", "reports/*") for place in Path().glob(f"{pattern}/{FILE_NAME}")]
    shown = sorted((str(folder) for folder in found), reverse=True)
    return _plain(name for name in shown if name.startswith(incomplete)) or [CompletionItem(incomplete, type="dir")]


def files(context: Context, parameter: Parameter, incomplete: str) -> list[CompletionItem[str]]:
    return [CompletionItem(incomplete, type="file")]


def _plain(names: Iterable[str]) -> list[CompletionItem[str]]:
    return [CompletionItem(name) for name in names]
