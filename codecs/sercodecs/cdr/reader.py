"""The generator of `decode`."""

from collections.abc import Iterator
from contextlib import contextmanager

from serschema.model import Decimal, Field, List, Map, Record, Ref, Union, fixed_length

from sercodecs.aligned.generator import PREFIXES
from sercodecs.aligned.position import Position, Slot, compiled
from sercodecs.aligned.reader import Reader as AlignedReader
from sercodecs.aligned.shape import WORD
from sercodecs.cdr.runtime import LIST_END, MUST_UNDERSTAND
from sercodecs.cdr.shape import RETRIED, Shape
from sercodecs.source import Source


class Reader(AlignedReader):
    """Generates `decode`, once for each byte order. XCDR1 counts alignment from the local variable `origin`."""

    def __init__(self, shape: Shape, source: Source, order: str) -> None:
        super().__init__(shape, source, order)
        self.shape: Shape = shape
        self.expected: list[tuple[str, int]] = []  # slots, and what our writer puts there
        self.stop = "end"  # the end of the members
        self.counted = ""  # the name of a count that was read with the DHEADER before it

    @property
    def from_origin(self) -> bool:
        """Whether functions have to be told from where alignment counts."""
        return self.shape.encoding.version == 1

    @property
    def suffix(self) -> str:
        return f"_{self.order}"

    @property
    def context(self) -> str:
        return ", origin" if self.from_origin else ""

    def anywhere(self) -> Position:
        return Position("pos", 0, 1, 0, self.at.origin)

    def function(self, kind: Union | Record) -> None:
        self.at = Position("pos", 0, 1, 0, "origin" if self.from_origin else "")
        super().function(kind)

    def context_here(self) -> str:
        return f", {self.at.origin}" if self.from_origin else ""

    def generate(self) -> None:
        source = self.source
        self.provide_symbols()
        for self.order in PREFIXES:
            if self.shape.encoding.mutable:
                for type_ in self.shape.schema.types:
                    if isinstance(type_, Record):
                        self.members(type_)
            for kind in self.shape.functions:
                self.function(kind)
        with self.decoder():
            self.start()
            for self.order in PREFIXES:
                with source.block(f"if kind == {self.kind()!r}"):
                    self.message(self.beginning())
            source.line('raise DecodeError(f"{kind.hex()} is not the beginning of a message", 0)')

    def kind(self) -> bytes:
        """How a message of the byte order begins."""
        little = self.order == "little"
        return bytes([0, self.shape.encoding.identifier + little]) if self.shape.encoding.version else bytes([little])

    def start(self) -> None:
        if self.shape.encoding.version:
            with self.source.block("if end < 4"):
                self.source.line('raise DecodeError("a message without its header", end)')
            self.source.line("end -= message[3] & 3")
        self.source.line(f"kind = message[:{len(self.kind())}]")
        if self.shape.encoding.mutable or self.shape.functions:
            self.source.line("depth = 0")

    def beginning(self) -> Position:
        """Where the message's value begins."""
        if not self.shape.encoding.version:
            return Position("1", 0, self.shape.greatest, 1)
        return Position("4", 0, self.shape.greatest, 0, "4" if self.from_origin else "")

    def flush(self) -> None:
        if self.slots and self.expected:
            with self.source.block(f"if {self.at.after(self.slots, self.length).text} > {self.stop}"):
                self.source.line("break")
            others = " or ".join(f"{name} != {number:#x}" for name, number in self.expected)
            self.late[:0] = [f"if {others}:", "    break"]
            self.expected = []
        super().flush()

    @contextmanager
    def delimited(self, *, extensible: bool = False, counted: bool = False) -> Iterator[str]:
        """A DHEADER and what it delimits; what a later version of an `extensible` type adds is skipped.

        A count behind it is read together with it.
        """
        octets = self.slot(Slot("I", 4))
        self.counted = self.slot(Slot("I", 4)) if counted else ""
        self.settle()
        stop = self.local("stop", f"pos + {octets}" + (" - 4" if counted else ""))
        self.refuse(f"{stop} > end", f'f"{{{octets}}} octets announced, {{end - pos}} left"')
        yield stop
        self.settle()
        if extensible:
            self.refuse(f"pos > {stop}", '"a value that is longer than its DHEADER says"')
            self.source.line(f"pos = {stop}")
            self.at = Position("pos", 0, 1, 0, self.at.origin)
        else:
            self.refuse(f"pos != {stop}", '"a value that is not as long as its DHEADER says"')

    # Kinds.

    def text(self) -> str:
        """The expression of a string, whose length counts its NUL."""
        self.length = self.word()
        octets, end = self.slot(Slot("", 1, unit=1, terminator=1)), self.slot(Slot("B", 1))
        self.check(f"{end} or 0 in {octets}", "bad_text(pos)")
        return f"{octets}.decode()"

    def opaque(self, least: int = 0, most: int | None = None) -> str:
        length = self.word()
        self.bounds(length, least, most, "octets")
        self.length = length
        return self.slot(Slot("", 1, unit=1))

    def long_decimal(self, kind: Decimal) -> str:
        return f"from_digits({self.text()}, {kind.precision}, {kind.scale})"

    def array(self, kind: List, word_follows: bool) -> str:
        if not self.shape.delimits(kind):
            return super().array(kind, word_follows)
        with self.delimited(counted=not fixed_length(kind)):
            return self.variable(super().array(kind, False))

    def item(self, kind: List, word_follows: bool) -> str:
        inner = self.shape.schema.resolve(kind.item)
        if fixed_length(kind) and isinstance(inner, List) and fixed_length(inner):
            return super().array(inner, word_follows)  # one DHEADER is for all dimensions
        return super().item(kind, word_follows)

    def items_announced(self, look_ahead: bool) -> str:
        count, self.counted = self.counted or super().items_announced(look_ahead), ""
        return count

    def mapping(self, kind: Map, word_follows: bool) -> str:
        if not self.shape.delimits(kind):
            return super().mapping(kind, word_follows)
        with self.delimited(counted=True):
            return super().mapping(kind, False)

    def variable(self, expression: str) -> str:
        """A value that is complete, in a variable."""
        self.flush()
        return expression if expression.isidentifier() else self.local("value", expression)

    def body(self, kind: Union | Record, word_follows: bool) -> str:
        if not self.shape.delimits(kind):
            return self.content(kind, word_follows, "")
        with self.delimited(extensible=True) as stop:
            return self.variable(self.content(kind, False, stop))

    def content(self, kind: Union | Record, word_follows: bool, stop: str) -> str:
        if isinstance(kind, Record) and self.shape.encoding.mutable:
            return self.parameters(kind, stop)
        return super().body(kind, word_follows)

    def empty(self) -> None:
        self.slot(self.shape.empty)

    def flag(self, *, look_ahead: bool) -> str:
        if self.shape.flag == WORD:
            return super().flag(look_ahead=look_ahead)
        name = self.slot(self.shape.flag)
        self.flush()
        return name

    def no_flag(self, kind: Record, member: Field) -> str:
        if self.shape.encoding.version:
            return super().no_flag(kind, member)
        return f"items, at most 1 allowed: {kind.name}.{member.name}"

    def optional(self, kind: Record, number: int, value: str, held: dict[str, str], followed: bool) -> str:
        if self.shape.encoding.version != 1:
            return super().optional(kind, number, value, held, followed)
        self.flush()
        value = self.hold(value, held)
        self.optional_parameter(kind, number, value)
        return value

    # Members with headers.

    def aligned(self) -> None:
        self.flush()
        self.at = self.at.aligned(4)
        self.settle()

    def parameter(self) -> tuple[str, str, str, str]:
        """Emit the reading of a member's header in XCDR1; the names of its member, flag, beginning and end."""
        self.aligned()
        names = [self.source.fresh(hint) for hint in ("member", "must", "origin", "stop")]
        self.source.line(f"{', '.join(names)} = read_parameter_{self.order}(data, pos, end)")
        return names[0], names[1], names[2], names[3]

    def within(self, member: Field, origin: str, stop: str, value: str) -> None:
        """Emit the reading of a member that has a stream of its own, whose length may count padding (XTypes 1.1)."""
        outer = self.at
        self.at = Position(origin, 0, self.shape.greatest, 0, origin)
        inner = self.read(member.type)
        self.settle()
        self.refuse(f"not {stop} - 4 < pos <= {stop}", '"a member that is not as long as its header says"')
        self.source.line(f"{value}[{member.key!r}] = {inner}")
        self.at = outer

    def optional_parameter(self, kind: Record, number: int, value: str) -> None:
        member = kind.fields[number]
        found, _, origin, stop = self.parameter()
        self.refuse(f"{found} != {number}", f'f"member {{{found}}} instead of {kind.name}.{member.name}"')
        with self.source.block(f"if {origin} != {stop}"):
            self.within(member, origin, stop, value)
        self.source.line(f"pos = {stop}")
        self.at = Position("pos", 0, 1, 0, self.at.origin)

    def parameters(self, kind: Record, stop: str) -> str:
        """A mutable structure: as our writer lays it out, or by a function for members in any order and form."""
        self.settle()
        outer, first = self.at.origin, self.shape.encoding.version == 1
        value = self.source.fresh("value")
        more = f"end, {outer}" if first else stop
        function = f"read_members_{kind.name}_{self.order}"
        if self.shape.nesting(Ref(kind.name)) > RETRIED:
            self.source.line(f"{value}, pos = {function}(data, pos, {more}, depth + {self.depth})")
        else:
            start = self.local("start", "pos")
            self.source.line(f"{value} = None")
            held, self.stop = self.stop, stop or "end"
            with self.source.block("while True"):
                self.as_written(kind, value)
                self.source.line("break")
            self.stop = held
            with self.source.block(f"if {value} is None"):
                self.source.line(f"{value}, pos = {function}(data, {start}, {more}, depth + {self.depth})")
        self.at = Position("pos", 0, 4 if first else 1, 0, outer)
        return value

    def as_written(self, kind: Record, value: str) -> None:
        """Emit the reading of members in order, with the headers of our writer; a break where others are found."""
        made, held = "", dict[str, str]()
        first = self.shape.encoding.version == 1
        for number, member in enumerate(kind.fields):
            if not member.optional:
                held[member.key] = self.member(number, member)
                continue
            self.flush()
            made, held = self.hold(made, held), {}
            self.settle()
            before = self.at
            start = self.at.aligned(4)
            header = self.source.bind("unpack", compiled(self.prefix + ("H" if first else "I")).unpack_from)
            expected = number if first else self.emheader(number, member)
            there = f"{start.text} <= {self.stop} - 4 and {header}(data, {start.text})[0] == {expected:#x}"
            with self.source.block(f"if {there}"):
                inner = self.member(number, member)
                self.flush()
                self.source.line(f"{made}[{member.key!r}] = {inner}")
                self.settle()
            self.at = self.at.meet(before)
        if first:
            self.header_slots(MUST_UNDERSTAND | LIST_END, 0)
        self.flush()
        made = self.hold(made, held)
        self.settle()
        if first:
            self.source.line(f"{value} = {made}")
        else:
            with self.source.block(f"if pos == {self.stop}"):
                self.source.line(f"{value} = {made}")

    def emheader(self, number: int, member: Field) -> int:
        """The EMHEADER that our writer gives a member."""
        code, _ = self.shape.length_code(self.shape.schema.resolve(member.type), self.shape.row(member.type))
        return code << 28 | number

    def header_slots(self, number: int, length: int | None) -> str:
        """A header of XCDR1 as it is expected; the name of its length."""
        self.expected.append((self.slot(Slot("H", 4)), number))
        name = self.slot(Slot("H", 2))
        if length is not None:
            self.expected.append((name, length))
        return name

    def member(self, number: int, member: Field) -> str:
        """A member with the header that our writer gives it."""
        kind, row = self.shape.schema.resolve(member.type), self.shape.row(member.type)
        if self.shape.encoding.version == 1:
            if row:
                slots, octets = self.shape.pinned(row)
                self.header_slots(number, octets)
                pinned = iter(slots)
                return self.row(member.type, lambda _: self.slot(next(pinned)))
            length = self.header_slots(number, None)
            self.flush()
            outer = self.at.origin
            origin = self.local("origin", self.at.text)
            self.at = Position(origin, 0, self.shape.greatest, 0, origin)
            inner = self.read(member.type)
            self.settle()
            with self.source.block(f"if pos != {origin} + {length}"):
                self.source.line("break")
            self.at = Position("pos", 0, 1, 0, outer)
            return inner
        code, octets_ = self.shape.length_code(kind, row)
        self.expected.append((self.slot(WORD), self.emheader(number, member)))
        if code != 4:
            return self.read(member.type)
        length = self.slot(WORD)
        if row and octets_:
            self.expected.append((length, octets_))
            return self.read(member.type)
        self.flush()
        after = self.local("after", f"{self.at.text} + {length}")
        inner = self.read(member.type)
        self.settle()
        with self.source.block(f"if pos != {after}"):
            self.source.line("break")
        return inner

    def members(self, kind: Record) -> None:
        """The function that reads members in any order; those not known are skipped, unless they must be understood."""
        first = self.shape.encoding.version == 1
        more = "end, origin" if first else "end"
        with self.source.function(f"read_members_{kind.name}_{self.order}(data, pos, {more}, depth)"):
            self.in_function = True
            self.depth = 0
            self.source.line(f"return {self.any_order(kind, 'end')}, pos")

    def any_order(self, kind: Record, stop: str) -> str:
        value = self.local("value", "{}")
        first = self.shape.encoding.version == 1
        outer = "origin" if first else ""
        with self.source.block("while True" if first else f"while pos < {stop}"):
            if first:
                self.at = Position("pos", 0, 1, 0, outer)
                number, must, origin, after = self.parameter()
                with self.source.block(f"if {number} < 0"):
                    self.source.line(f"pos = {origin}")
                    self.source.line("break")
            else:
                self.at = Position("pos", 0, 1, 0, outer)
                self.aligned()
                number, must, after = (self.source.fresh(hint) for hint in ("member", "must", "after"))
                self.source.line(f"{number}, {must}, pos, {after} = read_member_{self.order}(data, pos, {stop})")
                origin = ""
            for i, member in enumerate(kind.fields):
                with self.source.block(f"{'elif' if i else 'if'} {number} == {i}"):
                    self.refuse(f"{member.key!r} in {value}", f'"{kind.name}.{member.name} is given twice"')
                    if first:
                        self.within(member, origin, after, value)
                    else:
                        self.at = Position("pos", 0, self.shape.greatest, 0)
                        inner = self.read(member.type)
                        self.flush()
                        self.settle()
                        self.refuse(f"pos != {after}", '"a member that is not as long as its header says"')
                        self.source.line(f"{value}[{member.key!r}] = {inner}")
            with self.source.block(f"elif {must}" if kind.fields else f"if {must}"):
                self.source.line(f'raise DecodeError(f"member {{{number}}} of {kind.name} must be understood", pos)')
            self.source.line(f"pos = {after}")
        required = frozenset(member.key for member in kind.fields if not member.optional)
        if required:
            names = self.source.bind("required", required)
            with self.source.block(f"if not {names} <= {value}.keys()"):
                self.source.line(f"missing({kind.name!r}, {names} - {value}.keys())")
        return value
