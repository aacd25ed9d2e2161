"""Data files: what is read, in whichever form, and that bad input is one line with its place and advice."""

import gzip
import json
import math
import re
import struct
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal as D
from importlib import resources
from pathlib import Path
from uuid import UUID

import pytest
import zstandard
from google.protobuf import json_format, message_factory
from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from hypothesis import given, settings
from hypothesis import strategies as st
from sercodecs.registry import find
from serschema import data, mapping, shared
from serschema.data import DataError, read
from serschema.errors import ValueMismatch
from serschema.jsonform import to_json
from serschema.limits import Limits, project
from serschema.load.infer import infer
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
from serschema.strategies import schemas, values
from serschema.values import check, equal, first_difference

SCHEMA = Schema("Message", (Record("Message", (Field("a", 1, Int(32)), Field("b", 2, String(), optional=True))),))
MESSAGES = [{"a": 1, "b": "é"}, {"a": -2}]
TEXT = '{"a": 1, "b": "é"}\n{"a": -2}\n'.encode()
GZIPPED = gzip.compress(TEXT, mtime=0)


def write(folder, name, octets):
    path = folder / name
    path.write_bytes(octets)
    return str(path)


def found(paths, schema=SCHEMA, **options):
    return [(place.line, value) for place, value in read(paths, schema, **options)]


# Files


@pytest.mark.parametrize(
    ("name", "octets", "lines"),
    [
        ("data.jsonl", TEXT, [1, 2]),
        ("data.ndjson", TEXT.rstrip(), [1, 2]),
        ("data.json", TEXT, [1, 2]),
        ("data", TEXT, [1, 2]),
        ("data.jsonl", b"\xef\xbb\xbf" + TEXT.replace(b"\n", b"\r\n\r\n"), [1, 3]),
        ("data.jsonl.gz", GZIPPED, [1, 2]),
        ("data.jsonl.gz", gzip.compress(TEXT[:15], mtime=0) + gzip.compress(TEXT[15:], mtime=0), [1, 2]),
        ("data.jsonl.zst", zstandard.compress(TEXT), [1, 2]),
        ("data.jsonl.zst", zstandard.compress(TEXT[:15]) + zstandard.compress(TEXT[15:]), [1, 2]),
        ("compressed", zstandard.compress(TEXT), [1, 2]),
        ("data.json", b"[" + TEXT.strip().replace(b"\n", b",") + b"]", [1, 1]),
        ("data.json", b"\n[\n" + TEXT.strip().replace(b"\n", b"\n,\n\n") + b"\n]\n", [3, 6]),
    ],
)
def test_forms_of_files(tmp_path, name, octets, lines):
    assert found([write(tmp_path, name, octets)]) == list(zip(lines, MESSAGES, strict=True))


def test_a_document_with_one_message(tmp_path):
    assert found([write(tmp_path, "data.json", b'\n{\n  "a":\n 1\n}\n')]) == [(2, {"a": 1})]
    assert found([write(tmp_path, "data.json", b'{"a": 1}')]) == [(1, {"a": 1})]


def test_a_line_that_is_a_list_is_one_message(tmp_path):
    schema = Schema("M", (Record("M", (Field("value", 1, List(Int(8))),)),))
    assert found([write(tmp_path, "data.jsonl", b"[1, 2]\n")], schema) == [(1, {"value": [1, 2]})]
    assert found([write(tmp_path, "data.json", b"[1, 2]\n[3]\n")], schema) == [
        (1, {"value": [1, 2]}),
        (2, {"value": [3]}),
    ]
    assert found([write(tmp_path, "data.json", b"[[1, 2], []]\n")], schema) == [
        (1, {"value": [1, 2]}),
        (1, {"value": []}),
    ]


def test_several_files_and_a_folder(tmp_path):
    one = write(tmp_path, "2.jsonl", b'{"a": 2}')
    two = write(tmp_path, "1.json.gz", gzip.compress(b'{"a": 1}'))
    write(tmp_path, "README.md", b"no data")
    (tmp_path / "folder.json").mkdir()
    assert [(place.file, value["a"]) for place, value in read([one, two], SCHEMA)] == [(one, 2), (two, 1)]
    assert [(place.file, value["a"]) for place, value in read([tmp_path], SCHEMA)] == [(two, 1), (one, 2)]


