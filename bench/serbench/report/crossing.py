"""The matrix of `serbench endian`: codec by data set, each way."""

from rich.console import Console
from rich.text import Text

from serbench.endian.crossing import Crossed, Crossing
from serbench.report.terminal import grouped, plain
from serbench.report.words import clean

NOTE = (
    "first mark: written here, read there; second: the way back. = the same octets and an equal value, ~ other octets "
    "and an equal value, x another value or an error, !! broken, - not carried (serbench verify says why). "
    "there: the library's version, if other than here."
)


def render(crossed: Crossed, out: Console) -> None:
    """Codec by data set, two marks each: from here to there and back. Then what the marks do not say."""
    rows, controls = crossed.rows, crossed.controls
    datasets = list(dict.fromkeys(row.dataset for row in rows))
    of_codec: dict[str, list[Crossing]] = {}
    for row in rows:
        of_codec.setdefault(row.codec, []).append(row)
    made = plain([("codec", True), *((str(number), True) for number, _ in enumerate(datasets, 1)), ("there", True)])
    for codec, held in of_codec.items():
        if any(row.status != "unavailable" for row in held):
            name = f"{clean(codec)}{' (control)' if codec in controls else ''}"
            there = next((row.there for row in held if row.there != row.here), "")
            made.add_row(name, *map(_marks, held), clean(there), style="dim" if codec in controls else None)
    out.print(made)
    out.print()
    out.print(", ".join(f"{number} {clean(name)}" for number, name in enumerate(datasets, 1)), soft_wrap=True)
    out.print(NOTE, soft_wrap=True)
    told = [
        row
        for row in rows
        if row.status != "unsupported" and (row.codec not in controls or row.dataset == datasets[0])
        if row.reason or row.forth or row.back
    ]
    for line, where in grouped((_said(row, row.codec in controls), row.dataset) for row in told):
        shown = "" if len(where) == len(datasets) else f" ({', '.join(where)})"
        out.print(clean(f"{line}{shown}"), soft_wrap=True)
    out.print(clean(crossed.verdict), soft_wrap=True)


def _marks(row: Crossing) -> Text:
    if row.status in ("unsupported", "unavailable"):
        return Text("-" if row.status == "unsupported" else "", style="dim")
    if not row.octets:
        return Text("!!", style="bold red")
    equal = "=" if row.octets == "same" else "~"
    style = {"defect": "yellow", "failed": "bold red"}.get(row.status, "")
    return Text("".join("x" if wrong else equal for wrong in (row.forth, row.back)), style=style)


def _said(row: Crossing, control: bool) -> str:
    ways = "; ".join(f"{way}, {wrong}" for way, wrong in (("forth", row.forth), ("back", row.back)) if wrong)
    status = "fails, as it has to" if control else "other octets" if row.status == "ok" else row.status
    return f"{row.codec}: {status}: {row.reason or ways}"
