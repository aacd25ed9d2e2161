"""Limits: what each one loses or refuses, where, and with which words; what it leaves alone."""

import math
import struct
from datetime import UTC, datetime

import pytest
from serschema.generate import generate
from serschema.limits import Limits, Loss, Refused, project
from serschema.model import Bool, Bytes, Field, Float, Int, List, Map, Record, Ref, Schema, String, Timestamp, Union
from serschema.strategies import EXAMPLES
from serschema.values import equal

NAN_1 = struct.unpack(">d", bytes.fromhex("7ff8000000000001"))[0]
NAN_NEGATIVE = struct.unpack(">d", bytes.fromhex("fff8000000000000"))[0]
MILLISECONDS = Limits(time_unit=1000)


def of(type_):
    choice = Union("Choice", (Field("number", 1, Float()), Field("text", 2, String())))
    return Schema("Root", (Record("Root", (Field("f", 1, type_),)), choice))


def at(microsecond, year=2024):
    return datetime(year, 1, 2, 3, 4, 5, microsecond, tzinfo=UTC)


KEPT = [
    (Limits(nan="refused", infinity="refused", negative_zero=False), Float(), 0.0),
    (Limits(nan="refused", infinity="refused", negative_zero=False), Float(), -5e-324),
    (Limits(nan="canonical"), Float(), math.nan),
    (Limits(nan="refused"), Float(), math.inf),
    (Limits(infinity="refused"), Float(), NAN_1),
    (Limits(negative_zero=True, nan="canonical"), Float(), -0.0),
    (Limits(integers=(-5, 5)), Int(64), -5),
    (Limits(integers=(-5, 5)), Int(64), 5),
    (Limits(integers=(-5, 5)), Bool(), True),
    (MILLISECONDS, Timestamp(), at(999_000)),
    (Limits(text="no-nul"), String(), "\1\x1f\x7f\ufffe\U0010ffff"),
    (Limits(text="xml"), String(), "\t\n\r ~\x7f\x85é日😀\U0010ffff\ufffd\ue000\ud7ff"),
    (Limits(keys="no-nul"), Map(String(), String()), {"a": "\0"}),
    (Limits(keys="no-nul"), Map(Int(8), Bool()), {0: True}),
]


@pytest.mark.parametrize(("limits", "type_", "value"), KEPT)
def test_what_a_limit_leaves_alone(limits, type_, value):
    projected, losses = project({"f": value}, of(type_), limits)
    assert equal(projected, {"f": value})
    assert losses == []


LOST = [
    (Limits(negative_zero=False), Float(), -0.0, 0.0, "-0.0 becomes 0.0"),
    (Limits(nan="canonical"), Float(), NAN_1, math.nan, "NaN payload"),
    (Limits(nan="canonical"), Float(), NAN_NEGATIVE, math.nan, "NaN payload"),
    (Limits(infinity="nan"), Float(), math.inf, math.nan, "infinity becomes NaN"),
    (Limits(infinity="nan"), Float(), -math.inf, math.nan, "infinity becomes NaN"),
    (MILLISECONDS, Timestamp(), at(999_999), at(999_000), "time below 1000 us"),
    (Limits(time_unit=1_000_000), Timestamp(), at(1), at(0), "time below 1000000 us"),
    (MILLISECONDS, Timestamp(), at(1, year=1), at(0, year=1), "time below 1000 us"),
    (MILLISECONDS, Timestamp(), at(1_999, year=1969), at(1_000, year=1969), "time below 1000 us"),
]


@pytest.mark.parametrize(("limits", "type_", "value", "becomes", "what"), LOST)
def test_what_a_limit_loses(limits, type_, value, becomes, what):
    projected, losses = project({"f": value}, of(type_), limits)
    assert equal(projected, {"f": becomes})
    assert losses == [Loss("$.f", what)]


REFUSED = [
    (Limits(nan="refused"), Float(), math.nan, "NaN"),
    (Limits(infinity="refused"), Float(), -math.inf, "infinity"),
    (Limits(integers=(-5, 5)), Int(64), 6, "integer 6 is out of (-5, 5)"),
    (Limits(integers=(-5, 5)), Int(64), -6, "integer -6 is out of (-5, 5)"),
    *((Limits(text="xml"), String(), f"a{char}", "a character that XML 1.0 does not allow")
      for char in "\0\x08\x0b\x0c\x0e\x1f\ufffe\uffff"),
    (Limits(text="no-nul"), String(), "a\0", "U+0000, which ends a string"),
    (Limits(keys="no-nul"), Map(String(), Bool()), {"a": True, "b\0": True}, "U+0000 in a key, which ends it"),
]  # fmt: skip


