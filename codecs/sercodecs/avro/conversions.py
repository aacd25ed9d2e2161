"""Conversions between a value and what either library takes and gives.

Both take plain values, and they go to it as they are where its form of them is the same: fields called by their name,
no optional field but scalars, no unions, maps with strings for keys, no integer beyond a long. What is read is taken as
it is where nothing has to be checked. Otherwise a conversion is generated. To fastavro an optional record, list or map
is given as `(name, value)`, as it would else validate it as a whole to find out which it is.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Context
from decimal import Decimal as PyDecimal
from typing import Any, NoReturn, assert_never
from uuid import UUID

from serschema.idl.avro import LONG, Translator, within
from serschema.model import (
    MAX_DEPTH,
    Bytes,
    Decimal,
    Enum,
    Field,
    Int,
    List,
    Map,
    Named,
    Record,
    Ref,
    Schema,
    String,
    Type,
    Union,
    Uuid,
    fixed_length,
)

from sercodecs.contract import Codec, DecodeError, EncodeError, assemble
from sercodecs.source import Source

EXACT = Context(prec=1001)


# What the generated source calls.


def _bad(what: str) -> NoReturn:
    raise DecodeError(what)


def _unwritable(what: str) -> NoReturn:
    raise EncodeError("$", what)


def _unscaled(data: bytes, bound: int, size: int) -> int:
    if len(data) > size:
        raise DecodeError(f"a decimal of {len(data)} octets")
    value = int.from_bytes(data, "big", signed=True)
    if not -bound < value < bound:
        raise DecodeError("a decimal of too many digits")
    return value


_RUNTIME = {
    "bad": _bad,
    "unwritable": _unwritable,
    "unscaled": _unscaled,
    "scaleb": EXACT.scaleb,
    "Decimal": PyDecimal,
    "UUID": UUID,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """In what the values of the two libraries differ.

    `branches`: a branch of a union may be given with its name, as `(name, value)`; the other library looks for one of
    which the value is. `uuids`: a UUID is one, and not its text. `depth`: levels of nesting that are written.
    `bounded`: what is read is not deeper than `MAX_DEPTH`.
    """

    branches: bool
    uuids: bool
    depth: int
    bounded: bool


class _Generator(ABC):
    """What both directions share: which types need a conversion, and a function for each named type that does."""

    prefix: str
    deep: bool

    def __init__(self, schema: Schema, source: Source, dialect: Dialect) -> None:
        self.schema = schema
        self.source = source
        self.dialect = dialect
        self.names = Translator(schema)
        self.converted: set[str] = set()

    def functions(self, depth: int, refuse: str) -> bool:
        """Write a function for each type that needs one; whether the root is among them."""
        self.settle()
        if self.schema.root not in self.converted:
            return False
        for type in self.schema.types:
            if type.name not in self.converted:
                continue
            with self.source.function(f"{self.prefix}_{type.name}(v{', level' if self.deep else ''})"):
                if self.deep:
                    self.source.line(f"if level >= {depth}: {refuse}('nested deeper than {depth} levels')")
                match type:
                    case Union():
                        self.union(type)
                    case Record():
                        self.record(type)
        return True

    def call(self, name: str, target: str, level: str = "level + 1") -> str:
        return f"{self.prefix}_{name}({target}{f', {level}' if self.deep else ''})"

    @abstractmethod
    def union(self, union: Union) -> None: ...

    @abstractmethod
    def record(self, record: Record) -> None: ...

    def settle(self) -> None:
        """Find the named types that need a conversion, until no more are found."""
        before = -1
        while before < len(self.converted):
            before = len(self.converted)
            self.converted |= {type.name for type in self.schema.types if self.needed(type)}

    @abstractmethod
    def needed(self, named: Named) -> bool:
        """Whether a value of the type is not what fastavro takes or gives."""

    def each(self, items: str, item: Type) -> str:
        """Convert the items of an array into a local variable; returns its name."""
        result, x = self.source.fresh("items"), self.source.fresh("x")
        self.source.line(f"{result} = []")
        with self.source.block(f"for {x} in {items}"):
            self.source.line(f"{result}.append({self.value(x, item)})")
        return result

    def mapping(self, pairs: str, kind: Map) -> str:
        """Convert pairs of key and value into a dict; returns its name."""
        result, key, value = self.source.fresh("map"), self.source.fresh("key"), self.source.fresh("x")
        self.source.line(f"{result} = {{}}")
        with self.source.block(f"for {key}, {value} in {pairs}"):
            self.source.line(f"{result}[{self.value(key, kind.key)}] = {self.value(value, kind.value)}")
        return result

    @abstractmethod
    def value(self, target: str, type_: Type) -> str:
        """The expression that converts `target`; what needs statements is emitted before."""


class _Writer(_Generator):
    """Generates `to_native`."""

    prefix = "put"

    def generate(self) -> bool:
        """Whether there is anything to convert."""
        self.deep = bool(self.schema.recursive()) or len(self.schema.types) >= self.dialect.depth
        if not self.functions(self.dialect.depth, "unwritable"):
            return False
        with self.source.function("to_native(value)"):
            self.source.line(f"return {self.call(self.schema.root, 'value', '0')}")
        return True

    def needed(self, named: Named) -> bool:
        """A type that holds itself is converted so that its levels are counted before fastavro recurses."""
        match named:
            case Enum():
                return False
            case Union():
                return True
            case Record(fields=fields):
                return self.deep or any(f.name != f.key or self.converts(f.type) or self.tagged(f) for f in fields)
            case _:
                assert_never(named)

    def tagged(self, field: Field) -> bool:
        """Whether an optional field is given with the name of its type."""
        return (
            self.dialect.branches
            and field.optional
            and isinstance(self.schema.resolve(field.type), Record | List | Map)
        )

    def converts(self, type_: Type) -> bool:
        match type_:
            case Ref(name):
                return name in self.converted
            case Int():
                return not within(type_, LONG)
            case Uuid():
                return not self.dialect.uuids
            case List(item=item):
                return self.converts(item)
            case Map(key=key, value=value):
                return not isinstance(key, String) or self.converts(value)
            case _:
                return False

    def union(self, union: Union) -> None:
        self.source.line("(key, x), = v.items()")
        for alternative in union.alternatives:
            with self.source.block(f"if key == {alternative.key!r}"):
                made = f"{{{alternative.name!r}: {self.value('x', alternative.type)}}}"
                name = self.names.alternative(union, alternative)
                self.source.line(f"return {name!r}, {made}" if self.dialect.branches else f"return {made}")
        self.source.line(f"unwritable('not an alternative of {union.name}')")

    def record(self, record: Record) -> None:
        parts = []
        for field in record.fields:
            if not field.optional:
                value = self.value(f"v[{field.key!r}]", field.type)
                parts.append(f"{field.name!r}: {value}")
        self.source.line(f"r = {{{', '.join(parts)}}}")
        for field in record.fields:
            if field.optional:
                with self.source.block(f"if {field.key!r} in v"):
                    value = self.value(f"v[{field.key!r}]", field.type)
                    name = self.branch(field) if self.tagged(field) else ""
                    self.source.line(f"r[{field.name!r}] = {f'({name!r}, {value})' if name else value}")
        self.source.line("return r")

    def branch(self, field: Field) -> str:
        """The name of an optional field's type in the union with null, where it is said."""
        kind = self.schema.resolve(field.type)
        match kind:
            case Record():
                return self.names.name(kind.name, kind.name)
            case Map(key=String()):
                return "map"
            case List() | Map():
                return "array"
            case _:
                return ""

    def value(self, target: str, type_: Type) -> str:
        """Convert a value, with statements before where need be; returns an expression."""
        if not self.converts(type_):
            return target
        match type_:
            case Ref(name):
                return self.call(name, target)
            case List(item=item):
                return self.each(target, item)
            case Map(key=String()):
                return self.mapping(f"{target}.items()", type_)
            case Map(key=key, value=value):
                result, name, x = self.source.fresh("items"), self.source.fresh("key"), self.source.fresh("x")
                self.source.line(f"{result} = []")
                with self.source.block(f"for {name}, {x} in {target}.items()"):
                    pair = f"{{'key': {self.value(name, key)}, 'value': {self.value(x, value)}}}"
                    self.source.line(f"{result}.append({pair})")
                return result
            case Uuid():
                return f"str({target})"
            case _:
                return f"Decimal({target})"


