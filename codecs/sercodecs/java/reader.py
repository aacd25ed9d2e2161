"""Decoding: generated functions `read_X(data, p, st, H) -> (value, p)` for an object that begins at octet `p`.

`H` holds what each handle stands for: a class descriptor, a string, or for an object a tuple of its type's mark, its
value and its expanded size (and height, where types contain themselves); None while the object is still being read.
An object of a class that is described already begins with six known octets, which are compared as a whole. A descriptor
is matched by one regular expression per class; only where that fails is it taken apart, to accept fields in another
order or to say what is wrong.

The state `st`: `st[0]` is the size of what references stand for, `st[1]` its bound, `st[2]` the depth reached, `st[3]`
the orders of fields that are not the usual one, by class; from `st[4]` on the six octets of each class by its number.
"""

import re
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import MAX_EMAX, MIN_EMIN, Context
from decimal import Decimal as PyDecimal
from typing import Any, NoReturn, assert_never

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

from sercodecs.contract import DecodeError, decode_error
from sercodecs.java import text
from sercodecs.java.classes import (
    ARRAYS,
    BASE_HANDLE,
    BIG_DECIMAL,
    BIG_INTEGER,
    STREAM_HEADER,
    TC_BLOCKDATA,
    TC_CLASSDESC,
    TC_ENDBLOCKDATA,
    TC_LONGSTRING,
    TC_NULL,
    TC_REFERENCE,
    TC_RESET,
    TC_STRING,
    ClassDesc,
    is_primitive,
    stream_order,
    utf,
)
from sercodecs.java.shape import Shape, fused, title
from sercodecs.quick import uuid_of
from sercodecs.source import Source

CLASSES = 4
"""Where in the state the classes begin."""

SHARING = 64
"""How many times its data a value may be large, once all that is shared in it is written out."""

# Section 6.4.2, from 0x70 on.
_NAMES = """
NULL REFERENCE CLASSDESC OBJECT STRING ARRAY CLASS BLOCKDATA ENDBLOCKDATA RESET BLOCKDATALONG EXCEPTION LONGSTRING
PROXYCLASSDESC ENUM
"""
TYPE_CODES = {code: f"TC_{name}" for code, name in enumerate(_NAMES.split(), start=0x70)}


def generate(shape: Shape, source: Source) -> None:
    """Add `decode` and what it calls to the source."""
    _Reader(shape, source).generate()


# What the generated source calls.

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_EXACT = Context(prec=1001, Emax=MAX_EMAX, Emin=MIN_EMIN)
_code_int = struct.Struct(">Bi").unpack_from
_code_short = struct.Struct(">BH").unpack_from
_int = struct.Struct(">i").unpack_from
_long = struct.Struct(">q").unpack_from
_instant = struct.Struct(">BBBqiB").unpack_from
_decimal_parts = struct.Struct(">6si6s16xi6si")  # a BigDecimal's scale, a BigInteger's signum, its magnitude's length
_map = struct.Struct(">fiBBii").unpack_from


def _fail(reason: str, p: int) -> NoReturn:
    raise DecodeError(reason, p)


def _unexpected(data: bytes, p: int, expected: str) -> NoReturn:
    found = TYPE_CODES.get(data[p], f"octet {data[p]:02x}")
    raise DecodeError(f"{found} where {expected} is expected", p)


def _failure(error: Exception, data: bytes) -> DecodeError:
    if isinstance(error, (IndexError, struct.error)):
        return DecodeError("the data ends within a value", len(data))
    return decode_error(error)


def _start(data: bytes) -> int:
    """Where the object begins: after the header, and resets, which mean nothing there."""
    if data[:4] != STREAM_HEADER:
        raise DecodeError("not a Java object stream of version 5: it begins with ac ed 00 05", 0)
    p = 4
    while data[p : p + 1] == TC_RESET:
        p += 1
    return p


def _finish(data: bytes, p: int) -> None:
    if p > len(data):
        raise DecodeError("the data ends within a value", len(data))
    raise DecodeError(f"{len(data) - p} octets after the object", p)


