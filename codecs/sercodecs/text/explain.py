"""Header lines, octet by octet: a walker of lines, whose names are followed through the schema.

A list's index says which item follows, a map's key is content where it is met first and a name in the lines after. What
is not of the schema is a name without a path of its own. Soft breaks and periods for transparency are punctuation.
"""

from collections import deque
from urllib.parse import unquote

from serschema.model import Bytes, Field, Kind, List, Map, Record, Ref, Schema, String, Type, Union

from sercodecs.contract import Purpose, Span
from sercodecs.walk import TextWalk, base64_text, quoted, shortened, walk

CRLF = b"\r\n"
LAST = b".\r\n"


def explain(schema: Schema, data: bytes) -> list[Span]:
    """What each octet of a message is for. Raises `ExplainError`."""
    walker = _Walk(schema, data)
    return walk(walker, walker.document)


class _Walk(TextWalk):
    before = b""
    """The name in the line before."""

    def document(self) -> None:
        while not self.data.startswith(LAST, self.position):
            self.line()
        self.punctuation(len(LAST), "$")
        self.flush()

    def line(self) -> None:
        """A line with the lines that go on with it: `pieces` are where its octets stand."""
        self.pieces: deque[tuple[int, int]] = deque()
        start, soft = self.position, True
        while soft:
            start += self.data.startswith(b".", start)
            end = self.data.find(CRLF, start)
            if end < 0:
                self.fail("a line without its end")
            soft = self.data[start:end].endswith(b"%")
            self.pieces.append((start, end - soft))
            start = end + len(CRLF)
        text = b"".join(self.data[first:last] for first, last in self.pieces)
        name, colon, body = text.partition(b": ")
        if not colon:
            self.fail("a line that has no name, colon and space")
        path, kind = self.name(name)
        self.piece(len(colon), "structure", path, "")
        self.piece(len(body), "content", path, _shown(kind, body))
        self.punctuation(start - self.position, path)
        self.before = name

    def name(self, name: bytes) -> tuple[str, Kind | None]:
        path, depth, end = "$", 0, 0
        type_: Type | None = Ref(self.schema.root)
        for part in name.split(b"."):
            if end:
                self.piece(1, "structure", path, "")
                end += 1
            end += len(part)
            kind = self.schema.resolve(type_) if type_ is not None else None
            text = unquote(part.decode("utf-8", "replace"))
            match kind:
                case Record(fields=members) | Union(alternatives=members):
                    depth = self.deeper(depth)
                    path, type_ = _member(members, text, path)
                    self.piece(len(part), "name", path, shortened(text))
                case List(item=item):
                    path, type_ = f"{path}[{shortened(text)}]", item
                    self.piece(len(part), "tag", path, f"item {shortened(text)}")
                case Map(key, value):
                    known = self.before.startswith(name[:end] + b".")
                    shown = quoted(text) if isinstance(key, String) else shortened(text)
                    self.piece(len(part), "name" if known else "content", f"{path}{{key}}", shown)
                    path, type_ = f"{path}[{shown}]", value
                case _:
                    type_ = None
                    self.piece(len(part), "name", path, shortened(text))
        return path, self.schema.resolve(type_) if type_ is not None else None

    def piece(self, length: int, purpose: Purpose, path: str, what: str) -> None:
        """Octets of the line that comes, in as many spans as lines."""
        while length:
            first, last = self.pieces[0]
            if self.position < first:
                self.punctuation(first - self.position, path)
            size = min(length, last - first)
            if purpose == "structure":
                self.punctuation(size, path)
            elif size:
                self.take(size, purpose, path, what)
            length -= size
            if first + size < last or not length:
                self.pieces[0] = (first + size, last)
            else:
                self.pieces.popleft()


def _member(members: tuple[Field, ...], name: str, path: str) -> tuple[str, Type | None]:
    member = next((member for member in members if member.name == name), None)
    return (f"{path}.{member.key}", member.type) if member else (path, None)


def _shown(kind: Kind | None, body: bytes) -> str:
    match kind:
        case Bytes():
            return base64_text(body)
        case String() | None:
            return quoted(unquote(body.decode("utf-8", "replace")))
        case _:
            return shortened(body.decode("utf-8", "replace"))
