"""The generator of `decode`."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import assert_never

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
    String,
    Timestamp,
    Type,
    Union,
    Uuid,
    fixed_length,
)

from sercodecs.cdr.generator import Generator
from sercodecs.cdr.runtime import LIST_END, MUST_UNDERSTAND, Table
from sercodecs.cdr.shape import (
    INLINE,
    PREFIXES,
    RETRIED,
    Position,
    Shape,
    Slot,
    Stride,
    bind,
    compiled,
    one_letter,
    stride,
)
from sercodecs.source import Source


def display(members: dict[str, str]) -> str:
    """The source of a dict of these keys and expressions."""
    return f"{{{', '.join(f'{key!r}: {expression}' for key, expression in members.items())}}}"


class Reader(Generator):
    """Generates `decode`, once for each byte order.

    `read` returns an expression for the value, which holds after the next `flush`. Local state of the generated
    functions: `data`, `end` (where the message ends), `pos`, `depth` where there is recursion, and `origin`, from which
    XCDR1 counts alignment.
    """

    def __init__(self, shape: Shape, source: Source, order: str) -> None:
        super().__init__(shape, source, order)
        self.variables: list[str] = []
        self.in_function = False
        self.depth = 0
        self.expected: list[tuple[str, int]] = []  # slots, and what our writer puts there
        self.stop = "end"  # the end of the members
        self.counted = ""  # the name of a count that was read with the DHEADER before it

    @property
    def from_origin(self) -> bool:
        """Whether functions have to be told from where alignment counts."""
        return self.shape.encoding.version == 1

    def generate(self) -> None:
        source, schema = self.source, self.shape.schema
        for type_ in schema.types:
            if isinstance(type_, Enum):
                symbols = {number: symbol for symbol, number in self.shape.numbers(type_).items()}
                source.provide(f"SYMBOLS_{type_.name}", Table(f"enum {type_.name}", symbols))
        for self.order in PREFIXES:
            for type_ in schema.types:
                if isinstance(type_, Record) and self.shape.encoding.mutable:
                    self.members(type_)
                if not isinstance(type_, Enum) and not self.shape.inlined(type_):
                    self.function(type_)
        with source.function("decode(data)"):
            with source.block("try"):
                self.start()
                for self.order in PREFIXES:
                    with source.block(f"if kind == {self.kind()!r}"):
                        self.root()
                source.line('raise DecodeError(f"{kind.hex()} is not the beginning of a message", 0)')
            with source.block("except Exception as error"):
                source.line("raise decode_failure(error, data) from error")

    def function(self, type_: Union | Record) -> None:
        parameters = "data, pos, end, depth" + (", origin" if self.from_origin else "")
        with self.source.function(f"read_{type_.name}_{self.order}({parameters})"):
            self.in_function = True
            self.depth = -1  # the caller counted this level
            self.at = Position("pos", 0, 1, 0, "origin" if self.from_origin else "")
            value = self.named(type_)
            self.flush()
            self.source.line(f"return {value}, {self.at.text}")

    def kind(self) -> bytes:
        """How a message of the byte order begins."""
        little = self.order == "little"
        return bytes([0, self.shape.encoding.identifier + little]) if self.shape.encoding.version else bytes([little])

    def start(self) -> None:
        self.source.line("end = len(data)")
        if self.shape.encoding.version:
            with self.source.block("if end < 4"):
                self.source.line('raise DecodeError("a message without its header", end)')
            self.source.line("end -= data[3] & 3")
        self.source.line(f"kind = data[:{len(self.kind())}]")
        types = [type_ for type_ in self.shape.schema.types if not isinstance(type_, Enum)]
        if self.shape.encoding.mutable or not all(map(self.shape.inlined, types)):
            self.source.line("depth = 0")

    def root(self) -> None:
        if self.shape.encoding.version:
            self.at = Position("4", 0, self.strictest, 0, "4" if self.from_origin else "")
        else:
            self.at = Position("1", 0, self.strictest, 1)
        self.in_function = False
        self.depth = 0
        value = self.read(Ref(self.shape.schema.root))
        self.flush()
        self.settle()
        with self.source.block("if pos != end"):
            self.source.line("bad_end(pos, end)")
        self.source.line(f"return {value}")

    # Slots and positions.

    def slot(self, slot: Slot) -> str:
        name = self.source.fresh("x")
        self.slots.append(slot)
        self.variables.append(name)
        return slot.read.format(name)

    def unsigned(self) -> str:
        """The name of an unsigned long, which is read at once."""
        name = self.slot(Slot("I", 4))
        self.flush()
        return name

    def flush(self) -> None:
        if not self.slots:
            return
        strictest = max(slot.alignment for slot in self.slots)
        if not self.length and self.slots[0].alignment == strictest > self.at.modulus:
            self.at = self.at.aligned(strictest)
            self.settle()
        if self.expected:
            with self.source.block(f"if {self.at.after(self.slots, self.length).text} > {self.stop}"):
                self.source.line("break")
        unpack = bind(self.source, "unpack_from", self.prefix, self.slots, self.at, self.length)
        self.source.line(f"{', '.join(self.variables)}, = {unpack}(data, {self.at.text})")
        if self.expected:
            with self.source.block(f"if {' or '.join(f'{name} != {number:#x}' for name, number in self.expected)}"):
                self.source.line("break")
            self.expected = []
        terminated = self.slots[0].terminator == 1
        name = self.at.name
        self.at = self.at.after(self.slots, self.length)
        if self.at.name != name:
            self.settle()
        if terminated:
            with self.source.block(f"if {self.variables[1]} or 0 in {self.variables[0]}"):
                self.source.line("bad_text(pos)")
        self.slots, self.variables, self.length = [], [], ""

    def settle(self) -> None:
        """Let `pos` be the position."""
        if self.at.text != "pos":
            self.source.line(f"pos = {self.at.text}")
        self.at = Position("pos", 0, self.at.modulus, self.at.residue, self.at.origin)

    def refuse(self, condition: str, reason: str) -> None:
        with self.source.block(f"if {condition}"):
            self.source.line(f"raise DecodeError({reason}, {self.at.text})")

    @contextmanager
    def delimited(self, *, extensible: bool = False, counted: bool = False) -> Iterator[str]:
        """A DHEADER and what it delimits; what a later version of an `extensible` type adds is skipped.

        A count behind it is read together with it.
        """
        octets = self.slot(Slot("I", 4))
        self.counted = self.slot(Slot("I", 4)) if counted else ""
        self.flush()
        self.settle()
        stop = self.local("stop", f"pos + {octets}" + (" - 4" if counted else ""))
        self.refuse(f"{stop} > end", f'f"{{{octets}}} octets announced, {{end - pos}} left"')
        yield stop
        self.flush()
        self.settle()
        if extensible:
            self.refuse(f"pos > {stop}", '"a value that is longer than its DHEADER says"')
            self.source.line(f"pos = {stop}")
            self.at = Position("pos", 0, 1, 0, self.at.origin)
        else:
            self.refuse(f"pos != {stop}", '"a value that is not as long as its DHEADER says"')

    # Kinds.

    def read(self, type_: Type, nested: bool = False) -> str:
        kind = self.shape.schema.resolve(type_)
        match kind:
            case String():
                text = self.text()
                return text if kind.max_length is None else f"at_most({text}, {kind.max_length})"
            case Bytes() if not fixed_length(kind):
                length = self.unsigned()
                self.bounds(length, kind.min_length, kind.max_length, "octets")
                return self.opaque(length, 0)
            case Decimal() if self.shape.slot(kind) is None:
                return f"from_digits({self.text()}, {kind.precision}, {kind.scale})"
            case Bool() | Int() | Float() | Bytes() | Enum() | Timestamp() | Uuid() | Decimal():
                slot = self.shape.slot(kind)
                assert slot
                return self.slot(slot)
            case List():
                if self.shape.delimits(kind, nested):
                    with self.delimited(counted=not fixed_length(kind)):
                        return self.held(self.array(kind))
                return self.array(kind)
            case Map():
                if self.shape.delimits(kind):
                    with self.delimited(counted=True):
                        return self.mapping(kind)
                return self.mapping(kind)
            case Union() | Record():
                if self.shape.inlined(kind):
                    return self.named(kind)
                self.flush()
                value = self.source.fresh("value")
                more = f", {self.at.origin}" if self.from_origin else ""
                self.source.line(
                    f"{value}, pos = read_{kind.name}_{self.order}"
                    f"(data, {self.at.text}, end, depth + {self.depth + 1}{more})"
                )
                self.at = Position("pos", 0, 1, 0, self.at.origin)
                return value
            case _:
                assert_never(kind)

    def held(self, expression: str) -> str:
        """A value that is complete, in a variable."""
        self.flush()
        return expression if expression.isidentifier() else self.local("value", expression)

    def text(self) -> str:
        """The expression of a string, whose length counts its NUL."""
        return f"{self.opaque(self.unsigned(), 1)}.decode()"

    def opaque(self, length: str, terminator: int) -> str:
        """Octets of a length that is read already; they are unpacked with the slots behind."""
        self.length = length
        octets = self.slot(Slot("", 1, terminator=terminator))
        if terminator:
            self.slot(Slot("B", 1))
        return octets

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
            if items := self.rows(kind.item, count, row):
                return items
        items = self.local("items", "[]")

        def item() -> None:
            value = self.read(kind.item, nested=bool(fixed))
            self.flush()
            self.source.line(f"{items}.append({value})")

        self.loop(f"for _ in range({count})", item)
        return items

    def count(self, *items: Type) -> str:
        """Emit the reading of a count of items, and its check against what is left; return its name."""
        count, self.counted = self.counted or self.unsigned(), ""
        least = sum(self.shape.least(item) for item in items)
        self.refuse(
            f"{count} * {least} > end - ({self.at.text})",
            f'f"{{{count}}} items announced, {{end - ({self.at.text})}} octets left"',
        )
        return count

    def rows(self, item: Type, count: str, row: list[Slot]) -> str:
        """An array whose items are of fixed size: one unpack, or one iter_unpack; nothing if it cannot be."""
        step = stride(row, self.at)
        if step is None:
            return ""
        variables: list[str] = []

        def name(slot: Slot) -> str:
            variables.append(self.source.fresh("x"))
            return slot.read.format(variables[-1])

        value = self.row(item, name)
        letter = one_letter(row)
        if step.start == self.at and not step.lead:
            items = self.source.fresh("items")
            self.rows_at(items, value, variables, letter, count, step.start.text, step)
        else:
            self.settle()
            step = stride(row, self.at) or step
            items = self.local("items", "[]")
            with self.source.block(f"if {count}"):
                start = step.start.text if step.start == self.at else self.local("start", step.start.text)
                self.rows_at(items, value, variables, letter, count, start, step)
        known = step.start.plus(step.size)
        while known.modulus > 1 and step.whole % known.modulus:
            known = Position("pos", 0, known.modulus // 2, known.residue % (known.modulus // 2))
        known = known.meet(self.at)
        self.at = Position("pos", 0, known.modulus, known.residue, self.at.origin)
        return items

    def rows_at(
        self, items: str, value: str, variables: list[str], letter: str, count: str, start: str, step: Stride
    ) -> None:
        lead = f" - {step.lead}" if step.lead else ""
        stop = self.local("stop", f"{start} + {count} * {step.whole}{lead}")
        with self.source.block(f"if {stop} > end"):
            self.source.line(
                f'raise DecodeError(f"{{{count}}} items announced, {{end - ({start})}} octets left", {start})'
            )
        line = self.source.line
        if len(variables) == 1 and letter and not step.lead:
            unpacked = f'unpack_from(f"{self.prefix}{{{count}}}{letter}", data, {start})'
            if variables == [value]:
                line(f"{items} = list({unpacked})")
            else:
                line(f"{items} = [{value} for {variables[0]} in {unpacked}]")
        else:
            unpack = self.source.bind("iter_unpack", compiled(self.prefix + step.format).iter_unpack)
            line(f"{items} = [{value} for {', '.join(variables)}, in {unpack}(data[{start}{lead}:{stop}])]")
        line(f"pos = {stop}")

    def row(self, type_: Type, name: Callable[[Slot], str]) -> str:
        """The expression of a value of fixed size; `name` gives the expression of each of its slots in turn."""
        kind = self.shape.schema.resolve(type_)
        match kind:
            case List():
                return f"[{', '.join(self.row(kind.item, name) for _ in range(fixed_length(kind) or 0))}]"
            case Record():
                return display({member.key: self.row(member.type, name) for member in kind.fields})
            case _:
                slot = self.shape.slot(kind)
                assert slot
                return name(slot)

    def mapping(self, kind: Map) -> str:
        count = self.count(kind.key, kind.value)
        items = self.local("items", "{}")

        def entry() -> None:
            key = self.read(kind.key)
            value = self.read(kind.value)
            self.flush()
            self.source.line(f"{items}[{key}] = {value}")

        self.loop(f"for _ in range({count})", entry)
        self.refuse(f"len({items}) != {count}", '"a key of a map is given twice"')
        return items

    def named(self, kind: Union | Record) -> str:
        self.depth += 1
        self.bound_depth(0)
        if self.shape.delimits(kind):
            with self.delimited(extensible=True) as stop:
                value = self.held(self.body(kind, stop))
        else:
            value = self.body(kind, "")
        self.depth -= 1
        return value

    def body(self, kind: Union | Record, stop: str) -> str:
        if isinstance(kind, Union):
            return self.union(kind)
        return self.parameters(kind, stop) if self.shape.encoding.mutable else self.record(kind)

    def bound_depth(self, levels: int, guard: str = "") -> None:
        """Emit the check that so many more levels fit, in functions that are called recursively."""
        if self.in_function:
            most = MAX_DEPTH - self.depth - levels
            self.refuse(f"{guard}depth > {most}", f'"more than {MAX_DEPTH} levels of nesting"')

    def record(self, kind: Record) -> str:
        if not kind.fields:
            self.slot(Slot("B", 1))
            return "{}"
        value = ""
        held: dict[str, str] = {}
        for number, member in enumerate(kind.fields):
            if not member.optional:
                held[member.key] = self.read(member.type)
                continue
            if self.shape.encoding.version == 1:
                self.flush()
                value, held = self.hold(value, held), {}
                self.optional_parameter(kind, number, value)
                continue
            present = self.slot(Slot("I", 4) if self.shape.encoding.version == 0 else Slot("B", 1))
            self.flush()
            value, held = self.hold(value, held), {}
            self.settle()
            before = self.at
            with self.source.block(f"if {present} == 1"):
                inner = self.read(member.type)
                self.flush()
                self.source.line(f"{value}[{member.key!r}] = {inner}")
                self.settle()
            with self.source.block(f"elif {present}"):
                said = "is not a boolean" if self.shape.encoding.version else "items, at most 1 allowed"
                self.source.line(f'raise DecodeError(f"{{{present}}} {said}: {kind.name}.{member.name}", pos)')
            self.at = self.at.meet(before)
        if not value:
            return display(held)
        self.flush()
        return self.hold(value, held)

    def hold(self, value: str, held: dict[str, str]) -> str:
        """Emit a dict of what was read so far, or put it into the one that there is."""
        if not value:
            return self.local("value", display(held))
        for key, expression in held.items():
            self.source.line(f"{value}[{key!r}] = {expression}")
        return value

    def union(self, kind: Union) -> str:
        discriminant = self.unsigned()
        self.settle()
        value = self.source.fresh("value")
        before, ends = self.at, []
        for i, alternative in enumerate(kind.alternatives):
            self.at = before
            with self.source.block(f"{'elif' if i else 'if'} {discriminant} == {alternative.number}"):
                inner = self.read(alternative.type)
                self.flush()
                self.source.line(f"{value} = {{{alternative.key!r}: {inner}}}")
                self.settle()
            ends.append(self.at)
        with self.source.block("else"):
            self.source.line(f'raise DecodeError(f"{{{discriminant}}} is not an alternative of {kind.name}", pos)')
        for end in ends:
            self.at = self.at.meet(end)
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
        self.at = Position(origin, 0, self.strictest, 0, origin)
        inner = self.read(member.type)
        self.flush()
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
        self.flush()
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
            self.at = Position(origin, 0, self.strictest, 0, origin)
            inner = self.read(member.type)
            self.flush()
            self.settle()
            with self.source.block(f"if pos != {origin} + {length}"):
                self.source.line("break")
            self.at = Position("pos", 0, 1, 0, outer)
            return inner
        code, octets_ = self.shape.length_code(kind, row)
        self.expected.append((self.slot(Slot("I", 4)), self.emheader(number, member)))
        if code != 4:
            return self.read(member.type)
        length = self.slot(Slot("I", 4))
        if row and octets_:
            self.expected.append((length, octets_))
            return self.read(member.type)
        self.flush()
        after = self.local("after", f"{self.at.text} + {length}")
        inner = self.read(member.type)
        self.flush()
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
                        self.at = Position("pos", 0, self.strictest, 0)
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
