"""Java: the classes that a Java program would write by hand for a schema, and the mapping that serialization uses.

One file of package-private classes in the default package, so that `javac -encoding UTF-8 ANY.java` takes it in one go.
A record is a class with a public field per field, an enum is an enum, and a union a class with one nullable field per
alternative, of which exactly one is not null. All implement `java.io.Serializable` with `serialVersionUID = 1L`.

    Bool, Int, Float     boolean, byte short int long, float double; boxed (`Integer`) where null has to be possible
    unsigned Int         the signed type of the same width, holding the two's complement
    String, Bytes        String, byte[]
    Timestamp, Uuid      java.time.Instant, java.util.UUID
    Decimal              java.math.BigDecimal
    List                 an array of a primitive type (`int[]`) if its items are Bool, Int or Float; else java.util.List
    Map                  java.util.Map

A name that Java reserves gets trailing underscores until it is free. `members`, `constants` and `class_name` are that
mapping as data: the Java codec reads the names and field descriptors of the stream from it.
"""

import html
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
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

SERIAL_VERSION_UID = 1

# The Java Language Specification, 17, section 3.9, the three literals, and the one name that our classes add.
_WORDS = """
abstract assert boolean break byte case catch char class const continue default do double else enum extends final
finally float for goto if implements import instanceof int interface long native new package private protected
public return short static strictfp super switch synchronized this throw throws transient try void volatile while
true false null serialVersionUID
"""
RESERVED = frozenset(_WORDS.split())
# Words that cannot name a class (section 3.8), and `java`, which would hide the packages.
RESERVED_TYPES = RESERVED | {"java", "permits", "record", "sealed", "var", "yield"}

# Primitive descriptor: the keyword, and the class that boxes it.
PRIMITIVES = {
    "Z": ("boolean", "java.lang.Boolean"),
    "B": ("byte", "java.lang.Byte"),
    "S": ("short", "java.lang.Short"),
    "I": ("int", "java.lang.Integer"),
    "J": ("long", "java.lang.Long"),
    "F": ("float", "java.lang.Float"),
    "D": ("double", "java.lang.Double"),
}
_INTEGERS = {8: "B", 16: "S", 32: "I", 64: "J"}


@dataclass(frozen=True, slots=True)
class Member:
    """A field of a Java class: its Java name, its descriptor (`I`, `Ljava/lang/String;`), whether null is allowed."""

    name: str
    descriptor: str
    nullable: bool
    field: Field


def members(schema: Schema, owner: Record | Union) -> tuple[Member, ...]:
    """The fields of the class for a record or a union, in the order of the schema."""
    fields = owner.fields if isinstance(owner, Record) else owner.alternatives
    names = _names((field.name for field in fields), RESERVED)
    return tuple(
        Member(names[field.name], descriptor(schema, field.type, nullable), nullable, field)
        for field in fields
        for nullable in [field.optional or isinstance(owner, Union)]
    )


def constants(enum: Enum) -> dict[str, str]:
    """The Java name of each symbol."""
    return _names((symbol for symbol, _ in enum.symbols), RESERVED)


def class_name(schema: Schema, name: str) -> str:
    """The Java name of a named type."""
    return _names((type_.name for type_ in schema.types), RESERVED_TYPES)[name]


def _names(names: Iterable[str], reserved: frozenset[str]) -> dict[str, str]:
    names = list(names)
    free: dict[str, str] = {}
    for name in names:
        java = name
        while java in reserved or (java != name and java in names):
            java += "_"
        free[name] = java
    return free


def primitive(schema: Schema, type_: Type) -> str:
    """The descriptor of the primitive type that holds the type, or empty."""
    match schema.resolve(type_):
        case Bool():
            return "Z"
        case Int(bits=bits):
            return _INTEGERS[bits]
        case Float(bits=bits):
            return "F" if bits == 32 else "D"
        case _:
            return ""


def descriptor(schema: Schema, type_: Type, nullable: bool) -> str:
    """The field descriptor (The Java Virtual Machine Specification, section 4.3.2) of a type."""
    kind = schema.resolve(type_)
    match kind:
        case Bool() | Int() | Float():
            code = primitive(schema, type_)
            return _object(PRIMITIVES[code][1]) if nullable else code
        case String():
            return "Ljava/lang/String;"
        case Bytes():
            return "[B"
        case Timestamp():
            return "Ljava/time/Instant;"
        case Uuid():
            return "Ljava/util/UUID;"
        case Decimal():
            return "Ljava/math/BigDecimal;"
        case List(item=item):
            code = primitive(schema, item)
            return f"[{code}" if code else "Ljava/util/List;"
        case Map():
            return "Ljava/util/Map;"
        case Enum() | Union() | Record():
            return _object(class_name(schema, kind.name))
        case _:
            assert_never(kind)


