"""The result file: JSON Lines, appended line by line, so that a killed run keeps what it measured.

`RUN/results.jsonl` holds, each as one object with its `kind`: one `header`, then as they come a `dataset` for each data
set, a `library` for each codec that is installed, a `verified` for each (data set, codec), a `footprint` for each of
these that is right, a `streamed` for each that has streams, a `timing` for each (data set, codec, operation, process)
or in place of these a `counted` for each (data set, codec, operation), a `spent` after those of a block, and an
`ended` where a run ended or was interrupted. What is found out later about the run's data is added to it: a `foreign`
for each machine that values were sent to and back, a `crossed` for each (machine, data set, codec), and an `asked` for
each (data set, implementation, whose octets it read); of two the later counts. Samples are integer nanoseconds with
their loop counts; no median is stored: `serbench.statistics` computes what reports show.

History of the format: 1, the first.
"""

import json
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from io import FileIO
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from serschema.errors import SerError

from serbench import packed

FORMAT = 1
FILE_NAME = "results.jsonl"

Status: TypeAlias = Literal["ok", "lossy", "unsupported", "unavailable", "failed"]
CrossingStatus: TypeAlias = Literal["ok", "unsupported", "unavailable", "defect", "failed"]
Octets: TypeAlias = Literal["", "same", "vary", "differ"]
Method: TypeAlias = Literal["zlib-6", "zstd-3", "lz4-0", "brotli-5", "xz-6"]
"""Of compression, at a level: see `serbench.compression`."""
Work: TypeAlias = Literal[
    "encode",
    "decode",
    "to_native",
    "encode_native",
    "decode_native",
    "from_native",
    "access",
    "write_stream",
    "read_stream",
]
Packing: TypeAlias = Literal[
    "compress:zlib-6",
    "decompress:zlib-6",
    "compress:zstd-3",
    "decompress:zstd-3",
    "compress:lz4-0",
    "decompress:lz4-0",
    "compress:brotli-5",
    "decompress:brotli-5",
    "compress:xz-6",
    "decompress:xz-6",
]
Operation: TypeAlias = Literal[Work, Packing]
OPERATIONS: tuple[Work, ...] = get_args(Work)
"""What is timed unless something else is asked for."""
PACKING: tuple[Packing, ...] = get_args(Packing)
"""What is timed where it is asked for: both directions of a method, on what each codec writes."""

WHOLE: tuple[Operation, ...] = ("encode", "decode")
STREAM: tuple[Operation, ...] = ("write_stream", "read_stream")
COMPARED: tuple[Operation, ...] = (*WHOLE, "access", *STREAM)
HALVES: tuple[Operation, ...] = ("to_native", "encode_native", "decode_native", "from_native")


class ResultsError(SerError):
    """A result file that cannot be read: which, which line, and why."""


@dataclass(frozen=True, kw_only=True)
class Header:
    """What ran, where: one per file. `machine` holds cpu, cores, memory_bytes, system, python, byte_order...

    Two runs with the same `turns`, not empty, were measured in turns: processes and rounds of one number go together.
    """

    format: int = FORMAT
    plan_sha256: str
    started: str
    command: list[str]
    budget_s: float
    precision: float = 0.01
    seed: int
    machine: dict[str, Any]
    versions: dict[str, str]
    turns: str = ""
    codecs: dict[str, dict[str, Any]]
    """By codec id: format, title, implementation, distribution, version, language, licence, textual,
    self_describing, byte_order, validates, control, note, defects; of peers also peer, objects, clock, optimisation."""


@dataclass(frozen=True, kw_only=True)
class Dataset:
    """Messages of one schema, of which `timed` are timed. `source` is `shared` or the data file's name.

    `leaf` is the path of what `access` reads, empty where it is not measured. Data sets of one `family` are the same
    messages in several sizes; empty where there is one. `sha256` is that of schema and messages.
    """

    name: str
    source: str
    root: str
    messages: int
    timed: int
    information_bytes: int
    timed_information_bytes: int = 0
    description: str = ""
    leaf: str = ""
    family: str = ""
    sha256: str = ""


