"""A schema as NDR sees it: what is aligned to what, what stands in place, and what is behind a pointer.

The types are those of `serschema.idl.msidl`. The *body* of a value is what stands in place: of text, octets, lists,
maps and optional fields only a pointer. The *referents* are what the pointers point to; they follow the body.
"""

from dataclasses import dataclass

from serschema.model import (
    Bool,
    Field,
    Kind,
    List,
    Map,
    Record,
    Ref,
    Schema,
    String,
    Type,
    Union,
    Uuid,
    fixed_length,
)

from sercodecs.aligned.position import Position, Slot, size
from sercodecs.aligned.shape import INLINE, WORD, Shape


@dataclass(frozen=True, slots=True)
class Syntax:
    """A transfer syntax: its byte order, and the octets of pointers and counts."""

    order: str
    wide: bool = False

    @property
    def word_size(self) -> int:
        return 8 if self.wide else 4


class Layout(Shape):
    def __init__(self, schema: Schema, syntax: Syntax) -> None:
        self.syntax = syntax
        self.word_size = syntax.word_size
        self.pointer = Slot("Q", 8) if syntax.wide else WORD
        super().__init__(schema)

    def kind(self, type_: Type | Kind) -> Kind:
        return self.schema.resolve(type_) if isinstance(type_, Ref) else type_

    def type_leaves(self, type_: Type) -> int:
        kind = self.schema.resolve(type_)
        if isinstance(kind, List):
            return 1 + self.type_leaves(kind.item) * (self.unrolled(kind) or 1)
        return super().type_leaves(type_)

    def unrolled(self, kind: List) -> int:
        """The length of an array of fixed length that is short enough to be written out item by item, else 0."""
        length = fixed_length(kind) or 0
        return length if length * self.type_leaves(kind.item) <= INLINE else 0

    def indirect(self, union: Union, alternative: Field) -> bool:
        """Whether an alternative is behind a pointer, as its type can contain the union."""
        held = alternative.type
        while isinstance(held, List) and fixed_length(held):
            held = held.item
        return union.name in self.recursive and isinstance(held, Ref) and held.name in self.recursive

    def alignment(self, type_: Type | Kind, optional: bool = False) -> int:
        """What a structure that holds such a value has to be a multiple of at least (C706, 14.2.2 and 14.3.2)."""
        kind = self.kind(type_)
        if optional:
            return self.word_size
        match kind:
            case List() if fixed_length(kind):
                return self.alignment(kind.item)
            case Union():
                return max(4, self.arms_alignment(kind))
            case Record():
                return max((self.alignment(member.type, member.optional) for member in kind.fields), default=1)
            case _:
                slot = self.slot(kind)
                return slot.alignment if slot else self.word_size

    def arms_alignment(self, union: Union) -> int:
        return max(self.alignment(arm.type, self.indirect(union, arm)) for arm in union.alternatives)

    def start(self, kind: Record | Union) -> int:
        """What the body itself is aligned to: of a union in NDR its discriminant only (C706, 14.3.2)."""
        return 4 if isinstance(kind, Union) and not self.syntax.wide else self.alignment(kind)

    def plain(self, type_: Type | Kind) -> bool:
        """Whether the body is of fixed size, and is written in place as slots of a `struct` format."""
        kind = self.kind(type_)
        match kind:
            case List() if fixed_length(kind):
                return bool(self.unrolled(kind)) and self.plain(kind.item)
            case Union():
                return False
            case Record():
                return self.slotted(kind) and (not self.named(kind) or self.inlined(kind))
            case _:
                return True

    def named(self, record: Record) -> bool:
        """False for the entries of maps, which are no type of the schema."""
        return bool(record.name)

    def slotted(self, record: Record) -> bool:
        """Whether the body of a record is of fixed size, wherever it is written."""
        return all(member.optional or self.plain(member.type) for member in record.fields)

    def pointers(self, type_: Type | Kind) -> bool:
        """Whether something in the body is a pointer."""
        kind = self.kind(type_)
        match kind:
            case List() if fixed_length(kind):
                return self.pointers(kind.item)
            case Union():
                return any(self.indirect(kind, arm) or self.pointers(arm.type) for arm in kind.alternatives)
            case Record():
                return any(member.optional or self.pointers(member.type) for member in kind.fields)
            case _:
                return self.slot(kind) is None

    def size(self, type_: Type | Kind, start: int = 0) -> int:
        """Where the body of a `plain` or `slotted` type ends that follows what ends at `start`."""
        kind = self.kind(type_)
        at = start + -start % self.alignment(kind)
        match kind:
            case List() if length := fixed_length(kind):
                for _ in range(length):
                    at = self.size(kind.item, at)
                return at
            case Record():
                for member in kind.fields:
                    at = self.pointer_end(at) if member.optional else self.size(member.type, at)
                at += 0 if kind.fields else 1
                return at + (-at % self.alignment(kind) if self.syntax.wide else 0)
            case String():
                return self.pointer_end(at)
            case _:
                slot = self.slot(kind)
                return at + size(slot.code) if slot else self.pointer_end(at + 4)

    def pointer_end(self, start: int) -> int:
        return start + -start % self.word_size + self.word_size

    def gapless(self, item: Type | Kind, at: Position) -> bool:
        """Whether an array is as long as its items, with no gap before them even if there is none of them."""
        alignment = self.alignment(item)
        aligned = alignment <= at.modulus and at.residue % alignment == 0
        return aligned and (not self.solid(item) or self.size(item) % alignment == 0)

    def solid(self, item: Type | Kind) -> bool:
        """Whether the body is of fixed size, wherever it is written."""
        kind = self.kind(item)
        return self.plain(kind) or (isinstance(kind, Record) and self.slotted(kind))

    def least(self, type_: Type | Kind, optional: bool = False) -> int:
        """The fewest octets of a body; at least one, so that data bounds every count."""
        kind = self.kind(type_)
        if optional:
            return 4
        match kind:
            case List() if length := fixed_length(kind):
                return length * self.least(kind.item)
            case Union():
                return 4
            case Record():
                return sum(self.least(member.type, member.optional) for member in kind.fields) or 1
            case _:
                slot = self.slot(kind)
                return slot.alignment if slot else 4

    def levels(self, type_: Type | Kind) -> int:
        """How many records stand inside one another in a body without pointers."""
        kind = self.kind(type_)
        match kind:
            case List():
                return self.levels(kind.item)
            case Record():
                own = int(self.named(kind))
                inner = [self.levels(member.type) for member in kind.fields]
                return own + max(inner, default=0)
            case _:
                return 0

    def slot(self, kind: Kind) -> Slot | None:
        """A scalar that stands in place, or None for what has a pointer or is made of others."""
        match kind:
            case Bool():
                return Slot("?", 1, packed="B")
            case Uuid():
                return Slot("16s", 4, "guid({0})", "guid_octets({0})")
            case _:
                return super().slot(kind)


def entry(kind: Map) -> Record:
    """The structure of a map's key and value."""
    return Record("", (Field("key", 1, kind.key), Field("value", 2, kind.value)))
