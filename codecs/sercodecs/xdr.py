"""XDR, External Data Representation: RFC 4506 (2006), the encoding of ONC RPC and NFS.

Everything is a multiple of four octets, most significant octet first; nothing but the data is written, so both sides
need the schema. The kinds, with the sections of RFC 4506:

- Bool: bool (4.4). Int: int, unsigned int (4.1, 4.2; 8 and 16 bits too, as XDR has none), hyper (4.5). Float: float,
  double (4.6, 4.7). Enum: enum (4.3), the number.
- String: string<> in UTF-8 (4.11). Bytes: opaque[n] where the length is fixed (4.9), else opaque<> (4.10).
- Timestamp: hyper, microseconds since 1970. Uuid: opaque[16]. Decimal: its unscaled integer, a hyper up to 18 digits,
  else opaque<>, the shortest two's complement.
- List: fixed-length (4.12) or variable-length array (4.13). Map: array of structures of key and value.
- Union: discriminated union (4.15) over an unsigned int, the alternative's number. Record: structure (4.14); one
  without fields is an int 0, as XDR has no empty structure. Optional field: optional-data (4.19), also the recursion.

Padding that is not zero, booleans and enums out of range, lengths beyond the data or the schema, a map's key given
twice, and octets after the end are errors. Nothing is lost.

Both directions are generated source: fixed-size neighbours become one `struct` call, whichever records they stand in; a
string's or array's length joins the call before it; records that do not contain themselves are written in place.
"""

import struct
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Context
from decimal import Decimal as PyDecimal
from functools import cache
from itertools import chain
from typing import Any, NoReturn, assert_never
from uuid import UUID, SafeUUID

