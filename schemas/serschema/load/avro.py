"""Avro schemas (.avsc) to the model (Avro 1.12 specification, "Schema Declaration", "Logical Types").

    int, long, float...    Int(32), Int(64), Float(32), Float(64), String, Bytes, Bool
    null                   the record `Null` without fields
    fixed                  Bytes of that length
    array, map             List, Map with strings for keys
    enum, record, error    Enum numbered from 0, Record
    [null, T]              an optional field, whichever stands first; elsewhere a union with the alternative `null`
    [T, U...]              Union; its alternatives have the names that Avro's JSON encoding tags them with
    decimal, uuid          Decimal, Uuid
    timestamp-millis       Timestamp, as timestamp-micros
    other logical types    what they are written as

A type's name is without its namespace where that is unique. The definition of a type that the file lacks is looked for
in the file `FULL.NAME.avsc` beside it and in the folders `include`. Left out are defaults (but null), aliases, and the
logical types that the model does not have; `Schema.notes` tells. The attribute `serbench`, which `serschema.idl.avro`
writes, is heeded.
"""

import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from serschema.errors import SchemaError
from serschema.idl.avro import ATTRIBUTE
from serschema.load.json_text import Array, Node, Object, failure, read
from serschema.load.naming import Notes, TypeNames, identifier, listed, member_names, type_name, unique
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
    is_identifier,
)

PRIMITIVES: dict[str, Type] = {
    "null": Ref(NULL_TYPE),
    "boolean": Bool(),
    "int": Int(32),
    "long": Int(64),
    "float": Float(32),
    "double": Float(64),
    "bytes": Bytes(),
    "string": String(),
}
RECORDS = ("record", "error")
NAMED = (*RECORDS, "enum", "fixed")

LOGICAL: dict[tuple[str, str], tuple[Type, str]] = {
    ("long", "timestamp-micros"): (Timestamp(), ""),
    ("long", "timestamp-millis"): (Timestamp(), "timestamp-millis has become microseconds"),
    ("string", "uuid"): (Uuid(), ""),
    ("long", "timestamp-nanos"): (Int(64), "timestamp-nanos is finer than serbench's and stays an integer"),
    ("long", "local-timestamp-millis"): (Int(64), "a local time stays an integer: milliseconds since 1970"),
    ("long", "local-timestamp-micros"): (Int(64), "a local time stays an integer: microseconds since 1970"),
    ("long", "local-timestamp-nanos"): (Int(64), "a local time stays an integer: nanoseconds since 1970"),
    ("int", "date"): (Int(32), "date stays an integer: days since 1970-01-01"),
    ("int", "time-millis"): (Int(32), "time-millis stays an integer: milliseconds since midnight"),
    ("long", "time-micros"): (Int(64), "time-micros stays an integer: microseconds since midnight"),
    ("bytes", "big-decimal"): (Bytes(), "big-decimal stays bytes, as its scale is part of the value"),
}
"""By the type and its logical type, what it becomes and what there is to say about that."""

ATTRIBUTES: dict[str, type] = {
    **dict.fromkeys(("bits", "minimum", "maximum", "min_length", "max_length"), int),
    **dict.fromkeys(("signed", "packed"), bool),
    "coding": str,
}
"""What our own attribute may say about a type, and as what."""

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_PLAIN = TypeVar("_PLAIN", bound=Int | String | Bytes | List)


def load(path: Path, *, message: str = "", include: Sequence[Path] = ()) -> Schema:
    """The schema of a record of an .avsc file: the one named (with or without its namespace), or else the outermost.

    Raises `SchemaError` with the place.
    """
    path = Path(path)
    try:
        return _Importer(path, tuple(map(Path, include))).schema(message)
    except RecursionError:
        raise SchemaError("types are nested too deeply in one another", source=str(path)) from None


@dataclass(frozen=True)
class _Definition:
    """A named type, by its full name, and the namespace of the names in it."""

    full: str
    node: Object
    namespace: str

    @property
    def short(self) -> str:
        return self.full.rpartition(".")[2]

    def said(self, name: str) -> Any:
        """What our own attribute says."""
        return _said(self.node).get(name)


