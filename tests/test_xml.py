"""XML by lxml and by the standard library. `xml_employees.xml` is printed in the course chapter."""

import time
from datetime import UTC, datetime
from decimal import Decimal as PyDecimal
from pathlib import Path
from uuid import UUID

import pytest
from lxml import etree
from sercodecs.contract import DecodeError, EncodeError
from sercodecs.xml import CODECS
from serschema import shared
from serschema.limits import Refused, project
from serschema.model import (
    MAX_DEPTH,
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
from serschema.values import first_difference

GOLDEN = Path(__file__).parent / "vectors" / "xml_employees.xml"
LXML, STDLIB, LXML_ATTRIBUTES, STDLIB_ATTRIBUTES = CODECS
ELEMENTS, ATTRIBUTES = (LXML, STDLIB), (LXML_ATTRIBUTES, STDLIB_ATTRIBUTES)
BOTH = pytest.mark.parametrize("info", ELEMENTS, ids=lambda info: info.implementation)
BOTH_ATTRIBUTES = pytest.mark.parametrize("info", ATTRIBUTES, ids=lambda info: info.implementation)


def of(type_, *named, optional=False):
    """A schema whose message has one field `v`."""
    return Schema("MyMessage", (Record("MyMessage", (Field("v", 1, type_, optional=optional),)), *named))


NAMED = (
    Enum("E", (("RED", 0), ("BLUE", 5))),
    Union("U", (Field("n", 1, Int()), Field("items", 2, List(Int())), Field("self", 3, Ref("U"), key="@"))),
    Record("Nothing", ()),
)
"""Types that tests refer to."""


@BOTH
def test_golden_employees(info):
    employees = shared.load("employees")
    golden = GOLDEN.read_bytes()
    codec = info.compile(employees.schema)
    assert len(golden) == 244
    assert codec.encode(employees.values[0]) == golden
    assert codec.decode(golden) == employees.values[0]


WRITTEN = [
    (Bool(), True, "<v>true</v>"),
    (Int(64, signed=False), (1 << 64) - 1, "<v>18446744073709551615</v>"),
    (Float(), 1.0, "<v>1.0</v>"),
    (Float(), -0.0, "<v>-0.0</v>"),
    (Float(), float("inf"), "<v>INF</v>"),
    (Float(32), float("-inf"), "<v>-INF</v>"),
    (Float(32), float("nan"), "<v>NaN</v>"),
    (Float(32), 0.10000000149011612, "<v>0.10000000149011612</v>"),
    (String(), "a < b & c > d \"'", "<v>a &lt; b &amp; c &gt; d \"'</v>"),
    (String(), " \t\n x \n", "<v> \t\n x \n</v>"),
    (String(), "\r\n\r", "<v>&#13;\n&#13;</v>"),
    (String(), "é\u20ac\x85\u2028\ud7ff\ue000\ufffd\U0010ffff", "<v>é\u20ac\x85\u2028\ud7ff\ue000\ufffd\U0010ffff</v>"),
    (String(), "]]>", "<v>]]&gt;</v>"),
    (Bytes(), b"fooba", "<v>Zm9vYmE=</v>"),
    (Ref("E"), "BLUE", "<v>BLUE</v>"),
    (Timestamp(), datetime(1985, 4, 12, 23, 20, 50, 520000, UTC), "<v>1985-04-12T23:20:50.520000Z</v>"),
    (Timestamp(), datetime(9999, 12, 31, tzinfo=UTC), "<v>9999-12-31T00:00:00Z</v>"),
    (Uuid(), UUID(int=1), "<v>00000000-0000-0000-0000-000000000001</v>"),
    (Decimal(9, 8), PyDecimal("0.00000001"), "<v>0.00000001</v>"),
    (List(Int()), [], ""),
    (List(Int()), [1, 2], "<v>1</v><v>2</v>"),
    (List(List(Int())), [[1], [2, 3]], "<v><item>1</item></v><v><item>2</item><item>3</item></v>"),
    (Map(Int(), String()), {-1: "a"}, "<v><entry><key>-1</key><value>a</value></entry></v>"),
    (Map(Bool(), List(Bool())), {True: [True]},
     "<v><entry><key>true</key><value><item>true</item></value></entry></v>"),
    (Ref("U"), {"n": 3}, "<v><n>3</n></v>"),
    (Ref("U"), {"@": {"items": [1, 2]}}, "<v><self><items><item>1</item><item>2</item></items></self></v>"),
]  # fmt: skip


@BOTH
@pytest.mark.parametrize(("type_", "value", "content"), WRITTEN)
def test_how_a_kind_is_written_and_read(info, type_, value, content):
    codec = info.compile(of(type_, *NAMED))
    if content:
        data = f"<myMessage>{content}</myMessage>".encode()
        assert codec.encode({"v": value}) == data
        assert first_difference({"v": value}, codec.decode(data)) == ""
    assert first_difference({"v": value}, codec.decode(codec.encode({"v": value}))) == ""


@BOTH
@pytest.mark.parametrize(
    "type_", [String(), Bytes(), List(Int()), List(List(Int())), Map(String(), String()), Ref("Nothing")]
)
def test_absent_is_not_empty(info, type_):
    empty = {String: "", Bytes: b"", List: [], Map: {}, Ref: {}}[type(type_)]
    codec = info.compile(of(type_, *NAMED, optional=True))
    assert codec.encode({}) != codec.encode({"v": empty})
    assert codec.decode(codec.encode({})) == {}
    assert codec.decode(codec.encode({"v": empty})) == {"v": empty}
    if type(type_) is List:
        deep = {"v": [[]]} if isinstance(type_.item, List) else {"v": [1]}
        assert codec.decode(codec.encode(deep)) == deep


@BOTH
@pytest.mark.parametrize("char", ["\0", "\x01", "\x08", "\x0b", "\x1f", "\ud800", "\ufffe", "\uffff"])
def test_what_xml_has_no_character_for_is_refused(info, char):
    for type_, value in ((String(), char), (String(), f"a{char}b"), (Map(String(), Int()), {char: 1})):
        schema = of(type_)
        with pytest.raises(EncodeError):
            info.compile(schema).encode({"v": value})
        if not "\ud800" <= char <= "\udfff":  # which is no text at all to the model
            with pytest.raises(Refused):
                project({"v": value}, schema, info.limits)


@BOTH
@pytest.mark.parametrize("name", ["access_log", "media_content", "order", "telemetry", "tree", "numbers_finite"])
def test_each_reads_what_the_other_wrote(info, name):
    loaded = shared.load(name)
    [other] = [codec for codec in ELEMENTS if codec is not info]
    written, reader = other.compile(loaded.schema), info.compile(loaded.schema)
    for value in loaded.values[:5]:
        assert first_difference(value, reader.decode(written.encode(value))) == ""


PAIR = Schema(
    "Pair", (Record("Pair", (Field("a", 1, String(max_length=3)), Field("b", 2, Int(8), optional=True))), *NAMED)
)


@BOTH
@pytest.mark.parametrize(
    "text",
    [
        '<?xml version="1.0" encoding="UTF-8"?>\n<pair>\n  <a>xy</a>\n  <b>7</b>\n</pair>\n',
        "<!-- c --><pair><?p i?><a>x<!-- c -->y</a><b><![CDATA[7]]></b></pair><!-- c -->",
        '<pair a="1"><a b="2">&#120;&#x79;</a><b>7</b></pair>',
        "\ufeff<pair><a>xy</a><b>7</b></pair>",
    ],
)
def test_what_other_writers_add(info, text):
    assert info.compile(PAIR).decode(text.encode()) == {"a": "xy", "b": 7}


@BOTH
@pytest.mark.parametrize(
    "text",
    [
        "", "<pair", "<pair/>", "<pair><a>x</a></pair>x", "<pair><a>x</a></pair><pair/>", "<Pair><a>x</a></Pair>",
        "<pair><b>7</b></pair>", "<pair><b>7</b><a>x</a></pair>", "<pair><a>x</a><a>x</a></pair>",
        "<pair><a>x</a><b>7</b><b>7</b></pair>", "<pair><a>x</a><c/></pair>", "<pair><a>x<c/>y</a></pair>",
        '<pair xmlns="urn:x"><a>x</a></pair>', '<pair xmlns:p="urn:x"><p:a>x</p:a></pair>', "<p:pair><a>x</a></p:pair>",
        "<pair><a>xxxx</a></pair>", "<pair><a>x</a><b>128</b></pair>", "<pair><a>x</a><b/></pair>",
        "<pair><a>x</a><b>1.0</b></pair>", "<pair><a>x&#0;</a></pair>", "<pair><a>x&#xfffe;</a></pair>",
        "<pair><a>&nbsp;</a></pair>", "<pair><a>x</a>&e;</pair>",
    ],
)  # fmt: skip
def test_what_is_not_of_the_schema_is_refused(info, text):
    with pytest.raises(DecodeError):
        info.compile(PAIR).decode(text.encode())


@BOTH
@pytest.mark.parametrize(
    ("type_", "content"),
    [
        (Bool(), "<v>True</v>"), (Bytes(2, 2), "<v>AA==</v>"), (Bytes(), "<v>#</v>"), (Ref("E"), "<v>GREEN</v>"),
        (Ref("E"), "<v/>"), (Timestamp(), "<v>2020-01-01T00:00:00</v>"),
        (Timestamp(), "<v>0001-01-01T00:00:00+01:00</v>"),
        (Uuid(), "<v>1</v>"), (Decimal(3, 2), "<v>10.00</v>"), (Decimal(3, 2), "<v>1.001</v>"),
        (Decimal(3, 2), "<v>NaN</v>"), (Decimal(3, 2), "<v>INF</v>"), (Decimal(3, 2), "<v>1E999999999</v>"),
        (Float(32), "<v>1e300</v>"), (Float(), "<v>x</v>"), (List(Int(), 2, 3), "<v>1</v>"),
        (List(List(Int())), "<v><v>1</v></v>"), (Map(Int(), Int()), "<v><entry><key>1</key></entry></v>"),
        (Map(Int(), Int()), "<v><entry><value>1</value><key>1</key></entry></v>"),
        (Map(Int(), Int()), "<v>" + "<entry><key>1</key><value>1</value></entry>" * 2 + "</v>"),
        (Ref("U"), "<v/>"), (Ref("U"), "<v><n>1</n><n>1</n></v>"), (Ref("U"), "<v><m>1</m></v>"),
    ],
)  # fmt: skip
def test_values_are_checked(info, type_, content):
    with pytest.raises(DecodeError):
        info.compile(of(type_, *NAMED)).decode(f"<myMessage>{content}</myMessage>".encode())


@BOTH
@pytest.mark.parametrize(
    ("type_", "content", "value"),
    [
        (Bool(), "1", True), (Bool(), "0", False), (Decimal(5, 2), "1.5", PyDecimal("1.50")),
        (Decimal(5, 2), "-0", PyDecimal("0.00")), (Float(32), "0.1", 0.10000000149011612), (Float(), "7", 7.0),
        (Timestamp(), "2020-01-01T01:00:00+01:00", datetime(2020, 1, 1, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_other_texts_of_the_same_value(info, type_, content, value):
    """XML Schema, part 2: the lexical representations of a type are more than its canonical one."""
    decoded = info.compile(of(type_)).decode(f"<myMessage><v>{content}</v></myMessage>".encode())
    assert first_difference({"v": value}, decoded) == ""


LAUGHS = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
DOCTYPES = {
    "a billion laughs": f'<!DOCTYPE pair [<!ENTITY l0 "lol">{LAUGHS}]><pair><a>&l9;</a></pair>',
    "a quadratic blowup": f'<!DOCTYPE pair [<!ENTITY l "{"x" * 50000}">]><pair><a>{"&l;" * 50000}</a></pair>',
    "a local file": '<!DOCTYPE pair [<!ENTITY f SYSTEM "file:///etc/passwd">]><pair><a>&f;</a></pair>',
    "an external subset": '<!DOCTYPE pair SYSTEM "http://127.0.0.1:1/x.dtd"><pair><a>x</a></pair>',
    "a parameter entity": '<!DOCTYPE pair [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]><pair><a>x</a></pair>',
    "nothing at all": "<!DOCTYPE pair><pair><a>x</a></pair>",
}


@BOTH
@pytest.mark.parametrize("text", DOCTYPES.values(), ids=DOCTYPES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp037"])
def test_document_types_are_refused(info, text, encoding):
    declared = f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?>{text}'
    codec = info.compile(PAIR)
    start = time.process_time()
    for data in (text.encode(encoding), declared.encode(encoding)):
        with pytest.raises(DecodeError):
            codec.decode(data)
    assert time.process_time() - start < 1.0


@BOTH
def test_other_encodings_are_refused_and_not_guessed(info):
    codec = info.compile(PAIR)
    text = '<?xml version="1.0" encoding="iso-8859-1"?><pair><a>é</a></pair>'
    with pytest.raises(DecodeError):
        codec.decode(text.encode("latin-1"))
    with pytest.raises(DecodeError):
        codec.decode("<pair><a>x</a></pair>".encode("utf-16"))


TREE = Schema("Node", (Record("Node", (Field("child", 1, Ref("Node"), optional=True),)),))


@BOTH
def test_nesting_is_bounded(info):
    codec = info.compile(TREE)

    def nested(levels):
        return b"<node>" + b"<child>" * (levels - 1) + b"</child>" * (levels - 1) + b"</node>"

    assert codec.decode(nested(MAX_DEPTH)) is not None
    for levels in (MAX_DEPTH + 1, 100_000):
        with pytest.raises(DecodeError):
            codec.decode(nested(levels))
    with pytest.raises(DecodeError):
        codec.decode(b"<node>" + b"<child>" * 100_000)


@BOTH
def test_the_halves_work_on_the_library_s_elements(info):
    codec = info.compile(PAIR)
    root = codec.to_native({"a": "x", "b": 1})
    assert [child.tag for child in root] == ["a", "b"]
    assert codec.from_native(root) == codec.from_native(root) == {"a": "x", "b": 1}
    assert codec.encode_native(root) == b"<pair><a>x</a><b>1</b></pair>"


@BOTH
def test_names_of_fields_and_not_their_keys(info):
    schema = Schema("ThingHTTP", (Record("ThingHTTP", (Field("first_name", 1, String(), key="1st name"),)),))
    codec = info.compile(schema)
    assert codec.encode({"1st name": "x"}) == b"<thingHTTP><first_name>x</first_name></thingHTTP>"
    assert codec.decode(codec.encode({"1st name": "x"})) == {"1st name": "x"}


@BOTH
def test_encode_error_names_the_place(info):
    with pytest.raises(EncodeError) as caught:
        info.compile(of(List(Bytes()))).encode({"v": [b"", 3]})
    assert caught.value.path == "$.v[1]"


def test_an_independent_parser_finds_the_same_text():
    """What lxml's parser with its defaults makes of ElementTree's bytes, by XPath."""
    data = STDLIB.compile(of(Map(String(), String()))).encode({"v": {"\r": " <&> ", "é": ""}})
    root = etree.fromstring(data)
    assert root.xpath("/myMessage/v/entry/key/text()") == ["\r", "é"]
    assert root.xpath("string(/myMessage/v/entry[1]/value)") == " <&> "
    assert root.xpath("count(//value)") == 2


SHAPE = Schema(
    "Shape",
    (
        Record(
            "Shape",
            (
                Field("name", 1, String()),
                Field("tags", 2, List(String())),
                Field("size", 3, Ref("Size")),
                Field("note", 4, String(), True),
                Field("by", 5, Map(String(), Int(32))),
                Field("at", 6, Map(Int(8), Ref("Size"))),
                Field("u", 7, Ref("U")),
                Field("xmlns", 8, Int(8), True, key="ns"),
            ),
        ),
        Record("Size", (Field("x", 1, Int(8)), Field("y", 2, Float(), True, key="height"))),
        NAMED[1],
    ),
)
SHAPED = {
    "name": 'a "b"\n\t\r <&\'é',
    "tags": ["x", ""],
    "size": {"x": 1, "height": 0.5},
    "by": {"k": 1},
    "at": {2: {"x": 3}},
    "u": {"n": 4},
    "ns": 5,
}


@BOTH_ATTRIBUTES
def test_attributes(info):
    """Escapes of white space differ between the libraries, in hexadecimal or with zeros, and not in what they mean."""
    codec = info.compile(SHAPE)
    data = codec.encode(SHAPED).decode()
    assert data.replace("&#09;", "&#9;").replace("<tags></tags>", "<tags/>") == (
        '<shape name="a &quot;b&quot;&#10;&#9;&#13; &lt;&amp;\'é">'
        "<tags>x</tags><tags/>"
        '<size x="1" y="0.5"/><by><entry key="k" value="1"/></by><at><entry key="2"><value x="3"/></entry></at>'
        "<u><n>4</n></u><xmlns>5</xmlns></shape>"
    ).replace("/>", " />" if info is STDLIB_ATTRIBUTES else "/>")
    for reader in ATTRIBUTES:
        assert first_difference(SHAPED, reader.compile(SHAPE).decode(data.encode())) == ""


def test_an_independent_parser_finds_the_same_attributes():
    """What lxml's parser with its defaults makes of either library's attributes, by XPath."""
    text = " \t a\n\r\nb "
    for info in ATTRIBUTES:
        root = etree.fromstring(info.compile(of(String())).encode({"v": text}))
        assert root.xpath("string(/myMessage/@v)") == text


@BOTH_ATTRIBUTES
def test_white_space_in_attributes_is_normalized(info):
    """Section 3.3.3: what stands there bare is a space; a character reference is what it says."""
    codec = info.compile(of(String()))
    assert codec.decode(b'<myMessage v="a\n\tb\r\nc&#10;&#x9;d"/>') == {"v": "a  b c\n\td"}


@BOTH_ATTRIBUTES
@pytest.mark.parametrize("name", ["access_log", "media_content", "order", "telemetry", "tree", "numbers_finite"])
def test_each_reads_what_the_other_wrote_in_attributes(info, name):
    loaded = shared.load(name)
    [other] = [codec for codec in ATTRIBUTES if codec is not info]
    written, reader = other.compile(loaded.schema), info.compile(loaded.schema)
    for value in loaded.values[:5]:
        assert first_difference(value, reader.decode(written.encode(value))) == ""


@BOTH_ATTRIBUTES
@pytest.mark.parametrize(
    "text",
    [
        '<shape/>', '<pair b="7"/>', '<pair a="x" b="7" c="1"/>', '<pair a="xxxx"/>', '<pair a="x" b="128"/>',
        '<pair a="x" a="y"/>', '<pair><a>x</a></pair>', '<pair a="x"><b>7</b></pair>', '<pair a=x/>',
        '<pair a="&#0;"/>', '<pair xmlns="urn:x" a="x"/>', '<pair xmlns:p="urn:x" p:a="x"/>',
        '<pair a="<"/>', '<pair a="&nbsp;"/>',
    ],
)  # fmt: skip
def test_what_is_not_of_the_schema_is_refused_in_attributes(info, text):
    codec = info.compile(PAIR)
    assert codec.decode(b"<pair b='7' a='x'></pair>") == {"a": "x", "b": 7}
    with pytest.raises(DecodeError):
        codec.decode(text.encode())


@BOTH_ATTRIBUTES
@pytest.mark.parametrize(
    ("type_", "content"),
    [
        (Map(Int(), Int()), '<v><entry key="1"/></v>'),
        (Map(Int(), Int()), '<v><entry key="1" value="1" more="1"/></v>'),
        (Map(Int(), Int()), '<v><entry key="1" value="1"/><entry key="1" value="2"/></v>'),
        (Map(Int(), Int()), '<v><entry key="1" value="1"><value/></entry></v>'),
        (Map(Int(), Ref("Nothing")), '<v><entry key="1"/></v>'),
        (Map(Int(), Ref("Nothing")), '<v><entry key="1" value=""><value/></entry></v>'),
        (Map(Int(), Ref("Nothing")), '<v><entry><value/></entry></v>'),
        (Ref("Nothing"), '<v a="1"/>'),
    ],
)  # fmt: skip
def test_entries_are_checked_in_attributes(info, type_, content):
    with pytest.raises(DecodeError):
        info.compile(of(type_, *NAMED)).decode(f"<myMessage>{content}</myMessage>".encode())


def test_attributes_are_explained():
    data = LXML_ATTRIBUTES.compile(SHAPE).encode(SHAPED)
    spans = LXML_ATTRIBUTES.explain(SHAPE, data)
    assert sum(span.length for span in spans) == len(data)
    contents = {span.path: span.what for span in spans if span.purpose == "content"}
    assert contents["$.size.x"] == "1"
    assert contents["$.size.height"] == "0.5"
    assert contents["$.by{key}"] == '"k"'
    assert contents['$.by["k"]'] == "1"
    assert contents["$.at[2].x"] == "3"
    assert contents["$.name"].startswith('"a ')
    assert contents["$.u.n"] == "4"
