"""A schema from data: JSON or JSON Lines, read once, as a stream, in bounded memory.

Messages are taken by the block and looked at by column: all values that stand at one place of the data (`$.user.name`,
`$.tags[]`) are gathered in a list, and the interpreter's own loops (`set(map(type, column))`, `min`, `max`) find what
is in it. What is kept of a place is a `_Node` of a few numbers; at the end the nodes become types.

- An object is a record. It is a map where its names look like data: more than `MAP_KEYS` of them with values of one
  type, of which an object has half or fewer on average; or more than `LONE_MAP_KEYS` in the only object there is; or
  more than `MAX_FIELDS` in any case, so that memory is bounded; or where one name is empty, which no field can be.
- A field that is absent somewhere is optional. null is absence, if the field is nowhere absent otherwise; else, and in
  lists and maps, null is an alternative of a union: the record `Null` without fields.
- Integers have 32 bits if all lie within -2^30..2^30-1, so that there is as much room again, else 64. They are signed,
  for that no value was below zero says little; unsigned only beyond 2^63-1. Beyond 64 bits there is no type: an error.
- A place with integers and floats is one of floats if every integer is within 2^53, where floats hold each exactly:
  JavaScript writes 102.0 as 102. Otherwise it is a union. Only integers stay integers, only floats stay floats.
- Texts are times or UUIDs if each one reads back to the same text: `2024-01-31T12:00:00.000000Z`, lower-case UUIDs.
- Values of several kinds are a union, whose alternatives are called after the kinds: `null`, `boolean`, `integer`
  (`unsigned`), `number`, `string`, `array`, `object`.
- A list that is always empty is one of strings; a field that is always null is an optional string.
- Messages that are not all records are wrapped in a record of one field `value`.

Every such choice is told in `Schema.notes`. Types are called after the names that lead to them, in camel case. A name
that is no identifier stays the field's `key`; names that differ in case or `_` only are told apart by a number.
"""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import Any

import orjson

from serschema import data, mapping
from serschema.data import DataError, Lines, Place, Plain
from serschema.errors import SchemaError
from serschema.load.naming import MAX_NAME, identifier
from serschema.mapping import NULL_TYPE, ROOT_FIELD
from serschema.model import (
    MAX_DEPTH,
    Bool,
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
    Value,
)

MAP_KEYS = 20
LONE_MAP_KEYS = 100
MAX_FIELDS = 2000
MAX_NODES = 100_000
"""Places of the data that are kept at once; beyond it wide objects become maps early."""

NARROW = 1 << 30
EXACT = 1 << 53
BATCH = 1000

_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z").fullmatch
_LIKE_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.,][0-9]+)?)?([Zz]|[+-][0-9]{2}:?[0-9]{2})?"
).fullmatch
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}").fullmatch


@dataclass(frozen=True)
class Inferred:
    """What was found: the schema, with its choices as notes, and whether messages are wrapped in a record."""

    schema: Schema
    wrapped: bool
    messages: int

    @cached_property
    def convert(self) -> Callable[[Plain], Value]:
        """A function from a message of the data to a value of the schema. It raises `ValueMismatch`."""
        return mapping.compile(self.schema, inferred=True, wrapped=self.wrapped)

    def read(self, paths: Iterable[str | Path]) -> Iterator[tuple[Place, Value]]:
        """The messages of the files as values of the schema, each with its place. Raises `DataError`."""
        return data.read(paths, self.schema, convert=self.convert)


def infer(paths: Iterable[str | Path]) -> Inferred:
    """The schema of the data in some files or folders (`-` is standard input), called after the first of them.

    Raises `DataError` with the place of what cannot be read or has no type.
    """
    names = list(map(str, paths))
    accumulator = _Accumulator()
    for batch in data.batches(names):
        accumulator.batch(batch)
    return accumulator.inferred(Path(names[0]).name.partition(".")[0], names[0])


def infer_messages(messages: Iterable[Plain], name: str = "Message") -> Inferred:
    """The schema of messages that are in memory. Raises `SchemaError`."""
    accumulator = _Accumulator()
    column: list[Plain] = []
    for message in messages:
        column.append(message)
        if len(column) == BATCH:
            accumulator.column(column)
            column = []
    accumulator.column(column)
    return accumulator.inferred(name, "")


