"""The importer of XML Schema: each construct, what is left out, and errors with their place."""

import socket

import pytest
from serschema.errors import SchemaError
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
    String,
    Timestamp,
    Union,
)

pytest.importorskip("xmlschema", reason="xmlschema is missing: pip install -r requirements/run.txt")

from serschema.load.xsd import load


@pytest.fixture
def xsd(tmp_path):
    """Load a schema from what stands in its xs:schema, from line 2 on."""

    def load_text(text, message="", include=(), attributes=""):
        if not text.startswith("<?xml"):
            text = f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" {attributes}>\n{text}\n</xs:schema>\n'
        (tmp_path / "main.xsd").write_text(text, encoding="utf-8")
        return load(tmp_path / "main.xsd", message=message, include=include)

    return load_text


def of(*elements):
    """A global element `m` with some elements in it, from line 4 on."""
    inner = "\n".join(elements)
    return (
        f'<xs:element name="m"><xs:complexType>\n<xs:sequence>\n{inner}\n</xs:sequence></xs:complexType></xs:element>'
    )


def restricted(base, *facets):
    inner = "".join(f"<xs:{name} value='{value}'/>" for name, value in facets)
    return (
        f"<xs:element name='f'><xs:simpleType><xs:restriction base='xs:{base}'>{inner}</xs:restriction>"
        "</xs:simpleType></xs:element>"
    )


@pytest.mark.parametrize(
    ("element", "type_", "note"),
    [
        ("<xs:element name='f' type='xs:boolean'/>", Bool(), ""),
        ("<xs:element name='f' type='xs:byte'/>", Int(8), ""),
        ("<xs:element name='f' type='xs:unsignedLong'/>", Int(64, False), ""),
        ("<xs:element name='f' type='xs:integer'/>", Int(64), "xs:integer has 64 bits"),
        ("<xs:element name='f' type='xs:positiveInteger'/>", Int(64, True, 1), "xs:positiveInteger has 64 bits"),
        ("<xs:element name='f' type='xs:float'/>", Float(32), ""),
        ("<xs:element name='f' type='xs:double'/>", Float(64), ""),
        ("<xs:element name='f' type='xs:decimal'/>", Decimal(28, 9), "an xs:decimal without totalDigits"),
        ("<xs:element name='f' type='xs:dateTime'/>", Timestamp(), ""),
        ("<xs:element name='f' type='xs:date'/>", String(), "xs:date stays a string"),
        ("<xs:element name='f' type='xs:anyURI'/>", String(), "xs:anyURI stays a string"),
        ("<xs:element name='f' type='xs:hexBinary'/>", Bytes(), ""),
        ("<xs:element name='f' type='xs:NMTOKENS'/>", List(String(), 1), "list: M.f xs:NMTOKEN stays a string"),
        ("<xs:element name='f' type='xs:int' maxOccurs='3'/>", List(Int(32), 1, 3), ""),
        ("<xs:element name='f' type='xs:int' minOccurs='0' maxOccurs='unbounded'/>", List(Int(32)), ""),
        (restricted("int", ("minInclusive", -3), ("maxExclusive", 4)), Int(32, True, -3, 3), ""),
        (restricted("integer", ("minInclusive", 0), ("maxInclusive", 200)), Int(8, False, None, 200), ""),
        (restricted("int", ("enumeration", 3), ("enumeration", 7)), Int(32, True, 3, 7), "is a range"),
        (restricted("string", ("minLength", 1), ("maxLength", 9)), String(9), "the least length of a text"),
        (restricted("string", ("length", 2), ("pattern", "[A-Z]*")), String(2), "out: M.f the least length"),
        (restricted("string", ("enumeration", "a b"), ("enumeration", "c")), String(3), "no identifiers, as 'a b'"),
        (restricted("string", ("enumeration", "a"), ("enumeration", "b")), Ref("F"), ""),
        (restricted("base64Binary", ("length", 4)), Bytes(4, 4), ""),
        (restricted("base64Binary", ("minLength", 1), ("maxLength", 4)), Bytes(1, 4), ""),
        (restricted("decimal", ("totalDigits", 9), ("fractionDigits", 2)), Decimal(9, 2), ""),
        ("<xs:element name='f' type='xs:int' nillable='true'/>", Int(32), "nillable is left out"),
        ("<xs:element name='f' type='xs:int' default='1'/>", Int(32), "a default or a fixed value is left out"),
    ],
)
def test_types(xsd, element, type_, note):
    schema = xsd(of(element))
    assert schema.record.fields == (Field("f", 1, type_),)
    assert bool(schema.notes) == bool(note)
    assert note in " ".join(schema.notes)


