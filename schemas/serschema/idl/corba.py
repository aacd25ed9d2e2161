"""CORBA: OMG IDL (OMG Interface Definition Language 4.2; what it takes of it is in CORBA 2.3 already).

    Bool, Float            boolean, float or double
    Int                    short, long, long long and the unsigned ones; octet for 8 bits, whose sign is a comment
    String, Bytes          string of UTF-8, bounded in octets, four for a character; sequence<octet>, octet[n]
    Enum                   enum, its numbers as a comment: IDL's count from 0
    Timestamp              long long, microseconds since 1970
    Uuid                   octet[16]
    Decimal                fixed up to 31 digits, else string
    List                   sequence, or an array where the length is fixed
    Map                    sequence of structures of `key` and `value`
    Union                  union over an unsigned long, the alternative's number
    Record                 struct; `octet unused` stands in one without fields, as IDL has no empty struct
    optional field         sequence<T, 1>, as is usual

An array cannot be what a sequence holds, so there it gets a typedef; so does a fixed, since anonymous types are
deprecated, and of such a member omniORB makes code that ends the program. A bound of 0, which IDL lacks, is a comment.
Names that differ in case only are the same in IDL.

Refused: a type that contains itself otherwise than directly in a sequence. IDL lets a struct or a union hold sequences
of itself, but not of a type that is defined later.
"""

import re
from collections.abc import Iterator
from typing import assert_never

from serschema.errors import SchemaError
from serschema.idl.names import Scope, comment, indent, members, remark, spell, spell_length, spell_range, symbols
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
    Ref,
    Scalar,
    Schema,
    String,
    Timestamp,
    Type,
    Union,
    Uuid,
    fixed_length,
)

# IDL 4.2, table 7-6, with the words of components and extended data types; `include` is no word, `Object` is one.
_WORDS = """
abstract alias any attribute bitfield bitmask bitset boolean case char component connector const consumes context custom
default double emits enum eventtype exception factory FALSE finder fixed float getraises home import in inout int8 int16
int32 int64 interface local long manages map mirrorport module multiple native Object octet oneway out port porttype
primarykey private provides public publishes raises readonly sequence setraises short string struct supports switch TRUE
truncatable typedef typeid typename typeprefix uint8 uint16 uint32 uint64 union unsigned uses ValueBase valuetype void
wchar wstring
"""
RESERVED = frozenset(_WORDS.split())
MOST_DIGITS = 31

INTEGERS = {8: "octet", 16: "short", 32: "long", 64: "long long"}


def write(schema: Schema) -> str:
    """The text of an .idl file. Raises `SchemaError` for types that IDL cannot say."""
    return _Writer(schema).text()


def root(schema: Schema) -> str:
    """What the type of a message is called."""
    return _Writer(schema).types[schema.root]


