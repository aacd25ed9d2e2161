"""MessagePack by msgpack-python, ormsgpack and msgspec, with the names in the data or without them.

With them, a record is a map by `Field.key`, a union a map {"alternative": value} and an enum its symbol: what people
get who pack a dict. `positional` drops the names, as an agreed schema allows: a record is an array in the order of its
fields in which nil stands for an absent one, a union is [index, value], an enum is its number.

In both, a timestamp is the extension type -1 of the specification, bytes and a UUID (16 octets) are bin, a decimal is
its text, and an integer takes the fewest octets. A float takes 64 bits, also where the schema says 32: msgpack-python
chooses its width for a whole message, the others not at all. Nothing is lost. Nothing is checked when reading, except
what the conversions (`sercodecs.tree`) need and, with classes of the schema (`sercodecs.structs`), the types.
The libraries bound every length by that of the data; nesting is bounded by 1024 (msgpack-python), 255 when writing and
1022 when reading (ormsgpack), the interpreter's stack (msgspec).

Several messages are one after the other, without more. msgpack-python finds where each ends without building it: its
`Unpacker` (1.2.4) would make room for what nested arrays only claim to hold, 80 MB for 3000 octets.
ormsgpack (1.13.1) drops the fraction of a second from 0.536871 on: such a timestamp is written here. It also ignores
what follows a message.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal as PyDecimal
from typing import IO, Any
from uuid import UUID

from serschema.limits import Limits
from serschema.model import Decimal, Enum, Field, Kind, List, Record, Schema, Timestamp, Union, Uuid, Value

from sercodecs.contract import Codec, CodecInfo, DecodeError, Format, Path, assemble, streams
from sercodecs.msgpack_explain import explain, explain_positional
from sercodecs.source import Source
from sercodecs.structs import Structs
from sercodecs.tree import Rules, accessor, conversions, has_other_keys

FORMAT = Format(
    name="msgpack",
    title="MessagePack",
    specification="MessagePack specification, 2013 and later (with ext and timestamp)",
    textual=False,
    self_describing=True,
    byte_order="big",
)
AGREED = replace(FORMAT, self_describing=False)
LIMITS = Limits(integers=(-(1 << 63), (1 << 64) - 1))
_TIMESTAMP_AS_DATETIME = 3
_AT_ONCE = 1 << 16


def _number(source: Source, enum: Enum) -> str:
    return source.bind("number_of", dict(enum.symbols)) + "[{}]"


def _symbol(source: Source, enum: Enum) -> str:
    return source.bind("symbol_of", {number: symbol for symbol, number in enum.symbols}) + "[{}]"


OUT = Rules(values={Uuid: "{}.bytes", Decimal: "format({}, 'f')"})
IN = Rules(
    values={Uuid: "UUID(bytes={})", Decimal: "Decimal({})"},
    names={"UUID": UUID, "Decimal": PyDecimal},
)
POSITIONAL_OUT = replace(OUT, values={**OUT.values, Enum: _number})
POSITIONAL_IN = replace(IN, values={**IN.values, Enum: _symbol})

# msgspec writes a UUID itself, and reads it where it knows that there is one.
MSGSPEC_OUT = Rules(values={Decimal: "format({}, 'f')"})
STRUCT_IN = Rules(values={Decimal: "Decimal({})"}, names={"Decimal": PyDecimal})
ARRAY_OUT = replace(MSGSPEC_OUT, values={**MSGSPEC_OUT.values, Enum: _number})
ARRAY_IN = replace(STRUCT_IN, values={**STRUCT_IN.values, Enum: _symbol})


def compile(schema: Schema, /) -> Codec:
    """Records as maps by key."""
    return _msgpack(schema, False, *conversions(schema, f"msgpack {schema.root}", OUT, IN))


def compile_positional(schema: Schema, /) -> Codec:
    """Records as arrays."""
    name = f"msgpack positional {schema.root}"
    return _msgpack(schema, True, *conversions(schema, name, POSITIONAL_OUT, POSITIONAL_IN, positional=True))


def _msgpack(schema: Schema, positional: bool, to_native: Any, from_native: Any, source: str) -> Codec:
    import msgpack

    unpackb = msgpack.unpackb

    def decode_native(data: bytes) -> Any:
        return unpackb(data, timestamp=_TIMESTAMP_AS_DATETIME, strict_map_key=False)

    codec = assemble(schema, msgpack.Packer(datetime=True).pack, decode_native, to_native, from_native, source)

    def access(path: Path) -> Callable[[bytes], Value]:
        def build(kinds: list[Kind]) -> Callable[[bytes], Any]:
            return _skipping(path, kinds, positional)

        return accessor(schema, path, POSITIONAL_IN if positional else IN, build)

    def write(file: IO[bytes], values: Iterable[Value]) -> None:
        for value in values:
            file.write(codec.encode(value))

    def read(file: IO[bytes]) -> Iterator[Value]:
        return map(codec.decode, _messages(file))

    return replace(codec, access=access, **streams(schema, write, read))


def _messages(file: IO[bytes]) -> Iterator[bytes]:
    """The octets of one message after the other."""
    import msgpack

    unpacker = msgpack.Unpacker(max_buffer_size=0)
    held, past = bytearray(), 0
    while chunk := file.read(_AT_ONCE):
        unpacker.feed(chunk)
        held += chunk
        start = 0
        while True:
            try:
                unpacker.skip()
            except msgpack.OutOfData:
                break
            end = unpacker.tell() - past
            yield bytes(held[start:end])
            start = end
        del held[:start]
        past += start
    if held:
        raise DecodeError(f"{len(held)} octets of a message, which is cut off")


def _skipping(path: Path, kinds: list[Kind], positional: bool) -> Callable[[bytes], Any]:
    """A reader of one leaf, which the library gets to by skipping what is before it."""
    import msgpack

    stages = [_step_into(kind, step, positional) for kind, step in zip(kinds, path)]

    def read(data: bytes) -> Any:
        size = len(data) or 1  # 0 is no bound
        unpacker = msgpack.Unpacker(timestamp=_TIMESTAMP_AS_DATETIME, strict_map_key=False, max_buffer_size=size)
        unpacker.feed(data)
        for step_into in stages:
            step_into(unpacker)
        return unpacker.unpack()

    return read


def _step_into(kind: Kind, step: str | int, positional: bool) -> Callable[[Any], None]:
    """What moves an unpacker from the beginning of a value to that of a part of it."""
    keys = [member.key for member in _members(kind)]

    def item(unpacker: Any) -> None:
        position = keys.index(str(step)) if keys else int(step)
        if unpacker.read_array_header() <= position:
            raise IndexError(step)
        for _ in range(position):
            unpacker.skip()

    def alternative(unpacker: Any) -> None:
        if unpacker.read_array_header() != 2 or unpacker.unpack() != keys.index(str(step)):
            raise KeyError(step)

    def value(unpacker: Any) -> None:
        for _ in range(unpacker.read_map_header()):
            if unpacker.unpack() == step:
                return
            unpacker.skip()
        raise KeyError(step)

    match kind:
        case List():
            return item
        case Record() if positional:
            return item
        case Union() if positional:
            return alternative
        case _:
            return value


def _members(kind: Kind) -> tuple[Field, ...]:
    match kind:
        case Record(fields=members) | Union(alternatives=members):
            return members
        case _:
            return ()


def compile_ormsgpack(schema: Schema, /) -> Codec:
    """Records as maps by key. The option for keys that are no strings is set where there are some."""
    import ormsgpack

    option = ormsgpack.OPT_DATETIME_AS_TIMESTAMP_EXT | (ormsgpack.OPT_NON_STR_KEYS * has_other_keys(schema))
    packb, unpackb = ormsgpack.packb, ormsgpack.unpackb

    def encode_native(plain: Any) -> bytes:
        return packb(plain, option=option)

    def decode_native(data: bytes) -> Any:
        return unpackb(data, option=option)

    def timestamp(value: datetime) -> Any:
        """What to write for a time whose fraction of a second is large: timestamp 64, where that is due."""
        seconds = (value - _EPOCH) // timedelta(seconds=1)
        if not 0 <= seconds < 1 << 34:
            return value
        return ormsgpack.Fragment(b"\xd7\xff" + (value.microsecond * 1000 << 34 | seconds).to_bytes(8, "big"))

    outwards = Rules(
        values={**OUT.values, Timestamp: f"{{}} if {{}}.microsecond < {_DROPPED_FROM} else timestamp({{}})"},
        names={"timestamp": timestamp},
    )
    tree = conversions(schema, f"msgpack/ormsgpack {schema.root}", outwards, IN)
    return assemble(schema, encode_native, decode_native, *tree)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DROPPED_FROM = 536_871
"""The microseconds that are 2^29 nanoseconds or more."""


def compile_msgspec(schema: Schema, /) -> Codec:
    """Records as maps by key, without types."""
    import msgspec

    encoder = msgspec.msgpack.Encoder(uuid_format="bytes")
    tree = conversions(schema, f"msgpack/msgspec {schema.root}", MSGSPEC_OUT, IN)
    return assemble(schema, encoder.encode, msgspec.msgpack.Decoder().decode, *tree)


def compile_msgspec_struct(schema: Schema, /) -> Codec:
    """Records as maps by key, with a class for every record and union."""
    return _structs(schema, Structs("msgpack/msgspec-struct", schema, MSGSPEC_OUT, STRUCT_IN))


def compile_msgspec_array(schema: Schema, /) -> Codec:
    """Records as arrays, with a class for every record and every alternative."""
    return _structs(schema, Structs("msgpack/msgspec-array", schema, ARRAY_OUT, ARRAY_IN, positional=True))


def _structs(schema: Schema, structs: Structs) -> Codec:
    import msgspec

    encode_native = msgspec.msgpack.Encoder(uuid_format="bytes").encode
    decode_native = msgspec.msgpack.Decoder(structs.message).decode
    codec = assemble(schema, encode_native, decode_native, structs.to_native, structs.from_native, structs.source)
    return replace(codec, access=structs.access(msgspec.msgpack.Decoder))


CODECS = (
    CodecInfo(
        format=FORMAT,
        implementation="msgpack",
        distribution="msgpack",
        language="C",
        licence="Apache-2.0",
        limits=LIMITS,
        validates=False,
        compile=compile,
        explain=explain,
    ),
    CodecInfo(
        format=AGREED,
        implementation="msgpack-positional",
        distribution="msgpack",
        language="C",
        licence="Apache-2.0",
        limits=LIMITS,
        validates=False,
        compile=compile_positional,
        note="positional",
        explain=explain_positional,
    ),
    CodecInfo(
        format=FORMAT,
        implementation="ormsgpack",
        distribution="ormsgpack",
        language="Rust",
        licence="Apache-2.0 OR MIT",
        limits=LIMITS,
        validates=False,
        compile=compile_ormsgpack,
        explain=explain,
    ),
    CodecInfo(
        format=FORMAT,
        implementation="msgspec",
        distribution="msgspec",
        language="C",
        licence="BSD-3-Clause",
        limits=LIMITS,
        validates=False,
        compile=compile_msgspec,
        explain=explain,
    ),
    CodecInfo(
        format=FORMAT,
        implementation="msgspec-struct",
        distribution="msgspec",
        language="C",
        licence="BSD-3-Clause",
        limits=LIMITS,
        validates=False,
        compile=compile_msgspec_struct,
        note="typed",
        explain=explain,
    ),
    CodecInfo(
        format=AGREED,
        implementation="msgspec-array",
        distribution="msgspec",
        language="C",
        licence="BSD-3-Clause",
        limits=LIMITS,
        validates=False,
        compile=compile_msgspec_array,
        note="positional",
        explain=explain_positional,
    ),
)
