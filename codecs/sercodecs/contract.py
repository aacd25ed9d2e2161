"""The contract between a codec and everything that uses it.

A codec module offers `CODECS`, a tuple of `CodecInfo`. `CodecInfo.compile(schema)` gives a `Codec`: two plain
functions, `encode` and `decode`, and, where the library has objects of its own, the four halves they are made of.
Errors have one shape: `UnsupportedSchema` from `compile`, `EncodeError` from `encode`, `DecodeError` from `decode`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import metadata
from typing import IO, Any, Literal, TypeAlias

from serschema.errors import SerError, ValueMismatch
from serschema.limits import Limits
from serschema.model import Path as Path
from serschema.model import Schema, Value
from serschema.values import check

ByteOrder = Literal["big", "little", "none", "native"]


class UnsupportedSchema(SerError):
    """The format or its library has no way to carry a kind of this schema."""

    def __init__(self, codec: str, kind: str, path: str, reason: str = "") -> None:
        super().__init__(f"{codec} does not carry {kind} ({path})" + (f": {reason}" if reason else ""))
        self.codec = codec
        self.kind = kind
        self.path = path


class EncodeError(SerError):
    """A value that the codec does not write: it is not of the schema, or beyond the codec's limits."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path


class DecodeError(SerError):
    """Bytes that are not an encoding of a value of the schema; `offset` in octets where it is known."""

    def __init__(self, reason: str, offset: int | None = None) -> None:
        super().__init__(reason if offset is None else f"at byte {offset}: {reason}")
        self.offset = offset


@dataclass(frozen=True, slots=True, kw_only=True)
class Carries:
    """How a format carries each kind of the model: a few words each, in the terms of its specification.

    `optional` is the field that may be absent. `-` stands for what the format does not carry.
    """

    bool: str
    int: str
    float: str
    string: str
    bytes: str
    enum: str
    timestamp: str
    uuid: str
    decimal: str
    list: str
    map: str
    union: str
    record: str
    optional: str


LANGUAGES = ("c", "cpp", "csharp", "go", "java", "js", "php", "python", "ruby", "rust", "swift")
"""The languages whose libraries `Format.languages` names."""


Property: TypeAlias = Literal["canonical", "evolution"]
"""What a format may promise: see `Format`."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Whether a format has a property, and the rule that says so, or why it has not.

    `except_for` names the kinds of value, as `Carries` does, with which it does not hold.
    """

    holds: bool
    rule: str
    except_for: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """A representation on the wire, whoever implements it.

    `byte_order` is that of multi-octet numbers: `none` where there are none, `native` where it is the machine's.
    `history`: where it comes from, with the documents that say so.
    `canonical`: equal values have equal octets, whoever writes them and however the value was built. `evolution`: an
    optional field can be added to a record, or left out, and readers of the other version still read the rest; of the
    format as it is measured here, since an option that costs octets would have other sizes. `languages` has, by the
    names of `LANGUAGES`, a library that is maintained and known to write and read the format, not all there are.
    """

    name: str
    title: str
    specification: str
    history: str
    textual: bool
    self_describing: bool
    byte_order: ByteOrder
    canonical: Claim
    evolution: Claim
    languages: Mapping[str, str] = field(hash=False)
    carries: Carries


Purpose = Literal["content", "name", "tag", "length", "padding", "presence", "structure"]
"""What octets are for: the value itself; a field's or type's name; which field, alternative or type follows; how much
of it; filler; whether an optional value is there; and what remains: punctuation, headers, ends."""


@dataclass(frozen=True, slots=True)
class Span:
    """Some octets of an encoding: what they are for, the path of the value they belong to, and what they say."""

    offset: int
    length: int
    purpose: Purpose
    path: str
    what: str


class ExplainError(DecodeError):
    """Bytes that could be explained up to a point only: `spans` is what comes before it."""

    def __init__(self, reason: str, offset: int, spans: list[Span]) -> None:
        super().__init__(reason, offset)
        self.spans = spans


