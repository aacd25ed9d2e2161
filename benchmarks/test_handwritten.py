"""Our handwritten codecs against other people's Python, on the shared schemas, in one run: `make benchmark`.

Each group of the table is one schema and direction, and its ratios stand in parentheses. Before anything is timed, both
sides agree on the value, for XDR and CDR on the octets, and for NDR on all but the octets of gaps. fastavro, compiled,
is the measure of what a format as terse as XDR costs where it is written in Cython: it is called bare, on objects of
its own, so that no conversion counts against it.

pycdr2 has no decimals, times, UUIDs and maps, and no dicts for structures. It is timed twice: from and to values equal
to ours, by the lines that a user writes for that, and, as "pycdr2's objects", from and to what it has itself. The aim,
five times its speed, is measured by the first: xdrlib3 and impacket make values, too, and ours cannot leave it out.

"unchecked" is our own decoder without the statements that only refuse: the calls and assignments that are left are what
reading those octets takes in this interpreter, so that a ratio divided by it bounds what any arrangement of the checks
could reach. Below the aim of three times xdrlib3, and bounded so, are messages that are mostly short strings (decode of
employees 2.2 of at most 2.6, employee 2.5 of 2.7, addressbook 2.5 of 2.6, access_log_text 2.6 of 2.7): a string takes
one look-up by its length, one `unpack_from` together with the padding and the length behind it, and one `decode`. And
`order` (encode 2.7, decode 2.6 of 2.6): 38 % of encoding it is the `scaleb` and `int` of decimals, 33 % of decoding it
the making of decimals, times and UUIDs, which xdrlib3's side does by the same constructors. CDR's `order` decodes 5.0
to 5.2 times as fast as pycdr2 with values, and 3.9 times as fast where pycdr2 makes none, XCDR2's 5.0 to 5.5, and 4.4.

`python benchmarks/test_handwritten.py [schema...]` prints nothing but ratios, for machines that do other things as
well: of all sides in short batches that take turns, in the processor's time of the thread.
"""

import gc
import re
import sys
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import idl_classes
import impacket_by_hand
import javaobj.v2 as javaobj
import pytest
import xdrlib_by_hand
from pycdr2 import Endianness
from sercodecs import java, ndr, xdr
from sercodecs.contract import Codec
from sercodecs.registry import find
from serschema import shared
from serschema.values import equal

SCHEMAS = [name for name in shared.NAMES if name != "numbers"]  # numbers_finite is the same with values all can carry

CDR = {"cdr-little": 0, "xcdr2": 2}
"""The formats that pycdr2 has, with its number for them."""

Side = tuple[Callable[[Any], Any], list[Any]]
"""A function and what it is called with."""


def _all(function: Callable[[Any], Any], inputs: list[Any]) -> list[Any]:
    return [function(item) for item in inputs]


def unchecked(codec: Codec) -> Callable[[bytes], Any]:
    """The generated `decode` without the statements that only refuse: what its calls alone take."""
    lines: list[str] = []
    for line in codec.source.splitlines():
        if re.match(r"\s+(raise DecodeError|bad_\w+)\(", line) and re.match(r"\s+(el)?if ", lines[-1]):
            lines.pop()
        else:
            lines.append(line)
    functions = dict(codec.decode.__globals__)
    exec("\n".join(lines), functions)
    decode: Callable[[bytes], Any] = functions["decode"]
    return decode


def xdr_sides(name: str, direction: str) -> dict[str, Side]:
    """XDR by us and by hand, and the same values as Avro, after all have proved that they carry them."""
    loaded = shared.load(name)
    schema, values = loaded.schema, list(loaded.values)
    ours, theirs = xdr.compile(schema), find(["avro/fastavro"])[0].compile(schema)
    encode, decode = xdrlib_by_hand.compile(schema)
    encoded, datums = _all(ours.encode, values), _all(theirs.encode, values)
    assert theirs.encode_native
    assert theirs.decode_native
    assert _all(encode, values) == encoded
    for found in (_all(ours.decode, encoded), _all(decode, encoded), _all(theirs.decode, datums)):
        assert equal(found, values)
    if direction == "decode":
        return {
            "serbench": (ours.decode, encoded),
            "xdrlib3": (decode, encoded),
            "fastavro": (theirs.decode_native, datums),
            "unchecked": (unchecked(ours), encoded),
        }
    natives = _all(theirs.to_native, values) if theirs.to_native else values
    return {
        "serbench": (ours.encode, values),
        "xdrlib3": (encode, values),
        "fastavro": (theirs.encode_native, natives),
    }


def cdr_sides(name: str, format_: str, direction: str) -> dict[str, Side]:
    """CDR as in GIOP, and XCDR2: pycdr2's octets have a header of four in front, ours a flag or the same header."""
    loaded = shared.load(name)
    values, version = list(loaded.values), CDR[format_]
    (info,) = find([format_])
    ours, classes = info.compile(loaded.schema), idl_classes.compile(loaded.schema, "pycdr2", version)
    objects, encoded = _all(classes.to_object, values), _all(ours.encode, values)

    def serialize(made: Any) -> bytes:
        octets: bytes = made.serialize(endianness=Endianness.Little, use_version_2=version == 2)
        return octets

    for made, octets in zip(objects, encoded):
        padding = octets[3] & 3 if version else 0
        assert serialize(made)[4:] == octets[4 if version else 0 : len(octets) - padding]
    theirs = encoded if version else [b"\0\1\0\0" + octets for octets in encoded]
    assert equal(_all(ours.decode, encoded), values)
    assert equal([classes.to_value(classes.root.deserialize(octets)) for octets in theirs], values)
    if direction == "decode":
        return {
            "serbench": (ours.decode, encoded),
            "pycdr2": (lambda octets: classes.to_value(classes.root.deserialize(octets)), theirs),
            "pycdr2's objects": (classes.root.deserialize, theirs),
            "unchecked": (unchecked(ours), encoded),
        }
    return {
        "serbench": (ours.encode, values),
        "pycdr2": (lambda value: serialize(classes.to_object(value)), values),
        "pycdr2's objects": (serialize, objects),
    }


