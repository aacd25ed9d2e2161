"""pickle: the bytes of every protocol, and what an unpickler must not be talked into.

`pickle.json` holds one message by the pickler that is written in Python, and `{"n": 1}` put together from the table of
opcodes. Hostile messages are put together from opcodes here.
"""

import json
import pickle
import struct
import time
import tracemalloc
from datetime import UTC, datetime
from decimal import Decimal as PyDecimal
from pathlib import Path
from uuid import UUID

import pytest
from sercodecs.contract import DecodeError
from sercodecs.pickle import ALLOWED, CODECS
from serschema import shared
from serschema.model import Bytes, Decimal, Field, Float, Int, List, Record, Schema, String, Uuid
from serschema.values import equal

VECTORS = json.loads((Path(__file__).parent / "vectors" / "pickle.json").read_text())
EACH = pytest.mark.parametrize("info", CODECS, ids=lambda info: info.implementation)
VALUE = {
    "flag": True,
    "small": 7,
    "large": -(1 << 40),
    "real": 0.1,
    "text": "Ñandú\n",
    "octets": b"\x00\xff",
    "none": b"",
    "color": "RED",
    "at": datetime(1969, 12, 31, 23, 59, 59, 999999, UTC),
    "id": UUID("00112233-4455-6677-8899-aabbccddeeff"),
    "amount": PyDecimal("-12.50"),
    "list": [1, 256, 65536],
    "map": {-1: "a"},
    "choice": {"n": 3},
}


def of(type_):
    """A schema whose message has one field `v`; pickle writes any value all the same."""
    return Schema("Message", (Record("Message", (Field("v", 1, type_),)),))


DECODE = CODECS[4].compile(of(Int())).decode


@EACH
def test_vectors(info):
    codec = info.compile(of(Int()))
    for value, data in (
        (VALUE, VECTORS["protocols"][info.implementation]),
        ({"n": 1}, VECTORS["specification"][info.implementation]),
    ):
        assert codec.encode(value) == bytes.fromhex(data)
        assert equal(codec.decode(bytes.fromhex(data)), value)


@EACH
def test_shared_values_of_every_kind(info):
    for name in ("order", "numbers", "media_content", "tree"):
        loaded = shared.load(name)
        codec = info.compile(loaded.schema)
        for value in loaded.values[:3]:
            expected = pickle.loads(codec.encode(value))
            assert equal(codec.decode(codec.encode(value)), expected)
            assert equal(codec.decode_native(codec.encode(value)), expected)


@EACH
def test_long_strings_and_many_objects(info):
    """Lengths and indices that the regular expression leaves to arithmetic: of more than one octet, of five digits."""
    codec = info.compile(of(List(String())))
    value = {"v": ["a" * 255, "b" * 256, "é" * 70_000, b"c" * 255, b"d" * 70_000]}
    value["v"] += [PyDecimal(number) for number in range(20_000)]
    assert equal(codec.decode(codec.encode(value)), value)


@EACH
def test_nan(info):
    codec = info.compile(of(Float()))
    [payload] = struct.unpack(">d", bytes.fromhex("7ff8000000000123"))
    found = codec.decode(codec.encode({"v": payload}))["v"]
    assert equal(found, payload) == (info.limits.nan == "exact") == (info.implementation != "0")


@EACH
@pytest.mark.parametrize("change", [lambda data: b"", lambda data: data[:-1], lambda data: data + b"."])
def test_the_data_is_one_program(info, change):
    codec = info.compile(of(Bytes()))
    with pytest.raises(DecodeError):
        codec.decode(change(codec.encode(VALUE)))


def named(module, name):
    """The opcodes that name an object: of protocol 0 and of protocol 4."""
    yield f"c{module}\n{name}\n".encode()
    yield b"\x8c%c%b\x8c%c%b\x93" % (len(module), module.encode(), len(name), name.encode())


FORBIDDEN = [
    ("os", "system"), ("posix", "system"), ("nt", "system"), ("subprocess", "Popen"), ("builtins", "eval"),
    ("__builtin__", "eval"), ("builtins", "exec"), ("builtins", "getattr"), ("builtins", "bytes"),
    ("builtins", "object"), ("copyreg", "_reconstructor"), ("uuid", "SafeUUID"), ("uuid", "os.system"),
    ("datetime", "sys"), ("decimal", "Context"), ("_codecs", "decode"), ("codecs", "encode"), ("uuid", "UUID.__init__"),
]  # fmt: skip


@pytest.mark.parametrize(("module", "name"), FORBIDDEN, ids=".".join)
def test_names_that_are_not_allowed(module, name):
    assert (module, name) not in ALLOWED
    for opcodes in named(module, name):
        for data in (opcodes + b".", opcodes + b"X\x02\0\0\0ls\x85R."):
            with pytest.raises(DecodeError, match="not allowed"):
                DECODE(data)


