"""Inference: what each shape of data becomes, and that no JSON value is lost on the way to a codec and back."""

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sercodecs.registry import find
from serschema.data import DataError
from serschema.errors import SchemaError, ValueMismatch
from serschema.load.infer import MAX_FIELDS, infer, infer_messages
from serschema.model import (
    MAX_DEPTH,
    Bool,
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
    is_identifier,
)
from serschema.values import check, equal

CODECS = ("json/orjson", "msgpack/msgpack", "avro/fastavro", "protobuf/upb")


def fields(*values):
    """The fields of the record inferred from messages {"f": value}; an `...` is a message without it."""
    return infer_messages([{} if value is ... else {"f": value} for value in values])


def type_of(*values):
    [field] = fields(*values).schema.record.fields
    return field.type, field.optional


def alternatives(inferred, type_):
    union = inferred.schema.resolve(type_)
    assert isinstance(union, Union)
    return [(field.key, field.type) for field in union.alternatives]


TIME, OTHER_TIME = "2024-01-31T12:00:00.000000Z", "0001-12-31T23:59:59.999999Z"
UUID = "c232ab00-9414-11ec-b3c8-9f6bdeced846"


@pytest.mark.parametrize(
    ("values", "type_", "optional"),
    [
        ([True, False], Bool(), False),
        ([0, (1 << 30) - 1, -(1 << 30)], Int(32), False),
        ([1 << 30], Int(64), False),
        ([-(1 << 30) - 1], Int(64), False),
        ([(1 << 63) - 1, -(1 << 63)], Int(64), False),
        ([1 << 63, 0], Int(64, signed=False), False),
        ([1.0, 2.0], Float(64), False),
        ([1, 1.5], Float(64), False),
        ([1 << 53, 0.5], Float(64), False),
        (["a", ""], String(), False),
        ([TIME, OTHER_TIME], Timestamp(), False),
        ([TIME, "2024-01-31T12:00:00Z"], String(), False),
        ([TIME, "2024-02-30T12:00:00.000000Z"], String(), False),
        (["2024-01-31T12:00:00.000000+00:00"], String(), False),
        (["２024-01-31T12:00:00.000000Z"], String(), False),  # noqa: RUF001 - a digit that is not ASCII
        ([UUID], Uuid(), False),
        ([UUID, UUID.upper()], String(), False),
        ([UUID, UUID + "\n"], String(), False),
        ([UUID.replace("-", "")], String(), False),
        ([UUID, TIME], String(), False),
        ([[1], [], [2]], List(Int(32)), False),
        ([[]], List(String()), False),
        ([[[]], [[1.5]]], List(List(Float(64))), False),
        ([1, ...], Int(32), True),
        ([1, None], Int(32), True),
        ([None, None], String(), True),
        ([TIME, None], Timestamp(), True),
    ],
)
def test_the_type_of_a_field(values, type_, optional):
    assert type_of(*values) == (type_, optional)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1, "a"], [("integer", Int(32)), ("string", String())]),
        ([(1 << 53) + 1, 0.5], [("integer", Int(64)), ("number", Float(64))]),
        ([-1, 1 << 63], [("integer", Int(64)), ("unsigned", Int(64, signed=False))]),
        ([True, 1, 1.5], [("boolean", Bool()), ("number", Float(64))]),
        ([TIME, 1], [("integer", Int(32)), ("string", Timestamp())]),
        ([[1], "a"], [("string", String()), ("array", List(Int(32)))]),
        ([{"x": 1}, [True]], [("array", List(Bool())), ("object", Ref("FObject"))]),
        ([None, 1, ...], [("null", Ref("Null")), ("integer", Int(32))]),
    ],
)
def test_several_types_are_a_union(values, expected):
    inferred = fields(*values)
    assert alternatives(inferred, inferred.schema.record.fields[0].type) == expected
    assert any(note.startswith("values of several types are a union: $.f (") for note in inferred.schema.notes)


