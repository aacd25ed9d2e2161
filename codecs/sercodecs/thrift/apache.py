"""Over Apache's library, by its C++ extension fastbinary."""

from typing import Any

from serschema.model import (
    Bytes,
    Decimal,
    Enum,
    List,
    Map,
    Record,
    Schema,
    String,
    Type,
    Union,
    Uuid,
)

from sercodecs.contract import Codec, DecodeError, assemble
from sercodecs.objects import attribute, conversions
from sercodecs.thrift.shape import OUT, initializer, int_in, inwards, members, signature, ttype


def _apache_classes(schema: Schema, codec: str) -> dict[str, Any]:
    """The classes of `thrift --gen py:dynamic,slots`."""
    from thrift.protocol.TBase import TBase
    from thrift.Thrift import TType
    from thrift.TRecursive import fix_spec

    def arguments(type_: Type) -> Any:
        """What a specification says of a type beyond its TType."""
        kind = schema.resolve(type_)
        match kind:
            case String() | Decimal():
                return "UTF8"
            case Bytes() | Uuid():
                return "BINARY"
            case List(item=item):
                return (ttype(schema.resolve(item), TType), arguments(item), False)
            case Map(key=key, value=value):
                held = (ttype(schema.resolve(value), TType), arguments(value))
                return (ttype(schema.resolve(key), TType), arguments(key), *held, False)
            case Union() | Record():
                return [classes[kind.name], None]
            case _:
                return None

    structs = [type for type in schema.types if not isinstance(type, Enum)]
    classes: dict[str, Any] = {}
    for type_ in structs:
        slots = {"__slots__": tuple(signature(type_)[0]), "__init__": initializer(type_, codec)}
        classes[type_.name] = type(type_.name, (TBase,), slots)
    for struct in structs:
        fields: list[Any] = []
        for member in members(codec, struct):
            fields += [None] * (member.number - len(fields))
            kind = schema.resolve(member.type)
            fields.append((member.number, ttype(kind, TType), attribute(member), arguments(member.type), None))
        classes[struct.name].thrift_spec = tuple(fields)
    fix_spec(classes.values())
    return classes


def _apache(schema: Schema, codec: str, protocol: Any) -> Codec:
    from thrift.transport.TTransport import TMemoryBuffer

    classes = _apache_classes(schema, codec)
    converted = conversions(schema, f"{codec} {schema.root}", classes, OUT, inwards(int_in))
    make = classes[schema.root]

    def encode_native(native: Any) -> bytes:
        transport = TMemoryBuffer()
        native.write(protocol(transport, fallback=False))
        octets: bytes = transport.getvalue()
        return octets

    def decode_native(data: bytes) -> Any:
        size = len(data)
        transport = TMemoryBuffer(data)
        native = make()
        native.read(protocol(transport, string_length_limit=size, container_length_limit=size, fallback=False))
        if transport.cstringio_buf.tell() != size:
            raise DecodeError("octets after the end", transport.cstringio_buf.tell())
        return native

    return assemble(schema, encode_native, decode_native, *converted)


def compile_binary(schema: Schema) -> Codec:
    """The binary protocol by fastbinary."""
    from thrift.protocol.TBinaryProtocol import TBinaryProtocolAccelerated

    return _apache(schema, "thrift-binary/apache", TBinaryProtocolAccelerated)


def compile_compact(schema: Schema) -> Codec:
    """The compact protocol by fastbinary."""
    from thrift.protocol.TCompactProtocol import TCompactProtocolAccelerated

    return _apache(schema, "thrift-compact/apache", TCompactProtocolAccelerated)
