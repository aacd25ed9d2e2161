"""The formats that peers are asked about: how Python sees their octets without our conversions.

Python's side is another library than the codec's where there are two, and a reader of few lines where a library gives
values instead of what stands there (tags, types, numbers of fields). What is in `m` is in the order of the octets.
"""

import io
import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from serschema.jsonform import schema_to_json
from serschema.model import Enum, Schema

from serbench.peers import idls, ion, xdr
from serbench.peers.trees import Tree, integer, kind, octets, plain, real


@dataclass(frozen=True, kw_only=True)
class Reader:
    """How a format is read in Python, and by which codec its octets are ours.

    `schema` gives, as JSON, what a reader needs besides the octets. `canonical`: a value has one encoding, so that a
    peer has to write the same octets. `seen` is the codec of the text in which generated code says what it has seen.
    Without `read`, it is for languages of generated code only.
    """

    codec: str
    read: Callable[[bytes, Any], Tree] = lambda octets, schema: None
    schema: Callable[[Schema], Any] = lambda schema: None
    canonical: bool = False
    seen: str = ""


def _json(data: bytes, _: Any) -> Tree:
    return plain(json.loads(data))


def _msgpack(data: bytes, _: Any) -> Tree:
    import msgpack

    def other(value: Any) -> Tree:
        if isinstance(value, msgpack.Timestamp):
            return kind("timestamp", integer(value.to_unix_nano()))
        return kind(str(value.code), octets(value.data))

    return plain(msgpack.unpackb(data, timestamp=0, strict_map_key=False), other)


_TAGS = (0, 1, 2, 3, 4, 5, 30, 37)
"""Those that cbor2 would make values of."""


def _cbor(data: bytes, _: Any) -> Tree:
    import cbor2

    def left(tag: int, content: Any, _: bool) -> Any:
        return cbor2.CBORTag(tag, content)

    def other(tag: Any) -> Tree:
        return kind(str(tag.tag), plain(tag.value, other))

    decoders: Any = {tag: partial(left, tag) for tag in _TAGS}
    return plain(cbor2.loads(data, semantic_decoders=decoders), other)


def _bson(data: bytes, _: Any) -> Tree:
    import bson
    from bson.codec_options import CodecOptions, DatetimeConversion

    options: CodecOptions[Any] = CodecOptions(datetime_conversion=DatetimeConversion.DATETIME_MS)

    def other(value: Any) -> Tree:
        match value:
            case bson.Int64():
                return kind("int64", integer(int(value)))
            case bson.DatetimeMS():
                return kind("datetime", integer(int(value)))
            case bson.Decimal128():
                return kind("decimal128", str(value))
            case bson.Binary():
                return kind(f"binary {value.subtype}", octets(bytes(value)))
            case _:
                raise TypeError(f"no tree of {type(value).__name__}")

    return plain(bson.decode(data, options), other)


def _protobuf(data: bytes, schema: Any) -> Tree:
    message = _messages(schema["descriptors"], schema["message"])()
    message.ParseFromString(data)
    return _message(message)


def _message(message: Any) -> Tree:
    return {"m": [[integer(field.number), _protobuf_field(field, value)] for field, value in message.ListFields()]}


def _protobuf_field(field: Any, value: Any) -> Tree:
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        held = field.message_type.fields_by_name["value"]
        key = field.message_type.fields_by_name["key"]
        return {"m": [[_protobuf_value(key, name), _protobuf_value(held, value[name])] for name in sorted(value)]}
    if field.is_repeated:
        return [_protobuf_value(field, item) for item in value]
    return _protobuf_value(field, value)


def _protobuf_value(field: Any, value: Any) -> Tree:
    return _message(value) if field.message_type is not None else plain(value)


@cache
def _messages(descriptors: str, message: str) -> Any:
    from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

    pool = descriptor_pool.DescriptorPool()
    for file in descriptor_pb2.FileDescriptorSet.FromString(bytes.fromhex(descriptors)).file:
        pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(message))


def _descriptors(schema: Schema) -> Any:
    """What protoc makes of the .proto, without our options, which no reader needs."""
    from google.protobuf import descriptor_pb2
    from serschema.idl import proto
    from serschema.load.proto import protoc

    with tempfile.TemporaryDirectory() as folder:
        path, output = Path(folder, "schema.proto"), Path(folder, "descriptors")
        path.write_text(proto.write(schema), encoding="utf-8")
        name, _ = protoc(path, (), output)
        made = descriptor_pb2.FileDescriptorSet.FromString(output.read_bytes())
    made.DiscardUnknownFields()
    (file,) = (file for file in made.file if file.name == name)
    needed = [other for other in file.dependency if not other.startswith("serbench/")]
    file.ClearField("source_code_info")
    file.dependency[:] = needed
    kept = [other for other in made.file if other.name in needed]
    files = descriptor_pb2.FileDescriptorSet(file=[*kept, file])
    package = f"{file.package}." if file.package else ""
    return {"descriptors": files.SerializeToString().hex(), "message": f"{package}{schema.root}"}


