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
from sercodecs.xdr.shape import INLINE, Shape, Slot, bind_sized, compiled, letters, one_letter


def display(members: dict[str, str]) -> str:
    """The source of a dict of these keys and expressions."""
    return f"{{{', '.join(f'{key!r}: {expression}' for key, expression in members.items())}}}"


class Reader:
    """Generates `decode`. Scalars wait in `slots`, to be unpacked by one call, until something of other size comes.

    `read` returns an expression for the value, which holds after the next `flush`. Local state of the generated
    functions: `data`, `end` (its length), `pos` (a multiple of four), and `depth` where there is recursion.
    """

    def __init__(self, shape: Shape, source: Source) -> None:
        self.shape = shape
        self.source = source
        self.slots: list[Slot] = []
        self.variables: list[str] = []
        self.length = ""  # the name of the length of the opaque in front of the slots, if there is one
        self.in_function = False
        self.depth = 0

    def generate(self) -> None:
        source, schema = self.source, self.shape.schema
        for type_ in schema.types:
            if isinstance(type_, Enum):
                symbols = {number: symbol for symbol, number in type_.symbols}
                source.provide(f"SYMBOLS_{type_.name}", Table(f"enum {type_.name}", symbols))
            elif not self.shape.inlined(type_):
                with source.function(f"read_{type_.name}(data, pos, end, depth)"):
                    self.in_function = True
                    self.depth = -1  # the caller counted this level
                    value = self.named(type_)
                    self.flush()
                    source.line(f"return {value}, pos")
        with source.function("decode(data)"):
            with source.block("try"):
                source.line("end = len(data)")
                source.line("pos = 0")
                if any(not self.shape.inlined(type_) for type_ in schema.types if not isinstance(type_, Enum)):
                    source.line("depth = 0")
                self.in_function = False
                self.depth = 0
                value = self.read(Ref(schema.root))
                self.flush()
                with source.block("if pos != end"):
                    source.line('raise DecodeError(f"{end - pos} octets after the end of the value", pos)')
                source.line(f"return {value}")
            with source.block("except Exception as error"):
                source.line("raise decode_failure(error, data) from error")

    def slot(self, slot: Slot) -> str:
        names = [self.source.fresh("x") for _ in range(slot.variables)]
        self.slots.append(slot)
        self.variables += names
        return slot.read.format(*names)

    def flush(self) -> None:
        if self.length:
            unpack = bind_sized(self.source, "unpack_from", "", letters(self.slots), self.length)
            self.source.line(f"{', '.join(self.variables)} = {unpack}(data, pos)")
            self.source.line(f"pos += ({self.length} + 3 & -4) + {compiled(self.slots).size}")
            with self.source.block(f"if {self.variables[1]} > ZEROS"):
                self.source.line("bad_padding(pos)")
            self.slots, self.variables, self.length = [], [], ""
        elif self.slots:
            packed = compiled(self.slots)
            unpack = self.source.bind("unpack", packed.unpack_from)
            self.source.line(f"{', '.join(self.variables)}, = {unpack}(data, pos)")
            self.source.line(f"pos += {packed.size}")
            self.slots, self.variables = [], []

    def local(self, hint: str, expression: str) -> str:
        name = self.source.fresh(hint)
        self.source.line(f"{name} = {expression}")
        return name

    def refuse(self, condition: str, reason: str) -> None:
        with self.source.block(f"if {condition}"):
            self.source.line(f"raise DecodeError({reason}, pos)")

    def read(self, type_: Type) -> str:
        kind = self.shape.schema.resolve(type_)
        match kind:
            case String():
                text = f"{self.opaque()}.decode()"
                return text if kind.max_length is None else f"at_most({text}, {kind.max_length})"
            case Bytes() if not fixed_length(kind):
                return self.opaque(kind.min_length, kind.max_length)
            case Decimal() if kind.precision > 18:
                return f"from_twos_complement({self.opaque()}, {kind.precision}, {kind.scale})"
            case Bool() | Int() | Float() | Bytes() | Enum() | Timestamp() | Uuid() | Decimal():
                slot = self.shape.slot(kind)
                assert slot
                return self.slot(slot)
            case List():
                return self.array(kind)
            case Map():
                return self.mapping(kind)
            case Union() | Record():
                if self.shape.inlined(kind):
                    return self.named(kind)
                self.flush()
                value = self.source.fresh("value")
                self.source.line(f"{value}, pos = read_{kind.name}(data, pos, end, depth + {self.depth + 1})")
                return value
            case _:
                assert_never(kind)

    def opaque(self, least: int = 0, most: int | None = None) -> str:
        """Emit the reading of a length; return the name of the octets, which are unpacked with the slots behind."""
        length = self.slot(Slot("I"))
        self.flush()
        self.bounds(length, least, most, "octets")
        self.length = length
        self.variables = [self.source.fresh("octets"), self.source.fresh("padding")]
        return self.variables[0]

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
            return self.rows(kind.item, count, row)
        items = self.local("items", "[]")
        with self.source.block(f"for _ in range({count})"):
            value = self.read(kind.item)
            self.flush()
            self.source.line(f"{items}.append({value})")
        return items

    def count(self, *items: Type) -> str:
        """Emit the reading of a count of items, and its check against what is left; return its name."""
        count = self.slot(Slot("I"))
        self.flush()
        least = sum(self.shape.least(item) for item in items)
        self.refuse(f"{count} * {least} > end - pos", f'f"{{{count}}} items announced, {{end - pos}} octets left"')
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
        count = self.count(kind.key, kind.value)
        items = self.local("items", "{}")
        with self.source.block(f"for _ in range({count})"):
            key = self.read(kind.key)
            value = self.read(kind.value)
            self.flush()
            self.source.line(f"{items}[{key}] = {value}")
        self.refuse(f"len({items}) != {count}", '"a key of a map is given twice"')
        return items

    def named(self, kind: Union | Record) -> str:
        self.depth += 1
        self.bound_depth(0)
        value = self.union(kind) if isinstance(kind, Union) else self.record(kind)
        self.depth -= 1
        return value

    def bound_depth(self, levels: int, guard: str = "") -> None:
        """Emit the check that so many more levels fit, in functions that are called recursively."""
        if self.in_function:
            most = MAX_DEPTH - self.depth - levels
            self.refuse(f"{guard}depth > {most}", f'"more than {MAX_DEPTH} levels of nesting"')

    def record(self, kind: Record) -> str:
        if not kind.fields:
            self.flush()
            filler = self.slot(Slot("I"))
            self.flush()
            self.refuse(filler, '"an empty record that is not 0"')
            return "{}"
        value = ""
        held: dict[str, str] = {}
        for member in kind.fields:
            if not member.optional:
                held[member.key] = self.read(member.type)
                continue
            present = self.slot(Slot("I"))
            self.flush()
            value = self.hold(value, held)
            held = {}
            with self.source.block(f"if {present} == 1"):
                inner = self.read(member.type)
                self.flush()
                self.source.line(f"{value}[{member.key!r}] = {inner}")
            with self.source.block(f"elif {present}"):
                self.source.line(
                    f'raise DecodeError(f"{{{present}}} is not a bool: {kind.name}.{member.name} is there or not", pos)'
                )
        if not value:
            return display(held)
        self.flush()
        return self.hold(value, held)

    def hold(self, value: str, held: dict[str, str]) -> str:
        """Emit a dict of what was read so far, or put it into the one ."""
        if not value:
            return self.local("value", display(held))
        for key, expression in held.items():
            self.source.line(f"{value}[{key!r}] = {expression}")
        return value

    def union(self, kind: Union) -> str:
        discriminant = self.slot(Slot("I"))
        self.flush()
        value = self.source.fresh("value")
        for i, alternative in enumerate(kind.alternatives):
            with self.source.block(f"{'elif' if i else 'if'} {discriminant} == {alternative.number}"):
                inner = self.read(alternative.type)
                self.flush()
                self.source.line(f"{value} = {{{alternative.key!r}: {inner}}}")
        with self.source.block("else"):
            self.source.line(f'raise DecodeError(f"{{{discriminant}}} is not an alternative of {kind.name}", pos)')
        return value
