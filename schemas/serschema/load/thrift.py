"""Thrift IDL to the model (thrift.apache.org, "Thrift interface description language").

    bool, double           Bool, Float(64)
    byte, i8 to i64        Int
    string, binary, uuid   String, Bytes, Uuid
    enum                   Enum
    list, set              List
    map                    Map; keys that are enums or UUIDs are their text
    struct, union          Record, Union
    typedef                what it stands for
    required               a required field; any other is optional, as readers take it when it is absent

The root is the struct that the annotation `serbench` marks, or else the only one that no other type uses. That
annotation, which `serschema.idl.thrift` writes, is heeded wherever it stands. Files are included from beside the file
and from the folders `include`. Left out are constants, exceptions, services, defaults and other annotations;
`Schema.notes` tells. The parser is our own, `thrift_text`.
"""

import difflib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from serschema.errors import SchemaError
from serschema.idl import attribute
from serschema.idl.thrift import bare
from serschema.load.naming import Notes, TypeNames, listed, member_names, type_name
from serschema.load.thrift_text import CONTAINERS, Definition, File, Member, Use, parse
from serschema.model import (
    Bool,
    Bytes,
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
    Type,
    Union,
    Uuid,
    is_identifier,
)

BASES: dict[str, Type] = {
    "bool": Bool(),
    "byte": Int(8),
    "i8": Int(8),
    "i16": Int(16),
    "i32": Int(32),
    "i64": Int(64),
    "double": Float(64),
    "string": String(),
    "binary": Bytes(),
    "uuid": Uuid(),
}


def load(path: Path, *, message: str = "", include: Sequence[Path] = ()) -> Schema:
    """The schema of a struct of a .thrift file: the one named, or else the only one that no other type uses.

    Raises `SchemaError` with the place.
    """
    try:
        return _Importer(parse(Path(path), tuple(map(Path, include)), {})).schema(message)
    except RecursionError:
        raise SchemaError("types are nested too deeply in one another", source=str(path)) from None


