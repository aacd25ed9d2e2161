"""Conversions between a value and the plain tree of dicts, lists and scalars that a JSON-like library takes.

A codec says in a table, for each direction, which kinds its library does not carry and the expression that converts
them. From this, functions specialised for the schema are generated: one per record or union that holds such a kind
somewhere below it. The rest of a value is handed over as it is, and a schema that needs nothing gets no function at
all, so that the library is called bare. Two shapes of record are offered:

- by key: a record is a dict by `Field.key`, a union `{"alternative": value}`, as in the value itself;
- positional: a record is a list in the order of its fields, an absent optional field is None, and a union is
  `[index, value]`, its index counting from 0.

The input is never changed: a record is copied before its members are replaced.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, assert_never

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
    Schema,
    String,
    Timestamp,
    Type,
    Union,
    Uuid,
    Value,
)

from sercodecs.contract import DecodeError, Path, decode_error
from sercodecs.source import Source

Expression = str | Callable[[Source, Any], str]
"""Python in which each `{}` is the operand; where it depends on the kind, a function of (source, kind) gives it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """One direction: expressions by class of kind, for values and for the keys of maps, and the names they refer to.

    A kind that is in neither table is carried by the library as it is, and so is one whose expression is `{}`. That of
    `Map` makes the dict whose keys and values are then converted.
    """

    values: Mapping[type, Expression]
    keys: Mapping[type, Expression] = field(default_factory=dict)
    names: Mapping[str, Any] = field(default_factory=dict)


class Conversions(NamedTuple):
    """The two functions, or None for one that has nothing to do, and the source of both."""

    to_native: Callable[[Value], Any] | None
    from_native: Callable[[Any], Value] | None
    source: str


def conversions(schema: Schema, name: str, outwards: Rules, inwards: Rules, *, positional: bool = False) -> Conversions:
    """Generate what stands between values of the schema and a library; `name` shows in tracebacks."""
    source = Source(name)
    out = Outwards(schema, source, outwards, positional)
    into = _Inwards(schema, source, inwards, positional)
    roots = [direction.function(Ref(schema.root)) for direction in (out, into) if direction.generate()]
    built = dict(zip(roots, source.build(*roots)))
    return Conversions(
        built.get(out.function(Ref(schema.root))),
        built.get(into.function(Ref(schema.root))),
        source.text() if roots else "",
    )


def has_other_keys(schema: Schema) -> bool:
    """Whether some map of the schema has keys that are not strings."""

    def has(type_: Type) -> bool:
        match type_:
            case List(item=item):
                return has(item)
            case Map(key=key, value=value):
                return not isinstance(key, String) or has(value)
            case _:
                return False

    members = [
        m
        for t in schema.types
        if not isinstance(t, Enum)
        for m in (t.fields if isinstance(t, Record) else t.alternatives)
    ]
    return any(has(member.type) for member in members)


def accessor(
    schema: Schema, path: Path, inwards: Rules, build: Callable[[list[Kind]], Callable[[bytes], Any]]
) -> Callable[[bytes], Value]:
    """`Codec.access` for a path, of the reader that `build` makes for the kinds along it, that of the leaf last.

    The reader gives the leaf as the library does; a path that the schema does not have gets no reader.
    """
    try:
        kinds = _along(schema, path)
    except LookupError:

        def nowhere(data: bytes) -> Value:
            raise DecodeError(f"the schema has no leaf at {path!r}")

        return nowhere
    read = build(kinds)
    source = Source(f"leaf {kinds[-1]!r}")
    source.globals |= inwards.names
    rule = inwards.values.get(type(kinds[-1]), "{}")
    with source.function("convert(leaf)"):
        source.line(f"return {(rule if isinstance(rule, str) else rule(source, kinds[-1])).replace('{}', 'leaf')}")
    (convert,) = source.build("convert")

    def access(data: bytes) -> Value:
        try:
            return convert(read(data))
        except Exception as error:
            raise decode_error(error) from error

    return access


