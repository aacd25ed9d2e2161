"""What a library does wrong with some values, as data: a message that has such a part has to come back otherwise.

Where a tree can tell what is lost, it is a loss (`losses.py`), and the rest of the message is compared.
"""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from serschema.model import Bytes, Decimal, Float, Int, Kind, List, Map, Record, Ref, Schema, String, Type, Union, Value


@dataclass(frozen=True, kw_only=True)
class Defect:
    """A part of a value that does not come back from peers: `has(kind, value)`.

    `same`: it does, in other octets than the one encoding that it should have. `told`: it does, but may be told wrongly
    in the text of what the peer has seen, which is not compared then.
    """

    what: str
    peers: tuple[str, ...]
    has: Callable[[Kind, Value], bool]
    same: bool = False
    told: bool = False


def ends_early(kind: Kind, value: Value) -> bool:
    return isinstance(kind, String) and "\0" in value


def carriage_return(kind: Kind, value: Value) -> bool:
    return isinstance(kind, String) and "\r" in value


def key_ends_early(kind: Kind, value: Value) -> bool:
    return isinstance(kind, Map) and any(isinstance(key, str) and "\0" in key for key in value)


def negative_zero(kind: Kind, value: Value) -> bool:
    """-0.0 in a field that may not be absent, or in a map."""
    match kind:
        case Record():
            held = [value[f.key] for f in kind.fields if isinstance(f.type, Float) and not f.optional]
        case Map(value=Float()):
            held = list(value.values())
        case _:
            return False
    return any(map(is_negative_zero, held))


def negative_zero_in_table(kind: Kind, value: Value) -> bool:
    """The same, or in a union."""
    if isinstance(kind, Union):
        return any(isinstance(number, float) and is_negative_zero(number) for number in value.values())
    return negative_zero(kind, value)


def real(kind: Kind, value: Value) -> bool:
    return isinstance(kind, Float)


def zero_below(kind: Kind, value: Value) -> bool:
    return isinstance(kind, Float) and is_negative_zero(value)


def greatest_single(kind: Kind, value: Value) -> bool:
    return isinstance(kind, Float) and kind.bits == 32 and abs(value) == GREATEST_SINGLE


def beyond_long(kind: Kind, value: Value) -> bool:
    """Or it may be, as a decimal of more than 18 digits."""
    return (isinstance(kind, Int) and value >= 1 << 63) or (isinstance(kind, Decimal) and kind.precision > 18)


def is_negative_zero(number: float) -> bool:
    return number == 0 and math.copysign(1.0, number) < 0


def empty_optional(kind: Kind, value: Value) -> bool:
    """A field that may be absent, and is there, though empty."""
    if not isinstance(kind, Record):
        return False
    may_be_empty = String | Bytes | List | Map
    fields = (field for field in kind.fields if field.optional and isinstance(field.type, may_be_empty))
    return any(field.key in value and not value[field.key] for field in fields)


def two_empty(kind: Kind, value: Value) -> bool:
    """A message, in which two strings are empty."""
    return isinstance(kind, Record) and empties(value) > 1


