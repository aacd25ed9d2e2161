"""What both directions ask about a schema and an encoding: slots, their alignment, and their `struct` calls."""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

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

from sercodecs.contract import DecodeError
from sercodecs.source import Source

TABLE = 256
"""Strings and octets shorter than this find their `struct` function in a table."""

INLINE = 48
"""A record of more leaves than this has a function of its own, so that source does not grow with every use."""

RETRIED = 4
"""Mutable records that nest deeper are read in any order only: what is read in order may have to be read again."""

FIXED_DIGITS, INT64_DIGITS = 31, 18
"""Decimals of more digits are strings: IDL's `fixed` has at most 31, an int64 holds all of 18."""


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


PREFIXES = {"big": ">", "little": "<"}


class Slot:
    """A part of a `struct` format: how unpacked variables become its value, and a value the arguments of pack.

    Octets of open length have no code: their number is known when the format is made, less `terminator` in a reader.
    """

    def __init__(
        self, code: str, alignment: int, read: str = "{0}", write: str = "{0}", terminator: int | None = None
    ) -> None:
        self.code = code
        self.alignment = alignment
        self.read = read
        self.write = write
        self.terminator = terminator

    @property
    def layout(self) -> tuple[str, int, int]:
        return self.code, self.alignment, self.terminator or 0


def size(code: str) -> int:
    return struct.calcsize("=" + code)


@dataclass(frozen=True, slots=True)
class Position:
    """Where in the stream something stands: an expression plus a number, and what is known of it when source is made.

    The position less the origin of alignment is `residue`, modulo `modulus`. The origin is 0 or a multiple of 4, and
    is named in `origin` where it is not 0.
    """

    name: str
    add: int
    modulus: int
    residue: int
    origin: str = ""

    @property
    def text(self) -> str:
        if self.name.isdigit():
            return str(int(self.name) + self.add)
        return f"{self.name} + {self.add}" if self.add > 0 else f"{self.name} - {-self.add}" if self.add else self.name

    def plus(self, octets: int) -> "Position":
        return Position(self.name, self.add + octets, self.modulus, (self.residue + octets) % self.modulus, self.origin)

    def plus_unknown(self, length: str) -> "Position":
        return Position(f"{self.text} + {length}", 0, 1, 0, self.origin)

    def aligned(self, alignment: int) -> "Position":
        if alignment <= self.modulus:
            return self.plus(-self.residue % alignment)
        if alignment == 8 and self.origin:
            moved = self.plus(7)
            return Position(f"({moved.text} - {self.origin} & -8) + {self.origin}", 0, 8, 0, self.origin)
        return Position(f"({self.plus(alignment - 1).text} & -{alignment})", 0, alignment, 0, self.origin)

    def after(self, slots: list[Slot], length: str = "") -> "Position":
        position = self
        for slot in slots:
            position = position.aligned(slot.alignment)
            if slot.terminator is None:
                position = position.plus(size(slot.code))
            else:
                position = position.plus_unknown(length).plus(-slot.terminator)
        return position

    def phase(self, alignment: int) -> str:
        """The expression of the residue modulo the alignment."""
        origin = f" - {self.origin}" if alignment == 8 and self.origin else ""
        return f"{self.text}{origin} & {alignment - 1}"

    def gap(self, alignment: int) -> str:
        """The expression of the padding to the alignment."""
        return f"GAPS[-({self.text}) & {alignment - 1}]"

    def meet(self, other: "Position") -> "Position":
        """What is known of a position that is either of two."""
        modulus = min(self.modulus, other.modulus)
        while (self.residue - other.residue) % modulus:
            modulus //= 2
        return Position(self.name, self.add, modulus, self.residue % modulus, self.origin)


def layout(slots: list[Slot], phase: int, length: int = 0) -> str:
    """The format of slots that begin at a place of this phase, with the padding between them."""
    return _layout(tuple(slot.layout for slot in slots), phase, length)


