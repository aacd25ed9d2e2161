"""Codecs that behave, and codecs that break the contract in one way each: what the tests of the harness measure.

A module of codecs like any other, named to workers as an extra module.
"""

import decimal
import json
import os
import signal
import struct
import sys
import tempfile
import time
from dataclasses import fields, replace
from itertools import count

from sercodecs.contract import Carries, Claim, Codec, CodecInfo, EncodeError, Format, UnsupportedSchema
from serschema.jsonform import from_json, to_json
from serschema.limits import Limits, project
from serschema.model import Field, Float, Int, Record, Schema, String, Timestamp
from serschema.values import at

SCHEMA = Schema(
    "Point",
    (
        Record(
            "Point",
            (
                Field("x", 1, Int(32)),
                Field("weight", 2, Float()),
                Field("label", 3, String(), optional=True),
                Field("at", 4, Timestamp(), optional=True),
            ),
        ),
    ),
)


def point(x=7, **more):
    return {"x": x, "weight": 0.5, **more}


def good(schema, /, **options):
    def to_native(value):
        return to_json(value, schema)

    def from_native(native):
        return from_json(native, schema)

    def encode_native(native):
        return json.dumps(native).encode()

    return Codec(
        encode=lambda value: encode_native(to_native(value)),
        decode=lambda data: from_native(json.loads(data)),
        to_native=to_native,
        encode_native=encode_native,
        decode_native=json.loads,
        from_native=from_native,
    )


def plain(encode=None, decode=None):
    """`good` without halves, with `encode(codec, value)` or `decode(codec, data)` in place of its own."""

    def compile(schema, /, **options):
        codec = good(schema)
        return Codec(
            encode=(lambda value: encode(codec, value)) if encode else codec.encode,
            decode=(lambda data: decode(codec, data)) if decode else codec.decode,
        )

    return compile


def dropping(codec, value):
    return codec.encode({key: item for key, item in value.items() if key != "label"})


def mutating(codec, value):
    data = codec.encode(value)
    value["x"] += 1
    return data


_serial = count()


def undecided(codec, value):
    return codec.encode(value) + b" " * (next(_serial) % 2)


def cutting(schema, /, **options):
    """Time to the millisecond."""
    codec = good(schema)
    limits = Limits(time_unit=1000)
    return Codec(encode=lambda value: codec.encode(project(value, schema, limits)[0]), decode=codec.decode)


def refusing(codec, value):
    if value["x"] > 100:
        raise EncodeError("$.x", "too large")
    return codec.encode(value)


def unsupported(schema, /, **options):
    raise UnsupportedSchema("fake/unsupported", "a timestamp", "Point.at")


def false_halves(schema, /, **options):
    """The halves are not those of the whole: what is timed writes less than what is verified."""
    return replace(good(schema), encode_native=lambda native: b"{}")


def consuming(schema, /, **options):
    """`from_native` eats what it is given, so that a second call finds less."""
    codec = good(schema)

    def from_native(native):
        value = codec.from_native(native)
        native.clear()
        return value

    return replace(codec, from_native=from_native, decode=lambda data: from_native(json.loads(data)))


_kept: list[bytes] = []


def keeping(codec, value):
    """Never lets go of what it has used."""
    _kept.append(bytes(100_000))
    return codec.encode(value)


def struct_dump(schema, /, order="little"):
    """The control's idea: a C struct in the machine's own order, which the bytes do not tell."""
    layout = struct.Struct({"little": "<id", "big": ">id"}[order])
    return Codec(
        encode=lambda value: layout.pack(value["x"], value["weight"]),
        decode=lambda data: dict(zip(("x", "weight"), layout.unpack(data))),
    )


def marked(schema, /, order="little"):
    """A format that says its order in the first octet."""

    def decode(data):
        return struct_dump(schema, order="big" if data[0] else "little").decode(data[1:])

    return Codec(
        encode=lambda value: bytes([order == "big"]) + struct_dump(schema, order=order).encode(value), decode=decode
    )


_compiled = 0


def counting(schema, /, **options):
    """Compiles once in a process."""
    global _compiled
    _compiled += 1
    if _compiled > 1:
        raise RuntimeError("compiled again")
    return good(schema)


def aborting(codec, value):
    os.abort()


def killed(codec, value):
    os.kill(os.getpid(), signal.SIGKILL)


def killed_once(codec, value):
    """Is killed the first time, which a file tells."""
    path = os.environ["KILLED"]
    if not os.path.exists(path):
        open(path, "w").close()
        killed(codec, value)
    return codec.encode(value)


def burning(codec, value):
    """Uses the CPU for a while, however long that takes."""
    ends = time.process_time() + 0.3
    while time.process_time() < ends:
        pass
    return codec.encode(value)


def hanging(codec, value):
    while True:
        time.sleep(1)


def swelling(codec, value):
    return bytes(2 << 30)[:10]


def declining(codec, data):
    raise MemoryError("no, thank you")


def exiting(codec, value):
    print("I am leaving", file=sys.stderr, flush=True)
    os._exit(7)


def printing(codec, value):
    os.write(1, b"a library's chatter\n")
    print("more of it")
    return codec.encode(value)


def babbling(codec, value):
    """Prints without end."""
    while True:
        os.write(1, b"on and on " * 6554)


def noisy(codec, value):
    """Prints too much, and comes back."""
    os.write(2, b"x" * (17 << 20))
    return codec.encode(value)


