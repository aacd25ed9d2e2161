"""ASN.1 modules to the model (ITU-T X.680), parsed by asn1tools.

    BOOLEAN, REAL                     Bool, Float(64); Float(32) where mantissa and exponent are bounded as in binary32
    INTEGER                           the narrowest Int that holds its range, the range where it is narrower; Int(64)
    ENUMERATED                        Enum
    UTF8String and other text         String, with the upper bound of SIZE
    OCTET STRING                      Bytes
    GeneralizedTime, UTCTime          Timestamp
    NULL                              the record `Null` without fields
    SEQUENCE OF, SET OF               List
    SEQUENCE OF SEQUENCE {key, value} Map, where a key can be one
    SEQUENCE, SET, CHOICE             Record, Union, their members numbered from 1; OPTIONAL and DEFAULT are optional
    types called Uuid, Decimal12-2    Uuid, Decimal, where they are what `serschema.idl.asn1` writes

Other types that are not constructed stand for their definition. A type without a name is named after its place. The
root is the type that is named as the module, or else the only SEQUENCE that no other type uses. `-` becomes `_`.
Comments on the lines above a type or a member are its documentation; those of `serschema.idl.asn1` that begin with
`serbench:` are heeded.

`Schema.notes` tells what is left out: tags, defaults, extension markers, alphabets, the least length of text. asn1tools
does not say on which line a type stands: an error has the line where its name is assigned.
"""

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

from serschema.errors import SchemaError
from serschema.idl import attribute
from serschema.idl.asn1 import MARK, WIDTHS, bare, fitting
from serschema.idl.names import uncomment
from serschema.load.naming import Notes, TypeNames, listed, type_name
from serschema.load.text import read
from serschema.mapping import NULL_TYPE
from serschema.model import (
    Bool,
    Bytes,
    Decimal,
    Enum,
    Field,
    Float,
    Int,
    List,
    Map,
    Named,
    Record,
    Ref,
    Schema,
    String,
    Timestamp,
    Type,
    Union,
    Uuid,
)

UNIVERSAL_TEXT = ("UTF8String", "BMPString", "UniversalString")
TEXT = (
    *UNIVERSAL_TEXT,
    *("NumericString", "PrintableString", "IA5String", "VisibleString", "ISO646String", "GeneralString"),
    *("GraphicString", "TeletexString", "T61String", "VideotexString", "ObjectDescriptor"),
)
DECLARED = re.compile(r"\s*(?:[A-Z][\w-]*\s+DEFINITIONS\b|(?P<type>[A-Z][\w-]*)\s*::=|(?P<member>[a-z][\w-]*)\b)")
MARKED = re.compile(rf"\s*-- {MARK}(.*)")
CONSTRUCTED = ("SEQUENCE", "SET", "CHOICE", "ENUMERATED")
BINARY32 = {"mantissa": (-16777215, 16777215), "base": 2, "exponent": (-149, 104)}


def load(path: Path, *, message: str = "", include: Sequence[Path] = ()) -> Schema:
    """The schema of an ASN.1 file, its root `message`. Modules that it imports are looked for in `include`.

    Raises `SchemaError` for what does not parse, and for what the model does not have.
    """
    try:
        asn1tools = import_module("asn1tools")
    except ImportError:
        raise SchemaError("ASN.1 needs asn1tools: pip install asn1tools", source=str(path)) from None
    try:
        text = read(path)
        modules = asn1tools.parse_string(text)
        for name in sorted({name for module in modules.values() for name in module["imports"]} - modules.keys()):
            found = [file for folder in (path.parent, *include) if (file := folder / f"{name}.asn").exists()]
            if not found:
                raise SchemaError(f"there is no {name}.asn, which it imports: --include FOLDER", source=str(path))
            modules |= asn1tools.parse_files([str(found[0])])
    except asn1tools.ParseError as error:
        place = re.search(r" at line (\d+)", str(error))
        reason = re.sub(r" at line \d+", "", str(error))
        raise SchemaError(reason, source=str(path), line=int(place[1]) if place else 0) from None
    except OSError as error:
        raise SchemaError(f"cannot be read: {error.strerror}", source=str(path)) from None
    except RecursionError:
        raise SchemaError("types are nested too deeply in one another", source=str(path)) from None
    except ValueError:  # int() of more than 4300 digits
        raise SchemaError("a number is too long: serbench has 64 bits", source=str(path)) from None
    return _Importer(str(path), text, modules).schema(message)


