"""What the generator of `decode` is made of: runs that are unpacked, checks, text, and the bodies of arrays."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from serschema.model import String

from sercodecs.ndr.generator import Generator
from sercodecs.ndr.layout import Layout
from sercodecs.ndr.run import START, Known, Run, by_length, compiled
from sercodecs.source import Source

LABEL_SIZE = 4
"""Positions in the data are this much greater than offsets in the octet stream."""


@dataclass
class Row:
    """The body of an item in one `struct` format: its variables, and how the item is finished."""

    run: Run
    variables: list[str] = field(default_factory=list)
    finish: Callable[[], list[str]] = list

    def padded(self, alignment: int) -> tuple[str, int]:
        """The format with the gap before the next item of an array, and the size of that gap."""
        gap = -self.run.size % alignment
        return self.run.format + (f"{gap}x" if gap else ""), gap


class Unpacking(Generator):
    """Scalars wait in `run` until something comes that one `struct` call cannot read with them."""

    def __init__(self, layout: Layout, source: Source) -> None:
        super().__init__(layout, source)
        self.variables: list[str] = []
        self.late: list[str] = []  # lines that wait for the run
        self.kept: list[list[str]] = []  # the variables of bodies whose referents are read in another loop
        self.in_row = False

    def align(self, alignment: int) -> None:
        if not self.run.align(alignment):
            self.flush()
        if not self.run.align(alignment):
            self.source.line("pos += 4 - pos & 7" if alignment == 8 else f"pos += -pos & {alignment - 1}")
            self.run = Run(Known(alignment))

    def slot(self, letter: str, alignment: int) -> str:
        """Add a scalar; the name it will have after the next `flush`."""
        self.align(alignment)
        self.run.add(letter)
        name = self.source.fresh("x")
        self.variables.append(name)
        return self.keep(name)

    def keep(self, name: str) -> str:
        if self.kept:
            self.kept[-1].append(name)
        return name

    def flush(self) -> None:
        run, source = self.run, self.source
        if self.length:
            unpack = by_length(source, "unpack_from", self.prefix, run, self.length)
            source.line(f"{', '.join(self.variables)}, = {unpack}(data, pos)")
            source.line(f"pos = {run.end('pos', self.length, LABEL_SIZE)}")
        elif run:
            if self.variables:
                unpack = source.bind("unpack", compiled(self.prefix + run.format).unpack_from)
                source.line(f"{', '.join(self.variables)}, = {unpack}(data, pos)")
            source.line(f"pos += {run.size}")
        for line in self.late:
            source.line(line)
        self.run = Run(run.known)
        self.variables, self.length, self.late = [], "", []

    def refuse(self, condition: str, reason: str) -> None:
        with self.source.block(f"if {condition}"):
            self.source.line(f"raise DecodeError({reason}, pos)")

    def not_null(self, pointer: str) -> None:
        self.late.append(f"if not {pointer}:")
        self.late.append("    raise DecodeError('a null pointer to what is never absent', pos)")

    @contextmanager
    def row(self) -> Iterator[Row]:
        """What is read in the `with` is one item of an array of items of fixed size, and emits nothing."""
        outer = self.run, self.variables, self.kept, self.in_row
        self.run, self.variables, self.kept, self.in_row = Run(START), [], [], True
        row = Row(self.run)
        yield row
        row.variables = self.variables
        self.run, self.variables, self.kept, self.in_row = outer

    def unpack_rows(self, row: Row, count: str, alignment: int) -> str:
        """The expression for the bodies of so many items, after the check that they are there."""
        format_, gap = row.padded(alignment)
        stop = self.local("stop", f"pos + {count} * {row.run.size + gap}" + (f" - {gap}" if gap else ""))
        self.enough(f"{stop} > end", count)
        unpack = self.source.bind("iter_unpack", compiled(self.prefix + format_).iter_unpack)
        return f"{unpack}(data[pos:{stop}]{f' + {bytes(gap)!r}' if gap else ''})"

    def advance(self, row: Row, count: str, alignment: int) -> None:
        _, gap = row.padded(alignment)
        stride = row.run.size + gap
        self.source.line(f"pos += {count} * {stride}" + (f" - {gap}" if gap else ""))
        self.run = Run(self.run.known.less(stride & -stride).after(-gap))

    def counted(self) -> tuple[str, str]:
        """The structure of a count and a pointer to so many items."""
        self.align(self.word_size)
        return self.slot("I", 4), self.slot(self.word, self.word_size)

    def text(self, kind: String) -> str:
        """A conformant and varying string (C706, 14.3.4.2): maximum count, offset, actual count, and the terminator."""
        most, offset, count = (self.slot(self.word, self.word_size) for _ in range(3))
        self.flush()
        self.refuse(f"{offset} or {count} > {most}", f'f"{{{count}}} of {{{most}}} characters from {{{offset}}} on"')
        text = self.source.fresh("text")
        octets = self.take(count, 2)
        self.late.append(f"{text}, rest = from_utf16({octets})[0].split(NUL)")
        self.late.append("if rest:")
        self.late.append("    raise DecodeError('a string that does not end at its only zero', pos)")
        return text if kind.max_length is None else f"at_most({text}, {kind.max_length})"

    def take(self, length: str, unit: int) -> str:
        """Begin a run with an array of octets, whose name this is."""
        self.length = length
        self.run.array(unit)
        self.variables = [self.source.fresh("octets")]
        return self.variables[0]

    def conformant(self, count: str) -> None:
        """Emit the reading of a maximum count (C706, 14.3.3.2), which `size_is` makes the count."""
        most = self.slot(self.word, self.word_size)
        self.flush()
        self.refuse(f"{most} != {count}", f'f"an array of {{{most}}} items where {{{count}}} are counted"')

    def bounds(self, count: str, least: int, most: int | None, unit: str) -> None:
        if least:
            self.refuse(f"{count} < {least}", f'f"{{{count}}} {unit}, at least {least} needed"')
        if most is not None:
            self.refuse(f"{count} > {most}", f'f"{{{count}}} {unit}, at most {most} allowed"')

    def enough(self, condition: str, count: str) -> None:
        self.refuse(condition, f'f"{{{count}}} items announced, {{end - pos}} octets left"')

    def null(self, count: str, least: int) -> None:
        """Emit the checks of a null pointer to items, which is right where there are none."""
        self.refuse(count, f'f"a null pointer to {{{count}}} items"')
        self.bounds(count, least, None, "items")
