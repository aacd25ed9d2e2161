"""What importers share: identifiers for keys that are none, names for types that have none, and notes by topic."""

import re
import unicodedata
from collections.abc import Iterable

from serschema.model import is_identifier

MAX_NAME = 60


def identifier(key: str) -> str:
    """The identifier nearest to a key: itself, or what is left of it in ASCII letters and digits; empty without any."""
    if is_identifier(key):
        return key
    plain = (char for char in unicodedata.normalize("NFKD", key) if not unicodedata.combining(char))
    text = re.sub(r"[^A-Za-z0-9]+", "_", "".join(plain)).strip("_")[:MAX_NAME]
    return f"f{text}" if text[:1].isdigit() else text


def member_names(keys: Iterable[str]) -> dict[str, str]:
    """An identifier for each member; those whose key is one keep it."""
    keys = list(keys)
    given = {key: key for key in keys if is_identifier(key)}
    for number, key in enumerate(keys, 1):
        if key not in given:
            given[key] = unique(identifier(key) or f"field{number}", given.values())
    return given


def type_name(text: str) -> str:
    """A title, a key or a file's name as the name of a type: `first-name` is `FirstName`."""
    return "".join(part[:1].upper() + part[1:] for part in identifier(text).split("_"))


def unique(wanted: str, taken: Iterable[str]) -> str:
    """The name, with a number after it if it is not free."""
    taken = set(taken)
    name, serial = wanted, 1
    while name in taken:
        serial += 1
        name = f"{wanted}{'_' if wanted[-1].isdigit() else ''}{serial}"
    return name


class TypeNames:
    """Names for types. Those that are declared in the source are kept free of the made-up ones."""

    def __init__(self) -> None:
        self.declared: set[str] = set()
        self.taken: set[str] = set()

    def declare(self, *wanted: str) -> str:
        """The first of the wanted names that is free, or the last with a number, for a type that has a name."""
        free = (name for name in wanted if name not in self.taken)
        return self.take(next(free, "") or unique(wanted[-1], self.taken))

    def make(self, hint: str, owner: str) -> str:
        """A name for a type that has none: after its place, if need be with the name of the type around it."""
        used = self.taken | self.declared
        short = hint or "Value"
        return self.take(short if short not in used else unique((owner + hint)[-MAX_NAME:], used))

    def take(self, name: str) -> str:
        self.taken.add(name)
        return name


class Notes:
    """What an importer left out, by topic, each with the places where."""

    def __init__(self) -> None:
        self.topics: dict[str, dict[str, None]] = {}

    def add(self, topic: str, place: str) -> None:
        self.topics.setdefault(topic, {})[place] = None

    def lines(self) -> tuple[str, ...]:
        return tuple(f"{topic}: {listed(places)}" for topic, places in self.topics.items())


def listed(names: Iterable[str], most: int = 5) -> str:
    """`a, b and 3 more`."""
    names = list(names)
    return ", ".join(names[:most]) + (f" and {len(names) - most} more" if len(names) > most else "")
