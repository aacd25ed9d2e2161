"""Generates `to_native`. A function gets the builder of a struct and fills it."""

from typing import Any

from serschema.idl.capnp import member_names, nullable, symbol_names
from serschema.model import Decimal, Enum, List, Map, Record, Schema, Timestamp, Type, Union, Uuid

from sercodecs.capnp.shape import MOST_DIGITS, MOST_EMPTY, is_nothing
from sercodecs.source import Source


class Writer:
    def __init__(self, schema: Schema, source: Source) -> None:
        self.schema = schema
        self.source = source

    def generate(self) -> None:
        line = self.source.line
        for type in self.schema.types:
            match type:
                case Enum():
                    pass
                case Union():
                    with self.source.function(f"fill_{type.name}(m, v)"):
                        self.union(type)
                case Record():
                    with self.source.function(f"fill_{type.name}(m, v)"):
                        if not type.fields:
                            line("v.keys()  # it is a record at least")
                        self.record(type)
        with self.source.function("to_native(value)"):
            line("m = new_message()")
            line(f"fill_{self.schema.root}(m, value)")
            line("return m")

    def record(self, record: Record) -> None:
        names = member_names(record.fields)
        for field in record.fields:
            name, value = names[field.name], f"v[{field.key!r}]"
            if not field.optional:
                self.put("m", name, field.type, value)
                continue
            with self.source.block(f"if {field.key!r} in v"):
                if nullable(field.type, self.schema):
                    self.put("m", name, field.type, value)
                else:
                    self.put(f"m._get({name!r})", "some", field.type, value)

    def union(self, union: Union) -> None:
        names = member_names(union.alternatives)
        self.source.line("(key, x), = v.items()")
        word = "if"
        for member in union.alternatives:
            with self.source.block(f"{word} key == {member.key!r}"):
                self.put("m", names[member.name], member.type, "x")
            word = "elif"
        with self.source.block("else"):
            self.source.line(f"unwritable('not an alternative of {union.name}')")

    def put(self, builder: str, place: str | int, type_: Type, value: str) -> None:
        """Set a member of a struct, by its name, or an item of a list, by the name of a variable."""
        line = self.source.line
        kind = self.schema.resolve(type_)
        at = repr(place)
        match kind:
            case List(item=item):
                self.list(builder, at, item, value)
            case Map():
                self.map(builder, at, kind, value)
            case Union() | Record():
                line(f"fill_{kind.name}({builder}.init({at}), {value})")
            case _:
                line(f"{builder}._set({at}, {self.scalar(kind, value)})")

    def list(self, builder: str, at: str, item: Type, value: str) -> None:
        line = self.source.line
        kind = self.schema.resolve(item)
        name, place, held = self.source.fresh("x"), self.source.fresh("i"), self.source.fresh("l")
        if not isinstance(kind, List | Map | Union | Record):
            converted = self.scalar(kind, name)
            items = value if converted == name else f"[{converted} for {name} in {value}]"
            line(f"{builder}._set({at}, {items})")
            return
        if is_nothing(item, self.schema):
            line(f"if len({value}) > {MOST_EMPTY}: unwritable('too many records without fields')")
        line(f"{held} = {builder}.init({at}, len({value}))")
        with self.source.block(f"for {place}, {name} in enumerate({value})"):
            match kind:
                case List():
                    self.list(held, place, kind.item, name)
                case Map():
                    self.map(held, place, kind, name)
                case _:
                    line(f"fill_{kind.name}({held}[{place}], {name})")

    def map(self, builder: str, at: str, kind: Map, value: str) -> None:
        held, place, entry = self.source.fresh("l"), self.source.fresh("i"), self.source.fresh("e")
        key, name = self.source.fresh("k"), self.source.fresh("x")
        self.source.line(f"{held} = {builder}.init({at}, len({value}))")
        with self.source.block(f"for {place}, ({key}, {name}) in enumerate({value}.items())"):
            self.source.line(f"{entry} = {held}[{place}]")
            self.put(entry, "key", kind.key, key)
            self.put(entry, "value", kind.value, name)

    def scalar(self, kind: Any, value: str) -> str:
        match kind:
            case Enum():
                return f"{self.source.bind('name_of', symbol_names(kind))}[{value}]"
            case Timestamp():
                return f"({value} - EPOCH) // MICROSECOND"
            case Uuid():
                return f"{value}.bytes"
            case Decimal(precision, scale):
                return f"{'unscaled' if precision <= MOST_DIGITS else 'complement'}({value}, {scale})"
            case _:
                return value
