"""What explanations say, literally: the worked examples of the course and of the specifications, octet by octet."""

import json
from pathlib import Path

import pytest
from serbench.single import hexdump
from sercodecs.registry import find
from serschema import shared
from serschema.jsonform import schema_from_json
from serschema.model import Bool, Bytes, Decimal, Field, Int, List, Record, Ref, Schema, String, Union, Uuid

VECTORS = Path(__file__).parent / "vectors"
JVM = {case["name"]: case for case in json.loads((VECTORS / "java.json").read_text(encoding="utf-8"))["cases"]}


def explained(codec, schema, octets):
    (info,) = find([codec])
    return hexdump(info.explain(schema, octets), octets)


def message(*fields, types=()):
    return Schema("Message", (Record("Message", fields), *types))


def test_xdr_integers_of_the_course():
    octets = b"".join((1_000_000_000 + i).to_bytes(4, "big") for i in range(8))
    assert (
        explained("xdr/serbench", shared.load("integers").schema, octets)
        == """\
0000  3b 9a ca 00              content    1000000000  $.integers[0]
0004  3b 9a ca 01              content    1000000001  $.integers[1]
0008  3b 9a ca 02              content    1000000002  $.integers[2]
000c  3b 9a ca 03              content    1000000003  $.integers[3]
0010  3b 9a ca 04              content    1000000004  $.integers[4]
0014  3b 9a ca 05              content    1000000005  $.integers[5]
0018  3b 9a ca 06              content    1000000006  $.integers[6]
001c  3b 9a ca 07              content    1000000007  $.integers[7]
"""
    )


def test_xdr_file_of_rfc_4506():
    """Section 7: the file "sillyprog" of user john."""
    kind = Union("filetype", (Field("creator", 1, String(255)), Field("interpreter", 2, String(255))))
    fields = (
        Field("filename", 1, String(255)),
        Field("type", 2, Ref("filetype")),
        Field("owner", 3, String(32)),
        Field("data", 4, Bytes(0, 65535)),
    )
    octets = bytes.fromhex(
        "00000009 73696c6c 7970726f 67000000 00000002 00000004 6c697370 00000004 6a6f686e 00000006 28717569 74290000"
    )
    assert (
        explained("xdr/serbench", message(*fields, types=(kind,)), octets)
        == """\
0000  00 00 00 09              length     length 9                     $.filename
0004  73 69 6c 6c 79 70 72 6f  content    "sillyprog"                  $.filename
000c  67
000d  00 00 00                 padding    padding to 4                 $.filename
0010  00 00 00 02              tag        alternative 2 (interpreter)  $.type
0014  00 00 00 04              length     length 4                     $.type.interpreter
0018  6c 69 73 70              content    "lisp"                       $.type.interpreter
001c  00 00 00 04              length     length 4                     $.owner
0020  6a 6f 68 6e              content    "john"                       $.owner
0024  00 00 00 06              length     length 6                     $.data
0028  28 71 75 69 74 29        content    6 octets                     $.data
002e  00 00                    padding    padding to 4                 $.data
"""
    )


def test_protocol_buffers_documentation():
    """protobuf.dev, "Encoding": message Test1 { optional int32 a = 1; } with a = 150."""
    assert (
        explained("protobuf/upb", message(Field("a", 1, Int(32))), bytes.fromhex("089601"))
        == """\
0000  08                       tag        tag 1, varint  $.a
0001  96 01                    content    150            $.a
"""
    )


def test_avro_specification():
    """Apache Avro, "Records": {"a": 27, "b": "foo"} of a long and a string."""
    schema = message(Field("a", 1, Int(64)), Field("b", 2, String()))
    assert (
        explained("avro/fastavro", schema, bytes.fromhex("3606666f6f"))
        == """\
0000  36                       content    27        $.a
0001  06                       length     length 3  $.b
0002  66 6f 6f                 content    "foo"     $.b
"""
    )


