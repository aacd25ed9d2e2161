"""Strings: modified UTF-8, in which a stream holds them, and `String.hashCode`.

Modified UTF-8 (`java.io.DataInput`) is UTF-8 of the UTF-16 code units: NUL takes two octets (c0 80), and a character
beyond U+FFFF is two surrogates of three octets each.
"""

import re
import struct

from sercodecs.contract import DecodeError
from sercodecs.java.classes import TC_LONGSTRING, TC_STRING

_BEYOND = re.compile("[\U00010000-\U0010ffff]")


def prefix(length: int) -> bytes:
    """What stands in front of a string of so many octets: TC_STRING, or TC_LONGSTRING from 65536 on."""
    if length < 1 << 16:
        return TC_STRING + struct.pack(">H", length)
    return TC_LONGSTRING + struct.pack(">q", length)


def encode(text: str) -> bytes:
    """Modified UTF-8. Raises `UnicodeEncodeError` for a lone surrogate."""
    octets = text.encode()
    if _BEYOND.search(text):
        octets = _BEYOND.sub(_as_surrogates, text).encode("utf-8", "surrogatepass")
    return octets.replace(b"\0", b"\xc0\x80")


def _as_surrogates(match: re.Match[str]) -> str:
    code = ord(match[0])
    return chr(0xD7C0 + (code >> 10)) + chr(0xDC00 | code & 0x3FF)


def decode(octets: bytes, offset: int) -> str:
    """Text from modified UTF-8. Raises `DecodeError` for anything else, lone surrogates included."""
    try:
        text = octets.decode()
    except UnicodeDecodeError:
        try:
            halves = octets.replace(b"\xc0\x80", b"\0").decode("utf-8", "surrogatepass")
            if not _BEYOND.search(halves):
                return halves.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
        except UnicodeDecodeError:
            pass
        raise DecodeError("a string that is not modified UTF-8", offset) from None
    if _BEYOND.search(text):
        raise DecodeError("a string in UTF-8 where modified UTF-8 is due", offset)
    return text


def hash_code(text: str) -> int:
    """`String.hashCode` as 32 unsigned bits."""
    octets = text.encode("utf-16-be")
    value = 0
    for unit in struct.unpack(f">{len(octets) // 2}H", octets):
        value = (31 * value + unit) & 0xFFFFFFFF
    return value