class _Node:
    """All values at one place of the data. `fields` is None once the objects are known to be maps."""

    __slots__ = (
        *("nulls", "booleans", "integers", "low", "high", "numbers", "strings", "time", "like_time", "uuid"),
        *("arrays", "item", "objects", "members", "fields", "value"),
    )

    def __init__(self) -> None:
        self.nulls = self.booleans = self.integers = self.numbers = self.strings = self.arrays = self.objects = 0
        self.low = self.high = 0
        self.time = self.like_time = self.uuid = True
        self.item: _Node | None = None
        self.members = 0
        self.fields: dict[str, _Node] | None = {}
        self.value: _Node | None = None

    @property
    def total(self) -> int:
        """How many values there were."""
        return self.nulls + self.booleans + self.integers + self.numbers + self.strings + self.arrays + self.objects

    def children(self) -> Iterator["_Node"]:
        """The places directly below."""
        if self.item is not None:
            yield self.item
        if self.value is not None:
            yield self.value
        if self.fields is not None:
            yield from self.fields.values()

    def merge(self, other: "_Node") -> None:
        """Take in the values of another place, as if they had stood here."""
        if other.integers:
            self.low = min(self.low, other.low) if self.integers else other.low
            self.high = max(self.high, other.high) if self.integers else other.high
        for count in ("nulls", "booleans", "integers", "numbers", "strings", "arrays", "objects", "members"):
            setattr(self, count, getattr(self, count) + getattr(other, count))
        for form in ("time", "like_time", "uuid"):
            setattr(self, form, getattr(self, form) and getattr(other, form))
        self.item = _merged(self.item, other.item)
        if self.fields is None or other.fields is None:
            self.collapse()
            other.collapse()
            self.value = _merged(self.value, other.value)
        else:
            for key, node in other.fields.items():
                if key in self.fields:
                    self.fields[key].merge(node)
                else:
                    self.fields[key] = node

    def collapse(self) -> None:
        """Make the objects maps."""
        if self.fields is not None:
            value = None
            for node in self.fields.values():
                value = _merged(value, node)
            self.fields, self.value = None, value


def _merged(one: _Node | None, other: _Node | None) -> _Node | None:
    if one is None or other is None:
        return one or other
    one.merge(other)
    return one


class _Unfit(SchemaError):
    """A value that no type takes: what is the matter, and the steps to it, the innermost first."""

    def __init__(self, message: str, *steps: str) -> None:
        super().__init__(message)
        self.steps = list(steps)

    def __str__(self) -> str:
        return f"${''.join(reversed(self.steps))[:60]}: {self.args[0]}"


