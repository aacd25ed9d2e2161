"""Generates what writes: a function for each record and union, which gets the `Builder`."""

from typing import assert_never

from serschema.model import (
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

from sercodecs.source import Source


class Writer:
    def __init__(self, schema: Schema, source: Source) -> None:
        self.schema = schema
        self.source = source

    def generate(self) -> None:
        line = self.source.line
        for type in self.schema.types:
            if isinstance(type, Enum):
                continue
            with self.source.function(f"write_{type.name}(b, v)"):
                match type:
                    case Union():
                        line("(key, x), = v.items()")
                        with self.source.block("with b.Map()"):
                            line("b.Key(key)")
                            word = "if"
                            for member in type.alternatives:
                                with self.source.block(f"{word} key == {member.key!r}"):
                                    self.write(member.type, "x")
                                word = "elif"
                            with self.source.block("else"):
                                line(f"unwritable('not an alternative of {type.name}')")
                    case Record():
                        line("v.keys()  # it is a record at least")
                        with self.source.block("with b.Map()"):
                            for field in type.fields:
                                if field.optional:
                                    with self.source.block(f"if {field.key!r} in v"):
                                        self.member(field)
                                else:
                                    self.member(field)

    def member(self, field: Field) -> None:
        self.source.line(f"b.Key({field.key!r})")
        self.write(field.type, f"v[{field.key!r}]")

    def write(self, type_: Type, operand: str) -> None:
        line = self.source.line
        kind = self.schema.resolve(type_)
        match kind:
            case Bool():
                line(f"b.Bool({operand})")
            case Int():
                line(f"b.{'Int' if kind.signed else 'UInt'}({operand})")
            case Float():
                line(f"b.Float({operand}, {kind.bits // 8})")
            case String() | Enum():
                line(f"b.String({operand})")
            case Bytes():
                line(f"b.Blob({operand})")
            case Timestamp():
                line(f"b.Int(({operand} - EPOCH) // MICROSECOND)")
            case Uuid():
                line(f"b.Blob({operand}.bytes)")
            case Decimal():
                line(f"b.String(format({operand}, 'f'))")
            case List():
                typed = "Typed" if isinstance(self.schema.resolve(kind.item), Bool | Int | Float) else ""
                item = self.source.fresh("x")
                with self.source.block(f"with b.{typed}Vector()"), self.source.block(f"for {item} in {operand}"):
                    self.write(kind.item, item)
            case Map():
                key, value = self.source.fresh("k"), self.source.fresh("x")
                with (
                    self.source.block("with b.Vector()"),
                    self.source.block(f"for {key}, {value} in {operand}.items()"),
                    self.source.block("with b.Vector()"),
                ):
                    self.write(kind.key, key)
                    self.write(kind.value, value)
            case Union() | Record():
                line(f"write_{kind.name}(b, {operand})")
            case _:
                assert_never(kind)
