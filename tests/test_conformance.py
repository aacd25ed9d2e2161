"""Every codec keeps the contract: what it promises comes back equal, and no bytes at all make it misbehave.

The codecs are those of the registry whose library is installed. The schemas are the shared ones, the hand-made
`EXAMPLES`, and drawn ones. What a codec may refuse to compile is written down in `UNSUPPORTED`, so that a schema that
it stops or starts to carry is noticed.

`SERBENCH_MUTATIONS` in the environment sets how many damaged messages each handwritten decoder is given (default
100000). Those over libraries are given a tenth of them, or as many as `LIBRARY_S` allows: some take milliseconds each.
"""

import copy
import inspect
import io
import math
import mmap
import os
import struct
import time
import tracemalloc
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal as Decimal_
from functools import cache
from itertools import islice
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sercodecs.contract import Codec, DecodeError, EncodeError, UnsupportedSchema
from sercodecs.registry import codecs, missing
from serschema import shared
from serschema.generate import generate
from serschema.limits import Refused, project
from serschema.model import (
    Bool,
    Bytes,
    Decimal,
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
)
from serschema.strategies import EXAMPLES, schemas, values
from serschema.values import check, equal, first_difference, leaves

MUTATIONS = int(os.environ.get("SERBENCH_MUTATIONS", "100000"))
SECONDS = 1.0
"""What one decoding of a small message may take, however damaged it is."""

LIBRARY_S = 3.0
"""What a test may spend on damaged messages for a decoder that is not ours."""

INFOS = {info.id: info for info in codecs() if not missing(info)}
HANDWRITTEN = [name for name, info in INFOS.items() if info.implementation in ("serbench", "control")]
"""What is written here has to notice every octet too few or too many."""
SCHEMAS = (*shared.NAMES, *EXAMPLES)

FIXED_SIZE = {"integers", "numbers", "numbers_finite", "bools", "integers_plain", "integers_ranged", "integers_coded",
              "fixed_size"}  # fmt: skip
FLAT = {"employee", "numbers", "numbers_finite", "bools", "integers_plain", "integers_ranged", "integers_coded",
        "decimals", "many_optionals"}  # fmt: skip
RECURSIVE = {"tree", "linked", "tree_of_unions", "tree_of_maps"}
UNSUPPORTED: dict[str, frozenset[str]] = {
    "arrow-ipc/pyarrow": RECURSIVE | {"nothing_at_all"},
    "parquet/pyarrow": RECURSIVE | {"nothing_at_all", "empty", "lists", "maps", "unions", "optionals"},
    "json/msgspec-struct": frozenset({"names"}),
    "msgpack/msgspec-struct": frozenset({"names"}),
    "bson/pymongo": frozenset({"names"}),  # a key with U+0000
    "asn1-per/asn1tools": frozenset({"nothing_at_all"}),
    "asn1-uper/asn1tools": frozenset({"nothing_at_all"}),
    "asn1-oer/asn1tools": frozenset({"nothing_at_all"}),
    "flexbuffers/google": frozenset({"names"}),  # a key that is not ASCII
    "csv/stdlib": frozenset(SCHEMAS) - FLAT,
    "struct-native/control": frozenset(SCHEMAS) - FIXED_SIZE,
    "thrift-binary/apache": frozenset({"names"}),  # a field number beyond 16 bits
    "thrift-binary/thriftpy2": frozenset({"names"}),
    "thrift-compact/apache": frozenset({"names"}),
    "thrift-compact/thriftpy2": frozenset({"names"}),
}
"""The schemas that a codec refuses to compile."""
UNSUPPORTED_EDGES: dict[str, frozenset[str]] = {}
"""The codecs that refuse the schema of some of `EDGES`."""


@cache
def cell(name):
    """A schema and values of it: those of a shared schema, generated ones for an example."""
    if name in EXAMPLES:
        return EXAMPLES[name], [generate(EXAMPLES[name], seed) for seed in range(40)]
    loaded = shared.load(name, records=50)
    return loaded.schema, list(loaded.values[:10])


@cache
def compiled(codec, name):
    """The codec for the schema, or None where `UNSUPPORTED` says so and the codec gives its reason."""
    info, (schema, _) = INFOS[codec], cell(name)
    if name not in UNSUPPORTED.get(codec, ()):
        return info.compile(schema)
    with pytest.raises(UnsupportedSchema) as caught:
        info.compile(schema)
    assert caught.value.codec == codec
    assert caught.value.kind
    return None