@pytest.mark.parametrize(("limits", "type_", "value", "reason"), REFUSED)
def test_what_a_limit_refuses(limits, type_, value, reason):
    with pytest.raises(Refused) as caught:
        project({"f": value}, of(type_), limits)
    assert (caught.value.path, caught.value.reason) == ("$.f", reason)
    assert str(caught.value) == f"$.f: {reason}"


@pytest.mark.parametrize(
    ("type_", "value", "path"),
    [
        (List(List(Float())), [[], [1.0, -0.0]], "$.f[1][1]"),
        (Map(Int(8), Float()), {7: -0.0}, "$.f[7]"),
        (Ref("Choice"), {"number": -0.0}, "$.f.number"),
    ],
)
def test_losses_have_the_path_of_their_place(type_, value, path):
    _, losses = project({"f": value}, of(type_), Limits(negative_zero=False))
    assert [loss.path for loss in losses] == [path]


def test_every_loss_is_listed_and_the_value_itself_untouched():
    value = {"f": [-0.0, 1.0, -0.0, NAN_1]}
    projected, losses = project(value, of(List(Float())), Limits(negative_zero=False, nan="canonical"))
    assert [loss.path for loss in losses] == ["$.f[0]", "$.f[2]", "$.f[3]"]
    assert equal(projected, {"f": [0.0, 1.0, 0.0, math.nan]})
    assert equal(value, {"f": [-0.0, 1.0, -0.0, NAN_1]})


def test_keys_of_a_map_are_projected_too():
    with pytest.raises(Refused) as caught:
        project({"f": {9: "a"}}, of(Map(Int(8), String())), Limits(integers=(0, 5)))
    assert caught.value.path == "$.f{key}"


def test_depth_counts_records_and_unions():
    leaf = {"expression": {"constant": 1.0}}
    schema = Schema(
        "Root",
        (
            Record("Root", (Field("expression", 1, Ref("Expression")),)),
            Union("Expression", (Field("constant", 1, Float()), Field("root", 2, List(Ref("Root"))))),
        ),
    )
    deeper = {"expression": {"root": [leaf]}}
    assert project(leaf, schema, Limits(depth=2)) == (leaf, [])
    assert project(deeper, schema, Limits(depth=4)) == (deeper, [])
    for value, depth in ((leaf, 1), (deeper, 3)):
        with pytest.raises(Refused, match=f"more than {depth} levels of nesting"):
            project(value, schema, Limits(depth=depth))


@pytest.mark.parametrize("name", EXAMPLES)
def test_without_limits_nothing_is_lost(name):
    """The second limits are no limits either, but take the way through all kinds."""
    for seed in range(10):
        value = generate(EXAMPLES[name], seed)
        for limits in (Limits(), Limits(depth=100)):
            projected, losses = project(value, EXAMPLES[name], limits)
            assert equal(projected, value)
            assert losses == []


@pytest.mark.parametrize(
    ("type_", "value", "present"), [(String(), "", "a"), (Bytes(), b"", b"\0"), (List(Bool()), "", [])]
)
def test_present_and_empty(type_, value, present):
    """Only a string or bytes, and only in an optional field."""
    limits = Limits(empty_optional=False)
    inner = Record("Inner", (Field("f", 1, type_, True), Field("g", 2, type_)))
    schema = Schema("Root", (Record("Root", (Field("r", 1, Ref("Inner")),)), inner))
    for kept in ({"g": present}, {"f": present, "g": present}):
        assert project({"r": kept}, schema, limits) == ({"r": kept}, [])
    if isinstance(type_, List):
        return
    assert project({"r": {"g": value}}, schema, limits) == ({"r": {"g": value}}, [])
    with pytest.raises(Refused) as caught:
        project({"r": {"f": value, "g": value}}, schema, limits)
    assert caught.value.path == "$.r.f"