def test_standard_input_is_read_twice(tmp_path):
    code = (
        "from serschema.load.infer import infer\n"
        "found = infer(['-'])\n"
        "print(found.schema.root, [(str(place), value) for place, value in found.read(['-'])])"
    )
    ran = subprocess.run([sys.executable, "-c", code], input=gzip.compress(TEXT), capture_output=True, check=True)
    assert ran.stdout.decode() == f"Message {[(f'standard input:{i}', m) for i, m in enumerate(MESSAGES, 1)]}\n"


def test_long_lines_and_many_blocks(tmp_path):
    long = "x" * 10_000_000
    lines = [{"a": 1, "b": long}, *({"a": i, "b": "é" * (i % 999)} for i in range(2500)), {"a": 2, "b": long}]
    path = write(tmp_path, "data.jsonl", "\n".join(json.dumps(line, ensure_ascii=False) for line in lines).encode())
    assert found([path]) == list(enumerate(lines, 1))


# Bad files


@pytest.mark.parametrize(
    ("name", "octets", "message"),
    [
        ("d.jsonl", b"", "{}: is empty: there is no message in it"),
        ("d.jsonl", b"\n \r\n\n", "{}: is empty: there is no message in it"),
        ("d.json", b" \n\n", "{}: is empty: there is no message in it"),
        ("d.json", b"[]", "{}: is empty: there is no message in it"),
        ("d.json.gz", gzip.compress(b"", mtime=0), "{}: is empty: there is no message in it"),
        ("d.jsonl", TEXT[:-4], "{}:2: ends in the middle of a value: is it cut off?"),
        ("d.jsonl", TEXT + b'{"a": 1, "b": "x', "{}:3: ends in the middle of a value: is it cut off?"),
        ("d.json", b'{\n"a": 1,\n', "{}:2: ends in the middle of a value: is it cut off?"),
        ("d.json", b'[{"a": 1},\n', "{}:1: ends in the middle of a value: is it cut off?"),
        ("d.json", b'[{"a": 1}', "{}:1: ends in the middle of a value: is it cut off?"),
        ("d.json", b"[\n", "{}:1: ends in the middle of a value: is it cut off?"),
        ("d.json", b'{\n"a": 1}\n{"a":\n2}', "{}:3: another value begins at column 1: put each on a line of its own,"),
        ("d.json", b'[\n{"a": 1}]\n x', "{}:3: another value begins at column 2: put each"),
        ("d.jsonl", b'{"a": 1} {"a": 2}', "{}:1: another value begins at column 10: put each on a line of its own,"),
        ("d.json", b'[{"a": 1}\n{"a": 2}]', "{}:2: is not JSON: expecting ',' delimiter or ']' at column 1, found '{"),
        ("d.jsonl", b"{'a': 1}", "{}:1: is not JSON: expecting property name enclosed in double quotes at column 2,"),
        ("d.jsonl", b"a,b\n1,2\n", "{}:1: is not JSON: expecting value at column 1, found 'a,b'"),
        ("d.jsonl", TEXT.decode().encode("latin-1"), "{}:1: is not UTF-8 (octet 0xe9 at column 16): if it is Latin-1,"),
        (
            "d.json",
            b'{\n"a":\n "\xff"}',
            "{}:3: is not UTF-8 (octet 0xff at column 3): if it is Latin-1, convert it wi",
        ),
        (
            "d.jsonl",
            TEXT.decode().encode("utf-16"),
            "{}:1: is UTF-16 or UTF-32, and JSON is UTF-8: convert it with ico",
        ),
        ("d.jsonl", TEXT.decode().encode("utf-16-be"), "{}:1: is UTF-16 or UTF-32, and JSON is UTF-8: convert it wit"),
        (
            "d.jsonl",
            b"\x7fELF\x02\x01\x01\0" + b"abc" * 99,
            "{}: is binary (it begins with 7f 45 4c 46 02 01 01 00), n",
        ),
        ("d.jsonl", b"[" * 5000 + b"]" * 5000, "{}:1: nested too deeply: serbench takes 100 levels"),
        ("d.json", b'[\n{"a": ' + b"[" * 5000 + b"]" * 5000, "{}:2: nested too deeply: serbench takes 100 levels"),
        ("d.jsonl", b'[{}, {"b": [0, {"a": 1, "c": 2, "c": 3}]}]', "{}:1: $[1].b[1]: the name 'c' occurs twice"),
        ("d.json", b'[{},\n {"b": {"a": 1, "a": 2}}]', "{}:2: $.b: the name 'a' occurs twice in one object: remove"),
        ("d.jsonl", b'{"a": 1, "a": 2}', "{}:1: $: the name 'a' occurs twice in one object: remove or rename one"),
        ("d.jsonl", b'{"a": ' + b"9" * 5000 + b"}", "{}:1: an integer of thousands of digits: write it as a string"),
        (
            "d.jsonl",
            b'{"a": 1, "b": "\\ud800"}',
            "{}:1: a lone surrogate \\ud800 in a string is not Unicode text: pair",
        ),
        (
            "d.json",
            b'[\n{"a": 1, "b": "\\udc00\\ud800"}]',
            "{}:2: a lone surrogate \\udc00 in a string is not Unicode ",
        ),
        (
            "d.jsonl",
            b'{"a": 1, "\\uDfff": ""}',
            "{}:1: a lone surrogate \\udfff in a string is not Unicode text: pair i",
        ),
        ("d.jsonl", b'{"a": NaN}', "{}:1: NaN is not JSON: write it in quotes, for a field of floats, or as null"),
        ("d.jsonl", b'{"a": -1e400}', "{}:1: the number -1e400 is beyond binary64: write it as a string"),
        ("d.jsonl", b"x" * 10_000_000, "{}:1: is not JSON: expecting value at column 1, found 'xxxxxxxxxxxxxxxxxxxx'"),
        ("d.jsonl.gz", GZIPPED[:-9], "{}: the compressed data ends too early: is the file cut off?"),
        ("d.jsonl.gz", GZIPPED[:10] + b"\x07" + GZIPPED[11:], "{}: the compressed data is damaged: Error -3 while "),
        ("d.jsonl.gz", GZIPPED[:-8] + b"\0" * 8, "{}: the compressed data is damaged: CRC check failed"),
        (
            "d.zst",
            zstandard.compress(TEXT)[:6] + b"\xff" * 40,
            "{}: the compressed data is damaged: zstd decompressor error: ",
        ),
        ("d.zst", zstandard.compress(TEXT)[:-1], "{}: the compressed data ends too early: is the file cut off?"),
        ("d.zst", zstandard.compress(TEXT) * 2 + b"x", "{}: the compressed data is damaged: zstd "),
        ("d.parquet", b"PAR1", "{}: needs pyarrow to be read: pip install pyarrow"),
        ("d.arrow", b"ARROW1\0\0", "{}: needs pyarrow to be read: pip install pyarrow"),
    ],
)
def test_bad_files(tmp_path, monkeypatch, name, octets, message):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    path = write(tmp_path, name, octets)
    with pytest.raises(DataError) as caught:
        found([path])
    text = str(caught.value)
    assert text.startswith(message.replace("{}", path, 1))
    assert "\n" not in text
    assert len(text) < len(path) + 200


