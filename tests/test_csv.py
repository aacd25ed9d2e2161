"""CSV by the standard library. Texts follow RFC 4180, section 2, whose rule is named."""

import csv
import io
import math
import time
from datetime import UTC, datetime
from decimal import Decimal as PyDecimal
from uuid import UUID

import pytest
from sercodecs.contract import DecodeError, EncodeError, UnsupportedSchema
from sercodecs.csv import CODECS
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


def message(*fields, types=()):
    return Schema("Message", (Record("Message", fields), *types))


def texts(*names):
    return message(*(Field(name, i, String()) for i, name in enumerate(names, 1)))


RULES = [
    ("rule 1 and 3: lines end in CRLF, a header line", ["aaa", "bbb", "ccc"], b"aaa,bbb,ccc"),
    ("rule 4: spaces are part of a field", [" aaa", "bbb ", " "], b" aaa,bbb , "),
    ("rule 6: commas and line breaks are in quotes", ["aaa", "b\r\nbb", "c,c"], b'aaa,"b\r\nbb","c,c"'),
    ("rule 6: either half of a line break too", ["a\rb", "c\nd", "\r"], b'"a\rb","c\nd","\r"'),
    ("rule 7: a quote is doubled", ["aaa", 'b"bb', '"'], b'aaa,"b""bb",""""'),
    ("an empty field", ["", "", ""], b",,"),
    ("any character", ["\0", "\u2028\x85\x0b\x1c", "é\U0001f600"], "\0,\u2028\x85\x0b\x1c,é\U0001f600".encode()),
]


@pytest.mark.parametrize(("rule", "values", "line"), RULES)
def test_rules(rule, values, line):
    codec = INFO.compile(texts("f1", "f2", "f3"))
    value = dict(zip(("f1", "f2", "f3"), values))
    data = b"f1,f2,f3\r\n" + line + b"\r\n"
    assert codec.encode(value) == data, rule
    assert codec.decode(data) == value


@pytest.mark.parametrize(
    ("data", "values"),
    [
        (b'"f1","f2","f3"\r\n"aaa","bbb","ccc"\r\n', ["aaa", "bbb", "ccc"]),  # rule 5: quotes where none are needed
        (b"f1,f2,f3\r\nzzz,yyy,xxx", ["zzz", "yyy", "xxx"]),  # rule 2: the last line may lack its end
        (b"f1,f2,f3\nzzz,yyy,xxx\n", ["zzz", "yyy", "xxx"]),
    ],
)
def test_what_others_may_write(data, values):
    assert list(INFO.compile(texts("f1", "f2", "f3")).decode(data).values()) == values


KINDS = message(
    Field("b", 1, Bool()),
    Field("i", 2, Int(64, False)),
    Field("f", 3, Float()),
    Field("o", 4, Bytes()),
    Field("t", 5, Timestamp()),
    Field("u", 6, Uuid()),
    Field("d", 7, Decimal(5, 2)),
    Field("e", 8, Ref("Colour"), key="the, colour"),
    types=(Enum("Colour", (("RED", 0),)),),
)
VALUE = {
    "b": True,
    "i": (1 << 64) - 1,
    "f": -math.inf,
    "o": b"fooba",
    "t": datetime(1985, 4, 12, 23, 20, 50, 520000, UTC),
    "u": UUID(int=1),
    "d": PyDecimal("-12.50"),
    "the, colour": "RED",
}
LINES = (
    b'b,i,f,o,t,u,d,"the, colour"\r\ntrue,18446744073709551615,-inf,Zm9vYmE=,1985-04-12T23:20:50.520000Z,'
    b"00000000-0000-0000-0000-000000000001,-12.50,RED\r\n"
)


def test_kinds():
    codec = INFO.compile(KINDS)
    assert codec.encode(VALUE) == LINES
    assert first_difference(VALUE, codec.decode(LINES)) == ""
    assert codec.to_native(VALUE) == next(csv.reader(io.StringIO(LINES.decode().split("\r\n")[1])))


def test_present_absent_and_empty():
    codec = INFO.compile(message(Field("a", 1, String(), True), Field("b", 2, Bytes(), True), Field("c", 3, String())))
    for value, line in (
        ({"c": ""}, b",,"),
        ({"a": "x", "c": ""}, b"x,,"),
        ({"a": " ", "b": b"\0", "c": "y"}, b" ,AA==,y"),
    ):
        assert codec.encode(value) == b"a,b,c\r\n" + line + b"\r\n"
        assert codec.decode(b"a,b,c\r\n" + line + b"\r\n") == value
    for value in ({"a": "", "c": ""}, {"b": b"", "c": ""}):
        with pytest.raises(EncodeError):
            codec.encode(value)


