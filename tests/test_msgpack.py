"""MessagePack with and without names. `msgpack_specification.json` holds the octets that the specification demands."""

import io
import json
import math
import struct
import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest
from one_field import of
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

ALL = pytest.mark.parametrize("info", CODECS, ids=lambda info: info.implementation)
BY_NAME = {info.implementation: info for info in CODECS}
NAMED, POSITIONAL, ORMSGPACK, ARRAY = (
    BY_NAME[name] for name in ("msgpack", "msgpack-positional", "ormsgpack", "msgspec-array")
)
AGREED = (POSITIONAL, ARRAY)
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


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["hex"][:16])
@ALL
def test_formats_of_the_specification(info, case):
    prefix = "91" if info in AGREED else "81a176"
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
    for info in CODECS:
        codec, octets = info.compile(MIXED), positional if info in AGREED else named
        assert codec.encode(value) == bytes.fromhex(octets)
        assert codec.decode(bytes.fromhex(octets)) == value


@ALL
def test_floats_keep_all_bits(info):
    codec = info.compile(of(List(Float())))
    [payload] = struct.unpack(">d", bytes.fromhex("7ff8000000000123"))
    value = {"v": [payload, -math.nan, math.inf, -0.0, 5e-324]}
    assert equal(codec.decode(codec.encode(value)), value)


@ALL
def test_every_microsecond_counts(info):
    codec = info.compile(of(List(Timestamp())))
    years = [datetime(year, 12, 31, 23, 59, 59, 999999, UTC) for year in (1, 999, 1969, 1970, 2105, 2514, 9999)]
    assert codec.decode(codec.encode({"v": years})) == {"v": years}


@ALL
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


@ALL
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
    for info in CODECS:
        positional = info in AGREED
        assert (info.note == "positional", info.format.self_describing) == (positional, not positional)
    assert (NAMED.id, NAMED.note) == ("msgpack/msgpack", "")
    assert POSITIONAL.id == "msgpack/msgpack-positional"


@ALL
@pytest.mark.parametrize("microsecond", [1, 536_870, 536_871, 999_999])
@pytest.mark.parametrize("year", [1, 1969, 1970, 2026, 2106, 2514, 2515, 9999])
def test_the_fraction_of_a_second(info, year, microsecond):
    """ormsgpack 1.13.1 drops one of 2^29 nanoseconds or more; msgpack-python's octets are those of all."""
    value = {"v": datetime(year, 1, 2, 3, 4, 5, microsecond, UTC)}
    codec = info.compile(of(Timestamp()))
    assert codec.decode(codec.encode(value)) == value
    assert codec.encode(value)[-6:] == NAMED.compile(of(Timestamp())).encode(value)[-6:]


def test_ormsgpack_still_drops_it():
    """When this fails, the library is repaired, and need not be helped."""
    import ormsgpack

    time = datetime(2026, 1, 2, 3, 4, 5, 536_871, UTC)
    data = ormsgpack.packb(time, option=ormsgpack.OPT_DATETIME_AS_TIMESTAMP_EXT)
    assert data.hex() == "d6ff" + int(time.timestamp()).to_bytes(4, "big").hex()


REFUSED = "refused"
TYPED = {"msgspec-struct": REFUSED, "msgspec-array": REFUSED}
PECULIAR = [
    # what, its type, its octets, what most make of it, and who makes something else of it
    ("octets after it", Int(), "01 02", REFUSED, {"ormsgpack": 1}),
    ("float 32", Float(), "ca3fc00000", 1.5, {}),
    ("an integer for a float", Float(), "01", 1, {"msgspec-struct": 1.0, "msgspec-array": 1.0}),
    ("a float for an integer", Int(), "cb3ff8000000000000", 1.5, TYPED),
    ("an integer longer than due", Int(), "cd0001", 1, {}),
    ("bin for str", String(), "c40161", b"a", TYPED),
    ("str for bin", Bytes(), "a161", "a", TYPED),
    ("not UTF-8", String(), "a1ff", REFUSED, {}),
    ("half a pair", String(), "a3eda080", REFUSED, {}),
    ("nil", Int(), "c0", None, TYPED),
    ("an array as a key", Map(String(), Int()), "819001", REFUSED, {"msgspec": {(): 1}}),
    ("a second of too many nanoseconds", Timestamp(), "c70cffffffffff0000000000000001", REFUSED, {}),
    ("a text of a UUID", Uuid(), "d924" + str(UUID(int=7)).encode().hex(), REFUSED, dict.fromkeys(TYPED, UUID(int=7))),
]


@ALL
@pytest.mark.parametrize(("type_", "octets", "most", "others"), [r[1:] for r in PECULIAR], ids=[r[0] for r in PECULIAR])
def test_what_the_libraries_differ_in(info, type_, octets, most, others):
    codec = info.compile(of(type_))
    data = bytes.fromhex(("91" if info in AGREED else "81a176") + octets)
    due = others.get(info.implementation, most)
    if due is REFUSED:
        with pytest.raises(DecodeError):
            codec.decode(data)
    else:
        assert equal(codec.decode(data), {"v": due})


def test_a_stream_is_messages_without_more():
    codec = NAMED.compile(of(List(Int())))
    values = [{"v": list(range(i))} for i in range(0, 2000, 100)]
    file = io.BytesIO()
    codec.write_stream(file, values)
    data = file.getvalue()
    assert data == b"".join(map(codec.encode, values))
    assert list(codec.read_stream(io.BytesIO(data))) == values
    for cut in (data[:-1], data + b"\x81", data + b"\xc1"):
        with pytest.raises(DecodeError):
            list(codec.read_stream(io.BytesIO(cut)))


@pytest.mark.parametrize(
    "octets", [b"\xdc\xff\xff" * 1000, b"\xdd\x05\xff\xff\xff", b"\xdf\x05\xff\xff\xff", b"\x91" * 5000]
)
def test_a_stream_that_claims_much_is_given_nothing(octets):
    tracemalloc.start()
    try:
        with pytest.raises(DecodeError):
            list(NAMED.compile(of(List(Int()))).read_stream(io.BytesIO(octets)))
        assert tracemalloc.get_traced_memory()[1] < 2_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    ("path", "leaf"),
    [
        (("1st",), "RED"), (("choice", "id"), UUID(int=0)), (("more", 1, "choice", "e"), "BLUE"),
        (("choice", "n"), None), (("more", 2, "choice", "n"), None), (("more", 0, "1st"), None), (("more",), None),
        ((), None),
    ],
)  # fmt: skip
def test_access(path, leaf):
    value = {"1st": "RED", "choice": {"id": UUID(int=0)}, "more": [{"choice": {"n": 0}}, {"choice": {"e": "BLUE"}}]}
    for info in CODECS:
        codec = info.compile(MIXED)
        if codec.access is None:
            continue
        if leaf is None:
            with pytest.raises(DecodeError):
                codec.access(path)(codec.encode(value))
        else:
            assert codec.access(path)(codec.encode(value)) == leaf
