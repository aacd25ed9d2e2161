"""Protocol Buffers: a proto3 file that `serschema.load.proto` reads back to the same schema.

What the language cannot say stands in serbench's options, which other tools pass over; without need of them they are
not imported. The octets are those of the codec `protobuf/upb`:

    Bool, Float            bool, float or double
    Int                    int32 and the like as its `coding` says; 8 and 16 bits as 32, with an option
    String, Bytes          string, bytes
    Timestamp              google.protobuf.Timestamp
    Uuid, Decimal          bytes, string, with an option
    Enum                   enum; without a symbol for 0, or with one that is not the first, a placeholder goes before
    List, Map              repeated, map; where these cannot stand (an item, a map's value, an alternative, optional)
                           a message around it, marked as a wrapper
    Union                  a oneof among the record's fields if `inlined`, else a message around one, marked as a union
    Record                 message; a scalar is `optional` if it is, a message required by an option if it is not

A name that protoc refuses is changed, and an option keeps it: a symbol that two enums have, fields that differ in `_`
and capitals only. Not kept: an unsigned integer that is `zigzag` (there is none), `packed` where there is nothing to
pack, types that the root does not reach, and the doc of an inlined union apart from its field's. Refused: field numbers
beyond 2^29 - 1 and those from 19000 to 19999, which are reserved.
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import assert_never

from serschema.errors import SchemaError
from serschema.idl.names import Scope, camel, comment, indent, lower_camel, spell, spell_length
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
    Record,
    Schema,
    String,
    Timestamp,
    Type,
    Union,
    Uuid,
)

MOST_NUMBER = (1 << 29) - 1
RESERVED_NUMBERS = range(19000, 20000)
PACKABLE = (Bool, Int, Float, Enum)

# A type called so is written with a dot before it, as the word means something else where a field's type stands.
_WORDS = """
double float int32 int64 uint32 uint64 sint32 sint64 fixed32 fixed64 sfixed32 sfixed64 bool string bytes
enum extend extensions group map message oneof option optional repeated required reserved stream
"""
WORDS = frozenset(_WORDS.split())
PACKAGES = ("google", "serbench")
STATEMENTS = ("option", "reserved")
"""Words that begin a statement in an enum, and cannot be symbols."""


def write(schema: Schema) -> str:
    """The text of a .proto file. Raises `SchemaError` for a field number that Protocol Buffers does not have."""
    return _Writer(schema).text()


def inlined(record: Record, field: Field, schema: Schema) -> bool:
    """Whether a field that holds a union is a oneof among the fields of the record.

    A oneof reaches the model as a union that nothing else uses, in a field that has the number of its first
    alternative. Neither a number nor a name of it may be that of another field.
    """
    union = _choice(field, schema)
    if not union:
        return False
    others = [other for other in record.fields if other is not field]
    for other in tuple(others):
        if choice := _choice(other, schema):
            others.extend(choice.alternatives)
    numbers, names = {other.number for other in others}, {other.name for other in others}
    return not any(a.number in numbers or a.name in names for a in union.alternatives)


def _choice(field: Field, schema: Schema) -> Union | None:
    """The union that a field holds, if it looks like a oneof."""
    union = schema.resolve(field.type)
    if not isinstance(union, Union) or field.number != union.alternatives[0].number:
        return None
    return union if sum(type == field.type for type in _held(schema)) == 1 else None


def _held(schema: Schema) -> Iterable[Type]:
    """Every type that stands anywhere in the schema."""
    for named in schema.types:
        match named:
            case Enum():
                continue
            case Union(alternatives=members) | Record(fields=members):
                for member in members:
                    yield from _within(member.type)


def _within(type_: Type) -> Iterable[Type]:
    yield type_
    match type_:
        case List(item=item):
            yield from _within(item)
        case Map(value=value):
            yield from _within(value)


@dataclass
class _Message:
    """A message being written: its own options come first in it, then its lines."""

    name: str
    doc: str
    rules: dict[str, str | bool]
    lines: list[str]
    uses: set[str]
    """The messages and enums that its fields are of."""


class _Writer:
    def __init__(self, schema: Schema) -> None:
        self.schema = schema
        self.imports: set[str] = set()
        self.scope = Scope(PACKAGES)
        self.types = self.scope.take_all(type.name for type in schema.types)
        self.symbols = self._symbols([type for type in schema.types if isinstance(type, Enum)])
        self.messages: list[_Message] = []
        self.wrappers: dict[Type, str] = {}
        self.body: list[list[str]] = []

    def text(self) -> str:
        inlines = {
            union.name
            for record in self.schema.types
            if isinstance(record, Record)
            for field in record.fields
            if isinstance(union := self.schema.resolve(field.type), Union) and inlined(record, field, self.schema)
        }
        enums: list[list[str]] = []
        for type in self.schema.types:
            match type:
                case Enum():
                    enums.append(self.enum(type))
                case Union():
                    if type.name not in inlines:
                        self.union(type)
                case Record():
                    self.record(type)
        if not self.root_is_plain():
            self.message(self.schema.root).rules["root"] = True
        bodies = [self.definition(message) for message in self.messages]
        imports = [f'import "{name}";' for name in sorted(self.imports)]
        parts = [[*comment(self.schema.doc), 'syntax = "proto3";'], imports, *bodies, *enums]
        return "\n\n".join("\n".join(part) for part in parts if part) + "\n"

    def message(self, type_name: str) -> _Message:
        return next(message for message in self.messages if message.name == self.types[type_name])

    def root_is_plain(self) -> bool:
        """Whether the root is the only message that no other message uses."""
        used = {use for message in self.messages for use in message.uses - {message.name}}
        free = [m.name for m in self.messages if m.name not in used and "wrapper" not in m.rules]
        return free == [self.types[self.schema.root]]

    def definition(self, message: _Message) -> list[str]:
        options = [f"option {option};" for option in self.options("message", message.rules)]
        lines = indent([*options, *message.lines])
        opening = f"message {message.name} {{"
        return [*comment(message.doc), *([opening, *lines, "}"] if lines else [opening + "}"])]

    def options(self, owner: str, rules: dict[str, str | bool]) -> list[str]:
        """serbench's options as text."""
        if rules:
            self.imports.add("serbench/options.proto")
        return [
            f"(serbench.{owner}).{name} = {value if isinstance(value, str) else str(value).lower()}"
            for name, value in rules.items()
        ]

    # Enums

    def _symbols(self, enums: list[Enum]) -> dict[tuple[str, str], str]:
        """The name of each symbol: it stands in one scope with those of all other enums and with the types.

        An enum of which some symbol cannot stand there has its own name before all of them.
        """
        counts = Counter(symbol for enum in enums for symbol, _ in enum.symbols)
        given: dict[tuple[str, str], str] = {}
        free = [
            e for e in enums if all(counts[s] == 1 and s not in self.scope.taken | {*STATEMENTS} for s, _ in e.symbols)
        ]
        for enum in sorted(enums, key=lambda enum: enum not in free):
            prefix = "" if enum in free else f"{_upper_snake(enum.name)}_"
            bare: set[str] = set()
            for symbol, _ in enum.symbols:
                name = self.scope.take(prefix + symbol)
                serial = 1
                while _pascal(enum.name, name) in bare:
                    serial += 1
                    name = self.scope.take(f"{prefix}{symbol}_{serial}")
                bare.add(_pascal(enum.name, name))
                given[enum.name, symbol] = name
        return given

    def enum(self, enum: Enum) -> list[str]:
        lines: list[str] = []
        name = self.types[enum.name]
        lines += [f"option {option};" for option in self.options("enum", _renamed(enum.name, name))]
        if enum.symbols[0][1] != 0:
            if any(number == 0 for _, number in enum.symbols):
                lines.append("option allow_alias = true;")
            placeholder = self.scope.take(f"{_upper_snake(enum.name)}_UNSPECIFIED")
            [option] = self.options("symbol", {"placeholder": True})
            lines.append(f"{placeholder} = 0 [{option}];")
        for symbol, number in enum.symbols:
            given = self.symbols[enum.name, symbol]
            options = self.options("symbol", _renamed(symbol, given))
            lines.append(f"{given} = {number}{_bracketed(options)};")
        return [*comment(enum.doc), f"enum {name} {{", *indent(lines), "}"]

    # Messages

    def union(self, union: Union) -> None:
        name = self.types[union.name]
        message = _Message(name, union.doc, {"union": True, **_renamed(union.name, name)}, [], set())
        self.messages.append(message)
        names = member_names(union, self.schema)
        message.lines += [f"oneof {names.choices['']} {{", *indent(self.alternatives(message, union, names)), "}"]

    def record(self, record: Record) -> None:
        name = self.types[record.name]
        message = _Message(name, record.doc, {**_renamed(record.name, name)}, [], set())
        self.messages.append(message)
        names = member_names(record, self.schema)
        for field in record.fields:
            kind = self.schema.resolve(field.type)
            if isinstance(kind, Union) and field.name in names.choices:
                message.lines += self.choice(message, record, field, kind, names)
            else:
                message.lines += self.field(message, record.name, field, names)

    def choice(
        self, message: _Message, record: Record, field: Field, union: Union, names: "MemberNames"
    ) -> Iterator[str]:
        name = names.choices[field.name]
        rules: dict[str, str | bool] = {} if field.optional else {"required": True}
        if union.name != camel(record.name) + camel(name):
            rules["type"] = _quoted(union.name)
        rules |= _renamed(field.name, name)
        if field.key != field.name:
            rules["key"] = _quoted(field.key)
        yield from comment(field.doc or union.doc)
        yield f"oneof {name} {{"
        yield from indent(f"option {option};" for option in self.options("oneof", rules))
        yield from indent(self.alternatives(message, union, names))
        yield "}"

    def alternatives(self, message: _Message, union: Union, names: "MemberNames") -> Iterator[str]:
        for alternative in union.alternatives:
            rules: dict[str, str | bool] = {}
            spelt = self.single(message, alternative.type, rules)
            yield from self.member(message, union.name, alternative, names, spelt, rules)

    def field(self, message: _Message, owner: str, field: Field, names: "MemberNames") -> Iterator[str]:
        """A field of a message that is in no oneof."""
        rules: dict[str, str | bool] = {}
        plain: list[str] = []
        match field.type:
            case List(item=item) if not field.optional:
                spelt = f"repeated {self.single(message, item, rules)}"
                if "length" in rules:
                    rules["item_length"] = rules.pop("length")
                if length := _length(field.type.min_length, field.type.max_length):
                    rules = {"length": length, **rules}
                if not field.type.packed and isinstance(self.schema.resolve(item), PACKABLE):
                    plain = ["packed = false"]
            case Map(key=key, value=value) if not field.optional:
                parts: dict[str, dict[str, str | bool]] = {"map_key": {}, "map_value": {}}
                key_type = self.single(message, key, parts["map_key"])
                spelt = f"map<{key_type}, {self.single(message, value, parts['map_value'])}>"
                rules |= {f"{part}.{rule}": text for part, held in parts.items() for rule, text in held.items()}
            case _:
                spelt = self.single(message, field.type, rules)
                if isinstance(self.schema.resolve(field.type), Timestamp | List | Map | Union | Record):
                    if not field.optional:
                        rules["required"] = True
                elif field.optional:
                    spelt = f"optional {spelt}"
        yield from self.member(message, owner, field, names, spelt, rules, plain)

    def member(
        self,
        message: _Message,
        owner: str,
        field: Field,
        names: "MemberNames",
        spelt: str,
        rules: dict[str, str | bool],
        plain: Iterable[str] = (),
    ) -> Iterator[str]:
        if field.number > MOST_NUMBER or field.number in RESERVED_NUMBERS:
            raise SchemaError(f"{owner}.{field.name}: Protocol Buffers does not have the field number {field.number}")
        name, json_name = names.names[field.name], names.json_names.get(field.name)
        options = [*plain]
        if json_name is not None:
            options.append(f"json_name = {_quoted(json_name)}")
        elif field.key != field.name:
            rules["key"] = _quoted(field.key)
        rules |= _renamed(field.name, name)
        options += self.options("field", rules)
        yield from comment(field.doc)
        yield f"{spelt} {name} = {field.number}{_bracketed(options)};"

    # Types

    def single(self, message: _Message, type_: Type, rules: dict[str, str | bool]) -> str:
        """The type of a field that is neither repeated nor a map; what only options can say goes into `rules`."""
        kind = self.schema.resolve(type_)
        match kind:
            case Bool():
                return "bool"
            case Int():
                if kind.bits < 32:
                    rules["bits"] = str(kind.bits)
                if range_ := _range(kind):
                    rules["range"] = range_
                sign = "" if kind.signed else "u"
                prefix = {"plain": sign, "zigzag": "s" if kind.signed else "u", "fixed": "s" if kind.signed else ""}
                stem = "fixed" if kind.coding == "fixed" else "int"
                return f"{prefix[kind.coding]}{stem}{max(kind.bits, 32)}"
            case Float():
                return "float" if kind.bits == 32 else "double"
            case String():
                if kind.max_length is not None:
                    rules["length"] = _quoted(f"..{kind.max_length}")
                return "string"
            case Bytes():
                if length := _length(kind.min_length, kind.max_length):
                    rules["length"] = length
                return "bytes"
            case Timestamp():
                self.imports.add("google/protobuf/timestamp.proto")
                return "google.protobuf.Timestamp"
            case Uuid():
                rules["uuid"] = True
                return "bytes"
            case Decimal(precision, scale):
                rules["decimal"] = _quoted(f"{precision}.{scale}")
                return "string"
            case List() | Map():
                return self.use(message, self.wrapper(kind))
            case Enum() | Union() | Record():
                return self.use(message, self.types[kind.name])
            case _:
                assert_never(kind)

    def use(self, message: _Message, name: str) -> str:
        """A type's name, with a dot before it where it could be taken for a word or for a map's entry."""
        message.uses.add(name)
        return f".{name}" if name in WORDS or name.endswith("Entry") else name

    def wrapper(self, type_: List | Map) -> str:
        """The message that stands for a list or a map."""
        if type_ not in self.wrappers:
            self.wrappers[type_] = self.scope.take(spell(type_, self.schema, self.types))
            message = _Message(self.wrappers[type_], "", {"wrapper": True}, [], set())
            self.messages.append(message)
            item = Field("items" if isinstance(type_, List) else "entries", 1, type_)
            message.lines += self.field(message, message.name, item, MemberNames((item,), ()))
        return self.wrappers[type_]


