"""Data files: JSON, JSON Lines (plain, gzip, Zstandard), Parquet and Arrow; a file, a folder, several, or `-`.

`read` gives the messages of some files as checked values of a schema, each with its place; `batches` is the layer below
it, from which inference reads too. Lines come in blocks of about a megabyte, so that memory stays flat however long the
file is; a JSON document is held as text and taken apart item by item.

What a file is, its first octets say rather than its name: the magic of gzip, zstd, Parquet and Arrow, then whether its
first line is a JSON value by itself. Only a file of one line needs its name: `.jsonl` and `.ndjson` hold one message a
line, while in any other file a single list is a list of messages.

JSON (RFC 8259) is read exactly: an integer keeps all its digits, and what other parsers let pass is an error with its
place: a name twice in one object, a lone surrogate, NaN, a number beyond binary64.
"""

import base64
import codecs
import gzip
import json
import math
import re
import sys
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import IO, Any, NoReturn, TypeAlias

from serschema import mapping
from serschema.errors import SerError, ValueMismatch
from serschema.jsonform import duration_text, timestamp_text
from serschema.model import MAX_DEPTH, Schema, Value
from serschema.values import check

Plain: TypeAlias = Any
"""A JSON value as `json.loads` gives it."""

BLOCK = 1 << 20
MAX_LINE = 1 << 27
MAX_DOCUMENT = 1 << 30
"""Octets that are read at once, that a line may have, and that a JSON document may have."""

SUFFIXES = (".json", ".jsonl", ".ndjson", ".parquet", ".arrow", ".arrows", ".feather")
PACKED = (".gz", ".zst")
LINES = (".jsonl", ".ndjson")
STANDARD_INPUT = "-"

WIDE = ([False, True, False, True], [True, False, True, False], [False, True, True, True], [True, True, True, False])
"""Which of the first four octets are zero in UTF-16 and UTF-32, as the first characters are ASCII (RFC 4627, 3)."""

GZIP, ZSTD, PARQUET, ARROW, STREAM = b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"PAR1", b"ARROW1", b"\xff\xff\xff\xff"
"""What files begin with; the last is the streaming format of Arrow (Columnar Format, "Encapsulated message format")."""


class DataError(SerError):
    """Data that cannot be read: the file, the line from 1, and where it is a value, its path and what was expected."""

    def __init__(self, message: str, *, file: str, line: int = 0, path: str = "", expected: str = "") -> None:
        super().__init__(f"{file}:{line}: {message}" if line else f"{file}: {message}")
        self.file = file
        self.line = line
        self.path = path
        self.expected = expected


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message begins: the line from 1, or the row of a table."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"

    def error(self, mismatch: ValueMismatch) -> DataError:
        """The error that the message is not of its schema."""
        return DataError(str(mismatch), file=self.file, line=self.line, path=mismatch.path, expected=mismatch.expected)


@dataclass(frozen=True, slots=True)
class Lines:
    """Some lines of a file, not parsed yet; `first` is the number of the first."""

    file: str
    first: int
    texts: list[bytes]

    def messages(self) -> Iterator[tuple[Place, Plain]]:
        """The value of each line that is not blank."""
        for number, text in enumerate(self.texts, self.first):
            if text and not text.isspace():
                yield Place(self.file, number), parse(text, self.file, number)


@dataclass(frozen=True, slots=True)
class Items:
    """Some messages of a document or rows of a table, each with its line."""

    file: str
    lines: list[int]
    values: list[Plain]

    def messages(self) -> Iterator[tuple[Place, Plain]]:
        """The values."""
        for number, value in zip(self.lines, self.values, strict=True):
            yield Place(self.file, number), value


Batch: TypeAlias = Lines | Items


def read(
    paths: Iterable[str | Path],
    schema: Schema,
    *,
    convert: mapping.Convert | None = None,
    proto_defaults: bool = False,
) -> Iterator[tuple[Place, Value]]:
    """The messages of the files as values of the schema, each with its place. Raises `DataError`.

    What JSON is understood, `serschema.mapping` says; `convert` takes its place where the schema was inferred.
    `proto_defaults`: a required scalar that is missing is zero, as in the JSON of proto3.
    """
    function = convert or mapping.compile(schema, proto_defaults=proto_defaults)
    for batch in batches(paths):
        for place, plain in batch.messages():
            try:
                value = function(plain)
                check(value, schema)
            except ValueMismatch as mismatch:
                raise place.error(mismatch) from None
            yield place, value


def batches(paths: Iterable[str | Path]) -> Iterator[Batch]:
    """What is in the files, in blocks. Raises `DataError`; a file without any message is an error too."""
    for file in files(paths):
        try:
            found = False
            for batch in _file(file):
                found = True
                yield batch
            if not found:
                raise DataError("is empty: there is no message in it", file=_label(file))
        except (OSError, EOFError, zlib.error) as error:
            raise DataError(_reason(error), file=_label(file)) from None


