"""What CDR's generators ask about a schema and an encoding."""

from dataclasses import dataclass, replace
from typing import Literal

from serschema.model import (
    Bool,
    Bytes,
    Decimal,
    Enum,
    Float,
    Int,
    Kind,
    List,
    Map,
    Record,
    Schema,
    Timestamp,
    Type,
    Union,
    Uuid,
    fixed_length,
)

from sercodecs.aligned.position import Position, Slot, size
from sercodecs.aligned.shape import INT64_DIGITS, WORD
from sercodecs.aligned.shape import Shape as AlignedShape

RETRIED = 4
"""Mutable records that nest deeper are read in any order only: what is read in order may have to be read again."""

FIXED_DIGITS = 31
"""Decimals of more digits are strings: IDL's `fixed` has at most 31, and an int64 holds all of 18."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """CDR as GIOP has it (`version` 0), or XCDR1 or XCDR2 for types of an extensibility."""

    name: str
    version: Literal[0, 1, 2]
    extensibility: Literal["final", "appendable", "mutable"] = "final"

    @property
    def alignment(self) -> int:
        """The strictest one there is: XCDR2 aligns to 4 at most (XTypes 7.4.2)."""
        return 4 if self.version == 2 else 8

    @property
    def delimited(self) -> bool:
        """Whether a DHEADER stands in front of each structure and union."""
        return self.version == 2 and self.extensibility != "final"

    @property
    def mutable(self) -> bool:
        return self.extensibility == "mutable"

    @property
    def identifier(self) -> int:
        """The representation identifier, of the big-endian encoding; of the little-endian one it is one more."""
        final = {1: 0, 2: 6}[self.version]
        return {
            "final": final,
            "appendable": 8 if self.version == 2 else final,
            "mutable": {1: 2, 2: 10}[self.version],
        }[self.extensibility]


class Shape(AlignedShape):
    """A schema as an encoding sees it."""

    empty = Slot("B", 1)
    empty_text = 5

    def __init__(self, schema: Schema, encoding: Encoding) -> None:
        self.encoding = encoding
        self.greatest = encoding.alignment
        self.flag = Slot("B", 1) if encoding.version else WORD
        super().__init__(schema)

    def nesting(self, type_: Type) -> int:
        """How many records stand inside one another in a type; where it is recursive, more than `RETRIED`."""
        kind = self.schema.resolve(type_)
        match kind:
            case List(item=item):
                return self.nesting(item)
            case Map(value=value):
                return self.nesting(value)
            case Union(alternatives=members) | Record(fields=members):
                if kind.name in self.recursive:
                    return RETRIED + 1
                return isinstance(kind, Record) + max((self.nesting(member.type) for member in members), default=0)
            case _:
                return 0

    def primitive(self, type_: Type) -> bool:
        """Whether the type is what XTypes calls primitive (7.2.2.2): an enum is not, an array of primitives counts."""
        kind = self.schema.resolve(type_)
        match kind:
            case Bool() | Int() | Float() | Timestamp():
                return True
            case Decimal():
                return kind.precision <= INT64_DIGITS
            case _:
                return False

    def array_of_primitives(self, kind: Kind) -> bool:
        """Whether the type is an array whose innermost items are primitive, which XCDR2 does not delimit."""
        match kind:
            case Uuid():
                return True
            case Bytes():
                return bool(fixed_length(kind))
            case List() if fixed_length(kind):
                return self.primitive(kind.item) or self.array_of_primitives(self.schema.resolve(kind.item))
            case _:
                return False

    def delimits(self, kind: Kind, nested: bool = False) -> bool:
        """Whether a value begins with a DHEADER; `nested`: it is the item of an array, which has it for all."""
        if self.encoding.version != 2:
            return False
        match kind:
            case List() if fixed_length(kind):
                return not nested and not self.array_of_primitives(kind)
            case List():
                return not self.primitive(kind.item)
            case Map():
                return True
            case Union() | Record():
                return self.encoding.delimited
            case _:
                return False

    def bare(self, kind: Kind) -> bool:
        return not self.delimits(kind) and not (isinstance(kind, Record) and self.encoding.mutable)

    def slot(self, kind: Kind) -> Slot | None:
        slot = super().slot(kind)
        match kind:
            case Decimal(precision, scale) if not self.encoding.version:
                if precision > FIXED_DIGITS:
                    return None
                digits = precision | 1
                read = f"from_fixed({{0}}, 'E-{scale}', {digits == precision})"
                return Slot(
                    f"{digits // 2 + 1}s", 1, read, f"fixed(str({{0}}.scaleb(PLACES_{scale}, EXACT)), {digits})"
                )
            case Enum() if slot and not self.encoding.version:
                return replace(slot, code="I")
            case _:
                return slot

    def starts_with_word(self, type_: Type, optional: bool = False) -> bool:
        kind = self.schema.resolve(type_)
        if optional or not isinstance(kind, Record | Union):
            return super().starts_with_word(type_, optional)
        if not self.inlined(kind) or self.encoding.mutable:
            return False
        return self.encoding.delimited or super().starts_with_word(type_)

    def numbers(self, enum: Enum) -> dict[str, int]:
        """The number of each symbol: its place in CDR (CORBA 9.3.2.6), its own in XCDR (XTypes 7.2.2.4)."""
        return {symbol: own if self.encoding.version else i for i, (symbol, own) in enumerate(enum.symbols)}

    def length_code(self, kind: Kind, row: list[Slot] | None) -> tuple[int, int | None]:
        """The length code that takes least, and the member's length where it is known (XTypes 7.4.3.4.2).

        What begins with its own length or count shares it with the EMHEADER.
        """
        if row:
            octets = Position("", 0, self.encoding.alignment, 0).after(row).add
            return ((octets.bit_length() - 1) if octets in (1, 2, 4, 8) else 4), octets
        if isinstance(kind, List) and not self.delimits(kind):
            if fixed_length(kind):
                return 4, self.array_size(kind)
            slot = self.slot(self.schema.resolve(kind.item))
            assert slot
            return {1: 5, 2: 4, 4: 6, 8: 7}[size(slot.code)], None
        return 5, None

    def array_size(self, kind: Kind) -> int:
        """The size of an array of primitives, none of which is padded, as the first is aligned."""
        if isinstance(kind, List):
            return (fixed_length(kind) or 0) * self.array_size(self.schema.resolve(kind.item))
        slot = self.slot(kind)
        assert slot
        return size(slot.code)

    def pinned(self, row: list[Slot]) -> tuple[list[Slot], int]:
        """Slots that begin a stream, their padding in them, as parts of another without alignment; and their size."""
        at = Position("", 0, self.encoding.alignment, 0)
        slots = []
        for slot in row:
            gap = -at.residue % slot.alignment
            slots.append(Slot((f"{gap}x" if gap else "") + slot.code, 1, slot.read, slot.write))
            at = at.after([slot])
        return slots, at.add
