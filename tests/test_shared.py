"""The shared schemas: values are of them, worked examples say what they said, generators are deterministic."""

import json
import math
from datetime import datetime
from ipaddress import IPv4Address
from uuid import UUID

import pytest
from serschema import shared
from serschema.errors import SchemaError
from serschema.jsonform import from_json, schema_from_json, schema_to_json, to_json
from serschema.model import Bool, Float, Int, Union
from serschema.values import check, equal, float_bits, information

SCALED = {
    "addressbook": 6_000,
    "telemetry": 5_000,
    "access_log": 3_500,
    "access_log_text": 3_500,
    "mesh": 7_500,
    "order": 2_000,
    "tree": 18_000,
}
"""Records that make about a megabyte of JSON."""


def json_text(value, schema):
    return json.dumps(to_json(value, schema), ensure_ascii=False, separators=(",", ":"))


def json_size(found):
    return sum(len(json_text(value, found.schema).encode()) for value in found.values)


@pytest.mark.parametrize("name", shared.NAMES)
def test_values_are_of_their_schema_and_of_modest_size(name):
    found = shared.load(name)
    assert found.name == name
    assert found.title.endswith(".")
    assert "\n" not in found.title
    assert found.values
    for value in found.values:
        check(value, found.schema)
        assert equal(from_json(json.loads(json_text(value, found.schema)), found.schema), value)
    assert json_size(found) < 20_000
    assert schema_from_json(schema_to_json(found.schema)) == found.schema
    assert found.scalable == (name in SCALED)


def test_titles_differ():
    assert len({shared.load(name).title for name in shared.NAMES}) == len(shared.NAMES)


@pytest.mark.parametrize("name", SCALED)
def test_generators_are_deterministic_and_scale(name):
    def text(**how):
        found = shared.load(name, **how)
        return [json_text(value, found.schema) for value in found.values]

    assert text() == text()
    assert text(records=7, seed=3) == text(records=7, seed=3)
    assert text(records=7) != text(records=8)
    if name != "access_log_text":  # it has no random numbers of its own
        assert text(seed=1) != text(seed=2)
    large = shared.load(name, records=SCALED[name])
    for value in large.values:
        check(value, large.schema)
    assert 0.8e6 < json_size(large) < 1.5e6


def test_what_a_caller_does_to_the_values_stays_there():
    first = shared.load("numbers")
    first.values[0]["flag"] = "spoilt"
    first.values.pop()
    check(shared.load("numbers").values[0], first.schema)
    assert len(shared.load("numbers").values) == len(first.values) + 1


def test_an_unknown_name_gets_its_neighbours():
    with pytest.raises(SchemaError, match="no shared schema is called 'employes'; did you mean employees or employee"):
        shared.load("employes")
    with pytest.raises(SchemaError, match="there are employees, employee, integers"):
        shared.load("???")


def test_employees_is_the_lecture_s_example():
    """26 characters of information, and this JSON of 134 characters."""
    found = shared.load("employees")
    (value,) = found.values
    assert information(value, found.schema) == 26
    text = json_text(value, found.schema)
    assert text == (
        '{"employees":[{"firstName":"John","lastName":"Doe"},{"firstName":"Anna","lastName":"Smith"},'
        '{"firstName":"Peter","lastName":"Jones"}]}'
    )
    assert len(text) == 134
    assert [field.name for field in found.schema.record.fields] == ["employee"]


def test_employee_and_integers_are_the_lecture_s_examples():
    assert shared.load("employee").values == [
        {"name": "Ana Henríquez", "address": "Avda. Vergara 110, Concón", "number": 101}
    ]
    integers = shared.load("integers")
    assert integers.values == [{"integers": list(range(1_000_000_000, 1_000_000_008))}]
    (field,) = integers.schema.record.fields
    assert (field.type.min_length, field.type.max_length, field.type.item) == (8, 8, Int(32))


