"""XML, octet by octet: a walker of XML 1.0 as far as data needs it, whose text says of itself what is what.

The schema adds the paths, and which text is a value. What is not of the schema is shown as it is; attributes that are
no fields, comments and processing instructions are punctuation. As for the codec, text is UTF-8 and a document type
declaration is refused.
"""

import re
import sys
from collections.abc import Container, Iterator

from serschema.model import Bytes, Field, Kind, List, Map, Record, Ref, Schema, String, Type, Union

from sercodecs.contract import Span
from sercodecs.walk import TextWalk, base64_text, quoted, shortened, walk

SPACE = re.compile(rb"[ \t\n\r]+")
NAME = re.compile(rb"[^\x00-\x20!-,/;-@\[-^`{-~]+")
ATTRIBUTES = re.compile(rb"(?:[ \t\n\r]+[^\s=<>\"'/]+[ \t\n\r]*=[ \t\n\r]*(?:\"[^<\"]*\"|'[^<']*'))*[ \t\n\r]*")
ATTRIBUTE = re.compile(rb"([ \t\n\r]+)([^\s=<>\"'/]+)([ \t\n\r]*=[ \t\n\r]*)(\"[^<\"]*\"|'[^<']*')")
TEXT = re.compile(rb"[^<]+")
ASIDE = re.compile(rb"<!--.*?-->|<\?.*?\?>", re.DOTALL)
CDATA = re.compile(rb"<!\[CDATA\[.*?\]\]>", re.DOTALL)
REFERENCE = re.compile(r"&(?:#x([0-9a-fA-F]{1,6})|#([0-9]{1,7})|(lt|gt|amp|apos|quot));")
ENTITIES = {"lt": "<", "gt": ">", "amp": "&", "apos": "'", "quot": '"'}
KEY, VALUE = b"key", b"value"
BOM = b"\xef\xbb\xbf"


def explain(schema: Schema, data: bytes) -> list[Span]:
    """What each octet of a document is for. Raises `ExplainError`."""
    walker = _Walk(schema, data)
    return walk(walker, walker.document)


def explain_attributes(schema: Schema, data: bytes) -> list[Span]:
    """The same where the scalar fields of records, and keys and values of maps, are attributes."""
    walker = _AttributeWalk(schema, data)
    return walk(walker, walker.document)