@dataclass(frozen=True, slots=True, kw_only=True)
class Codec:
    """A codec compiled for one schema. `source` is the Python that was generated for it, if any.

    Where the library has objects of its own, encode = encode_native(to_native(value)) and
    decode = from_native(decode_native(data)). Where it takes plain values only the `*_native` halves may be given,
    and are then the library's functions. Only `encode` and `decode` promise the errors of the contract; what guards the
    library from hostile data stands in `decode_native` too, unless the `defects` of the codec say otherwise.

    `access(path)` gives a function from an encoding to the value of the leaf at that path, where this takes less than
    decoding the message: it raises `DecodeError` where the leaf is not there, and need not look at anything else.
    `write_stream(file, values)` writes any number of messages to a binary file with the framing that the format has,
    and `read_stream(file)` gives them back one by one, holding no more than the format needs; they come as a pair.
    The file need not be seekable, and stays open. Errors are those of `encode` and `decode`.
    """

    encode: Callable[[Value], bytes]
    decode: Callable[[bytes], Value]
    to_native: Callable[[Value], Any] | None = None
    encode_native: Callable[[Any], bytes] | None = None
    decode_native: Callable[[bytes], Any] | None = None
    from_native: Callable[[Any], Value] | None = None
    access: Callable[[Path], Callable[[bytes], Value]] | None = None
    write_stream: Callable[[IO[bytes], Iterable[Value]], None] | None = None
    read_stream: Callable[[IO[bytes]], Iterator[Value]] | None = None
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodecInfo:
    """An implementation of a format: `xdr/serbench`, `json/orjson`.

    `distribution` is the PyPI project that does the work (`python` for the standard library), `language` what it
    is written in, `licence` its SPDX identifier.
    `compile(schema)` takes the codec's own options by keyword. `validates`: what decode returns is of the schema.
    `orders` names the byte orders that `compile(schema, order=...)` offers, where the format leaves a choice.
    `control`: not a format for exchange, kept out of rankings. `note` is a label for the reader.
    `lacks`: the properties of its format that the codec does not have, each with the reason.
    `defects`: what the library does wrong, on hostile input above all, and what the codec does about it, a line each.
    `explain(schema, data)`: what each octet of an encoding is for, in order and without gaps; raises `ExplainError`.
    """

    format: Format
    implementation: str
    distribution: str
    language: str
    licence: str
    limits: Limits
    validates: bool
    compile: Callable[..., Codec]
    orders: tuple[str, ...] = ()
    control: bool = False
    note: str = ""
    lacks: Mapping[Property, str] = field(default_factory=dict, hash=False)
    defects: tuple[str, ...] = ()
    explain: Callable[[Schema, bytes], list[Span]] | None = None

    @property
    def id(self) -> str:
        return f"{self.format.name}/{self.implementation}"

    def version(self) -> str:
        """The version of the distribution that does the work."""
        if self.distribution == "python":
            import platform

            return platform.python_version()
        return metadata.version(self.distribution)


def encode_error(error: Exception, value: Value, schema: Schema) -> EncodeError:
    """What to raise after an encoder failed: the place where the value is not of the schema, or the reason given."""
    try:
        check(value, schema)
    except ValueMismatch as mismatch:
        return EncodeError(mismatch.path, str(mismatch).removeprefix(f"{mismatch.path}: "))
    except RecursionError:
        return EncodeError("$", "nesting deeper than the interpreter's stack")
    return error if isinstance(error, EncodeError) else EncodeError("$", _one_line(error))


def decode_error(error: Exception) -> DecodeError:
    """What to raise after a decoder failed, whatever it raised."""
    return error if isinstance(error, DecodeError) else DecodeError(_one_line(error))


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:200]}" if text else type(error).__name__


def assemble(
    schema: Schema,
    encode_native: Callable[[Any], bytes],
    decode_native: Callable[[bytes], Any],
    to_native: Callable[[Value], Any] | None = None,
    from_native: Callable[[Any], Value] | None = None,
    source: str = "",
) -> Codec:
    """A codec over a library's two functions and the two conversions around them: the boundary for foreign exceptions.

    It adds one Python call to what the library costs. A conversion that is not needed is None.
    """
    if to_native is None:

        def encode(value: Value) -> bytes:
            try:
                return encode_native(value)
            except Exception as error:
                raise encode_error(error, value, schema) from error
    else:

        def encode(value: Value) -> bytes:
            try:
                return encode_native(to_native(value))
            except Exception as error:
                raise encode_error(error, value, schema) from error

    if from_native is None:

        def decode(data: bytes) -> Value:
            try:
                return decode_native(data)
            except Exception as error:
                raise decode_error(error) from error
    else:

        def decode(data: bytes) -> Value:
            try:
                return from_native(decode_native(data))
            except Exception as error:
                raise decode_error(error) from error

    return Codec(
        encode=encode,
        decode=decode,
        to_native=to_native,
        encode_native=encode_native,
        decode_native=decode_native,
        from_native=from_native,
        source=source,
    )


def leaf_reader(build: Callable[[], Callable[[bytes], Value]]) -> Callable[[bytes], Value]:
    """What `Codec.access` gives for a path: what `build` makes, inside the boundary for foreign exceptions.

    Where `build` raises `DecodeError`, as the schema has no such leaf, what is given always does.
    """
    try:
        read = build()
    except DecodeError as error:
        reason = error

        def read(data: bytes) -> Value:
            raise reason

    def access(data: bytes) -> Value:
        try:
            return read(data)
        except Exception as error:
            raise decode_error(error) from error

    return access


def streams(
    schema: Schema,
    write: Callable[[IO[bytes], Iterable[Value]], None],
    read: Callable[[IO[bytes]], Iterator[Value]],
) -> dict[str, Any]:
    """`write_stream` and `read_stream` of a `Codec`: a library's two functions inside the boundary for exceptions.

    What the file itself raises while it is written stays what it is.
    """

    def write_stream(file: IO[bytes], values: Iterable[Value]) -> None:
        last: Value = None

        def handed_over() -> Iterator[Value]:
            nonlocal last
            for last in values:  # noqa: UP028  an error names the value it came at
                yield last

        try:
            write(file, handed_over())
        except OSError:
            raise
        except Exception as error:
            raise encode_error(error, last, schema) from error

    def read_stream(file: IO[bytes]) -> Iterator[Value]:
        try:
            yield from read(file)
        except Exception as error:
            raise decode_error(error) from error

    return {"write_stream": write_stream, "read_stream": read_stream}