class _Accumulator:
    """The root's node, and what a block tells of its text: how many names there are, whether a float may be long."""

    def __init__(self) -> None:
        self.root = _Node()
        self.nodes = 1
        self.names = 0
        self.huge = False

    def batch(self, batch: data.Batch) -> None:
        """Take in a block. If orjson may have changed a value, or one has no type, the exact parser finds it."""
        self.names, self.huge = 0, False
        values, exact = _values(batch)
        unfit: _Unfit | None = None
        try:
            self.column(values)
        except _Unfit as error:
            unfit = error
        if unfit is None and (exact or (not self.huge and _has_names(batch, self.names))):
            return
        for place, plain in batch.messages():
            try:
                _Accumulator().column([plain])
            except _Unfit as error:
                raise DataError(str(error), file=place.file, line=place.line) from None
        if unfit is not None:
            raise DataError(str(unfit), file=batch.file)

    def column(self, messages: list[Plain]) -> None:
        """Take in some messages."""
        self.add(self.root, messages, 0)
        if self.nodes > MAX_NODES:
            self.squeeze()

    def squeeze(self) -> None:
        """Make maps of the widest objects until enough room is left."""
        limit = MAX_FIELDS
        while limit > MAP_KEYS and _count(self.root) > MAX_NODES // 2:
            limit //= 2
            _collapse_wide(self.root, limit)
        self.nodes = _count(self.root)
        if self.nodes > MAX_NODES:
            raise _Unfit(f"more than {MAX_NODES:,} different places in the data: write a schema by hand")

    def add(self, node: _Node, column: list[Plain], depth: int) -> None:
        """Take in the values of one place, `depth` lists and objects down."""
        kinds = set(map(type, column))
        for kind in kinds:
            if kind not in _ADD:
                raise _Unfit(f"a value of type {kind.__name__}, which is not JSON")
            same = column if len(kinds) == 1 else [value for value in column if type(value) is kind]
            _ADD[kind](self, node, same, depth)

    def nulls(self, node: _Node, column: list[None], _depth: int) -> None:
        node.nulls += len(column)

    def booleans(self, node: _Node, column: list[bool], _depth: int) -> None:
        node.booleans += len(column)

    def integers(self, node: _Node, column: list[int], _depth: int) -> None:
        low, high = min(column), max(column)
        if low < -(1 << 63) or high >= 1 << 64:
            found = data.shown(str(low if low < 0 else high))
            raise _Unfit(f"the integer {found} does not fit 64 bits: write it as a string")
        node.low = min(node.low, low) if node.integers else low
        node.high = max(node.high, high) if node.integers else high
        node.integers += len(column)

    def numbers(self, node: _Node, column: list[float], _depth: int) -> None:
        if max(column) >= 1 << 63 or min(column) <= -(1 << 63):
            self.huge = True
        node.numbers += len(column)

    def strings(self, node: _Node, column: list[str], _depth: int) -> None:
        node.time = node.time and all(map(_TIME, column)) and _are_times(column)
        node.like_time = node.like_time and (node.time or all(map(_LIKE_TIME, column)))
        node.uuid = node.uuid and all(map(_UUID, column))
        node.strings += len(column)

    def arrays(self, node: _Node, column: list[list[Plain]], depth: int) -> None:
        node.arrays += len(column)
        if items := list(chain.from_iterable(column)):
            if node.item is None:
                node.item = self.node()
            self.below(node.item, items, depth, "[]")

    def objects(self, node: _Node, column: list[dict[str, Plain]], depth: int) -> None:
        node.objects += len(column)
        members = sum(map(len, column))
        node.members += members
        self.names += members
        if node.fields is not None:
            columns: dict[str, list[Plain]] = defaultdict(list)
            for value in column:
                for key, item in value.items():
                    columns[key].append(item)
            for key, items in columns.items():
                child = node.fields.get(key)
                if child is None:
                    child = node.fields[key] = self.node()
                self.below(child, items, depth, f".{key}")
            if len(node.fields) > MAX_FIELDS:
                node.collapse()
        elif members:
            if node.value is None:
                node.value = self.node()
            self.below(node.value, list(chain.from_iterable(map(dict.values, column))), depth, "{}")

    def node(self) -> _Node:
        self.nodes += 1
        return _Node()

    def below(self, node: _Node, column: list[Plain], depth: int, step: str) -> None:
        try:
            if depth >= MAX_DEPTH:
                raise _Unfit(f"nested too deeply: serbench takes {MAX_DEPTH} levels")
            self.add(node, column, depth + 1)
        except _Unfit as error:
            error.steps.append(step)
            raise

    def inferred(self, name: str, file: str) -> Inferred:
        """The schema of what was taken in."""
        builder = _Builder()
        try:
            schema, wrapped = builder.schema(self.root, name)
        except _Unfit as error:
            if file:
                raise DataError(str(error), file=file) from None
            raise
        return Inferred(schema, wrapped, self.root.total)


_ADD: dict[type, Callable[[_Accumulator, _Node, list[Any], int], None]] = {
    type(None): _Accumulator.nulls,
    bool: _Accumulator.booleans,
    int: _Accumulator.integers,
    float: _Accumulator.numbers,
    str: _Accumulator.strings,
    list: _Accumulator.arrays,
    dict: _Accumulator.objects,
}


def _are_times(texts: list[str]) -> bool:
    """Whether the texts, which have the form of times, are some; each reads back to the same text then."""
    try:
        return all(map(datetime.fromisoformat, texts))
    except ValueError:
        return False


def _values(batch: data.Batch) -> tuple[list[Plain], bool]:
    """The messages of a block, and whether they are exact: orjson merges names and makes floats of long integers."""
    if isinstance(batch, Lines):
        try:
            return [orjson.loads(text) for text in batch.texts if text], False
        except orjson.JSONDecodeError:
            pass
    return [plain for _, plain in batch.messages()], True


_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"[ \t\r\n]*+(:?)')


