"""What the generators of both directions share: slots that wait, and loops that keep account of the position."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace

from sercodecs.cdr.shape import PREFIXES, Position, Shape, Slot
from sercodecs.source import Source

LOOPS = 2
"""Loops of this depth are emitted with what is known of the position."""


class Generator(ABC):
    """Scalars wait in `slots` until something else comes; `at` is the position of the first of them."""

    def __init__(self, shape: Shape, source: Source, order: str) -> None:
        self.shape = shape
        self.source = source
        self.order = order
        self.slots: list[Slot] = []
        self.length = ""  # the name of the length of the one opaque that may be among the slots
        self.at = Position("pos", 0, 1, 0)
        self.loops = 0  # how many are around

    @property
    def prefix(self) -> str:
        return PREFIXES[self.order]

    @property
    def strictest(self) -> int:
        return self.shape.encoding.alignment

    @abstractmethod
    def flush(self) -> None:
        """Emit what waits."""

    @abstractmethod
    def settle(self) -> None:
        """Let a variable be the position."""

    def local(self, hint: str, expression: str) -> str:
        name = self.source.fresh(hint)
        self.source.line(f"{name} = {expression}")
        return name

    def loop(self, header: str, body: Callable[[], None]) -> None:
        """Emit a loop: again with less knowledge of the position, until it holds from one turn to the next.

        Deep inside of others nothing is known from the start: every round would emit all loops inside several times.
        """
        self.flush()
        self.settle()
        head = self.at if self.loops < LOOPS else replace(self.at, modulus=1, residue=0)
        self.loops += 1
        while True:
            lines, notes = len(self.source.lines), set(self.source.notes)
            self.at = head
            with self.source.block(header):
                body()
                self.flush()
                self.settle()
            if (known := head.meet(self.at)) == head:
                break
            head = known
            del self.source.lines[lines:]
            for name in set(self.source.notes) - notes:
                del self.source.notes[name], self.source.globals[name]
        self.loops -= 1
        self.at = head