def test_values_of_unions_are_tagged():
    inferred = fields([1, "a", None, 2.5, {"integer": 1}, [None], True])
    assert inferred.convert({"f": [1, None, {"integer": 1}, [None], True]}) == {
        "f": [
            {"number": 1.0},
            {"null": {}},
            {"object": {"integer": 1}},
            {"array": [{}]},
            {"boolean": True},
        ]
    }


def test_null_and_absence():
    both = fields(None, ..., 1)
    assert [both.convert(m) for m in ({"f": None}, {}, {"f": 1})] == [{"f": {"null": {}}}, {}, {"f": {"integer": 1}}]
    only = fields(None, ...)
    assert [only.convert(m) for m in ({"f": None}, {})] == [{"f": {}}, {}]
    always = fields(None)
    assert always.convert({"f": None}) == {}
    assert always.schema.notes == ("always null, declared as an optional string: $.f",)
    sometimes = fields(None, 1)
    assert [sometimes.convert(m) for m in ({"f": None}, {"f": 1})] == [{}, {"f": 1}]
    assert sometimes.schema.notes == ("null is absence: $.f",)


def test_integers_become_floats_only_where_they_are_read_as_such():
    inferred = fields(102, 0.5)
    assert equal(inferred.convert({"f": 102}), {"f": 102.0})
    assert inferred.schema.notes == ("integers and floats are all floats, which hold these integers exactly: $.f",)
    assert equal(fields(1).convert({"f": 1}), {"f": 1})
    assert equal(fields(1.0).convert({"f": 1.0}), {"f": 1.0})


@pytest.mark.parametrize(
    ("keys", "names"),
    [
        (["no-any", "@id", "日本", "año", "2023"], ["no_any", "id", "field3", "ano", "f2023"]),
        (["a_b", "aB", "A-B", "ab2"], ["a_b", "aB_2", "A_B_3", "ab2_2"]),
        (["x", "X"], ["x", "X_2"]),
        (["@", "field1", "_x", "x"], ["field1", "field1_2", "x", "x_2"]),
        (["k" * 300, "k" * 301], ["k" * 60, "k" * 60 + "_2"]),
        (["class", "\0", "a b", "ﬁ"], ["class", "field2", "a_b", "fi"]),
    ],
)
def test_names_become_identifiers_and_keys_stay(keys, names):
    inferred = infer_messages([dict.fromkeys(keys, 1)])
    assert [(field.key, field.name) for field in inferred.schema.record.fields] == list(zip(keys, names, strict=True))
    assert inferred.convert(dict.fromkeys(keys, 1)) == dict.fromkeys(keys, 1)


def test_types_are_called_after_their_keys():
    inner = {"address": {"geo-point": {}}}
    message = {"address": {"a": inner, "Null": {}}, "items": [{"b": 1}], "null": {}}
    names = [type_.name for type_ in infer_messages([message], "my data").schema.types]
    assert names == ["MyData", "Address", "A", "AAddress", "GeoPoint", "AddressNull", "Items", "MyDataNull"]


def test_fields_stand_in_the_order_of_their_first_appearance():
    schema = infer_messages([{"b": 1, "a": 2}, {"c": 0, "a": 1}]).schema
    assert [(f.key, f.number, f.optional) for f in schema.record.fields] == [
        ("b", 1, True), ("a", 2, False), ("c", 3, True)
    ]  # fmt: skip


def test_many_names_with_one_type_of_value_are_a_map():
    inferred = infer_messages([{"m": {f"k{i}": 1, f"k{i + 1}": None}} for i in range(30)])
    map_type = inferred.schema.record.fields[0].type
    assert isinstance(map_type, Map)
    assert map_type.key == String()
    assert alternatives(inferred, map_type.value) == [("null", Ref("Null")), ("integer", Int(32))]
    assert "an object whose names look like data is a map: $.m (31 names)" in inferred.schema.notes


