"""The text of Thrift IDL (thrift.apache.org, "Thrift interface description language"): definitions, with their lines.

Our own parser and not thriftpy2's (0.7.1), which drops comments, does not tell an optional field from one that says
nothing, knows no uuid, keeps what it has read for the life of the process, has lines for some errors only, and leaves
out without a word what follows a field called None.

Constants, exceptions, services and annotations but our own are passed over; `File.skipped` has them.
"""

import difflib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from serschema.errors import SchemaError
from serschema.idl import attribute
from serschema.idl.names import uncomment
from serschema.load.text import read

CONTAINERS = {"list": 1, "set": 1, "map": 2}
SKIPPED = {"const": "constants", "exception": "exceptions", "service": "services"}


@dataclass(frozen=True, slots=True)
class Token:
    kind: str  # name, number, literal, mark, end
    text: str
    line: int
    doc: str  # the documentation comment before it


@dataclass(frozen=True, slots=True)
class Use:
    """A type where it is used: a name, and of a container what it holds."""

    name: str
    held: "tuple[Use, ...]"
    line: int


@dataclass(frozen=True, slots=True)
class Member:
    """A field, a symbol of an enum, or what a typedef stands for."""

    name: str
    line: int
    doc: str = ""
    number: int | None = None
    requiredness: str = ""
    use: Use | None = None
    default: bool = False
    said: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Definition:
    kind: str
    name: str
    line: int
    doc: str
    members: tuple[Member, ...]
    said: dict[str, Any]
    file: "File"


@dataclass(slots=True)
class File:
    source: str
    definitions: dict[str, Definition] = field(default_factory=dict)
    included: "dict[str, File]" = field(default_factory=dict)
    skipped: list[tuple[str, str]] = field(default_factory=list)  # what, and where