def fault(codec: Codec, schema, value, limits):
    """How the codec breaks its promise for a value, in one line; empty if it keeps it."""
    before = copy.deepcopy(value)
    try:
        promised, _ = project(value, schema, limits)
    except Refused as refused:
        try:
            codec.encode(value)
        except EncodeError:
            return ""
        return f"took what it has to refuse: {refused}"
    data = codec.encode(value)
    if type(data) is not bytes:
        return f"encode returned {type(data).__name__}"
    if not equal(before, value):
        return "encode changed the value"
    try:
        return first_difference(promised, codec.decode(data))
    except DecodeError as error:
        return f"does not read what it wrote: {error}"


def by_halves(codec: Codec):
    """The codec made of its four halves, as the harness times them."""
    to_native, from_native = codec.to_native or (lambda value: value), codec.from_native or (lambda native: native)
    return replace(
        codec,
        encode=lambda value: codec.encode_native(to_native(value)),
        decode=lambda data: from_native(codec.decode_native(data)),
    )


@pytest.mark.parametrize("name", SCHEMAS)
@pytest.mark.parametrize("codec", INFOS)
def test_what_is_promised_comes_back(codec, name):
    schema, messages = cell(name)
    if (built := compiled(codec, name)) is None:
        return
    limits = INFOS[codec].limits
    other_orders = [INFOS[codec].compile(schema, order=order) for order in INFOS[codec].orders]
    for message in messages:
        for variant in (built, *other_orders):
            assert fault(variant, schema, message, limits) == ""
    if built.encode_native is not None:
        for message in kept(messages, schema, limits):
            assert fault(by_halves(built), schema, message, limits) == ""


def kept(messages, schema, limits):
    """The messages that a codec of these limits does not refuse."""
    for message in messages:
        try:
            project(message, schema, limits)
        except Refused:
            continue
        yield message


UNGUARDED = {name for name in INFOS if name.startswith(("pickle/", "capnp"))}
"""Whose `defects` say that `decode_native` has not the guard of `decode`."""


@pytest.mark.parametrize("codec", INFOS)
def test_decode_is_made_of_its_halves(codec):
    """So that hostile data does to `decode_native` no more than to `decode`, which is what the tests below are of."""
    built = compiled(codec, "integers_plain")
    if built is None or built.decode_native is None:
        return
    parts = inspect.getclosurevars(built.decode).nonlocals
    assert (parts.get("decode_native") is built.decode_native) != (codec in UNGUARDED)
    assert codec not in UNGUARDED or any("decode_native" in defect for defect in INFOS[codec].defects)


@pytest.mark.parametrize("codec", INFOS)
def test_drawn_schemas(codec):
    info = INFOS[codec]

    @settings(
        max_examples=25,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate, Phase.shrink],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
    )
    @given(schemas(), st.data())
    def holds(schema, data):
        try:
            built = info.compile(schema)
        except UnsupportedSchema:
            assert codec in UNSUPPORTED
            return
        drawn = data.draw(values(schema))
        assert fault(built, schema, drawn, info.limits) == ""
        assert fault(built, schema, generate(schema), info.limits) == ""

    holds()


WRONG = {
    "a missing field": {},
    "an extra field": {"flag": True, "count": 1, "text": "a", "list": [], "more": 1},
    "an integer too large": {"flag": True, "count": 1 << 31, "text": "a", "list": []},
    "text for an integer": {"flag": True, "count": "1", "text": "a", "list": []},
    "a number for text": {"flag": True, "count": 1, "text": 1, "list": []},
    "nothing for a list": {"flag": True, "count": 1, "text": "a", "list": None},
    "no record": None,
}


