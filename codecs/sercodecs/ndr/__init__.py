"""NDR, Network Data Representation: the transfer syntaxes of DCE RPC and of Microsoft's, under DCOM and SMB.

`ndr-little`, `ndr-big`: NDR (The Open Group C706, DCE 1.1 RPC, chapter 14). `ndr64`: Microsoft's, with counts and
pointers of 64 bits, little-endian only (MS-RPCE 2.2.5). What a schema is in them is what `serschema.idl.msidl` writes.

A message is the format label (C706, 14.1), which an RPC PDU has in its header, and the octet stream that is the PDU's
stub data for the one operation of the interface. Offsets count from behind the label. NDR is multi-canonical: a writer
uses its own byte order, and a reader obeys the label; `order` chooses the writer's.

A primitive is at a multiple of its size, a structure at a multiple of the greatest size of its members (14.2.2,
14.3.2); gaps are written as zeros and read as anything. The kinds, with the sections of C706:

- Bool: boolean (14.2.3), all but 0 is true. Int: small, short, long, hyper (14.2.5). Float: float, double (14.2.6).
- Enum: v1_enum, a signed long (MS-RPCE 2.2.4.6); NDR64 has no other (2.2.5.2).
- String: unique pointer to a conformant and varying string (14.3.4.2) of wchar_t, UTF-16 with a terminator. A U+0000
  would be one: a string that has it is refused.
- Bytes: byte array (14.3.3.1) where the length is fixed, else a structure of a count and a unique pointer to a
  conformant array (14.3.3.2).
- Timestamp: hyper, microseconds since 1970. Uuid: structure of a long, two shorts and eight bytes (MS-DTYP 2.3.4).
  Decimal: its unscaled integer, a hyper up to 18 digits, else octets as above, the shortest two's complement.
- List: array where the length is fixed, else as bytes of open length. Map: the same, of structures of key and value.
- Union: encapsulated union over an unsigned long (14.3.8); in NDR64 every arm is at the alignment of the greatest
  (MS-RPCE 2.2.5.3.4.4). Record: structure (14.3.6), in NDR64 with a trailing gap (2.2.5.3.4.1); one without fields is
  an octet. No structure holds a conformant array itself, so that no maximum count is moved to its front (14.3.7).
- Optional field: unique pointer, null where it is absent (14.3.12).

What pointers point to is deferred to behind the outermost structure or array around them, in their order (14.3.12.3).
A referent's identifier only says that it is there, as unique pointers have no aliases (full pointers, which have, are
not in the interface): one number is written, and any but 0 read. No items are written as a null pointer, and read as an
empty array too. Errors are: null where nothing may be absent, counts that differ, enums and integers out of range, a
string without its terminator, lengths beyond the data or the schema, a map's key given twice, octets after the end.

Both directions are generated source: the body of a record is one `struct` call, whichever records stand in it, and so
are the bodies of all items of an array; a string is in one call with what follows. Gaps stand in the formats where
enough is known of the offset, and are computed where not.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial

from serschema.limits import Limits
from serschema.model import Schema, Value

from sercodecs.contract import Carries, Claim, Codec, CodecInfo, DecodeError, Format
from sercodecs.ndr.explain import explain
from sercodecs.ndr.layout import Layout, Syntax
from sercodecs.ndr.reader import Reader
from sercodecs.ndr.runtime import LABELS, RUNTIME
from sercodecs.ndr.writer import Writer
from sercodecs.source import Source

NDR = "C706 (DCE 1.1: RPC), chapter 14"

LITTLE = Format(
    name="ndr-little",
    title="NDR, little-endian",
    specification=NDR,
    history="Of DCE RPC, from the NCS of Apollo: the sender writes in its own byte order and says so, the reader "
    "converts (C706, 1997). Carries DCOM and Windows' RPC.",
    textual=False,
    self_describing=False,
    byte_order="little",
    canonical=Claim(False, "C706, 14.2.2 and 14.3.10: gaps have any value, and so have the identifiers of pointers"),
    evolution=Claim(False, "C706, 14: members follow each other without tags; interfaces have versions instead"),
    languages={
        "c": "Samba",
        "cpp": "Microsoft RPC",
        "go": "go-msrpc",
        "python": "impacket",
    },
    carries=Carries(
        bool="boolean, an octet",
        int="small, short, long, hyper, signed or unsigned",
        float="float, double",
        string="unique pointer to a conformant and varying string of wchar_t (UTF-16)",
        bytes="count and unique pointer to a conformant array; byte array of one length",
        enum="v1_enum, its number in 32 bits",
        timestamp="hyper, microseconds since 1970",
        uuid="structure of a long, two shorts, eight octets",
        decimal="hyper, the unscaled integer; octets beyond 18 digits",
        list="count and unique pointer to a conformant array; array of one length",
        map="as a list, of structures of key and value",
        union="encapsulated union over an unsigned long, the number of the alternative",
        record="structure, members aligned",
        optional="unique pointer, null if absent",
    ),
)
BIG = replace(LITTLE, name="ndr-big", title="NDR, big-endian", byte_order="big")
WIDE = replace(
    LITTLE,
    name="ndr64",
    title="NDR64",
    specification="MS-RPCE, section 2.2.5",
    history="Microsoft's 64-bit form of NDR, negotiated by both sides (MS-RPCE).",
    carries=replace(
        LITTLE.carries,
        string="unique pointer to a conformant and varying string of wchar_t (UTF-16), counts of 64 bits",
        bytes="count and unique pointer to a conformant array, counts of 64 bits; byte array of one length",
        enum="enum, its number in 32 bits",
        union="encapsulated union, all arms at the alignment of the greatest",
        record="structure, members aligned, with a trailing gap",
        optional="unique pointer of 64 bits, null if absent",
    ),
)


def compile(schema: Schema, /, *, order: str) -> Codec:
    """NDR, written in the order `little` or `big`; every schema can be carried."""

    @cache
    def other() -> Codec:
        return compile(schema, order="big" if order == "little" else "little")

    def of_other_label(data: bytes) -> Value:
        if data[:4] in LABELS.values() and data[:4] != LABELS[order]:
            return other().decode(data)
        raise DecodeError("a format label that is not of ASCII, IEEE floating point, and either byte order", 0)

    return _generate(schema, Syntax(order), of_other_label)


def compile_wide(schema: Schema) -> Codec:
    """NDR64; every schema can be carried."""

    def of_other_label(data: bytes) -> Value:
        raise DecodeError("a format label that is not NDR64's, 10 00 00 00", 0)

    return _generate(schema, Syntax("little", wide=True), of_other_label)


def _generate(schema: Schema, syntax: Syntax, of_other_label: Callable[[bytes], Value]) -> Codec:
    layout = Layout(schema, syntax)
    for tracking in (False, True):
        source = Source(f"{'ndr64' if syntax.wide else 'ndr'} {schema.root}")
        source.globals |= RUNTIME[syntax.order]
        source.globals |= {"SCHEMA": schema, "LABEL": LABELS[syntax.order], "of_other_label": of_other_label}
        writer = Writer(layout, source, tracking)
        writer.generate()
        if not writer.needed:
            break
    Reader(layout, source).generate()
    encode, decode = source.build("encode", "decode")
    return Codec(encode=encode, decode=decode, source=source.text())


def _info(format_: Format, compile_: Callable[..., Codec], orders: tuple[str, ...]) -> CodecInfo:
    return CodecInfo(
        format=format_,
        implementation="serbench",
        distribution="serbench",
        language="Python",
        licence="MIT",
        limits=Limits(text="no-nul"),
        validates=True,
        compile=compile_,
        orders=orders,
        explain=partial(explain, wide=format_ is WIDE),
    )


CODECS = (
    _info(LITTLE, partial(compile, order="little"), ("little", "big")),
    _info(BIG, partial(compile, order="big"), ("little", "big")),
    _info(WIDE, compile_wide, ()),
)
