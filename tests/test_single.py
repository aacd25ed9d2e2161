"""One value at a time: the commands as functions of their input."""

import json
import math

import pytest
from serbench import single
from serbench.single import Unusable, convert, decode, encode, explain, hexdump, summarised
from sercodecs.contract import DecodeError, ExplainError, Span, UnsupportedSchema
from sercodecs.registry import UnknownCodec, codecs
from serschema import shared
from serschema.data import DataError
from serschema.errors import ValueMismatch
from serschema.jsonform import to_json
from serschema.limits import project
from serschema.model import Field, Float, List, Record, Schema, String
from serschema.values import first_difference

EMPLOYEE = shared.load("employee").schema
ANA = '{"name": "Ana Henríquez", "address": "Avda. Vergara 110, Concón", "number": 101}'.encode()
XDR = """\
00 00 00 0e 41 6e 61 20 48 65 6e 72 c3 ad 71 75
65 7a 00 00 00 00 00 1a 41 76 64 61 2e 20 56 65
72 67 61 72 61 20 31 31 30 2c 20 43 6f 6e 63 c3
b3 6e 00 00 00 00 00 65
"""
REALS = Schema("Reals", (Record("Reals", (Field("v", 1, List(Float())),)),))


def test_encode():
    assert encode(EMPLOYEE, "xdr", ANA) == single.Output(bytes.fromhex(XDR))
    assert encode(EMPLOYEE, "xdr/serbench", ANA, as_hex=True) == single.Output(XDR.encode())


def test_encode_checks_first():
    with pytest.raises(ValueMismatch, match=r"\$\.number: expected an integer in -2147483648..2147483647"):
        encode(EMPLOYEE, "json/stdlib", ANA.replace(b"101", b"3000000000"))
    with pytest.raises(ValueMismatch, match=r"\$\.number: expected a value"):
        encode(EMPLOYEE, "json/stdlib", b'{"name": "a", "address": "b"}')
    with pytest.raises(DataError, match="standard input:1"):
        encode(EMPLOYEE, "xdr", ANA[:-1])
    with pytest.raises(DataError, match="standard input:1: is not UTF-8"):
        encode(EMPLOYEE, "xdr", ANA.decode().encode("latin-1"))


def test_losses_are_notes():
    text = b'{"v": [1.5, "NaN", "Infinity"]}'
    output = encode(REALS, "json/orjson", text)
    assert output.data == b'{"v":[1.5,null,null]}'
    assert output.notes == ("json/orjson loses at $.v[2]: infinity becomes NaN",)
    assert encode(REALS, "xdr", text).notes == ()
    many = encode(REALS, "json/orjson", json.dumps({"v": ["Infinity"] * 25}).encode()).notes
    assert len(many) == 11
    assert many[-1] == "json/orjson loses so at 15 more places"


def test_what_a_codec_refuses():
    with pytest.raises(Unusable, match=r"asn1-ber/pyasn1 does not carry this: \$\.v\[0\]: NaN"):
        encode(REALS, "asn1-ber", b'{"v": ["NaN"]}')
    xdr = encode(REALS, "xdr", b'{"v": ["NaN"]}').data
    with pytest.raises(Unusable, match="NaN"):
        convert(REALS, "xdr", "asn1-ber", xdr)


def test_decode():
    assert decode(EMPLOYEE, "xdr", bytes.fromhex(XDR)).data.decode() == (
        '{\n  "name": "Ana Henríquez",\n  "address": "Avda. Vergara 110, Concón",\n  "number": 101\n}\n'
    )
    assert decode(EMPLOYEE, "xdr", XDR.upper().encode(), as_hex=True) == decode(EMPLOYEE, "xdr", bytes.fromhex(XDR))


def test_decode_gives_only_values_of_the_schema():
    with pytest.raises(ValueMismatch, match=r"\$\.number: expected an integer"):
        decode(EMPLOYEE, "json/stdlib", ANA.replace(b"101", b"true"))
    with pytest.raises(DecodeError, match="at byte 52"):
        decode(EMPLOYEE, "xdr", bytes.fromhex(XDR)[:-4])


@pytest.mark.parametrize("text", [b"0", b"00 0", b"0x00", b"zz", "\u0660\u0660".encode(), b"\xff"])
def test_what_is_not_hexadecimal(text):
    with pytest.raises(Unusable, match="not hexadecimal"):
        decode(EMPLOYEE, "xdr", text, as_hex=True)


NOT_CARRIED = {
    "employee": {"struct-native"},
    "order": {"struct-native", "csv"},
    "tree": {"struct-native", "csv", "arrow-ipc", "parquet"},
}


@pytest.mark.parametrize("name", NOT_CARRIED)
def test_what_was_encoded_is_decoded(name):
    loaded = shared.load(name, records=3)
    plain = to_json(loaded.values[0], loaded.schema)
    for info in codecs():
        if info.format.name in NOT_CARRIED[name]:
            with pytest.raises(UnsupportedSchema):
                encode(loaded.schema, info.id, json.dumps(plain).encode())
            continue
        octets = encode(loaded.schema, info.id, json.dumps(plain).encode()).data
        promised = to_json(project(loaded.values[0], loaded.schema, info.limits)[0], loaded.schema)
        assert first_difference(promised, json.loads(decode(loaded.schema, info.id, octets).data)) == ""


def test_convert():
    xdr = bytes.fromhex(XDR)
    protobuf = convert(EMPLOYEE, "xdr", "protobuf", xdr).data
    assert protobuf == encode(EMPLOYEE, "protobuf", ANA).data
    assert convert(EMPLOYEE, "protobuf", "xdr", protobuf).data == xdr