_TOKEN = re.compile(
    r"""(?P<space> [ \t\r\n\f\v]+ | //[^\n]* | \#[^\n]* )
      | (?P<doc> /\*\*(?!/) .*? \*/ )
      | (?P<comment> /\* .*? \*/ )
      | (?P<literal> "(?:[^"\\\n]|\\.)*+" | '(?:[^'\\\n]|\\.)*+' )
      | (?P<number> [+-]?(?: 0x[0-9A-Fa-f]+ | [0-9]+(?:\.[0-9]*)?(?:[eE][+-]?[0-9]+)? | \.[0-9]+(?:[eE][+-]?[0-9]+)? ) )
      | (?P<name> [A-Za-z_](?:\.?[A-Za-z0-9_])* )
      | (?P<mark> [][:;,{}()=<>*&] )""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPES = {"r": "\r", "n": "\n", "t": "\t"}


def _tokens(text: str, source: str) -> Iterator[Token]:
    at, line, doc = 0, 1, ""
    while at < len(text):
        found = _TOKEN.match(text, at)
        if found is None or found.lastgroup is None:
            rest = text[at : at + 20].partition("\n")[0]
            what = "a comment that does not end" if rest.startswith("/*") else f"{rest!r} is nothing in Thrift"
            raise SchemaError(what, source=source, line=line)
        if found.lastgroup == "doc":
            doc = uncomment(found[0][3:-2].split("\n"))
        elif found.lastgroup not in ("space", "comment"):
            yield Token(found.lastgroup, found[0], line, doc)
            doc = ""
        line += found[0].count("\n")
        at = found.end()
    yield Token("end", "", line, "")


def parse(path: Path, folders: tuple[Path, ...], files: dict[Path, File]) -> File:
    """A file and those that it includes, each once."""
    if path.resolve() not in files:
        made = files[path.resolve()] = File(str(path))
        _Parser(made, read(path), folders, files).document()
    return files[path.resolve()]


class _Parser:
    def __init__(self, file: File, text: str, folders: tuple[Path, ...], files: dict[Path, File]) -> None:
        self.file = file
        self.folders = folders
        self.files = files
        self.tokens = _tokens(text, file.source)
        self.token = next(self.tokens)

    def fail(self, message: str, line: int = 0) -> NoReturn:
        raise SchemaError(message, source=self.file.source, line=line or self.token.line)

    def advance(self) -> Token:
        """Go to the next token; returns the one before it."""
        token = self.token
        if token.kind != "end":
            self.token = next(self.tokens)
        return token

    def take(self, kind: str, what: str) -> Token:
        if self.token.kind != kind:
            found = repr(self.token.text[:40]) if self.token.text else "the end of the file"
            self.fail(f"expected {what}, found {found}")
        return self.advance()

    def mark(self, text: str) -> None:
        if not self.skip(text):
            self.take("a mark", text)

    def skip(self, *texts: str) -> str:
        """Pass over a token that is one of these; returns it, or nothing."""
        return self.advance().text if self.token.text in texts and self.token.kind in ("mark", "name") else ""

    def document(self) -> None:
        while self.token.kind != "end":
            start = self.token
            keyword = self.take("name", "a definition").text
            match keyword:
                case "include":
                    self.include(start.line)
                case "cpp_include":
                    self.take("literal", "a file's name")
                case "namespace":
                    self.advance()
                    self.take("name", "a name space")
                    self.annotations()
                case "const":
                    self.use()
                    self.skipped(keyword)
                    self.mark("=")
                    self.value()
                case "typedef":
                    use = self.use()
                    name = self.take("name", "the name of the type").text
                    self.define(keyword, name, start, [Member(name, start.line, use=use)], self.annotations())
                case "enum":
                    name = self.take("name", "the name of the enum").text
                    self.define(keyword, name, start, self.block(self.symbol), self.annotations())
                case "struct" | "union":
                    name = self.take("name", f"the name of the {keyword}").text
                    self.skip("xsd_all")
                    self.define(keyword, name, start, self.block(self.member), self.annotations())
                case "exception":
                    self.skipped(keyword)
                    self.block(self.member)
                    self.annotations()
                case "service":
                    self.skipped(keyword)
                    if self.skip("extends"):
                        self.take("name", "the service that it extends")
                    if self.token.text != "{":
                        self.mark("{")
                    self.value()
                    self.annotations()
                case _:
                    known = ("include", "namespace", "typedef", "enum", "struct", "union", *SKIPPED)
                    near = difflib.get_close_matches(keyword, known, n=1)
                    hint = f"; did you mean {near[0]}?" if near else ""
                    self.fail(f"{keyword!r} begins no definition in Thrift{hint}", start.line)
            self.skip(",", ";")

    def skipped(self, keyword: str) -> None:
        name = self.take("name", "a name")
        self.file.skipped.append((f"{SKIPPED[keyword]} are left out", name.text))

    def include(self, line: int) -> None:
        name = self.literal("a file's name")
        for folder in (Path(self.file.source).parent, *self.folders):
            if "\0" not in name and (folder / name).is_file():
                self.file.included[Path(name).stem] = parse(folder / name, self.folders, self.files)
                return
        self.fail(f"there is no file {name!r} to include: --include FOLDER", line)

    def define(self, kind: str, name: str, start: Token, members: list[Member], annotations: dict[str, Any]) -> None:
        if name in self.file.definitions:
            self.fail(f"{name} is defined a second time, after line {self.file.definitions[name].line}", start.line)
        made = Definition(kind, name, start.line, start.doc, tuple(members), annotations, self.file)
        self.file.definitions[name] = made

    def block(self, item: Callable[[], Member]) -> list[Member]:
        self.mark("{")
        made: list[Member] = []
        while not self.skip("}"):
            made.append(item())
        return made

    def symbol(self) -> Member:
        name = self.take("name", "a symbol or }")
        number = self.integer("a number") if self.skip("=") else None
        said = self.annotations()
        self.skip(",", ";")
        return Member(name.text, name.line, name.doc, number, said=said)

    def member(self) -> Member:
        start = self.token
        number = None
        if start.kind == "number":
            number = self.integer("a field's number")
            self.mark(":")
        requiredness = self.skip("required", "optional")
        use = self.use()
        self.skip("&")
        name = self.take("name", "a field's name")
        default = bool(self.skip("="))
        if default:
            self.value()
        while self.skip("xsd_optional", "xsd_nillable"):
            pass
        said = self.annotations()
        self.skip(",", ";")
        return Member(name.text, name.line, start.doc, number, requiredness, use, default, said)

    def use(self) -> Use:
        name = self.take("name", "a type")
        held: list[Use] = []
        if name.text in CONTAINERS:
            self.cpp_type()
            self.mark("<")
            held.append(self.use())
            for _ in range(CONTAINERS[name.text] - 1):
                self.mark(",")
                held.append(self.use())
            self.mark(">")
            self.cpp_type()
        self.annotations()
        return Use(name.text, tuple(held), name.line)

    def cpp_type(self) -> None:
        if self.skip("cpp_type"):
            self.take("literal", "a type of C++")

    def annotations(self) -> dict[str, Any]:
        """Our own attribute among the annotations, if any follow."""
        said: dict[str, Any] = {}
        if not self.skip("("):
            return said
        while not self.skip(")"):
            name = self.take("name", "an annotation or )")
            value = self.literal("a text") if self.skip("=") else ""
            self.skip(",", ";")
            if name.text != attribute.ATTRIBUTE:
                self.file.skipped.append(("annotations are left out", name.text))
                continue
            try:
                said = attribute.parse(value)
            except attribute.Unfit as unfit:
                self.fail(f"the annotation {attribute.ATTRIBUTE}: {unfit}", name.line)
        return said

    def literal(self, what: str) -> str:
        token = self.take("literal", f"{what} in quotes")
        return re.sub(r"\\(.)", lambda found: _ESCAPES.get(found[1], found[1]), token.text[1:-1], flags=re.DOTALL)

    def integer(self, what: str) -> int:
        token = self.take("number", what)
        try:
            return int(token.text, 16 if "x" in token.text else 10)
        except ValueError:
            self.fail(f"{what} is an integer, not {token.text[:40]}", token.line)

    def value(self) -> None:
        """Pass over a constant, or over all that stands between brackets."""
        line, open_ = self.token.line, 0
        while True:
            if self.token.kind == "end":
                self.fail("the file ends in the middle of a definition", line)
            token = self.advance()
            if token.kind == "mark":
                open_ += (token.text in "[{(") - (token.text in "]})")
            if open_ <= 0:
                return