def _avro(data: bytes, schema: Any) -> Tree:
    import fastavro

    names: dict[str, Any] = {}
    file = io.BytesIO(data)
    reader: Any = fastavro.schemaless_reader
    value = reader(file, fastavro.parse_schema(json.loads(json.dumps(schema))), None, return_record_name=True)
    if file.tell() != len(data):
        raise ValueError("octets after the end")
    _named(schema, names)
    return _datum(schema, value, names)


def _named(schema: Any, names: dict[str, Any]) -> None:
    """The definitions in a schema by their names."""
    match schema:
        case list():
            for branch in schema:
                _named(branch, names)
        case {"type": "record", "name": name, "fields": fields}:
            names[name] = schema
            for field in fields:
                _named(field["type"], names)
        case {"type": "enum" | "fixed", "name": name}:
            names[name] = schema
        case {"items": inner} | {"values": inner}:
            _named(inner, names)


def _datum(schema: Any, value: Any, names: Mapping[str, Any]) -> Tree:
    """A union of null and another type is that type's tree or null; any other has the name of its branch."""
    match schema:
        case ["null", other]:
            content = value[1] if isinstance(value, tuple) else value
            return None if value is None else _datum(other, content, names)
        case list():
            if value is None:
                return None
            (name, content) = value if isinstance(value, tuple) else (_name(schema[0]), value)
            (branch,) = (branch for branch in schema if _name(branch) == name)
            return kind(name, _datum(branch, content, names))
        case {"type": "record", "fields": fields}:
            return {"m": [[field["name"], _datum(field["type"], value[field["name"]], names)] for field in fields]}
        case {"type": "array", "items": items}:
            return [_datum(items, item, names) for item in value]
        case {"type": "map", "values": values}:
            return {"m": [[key, _datum(values, item, names)] for key, item in value.items()]}
        case str() if schema in names:
            return _datum(names[schema], value, names)
        case _:
            return plain(value)


def _name(branch: Any) -> str:
    return branch if isinstance(branch, str) else str(branch.get("name", branch["type"]))


def _avro_schema(schema: Schema) -> Any:
    from serschema.idl.avro import Translator

    return _physical(Translator(schema).root())


def _physical(schema: Any) -> Any:
    """The schema without logical types: what they are made of is what stands in the octets."""
    match schema:
        case list():
            return [_physical(branch) for branch in schema]
        case {"logicalType": _, "type": base}:
            return base
        case dict():
            return {
                name: _physical(item)
                if name in ("type", "items", "values")
                else [_physical(field) for field in item]
                if name == "fields"
                else item
                for name, item in schema.items()
                if name != "default"
            }
        case _:
            return schema


def _thrift(protocol: str, data: bytes, _: Any) -> Tree:
    from thrift.protocol.TBinaryProtocol import TBinaryProtocol
    from thrift.protocol.TCompactProtocol import TCompactProtocol
    from thrift.transport.TTransport import TMemoryBuffer

    make: Any = TBinaryProtocol if protocol == "binary" else TCompactProtocol
    memory: Any = TMemoryBuffer
    reader = make(memory(data))
    tree = _thrift_struct(reader)
    if reader.trans.read(1):
        raise ValueError("octets after the end")
    return tree


_THRIFT: dict[int, tuple[str, Callable[[Any], Tree]]] = {
    2: ("bool", lambda reader: reader.readBool()),
    3: ("i8", lambda reader: integer(reader.readByte())),
    4: ("double", lambda reader: real(reader.readDouble())),
    6: ("i16", lambda reader: integer(reader.readI16())),
    8: ("i32", lambda reader: integer(reader.readI32())),
    10: ("i64", lambda reader: integer(reader.readI64())),
    11: ("string", lambda reader: octets(reader.readBinary())),
    12: ("struct", lambda reader: _thrift_struct(reader)),
    13: ("map", lambda reader: _thrift_map(reader)),
    15: ("list", lambda reader: _thrift_list(reader)),
}
"""By the number of a type: its name, and how a value is read."""


def _thrift_value(reader: Any, number: int) -> Tree:
    _, read = _THRIFT[number]
    return read(reader)


def _thrift_struct(reader: Any) -> Tree:
    """Fields by their numbers, each of the kind that stands before it."""
    pairs: list[Tree] = []
    reader.readStructBegin()
    while True:
        _, number, field = reader.readFieldBegin()
        if number == 0:
            break
        pairs.append([integer(field), kind(_THRIFT[number][0], _thrift_value(reader, number))])
        reader.readFieldEnd()
    reader.readStructEnd()
    return {"m": pairs}


def _thrift_list(reader: Any) -> Tree:
    number, count = reader.readListBegin()
    items = [_thrift_value(reader, number) for _ in range(count)]
    reader.readListEnd()
    return kind(_THRIFT[number][0], items)


def _thrift_map(reader: Any) -> Tree:
    """The kinds of keys and values; none where the protocol does not tell them, as of an empty one."""
    key, value, count = reader.readMapBegin()
    pairs = [[_thrift_value(reader, key), _thrift_value(reader, value)] for _ in range(count)]
    reader.readMapEnd()
    kinds = f"{_THRIFT[key][0]} {_THRIFT[value][0]}" if key in _THRIFT else ""
    return kind(kinds, {"m": pairs})


