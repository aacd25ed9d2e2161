"""Header lines. Nobody else writes this format: its vectors are made by hand, and each names the rule that it follows.

What others do write is compared with them: the fields of a flat message with `email.parser`, which reads RFC 5322; the
periods and the end with `smtplib`, which sends RFC 5321; the escapes with `urllib.parse`, which knows RFC 3986.
"""

import io
import math
import smtplib
import struct
import time
from contextlib import suppress
from datetime import UTC, datetime
from decimal import Decimal as PyDecimal
from email import policy
from email.parser import BytesParser
from functools import partial
from urllib.parse import unquote
from uuid import UUID

import pytest
from one_field import of
from sercodecs.contract import DecodeError, EncodeError
from sercodecs.text import CODECS
from serschema import shared
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
from serschema.values import first_difference

(INFO,) = CODECS


def lines(*some):
    return "".join(f"{line}\r\n" for line in (*some, ".")).encode()


def test_employees_of_the_course():
    employees = shared.load("employees")
    codec = INFO.compile(employees.schema)
    data = lines(
        "employee.0.firstName: John",
        "employee.0.lastName: Doe",
        "employee.1.firstName: Anna",
        "employee.1.lastName: Smith",
        "employee.2.firstName: Peter",
        "employee.2.lastName: Jones",
    )
    assert codec.encode(employees.values[0]) == data
    assert codec.decode(data) == employees.values[0]


[NAN_1] = struct.unpack(">d", bytes.fromhex("7ff8000000000001"))
POINT = Record("Point", (Field("x", 1, Int(8)), Field("y", 2, Int(8), True)))
NOTHING = Record("Nothing", ())
CHOICE = Union("Choice", (Field("point", 1, Ref("Point")), Field("list", 2, List(Int(8))), Field("no", 3, Ref("No"))))
NO = Record("No", ())
COLOUR = Enum("Colour", (("RED", 0), ("BLUE", 5)))

