"""CBOR, octet by octet: a walker of RFC 8949, whose data items say of themselves what is what.

The schema adds the rest: whether a map is a record, a union or a map, and thus whether its keys are names or content.
What is not of the schema is shown as it is.
"""

import struct
from collections.abc import Iterator
from uuid import UUID

from serschema.model import Decimal, Field, Kind, List, Map, Record, Ref, Schema, Type, Union, Uuid

from sercodecs.contract import Purpose, Span
from sercodecs.walk import Walk, counted, of_octets, utf8, walk

# Section 3.1: the major types.
UNSIGNED, NEGATIVE, BYTES, TEXT, ARRAY, MAP, TAG, SIMPLE = range(8)
NAMES = {
    UNSIGNED: "unsigned",
    NEGATIVE: "negative",
    BYTES: "byte string",
    TEXT: "text string",
    ARRAY: "array",
    MAP: "map",
}
INDEFINITE = 31
BREAK = 0xFF
# Section 3.3: floats by their additional information, and the simple values.
FLOATS = {25: ("float 16", ">e"), 26: ("float 32", ">f"), 27: ("float 64", ">d")}
FALSE, TRUE, NULL, UNDEFINED = 20, 21, 22, 23
# Section 3.4, and RFC 4122 by the registry of tags.
TAGS = {
    0: "date and time in text",
    1: "seconds since 1970",
    2: "unsigned bignum",
    3: "negative bignum",
    4: "decimal fraction",
    37: "UUID",
}
DECIMAL_FRACTION = 4


def explain(schema: Schema, data: bytes) -> list[Span]:
    """What each octet of a message is for. Raises `ExplainError`."""
    walker = _Walk(schema, data)
    return walk(walker, lambda: walker.value(Ref(schema.root), "$", 0))