@pytest.mark.parametrize(
    ("objects", "is_map"),
    [
        ([{f"k{i}": 1 for i in range(60)}], False),
        ([{f"k{i}": 1 for i in range(101)}], True),
        ([{f"k{i}": 1 for i in range(101)}] * 2, False),
        ([{f"k{i}": 1} for i in range(20)], False),
        ([{f"k{i}": 1} for i in range(21)], True),
        ([{f"k{i}": 1 if i else "a"} for i in range(21)], False),
        ([{f"k{i}": {"x": 1, "y": i}} for i in range(21)], True),
        ([{f"k{i}": {f"x{i}": 1, f"y{i}": i}} for i in range(21)], False),
        ([{"": 1, "a": "text"}], True),
        ([{f"k{i}": i if i % 2 else "a" for i in range(MAX_FIELDS + 1)}] * 2, True),
    ],
)
def test_when_an_object_is_a_map(objects, is_map):
    inferred = infer_messages([{"m": value} for value in objects])
    assert isinstance(inferred.schema.record.fields[0].type, Map) == is_map
    for value in objects:
        check(inferred.convert({"m": value}), inferred.schema)


def test_that_a_wide_record_is_no_map_is_told():
    inferred = infer_messages([{f"k{i}": 1 for i in range(30)}] * 2)
    assert inferred.schema.notes == ("an object with many names and one type of value is a record: $ (30 names)",)


def test_many_wide_objects_stay_within_bounds():
    """A map of maps: the inner ones have few names each, and there are as many of them as of the outer one's."""
    inferred = infer_messages({"users": {f"u{i}": {f"i{i}_{j}": j for j in range(90)}}} for i in range(1800))
    assert inferred.schema.record.fields[0].type == Map(String(), Map(String(), Int(32)))


@pytest.mark.parametrize(
    ("messages", "type_"),
    [
        ([1, 2], Int(32)),
        (["a"], String()),
        ([[1], []], List(Int(32))),
        ([{f"k{i}": 1} for i in range(30)], Map(String(), Int(32))),
        ([None], Ref("Null")),
    ],
)
def test_messages_that_are_no_records_are_wrapped(messages, type_):
    inferred = infer_messages(messages)
    assert inferred.wrapped
    assert [(field.key, field.type) for field in inferred.schema.record.fields] == [("value", type_)]
    assert inferred.convert(messages[0]) == {"value": {} if messages[0] is None else messages[0]}


def test_a_message_with_one_field_value_is_not_wrapped():
    inferred = infer_messages([{"value": 1}])
    assert not inferred.wrapped
    assert inferred.convert({"value": 1}) == {"value": 1}


def test_other_data_is_an_error_with_its_path():
    inferred = fields({"x": [1]}, ...)
    with pytest.raises(ValueMismatch, match=r"^\$\.f\.x: expected a list, found 1$"):
        inferred.convert({"f": {"x": 1}})


def nested(levels, make):
    value = 1
    for _ in range(levels):
        value = make(value)
    return value


def test_depth():
    for make in (lambda value: {"a": value}, lambda value: [value]):
        deepest = nested(MAX_DEPTH - 1, make)
        inferred = infer_messages([deepest])
        check(inferred.convert(deepest), inferred.schema)
        with pytest.raises(SchemaError, match="nested too deeply"):
            infer_messages([nested(MAX_DEPTH + 1, make)])
    with pytest.raises(SchemaError, match=r"nested too deeply: more than 100 records and unions"):
        infer_messages(nested(levels, lambda value: {"a": value}) for levels in range(1, 61))  # each is a union too


@pytest.mark.parametrize(
    ("message", "text"),
    [
        ({"a": [1, {"b": 1 << 64}]}, r"^\$\.a\[\]\.b: the integer '18446744073709551616' does not fit 64 bits"),
        ({"a": -(1 << 63) - 1}, r"^\$\.a: the integer '-9223372036854775809' does not fit 64 bits"),
        ({"a": {1}}, r"^\$\.a: a value of type set, which is not JSON"),
    ],
)
def test_values_without_a_type(message, text):
    with pytest.raises(SchemaError, match=text):
        infer_messages([message])


