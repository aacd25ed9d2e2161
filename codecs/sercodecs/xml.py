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

import binascii
import math
import re
import struct
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Context, Inexact, InvalidOperation
from decimal import Decimal as PyDecimal
from functools import partial
from typing import Any, assert_never
from uuid import UUID

from serschema.limits import Limits
from serschema.model import (
    MAX_DEPTH,
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
    Schema,
    String,
    Timestamp,
    Type,
    Union,
    Uuid,
)

from sercodecs.contract import Carries, Codec, CodecInfo, DecodeError, EncodeError, Format, assemble
from sercodecs.source import Source
from sercodecs.xml_explain import explain, explain_attributes

FORMAT = Format(
    name="xml",
    title="XML",
    specification="W3C XML 1.0 (fifth edition), XML Schema 1.0 part 2",
    textual=True,
    self_describing=True,
    byte_order="none",
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

_NOT_CHAR = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BINARY32 = struct.Struct("<f")
_EXACT = Context(prec=1001, traps=[InvalidOperation, Inexact])
_BOOL_TEXT = {True: "true", False: "false"}
_TEXT_BOOL = {"true": True, "false": False, "1": True, "0": False}


def _chars(text: str) -> str:
    """The text, unless XML cannot carry it; ElementTree would write it all the same."""
    if found := _NOT_CHAR.search(text):
        raise EncodeError("$", f"the character U+{ord(found[0]):04X}, which XML 1.0 does not allow")
    return text


def _special(value: float) -> str:
    return "NaN" if value != value else "INF" if value > 0 else "-INF"


def _single(text: str) -> float:
    value: float = _BINARY32.unpack(_BINARY32.pack(float(text)))[0]
    return value


def _timestamp(text: str) -> datetime:
    value = datetime.fromisoformat(text)
    if value.tzinfo is None:
        raise DecodeError("a date and time without its offset from UTC")
    return value.astimezone(UTC)


def _decimal(text: str, precision: int, scale: int) -> PyDecimal:
    value = PyDecimal(text).quantize(PyDecimal((0, (1,), -scale)), context=_EXACT)
    if not value.is_finite() or len(value.as_tuple().digits) > precision:
        raise DecodeError(f"a decimal of more than {precision} digits")
    return value if value else value.copy_abs()


def _bounded(least: int, most: int | None, found: Any) -> Any:
    if len(found) < least or (most is not None and len(found) > most):
        raise DecodeError(f"a length of {len(found)}, not {least}..{'' if most is None else most}")
    return found


def _out_of_range(found: int) -> int:
    raise DecodeError(f"the integer {found} is out of its range")


def _unexpected_in(node: Any) -> str:
    raise DecodeError(f"text expected in {node.tag}, not {node[0].tag}")


def _attribute(node: Any, name: str) -> str:
    text: str | None = node.get(name)
    if text is None:
        raise DecodeError(f"{node.tag} has no attribute {name}")
    return text


class _End:
    """Stands behind the last child of an element."""

    tag = "the end"


def _unexpected(wanted: str, found: Any) -> DecodeError:
    return DecodeError(f"{wanted} expected, {found.tag} found")


NAMES: dict[str, Any] = {
    "attribute": _attribute,
    "DecodeError": DecodeError,
    "UUID": UUID,
    "a2b_base64": binascii.a2b_base64,
    "b2a_base64": binascii.b2a_base64,
    "bool_text": _BOOL_TEXT,
    "bounded": _bounded,
    "chars": _chars,
    "decimal": _decimal,
    "END": _End(),
    "isfinite": math.isfinite,
    "out_of_range": _out_of_range,
    "single": _single,
    "special": _special,
    "text_bool": _TEXT_BOOL,
    "timestamp": _timestamp,
    "unexpected": _unexpected,
    "unexpected_in": _unexpected_in,
}


def root_tag(schema: Schema) -> str:
    """The message's name in lower camel case."""
    return schema.root[0].lower() + schema.root[1:]


def _compile(
    schema: Schema, library: str, attributes: bool, element: Any, sub_element: Any, to_bytes: Any, parse: Any
) -> Codec:
    source = Source(f"xml/{library}{'-attributes' * attributes} {schema.root}")
    source.globals |= NAMES | {"Element": element, "SubElement": sub_element}
    writer, reader = _Writer(schema, source, attributes), _Reader(schema, source, attributes)
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


class _Writer:
    """Generates `write_X(parent, value)`, which adds the content of a union or record X to its element."""

    def __init__(self, schema: Schema, source: Source, attributes: bool) -> None:
        self.schema = schema
        self.source = source
        self.attributes = attributes

    def function(self, type_: Union | Record) -> None:
        with self.source.function(f"write_{type_.name}(parent, value)"):
            match type_:
                case Union():
                    self.source.line("[(key, item)] = value.items()")
                    for member in type_.alternatives:
                        with self.source.block(f"if key == {member.key!r}"):
                            self.element("parent", member.name, member.type, "item")
                            self.source.line("return")
                    self.source.line("raise KeyError(key)")
                case Record():
                    for member in type_.fields:
                        self.member(member)

    def member(self, member: Field) -> None:
        value = f"value[{member.key!r}]"
        if self.attributes and _is_attribute(member, self.schema):
            if member.optional:
                with self.source.block(f"if {member.key!r} in value"):
                    self.attribute("parent", member.name, member.type, value)
            else:
                self.attribute("parent", member.name, member.type, value)
        elif member.optional:
            with self.source.block(f"if {member.key!r} in value"):
                self.element("parent", member.name, member.type, value)
        elif isinstance(member.type, List):
            self.items("parent", member.name, member.type, value)
        else:
            self.element("parent", member.name, member.type, value)

    def attribute(self, parent: str, name: str, type_: Type, value: str) -> None:
        if not value.isidentifier():
            self.source.line(f"item = {value}")
            value = "item"
        self.source.line(f"{parent}.set({name!r}, {self.text(self.schema.resolve(type_), value)})")

    def items(self, parent: str, tag: str, kind: List, value: str) -> None:
        item = self.source.fresh("item")
        with self.source.block(f"for {item} in {value}"):
            self.element(parent, tag, kind.item, item)

    def element(self, parent: str, tag: str, type_: Type, value: str) -> None:
        """One element that holds the value."""
        kind = self.schema.resolve(type_)
        new = f"SubElement({parent}, {tag!r})"
        match kind:
            case List() | Map():
                name = self.source.fresh("element")
                self.source.line(f"{name} = {new}")
                if isinstance(kind, List):
                    self.items(name, "item", kind, value)
                else:
                    self.entries(name, kind, value)
            case Union() | Record():
                self.source.line(f"write_{kind.name}({new}, {value})")
            case _:
                if not value.isidentifier():
                    self.source.line(f"item = {value}")
                    value = "item"
                self.source.line(f"{new}.text = {self.text(kind, value)}")

    def entries(self, parent: str, kind: Map, value: str) -> None:
        key, item, entry = (self.source.fresh(hint) for hint in ("key", "item", "entry"))
        with self.source.block(f"for {key}, {item} in {value}.items()"):
            self.source.line(f"{entry} = SubElement({parent}, 'entry')")
            (self.attribute if self.attributes else self.element)(entry, "key", kind.key, key)
            as_attribute = self.attributes and _is_scalar(kind.value, self.schema)
            (self.attribute if as_attribute else self.element)(entry, "value", kind.value, item)

    def text(self, kind: Kind, value: str) -> str:
        """The text of a scalar, which is in a variable."""
        match kind:
            case Bool():
                return f"bool_text[{value}]"
            case Int():
                return f"str({value})"
            case Float():
                return f"repr({value}) if isfinite({value}) else special({value})"
            case String():
                return f"{value} if {value}.isprintable() else chars({value})"
            case Bytes():
                return f'b2a_base64({value}, newline=False).decode("ascii")'
            case Enum():
                return value
            case Timestamp():
                return f'{value}.isoformat().replace("+00:00", "Z")'
            case Uuid():
                return f"str({value})"
            case Decimal():
                return f'format({value}, "f")'
            case List() | Map() | Union() | Record():
                raise AssertionError(kind)
            case _:
                assert_never(kind)


class _Reader:
    """Generates `read_X(parent, depth)`, which makes a union or record X of the children of its element.

    `nodes` iterates over the children, and `node` is the next of them: its name decides which field it is.
    """

    def __init__(self, schema: Schema, source: Source, attributes: bool) -> None:
        self.schema = schema
        self.source = source
        self.attributes = attributes
        self.holders: dict[List | Map, str] = {}

    def function(self, type_: Union | Record) -> None:
        attributes = [
            field
            for field in (type_.fields if isinstance(type_, Record) else ())
            if self.attributes and _is_attribute(field, self.schema)
        ]
        contents = {
            member.name: self.content(_held(member, type_), "node")
            for member in _members(type_)
            if member not in attributes
        }
        with self.source.function(f"read_{type_.name}(parent, depth)"):
            if type_.name in self.schema.recursive():
                with self.source.block(f"if depth > {MAX_DEPTH}"):
                    self.source.line(f"raise DecodeError('more than {MAX_DEPTH} levels of nesting')")
            match type_:
                case Union():
                    self.source.line("[node] = parent")
                    for member in type_.alternatives:
                        with self.source.block(f"if node.tag == {member.name!r}"):
                            self.source.line(f"return {{{member.key!r}: {contents[member.name]}}}")
                    self.source.line(f"raise unexpected({f'an alternative of {type_.name}'!r}, node)")
                case Record():
                    self.source.line("value = {}")
                    if self.attributes:
                        self.own_attributes(attributes)
                    self.source.line("nodes = iter(parent)")
                    self.source.line("node = next(nodes, END)")
                    for member in type_.fields:
                        if member.name in contents:
                            self.member(member, contents[member.name])
                    with self.source.block("if node is not END"):
                        self.source.line(f"raise unexpected({f'the end of {type_.name}'!r}, node)")
                    self.source.line("return value")

    def own_attributes(self, fields: list[Field]) -> None:
        """The attributes of a record: those of its fields and no others."""
        for field in fields:
            content = self.scalar(self.schema.resolve(field.type), "text")
            if field.optional:
                self.source.line(f"text = parent.get({field.name!r})")
                with self.source.block("if text is not None"):
                    self.source.line(f"value[{field.key!r}] = {content}")
            else:
                self.source.line(f"text = attribute(parent, {field.name!r})")
                self.source.line(f"value[{field.key!r}] = {content}")
        with self.source.block("if len(parent.attrib) != len(value)"):
            self.source.line("raise DecodeError(f'{parent.tag} has attributes that it should not have')")

    def member(self, member: Field, content: str) -> None:
        target = f"value[{member.key!r}]"
        if member.optional:
            with self.source.block(f"if node.tag == {member.name!r}"):
                self.source.line(f"{target} = {content}")
                self.source.line("node = next(nodes, END)")
        elif isinstance(member.type, List):
            self.source.line("items = []")
            with self.source.block(f"while node.tag == {member.name!r}"):
                self.source.line(f"items.append({content})")
                self.source.line("node = next(nodes, END)")
            self.source.line(f"{target} = {self.bounded(member.type, 'items')}")
        else:
            with self.source.block(f"if node.tag != {member.name!r}"):
                self.source.line(f"raise unexpected({member.name!r}, node)")
            self.source.line(f"{target} = {content}")
            self.source.line("node = next(nodes, END)")

    def bounded(self, type_: String | Bytes | List, value: str) -> str:
        least = 0 if isinstance(type_, String) else type_.min_length
        if least == 0 and type_.max_length is None:
            return value
        return f"bounded({least}, {type_.max_length}, {value})"

    def holder(self, type_: List | Map) -> str:
        """The name of the function that reads an element holding items or entries; it is generated at first use."""
        if type_ not in self.holders:
            name = self.holders[type_] = self.source.fresh("items")
            if isinstance(type_, List):
                self.list(name, type_)
            else:
                self.map(name, type_)
        return self.holders[type_]

    def list(self, name: str, type_: List) -> None:
        content = self.content(type_.item, "node")
        with self.source.function(f"{name}(parent, depth)"):
            self.source.line("value = []")
            with self.source.block("for node in parent"):
                with self.source.block("if node.tag != 'item'"):
                    self.source.line("raise unexpected('item', node)")
                self.source.line(f"value.append({content})")
            self.source.line(f"return {self.bounded(type_, 'value')}")

    def map(self, name: str, type_: Map) -> None:
        if self.attributes:
            key = self.scalar(self.schema.resolve(type_.key), "text")
            scalar = _is_scalar(type_.value, self.schema)
            item = (
                self.scalar(self.schema.resolve(type_.value), "text") if scalar else self.content(type_.value, "node")
            )
        else:
            key, item = self.content(type_.key, "key_node"), self.content(type_.value, "node")
        with self.source.function(f"{name}(parent, depth)"):
            self.source.line("value = {}")
            with self.source.block("for entry in parent"):
                if self.attributes:
                    wrong = (
                        "entry.tag != 'entry' or len(entry.attrib) != 2 or len(entry)"
                        if scalar
                        else ("(entry.tag, node.tag) != ('entry', 'value') or len(entry.attrib) != 1")
                    )
                    if not scalar:
                        self.source.line("[node] = entry")
                    with self.source.block(f"if {wrong}"):
                        self.source.line("raise unexpected('an entry of a key and a value', entry)")
                    self.source.line("text = attribute(entry, 'key')")
                    self.source.line(f"key = {key}")
                    if scalar:
                        self.source.line("text = attribute(entry, 'value')")
                else:
                    self.source.line("[key_node, node] = entry")
                    with self.source.block("if (entry.tag, key_node.tag, node.tag) != ('entry', 'key', 'value')"):
                        self.source.line("raise unexpected('an entry of a key and a value', entry)")
                    self.source.line(f"key = {key}")
                with self.source.block("if key in value"):
                    self.source.line("raise DecodeError(f'the key {key!r} twice')")
                self.source.line(f"value[key] = {item}")
            self.source.line("return value")

    def content(self, type_: Type, node: str) -> str:
        """What the element in the variable `node` holds, as an expression."""
        kind = self.schema.resolve(type_)
        match kind:
            case List() | Map():
                return f"{self.holder(kind)}({node}, depth)"
            case Union() | Record():
                return f"read_{kind.name}({node}, depth + 1)"
            case _:
                return self.scalar(kind, f"unexpected_in({node}) if len({node}) else {node}.text")

    def scalar(self, kind: Kind, text: str) -> str:
        """What a text says, as an expression."""
        match kind:
            case Bool():
                return f"text_bool[{text}]"
            case Int():
                return f"number if {kind.lower} <= (number := int({text})) <= {kind.upper} else out_of_range(number)"
            case Float():
                return f"{'single' if kind.bits == 32 else 'float'}({text})"
            case String():
                return self.bounded(kind, f"({text}) or ''")
            case Bytes():
                return self.bounded(kind, f"a2b_base64(({text}) or '', strict_mode=True)")
            case Enum():
                symbols = self.source.bind("symbol", {symbol: symbol for symbol, _ in kind.symbols})
                return f"{symbols}[{text}]"
            case Timestamp():
                return f"timestamp({text})"
            case Uuid():
                return f"UUID({text})"
            case Decimal():
                return f"decimal({text}, {kind.precision}, {kind.scale})"
            case List() | Map() | Union() | Record():
                raise AssertionError(kind)
            case _:
                assert_never(kind)


def _is_scalar(type_: Type, schema: Schema) -> bool:
    return not isinstance(schema.resolve(type_), List | Map | Union | Record)


def _is_attribute(field: Field, schema: Schema) -> bool:
    """Whether the field is an attribute in attribute style."""
    return _is_scalar(field.type, schema) and field.name != "xmlns"


def _members(type_: Union | Record) -> tuple[Field, ...]:
    return type_.alternatives if isinstance(type_, Union) else type_.fields


def _held(member: Field, owner: Union | Record) -> Type:
    """What one element of the member holds: an item, where a list is its element repeated."""
    if isinstance(owner, Record) and isinstance(member.type, List) and not member.optional:
        return member.type.item
    return member.type


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
