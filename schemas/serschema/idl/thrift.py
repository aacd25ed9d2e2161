"""Apache Thrift: an IDL file for the thrift compiler (thrift.apache.org, "Thrift interface description language").

    Bool, Float            bool, double
    Int                    i8, i16, i32, i64; unsigned ones, which Thrift lacks, in the next wider, those of 64 bits
                           in i64 as two's complement
    String, Bytes          string, binary
    Enum                   enum
    Timestamp              i64, microseconds since 1970
    Uuid, Decimal          binary of 16 octets, string
    List, Map              list, map
    Union                  union
    Record                 struct; a field is `optional` or `required`

What Thrift cannot say is a comment, and the annotation `serbench` says it to `serschema.load.thrift`, which reads a
file back to the same schema. Refused: field numbers beyond 32767, as Thrift has 16 bits for them.
"""

import json
from collections.abc import Iterator
from typing import Any, assert_never

from serschema.errors import SchemaError
from serschema.idl import attribute
from serschema.idl.names import Scope, block_comment, indent, members, remark, spell_length, spell_range, uncomment
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
    Named,
    Record,
    Ref,
    Scalar,
    Schema,
    String,
    Timestamp,
    Type,
    Union,
    Uuid,
)

MOST_NUMBER = (1 << 15) - 1

# Names that the compiler refuses because they mean something to it or in a language that it writes.
_WORDS = """
BEGIN END abstract alias and args as assert async begin binary bool break byte case catch class clone const continue
cpp_include cpp_type declare def default del delete do double dynamic elif else elseif elsif end enddeclare endfor
endforeach endif endswitch endwhile ensure enum except exception exec extends false finally float for foreach from
function global goto i16 i32 i64 i8 if implements import in include inline instanceof interface is java_package lambda
list map module namespace native new next nil not oneway optional or package pass php_namespace print private protected
public py_module raise redo register required rescue retry return self senum service set sizeof slist static string
struct super switch synchronized then this throw throws transient true try typedef undef union unless unsigned until use
uuid var virtual void volatile when while with xor xsd_all xsd_attrs xsd_nillable xsd_optional yield
"""
RESERVED = frozenset(_WORDS.split())

INTEGERS = {8: "i8", 16: "i16", 32: "i32", 64: "i64"}


def write(schema: Schema, *, for_cpp: bool = False) -> str:
    """The text of a .thrift file. Raises `SchemaError` for a field number that Thrift does not have.

    `for_cpp`: structs stand before those that hold them, and `&` where one would hold itself, as C++ demands. Fields
    of what is behind `&` are not `required`, as the compiler (0.17.0) makes C++ of these that does not compile; they
    are written all the same.
    """
    return _Writer(schema, for_cpp).text()


def root(schema: Schema) -> str:
    """What the type of a message is called."""
    return _Writer(schema).types[schema.root]


