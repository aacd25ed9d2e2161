"""Encoding: generated functions `write_X(value, out, st)` that append octets to the list `out`.

The state `st` is a list: `st[0]` counts the handles given so far, `st[1]` holds the references to what may be met again
(type strings, parent classes, enum constants, boxed numbers), and from `st[2]` on stands, for each class by its number,
the six octets with which an instance begins once the class is described: TC_OBJECT, TC_REFERENCE, handle.
A function gathers octets and handles as long as nobody needs the count, then adds all at once.
"""

import struct
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from decimal import MAX_EMAX, MIN_EMIN, Context
from decimal import Decimal as PyDecimal
from typing import Any, NoReturn, assert_never
from uuid import UUID

from serschema.idl import java as idl
from serschema.model import (
    MAX_DEPTH,
    Bool,
    Bytes,
    Decimal,
    Enum,
    Float,
    Int,
    List,
    Map,
    Record,
    Ref,
    String,
    Timestamp,
    Type,
    Union,
    Uuid,
)

from sercodecs.contract import EncodeError, encode_error
from sercodecs.java import text
from sercodecs.java.classes import (
    ARRAYS,
    BASE_HANDLE,
    BIG_INTEGER,
    STREAM_HEADER,
    TC_BLOCKDATA,
    TC_ENDBLOCKDATA,
    TC_NULL,
    TC_REFERENCE,
    TC_STRING,
    ClassDesc,
    is_primitive,
    stream_order,
    utf,
)
from sercodecs.java.shape import Shape, fused, title
from sercodecs.source import Source

CLASSES = 2
"""Where in the state the classes begin."""


def generate(shape: Shape, source: Source) -> None:
    """Add `encode` and what it calls to the source."""
    _Writer(shape, source).generate()


# What the generated source calls.

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
NAN = float("nan")
_ZERO = timedelta(0)
_EXACT = Context(prec=1001, Emax=MAX_EMAX, Emin=MIN_EMIN)
_pack_reference = struct.Struct(">BI").pack


def _reference(handle: int) -> bytes:
    return _pack_reference(TC_REFERENCE[0], BASE_HANDLE + handle)


def _first(classes: list[ClassDesc]) -> Callable[[list[Any], int], bytes]:
    """What begins the first instance of a class in a stream: its type code and descriptor."""

    def first(st: list[Any], slot: int) -> bytes:
        described = classes[slot - CLASSES]
        st[slot] = described.tag + _reference(st[0])
        parts = [described.tag]
        describe(described, st, parts)
        return b"".join(parts)

    def describe(described: ClassDesc, st: list[Any], parts: list[bytes]) -> None:
        st[0] += 1
        seen = st[1]
        for octets, type_string in described.segments:
            parts.append(octets)
            if type_string in seen:
                parts.append(seen[type_string])
            elif type_string:
                seen[type_string] = _reference(st[0])
                st[0] += 1
                parts.append(TC_STRING + utf(type_string))
        parent = described.parent
        if parent is None:
            parts.append(TC_NULL)
        elif parent in seen:
            parts.append(seen[parent])
        else:
            seen[parent] = _reference(st[0])
            describe(parent, st, parts)

    return first


def _wrong() -> NoReturn:
    raise EncodeError("$", "not of the schema")


def _too_deep() -> NoReturn:
    raise EncodeError("$", f"more than {MAX_DEPTH} levels of nesting")


def _without_payload(values: Iterable[float]) -> list[float]:
    return [item if item == item else NAN for item in values]


def _binary32(count: int, values: list[float]) -> bytes:
    data = struct.pack(f">i{count}f", count, *values)
    if not all(a == b or b != b for a, b in zip(struct.unpack_from(f">{count}f", data, 4), values)):
        _wrong()
    return data


def _seconds_nanos(value: datetime) -> tuple[int, int]:
    if type(value) is not datetime or value.utcoffset() != _ZERO:
        _wrong()
    since = value - EPOCH
    return since.days * 86400 + since.seconds, since.microseconds * 1000