def filled_map(kind: Kind, value: Value) -> bool:
    """A map of 12, 24, 48... entries, three quarters of the places of a HashMap."""
    return isinstance(kind, Map) and len(value) >= 12 and len(value) % 12 == 0 and (len(value) // 12).bit_count() == 1


def unsorted_map(kind: Kind, value: Value) -> bool:
    """A map whose keys are not in the order of std::map, that of their octets if they are text."""
    if not isinstance(kind, Map):
        return False
    keys = list(value)
    if isinstance(kind.key, Int) and kind.key.bits == 64:  # an i64, whatever its sign
        return keys != sorted(keys, key=lambda key: (key + (1 << 63)) % (1 << 64))
    return keys != sorted(keys, key=lambda key: key.encode() if isinstance(key, str) else key)


def empties(value: Value) -> int:
    match value:
        case str():
            return not value
        case list():
            return sum(map(empties, value))
        case dict():
            return sum(empties(part) for pair in value.items() for part in pair)
        case _:
            return 0


def wide_range(kind: Kind, value: Value) -> bool:
    return isinstance(kind, Int) and kind.upper < 1 << 63 and kind.upper - kind.lower > 1 << 62


def unbounded(kind: Kind, value: Value) -> bool:
    """The module of `serschema.idl.asn1` has MAX for its upper bound."""
    return isinstance(kind, Int) and kind.upper >= 1 << 63


def unsigned_items(kind: Kind, value: Value) -> bool:
    return isinstance(kind, List) and isinstance(kind.item, Int) and 1 << 31 <= kind.item.upper < 1 << 32


def same_in_capitals(kind: Kind, value: Value) -> bool:
    """A record or a union of members whose names differ in case only."""
    match kind:
        case Union(alternatives=members) | Record(fields=members):
            return len({member.name.upper() for member in members}) < len(members)
        case _:
            return False


def is_float(kind: Kind, value: Value) -> bool:
    return isinstance(kind, Float)


GREATEST_SINGLE = (2 - 2**-23) * 2.0**127

DEFECTS = (
    Defect(
        what="rasn 0.30.0 has REAL in OER only",
        peers=("asn1-ber/rust", "asn1-der/rust", "asn1-per/rust", "asn1-uper/rust"),
        has=is_float,
    ),
    Defect(
        what="protoc names numbers of fields in capitals in Java, which does not compile if names differ in case only",
        peers=("protobuf/java",),
        has=same_in_capitals,
    ),
    Defect(
        what="-0.0 is the default, which is not there, for prost-reflect",
        peers=("protobuf/rust",),
        has=negative_zero,
    ),
    Defect(
        what="-0.0 is the default, which is not there, for flatc's C++",
        peers=("flatbuffers/cpp",),
        has=negative_zero_in_table,
    ),
    Defect(
        what="empty strings and vectors that may be absent are, in the object API (flatc without --force-empty)",
        peers=("flatbuffers/cpp",),
        has=empty_optional,
    ),
    Defect(
        what="protoc's JSON has the greatest float with more digits than it has, which is above it to others",
        peers=("protobuf/cpp",),
        has=greatest_single,
        told=True,
    ),
    Defect(
        what="protoc's JSON has -0, the integer 0 to others, for -0.0",
        peers=("protobuf/cpp",),
        has=zero_below,
        told=True,
    ),
    Defect(
        what="asn1c 0.9.28 drops digits of reals in XER",
        peers=("asn1-der/c", "asn1-uper/c"),
        has=real,
        told=True,
    ),
    Defect(
        what="asn1c 0.9.28 writes line ends bare in XER, which are read as others (XML 1.0, 2.11)",
        peers=("asn1-der/c", "asn1-uper/c"),
        has=carriage_return,
        told=True,
    ),
    Defect(
        what="asn1c 0.9.28 has integers beyond 63 bits as octets in XER (X.693, 8.3)",
        peers=("asn1-der/c", "asn1-uper/c"),
        has=beyond_long,
        told=True,
    ),
    Defect(
        what="the JVM reads all empty strings as one object, and writes references to it",
        peers=("java/java",),
        has=two_empty,
        same=True,
    ),
    Defect(
        what="the JVM makes a HashMap larger when it reads one that is just full",
        peers=("java/java",),
        has=filled_map,
        same=True,
    ),
    Defect(
        what="std::map has its keys in order",
        peers=("thrift-binary/cpp", "thrift-compact/cpp"),
        has=unsorted_map,
        same=True,
    ),
    Defect(what="a string ends at U+0000 in C", peers=("xdr/c",), has=ends_early),
    Defect(what="the key of a map ends at U+0000 for Avro C", peers=("avro/c",), has=key_ends_early),
    Defect(
        what="asn1c 0.9.28 makes C that does not compile of lists of unsigned int",
        peers=("asn1-der/c", "asn1-uper/c"),
        has=unsigned_items,
    ),
    Defect(
        what="asn1c 0.9.28 does not decode ranges of 63 bits and more in PER", peers=("asn1-uper/c",), has=wide_range
    ),
    Defect(
        what="asn1c 0.9.28 writes integers without upper bound with an octet too many in PER (X.691, 11.7.4)",
        peers=("asn1-uper/c",),
        has=unbounded,
    ),
)


def parts(value: Value, type_: Type, schema: Schema) -> Iterator[tuple[Kind, Value]]:
    """A value and all that is in it, each with its kind."""
    kind = schema.resolve(type_)
    yield kind, value
    match kind:
        case List():
            for item in value:
                yield from parts(item, kind.item, schema)
        case Map():
            for key, item in value.items():
                yield from parts(key, kind.key, schema)
                yield from parts(item, kind.value, schema)
        case Union(alternatives=members) | Record(fields=members):
            for member in members:
                if member.key in value:
                    yield from parts(value[member.key], member.type, schema)


def defect(peer: str, value: Value, schema: Schema) -> Defect | None:
    """What of the value the peer does not carry, if there is anything."""
    return _defect(peer, value, schema, lambda known: not known.same and not known.told)


def variant(peer: str, value: Value, schema: Schema) -> str:
    """Why the peer writes a value in other octets than it should; empty if it does not."""
    known = _defect(peer, value, schema, lambda known: known.same)
    return known.what if known else ""


def mistold(peer: str, value: Value, schema: Schema) -> str:
    """Why the peer may not say rightly what it has seen of a value; empty if it has to."""
    known = _defect(peer, value, schema, lambda known: known.told)
    return known.what if known else ""


def _defect(peer: str, value: Value, schema: Schema, wanted: Callable[[Defect], bool]) -> Defect | None:
    known = [defect for defect in DEFECTS if peer in defect.peers and wanted(defect)]
    for kind, part in parts(value, Ref(schema.root), schema) if known else ():
        for defect in known:
            if defect.has(kind, part):
                return defect
    return None
