"""Classes for msgspec, built of the schema with `msgspec.defstruct`, and the functions that fill and read them.

They are what somebody writes who uses the library with types, in two shapes (those of `sercodecs.tree`):

- by key: a record is a `Struct` in which UNSET stands for an absent optional field; a union is a `Struct` of its
  alternatives, all but one UNSET;
- positional: a record is an array-like `Struct` in which None stands for an absent optional field; a union is a choice
  between array-like `Struct`s of one field, whose tags are the indices of the alternatives from 0.

The types say what a value consists of, so that the library checks it when reading; ranges and lengths are not said.
A decimal is text, which the rules convert: what the library writes itself may have an exponent. In text, a float is a
number or null, and a map's key that is a bool is text: JSON has nothing else for them.
"""

import keyword
from collections.abc import Callable
from datetime import datetime
from functools import partial
from operator import attrgetter, itemgetter
from typing import Any, Literal, assert_never
from typing import Union as AnyOf
from uuid import UUID

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

from sercodecs.contract import CodecInfo, Path, UnsupportedSchema
from sercodecs.source import Source
from sercodecs.tree import Direction, Outwards, Rules, accessor

of_msgspec = partial(CodecInfo, distribution="msgspec", language="C", licence="BSD-3-Clause", validates=False)
"""A codec by msgspec, with classes or without."""


class Structs:
    """The classes of a schema, and what stands between them and values by rules like those of `tree.conversions`.

    `message` is the class of a message. `text`: for JSON. Raises `UnsupportedSchema` for keys that JSON escapes.
    """

    def __init__(
        self,
        codec: str,
        schema: Schema,
        outwards: Rules,
        inwards: Rules,
        *,
        text: bool = False,
        positional: bool = False,
    ) -> None:
        import msgspec

        self.msgspec = msgspec
        self.codec = codec
        self.schema = schema
        self.inwards = inwards
        self.text = text
        self.positional = positional
        source = Source(f"{codec} {schema.root}")
        out, into = _Outwards(self, source, outwards), _Inwards(self, source, inwards)
        meant = {f"_{type_.name}": self._define(type_, source) for type_ in schema.types if not isinstance(type_, Enum)}
        for cls in [held for held in source.globals.values() if isinstance(held, type(msgspec.Struct))]:
            for name, meaning in meant.items():  # msgspec looks in the class for the names in its annotations
                setattr(cls, name, meaning)
        source.provide("UNSET", msgspec.UNSET)
        out.generate()
        into.generate()
        root = Ref(schema.root)
        self.message = meant[f"_{schema.root}"]
        self.to_native, self.from_native = source.build(out.function(root), into.function(root))
        self.source = source.text()

    def _define(self, type_: Record | Union, source: Source) -> Any:
        """What a named type is to msgspec. Its classes become globals of the source."""
        defstruct, unset = self.msgspec.defstruct, self.msgspec.UNSET
        match type_:
            case Union(alternatives=members) if self.positional:
                choices = [
                    defstruct(f"{type_.name}.{member.name}", [("item", self.annotation(member.type))],
                              array_like=True, tag=index)
                    for index, member in enumerate(members)
                ]  # fmt: skip
                for index, choice in enumerate(choices):
                    source.provide(choice_of(type_, index), choice)
                return either(*choices)
            case Record(fields=members) if self.positional:
                fields: list[Any] = [
                    (attribute(member), either(annotation, None) if member.optional else annotation)
                    for member in members
                    for annotation in [self.annotation(member.type)]
                ]
                options: dict[str, Any] = {"array_like": True}
            case Record(fields=members) | Union(alternatives=members):
                fields = [
                    (attribute(member), either(annotation, self.msgspec.UnsetType), unset)
                    if member.optional or isinstance(type_, Union)
                    else (attribute(member), annotation)
                    for member in members
                    for annotation in [self.annotation(member.type)]
                ]
                options = {
                    "rename": {attribute(member): member.key for member in members},
                    "kw_only": by_keyword(type_),
                }
        try:
            struct = defstruct(type_.name, fields, **options)
        except ValueError as error:
            raise UnsupportedSchema(self.codec, "record", type_.name, str(error)) from error
        source.provide(f"struct_{type_.name}", struct)
        return struct

    def annotation(self, type_: Type) -> Any:
        """The type by which msgspec reads what is of a type."""
        kind = self.schema.resolve(type_)
        match kind:
            case Bool():
                return bool
            case Int():
                return int
            case Float():
                return float | None if self.text else float
            case String():
                return str
            case Bytes():
                return bytes
            case Timestamp():
                return datetime
            case Uuid():
                return UUID
            case Decimal():
                return str
            case Enum(symbols=symbols):
                return Literal[tuple(number if self.positional else symbol for symbol, number in symbols)]
            case List():
                return list[self.annotation(kind.item)]  # type: ignore[misc]
            case Map():
                return dict[self._key(kind), self.annotation(kind.value)]  # type: ignore[misc]
            case Union() | Record():
                return f"_{kind.name}"
            case _:
                assert_never(kind)

    def _key(self, map_: Map) -> Any:
        return Literal["true", "false"] if self.text and isinstance(map_.key, Bool) else self.annotation(map_.key)

    def access(self, decoder: Callable[[Any], Any]) -> Callable[[Path], Callable[[bytes], Value]]:
        """`Codec.access` by the library's decoders: each reads one level, in which only one thing is not left raw."""

        def access(path: Path) -> Callable[[bytes], Value]:
            def build(kinds: list[Kind]) -> Callable[[bytes], Any]:
                levels = [self._level(kind, step) for kind, step in zip(kinds, path)]
                stages = [(decoder(type_).decode, pick) for type_, pick in levels]
                decode = decoder(self._leaf(kinds[-1])).decode

                def read(data: bytes) -> Any:
                    for one_level, pick in stages:
                        data = pick(one_level(data))
                    return decode(data)

                return read

            return accessor(self.schema, path, self.inwards, build)

        return access

    def _leaf(self, kind: Kind) -> Any:
        return self.annotation(Ref(kind.name) if isinstance(kind, Enum | Union | Record) else kind)

    def _level(self, kind: Kind, step: str | int) -> tuple[Any, Callable[[Any], Any]]:
        """The type that leaves all below a kind raw, and what picks the step from a value of that type."""
        raw: Any = self.msgspec.Raw
        defstruct: Any = self.msgspec.defstruct
        match kind:
            case List():
                return list[raw], itemgetter(step)
            case Map():
                key = ("true" if step else "false") if self.text and isinstance(kind.key, Bool) else step
                return dict[self._key(kind), raw], itemgetter(key)  # type: ignore[misc]
            case Union(alternatives=members) if self.positional:
                return tuple[Literal[[member.key for member in members].index(str(step))], raw], itemgetter(1)  # type: ignore[misc]
            case Record(fields=members) if self.positional:
                names = [f"item{i}" for i in range([member.key for member in members].index(str(step)) + 1)]
                return defstruct("Level", [(name, raw) for name in names], array_like=True), attrgetter(names[-1])
            case _:
                return defstruct("Level", [("item", raw)], rename={"item": step}), attrgetter("item")