def test_msgpack_home_page():
    """msgpack.org: {"compact": true, "schema": 0}, 18 octets."""
    schema = message(Field("compact", 1, Bool()), Field("schema", 2, Int(32)))
    assert (
        explained("msgpack/msgpack", schema, bytes.fromhex("82a7636f6d70616374c3a6736368656d6100"))
        == """\
0000  82                       length     map of 2 pairs  $
0001  a7                       length     str, length 7   $.compact
0002  63 6f 6d 70 61 63 74     name       "compact"       $.compact
0009  c3                       content    true            $.compact
000a  a6                       length     str, length 6   $.schema
000b  73 63 68 65 6d 61        name       "schema"        $.schema
0011  00                       content    0               $.schema
"""
    )


def test_cbor_of_rfc_8949():
    """Appendix A: {"a": 1, "b": [2, 3]}; the indefinite lengths of {_ "a": 1, "b": [_ 2, 3]}; 3.4.4: 273.15."""
    schema = message(Field("a", 1, Int(32)), Field("b", 2, List(Int(32))))
    assert (
        explained("cbor/cbor2", schema, bytes.fromhex("a26161016162820203"))
        == """\
0000  a2                       length     map of 2 pairs         $
0001  61                       length     text string, length 1  $.a
0002  61                       name       "a"                    $.a
0003  01                       content    1                      $.a
0004  61                       length     text string, length 1  $.b
0005  62                       name       "b"                    $.b
0006  82                       length     array of 2 items       $.b
0007  02                       content    2                      $.b[0]
0008  03                       content    3                      $.b[1]
"""
    )
    assert (
        explained("cbor/cbor2", schema, bytes.fromhex("bf61610161629f0203ffff"))
        == """\
0000  bf                       length     map, indefinite length    $
0001  61                       length     text string, length 1     $.a
0002  61                       name       "a"                       $.a
0003  01                       content    1                         $.a
0004  61                       length     text string, length 1     $.b
0005  62                       name       "b"                       $.b
0006  9f                       length     array, indefinite length  $.b
0007  02                       content    2                         $.b[0]
0008  03                       content    3                         $.b[1]
0009  ff                       structure  break                     $.b
000a  ff                       structure  break                     $
"""
    )
    assert (
        explained("cbor/cbor2", message(Field("d", 1, Decimal(5, 2))), bytes.fromhex("a16164c48221196ab3"))
        == """\
0000  a1                       length     map of 1 pair             $
0001  61                       length     text string, length 1     $.d
0002  64                       name       "d"                       $.d
0003  c4                       tag        tag 4 (decimal fraction)  $.d
0004  82                       length     array of 2 items          $.d
0005  21                       content    exponent -2               $.d
0006  19                       tag        unsigned, 2 octets        $.d
0007  6a b3                    content    27315                     $.d
"""
    )


def test_cbor_labels():
    """RFC 8392, A.1: issuer (1), subject (2) and expiration (4), of the seven claims of that CBOR Web Token."""
    claims = message(Field("iss", 1, String()), Field("sub", 2, String()), Field("exp", 4, Int(64)))
    octets = bytes.fromhex("a3 01 75636f61703a2f2f61732e6578616d706c652e636f6d 02 656572696b77 04 1a5612aeb0")
    assert (
        explained("cbor/cbor2-labels", claims, octets)
        == """\
0000  a3                       length     map of 3 pairs           $
0001  01                       tag        label 1                  $.iss
0002  75                       length     text string, length 21   $.iss
0003  63 6f 61 70 3a 2f 2f 61  content    "coap://as.example.com"  $.iss
000b  73 2e 65 78 61 6d 70 6c
0013  65 2e 63 6f 6d
0018  02                       tag        label 2                  $.sub
0019  65                       length     text string, length 5    $.sub
001a  65 72 69 6b 77           content    "erikw"                  $.sub
001f  04                       tag        label 4                  $.exp
0020  1a                       tag        unsigned, 4 octets       $.exp
0021  56 12 ae b0              content    1444064944               $.exp
"""
    )


