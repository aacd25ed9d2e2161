"""One value at a time: through one codec, from one into another, or taken apart octet by octet.

The commands as functions of what was asked for and of the octets of standard input. They return what goes to standard
output, and notes for standard error; wrong input raises `SerError`.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from rich.cells import cell_len
from sercodecs import registry
from sercodecs.contract import Codec, CodecInfo, ExplainError, Span
from serschema import data, mapping
from serschema.errors import SerError
from serschema.jsonform import to_json
from serschema.limits import Refused, project
from serschema.model import Schema, Value
from serschema.values import check

from serbench.purposes import counts

HEX_WIDTH = 16
"""Octets in a line of hexadecimal."""

DUMP_WIDTH = 8
"""Octets in a line of an explanation."""

WIDEST = 44
"""What is said of octets is aligned up to this many columns; the rare longer text pushes its path to the right."""

SHOWN_LOSSES = 10


class Unusable(SerError):
    """Something asked for that cannot be done: a codec that does not carry the value, or is not installed."""


@dataclass(frozen=True, slots=True)
class Output:
    """What goes to standard output, notes for standard error, and the error to end with after both."""

    data: bytes
    notes: tuple[str, ...] = ()
    error: SerError | None = None


def encode(schema: Schema, codec: str, text: bytes, *, as_hex: bool = False) -> Output:
    """The encoding of a value that is given as JSON."""
    info, notes = _choose(codec, lambda _: True)
    value = mapping.compile(schema)(data.parse(text, "standard input", 1))
    check(value, schema)
    encoded, losses = _encoded(schema, info, value)
    return Output(_hexadecimal(encoded) if as_hex else encoded, (*notes, *losses))


def decode(schema: Schema, codec: str, encoded: bytes, *, as_hex: bool = False) -> Output:
    """The value of an encoding, as JSON."""
    info, notes = _choose(codec, lambda _: True)
    value = _decoded(schema, info, _octets(encoded) if as_hex else encoded)
    return Output(_json(to_json(value, schema)), notes)


def convert(schema: Schema, source: str, target: str, encoded: bytes, *, as_hex: bool = False) -> Output:
    """An encoding by another codec. `as_hex` is for those of both that are binary."""
    (before, notes), (after, more) = _choose(source, lambda _: True), _choose(target, lambda _: True)
    value = _decoded(schema, before, _octets(encoded) if as_hex and not before.format.textual else encoded)
    converted, losses = _encoded(schema, after, value)
    shown = _hexadecimal(converted) if as_hex and not after.format.textual else converted
    return Output(shown, (*notes, *more, *losses))


def explain(
    schema: Schema, codec: str, encoded: bytes, *, as_hex: bool = False, summary: bool = False, as_json: bool = False
) -> Output:
    """What each octet of an encoding is for; with `summary` how many there are for each purpose.

    What is wrong with the encoding becomes the error of the output: what comes before it is explained.
    """
    info, notes = _choose(codec, lambda info: info.explain is not None)
    assert info.explain is not None
    octets = _octets(encoded) if as_hex else encoded
    error: ExplainError | None = None
    try:
        spans = info.explain(schema, octets)
    except ExplainError as stopped:
        spans, error = stopped.spans, stopped
    if as_json:
        shown = _json(
            {"codec": info.id, "octets": len(octets), **(totals(spans) if summary else listed(spans, octets))}
        )
    else:
        shown = (summarised(spans) if summary else hexdump(spans, octets)).encode()
    return Output(shown, notes, error)


# Codecs and values.


def _choose(name: str, able: Callable[[CodecInfo], bool]) -> tuple[CodecInfo, tuple[str, ...]]:
    """The codec of this name, or the first that can be used of a format, with a note that says which."""
    found = registry.find([name])
    usable = [info for info in found if able(info)]
    if not usable:
        others = sorted({info.format.name for info in registry.codecs() if able(info)})
        raise Unusable(f"{name} cannot be explained; what can: {', '.join(others)}")
    installed = [info for info in usable if not registry.missing(info)]
    if not installed:
        raise Unusable(f"{usable[0].id} is not installed: {registry.missing(usable[0])}")
    others = [info.id for info in usable if info is not installed[0]]
    return installed[0], (f"{name} is {installed[0].id} here; there is also {', '.join(others)}",) if others else ()


def _encoded(schema: Schema, info: CodecInfo, value: Value) -> tuple[bytes, tuple[str, ...]]:
    """The octets, and what is lost in them."""
    codec: Codec = info.compile(schema)
    try:
        _, losses = project(value, schema, info.limits)
    except Refused as refused:
        raise Unusable(f"{info.id} does not carry this: {refused}") from None
    notes = [f"{info.id} loses at {loss.path}: {loss.what}" for loss in losses[:SHOWN_LOSSES]]
    if len(losses) > SHOWN_LOSSES:
        notes.append(f"{info.id} loses so at {len(losses) - SHOWN_LOSSES} more places")
    return codec.encode(value), tuple(notes)


def _decoded(schema: Schema, info: CodecInfo, encoded: bytes) -> Value:
    """The value, which is one of the schema whether or not the codec sees to that."""
    value = info.compile(schema).decode(encoded)
    check(value, schema)
    return value


# Forms.


def _json(plain: Any) -> bytes:
    return (json.dumps(plain, indent=2, ensure_ascii=False) + "\n").encode()


def _hexadecimal(octets: bytes) -> bytes:
    return "".join(f"{octets[i : i + HEX_WIDTH].hex(' ')}\n" for i in range(0, len(octets), HEX_WIDTH)).encode()


def _octets(text: bytes) -> bytes:
    try:
        return bytes.fromhex(text.decode("ascii"))
    except ValueError:
        raise Unusable(
            "standard input is not hexadecimal: pairs of the digits 0 to f, white space between them"
        ) from None


def listed(spans: list[Span], octets: bytes) -> dict[str, Any]:
    """Spans as plain JSON, with the octets themselves."""
    return {"spans": [{**asdict(span), "octets": _piece(span, octets).hex()} for span in spans]}


def totals(spans: list[Span]) -> dict[str, Any]:
    """How many octets there are for each purpose, as plain JSON."""
    return {"purposes": counts(spans)}


def summarised(spans: list[Span]) -> str:
    """The same as a table, with the share that each purpose has."""
    found = counts(spans)
    total = sum(found.values())
    rows = [*found.items(), ("total", total)]
    width = max(len("octets"), len(str(total)))
    lines = [f"{'purpose':9}  {'octets':>{width}}    share"]
    lines += [f"{name:9}  {count:>{width}}  {100 * count / max(total, 1):5.1f} %" for name, count in rows]
    return "\n".join(lines) + "\n"


def hexdump(spans: list[Span], octets: bytes) -> str:
    """Lines of offset, octets, purpose, what they say, and the path of the value that they belong to."""
    digits = max(4, len(f"{len(octets):x}"))
    width = max((held for span in spans if (held := cell_len(span.what)) <= WIDEST), default=0)
    return "".join(line for span in spans for line in _lines(span, octets, digits, width))


def _lines(span: Span, octets: bytes, digits: int, width: int) -> Iterator[str]:
    piece = _piece(span, octets)
    for i in range(0, span.length, DUMP_WIDTH):
        line = f"{span.offset + i:0{digits}x}  {piece[i : i + DUMP_WIDTH].hex(' ')}"
        if i == 0:
            what = span.what + " " * (width - cell_len(span.what))
            line = f"{line:<{digits + 1 + 3 * DUMP_WIDTH}}  {span.purpose:9}  {what}  {span.path}"
        yield line + "\n"


def _piece(span: Span, octets: bytes) -> bytes:
    return octets[span.offset : span.offset + span.length]