def test_missing_files_and_folders(tmp_path):
    for path, message in ((tmp_path / "no.json", "there is no such file"), (tmp_path, "is a folder without data")):
        with pytest.raises(DataError, match=f"^{path}: {message}"):
            found([path])


def test_a_line_without_end(tmp_path, monkeypatch):
    monkeypatch.setattr(data, "MAX_LINE", 3 << 20)
    path = write(tmp_path, "d.jsonl", TEXT + b" " * (5 << 20))
    with pytest.raises(DataError, match=r":3: the line is longer than 3 MB: are they JSON Lines\?"):
        found([path])
    monkeypatch.setattr(data, "MAX_DOCUMENT", 3 << 20)
    path = write(tmp_path, "d.json", b"[\n" + b" " * (5 << 20))
    with pytest.raises(DataError, match="is longer than 3 MB: make it JSON Lines with jq"):
        found([path])


@pytest.mark.parametrize(
    ("name", "octets", "line", "path", "expected", "shown"),
    [
        ("d.jsonl", TEXT + b'\n{"a": "x"}', 4, "$.a", "an integer", "expected an integer, found 'x'"),
        ("d.jsonl", TEXT + b'{"a": 1.5}', 3, "$.a", "an integer", "expected an integer, found 1.5"),
        ("d.jsonl", b'{"b": "x"}', 1, "$.a", "a value, as the field is required", "found nothing"),
        ("d.jsonl", b'{"a": 1, "c": 2}', 1, "$", "only fields of Message", "found a field 'c'"),
        ("d.jsonl", b'{"a": 2147483648}', 1, "$.a", "an integer in -2147483648..2147483647", "found 2147483648"),
        (
            "d.jsonl",
            b'{"a": 123456789012345678901234567890}',
            1,
            "$.a",
            "an integer in -2147483648..2147483647",
            "1234",
        ),
        ("d.json", b'[{"a": 1},\n\n{"a": []}]', 3, "$.a", "an integer", "found []"),
        ("d.jsonl", b"[]", 1, "$", "an object for Message", "found []"),
        ("d.jsonl", b'{"a": ' + b"[" * 300 + b"]" * 300 + b"}", 1, "$.a", "an integer", "found [[[["),
    ],
)
def test_bad_records(tmp_path, name, octets, line, path, expected, shown):
    file = write(tmp_path, name, octets)
    with pytest.raises(DataError) as caught:
        found([file])
    error = caught.value
    assert (error.file, error.line, error.path, error.expected) == (file, line, path, expected)
    assert str(error).startswith(f"{file}:{line}: {path}: ")
    assert shown in str(error)
    assert len(str(error)) < len(file) + 200


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.binary(max_size=60) | st.text(alphabet='{}[]",:01e-.\\ua \n', max_size=30).map(str.encode))
def test_any_octets_are_read_or_refused(octets):
    message = ""
    try:
        for batch in data._lines("f", iter([octets])):
            for _, plain in batch.messages():
                assert equal(json.loads(json.dumps(plain)), plain)
    except DataError as error:
        message = str(error)
    assert re.fullmatch(r"(f:\d+: .+)?", message)


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        ({"a": [1, None], 2: b"\xfb\xff"}, {"a": [1, None], "2": "+/8="}),
        (datetime(2024, 1, 31, 7, 30), "2024-01-31T07:30:00.000000Z"),
        (datetime(2024, 1, 31, 9, tzinfo=timezone(timedelta(hours=1.5))), "2024-01-31T07:30:00.000000Z"),
        (date(2024, 1, 31), "2024-01-31"),
        (D("1E+2"), "100"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (1.0, 1.0),
        (math.inf, math.inf),
        (True, True),
    ],
)
def test_what_the_cells_of_a_table_become(value, plain):
    assert equal(data._plain(value), plain)


