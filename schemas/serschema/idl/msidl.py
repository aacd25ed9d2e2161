"""MS-IDL: an interface for MIDL and widl, Microsoft's IDL of DCE RPC (C706, chapter 4; "MIDL Language Reference").

    Bool                   boolean
    Int                    small, short, long, hyper and the unsigned ones; [range] up to 32 bits
    Float                  float, double
    String                 [string] wchar_t *, UTF-16, which ends at the first zero
    Bytes                  byte[n], or a struct of `count` and [size_is(count)] byte *items
    Enum                   [v1_enum] enum, of 32 bits
    Timestamp              hyper, microseconds since 1970
    Uuid                   struct of the shape of GUID
    Decimal                its unscaled integer: hyper up to 18 digits, else octets, the shortest two's complement
    List                   array where the length is fixed, else a struct of `count` and [size_is(count)] items
    Map                    the same, of structs of `key` and `value`
    Union                  encapsulated union over an unsigned long, the alternative's number
    Record                 struct; `byte unused` stands in one without fields, as MIDL has no empty struct
    optional field         [unique] pointer, null where it is absent

The message is the argument of the interface's one operation. What MIDL cannot say is a comment. In a union that can
contain itself an alternative that can do so too is behind a pointer, as C needs it. The UUID is made from the text.
"""

from collections.abc import Iterator
from typing import assert_never
from uuid import UUID, uuid5

from serschema.idl.names import (
    Scope,
    comment,
    indent,
    members,
    remark,
    spell,
    spell_range,
    symbols,
)
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

# MIDL's base types and words outside of brackets, and those of C and C++ and of <rpc.h>, as it becomes a header.
_WORDS = """
boolean byte char coclass const cpp_quote declare default dispinterface double enum error_status_t FALSE float handle_t
hyper import importlib int int3264 interface library long midl_pragma module NULL pipe safearray short signed small
stdcall struct switch TRUE typedef union unsigned void wchar_t
alignas alignof and asm auto bool break case catch class compl concept const_cast constexpr continue decltype delete do
dynamic_cast else explicit export extern false for friend goto if inline mutable namespace new noexcept not nullptr
operator or private protected public register reinterpret_cast requires restrict return signed sizeof static
static_assert static_cast template this throw true try typeid typename using virtual volatile while xor
BOOL BYTE CHAR DWORD ERROR FLOAT GUID HRESULT INT LONG LPSTR LPWSTR SHORT UINT ULONG USHORT UUID WORD far max min near
"""
RESERVED = frozenset(_WORDS.split())

INTEGERS = {8: "small", 16: "short", 32: "long", 64: "hyper"}
MOST_ITEMS = (1 << 32) - 1


def write(schema: Schema) -> str:
    """The text of an .idl file."""
    return _Writer(schema).text()


def root(schema: Schema) -> str:
    """What the type of a message is called."""
    return _Writer(schema).types[schema.root]