# type, value, lines, rule
VECTORS = [
    (Bool(), True, ["v: true"], "literal"),
    (Int(8), -5, ["v: -5"], "literal"),
    (Int(64, False), 18446744073709551615, ["v: 18446744073709551615"], "literal"),
    (Float(), 102.0, ["v: 102.0"], "literal: shortest repr"),
    (Float(), -0.0, ["v: -0.0"], "literal: shortest repr"),
    (Float(), -math.inf, ["v: -inf"], "literal: C, strtod"),
    (Float(), math.nan, ["v: nan"], "literal: C, strtod"),
    (Float(), NAN_1, ["v: nan(0x7ff8000000000001)"], "literal: C, strtod, n-char-sequence"),
    (String(), "Concón \U0001d11e", ["v: Concón \U0001d11e"], "RFC 6532, 3.2: UTF-8 in a body"),
    (String(), "", ["v: "], "empty body"),
    (String(), "a: b", ["v: a: b"], "RFC 5322, 2.2: a body may have colons"),
    (String(), ".", ["v: ."], "only a line's first period is doubled"),
    (String(), "100%", ["v: 100%25"], "RFC 3986, 2.4: the percent sign itself"),
    (String(), " a  b ", ["v: %20a  b%20"], "a space at either end"),
    (String(), " ", ["v: %20"], "a space at either end"),
    (String(), "a\r\n.\r\nb\t\0", ["v: a%0D%0A.%0D%0Ab%09%00"], "RFC 5198, 2: C0; RFC 3986, 2.1: capitals"),
    (String(), "\x7f\x85\u2028\u2029", ["v: %7F%C2%85%E2%80%A8%E2%80%A9"], "RFC 5198, 2; RFC 3986, 2.5: UTF-8"),
    (String(), "\u3000\xa0", ["v: \u3000\xa0"], "spaces of Unicode are not white space of RFC 5322"),
    (Bytes(), b"fooba", ["v: Zm9vYmE="], "RFC 4648, 10"),
    (Bytes(), b"", ["v: "], "empty body"),
    (Timestamp(), datetime(1985, 4, 12, 23, 20, 50, 520000, UTC), ["v: 1985-04-12T23:20:50.520000Z"], "RFC 3339, 5.8"),
    (Timestamp(), datetime(1, 1, 1, tzinfo=UTC), ["v: 0001-01-01T00:00:00Z"], "RFC 3339, 5.6: four digits of a year"),
    (Uuid(), UUID(int=0xF81D4FAE7DEC11D0A76500A0C91E6BF6), ["v: f81d4fae-7dec-11d0-a765-00a0c91e6bf6"], "RFC 9562, 4"),
    (Decimal(5, 2), PyDecimal("-0.05"), ["v: -0.05"], "literal"),
    (Ref("Colour"), "BLUE", ["v: BLUE"], "literal: the symbol"),
    (List(Int(8)), [], ["v: "], "empty body"),
    (List(Int(8)), [7, 8], ["v.0: 7", "v.1: 8"], "index from 0"),
    (List(List(String())), [[], ["", "a"]], ["v.0: ", "v.1.0: ", "v.1.1: a"], "index from 0, empty body"),
    (Map(String(), Int(8)), {}, ["v: "], "empty body"),
    (
        Map(String(), Int(8)),
        {"": 1, "A-b_c~9": 2, "a.b: c": 3, "Ñ": 4},
        ["v.: 1", "v.A-b_c~9: 2", "v.a%2Eb%3A%20c: 3", "v.%C3%91: 4"],
        "RFC 5322, 2.2: a name is ASCII without colon; RFC 3986, 2.3: unreserved",
    ),
    (Map(Bool(), Int(8)), {True: 1, False: 2}, ["v.true: 1", "v.false: 2"], "key"),
    (Map(Int(8), List(Int(8))), {-7: [], 0: [3]}, ["v.-7: ", "v.0.0: 3"], "key, then index"),
    (Map(String(), Map(String(), Bool())), {"": {"": True}}, ["v..: true"], "key of no character"),
    (Ref("Point"), {"x": 1}, ["v.x: 1"], "absent: no line"),
    (Ref("Point"), {"x": 1, "y": 2}, ["v.x: 1", "v.y: 2"], "order of the schema"),
    (Ref("Nothing"), {}, ["v: "], "empty body"),
    (Ref("Choice"), {"point": {"x": 3}}, ["v.point.x: 3"], "the name of the alternative"),
    (Ref("Choice"), {"list": []}, ["v.list: "], "the name of the alternative, empty body"),
    (Ref("Choice"), {"no": {}}, ["v.no: "], "the name of the alternative, empty body"),
]


@pytest.mark.parametrize(("type_", "value", "text", "rule"), VECTORS)
def test_rules(type_, value, text, rule):
    for optional in (False, True):
        codec = INFO.compile(of(type_, POINT, NOTHING, CHOICE, NO, COLOUR, optional=optional))
        assert codec.encode({"v": value}) == lines(*text), rule
        assert first_difference({"v": value}, codec.decode(lines(*text))) == "", rule
    assert codec.encode({}) == b".\r\n"
    assert codec.decode(b".\r\n") == {}


FLAT = Schema("Mail", (Record("Mail", (
    Field("subject", 1, String()),
    Field("number", 2, Int()),
    Field("note", 3, String(), True),
    Field("at", 4, Timestamp()),
    Field("size", 5, Decimal(9, 3)),
    Field("picture", 6, Bytes()),
)),))  # fmt: skip


@pytest.mark.parametrize("subject", ["Grüße: 5 %", "", "a\r\nbcc: all@example.com", "\u2028\x85\x0b ", "日本 語"])
def test_fields_as_the_parser_of_mail_reads_them(subject):
    """Names and bodies, of which an escaped one is undone by `urllib.parse`; no line comes out of a string."""
    value = {
        "subject": subject,
        "number": -3,
        "at": datetime(2024, 1, 2, tzinfo=UTC),
        "size": PyDecimal("1.500"),
        "picture": b"\0\1\2",
    }
    head, end = INFO.compile(FLAT).encode(value)[:-3], INFO.compile(FLAT).encode(value)[-3:]
    parsed = BytesParser(policy=policy.SMTPUTF8).parsebytes(head + b"\r\n")
    assert [(name, unquote(str(body))) for name, body in parsed.items()] == [
        ("subject", subject),
        ("number", "-3"),
        ("at", "2024-01-02T00:00:00Z"),
        ("size", "1.500"),
        ("picture", "AAEC"),
    ]
    assert parsed.defects == []
    assert parsed.get_payload() == ""
    assert end == b".\r\n"


