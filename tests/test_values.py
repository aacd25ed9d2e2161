"""Values: `check` says where and why one is not of its schema, `equal` is exact, `information` counts the leaves."""

import math
import struct
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal as D
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from serschema.errors import ValueMismatch
from serschema.generate import generate
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
from serschema.strategies import EXAMPLES, schemas, values
from serschema.values import (
    at,
    check,
    equal,
    first_difference,
    float_bits,
    information,
    is_binary32,
    leaves,
    path_text,
)


def nan(bits):
    return struct.unpack(">d", bytes.fromhex(bits))[0]


COLOUR = Enum("Colour", (("RED", 0), ("GREEN", 1), ("BLUE", 2)))
CHOICE = Union("Choice", (Field("number", 1, Int(8)), Field("text", 2, String(), key="the text")))
POINT = Record("Point", (Field("x", 1, Int(32)), Field("label", 2, String(), optional=True, key="@label")))
NAMED = (COLOUR, CHOICE, POINT)
NOON = datetime(2024, 2, 29, 12, tzinfo=UTC)
SOME_UUID = UUID("c232ab00-9414-11ec-b3c8-9f6bdeced846")


def of(type_):
    return Schema("Root", (Record("Root", (Field("f", 1, type_),)), *NAMED))


GOOD = [
    (Bool(), [True, False]),
    (Int(8), [-128, 0, 127]),
    (Int(64, False), [0, (1 << 64) - 1]),
    (Int(32, True, 5, 6), [5, 6]),
    (Float(64), [0.1, -0.0, 1e308, math.inf, math.nan, nan("7ff0000000000001")]),
    (Float(32), [0.5, -0.0, -math.inf, 2.0**-149, float.fromhex("0x1.fffffep127"), math.nan, nan("fff8000020000000")]),
    (String(), ["", "é", "日本\0", "😀" * 50]),
    (String(2), ["", "ab", "😀😀"]),
    (Bytes(), [b"", bytes(100)]),
    (Bytes(2, 2), [b"ab"]),
    (Ref("Colour"), ["RED", "BLUE"]),
    (Timestamp(), [NOON, datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)]),
    (Uuid(), [SOME_UUID, UUID(int=0)]),
    (Decimal(4, 2), [D("0.00"), D("-99.99"), D("99.99"), D("1.50")]),
    (Decimal(2, 0), [D("0"), D("-99")]),
    (List(Int(8)), [[], [1, 2]]),
    (List(Bool(), 1, 2), [[True], [True, False]]),
    (Map(String(), Int(8)), [{}, {"": 1, "b": 2}]),
    (Map(Bool(), Int(8)), [{True: 1, False: 2}]),
    (Ref("Choice"), [{"number": 1}, {"the text": "a"}]),
    (Ref("Point"), [{"x": 1}, {"x": 1, "@label": "a"}, {"@label": "a", "x": 1}]),
]


@pytest.mark.parametrize(("type_", "value"), [(type_, value) for type_, values in GOOD for value in values])
def test_values_of_their_schema(type_, value):
    check({"f": value}, of(type_))


