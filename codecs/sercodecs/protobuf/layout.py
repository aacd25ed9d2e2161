"""The messages of a schema as a file descriptor, proto3."""

from typing import Any, assert_never

from serschema.idl.proto import MOST_NUMBER, PACKABLE, RESERVED_NUMBERS, inlined
from serschema.model import (
    Bool,
    Bytes,
    Decimal,
    Enum,
    Field,
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
)

from sercodecs.contract import UnsupportedSchema
from sercodecs.protobuf.library import Library
from sercodecs.protobuf.names import Names

PACKAGE = "schema"
TIMESTAMP = ".google.protobuf.Timestamp"

# descriptor.proto: FieldDescriptorProto.Type and Label, by name.
INTEGERS = {
    (32, True, "plain"): "TYPE_INT32",
    (32, True, "zigzag"): "TYPE_SINT32",
    (32, True, "fixed"): "TYPE_SFIXED32",
    (32, False, "plain"): "TYPE_UINT32",
    (32, False, "zigzag"): "TYPE_UINT32",
    (32, False, "fixed"): "TYPE_FIXED32",
    (64, True, "plain"): "TYPE_INT64",
    (64, True, "zigzag"): "TYPE_SINT64",
    (64, True, "fixed"): "TYPE_SFIXED64",
    (64, False, "plain"): "TYPE_UINT64",
    (64, False, "zigzag"): "TYPE_UINT64",
    (64, False, "fixed"): "TYPE_FIXED64",
}


