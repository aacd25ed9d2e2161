"""The generator of `encode`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from serschema.model import Decimal, Field, Kind, List, Map, Record, Union, fixed_length

from sercodecs.aligned.position import Position, Slot, bind, stride
from sercodecs.aligned.shape import INLINE, WORD
from sercodecs.aligned.writer import Writer as AlignedWriter
from sercodecs.cdr.runtime import EXTENDED, LIST_END, MUST_UNDERSTAND
from sercodecs.cdr.shape import Shape
from sercodecs.source import Source


class Writer(AlignedWriter):
    """XCDR1 begins a stream of its own for each member with a header; XCDR2 puts lengths in when they are known."""

    def __init__(self, shape: Shape, source: Source, order: str) -> None:
        super().__init__(shape, source, order)
        self.shape: Shape = shape

    def begin(self) -> None:
        if not self.shape.encoding.version:
            self.slot(Slot("B", 1), str(int(self.order == "little")))

    def finish(self) -> None:
        if not self.shape.encoding.version:
            super().finish()
            return
        kind = self.shape.encoding.identifier + (self.order == "little")
        frames = [(bytes([0, kind, 0, -n % 4]), bytes(-n % 4)) for n in range(4)]
        name = self.source.bind("frames", frames, f"{frames[0][0].hex()} and options and padding by length & 3")
        self.source.line('body = b"".join(parts)')
        self.source.line(f"head, padding = {name}[len(body) & 3]")
        self.source.line('return b"".join((head, body, padding))')

    @contextmanager
    def delimited(self, count: str = "") -> Iterator[None]:
        """A DHEADER: the number of octets of what is written in the `with`, put in when that is known.

        A count behind it is put in together with it.
        """
        self.settle()
        self.depend()
        mark = self.local("mark", f"len({self.parts})")
        self.source.line(f'{self.parts}.append(b"")')
        header = [WORD] * (2 if count else 1)
        pack = bind(self.source, "pack", self.prefix, header, self.at)
        if "[" in pack:  # by the phase before the header
            pack = self.local("header", pack)
        start = self.source.fresh("start")
        self.source.line(f"{start} = {self.variable} = {self.at.after(header).text}")
        self.at = Position(self.variable, 0, self.shape.greatest, 0)
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
        self.at = Position("0", 0, self.shape.greatest, 0)
        body()
        self.flush()
        parts = self.parts
        self.parts, self.variable, self.at = outer
        return self.local("octets", f'b"".join({parts})')

    # Kinds.

    def text(self, octets: str) -> None:
        with self.source.block(f"if 0 in {octets}"):
            self.source.line("has_nul()")
        self.opaque(octets, terminator=1)

    def long_decimal(self, kind: Decimal, expression: str) -> None:
        self.text(self.local("octets", f'format({expression}, "f").encode()'))

    def items(self, kind: List, items: str) -> None:
        if self.shape.delimits(kind):
            self.delimited_items(kind, items)
        else:
            super().items(kind, items)

    def item(self, kind: List, expression: str) -> None:
        inner = self.shape.schema.resolve(kind.item)
        if fixed_length(kind) and isinstance(inner, List) and fixed_length(inner):
            items = self.local("items", expression)
            self.check_length(inner, items)
            super().items(inner, items)  # one DHEADER is for all dimensions
        else:
            super().item(kind, expression)

    def delimited_items(self, kind: List, items: str) -> None:
        """Items behind their DHEADER, whose number is known before where the items are of fixed size."""
        length, row = fixed_length(kind), self.shape.row(kind.item)
        if row and not length:
            count = self.local("count", f"len({items})")
            step = stride(row, Position("", 0, 4, 0))
            assert step  # nothing is aligned to more than 4
            gone = f" - {step.lead} * ({count} > 0)" if step.lead else ""
            self.unsigned(f"4 + {count} * {step.whole}{gone}")
            self.unsigned(count)
            self.rows(kind.item, items, count, row)
        elif row and length and len(row) * length <= INLINE:
            self.unsigned(str(Position("", 0, 4, 0).after(row * length).add))
            super().items(kind, items)
        elif length:
            with self.delimited():
                super().items(kind, items)
        else:
            with self.delimited(self.local("count", f"len({items})")):
                self.each(kind, items)

    def mapping(self, kind: Map, items: str) -> None:
        if self.shape.delimits(kind):
            with self.delimited(self.local("count", f"len({items})")):
                self.entries(kind, items)
        else:
            super().mapping(kind, items)

    def body(self, kind: Union | Record, value: str) -> None:
        if self.shape.delimits(kind):
            with self.delimited():
                self.members(kind, value)
        else:
            self.members(kind, value)

    def members(self, kind: Union | Record, value: str) -> None:
        if isinstance(kind, Record) and self.shape.encoding.mutable:
            self.parameters(kind, value)
        else:
            super().body(kind, value)

    def optional(self, number: int, member: Field, value: str) -> None:
        if self.shape.encoding.version != 1:
            super().optional(number, member, value)
            return
        inner = f"{value}[{member.key!r}]"
        self.branches(
            (f"if {member.key!r} in {value}", lambda: self.parameter(number, member, inner)),
            ("else", lambda: self.header(number, "0")),
        )

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
        self.place()
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
