"""The generator of `encode`."""

from serschema.model import Decimal

from sercodecs.aligned.writer import Writer as AlignedWriter


class Writer(AlignedWriter):
    tracking = False

    def text(self, octets: str) -> None:
        self.opaque(octets)

    def long_decimal(self, kind: Decimal, expression: str) -> None:
        self.opaque(self.local("octets", f"complement({expression}, {kind.scale})"))

    def opaque(self, octets: str, terminator: int = 0) -> None:
        super().opaque(octets, terminator)
        self.align(4)
