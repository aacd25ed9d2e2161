"""Reports: pure functions of a run's results. `FORMATS` says which there are, one module of this package each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from serbench.results import ResultsError

if TYPE_CHECKING:
    from serbench.report.summary import Summary  # numpy, which `serbench report --help` need not wait for

Content: TypeAlias = str | bytes
Rendered: TypeAlias = Content | Mapping[str, Content]
"""A file, or the files of a folder by their names."""


@dataclass(frozen=True)
class Output:
    """The file or folder that a report is written to, the module whose `render` makes it of a summary, what it is for,
    and whether every run gets it."""

    name: str
    module: str
    about: str
    usual: bool = False


FORMATS = {
    "md": Output("report.md", "markdown", "everything, as tables", usual=True),
    "html": Output("report.html", "html", "the page", usual=True),
    "json": Output("report.json", "json", "the figures, for programs", usual=True),
    "readme": Output("report-readme.md", "readme", "a short table, for a README"),
    "csv": Output("report.csv", "csv", "a row a figure, to pivot"),
    "parquet": Output("report.parquet", "parquet", "the same, with types"),
    "latex": Output("report.tex", "latex", "tables, for a paper"),
    "svg": Output("charts", "svg", "the charts, a file each"),
    "png": Output("charts", "png", "the same as pixels"),
    "pytest-benchmark": Output("report-pytest-benchmark.json", "pytest_benchmark", "for its tools and dashboards"),
}
USUAL = tuple(name for name, output in FORMATS.items() if output.usual)


def render(summary: "Summary", format: str) -> Rendered:
    """The report in a format of `FORMATS`. Raises `ResultsError` if it needs a library that is not installed."""
    made: Rendered = import_module(f"serbench.report.{FORMATS[format].module}").render(summary)
    return made


def write(summary: "Summary", folder: Path, formats: Sequence[str] = ()) -> list[Path]:
    """Write the report into the folder in the usual formats, or those asked for; returns the paths.

    A file that was there is replaced by a whole one or stays. Raises `ResultsError` if it cannot be written.
    """
    paths = []
    for name in formats or USUAL:
        made = render(summary, name)
        path = folder / FORMATS[name].name
        try:
            if isinstance(made, Mapping):
                path.mkdir(exist_ok=True)
                for file, content in made.items():
                    _replace(path / file, content)
            else:
                _replace(path, made)
        except OSError as error:
            raise ResultsError(
                f"{path}: {error.strerror}; the results are kept: serbench report {folder} writes it again"
            ) from None
        paths.append(path)
    return paths


def _replace(path: Path, content: Content) -> None:
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
