"""Generates what reads: one function per table, which gets a `Table`; and one per path, which reads a single leaf.

Offsets are unsigned and count from where they stand, so that what is pointed to lies ahead, and no table holds itself.
"""

from typing import Any

from serschema.model import (
    MAX_DEPTH,
    Bool,
    Bytes,
    Decimal,
    Enum,
    Field,
    Float,
    Int,
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
)

from sercodecs.contract import DecodeError, Path
from sercodecs.flatbuffers.shape import MOST_DIGITS, default, entry, number, slots, wrapped
from sercodecs.scalars import Symbols, checked, long_enough, within
from sercodecs.source import Source

SHARED = 16
"""How many times over the octets of a message may be read."""


class Data(bytes):
    """The octets of a message, and how many may still be read."""

    left: int

    def spend(self, octets: int) -> None:
        self.left -= octets
        if self.left < 0:
            raise DecodeError("what is shared makes the value many times the size of the data")


def runtime() -> dict[str, Any]:
    """What the generated source calls, over the library's `Table`."""
    import numpy as np
    from flatbuffers import encode, number_types, packer
    from flatbuffers.table import Table

    get, uoffset, as_numpy = encode.Get, packer.uoffset, encode.GetVectorAsNumpy

    def root(octets: bytes) -> Any:
        data = Data(octets)
        data.left = SHARED * len(data)
        return Table(data, get(uoffset, data, 0))

    def table(t: Any, position: int) -> Any:
        """The table that an offset points to."""
        t.Bytes.spend(8)
        return Table(t.Bytes, t.Indirect(position))

    def vector(t: Any, position: int, width: int) -> range:
        """The positions of the items of the vector that an offset points to."""
        start = t.Indirect(position)
        size = width * get(uoffset, t.Bytes, start)
        start += 4
        if size > len(t.Bytes) - start:
            raise DecodeError("a vector longer than the data", start)
        t.Bytes.spend(size + 4)
        return range(start, start + size, width)

    def numbers(t: Any, position: int, dtype: Any) -> list[Any]:
        items = vector(t, position, dtype.itemsize)
        held: list[Any] = as_numpy(dtype, t.Bytes, len(items), items.start).tolist() if items else []
        return held

    def octets(t: Any, position: int) -> bytes:
        items = vector(t, position, 1)
        return bytes(t.Bytes[items.start : items.stop])

    def text(t: Any, position: int) -> str:
        return octets(t, position).decode()

    names = {name: getattr(number_types, name) for name in dir(number_types) if name.endswith("Flags")}
    made = {"root": root, "table": table, "vector": vector, "numbers": numbers, "octets": octets, "text": text}
    return names | made | {"dtype": np.dtype, "array": np.array}


