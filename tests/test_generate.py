"""Generated values: of their schema, the same for a seed, within their size, and now and then extreme."""

import hashlib
import json
import math
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from serschema.errors import SchemaError
from serschema.generate import generate, heights
from serschema.jsonform import to_json
from serschema.model import MAX_DEPTH, Bool, Bytes, Field, Int, List, Map, Record, Ref, Schema, String, Union
from serschema.strategies import EXAMPLES, schemas
from serschema.values import check, equal, float_bits, is_binary32


def many(name, count=400):
    return [generate(EXAMPLES[name], seed) for seed in range(count)]


@pytest.mark.parametrize("name", EXAMPLES)
def test_values_are_of_their_schema_and_the_same_for_a_seed(name):
    schema = EXAMPLES[name]
    for seed in range(50):
        value = generate(schema, seed)
        check(value, schema)
        assert equal(value, generate(schema, seed))


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(schemas(), st.integers(0, 1 << 70), st.integers(0, 500))
def test_any_schema_seed_and_size(schema, seed, size):
    check(generate(schema, seed, size), schema)


def test_the_values_of_a_seed_never_change():
    """Runs on other machines and of later versions are comparable only if this digest stands."""
    names = ("fixed_size", "floats", "decimals", "lists", "maps", "optionals", "tree_of_unions")
    plain = [to_json(generate(EXAMPLES[name], seed), EXAMPLES[name]) for name in names for seed in range(10)]
    text = json.dumps(plain)
    assert hashlib.sha256(text.encode()).hexdigest()[:16] == "81acdfb0217dc013"


def test_seeds_differ():
    assert len({json.dumps(to_json(value, EXAMPLES["uuids"])) for value in many("uuids", 50)}) == 50


def scalars(value):
    match value:
        case dict():
            return sum(map(scalars, value.values()))
        case list():
            return sum(map(scalars, value))
        case _:
            return 1


@pytest.mark.parametrize("size", [10, 100, 1000])
def test_size_bounds_the_scalars_of_what_is_free_to_be_small(size):
    counts = [scalars(generate(EXAMPLES["tree_of_unions"], seed, size)) for seed in range(400)]
    assert max(counts) <= size
    assert max(counts) > size / 4


def test_size_zero_gives_the_smallest_value():
    assert generate(EXAMPLES["linked"], 5, 0).keys() == {"value"}
    assert generate(EXAMPLES["tree_of_maps"], 5, 0) == {"f1": {}, "f2": []}
    assert generate(EXAMPLES["strings"], 5, 0) == {"f1": "", "f2": "", "f3": "", "f4": []}
    assert set(generate(EXAMPLES["tree_of_unions"], 5, 0)["f1"]) <= {"constant", "sum"}


def test_integers_reach_their_limits():
    values = many("integers_plain")
    for field in EXAMPLES["integers_plain"].record.fields:
        seen = {value[field.key] for value in values}
        assert {field.type.lower, field.type.upper, 0} <= seen
        assert len(seen) > 60


def test_floats_are_special_now_and_then():
    values = many("floats", 1000)
    singles, doubles = ([value[key] for value in values] for key in ("f1", "f2"))
    assert all(map(is_binary32, singles))
    for seen in (singles, doubles):
        assert {math.inf, -math.inf} <= set(seen)
        assert {float_bits(-0.0), float_bits(math.nan), 0xFFF8000020000000} <= set(map(float_bits, seen))
        assert sum(map(math.isfinite, seen)) > 700
    assert {5e-324, 1.7976931348623157e308} <= set(doubles)


def test_lists_are_empty_short_and_long():
    lengths = {len(generate(EXAMPLES["uuids"], seed, 300)["f2"]) for seed in range(400)}
    assert {0, 1, 2, 3} <= lengths
    assert max(lengths) > 100


def test_strings_are_of_all_planes_and_lengths():
    strings = [value["f1"] for value in many("strings")]
    assert "" in strings
    assert any(text.isascii() and len(text) > 10 for text in strings)
    for low, high in (("\0", "\x1f"), ("\x80", "\u07ff"), ("\u0800", "\uffff"), ("\U00010000", "\U0010ffff")):
        assert any(low <= char <= high for text in strings for char in text)


def test_bounds_are_reached():
    lists = many("lists")
    bounded = {len(value["f16"]) for value in lists}
    assert bounded == {1, 2}
    octets = many("bytes")
    assert {len(value["f4"]) for value in octets} == {1, 2, 3}
    assert {len(value["f2"]) for value in octets} == {4}
    decimals = [value["f3"] for value in many("decimals")]
    assert max(map(abs, decimals)) == Decimal("9999999999.99")
    assert any(decimal < 0 for decimal in decimals)


def test_every_alternative_symbol_and_presence_occurs():
    assert {next(iter(value["f1"])) for value in many("unions")} == {"number", "text", "point", "points", "nothing"}
    assert {value["f1"] for value in many("enums")} == {"RED", "GREEN", "BLUE"}
    presence = [len(value) for value in many("optionals")]
    assert max(presence) == len(EXAMPLES["optionals"].record.fields)
    assert min(presence) < max(presence) - 5
    assert {len(value["f15"]) for value in many("maps")} == {0, 1, 2}


def chain(length):
    """Records that demand one another, `length` of them."""
    links = [Record(f"R{n}", (Field("next", 1, Ref(f"R{n + 1}")),)) for n in range(1, length)]
    return Schema("R1", (*links, Record(f"R{length}", ())))


def test_a_schema_may_demand_all_levels_but_not_more():
    check(generate(chain(MAX_DEPTH)), chain(MAX_DEPTH))
    with pytest.raises(SchemaError, match="every R1 is nested deeper than 100 levels"):
        generate(chain(MAX_DEPTH + 1))


def test_what_would_be_too_deep_is_left_out():
    """Each optional field below the chain still has room for one level; the list and the union would need more."""
    types = list(chain(MAX_DEPTH - 1).types[:-1])
    members = (
        Field("none", 1, Ref("Flat"), True),
        Field("list", 2, List(Ref("Deep"))),
        Field("map", 3, Map(Int(8), Ref("Deep"))),
        Field("deep", 4, Ref("Deep"), True),
    )
    schema = Schema(
        "R1",
        (
            *types,
            Record(f"R{MAX_DEPTH - 1}", members),
            Record("Flat", ()),
            Record("Deep", (Field("choice", 1, Ref("Choice")),)),
            Union("Choice", (Field("flag", 1, Bool()), Field("deep", 2, Ref("Deep")))),
        ),
    )
    for seed in range(50):
        check(generate(schema, seed), schema)


def test_heights():
    schema = Schema(
        "Root",
        (
            Record("Root", (Field("a", 1, Ref("Choice")), Field("b", 2, Ref("Root"), True), Field("c", 3, Bytes()))),
            Union(
                "Choice",
                (Field("deep", 1, Ref("Two")), Field("root", 2, List(Ref("Root"), 1)), Field("s", 3, Ref("One"))),
            ),
            Record("Two", (Field("one", 1, List(Ref("One"), 1)),)),
            Record("One", (Field("free", 1, List(Ref("Root"))), Field("map", 2, Map(String(), Ref("Root"))))),
        ),
    )
    assert heights(schema) == {"One": 1, "Two": 2, "Choice": 2, "Root": 3}
    assert heights(EXAMPLES["enums"]) == {"Enums": 1, "Colour": 0, "Shifted": 0, "Single": 0}