def _referred(data: bytes, p: int, H: list[Any]) -> Any:
    """What the reference at `p` means."""
    handle = _code_int(data, p)[1] - BASE_HANDLE
    if not 0 <= handle < len(H):
        raise DecodeError("a reference to a handle that is not given yet", p)
    if H[handle] is None:
        raise DecodeError("a reference to an object that is not complete: the value would contain itself", p)
    return H[handle]


def _shared(data: bytes, p: int, st: list[Any], H: list[Any], mark: object) -> tuple[Any, int]:
    """The object that the reference at `p` means, if it is one of the type of this mark."""
    entry = _referred(data, p, H)
    if type(entry) is not tuple or entry[0] != mark:
        raise DecodeError("a reference to an object of another type", p)
    if len(entry) > 2:
        _expand(st, entry[2], p)
    return entry[1], p + 5


def _shared_deep(data: bytes, p: int, st: list[Any], H: list[Any], depth: int, mark: object) -> tuple[Any, int]:
    """The same where types contain themselves: the object may stand deeper than where it was read."""
    value, after = _shared(data, p, st, H, mark)
    reached = depth + _referred(data, p, H)[3]
    if reached > MAX_DEPTH:
        _too_deep(p)
    st[2] = max(st[2], reached)
    return value, after


def _expand(st: list[Any], size: int, p: int) -> None:
    st[0] += size
    if st[0] > st[1]:
        raise DecodeError(f"references make the value more than {SHARING} times as large as its data", p)


def _too_deep(p: int) -> NoReturn:
    raise DecodeError(f"more than {MAX_DEPTH} levels of nesting", p)


def _other_string(data: bytes, p: int, st: list[Any], H: list[Any]) -> tuple[str, int]:
    """A string that is not a TC_STRING."""
    code = data[p : p + 1]
    if code == TC_REFERENCE:
        entry = _referred(data, p, H)
        if type(entry) is not str:
            raise DecodeError("a reference to an object of another type", p)
        _expand(st, len(entry), p)
        return entry, p + 5
    if code != TC_LONGSTRING:
        _unexpected(data, p, "a string")
    (length,) = _long(data, p + 1)
    if not 0 <= length <= len(data) - p - 9:
        raise DecodeError(f"a string of {length} octets", p)
    value = text.decode(data[p + 9 : p + 9 + length], p)
    H.append(value)
    return value, p + 9 + length


def _string(data: bytes, p: int, st: list[Any], H: list[Any]) -> tuple[str, int]:
    code, length = _code_short(data, p)
    if code != TC_STRING[0]:
        return _other_string(data, p, st, H)
    value = text.decode(data[p + 3 : p + 3 + length], p)
    H.append(value)
    return value, p + 3 + length


def _length(data: bytes, p: int, width: int) -> int:
    """The number of elements of the array at `p`; there is enough data for them."""
    (count,) = _int(data, p)
    if not 0 <= count * width <= len(data) - p - 4:
        raise DecodeError(f"an array of {count} elements", p)
    return int(count)


def _check_length(found: int, least: int, most: int | None, p: int) -> None:
    if found < least or (most is not None and found > most):
        raise DecodeError(f"length {found} is not in {least}..{'' if most is None else most}", p)


Opened = Callable[[bytes, int, list[Any], list[Any], int], int]


@dataclass(frozen=True, slots=True)
class _Learned:
    """A descriptor as it was read at some handle: its octets, what they refer to before it, its entries in `H`."""

    octets: bytes
    refers: list[tuple[int, Any]]
    entries: list[Any]
    begins: bytes


LEARNED = 64
"""How many `_Learned` are kept of a class. In messages of one shape a class is described at the same handle again."""


