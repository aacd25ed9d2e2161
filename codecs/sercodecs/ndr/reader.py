"""The generator of `decode`."""

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

from sercodecs.aligned.position import Position, Slot, compiled
from sercodecs.aligned.shape import WORD
from sercodecs.aligned.unpacking import display
from sercodecs.ndr.layout import entry
from sercodecs.ndr.unpacking import LABEL_SIZE, Row, Unpacking, row_of

Finish = Callable[[], str]
"""Emits the reading of a value's referents, and gives the value's expression, which holds after the next `flush`."""

Begin = Callable[[], Callable[[], list[str]]]
"""Emits the reading of an item's body; what it returns gives the expressions of the item: two for an entry of a map."""


class Reader(Unpacking):
    """Generates `decode`.

    A value is read in two steps: `read` reads its body, and what it returns reads its referents. Local state of the
    generated functions: `data`, `end` (its length), `pos`, and `depth` where there is recursion.
    """

    def generate(self) -> None:
        source, schema = self.source, self.layout.schema
        self.provide_symbols()
        for kind in self.layout.functions:
            self.functions(kind)
        with source.function("decode(data)"):
            with source.block("if data[:4] != LABEL"):
                source.line("return of_other_label(data)")
            with source.block("try"):
                source.line("end = len(data)")
                source.line(f"pos = {LABEL_SIZE}")
                if self.layout.functions:
                    source.line("depth = 0")
                self.in_function = False
                self.depth = 0
                self.at = Position("pos", 0, self.layout.greatest, 0, str(LABEL_SIZE))
                value = self.read(Ref(schema.root))()
                self.flush()
                with source.block("if pos != end"):
                    source.line("bad_end(pos, end)")
                source.line(f"return {value}")
            with source.block("except Exception as error"):
                source.line("raise decode_failure(error, data) from error")

    def functions(self, kind: Record | Union) -> None:
        """`take_X`, which reads a body of no fixed size, and `read_X`, which makes a value of a body."""
        source = self.source
        self.in_function = True
        if isinstance(kind, Record) and self.layout.slotted(kind):
            self.depth = -1
            row = self.body_row(kind)
            names, finish = row.variables, row.finish
        else:
            with source.function(f"take_{kind.name}(data, pos, end, depth)"):
                self.depth = -1  # the caller counted this level
                self.at = Position("pos", 0, self.layout.start(kind), 0, str(LABEL_SIZE))
                self.kept.append([])
                inner = self.body(kind)
                self.flush()
                names = self.kept.pop()
                source.line(f"return {row_of(names)}, pos")

            def finish() -> list[str]:
                return [inner()]

        with source.function(f"read_{kind.name}(row, data, pos, end, depth)"):
            self.depth = -1
            self.at = self.anywhere()
            if names:
                source.line(f"{', '.join(names)}, = row")
            (value,) = finish()
            self.flush()
            source.line(f"return {value}, pos")

    # Values.

    def read(self, type_: Type) -> Finish:
        """Emit the reading of a body."""
        kind = self.layout.schema.resolve(type_)
        match kind:
            case String():
                pointer = self.slot(self.layout.pointer)
                return lambda: self.required_text(kind, pointer)
            case Bytes() if not fixed_length(kind):
                count, pointer = self.counted()
                return lambda: self.octets(kind, count, pointer)
            case Decimal(precision, scale) if not self.layout.slot(kind):
                count, pointer = self.counted()
                whole = Bytes()
                return lambda: f"from_twos_complement({self.octets(whole, count, pointer)}, {precision}, {scale})"
            case Bool() | Int() | Float() | Bytes() | Enum() | Timestamp() | Uuid() | Decimal():
                slot = self.layout.slot(kind)
                assert slot
                expression = self.slot(slot)
                return lambda: expression
            case List() if length := fixed_length(kind):
                return self.fixed_array(kind, length)
            case List():
                count, pointer = self.counted()
                return lambda: self.array(kind, count, pointer)
            case Map():
                count, pointer = self.counted()
                return lambda: self.mapping(kind, count, pointer)
            case Union() | Record():
                return self.body(kind) if self.layout.inlined(kind) else self.body_elsewhere(kind)
            case _:
                assert_never(kind)

    def referent(self, type_: Type) -> str:
        """Emit the reading of what a pointer points to."""
        kind = self.layout.schema.resolve(type_)
        return self.text(kind) if isinstance(kind, String) else self.read(type_)()

    def array(self, kind: List, count: str, pointer: str) -> str:
        return self.pointed(
            kind.item, partial(self.begin, kind.item), count, pointer, (kind.min_length, kind.max_length)
        )

    def begin(self, item: Type) -> Callable[[], list[str]]:
        finish = self.read(item)
        return lambda: [finish()]

    def mapping(self, kind: Map, count: str, pointer: str) -> str:
        record = entry(kind)

        def begin() -> Callable[[], list[str]]:
            finishes = self.members(record)
            return lambda: [finish() for finish in finishes]

        items = self.pointed(record, begin, count, pointer, (0, None))
        self.flush()
        self.refuse(f"len({items}) != {count}", '"a key of a map is given twice"')
        return items

    def pointed(
        self, item: Type | Record, begin: Begin, count: str, pointer: str, bounds: tuple[int, int | None]
    ) -> str:
        """The items that a pointer points to: a conformant array."""
        items = self.source.fresh("items")
        pair = isinstance(item, Record)

        def present() -> None:
            self.conformant(count)
            self.bounds(count, *bounds, "items")
            if self.layout.gapless(item, self.at):
                some()
            else:
                self.choose((f"if {count}", some), ("else", none))

        def some() -> None:
            self.items(item, begin, count, items)()

        def none() -> None:
            self.source.line(f"{items} = {'{}' if pair else '[]'}")

        def null() -> None:
            self.null(count, bounds[0])
            none()

        self.choose((f"if {pointer}", present), ("else", null))
        return items

    def fixed_array(self, kind: List, length: int) -> Finish:
        """An array of fixed length (C706, 14.3.3.1)."""
        if self.layout.unrolled(kind):
            self.align(self.layout.alignment(kind))
            finishes = [self.read(kind.item) for _ in range(length)]
            return lambda: f"[{', '.join([finish() for finish in finishes])}]"
        return self.items(kind.item, partial(self.begin, kind.item), str(length), self.source.fresh("items"))

    def items(self, item: Type | Record, begin: Begin, count: str, items: str) -> Finish:
        """Emit the reading of the bodies of an array, which `items` will name."""
        layout = self.layout
        alignment = layout.alignment(item)
        self.align(alignment)
        self.flush()
        if not count.isdigit() and not layout.solid(item):
            self.enough(f"{count} * {layout.least(item)} > end - pos", count)
        kind = layout.kind(item)
        if layout.solid(kind):
            row = self.item_row(kind, begin)
            if layout.plain(kind) and not layout.pointers(kind):
                return self.complete(kind, row, count, items)
            names, letter = ", ".join(row.variables), row.format
            if len(letter) == 1 and layout.plain(kind):
                rows = self.local("rows", f'unpack_from(f"{self.prefix}{{{count}}}{letter}", data, pos)')
            else:
                rows = self.local("rows", self.unpack_rows(row, count, alignment))
                names += "," if layout.plain(kind) else ""
            self.keep(rows)
            self.advance(row, count, alignment)
            return lambda: self.finish_items(kind, items, f"for {names} in {rows}", row.finish)
        if not layout.pointers(kind):
            self.finish_items(kind, items, f"for _ in range({count})", lambda: self.whole(begin))
            self.keep(items)
            return lambda: items
        rows = self.keep(self.local("rows", "[]"))
        held: list[tuple[list[str], Callable[[], list[str]]]] = []

        def body() -> None:
            self.kept.append([])
            finish = begin()
            self.flush()
            names = self.kept.pop()
            held[:] = [(names, finish)]
            self.source.line(f"{rows}.append({row_of(names)})")

        self.loop(f"for _ in range({count})", body)
        [(loose, finish)] = held
        return lambda: self.finish_items(kind, items, f"for {', '.join(loose)}, in {rows}", finish)

    def item_row(self, kind: Kind, begin: Begin) -> Row:
        """An item of fixed size: its variables, or one for the row of a type that has a function."""
        if isinstance(kind, Record) and not self.layout.plain(kind):
            row = self.body_row(kind)
            row.variables, row.finish = ["row"], lambda: [self.call(kind, "row")]
        else:
            with self.row() as row:
                row.finish = begin()
        return row

    def whole(self, begin: Begin) -> list[str]:
        """Emit the reading of an item without pointers."""
        self.kept.append([])
        expressions = begin()()
        self.kept.pop()
        return expressions

    def finish_items(self, kind: Kind, items: str, header: str, finish: Callable[[], list[str]]) -> str:
        """Emit a loop that finishes the items and collects them."""
        pair = isinstance(kind, Record) and not self.layout.named(kind)
        self.source.line(f"{items} = {'{}' if pair else '[]'}")

        def body() -> None:
            expressions = finish()
            self.flush()
            if pair:
                self.source.line(f"{items}[{expressions[0]}] = {expressions[1]}")
            else:
                self.source.line(f"{items}.append({expressions[0]})")

        self.loop(header, body)
        return items

    def complete(self, kind: Kind, row: Row, count: str, items: str) -> Finish:
        """Emit the reading of an array of items without pointers."""
        if levels := self.layout.levels(kind):
            self.bound_depth(levels, "" if count.isdigit() else f"{count} and ")
        self.in_row = True
        expressions = row.finish()
        self.in_row = False
        alignment = self.layout.alignment(kind)
        names, letter = row.variables, row.format
        one = f'unpack_from(f"{self.prefix}{{{count}}}{letter}", data, pos)'
        if len(expressions) == 2:
            text = f"{{{': '.join(expressions)} for {', '.join(names)}, in {self.unpack_rows(row, count, alignment)}}}"
        elif len(letter) == 1 and names == expressions:
            text = f"list({one})"
        elif len(letter) == 1 and names:
            text = f"[{expressions[0]} for {names[0]} in {one}]"
        else:
            header = f"{', '.join(names)}," if names else "_"
            text = f"[{expressions[0]} for {header} in {self.unpack_rows(row, count, alignment)}]"
        self.source.line(f"{items} = {text}")
        self.keep(items)
        self.advance(row, count, alignment)
        return lambda: items

    # Records and unions.

    def body(self, kind: Record | Union) -> Finish:
        self.depth += 1
        inner = self.union(kind) if isinstance(kind, Union) else partial(self.record, kind, self.members(kind))
        self.depth -= 1

        def finish() -> str:
            self.depth += 1
            if not self.in_row:
                self.bound_depth(0)
            value = inner()
            self.depth -= 1
            return value

        return finish

    def body_row(self, kind: Record) -> Row:
        with self.row() as row:
            finish = self.body(kind)
        row.finish = lambda: [finish()]
        return row

    def body_elsewhere(self, kind: Record | Union) -> Finish:
        """Emit the reading of a body into a tuple, of which a function makes the value."""
        self.align(self.layout.start(kind))
        self.flush()
        name = self.source.fresh("row")
        if isinstance(kind, Record) and self.layout.slotted(kind):
            row = self.body_row(kind)
            unpack = self.source.bind("unpack", compiled(self.prefix + row.format).unpack_from)
            self.source.line(f"{name} = {unpack}(data, pos)")
            self.at = self.at.plus(row.size)
            self.place()
        else:
            self.source.line(f"{name}, pos = take_{kind.name}(data, pos, end, depth + {self.depth + 1})")
            self.at = self.anywhere()
        self.keep(name)
        return lambda: self.call(kind, name)

    def call(self, kind: Record | Union, row: str) -> str:
        self.flush()
        value = self.source.fresh("value")
        self.source.line(f"{value}, pos = read_{kind.name}({row}, data, pos, end, depth + {self.depth + 1})")
        self.at = self.anywhere()
        return value

    def bound_depth(self, levels: int, guard: str = "") -> None:
        if self.in_function:
            self.flush()
        super().bound_depth(levels, guard)

    def members(self, kind: Record) -> list[Finish]:
        """Emit the reading of a structure (C706, 14.3.6); what is optional is finished to the name of its pointer."""
        alignment = self.layout.alignment(kind)
        self.align(alignment)
        finishes: list[Finish] = []
        for member in kind.fields:
            if member.optional:
                pointer = self.slot(self.layout.pointer)
                finishes.append(partial(str, pointer))
            else:
                finishes.append(self.read(member.type))
        if not kind.fields:
            self.slots.append(Slot("x", 1))
        if self.layout.syntax.wide:
            self.align(alignment)
        return finishes

    def record(self, kind: Record, finishes: list[Finish]) -> str:
        value = ""
        held: dict[str, str] = {}
        for member, finish in zip(kind.fields, finishes):
            if not member.optional:
                held[member.key] = finish()
                continue
            self.flush()
            value = self.hold(value, held)
            held = {}
            self.choose((f"if {finish()}", partial(self.optional, member, value)), other=True)
        if not value:
            return display(held)
        self.flush()
        return self.hold(value, held)

    def optional(self, member: Field, value: str) -> None:
        inner = self.referent(member.type)
        self.flush()
        self.source.line(f"{value}[{member.key!r}] = {inner}")

    def union(self, kind: Union) -> Finish:
        """A union (C706, 14.3.8): its discriminant, then the arm, in NDR64 at the greatest alignment of all arms."""
        if self.layout.syntax.wide:
            self.align(self.layout.alignment(kind))
        number = self.slot(WORD)
        value = self.keep(self.source.fresh("arm" if self.layout.pointers(kind) else "value"))
        pairs: list[tuple[list[str], Finish]] = []
        saved = bool(self.kept)

        def arm(alternative: Field) -> None:
            if self.layout.syntax.wide:
                self.align(self.layout.arms_alignment(kind))
            self.kept.append([])
            finish = self.arm(kind, alternative)
            if self.layout.pointers(kind):
                self.flush()
                names = self.kept.pop()
                pairs.append((names, finish))
                if saved:
                    self.source.line(f"{value} = {row_of(names)}")
            else:
                expression = finish()
                self.flush()
                self.kept.pop()
                self.source.line(f"{value} = {{{alternative.key!r}: {expression}}}")

        headers = [
            f"{'elif' if i else 'if'} {number} == {alternative.number}"
            for i, alternative in enumerate(kind.alternatives)
        ]
        self.choose(*[(header, partial(arm, member)) for header, member in zip(headers, kind.alternatives)])
        with self.source.block("else"):
            self.source.line(f'raise DecodeError(f"{{{number}}} is not an alternative of {kind.name}", pos)')
        if not self.layout.pointers(kind):
            return lambda: value

        def finish() -> str:
            result = self.source.fresh("value")

            def finish_arm(alternative: Field, names: list[str], inner: Finish) -> None:
                if saved and names:
                    self.source.line(f"{', '.join(names)}, = {value}")
                expression = inner()
                self.flush()
                self.source.line(f"{result} = {{{alternative.key!r}: {expression}}}")

            cases = zip(headers, kind.alternatives, pairs)
            self.choose(*[(header, partial(finish_arm, member, *pair)) for header, member, pair in cases])
            return result

        return finish

    def arm(self, kind: Union, alternative: Field) -> Finish:
        if not self.layout.indirect(kind, alternative):
            return self.read(alternative.type)
        pointer = self.slot(self.layout.pointer)

        def finish() -> str:
            self.not_null(pointer)
            return self.referent(alternative.type)

        return finish