BAD = [
    (Bool(), 1, "$.f", "a bool", "1"),
    (Bool(), None, "$.f", "a bool", "None"),
    (Int(8), True, "$.f", "an integer", "True"),
    (Int(8), 1.0, "$.f", "an integer", "1.0"),
    (Int(8), 128, "$.f", "an integer in -128..127", "128"),
    (Int(8, False), -1, "$.f", "an integer in 0..255", "-1"),
    (Int(32, True, 5, 6), 4, "$.f", "an integer in 5..6", "4"),
    (Float(64), 1, "$.f", "a float", "1"),
    (Float(32), 0.1, "$.f", "a float that 32 bits hold exactly", "0.1"),
    (Float(32), 1e39, "$.f", "a float that 32 bits hold exactly", "1e+39"),
    (Float(32), nan("7ff8000000000001"), "$.f", "a float that 32 bits hold exactly", "nan"),
    (Float(32), nan("7ff0000020000000"), "$.f", "a float that 32 bits hold exactly", "nan"),
    (String(), b"a", "$.f", "a string", "b'a'"),
    (String(2), "abc", "$.f", "0..2 characters", "3"),
    (String(), "a\ud800", "$.f", "Unicode text", "'a\\ud800' with a lone surrogate"),
    (Bytes(), bytearray(b"a"), "$.f", "bytes", "bytearray(b'a')"),
    (Bytes(2, 2), b"a", "$.f", "2 octets", "1"),
    (Bytes(2), b"a", "$.f", "2.. octets", "1"),
    (Bytes(0, 3), b"abcd", "$.f", "0..3 octets", "4"),
    (Ref("Colour"), "PINK", "$.f", "one of RED, GREEN, BLUE", "'PINK'"),
    (Ref("Colour"), 0, "$.f", "one of RED, GREEN, BLUE", "0"),
    (Ref("Colour"), ["RED"], "$.f", "one of RED, GREEN, BLUE", "['RED']"),
    (Timestamp(), "2024-01-01T00:00:00Z", "$.f", "a datetime", "'2024-01-01T00:00:00Z'"),
    (Timestamp(), datetime(2024, 1, 1), "$.f", "a datetime in UTC", "datetime.datetime(2024, 1, 1, 0, 0)"),
    (Timestamp(), NOON.astimezone(timezone(timedelta(hours=1))), "$.f", "a datetime in UTC", None),
    (Uuid(), str(SOME_UUID), "$.f", "a UUID", repr(str(SOME_UUID))),
    (Decimal(4, 2), 1.5, "$.f", "a decimal", "1.5"),
    (Decimal(4, 2), D("1.5"), "$.f", "a decimal of 4 digits, 2 of them decimals", "Decimal('1.5')"),
    (Decimal(4, 2), D("1.500"), "$.f", "a decimal of 4 digits, 2 of them decimals", "Decimal('1.500')"),
    (Decimal(4, 2), D("100.00"), "$.f", "a decimal of 4 digits, 2 of them decimals", "Decimal('100.00')"),
    (Decimal(4, 2), D("-0.00"), "$.f", "a decimal of 4 digits, 2 of them decimals", "Decimal('-0.00')"),
    (Decimal(4, 2), D("NaN"), "$.f", "a decimal of 4 digits, 2 of them decimals", "Decimal('NaN')"),
    (Decimal(4, 0), D("Infinity"), "$.f", "a decimal of 4 digits, 0 of them decimals", "Decimal('Infinity')"),
    (List(Int(8)), (1,), "$.f", "a list", "(1,)"),
    (List(Int(8)), [1, 2, "3"], "$.f[2]", "an integer", "'3'"),
    (List(Int(8), 1, 2), [], "$.f", "1..2 items", "0"),
    (List(Int(8), 3, 3), [1] * 4, "$.f", "3 items", "4"),
    (List(List(Bool())), [[], [True, 0]], "$.f[1][1]", "a bool", "0"),
    (Map(String(), Int(8)), [], "$.f", "a map", "[]"),
    (Map(String(), Int(8)), {1: 1}, "$.f{key}", "a string", "1"),
    (Map(Int(8), Int(8)), {True: 1}, "$.f{key}", "an integer", "True"),
    (Map(String(1), Int(8)), {"ab": 1}, "$.f{key}", "0..1 characters", "2"),
    (Map(String(), Int(8)), {"a": 300}, "$.f['a']", "an integer in -128..127", "300"),
    (Ref("Choice"), [], "$.f", "a map with the one alternative", "[]"),
    (Ref("Choice"), {}, "$.f", "a map with one key of number, the text", "{}"),
    (Ref("Choice"), {"text": "a"}, "$.f", "a map with one key of number, the text", "{'text': 'a'}"),
    (Ref("Choice"), {"number": 1, "the text": ""}, "$.f", "a map with one key of number, the text", None),
    (Ref("Choice"), {"the text": 1}, "$.f.the text", "a string", "1"),
    (Ref("Point"), [1], "$.f", "a record Point", "[1]"),
    (Ref("Point"), {}, "$.f.x", "a value, as the field is required", "nothing"),
    (Ref("Point"), {"x": 1, "@label": None}, "$.f.@label", "a string", "None"),
    (Ref("Point"), {"x": 1, "label": "a"}, "$.f", "only fields of Point", "a field 'label'"),
]


@pytest.mark.parametrize(("type_", "value", "path", "expected", "found"), BAD)
def test_values_that_are_not(type_, value, path, expected, found):
    with pytest.raises(ValueMismatch) as caught:
        check({"f": value}, of(type_))
    assert (caught.value.path, caught.value.expected) == (path, expected)
    assert str(caught.value).startswith(f"{path}: expected {expected}, found ")
    if found is not None:
        assert str(caught.value).endswith(f", found {found}")


