"""Protocol Buffers IDL (proto2, proto3, editions) to the model.

protoc parses: it runs as a subprocess and leaves a FileDescriptorSet, which is read with serbench's own options known
to the descriptor pool. From the root message the definitions in use are collected in the order of discovery, named, and
then converted one by one; nothing recurses over the schema, so a long chain of messages is as good as a short one.

- A `oneof` becomes a `Union`, and a field of the record with the oneof's name and its first alternative's number.
- A message marked as a wrapper is the list or map that it holds.
- A scalar without presence (proto3, `field_presence = IMPLICIT`) is required: there is no telling it from its zero.
- An alias in an enum, a default other than zero and the least length of a string are left out; `Schema.notes` says so.
- Groups (DELIMITED fields), extension ranges and `google.protobuf.Any` have no place in the model: `SchemaError`.

The language: "Protocol Buffers Language Specification" (proto2, proto3, edition 2023), and descriptor.proto.
"""

import difflib
import inspect
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import FeatureSet, FieldDescriptorProto, FileDescriptorSet

from serschema.errors import SchemaError
from serschema.idl.names import camel, lower_camel
from serschema.idl.proto import inlined
from serschema.load.text import read
from serschema.model import (
    MAX_DEPTH,
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

OPTIONS = "serbench/options.proto"
DESCRIPTOR = "google/protobuf/descriptor.proto"

Descriptor: TypeAlias = Any
"""A message of descriptor.proto, of a class made by the pool that knows serbench's options."""

# Field numbers in descriptor.proto, of which the paths of SourceCodeInfo are made.
FILE_MESSAGE, FILE_ENUM, FILE_SYNTAX = 4, 5, 12
MESSAGE_FIELD, MESSAGE_NESTED, MESSAGE_ENUM, MESSAGE_EXTENSION_RANGE, MESSAGE_ONEOF = 2, 3, 4, 5, 8
ENUM_VALUE = 2

SCALARS: dict[int, Bool | Int | Float | String | Bytes] = {
    FieldDescriptorProto.TYPE_BOOL: Bool(),
    FieldDescriptorProto.TYPE_INT32: Int(32),
    FieldDescriptorProto.TYPE_INT64: Int(64),
    FieldDescriptorProto.TYPE_UINT32: Int(32, signed=False),
    FieldDescriptorProto.TYPE_UINT64: Int(64, signed=False),
    FieldDescriptorProto.TYPE_SINT32: Int(32, coding="zigzag"),
    FieldDescriptorProto.TYPE_SINT64: Int(64, coding="zigzag"),
    FieldDescriptorProto.TYPE_FIXED32: Int(32, signed=False, coding="fixed"),
    FieldDescriptorProto.TYPE_FIXED64: Int(64, signed=False, coding="fixed"),
    FieldDescriptorProto.TYPE_SFIXED32: Int(32, coding="fixed"),
    FieldDescriptorProto.TYPE_SFIXED64: Int(64, coding="fixed"),
    FieldDescriptorProto.TYPE_FLOAT: Float(32),
    FieldDescriptorProto.TYPE_DOUBLE: Float(64),
    FieldDescriptorProto.TYPE_STRING: String(),
    FieldDescriptorProto.TYPE_BYTES: Bytes(),
}

UNPACKABLE = (FieldDescriptorProto.TYPE_STRING, FieldDescriptorProto.TYPE_BYTES, FieldDescriptorProto.TYPE_MESSAGE)

WELL_KNOWN: dict[str, Type] = {".google.protobuf.Timestamp": Timestamp()}

FEATURES: dict[str, dict[str, int]] = {
    "proto2": {"field_presence": FeatureSet.EXPLICIT, "repeated_field_encoding": FeatureSet.EXPANDED},
    "proto3": {"field_presence": FeatureSet.IMPLICIT, "repeated_field_encoding": FeatureSet.PACKED},
    "editions": {"field_presence": FeatureSet.EXPLICIT, "repeated_field_encoding": FeatureSet.PACKED},
}
"""What holds where neither the file nor the field says otherwise (descriptor.proto, FeatureSet, edition_defaults)."""


NOISE = re.compile(r": warning: |^WARNING: |^W\d{4} ")
"""Lines that protoc writes beside its errors, those of its logging library among them."""


def load(path: Path, *, message: str = "", include: Sequence[Path] = ()) -> Schema:
    """The schema of a message of a .proto file: the one named, or else the only one that no other message uses.

    Imports are looked for in the folders `include` and in the file's own. Raises `SchemaError`, with protoc's words
    and place where it is protoc that refuses.
    """
    path = Path(path)
    read(path)  # protoc has no good message for what is no text
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder, "descriptors")
        virtual, roots = protoc(path, tuple(map(Path, include)), output)
        data = output.read_bytes()
    return _Importer(data, path, virtual, roots).schema(message)


