"""FlatBuffers over Google's `flatbuffers` for Python, by code such as flatc generates, made at compile time.

A message is a root table at an offset. A table points to its vtable, which has the offset of each field by its number,
or 0 where a field is absent or equals its default ("FlatBuffers Internals", Tables); vectors and strings have a length
of 32 bits, and all is aligned to its own size, the least significant octet first. How each kind is declared stands in
`serschema.idl.flatbuffers`. Numbers of fields are their places in that file, of which a union takes two: its type and
its table. Fields are put into a table in the order of their size, as flatc's C++ does; entries of a map in the order of
their keys, so that one can be found by halving.

Writing calls `Builder` as the generated code does, reading `Table`; vectors of numbers go through numpy, as the library
offers. There are no objects in between, so nothing is timed by halves. A -0.0 is written although it equals its
default, which the library would leave out. Nothing is lost.

The library in Python has no verifier (25.12.19): an offset may point anywhere ahead, so that tables that share what
they hold stand for a value of any size. Nothing that is read is longer than the data, and all of it together not longer
than `SHARED` times that: a message of another writer that shares more is refused. Octets that nothing points to go
unnoticed.

Several messages follow each other size-prefixed (`FinishSizePrefixed`).
"""

from serschema.limits import Limits

from sercodecs.contract import Carries, Claim, CodecInfo, Format
from sercodecs.flatbuffers.codec import compile

FORMAT = Format(
    name="flatbuffers",
    title="FlatBuffers",
    specification="FlatBuffers Internals (flatbuffers.dev)",
    history="Made at Google for games, to be read where it lies, without parsing (flatbuffers.dev, white paper).",
    textual=False,
    self_describing=False,
    byte_order="little",
    canonical=Claim(False, "FlatBuffers Internals: the order of objects and the sharing of vtables are the writer's"),
    evolution=Claim(
        True,
        "FlatBuffers, Evolution: fields are added at the end of a table, and deprecated in place of being removed",
    ),
    languages={
        "c": "flatcc",
        "cpp": "flatbuffers",
        "csharp": "Google.FlatBuffers",
        "go": "flatbuffers",
        "java": "flatbuffers-java",
        "js": "flatbuffers",
        "php": "flatbuffers",
        "python": "flatbuffers",
        "rust": "flatbuffers",
        "swift": "FlatBuffers",
    },
    carries=Carries(
        bool="bool",
        int="byte to ulong, of its width",
        float="float, double",
        string="string",
        bytes="[ubyte]",
        enum="enum, its number",
        timestamp="long, microseconds since 1970",
        uuid="[ubyte] of 16",
        decimal="long, the unscaled integer; [ubyte] beyond 18 digits",
        list="vector",
        map="vector of tables of key and value, sorted by key",
        union="union: its type and a table",
        record="table, its vtable says where each field is",
        optional="no offset in the vtable if absent",
    ),
)

CODECS = (
    CodecInfo(
        format=FORMAT,
        implementation="google",
        distribution="flatbuffers",
        language="Python",
        licence="Apache-2.0",
        limits=Limits(),
        validates=True,
        compile=compile,
        defects=(
            "flatbuffers 25.12.19 has no verifier in Python: what is read is bounded by 16 times the data",
            "flatbuffers 25.12.19 takes -0.0 for the default and leaves it out: it is written",
        ),
    ),
)