@dataclass(frozen=True, kw_only=True)
class Verified:
    """The outcome of the round trip of all messages of a data set through a codec, and its sizes.

    `losses` counts each declared loss by what it is, `example` shows the first one's path. `encoded_bytes` has a number
    per message; `compressed_bytes` is the sum over the timed messages, each compressed by itself, by method (`zlib-6`,
    `zstd-3`...), and `none` that of these messages as they are. `dictionary` is what a shared one does for zstd, with
    the names of `compression.with_dictionary`; empty where there are too few messages to train it.
    `purposes` are the octets of `explained` of the timed messages, by what they are for (`sercodecs.contract.Purpose`),
    where the codec can explain them: of all, unless they hold more than `purposes.EXPLAINED_BYTES`.
    `sha256` is that of the encoded messages one after the other; `head_hex` their first octets.
    `orders` says, where the format leaves a choice of byte order, what each order's bytes become under the other's
    reader: {"big>little": "value differs" | "equal" | "error: ..."}. `deterministic`: encoding a value twice gave the
    same bytes. `offers` names what the codec has beyond encode and decode, and was found right: `access`, `stream`.
    `changes` names the global state of the process that it changed, and that was put back.
    Of a peer (`serbench.peers`) the sizes and bytes are those that it wrote, and `octets` says that they are ours.
    """

    dataset: str
    codec: str
    status: Status
    reason: str = ""
    losses: dict[str, int] = field(default_factory=dict)
    example: str = ""
    encoded_bytes: list[int] = field(default_factory=list)
    compressed_bytes: dict[str, int] = field(default_factory=dict)
    dictionary: dict[str, int] = field(default_factory=dict)
    purposes: dict[str, int] = field(default_factory=dict)
    explained: int = 0
    sha256: str = ""
    head_hex: str = ""
    orders: dict[str, str] = field(default_factory=dict)
    deterministic: bool = True
    offers: list[str] = field(default_factory=list)
    changes: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Streamed:
    """Records written to a file as one stream of `stream_bytes`, and read back, in a process of their own.

    The peaks are how far its resident memory rose meanwhile, in octets; None where the system does not tell.
    A `reason` says why there are no figures.
    """

    dataset: str
    codec: str
    records: int = 0
    stream_bytes: int = 0
    write_peak_bytes: int | None = None
    read_peak_bytes: int | None = None
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Library:
    """What a codec's library costs before it does anything.

    `import_ns` has a number for each of several processes: the time until the codec is ready for a schema of one field,
    and `resident_bytes` is by how much memory rose, the least of them, None where the system does not tell. What Python
    and serbench have imported already is not counted. `installed_bytes` are those of the distribution's files,
    `required_bytes` those of it and all that it requires; None for what comes with Python or serbench.
    A `reason` says why there are no times.
    """

    codec: str
    import_ns: list[int] = field(default_factory=list)
    resident_bytes: int | None = None
    installed_bytes: int | None = None
    required_bytes: int | None = None
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Footprint:
    """What a codec takes on a data set beside time, in a process of its own.

    `construct_ns`: to compile the schema, the library being imported, each the first time in a process. The rest is of
    one call on the largest message, warm, in octets above what was there before: the peak, what is held with the
    result, and how many allocations there were, None where nobody counted them. The `method` is `memray`, which sees
    every allocation, or `tracemalloc+rss`, which sees Python's and a rise of resident memory: a lower bound.
    A `reason` says why there are no figures.
    """

    dataset: str
    codec: str
    construct_ns: list[int] = field(default_factory=list)
    method: str = ""
    encode_peak_bytes: int = 0
    encode_held_bytes: int = 0
    encode_allocations: int | None = None
    decode_peak_bytes: int = 0
    decode_held_bytes: int = 0
    decode_allocations: int | None = None
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Timing:
    """Raw samples of one operation in one process. A call handles the timed messages of the data set once.

    samples_ns[i] is the time of `loops` calls in round i; canary_ns[i] that of the canary before the round. Where an
    operation is too slow to take part in every round, `rounds` has the number of the round of each sample. A `reason`
    without samples says why there are none, beside samples why there are few. One with `collecting` is a row of
    its own: the same operation in some of the rounds with garbage collection on.

    Of a peer (`serbench.peers`) there is no canary, its rounds are nobody else's, and it says how long it warmed up and
    whether it was `steady` then; both are None of a codec.
    """

    dataset: str
    codec: str
    operation: Operation
    process: int
    loops: int = 0
    samples_ns: list[int] = field(default_factory=list)
    canary_ns: list[int] = field(default_factory=list)
    rounds: list[int] = field(default_factory=list)
    collecting: bool = False
    reason: str = ""
    warm_up_ns: int | None = None
    steady: bool | None = None

    @property
    def alone(self) -> bool:
        """Whether nothing was measured beside it, round by round: so it is of peers."""
        return self.warm_up_ns is not None


