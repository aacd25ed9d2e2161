"""The generator of `encode`, as far as the formats do not differ."""

from abc import abstractmethod
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

from sercodecs.aligned.packing import Packing
from sercodecs.aligned.position import Position, Slot, compiled, one_letter, stride
from sercodecs.aligned.shape import INLINE


class Writer(Packing):
    """Generates `encode`."""

    def generate(self) -> None:
        for type_ in self.shape.schema.types:
            if isinstance(type_, Enum):
                self.source.provide(f"NUMBERS_{type_.name}", self.shape.numbers(type_))
        for kind in self.shape.functions:
            with self.function(f"write_{kind.name}(value, parts{', pos' * self.tracking})"):
                self.at = self.anywhere()
                self.named(kind, "value")
                self.end()
        with self.function("encode(value)"), self.source.block("try"):
            self.source.line("parts = []")
            self.at = Position("0", 0, self.shape.greatest, 0)
            self.begin()
            self.write(Ref(self.shape.schema.root), "value")
            self.flush()
            self.finish()

    def begin(self) -> None:
        """Write what stands in front of the message's value."""

    def finish(self) -> None:
        self.source.line('return b"".join(parts)')

    def call(self, kind: Union | Record, expression: str) -> None:
        self.flush()
        if self.tracking:
            self.source.line(f"{self.variable} = write_{kind.name}({expression}, {self.parts}, {self.know()})")
        else:
            self.source.line(f"write_{kind.name}({expression}, {self.parts})")
        self.at = self.anywhere().at(self.variable)

    # Kinds.

    def write(self, type_: Type, expression: str) -> None:
        kind = self.shape.schema.resolve(type_)
        match kind:
            case String():
                self.text(self.local("octets", f"{expression}.encode()"))
            case Bytes() if not fixed_length(kind):
                self.opaque(self.local("octets", expression))
            case Decimal() if self.shape.slot(kind) is None:
                self.long_decimal(kind, expression)
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
                    self.call(kind, expression)
            case _:
                assert_never(kind)

    @abstractmethod
    def text(self, octets: str) -> None:
        """A string, in UTF-8."""

    @abstractmethod
    def long_decimal(self, kind: Decimal, expression: str) -> None:
        """A decimal that is no slot."""

    def opaque(self, octets: str, terminator: int = 0) -> None:
        """Add a length and that many octets to the slots: one pack writes them with what is around.

        `struct` fills a terminator in.
        """
        length = self.local("length", f"len({octets})" + (f" + {terminator}" if terminator else ""))
        self.unsigned(length)
        if self.length:
            self.pack()
        self.length = length
        self.slot(Slot("", 1, unit=1), octets)

    def array(self, kind: List, items: str) -> None:
        self.check_length(kind, items)
        self.items(kind, items)

    def check_length(self, kind: List, items: str) -> None:
        if length := fixed_length(kind):
            with self.source.block(f"if len({items}) != {length}"):
                self.source.line(f"bad_length({items}, {length})")

    def items(self, kind: List, items: str) -> None:
        length, row = fixed_length(kind), self.shape.row(kind.item)
        if length and row and len(row) * length <= INLINE:
            for i in range(length):
                self.row(kind.item, f"{items}[{i}]", self.slot)
            return
        count = str(length) if length else self.local("count", f"len({items})")
        if not length:
            self.unsigned(count)
        if not row or not self.rows(kind.item, items, count, row):
            self.each(kind, items)

    def each(self, kind: List, items: str) -> None:
        item = self.source.fresh("item")
        self.loop(f"for {item} in {items}", lambda: self.item(kind, item))

    def item(self, kind: List, expression: str) -> None:
        self.write(kind.item, expression)

    def rows(self, item: Type, items: str, count: str, row: list[Slot]) -> bool:
        """An array whose items are of fixed size: one call of pack, or one an item; whether it can be."""
        self.pack()
        step = stride(row, self.at)
        if step is None:
            return False
        arguments: list[str] = []
        self.row(item, "item", lambda slot, expression: arguments.append(slot.write.format(expression)))
        letter = one_letter(row) if not step.lead else ""
        before = self.at
        if step.start != before:
            if before.modulus < row[0].alignment:
                self.place()
                self.depend()
                before, step = self.at, stride(row, self.at) or step
                gap = before.gap(row[0].alignment)
            else:
                gap = repr(bytes(step.start.add - before.add))
            self.pieces.append(f'{gap} if {items} else b""')
        if arguments == ["item"] and letter:
            self.pieces.append(f'pack(f"{self.prefix}{{{count}}}{letter}", *{items})')
        elif letter and len(row) == 1:
            self.pieces.append(f'pack(f"{self.prefix}{{{count}}}{letter}", *[{arguments[0]} for item in {items}])')
        elif letter:
            tuples = f"chain([({', '.join(arguments)}) for item in {items}])"
            self.pieces.append(f'pack(f"{self.prefix}{{{len(row)} * {count}}}{letter}", *{tuples})')
        else:
            pack = self.source.bind("pack", compiled(self.prefix + step.format).pack)
            piece = f'b"".join([{pack}({", ".join(arguments)}) for item in {items}])'
            self.pieces.append(f"{piece}[{step.lead}:]" if step.lead else piece)
        end = f"{step.start.text} + {count} * {step.whole}" + (f" - {step.lead}" if step.lead else "")
        if step.start != before or step.lead:
            end = f"({end} if {items} else {before.text})"
        self.at = step.end(before).at(end)
        return True

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

    def mapping(self, kind: Map, items: str) -> None:
        self.unsigned(f"len({items})")
        self.entries(kind, items)

    def entries(self, kind: Map, items: str) -> None:
        key, value = self.source.fresh("key"), self.source.fresh("value")

        def entry() -> None:
            self.write(kind.key, key)
            self.write(kind.value, value)

        self.loop(f"for {key}, {value} in {items}.items()", entry)

    def named(self, kind: Union | Record, expression: str) -> None:
        if not expression.isidentifier():
            expression = self.local("value", expression)
        self.body(kind, expression)

    def body(self, kind: Union | Record, value: str) -> None:
        if isinstance(kind, Union):
            self.union(kind, value)
        else:
            self.record(kind, value)

    def record(self, kind: Record, value: str) -> None:
        for number, member in enumerate(kind.fields):
            if member.optional:
                self.optional(number, member, value)
            else:
                self.write(member.type, f"{value}[{member.key!r}]")
        if not kind.fields:
            self.slot(self.shape.empty, "0")

    def optional(self, number: int, member: Field, value: str) -> None:
        """A flag, and the value if it is there."""

        def present() -> None:
            self.slot(self.shape.flag, "1")
            self.write(member.type, f"{value}[{member.key!r}]")

        there = f"if {member.key!r} in {value}"
        self.branches((there, present), ("else", lambda: self.slot(self.shape.flag, "0")))

    def union(self, kind: Union, value: str) -> None:
        key, chosen = self.source.fresh("key"), self.source.fresh("chosen")
        self.source.line(f"({key}, {chosen}), = {value}.items()")

        def alternative(member: Field) -> Callable[[], None]:
            def write() -> None:
                self.unsigned(str(member.number))
                self.write(member.type, chosen)

            return write

        self.branches(
            *[
                (f"{'elif' if i else 'if'} {key} == {member.key!r}", alternative(member))
                for i, member in enumerate(kind.alternatives)
            ]
        )
        with self.source.block("else"):
            self.source.line(f"raise KeyError({key})")
