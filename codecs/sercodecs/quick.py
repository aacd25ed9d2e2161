"""Python objects made without detours: what populating and reading out would otherwise mostly consist of."""

from typing import Any
from uuid import UUID, SafeUUID

_new: Any = object.__new__
_set_int: Any = UUID.__dict__["int"].__set__
_set_is_safe: Any = UUID.__dict__["is_safe"].__set__
_unknown = SafeUUID.unknown
_from_bytes = int.from_bytes


def uuid_of(octets: bytes) -> UUID:
    """What `UUID(bytes=octets)` gives, in a fourth of its time; raises `ValueError` unless there are 16 octets."""
    if len(octets) != 16:
        raise ValueError(f"a UUID of {len(octets)} octets")
    return uuid_of_16(octets)


def uuid_of_16(octets: bytes) -> UUID:
    """The same of octets that are 16 for certain."""
    uuid: UUID = _new(UUID)
    _set_int(uuid, _from_bytes(octets))
    _set_is_safe(uuid, _unknown)
    return uuid