@dataclass(frozen=True, kw_only=True)
class Spent:
    """What a block took, from request to last row, and what of that was calibration, warm-up, canary and samples.

    The `direction` of a peer's block, which has both, is the peer's codec id.
    """

    dataset: str
    direction: str
    process: int
    wall_ns: int
    measured_ns: int


@dataclass(frozen=True, kw_only=True)
class Ended:
    """What was done to the machine from the start of a run, or of its resumption, to its end; None if it is not known.

    Shares are of the time of all CPUs: `others_percent` that of processes that are none of the run, `steal_percent`
    what other virtual machines took. `throttled` counts the periods in which the container had used its share up,
    `overheated` how often the processor was slowed down, `switches` how often a worker had to give its CPU to another
    process.
    """

    wall_s: float
    interrupted: bool
    others_percent: float | None = None
    steal_percent: float | None = None
    throttled: int | None = None
    overheated: int | None = None
    switches: int | None = None
    swapped_bytes: int | None = None


@dataclass(frozen=True, kw_only=True)
class Counted:
    """Processor instructions of `loops` calls of one operation, each of the timed messages once, under valgrind.

    `empty_instructions` are those of as many calls of an empty function, and part of `instructions`. `seed` is the hash
    seed that the process had. A `reason` says why there are no figures.
    """

    dataset: str
    codec: str
    operation: Operation
    seed: int
    loops: int = 0
    instructions: int = 0
    empty_instructions: int = 0
    reason: str = ""


@dataclass(frozen=True, kw_only=True)
class Foreign:
    """A machine that values were sent to and back. `controls` are those that have to fail there, as it differs from
    this one; `problems` what was wrong with the crossing, a line each."""

    machine: str
    byte_order: str
    word_bits: int
    python: str
    controls: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Crossing:
    """A codec on a data set, between here and a machine.

    `forth` is what went wrong from here to there, `back` from there to here; empty if every value came through equal.
    `octets` are `same`, `vary` (they do here alone, from one compilation to the next) or `differ`. `refused` messages
    are beyond the codec's limits. `reason` says why there is no result, or what is known about it. `here` and `there`
    are the versions of the library.
    """

    machine: str
    dataset: str
    codec: str
    status: CrossingStatus
    reason: str = ""
    here: str = ""
    there: str = ""
    forth: str = ""
    back: str = ""
    octets: Octets = ""
    messages: int = 0
    refused: int = 0


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What an implementation that is not ours makes of a codec's octets, on a data set.

    `codec` is who was asked: a peer (`json/node`), which reads the octets of our codec of the format and writes them
    again, or a codec of ours, which reads those of the `writer`, another implementation of the format. The `library`
    has its version with it. `losses` counts what is known to be lost by what it is. `octets`: it writes the same.
    """

    dataset: str
    codec: str
    writer: str
    language: str
    status: Status
    library: str = ""
    reason: str = ""
    losses: dict[str, int] = field(default_factory=dict)
    octets: bool = False


Line: TypeAlias = (
    Header
    | Dataset
    | Library
    | Verified
    | Footprint
    | Streamed
    | Timing
    | Spent
    | Counted
    | Ended
    | Foreign
    | Crossing
    | Asked
)
_KINDS: dict[str, type[Line]] = {
    "header": Header,
    "dataset": Dataset,
    "library": Library,
    "verified": Verified,
    "footprint": Footprint,
    "streamed": Streamed,
    "timing": Timing,
    "spent": Spent,
    "counted": Counted,
    "ended": Ended,
    "foreign": Foreign,
    "crossed": Crossing,
    "asked": Asked,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


@dataclass(frozen=True)
class Run:
    """A result file in memory, lines in the order they were written."""

    path: Path
    header: Header
    datasets: list[Dataset]
    verified: list[Verified]
    timings: list[Timing]
    streamed: list[Streamed] = field(default_factory=list)
    spent: list[Spent] = field(default_factory=list)
    libraries: list[Library] = field(default_factory=list)
    footprints: list[Footprint] = field(default_factory=list)
    counted: list[Counted] = field(default_factory=list)
    ended: list[Ended] = field(default_factory=list)
    foreign: list[Foreign] = field(default_factory=list)
    crossed: list[Crossing] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)


class Writer:
    """Appends lines to a result file, each whole and at once, or not at all. Nobody else can write to it meanwhile.

    The folder is made, and a last line that was cut off removed. The lock is the system's and ends with the process,
    however that ends. Raises `ResultsError` if another process writes to the folder, or there is no room.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path, *others = packed.variants(folder / FILE_NAME)
        if there := [path for path in others if path.exists()]:
            raise ResultsError(f"{there[0]}: holds a run; unpack it to go on with it, or choose another folder")
        self._file = self._path.open("ab", buffering=0)
        if not _locked(self._file):
            self._file.close()
            raise ResultsError(f"{folder}: another run writes to it; wait for its end, or choose another folder")
        held = self._path.read_bytes()
        self._size = held.rfind(b"\n") + 1
        self._file.truncate(self._size)

    def write(self, line: Line) -> None:
        text = json.dumps({"kind": _NAMES[type(line)], **asdict(line)}, ensure_ascii=False) + "\n"
        data = text.encode("utf-8", "backslashreplace")  # JSON's own escape
        try:
            done = 0
            while done < len(data):
                done += self._file.write(data[done:])
        except OSError as error:
            with suppress(OSError):
                self._file.truncate(self._size)
            raise ResultsError(
                f"{self._path}: {error.strerror}; what it holds is whole: make room, and go on with --resume"
            ) from None
        self._size += len(data)

    def close(self) -> None:
        self._file.close()


