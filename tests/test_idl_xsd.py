"""The writer of XML Schema: libxml2 finds what the codecs over XML write valid, and what they refuse invalid."""

import pytest
from hypothesis import given, settings
from lxml import etree
from sercodecs import xml
from sercodecs.contract import DecodeError
from serschema import shared
from serschema.generate import generate
from serschema.idl.xsd import write
from serschema.limits import Refused, project
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
    Schema,
    String,
    Timestamp,
    Union,
    Uuid,
)
from serschema.strategies import EXAMPLES, schemas, values

SHARED = {name: shared.load(name, records=40) for name in shared.NAMES}
CODECS = [info for info in xml.CODECS if info.note != "attributes"]
"""Those in element style, which is what the schema declares."""
CASES = {name: (loaded.schema, loaded.values) for name, loaded in SHARED.items()} | {
    name: (schema, [generate(schema, seed) for seed in range(20)]) for name, schema in EXAMPLES.items()
}
COLOUR = Enum("Colour", (("RED", 0), ("GREEN", 1)))
CHOICE = Union("Choice", (Field("a", 1, Bool()), Field("b", 2, List(Int(8)))))
POINT = Record("Point", (Field("x", 1, Int(32)), Field("y", 2, Int(32), True)))


def compiled(schema):
    return etree.XMLSchema(etree.fromstring(write(schema).encode()))


def assert_valid(validator, schema, value, info):
    try:
        value, _ = project(value, schema, info.limits)
    except Refused:
        return 0
    validator.assertValid(etree.fromstring(info.compile(schema).encode(value)))
    return 1


@pytest.mark.parametrize("info", CODECS, ids=lambda info: info.id)
@pytest.mark.parametrize("name", CASES)
def test_what_the_codec_writes_is_valid(name, info):
    schema, messages = CASES[name]
    validator = compiled(schema)
    assert sum(assert_valid(validator, schema, value, info) for value in messages)


@given(schemas().flatmap(lambda schema: values(schema).map(lambda value: (schema, value))))
@settings(max_examples=60, deadline=None)
def test_any_value_of_any_schema_is_valid(drawn):
    schema, value = drawn
    assert_valid(compiled(schema), schema, value, CODECS[0])


def test_the_document():
    kind = Enum("Kind", (("NEW", 0), ("USED", 1)), "<One & two>.\nMore.")
    order = Record(
        "Order",
        (
            Field("kind", 1, Ref("Kind"), True, doc="What it is."),
            Field("sizes", 2, List(Int(8, False, 1, 9)), key="@sizes"),
            Field("codes", 3, Map(String(), Bytes(4, 4))),
        ),
    )
    assert (
        write(Schema("Order", (order, kind), doc="Orders."))
        == """\
<?xml version="1.0" encoding="UTF-8"?>
<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:annotation>
    <xs:documentation>Orders.</xs:documentation>
  </xs:annotation>

  <xs:element name="order" type="Order" />

  <xs:complexType name="Order">
    <xs:sequence>
      <xs:element name="kind" type="Kind" minOccurs="0">
        <xs:annotation>
          <xs:documentation>What it is.</xs:documentation>
        </xs:annotation>
      </xs:element>
      <xs:element name="sizes" minOccurs="0" maxOccurs="unbounded">
        <xs:annotation>
          <xs:appinfo source="serbench">{"key": "@sizes"}</xs:appinfo>
        </xs:annotation>
        <xs:simpleType>
          <xs:restriction base="xs:unsignedByte">
            <xs:minInclusive value="1" />
            <xs:maxInclusive value="9" />
          </xs:restriction>
        </xs:simpleType>
      </xs:element>
      <xs:element name="codes">
        <xs:complexType>
          <xs:sequence>
            <xs:element name="entry" minOccurs="0" maxOccurs="unbounded">
              <xs:complexType>
                <xs:sequence>
                  <xs:element name="key" type="xs:string" />
                  <xs:element name="value">
                    <xs:simpleType>
                      <xs:restriction base="xs:base64Binary">
                        <xs:length value="4" />
                      </xs:restriction>
                    </xs:simpleType>
                  </xs:element>
                </xs:sequence>
              </xs:complexType>
            </xs:element>
          </xs:sequence>
        </xs:complexType>
        <xs:unique name="codes_key">
          <xs:selector xpath="entry" />
          <xs:field xpath="key" />
        </xs:unique>
      </xs:element>
    </xs:sequence>
  </xs:complexType>

  <xs:simpleType name="Kind">
    <xs:annotation>
      <xs:documentation>&lt;One &amp; two&gt;.
More.</xs:documentation>
    </xs:annotation>
    <xs:restriction base="xs:string">
      <xs:enumeration value="NEW" />
      <xs:enumeration value="USED" />
    </xs:restriction>
  </xs:simpleType>
</xs:schema>
"""
    )


