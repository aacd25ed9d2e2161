"""The image of a C struct in memory, in the machine's own byte order and alignment: the control that must fail.

Nothing describes the bytes, and nothing makes them the same on another machine. `order` writes or reads as a machine of
the other byte order would, with the same alignment, to show what becomes of them there.

A record is a struct: each member at the next multiple of its alignment, the whole padded to a multiple of the strictest
(System V ABI, section 3.1.2); padding is zero. Bool is _Bool, an integer intN_t or uintN_t, a float float or double, an
enum int32_t, a timestamp int64_t (microseconds since 1970), a UUID and bytes of a fixed length are arrays of unsigned
char, a list of a fixed length is an array, a nested record is a nested struct.

What has no fixed size is not carried: optional fields, text, lists and bytes of open length, maps, unions, decimals.

One `struct` call handles a whole record, its nested ones included; an array of records is one call for each.
"""

import struct
import sys
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, assert_never

from serschema.limits import Limits
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
    Ref,
    Schema,
    String,
    Timestamp,
    Type,
    Union,
    Uuid,
    fixed_length,
)

from sercodecs.contract import Carries, Claim, Codec, CodecInfo, EncodeError, Format, UnsupportedSchema, assemble
from sercodecs.quick import uuid_of
from sercodecs.source import Source

FORMAT = Format(
    name="struct-native",
    title="C struct image",
    specification="System V ABI; ISO/IEC 9899, section 6.7.2.1",
    history="As old as C: what programs sent before there were formats, and some still do.",
    textual=False,
    self_describing=False,
    byte_order="native",
    canonical=Claim(False, "ISO/IEC 9899, 6.2.6.1: padding has unspecified values"),
    evolution=Claim(False, "ISO/IEC 9899, 6.7.2.1: members stand at fixed places"),
    languages={
        "c": "struct",
        "cpp": "struct",
        "rust": "repr(C)",
    },
    carries=Carries(
        bool="_Bool",
        int="int8_t to uint64_t",
        float="float, double",
        string="-",
        bytes="unsigned char[n] of one length",
        enum="int32_t, its number",
        timestamp="int64_t, microseconds since 1970",
        uuid="unsigned char[16]",
        decimal="int64_t, the unscaled integer",
        list="array of one length",
        map="-",
        union="-",
        record="struct, members aligned",
        optional="-",
    ),
)

_ID = "struct-native/control"
_ORDERS = {"native": "<" if sys.byteorder == "little" else ">", "big": ">", "little": "<"}
_INTEGERS = {(8, True): "b", (8, False): "B", (16, True): "h", (16, False): "H",
             (32, True): "i", (32, False): "I", (64, True): "q", (64, False): "Q"}  # fmt: skip