# The JSON mapping

PARTS = (
    Enum("Colour", (("RED", 0), ("GREEN", 1))),
    Union("Choice", (Field("some_number", 4, Int(64)), Field("text", 5, String()))),
    Record("Point", (Field("x", 1, Int(32)), Field("y", 2, Int(32), optional=True))),
    Record("Tree", (Field("next", 1, Ref("Tree"), optional=True),)),
    Union("Mixed", (Field("null", 1, Ref("Null")), Field("integer", 2, Int(32)), Field("object", 3, Ref("Point")))),
    Record("Null", ()),
)


def of(type_, optional=False, name="a_field", key=""):
    return Schema("Root", (Record("Root", (Field(name, 1, type_, optional, key),)), *PARTS))


def binary32(number):
    return struct.unpack("<f", struct.pack("<f", number))[0]


MORNING = datetime(2024, 1, 31, 7, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        (Int(64), '"-9223372036854775808"', -(1 << 63)),
        (Int(64, False), '"18446744073709551615"', (1 << 64) - 1),
        (Int(32), "1e2", 100),
        (Int(32), "-3.0", -3),
        (Float(), "1", 1.0),
        (Float(), "18446744073709551616", 18446744073709551616.0),
        (Float(), '"1.5e3"', 1500.0),
        (Float(), '"-Infinity"', -math.inf),
        (Float(), '"NaN"', math.nan),
        (Float(32), "0.1", binary32(0.1)),
        (Float(32), "16777217", 16777216.0),
        (Bytes(), '"+/8="', b"\xfb\xff"),
        (Bytes(), '"-_8="', b"\xfb\xff"),
        (Bytes(), '"-_8"', b"\xfb\xff"),
        (Bytes(), '"AA"', b"\0"),
        (Bytes(), '""', b""),
        (Ref("Colour"), '"GREEN"', "GREEN"),
        (Ref("Colour"), "1", "GREEN"),
        (Timestamp(), '"2024-01-31T07:30:00Z"', MORNING),
        (Timestamp(), '"2024-01-31t09:00:00.000+01:30"', MORNING),
        (Timestamp(), '"2024-01-31T07:30:00.123456000Z"', MORNING.replace(microsecond=123456)),
        (Timestamp(), '"2024-01-31T07:30:00.1Z"', MORNING.replace(microsecond=100000)),
        (Uuid(), '"C232AB00-9414-11EC-B3C8-9F6BDECED846"', UUID("c232ab00-9414-11ec-b3c8-9f6bdeced846")),
        (Uuid(), '"AAAAAAAAAAAAAAAAAAAAAQ=="', UUID(int=1)),
        (Decimal(12, 2), '"1.5"', D("1.50")),
        (Decimal(12, 2), "1.5", D("1.50")),
        (Decimal(12, 2), "7", D("7.00")),
        (Decimal(12, 2), "-0.0", D("0.00")),
        (Decimal(12, 2), "1e3", D("1000.00")),
        (List(Int(64)), '["1", 2]', [1, 2]),
        (List(Int(64)), "null", []),
        (Map(Bool(), Bytes()), '{"true": "AA"}', {True: b"\0"}),
        (Map(Int(32), Ref("Colour")), '{"-7": 1}', {-7: "GREEN"}),
        (Map(Int(32), Bool()), "null", {}),
        (Ref("Choice"), '{"some_number": "1"}', {"some_number": 1}),
        (Ref("Choice"), '{"someNumber": 1}', {"some_number": 1}),
        (Ref("Point"), '{"x": 1, "y": null}', {"x": 1}),
        (Ref("Mixed"), '{"integer": 1}', {"integer": 1}),
        (Ref("Mixed"), "1", {"integer": 1}),
        (Ref("Mixed"), "null", {"null": {}}),
        (Ref("Mixed"), '{"x": 1}', {"object": {"x": 1}}),
        (Ref("Mixed"), '{"object": {"x": 1}}', {"object": {"x": 1}}),
    ],
)
def test_what_is_understood(type_, text, value):
    schema = of(type_)
    got = mapping.compile(schema)({"a_field": json.loads(text)})
    check(got, schema)
    assert equal(got, {"a_field": value})


