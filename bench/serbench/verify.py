"""The round trip: a number counts only after the value came back equal.

Each message is projected by the codec's declared limits, encoded, decoded, and compared with the projection exactly.
So an undeclared loss is a failure, and so is a declared loss that does not happen, or a value taken that the codec says
it refuses. Equality with the projection includes that a codec which does not validate gave back a value of the schema.
"""

import copy
import hashlib
import io
from collections import Counter
from collections.abc import Container
from dataclasses import replace

from sercodecs.contract import Codec, CodecInfo, EncodeError, UnsupportedSchema
from sercodecs.registry import missing
from serschema.limits import Loss, Refused, project
from serschema.model import Path, Schema, Value
from serschema.values import at, check, equal, first_difference, path_text

from serbench.compression import compressed_bytes, with_dictionary
from serbench.purposes import of_messages
from serbench.results import Verified

HEAD = 64
"""Octets of the encoding that a row shows."""


class _Failed(Exception):
    """The codec broke its contract; the text says how."""


def verify(
    info: CodecInfo,
    schema: Schema,
    messages: list[Value],
    *,
    dataset: str = "",
    leaf: Path = (),
    timed: Container[int] | None = None,
) -> Verified:
    """The outcome of the round trip of all messages, and of what is timed besides for those that are: the halves,
    reading the leaf, and compressed sizes. `timed` are their numbers; None means all.

    Raises `ValueMismatch` if a message is not of the schema.
    """
    for message in messages:
        check(message, schema)
    row = Verified(dataset=dataset, codec=info.id, status="ok")
    if command := missing(info):
        return replace(row, status="unavailable", reason=command)
    try:
        codec = info.compile(schema)
        trip = _RoundTrip(info, codec, schema, leaf)
        for number, message in enumerate(messages):
            place = f"message {number}: " if len(messages) > 1 else ""
            trip.message(message, place, thorough=timed is None or number in timed)
        if trip.refused:
            return replace(row, status="unsupported", reason=trip.refused)
        trip.stream()
    except UnsupportedSchema as error:
        return replace(row, status="unsupported", reason=str(error))
    except _Failed as error:
        return replace(row, status="failed", reason=str(error))
    except Exception as error:
        return replace(row, status="failed", reason=f"compile raised {described(error)}")
    joined = b"".join(trip.encoded)
    told = {number: message for number, message in enumerate(messages) if timed is None or number in timed}
    purposes, explained = of_messages(info.explain, schema, told, trip.encoded) if info.explain else ({}, 0)
    return replace(
        row,
        status="lossy" if trip.losses else "ok",
        losses=dict(Counter(loss.what for loss in trip.losses)),
        example=trip.losses[0].path if trip.losses else "",
        encoded_bytes=[len(data) for data in trip.encoded],
        compressed_bytes=compressed_bytes([trip.encoded[number] for number in told]),
        dictionary=with_dictionary(trip.encoded),
        purposes=purposes,
        explained=explained,
        sha256=hashlib.sha256(joined).hexdigest(),
        head_hex=joined[:HEAD].hex(),
        orders=orders(info, schema, messages),
        deterministic=trip.deterministic,
        offers=[
            name for name, offered in (("access", leaf and codec.access), ("stream", codec.write_stream)) if offered
        ],
    )


