"""A page for each format, and the tables of all of them.

Words come from the codecs' own data; sizes and octets from running them on the chapter's employee, on its three
employees, and on a message that has every kind.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache

from sercodecs.contract import Claim, Codec, CodecInfo, Format, UnsupportedSchema
from sercodecs.registry import MODULES, codecs, missing, of
from serschema import shared
from serschema.model import Field, Record, Schema, Value
from serschema.values import information

from serbench.report import kinds, limits
from serbench.report.markdown import escape, grid
from serbench.report.words import NONE, percent_text, size_text
from serbench.single import DUMP_WIDTH, hexdump, summarised

_TONGUES = {"cpp": "C++", "csharp": "C#", "js": "JavaScript", "php": "PHP"}
"""The names of `LANGUAGES` that do not just begin with a capital letter."""


@dataclass(frozen=True)
class Shown:
    """A message as a codec writes it."""

    value: Value
    schema: Schema
    data: bytes


def by_format() -> dict[str, list[CodecInfo]]:
    """The codecs of each format for exchange, in the order of the registry."""
    found: dict[str, list[CodecInfo]] = {}
    for info in codecs():
        if not info.control:
            found.setdefault(info.format.name, []).append(info)
    return found


def render_all() -> dict[str, str]:
    """The text of each page, by its place in the site."""
    formats = by_format()
    pages = {f"format/{name}.md": page(infos) for name, infos in formats.items()}
    return {"format/index.md": index(formats), **pages}


# Tables of formats.


def index(formats: dict[str, list[CodecInfo]]) -> str:
    rows = []
    for name, infos in formats.items():
        held = infos[0].format
        rows.append(
            [
                f"[{escape(held.title)}]({name}.md)",
                f"`{name}`",
                _kind(held) + ("" if held.byte_order == "none" else f", {held.byte_order}"),
                escape(held.specification),
                ", ".join(f"`{info.implementation}`" for info in infos),
                *_employees(infos),
            ]
        )
    titles = [
        "format",
        "name",
        "kind",
        "specification",
        "by",
        "employees, octets",
        "efficiency, %",
    ]
    return "\n".join(
        [
            "---",
            "hide: [toc]",
            "---",
            "",
            "# Formats",
            "",
            "The two columns on the right are of the chapter's three employees, 26 octets of "
            "[information](../concepts/efficiency.md), as the first implementation writes them.",
            "",
            *grid(titles, rows, left=5),
        ]
    )


def summary() -> str:
    """The formats as README shows them: a row for those that are written by the same module."""
    rows = []
    for module in MODULES:
        infos = [info for info in of(module) if not info.control]
        if not infos:
            continue
        held: dict[str, Format] = {}
        for info in infos:
            held.setdefault(info.format.name, info.format)
        sizes = [size for name in held if (size := _size([i for i in infos if i.format.name == name])) is not None]
        span = sorted({min(sizes), max(sizes)}) if sizes else []
        rows.append(
            [
                ", ".join(f"`{name}`" for name in held),
                "; ".join(dict.fromkeys(_kind(one) for one in held.values())),
                ", ".join(dict.fromkeys(escape(_library(info)) for info in infos)),
                " to ".join(map(size_text, span)) or NONE,
            ]
        )
    return "\n".join(grid(["formats", "kind", "libraries", "employees, octets"], rows, left=3))


def _library(info: CodecInfo) -> str:
    return {"serbench": "written here", "python": "Python"}.get(info.distribution, info.distribution)


def _kind(held: Format) -> str:
    return f"{'textual' if held.textual else 'binary'}, {'self-describing' if held.self_describing else 'agreed'}"


def _employees(infos: list[CodecInfo]) -> tuple[str, str]:
    size = _size(infos)
    if size is None:
        return NONE, NONE
    held = shared.load("employees")
    return size_text(size), percent_text(100 * information(held.values[0], held.schema) / size)


@cache
def _sizes() -> tuple[int | None, ...]:
    return tuple(map(_size, by_format().values()))


def _size(infos: list[CodecInfo]) -> int | None:
    shown = _shown(infos, *_shared("employees"))
    return len(shown[1].data) if shown else None


# One page.


def page(infos: list[CodecInfo]) -> str:
    held = infos[0].format
    lines = [f"# {escape(held.title)}", "", held.history, ""]
    lines += grid(["", ""], _facts(held, infos), left=2)
    lines += ["## How it carries each kind", "", *kinds.table(infos), ""]
    lines += ["## An employee { data-search-exclude }", "", *_look(infos, "employee"), ""]
    lines += ["## Every kind in one message { data-search-exclude }", "", *_every_kind(infos), ""]
    lines += ["## Implementations", "", *_implementations(infos), ""]
    if limits := list(_limits(infos)):
        lines += ["## Limits", "", *limits, ""]
    if defects := kinds.defects(infos):
        lines += ["## Defects of libraries", "", *defects, ""]
    return "\n".join(lines)


def _facts(held: Format, infos: list[CodecInfo]) -> Iterator[tuple[str, str]]:
    yield "Specification", escape(held.specification)
    yield "Kind", _kind(held)
    if held.byte_order != "none":
        yield "Byte order", held.byte_order
    yield "Canonical", _claim(held.canonical, "equal values have equal octets")
    yield "Evolution", _claim(held.evolution, "an optional field may be added or left out")
    libraries = (
        f"{_TONGUES.get(name, name.capitalize())} ({escape(library)})" for name, library in held.languages.items()
    )
    yield "Maintained libraries, among others", ", ".join(libraries)
    size, efficiency = _employees(infos)
    if size != NONE:
        least = sum(found is not None and found < int(size.replace(",", "")) for found in _sizes())
        words = f"{size} octets, {efficiency} % of them information"
        yield "The chapter's three employees", f"{words}; {least} of the other formats make less of them"
    compiled = {info.id: codec for info in infos if (codec := _compiled(info))}
    yield "Reads one field by itself", _ids(name for name, codec in compiled.items() if codec.access)
    yield "Has a framing for streams", _ids(name for name, codec in compiled.items() if codec.write_stream)


def _claim(claim: Claim, what: str) -> str:
    """A property in words, with the rule that says so, or why it has not."""
    if not claim.holds:
        return f"no: {escape(claim.rule)}"
    but = f", but not with {', '.join(claim.except_for)}" if claim.except_for else ""
    return f"yes, {what} ({escape(claim.rule)}){but}"


def _ids(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "no"


def _compiled(info: CodecInfo) -> Codec | None:
    if missing(info):
        return None
    try:
        return info.compile(shared.load("employee").schema)
    except UnsupportedSchema:
        return None


def _shared(name: str) -> tuple[Schema, Value]:
    held = shared.load(name)
    return held.schema, held.values[0]


def _shown(infos: list[CodecInfo], schema: Schema, value: Value) -> tuple[CodecInfo, Shown] | None:
    """The first codec that is installed, rather one that can be explained, and what it writes."""
    for info in sorted(infos, key=lambda info: info.explain is None):
        if missing(info):
            continue
        try:
            return info, Shown(value, schema, info.compile(schema).encode(value))
        except UnsupportedSchema:
            continue
    return None


def _look(infos: list[CodecInfo], name: str) -> list[str]:
    found = _shown(infos, *_shared(name))
    if found is None:
        return ["Not carried."]
    info, shown = found
    command = f"`serbench encode -s {name} -c {info.id} < ana.json`"
    if info.explain:
        command += f", with `serbench explain -s {name} -c {info.id}`"
    return [f"{command}: {len(shown.data)} octets.", "", *_dump(info, shown)]


def _dump(info: CodecInfo, shown: Shown) -> list[str]:
    """Octets explained, as text, or as they are."""
    if info.explain:
        spans = info.explain(shown.schema, shown.data)
        return [*fenced(hexdump(spans, shown.data)), "", *fenced(summarised(spans))]
    if info.format.textual:
        return fenced(shown.data.decode())
    return fenced(_octets(shown.data))


def fenced(text: str) -> list[str]:
    return ["~~~~ text", *text.rstrip("\n").splitlines(), "~~~~"]


def _octets(data: bytes) -> str:
    """Sixteen octets a line, and the characters among them."""
    lines = []
    for start in range(0, len(data), 2 * DUMP_WIDTH):
        piece = data[start : start + 2 * DUMP_WIDTH]
        text = "".join(chr(octet) if 0x20 <= octet < 0x7F else "." for octet in piece)
        lines.append(f"{start:04x}  {piece.hex(' '):{6 * DUMP_WIDTH}} {text}")
    return "\n".join(lines)


def _every_kind(infos: list[CodecInfo]) -> list[str]:
    """A message of a field for each kind that is carried."""
    carried = [name for name in kinds.EXAMPLES if _shown(infos, *_message([name]))]
    found = _shown(infos, *_message(carried))
    if found is None:
        return ["Not carried."]
    info, shown = found
    octets = size_text(len(shown.data))
    lines = [f"A field for each kind, called as it is, with the values of the table above: {octets} octets."]
    if lacking := [name for name in kinds.EXAMPLES if name not in carried]:
        lines.append(f"Without {', '.join(lacking)}, which it does not carry.")
    return [*lines, "", *_dump(info, shown)]


def _message(names: list[str]) -> tuple[Schema, Value]:
    held = {name: kinds.EXAMPLES[name] for name in names}
    made = (
        Field(f"{name}_", number, type_, key=name, optional=value is None)
        for number, (name, (type_, value)) in enumerate(held.items(), 1)
    )
    schema = Schema("Kinds", (Record("Kinds", tuple(made)), *kinds.NAMED))
    return schema, {name: value for name, (_, value) in held.items() if value is not None}


def _implementations(infos: list[CodecInfo]) -> list[str]:
    rows = []
    for info in infos:
        lacking = missing(info)
        rows.append(
            [
                f"`{info.id}`",
                escape(_library(info)),
                NONE if lacking else info.version(),
                escape(info.language),
                escape(info.licence),
                "yes" if info.validates else "no",
                escape(info.note),
            ]
        )
    return grid(["codec", "library", "version", "written in", "licence", "validates", "note"], rows, left=7)


def _limits(infos: list[CodecInfo]) -> Iterator[str]:
    """A line for each limit, of the codecs that have it."""
    found: dict[str, list[str]] = {}
    for info in infos:
        for words in limits.sentences(info.limits):
            found.setdefault(words, []).append(f"`{info.id}`")
    for words, ids in found.items():
        whose = "" if len(ids) == len(infos) else f"{', '.join(ids)}: "
        yield f"- {whose}{escape(words)}"
