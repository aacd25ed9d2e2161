"""XDR: a specification in the language of RFC 4506, section 6, for rpcgen and its like.

    Bool, Float            bool, float or double
    Int                    int, unsigned int, hyper, unsigned hyper; 8 and 16 bits as 32
    String, Bytes          string<>, bounded in octets, four for a character; opaque<>, or opaque[n]
    Enum                   enum
    Timestamp              hyper, microseconds since 1970
    Uuid                   opaque[16]
    Decimal                its unscaled integer: hyper up to 18 digits, else opaque<>, the shortest two's complement
    List                   array, of fixed length where it is so
    Map                    array of structures of `key` and `value`
    Union                  union over an unsigned int, the alternative's number
    Record                 struct; `int unused` stands in one without fields, as XDR has no empty struct
    optional field         optional-data, `*`

XDR declares a variable, not a type: where a type has to have a name (an array of strings, a list that is optional) it
gets a typedef, or a struct of one member, which are the same octets. What XDR cannot say is a comment.

rpcgen copies types to C in the order in which they stand, so those held by value come first, and lines with `%`, which
go to C as they are, declare what is pointed to before it is there. A union that holds itself by value is good XDR, but
not C. rpcgen wants `-i 0`, as the code that it writes inline is wrong for an array of bool.
"""

from collections.abc import Iterator
from typing import assert_never

from serschema.idl.names import Scope, block_comment, indent, members, remark, spell, spell_length, spell_range, symbols
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

# RFC 4506, section 6.3 and 6.4; rpcgen's own; C; and what <rpc/rpc.h> brings that somebody could call a field.
_WORDS = """
bool case const default double enum float hyper int opaque quadruple string struct switch typedef union unsigned void
program version char long short
auto break continue do else extern for goto if inline register restrict return signed sizeof static volatile while
asm typeof linux unix stdin stdout stderr errno NULL TRUE FALSE EOF objp xdrs
"""
RESERVED = frozenset(_WORDS.split())
# Functions of C, and the types whose xdr_ function is the library's.
_TYPE_WORDS = """
abort abs accept array bind bytes connect discrim div exit free getint getline hyper index kill listen netbuf netobj
opaque_auth op ops pmap pointer printf psignal puts putint raise rand random realloc recv reference remove rename
rewind rpcb scanf select send shutdown signal socket system uint ulong ushort vector wrapstring FILE
int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t uint64_t u_char u_short u_int u_long bool_t quad_t u_quad_t
BUFSIZ HZ NETCONFIG NETPATH NODEV NOFILE NOGROUP XDR CLIENT AUTH SVCXPRT
"""
RESERVED_TYPES = RESERVED | frozenset(_TYPE_WORDS.split())

INTEGERS = {
    (32, True): "int",
    (32, False): "unsigned int",
    (64, True): "hyper",
    (64, False): "unsigned hyper",
}


def write(schema: Schema) -> str:
    """The text of an .x file."""
    return _Writer(schema).text()


def root(schema: Schema) -> str:
    """What the type of a message is called."""
    return _Writer(schema).types[schema.root]


