"""The data model: a closed set of kinds that every format carries.

A format is one function over this set, written as a `match` closed by `assert_never`, so that a
forgotten kind is a type error. Two unions of types matter:

- `Type` is what a field, a list or a map holds: a scalar, `List`, `Map`, or a `Ref` to a named type.
- `Kind` is what `Schema.resolve` makes of it: the same, with the `Ref` replaced by its `Enum`, `Union` or `Record`.

Named types are defined once, in `Schema.types`, and used through `Ref` everywhere: that is all there is
to recursion, and a code generator writes one function per named type.

Python values, in the order of the kinds: `bool`, `int`, `float`, `str`, `bytes`, an enum's symbol as `str`,
aware UTC `datetime`, `uuid.UUID`, `decimal.Decimal` (its exponent is exactly `-scale`), `list`, `dict`,
`{alternative key: value}`, and for a record a `dict` by `Field.key` in which an absent optional field has no key.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from serschema.errors import SchemaError

Value: TypeAlias = Any

Path: TypeAlias = tuple[str | int, ...]
"""The way from a message into it: keys of records, unions and maps, indices of lists."""

MAX_DEPTH = 100
"""How many records and unions may stand inside one another: Protocol Buffers' own default bound."""


@dataclass(frozen=True, slots=True)
class Bool:
    """True or false."""


@dataclass(frozen=True, slots=True)
class Int:
    """An integer of 8, 16, 32 or 64 bits, with an optional narrower range (inclusive).

    `coding` is a hint that only Protocol Buffers heeds: `plain` (int32, uint64...), `zigzag` (sint32...)
    or `fixed` (sfixed32, fixed64...).
    """

    bits: int = 64
    signed: bool = True
    minimum: int | None = None
    maximum: int | None = None
    coding: Literal["plain", "zigzag", "fixed"] = "plain"

    @property
    def lower(self) -> int:
        """The least value allowed."""
        least = -(1 << (self.bits - 1)) if self.signed else 0
        return least if self.minimum is None else self.minimum

    @property
    def upper(self) -> int:
        """The greatest value allowed."""
        most = (1 << (self.bits - self.signed)) - 1
        return most if self.maximum is None else self.maximum


@dataclass(frozen=True, slots=True)
class Float:
    """IEEE 754 binary32 or binary64. A value of 32 bits is a Python float that binary32 holds exactly."""

    bits: int = 64


@dataclass(frozen=True, slots=True)
class String:
    """Unicode text without lone surrogates; `max_length` counts code points, as ASN.1, XSD and JSON Schema do."""

    max_length: int | None = None


@dataclass(frozen=True, slots=True)
class Bytes:
    """Octets; fixed-length where both bounds are equal."""

    min_length: int = 0
    max_length: int | None = None


@dataclass(frozen=True, slots=True)
class Timestamp:
    """A UTC instant to the microsecond, years 1 to 9999."""


@dataclass(frozen=True, slots=True)
class Uuid:
    """RFC 9562 UUID: 128 bits."""


@dataclass(frozen=True, slots=True)
class Decimal:
    """A decimal number: an integer of at most `precision` digits, divided by ten to the power `scale`."""

    precision: int
    scale: int


@dataclass(frozen=True, slots=True)
class List:
    """A sequence; fixed-length where both bounds are equal. `packed` is a hint that only Protocol Buffers heeds."""

    item: "Type"
    min_length: int = 0
    max_length: int | None = None
    packed: bool = True


@dataclass(frozen=True, slots=True)
class Map:
    """A mapping without order; keys are `Bool`, `Int` or `String`."""

    key: "Type"
    value: "Type"


@dataclass(frozen=True, slots=True)
class Ref:
    """A use of the named type `name` of the schema."""

    name: str