@pytest.mark.parametrize("value", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("codec", INFOS)
def test_encode_of_another_value_raises_only_encode_error(codec, value):
    """A codec that does not validate may write what it is given; nothing but EncodeError may come out of it."""
    fields = (
        Field("flag", 1, Bool()),
        Field("count", 2, Int(32)),
        Field("text", 3, String()),
        Field("list", 4, List(Bool())),
    )
    try:
        built = INFOS[codec].compile(Schema("Wrong", (Record("Wrong", fields),)))
    except UnsupportedSchema:
        assert codec in UNSUPPORTED
        return
    if codec in HANDWRITTEN and value is not WRONG["an extra field"]:
        with pytest.raises(EncodeError):
            built.encode(value)
        return
    with suppress(EncodeError):
        assert type(built.encode(value)) is bytes


def allowed(codec, items, seconds=LIBRARY_S):
    """The items: all of them for a handwritten decoder, else as many as there is time for."""
    deadline = time.monotonic() + seconds
    for item in items:
        yield item
        if codec not in HANDWRITTEN and time.monotonic() > deadline:
            return


def read_any(read, data):
    """Read any bytes. What came back, or None; anything but that or DecodeError, in time, fails.

    What is slow is read once more: it may have been the collector's turn, or the machine's other users'.
    """
    for _ in range(2):
        start = time.process_time()  # not the clock on the wall: the machine may be busy
        try:
            value = read(data)
        except DecodeError:
            value = None
        if (took := time.process_time() - start) < SECONDS:
            break
    assert took < SECONDS, f"slow: {data[:200].hex()}"
    return value


def attempt(codec, built, schema, data):
    """Decode any bytes. Whether a value came back, which is of the schema where the codec says so."""
    value = read_any(built.decode, data)
    if value is not None and INFOS[codec].validates:
        check(value, schema)
    return value is not None


def small(codec):
    """The schemas with a message of at most 2000 octets by the codec, and the shortest such message."""
    for name in SCHEMAS:
        if (built := compiled(codec, name)) is not None:
            schema, messages = cell(name)
            usable = list(islice(kept(messages, schema, INFOS[codec].limits), 10))
            data = min(map(built.encode, usable), key=len, default=b"")
            longer = [encoded for encoded in map(built.encode, usable) if len(data) < len(encoded) <= 500]
            if 0 < len(data) <= 2000:
                yield schema, built, max(longer, key=len, default=data)


@pytest.mark.parametrize("name", SCHEMAS)
@pytest.mark.parametrize("codec", INFOS)
def test_truncated_and_trailing_bytes(codec, name):
    """Positions are all of them, or as many as 2 MB of decoding allow, in any order."""
    if (built := compiled(codec, name)) is None:
        return
    schema, messages = cell(name)
    for message in [*kept(messages, schema, INFOS[codec].limits)][:2]:
        data = built.encode(message)
        count = min(len(data), 2000, 2_000_000 // (len(data) + 1) + 10)
        damaged = [data[: place * len(data) // count] for place in range(count)]
        Random(name).shuffle(damaged)
        for octets in allowed(codec, [data + b"\0", data + b"\xff", *damaged], LIBRARY_S / 10):
            accepted = attempt(codec, built, schema, octets)
            assert not (accepted and codec in HANDWRITTEN), f"{len(octets)} of {len(data)} octets: {octets[-40:].hex()}"


def flip(data, random):
    data[random.randrange(len(data))] ^= 1 << random.randrange(8)


def overwrite(data, random):
    data[random.randrange(len(data))] = random.choice((0, 1, 0x7F, 0x80, 0xFF, random.randrange(256)))


def insert(data, random):
    place = random.randrange(len(data) + 1)
    data[place:place] = random.randbytes(random.randrange(1, 5))


def delete(data, random):
    place = random.randrange(len(data))
    del data[place : place + random.randrange(1, 5)]


def inflate(data, random):
    place, length = random.randrange(len(data)), random.choice(LENGTHS)
    data[place : place + len(length)] = length


def repeat(data, random):
    start = random.randrange(len(data))
    data[start:start] = data[start : start + random.randrange(1, 40)]


def replace_all(data, random):
    data[:] = random.randbytes(random.randrange(len(data) + 1))


DAMAGES = (flip, flip, overwrite, overwrite, insert, delete, inflate, inflate, repeat, replace_all)


def damaged(data, random):
    made = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 3))):
        if made:
            random.choice(DAMAGES)(made, random)
    return bytes(made)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("codec", INFOS)
def test_mutations(codec):
    random = Random(20)
    targets = list(small(codec))
    assert targets
    mutations = MUTATIONS if codec in HANDWRITTEN else MUTATIONS // 10
    for schema, built, data in targets:
        for _ in allowed(codec, range(mutations // len(targets)), LIBRARY_S / len(targets)):
            attempt(codec, built, schema, damaged(data, random))


LENGTHS = (
    b"\x7f\xff\xff\xff", b"\x80\x00\x00\x00", b"\xff\xff\xff\xff", b"\x00\xff\xff\xff",
    b"\xff\xff\xff\x07", b"\xfe\xff\xff\x7f", b"\x00\x00\x00\x80",
    b"\x80" + bytes(7), bytes(7) + b"\x80", b"\x7f" + b"\xff" * 7, b"\xff" * 7 + b"\x7f",
)  # fmt: skip
"""Great numbers, 2^31 and 2^63 among them, in either byte order, and as varints with and without zigzag."""


PEAK = Path("/proc/self/clear_refs")


@contextmanager
def growing_by_less(most):
    """What the process holds in memory, also what libraries take out of Python's sight; where Linux tells."""
    if not PEAK.exists():
        yield
        return
    PEAK.write_text("5")  # it starts anew
    before = held_in_memory("VmRSS")
    yield
    assert held_in_memory("VmHWM") - before < most


def held_in_memory(what):
    [kilobytes] = [line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if what in line]
    return 1024 * int(kilobytes)


@pytest.mark.skipif(not PEAK.exists(), reason="only Linux tells how much memory a process held")
def test_growth_out_of_sight_is_noticed():
    with pytest.raises(AssertionError), growing_by_less(20_000_000), mmap.mmap(-1, 40_000_000) as region:
        region.write(b"\1" * 30_000_000)


@pytest.mark.parametrize("codec", INFOS)
def test_a_length_out_of_thin_air_allocates_nothing(codec):
    """Four or eight octets anywhere that say 'very many' must not make the decoder ask for that much."""
    targets = list(small(codec))
    tracemalloc.start()
    try:
        with growing_by_less(50_000_000):
            for schema, built, data in targets:
                inflated_is_cheap(codec, built, schema, data)
    finally:
        tracemalloc.stop()


def inflated_is_cheap(codec, built, schema, data):
    for inflated in allowed(codec, inflations(data, 30 if codec in HANDWRITTEN else 15), LIBRARY_S / 10):
        is_cheap(lambda octets: attempt(codec, built, schema, octets), inflated)


def inflations(data, places):
    """The data with great numbers at so many places, in any order."""
    places = range(0, len(data), len(data) // places + 1)
    inflated = [data[:place] + length + data[place + len(length) :] for place in places for length in LENGTHS]
    Random(len(data)).shuffle(inflated)
    return inflated


def is_cheap(read, octets, most=1_000_000):
    for _ in range(2):  # what is made once, as the reader of the other byte order, the data cannot help
        tracemalloc.reset_peak()
        before = tracemalloc.get_traced_memory()[0]
        read(octets)
        peak = tracemalloc.get_traced_memory()[1] - before
        if peak < most:
            return
    pytest.fail(f"{peak} octets for {len(octets)}: {octets.hex()}")


@pytest.mark.parametrize("name", ["tree_of_maps", "tree_of_unions", "nothing_at_all"])
@pytest.mark.parametrize("codec", INFOS)
def test_one_octet_over_and_over(codec, name):
    """Opening brackets, containers of one item, tags of groups: nesting without end, and lists of nothing."""
    if (built := compiled(codec, name)) is not None:
        for octet in range(256):
            attempt(codec, built, cell(name)[0], bytes([octet]) * 100_000)


DEEP = Schema(
    "Node",
    (
        Record("Node", (Field("next", 1, Ref("Node"), optional=True), Field("side", 2, Ref("Side"), optional=True))),
        Union("Side", (Field("node", 1, Ref("Node")),)),
    ),
)


@pytest.mark.parametrize("levels", [2, 50, 100, 101, 5_000])
@pytest.mark.parametrize("codec", INFOS)
def test_nesting(codec, levels):
    """A hundred levels are carried unless the codec declares less; more are an error and not a crash."""
    info = INFOS[codec]
    try:
        built = info.compile(DEEP)
    except UnsupportedSchema:
        assert codec in UNSUPPORTED
        return
    value: dict = {}
    for _ in range(levels - 1):
        value = {"next": value}
    if levels <= 100:
        assert fault(built, DEEP, value, info.limits) == ""
        return
    try:
        data = built.encode(value)
    except EncodeError:
        return
    assert not (attempt(codec, built, DEEP, data) and codec in HANDWRITTEN)


@pytest.mark.parametrize("name", SCHEMAS)
@pytest.mark.parametrize("codec", INFOS)
def test_access(codec, name):
    """A leaf read by itself is that of the message; what is damaged raises DecodeError or gives something."""
    if (built := compiled(codec, name)) is None or built.access is None:
        return
    schema, messages = cell(name)
    limits, random, data = INFOS[codec].limits, Random(3), b""
    for message in [*kept(messages, schema, limits)][:5]:
        data = built.encode(message)
        found = list(leaves(project(message, schema, limits)[0], schema))
        for path, leaf in random.sample(found, min(len(found), 20)):
            read = built.access(path)
            assert equal(read(data), leaf), path
            for place in range(0, len(data), len(data) // 10 + 1):
                with suppress(DecodeError):
                    read(data[:place])
    with pytest.raises(DecodeError):
        built.access(("no such field",))(data)


class Pipe(io.RawIOBase):
    """A file that cannot seek, and counts what was read from it."""

    def __init__(self, data=b""):
        self.held, self.taken = io.BytesIO(data), 0

    def readable(self):
        return True

    def writable(self):
        return True

    def write(self, data):
        return self.held.write(data)

    def read(self, size=-1):
        data = self.held.read(size)
        self.taken += len(data)
        return data

    def readinto(self, buffer):
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


@pytest.mark.parametrize("name", SCHEMAS)
@pytest.mark.parametrize("codec", INFOS)
def test_streams(codec, name):
    """What is written as a stream comes back one by one, also through a pipe; a damaged one raises DecodeError."""
    if (built := compiled(codec, name)) is None or built.write_stream is None:
        return
    schema, messages = cell(name)
    limits = INFOS[codec].limits
    sent = list(kept(messages, schema, limits))
    for some in ([], sent[:1], sent):
        pipe = Pipe()
        built.write_stream(pipe, iter(some))
        data = pipe.held.getvalue()
        back = list(built.read_stream(Pipe(data)))
        assert len(back) == len(some)
        for message, found in zip(some, back):
            assert first_difference(project(message, schema, limits)[0], found) == ""
    for place in allowed(codec, range(0, len(data), len(data) // 20 + 1), LIBRARY_S / 10):
        with suppress(DecodeError):
            assert len(list(built.read_stream(Pipe(data[:place])))) <= len(sent)
    try:
        built.encode(None)
    except EncodeError:
        with pytest.raises(EncodeError):
            built.write_stream(Pipe(), [None])


def other_readers(codec):
    """What reads the messages of a stream, and what reads single leaves, each with octets for it."""
    for schema, built, data in small(codec):
        message = built.decode(data)
        if built.access:
            paths = [path for path, _ in leaves(message, schema)]
            for path in Random(len(data)).sample(paths, min(4, len(paths))):
                yield built.access(path), data
        if built.write_stream:
            pipe = Pipe()
            built.write_stream(pipe, [message] * 3)
            yield (lambda octets, read=built.read_stream: list(read(Pipe(octets)))), pipe.held.getvalue()


@pytest.mark.parametrize("codec", INFOS)
def test_damaged_streams_and_messages_of_which_a_leaf_is_read(codec):
    """They keep what `decode` promises: only DecodeError, in time, and no memory for what is not there."""
    random = Random(21)
    targets = list(other_readers(codec))
    tracemalloc.start()
    try:
        with growing_by_less(50_000_000):
            for read, data in targets:
                cases = [*inflations(data, 15), *(damaged(data, random) for _ in range(100))]
                random.shuffle(cases)
                for octets in allowed(codec, cases, LIBRARY_S / 20):
                    # msgpack-python's Unpacker begins with a buffer of a MiB
                    is_cheap(lambda octets, read=read: read_any(read, octets), octets, 2_000_000)
    finally:
        tracemalloc.stop()


def floats(*patterns):
    return [struct.unpack(">d", bytes.fromhex(pattern))[0] for pattern in patterns]


EDGES = {
    "integers": (Int(64), [-(1 << 63), -(1 << 53) - 1, -(1 << 31) - 1, 0, 1 << 31, (1 << 53) + 1, (1 << 63) - 1]),
    "unsigned": (Int(64, signed=False), [0, 1 << 31, 1 << 32, (1 << 53) + 1, (1 << 63) - 1, 1 << 63, (1 << 64) - 1]),
    "floats": (
        Float(),
        [0.0, -0.0, 5e-324, -5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, math.inf, -math.inf, math.nan,
         *floats("7ff8000000000001", "fff8000000000000", "7fffffffffffffff", "7ff4000000000000"),
         0.1, 1 / 3, 1e16, 1e21, 1e-7, 123456789.12345678, 1.0],
    ),
    "floats of 32 bits": (
        Float(32),
        [0.0, -0.0, 1.401298464324817e-45, 3.4028234663852886e38, math.inf, -math.inf, math.nan,
         *floats("7ff8000020000000", "fff8000000000000"), 0.10000000149011612, 1.0],
    ),
    "times": (
        Timestamp(),
        [datetime(year, 1, 2, 3, 4, 5, rest, UTC)
         for year in (1, 1677, 1900, 1969, 1970, 2024, 2038, 2262, 9999)
         for rest in (0, 1, 999, 1000, 999_000, 999_999)],
    ),
    "text": (
        String(),
        ["", " ", " a ", "a\n", "\r\n", "\t", "\0", "a\0b", "\x01", "\x1f", "\x7f", "\x80", "\x85", "\u2028",
         "\ufeff", "\ufffe", "\uffff", "\ufffd", "\U0010ffff", "😀", "é", "e\u0301", "<&>\"'", "]]>", "null", "true",
         "~", "1", "1.0", "1e5", "0x10", "no", "2024-01-02", "12:30:45", "-", "#", "=1+1", "\\", "%", "a,b;c", ".",
         "..", "\n.\n", "x" * 70_000],
    ),
    "decimals": (Decimal(38, 10), [Decimal_(f"{digits}E-10") for digits in (0, 1, -1, 10**38 - 1, 1 - 10**38)]),
    "octets": (Bytes(), [b"", b"\0", b"\xff", bytes(range(256)), b"\0" * 70_000]),
    "keys": (Map(String(), Bool()), [{}, {"": True}, {"a.b": True, "$c": False, "a\0": True, "ü": False, "1": True}]),
    "keys that are numbers": (Map(Int(64), Bool()), [{-(1 << 63): True, (1 << 63) - 1: False, 0: True}]),
}  # fmt: skip


@pytest.mark.parametrize("edges", EDGES)
@pytest.mark.parametrize("codec", INFOS)
def test_a_codec_has_the_limits_that_it_declares_and_no_others(codec, edges):
    """Values at the edges come back, or are lost or refused exactly as declared: a limit too few or too many shows."""
    type_, held = EDGES[edges]
    schema = Schema("Edge", (Record("Edge", (Field("f", 1, type_),)),))
    info = INFOS[codec]
    try:
        built = info.compile(schema)
    except UnsupportedSchema:
        assert codec in UNSUPPORTED or codec in UNSUPPORTED_EDGES.get(edges, ()), codec
        return
    if isinstance(type_, Int) and info.limits.integers:
        held = [*held, *(bound + step for bound in info.limits.integers for step in (-1, 0, 1))]
        held = [number for number in held if type_.lower <= number <= type_.upper]
    for value in held:
        check({"f": value}, schema)
        assert fault(built, schema, {"f": value}, info.limits) == "", ascii(value)[:100]


@pytest.mark.parametrize("codec", [name for name, info in INFOS.items() if info.limits.depth])
def test_a_codec_has_the_depth_that_it_declares(codec):
    info = INFOS[codec]
    built = info.compile(DEEP)
    for levels in (info.limits.depth - 1, info.limits.depth, info.limits.depth + 1):
        for step in (("next",), ("side", "node")):
            value: dict = {}
            while _depth(value) + len(step) <= levels:
                for key in reversed(step):
                    value = {key: value}
            assert fault(built, DEEP, value, info.limits) == "", levels


def _depth(value):
    return 1 + max(map(_depth, value.values()), default=0)


@pytest.mark.parametrize("codec", INFOS)
def test_a_broken_codec_is_caught(codec):
    """The check above is able to fail: an octet flipped by encode, a field dropped or a kind changed by decode."""
    schema, (message, *_) = cell("integers_plain")
    built, limits = compiled(codec, "integers_plain"), INFOS[codec].limits
    assert fault(built, schema, message, limits) == ""

    def flipped(value):
        data = built.encode(value)
        return data[:-1] + bytes([data[-1] ^ 1])

    def dropped(data):
        value = built.decode(data)
        return {key: value[key] for key in list(value)[1:]}

    def retyped(data):
        value = built.decode(data)
        return {key: float(item) if type(item) is int else item for key, item in value.items()}

    for broken in (replace(built, encode=flipped), replace(built, decode=dropped), replace(built, decode=retyped)):
        assert fault(broken, schema, message, limits)
