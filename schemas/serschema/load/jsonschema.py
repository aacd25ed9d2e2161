"""JSON Schema (draft 2020-12, and 4 to 7 where they are the same) to the model.

    boolean, null          Bool, the record `Null` without fields
    integer                Int of the `format` (int32, uint8...), else the narrowest for its bounds, else of 64 bits
    number                 Float(64), or 32 with the format float
    string                 String; Timestamp (date-time), Uuid (uuid), Bytes (contentEncoding base64, format byte),
                           Decimal (the pattern of an optional sign, digits and a fixed number of decimals)
    enum, const            Enum numbered from 0; strings that are no identifiers stay String, integers a range of Int
    array                  List; `prefixItems` that are all alike are one of fixed length
    object                 Record; Map where there are `additionalProperties` (or one of `patternProperties`) only
    oneOf, anyOf           an optional field (T or null); Enum (of constants); Union where each alternative is an object
                           of one property, its tag; Union where the alternatives are of different kinds of JSON, called
                           after those as in `serschema.load.infer`. So are several types in `type`.
    allOf, $ref            allOf is merged; a reference leads to a place, an anchor or an $id, or to another file

A property that is not required is optional, and so is one that may be null. A root that is no object becomes the one
field `value` of a record. The keyword `x-serbench`, which `serschema.idl.jsonschema` writes, is heeded. What only
restricts (pattern, uniqueItems, not...) is left out, which `Schema.notes` tells; what says something of the data that
the model cannot is a `SchemaError`.
"""

import difflib
import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urljoin

from serschema.errors import SchemaError
from serschema.idl import attribute
from serschema.idl.jsonschema import KEYWORD, WITH_EXPONENT, bare
from serschema.load.json_text import Array, Node, Object, failure, read
from serschema.load.naming import Notes, TypeNames, listed, member_names, type_name
from serschema.mapping import NULL_TYPE, ROOT_FIELD
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

KINDS = ("null", "boolean", "integer", "number", "string", "array", "object")
PYTHON = {type(None): "null", bool: "boolean", int: "integer", float: "number", str: "string", Array: "array"}

IMPLIED = {
    **dict.fromkeys(("properties", "additionalProperties", "patternProperties", "propertyNames", "required"), "object"),
    **dict.fromkeys(("items", "prefixItems", "minItems", "maxItems"), "array"),
    **dict.fromkeys(("contentEncoding", "maxLength"), "string"),
}
"""The kind that a keyword is about, for schemas that do not say their type."""

WIDTHS = {f"{sign}int{bits}": Int(bits, not sign) for sign in ("", "u") for bits in (8, 16, 32, 64)}
FORMATS: dict[str, Type] = {"date-time": Timestamp(), "uuid": Uuid()}

_SILENT = """
title description $comment examples example deprecated readOnly writeOnly $schema $id id $anchor $defs definitions
$vocabulary discriminator
"""
_HEEDED = """
type enum const $ref allOf anyOf oneOf properties required additionalProperties patternProperties propertyNames
unevaluatedProperties items prefixItems additionalItems unevaluatedItems minItems maxItems minimum maximum
exclusiveMinimum exclusiveMaximum maxLength format contentEncoding
"""
_LEFT_OUT = """
pattern minLength multipleOf uniqueItems contains minContains maxContains minProperties maxProperties not
dependentRequired dependencies contentMediaType default
"""
ANNOTATIONS = frozenset(_SILENT.split())
"""Keywords that say nothing about the data."""
SHAPING = frozenset(_HEEDED.split())
"""Keywords that the importer heeds."""
RESTRICTING = frozenset(_LEFT_OUT.split())
"""Keywords that can be left out: every value that they allow still fits."""
REFUSED = frozenset(("if", "then", "else", "dependentSchemas", "$dynamicRef", "$recursiveRef", "contentSchema"))

DECIMAL = re.compile(r"\^-\?(?:\[0-9\]|\\d)\{1,([0-9]{1,4})\}(?:\\\.(?:\[0-9\]|\\d)\{([0-9]{1,4})\})?\$")
INTEGER_KEYS = "^(0|-?[1-9][0-9]*)$"


def load(path: Path, *, message: str = "", include: Sequence[Path] = ()) -> Schema:
    """The schema that a file describes, or one of its definitions. Raises `SchemaError` with the place."""
    path = Path(path)
    return convert(read(path), str(path), message=message, include=tuple(map(Path, include)))