@dataclass(frozen=True, slots=True)
class Enum:
    """A closed set of symbols, each with its own number (32-bit signed)."""

    name: str
    symbols: tuple[tuple[str, int], ...]
    doc: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """A member of a record, or an alternative of a union.

    `name` is an identifier, used by IDLs and XML. `key` is what JSON and the Python dict use: the name
    unless something else was asked for. `number` is the tag of Protocol Buffers, Thrift and the like.
    """

    name: str
    number: int
    type: "Type"
    optional: bool = False
    key: str = ""
    doc: str = ""

    def __post_init__(self) -> None:
        if not self.key:
            object.__setattr__(self, "key", self.name)


@dataclass(frozen=True, slots=True)
class Union:
    """A tagged choice. Its alternatives' numbers are unique in it; `optional` has no meaning there."""

    name: str
    alternatives: tuple[Field, ...]
    doc: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """Named fields in the order of their declaration."""

    name: str
    fields: tuple[Field, ...]
    doc: str = ""


Scalar: TypeAlias = Bool | Int | Float | String | Bytes | Timestamp | Uuid | Decimal
Named: TypeAlias = Enum | Union | Record
Type: TypeAlias = Scalar | List | Map | Ref
Kind: TypeAlias = Scalar | Enum | List | Map | Union | Record


@dataclass(frozen=True)
class Schema:
    """Named types, one of which, the record `root`, is the type of a message.

    `notes` says what an importer changed or ignored. Raises `SchemaError` for names that are not identifiers
    or occur twice, dangling references, bad bounds, and types of which no finite value exists.
    """

    root: str
    types: tuple[Named, ...]
    doc: str = ""
    notes: tuple[str, ...] = ()
    _by_name: Mapping[str, Named] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_name", {type.name: type for type in self.types})
        _Validator(self).run()

    def resolve(self, type: Type) -> Kind:
        """The kind behind a type: a `Ref` becomes the named type it means."""
        return self._by_name[type.name] if isinstance(type, Ref) else type

    @property
    def record(self) -> Record:
        """The type of a message."""
        record = self._by_name[self.root]
        assert isinstance(record, Record)
        return record

    def recursive(self) -> frozenset[str]:
        """The names of the types that can contain themselves."""
        reach = {type.name: set(uses(type)) for type in self.types}
        for middle in reach:  # Warshall's transitive closure
            for names in reach.values():
                if middle in names:
                    names |= reach[middle]
        return frozenset(name for name, names in reach.items() if name in names)


def fixed_length(type: Bytes | List) -> int | None:
    """The one length that the type allows, or None."""
    return type.max_length if type.min_length == type.max_length else None


def uses(type: Named) -> Iterator[str]:
    """The names of the types that a named type refers to."""
    match type:
        case Enum():
            return
        case Union(alternatives=members) | Record(fields=members):
            for member in members:
                yield from _refs(member.type)


def _refs(type: Type) -> Iterator[str]:
    match type:
        case Ref(name):
            yield name
        case List(item=item):
            yield from _refs(item)
        case Map(key=key, value=value):
            yield from _refs(key)
            yield from _refs(value)


def is_identifier(name: str) -> bool:
    """Whether every IDL takes the name: an ASCII letter, then letters, digits and underscores."""
    return name.isascii() and name.isidentifier() and not name.startswith("_")


