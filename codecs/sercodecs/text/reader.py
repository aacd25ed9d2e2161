"""The generator of `decode`, and of the readers of one leaf."""

from serschema.model import (
    MAX_DEPTH,
    Bool,
    Enum,
    Field,
    Int,
    List,
    Map,
    Record,
    Ref,
    Schema,
    String,
    Type,
    Union,
)

from sercodecs.contract import DecodeError, Path
from sercodecs.literal import read
from sercodecs.source import Source
from sercodecs.text.framing import escape_key


class Reader:
    """Generates `read_X(names, bodies, pos, p, depth)`, which gives a union or record X and the position behind it.

    `names[pos]` is the field that comes next, `p` what the names of the fields of X begin with. `path` is the name of
    a field as the inside of an f-string, and `value` returns an expression for what is there, which is behind `pos`.
    """

    def __init__(self, schema: Schema, source: Source) -> None:
        self.schema = schema
        self.source = source
        self.line = source.line
        self.recursive = schema.recursive()

    def generate(self) -> None:
        for type_ in self.schema.types:
            if not isinstance(type_, Enum):
                with self.source.function(f"read_{type_.name}(names, bodies, pos, p, depth)"):
                    if type_.name in self.recursive:
                        with self.source.block(f"if depth > {MAX_DEPTH}"):
                            self.line(f"raise DecodeError('more than {MAX_DEPTH} levels of nesting')")
                    match type_:
                        case Union():
                            self.union(type_)
                        case Record():
                            self.record(type_)
        with self.source.function("decode(data)"):
            with self.source.block("try"):
                self.line("names, bodies = fields(data)")
                self.line(f"value, pos = read_{self.schema.root}(names, bodies, 0, '', 1)")
                with self.source.block("if pos != len(bodies)"):
                    self.line("raise DecodeError(f'a field {names[pos][:60]!r} that is not due')")
                self.line("return value")
            with self.source.block("except Exception as error"):
                self.line("raise decode_error(error) from error")

    def union(self, union: Union) -> None:
        with self.source.block("if names[pos].startswith(p)"):
            self.line("chosen = names[pos][len(p):].partition('.')[0]")
            for member in union.alternatives:
                with self.source.block(f"if chosen == {member.name!r}"):
                    self.line(f"return {{{member.key!r}: {self.value(f'{{p}}{member.name}', member.type)}}}, pos")
        self.line("raise missing(names, pos, p[:-1])")

    def record(self, record: Record) -> None:
        self.line("value = {}")
        run: list[Field] = []
        for member in record.fields:
            if not member.optional and self.is_scalar(member.type):
                run.append(member)
                continue
            self.scalars(run)
            run = []
            self.member(member)
        self.scalars(run)
        if all(member.optional for member in record.fields):
            with self.source.block("if not value and p"):
                self.due("{p[:-1]}")
                self.line("pos = empty(bodies, pos)")
        self.line("return value, pos")

    def scalars(self, run: list[Field]) -> None:
        """Required scalars in a row: their names are looked at together."""
        if not run:
            return
        wanted = ", ".join(f"f'{{p}}{member.name}'" for member in run)
        if len(run) == 1:
            self.due(f"{{p}}{run[0].name}")
            texts = [self.body()]
        else:
            with self.source.block(f"if names[pos:pos + {len(run)}] != [{wanted}]"):
                self.line(f"raise missing(names, pos, {wanted})")
            texts = [self.source.fresh("text") for _ in run]
            self.line(f"{', '.join(texts)} = bodies[pos:pos + {len(run)}]")
            self.line(f"pos += {len(run)}")
        for member, text in zip(run, texts):
            self.line(f"value[{member.key!r}] = {self.scalar(member.type, text)}")

    def member(self, member: Field) -> None:
        path, target = f"{{p}}{member.name}", f"value[{member.key!r}]"
        if not member.optional:
            self.line(f"{target} = {self.value(path, member.type)}")
            return
        with self.source.block(f"if {self.present(path, member.type)}"):
            self.line(f"{target} = {self.value(path, member.type, known=True)}")

    def is_scalar(self, type_: Type) -> bool:
        return not isinstance(self.schema.resolve(type_), List | Map | Union | Record)

    def present(self, path: str, type_: Type) -> str:
        """Whether the next field is the value of this name, or the first inside it."""
        here = f"names[pos] == f'{path}'"
        return here if self.is_scalar(type_) else f"{here} or names[pos].startswith(f'{path}.')"

    def due(self, path: str) -> None:
        with self.source.block(f"if names[pos] != f'{path}'"):
            self.line(f"raise missing(names, pos, f'{path}')")

    def body(self) -> str:
        text = self.source.fresh("text")
        self.line(f"{text} = bodies[pos]")
        self.line("pos += 1")
        return text

    def scalar(self, type_: Type, text: str) -> str:
        kind = self.schema.resolve(type_)
        assert not isinstance(kind, List | Map | Union | Record)
        if isinstance(kind, String):
            self.line(f"{text} = unescape({text})")
        return read(self.source, kind, text)

    def value(self, path: str, type_: Type, *, known: bool = False) -> str:
        """`known`: the next field is certainly of this value."""
        kind = self.schema.resolve(type_)
        match kind:
            case List():
                return self.list(path, kind)
            case Map():
                return self.map(path, kind)
            case Union() | Record():
                value = self.source.fresh("value")
                self.line(f"{value}, pos = read_{kind.name}(names, bodies, pos, f'{path}.', depth + 1)")
                return value
            case _:
                if not known:
                    self.due(path)
                return self.scalar(type_, self.body())

    def list(self, path: str, kind: List) -> str:
        items, index, prefix = (self.source.fresh(hint) for hint in ("items", "i", "prefix"))
        self.line(f"{items} = []")
        with self.source.block(f"if names[pos] == f'{path}'"):
            self.line("pos = empty(bodies, pos)")
        with self.source.block("else"):
            self.line(f"{prefix} = f'{path}.'")
            self.line(f"{index} = 0")
            item = self.source.fresh("item")
            here = f"names[pos] == ({item} := f'{{{prefix}}}{{{index}}}')"
            inside = "" if self.is_scalar(kind.item) else f" or names[pos].startswith({item} + '.')"
            with self.source.block(f"while {here}{inside}"):
                self.line(f"{items}.append({self.value(f'{{{item}}}', kind.item, known=True)})")
                self.line(f"{index} += 1")
            with self.source.block(f"if not {items}"):
                self.line(f"raise missing(names, pos, f'{path}')")
        if kind.min_length or kind.max_length is not None:
            self.line(f"bounded({items}, {kind.min_length}, {kind.max_length})")
        return items

    def map(self, path: str, kind: Map) -> str:
        entries, prefix, name, key = (self.source.fresh(hint) for hint in ("entries", "prefix", "name", "key"))
        self.line(f"{entries} = {{}}")
        with self.source.block(f"if names[pos] == f'{path}'"):
            self.line("pos = empty(bodies, pos)")
        with self.source.block("else"):
            self.line(f"{prefix} = f'{path}.'")
            with self.source.block(f"while names[pos].startswith({prefix})"):
                self.line(f"{name} = names[pos][len({prefix}):].partition('.')[0]")
                self.line(f"{key}_text = {name}")
                self.line(f"{key} = {self.scalar(kind.key, f'{key}_text')}")
                with self.source.block(f"if {key} in {entries}"):
                    self.line(f"raise DecodeError(f'the key {{{key}!r}} twice')")
                self.line(f"{entries}[{key}] = {self.value(f'{{{prefix}}}{{{name}}}', kind.value)}")
            with self.source.block(f"if not {entries}"):
                self.line(f"raise missing(names, pos, f'{path}')")
        return entries


