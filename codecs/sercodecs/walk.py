"""What the walkers share: they go through an encoding from its first octet to its last and say what each is for.

A walker is written against the specification of its format, not against the codec, whose generated code it does not
use. It reads octets with `Walk.read`, understands them, and closes them with `Walk.note`: a span begins where the last
one ended, so that spans cover the data without gaps by construction. Octets read, but not noted when something is
wrong, are not explained: the error says where they begin.
"""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Context
from decimal import Decimal as PyDecimal
from typing import Literal, NoReturn

from serschema.model import MAX_DEPTH, Enum, Schema

from sercodecs.contract import DecodeError, ExplainError, Purpose, Span

SHOWN = 60
"""How many characters of a text are shown; a path or a note of any length would be paid for by every span below it."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EXACT = Context(prec=2000)


class Walk:
    """A way through some octets.

    `position` is the next one to be read, `start` the first that is not explained, `end` where what is around ends.
    """

    def __init__(self, schema: Schema, data: bytes) -> None:
        self.schema = schema
        self.data = data
        self.spans: list[Span] = []
        self.position = 0
        self.start = 0
        self.end = len(data)

    @property
    def left(self) -> int:
        return self.end - self.position

    @contextmanager
    def inside(self, length: int) -> Iterator[None]:
        """What is walked over in the `with` has exactly this length."""
        if not 0 <= length <= self.left:
            self.fail(f"{length} octets are due, {self.left} are left")
        outer, self.end = self.end, self.position + length
        yield
        if self.left:
            self.fail(f"{self.left} octets are left over")
        self.end = outer

    def read(self, length: int) -> bytes:
        """The next octets."""
        if not 0 <= length <= self.left:
            self.fail(f"{length} octets are due, {self.left} are left")
        octets = self.data[self.position : self.position + length]
        self.position += length
        return octets

    def read_int(self, length: int, *, signed: bool = False, order: Literal["big", "little"] = "big") -> int:
        """The next octets as an integer."""
        return int.from_bytes(self.read(length), order, signed=signed)

    def note(self, purpose: Purpose, path: str, what: str, length: int | None = None) -> None:
        """Say what the octets are that were read since the last time, or the first so many of them; none is nothing."""
        length = self.position - self.start if length is None else length
        if length:
            self.spans.append(Span(self.start, length, purpose, path, what))
            self.start += length

    def take(self, length: int, purpose: Purpose, path: str, what: str) -> bytes:
        """Read octets and say what they are."""
        octets = self.read(length)
        self.note(purpose, path, what)
        return octets

    def fail(self, reason: str) -> NoReturn:
        raise DecodeError(reason, self.start)

    def deeper(self, depth: int) -> int:
        """One more record or union around."""
        if depth >= MAX_DEPTH:
            self.fail(f"more than {MAX_DEPTH} levels of nesting")
        return depth + 1


class TextWalk(Walk):
    """A way through text. Punctuation in a row is one span, with the path of where it begins."""

    def __init__(self, schema: Schema, data: bytes) -> None:
        super().__init__(schema, data)
        self.path = "$"

    def punctuation(self, length: int, path: str) -> None:
        """Read punctuation, which is explained when something else comes."""
        if self.position == self.start:
            self.path = path
        self.read(length)

    def flush(self) -> None:
        self.note("structure", self.path, shortened(self.data[self.start : self.position].decode("utf-8", "replace")))

    def take(self, length: int, purpose: Purpose, path: str, what: str) -> bytes:
        self.flush()
        return super().take(length, purpose, path, what)

    def fail(self, reason: str) -> NoReturn:
        self.flush()
        super().fail(reason)

    def match(self, pattern: re.Pattern[bytes]) -> bytes:
        """What the pattern matches here."""
        found = pattern.match(self.data, self.position)
        return found[0] if found else b""


def walk(walker: Walk, begin: Callable[[], object]) -> list[Span]:
    """Run a walker; the spans of all octets. Raises `ExplainError`."""
    try:
        begin()
        if walker.left:
            raise DecodeError(f"{walker.left} octets after the end")
    except DecodeError as error:
        reason = str(error) if error.offset is None else str(error).removeprefix(f"at byte {error.offset}: ")
        raise ExplainError(reason, walker.start, walker.spans) from None
    except RecursionError:
        raise ExplainError("nested too deeply", walker.start, walker.spans) from None
    return walker.spans


# How values are shown.


def shortened(text: str) -> str:
    return _printable(text if len(text) <= SHOWN else text[: SHOWN - 1] + "…")


def quoted(text: str) -> str:
    """A text in quotes, with the escapes of JSON."""
    return _printable(json.dumps(text if len(text) <= SHOWN else text[: SHOWN - 1] + "…", ensure_ascii=False))


def _printable(text: str) -> str:
    """The text without what a terminal would obey, or not print."""
    return text if text.isprintable() else "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)


def utf8(octets: bytes) -> str:
    """A text in UTF-8, in quotes; or what is wrong with it."""
    try:
        return quoted(octets.decode())
    except UnicodeDecodeError as error:
        return f"{len(octets)} octets that are not UTF-8 from {error.start} on"


def of_octets(octets: bytes) -> str:
    return counted(len(octets), "octet")


def base64_text(text: bytes) -> str:
    return f"base64 of {counted(len(text) * 3 // 4 - text.count(b'='), 'octet')}"


def counted(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def symbol(enum: Enum, number: int) -> str:
    """A symbol of an enum by its number."""
    found = next((name for name, held in enum.symbols if held == number), None)
    return f"{number} ({found})" if found is not None else f"{number} (no symbol of {enum.name})"


def seconds(since: int, nanoseconds: int = 0) -> str:
    """A time by the seconds since 1970 and the nanoseconds after them."""
    try:
        whole = (_EPOCH + timedelta(seconds=since)).replace(tzinfo=None).isoformat()
    except OverflowError:
        whole = f"1970-01-01T00:00:00 + {since} s"
    return f"{whole}.{nanoseconds:09}".removesuffix("000") + "Z" if nanoseconds else f"{whole}Z"


def microseconds(since: int) -> str:
    """A time by the microseconds since 1970."""
    whole, rest = divmod(since, 1_000_000)
    return seconds(whole, rest * 1000)


def scaled(unscaled: int, scale: int) -> str:
    """A decimal by its unscaled integer."""
    if unscaled.bit_length() > 4000:
        return f"{unscaled.bit_length()} bits"
    return format(PyDecimal(unscaled).scaleb(-scale, _EXACT), "f")


def from_twos_complement(octets: bytes, scale: int) -> str:
    """A decimal by the octets of its unscaled integer, most significant first."""
    return scaled(int.from_bytes(octets, "big", signed=True), scale)
