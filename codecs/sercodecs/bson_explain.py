"""BSON, octet by octet: a walker of the grammar of bsonspec.org, in which each element says its type and its key.

The schema adds the rest: whether a document is a record, a union or a map, and thus whether its keys are names or
content. What is not of the schema is shown as it is.
"""

import struct
from decimal import Decimal as PyDecimal
from uuid import UUID

from serschema.model import Field, Kind, List, Map, Record, Ref, Schema, String, Type, Union

from sercodecs.contract import Purpose, Span
from sercodecs.walk import Walk, counted, of_octets, quoted, seconds, shortened, utf8, walk

DOUBLE, STRING, DOCUMENT, ARRAY, BINARY, UNDEFINED, OBJECT_ID, BOOLEAN, DATETIME, NULL, REGEX = range(1, 12)
POINTER, CODE, SYMBOL, SCOPED, INT32, TIMESTAMP, INT64, DECIMAL128 = range(12, 20)
MIN_KEY, MAX_KEY = 0xFF, 0x7F
NAMES = {
    DOUBLE: "double",
    STRING: "string",
    DOCUMENT: "document",
    ARRAY: "array",
    BINARY: "binary",
    UNDEFINED: "undefined",
    OBJECT_ID: "ObjectId",
    BOOLEAN: "boolean",
    DATETIME: "UTC datetime",
    NULL: "null",
    REGEX: "regular expression",
    POINTER: "DBPointer",
    CODE: "code",
    SYMBOL: "symbol",
    SCOPED: "code with scope",
    INT32: "int32",
    TIMESTAMP: "timestamp",
    INT64: "int64",
    DECIMAL128: "decimal128",
    MIN_KEY: "min key",
    MAX_KEY: "max key",
}
SUBTYPES = {0: "generic", 4: "UUID"}
UUID_SUBTYPE = 4
# IEEE 754-2008, binary integer decimal: the bits of the significand, the bias of the exponent, the largest significand.
SIGNIFICAND_BITS, BIAS, LARGEST = 113, 6176, 10**34 - 1


def explain(schema: Schema, data: bytes) -> list[Span]:
    """What each octet of a message is for. Raises `ExplainError`."""
    walker = _Walk(schema, data)
    return walk(walker, lambda: walker.document(Ref(schema.root), "$", 0))


