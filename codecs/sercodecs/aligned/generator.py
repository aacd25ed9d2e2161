"""What the generators of both directions share: slots that wait, and loops that keep account of the position."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import reduce

from sercodecs.aligned.position import Position, Slot
from sercodecs.aligned.shape import Shape
from sercodecs.source import Source

LOOPS = 2
"""Loops of this depth are emitted with what is known of the position."""

PREFIXES = {"big": ">", "little": "<"}
"""The prefix of a `struct` format by byte order."""


class Generator(ABC):
    """Scalars wait in `slots` until something else comes; `at` is the position of the first of them."""

    def __init__(self, shape: Shape, source: Source, order: str) -> None:
        self.shape = shape
        self.source = source
        self.order = order
        self.slots: list[Slot] = []
        self.length = ""  # the name of the length of the octets of open length that may be among the slots
        self.at = Position("pos", 0, shape.unit, 0)
        self.ahead = ""  # the name of the word in front of `at`, where a reader has unpacked it already
        self.loops = 0  # how many are around

    def anywhere(self) -> Position:
        """The position of which nothing is known but what always is."""
        return Position("pos", 0, self.shape.unit, 0)

    @property
    def prefix(self) -> str:
        return PREFIXES[self.order]

    @abstractmethod
    def place(self) -> None:
        """Let a variable be the position."""

    @abstractmethod
    def settle(self, word: str = "") -> None:
        """Emit what waits, and let a variable be the position; a reader may read the next word ahead into `word`."""

    def local(self, hint: str, expression: str) -> str:
        name = self.source.fresh(hint)
        self.source.line(f"{name} = {expression}")
        return name

    def choose(self, *cases: tuple[str, Callable[[], None]], other: bool = False, word: str = "") -> None:
        """Emit branches; `other`: it may be none of them. What is known behind them is what all of them leave known."""
        self.settle(self.ahead)
        before, ahead = self.at, self.ahead
        ends = [before] if other else []
        for header, body in cases:
            self.at, self.ahead = before, ahead
            with self.source.block(header):
                body()
                self.settle(word)
            ends.append(self.at)
        self.at = reduce(Position.meet, ends)

    def loop(self, header: str, body: Callable[[], None], word: str = "") -> None:
        """Emit a loop: again with less knowledge of the position, until it holds from one turn to the next.

        Deep inside of others nothing is known from the start: every round would emit all loops inside several times.
        """
        self.settle(word)
        head = self.at if self.loops < LOOPS else self.at.less(self.shape.unit)
        self.loops += 1
        while True:
            lines, notes = len(self.source.lines), set(self.source.notes)
            self.at = head
            with self.source.block(header):
                body()
                self.settle(word)
            if (known := head.meet(self.at)) == head:
                break
            head = known
            del self.source.lines[lines:]
            for name in set(self.source.notes) - notes:
                del self.source.notes[name], self.source.globals[name]
        self.loops -= 1
        self.at = head
