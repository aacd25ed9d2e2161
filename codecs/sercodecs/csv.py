"""CSV (RFC 4180) by the standard library: a header line with the names of the fields, then a line for each message.

Only a flat message has columns: a schema with a list, a map, a union or a record inside the root is refused, and so is
one without fields. A column is headed by `Field.key`; the text of each kind is that of `sercodecs.literal`. A field is
quoted where it has a comma, a quote, a carriage return or a line feed (section 2, rules 6 and 7); lines end in CRLF,
text is UTF-8 without a byte order mark. One message is encoded with its own header line.

An absent optional field is an empty one. RFC 4180 does not tell `""` from nothing, nor does a reader of the standard
library before Python 3.12: what is present and empty in an optional field (a string, bytes) is refused. Nothing else
is lost. A reader takes exactly the header line of the schema and lines of as many fields, whose text it checks.

A stream is a file as everybody has them: one header line, any number of lines; without any message it is the header.
The standard library limits a field to 131,072 characters for the whole process; it is told to take any length.
"""

import codecs
import io
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import IO

from serschema.limits import Limits
from serschema.model import Field, List, Map, Record, Schema, Union, Value

from sercodecs.contract import (
    Carries,
    Claim,
    Codec,
    CodecInfo,
    DecodeError,
    EncodeError,
    Format,
    UnsupportedSchema,
    assemble,
    streams,
)
from sercodecs.literal import NAMES, read, written
from sercodecs.source import Source

FORMAT = Format(
    name="csv",
    title="CSV",
    specification="RFC 4180",
    history="Decades older than its description, RFC 4180 (2005), which documents what most programs do.",
    textual=True,
    self_describing=True,
    byte_order="none",
    canonical=Claim(False, "RFC 4180, 2: quotes are optional"),
    evolution=Claim(False, "RFC 4180, 2: each line has the same number of fields; what others mean is not said"),
    languages={
        "c": "libcsv",
        "csharp": "CsvHelper",
        "go": "encoding/csv",
        "java": "Apache Commons CSV",
        "js": "Papa Parse",
        "php": "fgetcsv",
        "python": "csv",
        "ruby": "csv",
        "rust": "csv",
        "swift": "TabularData",
    },
    carries=Carries(
        bool="true, false",
        int="decimal text",
        float="shortest decimal text",
        string="text, in quotes where needed",
        bytes="base64",
        enum="its symbol",
        timestamp="RFC 3339",
        uuid="text",
        decimal="text",
        list="-",
        map="-",
        union="-",
        record="a row below the header of names",
        optional="see text",
    ),
)

ID = "csv/stdlib"


def _present(text: str) -> str:
    if not text:
        raise EncodeError("$", "an optional field that is there and empty")
    return text


def compile(schema: Schema, /) -> Codec:
    """Specialise for a flat schema."""
    import csv

    _flat(schema)
    csv.field_size_limit(sys.maxsize)
    source = Source(f"csv {schema.root}")
    source.globals |= NAMES | {"DecodeError": DecodeError, "present": _present}
    _write_row(schema, source)
    _read_row(schema, source)
    to_native, from_native = source.build("to_row", "from_row")
    header = [member.key for member in schema.record.fields]
    row_text = csv.writer(_Echo()).writerow
    head: str = row_text(header)

    def rows(lines: Iterable[str]) -> Iterator[list[str]]:
        """The lines after the header."""
        found = csv.reader(lines, strict=True)
        if next(found, None) != header:
            raise DecodeError("the first line is not the header")
        return found

    def encode_native(row: list[str]) -> bytes:
        text: str = head + row_text(row)
        return text.encode()

    def decode_native(data: bytes) -> list[str]:
        [row] = rows(io.StringIO(data.decode(), newline=""))
        return row

    def write(file: IO[bytes], values: Iterable[Value]) -> None:
        file.write(head.encode())
        for value in values:
            file.write(row_text(to_native(value)).encode())

    def read(file: IO[bytes]) -> Iterator[Value]:
        return map(from_native, rows(_lines(file)))

    codec = assemble(schema, encode_native, decode_native, to_native, from_native, source.text())
    return replace(codec, **streams(schema, write, read))


class _Echo:
    """Makes `writerow` return the text of the row."""

    def write(self, text: str) -> str:
        return text


def _lines(file: IO[bytes]) -> Iterator[str]:
    """Lines with their ends, whatever ends them is the reader's concern; the file is read on no further than asked."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    while line := file.readline():
        yield decoder.decode(line)
    decoder.decode(b"", final=True)


def _flat(schema: Schema) -> None:
    """Raise `UnsupportedSchema` unless a message is a row."""
    if not schema.record.fields:
        raise UnsupportedSchema(ID, "Record", "$", "a record without fields has no column")
    for member in schema.record.fields:
        kind = schema.resolve(member.type)
        if isinstance(kind, List | Map | Union | Record):
            name = type(kind).__name__
            raise UnsupportedSchema(ID, name, f"$.{member.key}", "a row has one text for each field")


def _write_row(schema: Schema, source: Source) -> None:
    with source.function("to_row(value)"):
        texts = []
        for member in schema.record.fields:
            x, text = source.fresh("x"), source.fresh("text")
            texts.append(text)
            if not member.optional:
                source.line(f"{x} = value[{member.key!r}]")
                source.line(f"{text} = {_text(schema, source, member, x)}")
                continue
            source.line(f"{text} = ''")
            with source.block(f"if {member.key!r} in value"):
                source.line(f"{x} = value[{member.key!r}]")
                source.line(f"{text} = present({_text(schema, source, member, x)})")
        source.line(f"return [{', '.join(texts)}]")


def _text(schema: Schema, source: Source, member: Field, x: str) -> str:
    kind = schema.resolve(member.type)
    assert not isinstance(kind, List | Map | Union | Record)
    return written(source, kind, x)


def _read_row(schema: Schema, source: Source) -> None:
    with source.function("from_row(row)"):
        texts = [source.fresh("text") for _ in schema.record.fields]
        source.line(f"{', '.join(texts)}, = row")
        source.line("value = {}")
        for member, text in zip(schema.record.fields, texts):
            kind = schema.resolve(member.type)
            assert not isinstance(kind, List | Map | Union | Record)
            if member.optional:
                with source.block(f"if {text}"):
                    source.line(f"value[{member.key!r}] = {read(source, kind, text)}")
            else:
                source.line(f"value[{member.key!r}] = {read(source, kind, text)}")
        source.line("return value")


CODECS = (
    CodecInfo(
        format=FORMAT,
        implementation="stdlib",
        distribution="python",
        language="C",
        licence="PSF-2.0",
        limits=Limits(empty_optional=False),
        validates=True,
        compile=compile,
    ),
)