class _Importer:
    """A named type is converted after the one that refers to it: nothing recurses from type to type."""

    def __init__(self, file: File) -> None:
        self.file = file
        self.notes = Notes()
        self.names = TypeNames()
        self.given: dict[tuple[str, str], str] = {}
        self.enums: set[str] = set()
        self.pending: list[Callable[[], Named]] = []

    def schema(self, message: str) -> Schema:
        root = self.root(message)
        name = self.ref(root).name
        types: list[Named] = []
        for convert in self.pending:  # grows with what the types refer to
            types.append(convert())
        for what, where in self.file.skipped:
            self.notes.add(what, where)
        try:
            return Schema(name, tuple(types), root.said.get("schema_doc", ""), self.notes.lines())
        except SchemaError as error:
            raise SchemaError(str(error), source=self.file.source) from None

    def root(self, message: str) -> Definition:
        structs = {name: made for name, made in self.file.definitions.items() if made.kind == "struct"}
        if message:
            named = structs | {made.said["name"]: made for made in structs.values() if "name" in made.said}
            if message not in named:
                near = difflib.get_close_matches(message, named, n=1)
                hint = f"did you mean {near[0]}?" if near else f"there are {listed(structs) or 'none'}"
                raise SchemaError(f"there is no struct {message!r}; {hint}", source=self.file.source)
            found: Definition = named[message]
            return found
        free = [made for made in structs.values() if made.said.get("root")]
        if not free:
            held = {use for made in self.file.definitions.values() for use in _uses(made)}
            free = [made for made in structs.values() if made.name not in held]
        if len(free) != 1:
            names = [made.name for made in free] or list(structs)
            if not names:
                raise SchemaError("the file defines no struct, which a message has to be", source=self.file.source)
            which = f"there are {listed(names)}; say {self.file.source}:{names[0]}, for instance"
            raise SchemaError(f"which struct is the message? {which}", source=self.file.source)
        return free[0]

    def error(self, message: str, definition: Definition, line: int) -> SchemaError:
        return SchemaError(f"{definition.name}: {message}", source=definition.file.source, line=line)

    def ref(self, definition: Definition) -> Ref:
        """A use of an enum, a struct or a union, which is then converted in its turn."""
        key = (definition.file.source, definition.name)
        if key not in self.given:
            plain = definition.name if is_identifier(definition.name) else type_name(definition.name) or "Type"
            whole = type_name(Path(definition.file.source).stem) + plain
            wanted = definition.said.get("name", plain)
            name = self.given[key] = self.names.declare(wanted, whole)
            if definition.kind == "enum":
                self.enums.add(name)
                self.pending.append(lambda: self.enum(definition, name))
            else:
                self.pending.append(lambda: self.members(definition, name))
        return Ref(self.given[key])

    def type(self, use: Use, owner: Definition, place: str, seen: tuple[str, ...] = ()) -> Type:
        """The type of a use in a definition; `seen`: the typedefs that led here."""
        held = [self.type(inner, owner, place, seen) for inner in use.held]
        if use.name == "map":
            return Map(self.key(held[0], owner, use, place), held[1])
        if use.name in CONTAINERS:
            if use.name == "set":
                self.notes.add("a set is a list", place)
            return List(held[0])
        definition = self.find(use, owner)
        if definition is None:
            return BASES[use.name]
        if definition.kind != "typedef":
            return self.ref(definition)
        target = definition.members[0].use
        full = f"{definition.file.source}:{definition.name}"
        if full in seen:
            raise self.error("a typedef of itself", definition, definition.line)
        assert target is not None
        return self.type(target, definition, place, (*seen, full))

    def find(self, use: Use, owner: Definition) -> Definition | None:
        """The definition that a name means; None for a type of Thrift's own."""
        if use.name in owner.file.definitions:
            return owner.file.definitions[use.name]
        prefix, _, name = use.name.partition(".")
        if prefix in owner.file.included and name in owner.file.included[prefix].definitions:
            return owner.file.included[prefix].definitions[name]
        if use.name in BASES:
            return None
        near = difflib.get_close_matches(use.name, [*BASES, *owner.file.definitions], n=1, cutoff=0.7)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise self.error(f"there is no type {use.name!r}{hint}", owner, use.line)

    def key(self, key: Type, owner: Definition, use: Use, place: str) -> Type:
        if isinstance(key, Uuid) or (isinstance(key, Ref) and key.name in self.enums):
            self.notes.add("keys that are no strings are their text", place)
            return String()
        if not isinstance(key, Bool | Int | String):
            raise self.error("a map's key is a bool, an integer or a string in serbench", owner, use.line)
        return key

    def enum(self, definition: Definition, name: str) -> Enum:
        symbols: list[tuple[str, int]] = []
        for member in definition.members:
            number = member.number
            if number is None:
                number = symbols[-1][1] + 1 if symbols else 0
            if not is_identifier(member.name):
                raise self.error(
                    f"{member.name!r} cannot be a symbol in every language (a letter, then letters, digits, _)",
                    definition, member.line)  # fmt: skip
            for what, value in (("symbol", member.name), ("number", number)):
                if any(value in symbol for symbol in symbols):
                    raise self.error(f"the {what} {value} stands there twice", definition, member.line)
            if member.doc:
                self.notes.add("comments on symbols are left out", name)
            symbols.append((member.name, number))
        try:
            return Enum(name, attribute.symbols(tuple(symbols), definition.said), _doc(definition))
        except attribute.Unfit as unfit:
            raise self.error(f"the annotation {attribute.ATTRIBUTE}: {unfit}", definition, definition.line) from None

    def members(self, definition: Definition, name: str) -> Record | Union:
        names = member_names(member.name for member in definition.members)
        numbered = all(member.number is not None and member.number > 0 for member in definition.members)
        if not numbered:
            self.notes.add("fields are numbered in their order, as not all of them have a positive number", name)
        seen: dict[object, str] = {}
        made: list[Field] = []
        for position, member in enumerate(definition.members, 1):
            number = member.number if numbered and member.number is not None else position
            for what in (member.name, number):
                if what in seen:
                    raise self.error(
                        f"{member.name} has the name or the number of {seen[what]}", definition, member.line
                    )
                seen[what] = member.name
            made.append(self.member(definition, name, member, names[member.name], number))
        make = Record if definition.kind == "struct" else Union
        return make(name, tuple(made), _doc(definition))

    def member(self, definition: Definition, owner: str, member: Member, name: str, number: int) -> Field:
        place = f"{owner}.{name}"
        assert member.use is not None
        type_ = self.type(member.use, definition, place)
        optional = definition.kind == "struct" and member.requiredness != "required"
        if optional and not member.requiredness:
            self.notes.add("a field that is neither required nor optional may be absent", place)
        if member.default:
            self.notes.add("a default is left out", place)
        try:
            return attribute.field(Field(name, number, type_, optional, member.name, member.doc), member.said, bare)
        except attribute.Unfit as unfit:
            message = f"{member.name}: the annotation {attribute.ATTRIBUTE}: {unfit}"
            raise self.error(message, definition, member.line) from None


def _doc(definition: Definition) -> str:
    doc: str = definition.said.get("doc", definition.doc)
    return doc


def _uses(definition: Definition) -> Iterator[str]:
    """The names that a definition refers to, its own not."""
    stack = [member.use for member in definition.members if member.use is not None]
    for use in stack:  # grows with what containers hold
        stack += use.held
        if use.name != definition.name:
            yield use.name
