"""Absent and present values of every sort: what the tests of FlatBuffers, of Cap'n Proto and of their schemas share.

Both have fields whose zero is written by leaving them out, tools that turn octets into text and back, and readers that
go from pointer to pointer.
"""

import pytest
from sercodecs.contract import DecodeError
from serschema import shared
from serschema.generate import generate
from serschema.model import Bool, Field, Int, List, Map, Record, Ref, Schema, String
from serschema.strategies import CHOICE, COLOUR, EXAMPLES, NOTHING, POINT

FIELDS = (
    Field("a", 1, Int(32), True),
    Field("b", 2, Bool()),
    Field("c", 3, String(), True),
    Field("d", 4, List(Ref("Choice")), True),
    Field("m", 5, Map(Int(8), Ref("Choice"))),
    Field("e", 6, Ref("Colour"), True),
    Field("g", 7, List(List(Int(16)))),
)
PRESENT = {
    "a": 0,
    "b": True,
    "c": "",
    "d": [{"number": 7}, {"points": [{"x": 1, "y": 2}]}],
    "m": {-1: {"text": "x"}},
    "e": "GREEN",
    "g": [[1], []],
}
FLATC_JSON = {
    "a": 0,
    "b": True,
    "c": "",
    "d": [
        {"item_type": "number", "item": {"value": 7}},
        {"item_type": "points", "item": {"value": [{"x": 1, "y": 2}]}},
    ],
    "m": [{"key": -1, "value_type": "text", "value": {"value": "x"}}],
    "e": "GREEN",
    "g": [{"item": [1]}, {"item": []}],
}
"""`PRESENT` as flatc reads and writes it."""


def root(*more):
    """A schema of these fields and more, without the values that they have above."""
    return Schema("Root", (Record("Root", (*FIELDS, *more)), CHOICE, POINT, NOTHING, COLOUR))


def messages(name, count):
    """A shared schema or an example, and so many values, whose floats have few digits, as tools print no more."""
    if name in EXAMPLES:
        return EXAMPLES[name], [_in_digits(generate(EXAMPLES[name], seed)) for seed in range(count)]
    loaded = shared.load(name, records=20)
    return loaded.schema, list(map(_in_digits, loaded.values[:count]))


def _in_digits(value):
    match value:
        case float():
            return 0.25 * (hash(value) % 9 - 4)
        case list():
            return [_in_digits(item) for item in value]
        case dict():
            return {key: _in_digits(item) for key, item in value.items()}
        case _:
            return value


def access_looks_at_no_more_than_it_needs(codec, value):
    """In a message of `value`, which has the values above, whose text is damaged; and where there is no leaf."""
    data = bytearray(codec.encode({**value, "c": "zzzz"}))
    data[data.index(b"zzzz")] = 0xFF  # no UTF-8
    damaged = bytes(data)
    with pytest.raises(DecodeError):
        codec.decode(damaged)
    assert codec.access(("m", -1, "text"))(damaged) == "x"
    assert codec.access(("d", 1, "points", 0, "y"))(damaged) == 2
    assert codec.access(("h",))(damaged) == value["h"]
    for path in (("m", 5, "text"), ("m", -1, "number"), ("d", 2, "number"), ("d", 0), ("a", 0)):
        with pytest.raises(DecodeError):
            codec.access(path)(damaged)