def _layout(codes: tuple[tuple[str, int, int], ...], phase: int, length: int) -> str:
    text, at = "", phase
    for code, alignment, terminator in codes:
        gap = -at % alignment
        code = code or f"{length - terminator}s"
        text += (f"{gap}x" if gap else "") + code
        at += gap + size(code)
    return text


@cache
def compiled(format_: str) -> struct.Struct:
    return struct.Struct(format_)


class Sized(dict[int, Any]):
    """The `struct` functions for octets with the slots around them, by their length, or by length and phase."""

    def __init__(self, make: Callable[[int], Any], limit: int) -> None:
        self.make = make
        self.limit = limit

    def __eq__(self, other: object) -> bool:
        return self is other

    def __missing__(self, key: int) -> Any:
        function = self.make(key)
        if key < self.limit:
            self[key] = function
        return function


@cache
def _phased(method: str, prefix: str, codes: tuple[tuple[str, int, int], ...], count: int) -> tuple[Any, ...]:
    return tuple(getattr(compiled(prefix + _layout(codes, phase, 0)), method) for phase in range(count))


@cache
def _sized(method: str, prefix: str, codes: tuple[tuple[str, int, int], ...], phase: int | None, bits: int) -> Sized:
    least = max(terminator for _, _, terminator in codes)

    def make(key: int) -> Any:
        length = key >> bits
        if length < least:
            raise DecodeError("a string without its terminating NUL")
        at = phase if phase is not None else key & (1 << bits) - 1
        return getattr(struct.Struct(prefix + _layout(codes, at, length)), method)

    return Sized(make, TABLE << bits)


def bind(source: Source, method: str, prefix: str, slots: list[Slot], at: Position, length: str = "") -> str:
    """The expression for the `struct` function of slots at a position, of which one may be octets of that length."""
    strictest = max(slot.alignment for slot in slots)
    known = strictest <= at.modulus
    codes = tuple(slot.layout for slot in slots)
    hint = method.partition("_")[0]
    if not length:
        if known:
            return source.bind(hint, getattr(compiled(prefix + layout(slots, at.residue)), method))
        shown = [prefix + layout(slots, phase) for phase in range(strictest)]
        table = source.bind(f"{hint}s", _phased(method, prefix, codes, strictest), f"{method} of {shown} by phase")
        return f"{table}[{at.phase(strictest)}]"
    bits = 0 if known else strictest.bit_length() - 1
    shown_one = prefix + _layout(codes, at.residue, 1000).replace("1000", "{n}").replace("999", "{n-1}")
    note = f"{method} of {shown_one!r} by n" + ("" if known else f" << {bits} | phase") + ", padding as it needs"
    table = source.bind(f"{hint}s", _sized(method, prefix, codes, at.residue if known else None, bits), note)
    return f"{table}[{length}]" if known else f"{table}[{length} << {bits} | {at.phase(strictest)}]"


@dataclass(frozen=True, slots=True)
class Stride:
    """How items of fixed size follow one another: each is `lead` octets of padding and `size` others; not the first."""

    start: Position
    format: str
    lead: int
    size: int

    @property
    def whole(self) -> int:
        return self.lead + self.size


def stride(slots: list[Slot], at: Position) -> Stride | None:
    """The stride of items that begin at a position, unless the first of them is laid out otherwise than the others."""
    strictest = max(slot.alignment for slot in slots)
    first = slots[0].alignment
    if first < strictest and strictest > at.modulus:
        return None
    start = at.aligned(first)
    phase = start.residue % strictest if strictest > 1 else 0
    content = layout(slots, phase)
    end = (phase + size(content)) % strictest
    lead = -end % first
    if layout(slots, (end + lead) % strictest) != content:
        return None
    return Stride(start, (f"{lead}x" if lead else "") + content, lead, size(content))


