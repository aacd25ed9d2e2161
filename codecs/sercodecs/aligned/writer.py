"""The generator of `encode`, as far as the formats do not differ."""

from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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

from sercodecs.aligned.generator import Generator
from sercodecs.aligned.position import GAP, Position, Slot, bind, compiled, layout, one_letter, strictest, stride
from sercodecs.aligned.shape import INLINE, WORD, Shape
from sercodecs.source import Source


class Writer(Generator):
    """Generates `encode`. Scalars wait in `slots`, and pieces of the message in `pieces`.

    `at` counts from the origin of alignment. It is carried along when source is made; a variable of the generated
    function takes it over where that is no longer possible, and goes if nobody reads it; where nothing ever does,
    `tracking` is off. `parts` and `variable` name the pieces of the present stream and that variable.
    """

    tracking = True

    def __init__(self, shape: Shape, source: Source, order: str) -> None:
        super().__init__(shape, source, order)
        self.arguments: list[str] = []
        self.pieces: list[str] = []
        self.parts = "parts"
        self.variable = "pos"
        self.read: set[str] = set()  # the variables that something depends on

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
            self.at = Position("0", 0, self.shape.alignment, 0)
            self.begin()
            self.write(Ref(self.shape.schema.root), "value")
            self.flush()
            self.finish()

    def begin(self) -> None:
        """Write what stands in front of the message's value."""

    def finish(self) -> None:
        self.source.line('return b"".join(parts)')

    def end(self) -> None:
        """End the function of a type."""
        self.flush()
        if self.tracking:
            self.source.line(f"return {self.know()}")

    @contextmanager
    def function(self, signature: str) -> Iterator[None]:
        """A function, from which the assignments to positions go that nothing depends on."""
        start = len(self.source.lines)
        self.read = set()
        with self.source.function(signature):
            yield
            if signature.startswith("encode"):
                with self.source.block("except Exception as error"):
                    self.source.line("raise encode_error(error, value, SCHEMA) from error")
        self.source.lines[start:] = without(self.source.lines[start:], self.read)

    def call(self, kind: Union | Record, expression: str) -> None:
        self.flush()
        if self.tracking:
            self.source.line(f"{self.variable} = write_{kind.name}({expression}, {self.parts}, {self.know()})")
        else:
            self.source.line(f"write_{kind.name}({expression}, {self.parts})")
        self.at = self.anywhere().at(self.variable)

    # Slots, pieces and positions.

    def slot(self, slot: Slot, expression: str) -> None:
        self.slots.append(slot)
        self.arguments.append(slot.write.format(expression))

    def align(self, alignment: int) -> None:
        """What comes next is at a multiple of that."""
        self.slots.append(Slot(GAP, alignment))

    def unsigned(self, expression: str) -> None:
        """A word."""
        self.slot(WORD, expression)

    def pack(self) -> None:
        """Make a piece of the slots."""
        if not self.slots:
            return
        slots = [slot.writing() for slot in self.slots]
        if strictest(slots) > self.at.modulus:
            self.place()
            self.depend()
        if self.arguments or strictest(slots) > self.at.modulus:
            pack = bind(self.source, "pack", self.prefix, slots, self.at, self.length)
            self.pieces.append(f"{f'({pack})' if self.length else pack}({', '.join(self.arguments)})")
        elif gap := compiled("<" + layout(slots, self.at.residue)).size:
            self.pieces.append(repr(bytes(gap)))
        self.at = self.at.after(slots, self.length)
        self.slots, self.arguments, self.length = [], [], ""

    def flush(self) -> None:
        self.pack()
        self.emit()

    def emit(self) -> None:
        if self.pieces:
            only = len(self.pieces) == 1
            self.source.line(
                f"{self.parts}.append({self.pieces[0]})" if only else f"{self.parts} += ({', '.join(self.pieces)})"
            )
            self.pieces = []

    def place(self) -> None:
        if self.tracking and self.at.text != self.variable:
            self.emit()  # what the variable was when they were made
            self.source.line(f"{self.variable} = {self.at.text}")
        self.at = self.at.at(self.variable)

    def settle(self, word: str = "") -> None:
        self.flush()
        self.place()

    def depend(self) -> None:
        self.read.add(self.variable)

    def know(self) -> str:
        """The expression of the position, which something depends on."""
        self.depend()
        return self.at.text

    def branches(self, *branches: tuple[str, Callable[[], None]]) -> None:
        """Emit blocks of which one is carried out; what waits is packed together with the first slots of each."""
        held = (self.slots, self.arguments, self.length, self.pieces, self.at)
        ends: list[Position] = []
        for header, body in branches:
            self.slots, self.arguments, self.pieces = list(held[0]), list(held[1]), list(held[3])
            self.length, self.at = held[2], held[4]
            with self.source.block(header):
                body()
                self.settle()
            ends.append(self.at)
        for end in ends:
            self.at = self.at.meet(end)

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


def without(lines: list[str], read: set[str]) -> list[str]:
    """The lines, except for assignments to positions that nobody reads."""
    kept: list[str] = []
    for i, line in enumerate(lines):
        target, equals, _ = line.partition(" = ")
        name = target.strip()
        if equals and name.startswith("pos") and name not in read:
            indent = len(line) - len(line.lstrip())
            follows = len(lines[i + 1]) - len(lines[i + 1].lstrip()) if i + 1 < len(lines) else 0
            if kept[-1].endswith(":") and follows < indent:
                kept.append(" " * indent + "pass")
        else:
            kept.append(line)
    return kept