def _has_names(batch: data.Batch, count: int) -> bool:
    """Whether the objects in some lines of JSON have so many names, one that occurs twice counted twice.

    Every name is followed by a quote and a colon, with at most white space between them; in a string, a quote has a
    backslash before it. So the first count is too high or right, and the second, which is slow, right.
    """
    assert isinstance(batch, Lines)
    text = b"\n".join(batch.texts)
    if text.translate(None, b" \t\r\n").count(b'":') == count:
        return True
    return _STRING.findall(text).count(b":") == count


def _count(node: _Node) -> int:
    return 1 + sum(map(_count, node.children()))


def _collapse_wide(node: _Node, limit: int) -> None:
    if node.fields is not None and len(node.fields) > limit:
        node.collapse()
    for child in node.children():
        _collapse_wide(child, limit)


# From nodes to types


def _kinds(node: _Node) -> list[str]:
    """The alternatives that the values of a place need; one alone is its type."""
    exact = not node.integers or (node.low >= -EXACT and node.high <= EXACT)
    found = {
        "null": node.nulls,
        "boolean": node.booleans,
        "integer": node.integers and not (node.numbers and exact) and (node.low < 0 or node.high < 1 << 63),
        "unsigned": node.integers and node.high >= 1 << 63,
        "number": node.numbers,
        "string": node.strings,
        "array": node.arrays,
        "object": node.objects,
    }
    return [kind for kind, holds in found.items() if holds]


def _is_map(node: _Node) -> bool:
    if node.fields is None or "" in node.fields:
        return True
    count = len(node.fields)
    if count <= MAP_KEYS or not _alike(list(node.fields.values())):
        return False
    return count > LONE_MAP_KEYS if node.objects == 1 else node.members <= node.objects * count / 2


def _alike(nodes: list[_Node]) -> bool:
    """Whether the values of several places are of one kind and, if they are objects, have much the same names."""
    kinds = {kind for node in nodes for kind in _kinds(node)} - {"null"}
    if kinds == {"integer", "number"}:
        return True
    if len(kinds) != 1:
        return False
    if kinds == {"object"}:
        widths = [len(node.fields) for node in nodes if node.fields is not None]
        names = {key for node in nodes if node.fields is not None for key in node.fields}
        return len(names) <= 2 * sum(widths) / max(len(widths), 1)
    return True