class Shape:
    """A schema as an encoding sees it."""

    def __init__(self, schema: Schema, encoding: Encoding) -> None:
        self.schema = schema
        self.encoding = encoding
        self.recursive = schema.recursive()
        self._leaves: dict[str, int] = {}

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
            case List(item=item):
                return 1 + self._type_leaves(item)
            case Map(value=value):
                return 2 + self._type_leaves(value)
            case _:
                return 1

    def least(self, type_: Type, optional: bool = False) -> int:
        """The fewest octets that a value of the type takes; at least one, so that data bounds every count."""
        kind = self.schema.resolve(type_)
        if optional:
            return 1
        match kind:
            case List() if length := fixed_length(kind):
                return length * self.least(kind.item)
            case String():
                return 5
            case Record() if self.inlined(kind) and not self.encoding.mutable:
                return sum(self.least(member.type, member.optional) for member in kind.fields) or 1
            case Record():
                return 1
            case _:
                slot = self.slot(kind)
                return size(slot.code) if slot else 4

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

    def number(self, code: str, read: str = "{0}", write: str = "{0}") -> Slot:
        return Slot(code, min(size(code), self.encoding.alignment), read, write)

    def slot(self, kind: Kind) -> Slot | None:
        """The scalar as a slot, or None if its size varies."""
        match kind:
            case Bool():
                return self.number("B", "BOOL[{0}]")
            case Int():
                letter = {8: "bB", 16: "hH", 32: "iI", 64: "qQ"}[kind.bits][not kind.signed]
                whole = Int(kind.bits, kind.signed)
                if (kind.lower, kind.upper) == (whole.lower, whole.upper):
                    return self.number(letter)
                bounds = f"{kind.lower}, {kind.upper}"
                return self.number(
                    letter, f"({{0}} if {kind.lower} <= {{0}} <= {kind.upper} else out_of_range({{0}}, {bounds}))"
                )
            case Float():
                return self.number("f" if kind.bits == 32 else "d")
            case Timestamp():
                since = "(since := {0} - EPOCH).days * 86400000000 + since.seconds * 1000000 + since.microseconds"
                return self.number("q", "EPOCH + {0} * MICROSECOND", since)
            case Uuid():
                return Slot("16s", 1, "uuid_of({0})", '{0}.int.to_bytes(16, "big")')
            case Decimal(precision, scale) if not self.encoding.version and precision <= FIXED_DIGITS:
                digits = precision | 1
                read = f"from_fixed({{0}}, UNIT_{scale}, {digits > precision})"
                return Slot(f"{digits // 2 + 1}s", 1, read, f"fixed(str({{0}}.scaleb({scale}, EXACT)), {digits})")
            case Decimal(precision, scale) if self.encoding.version and precision <= INT64_DIGITS:
                limit = 10**precision
                read = f"(multiply({{0}}, UNIT_{scale}) if {-limit} < {{0}} < {limit} else too_great({precision}))"
                return self.number("q", read, f"int({{0}}.scaleb({scale}, EXACT))")
            case Bytes() if length := fixed_length(kind):
                return Slot(f"{length}s", 1, "{0}", f"octets({{0}}, {length})")
            case Enum(name):
                letter = "i" if self.encoding.version else "I"
                return self.number(letter, f"SYMBOLS_{name}[{{0}}]", f"NUMBERS_{name}[{{0}}]")
            case _:
                return None

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
        """The type as slots, if it is of fixed size, without headers, and at most `INLINE` slots."""
        kind = self.schema.resolve(type_)
        match kind:
            case List() if length := fixed_length(kind):
                if self.delimits(kind):
                    return None
                item = self.row(kind.item)
                return item * length if item and len(item) * length <= INLINE else None
            case Record() if kind.fields and self.inlined(kind) and not self.encoding.mutable:
                if self.encoding.delimited:
                    return None
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


def one_letter(row: list[Slot]) -> str:
    """The letter that all slots of a row have in common, or nothing."""
    letters = {slot.code for slot in row}
    return letters.pop() if len(letters) == 1 and len(row[0].code) == 1 else ""
