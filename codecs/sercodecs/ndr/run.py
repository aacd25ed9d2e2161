"""What is known of the stream's offset, and the pieces that one `struct` call handles, with their alignment gaps.

Gaps depend on the offset (C706, 14.2.2). `Known` says as much of it as the generator can: after an array of unknown
length less than before. Where it is enough, gaps are written into the format of the `struct` call, for an array of
octets into a table of formats by its length; where it is not, the generated code computes them.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from sercodecs.source import Source

TABLE = 256
"""Arrays of fewer items than this find their `struct` function in a table."""


@dataclass(frozen=True, slots=True)
class Known:
    """The offset divided by `modulus`, which is 1, 2, 4 or 8, leaves `rest`."""

    modulus: int
    rest: int = 0

    def after(self, size: int) -> "Known":
        return Known(self.modulus, (self.rest + size) % self.modulus)

    def gap(self, alignment: int) -> int | None:
        """How many octets are before the next multiple, if that is known."""
        return -self.rest % alignment if alignment <= self.modulus else None

    def aligned(self, alignment: int) -> "Known":
        """What is known behind a gap."""
        gap = self.gap(alignment)
        return Known(alignment) if gap is None else self.after(gap)

    def less(self, modulus: int) -> "Known":
        modulus = min(self.modulus, modulus)
        return Known(modulus, self.rest % modulus)

    def or_else(self, other: "Known") -> "Known":
        """What is known where two ways meet."""
        modulus = min(self.modulus, other.modulus)
        while (self.rest - other.rest) % modulus:
            modulus //= 2
        return self.less(modulus)


START = Known(8)
NOTHING = Known(1)


class Run:
    """Pieces in a row: letters of `struct`, gaps, and at most one array of octets whose length is a variable.

    A gap behind that array is a number, the alignment, as its size depends on the length.
    """

    def __init__(self, known: Known) -> None:
        self.start = known
        self.known = known
        self.pieces: list[str | int] = []
        self.unit = 0  # octets in an item of the array
        self.size = 0  # without the array and the gaps behind it

    def __bool__(self) -> bool:
        return bool(self.pieces)

    def add(self, letter: str) -> None:
        size = struct.calcsize("=" + letter)
        self.pieces.append(letter)
        self.known = self.known.after(size)
        self.size += size

    def align(self, alignment: int) -> bool:
        """Add a gap; False if its size is not known."""
        gap = self.known.gap(alignment)
        if gap is not None:
            if gap:
                self.add(f"{gap}x")
            return True
        if self.unit and alignment <= self.start.modulus:
            self.pieces.append(alignment)
            self.known = Known(alignment)
            return True
        return False

    def array(self, unit: int) -> None:
        """Add the array of variable length."""
        self.unit = unit
        self.pieces.append("")
        self.known = self.known.less(unit)

    @property
    def format(self) -> str:
        """The format of a run without an array."""
        return "".join(str(piece) for piece in self.pieces)

    def end(self, position: str, length: str, origin: int) -> str:
        """The expression for the position behind the run; at position `origin` the offset is 0."""
        size = 0
        for piece in self.pieces:
            if isinstance(piece, int):
                shift = origin % piece
                position = f"({position} + {size - shift + piece - 1} & -{piece})"
                size = shift
            elif piece:
                size += struct.calcsize("=" + piece)
            else:
                position += f" + {length}" if self.unit == 1 else f" + {self.unit} * {length}"
        return f"{position} + {size}" if size else position


@cache
def compiled(format_: str) -> struct.Struct:
    return struct.Struct(format_)


@cache
def _by_length(
    method: str, prefix: str, rest: int, unit: int, pieces: tuple[str | int, ...]
) -> tuple[list[Any], Callable[[int], Any]]:
    """The `struct` functions of a run with an array: a table by the array's length, and how to make others."""

    def make(length: int) -> Any:
        format_, offset = prefix, rest
        for piece in pieces:
            letters = f"{-offset % piece}x" if isinstance(piece, int) else piece or f"{length * unit}s"
            format_ += letters
            offset += struct.calcsize("=" + letters)
        return getattr(struct.Struct(format_), method)

    return [make(length) for length in range(TABLE)], make


def by_length(source: Source, method: str, prefix: str, run: Run, length: str) -> str:
    """The expression for the `struct` function of a run with an array whose length has that name."""
    key = (method, prefix, run.start.rest, run.unit, tuple(run.pieces))
    table, make = _by_length(*key)
    of = {"": f"{{{run.unit}*n}}s"}
    shown = "".join(f"{{gap to {piece}}}" if isinstance(piece, int) else of.get(piece, piece) for piece in run.pieces)
    note = f"struct.Struct(f'{prefix}{shown}').{method}"
    short = source.bind(method, table, f"[{note} for n in range({TABLE})]")
    long = source.bind(f"{method}_long", make, f"lambda n: {note}")
    return f"({short}[{length}] if {length} < {TABLE} else {long}({length}))"