@pytest.mark.parametrize(
    ("type_", "text", "path", "expected"),
    [
        (Int(32), "1.5", "$.a_field", "an integer"),
        (Int(32), "true", "$.a_field", "an integer"),
        (Int(32), "null", "$.a_field", "an integer"),
        (Int(32), '"1_0"', "$.a_field", "an integer"),
        (Int(32), '"٣"', "$.a_field", "an integer"),
        (Float(), "true", "$.a_field", "a number"),
        (Float(), '"inf"', "$.a_field", "a number"),
        (Float(), '"1e999"', "$.a_field", "a number"),
        (Float(), "9007199254740993", "$.a_field", "a number that binary64 holds exactly"),
        (Float(), "1" + "0" * 400, "$.a_field", "a number that binary64 holds exactly"),
        (Float(32), "1e39", "$.a_field", "a number in the range of binary32"),
        (Float(), '"NaN:3ff0000000000000"', "$.a_field", "the 64 bits of a NaN"),
        (Bytes(), '"A"', "$.a_field", "base64"),
        (Bytes(), '"AB"', "$.a_field", "base64"),
        (Bytes(), '"AA="', "$.a_field", "base64"),
        (Bytes(), '"AA==="', "$.a_field", "base64"),
        (Bytes(), '"A A="', "$.a_field", "base64"),
        (Ref("Colour"), '"BLUE"', "$.a_field", "one of RED, GREEN"),
        (Ref("Colour"), "2", "$.a_field", "one of RED, GREEN"),
        (Ref("Colour"), "true", "$.a_field", "one of RED, GREEN"),
        (Ref("Colour"), "[]", "$.a_field", "one of RED, GREEN"),
        (Timestamp(), '"2024-01-31T07:30:00.1234567Z"', "$.a_field", "a time in microseconds, without nanoseconds"),
        (Timestamp(), '"2024-02-30T07:30:00Z"', "$.a_field", "a time that exists, in the years 1 to 9999"),
        (Timestamp(), '"0001-01-01T00:00:00+01:00"', "$.a_field", "a time that exists, in the years 1 to 9999"),
        (Timestamp(), '"2024-01-31"', "$.a_field", "an RFC 3339 time with its offset, as 2024-01-31T12:00:00Z"),
        (Timestamp(), "1706686200", "$.a_field", "an RFC 3339 time with its offset, as 2024-01-31T12:00:00Z"),
        (Uuid(), '"c232"', "$.a_field", "a UUID"),
        (Decimal(3, 2), "1.005", "$.a_field", "a decimal with at most 3 digits, 2 of them decimals"),
        (Decimal(3, 2), '"1e999999999"', "$.a_field", "a decimal with at most 3 digits, 2 of them decimals"),
        (Decimal(3, 2), '"NaN"', "$.a_field", "a decimal with at most 3 digits, 2 of them decimals"),
        (List(Bytes()), '["", "?"]', "$.a_field[1]", "base64"),
        (Map(String(), Bytes()), '{"k": "?"}', "$.a_field['k']", "base64"),
        (Map(Int(8), Bool()), '{"1": true, "01": true}', "$.a_field", "each key once"),
        (Map(Bool(), Bool()), '{"True": true}', "$.a_field['True']", 'a key "true" or "false"'),
        (Ref("Choice"), '{"x": 1}', "$.a_field", "an object with one of some_number, text"),
        (Ref("Choice"), '{"text": "", "some_number": 1}', "$.a_field", "an object with one of some_number, text"),
        (Ref("Choice"), '{"someNumber": []}', "$.a_field.someNumber", "an integer"),
        (Ref("Mixed"), '"a"', "$.a_field", "one of integer, null, object"),
        (Ref("Point"), '{"x": 1, "z": 1}', "$.a_field", "only fields of Point"),
        (Ref("Point"), '{"y": 1}', "$.a_field.x", "a value, as the field is required"),
    ],
)
def test_what_is_not_understood(type_, text, path, expected):
    schema = of(type_)
    with pytest.raises(ValueMismatch) as caught:
        check(mapping.compile(schema)({"a_field": json.loads(text)}), schema)
    assert (caught.value.path, caught.value.expected) == (path, expected)