ONE = "<f>{}</f>".format
ITEM = "<item>{}</item>".format
ENTRY = "<entry><key>{}</key><value>{}</value></entry>".format


@pytest.mark.parametrize(
    ("type_", "good", "bad"),
    [
        (Bool(), ONE("true"), ONE("yes")),
        (Int(8), ONE("-128"), ONE("-129")),
        (Int(64, False), ONE((1 << 64) - 1), ONE(1 << 64)),
        (Int(32, True, -5), ONE("-5"), ONE("-6")),
        (Int(16, False, 0, 7), ONE("7"), ONE("8")),
        (Float(64), ONE("1e+16"), ONE("1,5")),
        (String(2), ONE("日本"), ONE("abc")),
        (Bytes(2, 3), ONE("YWI="), ONE("YQ==")),
        (Bytes(2, 2), ONE("YWI="), ONE("YWJj")),
        (Ref("Colour"), ONE("RED"), ONE("red")),
        (Timestamp(), ONE("2024-02-29T12:00:00.000001Z"), ONE("2024-02-29T12:00:00")),
        (Timestamp(), ONE("2024-02-29T12:00:00+02:00"), ONE("2023-02-29T12:00:00Z")),
        (Uuid(), ONE("00112233-4455-6677-8899-aabbccddeeff"), ONE("00112233-4455-6677-8899-aabbccddeef")),
        (Decimal(4, 2), ONE("-99.99"), ONE("100.1")),
        (Decimal(4, 2), ONE("1.25"), ONE("1.255")),
        (Decimal(3, 0), ONE("-999"), ONE("1000")),
        (List(Int(8), 1, 2), ONE(1) + ONE(2), ""),
        (List(Int(8), 1, 2), ONE(1), ONE(1) * 3),
        (List(Int(8), 0, 0), "", ONE(1)),
        (List(List(Int(8), 1), 1), ONE(ITEM(1)), ONE("")),
        (Map(Int(8), Bool()), ONE(ENTRY(1, "true") + ENTRY(2, "true")), ONE(ENTRY(1, "true") + ENTRY("01", "true"))),
        (Map(Int(8), Bool()), ONE(""), ONE("<entry><value>true</value><key>1</key></entry>")),
        (Ref("Choice"), ONE("<a>true</a>"), ONE("<a>true</a><b/>")),
        (Ref("Choice"), ONE(f"<b>{ITEM(7)}</b>"), ONE("<c>1</c>")),
        (Ref("Point"), ONE("<x>1</x>"), ONE("<y>1</y>")),
        (Ref("Point"), ONE("<x>1</x><y>2</y>"), ONE("<y>2</y><x>1</x>")),
    ],
)
def test_what_is_valid_is_what_the_codec_reads(type_, good, bad):
    schema = Schema("Root", (Record("Root", (Field("f", 1, type_),)), COLOUR, CHOICE, POINT))
    validator, codec = compiled(schema), CODECS[0].compile(schema)
    validator.assertValid(etree.fromstring(f"<root>{good}</root>"))
    codec.decode(f"<root>{good}</root>".encode())
    assert not validator.validate(etree.fromstring(f"<root>{bad}</root>"))
    with pytest.raises(DecodeError):
        codec.decode(f"<root>{bad}</root>".encode())


def test_names_that_xsd_uses_itself():
    string = Record("string", (Field("Timestamp", 1, Timestamp()), Field("Uuid", 2, Ref("Uuid"))))
    schema = Schema("string", (string, Record("Uuid", (Field("id", 1, Uuid()),)), Enum("Timestamp", (("A", 1),))))
    validator = compiled(schema)
    good = "<string><Timestamp>2024-01-01T00:00:00Z</Timestamp><Uuid><id>{}</id></Uuid></string>"
    validator.assertValid(etree.fromstring(good.format("00112233-4455-6677-8899-aabbccddeeff")))
    assert not validator.validate(etree.fromstring(good.format("A")))


def test_two_maps_of_one_name():
    """Identity constraints share one scope."""
    inner = Record("Inner", (Field("f", 1, Map(String(), Map(String(), Bool()))),))
    schema = Schema("Root", (Record("Root", (Field("f", 1, Map(Bool(), Ref("Inner"))),)), inner))
    entry = ENTRY("x", ENTRY("y", "1"))
    validator = compiled(schema)
    validator.assertValid(etree.fromstring(f"<root><f>{ENTRY('1', f'<f>{entry}</f>')}</f></root>"))
    assert not validator.validate(etree.fromstring(f"<root><f>{ENTRY('1', f'<f>{entry * 2}</f>')}</f></root>"))
    assert not validator.validate(etree.fromstring(f"<root><f>{ENTRY('1', '<f/>') + ENTRY('true', '<f/>')}</f></root>"))
