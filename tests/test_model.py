"""The model: what is a schema, what is refused and with which words, which types are recursive."""

import pytest
from hypothesis import given, settings
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
    Schema,
    String,
    Timestamp,
    Union,
    Uuid,
    fixed_length,
    is_identifier,
)
from serschema.strategies import EXAMPLES, schemas


def of(type_, *others, optional=False):
    """A schema whose root holds one field of the type."""
    return Schema("Root", (Record("Root", (Field("field", 1, type_, optional),)), *others))


def members(*fields):
    return Schema("Root", (Record("Root", fields),))


NODE = Record("Node", (Field("next", 1, Ref("Node")),))

REFUSED = [
    (lambda: Schema("Root", ()), "the root 'Root' is not a record of the schema"),
    (lambda: Schema("Colour", (Enum("Colour", (("RED", 0),)),)), "the root 'Colour' is not a record of the schema"),
    (lambda: of(Bool(), Record("Root", ())), "type Root is defined twice"),
    (lambda: of(Bool(), Record("no-name", ())), "type name 'no-name' is not an identifier"),
    (lambda: of(Bool(), Record("_hidden", ())), "type name '_hidden' is not an identifier"),
    (lambda: of(Bool(), Record("", ())), "type name '' is not an identifier"),
    (lambda: members(Field("é", 1, Bool())), "Root.é name 'é' is not an identifier"),
    (lambda: members(Field("9a", 1, Bool())), "Root.9a name '9a' is not an identifier"),
    (lambda: members(Field("a", 1, Bool()), Field("a", 2, Bool())), "Root has two members of name 'a'"),
    (lambda: members(Field("a", 1, Bool()), Field("b", 1, Bool())), "Root has two members of number 1"),
    (lambda: members(Field("a", 1, Bool()), Field("b", 2, Bool(), key="a")), "Root has two members of key 'a'"),
    (lambda: members(Field("a", 0, Bool())), "Root.a: number 0 is not positive"),
    (lambda: of(Ref("Nobody")), "Root.field: there is no type 'Nobody'"),
    (lambda: of(List(Map(String(), Ref("Nobody")))), "Root.field: there is no type 'Nobody'"),
    (lambda: of(Int(24)), "Root.field: an integer has 8, 16, 32 or 64 bits, not 24"),
    (lambda: of(Int(8, True, -129)), "Root.field: range -129..127 does not fit -128..127"),
    (lambda: of(Int(8, False, 0, 256)), "Root.field: range 0..256 does not fit 0..255"),
    (lambda: of(Int(8, True, 2, 1)), "Root.field: range 2..1 does not fit -128..127"),
    (lambda: of(Float(16)), "Root.field: a float has 32 or 64 bits, not 16"),
    (lambda: of(String(-1)), "Root.field: length 0..-1 is empty"),
    (lambda: of(Bytes(-1)), "Root.field: length -1..None is empty"),
    (lambda: of(Bytes(4, 3)), "Root.field: length 4..3 is empty"),
    (lambda: of(List(Bool(), 2, 1)), "Root.field: length 2..1 is empty"),
    (lambda: of(List(List(Int(7)))), "Root.field: an integer has 8, 16, 32 or 64 bits, not 7"),
    (lambda: of(Decimal(0, 0)), "Root.field: decimal(0, 0) needs 0 <= scale <= precision"),
    (lambda: of(Decimal(3, 4)), "Root.field: decimal(3, 4) needs 0 <= scale <= precision"),
    (lambda: of(Decimal(3, -1)), "Root.field: decimal(3, -1) needs 0 <= scale <= precision"),
    (lambda: of(Decimal(1001, 0)), "Root.field: decimal(1001, 0) needs 0 <= scale <= precision"),
    (lambda: of(Map(Float(), Bool())), "Root.field: a map's key is a bool, an integer or a string"),
    (lambda: of(Map(Ref("Root"), Bool())), "Root.field: a map's key is a bool, an integer or a string"),
    (lambda: of(Map(Int(8), Int(9))), "Root.field: an integer has 8, 16, 32 or 64 bits, not 9"),
    (lambda: of(Bool(), Enum("E", ())), "enum E has no symbol"),
    (lambda: of(Bool(), Enum("E", (("a-b", 1),))), "E symbol name 'a-b' is not an identifier"),
    (lambda: of(Bool(), Enum("E", (("A", 1), ("A", 2)))), "enum E has a symbol or a number twice"),
    (lambda: of(Bool(), Enum("E", (("A", 1), ("B", 1)))), "enum E has a symbol or a number twice"),
    (lambda: of(Bool(), Enum("E", (("A", 1 << 31),))), "enum E has a number beyond 32 bits"),
    (lambda: of(Bool(), Enum("E", (("A", -(1 << 31) - 1),))), "enum E has a number beyond 32 bits"),
    (lambda: of(Bool(), Union("U", ())), "union U has no alternative"),
    (lambda: of(Bool(), Union("U", (Field("a", 1, Int(3)),))), "U.a: an integer has 8, 16, 32 or 64 bits, not 3"),
    (
        lambda: of(Bool(), Union("U", (Field("a", 1, Bool()), Field("b", 1, Bool())))),
        "U has two members of number 1",
    ),
    (lambda: of(Bool(), NODE), "Node contains itself without end: make the field optional or a list"),
    (lambda: of(Bool(), Record("N", (Field("n", 1, List(Ref("N"), 1)),))), "N contains itself without end"),
    (lambda: of(Bool(), Union("U", (Field("u", 1, Ref("U")),))), "U contains itself without end"),
    (
        lambda: of(Ref("A"), Record("A", (Field("b", 1, Ref("B")),)), Record("B", (Field("a", 1, Ref("A")),))),
        "Root contains itself without end",
    ),
]