class _Walk(Walk):
    def value(self, type_: Type | None, path: str, depth: int, purpose: Purpose = "content") -> str:
        """A data item, of a type if one is known; returns what a scalar is, as it stands in a path as a key."""
        kind = self.schema.resolve(type_) if type_ is not None else None
        major, info, argument = self.head()
        match major:
            case 0 | 1:
                if info >= 24:
                    self.note("tag", path, f"{NAMES[major]}, {counted(1 << (info - 24), 'octet')}", 1)
                return self.shown(purpose, path, str(argument if major == UNSIGNED else -1 - argument))
            case 2 | 3:
                return self.string(major, info, argument, kind, path, purpose)
            case 4:
                self.array(kind, info, argument, path, depth)
            case 5:
                self.map(kind, info, argument, path, depth)
            case 6:
                self.note("tag", path, f"tag {argument}" + (f" ({TAGS[argument]})" if argument in TAGS else ""))
                if argument == DECIMAL_FRACTION and isinstance(kind, Decimal):
                    return self.decimal(path, depth, purpose)
                return self.value(type_, path, depth, purpose)
            case _:
                return self.simple(info, argument, path, purpose)
        return ""

    def head(self) -> tuple[int, int, int]:
        """Section 3: the major type, the additional information and the argument of the item that begins here."""
        octet = self.read_int(1)
        major, info = octet >> 5, octet & 0x1F
        if info < 24:
            return major, info, info
        if info < 28:
            return major, info, self.read_int(1 << (info - 24))
        if info < INDEFINITE or major in (UNSIGNED, NEGATIVE, TAG) or octet == BREAK:
            self.fail(f"an octet {octet:02x}, which begins no data item")
        return major, info, 0

    def shown(self, purpose: Purpose, path: str, what: str) -> str:
        self.note(purpose, path, what)
        return what

    def string(self, major: int, info: int, size: int, kind: Kind | None, path: str, purpose: Purpose) -> str:
        if info != INDEFINITE:
            self.note("length", path, f"{NAMES[major]}, length {self.fitting(size)}")
            octets = self.read(size)
            if major == TEXT:
                return self.shown(purpose, path, utf8(octets))
            is_uuid = isinstance(kind, Uuid) and size == 16
            return self.shown(purpose, path, str(UUID(bytes=octets)) if is_uuid else of_octets(octets))
        self.note("length", path, f"{NAMES[major]}, indefinite length")
        while not self.ends(path):
            part, info, size = self.head()
            if part != major or info == INDEFINITE:
                self.fail(f"no chunk of a {NAMES[major]}")
            self.string(major, info, size, None, path, purpose)
        return ""

    def array(self, kind: Kind | None, info: int, size: int, path: str, depth: int) -> None:
        item = kind.item if isinstance(kind, List) else None
        for i in self.counting(ARRAY, "item", info, size, path):
            self.value(item, f"{path}[{i}]" if item else path, depth)

    def map(self, kind: Kind | None, info: int, size: int, path: str, depth: int) -> None:
        members = {member.key: member for member in _members(kind)}
        depth = self.deeper(depth) if members else depth
        for _ in self.counting(MAP, "pair", info, size, path):
            if isinstance(kind, Map):
                key = self.value(kind.key, f"{path}{{key}}", depth)
                self.value(kind.value, f"{path}[{key}]", depth)
            else:
                member = members.get(self.name(path, members, depth))
                self.value(member.type if member else None, f"{path}.{member.key}" if member else path, depth)

    def counting(self, major: int, thing: str, info: int, size: int, path: str) -> Iterator[int]:
        """The numbers of the items or pairs of a container, whose head was read, up to its end."""
        if info == INDEFINITE:
            self.note("length", path, f"{NAMES[major]}, indefinite length")
            i = 0
            while not self.ends(path):
                yield i
                i += 1
        else:
            self.note("length", path, f"{NAMES[major]} of {counted(self.fitting(size), thing)}")
            yield from range(size)

    def fitting(self, size: int) -> int:
        """A length or count; each of what is counted takes an octet or more."""
        if size > self.left:
            self.fail(f"{size} are due, {counted(self.left, 'octet')} left")
        return size

    def ends(self, path: str) -> bool:
        """Whether here is the end of something of indefinite length, which is then passed."""
        if not self.left or self.data[self.position] != BREAK:
            return False
        self.take(1, "structure", path, "break")
        return True

    def name(self, path: str, members: dict[str, Field], depth: int) -> str:
        """A key; where it is a member's name, its path is the member's."""
        if not self.left or self.data[self.position] >> 5 != TEXT or self.data[self.position] & 0x1F == INDEFINITE:
            return self.value(None, path, depth, "name")
        _, _, size = self.head()
        before = self.position - self.start
        octets = self.read(self.fitting(size))
        name = octets.decode("utf-8", "replace")
        at = f"{path}.{name}" if name in members else path
        self.note("length", at, f"text string, length {size}", before)
        self.note("name", at, utf8(octets))
        return name

    def decimal(self, path: str, depth: int, purpose: Purpose) -> str:
        """Section 3.4.4: an array of a power of ten and what it multiplies."""
        major, info, size = self.head()
        if (major, size) != (ARRAY, 2) or info == INDEFINITE:
            self.fail("no array of an exponent and a mantissa")
        self.note("length", path, "array of 2 items")
        major, info, exponent = self.head()
        if major not in (UNSIGNED, NEGATIVE):
            self.fail("no exponent")
        self.note(purpose, path, f"exponent {exponent if major == UNSIGNED else -1 - exponent}")
        return self.value(None, path, depth, purpose)

    def simple(self, info: int, argument: int, path: str, purpose: Purpose) -> str:
        if info in FLOATS:
            name, layout = FLOATS[info]
            self.note("tag", path, name, 1)
            return self.shown(purpose, path, repr(struct.unpack(layout, argument.to_bytes(1 << (info - 24), "big"))[0]))
        if info == 24 and argument < 32:
            self.fail(f"a simple value {argument} in two octets")
        if argument in (NULL, UNDEFINED):
            self.note("presence", path, "null" if argument == NULL else "undefined")
            return ""
        known = {FALSE: "false", TRUE: "true"}
        return self.shown(purpose, path, known.get(argument, f"simple value {argument}"))


def _members(kind: Kind | None) -> tuple[Field, ...]:
    match kind:
        case Record(fields=members) | Union(alternatives=members):
            return members
        case _:
            return ()