class _Validator:
    """Checks a schema once, at its construction, so that no codec has to."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.names = schema._by_name

    def run(self) -> None:
        seen: set[str] = set()
        for type in self.schema.types:
            self.identifier(type.name, "type")
            if type.name in seen:
                raise SchemaError(f"type {type.name} is defined twice")
            seen.add(type.name)
        for type in self.schema.types:
            match type:
                case Enum():
                    self.enum(type)
                case Union():
                    if not type.alternatives:
                        raise SchemaError(f"union {type.name} has no alternative")
                    self.members(type.name, type.alternatives)
                case Record():
                    self.members(type.name, type.fields)
        if not isinstance(self.names.get(self.schema.root), Record):
            raise SchemaError(f"the root {self.schema.root!r} is not a record of the schema")
        self.inhabited()

    def identifier(self, name: str, what: str) -> None:
        if not is_identifier(name):
            raise SchemaError(f"{what} name {name!r} is not an identifier (an ASCII letter, then letters, digits, _)")

    def enum(self, enum: Enum) -> None:
        symbols = [symbol for symbol, _ in enum.symbols]
        numbers = [number for _, number in enum.symbols]
        if not symbols:
            raise SchemaError(f"enum {enum.name} has no symbol")
        for symbol in symbols:
            self.identifier(symbol, f"{enum.name} symbol")
        if len(set(symbols)) < len(symbols) or len(set(numbers)) < len(numbers):
            raise SchemaError(f"enum {enum.name} has a symbol or a number twice")
        if any(not -(1 << 31) <= number < 1 << 31 for number in numbers):
            raise SchemaError(f"enum {enum.name} has a number beyond 32 bits")

    def members(self, owner: str, members: tuple[Field, ...]) -> None:
        for what in ("name", "key", "number"):
            values = [getattr(member, what) for member in members]
            for value in values:
                if values.count(value) > 1:
                    raise SchemaError(f"{owner} has two members of {what} {value!r}")
        for member in members:
            place = f"{owner}.{member.name}"
            self.identifier(member.name, place)
            if member.number < 1:
                raise SchemaError(f"{place}: number {member.number} is not positive")
            self.type(member.type, place)

    def type(self, type: Type, place: str) -> None:
        match type:
            case Int():
                if type.bits not in (8, 16, 32, 64):
                    raise SchemaError(f"{place}: an integer has 8, 16, 32 or 64 bits, not {type.bits}")
                plain = Int(type.bits, type.signed)
                if not plain.lower <= type.lower <= type.upper <= plain.upper:
                    raise SchemaError(
                        f"{place}: range {type.lower}..{type.upper} does not fit {plain.lower}..{plain.upper}"
                    )
                if type.coding == "zigzag" and not type.signed:
                    raise SchemaError(f"{place}: zigzag is a coding of signed integers")
            case Float() if type.bits not in (32, 64):
                raise SchemaError(f"{place}: a float has 32 or 64 bits, not {type.bits}")
            case String():
                self.bounds(0, type.max_length, place)
            case Bytes():
                self.bounds(type.min_length, type.max_length, place)
            case Decimal() if not 1 <= type.precision <= 1000 or not 0 <= type.scale <= type.precision:
                raise SchemaError(f"{place}: decimal({type.precision}, {type.scale}) needs 0 <= scale <= precision")
            case List():
                self.bounds(type.min_length, type.max_length, place)
                self.type(type.item, place)
            case Map():
                if not isinstance(type.key, (Bool, Int, String)):
                    raise SchemaError(f"{place}: a map's key is a bool, an integer or a string")
                self.type(type.key, place)
                self.type(type.value, place)
            case Ref() if type.name not in self.names:
                raise SchemaError(f"{place}: there is no type {type.name!r}")
            case _:
                pass

    def bounds(self, least: int, most: int | None, place: str) -> None:
        if least < 0 or (most is not None and most < least):
            raise SchemaError(f"{place}: length {least}..{most} is empty")

    def inhabited(self) -> None:
        """Find the types that have a finite value, until no more are found."""
        finite = {type.name for type in self.schema.types if isinstance(type, Enum)}

        def has_value(type: Type) -> bool:
            match type:
                case Ref(name):
                    return name in finite
                case List(item=item):
                    return type.min_length == 0 or has_value(item)
                case _:
                    return True

        found = True
        while found:
            found = False
            for type in self.schema.types:
                if type.name in finite:
                    continue
                match type:
                    case Record():
                        ends = all(member.optional or has_value(member.type) for member in type.fields)
                    case Union():
                        ends = any(has_value(member.type) for member in type.alternatives)
                    case Enum():
                        ends = True
                if ends:
                    finite.add(type.name)
                    found = True
        endless = [type.name for type in self.schema.types if type.name not in finite]
        if endless:
            raise SchemaError(f"{endless[0]} contains itself without end: make the field optional or a list")
