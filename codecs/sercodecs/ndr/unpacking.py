"""What the generator of `decode` is made of: rows of fixed size, checks, text, and the bodies of arrays."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from serschema.model import Bytes, String

from sercodecs.aligned.position import Position, Slot, compiled, layout
from sercodecs.aligned.shape import WORD
from sercodecs.aligned.unpacking import Unpacking as AlignedUnpacking
from sercodecs.ndr.layout import Layout
from sercodecs.source import Source

LABEL_SIZE = 4
"""Positions in the data are this much greater than offsets in the octet stream."""


def row_of(names: list[str]) -> str:
    """The source of a tuple."""
    return f"({', '.join(names)},)" if names else "()"


@dataclass
class Row:
    """The body of an item in one `struct` format: its variables, and how the item is finished."""

    slots: list[Slot] = field(default_factory=list)
    variables: list[str] = field(default_factory=list)
    finish: Callable[[], list[str]] = list

    @property
    def format(self) -> str:
        return layout(self.slots, 0)

    @property
    def size(self) -> int:
        return Position("0", 0, 8, 0).after(self.slots).add

    def padded(self, alignment: int) -> tuple[str, int]:
        """The format with the gap before the next item of an array, and the size of that gap."""
        gap = -self.size % alignment
        return self.format + (f"{gap}x" if gap else ""), gap


class Unpacking(AlignedUnpacking):
    def __init__(self, layout: Layout, source: Source) -> None:
        super().__init__(layout, source, layout.syntax.order)
        self.layout = layout
        self.kept: list[list[str]] = []  # the variables of bodies whose referents are read in another loop
        self.in_row = False

    def anywhere(self) -> Position:
        return Position("pos", 0, 1, 0, str(LABEL_SIZE))

    def slot(self, slot: Slot) -> str:
        expression = super().slot(slot)
        self.keep(self.variables[-1])
        return expression

    def keep(self, name: str) -> str:
        if self.kept:
            self.kept[-1].append(name)
        return name

    def flush(self) -> None:
        super().flush()
        self.place()

    def not_null(self, pointer: str) -> None:
        self.check(f"not {pointer}", "raise DecodeError('a null pointer to what is never absent', pos)")

    @contextmanager
    def row(self) -> Iterator[Row]:
        """What is read in the `with` is one item of an array of items of fixed size, and emits nothing."""
        outer = self.slots, self.variables, self.kept, self.in_row
        self.slots, self.variables, self.kept, self.in_row = [], [], [], True
        row = Row()
        yield row
        row.slots, row.variables = self.slots, self.variables
        self.slots, self.variables, self.kept, self.in_row = outer

    def unpack_rows(self, row: Row, count: str, alignment: int) -> str:
        """The expression for the bodies of so many items, after the check that they are there."""
        format_, gap = row.padded(alignment)
        stop = self.local("stop", f"pos + {count} * {row.size + gap}" + (f" - {gap}" if gap else ""))
        self.enough(f"{stop} > end", count)
        unpack = self.source.bind("iter_unpack", compiled(self.prefix + format_).iter_unpack)
        return f"{unpack}(data[pos:{stop}]{f' + {bytes(gap)!r}' if gap else ''})"

    def advance(self, row: Row, count: str, alignment: int) -> None:
        _, gap = row.padded(alignment)
        stride = row.size + gap
        self.source.line(f"pos += {count} * {stride}" + (f" - {gap}" if gap else ""))
        self.at = self.at.less(stride & -stride).plus(-gap).at("pos")

    def counted(self) -> tuple[str, str]:
        """The structure of a count and a pointer to so many items."""
        self.align(self.layout.word_size)
        return self.slot(WORD), self.slot(self.layout.pointer)

    def text(self, kind: String) -> str:
        """A conformant and varying string (C706, 14.3.4.2): maximum count, offset, actual count, and the terminator."""
        most, offset, count = (self.slot(self.layout.pointer) for _ in range(3))
        self.flush()
        self.refuse(f"{offset} or {count} > {most}", f'f"{{{count}}} of {{{most}}} characters from {{{offset}}} on"')
        text = self.source.fresh("text")
        octets = self.take(count, 2)
        self.late.append(f"{text}, rest = from_utf16({octets})[0].split(NUL)")
        self.check("rest", "raise DecodeError('a string that does not end at its only zero', pos)")
        return text if kind.max_length is None else self.at_most(text, kind.max_length)

    def required_text(self, kind: String, pointer: str) -> str:
        self.not_null(pointer)
        return self.text(kind)

    def octets(self, kind: Bytes, count: str, pointer: str) -> str:
        value = self.source.fresh("octets")

        def present() -> None:
            self.conformant(count)
            self.bounds(count, kind.min_length, kind.max_length, "octets")
            octets = self.take(count, 1)
            self.flush()
            self.source.line(f"{value} = {octets}")

        def null() -> None:
            self.null(count, kind.min_length)
            self.source.line(f'{value} = b""')

        self.choose((f"if {pointer}", present), ("else", null))
        return value

    def take(self, length: str, unit: int) -> str:
        """Begin a call with an array of octets, whose name this is."""
        self.length = length
        return super().slot(Slot("", 1, unit=unit))

    def conformant(self, count: str) -> None:
        """Emit the reading of a maximum count (C706, 14.3.3.2), which `size_is` makes the count."""
        most = self.slot(self.layout.pointer)
        self.flush()
        self.refuse(f"{most} != {count}", f'f"an array of {{{most}}} items where {{{count}}} are counted"')

    def enough(self, condition: str, count: str) -> None:
        self.refuse(condition, f'f"{{{count}}} items announced, {{end - pos}} octets left"')

    def null(self, count: str, least: int) -> None:
        """Emit the checks of a null pointer to items, which is right where there are none."""
        self.refuse(count, f'f"a null pointer to {{{count}}} items"')
        self.bounds(count, least, None, "items")