class _Writer:
    """Definitions are made depth first, so that each comes after those that it uses."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.scope = Scope(RESERVED, str.lower)
        self.types = self.scope.take_all(type.name for type in schema.types)
        self.symbols = symbols([type for type in schema.types if isinstance(type, Enum)], self.scope)
        self.named: dict[Type, str] = {}
        self.begun: list[str] = []
        self.done: set[str] = set()
        self.definitions: list[list[str]] = []

    def text(self) -> str:
        for type in self.schema.types:
            if isinstance(type, Enum):
                self.definitions.append(self.enum(type))
        for type in self.schema.types:
            if not isinstance(type, Enum):
                self.define(type)
        parts = [_comment(self.schema.doc), *self.definitions]
        return "\n\n".join("\n".join(part) for part in parts if part) + "\n"

    def enum(self, enum: Enum) -> list[str]:
        lines = []
        for place, (symbol, number) in enumerate(enum.symbols):
            comma = "," if place + 1 < len(enum.symbols) else ""
            note = "" if number == place else f" // {number}"
            lines.append(f"{self.symbols[enum.name, symbol]}{comma}{note}")
        return [*_comment(enum.doc), f"enum {self.types[enum.name]} {{", *indent(lines), "};"]

    def define(self, type: Union | Record) -> None:
        if type.name in self.done:
            return
        self.begun.append(type.name)
        name = self.types[type.name]
        match type:
            case Union():
                opening = f"union {name} switch (unsigned long) {{"
                lines = list(self.arms(type, members(type.alternatives, {*RESERVED, name}, str.lower)))
            case Record():
                opening = f"struct {name} {{"
                names = members(type.fields, {*RESERVED, name}, str.lower)
                lines = [line for field in type.fields for line in self.field(field, names[field.name], names)]
        self.begun.pop()
        self.done.add(type.name)
        self.definitions.append([*_comment(type.doc), opening, *indent(lines or ["octet unused;"]), "};"])

    def arms(self, union: Union, names: dict[str, str]) -> Iterator[str]:
        for alternative in union.alternatives:
            lines = list(self.field(alternative, names[alternative.name], names, alternative=True))
            yield from lines[:-1]
            yield f"case {alternative.number}:"
            yield f"  {lines[-1]}"

    def field(self, field: Field, name: str, names: dict[str, str], *, alternative: bool = False) -> Iterator[str]:
        """A member. Where its name is a type's but for case, the type is looked up in the outermost scope."""
        if field.optional and not alternative:
            spelt, sizes = self.sequence(field.type, 1), ""
        else:
            spelt, sizes = self.declared(field.type)
        for other in {given for given in names.values() if self.scope.fold(given) in self.scope.taken}:
            spelt = _absolute(spelt, other)
        note = remark(field.type, self.schema, _own)
        yield from _comment(field.doc)
        yield f"{spelt} {name}{sizes};" + (f" // {note}" if note else "")

    def declared(self, type_: Type) -> tuple[str, str]:
        """A type as it stands before a declarator, and the sizes of arrays, which stand behind it."""
        kind = self.schema.resolve(type_)
        match kind:
            case Uuid():
                return "octet", "[16]"
            case Bytes() if length := fixed_length(kind):
                return "octet", f"[{length}]"
            case List() if length := fixed_length(kind):
                spelt, sizes = self.declared(kind.item)
                return spelt, f"[{length}]{sizes}"
            case _:
                return self.item(type_), ""

    def item(self, type_: Type) -> str:
        """A type by itself."""
        kind = self.schema.resolve(type_)
        match kind:
            case Bool():
                return "boolean"
            case Int():
                return ("" if kind.signed or kind.bits == 8 else "unsigned ") + INTEGERS[kind.bits]
            case Float():
                return "float" if kind.bits == 32 else "double"
            case String(most):
                return f"string<{4 * most}>" if most else "string"
            case Bytes() if not fixed_length(kind):
                return _sequence("octet", kind.max_length)
            case Timestamp():
                return "long long"
            case Decimal(precision, scale):
                return self.alias(kind, f"fixed<{precision}, {scale}>") if precision <= MOST_DIGITS else "string"
            case Uuid() | Bytes():
                return self.alias(kind)
            case List():
                return self.alias(kind) if fixed_length(kind) else self.sequence(kind.item, kind.max_length)
            case Map():
                return _sequence(self.entry(kind), None)
            case Enum():
                return self.types[kind.name]
            case Union() | Record():
                return self.use(kind)
            case _:
                assert_never(kind)

    def sequence(self, type_: Type, most: int | None) -> str:
        """A sequence of a type; of the one that is being defined it has a name, and comes after a declaration of it."""
        kind = self.schema.resolve(type_)
        if not isinstance(kind, Union | Record) or kind.name != self.begun[-1]:
            return _sequence(self.item(type_), most)
        key = List(Ref(kind.name), 0, most)
        if key not in self.named:
            name = self.types[kind.name]
            forward = f"{'union' if isinstance(kind, Union) else 'struct'} {name};"
            alias = self.named[key] = self.scope.take(spell(key, self.schema, self.types))
            self.definitions.append([forward, f"typedef {_sequence(name, most)} {alias};"])
        return self.named[key]

    def use(self, type: Union | Record) -> str:
        if type.name in self.begun:
            raise SchemaError(f"{type.name} contains itself in another type, a map or an array, which IDL cannot say")
        self.define(type)
        return self.types[type.name]

    def alias(self, type_: Type, spelt: str = "") -> str:
        """The name that a typedef gives to an array, or to what is spelt so."""
        if type_ not in self.named:
            spelt, sizes = (spelt, "") if spelt else self.declared(type_)
            name = self.named[type_] = self.scope.take(spell(type_, self.schema, self.types))
            note = remark(type_, self.schema, _own)
            self.definitions.append([f"typedef {spelt} {name}{sizes};" + (f" // {note}" if note else "")])
        return self.named[type_]

    def entry(self, kind: Map) -> str:
        """The name of the struct that is an entry of a map."""
        key = Ref(f"entry of {kind}")
        if key not in self.named:
            fields = (Field("key", 1, kind.key), Field("value", 2, kind.value))
            names = {"key": "key", "value": "value"}
            self.begun.append("")
            lines = [line for field in fields for line in self.field(field, field.name, names)]
            self.begun.pop()
            name = self.named[key] = self.scope.take(spell(kind, self.schema, self.types) + "Entry")
            self.definitions.append([f"struct {name} {{", *indent(lines), "};"])
        return self.named[key]


def _comment(doc: str) -> list[str]:
    """Comments for a language with C's preprocessor, to which a backslash at the end joins the next line."""
    return [line.rstrip("\\ ") for line in comment(doc)]


def _sequence(item: str, most: int | None) -> str:
    """A sequence; `>>` was a shift operator once, so a blank stands between."""
    return f"sequence<{item}{f', {most}' if most else ''}{' ' if item.endswith('>') and not most else ''}>"


def _absolute(spelt: str, name: str) -> str:
    """A type in which a name, in whatever case, is looked up in the outermost scope."""
    return re.sub(rf"(?<![\w:]){name}\b", lambda found: f"::{found[0]}", spelt, flags=re.IGNORECASE)


def _own(kind: Scalar | List) -> str:
    """What the declaration does not say."""
    match kind:
        case Int():
            sign = "two's complement" if kind.bits == 8 and kind.signed else ""
            return ", ".join(filter(None, [sign, spell_range(kind)]))
        case String(most):
            return "" if most is None else f"at most {most} characters"
        case Bytes(least, most) if (least and least != most) or most == 0:
            return f"{spell_length(least, most)} octets"
        case Timestamp():
            return "microseconds since 1970-01-01T00:00:00Z"
        case Uuid():
            return "UUID"
        case Decimal(precision, scale):
            return "" if precision <= MOST_DIGITS else f"decimal({precision}, {scale})"
        case List(_, least, most) if (least and least != most) or most == 0:
            return f"{spell_length(least, most)} items"
        case _:
            return ""