from serschema.limits import Limits
from serschema.model import (
    MAX_DEPTH,
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

from sercodecs.contract import Codec, CodecInfo, DecodeError, EncodeError, Format, decode_error, encode_error
from sercodecs.source import Source

FORMAT = Format(
    name="xdr",
    title="XDR",
    specification="RFC 4506",
    textual=False,
    self_describing=False,
    byte_order="big",
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
EXACT = Context(prec=1000)
ZEROS = b"\0\0\0"
"""The most padding there is. Padding that is all zero is not greater, any other is."""

TABLE = 256
"""Opaques shorter than this find their `struct` function in a table."""

INLINE = 48
"""A record of more leaves than this has a function of its own, so that source does not grow with every use."""


def compile(schema: Schema) -> Codec:
    """Specialise for a schema; every schema can be carried."""
    shape = _Shape(schema)
    source = Source(f"xdr {schema.root}")
    source.globals |= _RUNTIME
    source.globals["SCHEMA"] = schema
    _Writer(shape, source).generate()
    _Reader(shape, source).generate()
    encode, decode = source.build("encode", "decode")
    return Codec(encode=encode, decode=decode, source=source.text())


# What the generated source calls.


class _Table(dict[int, Any]):
    """Number to value; a number that is not there is an error of the data."""

    def __init__(self, what: str, entries: dict[int, Any]) -> None:
        super().__init__(entries)
        self.what = what

    def __missing__(self, number: int) -> NoReturn:
        raise DecodeError(f"{number} is not a value of {self.what}")


@cache
def _sized(method: str, before: str, after: str) -> tuple[list[Any], Callable[[int], Any]]:
    """The `struct` functions for an opaque with the slots around it: a table by its length, and how to make others.

    Padding is packed as zeros, but unpacked as octets of its own, to be checked.
    """
    filler = "x" if method == "pack" else "s"

    def make(length: int) -> Any:
        return getattr(struct.Struct(f">{before}{length}s{-length % 4}{filler}{after}"), method)

    return [make(length) for length in range(TABLE)], make


def _bind_sized(source: Source, method: str, before: str, after: str, length: str) -> str:
    """The expression for the `struct` function of an opaque whose length has that name."""
    table, make = _sized(method, before, after)
    filler = "x" if method == "pack" else "s"
    note = f"struct.Struct(f'>{before}{{n}}s{{-n % 4}}{filler}{after}').{method}"
    short = source.bind(method, table, f"[{note} for n in range({TABLE})]")
    long = source.bind(f"{method}_long", make, f"lambda n: {note}")
    return f"({short}[{length}] if {length} < {TABLE} else {long}({length}))"


def _decode_failure(error: Exception, data: bytes) -> DecodeError:
    if isinstance(error, struct.error):
        return DecodeError("the data ends within a value", len(data))
    return decode_error(error)


def _octets(value: bytes, length: int) -> bytes:
    if len(value) != length:
        raise EncodeError("$", f"{len(value)} octets where there are always {length}")
    return value


def _bad_length(items: list[Any], length: int) -> NoReturn:
    raise EncodeError("$", f"{len(items)} items where there are always {length}")


def _out_of_range(value: int, lower: int, upper: int) -> NoReturn:
    raise DecodeError(f"integer {value} is not in {lower}..{upper}")


def _bad_padding(pos: int | None = None) -> NoReturn:
    raise DecodeError("padding that is not zero", pos)


def _at_most(text: str, length: int) -> str:
    if len(text) > length:
        raise DecodeError(f"string of {len(text)} characters, at most {length} allowed")
    return text


def _unscaled(value: PyDecimal, scale: int) -> int:
    return int(value.scaleb(scale, EXACT))


def _scaled(unscaled: int, precision: int, scale: int) -> PyDecimal:
    if not -(10**precision) < unscaled < 10**precision:
        raise DecodeError(f"decimal of more than {precision} digits")
    return PyDecimal(unscaled).scaleb(-scale, EXACT)


def _twos_complement(value: int) -> bytes:
    return value.to_bytes((value if value >= 0 else ~value).bit_length() // 8 + 1, "big", signed=True)


def _from_twos_complement(data: bytes, precision: int, scale: int) -> PyDecimal:
    if len(data) > precision:  # a decimal digit is less than half an octet; str() of more would take quadratic time
        raise DecodeError(f"decimal of {len(data)} octets for {precision} digits")
    unscaled = int.from_bytes(data, "big", signed=True)
    if data != _twos_complement(unscaled):
        raise DecodeError("integer of a decimal that is not the shortest")
    return _scaled(unscaled, precision, scale)


def _uuid(octets: bytes) -> UUID:
    """UUID(bytes=octets) without its five checks, which take longer than all the rest."""
    uuid: UUID = _new(UUID)
    _set(uuid, "int", int.from_bytes(octets, "big"))
    _set(uuid, "is_safe", SafeUUID.unknown)
    return uuid


_new: Any = object.__new__
_set = object.__setattr__


_RUNTIME: dict[str, Any] = {
    "DecodeError": DecodeError,
    "EPOCH": EPOCH,
    "MICROSECOND": MICROSECOND,
    "ZEROS": ZEROS,
    "BOOL": _Table("bool", {0: False, 1: True}),
    "chain": chain.from_iterable,
    "decode_failure": _decode_failure,
    "encode_error": encode_error,
    "pack": struct.pack,
    "timedelta": timedelta,
    "unpack_from": struct.unpack_from,
    "twos_complement": _twos_complement,
    "from_twos_complement": _from_twos_complement,
    "out_of_range": _out_of_range,
    "octets": _octets,
    "bad_length": _bad_length,
    "at_most": _at_most,
    "bad_padding": _bad_padding,
    "scaled": _scaled,
    "unscaled": _unscaled,
    "uuid": _uuid,
}


class _Slot:
    """One scalar in a `struct` format: how unpacked variables become its value, and a value the arguments of pack."""

    def __init__(self, format_: str, read: str = "{0}", write: str = "{0}") -> None:
        self.format = format_
        self.read = read
        self.write = write
        self.variables = 2 if "{1}" in read else 1


class _Shape:
    """What both directions ask about a schema: what is of fixed size, what is written in place."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
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
        """The fewest octets that a value of the type takes; at least four, so that data bounds every count."""
        kind = self.schema.resolve(type_)
        if optional:
            return 4
        match kind:
            case List() if length := fixed_length(kind):
                return length * self.least(kind.item)
            case Record() if self.inlined(kind):
                return sum(self.least(member.type, member.optional) for member in kind.fields) or 4
            case Record():
                return 4
            case _:
                slot = self.slot(kind)
                return struct.calcsize(">" + slot.format) if slot else 4

    def slot(self, kind: Kind) -> _Slot | None:
        """The scalar as a slot of a `struct` format, or None if its size varies."""
        match kind:
            case Bool():
                return _Slot("I", "BOOL[{0}]")
            case Int():
                letter = ("iI", "qQ")[kind.bits == 64][not kind.signed]
                whole = Int(max(kind.bits, 32), kind.signed)
                if (kind.lower, kind.upper) == (whole.lower, whole.upper):
                    return _Slot(letter)
                bounds = f"{kind.lower}, {kind.upper}"
                return _Slot(
                    letter, f"({{0}} if {kind.lower} <= {{0}} <= {kind.upper} else out_of_range({{0}}, {bounds}))"
                )
            case Float():
                return _Slot("f" if kind.bits == 32 else "d")
            case Timestamp():
                return _Slot("q", "EPOCH + timedelta(0, 0, {0})", "({0} - EPOCH) // MICROSECOND")
            case Uuid():
                return _Slot("16s", "uuid({0})", "{0}.bytes")
            case Decimal(precision, scale) if precision <= 18:
                return _Slot("q", f"scaled({{0}}, {precision}, {scale})", f"unscaled({{0}}, {scale})")
            case Bytes() if length := fixed_length(kind):
                write = f"octets({{0}}, {length})"
                if length % 4 == 0:
                    return _Slot(f"{length}s", "{0}", write)
                padding = -length % 4
                read = "({0} if {1} <= ZEROS else bad_padding())"
                return _Slot(f"{length}s{padding}s", read, f"{write}, {bytes(padding)!r}")
            case Enum(name):
                return _Slot("i", f"SYMBOLS_{name}[{{0}}]", f"NUMBERS_{name}[{{0}}]")
            case _:
                return None

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

    def row(self, type_: Type) -> list[_Slot] | None:
        """The type as slots, if it is of fixed size and at most `INLINE` slots; records and arrays of such too."""
        kind = self.schema.resolve(type_)
        match kind:
            case List() if length := fixed_length(kind):
                item = self.row(kind.item)
                return item * length if item and len(item) * length <= INLINE else None
            case Record() if kind.fields and self.inlined(kind):
                slots: list[_Slot] = []
                for member in kind.fields:
                    part = None if member.optional else self.row(member.type)
                    if part is None:
                        return None
                    slots += part
                return slots if len(slots) <= INLINE else None
            case _:
                slot = self.slot(kind)
                return [slot] if slot else None


@cache
def _compiled(format_: str) -> struct.Struct:
    return struct.Struct(format_)


def _format(slots: list[_Slot]) -> str:
    return "".join(slot.format for slot in slots)


def _struct(slots: list[_Slot]) -> struct.Struct:
    return _compiled(">" + _format(slots))


def _one_letter(row: list[_Slot]) -> str:
    """The letter that all slots of a row have in common, or nothing."""
    letters = {slot.format for slot in row}
    return letters.pop() if len(letters) == 1 and len(row[0].format) == 1 else ""


def _display(members: dict[str, str]) -> str:
    """The source of a dict of these keys and expressions."""
    return f"{{{', '.join(f'{key!r}: {expression}' for key, expression in members.items())}}}"


class _Writer:
    """Generates `encode`. Scalars wait in `slots` until something else comes, pieces of the message in `pieces`."""

    def __init__(self, shape: _Shape, source: Source) -> None:
        self.shape = shape
        self.source = source
        self.slots: list[_Slot] = []
        self.arguments: list[str] = []
        self.length = ""  # the name of the length of the one opaque that may be among the slots
        self.before = ""  # the format of the slots in front of it
        self.pieces: list[str] = []

    def generate(self) -> None:
        source, schema = self.source, self.shape.schema
        for type_ in schema.types:
            if isinstance(type_, Enum):
                source.provide(f"NUMBERS_{type_.name}", dict(type_.symbols))
            elif not self.shape.inlined(type_):
                with source.function(f"write_{type_.name}(value, parts)"):
                    self.named(type_, "value")
                    self.flush()
        with source.function("encode(value)"):
            with source.block("try"):
                source.line("parts = []")
                self.write(Ref(schema.root), "value")
                self.flush()
                source.line('return b"".join(parts)')
            with source.block("except Exception as error"):
                source.line("raise encode_error(error, value, SCHEMA) from error")

    def slot(self, slot: _Slot, expression: str) -> None:
        self.slots.append(slot)
        self.arguments.append(slot.write.format(expression))

    def pack(self) -> None:
        if self.arguments:
            if self.length:
                pack = _bind_sized(self.source, "pack", self.before, _format(self.slots), self.length)
            else:
                pack = self.source.bind("pack", _struct(self.slots).pack)
            self.pieces.append(f"{pack}({', '.join(self.arguments)})")
            self.slots, self.arguments, self.length = [], [], ""

    def flush(self) -> None:
        self.pack()
        if self.pieces:
            line = (
                f"parts.append({self.pieces[0]})" if len(self.pieces) == 1 else f"parts += ({', '.join(self.pieces)})"
            )
            self.source.line(line)
            self.pieces = []

    def local(self, hint: str, expression: str) -> str:
        name = self.source.fresh(hint)
        self.source.line(f"{name} = {expression}")
        return name

    def write(self, type_: Type, expression: str) -> None:
        kind = self.shape.schema.resolve(type_)
        match kind:
            case String():
                self.opaque(self.local("octets", f"{expression}.encode()"))
            case Bytes() if fixed_length(kind) is None or not fixed_length(kind):
                self.opaque(self.local("octets", expression))
            case Decimal() if kind.precision > 18:
                self.opaque(self.local("octets", f"twos_complement(unscaled({expression}, {kind.scale}))"))
            case Bool() | Int() | Float() | Bytes() | Enum() | Timestamp() | Uuid() | Decimal():
                slot = self.shape.slot(kind)
                assert slot
                self.slot(slot, expression)
            case List():
                self.array(kind, self.local("items", expression))
            case Map():
                self.mapping(kind, self.local("items", expression))
            case Union() | Record():
                if self.shape.inlined(kind):
                    self.named(kind, expression)
                else:
                    self.flush()
                    self.source.line(f"write_{kind.name}({expression}, parts)")
            case _:
                assert_never(kind)

    def opaque(self, octets: str) -> None:
        """Add a length, that many octets and their padding to the slots: one pack writes them with what is around."""
        if self.length:
            self.pack()
        length = self.local("length", f"len({octets})")
        self.slot(_Slot("I"), length)
        self.before, self.slots, self.length = _format(self.slots), [], length
        self.arguments.append(octets)

    def array(self, kind: List, items: str) -> None:
        length = fixed_length(kind)
        row = self.shape.row(kind.item)
        if length:
            with self.source.block(f"if len({items}) != {length}"):
                self.source.line(f"bad_length({items}, {length})")
            if row and len(row) * length <= INLINE:
                for i in range(length):
                    self.row(kind.item, f"{items}[{i}]", self.slot)
                return
        else:
            self.slot(_Slot("I"), f"len({items})")
        self.rows(kind.item, items, row) if row else self.loop(kind.item, items)

    def rows(self, item: Type, items: str, row: list[_Slot]) -> None:
        """An array whose items are of fixed size: one call of pack, or one an item."""
        self.pack()
        arguments: list[str] = []
        self.row(item, "item", lambda slot, expression: arguments.append(slot.write.format(expression)))
        letter = _one_letter(row)
        if arguments == ["item"]:
            self.pieces.append(f'pack(f">{{len({items})}}{letter}", *{items})' if letter else "")
        elif letter and len(row) == 1:
            self.pieces.append(f'pack(f">{{len({items})}}{letter}", *[{arguments[0]} for item in {items}])')
        elif letter:
            tuples = f"chain([({', '.join(arguments)}) for item in {items}])"
            self.pieces.append(f'pack(f">{{{len(row)} * len({items})}}{letter}", *{tuples})')
        else:
            pack = self.source.bind("pack", _struct(row).pack)
            self.pieces.append(f'b"".join([{pack}({", ".join(arguments)}) for item in {items}])')

    def row(self, type_: Type, expression: str, add: Callable[[_Slot, str], None]) -> None:
        """Give each slot of a type of fixed size, with the expression of its value, to `add`."""
        kind = self.shape.schema.resolve(type_)
        match kind:
            case List():
                for i in range(fixed_length(kind) or 0):
                    self.row(kind.item, f"{expression}[{i}]", add)
            case Record():
                for member in kind.fields:
                    self.row(member.type, f"{expression}[{member.key!r}]", add)
            case _:
                slot = self.shape.slot(kind)
                assert slot
                add(slot, expression)

    def loop(self, item: Type, items: str) -> None:
        self.flush()
        name = self.source.fresh("item")
        with self.source.block(f"for {name} in {items}"):
            self.write(item, name)
            self.flush()

    def mapping(self, kind: Map, items: str) -> None:
        self.slot(_Slot("I"), f"len({items})")
        self.flush()
        key, value = self.source.fresh("key"), self.source.fresh("value")
        with self.source.block(f"for {key}, {value} in {items}.items()"):
            self.write(kind.key, key)
            self.write(kind.value, value)
            self.flush()

    def named(self, kind: Union | Record, expression: str) -> None:
        if not expression.isidentifier():
            expression = self.local("value", expression)
        if isinstance(kind, Union):
            self.union(kind, expression)
            return
        for member in kind.fields:
            if member.optional:
                self.optional(member, expression)
            else:
                self.write(member.type, f"{expression}[{member.key!r}]")
        if not kind.fields:
            self.slot(_Slot("I"), "0")

    def optional(self, member: Field, expression: str) -> None:
        self.flush()
        with self.source.block(f"if {member.key!r} in {expression}"):
            self.slot(_Slot("I"), "1")
            self.write(member.type, f"{expression}[{member.key!r}]")
            self.flush()
        with self.source.block("else"):
            self.source.line('parts.append(b"\\0\\0\\0\\0")')

    def union(self, kind: Union, expression: str) -> None:
        self.flush()
        key, chosen = self.source.fresh("key"), self.source.fresh("chosen")
        self.source.line(f"({key}, {chosen}), = {expression}.items()")
        for i, alternative in enumerate(kind.alternatives):
            with self.source.block(f"{'elif' if i else 'if'} {key} == {alternative.key!r}"):
                self.slot(_Slot("I"), f"{alternative.number}")
                self.write(alternative.type, chosen)
                self.flush()
        with self.source.block("else"):
            self.source.line(f"raise KeyError({key})")


class _Reader:
    """Generates `decode`. Scalars wait in `slots`, to be unpacked by one call, until something of other size comes.

    `read` returns an expression for the value, which holds after the next `flush`. Local state of the generated
    functions: `data`, `end` (its length), `pos` (a multiple of four), and `depth` where there is recursion.
    """

    def __init__(self, shape: _Shape, source: Source) -> None:
        self.shape = shape
        self.source = source
        self.slots: list[_Slot] = []
        self.variables: list[str] = []
        self.length = ""  # the name of the length of the opaque in front of the slots, if there is one
        self.in_function = False
        self.depth = 0

    def generate(self) -> None:
        source, schema = self.source, self.shape.schema
        for type_ in schema.types:
            if isinstance(type_, Enum):
                symbols = {number: symbol for symbol, number in type_.symbols}
                source.provide(f"SYMBOLS_{type_.name}", _Table(f"enum {type_.name}", symbols))
            elif not self.shape.inlined(type_):
                with source.function(f"read_{type_.name}(data, pos, end, depth)"):
                    self.in_function = True
                    self.depth = -1  # the caller counted this level
                    value = self.named(type_)
                    self.flush()
                    source.line(f"return {value}, pos")
        with source.function("decode(data)"):
            with source.block("try"):
                source.line("end = len(data)")
                source.line("pos = 0")
                if any(not self.shape.inlined(type_) for type_ in schema.types if not isinstance(type_, Enum)):
                    source.line("depth = 0")
                self.in_function = False
                self.depth = 0
                value = self.read(Ref(schema.root))
                self.flush()
                with source.block("if pos != end"):
                    source.line('raise DecodeError(f"{end - pos} octets after the end of the value", pos)')
                source.line(f"return {value}")
            with source.block("except Exception as error"):
                source.line("raise decode_failure(error, data) from error")

    def slot(self, slot: _Slot) -> str:
        names = [self.source.fresh("x") for _ in range(slot.variables)]
        self.slots.append(slot)
        self.variables += names
        return slot.read.format(*names)

    def flush(self) -> None:
        if self.length:
            unpack = _bind_sized(self.source, "unpack_from", "", _format(self.slots), self.length)
            self.source.line(f"{', '.join(self.variables)} = {unpack}(data, pos)")
            self.source.line(f"pos += ({self.length} + 3 & -4) + {_struct(self.slots).size}")
            with self.source.block(f"if {self.variables[1]} > ZEROS"):
                self.source.line("bad_padding(pos)")
            self.slots, self.variables, self.length = [], [], ""
        elif self.slots:
            packed = _struct(self.slots)
            unpack = self.source.bind("unpack", packed.unpack_from)
            self.source.line(f"{', '.join(self.variables)}, = {unpack}(data, pos)")
            self.source.line(f"pos += {packed.size}")
            self.slots, self.variables = [], []

    def local(self, hint: str, expression: str) -> str:
        name = self.source.fresh(hint)
        self.source.line(f"{name} = {expression}")
        return name

    def refuse(self, condition: str, reason: str) -> None:
        with self.source.block(f"if {condition}"):
            self.source.line(f"raise DecodeError({reason}, pos)")

    def read(self, type_: Type) -> str:
        kind = self.shape.schema.resolve(type_)
        match kind:
            case String():
                text = f"{self.opaque()}.decode()"
                return text if kind.max_length is None else f"at_most({text}, {kind.max_length})"
            case Bytes() if not fixed_length(kind):
                return self.opaque(kind.min_length, kind.max_length)
            case Decimal() if kind.precision > 18:
                return f"from_twos_complement({self.opaque()}, {kind.precision}, {kind.scale})"
            case Bool() | Int() | Float() | Bytes() | Enum() | Timestamp() | Uuid() | Decimal():
                slot = self.shape.slot(kind)
                assert slot
                return self.slot(slot)
            case List():
                return self.array(kind)
            case Map():
                return self.mapping(kind)
            case Union() | Record():
                if self.shape.inlined(kind):
                    return self.named(kind)
                self.flush()
                value = self.source.fresh("value")
                self.source.line(f"{value}, pos = read_{kind.name}(data, pos, end, depth + {self.depth + 1})")
                return value
            case _:
                assert_never(kind)

    def opaque(self, least: int = 0, most: int | None = None) -> str:
        """Emit the reading of a length; return the name of the octets, which are unpacked with the slots behind."""
        length = self.slot(_Slot("I"))
        self.flush()
        self.bounds(length, least, most, "octets")
        self.length = length
        self.variables = [self.source.fresh("octets"), self.source.fresh("padding")]
        return self.variables[0]

    def bounds(self, length: str, least: int, most: int | None, unit: str) -> None:
        if least:
            self.refuse(f"{length} < {least}", f'f"{{{length}}} {unit}, at least {least} needed"')
        if most is not None:
            self.refuse(f"{length} > {most}", f'f"{{{length}}} {unit}, at most {most} allowed"')

    def array(self, kind: List) -> str:
        fixed = fixed_length(kind)
        row = self.shape.row(kind.item)
        if fixed and row and len(row) * fixed <= INLINE:
            self.bound_depth(self.shape.levels(kind.item))
            return self.row(kind, self.slot)
        count = str(fixed) if fixed else self.count(kind.item)
        if not fixed:
            self.bounds(count, kind.min_length, kind.max_length, "items")
        self.flush()
        if row:
            if levels := self.shape.levels(kind.item):
                self.bound_depth(levels, f"{count} and ")
            return self.rows(kind.item, count, row)
        items = self.local("items", "[]")
        with self.source.block(f"for _ in range({count})"):
            value = self.read(kind.item)
            self.flush()
            self.source.line(f"{items}.append({value})")
        return items

    def count(self, *items: Type) -> str:
        """Emit the reading of a count of items, and its check against what is left; return its name."""
        count = self.slot(_Slot("I"))
        self.flush()
        least = sum(self.shape.least(item) for item in items)
        self.refuse(f"{count} * {least} > end - pos", f'f"{{{count}}} items announced, {{end - pos}} octets left"')
        return count

    def rows(self, item: Type, count: str, row: list[_Slot]) -> str:
        """An array whose items are of fixed size: one unpack, or one iter_unpack."""
        variables: list[str] = []

        def name(slot: _Slot) -> str:
            names = [self.source.fresh("x") for _ in range(slot.variables)]
            variables.extend(names)
            return slot.read.format(*names)

        value = self.row(item, name)
        packed = _struct(row)
        letter = _one_letter(row)
        stop = self.local("stop", f"pos + {count} * {packed.size}")
        if variables == [value] and letter:
            items = self.local("items", f'list(unpack_from(f">{{{count}}}{letter}", data, pos))')
        elif len(row) == 1 and letter:
            items = self.local(
                "items", f'[{value} for {variables[0]} in unpack_from(f">{{{count}}}{letter}", data, pos)]'
            )
        else:
            unpack = self.source.bind("iter_unpack", packed.iter_unpack)
            self.refuse(f"{stop} > end", f'f"{{{count}}} items announced, {{end - pos}} octets left"')
            items = self.local("items", f"[{value} for {', '.join(variables)}, in {unpack}(data[pos:{stop}])]")
        self.source.line(f"pos = {stop}")
        return items

    def row(self, type_: Type, name: Callable[[_Slot], str]) -> str:
        """The expression of a value of fixed size; `name` gives the expression of each of its slots in turn."""
        kind = self.shape.schema.resolve(type_)
        match kind:
            case List():
                return f"[{', '.join(self.row(kind.item, name) for _ in range(fixed_length(kind) or 0))}]"
            case Record():
                return _display({member.key: self.row(member.type, name) for member in kind.fields})
            case _:
                slot = self.shape.slot(kind)
                assert slot
                return name(slot)

    def mapping(self, kind: Map) -> str:
        count = self.count(kind.key, kind.value)
        items = self.local("items", "{}")
        with self.source.block(f"for _ in range({count})"):
            key = self.read(kind.key)
            value = self.read(kind.value)
            self.flush()
            self.source.line(f"{items}[{key}] = {value}")
        self.refuse(f"len({items}) != {count}", '"a key of a map is given twice"')
        return items

    def named(self, kind: Union | Record) -> str:
        self.depth += 1
        self.bound_depth(0)
        value = self.union(kind) if isinstance(kind, Union) else self.record(kind)
        self.depth -= 1
        return value

    def bound_depth(self, levels: int, guard: str = "") -> None:
        """Emit the check that so many more levels fit, in functions that are called recursively."""
        if self.in_function:
            most = MAX_DEPTH - self.depth - levels
            self.refuse(f"{guard}depth > {most}", f'"more than {MAX_DEPTH} levels of nesting"')

    def record(self, kind: Record) -> str:
        if not kind.fields:
            self.flush()
            filler = self.slot(_Slot("I"))
            self.flush()
            self.refuse(filler, '"an empty record that is not 0"')
            return "{}"
        value = ""
        held: dict[str, str] = {}
        for member in kind.fields:
            if not member.optional:
                held[member.key] = self.read(member.type)
                continue
            present = self.slot(_Slot("I"))
            self.flush()
            value = self.hold(value, held)
            held = {}
            with self.source.block(f"if {present} == 1"):
                inner = self.read(member.type)
                self.flush()
                self.source.line(f"{value}[{member.key!r}] = {inner}")
            with self.source.block(f"elif {present}"):
                self.source.line(
                    f'raise DecodeError(f"{{{present}}} is not a bool: {kind.name}.{member.name} is there or not", pos)'
                )
        if not value:
            return _display(held)
        self.flush()
        return self.hold(value, held)

    def hold(self, value: str, held: dict[str, str]) -> str:
        """Emit a dict of what was read so far, or put it into the one ."""
        if not value:
            return self.local("value", _display(held))
        for key, expression in held.items():
            self.source.line(f"{value}[{key!r}] = {expression}")
        return value

    def union(self, kind: Union) -> str:
        discriminant = self.slot(_Slot("I"))
        self.flush()
        value = self.source.fresh("value")
        for i, alternative in enumerate(kind.alternatives):
            with self.source.block(f"{'elif' if i else 'if'} {discriminant} == {alternative.number}"):
                inner = self.read(alternative.type)
                self.flush()
                self.source.line(f"{value} = {{{alternative.key!r}: {inner}}}")
        with self.source.block("else"):
            self.source.line(f'raise DecodeError(f"{{{discriminant}}} is not an alternative of {kind.name}", pos)')
        return value


CODECS = (
    CodecInfo(
        format=FORMAT,
        implementation="serbench",
        distribution="serbench",
        language="Python",
        licence="MIT",
        limits=Limits(),
        validates=True,
        compile=compile,
    ),
)
