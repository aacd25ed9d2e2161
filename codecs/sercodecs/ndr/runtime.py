"""What the generated source calls beside what all aligned formats share: text in UTF-16, and GUIDs."""

from codecs import utf_16_be_decode, utf_16_be_encode, utf_16_le_decode, utf_16_le_encode
from collections.abc import Callable
from typing import Any, NoReturn
from uuid import UUID

from sercodecs.aligned import runtime
from sercodecs.contract import DecodeError, EncodeError
from sercodecs.quick import uuid_of_16

LABELS = {"little": b"\x10\0\0\0", "big": bytes(4)}
"""The format labels (C706, 14.1) by byte order: of integers, ASCII, IEEE floats, reserved."""

REFERENT = 0x00020000
"""The referent identifier of every pointer that is not null: it says no more, as unique pointers have no aliases."""


def _decode_failure(error: Exception, data: bytes) -> DecodeError:
    if isinstance(error, ValueError) and "to unpack" in str(error):  # of the split at zeros
        return DecodeError("a string that does not end at its only zero")
    return runtime.decode_failure(error, data)


def _fixed(items: list[Any], length: int) -> list[Any]:
    if len(items) != length:
        raise EncodeError("$", f"{len(items)} items where there are always {length}")
    return items


def _zero_in_text() -> NoReturn:
    raise EncodeError("$", "a string with U+0000, which would end it")


def _swapped(octets: bytes) -> bytes:
    """A GUID with the octets of its three integers in the other order."""
    return octets[3::-1] + octets[5:3:-1] + octets[7:5:-1] + octets[8:]


def _little_guid(octets: bytes) -> UUID:
    return uuid_of_16(_swapped(octets))


def _little_guid_octets(value: UUID) -> bytes:
    return _swapped(value.int.to_bytes(16, "big"))


def _big_guid_octets(value: UUID) -> bytes:
    return value.int.to_bytes(16, "big")


SHARED: dict[str, Any] = runtime.RUNTIME | {
    "NUL": "\0",
    "REFERENT": REFERENT,
    "decode_failure": _decode_failure,
    "fixed": _fixed,
    "zero_in_text": _zero_in_text,
}

_decode_little: Callable[..., Any] = utf_16_le_decode
_decode_big: Callable[..., Any] = utf_16_be_decode

RUNTIME: dict[str, dict[str, Any]] = {
    "little": SHARED
    | {
        "to_utf16": utf_16_le_encode,
        "from_utf16": _decode_little,
        "guid": _little_guid,
        "guid_octets": _little_guid_octets,
    },
    "big": SHARED
    | {
        "to_utf16": utf_16_be_encode,
        "from_utf16": _decode_big,
        "guid": uuid_of_16,
        "guid_octets": _big_guid_octets,
    },
}
"""The globals of the generated source, by byte order."""
