"""One implementation of a format reads what another wrote: what a worker does for `opinions`.

The value that has to come back is the projection of the message by the limits of both. A limit is of a round trip, and
may be of either half of it: so each leaf of what is read may as well be the message's own, or what the writer's limits
make of it. What has to be refused may come back, if it is the value; anything else is an error.
"""

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import copysign, isfinite
from typing import Any

from sercodecs.contract import Codec, CodecInfo, UnsupportedSchema
from sercodecs.registry import missing
from serschema.limits import Refused, project
from serschema.model import Enum, Float, Kind, Record, Ref, Schema, String, Union, Value
from serschema.values import equal, first_difference

from serbench.peers.defects import parts
from serbench.results import Status
from serbench.verify import described


@dataclass(frozen=True, kw_only=True)
class Difference:
    """Messages that readers do not read of writers, or read otherwise, as libraries differ: those with a part that
    `has(kind, value)`.
    """

    what: str
    writers: tuple[str, ...]
    readers: tuple[str, ...]
    has: Callable[[Kind, Value], bool]


def _no_number(kind: Kind, value: Value) -> bool:
    return isinstance(kind, Float) and not isfinite(value)


def _negative_zero(kind: Kind, value: Value) -> bool:
    return isinstance(kind, Float) and value == 0 and copysign(1.0, value) < 0


_BOOLEAN = r"yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF"
_SEXAGESIMAL = r"[-+]?[1-9][0-9_]*(:[0-5]?[0-9])+|[-+]?[0-9][0-9_]*(:[0-5]?[0-9])+\.[0-9_]*"
_YAML_1_1 = re.compile(f"{_BOOLEAN}|{_SEXAGESIMAL}")
"""Plain scalars that are text in YAML 1.2 only (https://yaml.org/type, bool.html, int.html and float.html)."""
_OCTAL, _DECIMAL = r"[-+]?0o[0-7_]+", r"[-+]?0[0-9_]*[89][0-9_]*"
_FLOAT = r"[-+]?[0-9][0-9_]*([eE][-+]?[0-9]+|\.[0-9_]*[eE][0-9]+)|[-+]\.[0-9_]+([eE][-+][0-9]+)?"
_YAML_1_2 = re.compile(f"{_OCTAL}|{_DECIMAL}|{_FLOAT}")
"""Plain scalars that are numbers in YAML 1.2 only."""


def _plain(pattern: re.Pattern[str]) -> Callable[[Kind, Value], bool]:
    """A text, a symbol, or the name of a field or alternative, that matches."""

    def has(kind: Kind, value: Value) -> bool:
        match kind:
            case String() | Enum():
                return pattern.fullmatch(value) is not None
            case Record() | Union():
                return any(map(pattern.fullmatch, value))
            case _:
                return False

    return has


DIFFERENCES = (
    Difference(
        what="NaN and infinities are no numbers in JSON (RFC 8259, 6), and are written as such all the same",
        writers=("json/stdlib", "json/ujson", "json/rapidjson"),
        readers=("json/orjson", "json/msgspec", "json/msgspec-struct"),
        has=_no_number,
    ),
    Difference(
        what="-0.0 is a special real (X.690, 8.5.9), which pyasn1 does not know",
        writers=("asn1-ber/asn1tools", "asn1-der/asn1tools"),
        readers=("asn1-ber/pyasn1", "asn1-der/pyasn1"),
        has=_negative_zero,
    ),
    Difference(
        what="yes, no, on, off and numbers to base 60, plain, are text in YAML 1.2 (10.3.2) and none in YAML 1.1",
        writers=("yaml/ruamel",),
        readers=("yaml/pyyaml", "yaml/libyaml"),
        has=_plain(_YAML_1_1),
    ),
    Difference(
        what="0o17, 08, 1e5, 1.5e5 and -.5, plain, are numbers in YAML 1.2 (10.3.2) and text in YAML 1.1",
        writers=("yaml/pyyaml", "yaml/libyaml"),
        readers=("yaml/ruamel",),
        has=_plain(_YAML_1_2),
    ),
)


def difference(writer: str, reader: str, value: Value, schema: Schema) -> str:
    """What of the value the reader is known not to read of the writer; empty if there is nothing."""
    known = [held for held in DIFFERENCES if writer in held.writers and reader in held.readers]
    for kind, part in parts(value, Ref(schema.root), schema) if known else ():
        for held in known:
            if held.has(kind, part):
                return held.what
    return ""