class MemberNames:
    """The names in one message: its fields, its oneofs and the entries that protoc makes up for maps in one scope.

    `names` and `choices` are by the field's name; `json_names` has those that have to be written and can be.
    """

    def __init__(self, members: Iterable[Field], choices: Iterable[str]) -> None:
        members = list(members)
        self.scope = Scope()
        self.names: dict[str, str] = {}
        spoken: set[str] = set()  # the JSON names that protoc gives
        for member in members:
            name, serial = member.name, 1
            while not self.free(member, name, spoken):
                serial += 1
                name = f"{member.name}_{serial}"
            self.names[member.name] = self.scope.take(name)
            spoken.add(lower_camel(name))
            if isinstance(member.type, Map) and not member.optional:
                self.scope.take(entry_name(name))
        self.choices = {name: self.scope.take(name) for name in choices}
        self.json_names: dict[str, str] = {}
        for member in members:
            own = lower_camel(self.names[member.name])
            if member.key == member.name or member.key == own:
                continue
            if (
                "\0" not in member.key
                and not re.fullmatch(r"\[.*\]", member.key, re.DOTALL)
                and member.key not in spoken
            ):
                self.json_names[member.name] = member.key

    def free(self, member: Field, name: str, spoken: set[str]) -> bool:
        wanted = {name, entry_name(name)} if isinstance(member.type, Map) and not member.optional else {name}
        return not wanted & self.scope.taken and lower_camel(name) not in spoken


