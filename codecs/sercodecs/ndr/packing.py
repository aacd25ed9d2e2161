"""What the generator of `encode` is made of: rows of fixed size, text, and the bodies of arrays."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sercodecs.aligned.packing import Packing as AlignedPacking
from sercodecs.aligned.position import Position, Slot, compiled, layout
from sercodecs.ndr.layout import Layout
from sercodecs.ndr.runtime import REFERENT
from sercodecs.source import Source


class Packing(AlignedPacking):
    """With `tracking` the generated code keeps the offset; `needed` says that it has to, as some gap depends on it."""

    def __init__(self, layout: Layout, source: Source, tracking: bool) -> None:
        super().__init__(layout, source, layout.syntax.order)
        self.layout = layout
        self.tracking = tracking
        self.needed = False
        self.in_loop = 0  # bodies whose referents are written in another loop

    def depend(self) -> None:
        super().depend()
        self.needed = True

    @contextmanager
    def row(self) -> Iterator[tuple[list[Slot], list[str]]]:
        """What is written in the `with` is one item of fixed size, and emits nothing: its slots and arguments."""
        outer = self.slots, self.arguments
        self.slots, self.arguments = [], []
        yield self.slots, self.arguments
        self.slots, self.arguments = outer

    def packed(self, slots: list[Slot], arguments: list[str]) -> str:
        """The expression for a row."""
        packed = compiled(self.prefix + written(slots))
        if not arguments:
            return repr(bytes(packed.size))
        return f"{self.source.bind('pack', packed.pack)}({', '.join(arguments)})"

    def move(self, octets: str, known: Position) -> None:
        """Behind a piece of so many octets."""
        self.at = known.at(f"{self.at.text} + {octets}")

    def text(self, expression: str) -> None:
        """A conformant and varying string (C706, 14.3.4.2); `struct` fills the terminator in."""
        text = self.local("text", expression)
        with self.source.block(f"if NUL in {text}"):
            self.source.line("zero_in_text()")
        octets = self.local("octets", f"to_utf16({text})[0]")
        count = self.local("count", f"len({octets}) // 2 + 1")
        for number in (count, "0", count):
            self.slot(self.layout.pointer, number)
        self.append(octets, count, 2)

    def append(self, octets: str, length: str, unit: int) -> None:
        """Add an array of octets to the slots, of which one call can have one."""
        if self.length:
            self.pack()
        self.length = length
        self.slot(Slot("", 1, unit=unit), octets)

    def counted(self, hint: str, expression: str) -> Callable[[], str]:
        """The structure of a count and a pointer to so many items; gives the name of these when it is called."""
        name = self.source.fresh(hint)
        self.align(self.layout.word_size)
        self.unsigned(f"len({name} := {expression})")
        self.slot(self.layout.pointer, f"REFERENT if {name} else 0")
        again = self.in_loop > 0
        return lambda: self.local(hint, expression) if again else name

    def rows(self, slots: list[Slot], arguments: list[str], names: list[str], each: str, items: str, gap: int) -> str:
        """The expression for the bodies of all items: one call of pack, or one an item."""
        letter = written(slots)
        if set(arguments) == {"REFERENT"}:
            one = compiled(self.prefix + letter)
            return f"{one.pack(*[REFERENT] * len(arguments))!r} * len({items})"
        if len(letter) == 1 and arguments == names:
            return f'pack(f"{self.prefix}{{len({items})}}{letter}", *{items})'
        if len(letter) == 1 and arguments:
            return f'pack(f"{self.prefix}{{len({items})}}{letter}", *[{arguments[0]} for {each}])'
        if len(set(letter)) == 1 and len(arguments) == len(letter):
            tuples = f"chain([({', '.join(arguments)}) for {each}])"
            return f'pack(f"{self.prefix}{{{len(letter)} * len({items})}}{letter[0]}", *{tuples})'
        return f"{bytes(gap)!r}.join([{self.packed(slots, arguments)} for {each}])"

    def octets(self, name: Callable[[], str]) -> None:
        octets = name()

        def some() -> None:
            length = self.local("length", f"len({octets})")
            self.slot(self.layout.pointer, length)
            self.append(octets, length, 1)

        self.choose((f"if {octets}", some), other=True)


def written(slots: list[Slot]) -> str:
    """The format of a row."""
    return layout([slot.writing() for slot in slots], 0)