def _xml(data: bytes, _: Any) -> Tree:
    return _element(ElementTree.fromstring(data))


def _element(element: ElementTree.Element) -> Tree:
    children: list[Tree] = [element.text] if element.text else []
    for child in element:
        children.append(_element(child))
        if child.tail:
            children.append(child.tail)
    return {"e": [element.tag, [list(pair) for pair in element.attrib.items()], children]}


_CLASSES = ("universal", "application", "context", "private")


def _ber(data: bytes, _: Any) -> Tree:
    tree, rest = _tlv(data)
    if rest:
        raise ValueError("octets after the end")
    return tree


def _tlv(data: bytes) -> tuple[Tree, bytes]:
    """A value with its class and tag, of definite length (X.690, 8.1); and what follows it."""
    first, place = data[0], 1
    number = first & 31
    if number == 31:
        number, more = 0, True
        while more:
            number, more = number << 7 | data[place] & 127, bool(data[place] & 128)
            place += 1
    length = data[place]
    place += 1
    if length > 127:
        place, length = place + (length & 127), int.from_bytes(data[place : place + (length & 127)], "big")
    content, rest = data[place : place + length], data[place + length :]
    if len(content) < length:
        raise ValueError(f"{length} octets are said, {len(content)} follow")
    name = f"{_CLASSES[first >> 6]} {number}"
    if not first & 32:
        return kind(name, octets(content)), rest
    items: list[Tree] = []
    while content:
        item, content = _tlv(content)
        items.append(item)
    return kind(name, items), rest


def _java(schema: Schema) -> Any:
    """The classes, and what they are made of, so that the peer tells what it sees in `serschema.jsonform`."""
    from serschema.idl import java

    names = {
        type_.name: {java_name: symbol for symbol, java_name in java.constants(type_).items()}
        if isinstance(type_, Enum)
        else {member.field.name: member.name for member in java.members(schema, type_)}
        for type_ in schema.types
    }
    return {"idl": java.write(schema), "types": schema_to_json(schema), "names": names}


READERS = {
    "xdr": Reader(codec="xdr/serbench", read=xdr.read, schema=idls.to_xdr, canonical=True),
    "cdr-big": Reader(codec="cdr-big/serbench", schema=idls.to_corba, canonical=True),
    "cdr-little": Reader(codec="cdr-little/serbench", schema=idls.to_corba, canonical=True),
    "ndr-little": Reader(codec="ndr-little/serbench", schema=partial(idls.to_pidl, "ndr-little")),
    "ndr-big": Reader(codec="ndr-big/serbench", schema=partial(idls.to_pidl, "ndr-big")),
    "ndr64": Reader(codec="ndr64/serbench", schema=partial(idls.to_pidl, "ndr64")),
    "java": Reader(codec="java/serbench", schema=_java, canonical=True),
    "json": Reader(codec="json/orjson", read=_json),
    "xml": Reader(codec="xml/lxml", read=_xml),
    "xml-attributes": Reader(codec="xml/lxml-attributes", read=_xml),
    "msgpack": Reader(codec="msgpack/msgpack", read=_msgpack),
    "cbor": Reader(codec="cbor/cborx", read=_cbor),
    "cbor-canonical": Reader(codec="cbor-canonical/cbor2", read=_cbor, canonical=True),
    "bson": Reader(codec="bson/pymongo", read=_bson),
    "ion": Reader(codec="ion/amazon-ion", read=ion.tree),
    "ion-text": Reader(codec="ion-text/amazon-ion", read=ion.tree),
    "protobuf": Reader(codec="protobuf/upb", read=_protobuf, schema=_descriptors, seen="protobuf-json/upb"),
    "avro": Reader(codec="avro/apache", read=_avro, schema=_avro_schema),
    "thrift-binary": Reader(
        codec="thrift-binary/apache", read=partial(_thrift, "binary"), schema=idls.to_thrift, canonical=True
    ),
    "thrift-compact": Reader(
        codec="thrift-compact/apache", read=partial(_thrift, "compact"), schema=idls.to_thrift, canonical=True
    ),
    "capnp": Reader(codec="capnp/pycapnp", schema=idls.to_capnp),
    "capnp-packed": Reader(codec="capnp-packed/pycapnp", schema=idls.to_capnp),
    "flatbuffers": Reader(codec="flatbuffers/google", schema=idls.to_flatbuffers),
    "asn1-der": Reader(
        codec="asn1-der/asn1tools", read=_ber, schema=idls.to_asn1, canonical=True, seen="asn1-xer/asn1tools"
    ),
    "asn1-uper": Reader(codec="asn1-uper/asn1tools", schema=idls.to_asn1, canonical=True, seen="asn1-xer/asn1tools"),
    "asn1-ber": Reader(codec="asn1-ber/asn1tools", schema=idls.to_asn1),
    "asn1-per": Reader(codec="asn1-per/asn1tools", schema=idls.to_asn1, canonical=True),
    "asn1-oer": Reader(codec="asn1-oer/asn1tools", schema=idls.to_asn1, canonical=True),
}