def orphaning(codec, value):
    """Starts a process that outlives it, and has all its pipes."""
    if os.fork() == 0:
        os.setsid()
        time.sleep(8)
        os._exit(0)
    os._exit(5)


def dumping(codec, value):
    """Writes a file that does not end."""
    with tempfile.TemporaryFile() as file:
        file.seek(1 << 40)
        file.write(b"!")
        file.flush()
    return codec.encode(value)


_hoard = []


def leaking(codec, value):
    """Keeps a little of the memory that there is with each call."""
    _hoard.append(b"x" * (2 << 20))
    return codec.encode(value)


def growing(codec, value):
    """Leaks as soon as the rounds have begun, and much."""
    if next(_calls) > 300:
        _hoard.append(bytes(100 << 20))
    return codec.encode(value)


def greedy(codec, value):
    """Needs some memory for a moment."""
    return codec.encode(value) + bytes(60 << 20)[:0]


def meddling(schema, /, **options):
    """Changes what others rely on, when it is compiled and with each call."""
    os.environ["TZ"] = "Asia/Tokyo"

    def encode(codec, value):
        decimal.getcontext().prec = 3
        return codec.encode(value)

    return plain(encode)(schema)


def relying(schema, /, **options):
    """Notices what others change."""

    def encode(codec, value):
        if decimal.getcontext().prec != 28 or "TZ" in os.environ or signal.getsignal(signal.SIGINT) != signal.SIG_IGN:
            raise RuntimeError("somebody changed something")
        return codec.encode(value)

    return plain(encode)(schema)


def rubbish(codec, value):
    """Writes into everything that is open."""
    for descriptor in range(3, 20):
        try:
            os.write(descriptor, b"\xff\xff\xff\xffrubbish")
        except OSError:
            continue
    os._exit(3)


_calls = count()


def late(codec, value):
    """Dies when it has been called so often that the rounds have begun."""
    if next(_calls) >= 1000:
        os.abort()
    return codec.encode(value)


def raising_late(codec, value):
    if next(_calls) >= 100:
        raise RuntimeError("no more")
    return codec.encode(value)


def offering(schema, /, **options):
    """JSON Lines, and one leaf without its message."""
    codec = good(schema)

    def write_stream(file, values):
        for value in values:
            file.write(codec.encode(value) + b"\n")

    return replace(
        codec,
        access=lambda path: lambda data: at(codec.decode(data), path),
        write_stream=write_stream,
        read_stream=lambda file: map(codec.decode, file),
    )


def misreading(schema, /, **options):
    """Gives the leaf of another place."""
    return replace(offering(schema), access=lambda path: lambda data: "elsewhere")


def forgetful(schema, /, **options):
    """Leaves the last message of a stream out."""
    held = offering(schema)
    return replace(held, read_stream=lambda file: map(held.decode, file.readlines()[:-1]))


def muddled(schema, /, **options):
    """Gives the messages of a stream back in another order."""
    held = offering(schema)
    return replace(held, read_stream=lambda file: map(held.decode, file.readlines()[::-1]))


FORMAT = Format(
    name="fake",
    title="Fake",
    specification="none",
    history="",
    textual=True,
    self_describing=True,
    byte_order="none",
    canonical=Claim(False, "none"),
    evolution=Claim(False, "none"),
    languages={},
    carries=Carries(**{field.name: "JSON" for field in fields(Carries)}),
)


def info(implementation, compile, **more):
    held = {"distribution": "python", "language": "Python", "licence": "MIT", "limits": Limits(), "validates": True}
    return CodecInfo(format=FORMAT, implementation=implementation, compile=compile, **held | more)


CODECS = (
    info("good", good),
    info("plain", plain()),
    info("flipping", plain(lambda codec, value: codec.encode(value).replace(b"7", b"6"))),
    info("dropping", plain(dropping)),
    info("mutating", plain(mutating)),
    info("undecided", plain(undecided)),
    info("mutable", plain(lambda codec, value: bytearray(codec.encode(value)))),
    info("cutting", cutting, limits=Limits(time_unit=1000)),
    info("undeclared", cutting),
    info("exact", good, limits=Limits(time_unit=1000)),
    info("refusing", plain(refusing), limits=Limits(integers=(0, 100))),
    info("accepting", good, limits=Limits(integers=(0, 100))),
    info("unsupported", unsupported),
    info("unavailable", good, distribution="serbench-has-no-such-library"),
    info("false-halves", false_halves),
    info("consuming", consuming),
    info("keeping", plain(keeping)),
    info("offering", offering),
    info("misreading", misreading),
    info("forgetful", forgetful),
    info("muddled", muddled),
    info("struct-dump", struct_dump, orders=("big", "little"), control=True),
    info("marked", marked, orders=("big", "little")),
    info("counting", counting),
    info("aborting", plain(aborting)),
    info("killed", plain(killed)),
    info("killed-once", plain(killed_once)),
    info("burning", plain(burning)),
    info("hanging", plain(hanging)),
    info("swelling", plain(swelling, declining)),
    info("exiting", plain(exiting)),
    info("printing", plain(printing)),
    info("babbling", plain(babbling)),
    info("noisy", plain(noisy)),
    info("orphaning", plain(orphaning)),
    info("dumping", plain(dumping)),
    info("leaking", plain(leaking)),
    info("growing", plain(growing)),
    info("greedy", plain(greedy)),
    info("meddling", meddling),
    info("relying", relying),
    info("rubbish", plain(rubbish)),
    info("late", plain(late)),
    info("raising-late", plain(raising_late)),
)
