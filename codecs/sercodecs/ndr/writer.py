"""The generator of `encode`."""

from collections.abc import Callable
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

from sercodecs.aligned.position import Position, Slot
from sercodecs.ndr.layout import entry
from sercodecs.ndr.packing import Packing

Finish = Callable[[], None]
"""Emits the writing of a value's referents."""


def nothing() -> None:
    """The referents of a value without pointers."""


def together(finishes: list[Finish]) -> Finish:
    """The referents of several values in their order (C706, 14.3.12.3)."""

    def finish() -> None:
        for each in finishes:
            each()

    return finish


class Writer(Packing):
    """Generates `encode`.

    A value is written in two steps: `write` writes its body, and what it returns writes its referents.
    """

    def generate(self) -> None:
        source, schema = self.source, self.layout.schema
        for type_ in schema.types:
            if isinstance(type_, Enum):
                source.provide(f"NUMBERS_{type_.name}", dict(type_.symbols))
        pos = ", pos" if self.tracking else ""
        for kind in self.layout.functions:
            self.functions(kind, pos)
        with self.function("encode(value)"), source.block("try"):
            source.line("parts = [LABEL]")
            self.at = Position("0", 0, self.layout.greatest, 0)
            self.write(Ref(schema.root), "value")()
            self.flush()
            source.line('return b"".join(parts)')

    def functions(self, kind: Record | Union, pos: str) -> None:
        """`row_X` gives a body of fixed size, `put_X` writes another, and `write_X` the referents."""
        source = self.source
        if isinstance(kind, Record) and self.layout.slotted(kind):
            with source.function(f"row_{kind.name}(value)"):
                self.in_loop += 1
                with self.row() as (slots, arguments):
                    finish = self.members(kind, "value")
                self.in_loop -= 1
                source.line(f"return {self.packed(slots, arguments)}")
        else:
            with self.function(f"put_{kind.name}(value, parts{pos})"):
                self.at = Position("pos", 0, self.layout.start(kind), 0)
                self.in_loop += 1
                finish = self.body(kind, "value")
                self.in_loop -= 1
                self.end()
        if self.layout.pointers(kind):
            with self.function(f"write_{kind.name}(value, parts{pos})"):
                self.at = self.anywhere()
                finish()
                self.end()

    # Values.

    def write(self, type_: Type, expression: str) -> Finish:
        """Emit the writing of a body."""
        kind = self.layout.schema.resolve(type_)
        match kind:
            case String():
                self.slot(self.layout.pointer, "REFERENT")
                return lambda: self.text(expression)
            case Bytes() if not fixed_length(kind):
                octets = self.counted("octets", expression)
                return lambda: self.octets(octets)
            case Decimal() if not self.layout.slot(kind):
                octets = self.counted("octets", f"complement({expression}, {kind.scale})")
                return lambda: self.octets(octets)
            case Bool() | Int() | Float() | Bytes() | Enum() | Timestamp() | Uuid() | Decimal():
                slot = self.layout.slot(kind)
                assert slot
                self.slot(slot, expression)
                return nothing
            case List() if length := fixed_length(kind):
                return self.fixed_array(kind, length, expression)
            case List():
                items = self.counted("items", expression)
                return lambda: self.pointed(kind.item, items)
            case Map():
                items = self.counted("items", expression)
                return lambda: self.pointed(entry(kind), items)
            case Union() | Record():
                if self.layout.inlined(kind):
                    return self.body(kind, expression)
                return self.body_elsewhere(kind, expression)
            case _:
                assert_never(kind)

    def referent(self, type_: Type, expression: str) -> None:
        """Emit the writing of what a pointer points to."""
        if isinstance(self.layout.schema.resolve(type_), String):
            self.text(expression)
        else:
            self.write(type_, expression)()

    def pointed(self, item: Type | Record, name: Callable[[], str]) -> None:
        """The items that a pointer points to, a conformant array; there is none where there are no items."""
        items = name()

        def some() -> None:
            self.slot(self.layout.pointer, f"len({items})")
            self.items(item, items)()

        self.choose((f"if {items}", some), other=True)

    def fixed_array(self, kind: List, length: int, expression: str) -> Finish:
        """An array of fixed length (C706, 14.3.3.1)."""
        self.align(self.layout.alignment(kind))
        checked = f"fixed({expression}, {length})"
        if self.layout.unrolled(kind):
            items = expression if self.in_loop else self.local("items", checked)
            finishes = [
                self.write(kind.item, f"{checked if self.in_loop and not i else items}[{i}]") for i in range(length)
            ]
            return together(finishes)
        self.flush()
        items = self.local("items", checked)
        finish = self.items(kind.item, items)
        if not self.in_loop:
            return finish

        def again() -> None:
            self.flush()
            self.source.line(f"{items} = {expression}")
            finish()

        return again

    def items(self, item: Type | Record, items: str) -> Finish:
        """Emit the writing of the bodies of an array."""
        layout = self.layout
        kind = layout.kind(item)
        alignment = layout.alignment(item)
        self.align(alignment)
        pair = isinstance(item, Record)
        names = [self.source.fresh("key"), self.source.fresh("item")] if pair else [self.source.fresh("item")]
        each = f"{', '.join(names)} in {items}{'.items()' if pair else ''}"
        if layout.solid(kind):
            size = layout.size(kind)
            gap = -size % alignment
            self.pack()
            if isinstance(kind, Record) and not layout.plain(kind):
                self.pieces.append(f"{bytes(gap)!r}.join([row_{kind.name}({names[0]}) for {each}])")
                finish = self.elsewhere(kind, names[0])
            else:
                self.in_loop += 1
                with self.row() as (slots, arguments):
                    finish = self.item(item, names)
                self.in_loop -= 1
                self.pieces.append(self.rows(slots, arguments, names, each, items, gap))
            stride = size + gap
            known = self.at.less(stride & -stride).plus(-gap)
            self.move(f"len({items}) * {stride}" + (f" - {gap}" if gap else ""), known)
        else:
            held: list[Finish] = []

            def body() -> None:
                held[:] = [self.item(item, names)]

            self.in_loop += 1
            self.loop(f"for {each}", body)
            self.in_loop -= 1
            [finish] = held
        return partial(self.loop, f"for {each}", finish) if layout.pointers(item) else nothing

    def item(self, item: Type | Record, names: list[str]) -> Finish:
        if isinstance(item, Record):
            return self.entry(item, *names)
        return self.write(item, names[0])

    def entry(self, record: Record, key: str, value: str) -> Finish:
        """The structure of a map's key and value."""
        alignment = self.layout.alignment(record)
        self.align(alignment)
        finishes = [self.write(member.type, name) for member, name in zip(record.fields, (key, value))]
        if self.layout.syntax.wide:
            self.align(alignment)
        return together(finishes)

    # Records and unions.

    def body(self, kind: Record | Union, expression: str) -> Finish:
        return self.union(kind, expression) if isinstance(kind, Union) else self.members(kind, expression)

    def body_elsewhere(self, kind: Record | Union, expression: str) -> Finish:
        self.align(self.layout.start(kind))
        if isinstance(kind, Record) and self.layout.slotted(kind):
            size = self.layout.size(kind)
            self.pack()
            self.pieces.append(f"row_{kind.name}({expression})")
            self.at = self.at.plus(size)
        else:
            self.call("put", kind, expression)
        return self.elsewhere(kind, expression)

    def elsewhere(self, kind: Record | Union, expression: str) -> Finish:
        return partial(self.call, "write", kind, expression) if self.layout.pointers(kind) else nothing

    def call(self, what: str, kind: Record | Union, expression: str) -> None:
        self.flush()
        if self.tracking:
            self.source.line(f"pos = {what}_{kind.name}({expression}, parts, {self.know()})")
        else:
            self.source.line(f"{what}_{kind.name}({expression}, parts)")
        self.at = self.anywhere()

    def members(self, kind: Record, expression: str) -> Finish:
        """A structure (C706, 14.3.6), which in NDR64 is a multiple of its alignment long."""
        alignment = self.layout.alignment(kind)
        self.align(alignment)
        value = expression if self.in_loop or expression.isidentifier() else self.local("value", expression)
        finishes: list[Finish] = []
        for member in kind.fields:
            key = repr(member.key)
            if member.optional:
                self.slot(self.layout.pointer, f"REFERENT if {key} in {value} else 0")
                finishes.append(partial(self.optional, member, value))
            else:
                finishes.append(self.write(member.type, f"{value}[{key}]"))
        if not kind.fields:
            self.slots.append(Slot("x", 1))
        if self.layout.syntax.wide:
            self.align(alignment)
        return together(finishes)

    def optional(self, member: Field, value: str) -> None:
        inner = partial(self.referent, member.type, f"{value}[{member.key!r}]")
        self.choose((f"if {member.key!r} in {value}", inner), other=True)

    def union(self, kind: Union, expression: str) -> Finish:
        """A union (C706, 14.3.8): its discriminant, then the arm, in NDR64 at the greatest alignment of all arms."""
        again = self.in_loop > 0
        if self.layout.syntax.wide:
            self.align(self.layout.alignment(kind))
        else:
            self.align(4)
        self.flush()
        key, chosen = self.source.fresh("key"), self.source.fresh("chosen")
        split = f"({key}, {chosen}), = {expression}.items()"
        self.source.line(split)
        headers = [
            f"{'elif' if i else 'if'} {key} == {alternative.key!r}" for i, alternative in enumerate(kind.alternatives)
        ]
        finishes: list[Finish] = []

        def arm(alternative: Field) -> None:
            self.unsigned(str(alternative.number))
            if self.layout.syntax.wide:
                self.align(self.layout.arms_alignment(kind))
            if self.layout.indirect(kind, alternative):
                self.slot(self.layout.pointer, "REFERENT")
                finishes.append(partial(self.referent, alternative.type, chosen))
            else:
                finishes.append(self.write(alternative.type, chosen))

        self.choose(*[(header, partial(arm, member)) for header, member in zip(headers, kind.alternatives)])
        with self.source.block("else"):
            self.source.line(f"raise KeyError({key})")
        if not self.layout.pointers(kind):
            return nothing

        def finish() -> None:
            self.flush()
            if again:
                self.source.line(split)
            self.choose(*zip(headers, finishes))

        return finish
