"""Bad files, through the command line: each is one line on standard error with its place, exit code 2, no traceback.

The same faults for data and for each language of schemas, in which a fault looks different.
"""

import pytest
from serbench.cli import main

DEEP = 5000
LONG = b"9" * 5000
TEN_MEGABYTES = b"x" * 10_000_000
XSD = b'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="m">%s</xs:element></xs:schema>'
XSD_INT = (
    b"<xs:complexType><xs:sequence><xs:element name='a'><xs:simpleType><xs:restriction base='xs:integer'>"
    b"<xs:maxInclusive value='%s'/></xs:restriction></xs:simpleType></xs:element></xs:sequence></xs:complexType>"
)
ASN1 = b"M DEFINITIONS AUTOMATIC TAGS ::= BEGIN\n%s END\n"

COMMON = {
    "an empty file": (b"", "is empty: there is no "),
    "a binary file": (b"\x7fELF\x02\x01\x01\0" + bytes(range(256)) * 20, ""),
    "UTF-16": ('{"name": "Ann"}'.encode("utf-16"), "UTF-8"),
    "Latin-1": (b"\n\xe9", ":2: is not UTF-8"),
    "a lone surrogate in UTF-8": (b"\n\xed\xa0\x80", ":2: is not UTF-8"),
    "a line of 10 MB": (TEN_MEGABYTES, ":1: "),
}
JSON = {
    "truncated": (b'{"a": [1, {"b": ', ":1: "),
    "a name twice": (b'{"a": {"b": 1, "b": 2}}', "remove "),
    "a lone surrogate": (b'{"a": "\\ud800"}', ":1: "),
    "a huge integer": (b'{"a": ' + LONG + b"}", ":1: "),
    "5,000 levels": (b"[" * DEEP + b"]" * DEEP, ""),
}
OWN = {
    "data.json": JSON,
    "data.jsonl": JSON,
    "schema.json": JSON
    | {
        "5,000 levels": (b'{"items": ' * DEEP + b'{"type": "integer"}' + b"}" * DEEP, "nested too deeply"),
        "a huge integer": (b'{"maximum": ' + LONG + b"}", "64 bits"),
    },
    "schema.avsc": JSON
    | {
        "5,000 levels": (
            b'{"type": "record", "name": "M", "fields": [{"name": "a", "type": '
            + b'{"type": "array", "items": ' * DEEP + b'"int"' + b"}" * DEEP + b"}]}",
            "nested too deeply",
        ),
    },
    "schema.proto": {
        "truncated": (b'syntax = "proto3";\nmessage A {\n  int32 ', ":3: "),
        "a name twice": (b'syntax = "proto3";\nmessage A {\n int32 a = 1;\n int32 a = 2; }', ":4: "),
        "a huge integer": (b'syntax = "proto3";\nmessage A { int32 a = ' + LONG + b"; }", ":2: Integer out of range"),
        "5,000 levels": (b'syntax = "proto3";\n' + b"message A {" * DEEP + b"}" * DEEP, ":2: "),
    },
    "schema.thrift": {
        "truncated": (b"struct M {\n  1: i32 ", ":2: expected a field's name, found the end"),
        "a name twice": (b"struct M {\n 1: i32 a\n 2: i32 a }", ":3: M: a has the name or the number of a"),
        "a huge integer": (b"struct M {\n" + LONG + b": i32 a }", ":2: a field's number is an integer"),
        "5,000 levels": (b"struct M { 1: " + b"list<" * DEEP + b"i32" + b">" * DEEP + b" a }", "nested too deeply"),
    },
    "schema.asn": {
        "truncated": ((ASN1 % b"A ::= SEQUENCE { a BOOLEAN }")[:60], ":2: "),
        "a name twice": (ASN1 % b"A ::= SEQUENCE { a BOOLEAN, a BOOLEAN }", "two members of name 'a'"),
        "a huge integer": (ASN1 % (b"A ::= SEQUENCE { a INTEGER (0.." + LONG + b") }"), "64 bits"),
        "5,000 levels": (ASN1 % (b"A ::= " + b"SEQUENCE OF " * DEEP + b"INTEGER"), "nested too deeply"),
    },
    "schema.xsd": {
        "truncated": ((XSD % (XSD_INT % LONG))[:150], ":1: is not XML: "),
        "a name twice": (XSD % b"<xs:complexType name='a' name='b'/>", ":1: is not XML: Attribute name redefined"),
        "a huge integer": (XSD % (XSD_INT % LONG), ""),
        "5,000 levels": (b"<a>" * DEEP + b"</a>" * DEEP, ":1: is not XML: Excessive depth"),
    },
    "schema.py": {
        "truncated": (b"class A(", ":1: importing it failed: SyntaxError"),
        "a huge integer": (b"x = " + LONG, "importing it failed: SyntaxError"),
        "5,000 levels": (b"x = " + b"(" * DEEP + b")" * DEEP, "importing it failed: SyntaxError"),
        "an empty file": (b"", "there are no records"),
        "UTF-16": ('{"name": "Ann"}'.encode("utf-16"), "importing it failed: "),
        "Latin-1": (b"\n\xe9", "importing it failed: "),
        "a lone surrogate in UTF-8": (b"\n\xed\xa0\x80", "importing it failed: "),
        "a line of 10 MB": (TEN_MEGABYTES, "importing it failed: NameError"),
    },
}  # fmt: skip
CASES = [(name, fault, *case) for name, own in OWN.items() for fault, case in (COMMON | own).items()]


def complaint(name, capsys):
    arguments = ["verify", "--codec", "xdr", "--schema" if name.startswith("schema") else "--data", name]
    assert main(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.endswith("\n")
    assert err.count("\n") == 1
    assert err.startswith(f"serbench: {name}:")
    assert len(err) < 1000
    return err


@pytest.mark.parametrize(("name", "fault", "octets", "words"), CASES, ids=[f"{case[0]}-{case[1]}" for case in CASES])
def test_a_bad_file_is_one_line(name, fault, octets, words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / name).write_bytes(octets)
    assert words in complaint(name, capsys)


@pytest.mark.parametrize("name", OWN)
def test_a_folder_or_nothing_in_its_place(name, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert "o such file" in complaint(name, capsys)
    (tmp_path / name).mkdir()
    assert "folder" in complaint(name, capsys) or "Is a directory" in complaint(name, capsys)