def convert(
    document: Any, source: str, *, message: str = "", include: Sequence[Path] = (), by_name: bool = False
) -> Schema:
    """The same of JSON that has been read (with `json_text`).

    `by_name`: alternatives that are all objects may be a Union called after them, though the data does not say which.
    """
    try:
        return _Importer(document, source, include, by_name).schema(message)
    except RecursionError:
        raise SchemaError("nested too deeply, or a list or a map is one of itself", source=source) from None


def narrowest(low: int | None, high: int | None) -> Int | None:
    """The narrowest integer type for bounds; one of 64 bits where an end is open. None if there is none."""
    widths = sorted(WIDTHS.values(), key=lambda width: (width.bits, width.signed))
    if low is None or high is None:
        widths = [Int(64), Int(64, False)]
    for width in widths:
        least, most = width.lower if low is None else low, width.upper if high is None else high
        if width.lower <= least <= most <= width.upper:
            return Int(width.bits, width.signed, _unless(least, width.lower), _unless(most, width.upper))
    return None


@dataclass(frozen=True)
class _Place:
    """Where a type is used: in which type, as which member; and the name of its definition, if it has one."""

    owner: str
    member: str
    definition: str = ""

    def __str__(self) -> str:
        return f"{self.owner}.{self.member}" if self.member else self.owner


@dataclass(frozen=True)
class _Choice:
    """What a value may be: one kind of JSON as a schema describes it."""

    kind: str
    node: Object
    definition: str


@dataclass(frozen=True)
class _Found:
    """A type, and whether null may stand in its place."""

    type: Type
    nullable: bool


