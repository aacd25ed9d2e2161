"""Lines: from the octets of a message to its fields and back, and messages in a row.

A message is the multi-line data block of RFC 3977, section 3.1.1: lines that end in CRLF, a period more in front of a
line that begins with one (RFC 5321, section 4.5.2), and a line of a period alone at the end. Before that, `%` at the
end of a line is a soft line break: the line goes on with the next.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from typing import IO
from urllib.parse import quote, unquote_to_bytes

from serschema.model import Value

from sercodecs.contract import DecodeError

LINE = 998
"""The most octets in a line without its CRLF, RFC 5322, section 2.1.1; a period for transparency comes on top."""

SOFT = b"%\r\n"
END = b"\r\n.\r\n"
CHUNK = 1 << 16

_CONTROL = "\x00-\x1f\x7f-\x9f\u2028\u2029"
"""What RFC 5198, section 2 does not want in text: C0, DEL, C1, and the two separators of Unicode."""

_FORBIDDEN = re.compile(f"[{_CONTROL}]")
_UNSAFE = re.compile(rf"[%{_CONTROL}]|\A | \Z")
_ESCAPED = re.compile(r"(?:[^%]|%[0-9A-Fa-f]{2})*")
_SEGMENT = re.compile(rb"[^\r\n]{1,997}(?<!%)(?<!%[0-9A-F])(?![\x80-\xbf])")


def escape(text: str) -> str:
    """A string as the body of a field: percent-encoding (RFC 3986, section 2.1) for what a line cannot show."""
    if text.isprintable() and "%" not in text and text.strip() == text:
        return text
    return _UNSAFE.sub(lambda found: quote(found[0], safe=""), text)


def escape_key(key: str) -> str:
    """A string as a part of a field name: unreserved characters of RFC 3986 stay, but the period."""
    return key if key.isalnum() and key.isascii() else quote(key, safe="").replace(".", "%2E")


def unescape(text: str) -> str:
    if "%" not in text:
        return text
    if not _ESCAPED.fullmatch(text):
        raise DecodeError("a % that two hexadecimal digits do not follow")
    return unquote_to_bytes(text).decode()


def frame(text: str) -> bytes:
    """A message of lines, each with its CRLF, in which none begins with a period."""
    data = text.encode()
    if len(data) > LINE and max(map(len, lines := data.split(b"\r\n"))) > LINE:
        data = b"\r\n".join(map(_broken, lines))
    return data + b".\r\n"


def _broken(line: bytes) -> bytes:
    if len(line) <= LINE:
        return line
    first, *rest = _SEGMENT.findall(line)
    return SOFT.join([first, *(b"." + segment if segment.startswith(b".") else segment for segment in rest)])


def unbroken(data: bytes) -> bytes:
    """Lines without the periods for transparency and the soft breaks."""
    if b"\r\n." in data:
        data = data.replace(b"\r\n.", b"\r\n")
    return data.replace(SOFT, b"")


def fields(data: bytes) -> tuple[list[str], list[str]]:
    """The names and the bodies of the fields of a message; behind the last name stands an empty one."""
    if data == b".\r\n":
        return [""], []
    end = data.find(END)
    if end != len(data) - len(END) or end < 0:
        raise DecodeError("no line of a period alone" if end < 0 else "octets after the line of a period", max(end, 0))
    text = unbroken(data[:end]).decode()
    shown = text.replace("\r\n", "")
    if not shown.isprintable() and (found := _FORBIDDEN.search(shown)):
        raise DecodeError(f"the control character U+{ord(found[0]):04X}")
    pairs = [line.split(": ", 1) for line in text.split("\r\n")]
    if min(map(len, pairs)) < 2:
        raise DecodeError("a line that has no name, colon and space")
    return [*(name for name, _ in pairs), ""], [body for _, body in pairs]


def body_of(data: bytes, name: str) -> str:
    """The body of one field, looked for in a message by its name."""
    if SOFT in data:
        data = unbroken(data)
    wanted = f"\r\n{name}: ".encode()
    start = -2 if data.startswith(wanted[2:]) else data.find(wanted)
    if start == -1:
        raise DecodeError(f"there is no field {name[:60]}")
    start += len(wanted)
    return data[start : data.index(b"\r\n", start)].decode()


def write_all(encode: Callable[[Value], bytes], file: IO[bytes], values: Iterable[Value]) -> None:
    for value in values:
        file.write(encode(value))


def read_all(decode: Callable[[bytes], Value], file: IO[bytes]) -> Iterator[Value]:
    """Messages in a row; `held` begins with the end of the line before, so that an empty message is found like any."""
    read = getattr(file, "read1", file.read)
    held = bytearray(b"\r\n")
    start, looked = 2, 0
    while chunk := read(CHUNK):
        held += chunk
        while (end := held.find(END, max(start - 2, looked))) >= 0:
            yield decode(bytes(held[start : end + len(END)]))
            start, looked = end + len(END), 0
        del held[: start - 2]
        start, looked = 2, max(len(held) - len(END) + 1, 0)
    if len(held) > 2:
        raise DecodeError("the stream ends within a message")