class _Wrong(Exception):
    """What is not as it has to be; the text says what."""


class Pairs:
    """Implementations of formats on the messages of a data set; what each compiled and wrote is kept."""

    def __init__(self, schema: Schema, messages: Sequence[Value]) -> None:
        self.schema = schema
        self.messages = messages
        self._compiled: dict[str, Codec | Exception] = {}

    def outcome(self, writer: CodecInfo, reader: CodecInfo) -> dict[str, Any]:
        """The row of a pair, as `results.Asked` has it, without data set, language and library."""
        row: dict[str, Any] = {"codec": reader.id, "writer": writer.id}
        codecs = []
        for info in (writer, reader):
            if command := missing(info):
                return row | {"status": "unavailable", "reason": f"{info.id}: {command}"}
            codec = self._codec(info)
            if isinstance(codec, Exception):
                status: Status = "unsupported" if isinstance(codec, UnsupportedSchema) else "failed"
                told = str(codec) if status == "unsupported" else f"compile raised {described(codec)}"
                return row | {"status": status, "reason": f"{info.id}: {told}"}
            codecs.append(codec)
        return row | _Pair(self.schema, writer, reader, *codecs).outcome(self.messages)

    def _codec(self, info: CodecInfo) -> Codec | Exception:
        if info.id not in self._compiled:
            try:
                self._compiled[info.id] = info.compile(self.schema)
            except Exception as error:
                self._compiled[info.id] = error
        return self._compiled[info.id]


class _Pair:
    def __init__(self, schema: Schema, writer: CodecInfo, reader: CodecInfo, write: Codec, read: Codec) -> None:
        self.schema = schema
        self.writer = writer
        self.reader = reader
        self.write = write
        self.read = read
        self.losses: Counter[str] = Counter()
        self.octets = True
        self.came_back = 0
        self.refused = ""

    def outcome(self, messages: Sequence[Value]) -> dict[str, Any]:
        for number, message in enumerate(messages):
            try:
                self._message(message)
            except _Wrong as error:
                return {"status": "failed", "reason": f"message {number}: {error}"}
        losses = dict(self.losses)
        if not self.came_back:
            reason = "no message comes back" if losses else f"{self.writer.id} does not write it: {self.refused}"
            return {"status": "unsupported", "reason": reason, "losses": losses}
        return {"status": "lossy" if losses else "ok", "losses": losses, "octets": self.octets}

    def _message(self, message: Value) -> None:
        try:
            written, lost = project(message, self.schema, self.writer.limits)
        except Refused as refusal:
            self.refused = self.refused or str(refusal)
            return
        try:
            octets = self.write.encode(message)
        except Exception as error:
            raise _Wrong(f"{self.writer.id} does not write it: {described(error)}") from error
        known = difference(self.writer.id, self.reader.id, message, self.schema)
        beyond = ""
        try:
            expected, lost_too = project(written, self.schema, self.reader.limits)
        except Refused as refusal:
            expected, lost_too, beyond = written, [], refusal.reason
        try:
            found = self.read.decode(octets)
        except Exception as error:
            if not known and not beyond:
                raise _Wrong(f"it is not read: {described(error)}") from error
            self.losses[f"not read: {known or beyond}"] += 1
            return
        if told := first_difference(expected, _settled(found, expected, written, message)):
            if not known:
                raise _Wrong(told)
            self.losses[f"read otherwise: {known}"] += 1
            return
        if known:
            raise _Wrong(f"it is read, though it is said not to be: {known}")
        self.came_back += 1
        if not equal(message, found):
            self.losses.update(f"writing: {loss.what}" for loss in lost)
            self.losses.update(f"reading: {loss.what}" for loss in lost_too)
        self.octets = self.octets and self._encoded(message) == octets

    def _encoded(self, message: Value) -> bytes:
        try:
            return self.read.encode(message)
        except Exception:
            return b""


def _settled(found: Value, *allowed: Value) -> Value:
    """What was found, with each leaf that is one of those allowed replaced by the first of these."""
    match found:
        case dict() if all(isinstance(one, dict) and one.keys() == found.keys() for one in allowed):
            return {key: _settled(item, *(one[key] for one in allowed)) for key, item in found.items()}
        case list() if all(isinstance(one, list) and len(one) == len(found) for one in allowed):
            return [_settled(item, *parts) for item, *parts in zip(found, *allowed)]
        case _:
            return allowed[0] if any(equal(one, found) for one in allowed) else found