class _Writer:
    """Definitions are made depth first, so that each comes after those that it holds by value."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.scope = Scope(RESERVED_TYPES)
        self.types = self.scope.take_all(type.name for type in schema.types)
        self.symbols = symbols([type for type in schema.types if isinstance(type, Enum)], self.scope)
        self.named: dict[Type, str] = {}
        self.ahead: list[str] = []  # structs pointed to before they are defined
        self.begun: set[str] = set()
        self.ended: set[str] = set()
        self.later: list[tuple[str, list[Field]]] = []  # structs that hold by value what is not complete
        self.definitions: list[list[str]] = []

    def text(self) -> str:
        for type in self.schema.types:
            if isinstance(type, Enum):
                self.definitions.append(self.enum(type))
        for type in self.schema.types:
            if not isinstance(type, Enum):
                self.define(type)
                while self.later:
                    self.add(*self.later.pop())
        ahead = [f"%typedef struct {name} {name};" for name in self.ahead]
        parts = [block_comment(self.schema.doc), ahead, *self.definitions]
        return "\n\n".join("\n".join(part) for part in parts if part) + "\n"

    def enum(self, enum: Enum) -> list[str]:
        lines = [f"{self.symbols[enum.name, symbol]} = {number}" for symbol, number in enum.symbols]
        body = [*(f"{line}," for line in lines[:-1]), lines[-1]]
        return [*block_comment(enum.doc), f"enum {self.types[enum.name]} {{", *indent(body), "};"]

    def define(self, type: Union | Record) -> None:
        name = self.types[type.name]
        if name in self.begun:
            return
        self.begun.add(name)
        match type:
            case Union(alternatives=alternatives):
                opening = f"union {name} switch (unsigned int number) {{"
                lines = list(self.arms(type, members(alternatives, RESERVED)))
            case Record(fields=fields):
                opening = f"struct {name} {{"
                names = members(fields, RESERVED)
                lines = [line for field in fields for line in self.field(name, field, names[field.name])]
        self.definitions.append([*block_comment(type.doc), opening, *indent(lines or ["int unused;"]), "};"])
        self.ended.add(name)

    def arms(self, union: Union, names: dict[str, str]) -> Iterator[str]:
        for alternative in union.alternatives:
            yield from block_comment(alternative.doc)
            yield f"case {alternative.number}:"
            declaration = self.declaration(self.types[union.name], alternative.type, names[alternative.name])
            yield f"  {declaration};{_remark(self.note(alternative.type))}"

    def field(self, owner: str, field: Field, name: str) -> Iterator[str]:
        yield from block_comment(field.doc)
        if field.optional:
            declaration = f"{self.specifier(field.type, pointer=True)} *{name}"
        else:
            declaration = self.declaration(owner, field.type, name)
        yield f"{declaration};{_remark(self.note(field.type))}"

    def declaration(self, owner: str, type_: Type, name: str) -> str:
        """A variable of a type, inside the struct or union `owner`."""
        kind = self.schema.resolve(type_)
        match kind:
            case String(most):
                return f"string {name}<{'' if most is None else 4 * most}>"
            case Bytes():
                length = fixed_length(kind)
                return f"opaque {name}[{length}]" if length else f"opaque {name}<{_most(kind.max_length)}>"
            case Uuid():
                return f"opaque {name}[16]"
            case Decimal() if kind.precision > 18:
                return f"opaque {name}<>"
            case List():
                if length := fixed_length(kind):
                    return f"{self.specifier(kind.item)} {name}[{length}]"
                item = self.specifier(kind.item, pointer=True)
                if item == owner:  # rpcgen writes `struct struct` for an array of the struct that it stands in
                    return f"{self.specifier(kind)} {name}"
                return f"{item} {name}<{_most(kind.max_length)}>"
            case Map():
                return f"{self.pair(kind, pointer=True)} {name}<>"
            case _:
                return f"{self.specifier(type_)} {name}"

    def specifier(self, type_: Type, pointer: bool = False) -> str:
        """A type by one name; `pointer`: what is of this type is not held by value."""
        kind = self.schema.resolve(type_)
        match kind:
            case Bool():
                return "bool"
            case Int():
                return INTEGERS[max(kind.bits, 32), kind.signed]
            case Float():
                return "float" if kind.bits == 32 else "double"
            case Timestamp():
                return "hyper"
            case Decimal() if kind.precision <= 18:
                return "hyper"
            case String() | Bytes() | Uuid() | Decimal() | Map():
                return self.alias(kind)
            case List() if fixed_length(kind):
                return self.struct(kind, [Field("items", 1, kind)], pointer)
            case List():
                return self.alias(kind)
            case Enum():
                return self.types[kind.name]
            case Union() | Record():
                name = self.types[kind.name]
                if not (pointer and self.waits(kind)):
                    self.define(kind)
                self.point(name, pointer)
                return name
            case _:
                assert_never(kind)

    def alias(self, type_: Type) -> str:
        """The name that a typedef gives to a type."""
        if type_ not in self.named:
            name = self.named[type_] = self.scope.take(spell(type_, self.schema, self.types))
            line = f"typedef {self.declaration('', type_, name)};{_remark(self.note(type_))}"
            self.definitions.append([line])
        return self.named[type_]

    def pair(self, kind: Map, pointer: bool) -> str:
        return self.struct(kind, [Field("key", 1, kind.key), Field("value", 2, kind.value)], pointer, "Entry")

    def struct(self, type_: Type, fields: list[Field], pointer: bool, suffix: str = "") -> str:
        """The name of a struct that stands for a type, or for an entry of a map."""
        key = Ref(f"{suffix} of {type_}") if suffix else type_
        if key not in self.named:
            name = self.named[key] = self.scope.take(spell(type_, self.schema, self.types) + suffix)
            if pointer and any(self.waits(field.type) for field in fields):
                self.later.append((name, fields))
            else:
                self.add(name, fields)
        self.point(self.named[key], pointer)
        return self.named[key]

    def add(self, name: str, fields: list[Field]) -> None:
        lines = [line for field in fields for line in self.field(name, field, field.name)]
        self.definitions.append([f"struct {name} {{", *indent(lines), "};"])
        self.ended.add(name)

    def waits(self, type_: Type | Union | Record) -> bool:
        """Whether a type holds one by value that is not complete."""
        return not self.held(type_, set()).isdisjoint(self.begun - self.ended)

    def held(self, type_: Type | Union | Record, found: set[str]) -> set[str]:
        """The named types that are part of a type by value, itself included."""
        kind = self.schema.resolve(type_) if isinstance(type_, Ref) else type_
        match kind:
            case List() if fixed_length(kind):
                self.held(kind.item, found)
            case Union() | Record() if self.types[kind.name] not in found:
                found.add(self.types[kind.name])
                for member in kind.fields if isinstance(kind, Record) else kind.alternatives:
                    if not member.optional or isinstance(kind, Union):
                        self.held(member.type, found)
            case _:
                pass
        return found

    def point(self, name: str, pointer: bool) -> None:
        if pointer and name not in self.ended and name not in self.ahead:
            self.ahead.append(name)

    def note(self, type_: Type) -> str:
        return "" if isinstance(type_, Map) else remark(type_, self.schema, _own)  # a map's entry is a struct


def _own(kind: Scalar | List) -> str:
    """What the declaration does not say."""
    match kind:
        case Int():
            return ", ".join(filter(None, [f"{kind.bits} bits" if kind.bits < 32 else "", spell_range(kind)]))
        case String(most):
            return "" if most is None else f"at most {most} characters"
        case Bytes() if kind.min_length and not fixed_length(kind):
            return f"{spell_length(kind.min_length, kind.max_length)} octets"
        case Timestamp():
            return "microseconds since 1970-01-01T00:00:00Z"
        case Uuid():
            return "UUID"
        case Decimal():
            carried = "" if kind.precision <= 18 else ", in the shortest two's complement"
            return f"decimal({kind.precision}, {kind.scale}), unscaled{carried}"
        case List() if kind.min_length and not fixed_length(kind):
            return f"{spell_length(kind.min_length, kind.max_length)} items"
        case _:
            return ""


def _most(length: int | None) -> str:
    return "" if length is None else str(length)


def _remark(note: str) -> str:
    return f" /* {note} */" if note else ""
