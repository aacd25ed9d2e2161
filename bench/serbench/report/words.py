"""How figures are written, the same in every report."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from serbench.results import WHOLE, Operation, Streamed, Verified
from serbench.scaling import Cost
from serbench.statistics import Figure, Ratio

if TYPE_CHECKING:
    from serbench.report.summary import Row, Time

UNITS = ((1e9, "s"), (1e6, "ms"), (1e3, "µs"), (1.0, "ns"))
NONE = "-"
WIDE_PERCENT = 20


def unit_of(ns: float) -> tuple[float, str]:
    """The unit in which a time has one to three digits before the point; rounding counts."""
    return next(((size, unit) for size, unit in UNITS if ns >= 0.9995 * size), UNITS[-1])


def digits(value: float) -> str:
    """Three significant digits, never an exponent."""
    return f"{value:.2f}" if value < 9.995 else f"{value:.1f}" if value < 99.95 else f"{value:,.0f}"


def time_text(ns: float) -> str:
    size, unit = unit_of(ns)
    return f"{digits(ns / size)} {unit}"


def interval_text(figure: Figure) -> str:
    """`1.23 µs [1.20, 1.27]`."""
    size, _ = unit_of(figure.ns)
    return f"{time_text(figure.ns)} [{digits(figure.low / size)}, {digits(figure.high / size)}]"


def margin_text(figure: Figure) -> str:
    """`1.23 µs ±3 %`, or `1.23 µs -3 +60 %` where the interval is wide and its ends are not worth one figure."""
    below, above = 100 * (1 - figure.low / figure.ns), 100 * (figure.high / figure.ns - 1)
    if max(below, above) < WIDE_PERCENT:
        return f"{time_text(figure.ns)} ±{max(below, above):.0f} %"
    return f"{time_text(figure.ns)} -{below:.0f} +{above:.0f} %"


VERDICTS = (
    "A difference is claimed where its p-value, corrected by Holm's method for all pairs of codecs in this report, is "
    "below 0.05; tie: the 95 % interval lies within 1 % of equality; ~1.02x is unresolved: neither, only the best "
    "guess, as more processes might say. Codecs of one rank are not told apart from the fastest of that rank."
)
"""What the words of `ratio_text` and the ranks mean."""


def ratio_text(time: "Time") -> str:
    if time.ratio is None:
        return "fastest" if time.best else NONE
    text = f"{digits(time.ratio.ratio)}x"
    return {"different": text, "unresolved": f"~{text}", "tie": "tie"}[time.ratio.verdict]


def rank_text(time: "Time | None") -> str:
    return NONE if time is None or time.rank is None else str(time.rank)


def ratio_interval_text(time: "Time") -> str:
    """`1.76x [1.74, 1.78]`; a tie has its interval too, and so has `~1.02x`, which is unresolved."""
    if time.ratio is None:
        return ratio_text(time)
    return f"{ratio_text(time)} [{digits(time.ratio.low)}, {digits(time.ratio.high)}]"


def optional(value: float | None, text: Callable[[float], str]) -> str:
    return NONE if value is None else text(value)


def size_text(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:,.1f}"


def percent_text(value: float) -> str:
    return f"{value:.1f}"


def factor_text(value: float) -> str:
    return f"{digits(value)}x"


def clean(text: object) -> str:
    """Text that is safe in one line of any report: an end of line, an escape and the like show as their codes."""
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in str(text))


def how_read(row: "Row") -> str:
    """How a leaf was read."""
    return "by itself" if "access" in row.verified.offers else "message decoded"


RATE_TITLES = tuple(f"{operation}{of}" for operation in WHOLE for of in (", messages/s", ", MB/s", ", GC on"))


def rates(row: "Row", information_bytes: float) -> list[str]:
    """What one processor handles in a second, in messages and in octets of information, and what garbage collection
    does to the time, for encode and decode."""
    cells = []
    for operation in WHOLE:
        time = row.times.get(operation)
        if time is None:
            cells += [NONE] * 3
            continue
        a_second = 1e9 / time.figure.ns
        cells += [f"{a_second:,.0f}", digits(a_second * information_bytes / 1e6), collected_text(time.collected)]
    return cells


COST_TITLES = tuple(
    f"{operation}{of}" for operation in WHOLE for of in (", each message", ", each kB", ", off the line by")
)
COST_NOTE = (
    "A line through the times of all sizes; kB of information. Where times are far off the line, the cost is no line."
)


def cost_cells(held: dict[Operation, Cost]) -> list[str]:
    """What a message costs, and a thousand octets of information in it, with intervals, as `COST_TITLES`."""
    cells = []
    for operation in WHOLE:
        cost = held.get(operation)
        if cost is None:
            cells += [NONE] * 3
            continue
        cells += [
            _cost_text(cost.message_ns, cost.message_low, cost.message_high),
            _cost_text(1000 * cost.octet_ns, 1000 * cost.octet_low, 1000 * cost.octet_high),
            f"{100 * cost.error:.0f} %",
        ]
    return cells


def _cost_text(ns: float, low: float, high: float) -> str:
    size, unit = unit_of(max(ns, 1.0))
    return f"{digits(ns / size)} {unit} [{digits(low / size)}, {digits(high / size)}]"


def collected_text(ratio: Ratio | None) -> str:
    """`+3.1 % [2.0, 4.2]`, with garbage collection on."""
    if ratio is None:
        return NONE
    percent, low, high = (100 * (value - 1) for value in (ratio.ratio, ratio.low, ratio.high))
    return f"{percent:+.1f} % [{low:.1f}, {high:.1f}]"


ACCESS_TITLES = ("codec", "leaf read", "time", "ratio", "rank")
COUNTED_TITLES = ("codec", "operation", "instructions per message", "of them an empty call")
COUNTED = "nothing was timed: instructions were counted, to follow this codec over time; they rank no codecs"
STREAM_TITLES = (
    "codec",
    "write a record",
    "ratio",
    "rank",
    "read a record",
    "ratio",
    "rank",
    "records",
    "stream, bytes",
    "peak writing, bytes",
    "peak reading, bytes",
)


def stream_figures(streamed: Streamed | None) -> tuple[str, str, str, str]:
    """Records, octets of the stream, and the peaks of memory to write and to read it."""
    if streamed is None or streamed.reason:
        return NONE, NONE, NONE, NONE
    peaks = (streamed.write_peak_bytes, streamed.read_peak_bytes)
    write, read = (NONE if peak is None else size_text(peak) for peak in peaks)
    return size_text(streamed.records), size_text(streamed.stream_bytes), write, read


def losses_text(verified: Verified) -> str:
    """The declared losses that happened, in words."""
    counted = (f"{what} ({'once' if times == 1 else f'{times} times'})" for what, times in verified.losses.items())
    return ", ".join(counted) + (f", first at {verified.example}" if verified.example else "")
