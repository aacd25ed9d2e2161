"""JSON with the line of everything in it, for the importers of schemas that are written in JSON (RFC 8259).

Objects and arrays are dicts and lists that also know their file, their line, and that of each of their members. The
parser keeps its own stack, so that no nesting is too deep for it. Twice the same name in an object is an error.
"""

import json
import re
from bisect import bisect
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

from serschema.errors import SchemaError
from serschema.load.text import read as read_text


class Object(dict[str, Any]):
    """A JSON object. `lines` is by the name of a member."""

    def __init__(self, source: str, line: int) -> None:
        super().__init__()
        self.source = source
        self.line = line
        self.lines: dict[str, int] = {}


class Array(list[Any]):
    """A JSON array. `lines` is by the index of an item."""

    def __init__(self, source: str, line: int) -> None:
        super().__init__()
        self.source = source
        self.line = line
        self.lines: dict[int, int] = {}


Node: TypeAlias = Object | Array


def failure(message: str, node: Node, key: Any = None) -> SchemaError:
    """The error with the place of a member of the node, or of the node itself."""
    return SchemaError(message, source=node.source, line=node.lines.get(key, node.line))


def read(path: Path) -> Any:
    """The JSON value of a file. Raises `SchemaError`."""
    return parse(read_text(path), str(path))


def parse(text: str, source: str) -> Any:
    """The JSON value that the text is, all of it."""
    return _Parser(text, source).document()


_TOKEN = re.compile(
    r"""[ \t\n\r]* (?:
        (?P<string> " (?: [^"\\\x00-\x1f]++ | \\ (?: ["\\/bfnrt] | u[0-9a-fA-F]{4} ) )*+ " )
      | (?P<number> -? (?: 0 | [1-9][0-9]* ) (?: \.[0-9]+ )? (?: [eE][+-]?[0-9]+ )? )
      | (?P<word> true | false | null )
      | (?P<mark> [][{},:] )
      | (?P<end> \Z )
    )""",
    re.VERBOSE,
)
_WORDS = {"true": True, "false": False, "null": None}
_CLOSING = {Object: "}", Array: "]"}


class _Parser:
    def __init__(self, text: str, source: str) -> None:
        self.text = text
        self.source = source
        self.newlines = [found.start() for found in re.finditer("\n", text)]
        self.at = 0
        self.advance("a value")

    def advance(self, expected: str) -> None:
        """Go to the next token."""
        found = _TOKEN.match(self.text, self.at)
        if found is None or found.lastgroup is None:
            start = re.compile(r"[ \t\n\r]*").match(self.text, self.at)
            self.start = start.end() if start else self.at
            self.fail(expected)
        self.kind, self.token = found.lastgroup, found[found.lastgroup]
        self.start = found.start(found.lastgroup)
        self.at = found.end()

    @property
    def line(self) -> int:
        return bisect(self.newlines, self.start - 1) + 1

    def fail(self, expected: str) -> NoReturn:
        rest = self.text[self.start : self.start + 20].partition("\n")[0]
        shown = repr(rest) if rest else "the end"
        raise SchemaError(f"not JSON: expected {expected}, found {shown}", source=self.source, line=self.line)

    def document(self) -> Any:
        """Values are read from left to right; what is open stands on the stack, with the name of its next member."""
        stack: list[tuple[Node, str, int]] = []
        while True:
            value = self.begin()
            if isinstance(value, Object | Array):
                if self.token != _CLOSING[type(value)] or self.kind != "mark":
                    stack.append((value, *self.name(value)))
                    continue
                self.advance("the end, , or a closing bracket")
            while stack:
                holder, name, line = stack[-1]
                _put(holder, name, line, value)
                closing = _CLOSING[type(holder)]
                if self.kind == "mark" and self.token == ",":
                    self.advance("a value")
                    stack[-1] = (holder, *self.name(holder))
                    break
                if self.kind != "mark" or self.token != closing:
                    self.fail(f", or {closing}")
                self.advance("the end, , or a closing bracket")
                value = holder
                stack.pop()
            else:
                if self.kind != "end":
                    self.fail("the end")
                return value

    def begin(self) -> Any:
        """A scalar, or an object or array that has just been opened; the token is then the one after that."""
        kind, token, line = self.kind, self.token, self.line
        match kind, token:
            case "mark", "{":
                self.advance("a name in quotes or }")
                return Object(self.source, line)
            case "mark", "[":
                self.advance("a value or ]")
                return Array(self.source, line)
            case "string", _:
                value: Any = self.string()
            case "number", _:
                value = self.number()
            case "word", _:
                value = _WORDS[token]
            case _:
                self.fail("a value")
        self.advance("the end, , or a closing bracket")
        return value

    def name(self, holder: Node) -> tuple[str, int]:
        """The name of the member that comes now, and its line; that of an item is empty."""
        line = self.line
        if isinstance(holder, Array):
            return "", line
        if self.kind != "string":
            self.fail("a name in quotes")
        name = self.string()
        if name in holder:
            raise SchemaError(f"{name!r} stands twice in one object", source=self.source, line=line)
        self.advance(":")
        if self.kind != "mark" or self.token != ":":
            self.fail(":")
        self.advance("a value")
        return name, line

    def string(self) -> str:
        text: str = json.loads(self.token)
        if not text.isascii() and any("\ud800" <= char <= "\udfff" for char in text):
            raise SchemaError("a string has half of a surrogate pair", source=self.source, line=self.line)
        return text

    def number(self) -> int | float:
        try:
            return json.loads(self.token)  # type: ignore[no-any-return]
        except ValueError:  # of thousands of digits
            raise SchemaError("a number is too long", source=self.source, line=self.line) from None


def _put(holder: Node, name: str, line: int, value: Any) -> None:
    if isinstance(holder, Object):
        holder[name] = value
        holder.lines[name] = line
    else:
        holder.lines[len(holder)] = line
        holder.append(value)
