"""The generator of `encode`."""

from collections.abc import Iterator
from contextlib import contextmanager

from serschema.model import Bool, Enum, Field, Int, List, Map, Record, Schema, String, Type, Union

from sercodecs.literal import written
from sercodecs.source import Source


class Writer:
    """Generates `write_X(add, p, value)`, which adds the lines of a union or record X whose names begin with `p`.

    `path` is the name of a field as the inside of an f-string. Required scalars in a row are written by one `add`.
    """

    def __init__(self, schema: Schema, source: Source) -> None:
        self.schema = schema
        self.source = source
        self.line = source.line
        self.lines: list[str] = []

    def generate(self) -> None:
        for type_ in self.schema.types:
            if not isinstance(type_, Enum):
                with self.source.function(f"write_{type_.name}(add, p, value)"):
                    match type_:
                        case Union():
                            self.union(type_)
                        case Record():
                            self.record(type_)
        with self.source.function("encode(value)"):
            with self.source.block("try"):
                self.line("lines = []")
                self.line(f"write_{self.schema.root}(lines.append, '', value)")
                self.line("return frame(''.join(lines))")
            with self.source.block("except Exception as error"):
                self.line("raise encode_error(error, value, SCHEMA) from error")

    def union(self, union: Union) -> None:
        self.line("[(key, item)] = value.items()")
        for member in union.alternatives:
            with self.source.block(f"if key == {member.key!r}"):
                self.value(f"{{p}}{member.name}", member.type, "item")
                self.flush()
                self.line("return")
        self.line("raise KeyError(key)")

    def record(self, record: Record) -> None:
        for member in record.fields:
            self.member(member)
        self.flush()
        if all(member.optional for member in record.fields):
            keys = self.source.bind("keys", [member.key for member in record.fields])
            with self.source.block(f"if value.keys().isdisjoint({keys}) and p"):
                self.line("add(f'{p[:-1]}: \\r\\n')")

    def member(self, member: Field) -> None:
        path, operand = f"{{p}}{member.name}", f"value[{member.key!r}]"
        if not member.optional:
            self.value(path, member.type, operand)
            return
        self.flush()
        with self.source.block(f"if {member.key!r} in value"):
            self.value(path, member.type, operand)
            self.flush()

    def flush(self) -> None:
        if self.lines:
            self.line(f"add(f'{''.join(self.lines)}')")
            self.lines = []

    def local(self, hint: str, expression: str) -> str:
        name = self.source.fresh(hint)
        self.line(f"{name} = {expression}")
        return name

    def value(self, path: str, type_: Type, operand: str) -> None:
        kind = self.schema.resolve(type_)
        match kind:
            case List():
                self.flush()
                items = self.local("items", operand)
                if kind.min_length or kind.max_length is not None:
                    self.line(f"fits({items}, {kind.min_length}, {kind.max_length})")
                with self.nonempty(items, path) as prefix:
                    index, item = self.source.fresh("i"), self.source.fresh("item")
                    with self.source.block(f"for {index}, {item} in enumerate({items})"):
                        self.value(f"{{{prefix}}}{{{index}}}", kind.item, item)
                        self.flush()
            case Map():
                self.flush()
                entries = self.local("entries", operand)
                with self.nonempty(entries, path) as prefix:
                    key, item = self.source.fresh("key"), self.source.fresh("item")
                    with self.source.block(f"for {key}, {item} in {entries}.items()"):
                        name = self.local("name", self.key(kind, key))
                        self.value(f"{{{prefix}}}{{{name}}}", kind.value, item)
                        self.flush()
            case Union() | Record():
                self.flush()
                self.line(f"write_{kind.name}(add, f'{path}.', {operand})")
            case _:
                value = operand if operand.isidentifier() else self.local("x", operand)
                text = written(self.source, kind, value)
                text = self.local("text", f"escape({text})" if isinstance(kind, String) else text)
                self.lines.append(f"{path}: {{{text}}}\\r\\n")

    @contextmanager
    def nonempty(self, held: str, path: str) -> Iterator[str]:
        """What is empty is a line of its own; otherwise, inside the `with`, the prefix of what is in it."""
        with self.source.block(f"if len({held})"):
            yield self.local("prefix", f"f'{path}.'")
        with self.source.block("else"):
            self.line(f"add(f'{path}: \\r\\n')")

    def key(self, kind: Map, key: str) -> str:
        """A key as a part of a name, as an expression."""
        type_ = self.schema.resolve(kind.key)
        assert isinstance(type_, Bool | Int | String)
        text = written(self.source, type_, key)
        return f"escape_key({text})" if isinstance(type_, String) else text
