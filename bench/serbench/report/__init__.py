"""Reports: pure functions of a run's results, one file per output. `FORMATS` says which files a folder gets."""

from importlib import import_module
from pathlib import Path

from serbench.report.summary import Summary
from serbench.results import ResultsError

FORMATS = {"md": "markdown", "html": "html", "json": "json"}
"""By the suffix of its file, the module of this package that renders it."""


def render(summary: Summary, suffix: str) -> str:
    """The report in a format of `FORMATS`."""
    text = import_module(f"serbench.report.{FORMATS[suffix]}").render(summary)
    assert isinstance(text, str)
    return text


def write(summary: Summary, folder: Path, suffixes: tuple[str, ...] = ()) -> list[Path]:
    """Write `report.SUFFIX` for each format, or those asked for, into the folder; returns their paths.

    A report that was there is replaced by a whole one or stays. Raises `ResultsError` if it cannot be written.
    """
    paths = []
    for suffix in suffixes or FORMATS:
        path = folder / f"report.{suffix}"
        text = render(summary, suffix)
        part = path.with_name(f".{path.name}.part")
        try:
            try:
                part.write_text(text, encoding="utf-8")
                part.replace(path)
            finally:
                part.unlink(missing_ok=True)
        except OSError as error:
            raise ResultsError(
                f"{path}: {error.strerror}; the results are kept: serbench report {folder} writes it again"
            ) from None
        paths.append(path)
    return paths