def test_bson_of_its_specification():
    """bsonspec.org: {"hello": "world"}. The BSON corpus: an array, a UUID, a decimal."""
    assert (
        explained(
            "bson/pymongo",
            message(Field("hello", 1, String())),
            bytes.fromhex("160000000268656c6c6f0006000000776f726c640000"),
        )
        == """\
0000  16 00 00 00              length     length 22        $
0004  02                       tag        string           $.hello
0005  68 65 6c 6c 6f           name       "hello"          $.hello
000a  00                       structure  end of key       $.hello
000b  06 00 00 00              length     length 6         $.hello
000f  77 6f 72 6c 64           content    "world"          $.hello
0014  00                       structure  end of string    $.hello
0015  00                       structure  end of document  $
"""
    )
    assert (
        explained(
            "bson/pymongo",
            message(Field("a", 1, List(Int(32)))),
            bytes.fromhex("140000000461000c0000001030000a0000000000"),
        )
        == """\
0000  14 00 00 00              length     length 20        $
0004  04                       tag        array            $.a
0005  61                       name       "a"              $.a
0006  00                       structure  end of key       $.a
0007  0c 00 00 00              length     length 12        $.a
000b  10                       tag        int32            $.a[0]
000c  30                       structure  "0"              $.a[0]
000d  00                       structure  end of key       $.a[0]
000e  0a 00 00 00              content    10               $.a[0]
0012  00                       structure  end of document  $.a
0013  00                       structure  end of document  $
"""
    )
    octets = bytes.fromhex("1d000000057800100000000473ffd26444b34c6990e8e7d1dfc035d400")
    uuid = explained("bson/pymongo", message(Field("x", 1, Uuid())), octets)
    assert "tag        subtype 4 (UUID)" in uuid
    assert "content    73ffd264-44b3-4c69-90e8-e7d1dfc035d4" in uuid


@pytest.mark.parametrize(
    ("octets", "what"),
    [
        ("D2040000000000000000000000003430", "0.001234"),
        ("F2AF967ED05C82DE3297FF6FDE3C4030", "1234567890123456789012345678901234"),
        ("0000000000000000000000000000007C", "NaN"),
        ("000000000000000000000000000000F8", "-Infinity"),
        ("000000000000000000000000000040B0", "-0"),
        ("FFFFFFFF638E8D37C087ADBE09EDFF5F", "9.999999999999999999999999999999999E+6144"),
        ("01000000000000000000000000000080", "-1E-6176"),
        ("DCBA9876543210DEADBEEF00000010EC", "0, of a significand that is too large"),
    ],
)
def test_decimal128_of_the_bson_corpus(octets, what):
    message_of_it = bytes.fromhex("18000000136400" + octets + "00")
    lines = explained("bson/pymongo", message(Field("d", 1, Decimal(34, 0))), message_of_it).splitlines()
    (content,) = [line for line in lines if "content" in line]
    assert what in content


SMITH = message(Field("name", 1, String()), Field("ok", 2, Bool()))


def test_ber_sequence_of_x_690():
    """8.9.3: SEQUENCE {name IA5String, ok BOOLEAN} of {name "Smith", ok TRUE}."""
    assert (
        explained("asn1-ber/pyasn1", SMITH, bytes.fromhex("300a1605536d6974680101ff"))
        == """\
0000  30                       tag        SEQUENCE, constructed  $
0001  0a                       length     length 10              $
0002  16                       tag        IA5String              $.name
0003  05                       length     length 5               $.name
0004  53 6d 69 74 68           content    "Smith"                $.name
0009  01                       tag        BOOLEAN                $.ok
000a  01                       length     length 1               $.ok
000b  ff                       content    TRUE                   $.ok
"""
    )


def test_ber_indefinite_length_of_x_690():
    """8.6.4.2: the BIT STRING '0A3B5F291CD'H in segments; a type that no schema of ours has."""
    assert (
        explained("asn1-ber/pyasn1", SMITH, bytes.fromhex("2380 0303000A3B 0305045F291CD0 0000"))
        == """\
0000  23                       tag        BIT STRING, constructed  $
0001  80                       length     indefinite length        $
0002  03                       tag        BIT STRING               $
0003  03                       length     length 3                 $
0004  00 0a 3b                 content    3 octets                 $
0007  03                       tag        BIT STRING               $
0008  05                       length     length 5                 $
0009  04 5f 29 1c d0           content    5 octets                 $
000e  00 00                    structure  end of contents          $
"""
    )


