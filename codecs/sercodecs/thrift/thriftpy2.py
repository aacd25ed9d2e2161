"""Over thriftpy2: the binary protocol in Cython, the compact one in Python."""

import re
from io import BytesIO
from typing import Any

from serschema.model import (
    MAX_DEPTH,
    Bytes,
    Enum,
    Field,
    List,
    Map,
    Record,
    Schema,
    Type,
    Union,
    Uuid,
)

from sercodecs.contract import Codec, DecodeError, assemble
from sercodecs.objects import attribute, conversions
from sercodecs.thrift.guard import skimmer, walk
from sercodecs.thrift.shape import OUT, initializer, int_in, int_in_loose, inwards, members, ttype

ENDLESS = re.compile(rb"[\x80-\xff]{64}")
"""Where a varint without end could begin, or much text that is not ASCII."""


def _thriftpy2_classes(schema: Schema, codec: str) -> dict[str, Any]:
    """The classes that `thriftpy2.load` makes of the file, with their fields in the order of their numbers."""
    from thriftpy2.thrift import TPayload, TType

    def element(type_: Type) -> Any:
        """A type in a list or a map: its TType, with what that leaves open."""
        held, more = specification(type_)
        return held if more is None else (held, more)

    def specification(type_: Type) -> tuple[int, Any]:
        kind = schema.resolve(type_)
        of_kind = ttype(kind, TType)
        match kind:
            case Bytes() | Uuid():
                return TType.BINARY, None
            case List(item=item):
                return of_kind, element(item)
            case Map(key=key, value=value):
                return of_kind, (element(key), element(value))
            case Union() | Record():
                return of_kind, classes[kind.name]
            case _:
                return of_kind, None

    structs = [type for type in schema.types if not isinstance(type, Enum)]
    classes: dict[str, Any] = {}
    for type_ in structs:
        classes[type_.name] = type(TPayload)(type_.name, (TPayload,), {"__init__": initializer(type_, codec)})
    for struct in structs:
        fields: dict[int, Any] = {}
        for member in members(codec, struct):
            held, more = specification(member.type)
            required = isinstance(struct, Record) and not member.optional
            fields[member.number] = (held, attribute(member), *([] if more is None else [more]), required)
        classes[struct.name].thrift_spec = fields
    return classes


def compile_binary(schema: Schema) -> Codec:
    """The binary protocol in Cython."""
    from thriftpy2.protocol.cybin import TCyBinaryProtocol
    from thriftpy2.transport.buffered import TCyBufferedTransport
    from thriftpy2.transport.memory import TCyMemoryBuffer

    codec = "thrift-binary/thriftpy2"
    classes = _thriftpy2_classes(schema, codec)
    make = classes[schema.root]
    depth = MAX_DEPTH * (1 + max((_containers(member.type, schema) for member in _all_members(schema)), default=0))

    def encode_native(native: Any) -> bytes:
        transport = TCyMemoryBuffer()
        TCyBinaryProtocol(transport, max_depth=depth).write_struct(native)
        octets: bytes = transport.getvalue()
        return octets

    skim = skimmer(classes.values()) or (lambda data: walk(data, make))

    def decode_native(data: bytes) -> Any:
        try:
            skim(data)
        except Exception:
            walk(data, make)  # it may be nested deeper than fastbinary goes, or only look like what is misread
        native = make()
        transport = TCyBufferedTransport(BytesIO(data))
        TCyBinaryProtocol(transport, strict_decode=True, max_depth=depth).read_struct(native)
        return native

    converted = conversions(schema, f"{codec} {schema.root}", classes, OUT, inwards(int_in))
    return assemble(schema, encode_native, decode_native, *converted)


def compile_compact(schema: Schema) -> Codec:
    """The compact protocol in Python."""
    from thriftpy2.protocol.compact import TCompactProtocol
    from thriftpy2.transport.buffered import TCyBufferedTransport
    from thriftpy2.transport.memory import TCyMemoryBuffer

    codec = "thrift-compact/thriftpy2"
    classes = _thriftpy2_classes(schema, codec)
    make = classes[schema.root]

    class Bounded(TCompactProtocol):  # type: ignore[misc]
        most = 0

        def _read_size(self) -> int:
            size: int = super()._read_size()
            if size > self.most:
                raise DecodeError(f"a size of {size} in {self.most} octets")
            return size

    def encode_native(native: Any) -> bytes:
        transport = TCyMemoryBuffer()
        TCompactProtocol(transport).write_struct(native)
        octets: bytes = transport.getvalue()
        return octets

    def decode_native(data: bytes) -> Any:
        native = make()
        protocol = Bounded(_Counting(data) if ENDLESS.search(data) else TCyBufferedTransport(BytesIO(data)))
        protocol.most = len(data)
        protocol.strict_decode = True
        protocol.read_struct(native)
        return native

    converted = conversions(schema, f"{codec} {schema.root}", classes, OUT, inwards(int_in_loose))
    return assemble(schema, encode_native, decode_native, *converted)


class _Counting(BytesIO):
    """A transport on which a varint has at most ten octets."""

    count = 0

    def read(self, size: int | None = -1) -> bytes:
        octets = super().read(size)
        if len(octets) != size:
            raise DecodeError("the data ends within a value", self.tell())
        self.count = self.count + 1 if size == 1 and octets >= b"\x80" else 0
        if self.count > 10:
            raise DecodeError("a varint of more than ten octets", self.tell())
        return octets


def _all_members(schema: Schema) -> list[Field]:
    structs = [type for type in schema.types if not isinstance(type, Enum)]
    return [m for struct in structs for m in (struct.fields if isinstance(struct, Record) else struct.alternatives)]


def _containers(type_: Type, schema: Schema) -> int:
    """How many lists and maps stand inside one another in a type."""
    match type_:
        case List(item=inner) | Map(value=inner):
            return 1 + _containers(inner, schema)
        case _:
            return 0
