"""Generates `from_native`, and what reads one leaf.

A function gets the reader of a struct; `depth` counts as the model does.
"""

from collections.abc import Callable
from typing import assert_never

from serschema.idl.capnp import member_names, nullable
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
    Ref,
    Schema,
    String,
    Timestamp,
    Type,
    Union,
    Uuid,
)

from sercodecs.capnp.shape import MOST_DIGITS
from sercodecs.contract import DecodeError, Path
from sercodecs.scalars import checked, long_enough, within
from sercodecs.source import Source


class Reader:
    def __init__(self, schema: Schema, source: Source) -> None:
        self.schema = schema
        self.source = source
        self.deep = bool(schema.recursive()) or len(schema.types) >= MAX_DEPTH

    def generate(self) -> None:
        line = self.source.line
        for type in self.schema.types:
            if isinstance(type, Enum):
                continue
            with self.source.function(f"take_{type.name}(m, depth)"):
                if self.deep:
                    line(f"if depth >= {MAX_DEPTH}: bad('nested deeper than {MAX_DEPTH} levels')")
                match type:
                    case Union():
                        self.union(type)
                    case Record():
                        self.record(type)
        with self.source.function("from_native(message)"):
            line(f"return take_{self.schema.root}(message, 0)")

    def record(self, record: Record) -> None:
        line = self.source.line
        names = member_names(record.fields)
        parts = [
            f"{field.key!r}: {self.value(field.type, f'm._get({names[field.name]!r})')}"
            for field in record.fields
            if not field.optional
        ]
        line(f"r = {{{', '.join(parts)}}}")
        for field in record.fields:
            if not field.optional:
                continue
            name = names[field.name]
            if nullable(field.type, self.schema):
                with self.source.block(f"if m._has({name!r})"):
                    line(f"r[{field.key!r}] = {self.value(field.type, f'm._get({name!r})')}")
            else:
                line(f"g = m._get({name!r})")
                with self.source.block("if g._which_str() == 'some'"):
                    some = self.value(field.type, "g._get('some')")
                    line(f"r[{field.key!r}] = {some}")
        line("return r")

    def union(self, union: Union) -> None:
        names = member_names(union.alternatives)
        if len(union.alternatives) > 1:
            self.source.line("which = m._which_str()")
        for member in union.alternatives:
            name = names[member.name]
            made = f"{{{member.key!r}: {self.value(member.type, f'm._get({name!r})')}}}"
            if len(union.alternatives) == 1:
                self.source.line(f"return {made}")
                return
            with self.source.block(f"if which == {name!r}"):
                self.source.line(f"return {made}")
        self.source.line(f"bad('not an alternative of {union.name}')")

    def value(self, type_: Type, operand: str) -> str:
        """The value of what pycapnp gives; the operand is evaluated once."""
        kind = self.schema.resolve(type_)
        match kind:
            case Bool() | Float():
                return operand
            case Int():
                return self.checked(operand, lambda name: within(kind, Int(kind.bits, kind.signed), name))
            case String(most):
                return self.checked(operand, lambda name: long_enough(f"len({name})", 0, most))
            case Bytes(least, most):
                return self.checked(operand, lambda name: long_enough(f"len({name})", least, most))
            case Enum():
                symbols = self.source.bind("symbols", tuple(symbol for symbol, _ in kind.symbols))
                return f"{symbols}[{operand}.raw]"
            case Timestamp():
                return f"time({operand})"
            case Uuid():
                return f"uuid_of({operand})"
            case Decimal(precision, scale):
                read = "scaled" if precision <= MOST_DIGITS else "from_complement"
                return f"{read}({operand}, {precision}, {scale})"
            case List(item, least, most):
                name = self.source.fresh("x")
                converted = self.value(item, name)
                items = f"list({operand})" if converted == name else f"[{converted} for {name} in {operand}]"
                return self.checked(items, lambda name: long_enough(f"len({name})", least, most))
            case Map():
                name = self.source.fresh("e")
                key, value = (
                    self.value(t, f"{name}._get({n!r})") for t, n in ((kind.key, "key"), (kind.value, "value"))
                )
                return f"{{{key}: {value} for {name} in {operand}}}"
            case Union() | Record():
                return f"take_{kind.name}({operand}, depth + 1)"
            case _:
                assert_never(kind)

    def checked(self, operand: str, condition: Callable[[str], str]) -> str:
        name = self.source.fresh("x")
        asked = condition(name)
        return checked(name, asked.replace(name, f"({name} := {operand})", 1)) if asked else operand

    def leaf(self, path: Path) -> None:
        """Write a function `access(data)` that goes along the path from what `read(data)` gives."""
        line = self.source.line
        type_: Type = Ref(self.schema.root)
        with self.source.function("access(data)"):
            line("m = read(data)")
            line("depth = 0")
            for step in path:
                kind = self.schema.resolve(type_)
                match kind:
                    case Record(fields=members) | Union(alternatives=members):
                        member = next((member for member in members if member.key == step), None)
                        if member is None:
                            raise DecodeError(f"there is no {step!r}")
                        name = member_names(members)[member.name]
                        if isinstance(kind, Union):
                            if len(members) > 1:
                                line(f"if m._which_str() != {name!r}: bad('another alternative')")
                            line(f"m = m._get({name!r})")
                        elif member.optional and not nullable(member.type, self.schema):
                            line(f"m = m._get({name!r})")
                            line("if m._which_str() != 'some': bad('it is not there')")
                            line("m = m._get('some')")
                        else:
                            if member.optional:
                                line(f"if not m._has({name!r}): bad('it is not there')")
                            line(f"m = m._get({name!r})")
                        type_ = member.type
                    case List(item=item):
                        line(f"m = m[{step!r}]")
                        type_ = item
                    case Map():
                        key = self.value(kind.key, "e._get('key')")
                        line(f"m = next((e for e in m if {key} == {step!r}), None)")
                        line("if m is None: bad('there is no such key')")
                        line("m = m._get('value')")
                        type_ = kind.value
                    case _:
                        raise DecodeError(f"there is no {step!r}")
            if isinstance(self.schema.resolve(type_), Union | Record):
                raise DecodeError("the path does not end at a leaf")
            line(f"return {self.value(type_, 'm')}")
