"""The importer of Protocol Buffers IDL: each construct of proto2, proto3 and editions, and each way to be refused."""

import os
import re

import pytest
from serschema.errors import SchemaError
from serschema.load import load_schema
from serschema.load.proto import load
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
    Uuid,
)

OPTIONS = 'import "serbench/options.proto";\n'


@pytest.fixture
def proto(tmp_path):
    """Write .proto text and load it."""

    def write_and_load(text, message="", include=(), name="test.proto"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return load(path, message=message, include=include)

    return write_and_load


def by_name(record):
    return {field.name: field for field in record.fields}


def types(record):
    return {field.name: field.type for field in record.fields}


def optional(record):
    return {field.name for field in record.fields if field.optional}


def test_every_scalar(proto):
    names = "double float int32 int64 uint32 uint64 sint32 sint64 fixed32 fixed64 sfixed32 sfixed64 bool string bytes"
    fields = "".join(f"{name} {name}_ = {i};" for i, name in enumerate(names.split(), 1))
    record = proto(f'syntax = "proto3"; message M {{ {fields} }}').record
    assert record == Record(
        "M",
        tuple(
            Field(f"{name}_", i, type)
            for i, (name, type) in enumerate(
                [
                    ("double", Float(64)),
                    ("float", Float(32)),
                    ("int32", Int(32)),
                    ("int64", Int(64)),
                    ("uint32", Int(32, signed=False)),
                    ("uint64", Int(64, signed=False)),
                    ("sint32", Int(32, coding="zigzag")),
                    ("sint64", Int(64, coding="zigzag")),
                    ("fixed32", Int(32, signed=False, coding="fixed")),
                    ("fixed64", Int(64, signed=False, coding="fixed")),
                    ("sfixed32", Int(32, coding="fixed")),
                    ("sfixed64", Int(64, coding="fixed")),
                    ("bool", Bool()),
                    ("string", String()),
                    ("bytes", Bytes()),
                ],
                1,
            )
        ),
    )


def test_proto2_says_what_is_required_and_packs_only_where_it_is_told(proto):
    schema = proto(
        """syntax = "proto2";
        message M {
          required int32 a = 1; optional int32 b = 2; optional N n = 3; required N m = 4;
          repeated int32 plain = 5; repeated int32 packed = 6 [packed = true]; repeated E enums = 7;
          reserved 8, 10 to 12; reserved "old";
        }
        message N {} enum E { X = 0; }
        service S { rpc Call (N) returns (N); }"""
    )
    assert optional(schema.record) == {"b", "n"}
    lists = types(schema.record)
    assert lists["plain"] == List(Int(32), packed=False)
    assert lists["packed"] == List(Int(32), packed=True)
    assert lists["enums"] == List(Ref("E"), packed=False)


def test_proto3_scalars_are_required_and_packed(proto):
    record = proto(
        OPTIONS.join(('syntax = "proto3";', ""))
        + """import "google/protobuf/timestamp.proto";
        message M {
          int32 a = 1; optional int32 b = 2; N n = 3; N m = 4 [(serbench.field).required = true]; E e = 5;
          repeated int32 packed = 6; repeated int32 plain = 7 [packed = false]; repeated N ns = 8;
          google.protobuf.Timestamp t = 9; optional E f = 10; map<string, N> map = 11;
        }
        message N {} enum E { X = 0; }"""
    ).record
    assert optional(record) == {"b", "n", "t", "f"}
    assert types(record)["packed"] == List(Int(32))
    assert types(record)["plain"] == List(Int(32), packed=False)
    assert types(record)["t"] == Timestamp()


def test_editions_resolve_features_from_file_to_field(proto):
    body = """
        message M {
          int32 a = 1; int32 explicit = 2 [features.field_presence = EXPLICIT];
          int32 implicit = 3 [features.field_presence = IMPLICIT];
          int32 required = 4 [features.field_presence = LEGACY_REQUIRED]; N n = 5;
          repeated int32 r = 6; repeated int32 packed = 7 [features.repeated_field_encoding = PACKED];
          repeated int32 plain = 8 [features.repeated_field_encoding = EXPANDED];
        }
        message N {}"""
    default = proto(f'edition = "2023"; {body}').record
    assert optional(default) == {"a", "explicit", "n"}
    assert [types(default)[name].packed for name in ("r", "packed", "plain")] == [True, True, False]
    file = "option features.field_presence = IMPLICIT; option features.repeated_field_encoding = EXPANDED;"
    changed = proto(f'edition = "2023"; {file} {body}').record
    assert optional(changed) == {"explicit", "n"}
    assert [types(changed)[name].packed for name in ("r", "packed", "plain")] == [False, True, False]


def test_oneof_becomes_a_union_in_the_place_of_its_first_alternative(proto):
    schema = proto(
        """syntax = "proto3";
        message Order_Line {
          string first = 1;
          // How it is paid.
          oneof paid_by { string voucher = 7; Card card = 3 [json_name = "plastic"]; }
          int32 last = 4;
        }
        message Card { string number = 1; }"""
    )
    assert [(field.name, field.number) for field in schema.record.fields] == [("first", 1), ("paid_by", 7), ("last", 4)]
    assert by_name(schema.record)["paid_by"] == Field(
        "paid_by", 7, Ref("OrderLinePaidBy"), optional=True, doc="How it is paid."
    )
    assert schema.resolve(Ref("OrderLinePaidBy")) == Union(
        "OrderLinePaidBy",
        (Field("voucher", 7, String()), Field("card", 3, Ref("Card"), key="plastic")),
        "How it is paid.",
    )


def test_a_required_oneof_and_a_message_that_is_a_union(proto):
    schema = proto(
        f"""syntax = "proto3"; {OPTIONS}
        message M {{
          oneof choice {{ option (serbench.oneof).required = true; int32 a = 1; int32 b = 2; }}
          repeated Shape shapes = 3; map<string, Shape> named = 4; Shape maybe = 5;
        }}
        message Shape {{
          option (serbench.message).union = true;
          oneof kind {{ float circle = 1; M group = 2; }}
        }}""",
        "M",
    )
    assert optional(schema.record) == {"maybe"}
    assert types(schema.record)["shapes"] == List(Ref("Shape"))
    assert types(schema.record)["named"] == Map(String(), Ref("Shape"))
    shape = Union("Shape", (Field("circle", 1, Float(32)), Field("group", 2, Ref("M"))))
    assert schema.resolve(Ref("Shape")) == shape


def test_maps(proto):
    record = proto(
        """syntax = "proto3";
        message M { map<bool, string> a = 1; map<sint64, M> b = 2; map<string, E> c = 3; enum E { X = 0; } }"""
    ).record
    assert types(record) == {
        "a": Map(Bool(), String()),
        "b": Map(Int(64, coding="zigzag"), Ref("M")),
        "c": Map(String(), Ref("E")),
    }


def test_every_option(proto):
    record = proto(
        f"""syntax = "proto3"; {OPTIONS}
        message M {{
          int32 a = 1 [(serbench.field).bits = 8];
          uint64 b = 2 [(serbench.field).bits = 16, (serbench.field).range = "1..1000"];
          sint32 c = 3 [(serbench.field) = {{range: "-5.."}}];
          int64 d = 4 [(serbench.field).range = "..-1"];
          string e = 5 [(serbench.field).length = "..20"];
          bytes f = 6 [(serbench.field).length = "16"];
          bytes g = 7 [(serbench.field).length = "1..20"];
          bytes h = 8 [(serbench.field).uuid = true];
          string i = 9 [(serbench.field).decimal = "12.2"];
          repeated int32 j = 10 [(serbench.field).length = "8", (serbench.field).bits = 16];
          repeated bytes k = 11 [(serbench.field).length = "2..", (serbench.field).item_length = "4"];
          repeated bytes l = 12 [(serbench.field).uuid = true];
          repeated string m = 13 [(serbench.field).decimal = "3.0", (serbench.field).length = "..7"];
        }}"""
    ).record
    assert types(record) == {
        "a": Int(8),
        "b": Int(16, signed=False, minimum=1, maximum=1000),
        "c": Int(32, minimum=-5, coding="zigzag"),
        "d": Int(64, maximum=-1),
        "e": String(20),
        "f": Bytes(16, 16),
        "g": Bytes(1, 20),
        "h": Uuid(),
        "i": Decimal(12, 2),
        "j": List(Int(16), 8, 8),
        "k": List(Bytes(4, 4), 2),
        "l": List(Uuid()),
        "m": List(Decimal(3, 0), 0, 7),
    }


def test_keys_are_those_that_the_user_wrote(proto):
    record = proto(
        """syntax = "proto3";
        message M { int32 first_name = 1; int32 a__b_ = 2; int32 c = 3 [json_name = "see"]; int32 lastName = 4; }"""
    ).record
    assert {field.name: field.key for field in record.fields} == {
        "first_name": "first_name",
        "a__b_": "a__b_",
        "c": "see",
        "lastName": "lastName",
    }


def test_comments_become_documentation(proto):
    schema = proto(
        """// The file.
// Its second line.
syntax = "proto3";

/* The message,
 * in a block. */
message M {
  // Before.
  int32 a = 1;
  int32 b = 2;  // Behind.
  E e = 3;
}

// The enum.
enum E { X = 0; }
"""
    )
    assert schema.doc == "The file.\nIts second line."
    assert schema.record.doc == "The message,\nin a block."
    assert [field.doc for field in schema.record.fields] == ["Before.", "Behind.", ""]
    assert schema.resolve(Ref("E")).doc == "The enum."


def test_an_alias_and_a_default_are_noted(proto):
    schema = proto(
        """syntax = "proto2";
        message M {
          optional E e = 1 [default = TWO]; optional int32 i = 2 [default = 0]; optional bool b = 3 [default = false];
        }
        enum E { option allow_alias = true; ONE = 1; TWO = 2; SECOND = 2; MINUS = -1; }"""
    )
    assert schema.resolve(Ref("E")) == Enum("E", (("ONE", 1), ("TWO", 2), ("MINUS", -1)))
    assert sorted(schema.notes) == [
        "E: SECOND, an alias of TWO, is left out",
        "M.e: the default 'TWO' is left out",
    ]


def test_only_what_the_root_reaches_is_kept(proto):
    text = """syntax = "proto3";
        message A { B b = 1; } message B { C c = 1; B next = 2; } message C {} message D { A a = 1; }"""
    assert [type.name for type in proto(text).types] == ["D", "A", "B", "C"]
    assert [type.name for type in proto(text, "B").types] == ["B", "C"]


def test_names_are_short_where_they_are_unique(proto):
    schema = proto(
        """syntax = "proto3"; package shop;
        message Root { A a = 1; B b = 2; A.Deep.Only only = 3; oneof x { int32 y = 4; } RootX z = 5; C.Item c = 6; }
        message A { message Item { oneof kind { int32 k = 1; } } Item item = 1; message Deep { message Only {} } }
        message B { enum Item { X = 0; } Item item = 1; }
        message C { message Item { oneof kind { int32 k = 1; } } }
        message RootX {}""",
        "Root",
    )
    declared = {"Root", "A", "A_Item", "B", "B_Item", "C_Item", "Only", "RootX"}
    unions = {type.name for type in schema.types if isinstance(type, Union)}
    assert {type.name for type in schema.types} - unions == declared
    assert unions == {"AItemKind", "CItemKind", "RootX2"}  # the name that nobody wrote is the one that yields
    assert len(schema.types) == 11


def test_names_that_cannot_be_told_apart_are_numbered(proto):
    schema = proto(
        """syntax = "proto3"; message M { A_B a = 1; A.B b = 2; C.B c = 3; }
        message A_B {} message A { message B {} } message C { message B {} }""",
        "M",
    )
    assert [type.name for type in schema.types] == ["M", "A_B", "A_B2", "C_B"]


def test_imports_and_include_folders(proto, tmp_path):
    (tmp_path / "lib" / "deep").mkdir(parents=True)
    (tmp_path / "lib" / "deep" / "part.proto").write_text(
        'syntax = "proto3"; package lib; message Part { Whole w = 1; } message Whole {}'
    )
    (tmp_path / "near.proto").write_text('syntax = "proto3"; package near; message Part { int32 n = 1; }')
    text = """syntax = "proto3"; import "deep/part.proto"; import "near.proto";
        message M { lib.Part a = 1; near.Part b = 2; }"""
    schema = proto(text, include=[tmp_path / "lib"])
    assert [type.name for type in schema.types] == ["M", "lib_Part", "near_Part", "Whole"]
    assert schema == proto(text, include=[tmp_path / "lib"])
    assert proto(text, "lib.Part", include=[tmp_path / "lib"]).root == "Part"


def test_a_file_of_an_include_folder_goes_by_its_name_there(tmp_path):
    """Otherwise the file and the same file as an import would define everything twice."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "one.proto").write_text('syntax = "proto3"; import "a/two.proto"; message One { Two two = 1; }')
    (tmp_path / "a" / "two.proto").write_text('syntax = "proto3"; message Two {} message Alone { Two t = 1; }')
    assert load(tmp_path / "a" / "one.proto", include=[tmp_path]).root == "One"


def test_paths_that_look_like_something_else_to_protoc(tmp_path, monkeypatch):
    (tmp_path / "a=b").mkdir()
    monkeypatch.chdir(tmp_path / "a=b")
    (tmp_path / "a=b" / "tempfile.py").write_text("raise ImportError")  # Python would find it before its own
    for name in ("-odd.proto", "@odd.proto", "sp ace.proto"):
        (tmp_path / "a=b" / name).write_text('syntax = "proto3"; message M {}')
        assert load_schema(name).root == "M"
        assert load_schema(str(tmp_path / "a=b" / name)).root == "M"


def test_a_long_chain_of_messages(proto):
    messages = "".join(f"message M{i} {{ M{i + 1} next = 1; }}" for i in range(3000))
    assert len(proto(f'syntax = "proto3"; {messages} message M3000 {{}}', "M0").types) == 3001


def test_recursion(proto):
    schema = proto('syntax = "proto3"; message Node { repeated Node children = 1; Node twin = 2; }')
    assert schema.record.fields == (Field("children", 1, List(Ref("Node"))), Field("twin", 2, Ref("Node"), True))


def test_googles_other_types_are_plain_messages(proto):
    schema = proto(
        'syntax = "proto3"; import "google/protobuf/struct.proto"; message M { google.protobuf.Struct s = 1; }'
    )
    assert {type.name for type in schema.types} == {"M", "Struct", "Value", "ValueKind", "NullValue", "ListValue"}


def test_a_schema_is_a_file_and_perhaps_a_message(tmp_path):
    path = tmp_path / "two.proto"
    path.write_text('syntax = "proto3"; package p; message A { message In {} } message B {}')
    assert load_schema(f"{path}:A").root == "A"
    assert load_schema(f"{path}:p.B").root == "B"
    assert load_schema(f"{path}:A.In").root == "In"
    with pytest.raises(SchemaError, match=r"which message\? no other one uses A, B; say .*two\.proto:A, for"):
        load_schema(str(path))
    with pytest.raises(SchemaError, match=r"there is no message 'A\.Inn'; did you mean A\.In"):
        load_schema(f"{path}:A.Inn")
    with pytest.raises(SchemaError, match=r"there is no message 'nope'; there are A, A\.In, B"):
        load_schema(f"{path}:nope")
    with pytest.raises(SchemaError, match=r"FILE\.proto or FILE\.proto:TYPE"):
        load_schema("person.txt")


REFUSED = [
    ("protoc's own", 'syntax = "proto3";\nmessage M {\n  Nope n = 1;\n}', 3, '"Nope" is not defined'),
    ("syntax", 'syntax = "proto3";\nmessage M {\n  int32 n\n}', 4, "Missing field number"),
    ("missing import", 'syntax = "proto3";\n\nimport "none.proto";', 3, "none.proto"),
    ("group", 'syntax = "proto2";\nmessage M {\n optional group G = 1 { optional int32 a = 1; }\n}', 3, "group"),
    (
        "delimited",
        'edition = "2023";\nmessage M {\n N n = 1 [features.message_encoding = DELIMITED]; }\nmessage N {}',
        3,
        "DELIMITED",
    ),
    ("extension range", 'syntax = "proto2";\nmessage M {\n  extensions 100 to 200;\n}', 3, "extension range"),
    (
        "any",
        'syntax = "proto3"; import "google/protobuf/any.proto";\nmessage M {\n google.protobuf.Any a = 1; }',
        3,
        r"google\.protobuf\.Any",
    ),
    ("name", 'syntax = "proto3";\nmessage M {\n int32 _a = 1; }', 3, "has to begin with a letter"),
    ("key", 'syntax = "proto3";\nmessage M {\n int32 a = 1 [json_name = "\\xff"]; }', 3, "json_name is not UTF-8"),
    ("symbol", 'syntax = "proto3";\nmessage M { E e = 1; }\nenum E {\n _X = 0; }', 4, "has to begin with a letter"),
    (
        "union with more",
        f'syntax = "proto3"; {OPTIONS}message M {{ U u = 1; }}\n'
        "message U { option (serbench.message).union = true;\n int32 a = 1; oneof x { int32 b = 2; } }",
        3,
        "cannot be a union",
    ),
    (
        "union as root",
        f'syntax = "proto3"; {OPTIONS}'
        "message U { option (serbench.message).union = true; oneof x { int32 b = 2; } }",
        2,
        "U is a union",
    ),
]


@pytest.mark.parametrize(("text", "line", "words"), [row[1:] for row in REFUSED], ids=[row[0] for row in REFUSED])
def test_refused_with_its_line(proto, tmp_path, text, line, words):
    with pytest.raises(SchemaError, match=rf"test\.proto:{line}: .*{words}") as caught:
        proto(text)
    assert caught.value.source == str(tmp_path / "test.proto")
    assert caught.value.line == line


@pytest.mark.parametrize(
    ("field", "words"),
    [
        ("int32 a = 1 [(serbench.field).bits = 12]", "bits is 8 or 16"),
        ("string a = 1 [(serbench.field).bits = 8]", "option bits says nothing"),
        ('string a = 1 [(serbench.field).item_length = "8"]', "option item_length says nothing"),
        ('int32 a = 1 [(serbench.field).length = "8"]', "option length says nothing"),
        ("string a = 1 [(serbench.field).uuid = true]", "option uuid says nothing"),
        ('bytes a = 1 [(serbench.field).decimal = "1.1"]', "option decimal says nothing"),
        ('bytes a = 1 [(serbench.field).uuid = true, (serbench.field).length = "16"]', "option length says nothing"),
        ("repeated int32 a = 1 [(serbench.field).required = true]", "option required says nothing"),
        ("oneof x { int32 a = 1 [(serbench.field).required = true]; }", "option required says nothing"),
        ("map<int32, int32> a = 1 [(serbench.field).bits = 8]", "nothing about a map"),
        ('uint32 a = 1 [(serbench.field).bits = 8, (serbench.field).range = "0..256"]', r"does not fit 0\.\.255"),
        ('int32 a = 1 [(serbench.field).range = "x"]', "option range is a number"),
        ('int32 a = 1 [(serbench.field).range = ".."]', "option range is a number"),
        ('string a = 1 [(serbench.field).length = "-1..2"]', "option length is a number"),
        ('string a = 1 [(serbench.field).length = "3..2"]', "wrong way round"),
        ('string a = 1 [(serbench.field).decimal = "2.3"]', "option decimal is its digits"),
    ],
)
def test_an_option_that_makes_no_sense_is_refused(proto, field, words):
    with pytest.raises(SchemaError, match=rf"test\.proto:4: a: .*{words}"):
        proto(f'syntax = "proto3";\n{OPTIONS}message M {{\n  {field}{"" if field.endswith("}") else ";"}\n}}')


def test_an_error_in_an_import_is_shown_there(proto, tmp_path):
    (tmp_path / "part.proto").write_text('syntax = "proto2";\nmessage Part {\n\n extensions 4 to 5; }')
    with pytest.raises(SchemaError, match="extension range") as caught:
        proto('syntax = "proto3"; import "part.proto"; message M { Part p = 1; }')
    assert caught.value.source == str(tmp_path / "part.proto")
    assert caught.value.line == 4


def test_a_warning_of_protoc_is_not_taken_for_the_error(proto, tmp_path):
    (tmp_path / "part.proto").write_text('syntax = "proto3"; message Part {}')
    assert proto('syntax = "proto3"; import "part.proto"; message M {}').root == "M"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b" \n\t", "is empty"),
        (b'syntax = "proto3";\n// caf\xe9\nmessage M {}', r"bad\.proto:2: is not UTF-8"),
        (b'syntax = "proto3"; enum E { X = 0; }', "there is no message in the file"),
        (b'syntax = "proto3"; message A { B b = 1; } message B { A a = 1; }', "A, B use one another"),
        (b'syntax = "proto2"; message A { required A a = 1; }', "contains itself without end"),
        (b"\0\0\0", r"bad\.proto:1: "),
        (b"PK\x03\x04 this is no schema", r"bad\.proto:1: "),
    ],
)
def test_files_that_are_no_schema(tmp_path, content, words):
    path = tmp_path / "bad.proto"
    path.write_bytes(content)
    with pytest.raises(SchemaError, match=words) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}:")
    assert "\n" not in str(caught.value)


def test_an_import_whose_comments_are_not_utf_8(tmp_path):
    (tmp_path / "part.proto").write_bytes(b'syntax = "proto3";\n// caf\xe9\nmessage Part {}')
    (tmp_path / "main.proto").write_text('syntax = "proto3"; import "part.proto"; message M { Part p = 1; }')
    assert load(tmp_path / "main.proto").resolve(Ref("Part")).doc == "caf\N{REPLACEMENT CHARACTER}"


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(SchemaError, match=re.escape(f"{tmp_path / 'none.proto'}: cannot be read: No such file")):
        load(tmp_path / "none.proto")
    with pytest.raises(SchemaError, match="cannot be read: Is a directory"):
        load(tmp_path)


def test_a_folder_that_protoc_cannot_search(tmp_path):
    (tmp_path / f"a{os.pathsep}b").mkdir()
    path = tmp_path / f"a{os.pathsep}b" / "m.proto"
    path.write_text('syntax = "proto3"; message M {}')
    with pytest.raises(SchemaError, match="protoc cannot search a folder whose name has"):
        load(path)