def test_one_column():
    """A line without anything is no row: the library puts an empty only field in quotes."""
    codec = INFO.compile(message(Field("a", 1, String(), True)))
    assert codec.encode({}) == b'a\r\n""\r\n'
    assert codec.decode(b'a\r\n""\r\n') == {}
    with pytest.raises(DecodeError):
        codec.decode(b"a\r\n\r\n")


POINT = Record("Point", (Field("x", 1, Int()),))
CHOICE = Union("Choice", (Field("x", 1, Int()),))


@pytest.mark.parametrize(
    ("type_", "kind"),
    [(List(Int()), "List"), (Map(String(), Int()), "Map"), (Ref("Point"), "Record"), (Ref("Choice"), "Union")],
)
def test_what_is_not_flat(type_, kind):
    with pytest.raises(UnsupportedSchema) as caught:
        INFO.compile(message(Field("a", 1, Int()), Field("v", 2, type_), types=(POINT, CHOICE)))
    assert (caught.value.kind, caught.value.path) == (kind, "$.v")
    with pytest.raises(UnsupportedSchema):
        INFO.compile(message())


REFUSED = [
    b"", b"a,b\r\n", b"a,b\r\n1\r\n", b"a,b\r\n1,2,3\r\n", b"b,a\r\n1,2\r\n", b"a\r\n1,2\r\n", b"1,2\r\n",
    b"a,b,\r\n1,2\r\n",
    b"a,b\r\n1,2\r\n3,4\r\n", b"a,b\r\n\r\n", b'a,b\r\n1,"2\r\n', b'a,b\r\n1,"2"x\r\n', b"a,b\r\n1,x\r\n",
    b"a,b\r\n1, 2\r\n",
    b"a,b\r\n1,02\r\n", b"a,b\r\n1,128\r\n", b"a,b\r\n1,\xff\r\n", b"\xef\xbb\xbfa,b\r\n1,2\r\n", b"a,b\r\n1,2\r\n\r\n",
    b"a,b\r\n1," + b"9" * 500_000, b'"' * 500_000, b"," * 500_000, b"a,b\r\n" * 100_000, b'a,b\r\n"' + b'""' * 300_000,
]  # fmt: skip


@pytest.mark.parametrize("data", REFUSED, ids=range(len(REFUSED)))
def test_what_is_refused(data):
    codec = INFO.compile(message(Field("a", 1, String()), Field("b", 2, Int(8))))
    start = time.process_time()
    with pytest.raises(DecodeError):
        codec.decode(data)
    assert time.process_time() - start < 1


def test_a_field_of_any_length():
    codec = INFO.compile(texts("a"))
    value = {"a": 'x,"' * 200_000}
    assert codec.decode(codec.encode(value)) == value


def test_stream():
    codec = INFO.compile(message(Field("a", 1, String()), Field("b", 2, Int(8))))
    values = [{"a": "x", "b": 1}, {"a": '\r\n,"\n', "b": 2}, {"a": "é", "b": 3}]
    file = io.BytesIO()
    codec.write_stream(file, values)
    assert file.getvalue() == 'a,b\r\nx,1\r\n"\r\n,""\n",2\r\né,3\r\n'.encode()
    assert list(csv.DictReader(io.StringIO(file.getvalue().decode(), newline=""))) == [
        {"a": value["a"], "b": str(value["b"])} for value in values
    ]
    file.seek(0)
    assert list(codec.read_stream(file)) == values
    assert not file.closed
    for data in (b"", b"a,b\r\nx,1\r\ny\r\n", b"b,a\r\n", b"a,b\r\n\xc3,1\r\n", b"a,b\r\n\xc3"):
        with pytest.raises(DecodeError):
            list(codec.read_stream(io.BytesIO(data)))
    file = io.BytesIO()
    codec.write_stream(file, [])
    assert file.getvalue() == b"a,b\r\n"
    assert list(codec.read_stream(io.BytesIO(b"a,b\r\n"))) == []


def test_stream_is_read_line_by_line():
    file = io.BytesIO(b"a\r\n" + b"x\r\n" * 1000)
    stream = INFO.compile(texts("a")).read_stream(file)
    assert [next(stream), next(stream)] == [{"a": "x"}] * 2
    assert file.tell() == 9
