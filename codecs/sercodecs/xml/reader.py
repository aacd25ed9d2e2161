"""Generates `read_X(parent, depth)`, which makes a union or record X of the children of its element.

`nodes` iterates over the children, and `node` is the next of them: its name decides which field it is.
"""

from typing import assert_never

from serschema.model import (
    MAX_DEPTH,
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
from sercodecs.xml.shape import held, is_attribute, is_scalar, members


class Reader:
    def __init__(self, schema: Schema, source: Source, attributes: bool) -> None:
        self.schema = schema
        self.source = source
        self.attributes = attributes
        self.holders: dict[List | Map, str] = {}

    def function(self, type_: Union | Record) -> None:
        attributes = [
            field
            for field in (type_.fields if isinstance(type_, Record) else ())
            if self.attributes and is_attribute(field, self.schema)
        ]
        contents = {
            member.name: self.content(held(member, type_), "node")
            for member in members(type_)
            if member not in attributes
        }
        with self.source.function(f"read_{type_.name}(parent, depth)"):
            if type_.name in self.schema.recursive():
                with self.source.block(f"if depth > {MAX_DEPTH}"):
                    self.source.line(f"raise DecodeError('more than {MAX_DEPTH} levels of nesting')")
            match type_:
                case Union():
                    self.source.line("[node] = parent")
                    for member in type_.alternatives:
                        with self.source.block(f"if node.tag == {member.name!r}"):
                            self.source.line(f"return {{{member.key!r}: {contents[member.name]}}}")
                    self.source.line(f"raise unexpected({f'an alternative of {type_.name}'!r}, node)")
                case Record():
                    self.source.line("value = {}")
                    if self.attributes:
                        self.own_attributes(attributes)
                    self.source.line("nodes = iter(parent)")
                    self.source.line("node = next(nodes, END)")
                    for member in type_.fields:
                        if member.name in contents:
                            self.member(member, contents[member.name])
                    with self.source.block("if node is not END"):
                        self.source.line(f"raise unexpected({f'the end of {type_.name}'!r}, node)")
                    self.source.line("return value")

    def own_attributes(self, fields: list[Field]) -> None:
        """The attributes of a record: those of its fields and no others."""
        for field in fields:
            content = self.scalar(self.schema.resolve(field.type), "text")
            if field.optional:
                self.source.line(f"text = parent.get({field.name!r})")
                with self.source.block("if text is not None"):
                    self.source.line(f"value[{field.key!r}] = {content}")
            else:
                self.source.line(f"text = attribute(parent, {field.name!r})")
                self.source.line(f"value[{field.key!r}] = {content}")
        with self.source.block("if len(parent.attrib) != len(value)"):
            self.source.line("raise DecodeError(f'{parent.tag} has attributes that it should not have')")

    def member(self, member: Field, content: str) -> None:
        target = f"value[{member.key!r}]"
        if member.optional:
            with self.source.block(f"if node.tag == {member.name!r}"):
                self.source.line(f"{target} = {content}")
                self.source.line("node = next(nodes, END)")
        elif isinstance(member.type, List):
            self.source.line("items = []")
            with self.source.block(f"while node.tag == {member.name!r}"):
                self.source.line(f"items.append({content})")
                self.source.line("node = next(nodes, END)")
            self.source.line(f"{target} = {self.bounded(member.type, 'items')}")
        else:
            with self.source.block(f"if node.tag != {member.name!r}"):
                self.source.line(f"raise unexpected({member.name!r}, node)")
            self.source.line(f"{target} = {content}")
            self.source.line("node = next(nodes, END)")

    def bounded(self, type_: String | Bytes | List, value: str) -> str:
        least = 0 if isinstance(type_, String) else type_.min_length
        if least == 0 and type_.max_length is None:
            return value
        return f"bounded({least}, {type_.max_length}, {value})"

    def holder(self, type_: List | Map) -> str:
        """The name of the function that reads an element holding items or entries; it is generated at first use."""
        if type_ not in self.holders:
            name = self.holders[type_] = self.source.fresh("items")
            if isinstance(type_, List):
                self.list(name, type_)
            else:
                self.map(name, type_)
        return self.holders[type_]

    def list(self, name: str, type_: List) -> None:
        content = self.content(type_.item, "node")
        with self.source.function(f"{name}(parent, depth)"):
            self.source.line("value = []")
            with self.source.block("for node in parent"):
                with self.source.block("if node.tag != 'item'"):
                    self.source.line("raise unexpected('item', node)")
                self.source.line(f"value.append({content})")
            self.source.line(f"return {self.bounded(type_, 'value')}")

    def map(self, name: str, type_: Map) -> None:
        if self.attributes:
            key = self.scalar(self.schema.resolve(type_.key), "text")
            scalar = is_scalar(type_.value, self.schema)
            item = (
                self.scalar(self.schema.resolve(type_.value), "text") if scalar else self.content(type_.value, "node")
            )
        else:
            key, item = self.content(type_.key, "key_node"), self.content(type_.value, "node")
        with self.source.function(f"{name}(parent, depth)"):
            self.source.line("value = {}")
            with self.source.block("for entry in parent"):
                if self.attributes:
                    wrong = (
                        "entry.tag != 'entry' or len(entry.attrib) != 2 or len(entry)"
                        if scalar
                        else ("(entry.tag, node.tag) != ('entry', 'value') or len(entry.attrib) != 1")
                    )
                    if not scalar:
                        self.source.line("[node] = entry")
                    with self.source.block(f"if {wrong}"):
                        self.source.line("raise unexpected('an entry of a key and a value', entry)")
                    self.source.line("text = attribute(entry, 'key')")
                    self.source.line(f"key = {key}")
                    if scalar:
                        self.source.line("text = attribute(entry, 'value')")
                else:
                    self.source.line("[key_node, node] = entry")
                    with self.source.block("if (entry.tag, key_node.tag, node.tag) != ('entry', 'key', 'value')"):
                        self.source.line("raise unexpected('an entry of a key and a value', entry)")
                    self.source.line(f"key = {key}")
                with self.source.block("if key in value"):
                    self.source.line("raise DecodeError(f'the key {key!r} twice')")
                self.source.line(f"value[key] = {item}")
            self.source.line("return value")

    def content(self, type_: Type, node: str) -> str:
        """What the element in the variable `node` holds, as an expression."""
        kind = self.schema.resolve(type_)
        match kind:
            case List() | Map():
                return f"{self.holder(kind)}({node}, depth)"
            case Union() | Record():
                return f"read_{kind.name}({node}, depth + 1)"
            case _:
                return self.scalar(kind, f"unexpected_in({node}) if len({node}) else {node}.text")

    def scalar(self, kind: Kind, text: str) -> str:
        """What a text says, as an expression."""
        match kind:
            case Bool():
                return f"text_bool[{text}]"
            case Int():
                return f"number if {kind.lower} <= (number := int({text})) <= {kind.upper} else out_of_range(number)"
            case Float():
                return f"{'single' if kind.bits == 32 else 'float'}({text})"
            case String():
                return self.bounded(kind, f"({text}) or ''")
            case Bytes():
                return self.bounded(kind, f"a2b_base64(({text}) or '', strict_mode=True)")
            case Enum():
                symbols = self.source.bind("symbol", {symbol: symbol for symbol, _ in kind.symbols})
                return f"{symbols}[{text}]"
            case Timestamp():
                return f"timestamp({text})"
            case Uuid():
                return f"UUID({text})"
            case Decimal():
                return f"decimal({text}, {kind.precision}, {kind.scale})"
            case List() | Map() | Union() | Record():
                raise AssertionError(kind)
            case _:
                assert_never(kind)