LONG = ["x" * 2000, "." * 3000, "é" * 1500, "%" * 700, "a%" * 800, "a" * 995, "a" * 996, "a" * 994 + "%é", "日." * 700]


@pytest.mark.parametrize("text", LONG, ids=range(len(LONG)))
def test_long_lines_are_broken_and_periods_doubled(text):
    """RFC 5322, 2.1.1: 998 octets; RFC 5321, 4.5.3.1.6: a period for transparency not counted."""
    codec = INFO.compile(of(String()))
    data = codec.encode({"v": text})
    broken = data[:-3].split(b"\r\n")
    assert max(len(line) - line.startswith(b".") for line in broken) <= 998
    for line in broken:
        line.decode()  # a character of several octets stays in one line
    assert all(line.endswith(b"%") for line in broken[:-2])
    plain = b"\r\n".join(line.removeprefix(b".") for line in broken)
    assert smtplib._quote_periods(plain) + b".\r\n" == data
    assert codec.decode(data) == {"v": text}
    assert codec.access(("v",))(data) == text
    assert sum(span.length for span in INFO.explain(of(String()), data)) == len(data)


def test_transparency_is_that_of_smtplib():
    """A sender that breaks elsewhere: whatever smtplib makes of the lines is read."""
    sent = "v: one%\r\n.two%\r\n..three%\r\n four\r\n"
    data = smtplib._quote_periods(smtplib.quotedata(sent).replace("\r\n..", "\r\n.").encode()) + b".\r\n"
    assert data == b"v: one%\r\n..two%\r\n...three%\r\n four\r\n.\r\n"
    assert INFO.compile(of(String())).decode(data) == {"v": "one.two..three four"}


NOT_A_MESSAGE = [
    b"", b".", b"\r\n.\r\n", b"v: 1", b"v: 1\r\n", b"v: 1\r\n.", b"v: 1\n.\n", b"v: 1\r\n.\r\n.\r\n", b"v: 1\r\n.\r\nx",
    b"V: 1\r\n.\r\n", b"v:1\r\n.\r\n", b"v : 1\r\n.\r\n", b" v: 1\r\n.\r\n", b"v: 1\r\nv: 1\r\n.\r\n",
    b"v: 1\r\nw: 1\r\n.\r\n", b"w: 1\r\nv: 1\r\n.\r\n", b"v.0: 1\r\n.\r\n", b": 1\r\n.\r\n", b"v: 1\r\n: \r\n.\r\n",
    b"v: 01\r\n.\r\n", b"v: +1\r\n.\r\n", b"v: 1_0\r\n.\r\n", b"v:  1\r\n.\r\n", b"v: 1 \r\n.\r\n",
    b"v: \xd9\xa1\r\n.\r\n",
    b"v: 128\r\n.\r\n", b"v: \r\n.\r\n", b"v: 1\n\r\n.\r\n", b"v: 1\r\r\n.\r\n", b"v: \0\r\n.\r\n", b"v: 1%\r\n.\r\n",
    b"v: %31\r\n.\r\n", b"v: \xff\r\n.\r\n", b"v: " + b"9" * 100_000 + b"\r\n.\r\n",
]  # fmt: skip