def test_no_message():
    with pytest.raises(SchemaError, match="there is no message"):
        infer_messages([])


class TestFiles:
    """What orjson, which reads the lines, would let pass or change is found by the exact parser."""

    def write(self, folder, *lines, name="my-data.jsonl"):
        path = folder / name
        path.write_bytes(b"".join(line.encode() + b"\n" for line in lines))
        return str(path)

    def test_schema_and_messages(self, tmp_path):
        path = self.write(tmp_path, '{"a": 1, "b-c": "x"}', "", ' {"a": 2} \r')
        inferred = infer([path])
        assert inferred.schema.root == "MyData"
        assert inferred.messages == 2
        assert [(str(place), value) for place, value in inferred.read([path])] == [
            (f"{path}:1", {"a": 1, "b-c": "x"}),
            (f"{path}:3", {"a": 2}),
        ]

    def test_a_list_in_a_json_file_is_many_messages(self, tmp_path):
        path = self.write(tmp_path, '[{"a": 1},', '{"a": 1.5}]', name="list.json")
        inferred = infer([path])
        assert inferred.schema.record == Record("List", inferred.schema.record.fields)
        assert [(place.line, value) for place, value in inferred.read([path])] == [(1, {"a": 1.0}), (2, {"a": 1.5})]

    @pytest.mark.parametrize(
        ("line", "text"),
        [
            ('{"a": 18446744073709551616}', r":3: \$\.a: the integer '18446744073709551616' does not fit 64 bits"),
            ('{"a": -9223372036854775809}', ":3: .* does not fit 64 bits"),
            ('{"a": [123456789012345678901234567890]}', r":3: \$\.a\[\]: .* does not fit 64 bits"),
            ('{"a": 1, "a": 2}', r":3: \$: the name 'a' occurs twice in one object"),
            ('{"a" : 1,"a":2}', r":3: \$: the name 'a' occurs twice"),
            ('{"a": "\\":", "a": 2}', r":3: \$: the name 'a' occurs twice"),
            ('{"a\\\\": 1, "a\\\\" \t: 2}', r":3: \$: the name .* occurs twice"),
            ('{"a": "\\ud800"}', ":3: a lone surrogate"),
            ('{"a": NaN}', ":3: NaN is not JSON"),
            ('{"a": 1e999}', ":3: the number 1e999 is beyond binary64"),
            ('{"a": ' + "9" * 5000 + "}", ":3: an integer of thousands of digits"),
            ("[" * 150 + "]" * 150, ":3: .*nested too deeply"),
            ("[" * 5000 + "]" * 5000, ":3: nested too deeply"),
            ('{"a": 1', ":3: ends in the middle of a value"),
        ],
    )
    def test_errors_have_a_line(self, tmp_path, line, text):
        path = self.write(tmp_path, '{"a": 1}', '{"a": "x :) \\": "}', line, '{"a": 1}')
        with pytest.raises(DataError, match=text) as caught:
            infer([path])
        assert caught.value.line == 3
        assert "\n" not in str(caught.value)
        assert len(str(caught.value)) < 300

    def test_large_floats_are_no_integers(self, tmp_path):
        path = self.write(tmp_path, '{"a": 1e300}', '{"a": 1.8446744073709552e+19}')
        assert infer([path]).schema.record.fields[0].type == Float(64)

    def test_blocks_make_no_difference(self, tmp_path):
        """More than a block, of which the last lines alone have other fields and types."""
        lines = [json.dumps({"id": i, "text": "x" * 300, "t": TIME}) for i in range(8000)]
        path = self.write(tmp_path, *lines, json.dumps({"id": 1 << 40, "more": None}))
        schema = infer([path]).schema
        assert [(f.key, f.type, f.optional) for f in schema.record.fields] == [
            ("id", Int(64), False), ("text", String(), True), ("t", Timestamp(), True), ("more", Ref("Null"), True)
        ]  # fmt: skip