def test_the_names_of_a_field():
    convert = mapping.compile(of(Int(8), key="@key"))
    for name in ("@key", "a_field", "aField"):
        assert convert({name: 1}) == {"@key": 1}
    with pytest.raises(ValueMismatch, match=r"expected 'a_field' once, found it again as 'aField'"):
        mapping.compile(of(Int(8)))({"a_field": 1, "aField": 1})


def test_a_flattened_oneof():
    convert = mapping.compile(of(Ref("Choice"), optional=True))
    assert convert({"someNumber": "7"}) == {"a_field": {"some_number": 7}}
    assert convert({"text": "x", "some_number": None}) == {"a_field": {"text": "x"}}
    assert convert({"aField": {"text": "x"}}) == {"a_field": {"text": "x"}}
    assert convert({}) == {}
    with pytest.raises(ValueMismatch, match=r"^\$: expected 'a_field' once, found it again as 'text'$"):
        convert({"some_number": 1, "text": "x"})
    with pytest.raises(ValueMismatch, match=r"^\$\.someNumber: expected an integer, found 'x'$"):
        convert({"someNumber": "x"})


def test_zeros_that_proto3_left_out():
    types = (Bool(), Int(8), Float(), String(), Bytes(), Ref("Colour"), List(Bool()), Map(String(), Bool()))
    record = Record("Root", tuple(Field(f"f{i}", i, type_) for i, type_ in enumerate(types, 1)))
    schema = Schema("Root", (record, *PARTS))
    zeros = {"f1": False, "f2": 0, "f3": 0.0, "f4": "", "f5": b"", "f6": "RED", "f7": [], "f8": {}}
    convert = mapping.compile(schema, proto_defaults=True)
    assert equal(convert({}), zeros)
    assert equal(convert(dict.fromkeys(zeros)), zeros)
    assert mapping.compile(schema)({}) == {"f7": [], "f8": {}}


