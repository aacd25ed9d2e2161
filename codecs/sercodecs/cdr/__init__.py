"""CDR, Common Data Representation: the encoding of CORBA's GIOP and, extended as XCDR, of DDS.

Numbers stand at multiples of their size, in the byte order of the writer, which the message names; only the data is
written, so both sides need the IDL. Two families, of which each codec writes one order and reads both:

- `cdr-big`, `cdr-little`: OMG CORBA 3.3 Part 2, 9.3. The message is an encapsulation (9.3.3): an octet, 0 for
  big-endian and 1 for little-endian, from which alignment counts, then the value. The types are those of
  `serschema.idl.corba`.
- `xcdr1`, `xcdr2`: OMG DDS-XTypes 1.3, 7.4, for final types; alignment is to 8 or to 4 at most. `xcdr1-mutable` is a
  parameter list, `xcdr2-delimited` of appendable types, with a DHEADER each, `xcdr2-mutable` has an EMHEADER for each
  member, of the length code that takes least. Two octets of representation identifier and two of options come first
  (7.6.3.1.2), and the padding that the options count last. Alignment counts from behind them.

The kinds, in IDL:

- Bool: boolean; the number 2 is none. Int: octet or int8, short, long, long long and the unsigned ones. Float: float,
  double. Timestamp: long long, microseconds since 1970. Uuid: octet[16]. Bytes: octet[n] or sequence<octet>.
- Enum: in CDR an unsigned long, the symbol's place in the declaration (9.3.2.6); in XCDR a long, its number.
- String: string, whose code set is UTF-8: a length that counts the NUL at its end. It cannot hold U+0000.
- Decimal: in CDR `fixed` up to 31 digits: half an octet a digit, and the sign, C or D (9.3.2.8). XCDR has none: an
  int64, the unscaled integer, up to 18 digits. A string where there are more.
- List: sequence, or an array where the length is fixed. Map: sequence of structures of key and value, final ones.
- Union: over an unsigned long, the alternative's number; appendable in the codecs of appendable and mutable types.
- Record: struct; without fields it has one octet, but none where it is mutable. Member ids count from 0.
- Optional field: in CDR sequence<T, 1>. In XCDR1 a member header, short where it holds the length; without octets
  behind it the field is absent. In XCDR2 a boolean before the value. Mutable types leave it out.

In XCDR2 sequences and arrays begin with a DHEADER unless their items are primitive, which enums are not. Padding is not
looked at. Members that a later version of an appendable or mutable type adds are skipped unless they must be known.
Strings without their NUL, enums and booleans out of range, lengths beyond the data or the schema, a key or member given
twice, missing members, and octets after the end are errors. Nothing is lost.

Both directions are generated source. What is known of the position modulo 8 when it is made decides the padding: fixed-
size neighbours become one `struct` call with the padding in its format, a string with what stands around it a call that
is looked up by its length. Where nothing is known, behind a string, the phase of the position is looked up too.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

from serschema.limits import Limits
from serschema.model import Schema

from sercodecs.cdr.explain import explainer
from sercodecs.cdr.reader import Reader
from sercodecs.cdr.runtime import RUNTIME
from sercodecs.cdr.shape import Encoding, Shape
from sercodecs.cdr.writer import Writer
from sercodecs.contract import ByteOrder, Carries, Claim, Codec, CodecInfo, Format, Property
from sercodecs.source import Source


def compile(schema: Schema, /, *, encoding: Encoding, order: str) -> Codec:
    """Specialise for a schema. What is written is of the byte order; messages of either are read."""
    shape = Shape(schema, encoding)
    source = Source(f"{encoding.name} {schema.root}")
    source.globals |= RUNTIME
    source.globals["SCHEMA"] = schema
    Writer(shape, source, order).generate()
    Reader(shape, source, order).generate()
    encode, decode = source.build("encode", "decode")
    return Codec(encode=encode, decode=decode, source=source.text())


_CORBA = {"cpp": "omniORB", "java": "JacORB", "python": "omniORBpy"}
_DDS = {"c": "Cyclone DDS", "cpp": "Fast CDR", "js": "@foxglove/cdr", "python": "cyclonedds"}
_GAPS = Claim(False, "CORBA 3.3 Part 2, 9.3.1: the octets of padding have any value")
_OPEN = Claim(
    False, "DDS-XTypes 1.3, 7.4: padding has no value that it must have, and key hashes have rules of their own"
)
_FIXED = {
    0: Claim(False, "CORBA 3.3 Part 2, 9.3: members follow each other without tags"),
    1: Claim(False, "DDS-XTypes 1.3, 7.2.4: not of final types"),
}
_GROWING = Claim(True, "DDS-XTypes 1.3, 7.2.4: of appendable and mutable types, whose members are told or counted")


def _info(
    encoding: Encoding,
    title: str,
    specification: str,
    order: ByteOrder,
    carries: Carries,
    lacks: Mapping[Property, str] | None = None,
) -> CodecInfo:
    of_dds = encoding.version > 0
    return CodecInfo(
        format=Format(
            name=encoding.name,
            title=title,
            specification=specification,
            history=_HISTORY[specification],
            textual=False,
            self_describing=False,
            byte_order=order,
            canonical=_OPEN if of_dds else _GAPS,
            evolution=_FIXED[of_dds] if encoding.extensibility == "final" else _GROWING,
            languages=_DDS if of_dds else _CORBA,
            carries=carries,
        ),
        implementation="serbench",
        distribution="serbench",
        language="Python",
        licence="MIT",
        limits=Limits(text="no-nul"),
        validates=True,
        compile=_compiler(encoding, order),
        orders=("big", "little"),
        explain=explainer(encoding),
        lacks=lacks or {},
    )


def _compiler(encoding: Encoding, own: str) -> Callable[..., Codec]:
    def compile_(schema: Schema, /, *, order: str = own) -> Codec:
        return compile(schema, encoding=encoding, order=order)

    return compile_


_CDR = Carries(
    bool="boolean, an octet",
    int="octet (8 bits), short, long, long long, signed or unsigned",
    float="float, double",
    string="string, UTF-8, its length counts the NUL",
    bytes="sequence<octet>, or octet[n] of one length",
    enum="unsigned long, the symbol's place in the declaration",
    timestamp="long long, microseconds since 1970",
    uuid="octet[16]",
    decimal="fixed, half an octet a digit; string beyond 31 digits",
    list="sequence, or array of one length",
    map="sequence of structures of key and value",
    union="union switch (unsigned long), the number of the alternative",
    record="struct, members aligned",
    optional="sequence<T, 1>",
)
_XCDR1 = replace(
    _CDR,
    int="int8 to int64, uint8 to uint64",
    enum="long, its number",
    decimal="int64, the unscaled integer; string beyond 18 digits",
    optional="a member header, its length 0 if absent",
)
_LIST1 = replace(
    _XCDR1,
    record="struct as a parameter list: a header for each member",
    optional="no parameter if absent",
)
_XCDR2 = replace(
    _XCDR1,
    list="sequence or array, a DHEADER before items that are not primitive",
    optional="boolean before the value",
)
_DELIMITED = replace(
    _XCDR2,
    record="struct behind its DHEADER",
)
_LIST2 = replace(
    _XCDR2,
    record="struct behind its DHEADER, an EMHEADER for each member",
    optional="no member if absent",
)

GIOP = "OMG CORBA 3.3 Part 2, 9.3"
XTYPES = "OMG DDS-XTypes 1.3, 7.4"
_HISTORY = {
    GIOP: "CORBA 2.0 (1996), so that object brokers of different makers could talk: the sender writes in its own byte "
    "order and says so, the reader converts (OMG, History of CORBA).",
    XTYPES: "CDR as the publish-subscribe middleware of OMG, DDS, has it, with members that may come and go "
    "(DDS-XTypes); ROS 2 is built on it.",
}

CODECS = (
    _info(Encoding("cdr-big", 0), "CDR, big-endian", GIOP, "big", _CDR),
    _info(Encoding("cdr-little", 0), "CDR, little-endian", GIOP, "little", _CDR),
    _info(Encoding("xcdr1", 1), "XCDR1", XTYPES, "little", _XCDR1),
    _info(Encoding("xcdr1-mutable", 1, "mutable"), "XCDR1, mutable", XTYPES, "little", _LIST1),
    _info(Encoding("xcdr2", 2), "XCDR2", XTYPES, "little", _XCDR2),
    _info(
        Encoding("xcdr2-delimited", 2, "appendable"),
        "XCDR2, appendable",
        XTYPES,
        "little",
        _DELIMITED,
        {"evolution": "members that a later type adds are skipped, those that an earlier one has not are demanded"},
    ),
    _info(Encoding("xcdr2-mutable", 2, "mutable"), "XCDR2, mutable", XTYPES, "little", _LIST2),
)
