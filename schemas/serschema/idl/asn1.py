"""ASN.1: a module with automatic tags (ITU-T X.680, 02/2021), whose octets by X.690 are those of the codecs `asn1-*`.

    Bool                   BOOLEAN
    Int                    INTEGER with its bounds
    Float                  `Float32` and `Float64`, REAL with the mantissa and exponent of binary32 and binary64
    String, Bytes          UTF8String, OCTET STRING, with SIZE
    Enum                   ENUMERATED
    Timestamp              GeneralizedTime
    Uuid                   `Uuid`, an OCTET STRING of 16
    Decimal                `Decimal12-2`, an INTEGER: unscaled
    List                   SEQUENCE OF, with SIZE
    Map                    SEQUENCE OF SEQUENCE { key, value }
    Union, Record          CHOICE, SEQUENCE; an optional field is OPTIONAL

Types begin with a capital, all else with a small letter (names in capitals are put in small ones), and `_` becomes `-`.
Numbers of fields and alternatives are not those of the tags: automatic tags count from 0 in their order. What ASN.1
does not say is a comment that begins with `serbench:` above the declaration, which `serschema.load.asn1` heeds: it
reads a module back to the same schema.

asn1c knows no bound beyond 64 bits with a sign: where there is one it is a comment, and the type has MAX or none. It
mixes up the constraints of a list and of one that it holds, so that such a one has a name of its own.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, assert_never

from serschema.idl import attribute
from serschema.idl.names import Scope, comment, indent, remark, spell, uncomment
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
    Scalar,
    Schema,
    String,
    Timestamp,
    Type,
    Union,
    Uuid,
)

# X.680, 12.38, and two words of its edition of 1988. None of them begins with a small letter.
_WORDS = """
ABSENT ABSTRACT-SYNTAX ALL ANY APPLICATION AUTOMATIC BEGIN BIT BMPString BOOLEAN BY CHARACTER CHOICE CLASS COMPONENT
COMPONENTS CONSTRAINED CONTAINING DATE DATE-TIME DEFAULT DEFINED DEFINITIONS DURATION EMBEDDED ENCODED ENCODING-CONTROL
END ENUMERATED EXCEPT EXPLICIT EXPORTS EXTENSIBILITY EXTERNAL FALSE FROM GeneralizedTime GeneralString GraphicString
IA5String IDENTIFIER IMPLICIT IMPLIED IMPORTS INCLUDES INSTANCE INSTRUCTIONS INTEGER INTERSECTION ISO646String MAX MIN
MINUS-INFINITY NOT-A-NUMBER NULL NumericString OBJECT ObjectDescriptor OCTET OF OID-IRI OPTIONAL PATTERN PDV
PLUS-INFINITY PRESENT PrintableString PRIVATE REAL RELATIVE-OID RELATIVE-OID-IRI SEQUENCE SET SETTINGS SIZE STRING
SYNTAX T61String TAGS TeletexString TIME TIME-OF-DAY TRUE TYPE-IDENTIFIER UNION UNIQUE UNIVERSAL UniversalString
UTCTime UTF8String VideotexString VisibleString WITH
"""
RESERVED = frozenset(_WORDS.split())
FILLER = "-2"
MOST = (1 << 63) - 1
FLOATS = {
    32: "REAL (WITH COMPONENTS { mantissa (-16777215..16777215), base (2), exponent (-149..104) })",
    64: "REAL (WITH COMPONENTS { mantissa (-9007199254740991..9007199254740991), base (2), exponent (-1074..971) })",
}
MARK = f"{attribute.ATTRIBUTE}: "
WIDTHS = tuple(Int(bits, signed) for bits in (8, 16, 32, 64) for signed in (True, False))


def write(schema: Schema) -> str:
    """The text of an ASN.1 module, named after the root."""
    return _Writer(schema).text()


def root(schema: Schema) -> str:
    """What the type of a message is called."""
    return _Writer(schema).types[schema.root]


class _Writer:
    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.scope = Scope(filler=FILLER)
        self.types = self.scope.reshape((type.name for type in schema.types), _reference)
        self.named: dict[Type, str] = {}
        self.definitions: list[str] = []

    def text(self) -> str:
        parts = [list(self.definition(type)) for type in self.schema.types]
        opening = [f"{self.types[self.schema.root]} DEFINITIONS AUTOMATIC TAGS ::=", "BEGIN"]
        parts = [[*_comment(self.schema.doc), *opening], *parts, self.definitions, ["END"]]
        return "\n\n".join("\n".join(part) for part in parts if part) + "\n"

    def definition(self, type: Enum | Union | Record) -> Iterator[str]:
        name = self.types[type.name]
        symbols: tuple[tuple[str, int], ...] = ()
        if isinstance(type, Enum):
            names = Scope(filler=FILLER).reshape((symbol for symbol, _ in type.symbols), _identifier)
            symbols = tuple((names[symbol], number) for symbol, number in type.symbols)
        plain = tuple((symbol.replace("-", "_"), number) for symbol, number in symbols)
        said = attribute.of_type(type, name=name.replace("-", "_"), doc=read_doc(type.doc), symbols=plain)
        if type.name == self.schema.root and read_doc(self.schema.doc) != self.schema.doc:
            said["schema_doc"] = self.schema.doc
        yield from [*_comment(type.doc), *_marked(said)]
        match type:
            case Enum():
                yield f"{name} ::= ENUMERATED {{"
                yield from indent(_separated([([], f"{symbol}({number})", "") for symbol, number in symbols]))
            case Union():
                yield f"{name} ::= CHOICE {{"
                yield from indent(self.members(type.alternatives, alternatives=True))
            case Record():
                yield f"{name} ::= SEQUENCE {{"
                yield from indent(self.members(type.fields, alternatives=False))
            case _:
                assert_never(type)
        yield "}"

    def members(self, fields: tuple[Field, ...], *, alternatives: bool) -> Iterator[str]:
        names = Scope(filler=FILLER).reshape((field.name for field in fields), _identifier)
        members: list[tuple[list[str], str, str]] = []
        for position, field in enumerate(fields, 1):
            name = names[field.name]
            declaration = f"{name} {self.type(field.type)}"
            declaration += " OPTIONAL" if field.optional and not alternatives else ""
            type_ = attribute.bare(field.type, self.declared)
            said = attribute.of_field(field, Field(name.replace("-", "_"), position, type_, doc=read_doc(field.doc)))
            above = [*_comment(field.doc), *_marked(said)]
            members.append((above, declaration, remark(field.type, self.schema, _own)))
        yield from _separated(members)

    def declared(self, type_: Type) -> Type:
        """What the importer makes of a type: a UUID or a decimal it knows by its name."""
        match type_:
            case Uuid() | Decimal() if self.named[type_] == _reference(spell(type_, self.schema, self.types)):
                return type_
            case _:
                return bare(type_)

    def type(self, type_: Type) -> str:
        kind = self.schema.resolve(type_)
        match kind:
            case Bool():
                return "BOOLEAN"
            case Int():
                return f"INTEGER ({min(kind.lower, MOST)}..{kind.upper if kind.upper <= MOST else 'MAX'})"
            case Float():
                return self.alias(kind, FLOATS[kind.bits])
            case String(most):
                return f"UTF8String{_size(0, most)}"
            case Bytes():
                return f"OCTET STRING{_size(kind.min_length, kind.max_length)}"
            case Timestamp():
                return "GeneralizedTime"
            case Uuid():
                return self.alias(kind, "OCTET STRING (SIZE (16))  -- RFC 9562")
            case Decimal(precision, scale):
                most = 10**precision - 1
                bounds = f" ({-most}..{most})" if most <= MOST else ""
                meaning = f"  -- {precision} digits, {scale} of them decimals"
                return self.alias(kind, f"INTEGER{bounds}{meaning}")
            case List():
                item = self.type(kind.item)
                if isinstance(kind.item, List | Map):
                    item = self.alias(kind.item, item)
                return f"SEQUENCE{_size(kind.min_length, kind.max_length)} OF {item}"
            case Map(key=key, value=value):
                return f"SEQUENCE OF SEQUENCE {{ key {self.type(key)}, value {self.type(value)} }}"
            case Enum() | Union() | Record():
                return self.types[kind.name]
            case _:
                assert_never(kind)

    def alias(self, type_: Type, definition: str) -> str:
        """The name of a type that is defined here."""
        if type_ not in self.named:
            self.named[type_] = self.scope.take(_reference(spell(type_, self.schema, self.types)))
            self.definitions.append(f"{self.named[type_]} ::= {definition}")
        return self.named[type_]


def bare(type_: Type) -> Type:
    """What a declaration says of a type."""
    match type_:
        case Int():
            return fitting(min(type_.lower, MOST), type_.upper if type_.upper <= MOST else WIDTHS[-1].upper) or Int()
        case Uuid():
            return Bytes(16, 16)
        case Decimal(precision):
            most = 10**precision - 1
            return fitting(-most, most) or Int()
        case _:
            return attribute.unhinted(type_)


def fitting(low: int, high: int) -> Int | None:
    """The narrowest integer that holds a range, or None."""
    for width in WIDTHS:
        if width.lower <= low and high <= width.upper:
            least, most = None if low == width.lower else low, None if high == width.upper else high
            return Int(width.bits, width.signed, least, most)
    return None


def read_doc(doc: str) -> str:
    """What is read back of a comment."""
    return uncomment(_comment(doc), "--")


def _marked(said: dict[str, Any]) -> list[str]:
    """An attribute as a comment, in which no second pair of hyphens stands."""
    text = json.dumps(said).replace("--", r"-\u002d")
    return [f"-- {MARK}{text}"] if said else []


def _separated(members: list[tuple[list[str], str, str]]) -> Iterator[str]:
    """Members as comment, declaration and remark: a comma after each but the last."""
    for place, (above, declaration, note) in enumerate(members, 1):
        yield from above
        comma = "," if place < len(members) else ""
        yield declaration + comma + (f"  -- {note}" if note else "")


def _own(kind: Scalar | List) -> str:
    """What the type does not say."""
    if isinstance(kind, Int) and kind.upper > MOST:
        return f"{kind.lower}..{kind.upper}"
    return ""


def _size(least: int, most: int | None) -> str:
    if least == most:
        return f" (SIZE ({least}))"
    if not least and most is None:
        return ""
    return f" (SIZE ({least}..{'MAX' if most is None else most}))"


def _hyphens(name: str) -> str:
    return re.sub("_+", "-", name).strip("-")


def _reference(name: str) -> str:
    """A typereference (X.680, 12.2): no reserved word, and none before a hyphen, which asn1tools would see first."""
    first, *rest = _hyphens(name).split("-")
    first = first.capitalize() if first in RESERVED else first[0].upper() + first[1:]
    return "-".join([first, *rest])


def _identifier(name: str) -> str:
    """An identifier: X.680, 12.3."""
    return _hyphens(name.lower() if name.isupper() else name[0].lower() + name[1:])


def _comment(doc: str) -> list[str]:
    """Lines of comments; a second pair of hyphens would end one (X.680, 12.6.3)."""
    return comment(re.sub("-(?=-)", "- ", doc), "--")