class _Importer:
    """One file. A named type is converted after the one that refers to it: nothing recurses from type to type."""

    def __init__(self, path: Path, include: Sequence[Path]) -> None:
        self.source = str(path)
        self.folders = (path.parent, *include)
        self.definitions: dict[str, _Definition] = {}
        self.by_node: dict[int, _Definition] = {}
        self.notes = Notes()
        self.names = TypeNames()
        self.given: dict[str, str] = {}  # by full names; those of our own unions have a blank before them
        self.pending: list[Callable[[], Named]] = []
        self.root = read(path)
        self.collect(self.root)

    # Definitions

    def collect(self, root: Any) -> None:
        """Find the named types that are defined in a piece of JSON, in the order of the text."""
        stack: list[tuple[Any, str]] = [(root, "")]
        while stack:
            node, namespace = stack.pop()
            inner: list[Any] = []
            match node:
                case Array():
                    inner = list(node)
                case Object() if (kind := node.get("type")) in NAMED and isinstance(kind, str):
                    namespace = self.define(node, namespace)
                    if kind in RECORDS:
                        inner = [_member(field, "type", (str, dict, list)) for field in _objects(node, "fields")]
                case Object():
                    inner = [node.get("type"), node.get("items"), node.get("values")]
                case _:
                    continue
            stack += [(item, namespace) for item in reversed(inner) if isinstance(item, Object | Array)]

    def define(self, node: Object, namespace: str) -> str:
        """Add a named type; returns the namespace of the names in it."""
        name: str = _member(node, "name", str)
        own: str = node.get("namespace", namespace)
        if not isinstance(own, str):
            raise failure("a namespace is a string", node, "namespace")
        if "." in name:
            own, _, name = name.rpartition(".")
        if not _NAME.fullmatch(name) or not all(_NAME.fullmatch(part) for part in own.split(".") if own):
            raise failure(f"{node['name']!r} is not a name in Avro (letters, digits, _)", node, "name")
        full = f"{own}.{name}" if own else name
        if name in PRIMITIVES:
            raise failure(f"{name} is Avro's own name", node, "name")
        if full in self.definitions:
            earlier = self.definitions[full].node
            raise failure(f"{full} is defined a second time, after {earlier.source}:{earlier.line}", node, "name")
        self.definitions[full] = self.by_node[id(node)] = _Definition(full, node, own)
        self.names.declared.add(name)
        if "aliases" in node:
            self.notes.add("aliases are left out", name)
        return own

    def find(self, name: str, namespace: str, node: Node, key: Any) -> _Definition:
        """The definition that a name means."""
        if name in (*NAMED, "array", "map"):
            raise failure(f'{name} is declared in an object of its own: "type": {{"type": "{name}", ...}}', node, key)
        fulls = [name] if "." in name or not namespace else [f"{namespace}.{name}", name]
        for full in fulls:
            if full in self.definitions:
                return self.definitions[full]
        for full in fulls:
            for folder in self.folders:
                path = folder / f"{full}.avsc"
                if _NAME.fullmatch(full.replace(".", "_")) and path.is_file() and str(path) != self.source:
                    self.collect(read(path))
                    if full in self.definitions:
                        return self.definitions[full]
        shorts = [definition.short for definition in self.definitions.values()]
        near = difflib.get_close_matches(name.rpartition(".")[2], [*PRIMITIVES, *shorts], n=1, cutoff=0.7)
        hint = f"did you mean {near[0]}?" if near else f"it may stand in a file {fulls[0]}.avsc in the same folder"
        message = f"there is no type {name!r}; {hint}"
        raise failure(message, node, key)

    # The root

    def schema(self, message: str) -> Schema:
        root = self.named(message) if message else self.outermost()
        name = self.ref(root).name
        types: list[Named] = []
        for convert in self.pending:  # grows with what the types refer to
            types.append(convert())
        doc = root.said("doc")
        try:
            return Schema(name, tuple(types), doc if isinstance(doc, str) else "", self.notes.lines())
        except SchemaError as error:
            raise SchemaError(str(error), source=self.source) from None

    def records(self) -> dict[str, _Definition]:
        return {
            full: definition
            for full, definition in self.definitions.items()
            if definition.node["type"] in RECORDS and not definition.said("union") and not definition.said("entry")
        }

    def named(self, message: str) -> _Definition:
        records = self.records()
        if message in records:
            return records[message]
        found = [record for record in records.values() if record.short == message]
        if len(found) == 1:
            return found[0]
        known = listed(record.full for record in found or records.values()) or "none"
        which = "which" if found else "there is no"
        raise SchemaError(f"{which} record {message!r}; there are {known}", source=self.source)

    def outermost(self) -> _Definition:
        """The record that the file is, or the only one of its union that no other uses."""
        branches = self.root if isinstance(self.root, Array) else [self.root]
        outer = [record for record in self.records().values() if any(record.node is branch for branch in branches)]
        if not outer:
            raise SchemaError("the file defines no record, which a message has to be", source=self.source)
        if len(outer) > 1:
            used = {use for record in outer for use in self.uses(record)}
            outer = [record for record in outer if record.full not in used] or outer
        if len(outer) > 1:
            names = [record.full for record in outer]
            raise SchemaError(
                f"which record? there are {listed(names)}; say {self.source}:{names[0]}, for instance",
                source=self.source,
            )
        return outer[0]

    def uses(self, record: _Definition) -> set[str]:
        """The full names that a record refers to, itself not."""
        found: set[str] = set()
        stack: list[tuple[Any, str]] = [(record.node, record.namespace)]
        while stack:
            node, namespace = stack.pop()
            match node:
                case str() if node not in PRIMITIVES and node not in (*NAMED, "array", "map"):
                    found |= {node, f"{namespace}.{node}"} - {record.full}
                case Array():
                    stack += [(item, namespace) for item in node]
                case Object():
                    inner = node.get("namespace", namespace)
                    stack += [(field.get("type"), inner) for field in node.get("fields", ()) if isinstance(field, dict)]
                    stack += [(node.get(key), inner) for key in ("type", "items", "values")]
        return found

    # Types

    def ref(self, definition: _Definition) -> Ref:
        """A use of a record or an enum, which is then converted in its turn."""
        if definition.full not in self.given:
            asked = definition.said("name")
            short = type_name(definition.short) if not is_identifier(definition.short) else definition.short
            wanted = [asked] if isinstance(asked, str) else [short, type_name(definition.full)]
            name = self.given[definition.full] = self.names.declare(*wanted)
            convert = self.enum if definition.node["type"] == "enum" else self.record
            self.pending.append(lambda: convert(definition, name))
        return Ref(self.given[definition.full])

    def null(self) -> Ref:
        if "null" not in self.given:
            self.given["null"] = self.names.make(NULL_TYPE, "")
            self.pending.append(lambda: Record(self.given["null"], ()))
        return Ref(self.given["null"])

    def type(self, node: Any, holder: Node, key: Any, namespace: str, hint: str, place: str) -> Type:
        """The type that a member of a node is. `hint` is a name for a union, `place` is for the notes."""
        match node:
            case "null":
                return self.null()
            case str() if node in PRIMITIVES:
                return PRIMITIVES[node]
            case str():
                definition = self.find(node, namespace, holder, key)
                return self.fixed(definition, place) if definition.node["type"] == "fixed" else self.ref(definition)
            case Array():
                return self.union(node, list(enumerate(node)), namespace, hint, place)
            case Object():
                return self.declared(node, namespace, hint, place)
            case _:
                raise failure(f"a type is a name, an object or a list, not {node!r}", holder, key)

    def declared(self, node: Object, namespace: str, hint: str, place: str) -> Type:
        """The type that an object declares."""
        kind = _member(node, "type", (str, dict, list))
        if kind in NAMED and isinstance(kind, str):
            definition = self.by_node[id(node)]
            return self.fixed(definition, place) if kind == "fixed" else self.ref(definition)
        if kind == "array":
            _member(node, "items", (str, dict, list))
            if entry := self.entry(node["items"], node, namespace):
                return Map(*(self.member_type(field, entry, hint, place)[0] for field in entry.node["fields"]))
            item = self.type(node["items"], node, "items", namespace, hint, place)
            return _extended(List(item), node)
        if kind == "map":
            _member(node, "values", (str, dict, list))
            value = self.type(node["values"], node, "values", namespace, hint, place)
            return Map(_extended(String(), node), value)
        plain = self.type(kind, node, "type", namespace, hint, place)
        if "logicalType" in node and isinstance(kind, str):
            plain = self.logical(node, kind, plain, place)
        match plain:
            case Decimal() if "bits" in _said(node):
                return _extended(Int(8), node)
            case Int() | String() | Bytes():
                return _extended(plain, node)
            case _:
                return plain

    def logical(self, node: Object, kind: str, plain: Type, place: str) -> Type:
        """A logical type; one that is invalid or unknown is ignored, as the specification has it."""
        logical = node["logicalType"]
        if logical == "decimal" and isinstance(plain, Bytes):
            return self.decimal(node, plain, place)
        if logical == "uuid" and plain == Bytes(16, 16):
            return Uuid()
        if not isinstance(logical, str) or (kind, logical) not in LOGICAL:
            self.notes.add(f"logical type {logical!r} of {kind} is ignored", place)
            return plain
        made, note = LOGICAL[kind, logical]
        if note:
            self.notes.add(note, place)
        return made

    def decimal(self, node: Object, plain: Bytes, place: str) -> Type:
        precision, scale = node.get("precision"), node.get("scale", 0)
        if type(precision) is not int or type(scale) is not int or not 0 <= scale <= precision or precision < 1:
            self.notes.add("a decimal without a valid precision and scale is the bytes that it is written as", place)
            return plain
        if precision > 1000:
            raise failure(f"a decimal of {precision} digits: serbench has at most 1000", node, "precision")
        if plain.max_length is not None:
            self.notes.add("a decimal of fixed length has as many octets as its value needs", place)
        return Decimal(precision, scale)

    def fixed(self, definition: _Definition, place: str) -> Type:
        size = _member(definition.node, "size", int)
        if size < 0:
            raise failure(f"a length of {size}", definition.node, "size")
        plain = Bytes(size, size)
        if "logicalType" not in definition.node:
            return plain
        if definition.node["logicalType"] == "duration" and size == 12:
            self.notes.add("duration stays bytes: months, days, milliseconds in 4 octets each", place)
            return plain
        return self.logical(definition.node, "fixed", plain, place)

    def entry(self, items: Any, node: Object, namespace: str) -> _Definition | None:
        """The record of our own that stands for the entries of a map without strings for keys."""
        if isinstance(items, str) and items not in PRIMITIVES:
            definition: _Definition | None = self.find(items, namespace, node, "items")
        else:
            definition = self.by_node.get(id(items))
        if definition is None or not definition.said("entry"):
            return None
        if len(_objects(definition.node, "fields")) != 2:
            raise failure("an entry of a map has two fields", definition.node, "fields")
        return definition

    # Unions

    def union(self, node: Array, branches: list[tuple[int, Any]], namespace: str, hint: str, place: str) -> Type:
        """Some branches of a union, by their position: all of them, or those that are not null."""
        if not branches:
            raise failure("a union without branches has no value", node)
        if own := self.own_union(node, branches, namespace):
            return own
        if len(branches) == 1:
            [(position, branch)] = branches
            return self.type(branch, node, position, namespace, hint, place)
        owner, _, field = place.rpartition(".")
        name = self.names.make(hint or type_name(field), type_name(owner))
        alternatives: dict[str, Field] = {}
        self.pending.append(lambda: Union(name, tuple(alternatives.values())))
        for number, (position, branch) in enumerate(branches, 1):
            if isinstance(branch, Array):
                raise failure("a union stands immediately in a union", node, position)
            tag = self.tag(branch, node, position, namespace)
            if tag in alternatives:
                raise failure(f"the union has {tag} twice", node, position)
            taken = [field.name for field in alternatives.values()]
            short = unique(identifier(tag.rpartition(".")[2]) or f"branch{number}", taken)
            type_ = self.type(branch, node, position, namespace, name + type_name(short), place)
            alternatives[tag] = Field(short, number, type_, key=tag)
        return Ref(name)

    def tag(self, branch: Any, node: Array, position: int, namespace: str) -> str:
        """What Avro's JSON encoding calls a branch: the full name of a named type, else the name of the type."""
        if isinstance(branch, Object):
            kind = _member(branch, "type", (str, dict, list))
            if kind in NAMED and isinstance(kind, str):
                return self.by_node[id(branch)].full
            return self.tag(kind, node, position, namespace)
        if not isinstance(branch, str):
            raise failure(f"a branch of a union is a name or an object, not {branch!r}", node, position)
        if branch in PRIMITIVES or branch in ("array", "map"):
            return branch
        return self.find(branch, namespace, node, position).full

    def own_union(self, node: Array, branches: list[tuple[int, Any]], namespace: str) -> Ref | None:
        """The union that the records of one field stand for, if they are our own."""
        found: list[_Definition] = []
        for position, branch in branches:
            if isinstance(branch, str) and branch not in PRIMITIVES:
                found.append(self.find(branch, namespace, node, position))
            elif id(branch) in self.by_node:
                found.append(self.by_node[id(branch)])
        name = found[0].said("union") if len(found) == len(branches) else None
        if not isinstance(name, str) or any(definition.said("union") != name for definition in found):
            return None
        if f" {name}" not in self.given:
            self.given[f" {name}"] = self.names.declare(name)
            self.pending.append(lambda: self.alternatives(self.given[f" {name}"], found))
        return Ref(self.given[f" {name}"])

    def alternatives(self, name: str, found: list[_Definition]) -> Union:
        members: list[Field] = []
        for definition in found:
            if len(declared := _objects(definition.node, "fields")) != 1:
                raise failure("an alternative has one field", definition.node, "fields")
            members.append(self.field(declared[0], definition, name, 1, _member(declared[0], "name", str)))
        doc = next((doc for definition in found if isinstance(doc := definition.said("union_doc"), str)), "")
        return Union(name, tuple(members), doc)

    # Named types

    def enum(self, definition: _Definition, name: str) -> Enum:
        symbols = _member(definition.node, "symbols", list)
        for position, symbol in enumerate(symbols):
            if not isinstance(symbol, str) or not is_identifier(symbol):
                raise failure(f"{symbol!r} cannot be a symbol in every language (a letter, then letters, digits, _)",
                     symbols, position)  # fmt: skip
        if "default" in definition.node:
            self.notes.add("a default is left out", name)
        numbers = definition.said("numbers")
        if not isinstance(numbers, list) or len(numbers) != len(symbols) or any(type(n) is not int for n in numbers):
            numbers = list(range(len(symbols)))
        return Enum(name, tuple(zip(symbols, numbers, strict=True)), _doc(definition.node))

    def record(self, definition: _Definition, name: str) -> Record:
        declared = _objects(definition.node, "fields")
        for node in declared:
            if not _NAME.fullmatch(_member(node, "name", str)):
                raise failure(f"{node['name']!r} is not a name in Avro (letters, digits, _)", node, "name")
        names = member_names(node["name"] for node in declared)
        members = (self.field(node, definition, name, i, names[node["name"]]) for i, node in enumerate(declared, 1))
        return Record(name, tuple(members), _doc(definition.node))

    def field(self, node: Object, definition: _Definition, owner: str, position: int, name: str) -> Field:
        place = f"{owner}.{node['name']}"
        type_, optional = self.member_type(node, definition, type_name(name), place)
        if "default" in node and not (optional and node["default"] is None):
            self.notes.add("a default is left out", place)
        if "aliases" in node:
            self.notes.add("aliases are left out", place)
        said = _said(node)
        number, key = said.get("number", position), said.get("key", node["name"])
        if type(number) is not int or not isinstance(key, str):
            raise failure("a field's number is an integer and its key a string", node, ATTRIBUTE)
        return Field(name, number, type_, optional, key, _doc(node))

    def member_type(self, node: Object, definition: _Definition, hint: str, place: str) -> tuple[Type, bool]:
        """The type of a field, and whether it is optional: a union with null is."""
        declared = _member(node, "type", (str, dict, list))
        if isinstance(declared, Object) and isinstance(declared.get("type"), Array):
            declared = declared["type"]
        if isinstance(declared, Array):
            rest = [(position, branch) for position, branch in enumerate(declared) if not _is_null(branch)]
            if rest and len(rest) < len(declared):
                return self.union(declared, rest, definition.namespace, hint, place), True
        return self.type(declared, node, "type", definition.namespace, hint, place), False


