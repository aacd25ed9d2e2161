"""What somebody writes who uses xdrlib3 by hand: a call of Packer or Unpacker for each field, straight down the schema.

The calls are generated, so that every shared schema has its pair of functions, but they are the ones a person would
write: no table, no dispatch. `xdrlib3` is the standard library's `xdrlib`, kept alive. It is the measure for
`xdr/serbench`, and, as an implementation by somebody else, the witness of its octets.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal as PyDecimal
from typing import assert_never
from uuid import UUID

import xdrlib3
from sercodecs.source import Source
from serschema.model import (
    Bool,
    Bytes,
    Decimal,
    Enum,
    Float,
    Int,
    List,
    Map,
    Record,
    Schema,
    String,
    Timestamp,
    Type,
    Union,
    Uuid,
    Value,
    fixed_length,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def compile(schema: Schema) -> tuple[Callable[[Value], bytes], Callable[[bytes], Value]]:
    """The functions encode and decode for a schema. Decimals of more than 18 digits are left out."""
    source = Source(f"xdrlib3 {schema.root}")
    source.globals |= {
        "Packer": xdrlib3.Packer,
        "Unpacker": xdrlib3.Unpacker,
        "Decimal": PyDecimal,
        "EPOCH": EPOCH,
        "MICROSECOND": MICROSECOND,
        "UUID": UUID,
    }
    for named in schema.types:
        if isinstance(named, Enum):
            source.globals[f"NUMBERS_{named.name}"] = dict(named.symbols)
            source.globals[f"SYMBOLS_{named.name}"] = {number: symbol for symbol, number in named.symbols}
        else:
            with source.function(f"pack_{named.name}(p, value)"):
                _pack_named(source, schema, named)
            with source.function(f"unpack_{named.name}(u)"):
                _unpack_named(source, schema, named)
    with source.function("encode(value)"):
        source.line("p = Packer()")
        source.line(f"pack_{schema.root}(p, value)")
        source.line("return p.get_buffer()")
    with source.function("decode(data)"):
        source.line("u = Unpacker(data)")
        source.line(f"value = unpack_{schema.root}(u)")
        source.line("u.done()")
        source.line("return value")
    encode, decode = source.build("encode", "decode")
    return encode, decode


def _pack_named(source: Source, schema: Schema, named: Record | Union) -> None:
    if isinstance(named, Union):
        source.line("(key, chosen), = value.items()")
        for alternative in named.alternatives:
            with source.block(f"if key == {alternative.key!r}"):
                source.line(f"p.pack_uint({alternative.number})")
                _pack(source, schema, alternative.type, "chosen")
        return
    for field in named.fields:
        if field.optional:
            source.line(f"p.pack_bool({field.key!r} in value)")
            with source.block(f"if {field.key!r} in value"):
                _pack(source, schema, field.type, f"value[{field.key!r}]")
        else:
            _pack(source, schema, field.type, f"value[{field.key!r}]")
    if not named.fields:
        source.line("p.pack_int(0)")


def _pack(source: Source, schema: Schema, type_: Type, value: str) -> None:
    kind = schema.resolve(type_)
    match kind:
        case Bool():
            source.line(f"p.pack_bool({value})")
        case Int():
            source.line(f"p.pack_{_integer(kind)}({value})")
        case Float():
            source.line(f"p.pack_{'float' if kind.bits == 32 else 'double'}({value})")
        case String():
            source.line(f"p.pack_string({value}.encode())")
        case Bytes():
            length = fixed_length(kind)
            source.line(f"p.pack_fopaque({length}, {value})" if length else f"p.pack_opaque({value})")
        case Timestamp():
            source.line(f"p.pack_hyper(({value} - EPOCH) // MICROSECOND)")
        case Uuid():
            source.line(f"p.pack_fopaque(16, {value}.bytes)")
        case Decimal():
            assert kind.precision <= 18
            source.line(f"p.pack_hyper(int({value}.scaleb({kind.scale})))")
        case Enum():
            source.line(f"p.pack_enum(NUMBERS_{kind.name}[{value}])")
        case List():
            if not fixed_length(kind):
                source.line(f"p.pack_uint(len({value}))")
            item = source.fresh("item")
            with source.block(f"for {item} in {value}"):
                _pack(source, schema, kind.item, item)
        case Map():
            source.line(f"p.pack_uint(len({value}))")
            key, item = source.fresh("key"), source.fresh("item")
            with source.block(f"for {key}, {item} in {value}.items()"):
                _pack(source, schema, kind.key, key)
                _pack(source, schema, kind.value, item)
        case Union() | Record():
            source.line(f"pack_{kind.name}(p, {value})")
        case _:
            assert_never(kind)


def _integer(kind: Int) -> str:
    return ("" if kind.signed else "u") + ("hyper" if kind.bits == 64 else "int")


def _unpack_named(source: Source, schema: Schema, named: Record | Union) -> None:
    if isinstance(named, Union):
        source.line("number = u.unpack_uint()")
        for alternative in named.alternatives:
            with source.block(f"if number == {alternative.number}"):
                source.line(f"return {{{alternative.key!r}: {_unpack(schema, alternative.type)}}}")
        source.line("raise ValueError(number)")
        return
    source.line("value = {}")
    for field in named.fields:
        line = f"value[{field.key!r}] = {_unpack(schema, field.type)}"
        if field.optional:
            with source.block("if u.unpack_bool()"):
                source.line(line)
        else:
            source.line(line)
    if not named.fields:
        source.line("u.unpack_int()")
    source.line("return value")


def _unpack(schema: Schema, type_: Type) -> str:
    kind = schema.resolve(type_)
    match kind:
        case Bool():
            return "u.unpack_bool()"
        case Int():
            return f"u.unpack_{_integer(kind)}()"
        case Float():
            return f"u.unpack_{'float' if kind.bits == 32 else 'double'}()"
        case String():
            return "u.unpack_string().decode()"
        case Bytes():
            length = fixed_length(kind)
            return f"u.unpack_fopaque({length})" if length else "u.unpack_opaque()"
        case Timestamp():
            return "EPOCH + u.unpack_hyper() * MICROSECOND"
        case Uuid():
            return "UUID(bytes=u.unpack_fopaque(16))"
        case Decimal():
            return f"Decimal(u.unpack_hyper()).scaleb(-{kind.scale})"
        case Enum():
            return f"SYMBOLS_{kind.name}[u.unpack_enum()]"
        case List():
            return f"[{_unpack(schema, kind.item)} for _ in range({fixed_length(kind) or 'u.unpack_uint()'})]"
        case Map():
            pair = f"{_unpack(schema, kind.key)}: {_unpack(schema, kind.value)}"
            return f"{{{pair} for _ in range(u.unpack_uint())}}"
        case Union() | Record():
            return f"unpack_{kind.name}(u)"
        case _:
            assert_never(kind)
