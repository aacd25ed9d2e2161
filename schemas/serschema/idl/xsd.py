"""XSD: an XML Schema (W3C XML Schema 1.0, second edition) of the documents that the codecs `xml/*` write.

    Bool                   xs:boolean
    Int                    xs:byte to xs:unsignedLong, minInclusive, maxInclusive
    Float                  xs:float, xs:double
    String, Bytes          xs:string, xs:base64Binary; length, minLength, maxLength
    Enum                   simple type: xs:string with an enumeration of the symbols
    Timestamp              `Timestamp`, an xs:dateTime with its offset from UTC
    Uuid                   `Uuid`, an xs:string with a pattern
    Decimal                xs:decimal; totalDigits, fractionDigits, and bounds, as the decimals always take their digits
    List                   the element repeated, minOccurs, maxOccurs; where it is no required field, `item` in one
    Map                    `entry` of `key` and `value`, no key twice (xs:unique)
    Union, Record          complex type: xs:choice, xs:sequence; an optional field is minOccurs="0"

The root is an element named after the message, in lower camel case. There is no target name space, so types of the
schema are named without a prefix. What the language cannot say is in an xs:appinfo of the source `serbench`, which
`serschema.load.xsd` heeds: it reads a file back to the same schema. Not kept is a field whose list is always empty, as
there is no element of it.
"""

import json
import re
from typing import Any, TypeAlias, assert_never
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from serschema.idl import attribute
from serschema.idl.names import Scope, comment
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

Said: TypeAlias = dict[str, Any]

NAMESPACE = "http://www.w3.org/2001/XMLSchema"

INTEGERS = {
    (8, True): "byte",
    (8, False): "unsignedByte",
    (16, True): "short",
    (16, False): "unsignedShort",
    (32, True): "int",
    (32, False): "unsignedInt",
    (64, True): "long",
    (64, False): "unsignedLong",
}
HELPERS = {
    Timestamp(): ("Timestamp", "dateTime", r".*(Z|[+\-][0-9]{2}:[0-9]{2})"),
    Uuid(): ("Uuid", "string", "[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"),
}
"""The types that get a simple type of their own: its name, base and pattern."""


def write(schema: Schema) -> str:
    """The text of an .xsd file."""
    return _Writer(schema).text()


class _Writer:
    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.scope = Scope(type.name for type in schema.types)
        self.keys = Scope()
        self.named: dict[Type, str] = {}

    def text(self) -> str:
        top = Element("xs:schema", {"xmlns:xs": NAMESPACE})
        _document(top, self.schema.doc)
        root = self.schema.root
        _add(top, "element", name=root[0].lower() + root[1:], type=root)
        for type in self.schema.types:
            self.definition(top, type)
        for helper, name in self.named.items():
            _, base, pattern = HELPERS[helper]
            _restrict(_add(top, "simpleType", name=name), base, {"pattern": pattern})
        indent(top)
        for child in top:
            child.tail = "\n\n  "
        top[-1].tail = "\n"
        return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(top, encoding="unicode")}\n'

    def definition(self, top: Element, type: Enum | Union | Record) -> None:
        definition = _add(top, "simpleType" if isinstance(type, Enum) else "complexType", name=type.name)
        symbols = type.symbols if isinstance(type, Enum) else ()
        numbered = tuple((symbol, number) for number, (symbol, _) in enumerate(symbols))
        said = attribute.of_type(type, name=type.name, doc=read_doc(type.doc), symbols=numbered)
        if type.name == self.schema.root and self.schema.doc != read_doc(self.schema.doc):
            said["schema_doc"] = self.schema.doc
        _document(definition, type.doc, said)
        match type:
            case Enum():
                restriction = _add(definition, "restriction", base="xs:string")
                for symbol, _ in type.symbols:
                    _add(restriction, "enumeration", value=symbol)
            case Union():
                choice = _add(definition, "choice")
                for position, alternative in enumerate(type.alternatives, 1):
                    said = _said(alternative, position, alternative.type)
                    self.element(choice, alternative.name, alternative.type, alternative.doc, said)
            case Record():
                sequence = _add(definition, "sequence")
                for field in type.fields:
                    position = len(sequence) + 1
                    if isinstance(field.type, List) and not field.optional:
                        repeated = field.type.max_length != 1
                        said = _said(field, position, field.type if repeated else field.type.item)
                        self.items(sequence, field.name, field.type, field.doc, said)
                    else:
                        said = _said(field, position, field.type)
                        self.element(sequence, field.name, field.type, field.doc, said, int(not field.optional))
            case _:
                assert_never(type)

    def items(self, sequence: Element, name: str, kind: List, doc: str = "", said: Said | None = None) -> None:
        self.element(sequence, name, kind.item, doc, said, kind.min_length, kind.max_length)

    def element(
        self,
        parent: Element,
        name: str,
        type_: Type,
        doc: str = "",
        said: Said | None = None,
        least: int = 1,
        most: int | None = 1,
    ) -> None:
        """An element that stands from `least` to `most` times."""
        if most == 0:  # libxml2 takes a sequence of nothing but elements with maxOccurs="0" for one of anything
            return
        occurs = {"minOccurs": str(least), "maxOccurs": "unbounded" if most is None else str(most)}
        element = _add(parent, "element", name=name)
        if known := self.known(type_):
            element.set("type", known)
        element.attrib.update((key, value) for key, value in occurs.items() if value != "1")
        _document(element, doc, said)
        if not known:
            self.content(element, name, type_)

    def known(self, type_: Type) -> str:
        """The name of the type, if it has one."""
        kind = self.schema.resolve(type_)
        match kind:
            case Bool() | Int() | Float() | String() | Bytes():
                return "" if _facets(kind) else f"xs:{_base(kind)}"
            case Timestamp() | Uuid():
                if kind not in self.named:
                    self.named[kind] = self.scope.take(HELPERS[kind][0])
                return self.named[kind]
            case Decimal() | List() | Map():
                return ""
            case Enum() | Union() | Record():
                return kind.name
            case _:
                assert_never(kind)

    def content(self, element: Element, name: str, type_: Type) -> None:
        """The definition of a type without a name, in the element that it is of."""
        match type_:
            case List():
                definition = _add(element, "complexType")
                if type_.max_length == 0:
                    _document(definition, "", {"type": attribute.type_to_json(type_)})
                self.items(_add(definition, "sequence"), "item", type_)
            case Map(key=key, value=value):
                entries = _add(_add(element, "complexType"), "sequence")
                entry = _add(entries, "element", name="entry", minOccurs="0", maxOccurs="unbounded")
                pair = _add(_add(entry, "complexType"), "sequence")
                self.element(pair, "key", key)
                self.element(pair, "value", value)
                unique = _add(element, "unique", name=self.keys.take(f"{name}_key"))
                _add(unique, "selector", xpath="entry")
                _add(unique, "field", xpath="key")
            case _:
                _restrict(_add(element, "simpleType"), _base(type_), _facets(type_))