class _Reader(_Generator):
    """Generates `from_native`. The schema for reading bounds the nesting."""

    prefix = "take"

    def generate(self) -> bool:
        """Whether there is anything to convert or to check."""
        self.deep = not self.dialect.bounded and (bool(self.schema.recursive()) or len(self.schema.types) >= MAX_DEPTH)
        if not self.functions(MAX_DEPTH, "bad"):
            return False
        with self.source.function("from_native(native)"):
            self.source.line(f"return {self.call(self.schema.root, 'native', '0')}")
        return True

    def needed(self, named: Named) -> bool:
        match named:
            case Enum():
                return False
            case Union(alternatives=members) | Record(fields=members):
                return self.deep or any(m.name != m.key or m.optional or self.converts(m.type) for m in members)
            case _:
                assert_never(named)

    def converts(self, type_: Type) -> bool:
        match type_:
            case Ref(name):
                return name in self.converted
            case Int():
                return (type_.lower, type_.upper) != (LONG.lower, LONG.upper)
            case String() | Bytes():
                return bool(self.misfit("x", type_))
            case Decimal():
                return True
            case Uuid():
                return not self.dialect.uuids
            case List(item=item):
                return bool(self.misfit("x", type_)) or self.converts(item)
            case Map(key=key, value=value):
                return not isinstance(key, String) or self.converts(key) or self.converts(value)
            case _:
                return False

    def union(self, union: Union) -> None:
        self.source.line("(name, x), = v.items()")
        for alternative in union.alternatives:
            with self.source.block(f"if name == {alternative.name!r}"):
                self.source.line(f"return {{{alternative.key!r}: {self.value('x', alternative.type)}}}")

    def record(self, record: Record) -> None:
        parts = []
        for field in record.fields:
            if not field.optional:
                value = self.value(f"v[{field.name!r}]", field.type)
                parts.append(f"{field.key!r}: {value}")
        self.source.line(f"r = {{{', '.join(parts)}}}")
        for field in record.fields:
            if field.optional:
                x = self.source.fresh("x")
                self.source.line(f"{x} = v[{field.name!r}]")
                with self.source.block(f"if {x} is not None"):
                    self.source.line(f"r[{field.key!r}] = {self.value(x, field.type)}")
        self.source.line("return r")

    def value(self, target: str, type_: Type) -> str:
        """Convert and check a value, with statements before where need be; returns an expression."""
        if not self.converts(type_):
            return target
        match type_:
            case Ref(name):
                return self.call(name, target)
            case Int():
                target = self.local(target if within(type_, LONG) else f"unscaled({target}, {10**20}, 9)")
            case Decimal(precision=precision, scale=scale):
                bound = 10**precision
                unscaled = f"Decimal(unscaled({target}, {bound}, {bound.bit_length() // 8 + 1}))"
                return f"scaleb({unscaled}, {-scale})" if scale else unscaled
            case Uuid():
                return f"UUID({target})"
            case List(item=item):
                target = self.local(target)
                if self.converts(item):
                    target = self.each(target, item)
            case Map(key=String()):
                return self.mapping(f"{target}.items()", type_)
            case Map():
                return self.mapping(f"((e['key'], e['value']) for e in {target})", type_)
            case _:
                target = self.local(target)
        if bad := self.misfit(target, type_):
            self.source.line(f"if {bad}: bad('a value or a length out of its range')")
        return target

    def local(self, expression: str) -> str:
        name = self.source.fresh("x")
        self.source.line(f"{name} = {expression}")
        return name

    def misfit(self, target: str, type_: Type) -> str:
        """The condition under which a value read is not of the type; empty if it always is."""
        match type_:
            case Int():
                return f"not {type_.lower} <= {target} <= {type_.upper}"
            case String(max_length=int()):
                return f"len({target}) > {type_.max_length}"
            case Bytes() | List() if type_.min_length or type_.max_length is not None:
                if isinstance(type_, Bytes) and fixed_length(type_):
                    return ""
                most = "" if type_.max_length is None else f" <= {type_.max_length}"
                return f"not {type_.min_length} <= len({target}){most}"
            case _:
                return ""


def assembled(
    schema: Schema,
    name: str,
    dialect: Dialect,
    encode_native: Callable[[Any], bytes],
    decode_native: Callable[[bytes], Any],
) -> Codec:
    """The codec over a library's two functions, with the conversions that the schema needs."""
    source = Source(name)
    source.globals |= _RUNTIME
    writes = _Writer(schema, source, dialect).generate()
    reads = _Reader(schema, source, dialect).generate()
    if writes or reads:
        source.build()
    return assemble(
        schema,
        encode_native,
        decode_native,
        source.globals["to_native"] if writes else None,
        source.globals["from_native"] if reads else None,
        source.text() if writes or reads else "",
    )