@pytest.mark.parametrize("data", NOT_A_MESSAGE, ids=range(len(NOT_A_MESSAGE)))
def test_what_is_not_a_message_is_refused(data):
    with pytest.raises(DecodeError):
        INFO.compile(of(Int(8))).decode(data)


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        (String(), ["v: %"]), (String(), ["v: %4"]), (String(), ["v: %zz"]), (String(), ["v: %FF"]),
        (String(2), ["v: abc"]), (String(), ["v: a\x85b"]), (String(), ["v: a\u2028b"]),
        (Bool(), ["v: True"]), (Bool(), ["v: 1"]), (Float(), ["v: 1_0.0"]), (Float(), ["v: infinity"]),
        (Float(), ["v: nan(0x3ff0000000000000)"]), (Float(), ["v: 0x1p3"]), (Float(32), ["v: 1e300"]),
        (Bytes(), ["v: Zm9vYmE"]), (Bytes(), ["v: Zm9v YmE="]), (Bytes(2, 2), ["v: Zm9v"]),
        (Timestamp(), ["v: 2024-01-02"]), (Timestamp(), ["v: 2024-01-02T00:00:00"]),
        (Timestamp(), ["v: 2024-01-02T00:00:00+01:00"]), (Timestamp(), ["v: 2024-13-02T00:00:00Z"]),
        (Timestamp(), ["v: 2024-01-02T00:00:00.1234567Z"]), (Uuid(), ["v: {f81d4fae-7dec-11d0-a765-00a0c91e6bf6}"]),
        (Decimal(5, 2), ["v: 1.5"]), (Decimal(5, 2), ["v: 1.500"]), (Decimal(5, 2), ["v: -0.00"]),
        (Decimal(5, 2), ["v: 1234.00"]), (Decimal(5, 2), ["v: NaN"]), (Decimal(5, 2), ["v: 01.50"]),
        (Ref("Colour"), ["v: red"]), (Ref("Colour"), ["v: 0"]),
        (List(Int(8)), ["v: 1"]), (List(Int(8)), ["v.1: 1"]), (List(Int(8)), ["v.0: 1", "v.2: 1"]),
        (List(Int(8)), ["v.00: 1"]), (List(Int(8)), ["v: ", "v.0: 1"]), (List(Int(8), 1, 1), ["v: "]),
        (Map(String(), Int(8)), ["v.a: 1", "v.a: 2"]), (Map(String(), Int(8)), ["v.a: 1", "v.%61: 2"]),
        (Map(String(), Int(8)), ["v.a.b: 1"]), (Map(Int(8), Int(8)), ["v.01: 1"]), (Map(Bool(), Int(8)), ["v.1: 1"]),
        (Ref("Point"), ["v.y: 1", "v.x: 1"]), (Ref("Point"), ["v.y: 1"]), (Ref("Point"), ["v: ", "v.x: 1"]),
        (Ref("Nothing"), ["v: x"]), (Ref("Choice"), ["v: "]), (Ref("Choice"), ["v.other: 1"]),
        (Ref("Choice"), ["v.point.x: 1", "v.no: "]),
    ],
)  # fmt: skip
def test_strict_reading(type_, text):
    codec = INFO.compile(of(type_, POINT, NOTHING, CHOICE, NO, COLOUR))
    with pytest.raises(DecodeError):
        codec.decode(lines(*text))


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        (Float(), "1e5", 1e5),
        (Float(), "-3", -3.0),
        (Float(32), "0.1", struct.unpack("<f", struct.pack("<f", 0.1))[0]),
        (String(), "%41%c3%a9", "Aé"),
        (Uuid(), "F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6", UUID("f81d4fae-7dec-11d0-a765-00a0c91e6bf6")),
        (Timestamp(), "2024-01-02T00:00:00.5Z", datetime(2024, 1, 2, 0, 0, 0, 500000, UTC)),
    ],
)
def test_what_others_may_write(type_, text, value):
    assert first_difference({"v": value}, INFO.compile(of(type_)).decode(lines(f"v: {text}"))) == ""


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        (Int(8), 128), (Int(8), 1.0), (Int(8), "1"), (Float(), 1), (String(2), "abc"), (String(), b"a"),
        (Bytes(1), b""), (Bool(), "true"), (Uuid(), None), (Ref("Colour"), "GREEN"), (List(Int(8), 1), []),
        (String(), "\ud800"),
    ],
)  # fmt: skip
def test_encode_refuses(type_, value):
    with pytest.raises(EncodeError) as caught:
        INFO.compile(of(type_, COLOUR)).encode({"v": value})
    assert caught.value.path == "$.v"


TREE = Schema("Folder", (Record("Folder", (Field("f", 1, Map(String(), Ref("Folder"))),)),))


