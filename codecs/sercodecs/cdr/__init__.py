"""CDR, Common Data Representation."""

from collections.abc import Callable
from functools import partial

from serschema.limits import Limits
from serschema.model import Schema

from sercodecs.cdr.reader import Reader
from sercodecs.cdr.runtime import RUNTIME
from sercodecs.cdr.shape import Encoding, Shape
from sercodecs.cdr.writer import Writer
from sercodecs.contract import Codec, CodecInfo, Format
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


def _info(encoding: Encoding, title: str, specification: str, order: str) -> CodecInfo:
    return CodecInfo(
        format=Format(
            name=encoding.name,
            title=title,
            specification=specification,
            textual=False,
            self_describing=False,
            byte_order=order,  # type: ignore[arg-type]
        ),
        implementation="serbench",
        distribution="serbench",
        language="Python",
        licence="MIT",
        limits=Limits(text="no-nul"),
        validates=True,
        compile=_compiler(encoding, order),
        orders=("big", "little"),
    )


def _compiler(encoding: Encoding, own: str) -> Callable[..., Codec]:
    def compile_(schema: Schema, /, *, order: str = own) -> Codec:
        return compile(schema, encoding=encoding, order=order)

    return compile_


GIOP = "OMG CORBA 3.3 Part 2, 9.3"
XTYPES = "OMG DDS-XTypes 1.3, 7.4"

CODECS = (
    _info(Encoding("cdr-big", 0), "CDR, big-endian", GIOP, "big"),
    _info(Encoding("cdr-little", 0), "CDR, little-endian", GIOP, "little"),
    _info(Encoding("xcdr1", 1), "XCDR1", XTYPES, "little"),
    _info(Encoding("xcdr1-mutable", 1, "mutable"), "XCDR1, mutable", XTYPES, "little"),
    _info(Encoding("xcdr2", 2), "XCDR2", XTYPES, "little"),
    _info(Encoding("xcdr2-delimited", 2, "appendable"), "XCDR2, appendable", XTYPES, "little"),
    _info(Encoding("xcdr2-mutable", 2, "mutable"), "XCDR2, mutable", XTYPES, "little"),
)
