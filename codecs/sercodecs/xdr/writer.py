"""The generator of `encode`."""

from collections.abc import Callable
from typing import assert_never

from serschema.model import (
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
    String,
    Timestamp,
    Type,
    Union,
    Uuid,
    fixed_length,
)

from sercodecs.source import Source
from sercodecs.xdr.shape import INLINE, WORD, Shape, Slot, bind_pack, compiled, letters, one_letter


class Writer:
    """Generates `encode`. Scalars wait in `slots` until something else comes, pieces of the message in `pieces`."""

    def __init__(self, shape: Shape, source: Source) -> None:
        self.shape = shape
        self.source = source
        self.slots: list[Slot] = []
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

    def slot(self, slot: Slot, expression: str) -> None:
        self.slots.append(slot)
        self.arguments.append(slot.write.format(expression))

    def pack(self) -> None:
        if self.arguments:
            if self.length:
                pack = bind_pack(self.source, self.before, letters(self.slots), self.length)
            else:
                pack = self.source.bind("pack", compiled(self.slots).pack)
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
                self.opaque(self.local("octets", f"twos_complement(int({expression}.scaleb({kind.scale}, EXACT)))"))
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
        self.slot(WORD, length)
        self.before, self.slots, self.length = letters(self.slots), [], length
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
            self.slot(WORD, f"len({items})")
        self.rows(kind.item, items, row) if row else self.loop(kind.item, items)

    def rows(self, item: Type, items: str, row: list[Slot]) -> None:
        """An array whose items are of fixed size: one call of pack, or one an item."""
        self.pack()
        arguments: list[str] = []
        self.row(item, "item", lambda slot, expression: arguments.append(slot.write.format(expression)))
        letter = one_letter(row)
        if arguments == ["item"]:
            self.pieces.append(f'pack(f">{{len({items})}}{letter}", *{items})' if letter else "")
        elif letter and len(row) == 1:
            self.pieces.append(f'pack(f">{{len({items})}}{letter}", *[{arguments[0]} for item in {items}])')
        elif letter:
            tuples = f"chain([({', '.join(arguments)}) for item in {items}])"
            self.pieces.append(f'pack(f">{{{len(row)} * len({items})}}{letter}", *{tuples})')
        else:
            pack = self.source.bind("pack", compiled(row).pack)
            self.pieces.append(f'b"".join([{pack}({", ".join(arguments)}) for item in {items}])')

    def row(self, type_: Type, expression: str, add: Callable[[Slot, str], None]) -> None:
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
        self.slot(WORD, f"len({items})")
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
            self.slot(WORD, "0")

    def optional(self, member: Field, expression: str) -> None:
        self.flush()
        with self.source.block(f"if {member.key!r} in {expression}"):
            self.slot(WORD, "1")
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
                self.slot(WORD, f"{alternative.number}")
                self.write(alternative.type, chosen)
                self.flush()
        with self.source.block("else"):
            self.source.line(f"raise KeyError({key})")