def leaf(schema: Schema, path: Path) -> tuple[str, Type]:
    """The name of the field at a path, and its type. Raises `DecodeError` if the schema has no such leaf."""
    type_: Type = Ref(schema.root)
    parts = []
    for step in path:
        kind = schema.resolve(type_)
        match kind:
            case Record(fields=members) | Union(alternatives=members):
                member = next((member for member in members if member.key == step), None)
                if member is None:
                    raise DecodeError(f"{kind.name} has no member {step!r}")
                parts.append(member.name)
                type_ = member.type
            case List():
                parts.append(str(step))
                type_ = kind.item
            case Map():
                key = schema.resolve(kind.key)
                assert isinstance(key, Bool | Int | String)
                parts.append(escape_key(str(step).lower() if isinstance(key, Bool) else str(step)))
                type_ = kind.value
            case _:
                raise DecodeError(f"nothing is below {'.'.join(parts)}")
    if isinstance(schema.resolve(type_), List | Map | Union | Record):
        raise DecodeError(f"{'.'.join(parts) or 'the message'} is no leaf")
    return ".".join(parts), type_


def generate_leaf(schema: Schema, source: Source, type_: Type) -> None:
    """`read(data)`: the value of the leaf whose name is bound to NAME."""
    with source.function("read(data)"):
        with source.block("try"):
            source.line("text = body_of(data, NAME)")
            source.line(f"return {Reader(schema, source).scalar(type_, 'text')}")
        with source.block("except Exception as error"):
            source.line("raise decode_error(error) from error")