ORDERS = """
<xs:annotation><xs:documentation>Orders.</xs:documentation></xs:annotation>
<xs:element name="purchase-order" type="o:Order"/>
<xs:element name="note" type="xs:string"/>
<xs:complexType name="Order">
  <xs:annotation><xs:documentation>
    An order.
    With parts.
  </xs:documentation></xs:annotation>
  <xs:sequence>
    <xs:element name="id" type="xs:long"><xs:annotation><xs:documentation>Ours.</xs:documentation></xs:annotation>
    </xs:element>
    <xs:element ref="o:note" minOccurs="0"/>
    <xs:group ref="o:Address"/>
    <xs:choice><xs:element name="card" type="xs:string"/><xs:element name="cash" type="xs:boolean"/></xs:choice>
    <xs:element name="part" type="o:Order" minOccurs="0" maxOccurs="unbounded"/>
    <xs:element name="kind" type="o:Kind"/>
    <xs:element name="size"><xs:complexType><xs:all><xs:element name="x" type="xs:int"/></xs:all></xs:complexType>
    </xs:element>
    <xs:element name="last" type="o:Extended" minOccurs="0"/>
  </xs:sequence>
</xs:complexType>
<xs:group name="Address"><xs:sequence><xs:element name="city" type="xs:string"/></xs:sequence></xs:group>
<xs:complexType name="Base"><xs:sequence><xs:element name="a" type="xs:int"/></xs:sequence></xs:complexType>
<xs:complexType name="Extended"><xs:complexContent><xs:extension base="o:Base"><xs:sequence>
  <xs:element name="b" type="xs:int"/></xs:sequence></xs:extension></xs:complexContent></xs:complexType>
<xs:simpleType name="Kind"><xs:restriction base="xs:string">
  <xs:enumeration value="NEW"/><xs:enumeration value="OLD"/></xs:restriction></xs:simpleType>
"""
NAMESPACES = 'xmlns:o="urn:orders" targetNamespace="urn:orders" elementFormDefault="qualified"'


def test_a_schema_from_the_wild(xsd):
    schema = xsd(ORDERS, attributes=NAMESPACES)
    assert schema.doc == "Orders."
    assert schema.record == Record(
        "Order",
        (
            Field("id", 1, Int(64), doc="Ours."),
            Field("note", 2, String(), True),
            Field("city", 3, String()),
            Field("choice", 4, Ref("Choice")),
            Field("part", 5, List(Ref("Order"))),
            Field("kind", 6, Ref("Kind")),
            Field("size", 7, Ref("Size")),
            Field("last", 8, Ref("Extended"), True),
        ),
        "An order.\nWith parts.",
    )
    assert schema.resolve(Ref("Choice")) == Union("Choice", (Field("card", 1, String()), Field("cash", 2, Bool())))
    assert schema.resolve(Ref("Extended")) == Record("Extended", (Field("a", 1, Int(32)), Field("b", 2, Int(32))))
    assert schema.resolve(Ref("Kind")) == Enum("Kind", (("NEW", 0), ("OLD", 1)))
    assert schema.notes == ("a group becomes the field 'choice': Order", "elements of xs:all have an order here: Size")


def test_groups_that_are_repeated_or_the_root(xsd):
    text = """<xs:element name="m"><xs:complexType><xs:choice maxOccurs="unbounded">
      <xs:element name="a" type="xs:int"/><xs:element name="b" type="xs:string"/></xs:choice></xs:complexType>
      </xs:element>"""
    schema = xsd(text)
    assert schema.record == Record("M", (Field("choice", 1, List(Ref("Choice"), 1)),))
    assert xsd(text.replace(' maxOccurs="unbounded"', "")).record == Record("M", (Field("choice", 1, Ref("Choice")),))


def test_lists_and_maps_in_elements_of_their_own(xsd):
    around = (
        '<xs:element name="{}" minOccurs="0" {}><xs:complexType><xs:sequence>{}</xs:sequence></xs:complexType>'
        "</xs:element>"
    )
    pair = '<xs:element name="key" type="xs:string"/><xs:element name="value" type="xs:int"/>'
    entry = around.format("entry", 'maxOccurs="unbounded"', pair)
    item = '<xs:element name="item" type="xs:int" maxOccurs="4"/>'
    schema = xsd(of(around.format("a", "", item), around.format("b", "", entry)))
    assert schema.record.fields == (
        Field("a", 1, List(Int(32), 1, 4), True),
        Field("b", 2, Map(String(), Int(32)), True),
    )


def test_the_root(xsd, tmp_path):
    text = '<xs:element name="{}" type="A"/>'.format
    type_ = '<xs:complexType name="A"><xs:sequence><xs:element name="x" type="xs:int"/></xs:sequence></xs:complexType>'
    assert xsd(text("one") + text("two") + type_, "two").root == "A"
    assert xsd(type_, "A").root == "A"
    with pytest.raises(SchemaError, match=r"which element is the message\? there are one, two; say .*main.xsd:one"):
        xsd(text("one") + text("two") + type_)
    with pytest.raises(SchemaError, match=r"no element stands at the top: say .*main.xsd:A"):
        xsd(type_)
    with pytest.raises(SchemaError, match="there is no element 'on'; did you mean one"):
        xsd(text("one") + type_, "on")