def _locked(file: FileIO) -> bool:
    """Lock a file, unless another process has; where the file system knows no locks it counts as locked."""
    try:
        if sys.platform == "win32":
            import msvcrt

            file.seek(_FAR)  # readers may not read what is locked
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError:
        return True
    return True


_FAR = 1 << 40


def read(folder: Path) -> Run:
    """Read `folder/results.jsonl`, or what is compressed of it as `.gz` or `.zst`.

    A last line that was cut off by a kill is ignored; any other damage raises.
    """
    plain, *others = packed.variants(folder / FILE_NAME)
    path = next((path for path in others if not plain.exists() and path.exists()), plain)
    try:
        text = packed.octets(path).decode("utf-8")
    except OSError as error:
        raise ResultsError(f"{path}: {error.strerror}; a run's folder holds {FILE_NAME}") from None
    except UnicodeDecodeError:
        raise ResultsError(f"{path}: not a result file (not UTF-8)") from None
    except ValueError as error:
        raise ResultsError(f"{path}: cannot be unpacked: {error}") from None
    lines: list[Line] = []
    whole = text.split("\n")
    for number, content in enumerate(whole[:-1], 1):
        lines.append(_parse(content, f"{path}:{number}"))
    if not lines or not isinstance(lines[0], Header):
        raise ResultsError(f"{path}: has no header")
    return Run(
        path,
        lines[0],
        [line for line in lines if isinstance(line, Dataset)],
        [line for line in lines if isinstance(line, Verified)],
        list({_cell(line): line for line in lines if isinstance(line, Timing)}.values()),
        [line for line in lines if isinstance(line, Streamed)],
        [line for line in lines if isinstance(line, Spent)],
        [line for line in lines if isinstance(line, Library)],
        [line for line in lines if isinstance(line, Footprint)],
        [line for line in lines if isinstance(line, Counted)],
        [line for line in lines if isinstance(line, Ended)],
        list({line.machine: line for line in lines if isinstance(line, Foreign)}.values()),
        list({(line.machine, line.dataset, line.codec): line for line in lines if isinstance(line, Crossing)}.values()),
        list({(line.dataset, line.codec, line.writer): line for line in lines if isinstance(line, Asked)}.values()),
    )


def _cell(timing: Timing) -> tuple[object, ...]:
    """What a timing is of. Of two the later counts: a block that a kill has cut off was measured again, as a whole."""
    return timing.dataset, timing.codec, timing.operation, timing.process, timing.collecting


def _parse(content: str, place: str) -> Line:
    try:
        held = json.loads(content)
        kind = _KINDS[held.pop("kind")]
    except (ValueError, KeyError, AttributeError, TypeError):
        raise ResultsError(f"{place}: not a line of a result file") from None
    if kind is Header and held.get("format") != FORMAT:
        raise ResultsError(f"{place}: format {held.get('format')}, this serbench reads {FORMAT}")
    known = {item.name for item in fields(kind)}
    try:
        return kind(**{name: value for name, value in held.items() if name in known})
    except TypeError as error:
        raise ResultsError(f"{place}: {error}") from None
