"""JSON, octet by octet: a walker of RFC 8259, whose text says of itself what is what.

The schema adds whether an object is a record, a union or a map, and thus whether its keys are names or content. What
is not of the schema is shown as it is. NaN and Infinity are taken, as Python writes them.
"""

import json
import re

from serschema.model import Bytes, Field, Float, Kind, List, Map, Record, Ref, Schema, String, Type, Union

from sercodecs.contract import Purpose, Span
from sercodecs.walk import TextWalk, base64_text, quoted, shortened, walk

SPACE = re.compile(rb"[ \t\n\r]+")
STRING = re.compile(rb'"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*"')
LITERAL = re.compile(rb"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null|NaN|-?Infinity")


def explain(schema: Schema, data: bytes) -> list[Span]:
    """What each octet of a message is for. Raises `ExplainError`."""
    walker = _Walk(schema, data)
    return walk(walker, walker.document)


class _Walk(TextWalk):
    def document(self) -> None:
        self.value(Ref(self.schema.root), "$", 0)
        self.flush()

    def value(self, type_: Type | None, path: str, depth: int) -> None:
        """A value, of a type if one is known, and the white space around it."""
        kind = self.schema.resolve(type_) if type_ is not None else None
        self.space(path)
        match self.next():
            case b"{":
                self.object(kind, path, depth)
            case b"[":
                self.array(kind.item if isinstance(kind, List) else None, path, depth)
            case b'"':
                raw = self.string()
                self.quoted(raw, "content", path, base64_text(raw) if isinstance(kind, Bytes) else _shown(raw))
            case _:
                text = self.match(LITERAL) or self.fail("no JSON value")
                absent = text == b"null" and not isinstance(kind, Float)
                self.take(len(text), "presence" if absent else "content", path, shortened(text.decode()))
        self.space(path)

    def object(self, kind: Kind | None, path: str, depth: int) -> None:
        """A map, whose keys are content, or something whose keys are names."""
        members = {member.key: member for member in _members(kind)}
        depth = self.deeper(depth) if members else depth
        self.open(path)
        while self.next() != b"}":
            raw = self.string()
            key = _text(raw)
            if isinstance(kind, Map):
                self.quoted(raw, "content", f"{path}{{key}}", _shown(raw))
                at = f"{path}[{quoted(key) if isinstance(kind.key, String) else shortened(key)}]"
                type_: Type | None = kind.value
            else:
                at, type_ = (f"{path}.{key}", members[key].type) if key in members else (path, None)
                self.quoted(raw, "name", at, _shown(raw))
            self.space(at)
            self.expect(b":", at)
            self.value(type_, at, depth)
            self.separate(b"}", path)
        self.punctuation(1, path)

    def array(self, item: Type | None, path: str, depth: int) -> None:
        self.open(path)
        i = 0
        while self.next() != b"]":
            self.value(item, f"{path}[{i}]" if item is not None else path, depth)
            self.separate(b"]", path)
            i += 1
        self.punctuation(1, path)

    def next(self) -> bytes:
        return self.data[self.position : self.position + 1]

    def open(self, path: str) -> None:
        self.punctuation(1, path)
        self.space(path)

    def separate(self, end: bytes, path: str) -> None:
        """A comma and something after it, or the end."""
        if self.next() != end:
            self.expect(b",", path)
            self.space(path)
            if self.next() == end:
                self.fail("nothing after a comma")

    def expect(self, sign: bytes, path: str) -> None:
        if self.next() != sign:
            self.fail(f"{sign.decode()!r} is due")
        self.punctuation(1, path)

    def space(self, path: str) -> None:
        if space := self.match(SPACE):
            self.take(len(space), "padding", path, "white space")

    def string(self) -> bytes:
        """What stands between the quotes of the string that comes next."""
        text = self.match(STRING) or self.fail("no JSON string")
        return text[1:-1]

    def quoted(self, raw: bytes, purpose: Purpose, path: str, what: str) -> None:
        self.punctuation(1, path)
        self.take(len(raw), purpose, path, what)
        self.punctuation(1, path)


def _text(raw: bytes) -> str:
    """The characters that a string stands for."""
    return str(json.loads(f'"{raw.decode("utf-8", "replace")}"'))


def _shown(raw: bytes) -> str:
    return quoted(_text(raw))


def _members(kind: Kind | None) -> tuple[Field, ...]:
    match kind:
        case Record(fields=members) | Union(alternatives=members):
            return members
        case _:
            return ()
