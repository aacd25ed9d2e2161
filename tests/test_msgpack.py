"""MessagePack with and without names. `msgpack_specification.json` holds the octets that the specification demands."""

import json
import math
import struct
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from sercodecs.contract import DecodeError, EncodeError
from sercodecs.msgpack import CODECS
from serschema.jsonform import from_json
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
)
from serschema.values import equal, first_difference

NAMED, POSITIONAL = CODECS
BOTH = pytest.mark.parametrize("info", CODECS, ids=lambda info: info.implementation)
CASES = json.loads((Path(__file__).parent / "vectors" / "msgpack_specification.json").read_text())["cases"]
TYPES = {
    "bool": Bool(),
    "int": Int(),
    "uint": Int(signed=False),
    "float": Float(),
    "string": String(),
    "bytes": Bytes(),
    "uuid": Uuid(),
    "decimal": Decimal(5, 2),
    "list": List(Int()),
    "map": Map(Int(), String()),
    "timestamp": Timestamp(),
}


def of(type_, *named, optional=False):
    """A schema whose message has one field `v`."""
    return Schema("Message", (Record("Message", (Field("v", 1, type_, optional=optional),)), *named))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["hex"][:16])
@pytest.mark.parametrize(("info", "prefix"), [(NAMED, "81a176"), (POSITIONAL, "91")], ids=["named", "positional"])
def test_formats_of_the_specification(info, prefix, case):
    schema = of(TYPES[case["type"]])
    value = from_json({"v": case["value"]}, schema)
    codec = info.compile(schema)
    data = bytes.fromhex(prefix + case["hex"])
    assert codec.encode(value) == data
    assert first_difference(value, codec.decode(data)) == ""


MIXED = Schema(
    "M",
    (
        Record(
            "M",
            (
                Field("first", 1, Ref("E"), optional=True, key="1st"),
                Field("choice", 2, Ref("U")),
                Field("more", 3, List(Ref("M")), optional=True),
            ),
        ),
        Enum("E", (("RED", -5), ("BLUE", 300))),
        Union("U", (Field("n", 7, Int()), Field("id", 9, Uuid()), Field("e", 10, Ref("E")))),
    ),
)


@pytest.mark.parametrize(
    ("value", "named", "positional"),
    [
        ({"choice": {"n": 1}}, "81 a663686f696365 81 a16e 01", "93 c0 92 00 01 c0"),
        (
            {"1st": "RED", "choice": {"e": "BLUE"}, "more": []},
            "83 a3317374 a3524544 a663686f696365 81 a165 a4424c5545 a46d6f7265 90",
            "93 fb 92 02 cd012c 90",
        ),
        (
            {"choice": {"id": UUID(int=0)}, "more": [{"choice": {"n": 0}}]},
            "82 a663686f696365 81 a26964 c410" + "00" * 16 + "a46d6f7265 91 81 a663686f696365 81 a16e 00",
            "93 c0 92 01 c410" + "00" * 16 + "91 93 c0 92 00 00 c0",
        ),
    ],
)
def test_records_unions_and_enums(value, named, positional):
    for info, octets in ((NAMED, named), (POSITIONAL, positional)):
        codec = info.compile(MIXED)
        assert codec.encode(value) == bytes.fromhex(octets)
        assert codec.decode(bytes.fromhex(octets)) == value


@BOTH
def test_floats_keep_all_bits(info):
    codec = info.compile(of(List(Float())))
    [payload] = struct.unpack(">d", bytes.fromhex("7ff8000000000123"))
    value = {"v": [payload, -math.nan, math.inf, -0.0, 5e-324]}
    assert equal(codec.decode(codec.encode(value)), value)


@BOTH
def test_every_microsecond_counts(info):
    codec = info.compile(of(List(Timestamp())))
    years = [datetime(year, 12, 31, 23, 59, 59, 999999, UTC) for year in (1, 999, 1969, 1970, 2105, 2514, 9999)]
    assert codec.decode(codec.encode({"v": years})) == {"v": years}


@BOTH
@pytest.mark.parametrize(
    "data",
    [
        "", "c1", "91", "81a176", "91c0c0", "dd7fffffff", "dfffffffff", "c6ffffffff", "dbffffffff", "91d6ff",
        "93010203", "91d5ff0000", "91c70cff7fffffff0000000000000000", "a0", "c0", "90", "91a100", "81a17600",
        "91" * 5000, "81c0" * 5000, "8190c0", "81a176c40100",
    ],
)  # fmt: skip
def test_what_is_not_a_message_is_refused(info, data):
    codec = info.compile(of(Uuid()))
    with pytest.raises(DecodeError):
        codec.decode(bytes.fromhex(data))


@pytest.mark.parametrize(
    ("type_", "data"),
    [(Ref("E"), "9102"), (Ref("E"), "91a3524544"), (Ref("U"), "919202c0"), (Ref("U"), "919101"), (Int(), "920101")],
)
def test_positions_are_checked(type_, data):
    schema = of(type_, Enum("E", (("RED", 1),)), Union("U", (Field("n", 1, Int()), Field("s", 2, String()))))
    with pytest.raises(DecodeError):
        POSITIONAL.compile(schema).decode(bytes.fromhex(data))


@BOTH
def test_the_packer_survives_an_error(info):
    codec = info.compile(of(List(Int())))
    before = codec.encode({"v": [1, 2]})
    with pytest.raises(EncodeError) as caught:
        codec.encode({"v": [1, object()]})
    assert caught.value.path == "$.v[1]"
    with pytest.raises(EncodeError):
        codec.encode({"v": [1, 1 << 64]})
    assert codec.encode({"v": [1, 2]}) == before


def test_labels():
    assert (NAMED.id, NAMED.note, NAMED.format.self_describing) == ("msgpack/msgpack", "", True)
    assert (POSITIONAL.id, POSITIONAL.note) == ("msgpack/msgpack-positional", "positional")
    assert not POSITIONAL.format.self_describing