class _Importer:
    """One file and those it refers to. Named types are converted in their turn: nothing recurses from type to type."""

    def __init__(self, document: Any, source: str, include: Sequence[Path], by_name: bool) -> None:
        self.source = source
        self.include = include
        self.by_name = by_name
        self.notes = Notes()
        self.names = TypeNames()
        self.documents: dict[str, Any] = {}
        self.targets: dict[str, Object] = {}  # what has an $id or an anchor
        self.bases: dict[int, str] = {}
        self.merged: dict[int, Object] = {}
        self.refs: dict[tuple[int, str], Ref] = {}
        self.pending: list[Callable[[], Named]] = []
        self.kept: list[Object] = []  # what was made by merging, so that no id is used again
        self.surveyed: set[int] = set()
        self.document = document
        self.add(document, source)

    def add(self, document: Any, source: str) -> None:
        """Index a file."""
        self.documents[source] = document
        stack: list[tuple[Any, str]] = [(document, source)]
        while stack:
            node, base = stack.pop()
            match node:
                case Array():
                    stack += [(item, base) for item in node]
                case Object():
                    own = node.get("$id", node.get("id"))
                    if isinstance(own, str):
                        base = _join(base, own, node)
                        self.targets[base.rstrip("#")] = node
                    if isinstance(anchor := node.get("$anchor"), str):
                        self.targets[f"{base}#{anchor}"] = node
                    self.bases[id(node)] = base
                    stack += [(item, base) for item in node.values()]
        for key in ("$defs", "definitions"):
            if isinstance(document, Object) and isinstance(document.get(key), Object):
                self.names.declared |= set(map(_definition_name, document[key]))

    # The root

    def schema(self, message: str) -> Schema:
        node, name, doc = self.root(message)
        found = self.find(node, _Place(name, "", name), self.document, "$ref")
        if found.nullable:
            self.notes.add("null is no message", name)
        types: list[Named] = []
        for make in self.pending:  # grows with what the types refer to
            types.append(make())
        root = found.type.name if isinstance(found.type, Ref) else name
        if not any(isinstance(type_, Record) and type_.name == root for type_ in types):
            root = self.names.make(f"{root}Message" if isinstance(found.type, Ref) else root, "")
            self.notes.add(f"the root is no object, and so the field {ROOT_FIELD!r} of a record", root)
            types.insert(0, Record(root, (Field(ROOT_FIELD, 1, found.type),)))
        try:
            return Schema(root, tuple(types), doc, self.notes.lines())
        except SchemaError as error:
            raise SchemaError(str(error), source=self.source) from None

    def root(self, message: str) -> tuple[Object, str, str]:
        """The schema of a message, its name, and the doc of the whole."""
        document = self.document
        if not isinstance(document, Object):
            raise SchemaError("a JSON Schema is an object", source=self.source)
        if message:
            definitions: dict[str, Any] = {}
            for key in ("definitions", "$defs"):
                held = document.get(key)
                definitions |= held if isinstance(held, Object) else {}
            if not isinstance(definitions.get(message), Object):
                near = difflib.get_close_matches(message, definitions, n=3, cutoff=0.5)
                hint = f"did you mean {' or '.join(near)}?" if near else f"there are {listed(definitions) or 'none'}"
                raise SchemaError(f"there is no definition {message!r}; {hint}", source=self.source)
            return definitions[message], _definition_name(message), _text(document, "description")
        if not any(key in SHAPING for key in document):
            known = document.get("$defs", document.get("definitions"))
            hint = ""
            if isinstance(known, Object) and known:
                hint = f"; it defines {listed(known)}: say {self.source}:{next(iter(known))}, for instance"
            raise failure(f"the schema allows anything{hint}", document)
        stem = Path(self.source).name.partition(".")[0]
        name = type_name(_text(document, "title")) or type_name(stem) or "Message"
        return document, name, _text(document, "description")

    # References

    def follow(self, node: Any, holder: Node, key: Any, definition: str = "") -> tuple[Object, str]:
        """The schema behind references and allOf, and the name of the last definition on the way."""
        seen: set[int] = set()
        while True:
            if node is True or (isinstance(node, Object) and not any(key in SHAPING | REFUSED for key in node)):
                raise failure(f"{_shown(key)} may be anything: serbench needs a type", holder, key)
            if node is False:
                raise failure(f"{_shown(key)} can have no value", holder, key)
            if not isinstance(node, Object):
                raise failure(f"a schema is an object, not {node!r}"[:200], holder, key)
            if id(node) in seen:
                raise failure("a reference that leads to itself", node, "$ref")
            seen.add(id(node))
            if "$ref" in node and not any(key in SHAPING - {"$ref"} for key in node):
                holder, key = node, "$ref"
                node, definition = self.target(node)
            elif "$ref" in node or "allOf" in node:
                parts = self.parts(node)
                if len(parts) == 1 and not any(key in SHAPING - {"allOf", "$ref"} for key in node):
                    holder, key, node = node, "allOf", parts[0]
                else:
                    return self.merge(node, parts), definition
            else:
                return node, definition

    def target(self, node: Object) -> tuple[Any, str]:
        """What a $ref means, and its name."""
        ref = node["$ref"]
        if not isinstance(ref, str):
            raise failure("a $ref is a string", node, "$ref")
        url, _, fragment = ref.partition("#")
        base = self.bases.get(id(node), "")
        source = node.source
        for full in (_join(base, ref, node), ref):
            if full in self.targets:
                return self.targets[full], ref.rpartition("#")[2].rpartition("/")[2].partition(".")[0]
        document = self.documents[source]
        if url:
            whole = self.targets.get(_join(base, url, node))
            document = whole if whole is not None else self.other(url, node)
        if fragment.startswith("/"):
            for step in fragment[1:].split("/"):
                step = unquote(step).replace("~1", "/").replace("~0", "~")
                if isinstance(document, Array) and step.isdecimal() and int(step) < len(document):
                    document = document[int(step)]
                elif isinstance(document, Object) and step in document:
                    document = document[step]
                else:
                    raise failure(f"there is nothing at {ref!r}", node, "$ref")
        elif fragment:
            raise failure(f"there is no anchor {ref!r}", node, "$ref")
        name = fragment.rpartition("/")[2] or Path(url).name.partition(".")[0]
        return document, unquote(name)

    def other(self, url: str, node: Object) -> Any:
        """Another file, relative to the one that refers to it."""
        if "://" in url:
            raise failure(f"{url} is not fetched: save it beside this file and refer to it by its name", node, "$ref")
        for folder in (Path(node.source).parent, *self.include):
            path = folder / unquote(url)
            if path.is_file():
                if str(path) not in self.documents:
                    self.add(read(path), str(path))
                return self.documents[str(path)]
        raise failure(f"there is no file {url}", node, "$ref")

    # allOf

    def parts(self, node: Object) -> list[Any]:
        """What stands in allOf, and what $ref beside other keywords refers to."""
        parts = list(_list(node, "allOf")) if "allOf" in node else []
        if "$ref" in node:
            bare = Object(node.source, node.line)
            _set(bare, "$ref", node["$ref"], node)
            self.bases[id(bare)] = self.bases.get(id(node), "")
            self.kept.append(bare)
            parts.insert(0, bare)
        return parts

    def merge(self, node: Object, parts: list[Any]) -> Object:
        """One schema for all of some."""
        if id(node) in self.merged:
            return self.merged[id(node)]
        made = Object(node.source, node.line)
        self.merged[id(node)] = made  # a part that leads here again then finds what is there so far
        self.bases[id(made)] = self.bases.get(id(node), "")
        own = Object(node.source, node.line)
        for key, value in node.items():
            if key not in ("allOf", "$ref"):
                _set(own, key, value, node)
        for part in [own, *(self.follow(part, node, "allOf")[0] for part in parts)]:
            for key, value in part.items():
                self.merge_keyword(made, key, value, part)
        return made

    def merge_keyword(self, made: Object, key: str, value: Any, part: Object) -> None:
        if key not in made or made[key] == value:
            _set(made, key, value, part)
        elif key == "properties" and isinstance(value, Object) and isinstance(made[key], Object):
            both = Object(made.source, made.lines.get(key, made.line))
            for name, held in made[key].items():
                _set(both, name, held, made[key])
            for name, held in value.items():
                if name not in both:
                    _set(both, name, held, value)
                elif both[name] != held:
                    raise failure(f"the property {name!r} is described twice in allOf", value, name)
            made[key] = both
        elif key == "required" and isinstance(value, Array):
            made[key] = _array([*made[key], *value], made)
        elif key in ("additionalProperties", "unevaluatedProperties") and isinstance(value, bool):
            pass  # each part sees its own properties only
        elif key in SHAPING:
            raise failure(f"allOf says two things about {key!r}", part, key)

    # Types

    def find(self, node: Any, place: _Place, holder: Node, key: Any) -> _Found:
        """The type of a schema, which is the member `key` of a node."""
        schema, definition = self.follow(node, holder, key, place.definition)
        place = replace(place, definition=definition)
        alternatives = self.alternatives(schema)
        rest = [held for held in alternatives if not self.is_null(*held)]
        if len(rest) == 1 and (len(alternatives) == 2 or "$ref" in rest[0][2]):
            self.survey(schema, place)
            array, i, item = rest[0]
            inner = self.find(item, place, array, i)
            return _Found(inner.type, inner.nullable or len(alternatives) == 2)
        choices = self.choices(schema, place)
        some = [choice for choice in choices if choice.kind != "null"]
        nullable = len(some) < len(choices)
        if not some:
            return _Found(self.null(), False)
        if (tagged := self.tagged(schema, rest, place)) is not None:
            return _Found(tagged, nullable)
        if len(some) == 1:
            return _Found(self.of_kind(some[0], place), nullable)
        return _Found(self.several(schema, some, place), nullable)

    def is_null(self, holder: Array, key: int, node: Any) -> bool:
        return self.kinds_of(self.follow(node, holder, key)[0]) == ["null"]

    def item(self, node: Any, place: _Place, holder: Node, key: Any) -> Type:
        """The type of a schema where nothing can be absent, so that null is a value."""
        found = self.find(node, place, holder, key)
        if not found.nullable:
            return found.type
        schema, definition = self.follow(node, holder, key, place.definition)
        place = replace(place, definition=definition)
        choices = self.choices(schema, place)
        kinds = {choice.kind for choice in choices} - {"null"}
        if len(kinds) > 1:
            return self.several(schema, choices, place)
        members = (Field("null", 1, self.null()), Field(kinds.pop(), 2, found.type))
        return self.define(schema, "null", replace(place, definition=""), lambda name: Union(name, members))

    def choices(self, schema: Object, place: _Place) -> list[_Choice]:
        """The kinds of JSON that a schema allows, each with the schema that describes it, in their order; null once."""
        found: dict[tuple[str, int], _Choice] = {}
        seen: set[int] = set()
        stack = [(schema, place.definition)]
        while stack:
            node, definition = stack.pop()
            if id(node) in seen:
                continue
            seen.add(id(node))
            self.survey(node, place)
            if alternatives := self.alternatives(node):
                stack += reversed([self.follow(item, held, i) for held, i, item in alternatives])
                continue
            for kind in self.kinds(node):
                found.setdefault((kind, 0 if kind == "null" else id(node)), _Choice(kind, node, definition))
        return list(found.values())

    def kinds_of(self, node: Object) -> list[str]:
        return [] if self.alternatives(node) else self.kinds(node)

    def alternatives(self, node: Object) -> list[tuple[Array, int, Any]]:
        """What stands in oneOf or anyOf, unless that only restricts what stands beside it."""
        keys = [key for key in ("oneOf", "anyOf") if key in node]
        if not keys:
            return []
        held = _list(node, keys[0])
        beside = [key for key in node if key in SHAPING - {"oneOf", "anyOf", "type"}]
        only = all(isinstance(item, Object) and set(item) <= {"required", *ANNOTATIONS} for item in held)
        if only and beside:
            self.notes.add("required in oneOf or anyOf is not checked", f"{node.source}:{node.line}")
            return []
        if beside or len(keys) == 2:
            other = beside[0] if beside else keys[1]
            raise failure(f"{keys[0]} beside {other!r} is more than serbench can tell apart", node, keys[0])
        if not held:
            raise failure(f"{keys[0]} without alternatives has no value", node, keys[0])
        return [(held, i, item) for i, item in enumerate(held)]

    def kinds(self, node: Object) -> list[str]:
        """The kinds of JSON that a schema without alternatives allows."""
        if "const" in node or "enum" in node:
            values = [node["const"]] if "const" in node else _list(node, "enum")
            kinds = list(dict.fromkeys(PYTHON.get(type(value), "object") for value in values))
            if kinds and not {"array", "object"} & set(kinds):
                return ["number"] if set(kinds) == {"integer", "number"} else kinds
            raise failure("an enum of strings, numbers or truth values, and not of lists, objects or nothing is what "
                          "serbench can carry", node, "enum" if "enum" in node else "const")  # fmt: skip
        said = node.get("type")
        if said is None:
            implied = list(dict.fromkeys(kind for key, kind in IMPLIED.items() if key in node))
            if len(implied) != 1:
                raise failure("the schema says no type", node)
            return implied
        kinds = [said] if isinstance(said, str) else list(said) if isinstance(said, Array) else []
        if not kinds or not all(kind in KINDS for kind in kinds):
            raise failure(f"there is no type {said!r} in JSON Schema", node, "type")
        if "number" in kinds and "integer" in kinds:
            kinds.remove("integer")
        return kinds

    def survey(self, node: Object, place: _Place) -> None:
        """Tell once what a schema says that is left out, and refuse what cannot be."""
        if id(node) in self.surveyed:
            return
        self.surveyed.add(id(node))
        for key in node:
            if key in REFUSED:
                raise failure(f"{key!r} is more than serbench can tell", node, key)
            if key in RESTRICTING and not (key == "pattern" and self.is_decimal(node)) and not _is_empty(key, node):
                encoded = key == "minLength" and "contentEncoding" in node
                if not encoded:
                    self.notes.add(f"{key} is left out", str(place))
            elif key not in ANNOTATIONS | SHAPING | RESTRICTING and not key.startswith("x-"):
                self.notes.add(f"{key!r} is no keyword that serbench knows and left out", str(place))

    def null(self) -> Ref:
        key = (0, "null")
        if key not in self.refs:
            name = self.names.make(NULL_TYPE, "")
            self.refs[key] = Ref(name)
            self.pending.append(lambda: Record(name, ()))
        return self.refs[key]

    def define(self, node: Object, purpose: str, place: _Place, make: Callable[[str], Named], prefer: str = "") -> Ref:
        """A use of the named type that a schema stands for, which is made in its turn."""
        key = (id(node), purpose)
        if key not in self.refs:
            self.kept.append(node)
            if place.definition:
                name = self.names.declare(_definition_name(place.definition))
            else:
                name = self.names.make(prefer or type_name(place.member) or type_name(place.owner), place.owner)
            self.refs[key] = Ref(name)
            self.pending.append(lambda: make(name))
        return self.refs[key]

    # Unions

    def tagged(self, schema: Object, alternatives: list[tuple[Array, int, Any]], place: _Place) -> Ref | None:
        """The union of alternatives that are objects of one required property each, all different."""
        members: dict[str, Object] = {}
        for held, i, item in [] if self.by_name else alternatives:
            alternative, _ = self.follow(item, held, i)
            properties = alternative.get("properties")
            if not isinstance(properties, Object) or len(properties) != 1 or alternative.get("additionalProperties"):
                return None
            [name] = properties
            if alternative.get("required") != [name] or name in members:
                return None
            members[name] = properties
        if not members:
            return None

        def make(name: str) -> Union:
            names = member_names(members)
            fields = (
                self.alternative(name, names[tag], number, tag, properties)
                for number, (tag, properties) in enumerate(members.items(), 1)
            )
            return Union(name, tuple(fields), _text(schema, "description") if place.definition else "")

        return self.define(schema, "tagged", place, make)

    def alternative(self, owner: str, name: str, number: int, key: str, properties: Object) -> Field:
        type_ = self.item(properties[key], _Place(owner, name), properties, key)
        return self.annotated(Field(name, number, type_, key=key, doc=_doc(properties[key])), properties)

    def annotated(self, field: Field, properties: Object) -> Field:
        """The field with what our own keyword says about it."""
        try:
            return attribute.field(field, _said(properties[field.key]), bare)
        except attribute.Unfit as unfit:
            raise failure(f"{field.key}: {KEYWORD}: {unfit}"[:200], properties, field.key) from None

    def several(self, node: Object, choices: list[_Choice], place: _Place) -> Type:
        """The type of what may be of several kinds, or of one kind described several times."""
        if len({choice.kind for choice in choices}) == len(choices):
            return self.by_kind(node, choices, place)
        if all(choice.kind == "string" and _constants(choice.node) for choice in choices):
            constants = [symbol for choice in choices for symbol in _constants(choice.node)]
            return self.enum(node, list(dict.fromkeys(constants)), place)
        if all(choice.kind == "object" for choice in choices) and self.by_name:
            names = [choice.definition or _text(choice.node, "title") for choice in choices]
            if all(names) and len(set(names)) == len(names):
                return self.objects(node, choices, names, place)
        types = [self.of_kind(choice, place) for choice in choices] if _all_scalars(choices) else []
        if types and all(type_ == types[0] for type_ in types):
            return types[0]
        key = next((key for key in ("oneOf", "anyOf", "type") if key in node), None)
        kinds = ", ".join(choice.kind for choice in choices)
        raise failure(
            f"alternatives ({kinds}) that only their content tells apart: serbench carries a choice where each is an "
            "object of one required property, its tag",
            node,
            key,
        )

    def by_kind(self, node: Object, choices: list[_Choice], place: _Place) -> Ref:
        """A union that its alternatives' kinds of JSON tell apart."""

        def make(name: str) -> Union:
            members = (
                Field(
                    c.kind,
                    number,
                    self.null() if c.kind == "null" else self.of_kind(c, _Place(name, c.kind, c.definition)),
                )
                for number, c in enumerate(choices, 1)
            )
            return Union(name, tuple(members))

        purpose = "kinds " + " ".join(choice.kind for choice in choices)
        return self.define(node, purpose, place, make)

    def objects(self, node: Object, choices: list[_Choice], names: list[str], place: _Place) -> Ref:
        """A union of records by their names."""
        given = member_names(names)

        def make(name: str) -> Union:
            members = (
                Field(given[key], number, self.of_kind(choice, _Place(name, key, key)), key=key)
                for number, (key, choice) in enumerate(zip(names, choices, strict=True), 1)
            )
            return Union(name, tuple(members))

        return self.define(node, "objects", place, make)

    # Kinds

    def of_kind(self, choice: _Choice, place: _Place) -> Type:
        """The type of one kind of JSON as a schema describes it."""
        node = choice.node
        place = replace(place, definition=choice.definition)
        match choice.kind:
            case "boolean":
                if "const" in node or len(node.get("enum", (0, 1))) == 1:
                    self.notes.add("a constant truth value is any", str(place))
                return Bool()
            case "integer":
                return self.integer(node, place)
            case "number":
                return self.number(node, place)
            case "string":
                constants = _constants(node)
                return self.enum(node, constants, place) if constants else self.string(node, place)
            case "array":
                return self.array(node, place)
            case "object":
                return self.object(node, place)
            case _:
                return self.null()

    def integer(self, node: Object, place: _Place) -> Int:
        values = [value for value in _values(node) if type(value) is int]
        if values:
            self.notes.add("an enum of integers is a range", str(place))
            return self.ranged(node, min(values), max(values))
        width = WIDTHS.get(node["format"]) if isinstance(node.get("format"), str) else None
        low, high = self.bound(node, "minimum", math.ceil, 1), self.bound(node, "maximum", math.floor, -1)
        if width is None:
            return self.ranged(node, low, high)
        low, high = width.lower if low is None else low, width.upper if high is None else high
        if not width.lower <= low <= high <= width.upper:
            raise failure(f"the bounds {low}..{high} do not fit the format {node['format']}", node, "format")
        return Int(width.bits, width.signed, _unless(low, width.lower), _unless(high, width.upper))

    def ranged(self, node: Object, low: int | None, high: int | None) -> Int:
        made = narrowest(low, high)
        if made is None:
            key = next((key for key in ("maximum", "minimum", "enum", "const") if key in node), None)
            raise failure(f"an integer of {low}..{high} does not fit 64 bits", node, key)
        return made

    def bound(self, node: Object, key: str, whole: Callable[[float], int], step: int) -> int | None:
        """An end of a range, of draft 4 (a truth value says whether it is exclusive) or later (a number)."""
        exclusive = f"exclusive{key.capitalize()}"
        ends: list[int] = []
        for name in (key, exclusive):
            value = node.get(name)
            if value is None or isinstance(value, bool):
                continue
            if not isinstance(value, int | float) or not math.isfinite(value):
                raise failure(f"{name} is a number", node, name)
            end = whole(value)
            ends.append(end + step if end == value and (name == exclusive or node.get(exclusive) is True) else end)
        if not ends:
            return None
        return max(ends) if step > 0 else min(ends)

    def number(self, node: Object, place: _Place) -> Float:
        for key in ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "enum", "const"):
            if key in node:
                self.notes.add(f"{key} of a number is left out", str(place))
        return Float(32 if node.get("format") == "float" else 64)

    def string(self, node: Object, place: _Place) -> Type:
        least, most = self.length(node, "minLength"), self.length(node, "maxLength")
        encoding, format = node.get("contentEncoding"), node.get("format")
        if encoding in ("base64", "base64url") or format == "byte":
            return Bytes(((least or 0) + 3) // 4 * 3 - 2 if least else 0, None if most is None else most // 4 * 3)
        if encoding is not None:
            self.notes.add(f"contentEncoding {encoding} stays a string", str(place))
        if isinstance(format, str) and format in FORMATS:
            return FORMATS[format]
        if format is not None:
            self.notes.add(f"format {format} stays a string", str(place))
        return self.decimal(node) or String(most)

    def is_decimal(self, node: Object) -> bool:
        return node["pattern"] == WITH_EXPONENT or self.decimal(node) is not None

    def decimal(self, node: Object) -> Decimal | None:
        """The decimal that a pattern describes."""
        pattern = node.get("pattern")
        found = DECIMAL.fullmatch(pattern) if isinstance(pattern, str) else None
        if found is None:
            return None
        whole, scale = int(found[1]), int(found[2] or 0)
        return Decimal(whole + scale, scale) if 1 <= whole <= 1000 - scale else None

    def length(self, node: Object, key: str) -> int | None:
        value = node.get(key)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if value is not None and (type(value) is not int or value < 0):
            raise failure(f"{key} is a number of at least 0", node, key)
        return value

    def enum(self, node: Object, symbols: list[str], place: _Place) -> Type:
        if not all(is_identifier(symbol) for symbol in symbols):
            strange = next(symbol for symbol in symbols if not is_identifier(symbol))
            self.notes.add(f"an enum with values that are no identifiers, as {strange!r}, is a string", str(place))
            return String(max(map(len, symbols)))
        numbered = tuple((symbol, number) for number, symbol in enumerate(dict.fromkeys(symbols)))
        try:
            numbered = attribute.symbols(numbered, _said(node))
        except attribute.Unfit as unfit:
            raise failure(f"{KEYWORD}: {unfit}", node, KEYWORD) from None
        doc = _text(node, "description") if place.definition else ""
        return self.define(node, "enum", place, lambda name: Enum(name, numbered, doc))

    def array(self, node: Object, place: _Place) -> List:
        least, most = self.length(node, "minItems") or 0, self.length(node, "maxItems")
        before = node.get("prefixItems", node["items"] if isinstance(node.get("items"), Array) else None)
        if before is None:
            if "items" not in node:
                raise failure("an array without items may hold anything: serbench needs a type", node, "type")
            return List(self.item(node["items"], place, node, "items"), least, most)
        rest = node.get("items") if "prefixItems" in node else node.get("additionalItems")
        if not isinstance(before, Array) or not before or (rest is not False and most != len(before)):
            raise failure("prefixItems with anything after them are no list of one type", node)
        types = [self.item(item, place, before, i) for i, item in enumerate(before)]
        if any(type_ != types[0] for type_ in types):
            raise failure("a tuple of several types: write an object with a property for each", before, 0)
        return List(types[0], len(types) if rest is False else least, len(types))

    def object(self, node: Object, place: _Place) -> Type:
        properties = node.get("properties", {})
        if not isinstance(properties, dict):
            raise failure("properties is an object", node, "properties")
        patterns = node.get("patternProperties", {})
        others = node.get("additionalProperties", node.get("unevaluatedProperties"))
        if not properties and isinstance(patterns, Object) and len(patterns) == 1 and not isinstance(others, Object):
            [pattern] = patterns
            self.notes.add("the pattern of a map's keys is left out", str(place))
            return Map(self.key(node), self.item(patterns[pattern], place, patterns, pattern))
        if patterns:
            raise failure("patternProperties beside others: serbench has records and maps, nothing between", node,
                          "patternProperties")  # fmt: skip
        if isinstance(others, Object) and others:
            if properties:
                raise failure("properties beside additionalProperties: serbench has records and maps, nothing between",
                              node, "additionalProperties")  # fmt: skip
            return Map(self.key(node), self.item(others, place, node, "additionalProperties"))
        if "properties" not in node and others is not False:
            raise failure("an object without properties may hold anything: serbench needs them, or a type in "
                          "additionalProperties", node, "type")  # fmt: skip
        title = type_name(_text(node, "title"))
        ref = self.define(
            node,
            "record",
            place,
            lambda name: self.record(node, name, bool(place.definition) and node is not self.document),
            title,
        )
        if others is not False and not self.by_name:
            self.notes.add("properties that are not listed are not taken", ref.name)
        return ref

    def key(self, node: Object) -> Type:
        """The type of a map's keys."""
        names = node.get("propertyNames", True)
        if names is True:
            return String()
        if not isinstance(names, Object) or "$ref" in names:
            names, _ = self.follow(names, node, "propertyNames")
        match names:
            case {"enum": ["true", "false"] | ["false", "true"]}:
                return Bool()
            case {"pattern": pattern} if pattern == INTEGER_KEYS:
                return Int(64)
            case _:
                if set(names) - {"maxLength", "type", *ANNOTATIONS}:
                    self.notes.add("propertyNames is left out", f"{names.source}:{names.line}")
                return String(self.length(names, "maxLength"))

    def record(self, node: Object, name: str, described: bool) -> Record:
        properties = node.get("properties", {})
        required = node.get("required", [])
        if not isinstance(required, list):  # draft 3, where it is a truth value of the property
            raise failure("required is a list of names", node, "required")
        for i, key in enumerate(required):
            if not isinstance(key, str) or key not in properties:
                held = required if isinstance(required, Array) else node
                raise failure(f"{key!r} is required but not among the properties"[:200], held, i)
        names = member_names(properties)
        fields = (self.field(name, names[key], number, key, properties, key in required)
                  for number, key in enumerate(properties, 1))  # fmt: skip
        return Record(name, tuple(fields), _text(node, "description") if described else "")

    def field(self, owner: str, name: str, number: int, key: str, properties: Object, required: bool) -> Field:
        found = self.find(properties[key], _Place(owner, name), properties, key)
        optional = found.nullable or not required
        return self.annotated(Field(name, number, found.type, optional, key, _doc(properties[key])), properties)


def _definition_name(name: str) -> str:
    """The name of a type that is defined under a name."""
    return name if is_identifier(name) else type_name(name) or "Message"


def _join(base: str, ref: str, node: Object) -> str:
    try:
        return urljoin(base, ref)
    except ValueError:
        raise failure(f"{ref!r} is no reference", node, "$ref") from None


def _set(made: Object, key: str, value: Any, source: Object) -> None:
    """Put a member, with its line."""
    made[key] = value
    made.lines[key] = source.lines.get(key, source.line)


def _array(items: Iterable[Any], like: Node) -> Array:
    made = Array(like.source, like.line)
    made.extend(items)
    return made


def _list(node: Object, key: str) -> Array:
    held = node[key]
    if not isinstance(held, Array):
        raise failure(f"{key} is a list", node, key)
    return held


def _values(node: Object) -> list[Any]:
    return [node["const"]] if "const" in node else list(node.get("enum", ()))


def _constants(node: Object) -> list[str]:
    """The strings that a schema allows, if it lists them."""
    return [value for value in _values(node) if isinstance(value, str)]


def _all_scalars(choices: list[_Choice]) -> bool:
    return all(choice.kind not in ("array", "object") for choice in choices)


def _is_empty(key: str, node: Object) -> bool:
    """Whether a keyword restricts nothing, or nothing that is not known anyway."""
    return (
        (key in ("minLength", "minProperties") and node[key] == 0)
        or (key == "uniqueItems" and node[key] is False)
        or (key == "default" and node[key] is None)
    )


def _unless(end: int | None, plain: int) -> int | None:
    return None if end == plain else end


def _text(node: Object, key: str) -> str:
    text = node.get(key, "")
    return text if isinstance(text, str) else ""


def _doc(node: Any) -> str:
    return _text(node, "description") if isinstance(node, Object) else ""


def _said(node: Any) -> dict[str, Any]:
    """Our own keyword. Raises `attribute.Unfit`."""
    return attribute.checked(node[KEYWORD]) if isinstance(node, Object) and KEYWORD in node else {}


def _shown(key: Any) -> str:
    return repr(key) if isinstance(key, str) else "it"
