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
Numbers of fields and alternatives are not kept: automatic tags count from 0 in their order.

asn1c knows no bound beyond 64 bits with a sign: where there is one it is a comment, and the type has MAX or none. It
mixes up the constraints of a list and of one that it holds, so that such a one has a name of its own.
"""

import re
from collections.abc import Iterator
from typing import assert_never

from serschema.idl.names import Scope, comment, indent, remark, spell
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


def write(schema: Schema) -> str:
    """The text of an ASN.1 module, named after the root."""
    return _Writer(schema).text()


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
        yield from _comment(type.doc)
        name = self.types[type.name]
        match type:
            case Enum():
                names = Scope(filler=FILLER).reshape((symbol for symbol, _ in type.symbols), _identifier)
                yield f"{name} ::= ENUMERATED {{"
                yield from indent(_separated([([], f"{names[symbol]}({n})", "") for symbol, n in type.symbols]))
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
        yield from _separated(
            [
                (
                    _comment(field.doc),
                    f"{names[field.name]} {self.type(field.type)}"
                    + (" OPTIONAL" if field.optional and not alternatives else ""),
                    remark(field.type, self.schema, _own),
                )
                for field in fields
            ]
        )

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
