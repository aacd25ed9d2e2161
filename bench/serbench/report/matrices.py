"""Who gets along with whom, as matrices: what comes back, across machines, in other languages, in other libraries.

Rows and columns are names, a cell is a status, a word for it, and what there is to say. Every report draws these, a
terminal as a table and a page as a heat map. A pure function of the result file's lines.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from serbench.endian.crossing import verdict
from serbench.peers import verify
from serbench.peers.opinions import PYTHON, wire
from serbench.report.words import losses_text
from serbench.results import Asked, Crossing, Foreign, Run, Verified

WORST = ("failed", "defect", "lossy", "ok", "unsupported", "unavailable", "")
"""Statuses, the one that counts where a cell has several first. `control`, of a control that fails, is none of them."""

MatrixKind: TypeAlias = Literal["round trips", "crossings", "peers", "opinions"]


@dataclass(frozen=True)
class Cell:
    """`word` is what is written there, `tip` what else there is to say."""

    status: str
    word: str
    tip: str = ""


@dataclass(frozen=True, kw_only=True)
class Matrix:
    """`cells` has a list for each row, None where nothing was asked. `corner` says what rows are.

    `controls` are rows that have to fail, `legend` says what words mean, and `notes` what cells do not, a line each.
    `asides` is a last column of text, by row, called `aside`; empty where there is none.
    """

    kind: MatrixKind
    title: str
    corner: str
    rows: list[str]
    columns: list[str]
    cells: list[list[Cell | None]]
    legend: str = ""
    notes: list[str] = field(default_factory=list)
    controls: list[str] = field(default_factory=list)
    aside: str = ""
    asides: dict[str, str] = field(default_factory=dict)


def of_run(run: Run) -> list[Matrix]:
    """All matrices of a run, the round trips first, if there are several data sets."""
    found = [_round_trips(run)] if len(run.datasets) > 1 else []
    for foreign in run.foreign:
        crossed = [row for row in run.crossed if row.machine == foreign.machine]
        held = crossings(foreign, crossed)
        found.append(replace(held, notes=[*held.notes, *_other_versions(run, crossed)]))
    own = [verify.asked(row, _library(run, row)) for row in run.verified if _peer(run, row)]
    return found + of_asked([*own, *run.asked])


def of_asked(asked: Sequence[Asked]) -> list[Matrix]:
    """That of peers in other languages, if there are such, and those of libraries of Python."""
    peers = [row for row in asked if row.language != PYTHON]
    return ([asked_peers(peers)] if peers else []) + opinions([row for row in asked if row.language == PYTHON])


def _other_versions(run: Run, crossed: Sequence[Crossing]) -> list[str]:
    """The libraries of which a crossing had another version here than the run."""
    versions = {codec: about["version"] for codec, about in run.header.codecs.items()}
    return sorted(
        {
            f"{row.codec}: crossed with {row.here} here, the run is of {versions[row.codec]}"
            for row in crossed
            if row.here and versions.get(row.codec, row.here) != row.here
        }
    )


def _table(cells: Mapping[tuple[str, str], Cell]) -> tuple[list[str], list[str], list[list[Cell | None]]]:
    """Rows, columns and cells of what is known by (row, column), in the order in which each comes first."""
    rows, columns = ([*dict.fromkeys(pair[place] for pair in cells)] for place in (0, 1))
    return rows, columns, [[cells.get((row, column)) for column in columns] for row in rows]


def _round_trips(run: Run) -> Matrix:
    """Without the notes that the tables of the data sets have."""
    found = verification([row for row in run.verified if not _peer(run, row)], _controls(run))
    return replace(found, notes=_orders(run.verified))


def _library(run: Run, row: Verified) -> str:
    about = run.header.codecs[row.codec]
    return f"{about['distribution']} {about['version']}".strip()


def _peer(run: Run, row: Verified) -> bool:
    return bool(run.header.codecs[row.codec].get("peer"))


def _controls(run: Run) -> list[str]:
    return [codec for codec, about in run.header.codecs.items() if about.get("control")]


def verification(verified: Sequence[Verified], controls: Sequence[str] = ()) -> Matrix:
    """Codec by data set: what came back. Notes are reasons, losses, and what swapped byte orders do."""
    rows, columns, cells = _table({(row.codec, row.dataset): _outcome(row) for row in verified})
    notes = merged((f"{row.codec}: {_outcome(row).tip}", row.dataset) for row in verified if row.status != "ok")
    return Matrix(
        kind="round trips",
        title="What comes back",
        corner="codec",
        rows=rows,
        columns=columns,
        cells=cells,
        notes=notes + _orders(verified),
        controls=[*controls],
    )


def _orders(verified: Sequence[Verified]) -> list[str]:
    """What becomes of octets of one byte order under the reader of another."""
    return merged(
        (f"{row.codec}, byte order {pair.replace('>', ' read as ')}: {outcome}", row.dataset)
        for row in verified
        for pair, outcome in row.orders.items()
    )


def _outcome(row: Verified) -> Cell:
    told = losses_text(row) if row.status == "lossy" else row.reason
    return Cell(row.status, _word(row.status), f"{row.status}: {told}" if told else row.status)


def _word(status: str) -> str:
    return status.upper() if status == "failed" else status


MARKS = (
    "first mark: written here, read there; second: the way back. = the same octets and an equal value, ~ other octets "
    "and an equal value, x another value or an error, !! broken, - not carried (serbench verify says why). "
    "there: the library's version, if other than here"
)


def crossings(foreign: Foreign, crossed: Sequence[Crossing]) -> Matrix:
    """Codec by data set, two marks each: from here to the machine, and back. Notes say what the marks do not."""
    of_codec: dict[str, list[Crossing]] = {}
    for row in crossed:
        of_codec.setdefault(row.codec, []).append(row)
    present = {codec: rows for codec, rows in of_codec.items() if any(row.status != "unavailable" for row in rows)}
    versions = {
        codec: there
        for codec, rows in present.items()
        if (there := next((row.there for row in rows if row.there != row.here), ""))
    }
    shown = {(row.codec, row.dataset): _marks(row, foreign) for rows in present.values() for row in rows}
    rows, columns, cells = _table(shown)
    datasets = [*dict.fromkeys(row.dataset for row in crossed)]
    told = [
        row
        for row in crossed
        if row.status != "unsupported" and (row.codec not in foreign.controls or row.dataset == datasets[0])
        if row.reason or row.forth or row.back
    ]
    notes = merged(((_said(row, foreign), row.dataset) for row in told), everywhere=len(datasets))
    return Matrix(
        kind="crossings",
        title=f"From here to {foreign.machine} and back",
        corner="codec",
        rows=rows,
        columns=columns,
        cells=cells,
        legend=MARKS,
        notes=[*notes, *foreign.problems, verdict(foreign, crossed)],
        controls=foreign.controls,
        aside="there",
        asides=versions,
    )


def _marks(row: Crossing, foreign: Foreign) -> Cell:
    tip = _said(row, foreign) if row.reason or row.forth or row.back else ""
    if row.status in ("unsupported", "unavailable"):
        return Cell(row.status, "-" if row.status == "unsupported" else "", tip)
    status = "control" if row.codec in foreign.controls and row.forth and row.back else row.status
    if not row.octets:
        return Cell(status, "!!", tip)
    equal = "=" if row.octets == "same" else "~"
    return Cell(status, "".join("x" if wrong else equal for wrong in (row.forth, row.back)), tip)


def _said(row: Crossing, foreign: Foreign) -> str:
    ways = "; ".join(f"{way}, {wrong}" for way, wrong in (("forth", row.forth), ("back", row.back)) if wrong)
    control = row.codec in foreign.controls
    status = "fails, as it has to" if control else "other octets" if row.status == "ok" else row.status
    return f"{row.codec}: {status}: {row.reason or ways}"


SAME = "same: the peer reads our octets and writes the same; ok: it writes others, and we read them"


def asked_peers(asked: Sequence[Asked]) -> Matrix:
    """Peer by data set. Notes are what is lost, and reasons."""
    rows, columns, cells = _table({(row.codec, row.dataset): _answer(row) for row in asked})
    lines = [(f"{row.codec}, {what}", row.dataset) for row in asked for what in row.losses]
    lines += [(f"{row.codec}: {row.status}: {row.reason}", row.dataset) for row in asked if row.reason]
    return Matrix(
        kind="peers",
        title="Implementations in other languages",
        corner="codec",
        rows=rows,
        columns=columns,
        cells=cells,
        legend=SAME,
        notes=merged(lines),
        aside="library",
        asides={row.codec: row.library for row in asked if row.library},
    )


def _answer(row: Asked) -> Cell:
    word = "same" if row.status == "ok" and row.octets else _word(row.status)
    return Cell(row.status, word, "; ".join([*row.losses, *([row.reason] if row.reason else [])]))


def opinions(asked: Sequence[Asked]) -> list[Matrix]:
    """A matrix for each format: who wrote, by who read, over all data sets."""
    by_wire: dict[str, list[Asked]] = {}
    for row in asked:
        by_wire.setdefault(wire(row.codec), []).append(row)
    return [_opinions(name, rows) for name, rows in by_wire.items()]


def _opinions(name: str, asked: Sequence[Asked]) -> Matrix:
    of_pair: dict[tuple[str, str], list[Asked]] = {}
    for row in asked:
        of_pair.setdefault((row.writer, row.codec), []).append(row)
    writers = [*dict.fromkeys(writer for writer, _ in of_pair)]
    readers = {reader for _, reader in of_pair}
    columns = [*(name for name in writers if name in readers), *sorted(readers.difference(writers))]
    cells = [
        [_opinion(of_pair[writer, reader]) if (writer, reader) in of_pair else None for reader in columns]
        for writer in writers
    ]
    return Matrix(
        kind="opinions",
        title=f"{name}: libraries of Python among themselves",
        corner="written by",
        rows=writers,
        columns=columns,
        cells=cells,
        legend="columns read what rows wrote. same: the reader writes the same octets; ok: it writes others",
        notes=_disagreements(asked),
    )


def _opinion(asked: Sequence[Asked]) -> Cell:
    """What a reader makes of a writer's octets of all data sets: the worst that happened."""
    status = min((row.status for row in asked), key=WORST.index)
    lines = [(what, row.dataset) for row in asked for what in row.losses]
    lines += [(row.reason, row.dataset) for row in asked if row.reason]
    same = all(row.octets for row in asked if row.status == "ok")
    return Cell(status, "same" if status == "ok" and same else _word(status), "; ".join(merged(lines)))


def _disagreements(asked: Sequence[Asked]) -> list[str]:
    """What a reader does not read of others; what the codecs lose by themselves is not said again."""
    found: dict[tuple[str, str], dict[str, None]] = {}
    for row in asked:
        lines = [what for what in row.losses if what.startswith(("not read", "read otherwise"))]
        if row.status == "failed" or (row.status == "unavailable" and row.reason.startswith(row.codec)):
            lines.append(f"{row.status}: {row.reason}")
        for line in lines:
            found.setdefault((row.codec, line), {})[row.writer] = None
    return [f"{reader}, of {', '.join(writers)}: {line}" for (reader, line), writers in found.items()]


def merged(lines: Iterable[tuple[str, str]], everywhere: int = 0) -> list[str]:
    """Each line once, with the data sets it is of, unless these are all, `everywhere` so many."""
    found: dict[str, list[str]] = {}
    for line, dataset in lines:
        found.setdefault(line, []).append(dataset)
    return [line if len(where) == everywhere else f"{line} ({', '.join(where)})" for line, where in found.items()]