def _is_null(branch: Any) -> bool:
    return branch == "null" or (isinstance(branch, Object) and branch.get("type") == "null")


def _member(node: Object, key: str, kind: type | tuple[type, ...]) -> Any:
    """A member that there has to be, of a type."""
    if key not in node:
        named = node["type"] if isinstance(node.get("type"), str) else ""
        raise failure(f"{key!r} is missing{f': {named} needs it' if named else ''}", node)
    if not isinstance(node[key], kind) or isinstance(node[key], bool):
        raise failure(f"{key!r} cannot be {node[key]!r}"[:200], node, key)
    return node[key]


def _objects(node: Object, key: str) -> list[Object]:
    """A member that is a list of objects."""
    items = _member(node, key, list)
    for position, item in enumerate(items):
        if not isinstance(item, Object):
            raise failure(f"{item!r} in {key!r} is no object"[:200], items, position)
    return list(items)


def _doc(node: Object) -> str:
    doc = node.get("doc", "")
    return doc if isinstance(doc, str) else ""


def _said(node: Object) -> dict[str, Any]:
    """Our own attribute."""
    said = node.get(ATTRIBUTE)
    return said if isinstance(said, dict) else {}


def _extended(plain: _PLAIN, node: Object) -> _PLAIN:
    """A type with what our own attribute says about it."""
    said = _said(node)
    for name, value in said.items():
        if name not in ATTRIBUTES or not hasattr(plain, name) or type(value) is not ATTRIBUTES[name]:
            raise failure(f"the attribute {ATTRIBUTE} cannot say {name!r} here", node, ATTRIBUTE)
    if said.get("bits", 8) not in (8, 16, 32, 64) or said.get("coding", "plain") not in ("plain", "zigzag", "fixed"):
        raise failure(f"the attribute {ATTRIBUTE} has an integer that serbench has not", node, ATTRIBUTE)
    return replace(plain, **said)
