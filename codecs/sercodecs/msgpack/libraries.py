"""The libraries of MessagePack, each as functions that compile a schema."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal as PyDecimal
from typing import IO, Any
from uuid import UUID

from serschema.model import Decimal, Enum, Kind, Schema, Timestamp, Uuid, Value

from sercodecs.contract import Codec, Path, assemble, streams
from sercodecs.msgpack.unpacking import TIMESTAMP_AS_DATETIME, messages, skipping
from sercodecs.structs import Structs
from sercodecs.tree import Rules, accessor, conversions, enum_number, enum_symbol, has_other_keys

OUT = Rules(values={Uuid: "{}.bytes", Decimal: "format({}, 'f')"})
IN = Rules(
    values={Uuid: "UUID(bytes={})", Decimal: "Decimal({})"},
    names={"UUID": UUID, "Decimal": PyDecimal},
)
POSITIONAL_OUT = replace(OUT, values={**OUT.values, Enum: enum_number})
POSITIONAL_IN = replace(IN, values={**IN.values, Enum: enum_symbol})

# msgspec writes a UUID itself, and reads it where it knows that there is one.
MSGSPEC_OUT = Rules(values={Decimal: "format({}, 'f')"})
STRUCT_IN = Rules(values={Decimal: "Decimal({})"}, names={"Decimal": PyDecimal})
ARRAY_OUT = replace(MSGSPEC_OUT, values={**MSGSPEC_OUT.values, Enum: enum_number})
ARRAY_IN = replace(STRUCT_IN, values={**STRUCT_IN.values, Enum: enum_symbol})


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
        return unpackb(data, timestamp=TIMESTAMP_AS_DATETIME, strict_map_key=False)

    codec = assemble(schema, msgpack.Packer(datetime=True).pack, decode_native, to_native, from_native, source)

    def access(path: Path) -> Callable[[bytes], Value]:
        def build(kinds: list[Kind]) -> Callable[[bytes], Any]:
            return skipping(path, kinds, positional)

        return accessor(schema, path, POSITIONAL_IN if positional else IN, build)

    def write(file: IO[bytes], values: Iterable[Value]) -> None:
        for value in values:
            file.write(codec.encode(value))

    def read(file: IO[bytes]) -> Iterator[Value]:
        return map(codec.decode, messages(file))

    return replace(codec, access=access, **streams(schema, write, read))


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