class _Builder:
    """The types so far, in the order in which they are met; one that is being made has its place already."""

    def __init__(self) -> None:
        self.types: dict[str, Named | None] = {}
        self.taken = {_fold(NULL_TYPE)}
        self.notes: dict[str, list[str]] = defaultdict(list)

    def schema(self, node: _Node, name: str) -> tuple[Schema, bool]:
        """The schema, and whether the messages are wrapped in its root."""
        if not node.total:
            raise _Unfit("there is no message")
        name = _camel(identifier(name)[:MAX_NAME] or "Message")
        wrapped = _kinds(node) != ["object"] or _is_map(node)
        if wrapped:
            root = self.reserve(name, "")
            self.note(f"not every message is a record: each is wrapped in a field {ROOT_FIELD!r}", "$")
            held = self.type(node, _camel(ROOT_FIELD), root, "$", 1)
            self.types[root] = Record(root, (Field(ROOT_FIELD, 1, held),))
        else:
            root = self.record(node, name, "", "$", 0).name
        types = [type_ for type_ in self.types.values() if type_ is not None]
        if NULL_TYPE in self.types:
            types.append(Record(NULL_TYPE, ()))
        notes = tuple(f"{topic}: {_listed(paths)}" for topic, paths in self.notes.items())
        return Schema(root, tuple(types), notes=notes), wrapped

    def note(self, topic: str, path: str) -> None:
        self.notes[topic].append(path)

    def type(self, node: _Node, hint: str, owner: str, path: str, depth: int, *, null: bool = True) -> Type:
        """The type of a place: `hint` is what a named type would be called, `owner` the one that it stands in."""
        kinds = [kind for kind in _kinds(node) if null or kind != "null"]
        if node.integers and "number" in kinds and "integer" not in kinds and "unsigned" not in kinds:
            self.note("integers and floats are all floats, which hold these integers exactly", path)
        if len(kinds) == 1:
            return self.of_kind(kinds[0], node, hint, owner, path, depth)
        depth = _deeper(depth, path)
        name = self.reserve(hint, owner)
        self.note("values of several types are a union", f"{path} ({', '.join(kinds)})")
        alternatives = tuple(
            Field(kind, number, self.of_kind(kind, node, hint + kind.capitalize(), name, path, depth))
            for number, kind in enumerate(kinds, 1)
        )
        self.types[name] = Union(name, alternatives)
        return Ref(name)

    def of_kind(self, kind: str, node: _Node, hint: str, owner: str, path: str, depth: int) -> Type:
        """The type of those values of a place that are of a kind."""
        match kind:
            case "null":
                self.types[NULL_TYPE] = None
                return Ref(NULL_TYPE)
            case "boolean":
                return Bool()
            case "integer":
                return Int(32 if node.low >= -NARROW and node.high < NARROW else 64)
            case "unsigned":
                return Int(64, signed=False)
            case "number":
                return Float(64)
            case "string":
                return self.string(node, path)
            case "array":
                if node.item is None:
                    self.note("a list that is always empty is declared as one of strings", path)
                    return List(String())
                return List(self.type(node.item, hint, owner, f"{path}[]", depth))
            case _:
                return self.object(node, hint, owner, path, depth)

    def string(self, node: _Node, path: str) -> Type:
        if node.time:
            return Timestamp()
        if node.uuid:
            return Uuid()
        if node.like_time:
            self.note("times that are not all written as 2024-01-31T12:00:00.000000Z stay strings", path)
        return String()

    def object(self, node: _Node, hint: str, owner: str, path: str, depth: int) -> Type:
        if not _is_map(node):
            return Ref(self.record(node, hint, owner, path, depth).name)
        count = f" ({len(node.fields)} names)" if node.fields is not None else f" (over {MAX_FIELDS} names)"
        self.note("an object whose names look like data is a map", path + count)
        node.collapse()
        if node.value is None:
            return Map(String(), String())
        return Map(String(), self.type(node.value, hint, owner, f"{path}{{}}", depth))

    def record(self, node: _Node, hint: str, owner: str, path: str, depth: int) -> Record:
        depth = _deeper(depth, path)
        name = self.reserve(hint, owner)
        assert node.fields is not None
        if len(node.fields) > MAP_KEYS and _alike(list(node.fields.values())):
            count = len(node.fields)
            self.note("an object with many names and one type of value is a record", f"{path} ({count} names)")
        taken: set[str] = set()
        fields: list[Field] = []
        for number, (key, child) in enumerate(node.fields.items(), 1):
            field = _unique(identifier(key)[:MAX_NAME] or f"field{number}", "_", taken)
            type_, optional = self.member(child, node.objects, _camel(field), name, f"{path}.{key}", depth)
            fields.append(Field(field, number, type_, optional, key))
            if field != key:
                self.note("names that are not identifiers, or too much alike, got one", f"{key!r} as {field}")
        record = Record(name, tuple(fields))
        self.types[name] = record
        return record

    def member(self, node: _Node, objects: int, hint: str, owner: str, path: str, depth: int) -> tuple[Type, bool]:
        """The type of a field of records of which there are so many, and whether it is optional."""
        absent = node.total < objects
        if node.nulls == node.total and not absent:
            self.note("always null, declared as an optional string", path)
            return String(), True
        if node.nulls and not absent:
            self.note("null is absence", path)
            return self.type(node, hint, owner, path, depth, null=False), True
        if node.nulls:
            self.note("both null and absent, so null is a value of its own", path)
        return self.type(node, hint, owner, path, depth), absent

    def reserve(self, hint: str, owner: str) -> str:
        """A name for a type: what was wished, else with the name of the type around it, else with a number."""
        name = hint[:MAX_NAME]
        if _fold(name) in self.taken:
            name = (owner + hint)[:MAX_NAME]
        name = _unique(name, "", self.taken)
        self.types[name] = None
        return name


def _deeper(depth: int, path: str) -> int:
    if depth >= MAX_DEPTH:
        raise _Unfit(f"nested too deeply: more than {MAX_DEPTH} records and unions", path[1:])
    return depth + 1


def _camel(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def _fold(name: str) -> str:
    """What is the same in names that some language cannot tell apart."""
    return name.replace("_", "").lower()


def _unique(name: str, mark: str, taken: set[str]) -> str:
    wished, serial = name, 1
    while _fold(name) in taken:
        serial += 1
        name = f"{wished}{mark}{serial}"
    taken.add(_fold(name))
    return name


def _listed(paths: list[str]) -> str:
    return ", ".join(paths[:5]) + (f" and {len(paths) - 5} more" if len(paths) > 5 else "")