def _opened(classes: list[ClassDesc]) -> Opened:
    """The function that reads how an instance begins, where it is not with the six octets that are known."""
    patterns = [re.compile(_pattern(described), re.DOTALL) for described in classes]
    memory: list[dict[int, _Learned]] = [{} for _ in classes]

    def opened(data: bytes, p: int, st: list[Any], H: list[Any], slot: int) -> int:
        described = classes[slot - CLASSES]
        if data[p : p + 1] != described.tag:
            _unexpected(data, p, f"an object of {described.name}")
        if data[p + 1 : p + 2] == TC_REFERENCE:
            known = _referred(data, p + 1, H)
            if known != described:
                found = f"an object of {known.name}" if isinstance(known, ClassDesc) else "no class"
                raise DecodeError(f"{found} where {described.name} is expected", p)
            return p + 6
        if st[slot] is not None or slot in st[3]:
            raise DecodeError(f"{described.name} is described twice", p)
        handle = len(H)
        learned = memory[slot - CLASSES]
        before = learned.get(handle)
        if before and data.startswith(before.octets, p + 1) and all(H[i] == entry for i, entry in before.refers):
            H += before.entries
            st[slot] = before.begins
            return p + 1 + len(before.octets)
        match = patterns[slot - CLASSES].match(data, p + 1)
        if match is None:
            end, st[3][slot] = _take_apart(data, p + 1, described, st, H)
            return end
        refers = [refer for refer in _learn(described, iter(match.groups()), H, p) if refer[0] < handle]
        st[slot] = described.tag + TC_REFERENCE + struct.pack(">i", BASE_HANDLE + handle)
        if len(learned) < LEARNED:
            learned[handle] = _Learned(match[0], refers, H[handle:], st[slot])
        return match.end()

    return opened


def _pattern(described: ClassDesc) -> bytes:
    """A regular expression for a descriptor; its groups are handles of what is in the stream already."""
    pattern = b""
    for octets, type_string in described.segments:
        pattern += re.escape(octets)
        if type_string:
            pattern += b"(?:q(....)|" + re.escape(TC_STRING + utf(type_string)) + b")"
    parent = described.parent
    return pattern + (TC_NULL if parent is None else b"(?:q(....)|" + _pattern(parent) + b")")


def _learn(
    described: ClassDesc, groups: Iterator[bytes | None], H: list[Any], p: int
) -> Iterator[tuple[int, str | ClassDesc]]:
    """Give the handles of a descriptor that was matched; yield, checked, those that it refers to."""
    H.append(described)
    for _, type_string in described.segments[:-1]:
        if handle := next(groups):
            yield _check(handle, type_string, H, p)
        else:
            H.append(type_string)
    if described.parent is not None:
        if handle := next(groups):
            yield _check(handle, described.parent, H, p)
        else:
            yield from _learn(described.parent, groups, H, p)


def _check(handle: bytes, expected: str | ClassDesc, H: list[Any], p: int) -> tuple[int, str | ClassDesc]:
    if _referred(TC_REFERENCE + handle, 0, H) != expected:
        raise DecodeError("a class descriptor that refers to something else than its types", p)
    return int.from_bytes(handle, "big") - BASE_HANDLE, expected


def _take_apart(data: bytes, p: int, described: ClassDesc, st: list[Any], H: list[Any]) -> tuple[int, tuple[str, ...]]:
    """Read a descriptor that is not as `ObjectStreamClass` writes it: where it ends, and the order of its fields."""
    if data[p : p + 1] != TC_CLASSDESC:
        _unexpected(data, p, f"the class {described.name}")
    (length,) = struct.unpack_from(">H", data, p + 1)
    at = p + 3 + length
    name = data[p + 3 : at].decode("utf-8", "replace")
    uid, flags, count = struct.unpack_from(">qBH", data, at)
    if name != described.name:
        raise DecodeError(f"an object of {name[:80]!r} where {described.name} is expected", p)
    if uid != described.uid:
        raise DecodeError(f"{name} has serialVersionUID {uid} in the stream and {described.uid} here", p)
    own = described.name.isidentifier() and described.parent is None
    if not own or flags != described.flags or count != len(described.fields):
        raise DecodeError(f"{name} is not described as the JDK's or the schema's class of this name", p)
    H.append(described)
    at += 11
    fields = []
    for _ in range(count):
        code, length = struct.unpack_from(">BH", data, at)
        field = data[at + 3 : at + 3 + length].decode("ascii", "replace")
        at += 3 + length
        type_string = chr(code)
        if not is_primitive(type_string):
            type_string, at = _string(data, at, st, H)
            if type_string[:1] != chr(code):
                raise DecodeError(f"{name}.{field} has type code {chr(code)!r} and type {type_string!r}", p)
        fields.append((field, type_string))
    if sorted(fields) != sorted(described.fields) or data[at : at + 2] != TC_ENDBLOCKDATA + TC_NULL:
        raise DecodeError(f"{name} does not have the fields of the schema", p)
    primitives = [is_primitive(type_string) for _, type_string in fields]
    if primitives != sorted(primitives, reverse=True):
        raise DecodeError(f"{name} has primitive fields after objects", p)
    return at + 2, tuple(field for field, _ in fields)