def member_names(owner: Record | Union, schema: Schema) -> MemberNames:
    """The names in the message that a record or a union is; that of a union's own oneof is called ""."""
    if isinstance(owner, Union):
        names = MemberNames(owner.alternatives, ())
        names.choices[""] = names.scope.take("choice")
        return names
    unions: list[str] = []
    members: list[Field] = []
    for field in owner.fields:
        kind = schema.resolve(field.type)
        if isinstance(kind, Union) and inlined(owner, field, schema):
            unions.append(field.name)
            members += kind.alternatives
        else:
            members.append(field)
    return MemberNames(members, unions)


def symbol_names(schema: Schema) -> dict[tuple[str, str], str]:
    """The name of each symbol, by its enum's name and its own."""
    return _Writer(schema).symbols


def entry_name(name: str) -> str:
    """The name of the message that protoc makes up for a map."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_")) + "Entry"


def _pascal(enum: str, symbol: str) -> str:
    """A symbol as protoc compares it with the others of its enum: without the enum's name before it, or case."""
    prefix = enum.replace("_", "").lower()
    rest, left = symbol, prefix
    while rest and left and rest[0] in ("_", left[0], left[0].upper()):
        left = left if rest[0] == "_" else left[1:]
        rest = rest[1:]
    bare = rest.lstrip("_")
    name = bare if bare and not left else symbol
    return "".join(part[:1].upper() + part[1:].lower() for part in name.split("_"))


def _upper_snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).upper()


def _renamed(name: str, given: str) -> dict[str, str | bool]:
    """The option that keeps a name, where another was given."""
    return {} if name == given else {"name": _quoted(name)}


def _range(kind: Int) -> str:
    if kind.minimum is None and kind.maximum is None:
        return ""
    if kind.minimum == kind.maximum:
        return _quoted(str(kind.minimum))
    least = "" if kind.minimum is None else kind.minimum
    return _quoted(f"{least}..{'' if kind.maximum is None else kind.maximum}")


def _length(least: int, most: int | None) -> str:
    length = spell_length(least, most)
    return _quoted(length) if length else ""


def _bracketed(options: list[str]) -> str:
    return f" [{', '.join(options)}]" if options else ""


def _quoted(text: str) -> str:
    """A string literal; what is not printable becomes an octal escape, which ends after three digits."""
    text = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\0-\x1f\x7f]", lambda found: f"\\{ord(found[0]):03o}", text) + '"'