def _along(schema: Schema, path: Path) -> list[Kind]:
    """The kinds of a message, of what each step of the path leads to, and at last of a leaf. Raises `LookupError`."""
    kinds = [schema.resolve(Ref(schema.root))]
    for step in path:
        match kinds[-1]:
            case Record(fields=members) | Union(alternatives=members):
                types: dict[str | int, Type] = {member.key: member.type for member in members}
                kinds.append(schema.resolve(types[step]))
            case List(item=item):
                if not isinstance(step, int) or step < 0:
                    raise IndexError(step)
                kinds.append(schema.resolve(item))
            case Map(value=value):
                kinds.append(schema.resolve(value))
            case _:
                raise LookupError(step)
    if isinstance(kinds[-1], Record | Union | List | Map):
        raise LookupError("not a leaf")
    return kinds


class Direction(ABC):
    """What both directions share: which types convert, and the expression that converts a value of a type."""

    prefix: str

    def __init__(self, schema: Schema, source: Source, rules: Rules, positional: bool) -> None:
        self.schema = schema
        self.source = source
        self.rules = rules
        self.positional = positional
        self.converted: frozenset[str] = frozenset()
        while (found := frozenset(type_.name for type_ in schema.types if self._needs(type_))) != self.converted:
            self.converted = found
        source.globals |= rules.names

    def _needs(self, type_: Kind) -> bool:
        """One step to the least fixed point of the types that need a function."""
        match type_:
            case Union(alternatives=members) | Record(fields=members):
                return self.positional or any(self.converts(member.type) for member in members)
            case _:
                return False

    def converts(self, type_: Type) -> bool:
        """Whether values of the type differ from what the library takes or gives."""
        kind = self.schema.resolve(type_)
        match kind:
            case List():
                return self.converts(kind.item)
            case Map():
                return type(kind.key) in self.rules.keys or self.converts(kind.value) or self._has_rule(kind)
            case Union() | Record():
                return kind.name in self.converted
            case _:
                return self._has_rule(kind)

    def function(self, type_: Ref) -> str:
        return f"{self.prefix}_{type_.name}"

    def expression(self, type_: Type, operand: str) -> str:
        """The operand, converted; it may occur several times in the result."""
        if not self.converts(type_):
            return operand
        kind = self.schema.resolve(type_)
        match kind:
            case Bool() | Int() | Float() | String() | Bytes() | Enum() | Timestamp() | Uuid() | Decimal():
                return self._apply(self.rules.values, kind, operand)
            case List():
                item = self.source.fresh("item")
                return f"[{self.expression(kind.item, item)} for {item} in {operand}]"
            case Map():
                operand = self._apply(self.rules.values, kind, operand)
                if type(kind.key) not in self.rules.keys and not self.converts(kind.value):
                    return operand
                key, item = self.source.fresh("key"), self.source.fresh("item")
                new_key = self._apply(self.rules.keys, self.schema.resolve(kind.key), key)
                return f"{{{new_key}: {self.expression(kind.value, item)} for {key}, {item} in {operand}.items()}}"
            case Union() | Record():
                return f"{self.function(Ref(kind.name))}({operand})"
            case _:
                assert_never(kind)

    def _has_rule(self, kind: Kind) -> bool:
        return self._apply(self.rules.values, kind, "{}") != "{}"

    def _apply(self, table: Mapping[type, Expression], kind: Kind, operand: str) -> str:
        rule = table.get(type(kind), "{}")
        return (rule if isinstance(rule, str) else rule(self.source, kind)).replace("{}", operand)

    def assign(self, target: str, type_: Type, operand: str) -> None:
        """Assign the operand, converted; it is evaluated once."""
        text = self.expression(type_, operand)
        if text.count(operand) > 1:
            self.source.line(f"item = {operand}")
            text = self.expression(type_, "item")
        self.source.line(f"{target} = {text}")

    def generate(self) -> bool:
        """Write the functions of the types that convert; whether the root is among them."""
        for type_ in self.schema.types:
            if type_.name not in self.converted:
                continue
            match type_:
                case Union() if self.positional:
                    with self.source.function(f"{self.function(Ref(type_.name))}(value)"):
                        self.indexed(type_)
                case Union():
                    self.tagged(type_)
                case Record() if self.positional:
                    with self.source.function(f"{self.function(Ref(type_.name))}(value)"):
                        self.array(type_)
                case Record():
                    self.keyed(type_)
                case Enum():
                    pass
        return self.schema.root in self.converted

    def keyed(self, record: Record) -> None:
        """A record by key, in either direction: a copy, of which only the members that convert are replaced."""
        with self.source.function(f"{self.function(Ref(record.name))}(value)"):
            self.source.line("copy = value.copy()")
            for member in record.fields:
                if not self.converts(member.type):
                    continue
                if member.optional:
                    with self.source.block(f"if {member.key!r} in value"):
                        self.assign(f"copy[{member.key!r}]", member.type, f"value[{member.key!r}]")
                else:
                    self.assign(f"copy[{member.key!r}]", member.type, f"value[{member.key!r}]")
            self.source.line("return copy")

    def tagged(self, union: Union) -> None:
        """A union by key, in either direction."""
        with self.source.function(f"{self.function(Ref(union.name))}(value)"):
            self.source.line("[(key, item)] = value.items()")
            for member in union.alternatives:
                if self.converts(member.type):
                    with self.source.block(f"if key == {member.key!r}"):
                        self.source.line(f"return {{{member.key!r}: {self.expression(member.type, 'item')}}}")
            self.source.line("return value")

    @abstractmethod
    def array(self, record: Record) -> None:
        """A record by position."""

    @abstractmethod
    def indexed(self, union: Union) -> None:
        """A union by position."""


