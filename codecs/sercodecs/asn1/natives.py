"""Conversions between a value and what asn1tools takes and gives.

These are dicts by the names of the module, `(name, value)` for a CHOICE, a symbol's name, a text for a time, an integer
for a decimal, a list of entries for a map.

They check both ways: asn1tools would write an integer out of its range over its neighbours in PER, and read anything.
"""

from abc import ABC, abstractmethod
from decimal import Decimal as PyDecimal
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
    Schema,
    String,
    Timestamp,
    Type,
    Union,
    Uuid,
)
from serschema.values import is_binary32

from sercodecs.asn1.values import DEPTH, EXACT, Symbols, bad, deep, time, time_text, unscaled, unwritable, xml_text
from sercodecs.quick import uuid_of
from sercodecs.source import Source

Names = dict[str, list[str]]
"""The module's names of the members or symbols of each named type, in the order of the schema."""

RUNTIME = {
    "time_text": time_text,
    "time": time,
    "unscaled": unscaled,
    "scaleb": EXACT.scaleb,
    "is_binary32": is_binary32,
    "bad": bad,
    "unwritable": unwritable,
    "xml_text": xml_text,
    "uuid_of": uuid_of,
    "Decimal": PyDecimal,
}


def generate(schema: Schema, names: Names, source: Source, *, xml: bool = False, loose: bool = False) -> None:
    """Add `to_native` and `from_native`.

    `xml`: text is that of XML. `loose`: a scalar that was read may be of any type at all.
    """
    source.globals |= RUNTIME
    _Writer(schema, names, source, xml).generate()
    _Reader(schema, names, source, loose).generate()


class _Generator(ABC):
    """What both directions share: a function for each record and union, which may count levels."""

    prefix: str
    refuse: str
    depth: int

    def __init__(self, schema: Schema, names: Names, source: Source) -> None:
        self.schema = schema
        self.names = names
        self.source = source
        self.deep = deep(schema)

    def functions(self) -> None:
        for type in self.schema.types:
            if isinstance(type, Enum):
                continue
            with self.source.function(f"{self.prefix}_{type.name}(v{', level' if self.deep else ''})"):
                if self.deep:
                    reason = f"nested deeper than {self.depth} levels"
                    self.source.line(f"if level >= {self.depth}: {self.refuse}({reason!r})")
                match type:
                    case Union():
                        self.union(type)
                    case Record():
                        self.record(type)

    def root(self, target: str) -> str:
        return f"{self.prefix}_{self.schema.root}({target}{', 0' if self.deep else ''})"

    def call(self, name: str, target: str) -> str:
        return f"{self.prefix}_{name}({target}{', level + 1' if self.deep else ''})"

    def require(self, condition: str, otherwise: str) -> None:
        self.source.line(f"if not {condition}: {self.refuse}({otherwise!r})")

    def local(self, expression: str) -> str:
        name = self.source.fresh("x")
        self.source.line(f"{name} = {expression}")
        return name

    def length(self, target: str, least: int, most: int | None) -> None:
        if least or most is not None:
            upper = "" if most is None else f" <= {most}"
            self.require(f"{least} <= len({target}){upper}", "a length out of its range")

    def range(self, target: str, least: int, most: int) -> None:
        self.require(f"{least} <= {target} <= {most}", "an integer out of its range")

    def items(self, target: str, kind: List) -> str:
        """A list of the items, converted; returns its name."""
        result, x = self.source.fresh("list"), self.source.fresh("x")
        self.source.line(f"{result} = []")
        with self.source.block(f"for {x} in {target}"):
            self.source.line(f"{result}.append({self.value(x, kind.item)})")
        self.length(result, kind.min_length, kind.max_length)
        return result

    @abstractmethod
    def union(self, union: Union) -> None: ...

    @abstractmethod
    def record(self, record: Record) -> None: ...

    @abstractmethod
    def value(self, target: str, type_: Type) -> str:
        """Convert and check, with statements before where need be; returns an expression."""


