"""Parts of a `struct` format, the place where they begin, and the `struct` call that handles them with their padding.

Padding depends on the place. `Position` says as much of it as is known when source is made: behind an array of unknown
length less than before. Where it is enough, padding stands in the format; where it is not, calls are found in a table
by the phase of the position, and, with octets of open length among the slots, in a table by that length.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NoReturn

from sercodecs.contract import DecodeError
from sercodecs.source import Source

TABLE = 256
"""Octets of open length find their `struct` functions in a table where they are fewer items than this."""

PADDING = ("0s", "B", "H", "3s")
"""Padding that is looked at, as something that is false where it is zero, except for three octets."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A part of a `struct` format: how unpacked variables become its value, and a value the arguments of pack.

    `packed` is the code for writing where it is another. Octets of open length have a `unit` instead of a code: they
    take so many octets for each item of a length that is known when the format is made, less `terminator`. Padding that
    is looked at has neither.
    """

    code: str
    alignment: int
    read: str = "{0}"
    write: str = "{0}"
    packed: str = ""
    unit: int = 0
    terminator: int = 0

    @property
    def variables(self) -> int:
        return 2 if "{1}" in self.read else 1

    @property
    def layout(self) -> tuple[str, int, int, int]:
        return self.code, self.alignment, self.unit, self.terminator

    def writing(self) -> "Slot":
        return Slot(self.packed or self.code, self.alignment, self.read, self.write, "", self.unit, self.terminator)


GAP = "0x"
"""The code of a slot that only is aligned."""


def size(code: str) -> int:
    return struct.calcsize("=" + code)


@dataclass(frozen=True, slots=True)
class Position:
    """Where in the stream something stands: an expression plus a number, and what is known of it when source is made.

    The position less the origin of alignment is `residue`, modulo `modulus`. The origin is 0 or a multiple of 4, and
    is named in `origin` where it is not 0.
    """

    name: str
    add: int
    modulus: int
    residue: int
    origin: str = ""

    @property
    def text(self) -> str:
        if self.name.isdigit():
            return str(int(self.name) + self.add)
        return f"{self.name} + {self.add}" if self.add > 0 else f"{self.name} - {-self.add}" if self.add else self.name

    @property
    def term(self) -> str:
        """The text, in parentheses where it has to be."""
        return self.text if self.text.isidentifier() or self.text.isdigit() else f"({self.text})"

    def at(self, name: str) -> "Position":
        """The same position by another name."""
        return Position(name, 0, self.modulus, self.residue, self.origin)

    def plus(self, octets: int) -> "Position":
        return Position(self.name, self.add + octets, self.modulus, (self.residue + octets) % self.modulus, self.origin)

    def plus_unknown(self, length: str, unit: int = 1) -> "Position":
        known = self.less(unit)
        octets = length if unit == 1 else f"{unit} * {length}"
        return Position(f"{self.text} + {octets}", 0, known.modulus, known.residue, self.origin)

    def aligned(self, alignment: int) -> "Position":
        if alignment <= self.modulus:
            return self.plus(-self.residue % alignment)
        if alignment == 8 and self.origin:
            moved = self.plus(7)
            return Position(f"({moved.text} - {self.origin} & -8) + {self.origin}", 0, 8, 0, self.origin)
        return Position(f"({self.plus(alignment - 1).text} & -{alignment})", 0, alignment, 0, self.origin)

    def after(self, slots: Sequence[Slot], length: str = "") -> "Position":
        position = self
        for slot in slots:
            position = position.aligned(slot.alignment)
            if slot.unit:
                position = position.plus_unknown(length, slot.unit).plus(-slot.terminator)
            elif slot.code:
                position = position.plus(size(slot.code))
        return position

    def phase(self, alignment: int) -> str:
        """The expression of the residue modulo the alignment."""
        origin = f" - {self.origin}" if alignment == 8 and self.origin else ""
        return f"{self.text}{origin} & {alignment - 1}"

    def gap(self, alignment: int) -> str:
        """The expression of the padding to the alignment."""
        return f"GAPS[-({self.text}) & {alignment - 1}]"

    def less(self, modulus: int) -> "Position":
        """With no more known than the residue modulo that."""
        modulus = min(self.modulus, modulus)
        return Position(self.name, self.add, modulus, self.residue % modulus, self.origin)

    def meet(self, other: "Position") -> "Position":
        """What is known of a position that is either of two."""
        modulus = min(self.modulus, other.modulus)
        while (self.residue - other.residue) % modulus:
            modulus //= 2
        return self.less(modulus)


Codes = tuple[tuple[str, int, int, int], ...]


def _codes(slots: Sequence[Slot]) -> Codes:
    return tuple(slot.layout for slot in slots)


def strictest(slots: Sequence[Slot]) -> int:
    return max(slot.alignment for slot in slots)


def layout(slots: Sequence[Slot], phase: int) -> str:
    """The format of slots that begin at a place of this phase, with the padding between them."""
    return _layout(_codes(slots), phase, 0)


def _layout(codes: Codes, phase: int, length: int) -> str:
    text, at = "", phase
    for code, alignment, unit, terminator in codes:
        gap = -at % alignment
        if unit:
            code = f"{length * unit - terminator}s"
        elif not code:
            code, gap = PADDING[gap], 0
        text += (f"{gap}x" if gap else "") + (code if code != GAP else "")
        at += gap + size(code)
    return text


def _shown(codes: Codes, phase: int, modulus: int) -> str:
    """The format of octets of open length with what is around them, to be read."""
    text, at = "", Position("", 0, modulus, phase)
    for code, alignment, unit, terminator in codes:
        if alignment > at.modulus:
            text += f"{{to {alignment}}}"
        elif gap := -at.residue % alignment:
            text += f"{gap}x"
        at = at.aligned(alignment)
        if unit:
            number = f"{unit}*n" if unit > 1 else f"n-{terminator}" if terminator else "n"
            text, at = f"{text}{{{number}}}s", at.plus_unknown("", unit).plus(-terminator)
        elif code and code != GAP:
            text, at = text + code, at.plus(size(code))
    return text


@cache
def compiled(format_: str) -> struct.Struct:
    return struct.Struct(format_)


def _call(method: str, packed: struct.Struct) -> Any:
    return packed.pack if method == "pack" else (packed.unpack_from, packed.size)


@cache
def _phased(method: str, prefix: str, codes: Codes, count: int) -> tuple[Any, ...]:
    return tuple(_call(method, compiled(prefix + _layout(codes, phase, 0))) for phase in range(count))


def _no_terminator(*_: Any) -> NoReturn:
    raise DecodeError("a string without its terminating NUL")


def _by_length(method: str, prefix: str, codes: Codes, phase: int) -> list[Any]:
    """The calls of octets of open length by their length; the last one makes others."""
    least = max(terminator for _, _, _, terminator in codes)

    def make(length: int) -> Any:
        if length < least:
            return _no_terminator, 0
        call = _call(method, struct.Struct(prefix + _layout(codes, phase, length)))
        if length < TABLE:
            table[length] = call
        return call

    table: list[Any] = [None] * TABLE + [make]
    return table


@cache
def _of_phase(method: str, prefix: str, codes: Codes, phase: int) -> list[Any]:
    table = _by_length(method, prefix, codes, phase)
    table[:TABLE] = map(table[-1], range(TABLE))
    return table


@cache
def _of_phases(method: str, prefix: str, codes: Codes, count: int) -> list[list[Any]]:
    """For each phase a table that is filled in as lengths come, since not all phases do."""
    return [_by_length(method, prefix, codes, phase) for phase in range(count)]


def bind(source: Source, method: str, prefix: str, slots: Sequence[Slot], at: Position, length: str = "") -> str:
    """The expression of the `struct` call of slots at a position, of which one may be octets of that length.

    The call is a function, or, to unpack what is not of known size and padding, a function and the size.
    """
    alignment, codes = strictest(slots), _codes(slots)
    known = alignment <= at.modulus
    hint = method.partition("_")[0]
    if known and not length:
        return source.bind(hint, getattr(compiled(prefix + layout(slots, at.residue)), method))
    called = method if method == "pack" else f"{method} and size"
    if not length:
        shown = [prefix + layout(slots, phase) for phase in range(alignment)]
        table = source.bind(f"{hint}s", _phased(method, prefix, codes, alignment), f"{called} of {shown} by phase")
        return f"{table}[{at.phase(alignment)}]"
    note = f"{called} of {prefix + _shown(codes, at.residue, at.modulus)!r} by {'' if known else 'phase and '}n"
    note = f"{note}; the last makes those from {TABLE}"
    if known:
        table = source.bind(f"{hint}s", _of_phase(method, prefix, codes, at.residue), note)
        return f"{table}[{length}] if {length} < {TABLE} else {table}[-1]({length})"
    tables = source.bind(f"{hint}s", _of_phases(method, prefix, codes, alignment), note)
    table = f"{tables}[{at.phase(alignment)}]"
    return f"{length} < {TABLE} and {table}[{length}] or {table}[-1]({length})"


@dataclass(frozen=True, slots=True)
class Stride:
    """How items of fixed size follow one another: each is `lead` octets of padding and `size` others; not the first."""

    start: Position
    format: str
    lead: int
    size: int

    @property
    def whole(self) -> int:
        return self.lead + self.size

    def end(self, before: Position) -> Position:
        """What is known of the place behind any number of items, also of none, that begin behind `before`."""
        return self.start.plus(self.size).meet(before)


def stride(slots: Sequence[Slot], at: Position) -> Stride | None:
    """The stride of items that begin at a position, unless the first of them is laid out otherwise than the others."""
    most, first = strictest(slots), slots[0].alignment
    if first < most and most > at.modulus:
        return None
    start = at.aligned(first)
    phase = start.residue % most
    content = layout(slots, phase)
    end = (phase + size(content)) % most
    lead = -end % first
    if layout(slots, (end + lead) % most) != content:
        return None
    return Stride(start, (f"{lead}x" if lead else "") + content, lead, size(content))


def one_letter(slots: Sequence[Slot]) -> str:
    """The letter that all slots have in common, or nothing."""
    letters = {slot.code for slot in slots}
    return letters.pop() if len(letters) == 1 and len(slots[0].code) == 1 else ""
