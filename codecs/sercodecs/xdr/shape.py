"""What XDR's generators ask about a schema."""

from serschema.model import Bool, Bytes, Kind, List, Type, fixed_length

from sercodecs.aligned.position import Slot
from sercodecs.aligned.shape import Shape as AlignedShape


class Shape(AlignedShape):
    """A schema as XDR sees it: everything takes a multiple of four octets, so that nothing ever has to be aligned."""

    greatest = 4
    unit = 4
    least_bits = 32

    def slot(self, kind: Kind) -> Slot | None:
        match kind:
            case Bool():
                return self.number("I", "BOOL[{0}]")
            case Bytes() if (length := fixed_length(kind)) and length % 4:
                padding = -length % 4
                read = "({0} if {1} <= ZEROS else bad_padding())"
                return Slot(f"{length}s{padding}s", 1, read, f"octets({{0}}, {length}), {bytes(padding)!r}")
            case _:
                return super().slot(kind)

    def starts_with_word(self, type_: Type, optional: bool = False) -> bool:
        kind = self.schema.resolve(type_)
        if isinstance(kind, List) and fixed_length(kind) and not optional:
            return self.starts_with_word(kind.item)
        return super().starts_with_word(type_, optional)
