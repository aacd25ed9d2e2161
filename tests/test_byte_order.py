"""The octets of one integer and one float in every format, and the order in which its specification puts them.

A new format has to say its order here: the test asks for all of the registry.
"""

import struct
import sys

import pytest
from sercodecs.registry import codecs
from serschema.model import Field, Float, Int, Record, Schema

WHOLE, REAL = 0x01020304, struct.unpack(">d", bytes.fromhex("4011223344556677"))[0]
SCHEMA = Schema("M", (Record("M", (Field("i", 1, Int(32, coding="fixed")), Field("d", 2, Float(64)))),))
VALUE = {"i": WHOLE, "d": REAL}

BIG_WHOLE, BIG_REAL = WHOLE.to_bytes(4, "big"), struct.pack(">d", REAL)
LITTLE_WHOLE, LITTLE_REAL = BIG_WHOLE[::-1], BIG_REAL[::-1]
NATIVE = [BIG_WHOLE, BIG_REAL] if sys.byteorder == "big" else [LITTLE_WHOLE, LITTLE_REAL]

STATED = {
    "xdr": ("RFC 4506, 4.1 and 4.7: most significant octet first", [BIG_WHOLE, BIG_REAL]),
    "cdr-big": ("CORBA 3.3 Part 2, 9.3.1.2 and 9.3.1.3", [BIG_WHOLE, BIG_REAL]),
    "cdr-little": ("CORBA 3.3 Part 2, 9.3.1.2 and 9.3.1.3", [LITTLE_WHOLE, LITTLE_REAL]),
    "xcdr1": ("XTypes 7.6.3.1.2: CDR_LE", [LITTLE_WHOLE, LITTLE_REAL]),
    "xcdr1-mutable": ("XTypes 7.6.3.1.2: PL_CDR_LE", [LITTLE_WHOLE, LITTLE_REAL]),
    "xcdr2": ("XTypes 7.6.3.1.2: CDR2_LE", [LITTLE_WHOLE, LITTLE_REAL]),
    "xcdr2-delimited": ("XTypes 7.6.3.1.2: D_CDR2_LE", [LITTLE_WHOLE, LITTLE_REAL]),
    "xcdr2-mutable": ("XTypes 7.6.3.1.2: PL_CDR2_LE", [LITTLE_WHOLE, LITTLE_REAL]),
    "ndr-little": ("C706, 14.2.5 and 14.2.6, by the format label of 14.1", [LITTLE_WHOLE, LITTLE_REAL]),
    "ndr-big": ("C706, 14.2.5 and 14.2.6, by the format label of 14.1", [BIG_WHOLE, BIG_REAL]),
    "ndr64": ("MS-RPCE 2.2.5: the label is that of little-endian", [LITTLE_WHOLE, LITTLE_REAL]),
    "asn1-ber": ("X.690, 8.3.3: the first octet of an INTEGER is the most significant", [BIG_WHOLE]),
    "asn1-cer": ("X.690, 8.3.3", [BIG_WHOLE]),
    "asn1-der": ("X.690, 8.3.3", [BIG_WHOLE]),
    "asn1-per": ("X.691, 11.3: most significant bit first, of the offset from the lower bound; a REAL as in DER", []),
    "asn1-uper": ("X.691, 11.3", []),
    "asn1-oer": ("X.696, 10 and 12: most significant octet first", [BIG_WHOLE, BIG_REAL]),
    "asn1-xer": ("X.693: digits", [b"16909060"]),
    "asn1-jer": ("X.697: digits", [b"16909060"]),
    "protobuf": ("Protocol Buffers, Encoding: I32 and I64 are little-endian", [LITTLE_WHOLE, LITTLE_REAL]),
    "protobuf-json": ("ProtoJSON Format: digits", [b"16909060"]),
    "protobuf-text": ("Text Format Language Specification: digits", [b"16909060"]),
    "avro": ("Avro 1.12, Binary Encoding: a double is 8 octets in little-endian order", [LITTLE_REAL]),
    "avro-container": ("Avro 1.12, Binary Encoding", [LITTLE_REAL]),
    "json": ("RFC 8259, 6: digits", [b"16909060"]),
    "xml": ("XML Schema Part 2, 3.3: digits", [b"16909060"]),
    "yaml": ("YAML 1.2.2, 10.3.2: digits", [b"16909060"]),
    "msgpack": ("MessagePack: numbers are big-endian", [BIG_WHOLE, BIG_REAL]),
    "cbor": ("RFC 8949, 3: in network byte order", [BIG_WHOLE, BIG_REAL]),
    "cbor-canonical": ("RFC 8949, 3", [BIG_WHOLE, BIG_REAL]),
    "bson": ("BSON 1.1: in little-endian format", [LITTLE_WHOLE, LITTLE_REAL]),
    "thrift-binary": ("Thrift Binary protocol encoding: the most significant byte first", [BIG_WHOLE, BIG_REAL]),
    "thrift-compact": ("Thrift Compact protocol encoding: a double in little endian order", [LITTLE_REAL]),
    "flatbuffers": ("FlatBuffers Internals: scalars are little-endian", [LITTLE_WHOLE, LITTLE_REAL]),
    "flexbuffers": ("FlexBuffers: all values are little-endian", [LITTLE_WHOLE, LITTLE_REAL]),
    "ubjson": ("UBJSON, draft 12: numbers are big-endian", [BIG_WHOLE, BIG_REAL]),
    "arrow-ipc": (
        "Arrow Columnar Format, Byte Order: little-endian unless the schema says otherwise",
        [LITTLE_WHOLE, LITTLE_REAL],
    ),
    "parquet": ("Parquet, Encodings, Plain: little-endian", [LITTLE_WHOLE, LITTLE_REAL]),
    "capnp": ("Cap'n Proto, Encoding Spec: integers and floats are little-endian", [LITTLE_WHOLE, LITTLE_REAL]),
    "capnp-packed": ("Cap'n Proto, Packing: octets that are not zero, in their order", [LITTLE_WHOLE, LITTLE_REAL]),
    "fory-xlang": ("Fory xlang specification: all data is little endian, and int32 a varint", [LITTLE_REAL]),
    "ion": ("Ion binary, Basic Field Formats: UInt and the floats are big-endian", [BIG_WHOLE, BIG_REAL]),
    "ion-text": ("Ion text, Integers: digits", [b"16909060"]),
    "java": ("java.io.DataOutput: the high octet first", [BIG_WHOLE, BIG_REAL]),
    "text": ("RFC 5322, 2.2: characters", [b"16909060"]),
    "csv": ("RFC 4180, 2: characters", [b"16909060"]),
    "pickle": ("pickletools: BININT is little-endian, BINFLOAT big-endian", [LITTLE_WHOLE, BIG_REAL]),
    "struct-native": ("the machine's own order", NATIVE),
}
PICKLE_0 = ("pickletools: INT is digits", [b"16909060"])


@pytest.mark.parametrize("info", codecs(), ids=lambda info: info.id)
def test_the_octets_are_in_the_order_that_the_specification_states(info):
    source, present = PICKLE_0 if info.id == "pickle/0" else STATED[info.format.name]
    encoded = info.compile(SCHEMA).encode(VALUE)
    for octets in present:
        assert octets in encoded, source
    for octets in (BIG_WHOLE, LITTLE_WHOLE, BIG_REAL, LITTLE_REAL):
        assert (octets in encoded) == (octets in present), source
