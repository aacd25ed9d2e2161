"""Conversions between a value and the objects of a library that has a class for each record and union.

Functions specialised for the schema are generated, one for each record and union and direction. An object is made by
its class from one argument for each member, in their order, and has an attribute for each; None is absence. The
object of a union has one member that is not None. What becomes of the other kinds the codec says, by `sercodecs.tree`'s
`Rules`; what it says of a string, a list or a map also gets to see it, before its items are converted.
"""

from collections.abc import Callable, Mapping
from typing import Any, assert_never

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
    Value,
)

from sercodecs.contract import EncodeError
from sercodecs.scalars import RUNTIME
from sercodecs.source import Source
from sercodecs.tree import Conversions, Rules


def attribute(member: Field) -> str:
    """An identifier for a member that is no keyword, no method and no other's."""
    return f"{member.name}_{member.number}"


def _unwritable(what: str) -> None:
    raise EncodeError("$", what)


def conversions(schema: Schema, name: str, classes: Mapping[str, Any], outwards: Rules, inwards: Rules) -> Conversions:
    """Generate both directions; `classes` by the name of the type."""
    source = Source(name)
    source.globals |= RUNTIME | {"unwritable": _unwritable} | dict(outwards.names) | dict(inwards.names)
    for type_name, made in classes.items():
        source.provide(f"C_{type_name}", made, "a class of the library")
    generator = _Generator(schema, source)
    for type in schema.types:
        match type:
            case Enum():
                pass
            case Union():
                generator.choose(type, outwards)
                generator.chosen(type, inwards)
            case Record():
                generator.fill(type, outwards)
                generator.take(type, inwards)
    functions: list[Callable[..., Any]] = source.build(f"out_{schema.root}", f"into_{schema.root}")
    to_native: Callable[[Value], Any] = functions[0]
    from_native: Callable[[Any], Value] = functions[1]
    return Conversions(to_native, from_native, source.text())


class _Generator:
    def __init__(self, schema: Schema, source: Source) -> None:
        self.schema = schema
        self.source = source
        self.deep = bool(schema.recursive()) or len(schema.types) >= MAX_DEPTH

    def fill(self, record: Record, rules: Rules) -> None:
        with self.source.function(f"out_{record.name}(v)"):
            arguments = []
            for field in record.fields:
                name = self.source.fresh("x")
                text = self.expression(field.type, name, rules, "out")
                if text == name:
                    arguments.append(f"v.get({field.key!r})" if field.optional else f"v[{field.key!r}]")
                    continue
                found = f"v.get({field.key!r})" if field.optional else f"v[{field.key!r}]"
                self.source.line(f"{name} = {found}")
                arguments.append(f"None if {name} is None else {text}" if field.optional else text)
            self.source.line(f"return C_{record.name}({', '.join(arguments)})")

    def choose(self, union: Union, rules: Rules) -> None:
        with self.source.function(f"out_{union.name}(v)"):
            self.source.line("(key, x), = v.items()")
            for place, member in enumerate(union.alternatives):
                before = "None, " * place
                with self.source.block(f"if key == {member.key!r}"):
                    self.source.line(
                        f"return C_{union.name}({before}{self.expression(member.type, 'x', rules, 'out')})"
                    )
            self.source.line(f"unwritable('not an alternative of {union.name}')")

    def take(self, record: Record, rules: Rules) -> None:
        line = self.source.line
        with self.source.function(self.reader(record)):
            self.bound()
            parts = []
            for field in record.fields:
                if field.optional:
                    continue
                name = self.source.fresh("x")
                line(f"if ({name} := o.{attribute(field)}) is None: bad('no {record.name}.{field.name}')")
                parts.append(f"{field.key!r}: {self.expression(field.type, name, rules, 'into')}")
            line(f"r = {{{', '.join(parts)}}}")
            for field in record.fields:
                if field.optional:
                    name = self.source.fresh("x")
                    with self.source.block(f"if ({name} := o.{attribute(field)}) is not None"):
                        line(f"r[{field.key!r}] = {self.expression(field.type, name, rules, 'into')}")
            line("return r")

    def chosen(self, union: Union, rules: Rules) -> None:
        line = self.source.line
        with self.source.function(self.reader(union)):
            self.bound()
            line("r = None")
            for member in union.alternatives:
                with self.source.block(f"if (x := o.{attribute(member)}) is not None"):
                    line(f"if r is not None: bad('two alternatives of {union.name}')")
                    line(f"r = {{{member.key!r}: {self.expression(member.type, 'x', rules, 'into')}}}")
            line(f"if r is None: bad('no alternative of {union.name}')")
            line("return r")

    def reader(self, type: Record | Union) -> str:
        """The signature; levels are counted where some value could be nested too deep."""
        return f"into_{type.name}(o{', depth=0' if self.deep else ''})"

    def bound(self) -> None:
        if self.deep:
            self.source.line(f"if depth >= {MAX_DEPTH}: bad('nested deeper than {MAX_DEPTH} levels')")

    def expression(self, type_: Type, operand: str, rules: Rules, prefix: str) -> str:
        """The operand, a name, converted."""
        kind = self.schema.resolve(type_)
        match kind:
            case Bool() | Int() | Float() | String() | Bytes() | Enum() | Timestamp() | Uuid() | Decimal():
                return self.apply(rules.values, kind, operand)
            case List():
                seen, name = self.apply(rules.values, kind, operand), self.source.fresh("x")
                item = self.expression(kind.item, name, rules, prefix)
                return seen if item == name else f"[{item} for {name} in {seen}]"
            case Map():
                seen = self.apply(rules.values, kind, operand)
                key, name = self.source.fresh("k"), self.source.fresh("x")
                new = self.apply(rules.keys, self.schema.resolve(kind.key), key)
                item = self.expression(kind.value, name, rules, prefix)
                return seen if (new, item) == (key, name) else f"{{{new}: {item} for {key}, {name} in {seen}.items()}}"
            case Union() | Record():
                more = ", depth + 1" if self.deep and prefix == "into" else ""
                return f"{prefix}_{kind.name}({operand}{more})"
            case _:
                assert_never(kind)

    def apply(self, table: Mapping[type, Any], kind: Any, operand: str) -> str:
        rule = table.get(type(kind), "{}")
        text: str = rule if isinstance(rule, str) else rule(self.source, kind)
        return text.replace("{}", operand)