class Outwards(Direction):
    """From values to what the library takes; `absent` stands for an optional field that is not there."""

    prefix = "out"
    absent = "None"

    def array(self, record: Record) -> None:
        members = [self.member(member) for member in record.fields]
        self.source.line(f"return [{', '.join(members)}]")

    def member(self, member: Field) -> str:
        """What stands for a field of the record `value`; it may add lines before that of the record."""
        if not self.converts(member.type):
            return f"value.get({member.key!r}, {self.absent})" if member.optional else f"value[{member.key!r}]"
        operand = f"value[{member.key!r}]"
        text = self.expression(member.type, operand)
        if not member.optional and text.count(operand) == 1:
            return text
        name = self.source.fresh("item")
        if member.optional:
            found = f"({name} := value.get({member.key!r}))"
            return f"{self.absent} if {found} is None else {self.expression(member.type, name)}"
        self.source.line(f"{name} = {operand}")
        return self.expression(member.type, name)

    def indexed(self, union: Union) -> None:
        self.source.line("[(key, item)] = value.items()")
        for index, member in enumerate(union.alternatives):
            with self.source.block(f"if key == {member.key!r}"):
                self.source.line(f"return [{index}, {self.expression(member.type, 'item')}]")
        self.source.line("raise KeyError(key)")


class _Inwards(Direction):
    prefix = "into"

    def array(self, record: Record) -> None:
        names = [self.source.fresh("item") for _ in record.fields]
        self.source.line(f"[{', '.join(names)}] = value")
        required = [
            f"{member.key!r}: {self.expression(member.type, name)}"
            for member, name in zip(record.fields, names)
            if not member.optional
        ]
        self.source.line(f"record = {{{', '.join(required)}}}")
        for member, name in zip(record.fields, names):
            if member.optional:
                with self.source.block(f"if {name} is not None"):
                    self.source.line(f"record[{member.key!r}] = {self.expression(member.type, name)}")
        self.source.line("return record")

    def indexed(self, union: Union) -> None:
        self.source.line("[index, item] = value")
        for index, member in enumerate(union.alternatives):
            with self.source.block(f"if index == {index}"):
                self.source.line(f"return {{{member.key!r}: {self.expression(member.type, 'item')}}}")
        self.source.line("raise IndexError(index)")