def files(paths: Iterable[str | Path]) -> list[str]:
    """The files of a list of files and folders, in which those count whose names end as those of data do."""
    found: list[str] = []
    for path in map(str, paths):
        if path == STANDARD_INPUT or not Path(path).is_dir():
            found.append(path)
            continue
        inside = sorted(str(file) for file in Path(path).iterdir() if file.is_file() and _is_data(file))
        if not inside:
            raise DataError(f"is a folder without data: files that end in {', '.join(SUFFIXES)}", file=path)
        found += inside
    return found


def _is_data(file: Path) -> bool:
    name = file.with_suffix("") if file.suffix in PACKED else file
    return name.suffix in SUFFIXES


def _reason(error: Exception) -> str:
    match error:
        case FileNotFoundError():
            return "there is no such file"
        case OSError(strerror=str(text)):
            return f"cannot be read: {text}"
        case EOFError():
            return "the compressed data ends too early: is the file cut off?"
        case _:
            return f"the compressed data is damaged: {error}"


# Files


def _file(path: str) -> Iterator[Batch]:
    file = _label(path)
    with _open(path) as stream:
        if file.endswith(".parquet") or stream.peek(6).startswith((PARQUET, ARROW, STREAM)):
            yield from _table(file, stream)
            return
        blocks = _blocks(stream)
        head = next(blocks, b"").removeprefix(codecs.BOM_UTF8)
        _require_text(file, head)
        divide = _lines if _is_lines(file, head) else _document
        yield from divide(file, chain([head], blocks))


def _label(path: str) -> str:
    return "standard input" if path == STANDARD_INPUT else path


def _open(path: str) -> Any:
    return _standard_input() if path == STANDARD_INPUT else Path(path).open("rb")


class _Kept:
    """A file that is not closed at the end of a `with`, but rewound."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file

    def __enter__(self) -> IO[bytes]:
        self.file.seek(0)
        return self.file

    def __exit__(self, *_: object) -> None:
        pass


@cache
def _standard_input() -> _Kept:
    """Standard input, copied to a nameless file: a schema is inferred from it first, and then it is read again."""
    copy = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the process
    while block := sys.stdin.buffer.read(BLOCK):
        copy.write(block)
    return _Kept(copy)


def _blocks(stream: Any) -> Iterator[bytes]:
    """What is in the file, decompressed, in blocks of about the same size."""
    magic = stream.peek(4)[:4]
    if magic == ZSTD:
        yield from _gathered(_zstd(stream))
        return
    if magic.startswith(GZIP):
        stream = gzip.GzipFile(fileobj=stream)
    while block := stream.read(BLOCK):
        yield block


def _zstd(stream: Any) -> Iterator[bytes]:
    """The library's own reader takes a file that is cut off for a whole one. Small pieces bound what they grow to."""
    import zstandard

    frame = zstandard.ZstdDecompressor().decompressobj()
    begun = False
    while piece := stream.read(1024):
        while piece:
            try:
                yield frame.decompress(piece)
            except zstandard.ZstdError as error:
                raise zlib.error(str(error)) from None
            piece, begun = frame.unused_data, not frame.eof
            if frame.eof:
                frame = zstandard.ZstdDecompressor().decompressobj()
    if begun:
        raise EOFError


def _gathered(pieces: Iterable[bytes]) -> Iterator[bytes]:
    held: list[bytes] = []
    size = 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= BLOCK:
            yield b"".join(held)
            held, size = [], 0
    if size:
        yield b"".join(held)


def _require_text(file: str, head: bytes) -> None:
    """Refuse what is no UTF-8 text at first sight."""
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) or [not octet for octet in head[:4]] in WIDE:
        advice = "convert it with iconv -f UTF-16 -t UTF-8"
        raise DataError(f"is UTF-16 or UTF-32, and JSON is UTF-8: {advice}", file=file, line=1)
    if b"\0" in head[:4096]:
        octets = head[:8].hex(" ")
        raise DataError(f"is binary (it begins with {octets}), not JSON, JSON Lines, Parquet or Arrow", file=file)


def _is_lines(file: str, head: bytes) -> bool:
    """Whether there is a message on each line: the name says so, or the first of several lines is a value by itself."""
    name = Path(file)
    if (name.with_suffix("") if name.suffix in PACKED else name).suffix in LINES:
        return True
    first, _, rest = head.lstrip().partition(b"\n")
    if not rest.strip():
        return False
    try:
        _decode(first.decode())
    except ValueError:
        return False
    return True


