"""The generator of `encode`."""

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
    Kind,
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

from sercodecs.cdr.generator import Generator
from sercodecs.cdr.runtime import EXTENDED, LIST_END, MUST_UNDERSTAND
from sercodecs.cdr.shape import (
    INLINE,
    Position,
    Shape,
    Slot,
    bind,
    compiled,
    one_letter,
    stride,
)
from sercodecs.source import Source


class Writer(Generator):
    """Generates `encode`. Pieces of the message wait in `pieces`.

    `at` counts from the origin of alignment. It is carried along when source is made; a variable of the generated
    function takes it over where that is no longer possible, and goes if nobody reads it. `parts` and `variable` name
    the pieces of the present stream and that variable: XCDR1 begins a stream of its own for each member with a header.
    """

    def __init__(self, shape: Shape, source: Source, order: str) -> None:
        super().__init__(shape, source, order)
        self.arguments: list[str] = []
        self.pieces: list[str] = []
        self.parts = "parts"
        self.variable = "pos"
        self.read: set[str] = set()  # the variables that something depends on

    def generate(self) -> None:
        source, schema = self.source, self.shape.schema
        for type_ in schema.types:
            if isinstance(type_, Enum):
                source.provide(f"NUMBERS_{type_.name}", self.shape.numbers(type_))
            elif not self.shape.inlined(type_):
                with self.function(f"write_{type_.name}(value, parts, pos)"):
                    self.at = Position("pos", 0, 1, 0)
                    self.named(type_, "value")
                    self.flush()
                    source.line(f"return {self.know()}")
        with self.function("encode(value)"), source.block("try"):
            source.line("parts = []")
            if self.shape.encoding.version:
                self.at = Position("0", 0, self.strictest, 0)
            else:
                self.at = Position("0", 0, self.strictest, 0)
                self.slot(Slot("B", 1), str(int(self.order == "little")))
            self.write(Ref(schema.root), "value")
            self.flush()
            self.finish()

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

    def finish(self) -> None:
        if not self.shape.encoding.version:
            self.source.line('return b"".join(parts)')
            return
        kind = self.shape.encoding.identifier + (self.order == "little")
        frames = [(bytes([0, kind, 0, -n % 4]), bytes(-n % 4)) for n in range(4)]
        name = self.source.bind("frames", frames, f"{frames[0][0].hex()} and options and padding by length & 3")
        self.source.line('body = b"".join(parts)')
        self.source.line(f"head, padding = {name}[len(body) & 3]")
        self.source.line('return b"".join((head, body, padding))')

    # Slots, pieces and positions.

    def slot(self, slot: Slot, expression: str) -> None:
        self.slots.append(slot)
        self.arguments.append(slot.write.format(expression))

    def unsigned(self, expression: str) -> None:
        """An unsigned long."""
        self.slot(Slot("I", 4), expression)

    def pack(self) -> None:
        if self.slots:
            if max(slot.alignment for slot in self.slots) > self.at.modulus:
                self.settle()
                self.depend()
            pack = bind(self.source, "pack", self.prefix, self.slots, self.at, self.length)
            self.pieces.append(f"{pack}({', '.join(self.arguments)})")
            self.at = self.at.after(self.slots, self.length)
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

    def settle(self) -> None:
        """Let the variable hold the position."""
        if self.at.text != self.variable:
            self.emit()  # what the variable was when they were made
            self.source.line(f"{self.variable} = {self.at.text}")
        self.at = Position(self.variable, 0, self.at.modulus, self.at.residue)

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
                self.flush()
                self.settle()
            ends.append(self.at)
        for end in ends:
            self.at = self.at.meet(end)

    @contextmanager
    def delimited(self, count: str = "") -> Iterator[None]:
        """A DHEADER: the number of octets of what is written in the `with`, put in when that is known.

        A count behind it is put in together with it.
        """
        self.flush()
        self.settle()
        self.depend()
        mark = self.local("mark", f"len({self.parts})")
        self.source.line(f'{self.parts}.append(b"")')
        header = [Slot("I", 4)] * (2 if count else 1)
        pack = bind(self.source, "pack", self.prefix, header, self.at)
        if "[" in pack:  # by the phase before the header
            pack = self.local("header", pack)
        start = self.source.fresh("start")
        self.source.line(f"{start} = {self.variable} = {self.at.after(header).text}")
        self.at = Position(self.variable, 0, self.strictest, 0)
        yield
        self.flush()
        octets = f"{self.know()} - {start}"
        self.source.line(f"{self.parts}[{mark}] = {pack}({f'{octets} + 4, {count}' if count else octets})")

    def stream(self, body: Callable[[], None]) -> str:
        """Write a stream of its own; return the name of its octets."""
        self.flush()
        outer = (self.parts, self.variable, self.at)
        self.parts, self.variable = self.source.fresh("parts"), self.source.fresh("pos")
        self.source.line(f"{self.parts} = []")
        self.at = Position("0", 0, self.strictest, 0)
        body()
        self.flush()
        parts = self.parts
        self.parts, self.variable, self.at = outer
        return self.local("octets", f'b"".join({parts})')

    # Kinds.

    def write(self, type_: Type, expression: str, nested: bool = False) -> None:
        kind = self.shape.schema.resolve(type_)
        match kind:
            case String():
                self.text(self.local("octets", f"{expression}.encode()"))
            case Bytes() if not fixed_length(kind):
                octets = self.local("octets", expression)
                self.opaque(octets, self.local("length", f"len({octets})"))
            case Decimal() if self.shape.slot(kind) is None:
                self.text(self.local("octets", f'format({expression}, "f").encode()'))
            case Bool() | Int() | Float() | Bytes() | Enum() | Timestamp() | Uuid() | Decimal():
                slot = self.shape.slot(kind)
                assert slot
                self.slot(slot, expression)
            case List():
                self.array(kind, self.local("items", expression), nested)
            case Map():
                self.mapping(kind, self.local("items", expression))
            case Union() | Record():
                if self.shape.inlined(kind):
                    self.named(kind, expression)
                else:
                    self.flush()
                    self.source.line(f"{self.variable} = write_{kind.name}({expression}, {self.parts}, {self.know()})")
                    self.at = Position(self.variable, 0, 1, 0)
            case _:
                assert_never(kind)

    def text(self, octets: str) -> None:
        """A string: its octets and a NUL, which `struct` puts behind them."""
        with self.source.block(f"if 0 in {octets}"):
            self.source.line("has_nul()")
        self.opaque(octets, self.local("length", f"len({octets}) + 1"))

    def opaque(self, octets: str, length: str) -> None:
        """Add a length and that many octets to the slots: one pack writes them with what is around."""
        self.unsigned(length)
        if self.length:
            self.pack()
        self.length = length
        self.slot(Slot("", 1, terminator=0), octets)

    def array(self, kind: List, items: str, nested: bool) -> None:
        length = fixed_length(kind)
        row = self.shape.row(kind.item)
        if length:
            with self.source.block(f"if len({items}) != {length}"):
                self.source.line(f"bad_length({items}, {length})")
        if not self.shape.delimits(kind, nested):
            self.items(kind, items, length, row)
        elif row and not length:
            count = self.local("count", f"len({items})")
            step = stride(row, Position("", 0, 4, 0))
            assert step  # nothing is aligned to more than 4
            gone = f" - {step.lead} * ({count} > 0)" if step.lead else ""
            self.unsigned(f"4 + {count} * {step.whole}{gone}")
            self.unsigned(count)
            self.rows(kind.item, items, count, row)
        elif row and length and len(row) * length <= INLINE:
            slots = row * length
            self.unsigned(str(Position("", 0, 4, 0).after(slots).add))
            self.items(kind, items, length, row)
        elif length:
            with self.delimited():
                self.items(kind, items, length, row)
        else:
            with self.delimited(self.local("count", f"len({items})")):
                self.each(kind, items)

    def items(self, kind: List, items: str, length: int | None, row: list[Slot] | None) -> None:
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
        self.loop(f"for {item} in {items}", lambda: self.write(kind.item, item, nested=bool(fixed_length(kind))))

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
                self.settle()
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
        known = step.start.plus(step.size)
        while known.modulus > 1 and step.whole % known.modulus:
            known = Position(known.name, 0, known.modulus // 2, known.residue % (known.modulus // 2))
        known = known.meet(before)
        self.at = Position(end, 0, known.modulus, known.residue)
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
        def entries() -> None:
            key, value = self.source.fresh("key"), self.source.fresh("value")

            def entry() -> None:
                self.write(kind.key, key)
                self.write(kind.value, value)

            self.loop(f"for {key}, {value} in {items}.items()", entry)

        if self.shape.delimits(kind):
            with self.delimited(self.local("count", f"len({items})")):
                entries()
        else:
            self.unsigned(f"len({items})")
            entries()

    def named(self, kind: Union | Record, expression: str) -> None:
        if not expression.isidentifier():
            expression = self.local("value", expression)
        if self.shape.delimits(kind):
            with self.delimited():
                self.body(kind, expression)
        else:
            self.body(kind, expression)

    def body(self, kind: Union | Record, value: str) -> None:
        if isinstance(kind, Union):
            self.union(kind, value)
        elif self.shape.encoding.mutable:
            self.parameters(kind, value)
        else:
            for number, member in enumerate(kind.fields):
                if member.optional:
                    self.optional(number, member, value)
                else:
                    self.write(member.type, f"{value}[{member.key!r}]")
            if not kind.fields:
                self.slot(Slot("B", 1), "0")

    def optional(self, number: int, member: Field, value: str) -> None:
        """A sequence of at most one in CDR, a member with its header in XCDR1, a flag before it in XCDR2."""
        version = self.shape.encoding.version
        inner = f"{value}[{member.key!r}]"
        if version == 1:
            self.branches(
                (f"if {member.key!r} in {value}", lambda: self.parameter(number, member, inner)),
                ("else", lambda: self.header(number, "0")),
            )
            return
        flag = Slot("I", 4) if version == 0 else Slot("B", 1)

        def present() -> None:
            self.slot(flag, "1")
            self.write(member.type, inner)

        self.branches((f"if {member.key!r} in {value}", present), ("else", lambda: self.slot(flag, "0")))

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

    # Members with headers.

    def parameters(self, kind: Record, value: str) -> None:
        """A mutable structure: PL_CDR (XTypes 7.4.1.2) or, in XCDR2, what stands behind its DHEADER (7.4.2)."""
        for number, member in enumerate(kind.fields):
            inner = f"{value}[{member.key!r}]"
            if not member.optional:
                self.parameter(number, member, inner)
                continue

            def write(number: int = number, member: Field = member, inner: str = inner) -> None:
                self.parameter(number, member, inner)

            self.branches((f"if {member.key!r} in {value}", write), ("else", lambda: None))
        if self.shape.encoding.version == 1:
            self.slot(Slot("H", 4), str(MUST_UNDERSTAND | LIST_END))
            self.slot(Slot("H", 2), "0")

    def header(self, number: int, length: str) -> None:
        """A short or an extended header of XCDR1, for a length that the short one holds."""
        if number < EXTENDED:
            self.slot(Slot("H", 4), str(number))
            self.slot(Slot("H", 2), length)
        else:
            self.slot(Slot("H", 4), str(MUST_UNDERSTAND | EXTENDED))
            self.slot(Slot("H", 2), "8")
            self.unsigned(str(number))
            self.unsigned(length)

    def parameter(self, number: int, member: Field, expression: str) -> None:
        kind = self.shape.schema.resolve(member.type)
        row = self.shape.row(member.type)
        if self.shape.encoding.version == 2:
            self.emheader(number, member, kind, row, expression)
            return
        if row:
            slots, octets = self.shape.pinned(row)
            self.header(number, str(octets))
            pinned = iter(slots)
            self.row(member.type, self.simple(expression, row), lambda _, inner: self.slot(next(pinned), inner))
            return
        self.pack()
        written = self.stream(lambda: self.write(member.type, expression))
        self.settle()
        if self.at.modulus < 4:
            self.depend()
            self.pieces.append(self.at.gap(4))
        elif self.at.residue % 4:
            self.pieces.append(repr(bytes(-self.at.residue % 4)))
        self.at = self.at.aligned(4)
        header = self.local("header", f"parameter_{self.order}({number}, len({written}))")
        self.pieces += [header, written]
        self.at = Position(f"{self.at.text} + len({header}) + len({written})", 0, 1, 0)

    def simple(self, expression: str, row: list[Slot]) -> str:
        return expression if len(row) == 1 else self.local("value", expression)

    def emheader(self, number: int, member: Field, kind: Kind, row: list[Slot] | None, expression: str) -> None:
        """A member of XCDR2 and its EMHEADER."""
        code, octets = self.shape.length_code(kind, row)
        self.unsigned(hex(code << 28 | number))
        if row:
            if code == 4:
                self.unsigned(str(octets))
            if isinstance(kind, List):
                self.write(member.type, expression)
            else:
                self.row(member.type, self.simple(expression, row), self.slot)
        elif code == 4:
            items = self.local("items", expression)
            self.unsigned(str(octets) if octets else f"4 + 2 * len({items})")
            self.write(member.type, items)
        else:
            self.write(member.type, expression)


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