def protoc(path: Path, include: Sequence[Path], output: Path) -> tuple[str, list[Path]]:
    """Compile the file; returns its name among the descriptors and the folders that were searched.

    serbench's options and Google's own files come first, so that no other copy of them is in the way.
    """
    ours = [Path(str(resources.files("serschema") / "options")), Path(str(resources.files("grpc_tools") / "_proto"))]
    home = next((root for root in include if _inside(path, root)), path.parent)
    roots = [*ours, home, *(root for root in (*include, path.parent) if root != home)]
    for root in roots:
        if os.pathsep in str(root):
            raise SchemaError(f"protoc cannot search a folder whose name has {os.pathsep!r}", source=str(path))
    virtual = os.path.relpath(os.path.abspath(path), os.path.abspath(home)).replace(os.sep, "/")
    # protoc would read `-I a=b` as the folder b under the name a; with nothing before the first `=` it does not.
    search = [f"--proto_path=={root}" for root in roots]
    flags = ["--include_imports", "--include_source_info", f"--descriptor_set_out={output}"]
    inputs = [os.path.join(home, virtual), str(ours[0] / OPTIONS)]
    command = [sys.executable, "-P", "-m", "grpc_tools.protoc", *search, *flags, *inputs]
    ran = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", errors="replace", check=False)
    if ran.returncode:
        raise _complaint(ran.stderr, path)
    return virtual, roots


def _inside(path: Path, folder: Path) -> bool:
    return Path(os.path.abspath(path)).is_relative_to(os.path.abspath(folder))


def _complaint(stderr: str, path: Path) -> SchemaError:
    """protoc's first error that has a line, else its first line."""
    lines = [line for line in stderr.splitlines() if not NOISE.search(line)] or ["protoc failed without a word"]
    for line in lines:
        if found := re.match(r"(.+?):(\d+):\d+: (.+)", line):
            same = os.path.abspath(found[1]) == os.path.abspath(path)
            return SchemaError(found[3], source=str(path) if same else found[1], line=int(found[2]))
    return SchemaError(lines[0], source=str(path))


@dataclass(frozen=True)
class _File:
    """A parsed file: the path to show, its descriptor, and its places by their path in the descriptor."""

    shown: str
    proto: Descriptor
    places: dict[tuple[int, ...], Descriptor]
    features: dict[str, int]

    def doc(self, path: tuple[int, ...]) -> str:
        if path not in self.places:
            return ""
        text = self.places[path].leading_comments or self.places[path].trailing_comments
        if isinstance(text, bytes):  # protoc lets any octets pass in the comments of an import
            text = text.decode(errors="replace")
        return inspect.cleandoc(text).strip()

    def error(self, message: str, path: tuple[int, ...]) -> NoReturn:
        place = self.places.get(path)
        raise SchemaError(message, source=self.shown, line=place.span[0] + 1 if place else 0)


@dataclass(frozen=True)
class _Node:
    """A message, an enum or a oneof, the names of what it stands in (packages, messages) and its own."""

    proto: Descriptor
    file: _File
    path: tuple[int, ...]
    names: tuple[str, ...]

    def error(self, message: str, *path: int) -> NoReturn:
        self.file.error(message, (*self.path, *path))

    def doc(self, *path: int) -> str:
        return self.file.doc((*self.path, *path))

    def name(self, name: str, *path: int) -> str:
        """The name, if other languages can take it."""
        if not is_identifier(name):
            self.error(f"{name!r} has to begin with a letter, for languages other than Protocol Buffers", *path)
        return name