class _Writer:
    """Definitions are made depth first; what stands behind a pointer may come later, and entries of maps do."""

    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.scope = Scope(RESERVED)
        self.types = self.scope.take_all(type.name for type in schema.types)
        self.symbols = symbols([type for type in schema.types if isinstance(type, Enum)], self.scope)
        self.recursive = schema.recursive()
        self.named: dict[Type, str] = {}
        self.begun: set[str] = set()
        self.ended: set[str] = set()
        self.entries: list[tuple[str, Map]] = []
        self.definitions: list[list[str]] = []

    def text(self) -> str:
        for type in self.schema.types:
            if isinstance(type, Enum):
                self.enum(type)
        for type in self.schema.types:
            if not isinstance(type, Enum):
                self.define(type)
        while self.entries:
            name, kind = self.entries.pop(0)
            self.struct(name, [Field("key", 1, kind.key), Field("value", 2, kind.value)])
        root = self.types[self.schema.root]
        interface, send = self.scope.take(f"{root}Interface"), self.scope.take(f"send{root}")
        self.definitions.append([f"void {send}([in] handle_t binding, [in, ref] const {root} *message);"])
        body = "\n\n".join("\n".join(indent(lines)) for lines in self.definitions)
        header = f"[\n  uuid({uuid5(UUID(int=0), body)}),\n  version(1.0),\n  pointer_default(unique)\n]"
        return "\n".join([*comment(self.schema.doc), f"{header}\ninterface {interface}\n{{\n{body}\n}}\n"])

    def enum(self, enum: Enum) -> None:
        name = self.types[enum.name]
        lines = [f"{self.symbols[enum.name, symbol]} = {number}" for symbol, number in enum.symbols]
        body = [*(f"{line}," for line in lines[:-1]), lines[-1]]
        self.definitions.append([*comment(enum.doc), f"typedef [v1_enum] enum {name} {{", *indent(body), f"}} {name};"])

    def define(self, type: Union | Record) -> None:
        name = self.types[type.name]
        if name in self.begun:
            return
        self.begun.add(name)
        match type:
            case Union(alternatives=alternatives):
                opening = f"typedef union {name} switch (unsigned long number) value {{"
                lines = list(self.arms(type, members(alternatives, RESERVED)))
                self.definitions.append([*comment(type.doc), opening, *indent(lines), f"}} {name};"])
            case Record(fields=fields):
                self.struct(name, fields, type.doc)
        self.ended.add(name)

    def struct(self, name: str, fields: tuple[Field, ...] | list[Field], doc: str = "") -> None:
        names = members(fields, RESERVED)
        lines = [line for field in fields for line in self.field(field, names[field.name])]
        body = indent(lines or ["byte unused;"])
        self.definitions.append([*comment(doc), f"typedef struct {name} {{", *body, f"}} {name};"])

    def arms(self, union: Union, names: dict[str, str]) -> Iterator[str]:
        for alternative in union.alternatives:
            behind = union.name in self.recursive and _held(alternative.type) in self.recursive
            *above, declaration = self.field(alternative, names[alternative.name], behind)
            yield from above
            yield f"case {alternative.number}:"
            yield f"  {declaration}"

    def field(self, field: Field, name: str, behind: bool = False) -> Iterator[str]:
        yield from comment(field.doc)
        note = remark(field.type, self.schema, _own)
        optional = field.optional or behind
        yield self.declaration(field.type, name, optional) + (f"  // {note}" if note else "")

    def declaration(self, type_: Type, name: str, optional: bool = False) -> str:
        """A member, or with `typedef` before it a type."""
        kind = self.schema.resolve(type_)
        if isinstance(kind, String):
            return f"[string{', unique' if optional else ''}] wchar_t *{name};"
        if optional:
            return f"[unique] {self.specifier(type_, pointer=True)} *{name};"
        match kind:
            case Int() if kind.bits <= 32 and spell_range(kind):
                return f"[range({kind.lower}, {kind.upper})] {self.specifier(kind)} {name};"
            case Bytes() if length := fixed_length(kind):
                return f"byte {name}[{length}];"
            case List() if length := fixed_length(kind):
                return f"{self.specifier(kind.item)} {name}[{length}];"
            case _:
                return f"{self.specifier(type_)} {name};"

    def specifier(self, type_: Type, pointer: bool = False) -> str:
        """A type by itself; `pointer`: what is of this type is behind one."""
        kind = self.schema.resolve(type_)
        match kind:
            case Bool():
                return "boolean"
            case Int():
                return f"{'' if kind.signed else 'unsigned '}{INTEGERS[kind.bits]}"
            case Float():
                return "float" if kind.bits == 32 else "double"
            case Timestamp():
                return "hyper"
            case Decimal(precision):
                return "hyper" if precision <= 18 else self.specifier(Bytes())
            case Enum():
                return self.types[kind.name]
            case Union() | Record():
                name = self.types[kind.name]
                if not pointer:
                    self.define(kind)
                if name in self.ended:
                    return name
                return f"{'union' if isinstance(kind, Union) else 'struct'} {name}"
            case String() | Bytes() | Uuid() | List() | Map():
                if kind not in self.named:
                    self.name(kind)
                return self.named[kind]
            case _:
                assert_never(kind)

    def name(self, kind: String | Bytes | Uuid | List | Map) -> None:
        """Define a type where MIDL wants a name."""
        name = self.named[kind] = self.scope.take(spell(kind, self.schema, self.types))
        match kind:
            case String():
                self.definitions.append([f"typedef {self.declaration(kind, name)}"])
            case Bytes() | List() if fixed_length(kind):
                self.definitions.append([f"typedef {self.declaration(kind, name)}"])
            case Bytes(least, most):
                self.counted(name, "byte", least, most)
            case Uuid():
                lines = ["unsigned long data1;", "unsigned short data2;", "unsigned short data3;", "byte data4[8];"]
                self.definitions.append([f"typedef struct {name} {{", *indent(lines), f"}} {name};"])
            case List():
                item = self.specifier(kind.item, pointer=True)
                self.counted(name, item, kind.min_length, kind.max_length)
            case Map():
                entry = self.scope.take(f"{name}Entry")
                self.entries.append((entry, kind))
                self.counted(name, f"struct {entry}", 0, None)
            case _:
                assert_never(kind)

    def counted(self, name: str, item: str, least: int, most: int | None) -> None:
        """A struct of as many items as it says."""
        length = Int(32, False, least or None, None if most is None else min(most, MOST_ITEMS))
        lines = [self.declaration(length, "count"), f"[size_is(count)] {item} *items;"]
        self.definitions.append([f"typedef struct {name} {{", *indent(lines), f"}} {name};"])


def _held(type_: Type) -> str:
    """The name of the type that a value of this one holds by value."""
    while isinstance(type_, List) and fixed_length(type_):
        type_ = type_.item
    return type_.name if isinstance(type_, Ref) else ""


def _own(kind: Scalar | List) -> str:
    """What the declaration does not say."""
    match kind:
        case Int(bits=64):
            return spell_range(kind)
        case String(most):
            return "" if most is None else f"at most {most} characters"
        case Timestamp():
            return "microseconds since 1970-01-01T00:00:00Z"
        case Decimal(precision, scale):
            carried = "" if precision <= 18 else ", in the shortest two's complement"
            return f"decimal({precision}, {scale}), unscaled{carried}"
        case _:
            return ""