def test_java_employee_of_the_course():
    """As OpenJDK wrote it."""
    case = JVM["employee"]
    octets = bytes.fromhex(case["values"][0]["hex"])
    assert (
        explained("java/serbench", schema_from_json(case["schema"]), octets)
        == """\
0000  ac ed                    structure  magic                        $
0002  00 05                    structure  version 5                    $
0004  73                       tag        TC_OBJECT                    $
0005  72                       tag        TC_CLASSDESC                 $
0006  00 08                    length     length 8                     $
0008  45 6d 70 6c 6f 79 65 65  name       Employee                     $
0010  00 00 00 00 00 00 00 01  structure  serialVersionUID 1           $
0018  02                       structure  flags: serializable          $
0019  00 03                    length     3 fields                     $
001b  49                       tag        field of type I              $
001c  00 06                    length     length 6                     $
001e  6e 75 6d 62 65 72        name       number                       $
0024  4c                       tag        field of type L              $
0025  00 07                    length     length 7                     $
0027  61 64 64 72 65 73 73     name       address                      $
002e  74                       tag        TC_STRING                    $
002f  00 12                    length     length 18                    $
0031  4c 6a 61 76 61 2f 6c 61  name       "Ljava/lang/String;"         $
0039  6e 67 2f 53 74 72 69 6e
0041  67 3b
0043  4c                       tag        field of type L              $
0044  00 04                    length     length 4                     $
0046  6e 61 6d 65              name       name                         $
004a  71 00 7e 00 01           name       TC_REFERENCE to 0x7e0001: "Ljava/lang/String;"  $
004f  78                       structure  TC_ENDBLOCKDATA              $
0050  70                       structure  TC_NULL, no superclass       $
0051  00 00 00 65              content    101                          $.number
0055  74                       tag        TC_STRING                    $.address
0056  00 1a                    length     length 26                    $.address
0058  41 76 64 61 2e 20 56 65  content    "Avda. Vergara 110, Concón"  $.address
0060  72 67 61 72 61 20 31 31
0068  30 2c 20 43 6f 6e 63 c3
0070  b3 6e
0072  74                       tag        TC_STRING                    $.name
0073  00 0e                    length     length 14                    $.name
0075  41 6e 61 20 48 65 6e 72  content    "Ana Henríquez"              $.name
007d  c3 ad 71 75 65 7a
"""
    )


