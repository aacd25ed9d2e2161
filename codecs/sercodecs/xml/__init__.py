"""XML 1.0 in element style and in attribute style, by two libraries of one interface (ElementTree).

The root element is the message's name in lower camel case; a field is an element by `Field.name`, in the order of the
schema, as `xs:sequence` has it. No declaration (so UTF-8), no white space, no name space.

- A list is its element repeated; an empty one writes nothing. Where a list is not a required field (it is optional, or
  an item, a map's value or an alternative), it is one element that holds its items as `<item>`.
- A map is one element that holds `<entry><key>k</key><value>v</value></entry>` for each entry.
- A union is an element that holds one, named by the alternative. An absent field has no element, an empty string has
  an empty one.
- In attribute style (`lxml-attributes`, `stdlib-attributes`) a scalar field of a record is an attribute of the record's
  element, by `Field.name`, and a map's entry is `<entry key="k" value="v"/>` if its value is a scalar; the rest is as
  before. Tabs and line ends in an attribute are character references, as a parser makes spaces of bare ones (section
  3.3.3). A field called `xmlns` remains an element: as an attribute it would declare a name space.
- Text is that of XSD's types (xs:boolean, xs:integer, xs:float, xs:double, xs:base64Binary, xs:dateTime with `Z`,
  xs:decimal); an enum is its symbol. Reading rounds an xs:float to 32 bits.

Writing builds the library's own tree, reading takes it apart, both by functions generated for the schema; a reader
checks everything that the schema says, except that it ignores the text between elements and, in element style,
attributes.

Lost: NaN payloads. Refused: text outside XML's Char (production 2). A carriage return is written as `&#13;`, because
a parser turns a bare one into a line feed (section 2.11). A document type declaration is refused, so that there are no
entities to expand. lxml bounds elements inside one another to 256 and a text to 10 million characters when reading.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from serschema.limits import Limits
from serschema.model import Enum, Schema

from sercodecs.contract import Carries, Claim, Codec, CodecInfo, DecodeError, Format, assemble
from sercodecs.source import Source
from sercodecs.xml.reader import Reader
from sercodecs.xml.text import NAMES
from sercodecs.xml.writer import Writer
from sercodecs.xml_explain import explain, explain_attributes

FORMAT = Format(
    name="xml",
    title="XML",
    specification="W3C XML 1.0 (fifth edition), XML Schema 1.0 part 2",
    history="W3C Recommendation of 1998, a profile of SGML (ISO 8879:1986); XML Schema 2001. Carries XML-RPC and SOAP.",
    textual=True,
    self_describing=True,
    byte_order="none",
    canonical=Claim(
        False,
        "XML 1.0: quotes, white space, the order of attributes; Canonical XML 1.1 is a form of its own",
    ),
    evolution=Claim(
        False, "XML Schema 1.0 part 1, 3.9: a type admits what it names, and wildcards where they were foreseen"
    ),
    languages={
        "c": "libxml2",
        "cpp": "pugixml",
        "csharp": "System.Xml",
        "go": "encoding/xml",
        "java": "JAXP",
        "js": "fast-xml-parser",
        "php": "DOM",
        "python": "lxml",
        "ruby": "nokogiri",
        "rust": "quick-xml",
        "swift": "Foundation",
    },
    carries=Carries(
        bool="xs:boolean",
        int="xs:integer",
        float="xs:float, xs:double",
        string="text",
        bytes="xs:base64Binary",
        enum="text, its symbol",
        timestamp="xs:dateTime",
        uuid="text",
        decimal="xs:decimal",
        list="its element repeated",
        map="element of entries, each with key and value",
        union="element that holds one, named by the alternative",
        record="element that holds one a field",
        optional="no element if absent",
    ),
)


def root_tag(schema: Schema) -> str:
    """The message's name in lower camel case."""
    return schema.root[0].lower() + schema.root[1:]


def _compile(
    schema: Schema, library: str, attributes: bool, element: Any, sub_element: Any, to_bytes: Any, parse: Any
) -> Codec:
    source = Source(f"xml/{library}{'-attributes' * attributes} {schema.root}")
    source.globals |= NAMES | {"Element": element, "SubElement": sub_element}
    writer, reader = Writer(schema, source, attributes), Reader(schema, source, attributes)
    for type_ in schema.types:
        if not isinstance(type_, Enum):
            writer.function(type_)
            reader.function(type_)
    with source.function("to_native(value)"):
        source.line(f"root = Element({root_tag(schema)!r})")
        source.line(f"write_{schema.root}(root, value)")
        source.line("return root")
    with source.function("from_native(root)"):
        with source.block(f"if root.tag != {root_tag(schema)!r}"):
            source.line(f"raise unexpected({root_tag(schema)!r}, root)")
        source.line(f"return read_{schema.root}(root, 1)")
    to_native, from_native = source.build("to_native", "from_native")
    return assemble(schema, to_bytes, _without_doctype(parse), to_native, from_native, source.text())


def _without_doctype(parse: Callable[[bytes], Any]) -> Callable[[bytes], Any]:
    def decode_native(data: bytes) -> Any:
        if b"<!DOCTYPE" in data:
            raise DecodeError("a document type declaration", data.index(b"<!DOCTYPE"))
        if b"\0" in data:  # so no UTF-16 either, in which a declaration would go unseen
            raise DecodeError("not UTF-8", data.index(b"\0"))
        return parse(data)

    return decode_native


def compile_lxml(attributes: bool, schema: Schema, /) -> Codec:
    """XML by lxml, which checks by itself that text is XML's."""
    from lxml import etree

    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    fromstring, tostring = etree.fromstring, etree.tostring

    def to_bytes(root: Any) -> bytes:
        data: bytes = tostring(root, encoding="utf-8")
        return data

    def parse(data: bytes) -> Any:
        return fromstring(data, parser)

    return _compile(schema, "lxml", attributes, etree.Element, etree.SubElement, to_bytes, parse)


def compile_stdlib(attributes: bool, schema: Schema, /) -> Codec:
    """XML by xml.etree.ElementTree over expat."""
    from xml.etree import ElementTree

    fromstring, tostring, parser = ElementTree.fromstring, ElementTree.tostring, ElementTree.XMLParser

    def to_bytes(root: Any) -> bytes:
        data: bytes = tostring(root, encoding="utf-8")
        return data.replace(b"\r", b"&#13;")

    def parse(data: bytes) -> Any:
        return fromstring(data, parser(encoding="utf-8"))

    return _compile(schema, "stdlib", attributes, ElementTree.Element, ElementTree.SubElement, to_bytes, parse)


def _codec(implementation: str, distribution: str, licence: str, compile: Any, attributes: bool) -> CodecInfo:
    return CodecInfo(
        format=FORMAT,
        implementation=implementation + "-attributes" * attributes,
        distribution=distribution,
        language="C",
        licence=licence,
        limits=Limits(nan="canonical", text="xml"),
        validates=True,
        compile=partial(compile, attributes),
        note="attributes" if attributes else "",
        explain=explain_attributes if attributes else explain,
    )


CODECS = tuple(
    _codec(*library, attributes)
    for attributes in (False, True)
    for library in (
        ("lxml", "lxml", "BSD-3-Clause", compile_lxml),
        ("stdlib", "python", "PSF-2.0", compile_stdlib),
    )
)