def ndr_sides(name: str, direction: str) -> dict[str, Side]:
    """impacket has no format label: its octets are those of ours without the first four."""
    loaded = shared.load(name)
    values = list(loaded.values)
    ours = ndr.compile(loaded.schema, order="little")
    encode, decode = impacket_by_hand.compile(loaded.schema)
    encoded = _all(ours.encode, values)
    stubs = [octets[4:] for octets in encoded]
    assert equal([ours.decode(octets[:4] + stub) for octets, stub in zip(encoded, _all(encode, values))], values)
    assert equal(_all(ours.decode, encoded), values)
    assert equal(_all(decode, stubs), values)
    if direction == "decode":
        return {"serbench": (ours.decode, encoded), "impacket": (decode, stubs)}
    return {"serbench": (ours.encode, values), "impacket": (encode, values)}


def java_sides(name: str) -> dict[str, Side]:
    """javaobj-py3 gives a tree of its own objects, not values: that it does less is in its favour."""
    loaded = shared.load(name)
    codec, values = java.compile(loaded.schema), list(loaded.values)
    encoded = _all(codec.encode, values)
    assert equal(_all(codec.decode, encoded), values)
    assert all(map(javaobj.loads, encoded))
    return {"serbench": (codec.decode, encoded), "javaobj-py3": (javaobj.loads, encoded)}


@pytest.mark.parametrize("implementation", ["serbench", "xdrlib3", "fastavro"])
@pytest.mark.parametrize("direction", ["encode", "decode"])
@pytest.mark.parametrize("name", SCHEMAS)
def test_xdr(name: str, direction: str, implementation: str, benchmark: Any) -> None:
    benchmark.group = f"xdr {name} {direction}"
    benchmark(_all, *xdr_sides(name, direction)[implementation])


@pytest.mark.parametrize("implementation", ["serbench", "pycdr2", "pycdr2's objects"])
@pytest.mark.parametrize("direction", ["encode", "decode"])
@pytest.mark.parametrize("format_", CDR)
@pytest.mark.parametrize("name", SCHEMAS)
def test_cdr(name: str, format_: str, direction: str, implementation: str, benchmark: Any) -> None:
    benchmark.group = f"{format_} {name} {direction}"
    benchmark(_all, *cdr_sides(name, format_, direction)[implementation])


@pytest.mark.parametrize("implementation", ["serbench", "impacket"])
@pytest.mark.parametrize("direction", ["encode", "decode"])
@pytest.mark.parametrize("name", SCHEMAS)
def test_ndr(name: str, direction: str, implementation: str, benchmark: Any) -> None:
    benchmark.group = f"ndr {name} {direction}"
    benchmark(_all, *ndr_sides(name, direction)[implementation])


@pytest.mark.parametrize("implementation", ["serbench", "javaobj-py3"])
@pytest.mark.parametrize("name", SCHEMAS)
def test_java_decode(name: str, implementation: str, benchmark: Any) -> None:
    benchmark.group = f"java {name} decode"
    benchmark(_all, *java_sides(name)[implementation])


ROUNDS = 40
BATCH = 1_000_000
"""Nanoseconds that a side has in each round, at least; one message of 50 takes javaobj-py3 longer."""


def _batch(function: Callable[[Any], Any], inputs: list[Any], loops: int) -> float:
    start = time.thread_time_ns()
    for _ in range(loops):
        for item in inputs:
            function(item)
    return (time.thread_time_ns() - start) / loops


def ratios(sides: dict[str, Side]) -> dict[str, float]:
    """How many times as long as ours the others take, by the medians of all rounds."""
    loops = {name: max(1, int(BATCH / _batch(*side, 1))) for name, side in sides.items()}
    times: dict[str, list[float]] = {name: [] for name in sides}
    gc.disable()
    for _ in range(ROUNDS):
        for name, side in sides.items():
            times[name].append(_batch(*side, loops[name]))
    gc.enable()
    return {name: median(times[name]) / median(times["serbench"]) for name in sides if name != "serbench"}


def _print(title: str, sides: dict[str, Side]) -> None:
    print(f"{title:32}", *(f"{ratio:6.2f} x {name}" for name, ratio in ratios(sides).items()), flush=True)


def main() -> None:
    for name in sys.argv[1:] or SCHEMAS:
        for direction in ("encode", "decode"):
            _print(f"xdr {name} {direction}", xdr_sides(name, direction))
            for format_ in CDR:
                _print(f"{format_} {name} {direction}", cdr_sides(name, format_, direction))
            _print(f"ndr {name} {direction}", ndr_sides(name, direction))
        _print(f"java {name} decode", java_sides(name))


if __name__ == "__main__":
    main()