@dataclass
class _Importer:
    source: str
    text: str
    modules: dict[str, Any]
    types: dict[str, Any] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    made: dict[str, Named] = field(default_factory=dict)
    names: TypeNames = field(default_factory=TypeNames)
    notes: Notes = field(default_factory=Notes)
    null: str = ""
    docs: dict[str, str] = field(default_factory=dict)  # by `Type`, `Type.member`, and nothing for the module
    said: dict[str, dict[str, Any]] = field(default_factory=dict)  # our own attributes, likewise
    owner: str = ""  # the definition that errors and notes name

    def schema(self, message: str) -> Schema:
        for name, module in self.modules.items():
            if module.get("tags") != "AUTOMATIC":
                self.notes.add("tags are automatic here", name)
            for kind, into in (("types", self.types), ("values", self.values)):
                if twice := module[kind].keys() & into.keys():
                    raise SchemaError(f"two modules define {min(twice)}", source=self.source)
                into |= module[kind]
        self.comments()
        self.names.declared = {self.name(name) for name in self.types}
        root = self.root(message)
        for name in self.types:
            if name in self.used(root):
                self.owner = name
                if self.types[name]["type"] in CONSTRUCTED:
                    self.define(self.names.take(self.name(name)), self.types[name], name)
        order = {self.name(name): place for place, name in enumerate(self.types)}
        ordered = sorted(self.made.values(), key=lambda type: order.get(type.name, len(order)))
        try:
            doc = self.said.get(root, {}).get("schema_doc", self.docs.get("", ""))
            return Schema(self.name(root), tuple(ordered), doc, self.notes.lines())
        except SchemaError as error:
            raise SchemaError(str(error), source=self.source) from None

    def root(self, message: str) -> str:
        records = [name for name, type in self.types.items() if type["type"] in ("SEQUENCE", "SET")]
        if message:
            known = {_plain(name): name for name in records} | {name: name for name in records}
            if message not in known:
                near = difflib.get_close_matches(message, known, n=1) or records[:1]
                raise SchemaError(
                    f"no SEQUENCE is called {message!r}; {f'there is {near[0]}' if near else 'there is none'}",
                    source=self.source,
                )
            return known[message]
        first = next(iter(self.modules))
        if first in records:
            return first
        held = {use for name, type in self.types.items() for use in _uses(type) if use != name}
        free = [name for name in records if name not in held]
        if len(free) != 1:
            raise SchemaError(
                f"which type is the message? FILE:TYPE with one of {listed(free or records)}", source=self.source
            )
        return free[0]

    def used(self, root: str) -> set[str]:
        """The definitions that the root needs."""
        found, left = {root}, [root]
        while left:
            new = {use for use in _uses(self.types[left.pop()]) if use in self.types} - found
            found |= new
            left += new
        return found

    def comments(self) -> None:
        """Find what stands in comments above types and members."""
        owner, lines = "", []
        for number, line in enumerate(self.text.split("\n"), 1):
            if line.lstrip().startswith("--"):
                lines.append((number, line))
                continue
            if found := DECLARED.match(line):
                owner = owner if found["member"] else found["type"] or ""
                place = f"{owner}.{found['member']}" if found["member"] else owner
                self.docs[place] = uncomment(
                    (line.removesuffix("--") for _, line in lines if not MARKED.match(line)), "--"
                )
                for number, line in lines:
                    if marked := MARKED.match(line):
                        self.said[place] = self.attribute(marked[1], number)
            lines = []

    def attribute(self, text: str, line: int) -> dict[str, Any]:
        try:
            return attribute.parse(text)
        except attribute.Unfit as unfit:
            raise SchemaError(f"the comment {attribute.ATTRIBUTE}: {unfit}", source=self.source, line=line) from None

    def name(self, name: str) -> str:
        """What a type is called in the schema."""
        given: str = self.said.get(name, {}).get("name", _plain(name))
        return given

    def define(self, name: str, type: Any, place: str = "") -> None:
        """Make a type; `place` is where it is declared, if it has a name there."""
        try:
            self.define_at(name, type, place)
        except attribute.Unfit as unfit:
            raise self.error(f"the comment {attribute.ATTRIBUTE}: {unfit}", says="") from None

    def define_at(self, name: str, type: Any, place: str) -> None:
        doc = self.said.get(place, {}).get("doc", self.docs.get(place, "")) if place else ""
        if type["type"] == "ENUMERATED":
            symbols = tuple((_plain(value[0]), value[1]) for value in self.known(type["values"]))
            self.made[name] = Enum(name, attribute.symbols(symbols, self.said.get(place, {}) if place else {}), doc)
            return
        members = []
        for number, member in enumerate(self.known(type["members"]), 1):
            if "components-of" in member:
                raise self.error("COMPONENTS OF")
            if "tag" in member:
                self.notes.add("tags are automatic here", f"{self.owner}.{member['name']}")
            if "default" in member:
                self.notes.add("a default is left out, and the field is optional", f"{self.owner}.{member['name']}")
            optional = "default" in member or bool(member.get("optional"))
            member_type = self.type(member, name, type_name(member["name"]))
            inside = f"{place}.{member['name']}" if place else ""
            plain = _plain(member["name"])
            declared = Field(plain, number, member_type, optional, plain, self.docs.get(inside, "") if inside else "")
            members.append(attribute.field(declared, self.said.get(inside, {}), bare))
        made = Union(name, tuple(members), doc) if type["type"] == "CHOICE" else Record(name, tuple(members), doc)
        if type["type"] == "SET":
            self.notes.add("a SET is read as a SEQUENCE", self.owner)
        self.made[name] = made

    def known(self, parts: list[Any]) -> Iterator[Any]:
        """Members or symbols, without extension markers and the groups of extensions."""
        for part in parts:
            if part is None:
                self.notes.add("an extension marker is left out", self.owner)
            elif isinstance(part, list):
                yield from self.known(part)
            else:
                yield part

    def type(self, type: Any, owner: str, hint: str, seen: tuple[str, ...] = ()) -> Type:
        """What a member or an item is; `seen`: the definitions that led here, one standing for the next."""
        match type["type"]:
            case "BOOLEAN":
                return Bool()
            case "INTEGER":
                return self.integer(type)
            case "REAL":
                return Float(32 if dict(type.get("with-components") or ()) == BINARY32 else 64)
            case "OCTET STRING":
                least, most = self.bounds(type)
                return Bytes(least, most)
            case "GeneralizedTime" | "UTCTime":
                return Timestamp()
            case "NULL":
                self.null = self.null or self.names.make(NULL_TYPE, "")
                self.made[self.null] = Record(self.null, ())
                return Ref(self.null)
            case "SEQUENCE OF" | "SET OF":
                return self.list(type, owner, hint, seen)
            case text if text in TEXT:
                if text not in UNIVERSAL_TEXT or "from" in type:
                    self.notes.add("text of any characters", f"{self.owner}: {text}")
                least, most = self.bounds(type)
                if least:
                    self.notes.add("the least length of a text is left out", self.owner)
                return String(most)
            case constructed if constructed in CONSTRUCTED:
                name = self.names.make(hint, owner)
                self.define(name, type)
                return Ref(name)
            case name if name in self.types:
                return self.reference(name, type, seen)
            case other:
                raise self.error(other)

    def reference(self, name: str, use: Any, seen: tuple[str, ...]) -> Type:
        definition = self.types[name]
        if definition["type"] in CONSTRUCTED:
            return Ref(self.name(name))
        if name in seen:
            raise self.error(f"{name}, a list that contains itself without a SEQUENCE or CHOICE")
        constraints = {key: use[key] for key in ("restricted-to", "size", "from") if key in use}
        merged = definition | constraints
        if name == "Uuid" and merged == {"type": "OCTET STRING", "size": [16]}:
            return Uuid()
        if definition["type"] == "INTEGER" and (found := re.fullmatch(r"Decimal(\d+)-(\d+)", name)):
            return Decimal(int(found[1]), int(found[2]))
        return self.type(merged, _plain(name), "Item", (*seen, name))

    def list(self, type: Any, owner: str, hint: str, seen: tuple[str, ...]) -> Type:
        element = type["element"]
        least, most = self.bounds(type)
        if element["type"] == "SEQUENCE" and (least, most) == (0, None):
            pair = [member for member in element["members"] if isinstance(member, dict) and "name" in member]
            plain = not any(member.keys() & {"optional", "default"} for member in pair)
            if plain and [member["name"] for member in element["members"] if member in pair] == ["key", "value"]:
                key = self.type(pair[0], owner, f"{hint}Key", seen)
                if isinstance(key, Bool | Int | String):
                    return Map(key, self.type(pair[1], owner, f"{hint}Value", seen))
        return List(self.type(element, owner, hint, seen), least, most)

    def integer(self, type: Any) -> Int:
        if "restricted-to" not in type:
            self.notes.add("an INTEGER without bounds has 64 bits", self.owner)
        low, high = self.range(type.get("restricted-to"))
        if low is not None and low >= 0 and high is None:
            high = WIDTHS[-1].upper
        low = WIDTHS[-2].lower if low is None else low
        high = WIDTHS[-2].upper if high is None else high
        if made := fitting(low, high):
            return made
        raise self.error(f"INTEGER ({low}..{high}), beyond 64 bits")

    def bounds(self, type: Any) -> tuple[int, int | None]:
        least, most = self.range(type.get("size"))
        return least or 0, most

    def range(self, parts: Any) -> tuple[int | None, int | None]:
        """The least and the greatest value of a constraint, None for no bound."""
        ends = [part if isinstance(part, tuple) else (part, part) for part in parts or () if part is not None]
        lows, highs = [self.number(low) for low, _ in ends], [self.number(high) for _, high in ends]
        least = None if not lows or None in lows else min(low for low in lows if low is not None)
        most = None if not highs or None in highs else max(high for high in highs if high is not None)
        return least, most

    def number(self, end: Any) -> int | None:
        if isinstance(end, int):
            return end
        if end in ("MIN", "MAX"):
            return None
        value = self.values.get(end, {}).get("value")
        if not isinstance(value, int):
            raise self.error(f"the bound {end}")
        return value

    def error(self, what: str, says: str = "serbench does not have ") -> SchemaError:
        found = re.search(rf"^[^\S\n]*{re.escape(self.owner)}\s*::=", self.text, re.MULTILINE)
        line = self.text.count("\n", 0, found.start()) + 1 if found else 0
        return SchemaError(f"{self.owner}: {says}{what}", source=self.source, line=line)


def _plain(name: str) -> str:
    return name.replace("-", "_")


def _uses(type: Any) -> Iterator[str]:
    """The names of the types that a definition needs."""
    if isinstance(type, dict):
        yield from (name for key in ("type", "components-of") if isinstance(name := type.get(key), str))
        for key in ("members", "element"):
            yield from _uses(type.get(key))
    elif isinstance(type, list):
        for part in type:
            yield from _uses(part)