class _Writer:
    def __init__(self, schema: Schema, for_cpp: bool = False) -> None:
        self.schema = schema
        self.types = Scope(RESERVED).take_all(type.name for type in schema.types)
        self.behind: set[tuple[str, str]] = set()
        self.pointed: set[str] = set()
        self.order = self.held_first() if for_cpp else schema.types

    def held_first(self) -> tuple[Named, ...]:
        """The types, each after those that it holds; fields by which one would hold itself are `behind` a pointer."""
        done: dict[str, Named] = {}
        begun: set[str] = set()

        def define(type: Named) -> None:
            begun.add(type.name)
            for member in () if isinstance(type, Enum) else members_of(type):
                held = self.schema.resolve(_held(member.type))
                if not isinstance(held, Union | Record):
                    continue
                if held.name not in begun:
                    define(held)
                elif held.name not in done and isinstance(member.type, Ref):
                    self.behind.add((type.name, member.name))
                    self.pointed.add(held.name)
            done[type.name] = type

        for type in self.schema.types:
            if type.name not in done:
                define(type)
        return tuple(done.values())

    def text(self) -> str:
        ordered = sorted(self.order, key=lambda type: not isinstance(type, Enum))
        parts = [block_comment(self.schema.doc), *(list(self.definition(type)) for type in ordered)]
        return "\n\n".join("\n".join(part) for part in parts if part) + "\n"

    def definition(self, type: Enum | Union | Record) -> Iterator[str]:
        yield from block_comment(type.doc, "/**")
        name = self.types[type.name]
        symbols: tuple[tuple[str, int], ...] = ()
        match type:
            case Enum():
                names = Scope(RESERVED).take_all(symbol for symbol, _ in type.symbols)
                symbols = tuple((names[symbol], number) for symbol, number in type.symbols)
                yield f"enum {name} {{"
                yield from indent(f"{symbol} = {number}," for symbol, number in symbols)
            case Union():
                yield f"union {name} {{"
                yield from indent(self.members(type.name, type.alternatives, alternatives=True))
            case Record():
                yield f"struct {name} {{"
                yield from indent(self.members(type.name, type.fields, alternatives=False))
            case _:
                assert_never(type)
        said = attribute.of_type(type, name=name, doc=read_doc(type.doc), symbols=symbols)
        yield "}" + annotation(said | (attribute.of_root(self.schema) if type.name == self.schema.root else {}))

    def members(self, owner: str, fields: tuple[Field, ...], *, alternatives: bool) -> Iterator[str]:
        names = members(fields, RESERVED)
        for field in fields:
            if field.number > MOST_NUMBER:
                raise SchemaError(f"{owner}.{field.name}: Thrift does not have the field number {field.number}")
            presence = "optional " if field.optional else "" if owner in self.pointed else "required "
            presence = "" if alternatives else presence
            note = remark(field.type, self.schema, _own)
            yield from block_comment(field.doc, "/**")
            name, type_ = names[field.name], attribute.bare(field.type, bare)
            said = attribute.of_field(field, Field(name, field.number, type_, doc=read_doc(field.doc)))
            behind = " &" if (owner, field.name) in self.behind else ""
            declaration = f"{field.number}: {presence}{self.type(field.type)}{behind} {name}{annotation(said)}"
            yield declaration + (f" // {note}" if note else "")

    def type(self, type_: Type) -> str:
        kind = self.schema.resolve(type_)
        match kind:
            case Bool():
                return "bool"
            case Int():
                return INTEGERS[kind.bits if kind.signed else min(2 * kind.bits, 64)]
            case Float():
                return "double"
            case String() | Decimal():
                return "string"
            case Bytes() | Uuid():
                return "binary"
            case Timestamp():
                return "i64"
            case List(item=item):
                return f"list<{self.type(item)}>"
            case Map(key=key, value=value):
                return f"map<{self.type(key)}, {self.type(value)}>"
            case Enum() | Union() | Record():
                return self.types[kind.name]
            case _:
                assert_never(kind)


def _held(type_: Type) -> Type:
    """What C++ has to know before what holds this type, which it need not of items of a list."""
    return _held(type_.value) if isinstance(type_, Map) else type_


def members_of(type: Union | Record) -> tuple[Field, ...]:
    return type.alternatives if isinstance(type, Union) else type.fields


def annotation(said: dict[str, Any]) -> str:
    """An attribute as the annotation that follows a declaration."""
    literal = json.dumps(said).replace("\\", r"\\").replace("'", r"\'")
    return f" ({attribute.ATTRIBUTE} = '{literal}')" if said else ""


def bare(type_: Type) -> Type:
    """What a declaration says of a type."""
    match type_:
        case Int(bits, signed):
            return Int(bits if signed else min(2 * bits, 64))
        case Float():
            return Float()
        case String() | Decimal():
            return String()
        case Bytes() | Uuid():
            return Bytes()
        case Timestamp():
            return Int(64)
        case List(item=item):
            return List(item)
        case _:
            return type_


def read_doc(doc: str) -> str:
    """What is read back of a documentation comment."""
    return uncomment("\n".join(block_comment(doc, "/**"))[3:-2].split("\n"))


def _own(kind: Scalar | List) -> str:
    """What the declaration does not say."""
    match kind:
        case Int():
            sign = "" if kind.signed else f"unsigned, {kind.bits} bits"
            return ", ".join(filter(None, [sign, spell_range(kind)]))
        case Float(32):
            return "32 bits"
        case String(most):
            return "" if most is None else f"at most {most} characters"
        case Bytes():
            length = spell_length(kind.min_length, kind.max_length)
            return length and f"{length} octets"
        case Timestamp():
            return "microseconds since 1970-01-01T00:00:00Z"
        case Uuid():
            return "UUID"
        case Decimal(precision, scale):
            return f"decimal({precision}, {scale})"
        case List():
            length = spell_length(kind.min_length, kind.max_length)
            return length and f"{length} items"
        case _:
            return ""
