"""The generator of `decode`."""

from collections.abc import Callable
from typing import assert_never

from serschema.model import (
    MAX_DEPTH,
    Bool,
    Bytes,
    Decimal,
    Enum,
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
from sercodecs.xdr.runtime import Table
from sercodecs.xdr.shape import INLINE, WORD, Shape, Slot, bind_unpack, compiled, letters, one_letter


def display(members: dict[str, str]) -> str:
    """The source of a dict of these keys and expressions."""
    return f"{{{', '.join(f'{key!r}: {expression}' for key, expression in members.items())}}}"


class Reader:
    """Generates `decode`. Scalars wait in `slots`, to be unpacked by one call, until something of other size comes.

    `read` returns an expression for the value, which holds after the next `settle`. Local state of the generated
    functions: `data`, `end` (the length of the message), `pos` (a multiple of four), and `depth` where there is
    recursion. Where the word at `pos` was unpacked already, with what stood before it, `ahead` is its name and `pos` is
    behind it; as this may happen at the end of the message too, `data` is then the message and one word more. Such a
    word is always a length, a count, a flag or a number: what begins with something else unpacks it again.
    The argument `word_follows` says whether what comes after the value begins with one, so that it pays to look ahead.
    """

    def __init__(self, shape: Shape, source: Source) -> None:
        self.shape = shape
        self.source = source
        self.slots: list[Slot] = []
        self.variables: list[str] = []
        self.length = ""  # the name of the length of the opaque in front of the slots, if there is one
        self.ahead = ""
        self.back = 0  # the octets of an unwanted word ahead that the slots begin with
        self.looks_ahead = False
        self.in_function = False
        self.depth = 0

    def generate(self) -> None:
        source, schema = self.source, self.shape.schema
        for type_ in schema.types:
            if isinstance(type_, Enum):
                symbols = {number: symbol for symbol, number in type_.symbols}
                source.provide(f"SYMBOLS_{type_.name}", Table(f"enum {type_.name}", symbols))
            elif not self.shape.inlined(type_):
                self.ahead = "word" if self.shape.starts_with_word(Ref(type_.name)) else ""
                with source.function(f"read_{type_.name}(data, pos, {self.ahead or 'word'}, end, depth)"):
                    self.in_function = True
                    self.depth = -1  # the caller counted this level
                    value = self.named(type_, True)
                    if not self.ahead:
                        self.settle(self.fresh_word())
                    source.line(f"return {value}, pos, {self.ahead}")
                self.ahead = ""
        with source.function("decode(message)"):
            with source.block("try"):
                start = len(source.lines)
                source.line("end = len(message)")
                source.line("pos = 0")
                if any(not self.shape.inlined(type_) for type_ in schema.types if not isinstance(type_, Enum)):
                    source.line("depth = 0")
                self.in_function = False
                self.depth = 0
                value = self.read(Ref(schema.root), False)
                self.flush()
                with source.block(f"if {self.at()} != end"):
                    source.line(f"bad_end({self.at()}, end)")
                source.line(f"return {value}")
            with source.block("except Exception as error"):
                source.line("raise decode_failure(error, message) from error")
        source.lines.insert(start, f"        data = message{' + WORD' * self.looks_ahead}")

    def slot(self, slot: Slot) -> str:
        if self.ahead and slot.format == "I":
            name = self.local("x", self.ahead)  # the word's own name may soon mean the next one
            self.ahead = ""
            return slot.read.format(name)
        if self.ahead:
            self.ahead, self.back = "", 4
        names = [self.source.fresh("x") for _ in range(slot.variables)]
        self.slots.append(slot)
        self.variables += names
        return slot.read.format(*names)

    def word(self, *, look_ahead: bool = False) -> str:
        """The name of the next word, for immediate use. With `look_ahead` it may bring the one after it along."""
        if word := self.ahead:
            self.ahead = ""
            return word
        word = self.fresh_word()
        self.slots.append(WORD)
        self.variables.append(word)
        if look_ahead:
            self.settle(self.fresh_word())
        else:
            self.flush()
        return word

    def fresh_word(self) -> str:
        return self.source.fresh("word")

    def settle(self, ahead: str) -> None:
        """Make what was read hold, and the next word be `ahead`, or not be unpacked yet if that is empty."""
        if self.ahead:
            if not ahead:
                self.source.line("pos -= 4")
            elif ahead != self.ahead:
                self.source.line(f"{ahead} = {self.ahead}")
        else:
            if ahead:
                self.slots.append(WORD)
                self.variables.append(ahead)
                self.looks_ahead = True
            self.flush()
        self.ahead = ahead

    def at(self) -> str:
        """The expression for the offset of what comes next."""
        return "pos - 4" if self.ahead else "pos"

    def flush(self) -> None:
        """Unpack the slots."""
        variables = ", ".join(self.variables)
        if self.length:
            self.source.line(f"unpack, size = {bind_unpack(self.source, letters(self.slots), self.length)}")
            self.source.line(f"{variables} = unpack(data, pos)")
            self.source.line("pos += size")
            with self.source.block(f"if {self.variables[1]} and {self.variables[1]} != ZEROS"):
                self.source.line("bad_padding(pos)")
        elif self.slots:
            packed = compiled(self.slots)
            unpack = self.source.bind("unpack", packed.unpack_from)
            self.source.line(f"{variables}, = {unpack}(data, pos{' - 4' * bool(self.back)})")
            self.source.line(f"pos += {packed.size - self.back}")
        self.slots, self.variables, self.length, self.back = [], [], "", 0

    def local(self, hint: str, expression: str) -> str:
        name = self.source.fresh(hint)
        self.source.line(f"{name} = {expression}")
        return name

    def refuse(self, condition: str, reason: str, *, otherwise: str = "if") -> None:
        with self.source.block(f"{otherwise} {condition}"):
            self.source.line(f"raise DecodeError({reason}, {self.at()})")

    def read(self, type_: Type, word_follows: bool) -> str:
        kind = self.shape.schema.resolve(type_)
        match kind:
            case String():
                text = f"{self.opaque()}.decode()"
                if kind.max_length is None:
                    return text
                name, most = self.source.fresh("text"), kind.max_length
                return f"({name} if len({name} := {text}) <= {most} else too_long({name}, {most}))"
            case Bytes() if not fixed_length(kind):
                return self.opaque(kind.min_length, kind.max_length)
            case Decimal() if kind.precision > 18:
                return f"from_twos_complement({self.opaque()}, {kind.precision}, {kind.scale})"
            case Bool() | Int() | Float() | Bytes() | Enum() | Timestamp() | Uuid() | Decimal():
                slot = self.shape.slot(kind)
                assert slot
                return self.slot(slot)
            case List():
                return self.array(kind, word_follows)
            case Map():
                return self.mapping(kind)
            case Union() | Record():
                if self.shape.inlined(kind):
                    return self.named(kind, word_follows)
                begins = self.shape.starts_with_word(type_)
                self.settle((self.ahead or self.fresh_word()) if begins else "")
                value, word = self.source.fresh("value"), self.fresh_word()
                arguments = f"data, pos, {self.ahead or None}, end, depth + {self.depth + 1}"
                self.source.line(f"{value}, pos, {word} = read_{kind.name}({arguments})")
                self.ahead, self.looks_ahead = word, True
                return value
            case _:
                assert_never(kind)

    def opaque(self, least: int = 0, most: int | None = None) -> str:
        """Emit the reading of a length; return the name of the octets, which are unpacked with the slots behind."""
        length = self.word()
        self.bounds(length, least, most, "octets")
        self.length = length
        self.variables = [self.source.fresh("octets"), self.source.fresh("padding")]
        return self.variables[0]

    def bounds(self, length: str, least: int, most: int | None, unit: str) -> None:
        if least:
            self.refuse(f"{length} < {least}", f'f"{{{length}}} {unit}, at least {least} needed"')
        if most is not None:
            self.refuse(f"{length} > {most}", f'f"{{{length}}} {unit}, at most {most} allowed"')

    def array(self, kind: List, word_follows: bool) -> str:
        fixed = fixed_length(kind)
        row = self.shape.row(kind.item)
        if fixed and row and len(row) * fixed <= INLINE:
            self.bound_depth(self.shape.levels(kind.item))
            return self.row(kind, self.slot)
        looks_ahead = row is None and self.shape.starts_with_word(kind.item)
        count = str(fixed) if fixed else self.count(looks_ahead, kind.item)
        if not fixed:
            self.bounds(count, kind.min_length, kind.max_length, "items")
        if row:
            self.settle("")
            if levels := self.shape.levels(kind.item):
                self.bound_depth(levels, f"{count} and ")
            return self.rows(kind.item, count, row)
        items = self.local("items", "[]")
        word = self.before_loop(looks_ahead)
        with self.source.block(f"for _ in range({count})"):
            value = self.read(kind.item, looks_ahead)
            self.settle(word)
            self.source.line(f"{items}.append({value})")
        return items

    def before_loop(self, looks_ahead: bool) -> str:
        """Settle for the loop that follows; return the name of the word ahead, in which each turn of it has to end."""
        word = self.ahead or self.fresh_word() if looks_ahead else ""
        self.settle(word)
        return word

    def count(self, look_ahead: bool, *items: Type) -> str:
        """Emit the reading of a count of items, and its check against what is left; return its name."""
        count = self.word(look_ahead=look_ahead)
        least = sum(self.shape.least(item) for item in items)
        left = f"end - pos{' + 4' * bool(self.ahead)}"
        self.refuse(f"{count} * {least} > {left}", f'f"{{{count}}} items announced, {{{left}}} octets left"')
        return count

    def rows(self, item: Type, count: str, row: list[Slot]) -> str:
        """An array whose items are of fixed size: one unpack, or one iter_unpack."""
        variables: list[str] = []

        def name(slot: Slot) -> str:
            names = [self.source.fresh("x") for _ in range(slot.variables)]
            variables.extend(names)
            return slot.read.format(*names)

        value = self.row(item, name)
        packed = compiled(row)
        letter = one_letter(row)
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
        looks_ahead = self.shape.starts_with_word(kind.key)
        count = self.count(looks_ahead, kind.key, kind.value)
        items = self.local("items", "{}")
        word = self.before_loop(looks_ahead)
        with self.source.block(f"for _ in range({count})"):
            key = self.read(kind.key, self.shape.starts_with_word(kind.value))
            value = self.read(kind.value, looks_ahead)
            self.settle(word)
            self.source.line(f"{items}[{key}] = {value}")
        self.refuse(f"len({items}) != {count}", '"a key of a map is given twice"')
        return items

    def named(self, kind: Union | Record, word_follows: bool) -> str:
        self.depth += 1
        self.bound_depth(0)
        value = self.union(kind, word_follows) if isinstance(kind, Union) else self.record(kind, word_follows)
        self.depth -= 1
        return value

    def bound_depth(self, levels: int, guard: str = "") -> None:
        """Emit the check that so many more levels fit, in functions that are called recursively."""
        if self.in_function:
            most = MAX_DEPTH - self.depth - levels
            self.refuse(f"{guard}depth > {most}", f'"more than {MAX_DEPTH} levels of nesting"')

    def record(self, kind: Record, word_follows: bool) -> str:
        if not kind.fields:
            self.refuse(self.word(), '"an empty record that is not 0"')
            return "{}"
        value = ""
        held: dict[str, str] = {}
        begins = [self.shape.starts_with_word(member.type, member.optional) for member in kind.fields]
        for member, followed in zip(kind.fields, [*begins[1:], word_follows]):
            if not member.optional:
                held[member.key] = self.read(member.type, followed)
                continue
            present = self.word(look_ahead=followed or self.shape.starts_with_word(member.type))
            value = self.hold(value, held)
            held = {}
            absent = self.ahead
            word = (absent or self.fresh_word()) if followed else ""
            with self.source.block(f"if {present} == 1"):
                inner = self.read(member.type, followed)
                self.settle(word)
                self.source.line(f"{value}[{member.key!r}] = {inner}")
            self.ahead = absent
            self.refuse(
                present, f'f"{{{present}}} is not a bool: {kind.name}.{member.name} is there or not"', otherwise="elif"
            )
            if absent != word:
                with self.source.block("else"):
                    self.settle(word)
            self.ahead = word
        if not value:
            return display(held)
        if not self.ahead:
            self.settle(self.fresh_word() if word_follows else "")
        return self.hold(value, held)

    def hold(self, value: str, held: dict[str, str]) -> str:
        """Emit a dict of what was read so far, or put it into the one there is."""
        if not value:
            return self.local("value", display(held))
        for key, expression in held.items():
            self.source.line(f"{value}[{key!r}] = {expression}")
        return value

    def union(self, kind: Union, word_follows: bool) -> str:
        begins = [self.shape.starts_with_word(alternative.type) for alternative in kind.alternatives]
        number = self.word(look_ahead=word_follows or any(begins))
        value = self.source.fresh("value")
        before = self.ahead
        word = (before or self.fresh_word()) if word_follows else ""
        for i, alternative in enumerate(kind.alternatives):
            with self.source.block(f"{'elif' if i else 'if'} {number} == {alternative.number}"):
                self.ahead = before
                inner = self.read(alternative.type, word_follows)
                self.settle(word)
                self.source.line(f"{value} = {{{alternative.key!r}: {inner}}}")
        with self.source.block("else"):
            self.source.line(f'raise DecodeError(f"{{{number}}} is not an alternative of {kind.name}", {self.at()})')
        return value