@pytest.mark.parametrize(("build", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_what_is_no_schema(build, message):
    with pytest.raises(SchemaError) as caught:
        build()
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    "build",
    [
        lambda: of(Ref("Root"), optional=True),
        lambda: of(List(Ref("Root"))),
        lambda: of(List(Ref("Root"), 0, 5)),
        lambda: of(Map(String(), Ref("Root"))),
        lambda: of(Ref("U"), Union("U", (Field("again", 1, Ref("U")), Field("end", 2, Bool())))),
        lambda: of(Int(8, True, -128, 127)),
        lambda: of(Int(64, False, 1 << 63, (1 << 64) - 1)),
        lambda: of(Decimal(1000, 1000)),
        lambda: of(Bytes(0, 0)),
        lambda: members(Field("a", 1, Bool(), key="b"), Field("b", 2, Bool(), key="a")),
        lambda: members(Field("a", 1, Bool()), Field("A", 2, Bool())),
        lambda: of(Ref("E"), Enum("E", (("LOW", -(1 << 31)), ("HIGH", (1 << 31) - 1)))),
    ],
)
def test_what_is_one(build):
    assert build().record.name == "Root"


def test_an_error_of_a_file_names_its_place():
    assert str(SchemaError("no type", source="a.proto", line=7)) == "a.proto:7: no type"
    assert str(SchemaError("no type", source="a.proto")) == "a.proto: no type"
    assert str(SchemaError("no type", line=7)) == "no type"


@pytest.mark.parametrize(
    ("int_", "lower", "upper"),
    [
        (Int(8), -128, 127),
        (Int(8, False), 0, 255),
        (Int(16), -32768, 32767),
        (Int(32, False), 0, 4294967295),
        (Int(), -9223372036854775808, 9223372036854775807),
        (Int(64, False), 0, 18446744073709551615),
        (Int(32, True, 5), 5, 2147483647),
        (Int(32, True, None, 0), -2147483648, 0),
    ],
)
def test_the_range_of_an_integer(int_, lower, upper):
    assert (int_.lower, int_.upper) == (lower, upper)


def test_a_field_is_keyed_by_its_name_unless_told_otherwise():
    assert Field("name", 1, Bool()).key == "name"
    assert Field("name", 1, Bool(), key="@id").key == "@id"


def test_fixed_length():
    assert fixed_length(Bytes(4, 4)) == 4
    assert fixed_length(List(Bool(), 0, 0)) == 0
    assert fixed_length(Bytes(3, 4)) is None
    assert fixed_length(Bytes(3)) is None
    assert fixed_length(List(Bool())) is None


@pytest.mark.parametrize("name", ["a", "Z9", "a_b", "class", "a_"])
def test_identifiers(name):
    assert is_identifier(name)


@pytest.mark.parametrize("name", ["", "_a", "9", "a-b", "a b", "é", "日本", "a.b", "a\n"])
def test_no_identifiers(name):
    assert not is_identifier(name)


def test_resolve_replaces_a_reference_and_nothing_else():
    colour = Enum("Colour", (("RED", 0),))
    schema = of(List(Ref("Colour")), colour)
    assert schema.resolve(Ref("Colour")) is colour
    assert schema.resolve(Ref("Root")) is schema.record
    for type_ in (Bool(), Int(8), Float(), String(), Bytes(), Timestamp(), Uuid(), Decimal(3, 1), List(Ref("Colour"))):
        assert schema.resolve(type_) is type_


@pytest.mark.parametrize(
    ("example", "names"),
    [
        ("empty", set()),
        ("unions", set()),
        ("linked", {"Node"}),
        ("tree_of_maps", {"Folder"}),
        ("tree_of_unions", {"Expression", "Negated"}),
    ],
)
def test_recursive_types_are_those_that_can_contain_themselves(example, names):
    assert EXAMPLES[example].recursive() == names


def test_recursion_through_several_types_and_a_map_of_lists():
    schema = Schema(
        "A",
        (
            Record("A", (Field("b", 1, Map(String(), List(Ref("B")))),)),
            Union("B", (Field("c", 1, Ref("C")), Field("leaf", 2, Ref("Leaf")))),
            Record("C", (Field("a", 1, Ref("A"), True),)),
            Record("Leaf", ()),
            Record("Above", (Field("a", 1, Ref("A")),)),
        ),
    )
    assert schema.recursive() == {"A", "B", "C"}


@settings(max_examples=50, deadline=None, derandomize=True, database=None)
@given(schemas())
def test_a_drawn_schema_equals_itself_only_as_a_whole(schema):
    assert schema == Schema(schema.root, schema.types)
    assert schema != Schema(schema.root, (*schema.types, Record("Another", ())))