class _Walk(Walk):
    def document(self, type_: Type | None, path: str, depth: int) -> None:
        """A document or an array, whose keys count."""
        kind = self.schema.resolve(type_) if type_ is not None else None
        members = {member.key: member for member in _members(kind)}
        depth = self.deeper(depth) if members else depth
        length = self.read_int(4, signed=True, order="little")
        if not 5 <= length <= self.left + 4:
            self.fail(f"a length {length}, {counted(self.left + 4, 'octet')} left with it")
        self.note("length", path, f"length {length}")
        with self.inside(length - 4):
            i = 0
            while octet := self.read_int(1):
                self.element(octet, kind, members, i, path, depth)
                i += 1
            self.note("structure", path, "end of document")

    def element(self, octet: int, kind: Kind | None, members: dict[str, Field], i: int, path: str, depth: int) -> None:
        if octet not in NAMES:
            self.fail(f"a type {octet:02x} that there is not")
        end = self.data.find(b"\0", self.position, self.end)
        if end < 0:
            self.fail("a key without end")
        raw = self.data[self.position : end]
        key = raw.decode("utf-8", "replace")
        purpose: Purpose = "name"
        type_: Type | None = None
        key_at = at = path
        match kind:
            case Map():
                purpose, type_, key_at = "content", kind.value, f"{path}{{key}}"
                at = f"{path}[{quoted(key) if isinstance(kind.key, String) else shortened(key)}]"
            case List():
                purpose, type_, key_at = "structure", kind.item, f"{path}[{i}]"
                at = key_at
            case _ if key in members:
                type_, key_at = members[key].type, f"{path}.{key}"
                at = key_at
        self.note("tag", at, NAMES[octet])
        self.take(len(raw), purpose, key_at, utf8(raw))
        self.take(1, "structure", key_at, "end of key")
        self.value(octet, type_, at, depth)

    def value(self, octet: int, type_: Type | None, path: str, depth: int) -> None:
        match NAMES[octet]:
            case "document" | "array":
                self.document(type_, path, depth)
            case "string" | "code" | "symbol":
                self.string(path)
            case "binary":
                self.binary(path)
            case "boolean":
                self.take(1, "content", path, {0: "false", 1: "true"}.get(self.peek(), "neither true nor false"))
            case "double":
                octets = self.read(8)
                self.note("content", path, repr(struct.unpack("<d", octets)[0]))
            case "UTC datetime":
                whole, rest = divmod(self.read_int(8, signed=True, order="little"), 1000)
                self.note("content", path, seconds(whole, rest * 1_000_000))
            case "int32" | "int64":
                size = 4 if octet == INT32 else 8
                self.note("content", path, str(self.read_int(size, signed=True, order="little")))
            case "decimal128":
                self.note("content", path, _decimal(self.read_int(16, order="little")))
            case "ObjectId":
                self.take(12, "content", path, "12 octets")
            case "timestamp":
                self.take(8, "content", path, "8 octets")
            case "regular expression":
                self.text(path)
                self.text(path)
            case "DBPointer":
                self.string(path)
                self.take(12, "content", path, "12 octets")
            case "code with scope":
                self.read_int(4, order="little")
                self.note("length", path, "length of code and scope")
                self.string(path)
                self.document(None, path, depth)
            case _:  # null and the like: all is said by the type
                return

    def peek(self) -> int:
        return self.data[self.position] if self.left else 0

    def string(self, path: str) -> None:
        length = self.read_int(4, signed=True, order="little")
        if not 1 <= length <= self.left:
            self.fail(f"a string of {length}, {counted(self.left, 'octet')} left")
        self.note("length", path, f"length {length}")
        octets = self.read(length - 1)
        self.note("content", path, utf8(octets))
        self.take(1, "structure", path, "end of string")

    def text(self, path: str) -> None:
        """Text up to U+0000."""
        end = self.data.find(b"\0", self.position, self.end)
        if end < 0:
            self.fail("a text without end")
        octets = self.data[self.position : end]
        self.take(len(octets), "content", path, utf8(octets))
        self.take(1, "structure", path, "end of text")

    def binary(self, path: str) -> None:
        length = self.read_int(4, signed=True, order="little")
        if not 0 <= length < self.left:
            self.fail(f"binary of {length}, {counted(self.left, 'octet')} left")
        self.note("length", path, f"length {length}")
        subtype = self.read_int(1)
        self.note("tag", path, f"subtype {subtype}" + (f" ({SUBTYPES[subtype]})" if subtype in SUBTYPES else ""))
        octets = self.read(length)
        is_uuid = subtype == UUID_SUBTYPE and length == 16
        self.note("content", path, str(UUID(bytes=octets)) if is_uuid else of_octets(octets))


def _decimal(bits: int) -> str:
    """A decimal128 by its 128 bits; what is beyond 34 digits is 0."""
    sign, combined = bits >> 127, bits >> SIGNIFICAND_BITS & 0x3FFF
    if combined >= 0x3C00:
        return "NaN" if combined >= 0x3E00 else "-Infinity" if sign else "Infinity"
    if combined >= 0x3000:
        return "0, of a significand that is too large"
    significand = bits & ((1 << SIGNIFICAND_BITS) - 1)
    digits = tuple(map(int, str(significand if significand <= LARGEST else 0)))
    return str(PyDecimal((sign, digits, combined - BIAS)))


def _members(kind: Kind | None) -> tuple[Field, ...]:
    match kind:
        case Record(fields=members) | Union(alternatives=members):
            return members
        case _:
            return ()
