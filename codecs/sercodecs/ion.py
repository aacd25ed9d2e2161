"""Amazon Ion 1.0 by amazon.ion: one data model in two notations that can be told from one another, binary and text.

A record is a struct by `Field.key`, an absent optional field has no entry; a list is a list, a map a struct whose names
are text ("-7", "true"), a union a struct {alternative: value}, an enum a symbol. Timestamps, decimals with their
exponent, bytes and a UUID (16 octets) are Ion's own timestamp, decimal and blob; a float takes 64 bits, also where the
schema says 32. In binary a name is a symbol of the table that stands in front of each message (Ion Symbols, local
symbol tables), and numbers are most significant octet first.

The library's C extension makes plain Python values (`IonPyValueModel`), which leaves times and NaN to convert. Lost, in
text: NaN payloads. Nothing is checked when reading (an annotated value, which is not written here, is of the library's
own class); either codec reads both notations, as the library does. Ion is made for skipping, but the library does not
let a caller skip: there is no `access`.

The library (amazon.ion 0.15.0) must not be given any octets. In binary it crashes or does not come back where a value
does not end within what it is in, or annotations leave it none; in both, it crashes at a symbol that is not UTF-8; and
an integer or a decimal takes it quadratic time. So a message is first gone through by its lengths, in text by its
quotes, and that is refused, and numbers of more than 4096 octets or 4000 digits.

A stream, in binary only, is values in a row. In writing, a thousand share a symbol table, as the library writes a list
in one piece; in reading, so do those that are read from the file at a time. In text nothing could be guarded.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from math import nan
from typing import IO, Any
from uuid import UUID

from serschema.limits import Limits
from serschema.model import Bool, Enum, Float, Int, Schema, Timestamp, Uuid, Value

from sercodecs.contract import (
    Carries,
    Claim,
    Codec,
    CodecInfo,
    DecodeError,
    EncodeError,
    Format,
    assemble,
    streams,
)
from sercodecs.source import Source
from sercodecs.tree import Rules, conversions

BINARY = Format(
    name="ion",
    title="Ion",
    specification="Amazon Ion 1.0",
    history="Amazon's own format, opened by it: one data model in text, a superset of JSON, and in binary (Amazon Ion "
    "documentation).",
    textual=False,
    self_describing=True,
    byte_order="big",
    canonical=Claim(
        False, "Ion 1.0: fields of a struct come in any order, symbols as text or by number; Ion Hash is a way around"
    ),
    evolution=Claim(
        True, "Ion 1.0, struct: fields have names, and values tell their length, so that others are skipped"
    ),
    languages={
        "c": "ion-c",
        "cpp": "ion-c",
        "csharp": "Amazon.IonDotnet",
        "go": "ion-go",
        "java": "ion-java",
        "js": "ion-js",
        "python": "amazon.ion",
        "rust": "ion-rs",
    },
    carries=Carries(
        bool="bool",
        int="int",
        float="float",
        string="string",
        bytes="blob",
        enum="symbol",
        timestamp="timestamp",
        uuid="blob of 16",
        decimal="decimal",
        list="list",
        map="struct",
        union="struct of one field",
        record="struct by key",
        optional="no field if absent",
    ),
)
TEXT = replace(BINARY, name="ion-text", title="Ion text", textual=True, byte_order="none")

VERSION_MARKER = b"\xe0\x01\x00\xea"
TEXT_BUFFER = 1 << 30
"""The library takes no longer text, and 4096 octets unless it is told; it does not allocate that."""

BATCH = 1000
CHUNK = 1 << 16
TABLES = 1 << 20
DIGITS = 4000
MAGNITUDE = 4096

# The high four bits of a value's first octet, and the length in the low four that says that a VarUInt holds it.
NUMBERS = frozenset((2, 3, 5))
BOOL, STRING, STRUCT, ANNOTATION = 1, 8, 13, 14
CONTAINERS = frozenset((11, 12, STRUCT))
NULL, LONG, SORTED = 15, 14, 1
ANNOTATED = b"\xe3"
"""The least first octet of an annotated value, as a symbol table is."""

WIDEST = 9
"""The most octets of a length."""


def _sizes(looked_at: frozenset[int]) -> bytes:
    """By its first octet, how many octets a value takes; 0 if more has to be known or its type is one of these."""
    sizes = bytearray(256)
    for octet in range(ANNOTATION << 4):
        type_, length = divmod(octet, 16)
        if type_ not in looked_at and length != LONG:
            sizes[octet] = 1 if length == NULL or type_ == BOOL else 1 + length
    return bytes(sizes)


PLAIN = _sizes(CONTAINERS)
ANNOTATED_SIZES = _sizes(CONTAINERS | {STRING})
"""In an annotated value, as a symbol table is, strings are looked into."""

_OPENING = re.compile(rb"'''|\"|'|\{\{|/\*|//|[0-9A-Fa-f_]{%d}" % DIGITS)
_REST = {
    b"'''": re.compile(rb"(?:[^'\\]|\\.|'(?!''))*'''", re.DOTALL),
    b'"': re.compile(rb'(?:[^"\\]|\\.)*"', re.DOTALL),
    b"'": re.compile(rb"(?:[^'\\]|\\.)*'", re.DOTALL),
    b"{{": re.compile(rb'[^"}]*(?:"(?:[^"\\]|\\.)*"[^"}]*)*\}\}', re.DOTALL),
    b"/*": re.compile(rb".*?\*/", re.DOTALL),
    b"//": re.compile(rb"[^\r\n]*"),
}
"""What stands around a run of digits that is not a number."""

_DIGITS = re.compile(rb"[0-9A-Fa-f_]{%d}" % DIGITS)
_KEY_TEXT = {True: "true", False: "false"}
_KEY_BOOL = {text: value for value, text in _KEY_TEXT.items()}


def _instant(found: Any) -> datetime:
    """A time of the library as a plain one."""
    if found.utcoffset():
        found = found.astimezone(UTC)
    return datetime(found.year, found.month, found.day, found.hour, found.minute, found.second, found.microsecond, UTC)


IN = Rules(
    values={Timestamp: "instant({})", Uuid: "UUID(bytes={})"},
    keys={Bool: "boolean[{}]", Int: "int({})"},
    names={"instant": _instant, "UUID": UUID, "boolean": _KEY_BOOL, "nan": nan},
)
TEXT_IN = replace(IN, values={**IN.values, Float: "{} if {} == {} else nan"})


def compile_binary(schema: Schema, /) -> Codec:
    """The binary notation."""
    return _compile(schema, "ion", IN, binary=True)


def compile_text(schema: Schema, /) -> Codec:
    """The text notation."""
    return _compile(schema, "ion-text", TEXT_IN, binary=False)


def _compile(schema: Schema, name: str, inwards: Rules, *, binary: bool) -> Codec:
    from amazon.ion import simpleion
    from amazon.ion.simpleion import IonPyValueModel
    from amazon.ion.symbols import SymbolToken

    def token(source: Source, enum: Enum) -> str:
        tokens = {symbol: SymbolToken(symbol, None, None) for symbol, _ in enum.symbols}
        return source.bind("token", tokens) + "[{}]"

    outwards = Rules(
        values={Enum: token, Uuid: "{}.bytes"},
        keys={Bool: "key_text[{}]", Int: "str({})"},
        names={"key_text": _KEY_TEXT},
    )
    tree = conversions(schema, f"{name}/amazon-ion {schema.root}", outwards, inwards)
    model = IonPyValueModel.MAY_BE_BARE | IonPyValueModel.SYMBOL_AS_TEXT | IonPyValueModel.STRUCT_AS_STD_DICT
    options = {"text_buffer_size_limit": TEXT_BUFFER, "value_model": model}

    def encode_native(plain: Any) -> bytes:
        data: bytes | str = simpleion.dumps(plain, binary=binary)
        return data if isinstance(data, bytes) else data.encode()

    def decode_native(data: bytes) -> Any:
        _check(data)
        value = simpleion.loads(data, **options)
        if type(value) is not dict:
            raise DecodeError("no struct")
        return value

    def plain(value: Value) -> Any:
        if type(value) is not dict:
            raise EncodeError("$", "a message is a dict")
        return value if tree.to_native is None else tree.to_native(value)

    def write(file: IO[bytes], values: Iterable[Value]) -> None:
        messages = map(plain, values)
        while batch := list(islice(messages, BATCH)):
            simpleion.dump(batch, file, binary=True, sequence_as_stream=True)

    def read(file: IO[bytes]) -> Iterator[Value]:
        for piece in _pieces(file):
            for value in simpleion.loads(piece, single_value=False, **options):
                if type(value) is not dict:
                    raise DecodeError("no struct")
                yield value if tree.from_native is None else tree.from_native(value)

    codec = assemble(schema, encode_native, decode_native, *tree)
    return replace(codec, **streams(schema, write, read)) if binary else codec


def _check(data: bytes) -> None:
    """Raise for what the library must not be given."""
    if data.startswith(VERSION_MARKER):
        _check_binary(data)
    else:
        _check_text(data)


def _check_text(data: bytes) -> None:
    data.decode()
    position = 0 if _DIGITS.search(data) else len(data)
    while opening := _OPENING.search(data, position):
        rest = _REST.get(opening[0])
        if rest is None:
            raise DecodeError(f"a number of more than {DIGITS} digits", opening.start())
        end = rest.match(data, opening.end())
        position = end.end() if end else len(data)


def _var_uint(data: bytes | bytearray, position: int) -> tuple[int, int]:
    """An unsigned integer of seven bits an octet, the last of which has its high bit set, and where it ends."""
    number = 0
    for place in range(position, position + WIDEST):
        octet = data[place]
        number = number << 7 | octet & 0x7F
        if octet & 0x80:
            return number, place + 1
    raise DecodeError("a length of too many octets", position)


def _head(data: bytes | bytearray, position: int) -> tuple[int, int, int]:
    """Of the value that begins here: its type, where its content begins, and where it ends."""
    type_, length = divmod(data[position], 16)
    position += 1
    if length == NULL or type_ == BOOL:
        return type_, position, position
    if length == LONG or (type_ == STRUCT and length == SORTED):
        length, position = _var_uint(data, position)
    return type_, position, position + length


def _check_binary(data: bytes) -> None:
    """Go through all values by their lengths. Raises `DecodeError` for one that ends after what it is in."""
    position, outer, is_struct, sizes = 0, len(data), False, PLAIN
    around: list[tuple[int, bool, bytes]] = []
    while True:
        while position >= outer:
            if not around:
                return
            outer, is_struct, sizes = around.pop()
        if is_struct:
            while data[position] < 0x80:
                position += 1
            position += 1
        if size := sizes[data[position]]:
            position += size
            if position > outer:
                raise DecodeError("a value that does not end within what it is in", position - size)
            continue
        if not around and data.startswith(VERSION_MARKER, position):
            position += len(VERSION_MARKER)
            continue
        type_, start, end = _head(data, position)
        if end > outer:
            raise DecodeError(f"{end - start} octets, {outer - start} left", position)
        if type_ in NUMBERS and end - start > MAGNITUDE:
            raise DecodeError(f"a number of {end - start} octets", position)
        if type_ in CONTAINERS or type_ == ANNOTATION:
            around.append((outer, is_struct, sizes))
            position, outer, is_struct = start, end, type_ == STRUCT
            if type_ == ANNOTATION and start < end:
                annotations, position = _var_uint(data, start)
                position += annotations
                if position >= end:
                    raise DecodeError("annotations without a value", start)
                sizes = ANNOTATED_SIZES
            continue
        if type_ == STRING and sizes is ANNOTATED_SIZES:
            data[start:end].decode()
        position = end


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    """A stream in pieces of whole values, each with the version marker and the symbol tables that are before it."""
    read = getattr(file, "read1", file.read)
    held = bytearray()
    before = b""
    while chunk := read(CHUNK):
        held += chunk
        piece, position = [before], 0
        while (end := _end_of_whole(held, position)) and end <= len(held):
            part = bytes(held[position:end])
            if part == VERSION_MARKER:
                before = part
            elif part[:1] >= ANNOTATED:
                before += part
            _check_binary(part)
            piece.append(part)
            position = end
        if len(before) > TABLES:
            raise DecodeError(f"more than {TABLES} octets of symbol tables")
        if position:
            yield b"".join(piece)
            del held[:position]
    if held:
        raise DecodeError("the stream ends within a value")


def _end_of_whole(held: bytearray, position: int) -> int:
    """Where the next value or version marker ends; 0 if too little is there to say."""
    if held.startswith(VERSION_MARKER[:1], position):
        return position + len(VERSION_MARKER)
    try:
        return _head(held, position)[2]
    except IndexError:
        return 0


def _info(format: Format, limits: Limits, compile: Callable[[Schema], Codec]) -> CodecInfo:
    return CodecInfo(
        format=format,
        implementation="amazon-ion",
        distribution="amazon.ion",
        note="decoding is guarded",
        language="C",
        licence="Apache-2.0",
        limits=limits,
        validates=False,
        compile=compile,
        defects=(
            "amazon.ion 0.15.0 crashes at symbols that are not UTF-8, and hangs where a value does not end within what "
            "it is in: a message is gone through first",
            "amazon.ion 0.15.0 reads integers and decimals in quadratic time: those beyond 4096 octets or 4000 digits "
            "are refused",
        ),
    )


CODECS = (
    _info(BINARY, Limits(), compile_binary),
    _info(TEXT, Limits(nan="canonical"), compile_text),
)