def _lines(file: str, blocks: Iterable[bytes]) -> Iterator[Lines]:
    number = 1
    rest: list[bytes] = []
    size = 0
    for block in blocks:
        head, newline, tail = block.rpartition(b"\n")
        if newline:
            texts = b"".join([*rest, head]).split(b"\n")
            if any(map(bytes.strip, texts)):
                yield Lines(file, number, texts)
            number += len(texts)
            rest, size = [], 0
        rest.append(tail)
        size += len(tail)
        if size > MAX_LINE:
            raise DataError(
                f"the line is longer than {MAX_LINE >> 20} MB: are they JSON Lines?", file=file, line=number
            )
    if (last := b"".join(rest)).strip():
        yield Lines(file, number, [last])


# JSON


def _document(file: str, blocks: Iterable[bytes]) -> Iterator[Items]:
    """The items of the document's list, or the one message that the document is."""
    data = bytearray()
    for block in blocks:
        data += block
        if len(data) > MAX_DOCUMENT:
            raise DataError(f"is longer than {MAX_DOCUMENT >> 20} MB: make it JSON Lines with jq -c '.[]'", file=file)
    text = _text(data, file, 1)
    if text.isspace() or not text:
        return
    start = _after_space(text, 0)
    if text[start] != "[":
        yield Items(file, [_line_of(text, start)], [_parse_text(text, file, 1)])
        return
    position, line, counted = start, 1, 0
    lines: list[int] = []
    values: list[Plain] = []
    for position, value in _items(text, start, file):
        line += text.count("\n", counted, position)
        counted = position
        lines.append(line)
        values.append(value)
        if len(values) == 1000:
            yield Items(file, lines, values)
            lines, values = [], []
    if values:
        yield Items(file, lines, values)


def _items(text: str, start: int, file: str) -> Iterator[tuple[int, Plain]]:
    """The values of the list that the text is, each with its position."""
    position = _after_space(text, start + 1)
    if text[position : position + 1] != "]":
        while True:
            try:
                value, end = _scan(text, position)
            except json.JSONDecodeError as error:
                _complain(error, text, file, 1)
            except (ValueError, RecursionError) as error:
                _complain(error, text[position:], file, _line_of(text, position))
            if "\\" in text[position:end]:
                _refuse_surrogates(text[position:end], value, file, _line_of(text, position))
            yield position, value
            position = _after_space(text, end)
            if text[position : position + 1] != ",":
                break
            position = _after_space(text, position + 1)
    if text[position : position + 1] != "]":
        _complain(json.JSONDecodeError("Expecting ',' delimiter or ']'", text, position), text, file, 1)
    if (rest := _after_space(text, position + 1)) < len(text):
        _complain(json.JSONDecodeError("Extra data", text, rest), text, file, 1)


_SPACE = re.compile(r"[ \t\n\r]*")


def _after_space(text: str, position: int) -> int:
    found = _SPACE.match(text, position)
    assert found is not None
    return found.end()


def _line_of(text: str, position: int) -> int:
    return text.count("\n", 0, position) + 1


def parse(data: bytes, file: str, line: int) -> Plain:
    """The JSON value that the octets are, exactly; `line` is where they begin. Raises `DataError`."""
    return _parse_text(_text(data, file, line), file, line)


def _parse_text(text: str, file: str, line: int) -> Plain:
    try:
        value = _decode(text)
    except (ValueError, RecursionError) as error:
        _complain(error, text, file, line)
    if "\\" in text:
        _refuse_surrogates(text, value, file, line)
    return value


def _text(data: bytes | bytearray, file: str, line: int) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        line += error.object.count(b"\n", 0, error.start)
        column = error.start - error.object.rfind(b"\n", 0, error.start)
        octet = error.object[error.start]
        raise DataError(
            f"is not UTF-8 (octet 0x{octet:02x} at column {column}): if it is Latin-1, "
            "convert it with iconv -f LATIN1 -t UTF-8",
            file=file,
            line=line,
        ) from None


class _Unfit(ValueError):
    """JSON by its grammar, but without one exact meaning."""


