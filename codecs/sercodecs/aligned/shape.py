"""What both directions ask about a schema: what is of fixed size, and what is written in place."""

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
    String,
    Timestamp,
    Type,
    Union,
    Uuid,
    fixed_length,
)

from sercodecs.aligned.position import Slot, size

INLINE = 48
"""A record of more leaves than this has a function of its own, so that source does not grow with every use."""

INT64_DIGITS = 18
"""Decimals of more digits are something else than a 64-bit integer."""

WORD = Slot("I", 4)
"""A length, a count, a flag, or the number of an alternative."""


class Shape:
    """A schema as a format sees it; what is said here of lists and records holds if nothing but their parts is written.

    `greatest` is the greatest alignment there is, `unit` the least size of anything, `least_bits` that of an integer.
    """

    greatest = 8
    unit = 1
    least_bits = 8
    empty_text = 4
    flag = WORD
    empty = WORD
    """What is written of a record without fields."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.recursive = schema.recursive()
        self._leaves: dict[str, int] = {}
        self.functions = [kind for kind in schema.types if not isinstance(kind, Enum) and not self.inlined(kind)]

    def inlined(self, kind: Record | Union) -> bool:
        return kind.name not in self.recursive and self.leaves(kind) <= INLINE

    def leaves(self, kind: Record | Union) -> int:
        """How many scalars, lists and calls the source of a type has where it is written in place."""
        if kind.name not in self._leaves:
            members = kind.fields if isinstance(kind, Record) else kind.alternatives
            self._leaves[kind.name] = 1 + sum(self.type_leaves(member.type) for member in members)
        return self._leaves[kind.name]

    def type_leaves(self, type_: Type) -> int:
        kind = self.schema.resolve(type_)
        match kind:
            case Record() | Union():
                return self.leaves(kind) if self.inlined(kind) else 1
            case List(item=item):
                return 1 + self.type_leaves(item)
            case Map(value=value):
                return 2 + self.type_leaves(value)
            case _:
                return 1

    def bare(self, kind: Kind) -> bool:
        """Whether nothing but its parts is written of a list of fixed length or a record."""
        return True

    def least(self, type_: Type, optional: bool = False) -> int:
        """The fewest octets that a value of the type takes; at least `unit`, so that data bounds every count."""
        kind = self.schema.resolve(type_)
        if optional:
            return self.unit
        match kind:
            case List() if length := fixed_length(kind):
                return length * self.least(kind.item)
            case String():
                return self.empty_text
            case Record() if self.inlined(kind) and self.bare(kind):
                return sum(self.least(member.type, member.optional) for member in kind.fields) or self.unit
            case Record():
                return self.unit
            case _:
                slot = self.slot(kind)
                return size(slot.code) if slot else 4

    def numbers(self, enum: Enum) -> dict[str, int]:
        """The number of each symbol."""
        return dict(enum.symbols)

    def number(self, code: str, read: str = "{0}", write: str = "{0}") -> Slot:
        return Slot(code, min(size(code), self.greatest), read, write)

    def slot(self, kind: Kind) -> Slot | None:
        """The scalar as a slot, or None if its size varies."""
        match kind:
            case Bool():
                return self.number("B", "BOOL[{0}]")
            case Int():
                whole = Int(max(kind.bits, self.least_bits), kind.signed)
                letter = {8: "bB", 16: "hH", 32: "iI", 64: "qQ"}[whole.bits][not kind.signed]
                if (kind.lower, kind.upper) == (whole.lower, whole.upper):
                    return self.number(letter)
                bounds = f"{kind.lower}, {kind.upper}"
                return self.number(
                    letter, f"({{0}} if {kind.lower} <= {{0}} <= {kind.upper} else out_of_range({{0}}, {bounds}))"
                )
            case Float():
                return self.number("f" if kind.bits == 32 else "d")
            case Enum(name):
                return self.number("i", f"SYMBOLS_{name}[{{0}}]", f"NUMBERS_{name}[{{0}}]")
            case Timestamp():
                since = "(since := {0} - EPOCH).days * 86400000000 + since.seconds * 1000000 + since.microseconds"
                return self.number("q", "EPOCH + {0} * MICROSECOND", since)
            case Uuid():
                return Slot("16s", 1, "uuid_of({0})", "{0}.int.to_bytes(16)")
            case Decimal(precision, scale) if precision <= INT64_DIGITS:
                limit = 10**precision
                read = f"(multiply({{0}}, UNIT_{scale}) if {-limit} < {{0}} < {limit} else too_great({precision}))"
                return self.number("q", read, f"int({{0}}.scaleb(PLACES_{scale}, EXACT))")
            case Bytes() if length := fixed_length(kind):
                return Slot(f"{length}s", 1, "{0}", f"octets({{0}}, {length})")
            case _:
                return None

    def starts_with_word(self, type_: Type, optional: bool = False) -> bool:
        """Whether a value begins with an unsigned integer of 32 bits at its alignment, which may be read ahead."""
        kind = self.schema.resolve(type_)
        if optional:
            return self.flag == WORD
        match kind:
            case List() if fixed_length(kind):
                return False
            case Record():
                return bool(kind.fields) and self.starts_with_word(kind.fields[0].type, kind.fields[0].optional)
            case _:
                slot = self.slot(kind)
                return slot is None or slot.layout == WORD.layout

    def levels(self, type_: Type) -> int:
        """How many records stand inside one another in a type that is a row."""
        kind = self.schema.resolve(type_)
        match kind:
            case List(item=item):
                return self.levels(item)
            case Record():
                return 1 + max(self.levels(member.type) for member in kind.fields)
            case _:
                return 0

    def row(self, type_: Type) -> list[Slot] | None:
        """The type as slots, if it is of fixed size and at most `INLINE` slots; records and arrays of such too."""
        kind = self.schema.resolve(type_)
        match kind:
            case List() if length := fixed_length(kind):
                item = self.row(kind.item) if self.bare(kind) else None
                return item * length if item and len(item) * length <= INLINE else None
            case Record() if kind.fields and self.inlined(kind) and self.bare(kind):
                slots: list[Slot] = []
                for member in kind.fields:
                    part = None if member.optional else self.row(member.type)
                    if part is None:
                        return None
                    slots += part
                return slots if len(slots) <= INLINE else None
            case _:
                slot = self.slot(kind)
                return [slot] if slot else None