class _Importer:
    """One FileDescriptorSet. Definitions are known by their full names, with protoc's leading dot."""

    def __init__(self, data: bytes, path: Path, virtual: str, roots: Sequence[Path]) -> None:
        files, pool = _parse(data)
        self.field_rules = pool.FindExtensionByName("serbench.field")
        self.oneof_rules = pool.FindExtensionByName("serbench.oneof")
        self.message_rules = pool.FindExtensionByName("serbench.message")
        self.enum_rules = pool.FindExtensionByName("serbench.enum")
        self.symbol_rules = pool.FindExtensionByName("serbench.symbol")
        self.messages: dict[str, _Node] = {}
        self.enums: dict[str, _Node] = {}
        self.oneofs: dict[str, _Node] = {}
        self.entries: dict[str, Descriptor] = {}  # the messages that protoc makes up for the maps
        self.names: dict[str, str] = {}
        self.notes: list[str] = []
        self.choices: set[str] = set()  # the fields that are oneofs
        for proto in files:
            found = (root / proto.name for root in roots)
            shown = path if proto.name == virtual else next(filter(Path.exists, found), proto.name)
            places = {tuple(place.path): place for place in proto.source_code_info.location}
            file = _File(str(shown), proto, places, _features(FEATURES[proto.syntax or "proto2"], proto.options))
            if proto.name == virtual:
                self.file = file
            scope = tuple(proto.package.split(".")) if proto.package else ()
            for i, enum in enumerate(proto.enum_type):
                self.define(self.enums, _Node(enum, file, (FILE_ENUM, i), (*scope, enum.name)))
            for i, message in enumerate(proto.message_type):
                self.index(_Node(message, file, (FILE_MESSAGE, i), (*scope, message.name)))

    def index(self, node: _Node) -> None:
        full = self.define(self.messages, node)
        for i, oneof in enumerate(node.proto.oneof_decl):
            path = (*node.path, MESSAGE_ONEOF, i)
            self.oneofs[f"{full}.{oneof.name}"] = _Node(oneof, node.file, path, (*node.names, oneof.name))
        for i, enum in enumerate(node.proto.enum_type):
            self.define(self.enums, _Node(enum, node.file, (*node.path, MESSAGE_ENUM, i), (*node.names, enum.name)))
        for i, nested in enumerate(node.proto.nested_type):
            if nested.options.map_entry:
                self.entries[f"{full}.{nested.name}"] = nested
            else:  # protoc bounds how deep messages nest
                names = (*node.names, nested.name)
                self.index(_Node(nested, node.file, (*node.path, MESSAGE_NESTED, i), names))

    def define(self, nodes: dict[str, _Node], node: _Node) -> str:
        full = "." + ".".join(node.names)
        nodes[full] = node
        return full

    def schema(self, message: str) -> Schema:
        root = self.named(message) if message else self.unused()
        node = self.messages[root]
        if self.is_union(node):
            node.error(f"{node.names[-1]} is a union, but the root of a schema has to be a message that is not")
        if self.is_wrapper(node):
            node.error(f"{node.names[-1]} is a wrapper, but the root of a schema has to be a message that is not")
        reachable = [full for full in self.reachable(root) if not self.is_wrapper(self.messages.get(full))]
        self.names = self.short_names(reachable)
        types = tuple(map(self.convert, reachable))
        try:
            schema = Schema(self.names[root], types, self.file.doc((FILE_SYNTAX,)))
        except SchemaError as error:
            raise SchemaError(str(error), source=self.file.shown) from None
        return replace(schema, notes=(*self.notes, *self.misread(schema)))

    def misread(self, schema: Schema) -> Iterator[str]:
        """Notes on unions that the model cannot tell from a oneof, or oneofs that it cannot tell from a union."""
        for record in (type for type in schema.types if isinstance(type, Record)):
            for field in record.fields:
                if isinstance(schema.resolve(field.type), Union):
                    place = f"{record.name}.{field.name}"
                    if inlined(record, field, schema) != (place in self.choices):
                        meant, taken = "a message", "a oneof"
                        if place in self.choices:
                            meant, taken = taken, meant
                        yield f"{place}: {meant} here, but {taken} to the codecs of Protocol Buffers"

    # The root

    def named(self, message: str) -> str:
        package = self.file.proto.package
        for full in (f".{package}.{message}" if package else f".{message}", f".{message}"):
            if full in self.messages:
                return full
        here = [full for full, node in self.messages.items() if node.file is self.file]
        known = [full.removeprefix(f".{package}").removeprefix(".") for full in here]
        near = difflib.get_close_matches(message, known, n=3, cutoff=0.5)
        hint = f"did you mean {' or '.join(near)}?" if near else f"there are {_listed(known) or 'none'}"
        raise SchemaError(f"there is no message {message!r}; {hint}", source=self.file.shown)

    def unused(self) -> str:
        """The message that says that it is the root, else the only one at the top level that no other message uses."""
        here = {full: node for full, node in self.messages.items() if node.file is self.file}
        top = [full for full, node in here.items() if len(node.path) == 2 and not self.is_wrapper(node)]
        if not top:
            raise SchemaError("there is no message in the file", source=self.file.shown)
        roots = [full for full, node in here.items() if node.proto.options.Extensions[self.message_rules].root]
        if len(roots) == 1:
            return roots[0]
        used = {
            use
            for full, node in self.messages.items()
            for field in node.proto.field
            if (use := self.target(field)) and not (full + ".").startswith(use + ".")
        }
        free = [full for full in top if full not in used]
        if len(free) == 1:
            return free[0]
        names = [self.messages[full].names[-1] for full in free or top]
        why = f"no other one uses {_listed(names)}" if free else f"{_listed(names)} use one another"
        raise SchemaError(
            f"which message? {why}; say {self.file.shown}:{names[0]}, for instance", source=self.file.shown
        )

    # What is in use, and under which name

    def reachable(self, root: str) -> list[str]:
        found = [root]
        seen = {root}
        for full in found:
            for use in self.uses(full):
                if use not in seen:
                    seen.add(use)
                    found.append(use)
        return found

    def uses(self, full: str) -> Iterator[str]:
        if full in self.messages:
            node = self.messages[full]
            union = self.is_union(node)
            for field in node.proto.field:
                if _in_oneof(field) and not union:
                    yield f"{full}.{node.proto.oneof_decl[field.oneof_index].name}"
                elif target := self.target(field):
                    yield target
        elif full in self.oneofs:
            for _, field in self.alternatives(full):
                if target := self.target(field):
                    yield target

    def target(self, field: Descriptor) -> str:
        """The message or enum that a field's type is, or its map's value; empty if it is neither."""
        if field.type_name in self.entries:
            return self.target(self.entries[field.type_name].field[1])
        return "" if field.type_name in WELL_KNOWN else str(field.type_name)

    def alternatives(self, oneof: str) -> Iterator[tuple[int, Descriptor]]:
        """The fields of a oneof, each with its index in the message."""
        owner, _, name = oneof.rpartition(".")
        message = self.messages[owner].proto
        for i, field in enumerate(message.field):
            if _in_oneof(field) and message.oneof_decl[field.oneof_index].name == name:
                yield i, field

    def is_union(self, node: _Node) -> bool:
        return bool(node.proto.options.Extensions[self.message_rules].union)

    def is_wrapper(self, node: _Node | None) -> bool:
        return node is not None and bool(node.proto.options.Extensions[self.message_rules].wrapper)

    def asked_name(self, full: str) -> str:
        """The name that the options of a definition ask for, or nothing."""
        if full in self.messages:
            return str(self.messages[full].proto.options.Extensions[self.message_rules].name)
        if full in self.enums:
            return str(self.enums[full].proto.options.Extensions[self.enum_rules].name)
        return str(self.oneofs[full].proto.options.Extensions[self.oneof_rules].type)

    def short_names(self, fulls: Sequence[str]) -> dict[str, str]:
        """A name for each: what its options ask for; else its own where that is unique, or as much of its path as is.

        A oneof is called after its message and itself.
        """
        nodes = self.messages | self.enums
        asked = {full: name for full in fulls if (name := self.asked_name(full))}
        declared = [full for full in fulls if full in nodes and full not in asked]
        length = dict.fromkeys(declared, 1)
        while True:
            names = asked | {full: "_".join(nodes[full].names[-length[full] :]) for full in declared}
            counts = Counter(names.values())
            longer = [full for full in declared if counts[names[full]] > 1 and length[full] < len(nodes[full].names)]
            if not longer:
                break
            for full in longer:
                length[full] += 1
        taken = set(asked.values())
        for full in (*declared, *(full for full in fulls if full in self.oneofs and full not in asked)):
            if full in self.oneofs:
                names[full] = camel(names[full.rpartition(".")[0]]) + camel(self.oneofs[full].proto.name)
            name, serial = names[full], 1
            while names[full] in taken:  # a oneof that is called as a message is, or a name with `_` from the start
                serial += 1
                names[full] = f"{name}{serial}"
            taken.add(names[full])
        return names

    # Definitions

    def convert(self, full: str) -> Named:
        if full in self.enums:
            return self.enum(full)
        return self.oneof(full) if full in self.oneofs else self.message(full)

    def enum(self, full: str) -> Enum:
        node = self.enums[full]
        symbols: dict[int, str] = {}
        for i, value in enumerate(node.proto.value):
            rules = value.options.Extensions[self.symbol_rules]
            if rules.placeholder:
                continue
            name = node.name(rules.name or value.name, ENUM_VALUE, i)
            if symbols.setdefault(value.number, name) != name:
                self.notes.append(f"{self.names[full]}: {name}, an alias of {symbols[value.number]}, is left out")
        pairs = tuple((symbol, number) for number, symbol in symbols.items())
        return Enum(node.name(self.names[full]), pairs, node.doc())

    def oneof(self, full: str) -> Union:
        node = self.oneofs[full]
        owner = self.messages[full.rpartition(".")[0]]
        members = tuple(self.field(owner, i, alternative=True) for i, _ in self.alternatives(full))
        return Union(node.name(self.names[full]), members, node.doc())

    def message(self, full: str) -> Record | Union:
        node = self.messages[full]
        name = node.name(self.names[full])
        if node.proto.extension_range:
            node.error(f"{name} has an extension range, which serbench cannot carry", MESSAGE_EXTENSION_RANGE)
        if self.is_union(node):
            if len(node.proto.oneof_decl) != 1 or not all(map(_in_oneof, node.proto.field)):
                node.error(f"{name} cannot be a union: all its fields have to be those of one oneof")
            members = (self.field(node, i, alternative=True) for i in range(len(node.proto.field)))
            return Union(name, tuple(members), node.doc())
        fields: list[Field] = []
        seen: set[str] = set()
        for i, field in enumerate(node.proto.field):
            if not _in_oneof(field):
                fields.append(self.field(node, i))
                continue
            oneof = f"{full}.{node.proto.oneof_decl[field.oneof_index].name}"
            if oneof not in seen:
                seen.add(oneof)
                fields.append(self.choice(oneof, field.number))
        return Record(name, tuple(fields), node.doc())

    def choice(self, full: str, number: int) -> Field:
        """The field of a record that holds a oneof."""
        node = self.oneofs[full]
        rules = node.proto.options.Extensions[self.oneof_rules]
        name = node.name(rules.name or node.proto.name)
        self.choices.add(f"{self.names[full.rpartition('.')[0]]}.{name}")
        return Field(name, number, Ref(self.names[full]), not rules.required, rules.key, node.doc())

    def field(self, node: _Node, index: int, *, alternative: bool = False) -> Field:
        """A field of a record, or an alternative of a union."""
        proto = node.proto.field[index]
        reader = _FieldReader(self, node, index)
        name = node.name(reader.rules.pop("name", proto.name), MESSAGE_FIELD, index)
        key = reader.rules.pop("key", "")
        type_ = reader.type()
        optional = not alternative and reader.optional()
        reader.finish()
        if proto.default_value not in ("", "0", "false"):
            self.notes.append(f"{node.names[-1]}.{proto.name}: the default {proto.default_value!r} is left out")
        if isinstance(proto.json_name, bytes):  # protoc lets any octets pass here too
            reader.error("its json_name is not UTF-8")
        if not key and proto.json_name != lower_camel(proto.name):
            key = proto.json_name
        return Field(name, proto.number, type_, optional, key, node.doc(MESSAGE_FIELD, index))