EMPLOYEES = {
    "json": """\
0000  7b 22                    structure  {"           $
0002  65 6d 70 6c 6f 79 65 65  name       "employees"  $.employees
000a  73
000b  22 3a 5b 7b 22           structure  ":[{"        $.employees
0010  66 69 72 73 74 4e 61 6d  name       "firstName"  $.employees[0].firstName
0018  65
0019  22 3a 22                 structure  ":"          $.employees[0].firstName
001c  4a 6f 68 6e              content    "John"       $.employees[0].firstName
0020  22 2c 22                 structure  ","          $.employees[0].firstName
0023  6c 61 73 74 4e 61 6d 65  name       "lastName"   $.employees[0].lastName
002b  22 3a 22                 structure  ":"          $.employees[0].lastName
002e  44 6f 65                 content    "Doe"        $.employees[0].lastName
0031  22 7d 2c 7b 22           structure  "},{"        $.employees[0].lastName
0036  66 69 72 73 74 4e 61 6d  name       "firstName"  $.employees[1].firstName
003e  65
003f  22 3a 22                 structure  ":"          $.employees[1].firstName
0042  41 6e 6e 61              content    "Anna"       $.employees[1].firstName
0046  22 2c 22                 structure  ","          $.employees[1].firstName
0049  6c 61 73 74 4e 61 6d 65  name       "lastName"   $.employees[1].lastName
0051  22 3a 22                 structure  ":"          $.employees[1].lastName
0054  53 6d 69 74 68           content    "Smith"      $.employees[1].lastName
0059  22 7d 2c 7b 22           structure  "},{"        $.employees[1].lastName
005e  66 69 72 73 74 4e 61 6d  name       "firstName"  $.employees[2].firstName
0066  65
0067  22 3a 22                 structure  ":"          $.employees[2].firstName
006a  50 65 74 65 72           content    "Peter"      $.employees[2].firstName
006f  22 2c 22                 structure  ","          $.employees[2].firstName
0072  6c 61 73 74 4e 61 6d 65  name       "lastName"   $.employees[2].lastName
007a  22 3a 22                 structure  ":"          $.employees[2].lastName
007d  4a 6f 6e 65 73           content    "Jones"      $.employees[2].lastName
0082  22 7d 5d 7d              structure  "}]}         $.employees[2].lastName
""",
    "xml": """\
0000  3c                       structure  <          $
0001  65 6d 70 6c 6f 79 65 65  name       employees  $
0009  73
000a  3e 3c                    structure  ><         $
000c  65 6d 70 6c 6f 79 65 65  name       employee   $.employees[0]
0014  3e 3c                    structure  ><         $.employees[0]
0016  66 69 72 73 74 4e 61 6d  name       firstName  $.employees[0].firstName
001e  65
001f  3e                       structure  >          $.employees[0].firstName
0020  4a 6f 68 6e              content    "John"     $.employees[0].firstName
0024  3c 2f                    structure  </         $.employees[0].firstName
0026  66 69 72 73 74 4e 61 6d  name       firstName  $.employees[0].firstName
002e  65
002f  3e 3c                    structure  ><         $.employees[0].firstName
0031  6c 61 73 74 4e 61 6d 65  name       lastName   $.employees[0].lastName
0039  3e                       structure  >          $.employees[0].lastName
003a  44 6f 65                 content    "Doe"      $.employees[0].lastName
003d  3c 2f                    structure  </         $.employees[0].lastName
003f  6c 61 73 74 4e 61 6d 65  name       lastName   $.employees[0].lastName
0047  3e 3c 2f                 structure  ></        $.employees[0].lastName
004a  65 6d 70 6c 6f 79 65 65  name       employee   $.employees[0]
0052  3e 3c                    structure  ><         $.employees[0]
0054  65 6d 70 6c 6f 79 65 65  name       employee   $.employees[1]
005c  3e 3c                    structure  ><         $.employees[1]
005e  66 69 72 73 74 4e 61 6d  name       firstName  $.employees[1].firstName
0066  65
0067  3e                       structure  >          $.employees[1].firstName
0068  41 6e 6e 61              content    "Anna"     $.employees[1].firstName
006c  3c 2f                    structure  </         $.employees[1].firstName
006e  66 69 72 73 74 4e 61 6d  name       firstName  $.employees[1].firstName
0076  65
0077  3e 3c                    structure  ><         $.employees[1].firstName
0079  6c 61 73 74 4e 61 6d 65  name       lastName   $.employees[1].lastName
0081  3e                       structure  >          $.employees[1].lastName
0082  53 6d 69 74 68           content    "Smith"    $.employees[1].lastName
0087  3c 2f                    structure  </         $.employees[1].lastName
0089  6c 61 73 74 4e 61 6d 65  name       lastName   $.employees[1].lastName
0091  3e 3c 2f                 structure  ></        $.employees[1].lastName
0094  65 6d 70 6c 6f 79 65 65  name       employee   $.employees[1]
009c  3e 3c                    structure  ><         $.employees[1]
009e  65 6d 70 6c 6f 79 65 65  name       employee   $.employees[2]
00a6  3e 3c                    structure  ><         $.employees[2]
00a8  66 69 72 73 74 4e 61 6d  name       firstName  $.employees[2].firstName
00b0  65
00b1  3e                       structure  >          $.employees[2].firstName
00b2  50 65 74 65 72           content    "Peter"    $.employees[2].firstName
00b7  3c 2f                    structure  </         $.employees[2].firstName
00b9  66 69 72 73 74 4e 61 6d  name       firstName  $.employees[2].firstName
00c1  65
00c2  3e 3c                    structure  ><         $.employees[2].firstName
00c4  6c 61 73 74 4e 61 6d 65  name       lastName   $.employees[2].lastName
00cc  3e                       structure  >          $.employees[2].lastName
00cd  4a 6f 6e 65 73           content    "Jones"    $.employees[2].lastName
00d2  3c 2f                    structure  </         $.employees[2].lastName
00d4  6c 61 73 74 4e 61 6d 65  name       lastName   $.employees[2].lastName
00dc  3e 3c 2f                 structure  ></        $.employees[2].lastName
00df  65 6d 70 6c 6f 79 65 65  name       employee   $.employees[2]
00e7  3e 3c 2f                 structure  ></        $.employees[2]
00ea  65 6d 70 6c 6f 79 65 65  name       employees  $
00f2  73
00f3  3e                       structure  >          $
""",
}


