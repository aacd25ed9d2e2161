"""The charts as SVG files, by vl-convert: nothing is fetched and no browser is needed."""

import json
from collections.abc import Iterator

from serbench.report import engine
from serbench.report.charts import charts
from serbench.report.summary import Summary
from serbench.results import ResultsError


def render(summary: Summary) -> dict[str, str]:
    """The files by their names. Raises `ResultsError` without the libraries."""
    drawn = list(specifications(summary))
    import vl_convert

    return {f"{name}.svg": vl_convert.vegalite_to_svg(spec, vl_version=engine.VEGA_LITE) for name, spec in drawn}


def specifications(summary: Summary) -> Iterator[tuple[str, str]]:
    """The charts as JSON, by their names."""
    if not engine.installed():
        raise ResultsError(f"charts need Altair and vl-convert: {engine.ADVICE}")
    return ((name, json.dumps(spec)) for name, spec in charts(summary).items())
