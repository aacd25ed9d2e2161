"""Reports: pure functions of a run's results, one file per output. `FORMATS` says which files a folder gets."""

from importlib import import_module
from pathlib import Path

from serbench.report.summary import Summary

FORMATS = {"md": "markdown", "html": "html", "json": "json"}
"""By the suffix of its file, the module of this package that renders it."""


def render(summary: Summary, suffix: str) -> str:
    """The report in a format of `FORMATS`."""
    text = import_module(f"serbench.report.{FORMATS[suffix]}").render(summary)
    assert isinstance(text, str)
    return text


def write(summary: Summary, folder: Path, suffixes: tuple[str, ...] = ()) -> list[Path]:
    """Write `report.SUFFIX` for each format, or those asked for, into the folder; returns their paths."""
    paths = []
    for suffix in suffixes or FORMATS:
        path = folder / f"report.{suffix}"
        path.write_text(render(summary, suffix), encoding="utf-8")
        paths.append(path)
    return paths
