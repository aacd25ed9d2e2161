"""What the generator of `encode` is made of: runs that are packed, text, and the bodies of arrays."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial, reduce

from sercodecs.ndr.generator import Generator
from sercodecs.ndr.layout import Layout
from sercodecs.ndr.run import START, Known, Run, by_length, compiled
from sercodecs.ndr.runtime import REFERENT
from sercodecs.source import Source


class Packing(Generator):
    """Scalars wait in `run` until something else comes, pieces of the message in `pieces`.

    With `tracking` the generated code keeps the offset in `pos`; `needed` says that it has to, as some gap depends on
    it.
    """

    def __init__(self, layout: Layout, source: Source, tracking: bool) -> None:
        super().__init__(layout, source)
        self.tracking = tracking
        self.needed = False
        self.arguments: list[str] = []
        self.pieces: list[str] = []
        self.moves: list[Callable[[str], str]] = []  # what the pieces make of the expression for the offset
        self.in_loop = 0  # bodies whose referents are written in another loop

    def end(self) -> None:
        self.flush()
        if self.tracking:
            self.source.line("return pos")

    def align(self, alignment: int) -> None:
        if self.run.align(alignment):
            return
        self.pack()
        if self.run.align(alignment):
            return
        self.flush()
        self.needed = True
        mask = alignment - 1
        with self.source.block(f"if pos & {mask}"):
            self.source.line(f"parts.append(GAPS[-pos & {mask}])")
            self.source.line(f"pos = pos + {mask} & -{alignment}")
        self.run = Run(Known(alignment))

    def slot(self, letter: str, alignment: int, argument: str) -> None:
        self.align(alignment)
        self.run.add(letter)
        self.arguments.append(argument)

    def pack(self) -> None:
        """Make a piece of what is in the run."""
        run = self.run
        if self.length:
            pack = by_length(self.source, "pack", self.prefix, run, self.length)
            self.pieces.append(f"{pack}({', '.join(self.arguments)})")
            self.moves.append(partial(run.end, length=self.length, origin=0))
        elif run:
            self.pieces.append(self.packed(run, self.arguments))
            self.move(str(run.size))
        self.run = Run(run.known)
        self.arguments, self.length = [], ""

    def move(self, size: str) -> None:
        self.moves.append(lambda pos: f"{pos} + {size}")

    def packed(self, run: Run, arguments: list[str]) -> str:
        if not arguments:
            return repr(bytes(run.size))
        return f"{self.source.bind('pack', compiled(self.prefix + run.format).pack)}({', '.join(arguments)})"

    def flush(self) -> None:
        self.pack()
        if self.pieces:
            one = len(self.pieces) == 1
            self.source.line(f"parts.append({self.pieces[0]})" if one else f"parts += ({', '.join(self.pieces)})")
        if self.tracking and self.moves:
            self.source.line(f"pos = {reduce(lambda pos, move: move(pos), self.moves, 'pos')}")
        self.pieces, self.moves = [], []

    @contextmanager
    def row(self) -> Iterator[tuple[Run, list[str]]]:
        """What is written in the `with` is one item of fixed size, and emits nothing."""
        outer = self.run, self.arguments
        self.run, self.arguments = Run(START), []
        yield self.run, self.arguments
        self.run, self.arguments = outer

    def text(self, expression: str) -> None:
        """A conformant and varying string (C706, 14.3.4.2); `struct` fills the terminator in."""
        text = self.local("text", expression)
        with self.source.block(f"if NUL in {text}"):
            self.source.line("zero_in_text()")
        octets = self.local("octets", f"to_utf16({text})[0]")
        count = self.local("count", f"len({octets}) // 2 + 1")
        self.slot(self.word, self.word_size, count)
        self.slot(self.word, self.word_size, "0")
        self.slot(self.word, self.word_size, count)
        self.append(octets, count, 2)

    def append(self, octets: str, length: str, unit: int) -> None:
        """Add an array of octets to the run, which can have one."""
        if self.length:
            self.pack()
        self.length = length
        self.run.array(unit)
        self.arguments.append(octets)

    def counted(self, hint: str, expression: str) -> Callable[[], str]:
        """The structure of a count and a pointer to so many items; gives the name of these when it is called."""
        name = self.source.fresh(hint)
        self.align(self.word_size)
        self.slot("I", 4, f"len({name} := {expression})")
        self.slot(self.word, self.word_size, f"REFERENT if {name} else 0")
        again = self.in_loop > 0
        return lambda: self.local(hint, expression) if again else name

    def rows(self, run: Run, arguments: list[str], names: list[str], each: str, items: str, gap: int) -> str:
        """The expression for the bodies of all items: one call of pack, or one an item."""
        letter = run.format
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
        return f"{bytes(gap)!r}.join([{self.packed(run, arguments)} for {each}])"

    def octets(self, name: Callable[[], str]) -> None:
        octets = name()

        def some() -> None:
            length = self.local("length", f"len({octets})")
            self.slot(self.word, self.word_size, length)
            self.append(octets, length, 1)

        self.choose((f"if {octets}", some), other=True)