class _Walk(TextWalk):
    def document(self) -> None:
        if self.data.startswith(BOM):
            self.punctuation(len(BOM), "$")
        self.asides()
        self.value(Ref(self.schema.root), "$", 0)
        self.asides()
        self.flush()

    def asides(self) -> None:
        """White space, comments, and processing instructions, of which the XML declaration is one."""
        while self.left:
            if space := self.match(SPACE):
                self.take(len(space), "padding", "$", "white space")
            elif aside := self.match(ASIDE):
                self.punctuation(len(aside), "$")
            else:
                return

    def value(self, type_: Type | None, path: str, depth: int) -> str:
        """The element that holds a value, of a type if one is known; returns its text, as it stands in a path."""
        kind = self.schema.resolve(type_) if type_ is not None else None
        text = ""
        if name := self.open(path, kind):
            text = self.content(kind, path, depth)
            self.close(name, path)
        return text

    def content(self, kind: Kind | None, path: str, depth: int) -> str:
        match kind:
            case List(item=item):
                for i, _ in enumerate(self.nodes(path)):
                    self.value(item, f"{path}[{i}]", depth)
            case Map():
                for _ in self.nodes(path):
                    self.entry(kind, path, depth)
            case Union(alternatives=members):
                self.members(members, frozenset(), path, self.deeper(depth))
            case Record(fields=members):
                repeated = {m.name for m in members if isinstance(m.type, List) and not m.optional}
                self.members(members, repeated, path, self.deeper(depth))
            case _:
                return self.text(kind, path, depth)
        return ""

    def entry(self, kind: Map, path: str, depth: int) -> None:
        if name := self.open(path):
            key = ""
            for part in self.nodes(path):
                if part == KEY:
                    key = self.value(kind.key, f"{path}{{key}}", depth)
                else:
                    self.value(kind.value, f"{path}[{key}]", depth)
            self.close(name, path)

    def members(self, members: tuple[Field, ...], repeated: Container[str], path: str, depth: int) -> None:
        """The fields of a record, of which some are repeated, or the alternative of a union."""
        named = {member.name.encode(): member for member in members}
        counts: dict[bytes, int] = {}
        for name in self.nodes(path):
            member = named.get(name)
            if member is None:
                self.value(None, path, depth)
            elif isinstance(member.type, List) and member.name in repeated:
                i = counts.get(name, 0)
                counts[name] = i + 1
                self.value(member.type.item, f"{path}.{member.key}[{i}]", depth)
            else:
                self.value(member.type, f"{path}.{member.key}", depth)

    def nodes(self, path: str) -> Iterator[bytes]:
        """The names of the elements inside this one; whoever takes a name goes over its element."""
        while not self.at(b"</"):
            if text := self.match(TEXT):
                self.take(len(text), "padding", path, "text that means nothing" if text.strip() else "white space")
            elif aside := self.match(ASIDE):
                self.punctuation(len(aside), path)
            else:
                yield self.coming(1)

    def text(self, kind: Kind | None, path: str, depth: int) -> str:
        """The text of an element, in pieces if something stands in between."""
        shown = ""
        while not self.at(b"</"):
            if text := self.match(TEXT):
                shown = _shown(kind, _unescaped(text))
                empty = kind is None and not text.strip()
                self.take(len(text), "padding" if empty else "content", path, "white space" if empty else shown)
            elif section := self.match(CDATA):
                shown = _shown(kind, section[9:-3].decode("utf-8", "replace"))
                self.punctuation(9, path)
                self.take(len(section) - 12, "content", path, shown)
                self.punctuation(3, path)
            elif aside := self.match(ASIDE):
                self.punctuation(len(aside), path)
            else:
                self.coming(1)
                self.value(None, path, depth)
        return shown

    # Markup.

    def attributes(self, kind: Kind | None, path: str) -> None:
        """What stands in a start tag behind the name."""
        self.punctuation(len(self.match(ATTRIBUTES)), path)

    def open(self, path: str, kind: Kind | None = None) -> bytes:
        """A start tag of a value of the kind; returns its name, or nothing if the element is empty and ends with it."""
        name = self.coming(1)
        self.punctuation(1, path)
        self.take(len(name), "name", path, shortened(name.decode("utf-8", "replace")))
        self.attributes(kind, path)
        if self.at(b"/>"):
            self.punctuation(2, path)
            return b""
        self.expect(b">", path)
        return name

    def close(self, name: bytes, path: str) -> None:
        if not self.at(b"</") or self.coming(2) != name:
            self.fail(f"the end of {shortened(name.decode('utf-8', 'replace'))} is due")
        self.punctuation(2, path)
        self.take(len(name), "name", path, shortened(name.decode("utf-8", "replace")))
        self.punctuation(len(self.match(SPACE)), path)
        self.expect(b">", path)

    def at(self, text: bytes) -> bool:
        return self.data.startswith(text, self.position)

    def coming(self, after: int) -> bytes:
        """The name in the tag that comes next, `after` so many octets."""
        found = NAME.match(self.data, self.position + after)
        if found is None or not self.at(b"<"):
            self.fail("no tag")
        return found[0]

    def expect(self, sign: bytes, path: str) -> None:
        if not self.at(sign):
            self.fail(f"{sign.decode()!r} is due")
        self.punctuation(len(sign), path)


class _AttributeWalk(_Walk):
    key = ""
    """That of the map's entry whose start tag came last."""

    def entry(self, kind: Map, path: str, depth: int) -> None:
        self.key = ""
        name = self.open(path, kind)
        key = self.key
        if name:
            for _ in self.nodes(path):
                self.value(kind.value, f"{path}[{key}]", depth)
            self.close(name, path)

    def attributes(self, kind: Kind | None, path: str) -> None:
        while found := ATTRIBUTE.match(self.data, self.position):
            before, name, equals, value = found.groups()
            where, inner = self.meant(kind, name, path)
            text = value[1:-1]
            shown = _shown(inner, _unescaped(text))
            if name == KEY and isinstance(kind, Map):
                self.key = shown
            self.punctuation(len(before), path)
            self.take(len(name), "name" if where else "structure", where or path, name.decode("utf-8", "replace"))
            self.punctuation(len(equals) + 1, where or path)
            if text:
                self.take(len(text), "content" if where else "structure", where or path, shown)
            self.punctuation(1, where or path)
        super().attributes(kind, path)

    def meant(self, kind: Kind | None, name: bytes, path: str) -> tuple[str, Kind | None]:
        """The path and the kind of what an attribute is; no path if it is nothing of the schema."""
        match kind:
            case Record(fields=fields):
                for field in fields:
                    if field.name.encode() == name:
                        return f"{path}.{field.key}", self.schema.resolve(field.type)
            case Map() if name == KEY:
                return f"{path}{{key}}", self.schema.resolve(kind.key)
            case Map() if name == VALUE:
                return f"{path}[{self.key}]", self.schema.resolve(kind.value)
        return "", None


def _unescaped(text: bytes) -> str:
    return REFERENCE.sub(_character, text.decode("utf-8", "replace"))


def _character(reference: re.Match[str]) -> str:
    hexadecimal, decimal, name = reference.groups()
    if name:
        return ENTITIES[name]
    code = int(hexadecimal, 16) if hexadecimal else int(decimal)
    return chr(code) if code < sys.maxunicode else reference[0]


def _shown(kind: Kind | None, text: str) -> str:
    match kind:
        case Bytes():
            return base64_text(text.encode())
        case String() | None:
            return quoted(text)
        case _:
            return shortened(text)