def test_files_that_are_included_and_imported(xsd, tmp_path):
    (tmp_path / "lib").mkdir()
    head = '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"'
    (tmp_path / "near.xsd").write_text(
        f'{head}><xs:complexType name="A"><xs:sequence><xs:element name="x" type="xs:int"/></xs:sequence>'
        "</xs:complexType></xs:schema>"
    )
    (tmp_path / "lib" / "far.xsd").write_text(
        f'{head} targetNamespace="urn:far"><xs:simpleType name="S"><xs:restriction base="xs:int"/></xs:simpleType>'
        "</xs:schema>"
    )
    text = '<xs:import namespace="urn:far" schemaLocation="far.xsd"/>\n<xs:include schemaLocation="near.xsd"/>\n' + of(
        '<xs:element name="a" type="A"/>', '<xs:element name="s" type="f:S"/>'
    )
    schema = xsd(text, include=[tmp_path / "lib"], attributes='xmlns:f="urn:far"')
    assert schema.record.fields == (Field("a", 1, Ref("A")), Field("s", 2, Int(32)))
    with pytest.raises(SchemaError, match=r"main.xsd:2: there is no file 'far.xsd': --include FOLDER"):
        xsd(text, attributes='xmlns:f="urn:far"')
    (tmp_path / "near.xsd").write_text((tmp_path / "near.xsd").read_text().replace("xs:int", "xs:long"))
    again = xsd(text, include=[tmp_path / "lib"], attributes='xmlns:f="urn:far"')
    assert again.resolve(Ref("A")).fields[0].type == Int(64)


EXTERNAL = '<?xml version="1.0"?>\n<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>\n<x>&e;</x>'
BOMB = '<?xml version="1.0"?>\n<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>\n<x>&b;</x>'
DEEP = "<xs:element>" * 5000


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        (of("<xs:element name='f' type='xs:strin'/>"), 4, "xs:strin"),
        (of("<xs:any/>"), 4, "M: xs:any may be anything"),
        (of("<xs:element name='f' type='xs:anyType'/>"), 4, "xs:anyType may be anything"),
        (of("<xs:element name='f'/>"), 4, "xs:anyType may be anything"),
        (of("<xs:element name='f' type='xs:anySimpleType'/>"), 4, "M.f: xs:anySimpleType may be anything"),
        (of("<xs:element name='f'><xs:complexType mixed='true'/></xs:element>"), 4, "f: mixed content"),
        (
            of("<xs:element name='f'>\n<xs:complexType><xs:attribute name='id'/></xs:complexType></xs:element>"),
            5,
            "f: the attribute 'id': serbench has elements only",
        ),
        (
            of("<xs:element name='f'>\n<xs:complexType><xs:anyAttribute/></xs:complexType></xs:element>"),
            5,
            "f: xs:anyAttribute: serbench has elements only",
        ),
        (
            of("<xs:element name='f'><xs:simpleType>"
               "<xs:union memberTypes='xs:int xs:string'/></xs:simpleType></xs:element>"),
            4,
            "M.f: xs:union: write a choice of elements",
        ),
        (of(*["<xs:element name='f' type='xs:int'/>"] * 2), 5, "'f' stands there twice"),
        (
            of("<xs:element ref='h'/>") + "<xs:element name='h' type='xs:int'/>"
            "<xs:element name='s' type='xs:int' substitutionGroup='h'/>",
            4,
            "M.h: a substitution group",
        ),
        (
            of("<xs:element name='f' type='A'/>") + "\n<xs:complexType name='A' abstract='true'/>",
            6,
            "A: an abstract type has no value",
        ),
        ("<xs:element name='m' type='xs:int'/>", 2, "m is no message: it has no elements"),
        ("<xs:include schemaLocation='http://localhost:1/a.xsd'/>", 2, "http://localhost:1/a.xsd is not fetched"),
        ("<xs:import namespace='urn:a' schemaLocation='http://localhost:1/a.xsd'/>", 2, "is not fetched"),
        ("<xs:include schemaLocation='nowhere.xsd'/>", 2, "there is no file 'nowhere.xsd'"),
        ("<xs:elem", 3, "is not XML: "),
        (DEEP, 2, "is not XML: "),
        ("<xs:nonsense/>", 1, "xs:nonsense"),
        (EXTERNAL, 0, ""),
        (BOMB, 0, ""),
        (
            of("<xs:element name='f' type='xs:int'><xs:annotation><xs:appinfo source='serbench'>no</xs:appinfo>"
               "</xs:annotation></xs:element>"),
            4,
            "M.f: the appinfo serbench: it is not JSON",
        ),
    ],
)  # fmt: skip
def test_refused_with_its_line(xsd, tmp_path, monkeypatch, text, line, words):
    monkeypatch.setattr(socket, "socket", None)
    with pytest.raises(SchemaError) as caught:
        xsd(text)
    place = f"{tmp_path / 'main.xsd'}:{line}: " if line else f"{tmp_path / 'main.xsd'}: "
    assert str(caught.value).startswith(place)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
