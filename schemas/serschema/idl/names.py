"""Names and comments for IDL writers: words that a language reserves, uniqueness in a scope, case.

A name that cannot stand gets trailing underscores until it can. Those that can stand keep their own whatever comes
before them, so that a schema's names change as little as possible.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import assert_never

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
    Scalar,
    Schema,
    String,
    Timestamp,
    Type,
    Union,
    Uuid,
)


class Scope:
    """The names of one scope. `fold` maps names to what has to differ: `str.lower` where case does not count.

    `filler` is what goes behind a name that is not free, where an underscore cannot.
    """

    def __init__(self, reserved: Iterable[str] = (), fold: Callable[[str], str] = str, filler: str = "_") -> None:
        self.fold = fold
        self.filler = filler
        self.taken = {fold(word) for word in reserved}

    def take(self, wanted: str) -> str:
        """The name, with underscores until it is free; it is not free from then on."""
        while self.fold(wanted) in self.taken:
            wanted += self.filler
        self.taken.add(self.fold(wanted))
        return wanted

    def take_all(self, wanted: Iterable[str]) -> dict[str, str]:
        """A name for each; those that are free come first."""
        given: dict[str, str] = {}
        late: list[str] = []
        for name in wanted:
            if self.fold(name) in self.taken:
                late.append(name)
            else:
                given[name] = self.take(name)
        return given | {name: self.take(name) for name in late}

    def reshape(self, wanted: Iterable[str], shape: Callable[[str], str]) -> dict[str, str]:
        """A name of another shape for each; those that are of it already come first."""
        return {name: self.take(shape(name)) for name in sorted(wanted, key=lambda name: shape(name) != name)}


def members(fields: Iterable[Field], reserved: Iterable[str], fold: Callable[[str], str] = str) -> dict[str, str]:
    """The name of each field of a scope that holds nothing else."""
    return Scope(reserved, fold).take_all(field.name for field in fields)


def symbols(enums: Sequence[Enum], scope: Scope, join: str = "_") -> dict[tuple[str, str], str]:
    """The name of each (enum, symbol) where the symbols of all enums stand in one scope with the types.

    An enum of which some symbol is not free has its own name before all of them.
    """
    counts = Counter(scope.fold(symbol) for enum in enums for symbol, _ in enum.symbols)

    def free(enum: Enum) -> bool:
        folded = [scope.fold(symbol) for symbol, _ in enum.symbols]
        return all(counts[symbol] == 1 and symbol not in scope.taken for symbol in folded)

    prefixes = {enum.name: "" if free(enum) else enum.name + join for enum in enums}
    return {
        (enum.name, symbol): scope.take(prefixes[enum.name] + symbol)
        for enum in sorted(enums, key=lambda enum: bool(prefixes[enum.name]))
        for symbol, _ in enum.symbols
    }


def spell(type_: Type, schema: Schema, types: Mapping[str, str]) -> str:
    """A name for a type that has none: `Int32List8`, `StringPersonMap`. `types` has the names of the others."""
    kind = schema.resolve(type_)
    match kind:
        case Int():
            return f"{'' if kind.signed else 'U'}Int{kind.bits}"
        case Float():
            return f"Float{kind.bits}"
        case String(most):
            return f"String{'' if most is None else most}"
        case Bytes():
            return f"Bytes{'' if kind.max_length is None else kind.max_length}"
        case Decimal(precision, scale):
            return f"Decimal{precision}_{scale}"
        case List():
            return f"{spell(kind.item, schema, types)}List{'' if kind.max_length is None else kind.max_length}"
        case Map():
            return f"{spell(kind.key, schema, types)}{spell(kind.value, schema, types)}Map"
        case Enum() | Union() | Record():
            return camel(types[kind.name])
        case Bool() | Timestamp() | Uuid():
            return type(kind).__name__
        case _:
            assert_never(kind)


def lower_camel(name: str) -> str:
    """The JSON name that protoc gives a field: each `_` goes and makes the next letter a capital."""
    return re.sub(r"_+(.?)", lambda found: found[1].upper(), name)


def camel(name: str) -> str:
    """`first_name` as `FirstName`."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def comment(doc: str, mark: str = "//") -> list[str]:
    """A documentation text as lines of comments; characters that could end a line or the file become spaces."""
    lines = [re.sub(r"[\0-\x1f\x7f\u2028\u2029]", " ", line).rstrip() for line in doc.strip("\n").split("\n")]
    return [f"{mark} {line}".rstrip() for line in lines] if doc.strip() else []


def block_comment(doc: str, opening: str = "/*") -> list[str]:
    """The same between `/*` and `*/`."""
    lines = comment(doc.replace("*/", "* /"), " *")
    if len(lines) == 1:
        return [f"{opening} {lines[0][3:]} */"]
    return [opening, *lines, " */"] if lines else []


def uncomment(lines: Iterable[str], mark: str = r"\*") -> str:
    """The text of the lines of a comment without the mark (a pattern) that each begins with."""
    texts = [re.sub(rf"\s*({mark})?\s?", "", line, count=1).rstrip() for line in lines]
    return "\n".join(texts).strip("\n")


def indent(lines: Iterable[str], by: str = "  ") -> list[str]:
    """The lines, each moved to the right."""
    return [by + line for line in lines]


def spell_range(kind: Int) -> str:
    """The bounds that an integer has beyond those of its width, as `1..20`; empty if there are none."""
    if kind.minimum is None and kind.maximum is None:
        return ""
    return f"{kind.lower}..{kind.upper}"


def spell_length(least: int, most: int | None) -> str:
    """A length as `3`, `1..20`, `..20` or `2..`; empty if any will do."""
    if least == most:
        return str(least)
    if not least and most is None:
        return ""
    return f"{least or ''}..{'' if most is None else most}"


def remark(type_: Type, schema: Schema, own: Callable[[Scalar | List], str]) -> str:
    """What a declaration does not say about a type and what it holds; `own` says it of a scalar or a list itself."""
    kind = schema.resolve(type_)
    match kind:
        case Enum() | Union() | Record():
            return ""
        case List():
            item = remark(kind.item, schema, own)
            return "; ".join(
                filter(None, [own(kind), item and f"{'items' if isinstance(kind.item, List | Map) else 'each'} {item}"])
            )
        case Map():
            key, value = remark(kind.key, schema, own), remark(kind.value, schema, own)
            return "; ".join(filter(None, [key and f"keys {key}", value and f"values {value}"]))
        case _:
            return own(kind)


def unsaid(kind: Scalar | List) -> str:
    """What a declaration leaves unsaid in an IDL that has neither ranges and lengths nor times and decimals."""
    match kind:
        case Int():
            return spell_range(kind)
        case String(most):
            return "" if most is None else f"at most {most} characters"
        case Bytes():
            length = spell_length(kind.min_length, kind.max_length)
            return length and f"{length} octets"
        case Timestamp():
            return "microseconds since 1970-01-01T00:00:00Z"
        case Uuid():
            return "UUID, 16 octets"
        case Decimal(precision, scale):
            carried = "" if precision <= 18 else ", in the shortest two's complement"
            return f"decimal({precision}, {scale}), unscaled{carried}"
        case List():
            length = spell_length(kind.min_length, kind.max_length)
            return length and f"{length} items"
        case _:
            return ""