def test_numbers_has_every_width_at_its_limits():
    found = shared.load("numbers")
    fields = found.schema.record.fields
    assert {field.type for field in fields} == {
        *(Int(bits, signed) for bits in (8, 16, 32, 64) for signed in (True, False)),
        Float(32),
        Float(64),
        Bool(),
    }
    assert not any(field.optional for field in fields)
    for field in fields:
        values = {float_bits(v[field.key]) if isinstance(field.type, Float) else v[field.key] for v in found.values}
        if isinstance(field.type, Int):
            lower, upper = field.type.lower, field.type.upper
            assert {lower, lower + 1, 0, 1, upper - 1, upper} <= values
            assert field.type.signed is False or {-1, -2} <= values
            octets = [value.to_bytes(field.type.bits // 8, "big", signed=field.type.signed) for value in values]
            assert field.type.bits == 8 or any(o[0] and len(set(o)) == len(o) for o in octets)
    doubles = {float_bits(value["real64"]) for value in found.values}
    greatest, least_normal, least = 0x7FEFFFFFFFFFFFFF, 0x0010000000000000, 1
    assert {greatest, greatest | 1 << 63, least_normal, least_normal - 1, least, 0, 1 << 63} <= doubles
    assert {float_bits(math.inf), float_bits(-math.inf), float_bits(math.nan)} <= doubles
    singles = {value["real32"] for value in found.values}
    greatest32 = (2.0 - 2.0**-23) * 2.0**127
    assert {greatest32, -greatest32, 2.0**-126, 2.0**-126 - 2.0**-149, 2.0**-149, math.inf, -math.inf} <= singles
    payloads = {float_bits(v[key]) for v in found.values for key in ("real32", "real64") if math.isnan(v[key])}
    assert payloads > {float_bits(math.nan)}


def test_numbers_finite_is_numbers_without_what_formats_refuse():
    numbers, finite = shared.load("numbers"), shared.load("numbers_finite")
    assert finite.schema == numbers.schema
    for value in finite.values:
        assert any(equal(value, other) for other in numbers.values)
        for key in ("real32", "real64"):
            assert math.isfinite(value[key])
            assert float_bits(value[key]) != float_bits(-0.0)
    assert len(finite.values) < len(numbers.values)


def test_the_two_access_logs_hold_the_same_facts():
    typed, text = (shared.load(name, records=200, seed=5) for name in ("access_log", "access_log_text"))
    readers = {
        "received_at": datetime.fromisoformat,
        "request_id": UUID,
        "client": lambda written: IPv4Address(written).packed,
        "status": int,
        "sent": int,
        "duration": int,
        "encrypted": {"true": True, "false": False}.__getitem__,
    }
    typed_entries, text_entries = typed.values[0]["entries"], text.values[0]["entries"]
    assert len(typed_entries) == len(text_entries) == 200
    for fact, written in zip(typed_entries, text_entries, strict=True):
        assert {key: readers.get(key, str)(value) for key, value in written.items()} == fact
    assert {"referrer" in fact for fact in typed_entries} == {True, False}
    names = [[field.name for field in found.schema.resolve(found.schema.types[1]).fields] for found in (typed, text)]
    assert names[0] == names[1]


def test_mesh_indexes_are_those_of_vertices():
    (mesh,) = shared.load("mesh", records=56).values
    assert len(mesh["vertices"]) == len(mesh["normals"]) == 56
    assert len(mesh["triangles"]) % 3 == 0
    assert set(mesh["triangles"]) == set(range(56))
    for normal in mesh["normals"]:
        assert math.hypot(*normal.values()) == pytest.approx(1.0, abs=1e-6)


def test_orders_hold_every_choice_and_many_scripts():
    found = shared.load("order", records=100)
    (value,) = found.values
    orders = value["orders"]
    (payment,) = (type for type in found.schema.types if isinstance(type, Union))
    chosen = {next(iter(order["payment"])) for order in orders if "payment" in order}
    assert chosen == {alternative.key for alternative in payment.alternatives}
    for key in ("payment", "shipped_at", "note"):
        assert {key in order for order in orders} == {True, False}
    text = "".join(order["customer"]["name"] for order in orders)
    assert max(map(ord, text)) > 0xFFFF
    assert any(order["total"] < 0 for order in orders)
    assert any(not order["labels"] for order in orders)


def test_the_tree_has_as_many_nodes_as_asked_for_and_is_not_deep():
    (root,) = shared.load("tree", records=500).values

    def walk(node, depth):
        yield depth
        for child in node["children"]:
            yield from walk(child, depth + 1)

    depths = list(walk(root, 1))
    assert len(depths) == 500
    assert 6 <= max(depths) <= 8
