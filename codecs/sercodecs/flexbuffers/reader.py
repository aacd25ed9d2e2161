"""Generates what reads: a function gets a `Ref`, the budget, and the level that it is at."""

from collections.abc import Callable
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
    Ref,
    Schema,
    String,
    Timestamp,
    Type,
    Union,
    Uuid,
    Value,
)

from sercodecs.contract import DecodeError, Path
from sercodecs.flexbuffers.refs import NAMES, Budget, vector
from sercodecs.scalars import checked, long_enough
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
            with self.source.function(f"read_{type.name}(ref, d, depth)"):
                if self.deep:
                    line(f"if depth >= {MAX_DEPTH}: bad('nested deeper than {MAX_DEPTH} levels')")
                line("m = members(ref, d)")
                match type:
                    case Union():
                        line("(key, ref), = m.items()")
                        for member in type.alternatives:
                            with self.source.block(f"if key == {member.key!r}"):
                                line(f"return {{{member.key!r}: {self.read(member.type, 'ref')}}}")
                        line(f"bad('not an alternative of {type.name}')")
                    case Record():
                        parts = [f"{field.key!r}: {self.taken(field)}" for field in type.fields if not field.optional]
                        line(f"r = {{{', '.join(parts)}}}")
                        for field in type.fields:
                            if field.optional:
                                with self.source.block(f"if {field.key!r} in m"):
                                    line(f"r[{field.key!r}] = {self.taken(field)}")
                        line("return r")

    def taken(self, field: Field) -> str:
        return self.read(field.type, f"m[{field.key!r}]")

    def read(self, type_: Type, operand: str) -> str:
        """The value of a `Ref`."""
        kind = self.schema.resolve(type_)
        match kind:
            case Bool():
                return f"truth({operand})"
            case Int():
                return f"integer({operand}, {kind.lower}, {kind.upper})"
            case Float():
                return f"binary32(real({operand}))" if kind.bits == 32 else f"real({operand})"
            case String():
                return self.measured(f"text({operand}, d)", 0, kind.max_length)
            case Bytes():
                return self.measured(f"octets({operand}, d)", kind.min_length, kind.max_length)
            case Enum():
                symbols = self.source.bind("symbols", frozenset(symbol for symbol, _ in kind.symbols))
                return f"symbol(text({operand}, d), {symbols})"
            case Timestamp():
                return f"time(integer({operand}, {-(1 << 63)}, {(1 << 63) - 1}))"
            case Uuid():
                return f"uuid_of(octets({operand}, d))"
            case Decimal():
                return f"decimal(text({operand}, d), {kind.precision}, {kind.scale})"
            case List():
                return self.measured(self.items(kind.item, operand), kind.min_length, kind.max_length)
            case Map():
                pair, key, value = self.source.fresh("p"), self.source.fresh("k"), self.source.fresh("x")
                pairs = f"for {pair} in items({operand}, d) for {key}, {value} in [items({pair}, d)]"
                return f"{{{self.read(kind.key, key)}: {self.read(kind.value, value)} {pairs}}}"
            case Union() | Record():
                return f"read_{kind.name}({operand}, d, depth + 1)"
            case _:
                assert_never(kind)

    def items(self, item: Type, operand: str) -> str:
        kind = self.schema.resolve(item)
        name = self.source.fresh("x")
        match kind:
            case Bool():
                return f"numbers({operand}, d, bool_)"
            case Int():
                return f"ranged(numbers({operand}, d, int_), {kind.lower}, {kind.upper})"
            case Float():
                numbers = f"numbers({operand}, d, float_)"
                return numbers if kind.bits == 64 else f"[binary32({name}) for {name} in {numbers}]"
            case _:
                return f"[{self.read(item, name)} for {name} in items({operand}, d)]"

    def measured(self, made: str, least: int, most: int | None) -> str:
        name = self.source.fresh("x")
        condition = long_enough(f"len({name} := {made})", least, most)
        return checked(name, condition) if condition else made

    def leaf(self, path: Path) -> Callable[[Any, Budget], Value]:
        """A function that goes along the path: the library finds a key by halving."""
        steps: list[Callable[[Any, Budget], Any]] = []
        type_: Type = Ref(self.schema.root)
        for step in path:
            kind = self.schema.resolve(type_)
            match kind:
                case Union(alternatives=members) | Record(fields=members) if step in [member.key for member in members]:
                    steps.append(lambda ref, d, step=step: ref.AsMap[step])  # type: ignore[misc]
                    type_ = next(member.type for member in members if member.key == step)
                case List():
                    steps.append(lambda ref, d, step=step: vector(ref)[step])  # type: ignore[misc]
                    type_ = kind.item
                case Map():
                    steps.append(self.found(kind, step))
                    type_ = kind.value
                case _:
                    raise DecodeError(f"there is no {step!r}")
        source = Source(f"flexbuffers {self.schema.root} {path}")
        source.globals |= NAMES
        with source.function("take(ref, d)"):
            source.line(f"return {Reader(self.schema, source).read(type_, 'ref')}")
        [take] = source.build("take")

        def get(ref: Any, budget: Budget) -> Value:
            for step in steps:
                ref = step(ref, budget)
            return take(ref, budget)

        return get

    def found(self, kind: Map, wanted: Any) -> Callable[[Any, Budget], Any]:
        """Look through the pairs of a map."""
        source = Source(f"flexbuffers {self.schema.root} key")
        source.globals |= NAMES
        with source.function("find(ref, d)"):
            with source.block("for pair in items(ref, d)"):
                source.line("k, x = items(pair, d)")
                source.line(f"if {Reader(self.schema, source).read(kind.key, 'k')} == {wanted!r}: return x")
            source.line("bad('there is no such key')")
        [find] = source.build("find")
        return find
