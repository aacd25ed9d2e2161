"""Generates `from_native`: what messages say, checked."""

from serschema.idl.proto import inlined
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
    Schema,
    String,
    Timestamp,
    Type,
    Union,
    Uuid,
)

from sercodecs.protobuf.names import Names, reach
from sercodecs.protobuf.values import Symbols, deep, is_message
from sercodecs.source import Source


class Reader:
    """Generates `from_native`. A function gets a message and returns its value; `depth` counts as the model does."""

    def __init__(self, schema: Schema, names: Names, source: Source) -> None:
        self.schema = schema
        self.names = names
        self.source = source
        self.deep = deep(schema)

    def generate(self) -> None:
        for type in self.schema.types:
            if isinstance(type, Enum):
                continue
            with self.source.function(f"take_{type.name}(m{', depth' if self.deep else ''})"):
                self.bound("depth")
                match type:
                    case Union():
                        self.source.line(f"chosen = m.WhichOneof({self.names.oneof(type.name, None)!r})")
                        self.union(type, "chosen", 1)
                        self.source.line(f"bad('no alternative of {type.name}')")
                    case Record():
                        self.record(type)
        with self.source.function("from_native(message)"):
            self.source.line(f"return take_{self.schema.root}(message{', 0' if self.deep else ''})")

    def bound(self, depth: str) -> None:
        if self.deep:
            self.source.line(f"if {depth} >= {MAX_DEPTH}: bad('nested deeper than {MAX_DEPTH} levels')")

    def record(self, record: Record) -> None:
        line = self.source.line
        required = [field for field in record.fields if not field.optional and not inlined(record, field, self.schema)]
        parts: list[str] = []
        for field in required:
            name = self.names.field(record.name, field)
            target = reach("m", name)
            if is_message(field.type, self.schema) and not isinstance(field.type, List | Map):
                line(f"if not m.HasField({name!r}): bad('no {record.name}.{field.name}')")
            parts.append(f"{field.key!r}: {self.field(target, field.type, 1)}")
        line(f"r = {{{', '.join(parts)}}}")
        for field in record.fields:
            if field in required:
                continue
            if inlined(record, field, self.schema):
                self.oneof(record, field)
                continue
            name = self.names.field(record.name, field)
            with self.source.block(f"if m.HasField({name!r})"):
                line(f"r[{field.key!r}] = {self.single(reach('m', name), field.type, 1)}")
        line("return r")

    def oneof(self, record: Record, field: Field) -> None:
        union = self.schema.resolve(field.type)
        assert isinstance(union, Union)
        chosen = self.source.fresh("chosen")
        self.source.line(f"{chosen} = m.WhichOneof({self.names.oneof(record.name, field)!r})")
        if not field.optional:
            self.source.line(f"if {chosen} is None: bad('no {record.name}.{field.name}')")
        with self.source.block(f"if {chosen} is not None"):
            self.bound("depth + 1")
            self.union(union, chosen, 2, f"r[{field.key!r}] = ")

    def union(self, union: Union, chosen: str, depth: int, use: str = "return ") -> None:
        for alternative in union.alternatives:
            name = self.names.field(union.name, alternative)
            with self.source.block(f"if {chosen} == {name!r}"):
                value = self.single(reach("m", name), alternative.type, depth)
                self.source.line(f"{use}{{{alternative.key!r}: {value}}}")

    def field(self, target: str, type_: Type, depth: int) -> str:
        """Read a field that may be repeated or a map, into a local variable; returns its name."""
        line = self.source.line
        match type_:
            case List(item=item):
                items = self.source.fresh("items")
                self.items(items, target, item, depth)
                least, most = type_.min_length, type_.max_length
                if least or most is not None:
                    line(
                        f"if {_outside(f'len({items})', least, most)}: bad('a list of {{}} items'.format(len({items})))"
                    )
                return items
            case Map(key=key, value=value):
                result, name, each = self.source.fresh("map"), self.source.fresh("key"), self.source.fresh("x")
                line(f"{result} = {{}}")
                with self.source.block(f"for {name}, {each} in {target}.items()"):
                    self.check(name, key)
                    line(f"{result}[{name}] = {self.single(each, value, depth)}")
                return result
            case _:
                return self.single(target, type_, depth)

    def items(self, items: str, target: str, item: Type, depth: int) -> None:
        """Read a repeated field into a list, without a statement for each item where there is nothing to check."""
        line = self.source.line
        each = self.source.fresh("x")
        kind = self.schema.resolve(item)
        match kind:
            case Bool() | Float():
                line(f"{items} = list({target})")
            case Int():
                line(f"{items} = list({target})")
                if bad := _out_of_range(kind, f"min({items})", f"max({items})"):
                    line(f"if {items} and ({bad}): bad('an integer out of its range')")
            case List() | Map():
                line(f"{items} = []")
                with self.source.block(f"for {each} in {target}"):
                    line(f"{items}.append({self.single(each, kind, depth)})")
            case _:
                line(f"{items} = [{self.convert(each, item, depth)} for {each} in {target}]")
                if bad := self.misfit(each, item):
                    line(f"if any({bad} for {each} in {items}): bad('a length out of its range')")

    def single(self, target: str, type_: Type, depth: int) -> str:
        """Read a field that is neither repeated nor a map, into a local variable; returns its name."""
        kind = self.schema.resolve(type_)
        if isinstance(kind, List | Map):
            return self.field(f"{target}.{self.names.field('', self.names.item(kind))}", kind, depth)
        value = self.source.fresh("x")
        self.source.line(f"{value} = {self.convert(target, type_, depth)}")
        self.check(value, type_)
        return value

    def convert(self, target: str, type_: Type, depth: int) -> str:
        """The value of the kind, without the checks that `misfit` describes."""
        kind = self.schema.resolve(type_)
        match kind:
            case Enum():
                symbols = Symbols({number: symbol for symbol, number in kind.symbols})
                return f"{self.source.bind(kind.name, symbols)}[{target}]"
            case Timestamp():
                return f"time({target})"
            case Uuid():
                return f"uuid_of({target})"
            case Decimal():
                return f"decimal({target}, {kind.precision}, {kind.scale})"
            case Union() | Record():
                return f"take_{kind.name}({target}{f', depth + {depth}' if self.deep else ''})"
            case _:
                return target

    def check(self, value: str, type_: Type) -> None:
        if bad := self.misfit(value, type_):
            self.source.line(f"if {bad}: bad('a value or a length out of its range')")

    def misfit(self, value: str, type_: Type) -> str:
        """The condition under which a value read is not of the type; empty if it always is."""
        kind = self.schema.resolve(type_)
        match kind:
            case Int():
                return _out_of_range(kind, value, value)
            case String() if kind.max_length is not None:
                return f"len({value}) > {kind.max_length}"
            case Bytes() if kind.min_length or kind.max_length is not None:
                return _outside(f"len({value})", kind.min_length, kind.max_length)
            case _:
                return ""


def _out_of_range(kind: Int, least: str, most: str) -> str:
    """The condition under which an integer is out of its range; empty if the field's type excludes that."""
    carrier = Int(max(kind.bits, 32), kind.signed)
    parts = []
    if kind.lower > carrier.lower:
        parts.append(f"{least} < {kind.lower}")
    if kind.upper < carrier.upper:
        parts.append(f"{most} > {kind.upper}")
    return " or ".join(parts)


def _outside(length: str, least: int, most: int | None) -> str:
    if least == most:
        return f"{length} != {least}"
    if most is None:
        return f"{length} < {least}"
    return f"not {least} <= {length} <= {most}" if least else f"{length} > {most}"