class _FieldReader:
    """One field. `rules` holds those of serbench's options that nothing has used yet: what is left does not apply."""

    def __init__(self, importer: _Importer, node: _Node, index: int, depth: int = 0) -> None:
        self.importer = importer
        self.depth = depth  # of wrappers around it
        self.node = node
        self.index = index
        self.proto = node.proto.field[index]
        self.features = _features(node.file.features, self.proto.options)
        self.rules = _rules(self.proto.options.Extensions[importer.field_rules])

    def error(self, message: str) -> NoReturn:
        self.node.error(f"{self.proto.name}: {message}", MESSAGE_FIELD, self.index)

    def finish(self) -> None:
        for name in self.rules:
            self.error(f"the option {name} says nothing about a field of this type")

    def optional(self) -> bool:
        proto = self.proto
        if proto.label == FieldDescriptorProto.LABEL_REPEATED:
            return False
        asked = self.rules.pop("required", False)
        presence = self.features["field_presence"]
        implicit = presence == FeatureSet.IMPLICIT and not proto.proto3_optional
        required = (
            asked
            or proto.label == FieldDescriptorProto.LABEL_REQUIRED
            or presence == FeatureSet.LEGACY_REQUIRED
            or (implicit and proto.type != FieldDescriptorProto.TYPE_MESSAGE)
        )
        if required and self.importer.is_wrapper(self.importer.messages.get(proto.type_name)):
            self.error("a list or a map that is always there needs no wrapper")
        return not required

    def type(self) -> Type:
        proto = self.proto
        if proto.type_name in self.importer.entries:
            if others := self.rules.keys() - {"map_key", "map_value"}:
                name = min(others)
                self.error(f"the option {name} says nothing about a map: map_key.{name} and map_value.{name} do")
            key, value = self.importer.entries[proto.type_name].field
            return Map(self.part(key, "map_key"), self.part(value, "map_value"))
        delimited = self.features.get("message_encoding") == FeatureSet.DELIMITED
        if proto.type == FieldDescriptorProto.TYPE_GROUP or (
            proto.type == FieldDescriptorProto.TYPE_MESSAGE and delimited
        ):
            self.error("a group (a field of DELIMITED encoding) has no place in serbench's model")
        if proto.label != FieldDescriptorProto.LABEL_REPEATED:
            return self.item(proto)
        least, most = self.bounds("length")
        if "item_length" in self.rules:
            self.rules["length"] = self.rules.pop("item_length")
        return List(self.item(proto), least or 0, most, self.packed())

    def packed(self) -> bool:
        """The hint of a list; it is left at the model's default where the items cannot be packed."""
        if self.proto.type in UNPACKABLE:
            return True
        if self.proto.options.HasField("packed"):
            return bool(self.proto.options.packed)
        return self.features["repeated_field_encoding"] == FeatureSet.PACKED

    def part(self, proto: Descriptor, name: str) -> Type:
        """The type of a map's keys or values, with what the rules of that name say about it."""
        self.rules, outer = _rules(self.rules.pop(name, None)), self.rules
        type_ = self.item(proto)
        self.finish()
        self.rules = outer
        return type_

    def wrapped(self, full: str) -> List | Map:
        """What a wrapper stands for."""
        node = self.importer.messages[full]
        if len(node.proto.field) != 1 or node.proto.field[0].number != 1:
            node.error(f"{node.names[-1]} cannot be a wrapper: it has to have one field, of number 1")
        inner = _FieldReader(self.importer, node, 0, self.depth + 1)
        if inner.depth > MAX_DEPTH:
            node.error(f"{node.names[-1]}: more than {MAX_DEPTH} wrappers stand in one another")
        if inner.proto.label != FieldDescriptorProto.LABEL_REPEATED:
            inner.error("the field of a wrapper is repeated or a map")
        type_ = inner.type()
        inner.finish()
        assert isinstance(type_, List | Map)
        return type_

    def item(self, proto: Descriptor) -> Type:
        """The type of one item, with what the rules say about it."""
        if proto.type_name == ".google.protobuf.Any":
            self.error("google.protobuf.Any holds a message of a type that the schema does not say")
        if self.importer.is_wrapper(self.importer.messages.get(proto.type_name)):
            return self.wrapped(proto.type_name)
        if proto.type_name:
            return WELL_KNOWN.get(proto.type_name) or Ref(self.importer.names[proto.type_name])
        match SCALARS[proto.type]:
            case Int() as kind:
                return self.integer(kind)
            case String():
                return self.string()
            case Bytes():
                return self.bytes()
            case kind:
                return kind

    def integer(self, kind: Int) -> Int:
        bits = self.rules.pop("bits", kind.bits)
        if bits != kind.bits and bits not in (8, 16):
            self.error(f"the option bits is 8 or 16, not {bits}")
        kind = replace(kind, bits=bits)
        least, most = self.bounds("range")
        narrow = replace(kind, minimum=least, maximum=most)
        if not kind.lower <= narrow.lower <= narrow.upper <= kind.upper:
            self.error(f"the range does not fit {kind.lower}..{kind.upper}")
        return narrow

    def string(self) -> String | Decimal:
        if "decimal" in self.rules:
            text = str(self.rules.pop("decimal"))
            found = re.fullmatch(r"(\d{1,4})\.(\d{1,4})", text, re.ASCII)
            if not found or not 1 <= int(found[1]) <= 1000 or int(found[2]) > int(found[1]):
                self.error(
                    f'the option decimal is its digits and how many of them are decimals, as "12.2", not {text!r}'
                )
            return Decimal(int(found[1]), int(found[2]))
        least, most = self.bounds("length")
        if least:
            self.importer.notes.append(f"{self.node.names[-1]}.{self.proto.name}: the least length {least} is left out")
        return String(most)

    def bytes(self) -> Bytes | Uuid:
        if self.rules.pop("uuid", False):
            return Uuid()
        least, most = self.bounds("length")
        return Bytes(least or 0, most)

    def bounds(self, rule: str) -> tuple[int | None, int | None]:
        """The two ends that `range` or `length` gives, None where it gives none."""
        if rule not in self.rules:
            return None, None
        text = str(self.rules.pop(rule))
        number = r"-?\d{1,20}" if rule == "range" else r"\d{1,20}"
        found = re.fullmatch(rf"({number})|({number})?\.\.({number})?", text, re.ASCII)
        if not found or not any(found.groups()):
            self.error(f'the option {rule} is a number or has one on either side of "..", as "1..20", not {text!r}')
        ends = (found[1], found[1]) if found[1] else (found[2], found[3])
        least, most = (int(end) if end else None for end in ends)
        if least is not None and most is not None and least > most:
            self.error(f"the option {rule} has its ends the wrong way round: {text!r}")
        return least, most


