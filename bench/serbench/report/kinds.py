"""How each format carries each kind of the model, as Markdown: words from the codecs, octets by running them.

A function of the registry and of the libraries installed, not of a run. `serbench codecs --kinds` prints it, and
`docs/formats.md` is what it prints.
"""

import json
from dataclasses import fields
from datetime import UTC, datetime
from decimal import Decimal as PyDecimal
from typing import Any
from uuid import UUID

from sercodecs.contract import Carries, CodecInfo, Format, UnsupportedSchema
from sercodecs.registry import codecs, missing
from serschema.jsonform import to_json
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
    Ref,
    Schema,
    String,
    Timestamp,
    Type,
    Union,
    Uuid,
    Value,
)

from serbench.report.markdown import escape, grid

SHOWN = 32
"""So many octets of an example are shown; of a longer one its length is told."""

NAMED = (
    Enum("Level", (("LOW", 1), ("HIGH", 7))),
    Union("Choice", (Field("text", 1, String()), Field("number", 2, Int(32)))),
    Record("Point", (Field("x", 1, Int(16)), Field("y", 2, Int(16)))),
)
EXAMPLES: dict[str, tuple[Type, Value]] = {
    "bool": (Bool(), True),
    "int": (Int(32), 1000),
    "float": (Float(), 1.5),
    "string": (String(), "é"),
    "bytes": (Bytes(), b"\x00\xff"),
    "enum": (Ref("Level"), "HIGH"),
    "timestamp": (Timestamp(), datetime(2024, 1, 2, 3, 4, 5, 6, UTC)),
    "uuid": (Uuid(), UUID("00112233-4455-6677-8899-aabbccddeeff")),
    "decimal": (Decimal(9, 2), PyDecimal("12.34")),
    "list": (List(Int(16)), [1, 2]),
    "map": (Map(String(), Int(16)), {"a": 1}),
    "union": (Ref("Choice"), {"number": 7}),
    "record": (Ref("Point"), {"x": 1, "y": 2}),
    "optional": (Int(32), None),
}
"""For each field of `Carries`, the type of the one field of a message, and its value; None is an absent one."""


def render() -> str:
    """A section a format, in the order of the registry."""
    lines = [
        "# How each format carries each kind",
        "",
        "Written by `serbench codecs --kinds`: the octets are what the first codec named writes for a message that has "
        "the one field `f` with the value shown; text is shown as text, other octets in hexadecimal.",
        "",
    ]
    formats: dict[str, list[CodecInfo]] = {}
    for info in codecs():
        if not info.control:
            formats.setdefault(info.format.name, []).append(info)
    for infos in formats.values():
        lines += _section(infos[0].format, infos)
    return "\n".join(lines)


def _section(format_: Format, infos: list[CodecInfo]) -> list[str]:
    describing = "self-describing" if format_.self_describing else "agreed"
    facts = [escape(format_.specification), "text" if format_.textual else "binary", describing]
    facts += [] if format_.byte_order == "none" else [f"{format_.byte_order} byte order"]
    return [
        f"## {escape(format_.title)}",
        "",
        f"{'; '.join(facts)}. Codecs: {', '.join(f'`{info.id}`' for info in infos)}.",
        "",
        *table(infos),
        *(["Known defects, and what is done about them:", "", *found, ""] if (found := defects(infos)) else []),
    ]


def table(infos: list[CodecInfo]) -> list[str]:
    """A row for each kind, of the codecs of a format."""
    rows = []
    for field in fields(Carries):
        type_, value = EXAMPLES[field.name]
        schema = _schema(type_, optional=field.name == "optional")
        shown, octets = _example(infos, schema, {} if value is None else {"f": value})
        rows.append([field.name, escape(getattr(infos[0].format.carries, field.name)), escape(shown), octets])
    return grid(["kind", "carried as", "value", "octets"], rows, left=4)


def defects(infos: list[CodecInfo]) -> list[str]:
    """A line for each, with the codecs that have it."""
    found: dict[str, list[str]] = {}
    for info in infos:
        for defect in info.defects:
            found.setdefault(defect, []).append(f"`{info.id}`")
    return [f"- {', '.join(ids)}: {escape(defect)}" for defect, ids in found.items()]


def _schema(type_: Type, *, optional: bool) -> Schema:
    return Schema("M", (Record("M", (Field("f", 1, type_, optional=optional),)), *NAMED))


def _example(infos: list[CodecInfo], schema: Schema, value: Value) -> tuple[str, str]:
    """The value as JSON, and its octets by the first codec whose library is there."""
    plain: Any = to_json(value, schema)
    shown = json.dumps(plain["f"], ensure_ascii=False) if plain else "absent"
    for info in infos:
        if missing(info):
            continue
        try:
            data = info.compile(schema).encode(value)
        except UnsupportedSchema:
            return shown, "not carried"
        return shown, _octets(data, textual=info.format.textual)
    return shown, ""


def _octets(data: bytes, *, textual: bool) -> str:
    if len(data) > SHOWN * (3 if textual else 1):
        return f"{len(data)} octets"
    if textual:
        lines = data.decode().replace("|", "\\|").splitlines()  # a table's cell ends at a bar, even in code
        return " ".join(f"`{line}`" for line in lines)
    return f"`{data.hex(' ')}`"