def _unscaled(value: PyDecimal, precision: int, scale: int) -> tuple[int, bytes]:
    """The sign and the magnitude of the unscaled integer."""
    sign, digits, exponent = value.as_tuple()
    if exponent != -scale or len(digits) > precision or (sign and not value):
        _wrong()
    unscaled = abs(int(value.scaleb(scale, _EXACT)))
    signum = (-1 if sign else 1) if unscaled else 0
    return signum, unscaled.to_bytes((unscaled.bit_length() + 7) // 8, "big")


def _buckets(size: int, hashes: Iterable[int]) -> tuple[int, int]:
    """The threshold and the table size of a HashMap after `size` times `put`.

    The table doubles when it is more than three quarters full; below 64 buckets also when a bucket would get a ninth
    entry (`HashMap.treeifyBin`), which can matter for 9 to 24 entries only.
    """
    if size == 0:
        return 0, 16
    table = 16
    while size * 4 > table * 3:
        table *= 2
    if 9 <= size <= 24:
        spread = [h ^ h >> 16 for h in hashes]
        if max(Counter(h & 15 for h in spread).values()) > 8:
            table = 16
            for i, h in enumerate(spread):
                if table < 64 and sum((h ^ other) & (table - 1) == 0 for other in spread[:i]) >= 8:
                    table *= 2
                if (i + 1) * 4 > table * 3:
                    table *= 2
    return table * 3 // 4, table


# `hashCode` of what a key is boxed to, as 32 unsigned bits.
_HASHES: dict[str, Callable[[Any], int]] = {
    "hash_Z": lambda key: 1231 if key else 1237,
    "hash_B": lambda key: ((key + 0x80 & 0xFF) - 0x80) & 0xFFFFFFFF,
    "hash_S": lambda key: ((key + 0x8000 & 0xFFFF) - 0x8000) & 0xFFFFFFFF,
    "hash_I": lambda key: key & 0xFFFFFFFF,
    "hash_J": lambda key: (key ^ key >> 32) & 0xFFFFFFFF,
    "hash_text": text.hash_code,
}

_RUNTIME: dict[str, Any] = _HASHES | {
    "FLOATS": frozenset({float}),
    "INTS": frozenset({int}),
    "BOOLS": frozenset({bool}),
    "NAN": NAN,
    "SHORT": [text.prefix(length) for length in range(256)],
    "UUID": UUID,
    "binary32": _binary32,
    "buckets": _buckets,
    "encode_error": encode_error,
    "modified": text.encode,
    "pack": struct.pack,
    "pack_float": struct.Struct(">f").pack,
    "pack_instant": struct.Struct(">BBBqiB").pack,
    "prefix": text.prefix,
    "reference": _reference,
    "seconds_nanos": _seconds_nanos,
    "too_deep": _too_deep,
    "unpack_float": struct.Struct(">f").unpack,
    "unscaled": _unscaled,
    "without_payload": _without_payload,
    "wrong": _wrong,
}


class _Writer:
    """Writes the functions, one for each type that stands where an object does."""

    def __init__(self, shape: Shape, source: Source) -> None:
        self.shape = shape
        self.schema = shape.schema
        self.source = source
        self.functions: dict[Type, str] = {}
        self.waiting: list[Type] = []
        self.pieces: list[str] = []
        self.handles = 0

    def generate(self) -> None:
        source, shape = self.source, self.shape
        source.globals |= _RUNTIME | {"SCHEMA": self.schema}
        root = self.function(Ref(self.schema.root))
        while self.waiting:
            self.function_of(self.waiting.pop())
        source.globals["first"] = _first(shape.classes)
        with source.function("encode(value)"):
            with source.block("try"):
                source.line(f"out = [{STREAM_HEADER!r}]")
                unseen = f"[None] * {len(shape.classes)}"
                source.line(f"{root}(value, out, [0, {{}}, *{unseen}]{', 0' * shape.deep})")
                source.line('return b"".join(out)')
            with source.block("except Exception as error"):
                source.line("raise encode_error(error, value, SCHEMA) from error")

    def function(self, type_: Type) -> str:
        """The name of the function for a type, which is written later if it is not yet."""
        if type_ not in self.functions:
            self.functions[type_] = self.source.fresh(f"write_{title(type_)}")
            self.waiting.append(type_)
        return self.functions[type_]

    # Octets and handles gathered, until somebody needs the count of handles.

    def piece(self, *expressions: str) -> None:
        self.pieces += expressions

    def begin(self, type_: Type | ClassDesc) -> None:
        """The beginning of an instance. What is gathered before must not hold handles."""
        number = self.shape.number(type_) if isinstance(type_, ClassDesc) else self.shape.class_number(type_)
        slot = CLASSES + number
        self.flush_handles()
        self.piece(f"st[{slot}] or first(st, {slot})")
        self.handles += 1

    def flush(self) -> None:
        if len(self.pieces) == 1:
            self.source.line(f"out.append({self.pieces[0]})")
        elif self.pieces:
            self.source.line(f"out += ({', '.join(self.pieces)})")
        self.pieces = []
        self.flush_handles()

    def flush_handles(self) -> None:
        if self.handles:
            if self.pieces:
                self.source.line(f"out += ({', '.join(self.pieces)},)")
                self.pieces = []
            self.source.line(f"st[0] += {self.handles}")
            self.handles = 0

    # One function per type.

    def function_of(self, type_: Type) -> None:
        """The function for values of a type that is an object in Java."""
        kind = self.schema.resolve(type_)
        counts = isinstance(kind, (List, Map, Union, Record)) and self.shape.deep
        with self.source.function(f"{self.functions[type_]}(value, out, st{', depth' * counts})"):
            match kind:
                case Bool() | Int() | Float():
                    self.boxed(kind)
                case String():
                    raise AssertionError("a string is written in place")
                case Bytes():
                    self.octets(kind)
                case Enum():
                    self.enum(kind)
                case Timestamp():
                    self.timestamp(kind)
                case Uuid():
                    self.require("type(value) is not UUID")
                    octets = self.let("value.bytes")
                    self.begin(kind)
                    self.piece(f"{octets}[8:]", f"{octets}[:8]")
                case Decimal():
                    self.decimal(kind)
                case List():
                    self.sequence(kind)
                case Map():
                    self.mapping(kind)
                case Union():
                    self.union(kind, type_)
                case Record():
                    self.record(kind, type_)
                case _:
                    assert_never(kind)
            self.flush()

    def boxed(self, kind: Bool | Int | Float) -> None:
        """A box; those that `valueOf` keeps are referred to when they are met again."""
        packed = self.let(f"{self.packer(self.shape.letter(kind))}({self.checked(kind, 'value')})")
        if not isinstance(kind, Float):
            if isinstance(kind, Int) and not kind.signed:
                with self.source.block(f"if value >> {kind.bits - 1}"):
                    self.source.line(f"value -= {1 << kind.bits}")
            always = isinstance(kind, Bool) or kind.bits == 8
            with nullcontext() if always else self.source.block("if -128 <= value <= 127"):
                key = self.let(f"value + {(self.shape.class_number(kind) << 9) + 128}")
                self.known(key)
                self.begin(kind)
                self.piece(packed)
                self.remember(key)
                self.flush()
                if always:
                    return
                self.source.line("return")
        self.begin(kind)
        self.piece(packed)

    def known(self, key: str) -> None:
        """Refer to an object that is in the stream already."""
        with self.source.block(f"if {key} in st[1]"):
            self.source.line(f"out.append(st[1][{key}])")
            self.source.line("return")

    def remember(self, key: str, condition: str = "") -> None:
        """Keep a reference to the object that was begun last."""
        handles, self.handles = self.handles, 0
        self.flush()
        with self.source.block(f"if {condition}") if condition else nullcontext():
            self.source.line(f"st[1][{key}] = reference(st[0])")
        self.handles = handles

    def octets(self, kind: Bytes) -> None:
        self.require("type(value) is not bytes")
        self.bounds(kind.min_length, kind.max_length)
        self.begin(kind)
        self.piece(f"{self.packer('i')}(len(value))", "value")

    def enum(self, kind: Enum) -> None:
        number = self.shape.class_number(Ref(kind.name))
        names = idl.constants(kind)
        table = {s: ((number, i), TC_STRING + utf(names[s])) for i, (s, _) in enumerate(kind.symbols)}
        symbols = self.source.bind("symbols", table)
        self.source.line(f"key, name = {symbols}[value]")
        self.known("key")
        self.begin(Ref(kind.name))
        self.piece("name")
        self.remember("key")
        self.handles += 1

    def timestamp(self, kind: Timestamp) -> None:
        self.source.line("seconds, nanos = seconds_nanos(value)")
        epoch = "seconds == nanos == 0"
        with self.source.block(f"if {epoch}"):
            self.known("'epoch'")
        self.begin(kind)
        # A block of 13 octets, of which the first is java.time.Ser.INSTANT_TYPE.
        self.piece(f"pack_instant({TC_BLOCKDATA[0]}, 13, 2, seconds, nanos, {TC_ENDBLOCKDATA[0]})")
        self.remember("'epoch'", epoch)

    def decimal(self, kind: Decimal) -> None:
        self.source.line(f"signum, magnitude = unscaled(value, {kind.precision}, {kind.scale})")
        self.begin(kind)
        self.piece(repr(struct.pack(">i", kind.scale)))
        self.begin(BIG_INTEGER)
        # bitCount, bitLength, firstNonzeroByteNum and lowestSetBit have been constants since JDK 1.2.
        self.piece(f"{self.packer('iiiii')}(-1, -1, -2, -2, signum)")
        self.begin(ARRAYS["B"])
        self.piece(f"{self.packer('i')}(len(magnitude))", "magnitude", repr(TC_ENDBLOCKDATA * 2))

    def sequence(self, kind: List) -> None:
        self.require("type(value) is not list")
        self.bounds(kind.min_length, kind.max_length)
        item = self.schema.resolve(kind.item)
        match item:
            case Bool() | Int() | Float():
                self.primitives(kind, item)
            case _:
                self.source.line("count = len(value)")
                self.begin(kind)
                self.piece(f"{self.packer('iBBi')}(count, {TC_BLOCKDATA[0]}, 4, count)")
                self.flush()
                with self.source.block("for item in value"):
                    self.value(kind.item, "item")
                    per_item, self.handles = self.handles, 0
                    self.flush()
                if per_item:
                    self.source.line("st[0] += count")
                self.piece(repr(TC_ENDBLOCKDATA))

    def primitives(self, kind: List, item: Bool | Int | Float) -> None:
        letter = self.shape.letter(kind.item)
        packed = f"pack(f'>i{{count}}{letter}', count, *value)"
        self.source.line("count = len(value)")
        match item:
            case Bool():
                self.require("not BOOLS.issuperset(map(type, value))")
            case Int():
                self.require("not INTS.issuperset(map(type, value))")
                if self.shape.outside(kind.item, "value"):
                    self.require(f"value and (min(value) < {item.lower} or max(value) > {item.upper})")
            case Float():
                self.require("not FLOATS.issuperset(map(type, value))")
                with self.source.block("if (total := sum(value)) != total"):
                    self.source.line("value = without_payload(value)")
                if item.bits == 32:
                    packed = "binary32(count, value)"
        packed = self.let(packed)
        self.begin(kind)
        self.piece(packed)

    def mapping(self, kind: Map) -> None:
        self.require("type(value) is not dict")
        self.source.line("count = len(value)")
        java_hash = f"hash_{idl.primitive(self.schema, kind.key) or 'text'}"
        self.source.line(f"threshold, table = buckets(count, map({java_hash}, value))")
        self.begin(kind)
        self.piece(f"{self.packer('fiBBii')}(0.75, threshold, {TC_BLOCKDATA[0]}, 8, table, count)")
        self.flush()
        with self.source.block("for key, item in value.items()"):
            self.value(kind.key, "key")
            self.value(kind.value, "item")
            self.flush()
        self.piece(repr(TC_ENDBLOCKDATA + b"\0"))

    def union(self, kind: Union, type_: Type) -> None:
        self.require("type(value) is not dict or len(value) != 1")
        self.deeper()
        self.source.line("((key, item),) = value.items()")
        self.begin(type_)
        self.flush()
        members = stream_order(self.schema, kind)
        for i, member in enumerate(members):
            with self.source.block(f"{'el' * (i > 0)}if key == {member.field.key!r}"):
                if i:
                    self.piece(repr(TC_NULL * i))
                self.value(member.field.type, "item")
                if i + 1 < len(members):
                    self.piece(repr(TC_NULL * (len(members) - i - 1)))
                self.flush()
        with self.source.block("else"):
            self.source.line("wrong()")

    def record(self, kind: Record, type_: Type) -> None:
        required = sum(not field.optional for field in kind.fields)
        optional = required < len(kind.fields)
        self.require("type(value) is not dict" + f" or len(value) != {required}" * (not optional))
        self.deeper()
        members = stream_order(self.schema, kind)
        self.begin(type_)
        primitives = [member for member in members if is_primitive(member.descriptor)]
        if primitives:
            arguments = [
                self.checked(member.field.type, self.let(f"value[{member.field.key!r}]")) for member in primitives
            ]
            letters = "".join(self.shape.letter(member.field.type) for member in primitives)
            self.piece(f"{self.packer(letters)}({', '.join(arguments)})")
        if optional:
            self.source.line(f"size = {required}")
        for member in members[len(primitives) :]:
            key = repr(member.field.key)
            if not member.nullable:
                self.value(member.field.type, f"value[{key}]")
                continue
            self.flush()
            with self.source.block(f"if {key} in value"):
                self.source.line("size += 1")
                self.value(member.field.type, f"value[{key}]")
                self.flush()
            with self.source.block("else"):
                self.source.line(f"out.append({TC_NULL!r})")
        if optional:
            self.flush()
            self.require("len(value) != size")

    # A value within a function.

    def value(self, type_: Type, expression: str) -> None:
        """Write a value where an object stands: a string in place, else by a call."""
        kind = self.schema.resolve(type_)
        if isinstance(kind, String):
            value = self.let(expression)
            if kind.max_length is not None:
                self.require(f"len({value}) > {kind.max_length}")
            octets = self.let(f"{value}.encode() if {value}.isascii() and '\\0' not in {value} else modified({value})")
            self.piece(f"SHORT[len({octets})] if len({octets}) < 256 else prefix(len({octets}))", octets)
            self.handles += 1
        else:
            self.flush()
            depth = ", depth" * (isinstance(kind, (List, Map, Union, Record)) and self.shape.deep)
            self.source.line(f"{self.function(type_)}({expression}, out, st{depth})")

    def checked(self, type_: Type, value: str) -> str:
        """Check what a primitive field or a box will hold; the expression to pack."""
        kind = self.schema.resolve(type_)
        match kind:
            case Bool():
                self.require(f"type({value}) is not bool")
            case Int():
                outside = self.shape.outside(type_, value)
                self.require(f"type({value}) is not int" + f" or {outside}" * bool(outside))
            case Float():
                self.require(f"type({value}) is not float")
                with self.source.block(f"if {value} != {value}"):
                    self.source.line(f"{value} = NAN")
                if kind.bits == 32:
                    with self.source.block(f"elif unpack_float(pack_float({value}))[0] != {value}"):
                        self.source.line("wrong()")
        return value

    def require(self, wrong: str) -> None:
        with self.source.block(f"if {wrong}"):
            self.source.line("wrong()")

    def bounds(self, least: int, most: int | None) -> None:
        if most is not None:
            self.require(f"not {least} <= len(value) <= {most}")
        elif least:
            self.require(f"len(value) < {least}")

    def deeper(self) -> None:
        if self.shape.deep:
            with self.source.block(f"if depth >= {MAX_DEPTH}"):
                self.source.line("too_deep()")
            self.source.line("depth += 1")

    def let(self, expression: str) -> str:
        """A local variable for the value of an expression."""
        name = self.source.fresh("v")
        self.source.line(f"{name} = {expression}")
        return name

    def packer(self, letters: str) -> str:
        return self.source.bind("pack", fused(letters).pack)
