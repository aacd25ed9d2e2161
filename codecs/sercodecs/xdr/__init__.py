"""XDR, External Data Representation: RFC 4506 (2006), the encoding of ONC RPC and NFS.

Everything is a multiple of four octets, most significant octet first; nothing but the data is written, so both sides
need the schema. The kinds, with the sections of RFC 4506:

- Bool: bool (4.4). Int: int, unsigned int (4.1, 4.2; 8 and 16 bits too, as XDR has none), hyper (4.5). Float: float,
  double (4.6, 4.7). Enum: enum (4.3), the number.
- String: string<> in UTF-8 (4.11). Bytes: opaque[n] where the length is fixed (4.9), else opaque<> (4.10).
- Timestamp: hyper, microseconds since 1970. Uuid: opaque[16]. Decimal: its unscaled integer, a hyper up to 18 digits,
  else opaque<>, the shortest two's complement.
- List: fixed-length (4.12) or variable-length array (4.13). Map: array of structures of key and value.
- Union: discriminated union (4.15) over an unsigned int, the alternative's number. Record: structure (4.14); one
  without fields is an int 0, as XDR has no empty structure. Optional field: optional-data (4.19), also the recursion.

Padding that is not zero, booleans and enums out of range, lengths beyond the data or the schema, a map's key given
twice, and octets after the end are errors. Nothing is lost.

Both directions are generated source: fixed-size neighbours become one `struct` call, whichever records they stand in; a
string's or array's length joins the call before it, across the bounds of loops and optional fields (`reader`); strings
of each length up to 255 have a `struct` of their own, found in a table; records that do not contain themselves are
written in place; a Decimal and a Timestamp are multiples of their unit.
"""

from serschema.limits import Limits
from serschema.model import Schema

from sercodecs.contract import Carries, Claim, Codec, CodecInfo, Format
from sercodecs.source import Source
from sercodecs.xdr.explain import explain
from sercodecs.xdr.reader import Reader
from sercodecs.xdr.runtime import RUNTIME
from sercodecs.xdr.shape import Shape
from sercodecs.xdr.writer import Writer

FORMAT = Format(
    name="xdr",
    title="XDR",
    specification="RFC 4506",
    history="RFC 1014 (1987), from Sun, where it carries ONC RPC and NFS; a Standard (STD 67) since RFC 4506 (2006), "
    "the bytes unchanged.",
    textual=False,
    self_describing=False,
    byte_order="big",
    canonical=Claim(True, "RFC 4506, 3 and 4: nothing is left to the writer, padding is zero", ("map",)),
    evolution=Claim(
        False, "RFC 4506: fields follow each other without tags; RFC 5531 has versions of programs instead"
    ),
    languages={
        "c": "libtirpc",
        "cpp": "libtirpc",
        "go": "stellar/go-xdr",
        "java": "oncrpc4j",
        "js": "@stellar/js-xdr",
        "python": "xdrlib3",
        "rust": "serde-xdr",
    },
    carries=Carries(
        bool="bool, a word of 0 or 1",
        int="int, unsigned int; hyper, unsigned hyper from 64 bits",
        float="float, double",
        string="string<>, UTF-8, padded to four octets",
        bytes="opaque<>, or opaque[n] of one length",
        enum="enum, its number",
        timestamp="hyper, microseconds since 1970",
        uuid="opaque[16]",
        decimal="hyper, the unscaled integer; opaque<> beyond 18 digits",
        list="array<>, or array[n] of one length",
        map="array<> of structures of key and value",
        union="union switch (unsigned int), the number of the alternative",
        record="struct, fields in their order",
        optional="optional-data, a word of 0 or 1 before it",
    ),
)


def compile(schema: Schema) -> Codec:
    """Specialise for a schema; every schema can be carried."""
    shape = Shape(schema)
    source = Source(f"xdr {schema.root}")
    source.globals |= RUNTIME
    source.globals["SCHEMA"] = schema
    Writer(shape, source, "big").generate()
    Reader(shape, source, "big").generate()
    encode, decode = source.build("encode", "decode")
    return Codec(encode=encode, decode=decode, source=source.text())


CODECS = (
    CodecInfo(
        format=FORMAT,
        implementation="serbench",
        distribution="serbench",
        language="Python",
        licence="MIT",
        limits=Limits(),
        validates=True,
        compile=compile,
        explain=explain,
    ),
)