class _Twice(_Unfit):
    """A name that an object has twice."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the name {shown(name)} occurs twice in one object: remove or rename one")


class _Pairs(list[tuple[str, Plain]]):
    """An object as it is written."""


def _place_of_twice(text: str) -> str:
    """The path of the first object with a name twice in the value that begins the text."""
    value, _ = json.JSONDecoder(object_pairs_hook=_Pairs).raw_decode(text, _after_space(text, 0))
    stack = [(value, "$")]
    while stack:
        value, path = stack.pop()
        members = list(value) if isinstance(value, _Pairs) else []
        if len(dict(members)) < len(members):
            return path
        items = list(enumerate(value)) if isinstance(value, list) and not isinstance(value, _Pairs) else []
        inner = [(item, f"{path}.{name}") for name, item in members] + [(item, f"{path}[{i}]") for i, item in items]
        stack += reversed(inner)
    return "$"


def _object(pairs: list[tuple[str, Plain]]) -> dict[str, Plain]:
    value = dict(pairs)
    if len(value) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise _Twice(twice)
    return value


def _float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise _Unfit(f"the number {text[:40]} is beyond binary64: write it as a string")
    return value


def _constant(name: str) -> NoReturn:
    raise _Unfit(f"{name} is not JSON: write it in quotes, for a field of floats, or as null")


_decoder = json.JSONDecoder(object_pairs_hook=_object, parse_float=_float, parse_constant=_constant)
_decode = _decoder.decode
_scan = _decoder.raw_decode

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


def _refuse_surrogates(text: str, value: Plain, file: str, line: int) -> None:
    if _SURROGATE.search(text):
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            code = ord(error.object[error.start])
            message = (
                f"a lone surrogate \\u{code:04x} in a string is not Unicode text: pair it, or replace it by \\ufffd"
            )
            raise DataError(message, file=file, line=line) from None


def _complain(error: Exception, text: str, file: str, line: int) -> NoReturn:
    """Raise what a parser's exception means, in one line with its place."""
    match error:
        case RecursionError():
            message = f"nested too deeply: serbench takes {MAX_DEPTH} levels"
        case json.JSONDecodeError(pos=position, msg=reason):
            cut = reason.startswith("Unterminated string") or position >= len(text.rstrip())
            if cut:
                position = len(text.rstrip())
            line += text.count("\n", 0, position)
            column = position - text.rfind("\n", 0, position)
            if cut:
                message = "ends in the middle of a value: is it cut off?"
            elif reason == "Extra data":
                message = f"another value begins at column {column}: put each on a line of its own, with jq -c ."
            else:
                found = shown(text[position : position + 20].partition("\n")[0])
                message = f"is not JSON: {reason[:1].lower()}{reason[1:]} at column {column}, found {found}"
        case _Twice():
            path = _place_of_twice(text)
            raise DataError(f"{path}: {error}", file=file, line=line, path=path) from None
        case _Unfit():
            message = str(error)
        case _:  # int() of more than 4300 digits
            message = "an integer of thousands of digits: write it as a string"
    raise DataError(message, file=file, line=line) from None


def shown(text: str) -> str:
    """The text as Python writes it, in one line, and cut where it is long."""
    return repr(text if len(text) <= 40 else text[:37] + "...")


# Tables


def _table(file: str, stream: Any) -> Iterator[Items]:
    """The rows of Parquet or Arrow; the line is the row's number from 1."""
    try:
        pyarrow, ipc, parquet = map(import_module, ("pyarrow", "pyarrow.ipc", "pyarrow.parquet"))
    except ImportError:
        raise DataError("needs pyarrow to be read: pip install pyarrow", file=file) from None
    row = 1
    try:
        head = stream.peek(6)
        if head.startswith(ARROW):
            opened = ipc.open_file(stream)
            tables: Iterator[Any] = map(opened.get_batch, range(opened.num_record_batches))
        elif head.startswith(STREAM):
            tables = ipc.open_stream(stream)
        else:
            tables = parquet.ParquetFile(stream).iter_batches(1000)
        for table in tables:
            rows = [_plain(found) for found in table.to_pylist(maps_as_pydicts="strict")]
            yield Items(file, list(range(row, row + len(rows))), rows)
            row += len(rows)
    except (pyarrow.ArrowException, KeyError, ValueError, OSError) as error:
        reason = " ".join(str(error).split())[:200]
        if reason.startswith("Nanosecond"):
            reason = f"a time in rows {row} to {row + len(table) - 1} is finer than a microsecond: cast it to text"
        raise DataError(f"pyarrow cannot read it: {reason}", file=file) from None


def _plain(value: Any) -> Plain:
    """The plain-JSON form of what pyarrow gives; a time without a zone is taken to be in UTC."""
    match value:
        case dict():
            return {str(key): _plain(item) for key, item in value.items()}
        case list():
            return [_plain(item) for item in value]
        case datetime():
            if getattr(value, "nanosecond", 0):  # with pandas, which pyarrow then takes its times from
                raise ValueError("Nanosecond resolution")
            return timestamp_text(value if value.tzinfo else value.replace(tzinfo=UTC))
        case timedelta():
            return duration_text(value)
        case bytes():
            return base64.b64encode(value).decode()
        case Decimal():
            return format(value, "f")
        case None | bool() | int() | float() | str():
            return value
        case _:
            return str(value)