class Reader:
    def __init__(self, schema: Schema, source: Source) -> None:
        self.schema = schema
        self.source = source
        self.deep = bool(schema.recursive()) or len(schema.types) >= MAX_DEPTH
        self.helpers: dict[tuple[str, Type], str] = {}
        self.waiting: list[tuple[str, str, Type]] = []

    def generate(self) -> None:
        for type in self.schema.types:
            match type:
                case Enum():
                    pass
                case Union():
                    self.union(type)
                case Record():
                    self.record(type)
        self.rest()

    def rest(self) -> None:
        """The functions that read an entry of a map, or a table of one field."""
        while self.waiting:
            name, what, type_ = self.waiting.pop()
            with self.source.function(f"{name}(t, depth)"):
                if isinstance(type_, Map) and what == "entry":
                    places, _ = slots(entry(type_), self.schema)
                    parts = [self.required(field, places[field.name], "an entry") for field in entry(type_)]
                    self.source.line(f"return {', '.join(parts)}")
                else:
                    self.source.line(f"return {self.required(Field('item', 1, type_), 0, 'an item')}")

    def helper(self, what: str, type_: Type) -> str:
        if (what, type_) not in self.helpers:
            name = self.helpers[what, type_] = self.source.fresh(f"read_{what}")
            self.waiting.append((name, what, type_))
        return self.helpers[what, type_]

    def bound(self) -> None:
        if self.deep:
            self.source.line(f"if depth >= {MAX_DEPTH}: bad('nested deeper than {MAX_DEPTH} levels')")

    def record(self, record: Record) -> None:
        line = self.source.line
        places, _ = slots(record.fields, self.schema)
        with self.source.function(f"read_{record.name}(t, depth)"):
            self.bound()
            parts = [
                f"{field.key!r}: {self.required(field, places[field.name], record.name)}"
                for field in record.fields
                if not field.optional
            ]
            line(f"r = {{{', '.join(parts)}}}")
            for field in record.fields:
                if field.optional:
                    found = self.find(field, places[field.name])
                    with self.source.block(f"if {found}"):
                        line(f"r[{field.key!r}] = {self.there(field, found)}")
            line("return r")

    def union(self, union: Union) -> None:
        """A function that gives the value, or None where there is none."""
        line = self.source.line
        with self.source.function(f"read_{union.name}(t, slot, depth)"):
            line("o = t.Offset(slot)")
            line("of = t.Get(Uint8Flags, o + t.Pos) if o else 0")
            line("if not of: return None")
            self.bound()
            line("o = t.Offset(slot + 2)")
            line(f"if not o: bad('no table of {union.name}')")
            line("t = table(t, o + t.Pos)")
            for place, member in enumerate(union.alternatives, 1):
                with self.source.block(f"if of == {place}"):
                    line(f"return {{{member.key!r}: {self.chosen(member)}}}")
            line(f"bad('not an alternative of {union.name}')")

    def chosen(self, member: Field) -> str:
        """The value of an alternative whose table is `t`."""
        kind = self.schema.resolve(member.type)
        if isinstance(kind, Record):
            return f"read_{kind.name}(t, depth + 1)"
        return f"{self.helper('item', member.type)}(t, depth + 1)"

    def find(self, field: Field, slot: int) -> str:
        """Look a field up, into a local variable that is false where it is absent; returns its name."""
        kind = self.schema.resolve(field.type)
        name = self.source.fresh("o")
        look = f"t.Offset({4 + 2 * slot})"
        if isinstance(kind, Union):
            look = f"read_{kind.name}(t, {4 + 2 * slot}, depth + 1)"
        self.source.line(f"{name} = {look}")
        return name

    def there(self, field: Field, found: str) -> str:
        """The value of a field that is there."""
        if isinstance(self.schema.resolve(field.type), Union):
            return found
        position = self.source.fresh("p")
        self.source.line(f"{position} = {found} + t.Pos")
        return self.inline(field.type, position)

    def required(self, field: Field, slot: int, owner: str) -> str:
        """The value of a required field, into a local variable where it could be absent."""
        kind = self.schema.resolve(field.type)
        found = self.find(field, slot)
        if (held := number(kind)) is None:
            self.source.line(f"if not {found}: bad('no {field.name} of {owner}')")
            return self.there(field, found)
        name = self.source.fresh("x")
        zero = "False" if isinstance(kind, Bool) else "0.0" if isinstance(kind, Float) else str(default(kind))
        self.source.line(f"{name} = t.Get({held.name}Flags, {found} + t.Pos) if {found} else {zero}")
        return self.convert(field.type, name)

    def inline(self, type_: Type, position: str) -> str:
        """The value whose number or offset stands at a position, a name."""
        kind = self.schema.resolve(type_)
        if held := number(kind):
            name = self.source.fresh("x")
            read = f"t.Get({held.name}Flags, {position})"
            converted = self.convert(type_, name)
            return read if converted == name else converted.replace(name, f"({name} := {read})", 1)
        match kind:
            case String():
                return self.measured(f"text(t, {position})", 0, kind.max_length)
            case Bytes():
                return self.measured(f"octets(t, {position})", kind.min_length, kind.max_length)
            case Uuid():
                return f"uuid_of(octets(t, {position}))"
            case Decimal():
                return f"from_complement(octets(t, {position}), {kind.precision}, {kind.scale})"
            case List():
                return self.measured(self.items(kind.item, position), kind.min_length, kind.max_length)
            case Map():
                place = self.source.fresh("q")
                made = f"{self.helper('entry', kind)}(table(t, {place}), depth)"
                return f"dict([{made} for {place} in vector(t, {position}, 4)])"
            case Record():
                return f"read_{kind.name}(table(t, {position}), depth + 1)"
            case _:
                raise AssertionError(kind)

    def items(self, item: Type, position: str) -> str:
        kind = self.schema.resolve(item)
        name, place = self.source.fresh("x"), self.source.fresh("q")
        if held := number(kind):
            read = f"numbers(t, {position}, {self.source.bind('dtype', self.source.globals['dtype'](held.dtype))})"
            converted = self.convert(item, name)
            return read if converted == name else f"[{converted} for {name} in {read}]"
        if wrapped(item, self.schema):
            made = f"{self.helper('item', item)}(table(t, {place}), depth)"
        else:
            made = self.inline(item, place)
        return f"[{made} for {place} in vector(t, {position}, 4)]"

    def convert(self, type_: Type, operand: str) -> str:
        """The value of a number, of which the operand, a name, occurs first where it is evaluated first."""
        kind = self.schema.resolve(type_)
        match kind:
            case Int():
                condition = within(kind, Int(kind.bits, kind.signed), operand)
                return f"ranged({operand}, {kind.lower}, {kind.upper})" if condition else operand
            case Enum():
                symbols = Symbols({number: symbol for symbol, number in kind.symbols})
                return f"{self.source.bind('symbol_of', symbols)}[{operand}]"
            case Timestamp():
                return f"time({operand})"
            case Decimal():
                assert kind.precision <= MOST_DIGITS
                return f"scaled({operand}, {kind.precision}, {kind.scale})"
            case _:
                return operand

    def measured(self, made: str, least: int, most: int | None) -> str:
        name = self.source.fresh("x")
        condition = long_enough(f"len({name} := {made})", least, most)
        return checked(name, condition) if condition else made

    def leaf(self, path: Path) -> None:
        """Write a function `access(data)` that goes along the path and reads what is there."""
        line = self.source.line
        type_: Type = Ref(self.schema.root)
        kind: Any = self.schema.record
        with self.source.function("access(data)"):
            line("t, depth = root(data), 0")
            position, slot = "", 0
            for step in path:
                match kind:
                    case Record(fields=fields):
                        if position:
                            line(f"t = table(t, {position})")
                        member = _member(fields, step)
                        slot = slots(fields, self.schema)[0][member.name]
                        position = self.slot(member, slot)
                    case Union(alternatives=alternatives):
                        member = _member(alternatives, step)
                        place = alternatives.index(member) + 1
                        line(f"o = t.Offset({4 + 2 * slot})")
                        line(f"if not o or t.Get(Uint8Flags, o + t.Pos) != {place}: bad('another alternative')")
                        line(f"o = t.Offset({6 + 2 * slot})")
                        line("if not o: bad('it is not there')")
                        line("p = o + t.Pos")
                        position, slot = "p", 0
                        if not isinstance(self.schema.resolve(member.type), Record):
                            line("t = table(t, p)")
                            position = self.slot(member, 0)
                    case List(item=item):
                        held = number(self.schema.resolve(item))
                        line(f"items = vector(t, {position}, {held.width if held else 4})")
                        line(f"if {step!r} not in range(len(items)): bad('it is not there')")
                        line(f"p = items[{step!r}]")
                        member, position, slot = Field("item", 1, item), "p", 0
                        if wrapped(item, self.schema):
                            line("t = table(t, p)")
                            position = self.slot(member, 0)
                    case Map():
                        key, member = entry(kind)
                        self.halve(key, position, step)
                        slot = 1
                        position = self.slot(member, slot)
                    case _:
                        raise DecodeError(f"{step!r}: there is nothing in it")
                type_ = member.type
                kind = self.schema.resolve(type_)
            self.end(type_, position, slot)
        self.rest()

    def slot(self, member: Field, slot: int) -> str:
        """Look a member up in `t`; the name of its position, which is 0 where it is absent, or empty for a union."""
        if isinstance(self.schema.resolve(member.type), Union):
            return ""
        self.source.line(f"o = t.Offset({4 + 2 * slot})")
        if number(self.schema.resolve(member.type)) and not member.optional:
            self.source.line("p = o and o + t.Pos")
        else:
            self.source.line("if not o: bad('it is not there')")
            self.source.line("p = o + t.Pos")
        return "p"

    def halve(self, key: Field, position: str, wanted: Any) -> None:
        """Make `t` the entry of the key."""
        line = self.source.line
        line(f"items = vector(t, {position}, 4)")
        line("low, high, held = 0, len(items), t")
        with self.source.block("while low < high"):
            line("middle = (low + high) // 2")
            line("t = table(held, items[middle])")
            found = self.source.fresh("k")
            line(f"{found} = {self.required(key, 0, 'an entry')}")
            line(f"if {found} == {wanted!r}: break")
            line(f"if {found} < {wanted!r}: low = middle + 1")
            line("else: high = middle")
        with self.source.block("else"):
            line("bad('there is no such key')")

    def end(self, type_: Type, position: str, slot: int) -> None:
        kind = self.schema.resolve(type_)
        line = self.source.line
        if not position:
            raise DecodeError("the path ends at a union")
        if number(kind):
            zero = "False" if isinstance(kind, Bool) else "0.0" if isinstance(kind, Float) else str(default(kind))
            line(f"if not {position}: return {self.convert(type_, zero)}")
        line(f"return {self.inline(type_, position)}")


def _member(members: tuple[Field, ...], key: Any) -> Field:
    for member in members:
        if member.key == key:
            return member
    raise DecodeError(f"there is no {key!r}")
