"""What the generators of `encode` share: slots that are packed, pieces of the message, and the position."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sercodecs.aligned.generator import Generator
from sercodecs.aligned.position import GAP, Position, Slot, bind, compiled, layout, strictest
from sercodecs.aligned.shape import WORD, Shape
from sercodecs.source import Source


class Packing(Generator):
    """Scalars wait in `slots`, and pieces of the message in `pieces`.

    `at` counts from the origin of alignment. It is carried along when source is made; a variable of the generated
    function takes it over where that is no longer possible, and goes if nobody reads it; where nothing ever does,
    `tracking` is off. `parts` and `variable` name the pieces of the present stream and that variable.
    """

    tracking = True

    def __init__(self, shape: Shape, source: Source, order: str) -> None:
        super().__init__(shape, source, order)
        self.arguments: list[str] = []
        self.pieces: list[str] = []
        self.parts = "parts"
        self.variable = "pos"
        self.read: set[str] = set()  # the variables that something depends on

    @contextmanager
    def function(self, signature: str) -> Iterator[None]:
        """A function, from which the assignments to positions go that nothing depends on."""
        start = len(self.source.lines)
        self.read = set()
        with self.source.function(signature):
            yield
            if signature.startswith("encode"):
                with self.source.block("except Exception as error"):
                    self.source.line("raise encode_error(error, value, SCHEMA) from error")
        self.source.lines[start:] = without(self.source.lines[start:], self.read)

    def end(self) -> None:
        """End the function of a type."""
        self.flush()
        if self.tracking:
            self.source.line(f"return {self.know()}")

    def slot(self, slot: Slot, expression: str) -> None:
        self.slots.append(slot)
        self.arguments.append(slot.write.format(expression))

    def align(self, alignment: int) -> None:
        """What comes next is at a multiple of that."""
        self.slots.append(Slot(GAP, alignment))

    def unsigned(self, expression: str) -> None:
        """A word."""
        self.slot(WORD, expression)

    def pack(self) -> None:
        """Make a piece of the slots."""
        if not self.slots:
            return
        slots = [slot.writing() for slot in self.slots]
        if strictest(slots) > self.at.modulus:
            self.place()
            self.depend()
        if self.arguments or strictest(slots) > self.at.modulus:
            pack = bind(self.source, "pack", self.prefix, slots, self.at, self.length)
            self.pieces.append(f"{f'({pack})' if self.length else pack}({', '.join(self.arguments)})")
        elif gap := compiled("<" + layout(slots, self.at.residue)).size:
            self.pieces.append(repr(bytes(gap)))
        self.at = self.at.after(slots, self.length)
        self.slots, self.arguments, self.length = [], [], ""

    def flush(self) -> None:
        self.pack()
        self.emit()

    def emit(self) -> None:
        if self.pieces:
            only = len(self.pieces) == 1
            self.source.line(
                f"{self.parts}.append({self.pieces[0]})" if only else f"{self.parts} += ({', '.join(self.pieces)})"
            )
            self.pieces = []

    def place(self) -> None:
        if self.tracking and self.at.text != self.variable:
            self.emit()  # what the variable was when they were made
            self.source.line(f"{self.variable} = {self.at.text}")
        self.at = self.at.at(self.variable)

    def settle(self, word: str = "") -> None:
        self.flush()
        self.place()

    def depend(self) -> None:
        self.read.add(self.variable)

    def know(self) -> str:
        """The expression of the position, which something depends on."""
        self.depend()
        return self.at.text

    def branches(self, *branches: tuple[str, Callable[[], None]]) -> None:
        """Emit blocks of which one is carried out; what waits is packed together with the first slots of each."""
        held = (self.slots, self.arguments, self.length, self.pieces, self.at)
        ends: list[Position] = []
        for header, body in branches:
            self.slots, self.arguments, self.pieces = list(held[0]), list(held[1]), list(held[3])
            self.length, self.at = held[2], held[4]
            with self.source.block(header):
                body()
                self.settle()
            ends.append(self.at)
        for end in ends:
            self.at = self.at.meet(end)


def without(lines: list[str], read: set[str]) -> list[str]:
    """The lines, except for assignments to positions that nobody reads."""
    kept: list[str] = []
    for i, line in enumerate(lines):
        target, equals, _ = line.partition(" = ")
        name = target.strip()
        if equals and name.startswith("pos") and name not in read:
            indent = len(line) - len(line.lstrip())
            follows = len(lines[i + 1]) - len(lines[i + 1].lstrip()) if i + 1 < len(lines) else 0
            if kept[-1].endswith(":") and follows < indent:
                kept.append(" " * indent + "pass")
        else:
            kept.append(line)
    return kept
