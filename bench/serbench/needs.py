"""What a user needs of a format that no measurement tells: `--need self-describing,canonical,languages=java+js`.

Each need is a question to a codec and its format, whose answer is why not, or nothing. `NEEDS` says which there are.
"""

import difflib
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from sercodecs.contract import LANGUAGES, CodecInfo, Property
from serschema.errors import SerError
from serschema.model import Enum, List, Map, Record, Ref, Schema, Type

ALIASES = {
    "c++": "cpp",
    "c#": "csharp",
    "dotnet": "csharp",
    "golang": "go",
    "javascript": "js",
    "node": "js",
    "typescript": "js",
}
"""Other names of `LANGUAGES`."""

Kinds: TypeAlias = Collection[str] | None
"""The names of the kinds of value that data has, as in `Carries`; None where they are not known."""


class UnknownNeed(SerError):
    """A need that is none of `NEEDS`, or a language that is none of `LANGUAGES`."""


@dataclass(frozen=True)
class Need:
    """A need as it was written, with what comes behind its `=`."""

    name: str
    values: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.name}={'+'.join(self.values)}" if self.values else self.name

    def unmet(self, info: CodecInfo, kinds: Kinds) -> str:
        """Why a codec does not meet it for data of these kinds; empty if it does."""
        return NEEDS[self.name].unmet(self, info, kinds)

    def met(self, info: CodecInfo) -> str:
        """By what a codec meets it."""
        return NEEDS[self.name].met(self, info)


@dataclass(frozen=True)
class _Question:
    unmet: Callable[[Need, CodecInfo, Kinds], str]
    met: Callable[[Need, CodecInfo], str]


def _claimed(name: Property) -> Callable[[Need, CodecInfo, Kinds], str]:
    def unmet(_: Need, info: CodecInfo, kinds: Kinds) -> str:
        claim = getattr(info.format, name)
        if not claim.holds:
            return str(claim.rule)
        if reason := info.lacks.get(name):
            return reason
        there = [kind for kind in claim.except_for if kinds is None or kind in kinds]
        if not there:
            return ""
        data = "which the data may have" if kinds is None else "which the data has"
        return f"not of {' and '.join(f'{kind}s' for kind in there)}, {data}: {claim.rule}"

    return unmet


def _rule(name: Property) -> Callable[[Need, CodecInfo], str]:
    def met(_: Need, info: CodecInfo) -> str:
        return str(getattr(info.format, name).rule)

    return met


def _lacking(need: Need, info: CodecInfo, _: Kinds) -> str:
    missing = [language for language in need.values if language not in info.format.languages]
    return f"no library is known for {' and '.join(missing)}" if missing else ""


def _libraries(need: Need, info: CodecInfo) -> str:
    return ", ".join(f"{language}: {info.format.languages[language]}" for language in need.values)


NEEDS = {
    "self-describing": _Question(
        lambda _, info, __: "" if info.format.self_describing else "a reader needs the schema",
        lambda _, info: info.format.specification,
    ),
    "human-readable": _Question(
        lambda _, info, __: "" if info.format.textual else "binary",
        lambda _, info: info.format.specification,
    ),
    "canonical": _Question(_claimed("canonical"), _rule("canonical")),
    "evolution": _Question(_claimed("evolution"), _rule("evolution")),
    "languages": _Question(_lacking, _libraries),
}


def needs(texts: Iterable[str]) -> tuple[Need, ...]:
    """The needs of `--need`, each once. Raises `UnknownNeed`."""
    found: dict[Need, None] = {}
    for text in texts:
        for part in text.split(","):
            found[_need(part.strip())] = None
    return tuple(found)


def _need(text: str) -> Need:
    name, equals, value = text.partition("=")
    name = name.strip().lower()
    if name not in NEEDS:
        near = difflib.get_close_matches(name, NEEDS, n=1)
        listing = f"did you mean {near[0]}? There are" if near else "there are"
        raise UnknownNeed(f"no need is called {text!r}; {listing} {', '.join(NEEDS)}")
    if (name == "languages") != bool(value.strip()):
        raise UnknownNeed(
            f"{text!r}: write languages=java+js" if name == "languages" else f"{text!r}: {name} takes no value"
        )
    return Need(name, tuple(dict.fromkeys(map(_language, value.replace("c++", "cpp").split("+")))) if equals else ())


def _language(text: str) -> str:
    name = text.strip().lower()
    name = ALIASES.get(name, name)
    if name not in LANGUAGES:
        raise UnknownNeed(
            f"no libraries are known for the language {text.strip()!r}: write one of {', '.join(LANGUAGES)}"
        )
    return name


def kinds_of(schema: Schema) -> set[str]:
    """The names of the kinds of value that a schema has."""
    found: set[str] = set()
    left: list[Type] = [Ref(schema.root)]
    for named in schema.types:
        if not isinstance(named, Enum):
            left += [member.type for member in (named.fields if isinstance(named, Record) else named.alternatives)]
    while left:
        kind = schema.resolve(left.pop())
        found.add(type(kind).__name__.lower())
        match kind:
            case List(item=item):
                left.append(item)
            case Map(key=key, value=value):
                left += [key, value]
    return found