def _value_of(
    data: bytes, p: int, st: list[Any], H: list[Any], slot: int, opened: Opened, unpack: Callable[..., Any], size: int
) -> tuple[Any, int]:
    """A box: its number as it is in Java."""
    if data[p] == TC_REFERENCE[0]:
        return _shared(data, p, st, H, slot)
    p = p + 6 if data[p : p + 6] == st[slot] else opened(data, p, st, H, slot)
    (value,) = unpack(data, p)
    H.append((slot, value))
    return value, p + size


def _read_instant(data: bytes, p: int, H: list[Any], slot: int) -> tuple[datetime, int]:
    """The block data of `java.time.Ser`."""
    block, size, kind, seconds, nanos, end = _instant(data, p)
    if (block, size, kind, end) != (TC_BLOCKDATA[0], 13, 2, TC_ENDBLOCKDATA[0]) or not 0 <= nanos < 1_000_000_000:
        raise DecodeError("not an Instant as java.time.Ser writes it", p)
    if nanos % 1000:
        raise DecodeError(f"an Instant of {nanos} nanoseconds, which are not whole microseconds", p)
    value = _EPOCH + (seconds * 1_000_000 + nanos // 1000) * _MICROSECOND
    H.append((slot, value))
    return value, p + 16


def _decimal(
    precision: int, scale: int, opened: Opened, decimal: int, integer: int, array: int
) -> Callable[[bytes, int, list[Any], list[Any]], tuple[PyDecimal, int]]:
    """The function that reads a BigDecimal. Given are the slots of its class, of BigInteger's and of byte[]'s."""
    bound = 10**precision
    unit = PyDecimal(1).scaleb(-scale, _EXACT)
    multiply, from_bytes = _EXACT.multiply, int.from_bytes
    unpack, size = _decimal_parts.unpack_from, _decimal_parts.size
    ends, magnitude_mark = TC_ENDBLOCKDATA * 2, ("magnitude",)

    def enter(data: bytes, p: int, st: list[Any], H: list[Any], slot: int) -> int:
        return p + 6 if data[p : p + 6] == st[slot] else opened(data, p, st, H, slot)

    def big_integer(data: bytes, p: int, st: list[Any], H: list[Any]) -> tuple[int, int]:
        if data[p] == TC_REFERENCE[0]:
            return _shared(data, p, st, H, integer)
        p = enter(data, p, st, H, integer) + 20
        handle = len(H)
        H.append(None)
        (signum,) = _int(data, p - 4)
        p = enter(data, p, st, H, array)
        length = _length(data, p, 1)
        p += 4
        magnitude = int.from_bytes(data[p : p + length], "big")
        p += length
        H.append(magnitude_mark)
        if signum not in (-1, 0, 1) or (signum == 0) != (magnitude == 0):
            raise DecodeError(f"a BigInteger of signum {signum} that its magnitude contradicts", p)
        if data[p] != TC_ENDBLOCKDATA[0]:
            _unexpected(data, p, "the end of a BigInteger")
        H[handle] = (integer, signum * magnitude, length)
        return signum * magnitude, p + 1

    def read(data: bytes, p: int, st: list[Any], H: list[Any]) -> tuple[PyDecimal, int]:
        if len(data) - p > size:  # all at once, where the three objects are new and their classes known
            first, found, second, signum, third, length = unpack(data, p)
            end = p + size + length
            if (
                (first, second, third) == (st[decimal], st[integer], st[array])
                and found == scale
                and 0 <= length <= precision
                and data[end : end + 2] == ends
            ):
                magnitude = from_bytes(data[end - length : end], "big")
                if magnitude < bound and (signum in (-1, 1) if magnitude else signum == 0):
                    unscaled = signum * magnitude
                    H += ((decimal, (unscaled, scale), end + 2 - p), (integer, unscaled, length), magnitude_mark)
                    return multiply(unscaled, unit), end + 2
        start = p
        if data[p] == TC_REFERENCE[0]:
            (unscaled, found), p = _shared(data, p, st, H, decimal)
            return value(unscaled, found, p), p
        p = enter(data, p, st, H, decimal) + 4
        handle = len(H)
        H.append(None)
        (found,) = _int(data, p - 4)
        unscaled, p = big_integer(data, p, st, H)
        if data[p] != TC_ENDBLOCKDATA[0]:
            _unexpected(data, p, "the end of a BigDecimal")
        p += 1
        H[handle] = (decimal, (unscaled, found), p - start)
        return value(unscaled, found, p), p

    def value(unscaled: int, found: int, p: int) -> PyDecimal:
        if found != scale or not -bound < unscaled < bound:
            raise DecodeError(f"not a decimal of {precision} digits, {scale} of them decimals", p)
        return multiply(unscaled, unit)

    return read


_RUNTIME: dict[str, Any] = {
    "uuid_of": uuid_of,
    "check_length": _check_length,
    "code_short": _code_short,
    "fail": _fail,
    "failure": _failure,
    "finish": _finish,
    "length_at": _length,
    "map_at": _map,
    "other_string": _other_string,
    "read_instant": _read_instant,
    "shared": _shared,
    "shared_deep": _shared_deep,
    "start": _start,
    "string": _string,
    "text": text.decode,
    "too_deep": _too_deep,
    "unexpected": _unexpected,
    "unpack_from": struct.unpack_from,
    "value_of": _value_of,
}


class _Reader:
    """Writes the functions, one for each type that stands where an object does."""

    def __init__(self, shape: Shape, source: Source) -> None:
        self.shape = shape
        self.schema = shape.schema
        self.source = source
        self.functions: dict[Type, str] = {}
        self.waiting: list[Type] = []

    def generate(self) -> None:
        source, shape = self.source, self.shape
        source.globals |= _RUNTIME
        # The classes are all known already, as the writer has met every type.
        source.globals["opened"] = self.opened = _opened(shape.classes)
        root = self.function(Ref(self.schema.root))
        while self.waiting:
            self.function_of(self.waiting.pop())
        with source.function("decode(data)"):
            with source.block("try"):
                unseen = f"[None] * {len(shape.classes)}"
                source.line(f"st = [0, {SHARING} * len(data), 0, {{}}, *{unseen}]")
                source.line(f"value, p = {root}(data, start(data), st, []{', 0' * shape.deep})")
                with source.block("if p != len(data)"):
                    source.line("finish(data, p)")
                source.line("return value")
            with source.block("except Exception as error"):
                source.line("raise failure(error, data) from error")

    def function(self, type_: Type) -> str:
        """The name of the function for a type, which is written later if it is not yet."""
        if type_ not in self.functions:
            kind = self.schema.resolve(type_)
            if isinstance(kind, Decimal):
                self.functions[type_] = self.decimal(kind)
            else:
                self.functions[type_] = self.source.fresh(f"read_{title(type_)}")
                self.waiting.append(type_)
        return self.functions[type_]

    def counts(self, type_: Type) -> bool:
        return self.shape.deep and isinstance(self.schema.resolve(type_), (List, Map, Union, Record))

    def slot(self, type_: Type) -> int:
        return CLASSES + self.shape.class_number(type_)

    # One function per type.

    def function_of(self, type_: Type) -> None:
        """The function for values of a type that is an object in Java."""
        kind = self.schema.resolve(type_)
        name = self.functions[type_]
        with self.source.function(f"{name}(data, p, st, H{', depth' * self.counts(type_)})"):
            match kind:
                case Bool() | Int() | Float():
                    self.boxed(kind)
                case String():
                    raise AssertionError("a string is read in place")
                case Bytes():
                    self.octets(kind)
                case Enum():
                    self.enum(kind)
                case Timestamp():
                    self.begin(kind, self.slot(kind))
                    self.source.line(f"return read_instant(data, p, H, {self.slot(kind)})")
                case Uuid():
                    self.begin(kind, self.slot(kind))
                    self.source.line("value = uuid_of(data[p + 8 : p + 16] + data[p : p + 8])")
                    self.source.line(f"H.append(({self.slot(kind)}, value))")
                    self.source.line("return value, p + 16")
                case Decimal():
                    raise AssertionError("a decimal is read by a closure")
                case List():
                    self.sequence(kind)
                case Map():
                    self.mapping(kind)
                case Union() | Record():
                    self.fields(kind, type_)
                case _:
                    assert_never(kind)
        if isinstance(kind, (Union, Record)):
            with self.source.function(f"{name}_in_order(data, p, st, H{', depth' * self.counts(type_)})"):
                self.fields(kind, type_, any_order=True)

    def begin(self, type_: Type, mark: object, *, reordered: str = "") -> None:
        """Read how an instance begins; return the shared one if it is a reference."""
        slot = self.slot(type_)
        with self.source.block(f"if data[p : p + 6] == st[{slot}]"):
            self.source.line("p += 6")
        with self.source.block(f"elif data[p] == {TC_REFERENCE[0]}"):
            if self.counts(type_):
                self.source.line(f"return shared_deep(data, p, st, H, depth, {mark!r})")
            else:
                self.source.line(f"return shared(data, p, st, H, {mark!r})")
        with self.source.block("else"):
            self.source.line(f"p = opened(data, p, st, H, {slot})")
            if reordered:
                with self.source.block(f"if {slot} in st[3]"):
                    self.source.line(f"return {reordered}(data, p, st, H{', depth' * self.counts(type_)})")

    def container(self, type_: Type) -> None:
        """Reserve the handle of an object that holds others, and remember where counting starts."""
        self.source.line("before = st[0] + p")
        self.source.line("handle = len(H)")
        self.source.line("H.append(None)")
        if self.counts(type_):
            self.source.line("reached = st[2]")
            if isinstance(self.schema.resolve(type_), (Union, Record)):
                with self.source.block(f"if depth >= {MAX_DEPTH}"):
                    self.source.line("too_deep(p)")
                self.source.line("depth += 1")
            self.source.line("st[2] = depth")

    def complete(self, type_: Type, mark: object) -> None:
        """Let the handle mean the object from now on."""
        if self.counts(type_):
            own = isinstance(self.schema.resolve(type_), (Union, Record))
            self.source.line(f"H[handle] = ({mark!r}, value, st[0] + p - before, st[2] - depth{' + 1' * own})")
            with self.source.block("if reached > st[2]"):
                self.source.line("st[2] = reached")
        else:
            self.source.line(f"H[handle] = ({mark!r}, value, st[0] + p - before)")
        self.source.line("return value, p")

    def boxed(self, kind: Bool | Int | Float) -> None:
        letter = self.shape.letter(kind).lower()
        number = f"{self.unpacker(letter)}, {fused(letter).size}"
        self.source.line(f"value, p = value_of(data, p, st, H, {self.slot(kind)}, opened, {number})")
        if isinstance(kind, Int) and not kind.signed:
            self.source.line(f"value &= {(1 << kind.bits) - 1}")
        self.check(kind, "value")
        self.source.line("return value, p")

    def octets(self, kind: Bytes) -> None:
        self.begin(kind, "bytes")
        self.source.line("count = length_at(data, p, 1)")
        self.bounds("count", kind.min_length, kind.max_length)
        self.source.line("p += 4")
        self.source.line("value = data[p : p + count]")
        self.source.line("H.append(('bytes', value, count))")
        self.source.line("return value, p + count")

    def enum(self, kind: Enum) -> None:
        type_ = Ref(kind.name)
        symbols = self.source.bind("symbols", {java: symbol for symbol, java in idl.constants(kind).items()})
        self.begin(type_, self.slot(type_))
        self.source.line("handle = len(H)")
        self.source.line("H.append(None)")
        self.source.line("name, p = string(data, p, st, H)")
        self.source.line(f"value = {symbols}.get(name)")
        with self.source.block("if value is None"):
            self.source.line(f"fail(f'{{name[:80]!r}} is not a constant of {kind.name}', p)")
        self.source.line(f"H[handle] = ({self.slot(type_)}, value)")
        self.source.line("return value, p")

    def decimal(self, kind: Decimal) -> str:
        slots = [CLASSES + self.shape.number(one) for one in (BIG_DECIMAL, BIG_INTEGER, ARRAYS["B"])]
        name = f"read_decimal_{kind.precision}_{kind.scale}"
        self.source.globals[name] = _decimal(kind.precision, kind.scale, self.opened, *slots)
        return name

    def sequence(self, kind: List) -> None:
        mark = self.functions[kind]
        self.begin(kind, mark)
        item = self.schema.resolve(kind.item)
        if isinstance(item, (Bool, Int, Float)):
            letter = self.shape.letter(kind.item)
            width = fused(letter).size
            self.source.line(f"count = length_at(data, p, {width})")
            self.bounds("count", kind.min_length, kind.max_length)
            self.source.line(f"value = list(unpack_from(f'>{{count}}{letter}', data, p + 4))")
            if isinstance(item, Int) and self.shape.outside(kind.item, "value"):
                with self.source.block(f"if value and (min(value) < {item.lower} or max(value) > {item.upper})"):
                    self.source.line(f"fail('an integer that is not in {item.lower}..{item.upper}', p)")
            height = ", 0" * self.counts(kind)
            self.source.line(f"H.append(({mark!r}, value, count{height}))")
            self.source.line(f"return value, p + 4 + count * {width}")
            return
        self.container(kind)
        self.source.line(f"count, block, size, _ = {self.unpacker('iBBi')}(data, p)")
        with self.source.block(f"if count < 0 or block != {TC_BLOCKDATA[0]} or size != 4"):
            self.source.line("fail('not the size of an ArrayList', p)")
        self.bounds("count", kind.min_length, kind.max_length)
        self.source.line("p += 10")
        self.source.line("value = []")
        with self.source.block("for _ in range(count)"):
            self.value(kind.item, "item")
            self.source.line("value.append(item)")
        with self.source.block(f"if data[p] != {TC_ENDBLOCKDATA[0]}"):
            self.source.line("unexpected(data, p, 'the end of an ArrayList')")
        self.source.line("p += 1")
        self.complete(kind, mark)

    def mapping(self, kind: Map) -> None:
        mark = self.functions[kind]
        self.begin(kind, mark)
        self.container(kind)
        self.source.line("load, _, block, size, _, count = map_at(data, p)")
        with self.source.block(f"if not load > 0 or count < 0 or block != {TC_BLOCKDATA[0]} or size != 8"):
            self.source.line("fail('not the size of a LinkedHashMap', p)")
        self.source.line("p += 18")
        self.source.line("value = {}")
        with self.source.block("for _ in range(count)"):
            self.value(kind.key, "key")
            self.value(kind.value, "item")
            self.source.line("value[key] = item")
        with self.source.block(f"if data[p] != {TC_ENDBLOCKDATA[0]} or data[p + 1] > 1"):
            self.source.line("unexpected(data, p, 'the end of a LinkedHashMap')")
        with self.source.block("if len(value) != count"):
            self.source.line("fail('a map with a key twice', p)")
        self.source.line("p += 2")
        self.complete(kind, mark)

    def fields(self, kind: Union | Record, type_: Type, *, any_order: bool = False) -> None:
        """An object of our own classes. `any_order`: its fields are in the order that its descriptor gives."""
        slot = self.slot(type_)
        members = stream_order(self.schema, kind)
        variables = {member.name: self.source.fresh("v") for member in members}
        if not any_order:
            self.begin(type_, slot, reordered=f"{self.functions[type_]}_in_order")
        self.container(type_)
        primitives = [member for member in members if is_primitive(member.descriptor)]
        if any_order:
            with self.source.block(f"for field in st[3][{slot}]"):
                for i, member in enumerate(members):
                    with self.source.block(f"{'el' * (i > 0)}if field == {member.name!r}"):
                        if member in primitives:
                            self.primitives([member], variables)
                        else:
                            self.member(member, variables[member.name])
        else:
            if primitives:
                self.primitives(primitives, variables)
            for member in members[len(primitives) :]:
                self.member(member, variables[member.name])
        if isinstance(kind, Union):
            self.source.line("value = {}")
        else:
            required = [m for m in members if not m.nullable]
            held = ", ".join(f"{member.field.key!r}: {variables[member.name]}" for member in required)
            self.source.line(f"value = {{{held}}}")
        for member in members:
            if member.nullable:
                with self.source.block(f"if {variables[member.name]} is not None"):
                    self.source.line(f"value[{member.field.key!r}] = {variables[member.name]}")
        if isinstance(kind, Union):
            with self.source.block("if len(value) != 1"):
                self.source.line(f"fail(f'{{len(value)}} alternatives of {kind.name}', p)")
        self.complete(type_, slot)

    # Within a function.

    def primitives(self, members: list[idl.Member], variables: dict[str, str]) -> None:
        letters = "".join(self.shape.letter(member.field.type) for member in members)
        held = "".join(f"{variables[member.name]}, " for member in members).rstrip(" " if len(members) == 1 else ", ")
        self.source.line(f"({held}) = {self.unpacker(letters)}(data, p)")
        self.source.line(f"p += {fused(letters).size}")
        for member in members:
            self.check(member.field.type, variables[member.name])

    def member(self, member: idl.Member, variable: str) -> None:
        if not member.nullable:
            self.value(member.field.type, variable)
            return
        with self.source.block(f"if data[p] == {TC_NULL[0]}"):
            self.source.line(f"{variable} = None")
            self.source.line("p += 1")
        with self.source.block("else"):
            self.value(member.field.type, variable)

    def value(self, type_: Type, variable: str) -> None:
        """Read a value where an object stands: a string in place, else by a call."""
        kind = self.schema.resolve(type_)
        if not isinstance(kind, String):
            depth = ", depth" * self.counts(type_)
            self.source.line(f"{variable}, p = {self.function(type_)}(data, p, st, H{depth})")
            return
        self.source.line("code, size = code_short(data, p)")
        with self.source.block(f"if code == {TC_STRING[0]}"):
            self.source.line("end = p + 3 + size")
            self.source.line("octets = data[p + 3 : end]")
            self.source.line(f"{variable} = octets.decode() if octets.isascii() else text(octets, p)")
            self.source.line(f"H.append({variable})")
            self.source.line("p = end")
        with self.source.block("else"):
            self.source.line(f"{variable}, p = other_string(data, p, st, H)")
        if kind.max_length is not None:
            self.bounds(f"len({variable})", 0, kind.max_length)

    def check(self, type_: Type, value: str) -> None:
        if outside := self.shape.outside(type_, value):
            kind = self.schema.resolve(type_)
            assert isinstance(kind, Int)
            with self.source.block(f"if {outside}"):
                self.source.line(f"fail(f'integer {{{value}}} is not in {kind.lower}..{kind.upper}', p)")

    def bounds(self, found: str, least: int, most: int | None) -> None:
        if least or most is not None:
            self.source.line(f"check_length({found}, {least}, {most}, p)")

    def unpacker(self, letters: str) -> str:
        return self.source.bind("unpack", fused(letters).unpack_from)