# Any JSON value survives

JSON_SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(1 << 63), (1 << 64) - 1),
    st.integers(-5, 5),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from((TIME, OTHER_TIME, UUID, "", "2024-01-31")),
)
KEYS = st.sampled_from(("a", "b", "c", "", "a-b", "a_b", "@id", "日本", "value", "null", "integer")) | st.text(
    max_size=4
)
JSON_VALUES = st.recursive(
    JSON_SCALARS,
    lambda values: st.lists(values, max_size=4) | st.dictionaries(KEYS, values, max_size=4),
    max_leaves=25,
)


class Comparison:
    """Whether values hold the same as the JSON that they come from, told by the schema alone.

    An absent field of a record may stand for null or for absence, but for one of them in all the data.
    """

    def __init__(self, schema):
        self.schema = schema
        self.meaning = {}

    def same(self, plain, value, type_):
        kind = self.schema.resolve(type_)
        match kind:
            case Union():
                [(tag, held)] = value.items()
                names = {bool: "boolean", int: "integer unsigned number", float: "number", str: "string"}
                names |= {list: "array", dict: "object", type(None): "null"}
                assert tag in names[type(plain)].split()
                self.same(plain, held, next(a.type for a in kind.alternatives if a.key == tag))
            case Record(name="Null", fields=()) if plain is None:
                assert value == {}
            case Record():
                assert set(value) <= set(plain) <= {field.key for field in kind.fields}
                for field in kind.fields:
                    if field.key in value:
                        self.same(plain[field.key], value[field.key], field.type)
                    else:
                        assert plain.get(field.key) is None
                        meaning = field.key in plain
                        assert self.meaning.setdefault((kind.name, field.key), meaning) == meaning
            case Map():
                assert list(plain) == list(value)
                for key in plain:
                    self.same(plain[key], value[key], kind.value)
            case List():
                assert len(plain) == len(value)
                for a, b in zip(plain, value, strict=True):
                    self.same(a, b, kind.item)
            case Timestamp():
                assert value.strftime("%Y").zfill(4) + value.strftime("-%m-%dT%H:%M:%S.%fZ") == plain
            case Uuid():
                assert str(value) == plain
            case Float():
                assert type(plain) in (int, float)
                assert plain == value
                assert type(plain) is int or math.copysign(1, plain) == math.copysign(1, value)
            case _:
                assert equal(plain, value)


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(st.lists(JSON_VALUES, min_size=1, max_size=4))
def test_any_json_survives(messages):
    inferred = infer_messages(messages)
    schema = inferred.schema
    comparison = Comparison(schema)
    values = [inferred.convert(message) for message in messages]
    for message, value in zip(messages, values, strict=True):
        check(value, schema)
        comparison.same({"value": message} if inferred.wrapped else message, value, Ref(schema.root))
    for type_ in schema.types:
        assert is_identifier(type_.name)
    for info in find(CODECS):
        codec = info.compile(schema)
        for value in values:
            assert equal(codec.decode(codec.encode(value)), value), info.id


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(st.lists(JSON_VALUES, min_size=1, max_size=6), st.data())
def test_a_file_is_the_same_as_its_messages(tmp_path_factory, messages, data):
    """Through text, blocks, and orjson; whichever order the messages have, the types are as general."""
    path = tmp_path_factory.mktemp("infer") / "message.jsonl"
    indent = data.draw(st.sampled_from(((",", ":"), (", ", ": "), (" ,", " :"))))
    text = "\n".join(json.dumps(m, separators=indent, ensure_ascii=data.draw(st.booleans())) for m in messages)
    path.write_text(text, encoding="utf-8")
    inferred = infer([path])
    assert inferred == infer_messages(messages)
    values = [value for _, value in inferred.read([path])]
    assert equal(values, [inferred.convert(message) for message in messages])