@pytest.mark.parametrize(
    ("codec", "suffix"), [("json/orjson", "json"), ("json/stdlib", "json"), ("xml/lxml", "xml"), ("xml/stdlib", "xml")]
)
def test_text_employees_of_the_course(codec, suffix):
    octets = (VECTORS / f"{suffix}_employees.{suffix}").read_bytes()
    assert explained(codec, shared.load("employees").schema, octets) == EMPLOYEES[suffix]


def test_cdr_profile_of_an_object_reference():
    """The body of an IIOP profile as Java IDL's tnameserv wrote it, CORBA 3.3 Part 2, 9.7.2."""
    fields = (
        Field("major", 1, Int(8, signed=False)),
        Field("minor", 2, Int(8, signed=False)),
        Field("host", 3, String()),
        Field("port", 4, Int(16, signed=False)),
        Field("object_key", 5, Bytes()),
    )
    octets = bytes.fromhex("00010000 0000000a 3132372e 302e302e 31000403 00000010 ee97cda0 8bf7d9bf 27d2425c ea690159")
    assert (
        explained("cdr-big/serbench", message(*fields), octets)
        == """\
0000  00                       structure  encapsulation, big-endian  $
0001  01                       content    1                          $.major
0002  00                       content    0                          $.minor
0003  00                       padding    padding to 4               $.host
0004  00 00 00 0a              length     length 10                  $.host
0008  31 32 37 2e 30 2e 30 2e  content    "127.0.0.1"                $.host
0010  31
0011  00                       structure  NUL                        $.host
0012  04 03                    content    1027                       $.port
0014  00 00 00 10              length     length 16                  $.object_key
0018  ee 97 cd a0 8b f7 d9 bf  content    16 octets                  $.object_key
0020  27 d2 42 5c ea 69 01 59
"""
    )


def test_xcdr2_members():
    """EMHEADERs of XTypes 7.4.3.4.2: the last of length code 5, which is the string's own length."""
    fields = (Field("a", 1, Int(8, signed=False)), Field("b", 2, Int(32), optional=True), Field("c", 3, String()))
    octets = bytes.fromhex("000b0001 1b000000 00000000 01000000 01000020 07000000 02000050 03000000 61620000")
    assert (
        explained("xcdr2-mutable/serbench", message(*fields), octets)
        == """\
0000  00 0b                    structure  xcdr2-mutable, little-endian  $
0002  00 01                    structure  options: 1 octet of padding   $
0004  1b 00 00 00              length     DHEADER: 27 octets            $
0008  00 00 00 00              tag        member 0 (a), 1 octet         $.a
000c  01                       content    1                             $.a
000d  00 00 00                 padding    padding to 4                  $
0010  01 00 00 20              tag        member 1 (b), 4 octets        $.b
0014  07 00 00 00              content    7                             $.b
0018  02 00 00 50              tag        member 2 (c), 7 octets        $.c
001c  03 00 00 00              length     length 3                      $.c
0020  61 62                    content    "ab"                          $.c
0022  00                       structure  NUL                           $.c
0023  00                       padding    padding to 4                  $
"""
    )
