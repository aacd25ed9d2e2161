"""Generates `write_X(parent, value)`, which adds the content of a union or record X to its element."""

from typing import assert_never

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
    Schema,
    String,
    Timestamp,
    Type,
    Union,
    Uuid,
)

from sercodecs.source import Source
from sercodecs.xml.shape import is_attribute, is_scalar


class Writer:
    def __init__(self, schema: Schema, source: Source, attributes: bool) -> None:
        self.schema = schema
        self.source = source
        self.attributes = attributes

    def function(self, type_: Union | Record) -> None:
        with self.source.function(f"write_{type_.name}(parent, value)"):
            match type_:
                case Union():
                    self.source.line("[(key, item)] = value.items()")
                    for member in type_.alternatives:
                        with self.source.block(f"if key == {member.key!r}"):
                            self.element("parent", member.name, member.type, "item")
                            self.source.line("return")
                    self.source.line("raise KeyError(key)")
                case Record():
                    for member in type_.fields:
                        self.member(member)

    def member(self, member: Field) -> None:
        value = f"value[{member.key!r}]"
        if self.attributes and is_attribute(member, self.schema):
            if member.optional:
                with self.source.block(f"if {member.key!r} in value"):
                    self.attribute("parent", member.name, member.type, value)
            else:
                self.attribute("parent", member.name, member.type, value)
        elif member.optional:
            with self.source.block(f"if {member.key!r} in value"):
                self.element("parent", member.name, member.type, value)
        elif isinstance(member.type, List):
            self.items("parent", member.name, member.type, value)
        else:
            self.element("parent", member.name, member.type, value)

    def attribute(self, parent: str, name: str, type_: Type, value: str) -> None:
        if not value.isidentifier():
            self.source.line(f"item = {value}")
            value = "item"
        self.source.line(f"{parent}.set({name!r}, {self.text(self.schema.resolve(type_), value)})")

    def items(self, parent: str, tag: str, kind: List, value: str) -> None:
        item = self.source.fresh("item")
        with self.source.block(f"for {item} in {value}"):
            self.element(parent, tag, kind.item, item)

    def element(self, parent: str, tag: str, type_: Type, value: str) -> None:
        """One element that holds the value."""
        kind = self.schema.resolve(type_)
        new = f"SubElement({parent}, {tag!r})"
        match kind:
            case List() | Map():
                name = self.source.fresh("element")
                self.source.line(f"{name} = {new}")
                if isinstance(kind, List):
                    self.items(name, "item", kind, value)
                else:
                    self.entries(name, kind, value)
            case Union() | Record():
                self.source.line(f"write_{kind.name}({new}, {value})")
            case _:
                if not value.isidentifier():
                    self.source.line(f"item = {value}")
                    value = "item"
                self.source.line(f"{new}.text = {self.text(kind, value)}")

    def entries(self, parent: str, kind: Map, value: str) -> None:
        key, item, entry = (self.source.fresh(hint) for hint in ("key", "item", "entry"))
        with self.source.block(f"for {key}, {item} in {value}.items()"):
            self.source.line(f"{entry} = SubElement({parent}, 'entry')")
            (self.attribute if self.attributes else self.element)(entry, "key", kind.key, key)
            as_attribute = self.attributes and is_scalar(kind.value, self.schema)
            (self.attribute if as_attribute else self.element)(entry, "value", kind.value, item)

    def text(self, kind: Kind, value: str) -> str:
        """The text of a scalar, which is in a variable."""
        match kind:
            case Bool():
                return f"bool_text[{value}]"
            case Int():
                return f"str({value})"
            case Float():
                return f"repr({value}) if isfinite({value}) else special({value})"
            case String():
                return f"{value} if {value}.isprintable() else chars({value})"
            case Bytes():
                return f'b2a_base64({value}, newline=False).decode("ascii")'
            case Enum():
                return value
            case Timestamp():
                return f'{value}.isoformat().replace("+00:00", "Z")'
            case Uuid():
                return f"str({value})"
            case Decimal():
                return f'format({value}, "f")'
            case List() | Map() | Union() | Record():
                raise AssertionError(kind)
            case _:
                assert_never(kind)
