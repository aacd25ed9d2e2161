"""Generates `to_native`: messages, filled."""

from serschema.idl.proto import inlined
from serschema.model import MAX_DEPTH, Decimal, Enum, Field, List, Map, Record, Schema, Timestamp, Type, Union, Uuid

from sercodecs.protobuf.names import Names, assignment, reach
from sercodecs.protobuf.values import deep, is_message
from sercodecs.source import Source


class Writer:
    """Generates `to_native`. A function gets a message and fills it; `level` counts the messages around it."""

    def __init__(self, schema: Schema, names: Names, source: Source) -> None:
        self.schema = schema
        self.names = names
        self.source = source
        self.deep = deep(schema)

    def generate(self) -> None:
        for type in self.schema.types:
            if isinstance(type, Enum):
                continue
            with self.source.function(f"fill_{type.name}(m, v{', level' if self.deep else ''})"):
                if self.deep:
                    self.source.line(f"if level >= {MAX_DEPTH}: unwritable('nested too deep for upb')")
                match type:
                    case Union():
                        self.union(type, "v")
                    case Record(fields=()):
                        self.source.line(f"if v != {{}}: unwritable('something in the empty record {type.name}')")
                    case Record():
                        for field in type.fields:
                            self.member(type, field)
        with self.source.function("to_native(value)"):
            self.source.line("message = Message()")
            self.source.line(f"fill_{self.schema.root}(message, value{', 0' if self.deep else ''})")
            self.source.line("return message")

    def member(self, record: Record, field: Field) -> None:
        value = f"v[{field.key!r}]"
        if field.optional:
            with self.source.block(f"if {field.key!r} in v"):
                self.present(record, field, value)
        else:
            self.present(record, field, value)

    def present(self, record: Record, field: Field, value: str) -> None:
        union = self.schema.resolve(field.type)
        if isinstance(union, Union) and inlined(record, field, self.schema):
            self.union(union, value)
        elif field.optional:
            self.single(self.reach(record, field), field.type, value, 1)
        else:
            self.field(self.reach(record, field), field.type, value, 1)

    def reach(self, owner: Record | Union, member: Field) -> str:
        return reach("m", self.names.field(owner.name, member))

    def union(self, union: Union, value: str) -> None:
        key, item = self.source.fresh("key"), self.source.fresh("v")
        self.source.line(f"({key}, {item}), = {value}.items()")
        word = "if"
        for alternative in union.alternatives:
            with self.source.block(f"{word} {key} == {alternative.key!r}"):
                self.single(self.reach(union, alternative), alternative.type, item, 1)
            word = "elif"
        with self.source.block("else"):
            self.source.line(f"unwritable('not an alternative of {union.name}')")

    def field(self, target: str, type_: Type, value: str, level: int) -> None:
        """Fill a field that may be repeated or a map; `level` is how many messages deeper it is than the function's."""
        line = self.source.line
        match type_:
            case List(item=item) if is_message(item, self.schema):
                add, each = self.source.fresh("add"), self.source.fresh("v")
                line(f"{add} = {target}.add")
                with self.source.block(f"for {each} in {value}"):
                    self.message(f"{add}()", item, each, level)
            case List(item=item):
                converted = self.scalar(item, "x")
                line(f"{target}.extend({value if converted == 'x' else f'[{converted} for x in {value}]'})")
            case Map(value=held):
                into, key, each = self.source.fresh("map"), self.source.fresh("key"), self.source.fresh("v")
                line(f"{into} = {target}")
                with self.source.block(f"for {key}, {each} in {value}.items()"):
                    if is_message(held, self.schema):
                        self.message(f"{into}[{key}]", held, each, level + 1)
                    else:
                        line(f"{into}[{key}] = {self.scalar(held, each)}")
            case _:
                self.single(target, type_, value, level)

    def single(self, target: str, type_: Type, value: str, level: int) -> None:
        """Fill a field that is neither repeated nor a map; a message is there even if nothing in it is set."""
        if not is_message(type_, self.schema):
            self.source.line(assignment(target, self.scalar(type_, value)))
            return
        message = self.source.fresh("m")
        self.source.line(f"{message} = {target}")
        self.source.line(f"{message}.SetInParent()")
        self.message(message, type_, value, level)

    def message(self, message: str, type_: Type, value: str, level: int) -> None:
        kind = self.schema.resolve(type_)
        match kind:
            case Timestamp():
                self.source.line(f"put_time({message}, {value})")
            case List() | Map():
                wrapper = self.source.fresh("m")
                self.source.line(f"{wrapper} = {message}")
                self.field(f"{wrapper}.{self.names.field('', self.names.item(kind))}", kind, value, level + 1)
            case Union() | Record():
                more = f", level + {level}" if self.deep else ""
                self.source.line(f"fill_{kind.name}({message}, {value}{more})")

    def scalar(self, type_: Type, value: str) -> str:
        kind = self.schema.resolve(type_)
        match kind:
            case Enum():
                return f"{self.source.bind(kind.name, dict(kind.symbols))}[{value}]"
            case Uuid():
                return f"{value}.bytes"
            case Decimal():
                return f"format({value}, 'f')"
            case _:
                return value