_FLOATS = {32: "f", 64: "d"}
_LONGS = _INTEGERS | {(64, True): "l", (64, False): "L"}
_ALIGNMENT = {code: struct.calcsize(f"@b{code}") - struct.calcsize(f"@{code}") for code in "?bBhHiIlLqQfds"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _exact(length: int, found: Any) -> Any:
    if len(found) != length:
        raise EncodeError("$", f"a length of {len(found)}, not {length}")
    return found


def _ranged(least: int, most: int, found: int) -> int:
    if not least <= found <= most:
        raise ValueError(f"the integer {found} is not in {least}..{most}")
    return found


NAMES: dict[str, Any] = {
    "EPOCH": _EPOCH,
    "MICROSECOND": timedelta(microseconds=1),
    "uuid_of": uuid_of,
    "exact": _exact,
    "ranged": _ranged,
    "timedelta": timedelta,
}


@dataclass
class _Layout:
    """A struct so far: its `struct` format with the padding written out, and the arguments of its `pack`."""

    format: str = ""
    size: int = 0
    count: int = 0
    arguments: list[str] = field(default_factory=list)

    def align(self, alignment: int) -> None:
        gap = -self.size % alignment
        self.format += f"{gap}x" if gap else ""
        self.size += gap

    def add(self, code: str, argument: str, count: int = 1) -> str:
        """Append what takes `count` arguments; where its items start in what `unpack` returns."""
        start = self.count
        self.format += code
        self.size += struct.calcsize(f"@{code}")
        self.count += count
        self.arguments.append(argument)
        return str(start)


def compile(schema: Schema, /, *, order: str = "native", longs: bool = False) -> Codec:
    """The image in the byte order of this machine, or of another: `order` is `native`, `big` or `little`.

    With `longs`, 64 bits are this machine's `long`, as careless programs have it; the order is this machine's then.
    """
    source = Source(f"{_ID} {schema.root}")
    source.globals |= NAMES
    prefix, integers = ("@", _LONGS) if longs else (_ORDERS[order], _INTEGERS)
    root = _Generator(schema, source, prefix, integers).struct(Ref(schema.root), "$")
    encode, decode = source.build(f"pack_{root.name}", f"unpack_{root.name}")
    return assemble(schema, encode, decode, source=source.text())


@dataclass(frozen=True)
class _Struct:
    """A type that has its own functions: `pack_X(value)`, `unpack_X(data)` and, for an array, `unpack_all_X(data)`."""

    name: str
    size: int


@dataclass(frozen=True)
class _Scalar:
    """A `struct` code, and what converts a value (`{}`) to its item and back."""

    code: str
    out: str = "{}"
    into: str = "{}"


class _Generator:
    def __init__(self, schema: Schema, source: Source, prefix: str, integers: dict[tuple[int, bool], str]) -> None:
        self.schema = schema
        self.source = source
        self.prefix = prefix
        self.integers = integers
        self.structs: dict[Type, _Struct] = {}

    def struct(self, type_: Type, path: str) -> _Struct:
        """Generate the functions of a record, or of an array in an array, once."""
        if type_ in self.structs:
            return self.structs[type_]
        layout = _Layout()
        result = self.place(layout, type_, "value", path)
        name = type_.name if isinstance(type_, Ref) else self.source.fresh("array")
        whole = struct.Struct(self.prefix + layout.format)
        with self.source.function(f"pack_{name}(value)"):
            self.source.line(f"return {self.source.bind('pack', whole.pack)}({', '.join(layout.arguments)})")
        with self.source.function(f"unpack_{name}(data)"):
            self.source.line(f"items = {self.source.bind('unpack', whole.unpack)}(data)")
            self.source.line(f"return {result}")
        with self.source.function(f"unpack_all_{name}(data)"):
            self.source.line(f"return [{result} for items in {self.source.bind('unpack', whole.iter_unpack)}(data)]")
        self.structs[type_] = _Struct(name, layout.size)
        return self.structs[type_]

    def place(self, layout: _Layout, type_: Type, value: str, path: str) -> str:
        """Append a member to the struct; the expression that makes its value of `items`."""
        alignment = self.alignment(type_, path)
        layout.align(alignment)
        kind = self.schema.resolve(type_)
        match kind:
            case Record():
                made = []
                for member in kind.fields:
                    found = self.place(layout, member.type, f"{value}[{member.key!r}]", f"{path}.{member.key}")
                    made.append(f"{member.key!r}: {found}")
                layout.align(alignment)
                return f"{{{', '.join(made)}}}"
            case List():
                return self.array(layout, kind, value, path)
            case _:
                scalar = self.scalar(kind, path)
                item = layout.add(scalar.code, scalar.out.replace("{}", value))
                return scalar.into.replace("{}", f"items[{item}]")

    def array(self, layout: _Layout, kind: List, value: str, path: str) -> str:
        length = self.length(kind, path)
        item = self.schema.resolve(kind.item)
        held = f"exact({length}, {value})"
        if isinstance(item, Record | List):
            inner = self.struct(kind.item, f"{path}[]")
            start = layout.add(f"{length * inner.size}s", f"b''.join([pack_{inner.name}(item) for item in {held}])")
            return f"unpack_all_{inner.name}(items[{start}])"
        scalar = self.scalar(item, f"{path}[]")
        if scalar.out != "{}":
            held = f"[{scalar.out.replace('{}', 'item')} for item in {held}]"
        code = scalar.code * length if scalar.code.endswith("s") else f"{length}{scalar.code}"
        start = layout.add(code, f"*{held}", length)
        found = f"items[{start}:{int(start) + length}]"
        return f"list({found})" if scalar.into == "{}" else f"[{scalar.into.replace('{}', 'item')} for item in {found}]"

    def alignment(self, type_: Type, path: str) -> int:
        kind = self.schema.resolve(type_)
        match kind:
            case Record():
                if not kind.fields:
                    raise _unsupported("a record without fields", path)
                for member in kind.fields:
                    if member.optional:
                        raise _unsupported("an optional field", f"{path}.{member.key}")
                return max(self.alignment(member.type, f"{path}.{member.key}") for member in kind.fields)
            case List():
                self.length(kind, path)
                return self.alignment(kind.item, f"{path}[]")
            case _:
                return _ALIGNMENT[self.scalar(kind, path).code[-1]]

    def length(self, kind: Bytes | List, path: str) -> int:
        length = fixed_length(kind)
        if not length:
            raise _unsupported(
                f"{type(kind).__name__.lower()} of {'open length' if length is None else 'length 0'}", path
            )
        return length

    def scalar(self, kind: Kind, path: str) -> _Scalar:
        match kind:
            case Bool():
                return _Scalar("?")
            case Int():
                plain = Int(kind.bits, kind.signed)
                whole = (kind.lower, kind.upper) == (plain.lower, plain.upper)
                return _Scalar(
                    self.integers[kind.bits, kind.signed],
                    into="{}" if whole else f"ranged({kind.lower}, {kind.upper}, {{}})",
                )
            case Float():
                return _Scalar(_FLOATS[kind.bits])
            case Bytes():
                length = self.length(kind, path)
                return _Scalar(f"{length}s", out=f"exact({length}, {{}})")
            case Enum():
                numbers = self.source.bind("number_of", dict(kind.symbols))
                symbols = self.source.bind("symbol_of", {number: symbol for symbol, number in kind.symbols})
                return _Scalar("i", out=f"{numbers}[{{}}]", into=f"{symbols}[{{}}]")
            case Timestamp():
                return _Scalar("q", out="({} - EPOCH) // MICROSECOND", into="EPOCH + timedelta(microseconds={})")
            case Uuid():
                return _Scalar("16s", out="{}.bytes", into="uuid_of({})")
            case String() | Decimal() | Map() | Union():
                raise _unsupported(type(kind).__name__.lower(), path)
            case List() | Record():
                raise AssertionError(kind)
            case _:
                assert_never(kind)


def _unsupported(kind: str, path: str) -> UnsupportedSchema:
    return UnsupportedSchema(_ID, kind, path, "a C struct has a fixed size")


CODECS = (
    CodecInfo(
        format=FORMAT,
        implementation="control",
        distribution="serbench",
        language="Python",
        licence="MIT",
        limits=Limits(),
        validates=True,
        compile=compile,
        orders=("big", "little"),
        control=True,
        note="not for exchange",
    ),
)