def test_null_is_absence():
    assert mapping.compile(of(Int(8), optional=True))({"a_field": None}) == {}
    assert mapping.compile(of(Ref("Mixed"), optional=True))({"a_field": None}) == {"a_field": {"null": {}}}
    assert mapping.compile(of(Ref("Null"), optional=True))({"a_field": None}) == {"a_field": {}}


def test_deep_values():
    schema = of(Ref("Tree"))
    deep = {}
    for _ in range(20_000):
        deep = {"next": deep}
    with pytest.raises(ValueMismatch, match="at most 100 levels of nesting"):
        mapping.compile(schema)({"a_field": deep})


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(schemas(), st.data())
def test_the_plain_json_form_is_understood(schema, drawn):
    value = drawn.draw(values(schema))
    text = json.dumps(to_json(value, schema))
    assert equal(mapping.compile(schema)(json.loads(text)), value)


def proto_class(path, message, folder):
    """The class that the protobuf library makes of a message of a .proto file."""
    options = resources.files("serschema") / "options"
    roots = [options, resources.files("grpc_tools") / "_proto", path.parent]
    flags = ["--include_imports", f"--descriptor_set_out={folder / 'set'}"]
    command = [sys.executable, "-m", "grpc_tools.protoc", *(f"-I{root}" for root in roots), *flags, path]
    subprocess.run(list(map(str, command)), check=True)
    files = FileDescriptorSet.FromString((folder / "set").read_bytes())
    classes = message_factory.GetMessages(files.file, pool=DescriptorPool())
    return next(made for full, made in classes.items() if full.rpartition(".")[2] == message)


@pytest.mark.parametrize("name", shared.NAMES)
def test_what_the_protobuf_library_prints_is_understood(name, tmp_path):
    held = shared.load(name)
    made = proto_class(Path(shared.__file__).parent / getattr(shared._data(name), "SCHEMA", name) / "schema.proto",
                       held.schema.root, tmp_path)  # fmt: skip
    [codec] = find(["protobuf/upb"])
    encode = codec.compile(held.schema).encode
    convert = mapping.compile(held.schema, proto_defaults=True)
    for value in held.values:
        message = made.FromString(encode(value))
        for original_names in (False, True):
            text = json_format.MessageToJson(message, preserving_proto_field_name=original_names)
            expected = project(value, held.schema, Limits(nan="canonical"))[0]
            assert first_difference(convert(json.loads(text)), expected) == ""


def test_an_inferred_schema_reads_its_data_without_being_told(tmp_path):
    """As after `serbench infer` and an edit: the schema alone says what null, a union and a bare root are."""
    lines = [b'{"a": null, "b": 1, "c": null}', b'{"b": "x", "c": [null]}', b'{"a": 1, "b": {"x": 1}, "c": [2]}']
    path = write(tmp_path, "d.jsonl", b"\n".join(lines))
    inferred = infer([path])
    assert [value for _, value in read([path], inferred.schema)] == [value for _, value in inferred.read([path])]
    path = write(tmp_path, "d.jsonl", b'{"a": 1}\n2\n')
    inferred = infer([path])
    assert found([path], inferred.schema) == [(1, {"value": {"object": {"a": 1}}}), (2, {"value": {"integer": 2}})]