def _parse(data: bytes) -> tuple[Sequence[Descriptor], Any]:
    """The files of a set in which serbench's options are part of the options, and the pool that knows them."""
    plain = FileDescriptorSet.FromString(data)
    pool = descriptor_pool.DescriptorPool()
    names = (DESCRIPTOR, OPTIONS)
    for file in plain.file:  # protoc wrote them in the order of their imports
        if file.name in names:
            pool.Add(file)
    files: Any = message_factory.GetMessageClassesForFiles(names, pool)["google.protobuf.FileDescriptorSet"]
    return files.FromString(data).file, pool


def _features(inherited: dict[str, int], options: Descriptor) -> dict[str, int]:
    """The features that hold for a file or a field (editions), by the name of the feature."""
    own = {feature.name: value for feature, value in options.features.ListFields() if isinstance(value, int)}
    return inherited | own


def _rules(rules: Descriptor | None) -> dict[str, Any]:
    """The options that are set, by their names."""
    return {rule.name: value for rule, value in rules.ListFields()} if rules else {}


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:10]) + (f" and {len(names) - 10} more" if len(names) > 10 else "")


def _in_oneof(field: Descriptor) -> bool:
    """Whether the schema's author wrote a oneof: protoc makes one up for each `optional` of proto3."""
    return field.HasField("oneof_index") and not field.proto3_optional
