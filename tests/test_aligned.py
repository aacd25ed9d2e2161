"""What aligned formats share, against `ctypes`, which lays structures out as the C compiler of the platform does."""

import ctypes
import struct

from hypothesis import given
from hypothesis import strategies as st
from sercodecs.aligned.position import Position, Slot, bind, layout, size, stride
from sercodecs.source import Source

TYPES = {
    "b": ctypes.c_int8,
    "H": ctypes.c_uint16,
    "i": ctypes.c_int32,
    "f": ctypes.c_float,
    "Q": ctypes.c_uint64,
    "d": ctypes.c_double,
}
CODES = st.lists(st.sampled_from(sorted(TYPES)), min_size=1, max_size=8)
PHASES = st.integers(0, 7)
KNOWN = st.sampled_from([1, 2, 4, 8])


def slots_of(codes):
    return [Slot(code, size(code)) for code in codes]


def offsets(codes, phase):
    """Where the members stand that begin so many octets behind a multiple of eight, and the end of the last one."""
    fields = [(f"m{i}", TYPES[code]) for i, code in enumerate(codes)]
    made = type("Made", (ctypes.Structure,), {"_fields_": [("before", ctypes.c_ubyte * phase), *fields]})
    found = [getattr(made, name).offset for name, _ in fields]
    return found, found[-1] + size(codes[-1])


@given(CODES, PHASES)
def test_layout(codes, phase):
    found, end = offsets(codes, phase)
    format_ = "=" + layout(slots_of(codes), phase)
    assert struct.calcsize(format_) == end - phase
    octets = bytearray(end)
    for number, (code, offset) in enumerate(zip(codes, found)):
        struct.pack_into("=" + code, octets, offset, number)
    assert struct.unpack_from(format_, octets, phase) == tuple(range(len(codes)))


@given(CODES, PHASES, KNOWN, st.sampled_from([0, 4]))
def test_position(codes, phase, modulus, origin):
    """However little is known of it, the expression is right, and so is what is known behind the slots."""
    start = Position("pos", 0, modulus, phase % modulus, str(origin) if origin else "")
    after = start.after(slots_of(codes))
    end = eval(after.text, {"pos": origin + phase})
    assert end == origin + offsets(codes, phase)[1]
    assert (end - origin) % after.modulus == after.residue


@given(CODES, PHASES, KNOWN, st.integers(1, 5))
def test_stride(codes, phase, modulus, count):
    """Items in a row are where one structure of all has them, also if none is known to be."""
    at = Position("pos", 0, modulus, phase % modulus)
    step = stride(slots_of(codes), at)
    found, end = offsets(codes * count, phase)
    if step is None:
        return
    start = eval(step.start.text, {"pos": phase})
    assert [start + i * step.whole for i in range(count)] == found[:: len(codes)]
    assert struct.calcsize("=" + step.format) == step.whole
    behind = step.end(at)
    assert end % behind.modulus == phase % behind.modulus == behind.residue


@given(CODES, CODES, PHASES, KNOWN, st.integers(0, 600))
def test_call_of_octets_of_open_length(before, after, phase, modulus, length):
    """Both directions, found by the length and, where it is not known, by the phase."""
    slots = [*slots_of(before), Slot("", 1, unit=1), *slots_of(after)]
    at = Position("pos", 0, modulus, phase % modulus)
    source = Source("test")
    calls = {method: bind(source, method, "=", slots, at, "n") for method in ("pack", "unpack_from")}
    values = [*range(len(before)), bytes([7]) * length, *range(len(after))]
    given_ = {**source.globals, "n": length, "pos": phase}
    _, middle = offsets(before, phase)
    _, end = offsets(after, (middle + length) % 8)
    packed = eval(calls["pack"], given_)(*values)
    unpack, octets = eval(calls["unpack_from"], given_)
    assert len(packed) == octets == middle - phase + length + end - (middle + length) % 8
    assert list(unpack(bytes(phase) + packed, phase)) == values


@given(st.sets(PHASES, min_size=1), KNOWN)
def test_meet(phases, modulus):
    """What is known of one of several positions is true of all."""
    positions = [Position("pos", 0, modulus, phase % modulus) for phase in phases]
    met = positions[0]
    for position in positions:
        met = met.meet(position)
    assert all(phase % met.modulus == met.residue for phase in phases)
