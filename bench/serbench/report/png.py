"""The charts as PNG files, with two pixels for each of the drawing's: see `serbench.report.svg`."""

from serbench.report import engine
from serbench.report.summary import Summary
from serbench.report.svg import specifications

SCALE = 2


def render(summary: Summary) -> dict[str, bytes]:
    """The files by their names. Raises `ResultsError` without the libraries."""
    drawn = list(specifications(summary))
    import vl_convert

    return {
        f"{name}.png": vl_convert.vegalite_to_png(spec, vl_version=engine.VEGA_LITE, scale=SCALE)
        for name, spec in drawn
    }