class _Writer(_Generator):
    prefix, refuse, depth = "put", "unwritable", DEPTH

    def __init__(self, schema: Schema, names: Names, source: Source, xml: bool) -> None:
        super().__init__(schema, names, source)
        self.xml = xml

    def generate(self) -> None:
        self.functions()
        with self.source.function("to_native(value)"):
            self.source.line(f"return {self.root('value')}")

    def union(self, union: Union) -> None:
        self.source.line("(key, x), = v.items()")
        for alternative, name in zip(union.alternatives, self.names[union.name], strict=True):
            with self.source.block(f"if key == {alternative.key!r}"):
                self.source.line(f"return {name!r}, {self.value('x', alternative.type)}")
        self.source.line(f"unwritable('not an alternative of {union.name}')")

    def record(self, record: Record) -> None:
        members = list(zip(record.fields, self.names[record.name], strict=True))
        parts = [
            f"{name!r}: {self.value(f'v[{field.key!r}]', field.type)}" for field, name in members if not field.optional
        ]
        self.source.line(f"r = {{{', '.join(parts)}}}")
        for field, name in members:
            if field.optional:
                with self.source.block(f"if {field.key!r} in v"):
                    self.source.line(f"r[{name!r}] = {self.value(f'v[{field.key!r}]', field.type)}")
        self.source.line("return r")

    def value(self, target: str, type_: Type) -> str:
        kind = self.schema.resolve(type_)
        match kind:
            case Bool() | Float():
                return target
            case Int():
                found = self.local(target)
                self.range(found, kind.lower, kind.upper)
                return found
            case String(most):
                found = self.local(f"xml_text({target})" if self.xml else target)
                self.length(found, 0, most)
                return found
            case Bytes():
                found = self.local(target)
                self.length(found, kind.min_length, kind.max_length)
                return found
            case Enum():
                symbols = dict(zip((symbol for symbol, _ in kind.symbols), self.names[kind.name], strict=True))
                return f"{self.source.bind(kind.name, symbols)}[{target}]"
            case Timestamp():
                return f"time_text({target})"
            case Uuid():
                return f"{target}.bytes"
            case Decimal(precision, scale):
                found = self.local(f"unscaled({target}, {scale})")
                self.range(found, 1 - 10**precision, 10**precision - 1)
                return found
            case List():
                return self.items(target, kind)
            case Map():
                result, key, x = self.source.fresh("map"), self.source.fresh("key"), self.source.fresh("x")
                self.source.line(f"{result} = []")
                with self.source.block(f"for {key}, {x} in {target}.items()"):
                    entry = f"{{'key': {self.value(key, kind.key)}, 'value': {self.value(x, kind.value)}}}"
                    self.source.line(f"{result}.append({entry})")
                return result
            case Union() | Record():
                return self.call(kind.name, target)
            case _:
                assert_never(kind)


class _Reader(_Generator):
    prefix, refuse, depth = "take", "bad", MAX_DEPTH

    def __init__(self, schema: Schema, names: Names, source: Source, loose: bool) -> None:
        super().__init__(schema, names, source)
        self.loose = loose

    def generate(self) -> None:
        self.functions()
        with self.source.function("from_native(native)"):
            self.source.line(f"return {self.root('native')}")

    def union(self, union: Union) -> None:
        self.source.line("name, x = v")
        for alternative, name in zip(union.alternatives, self.names[union.name], strict=True):
            with self.source.block(f"if name == {name!r}"):
                self.source.line(f"return {{{alternative.key!r}: {self.value('x', alternative.type)}}}")
        self.source.line("bad('an alternative that there is not')")

    def record(self, record: Record) -> None:
        members = list(zip(record.fields, self.names[record.name], strict=True))
        parts = [
            f"{field.key!r}: {self.value(f'v[{name!r}]', field.type)}" for field, name in members if not field.optional
        ]
        self.source.line(f"r = {{{', '.join(parts)}}}")
        for field, name in members:
            if field.optional:
                with self.source.block(f"if {name!r} in v"):
                    self.source.line(f"r[{field.key!r}] = {self.value(f'v[{name!r}]', field.type)}")
        self.source.line("return r")

    def scalar(self, target: str, python: type) -> str:
        found = self.local(target)
        if self.loose:
            self.require(f"type({found}) is {python.__name__}", f"not {python.__name__}")
        return found

    def value(self, target: str, type_: Type) -> str:
        kind = self.schema.resolve(type_)
        match kind:
            case Bool():
                return self.scalar(target, bool)
            case Int():
                found = self.scalar(target, int)
                self.range(found, kind.lower, kind.upper)
                return found
            case Float(bits):
                if bits == 64:
                    return target
                found = self.local(target)
                self.require(f"is_binary32({found})", "a real that 32 bits do not hold")
                return found
            case String(most):
                found = self.scalar(target, str)
                if self.loose:
                    self.source.line(f"{found}.encode()  # raises where a surrogate stands alone")
                self.length(found, 0, most)
                return found
            case Bytes():
                found = self.local(target)
                self.length(found, kind.min_length, kind.max_length)
                return found
            case Enum():
                symbols = Symbols(zip(self.names[kind.name], (symbol for symbol, _ in kind.symbols), strict=True))
                return f"{self.source.bind(kind.name, symbols)}[{target}]"
            case Timestamp():
                return f"time({target})"
            case Uuid():
                return f"uuid_of({target})"
            case Decimal(precision, scale):
                found = self.scalar(target, int)
                self.range(found, 1 - 10**precision, 10**precision - 1)
                return f"scaleb(Decimal({found}), {-scale})"
            case List():
                return self.items(target, kind)
            case Map():
                result, entry = self.source.fresh("map"), self.source.fresh("entry")
                self.source.line(f"{result} = {{}}")
                with self.source.block(f"for {entry} in {target}"):
                    key = self.value(f"{entry}['key']", kind.key)
                    item = self.value(f"{entry}['value']", kind.value)
                    self.source.line(f"{result}[{key}] = {item}")
                return result
            case Union() | Record():
                return self.call(kind.name, target)
            case _:
                assert_never(kind)