class Layout:
    """`codec` is the id for errors; `names` what to call things; `library` the modules of one `google.protobuf`."""

    def __init__(self, codec: str, schema: Schema, names: Names, library: Library) -> None:
        FieldDescriptorProto = library.descriptor_pb2.FieldDescriptorProto
        FileDescriptorProto = library.descriptor_pb2.FileDescriptorProto
        self.codec = codec
        self.schema = schema
        self.names = names
        self.library = library
        self.methods = frozenset(dir(library.message.Message))
        self.constants = FieldDescriptorProto
        self.file = FileDescriptorProto(name="schema.proto", package=PACKAGE, syntax="proto3")
        self.wrappers: dict[Type, str] = {}
        self.symbols = 0
        for type in schema.types:
            match type:
                case Enum():
                    self.enum(type)
                case Union():
                    self.alternatives(
                        self.file.message_type.add(name=type.name), type, self.names.oneof(type.name, None)
                    )
                case Record():
                    self.record(type)

    def message_class(self) -> Any:
        """The class of the root's messages, from a pool that holds nothing else."""
        pool = self.library.descriptor_pool.DescriptorPool()
        timestamp = self.library.timestamp_pb2.DESCRIPTOR
        pool.AddSerializedFile(timestamp.serialized_pb)
        self.file.dependency.append(timestamp.name)
        pool.AddSerializedFile(self.file.SerializeToString())
        classes = self.library.message_factory.GetMessageClass
        for message in self.file.message_type:  # here, as the pure library would make them when they are first used
            classes(pool.FindMessageTypeByName(f"{PACKAGE}.{message.name}"))
        return classes(pool.FindMessageTypeByName(f"{PACKAGE}.{self.schema.root}"))

    def enum(self, enum: Enum) -> None:
        proto = self.file.enum_type.add(name=enum.name)
        numbers = [number for _, number in enum.symbols if number]
        for number in (0, *numbers):
            self.symbols += 1
            proto.value.add(name=self.names.symbol(enum, self.symbols, number), number=number)

    def record(self, record: Record) -> None:
        message = self.file.message_type.add(name=record.name)
        unions = [field for field in record.fields if inlined(record, field, self.schema)]
        for field in unions:
            union = self.schema.resolve(field.type)
            assert isinstance(union, Union)
            self.alternatives(message, union, self.names.oneof(record.name, field))
        for field in record.fields:
            if field in unions:
                continue
            proto = self.field(message, field, record.name)
            if field.optional and proto.type != self.constants.TYPE_MESSAGE:
                proto.proto3_optional = True
                proto.oneof_index = len(message.oneof_decl)
                message.oneof_decl.add(name=f"_{proto.name}")

    def alternatives(self, message: Any, union: Union, oneof: str) -> None:
        index = len(message.oneof_decl)
        message.oneof_decl.add(name=oneof)
        for alternative in union.alternatives:
            proto = self.add(message, alternative, union.name)
            self.element(proto, alternative.type)
            proto.oneof_index = index

    def add(self, message: Any, member: Field, owner: str) -> Any:
        if member.number > MOST_NUMBER or member.number in RESERVED_NUMBERS:
            raise UnsupportedSchema(
                self.codec, f"field number {member.number}", f"{owner}.{member.name}", "it is reserved or too large"
            )
        name = self.names.field(owner, member)
        if name in self.methods:
            raise UnsupportedSchema(
                self.codec, f"a field called {name}", owner, "it is a method of the library's messages"
            )
        proto = message.field.add(name=name, json_name=self.names.json(owner, member), number=member.number)
        proto.label = self.constants.LABEL_OPTIONAL
        return proto

    def field(self, message: Any, member: Field, owner: str) -> Any:
        """Add a field of a message that holds a type directly."""
        proto = self.add(message, member, owner)
        match member.type:
            case List() | Map() if member.optional:  # a repeated field has no presence
                self.element(proto, member.type)
            case List(item=item):
                proto.label = self.constants.LABEL_REPEATED
                self.element(proto, item)
                if isinstance(self.schema.resolve(item), PACKABLE):
                    proto.options.packed = member.type.packed
            case Map(key=key, value=value):
                entry = message.nested_type.add(name=self.names.entry(owner, member))
                entry.options.map_entry = True
                for number, name, type_ in ((1, "key", key), (2, "value", value)):
                    part = entry.field.add(name=name, json_name=name, number=number)
                    part.label = self.constants.LABEL_OPTIONAL
                    self.element(part, type_)
                proto.label = self.constants.LABEL_REPEATED
                proto.type = self.constants.TYPE_MESSAGE
                proto.type_name = f".{PACKAGE}.{message.name}.{entry.name}"
            case _:
                self.element(proto, member.type)
        return proto

    def element(self, proto: Any, type_: Type) -> None:
        """Set the type of a field that is neither repeated nor a map."""
        kind = self.schema.resolve(type_)
        name = ""
        match kind:
            case Bool():
                constant = "TYPE_BOOL"
            case Int():
                constant = INTEGERS[max(kind.bits, 32), kind.signed, kind.coding]
            case Float():
                constant = "TYPE_FLOAT" if kind.bits == 32 else "TYPE_DOUBLE"
            case String() | Decimal():
                constant = "TYPE_STRING"
            case Bytes() | Uuid():
                constant = "TYPE_BYTES"
            case Enum():
                constant, name = "TYPE_ENUM", f".{PACKAGE}.{kind.name}"
            case Timestamp():
                constant, name = "TYPE_MESSAGE", TIMESTAMP
            case List() | Map():
                constant, name = "TYPE_MESSAGE", self.wrapper(kind)
            case Union() | Record():
                constant, name = "TYPE_MESSAGE", f".{PACKAGE}.{kind.name}"
            case _:
                assert_never(kind)
        proto.type = getattr(self.constants, constant)
        if name:
            proto.type_name = name

    def wrapper(self, type_: List | Map) -> str:
        """The message that stands for a list or a map."""
        if type_ not in self.wrappers:
            name = f"_{len(self.wrappers)}"
            self.wrappers[type_] = f".{PACKAGE}.{name}"
            self.field(self.file.message_type.add(name=name), self.names.item(type_), "")
        return self.wrappers[type_]
