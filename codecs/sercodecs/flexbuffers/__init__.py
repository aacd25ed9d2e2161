"""FlexBuffers over Google's `flatbuffers.flexbuffers`: values with their types and keys, to be read where they lie.

The root stands at the end, and everything points back to what it holds; the elements of a vector have one width, the
least that all of them fit, and their types behind them, unless it is typed ("FlexBuffers"). A record is a map by
`Field.key`, a union a map {"alternative": value}, an enum its symbol, a timestamp an integer in microseconds, a UUID a
blob of 16 octets, a decimal its text, and a map a vector of vectors [key, value], as a key of FlexBuffers is ASCII
without NUL in this library. A list of numbers or booleans is a typed vector; one that is not is read as well. Nothing
is lost. A record with a key that is not ASCII is refused.

Writing calls `Builder`, reading `Ref`, both by code made of the schema; `Loads` and `Dumps` would not do (25.12.19):
`Builder.Add` raises for floats beyond 32 bits and for integers beyond 63, and `Ref.Value` follows offsets that go round
in a circle or share what they hold for as long as the stack lasts. Here levels are bounded by the schema, and all that
is read together by `SHARED` times the data. To read a key the library copies the rest of the data, in quadratic time:
keys are read here.
"""

from collections.abc import Callable
from dataclasses import replace

from serschema.limits import Limits
from serschema.model import Enum, Record, Schema, Value

from sercodecs.contract import (
    Carries,
    Claim,
    Codec,
    CodecInfo,
    Format,
    Path,
    UnsupportedSchema,
    assemble,
    leaf_reader,
)
from sercodecs.flexbuffers.reader import Reader
from sercodecs.flexbuffers.refs import NAMES, Budget, members
from sercodecs.flexbuffers.writer import Writer
from sercodecs.source import Source

FORMAT = Format(
    name="flexbuffers",
    title="FlexBuffers",
    specification="FlexBuffers (flatbuffers.dev)",
    history="The companion of FlatBuffers for data that has no schema (flatbuffers.dev).",
    textual=False,
    self_describing=True,
    byte_order="little",
    canonical=Claim(False, "FlexBuffers: widths, sharing of keys and strings are the writer's"),
    evolution=Claim(True, "FlexBuffers: a map has its keys, and others are not looked at"),
    languages={
        "cpp": "flatbuffers",
        "java": "flatbuffers-java",
        "js": "flatbuffers",
        "python": "flatbuffers",
        "rust": "flexbuffers",
        "swift": "FlexBuffers",
    },
    carries=Carries(
        bool="bool",
        int="int, uint, of the least width",
        float="float of the least width that keeps it",
        string="string",
        bytes="blob",
        enum="string, its symbol",
        timestamp="int, microseconds since 1970",
        uuid="blob of 16",
        decimal="string",
        list="vector, typed if of numbers",
        map="vector of vectors of key and value",
        union="map of one key",
        record="map by key, sorted",
        optional="no key if absent",
    ),
)
CODEC = "flexbuffers/google"


def compile(schema: Schema) -> Codec:
    """Generate the source. Raises `UnsupportedSchema` for keys that the library does not write."""
    from flatbuffers import flexbuffers

    keys = [
        (type, member)
        for type in schema.types
        if not isinstance(type, Enum)
        for member in (type.fields if isinstance(type, Record) else type.alternatives)
    ]
    for type, member in keys:
        if not member.key.isascii() or "\0" in member.key:
            reason = "a key is ASCII without NUL"
            raise UnsupportedSchema(CODEC, f"the key {member.key!r}", f"{type.name}.{member.name}", reason)
    longest = max((len(member.key) for _, member in keys), default=0)
    source = Source(f"flexbuffers {schema.root}")
    source.globals |= NAMES | {"members": members(longest)}
    Writer(schema, source).generate()
    reader = Reader(schema, source)
    reader.generate()
    write, read = source.build(f"write_{schema.root}", f"read_{schema.root}")
    builder, root = flexbuffers.Builder, flexbuffers.GetRoot

    def encode(value: Value) -> bytes:
        made = builder()
        write(made, value)
        return bytes(made.Finish())

    def decode(data: bytes) -> Value:
        return read(root(data), Budget(data), 0)

    def access(path: Path) -> Callable[[bytes], Value]:
        def build() -> Callable[[bytes], Value]:
            leaf = reader.leaf(path)
            return lambda data: leaf(root(data), Budget(data))

        return leaf_reader(build)

    made = assemble(schema, encode, decode, source=source.text())
    return replace(made, encode_native=None, decode_native=None, access=access)


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
            "flatbuffers 25.12.19 follows offsets that go round in a circle: levels and what is read are bounded",
            "flatbuffers 25.12.19 copies the rest of the data for each key, 12 s for 1.3 MB: keys are read here",
        ),
    ),
)