def test_a_long_value_is_cut_in_the_message():
    with pytest.raises(ValueMismatch) as caught:
        check({"f": "x" * 10_000}, of(Int(8)))
    assert len(str(caught.value)) < 120


def test_nesting_is_bounded():
    schema = EXAMPLES["linked"]

    def chain(levels):
        value = {"value": 0}
        for _ in range(levels - 1):
            value = {"value": 0, "next": value}
        return value

    check(chain(MAX_DEPTH), schema)
    for levels in (MAX_DEPTH + 1, 3000):
        with pytest.raises(ValueMismatch, match="expected at most 100 levels of nesting, found more") as caught:
            check(chain(levels), schema)
        assert len(caught.value.path) <= 60


DISTINCT = [
    [1, 1.0, True, D(1), "1", b"1", [1], {1: 1}, {True: 1}, {1: True}, {1: 1.0}, {"1": 1}],
    [0, 0.0, -0.0, False, D("0"), D("0.0"), D("-0"), "", b"", [], {}, None],
    [math.nan, nan("7ff8000000000001"), nan("fff8000000000000"), D("NaN"), math.inf],
    [[0.0], [-0.0], [0.0, 0.0], [[0.0]]],
    [{"a": 1}, {"a": 1, "b": 2}, {"b": 2, "a": 2}, {"a": {"b": 1}}],
    [NOON, NOON.replace(tzinfo=None), NOON + timedelta(microseconds=1), NOON.astimezone(timezone(timedelta(hours=1)))],
    [SOME_UUID, str(SOME_UUID), SOME_UUID.bytes, SOME_UUID.int],
]


@pytest.mark.parametrize("values", DISTINCT)
def test_equal_holds_for_no_two_of_these(values):
    for i, a in enumerate(values):
        for j, b in enumerate(values):
            assert equal(a, b) is (i == j), (a, b)
            assert (first_difference(a, b) == "") is (i == j), (a, b)


def test_equal_disregards_the_order_of_keys_only():
    assert equal({"a": 1, "b": [2.0, {"c": 3}]}, {"b": [2.0, {"c": 3}], "a": 1})
    assert not equal([1, 2], [2, 1])
    assert equal(D("1.50"), D("1.50"))
    assert not equal(D("1.50"), D("1.5"))
    assert equal(NOON, NOON.replace(tzinfo=ZoneInfo("UTC")))
    assert equal(nan("7ff8000000000001"), nan("7ff8000000000001"))


@pytest.mark.parametrize(
    ("a", "b", "difference"),
    [
        ({"a": [1, {"b": 2}]}, {"a": [1, {"b": 3}]}, "$.a[1].b: 2 became 3"),
        ({"a": [1]}, {"a": [1, 2]}, "$.a: 1 items became 2"),
        ({"a": 1, "b": 2}, {"a": 1}, "$: 'b' is missing"),
        ({"a": 1}, {"a": 1, "b": 2}, "$: 'b' was not there"),
        ({7: 1}, {7: 2}, "$[7]: 1 became 2"),
        ({1: 5}, {True: 5}, "$: keys differ"),
        (1, True, "$: 1 became True"),
        (0.0, -0.0, "$: 0.0 became -0.0"),
        (math.nan, nan("7ff8000000000001"), "$: NaN of bits 7ff8000000000000 became NaN of bits 7ff8000000000001"),
        ([], {}, "$: [] became {}"),
        ("x" * 100, "", "$: '" + "x" * 56 + "... became ''"),
    ],
)
def test_first_difference(a, b, difference):
    assert first_difference(a, b) == difference


@settings(max_examples=40, deadline=None, derandomize=True, database=None)
@given(schemas(), st.data())
def test_a_drawn_value_is_of_its_schema_and_equals_itself(schema, data):
    value = data.draw(values(schema))
    check(value, schema)
    assert equal(value, value)
    assert first_difference(value, value) == ""


@settings(deadline=None, derandomize=True, database=None)
@given(st.floats(width=32, allow_nan=False))
def test_is_binary32(value):
    assert is_binary32(value)
    assert math.isinf(value) or not is_binary32(value + 2.0**-200 if value == 0 else value * (1 + 2.0**-40))


def test_float_bits():
    assert float_bits(1.0) == 0x3FF0000000000000
    assert float_bits(-0.0) == 1 << 63
    assert float_bits(nan("fff8000000000001")) == 0xFFF8000000000001


