"""A schema as NDR sees it: what is aligned to what, what stands in place, and what is behind a pointer.

The types are those of `serschema.idl.msidl`. The *body* of a value is what stands in place: of text, octets, lists,
maps and optional fields only a pointer. The *referents* are what the pointers point to; they follow the body.
"""

import struct
from dataclasses import dataclass
from functools import cached_property
from typing import assert_never

from serschema.model import (
    Bool,
    Bytes,
    Decimal,
    Enum,
    Field,
    Float,
    Int,
    Kind,
    List,
    Map,
    Record,
    Ref,
    Schema,
    String,
    Timestamp,
    Type,
    Union,
    Uuid,
    fixed_length,
)

from sercodecs.ndr.run import Known

INLINE = 48
"""A record of more leaves than this has functions of its own, so that source does not grow with every use."""

HYPER_DIGITS = 18
"""A decimal of more digits is an array of octets."""

INTEGERS = {8: "b", 16: "h", 32: "i", 64: "q"}


@dataclass(frozen=True, slots=True)
class Syntax:
    """A transfer syntax: the `struct` prefix of its byte order, and the octets of pointers and counts."""

    prefix: str
    wide: bool = False

    @property
    def word(self) -> str:
        """The `struct` letter of a pointer, and of the counts of an array."""
        return "Q" if self.wide else "I"

    @property
    def word_size(self) -> int:
        return 8 if self.wide else 4


@dataclass(frozen=True, slots=True)
class Slot:
    """One scalar in a `struct` format: how an unpacked variable becomes its value, and a value what is packed.

    `packed` is the letter for writing where it is another.
    """

    letter: str
    alignment: int
    read: str = "{}"
    write: str = "{}"
    packed: str = ""


class Layout:
    def __init__(self, schema: Schema, syntax: Syntax) -> None:
        self.schema = schema
        self.syntax = syntax
        self.recursive = schema.recursive()
        self._leaves: dict[str, int] = {}

    def kind(self, type_: Type | Kind) -> Kind:
        return self.schema.resolve(type_) if isinstance(type_, Ref) else type_

    @cached_property
    def functions(self) -> list[Record | Union]:
        """The types that have functions of their own."""
        return [kind for kind in self.schema.types if not isinstance(kind, Enum) and not self.inlined(kind)]

    def inlined(self, kind: Record | Union) -> bool:
        return kind.name not in self.recursive and self.leaves(kind) <= INLINE

    def leaves(self, kind: Record | Union) -> int:
        """How many scalars, lists and calls the source of a type has where it is written in place."""
        if kind.name not in self._leaves:
            members = kind.fields if isinstance(kind, Record) else kind.alternatives
            self._leaves[kind.name] = 1 + sum(self._type_leaves(member.type) for member in members)
        return self._leaves[kind.name]

    def _type_leaves(self, type_: Type) -> int:
        kind = self.schema.resolve(type_)
        match kind:
            case Record() | Union():
                return self.leaves(kind) if self.inlined(kind) else 1
            case List():
                return 1 + self._type_leaves(kind.item) * (self.unrolled(kind) or 1)
            case Map(value=value):
                return 2 + self._type_leaves(value)
            case _:
                return 1

    def unrolled(self, kind: List) -> int:
        """The length of an array of fixed length that is short enough to be written out item by item, else 0."""
        length = fixed_length(kind) or 0
        return length if length * self._type_leaves(kind.item) <= INLINE else 0

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
            return self.syntax.word_size
        match kind:
            case List() if fixed_length(kind):
                return self.alignment(kind.item)
            case Union():
                return max(4, self.arms_alignment(kind))
            case Record():
                return max((self.alignment(member.type, member.optional) for member in kind.fields), default=1)
            case _:
                slot = self.slot(kind)
                return slot.alignment if slot else self.syntax.word_size

    def arms_alignment(self, union: Union) -> int:
        return max(self.alignment(arm.type, self.indirect(union, arm)) for arm in union.alternatives)

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
                return at + struct.calcsize("=" + slot.letter) if slot else self.pointer_end(at + 4)

    def pointer_end(self, start: int) -> int:
        return start + -start % self.syntax.word_size + self.syntax.word_size

    def gapless(self, item: Type | Kind, known: Known) -> bool:
        """Whether an array is as long as its items, with no gap before them even if there is none of them."""
        alignment = self.alignment(item)
        return known.gap(alignment) == 0 and (not self.solid(item) or self.size(item) % alignment == 0)

    def solid(self, item: Type | Kind) -> bool:
        """Whether the body is of fixed size, wherever it is written."""
        kind = self.kind(item)
        return self.plain(kind) or (isinstance(kind, Record) and self.slotted(kind))

    def least(self, type_: Type | Kind) -> int:
        """The fewest octets of a body; at least one, so that data bounds every count."""
        kind = self.kind(type_)
        match kind:
            case List() if length := fixed_length(kind):
                return length * self.least(kind.item)
            case Union():
                return 4
            case Record():
                return sum(4 if member.optional else self.least(member.type) for member in kind.fields) or 1
            case _:
                slot = self.slot(kind)
                return slot.alignment if slot else 4

    def slot(self, kind: Kind) -> Slot | None:
        """A scalar that stands in place, or None for what has a pointer or is made of others."""
        match kind:
            case Bool():
                return Slot("?", 1, packed="B")
            case Int():
                letter = INTEGERS[kind.bits] if kind.signed else INTEGERS[kind.bits].upper()
                whole = Int(kind.bits, kind.signed)
                if (kind.lower, kind.upper) == (whole.lower, whole.upper):
                    return Slot(letter, kind.bits // 8)
                bounds = f"{kind.lower}, {kind.upper}"
                read = f"({{0}} if {kind.lower} <= {{0}} <= {kind.upper} else out_of_range({{0}}, {bounds}))"
                return Slot(letter, kind.bits // 8, read)
            case Float():
                return Slot("f" if kind.bits == 32 else "d", kind.bits // 8)
            case Bytes() if length := fixed_length(kind):
                return Slot(f"{length}s", 1, write=f"octets({{}}, {length})")
            case Enum(name):
                return Slot("i", 4, f"SYMBOLS_{name}[{{}}]", f"NUMBERS_{name}[{{}}]")
            case Timestamp():
                return Slot("q", 8, "EPOCH + timedelta(0, 0, {})", "({} - EPOCH) // MICROSECOND")
            case Uuid():
                return Slot("16s", 4, "guid({})", "guid_octets({})")
            case Decimal(precision, scale) if precision <= HYPER_DIGITS:
                return Slot("q", 8, f"scaled({{}}, {10**precision}, {-scale})", f"unscaled({{}}, {scale})")
            case String() | Bytes() | Decimal() | List() | Map() | Union() | Record():
                return None
            case _:
                assert_never(kind)


def entry(kind: Map) -> Record:
    """The structure of a map's key and value."""
    return Record("", (Field("key", 1, kind.key), Field("value", 2, kind.value)))