HOSTILE = {
    "many fields": lambda n: b"v.0: 1\r\n" * n + b".\r\n",
    "many soft breaks": lambda n: b"v: " + b"%\r\n" * n + b"\r\n.\r\n",
    "many periods": lambda n: b"v: " + b"%\r\n.." * n + b"\r\n.\r\n",
    "many ends": lambda n: b".\r\n" * n,
    "escapes": lambda n: b"v: " + b"%41" * n + b"\r\n.\r\n",
    "a deep name": lambda n: b"f" + b".a.f" * n + b": \r\n.\r\n",
    "a long key": lambda n: b"f." + b"a" * n + b".f: \r\n.\r\n",
    "many deep names": lambda n: b"".join(b"f.a." * 98 + b"f.%d.f: \r\n" % i for i in range(n // 100)) + b".\r\n",
    "items": lambda n: b"".join(b"v.%d: 1\r\n" % i for i in range(n)) + b".\r\n",
}


@pytest.mark.parametrize("make", HOSTILE.values(), ids=HOSTILE)
def test_time_is_linear(make):
    for schema in (of(String()), of(List(Int(8))), TREE):
        for function, size in (INFO.compile(schema).decode, 200_000), (partial(INFO.explain, schema), 10_000):
            start = time.process_time()
            with suppress(DecodeError):
                function(make(size))
            assert time.process_time() - start < 2


def test_stream():
    """RFC 3977, 3.1.1: each block ends by itself; an empty message is a line of a period."""
    codec = INFO.compile(of(Int(8), optional=True))
    file = io.BytesIO()
    codec.write_stream(file, [{"v": 1}, {}, {}, {"v": 2}])
    assert file.getvalue() == b"v: 1\r\n.\r\n.\r\n.\r\nv: 2\r\n.\r\n"
    file.seek(0)
    assert list(codec.read_stream(file)) == [{"v": 1}, {}, {}, {"v": 2}]
    assert not file.closed
    for size in range(1, len(file.getvalue())):
        messages = []
        try:
            messages.extend(codec.read_stream(io.BytesIO(file.getvalue()[:size])))
        except DecodeError:
            continue
        assert file.getvalue()[size - 3 : size] == b".\r\n"


def test_stream_across_reads():
    codec = INFO.compile(of(String()))
    values = [{"v": "x" * size} for size in (0, 65_530, 65_535, 200_000, 3)]
    file = io.BytesIO()
    codec.write_stream(file, values)
    file.seek(0)
    assert list(codec.read_stream(file)) == values


def test_access():
    schema = Schema("Message", (
        Record("Message", (Field("a", 1, String()), Field("b", 2, Map(String(), List(Ref("Choice")))))),
        CHOICE, NO, POINT,
    ))  # fmt: skip
    codec = INFO.compile(schema)
    data = codec.encode({"a": "%\r\nb.k%2E.0.point.x: 9" + "y" * 2000, "b": {"k.": [{"point": {"x": 7}}]}})
    assert codec.access(("b", "k.", 0, "point", "x"))(data) == 7
    with pytest.raises(DecodeError):
        codec.access(("b", "k.", 0, "point", "y"))(data)
    with pytest.raises(DecodeError):
        codec.access(("b", "k.", 0, "point"))
    with pytest.raises(DecodeError):
        codec.access(("a", "x"))


def test_explained():
    schema = of(Map(String(), Ref("Point")), POINT)
    data = b"v.a%20b.x: 5\r\nv.a%20b.y: %\r\n6\r\n.\r\n"
    assert [(span.offset, span.length, span.purpose, span.path, span.what) for span in INFO.explain(schema, data)] == [
        (0, 1, "name", "$.v", "v"),
        (1, 1, "structure", "$.v", "."),
        (2, 5, "content", "$.v{key}", '"a b"'),
        (7, 1, "structure", '$.v["a b"]', "."),
        (8, 1, "name", '$.v["a b"].x', "x"),
        (9, 2, "structure", '$.v["a b"].x', ": "),
        (11, 1, "content", '$.v["a b"].x', "5"),
        (12, 2, "structure", '$.v["a b"].x', "\\u000d\\u000a"),
        (14, 1, "name", "$.v", "v"),
        (15, 1, "structure", "$.v", "."),
        (16, 5, "name", "$.v{key}", '"a b"'),
        (21, 1, "structure", '$.v["a b"]', "."),
        (22, 1, "name", '$.v["a b"].y', "y"),
        (23, 5, "structure", '$.v["a b"].y', ": %\\u000d\\u000a"),
        (28, 1, "content", '$.v["a b"].y', "6"),
        (29, 5, "structure", '$.v["a b"].y', "\\u000d\\u000a.\\u000d\\u000a"),
    ]
