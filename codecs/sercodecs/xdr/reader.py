"""The generator of `decode`."""

from serschema.model import Decimal

from sercodecs.aligned.position import Position, Slot
from sercodecs.aligned.reader import Reader as AlignedReader

PADDING = Slot("", 4)


class Reader(AlignedReader):
    def generate(self) -> None:
        self.provide_symbols()
        for kind in self.shape.functions:
            self.function(kind)
        with self.decoder():
            if self.shape.functions:
                self.source.line("depth = 0")
            self.message(Position("0", 0, 4, 0))

    def text(self) -> str:
        return f"{self.opaque()}.decode()"

    def opaque(self, least: int = 0, most: int | None = None) -> str:
        length = self.word()
        self.bounds(length, least, most, "octets")
        self.length = length
        octets, padding = self.slot(Slot("", 1, unit=1)), self.slot(PADDING)
        self.check(f"{padding} and {padding} != ZEROS", "bad_padding(pos)")
        return octets

    def long_decimal(self, kind: Decimal) -> str:
        return f"from_twos_complement({self.opaque()}, {kind.precision}, {kind.scale})"

    def empty(self) -> None:
        self.refuse(self.word(), '"an empty record that is not 0"')