BITS = [
    (Bool(), True, 1),
    (Int(64), 0, 1),
    (Int(64), -1, 1),
    (Int(64), 1, 2),
    (Int(64), 127, 8),
    (Int(64), 128, 9),
    (Int(64), -128, 8),
    (Int(64), -129, 9),
    (Int(64, False), (1 << 64) - 1, 65),
    (Float(32), 0.0, 32),
    (Float(64), 0.0, 64),
    (String(), "é€😀a", 8 * 10),
    (Bytes(), bytes(3), 24),
    (Timestamp(), NOON, 64),
    (Uuid(), SOME_UUID, 128),
    (Ref("Colour"), "RED", 2),
    (Decimal(4, 2), D("0.00"), 1),
    (Decimal(4, 2), D("1.27"), 8),
    (Decimal(4, 2), D("-1.28"), 8),
    (Decimal(40, 5), D("396140812571321687967719.75167"), 96),
    (List(Int(8)), [0, 1, 127], 1 + 2 + 8),
    (Map(String(), Bool()), {"ab": True, "c": False}, 24 + 2),
    (Ref("Choice"), {"number": 127}, 8),
    (Ref("Point"), {"x": 1}, 2),
    (Ref("Point"), {"x": 1, "@label": "ab"}, 18),
]


@pytest.mark.parametrize(("type_", "value", "bits"), BITS)
def test_information_of_each_kind(type_, value, bits):
    """Eight of a kind are as many octets as one has bits, so that the rounding up hides nothing."""
    assert information({"f": [value] * 8}, of(List(type_))) == bits
    assert information({"f": value}, of(type_)) == math.ceil(bits / 8)


@pytest.mark.parametrize(("symbols", "bits"), [(1, 0), (2, 1), (3, 2), (4, 2), (5, 3), (8, 3), (9, 4)])
def test_information_of_an_enum_is_the_logarithm_of_its_symbols(symbols, bits):
    enum = Enum("E", tuple((f"S{number}", number) for number in range(symbols)))
    schema = Schema("Root", (Record("Root", (Field("f", 1, List(Ref("E"))),)), enum))
    assert information({"f": ["S0"] * 8}, schema) == bits


def test_information_of_the_lecture_s_employees_is_26_octets():
    employee = Record("Employee", (Field("firstName", 1, String()), Field("lastName", 2, String())))
    employees = Record("Employees", (Field("employee", 1, List(Ref("Employee")), key="employees"),))
    people = [("John", "Doe"), ("Anna", "Smith"), ("Peter", "Jones")]
    value = {"employees": [{"firstName": first, "lastName": last} for first, last in people]}
    assert information(value, Schema("Employees", (employees, employee))) == 26


def test_information_rounds_up_once_at_the_end():
    schema = Schema("Root", (Record("Root", (Field("a", 1, Bool()), Field("b", 2, List(Bool())))),))
    assert information({"a": True, "b": [True] * 7}, schema) == 1
    assert information({"a": True, "b": [True] * 8}, schema) == 2
    assert information({}, EXAMPLES["empty"]) == 0


@pytest.mark.parametrize("name", EXAMPLES)
def test_drawn_values_of_the_examples_are_of_their_schema(name):
    @settings(max_examples=20, deadline=None, derandomize=True, database=None)
    @given(values(EXAMPLES[name]))
    def holds(value):
        check(value, EXAMPLES[name])

    holds()


def test_leaves_in_the_order_of_the_schema_and_back_at_their_places():
    for example in EXAMPLES.values():
        value = generate(example, 3)
        for path, leaf in leaves(value, example):
            assert at(value, path) is leaf
            assert type(leaf) not in (dict, list)


def test_leaves_by_hand():
    inner = Union("U", (Field("a", 1, List(Int(8))), Field("b", 2, Map(String(), Bool()))))
    schema = Schema("R", (Record("R", (Field("u", 1, Ref("U")), Field("v", 2, List(Ref("U"))))), inner))
    value = {"u": {"b": {"k": True}}, "v": [{"a": [1, 2]}, {"b": {}}]}
    assert list(leaves(value, schema)) == [(("u", "b", "k"), True), (("v", 0, "a", 0), 1), (("v", 0, "a", 1), 2)]
    assert path_text(("v", 0, "a", 1)) == "$.v[0].a[1]"
