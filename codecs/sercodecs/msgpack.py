"""MessagePack by msgpack-python, with the names in the data and, as a second codec, without them.

`msgpack` carries a record as a map by `Field.key`, a union as a map {"alternative": value} and an enum as its symbol:
what people get who pack a dict. `msgpack-positional` drops the names, as an agreed schema allows: a record is an array
in the order of its fields in which nil stands for an absent one, a union is [index, value], an enum is its number.

In both, a timestamp is the extension type -1 of the specification, bytes and a UUID (16 octets) are bin, a decimal is
its text, and an integer takes the fewest octets. A float takes 64 bits, also where the schema says 32: the library
chooses its width for a whole message and not for a field. Nothing is lost. Nothing is checked when reading, except
what the conversions (`sercodecs.tree`) need; the library bounds every length by that of the data, and nesting by 1024.
"""

from dataclasses import replace
from decimal import Decimal as PyDecimal
from typing import Any
from uuid import UUID

from serschema.limits import Limits
from serschema.model import Decimal, Enum, Schema, Uuid

from sercodecs.contract import Codec, CodecInfo, Format, assemble
from sercodecs.msgpack_explain import explain, explain_positional
from sercodecs.source import Source
from sercodecs.tree import Rules, conversions

FORMAT = Format(
    name="msgpack",
    title="MessagePack",
    specification="MessagePack specification, 2013 and later (with ext and timestamp)",
    textual=False,
    self_describing=True,
    byte_order="big",
)
_TIMESTAMP_AS_DATETIME = 3


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


def compile(schema: Schema, /) -> Codec:
    """Records as maps by key."""
    return _assemble(schema, *conversions(schema, f"msgpack {schema.root}", OUT, IN))


def compile_positional(schema: Schema, /) -> Codec:
    """Records as arrays."""
    name = f"msgpack positional {schema.root}"
    return _assemble(schema, *conversions(schema, name, POSITIONAL_OUT, POSITIONAL_IN, positional=True))


def _assemble(schema: Schema, to_native: Any, from_native: Any, source: str) -> Codec:
    import msgpack

    unpackb = msgpack.unpackb

    def decode_native(data: bytes) -> Any:
        return unpackb(data, timestamp=_TIMESTAMP_AS_DATETIME, strict_map_key=False)

    return assemble(schema, msgpack.Packer(datetime=True).pack, decode_native, to_native, from_native, source)


CODECS = (
    CodecInfo(
        format=FORMAT,
        implementation="msgpack",
        distribution="msgpack",
        language="C",
        licence="Apache-2.0",
        limits=Limits(integers=(-(1 << 63), (1 << 64) - 1)),
        validates=False,
        compile=compile,
        explain=explain,
    ),
    CodecInfo(
        format=replace(FORMAT, self_describing=False),
        implementation="msgpack-positional",
        distribution="msgpack",
        language="C",
        licence="Apache-2.0",
        limits=Limits(integers=(-(1 << 63), (1 << 64) - 1)),
        validates=False,
        compile=compile_positional,
        note="positional",
        explain=explain_positional,
    ),
)
