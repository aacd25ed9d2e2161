"""The generator of `decode`, as far as the formats do not differ."""

from abc import abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
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

from sercodecs.aligned.position import Position, Slot, Stride, compiled, one_letter, stride
from sercodecs.aligned.shape import INLINE, WORD
from sercodecs.aligned.unpacking import Unpacking, display


class Reader(Unpacking):
    """Generates `decode`. `read` returns an expression for the value, which holds after the next `look` or `settle`.

    A word is read ahead where it certainly comes next, which the argument `word_follows` says of what is behind the
    value, or where it can be given back. As that may be at the end of the message, `data` is then a word longer.
    """

    @property
    def gapless(self) -> bool:
        """Whether words stand anywhere without a gap before them: then functions are given one and give one back."""
        return self.shape.unit % WORD.alignment == 0

    @property
    def suffix(self) -> str:
        """What the names of functions end with."""
        return ""

    @property
    def context(self) -> str:
        """More parameters of functions."""
        return ""

    def context_here(self) -> str:
        """The arguments for them."""
        return ""

    def function(self, kind: Union | Record) -> None:
        """The function that reads a type: its value, where it ends, and the word ahead if the format has such."""
        word = ", word" if self.gapless else ""
        with self.source.function(f"read_{kind.name}{self.suffix}(data, pos{word}, end, depth{self.context})"):
            self.in_function = True
            self.depth = -1  # the caller counted this level
            self.at = self.anywhere()
            self.ahead = "word" if self.shape.starts_with_word(Ref(kind.name)) else ""
            value = self.named(kind, self.gapless)
            self.look((self.ahead or self.fresh_word()) if self.gapless else "")
            self.source.line(f"return {value}, {self.at.text}{f', {self.ahead}' if self.gapless else ''}")
            self.ahead = ""

    def call(self, kind: Union | Record) -> str:
        """Emit the call of the function of a type."""
        self.look((self.ahead or self.fresh_word()) if self.shape.starts_with_word(Ref(kind.name)) else "")
        value = self.source.fresh("value")
        given, found = (f", {self.ahead or None}", self.ahead or self.fresh_word()) if self.gapless else ("", "")
        self.source.line(
            f"{value}, pos{f', {found}' if found else ''} = read_{kind.name}{self.suffix}"
            f"(data, {self.at.text}{given}, end, depth + {self.depth + 1}{self.context_here()})"
        )
        self.at, self.ahead = self.anywhere(), found
        return value

    @contextmanager
    def decoder(self) -> Iterator[None]:
        """The function `decode`."""
        source = self.source
        with source.function("decode(message)"):
            with source.block("try"):
                start = len(source.lines)
                source.line("end = len(message)")
                yield
            with source.block("except Exception as error"):
                source.line("raise decode_failure(error, message) from error")
        source.lines.insert(start, f"        data = message{' + WORD' * self.looked_ahead}")

    def message(self, at: Position) -> None:
        """Emit the reading of the message's value, which begins there, and the check that it ends where the data do."""
        self.in_function = False
        self.depth = 0
        self.at = at
        value = self.read(Ref(self.shape.schema.root))
        self.settle()
        with self.source.block("if pos != end"):
            self.source.line("bad_end(pos, end)")
        self.source.line(f"return {value}")

    # Kinds.

    def read(self, type_: Type, word_follows: bool = False) -> str:
        kind = self.shape.schema.resolve(type_)
        match kind:
            case String():
                text, most = self.text(), kind.max_length
                return text if most is None else self.at_most(text, most)
            case Bytes() if not fixed_length(kind):
                return self.opaque(kind.min_length, kind.max_length)
            case Decimal() if self.shape.slot(kind) is None:
                return self.long_decimal(kind)
            case Bool() | Int() | Float() | Bytes() | Enum() | Timestamp() | Uuid() | Decimal():
                slot = self.shape.slot(kind)
                assert slot
                return self.slot(slot)
            case List():
                return self.array(kind, word_follows)
            case Map():
                return self.mapping(kind, word_follows)
            case Union() | Record():
                return self.named(kind, word_follows) if self.shape.inlined(kind) else self.call(kind)
            case _:
                assert_never(kind)

    @abstractmethod
    def text(self) -> str:
        """The expression of a string."""

    @abstractmethod
    def opaque(self, least: int = 0, most: int | None = None) -> str:
        """Emit the reading of a length; return the name of the octets, which are unpacked with the slots behind."""

    @abstractmethod
    def long_decimal(self, kind: Decimal) -> str:
        """The expression of a decimal that is no slot."""

    def array(self, kind: List, word_follows: bool) -> str:
        fixed, row = fixed_length(kind), self.shape.row(kind.item)
        if fixed and row and len(row) * fixed <= INLINE:
            self.bound_depth(self.shape.levels(kind.item))
            return self.row(kind, self.slot)
        looks_ahead = row is None and self.loops_ahead(kind.item, word_follows)
        count = str(fixed) if fixed else self.count(looks_ahead, kind.item)
        if not fixed:
            self.bounds(count, kind.min_length, kind.max_length, "items")
        if row:
            self.look("")
            if levels := self.shape.levels(kind.item):
                self.bound_depth(levels, f"{count} and ")
            if items := self.rows(kind.item, count, row):
                return items
        items = self.local("items", "[]")

        def item() -> None:
            self.source.line(f"{items}.append({self.held(self.item(kind, looks_ahead), word)})")

        word = self.word_of_loop(looks_ahead)
        self.loop(f"for _ in range({count})", item, word)
        return items

    def item(self, kind: List, word_follows: bool) -> str:
        return self.read(kind.item, word_follows)

    def held(self, expression: str, word: str = "") -> str:
        """The expression of a value, when it holds."""
        self.look(word)
        return expression

    def loops_ahead(self, item: Type, word_follows: bool) -> bool:
        """Whether each turn of a loop reads the word ahead with which the next one begins; the last must be able to."""
        return self.shape.starts_with_word(item) and (word_follows or self.gapless)

    def word_of_loop(self, looks_ahead: bool) -> str:
        """The name of the word ahead in which each turn of a loop begins and ends."""
        return (self.ahead or self.fresh_word()) if looks_ahead else ""

    def count(self, look_ahead: bool, *items: Type) -> str:
        """Emit the reading of a count of items, and its check against what is left; return its name."""
        count = self.items_announced(look_ahead)
        least = sum(self.shape.least(item) for item in items)
        left = f"end - {self.here.term}"
        self.refuse(f"{count} * {least} > {left}", f'f"{{{count}}} items announced, {{{left}}} octets left"')
        return count

    def items_announced(self, look_ahead: bool) -> str:
        return self.word(look_ahead=look_ahead)

    def rows(self, item: Type, count: str, row: list[Slot]) -> str:
        """An array whose items are of fixed size: one unpack, or one iter_unpack; nothing if it cannot be."""
        step = stride(row, self.at)
        if step is None:
            return ""
        variables: list[str] = []

        def name(slot: Slot) -> str:
            names = [self.source.fresh("x") for _ in range(slot.variables)]
            variables.extend(names)
            return slot.read.format(*names)

        value = self.row(item, name)
        letter = one_letter(row)
        if step.start == self.at and not step.lead:
            items = self.source.fresh("items")
            self.rows_at(items, value, variables, letter, count, step.start.text, step)
        else:
            self.place()
            step = stride(row, self.at) or step
            items = self.local("items", "[]")
            with self.source.block(f"if {count}"):
                start = step.start.text if step.start == self.at else self.local("start", step.start.text)
                self.rows_at(items, value, variables, letter, count, start, step)
        self.at = step.end(self.at).at("pos")
        return items

    def rows_at(
        self, items: str, value: str, variables: list[str], letter: str, count: str, start: str, step: Stride
    ) -> None:
        line, lead = self.source.line, f" - {step.lead}" if step.lead else ""
        stop = self.local("stop", f"{start} + {count} * {step.whole}{lead}")
        with self.source.block(f"if {stop} > end"):
            line(f'raise DecodeError(f"{{{count}}} items announced, {{end - ({start})}} octets left", {start})')
        if len(variables) == 1 and letter and not step.lead:
            unpacked = f'unpack_from(f"{self.prefix}{{{count}}}{letter}", data, {start})'
            whole = variables == [value]
            line(f"{items} = list({unpacked})" if whole else f"{items} = [{value} for {variables[0]} in {unpacked}]")
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

    def mapping(self, kind: Map, word_follows: bool) -> str:
        looks_ahead = self.loops_ahead(kind.key, word_follows)
        count = self.count(looks_ahead, kind.key, kind.value)
        items = self.local("items", "{}")

        def entry() -> None:
            key = self.read(kind.key, self.shape.starts_with_word(kind.value))
            value = self.read(kind.value, looks_ahead)
            self.look(word)
            self.source.line(f"{items}[{key}] = {value}")

        word = self.word_of_loop(looks_ahead)
        self.loop(f"for _ in range({count})", entry, word)
        self.refuse(f"len({items}) != {count}", '"a key of a map is given twice"')
        return items

    def named(self, kind: Union | Record, word_follows: bool) -> str:
        self.depth += 1
        self.bound_depth(0)
        value = self.body(kind, word_follows)
        self.depth -= 1
        return value

    def body(self, kind: Union | Record, word_follows: bool) -> str:
        return self.union(kind, word_follows) if isinstance(kind, Union) else self.record(kind, word_follows)

    @abstractmethod
    def empty(self) -> None:
        """Emit the reading of a record without fields."""

    def record(self, kind: Record, word_follows: bool) -> str:
        if not kind.fields:
            self.empty()
            return "{}"
        value, held = "", dict[str, str]()
        begins = [self.shape.starts_with_word(member.type, member.optional) for member in kind.fields]
        for number, (member, followed) in enumerate(zip(kind.fields, [*begins[1:], word_follows])):
            if member.optional:
                value, held = self.optional(kind, number, value, held, followed), {}
            else:
                held[member.key] = self.read(member.type, followed)
        if not value:
            return display(held)
        if not self.ahead:
            self.look(self.fresh_word() if word_follows else "")
        return self.hold(value, held)

    def optional(self, kind: Record, number: int, value: str, held: dict[str, str], followed: bool) -> str:
        """Emit the reading of a flag and, if it is 1, of the field, into a dict with what was read before."""
        member = kind.fields[number]
        present = self.flag(look_ahead=followed or self.shape.starts_with_word(member.type))
        value = self.hold(value, held)
        self.place()
        before, absent = self.at, self.ahead
        word = (absent or self.fresh_word()) if followed else ""
        with self.source.block(f"if {present} == 1"):
            inner = self.read(member.type, followed)
            self.settle(word)
            self.source.line(f"{value}[{member.key!r}] = {inner}")
        after, self.at, self.ahead = self.at, before, absent
        self.refuse(present, f'f"{{{present}}} {self.no_flag(kind, member)}"', otherwise="elif")
        if absent != word:
            with self.source.block("else"):
                self.settle(word)
        self.at = self.at.meet(after)
        return value

    def flag(self, *, look_ahead: bool) -> str:
        """The name of a flag, for immediate use."""
        return self.word(look_ahead=look_ahead)

    def no_flag(self, kind: Record, member: Field) -> str:
        """What is said of a flag that is none."""
        return f"is not a boolean: {kind.name}.{member.name} is there or not"

    def union(self, kind: Union, word_follows: bool) -> str:
        begins = any(self.shape.starts_with_word(alternative.type) for alternative in kind.alternatives)
        number = self.word(look_ahead=word_follows or begins)
        self.place()
        value, where = self.source.fresh("value"), self.here.text
        word = (self.ahead or self.fresh_word()) if word_follows else ""

        def read(alternative: Field) -> None:
            inner = self.read(alternative.type, word_follows)
            self.settle(word)
            self.source.line(f"{value} = {{{alternative.key!r}: {inner}}}")

        tests = [f"{'elif' if i else 'if'} {number} == {member.number}" for i, member in enumerate(kind.alternatives)]
        self.choose(*[(test, partial(read, member)) for test, member in zip(tests, kind.alternatives)], word=word)
        with self.source.block("else"):
            said = f'f"{{{number}}} is not an alternative of {kind.name}"'
            self.source.line(f"raise DecodeError({said}, {where})")
        return value