def either(*types: Any) -> Any:
    """A union of types, whose names may be texts."""
    return AnyOf[types]  # noqa: UP007


def attribute(member: Field) -> str:
    """The name of a field in Python: a keyword gets an underscore, and so does what looks like the result."""
    return f"{member.name}_" if keyword.iskeyword(member.name.rstrip("_")) else member.name


def by_keyword(type_: Record | Union) -> bool:
    """Whether fields are given by name: where a required one follows an optional one, or all may be absent."""
    if isinstance(type_, Union):
        return True
    optional = [member.optional for member in type_.fields]
    return optional != sorted(optional)


def choice_of(union: Union, index: int) -> str:
    return f"choice_{index}_{union.name}"


class _Outwards(Outwards):
    def __init__(self, structs: Structs, source: Source, rules: Rules) -> None:
        super().__init__(structs.schema, source, rules, positional=True)
        self.by_key = not structs.positional
        self.absent = "UNSET" if self.by_key else "None"

    def array(self, record: Record) -> None:
        members = [self.member(member) for member in record.fields]
        if self.by_key and by_keyword(record):
            members = [f"{attribute(member)}={text}" for member, text in zip(record.fields, members)]
        self.source.line(f"return struct_{record.name}({', '.join(members)})")

    def indexed(self, union: Union) -> None:
        self.source.line("[(key, item)] = value.items()")
        for index, member in enumerate(union.alternatives):
            text = self.expression(member.type, "item")
            with self.source.block(f"if key == {member.key!r}"):
                if self.by_key:
                    self.source.line(f"return struct_{union.name}({attribute(member)}={text})")
                else:
                    self.source.line(f"return {choice_of(union, index)}({text})")
        self.source.line("raise KeyError(key)")


class _Inwards(Direction):
    prefix = "into"

    def __init__(self, structs: Structs, source: Source, rules: Rules) -> None:
        super().__init__(structs.schema, source, rules, positional=True)
        self.by_key = not structs.positional
        self.absent = "UNSET" if self.by_key else "None"

    def array(self, record: Record) -> None:
        required = [
            f"{member.key!r}: {self.expression(member.type, f'value.{attribute(member)}')}"
            for member in record.fields
            if not member.optional
        ]
        self.source.line(f"record = {{{', '.join(required)}}}")
        for member in record.fields:
            if member.optional:
                with self.source.block(f"if (item := value.{attribute(member)}) is not {self.absent}"):
                    self.source.line(f"record[{member.key!r}] = {self.expression(member.type, 'item')}")
        self.source.line("return record")

    def indexed(self, union: Union) -> None:
        for index, member in enumerate(union.alternatives):
            if self.by_key:
                condition = f"(item := value.{attribute(member)}) is not UNSET"
            else:
                condition = f"type(value) is {choice_of(union, index)}"
            with self.source.block(f"if {condition}"):
                operand = "item" if self.by_key else "value.item"
                self.source.line(f"return {{{member.key!r}: {self.expression(member.type, operand)}}}")
        self.source.line("raise ValueError('no alternative')")