def test_hexadecimal_is_for_binary_formats():
    """A text format stays text, on either side."""
    assert convert(EMPLOYEE, "json/orjson", "xdr", ANA, as_hex=True).data.decode() == XDR
    text = convert(EMPLOYEE, "xdr", "json/orjson", XDR.encode(), as_hex=True).data
    assert json.loads(text) == json.loads(ANA)


def test_a_format_of_several_codecs():
    (note,) = encode(EMPLOYEE, "json", ANA).notes
    assert note.startswith("json is json/orjson here; there is also json/stdlib, ")
    with pytest.raises(UnknownCodec, match="did you mean"):
        encode(EMPLOYEE, "jsn", ANA)
    with pytest.raises(Unusable, match=r"pickle cannot be explained; what can: asn1-ber, .*, xdr, xml"):
        explain(EMPLOYEE, "pickle", b"")


def test_a_codec_that_is_not_installed(monkeypatch):
    monkeypatch.setattr(single.registry, "missing", lambda info: f"pip install {info.distribution}")
    with pytest.raises(Unusable, match="protobuf/upb is not installed: pip install protobuf"):
        encode(EMPLOYEE, "protobuf", ANA)


def test_explain():
    output = explain(EMPLOYEE, "xdr", XDR.encode(), as_hex=True)
    assert output.error is None
    assert output.data.decode() == (
        '0000  00 00 00 0e              length     length 14                    $.name\n'
        '0004  41 6e 61 20 48 65 6e 72  content    "Ana Henríquez"              $.name\n'
        "000c  c3 ad 71 75 65 7a\n"
        "0012  00 00                    padding    padding to 4                 $.name\n"
        "0014  00 00 00 1a              length     length 26                    $.address\n"
        '0018  41 76 64 61 2e 20 56 65  content    "Avda. Vergara 110, Concón"  $.address\n'
        "0020  72 67 61 72 61 20 31 31\n"
        "0028  30 2c 20 43 6f 6e 63 c3\n"
        "0030  b3 6e\n"
        "0032  00 00                    padding    padding to 4                 $.address\n"
        "0034  00 00 00 65              content    101                          $.number\n"
    )  # fmt: skip


def test_summary():
    assert explain(EMPLOYEE, "xdr", bytes.fromhex(XDR), summary=True).data.decode() == (
        "purpose    octets    share\n"
        "content        44   78.6 %\n"
        "length          8   14.3 %\n"
        "padding         4    7.1 %\n"
        "total          56  100.0 %\n"
    )
    assert summarised([]) == "purpose    octets    share\ntotal           0    0.0 %\n"


def test_summary_of_the_course():
    """Its efficiencies, 26 characters of 244 and of 134, are the share of content."""
    employees = shared.load("employees")
    text = json.dumps(to_json(employees.values[0], employees.schema)).encode()
    for codec, share in [("xml/lxml", "10.7 %"), ("json/orjson", "19.4 %")]:
        octets = encode(employees.schema, codec, text).data
        table = explain(employees.schema, codec, octets, summary=True).data.decode().splitlines()
        assert table[1].split(maxsplit=2) == ["content", "26", share]


def test_json():
    output = json.loads(explain(EMPLOYEE, "xdr", bytes.fromhex(XDR), as_json=True).data)
    assert (output["codec"], output["octets"], len(output["spans"])) == ("xdr/serbench", 56, 7)
    assert output["spans"][0] == {
        "offset": 0,
        "length": 4,
        "purpose": "length",
        "path": "$.name",
        "what": "length 14",
        "octets": "0000000e",
    }
    assert json.loads(explain(EMPLOYEE, "xdr", bytes.fromhex(XDR), summary=True, as_json=True).data) == {
        "codec": "xdr/serbench",
        "octets": 56,
        "purposes": {"content": 44, "length": 8, "padding": 4},
    }


def test_what_is_cut_off_is_explained_as_far_as_it_goes():
    output = explain(EMPLOYEE, "xdr", bytes.fromhex(XDR)[:20])
    assert output.data.decode().splitlines()[-1].split() == [
        "0012",
        "00",
        "00",
        "padding",
        "padding",
        "to",
        "4",
        "$.name",
    ]
    assert isinstance(output.error, ExplainError)
    assert str(output.error) == "at byte 20: 4 octets are due, 0 are left"
    nothing = explain(EMPLOYEE, "xdr", b"")
    assert nothing.data == b""
    assert str(nothing.error) == "at byte 0: 4 octets are due, 0 are left"


def test_wide_characters_take_two_columns():
    spans = [
        Span(0, 1, "content", "$.a", '"標籤"'),
        Span(1, 1, "content", "$.b", '"abcd"'),
        Span(2, 1, "tag", "$", "x" * 60),
    ]
    assert hexdump(spans, b"\0\1\2") == (
        '0000  00                       content    "標籤"  $.a\n'
        '0001  01                       content    "abcd"  $.b\n'
        f"0002  02                       tag        {'x' * 60}  $\n"
    )


def test_offsets_of_long_messages_have_as_many_digits_as_they_need():
    schema = Schema("Text", (Record("Text", (Field("v", 1, String()),)),))
    octets = encode(schema, "xdr", json.dumps({"v": "a" * 70_000}).encode()).data
    lines = explain(schema, "xdr", octets).data.decode().splitlines()
    assert lines[0].startswith("00000  00 01 11 70 ")
    assert lines[-1] == "1116c  61 61 61 61 61 61 61 61"
    assert len(lines) == 1 + math.ceil(70_000 / 8)