def _object(name: str) -> str:
    return f"L{name.replace('.', '/')};"


def write(schema: Schema, *, explicit_uid: bool = True) -> str:
    """The source of the classes. Without `explicit_uid` the JVM derives the serialVersionUID of each class."""
    return _Writer(schema, explicit_uid).text()


class _Writer:
    def __init__(self, schema: Schema, explicit_uid: bool) -> None:
        self.schema = schema
        self.explicit_uid = explicit_uid
        self.taken = {class_name(schema, type_.name) for type_ in schema.types}
        self.imports: set[str] = set()

    def text(self) -> str:
        classes = [line for type_ in self.schema.types for line in ["", *self.type(type_)]]
        imports = [f"import {name};" for name in sorted(self.imports)]
        return "\n".join([*_javadoc(self.schema.doc), *imports, *classes[not (imports or self.schema.doc) :]]) + "\n"

    def type(self, type_: Enum | Union | Record) -> Iterator[str]:
        name = class_name(self.schema, type_.name)
        match type_:
            case Enum():
                yield from _javadoc(type_.doc)
                yield f"enum {name} {{"
                names = constants(type_)
                for i, (symbol, number) in enumerate(type_.symbols):
                    yield f"    {names[symbol]}{',' if i + 1 < len(type_.symbols) else ''} // {number}"
            case Union():
                yield from _javadoc(f"{type_.doc}\n\nExactly one field is not null.".strip())
                yield from self.fields(name, type_)
            case Record():
                yield from _javadoc(type_.doc)
                yield from self.fields(name, type_)
            case _:
                assert_never(type_)
        yield "}"

    def fields(self, name: str, owner: Union | Record) -> Iterator[str]:
        yield f"class {name} implements {self.use('java.io.Serializable')} {{"
        if self.explicit_uid:
            yield f"    private static final long serialVersionUID = {SERIAL_VERSION_UID}L;"
        for member in members(self.schema, owner):
            yield from (f"    {line}" for line in _javadoc(member.field.doc))
            note = " // unsigned, as two's complement" if _unsigned(self.schema, member.field.type) else ""
            yield f"    public {self.source(member.field.type, member.nullable)} {member.name};{note}"

    def source(self, type_: Type, nullable: bool) -> str:
        """The type as Java source; classes are imported unless the schema takes their simple name."""
        kind = self.schema.resolve(type_)
        match kind:
            case Bool() | Int() | Float():
                keyword, box = PRIMITIVES[primitive(self.schema, type_)]
                return self.use(box) if nullable else keyword
            case Bytes():
                return "byte[]"
            case List(item=item):
                code = primitive(self.schema, item)
                return (
                    f"{PRIMITIVES[code][0]}[]" if code else f"{self.use('java.util.List')}<{self.source(item, True)}>"
                )
            case Map(key=key, value=value):
                return f"{self.use('java.util.Map')}<{self.source(key, True)}, {self.source(value, True)}>"
            case Enum() | Union() | Record():
                return class_name(self.schema, kind.name)
            case _:
                return self.use(descriptor(self.schema, type_, nullable)[1:-1].replace("/", "."))

    def use(self, name: str) -> str:
        package, _, simple = name.rpartition(".")
        if simple in self.taken:
            return name
        if package not in ("java.lang", "java.io"):
            self.imports.add(name)
        return name if package == "java.io" else simple


def _unsigned(schema: Schema, type_: Type) -> bool:
    match schema.resolve(type_):
        case Int(signed=False):
            return True
        case List(item=item):
            return _unsigned(schema, item)
        case Map(key=key, value=value):
            return _unsigned(schema, key) or _unsigned(schema, value)
        case _:
            return False


def _javadoc(doc: str) -> list[str]:
    """A documentation comment; whatever could end it, be a tag or a Unicode escape becomes a character reference."""
    if not doc.strip():
        return []
    text = html.escape(doc, quote=False)
    for char in "*@\\":
        text = text.replace(char, f"&#{ord(char)};")
    lines = [line.rstrip() for line in text.strip().splitlines()]
    return [f"/** {lines[0]} */"] if len(lines) == 1 else ["/**", *(f" * {line}".rstrip() for line in lines), " */"]
