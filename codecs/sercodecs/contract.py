"""The contract between a codec and everything that uses it.

A codec module offers `CODECS`, a tuple of `CodecInfo`. `CodecInfo.compile(schema)` gives a `Codec`: two plain
functions, `encode` and `decode`, and, where the library has objects of its own, the four halves they are made of.
Errors have one shape: `UnsupportedSchema` from `compile`, `EncodeError` from `encode`, `DecodeError` from `decode`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from typing import Any, Literal

from serschema.errors import SerError, ValueMismatch
from serschema.limits import Limits
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
class Format:
    """A representation on the wire, whoever implements it.

    `byte_order` is that of multi-octet numbers: `none` where there are none, `native` where it is the machine's.
    """

    name: str
    title: str
    specification: str
    textual: bool
    self_describing: bool
    byte_order: ByteOrder


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
    and are then the library's bare functions. Only `encode` and `decode` promise the errors of the contract.
    """

    encode: Callable[[Value], bytes]
    decode: Callable[[bytes], Value]
    to_native: Callable[[Value], Any] | None = None
    encode_native: Callable[[Any], bytes] | None = None
    decode_native: Callable[[bytes], Any] | None = None
    from_native: Callable[[Any], Value] | None = None
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CodecInfo:
    """An implementation of a format: `xdr/serbench`, `json/orjson`.

    `distribution` is the PyPI project that does the work (`python` for the standard library), `language` what it
    is written in, `licence` its SPDX identifier.
    `compile(schema)` takes the codec's own options by keyword. `validates`: what decode returns is of the schema.
    `orders` names the byte orders that `compile(schema, order=...)` offers, where the format leaves a choice.
    `control`: not a format for exchange, kept out of rankings. `note` is a label for the reader.
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