def test_a_command_is_not_run(tmp_path):
    class Harm:
        def __reduce__(self):
            return eval, (f"open({str(tmp_path / 'harm')!r}, 'w')",)

    for protocol in range(6):
        data = pickle.dumps({"v": Harm()}, protocol)
        with pytest.raises(DecodeError):
            DECODE(data)
    assert not (tmp_path / "harm").exists()
    pickle.loads(data)["v"].close()
    assert (tmp_path / "harm").exists()


ENCODE, DECIMAL, EMPTY, OBJECT, RECONSTRUCTOR, A_UUID = (
    f"c{name}\n".encode()
    for name in ("_codecs\nencode", "decimal\nDecimal", "__builtin__\nbytes", "__builtin__\nobject",
                 "copy_reg\n_reconstructor", "uuid\nUUID")
)  # fmt: skip
A_DATETIME = b"cdatetime\ndatetime\n"


def text(value):
    return b"X" + len(value).to_bytes(4, "little") + value


REFUSED = {
    "an extension code": b"\x82\x01.",
    "a persistent id": b"P1\n.",
    "a persistent id from the stack": b"K\x01Q.",
    "an instance": b"(idecimal\nDecimal\n.",
    "an object": b"(" + DECIMAL + b"o.",
    "a duplicate": b"K\x012\x86.",
    "a tuple that is no argument": b"K\x01\x85.",
    "a tuple as a key": b"}K\x01\x85K\x02s.",
    "a tuple in a tuple": DECIMAL + b"K\x01\x85q\x00\x85R.",
    "a buffer": b"\x97.",
    "a set": b"\x8f.",
    "octets out of memory": EMPTY + b"J\xff\xff\xff\x7f\x85R.",
    "octets that compress": ENCODE + text(b"a") + text(b"zip") + b"\x86R.",
    "octets of another encoding": ENCODE + text(b"a") + text(b"idna") + b"\x86R.",
    "a decimal of a tuple": DECIMAL + b"]\x85R.",
    "a reconstructed object": RECONSTRUCTOR + OBJECT + OBJECT + b"N\x87R.",
    "a reconstructed datetime": RECONSTRUCTOR + A_DATETIME + OBJECT + b"N\x87R.",
    "state of a callable": ENCODE + b"}" + text(b"left") + b"K\x01sb.",
    "state of a class": A_UUID + b"}" + text(b"int") + b"K\x01sb.",
    "state of a class of C": A_DATETIME + b"}" + text(b"year") + b"K\x01sb.",
    "a UUID without its state": A_UUID + b")\x81}b.",
    "nothing on the stack": b"R.",
    "no mark": b"u.",
    "an empty stack": b".",
    "a memo that is empty": b"h\x05.",
    "a long string": b"X\xff\xff\xff\xffa.",
    "octets beyond the data": b"B\xff\xff\xff\x7fa.",
    "a frame beyond the data": b"\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\x7fN.",
    "an integer of many digits": b"L" + b"9" * 5000 + b"L\n.",
    "no integer": b"Ix\n.",
    "bad UTF-8": text(b"\xff") + b".",
    "a later protocol": b"\x80\x06N.",
}


@pytest.mark.parametrize("data", REFUSED.values(), ids=REFUSED)
def test_hostile_programs(data):
    with pytest.raises(DecodeError):
        DECODE(data)


@pytest.mark.parametrize(
    "data",
    [b"Nr\xff\xff\xff\x0f.", b"Nr\x00\x00\x01\x00.", b"Np99999999\n.", b"Np99999999999999\n.", b"Np-1\n."],
)
def test_an_index_of_the_memo_allocates_nothing(data):
    """The standard unpickler allocates and clears the memo up to twice the index: 4 GB for the first of these."""
    tracemalloc.start()
    try:
        with pytest.raises(DecodeError):
            DECODE(data)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("function", [DECIMAL, ENCODE], ids=["decimal", "octets"])
def test_one_text_does_not_become_many(function):
    """A text of 100 kB in the memo, made into a new object 10000 times over, would be 1 GB."""
    argument = text(b"1" * 100_000) + (b"\x85" if function is DECIMAL else text(b"latin1") + b"\x86") + b"q\x01R"
    data = b"](" + function + b"q\x00" + argument + b"h\x00h\x01R" * 10_000 + b"e."
    start = time.process_time()
    with pytest.raises(DecodeError):
        DECODE(data)
    assert time.process_time() - start < 1.0


def test_a_run_of_opcodes_takes_time_in_proportion():
    for data in (b"]" * 1_000_000, b"(" * 1_000_000, b"N0" * 500_000, b"\x8c\xff" * 500_000, b"I" * 1_000_000):
        start = time.process_time()
        with pytest.raises(DecodeError):
            DECODE(data + b"R.")
        assert time.process_time() - start < 10.0  # quadratic would be hours


def test_kinds_that_carry_state_come_back_as_themselves():
    for type_, value in ((Uuid(), UUID(int=5)), (Decimal(3, 1), PyDecimal("1.5"))):
        for info in CODECS:
            codec = info.compile(of(List(type_)))
            found = codec.decode(codec.encode({"v": [value, value]}))
            assert found == {"v": [value, value]}
            assert [type(item) for item in found["v"]] == [type(value)] * 2