def _base(kind: Type) -> str:
    """The built-in type of XSD."""
    match kind:
        case Bool():
            return "boolean"
        case Int():
            return INTEGERS[kind.bits, kind.signed]
        case Float():
            return "float" if kind.bits == 32 else "double"
        case Bytes():
            return "base64Binary"
        case Decimal():
            return "decimal"
        case _:
            return "string"


def _facets(kind: Type) -> dict[str, Any]:
    """What restricts a simple type of XSD to the one of the schema."""
    match kind:
        case Int():
            facets: dict[str, Any] = {"minInclusive": kind.minimum, "maxInclusive": kind.maximum}
        case String(most):
            facets = {"maxLength": most}
        case Bytes(least, most):
            facets = {"length": least} if least == most else {"minLength": least or None, "maxLength": most}
        case Decimal(precision, scale):
            nines = "9" * (precision - scale) or "0"
            bound = nines + ("." + "9" * scale if scale else "")
            facets = {"totalDigits": precision, "fractionDigits": scale}
            facets |= {"minInclusive": f"-{bound}", "maxInclusive": bound}
        case _:
            facets = {}
    return {name: value for name, value in facets.items() if value is not None}


def _restrict(definition: Element, base: str, facets: dict[str, Any]) -> None:
    restriction = _add(definition, "restriction", base=f"xs:{base}")
    for name, value in facets.items():
        _add(restriction, name, value=str(value))


def _said(field: Field, position: int, declared: Type) -> Said:
    """What a field is beyond the element of a declared type."""
    type_ = attribute.bare(declared, attribute.unhinted)
    return attribute.of_field(field, Field(field.name, position, type_, doc=read_doc(field.doc)))


def read_doc(doc: str) -> str:
    """What is read back of a documentation."""
    return "\n".join(line.strip() for line in comment(_xml(doc), "")).strip("\n")


def _xml(doc: str) -> str:
    return re.sub("[\ufffe\uffff]", " ", doc)


def _document(element: Element, doc: str, said: Said | None = None) -> None:
    if not said and not read_doc(doc):
        return
    annotation = _add(element, "annotation")
    if said:
        _add(annotation, "appinfo", source=attribute.ATTRIBUTE).text = json.dumps(said)
    if read_doc(doc):
        _add(annotation, "documentation").text = read_doc(doc)


def _add(parent: Element, tag: str, **attributes: str) -> Element:
    return SubElement(parent, f"xs:{tag}", attributes)
