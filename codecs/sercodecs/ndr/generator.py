"""What the generators of both directions share: branches and loops that keep account of what is known of the offset."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import reduce

from serschema.model import Record, Union

from sercodecs.ndr.layout import Layout
from sercodecs.ndr.run import NOTHING, Known, Run
from sercodecs.source import Source


class Generator(ABC):
    def __init__(self, layout: Layout, source: Source) -> None:
        self.layout = layout
        self.source = source
        self.prefix = layout.syntax.prefix
        self.word = layout.syntax.word
        self.word_size = layout.syntax.word_size
        self.wide = layout.syntax.wide
        self.run = Run(NOTHING)
        self.length = ""  # the name of the length of the array in the run, if there is one

    @abstractmethod
    def flush(self) -> None:
        """Emit what waits in the run."""

    def choose(self, *cases: tuple[str, Callable[[], None]], other: bool = False) -> None:
        """Emit branches; `other`: it may be none of them. What is known behind them is what all of them leave known."""
        self.flush()
        before = self.run.known
        ends = [before] if other else []
        for header, body in cases:
            with self.source.block(header):
                self.run = Run(before)
                body()
                self.flush()
            ends.append(self.run.known)
        self.run = Run(reduce(Known.or_else, ends))

    def loop(self, header: str, body: Callable[[], None]) -> None:
        """Emit a loop, again with less knowledge while a round does not leave known what it began with."""
        self.flush()
        known, start = self.run.known, len(self.source.lines)
        while True:
            self.run = Run(known)
            with self.source.block(header):
                body()
                self.flush()
            if (both := known.or_else(self.run.known)) == known:
                break
            known = both
            del self.source.lines[start:]
        self.run = Run(known)

    def local(self, hint: str, expression: str) -> str:
        name = self.source.fresh(hint)
        self.source.line(f"{name} = {expression}")
        return name

    def start(self, kind: Record | Union) -> int:
        """What the body itself is aligned to: of a union in NDR its discriminant only (C706, 14.3.2)."""
        return 4 if isinstance(kind, Union) and not self.wide else self.layout.alignment(kind)