class _RoundTrip:
    def __init__(self, info: CodecInfo, codec: Codec, schema: Schema, leaf: Path) -> None:
        self.info = info
        self.codec = codec
        self.schema = schema
        self.leaf = leaf
        self.access = codec.access(leaf) if leaf and codec.access else None
        self.messages: list[Value] = []
        self.expected: list[Value] = []
        self.encoded: list[bytes] = []
        self.losses: list[Loss] = []
        self.deterministic = True
        self.refused = ""

    def message(self, value: Value, place: str, *, thorough: bool) -> None:
        try:
            expected, losses = project(value, self.schema, self.info.limits)
        except Refused as refusal:
            self.refuse(value, str(refusal), place)
            return
        before = copy.deepcopy(value) if thorough else None
        data = self.encode(value, place)
        if thorough:
            self.deterministic &= self.encode(value, place) == data
            if not equal(before, value):
                raise _Failed(f"{place}encode changed the value: {first_difference(before, value)}")
        if difference := first_difference(expected, self.decode(data, place)):
            raise _Failed(f"{place}{difference}")
        if thorough:
            self.halves(value, data, expected, place)
            self.leaf_of(data, expected, place)
        self.messages.append(value)
        self.expected.append(expected)
        self.encoded.append(data)
        self.losses += losses

    def halves(self, value: Value, data: bytes, expected: Value, place: str) -> None:
        """What is timed by itself has to be true by itself, and to work again on the same objects."""
        codec = self.codec
        try:
            if codec.encode_native:
                native = codec.to_native(value) if codec.to_native else value
                first, second = codec.encode_native(native), codec.encode_native(native)
                if self.deterministic and not first == second == data:
                    raise _Failed(f"{place}encode_native does not give the bytes of encode")
            if codec.decode_native:
                native = codec.decode_native(data)
                for _ in range(2):
                    found = codec.from_native(native) if codec.from_native else native
                    if difference := first_difference(expected, found):
                        raise _Failed(f"{place}from_native of decode_native: {difference}")
        except _Failed:
            raise
        except Exception as error:
            raise _Failed(f"{place}a native half raised {described(error)}") from error

    def leaf_of(self, data: bytes, expected: Value, place: str) -> None:
        """What `access` reads is what stands there, in the messages that have it."""
        if self.access is None:
            return
        try:
            there = at(expected, self.leaf)
        except LookupError:
            return
        try:
            found = self.access(data)
        except Exception as error:
            raise _Failed(f"{place}access to {path_text(self.leaf)} raised {described(error)}") from error
        if not equal(there, found):
            raise _Failed(f"{place}access to {path_text(self.leaf)} gives {found!r}, not {there!r}")

    def stream(self) -> None:
        """All messages as one stream come back one by one."""
        if self.codec.write_stream is None or self.codec.read_stream is None:
            return
        file = io.BytesIO()
        try:
            self.codec.write_stream(file, iter(self.messages))
            file.seek(0)
            found = list(self.codec.read_stream(file))
        except Exception as error:
            raise _Failed(f"the stream of all messages raised {described(error)}") from error
        if len(found) != len(self.expected):
            raise _Failed(f"a stream of {len(self.expected)} messages gives {len(found)} back")
        for number, (expected, value) in enumerate(zip(self.expected, found)):
            if difference := first_difference(expected, value):
                raise _Failed(f"message {number} of the stream: {difference}")

    def refuse(self, value: Value, refusal: str, place: str) -> None:
        try:
            self.codec.encode(value)
        except EncodeError:
            self.refused = self.refused or f"{place}{refusal}"
        except Exception as error:
            raise _Failed(f"{place}encode raised {described(error)} where it refuses {refusal}") from error
        else:
            raise _Failed(f"{place}encode took what the codec says it refuses: {refusal}")

    def encode(self, value: Value, place: str) -> bytes:
        try:
            data = self.codec.encode(value)
        except Exception as error:
            raise _Failed(f"{place}encode raised {described(error)}") from error
        if type(data) is not bytes:
            raise _Failed(f"{place}encode gave {type(data).__name__}, not bytes")
        return data

    def decode(self, data: bytes, place: str) -> Value:
        try:
            return self.codec.decode(data)
        except Exception as error:
            raise _Failed(f"{place}decode raised {described(error)}") from error


def orders(info: CodecInfo, schema: Schema, messages: list[Value]) -> dict[str, str]:
    """What the bytes of each byte order become under the reader of each other: `equal`, `value differs` or an error."""
    return {
        f"{writer}>{reader}": _crossed(info, schema, messages, writer, reader)
        for writer in info.orders
        for reader in info.orders
        if writer != reader
    }


def _crossed(info: CodecInfo, schema: Schema, messages: list[Value], writer: str, reader: str) -> str:
    try:
        encode = info.compile(schema, order=writer).encode
        decode = info.compile(schema, order=reader).decode
        for message in messages:
            expected, _ = project(message, schema, info.limits)
            if not equal(expected, decode(encode(message))):
                return "value differs"
    except Exception as error:
        return f"error: {described(error)}"
    return "equal"


def described(error: BaseException) -> str:
    """An exception in one line."""
    text = " ".join(str(error).split())[:300]
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
